package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"imagedrop/shared/template"
)

// inFlight is how many tasks of a batch are under way at once.
const inFlight = 8

// defaultWait is how long a command waits for the outcomes that it caused, the
// ends of builds included.
const defaultWait = 2 * time.Minute

// errFailedBuild is errRejected where a build did not make its image.
var errFailedBuild = fmt.Errorf("a build failed: %w", errRejected)

// task is one thing to hand over whose outcome is waited for.
type task struct {
	path    string   // for people
	builds  bool     // the pipeline that it creates is built at once
	targets []string // each has an outcome
	// submit hands it over and returns a name of its outcome. After an error
	// that is no refusal it is called again: it must not do the same twice.
	submit func(context.Context, *cloud) (name string, err error)
}

// refusal is an error that trying again does not help.
type refusal struct{ error }

func (r refusal) Unwrap() error { return r.error }

func refuse(format string, args ...any) error { return refusal{fmt.Errorf(format, args...)} }

// batch hands tasks over and waits for their outcomes.
type batch struct {
	line    *line
	board   *board
	timeout time.Duration   // 0: none
	builds  bool            // wait for the ends of builds, too
	done    func(o outcome) // called for each outcome, never concurrently
	settled func()          // called for each task that has all its outcomes, never concurrently

	mu            sync.Mutex
	bad, badBuild bool
	counts        map[string]int // last outcomes by status
	solved, goOn  int            // tasks that have all that was waited for; of these, those whose build goes on
	unsolved      []unsolved
}

// unsolved is a task without an outcome that was waited for.
type unsolved struct{ path, why string }

// begin follows the feed from where it stands now, in the background, and
// returns a batch whose outcomes come from there; each sees every outcome, of
// whatever job.
func begin(ctx context.Context, l *line, each func(outcome)) (*batch, error) {
	c, err := l.cloud(ctx)
	if err != nil {
		return nil, err
	}
	end, err := c.feedEnd(ctx)
	if err != nil {
		return nil, err
	}
	b := &batch{line: l, board: newBoard(), done: func(outcome) {}, settled: func() {}, counts: map[string]int{}}
	f := newFollower(l, end, func(o outcome) {
		each(o) // before who waits goes on, so that what is printed next comes behind it
		b.board.post(o)
	})
	go f.run(ctx)
	return b, nil
}

// run works group after group. It returns errRejected where an outcome was bad,
// and an error that names the tasks without an outcome.
func (b *batch) run(ctx context.Context, groups ...[]task) error {
	defer b.board.clear()
	if b.timeout > 0 {
		var cancel context.CancelFunc
		ctx, cancel = context.WithTimeout(ctx, b.timeout)
		defer cancel()
	}
	for _, tasks := range groups {
		var g errgroup.Group
		g.SetLimit(inFlight)
		for _, t := range tasks {
			g.Go(func() error { b.work(ctx, t); return nil })
		}
		_ = g.Wait() // what failed is in unsolved
	}
	switch {
	case len(b.unsolved) > 0:
		return b.report(ctx)
	case b.badBuild:
		return errFailedBuild
	case b.bad:
		return errRejected
	}
	return nil
}

func (b *batch) work(ctx context.Context, t task) {
	name, err := b.submit(ctx, t)
	if err != nil {
		b.giveUp(t, "not acknowledged: "+err.Error())
		return
	}
	for _, name := range t.names(name) {
		o, why := b.follow(ctx, t, name)
		if why != "" {
			b.giveUp(t, why)
			return
		}
		if o.unread() {
			break
		}
	}
	b.settle()
}

// follow waits for an outcome and for those that come behind it, and returns
// the last, or what it means that it has not come.
func (b *batch) follow(ctx context.Context, t task, name string) (o outcome, why string) {
	why = "acknowledged, no outcome yet"
	for name != "" {
		var err error
		if o, err = b.board.await(ctx, name); err != nil {
			return o, why
		}
		b.take(o)
		if name, why = t.next(o); name != "" && !b.builds {
			b.leave()
			break
		}
	}
	return o, ""
}

// names are those of the first outcome of each target; name is that of the job.
func (t task) names(name string) (names []string) {
	if len(t.targets) == 0 || slices.Contains(t.targets, template.TargetAlibaba) {
		names = append(names, name)
	}
	if slices.Contains(t.targets, template.TargetAWS) {
		names = append(names, awsName(name))
	}
	return names
}

// next returns the name of the outcome that has to come behind o, "" where o is
// the last, and what it means that it has not come.
func (t task) next(o outcome) (name, why string) {
	d := o.Data
	switch {
	case o.running():
		return endName(d.Job.ID), "its build has not ended: " + clean(d.Resource.ID)
	case t.builds && d.Status == "created" && d.Resource.Kind == string(template.Pipeline):
		return buildName(d.Job.ID), "created, its build has not started yet"
	}
	return "", ""
}

// take counts an outcome; of a build that ended it counts the end only.
func (b *batch) take(o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bad = b.bad || o.bad()
	b.badBuild = b.badBuild || o.bad() && o.isBuild()
	b.counts[o.Data.Status]++
	if o.ended() && b.counts["started"] > 0 {
		b.counts["started"]--
	}
	b.done(o)
}

func (b *batch) settle() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.solved++
	b.settled()
}

func (b *batch) leave() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.goOn++
}

// submit tries until the task is accepted or refused, or ctx ends; the
// error is then the last trouble.
func (b *batch) submit(ctx context.Context, t task) (name string, err error) {
	trouble := errors.New("its turn did not come")
	for ctx.Err() == nil {
		name, err := b.try(ctx, t)
		if err == nil || errors.As(err, new(refusal)) {
			return name, err
		}
		trouble = err
		if ctx.Err() != nil {
			trouble = errors.New("no answer came")
		}
		pause(ctx, tryAgain)
	}
	return "", trouble
}

func (b *batch) try(ctx context.Context, t task) (name string, err error) {
	c, err := b.line.cloud(ctx)
	if err != nil {
		return "", err
	}
	name, err = t.submit(ctx, c)
	if err != nil {
		b.line.lost(c)
	}
	return name, err
}

func (b *batch) giveUp(t task, why string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.unsolved = append(b.unsolved, unsolved{t.path, why})
}

// report names what has no outcome, one a line.
func (b *batch) report(ctx context.Context) error {
	slices.SortFunc(b.unsolved, func(x, y unsolved) int { return strings.Compare(x.path, y.path) })
	var text strings.Builder
	fmt.Fprintf(&text, "no outcome for %d of %d", len(b.unsolved), len(b.unsolved)+b.solved)
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		fmt.Fprintf(&text, " within %v", b.timeout)
	case ctx.Err() != nil:
		text.WriteString(", interrupted")
	}
	for _, u := range b.unsolved {
		fmt.Fprintf(&text, "\n  %s: %s", u.path, u.why)
	}
	return errors.New(text.String())
}

// summary counts the outcomes by status, and what is not waited for.
func (b *batch) summary() string {
	var parts []string
	for _, status := range statuses {
		if n := b.counts[status.name]; n > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", n, status.name))
		}
	}
	return strings.Join(parts, ", ")
}

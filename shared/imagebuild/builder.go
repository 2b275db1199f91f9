package imagebuild

import (
	"context"
	"fmt"
	"runtime"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// Builder works deliveries. Its fields are set before the first Run and not
// changed after; Run is safe for concurrent use.
type Builder struct {
	Publisher
	Builds
	Objects   Objects
	Resources Resources
	Policy    Policy
	AWS       Queue // takes the AWS parts; nil where the policy does not allow target aws
	// SkipLookup creates without looking for an unchanged resource first.
	SkipLookup bool
	// Concurrency is the number of deliveries worked at a time, 0 means 1.
	Concurrency int
}

const (
	// reserve is held back from the invocation's deadline, so that a slow call
	// still leaves time to publish.
	reserve = 2 * time.Second
	// farewell is held back for the handler's own answer: past the deadline the
	// platform kills the instance, and nobody learns what was amiss.
	farewell = 100 * time.Millisecond
)

// Run works every delivery to its published outcome and returns one result for
// each, in order. None keeps the others from theirs.
func (b *Builder) Run(ctx context.Context, i Invocation, deliveries []Delivery) []Result {
	return each(ctx, b.Concurrency, deliveries, func(ctx context.Context, d Delivery) Result { return b.work(ctx, i, d) })
}

// each works every item, limit of them at a time, 0 means 1, and returns the
// results in order. Time is held back for the handler. work is guarded by itself.
func each[T, R any](ctx context.Context, limit int, items []T, work func(context.Context, T) R) []R {
	ctx, cancel := holdBack(ctx, farewell)
	defer cancel()
	results := make([]R, len(items))
	var group errgroup.Group
	group.SetLimit(max(limit, 1))
	for n, item := range items {
		group.Go(func() error {
			results[n] = work(ctx, item)
			return nil
		})
	}
	_ = group.Wait() // no worker returns an error: they stand in the results
	return results
}

// workOwn works a delivery of a message that a function of ours sent: work fills
// in the result, which tells nothing of the job where it returns an error.
func workOwn(d Delivery, work func(r *Result, received time.Time) error) Result {
	r, received := Result{Delivery: d}, time.Now()
	if r.Err = guarded(func() error { return work(&r, received) }); r.Err != nil {
		r.Status, r.Reason = "", nil
	}
	r.Duration = time.Since(received)
	return r
}

func (b *Builder) work(ctx context.Context, i Invocation, d Delivery) Result {
	j := b.newJob(i, d)
	return j.result(guarded(func() error { return j.run(ctx) }))
}

// run returns an error only where the platform should deliver again.
func (j *job) run(ctx context.Context) error {
	targets, err := j.targets(ctx)
	if err == nil && j.status == "" {
		if slices.Contains(targets, template.TargetAWS) {
			if err := j.handOver(ctx); err != nil {
				return err
			}
		}
		if !slices.Contains(targets, template.TargetAlibaba) {
			return nil
		}
		targets, err = []string{template.TargetAlibaba}, j.build(ctx)
	}
	if err := j.settle(err); err != nil {
		return err
	}
	if err := j.recall(ctx); err != nil {
		return err
	}
	if j.recalled != nil { // of the AWS part, awscomponent says how it ended
		targets = []string{template.TargetAlibaba}
	}
	return j.finish(ctx, targets)
}

// targets reads and judges the template, and answers where its parts go. With
// an error or a status all of them end here.
func (j *job) targets(ctx context.Context) ([]string, error) {
	targets := []string{template.TargetAlibaba}
	if j.made != nil {
		return targets, nil
	}
	ctx, cancel := holdBack(ctx, reserve)
	defer cancel()
	done, err := j.read(ctx)
	if j.template != nil && len(j.template.Targets) > 0 {
		targets = j.template.Targets
	}
	if err != nil || done {
		return targets, err
	}
	j.lint(func() { j.Policy.Check(j.template, j.invocation.Region) })
	if !slices.ContainsFunc(targets, func(target string) bool { return !j.template.Rejects(target) }) {
		j.status = Rejected
	}
	return targets, nil
}

// finish publishes how the job ended, for each of the targets, and starts what
// it asked for as well.
func (j *job) finish(ctx context.Context, targets []string) error {
	if j.status == "" { // a build that nobody is known to have asked for
		return nil
	}
	if j.status == Started {
		if err := j.follow(ctx, &j.Publisher, j.start, j.execution); err != nil {
			return err
		}
	}
	for _, target := range targets {
		if err := j.publish(ctx, j.outcomeFor(target, j.status)); err != nil {
			return err
		}
	}
	return j.runBuild(ctx)
}

// ending is how a job ended.
type ending struct {
	status Status // "" until it is known
	reason *Reason
}

// settle turns the error of a job into its status; what only another delivery
// can help goes back as the error.
func (e *ending) settle(err error) error {
	switch f := fault.Of(err); {
	case err == nil:
		return nil
	case f != nil && f.Kind == fault.Invalid:
		e.status, e.reason = Rejected, reasonOf(f)
	case f != nil && f.Kind == fault.Permanent:
		e.status, e.reason = Failed, reasonOf(f)
	default:
		return err
	}
	return nil
}

// build does the part for Alibaba Cloud up to its status.
func (j *job) build(ctx context.Context) error {
	ctx, cancel := holdBack(ctx, reserve)
	defer cancel()
	if j.made != nil {
		return j.execute(ctx)
	}
	if j.template.Rejects(template.TargetAlibaba) {
		j.status = Rejected
		return nil
	}
	if j.kind() == template.Execution {
		return j.blameOperator(j.execute(ctx))
	}
	if err := j.ensure(ctx); !j.skipped(err) {
		return j.blameOperator(err)
	}
	return nil
}

// ensure sees to it that the job's component or pipeline exists.
func (j *job) ensure(ctx context.Context) error {
	found, err := j.decide(ctx)
	if err != nil || found {
		return err
	}
	return j.create(ctx)
}

// decide completes the request, and settles the job where what it asks for is
// there.
func (j *job) decide(ctx context.Context) (found bool, err error) {
	j.prepare()
	return j.lookUp(ctx)
}

// holdBack returns a context that ends earlier; of a short invocation no more
// than half is held back, or a time-out of 2 s would leave no time to work.
func holdBack(ctx context.Context, held time.Duration) (context.Context, context.CancelFunc) {
	deadline, ok := ctx.Deadline()
	if !ok {
		return context.WithCancel(ctx)
	}
	return context.WithDeadline(ctx, deadline.Add(-min(held, time.Until(deadline)/2)))
}

// guarded makes a panic of the call an error.
func guarded(call func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = panicked(v)
		}
	}()
	return call()
}

// panicked is the fault of a recovered panic. A panic's value may hold the
// template's text, so only the runtime's own errors are quoted.
func panicked(v any) error {
	message := fmt.Sprintf("panic with a %T", v)
	if err, ok := v.(runtime.Error); ok {
		message = "panic: " + err.Error()
	}
	return fault.New(fault.Unknown, "imagebuild.Run", message+" in "+panicSite())
}

// panicSite names the function and line of ours nearest to the panic.
func panicSite() string {
	pcs := make([]uintptr, 32)
	frames := runtime.CallersFrames(pcs[:runtime.Callers(4, pcs)])
	for {
		frame, more := frames.Next()
		if !strings.HasPrefix(frame.Function, "runtime.") || !more {
			return fmt.Sprintf("%s, line %d", frame.Function, frame.Line)
		}
	}
}

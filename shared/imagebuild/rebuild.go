package imagebuild

import (
	"context"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// Rebuilder rebuilds what a timer selects. Its fields are set before the first
// Run and not changed after; Run is safe for concurrent use.
//
// A run goes in steps: the timer's event is the first, each Continuation the
// next. A step starts executions while fewer than maxRunning of the run are
// running, and ends by sending one continuation, as long as anything is left
// to do. An event may be delivered twice, and a continuation sent twice, so
// several chains of steps may carry one run. What keeps them to maxRunning:
//
//   - All start in the same order, and none starts a pipeline before each one
//     ahead of it is settled or counted, by itself, as running: of two chains
//     one has the ClientToken of the next start, and the other finds it used.
//   - What decides whether a pipeline is started is the same for all of them:
//     the inputs travel with the run, ages count from the trigger's time, and
//     an execution of another source that ran after it keeps ours away though
//     it has ended.
//   - A chain that finds a start by a step of its own count or beyond ends, for
//     another one is ahead of it. What an earlier step started it takes over:
//     that delivery may have ended before it could say so.
type Rebuilder struct {
	Publisher
	Builds
	Resources     Resources
	Continuations Queue
	Policy        Policy
	// Concurrency is the number of pipelines worked at a time, 0 means 1.
	Concurrency int
}

const (
	// stepDelay is the time until the next step, while executions run.
	stepDelay = 30 * time.Second
	// maxTries is the number of steps that try to work a pipeline before it is
	// given up. The delay until the next step doubles with each: it is given up
	// five minutes after the first.
	maxTries = 3
	// patienceOfPipeline bounds the calls for one pipeline in one step, so that
	// others have their turn.
	patienceOfPipeline = 20 * time.Second
	// listTimeout ends one try to list pipelines, whatever their number.
	listTimeout = time.Minute
	// maxChunk is the number of pipelines that are decided before those of them
	// that are due are started.
	maxChunk = 64
)

// Run works every delivery, a timer's event or a Continuation, and returns the
// results: one for each pipeline that was settled, and one for each delivery
// that settled none or that the platform must deliver again.
func (b *Rebuilder) Run(ctx context.Context, i Invocation, deliveries []Delivery) []Result {
	return slices.Concat(each(ctx, 1, deliveries, func(ctx context.Context, d Delivery) []Result { return b.work(ctx, i, d) })...)
}

func (b *Rebuilder) work(ctx context.Context, i Invocation, d Delivery) []Result {
	s := &step{Rebuilder: b, invocation: i, delivery: d, received: time.Now()}
	err := guarded(func() error { return s.work(ctx) })
	if err != nil || len(s.results) == 0 {
		s.results = append(s.results, Result{Delivery: d, JobID: s.state.job("").ID, Err: err, Duration: time.Since(s.received)})
	}
	return s.results
}

// step is one step of one run, and what became of it.
type step struct {
	*Rebuilder
	invocation Invocation
	delivery   Delivery
	received   time.Time
	late       time.Time // no work is begun after; zero for never

	state    Continuation // with due in the place of Due
	policy   RebuildPolicy
	now      time.Time // the trigger's
	region   string
	identity string // of this step, on the executions that it starts
	resolver *resolver
	due      []*candidate
	halted   bool // a start must wait for another step, and so must those behind it

	mu      sync.Mutex
	ahead   bool // another chain is
	results []Result
}

// work returns an error only where the platform should deliver again.
func (s *step) work(ctx context.Context) error {
	if err := s.open(); err != nil {
		return err
	}
	if refusal := s.accept(); refusal != "" {
		return s.refuse(ctx, &Reason{Kind: string(fault.Permanent), Message: refusal})
	}
	if err := s.advance(ctx); err != nil {
		return s.failed(ctx, err)
	}
	if s.ahead || len(s.due) == 0 && s.state.After == nil {
		return nil
	}
	return s.send(ctx)
}

// open reads the delivery.
func (s *step) open() error {
	d := s.delivery
	if d.Trigger == TriggerTimer {
		s.state = Continuation{TriggerName: d.TriggerName, TriggerTime: d.TriggerTime, Payload: d.Body, After: &Cursor{}}
		s.identity = stepIdentity(0, TriggerTimer)
		return nil
	}
	var err error
	s.state, err = decodeContinuation(d.Body)
	s.identity = stepIdentity(s.state.Step, jobID(d, ""))
	for _, due := range s.state.Due {
		s.due = append(s.due, &candidate{Due: due})
	}
	return err
}

// stepIdentity is the value of stepTag.
func stepIdentity(number int, event string) string { return strconv.Itoa(number) + "." + event }

// accept prepares the step; it answers why the run cannot be, "" where it can.
func (s *step) accept() (refusal string) {
	var err error
	if s.policy, err = ParseRebuildPolicy(s.state.Payload); err != nil {
		return "the payload of the timer: " + err.Error()
	}
	if s.now, err = time.Parse(time.RFC3339, s.state.TriggerTime); err != nil {
		return "triggerTime is no time of RFC 3339"
	}
	if s.region = s.policy.RegionID; s.region == "" {
		s.region = s.invocation.Region
	}
	if list := s.Policy.regions(s.invocation.Region); !allows(list, s.region) {
		return "regionId " + s.region + " is not allowed; allowed: " + strings.Join(list, ", ")
	}
	if !s.Policy.Build {
		return "starting a build is not allowed: set build in the policy"
	}
	s.resolver = newResolver(&s.Publisher, s.Images, s.Resources, s.invocation.AccountID, s.region)
	return ""
}

// advance settles as many pipelines as time, message and maxRunning allow.
func (s *step) advance(ctx context.Context) error {
	ctx, cancel := holdBack(ctx, reserve)
	defer cancel()
	if deadline, ok := ctx.Deadline(); ok {
		s.late = deadline.Add(-time.Until(deadline) / 3) // calls under way end before the deadline
	}
	if err := s.poll(ctx); err != nil {
		return err
	}
	if err := s.startDue(ctx); err != nil || s.ahead || len(s.due) > 0 || s.state.After == nil {
		return err
	}
	return s.decideRound(ctx)
}

func (s *step) isLate() bool { return !s.late.IsZero() && time.Now().After(s.late) }

// poll asks which executions of the run still do. One that is older than any
// build may be no longer keeps others waiting.
func (s *step) poll(ctx context.Context) error {
	if len(s.state.Running) == 0 {
		return nil
	}
	found, err := s.executions(ctx, &s.Publisher, ExecutionQuery{RegionID: s.region, IDs: s.state.Running})
	if err != nil {
		return err
	}
	s.state.Running = slices.DeleteFunc(s.state.Running, func(id string) bool {
		i := slices.IndexFunc(found, func(e Execution) bool { return e.ID == id })
		return i < 0 || !runs(found[i]) || s.overran(found[i])
	})
	return nil
}

func (s *step) overran(e Execution) bool {
	created, err := time.Parse(time.RFC3339, e.CreationTime)
	return err == nil && time.Since(created) > s.Watching.expiry()
}

// startDue starts the due while there is room for them to run: one by one, so
// that of two chains only one can be ahead.
func (s *step) startDue(ctx context.Context) error {
	for len(s.due) > 0 && len(s.state.Running) < s.policy.MaxRunning && !s.halted && !s.isLate() {
		c := s.due[0]
		if !c.tried {
			if err := s.abreast(s.due[:1], func(c *candidate) error { return s.settle(ctx, c) }); err != nil || s.ahead {
				return err
			}
		}
		if c.running != "" {
			s.state.Running = append(s.state.Running, c.running)
		}
		if s.halted = !c.settled; !s.halted {
			s.due = s.due[1:]
		}
	}
	return nil
}

// decideRound lists the pipelines and decides those after the cursor: what is
// due is started, or waits in the continuation.
func (s *step) decideRound(ctx context.Context) error {
	all, err := s.list(ctx)
	if err != nil {
		return err
	}
	rest := slices.DeleteFunc(all, func(c *candidate) bool { return c.cursor().compare(*s.state.After) <= 0 })
	s.gather(ctx, rest)
	for room := s.room(); len(rest) > 0; {
		chunk := rest[:min(s.chunk(room), len(rest))]
		rest = rest[len(chunk):]
		if err := s.abreast(chunk, func(c *candidate) error { return s.decide(ctx, c) }); err != nil || s.ahead {
			return err
		}
		full := s.enqueue(chunk, room)
		if err := s.startDue(ctx); err != nil || s.ahead {
			return err
		}
		if full || len(rest) > 0 && s.isLate() {
			return nil
		}
	}
	s.state.After = nil
	return nil
}

// chunk is the number of pipelines to decide next. Near the end of the room it
// is small: those that find none are decided again by another step.
func (s *step) chunk(room int) int {
	const typical = 400 // bytes of one that is due
	return min(max((room-s.size())/typical, s.Concurrency, 1), maxChunk)
}

// size is the number of bytes that the due take of the room.
func (s *step) size() (size int) {
	for _, c := range s.due {
		size += c.size()
	}
	return size
}

// enqueue puts those of the chunk that are not settled into the queue of the
// due, and moves the cursor; full reports that the message has no room for all.
func (s *step) enqueue(chunk []*candidate, room int) (full bool) {
	size := s.size()
	for _, c := range chunk {
		if !c.settled {
			if size += c.size(); size > room {
				return true
			}
			s.due = append(s.due, c)
		}
		s.state.After = new(c.cursor())
	}
	return false
}

// room is the number of bytes that a continuation has for the due.
func (s *step) room() int {
	const fixed = 4_096 // names of members, trigger and cursor
	return maxContinuation - fixed - len(s.state.Payload) - s.policy.MaxRunning*(maxIdentifier+len(`"",`))
}

// abreast works candidates side by side; the first error is returned once all
// have ended.
func (s *step) abreast(list []*candidate, work func(*candidate) error) error {
	var group errgroup.Group
	group.SetLimit(max(s.Concurrency, 1))
	for _, c := range list {
		group.Go(func() error {
			c.began = time.Now()
			return guarded(func() error { return work(c) })
		})
	}
	return group.Wait()
}

// send carries the run on.
func (s *step) send(ctx context.Context) error {
	next := s.state
	next.Step, next.Due = s.state.Step+1, nil
	for _, c := range s.due {
		next.Due = append(next.Due, c.travelling())
	}
	body, err := next.encode()
	if err != nil {
		return err
	}
	return s.retry(ctx, func(ctx context.Context) error { return s.Continuations.Send(ctx, body, s.delay()) })
}

// delay is that of the next step: none where nothing has to be waited for.
func (s *step) delay() time.Duration {
	if len(s.due) == 0 && len(s.state.Running) < s.policy.MaxRunning {
		return 0
	}
	tries := 0
	for _, c := range s.due {
		tries = max(tries, c.Tries)
	}
	return stepDelay << min(tries, maxTries-1)
}

// failed publishes what another delivery cannot help: it fails the run, and
// each pipeline that waits for its turn.
func (s *step) failed(ctx context.Context, err error) error {
	f := refusal(err)
	if f == nil {
		return err
	}
	for _, c := range s.due {
		if err := s.answer(ctx, c, Failed, s.blamed(f)); err != nil {
			return err
		}
	}
	return s.refuse(ctx, s.blamed(f))
}

// blamed is the reason of a fault that the operator must act on: nobody else
// sends a timer's events.
func (s *step) blamed(f *fault.Error) *Reason {
	reason := reasonOf(f)
	reason.Kind = string(fault.Permanent)
	return reason
}

// refuse fails the run itself.
func (s *step) refuse(ctx context.Context, reason *Reason) error {
	return s.answer(ctx, &candidate{began: s.received}, Failed, reason)
}

// answer settles a candidate with an outcome; the zero Due is the run itself.
func (s *step) answer(ctx context.Context, c *candidate, status Status, reason *Reason) error {
	job, region, took := s.state.job(c.ImagePipelineID), s.region, spent{received: c.began}
	if !isIdentifier(region) {
		region = s.invocation.Region
	}
	err := s.publish(ctx, s.invocation.outcome(answer{
		job: job, regionID: region, status: status, reason: reason, clientToken: job.ID,
		resource: OutcomeResource{Kind: template.Execution, Name: c.Name, ImagePipelineID: c.ImagePipelineID},
		timings:  took.timings(),
	}))
	if err == nil {
		s.done(c, status, reason)
	}
	return err
}

func (s *step) done(c *candidate, status Status, reason *Reason) {
	c.settled = true
	job := s.state.job(c.ImagePipelineID).ID
	s.mu.Lock()
	defer s.mu.Unlock()
	s.results = append(s.results, Result{Delivery: s.delivery, JobID: job, ClientToken: job, Name: c.Name,
		Status: status, Reason: reason, Duration: time.Since(c.began)})
}

// overtaken notes that another chain is ahead of this one.
func (s *step) overtaken() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.ahead = true
}

// startedBefore reports whether the step that a tag names is this one, or
// comes before it.
func (s *step) startedBefore(tag string) bool {
	number, _, _ := strings.Cut(tag, ".")
	n, err := strconv.Atoi(number)
	return tag == s.identity || err == nil && n < s.state.Step
}

// triesMessage is for a pipeline that is given up.
func triesMessage(message string) string {
	return fmt.Sprintf("given up after %d steps of the run: %s", maxTries, message)
}

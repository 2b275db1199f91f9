package imagebuild

import (
	"cmp"
	"context"
	"slices"
	"time"

	"imagedrop/shared/fault"
)

// DeadLetters has the last word on what the platform gave up on: each job of
// such an event gets its outcome, and the event is parked. Its fields are set
// before the first Run and not changed after; Run is safe for concurrent use.
type DeadLetters struct {
	Publisher
	Resources  Resources
	Executions Executions
	Parked     Queue  // takes the events
	Policy     Policy // says in which regions a job may have made something
	// Concurrency is the number of events worked at a time, and of the look-ups
	// for one event; 0 means 1.
	Concurrency int
}

// GivenUp is an event that the platform no longer delivers, as it came to the
// dead-letter queue.
type GivenUp struct {
	MessageID string // of the message on the dead-letter queue
	Function  string // whose event it is; "" where nothing says
	Trigger   string // as in a Delivery; "" where nothing says
	// Event is the payload of the function, verbatim: what brings it again.
	Event  []byte
	Reason Reason // why it was given up
	// Deliveries are those that the function would have made of Event; none
	// where it cannot be read.
	Deliveries []Delivery
}

// Run publishes the outcome of each job of each event, then parks the event.
// It returns one result for each outcome, and one for an event without any.
// None keeps the others from theirs.
func (l *DeadLetters) Run(ctx context.Context, i Invocation, given []GivenUp) []Result {
	results := each(ctx, l.Concurrency, given, func(ctx context.Context, g GivenUp) []Result {
		return l.work(ctx, i, g)
	})
	return slices.Concat(results...)
}

func (l *DeadLetters) work(ctx context.Context, i Invocation, g GivenUp) []Result {
	event := letter{DeadLetters: l, invocation: i, GivenUp: g, received: time.Now()}
	return event.results(guarded(func() error { return event.run(ctx) }))
}

// letter is one given-up event, and what becomes of its jobs. One goroutine
// works it.
type letter struct {
	*DeadLetters
	GivenUp
	invocation Invocation
	received   time.Time

	jobs    []string // IDs
	answers []answer // to publish
	err     error    // of one of many that are judged at a time
}

// run returns an error only where the platform should deliver again.
func (l *letter) run(ctx context.Context) error {
	if err := l.judgeAll(ctx); err != nil {
		return err
	}
	body, whole, err := l.parked().encode()
	if err != nil {
		return err
	}
	for i := range l.answers {
		a := &l.answers[i]
		if !whole && a.status == Failed {
			a.reason = noted(*a.reason, "the event is too large to be parked: send it again at its source")
		}
		if err := l.publish(ctx, l.invocation.outcome(*a)); err != nil {
			return err
		}
	}
	return l.retry(ctx, func(ctx context.Context) error { return l.Parked.Send(ctx, body, 0) })
}

// results are those of the outcomes; of an event without any, that says why
// it was given up.
func (l *letter) results(err error) []Result {
	one := Result{Delivery: Delivery{Trigger: l.Trigger, SourceID: l.MessageID}, Err: err, Duration: time.Since(l.received)}
	if err != nil {
		return []Result{one}
	}
	results := make([]Result, 0, len(l.answers)+1)
	for _, a := range l.answers {
		r := one
		r.JobID, r.ClientToken, r.Status, r.Reason = a.job.ID, a.clientToken, a.status, a.reason
		results = append(results, r)
	}
	if len(results) == 0 {
		if len(l.jobs) > 0 {
			one.JobID = l.jobs[0]
		}
		one.Reason = l.reason()
		results = append(results, one)
	}
	return results
}

// parked is the event as it waits for an operator.
func (l *letter) parked() Parked {
	jobs := append([]string{}, l.jobs[:min(len(l.jobs), maxParkedJobs)]...)
	return Parked{
		Type: parkedType, Version: parkedVersion, ID: digest(cmp.Or(l.MessageID, string(l.Event))), Reason: *l.reason(),
		Function: clip(l.Function, maxName), Trigger: clip(l.Trigger, maxName), OriginalID: clip(l.originalID(), maxText),
		Jobs: jobs, ParkedAt: l.received.UTC().Format(time.RFC3339), Event: string(l.Event),
	}
}

// originalID is what the event's first delivery is known by.
func (l *letter) originalID() string {
	for _, d := range l.Deliveries {
		if d.Trigger == TriggerTimer {
			return d.TriggerName + " " + d.TriggerTime
		}
		if d.SourceID != "" {
			return d.SourceID
		}
	}
	return l.MessageID
}

// reason is why the event was given up, each part bounded: it came from
// outside.
func (l *letter) reason() *Reason {
	r := l.GivenUp.Reason
	r.Kind = clip(cmp.Or(r.Kind, string(fault.Unknown)), maxIdentifier)
	r.Code = clip(r.Code, maxName)
	r.RequestID = clip(r.RequestID, maxName)
	r.Message = clip(cmp.Or(r.Message, "the platform gave up on the event: the log of its function says why"), maxText)
	return &r
}

// noted is the reason with a note before its message.
func noted(r Reason, note string) *Reason {
	r.Message = clip(note+"; "+r.Message, maxText)
	return &r
}

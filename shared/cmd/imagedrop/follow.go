package main

import (
	"context"
	"sync"
	"time"

	"imagedrop/shared/local/stack"
)

// feedWait is how long one call of the feed waits for news.
const feedWait = 20 * time.Second

// tryAgain is the pause before something is tried again that found nobody there:
// the local cloud may be restarting, and what it has acknowledged is not lost.
const tryAgain = 200 * time.Millisecond

// follower reads the outcome feed in the background and hands each outcome to
// whoever waits for its job. It survives a restart of the local cloud.
type follower struct {
	find func(context.Context) (stack.Endpoints, error)
	each func(outcome) // called for every outcome, in order of the feed; may be nil

	mu     sync.Mutex
	byJob  map[string]outcome
	waiter map[string]chan struct{}
}

func newFollower(find func(context.Context) (stack.Endpoints, error), each func(outcome)) *follower {
	return &follower{find: find, each: each, byJob: map[string]outcome{}, waiter: map[string]chan struct{}{}}
}

// run reads the outcomes behind number after until ctx ends.
func (f *follower) run(ctx context.Context, after uint64) {
	for ctx.Err() == nil {
		next, err := f.read(ctx, after)
		if err != nil {
			pause(ctx, tryAgain)
			continue
		}
		after = next
	}
}

func (f *follower) read(ctx context.Context, after uint64) (uint64, error) {
	e, err := f.find(ctx)
	if err != nil {
		return after, err
	}
	p, err := readFeed(ctx, e, after, feedWait)
	if err != nil {
		return after, err
	}
	for _, entry := range p.Outcomes {
		if o, err := readOutcome(entry.Outcome); err == nil {
			f.take(o)
		}
	}
	return max(after, p.Next), nil
}

// take shows the outcome before it wakes who waits for it, so that what is
// printed next comes behind it.
func (f *follower) take(o outcome) {
	if f.each != nil {
		f.each(o)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, seen := f.byJob[o.Data.Job.ID]; !seen {
		f.byJob[o.Data.Job.ID] = o
		if ch, ok := f.waiter[o.Data.Job.ID]; ok {
			close(ch)
		}
	}
}

// await returns the first outcome of the job.
func (f *follower) await(ctx context.Context, job string) (outcome, error) {
	f.mu.Lock()
	ch, ok := f.waiter[job]
	if !ok {
		ch = make(chan struct{})
		f.waiter[job] = ch
		if _, seen := f.byJob[job]; seen {
			close(ch)
		}
	}
	f.mu.Unlock()
	select {
	case <-ch:
		f.mu.Lock()
		defer f.mu.Unlock()
		return f.byJob[job], nil
	case <-ctx.Done():
		return outcome{}, ctx.Err()
	}
}

// pause waits d or until ctx ends.
func pause(ctx context.Context, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-ctx.Done():
	}
}

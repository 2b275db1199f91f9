package account

import (
	"context"
	"sync"
	"time"
)

// Clock is the account's time: visibility, delays, retries, token lifetimes.
type Clock interface {
	Now() time.Time
	// At delivers once this clock shows t. stop frees its resources. It is no
	// duration: between reading the clock and waiting the clock goes on.
	At(t time.Time) (ch <-chan time.Time, stop func())
}

// SystemClock is the machine's clock.
type SystemClock struct{}

// Now implements Clock.
func (SystemClock) Now() time.Time { return time.Now().UTC() }

// At implements Clock.
func (SystemClock) At(t time.Time) (<-chan time.Time, func()) {
	timer := time.NewTimer(time.Until(t))
	return timer.C, func() { timer.Stop() }
}

// ManualClock moves only when told to.
type ManualClock struct {
	mu     sync.Mutex
	now    time.Time
	timers map[*manualTimer]struct{}
}

type manualTimer struct {
	at time.Time
	ch chan time.Time
}

// NewManualClock returns a clock that stands at t.
func NewManualClock(t time.Time) *ManualClock {
	return &ManualClock{now: t.UTC(), timers: map[*manualTimer]struct{}{}}
}

// Now implements Clock.
func (c *ManualClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

// At implements Clock.
func (c *ManualClock) At(t time.Time) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	timer := &manualTimer{at: t, ch: make(chan time.Time, 1)}
	if !t.After(c.now) {
		timer.ch <- c.now
		return timer.ch, func() {}
	}
	c.timers[timer] = struct{}{}
	return timer.ch, func() {
		c.mu.Lock()
		defer c.mu.Unlock()
		delete(c.timers, timer)
	}
}

// Advance moves the clock and fires what has become due.
func (c *ManualClock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.now = c.now.Add(d)
	for t := range c.timers {
		if !t.at.After(c.now) {
			t.ch <- c.now
			delete(c.timers, t)
		}
	}
}

// Waiting returns how many timers wait: what a test advances the clock for.
func (c *ManualClock) Waiting() int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return len(c.timers)
}

// wait lets d pass on the account's clock, or less where ctx ends.
func (a *Account) wait(ctx context.Context, d time.Duration) {
	due, stop := a.Clock.At(a.Clock.Now().Add(d))
	defer stop()
	select {
	case <-due:
	case <-ctx.Done():
	}
}

type skewKey struct{}

// withSkew lets Now be ahead for one call.
func withSkew(ctx context.Context, skew time.Duration) context.Context {
	return context.WithValue(ctx, skewKey{}, skew)
}

// Now is the time of the service that a call reaches: that of the account,
// unless a fault put the service's clock wrong. Signatures are judged by it.
func (a *Account) Now(ctx context.Context) time.Time {
	skew, _ := ctx.Value(skewKey{}).(time.Duration)
	return a.Clock.Now().Add(skew)
}

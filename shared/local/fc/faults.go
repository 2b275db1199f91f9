package fc

import (
	"bytes"
	"cmp"
	"context"
	"sync"
	"time"

	"imagedrop/shared/local/account"
)

// reorderWithin is how long an event waits for one to go before it, where its
// fault does not say.
const reorderWithin = time.Minute

// strike takes the fault that is meant for the delivery of an event, if any.
// Only what the platform delivers is struck, not what a client invokes and
// waits for.
func (p *pool) strike(payload []byte) account.Fault {
	fault, _ := p.host.acct.Faults.TakeDelivery("fc", p.fn.Name, func(text string) bool { return bytes.Contains(payload, []byte(text)) })
	return fault
}

// holdsBack reports whether the fault is one of the time of the delivery.
func holdsBack(f account.Fault) bool {
	return f.Effect == account.EffectDelay || f.Effect == account.EffectReorder
}

// holdBack waits as long as the fault says; false when the host closes.
func (p *pool) holdBack(f account.Fault) bool {
	if f.Effect == account.EffectDelay {
		return p.host.sleep(p.host.acct.Delay(f))
	}
	passed := p.passing.hold()
	limit, stop := p.host.acct.Clock.At(p.host.acct.Clock.Now().Add(cmp.Or(p.host.acct.Delay(f), p.host.acct.Scaled(reorderWithin))))
	defer stop()
	select {
	case <-passed:
		return true
	case <-limit:
		return true
	case <-p.host.ctx.Done():
		return false
	}
}

// doFaulty is do as the fault of the delivery has it.
func (p *pool) doFaulty(ctx context.Context, inv *invocation, f account.Fault) (Result, error) {
	defer p.passing.begin()()
	switch f.Effect {
	case account.EffectCrash:
		inv.crashes, inv.crashAfter = true, p.host.acct.Delay(f)
	case account.EffectDuplicate:
		defer p.doTwin(ctx, *inv)()
	}
	return p.do(ctx, inv)
}

// doTwin runs an invocation beside its first; nobody asks what it came to. The
// function that it returns waits for its end.
func (p *pool) doTwin(ctx context.Context, twin invocation) (wait func()) {
	done := make(chan struct{})
	p.host.goWork(func() {
		defer close(done)
		_, _ = p.do(ctx, &twin)
	})
	return func() { <-done }
}

// crash ends the instance amid the invocation, some time after it got it. The
// caller holds mu.
func (p *pool) crash(in *instance, inv *invocation) {
	if inv.crashAfter == 0 {
		in.kill()
		return
	}
	p.host.goWork(func() {
		if !p.host.sleep(inv.crashAfter) {
			return
		}
		p.mu.Lock()
		defer p.mu.Unlock()
		if in.current == inv {
			in.kill()
		}
	})
}

// passing tells the deliveries of a function that wait until another has gone
// before them. It is safe for concurrent use.
type passing struct {
	mu   sync.Mutex
	held map[chan struct{}]struct{}
}

// hold returns what is closed once a delivery that begins from now on has ended.
func (p *passing) hold() <-chan struct{} {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.held == nil {
		p.held = map[chan struct{}]struct{}{}
	}
	ch := make(chan struct{})
	p.held[ch] = struct{}{}
	return ch
}

// begin notes that a delivery begins; the function that it returns, that it
// has ended.
func (p *passing) begin() (end func()) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if len(p.held) == 0 {
		return func() {}
	}
	passes := p.held
	p.held = nil
	return func() {
		for ch := range passes {
			close(ch)
		}
	}
}

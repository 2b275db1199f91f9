package imagebuild

import (
	"context"
	"math/rand/v2"
	"strings"
	"time"

	"imagedrop/shared/fault"
)

const (
	// firstBackoff and maxBackoff bound the pause before a call is tried again;
	// the bound doubles with each try, the pause is anything below it.
	firstBackoff = 100 * time.Millisecond
	maxBackoff   = 5 * time.Second

	// callTimeout ends one try whose answer does not come, so that the next
	// still fits in the invocation.
	callTimeout = 10 * time.Second
)

// patience bounds how long a job repeats a call within one invocation, by the
// beginning of the code of its fault. Codes without a row: until the deadline.
var patience = []struct {
	code string
	max  time.Duration
}{
	// The component is on its way in another event. Waiting long would hold
	// the very instances that should create it; waiting less, the redeliveries
	// of the trigger would end before youngEvent does.
	{codeNoComponent, 15 * time.Second},
	// The pipeline was created a moment ago, or deleted since.
	{codeNoPipeline, 15 * time.Second},
	// Only the next invocation brings other credentials.
	{"InvalidSecurityToken", 0},
	{"SecurityTokenExpired", 0},
}

// retry repeats the call while its fault is Retryable and the deadline of ctx
// and the fault's own patience allow.
func (p *Publisher) retry(ctx context.Context, call func(context.Context) error) error {
	return p.retryFor(ctx, callTimeout, call)
}

// retryFor is retry with another time-out of one try.
func (p *Publisher) retryFor(ctx context.Context, timeout time.Duration, call func(context.Context) error) error {
	started := time.Now()
	for limit := firstBackoff; ; limit = min(2*limit, maxBackoff) {
		err := try(ctx, timeout, call)
		if fault.KindOf(err) != fault.Retryable {
			return err
		}
		pause := p.jitter(limit)
		if !patient(err, time.Since(started)+pause) || !sleep(ctx, pause) {
			return err
		}
	}
}

func try(ctx context.Context, timeout time.Duration, call func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	return call(ctx)
}

func patient(err error, waited time.Duration) bool {
	for _, p := range patience {
		if strings.HasPrefix(fault.Of(err).Code, p.code) {
			return waited <= p.max
		}
	}
	return true
}

func (p *Publisher) jitter(limit time.Duration) time.Duration {
	if p.Jitter != nil {
		return p.Jitter(limit)
	}
	return rand.N(limit + 1)
}

// sleep reports whether the pause was spent: not where it would end after the
// deadline, nor where ctx ends first.
func sleep(ctx context.Context, pause time.Duration) bool {
	if deadline, ok := ctx.Deadline(); ok && time.Until(deadline) <= pause {
		return false
	}
	select {
	case <-time.After(pause):
		return true
	case <-ctx.Done():
		return false
	}
}

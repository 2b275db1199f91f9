package imagebuild

import (
	"context"
	"time"
)

// Publisher publishes outcomes, and repeats the calls that another try can
// help. Every use case has one. It is safe for concurrent use.
type Publisher struct {
	Outbox Outbox
	// Base64 publishes outcomes in base64 instead of plain JSON.
	Base64 bool
	// Jitter picks a pause between 0 and limit; nil means at random.
	Jitter func(limit time.Duration) time.Duration
}

func (p *Publisher) publish(ctx context.Context, o Outcome) error {
	body, err := o.encode(p.Base64)
	if err != nil {
		return err
	}
	return p.retry(ctx, func(ctx context.Context) error { return p.Outbox.Publish(ctx, body) })
}

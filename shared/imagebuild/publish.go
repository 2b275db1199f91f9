package imagebuild

import (
	"context"
	"errors"
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
	return said(p.retry(ctx, func(ctx context.Context) error { return p.Outbox.Publish(ctx, body) }))
}

// unsaid is that a message about a job could not be sent. It says nothing of
// the job: whatever its fault, another delivery must say it.
type unsaid struct{ error }

func (u unsaid) Unwrap() error { return u.error }

// said marks the error of sending a message about a job.
func said(err error) error {
	if err == nil {
		return nil
	}
	return unsaid{err}
}

func isUnsaid(err error) bool {
	var u unsaid
	return errors.As(err, &u)
}

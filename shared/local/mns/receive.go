package mns

import (
	"context"
	"sync"
	"time"

	"imagedrop/shared/local/store"
)

// idle describes a queue without a visible message.
type idle struct {
	pollingWait time.Duration
	next        time.Time // when a message becomes visible; zero: none will by itself
}

// take receives at most limit messages, or says what to wait for. It writes
// only where there is something to receive.
func (s *Service) take(ctx context.Context, queue string, limit int, v view) ([]Message, idle, error) {
	for ctx.Err() == nil {
		visible, state, err := s.look(queue, v)
		if err != nil || !visible {
			return nil, state, err
		}
		var got []Message
		err = s.store.Update(func(tx *store.Tx) (err error) {
			got, err = s.hide(tx, queue, limit, v)
			return err
		})
		if err != nil || len(got) > 0 {
			return got, state, err
		}
		// What was visible had expired, or another receiver was faster.
	}
	return nil, idle{}, ctx.Err()
}

func (s *Service) look(queue string, v view) (visible bool, state idle, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		q, err := findQueue(tx, queue)
		if err != nil {
			return err
		}
		state.pollingWait = seconds(q.PollingWaitSeconds)
		seqs, next := v(tx, q, s.account.Clock.Now(), 1)
		visible, state.next = len(seqs) > 0, next
		return nil
	})
	return visible, state, err
}

// await receives until there is a message or the deadline has come. It listens
// before it looks, so nothing that happens in between is missed.
func (s *Service) await(ctx context.Context, queue string, limit int, deadline time.Time, v view) ([]Message, error) {
	for {
		changed := s.bells.listen(queue)
		got, state, err := s.take(ctx, queue, limit, v)
		if err != nil || len(got) > 0 {
			return got, err
		}
		if !s.account.Clock.Now().Before(deadline) {
			return nil, nil
		}
		until := deadline
		if !state.next.IsZero() && state.next.Before(deadline) {
			until = state.next
		}
		due, stop := s.account.Clock.At(until)
		select {
		case <-changed:
		case <-due:
		case <-ctx.Done():
		}
		stop()
	}
}

// bells tell the receivers that wait on a queue to look again.
type bells struct {
	mu      sync.Mutex
	waiting map[string]chan struct{}
}

// listen returns a channel that the next ring for the queue closes.
func (b *bells) listen(queue string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.waiting == nil {
		b.waiting = map[string]chan struct{}{}
	}
	ch, ok := b.waiting[queue]
	if !ok {
		ch = make(chan struct{})
		b.waiting[queue] = ch
	}
	return ch
}

// ring is called after the commit that a receiver may have waited for.
func (b *bells) ring(queue string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if ch, ok := b.waiting[queue]; ok {
		close(ch)
		delete(b.waiting, queue)
	}
}

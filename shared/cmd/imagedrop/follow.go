package main

import (
	"context"
	"sync"
	"time"
)

// feedWait is how long one call of the feed waits for news.
const feedWait = 20 * time.Second

// tryAgain is the pause before something is tried again that found nobody there:
// the local cloud may be restarting, and what it has acknowledged is not lost.
const tryAgain = 200 * time.Millisecond

// follower reads the outcome feed, each outcome once: the feed repeats one whose
// event was delivered again. It survives a restart of the local cloud.
type follower struct {
	line *line
	each func(outcome) // called for every outcome, in order of the feed

	after uint64          // the number read last
	seen  map[string]bool // ids of outcomes
	lost  bool            // nobody answered last time
}

func newFollower(l *line, after uint64, each func(outcome)) *follower {
	return &follower{line: l, each: each, after: after, seen: map[string]bool{}}
}

// run reads until ctx ends.
func (f *follower) run(ctx context.Context) {
	for ctx.Err() == nil {
		if f.read(ctx, feedWait) != nil {
			f.lost = true
			pause(ctx, tryAgain)
		}
	}
}

// read takes what is there, waiting that long for the first outcome.
func (f *follower) read(ctx context.Context, wait time.Duration) error {
	c, err := f.line.cloud(ctx)
	if err != nil {
		return err
	}
	if err := f.rewind(ctx, c); err != nil {
		f.line.lost(c)
		return err
	}
	p, err := c.feed(ctx, f.after, wait)
	if err != nil {
		f.line.lost(c)
		return err
	}
	f.after = p.Next
	for _, e := range p.Outcomes {
		if o := readOutcome(e.Outcome); o.ID == "" || !f.seen[o.ID] {
			f.seen[o.ID] = true
			f.each(o)
		}
	}
	return nil
}

// rewind starts over where the feed is another one: a local cloud that keeps
// nothing begins to count anew.
func (f *follower) rewind(ctx context.Context, c *cloud) error {
	if !f.lost {
		return nil
	}
	end, err := c.feedEnd(ctx)
	if err != nil {
		return err
	}
	if end < f.after {
		f.after = 0
	}
	f.lost = false
	return nil
}

// board is where outcomes are left for whoever waits for them, by any of their
// names. It is safe for concurrent use.
type board struct {
	mu     sync.Mutex
	posted map[string]outcome
	wanted map[string]chan struct{}
}

func newBoard() *board {
	return &board{posted: map[string]outcome{}, wanted: map[string]chan struct{}{}}
}

// post leaves the outcome under its names. The first under a name stays.
func (b *board) post(o outcome) {
	b.mu.Lock()
	defer b.mu.Unlock()
	for _, name := range o.names() {
		if _, there := b.posted[name]; there || b.posted == nil {
			continue
		}
		b.posted[name] = o
		if ch, ok := b.wanted[name]; ok {
			close(ch)
		}
	}
}

// clear ends the board: nobody waits any more.
func (b *board) clear() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.posted, b.wanted = nil, nil
}

// await returns the first outcome of that name, which may be there already.
func (b *board) await(ctx context.Context, name string) (outcome, error) {
	select {
	case <-b.want(name):
		b.mu.Lock()
		defer b.mu.Unlock()
		return b.posted[name], nil
	case <-ctx.Done():
		return outcome{}, ctx.Err()
	}
}

func (b *board) want(name string) <-chan struct{} {
	b.mu.Lock()
	defer b.mu.Unlock()
	ch, ok := b.wanted[name]
	if ok {
		return ch
	}
	ch = make(chan struct{})
	b.wanted[name] = ch
	if _, there := b.posted[name]; there {
		close(ch)
	}
	return ch
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

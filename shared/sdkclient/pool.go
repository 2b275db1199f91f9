package sdkclient

import (
	"context"
	"slices"
	"sync"
)

// maxCredentials is how many credentials an instance keeps clients for. The
// platform rotates them from time to time, so that two overlap.
const maxCredentials = 4

// Cache keeps one value for each of the credentials used last. It is safe for
// concurrent use.
type Cache[T any] struct {
	make    func(Credentials) (T, error)
	mu      sync.Mutex
	entries []cached[T] // the one used last comes first
}

type cached[T any] struct {
	credentials Credentials
	value       T
}

// NewCache returns an empty cache; newValue makes what it does not have, under
// its lock, so that concurrent calls share one value.
func NewCache[T any](newValue func(Credentials) (T, error)) *Cache[T] {
	return &Cache[T]{make: newValue}
}

// Get returns the value of c, made where it is not there. It forgets the value
// that was used least recently where there are too many.
func (k *Cache[T]) Get(c Credentials) (T, error) {
	k.mu.Lock()
	defer k.mu.Unlock()
	i := slices.IndexFunc(k.entries, func(e cached[T]) bool { return e.credentials == c })
	if i < 0 {
		value, err := k.make(c)
		if err != nil {
			return value, err
		}
		k.entries = append(k.entries[:min(len(k.entries), maxCredentials-1)], cached[T]{c, value})
		i = len(k.entries) - 1
	}
	entry := k.entries[i]
	copy(k.entries[1:i+1], k.entries[:i])
	k.entries[0] = entry
	return entry.value, nil
}

// Pool lends clients that concurrent calls must not share. It is safe for
// concurrent use.
type Pool[T any] struct {
	make    func(Credentials) (T, error)
	shelves *Cache[*shelf[T]]
}

// shelf holds the clients of one credentials.
type shelf[T any] struct {
	lent chan struct{} // one entry for each client that is lent
	mu   sync.Mutex
	idle []T
}

// NewPool returns an empty pool that lends up to size clients at a time for
// each credentials.
func NewPool[T any](size int, newClient func(Credentials) (T, error)) *Pool[T] {
	newShelf := func(Credentials) (*shelf[T], error) {
		return &shelf[T]{lent: make(chan struct{}, size)}, nil
	}
	return &Pool[T]{make: newClient, shelves: NewCache(newShelf)}
}

// Take returns a client that signs with c, the one given back last or a new
// one, and the function that gives it back. It waits while all are lent; the
// error of a wait that ctx ends is that of ctx.
func (p *Pool[T]) Take(ctx context.Context, c Credentials) (client T, put func(), err error) {
	s, err := p.shelves.Get(c)
	if err != nil {
		return client, nil, err
	}
	select {
	case s.lent <- struct{}{}:
	case <-ctx.Done():
		return client, nil, ctx.Err()
	}
	client, ok := s.take()
	if !ok {
		if client, err = p.make(c); err != nil {
			<-s.lent
			return client, nil, err
		}
	}
	return client, func() { s.put(client) }, nil
}

func (s *shelf[T]) take() (client T, ok bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	last := len(s.idle) - 1
	if last < 0 {
		return client, false
	}
	client = s.idle[last]
	s.idle = s.idle[:last]
	return client, true
}

func (s *shelf[T]) put(client T) {
	s.mu.Lock()
	s.idle = append(s.idle, client)
	s.mu.Unlock()
	<-s.lent
}

// Package store is the one durable store under the local cloud: named buckets
// of keys and values in a bbolt file, with group commit. What Update has
// answered without error survives kill -9.
package store

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	berrors "go.etcd.io/bbolt/errors"
)

// ErrLocked says that another process holds the state file.
var ErrLocked = errors.New("the state is in use by another process")

// ErrDamaged says that the state file is not whole.
var ErrDamaged = errors.New("the file is damaged")

// ErrClosed answers calls after Close.
var ErrClosed = errors.New("the store is closed")

// Store is safe for concurrent use.
type Store struct {
	db      *bbolt.DB
	updates chan *update
	closing chan struct{}
	done    chan struct{}

	onFailure atomic.Pointer[func(error)]
	failing   bool // of the writer
}

// update is one caller's function waiting for the next commit.
type update struct {
	fn       func(*Tx) error
	err      chan error
	onCommit []func()
}

// maxGroup bounds how many updates share one fsync.
const maxGroup = 256

// lockTimeout is how long Open waits for another process to let go.
const lockTimeout = 500 * time.Millisecond

// Open opens or creates the state file at path. It answers ErrLocked where
// another process has it open, and ErrDamaged where the file is not whole: what
// is left of it is neither served nor changed.
func Open(path string) (*Store, error) {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, err
	}
	db, err := openWhole(path)
	switch {
	case errors.Is(err, berrors.ErrTimeout):
		return nil, fmt.Errorf("%s: %w", path, ErrLocked)
	case isDamage(err):
		return nil, fmt.Errorf("state file %s: %w (%v): put a whole one in its place, or remove it to begin with nothing",
			path, ErrDamaged, err)
	case err != nil:
		return nil, fmt.Errorf("state file %s: %w", path, err)
	}
	return start(db), nil
}

// isDamage tells what is wrong with the content from what the system refused.
func isDamage(err error) bool {
	var refused syscall.Errno
	return err != nil && !errors.As(err, &refused)
}

// openWhole opens the file and looks at every page that holds a key. bbolt
// panics on a page that is not what it should be, and faults where the file
// ends too early.
func openWhole(path string) (db *bbolt.DB, err error) {
	var file *os.File
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if r := recover(); r != nil {
			file.Close() // bbolt's own Close would wait for what panicked
			db, err = nil, fmt.Errorf("%v", r)
		}
	}()
	db, err = bbolt.Open(path, 0o600, &bbolt.Options{
		Timeout: lockTimeout, FreelistType: bbolt.FreelistMapType,
		OpenFile: func(name string, flag int, mode os.FileMode) (_ *os.File, err error) {
			file, err = os.OpenFile(name, flag, mode)
			return file, err
		},
	})
	if err == nil {
		err = db.View(func(tx *bbolt.Tx) error { return check(tx, file) })
	}
	if err != nil && db != nil {
		db.Close()
	}
	return db, err
}

func check(tx *bbolt.Tx, file *os.File) error {
	info, err := file.Stat()
	if err != nil {
		return err
	}
	if info.Size() < tx.Size() {
		return fmt.Errorf("it has %d bytes of %d", info.Size(), tx.Size())
	}
	return tx.ForEach(func(_ []byte, b *bbolt.Bucket) error {
		return b.ForEach(func(_, _ []byte) error { return nil })
	})
}

// OpenMemory opens a store that leaves nothing behind: its file has no name
// from the start, and nothing waits for a disk.
func OpenMemory() (*Store, error) {
	f, err := os.CreateTemp("", "imagedrop-memory-*.db")
	if err != nil {
		return nil, err
	}
	f.Close()
	defer os.Remove(f.Name())
	db, err := bbolt.Open(f.Name(), 0o600, &bbolt.Options{NoSync: true, NoFreelistSync: true, FreelistType: bbolt.FreelistMapType})
	if err != nil {
		return nil, err
	}
	return start(db), nil
}

func start(db *bbolt.DB) *Store {
	s := &Store{db: db, updates: make(chan *update, maxGroup), closing: make(chan struct{}), done: make(chan struct{})}
	go s.commitLoop()
	return s
}

// Close waits for the commits under way and closes the file.
func (s *Store) Close() error {
	close(s.closing)
	<-s.done
	return s.db.Close()
}

// View runs fn on a consistent snapshot.
func (s *Store) View(fn func(*Tx) error) error {
	err := s.guard(func() error {
		return s.db.View(func(tx *bbolt.Tx) error { return fn(&Tx{tx: tx}) })
	})
	if errors.Is(err, berrors.ErrDatabaseNotOpen) {
		return ErrClosed
	}
	return err
}

// guard turns a panic into an error that names the file: bbolt panics where it
// reads what it did not write.
func (s *Store) guard(fn func() error) (err error) {
	defer func() {
		if r := recover(); r != nil {
			err = fmt.Errorf("state file %s: panic: %v", s.db.Path(), r)
		}
	}()
	return fn()
}

// Update runs fn in a write transaction and returns when it is on disk.
// Updates of concurrent callers share a commit. Where fn returns an error
// nothing of it is kept, and Update returns that error. fn may run more than
// once, so it must set, not accumulate, what it hands to its caller.
func (s *Store) Update(fn func(*Tx) error) error {
	u := &update{fn: fn, err: make(chan error, 1)}
	select {
	case s.updates <- u:
	case <-s.closing:
		return ErrClosed
	}
	select {
	case err := <-u.err:
		return err
	case <-s.done:
		select {
		case err := <-u.err:
			return err
		default:
			return ErrClosed
		}
	}
}

func (s *Store) commitLoop() {
	defer close(s.done)
	for {
		select {
		case u := <-s.updates:
			s.commit(s.gather(u))
		case <-s.closing:
			return
		}
	}
}

// gather takes what waits already; it never waits for more, so a lone writer
// pays one fsync and a crowd shares one.
func (s *Store) gather(first *update) []*update {
	group := []*update{first}
	for len(group) < maxGroup {
		select {
		case u := <-s.updates:
			group = append(group, u)
		default:
			return group
		}
	}
	return group
}

// commit runs the group in one transaction. A function that fails after it
// wrote something poisons the transaction: it is answered and taken out, and
// the others run again.
func (s *Store) commit(group []*update) {
	for len(group) > 0 {
		passed := group // all are answered, even where no transaction begins
		var failed *update
		err := s.guard(func() error {
			return s.db.Update(func(tx *bbolt.Tx) (err error) {
				passed, failed, err = s.runAll(tx, group)
				return err
			})
		})
		if failed == nil {
			s.notice(err)
			answer(passed, err)
			return
		}
		group = without(group, passed, failed)
		failed.err <- err
	}
}

// OnFailure sets what hears of a commit that failed, of a full disk say, once
// until one succeeds again. Every caller is answered the error besides.
func (s *Store) OnFailure(fn func(error)) { s.onFailure.Store(&fn) }

func (s *Store) notice(err error) {
	fn := s.onFailure.Load()
	if err != nil && !s.failing && fn != nil {
		(*fn)(err)
	}
	s.failing = err != nil
}

// runAll runs the functions of the group until one fails that wrote something.
// One that fails before it writes is answered at once.
func (s *Store) runAll(tx *bbolt.Tx, group []*update) (passed []*update, failed *update, err error) {
	for _, u := range group {
		t := &Tx{tx: tx}
		err := s.run(u.fn, t)
		switch {
		case err == nil:
			u.onCommit = t.onCommit
			passed = append(passed, u)
		case t.dirty:
			return passed, u, err
		default:
			u.err <- err
		}
	}
	return passed, nil, nil
}

// without returns the updates of group still to run: those that passed before
// the failure, and those behind it.
func without(group, passed []*update, failed *update) []*update {
	rest := append([]*update{}, passed...)
	for i, u := range group {
		if u == failed {
			return append(rest, group[i+1:]...)
		}
	}
	return rest
}

func answer(group []*update, err error) {
	for _, u := range group {
		if err == nil {
			for _, fn := range u.onCommit {
				fn()
			}
		}
		u.err <- err
	}
}

// run turns a panic of fn into an error: one caller's bug must not stop the
// writer that all share.
func (s *Store) run(fn func(*Tx) error, t *Tx) error {
	returned := false
	err := s.guard(func() error {
		err := fn(t)
		returned = true
		return err
	})
	t.dirty = t.dirty || !returned
	return err
}

// Tx is one transaction. It must not be used after the function it was given
// to returns.
type Tx struct {
	tx       *bbolt.Tx
	dirty    bool
	onCommit []func()
}

// OnCommit runs fn after the transaction is on disk, before Update returns.
// fn must not block and must not call Update.
func (t *Tx) OnCommit(fn func()) { t.onCommit = append(t.onCommit, fn) }

// Get returns a copy of the value at key, nil where there is none.
func (t *Tx) Get(bucket, key string) []byte {
	b := t.tx.Bucket([]byte(bucket))
	if b == nil {
		return nil
	}
	return bytes.Clone(b.Get([]byte(key)))
}

// Put stores value at key.
func (t *Tx) Put(bucket, key string, value []byte) error {
	t.dirty = true
	b, err := t.tx.CreateBucketIfNotExists([]byte(bucket))
	if err != nil {
		return err
	}
	return b.Put([]byte(key), value)
}

// Delete removes key; removing what is not there is no error.
func (t *Tx) Delete(bucket, key string) error {
	b := t.tx.Bucket([]byte(bucket))
	if b == nil {
		return nil
	}
	t.dirty = true
	return b.Delete([]byte(key))
}

// Sequence returns the next number of bucket, from 1, never the same twice.
func (t *Tx) Sequence(bucket string) (uint64, error) {
	t.dirty = true
	b, err := t.tx.CreateBucketIfNotExists([]byte(bucket))
	if err != nil {
		return 0, err
	}
	return b.NextSequence()
}

// Scan calls fn for the keys of bucket that begin with prefix and are not
// below from, in byte order, until fn returns false. key and value are copies.
// fn must not write to bucket.
func (t *Tx) Scan(bucket, prefix, from string, fn func(key string, value []byte) bool) {
	b := t.tx.Bucket([]byte(bucket))
	if b == nil {
		return
	}
	c := b.Cursor()
	for k, v := c.Seek([]byte(max(prefix, from))); k != nil && bytes.HasPrefix(k, []byte(prefix)); k, v = c.Next() {
		if !fn(string(k), bytes.Clone(v)) {
			return
		}
	}
}

// GetJSON decodes the value at key into v and reports whether there was one.
func (t *Tx) GetJSON(bucket, key string, v any) (bool, error) {
	data := t.Get(bucket, key)
	if data == nil {
		return false, nil
	}
	return true, json.Unmarshal(data, v)
}

// PutJSON stores v at key as JSON.
func (t *Tx) PutJSON(bucket, key string, v any) error {
	data, err := json.Marshal(v)
	if err != nil {
		return err
	}
	return t.Put(bucket, key, data)
}

// Key joins parts to a key that sorts part by part; no part may hold a NUL.
func Key(parts ...string) string {
	var b bytes.Buffer
	for i, p := range parts {
		if i > 0 {
			b.WriteByte(0)
		}
		b.WriteString(p)
	}
	return b.String()
}

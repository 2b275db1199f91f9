package console

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"sync"
	"time"

	"imagedrop/shared/local/store"
)

const (
	outcomesBucket = "console/outcomes"
	lastBucket     = "console/last" // one key: the last number given
	lastKey        = "seq"
)

// maxOutcomes bounds one answer of the feed; the rest comes with the next.
const maxOutcomes = 1000

// Entry is one outcome of the feed.
type Entry struct {
	Seq     uint64          `json:"seq"` // from 1, without gaps, in order of commit
	Outcome json.RawMessage `json:"outcome"`
}

// Feed is the durable list of the outcomes that were sent to a result queue.
// Reading it takes nothing from the queue. It is safe for concurrent use.
type Feed struct {
	store *store.Store
	mu    sync.Mutex
	bell  chan struct{} // closed when there is more
}

// NewFeed returns the feed that is kept in st.
func NewFeed(st *store.Store) *Feed {
	return &Feed{store: st, bell: make(chan struct{})}
}

// Append adds the body of a message, JSON as it is or in base64, in the
// transaction that sends it. What is no JSON object is no outcome and is left
// out.
func (f *Feed) Append(tx *store.Tx, body []byte) error {
	outcome, ok := decode(body)
	if !ok {
		return nil
	}
	var last uint64
	if _, err := tx.GetJSON(lastBucket, lastKey, &last); err != nil {
		return err
	}
	if err := tx.PutJSON(lastBucket, lastKey, last+1); err != nil {
		return err
	}
	if err := tx.Put(outcomesBucket, feedKey(last+1), outcome); err != nil {
		return err
	}
	tx.OnCommit(f.ring)
	return nil
}

// decode returns the JSON object in body.
func decode(body []byte) (json.RawMessage, bool) {
	body = bytes.TrimSpace(body)
	if !bytes.HasPrefix(body, []byte("{")) {
		plain, err := base64.StdEncoding.DecodeString(string(body))
		if err != nil {
			return nil, false
		}
		body = bytes.TrimSpace(plain)
	}
	return body, bytes.HasPrefix(body, []byte("{")) && json.Valid(body)
}

func (f *Feed) ring() {
	f.mu.Lock()
	defer f.mu.Unlock()
	close(f.bell)
	f.bell = make(chan struct{})
}

func (f *Feed) waiter() <-chan struct{} {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.bell
}

// Last returns the number of the newest outcome, 0 where there is none.
func (f *Feed) Last() (last uint64, err error) {
	err = f.store.View(func(tx *store.Tx) error {
		_, err := tx.GetJSON(lastBucket, lastKey, &last)
		return err
	})
	return last, err
}

// After returns the outcomes behind number after. Where there are none it
// waits for one, at most so long; none after that is no error.
func (f *Feed) After(ctx context.Context, after uint64, wait time.Duration) ([]Entry, error) {
	ctx, cancel := context.WithTimeout(ctx, wait)
	defer cancel()
	for {
		more := f.waiter() // before the look, so that nothing falls in between
		entries, err := f.list(after)
		if err != nil || len(entries) > 0 {
			return entries, err
		}
		select {
		case <-more:
		case <-ctx.Done():
			return nil, nil
		}
	}
}

func (f *Feed) list(after uint64) ([]Entry, error) {
	var entries []Entry
	err := f.store.View(func(tx *store.Tx) error {
		tx.Scan(outcomesBucket, "", feedKey(after+1), func(key string, value []byte) bool {
			var e Entry
			fmt.Sscanf(key, "%d", &e.Seq)
			e.Outcome = value
			entries = append(entries, e)
			return len(entries) < maxOutcomes
		})
		return nil
	})
	return entries, err
}

// feedKey sorts as the number does.
func feedKey(seq uint64) string { return fmt.Sprintf("%020d", seq) }

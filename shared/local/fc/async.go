package fc

import (
	"bytes"
	"container/heap"
	"encoding/json"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// eventBucket holds the asynchronous events that are not done with, by
// function and number.
const eventBucket = "fc-events"

// taskBucket holds when a task began, by function and task ID.
const taskBucket = "fc-tasks"

// event is an asynchronous invocation as stored.
type event struct {
	RequestID string
	Payload   []byte
	Stored    time.Time
	Due       time.Time
	Retries   int // attempts that failed
}

// Spacing of retries after an error of the function, chosen here: the platform
// does not document its own.
const (
	firstSpacing = time.Second
	maxSpacing   = 60 * time.Second
)

// Conditions in a destination's record.
const (
	conditionSuccess = "Success"
	conditionExpired = "AsyncEventExpired"
)

// InvokeAsync stores the event in the caller's transaction and returns the id
// that its request has in every attempt; it is delivered at least once, after
// the transaction has committed and the host has started. The error is
// ErrUnknownFunction, ErrPayloadTooLarge, or one of the store.
func (h *Host) InvokeAsync(tx *store.Tx, function string, payload []byte) (requestID string, err error) {
	return h.invokeTask(tx, function, "", payload)
}

// invokeTask is InvokeAsync of a task, "" for none, that a function gets once:
// a task of that name that was there before is errTaskExists.
// Source: FC "Task deduplication".
func (h *Host) invokeTask(tx *store.Tx, function, task string, payload []byte) (requestID string, err error) {
	p, ok := h.pools[function]
	if !ok {
		return "", fmt.Errorf("%w: %s", ErrUnknownFunction, function)
	}
	if err := checkAsyncPayload(payload); err != nil {
		return "", err
	}
	now := h.acct.Clock.Now()
	if err := p.enrol(tx, task, now); err != nil {
		return "", err
	}
	n, err := tx.Sequence(eventBucket)
	if err != nil {
		return "", err
	}
	e := event{RequestID: newRequestID(), Payload: payload, Stored: now, Due: now}
	if err := tx.PutJSON(eventBucket, p.eventKey(n), e); err != nil {
		return "", err
	}
	tx.OnCommit(func() { p.events.add(n, now) })
	return e.RequestID, nil
}

// enrol remembers the name of a task.
func (p *pool) enrol(tx *store.Tx, task string, now time.Time) error {
	key := store.Key(p.fn.Name, task)
	switch {
	case task == "":
		return nil
	case tx.Get(taskBucket, key) != nil:
		return errTaskExists
	}
	return tx.Put(taskBucket, key, []byte(now.UTC().Format(time.RFC3339)))
}

// Enqueue is InvokeAsync in a transaction of its own.
func (h *Host) Enqueue(function string, payload []byte) (requestID string, err error) {
	err = h.store.Update(func(tx *store.Tx) error {
		requestID, err = h.InvokeAsync(tx, function, payload)
		return err
	})
	return requestID, err
}

func checkAsyncPayload(payload []byte) error {
	if len(payload) > maxAsyncPayload {
		return fmt.Errorf("%w: %d bytes, at most %d", ErrPayloadTooLarge, len(payload), maxAsyncPayload)
	}
	return nil
}

// PendingEvents returns how many asynchronous events are not done with.
func (h *Host) PendingEvents(tx *store.Tx) (n int) {
	tx.Scan(eventBucket, "", "", func(string, []byte) bool { n++; return true })
	return n
}

func (p *pool) eventKey(n uint64) string { return store.Key(p.fn.Name, fmt.Sprintf("%016x", n)) }

// loadEvents queues what an earlier host left.
func (h *Host) loadEvents() error {
	orphans := map[string]int{}
	var broken error
	err := h.store.View(func(tx *store.Tx) error {
		tx.Scan(eventBucket, "", "", func(key string, value []byte) bool {
			function, number, _ := strings.Cut(key, "\x00")
			if p, ok := h.pools[function]; ok {
				broken = p.loadEvent(number, value)
			} else {
				orphans[function]++
			}
			return broken == nil
		})
		return broken
	})
	for function, n := range orphans {
		h.reportText(function, fmt.Sprintf("%d events wait for this function, which is not there", n))
	}
	return err
}

func (p *pool) loadEvent(number string, value []byte) error {
	n, err := strconv.ParseUint(number, 16, 64)
	if err != nil {
		return fmt.Errorf("stored event of %s: %w", p.fn.Name, err)
	}
	var e event
	if err := json.Unmarshal(value, &e); err != nil {
		return fmt.Errorf("stored event %d of %s: %w", n, p.fn.Name, err)
	}
	p.events.add(n, e.Due)
	return nil
}

// dispatch delivers the function's events as they become due, as many at a
// time as there may be instances.
func (p *pool) dispatch() {
	slots := make(chan struct{}, p.fn.MaxInstances)
	for {
		select {
		case slots <- struct{}{}:
		case <-p.host.ctx.Done():
			return
		}
		n, ok := p.nextEvent()
		if !ok {
			return
		}
		p.host.goWork(func() {
			defer func() { <-slots }()
			p.attempt(n)
		})
	}
}

// nextEvent waits until an event is due; false when the host closes.
func (p *pool) nextEvent() (uint64, bool) {
	for {
		if p.host.closing() {
			return 0, false
		}
		n, next, ok := p.events.take(p.host.acct.Clock.Now())
		if ok {
			return n, true
		}
		due, stop := p.host.acct.Clock.At(next)
		select {
		case <-due:
		case <-p.events.wake:
		case <-p.host.ctx.Done():
		}
		stop()
	}
}

// attempt runs the event once, where it is not too old.
func (p *pool) attempt(n uint64) {
	var e event
	err := p.host.store.View(func(tx *store.Tx) error {
		found, err := tx.GetJSON(eventBucket, p.eventKey(n), &e)
		if err == nil && !found {
			return fmt.Errorf("event %d is gone", n)
		}
		return err
	})
	if err != nil {
		p.events.done(n)
		p.reportf("event not delivered: %v", err)
		return
	}
	if p.host.acct.Clock.Now().After(e.Stored.Add(p.fn.Async.MaxAge)) {
		p.conclude(n, e, conditionExpired, Result{RequestID: e.RequestID})
		return
	}
	fault := p.strike(e.Payload)
	if !holdsBack(fault) {
		p.run(n, e, fault)
		return
	}
	p.host.goWork(func() { // whoever comes meanwhile finds the slot free
		if p.holdBack(fault) {
			p.run(n, e, fault)
		}
	})
}

// run runs the event and settles what comes of it.
func (p *pool) run(n uint64, e event, fault account.Fault) {
	r, err := p.doFaulty(p.host.ctx, &invocation{requestID: e.RequestID, payload: e.Payload, retries: e.Retries}, fault)
	switch {
	case err != nil || (r.ErrorType != "" && p.host.closing()):
		// The host ends: it stays stored and is delivered after the next start.
	case r.ErrorType == "":
		p.conclude(n, e, conditionSuccess, r)
	default:
		p.retry(n, e, r)
	}
}

// retry puts the event back, or gives it up where its attempts or its time are used.
func (p *pool) retry(n uint64, e event, r Result) {
	due := p.host.acct.Clock.Now().Add(p.host.acct.Scaled(retrySpacing(e.Retries)))
	if e.Retries >= p.fn.Async.MaxRetries || due.After(e.Stored.Add(p.fn.Async.MaxAge)) {
		p.conclude(n, e, r.ErrorType, r)
		return
	}
	e.Retries++
	e.Due = due
	p.keep(n, due, p.host.store.Update(func(tx *store.Tx) error {
		return tx.PutJSON(eventBucket, p.eventKey(n), e)
	}))
}

// keep queues the event again; err says why its stored form could not change.
func (p *pool) keep(n uint64, due time.Time, err error) {
	if err != nil {
		p.reportf("event %d stays as it was: %v", n, err)
	}
	p.events.again(n, due)
}

// retrySpacing is the pause after the given number of failed retries.
func retrySpacing(retries int) time.Duration { return min(firstSpacing<<retries, maxSpacing) }

// conclude forgets the event and tells its destination, in one transaction.
func (p *pool) conclude(n uint64, e event, condition string, r Result) {
	send := p.fn.Async.OnFailure
	if condition == conditionSuccess {
		send = p.fn.Async.OnSuccess
	}
	record := p.record(e, condition, r)
	err := p.host.store.Update(func(tx *store.Tx) error {
		if send != nil {
			if err := send(tx, record); err != nil {
				return fmt.Errorf("destination: %w", err)
			}
		}
		return tx.Delete(eventBucket, p.eventKey(n))
	})
	if err != nil {
		p.keep(n, p.host.acct.Clock.Now().Add(p.host.acct.Scaled(maxSpacing)), err)
		return
	}
	p.events.done(n)
	if condition != conditionSuccess {
		p.reportf("request %s given up after %d attempts (%s)", e.RequestID, attempts(e, condition), condition)
	}
}

// attempts is how often the function got the event. One that expired was not
// delivered this time.
func attempts(e event, condition string) int {
	if condition == conditionExpired {
		return e.Retries
	}
	return e.Retries + 1
}

// destinationRecord is what a destination gets.
// Source: FC, destinations; the exact record is not documented.
type destinationRecord struct {
	Timestamp       int64           `json:"timestamp"` // milliseconds
	RequestContext  requestContext  `json:"requestContext"`
	RequestPayload  string          `json:"requestPayload"`
	ResponseContext responseContext `json:"responseContext"`
	ResponsePayload string          `json:"responsePayload"`
}

type requestContext struct {
	RequestID              string `json:"requestId"`
	FunctionARN            string `json:"functionArn"`
	Condition              string `json:"condition"`
	ApproximateInvokeCount int    `json:"approximateInvokeCount"`
}

type responseContext struct {
	StatusCode    int    `json:"statusCode"`
	FunctionError string `json:"functionError"`
}

// maxRecord is the limit of an MNS destination. Source: FC, destinations.
const maxRecord = 64 << 10

func (p *pool) record(e event, condition string, r Result) []byte {
	rec := destinationRecord{
		Timestamp: p.host.acct.Clock.Now().UnixMilli(),
		RequestContext: requestContext{
			RequestID:              e.RequestID,
			FunctionARN:            fmt.Sprintf("acs:fc:%s:%s:functions/%s", p.fn.Region, account.ID, p.fn.Name),
			Condition:              condition,
			ApproximateInvokeCount: attempts(e, condition),
		},
		RequestPayload:  string(e.Payload),
		ResponseContext: responseContext{StatusCode: 200, FunctionError: r.ErrorType},
		ResponsePayload: string(r.Body),
	}
	return rec.fit()
}

// fit encodes the record within the limit: the answer is cut first, then the
// payload, so that what was given up stays readable as long as it can.
func (rec destinationRecord) fit() []byte {
	data := encode(rec)
	if over := len(data) - maxRecord; over > 0 {
		rec.ResponsePayload = shorten(rec.ResponsePayload, over)
		data = encode(rec)
	}
	if over := len(data) - maxRecord; over > 0 {
		rec.RequestPayload = shorten(rec.RequestPayload, over)
		data = encode(rec)
	}
	return data
}

// shorten cuts bytes off the end; a cut character goes whole.
func shorten(s string, by int) string {
	return strings.ToValidUTF8(s[:max(0, len(s)-by)], "")
}

// encode writes JSON without the escapes that only HTML needs.
func encode(v any) []byte {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	_ = enc.Encode(v) // structs of strings and numbers always encode
	return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
}

// eventQueue orders the numbers of a function's events by when they are due.
// What they hold stays in the store, so waiting events cost next to nothing.
type eventQueue struct {
	wake chan struct{}

	mu    sync.Mutex
	heap  dueHeap
	known map[uint64]struct{} // in the heap, or being delivered
}

// forever is how long an empty queue waits for its wake-up call.
const forever = 24 * time.Hour

func newEventQueue() eventQueue {
	return eventQueue{wake: make(chan struct{}, 1), known: map[uint64]struct{}{}}
}

// add queues a new event. Adding one twice, at start and at its commit, is
// the same as once.
func (q *eventQueue) add(n uint64, due time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if _, twice := q.known[n]; twice {
		return
	}
	q.known[n] = struct{}{}
	q.push(n, due)
}

// again queues an event that was taken.
func (q *eventQueue) again(n uint64, due time.Time) {
	q.mu.Lock()
	defer q.mu.Unlock()
	q.push(n, due)
}

func (q *eventQueue) push(n uint64, due time.Time) {
	heap.Push(&q.heap, dueEvent{n, due})
	select {
	case q.wake <- struct{}{}:
	default:
	}
}

// take returns the event that has been due longest, or when to ask again.
func (q *eventQueue) take(now time.Time) (n uint64, next time.Time, ok bool) {
	q.mu.Lock()
	defer q.mu.Unlock()
	if len(q.heap) == 0 {
		return 0, now.Add(forever), false
	}
	if due := q.heap[0].due; due.After(now) {
		return 0, due, false
	}
	return heap.Pop(&q.heap).(dueEvent).n, now, true
}

// done forgets an event.
func (q *eventQueue) done(n uint64) {
	q.mu.Lock()
	defer q.mu.Unlock()
	delete(q.known, n)
}

func (q *eventQueue) len() int {
	q.mu.Lock()
	defer q.mu.Unlock()
	return len(q.known)
}

type dueEvent struct {
	n   uint64
	due time.Time
}

// dueHeap implements heap.Interface: due first, then in order of arrival.
type dueHeap []dueEvent

func (h dueHeap) Len() int      { return len(h) }
func (h dueHeap) Swap(i, j int) { h[i], h[j] = h[j], h[i] }
func (h dueHeap) Less(i, j int) bool {
	if h[i].due.Equal(h[j].due) {
		return h[i].n < h[j].n
	}
	return h[i].due.Before(h[j].due)
}
func (h *dueHeap) Push(x any) { *h = append(*h, x.(dueEvent)) }
func (h *dueHeap) Pop() any {
	old := *h
	last := old[len(old)-1]
	*h = old[:len(old)-1]
	return last
}

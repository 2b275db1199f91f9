package fc

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"time"

	"imagedrop/shared/local/store"
)

// QueueSource is the queue of a trigger, an MNS queue. All calls are made
// while the host is open.
type QueueSource interface {
	// Receive returns at most max messages, and hides them from others; it
	// waits up to wait for the first.
	Receive(ctx context.Context, max int, wait time.Duration) ([]QueueMessage, error)
	// Delete removes a received message.
	Delete(handle string) error
	// Hold hides a received message for d from now (ChangeMessageVisibility)
	// and returns the handle that replaces the given one.
	Hold(handle string, d time.Duration) (newHandle string, err error)
}

// QueueMessage is a received message.
type QueueMessage struct {
	ID, Handle   string
	Body         []byte
	DequeueCount int // this receipt included
	EnqueueTime  time.Time
	NextVisible  time.Time // when it will be received again unless held or deleted
}

// QueueTrigger feeds a function from a queue through an event stream of EventBridge.
type QueueTrigger struct {
	Name, Function        string
	Source                QueueSource
	SubjectARN, QueueName string
	BatchCount            int           // messages in one invocation, 0: 1
	BatchWindow           time.Duration // how long an unfinished batch waits for more
	RawData               bool          // eventSchema RawData instead of CloudEvents
	DecodeBase64          bool          // IsBase64Decode
	Async                 bool          // asyncInvocationType: done with when stored as an asynchronous event
	Blocking              bool          // errorsTolerance NONE: nothing overtakes a batch that fails
	Retry                 Strategy      // "": BackoffRetry
	// DeadLetter takes a message that used up its attempts, as the CloudEvent
	// that the function got, or only its body where that would be over 64 KB;
	// nil: the message is discarded. A Blocking trigger never gives up.
	DeadLetter func(tx *store.Tx, letter []byte) error
}

// Strategy is a retry policy of EventBridge, PushRetryStrategy.
type Strategy string

// Source: EventBridge, retry policies and dead-letter queues.
const (
	BackoffRetry          Strategy = "BACKOFF_RETRY"           // 3 times, 10 to 20 s apart
	ExponentialDecayRetry Strategy = "EXPONENTIAL_DECAY_RETRY" // 176 times, 1, 2, 4 ... 512 s apart
)

var strategies = map[Strategy]struct {
	retries int
	spacing func(failed int) time.Duration // after so many failed attempts, from 1
}{
	BackoffRetry: {3, func(int) time.Duration {
		return 10*time.Second + rand.N(10*time.Second)
	}},
	ExponentialDecayRetry: {176, func(failed int) time.Duration {
		return time.Second << min(failed-1, 9)
	}},
}

const (
	// Source: MNS, BatchReceiveMessage parameter numOfMessages, ReceiveMessage parameter waitseconds.
	maxReceive = 16
	maxWait    = 30 * time.Second

	// holdFor is the visibility time that a long invocation keeps renewing: so
	// long a message of a killed host stays away. It is the default of MNS queues.
	holdFor = 30 * time.Second

	// Source: FC, advanced features of triggers: 1 to 10,000 messages, 0 to 15 s.
	maxBatch  = 10_000
	maxWindow = 15 * time.Second

	receivePause = time.Second // after a queue's error
)

func (t QueueTrigger) check(pools map[string]*pool) error {
	bad := func(what string, v any) error {
		return fmt.Errorf("trigger %q of function %q: %s: %v", t.Name, t.Function, what, v)
	}
	_, known := pools[t.Function]
	_, strategy := strategies[t.Retry]
	switch {
	case !known:
		return bad("no such function", t.Function)
	case t.Source == nil:
		return bad("it has no queue", t.QueueName)
	case t.BatchCount < 0 || t.BatchCount > maxBatch:
		return bad("CountBasedWindow is not between 1 and 10,000", t.BatchCount)
	case t.BatchWindow < 0 || t.BatchWindow > maxWindow:
		return bad("TimeBasedWindow is not between 0 and 15 s", t.BatchWindow)
	case t.Retry != "" && !strategy:
		return bad("unknown PushRetryStrategy", t.Retry)
	}
	return nil
}

func (t QueueTrigger) withDefaults() QueueTrigger {
	t.BatchCount = max(t.BatchCount, 1)
	if t.Retry == "" {
		t.Retry = BackoffRetry
	}
	return t
}

// stream is a trigger at work.
type stream struct {
	QueueTrigger
	host  *Host
	pool  *pool
	slots chan struct{} // taken by batches under way

	trouble string // what the queue last answered instead of messages; "" for none
}

// poll takes messages from the queue while there are slots for them, until
// the host closes.
func (h *Host) poll(t QueueTrigger) {
	s := &stream{QueueTrigger: t, host: h, pool: h.pools[t.Function]}
	width := s.pool.fn.MaxInstances
	if t.Blocking {
		width = 1
	}
	s.slots = make(chan struct{}, width)
	for {
		slots := s.takeSlots()
		if slots == 0 {
			return
		}
		messages, err := s.receive(slots)
		s.notice(err)
		s.launch(messages, slots)
	}
}

// notice pauses after an error of the queue, which it reports once, however
// long it lasts.
func (s *stream) notice(err error) {
	text := ""
	if err != nil && !s.host.closing() {
		text = err.Error()
		if text != s.trouble {
			s.reportf("receive: %s", text)
		}
		s.host.sleep(receivePause)
	}
	s.trouble = text
}

// takeSlots waits for a slot and takes what else is free, as far as one
// receipt can fill it; 0 means that the host closes.
func (s *stream) takeSlots() int {
	select {
	case s.slots <- struct{}{}:
	case <-s.host.ctx.Done():
		return 0
	}
	n := 1
	for (n+1)*s.BatchCount <= maxReceive {
		select {
		case s.slots <- struct{}{}:
			n++
		default:
			return n
		}
	}
	return n
}

// launch works the batches in their slots, and frees the slots that are left.
func (s *stream) launch(messages []QueueMessage, slots int) {
	for _, b := range s.split(messages, slots) {
		slots--
		s.host.goWork(func() {
			defer func() { <-s.slots }()
			s.deliver(b)
		})
	}
	for range slots {
		<-s.slots
	}
}

// receive fetches messages for that many batches. A single batch stays open
// for more until it is full or its window is over.
func (s *stream) receive(slots int) ([]QueueMessage, error) {
	messages, err := s.Source.Receive(s.host.ctx, min(slots*s.BatchCount, maxReceive), maxWait)
	if err != nil || len(messages) == 0 {
		return nil, err
	}
	end := s.host.acct.Clock.Now().Add(s.BatchWindow)
	for len(messages) < s.BatchCount {
		left := end.Sub(s.host.acct.Clock.Now())
		if left <= 0 {
			break
		}
		more, err := s.Source.Receive(s.host.ctx, min(s.BatchCount-len(messages), maxReceive), left)
		if err != nil {
			break // what is there is delivered; the next receipt reports it
		}
		messages = append(messages, more...)
	}
	return messages, nil
}

// batch is the messages of one invocation.
type batch struct {
	messages []QueueMessage
	payload  []byte
}

// split cuts messages into at most n batches, by number and by size.
func (s *stream) split(messages []QueueMessage, n int) []batch {
	limit := maxSyncPayload
	if s.Async {
		limit = maxAsyncPayload
	}
	var batches []batch
	for len(messages) > 0 && len(batches) < n {
		elements, size := [][]byte{}, 2
		for _, m := range messages[:min(s.BatchCount, len(messages))] {
			element := s.element(m)
			if size += len(element) + 1; size > limit && len(elements) > 0 {
				break
			}
			elements = append(elements, element)
		}
		batches = append(batches, batch{slices.Clone(messages[:len(elements)]), array(elements)})
		messages = messages[len(elements):]
	}
	s.giveBack(messages)
	return batches
}

// giveBack makes messages visible again that no batch had room for.
func (s *stream) giveBack(messages []QueueMessage) {
	for _, m := range messages {
		s.hold(&m, time.Second)
	}
}

// deliver brings one batch to its end: done with, or left to come again.
func (s *stream) deliver(b batch) {
	for failed := 1; ; failed++ {
		ok := s.invoke(b)
		switch {
		case ok:
			s.remove(b.messages)
			return
		case s.host.closing():
			s.giveBack(b.messages)
			return
		case !s.Blocking:
			s.fail(b)
			return
		}
		s.reportf("blocked by message %s, attempt %d failed", b.messages[0].ID, failed)
		if !s.keepUntil(b, s.spacing(failed)) {
			s.giveBack(b.messages)
			return
		}
	}
}

// invoke runs the function with the batch, which stays hidden meanwhile.
func (s *stream) invoke(b batch) bool {
	if s.Async {
		_, err := s.host.Enqueue(s.Function, b.payload)
		if err != nil {
			s.reportf("invoke: %v", err)
		}
		return err == nil
	}
	done := make(chan bool, 1)
	s.host.goWork(func() {
		done <- s.run(b)
	})
	return s.keepWhile(b, done)
}

// run runs the function, as the fault of the delivery has it. A batch that is
// held back keeps its slot: where there is but one, nothing overtakes it.
func (s *stream) run(b batch) bool {
	fault := s.pool.strike(b.payload)
	if holdsBack(fault) && !s.pool.holdBack(fault) {
		return false
	}
	r, err := s.pool.doFaulty(s.host.ctx, &invocation{requestID: newRequestID(), payload: b.payload}, fault)
	return err == nil && r.ErrorType == ""
}

// keepUntil holds the batch for d on the account's clock; false when the host closes.
func (s *stream) keepUntil(b batch, d time.Duration) bool {
	done := make(chan bool, 1)
	s.host.goWork(func() { done <- s.host.sleep(d) })
	return s.keepWhile(b, done)
}

// keepWhile hides the batch from other receivers until done delivers. It
// renews at half of the time that is left, so that a short invocation costs
// no write. It alone changes the handles.
func (s *stream) keepWhile(b batch, done <-chan bool) bool {
	for {
		due, stop := s.host.acct.Clock.At(s.renewal(b))
		select {
		case ok := <-done:
			stop()
			return ok
		case <-due:
			for i := range b.messages {
				s.hold(&b.messages[i], holdFor)
			}
		}
	}
}

// renewal is when half of the time is over that the first of the batch stays
// hidden; never so soon that renewing would spin.
func (s *stream) renewal(b batch) time.Time {
	first := slices.MinFunc(b.messages, func(a, b QueueMessage) int { return a.NextVisible.Compare(b.NextVisible) })
	now := s.host.acct.Clock.Now()
	return now.Add(max(first.NextVisible.Sub(now), time.Second) / 2)
}

// fail puts every message of the batch back for its next attempt, or gives it
// up where it had its last. The queue counts the attempts, so they survive
// the host.
func (s *stream) fail(b batch) {
	for _, m := range b.messages {
		if m.DequeueCount > strategies[s.Retry].retries {
			s.giveUp(m)
		} else {
			s.hold(&m, s.spacing(m.DequeueCount))
		}
	}
}

func (s *stream) giveUp(m QueueMessage) {
	s.reportf("message %s given up after %d attempts", m.ID, m.DequeueCount)
	if s.DeadLetter != nil {
		letter := s.deadLetter(m)
		err := s.host.store.Update(func(tx *store.Tx) error { return s.DeadLetter(tx, letter) })
		if err != nil {
			s.reportf("dead letter: %v", err)
			s.hold(&m, s.spacing(m.DequeueCount))
			return
		}
	}
	s.remove([]QueueMessage{m})
}

func (s *stream) spacing(failed int) time.Duration {
	return s.host.acct.Scaled(strategies[s.Retry].spacing(failed))
}

// hold changes the visibility of a message. Where that fails the message
// comes again by itself, when its present time is over.
func (s *stream) hold(m *QueueMessage, d time.Duration) {
	handle, err := s.Source.Hold(m.Handle, d)
	m.NextVisible = s.host.acct.Clock.Now().Add(d)
	if err != nil {
		s.reportf("hold message %s: %v", m.ID, err)
		return
	}
	m.Handle = handle
}

// remove deletes messages that are done with. Where that fails they are
// delivered again: at least once is what a queue promises.
func (s *stream) remove(messages []QueueMessage) {
	for _, m := range messages {
		if err := s.Source.Delete(m.Handle); err != nil {
			s.reportf("delete message %s: %v", m.ID, err)
		}
	}
}

func (s *stream) reportf(format string, args ...any) {
	s.pool.reportf("trigger %s: %s", s.Name, fmt.Sprintf(format, args...))
}

package fc_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/fc"
	"imagedrop/shared/local/store"
)

// visibility is the queue's visibility time.
const visibility = 30 * time.Second

// queue is a queue with visibility, dequeue counts, and handles that a new
// visibility makes stale.
type queue struct {
	acct *account.Account

	mu       sync.Mutex
	messages []*queued
	changed  chan struct{}
	holds    int
	deleted  chan string // bodies
}

type queued struct {
	fc.QueueMessage
	generation int
}

func newQueue(acct *account.Account) *queue {
	return &queue{acct: acct, changed: make(chan struct{}), deleted: make(chan string, 100)}
}

func (q *queue) send(bodies ...string) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, body := range bodies {
		q.messages = append(q.messages, &queued{QueueMessage: fc.QueueMessage{
			ID: fmt.Sprintf("message-%d", len(q.messages)), Body: []byte(body), EnqueueTime: q.acct.Clock.Now(),
		}})
	}
	q.wake()
}

func (q *queue) wake() {
	close(q.changed)
	q.changed = make(chan struct{})
}

func (q *queue) Receive(ctx context.Context, max int, wait time.Duration) ([]fc.QueueMessage, error) {
	end := q.acct.Clock.Now().Add(wait)
	for {
		got, next, changed := q.visible(max, end)
		if len(got) > 0 || !q.acct.Clock.Now().Before(end) {
			return got, nil
		}
		due, stop := q.acct.Clock.At(next)
		select {
		case <-due:
		case <-changed:
		case <-ctx.Done():
			stop()
			return nil, ctx.Err()
		}
		stop()
	}
}

func (q *queue) visible(max int, end time.Time) (got []fc.QueueMessage, next time.Time, changed chan struct{}) {
	q.mu.Lock()
	defer q.mu.Unlock()
	now, next := q.acct.Clock.Now(), end
	for _, m := range q.messages {
		if m.NextVisible.After(now) {
			if m.NextVisible.Before(next) {
				next = m.NextVisible
			}
			continue
		}
		if len(got) < max {
			m.DequeueCount++
			m.hide(now.Add(visibility))
			got = append(got, m.QueueMessage)
		}
	}
	return got, next, q.changed
}

func (m *queued) hide(until time.Time) {
	m.generation++
	m.NextVisible = until
	m.Handle = fmt.Sprintf("%s/%d", m.ID, m.generation)
}

var errStale = errors.New("stale receipt handle")

func (q *queue) find(handle string) (int, error) {
	for i, m := range q.messages {
		if m.Handle == handle && m.NextVisible.After(q.acct.Clock.Now()) {
			return i, nil
		}
	}
	return 0, errStale
}

func (q *queue) Delete(handle string) error {
	q.mu.Lock()
	defer q.mu.Unlock()
	i, err := q.find(handle)
	if err != nil {
		return err
	}
	q.deleted <- string(q.messages[i].Body)
	q.messages = slices.Delete(q.messages, i, i+1)
	return nil
}

func (q *queue) Hold(handle string, d time.Duration) (string, error) {
	q.mu.Lock()
	defer q.mu.Unlock()
	i, err := q.find(handle)
	if err != nil {
		return "", err
	}
	q.holds++
	q.messages[i].hide(q.acct.Clock.Now().Add(d))
	q.wake()
	return q.messages[i].Handle, nil
}

func (q *queue) snapshot() (list []fc.QueueMessage) {
	q.mu.Lock()
	defer q.mu.Unlock()
	for _, m := range q.messages {
		list = append(list, m.QueueMessage)
	}
	return list
}

const subject = "acs:mns:cn-hangzhou:1234567890123456:queues/requests"

// requests is the actor's trigger; the queue's clock is that of the world.
func requests(q **queue, change func(*fc.QueueTrigger)) option {
	return func(w *world, o *fc.Options) {
		*q = newQueue(w.acct)
		trigger := fc.QueueTrigger{
			Name: "requests", Function: "actor", Source: *q, SubjectARN: subject, QueueName: "requests",
			BatchCount: 1, Retry: fc.ExponentialDecayRetry,
		}
		if change != nil {
			change(&trigger)
		}
		o.Triggers = append(o.Triggers, trigger)
	}
}

func TestAQueuesMessageIsDeliveredAndDeleted(t *testing.T) {
	var q *queue
	w := start(t, []fc.Function{function("actor")}, requests(&q, nil))
	q.send(string(order{Do: "pid"}.json()))
	require.JSONEq(t, `{"Do":"pid"}`, take(t, q.deleted, "the message's end"))
	w.close()
	require.Empty(t, q.snapshot())
	require.Zero(t, q.holds, "a short invocation costs no change of visibility")
}

// The function's own view of each event form, through a debugger's instance.
func TestFormsOfAQueuesEvent(t *testing.T) {
	at := time.Date(2026, 5, 4, 8, 20, 5, 17_000_000, time.UTC)
	tests := []struct {
		name   string
		body   string
		change func(*fc.QueueTrigger)
		want   string
	}{
		{"cloud events", `it's a=1 <b>`, nil,
			`["{\"data\":{\"requestId\":\"CE78E7C740F40722F11A530E\",\"messageId\":\"message-0\",\"messageBody\":\"it\\u0027s a\\u003d1 \\u003cb\\u003e\"},` +
				`\"id\":\"94713a76-d875-5142-af3c-3d177ebbdeaf\",\"source\":\"acs:mns\",\"specversion\":\"1.0\",\"type\":\"mns:Queue:SendMessage\",` +
				`\"datacontenttype\":\"application/json; charset\\u003dutf-8\",\"time\":\"2026-05-04T08:20:05.017Z\",` +
				`\"subject\":\"` + subject + `\",\"aliyunaccountid\":\"1234567890123456\"}"]`},
		{"raw data", `build "web"`, func(q *fc.QueueTrigger) { q.RawData = true },
			`[{"requestId":"CE78E7C740F40722F11A530E","messageId":"message-0","messageBody":"build \"web\""}]`},
		{"base64", base64.StdEncoding.EncodeToString([]byte("FROM x")), func(q *fc.QueueTrigger) { q.RawData, q.DecodeBase64 = true, true },
			`[{"requestId":"CE78E7C740F40722F11A530E","messageId":"message-0","messageBody":"FROM x"}]`},
		{"no base64", "FROM x", func(q *fc.QueueTrigger) { q.RawData, q.DecodeBase64 = true, true },
			`[{"requestId":"CE78E7C740F40722F11A530E","messageId":"message-0","messageBody":"FROM x"}]`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var q *queue
			w := start(t, []fc.Function{function("actor")}, onClock(account.NewManualClock(at)), requests(&q, tt.change))
			d := w.debugger()
			event := make(chan string, 1)
			go func() {
				_, body := d.next(context.Background())
				event <- string(body)
			}()
			require.Eventually(t, func() bool { return w.stats("actor").Instances == 2 }, patience, time.Millisecond)
			q.send(tt.body)
			require.Equal(t, tt.want, take(t, event, "the event"))
		})
	}
}

func TestAFailedMessageComesAgainUntilItSucceeds(t *testing.T) {
	g := newGate(t)
	var q *queue
	start(t, []fc.Function{function("actor")}, requests(&q, nil))
	q.send(string(order{Do: "get", URL: g.URL}.json()))
	for range 4 {
		g.next().leave(http.StatusBadGateway)
	}
	last := g.next()
	require.Equal(t, 5, q.snapshot()[0].DequeueCount)
	last.leave(http.StatusOK)
	take(t, q.deleted, "the message's end")
}

func TestSpacingOfAStream(t *testing.T) {
	tests := []struct {
		strategy fc.Strategy
		from, to []time.Duration // seconds after each failed attempt
	}{
		{fc.ExponentialDecayRetry, []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512}, []time.Duration{1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 512}},
		{fc.BackoffRetry, []time.Duration{10, 10, 10}, []time.Duration{20, 20, 20}},
	}
	for _, tt := range tests {
		t.Run(string(tt.strategy), func(t *testing.T) {
			clock := account.NewManualClock(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC))
			g := newGate(t)
			var q *queue
			start(t, []fc.Function{function("actor")}, onClock(clock),
				scaled(1), requests(&q, func(t *fc.QueueTrigger) { t.Retry = tt.strategy }))
			q.send(string(order{Do: "get", URL: g.URL}.json()))
			for i := range tt.from {
				v := g.next()
				before := q.snapshot()[0]
				v.leave(http.StatusBadGateway)
				require.Eventually(t, func() bool { return q.snapshot()[0].Handle != before.Handle }, patience, time.Millisecond)
				spacing := q.snapshot()[0].NextVisible.Sub(clock.Now())
				require.GreaterOrEqual(t, spacing, tt.from[i]*time.Second)
				require.LessOrEqual(t, spacing, tt.to[i]*time.Second)
				clock.Advance(spacing)
			}
			g.next().leave(http.StatusOK)
			take(t, q.deleted, "the message's end")
		})
	}
}

func TestWhatUsedUpItsAttemptsBecomesADeadLetter(t *testing.T) {
	var q *queue
	letters := make(destination, 1)
	w := start(t, []fc.Function{function("actor")}, requests(&q, func(t *fc.QueueTrigger) {
		t.Retry, t.DeadLetter = fc.BackoffRetry, letters.take
	}))
	body := string(order{Do: "fail", Text: "never"}.json())
	q.send(body)
	var letter element
	require.NoError(t, json.Unmarshal(take(t, letters, "the dead letter"), &letter))
	require.Equal(t, element{Subject: subject, Data: elementData{MessageID: "message-0", MessageBody: body}}, letter)
	take(t, q.deleted, "the message's end")
	w.awaitLine(func(s string) bool { return strings.Contains(s, "message message-0 given up after 4 attempts") })
}

// element is what the tests look at of a CloudEvent.
type element struct {
	Subject string
	Data    elementData
}

type elementData struct{ MessageID, MessageBody string }

// A queue takes 64 KB: a body that fits only without its envelope goes without.
func TestADeadLetterFitsIntoAMessage(t *testing.T) {
	const limit = 64 << 10
	tests := []struct {
		name string
		body string
		bare bool
	}{
		{"as long as an envelope can be around it", strings.Repeat("x", limit-600), false},
		{"as long as a message can be", strings.Repeat("x", limit), true},
		{"long once it is escaped", strings.Repeat(`"`, limit/2), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var q *queue
			letters := make(destination, 1)
			start(t, []fc.Function{function("actor")}, requests(&q, func(t *fc.QueueTrigger) {
				t.Retry, t.RawData, t.DeadLetter = fc.BackoffRetry, true, letters.take
			}))
			q.send(tt.body)
			letter := take(t, letters, "the dead letter")
			require.LessOrEqual(t, len(letter), limit)
			if tt.bare {
				require.Equal(t, tt.body, string(letter))
				return
			}
			var e element
			require.NoError(t, json.Unmarshal(letter, &e))
			require.Equal(t, element{Subject: subject, Data: elementData{MessageID: "message-0", MessageBody: tt.body}}, e)
		})
	}
}

// A message that ends its function's process each time is given up, and those
// beside it and behind it have their turn.
func TestAPoisonMessageBlocksNothing(t *testing.T) {
	for _, instances := range []int{1, 3} {
		t.Run(fmt.Sprint(instances, " instances"), func(t *testing.T) {
			var q *queue
			letters := make(destination, 10)
			f := function("actor")
			f.MaxInstances = instances
			w := start(t, []fc.Function{f}, requests(&q, func(t *fc.QueueTrigger) { t.Retry, t.DeadLetter = fc.BackoffRetry, letters.take }))
			good := string(order{Do: "pid"}.json())
			q.send(good, string(order{Do: "exit", Text: "poison"}.json()), good, string(order{Do: "stray panic"}.json()), good)
			ended := map[string]int{}
			for range 5 {
				ended[take(t, q.deleted, "a message's end")]++
			}
			require.Equal(t, 3, ended[good])
			require.Len(t, letters, 2)
			w.close()
			require.Empty(t, q.snapshot())
		})
	}
}

func TestWithoutADeadLetterQueueItIsDiscarded(t *testing.T) {
	var q *queue
	start(t, []fc.Function{function("actor")}, requests(&q, func(t *fc.QueueTrigger) { t.Retry = fc.BackoffRetry }))
	q.send(string(order{Do: "exit"}.json()))
	take(t, q.deleted, "the message's end")
}

func TestADeadLetterThatFailsKeepsTheMessage(t *testing.T) {
	var q *queue
	letters, refused := make(destination, 1), make(chan struct{}, 1)
	start(t, []fc.Function{function("actor")}, requests(&q, func(t *fc.QueueTrigger) {
		t.Retry = fc.BackoffRetry
		t.DeadLetter = func(tx *store.Tx, body []byte) error {
			select {
			case refused <- struct{}{}:
				return errors.New("no such queue")
			default:
				return letters.take(tx, body)
			}
		}
	}))
	q.send(string(order{Do: "fail"}.json()))
	take(t, letters, "the dead letter")
	take(t, q.deleted, "the message's end")
}

func TestMessagesRunSideBySide(t *testing.T) {
	g := newGate(t)
	var q *queue
	f := function("actor")
	f.MaxInstances = 3
	start(t, []fc.Function{f}, requests(&q, nil))
	for range 5 {
		q.send(string(order{Do: "get", URL: g.URL}.json()))
	}
	running := []visit{g.next(), g.next(), g.next()}
	require.Empty(t, g.visits)
	running[0].leave(http.StatusBadGateway)
	g.next().leave(http.StatusOK) // a failed one keeps no other from its turn
	running[1].leave(http.StatusOK)
	running[2].leave(http.StatusOK)
	for done := 0; done < 5; {
		select {
		case v := <-g.visits:
			v.leave(http.StatusOK)
		case <-q.deleted:
			done++
		case <-time.After(patience):
			require.FailNow(t, "messages are left")
		}
	}
}

// While an invocation runs longer than the queue hides the message, nobody
// else gets it, and in the end the renewed handle deletes it.
func TestALongInvocationKeepsItsMessage(t *testing.T) {
	clock := account.NewManualClock(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC))
	g := newGate(t)
	var q *queue
	start(t, []fc.Function{function("actor")}, onClock(clock), requests(&q, nil))
	q.send(string(order{Do: "get", URL: g.URL}.json()))
	v := g.next()
	for range 10 { // three wait: who renews, who receives, and the delivery of events
		before := q.snapshot()[0].Handle
		tick(t, clock, 3, visibility/2)
		require.Eventually(t, func() bool { return q.snapshot()[0].Handle != before }, patience, time.Millisecond)
	}
	require.Equal(t, 1, q.snapshot()[0].DequeueCount)
	require.Empty(t, g.visits)
	v.leave(http.StatusOK)
	take(t, q.deleted, "the message's end")
}

func TestBatches(t *testing.T) {
	var q *queue
	w := start(t, []fc.Function{function("actor")}, requests(&q, func(t *fc.QueueTrigger) {
		t.BatchCount, t.BatchWindow, t.RawData = 3, 15*time.Second, true
	}))
	d := w.debugger()
	batches := make(chan []struct{ MessageBody string }, 1)
	go func() {
		resp, body := d.next(context.Background())
		var batch []struct{ MessageBody string }
		require.NoError(t, json.Unmarshal(body, &batch))
		d.post(resp.Header.Get("x-fc-request-id")+"/response", "null")
		batches <- batch
	}()
	require.Eventually(t, func() bool { return w.stats("actor").Instances == 2 }, patience, time.Millisecond)
	q.send("a")
	q.send("b")
	q.send("c")
	batch := take(t, batches, "a batch")
	require.Len(t, batch, 3, "the window waits until the batch is full")
	for range 3 {
		take(t, q.deleted, "a message's end")
	}
}

func TestAWindowThatIsOverClosesTheBatch(t *testing.T) {
	clock := account.NewManualClock(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC))
	var q *queue
	start(t, []fc.Function{function("actor")}, onClock(clock), requests(&q, func(t *fc.QueueTrigger) {
		t.BatchCount, t.BatchWindow = 3, 15*time.Second
	}))
	q.send(string(order{Do: "pid"}.json()))
	require.Eventually(t, func() bool { return q.snapshot()[0].DequeueCount == 1 }, patience, time.Millisecond)
	tick(t, clock, 2, 15*time.Second-1) // it waits for more, and the delivery for events
	require.Equal(t, 2, clock.Waiting(), "the window is not over")
	clock.Advance(1)
	take(t, q.deleted, "the message's end")
}

// Two messages of 50 KB make an asynchronous event of at most 128 KB. Of five the
// last one finds no batch under way with room for it.
func TestABatchIsClosedByItsSize(t *testing.T) {
	var q *queue
	f, _, successes := asyncActor()
	f.MaxInstances = 2
	w := start(t, []fc.Function{f}, requests(&q, func(t *fc.QueueTrigger) { t.BatchCount, t.Async = 4, true }))
	body := string(order{Do: "size", Text: strings.Repeat("x", 50<<10)}.json())
	q.send(body, body, body, body, body)
	for range 5 {
		take(t, q.deleted, "a message's end")
	}
	w.awaitEmpty()
	require.Len(t, successes, 3, "two and two at once; what no batch had room for comes again")
}

func TestAFailedBatchComesBackWhole(t *testing.T) {
	g := newGate(t)
	var q *queue
	start(t, []fc.Function{function("actor")}, requests(&q, func(t *fc.QueueTrigger) { t.BatchCount = 2 }))
	body := string(order{Do: "get", URL: g.URL}.json())
	q.send(body, body)
	g.next().leave(http.StatusBadGateway)
	for range 2 { // together, or each alone: the queue decides
		select {
		case v := <-g.visits:
			v.leave(http.StatusOK)
		case <-q.deleted:
		case <-time.After(patience):
			require.FailNow(t, "the batch did not come back")
		}
	}
}

func TestABlockingStreamWaitsForItsBatch(t *testing.T) {
	g := newGate(t)
	var q *queue
	w := start(t, []fc.Function{function("actor")}, requests(&q, func(t *fc.QueueTrigger) {
		t.Blocking, t.Retry = true, fc.BackoffRetry
		t.DeadLetter = func(*store.Tx, []byte) error { panic("a blocking stream gives nothing up") }
	}))
	q.send(string(order{Do: "get", URL: g.URL + "/first"}.json()), string(order{Do: "get", URL: g.URL + "/second"}.json()))
	for range 6 { // more than the strategy's attempts
		v := g.next()
		require.Equal(t, "/first", v.r.URL.Path)
		v.leave(http.StatusBadGateway)
	}
	w.awaitLine(func(s string) bool { return strings.Contains(s, "blocked by message message-0, attempt 6 failed") })
	for _, path := range []string{"/first", "/second"} {
		v := g.next()
		require.Equal(t, path, v.r.URL.Path)
		v.leave(http.StatusOK)
		take(t, q.deleted, "the message's end")
	}
}

func TestAnAsyncTriggerIsDoneWhenTheEventIsStored(t *testing.T) {
	g := newGate(t)
	var q *queue
	f, failures, _ := asyncActor()
	f.Async.MaxRetries = 1
	start(t, []fc.Function{f}, requests(&q, func(t *fc.QueueTrigger) { t.Async = true }))
	q.send(string(order{Do: "get", URL: g.URL}.json()))
	take(t, q.deleted, "the message's end")
	g.next().leave(http.StatusBadGateway)
	g.next().leave(http.StatusBadGateway)
	require.Equal(t, 2, decode(t, take(t, failures, "the record")).RequestContext.ApproximateInvokeCount)
}

// A host that ends gives its messages back at once, and counts nothing against them.
func TestMessagesOutliveTheHost(t *testing.T) {
	g := newGate(t)
	st := memory(t)
	var q *queue
	w := start(t, []fc.Function{function("actor")}, onStore(st), requests(&q, nil))
	q.send(string(order{Do: "get", URL: g.URL}.json()))
	g.next()
	w.close()
	require.Len(t, q.snapshot(), 1)
	require.LessOrEqual(t, time.Until(q.snapshot()[0].NextVisible), time.Second)

	start(t, []fc.Function{function("actor")}, onStore(st), with(func(o *fc.Options) {
		o.Triggers = []fc.QueueTrigger{{Name: "requests", Function: "actor", Source: q}}
	}))
	g.next().leave(http.StatusOK)
	take(t, q.deleted, "the message's end")
}

func TestAQueueThatFailsIsAskedAgainAndReportedOnce(t *testing.T) {
	var q *queue
	w := start(t, []fc.Function{function("actor")}, requests(&q, func(t *fc.QueueTrigger) { t.Source = &flaky{queue: q} }))
	q.send(string(order{Do: "pid"}.json()))
	take(t, q.deleted, "the message's end")
	reports := 0
	for _, line := range w.logged() {
		if strings.Contains(line, "receive: the queue is away") {
			reports++
		}
	}
	require.Equal(t, 1, reports)
}

// flaky fails twice.
type flaky struct {
	*queue
	failures int
}

func (f *flaky) Receive(ctx context.Context, max int, wait time.Duration) ([]fc.QueueMessage, error) {
	if f.failures < 2 {
		f.failures++
		return nil, errors.New("the queue is away")
	}
	return f.queue.Receive(ctx, max, wait)
}

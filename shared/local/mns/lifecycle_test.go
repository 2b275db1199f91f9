package mns_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/store"
)

// send sends in a transaction of its own.
func (c *cloud) send(t testing.TB, queue, body string, delay time.Duration) mns.Message {
	var m mns.Message
	require.NoError(t, c.store.Update(func(tx *store.Tx) (err error) {
		m, err = c.Send(tx, queue, []byte(body), delay)
		return err
	}))
	return m
}

// take receives without waiting.
func (c *cloud) take(t testing.TB, queue string, limit int) []mns.Message {
	got, err := c.Receive(context.Background(), queue, limit, 0)
	require.NoError(t, err)
	return got
}

type received struct {
	messages []mns.Message
	err      error
}

// poll begins a receive that waits and returns once it does.
func (c *cloud) poll(t testing.TB, ctx context.Context, queue string, wait time.Duration) <-chan received {
	clock := c.account.Clock.(*account.ManualClock)
	before := clock.Waiting()
	done := make(chan received, 1)
	go func() {
		messages, err := c.Receive(ctx, queue, 1, wait)
		done <- received{messages, err}
	}()
	require.Eventually(t, func() bool { return clock.Waiting() > before }, time.Minute, time.Millisecond)
	return done
}

func setUp(t testing.TB) (*cloud, *account.ManualClock) {
	clock := manualClock()
	c := newCloud(t, clock, mns.Options{})
	c.queue(t, "q")
	return c, clock
}

func TestVisibilityTimeoutReturnsTheMessage(t *testing.T) {
	c, clock := setUp(t)
	sent := c.send(t, "q", "body", 0)
	first := c.take(t, "q", 1)[0]
	require.Equal(t, sent.ID, first.ID)
	require.Equal(t, sent.EnqueueTime.Add(30*time.Second), first.NextVisibleTime, "the queue's own timeout")

	clock.Advance(30*time.Second - time.Millisecond)
	require.Empty(t, c.take(t, "q", 1))
	clock.Advance(time.Millisecond)
	second := c.take(t, "q", 1)[0]
	require.Equal(t, 2, second.DequeueCount)
	require.Equal(t, first.FirstDequeueTime, second.FirstDequeueTime)
	require.NotEqual(t, first.ReceiptHandle, second.ReceiptHandle)

	require.ErrorIs(t, c.Delete("q", first.ReceiptHandle), mns.ErrMessageNotExist)
	require.NoError(t, c.Delete("q", second.ReceiptHandle))
	clock.Advance(time.Hour)
	require.Empty(t, c.take(t, "q", 1))
}

func TestHandleEndsWithTheVisibilityTimeout(t *testing.T) {
	c, clock := setUp(t)
	c.send(t, "q", "body", 0)
	got := c.take(t, "q", 1)[0]
	clock.Advance(30 * time.Second)
	require.ErrorIs(t, c.Delete("q", got.ReceiptHandle), mns.ErrMessageNotExist)
	_, err := c.ChangeVisibility("q", got.ReceiptHandle, time.Minute)
	require.ErrorIs(t, err, mns.ErrMessageNotExist)
	require.Len(t, c.take(t, "q", 1), 1, "the message itself is still there")
}

func TestChangeVisibilityMovesTheExpiryAndTheHandle(t *testing.T) {
	c, clock := setUp(t)
	c.send(t, "q", "body", 0)
	old := c.take(t, "q", 1)[0].ReceiptHandle
	clock.Advance(20 * time.Second)
	handle, err := c.ChangeVisibility("q", old, 30*time.Second)
	require.NoError(t, err)
	require.ErrorIs(t, c.Delete("q", old), mns.ErrMessageNotExist)
	clock.Advance(29 * time.Second)
	require.Empty(t, c.take(t, "q", 1), "it counts from the change")
	handle, err = c.ChangeVisibility("q", handle, 2*time.Second)
	require.NoError(t, err)
	clock.Advance(2 * time.Second)
	again := c.take(t, "q", 1)
	require.Len(t, again, 1)
	require.Equal(t, 2, again[0].DequeueCount)
	require.ErrorIs(t, c.Delete("q", handle), mns.ErrMessageNotExist)
}

func TestDelay(t *testing.T) {
	clock := manualClock()
	c := newCloud(t, clock, mns.Options{})
	attributes := mns.DefaultAttributes()
	attributes.DelaySeconds = 5
	require.NoError(t, c.CreateQueue("q", attributes))

	post := func(values string) string {
		r := c.do(t, call{method: "POST", target: "/queues/q/messages", body: "<Message><MessageBody>x</MessageBody>" + values + "</Message>"})
		require.Equal(t, http.StatusCreated, r.status, r.body)
		return r.doc.ReceiptHandle
	}
	require.Empty(t, post("<DelaySeconds>0</DelaySeconds>"), "0 means no delay, whatever the queue says")
	require.Len(t, c.take(t, "q", 16), 1)
	require.NotEmpty(t, post(""), "the queue's delay")
	require.NotEmpty(t, post("<DelaySeconds>7</DelaySeconds>"))
	cancelled := post("<DelaySeconds>6</DelaySeconds>")
	clock.Advance(5*time.Second - time.Millisecond)
	require.Empty(t, c.take(t, "q", 16))
	clock.Advance(time.Millisecond)
	require.Len(t, c.take(t, "q", 16), 1)
	require.NoError(t, c.Delete("q", cancelled), "the handle of a delayed send deletes it")
	clock.Advance(time.Second)
	require.Empty(t, c.take(t, "q", 16))
	clock.Advance(time.Second)
	late := c.take(t, "q", 16)
	require.Len(t, late, 1)
	require.Equal(t, 1, late[0].DequeueCount)
	require.Equal(t, late[0].EnqueueTime.Add(7*time.Second), late[0].FirstDequeueTime)
}

func TestRetentionEndsWhateverTheState(t *testing.T) {
	clock := manualClock()
	c := newCloud(t, clock, mns.Options{})
	attributes := mns.DefaultAttributes()
	attributes.MessageRetentionPeriod = 60
	require.NoError(t, c.CreateQueue("q", attributes))
	for i := range 50 {
		c.send(t, "q", fmt.Sprint(i), 0)
	}
	c.send(t, "q", "delayed", 2*time.Minute)
	clock.Advance(31 * time.Second)
	held := c.take(t, "q", 1)[0]
	_, err := c.ChangeVisibility("q", held.ReceiptHandle, time.Hour)
	require.NoError(t, err)
	held = c.take(t, "q", 1)[0]
	clock.Advance(28 * time.Second)
	live := c.send(t, "q", "live", 0)
	clock.Advance(time.Second)

	require.ErrorIs(t, c.Delete("q", held.ReceiptHandle), mns.ErrMessageNotExist)
	attrs := c.do(t, call{method: "GET", target: "/queues/q"}).doc
	require.Equal(t, [3]int{1, 0, 0}, [3]int{attrs.ActiveMessages, attrs.InactiveMessages, attrs.DelayMessages})
	seen := c.do(t, call{method: "GET", target: "/queues/q/messages?peekonly=true"})
	require.Equal(t, live.ID, seen.doc.MessageId, "expired ones in front hide nothing")
	got := c.take(t, "q", 16)
	require.Len(t, got, 1)
	require.Equal(t, live.ID, got[0].ID)
	require.NoError(t, c.Delete("q", got[0].ReceiptHandle))
	clock.Advance(3 * time.Minute)
	require.Empty(t, c.take(t, "q", 16), "the delayed one expired before it was visible")
	require.Zero(t, c.entries(), "nothing is left of any of them")
}

// entries counts what the store holds of messages.
func (c *cloud) entries() int { return entriesOf(c.store) }

func entriesOf(st *store.Store) (n int) {
	st.View(func(tx *store.Tx) error {
		for _, bucket := range []string{"mns/messages", "mns/bodies", "mns/order"} {
			tx.Scan(bucket, "", "", func(string, []byte) bool { n++; return true })
		}
		return nil
	})
	return n
}

func TestPriorityGoesFirst(t *testing.T) {
	c, clock := setUp(t)
	for _, priority := range []int{8, 16, 1, 8, 2} {
		body := fmt.Sprintf("<Message><MessageBody>%d</MessageBody><Priority>%d</Priority></Message>", priority, priority)
		require.Equal(t, http.StatusCreated, c.do(t, call{method: "POST", target: "/queues/q/messages", body: body}).status)
	}
	order := func() (bodies []string) {
		for _, m := range c.take(t, "q", 16) {
			bodies = append(bodies, string(m.Body))
		}
		return bodies
	}
	require.Equal(t, []string{"1", "2", "8", "8", "16"}, order())
	clock.Advance(30 * time.Second)
	require.Equal(t, []string{"1", "2", "8", "8", "16"}, order(), "also when they come back")
}

func TestLongPollWakes(t *testing.T) {
	background := context.Background()
	for _, tc := range []struct {
		name    string
		prepare func(t *testing.T, c *cloud) string // returns a receipt handle, if any
		wake    func(t *testing.T, c *cloud, clock *account.ManualClock, handle string)
	}{
		{"a message is sent", nil,
			func(t *testing.T, c *cloud, _ *account.ManualClock, _ string) { c.send(t, "q", "x", 0) }},
		{"a delay ends",
			func(t *testing.T, c *cloud) string { c.send(t, "q", "x", 3*time.Second); return "" },
			func(_ *testing.T, _ *cloud, clock *account.ManualClock, _ string) { clock.Advance(3 * time.Second) }},
		{"a visibility timeout ends",
			func(t *testing.T, c *cloud) string {
				c.send(t, "q", "x", 0)
				return c.take(t, "q", 1)[0].ReceiptHandle
			},
			func(_ *testing.T, _ *cloud, clock *account.ManualClock, _ string) { clock.Advance(30 * time.Second) }},
		{"a visibility timeout is cut short",
			func(t *testing.T, c *cloud) string {
				c.send(t, "q", "x", 0)
				return c.take(t, "q", 1)[0].ReceiptHandle
			},
			func(t *testing.T, c *cloud, _ *account.ManualClock, handle string) {
				_, err := c.ChangeVisibility("q", handle, 0)
				require.NoError(t, err)
			}},
	} {
		t.Run(tc.name, func(t *testing.T) {
			c, clock := setUp(t)
			handle := ""
			if tc.prepare != nil {
				handle = tc.prepare(t, c)
			}
			done := c.poll(t, background, "q", time.Minute)
			tc.wake(t, c, clock, handle)
			r := <-done
			require.NoError(t, r.err)
			require.Len(t, r.messages, 1)
			require.Zero(t, clock.Waiting(), "no timer is left behind")
		})
	}
}

func TestLongPollEnds(t *testing.T) {
	c, clock := setUp(t)
	done := c.poll(t, context.Background(), "q", 10*time.Second)
	clock.Advance(10*time.Second - time.Millisecond)
	require.Equal(t, 1, clock.Waiting())
	clock.Advance(time.Millisecond)
	r := <-done
	require.NoError(t, r.err)
	require.Empty(t, r.messages)

	ctx, cancel := context.WithCancel(context.Background())
	done = c.poll(t, ctx, "q", 10*time.Second)
	cancel()
	require.ErrorIs(t, (<-done).err, context.Canceled)
	c.send(t, "q", "x", 0)
	_, err := c.Receive(ctx, "q", 1, 0)
	require.ErrorIs(t, err, context.Canceled, "a caller that left takes nothing")
	require.Len(t, c.take(t, "q", 1), 1)

	done = c.poll(t, context.Background(), "q", 10*time.Second)
	require.Equal(t, http.StatusNoContent, c.do(t, call{method: "DELETE", target: "/queues/q"}).status)
	require.ErrorIs(t, (<-done).err, mns.ErrQueueNotExist)
	require.Zero(t, clock.Waiting())
}

func TestLongPollOverHTTP(t *testing.T) {
	clock := manualClock()
	c := newCloud(t, clock, mns.Options{})
	attributes := mns.DefaultAttributes()
	attributes.PollingWaitSeconds = 20
	require.NoError(t, c.CreateQueue("q", attributes))
	get := func(query string) <-chan reply {
		done := make(chan reply, 1)
		go func() { done <- c.do(t, call{method: "GET", target: prefix + "/queues/q/messages" + query}) }()
		return done
	}
	waits := func() {
		require.Eventually(t, func() bool { return clock.Waiting() == 1 }, time.Minute, time.Millisecond)
	}
	done := get("")
	waits()
	clock.Advance(20 * time.Second)
	require.Equal(t, http.StatusNotFound, (<-done).status, "the queue's own wait")

	done = get("?waitseconds=25")
	waits()
	clock.Advance(20 * time.Second)
	c.send(t, "q", "x", 0)
	require.Equal(t, "x", (<-done).doc.MessageBody, "the request's wait is longer")

	require.Equal(t, "MessageNotExist", (<-get("?waitseconds=0")).doc.Code, "0 does not wait")
	require.Zero(t, clock.Waiting())
}

func TestClientThatLeavesTakesNothing(t *testing.T) {
	c, clock := setUp(t)
	ctx, cancel := context.WithCancel(context.Background())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		req, _ := http.NewRequestWithContext(ctx, "GET", c.server.URL+"/queues/q/messages?waitseconds=30", nil)
		req.Header.Set("Date", clock.Now().Format(http.TimeFormat))
		req.Header.Set("x-mns-version", "2015-06-06")
		req.Header.Set("Authorization", "MNS "+account.AccessKeyID+":"+signature(req, "/queues/q/messages?waitseconds=30", account.AccessKeySecret))
		if resp, err := c.server.Client().Do(req); err == nil {
			resp.Body.Close()
		}
	}()
	require.Eventually(t, func() bool { return clock.Waiting() == 1 }, time.Minute, time.Millisecond)
	cancel()
	<-gone
	require.Eventually(t, func() bool { return clock.Waiting() == 0 }, time.Minute, time.Millisecond)
	c.send(t, "q", "x", 0)
	require.Equal(t, 1, c.take(t, "q", 1)[0].DequeueCount)
}

func TestHookSeesEverySendInItsTransaction(t *testing.T) {
	refusal := errors.New("refused")
	c := newCloud(t, manualClock(), mns.Options{OnSend: func(tx *store.Tx, queue string, m mns.Message) error {
		if string(m.Body) == "refuse" {
			return refusal
		}
		return tx.Put("feed", m.ID, append([]byte(queue+" "), m.Body...))
	}})
	c.queue(t, "q")
	inside := c.send(t, "q", "inside", 0)
	single := c.do(t, call{method: "POST", target: "/queues/q/messages", body: "<Message><MessageBody>single</MessageBody></Message>"}).doc.MessageId
	batch := c.do(t, call{method: "POST", target: "/queues/q/messages", body: "<Messages><Message><MessageBody>b1</MessageBody></Message><Message><MessageBody>b2</MessageBody></Message></Messages>"})
	require.Equal(t, http.StatusCreated, batch.status, batch.body)
	want := map[string]string{inside.ID: "q inside", single: "q single", batch.doc.Messages[0].MessageId: "q b1", batch.doc.Messages[1].MessageId: "q b2"}

	err := c.store.Update(func(tx *store.Tx) error {
		_, err := c.Send(tx, "q", []byte("refuse"), 0)
		return err
	})
	require.ErrorIs(t, err, refusal)
	r := c.do(t, call{method: "POST", target: "/queues/q/messages", body: "<Message><MessageBody>refuse</MessageBody></Message>"})
	require.Equal(t, "InternalError", r.doc.Code)

	feed := map[string]string{}
	require.NoError(t, c.store.View(func(tx *store.Tx) error {
		tx.Scan("feed", "", "", func(id string, v []byte) bool { feed[id] = string(v); return true })
		return nil
	}))
	require.Equal(t, want, feed)
	require.Len(t, c.take(t, "q", 16), 4)
}

func TestSendIsUndoneWithTheCallersTransaction(t *testing.T) {
	c, clock := setUp(t)
	done := c.poll(t, context.Background(), "q", time.Second)
	failure := errors.New("the caller's own")
	require.ErrorIs(t, c.store.Update(func(tx *store.Tx) error {
		_, err := c.Send(tx, "q", []byte("x"), 0)
		require.NoError(t, err)
		return failure
	}), failure)
	clock.Advance(time.Second)
	require.Empty(t, (<-done).messages)
	require.Zero(t, c.entries())
}

func TestInProcessErrors(t *testing.T) {
	c, _ := setUp(t)
	_, err := c.Receive(context.Background(), "none", 1, time.Second)
	require.ErrorIs(t, err, mns.ErrQueueNotExist)
	require.ErrorIs(t, c.Delete("none", "1-x"), mns.ErrQueueNotExist)
	_, err = c.ChangeVisibility("none", "1-x", time.Second)
	require.ErrorIs(t, err, mns.ErrQueueNotExist)
	require.ErrorIs(t, c.store.Update(func(tx *store.Tx) error {
		_, err := c.Send(tx, "none", []byte("x"), 0)
		return err
	}), mns.ErrQueueNotExist)
	var refused *mns.Error
	require.ErrorAs(t, c.CreateQueue("a_b", mns.DefaultAttributes()), &refused)
	require.Equal(t, "InvalidQueueName", refused.Code)
	require.ErrorAs(t, c.CreateQueue("new", mns.QueueAttributes{}), &refused)
	require.Equal(t, "InvalidArgument", refused.Code)
	require.ErrorAs(t, c.Delete("q", "x"), &refused)
	require.Equal(t, "ReceiptHandleError", refused.Code)

	changed := mns.DefaultAttributes()
	changed.DelaySeconds = 9
	require.NoError(t, c.CreateQueue("q", changed), "it keeps what is there")
	require.Empty(t, c.send(t, "q", "x", 0).ReceiptHandle)
	require.Len(t, c.take(t, "q", 0), 1, "a limit below one is one")
}

func TestHandleOfOneQueueIsNoneInAnother(t *testing.T) {
	c, _ := setUp(t)
	c.queue(t, "q2")
	c.send(t, "q", "x", 0)
	c.send(t, "q2", "x", 0)
	handle := c.take(t, "q", 1)[0].ReceiptHandle
	require.ErrorIs(t, c.Delete("q2", handle), mns.ErrMessageNotExist)
	require.NoError(t, c.Delete("q", handle))
}

func TestDeletedQueueTakesItsMessagesAlong(t *testing.T) {
	c, _ := setUp(t)
	c.queue(t, "q-2")
	for range 40 {
		c.send(t, "q", "x", 0)
		c.send(t, "q", "x", time.Second)
	}
	c.send(t, "q-2", "stays", 0)
	c.take(t, "q", 16)
	require.Equal(t, http.StatusNoContent, c.do(t, call{method: "DELETE", target: "/queues/q"}).status)
	require.Equal(t, 3, c.entries())
	c.queue(t, "q")
	require.Empty(t, c.take(t, "q", 16))
	require.Len(t, c.take(t, "q-2", 16), 1)
}

func TestCountsByState(t *testing.T) {
	c, clock := setUp(t)
	for range 3 {
		c.send(t, "q", "x", 0)
	}
	c.send(t, "q", "x", time.Second)
	c.send(t, "q", "x", time.Second)
	c.take(t, "q", 1)
	counts := func() [3]int {
		d := c.do(t, call{method: "GET", target: "/queues/q"}).doc
		return [3]int{d.ActiveMessages, d.InactiveMessages, d.DelayMessages}
	}
	require.Equal(t, [3]int{2, 1, 2}, counts())
	clock.Advance(time.Second)
	require.Equal(t, [3]int{4, 1, 0}, counts())
	clock.Advance(29 * time.Second)
	require.Equal(t, [3]int{5, 0, 0}, counts())
}

func TestStateSurvivesARestart(t *testing.T) {
	clock := manualClock()
	path, st := openStore(t)
	c := newCloudOn(account.NewAt(clock), st, mns.Options{})
	c.queue(t, "q")
	for i := range 5 {
		c.send(t, "q", fmt.Sprint(i), 0)
	}
	c.send(t, "q", "delayed", time.Minute)
	got := c.take(t, "q", 3)
	require.NoError(t, c.Delete("q", got[0].ReceiptHandle))
	c.server.Close()
	require.NoError(t, st.Close())

	st, err := store.Open(path)
	require.NoError(t, err)
	defer st.Close()
	c = newCloudOn(account.NewAt(clock), st, mns.Options{})
	defer c.server.Close()
	require.NoError(t, c.Delete("q", got[1].ReceiptHandle), "handles stay valid")
	rest := c.take(t, "q", 16)
	require.Len(t, rest, 2)
	require.Equal(t, "3", string(rest[0].Body))
	clock.Advance(30 * time.Second)
	back := c.take(t, "q", 16)
	require.Len(t, back, 3)
	require.Equal(t, "2", string(back[0].Body))
	require.Equal(t, 2, back[0].DequeueCount)
	require.Equal(t, got[2].FirstDequeueTime, back[0].FirstDequeueTime)
	clock.Advance(30 * time.Second)
	require.Len(t, c.take(t, "q", 16), 4, "with the delayed one")
}

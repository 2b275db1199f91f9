package mns_test

import (
	"context"
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/store"
)

// scaledCloud has a queue q; its clock stands unless a test moves it.
func scaledCloud(t *testing.T, scale float64) (*cloud, *account.ManualClock) {
	clock := account.NewManualClock(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC))
	c := newCloud(t, clock, mns.Options{})
	c.account.Scale = scale
	c.queue(t, "q")
	return c, clock
}

func (c *cloud) sendDelayed(t *testing.T, body string, delay time.Duration) mns.Message {
	var m mns.Message
	require.NoError(t, c.store.Update(func(tx *store.Tx) (err error) {
		m, err = c.Send(tx, "q", []byte(body), delay)
		return err
	}))
	return m
}

// seen returns the bodies that a trigger receives at once.
func (c *cloud) seen(t *testing.T) []string {
	got, err := c.ReceiveForTrigger(context.Background(), "q", 16, 0)
	require.NoError(t, err)
	return bodies(got)
}

// visible returns the bodies that any client receives at once.
func (c *cloud) visible(t *testing.T) []string {
	got, err := c.Receive(context.Background(), "q", 16, 0)
	require.NoError(t, err)
	return bodies(got)
}

func TestATriggerSeesADelayedMessageWhenItsScaledDelayIsOver(t *testing.T) {
	for scale, due := range map[float64]time.Duration{60: 10 * time.Second, 1: 600 * time.Second, 0: 600 * time.Second, 1e9: 0, 0.5: 600 * time.Second} {
		t.Run(fmt.Sprint(scale), func(t *testing.T) {
			c, clock := scaledCloud(t, scale)
			c.sendDelayed(t, "x", 600*time.Second)
			if due > 0 {
				clock.Advance(due - time.Millisecond)
				require.Empty(t, c.seen(t))
				clock.Advance(time.Millisecond)
			}
			require.Equal(t, []string{"x"}, c.seen(t))
		})
	}
}

func TestEveryoneElseSeesTheDelayItself(t *testing.T) {
	c, clock := scaledCloud(t, 60)
	sent := c.sendDelayed(t, "x", 600*time.Second)
	require.Equal(t, clock.Now().Add(600*time.Second), sent.NextVisibleTime)
	clock.Advance(600*time.Second - time.Millisecond)
	require.Empty(t, c.visible(t))
	require.NoError(t, c.store.View(func(tx *store.Tx) error {
		counts, err := c.Counts(tx, "q")
		require.Equal(t, mns.Counts{Delayed: 1}, counts)
		return err
	}))
	clock.Advance(time.Millisecond)
	require.Equal(t, []string{"x"}, c.visible(t))
	require.Empty(t, c.seen(t), "a message is with one receiver")
}

// Only a delay is scaled: what was received is hidden for the time it says.
func TestVisibilityIsNotScaled(t *testing.T) {
	c, clock := scaledCloud(t, 60)
	c.sendDelayed(t, "x", 600*time.Second)
	clock.Advance(10 * time.Second)
	got, err := c.ReceiveForTrigger(context.Background(), "q", 1, 0)
	require.NoError(t, err)
	require.Len(t, got, 1)
	require.Equal(t, 1, got[0].DequeueCount)
	require.Equal(t, clock.Now().Add(30*time.Second), got[0].NextVisibleTime)
	_, err = c.ChangeVisibility("q", got[0].ReceiptHandle, 60*time.Second)
	require.NoError(t, err)
	clock.Advance(60*time.Second - time.Millisecond)
	require.Empty(t, c.seen(t))
	clock.Advance(time.Millisecond)
	require.Equal(t, []string{"x"}, c.seen(t))
}

// The sender may hide a delayed message for another time, or delete it: then
// nothing of its delay is left.
func TestTheSenderOfADelayedMessageDecides(t *testing.T) {
	c, clock := scaledCloud(t, 60)
	longer, gone := c.sendDelayed(t, "longer", 600*time.Second), c.sendDelayed(t, "gone", 600*time.Second)
	_, err := c.ChangeVisibility("q", longer.ReceiptHandle, 700*time.Second)
	require.NoError(t, err)
	require.NoError(t, c.Delete("q", gone.ReceiptHandle))
	clock.Advance(699 * time.Second)
	require.Empty(t, c.seen(t))
	clock.Advance(time.Second)
	require.Equal(t, []string{"longer"}, c.seen(t))
}

// Those that are early due come first, the longest due before the others,
// whatever their own delays are; then those that all see.
func TestOrderOfATriggersMessages(t *testing.T) {
	c, clock := scaledCloud(t, 60)
	c.sendDelayed(t, "third", 1200*time.Second) // at 20 s
	clock.Advance(11 * time.Second)
	c.sendDelayed(t, "second", 480*time.Second) // at 19 s
	c.sendDelayed(t, "first", 60*time.Second)   // at 12 s
	c.sendDelayed(t, "fourth", 0)
	clock.Advance(10 * time.Second)
	require.Equal(t, []string{"first", "second", "third", "fourth"}, c.seen(t))
}

func TestALimitHoldsForATriggersReceive(t *testing.T) {
	c, clock := scaledCloud(t, 60)
	for i := range 4 {
		c.sendDelayed(t, fmt.Sprint("early ", i), 60*time.Second)
		c.sendDelayed(t, fmt.Sprint("now ", i), 0)
	}
	clock.Advance(time.Minute) // the early ones are visible, too
	seen := map[string]int{}
	for range 3 {
		got, err := c.ReceiveForTrigger(context.Background(), "q", 3, 0)
		require.NoError(t, err)
		require.LessOrEqual(t, len(got), 3)
		for _, m := range got {
			seen[string(m.Body)]++
		}
	}
	require.Len(t, seen, 8, "each once: %v", seen)
}

// A receive that waits is woken when a scaled delay is over, also by a message
// that came while it waited.
func TestAWaitingTriggerIsWokenInTime(t *testing.T) {
	c, clock := scaledCloud(t, 60)
	c.sendDelayed(t, "late", 1200*time.Second) // at 20 s
	got := make(chan string, 1)
	go func() {
		messages, err := c.ReceiveForTrigger(context.Background(), "q", 1, 30*time.Second)
		got <- fmt.Sprint(bodies(messages), err)
	}()
	awaitWaiting(t, clock)
	clock.Advance(time.Second)
	c.sendDelayed(t, "soon", 60*time.Second) // at 2 s
	clock.Advance(time.Second)               // the bell rang: it waits anew, or not at all
	require.Equal(t, "[soon] <nil>", <-got)
}

func awaitWaiting(t *testing.T, clock *account.ManualClock) {
	require.Eventually(t, func() bool { return clock.Waiting() == 1 }, 30*time.Second, time.Millisecond)
}

func TestAWaitingTriggerWakesAtTheMoment(t *testing.T) {
	c, clock := scaledCloud(t, 60)
	c.sendDelayed(t, "x", 600*time.Second)
	got := make(chan []string, 1)
	go func() {
		messages, _ := c.ReceiveForTrigger(context.Background(), "q", 1, 30*time.Second)
		got <- bodies(messages)
	}()
	awaitWaiting(t, clock)
	clock.Advance(10*time.Second - time.Millisecond)
	require.Equal(t, 1, clock.Waiting())
	clock.Advance(time.Millisecond)
	require.Equal(t, []string{"x"}, <-got)
}

func TestADelayedMessageOutlivesTheService(t *testing.T) {
	clock := account.NewManualClock(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC))
	path, st := openStore(t)
	open := func() *cloud {
		acct := account.NewAt(clock)
		acct.Scale = 60
		return newCloudOn(acct, st, mns.Options{})
	}
	c := open()
	c.queue(t, "q")
	c.sendDelayed(t, "x", 600*time.Second)
	c.server.Close()
	require.NoError(t, st.Close())
	clock.Advance(10*time.Second - time.Millisecond)
	st, err := store.Open(path)
	require.NoError(t, err)
	c = open()
	defer func() { c.server.Close(); require.NoError(t, st.Close()) }()
	require.Empty(t, c.seen(t))
	clock.Advance(time.Millisecond)
	require.Equal(t, []string{"x"}, c.seen(t))
	require.Empty(t, c.seen(t))
}

// The queue's own DelaySeconds is a delay like that of a message.
func TestTheDelayOfAQueueIsScaled(t *testing.T) {
	c, clock := scaledCloud(t, 60)
	a := mns.DefaultAttributes()
	a.DelaySeconds = 600
	require.NoError(t, c.CreateQueue("slow", a))
	sent := c.do(t, call{method: "POST", target: "/queues/slow/messages", body: "<Message><MessageBody>x</MessageBody></Message>"})
	require.Empty(t, sent.doc.Code)
	clock.Advance(10 * time.Second)
	got, err := c.ReceiveForTrigger(context.Background(), "slow", 1, 0)
	require.NoError(t, err)
	require.Equal(t, []string{"x"}, bodies(got))
}

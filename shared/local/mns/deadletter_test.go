package mns_test

import (
	"context"
	"net/http"
	"testing"
	"time"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/store"
)

func deadLetters(target string, count int) mns.DeadLetterPolicy {
	return mns.DeadLetterPolicy{Enabled: true, DeadLetterTargetQueue: target, MaxReceiveCount: count}
}

// giveUp receives until the message has been received often enough.
func (c *cloud) giveUp(t *testing.T, clock *account.ManualClock, times int) (last mns.Message) {
	for range times {
		got := c.take(t, "q", 16)
		require.Len(t, got, 1)
		last = got[0]
		clock.Advance(30 * time.Second)
	}
	return last
}

func TestAMessageThatWasReceivedTooOftenGoesToTheDeadLetters(t *testing.T) {
	c, clock := setUp(t)
	c.queue(t, "dead")
	require.NoError(t, c.SetDeadLetterPolicy("q", deadLetters("dead", 2)))
	sent := c.send(t, "q", "poison", 0)
	last := c.giveUp(t, clock, 2)
	require.Equal(t, 2, last.DequeueCount)
	require.Empty(t, c.take(t, "dead", 1), "nobody has tried to receive it again")
	require.Empty(t, c.take(t, "q", 1))
	got := c.take(t, "dead", 16)
	require.Len(t, got, 1)
	require.Equal(t, "poison", string(got[0].Body))
	require.Equal(t, sent.ID, got[0].ID)
	require.Equal(t, sent.EnqueueTime, got[0].EnqueueTime)
	require.Equal(t, 1, got[0].DequeueCount)
	require.ErrorIs(t, c.Delete("q", last.ReceiptHandle), mns.ErrMessageNotExist)
	require.ErrorIs(t, c.Delete("dead", last.ReceiptHandle), mns.ErrMessageNotExist, "a handle of the other queue")
	require.NoError(t, c.Delete("dead", got[0].ReceiptHandle))
	require.Zero(t, c.entries())
}

// Source: MNS "Dead-letter queue": the retention period is not reset.
func TestDeadLettersKeepTheirAge(t *testing.T) {
	c, clock := setUp(t)
	attributes := mns.DefaultAttributes()
	attributes.MessageRetentionPeriod = 120
	require.NoError(t, c.CreateQueue("dead", attributes))
	require.NoError(t, c.SetDeadLetterPolicy("q", deadLetters("dead", 1)))
	c.send(t, "q", "poison", 0)
	clock.Advance(60 * time.Second)
	c.send(t, "dead", "younger", 0)
	c.giveUp(t, clock, 1)
	require.Empty(t, c.take(t, "q", 1))
	require.Equal(t, 2, c.do(t, call{method: "GET", target: "/queues/dead"}).doc.ActiveMessages)
	clock.Advance(30 * time.Second)
	require.Equal(t, 1, c.do(t, call{method: "GET", target: "/queues/dead"}).doc.ActiveMessages)
	require.Equal(t, "younger", string(c.take(t, "dead", 16)[0].Body))
}

func TestDeadLettersWakeTheirReceiversAndCallTheHook(t *testing.T) {
	clock := manualClock()
	var queues []string
	c := newCloud(t, clock, mns.Options{OnSend: func(_ *store.Tx, queue string, _ mns.Message) error {
		queues = append(queues, queue)
		return nil
	}})
	c.queue(t, "q")
	c.queue(t, "dead")
	require.NoError(t, c.SetDeadLetterPolicy("q", deadLetters("dead", 1)))
	c.send(t, "q", "poison", 0)
	c.giveUp(t, clock, 1)
	done := c.poll(t, context.Background(), "dead", 10*time.Second)
	require.Empty(t, c.take(t, "q", 1))
	require.Len(t, (<-done).messages, 1)
	require.Equal(t, []string{"q", "dead"}, queues)
}

func TestDeadLetterPolicyEnds(t *testing.T) {
	c, clock := setUp(t)
	c.queue(t, "dead")
	require.NoError(t, c.SetDeadLetterPolicy("q", deadLetters("dead", 1)))
	c.send(t, "q", "poison", 0)
	c.giveUp(t, clock, 1)
	require.Equal(t, http.StatusNoContent, c.do(t, call{method: "DELETE", target: "/queues/dead"}).status)
	require.Equal(t, 2, c.giveUp(t, clock, 1).DequeueCount, "without its target the message stays")
	c.queue(t, "dead")
	require.NoError(t, c.SetDeadLetterPolicy("q", mns.DeadLetterPolicy{}))
	require.Equal(t, 3, c.giveUp(t, clock, 1).DequeueCount)
	require.Empty(t, c.take(t, "dead", 1))
}

func TestDeadLetterPoliciesThatAreRefused(t *testing.T) {
	c, _ := setUp(t)
	c.queue(t, "dead")
	require.ErrorContains(t, c.SetDeadLetterPolicy("q", deadLetters("q", 1)), "InvalidArgument")
	require.ErrorContains(t, c.SetDeadLetterPolicy("q", deadLetters("dead", 0)), "InvalidArgument")
	require.ErrorIs(t, c.SetDeadLetterPolicy("q", deadLetters("none", 1)), mns.ErrQueueNotExist)
	require.ErrorIs(t, c.SetDeadLetterPolicy("none", deadLetters("dead", 1)), mns.ErrQueueNotExist)
}

// A batch receive passes over what it buries.
func TestABatchReceiveBuriesSomeAndReturnsOthers(t *testing.T) {
	c, clock := setUp(t)
	c.queue(t, "dead")
	require.NoError(t, c.SetDeadLetterPolicy("q", deadLetters("dead", 1)))
	c.send(t, "q", "old", 0)
	c.giveUp(t, clock, 1)
	c.send(t, "q", "new", 0)
	got := c.take(t, "q", 16)
	require.Len(t, got, 1)
	require.Equal(t, "new", string(got[0].Body))
	require.Equal(t, "old", string(c.take(t, "dead", 1)[0].Body))
}

func TestCountsForgetWhatIsExpired(t *testing.T) {
	c, clock := setUp(t)
	for range 3 {
		c.send(t, "q", "old", 0)
		clock.Advance(time.Hour)
	}
	clock.Advance(345_600*time.Second - 2*time.Hour)
	counts := func() int { return c.do(t, call{method: "GET", target: "/queues/q"}).doc.ActiveMessages }
	require.Equal(t, 1, counts())
	clock.Advance(time.Hour)
	require.Zero(t, counts())
}

func TestSDKOpensTheService(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	opened, err := ali_mns.NewAccountManager(c.sdk()).OpenService()
	require.NoError(t, err)
	require.NotEmpty(t, opened.OrderId)
	require.Equal(t, "InvalidRequestURL", c.do(t, call{method: "POST", target: "/commonbuy/other"}).doc.Code)
}

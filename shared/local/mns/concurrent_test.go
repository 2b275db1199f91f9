package mns_test

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
)

func TestManySendersAndReceiversDeliverEachMessageOnce(t *testing.T) {
	const senders, each, receivers = 100, 5, 8
	_, st := openStore(t)
	c := newCloudOn(account.New(), st, mns.Options{})
	t.Cleanup(func() { c.server.Close(); require.NoError(t, st.Close()) })
	c.queue(t, "q")
	client := c.sdk()

	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	var mu sync.Mutex
	seen := map[string]int{}
	count := func(m mns.Message) {
		mu.Lock()
		defer mu.Unlock()
		seen[string(m.Body)]++
		if len(seen) == senders*each {
			cancel()
		}
	}
	errs := make(chan error, senders*each+receivers)
	var group sync.WaitGroup
	for i := range receivers {
		group.Go(func() {
			for ctx.Err() == nil {
				got, err := c.Receive(ctx, "q", 1+i, 30*time.Second)
				if err != nil && ctx.Err() == nil {
					errs <- err
					return
				}
				for _, m := range got {
					if err := c.Delete("q", m.ReceiptHandle); err != nil {
						errs <- err
					}
					count(m)
				}
			}
		})
	}
	for i := range senders {
		group.Go(func() {
			q := ali_mns.NewMNSQueue("q", client)
			for j := range each {
				body := fmt.Sprintf("%d-%d", i, j)
				if _, err := q.SendMessage(ali_mns.MessageSendRequest{MessageBody: body, Priority: 8}); err != nil {
					errs <- err
				}
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	require.Len(t, seen, senders*each)
	for body, times := range seen {
		require.Equal(t, 1, times, body)
	}
	require.Zero(t, c.entries())
}

func TestConsumersNeverShareAVisibleMessage(t *testing.T) {
	const messages, consumers = 200, 8
	c, clock := setUp(t)
	for i := range messages {
		c.send(t, "q", fmt.Sprint(i), 0)
	}
	for round := 1; round <= 3; round++ {
		var mu sync.Mutex
		seen := map[string]int{}
		var group sync.WaitGroup
		for i := range consumers {
			group.Go(func() {
				for {
					got, err := c.Receive(context.Background(), "q", 1+i%3, 0)
					if err != nil || len(got) == 0 {
						return
					}
					mu.Lock()
					for _, m := range got {
						seen[m.ID] += m.DequeueCount
					}
					mu.Unlock()
				}
			})
		}
		group.Wait()
		require.Len(t, seen, messages)
		for _, count := range seen {
			require.Equal(t, round, count, "once in each round")
		}
		clock.Advance(30 * time.Second)
	}
}

func TestEveryWaitingReceiverGetsItsMessage(t *testing.T) {
	const receivers = 20
	c, _ := setUp(t)
	var waiting []<-chan received
	for range receivers {
		waiting = append(waiting, c.poll(t, context.Background(), "q", time.Minute))
	}
	for i := range receivers {
		c.send(t, "q", fmt.Sprint(i), 0)
	}
	bodies := map[string]bool{}
	for _, done := range waiting {
		r := <-done
		require.NoError(t, r.err)
		require.Len(t, r.messages, 1)
		bodies[string(r.messages[0].Body)] = true
	}
	require.Len(t, bodies, receivers)
}

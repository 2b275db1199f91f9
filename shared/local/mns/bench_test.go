package mns_test

import (
	"context"
	"fmt"
	"sync"
	"sync/atomic"
	"testing"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/store"
)

// BenchmarkCycle sends, receives and deletes one message an iteration, through
// the SDK, on disk.
func BenchmarkCycle(b *testing.B) {
	for _, clients := range []int{1, 8, 64} {
		b.Run(fmt.Sprint("clients=", clients), func(b *testing.B) {
			_, st := openStore(b)
			c := newCloudOn(account.New(), st, mns.Options{})
			defer func() { c.server.Close(); st.Close() }()
			c.queue(b, "q")
			client := c.sdk()
			var left atomic.Int64
			left.Store(int64(b.N))
			b.ResetTimer()
			var group sync.WaitGroup
			for range clients {
				group.Go(func() {
					q := ali_mns.NewMNSQueue("q", client, 1<<30)
					for left.Add(-1) >= 0 {
						cycle(b, q)
					}
				})
			}
			group.Wait()
		})
	}
}

func cycle(b *testing.B, q ali_mns.AliMNSQueue) {
	if _, err := q.SendMessage(ali_mns.MessageSendRequest{MessageBody: "a body of a usual outcome", Priority: 8}); err != nil {
		b.Error(err)
	}
	got, err := receive(q)
	if err != nil {
		b.Error(err)
		return
	}
	if err := q.DeleteMessage(got.ReceiptHandle); err != nil {
		b.Error(err)
	}
}

// BenchmarkBacklog takes one message and gives it back, with others waiting in
// the queue, ready or hidden: the time must not depend on how many.
func BenchmarkBacklog(b *testing.B) {
	for _, waiting := range []int{100, 10_000, 100_000} {
		b.Run(fmt.Sprint("messages=", waiting), func(b *testing.B) {
			c := newCloud(b, account.SystemClock{}, mns.Options{})
			c.queue(b, "q")
			fill(b, c, waiting)
			b.ResetTimer()
			for range b.N {
				got, err := c.Receive(context.Background(), "q", 1, 0)
				require.NoError(b, err)
				_, err = c.ChangeVisibility("q", got[0].ReceiptHandle, 0)
				require.NoError(b, err)
			}
		})
	}
}

// fill leaves half of the messages ready and hides the other half.
func fill(b *testing.B, c *cloud, messages int) {
	const inOne = 1000
	for sent := 0; sent < messages; sent += inOne {
		require.NoError(b, c.store.Update(func(tx *store.Tx) error {
			for i := sent; i < min(messages, sent+inOne); i++ {
				if _, err := c.Send(tx, "q", []byte("body"), 0); err != nil {
					return err
				}
			}
			return nil
		}))
	}
	for hidden := 0; hidden < messages/2; {
		got, err := c.Receive(context.Background(), "q", min(inOne, messages/2-hidden), 0)
		require.NoError(b, err)
		hidden += len(got)
	}
}

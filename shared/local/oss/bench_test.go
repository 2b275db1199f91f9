package oss_test

import (
	"bytes"
	"fmt"
	"net/http"
	"path/filepath"
	"sync/atomic"
	"testing"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
)

// BenchmarkObjects puts and gets objects of 4 KB through the SDK over HTTP, on
// a durable store, by 1, 8 and 64 clients at once.
func BenchmarkObjects(b *testing.B) {
	body := bytes.Repeat([]byte("0123456789abcdef"), 256)
	for _, clients := range []int{1, 8, 64} {
		st, err := store.Open(filepath.Join(b.TempDir(), "state.db"))
		require.NoError(b, err)
		c := startOn(b, st, oss.Options{})
		client := c.newClient(func(cfg *sdk.Config) {
			cfg.WithHttpClient(&http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}})
		})
		b.Run(fmt.Sprintf("put/clients=%d", clients), func(b *testing.B) {
			share(b, clients, func(i int64) error {
				_, err := client.PutObject(b.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(fmt.Sprint(i % 1000)),
					Body: bytes.NewReader(body)})
				return err
			})
		})
		c.put(b, "k", string(body))
		b.Run(fmt.Sprintf("get/clients=%d", clients), func(b *testing.B) {
			share(b, clients, func(int64) error {
				result, err := client.GetObject(b.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
				if err == nil {
					_, err = bytes.NewBuffer(nil).ReadFrom(result.Body)
					result.Body.Close()
				}
				return err
			})
		})
		require.NoError(b, st.Close())
	}
}

// share runs b.N calls of do on that many goroutines.
func share(b *testing.B, clients int, do func(i int64) error) {
	b.ReportAllocs()
	var next atomic.Int64
	done := make(chan error, clients)
	for range clients {
		go func() {
			for i := next.Add(1); i <= int64(b.N); i = next.Add(1) {
				if err := do(i); err != nil {
					done <- err
					return
				}
			}
			done <- nil
		}()
	}
	for range clients {
		require.NoError(b, <-done)
	}
}

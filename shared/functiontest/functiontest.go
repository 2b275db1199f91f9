// Package functiontest is what the tests of the functions have in common:
// invocations as the runtime makes them, and events of queue triggers.
package functiontest

import (
	"context"
	"encoding/json"
	"testing"

	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
	"github.com/stretchr/testify/require"
)

// Canary is in everything that must never be logged or published.
const Canary = "CANARY7f3a"

// Invocation returns the context of an invocation of the function called name.
func Invocation(ctx context.Context, name string) context.Context {
	return fccontext.NewContext(ctx, &fccontext.FcContext{
		RequestID: "1-invocation", Region: "cn-hangzhou", AccountId: "1234567890123456", Function: fccontext.Function{Name: name},
		Credentials: fccontext.Credentials{AccessKeyId: Canary + "id", AccessKeySecret: Canary + "secret", SecurityToken: Canary + "token"},
	})
}

// Element is one message of a queue, as the event stream delivers it.
func Element(id, queue, body string) map[string]any {
	return map[string]any{
		"id": "e-" + id, "source": "mns", "specversion": "1.0", "type": "mns:Queue:SendMessage", "time": "2026-05-04T08:20:05.017Z",
		"subject": "acs:mns:cn-hangzhou:1234567890123456:queues/" + queue,
		"data":    map[string]any{"requestId": "r", "messageId": id, "messageBody": body},
	}
}

// Batch is the event that holds the elements.
func Batch(t testing.TB, elements ...map[string]any) []byte {
	t.Helper()
	payload, err := json.Marshal(elements)
	require.NoError(t, err)
	return payload
}

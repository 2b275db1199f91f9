// Package functiontest is what the tests of the functions have in common:
// invocations as the runtime makes them, and events of queue triggers.
package functiontest

import (
	"context"
	"encoding/json"
	"sync"
	"testing"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
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

// Pipeline is the one that Builds knows.
var Pipeline = imagebuild.Pipeline{
	Resource:      imagebuild.Resource{Kind: "pipeline", ID: "ip-1", Name: "web", CreationTime: "2026-05-04T08:15:30Z"},
	BaseImageType: "IMAGE", BaseImage: "m-bp1234567890", BuildContent: "FROM IMAGE:m-bp1234567890\nRUN true\n",
}

// Builds is the service as far as builds go, and a queue: what is started runs
// for ever. It is safe for concurrent use.
type Builds struct {
	StartErr, SendErr error

	mu      sync.Mutex
	Started []imagebuild.StartRequest
	Sent    []Sent
}

// Sent is a message that was sent to the queue.
type Sent struct {
	Body  []byte
	Delay time.Duration
}

// Start implements imagebuild.Executions.
func (b *Builds) Start(_ context.Context, r imagebuild.StartRequest) (string, error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.StartErr != nil {
		return "", b.StartErr
	}
	b.Started = append(b.Started, r)
	return "exec-" + r.ClientToken[:min(len(r.ClientToken), 16)], nil
}

// Executions implements imagebuild.Executions.
func (b *Builds) Executions(context.Context, imagebuild.ExecutionQuery) ([]imagebuild.Execution, error) {
	return nil, nil
}

// Pipelines implements imagebuild.Executions: there is one, of whatever ID is
// asked for.
func (b *Builds) Pipelines(_ context.Context, _ imagebuild.Query, ids ...string) ([]imagebuild.Pipeline, error) {
	p := Pipeline
	if len(ids) > 0 {
		p.ID = ids[0]
	}
	return []imagebuild.Pipeline{p}, nil
}

// Newest implements imagebuild.Images.
func (b *Builds) Newest(context.Context, string, string) (string, error) { return "", nil }

// Images implements imagebuild.Images.
func (b *Builds) Images(context.Context, imagebuild.ImageQuery) ([]imagebuild.Image, error) {
	return nil, nil
}

// Send implements imagebuild.Queue.
func (b *Builds) Send(_ context.Context, body []byte, delay time.Duration) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.SendErr == nil {
		b.Sent = append(b.Sent, Sent{body, delay})
	}
	return b.SendErr
}

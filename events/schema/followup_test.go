package schema_test

import (
	"context"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/events"
	"imagedrop/shared/imagebuild"
)

const followUpSchema = "follow-up.schema.json"

// builds are the executions of a service that never end, and the queues of the
// functions.
type builds struct {
	services
	pipelines []imagebuild.Pipeline
	sent      [][]byte
}

func (b *builds) Start(context.Context, imagebuild.StartRequest) (string, error) {
	return "exec-bp10000000000000001", nil
}

func (b *builds) Executions(_ context.Context, q imagebuild.ExecutionQuery) (found []imagebuild.Execution, err error) {
	for _, id := range q.IDs {
		found = append(found, imagebuild.Execution{ID: id, Status: "BUILDING"})
	}
	return found, nil
}

func (b *builds) Pipelines(context.Context, imagebuild.Query, ...string) ([]imagebuild.Pipeline, error) {
	return b.pipelines, nil
}

func (b *builds) Newest(context.Context, string, string) (string, error) { return "m-1", nil }

func (b *builds) Images(context.Context, imagebuild.ImageQuery) ([]imagebuild.Image, error) {
	return nil, nil
}

func (b *builds) Send(_ context.Context, body []byte, _ time.Duration) error {
	b.sent = append(b.sent, body)
	return nil
}

func invocationOf(function string) imagebuild.Invocation {
	return imagebuild.Invocation{Function: function, Region: "cn-hangzhou", AccountID: "1234567890123456"}
}

// look gives a message to watch, as its function does: what it sends on, and
// whether it took the message for a follow-up.
func look(t *testing.T, body []byte) (sent [][]byte, accepted bool) {
	t.Helper()
	b := &builds{}
	w := imagebuild.Watcher{Publisher: imagebuild.Publisher{Outbox: b}, Executions: b, Images: b, Watch: b}
	results := w.Run(t.Context(), invocationOf("watch"), []imagebuild.Delivery{{Trigger: imagebuild.TriggerQueue, SourceID: "M-1", Body: body}})
	require.NoError(t, results[0].Err)
	return b.sent, len(b.sent) > 0
}

// fresh makes the example one of a build that has just begun.
func fresh(changes map[string]any) map[string]any {
	now := time.Now().UTC().Truncate(time.Second)
	all := map[string]any{"started": now.Format(time.RFC3339), "expires": now.Add(time.Hour).Format(time.RFC3339)}
	for name, value := range changes {
		all[name] = value
	}
	return all
}

func TestFollowUpsAreValid(t *testing.T) {
	requireMembers(t, readSchema(t, followUpSchema), reflect.TypeFor[imagebuild.FollowUp]())
	sent, _ := look(t, example(t, followUpSchema, fresh(nil)))
	require.Len(t, sent, 1)
	require.NoError(t, valid(t, compiled(t, followUpSchema, true), sent[0]), "%s", sent[0])
	again, accepted := look(t, sent[0])
	require.True(t, accepted)
	require.NoError(t, valid(t, compiled(t, followUpSchema, true), again[0]), "%s", again[0])
}

// The schema and the function refuse the same.
func TestFollowUpSchemaIsWhatWatchReads(t *testing.T) {
	schema := compiled(t, followUpSchema, false)
	tests := map[string]struct {
		changes map[string]any
		ok      bool
	}{
		"as it is":            {nil, true},
		"a member more":       {map[string]any{"later": 1}, true},
		"no name":             {map[string]any{"pipelineName": nil}, true},
		"another type":        {map[string]any{"type": "imagedrop.follow-up.v2"}, false},
		"no type":             {map[string]any{"type": nil}, false},
		"no job":              {map[string]any{"job": nil}, false},
		"a job without ID":    {map[string]any{"job": map[string]any{"trigger": "oss"}}, false},
		"a job of nothing":    {map[string]any{"job": map[string]any{"id": "J"}}, false},
		"a blank in the ID":   {map[string]any{"job": map[string]any{"id": "J 1", "trigger": "oss"}}, false},
		"no token":            {map[string]any{"clientToken": nil}, false},
		"a token of 65":       {map[string]any{"clientToken": strings.Repeat("t", 65)}, false},
		"no region":           {map[string]any{"regionId": ""}, false},
		"an odd region":       {map[string]any{"regionId": "cn/hangzhou"}, false},
		"no account":          {map[string]any{"accountId": nil}, false},
		"no pipeline":         {map[string]any{"imagePipelineId": nil}, false},
		"no execution":        {map[string]any{"executionId": nil}, false},
		"a long execution ID": {map[string]any{"executionId": strings.Repeat("e", 64)}, true},
		"a longer one":        {map[string]any{"executionId": strings.Repeat("e", 65)}, false},
		"a local time":        {map[string]any{"started": "May 4, 2026 12:31:54 AM"}, false},
		"no check":            {map[string]any{"check": nil}, false},
		"check 0":             {map[string]any{"check": 0}, false},
		"a check of text":     {map[string]any{"check": "1"}, false},
		"no expiry":           {map[string]any{"expires": nil}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body := example(t, followUpSchema, fresh(test.changes))
			_, accepted := look(t, body)
			require.Equal(t, []bool{test.ok, test.ok}, []bool{valid(t, schema, body) == nil, accepted})
		})
	}
}

// The events of the documents hold what the schemas say.
func TestEventsOfTheQueues(t *testing.T) {
	for file, schema := range map[string]string{"queue-follow-up.json": followUpSchema, "queue-continuation.json": continuationSchema} {
		payload, err := os.ReadFile(filepath.Join("..", "testdata", file))
		require.NoError(t, err)
		messages, ignored, err := events.DecodeMessages(payload)
		require.NoError(t, err)
		require.Empty(t, ignored)
		require.NoError(t, valid(t, compiled(t, schema, true), messages[0].Body), file)
	}
}

package schema_test

import (
	"crypto/rand"
	"encoding/base64"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
)

const parkedSchema = "parked.schema.json"

// park gives an event to deadletter, as its function does: what it parks.
func park(t *testing.T, g imagebuild.GivenUp) []byte {
	t.Helper()
	b := &builds{}
	letters := imagebuild.DeadLetters{Publisher: imagebuild.Publisher{Outbox: b}, Resources: b, Executions: b, Parked: b}
	for _, r := range letters.Run(t.Context(), invocationOf("deadletter"), []imagebuild.GivenUp{g}) {
		require.NoError(t, r.Err)
	}
	require.Len(t, b.sent, 1)
	return b.sent[0]
}

func TestParkedEventsAreValid(t *testing.T) {
	requireMembers(t, readSchema(t, parkedSchema), reflect.TypeFor[imagebuild.Parked]())
	schema := compiled(t, parkedSchema, true)
	noise := make([]byte, 200_000)
	_, _ = rand.Read(noise)
	for name, g := range map[string]imagebuild.GivenUp{
		"all that can be known": {MessageID: "D-1", Function: "message", Trigger: imagebuild.TriggerQueue, Event: []byte(`[{"messageId":"M-1"}]`),
			Reason:     imagebuild.Reason{Kind: "unknown", Code: "UnhandledInvocationError", Message: "no", RequestID: "R-1"},
			Deliveries: []imagebuild.Delivery{{Trigger: imagebuild.TriggerQueue, SourceID: "M-1", Queue: "q", Body: []byte("RUN true")}}},
		"nothing that can be known": {},
		"a timer": {MessageID: "D-1", Function: "rebuild", Trigger: imagebuild.TriggerTimer, Event: []byte(`{}`),
			Deliveries: []imagebuild.Delivery{{Trigger: imagebuild.TriggerTimer, TriggerName: "nightly", TriggerTime: "2026-05-04T18:00:00Z"}}},
		"large":          {MessageID: "D-1", Event: []byte(strings.Repeat("RUN true\n", 20_000))},
		"no text":        {MessageID: "D-1", Event: []byte{0xff, 0xfe}},
		"far too large":  {MessageID: "D-1", Event: []byte(base64.StdEncoding.EncodeToString(noise))},
		"an odd trigger": {MessageID: "D-1", Function: strings.Repeat("f", 1000), Trigger: "cdn"},
	} {
		t.Run(name, func(t *testing.T) {
			body := park(t, g)
			require.NoError(t, valid(t, schema, body), "%.500s", body)
			parked, err := imagebuild.DecodeParked(body)
			require.NoError(t, err)
			if parked.EventBytes == 0 {
				require.Equal(t, string(g.Event), parked.Event)
			}
		})
	}
}

// What the schema refuses, redrive does not take for a parked event, or would
// not know what to send.
func TestParkedSchemaRefuses(t *testing.T) {
	schema := compiled(t, parkedSchema, false)
	tests := map[string]struct {
		changes     map[string]any
		ok, decoded bool
	}{
		"as it is":              {nil, true, true},
		"a member more":         {map[string]any{"later": 1}, true, true},
		"another type":          {map[string]any{"type": "imagedrop.parked.v2"}, false, false},
		"no type":               {map[string]any{"type": nil}, false, false},
		"an unknown encoding":   {map[string]any{"eventEncoding": "zstd"}, false, false},
		"an event of numbers":   {map[string]any{"event": 7}, false, false},
		"no reason":             {map[string]any{"reason": nil}, false, true},
		"a local time":          {map[string]any{"parkedAt": "today"}, false, true},
		"too large, and there":  {map[string]any{"eventBytes": 100_000}, false, true},
		"too large, and absent": {map[string]any{"eventBytes": 100_000, "event": ""}, true, true},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			body := example(t, parkedSchema, test.changes)
			_, err := imagebuild.DecodeParked(body)
			require.Equal(t, []bool{test.ok, test.decoded}, []bool{valid(t, schema, body) == nil, err == nil}, "%s", body)
		})
	}
}

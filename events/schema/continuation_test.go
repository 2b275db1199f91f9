package schema_test

import (
	"encoding/json"
	"fmt"
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

const continuationSchema = "continuation.schema.json"

// component is a reference with a wildcard.
const component = "COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/node-exporter/1.*.*\n"

// step gives an event to rebuild, as its function does, of two pipelines that
// were never built: what it sends on, and whether it took the event for a step.
func step(t *testing.T, d imagebuild.Delivery) (sent [][]byte, accepted bool) {
	t.Helper()
	b := &builds{services: services{found: []imagebuild.Resource{{Kind: template.Component, ID: "ic-1", Name: "node-exporter", Version: "1.0.2"}}}}
	for _, name := range []string{"base", "web"} {
		b.pipelines = append(b.pipelines, imagebuild.Pipeline{
			Resource:      imagebuild.Resource{Kind: template.Pipeline, ID: "ip-" + name, Name: name, CreationTime: "2026-05-04T08:15:30Z"},
			BaseImageType: "IMAGE_FAMILY", BaseImage: "acs:alibaba_cloud_linux_3_2104_lts_x64", BuildContent: component,
		})
	}
	next := &builds{}
	rebuilder := imagebuild.Rebuilder{
		Publisher: imagebuild.Publisher{Outbox: b}, Builds: imagebuild.Builds{Executions: b, Images: b, Watch: b},
		Resources: b, Continuations: next, Policy: imagebuild.Policy{Build: true},
	}
	accepted = true
	for _, r := range rebuilder.Run(t.Context(), invocationOf("rebuild"), []imagebuild.Delivery{d}) {
		refused := r.Reason != nil && strings.HasPrefix(r.Reason.Message, "the payload of the timer")
		accepted = accepted && r.Err == nil && !refused
	}
	return next.sent, accepted
}

// firing is the event of a timer that fires now.
func firing(payload string) imagebuild.Delivery {
	return imagebuild.Delivery{Trigger: imagebuild.TriggerTimer, TriggerName: "nightly",
		TriggerTime: time.Now().UTC().Format(time.RFC3339), Body: []byte(payload)}
}

func continuing(body []byte) imagebuild.Delivery {
	return imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, SourceID: "C-1", Body: body}
}

func TestContinuationsAreValid(t *testing.T) {
	schema := compiled(t, continuationSchema, true)
	sent, accepted := step(t, firing(`{"namePattern":"*","maxRunning":1}`))
	require.True(t, accepted)
	require.Len(t, sent, 1)
	require.NoError(t, valid(t, schema, sent[0]), "%s", sent[0])
	var c imagebuild.Continuation
	require.NoError(t, json.Unmarshal(sent[0], &c))
	require.NotEmpty(t, c.Running)
	require.Equal(t, []imagebuild.ComponentVersion{{Name: "node-exporter", Version: "1.0.2"}}, c.Due[0].Inputs.Components)

	again, accepted := step(t, continuing(sent[0]))
	require.True(t, accepted)
	for _, body := range again {
		require.NoError(t, valid(t, schema, body), "%s", body)
	}
}

func TestContinuationSchemaAndTypesHaveTheSameMembers(t *testing.T) {
	document := readSchema(t, continuationSchema)
	requireMembers(t, document, reflect.TypeFor[imagebuild.Continuation]())
	defs := document["$defs"].(map[string]any)
	for name, typ := range map[string]reflect.Type{
		"due": reflect.TypeFor[imagebuild.Due](), "inputs": reflect.TypeFor[imagebuild.Inputs](), "cursor": reflect.TypeFor[imagebuild.Cursor](),
	} {
		requireMembers(t, defs[name].(map[string]any), typ)
	}
	versions := defs["inputs"].(map[string]any)["properties"].(map[string]any)["components"].(map[string]any)["items"].(map[string]any)
	requireMembers(t, versions, reflect.TypeFor[imagebuild.ComponentVersion]())
}

// The schema and the function refuse the same.
func TestContinuationSchemaIsWhatRebuildReads(t *testing.T) {
	schema := compiled(t, continuationSchema, false)
	now := time.Now().UTC().Format(time.RFC3339)
	due := func(changes string) json.RawMessage {
		return json.RawMessage(fmt.Sprintf(`[{"imagePipelineId":"ip-web","name":"web"%s}]`, changes))
	}
	tests := map[string]struct {
		changes map[string]any
		ok      bool
	}{
		"as it is":             {nil, true},
		"a member more":        {map[string]any{"later": 1}, true},
		"all are decided":      {map[string]any{"after": nil}, true},
		"none runs":            {map[string]any{"running": []string{}}, true},
		"none is due":          {map[string]any{"due": []string{}}, true},
		"inputs not known":     {map[string]any{"due": due("")}, true},
		"tried before":         {map[string]any{"due": due(`,"tries":2`)}, true},
		"tried less than once": {map[string]any{"due": due(`,"tries":-1`)}, false},
		"due without an ID":    {map[string]any{"due": json.RawMessage(`[{"name":"web"}]`)}, false},
		"another type":         {map[string]any{"type": "imagedrop.continuation.v2"}, false},
		"no type":              {map[string]any{"type": nil}, false},
		"no trigger":           {map[string]any{"triggerName": nil}, false},
		"an empty trigger":     {map[string]any{"triggerName": ""}, false},
		"no time":              {map[string]any{"triggerTime": nil}, false},
		"no payload":           {map[string]any{"payload": nil}, false},
		"a payload as text":    {map[string]any{"payload": `{"namePattern":"*"}`}, false},
		"a payload of nothing": {map[string]any{"payload": map[string]any{}}, false},
		"no step":              {map[string]any{"step": nil}, false},
		"the timer's own step": {map[string]any{"step": 0}, false},
		"a step of text":       {map[string]any{"step": "1"}, false},
		"an odd execution":     {map[string]any{"running": []string{"exec 1"}}, false},
		"an execution of none": {map[string]any{"running": []string{""}}, false},
		"executions as text":   {map[string]any{"running": "exec-1"}, false},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			changes := map[string]any{"triggerTime": now}
			for member, value := range test.changes {
				changes[member] = value
			}
			body := example(t, continuationSchema, changes)
			_, accepted := step(t, continuing(body))
			require.Equal(t, []bool{test.ok, test.ok}, []bool{valid(t, schema, body) == nil, accepted}, "%s", body)
		})
	}
}

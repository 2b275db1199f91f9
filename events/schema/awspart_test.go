package schema_test

import (
	"context"
	"reflect"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

const awsPartSchema = "aws-part.schema.json"

// awsService takes every component.
type awsService struct{}

func (awsService) Create(context.Context, imagebuild.AWSRequest) (string, error) {
	return "arn:aws:imagebuilder:us-east-1:123456789012:component/web/1.0.0/1", nil
}

func (awsService) Builds(context.Context, string, string, string) ([]imagebuild.AWSComponent, error) {
	return nil, nil
}
func (awsService) Namesakes(context.Context, string, string, string) ([]imagebuild.AWSComponent, error) {
	return nil, nil
}

// makeAWS gives a message to awscomponent, as its function does: what it
// publishes, and whether it took the message for an AWS part.
func makeAWS(t *testing.T, body []byte) (published []byte, accepted bool) {
	t.Helper()
	box := &outbox{}
	b := imagebuild.AWSBuilder{Publisher: imagebuild.Publisher{Outbox: box}, Components: awsService{},
		Translate: func(*template.Template) imagebuild.Translation { return imagebuild.Translation{Document: "phases: []"} }}
	results := b.Run(t.Context(), invocationOf("awscomponent"), []imagebuild.Delivery{{Trigger: imagebuild.TriggerQueue, SourceID: "M-1", Body: body}})
	require.NoError(t, results[0].Err)
	if len(box.bodies) == 0 {
		return nil, false
	}
	return box.bodies[0], true
}

type outbox struct{ bodies [][]byte }

func (o *outbox) Publish(_ context.Context, body []byte) error {
	o.bodies = append(o.bodies, body)
	return nil
}

// sendPart is what a template becomes on its way.
func sendPart(t *testing.T, d imagebuild.Delivery) []byte {
	t.Helper()
	b := &builds{}
	builder := imagebuild.Builder{Publisher: imagebuild.Publisher{Outbox: b}, AWS: b, Policy: imagebuild.Policy{Targets: []string{"aws"}}}
	require.NoError(t, builder.Run(t.Context(), invocationOf("message"), []imagebuild.Delivery{d})[0].Err)
	require.Len(t, b.sent, 1)
	return b.sent[0]
}

func TestAWSPartsAreValid(t *testing.T) {
	requireMembers(t, readSchema(t, awsPartSchema), reflect.TypeFor[imagebuild.AWSPart]())
	schema := compiled(t, awsPartSchema, true)
	long := make([]byte, 100_000)
	for i := range long {
		long[i] = 'x'
	}
	for name, body := range map[string]string{
		"message": `{"name": "web", "targets": ["aws"], "content": "RUN true"}`,
		"large":   "# ---\n# name: web\n# targets: [aws]\n# ---\n# " + string(long) + "\nRUN true\n",
	} {
		t.Run(name, func(t *testing.T) {
			sent := sendPart(t, imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, SourceID: "M-1", Queue: "q", Time: time.Now(), Body: []byte(body)})
			require.NoError(t, valid(t, schema, sent), "%.500s", sent)
			published, accepted := makeAWS(t, sent)
			require.True(t, accepted)
			require.NoError(t, valid(t, compiled(t, "outcome.schema.json", true), published), "%s", published)
		})
	}
}

// The schema and the function refuse the same.
func TestAWSPartSchemaIsWhatAWSComponentReads(t *testing.T) {
	schema := compiled(t, awsPartSchema, false)
	for name, test := range map[string]struct {
		changes map[string]any
		ok      bool
	}{
		"as it is":          {nil, true},
		"a member more":     {map[string]any{"later": 1}, true},
		"no time":           {map[string]any{"time": nil}, true},
		"a message":         {map[string]any{"path": nil, "text": nil, "body": "RUN true"}, true},
		"a message by URI":  {map[string]any{"body": `{"templateUri": "oss://bucket/key", "targets": ["aws"]}`}, true},
		"an empty object":   {map[string]any{"text": nil}, true},
		"another type":      {map[string]any{"type": "imagedrop.aws-part.v2"}, false},
		"no type":           {map[string]any{"type": nil}, false},
		"no job":            {map[string]any{"job": nil}, false},
		"a job without ID":  {map[string]any{"job": map[string]any{"trigger": "oss"}}, false},
		"a job of nothing":  {map[string]any{"job": map[string]any{"id": "J"}}, false},
		"a blank in the ID": {map[string]any{"job": map[string]any{"id": "J 1", "trigger": "oss"}}, false},
		"nothing to read":   {map[string]any{"path": nil, "text": nil}, false},
		"text of nothing":   {map[string]any{"path": nil}, false},
		"a text of numbers": {map[string]any{"text": 7}, false},
		"another encoding":  {map[string]any{"encoding": "zstd"}, false},
	} {
		t.Run(name, func(t *testing.T) {
			body := example(t, awsPartSchema, test.changes)
			_, accepted := makeAWS(t, body)
			require.Equal(t, []bool{test.ok, test.ok}, []bool{valid(t, schema, body) == nil, accepted})
		})
	}
}

package schema_test

import (
	"bytes"
	"context"
	"encoding/json"
	"maps"
	"os"
	"reflect"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

const outcomeSchema = "outcome.schema.json"

func readSchema(t testing.TB, file string) map[string]any {
	t.Helper()
	text, err := os.ReadFile(file)
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(text))
	require.NoError(t, err)
	return document.(map[string]any)
}

// strict refuses members that the schema does not name. Consumers must ignore
// them, so the published schema does not; our own types must not drift.
func strict(node any) {
	switch n := node.(type) {
	case map[string]any:
		if _, ok := n["properties"]; ok && n["type"] == "object" {
			n["additionalProperties"] = false
		}
		for _, child := range n {
			strict(child)
		}
	case []any:
		for _, child := range n {
			strict(child)
		}
	}
}

func compileStrict(t *testing.T, file string) *jsonschema.Schema {
	t.Helper()
	document := readSchema(t, file)
	strict(document)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	require.NoError(t, compiler.AddResource(file, document))
	schema, err := compiler.Compile(file)
	require.NoError(t, err)
	return schema
}

// The fakes of one job.
type services struct {
	text      string
	readErr   error
	found     []imagebuild.Resource
	err       error
	startErr  error
	pipelines []imagebuild.Pipeline
	bodies    [][]byte
}

func (s *services) Read(context.Context, imagebuild.ObjectRef, int64) ([]byte, error) {
	return []byte(s.text), s.readErr
}
func (s *services) Find(context.Context, imagebuild.Query) ([]imagebuild.Resource, error) {
	return s.found, nil
}

func (*services) First(context.Context, imagebuild.Query) (imagebuild.Resource, int, error) {
	return imagebuild.Resource{}, 0, nil
}
func (s *services) Create(context.Context, imagebuild.Request) (string, error) {
	return "ic-bp67acfmxazb4p", s.err
}
func (s *services) Publish(_ context.Context, body []byte) error {
	s.bodies = append(s.bodies, body)
	return nil
}
func (s *services) Start(context.Context, imagebuild.StartRequest) (string, error) {
	return "exec-bp67acfmxazb4p", s.startErr
}
func (*services) Executions(context.Context, imagebuild.ExecutionQuery) ([]imagebuild.Execution, error) {
	return nil, nil
}
func (s *services) Pipelines(context.Context, imagebuild.Query, ...string) ([]imagebuild.Pipeline, error) {
	return s.pipelines, nil
}
func (*services) Newest(context.Context, string, string) (string, error) { return "", nil }
func (*services) Images(context.Context, imagebuild.ImageQuery) ([]imagebuild.Image, error) {
	return nil, nil
}
func (*services) Send(context.Context, []byte, time.Duration) error { return nil }

func publish(t *testing.T, s *services, d imagebuild.Delivery) [][]byte {
	t.Helper()
	builder := &imagebuild.Builder{Objects: s, Resources: s, Publisher: imagebuild.Publisher{Outbox: s}, Policy: imagebuild.Policy{Build: true},
		Builds: imagebuild.Builds{Executions: s, Images: s, Watch: s}}
	invocation := imagebuild.Invocation{Function: "upload", Region: "cn-hangzhou", AccountID: "1234567890123456"}
	for _, r := range builder.Run(t.Context(), invocation, []imagebuild.Delivery{d}) {
		require.NoError(t, r.Err)
	}
	return s.bodies
}

func object() imagebuild.Delivery {
	return imagebuild.Delivery{Trigger: imagebuild.TriggerOSS, SourceID: "65A1B2C3D4E5F60718293A4B", Time: time.Now(),
		Object: imagebuild.ObjectRef{Bucket: "imagedrop-templates", Key: "templates/web.Dockerfile", ETag: "E1"}}
}

func message(id, body string) imagebuild.Delivery {
	return imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, Queue: "imagedrop-requests", SourceID: id, Body: []byte(body)}
}

// unchanged is a service that has the very resource, of another job.
func unchanged(t *testing.T) *services {
	t.Helper()
	var sent imagebuild.Request
	probe := &recorder{services: &services{text: "RUN true\n"}, sent: &sent}
	builder := &imagebuild.Builder{Objects: probe, Resources: probe, Publisher: imagebuild.Publisher{Outbox: probe}}
	builder.Run(t.Context(), imagebuild.Invocation{Region: "cn-hangzhou"}, []imagebuild.Delivery{object()})
	digest := sent.Parameters[len(sent.Parameters)-1].Value
	return &services{text: "RUN true\n", found: []imagebuild.Resource{{Kind: template.Component, ID: "ic-1", Name: "web", Version: "1.0.0",
		Tags: []imagebuild.Tag{{Key: "imagedrop:job", Value: "another"}, {Key: "imagedrop:digest", Value: digest}}}}}
}

type recorder struct {
	*services
	sent *imagebuild.Request
}

func (r *recorder) Create(_ context.Context, request imagebuild.Request) (string, error) {
	*r.sent = request
	return "ic-1", nil
}

func TestPublishedOutcomesAreValid(t *testing.T) {
	schema := compileStrict(t, outcomeSchema)
	refused := &fault.Error{Kind: fault.Permanent, Op: "ecsimage.Create", Code: "QuotaExceed.ImageComponent", Message: "quota", RequestID: "R-1", HTTPStatus: 400}
	bare := fault.New(fault.Invalid, "ecsimage.Create", "refused")
	many := strings.Repeat("BOGUS x\n", 4000)
	stream := imagebuild.Delivery{Trigger: imagebuild.TriggerTopic, Body: []byte("RUN true\n")}
	start := message("1122-AABB", `{"kind":"execution","pipelineName":"web"}`)
	pipelines := []imagebuild.Pipeline{{Resource: imagebuild.Resource{ID: "ic-bp67acfmxazb4p", Name: "web"}}}
	running := &fault.Error{Kind: fault.Invalid, Op: "ecsimage.Start", Code: "InvalidImagePipeline.HasRunningExecution", Message: "running"}
	const built = "# ---\n# build: true\n# ---\nFROM IMAGE:m-bp1234567890\nRUN true\n"
	odd := object()
	odd.Object.Key = "templates/\x01\ufffe\xff.Dockerfile"
	tests := []struct {
		name     string
		services *services
		delivery imagebuild.Delivery
		want     imagebuild.Status
	}{
		{"created", &services{text: "RUN true\n"}, object(), imagebuild.Created},
		{"pipeline created", &services{text: "FROM IMAGE:m-bp1234567890\nRUN true\n"}, object(), imagebuild.Created},
		{"unchanged", unchanged(t), object(), imagebuild.Unchanged},
		{"rejected by findings", &services{text: "BOGUS\n"}, object(), imagebuild.Rejected},
		{"rejected, findings cut", &services{text: many}, object(), imagebuild.Rejected},
		{"rejected by the service", &services{text: "RUN true\n", err: bare}, object(), imagebuild.Rejected},
		{"failed", &services{text: "RUN true\n", err: refused}, object(), imagebuild.Failed},
		{"superseded", &services{readErr: imagebuild.ErrSuperseded}, object(), imagebuild.Skipped},
		{"gone", &services{readErr: imagebuild.ErrGone}, object(), imagebuild.Skipped},
		{"message", &services{}, message("1122-AABB", `{"content":"RUN true","name":"web"}`), imagebuild.Created},
		{"message that is an array", &services{}, message("1122-AABB", `[]`), imagebuild.Rejected},
		{"execution of no pipeline", &services{}, start, imagebuild.Rejected},
		{"execution", &services{pipelines: pipelines}, start, imagebuild.Started},
		{"execution, another runs", &services{pipelines: pipelines, startErr: running}, start, imagebuild.Skipped},
		{"execution refused", &services{pipelines: pipelines, startErr: refused}, start, imagebuild.Failed},
		{"pipeline created and started", &services{text: built, pipelines: pipelines}, object(), imagebuild.Started},
		{"stream of an unnamed topic", &services{}, stream, imagebuild.Created},
		{"odd key", &services{text: "RUN true\n"}, odd, ""},
	}
	seen := map[imagebuild.Status]bool{}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var outcome imagebuild.Outcome
			for _, body := range publish(t, test.services, test.delivery) {
				document, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
				require.NoError(t, err)
				require.NoError(t, schema.Validate(document), "%s", body)
				outcome = imagebuild.Outcome{}
				require.NoError(t, json.Unmarshal(body, &outcome))
				seen[outcome.Data.Status] = true
			}
			if test.want != "" {
				require.Equal(t, test.want, outcome.Data.Status)
			}
		})
	}
	for _, status := range []imagebuild.Status{imagebuild.Created, imagebuild.Unchanged, imagebuild.Rejected, imagebuild.Failed, imagebuild.Skipped, imagebuild.Started} {
		require.True(t, seen[status], status)
	}
}

func TestEveryFieldIsValid(t *testing.T) {
	outcome := imagebuild.Outcome{}
	fill(reflect.ValueOf(&outcome).Elem())
	outcome.SpecVersion, outcome.DataContentType, outcome.Time = "1.0", "application/json", "2026-05-04T08:15:30.000Z"
	outcome.ID, outcome.Source, outcome.Type = strings.Repeat("0a", 32), "/imagedrop/cn-hangzhou/watch", "imagedrop.execution.succeeded.v1"
	outcome.Data.Status, outcome.Data.Content.SHA256 = "succeeded", strings.Repeat("0a", 32)
	outcome.Data.Resource.Kind = template.Execution
	outcome.Data.Findings[0].Rule, outcome.Data.Reason.HTTPStatus = "IB0001", 400
	body, err := json.Marshal(outcome)
	require.NoError(t, err)
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	require.NoError(t, err)
	require.NoError(t, compileStrict(t, outcomeSchema).Validate(document))
}

// fill gives every field a value.
func fill(v reflect.Value) {
	switch v.Kind() {
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).IsExported() {
				fill(v.Field(i))
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		fill(v.Elem())
	case reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 1, 1))
		fill(v.Index(0))
	case reflect.String:
		v.SetString("text")
	case reflect.Int:
		v.SetInt(1)
	case reflect.Float64:
		v.SetFloat(1.5)
	}
}

// The other way: the schema names nothing that the Go types do not have, and
// requires what they always write.
func TestSchemaAndTypesHaveTheSameMembers(t *testing.T) {
	document := readSchema(t, outcomeSchema)
	defs := document["$defs"].(map[string]any)
	reached := map[string]bool{}
	compare(t, defs, "", document, reflect.TypeFor[imagebuild.Outcome](), reached)
	require.ElementsMatch(t, slices.Collect(maps.Keys(defs)), slices.Collect(maps.Keys(reached)), "definitions without a type")
}

func compare(t *testing.T, defs map[string]any, name string, node map[string]any, typ reflect.Type, reached map[string]bool) {
	t.Helper()
	if ref, ok := node["$ref"].(string); ok {
		name = strings.TrimPrefix(ref, "#/$defs/")
		reached[name] = true
		node = defs[name].(map[string]any)
	}
	switch typ.Kind() {
	case reflect.Pointer:
		compare(t, defs, name, node, typ.Elem(), reached)
		return
	case reflect.Slice:
		require.Equal(t, "array", node["type"], name)
		compare(t, defs, name, node["items"].(map[string]any), typ.Elem(), reached)
		return
	case reflect.Struct:
	default:
		return
	}
	properties := node["properties"].(map[string]any)
	var members, always []string
	for i := range typ.NumField() {
		if !typ.Field(i).IsExported() || typ.Field(i).Tag.Get("json") == "-" {
			continue // is not written
		}
		member, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		members = append(members, member)
		if !strings.Contains(options, "omitempty") {
			always = append(always, member)
		}
		if property, ok := properties[member].(map[string]any); ok {
			compare(t, defs, member, property, typ.Field(i).Type, reached)
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(properties)), members, name)
	require.ElementsMatch(t, node["required"], toAny(always), name)
}

func toAny(list []string) (out []any) {
	for _, s := range list {
		out = append(out, s)
	}
	return out
}

// The values that the schema gives as examples are those of the Go types and
// of the words of the project.
func TestSchemaNamesEveryStatus(t *testing.T) {
	status := readSchema(t, outcomeSchema)["$defs"].(map[string]any)["data"].(map[string]any)["properties"].(map[string]any)["status"].(map[string]any)
	for _, s := range []imagebuild.Status{imagebuild.Created, imagebuild.Unchanged, imagebuild.Rejected, imagebuild.Failed, imagebuild.Skipped,
		imagebuild.Started, imagebuild.Succeeded, imagebuild.Cancelled} {
		require.Contains(t, status["examples"], string(s))
	}
}

// What must not pass.
func TestSchemaRefuses(t *testing.T) {
	schema := compileStrict(t, outcomeSchema)
	valid := publish(t, &services{text: "RUN true\n"}, object())[0]
	data := func(change func(map[string]any)) func(map[string]any) {
		return func(o map[string]any) { change(o["data"].(map[string]any)) }
	}
	for name, change := range map[string]func(map[string]any){
		"no id":                 func(o map[string]any) { delete(o, "id") },
		"an unknown member":     func(o map[string]any) { o["extra"] = 1 },
		"a local time":          func(o map[string]any) { o["time"] = "May 4, 2026 12:31:54 AM" },
		"control characters":    func(o map[string]any) { o["subject"] = "a\x01b" },
		"created without id":    data(func(d map[string]any) { delete(d["resource"].(map[string]any), "id") }),
		"failed without reason": data(func(d map[string]any) { d["status"] = "failed" }),
		"rejected for nothing":  data(func(d map[string]any) { d["status"] = "rejected" }),
		"an execution without its pipeline": data(func(d map[string]any) {
			d["status"], d["resource"].(map[string]any)["kind"] = "started", "execution"
		}),
		"a component started": data(func(d map[string]any) { d["status"] = "started" }),
		"a timer without time": data(func(d map[string]any) {
			d["job"].(map[string]any)["trigger"], d["job"].(map[string]any)["triggerName"] = "timer", "nightly"
		}),
		"findings missing":     data(func(d map[string]any) { delete(d, "findings") }),
		"a blank in the token": data(func(d map[string]any) { d["clientToken"] = "a b" }),
		"negative time":        data(func(d map[string]any) { d["timings"].(map[string]any)["totalMs"] = -1 }),
	} {
		t.Run(name, func(t *testing.T) {
			document, err := jsonschema.UnmarshalJSON(bytes.NewReader(valid))
			require.NoError(t, err)
			require.NoError(t, schema.Validate(document))
			change(document.(map[string]any))
			require.Error(t, schema.Validate(document))
		})
	}
}

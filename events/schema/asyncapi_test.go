package schema_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// asyncAPI is the document as JSON has it.
func asyncAPI(t *testing.T) map[string]any {
	t.Helper()
	text, err := os.ReadFile("asyncapi.yaml")
	require.NoError(t, err)
	var document map[string]any
	require.NoError(t, yaml.Unmarshal(text, &document))
	asJSON, err := json.Marshal(document)
	require.NoError(t, err)
	plain, err := jsonschema.UnmarshalJSON(bytes.NewReader(asJSON))
	require.NoError(t, err)
	return plain.(map[string]any)
}

// form says which members an object of the document has.
type form struct{ required, optional []string }

// forms are the objects that the document uses, as the specification has them.
// Source: AsyncAPI 3.0.0, Schema.
var forms = map[string]form{
	"":          {[]string{"asyncapi", "info"}, []string{"id", "servers", "defaultContentType", "channels", "operations", "components"}},
	"info":      {[]string{"title", "version"}, []string{"description", "termsOfService", "contact", "license", "tags", "externalDocs"}},
	"server":    {[]string{"host", "protocol"}, []string{"protocolVersion", "pathname", "description", "title", "summary", "variables", "security", "tags", "externalDocs", "bindings"}},
	"channel":   {nil, []string{"address", "messages", "title", "summary", "description", "servers", "parameters", "tags", "externalDocs", "bindings"}},
	"operation": {[]string{"action", "channel"}, []string{"title", "summary", "description", "security", "tags", "externalDocs", "bindings", "traits", "messages", "reply"}},
	"message":   {nil, []string{"headers", "payload", "correlationId", "contentType", "name", "title", "summary", "description", "tags", "externalDocs", "bindings", "examples", "traits"}},
	"payload":   {[]string{"schemaFormat", "schema"}, nil},
}

func requireForm(t *testing.T, name string, node any) {
	t.Helper()
	members, ok := node.(map[string]any)
	require.True(t, ok, "%s is no object", name)
	f := forms[name]
	for _, member := range f.required {
		require.Contains(t, members, member, name)
	}
	for member := range members {
		require.Contains(t, append(slices.Clone(f.required), f.optional...), member, name)
	}
}

func at(t *testing.T, node any, path ...string) map[string]any {
	t.Helper()
	for _, name := range path {
		require.Contains(t, node, name)
		node = node.(map[string]any)[name]
	}
	require.IsType(t, map[string]any{}, node, "%v", path)
	return node.(map[string]any)
}

// reference resolves a $ref: a place in the document, or a schema beside it.
func reference(t *testing.T, document map[string]any, ref string) map[string]any {
	t.Helper()
	if pointer, ok := strings.CutPrefix(ref, "#/"); ok {
		return at(t, document, strings.Split(pointer, "/")...)
	}
	require.True(t, strings.HasPrefix(ref, "./"), ref)
	return readSchema(t, strings.TrimPrefix(ref, "./"))
}

func refOf(t *testing.T, node any) string {
	t.Helper()
	ref, ok := node.(map[string]any)["$ref"].(string)
	require.True(t, ok, "%v is no reference", node)
	return ref
}

func TestAsyncAPIHasTheFormOfTheSpecification(t *testing.T) {
	document := asyncAPI(t)
	requireForm(t, "", document)
	require.Equal(t, "3.0.0", document["asyncapi"])
	requireForm(t, "info", document["info"])
	for _, server := range at(t, document, "servers") {
		requireForm(t, "server", server)
	}
	for name, channel := range at(t, document, "channels") {
		requireForm(t, "channel", channel)
		for _, server := range channel.(map[string]any)["servers"].([]any) {
			require.True(t, strings.HasPrefix(refOf(t, server), "#/servers/"), name)
			reference(t, document, refOf(t, server))
		}
		require.NotEmpty(t, at(t, channel, "messages"), name)
		for _, message := range at(t, channel, "messages") {
			requireForm(t, "message", reference(t, document, refOf(t, message)))
		}
	}
	for name, message := range at(t, document, "components", "messages") {
		requireForm(t, "message", message)
		payload := at(t, message, "payload")
		if _, inline := payload["anyOf"]; !inline {
			requireForm(t, "payload", payload)
			require.Equal(t, "application/schema+json;version=2020-12", payload["schemaFormat"], name)
			reference(t, document, refOf(t, payload["schema"]))
		}
	}
}

// An operation names messages of its own channel, and every channel has one.
func TestAsyncAPIOperations(t *testing.T) {
	document := asyncAPI(t)
	used := map[string]bool{}
	for name, operation := range at(t, document, "operations") {
		requireForm(t, "operation", operation)
		o := operation.(map[string]any)
		require.Contains(t, []any{"send", "receive"}, o["action"], name)
		channel := refOf(t, o["channel"])
		require.True(t, strings.HasPrefix(channel, "#/channels/"), name)
		reference(t, document, channel)
		used[strings.TrimPrefix(channel, "#/channels/")] = true
		require.NotEmpty(t, o["messages"], name)
		for _, message := range o["messages"].([]any) {
			require.True(t, strings.HasPrefix(refOf(t, message), channel+"/messages/"), name)
			reference(t, document, refOf(t, message))
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(at(t, document, "channels"))), slices.Collect(maps.Keys(used)))
}

// Every schema of the folder is the payload of one message, whose name is the
// type that it demands.
func TestAsyncAPINamesEverySchema(t *testing.T) {
	document := asyncAPI(t)
	named := map[string]bool{}
	for _, message := range at(t, document, "components", "messages") {
		payload := at(t, message, "payload")
		if payload["schema"] == nil {
			continue
		}
		ref := refOf(t, payload["schema"])
		named[strings.TrimPrefix(ref, "./")] = true
		properties := at(t, reference(t, document, ref), "properties")
		if typ, ok := properties["type"].(map[string]any); ok && typ["const"] != nil {
			require.Equal(t, typ["const"], message.(map[string]any)["name"])
		}
	}
	files, err := filepath.Glob("*.schema.json")
	require.NoError(t, err)
	require.ElementsMatch(t, files, slices.Collect(maps.Keys(named)))
}

// The addresses are those of the deployment: what s.yaml calls results is what
// the channel results is.
func TestAsyncAPIHasTheQueuesOfTheDeployment(t *testing.T) {
	text, err := os.ReadFile(filepath.Join("..", "..", "s.yaml"))
	require.NoError(t, err)
	var file struct {
		Vars map[string]string `yaml:"vars"`
	}
	require.NoError(t, yaml.Unmarshal(text, &file))
	queues := map[string]string{}
	for name, value := range file.Vars {
		if strings.HasPrefix(value, "imagedrop-") && name != "role" {
			queues[name] = value
		}
	}
	queues["requestsTopic"] = file.Vars["requests"]
	channels := map[string]string{}
	for name, channel := range at(t, asyncAPI(t), "channels") {
		address := channel.(map[string]any)["address"].(string)
		if name == "timer" {
			require.Contains(t, string(text), "triggerName: "+address+"\n          triggerType: timer")
			continue
		}
		channels[name] = address
	}
	require.Equal(t, queues, channels)
}

// The forms of the platform are those of the examples.
func TestAsyncAPIDeadLetters(t *testing.T) {
	compiler := jsonschema.NewCompiler()
	require.NoError(t, compiler.AddResource("dead-letter", at(t, asyncAPI(t), "components", "messages", "deadLetter", "payload")))
	schema, err := compiler.Compile("dead-letter")
	require.NoError(t, err)
	for file, ok := range map[string]bool{
		"deadletter-async.json": true, "deadletter-async-crash.json": true, "deadletter-stream-object.json": true, "deadletter-bare.json": false,
	} {
		text, err := os.ReadFile(filepath.Join("..", "testdata", file))
		require.NoError(t, err)
		require.Equal(t, ok, valid(t, schema, text) == nil, file)
	}
}

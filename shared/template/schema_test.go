package template

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

const schemaPath = "../../events/schema/message.schema.json"

type object = map[string]any

// messageSchema is the JSON Schema of a message, made of the table of keys.
func messageSchema() object {
	schema := object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:imagedrop:schema:message:v1", "title": "Message",
		"description": "A queue or topic message. One template: the keys of a header, with the template text or the address of its object. Or kind execution: the pipeline to start.",
		"if":          object{"properties": object{"kind": object{"const": Execution}}, "required": []string{"kind"}},
		"then":        object{"propertyNames": object{"enum": starting()}, "oneOf": either("imagePipelineId", "pipelineName")},
		"else": object{"oneOf": either("content", "templateUri"), "dependentRequired": object{"templateETag": []string{"templateUri"}},
			"properties": object{"imagePipelineId": false, "pipelineName": false}},
		"examples": []any{
			object{"name": "web-golden", "tags": object{"team": "web"}, "content": "FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN yum install -y nginx\n"},
			object{"clientToken": "123e4567-e89b-12d3-a456-426655440000", "templateUri": "oss://my-bucket/templates/web.Dockerfile"},
			object{"kind": Execution, "pipelineName": "web-golden"},
		},
	}
	addProperties(schema, "")
	return schema
}

// starting are the keys of kind execution.
func starting() (paths []string) {
	for i := range Keys {
		if Keys[i].Starts {
			paths = append(paths, Keys[i].Path)
		}
	}
	return paths
}

func either(keys ...string) (list []any) {
	for _, key := range keys {
		list = append(list, object{"required": []string{key}})
	}
	return list
}

// addProperties adds the keys below a path to the schema of their object.
func addProperties(schema object, parent string) {
	properties := object{}
	for i := range Keys {
		if key := &Keys[i]; key.parent() == parent && key.Path != parent {
			properties[key.name()] = keySchema(key)
		}
	}
	schema["type"], schema["properties"], schema["additionalProperties"] = "object", properties, false
}

func keySchema(key *Key) object {
	schema := object{}
	switch key.Type {
	case Object:
		addProperties(schema, key.Path)
	case Objects:
		items := object{}
		addProperties(items, key.Path)
		schema["type"], schema["items"] = "array", items
	case Strings:
		schema["type"], schema["items"] = "array", scalarSchema(key, "string")
	case Tags:
		addTags(schema, key)
	default:
		schema = scalarSchema(key, string(key.Type))
	}
	if key.Items > 0 && key.Type != Tags {
		schema["maxItems"] = key.Items
	}
	schema["description"] = key.Doc
	return schema
}

func scalarSchema(key *Key, typ string) object {
	schema := object{"type": typ}
	if key.Path == "addAccounts" {
		schema["type"], schema["minimum"] = []string{typ, "integer"}, 1
	}
	least, most := "minLength", "maxLength"
	if typ == "integer" {
		least, most = "minimum", "maximum"
	}
	if key.Max > 0 {
		schema[least], schema[most] = key.Min, key.Max
	}
	if key.Enum != nil {
		schema["enum"] = available(key)
	}
	if key.Pattern != "" {
		schema["pattern"] = key.Pattern
	}
	if key.Not != "" {
		schema["not"] = object{"pattern": key.Not}
	}
	return schema
}

// available leaves out the values that this version does not support.
func available(key *Key) []string {
	return slices.DeleteFunc(slices.Clone(key.Enum), func(value string) bool {
		return slices.ContainsFunc(notYet, func(n struct{ key, value, what string }) bool {
			return n.key == key.Path && n.value == value
		})
	})
}

func addTags(schema object, key *Key) {
	value := object{"type": []string{"string", "number", "boolean"}}
	if key.Items > 0 {
		schema["maxProperties"] = key.Items
		schema["propertyNames"] = object{"minLength": 1, "maxLength": maxTagLength, "not": object{"pattern": "^(acs:|aliyun)|https?://"}}
		value["maxLength"], value["not"] = maxTagLength, object{"pattern": "^acs:|https?://"}
	}
	schema["type"], schema["additionalProperties"] = "object", value
}

// TestMessageSchema: the published schema is the table's.
func TestMessageSchema(t *testing.T) {
	var b bytes.Buffer
	enc := json.NewEncoder(&b)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	require.NoError(t, enc.Encode(messageSchema()))
	compare(t, schemaPath, b.String())
}

func compiled(t *testing.T) *jsonschema.Schema {
	t.Helper()
	schema, err := jsonschema.NewCompiler().Compile(schemaPath)
	require.NoError(t, err)
	return schema
}

// TestSchemaAndReaderAgree: what the schema takes makes no finding about a
// key, and what it refuses makes one.
func TestSchemaAndReaderAgree(t *testing.T) {
	schema := compiled(t)
	check := func(name string, body []byte) {
		value, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
		if err != nil {
			return // no JSON: IB0252
		}
		m := ParseMessage(body)
		errors := slices.ContainsFunc(m.Findings, func(f Finding) bool { return f.Severity == Error })
		require.Equal(t, errors, schema.Validate(value) != nil, "%s: %v, schema: %v", name, m.Findings, schema.Validate(value))
	}
	for _, dir := range []string{"ok", "err"} {
		for _, path := range inputs(t, dir) {
			if base := filepath.Base(path); filepath.Ext(path) == ".json" && !unseen[base] {
				body, err := os.ReadFile(path)
				require.NoError(t, err)
				check(base, body)
			}
		}
	}
	for path, sample := range samples {
		check(path, []byte("{"+nest(path, sample.value)+`, "content": "RUN true"}`))
		check(path, []byte("{"+nest(path, "[[]]")+`, "content": "RUN true"}`))
		check(path, []byte("{"+nest(path, sample.value)+`, "kind": "execution", "pipelineName": "web"}`))
	}
	for i := range combined {
		check(combined[i], []byte("{"+combined[i]+"}"))
	}
	for _, example := range messageSchema()["examples"].([]any) {
		body, err := json.Marshal(example)
		require.NoError(t, err)
		check("example", body)
		require.Empty(t, ParseMessage(body).Findings)
	}
}

// combined are keys that need, or exclude, one another.
var combined = []string{
	``, `"kind": "execution"`, `"kind": "pipeline"`, `"content": "RUN true"`, `"templateUri": "oss://my-bucket/a"`,
	`"content": "RUN true", "templateUri": "oss://my-bucket/a"`, `"content": "RUN true", "templateETag": "5B3C"`,
	`"templateUri": "oss://my-bucket/a", "templateETag": "5B3C"`, `"content": "RUN true", "build": true`, `"content": "RUN true", "build": false`,
	`"content": "RUN true", "pipelineName": "web"`, `"templateUri": "oss://my-bucket/a", "imagePipelineId": "ip-1"`, `"pipelineName": "web"`,
	`"kind": "pipeline", "pipelineName": "web"`, `"kind": "execution", "pipelineName": "web"`, `"kind": "execution", "imagePipelineId": "ip-1"`,
	`"kind": "execution", "imagePipelineId": "ip-1", "pipelineName": "web"`, `"kind": "execution", "imagePipelineId": "web"`,
	`"kind": "execution", "imagePipelineId": "ip-"`, `"kind": "execution", "pipelineName": "w"`, `"kind": "execution", "pipelineName": "http://a"`,
	`"kind": "execution", "pipelineName": 3`, `"kind": "execution", "pipelineName": null, "imagePipelineId": "ip-1"`,
	`"kind": "execution", "content": "RUN true"`, `"kind": "execution", "pipelineName": "web", "content": "RUN true"`,
	`"kind": "execution", "pipelineName": "web", "templateUri": "oss://my-bucket/a"`, `"kind": "execution", "pipelineName": "web", "nmae": "x"`,
	`"kind": "execution", "pipelineName": "web", "regionId": "cn-beijing", "clientToken": "t"`, `"kind": "execution", "pipelineName": "web", "clientToken": "a b"`,
	`"kind": "execution", "pipelineName": "web", "build": false`, `"kind": "Execution", "pipelineName": "web"`,
}

// unseen are bodies with what a JSON Schema cannot see: a key given twice, an
// escape that is no character.
var unseen = map[string]bool{"message.json": true, "IB0005-surrogate.json": true}

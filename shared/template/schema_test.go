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
	uri := object{"required": []string{"aws"}, "properties": object{"aws": object{"required": []string{"uri"}}, "content": false, "templateUri": false}}
	onlyAWS := object{"anyOf": []any{
		object{"required": []string{"targets"}, "properties": object{"targets": object{"minItems": 1, "items": object{"const": TargetAWS}}}},
		object{"allOf": []any{uri, object{"properties": object{"targets": object{"maxItems": 0}}}}},
	}}
	alsoAWS := object{"required": []string{"targets"}, "properties": object{"targets": object{"contains": object{"const": TargetAWS}}}}
	schema := object{
		"$schema": "https://json-schema.org/draft/2020-12/schema", "$id": "urn:imagedrop:schema:message:v1", "title": "Message",
		"description": "A queue or topic message. One template: the keys of a header, with the template text or the address of its object. Or kind execution: the pipeline to start. Limits are those of the targets; what content or object may say of targets a schema cannot see.",
		"if":          object{"properties": object{"kind": object{"const": Execution}}, "required": []string{"kind"}},
		"then":        object{"propertyNames": object{"enum": starting()}, "oneOf": either("imagePipelineId", "pipelineName")},
		"else": object{"oneOf": append(either("content", "templateUri"), object{"allOf": []any{uri, onlyAWS}}),
			"dependentRequired": object{"templateETag": []string{"templateUri"}},
			"properties":        object{"imagePipelineId": false, "pipelineName": false}},
		"allOf": []any{
			object{"if": onlyAWS, "else": limits(TargetAlibaba, "")},
			object{"if": object{"anyOf": []any{onlyAWS, alsoAWS}}, "then": object{"allOf": append(standIns(), limits(TargetAWS, ""))}},
		},
		"examples": []any{
			object{"name": "web-golden", "tags": object{"team": "web"},
				"content": "FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN yum install -y nginx\n"},
			object{"clientToken": "123e4567-e89b-12d3-a456-426655440000", "templateUri": "oss://my-bucket/templates/web.Dockerfile"},
			object{"name": "agent", "targets": []string{TargetAlibaba, TargetAWS}, "aws": object{"regionId": "eu-central-1"}, "content": "RUN yum install -y collectd\n"},
			object{"name": "agent", "aws": object{"uri": "s3://my-bucket/agent.yaml"}},
			object{"kind": Execution, "pipelineName": "web-golden"},
		},
	}
	addProperties(schema, "", "")
	return schema
}

// standIns bound the general keys that stand in for those of the block aws
// which are not given.
func standIns() (list []any) {
	for i := range Keys {
		if key := &Keys[i]; key.Default != "" {
			own := object{"required": []string{key.parent()}, "properties": object{key.parent(): object{"required": []string{key.name()}}}}
			limits := keySchema(key, TargetAWS)
			if key.Default == "componentVersion" { // a wildcard stands for 0
				limits = object{"anyOf": []any{limits, limitsOf(keyAt(key.Default))}}
			}
			list = append(list, object{"if": own, "else": object{"properties": object{key.Default: limits}}})
		}
	}
	return list
}

// limits are the keys below a path that a target bounds; nil where there are none.
func limits(target, parent string) object {
	properties := object{}
	for i := range Keys {
		key := &Keys[i]
		if key.parent() != parent || key.Path == parent {
			continue
		}
		switch {
		case key.Type == Object && limits(target, key.Path) != nil:
			properties[key.name()] = limits(target, key.Path)
		case key.Type == Objects && target == TargetAlibaba:
			properties[key.name()] = object{"maxItems": key.Items, "items": limits(target, key.Path)}
		case ruleOf(key.Rule).Target == target && !key.MessageOnly && !key.unchecked():
			properties[key.name()] = keySchema(key, target)
		}
	}
	if len(properties) == 0 {
		return nil
	}
	return object{"properties": properties}
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

// addProperties adds the keys below a path to the schema of their object, with
// the limits that do not depend on a target.
func addProperties(schema object, parent, target string) {
	properties := object{}
	for i := range Keys {
		if key := &Keys[i]; key.parent() == parent && key.Path != parent {
			properties[key.name()] = keySchema(key, target)
			properties[key.name()].(object)["description"] = key.Doc
		}
	}
	schema["type"], schema["properties"], schema["additionalProperties"] = "object", properties, false
}

// keySchema is the schema of a key: its type, and its limits where they are of
// the target, "" for those that hold everywhere.
func keySchema(key *Key, target string) object {
	schema := object{}
	if target != "" || ruleOf(key.Rule).Target == "" || key.MessageOnly {
		schema = limitsOf(key)
	}
	switch key.Type {
	case Object:
		addProperties(schema, key.Path, target)
	case Objects:
		items := object{}
		addProperties(items, key.Path, target)
		schema["type"], schema["items"] = "array", items
	case Strings:
		item := schema
		item["type"] = scalarTypes(key, "string")
		schema = object{"type": "array", "items": item}
		if key.Items > 0 && ruleOf(key.ItemsRule).Target == target {
			schema["maxItems"] = key.Items
		}
	case Tags:
		value := object{"type": []string{"string", "number", "boolean"}}
		if key.Items > 0 && target != "" {
			addTagLimits(schema, value, key)
		}
		schema["type"], schema["additionalProperties"] = "object", value
	default:
		schema["type"] = string(key.Type)
	}
	return schema
}

// scalarTypes: account IDs may be numbers.
func scalarTypes(key *Key, typ string) any {
	if key.Path == "addAccounts" {
		return []string{typ, "integer"}
	}
	return typ
}

func limitsOf(key *Key) object {
	schema := object{}
	if key.Path == "addAccounts" {
		schema["minimum"] = 1
	}
	least, most := "minLength", "maxLength"
	if key.Type == Integer {
		least, most = "minimum", "maximum"
	}
	if key.Max > 0 {
		schema[least], schema[most] = key.Min, key.Max
	}
	if key.Enum != nil {
		schema["enum"] = key.Enum
	}
	if key.Pattern != "" {
		schema["pattern"] = key.Pattern
	}
	if key.Not != "" {
		schema["not"] = object{"pattern": key.Not}
	}
	return schema
}

func addTagLimits(schema, value object, key *Key) {
	schema["maxProperties"] = key.Items
	if key.Rule == "IB0508" {
		schema["propertyNames"] = object{"maxLength": maxAWSTagKey, "pattern": "^[A-Za-z0-9_.:/=+-]+$", "not": object{"pattern": "^aws:"}}
		value["maxLength"] = maxAWSTagValue
		return
	}
	schema["propertyNames"] = object{"minLength": 1, "maxLength": maxTagLength, "not": object{"pattern": "^(acs:|aliyun)|https?://"}}
	value["maxLength"], value["not"] = maxTagLength, object{"pattern": "^acs:|https?://"}
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
		isError := func(f Finding) bool { return f.Severity == Error }
		errors := slices.ContainsFunc(m.Findings, isError)
		for _, f := range m.Resolve("", nil).Findings { // those of general keys that go to AWS come with the content
			errors = errors || isError(f) && f.Path != "/content" && slices.Contains(awsKeyRules, f.Rule)
		}
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
	`"targets": ["aws"], "content": "RUN true", "name": "0", "vSwitchId": "none", "tags": {"acs:a": ""}`,
	`"targets": ["aws"], "content": "RUN true", "tags": {"a b": ""}`,
	`"targets": ["alibaba", "aws"], "content": "RUN true", "tags": {"a b": ""}`,
	`"targets": ["alibaba", "aws"], "content": "RUN true", "tags": {"a b": ""}, "aws": {"tags": {"a": ""}}`,
	`"targets": ["alibaba", "aws"], "content": "RUN true", "vSwitchId": "none"`, `"targets": ["aws", "azure"], "content": "RUN true"`,
	`"targets": [], "content": "RUN true", "vSwitchId": "none"`,
	`"targets": ["aws"], "content": "RUN true", "description": "d"`, `"targets": ["aws"], "content": "RUN true", "description": ""`,
	`"targets": ["aws"], "content": "RUN true", "componentVersion": "01.2.1073741823"`, `"targets": ["aws"], "content": "RUN true", "componentVersion": "1.2.1073741824"`,
	`"targets": ["alibaba", "aws"], "content": "RUN true", "componentVersion": "1.4.*"`, `"content": "RUN true", "componentVersion": "1.*.*"`,
	`"content": "RUN true", "componentVersion": "*.*.*"`, `"content": "RUN true", "componentVersion": "1.*.3"`,
	`"content": "RUN true", "componentVersion": "*"`, `"content": "RUN true", "componentVersion": "01.*.*"`,
	`"targets": ["aws"], "content": "RUN true", "componentVersion": "*.*.*"`,
	`"targets": ["aws"], "content": "RUN true", "aws": {"semanticVersion": "1.4.*"}`,
	`"content": "RUN true", "aws": {"platform": "BeOS", "semanticVersion": "1", "tags": {"a b": "c"}}`,
	`"targets": ["aws"], "content": "RUN true", "aws": {"platform": "BeOS"}`,
	`"targets": ["aws"], "content": "RUN true", "aws": {"tags": {"aws:a": "c"}}`, `"targets": ["aws"], "content": "RUN true", "aws": {"name": "-a b_"}`,
	`"targets": ["aws"], "content": "RUN true", "aws": {"name": "a "}`, `"targets": ["aws"], "content": "RUN true", "aws": {"dryRun": "yes"}`,
	`"targets": ["aws"], "content": "RUN true", "aws": {"regionId": "cn-hangzhou"}`,
	`"targets": ["aws"], "content": "RUN true", "aws": {"regionId": "us-gov-west-1", "supportedOsVersions": ["Amazon Linux 2"]}`,
	`"targets": ["aws"], "content": "RUN true", "aws": {"supportedOsVersions": [""], "kmsKeyId": ""}`,
	`"targets": ["aws"], "templateUri": "oss://my-bucket/a", "aws": {"kmsKeyId": ""}`,
	`"aws": {"uri": "s3://bucket/a"}`, `"aws": {"uri": "s3://bucket/a"}, "name": "0"`, `"aws": {"uri": "https://bucket/a"}`,
	`"targets": ["alibaba"], "aws": {"uri": "s3://bucket/a"}`,
	`"targets": ["aws"], "aws": {"uri": "s3://bucket/a"}`, `"targets": ["aws"], "aws": {"name": "agent"}`, `"targets": [], "aws": {"uri": "s3://bucket/a"}`,
	`"kind": "execution", "pipelineName": "web", "build": false`, `"kind": "Execution", "pipelineName": "web"`,
}

// unseen are bodies with what a JSON Schema cannot see: a key given twice, an
// escape that is no character.
var unseen = map[string]bool{"message.json": true, "IB0005-surrogate.json": true}

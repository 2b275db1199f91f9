package schema_test

import (
	"bytes"
	"encoding/json"
	"maps"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"
)

// compiled returns the schema of a file, with every other schema at hand. A
// strict one refuses members that it does not name.
func compiled(t testing.TB, file string, inStrict bool) *jsonschema.Schema {
	t.Helper()
	files, err := filepath.Glob("*.schema.json")
	require.NoError(t, err)
	compiler := jsonschema.NewCompiler()
	compiler.AssertFormat()
	ids := map[string]string{}
	for _, name := range files {
		document := readSchema(t, name)
		if inStrict {
			strict(document)
		}
		ids[name] = document["$id"].(string)
		require.NoError(t, compiler.AddResource(ids[name], document))
	}
	schema, err := compiler.Compile(ids[file])
	require.NoError(t, err)
	return schema
}

func valid(t testing.TB, schema *jsonschema.Schema, body []byte) error {
	t.Helper()
	document, err := jsonschema.UnmarshalJSON(bytes.NewReader(body))
	require.NoError(t, err, "%s", body)
	return schema.Validate(document)
}

// example returns the first example of a schema, with changes; nil removes.
func example(t testing.TB, file string, changes map[string]any) []byte {
	t.Helper()
	document := maps.Clone(readSchema(t, file)["examples"].([]any)[0].(map[string]any))
	for name, value := range changes {
		document[name] = value
		if value == nil {
			delete(document, name)
		}
	}
	body, err := json.Marshal(document)
	require.NoError(t, err)
	return body
}

func TestExamplesOfTheSchemas(t *testing.T) {
	files, err := filepath.Glob("*.schema.json")
	require.NoError(t, err)
	for _, file := range files {
		schema, document := compiled(t, file, true), readSchema(t, file)
		require.Equal(t, "https://json-schema.org/draft/2020-12/schema", document["$schema"], file)
		require.Equal(t, "urn:imagedrop:schema:"+strings.TrimSuffix(file, ".schema.json")+":v1", document["$id"])
		require.NotEmpty(t, document["title"], file)
		require.NotEmpty(t, document["description"], file)
		examples, _ := document["examples"].([]any)
		for i, e := range examples {
			require.NoError(t, schema.Validate(e), "%s, example %d", file, i+1)
		}
	}
}

// requireMembers holds the members of a type against those of a schema: the
// same names, and required is what the type always writes.
func requireMembers(t *testing.T, schema map[string]any, typ reflect.Type) {
	t.Helper()
	var members, always []string
	for i := range typ.NumField() {
		member, options, _ := strings.Cut(typ.Field(i).Tag.Get("json"), ",")
		members = append(members, member)
		if !strings.Contains(options, "omitempty") {
			always = append(always, member)
		}
	}
	require.ElementsMatch(t, members, slices.Collect(maps.Keys(schema["properties"].(map[string]any))))
	require.ElementsMatch(t, toAny(always), schema["required"])
}

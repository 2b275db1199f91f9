package schema_test

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/events"
	"imagedrop/shared/imagebuild"
)

const rebuildSchema = "rebuild.schema.json"

// The schema and the function refuse the same payloads.
func TestRebuildSchemaIsWhatRebuildReads(t *testing.T) {
	schema := compiled(t, rebuildSchema, false)
	manyTags := map[string]string{}
	for i := range 21 {
		manyTags[fmt.Sprint("key", i)] = ""
	}
	tooMany, err := json.Marshal(map[string]any{"tags": manyTags})
	require.NoError(t, err)
	long := strings.Repeat("ü", 128)
	tests := map[string]bool{
		`{"namePattern":"*"}`:                         true,
		`{"namePattern":""}`:                          false,
		`{"namePattern":7}`:                           false,
		`{"namePattern":null}`:                        false,
		`{"namePattern":"` + long + `"}`:              true,
		`{"namePattern":"` + long + `x"}`:             false,
		`{"imagePipelineId":"ip-1"}`:                  true,
		`{"imagePipelineId":["ip-1","ip-2","ip-1"]}`:  true,
		`{"imagePipelineId":[]}`:                      false,
		`{"imagePipelineId":["ip 1"]}`:                false,
		`{"imagePipelineId":["ip-1",2]}`:              false,
		`{"imagePipelineId":""}`:                      false,
		`{"tags":{"rebuild":"nightly","team":""}}`:    true,
		`{"tags":{}}`:                                 false,
		`{"tags":{"":"x"}}`:                           false,
		`{"tags":{"a":1}}`:                            false,
		`{"tags":{"a":null}}`:                         false,
		`{"tags":["a"]}`:                              false,
		`{"tags":{"` + long + `":"` + long + `"}}`:    true,
		`{"tags":{"` + long + `x":""}}`:               false,
		string(tooMany):                               false,
		`{}`:                                          false,
		`{"force":true}`:                              false,
		`{"regionId":"cn-beijing","maxAge":"7d"}`:     false,
		`{"namePattern":"*","regionId":"cn-beijing"}`: true,
		`{"namePattern":"*","regionId":"cn beijing"}`: false,
		`{"namePattern":"*","maxAge":"0"}`:            true,
		`{"namePattern":"*","maxAge":"36h"}`:          true,
		`{"namePattern":"*","maxAge":"90m"}`:          true,
		`{"namePattern":"*","maxAge":"7"}`:            false,
		`{"namePattern":"*","maxAge":7}`:              false,
		`{"namePattern":"*","maxAge":"-1d"}`:          false,
		`{"namePattern":"*","maxAge":"10000d"}`:       false,
		`{"namePattern":"*","maxAge":"1d12h"}`:        false,
		`{"namePattern":"*","maxFailures":0}`:         true,
		`{"namePattern":"*","maxFailures":100}`:       true,
		`{"namePattern":"*","maxFailures":101}`:       false,
		`{"namePattern":"*","maxFailures":-1}`:        false,
		`{"namePattern":"*","maxRunning":1}`:          true,
		`{"namePattern":"*","maxRunning":0}`:          false,
		`{"namePattern":"*","maxRunning":101}`:        false,
		`{"namePattern":"*","maxRunning":"5"}`:        false,
		`{"namePattern":"*","maxRunning":1.5}`:        false,
		`{"namePattern":"*","force":false}`:           true,
		`{"namePattern":"*","force":"true"}`:          false,
		`{"namePattern":"*","forced":true}`:           false,
		`["ip-1"]`:                                    false,
		`"*"`:                                         false,
		`null`:                                        false,
	}
	for payload, ok := range tests {
		t.Run(payload[:min(len(payload), 60)], func(t *testing.T) {
			_, err := imagebuild.ParseRebuildPolicy([]byte(payload))
			require.Equal(t, []bool{ok, ok}, []bool{valid(t, schema, []byte(payload)) == nil, err == nil}, "%v", err)
		})
	}
}

func TestRebuildDefaultsAreThoseOfTheSchema(t *testing.T) {
	properties := readSchema(t, rebuildSchema)["properties"].(map[string]any)
	payload := map[string]any{"namePattern": "*"}
	for key, property := range properties {
		if value, ok := property.(map[string]any)["default"]; ok {
			payload[key] = value
		}
	}
	explicit, err := json.Marshal(payload)
	require.NoError(t, err)
	want, err := imagebuild.ParseRebuildPolicy(explicit)
	require.NoError(t, err)
	got, err := imagebuild.ParseRebuildPolicy([]byte(`{"namePattern":"*"}`))
	require.NoError(t, err)
	require.Equal(t, want, got)
	require.Equal(t, 7*24*time.Hour, got.MaxAge)
}

func TestTimerPayloads(t *testing.T) {
	schema := compiled(t, rebuildSchema, true)
	for _, file := range []string{"timer.json"} {
		text, err := os.ReadFile(filepath.Join("..", "testdata", file))
		require.NoError(t, err)
		timer, err := events.DecodeTimer(text)
		require.NoError(t, err)
		require.NoError(t, valid(t, schema, []byte(timer.Payload)))
	}
}

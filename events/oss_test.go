package events_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/events"
)

var webObject = events.Object{
	EventName: "ObjectCreated:PutObject",
	Region:    "cn-hangzhou",
	Bucket:    "imagedrop-templates",
	Key:       "templates/web.Dockerfile",
	ETag:      "0F1E2D3C4B5A69788796A5B4C3D2E1F0",
	RequestID: "65A1B2C3D4E5F60718293A4B",
	EventTime: "2026-05-04T08:15:30.000Z",
	Size:      842,
}

func TestDecodeObjects(t *testing.T) {
	native := string(payload(t, "oss-native.json"))
	bridged := string(payload(t, "oss-eventbridge.json"))
	quoted, err := json.Marshal(bridged)
	require.NoError(t, err)
	record := strings.TrimSuffix(strings.TrimPrefix(strings.TrimSpace(native), `{
  "events": [`), `]
}`)
	tests := []struct {
		name, payload string
		want          int
	}{
		{"native", native, 1},
		{"native, several records", `{"events":[` + record + `,` + record + `,` + record + `]}`, 3},
		{"EventBridge", bridged, 1},
		{"EventBridge, batch of objects and strings", `[` + bridged + `,` + string(quoted) + `]`, 2},
		{"EventBridge, bare data", `[` + record + `]`, 1},
		{"event name with its prefix", strings.ReplaceAll(native, `"ObjectCreated:`, `"oss:ObjectCreated:`), 1},
		{"event name on the CloudEvent only", strings.Replace(bridged, `"eventName"`, `"other"`, 1), 1},
		{"quoted eTag", strings.Replace(native, `"0F1E2D3C4B5A69788796A5B4C3D2E1F0"`, `"\"0F1E2D3C4B5A69788796A5B4C3D2E1F0\""`, 1), 1},
		{"size as a string", strings.Replace(native, `"size": 842`, `"size": "842"`, 1), 1},
		{"a member of another type", strings.Replace(native, `"virtualBucket": ""`, `"virtualBucket": {"x":[]}`, 1), 1},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			objects, ignored, err := events.DecodeObjects([]byte(tt.payload))
			require.NoError(t, err)
			require.Empty(t, ignored)
			require.Len(t, objects, tt.want)
			for _, o := range objects {
				require.Equal(t, webObject, o)
			}
		})
	}
}

func TestCompleteObjectEvents(t *testing.T) {
	native := string(payload(t, "oss-native.json"))
	tests := map[string]bool{
		"ObjectCreated:PutObject":               true,
		"ObjectCreated:PostObject":              true,
		"ObjectCreated:CopyObject":              true,
		"ObjectCreated:CompleteMultipartUpload": true,
		"ObjectCreated:InitiateMultipartUpload": false,
		"ObjectCreated:UploadPart":              false,
		"ObjectCreated:UploadPartCopy":          false,
		"ObjectCreated:AppendObject":            false,
		"ObjectCreated:PutSymlink":              false,
		"ObjectRemoved:DeleteObject":            false,
		"ObjectModified:UpdateObjectMeta":       false,
		"":                                      false,
	}
	for name, complete := range tests {
		t.Run(name, func(t *testing.T) {
			objects, ignored, err := events.DecodeObjects([]byte(strings.Replace(native, "ObjectCreated:PutObject", name, 1)))
			require.NoError(t, err)
			if complete {
				require.Len(t, objects, 1)
				require.Equal(t, name, objects[0].EventName)
				require.Empty(t, ignored)
				return
			}
			require.Empty(t, objects)
			require.Len(t, ignored, 1)
			require.Contains(t, ignored[0], "templates/web.Dockerfile")
			require.Contains(t, ignored[0], `"`+name+`"`)
		})
	}
}

func TestKeysAreVerbatim(t *testing.T) {
	for _, key := range []string{"templates/a+b.Dockerfile", "templates/a%2Bb.Dockerfile", "templates/中文 web.yaml", "templates//x/../y.yaml"} {
		event := strings.Replace(string(payload(t, "oss-native.json")), "templates/web.Dockerfile", key, 1)
		objects, _, err := events.DecodeObjects([]byte(event))
		require.NoError(t, err)
		require.Equal(t, key, objects[0].Key)
	}
}

func TestPoisonRecordKeepsTheOthers(t *testing.T) {
	bridged := string(payload(t, "oss-eventbridge.json"))
	objects, ignored, err := events.DecodeObjects([]byte(`[7,` + bridged + `,"{broken",{"events":"none"}]`))
	require.NoError(t, err)
	require.Equal(t, []events.Object{webObject}, objects)
	require.Equal(t, []string{"record 1 names no object", "record 3 names no object", "record 4 names no object"}, ignored)
}

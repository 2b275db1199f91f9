package events_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/events"
	"imagedrop/shared/fault"
)

const body = `{"name":"node-exporter","content":"RUN yum install -y node_exporter"}`

func payload(t testing.TB, name string) []byte {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("testdata", name))
	require.NoError(t, err)
	return text
}

// decoders are the three doors, reduced to what they have in common.
var decoders = map[string]func([]byte) (items int, err error){
	"objects": func(p []byte) (int, error) {
		objects, ignored, err := events.DecodeObjects(p)
		return len(objects) + len(ignored), err
	},
	"messages": func(p []byte) (int, error) {
		messages, ignored, err := events.DecodeMessages(p)
		return len(messages) + len(ignored), err
	},
	"timer": func(p []byte) (int, error) {
		_, err := events.DecodeTimer(p)
		return 1, err
	},
}

func TestUnreadableEventsAreInvalid(t *testing.T) {
	deep := strings.Repeat("[", 1<<20)
	tests := []struct {
		name, payload string
		decoders      []string
	}{
		{"nothing", "", []string{"objects", "messages", "timer"}},
		{"blanks", " \r\n\t", []string{"objects", "messages", "timer"}},
		{"over 32 MB", strings.Repeat(" ", 32<<20) + "{}", []string{"objects", "messages", "timer"}},
		{"open array", `[{"specversion":"1.0"`, []string{"objects", "messages", "timer"}},
		{"text after the batch", `[{"messageId":"1"}] x`, []string{"objects", "messages", "timer"}},
		{"empty batch", `[]`, []string{"objects", "messages", "timer"}},
		{"deep", deep, []string{"objects", "messages", "timer"}},
		{"deep in a record", `{"events":` + deep, []string{"objects", "timer"}},
		{"10,001 elements", "[1" + strings.Repeat(",1", 10_000) + "]", []string{"objects", "messages", "timer"}},
		{"10,001 records", `{"events":[1` + strings.Repeat(",1", 10_000) + `]}`, []string{"objects", "timer"}},
		{"10,001 records in two elements", `[{"events":[1` + strings.Repeat(",1", 9_999) + `]},{"oss":{"bucket":{"name":"b"},"object":{"key":"k"}}}]`, []string{"objects"}},
		{"only poison", `[1,null,"x",{}]`, []string{"objects", "messages", "timer"}},
		{"no JSON", `build web`, []string{"objects", "timer"}},
		{"a scalar", `null`, []string{"objects", "timer"}},
		{"no members", `{}`, []string{"objects", "timer"}},
		{"no records", `{"events":[]}`, []string{"objects", "timer"}},
		{"records of another type", `{"events":{"eventName":1}}`, []string{"objects", "timer"}},
		{"a CloudEvent without data", `{"specversion":"1.0","type":"mns:Queue:SendMessage"}`, []string{"objects", "messages", "timer"}},
		{"a CloudEvent of another type", `{"specversion":"1.0","data":{"instanceId":"i-1"}}`, []string{"objects", "messages", "timer"}},
		{"no trigger name", `{"triggerTime":"2026-05-04T18:00:00Z"}`, []string{"timer"}},
		{"a time that is none", `{"triggerTime":"noon","triggerName":"nightly"}`, []string{"timer"}},
	}
	for _, tt := range tests {
		for _, name := range tt.decoders {
			t.Run(tt.name+"/"+name, func(t *testing.T) {
				_, err := decoders[name]([]byte(tt.payload))
				require.Error(t, err)
				require.Equal(t, fault.Invalid, fault.KindOf(err))
				require.Less(t, len(err.Error()), 200, "an error does not repeat the event")
			})
		}
	}
}

// An event that is replayed from a file may begin with a byte order mark.
func TestByteOrderMark(t *testing.T) {
	const mark = "\uFEFF"
	for _, name := range []string{"oss-native.json", "oss-eventbridge.json"} {
		plain, _, err := events.DecodeObjects(payload(t, name))
		require.NoError(t, err)
		marked, _, err := events.DecodeObjects(append([]byte(mark), payload(t, name)...))
		require.NoError(t, err)
		require.Equal(t, plain, marked)
	}
	for _, name := range []string{"queue-stream-mixed.json", "queue-event-driven.json", "topic-json.json", "topic-stream-attributes.json", "topic-stream.txt"} {
		plain, _, err := events.DecodeMessages(payload(t, name))
		require.NoError(t, err)
		marked, _, err := events.DecodeMessages(append([]byte(mark), payload(t, name)...))
		require.NoError(t, err)
		require.Equal(t, plain, marked)
	}
	_, err := events.DecodeTimer(append([]byte(mark), payload(t, "timer.json")...))
	require.NoError(t, err)
	_, _, err = events.DecodeMessages([]byte(mark + " "))
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

func TestErrorsDoNotQuoteTheEvent(t *testing.T) {
	for name, decode := range decoders {
		_, err := decode([]byte(`[{"messageBody":CANARY}]`))
		require.Error(t, err, name)
		require.NotContains(t, err.Error(), "CANARY", name)
	}
}

func FuzzDecode(f *testing.F) {
	files, err := filepath.Glob("testdata/*")
	require.NoError(f, err)
	for _, file := range files {
		if text, err := os.ReadFile(file); err == nil { // fuzz keeps a folder there
			f.Add(text)
		}
	}
	for _, seed := range []string{`{"events":[{}]}`, `["[\"{}\"]"]`, `[{"messageId":null,"messageBody":{}}]`, `{"body":1,"attrs":{"a":[]}}`,
		`{"TopicOwner":1,"MessageId":"m","PublishTime":99999999999999999999}`} {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, p []byte) {
		for name, decode := range decoders {
			items, err := decode(p)
			if err != nil {
				require.Equal(t, fault.Invalid, fault.KindOf(err), name)
			} else {
				require.NotZero(t, items, "%s: neither an item nor an error", name)
			}
		}
		objects, _, _ := events.DecodeObjects(p)
		for _, o := range objects {
			require.NotEmpty(t, o.Bucket)
			require.NotEmpty(t, o.Key)
		}
	})
}

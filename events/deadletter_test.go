package events_test

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/events"
)

// What the dead-letter queue holds leads back to the event of the function.
func TestDecodeDeadLetter(t *testing.T) {
	tests := []struct {
		file string
		want events.DeadLetter // but for Payload
		id   string            // of the message in Payload, "" where it holds none
	}{
		{"deadletter-async.json", events.DeadLetter{Function: "upload", RequestID: "1-6b7f0a1c-2d334455", Condition: "UnhandledInvocationError",
			Attempts: 4, ErrorType: "RedeliverError", ErrorMessage: "ecsimage.CreateImagePipeline: Throttling"}, ""},
		{"deadletter-async-crash.json", events.DeadLetter{Function: "rebuild", RequestID: "1-6b7f0a1c-2d334455", Condition: "UnhandledInvocationError",
			Attempts: 4, ErrorMessage: "Process exited unexpectedly before completing request (duration: 12ms, maxMemoryUsage: 41MB)"}, ""},
		{"deadletter-stream-object.json", events.DeadLetter{}, "1122334455667788990011223344AABB"},
		{"deadletter-stream-string.json", events.DeadLetter{}, "1122334455667788990011223344AABB"},
		{"deadletter-stream-rawdata.json", events.DeadLetter{}, "1122334455667788990011223344AABB"},
		{"queue-stream-strings.json", events.DeadLetter{}, "1122334455667788990011223344AABB"},
		{"deadletter-bare.json", events.DeadLetter{}, "D-1"},
		{"topic-stream.txt", events.DeadLetter{}, "D-1"},
	}
	for _, tt := range tests {
		for name, body := range map[string][]byte{
			tt.file: payload(t, tt.file), tt.file + " in base64": []byte(base64.StdEncoding.EncodeToString(payload(t, tt.file))),
		} {
			t.Run(name, func(t *testing.T) {
				letter := events.DecodeDeadLetter("D-1", body)
				event, ignored, err := events.Decode(letter.Payload)
				require.NoError(t, err)
				require.Empty(t, ignored)
				if tt.id != "" {
					require.Len(t, event.Messages, 1)
					require.Equal(t, tt.id, event.Messages[0].ID)
					require.NotEqual(t, "imagedrop-dlq", event.Messages[0].Queue, "it never came from there")
				}
				letter.Payload = nil
				require.Equal(t, tt.want, letter)
			})
		}
	}
}

func TestDeadLetterHoldsTheEventVerbatim(t *testing.T) {
	letter := events.DecodeDeadLetter("D-1", payload(t, "deadletter-async.json"))
	require.JSONEq(t, string(payload(t, "oss-native.json")), string(letter.Payload))
	letter = events.DecodeDeadLetter("D-1", payload(t, "deadletter-stream-object.json"))
	require.Equal(t, payload(t, "deadletter-stream-object.json"), letter.Payload)
	const bare = "RUN yum install -y \"node_exporter\"\n"
	letter = events.DecodeDeadLetter("D-1", []byte(bare))
	messages, _, err := events.DecodeMessages(letter.Payload)
	require.NoError(t, err)
	require.Equal(t, []events.Message{{ID: "D-1", Body: []byte(bare)}}, messages)
}

// The fields of a record are not documented, only seen.
func TestRecordsOfOtherForms(t *testing.T) {
	tests := []struct {
		name, record string
		want         events.DeadLetter
	}{
		{"payload as JSON", `{"requestPayload":{"events":[1]}}`, events.DeadLetter{Payload: []byte(`{"events":[1]}`)}},
		{"no payload", `{"requestContext":{"functionArn":"acs:fc:r:1:functions/upload:LATEST"}}`, events.DeadLetter{Payload: []byte{}, Function: "upload"}},
		{"an ARN of services", `{"requestPayload":"x","requestContext":{"functionArn":"acs:fc:r:1:services/s.LATEST/functions/upload"}}`,
			events.DeadLetter{Payload: []byte("x"), Function: "upload"}},
		{"members of other types", `{"requestPayload":"x","requestContext":[1],"responsePayload":7}`, events.DeadLetter{Payload: []byte("x")}},
		{"a count that is none", `{"requestPayload":"x","requestContext":{"approximateInvokeCount":"four"}}`, events.DeadLetter{Payload: []byte("x")}},
		{"the answer as an object", `{"requestPayload":"x","responsePayload":{"errorMessage":"m","errorType":"t"}}`,
			events.DeadLetter{Payload: []byte("x"), ErrorType: "t", ErrorMessage: "m"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			require.Equal(t, tt.want, events.DecodeDeadLetter("D-1", []byte(tt.record)))
		})
	}
}

// Whatever a function got comes back out of a record and out of an element.
func FuzzDecodeDeadLetter(f *testing.F) {
	for _, file := range []string{"deadletter-async.json", "deadletter-stream-string.json", "deadletter-stream-rawdata.json", "oss-native.json", "topic-stream.txt"} {
		f.Add(string(payload(f, file)))
	}
	f.Add(`{"requestPayload":"\"{}\"","requestContext":null}`)
	f.Fuzz(func(t *testing.T, text string) {
		events.DecodeDeadLetter("D-1", []byte(text))
		text = strings.ToValidUTF8(text, "?")
		record, err := json.Marshal(map[string]string{"requestPayload": text})
		require.NoError(t, err)
		letter := events.DecodeDeadLetter("D-1", record)
		require.Equal(t, text, string(letter.Payload))
		element, err := json.Marshal(map[string]string{"messageId": "M-1", "messageBody": text})
		require.NoError(t, err)
		letter = events.DecodeDeadLetter("D-1", element)
		messages, _, err := events.DecodeMessages(letter.Payload)
		require.NoError(t, err)
		require.Equal(t, []events.Message{{ID: "M-1", Body: []byte(text)}}, messages)
	})
}

package events_test

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/events"
	"imagedrop/shared/fault"
)

func TestDecodeMessages(t *testing.T) {
	const id = "1122334455667788990011223344AAB"
	queued := events.Message{ID: id + "B", Queue: "imagedrop-requests", Time: "2026-05-04T08:20:05.017Z", Body: []byte(body)}
	bare := events.Message{ID: id + "B", Body: []byte(body)}
	encoded := bare
	encoded.Body = []byte(base64.StdEncoding.EncodeToString([]byte(body)))
	published := events.Message{ID: "7C6B5A4938271605F4E3D2C1B0A99887", Topic: "imagedrop-requests", Time: "2026-05-04T08:15:30.412Z", Body: []byte(body)}
	attributed := published
	attributed.Attributes = map[string]string{"tier": "gold", "MessageTag": "golden"}
	named := func(m events.Message, id string) events.Message { m.ID = id; return m }

	tests := []struct {
		file string
		want []events.Message
	}{
		{"queue-stream-objects.json", []events.Message{queued}},
		{"queue-stream-strings.json", []events.Message{queued}},
		{"queue-stream-rawdata.json", []events.Message{encoded}},
		{"queue-stream-mixed.json", []events.Message{queued, named(queued, id+"C"), named(bare, id+"D"), named(bare, id+"E")}},
		{"queue-event-driven.json", []events.Message{queued}},
		{"topic-json.json", []events.Message{published}},
		{"topic-json-attributes.json", []events.Message{attributed}},
		{"topic-stream.txt", []events.Message{{Body: payload(t, "topic-stream.txt")}}},
		{"topic-stream-attributes.json", []events.Message{{Body: []byte(body), Attributes: map[string]string{"Extend": `{"tier":"gold"}`}}}},
	}
	for _, tt := range tests {
		t.Run(tt.file, func(t *testing.T) {
			messages, ignored, err := events.DecodeMessages(payload(t, tt.file))
			require.NoError(t, err)
			require.Empty(t, ignored)
			require.Equal(t, tt.want, messages)
		})
	}
}

func TestDecodeMessageVariants(t *testing.T) {
	tests := []struct {
		name, payload string
		want          events.Message
	}{
		{"bare data alone", `{"messageId":"m","messageBody":"RUN x"}`, events.Message{ID: "m", Body: []byte("RUN x")}},
		{"body as an object", `[{"messageId":"m","messageBody":{"name": "web"}}]`, events.Message{ID: "m", Body: []byte(`{"name": "web"}`)}},
		{"an ID without a body", `[{"messageId":"m"}]`, events.Message{ID: "m", Body: []byte{}}},
		{"a body without an ID", `[{"messageBody":"RUN x"}]`, events.Message{Body: []byte("RUN x")}},
		{"data as a string", `{"specversion":"1.0","data":"{\"messageId\":\"m\",\"messageBody\":\"b\"}"}`, events.Message{ID: "m", Body: []byte("b")}},
		{"a time that is none", `{"specversion":"1.0","time":"noon","data":{"messageId":"m","messageBody":"b"}}`, events.Message{ID: "m", Body: []byte("b")}},
		{"attributes that differ from members by case", `{"TopicOwner":"1","MessageId":"m","Message":"b","message":"x","messageid":"y"}`,
			events.Message{ID: "m", Body: []byte("b"), Attributes: map[string]string{"message": "x", "messageid": "y"}}},
		{"a publish time beyond RFC 3339", `{"TopicOwner":"1","MessageId":"m","Message":"b","PublishTime":999999999999999}`, events.Message{ID: "m", Body: []byte("b")}},
		{"STREAM, JSON body", body, events.Message{Body: []byte(body)}},
		{"STREAM, JSON cut short", `{"name":"we`, events.Message{Body: []byte(`{"name":"we`)}},
		{"STREAM, a body of our own with attrs in it", `{"body":"b","attrs":"none"}`, events.Message{Body: []byte(`{"body":"b","attrs":"none"}`)}},
		{"STREAM, a JSON string", `"RUN x"`, events.Message{Body: []byte(`"RUN x"`)}},
		{"STREAM, binary", "\x00\xff\xfe", events.Message{Body: []byte("\x00\xff\xfe")}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			messages, ignored, err := events.DecodeMessages([]byte(tt.payload))
			require.NoError(t, err)
			require.Empty(t, ignored)
			require.Equal(t, []events.Message{tt.want}, messages)
		})
	}
}

func TestPoisonElementKeepsTheOthers(t *testing.T) {
	good := strings.TrimSpace(string(payload(t, "queue-event-driven.json")))
	messages, ignored, err := events.DecodeMessages([]byte(`[{},` + good + `,"{broken",null,` + good + `]`))
	require.NoError(t, err)
	require.Len(t, messages, 2)
	require.Equal(t, []string{"element 1 holds no queue message", "element 3 holds no queue message", "element 4 holds no queue message"}, ignored)
}

// The guard against a function that feeds itself goes by the queue.
func TestQueueOfASubject(t *testing.T) {
	for subject, queue := range map[string]string{
		"acs:mns:cn-hangzhou:1234567890123456:queues/imagedrop-requests":           "imagedrop-requests",
		"acs:mns:cn-hangzhou:1234567890123456:/queues/imagedrop-requests":          "imagedrop-requests",
		"acs:mns:cn-hangzhou:1234567890123456:/queues/imagedrop-requests/messages": "imagedrop-requests",
		"acs:mns:cn-hangzhou:1234567890123456:topics/imagedrop-requests":           "",
		"": "",
	} {
		messages, _, err := events.DecodeMessages([]byte(`{"specversion":"1.0","subject":"` + subject + `","data":{"messageId":"m","messageBody":"b"}}`))
		require.NoError(t, err)
		require.Equal(t, queue, messages[0].Queue)
	}
}

func TestDecodeTimer(t *testing.T) {
	timer, err := events.DecodeTimer(payload(t, "timer.json"))
	require.NoError(t, err)
	require.Equal(t, events.Timer{TriggerTime: "2026-05-04T18:00:00Z", TriggerName: "nightly", Payload: `{"imagePipelineId":"ip-example0001"}`}, timer)
}

// A function with triggers of several kinds tells their events apart.
func TestDecode(t *testing.T) {
	for name, want := range map[string]string{
		"oss-native.json": "objects", "oss-eventbridge.json": "objects", "timer.json": "timer",
		"queue-stream-objects.json": "messages", "queue-stream-strings.json": "messages", "queue-stream-rawdata.json": "messages",
		"queue-stream-mixed.json": "messages", "queue-event-driven.json": "messages", "topic-json.json": "messages", "topic-stream.txt": "messages",
		"topic-stream-attributes.json": "messages",
	} {
		event, ignored, err := events.Decode(payload(t, name))
		require.NoError(t, err, name)
		require.Empty(t, ignored, name)
		require.Equal(t, []bool{want == "objects", want == "messages", want == "timer"},
			[]bool{len(event.Objects) > 0, len(event.Messages) > 0, event.Timer != nil}, name)
	}
	_, _, err := events.Decode([]byte(" "))
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

package fc_test

import (
	"encoding/json"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/fc"
	"imagedrop/shared/local/store"
)

func topics(triggers ...fc.TopicTrigger) option {
	return with(func(o *fc.Options) { o.Topics = triggers })
}

func (w *world) publish(m fc.TopicMessage) {
	w.t.Helper()
	require.NoError(w.t, w.store.Update(func(tx *store.Tx) error { return w.host.Publish(tx, m) }))
}

// waiting returns the payloads of the events in the store, in order.
func (w *world) waiting() (payloads []string) {
	w.t.Helper()
	require.NoError(w.t, w.store.View(func(tx *store.Tx) error {
		tx.Scan("fc-events", "", "", func(_ string, value []byte) bool {
			var e struct{ Payload []byte }
			require.NoError(w.t, json.Unmarshal(value, &e))
			payloads = append(payloads, string(e.Payload))
			return true
		})
		return nil
	}))
	return payloads
}

const published = `{"TopicOwner":"1234567890123456","Message":"build \"web\" <b>","Subscriber":"1234567890123456","PublishTime":1777882530412,` +
	`"SubscriptionName":"actor-requests","MessageMD5":"CF301216B456A136D492D076383C5B0C","TopicName":"t","MessageId":"M-1"`

func TestFormsOfATopicsEvent(t *testing.T) {
	at := utc("2026-05-04T08:15:30.412Z")
	tests := []struct {
		name       string
		stream     bool
		attributes map[string]string
		want       string
	}{
		{"JSON", false, nil, published + `}`},
		{"JSON with attributes", false, map[string]string{"Extend": `{"tier":"gold","n":1,"MessageId":"mine"}`}, published + `,"tier":"gold","n":1}`},
		{"JSON with attributes that are no object", false, map[string]string{"Extend": `gold`, "DirectMail": "{}"}, published + `,"Extend":"gold","DirectMail":"{}"}`},
		{"STREAM with attributes", true, map[string]string{"Extend": `{"tier":"gold"}`}, `{"body":"build \"web\" <b>","attrs":{"Extend":"{\"tier\":\"gold\"}"}}`},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			w := prepare(t, []fc.Function{function("actor")}, topics(fc.TopicTrigger{Name: "requests", Function: "actor", Topic: "t", Stream: tt.stream}))
			w.publish(fc.TopicMessage{Topic: "t", ID: "M-1", Body: []byte(`build "web" <b>`), Attributes: tt.attributes, PublishTime: at})
			require.Len(t, w.waiting(), 1)
			require.JSONEq(t, tt.want, w.waiting()[0])
		})
	}
	t.Run("STREAM", func(t *testing.T) {
		w := prepare(t, []fc.Function{function("actor")}, topics(fc.TopicTrigger{Name: "requests", Function: "actor", Topic: "t", Stream: true}))
		w.publish(fc.TopicMessage{Topic: "t", ID: "M-1", Body: []byte(`build "web" <b>`), PublishTime: at})
		require.Equal(t, []string{`build "web" <b>`}, w.waiting())
	})
}

func TestAMessageGoesToTheTriggersThatItIsFor(t *testing.T) {
	stream := func(name, topic, tag string) fc.TopicTrigger {
		return fc.TopicTrigger{Name: name, Function: "actor", Topic: topic, FilterTag: tag, Stream: true}
	}
	w := prepare(t, []fc.Function{function("actor")}, topics(stream("all", "t", ""), stream("web", "t", "web"), stream("other", "u", "")))
	for _, tt := range []struct {
		topic, tag string
		events     int
	}{{"t", "", 1}, {"t", "web", 2}, {"t", "we", 1}, {"u", "web", 1}, {"v", "web", 0}} {
		before := len(w.waiting())
		w.publish(fc.TopicMessage{Topic: tt.topic, Tag: tt.tag, ID: "M", Body: []byte("x")})
		require.Len(t, w.waiting(), before+tt.events, "%+v", tt)
	}
}

// Escaped, a message can be larger than an event: it is dropped aloud, and the
// publish holds.
func TestAMessageTooLargeForAnEventIsReported(t *testing.T) {
	w := start(t, []fc.Function{function("actor")}, topics(fc.TopicTrigger{Name: "requests", Function: "actor", Topic: "t"}))
	w.publish(fc.TopicMessage{Topic: "t", ID: "M-1", Body: []byte(strings.Repeat("\x01", 64<<10))})
	w.awaitLine(func(s string) bool {
		return strings.Contains(s, "trigger requests: message M-1 is not delivered: the payload is too large: 393") // 6 bytes each
	})
	require.Empty(t, w.waiting())
}

func TestATopicTriggerNeedsItsFunction(t *testing.T) {
	_, err := fc.New(account.New(), memory(t), fc.Options{Topics: []fc.TopicTrigger{{Name: "requests", Function: "actress"}}})
	require.EqualError(t, err, `trigger "requests" of function "actress": no such function`)
}

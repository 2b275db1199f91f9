package imagebuild

import (
	"bytes"
	"compress/gzip"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
)

// noise is text that no archive makes smaller than its own base64.
func noise(n int) string {
	raw := make([]byte, n)
	source := rand.NewChaCha8([32]byte{})
	_, _ = source.Read(raw)
	return base64.StdEncoding.EncodeToString(raw)[:n]
}

func parkedEvent(event string) Parked {
	return Parked{Type: parkedType, Version: parkedVersion, ID: digest("m"), Reason: Reason{Kind: "unknown", Message: "given up"},
		Function: "upload", Trigger: TriggerOSS, OriginalID: "65A1", Jobs: []string{"65A1"}, ParkedAt: "2026-05-04T08:15:30Z", Event: event}
}

// Every event comes back verbatim, or the message says that it did not fit.
func TestParkedEventComesBack(t *testing.T) {
	for name, test := range map[string]struct {
		event, encoding string
		whole           bool
	}{
		"text":                       {`[{"data":{"messageBody":"RUN true\n<&>\u2028"}}]`, "", true},
		"empty":                      {"", "", true},
		"noncharacters":              {"\uFFFE\uFFFF\x00\x01", "", true},
		"no UTF-8":                   {"\xff\xfe", gzipped, true},
		"the largest that fits":      {strings.Repeat("x", 60_000), "", true},
		"quotes, twice the size":     {strings.Repeat(`"`, 60_000), gzipped, true},
		"large, compressible":        {strings.Repeat(`{"a":1}`, 20_000), gzipped, true},
		"large, not compressible":    {noise(120_000), "", false},
		"more than is ever unzipped": {strings.Repeat("x", MaxRaw+1), "", false},
	} {
		t.Run(name, func(t *testing.T) {
			body, whole, err := parkedEvent(test.event).encode()
			require.NoError(t, err)
			require.Equal(t, test.whole, whole)
			require.LessOrEqual(t, len(body), maxBody)
			require.NotContains(t, string(body), "\uFFFE")
			var sent Parked
			require.NoError(t, json.Unmarshal(body, &sent))
			require.Equal(t, test.encoding, sent.EventEncoding)
			got, err := DecodeParked(body)
			require.NoError(t, err)
			want := parkedEvent(test.event)
			if !whole {
				want.Event, want.EventBytes = "", len(test.event)
			}
			require.Equal(t, want, got)
		})
	}
}

// What the stream of deadletter itself gave up on is for deadletter again.
func TestDecodeParkedReadsRawElements(t *testing.T) {
	const element = `{"specversion":"1.0","subject":"acs:mns:cn-hangzhou:1:queues/imagedrop-dlq","time":"2026-05-04T08:20:05.017Z","data":{"messageId":"M-1","messageBody":"{}"}}`
	quoted, err := json.Marshal(element)
	require.NoError(t, err)
	for _, body := range []string{element, string(quoted)} {
		p, err := DecodeParked([]byte(body))
		require.NoError(t, err)
		require.Equal(t, []string{"deadletter", "queue", "M-1", "2026-05-04T08:20:05.017Z", "[" + element + "]", digest("M-1")},
			[]string{p.Function, p.Trigger, p.OriginalID, p.ParkedAt, p.Event, p.ID})
		require.NotEmpty(t, p.Reason.Message)
	}
}

// What was sent again comes back as the record of an asynchronous invocation.
func TestDecodeParkedReadsRecords(t *testing.T) {
	const element = `{"specversion":"1.0","subject":"acs:mns:cn-hangzhou:1:queues/imagedrop-dlq","time":"2026-05-04T08:20:05.017Z","data":{"messageId":"M-1","messageBody":"{}"}}`
	for _, test := range []struct{ payload, arn, function, trigger, originalID string }{
		{"[" + element + "]", "acs:fc:cn-hangzhou:1:functions/last-word", "last-word", "queue", "M-1"},
		{`{"events":[]}`, "acs:fc:cn-hangzhou:1:functions/upload/LATEST", "upload", "", "1-2"},
		{"\u2620", "acs:fc:cn-hangzhou:1:functions/message", "message", "", "1-2"},
	} {
		body, err := json.Marshal(map[string]any{"timestamp": 1777882599000, "requestPayload": test.payload,
			"requestContext": map[string]any{"requestId": "1-2", "functionArn": test.arn}})
		require.NoError(t, err)
		p, err := DecodeParked(body)
		require.NoError(t, err)
		require.Equal(t, []string{test.function, test.trigger, test.originalID, "2026-05-04T08:16:39Z", test.payload, digest(test.originalID)},
			[]string{p.Function, p.Trigger, p.OriginalID, p.ParkedAt, p.Event, p.ID})
		require.Equal(t, "the function "+test.function+" failed on it each time", p.Reason.Message)
	}
}

func TestDecodeParkedRefuses(t *testing.T) {
	var bomb bytes.Buffer
	w := gzip.NewWriter(&bomb)
	_, _ = w.Write(make([]byte, 10*MaxRaw))
	require.NoError(t, w.Close())
	parked := func(event, encoding string) string {
		p := parkedEvent(event)
		p.EventEncoding = encoding
		body, err := json.Marshal(p)
		require.NoError(t, err)
		return string(body)
	}
	for name, body := range map[string]string{
		"nothing":          "",
		"text":             "RUN true",
		"an array":         "[]",
		"another type":     `{"type":"imagedrop.follow-up.v1","version":1}`,
		"a later version":  `{"type":"imagedrop.parked.v1","version":2}`,
		"no ID":            `{"specversion":"1.0","data":{}}`,
		"no function":      `{"requestPayload":"{}","requestContext":{"requestId":"1-2"}}`,
		"no event":         `{"requestContext":{"requestId":"1-2","functionArn":"acs:fc:cn-hangzhou:1:functions/upload"}}`,
		"unknown encoding": parked("x", "zstd"),
		"no base64":        parked("?", gzipped),
		"no gzip":          parked("AAAA", gzipped),
		"cut gzip":         parked(zip("event")[:16], gzipped),
		"a bomb":           parked(base64.StdEncoding.EncodeToString(bomb.Bytes()), gzipped),
	} {
		t.Run(name, func(t *testing.T) {
			_, err := DecodeParked([]byte(body))
			require.Equal(t, fault.Invalid, fault.KindOf(err))
		})
	}
}

func FuzzDecodeParked(f *testing.F) {
	for _, event := range []string{"", "RUN true", "\xff", strings.Repeat(`"`, 40_000)} {
		body, _, err := parkedEvent(event).encode()
		require.NoError(f, err)
		f.Add(body)
	}
	f.Add([]byte(`{"specversion":"1.0","data":{"messageId":"M-1"}}`))
	f.Add([]byte(`"{\"specversion\":\"1.0\",\"data\":{\"messageId\":\"M-1\"}}"`))
	f.Add([]byte(`{"requestPayload":"[]","requestContext":{"requestId":"1-2","functionArn":":functions/deadletter"}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		p, err := DecodeParked(body)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			return
		}
		require.LessOrEqual(t, len(p.Event), max(MaxRaw, len(body)+2))
		again, whole, err := p.encode()
		require.NoError(t, err)
		if !whole {
			return
		}
		q, err := DecodeParked(again)
		require.NoError(t, err)
		require.Equal(t, hex.EncodeToString([]byte(p.Event)), hex.EncodeToString([]byte(q.Event)))
	})
}

package mnsqueue_test

import (
	"context"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/mnsqueue"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/sdktest"
)

const outcome = `{"id":"1","data":{"canary":"in the outcome"}}`

// sent is what a service reads of a SendMessage.
type sent struct {
	XMLName      xml.Name `xml:"Message"`
	MessageBody  string
	DelaySeconds *int
	Priority     *int
}

func accept(w http.ResponseWriter, _ *http.Request) {
	w.WriteHeader(http.StatusCreated)
	io.WriteString(w, `<?xml version="1.0"?><Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageId>5F290C926D472878-2-14D9529A8FA-200000001</MessageId><MessageBodyMD5>X</MessageBodyMD5></Message>`)
}

// refuse answers the service's error document.
func refuse(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "text/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, `<?xml version="1.0"?><Error xmlns="http://mns.aliyuncs.com/doc/v1/"><Code>%s</Code><Message>%s</Message><RequestId>69F8560836314539A7000001</RequestId><HostId>http://x</HostId></Error>`, code, message)
	}
}

func client(t *testing.T, handler http.HandlerFunc) *mnsqueue.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return connect(t, server.URL)
}

// connect gives the endpoint the form that the SDK asks for.
func connect(t *testing.T, address string) *mnsqueue.Client {
	t.Helper()
	endpoint := strings.Replace(address, "127.0.0.1", "localhost", 1) + "/1234567890123456.mns.cn-hangzhou.aliyuncs.com"
	c, err := mnsqueue.New(mnsqueue.Options{Endpoint: endpoint, Queue: "imagedrop-outcomes"})
	require.NoError(t, err)
	return c
}

func publish(t *testing.T, body string, handler http.HandlerFunc) error {
	t.Helper()
	return client(t, handler).Publish(sdktest.Signed(t), []byte(body))
}

func TestPublishSendsTheBodyAsGiven(t *testing.T) {
	for _, body := range []string{
		outcome,
		"eyJpZCI6IjEifQ==",
		"{\"a\":\"tab\\t, \ttab\",\n\"b\":\"\r\n<&>'\\\" ]]> 中文 \U0001F600 \uFFFD\"}",
		strings.Repeat(`"`, 65_536),
	} {
		err := publish(t, body, func(w http.ResponseWriter, r *http.Request) {
			var message sent
			assert.NoError(t, xml.NewDecoder(r.Body).Decode(&message))
			assert.Equal(t, body, message.MessageBody)
			assert.Equal(t, 8, *message.Priority)
			assert.Equal(t, 0, *message.DelaySeconds)
			assert.Equal(t, "POST", r.Method)
			assert.Equal(t, "/1234567890123456.mns.cn-hangzhou.aliyuncs.com/queues/imagedrop-outcomes/messages", r.URL.Path)
			assert.True(t, strings.HasPrefix(r.Header.Get("Authorization"), "MNS STS.CanaryKeyID:"))
			assert.Equal(t, sdktest.Canaries.SecurityToken, r.Header.Get("security-token"))
			accept(w, r)
		})
		require.NoError(t, err)
	}
}

func TestSendCountsWholeSecondsUp(t *testing.T) {
	for delay, want := range map[time.Duration]int{
		0: 0, 1: 1, time.Second: 1, 1500 * time.Millisecond: 2, 30 * time.Second: 30, 7*24*time.Hour - 1: 604_800, 7 * 24 * time.Hour: 604_800,
	} {
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			var message sent
			assert.NoError(t, xml.NewDecoder(r.Body).Decode(&message))
			assert.Equal(t, want, *message.DelaySeconds)
			assert.Equal(t, outcome, message.MessageBody)
			accept(w, r)
		})
		require.NoError(t, c.Send(sdktest.Signed(t), []byte(outcome), delay), "%v", delay)
	}
	c := client(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	for _, delay := range []time.Duration{-1, 7*24*time.Hour + 1} {
		require.Equal(t, fault.Unknown, fault.KindOf(c.Send(sdktest.Signed(t), []byte(outcome), delay)))
	}
}

func TestTextThatXMLCannotCarryIsRefused(t *testing.T) {
	c := client(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	for _, text := range []string{"\x01", "\x1b", "\x00", "\xff", "\xed\xa0\x80", "\uFFFE", "\uFFFF"} {
		err := c.Publish(sdktest.Signed(t), []byte(`canary`+text))
		f := fault.Of(err)
		require.NotNil(t, f, "%q", text)
		require.Equal(t, fault.Unknown, f.Kind)
		require.Equal(t, "InvalidArgument", f.Code)
		require.Contains(t, f.Message, "byte 6")
		sdktest.RequireSafe(t, err)
	}
}

func TestServiceErrors(t *testing.T) {
	page := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.WriteHeader(status)
			io.WriteString(w, "<html><body>canary")
		}
	}
	const generic = "the service refused the request with HTTP status "
	tests := []struct {
		name    string
		answer  http.HandlerFunc
		kind    fault.Kind
		code    string
		status  int
		message string
	}{
		{"no queue", refuse(404, "QueueNotExist", "The queue name you provided is not exist."), fault.Permanent, "QueueNotExist", 404,
			"The queue name you provided is not exist."},
		{"no permission", refuse(403, "AccessDenied", "no"), fault.Permanent, "AccessDenied", 403, "no"},
		{"unknown key", refuse(403, "InvalidAccessKeyId", "STS.CanaryKeyID is unknown"), fault.Permanent, "InvalidAccessKeyId", 403, generic + "403"},
		{"wrong secret", refuse(403, "SignatureDoesNotMatch", "Not equal. Server string to sign is: canary"), fault.Permanent,
			"SignatureDoesNotMatch", 403, "Not equal.…"},
		{"clock", refuse(408, "TimeExpired", "expired"), fault.Permanent, "TimeExpired", 408, "expired"},
		{"argument", refuse(400, "InvalidArgument", `The value {"id":"1","data":{ is wrong`), fault.Permanent, "InvalidArgument", 400, "The value…"},
		{"XML", refuse(400, "MalformedXML", "bad"), fault.Permanent, "MalformedXML", 400, "bad"},
		{"too many, 403", refuse(403, "QpsLimitExceeded", "slow"), fault.Retryable, "QpsLimitExceeded", 403, "slow"},
		{"too many, 400", refuse(400, "QpsLimitExceeded", "slow"), fault.Retryable, "QpsLimitExceeded", 400, "slow"},
		{"throttled", refuse(400, "Throttling.User", "slow"), fault.Retryable, "Throttling.User", 400, "slow"},
		{"old token", refuse(403, "InvalidSecurityToken.Expired", "old"), fault.Retryable, "InvalidSecurityToken.Expired", 403, "old"},
		{"internal", refuse(500, "InternalError", "oops"), fault.Retryable, "InternalError", 500, "oops"},
		{"internal, other name", refuse(500, "InternalServerError", "oops"), fault.Retryable, "InternalServerError", 500, "oops"},
		{"unlisted 5xx", refuse(503, "SomethingNew", "oops"), fault.Retryable, "SomethingNew", 503, "oops"},
		{"unlisted 4xx", refuse(409, "SomethingNew", "oops"), fault.Permanent, "SomethingNew", 409, "oops"},
		{"HTML 502", page(502), fault.Retryable, "", 502, generic + "502"},
		{"HTML 404", page(404), fault.Permanent, "", 404, generic + "404"},
		{"redirect", page(307), fault.Unknown, "", 307, generic + "307"},
		{"HTML 200", page(200), fault.Retryable, "", 200, "the answer carries no MessageId"},
		{"empty 201", func(w http.ResponseWriter, _ *http.Request) { w.WriteHeader(201) }, fault.Retryable, "", 201, "the answer carries no MessageId"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			err := publish(t, outcome, func(w http.ResponseWriter, r *http.Request) {
				calls++
				tt.answer(w, r)
			})
			f := fault.Of(err)
			require.NotNil(t, f, "%v", err)
			require.Equal(t, tt.kind, f.Kind)
			require.Equal(t, tt.code, f.Code)
			require.Equal(t, tt.status, f.HTTPStatus)
			if !strings.HasPrefix(tt.message, "the answer") {
				tt.message = "queues/imagedrop-outcomes: " + tt.message
			}
			require.Equal(t, tt.message, f.Message)
			if tt.code != "" {
				require.Equal(t, "69F8560836314539A7000001", f.RequestID)
			}
			require.Equal(t, 1, calls)
			sdktest.RequireSafe(t, err)
		})
	}
}

func TestNoAnswer(t *testing.T) {
	tests := map[string]*mnsqueue.Client{
		"refused":            connect(t, sdktest.Refusing()),
		"hangup":             client(t, sdktest.HangUp(t, "")),
		"hangup in the head": client(t, sdktest.HangUp(t, "HTTP/1.1 201 Created\r\nContent-Le")),
		"hangup in the body": client(t, sdktest.HangUp(t, "HTTP/1.1 201 Created\r\nContent-Length: 99\r\n\r\n<Message>")),
		"no HTTP":            client(t, sdktest.HangUp(t, "canary\r\n\r\n")),
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			err := c.Publish(sdktest.Signed(t), []byte(outcome))
			require.Equal(t, fault.Retryable, fault.KindOf(err), "%v", err)
			sdktest.RequireSafe(t, err)
		})
	}
}

func TestCancelledCallReturns(t *testing.T) {
	ctx, cancel := context.WithCancel(sdktest.Signed(t))
	release := make(chan struct{})
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-release
		accept(w, r)
	})
	err := c.Publish(ctx, []byte(outcome))
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, fault.Retryable, fault.KindOf(err))
	sdktest.RequireSafe(t, err)
	close(release)

	err = c.Publish(ctx, []byte(outcome))
	require.ErrorIs(t, err, context.Canceled, "an ended context sends nothing")
}

func TestPublishNeedsCredentials(t *testing.T) {
	c := client(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	require.Equal(t, fault.Permanent, fault.KindOf(c.Publish(t.Context(), []byte(outcome))))
}

func TestNewChecksItsOptions(t *testing.T) {
	const good = "https://1234567890123456.mns.cn-hangzhou.aliyuncs.com"
	for _, endpoint := range []string{good, good + "/", "https://1234567890123456.mns.cn-hangzhou-internal.aliyuncs.com",
		"http://localhost:4703/1234567890123456.mns.cn-hangzhou.aliyuncs.com", "http://127.0.0.1:4703/1234567890123456.mns"} {
		_, err := mnsqueue.New(mnsqueue.Options{Endpoint: endpoint, Queue: "imagedrop-outcomes"})
		require.NoError(t, err, endpoint)
	}
	tests := []struct{ endpoint, queue, want string }{
		{"", "q", "not an endpoint"},
		{"http://1234567890123456.mns.cn-hangzhou.aliyuncs.com", "q", "loopback only"},
		{"http://127.0.0.1:4703/1234567890123456.mns.cn-hangzhou.aliyuncs.com", "q", "7 dots"},
		{"http://localhost:4703", "q", "0 dots"},
		{"https://acct.mns-vpc.cn-hangzhou.mns.aliyuncs.com", "q", "5 dots"},
		{good, "", "queue name"},
		{good, "a/b", "queue name"},
		{good, "-a", "queue name"},
		{good, "a?x=1", "queue name"},
	}
	for _, tt := range tests {
		_, err := mnsqueue.New(mnsqueue.Options{Endpoint: tt.endpoint, Queue: tt.queue})
		require.ErrorContains(t, err, tt.want, "%+v", tt)
	}
}

func TestConcurrentInvocationsKeepTheirCredentials(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		var message sent
		assert.NoError(t, xml.NewDecoder(r.Body).Decode(&message))
		assert.Equal(t, message.MessageBody, r.Header.Get("security-token"))
		accept(w, r)
	})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			own := sdktest.Canaries
			own.SecurityToken = fmt.Sprint("token ", i)
			for range 20 {
				assert.NoError(t, c.Publish(sdkclient.WithCredentials(t.Context(), own), []byte(own.SecurityToken)))
			}
		})
	}
	wg.Wait()
}

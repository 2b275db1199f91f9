package mns_test

import (
	"encoding/xml"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
)

// leapClock is already there when someone waits.
type leapClock struct {
	mu  sync.Mutex
	now time.Time
}

func (c *leapClock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.now
}

func (c *leapClock) At(t time.Time) (<-chan time.Time, func()) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if t.After(c.now) {
		c.now = t
	}
	ch := make(chan time.Time, 1)
	ch <- c.now
	return ch, func() {}
}

// The errors' codes are those of the documents; a fuzzed request reaches no
// internal error.
var documented = map[string]bool{}

func init() {
	for _, code := range strings.Fields(`AccessDenied InvalidAccessKeyId InvalidArgument InvalidAuthorizationHeader
		InvalidDateHeader InvalidDegist InvalidQueryString InvalidQueueName InvalidRequestURL InvalidVersionHeader MalformedXML
		MessageNotExist MissingAuthorizationHeader MissingDateHeader MissingReceiptHandle MissingVersionHeader
		MissingVisibilityTimeout QueueAlreadyExist QueueNameLengthError QueueNotExist QueueNumExceededLimit ReceiptHandleError
		SignatureDoesNotMatch TimeExpired EndpointInvalid SubscriberNotExist SubsriptionNameInvalid SubscriptionAlreadyExist
		SubscriptionNameLengthError SubscriptionNumExceededLimit TopicAlreadyExist TopicNameInvalid TopicNameLengthError TopicNotExist`) {
		documented[code] = true
	}
}

func FuzzRequests(f *testing.F) {
	entry := "<Message><MessageBody>x</MessageBody><DelaySeconds>1</DelaySeconds><Priority>3</Priority></Message>"
	for _, seed := range [][4]string{
		{"POST", "/queues/q/messages", entry, ""},
		{"POST", prefix + "/queues/q/messages", declared + "<Messages xmlns='x'>" + entry + entry + "</Messages>", ""},
		{"POST", "/queues/q/messages", "<!DOCTYPE a [<!ENTITY b 'c'>]><Message><MessageBody>&b;</MessageBody></Message>", ""},
		{"GET", "/queues/q/messages?waitseconds=30&numOfMessages=16", "", ""},
		{"GET", "/queues/q/messages?peekonly=true", "", ""},
		{"DELETE", "/queues/q/messages?ReceiptHandle=1-MDAwMDAwMDAwMDAwMDAwMS0wMDAwMDAwMQ==", "", ""},
		{"DELETE", "/queues/q/messages", "<ReceiptHandles><ReceiptHandle>x</ReceiptHandle></ReceiptHandles>", ""},
		{"PUT", "/queues/q/messages?receiptHandle=1-MDAwMDAwMDAwMDAwMDAwMS0wMDAwMDAwMQ==&visibilityTimeout=9", "", ""},
		{"PUT", "/queues/new", "<Queue><DelaySeconds>1</DelaySeconds><LoggingEnabled>True</LoggingEnabled></Queue>", "marker"},
		{"PUT", "/queues/q?metaoverride=true", "<Queue><PollingWaitSeconds>1</PollingWaitSeconds></Queue>", ""},
		{"GET", "/queues", "", "q\x00"},
		{"GET", "/topics", "", "t"},
		{"PUT", "/topics/t", "<Topic><MaximumMessageSize>1024</MaximumMessageSize><LoggingEnabled>True</LoggingEnabled></Topic>", ""},
		{"PUT", "/topics/t?metaoverride=true", "<Topic><LoggingEnabled>false</LoggingEnabled></Topic>", ""},
		{"POST", "/topics/t/messages", "<Message><MessageBody>x</MessageBody><MessageTag>a</MessageTag><MessageAttributes><Extend>{}</Extend></MessageAttributes></Message>", ""},
		{"PUT", "/topics/t/subscriptions/s", "<Subscription><Endpoint>acs:mns:cn-hangzhou:1234567890123456:queues/q</Endpoint><FilterTag>a</FilterTag>" +
			"<NotifyStrategy>BACKOFF_RETRY</NotifyStrategy><NotifyContentFormat>JSON</NotifyContentFormat></Subscription>", ""},
		{"PUT", "/topics/t/subscriptions/s?metaoverride=true", "<Subscription><NotifyStrategy>EXPONENTIAL_DECAY_RETRY</NotifyStrategy></Subscription>", ""},
		{"GET", "/topics/t/subscriptions", "", "s\x00"},
		{"GET", "/topics/t/subscriptions/s", "", ""},
		{"DELETE", "/topics/t/subscriptions/s", "", ""},
		{"DELETE", "/topics/other", "", ""},
		{"GET", "http://host", "", ""}, {"OPTIONS", "*", "", ""}, {"GET", "", "", ""}, {"GET", "/.//queues", "", ""},
	} {
		f.Add(seed[0], seed[1], seed[2], seed[3])
	}
	clock := &leapClock{now: time.Now()}
	c := newCloud(f, clock, mns.Options{})
	c.queue(f, "q")
	require.NoError(f, c.CreateTopic("t"))
	f.Fuzz(func(t *testing.T, method, target, body, marker string) {
		r := &http.Request{Method: method, RequestURI: target, Host: "localhost", Header: http.Header{}, Body: io.NopCloser(strings.NewReader(body))}
		r.Header.Set("Date", clock.Now().UTC().Format(http.TimeFormat))
		r.Header.Set("x-mns-version", "2015-06-06")
		r.Header.Set("x-mns-marker", marker)
		r.Header.Set("Authorization", "MNS "+account.AccessKeyID+":"+signature(r, strings.TrimPrefix(target, prefix), account.AccessKeySecret))
		w := httptest.NewRecorder()
		c.ServeHTTP(w, r)
		requireProper(t, w)
	})
}

// requireProper expects an answer of the API: its headers, and a document
// where there is a body.
func requireProper(t *testing.T, w *httptest.ResponseRecorder) {
	require.Regexp(t, "^[0-9A-F]{24}$", w.Header().Get("x-mns-request-id"))
	require.Equal(t, "2015-06-06", w.Header().Get("x-mns-version"))
	if w.Body.Len() == 0 {
		require.Contains(t, []int{http.StatusCreated, http.StatusNoContent}, w.Code)
		return
	}
	var doc document
	require.NoError(t, xml.Unmarshal(w.Body.Bytes(), &doc), w.Body.String())
	require.Equal(t, "http://mns.aliyuncs.com/doc/v1/", doc.XMLName.Space)
	switch doc.XMLName.Local {
	case "Error":
		require.True(t, documented[doc.Code], doc.Code)
		require.GreaterOrEqual(t, w.Code, 400)
		require.NotEmpty(t, doc.RequestId)
		require.NotEmpty(t, doc.HostId)
	case "Errors":
		require.Equal(t, http.StatusNotFound, w.Code)
	case "Messages":
		require.Contains(t, []int{http.StatusOK, http.StatusCreated, http.StatusInternalServerError}, w.Code)
	default:
		require.Less(t, w.Code, 300)
	}
}

package mns_test

import (
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/mns"
)

const declared = `<?xml version="1.0" encoding="UTF-8"?>`

func digests(body string) (ofText, ofBytes string) {
	sum := md5.Sum([]byte(body))
	return base64.StdEncoding.EncodeToString([]byte(hex.EncodeToString(sum[:]))), base64.StdEncoding.EncodeToString(sum[:])
}

// The form of npm @alicloud/mns 1.2.0: no account prefix, text/xml with
// declaration and namespace, x-mns-date beside Date, a digest of what it
// sends and none on GET, handles unescaped, items in lower camel case.
func TestFormOfTheNPMClient(t *testing.T) {
	c, clock := setUp(t)
	date := clock.Now().Format(http.TimeFormat)
	npm := func(method, target, body string) reply {
		header := map[string]string{"x-mns-date": date, "Date": date}
		if method != "GET" {
			header["Content-Type"] = "text/xml"
			header["Content-MD5"], _ = digests(body)
		}
		return c.do(t, call{method: method, target: target, body: body, header: header})
	}
	r := npm("PUT", "/queues/made", declared+`<Queue xmlns="http://mns.aliyuncs.com/doc/v1/"></Queue>`)
	require.Equal(t, http.StatusCreated, r.status)
	require.Equal(t, c.server.URL+"/queues/made", r.header.Get("Location"))

	sent := npm("POST", "/queues/made/messages",
		declared+`<Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageBody>SGVsbG8=</MessageBody></Message>`)
	require.Equal(t, http.StatusCreated, sent.status, sent.body)
	got := npm("GET", "/queues/made/messages?waitseconds=3", "")
	require.Equal(t, http.StatusOK, got.status)
	require.Equal(t, "SGVsbG8=", got.doc.MessageBody)

	changed := npm("PUT", "/queues/made/messages?receiptHandle="+got.doc.ReceiptHandle+"&visibilityTimeout=60", "")
	require.Equal(t, http.StatusOK, changed.status, changed.body)
	require.Equal(t, "ChangeVisibility", changed.doc.XMLName.Local)
	require.Equal(t, clock.Now().Add(time.Minute).UnixMilli(), changed.doc.NextVisibleTime)
	require.True(t, strings.HasSuffix(changed.doc.ReceiptHandle, "=="))
	require.Equal(t, http.StatusNoContent, npm("DELETE", "/queues/made/messages?ReceiptHandle="+changed.doc.ReceiptHandle, "").status)

	list := npm("GET", "/queues", "")
	require.Equal(t, c.server.URL+"/queues/made", list.doc.Queue[0].QueueURL)
}

func TestAnswersHaveTheDocumentedForm(t *testing.T) {
	c, clock := setUp(t)
	send := c.do(t, call{method: "POST", target: prefix + "/queues/q/messages", body: `<Message><MessageBody>{"status":"Success"}</MessageBody></Message>`})
	require.Equal(t, http.StatusCreated, send.status)
	require.Equal(t, "text/xml;charset=utf-8", send.header.Get("Content-Type"))
	require.Equal(t, "2015-06-06", send.header.Get("x-mns-version"))
	require.Regexp(t, "^[0-9A-F]{24}$", send.header.Get("x-mns-request-id"))
	require.NotEmpty(t, send.header.Get("Date"))
	require.Regexp(t, `^<\?xml version="1.0" encoding="utf-8"\?>\n<Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageId>[0-9A-F]{16}-\d-[0-9A-F]{11}-\d{9}</MessageId><MessageBodyMD5>7603C40BA4B5E3BE9337A684863BA21B</MessageBodyMD5></Message>$`, send.body)

	now := clock.Now().UnixMilli()
	require.Regexp(t, fmt.Sprintf(`<Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageId>%s</MessageId><MessageBodyMD5>[0-9A-F]{32}</MessageBodyMD5><MessageBody>[^<]*</MessageBody><EnqueueTime>%d</EnqueueTime><FirstDequeueTime>%d</FirstDequeueTime><DequeueCount>0</DequeueCount><Priority>8</Priority></Message>$`,
		send.doc.MessageId, now, now), c.do(t, call{method: "GET", target: "/queues/q/messages?peekonly=true"}).body)
	got := c.do(t, call{method: "GET", target: "/queues/q/messages"})
	require.Regexp(t, fmt.Sprintf(`<Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageId>%s</MessageId><ReceiptHandle>[^<]+</ReceiptHandle><MessageBodyMD5>[0-9A-F]{32}</MessageBodyMD5><MessageBody>[^<]*</MessageBody><EnqueueTime>%d</EnqueueTime><NextVisibleTime>%d</NextVisibleTime><FirstDequeueTime>%d</FirstDequeueTime><DequeueCount>1</DequeueCount><Priority>8</Priority></Message>$`,
		send.doc.MessageId, now, now+30_000, now), got.body)

	deleted := c.do(t, call{method: "DELETE", target: "/queues/q/messages?ReceiptHandle=" + got.doc.ReceiptHandle})
	require.Equal(t, http.StatusNoContent, deleted.status)
	require.Empty(t, deleted.body)
	require.NotEmpty(t, deleted.header.Get("x-mns-request-id"))

	missing := c.do(t, call{method: "GET", target: prefix + "/queues/q/messages"})
	require.Equal(t, http.StatusNotFound, missing.status)
	require.Equal(t, `<?xml version="1.0" encoding="utf-8"?>`+"\n"+`<Error xmlns="http://mns.aliyuncs.com/doc/v1/"><Code>MessageNotExist</Code><Message>Message not exist.</Message><RequestId>`+
		missing.header.Get("x-mns-request-id")+`</RequestId><HostId>`+c.server.URL+prefix+`</HostId></Error>`, missing.body)
}

func TestQueueURLsFollowTheHost(t *testing.T) {
	c, _ := setUp(t)
	r := c.do(t, call{method: "GET", target: prefix + "/queues"})
	require.Equal(t, c.server.URL+prefix+"/queues/q", r.doc.Queue[0].QueueURL)
	require.Empty(t, r.doc.NextMarker)
	r = c.do(t, call{method: "PUT", target: prefix + "/queues/other"})
	require.Equal(t, http.StatusCreated, r.status, "attributes are optional")
	require.Equal(t, c.server.URL+prefix+"/queues/other", r.header.Get("Location"))
}

func TestHeaders(t *testing.T) {
	c, clock := setUp(t)
	body := "<Message><MessageBody>x</MessageBody></Message>"
	ofText, ofBytes := digests(body)
	other, _ := digests("other")
	at := func(d time.Duration) string { return clock.Now().Add(d).Format(http.TimeFormat) }
	good := "MNS " + "LOCALimagedropKEY0000001:x"
	for _, tc := range []struct {
		name   string
		header map[string]string
		code   string
		status int
	}{
		{"digest of the hex text", map[string]string{"Content-MD5": ofText}, "", 201},
		{"digest of the bytes", map[string]string{"Content-MD5": ofBytes}, "", 201},
		{"digest of something else", map[string]string{"Content-MD5": other}, "InvalidDegist", 400},
		{"digest in plain hex", map[string]string{"Content-MD5": "d86904efeea7a1f3143c111048506870"}, "InvalidDegist", 400},
		{"x-mns-date alone", map[string]string{"Date": "", "x-mns-date": at(0)}, "", 201},
		{"15 minutes slow", map[string]string{"Date": at(-15*time.Minute + time.Second)}, "", 201},
		{"15 minutes fast", map[string]string{"Date": at(15 * time.Minute)}, "", 201},
		{"too slow", map[string]string{"Date": at(-15*time.Minute - time.Second)}, "TimeExpired", 408},
		{"too fast", map[string]string{"Date": at(15*time.Minute + 2*time.Second)}, "TimeExpired", 408},
		{"no date", map[string]string{"Date": ""}, "MissingDateHeader", 400},
		{"no such date", map[string]string{"Date": "yesterday"}, "InvalidDateHeader", 400},
		{"no version", map[string]string{"x-mns-version": ""}, "MissingVersionHeader", 400},
		{"other version", map[string]string{"x-mns-version": "2014-07-08"}, "InvalidVersionHeader", 400},
		{"no authorization", map[string]string{"Authorization": ""}, "MissingAuthorizationHeader", 400},
		{"authorization of another service", map[string]string{"Authorization": "OSS a:b"}, "InvalidAuthorizationHeader", 400},
		{"authorization without signature", map[string]string{"Authorization": "MNS onlyid"}, "InvalidAuthorizationHeader", 400},
		{"authorization without key", map[string]string{"Authorization": "MNS :x"}, "InvalidAuthorizationHeader", 400},
		{"unknown key", map[string]string{"Authorization": "MNS nobody:x"}, "InvalidAccessKeyId", 403},
		{"wrong signature", map[string]string{"Authorization": good}, "SignatureDoesNotMatch", 403},
	} {
		_, given := tc.header["Authorization"]
		r := c.do(t, call{method: "POST", target: prefix + "/queues/q/messages", body: body, header: tc.header, unsigned: given})
		require.Equal(t, tc.status, r.status, "%s: %s", tc.name, r.body)
		require.Equal(t, tc.code, r.doc.Code, tc.name)
	}
}

func TestHeadersOfTheAPIAreSigned(t *testing.T) {
	c, _ := setUp(t)
	r := c.do(t, call{method: "GET", target: "/queues", header: map[string]string{"x-mns-prefix": "none", "x-mns-ret-number": "5"}})
	require.Equal(t, http.StatusOK, r.status)
	require.Empty(t, r.doc.Queue)
	forged := c.do(t, call{method: "GET", target: "/queues", unsigned: true, header: map[string]string{
		"x-mns-prefix": "q", "Authorization": "MNS LOCALimagedropKEY0000001:" + base64.StdEncoding.EncodeToString(make([]byte, 20))}})
	require.Equal(t, "SignatureDoesNotMatch", forged.doc.Code)
}

func TestRefusals(t *testing.T) {
	c, _ := setUp(t)
	many := func(n int, entry string) string { return strings.Repeat(entry, n) }
	entry := "<Message><MessageBody>x</MessageBody></Message>"
	const post, put, get, del = "POST", "PUT", "GET", "DELETE"
	schema := func(name string) string {
		return "The XML you provided did not validate against our published schema, cause by " + name + "."
	}
	between := func(name string, low, high int) string {
		return fmt.Sprintf("The value of %s should between %d and %d seconds/bytes.", name, low, high)
	}
	item := func(name string) string {
		return fmt.Sprintf("Http request URL contains invalid querystring item %q.", name)
	}
	for _, tc := range []struct {
		method, target, body string
		status               int
		code, message        string // message "": not looked at
	}{
		{post, "/queues/q/messages", "", 400, "MalformedXML", "The XML you provided was not well-formed."},
		{post, "/queues/q/messages", "text", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message></Messages>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", entry + entry, 400, "MalformedXML", ""},
		{post, "/queues/q/messages", entry + "tail", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message><MessageBody>\x01</MessageBody></Message>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message><MessageBody>&#1;</MessageBody></Message>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message><MessageBody>\xff</MessageBody></Message>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message><MessageBody>&undefined;</MessageBody></Message>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", `<?xml version="1.0" encoding="GBK"?>` + entry, 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Queue/>", 400, "InvalidArgument", schema("Queue")},
		{post, "/queues/q/messages", "<Message/>", 400, "InvalidArgument", schema("MessageBody")},
		{post, "/queues/q/messages", "<Message>loose" + entry + "</Message>", 400, "InvalidArgument", schema("Message")},
		{post, "/queues/q/messages", "<Message><MessageBody><b>x</b></MessageBody></Message>", 400, "InvalidArgument", schema("MessageBody")},
		{post, "/queues/q/messages", "<Message><MessageBody>x</MessageBody><MessageBody>y</MessageBody></Message>", 400, "InvalidArgument", schema("MessageBody")},
		{post, "/queues/q/messages", "<Message><MessageBody>x</MessageBody><DelaySecond>1</DelaySecond></Message>", 400, "InvalidArgument", schema("DelaySecond")},
		{post, "/queues/q/messages", "<Message><MessageBody>x</MessageBody><Priority>high</Priority></Message>", 400, "InvalidArgument", schema("Priority")},
		{post, "/queues/q/messages", "<Message><MessageBody>x</MessageBody><DelaySeconds></DelaySeconds></Message>", 400, "InvalidArgument", schema("DelaySeconds")},
		{post, "/queues/q/messages", "<Message><MessageBody></MessageBody></Message>", 400, "InvalidArgument", between("MessageBody", 1, 65536)},
		{post, "/queues/q/messages", "<Message><MessageBody>x</MessageBody><Priority>0</Priority></Message>", 400, "InvalidArgument", between("Priority", 1, 16)},
		{post, "/queues/q/messages", strings.Repeat("<a>", 100_000), 400, "InvalidArgument", ""},
		{post, "/queues/q/messages", "<Messages/>", 400, "InvalidArgument", schema("Messages")},
		{post, "/queues/q/messages", "<Messages><Other/></Messages>", 400, "InvalidArgument", schema("Other")},
		{post, "/queues/q/messages", "<Messages>" + many(17, entry) + "</Messages>", 400, "InvalidArgument", between("Messages", 1, 16)},
		{post, "/queues/q/messages", "<Messages>" + many(16, "<Message><MessageBody>"+strings.Repeat("x", 4097)+"</MessageBody></Message>") + "</Messages>", 400, "InvalidArgument", between("Messages", 1, 65536)},
		{post, "/queues/none/messages", entry, 404, "QueueNotExist", "The queue name you provided is not exist."},
		{post, "/queues/none/messages", "<Messages>" + entry + "</Messages>", 404, "QueueNotExist", ""},
		{post, "/queues/q/messages?x=1", entry, 400, "InvalidQueryString", item("x")},

		{get, "/queues/q/messages", "", 404, "MessageNotExist", "Message not exist."},
		{get, "/queues/q/messages?numOfMessages=16", "", 404, "MessageNotExist", ""},
		{get, "/queues/q/messages?peekonly=true", "", 404, "MessageNotExist", ""},
		{get, "/queues/q/messages?peekonly=true&numOfMessages=2", "", 404, "MessageNotExist", ""},
		{get, "/queues/none/messages?waitseconds=30", "", 404, "QueueNotExist", ""},
		{get, "/queues/none/messages?peekonly=true", "", 404, "QueueNotExist", ""},
		{get, "/queues/q/messages?waitseconds=31", "", 400, "InvalidArgument", between("waitseconds", 0, 30)},
		{get, "/queues/q/messages?waitseconds=-1", "", 400, "InvalidArgument", between("waitseconds", 0, 30)},
		{get, "/queues/q/messages?waitseconds=soon", "", 400, "InvalidQueryString", item("waitseconds")},
		{get, "/queues/q/messages?waitseconds=%zz", "", 400, "InvalidQueryString", item("waitseconds")},
		{get, "/queues/q/messages?numOfMessages=0", "", 400, "InvalidArgument", between("numOfMessages", 1, 16)},
		{get, "/queues/q/messages?numOfMessages=17", "", 400, "InvalidArgument", between("numOfMessages", 1, 16)},
		{get, "/queues/q/messages?peekonly=true&numOfMessages=17", "", 400, "InvalidArgument", between("numOfMessages", 1, 16)},
		{get, "/queues/q/messages?peekonly=maybe", "", 400, "InvalidQueryString", item("peekonly")},

		{del, "/queues/q/messages", "", 400, "MissingReceiptHandle", "ReceiptHandle is required."},
		{del, "/queues/q/messages?ReceiptHandle=", "", 400, "MissingReceiptHandle", ""},
		{del, "/queues/q/messages?ReceiptHandle=1-QUJDREVGMTIzNA==", "", 400, "ReceiptHandleError", "The receipt handle you provide is not valid."},
		{del, "/queues/q/messages?ReceiptHandle=1-MDAwMDAwMDAwMDAwMDAwMS0wMDAwMDAwMQ==", "", 404, "MessageNotExist", ""},
		{del, "/queues/none/messages?ReceiptHandle=x", "", 404, "QueueNotExist", ""},
		{del, "/queues/q/messages", "<ReceiptHandles/>", 400, "InvalidArgument", schema("ReceiptHandles")},
		{del, "/queues/q/messages", "<ReceiptHandles><ReceiptHandle><b/></ReceiptHandle></ReceiptHandles>", 400, "InvalidArgument", schema("b")},
		{del, "/queues/q/messages", "<ReceiptHandles>" + many(17, "<ReceiptHandle>x</ReceiptHandle>") + "</ReceiptHandles>", 400, "InvalidArgument", between("ReceiptHandles", 1, 16)},
		{del, "/queues/none/messages", "<ReceiptHandles><ReceiptHandle>x</ReceiptHandle></ReceiptHandles>", 404, "QueueNotExist", ""},
		{put, "/queues/q/messages?VisibilityTimeout=5", "", 400, "MissingReceiptHandle", ""},
		{put, "/queues/q/messages?ReceiptHandle=x", "", 400, "MissingVisibilityTimeout", "VisibilityTimeout is required."},
		{put, "/queues/q/messages?ReceiptHandle=x&VisibilityTimeout=0", "", 400, "InvalidArgument", between("VisibilityTimeout", 1, 43200)},
		{put, "/queues/q/messages?ReceiptHandle=x&VisibilityTimeout=43201", "", 400, "InvalidArgument", between("VisibilityTimeout", 1, 43200)},
		{put, "/queues/q/messages?ReceiptHandle=x&VisibilityTimeout=5", "", 400, "ReceiptHandleError", ""},

		{put, "/queues/q", "<Queue><DelaySeconds>604801</DelaySeconds></Queue>", 400, "InvalidArgument", between("DelaySeconds", 0, 604800)},
		{put, "/queues/q", "<Queue><MaximumMessageSize>65537</MaximumMessageSize></Queue>", 400, "InvalidArgument", between("MaximumMessageSize", 1024, 65536)},
		{put, "/queues/q", "<Queue><MessageRetentionPeriod>59</MessageRetentionPeriod></Queue>", 400, "InvalidArgument", between("MessageRetentionPeriod", 60, 604800)},
		{put, "/queues/q", "<Queue><VisibilityTimeout>0</VisibilityTimeout></Queue>", 400, "InvalidArgument", between("VisibilityTimeout", 1, 43200)},
		{put, "/queues/q", "<Queue><PollingWaitSeconds>31</PollingWaitSeconds></Queue>", 400, "InvalidArgument", between("PollingWaitSeconds", 0, 30)},
		{put, "/queues/q", "<Queue><LoggingEnabled>perhaps</LoggingEnabled></Queue>", 400, "InvalidArgument", schema("LoggingEnabled")},
		{put, "/queues/q", "<Queue><Fifo>true</Fifo></Queue>", 400, "InvalidArgument", schema("Fifo")},
		{put, "/queues/q", "<Queue><LoggingEnabled>True</LoggingEnabled></Queue>", 409, "QueueAlreadyExist", ""},
		{put, "/queues/q?metaoverride=true", "<Queue><PollingWaitSeconds>31</PollingWaitSeconds></Queue>", 400, "InvalidArgument", ""},
		{put, "/queues/q?metaoverride=yes", "<Queue/>", 400, "InvalidQueryString", item("metaoverride")},
		{put, "/queues/none?metaoverride=true", "<Queue/>", 404, "QueueNotExist", ""},
		{get, "/queues/none", "", 404, "QueueNotExist", ""},
		{get, "/queues/", "", 400, "QueueNameLengthError", "Queue name length should between 1 and 120."},
		{get, "/queues/a%2Fb", "", 400, "InvalidQueueName", ""},

		{get, "/", "", 400, "InvalidRequestURL", "Http request URL format invalid."},
		{get, "/other", "", 400, "InvalidRequestURL", ""},
		{post, "/queues", "", 400, "InvalidRequestURL", ""},
		{"PATCH", "/queues/q", "", 400, "InvalidRequestURL", ""},
		{get, "/queues/q/messages/more", "", 400, "InvalidRequestURL", ""},
	} {
		for _, prefix := range []string{"", prefix} {
			if !strings.HasPrefix(tc.target, "/queues") && prefix != "" {
				continue // not a prefix there, but part of a path that is signed whole
			}
			r := c.do(t, call{method: tc.method, target: prefix + tc.target, body: tc.body})
			name := tc.method + " " + tc.target + " " + tc.body[:min(len(tc.body), 80)]
			require.Equal(t, tc.status, r.status, "%s: %s", name, r.body)
			require.Equal(t, tc.code, r.doc.Code, name)
			require.Equal(t, "Error", r.doc.XMLName.Local, name)
			if tc.message != "" {
				require.Equal(t, tc.message, strings.TrimSpace(r.doc.Messages[0].Text), name)
			}
		}
	}
	require.Zero(t, c.entries(), "nothing that was refused was stored")
}

func TestListRefusesSizes(t *testing.T) {
	c, _ := setUp(t)
	for _, size := range []string{"0", "1001", "x"} {
		r := c.do(t, call{method: "GET", target: "/queues", header: map[string]string{"x-mns-ret-number": size}})
		require.Equal(t, "InvalidArgument", r.doc.Code, size)
	}
}

func TestQueueLimit(t *testing.T) {
	c, _ := setUp(t)
	for i := 1; i < 1000; i++ {
		c.queue(t, fmt.Sprintf("q-%d", i))
	}
	var refused *mns.Error
	require.ErrorAs(t, c.CreateQueue("one-more", mns.DefaultAttributes()), &refused)
	require.Equal(t, "QueueNumExceededLimit", refused.Code)
	require.NoError(t, c.CreateQueue("q", mns.DefaultAttributes()), "an existing one is not one more")
	r := c.do(t, call{method: "GET", target: "/queues"})
	require.Len(t, r.doc.Queue, 1000)
}

func TestBodyComesBackAsSent(t *testing.T) {
	c, _ := setUp(t)
	for sent, want := range map[string]string{
		"  padded \n":                      "  padded \n",
		"a\r\nb":                           "a\nb", // what XML makes of a line end
		"a&#13;b":                          "a\rb",
		"<![CDATA[<RUN> a && b]]>":         "<RUN> a && b",
		"&lt;&amp;&#34;&#x4e2d;\U0001F600": "<&\"\u4e2d\U0001F600",
	} {
		r := c.do(t, call{method: "POST", target: "/queues/q/messages", body: "<Message><MessageBody>" + sent + "</MessageBody></Message>"})
		require.Equal(t, http.StatusCreated, r.status, r.body)
		got := c.do(t, call{method: "GET", target: "/queues/q/messages"})
		require.Equal(t, want, got.doc.MessageBody)
		sum := md5.Sum([]byte(want))
		require.Contains(t, r.body, strings.ToUpper(hex.EncodeToString(sum[:])))
	}
}

// Each call is known to the account's faults by the API's name for it.
func TestOperationsByName(t *testing.T) {
	c, _ := setUp(t)
	entry := "<Message><MessageBody>x</MessageBody></Message>"
	calls := []struct{ name, method, target, body string }{
		{"ListQueue", "GET", "/queues", ""},
		{"CreateQueue", "PUT", "/queues/q", ""},
		{"SetQueueAttributes", "PUT", "/queues/q?metaoverride=true", ""},
		{"GetQueueAttributes", "GET", "/queues/q", ""},
		{"SendMessage", "POST", "/queues/q/messages", entry},
		{"BatchSendMessage", "POST", "/queues/q/messages", declared + "<Messages>" + entry + "</Messages>"},
		{"PeekMessage", "GET", "/queues/q/messages?peekonly=true", ""},
		{"BatchPeekMessage", "GET", "/queues/q/messages?peekonly=true&numOfMessages=2", ""},
		{"ReceiveMessage", "GET", "/queues/q/messages?waitseconds=1", ""},
		{"BatchReceiveMessage", "GET", "/queues/q/messages?numOfMessages=2", ""},
		{"ChangeMessageVisibility", "PUT", "/queues/q/messages?ReceiptHandle=x&VisibilityTimeout=1", ""},
		{"DeleteMessage", "DELETE", "/queues/q/messages?ReceiptHandle=x", ""},
		{"BatchDeleteMessage", "DELETE", "/queues/q/messages", "<ReceiptHandles><ReceiptHandle>x</ReceiptHandle></ReceiptHandles>"},
		{"DeleteQueue", "DELETE", "/queues/q", ""},
		{"ListTopic", "GET", "/topics", ""},
		{"CreateTopic", "PUT", "/topics/t", ""},
		{"SetTopicAttributes", "PUT", "/topics/t?metaoverride=true", ""},
		{"GetTopicAttributes", "GET", "/topics/t", ""},
		{"PublishMessage", "POST", "/topics/t/messages", entry},
		{"ListSubscriptionByTopic", "GET", "/topics/t/subscriptions", ""},
		{"Subscribe", "PUT", "/topics/t/subscriptions/s", ""},
		{"SetSubscriptionAttributes", "PUT", "/topics/t/subscriptions/s?metaoverride=true", ""},
		{"GetSubscriptionAttributes", "GET", "/topics/t/subscriptions/s", ""},
		{"Unsubscribe", "DELETE", "/topics/t/subscriptions/s", ""},
		{"DeleteTopic", "DELETE", "/topics/t", ""},
		{"Unknown", "GET", "/other", ""},
	}
	c.account.Faults.Record()
	for _, k := range calls {
		c.do(t, call{method: k.method, target: k.target, body: k.body})
	}
	for i, seen := range c.account.Faults.Calls() {
		require.Equal(t, "mns", seen.Service)
		require.Equal(t, calls[i].name, seen.Operation)
	}
	require.Len(t, c.account.Faults.Calls(), len(calls))
}

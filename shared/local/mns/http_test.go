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

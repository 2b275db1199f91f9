package mns

import (
	"bufio"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The requests are those of the vendor's Go SDK v1.0.11, as recorded in the
// project's reference, signed with the secret "demoSecret".
const (
	recordedSend = `POST /1234567890123456.mns.cn-hangzhou.aliyuncs.com/queues/outcomes/messages HTTP/1.1
User-Agent: aliyun-sdk-go/1.0.11(linux/-/amd64;1.26.8)
Host: localhost:18080
Content-Type: application/xml
Content-Length: 134
X-Mns-Version: 2015-06-06
Content-Md5: ZDg2OTA0ZWZlZWE3YTFmMzE0M2MxMTEwNDg1MDY4NzA=
Date: Mon, 05 Jan 2026 08:00:00 GMT
Authorization: MNS demoKeyId:XbsY7qafTswGIIaFRkcq3Q9NstA=

<Message><MessageBody>{&#34;status&#34;:&#34;Success&#34;}</MessageBody><DelaySeconds>0</DelaySeconds><Priority>8</Priority></Message>`
	recordedReceive = `GET /1234567890123456.mns.cn-hangzhou.aliyuncs.com/queues/outcomes/messages?waitseconds=5 HTTP/1.1
Host: localhost:18080
Content-Type: application/xml
X-Mns-Version: 2015-06-06
Content-Md5: ZDQxZDhjZDk4ZjAwYjIwNGU5ODAwOTk4ZWNmODQyN2U=
Date: Mon, 05 Jan 2026 08:00:00 GMT
Authorization: MNS demoKeyId:sknuxH7UmF1s3P+zqOIYcMcAbpo=

`
	recordedDelete = `DELETE /1234567890123456.mns.cn-hangzhou.aliyuncs.com/queues/outcomes/messages?ReceiptHandle=1-QUJDREVGMTIzNA%3D%3D HTTP/1.1
Host: localhost:18080
Content-Type: application/xml
Content-Length: 0
X-Mns-Version: 2015-06-06
Content-Md5: ZDQxZDhjZDk4ZjAwYjIwNGU5ODAwOTk4ZWNmODQyN2U=
Date: Mon, 05 Jan 2026 08:00:00 GMT
Authorization: MNS demoKeyId:k5dbUjJ4ymtNjPxulUpHch365wk=

`
)

func recorded(t *testing.T, text string) *request {
	r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(strings.ReplaceAll(text, "\n", "\r\n"))))
	require.NoError(t, err)
	return readRequest(r)
}

func TestRecordedSignaturesVerify(t *testing.T) {
	for operation, text := range map[string]string{
		"SendMessage": recordedSend, "ReceiveMessage": recordedReceive, "DeleteMessage": recordedDelete,
	} {
		r := recorded(t, text)
		require.NoError(t, r.err, operation)
		require.Equal(t, operation, r.operation)
		require.Equal(t, "outcomes", r.name())
		require.NoError(t, r.checkDigest(), operation)
		_, signature, err := r.authorization()
		require.NoError(t, err)
		require.Equal(t, signature, r.sign("demoSecret"), operation)
		require.NotEqual(t, signature, r.sign("otherSecret"), operation)
	}
}

func TestRecordedBodyReadsAsSent(t *testing.T) {
	e, err := parseDocument(recorded(t, recordedSend).body, "Message")
	require.NoError(t, err)
	d, err := parseDraft(e)
	require.NoError(t, err)
	require.Equal(t, `{"status":"Success"}`, string(d.body))
	require.Equal(t, "7603C40BA4B5E3BE9337A684863BA21B", bodyMD5(d.body))
	require.Zero(t, *d.delay)
	require.Equal(t, 8, d.priority)
}

func TestTargetIsSignedLessTheAccountPrefix(t *testing.T) {
	for _, tc := range []struct{ target, prefix, resource string }{
		{"/queues/q?a=b%3D", "", "/queues/q?a=b%3D"},
		{"/1234567890123456.mns/queues", "/1234567890123456.mns", "/queues"},
		{"/mns.local/topics/t", "/mns.local", "/topics/t"},
		{"http://127.0.0.1:1/queues/q", "", "/queues/q"},
		{"http://127.0.0.1:1/a.mns/queues/q", "/a.mns", "/queues/q"},
		{"http://127.0.0.1:1", "", "127.0.0.1:1"},
		{"/a.b/other", "", "/a.b/other"},
		{"/plain/queues/q", "", "/plain/queues/q"},
		{"*", "", "*"},
		{"", "", ""},
	} {
		prefix, resource := splitTarget(&http.Request{RequestURI: tc.target})
		require.Equal(t, tc.prefix, prefix, tc.target)
		require.Equal(t, tc.resource, resource, tc.target)
	}
}

func TestReceiptHandleForm(t *testing.T) {
	handle := receiptHandle(hex16(42), 3)
	require.True(t, strings.HasSuffix(handle, "=="), "clients must meet the padding that the documents show")
	seq, receipts, err := parseReceiptHandle(handle)
	require.NoError(t, err)
	require.Equal(t, hex16(42), seq)
	require.Equal(t, 3, receipts)
	for _, bad := range []string{"", "1-", "x", handle[2:], "2-" + handle[2:], handle[:len(handle)-1], handle + "=", "1-QUJDREVGMTIzNA==", strings.ToLower(handle)} {
		_, _, err := parseReceiptHandle(bad)
		require.Equal(t, coded("ReceiptHandleError"), err, bad)
	}
}

package mns_test

import (
	"fmt"
	"strings"
	"testing"
	"time"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/gogap/errors"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
)

func sdkCode(t *testing.T, want errors.ErrCodeTemplate, err error) {
	t.Helper()
	require.Error(t, err)
	require.True(t, want.IsEqual(err), err.Error())
}

func receive(q ali_mns.AliMNSQueue, wait ...int64) (ali_mns.MessageReceiveResponse, error) {
	got, failed := make(chan ali_mns.MessageReceiveResponse, 1), make(chan error, 1)
	q.ReceiveMessage(got, failed, wait...)
	return first(got, failed)
}

func receiveBatch(q ali_mns.AliMNSQueue, n int32, wait ...int64) (ali_mns.BatchMessageReceiveResponse, error) {
	got, failed := make(chan ali_mns.BatchMessageReceiveResponse, 1), make(chan error, 1)
	q.BatchReceiveMessage(got, failed, n, wait...)
	return first(got, failed)
}

func peek(q ali_mns.AliMNSQueue) (ali_mns.MessageReceiveResponse, error) {
	got, failed := make(chan ali_mns.MessageReceiveResponse, 1), make(chan error, 1)
	q.PeekMessage(got, failed)
	return first(got, failed)
}

func peekBatch(q ali_mns.AliMNSQueue, n int32) (ali_mns.BatchMessageReceiveResponse, error) {
	got, failed := make(chan ali_mns.BatchMessageReceiveResponse, 1), make(chan error, 1)
	q.BatchPeekMessage(got, failed, n)
	return first(got, failed)
}

// first returns what the SDK put into one of its buffered channels.
func first[T any](got chan T, failed chan error) (answer T, err error) {
	select {
	case answer = <-got:
	case err = <-failed:
	}
	return answer, err
}

func TestSDKMessageCycle(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	c.queue(t, "outcomes")
	q := ali_mns.NewMNSQueue("outcomes", c.sdk())
	body := "{\"status\":\"created\"} <&> \"quotes\" \u00e9\u4e2d\U0001F600\ttab\nline"

	sent, err := q.SendMessage(ali_mns.MessageSendRequest{MessageBody: body, Priority: 8})
	require.NoError(t, err)
	require.Equal(t, "201", sent.Code)
	require.Len(t, sent.MessageId, 40)
	require.Empty(t, sent.ReceiptHandle)

	seen, err := peek(q)
	require.NoError(t, err)
	require.Equal(t, body, seen.MessageBody)
	require.Zero(t, seen.DequeueCount)
	require.Empty(t, seen.ReceiptHandle)

	got, err := receive(q)
	require.NoError(t, err)
	require.Equal(t, sent.MessageId, got.MessageId)
	require.Equal(t, body, got.MessageBody)
	require.Equal(t, sent.MessageBodyMD5, got.MessageBodyMD5)
	require.EqualValues(t, 1, got.DequeueCount)
	require.EqualValues(t, 8, got.Priority)
	require.Equal(t, seen.EnqueueTime, got.EnqueueTime)
	require.GreaterOrEqual(t, got.FirstDequeueTime, got.EnqueueTime)
	require.Equal(t, got.FirstDequeueTime+30_000, got.NextVisibleTime)

	_, err = receive(q)
	sdkCode(t, ali_mns.ERR_MNS_MESSAGE_NOT_EXIST, err)

	changed, err := q.ChangeMessageVisibility(got.ReceiptHandle, 600)
	require.NoError(t, err)
	require.NotEqual(t, got.ReceiptHandle, changed.ReceiptHandle)
	require.Greater(t, changed.NextVisibleTime, got.NextVisibleTime)

	sdkCode(t, ali_mns.ERR_MNS_MESSAGE_NOT_EXIST, q.DeleteMessage(got.ReceiptHandle))
	require.NoError(t, q.DeleteMessage(changed.ReceiptHandle))
	sdkCode(t, ali_mns.ERR_MNS_MESSAGE_NOT_EXIST, q.DeleteMessage(changed.ReceiptHandle))
	sdkCode(t, ali_mns.ERR_MNS_RECEIPT_HANDLE_ERROR, q.DeleteMessage("no handle"))
	_, err = q.ChangeMessageVisibility(changed.ReceiptHandle, 0)
	sdkCode(t, ali_mns.ERR_MNS_INVALID_ARGUMENT, err)
}

func TestSDKBatches(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	c.queue(t, "q")
	q := ali_mns.NewMNSQueue("q", c.sdk())
	var requests []ali_mns.MessageSendRequest
	for i := range 16 {
		requests = append(requests, ali_mns.MessageSendRequest{MessageBody: fmt.Sprint("message ", i), Priority: 8})
	}
	sent, err := q.BatchSendMessage(requests...)
	require.NoError(t, err)
	require.Len(t, sent.Messages, 16)

	seen, err := peekBatch(q, 16)
	require.NoError(t, err)
	require.Len(t, seen.Messages, 16)

	got, err := receiveBatch(q, 10, 1)
	require.NoError(t, err)
	require.Len(t, got.Messages, 10)
	for i, m := range got.Messages {
		require.Equal(t, sent.Messages[i].MessageId, m.MessageId, "order of sending")
	}
	var handles []string
	for _, m := range got.Messages {
		handles = append(handles, m.ReceiptHandle)
	}
	failures, err := q.BatchDeleteMessage(handles...)
	require.NoError(t, err)
	require.Empty(t, failures.FailedMessages)

	rest, err := receiveBatch(q, 16)
	require.NoError(t, err)
	require.Len(t, rest.Messages, 6)
	failures, err = q.BatchDeleteMessage(rest.Messages[0].ReceiptHandle, handles[0], "bad")
	sdkCode(t, ali_mns.ERR_MNS_BATCH_OP_FAIL, err)
	require.Len(t, failures.FailedMessages, 2)
	require.Equal(t, "MessageNotExist", failures.FailedMessages[0].ErrorCode)
	require.Equal(t, handles[0], failures.FailedMessages[0].ReceiptHandle)
	require.Equal(t, "ReceiptHandleError", failures.FailedMessages[1].ErrorCode)
	sdkCode(t, ali_mns.ERR_MNS_MESSAGE_NOT_EXIST, q.DeleteMessage(rest.Messages[0].ReceiptHandle))

	partly, err := q.BatchSendMessage(requests[0], ali_mns.MessageSendRequest{MessageBody: "x", Priority: 0}, requests[1])
	sdkCode(t, ali_mns.ERR_MNS_BATCH_OP_FAIL, err)
	require.Len(t, partly.Messages, 3)
	require.NotEmpty(t, partly.Messages[0].MessageId)
	require.Equal(t, "InvalidArgument", partly.Messages[1].ErrorCode)
	require.Empty(t, partly.Messages[1].MessageId)
	require.NotEmpty(t, partly.Messages[2].MessageId)
	got, err = receiveBatch(q, 16)
	require.NoError(t, err)
	require.Len(t, got.Messages, 2)
}

func TestSDKQueues(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	m := ali_mns.NewMNSQueueManager(c.sdk())

	require.NoError(t, m.CreateSimpleQueue("plain"))
	sdkCode(t, ali_mns.ERR_MNS_QUEUE_ALREADY_EXIST_AND_HAVE_SAME_ATTR, m.CreateSimpleQueue("plain"))
	sdkCode(t, ali_mns.ERR_MNS_QUEUE_ALREADY_EXIST, m.CreateQueue("plain", 5, 65536, 345600, 30, 0, 2))
	sdkCode(t, ali_mns.ERR_MNS_INVALID_QUEUE_NAME, m.CreateSimpleQueue("-plain"))
	sdkCode(t, ali_mns.ERR_MNS_INVALID_QUEUE_NAME, m.CreateSimpleQueue("a_b"))
	sdkCode(t, ali_mns.ERR_MNS_QUEUE_NAME_LENGTH_ERROR, m.CreateSimpleQueue(strings.Repeat("a", 121)))
	require.NoError(t, m.CreateSimpleQueue(strings.Repeat("a", 120)))
	sdkCode(t, ali_mns.ERR_MNS_INVALID_ARGUMENT, m.CreateQueue("small", 0, 1023, 345600, 30, 0, 2))

	require.NoError(t, m.SetQueueAttributesWithOptions("plain", ali_mns.WithVisibilityTimeout(77)))
	attributes, err := m.GetQueueAttributes("plain")
	require.NoError(t, err)
	require.Equal(t, "plain", attributes.QueueName)
	require.EqualValues(t, 77, attributes.VisibilityTimeout)
	require.EqualValues(t, 65536, attributes.MaxMessageSize, "what is not named stays")
	require.EqualValues(t, 345600, attributes.MessageRetentionPeriod)
	require.InDelta(t, time.Now().Unix(), attributes.CreateTime, 60)
	sdkCode(t, ali_mns.ERR_MNS_QUEUE_NOT_EXIST, m.SetQueueAttributesWithOptions("none", ali_mns.WithVisibilityTimeout(77)))
	_, err = m.GetQueueAttributes("none")
	sdkCode(t, ali_mns.ERR_MNS_QUEUE_NOT_EXIST, err)

	require.NoError(t, m.DeleteQueue("plain"))
	require.NoError(t, m.DeleteQueue("plain"), "no error is documented for this")
	_, err = m.GetQueueAttributes("plain")
	sdkCode(t, ali_mns.ERR_MNS_QUEUE_NOT_EXIST, err)
	_, err = ali_mns.NewMNSQueue("plain", c.sdk()).SendMessage(ali_mns.MessageSendRequest{MessageBody: "x", Priority: 8})
	sdkCode(t, ali_mns.ERR_MNS_QUEUE_NOT_EXIST, err)
}

func TestSDKListsQueuesPageByPage(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	for i := range 7 {
		c.queue(t, fmt.Sprintf("team-%d", i))
	}
	c.queue(t, "other")
	m := ali_mns.NewMNSQueueManager(c.sdk())
	var urls []string
	marker, pages := "", 0
	for more := true; more; more = marker != "" {
		page, err := m.ListQueue(marker, 3, "team-")
		require.NoError(t, err)
		for _, q := range page.Queues {
			urls = append(urls, q.QueueURL)
		}
		marker = page.NextMarker
		pages++
	}
	require.Equal(t, 3, pages)
	require.Len(t, urls, 7)
	require.Equal(t, "http://localhost:"+c.port()+prefix+"/queues/team-0", urls[0])

	require.NoError(t, sendOne(c, "team-1"))
	details, err := m.ListQueueDetail("", 0, "team-1")
	require.NoError(t, err)
	require.Len(t, details.Attrs, 1)
	require.Equal(t, "team-1", details.Attrs[0].QueueName)
	require.EqualValues(t, 30, details.Attrs[0].VisibilityTimeout)
	require.EqualValues(t, 1, details.Attrs[0].ActiveMessages)

	all, err := m.ListQueue("", 0, "")
	require.NoError(t, err)
	require.Len(t, all.Queues, 8)
	require.Empty(t, all.NextMarker)
}

func sendOne(c *cloud, queue string) error {
	_, err := ali_mns.NewMNSQueue(queue, c.sdk()).SendMessage(ali_mns.MessageSendRequest{MessageBody: "x", Priority: 8})
	return err
}

func TestSDKCredentials(t *testing.T) {
	clock := manualClock()
	c := newCloud(t, clock, mns.Options{})
	c.queue(t, "q")
	send := func(key account.Key) error {
		_, err := ali_mns.NewMNSQueue("q", c.client(key)).SendMessage(ali_mns.MessageSendRequest{MessageBody: "x", Priority: 8})
		return err
	}
	temporary := c.account.Keys.Issue(clock.Now().Add(10 * time.Minute))
	require.NoError(t, send(temporary))

	other := c.account.Keys.Issue(clock.Now().Add(time.Hour))
	wrong := temporary
	wrong.Token = other.Token
	sdkCode(t, ali_mns.ERR_MNS_ACCESS_DENIED, send(wrong))
	wrong.Token = ""
	sdkCode(t, ali_mns.ERR_MNS_ACCESS_DENIED, send(wrong))
	wrong = c.mainKey()
	wrong.Secret = "guess"
	sdkCode(t, ali_mns.ERR_MNS_SIGNATURE_DOES_NOT_MATCH, send(wrong))
	wrong = c.mainKey()
	wrong.Token = other.Token
	sdkCode(t, ali_mns.ERR_MNS_ACCESS_DENIED, send(wrong))
	wrong.AccessKeyID = "nobody"
	sdkCode(t, ali_mns.ERR_MNS_INVALID_ACCESS_KEY_ID, send(wrong))
	c.account.Keys.Revoke(other.AccessKeyID)
	sdkCode(t, ali_mns.ERR_MNS_INVALID_ACCESS_KEY_ID, send(other))

	clock.Advance(10 * time.Minute)
	sdkCode(t, ali_mns.ERR_MNS_ACCESS_DENIED, send(temporary))
	require.NoError(t, send(c.mainKey()))
	clock.Advance(6 * time.Minute)
	sdkCode(t, ali_mns.ERR_MNS_TIME_EXPIRED, send(c.mainKey()))
}

func TestSDKValues(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	c.queue(t, "q")
	q := ali_mns.NewMNSQueue("q", c.sdk())
	for _, tc := range []struct {
		name    string
		request ali_mns.MessageSendRequest
		ok      bool
	}{
		{"priority 0, the SDK's zero value", ali_mns.MessageSendRequest{MessageBody: "x"}, false},
		{"priority 1", ali_mns.MessageSendRequest{MessageBody: "x", Priority: 1}, true},
		{"priority 16", ali_mns.MessageSendRequest{MessageBody: "x", Priority: 16}, true},
		{"priority 17", ali_mns.MessageSendRequest{MessageBody: "x", Priority: 17}, false},
		{"no body", ali_mns.MessageSendRequest{Priority: 8}, false},
		{"largest body", ali_mns.MessageSendRequest{MessageBody: strings.Repeat("\"", 65536), Priority: 8}, true},
		{"body too large", ali_mns.MessageSendRequest{MessageBody: strings.Repeat("x", 65537), Priority: 8}, false},
		{"body too large, quoted", ali_mns.MessageSendRequest{MessageBody: strings.Repeat("\"", 70000), Priority: 8}, false},
		{"body beyond what is read", ali_mns.MessageSendRequest{MessageBody: strings.Repeat("x", 2<<20), Priority: 8}, false},
		{"longest delay", ali_mns.MessageSendRequest{MessageBody: "x", Priority: 8, DelaySeconds: 604800}, true},
		{"delay too long", ali_mns.MessageSendRequest{MessageBody: "x", Priority: 8, DelaySeconds: 604801}, false},
		{"delay beyond a duration", ali_mns.MessageSendRequest{MessageBody: "x", Priority: 8, DelaySeconds: 1 << 62}, false},
		{"negative delay", ali_mns.MessageSendRequest{MessageBody: "x", Priority: 8, DelaySeconds: -1}, false},
	} {
		_, err := q.SendMessage(tc.request)
		if tc.ok {
			require.NoError(t, err, tc.name)
			continue
		}
		sdkCode(t, ali_mns.ERR_MNS_INVALID_ARGUMENT, err)
	}
}

// A closed connection makes the SDK send again without telling: the reason why
// consumers de-duplicate by an id in the body.
func TestSDKSendsAgainAfterAnAnswerThatWasLost(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	c.queue(t, "q")
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "mns", Operation: "SendMessage", Effect: account.EffectDropAfter}))
	c.account.Faults.Record()
	require.NoError(t, sendOne(c, "q"))
	require.Len(t, c.account.Faults.Calls(), 2)
	got, err := receiveBatch(ali_mns.NewMNSQueue("q", c.sdk()), 16)
	require.NoError(t, err)
	require.Len(t, got.Messages, 2)
}

func TestSDKSeesFaults(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	c.queue(t, "q")
	fault := account.Fault{Service: "mns", Operation: "SendMessage", Effect: account.EffectCode, Code: "QpsLimitExceeded", Status: 403}
	require.NoError(t, c.account.Faults.Add(fault))
	sdkCode(t, ali_mns.ERR_MNS_QPS_LIMIT_EXCEEDED, sendOne(c, "q"))
	_, err := peek(ali_mns.NewMNSQueue("q", c.sdk()))
	sdkCode(t, ali_mns.ERR_MNS_MESSAGE_NOT_EXIST, err)
	fault.Effect, fault.Code = account.EffectErrorAfter, "InternalError"
	require.NoError(t, c.account.Faults.Add(fault))
	sdkCode(t, ali_mns.ERR_MNS_INTERNAL_ERROR, sendOne(c, "q"))
	_, err = peek(ali_mns.NewMNSQueue("q", c.sdk()))
	require.NoError(t, err, "the send was done before the error")
}

package main

import (
	"errors"
	"io"
	"testing"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
)

// What the SDKs make of the effects that answer: the code of the service, or
// no answer of it at all.
func TestClientsSeeWhatAFaultAnswers(t *testing.T) {
	l := newLocal(t)
	create := l.cloud.createsComponents()
	for effect, want := range map[account.Effect]string{
		account.EffectThrottle: "Throttling", account.Effect500: "InternalError", account.Effect503: "ServiceUnavailable",
	} {
		l.fault(account.Fault{Service: "ecs", Operation: "CreateImageComponent", Effect: effect})
		var refused *sdkerrors.ServerError
		require.True(t, errors.As(create(numbers.Add(1)), &refused), effect)
		require.Equal(t, want, refused.ErrorCode())
	}
	for effect, want := range map[account.Effect]string{account.EffectThrottle: "TotalQpsLimitExceeded", account.Effect500: "InternalError"} {
		l.fault(account.Fault{Service: "oss", Operation: "PutObject", Effect: effect})
		var refused *oss.ServiceError
		require.True(t, errors.As(put(l.cloud, "seen/1", "x"), &refused), effect)
		require.Equal(t, want, refused.Code)
	}
	l.fault(account.Fault{Service: "ecs", Operation: "CreateImageComponent", Effect: account.EffectClockSkew, SkewSeconds: 3600})
	require.ErrorContains(t, create(numbers.Add(1)), "InvalidTimeStamp.Expired")
	l.fault(account.Fault{Service: "ecs", Operation: "CreateImageComponent", Effect: account.EffectHTML502})
	require.ErrorContains(t, create(numbers.Add(1)), "502 Bad Gateway")
	require.NoError(t, create(numbers.Add(1)))

	require.NoError(t, put(l.cloud, "seen/whole", "a content of some length"))
	l.fault(account.Fault{Service: "oss", Operation: "GetObject", Effect: account.EffectTruncate})
	got, err := l.cloud.objects.GetObject(t.Context(), &oss.GetObjectRequest{Bucket: oss.Ptr(l.cloud.Bucket), Key: oss.Ptr("seen/whole")})
	require.NoError(t, err)
	require.EqualValues(t, len("a content of some length"), got.ContentLength)
	_, err = io.ReadAll(got.Body)
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	require.NoError(t, got.Body.Close())
	require.Empty(t, l.Account().Faults.List())
}

// What a consumer of a queue sees of the effects of deliveries.
func TestConsumersSeeFaultyDeliveries(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	queue := l.cloud.queue(unread)
	send := func(body string, effect ...account.Effect) string {
		for _, e := range effect {
			l.fault(account.Fault{Service: "mns", Operation: "SendMessage", Match: unread, Effect: e})
		}
		sent, err := queue.SendMessage(ali_mns.MessageSendRequest{MessageBody: body, Priority: priority})
		require.NoError(t, err)
		return sent.MessageId
	}
	first := send("first")
	twice := send("twice", account.EffectDuplicate)
	front := send("front", account.EffectReorder)
	for _, want := range []string{front, first, twice, twice} {
		m, err := receive(queue)
		require.NoError(t, err)
		require.Equal(t, want, m.MessageId, m.MessageBody)
		require.NoError(t, queue.DeleteMessage(m.ReceiptHandle))
	}
	l.fault(account.Fault{Service: "mns", Operation: "SendMessage", Effect: account.EffectDelay, DelayMs: 3600 * 1e9}) // an hour here
	late := send("late")
	next := send("next")
	m, err := receive(queue)
	require.NoError(t, err)
	require.Equal(t, next, m.MessageId)
	require.NoError(t, queue.DeleteMessage(m.ReceiptHandle))
	_, err = receive(queue)
	require.True(t, ali_mns.ERR_MNS_MESSAGE_NOT_EXIST.IsEqual(err), "%s is not there yet", late)
}

package mnsqueue_test

import (
	"context"
	"io"
	"net/http"
	"testing"
	"time"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/mnsqueue"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/sdktest"
)

// reading are the calls that read, by the names of the API.
func reading(ctx context.Context, c *mnsqueue.Client) map[string]func() error {
	return map[string]func() error{
		"BatchReceiveMessage":     func() error { _, err := c.Receive(ctx, 16, time.Second); return err },
		"DeleteMessage":           func() error { return c.Delete(ctx, "1-handle==") },
		"ChangeMessageVisibility": func() error { return c.Release(ctx, "1-handle==") },
	}
}

// text answers a status and a body.
func text(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, _ *http.Request) {
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

func TestReceive(t *testing.T) {
	waits := map[time.Duration]string{-1: "0", 0: "0", time.Millisecond: "1", 5 * time.Second: "5", time.Hour: "5"}
	for wait, want := range waits {
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, "GET", r.Method)
			assert.Equal(t, want, r.URL.Query().Get("waitseconds"))
			assert.Equal(t, "3", r.URL.Query().Get("numOfMessages"))
			text(200, `<?xml version="1.0"?><Messages xmlns="http://mns.aliyuncs.com/doc/v1/"><Message><MessageId>M-1</MessageId><ReceiptHandle>1-h==</ReceiptHandle>
				<MessageBody>{&#34;a&#34;:&#34;中&#34;}</MessageBody><EnqueueTime>1767600000123</EnqueueTime><DequeueCount>4</DequeueCount><Priority>8</Priority></Message></Messages>`)(w, r)
		})
		messages, err := c.Receive(sdktest.Signed(t), 3, wait)
		require.NoError(t, err)
		require.Equal(t, []mnsqueue.Message{{
			ID: "M-1", Handle: "1-h==", Body: []byte(`{"a":"中"}`), EnqueueTime: time.UnixMilli(1767600000123).UTC(), DequeueCount: 4,
		}}, messages)
	}
}

func TestHandlesAreSentAsTheyAre(t *testing.T) {
	for action, want := range map[string]string{"DeleteMessage": "DELETE", "ChangeMessageVisibility": "PUT"} {
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			assert.Equal(t, want, r.Method)
			assert.Equal(t, "1-handle==", r.URL.Query().Get("ReceiptHandle"))
			assert.Equal(t, want == "PUT", r.URL.Query().Get("VisibilityTimeout") == "1")
			w.WriteHeader(204)
		})
		require.NoError(t, reading(sdktest.Signed(t), c)[action]())
	}
}

func TestReadingAnswersFaults(t *testing.T) {
	codes := map[string]fault.Kind{
		"QueueNotExist": fault.Permanent, "AccessDenied": fault.Permanent, "ReceiptHandleError": fault.Permanent,
		"InvalidArgument": fault.Permanent, "QpsLimitExceeded": fault.Retryable, "InternalServerError": fault.Retryable,
	}
	for code, kind := range codes {
		for action, call := range reading(sdktest.Signed(t), client(t, refuse(400, code, "no "+sdktest.Canaries.SecurityToken))) {
			err := call()
			require.Equal(t, &fault.Error{Kind: kind, Op: "mnsqueue." + action, Code: code, Message: "queues/imagedrop-outcomes: no…", RequestID: "69F8560836314539A7000001", HTTPStatus: 400}, err)
			sdktest.RequireSafe(t, err)
		}
	}
	for action, call := range reading(sdktest.Signed(t), client(t, refuse(404, "MessageNotExist", "Message not exist."))) {
		require.NoError(t, call(), action)
	}
	for action, call := range reading(sdktest.Signed(t), connect(t, sdktest.Refusing())) {
		require.Equal(t, fault.Retryable, fault.KindOf(call()), action)
	}
	for action, call := range reading(t.Context(), connect(t, sdktest.Refusing())) {
		require.Equal(t, fault.Permanent, fault.KindOf(call()), action)
	}
}

func TestAnswersThatAreNoMessages(t *testing.T) {
	for _, body := range []string{"", "<html>canary", "<Message><MessageId>canary</MessageId></Message>", "<Messages><Message><MessageBody>canary</MessageBody></Message></Messages>"} {
		_, err := client(t, text(200, body)).Receive(sdktest.Signed(t), 1, 0)
		require.Equal(t, fault.Retryable, fault.KindOf(err), body)
		sdktest.RequireSafe(t, err)
	}
}

func TestReceiveEndsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(sdktest.Signed(t))
	release := make(chan struct{})
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-release
	})
	_, err := c.Receive(ctx, 16, time.Second)
	require.ErrorIs(t, err, context.Canceled)
	close(release)
	_, err = c.Receive(sdkclient.WithCredentials(ctx, sdktest.Canaries), 16, 0)
	require.ErrorIs(t, err, context.Canceled, "an ended context asks for nothing")
}

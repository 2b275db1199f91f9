package mnsqueue_test

import (
	"context"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/local/account"
	localmns "imagedrop/shared/local/mns"
	"imagedrop/shared/local/store"
	"imagedrop/shared/mnsqueue"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/sdktest"
)

const queue = "imagedrop-outcomes" // the one of connect

// cloud is the local service with one queue and a client of it.
type cloud struct {
	account *account.Account
	service *localmns.Service
	client  *mnsqueue.Client
	ctx     context.Context
}

func startCloud(t *testing.T) cloud {
	t.Helper()
	state, err := store.OpenMemory()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, state.Close()) })
	acct := account.New()
	service := localmns.New(acct, state, localmns.Options{})
	require.NoError(t, service.CreateQueue(queue, localmns.DefaultAttributes()))
	server := httptest.NewServer(service)
	t.Cleanup(func() {
		server.CloseClientConnections() // a call that was given up waits on
		server.Close()
	})
	key := acct.Keys.Issue(acct.Clock.Now().Add(time.Hour))
	return cloud{acct, service, connect(t, server.URL), sdkclient.WithCredentials(t.Context(), sdkclient.Credentials{
		AccessKeyID: key.AccessKeyID, AccessKeySecret: key.Secret, SecurityToken: key.Token,
	})}
}

func (c cloud) received(t *testing.T) []string {
	t.Helper()
	messages, err := c.service.Receive(t.Context(), queue, 16, 0)
	require.NoError(t, err)
	var bodies []string
	for _, m := range messages {
		bodies = append(bodies, string(m.Body))
	}
	return bodies
}

func TestLocalCloudTakesBodiesAsTheyAre(t *testing.T) {
	c := startCloud(t)
	bodies := []string{outcome, "eyJpZCI6IjEifQ==", "{\"a\":\"<&>'\\\" 中文 \U0001F600\"}\r\n\t", strings.Repeat(`"`, 65_536)}
	for _, body := range bodies {
		require.NoError(t, c.client.Publish(c.ctx, []byte(body)))
	}
	require.ElementsMatch(t, bodies, c.received(t))
}

func TestLocalCloudDelays(t *testing.T) {
	c := startCloud(t)
	clock := account.NewManualClock(time.Now().Truncate(time.Millisecond)) // the SDK dates its requests
	c.account.Clock = clock
	require.NoError(t, c.client.Send(c.ctx, []byte(outcome), 30*time.Second))
	require.Empty(t, c.received(t))
	clock.Advance(30 * time.Second)
	require.Equal(t, []string{outcome}, c.received(t))
}

func TestLocalCloudIsRead(t *testing.T) {
	c := startCloud(t)
	clock := account.NewManualClock(time.Now().Truncate(time.Millisecond)) // the SDK dates its requests
	c.account.Clock = clock
	none, err := c.client.Receive(c.ctx, 16, 0)
	require.NoError(t, err)
	require.Empty(t, none)

	for range 20 {
		require.NoError(t, c.client.Publish(c.ctx, []byte(outcome)))
	}
	first, err := c.client.Receive(c.ctx, 99, 0)
	require.NoError(t, err)
	require.Len(t, first, 16)
	require.Equal(t, outcome, string(first[0].Body))
	require.Equal(t, clock.Now(), first[0].EnqueueTime)
	require.Equal(t, 1, first[0].DequeueCount)
	rest, err := c.client.Receive(c.ctx, 16, 0)
	require.NoError(t, err)
	require.Len(t, rest, 4)

	for _, m := range slices.Concat(first, rest)[1:] {
		require.NoError(t, c.client.Delete(c.ctx, m.Handle))
	}
	require.NoError(t, c.client.Delete(c.ctx, rest[0].Handle), "a repeat whose first answer was lost")
	require.NoError(t, c.client.Release(c.ctx, first[0].Handle))
	clock.Advance(time.Second)
	again, err := c.client.Receive(c.ctx, 16, 0)
	require.NoError(t, err)
	require.Len(t, again, 1)
	require.Equal(t, first[0].ID, again[0].ID)
	require.Equal(t, 2, again[0].DequeueCount)
	require.NoError(t, c.client.Release(c.ctx, first[0].Handle), "a handle that has lapsed")
}

func TestLocalCloudRefusesToRead(t *testing.T) {
	c := startCloud(t)
	require.Equal(t, "ReceiptHandleError", fault.Of(c.client.Delete(c.ctx, "no handle")).Code)
	known, _ := sdkclient.CredentialsFrom(c.ctx)
	known.AccessKeySecret = "canary-secret"
	_, err := c.client.Receive(sdkclient.WithCredentials(t.Context(), known), 1, 0)
	require.Equal(t, "SignatureDoesNotMatch", fault.Of(err).Code)
	sdktest.RequireSafe(t, err)
}

func TestLocalCloudRefuses(t *testing.T) {
	c := startCloud(t)
	err := c.client.Publish(c.ctx, []byte(strings.Repeat("x", 65_537)))
	require.Equal(t, "InvalidArgument", fault.Of(err).Code)
	require.Equal(t, fault.Permanent, fault.KindOf(err))

	known, _ := sdkclient.CredentialsFrom(c.ctx)
	known.AccessKeySecret = "canary-secret"
	err = c.client.Publish(sdkclient.WithCredentials(t.Context(), known), []byte(outcome))
	require.Equal(t, "SignatureDoesNotMatch", fault.Of(err).Code)
	require.Equal(t, fault.Permanent, fault.KindOf(err))
	sdktest.RequireSafe(t, err)
	require.NotContains(t, err.Error(), known.AccessKeyID)
	require.Empty(t, c.received(t))
}

func TestLostAnswerIsAFault(t *testing.T) {
	c := startCloud(t)
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "mns", Operation: "SendMessage", Count: 5, Effect: account.EffectDropAfter}))
	err := c.client.Publish(c.ctx, []byte(outcome))
	require.Equal(t, fault.Retryable, fault.KindOf(err))
	require.NotEmpty(t, c.received(t), "it may have arrived, also more than once")
}

func TestSilentServiceEndsWithTheDeadline(t *testing.T) {
	c := startCloud(t)
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "mns", Operation: "*", Effect: account.EffectTimeout}))
	ctx, cancel := context.WithTimeout(c.ctx, 50*time.Millisecond)
	defer cancel()
	err := c.client.Publish(ctx, []byte(outcome))
	require.Equal(t, fault.Retryable, fault.KindOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

package mnsqueue_test

import (
	"context"
	"net/http/httptest"
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
	requireSafe(t, err)
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

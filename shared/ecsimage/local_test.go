package ecsimage_test

import (
	"context"
	"fmt"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	localecs "imagedrop/shared/local/ecs"
	"imagedrop/shared/local/store"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/sdktest"
	"imagedrop/shared/template"
)

// cloud is the local service, a client of it, and an invocation's context.
type cloud struct {
	account *account.Account
	client  *ecsimage.Client
	ctx     context.Context
}

func startCloud(t *testing.T) cloud {
	t.Helper()
	state, err := store.OpenMemory()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, state.Close()) })
	acct := account.New()
	server := httptest.NewServer(localecs.New(acct, state, localecs.Options{}))
	t.Cleanup(server.Close)
	key := acct.Keys.Issue(acct.Clock.Now().Add(time.Hour))
	return cloud{acct, connect(t, server.URL), sdkclient.WithCredentials(t.Context(), sdkclient.Credentials{
		AccessKeyID: key.AccessKeyID, AccessKeySecret: key.Secret, SecurityToken: key.Token,
	})}
}

func named(kind template.Kind, name, token string, more ...template.Parameter) imagebuild.Request {
	r := imagebuild.Request{Kind: kind, RegionID: account.Region, ClientToken: token, Parameters: []template.Parameter{
		{Name: "Name", Value: name},
		{Name: "Tag.1.Key", Value: "imagedrop:job"}, {Name: "Tag.1.Value", Value: token},
	}}
	if kind == template.Pipeline {
		r.Parameters = append(r.Parameters,
			template.Parameter{Name: "BaseImageType", Value: "IMAGE_FAMILY"},
			template.Parameter{Name: "BaseImage", Value: "acs:alibaba_cloud_linux_3_2104_lts_x64"},
			template.Parameter{Name: "BuildContent", Value: "FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN echo \"中文 *~+%20\""})
	} else {
		r.Parameters = append(r.Parameters, template.Parameter{Name: "Content", Value: "RUN echo \"中文 *~+%20\""})
	}
	r.Parameters = append(r.Parameters, more...)
	return r
}

func TestLocalCloudCreatesOnceAndFinds(t *testing.T) {
	c := startCloud(t)
	for _, kind := range []template.Kind{template.Component, template.Pipeline} {
		request := named(kind, "web", "job-"+string(kind))
		id, err := c.client.Create(c.ctx, request)
		require.NoError(t, err)
		again, err := c.client.Create(c.ctx, request)
		require.NoError(t, err)
		require.Equal(t, id, again)

		query := imagebuild.Query{Kind: kind, RegionID: account.Region, Name: "web", Tags: []imagebuild.Tag{{Key: "imagedrop:job", Value: request.ClientToken}}}
		found, err := c.client.Find(c.ctx, query)
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, id, found[0].ID)
		require.Equal(t, "web", found[0].Name)
		require.NotEmpty(t, found[0].CreationTime)
		require.Equal(t, query.Tags, found[0].Tags)

		query.Tags[0].Value = "another job"
		found, err = c.client.Find(c.ctx, query)
		require.NoError(t, err)
		require.Empty(t, found)
	}
}

func TestLocalCloudIsReadPageByPage(t *testing.T) {
	c := startCloud(t)
	for i := range 101 {
		_, err := c.client.Create(c.ctx, named(template.Component, "web", fmt.Sprint("job-", i)))
		require.NoError(t, err)
	}
	found, err := c.client.Find(c.ctx, imagebuild.Query{Kind: template.Component, RegionID: account.Region, Name: "web"})
	require.NoError(t, err)
	versions := map[string]bool{}
	for _, r := range found {
		versions[r.Version] = true
	}
	require.Len(t, versions, 101)
}

func TestLocalCloudRefusals(t *testing.T) {
	c := startCloud(t)
	pinned := named(template.Component, "web", "job-1", template.Parameter{Name: "ComponentVersion", Value: "1.0.0"})
	_, err := c.client.Create(c.ctx, pinned)
	require.NoError(t, err)
	other := named(template.Component, "other", "job-1")
	taken := pinned
	taken.ClientToken = "job-2"
	from := named(template.Component, "from", "job-3")
	from.Parameters[3].Value = "FROM IMAGE:m-1"

	tests := []struct {
		request imagebuild.Request
		code    string
		kind    fault.Kind
	}{
		{taken, "InvalidComponentVersion.Exist", fault.Invalid},
		{other, "IdempotentParameterMismatch", fault.Permanent},
		{from, "NotSupportedCommand.FROM", fault.Invalid},
	}
	for _, tt := range tests {
		_, err := c.client.Create(c.ctx, tt.request)
		f := fault.Of(err)
		require.NotNil(t, f, tt.code)
		require.Equal(t, tt.code, f.Code)
		require.Equal(t, tt.kind, f.Kind)
		require.NotEmpty(t, f.RequestID)
	}
}

func TestLocalCloudRefusesKeys(t *testing.T) {
	c := startCloud(t)
	known, _ := sdkclient.CredentialsFrom(c.ctx)
	wrongSecret, wrongToken, unknown := known, known, known
	wrongSecret.AccessKeySecret = "canary"
	wrongToken.SecurityToken = "canary"
	unknown.AccessKeyID = "canary"
	tests := map[sdkclient.Credentials]fault.Kind{wrongSecret: fault.Permanent, wrongToken: fault.Retryable, unknown: fault.Permanent}
	for credentials, kind := range tests {
		_, err := c.client.Create(sdkclient.WithCredentials(t.Context(), credentials), named(template.Component, "web", "job-1"))
		require.Equal(t, kind, fault.KindOf(err), "%v", err)
		sdktest.RequireSafe(t, err)
		require.NotContains(t, err.Error(), known.AccessKeyID)
		require.NotContains(t, err.Error(), known.SecurityToken)
	}
}

func TestLostAnswerIsRepeatedHarmlessly(t *testing.T) {
	c := startCloud(t)
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "ecs", Operation: "CreateImageComponent", Effect: account.EffectDropAfter}))
	request := named(template.Component, "web", "job-1")
	_, err := c.client.Create(c.ctx, request)
	require.Equal(t, fault.Retryable, fault.KindOf(err), "%v", err)
	id, err := c.client.Create(c.ctx, request)
	require.NoError(t, err)
	found, err := c.client.Find(c.ctx, imagebuild.Query{Kind: template.Component, RegionID: account.Region, Name: "web"})
	require.NoError(t, err)
	require.Len(t, found, 1)
	require.Equal(t, id, found[0].ID)
}

func TestSilentServiceEndsWithTheDeadline(t *testing.T) {
	c := startCloud(t)
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "ecs", Operation: "*", Effect: account.EffectTimeout}))
	ctx, cancel := context.WithTimeout(c.ctx, 50*time.Millisecond)
	defer cancel()
	_, err := c.client.Create(ctx, named(template.Component, "web", "job-1"))
	require.Equal(t, fault.Retryable, fault.KindOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

package ossobject_test

import (
	"context"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	localoss "imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
	"imagedrop/shared/ossobject"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/sdktest"
)

// cloud is the local service with one bucket, a client of it that reads, and a
// user's client that writes.
type cloud struct {
	account *account.Account
	client  *ossobject.Client
	user    *oss.Client
	ctx     context.Context
}

func startCloud(t *testing.T) cloud {
	t.Helper()
	state, err := store.OpenMemory()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, state.Close()) })
	acct := account.New()
	service := localoss.New(acct, state, localoss.Options{})
	require.NoError(t, service.CreateBucket(object.Bucket))
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	key := acct.Keys.Issue(acct.Clock.Now().Add(time.Hour))
	return cloud{
		account: acct,
		client:  connect(t, server.URL),
		user: oss.NewClient(oss.NewConfig().WithEndpoint(server.URL).WithRegion(account.Region).
			WithCredentialsProvider(credentials.NewStaticCredentialsProvider(account.AccessKeyID, account.AccessKeySecret))),
		ctx: sdkclient.WithCredentials(t.Context(), sdkclient.Credentials{AccessKeyID: key.AccessKeyID, AccessKeySecret: key.Secret, SecurityToken: key.Token}),
	}
}

// put uploads an object as a user does and returns what its event names.
func (c cloud) put(t *testing.T, key, text string) imagebuild.ObjectRef {
	t.Helper()
	answer, err := c.user.PutObject(t.Context(), &oss.PutObjectRequest{Bucket: oss.Ptr(object.Bucket), Key: oss.Ptr(key), Body: strings.NewReader(text)})
	require.NoError(t, err)
	return imagebuild.ObjectRef{Bucket: object.Bucket, Key: key, ETag: strings.Trim(oss.ToString(answer.ETag), `"`)}
}

func TestLocalCloudReads(t *testing.T) {
	c := startCloud(t)
	for key, text := range map[string]string{
		"templates/web.Dockerfile": "FROM IMAGE:m-1\nRUN y",
		"templates/empty.yaml":     "",
		"templates/a+b 中文%.yaml":   "Tasks: []",
		"templates/a%2Bb.yaml":     "Parameters: []",
		"templates/limit.yaml":     strings.Repeat("x", 100),
	} {
		read, err := c.client.Read(c.ctx, c.put(t, key, text), 100)
		require.NoError(t, err, key)
		require.Equal(t, text, string(read), key)
	}
	read, err := c.client.Read(c.ctx, c.put(t, "templates/large.yaml", strings.Repeat("x", 5000)), 100)
	require.NoError(t, err)
	require.Len(t, read, 101)

	c.put(t, "templates/c+d.yaml", "found")
	read, err = c.client.Read(c.ctx, imagebuild.ObjectRef{Bucket: object.Bucket, Key: "templates/c%2Bd.yaml"}, 100)
	require.NoError(t, err)
	require.Equal(t, "found", string(read), "an event that encodes its key")
}

func TestLocalCloudSkips(t *testing.T) {
	c := startCloud(t)
	first := c.put(t, "templates/web.yaml", "one")
	c.put(t, "templates/web.yaml", "two")
	_, err := c.client.Read(c.ctx, first, 100)
	require.ErrorIs(t, err, imagebuild.ErrSuperseded)

	_, err = c.user.DeleteObject(t.Context(), &oss.DeleteObjectRequest{Bucket: oss.Ptr(object.Bucket), Key: oss.Ptr(first.Key)})
	require.NoError(t, err)
	_, err = c.client.Read(c.ctx, first, 100)
	require.ErrorIs(t, err, imagebuild.ErrGone)
}

func TestLocalCloudRefuses(t *testing.T) {
	c := startCloud(t)
	ref := c.put(t, "templates/web.yaml", "one")
	_, err := c.client.Read(c.ctx, imagebuild.ObjectRef{Bucket: "another-bucket", Key: ref.Key}, 100)
	require.Equal(t, "NoSuchBucket", fault.Of(err).Code)
	require.Equal(t, fault.Permanent, fault.KindOf(err))

	known, _ := sdkclient.CredentialsFrom(c.ctx)
	known.AccessKeySecret = "canary-secret"
	_, err = c.client.Read(sdkclient.WithCredentials(t.Context(), known), ref, 100)
	require.Equal(t, "SignatureDoesNotMatch", fault.Of(err).Code)
	require.Equal(t, fault.Permanent, fault.KindOf(err))
	sdktest.RequireSafe(t, err)
	require.NotContains(t, err.Error(), known.AccessKeyID)
}

func TestSilentServiceEndsWithTheDeadline(t *testing.T) {
	c := startCloud(t)
	ref := c.put(t, "templates/web.yaml", "one")
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "oss", Operation: "*", Effect: account.EffectTimeout}))
	ctx, cancel := context.WithTimeout(c.ctx, 50*time.Millisecond)
	defer cancel()
	_, err := c.client.Read(ctx, ref, 100)
	require.Equal(t, fault.Retryable, fault.KindOf(err))
	require.ErrorIs(t, err, context.DeadlineExceeded)
}

package ecs

import (
	"errors"
	"path/filepath"
	"sync"
	"testing"
	"time"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/store"
)

func TestClientToken(t *testing.T) {
	for _, op := range []string{opComponent, opPipeline} {
		t.Run(op, func(t *testing.T) {
			c := newCloud(t, Options{})
			form := minimal(op).with(params{"ClientToken": "job-1", "Name": "web", "Tag.1.Key": "a"})
			id, err := c.create(c.client(), op, form)
			require.NoError(t, err)
			again, err := c.create(c.client(), op, form)
			require.NoError(t, err)
			require.Equal(t, id, again)

			for _, change := range []params{{"Name": "other"}, {"Tag.1.Value": "b"}, {"OwnerId": "1"}, {"Tag.1.Key": "-"}} {
				_, err = c.create(c.client(), op, form.with(change))
				requireRefused(t, err, 403, "IdempotentParameterMismatch")
			}
			for _, change := range []params{{"RegionId": "cn-beijing"}, {"ClientToken": "JOB-1"}, {"ClientToken": "-"}} {
				other, err := c.create(c.client(), op, form.with(change))
				require.NoError(t, err)
				require.NotEqual(t, id, other, "%v is another scope", change)
			}
		})
	}
}

// The same token is another one for another operation.
func TestClientTokenIsOfOneOperation(t *testing.T) {
	c := newCloud(t, Options{})
	require.NotEqual(t, c.mustCreate(opComponent, params{"ClientToken": "t"}), c.mustCreate(opPipeline, params{"ClientToken": "t"}))
}

func TestClientTokenLifetime(t *testing.T) {
	for name, tt := range map[string]struct {
		option, want time.Duration
	}{"default": {0, 24 * time.Hour}, "chosen": {time.Minute, time.Minute}} {
		t.Run(name, func(t *testing.T) {
			c := newCloud(t, Options{TokenLifetime: tt.option})
			create := func() any {
				a := c.raw("POST", minimal(opComponent).with(params{"Action": "CreateImageComponent", "RegionId": "cn-hangzhou", "ClientToken": "t"}))
				require.Equal(t, 200, a.status, a.text)
				return a.fields["ImageComponentId"]
			}
			id := create()
			c.clock.Advance(tt.want - time.Second)
			require.Equal(t, id, create())
			c.clock.Advance(time.Second)
			require.NotEqual(t, id, create())
		})
	}
}

// A refused create leaves the token as it was.
func TestRefusalIsNotStored(t *testing.T) {
	c := newCloud(t, Options{})
	form := minimal(opComponent).with(params{"ClientToken": "t", "Content": "BAD"})
	_, err := c.create(c.client(), opComponent, form)
	requireRefused(t, err, 400, "InvalidImageTemplateCommand.NotSupported")
	_, err = c.create(c.client(), opComponent, form.with(params{"Content": "RUN true"}))
	require.NoError(t, err)
}

// Fifty callers with one token make one resource.
func TestConcurrentToken(t *testing.T) {
	c := newCloud(t, Options{})
	ids := make([]string, 50)
	var group sync.WaitGroup
	for i := range ids {
		group.Go(func() {
			client := c.client()
			for {
				id, err := c.create(client, opComponent, minimal(opComponent).with(params{"ClientToken": "t", "Name": "web"}))
				var refused *sdkerrors.ServerError
				if errors.As(err, &refused) && refused.ErrorCode() == "IdempotentProcessing" {
					continue
				}
				if err == nil {
					ids[i] = id
				}
				return
			}
		})
	}
	group.Wait()
	require.Equal(t, 1, c.describeComponents(nil).TotalCount)
	for _, id := range ids {
		require.Equal(t, ids[0], id)
	}
	require.NotEmpty(t, ids[0])
}

// While the first request waits for the disk, the second hears that it is being worked.
func TestTokenInProgress(t *testing.T) {
	c := newCloud(t, Options{})
	held, release := make(chan struct{}), make(chan struct{})
	go c.store.Update(func(*store.Tx) error {
		close(held)
		<-release
		return nil
	})
	<-held
	errs := make(chan error, 2)
	for range 2 {
		client := c.client()
		go func() {
			_, err := c.create(client, opPipeline, minimal(opPipeline).with(params{"ClientToken": "t"}))
			errs <- err
		}()
	}
	requireRefused(t, <-errs, 403, "IdempotentProcessing")
	close(release)
	require.NoError(t, <-errs)
	require.Equal(t, 1, c.describePipelines(nil).TotalCount)
}

// What was answered is there after the process ends: resources, indexes,
// versions, tokens, uses.
func TestRestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	st, err := store.Open(path)
	require.NoError(t, err)
	c := serveCloud(t, st, Options{})
	form := params{"Name": "web", "ClientToken": "t", "Tag.1.Key": "imagedrop:digest", "Tag.1.Value": "abc"}
	id := c.mustCreate(opComponent, form)
	pipelineID := c.mustCreate(opPipeline, params{"BuildContent": "COMPONENT " + id})
	require.NoError(t, st.Close())

	st, err = store.Open(path)
	require.NoError(t, err)
	defer st.Close()
	c = serveCloud(t, st, Options{ComponentQuota: 2})
	require.Equal(t, id, c.mustCreate(opComponent, form))
	found := c.describeComponents(params{"Name": "web", "Tag.1.Key": "imagedrop:digest", "Tag.1.Value": "abc"})
	require.Equal(t, 1, found.TotalCount)
	require.Equal(t, id, found.ImageComponent.ImageComponentSet[0].ImageComponentId)
	requireRefused(t, c.delete(opComponent, id), 403, "InvalidImageComponent.InUse")
	require.Equal(t, "COMPONENT "+id, c.pipeline(pipelineID).BuildContent)
	require.Equal(t, "2.0.0", c.component(c.mustCreate(opComponent, params{"Name": "web"})).ComponentVersion)
	_, err = c.create(c.client(), opComponent, minimal(opComponent))
	requireRefused(t, err, 400, "QuotaExceed.ImageComponent")
}

package ecsimage_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/template"
)

// startWorkshop is a local cloud whose time moves by hand. It begins now: the
// SDK dates its requests.
func startWorkshop(t *testing.T) (cloud, *account.ManualClock) {
	t.Helper()
	c := startCloud(t)
	clock := account.NewManualClock(time.Now())
	c.account.Clock = clock
	return c, clock
}

// pipeline creates one that builds an image of the family into two regions.
func (c cloud) pipeline(t *testing.T, name string, more ...template.Parameter) string {
	t.Helper()
	more = append(more,
		template.Parameter{Name: "ImageOptions.ImageName", Value: name}, template.Parameter{Name: "ImageOptions.ImageFamily", Value: name},
		template.Parameter{Name: "ToRegionId.1", Value: account.Region}, template.Parameter{Name: "ToRegionId.2", Value: "cn-beijing"})
	id, err := c.client.Create(c.ctx, named(template.Pipeline, name, "job-"+name, more...))
	require.NoError(t, err)
	return id
}

func (c cloud) start(t *testing.T, pipelineID, token string) string {
	t.Helper()
	id, err := c.client.Start(c.ctx, imagebuild.StartRequest{
		RegionID: account.Region, PipelineID: pipelineID, ClientToken: token, Tags: []imagebuild.Tag{{Key: "imagedrop:job", Value: token}},
	})
	require.NoError(t, err)
	return id
}

func (c cloud) executions(t *testing.T, q imagebuild.ExecutionQuery) []imagebuild.Execution {
	t.Helper()
	q.RegionID = account.Region
	found, err := c.client.Executions(c.ctx, q)
	require.NoError(t, err)
	return found
}

// end lets the time pass that the longest build takes.
func end(clock *account.ManualClock) {
	for range 8 {
		clock.Advance(time.Minute)
	}
}

func TestLocalCloudBuilds(t *testing.T) {
	c, clock := startWorkshop(t)
	pipelineID := c.pipeline(t, "web")
	id := c.start(t, pipelineID, "job-1")
	require.Equal(t, id, c.start(t, pipelineID, "job-1"), "the same token, the same execution")
	tags := []imagebuild.Tag{{Key: "imagedrop:job", Value: "job-1"}}
	running := c.executions(t, imagebuild.ExecutionQuery{PipelineID: pipelineID, Tags: tags})
	require.Len(t, running, 1)
	require.Equal(t, []any{id, pipelineID, "PREPARING", "", tags}, []any{running[0].ID, running[0].PipelineID, running[0].Status, running[0].ImageID, running[0].Tags})
	require.NotEmpty(t, running[0].CreationTime)
	newest, err := c.client.Newest(c.ctx, account.Region, "web")
	require.NoError(t, err)
	require.Empty(t, newest)

	_, err = c.client.Start(c.ctx, imagebuild.StartRequest{RegionID: account.Region, PipelineID: pipelineID, ClientToken: "job-2"})
	require.Equal(t, "InvalidImagePipeline.HasRunningExecution", fault.Of(err).Code)
	require.Equal(t, fault.Permanent, fault.KindOf(err))
	_, err = c.client.Start(c.ctx, imagebuild.StartRequest{RegionID: account.Region, PipelineID: pipelineID, ClientToken: "job-1"})
	require.Equal(t, "IdempotentParameterMismatch", fault.Of(err).Code)
	_, err = c.client.Start(c.ctx, imagebuild.StartRequest{RegionID: account.Region, PipelineID: "ip-unknown", ClientToken: "job-3"})
	require.Equal(t, "InvalidImagePipeline.NotFound", fault.Of(err).Code)
	require.Equal(t, fault.Invalid, fault.KindOf(err))

	end(clock)
	ended := c.executions(t, imagebuild.ExecutionQuery{IDs: []string{id, "exec-unknown"}})
	require.Len(t, ended, 1, "unknown IDs are absent")
	require.Equal(t, "SUCCESS", ended[0].Status)
	require.Empty(t, c.executions(t, imagebuild.ExecutionQuery{PipelineID: pipelineID, Tags: []imagebuild.Tag{{Key: "imagedrop:job", Value: "another"}}}))
	c.requireImages(t, "web_"+id, ended[0].ImageID)
}

// requireImages looks for the image in both regions, by name and by ID.
func (c cloud) requireImages(t *testing.T, name, id string) {
	t.Helper()
	ids := map[string]bool{}
	for _, region := range []string{account.Region, "cn-beijing"} {
		found, err := c.client.Images(c.ctx, imagebuild.ImageQuery{RegionID: region, Name: name})
		require.NoError(t, err)
		require.Len(t, found, 1)
		require.Equal(t, imagebuild.Image{ID: found[0].ID, Name: name, Status: "Available"}, found[0])
		again, err := c.client.Images(c.ctx, imagebuild.ImageQuery{RegionID: region, ID: found[0].ID})
		require.NoError(t, err)
		require.Equal(t, found, again)
		newest, err := c.client.Newest(c.ctx, region, "web")
		require.NoError(t, err)
		require.Equal(t, found[0].ID, newest)
		ids[newest] = true
	}
	require.Len(t, ids, 2, "an ID for each region")
	require.Contains(t, ids, id)
	none, err := c.client.Images(c.ctx, imagebuild.ImageQuery{RegionID: account.Region, Name: name + "0"})
	require.NoError(t, err)
	require.Empty(t, none)
	public, err := c.client.Newest(c.ctx, account.Region, "acs:alibaba_cloud_linux_3_2104_lts_x64")
	require.NoError(t, err)
	require.NotEmpty(t, public)
}

func TestLocalCloudDescribesFailures(t *testing.T) {
	c, clock := startWorkshop(t)
	pipelineID := c.pipeline(t, "web", template.Parameter{Name: "TestContent", Value: "RUN true"})
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "ecs", Operation: "StartImagePipelineExecution", Effect: account.EffectFailBuild, Phase: "TESTING"}))
	id := c.start(t, pipelineID, "job-1")
	end(clock)
	ended := c.executions(t, imagebuild.ExecutionQuery{IDs: []string{id}})
	require.Equal(t, "TEST_FAILED", ended[0].Status)
	require.NotEmpty(t, ended[0].Message)
	require.NotEmpty(t, ended[0].ImageID)
	found, err := c.client.Images(c.ctx, imagebuild.ImageQuery{RegionID: account.Region, ID: ended[0].ImageID})
	require.NoError(t, err)
	require.Len(t, found, 1)
}

// What is described is what was asked for, by the same names: the digest of a
// build's inputs rests on it.
func TestLocalCloudDescribesWhatAPipelineBuilds(t *testing.T) {
	c := startCloud(t)
	given := []template.Parameter{
		{Name: "AdvancedOptions.RetainCloudAssistant", Value: "true"}, {Name: "ImageOptions.ImageFeatures.NvmeSupport", Value: "auto"},
		{Name: "ImageOptions.ImageTags.1.Key", Value: "a"}, {Name: "ImageOptions.ImageTags.1.Value", Value: "1"},
		{Name: "InstanceType", Value: "ecs.g6.large"}, {Name: "RepairMode", Value: "Standard"}, {Name: "SystemDiskSize", Value: "60"},
		{Name: "DeleteInstanceOnFailure", Value: "true"},
	}
	id := c.pipeline(t, "web", given...)
	for _, q := range []imagebuild.Query{{}, {Name: "web"}, {Tags: []imagebuild.Tag{{Key: "imagedrop:job", Value: "job-web"}}}} {
		q.RegionID = account.Region
		found, err := c.client.Pipelines(c.ctx, q)
		require.NoError(t, err)
		require.Len(t, found, 1)
		p := found[0]
		require.Equal(t, []any{id, "web", "web", false, []string{"cn-beijing", account.Region}, "IMAGE_FAMILY", "acs:alibaba_cloud_linux_3_2104_lts_x64"},
			[]any{p.ID, p.Name, p.ImageName, p.PlainImageName, p.ToRegionIDs, p.BaseImageType, p.BaseImage})
		require.Contains(t, p.BuildContent, "RUN echo")
		require.Subset(t, p.Options, given)
		for _, o := range p.Options {
			require.NotRegexp(t, "^(Name|Description|BuildContent|CreationTime|Tags?.*)$", o.Name)
		}
	}
	other, err := c.client.Pipelines(c.ctx, imagebuild.Query{RegionID: account.Region}, id, "ip-unknown")
	require.NoError(t, err)
	require.Len(t, other, 1)
}

// Pages of 500, batches of 20: few calls for many.
func TestLocalCloudIsAskedSeldom(t *testing.T) {
	c := startCloud(t)
	var pipelines, builds []string
	for i := range 41 {
		id := c.pipeline(t, fmt.Sprintf("web-%02d", i))
		pipelines, builds = append(pipelines, id), append(builds, c.start(t, id, fmt.Sprint("job-", i)))
	}
	c.account.Faults.Record()
	all, err := c.client.Pipelines(c.ctx, imagebuild.Query{RegionID: account.Region})
	require.NoError(t, err)
	require.Len(t, all, 41)
	some, err := c.client.Pipelines(c.ctx, imagebuild.Query{RegionID: account.Region}, pipelines...)
	require.NoError(t, err)
	require.Len(t, some, 41)
	require.Len(t, c.executions(t, imagebuild.ExecutionQuery{IDs: builds}), 41)
	calls := map[string]int{}
	for _, call := range c.account.Faults.Calls() {
		calls[call.Operation]++
	}
	require.Equal(t, map[string]int{"DescribeImagePipelines": 1 + 3, "DescribeImagePipelineExecutions": 3}, calls)
}

package ecs

import (
	"encoding/xml"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// ended makes a template and lets an execution of it end; its answer has room
// for more parameters.
func (c *cloud) ended(changes params) params {
	c.t.Helper()
	region := params{}.with(changes)["RegionId"]
	id := c.mustCreate(opPipeline, changes)
	c.mustCreate(opStart, params{"ImagePipelineId": id, "RegionId": orDefault(region, account.Region)})
	c.clock.Advance(longest)
	return params{}
}

// fail arms a fault for the next execution that passes the phase.
func (c *cloud) fail(phase, match, code string) {
	c.t.Helper()
	require.NoError(c.t, c.account.Faults.Add(account.Fault{Service: "ecs", Operation: "StartImagePipelineExecution",
		Match: match, Effect: account.EffectFailBuild, Phase: phase, Code: code}))
}

// walk follows an execution to its end, a phase at a time.
func (c *cloud) walk(id string) (seen []string) {
	c.t.Helper()
	for range 9 {
		seen = append(seen, c.execution(id).Status)
		c.clock.Advance(step)
	}
	return slices.Compact(seen)
}

var everyPhase = params{"RepairMode": "Standard", "TestContent": "RUN true", "ToRegionId.1": "cn-beijing", "ToRegionId.2": "cn-shanghai",
	"AddAccount.1": "1234567890", "ImageName": "web", "ImageFamily": "web-golden"}

// Every way through the machine, and where each leaves images.
func TestPhases(t *testing.T) {
	own, all := []string{"cn-hangzhou"}, []string{"cn-hangzhou", "cn-beijing", "cn-shanghai"}
	tests := []struct {
		name   string
		set    params
		fails  string
		want   string
		images []string
		family []string
	}{
		{"plain", params{"ImageFamily": "web-golden"}, "", "PREPARING BUILDING RELEASING SUCCESS", own, own},
		{"repair", params{"RepairMode": "Standard"}, "", "PREPARING REPAIRING BUILDING RELEASING SUCCESS", own, nil},
		{"test", params{"TestContent": "RUN true"}, "", "PREPARING BUILDING TESTING RELEASING SUCCESS", own, nil},
		{"copy", params{"ToRegionId.1": "cn-beijing"}, "", "PREPARING BUILDING DISTRIBUTING RELEASING SUCCESS", all[:2], nil},
		{"copy to where it is", params{"ToRegionId.1": "cn-hangzhou"}, "", "PREPARING BUILDING DISTRIBUTING RELEASING SUCCESS", own, nil},
		{"share", params{"AddAccount.1": "1234567890"}, "", "PREPARING BUILDING DISTRIBUTING RELEASING SUCCESS", own, nil},
		{"everything", everyPhase, "", "PREPARING REPAIRING BUILDING TESTING DISTRIBUTING RELEASING SUCCESS", all, all},

		{"preparing fails", everyPhase, "PREPARING", "PREPARING RELEASING FAILED", nil, nil},
		{"repairing fails", everyPhase, "REPAIRING", "PREPARING REPAIRING RELEASING FAILED", nil, nil},
		{"building fails", everyPhase, "BUILDING", "PREPARING REPAIRING BUILDING RELEASING FAILED", nil, nil},
		{"testing fails", everyPhase, "TESTING", "PREPARING REPAIRING BUILDING TESTING RELEASING TEST_FAILED", own, nil},
		{"distributing fails", everyPhase, "DISTRIBUTING",
			"PREPARING REPAIRING BUILDING TESTING DISTRIBUTING RELEASING PARTITION_SUCCESS", all[:2], all[:2]},
		{"sharing fails", params{"AddAccount.1": "1234567890"}, "DISTRIBUTING", "PREPARING BUILDING DISTRIBUTING RELEASING PARTITION_SUCCESS", own, nil},
		{"releasing fails", everyPhase, "RELEASING",
			"PREPARING REPAIRING BUILDING TESTING DISTRIBUTING RELEASING PARTITION_SUCCESS", all, all},
		{"a phase that it does not pass fails", nil, "TESTING", "PREPARING BUILDING RELEASING SUCCESS", own, nil},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			c := newCloud(t, Options{})
			if tt.fails != "" {
				c.fail(tt.fails, "", "")
			}
			_, id := c.build(tt.set)
			require.Equal(t, tt.want, strings.Join(c.walk(id), " "))
			var images, family []string
			for _, region := range all {
				if ids := c.imageIDs(params{"RegionId": region}); len(ids) > 0 {
					require.Len(t, ids, 1)
					images = append(images, region)
					if c.fromFamily(region, "web-golden") == ids[0] {
						family = append(family, region)
					}
				}
			}
			require.Equal(t, tt.images, images)
			require.Equal(t, tt.family, family)
			got := c.execution(id)
			require.Equal(t, len(tt.images) > 0, got.ImageId != "", "an execution names the image of its region")
			if tt.fails != "" && got.Status != "SUCCESS" {
				require.Contains(t, got.Message, tt.fails+" failed: ")
			}
		})
	}
}

// Every member, phase by phase.
func TestWhatAnExecutionTells(t *testing.T) {
	c := newCloud(t, Options{})
	start := c.clock.Now()
	pipeline := c.mustCreate(opPipeline, everyPhase.with(params{"ResourceGroupId": "rg-one1"}))
	request := ecs.CreateStartImagePipelineExecutionRequest()
	request.ImagePipelineId, request.ClientToken = pipeline, "job-1"
	request.Tag = &[]ecs.StartImagePipelineExecutionTag{{Key: "imagedrop:job", Value: "job-1"}, {Key: "empty"}}
	request.TemplateTag = &[]ecs.StartImagePipelineExecutionTemplateTag{{Key: "acs:odd", Value: "x"}}
	response := ecs.CreateStartImagePipelineExecutionResponse()
	require.NoError(t, c.client().DoAction(request, response))
	require.Regexp(t, `^exec-[a-z0-9]{20}$`, response.ExecutionId)

	suffix := strings.TrimPrefix(response.ExecutionId, "exec-")
	for i, want := range []struct{ status, message string }{
		{"PREPARING", `Create transition vpc "vpc-` + suffix + `" success!`},
		{"REPAIRING", `Create transition instance "i-` + suffix + `" success!`},
		{"BUILDING", `Create transition instance "i-` + suffix + `" success!`},
		{"TESTING", `Create image "IMAGE" success!`},
		{"DISTRIBUTING", `Create image "IMAGE" success!`},
		{"RELEASING", `Release transition instance "i-` + suffix + `".`},
		{"SUCCESS", "Execute image pipeline success!"},
	} {
		got := c.execution(response.ExecutionId)
		if i > 2 {
			require.Regexp(t, `^m-[a-z0-9]{20}$`, got.ImageId)
		}
		require.Equal(t, ecs.ImagePipelineExecutionSet{
			ExecutionId: response.ExecutionId, ImagePipelineId: pipeline, ResourceGroupId: "rg-one1", ImageId: got.ImageId,
			Status: want.status, Message: strings.Replace(want.message, "IMAGE", got.ImageId, 1),
			CreationTime: creationTime(start), ModifiedTime: creationTime(start.Add(time.Duration(i) * step)),
			Tags: ecs.TagsInDescribeImagePipelineExecutions{Tag: []ecs.Tag{{TagKey: "imagedrop:job", TagValue: "job-1"}, {TagKey: "empty"}}},
		}, got)
		c.clock.Advance(step - 1)
		require.Equal(t, want.status, c.execution(response.ExecutionId).Status, "until the phase is over")
		c.clock.Advance(1)
	}
	ownSwitch := c.mustCreate(opPipeline, params{"VSwitchId": "vsw-bp67acfmxazb4p****"})
	require.Equal(t, `Use vswitch "vsw-bp67acfmxazb4p****" success!`, c.execution(c.start(ownSwitch)).Message)
}

// Nobody has to ask for executions: images are there when they are due, and the
// times are those of the plan, not of the question.
func TestBuildsEndUnwatched(t *testing.T) {
	c := newCloud(t, Options{})
	start := c.clock.Now()
	_, id := c.build(params{"ImageFamily": "web-golden"})
	c.clock.Advance(3*step - 1)
	require.Empty(t, c.fromFamily("cn-hangzhou", "web-golden"))
	c.clock.Advance(1 + longest)
	require.NotEmpty(t, c.fromFamily("cn-hangzhou", "web-golden"))
	got := c.execution(id)
	require.Equal(t, []string{"SUCCESS", creationTime(start.Add(3 * step))}, []string{got.Status, got.ModifiedTime})
	require.Equal(t, creationTime(start.Add(2*step)), c.describeImages(params{"ImageId": got.ImageId}).Images.Image[0].CreationTime)
}

// Where an execution is depends on the time alone: one that is looked at in
// every moment, and one that nobody looked at before, tell the same.
func TestLookingChangesNothing(t *testing.T) {
	tell := func(c *cloud, id string, start time.Time) string {
		got := c.execution(id)
		modified, err := time.Parse(timestampForm, got.ModifiedTime)
		require.NoError(t, err)
		return fmt.Sprint(got.Status, modified.Sub(start), got.ImageId != "")
	}
	for _, fails := range []string{"", "REPAIRING", "TESTING", "DISTRIBUTING"} {
		begin := func() (c *cloud, id string, start time.Time) {
			c = newCloud(t, Options{})
			if fails != "" {
				c.fail(fails, "", "")
			}
			_, id = c.build(everyPhase)
			return c, id, c.clock.Now()
		}
		watched, id, start := begin()
		for passed := time.Duration(0); passed < longest; passed += step / 2 {
			fresh, freshID, freshStart := begin()
			fresh.clock.Advance(passed)
			require.Equal(t, tell(watched, id, start), tell(fresh, freshID, freshStart), "%s, %v later", fails, passed)
			watched.clock.Advance(step / 2)
		}
	}
}

// Unscaled, a phase takes a minute.
func TestPhasesInTheirOwnTime(t *testing.T) {
	c := newCloud(t, Options{})
	c.account.Scale = 0
	_, id := c.build(nil)
	c.clock.Advance(3*time.Minute - 1)
	require.Equal(t, "RELEASING", c.execution(id).Status)
	c.clock.Advance(1)
	require.Equal(t, "SUCCESS", c.execution(id).Status)
}

func TestCancel(t *testing.T) {
	tests := []struct {
		phases int // that are over
		status string
		want   string
	}{
		{0, "PREPARING", ""},
		{1, "REPAIRING", ""},
		{2, "BUILDING", ""},
		{3, "TESTING", "403 InvalidStatus.ImagePipelineExecution"},
		{4, "DISTRIBUTING", "403 InvalidStatus.ImagePipelineExecution"},
		{5, "RELEASING", "403 InvalidStatus.ImagePipelineExecution"},
		{6, "SUCCESS", "400 InvalidStatus.CancelFailed"},
	}
	for _, tt := range tests {
		t.Run(tt.status, func(t *testing.T) {
			c := newCloud(t, Options{})
			pipeline, id := c.build(everyPhase)
			c.clock.Advance(time.Duration(tt.phases) * step)
			require.Equal(t, tt.status, c.execution(id).Status)
			c.clock.Advance(step / 2)
			if tt.want != "" {
				a := c.raw("POST", params{"Action": "CancelImagePipelineExecution", "RegionId": "cn-hangzhou", "ExecutionId": id})
				require.Equal(t, tt.want, a.code())
				seen := c.walk(id)
				require.Equal(t, "SUCCESS", seen[len(seen)-1], "it goes on")
				return
			}
			require.NoError(t, c.cancel(id))
			now := creationTime(c.clock.Now())
			got := c.execution(id)
			require.Equal(t, []string{"CANCELLING", now, "Cancel execution.", ""}, []string{got.Status, got.ModifiedTime, got.Message, got.ImageId})
			requireRefused(t, c.cancel(id), 403, "InvalidStatus.ImagePipelineExecution")
			requireRefused(t, c.delete(opPipeline, pipeline), 403, "InvalidImagePipeline.HasRunningExecution")
			require.Equal(t, []string{"CANCELLING", "CANCELLED"}, c.walk(id))
			requireRefused(t, c.cancel(id), 400, "InvalidStatus.CancelFailed")
			require.Empty(t, c.imageIDs(params{"Status": "Creating,Available"}))
			c.start(pipeline)
		})
	}
}

func TestCancelErrors(t *testing.T) {
	c := newCloud(t, Options{})
	_, id := c.build(nil)
	for want, set := range map[string]params{
		"400 MissingParameter.ExecutionId":             {"ExecutionId": ""},
		"400 MissingParameter.RegionId":                {"RegionId": "-"},
		"404 InvalidRegionId.NotFound":                 {"RegionId": "mars-1"},
		"404 InvalidImagePipelineExecution.NotFound":   {"ExecutionId": "exec-unknown"},
		"404 InvalidImagePipelineExecution.NotFound 2": {"RegionId": "cn-beijing"},
	} {
		a := c.raw("POST", params{"Action": "CancelImagePipelineExecution", "RegionId": "cn-hangzhou", "ExecutionId": id}.with(set))
		require.Equal(t, strings.TrimSuffix(want, " 2"), a.code())
	}
}

// One execution of a template at a time, however many ask for it.
func TestOneStartOfMany(t *testing.T) {
	c := newCloud(t, Options{})
	pipeline := c.mustCreate(opPipeline, nil)
	const callers = 16
	started := make(chan string, callers)
	var calls sync.WaitGroup
	for range callers {
		calls.Go(func() {
			if id, err := c.create(c.client(), opStart, params{"ImagePipelineId": pipeline}); err == nil {
				started <- id
			} else {
				require.ErrorContains(t, err, "InvalidImagePipeline.HasRunningExecution")
			}
		})
	}
	calls.Wait()
	require.Len(t, started, 1)
	require.Equal(t, 1, c.describeExecutions(params{"ImagePipelineId": pipeline}).TotalCount)
	c.clock.Advance(longest)
	c.start(pipeline)
}

func TestStartToken(t *testing.T) {
	const lifetime = time.Minute
	c := newCloud(t, Options{TokenLifetime: lifetime})
	pipeline := c.mustCreate(opPipeline, nil)
	form := params{"ImagePipelineId": pipeline, "ClientToken": "job-1", "Tag.1.Key": "imagedrop:step", "Tag.1.Value": "timer"}
	id, err := c.create(c.client(), opStart, form)
	require.NoError(t, err)
	for range 2 { // while it runs, and when it has ended
		again, err := c.create(c.client(), opStart, form)
		require.NoError(t, err)
		require.Equal(t, id, again)
		_, err = c.create(c.client(), opStart, form.with(params{"Tag.1.Value": "m-2"}))
		requireRefused(t, err, 403, "IdempotentParameterMismatch")
		c.clock.Advance(longest)
	}
	require.Equal(t, 1, c.describeExecutions(params{"ImagePipelineId": pipeline}).TotalCount)
	c.clock.Advance(lifetime)
	again, err := c.create(c.client(), opStart, form)
	require.NoError(t, err)
	require.NotEqual(t, id, again)
	_, err = c.create(c.client(), opStart, form.with(params{"ClientToken": strings.Repeat("x", 65)}))
	requireRefused(t, err, 400, "InvalidParameter.ClientToken")
	_, err = c.create(c.client(), opStart, tagged(21).with(params{"ImagePipelineId": pipeline}))
	requireRefused(t, err, 400, "InvalidParameter.Tag")
	_, err = c.create(c.client(), opStart, nil)
	requireRefused(t, err, 400, "MissingParameter.ImagePipelineId")
}

// A refused start takes no token.
func TestARefusedStartIsForgotten(t *testing.T) {
	c := newCloud(t, Options{})
	pipeline, _ := c.build(nil)
	form := params{"ImagePipelineId": pipeline, "ClientToken": "job-1"}
	_, err := c.create(c.client(), opStart, form)
	requireRefused(t, err, 403, "InvalidImagePipeline.HasRunningExecution")
	c.clock.Advance(longest)
	_, err = c.create(c.client(), opStart, form)
	require.NoError(t, err)
}

// A lost component is found out at the start. No request can remove one that a
// template uses, so the test does.
func TestStartWithoutItsComponent(t *testing.T) {
	c := newCloud(t, Options{})
	component := c.mustCreate(opComponent, nil)
	pipeline := c.mustCreate(opPipeline, params{"BuildContent": "COMPONENT " + component})
	require.NoError(t, c.store.Update(func(tx *store.Tx) error {
		r, err := load(tx, components, "cn-hangzhou", component)
		require.NoError(t, err)
		return remove(tx, components, r)
	}))
	_, err := c.create(c.client(), opStart, params{"ImagePipelineId": pipeline})
	requireRefused(t, err, 404, "ImageComponent.NotFound")
}

// The operation of 2023 knows no tags; it ignores them like all it does not know.
func TestStartOf2023(t *testing.T) {
	c := newCloud(t, Options{Generation: Generation2023})
	pipeline := c.mustCreate(opPipeline, params{"BuildContent": strings.Repeat("RUN true\n", 127)})
	id := c.mustCreate(opStart, params{"ImagePipelineId": pipeline, "Tag.1.Key": "acs:a"})
	require.Empty(t, c.execution(id).Tags.Tag)
	require.Equal(t, "PREPARING BUILDING RELEASING SUCCESS", strings.Join(c.walk(id), " "))
}

// The records of executions go with their template; their images stay.
func TestDeleteWithExecutions(t *testing.T) {
	c := newCloud(t, Options{})
	pipeline, id := c.build(nil)
	_, other := c.build(nil)
	requireRefused(t, c.delete(opPipeline, pipeline), 403, "InvalidImagePipeline.HasRunningExecution")
	c.clock.Advance(longest)
	second := c.start(pipeline)
	c.clock.Advance(longest)
	require.NoError(t, c.delete(opPipeline, pipeline))
	require.Zero(t, c.describeExecutions(params{"ExecutionId": id + "," + second}).TotalCount)
	require.Equal(t, "SUCCESS", c.execution(other).Status)
	require.Len(t, c.imageIDs(nil), 3)
	requireRefused(t, c.cancel(id), 404, "InvalidImagePipelineExecution.NotFound")
	a := c.raw("GET", params{"Action": "DescribeImagePipelineExecutions", "RegionId": "cn-hangzhou", "ImagePipelineId": pipeline})
	require.Equal(t, "404 InvalidImagePipeline.NotFound", a.code())
}

// What runs goes on where another process opens the state, to the same times.
func TestExecutionsSurviveARestart(t *testing.T) {
	path := filepath.Join(t.TempDir(), "state.db")
	st, err := store.Open(path)
	require.NoError(t, err)
	c := serveCloud(t, st, Options{})
	c.fail("DISTRIBUTING", "", "no stock")
	start := c.clock.Now()
	pipeline, id := c.build(everyPhase)
	c.clock.Advance(3 * step) // and nobody looks
	require.NoError(t, st.Close())

	st, err = store.Open(path)
	require.NoError(t, err)
	defer st.Close()
	clock := c.clock
	c = serveCloud(t, st, Options{})
	c.clock.Advance(clock.Now().Sub(c.clock.Now()))
	require.Equal(t, "TESTING", c.execution(id).Status)
	_, err = c.create(c.client(), opStart, params{"ImagePipelineId": pipeline})
	requireRefused(t, err, 403, "InvalidImagePipeline.HasRunningExecution")
	c.clock.Advance(3 * step)
	got := c.execution(id)
	require.Equal(t, []string{"PARTITION_SUCCESS", creationTime(start.Add(6 * step)), "DISTRIBUTING failed: no stock. No image in cn-shanghai."},
		[]string{got.Status, got.ModifiedTime, got.Message})
}

// executionIDs lists executions, the newest first.
func (c *cloud) executionIDs(form params) (ids []string) {
	c.t.Helper()
	answer := c.describeExecutions(form)
	for _, item := range answer.ImagePipelineExecution.ImagePipelineExecutionSet {
		ids = append(ids, item.ExecutionId)
	}
	if form["MaxResults"] == "" {
		require.Equal(c.t, len(ids), answer.TotalCount)
	}
	return ids
}

func TestExecutionFilters(t *testing.T) {
	c := newCloud(t, Options{})
	pipeline, first := c.build(nil)
	c.clock.Advance(longest)
	c.fail("BUILDING", "", "")
	second := c.mustCreate(opStart, params{"ImagePipelineId": pipeline, "Tag.1.Key": "imagedrop:job", "Tag.1.Value": "2", "Tag.2.Key": "k", "Tag.2.Value": "x"})
	c.clock.Advance(longest)
	third := c.mustCreate(opStart, params{"ImagePipelineId": pipeline, "Tag.1.Key": "imagedrop:job", "Tag.1.Value": "3", "Tag.2.Key": "k", "Tag.2.Value": "x"})
	_, other := c.build(nil)
	of := params{"ImagePipelineId": pipeline}
	tests := []struct {
		filter params
		want   []string
	}{
		{of, []string{third, second, first}},
		{of.with(params{"Status": "SUCCESS"}), []string{first}},
		{of.with(params{"Status": "SUCCESS,FAILED"}), []string{second, first}},
		{of.with(params{"Status": "CANCELLED, PREPARING"}), []string{third}},
		{of.with(params{"Status": "BUILDING"}), nil},
		{of.with(params{"Tag.1.Key": "imagedrop:job", "Tag.1.Value": "2"}), []string{second}},
		{of.with(params{"Tag.1.Key": "imagedrop:job"}), []string{third, second}},
		{of.with(params{"Tag.1.Key": "k", "Tag.1.Value": "x", "Tag.2.Key": "imagedrop:job", "Tag.2.Value": "3"}), []string{third}},
		{of.with(params{"ExecutionId": second + "," + other}), []string{second}},
		{params{"ExecutionId": second + "," + other + ",exec-unknown"}, []string{other, second}},
		{params{"ExecutionId": first, "Status": "FAILED"}, nil},
		{params{"ExecutionId": first, "RegionId": "cn-beijing"}, nil},
		{params{"ExecutionId": strings.TrimSuffix(strings.Repeat(first+",", 20), ",")}, []string{first}},
		{params{"ExecutionId": pipeline}, nil},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, c.executionIDs(tt.filter), "%v", tt.filter)
	}
}

func TestExecutionListErrors(t *testing.T) {
	c := newCloud(t, Options{})
	pipeline, _ := c.build(nil)
	for _, tt := range []struct {
		set  params
		want string
	}{
		{params{"RegionId": "-"}, "400 MissingParameter.RegionId"},
		{params{"RegionId": "mars-1"}, "404 InvalidRegionId.NotFound"},
		{params{"ImagePipelineId": "-"}, "400 MissingParameter.ImagePipelineId"},
		{params{"ImagePipelineId": "ip-unknown"}, "404 InvalidImagePipeline.NotFound"},
		{params{"RegionId": "cn-beijing"}, "404 InvalidImagePipeline.NotFound"},
		{params{"Status": "DONE"}, "400 InvalidParameter.Status"},
		{params{"Status": "SUCCESS,success"}, "400 InvalidParameter.Status"},
		{params{"ExecutionId": strings.Repeat("exec-1,", 21)}, "400 InvalidExecutionId.SizeExceeded"},
		{params{"NextToken": "x"}, "403 Invalid.NextToken"},
		{params{"MaxResults": "501"}, "400 InvalidParameter.MaxResults"},
	} {
		a := c.raw("GET", params{"Action": "DescribeImagePipelineExecutions", "RegionId": "cn-hangzhou", "ImagePipelineId": pipeline}.with(tt.set))
		require.Equal(t, tt.want, a.code(), "%v", tt.set)
	}
}

func TestExecutionPaging(t *testing.T) {
	c := newCloud(t, Options{})
	pipeline := c.mustCreate(opPipeline, nil)
	var all []string
	for range 7 {
		all = append(all, c.start(pipeline))
		c.clock.Advance(longest)
	}
	slices.Reverse(all)
	form := params{"ImagePipelineId": pipeline, "MaxResults": "3", "Status": "SUCCESS"}
	var got []string
	for {
		answer := c.describeExecutions(form)
		require.Equal(t, []int{7, 3}, []int{answer.TotalCount, answer.MaxResults})
		for _, item := range answer.ImagePipelineExecution.ImagePipelineExecutionSet {
			got = append(got, item.ExecutionId)
		}
		if answer.NextToken == "" {
			break
		}
		form = form.with(params{"NextToken": answer.NextToken})
	}
	require.Equal(t, all, got)
}

func TestExecutionsInXML(t *testing.T) {
	c := newCloud(t, Options{})
	pipeline := c.mustCreate(opPipeline, nil)
	call := params{"RegionId": "cn-hangzhou", "Format": "XML", "ImagePipelineId": pipeline, "Tag.1.Key": "k", "Tag.1.Value": "v"}
	var started struct {
		XMLName                xml.Name `xml:"StartImagePipelineExecutionResponse"`
		RequestId, ExecutionId string
	}
	a := c.raw("POST", call.with(params{"Action": "StartImagePipelineExecution"}))
	require.NoError(t, xml.Unmarshal([]byte(a.text), &started), a.text)
	var list struct {
		XMLName xml.Name `xml:"DescribeImagePipelineExecutionsResponse"`
		Set     []struct {
			ExecutionId, Status string
			Tags                []string `xml:"Tags>Tag>TagValue"`
		} `xml:"ImagePipelineExecution>ImagePipelineExecutionSet"`
	}
	a = c.raw("GET", call.with(params{"Action": "DescribeImagePipelineExecutions"}))
	require.NoError(t, xml.Unmarshal([]byte(a.text), &list), a.text)
	require.Len(t, list.Set, 1)
	require.Equal(t, []string{started.ExecutionId, "PREPARING", "v"}, []string{list.Set[0].ExecutionId, list.Set[0].Status, list.Set[0].Tags[0]})
}

// The fault of a build waits for its execution: other calls, refused and
// repeated ones, and other templates pass.
func TestFaultOfOneBuild(t *testing.T) {
	c := newCloud(t, Options{})
	pipeline, running := c.build(nil)
	other := c.mustCreate(opPipeline, nil)
	c.fail("BUILDING", pipeline, "disk full")
	_, err := c.create(c.client(), opStart, params{"ImagePipelineId": pipeline})
	requireRefused(t, err, 403, "InvalidImagePipeline.HasRunningExecution")
	spared := c.start(other)
	c.clock.Advance(longest)
	failing := c.start(pipeline)
	require.Empty(t, c.account.Faults.List())
	c.clock.Advance(longest)
	for id, want := range map[string]string{
		running: "SUCCESS Execute image pipeline success!", spared: "SUCCESS Execute image pipeline success!",
		failing: "FAILED BUILDING failed: disk full.",
	} {
		got := c.execution(id)
		require.Equal(t, want, got.Status+" "+got.Message)
	}
}

// A start whose answer is lost has started; the repeat learns of it.
func TestStartWithALostAnswer(t *testing.T) {
	c := newCloud(t, Options{})
	pipeline := c.mustCreate(opPipeline, nil)
	c.fail("BUILDING", "", "")
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "ecs", Operation: "StartImagePipelineExecution",
		Match: pipeline, Effect: account.EffectErrorAfter, Code: "StartImagePipelineExecution.Failed"}))
	form := params{"ImagePipelineId": pipeline, "ClientToken": "job-1"}
	_, err := c.create(c.client(), opStart, form)
	requireRefused(t, err, 500, "StartImagePipelineExecution.Failed")
	id, err := c.create(c.client(), opStart, form)
	require.NoError(t, err)
	c.clock.Advance(longest)
	require.Equal(t, "FAILED", c.execution(id).Status)
	require.Equal(t, []string{id}, c.executionIDs(params{"ImagePipelineId": pipeline}))
}

// A thousand builds end in one question.
func TestThousandExecutions(t *testing.T) {
	c := newCloud(t, Options{})
	const builds = 1000
	var all []string
	client := c.client()
	for i := range builds {
		pipeline, err := c.create(client, opPipeline, minimal(opPipeline).with(params{"Name": fmt.Sprint("web", i), "ImageFamily": "web-golden"}))
		require.NoError(t, err)
		id, err := c.create(client, opStart, params{"ImagePipelineId": pipeline})
		require.NoError(t, err)
		all = append(all, id)
	}
	c.clock.Advance(longest)
	newest := c.fromFamily("cn-hangzhou", "web-golden")
	require.Equal(t, c.execution(all[builds-1]).ImageId, newest)
	require.Equal(t, builds, c.describeImages(params{"ImageOwnerAlias": "self"}).TotalCount)
	require.NoError(t, c.store.View(func(tx *store.Tx) error {
		tx.Scan(bucketDue, "", "", func(key string, _ []byte) bool {
			t.Error("still due: ", key)
			return true
		})
		return nil
	}))
}

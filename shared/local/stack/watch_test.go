package stack_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

// look is one look of watch at an execution: what it finds, and says.
type look struct {
	name string
	// pipeline, and the phase of it that fails, "" for none.
	pipeline map[string]string
	phase    string
	// before is what happens between the start and the look.
	before func(*cloud, *watched)
	fault  *account.Fault // of every such call
	calls  string
	// want is the status, the kind of the reason and the service's code; "" is
	// none, for an execution that still runs.
	want, kind, code string
	regions          []string // that have an image, as the outcome says
	// like is another one with the same calls: only that one is cut.
	like string
}

// watched is an execution of a message, and the follow-up that it sent.
type watched struct {
	pipelineID, id string
	followUp       map[string]any
}

var (
	threeRegions = map[string]string{"ToRegionId.1": "cn-beijing", "ToRegionId.2": "cn-shanghai", "ImageName": "web"}
	tested       = map[string]string{"TestContent": "RUN echo tested", "RepairMode": "Standard"}
)

// longEnough is more than any execution takes.
const longEnough = 7 * time.Minute

func ends(c *cloud, _ *watched) { c.hand.Advance(longEnough) }

func cancels(c *cloud, w *watched) {
	c.ask("CancelImagePipelineExecution", map[string]string{"RegionId": c.e.Region, "ExecutionId": w.id}, &struct{}{})
	c.hand.Advance(longEnough)
}

func deletes(c *cloud, w *watched) {
	c.hand.Advance(longEnough)
	c.ask("DeleteImagePipeline", map[string]string{"RegionId": c.e.Region, "ImagePipelineId": w.pipelineID}, &struct{}{})
}

// overruns is a follow-up that is looked at only when it has expired.
func overruns(_ *cloud, w *watched) { w.isOld(25 * time.Hour) }

// isOld dates the follow-up back.
func (w *watched) isOld(age time.Duration) {
	started := time.Now().Add(-age).UTC()
	w.followUp["started"] = started.Format(time.RFC3339)
	w.followUp["expires"] = started.Add(24 * time.Hour).Format(time.RFC3339)
}

func forbidden(operation, match string) *account.Fault {
	return &account.Fault{Service: "ecs", Operation: operation, Match: match, Count: 1 << 30, Effect: account.EffectCode, Code: "Forbidden.RAM", Status: 403}
}

const (
	hangzhou, beijing, shanghai = "cn-hangzhou", "cn-beijing", "cn-shanghai"

	lookAtImage  = "DescribeImagePipelineExecutions DescribeImagePipelines DescribeImages SendMessage"
	lookAtImages = "DescribeImagePipelineExecutions DescribeImagePipelines DescribeImages DescribeImages DescribeImages SendMessage"
	lookAtNone   = "DescribeImagePipelineExecutions SendMessage"
)

var looks = []look{
	{"still runs", nil, "", func(*cloud, *watched) {}, nil, lookAtNone, "", "", "", nil, ""},
	{"is being cancelled", nil, "", func(c *cloud, w *watched) {
		c.ask("CancelImagePipelineExecution", map[string]string{"RegionId": c.e.Region, "ExecutionId": w.id}, &struct{}{})
	}, nil, lookAtNone, "", "", "", nil, "still runs"},
	{"success", nil, "", ends, nil, lookAtImage, "succeeded", "", "", []string{hangzhou}, ""},
	{"success in three regions", threeRegions, "", ends, nil, lookAtImages, "succeeded", "", "", []string{hangzhou, beijing, shanghai}, ""},
	{"partition success", threeRegions, "DISTRIBUTING", ends, nil, lookAtImages, "succeeded", "partial", "PARTITION_SUCCESS", []string{hangzhou, beijing}, ""},
	{"not released", threeRegions, "RELEASING", ends, nil, lookAtImages, "succeeded", "partial", "PARTITION_SUCCESS",
		[]string{hangzhou, beijing, shanghai}, "partition success"},
	{"test failed", tested, "TESTING", ends, nil, "DescribeImagePipelineExecutions DescribeImages SendMessage", "failed", "testFailed",
		"TEST_FAILED", []string{hangzhou}, ""},
	{"preparing failed", tested, "PREPARING", ends, nil, lookAtNone, "failed", "buildFailed", "FAILED", nil, "building failed"},
	{"repairing failed", tested, "REPAIRING", ends, nil, lookAtNone, "failed", "buildFailed", "FAILED", nil, "building failed"},
	{"building failed", tested, "BUILDING", ends, nil, lookAtNone, "failed", "buildFailed", "FAILED", nil, ""},
	{"cancelled", nil, "", cancels, nil, lookAtNone, "cancelled", "cancelled", "CANCELLED", nil, ""},
	{"overrun", nil, "", overruns, nil, lookAtNone, "failed", "timeout", "PREPARING", nil, ""},
	{"ended at the last look", nil, "", func(c *cloud, w *watched) { ends(c, w); overruns(c, w) }, nil, lookAtImage, "succeeded", "", "", []string{hangzhou}, "success"},
	{"deleted", nil, "", deletes, nil, "DescribeImagePipelineExecutions SendMessage", "failed", "gone", "", nil, ""},
	{"no permission to look", nil, "", ends, forbidden("DescribeImagePipelineExecutions", ""), lookAtNone, "failed", "permanent", "Forbidden.RAM", nil, ""},
	{"no permission for a region", threeRegions, "", ends, forbidden("DescribeImages", beijing), lookAtImages, "succeeded", "partial", "",
		[]string{hangzhou, shanghai}, ""},
}

func lookName(l look) string { return l.name }

// byHand deploys watch without its trigger: the test delivers, on a clock that
// stands.
func byHand(t *testing.T) stack.Options {
	opt := changed(t, append(disabled("checks", "looks at running builds"), "timeout: 60", "timeout: 6")...)
	manual(&opt)
	opt.TimeScale = 1
	return opt
}

// disabled is what to change in s.yaml, for changed, so that a trigger of a
// queue is not served.
func disabled(trigger, description string) []string {
	head := "triggerName: " + trigger + "\n          triggerType: eventbridge\n          qualifier: LATEST\n          description: " +
		description + "\n          triggerConfig:\n            triggerEnable: "
	return []string{head + "true", head + "false"}
}

// watch starts an execution by a message, and takes the follow-up.
func (c *cloud) watch(pipeline map[string]string) *watched {
	w := &watched{pipelineID: c.makePipeline("web", pipeline)}
	require.NoError(c.t, c.deliver(c.message(account.NewMessageID(), byName), 1))
	require.Equal(c.t, "started", c.outcome().Data.Status)
	followUps := c.sentAfter(30 * time.Second)
	require.Len(c.t, followUps, 1)
	w.followUp, w.id = followUps[0], followUps[0]["executionId"].(string)
	return w
}

// sentAfter takes the follow-ups that are there after the delay, and not before.
func (c *cloud) sentAfter(delay time.Duration) (followUps []map[string]any) {
	c.hand.Advance(delay - time.Second)
	require.Empty(c.t, c.peek("imagedrop-watch"))
	c.hand.Advance(time.Second)
	for range c.peek("imagedrop-watch") {
		for _, body := range c.receive(c.queue("imagedrop-watch")) {
			var followUp map[string]any
			require.NoError(c.t, json.Unmarshal([]byte(body), &followUp))
			followUps = append(followUps, followUp)
		}
		if len(c.peek("imagedrop-watch")) == 0 {
			break
		}
	}
	return followUps
}

// event is the delivery of the follow-up.
func (w *watched) event(c *cloud) job {
	body, err := json.Marshal(w.followUp)
	require.NoError(c.t, err)
	id := account.NewMessageID()
	return job{id, "watch", c.element("imagedrop-watch", id, string(body))}
}

// begin prepares all up to the look.
func (l look) begin(t *testing.T) (*cloud, *watched, job) {
	c := start(t, byHand(t))
	if l.phase != "" {
		require.NoError(t, c.Account().Faults.Add(account.Fault{
			Service: "ecs", Operation: "StartImagePipelineExecution", Effect: account.EffectFailBuild, Phase: l.phase}))
	}
	w := c.watch(l.pipeline)
	l.before(c, w)
	require.Empty(t, c.Account().Faults.List())
	return c, w, w.event(c)
}

// verify holds what was said and sent against the service. looked is the
// number of looks that may have come to send or say something.
func (l look) verify(c *cloud, w *watched, looked int) {
	told := c.told()
	delete(told, "imagedrop.execution.started.v1")
	if l.want == "" {
		require.Empty(c.t, told)
		next := c.sentAfter(30 * time.Second)
		require.NotEmpty(c.t, next, "the execution is lost")
		require.LessOrEqual(c.t, len(next), looked)
		want := maps.Clone(w.followUp)
		want["check"] = 2.0
		for _, followUp := range next {
			require.Equal(c.t, want, followUp)
		}
		return
	}
	c.hand.Advance(time.Minute)
	require.Empty(c.t, c.peek("imagedrop-watch"))
	require.Equal(c.t, prefixed([]string{"execution." + l.want}), slices.Collect(maps.Keys(told)))
	o := told["imagedrop.execution."+l.want+".v1"]
	require.Equal(c.t, []string{w.id, w.pipelineID, "web", l.kind, l.code},
		[]string{o.Data.Resource.ID, o.Data.Resource.ImagePipelineID, o.Data.Resource.Name, o.Data.Reason.Kind, o.Data.Reason.Code}, "%+v", o)
	require.Equal(c.t, w.followUp["job"].(map[string]any)["id"], o.Data.Job.ID)
	var regions []string
	for _, i := range o.Data.Resource.Images {
		regions = append(regions, i.RegionID)
		if l.fault == nil {
			require.Equal(c.t, i.ImageName, c.imageName(i.RegionID, i.ImageID))
		}
	}
	require.ElementsMatch(c.t, l.regions, regions)
	for _, region := range l.pipeline {
		if strings.HasPrefix(region, "cn-") && !slices.Contains(regions, region) {
			require.Contains(c.t, o.Data.Reason.Message, region)
		}
	}
}

// glimpse is one run of a look.
type glimpse struct {
	look
	log  []account.Call
	cuts []cut
}

func (g glimpse) String() string { return nameOf(g.name, g.log, g.cuts) }

// run delivers the follow-up until it is acknowledged, as the platform does,
// and once more where it brought an end.
func (g glimpse) run(t *testing.T) []account.Call {
	c, w, j := g.begin(t)
	c.cut(g.log, g.cuts)
	if g.fault != nil {
		require.NoError(t, c.Account().Faults.Add(*g.fault))
	}
	deliveries := 1
	for ; c.deliver(j, 1) != nil; deliveries++ {
		require.LessOrEqual(t, deliveries, len(g.cuts), "only a cut fails a look")
	}
	log := c.Account().Faults.Calls()
	for _, fault := range c.Account().Faults.List() {
		require.Equal(t, account.EffectCode, fault.Effect, "every cut was met: %v", log)
	}
	if g.want != "" {
		require.NoError(t, c.deliver(j, 1))
	}
	g.verify(c, w, 1+len(g.cuts))
	return log
}

func TestEveryCutOfALook(t *testing.T) {
	t.Parallel()
	var glimpses []glimpse
	for _, l := range looks {
		log := glimpse{look: l}.run(t)
		require.Equal(t, l.calls, operations(log), l.name)
		for _, one := range cutsFrom(0, log, cuts) {
			if l.like != "" || log[one.at].Effect != "" {
				continue // what is refused is not done: there is nothing to cut
			}
			glimpses = append(glimpses, glimpse{l, log, []cut{one}})
		}
	}
	together(t, width, sampled(glimpses), glimpse.String, func(t *testing.T, g glimpse) { g.run(t) })
	t.Logf("%d looks, each cut once", len(glimpses))
}

// A call without any answer ends with the invocation.
func TestEveryCallOfALookWithoutAnswer(t *testing.T) {
	t.Parallel()
	var glimpses []glimpse
	for _, l := range looks {
		if l.like != "" || l.fault != nil {
			continue
		}
		log := glimpse{look: l}.run(t)
		for _, one := range cutsFrom(0, log, []account.Effect{account.EffectTimeout}) {
			glimpses = append(glimpses, glimpse{l, log, []cut{one}})
		}
	}
	together(t, 4*width, sampled(glimpses), glimpse.String, func(t *testing.T, g glimpse) { g.run(t) })
}

func TestFiveDeliveriesOfALook(t *testing.T) {
	t.Parallel()
	together(t, width, looks, lookName, func(t *testing.T, l look) {
		c, w, j := l.begin(t)
		if l.fault != nil {
			require.NoError(t, c.Account().Faults.Add(*l.fault))
		}
		require.NoError(t, c.deliver(j, 2))
		var deliveries errgroup.Group
		for range 3 {
			deliveries.Go(func() error { return c.deliver(j, 1) })
		}
		require.NoError(t, deliveries.Wait())
		l.verify(c, w, 5)
	})
}

// The older an execution is, the later it is looked at again; the last look is
// at the expiry.
func TestTheDelayOfLooksGrows(t *testing.T) {
	t.Parallel()
	for _, test := range []struct{ age, delay time.Duration }{
		{time.Minute, 30 * time.Second},
		{4 * time.Minute, time.Minute},
		{12 * time.Minute, 3 * time.Minute},
		{2 * time.Hour, 10 * time.Minute},
		{24*time.Hour - 100*time.Second, 100 * time.Second},
	} {
		t.Run(fmt.Sprint(test.age), func(t *testing.T) {
			c := start(t, byHand(t))
			w := c.watch(nil)
			w.isOld(test.age)
			require.NoError(t, c.deliver(w.event(c), 1))
			c.hand.Advance(test.delay - 2*time.Second)
			require.Empty(t, c.peek("imagedrop-watch"))
			c.hand.Advance(3 * time.Second)
			require.Len(t, c.peek("imagedrop-watch"), 1)
		})
	}
}

// A build is followed by one chain of messages, from its start to its end.
func TestABuildIsFollowedByOneChain(t *testing.T) {
	t.Parallel()
	opt := options()
	manual(&opt)
	c := start(t, opt)
	c.makePipeline("web", tested) // 5 phases of a second
	j := c.send(byName)
	require.Equal(t, "started", c.outcome().Data.Status)
	c.Account().Faults.Record()
	for waiting := 0; ; {
		w := c.work()
		if w.Idle {
			break
		}
		delayed, inactive := 0, 0
		for _, q := range w.Queues {
			delayed, inactive = delayed+q.Delayed, inactive+q.Inactive
		}
		if !c.stands(w) || inactive > 0 { // a message is about to be deleted
			continue
		}
		require.LessOrEqual(t, delayed, 1, "one message of the chain")
		waiting += delayed
		require.Less(t, waiting, 10_000)
		c.hand.Advance(100 * time.Millisecond)
	}
	o := c.outcome()
	require.Equal(t, []string{"succeeded", j.id}, []string{o.Data.Status, o.Data.Job.ID})
	require.GreaterOrEqual(t, tally(c.Account().Faults.Calls())["DescribeImagePipelineExecutions"], 4, "a look each half a second")
	c.nothingIsLeft()
}

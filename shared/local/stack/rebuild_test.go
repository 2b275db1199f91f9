package stack_test

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

// nightlyPayload is that of the timer of s.yaml.
const nightlyPayload = `'{"tags": {"rebuild": "nightly"}, "maxAge": "7d", "maxRunning": 5}'`

// aFamily is that of the base image of makePipeline.
const aFamily = "acs:alibaba_cloud_linux_3_2104_lts_x64"

// fire has the timer of s.yaml deliver the event of that time.
func (c *cloud) fire(at time.Time) {
	c.post("/v1/timers/rebuild/nightly", fmt.Sprintf(`{"triggerTime":%q}`, at.UTC().Format(time.RFC3339)))
}

// night is what one run said of a pipeline: its outcomes but those of the ends
// of builds.
type night map[string]outcome // by the pipeline's ID

// brief is the status and the kind of the reason.
func (n night) brief(pipelineID string) string {
	o, ok := n[pipelineID]
	if !ok {
		return "nothing"
	}
	return o.Data.Status + " " + o.Data.Reason.Kind
}

// rebuild delivers the event of so many hours from now twice, and returns what
// became of the pipelines. A payload is for a run of its own, by hand; "" is
// that of s.yaml.
func (c *cloud) rebuild(hours int, payload string) night {
	known := len(c.feed())
	at := time.Now().Add(time.Duration(hours) * time.Hour).UTC()
	for range 2 {
		if payload == "" {
			c.fire(at)
			continue
		}
		event := map[string]string{"triggerTime": at.Format(time.RFC3339), "triggerName": "nightly", "payload": payload}
		require.NoError(c.t, c.invoke("rebuild", text(c.t, event)))
	}
	c.awaitIdle()
	return c.saidOf(c.feed()[known:])
}

// saidOf sorts the outcomes of one run; repeats must say the same.
func (c *cloud) saidOf(outcomes []outcome) night {
	said := night{}
	for _, o := range outcomes {
		if _, end := endings[o.Type]; end || o.Data.Status == "failed" && o.Data.Resource.ID != "" {
			continue
		}
		if first, again := said[o.Data.Resource.ImagePipelineID]; again {
			require.Equal(c.t, first, o, "every answer says the same")
		}
		said[o.Data.Resource.ImagePipelineID] = o
		require.Equal(c.t, "nightly", o.Data.Job.TriggerName)
	}
	return said
}

var endings = map[string]bool{"imagedrop.execution.succeeded.v1": true, "imagedrop.execution.cancelled.v1": true}

// newBase brings a new image into the public family.
func (c *cloud) newBase(id string) {
	c.call("POST", "/v1/catalogue", []byte(fmt.Sprintf(`{"familyImages":{%q:[%q]}}`, aFamily, id)), &struct{}{})
}

func (c *cloud) makeComponent(version string) {
	c.ask("CreateImageComponent", map[string]string{
		"RegionId": c.e.Region, "Name": "agent", "ComponentVersion": version, "Content": "RUN echo agent " + version,
	}, &struct{}{})
}

func withAgent() map[string]string {
	return map[string]string{"BuildContent": "FROM IMAGE_FAMILY:" + aFamily + "\nCOMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agent/1.*.*"}
}

// breakBuilds lets the next executions fail.
func (c *cloud) breakBuilds(n int) {
	require.NoError(c.t, c.Account().Faults.Add(account.Fault{
		Service: "ecs", Operation: "StartImagePipelineExecution", Effect: account.EffectFailBuild, Phase: "BUILDING", Count: n}))
}

// rebuildRules are what a rebuild keeps to; each is played on a cloud of its own.
var rebuildRules = []struct {
	name    string
	options func(*testing.T) stack.Options
	play    func(*cloud)
}{
	{"the first build, then nothing new", atOnce, firstBuildThenNothingNew},
	{"a new base image", atOnce, newBaseImage},
	{"the image of another pipeline is the base", atOnce, baseOfAnotherPipeline},
	{"a new version of a component", atOnce, newVersionOfAComponent},
	{"other content under the same name", atOnce, otherContentUnderTheName},
	{"the same content under the same name", atOnce, sameContentUnderTheName},
	{"age", atOnce, tooOld},
	{"force", atOnce, forced},
	{"all causes at once", atOnce, allCausesAtOnce},
	{"running", unhurried, isRunning},
	{"paused, until the inputs change", atOnce, pausedUntilTheInputsChange},
	{"paused, until somebody succeeds", atOnce, pausedUntilSomebodySucceeds},
	{"a cancelled build is no failure", brisk, cancelledIsNoFailure},
	{"selected by ID, by name, by tags", atOnce, selectedByIDNameTags},
	{"a payload that cannot be", atOnce, payloadThatCannotBe},
	{"one that is refused stops none", atOnce, refusedStopsNone},
}

// Each rule of a rebuild, with every timer event delivered twice.
func TestTheRulesOfARebuild(t *testing.T) {
	t.Parallel()
	for _, rule := range rebuildRules {
		t.Run(rule.name, func(t *testing.T) {
			t.Parallel()
			c := start(t, rule.options(t))
			rule.play(c)
			c.nothingIsLeft()
		})
	}
}

func firstBuildThenNothingNew(c *cloud) {
	web := c.tagged("web", nil)
	require.Equal(c.t, "started firstBuild", c.rebuild(1, "").brief(web))
	require.Equal(c.t, "skipped unchanged", c.rebuild(2, "").brief(web))
	require.Len(c.t, c.executions(web), 1)
}

func newBaseImage(c *cloud) {
	web := c.tagged("web", nil)
	c.newBase("m-bp1older")
	c.rebuild(1, "")
	c.newBase("m-bp1newer")
	n := c.rebuild(2, "")
	require.Equal(c.t, "started baseImage", n.brief(web))
	require.Equal(c.t, "base image m-bp1older -> m-bp1newer", n[web].Data.Reason.Message)
	require.Equal(c.t, "skipped unchanged", c.rebuild(3, "").brief(web))
}

func baseOfAnotherPipeline(c *cloud) {
	base := c.tagged("base", map[string]string{"ImageFamily": "golden"})
	web := c.tagged("web", map[string]string{"BaseImage": "golden", "BuildContent": "FROM IMAGE_FAMILY:golden\nRUN echo hello"})
	first := c.rebuild(1, fmt.Sprintf(`{"imagePipelineId":%q}`, base))
	require.Equal(c.t, []string{"started firstBuild", "nothing"}, []string{first.brief(base), first.brief(web)})
	require.Equal(c.t, "started firstBuild", c.rebuild(2, "").brief(web))
	require.Equal(c.t, "skipped unchanged", c.rebuild(3, "").brief(web))
	c.newBase("m-bp1newer")
	require.Equal(c.t, "started baseImage", c.rebuild(4, fmt.Sprintf(`{"imagePipelineId":%q}`, base)).brief(base))
	require.Equal(c.t, "started baseImage", c.rebuild(5, "").brief(web))
}

func newVersionOfAComponent(c *cloud) {
	c.makeComponent("1.0.0")
	web := c.tagged("web", withAgent())
	c.rebuild(1, "")
	c.makeComponent("2.0.0") // which nobody asks for
	require.Equal(c.t, "skipped unchanged", c.rebuild(2, "").brief(web))
	c.makeComponent("1.1.0")
	n := c.rebuild(3, "")
	require.Equal(c.t, "started component", n.brief(web))
	require.Equal(c.t, "component agent 1.0.0 -> 1.1.0", n[web].Data.Reason.Message)
}

func otherContentUnderTheName(c *cloud) {
	older := c.tagged("web", nil)
	c.rebuild(1, "")
	newer := c.tagged("web", map[string]string{"BuildContent": "FROM IMAGE_FAMILY:" + aFamily + "\nRUN echo goodbye"})
	n := c.rebuild(2, "")
	require.Equal(c.t, []string{"skipped superseded", "started content"}, []string{n.brief(older), n.brief(newer)})
	n = c.rebuild(3, fmt.Sprintf(`{"imagePipelineId":%q,"force":true}`, older))
	require.Equal(c.t, "skipped superseded", n.brief(older), "nor by its ID")
}

func sameContentUnderTheName(c *cloud) {
	older := c.tagged("web", nil)
	c.rebuild(1, "")
	newer := c.tagged("web", nil)
	n := c.rebuild(2, "")
	require.Equal(c.t, []string{"skipped superseded", "skipped unchanged"}, []string{n.brief(older), n.brief(newer)})
}

func tooOld(c *cloud) {
	web := c.tagged("web", nil)
	c.rebuild(1, "")
	require.Equal(c.t, "skipped unchanged", c.rebuild(7*24-1, "").brief(web))
	require.Equal(c.t, "skipped unchanged", c.rebuild(30*24, `{"namePattern":"w*","maxAge":"0"}`).brief(web))
	require.Equal(c.t, "started age", c.rebuild(7*24+1, "").brief(web))
}

func forced(c *cloud) {
	web := c.tagged("web", nil)
	c.rebuild(1, "")
	require.Equal(c.t, "started forced", c.rebuild(2, `{"namePattern":"web","force":true}`).brief(web))
}

func allCausesAtOnce(c *cloud) {
	c.makeComponent("1.0.0")
	web := c.tagged("web", withAgent())
	c.newBase("m-bp1older")
	c.rebuild(1, "")
	c.makeComponent("1.0.1")
	c.newBase("m-bp1newer")
	n := c.rebuild(30*24, `{"namePattern":"web","force":true}`)
	require.Equal(c.t, "started baseImage", n.brief(web))
	for _, cause := range []string{"base image m-bp1older -> m-bp1newer", "component agent 1.0.0 -> 1.0.1", "older than maxAge", "forced"} {
		require.Contains(c.t, n[web].Data.Reason.Message, cause)
	}
}

func isRunning(c *cloud) {
	web := c.tagged("web", nil)
	c.startPipeline(web, nil)
	require.Equal(c.t, "skipped running", c.rebuild(1, "").brief(web))
	require.Equal(c.t, "skipped running", c.rebuild(2, `{"namePattern":"web","force":true}`).brief(web))
	require.Len(c.t, c.executions(web), 1)
}

func pausedUntilTheInputsChange(c *cloud) {
	web := c.tagged("web", nil)
	c.breakBuilds(3)
	for hours := range 3 {
		require.Equal(c.t, "started firstBuild", c.rebuild(hours, "").brief(web))
	}
	require.Equal(c.t, "skipped paused", c.rebuild(3, "").brief(web))
	require.Equal(c.t, "skipped paused", c.rebuild(4, `{"namePattern":"web","force":true}`).brief(web))
	require.Equal(c.t, "started firstBuild", c.rebuild(5, `{"namePattern":"web","maxFailures":4}`).brief(web))
	c.newBase("m-bp1newer")
	c.breakBuilds(1)
	require.Equal(c.t, "started baseImage", c.rebuild(6, "").brief(web))
	require.Equal(c.t, "started baseImage", c.rebuild(7, "").brief(web), "one failure with the new inputs")
	require.Equal(c.t, "skipped unchanged", c.rebuild(8, "").brief(web))
}

func pausedUntilSomebodySucceeds(c *cloud) {
	web := c.tagged("web", nil)
	c.breakBuilds(3)
	for hours := range 3 {
		c.rebuild(hours, "")
	}
	require.Equal(c.t, "skipped paused", c.rebuild(3, "").brief(web))
	c.send(byName)
	c.awaitIdle()
	require.Equal(c.t, "skipped unchanged", c.rebuild(4, "").brief(web))
	require.Equal(c.t, "started forced", c.rebuild(5, `{"namePattern":"web","force":true}`).brief(web))
}

func cancelledIsNoFailure(c *cloud) {
	web := c.tagged("web", nil)
	first := c.startPipeline(web, nil)
	c.ask("CancelImagePipelineExecution", map[string]string{"RegionId": c.e.Region, "ExecutionId": first}, &struct{}{})
	require.Eventually(c.t, func() bool { return c.executions(web)[0].Status == "CANCELLED" }, time.Minute, 100*time.Millisecond)
	require.Equal(c.t, "started firstBuild", c.rebuild(1, `{"namePattern":"web","maxFailures":1}`).brief(web))
}

func selectedByIDNameTags(c *cloud) {
	one, two, other := c.tagged("web-1", nil), c.tagged("web-2", nil), c.makePipeline("db", nil)
	for payload, want := range map[string][]string{
		fmt.Sprintf(`{"imagePipelineId":[%q,%q]}`, one, other):       {one, other},
		`{"namePattern":"web-?"}`:                                    {one, two},
		`{"tags":{"rebuild":"nightly"},"namePattern":"*2"}`:          {two},
		`{"tags":{"rebuild":"weekly"}}`:                              {},
		fmt.Sprintf(`{"imagePipelineId":%q,"namePattern":"*"}`, two): {two},
	} {
		require.ElementsMatch(c.t, want, slices.Collect(maps.Keys(c.rebuild(1, payload))), payload)
	}
}

func payloadThatCannotBe(c *cloud) {
	web := c.tagged("web", nil)
	for payload, message := range map[string]string{
		`{"tag":{"rebuild":"nightly"}}`:              "did you mean tags?",
		`{"maxRunning":3}`:                           "selects nothing",
		`{"namePattern":"*","regionId":"us-west-1"}`: "us-west-1 is not allowed",
	} {
		n := c.rebuild(1, payload)
		require.Len(c.t, n, 1)
		require.Equal(c.t, "failed permanent", n.brief(""))
		require.Contains(c.t, n[""].Data.Reason.Message, message)
	}
	require.Empty(c.t, c.executions(web))
}

func refusedStopsNone(c *cloud) {
	var ids []string
	for _, name := range []string{"w-a", "w-b", "w-c", "w-d"} {
		ids = append(ids, c.tagged(name, nil))
	}
	require.NoError(c.t, c.Account().Faults.Add(*forbidden("StartImagePipelineExecution", ids[1])))
	require.NoError(c.t, c.Account().Faults.Add(*forbidden("DescribeImagePipelineExecutions", ids[2])))
	n := c.rebuild(1, `{"namePattern":"w-?","maxRunning":1}`)
	require.Equal(c.t, []string{"started firstBuild", "failed permanent", "failed permanent", "started firstBuild"},
		[]string{n.brief(ids[0]), n.brief(ids[1]), n.brief(ids[2]), n.brief(ids[3])})
}

// mostAtOnce is the number of executions that ran at one time, by their
// records. On a clock that goes by whole seconds the records are exact.
func mostAtOnce(executions []execution) (most int) {
	type change struct {
		at string
		by int
	}
	var changes []change
	for _, e := range executions {
		changes = append(changes, change{e.CreationTime, 1}, change{e.ModifiedTime, -1})
	}
	slices.SortFunc(changes, func(a, b change) int { return cmp.Or(strings.Compare(a.at, b.at), cmp.Compare(a.by, b.by)) })
	now := 0
	for _, c := range changes {
		now += c.by
		most = max(most, now)
	}
	return most
}

// series is a run of rebuild over some pipelines, with cuts.
type series struct {
	name  string
	fired int // times that the timer's event is delivered
	// seconds that an invocation may take.
	seconds int
	log     []account.Call
	cuts    []cut
}

const (
	seriesLength  = 6
	seriesRunning = 2
)

func (r series) String() string { return nameOf(r.name, r.log, r.cuts) }

// seriesOptions let a build take six seconds of a clock that goes by whole
// seconds, and the next step of a run come after one. Nobody watches the builds.
func seriesOptions(t testing.TB, running, seconds int) stack.Options {
	opt := changed(t, append(disabled("checks", "looks at running builds"), "timeout: 300", fmt.Sprintf("timeout: %d", seconds),
		nightlyPayload, fmt.Sprintf(`'{"tags": {"rebuild": "nightly"}, "maxRunning": %d}'`, running))...)
	manual(&opt)
	opt.TimeScale = 30
	return opt
}

// run plays the run until it meets its cut, or returns no log: one in which a
// build was asked for its state once less has fewer calls, and so has one whose
// two deliveries crossed in another way.
func (r series) run(t *testing.T) (log []account.Call) {
	const attempts = 5
	for range attempts {
		log, met := r.play(t)
		if met {
			return log
		}
	}
	t.Log("each run was too short for its cut")
	return nil
}

// runAll lets no more than one in ten be too short for its cut.
func runAll(t *testing.T, width int, all []series) {
	var short atomic.Int32
	together(t, width, all, series.String, func(t *testing.T, r series) {
		if r.run(t) == nil {
			short.Add(1)
		}
	})
	require.LessOrEqual(t, int(short.Load()), len(all)/10)
}

// play ends early where a cut was not met.
func (r series) play(t *testing.T) (log []account.Call, met bool) {
	c := start(t, seriesOptions(t, seriesRunning, r.seconds))
	for i := range seriesLength {
		c.tagged(fmt.Sprintf("web-%d", i), nil)
	}
	at := c.hand.Now()
	c.cut(r.log, r.cuts)
	for range r.fired {
		c.fire(at)
	}
	c.awaitIdle()
	log = c.Account().Faults.Calls()
	met = len(c.Account().Faults.List()) == 0
	c.Account().Faults.Clear()
	r.verify(c)
	if met {
		c.fire(at)
		c.awaitIdle()
		r.verify(c)
	}
	return log, met
}

// verify holds the run against the records of the service.
func (r series) verify(c *cloud) {
	c.hand.Advance(10 * time.Second) // the last builds end
	said := c.saidOf(c.feed())
	require.Len(c.t, said, seriesLength)
	all := c.executions("")
	require.Len(c.t, all, seriesLength, "one for each pipeline")
	for _, e := range all {
		o := said[e.ImagePipelineID]
		require.Equal(c.t, "started firstBuild", said.brief(e.ImagePipelineID))
		require.Equal(c.t, []string{e.ExecutionID, e.tag("imagedrop:job")}, []string{o.Data.Resource.ID, o.Data.Job.ID})
		require.Equal(c.t, "SUCCESS", e.Status)
	}
	require.LessOrEqual(c.t, mostAtOnce(all), seriesRunning)
	require.Empty(c.t, c.peek("imagedrop-rebuild"))
	require.Empty(c.t, c.peek("imagedrop-dlq"))
	require.Empty(c.t, c.peek("imagedrop-parked"))
}

// A run of several steps, whatever call of it is cut and however, and whether
// its event comes once or twice.
func TestEveryCutOfARebuild(t *testing.T) {
	t.Parallel()
	var all []series
	for _, r := range []series{{"once", 1, 300, nil, nil}, {"twice", 2, 300, nil, nil}} {
		log := r.run(t)
		t.Logf("%s: %v", r.name, tally(log))
		for i, one := range cutsFrom(0, log, cuts) {
			if r.fired == 1 || i%7 == 0 {
				all = append(all, series{r.name, r.fired, r.seconds, log, []cut{one}})
			}
		}
	}
	runAll(t, width, sampled(all))
	t.Logf("%d runs, each cut once", len(all))
}

// A call without any answer ends with the invocation, or with its own time.
func TestEveryCallOfARebuildWithoutAnswer(t *testing.T) {
	t.Parallel()
	log := series{"once", 1, 300, nil, nil}.run(t)
	var all []series
	for _, one := range cutsFrom(0, log, []account.Effect{account.EffectTimeout}) {
		all = append(all, series{"once", 1, 6, log, []cut{one}})
	}
	runAll(t, 4*width, sampled(all))
}

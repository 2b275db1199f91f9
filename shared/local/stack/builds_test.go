package stack_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

const (
	aBuild       = "# ---\n# name: web\n# build: true\n# ---\nFROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN echo hello\n"
	buildMessage = `{"name":"web","build":true,"content":"FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN echo hello\n"}`
)

// story is a way of a job through the functions, to the end of its build.
type story struct {
	name    string
	options func(*testing.T) stack.Options
	prepare func(*cloud) // nothing that it does is part of the job
	text    string       // of the template
	message func(*cloud) string
	// calls are how often the job makes which: each is cut below.
	calls map[string]int
	want  []string // types of its outcomes, each of one ID
	// executions of all pipelines at the end; those of the job have its tag.
	executions, own int
}

// at once: a build has ended before anybody can look at it.
func atOnce(*testing.T) stack.Options {
	opt := options()
	opt.TimeScale = 1e9
	return opt
}

// unhurried lets a build take half a minute, and a redelivery a tenth of a
// second, of a clock that goes on only where all wait for it.
func unhurried(*testing.T) stack.Options {
	opt := options()
	manual(&opt)
	opt.TimeScale = 6
	return opt
}

// brisk lets a build take six seconds: time enough to cancel it.
func brisk(*testing.T) stack.Options {
	opt := options()
	opt.TimeScale = 30
	return opt
}

// somebodys makes a pipeline as any other program may.
func somebodys(c *cloud) { c.makePipeline("web", nil) }

// builtBySomebody is somebodys with an execution that runs.
func builtBySomebody(c *cloud) { c.startPipeline(c.makePipeline("web", nil), nil) }

// builtByItself is a pipeline with an execution of the job that "release-7"
// names, whose ClientToken the service has forgotten.
func builtByItself(c *cloud) {
	c.startPipeline(c.makePipeline("web", nil), map[string]string{"Tag.1.Key": "imagedrop:job", "Tag.1.Value": "release-7"})
}

func byID(c *cloud) string {
	return fmt.Sprintf(`{"kind":"execution","imagePipelineId":%q,"clientToken":"release-7"}`, c.pipelines(c.e.Region)[0].ID)
}

func saying(body string) func(*cloud) string { return func(*cloud) string { return body } }

const byName = `{"kind":"execution","pipelineName":"web"}`

// Calls of the parts of a story.
var (
	callsToCreate = map[string]int{"DescribeImagePipelines": 1, "CreateImagePipeline": 1, "SendMessage": 1}
	callsToLook   = map[string]int{"DescribeImagePipelines": 1, "DescribeImageFromFamily": 1, "DescribeImagePipelineExecutions": 1}
	callsToStart  = map[string]int{"StartImagePipelineExecution": 1, "SendMessage": 2}
	callsToWatch  = map[string]int{"DescribeImagePipelineExecutions": 1, "DescribeImagePipelines": 1, "DescribeImages": 1, "SendMessage": 1}
)

func calls(parts ...map[string]int) map[string]int {
	sum := map[string]int{}
	for _, part := range parts {
		for operation, n := range part {
			sum[operation] += n
		}
	}
	return sum
}

var stories = []story{
	{"dropped", atOnce, nothing, aBuild, nil,
		calls(map[string]int{"GetObject": 1}, callsToCreate, callsToLook, callsToStart, callsToWatch),
		[]string{"pipeline.created", "execution.started", "execution.succeeded"}, 1, 1},
	{"by message", atOnce, nothing, "", saying(buildMessage),
		calls(callsToCreate, callsToLook, callsToStart, callsToWatch),
		[]string{"pipeline.created", "execution.started", "execution.succeeded"}, 1, 1},
	{"by imagePipelineId", atOnce, somebodys, "", byID,
		calls(callsToLook, callsToStart, callsToWatch),
		[]string{"execution.started", "execution.succeeded"}, 1, 1},
	{"by pipelineName", atOnce, somebodys, "", saying(byName),
		calls(callsToLook, callsToStart, callsToWatch),
		[]string{"execution.started", "execution.succeeded"}, 1, 1},
	{"another one runs", unhurried, builtBySomebody, "", saying(byName),
		calls(callsToLook, map[string]int{"StartImagePipelineExecution": 1, "DescribeImagePipelineExecutions": 1, "SendMessage": 1}),
		[]string{"execution.skipped"}, 1, 0},
	{"its own one is there", atOnce, builtByItself, "", byID,
		calls(callsToLook, map[string]int{"SendMessage": 2}, callsToWatch),
		[]string{"execution.started", "execution.succeeded"}, 1, 1},
	{"no such pipeline", atOnce, nothing, "", saying(byName),
		map[string]int{"DescribeImagePipelines": 1, "SendMessage": 1},
		[]string{"execution.rejected"}, 0, 0},
}

func storyName(s story) string { return s.name }

// begin is the one call of ours that starts the job; the platform delivers it.
func (s story) begin(c *cloud, body string) job {
	if body == "" {
		return c.upload(triggered, s.text)
	}
	return named(body, c.send(body))
}

// announce makes the event of a job that the platform does not deliver.
func (s story) announce(c *cloud) job {
	body := s.body(c)
	if body == "" {
		return c.upload(quiet, s.text)
	}
	return named(body, c.message(account.NewMessageID(), body))
}

// body is the message's, "" where there is none.
func (s story) body(c *cloud) string {
	if s.message == nil {
		return ""
	}
	return s.message(c)
}

// named lets the sender's own token be the job's ID.
func named(body string, j job) job {
	if strings.Contains(body, "release-7") {
		j.id = "release-7"
	}
	return j
}

// verify holds everything that can be seen from outside against one job.
func (s story) verify(c *cloud, j job) {
	told := c.told()
	require.ElementsMatch(c.t, prefixed(s.want), slices.Collect(maps.Keys(told)))
	ids := map[string]bool{} // of executions
	for _, o := range told {
		require.Equal(c.t, j.id, o.Data.Job.ID)
		if strings.HasPrefix(o.Type, "imagedrop.execution.") {
			ids[o.Data.Resource.ID] = true
		}
	}
	all, own := c.executions(""), 0
	require.Len(c.t, all, s.executions)
	for _, e := range all {
		if e.tag("imagedrop:job") == j.id {
			own++
			require.Equal(c.t, map[string]bool{e.ExecutionID: true}, ids, "the outcomes name the execution that is there")
			require.Equal(c.t, "SUCCESS", e.Status)
		}
	}
	require.Equal(c.t, s.own, own)
	require.LessOrEqual(c.t, len(c.pipelines(c.e.Region)), 1)
	if o, ok := told["imagedrop.execution.succeeded.v1"]; ok {
		require.Equal(c.t, []image{{c.e.Region, all[0].ImageID, c.imageName(c.e.Region, all[0].ImageID)}}, o.Data.Resource.Images)
	}
	if o, ok := told["imagedrop.execution.skipped.v1"]; ok {
		require.Equal(c.t, "running", o.Data.Reason.Kind)
	}
	c.nothingIsLeft()
}

func prefixed(types []string) (full []string) {
	for _, t := range types {
		full = append(full, "imagedrop."+t+".v1")
	}
	return full
}

// told returns what the feed says, by type, where one job is told of. Repeats
// must say the same.
func (c *cloud) told() map[string]outcome {
	byType := map[string]outcome{}
	for _, o := range c.feed() {
		first, again := byType[o.Type]
		if again {
			require.Equal(c.t, first, o, "every answer says the same")
		}
		byType[o.Type] = o
	}
	return byType
}

// feed returns all outcomes so far, repeats included.
func (c *cloud) feed() (all []outcome) {
	var page struct {
		Outcomes []struct{ Outcome outcome }
		Next     uint64
	}
	for {
		page.Outcomes = nil
		c.call("GET", fmt.Sprintf("/v1/outcomes?after=%d", page.Next), nil, &page)
		if len(page.Outcomes) == 0 {
			return all
		}
		for _, entry := range page.Outcomes {
			all = append(all, entry.Outcome)
		}
	}
}

// nothingIsLeft is for an idle cloud: no message waits for anybody but the
// consumer of the results.
func (c *cloud) nothingIsLeft() {
	require.True(c.t, c.work().Idle)
	for _, queue := range []string{"imagedrop-watch", "imagedrop-rebuild", "imagedrop-dlq", "imagedrop-parked"} {
		require.Empty(c.t, c.peek(queue), queue)
	}
}

// makePipeline makes a pipeline as any other program may.
func (c *cloud) makePipeline(name string, more map[string]string) (id string) {
	params := map[string]string{
		"RegionId": c.e.Region, "Name": name, "BaseImageType": "IMAGE_FAMILY", "BaseImage": "acs:alibaba_cloud_linux_3_2104_lts_x64",
		"BuildContent": "FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN echo hello",
	}
	maps.Copy(params, more)
	var answer struct{ ImagePipelineID string }
	c.ask("CreateImagePipeline", params, &answer)
	return answer.ImagePipelineID
}

// startPipeline starts an execution of which no function knows.
func (c *cloud) startPipeline(id string, more map[string]string) (executionID string) {
	params := map[string]string{"RegionId": c.e.Region, "ImagePipelineId": id}
	maps.Copy(params, more)
	var answer struct{ ExecutionID string }
	c.ask("StartImagePipelineExecution", params, &answer)
	return answer.ExecutionID
}

// execution is one as the service describes it.
type execution struct {
	ExecutionID, ImagePipelineID, Status, Message, ImageID, CreationTime, ModifiedTime string
	Tags                                                                               struct {
		Tag []struct{ TagKey, TagValue string }
	}
}

func (e execution) tag(key string) string {
	for _, tag := range e.Tags.Tag {
		if tag.TagKey == key {
			return tag.TagValue
		}
	}
	return ""
}

// executions returns those of a pipeline, or of all.
func (c *cloud) executions(pipelineID string) (all []execution) {
	ids := []string{pipelineID}
	if pipelineID == "" {
		ids = nil
		for _, p := range c.pipelines(c.e.Region) {
			ids = append(ids, p.ID)
		}
	}
	for _, id := range ids {
		var answer struct {
			ImagePipelineExecution struct{ ImagePipelineExecutionSet []execution }
		}
		c.ask("DescribeImagePipelineExecutions", map[string]string{"RegionId": c.e.Region, "ImagePipelineId": id, "MaxResults": "500"}, &answer)
		all = append(all, answer.ImagePipelineExecution.ImagePipelineExecutionSet...)
	}
	return all
}

// imageName asks for an image of the account.
func (c *cloud) imageName(region, id string) string {
	var answer struct {
		Images struct{ Image []struct{ ImageName string } }
	}
	c.ask("DescribeImages", map[string]string{"RegionId": region, "ImageId": id}, &answer)
	require.Len(c.t, answer.Images.Image, 1)
	return answer.Images.Image[0].ImageName
}

// course is one run of a story.
type course struct {
	story
	log  []account.Call // of a run without the cuts
	cuts []cut
}

func (o course) String() string { return nameOf(o.name, o.log, o.cuts) }

// run does the job with its cuts, lets the platform deliver what there is to
// deliver until all is done, delivers the job once more, and looks at what
// there is. It returns the log of the calls up to there, the first of which is
// our own.
func (o course) run(t *testing.T) []account.Call {
	c := start(t, o.options(t))
	o.prepare(c)
	body := o.body(c)
	c.cut(o.log, o.cuts)
	j := o.begin(c, body)
	c.awaitIdle()
	log := c.Account().Faults.Calls()
	require.Empty(t, c.Account().Faults.List(), "every cut was met: %v", log)
	o.verify(c, j)
	c.acknowledge(j.function, j.event(1))
	c.awaitIdle()
	o.verify(c, j)
	return log
}

// cut arms the faults and begins a log. Functions are at work side by side, so
// what is cut is a call by its number among those of its operation.
func (c *cloud) cut(log []account.Call, cuts []cut) {
	for _, fault := range faults(log, cuts) {
		require.NoError(c.t, c.Account().Faults.Add(fault))
	}
	c.Account().Faults.Record()
}

// cutOnce returns the courses with each call of the log cut, in each way.
func (s story) cutOnce(log []account.Call, effects []account.Effect) (courses []course) {
	for _, one := range cutsFrom(1, log, effects) {
		courses = append(courses, course{s, log, []cut{one}})
	}
	return courses
}

func tally(log []account.Call) map[string]int {
	counts := map[string]int{}
	for _, call := range log {
		counts[call.Operation]++
	}
	return counts
}

// Whatever call is cut, and however, of the function that starts a build or of
// the one that watches it: one pipeline, one execution, each outcome once.
func TestEveryCutOfABuild(t *testing.T) {
	t.Parallel()
	var courses []course
	for _, s := range stories {
		log := course{story: s}.run(t)
		require.Equal(t, s.calls, tally(log[1:]), s.name)
		courses = append(courses, s.cutOnce(log, cuts)...)
	}
	together(t, width, sampled(courses), course.String, func(t *testing.T, o course) { o.run(t) })
	t.Logf("%d builds, each cut once", len(courses))
}

// A call without any answer ends with the invocation.
func TestEveryCallOfABuildWithoutAnswer(t *testing.T) {
	t.Parallel()
	s := stories[0]
	log := course{story: s}.run(t)
	s.options = func(t *testing.T) stack.Options {
		opt := changed(t, "timeout: 60", "timeout: 4")
		opt.TimeScale = 1e9
		return opt
	}
	courses := s.cutOnce(log, []account.Effect{account.EffectTimeout})
	together(t, len(courses), sampled(courses), course.String, func(t *testing.T, o course) { o.run(t) })
}

func TestFiveDeliveriesOfABuild(t *testing.T) {
	t.Parallel()
	together(t, width, stories, storyName, func(t *testing.T, s story) {
		for how, deliver := range map[string]func(*cloud, job) error{
			"one after the other": func(c *cloud, j job) error {
				for range 4 {
					if err := c.deliver(j, 1); err != nil {
						return err
					}
				}
				return c.deliver(j, 1)
			},
			"at once": func(c *cloud, j job) error {
				var deliveries errgroup.Group
				for range 5 {
					deliveries.Go(func() error { return c.deliver(j, 1) })
				}
				return deliveries.Wait()
			},
			"in one event": func(c *cloud, j job) error { return c.deliver(j, 5) },
		} {
			t.Run(how, func(t *testing.T) {
				c := start(t, s.options(t))
				s.prepare(c)
				c.slowCreates()
				j := s.announce(c)
				require.NoError(t, deliver(c, j))
				c.awaitIdle()
				s.verify(c, j)
			})
		}
	})
}

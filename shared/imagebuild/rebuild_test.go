package imagebuild_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

const (
	triggerTime = "2026-05-10T18:00:00Z"
	everything  = `{"namePattern":"*"}`
)

func nightly(payload string) imagebuild.Delivery {
	return imagebuild.Delivery{Trigger: imagebuild.TriggerTimer, TriggerName: "nightly", TriggerTime: triggerTime, Body: []byte(payload)}
}

// backlog is REBUILD_QUEUE.
type backlog struct {
	messages []imagebuild.Delivery
	delays   []time.Duration
	sends    int
}

func (q *backlog) Send(_ context.Context, body []byte, delay time.Duration) error {
	q.sends++
	q.messages = append(q.messages, imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, Queue: "imagedrop-rebuild",
		SourceID: fmt.Sprintf("MSG-%03d", q.sends), Body: slices.Clone(body)})
	q.delays = append(q.delays, delay)
	return nil
}

// decade keeps executions of the tests' own time from being too old.
const decade = 10 * 365 * 24 * time.Hour

func rebuilder(c *cloud, box imagebuild.Outbox, q imagebuild.Queue) *imagebuild.Rebuilder {
	return &imagebuild.Rebuilder{
		Publisher: imagebuild.Publisher{Outbox: box, Jitter: func(time.Duration) time.Duration { return 0 }},
		Builds:    imagebuild.Builds{Executions: c, Images: c, Watch: c, Watching: imagebuild.Watching{Expiry: decade}},
		Resources: c, Continuations: q, Policy: imagebuild.Policy{Build: true}, Concurrency: 4,
	}
}

// site is a cloud with what a rebuild needs around it.
type site struct {
	*cloud
	box   *inbox
	queue *backlog
}

func newSite() *site {
	return &site{cloud: &cloud{families: map[string]string{family: "m-a"}}, box: &inbox{}, queue: &backlog{}}
}

// golden is a pipeline built of a family.
func golden(id, name, created string) imagebuild.Pipeline {
	return imagebuild.Pipeline{Resource: imagebuild.Resource{ID: id, Name: name, CreationTime: created},
		BaseImageType: "IMAGE_FAMILY", BaseImage: family, BuildContent: "RUN yum install -y nginx"}
}

func (s *site) run(t *testing.T, payload string) []imagebuild.Result {
	t.Helper()
	results := rebuilder(s.cloud, s.box, s.queue).Run(context.Background(), invocation, []imagebuild.Delivery{nightly(payload)})
	require.NoError(t, imagebuild.Redeliver(results))
	return results
}

// built puts an execution into the past of a pipeline, with the tags that the
// run of a timer gives it now.
func (s *site) built(t *testing.T, pipelineID, status, created string) {
	t.Helper()
	scratch := newSite()
	scratch.families, scratch.all, scratch.pipelines = s.families, s.all, s.pipelines
	scratch.run(t, fmt.Sprintf(`{"imagePipelineId":%q}`, pipelineID))
	require.Len(t, scratch.executions, 1)
	e := scratch.executions[0]
	e.ID, e.Status, e.CreationTime, e.ModifiedTime = fmt.Sprintf("past-%03d", len(s.executions)), status, created, created
	for i := range e.Tags {
		if e.Tags[i].Key == jobTag {
			e.Tags[i].Value = "of-" + e.ID
		}
	}
	s.executions = append(s.executions, e)
}

// verdicts are the outcomes as "name status kind", in order of name.
func (s *site) verdicts(t *testing.T) []string {
	t.Helper()
	var list []string
	for _, o := range s.box.outcomes(t) {
		kind := ""
		if o.Data.Reason != nil {
			kind = " " + o.Data.Reason.Kind
		}
		list = append(list, strings.TrimSpace(o.Data.Resource.ImagePipelineID+" "+string(o.Data.Status)+kind))
	}
	slices.Sort(list)
	return list
}

// decision is what a run of rebuild makes of ip-1, the pipeline web.
type decision struct {
	name    string
	payload string // more keys
	arrange func(t *testing.T, s *site)
	want    string
	message string
}

func requireDecisions(t *testing.T, tests []decision) {
	t.Helper()
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite()
			s.add(golden("ip-1", "web", "2026-05-02T00:00:00Z"))
			if test.arrange != nil {
				test.arrange(t, s)
			}
			s.run(t, `{"imagePipelineId":"ip-1"`+test.payload+`}`)
			o := s.box.only(t)
			require.Equal(t, test.want, string(o.Data.Status)+" "+o.Data.Reason.Kind, o.Data.Reason.Message)
			require.Contains(t, o.Data.Reason.Message, test.message)
			require.Equal(t, o.Data.Status == imagebuild.Started, len(s.starts) == 1)
			require.Empty(t, s.queue.messages)
		})
	}
}

// goldenDay is a day before the run.
const goldenDay = "2026-05-09T18:00:00Z"

func TestRebuildDecides(t *testing.T) {
	open := func(s *site) {
		p := golden("ip-1", "web", goldenDay)
		p.BuildContent = "COMPONENT acs:ecs:cn-hangzhou:" + account + ":imagecomponent/node-exporter/1.*.*\nRUN true"
		s.add(p)
		s.component("node-exporter", "1.0.1", "2.0.0")
	}
	requireDecisions(t, []decision{
		{"nothing built before", "", nil, "started firstBuild", "no execution has succeeded before"},
		{"built the same", "", func(t *testing.T, s *site) { s.built(t, "ip-1", "SUCCESS", goldenDay) }, "skipped unchanged", "past-000"},
		{"built in part", "", func(t *testing.T, s *site) { s.built(t, "ip-1", "PARTITION_SUCCESS", goldenDay) }, "skipped unchanged", ""},
		{"never built to the end", "", func(t *testing.T, s *site) { s.built(t, "ip-1", "CANCELLED", goldenDay) }, "started firstBuild", ""},
		{"a newer base image", "", func(t *testing.T, s *site) {
			s.built(t, "ip-1", "SUCCESS", goldenDay)
			s.families[family] = "m-b"
		}, "started baseImage", "base image m-a -> m-b"},
		{"no base image", "", func(t *testing.T, s *site) {
			s.built(t, "ip-1", "SUCCESS", goldenDay)
			delete(s.families, family)
		}, "started baseImage", "base image m-a -> none"},
		{"older than a week", "", func(t *testing.T, s *site) { s.built(t, "ip-1", "SUCCESS", "2026-05-03T17:59:59Z") }, "started age", "is older than maxAge"},
		{"a week old", "", func(t *testing.T, s *site) { s.built(t, "ip-1", "SUCCESS", "2026-05-03T18:00:00Z") }, "skipped unchanged", ""},
		{"of any age", `,"maxAge":"0"`, func(t *testing.T, s *site) { s.built(t, "ip-1", "SUCCESS", "2020-05-03T18:00:00Z") }, "skipped unchanged", ""},
		{"older than an hour", `,"maxAge":"1h"`, func(t *testing.T, s *site) { s.built(t, "ip-1", "SUCCESS", goldenDay) }, "started age", ""},
		{"forced", `,"force":true`, func(t *testing.T, s *site) { s.built(t, "ip-1", "SUCCESS", goldenDay) }, "started forced", "forced by the payload"},
		{"all causes", `,"force":true,"maxAge":"1h"`, func(t *testing.T, s *site) {
			s.built(t, "ip-1", "SUCCESS", goldenDay)
			s.families[family] = "m-b"
		}, "started baseImage", "base image m-a -> m-b; the last success, execution past-000 of " + goldenDay + ", is older than maxAge; forced by the payload"},
		{"options changed", "", func(t *testing.T, s *site) {
			s.built(t, "ip-1", "SUCCESS", goldenDay)
			p := s.pipelines["ip-1"]
			p.Options = []template.Parameter{{Name: "SystemDiskSize", Value: "60"}}
			s.pipelines["ip-1"] = p
		}, "started content", "content or options changed"},
		{"a newer component", "", func(t *testing.T, s *site) {
			s.remove("ip-1")
			open(s)
			s.built(t, "ip-1", "SUCCESS", goldenDay)
			s.component("node-exporter", "1.0.2")
		}, "started component", "component node-exporter 1.0.1 -> 1.0.2"},
		{"a component of another name or range", "", func(t *testing.T, s *site) {
			s.remove("ip-1")
			open(s)
			s.built(t, "ip-1", "SUCCESS", goldenDay)
			s.component("node-exporter", "2.0.1")
			s.component("other", "1.0.9")
		}, "skipped unchanged", ""},
		{"runs", "", func(t *testing.T, s *site) { s.built(t, "ip-1", "TESTING", goldenDay) }, "skipped running", "past-000 is running"},
		{"a status that is not known", `,"force":true`, func(t *testing.T, s *site) { s.built(t, "ip-1", "POLISHING", goldenDay) }, "skipped running", ""},
		{"another source's, ended since the trigger", `,"force":true`, func(t *testing.T, s *site) {
			s.built(t, "ip-1", "FAILED", "2026-05-10T18:00:01Z")
		}, "skipped running", "past-000 ran after the trigger"},
		{"the name's pipeline before was built", "", func(t *testing.T, s *site) {
			now := s.pipelines["ip-1"]
			s.remove("ip-1")
			old := golden("ip-0", "web", "2026-05-01T00:00:00Z")
			old.BuildContent = "RUN something else"
			s.add(old)
			s.built(t, "ip-0", "SUCCESS", goldenDay)
			s.add(now)
		}, "started content", "content or options changed"},
	})
}

func TestRebuildPausesWhatKeepsFailing(t *testing.T) {
	requireDecisions(t, []decision{
		{"failed twice", "", failures("ip-1", 2), "started firstBuild", ""},
		{"failed three times", "", failures("ip-1", 3), "skipped paused", "3 in a row"},
		{"failed three times, forced", `,"force":true`, failures("ip-1", 3), "skipped paused", ""},
		{"never paused", `,"maxFailures":0`, failures("ip-1", 9), "started firstBuild", ""},
		{"paused after one", `,"maxFailures":1`, failures("ip-1", 1), "skipped paused", ""},
		{"cancelled ones do not count", "", func(t *testing.T, s *site) {
			failures("ip-1", 2)(t, s)
			s.built(t, "ip-1", "CANCELLED", "2026-05-09T18:30:00Z")
		}, "started firstBuild", ""},
		{"cancelled ones do not help", "", func(t *testing.T, s *site) {
			failures("ip-1", 3)(t, s)
			s.built(t, "ip-1", "CANCELLED", "2026-05-09T18:30:00Z")
		}, "skipped paused", ""},
		{"failed until a success", `,"force":true`, func(t *testing.T, s *site) {
			failures("ip-1", 3)(t, s)
			s.built(t, "ip-1", "SUCCESS", "2026-05-09T18:30:00Z")
		}, "started forced", ""},
		{"failed with other inputs", "", func(t *testing.T, s *site) {
			failures("ip-1", 3)(t, s)
			s.families[family] = "m-b"
		}, "started firstBuild", ""},
		{"failed with other inputs in between", "", func(t *testing.T, s *site) {
			failures("ip-1", 2)(t, s)
			s.families[family] = "m-b"
			s.built(t, "ip-1", "FAILED", "2026-05-09T18:30:00Z")
			s.families[family] = "m-a"
		}, "started firstBuild", ""},
		{"a success of nobody knows what", `,"maxFailures":1`, func(t *testing.T, s *site) {
			failures("ip-1", 1)(t, s)
			s.executions = append(s.executions, imagebuild.Execution{ID: "by-hand", PipelineID: "ip-1", Status: "SUCCESS", CreationTime: "2026-05-09T18:30:00Z"})
		}, "started firstBuild", ""},
	})
}

// failures lets the executions of a pipeline fail, one an hour.
func failures(id string, n int) func(t *testing.T, s *site) {
	return func(t *testing.T, s *site) {
		for i := range n {
			s.built(t, id, []string{"FAILED", "TEST_FAILED"}[i%2], fmt.Sprintf("2026-05-09T%02d:00:00Z", i))
		}
	}
}

// component publishes versions of a component.
func (s *site) component(name string, versions ...string) {
	for _, v := range versions {
		s.all = append(s.all, imagebuild.Resource{Kind: template.Component, ID: "ic-" + name + v, Name: name, Version: v})
	}
}

func TestRebuildSelects(t *testing.T) {
	tests := []struct {
		payload string
		want    []string
	}{
		{everything, []string{"ip-1 skipped superseded", "ip-2 skipped superseded", "ip-3 started firstBuild", "ip-4 started firstBuild", "ip-5 started firstBuild"}},
		{`{"namePattern":"w?b"}`, []string{"ip-1 skipped superseded", "ip-2 skipped superseded", "ip-3 started firstBuild"}},
		{`{"namePattern":"db-*"}`, []string{"ip-4 started firstBuild", "ip-5 started firstBuild"}},
		{`{"namePattern":"db-a"}`, []string{"ip-4 started firstBuild"}},
		{`{"namePattern":"none"}`, nil},
		{`{"tags":{"rebuild":"nightly"}}`, []string{"ip-2 skipped superseded", "ip-4 started firstBuild"}},
		{`{"tags":{"rebuild":"nightly"},"namePattern":"d*"}`, []string{"ip-4 started firstBuild"}},
		{`{"tags":{"rebuild":"weekly"}}`, nil},
		{`{"imagePipelineId":"ip-2"}`, []string{"ip-2 skipped superseded"}},
		{`{"imagePipelineId":["ip-3","ip-5","ip-9"]}`, []string{"ip-3 started firstBuild", "ip-5 started firstBuild", "ip-9 failed gone"}},
		{`{"imagePipelineId":["ip-0","ip-4","ip-9"]}`, []string{"ip-0 failed gone", "ip-4 started firstBuild", "ip-9 failed gone"}},
		{`{"imagePipelineId":["ip-9","ip-4"],"namePattern":"*"}`, []string{"ip-4 started firstBuild"}},
		{`{"imagePipelineId":["ip-1","ip-4","ip-5"]}`, []string{"ip-1 skipped superseded", "ip-4 started firstBuild", "ip-5 started firstBuild"}},
	}
	for _, test := range tests {
		t.Run(test.payload, func(t *testing.T) {
			s := newSite()
			tagged := golden("ip-2", "web", "2026-05-02T00:00:00Z")
			tagged.Tags = []imagebuild.Tag{{Key: "rebuild", Value: "nightly"}}
			s.add(golden("ip-3", "web", "2026-05-02T00:00:00Z")) // of one second: by ID
			s.add(tagged)
			s.add(golden("ip-1", "web", "2026-05-01T00:00:00Z"))
			tagged.ID, tagged.Name = "ip-4", "db-a"
			s.add(tagged)
			s.add(golden("ip-5", "db-b", "2026-05-02T00:00:00Z"))
			s.run(t, test.payload)
			require.Equal(t, test.want, s.verdicts(t))
		})
	}
}

func TestRebuildSaysWhatItStarted(t *testing.T) {
	s := newSite()
	p := golden("ip-1", "web", "2026-05-02T00:00:00Z")
	p.BuildContent = strings.Repeat("COMPONENT acs:ecs:cn-hangzhou:"+account+":imagecomponent/node-exporter/1.*.*\n", 30)
	s.add(p)
	s.component("node-exporter", "1.0.9", "1.0.10", "2.0.0")
	results := s.run(t, everything)

	job := sha("7:nightly20:" + triggerTime + "4:ip-1")
	require.Len(t, results, 1)
	require.Equal(t, []any{job, job, "web", imagebuild.Started}, []any{results[0].JobID, results[0].ClientToken, results[0].Name, results[0].Status})
	require.Len(t, s.starts, 1)
	sent := s.starts[0]
	require.Equal(t, []string{"cn-hangzhou", "ip-1", job}, []string{sent.RegionID, sent.PipelineID, sent.ClientToken})
	tags := map[string]string{}
	for _, tag := range sent.Tags {
		require.LessOrEqual(t, len(tag.Value), 128)
		tags[tag.Key] = tag.Value
	}
	require.Len(t, tags[digestTag], 64)
	require.Len(t, tags["imagedrop:content"], 64)
	require.Equal(t, []string{job, "m-a", "0.timer"}, []string{tags[jobTag], tags["imagedrop:base"], tags["imagedrop:step"]})
	require.Equal(t, strings.TrimSpace(strings.Repeat("1.0.10 ", 18)), tags["imagedrop:components"])
	require.Equal(t, strings.TrimSpace(strings.Repeat("1.0.10 ", 12)), tags["imagedrop:components.2"])

	o := s.box.only(t)
	require.Equal(t, "imagedrop.execution.started.v1", o.Type)
	require.Equal(t, "nightly", o.Subject)
	require.Equal(t, imagebuild.OutcomeJob{ID: job, Trigger: "timer", TriggerName: "nightly", TriggerTime: triggerTime}, o.Data.Job)
	require.Equal(t, imagebuild.OutcomeResource{Kind: template.Execution, ID: "exec-001", Name: "web", ImagePipelineID: "ip-1"}, o.Data.Resource)
	followUp := s.followUps(t)[0]
	require.Equal(t, []string{"exec-001", job}, []string{followUp.ExecutionID, followUp.Job.ID})
}

// What the run may not do fails it once, and is acknowledged.
func TestRebuildRefused(t *testing.T) {
	tests := []struct{ name, payload, message string }{
		{"no payload", "", "unexpected end"},
		{"nothing selected", "{}", "selects nothing"},
		{"a misspelt key", "{\"namePattern\":\"*\",\n \"maxRuning\": 5}", `line 2, column 2: "maxRuning" is not a key of the payload, did you mean maxRunning?`},
		{"a region that is not allowed", `{"namePattern":"*","regionId":"cn-beijing"}`, "regionId cn-beijing is not allowed; allowed: cn-hangzhou"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			s := newSite()
			s.add(golden("ip-1", "web", "2026-05-02T00:00:00Z"))
			s.run(t, test.payload)
			s.run(t, test.payload)
			outcomes := s.box.outcomes(t)
			require.Len(t, outcomes, 2)
			require.Equal(t, outcomes[0].ID, outcomes[1].ID)
			require.Equal(t, "imagedrop.execution.failed.v1", outcomes[0].Type)
			require.Equal(t, sha("7:nightly20:"+triggerTime+"0:"), outcomes[0].Data.Job.ID)
			require.Equal(t, "permanent", outcomes[0].Data.Reason.Kind)
			require.Contains(t, outcomes[0].Data.Reason.Message, test.message)
			require.Empty(t, s.starts)
		})
	}
	s := newSite()
	forbidden := rebuilder(s.cloud, s.box, s.queue)
	forbidden.Policy.Build = false
	require.NoError(t, imagebuild.Redeliver(forbidden.Run(context.Background(), invocation, []imagebuild.Delivery{nightly(everything)})))
	require.Contains(t, s.box.only(t).Data.Reason.Message, "starting a build is not allowed")
}

// Whoever answers so: the operator sent the event.
func TestRebuildFaults(t *testing.T) {
	permanent := map[string]struct {
		operation string
		want      []string
	}{
		"of the list":       {"Pipelines", []string{"failed permanent"}},
		"of the family":     {"Newest", []string{"ip-1 failed permanent", "ip-2 failed permanent"}},
		"of the executions": {"Executions", []string{"ip-1 failed permanent", "ip-2 failed permanent"}},
		"of the start":      {"Start", []string{"ip-1 failed permanent", "ip-2 failed permanent"}},
	}
	for name, test := range permanent {
		for _, kind := range []fault.Kind{fault.Permanent, fault.Invalid} {
			t.Run(name+", "+string(kind), func(t *testing.T) {
				s := newSite()
				s.add(golden("ip-1", "web", "2026-05-02T00:00:00Z"))
				s.add(golden("ip-2", "db", "2026-05-02T00:00:00Z"))
				s.fail = func(operation string) error {
					if operation == test.operation {
						return failure(kind, "Forbidden.RAM")
					}
					return nil
				}
				s.run(t, everything)
				require.Equal(t, test.want, s.verdicts(t))
				require.Equal(t, "Forbidden.RAM", s.box.outcomes(t)[0].Data.Reason.Code)
				require.Empty(t, s.queue.messages)
			})
		}
	}
}

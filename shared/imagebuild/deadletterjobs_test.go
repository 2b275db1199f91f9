package imagebuild_test

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// buried is what an event of the dead-letter queue held, and what is said of it.
type buried struct {
	deliveries []imagebuild.Delivery
	cloud      *cloud
	want       []string // kind, status, ID, job, region of each outcome
	jobs       []string // that the parked event names
}

func given(list ...imagebuild.Delivery) []imagebuild.Delivery { return list }

// holding is a cloud that has these.
func holding(resources ...imagebuild.Resource) *cloud { return &cloud{all: resources} }

func (c *cloud) running(executions ...imagebuild.Execution) *cloud {
	c.executions = executions
	return c
}

// in says where what the cloud holds is; otherwise it is everywhere.
func (c *cloud) in(region string) *cloud {
	c.regions = map[string]string{}
	for _, r := range c.all {
		c.regions[r.ID] = region
	}
	return c
}

func requireBuried(t *testing.T, tests map[string]buried) {
	t.Helper()
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			c, box := test.cloud, &inbox{}
			results := bury(c, box, givenUp(test.deliveries...))
			require.NoError(t, imagebuild.Redeliver(results))
			var got []string
			for i, o := range box.outcomes(t) {
				d := o.Data
				got = append(got, fmt.Sprint(d.Resource.Kind, " ", d.Status, " ", cmp.Or(d.Resource.ID, "-"), " ", d.Job.ID, " ", d.Target.RegionID))
				require.Equal(t, sha(fmt.Sprintf("%d:%s7:alibaba%d:%s%d:%s", len(d.Job.ID), d.Job.ID, len(d.Resource.Kind), d.Resource.Kind, len(d.Status), d.Status)), o.ID)
				require.Equal(t, "/imagedrop/cn-hangzhou/deadletter", o.Source)
				require.Equal(t, []any{d.Status, d.Job.ID}, []any{results[i].Status, results[i].JobID})
				if d.Status == imagebuild.Created {
					require.Nil(t, d.Reason)
				} else {
					require.NotEmpty(t, d.Reason.Message)
				}
			}
			require.Equal(t, test.want, got)
			require.Equal(t, append([]string{}, test.jobs...), parkedOf(t, c).Jobs)
			if test.want == nil {
				require.Len(t, results, 1)
				require.Equal(t, &exhausted, results[0].Reason)
			}
		})
	}
}

// A template that was given up has an outcome, whatever became of it.
func TestDeadLetterUploads(t *testing.T) {
	build := imagebuild.Tag{Key: "imagedrop:build", Value: "true"}
	var full []imagebuild.Tag
	for n := range 18 {
		full = append(full, imagebuild.Tag{Key: fmt.Sprint("k", n)})
	}
	requireBuried(t, map[string]buried{
		"upload, nothing there": {given(upload("R-1")), holding(ofJob(template.Component, "ic-1", "R-2")),
			[]string{"component failed - R-1 cn-hangzhou"}, []string{"R-1"}},
		"upload, component there": {given(upload("R-1")), holding(ofJob(template.Component, "ic-1", "R-1")),
			[]string{"component created ic-1 R-1 cn-hangzhou"}, []string{"R-1"}},
		"upload, pipeline there": {given(upload("R-1")), holding(ofJob(template.Pipeline, "ip-1", "R-1")),
			[]string{"pipeline created ip-1 R-1 cn-hangzhou"}, []string{"R-1"}},
		"the first of two, of a lapsed token": {given(upload("R-1")),
			holding(ofJob(template.Pipeline, "ip-2", "R-1"), ofJob(template.Pipeline, "ip-1", "R-1")),
			[]string{"pipeline created ip-1 R-1 cn-hangzhou"}, []string{"R-1"}},
		"in another region": {given(upload("R-1")),
			holding(ofJob(template.Component, "ic-1", "R-1")).in("cn-beijing"),
			[]string{"component created ic-1 R-1 cn-beijing"}, []string{"R-1"}},
		"in a region that nobody asked for": {given(upload("R-1")),
			holding(ofJob(template.Component, "ic-1", "R-1")).in("cn-shenzhen"),
			[]string{"component failed - R-1 cn-hangzhou"}, []string{"R-1"}},
		"build asked for, not started": {given(upload("R-1")),
			holding(ofJob(template.Pipeline, "ip-1", "R-1", build)).running(execution("exec-1", "ip-1", "R-2")),
			[]string{"pipeline created ip-1 R-1 cn-hangzhou", "execution failed - R-1 cn-hangzhou"}, []string{"R-1"}},
		"build asked for, started": {given(upload("R-1")),
			holding(ofJob(template.Pipeline, "ip-1", "R-1", build)).running(execution("exec-1", "ip-1", "R-1")),
			[]string{"pipeline created ip-1 R-1 cn-hangzhou", "execution started exec-1 R-1 cn-hangzhou"}, []string{"R-1"}},
		"no room to say whether a build was asked for, started": {given(upload("R-1")),
			holding(ofJob(template.Pipeline, "ip-1", "R-1", full...)).running(execution("exec-1", "ip-1", "R-1")),
			[]string{"pipeline created ip-1 R-1 cn-hangzhou", "execution started exec-1 R-1 cn-hangzhou"}, []string{"R-1"}},
		"no room to say whether a build was asked for, not started": {given(upload("R-1")),
			holding(ofJob(template.Pipeline, "ip-1", "R-1", full...)),
			[]string{"pipeline created ip-1 R-1 cn-hangzhou"}, []string{"R-1"}},
	})
}

// A message says what it is for and where, as far as it can be read.
func TestDeadLetterMessages(t *testing.T) {
	follows := string(watchDelivery(follow()).Body)
	requireBuried(t, map[string]buried{
		"unreadable": {nil, holding(), nil, nil},
		"a batch": {given(message("M-1", "RUN a"), message("M-2", "RUN b")), holding(ofJob(template.Component, "ic-1", "M-2")),
			[]string{"component failed - M-1 cn-hangzhou", "component created ic-1 M-2 cn-hangzhou"}, []string{"M-1", "M-2"}},
		"the sender's token": {given(message("M-1", `{"kind":"pipeline","clientToken":"release-7"}`)), holding(),
			[]string{"pipeline failed - release-7 cn-hangzhou"}, []string{"release-7"}},
		"a malformed token": {given(message("M-1", `{"clientToken":"a b","content":7}`)), holding(),
			[]string{"component failed - M-1 cn-hangzhou"}, []string{"M-1"}},
		"a kind of nobody's": {given(message("M-1", `{"kind":"CANARY","regionId":"not a region"}`)), holding(),
			[]string{"component failed - M-1 cn-hangzhou"}, []string{"M-1"}},
		"the message's region": {given(message("M-1", `{"regionId":"cn-beijing"}`)), holding(),
			[]string{"component failed - M-1 cn-beijing"}, []string{"M-1"}},
		"a body that is no text": {given(message("M-1", "\xff\xfe{")), holding(),
			[]string{"component failed - M-1 cn-hangzhou"}, []string{"M-1"}},
		"messages whose outcome would have no room in a queue": {given(
			message("M-1", strings.Replace(follows, `"trigger":"`, `"topic":"`+strings.Repeat("t", 60_000)+`","trigger":"`, 1)),
			message("M-2", `{"type":"imagedrop.continuation.v1","triggerName":"`+strings.Repeat("n", 40_000)+`","triggerTime":"2026-05-04T18:00:00Z","payload":{},"step":1,"after":{}}`),
			message("M-3", `{"type":"imagedrop.continuation.v1","triggerName":"n","triggerTime":"t","payload":{},"step":1,"due":[{"imagePipelineId":"ip-1","name":"`+strings.Repeat("n", 60_000)+`"}]}`),
			message("M-4", `{"type":"imagedrop.aws-part.v1","job":{"id":"j","trigger":"queue","queue":"`+strings.Repeat("q", 40_000)+`"},"path":"x"}`),
		), holding(), nil, nil},
	})
}

// A build that was asked for was started, or was not.
func TestDeadLetterBuilds(t *testing.T) {
	long := strings.Repeat("n", 129)
	base64ed := base64.StdEncoding.EncodeToString([]byte(`{"kind":"execution","imagePipelineId":"ip-1","clientToken":"release-7"}`))
	requireBuried(t, map[string]buried{
		"build by ID, not started": {given(message("M-1", `{"kind":"execution","imagePipelineId":"ip-1"}`)),
			holding().running(execution("exec-1", "ip-1", "M-2"), execution("exec-2", "ip-2", "M-1")),
			[]string{"execution failed - M-1 cn-hangzhou"}, []string{"M-1"}},
		"build by ID, started": {given(message("M-1", `{"kind":"execution","imagePipelineId":"ip-1"}`)),
			holding().running(execution("exec-1", "ip-1", "M-1")),
			[]string{"execution started exec-1 M-1 cn-hangzhou"}, []string{"M-1"}},
		"build by ID, in base64, with a token": {given(message("M-1", base64ed)),
			holding().running(execution("exec-1", "ip-1", "release-7")),
			[]string{"execution started exec-1 release-7 cn-hangzhou"}, []string{"release-7"}},
		"build by name, started": {given(message("M-1", `{"kind":"execution","pipelineName":"web"}`)),
			holding(ofJob(template.Pipeline, "ip-1", "x"), ofJob(template.Pipeline, "ip-2", "y")).running(execution("exec-1", "ip-2", "M-1")),
			[]string{"execution started exec-1 M-1 cn-hangzhou"}, []string{"M-1"}},
		"build by name, no such pipeline": {given(message("M-1", `{"kind":"execution","pipelineName":"web"}`)), holding(),
			[]string{"execution failed - M-1 cn-hangzhou"}, []string{"M-1"}},
		"build by a name that no pipeline can have": {given(message("M-1", `{"kind":"execution","pipelineName":"`+long+`"}`)),
			holding(imagebuild.Resource{Kind: template.Pipeline, ID: "ip-1", Name: long}).running(execution("exec-1", "ip-1", "M-1")),
			[]string{"execution failed - M-1 cn-hangzhou"}, []string{"M-1"}},
		"build of nothing": {given(message("M-1", `{"kind":"execution"}`)), holding().running(execution("exec-1", "", "M-1")),
			[]string{"execution failed - M-1 cn-hangzhou"}, []string{"M-1"}},
		"build where nobody may": {given(message("M-1", `{"kind":"execution","imagePipelineId":"ip-1","regionId":"cn-shenzhen"}`)),
			holding().running(execution("exec-1", "ip-1", "M-1")),
			[]string{"execution failed - M-1 cn-shenzhen"}, []string{"M-1"}},
	})
}

// A run of rebuild names the builds that it had still to start.
func TestDeadLetterRebuilds(t *testing.T) {
	run := imagebuild.Continuation{TriggerName: "nightly", TriggerTime: "2026-05-04T18:00:00Z", Step: 2,
		Payload: json.RawMessage(`{"namePattern":"*"}`), Running: []string{"exec-8"},
		Due: []imagebuild.Due{{ImagePipelineID: "ip-1", Name: "a"}, {ImagePipelineID: "ip-2", Name: "b"}}}
	undecided, beijingRun := run, run
	undecided.After = &imagebuild.Cursor{Name: "b", ImagePipelineID: "ip-2"}
	beijingRun.Payload, beijingRun.Due = json.RawMessage(`{"namePattern":"*","regionId":"cn-beijing"}`), run.Due[:1]
	first, second, whole := rebuildJob("ip-1"), rebuildJob("ip-2"), rebuildJob("")
	requireBuried(t, map[string]buried{
		"a timer": {given(timerOf("nightly", "2026-05-04T18:00:00Z")), holding().running(execution("exec-1", "ip-1", first)),
			[]string{"execution failed - " + whole + " cn-hangzhou"}, []string{whole}},
		"a malformed continuation": {given(message("M-1", `{"type":"imagedrop.continuation.v1"}`)), holding(), nil, nil},
		"a continuation": {given(continuation(t, run)),
			holding().running(execution("exec-1", "ip-1", second), execution("exec-2", "ip-2", second, imagebuild.Tag{Key: "imagedrop:step", Value: "timer"})),
			[]string{"execution failed - " + first + " cn-hangzhou", "execution started exec-2 " + second + " cn-hangzhou"},
			[]string{first, second}},
		"a continuation with more to decide": {given(continuation(t, undecided)), holding(),
			[]string{"execution failed - " + first + " cn-hangzhou", "execution failed - " + second + " cn-hangzhou", "execution failed - " + whole + " cn-hangzhou"},
			[]string{first, second, whole}},
		"a continuation of another region": {given(continuation(t, beijingRun)), holding(),
			[]string{"execution failed - " + first + " cn-beijing"}, []string{first}},
	})
}

// A follow-up tells how the build ended, where there is one.
func TestDeadLetterFollowUps(t *testing.T) {
	follows := watchDelivery(follow())
	broken := follows
	broken.Body = bytes.Replace(follows.Body, []byte("exec-1"), nil, 1)
	requireBuried(t, map[string]buried{
		"a follow-up": {given(follows), holding().running(execution("exec-1", "ip-1", "job-1")),
			nil, []string{"job-1"}},
		"a follow-up of what is gone": {given(follows), holding(),
			[]string{"execution failed exec-1 job-1 cn-hangzhou"}, []string{"job-1"}},
		"a malformed follow-up": {given(broken), holding(), nil, nil},
	})
}

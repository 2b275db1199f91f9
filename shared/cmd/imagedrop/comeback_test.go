package main

import (
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

// comeback is an event that is given up because of a fault, and sent again
// once that is mended.
type comeback struct {
	name, function string
	service, call  string // whose process it ends
	match          func(*local) string
	cause          func(*local)
	before, after  []string // what is told of it, by kind and status
	sameJob        bool     // before and after
}

const buildsWeb = "# ---\n# name: web\n# build: true\n# ---\n" + linux + "RUN true\n"

func matching(value string) func(*local) string { return func(*local) string { return value } }

// pipeline is the one that is there.
func pipeline(l *local) string {
	return describe(l.t, l.cloud.Endpoints, "pipeline", "web")[0].ImagePipelineID
}

// makePipeline has the functions make the pipeline web, before the fault.
func makePipeline(l *local) string {
	l.run("drop", write(l.t, "web.Dockerfile", "# ---\n# name: web\n# tags: {rebuild: nightly}\n# ---\n"+linux+"RUN true\n")).requireCode(l.t, exitDone)
	return pipeline(l)
}

var comebacks = []comeback{
	{"upload", "upload", "oss", "GetObject", matching(""), func(l *local) {
		l.run("drop", write(l.t, "web.Dockerfile", buildsWeb)).requireCode(l.t, exitRejected)
	}, []string{"component failed"}, []string{"execution started", "execution succeeded", "pipeline created"}, true},
	{"queue", "message", "ecs", "CreateImageComponent", matching("tool"), func(l *local) {
		l.run("send", write(l.t, "tool.json", `{"name":"tool","content":"RUN true"}`)).requireCode(l.t, exitRejected)
	}, []string{"component failed"}, []string{"component created"}, true},
	{"topic", "message", "ecs", "CreateImageComponent", matching("tool"), func(l *local) {
		_, err := ali_mns.NewMNSTopic("imagedrop-requests",
			l.cloud.queues).PublishMessage(ali_mns.MessagePublishRequest{MessageBody: `{"name":"tool","content":"RUN true"}`})
		require.NoError(l.t, err)
	}, []string{"component failed"}, []string{"component created"}, true},
	{"order", "message", "ecs", "StartImagePipelineExecution", makePipeline, func(l *local) {
		l.run("send", write(l.t, "order.json", `{"kind":"execution","pipelineName":"web"}`)).requireCode(l.t, exitRejected)
	}, []string{"execution failed"}, []string{"execution started", "execution succeeded"}, true},
	{"timer", "rebuild", "ecs", "StartImagePipelineExecution", makePipeline, func(l *local) {
		l.run("invoke", "rebuild", "--timer", "nightly", "--time", "2026-05-04T18:00:00Z").requireCode(l.t, exitDone)
	}, []string{"execution failed"}, []string{"execution started", "execution succeeded"}, false}, // of the run; of the pipeline
	{"continuation", "rebuild", "ecs", "StartImagePipelineExecution", makePipeline, func(l *local) {
		_, err := l.cloud.send("imagedrop-rebuild", `{"type":"imagedrop.continuation.v1","triggerName":"nightly","triggerTime":"2026-05-04T18:00:00Z",`+
			`"payload":{"namePattern":"web"},"step":1,"running":[],"due":[{"imagePipelineId":"`+pipeline(l)+`","name":"web"}]}`)
		require.NoError(l.t, err)
	}, []string{"execution failed"}, []string{"execution started", "execution succeeded"}, true},
	{"follow-up", "watch", "ecs", "DescribeImages", func(l *local) string { makePipeline(l); return "" }, func(l *local) {
		l.run("send", write(l.t, "order.json", `{"kind":"execution","pipelineName":"web"}`)).requireCode(l.t, exitDone)
	}, []string{"execution started"}, []string{"execution succeeded"}, true},
	{"deadletter", "deadletter", "mns", "SendMessage", matching("imagedrop-parked"), func(l *local) {
		_, err := l.cloud.send("imagedrop-dlq", string(crashed(l.t, requested("M-1", "tool"))))
		require.NoError(l.t, err)
	}, []string{"component failed"}, []string{"component created"}, true},
}

// awaitIdle waits until nothing happens any more by itself.
func (l *local) awaitIdle() {
	l.t.Helper()
	require.Eventually(l.t, func() bool {
		var stats struct{ Idle bool }
		require.NoError(l.t, doJSON(l.t.Context(), http.MethodGet, l.cloud.Console+"/v1/stats", nil, &stats))
		return stats.Idle
	}, time.Minute, 5*time.Millisecond)
}

// told is what the feed says behind a number, each outcome once.
func (l *local) told(after uint64) (told map[string]outcome, last uint64) {
	l.t.Helper()
	told, last = map[string]outcome{}, after
	for {
		p, err := l.cloud.feed(l.t.Context(), last, 0)
		require.NoError(l.t, err)
		if len(p.Outcomes) == 0 {
			return told, last
		}
		for _, e := range p.Outcomes {
			o := readOutcome(e.Outcome)
			told[o.ID] = o
		}
		last = p.Next
	}
}

// steps are the kinds and statuses, and the jobs that they are of.
func steps(told map[string]outcome) (steps, jobs []string) {
	for _, o := range told {
		steps = append(steps, o.Data.Resource.Kind+" "+o.Data.Status)
		jobs = append(jobs, o.Data.Job.ID)
	}
	slices.Sort(steps)
	slices.Sort(jobs)
	return steps, slices.Compact(jobs)
}

// hasty gives up on each message after four attempts, not after 177.
func hasty(t *testing.T) func(*stack.Options) {
	text, err := os.ReadFile(filepath.Join(home, "s.yaml"))
	require.NoError(t, err)
	file := filepath.Join(t.TempDir(), "s.yaml")
	require.NoError(t, os.WriteFile(file, []byte(strings.ReplaceAll(string(text), "EXPONENTIAL_DECAY_RETRY", "BACKOFF_RETRY")), 0o600))
	return func(o *stack.Options) { o.File, o.BinDir = file, filepath.Join(home, "dist") }
}

// Once the fault is mended, redrive brings every event back with its job: what
// it asked for is done once, though it is sent twice.
func TestWhatWasParkedIsDoneOnceAfterRedrive(t *testing.T) {
	t.Parallel()
	var all sync.WaitGroup // most of the time they wait for what does not come
	defer all.Wait()
	for _, c := range comebacks {
		all.Go(func() { t.Run(c.name, func(t *testing.T) { c.prove(t) }) })
	}
}

func (c comeback) prove(t *testing.T) {
	l := newLocal(t, hasty(t))
	match := c.match(l)
	l.awaitIdle()
	_, last := l.told(0)
	l.fault(account.Fault{Service: c.service, Operation: c.call, Match: match, Effect: account.EffectKillBefore, Count: 1 << 30})
	c.cause(l)
	l.awaitIdle()
	before, last := l.told(last)
	were, jobs := steps(before)
	require.Equal(t, c.before, were)

	parked := l.redriven(exitDone, "--dry-run")
	require.Len(t, parked, 1)
	for _, p := range parked {
		require.Equal(t, c.function, p.Function)
	}
	l.Account().Faults.Clear()
	l.fault(account.Fault{Service: "mns", Operation: "DeleteMessage", Effect: account.EffectCode, Code: "InternalServerError", Status: 500})
	l.run("redrive").requireCode(t, exitTrouble) // it was sent, but is still parked
	l.awaitIdle()
	require.Len(t, l.redriven(exitDone, "--select", c.function), 1)
	l.awaitIdle()
	if c.function == "deadletter" { // has answered it now, and parked it
		require.Len(t, l.redriven(exitDone, "--select", jobs[0]), 1)
		l.awaitIdle()
	}
	require.Empty(t, l.redriven(exitDone))
	after, _ := l.told(last)
	for id := range before {
		delete(after, id) // a repeat
	}
	are, theirs := steps(after)
	require.Equal(t, c.after, are)
	require.Equal(t, c.sameJob, slices.Equal(jobs, theirs), "%v %v", jobs, theirs)
	require.Len(t, theirs, 1)
	require.Len(t, slices.Concat(describe(t, l.cloud.Endpoints, "component", ""), describe(t, l.cloud.Endpoints, "pipeline", "")), 1)
}

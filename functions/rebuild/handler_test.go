package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/function"
	"imagedrop/shared/functiontest"
	"imagedrop/shared/imagebuild"
)

// fakes are the services: pipelines that were never built, and the two queues.
type fakes struct {
	functiontest.Builds
	pipelines     []string // names
	continuations functiontest.Builds

	mu        sync.Mutex
	published []imagebuild.Outcome
}

func (f *fakes) Pipelines(_ context.Context, _ imagebuild.Query, ids ...string) (list []imagebuild.Pipeline, err error) {
	for _, name := range f.pipelines {
		p := functiontest.Pipeline
		p.ID, p.Name = "ip-"+name, name
		p.Tags = []imagebuild.Tag{{Key: "rebuild", Value: "nightly"}}
		if len(ids) == 0 || slices.Contains(ids, p.ID) {
			list = append(list, p)
		}
	}
	return list, nil
}

func (f *fakes) Find(context.Context, imagebuild.Query) ([]imagebuild.Resource, error) {
	return nil, nil
}

func (f *fakes) First(context.Context, imagebuild.Query) (imagebuild.Resource, int, error) {
	return imagebuild.Resource{}, 0, nil
}

func (f *fakes) Create(context.Context, imagebuild.Request) (string, error) {
	panic("rebuild creates nothing")
}

func (f *fakes) Publish(_ context.Context, body []byte) error {
	var o imagebuild.Outcome
	err := json.Unmarshal(body, &o)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.published = append(f.published, o)
	return err
}

// outcomes are pipelines and what became of them, in the order of publishing.
func (f *fakes) outcomes() (list []string) {
	for _, o := range f.published {
		list = append(list, o.Data.Resource.Name+" "+string(o.Data.Status)+" "+o.Data.Reason.Kind)
	}
	f.published = nil
	return list
}

// newTest returns the function as an invocation finds it, and its log.
func newTest(f *fakes) (*handler, *strings.Builder) {
	log := &strings.Builder{}
	return &handler{log: function.NewLog(log), resultQueue: "imagedrop-results", rebuilder: imagebuild.Rebuilder{
		Publisher: imagebuild.Publisher{Outbox: f}, Builds: imagebuild.Builds{Executions: f, Images: f, Watch: f},
		Resources: f, Continuations: &f.continuations, Policy: imagebuild.Policy{Build: true}, Concurrency: 16,
	}}, log
}

// timer is the event of a timer that fires now.
func timer(t *testing.T, payload string) []byte {
	t.Helper()
	event, err := json.Marshal(map[string]string{"triggerTime": time.Now().UTC().Format(time.RFC3339), "triggerName": "nightly", "payload": payload})
	require.NoError(t, err)
	return event
}

// The timer's event begins a run; what it sent carries the run on.
func TestRun(t *testing.T) {
	f := &fakes{pipelines: []string{"web", "base"}}
	h, log := newTest(f)
	event := timer(t, `{"namePattern":"*","maxRunning":1}`)
	for range 2 { // delivered twice
		require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "rebuild-prod"), event))
		require.Equal(t, []string{"base started firstBuild"}, f.outcomes())
	}
	require.Equal(t, f.Started[0].ClientToken, f.Started[1].ClientToken)
	require.NotEmpty(t, f.Sent, "nobody follows the build")
	require.Len(t, f.continuations.Sent, 2)
	require.Equal(t, 30*time.Second, f.continuations.Sent[0].Delay)

	next := functiontest.Batch(t, functiontest.Element("C-1", "imagedrop-rebuild", string(f.continuations.Sent[0].Body)))
	require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "rebuild-prod"), next))
	require.Equal(t, []string{"web started firstBuild"}, f.outcomes())
	require.Len(t, f.continuations.Sent, 2, "all are decided")
	require.NotContains(t, log.String(), functiontest.Canary)
	require.Contains(t, log.String(), `"requestId":"1-invocation","trigger":"timer"`)
}

func TestOutcomeNamesTheTimer(t *testing.T) {
	f := &fakes{pipelines: []string{"web"}}
	h, _ := newTest(f)
	require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "rebuild-prod"), timer(t, `{"tags":{"rebuild":"nightly"}}`)))
	o := f.published[0]
	require.Equal(t, "/imagedrop/cn-hangzhou/rebuild-prod", o.Source)
	require.Equal(t, "nightly", o.Subject)
	require.Equal(t, "timer", o.Data.Job.Trigger)
	require.Len(t, o.Data.Job.ID, 64)
}

// Every other end of a timer's event: is an outcome published, is it delivered
// again?
func TestHandle(t *testing.T) {
	tests := []struct {
		name, payload string
		fakes         *fakes
		outcomes      []string
		redeliver     bool
	}{
		{"nothing selected", `{"tags":{"rebuild":"weekly"}}`, &fakes{}, nil, false},
		{"a payload that is none", `nightly ` + functiontest.Canary, &fakes{}, []string{" failed permanent"}, false},
		{"a misspelt key", `{"namePatern":"` + functiontest.Canary + `"}`, &fakes{}, []string{" failed permanent"}, false},
		{"another region", `{"namePattern":"*","regionId":"cn-beijing"}`, &fakes{}, []string{" failed permanent"}, false},
		{"no permission", `{"namePattern":"*"}`, &fakes{pipelines: []string{"web"}, Builds: functiontest.Builds{
			StartErr: &fault.Error{Kind: fault.Permanent, Op: "ecsimage.Start", Code: "Forbidden.RAM", Message: "no"}}}, []string{"web failed permanent"}, false},
		{"nobody follows", `{"namePattern":"*"}`, &fakes{pipelines: []string{"web"}, continuations: functiontest.Builds{
			SendErr: fault.New(fault.Permanent, "mnsqueue.SendMessage", "no such queue")}, Builds: functiontest.Builds{
			StartErr: fault.New(fault.Unknown, "ecsimage.Start", "odd")}}, nil, true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, log := newTest(test.fakes)
			err := h.Handle(functiontest.Invocation(t.Context(), "rebuild"), timer(t, test.payload))
			require.Equal(t, test.redeliver, err != nil, "%v", err)
			require.Equal(t, test.outcomes, test.fakes.outcomes())
			require.NotContains(t, log.String(), functiontest.Canary)
		})
	}
}

// The event of the documents is one that the function takes.
func TestTimerOfTheDocuments(t *testing.T) {
	payload, err := os.ReadFile(filepath.Join("..", "..", "events", "testdata", "timer.json"))
	require.NoError(t, err)
	f := &fakes{pipelines: []string{"web"}}
	h, _ := newTest(f)
	require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "rebuild"), payload))
	require.Empty(t, f.Started, "it selects another pipeline")
	require.Equal(t, []string{" failed gone"}, f.outcomes())
}

func TestUndecodableEventIsAcknowledged(t *testing.T) {
	for _, payload := range []string{"", "[]", `[{"noise":"` + functiontest.Canary + `"}]`} {
		f := &fakes{}
		h, log := newTest(f)
		require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "rebuild"), []byte(payload)))
		require.Empty(t, f.published)
		require.Contains(t, log.String(), "event dropped")
		require.NotContains(t, log.String(), functiontest.Canary)
	}
}

func TestStart(t *testing.T) {
	env := map[string]string{"RESULT_QUEUE": "results", "WATCH_QUEUE": "watch", "REBUILD_QUEUE": "rebuild",
		"MNS_ENDPOINT": "https://1234567890123456.mns.cn-hangzhou.aliyuncs.com", "CONCURRENCY": "7"}
	h, err := newHandler(func(name string) string { return env[name] }, function.NewLog(io.Discard))
	require.NoError(t, err)
	require.Equal(t, 7, h.rebuilder.Concurrency)
	delete(env, "REBUILD_QUEUE")
	_, err = newHandler(func(name string) string { return env[name] }, function.NewLog(io.Discard))
	require.ErrorContains(t, err, "REBUILD_QUEUE")
}

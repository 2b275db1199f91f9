package main

import (
	"context"
	"encoding/json"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/function"
	"imagedrop/shared/functiontest"
	"imagedrop/shared/imagebuild"
)

// fakes are the services; the execution has the status.
type fakes struct {
	status    string
	err       error
	sendErr   error
	published []imagebuild.Outcome
	sent      []imagebuild.FollowUp
	delays    []time.Duration
}

func (f *fakes) Start(context.Context, imagebuild.StartRequest) (string, error) {
	panic("watch starts nothing")
}

func (f *fakes) Executions(_ context.Context, q imagebuild.ExecutionQuery) ([]imagebuild.Execution, error) {
	if f.status == "panic" {
		panic(functiontest.Canary)
	}
	if f.err != nil {
		return nil, f.err
	}
	return []imagebuild.Execution{{ID: "exec-1", PipelineID: "ip-1", Status: f.status, ImageID: "m-1", Message: "yum failed",
		CreationTime: time.Now().UTC().Format(time.RFC3339), ModifiedTime: time.Now().UTC().Format(time.RFC3339)}}, nil
}

func (f *fakes) Pipelines(context.Context, imagebuild.Query, ...string) ([]imagebuild.Pipeline, error) {
	return []imagebuild.Pipeline{{Resource: imagebuild.Resource{ID: "ip-1", Name: "web"}}}, nil
}

func (f *fakes) Newest(context.Context, string, string) (string, error) { return "", nil }

func (f *fakes) Images(context.Context, imagebuild.ImageQuery) ([]imagebuild.Image, error) {
	return []imagebuild.Image{{ID: "m-1", Name: "web-1", Status: "Available"}}, nil
}

func (f *fakes) Publish(_ context.Context, body []byte) error {
	var o imagebuild.Outcome
	f.published = append(f.published, o)
	return json.Unmarshal(body, &f.published[len(f.published)-1])
}

func (f *fakes) Send(_ context.Context, body []byte, delay time.Duration) error {
	if f.sendErr != nil {
		return f.sendErr
	}
	var next imagebuild.FollowUp
	f.sent, f.delays = append(f.sent, next), append(f.delays, delay)
	return json.Unmarshal(body, &f.sent[len(f.sent)-1])
}

// newTest returns the function as an invocation finds it, and its log.
func newTest(f *fakes) (*handler, *strings.Builder) {
	log := &strings.Builder{}
	return &handler{log: function.NewLog(log), resultQueue: "imagedrop-results", watcher: imagebuild.Watcher{
		Publisher: imagebuild.Publisher{Outbox: f}, Executions: f, Images: f, Watch: f, Concurrency: 16,
	}}, log
}

// followUp asks for a look at exec-1.
func followUp(t *testing.T) string {
	t.Helper()
	started := time.Now().UTC().Truncate(time.Second)
	text, err := json.Marshal(imagebuild.FollowUp{
		Type: "imagedrop.follow-up.v1", Job: imagebuild.OutcomeJob{ID: "job-1", Trigger: imagebuild.TriggerQueue, Queue: "imagedrop-requests"},
		ClientToken: "token-1", RegionID: "cn-hangzhou", AccountID: "1234567890123456", ImagePipelineID: "ip-1", PipelineName: "web",
		ExecutionID: "exec-1", Started: started, Check: 1, Expires: started.Add(time.Hour),
	})
	require.NoError(t, err)
	return string(text)
}

// Every kind of end: is an outcome published, is the execution looked at
// again, is the message delivered again?
func TestHandle(t *testing.T) {
	throttled := &fault.Error{Kind: fault.Retryable, Op: "ecsimage.DescribeImagePipelineExecutions", Code: "InvalidSecurityToken.Expired", Message: "no"}
	tests := []struct {
		name      string
		fakes     fakes
		published imagebuild.Status
		sent      int
		redeliver bool
	}{
		{"it runs", fakes{status: "BUILDING"}, "", 1, false},
		{"an unknown status", fakes{status: "POLISHING"}, "", 1, false},
		{"it succeeded", fakes{status: "SUCCESS"}, imagebuild.Succeeded, 0, false},
		{"it failed", fakes{status: "FAILED"}, imagebuild.Failed, 0, false},
		{"it was cancelled", fakes{status: "CANCELLED"}, imagebuild.Cancelled, 0, false},
		{"nobody knows", fakes{err: throttled}, "", 0, true},
		{"no look again", fakes{status: "BUILDING", sendErr: fault.New(fault.Permanent, "mnsqueue.SendMessage", "no such queue")}, "", 0, true},
		{"panic", fakes{status: "panic"}, "", 0, true},
	}
	for i := range tests {
		test := &tests[i]
		t.Run(test.name, func(t *testing.T) {
			f := &test.fakes
			h, log := newTest(f)
			err := h.Handle(functiontest.Invocation(t.Context(), "watch-prod"),
				functiontest.Batch(t, functiontest.Element("M-1", "imagedrop-watch", followUp(t))))
			require.Equal(t, test.redeliver, err != nil, "%v", err)
			require.NotContains(t, log.String(), functiontest.Canary)
			require.Contains(t, log.String(), `"requestId":"1-invocation","trigger":"queue","sourceId":"M-1"`)
			require.Len(t, f.sent, test.sent)
			if test.sent > 0 {
				require.Equal(t, 2, f.sent[0].Check)
				require.GreaterOrEqual(t, f.delays[0], imagebuild.DefaultWatching.MinDelay)
			}
			if test.published == "" {
				require.Empty(t, f.published)
				return
			}
			require.Len(t, f.published, 1)
			require.Equal(t, test.published, f.published[0].Data.Status)
			require.Equal(t, "/imagedrop/cn-hangzhou/watch-prod", f.published[0].Source)
			require.Equal(t, "job-1", f.published[0].Data.Job.ID)
		})
	}
}

// What is no follow-up is nobody's job: it is logged and acknowledged.
func TestOtherMessagesAreLoggedOnly(t *testing.T) {
	for _, payload := range [][]byte{
		nil, []byte("[]"), []byte("{}"),
		functiontest.Batch(t, functiontest.Element("M-1", "imagedrop-watch", "RUN echo "+functiontest.Canary)),
		functiontest.Batch(t, functiontest.Element("M-1", "imagedrop-results", followUp(t))),
	} {
		f := &fakes{status: "SUCCESS"}
		h, log := newTest(f)
		require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "watch"), payload))
		require.Empty(t, f.published)
		require.Empty(t, f.sent)
		require.NotEmpty(t, log.String())
		require.NotContains(t, log.String(), functiontest.Canary)
	}
}

func TestStart(t *testing.T) {
	env := map[string]string{"RESULT_QUEUE": "results", "WATCH_QUEUE": "watch", "MNS_ENDPOINT": "https://1234567890123456.mns.cn-hangzhou.aliyuncs.com",
		"WATCH_DELAY_MIN": "1m"}
	h, err := newHandler(func(name string) string { return env[name] }, function.NewLog(io.Discard))
	require.NoError(t, err)
	require.Equal(t, "results", h.resultQueue)
	require.Equal(t, time.Minute, h.watcher.Watching.MinDelay)
	delete(env, "WATCH_QUEUE")
	_, err = newHandler(func(name string) string { return env[name] }, function.NewLog(io.Discard))
	require.ErrorContains(t, err, "WATCH_QUEUE")
}

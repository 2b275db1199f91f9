package main

import (
	"context"
	"encoding/json"
	"errors"
	"io"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/function"
	"imagedrop/shared/functiontest"
	"imagedrop/shared/imagebuild"
)

const canary = functiontest.Canary

// fakes are the services as functions; nil answers what is usual.
type fakes struct {
	functiontest.Builds
	create  func(imagebuild.Request) (string, error)
	publish func([]byte) error

	mu        sync.Mutex
	published []imagebuild.Outcome
}

func (f *fakes) Read(context.Context, imagebuild.ObjectRef, int64) ([]byte, error) {
	return []byte("RUN true\n"), nil
}

func (f *fakes) Find(context.Context, imagebuild.Query) ([]imagebuild.Resource, error) {
	return nil, nil
}

func (f *fakes) First(context.Context, imagebuild.Query) (imagebuild.Resource, int, error) {
	return imagebuild.Resource{}, 0, nil
}

func (f *fakes) Create(_ context.Context, r imagebuild.Request) (string, error) {
	if f.create != nil {
		return f.create(r)
	}
	return "ic-1", nil
}

func (f *fakes) Publish(_ context.Context, body []byte) error {
	if f.publish != nil {
		return f.publish(body)
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.published = append(f.published, imagebuild.Outcome{})
	return json.Unmarshal(body, &f.published[len(f.published)-1])
}

func newTest(f *fakes) (*handler, *strings.Builder) {
	log := &strings.Builder{}
	objects := &function.Objects{New: func(string) (imagebuild.Objects, error) { return f, nil }}
	return &handler{log: function.NewLog(log), resultQueue: "imagedrop-results", objects: objects,
		builder: imagebuild.Builder{Objects: objects, Resources: f, Publisher: imagebuild.Publisher{Outbox: f},
			Builds: imagebuild.Builds{Executions: f, Images: f, Watch: f},
			Policy: imagebuild.Policy{Buckets: []string{"*"}, Build: true}, Concurrency: 16}}, log
}

// Every kind of end: is an outcome published, is the message delivered again?
func TestHandle(t *testing.T) {
	fails := func(kind fault.Kind, code string) func(imagebuild.Request) (string, error) {
		return func(imagebuild.Request) (string, error) {
			return "", &fault.Error{Kind: kind, Op: "ecsimage.Create", Code: code, Message: "refused", Err: errors.New(canary)}
		}
	}
	const good = `{"name":"web","content":"RUN echo ` + canary + `"}`
	tests := []struct {
		name, body string
		fakes      *fakes
		published  imagebuild.Status
		redeliver  bool
	}{
		{"created", good, &fakes{}, imagebuild.Created, false},
		{"plain text", "RUN echo " + canary, &fakes{}, imagebuild.Created, false},
		{"base64", "UlVOIHRydWUK", &fakes{}, imagebuild.Created, false},
		{"array", `["` + canary + `"]`, &fakes{}, imagebuild.Rejected, false},
		{"not JSON", `{"content": ` + canary, &fakes{}, imagebuild.Rejected, false},
		{"misspelt key", `{"content":"RUN true","nane":"web"}`, &fakes{}, imagebuild.Rejected, false},
		{"empty", "", &fakes{}, imagebuild.Rejected, false},
		{"no such kind", `{"kind":"image","pipelineName":"web"}`, &fakes{}, imagebuild.Rejected, false},
		{"execution", `{"kind":"execution","pipelineName":"web"}`, &fakes{}, imagebuild.Started, false},
		{"execution, and nobody would follow", `{"kind":"execution","pipelineName":"web"}`,
			&fakes{Builds: functiontest.Builds{SendErr: fault.New(fault.Permanent, "mnsqueue.SendMessage", "no such queue")}}, "", true},
		{"not yet: aws", `{"content":"RUN true","targets":["aws"]}`, &fakes{}, imagebuild.Rejected, false},
		{"invalid", good, &fakes{create: fails(fault.Invalid, "InvalidName.Malformed")}, imagebuild.Rejected, false},
		{"permanent", good, &fakes{create: fails(fault.Permanent, "Forbidden.RAM")}, imagebuild.Failed, false},
		{"retryable", good, &fakes{create: fails(fault.Retryable, "InvalidSecurityToken.Expired")}, "", true},
		{"unknown", good, &fakes{create: fails(fault.Unknown, "")}, "", true},
		{"panic", good, &fakes{create: func(imagebuild.Request) (string, error) { panic(canary) }}, "", true},
		{"publish fails", good, &fakes{publish: func([]byte) error { return fault.New(fault.Permanent, "mnsqueue.SendMessage", "no such queue") }}, "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			h, log := newTest(test.fakes)
			err := h.Handle(functiontest.Invocation(t.Context(), "message"), functiontest.Batch(t, functiontest.Element("M-1", "imagedrop-requests", test.body)))
			require.Equal(t, test.redeliver, err != nil, "%v", err)
			require.NotContains(t, log.String(), canary)
			require.Contains(t, log.String(), `"requestId":"1-invocation","trigger":"queue","sourceId":"M-1"`)
			if test.redeliver {
				require.Empty(t, test.fakes.published)
				require.NotContains(t, err.Error(), canary)
				return
			}
			require.Len(t, test.fakes.published, 1)
			o := test.fakes.published[0]
			require.Equal(t, test.published, o.Data.Status)
			require.Equal(t, imagebuild.OutcomeJob{ID: "M-1", Trigger: "queue", Queue: "imagedrop-requests", MessageID: "M-1"}, o.Data.Job)
		})
	}
}

// A build that starts is followed before anyone hears of it.
func TestBuild(t *testing.T) {
	f := &fakes{}
	h, _ := newTest(f)
	body := `{"content":"FROM IMAGE:m-bp1234567890\nRUN true","name":"web","build":true}`
	require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "message"), functiontest.Batch(t, functiontest.Element("M-1", "q", body))))
	var statuses []imagebuild.Status
	for _, o := range f.published {
		statuses = append(statuses, o.Data.Status)
	}
	require.Equal(t, []imagebuild.Status{imagebuild.Created, imagebuild.Started}, statuses)
	require.Len(t, f.Started, 1)
	require.Len(t, f.Sent, 1)
	var followUp imagebuild.FollowUp
	require.NoError(t, json.Unmarshal(f.Sent[0].Body, &followUp))
	require.Equal(t, f.published[1].Data.Resource.ID, followUp.ExecutionID)
	require.Equal(t, imagebuild.DefaultWatching.MinDelay, f.Sent[0].Delay)
}

// Every real shape ends in as many outcomes as it holds messages.
func TestShapes(t *testing.T) {
	tests := []struct {
		file     string
		outcomes int
		trigger  string
	}{
		{"queue-stream-objects.json", 1, "queue"},
		{"queue-stream-strings.json", 1, "queue"},
		{"queue-stream-rawdata.json", 1, "queue"},
		{"queue-event-driven.json", 1, "queue"},
		{"topic-json.json", 1, "topic"},
		{"topic-stream.txt", 1, "topic"},
		{"topic-stream-attributes.json", 1, "topic"},
	}
	for _, test := range tests {
		t.Run(test.file, func(t *testing.T) {
			payload, err := os.ReadFile(filepath.Join("..", "..", "events", "testdata", test.file))
			require.NoError(t, err)
			f := &fakes{}
			h, _ := newTest(f)
			require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "message"), payload))
			require.Len(t, f.published, test.outcomes)
			require.Equal(t, test.trigger, f.published[0].Data.Job.Trigger)
		})
	}
}

// A batch comes back whole; what was answered is answered the same again.
func TestBatchAroundAPoisonMessage(t *testing.T) {
	f := &fakes{create: func(r imagebuild.Request) (string, error) {
		if r.ClientToken == "M-2" {
			panic("poison")
		}
		return "ic-" + r.ClientToken, nil
	}}
	h, _ := newTest(f)
	payload := functiontest.Batch(t, functiontest.Element("M-1", "q", "RUN one"), functiontest.Element("M-2", "q", "RUN two"),
		functiontest.Element("M-3", "q", "RUN three"), map[string]any{"noise": 1})
	for range 2 {
		require.Error(t, h.Handle(functiontest.Invocation(t.Context(), "message"), payload))
	}
	ids := map[string]int{}
	for _, o := range f.published {
		ids[o.ID]++
		require.Equal(t, "ic-"+o.Data.Job.ID, o.Data.Resource.ID)
	}
	require.Len(t, ids, 2)
	require.Len(t, f.published, 4)
}

func TestTheResultQueueIsNotAnswered(t *testing.T) {
	f := &fakes{}
	h, log := newTest(f)
	require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "message"), functiontest.Batch(t, functiontest.Element("M-1", "imagedrop-results", "{}"))))
	require.Empty(t, f.published)
	require.Contains(t, log.String(), "the trigger reads RESULT_QUEUE")
}

func TestUndecodableEventIsAcknowledged(t *testing.T) {
	for _, payload := range []string{"", "[]", `[{"noise":"` + canary + `"}]`, `{"specversion":"1.0","data":{}}`} {
		f := &fakes{}
		h, log := newTest(f)
		require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "message"), []byte(payload)))
		require.Empty(t, f.published)
		require.Contains(t, log.String(), "event dropped")
		require.NotContains(t, log.String(), canary)
	}
}

func TestStart(t *testing.T) {
	env := map[string]string{"RESULT_QUEUE": "results", "WATCH_QUEUE": "watch", "MNS_ENDPOINT": "https://1234567890123456.mns.cn-hangzhou.aliyuncs.com"}
	h, err := newHandler(func(name string) string { return env[name] }, function.NewLog(io.Discard))
	require.NoError(t, err)
	require.Equal(t, "results", h.resultQueue)
	require.Equal(t, imagebuild.DefaultWatching, h.builder.Watching)
	delete(env, "WATCH_QUEUE")
	_, err = newHandler(func(name string) string { return env[name] }, function.NewLog(io.Discard))
	require.ErrorContains(t, err, "WATCH_QUEUE")
}

// An invocation that cannot be served does not spoil the instance.
func TestConnectIsTriedAgain(t *testing.T) {
	h, _ := newTest(&fakes{})
	connect, failed := h.objects.New, errors.New("no region")
	h.objects.New = func(string) (imagebuild.Objects, error) { return (*fakes)(nil), failed }
	payload := functiontest.Batch(t, functiontest.Element("M-1", "imagedrop-requests", "RUN true"))
	require.ErrorIs(t, h.Handle(functiontest.Invocation(t.Context(), "message"), payload), failed)
	h.objects.New = connect
	require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "message"), payload))
}

package main

import (
	"context"
	"encoding/json"
	"io"
	"os"
	"path/filepath"
	"reflect"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/function"
	"imagedrop/shared/functiontest"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/settings"
)

// fakes are the services, in which nothing was made, and the parked queue.
type fakes struct {
	functiontest.Builds
	find    func() ([]imagebuild.Resource, error)
	publish error

	mu        sync.Mutex
	published []imagebuild.Outcome
}

func (f *fakes) Find(context.Context, imagebuild.Query) ([]imagebuild.Resource, error) {
	if f.find != nil {
		return f.find()
	}
	return nil, nil
}

func (f *fakes) First(context.Context, imagebuild.Query) (imagebuild.Resource, int, error) {
	return imagebuild.Resource{}, 0, nil
}

func (f *fakes) Create(context.Context, imagebuild.Request) (string, error) {
	panic("deadletter creates nothing")
}

func (f *fakes) Publish(_ context.Context, body []byte) error {
	if f.publish != nil {
		return f.publish
	}
	var o imagebuild.Outcome
	err := json.Unmarshal(body, &o)
	f.mu.Lock()
	defer f.mu.Unlock()
	f.published = append(f.published, o)
	return err
}

// parked are the events as redrive reads them.
func (f *fakes) parked(t *testing.T) (list []imagebuild.Parked) {
	t.Helper()
	for _, sent := range f.Sent {
		p, err := imagebuild.DecodeParked(sent.Body)
		require.NoError(t, err)
		require.Zero(t, sent.Delay)
		list = append(list, p)
	}
	return list
}

// newTest returns the function as an invocation finds it, and its log.
func newTest(f *fakes) (*handler, *strings.Builder) {
	log := &strings.Builder{}
	return &handler{
		log:      function.NewLog(log),
		settings: settings.Deadletter{Common: settings.Common{ResultQueue: "imagedrop-results"}, WatchQueue: "imagedrop-watch", RebuildQueue: "imagedrop-rebuild"},
		letters: imagebuild.DeadLetters{
			Publisher: imagebuild.Publisher{Outbox: f}, Resources: f, Executions: f, Parked: f, Policy: imagebuild.Policy{Build: true}, Concurrency: 16,
		},
	}, log
}

func testdata(t *testing.T, file string) string {
	t.Helper()
	text, err := os.ReadFile(filepath.Join("..", "..", "events", "testdata", file))
	require.NoError(t, err)
	return string(text)
}

// element is the text of a message of a queue, as the event stream had it.
func element(t *testing.T, id, queue, body string) string {
	t.Helper()
	text, err := json.Marshal(functiontest.Element(id, queue, body))
	require.NoError(t, err)
	return string(text)
}

// Whatever lies on the queue: whose it was, which job failed, and why.
func TestHandle(t *testing.T) {
	const followUp = `{"type":"imagedrop.follow-up.v1"}`
	tests := []struct {
		name, body                    string
		function, trigger, originalID string
		failed                        int
		code, message                 string
	}{
		{"upload", testdata(t, "deadletter-async.json"), "upload", "oss", "65A1B2C3D4E5F60718293A4B", 1, "UnhandledInvocationError",
			"given up after 4 attempts: ecsimage.CreateImagePipeline: Throttling"},
		{"timer", testdata(t, "deadletter-async-crash.json"), "rebuild", "timer", "nightly 2026-05-04T18:00:00Z", 1, "UnhandledInvocationError",
			"given up after 4 attempts: Process exited unexpectedly"},
		{"stream, object", testdata(t, "deadletter-stream-object.json"), "message", "queue", "1122334455667788990011223344AABB", 1, "", "the platform gave up"},
		{"stream, string", testdata(t, "deadletter-stream-string.json"), "message", "queue", "1122334455667788990011223344AABB", 1, "", "the platform gave up"},
		{"stream, bare data", testdata(t, "deadletter-stream-rawdata.json"), "message", "queue", "1122334455667788990011223344AABB", 1, "", "the platform gave up"},
		{"queue's own policy", testdata(t, "deadletter-bare.json"), "message", "queue", "D-1", 1, "", "the platform gave up"},
		{"plain text", "RUN echo " + functiontest.Canary, "message", "queue", "D-1", 1, "", "the platform gave up"},
		{"watch, by its queue", element(t, "W-1", "imagedrop-watch", "{}"), "watch", "queue", "W-1", 1, "", "the platform gave up"},
		{"watch, by its type", followUp, "watch", "queue", "D-1", 0, "", "the platform gave up"},
		{"rebuild, by its queue", element(t, "R-1", "imagedrop-rebuild", "{}"), "rebuild", "queue", "R-1", 1, "", "the platform gave up"},
		{"rebuild, by its type", `{"type":"imagedrop.continuation.v1"}`, "rebuild", "queue", "D-1", 0, "", "the platform gave up"},
		{"a record without the event", `{"requestContext":{"functionArn":"acs:fc:r:1:functions/upload","condition":"TooLarge"}}`,
			"upload", "", "D-1", 0, "TooLarge", "the platform gave up"},
		{"a panic", `{"requestPayload":"x","requestContext":{"functionArn":"acs:fc:r:1:functions/message"},"responsePayload":"{\"errorMessage\":\"` +
			functiontest.Canary + `\",\"errorType\":\"plainError\"}"}`, "message", "topic", "D-1", 1, "", "the function failed with a plainError"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			f := &fakes{}
			h, log := newTest(f)
			require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "deadletter-prod"),
				functiontest.Batch(t, functiontest.Element("D-1", "imagedrop-dlq", test.body))))
			require.NotContains(t, log.String(), functiontest.Canary)
			require.Len(t, f.published, test.failed)
			for _, o := range f.published {
				require.Equal(t, imagebuild.Failed, o.Data.Status)
				require.Equal(t, "/imagedrop/cn-hangzhou/deadletter-prod", o.Source)
				require.Equal(t, test.trigger, o.Data.Job.Trigger)
				require.Contains(t, o.Data.Reason.Message, test.message)
				require.NotContains(t, o.Data.Reason.Message, functiontest.Canary)
			}
			parked := f.parked(t)
			require.Len(t, parked, 1)
			require.Equal(t, []string{test.function, test.trigger, test.originalID, test.code},
				[]string{parked[0].Function, parked[0].Trigger, parked[0].OriginalID, parked[0].Reason.Code})
			require.Contains(t, parked[0].Reason.Message, test.message)
		})
	}
}

// What is parked is what the function got: sent to it again, it is the same job.
func TestParkedEventIsTheSameJob(t *testing.T) {
	for _, file := range []string{"deadletter-async.json", "deadletter-stream-string.json", "deadletter-bare.json"} {
		f := &fakes{}
		h, log := newTest(f)
		require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "deadletter"),
			functiontest.Batch(t, functiontest.Element("D-1", "imagedrop-dlq", testdata(t, file)))))
		parked := f.parked(t)[0]
		again := function.Deliveries(h.log, []byte(parked.Event), "")
		require.Len(t, again, 1, log.String())
		require.Equal(t, parked.OriginalID, again[0].SourceID)
		require.Equal(t, []string{f.published[0].Data.Job.ID}, parked.Jobs)
	}
}

// What cannot be said or parked now comes again.
func TestRedelivery(t *testing.T) {
	for name, f := range map[string]*fakes{
		"unknown fault": {find: func() ([]imagebuild.Resource, error) { return nil, fault.New(fault.Unknown, "ecsimage.Find", "odd") }},
		"panic":         {find: func() ([]imagebuild.Resource, error) { panic(functiontest.Canary) }},
		"no outcome":    {publish: fault.New(fault.Permanent, "mnsqueue.SendMessage", "no such queue")},
		"not parked":    {Builds: functiontest.Builds{SendErr: fault.New(fault.Permanent, "mnsqueue.SendMessage", "no such queue")}},
	} {
		t.Run(name, func(t *testing.T) {
			h, log := newTest(f)
			err := h.Handle(functiontest.Invocation(t.Context(), "deadletter"),
				functiontest.Batch(t, functiontest.Element("D-1", "imagedrop-dlq", testdata(t, "deadletter-async.json"))))
			require.IsType(t, &imagebuild.RedeliverError{}, err)
			require.Empty(t, f.Sent)
			require.NotContains(t, log.String()+err.Error(), functiontest.Canary)
		})
	}
}

func TestRedeliverErrorIsThatOfTheFunctions(t *testing.T) {
	require.Equal(t, reflect.TypeFor[imagebuild.RedeliverError]().Name(), redeliverError)
}

func TestUndecodableEventIsAcknowledged(t *testing.T) {
	for _, payload := range []string{"", "[]", `[{"noise":"` + functiontest.Canary + `"}]`} {
		f := &fakes{}
		h, log := newTest(f)
		require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "deadletter"), []byte(payload)))
		require.Empty(t, f.published)
		require.Empty(t, f.Sent)
		require.Contains(t, log.String(), "event dropped")
		require.NotContains(t, log.String(), functiontest.Canary)
	}
}

func TestStart(t *testing.T) {
	env := map[string]string{"RESULT_QUEUE": "results", "PARKED_QUEUE": "parked", "MNS_ENDPOINT": "https://1234567890123456.mns.cn-hangzhou.aliyuncs.com",
		"POLICY": "regions: [cn-beijing]"}
	h, err := newHandler(func(name string) string { return env[name] }, function.NewLog(io.Discard))
	require.NoError(t, err)
	require.Equal(t, []string{"cn-beijing"}, h.letters.Policy.Regions)
	delete(env, "PARKED_QUEUE")
	_, err = newHandler(func(name string) string { return env[name] }, function.NewLog(io.Discard))
	require.ErrorContains(t, err, "PARKED_QUEUE")
}

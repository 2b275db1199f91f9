package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

// requested is an event of the function message: one message, which asks for a
// component.
func requested(messageID, name string) string {
	event := map[string]any{
		"id": "e-" + messageID, "source": "acs:mns", "specversion": "1.0", "type": "mns:Queue:SendMessage", "time": "2026-05-04T08:00:00Z",
		"subject": "acs:mns:cn-hangzhou:1234567890123456:queues/imagedrop-requests", "datacontenttype": "application/json; charset=utf-8",
		"data": map[string]any{"requestId": "R", "messageId": messageID, "messageBody": `{"name": "` + name + `", "content": "RUN canary"}`},
	}
	text, _ := json.Marshal([]any{event})
	return string(text)
}

// given is an event of the function message that was given up.
func given(messageID string) imagebuild.Parked {
	return imagebuild.Parked{
		Type: "imagedrop.parked.v1", Version: 1, ID: "parked-" + messageID, Function: "message", Trigger: "queue", OriginalID: messageID, Jobs: []string{messageID},
		Reason:   imagebuild.Reason{Kind: "unknown", Code: "Oops", Message: "the function crashed"},
		ParkedAt: "2026-05-04T08:15:30Z", Event: requested(messageID, "tool-"+strings.ToLower(messageID)),
	}
}

// park puts messages on the queue of parked events.
func (l *local) park(messages ...any) {
	l.t.Helper()
	for _, m := range messages {
		body, ok := m.(string)
		if !ok {
			text, err := json.Marshal(m)
			require.NoError(l.t, err)
			body = string(text)
		}
		_, err := l.cloud.queue(l.cloud.ParkedQueue).SendMessage(ali_mns.MessageSendRequest{MessageBody: body, Priority: priority})
		require.NoError(l.t, err)
	}
}

// redriven runs redrive and returns what it shows of each event, by ID.
func (l *local) redriven(code int, args ...string) map[string]parkedEvent {
	l.t.Helper()
	r := l.run(append([]string{"redrive", "--json"}, args...)...).requireCode(l.t, code)
	events := map[string]parkedEvent{}
	for line := range strings.Lines(r.out) {
		var e parkedEvent
		require.NoError(l.t, json.Unmarshal([]byte(line), &e))
		require.NotContains(l.t, events, e.ID)
		events[e.ID] = e
	}
	require.NotContains(l.t, r.out+r.err, "canary", "no template text")
	return events
}

func actions(events map[string]parkedEvent) map[string]string {
	done := map[string]string{}
	for id, e := range events {
		done[id] = e.Action
	}
	return done
}

// jobs waits for the outcomes of that many jobs.
func (l *local) jobs(n int) (ids []string) {
	l.t.Helper()
	for after := uint64(0); len(ids) < n; {
		p, err := l.cloud.feed(l.t.Context(), after, feedWait)
		require.NoError(l.t, err)
		require.NotEmpty(l.t, p.Outcomes, "outcomes of %v only", ids)
		for _, e := range p.Outcomes {
			ids = append(ids, readOutcome(e.Outcome).Data.Job.ID)
		}
		after = p.Next
	}
	slices.Sort(ids)
	return ids
}

func TestRedriveListsAndTakesNothing(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	r := l.run("redrive", "--dry-run").requireCode(t, exitDone)
	require.Empty(t, r.out)
	require.Equal(t, "nothing is parked on imagedrop-parked\n", r.err)

	large := given("M-2")
	large.Event, large.EventBytes, large.Jobs = "", 70_000, []string{"a", "b", "c", "d", "e"}
	l.park(given("M-1"), large)
	want := map[string]string{"parked-M-1": "parked", "parked-M-2": "parked"}
	for range 2 {
		events := l.redriven(exitDone, "--dry-run")
		require.Equal(t, want, actions(events))
		require.Equal(t, 70_000, events["parked-M-2"].Bytes)
		require.Equal(t, "the function crashed", events["parked-M-1"].Reason.Message)
	}
	r = l.run("redrive", "--dry-run").requireCode(t, exitDone)
	require.Equal(t, "2 parked\n", r.err)
	text := r.out
	require.Regexp(t, `(?m)^05-0\d \d\d:\d\d  parked     message    \d+ B    imagedrop-requests tool-m-1\n    unknown: the function crashed \(Oops\)\n    id parked-M-1, original ID M-1\n`, text)
	require.Contains(t, text, "  68.4 KB  M-2\n")
	require.Contains(t, text, "    id parked-M-2, original ID M-2, job a, job b, job c, and 2 more\n")
	require.NotContains(t, text, "\x1b")
	require.NotContains(t, text, "canary")
}

func TestRedriveSendsTheOriginalEvents(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	for _, id := range []string{"M-1", "M-2", "M-3"} {
		l.park(given(id))
	}
	l.park(given("M-1")) // deadletter was delivered its event twice
	events := l.redriven(exitDone)
	require.Equal(t, map[string]string{"parked-M-1": "sent", "parked-M-2": "sent", "parked-M-3": "sent"}, actions(events))
	for _, e := range events {
		require.NotEmpty(t, e.RequestID)
	}
	require.Equal(t, []string{"M-1", "M-2", "M-3"}, l.jobs(3), "the jobs are those of the first delivery")
	require.Empty(t, l.redriven(exitDone))
}

func TestRedriveSelects(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	quota := given("M-2")
	quota.Reason = imagebuild.Reason{Kind: "permanent", Message: "quota"}
	other := given("M-3")
	other.Jobs = []string{"job-3"}
	l.park(given("M-1"), quota, other)
	for selection, want := range map[string][]string{
		"parked-M-1": {"parked-M-1"}, "M-1": {"parked-M-1"}, "permanent": {"parked-M-2"}, "job-3": {"parked-M-3"}, "message": {"parked-M-1", "parked-M-2", "parked-M-3"},
	} {
		events := l.redriven(exitDone, "--dry-run", "--select", selection)
		require.Len(t, events, len(want), selection)
		for _, id := range want {
			require.Contains(t, events, id, selection)
		}
	}
	r := l.run("redrive", "--select", "M-9").requireCode(t, exitTrouble)
	require.Contains(t, r.err, `nothing on imagedrop-parked has the ID, original ID, job, function or kind of reason "M-9"`)

	require.Equal(t, map[string]string{"parked-M-1": "sent", "parked-M-2": "sent"}, actions(l.redriven(exitDone, "--select", "M-1", "--select", "permanent")))
	require.Equal(t, []string{"M-1", "M-2"}, l.jobs(2))
	require.Equal(t, map[string]string{"parked-M-3": "discarded"}, actions(l.redriven(exitDone, "--select", "job-3", "--discard")))
	require.Empty(t, l.redriven(exitDone))
	require.Equal(t, []string{"M-1", "M-2"}, l.jobs(2), "what is discarded is not sent")
}

// What cannot be sent says why, stays parked and keeps nothing else.
func TestRedriveLeavesWhatCannotBeSent(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	large, nobody, unknown := given("M-1"), given("M-2"), given("M-3")
	large.Event, large.EventBytes = "", 70_000
	nobody.Function = ""
	unknown.Function = "gone"
	l.park(large, nobody, unknown, given("M-4"))
	events := l.redriven(exitRejected)
	require.Equal(t, map[string]string{"parked-M-1": "stuck", "parked-M-2": "stuck", "parked-M-3": "stuck", "parked-M-4": "sent"}, actions(events))
	require.Contains(t, events["parked-M-1"].Why, "70000 bytes and was too large")
	require.Contains(t, events["parked-M-2"].Why, "nothing says whose event it is")
	require.Contains(t, events["parked-M-3"].Why, "no such function: gone")
	require.Equal(t, []string{"M-4"}, l.jobs(1))
	require.Len(t, l.redriven(exitDone, "--dry-run"), 3)

	l.park("not ours")
	r := l.run("redrive", "--dry-run").requireCode(t, exitTrouble)
	require.Contains(t, r.err, "1 message in imagedrop-parked: no parked event, left there")
}

// What the stream of deadletter gave up on is no envelope.
func TestRedriveReadsWhatDeadletterFailedOn(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.park(`{"specversion":"1.0","subject":"acs:mns:cn-hangzhou:1:queues/imagedrop-dlq","time":"2026-05-04T08:20:05Z","data":{"messageId":"M-1","messageBody":"{}"}}`)
	events := l.redriven(exitDone, "--dry-run", "--select", "deadletter")
	require.Len(t, events, 1)
	for _, e := range events {
		require.Equal(t, []string{"deadletter", "M-1"}, []string{e.Function, e.OriginalID})
	}
}

// Where the answer is lost, the event stays parked: it may have been sent, and
// sending it twice is harmless.
func TestRedriveKeepsWhatMayNotHaveGone(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	l.park(given("M-1"))
	l.fault(account.Fault{Service: "mns", Operation: "DeleteMessage", Effect: account.EffectCode, Code: "InternalServerError", Status: 500})
	r := l.run("redrive").requireCode(t, exitTrouble)
	require.Contains(t, r.err, "InternalServerError")
	require.Equal(t, map[string]string{"parked-M-1": "sent"}, actions(l.redriven(exitDone)))
	require.Equal(t, []string{"M-1", "M-1"}, l.jobs(2), "the same outcome twice")
	require.Len(t, describe(t, l.cloud.Endpoints, "component", "tool-m-1"), 1)
}

func TestRedriveSavesEvents(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	p := given("M-1")
	p.ID = "../M-1"
	l.park(p)
	folder := filepath.Join(t.TempDir(), "events")
	events := l.redriven(exitDone, "--save", folder)
	e := events["../M-1"]
	require.Equal(t, "saved", e.Action)
	require.Equal(t, filepath.Join(folder, "___M-1.json"), e.File)
	text, err := os.ReadFile(e.File)
	require.NoError(t, err)
	require.Equal(t, p.Event, string(text))
	info, err := os.Stat(e.File)
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o600), info.Mode().Perm())
	require.Equal(t, "imagedrop invoke 'message' '"+e.File+"' --async", e.Command)
	l.run("invoke", "message", e.File, "--async").requireCode(t, exitDone)
	require.Equal(t, []string{"M-1"}, l.jobs(1))
	require.Len(t, l.redriven(exitDone, "--dry-run"), 1, "it is still there")
}

// The queue of the real cloud stands on another endpoint, and is opened by the
// credentials of the environment.
func TestRedriveInTheCloud(t *testing.T) {
	l := newLocal(t)
	l.park(given("M-1"))
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", l.cloud.AccessKeyID)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", l.cloud.AccessKeySecret)
	run := func(args ...string) result {
		return imagedrop(t, append([]string{"redrive", "--cloud", "--mns-endpoint", l.cloud.MNS, "--queue", l.cloud.ParkedQueue, "--json"}, args...)...)
	}
	require.Contains(t, run("--dry-run").requireCode(t, exitDone).out, `"action":"parked","id":"parked-M-1"`)
	folder := t.TempDir()
	require.Contains(t, run("--save", folder).requireCode(t, exitDone).out,
		`"command":"s cli fc3 invoke --region 'cn-hangzhou' --function-name 'message' --invocation-type async --event-file '`+folder+`/parked-M-1.json'"`)
	require.Contains(t, run("--discard", "--select", "M-1").requireCode(t, exitDone).out, `"action":"discarded"`)
	require.Empty(t, run("--dry-run").requireCode(t, exitDone).out)

	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "canary")
	r := run("--dry-run").requireCode(t, exitTrouble)
	require.Contains(t, r.err, "SignatureDoesNotMatch")
	require.NotContains(t, r.err, "canary")
	require.NotContains(t, r.err, l.cloud.AccessKeyID)
}

// An event that fails each time is not sent round and round by one run.
func TestRedriveSendsAnEventOnceInARun(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	console := l.cloud.Console
	var sent int
	proxy := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.URL.Path == "/v1/endpoints" {
			e := l.cloud.Endpoints
			e.Console = "http://" + r.Host
			_ = json.NewEncoder(w).Encode(e)
			return
		}
		require.Equal(t, "/v1/functions/message/invoke", r.URL.Path)
		sent++
		again := given("M-1") // it fails at once, and deadletter is quick
		again.ID = "parked-again"
		l.park(again)
		w.WriteHeader(http.StatusAccepted)
		_, _ = w.Write([]byte(`{"requestId":"1-2"}`))
	}))
	defer proxy.Close()
	state := t.TempDir()
	text, err := json.Marshal(stack.Endpoints{Addresses: stack.Addresses{Console: proxy.URL}})
	require.NoError(t, err)
	require.NoError(t, os.WriteFile(filepath.Join(state, "endpoints.json"), text, 0o600))
	require.NotEqual(t, console, proxy.URL)

	l.park(given("M-1"))
	imagedrop(t, "redrive", "--state", state).requireCode(t, exitDone)
	require.Equal(t, 1, sent)
	require.Equal(t, map[string]string{"parked-again": "parked"}, actions(l.redriven(exitDone, "--dry-run")))
}

// The whole way round: an event whose function dies each time ends parked, with
// one outcome that says so, and redrive brings it back with its job.
func TestWhatWasGivenUpComesBack(t *testing.T) {
	t.Parallel()
	l := newLocal(t)
	_, err := l.cloud.send("imagedrop-dlq", string(crashed(t, requested("M-1", "tool-m-1"))))
	require.NoError(t, err)
	first := l.after(0)
	require.Equal(t, []string{"failed", "M-1"}, []string{first.Data.Status, first.Data.Job.ID})

	var events map[string]parkedEvent
	for len(events) == 0 { // it is parked behind the outcome
		events = l.redriven(exitDone)
	}
	for _, e := range events {
		require.Equal(t, []string{"sent", "message", "M-1"}, []string{e.Action, e.Function, e.OriginalID})
	}
	second := l.after(1)
	require.Equal(t, []string{"created", "M-1"}, []string{second.Data.Status, second.Data.Job.ID})
	require.Empty(t, l.redriven(exitDone))
}

// after waits for the outcome behind that number.
func (l *local) after(seq uint64) outcome {
	l.t.Helper()
	p, err := l.cloud.feed(l.t.Context(), seq, feedWait)
	require.NoError(l.t, err)
	require.NotEmpty(l.t, p.Outcomes)
	return readOutcome(p.Outcomes[0].Outcome)
}

// crashed is the record of an asynchronous invocation that was given up.
func crashed(t *testing.T, event string) []byte {
	t.Helper()
	record, err := json.Marshal(map[string]any{
		"timestamp": 1777882599000,
		"requestContext": map[string]any{"requestId": "1-6b7f0a1c-2d334455", "functionArn": "acs:fc:cn-hangzhou:1234567890123456:functions/message",
			"condition": "UnhandledInvocationError", "approximateInvokeCount": 4},
		"requestPayload":  event,
		"responseContext": map[string]any{"statusCode": 200, "functionError": "UnhandledInvocationError"},
		"responsePayload": `{"errorMessage":"Process exited unexpectedly","errorType":"ProcessExit"}`,
	})
	require.NoError(t, err)
	return record
}

// A line says what an event is about, and nothing of a template.
func TestParkedEventsAreTold(t *testing.T) {
	message := func(queue, body string) string {
		event, err := json.Marshal([]any{map[string]any{
			"id": "e", "source": "acs:mns", "specversion": "1.0", "type": "mns:Queue:SendMessage", "subject": "acs:mns:cn-hangzhou:1:queues/" + queue,
			"data": map[string]any{"requestId": "R", "messageId": "M-1", "messageBody": body},
		}})
		require.NoError(t, err)
		return string(event)
	}
	object := `{"eventName":"ObjectCreated:PutObject","eventSource":"acs:oss","oss":{"bucket":{"name":"b"},"object":{"key":"templates/%s","eTag":"E"}},"responseElements":{"requestId":"R"}}`
	given := newParkedEvent(imagebuild.Parked{Function: "deadletter", Event: message("dlq", string(crashed(t, message("q", `{"name":"web"}`))))})
	require.Equal(t, "dlq q web", given.Subject)
	for event, want := range map[string]string{
		`{"events":[` + strings.Replace(object, "%s", "web.Dockerfile", 1) + `]}`:                                            "templates/web.Dockerfile",
		`{"events":[` + strings.Replace(object, "%s", "a.yaml", 1) + `,` + strings.Replace(object, "%s", "b.yaml", 1) + `]}`: "templates/a.yaml, and 1 more",
		`{"triggerTime":"2026-05-04T18:00:00Z","triggerName":"nightly","payload":"{}"}`:                                      "nightly 2026-05-04T18:00:00Z",
		message("q", `{"kind":"execution","pipelineName":"web"}`):                                                            "q web",
		message("q", "RUN echo canary"): "q",
		message("w", `{"type":"imagedrop.follow-up.v1","pipelineName":"web","imagePipelineId":"ip-1","executionId":"exec-1"}`): "w web exec-1",
		message("r", `{"type":"imagedrop.continuation.v1","triggerName":"nightly","triggerTime":"2026-05-04T18:00:00Z"}`):      "r nightly 2026-05-04T18:00:00Z",
		"": "",
	} {
		require.Equal(t, want, newParkedEvent(imagebuild.Parked{Event: event}).Subject, event)
	}
}

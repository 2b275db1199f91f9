package imagebuild_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

var deadInvocation = imagebuild.Invocation{Function: "deadletter", Region: "cn-hangzhou", AccountID: account}

// exhausted is why the events of the tests were given up.
var exhausted = imagebuild.Reason{Kind: "unknown", Code: "UnhandledInvocationError", Message: "the function failed 9 times"}

func givenUp(deliveries ...imagebuild.Delivery) imagebuild.GivenUp {
	return imagebuild.GivenUp{MessageID: "D-1", Function: "upload", Trigger: imagebuild.TriggerOSS,
		Event: []byte(`{"events":[{"CANARY":"\u0041"}]}`), Reason: exhausted, Deliveries: deliveries}
}

func deadLetters(c *cloud, box imagebuild.Outbox) *imagebuild.DeadLetters {
	return &imagebuild.DeadLetters{Publisher: imagebuild.Publisher{Outbox: box, Jitter: noJitter}, Resources: c, Executions: c, Parked: c,
		Policy: imagebuild.Policy{Regions: []string{"cn-hangzhou", "cn-beijing"}}}
}

func bury(c *cloud, box imagebuild.Outbox, g imagebuild.GivenUp) []imagebuild.Result {
	return deadLetters(c, box).Run(context.Background(), deadInvocation, []imagebuild.GivenUp{g})
}

// parkedOf is the only message that was parked.
func parkedOf(t *testing.T, c *cloud) imagebuild.Parked {
	t.Helper()
	require.Len(t, c.sent, 1)
	require.Zero(t, c.sent[0].delay)
	p, err := imagebuild.DecodeParked(c.sent[0].body)
	require.NoError(t, err)
	return p
}

// ofJob is a resource or pipeline that a job made.
func ofJob(kind template.Kind, id, job string, more ...imagebuild.Tag) imagebuild.Resource {
	return imagebuild.Resource{Kind: kind, ID: id, Name: "web", Version: "1.0.0", CreationTime: "2026-05-04T08:00:00Z",
		Tags: append([]imagebuild.Tag{{Key: jobTag, Value: job}, {Key: digestTag, Value: "d"}}, more...)}
}

func execution(id, pipelineID, job string, more ...imagebuild.Tag) imagebuild.Execution {
	return imagebuild.Execution{ID: id, PipelineID: pipelineID, Status: "BUILDING", Tags: append([]imagebuild.Tag{{Key: jobTag, Value: job}}, more...)}
}

func timerOf(name, at string) imagebuild.Delivery {
	return imagebuild.Delivery{Trigger: imagebuild.TriggerTimer, TriggerName: name, TriggerTime: at}
}

func continuation(t *testing.T, c imagebuild.Continuation) imagebuild.Delivery {
	t.Helper()
	c.Type = "imagedrop.continuation.v1"
	body, err := json.Marshal(c)
	require.NoError(t, err)
	return message("M-9", string(body))
}

// rebuildJob is the job of the nightly run for a pipeline, "" for the run.
func rebuildJob(pipeline string) string {
	return sha(fmt.Sprintf("7:nightly20:2026-05-04T18:00:00Z%d:%s", len(pipeline), pipeline))
}

// The policy "*" has no list: the region that a message names is searched, too.
func TestDeadLetterSearchesTheMessagesRegion(t *testing.T) {
	c, box := &cloud{all: []imagebuild.Resource{ofJob(template.Component, "ic-1", "M-1")}, regions: map[string]string{"ic-1": "cn-shenzhen"}}, &inbox{}
	l := deadLetters(c, box)
	l.Policy.Regions = []string{"*"}
	l.Run(t.Context(), deadInvocation, []imagebuild.GivenUp{givenUp(message("M-1", `{"regionId":"cn-shenzhen"}`))})
	require.Equal(t, imagebuild.Created, box.only(t).Data.Status)

	c.queries = nil
	l.Run(t.Context(), deadInvocation, []imagebuild.GivenUp{givenUp(message("M-2", `{"regionId":"not a region"}`))})
	for _, q := range c.queries {
		require.Equal(t, "cn-hangzhou", q.RegionID)
	}
}

// A body that no function reads to its end has no token of its sender.
func TestDeadLetterOfWhatNobodyReads(t *testing.T) {
	box := &inbox{}
	huge := message("M-1", `{"clientToken":"release-7","content":"`+strings.Repeat("x", 1<<20)+`"}`)
	bury(&cloud{}, box, givenUp(huge))
	require.Equal(t, "M-1", box.only(t).Data.Job.ID)
	again := &inbox{}
	require.NoError(t, run(&imagebuild.Builder{Resources: &cloud{}, Publisher: imagebuild.Publisher{Outbox: again}}, huge).Err)
	require.Equal(t, "M-1", again.only(t).Data.Job.ID)
}

// The outcome is the one that the function would have published: the same ID,
// job and resource, so that a repeat is one.
func TestDeadLetterRepeatsWhatTheFunctionSaid(t *testing.T) {
	for name, d := range map[string]imagebuild.Delivery{ // the upload is a pipeline with its build
		"component": message("M-1", `{"name":"web","content":"RUN true"}`),
		"numbered":  message("M-1", `{"name":"web","componentVersion":"1.4.*","content":"RUN true"}`),
		"pipeline":  message("M-1", `{"clientToken":"release-7","name":"web","baseImageType":"IMAGE","baseImage":"m-bp1example","content":"RUN true"}`),
		"upload":    upload("R-1"),
	} {
		t.Run(name, func(t *testing.T) {
			c, first, second := &cloud{}, &inbox{}, &inbox{}
			builder := &imagebuild.Builder{Objects: text("# ---\n# build: true\n# ---\n" + pipeline), Resources: c, Builds: c.builds(),
				Policy: imagebuild.Policy{Build: true}, Publisher: imagebuild.Publisher{Outbox: first}}
			require.NoError(t, run(builder, d).Err)
			require.Len(t, c.sent, len(c.starts))
			c.sent = nil
			require.NoError(t, imagebuild.Redeliver(bury(c, second, givenUp(d))))
			said, repeated := first.outcomes(t), second.outcomes(t)
			require.Len(t, repeated, len(said))
			require.Equal(t, imagebuild.Created, said[0].Data.Status)
			for i := range said {
				a, b := said[i], repeated[i]
				require.Equal(t, []any{a.ID, a.Type, a.Subject, a.Data.Job, a.Data.Target, a.Data.Resource, a.Data.ClientToken},
					[]any{b.ID, b.Type, b.Subject, b.Data.Job, b.Data.Target, b.Data.Resource, b.Data.ClientToken})
			}
		})
	}
}

func TestDeadLetterParks(t *testing.T) {
	event := givenUp(upload("R-1"))
	timer := event
	timer.Deliveries = []imagebuild.Delivery{timerOf("nightly", "2026-05-04T18:00:00Z")}
	nothing := event
	nothing.Deliveries, nothing.Function, nothing.Trigger, nothing.Reason = nil, "", "", imagebuild.Reason{}
	for name, test := range map[string]struct {
		event    imagebuild.GivenUp
		original string
		reason   imagebuild.Reason
	}{
		"an upload":  {event, "R-1", exhausted},
		"a timer":    {timer, "nightly 2026-05-04T18:00:00Z", exhausted},
		"unreadable": {nothing, "D-1", imagebuild.Reason{Kind: "unknown", Message: "the platform gave up on the event: the log of its function says why"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := &cloud{}
			bury(c, &inbox{}, test.event)
			p := parkedOf(t, c)
			at, err := time.Parse(time.RFC3339, p.ParkedAt)
			require.NoError(t, err)
			require.WithinDuration(t, time.Now(), at, time.Minute)
			require.Equal(t, imagebuild.Parked{Type: "imagedrop.parked.v1", Version: 1, ID: sha("D-1"), Reason: test.reason, Function: test.event.Function,
				Trigger: test.event.Trigger, OriginalID: test.original, Jobs: p.Jobs, ParkedAt: p.ParkedAt, Event: string(event.Event)}, p)
		})
	}
}

// Whatever a stranger puts on the dead-letter queue: what is sent has its
// size, and the outcome says where the event did not fit.
func TestDeadLetterSizes(t *testing.T) {
	raw := make([]byte, 100_000)
	source := rand.NewChaCha8([32]byte{})
	_, _ = source.Read(raw)
	long := strings.Repeat("é", 30_000)
	g := givenUp()
	g.Event, g.Function, g.Trigger = raw, long, long
	g.Reason = imagebuild.Reason{Kind: long, Code: long, Message: long, RequestID: long}
	for n := range 1_000 {
		g.Deliveries = append(g.Deliveries, message(fmt.Sprintf("%064d", n), "RUN true"))
	}
	g.Deliveries = append(g.Deliveries, message("M-1", "RUN true"))
	g.Deliveries[0].SourceID = long
	c, box := &cloud{all: []imagebuild.Resource{ofJob(template.Component, "ic-1", "M-1")}}, &inbox{}
	require.NoError(t, imagebuild.Redeliver(bury(c, box, g)))
	require.Len(t, box.bodies, 1_001)
	require.Equal(t, imagebuild.Created, box.outcomes(t)[1_000].Data.Status)
	for _, o := range box.outcomes(t)[:1_000] {
		require.True(t, strings.HasPrefix(o.Data.Reason.Message, "the event is too large to be parked: send it again at its source; é"))
	}
	require.LessOrEqual(t, len(c.sent[0].body), 65_536)
	p := parkedOf(t, c)
	require.Empty(t, p.Event)
	require.Equal(t, len(raw), p.EventBytes)
	require.Len(t, p.Jobs, 100)
	require.Len(t, []rune(p.OriginalID), 1_000)
	require.Len(t, []rune(p.Reason.Message), 1_000)
}

// Each call that can fail, with each kind of fault.
func TestDeadLetterFaults(t *testing.T) {
	build := imagebuild.Tag{Key: "imagedrop:build", Value: "true"}
	run := imagebuild.Continuation{TriggerName: "nightly", TriggerTime: "2026-05-04T18:00:00Z", Payload: json.RawMessage(`{}`), Step: 2,
		Due: []imagebuild.Due{{ImagePipelineID: "ip-1", Name: "a"}}}
	for _, kind := range []fault.Kind{fault.Invalid, fault.Permanent, fault.Retryable, fault.Unknown} {
		for name, test := range map[string]struct {
			operation string
			delivery  imagebuild.Delivery
			status    imagebuild.Status // of the last outcome, "" where no answer helps
			reason    string
		}{
			"resource":     {"Find", upload("R-1"), imagebuild.Failed, "whether its resource was made is not known: refused Forbidden.RAM; the function failed 9 times"},
			"build":        {"Executions", upload("R-2"), imagebuild.Failed, "whether its resource was made is not known: refused Forbidden.RAM; the function failed 9 times"},
			"name":         {"Find", message("M-1", `{"kind":"execution","pipelineName":"web"}`), imagebuild.Failed, "whether its resource was made is not known: refused Forbidden.RAM; the function failed 9 times"},
			"execution":    {"Executions", message("M-1", `{"kind":"execution","imagePipelineId":"ip-1"}`), imagebuild.Failed, "whether its resource was made is not known: refused Forbidden.RAM; the function failed 9 times"},
			"continuation": {"Executions", continuation(t, run), imagebuild.Failed, "whether its resource was made is not known: refused Forbidden.RAM; the function failed 9 times"},
			"follow-up":    {"Executions", watchDelivery(follow()), imagebuild.Failed, "how the build ended is not known: refused"},
			"publish":      {"Publish", upload("R-1"), "", ""},
			"park":         {"Send", upload("R-1"), "", ""},
		} {
			calmly(t, fmt.Sprint(name, " ", kind), func(t *testing.T) {
				c, box := &cloud{all: []imagebuild.Resource{ofJob(template.Pipeline, "ip-1", "R-2", build)}}, &inbox{}
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // ends the repeats of one invocation
				defer cancel()
				l := deadLetters(c, failing(c, box, test.operation, failure(kind, "Forbidden.RAM")))
				results := l.Run(ctx, deadInvocation, []imagebuild.GivenUp{givenUp(test.delivery)})
				if kind == fault.Retryable || kind == fault.Unknown || test.status == "" {
					require.Len(t, results, 1)
					require.Equal(t, kind, fault.KindOf(results[0].Err))
					require.Empty(t, c.sent, "parked only after everything was said")
					return
				}
				require.NoError(t, imagebuild.Redeliver(results))
				all := box.outcomes(t)
				last := all[len(all)-1].Data
				require.Equal(t, test.status, last.Status)
				require.Equal(t, test.reason, last.Reason.Message)
				require.Len(t, c.sent, 1)
			})
		}
	}
}

// A poison event is parked, with its outcome, and blocks nothing; one that
// even this function fails on goes back to the platform alone.
func TestDeadLetterBatchGoesOnPastAPoisonItem(t *testing.T) {
	const canary = "CANARY-in-a-panic"
	run := imagebuild.Continuation{TriggerName: "nightly", TriggerTime: "2026-05-04T18:00:00Z", Payload: json.RawMessage(`{}`), Step: 2,
		Due: []imagebuild.Due{{ImagePipelineID: "ip-1", Name: "a"}, {ImagePipelineID: "ip-2", Name: "b"}}}
	c, box := &cloud{}, &inbox{}
	c.fail = func(operation string) error {
		if operation == "Executions" && c.calls[operation] == 2 {
			panic(canary)
		}
		return nil
	}
	l := deadLetters(c, box)
	l.Concurrency = 2
	given := []imagebuild.GivenUp{givenUp(upload("R-1")), givenUp(continuation(t, run)), givenUp(upload("R-2"))}
	given[1].MessageID = "D-2"
	results := l.Run(t.Context(), deadInvocation, given)
	require.Len(t, results, 3)
	require.Len(t, box.bodies, 2)
	require.Len(t, c.sent, 2)
	for i, failed := range []bool{false, true, false} {
		require.Equal(t, failed, results[i].Err != nil)
	}
	require.Equal(t, "D-2", results[1].Delivery.SourceID)
	require.Equal(t, fault.Unknown, fault.KindOf(results[1].Err))
	require.NotContains(t, imagebuild.Redeliver(results).Error(), canary)
}

// Whatever call a process dies before or after, or whose answer is lost: with
// the next delivery everything is said, and the event is parked, if twice then
// as the same one.
func TestDeadLetterEveryCutThenRedelivery(t *testing.T) {
	build := imagebuild.Tag{Key: "imagedrop:build", Value: "true"}
	for _, how := range []struct{ after, lost bool }{{}, {after: true}, {lost: true}} {
		t.Run(fmt.Sprint(how), func(t *testing.T) {
			for at := 1; ; at++ {
				c := &cloud{all: []imagebuild.Resource{ofJob(template.Pipeline, "ip-1", "R-1", build)},
					executions: []imagebuild.Execution{execution("exec-1", "ip-1", "R-1")}}
				box := &inbox{}
				cut := &cutCloud{cuts: &cuts{at: at, after: how.after, lost: how.lost}, cloud: c, box: box}
				l := &imagebuild.DeadLetters{Publisher: imagebuild.Publisher{Outbox: cut, Jitter: noJitter}, Resources: cut, Executions: cut, Parked: cut}
				deliver := func() []imagebuild.Result {
					return l.Run(t.Context(), deadInvocation, []imagebuild.GivenUp{givenUp(upload("R-1"))})
				}
				first := deliver()
				if cut.calls < at {
					require.Equal(t, 6+1, at, "two look-ups, the execution, two outcomes, parked")
					return
				}
				require.Equal(t, how.lost, imagebuild.Redeliver(first) == nil)
				if !how.lost {
					require.NoError(t, imagebuild.Redeliver(deliver()))
				}
				said := map[string]imagebuild.Status{}
				for _, o := range box.outcomes(t) {
					said[o.ID] = o.Data.Status
				}
				require.Len(t, said, 2)
				require.NotEmpty(t, c.sent)
				ids := map[string]bool{}
				for _, m := range c.sent {
					p, err := imagebuild.DecodeParked(m.body)
					require.NoError(t, err)
					ids[p.ID] = true
				}
				require.Len(t, ids, 1)
			}
		})
	}
}

// What was said stays said when nothing was: everything is published before
// the event is parked, and nothing of the event but its parked copy leaks.
func TestDeadLetterOrderAndSecrets(t *testing.T) {
	const canary = "CANARY"
	var order []string
	c, box := &cloud{}, &inbox{}
	c.fail = func(operation string) error {
		order = append(order, operation)
		return nil
	}
	l := deadLetters(c, outbox(func(body []byte) error {
		order = append(order, "Publish")
		return box.Publish(t.Context(), body)
	}))
	g := givenUp(message("M-1", `{"kind":"execution","pipelineName":"`+canary+` x","imagePipelineId":"`+canary+` y","regionId":"`+canary+` z","content":"RUN `+canary+`"}`), message("M-2", "RUN "+canary))
	results := l.Run(t.Context(), deadInvocation, []imagebuild.GivenUp{g})
	require.Equal(t, "Send", order[len(order)-1])
	require.Equal(t, 2, len(slices.DeleteFunc(slices.Clone(order), func(s string) bool { return s != "Publish" })))
	require.NotContains(t, string(bytes.Join(box.bodies, nil)), canary)
	var log bytes.Buffer
	for _, r := range results {
		r.Log(slog.New(slog.NewJSONHandler(&log, nil)))
	}
	require.NotContains(t, log.String(), canary)
	require.Contains(t, log.String(), "the function failed 9 times")
	require.Contains(t, parkedOf(t, c).Event, canary)
}

// No body makes the last word fail.
func FuzzDeadLetter(f *testing.F) {
	f.Add([]byte(`{"kind":"execution","imagePipelineId":"ip-1","clientToken":"t"}`))
	f.Add([]byte(`{"kind":7,"regionId":{},"clientToken":["x"]}`))
	f.Add(watchDelivery(follow()).Body)
	f.Add([]byte(`{"type":"imagedrop.continuation.v1","triggerName":"n","triggerTime":"t","payload":{},"step":1,"running":[],"due":[{"imagePipelineId":"ip-1"}],"after":{}}`))
	f.Add([]byte("RUN true\n"))
	f.Add([]byte("\xff"))
	f.Fuzz(func(t *testing.T, body []byte) {
		c, box := &cloud{}, &inbox{}
		g := givenUp(imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, SourceID: "M-1", Body: body})
		g.Event = body
		require.NoError(t, imagebuild.Redeliver(bury(c, box, g)))
		require.Len(t, c.sent, 1)
		require.LessOrEqual(t, len(c.sent[0].body), 65_536)
		for _, b := range box.bodies {
			require.LessOrEqual(t, len(b), 65_536)
		}
		if p := parkedOf(t, c); p.EventBytes == 0 {
			require.Equal(t, string(body), p.Event)
		}
	})
}

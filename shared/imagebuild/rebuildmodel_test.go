package imagebuild_test

import (
	"cmp"
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
)

// fate is what befalls the process at one of its calls.
type fate string

const (
	killBefore fate = "killed before"
	killAfter  fate = "killed after"
	lost       fate = "answer lost"
	down       fate = "service down" // for that operation, until the invocation ends
)

// expired is Retryable, and not worth another try in the same invocation.
const expired = "InvalidSecurityToken.Expired"

// world is a site whose processes die, whose events come twice, and whose
// executions end as time passes.
type world struct {
	*site
	at       int // the call that fate befalls, counted over all processes
	fate     fate
	calls    int
	dead     bool
	downFor  string
	limit    int // of executions of the run at a time
	exceeded string
}

func (w *world) call(operation string, call func() error) error {
	if w.dead {
		panic(errKilled) // a dead process makes no calls
	}
	if w.downFor == operation {
		return failure(fault.Retryable, expired)
	}
	w.calls++
	if w.calls != w.at {
		return call()
	}
	switch w.fate {
	case killBefore:
		w.dead = true
		panic(errKilled)
	case down:
		w.downFor = operation
		return failure(fault.Retryable, expired)
	}
	err := call()
	switch w.fate {
	case killAfter:
		w.dead = true
		panic(errKilled)
	case lost:
		return failure(fault.Retryable, "")
	}
	return err
}

func (w *world) Start(ctx context.Context, r imagebuild.StartRequest) (id string, err error) {
	err = w.call("Start", func() (err error) {
		id, err = w.cloud.Start(ctx, r)
		if n := len(w.ours(running)); n > w.limit {
			w.exceeded = fmt.Sprintf("%d executions run at the start of %s", n, r.PipelineID)
		}
		return err
	})
	return id, err
}

func (w *world) Executions(ctx context.Context, q imagebuild.ExecutionQuery) (found []imagebuild.Execution, err error) {
	err = w.call("Executions", func() (err error) { found, err = w.cloud.Executions(ctx, q); return err })
	return found, err
}

func (w *world) Pipelines(ctx context.Context, q imagebuild.Query, ids ...string) (found []imagebuild.Pipeline, err error) {
	err = w.call("Pipelines", func() (err error) { found, err = w.cloud.Pipelines(ctx, q, ids...); return err })
	return found, err
}

func (w *world) Newest(ctx context.Context, region, family string) (id string, err error) {
	err = w.call("Newest", func() (err error) { id, err = w.cloud.Newest(ctx, region, family); return err })
	return id, err
}

func (w *world) Images(ctx context.Context, q imagebuild.ImageQuery) ([]imagebuild.Image, error) {
	return w.cloud.Images(ctx, q)
}

func (w *world) Publish(ctx context.Context, body []byte) error {
	return w.call("Publish", func() error { return w.box.Publish(ctx, body) })
}

// sender is one of the queues.
type sender struct {
	*world
	to imagebuild.Queue
}

func (s sender) Send(ctx context.Context, body []byte, delay time.Duration) error {
	return s.call("Send", func() error { return s.to.Send(ctx, body, delay) })
}

// ours are the executions of the run, of which a predicate is true.
func (w *world) ours(is func(imagebuild.Execution) bool) (list []imagebuild.Execution) {
	for _, e := range w.executions {
		ours := slices.ContainsFunc(e.Tags, func(tag imagebuild.Tag) bool { return tag.Key == "imagedrop:step" })
		if ours && !slices.Contains([]string{"past-000", "past-001"}, e.ID) && is(e) {
			list = append(list, e)
		}
	}
	return list
}

// deliver is one invocation; again says that the platform delivers once more.
func (w *world) deliver(d imagebuild.Delivery) (again bool) {
	w.dead, w.downFor = false, ""
	b := rebuilder(w.cloud, w, sender{w, w.queue})
	b.Concurrency = 1 // so that the calls have an order
	b.Executions, b.Builds.Images, b.Watch = w, w, sender{w, w.cloud}
	return imagebuild.Redeliver(b.Run(context.Background(), invocation, []imagebuild.Delivery{d})) != nil
}

// twice says which event is delivered a second time, and after how many others.
type twice struct{ event, after int }

// drive delivers the timer's event and whatever comes of it.
func (w *world) drive(t *testing.T, payload string, again twice, passes func(w *world, n int)) {
	t.Helper()
	type late struct {
		at       int
		delivery imagebuild.Delivery
	}
	pending, repeats, read := []imagebuild.Delivery{nightly(payload)}, []late{}, 0
	for n := 0; len(pending) > 0 || len(repeats) > 0; n++ {
		require.Less(t, n, 300, "the run does not end")
		var d imagebuild.Delivery
		if len(repeats) > 0 && (repeats[0].at <= n || len(pending) == 0) {
			d, repeats = repeats[0].delivery, repeats[1:]
		} else {
			d, pending = pending[0], pending[1:]
		}
		failed := w.deliver(d)
		pending = append(pending, w.queue.messages[read:]...)
		read = len(w.queue.messages)
		if failed {
			pending = append(pending, d)
		}
		if n == again.event {
			repeats = append(repeats, late{n + 1 + again.after, d})
		}
		passes(w, n)
	}
}

const ended = "2026-05-10T18:30:00Z" // after the trigger

// finish ends the oldest executions that run, at most so many.
func (w *world) finish(most int) {
	for i := range w.executions {
		if e := &w.executions[i]; running(*e) && most > 0 && e.ID != "foreign" {
			e.Status, e.ModifiedTime = "SUCCESS", ended
			most--
		}
	}
}

// modelWorld has six pipelines: one is unchanged, one is built by somebody
// else at first, and another one for a while later.
func modelWorld(t *testing.T) *world {
	s := newSite()
	for n := 1; n <= 6; n++ {
		s.add(golden(fmt.Sprintf("ip-%d", n), fmt.Sprintf("name-%d", n), "2026-05-02T00:00:00Z"))
	}
	s.built(t, "ip-2", "SUCCESS", "2026-05-09T00:00:00Z")
	s.executions = append(s.executions, imagebuild.Execution{ID: "other", PipelineID: "ip-3", Status: "BUILDING", CreationTime: "2026-05-10T17:59:00Z"})
	return &world{site: s, limit: 2}
}

// somebody builds ip-5 by hand, where the run has not yet, and is done soon.
func somebody(w *world, n int) {
	if n == 1 && !slices.ContainsFunc(w.executions, func(e imagebuild.Execution) bool { return e.PipelineID == "ip-5" }) {
		w.executions = append(w.executions, imagebuild.Execution{ID: "foreign", PipelineID: "ip-5", Status: "BUILDING", CreationTime: "2026-05-10T18:00:30Z"})
	}
	for i := range w.executions {
		if e := &w.executions[i]; e.ID == "foreign" && n == 4 {
			e.Status, e.ModifiedTime = "FAILED", ended
		}
	}
}

// check holds the end of a run to the rules.
func (w *world) check(t *testing.T, what string) {
	t.Helper()
	require.Empty(t, w.exceeded, what)
	of := map[string][]string{}
	ids := map[string]bool{}
	for _, o := range w.box.outcomes(t) {
		r := o.Data.Resource
		if !ids[o.ID] {
			of[r.ImagePipelineID] = append(of[r.ImagePipelineID], string(o.Data.Status)+" "+r.ID)
		}
		ids[o.ID] = true
	}
	require.Len(t, of, 6, what)
	followed := map[string]bool{}
	for _, f := range w.followUps(t) {
		followed[f.ExecutionID] = true
	}
	for n := 1; n <= 6; n++ {
		id := fmt.Sprintf("ip-%d", n)
		own := w.ours(func(e imagebuild.Execution) bool { return e.PipelineID == id })
		if len(own) == 0 {
			require.Equal(t, []string{"skipped "}, of[id], "%s: %s", what, id)
			continue
		}
		require.Len(t, own, 1, "%s: %s", what, id)
		require.Equal(t, []string{"started " + own[0].ID}, of[id], what)
		require.True(t, followed[own[0].ID], "%s: %s is not followed", what, own[0].ID)
	}
}

// However the processes of a run end, and whichever event comes twice, each
// pipeline has one execution or one skip, and no more than two run at a time.
func TestRebuildEveryCut(t *testing.T) {
	repeats := []twice{{-1, 0}}
	for event := range 5 {
		repeats = append(repeats, twice{event, 0}, twice{event, 2})
	}
	for name, turnover := range map[string]func(w *world, n int){
		"all end at once":   func(w *world, n int) { w.finish(6) },
		"one ends a step":   func(w *world, n int) { w.finish(1) },
		"one every 3 steps": func(w *world, n int) { w.finish(1 - min(n%3, 1)) },
	} {
		passes := func(w *world, n int) {
			turnover(w, n)
			somebody(w, n)
			if n == 1 {
				w.executions[1].Status, w.executions[1].ModifiedTime = "SUCCESS", ended
			}
		}
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			for _, again := range repeats {
				for _, fate := range []fate{killBefore, killAfter, lost, down} {
					everyCut(t, fate, again, passes)
				}
			}
		})
	}
}

// everyCut lets the fate befall one call after the other, until a run has no more.
func everyCut(t *testing.T, fate fate, again twice, passes func(w *world, n int)) {
	for at := 1; ; at += stride {
		w := modelWorld(t)
		w.at, w.fate = at, fate
		what := fmt.Sprintf("%+v, %s at call %d", again, fate, at)
		w.drive(t, `{"namePattern":"*","maxRunning":2}`, again, passes)
		w.check(t, what)
		if w.calls < at {
			require.Greater(t, w.calls, 20, what)
			return
		}
	}
}

// A delivery that comes late finds the chain ahead, and sends nothing.
func TestRebuildEndsWhatIsOvertaken(t *testing.T) {
	w := modelWorld(t)
	payload := `{"namePattern":"*","maxRunning":2}`
	require.False(t, w.deliver(nightly(payload)))
	w.finish(3)
	require.False(t, w.deliver(w.queue.messages[0]))
	require.Equal(t, 1, w.queue.sends, "all that were due have started")
	w.finish(3)
	starts := len(w.starts)
	require.False(t, w.deliver(nightly(payload)))
	require.False(t, w.deliver(w.queue.messages[0]))
	require.Equal(t, 1, w.queue.sends)
	require.Len(t, w.starts, starts)
}

// crowd is a site with n pipelines, and inputs that fill a message soon.
func crowd(n int) *site {
	s := newSite()
	var content strings.Builder
	for i := range 26 {
		name := fmt.Sprintf("%s-%02d", strings.Repeat("c", 110), i)
		fmt.Fprintf(&content, "COMPONENT acs:ecs:cn-hangzhou:%s:imagecomponent/%s/1.*.*\n", account, name)
		s.component(name, "1.0.0")
	}
	for i := range n {
		p := golden(fmt.Sprintf("ip-%03d", i), fmt.Sprintf("name-%03d", i), "2026-05-02T00:00:00Z")
		p.BuildContent = content.String()
		s.add(p)
	}
	return s
}

// What does not fit into one continuation is decided by a later step.
func TestRebuildInRounds(t *testing.T) {
	for _, fate := range []fate{"", killBefore, killAfter, lost, down} {
		for at := 1; at < 400; at += 37 * stride {
			w := &world{site: crowd(40), limit: 3, fate: fate, at: at}
			w.drive(t, `{"namePattern":"*","maxRunning":3}`, twice{at % 7, at % 5}, func(w *world, n int) { w.finish(3) })
			require.Empty(t, w.exceeded)
			require.Len(t, w.executions, 40)
			for _, m := range w.queue.messages {
				require.LessOrEqual(t, len(m.Body), 60_000)
			}
			if fate == "" {
				require.Greater(t, w.cloud.calls["Pipelines"], 2, "rounds")
				require.Equal(t, w.cloud.calls["Pipelines"]*2, w.cloud.calls["Find"], "all components at once, and how many there are")
				break
			}
		}
	}
}

// One pipeline that cannot be worked holds the starts up, but not for ever.
func TestRebuildGivesUpOnOne(t *testing.T) {
	for operation, trouble := range map[string]func(b *imagebuild.Rebuilder, c *cloud){
		"Start":      func(b *imagebuild.Rebuilder, c *cloud) { b.Executions = stubborn{c, "Start"} },
		"Executions": func(b *imagebuild.Rebuilder, c *cloud) { b.Executions = stubborn{c, "Executions"} },
		"panic":      func(b *imagebuild.Rebuilder, c *cloud) { b.Executions = stubborn{c, "panic"} },
	} {
		t.Run(operation, func(t *testing.T) {
			s := newSite()
			for n := 1; n <= 3; n++ {
				s.add(golden(fmt.Sprintf("ip-%d", n), fmt.Sprintf("name-%d", n), "2026-05-02T00:00:00Z"))
			}
			s.built(t, "ip-3", "SUCCESS", "2026-05-09T00:00:00Z")
			b := rebuilder(s.cloud, s.box, s.queue)
			trouble(b, s.cloud)
			events := []imagebuild.Delivery{nightly(everything)}
			for n := 0; n < len(events); n++ {
				require.NoError(t, imagebuild.Redeliver(b.Run(context.Background(), invocation, events[n:n+1])))
				events = append(events[:1:1], s.queue.messages...)
				if n == 0 {
					require.Equal(t, []string{"ip-3 skipped unchanged"}, s.verdicts(t), "what needs no start does not wait")
				}
			}
			require.Equal(t, []time.Duration{time.Minute, 2 * time.Minute, 2 * time.Minute}, s.queue.delays)
			kind := map[string]string{"panic": "unknown"}[operation]
			require.Equal(t, []string{"ip-1 failed " + cmp.Or(kind, "retryable"), "ip-2 started firstBuild", "ip-3 skipped unchanged"}, s.verdicts(t))
		})
	}
}

// stubborn fails one operation on ip-1.
type stubborn struct {
	*cloud
	operation string
}

func (s stubborn) Start(ctx context.Context, r imagebuild.StartRequest) (string, error) {
	if s.operation == "Start" && r.PipelineID == "ip-1" {
		return "", failure(fault.Retryable, expired)
	}
	return s.cloud.Start(ctx, r)
}

func (s stubborn) Executions(ctx context.Context, q imagebuild.ExecutionQuery) ([]imagebuild.Execution, error) {
	switch {
	case q.PipelineID == "ip-1" && s.operation == "panic":
		panic("CANARY")
	case q.PipelineID == "ip-1" && s.operation == "Executions":
		return nil, failure(fault.Retryable, expired)
	}
	return s.cloud.Executions(ctx, q)
}

// Where nobody can tell what runs, nothing is started.
func TestRebuildCannotSeeWhatRuns(t *testing.T) {
	for kind, want := range map[fault.Kind][]string{
		fault.Retryable: nil,
		fault.Permanent: {"failed permanent", "ip-3 failed permanent", "ip-4 failed permanent"},
	} {
		s := newSite()
		for n := 1; n <= 4; n++ {
			s.add(golden(fmt.Sprintf("ip-%d", n), fmt.Sprintf("name-%d", n), "2026-05-02T00:00:00Z"))
		}
		s.run(t, `{"namePattern":"*","maxRunning":2}`)
		s.fail = func(operation string) error {
			if operation == "Executions" {
				return failure(kind, expired)
			}
			return nil
		}
		s.box.bodies = nil
		results := rebuilder(s.cloud, s.box, s.queue).Run(context.Background(), invocation, s.queue.messages[:1])
		require.Equal(t, kind == fault.Retryable, imagebuild.Redeliver(results) != nil)
		require.Equal(t, want, s.verdicts(t))
		require.Len(t, s.starts, 2)
	}
}

// What is no continuation is for the dead-letter queue, where it can be looked at.
func TestRebuildCannotReadAMessage(t *testing.T) {
	for _, body := range []string{"", "{}", `{"type":"imagedrop.continuation.v2"}`, `{"type":"imagedrop.continuation.v1","triggerName":"nightly"}`} {
		s := newSite()
		results := rebuilder(s.cloud, s.box, s.queue).Run(context.Background(), invocation, []imagebuild.Delivery{message("M-1", body)})
		require.Error(t, imagebuild.Redeliver(results))
		require.Empty(t, s.box.bodies)
	}
}

// A step that has no more time leaves the rest to the next one, at once.
func TestRebuildRunsOutOfTime(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		s := newSite()
		for n := range 200 {
			s.add(golden(fmt.Sprintf("ip-%03d", n), fmt.Sprintf("name-%03d", n), "2026-05-02T00:00:00Z"))
		}
		b := rebuilder(s.cloud, s.box, s.queue)
		b.Executions = slow{s.cloud}
		events := []imagebuild.Delivery{nightly(`{"namePattern":"*","maxRunning":100}`)}
		for n := 0; n < len(events); n++ {
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			require.NoError(t, imagebuild.Redeliver(b.Run(ctx, invocation, events[n:n+1])))
			require.NoError(t, ctx.Err())
			cancel()
			events = append(events[:1:1], s.queue.messages...)
			s.end("SUCCESS")
		}
		require.Len(t, s.executions, 200)
		require.Greater(t, len(events), 3)
	})
}

// slow answers after a second.
type slow struct{ *cloud }

func (s slow) Executions(ctx context.Context, q imagebuild.ExecutionQuery) ([]imagebuild.Execution, error) {
	select {
	case <-time.After(time.Second):
		return s.cloud.Executions(ctx, q)
	case <-ctx.Done():
		return nil, failure(fault.Retryable, "")
	}
}

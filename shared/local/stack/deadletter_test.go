package stack_test

import (
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strings"
	"testing"
	"time"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

// hasty gives up on each message after four attempts, not after 177.
func hasty(t *testing.T) stack.Options {
	return changed(t, "PushRetryStrategy: EXPONENTIAL_DECAY_RETRY", "PushRetryStrategy: BACKOFF_RETRY")
}

// sendTo puts a message on any queue.
func (c *cloud) sendTo(queue, body string) (messageID string) {
	sent, err := c.queue(queue).SendMessage(ali_mns.MessageSendRequest{MessageBody: body, Priority: 8})
	require.NoError(c.t, err)
	return sent.MessageId
}

// publish puts a message on the topic of the requests.
func (c *cloud) publish(body string) (messageID string) {
	client := ali_mns.NewAliMNSClientWithConfig(ali_mns.AliMNSClientConfig{
		EndPoint: c.e.MNS, AccessKeyId: c.e.AccessKeyID, AccessKeySecret: c.e.AccessKeySecret, TimeoutSecond: 60,
	})
	sent, err := ali_mns.NewMNSTopic("imagedrop-requests", client).PublishMessage(ali_mns.MessagePublishRequest{MessageBody: body})
	require.NoError(c.t, err)
	return sent.MessageId
}

// post hands a document to the control API, which accepts it.
func (c *cloud) post(path, body string) {
	resp, err := c.http.Post(c.e.Console+path, "application/json", strings.NewReader(body))
	require.NoError(c.t, err)
	require.NoError(c.t, resp.Body.Close())
	require.Equal(c.t, http.StatusAccepted, resp.StatusCode)
}

// text spells a document.
func text(t testing.TB, document any) string {
	data, err := json.Marshal(document)
	require.NoError(t, err)
	return string(data)
}

// followUp asks watch to look at an execution.
func (c *cloud) followUp(job, executionID string) string {
	return text(c.t, map[string]any{
		"type": "imagedrop.follow-up.v1", "job": map[string]any{"id": job, "trigger": "queue"}, "clientToken": job,
		"regionId": c.e.Region, "accountId": c.e.AccountID, "imagePipelineId": "ip-1", "executionId": executionID,
		"started": time.Now(), "check": 1, "expires": time.Now().Add(time.Hour),
	})
}

// continuation asks rebuild to go on with pipelines that are due.
func (c *cloud) continuation(trigger string, due ...string) string {
	pipelines := []map[string]any{}
	for _, id := range due {
		pipelines = append(pipelines, map[string]any{"imagePipelineId": id, "name": "web"})
	}
	return text(c.t, map[string]any{
		"type": "imagedrop.continuation.v1", "triggerName": trigger, "triggerTime": "2026-05-04T18:00:00Z",
		"payload": map[string]any{"namePattern": "*", "force": true}, "step": 1, "running": []string{}, "due": pipelines,
	})
}

// timer is the event of a timer for one pipeline.
func (c *cloud) timer(trigger, pipelineID string) string {
	return text(c.t, map[string]any{
		"triggerName": trigger, "triggerTime": "2026-05-04T18:00:00Z", "payload": text(c.t, map[string]any{"imagePipelineId": pipelineID}),
	})
}

// tagged makes a pipeline that the timer of s.yaml builds anew.
func (c *cloud) tagged(name string, more map[string]string) (id string) {
	params := map[string]string{"Tag.1.Key": "rebuild", "Tag.1.Value": "nightly"}
	maps.Copy(params, more)
	return c.makePipeline(name, params)
}

// outcomesByID are all so far; a repeat has the same ID and job.
func (c *cloud) outcomesByID() map[string]outcome {
	byID := map[string]outcome{}
	for _, o := range c.feed() {
		if first, again := byID[o.ID]; again {
			require.Equal(c.t, first.Type, o.Type)
			require.Equal(c.t, first.Data.Job, o.Data.Job)
		}
		byID[o.ID] = o
	}
	return byID
}

// parkedEvent is what waits for an operator.
type parkedEvent struct {
	ID, Type, Function, Trigger, OriginalID, Event string
	Jobs                                           []string
	ParkedAt                                       string
	Reason                                         struct{ Kind, Code, Message string }
}

// parked takes what is parked.
func (c *cloud) parked() (events []parkedEvent) {
	for _, body := range c.receive(c.queue("imagedrop-parked")) {
		var e parkedEvent
		require.NoError(c.t, json.Unmarshal([]byte(body), &e))
		events = append(events, e)
	}
	return events
}

// poison is an event that ends its function's process each time.
type poison struct {
	name     string
	fault    account.Fault // struck with what begin answers first, where Match is ""
	begin    func(*cloud) (match string, send func() (job string))
	function string
}

func kills(service, operation string) account.Fault {
	return account.Fault{Service: service, Operation: operation, Effect: account.EffectKillBefore, Count: 1 << 30}
}

// fourTimes is for a call that deadletter makes, too.
func fourTimes(f account.Fault) account.Fault {
	f.Count = 4
	return f
}

var poisons = []poison{
	{"upload", kills("oss", "GetObject"), func(c *cloud) (string, func() string) {
		return "templates/poison.Dockerfile", func() string { return c.upload("templates/poison.Dockerfile", aComponent).id }
	}, "upload"},
	{"queue", kills("ecs", "CreateImageComponent"), func(c *cloud) (string, func() string) {
		return "poison", func() string { return c.send(`{"name":"poison","content":"RUN true"}`).id }
	}, "message"},
	{"topic", kills("ecs", "CreateImageComponent"), func(c *cloud) (string, func() string) {
		return "poison", func() string { return c.publish(`{"name":"poison","content":"RUN true"}`) }
	}, "message"},
	{"timer", kills("ecs", "StartImagePipelineExecution"), func(c *cloud) (string, func() string) {
		return c.tagged("poison", nil), func() string {
			c.post("/v1/timers/rebuild/nightly", `{"triggerTime":"2026-05-04T18:00:00Z"}`)
			return ""
		}
	}, "rebuild"},
	{"continuation", kills("ecs", "StartImagePipelineExecution"), func(c *cloud) (string, func() string) {
		id := c.makePipeline("poison", nil)
		return id, func() string { c.sendTo("imagedrop-rebuild", c.continuation("nightly", id)); return "" }
	}, "rebuild"},
	{"follow-up", fourTimes(kills("ecs", "DescribeImagePipelineExecutions")), func(c *cloud) (string, func() string) {
		return "exec-poison", func() string { c.sendTo("imagedrop-watch", c.followUp("poisoned", "exec-poison")); return "poisoned" }
	}, "watch"},
}

// bystanders sends one good event of each kind and returns the types of their
// outcomes.
func (c *cloud) bystanders() []string {
	first, second := c.makePipeline("first", nil), c.makePipeline("second", nil)
	c.upload("templates/good.Dockerfile", "RUN true\n")
	c.send(`{"name":"by-queue","content":"RUN true"}`)
	c.publish(`{"name":"by-topic","content":"RUN true"}`)
	c.post("/v1/functions/rebuild/invoke?type=async", c.timer("other", first))
	c.sendTo("imagedrop-rebuild", c.continuation("other", second))
	c.sendTo("imagedrop-watch", c.followUp("other", "exec-of-another"))
	return prefixed([]string{"component.created", "component.created", "component.created", "execution.started", "execution.started", "execution.failed"})
}

// types are those of the outcomes.
func types(told map[string]outcome) (list []string) {
	for _, o := range told {
		list = append(list, o.Type)
	}
	return list
}

// What ends its function each time is answered once and parked, and all others
// have their turn while it waits for its next attempt: the clock stands.
func TestPoisonIsAnsweredOnceParkedAndBlocksNothing(t *testing.T) {
	t.Parallel()
	together(t, width, poisons, func(p poison) string { return p.name }, func(t *testing.T, p poison) {
		opt := hasty(t)
		manual(&opt)
		c := start(t, opt)
		match, send := p.begin(c)
		fault := p.fault
		fault.Match = match
		require.NoError(t, c.Account().Faults.Add(fault))
		c.Account().Faults.Record()
		job := send()
		require.Eventually(t, func() bool { return c.killed() > 0 }, time.Minute, time.Millisecond)

		want := c.bystanders()
		require.Eventually(t, func() bool { return len(c.outcomesByID()) == len(want) }, time.Minute, time.Millisecond)
		others := c.outcomesByID()
		require.ElementsMatch(t, want, types(others))
		require.Equal(t, 1, c.killed())

		c.awaitIdle()
		var failed []outcome
		for id, o := range c.outcomesByID() {
			if _, known := others[id]; !known && o.Data.Status != "succeeded" {
				failed = append(failed, o)
			}
		}
		require.Len(t, failed, 1)
		require.Equal(t, "failed", failed[0].Data.Status)
		if job != "" {
			require.Equal(t, job, failed[0].Data.Job.ID)
		}
		events := c.parked()
		require.Len(t, events, 1)
		require.Equal(t, []string{"imagedrop.parked.v1", p.function}, []string{events[0].Type, events[0].Function})
		require.Equal(t, []string{failed[0].Data.Job.ID}, events[0].Jobs)
		c.nothingIsLeft()
	})
}

// killed counts the calls since the log began that ended a process.
func (c *cloud) killed() (n int) {
	for _, call := range c.Account().Faults.Calls() {
		if call.Effect == account.EffectKillBefore {
			n++
		}
	}
	return n
}

// letter is what the platform gave up on, as it comes to deadletter.
type letter struct {
	name string
	// write has the job of that number come as far as it came, and returns the
	// message of the dead-letter queue.
	write func(c *cloud, n int) string
	calls string
	want  []string // types of its outcomes
}

const (
	lookForBoth  = "DescribeImageComponents DescribeImagePipelines"
	lookAtBuilds = " DescribeImagePipelineExecutions"
	toPark       = " SendMessage"
	toAnswer     = " SendMessage"
)

// record is what the destination of an asynchronous invocation gets.
func (c *cloud) record(function, event string) string {
	return text(c.t, map[string]any{
		"timestamp": 1777882599000, "requestPayload": event, "responsePayload": `{"errorMessage":"Process exited unexpectedly"}`,
		"requestContext": map[string]any{"requestId": "1-6b7f0a1c-2d334455", "condition": "UnhandledInvocationError", "approximateInvokeCount": 9,
			"functionArn": "acs:fc:cn-hangzhou:1234567890123456:functions/" + function},
		"responseContext": map[string]any{"statusCode": 200, "functionError": "UnhandledInvocationError"},
	})
}

// element is the message as the stream of a queue gives it up.
func (c *cloud) element(queue, id, body string) string {
	return text(c.t, map[string]any{
		"id": "e-" + id, "source": "acs:mns", "specversion": "1.0", "type": "mns:Queue:SendMessage",
		"subject": fmt.Sprintf("acs:mns:%s:%s:queues/%s", c.e.Region, c.e.AccountID, queue),
		"data":    map[string]string{"requestId": "R-" + id, "messageId": id, "messageBody": body},
	})
}

// numbered is an event of upload whose object no other job has.
func (c *cloud) numbered(n int, template string) job {
	return c.upload(fmt.Sprintf("elsewhere/web-%d.Dockerfile", n), strings.ReplaceAll(template, "web", fmt.Sprintf("web-%d", n)))
}

// done has the function do the job, whose record is the answer's.
func (c *cloud) done(j job) string {
	require.NoError(c.t, c.deliver(j, 1))
	return c.record(j.function, j.event(1))
}

// ordered is a message that asks for a build.
func (c *cloud) ordered(n int) job {
	name := fmt.Sprintf("web-%d", n)
	c.makePipeline(name, nil)
	return c.message(account.NewMessageID(), fmt.Sprintf(`{"kind":"execution","pipelineName":%q}`, name))
}

var letters = []letter{
	{"upload, nothing made", func(c *cloud, n int) string {
		j := c.numbered(n, aComponent)
		return c.record(j.function, j.event(1))
	}, lookForBoth + toAnswer + toPark, []string{"component.failed"}},
	{"upload, component made", func(c *cloud, n int) string {
		return c.done(c.numbered(n, aComponent))
	}, "DescribeImageComponents" + toAnswer + toPark, []string{"component.created"}},
	{"upload, pipeline made and started", func(c *cloud, n int) string {
		return c.done(c.numbered(n, aBuild))
	}, lookForBoth + lookAtBuilds + toAnswer + toAnswer + toPark, []string{"pipeline.created", "execution.started"}},
	{"upload, pipeline made, not started", func(c *cloud, n int) string {
		require.NoError(c.t, c.Account().Faults.Add(account.Fault{
			Service: "ecs", Operation: "StartImagePipelineExecution", Effect: account.EffectCode, Code: "Forbidden.RAM", Status: 403,
		}))
		return c.done(c.numbered(n, aBuild))
	}, lookForBoth + lookAtBuilds + toAnswer + toAnswer + toPark, []string{"pipeline.created", "execution.failed"}},
	{"message, not started", func(c *cloud, n int) string {
		return c.ordered(n).item
	}, "DescribeImagePipelines" + lookAtBuilds + toAnswer + toPark, []string{"execution.failed"}},
	{"message, started", func(c *cloud, n int) string {
		j := c.ordered(n)
		require.NoError(c.t, c.deliver(j, 1))
		return j.item
	}, "DescribeImagePipelines" + lookAtBuilds + toAnswer + toPark, []string{"execution.started"}},
	{"timer", func(c *cloud, n int) string {
		return c.record("rebuild", c.timer(fmt.Sprintf("timer-%d", n), "ip-1"))
	}, strings.TrimSpace(toAnswer + toPark), []string{"execution.failed"}},
	{"continuation, one started", func(c *cloud, n int) string {
		trigger := fmt.Sprintf("timer-%d", n)
		first, second := c.makePipeline(trigger+"-a", nil), c.makePipeline(trigger+"-b", nil)
		require.NoError(c.t, c.invoke("rebuild", c.timer(trigger, first)))
		return c.element("imagedrop-rebuild", account.NewMessageID(), c.continuation(trigger, first, second))
	}, strings.TrimSpace(lookAtBuilds + lookAtBuilds + toAnswer + toAnswer + toPark), []string{"execution.failed", "execution.started"}},
	{"follow-up, deleted", func(c *cloud, n int) string {
		return c.element("imagedrop-watch", account.NewMessageID(), c.followUp(fmt.Sprintf("job-%d", n), "exec-gone"))
	}, strings.TrimSpace(lookAtBuilds + toAnswer + toPark), []string{"execution.failed"}},
	{"follow-up, there", func(c *cloud, n int) string {
		id := c.startPipeline(c.makePipeline(fmt.Sprintf("web-%d", n), nil), nil)
		return c.element("imagedrop-watch", account.NewMessageID(), c.followUp(fmt.Sprintf("job-%d", n), id))
	}, strings.TrimSpace(lookAtBuilds + toPark), nil},
	{"not readable", func(c *cloud, n int) string {
		return c.record("upload", fmt.Sprintf(`[{"noise":%d}]`, n))
	}, strings.TrimSpace(toPark), nil},
	{"message, no JSON", func(c *cloud, n int) string {
		return fmt.Sprintf("\u2620 %d", n)
	}, lookForBoth + toAnswer + toPark, []string{"component.failed"}},
}

// deadend is a cloud where deadletter works one letter after the other.
type deadend struct {
	*cloud
	letter
	n    int // of the letters so far
	read int // outcomes so far
}

// news are the outcomes since the last call, by ID. Repeats must say the same.
func (d *deadend) news() map[string]outcome {
	byID := map[string]outcome{}
	all := d.feed()
	for _, o := range all[d.read:] {
		if first, again := byID[o.ID]; again {
			require.Equal(d.t, first, o, "every answer says the same")
		}
		byID[o.ID] = o
	}
	d.read = len(all)
	return byID
}

// work brings one letter to its end in spite of the cuts, and returns the log
// of the calls of deadletter. An uncut delivery of the same letter must say
// and park the same.
func (d *deadend) work(log []account.Call, cuts ...cut) []account.Call {
	d.n++
	body := d.write(d.cloud, d.n)
	d.awaitIdle()
	d.news()
	d.cut(log, cuts)
	id := d.sendTo("imagedrop-dlq", body)
	d.awaitIdle()
	log = d.Account().Faults.Calls()
	require.Empty(d.t, d.Account().Faults.List(), "every cut was met: %v", log)
	told, parked := d.news(), d.parkedOnce()
	require.ElementsMatch(d.t, prefixed(d.want), types(told))

	require.NoError(d.t, d.invoke("deadletter", "["+d.element("imagedrop-dlq", id, body)+"]"))
	require.Equal(d.t, told, d.news(), "what an uncut delivery says")
	again := d.parkedOnce()
	again.ParkedAt, parked.ParkedAt = "", ""
	require.Equal(d.t, parked, again)
	d.nothingIsLeft()
	return log
}

// parkedOnce takes what is parked: one event, however often.
func (d *deadend) parkedOnce() parkedEvent {
	events := d.parked()
	for _, e := range events {
		require.Equal(d.t, events[0].ID, e.ID)
	}
	require.Empty(d.t, d.peek("imagedrop-parked"))
	return events[0]
}

// Whatever call of deadletter is cut, and however: each job has its outcome
// and the event is parked, as without the cut.
func TestEveryCutOfTheLastWord(t *testing.T) {
	t.Parallel()
	together(t, 2*width, letters, func(l letter) string { return l.name }, func(t *testing.T, l letter) {
		oneRegion := changed(t, "regions: [cn-hangzhou, cn-beijing, cn-shanghai]", "regions: [cn-hangzhou]") // others are looked through like it
		d := &deadend{cloud: start(t, oneRegion), letter: l}
		log := d.work(nil)
		require.Equal(t, l.calls, operations(log[1:]))
		list := cutsFrom(1, log, cuts)
		for _, one := range sampled(list) {
			t.Run(nameOf("", log, []cut{one}), func(t *testing.T) {
				d.t = t
				d.work(log, one)
			})
		}
		t.Logf("%d letters, each cut once", len(list))
	})
}

// Where deadletter fails for ever its own stream parks the event as it came,
// and nothing goes round.
func TestWhatDeadletterFailsOnIsParkedAsItCame(t *testing.T) {
	t.Parallel()
	c := start(t, hasty(t))
	fault := kills("mns", "SendMessage")
	fault.Match = "imagedrop-parked"
	require.NoError(t, c.Account().Faults.Add(fault))
	c.Account().Faults.Record()
	body := c.record("message", "["+c.message("M-1", componentMessage).item+"]")
	id := c.sendTo("imagedrop-dlq", body)
	c.awaitIdle()
	require.Equal(t, 4, c.killed())
	told := c.outcomesByID()
	require.Equal(t, prefixed([]string{"component.failed"}), types(told))
	require.Len(t, c.feed(), 4, "one outcome, said each time")

	bodies := c.receive(c.queue("imagedrop-parked"))
	require.Len(t, bodies, 1)
	var element struct {
		Subject string
		Data    struct{ MessageID, MessageBody string }
	}
	require.NoError(t, json.Unmarshal([]byte(bodies[0]), &element))
	require.True(t, strings.HasSuffix(element.Subject, ":queues/imagedrop-dlq"), element.Subject)
	require.Equal(t, []string{id, body}, []string{element.Data.MessageID, element.Data.MessageBody})
	c.nothingIsLeft()

	// Sent again by hand it comes back as a record, since it was asynchronous.
	c.post("/v1/functions/deadletter/invoke?type=async", "["+bodies[0]+"]")
	c.awaitIdle()
	require.Equal(t, 4+9, c.killed())
	require.Len(t, c.outcomesByID(), 1)
	bodies = c.receive(c.queue("imagedrop-parked"))
	require.Len(t, bodies, 1)
	p, err := imagebuild.DecodeParked([]byte(bodies[0]))
	require.NoError(t, err)
	require.Equal(t, []string{"deadletter", id}, []string{p.Function, p.OriginalID})

	c.Account().Faults.Clear()
	require.NoError(t, c.invoke(p.Function, p.Event))
	events := c.parked()
	require.Len(t, events, 1)
	require.Equal(t, []string{"message", "M-1"}, []string{events[0].Function, events[0].OriginalID})
	require.Len(t, c.outcomesByID(), 1)
	c.nothingIsLeft()
}

// denial is a permission that a function lacks.
type denial struct {
	operation string
	queue     string // of an operation of MNS
	does      string // what the job is
	want      []string
	parked    string // the functions whose events are parked
}

// asks are the jobs that are denied something: what is there before, and what
// asks for it.
var asks = map[string]struct{ prepare, ask func(*cloud) }{
	"upload":       {nothing, func(c *cloud) { c.upload(triggered, aBuild) }},
	"message":      {nothing, func(c *cloud) { c.send(buildMessage) }},
	"order":        {somebodys, func(c *cloud) { c.send(byName) }},
	"timer":        {nightlies("web"), nightly},
	"two by timer": {nightlies("web-a", "web-b"), nightly},
	"continuation": {somebodys, func(c *cloud) {
		c.sendTo("imagedrop-rebuild", c.continuation("some", c.pipelines(c.e.Region)[0].ID))
	}},
	"look":     {nothing, func(c *cloud) { c.sendTo("imagedrop-watch", c.followUp("some", "exec-1")) }},
	"given up": {nothing, func(c *cloud) { c.sendTo("imagedrop-dlq", c.message("M-1", componentMessage).item) }},
	"look given up": {nothing, func(c *cloud) {
		c.sendTo("imagedrop-dlq", c.element("imagedrop-watch", "M-1", c.followUp("some", "exec-1")))
	}},
}

func nightlies(names ...string) func(*cloud) {
	return func(c *cloud) {
		for _, name := range names {
			c.tagged(name, nil)
		}
	}
}

func nightly(c *cloud) {
	c.post("/v1/functions/rebuild/invoke?type=async", text(c.t, map[string]any{"triggerName": "some", "triggerTime": "2026-05-04T18:00:00Z",
		"payload": `{"tags":{"rebuild":"nightly"},"maxRunning":1}`}))
}

const (
	createPipeline = "CreateImagePipeline"
	startExecution = "StartImagePipelineExecution"
	seePipelines   = "DescribeImagePipelines"
	seeExecutions  = "DescribeImagePipelineExecutions"
	seeFamily      = "DescribeImageFromFamily"
	seeImages      = "DescribeImages"
	seeComponents  = "DescribeImageComponents"
	send           = "SendMessage"
)

var denials = []denial{
	{createPipeline, "", "upload", []string{"pipeline.failed permanent Forbidden.RAM"}, ""},
	{createPipeline, "", "message", []string{"pipeline.failed permanent Forbidden.RAM"}, ""},
	{seePipelines, "", "upload", []string{"pipeline.failed permanent Forbidden.RAM"}, ""},
	{startExecution, "", "upload", []string{"pipeline.created", "execution.failed permanent Forbidden.RAM"}, ""},
	{startExecution, "", "order", []string{"execution.failed permanent Forbidden.RAM"}, ""},
	{seeExecutions, "", "order", []string{"execution.failed permanent Forbidden.RAM"}, ""},
	{seeFamily, "", "order", []string{"execution.failed permanent Forbidden.RAM"}, ""},
	{seePipelines, "", "order", []string{"execution.failed permanent Forbidden.RAM"}, ""},
	{seePipelines, "", "timer", []string{"execution.failed permanent Forbidden.RAM"}, ""},
	{seeExecutions, "", "timer", []string{"execution.failed permanent Forbidden.RAM"}, ""},
	{seeFamily, "", "timer", []string{"execution.failed permanent Forbidden.RAM"}, ""},
	{startExecution, "", "timer", []string{"execution.failed permanent Forbidden.RAM"}, ""},
	{startExecution, "", "two by timer", []string{"execution.failed permanent Forbidden.RAM", "execution.failed permanent Forbidden.RAM"}, ""},
	{startExecution, "", "continuation", []string{"execution.failed permanent Forbidden.RAM"}, ""},
	{seeImages, "", "order", []string{"execution.started", "execution.succeeded partial"}, ""},
	{seeExecutions, "", "look", []string{"execution.failed permanent Forbidden.RAM"}, ""},
	{seeExecutions, "", "look given up", []string{"execution.failed permanent Forbidden.RAM"}, "watch"},
	{seeComponents, "", "given up", []string{"component.failed unknown"}, "message"},
	{send, "imagedrop-watch", "order", []string{"execution.started unknown"}, "message"},
	{send, "imagedrop-watch", "upload", []string{"pipeline.created", "execution.started unknown UnhandledInvocationError"}, "upload"},
	{send, "imagedrop-watch", "timer", []string{"execution.failed unknown UnhandledInvocationError"}, "rebuild"},
	{send, "imagedrop-watch", "continuation", []string{"execution.started unknown"}, "rebuild"},
	{send, "imagedrop-rebuild", "two by timer", []string{"execution.started firstBuild", "execution.succeeded", // its first step, repeated, starts the second
		"execution.started firstBuild", "execution.succeeded"}, ""},
	{send, "imagedrop-results", "order", nil, "deadletter watch"},
	{send, "imagedrop-results", "timer", nil, "deadletter watch"},
	{send, "imagedrop-parked", "given up", []string{"component.failed unknown"}, "deadletter"},
}

func (d denial) String() string { return d.does + "/" + d.operation + d.queue }

// What a function may not do is answered where it can be; where it cannot the
// event waits for the permission.
func TestWhatIsNotPermittedIsAnsweredOrParked(t *testing.T) {
	t.Parallel()
	together(t, width, denials, denial.String, func(t *testing.T, d denial) {
		opt := hasty(t)
		opt.TimeScale = 1e9
		c := start(t, opt)
		service := "ecs"
		if d.queue != "" {
			service = "mns"
		}
		asks[d.does].prepare(c)
		require.NoError(t, c.Account().Faults.Add(account.Fault{Service: service, Operation: d.operation, Match: d.queue,
			Effect: account.EffectCode, Code: "Forbidden.RAM", Status: 403, Count: 1 << 30}))
		asks[d.does].ask(c)
		c.awaitIdle()
		var got []string
		for _, o := range c.outcomesByID() {
			if o.Data.Reason.Code == "Forbidden.RAM" {
				require.Contains(t, o.Data.Reason.Message, d.operation+": ", "which permission is missing")
			}
			o.Type = strings.TrimSuffix(strings.TrimPrefix(o.Type, "imagedrop."), ".v1")
			got = append(got, strings.TrimSpace(o.Type+" "+o.Data.Reason.Kind+" "+o.Data.Reason.Code))
		}
		require.ElementsMatch(t, d.want, got)
		var functions []string
		for _, body := range c.peek("imagedrop-parked") {
			p, err := imagebuild.DecodeParked([]byte(body))
			require.NoError(t, err)
			functions = append(functions, p.Function)
		}
		slices.Sort(functions)
		require.Equal(t, d.parked, strings.Join(slices.Compact(functions), " "))
	})
}

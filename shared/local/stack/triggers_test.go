package stack_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

// actorFile deploys the test function of the FC host with a trigger of each
// kind but OSS. Its asynchronous events end on the queues done or dead.
const actorFile = `edition: 3.0.0
name: triggers
resources:
  actor:
    component: fc3
    props:
      region: cn-hangzhou
      functionName: actor
      runtime: go1
      handler: main
      code: ./actor
      timeout: 30
      environmentVariables:
        RESULT_QUEUE: results
      asyncInvokeConfig:
        maxAsyncRetryAttempts: 2
        destinationConfig:
          onSuccess:
            destination: acs:mns:cn-hangzhou:1234567890123456:/queues/done/messages
          onFailure:
            destination: acs:mns:cn-hangzhou:1234567890123456:/queues/dead/messages
      triggers:
        - triggerName: nightly
          triggerType: timer
          triggerConfig:
            cronExpression: 0 0/5 * * * *
            enable: true
            payload: '{"Do":"pid"}'
        - triggerName: all
          triggerType: mns_topic
          sourceArn: acs:mns:cn-hangzhou:1234567890123456:/topics/orders
          triggerConfig:
            notifyContentFormat: JSON
            notifyStrategy: BACKOFF_RETRY
        - triggerName: tagged
          triggerType: mns_topic
          sourceArn: acs:mns:cn-hangzhou:1234567890123456:/topics/orders
          triggerConfig:
            notifyContentFormat: STREAM
            notifyStrategy: BACKOFF_RETRY
            filterTag: web
        - triggerName: orders
          triggerType: eventbridge
          triggerConfig:
            triggerEnable: true
            asyncInvocationType: false
            eventRuleFilterPattern: '{}'
            eventSourceConfig:
              eventSourceType: MNS
              eventSourceParameters:
                sourceMNSParameters:
                  RegionId: cn-hangzhou
                  QueueName: orders
                  IsBase64Decode: false
            eventSinkConfig:
              deliveryOption:
                eventSchema: CloudEvents
            runOptions:
              mode: event-streaming
              errorsTolerance: ALL
              retryStrategy:
                PushRetryStrategy: BACKOFF_RETRY
              deadLetterQueue:
                Arn: acs:mns:cn-hangzhou:1234567890123456:/queues/dead
              batchWindow:
                CountBasedWindow: 1
                TimeBasedWindow: 0
`

// actorBinary is built by the first test that needs it, beside the others.
var actorBinary = sync.OnceValue(func() error {
	build := exec.Command("go", "build", "-o", filepath.Join(binaries(), "actor", "main"), "../fc/testdata/functions/actor")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w: %s", err, out)
	}
	return nil
})

func actorOptions(t *testing.T) stack.Options {
	require.NoError(t, actorBinary())
	opt := options()
	opt.File = filepath.Join(t.TempDir(), "s.yaml")
	require.NoError(t, os.WriteFile(opt.File, []byte(actorFile), 0o600))
	return opt
}

// payload waits for the record of an asynchronous event on the queue and
// returns the event.
func (c *cloud) payload(queue string) string {
	records := c.receive(c.queue(queue))
	require.Len(c.t, records, 1)
	var record struct{ RequestPayload string }
	require.NoError(c.t, json.Unmarshal([]byte(records[0]), &record))
	return record.RequestPayload
}

// work is the answer of /v1/stats.
type work struct {
	Idle      bool
	Events    int
	Functions []struct{ Busy, Waiting int }
	Queues    []struct {
		Queue, Function           string
		Active, Inactive, Delayed int
	}
}

// stands reports whether nothing happens before the manual clock goes on: no
// function is at work or starts, no message is there to be taken, and all that wait do so
// for the clock: each function for its events, each trigger for its messages,
// and the one timer for its time.
func (c *cloud) stands(w work) bool {
	for _, f := range w.Functions {
		if f.Busy+f.Waiting > 0 {
			return false
		}
	}
	for _, q := range w.Queues {
		if q.Active > 0 {
			return false
		}
	}
	return c.hand.Waiting() >= len(w.Functions)+len(w.Queues)+1
}

func (c *cloud) work() (w work) {
	c.call("GET", "/v1/stats", nil, &w)
	return w
}

// stride is how far a manual clock goes at a time.
const stride = 2 * time.Second

// awaitIdle waits until all is done. A manual clock goes on when all that is
// left waits for it.
func (c *cloud) awaitIdle() {
	require.Eventually(c.t, func() bool {
		w := c.work()
		if !w.Idle && c.hand != nil && c.stands(w) {
			c.hand.Advance(stride)
		}
		return w.Idle
	}, 3*time.Minute, 15*time.Millisecond)
}

// gate lets the actor stand there until a test lets it go on.
func gate(t *testing.T) (url string, visits chan chan int) {
	visits = make(chan chan int, 10)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		leave := make(chan int, 1)
		visits <- leave
		select {
		case status := <-leave:
			w.WriteHeader(status)
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() { server.CloseClientConnections(); server.Close() })
	return server.URL, visits
}

func visit(t *testing.T, visits chan chan int) chan int {
	select {
	case leave := <-visits:
		return leave
	case <-time.After(time.Minute):
		require.FailNow(t, "the function was not called")
		return nil
	}
}

func TestATopicsMessageReachesTheFunctionsThatItIsFor(t *testing.T) {
	c := start(t, actorOptions(t))
	client := ali_mns.NewAliMNSClientWithConfig(ali_mns.AliMNSClientConfig{
		EndPoint: c.e.MNS, AccessKeyId: c.e.AccessKeyID, AccessKeySecret: c.e.AccessKeySecret, TimeoutSecond: 60,
	})
	topic := ali_mns.NewMNSTopic("orders", client)
	sent, err := topic.PublishMessage(ali_mns.MessagePublishRequest{MessageBody: `{"Do":"pid"}`})
	require.NoError(t, err)
	var event struct{ TopicName, MessageID, Message, SubscriptionName string }
	require.NoError(t, json.Unmarshal([]byte(c.payload("done")), &event))
	require.Equal(t, []string{"orders", sent.MessageId, `{"Do":"pid"}`, "actor-all"}, []string{event.TopicName, event.MessageID, event.Message, event.SubscriptionName})

	_, err = topic.PublishMessage(ali_mns.MessagePublishRequest{MessageBody: `{"Do":"pid","Text":"tagged"}`, MessageTag: "web"})
	require.NoError(t, err)
	events := map[bool]int{} // whether STREAM
	for len(events) < 2 {
		for _, record := range c.receive(c.queue("done")) {
			events[strings.Contains(record, `"requestPayload":"{\"Do\":\"pid\",\"Text\":\"tagged\"}"`)]++
		}
	}
	require.Equal(t, map[bool]int{true: 1, false: 1}, events)
	c.awaitIdle()
}

// manual lets the clock begin at most five minutes ago: requests are signed
// with the machine's time.
func manual(opt *stack.Options) *account.ManualClock {
	clock := account.NewManualClock(time.Now().Truncate(5 * time.Minute))
	opt.Clock, opt.TimeScale = clock, 60
	return clock
}

func TestATimerFiresOnTheAccountsClockOrByHand(t *testing.T) {
	opt := actorOptions(t)
	clock := manual(&opt)
	c := start(t, opt)
	begin := clock.Now()
	event := func(at time.Time) string {
		return fmt.Sprintf(`{"triggerTime":%q,"triggerName":"nightly","payload":"{\"Do\":\"pid\"}"}`, at.UTC().Format(time.RFC3339))
	}
	require.Eventually(t, func() bool { // the clock goes on where nothing but the timer waits for it
		if w := c.work(); w.Idle && c.stands(w) && clock.Now().Before(begin.Add(5*time.Minute)) {
			clock.Advance(time.Minute)
		}
		return len(c.peek("done")) == 1
	}, time.Minute, time.Millisecond)
	require.Equal(t, event(begin.Add(5*time.Minute)), c.payload("done"), "its times are not scaled")

	c.awaitIdle()
	at := time.Date(2026, 5, 4, 18, 0, 0, 0, time.UTC)
	for range 2 {
		resp, err := c.http.Post(c.e.Console+"/v1/timers/actor/nightly", "application/json", strings.NewReader(`{"triggerTime":"2026-05-04T18:00:00Z"}`))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusAccepted, resp.StatusCode)
		require.Equal(t, event(at), c.payload("done"))
	}
}

// peek returns the bodies on a queue, which stay there.
func (c *cloud) peek(queue string) (bodies []string) {
	batches, failures := make(chan ali_mns.BatchMessageReceiveResponse, 1), make(chan error, 1)
	c.queue(queue).BatchPeekMessage(batches, failures, 16)
	select {
	case <-failures: // none is there
	case batch := <-batches:
		for _, m := range batch.Messages {
			bodies = append(bodies, m.MessageBody)
		}
	}
	return bodies
}

func (c *cloud) sendDelayed(body string, seconds int64) {
	_, err := c.queue("orders").SendMessage(ali_mns.MessageSendRequest{MessageBody: body, DelaySeconds: seconds, Priority: 8})
	require.NoError(c.t, err)
}

// A delayed message is with its function when its scaled delay is over, to the
// second, and survives a restart; until then the cloud is not idle.
func TestADelayedMessageReachesItsFunctionInTime(t *testing.T) {
	opt := actorOptions(t)
	opt.Memory, opt.StateDir = false, t.TempDir()
	clock := manual(&opt)
	url, visits := gate(t)
	c := start(t, opt)
	require.True(t, c.work().Idle)
	c.sendDelayed(fmt.Sprintf(`{"Do":"get","URL":%q}`, url), 600)
	w := c.work()
	require.False(t, w.Idle)
	require.Len(t, w.Queues, 1)
	require.Equal(t, []any{"orders", "actor", 0, 0, 1}, []any{w.Queues[0].Queue, w.Queues[0].Function, w.Queues[0].Active, w.Queues[0].Inactive, w.Queues[0].Delayed})
	c.close()

	clock.Advance(9 * time.Second)
	c = start(t, opt)
	c.sendDelayed(fmt.Sprintf(`{"Do":"get","URL":%q}`, url+"/too-late"), 6000)
	require.Equal(t, 2, c.work().Queues[0].Delayed)
	require.Empty(t, visits)
	clock.Advance(time.Second)
	leave := visit(t, visits)
	w = c.work()
	require.Equal(t, []any{false, 1, 1}, []any{w.Idle, w.Queues[0].Inactive, w.Queues[0].Delayed})
	leave <- http.StatusOK
	require.Eventually(t, func() bool { return c.work().Queues[0].Inactive == 0 }, time.Minute, time.Millisecond)
	clock.Advance(99 * time.Second)
	visit(t, visits) <- http.StatusOK
	c.awaitIdle()
	require.Empty(t, visits)
}

// What ends its function's process each time ends on the dead-letter queue,
// whichever way it came, and those behind it have their turn.
func TestPoisonEndsOnTheDeadLetterQueueAndBlocksNothing(t *testing.T) {
	c := start(t, actorOptions(t))
	const poison, good = `{"Do":"exit","Text":"poison"}`, `{"Do":"pid"}`
	c.sendDelayed(poison, 0)
	c.sendDelayed(good, 0)
	for _, event := range []string{poison, good} {
		resp, err := c.http.Post(c.e.Console+"/v1/functions/actor/invoke?type=async", "application/json", strings.NewReader(event))
		require.NoError(t, err)
		require.NoError(t, resp.Body.Close())
		require.Equal(t, http.StatusAccepted, resp.StatusCode)
	}
	require.Equal(t, good, c.payload("done"))
	c.awaitIdle()
	var letter struct {
		RequestPayload string
		Subject        string
		Data           struct{ MessageBody string }
	}
	found := map[string]string{}
	for _, body := range c.peek("dead") {
		letter.RequestPayload, letter.Subject = "", ""
		require.NoError(t, json.Unmarshal([]byte(body), &letter))
		found[letter.Subject] = letter.RequestPayload + letter.Data.MessageBody
		letter.Data.MessageBody = ""
	}
	require.Equal(t, map[string]string{"": poison, "acs:mns:cn-hangzhou:1234567890123456:queues/orders": poison}, found)
}

func TestATimeScaleThatCannotBeIsRefused(t *testing.T) {
	for _, scale := range []float64{-1, 1e-9, 1e12} {
		opt := options()
		opt.TimeScale = scale
		_, err := stack.Start(context.Background(), opt)
		require.ErrorContains(t, err, "is not within 0.001 and 1e+09")
	}
}

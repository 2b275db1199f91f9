package stack_test

import (
	"encoding/json"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

// What the services refuse, who hears of it, and what it costs in calls.
func TestRefusalsAreAnswered(t *testing.T) {
	t.Parallel()
	fault := func(service, operation string, status int, code string, count int) account.Fault {
		return account.Fault{Service: service, Operation: operation, Effect: account.EffectCode, Code: code, Status: status, Count: count}
	}
	tests := []struct {
		name         string
		fault        account.Fault
		status, kind string
		calls        string
	}{
		{"quota", fault("ecs", "CreateImageComponent", 400, "QuotaExceed.ImageComponent", 1), "failed", "permanent",
			"GetObject DescribeImageComponents CreateImageComponent SendMessage"},
		{"no permission to create", fault("ecs", "CreateImageComponent", 403, "Forbidden.RAM", 1), "failed", "permanent",
			"GetObject DescribeImageComponents CreateImageComponent SendMessage"},
		{"no permission to look", fault("ecs", "DescribeImageComponents", 403, "Forbidden.RAM", 1), "failed", "permanent",
			"GetObject DescribeImageComponents SendMessage"},
		{"no permission to read", fault("oss", "GetObject", 403, "AccessDenied", 1), "failed", "permanent",
			"GetObject SendMessage"},
		{"throttled twice", fault("ecs", "CreateImageComponent", 400, "Throttling", 2), "created", "",
			"GetObject DescribeImageComponents CreateImageComponent GetObject CreateImageComponent GetObject CreateImageComponent SendMessage"},
		{"throttled while publishing", fault("mns", "SendMessage", 503, "ServiceUnavailable", 2), "created", "",
			"GetObject DescribeImageComponents CreateImageComponent SendMessage SendMessage SendMessage"},
		{"expired credentials", fault("ecs", "CreateImageComponent", 400, "InvalidSecurityToken.Expired", 1), "created", "",
			"GetObject DescribeImageComponents CreateImageComponent GetObject DescribeImageComponents CreateImageComponent SendMessage"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c := start(t, options())
			require.NoError(t, c.Account().Faults.Add(test.fault))
			c.Account().Faults.Record()
			j := c.upload(triggered, aComponent)
			o := c.following()
			require.Equal(t, test.calls, operations(c.Account().Faults.Calls()[1:]))
			require.Equal(t, []string{j.id, test.status, test.kind}, []string{o.Data.Job.ID, o.Data.Status, o.Data.Reason.Kind})
			require.Equal(t, []outcome{o}, c.received(1))
			if test.status == "created" {
				require.Len(t, c.components(c.e.Region), 1)
				return
			}
			require.Equal(t, test.fault.Code, o.Data.Reason.Code)
			require.Empty(t, c.components(c.e.Region))
		})
	}
}

// Whichever service a function is killed at, another that waits for an answer
// meanwhile gets it, and is delivered nothing twice.
func TestAKillLeavesOthersAtWork(t *testing.T) {
	t.Parallel()
	together(t, width, []account.Fault{
		{Service: "oss", Operation: "GetObject"},
		{Service: "ecs", Operation: "CreateImagePipeline"},
		{Service: "mns", Operation: "SendMessage", Match: "imagedrop-results"},
	}, func(f account.Fault) string { return f.Service }, func(t *testing.T, kill account.Fault) {
		opt := hasty(t)
		manual(&opt)
		c := start(t, opt)
		c.put(quiet, strings.ReplaceAll(aPipeline, "web", "killed"))
		faults := c.Account().Faults
		require.NoError(t, faults.Add(account.Fault{Service: "ecs", Operation: "CreateImageComponent", Effect: account.EffectSlow, DelayMs: 1000}))
		faults.Record()
		c.upload(triggered, aComponent)
		require.Eventually(t, func() bool { return tally(faults.Calls())["CreateImageComponent"] == 1 }, time.Minute, time.Millisecond)

		kill.Effect = account.EffectKillBefore
		require.NoError(t, faults.Add(kill))
		c.send(`{"templateUri":"oss://imagedrop-templates/` + quiet + `"}`)
		require.Eventually(t, func() bool { return c.killed() == 1 }, time.Minute, time.Millisecond)
		c.hand.Advance(time.Second) // the answer comes
		c.awaitIdle()
		require.ElementsMatch(t, prefixed([]string{"component.created", "pipeline.created"}), types(c.outcomesByID()))
		require.Equal(t, 1, tally(faults.Calls())["CreateImageComponent"])
		c.nothingIsLeft()
	})
}

// What no delivery could do ends in the dead letters, with all that it takes
// to do it again.
func TestGivenUpEventsCanBeDoneLater(t *testing.T) {
	t.Parallel()
	t.Run("upload", func(t *testing.T) {
		c := start(t, impatient(t))
		c.breakCreates()
		j := c.upload(triggered, aComponent)
		var record struct {
			RequestContext struct {
				Condition              string
				ApproximateInvokeCount int
			}
			RequestPayload, ResponsePayload string
		}
		require.NoError(t, json.Unmarshal([]byte(c.deadLetter()), &record))
		require.Equal(t, "UnhandledInvocationError", record.RequestContext.Condition)
		require.Equal(t, 3, record.RequestContext.ApproximateInvokeCount)
		require.Contains(t, record.ResponsePayload, "errorMessage")
		require.Contains(t, record.RequestPayload, j.id)

		c.Account().Faults.Clear()
		c.acknowledge("upload", record.RequestPayload)
		scenarios[0].verify(c, j, c.outcomes(1))
	})
	t.Run("message", func(t *testing.T) {
		c := start(t, impatient(t))
		c.breakCreates()
		j := c.send(componentMessage)
		letter := c.deadLetter()
		var event struct {
			Subject string
			Data    struct{ MessageID, MessageBody string }
		}
		require.NoError(t, json.Unmarshal([]byte(letter), &event))
		require.Equal(t, "acs:mns:cn-hangzhou:1234567890123456:queues/"+c.e.RequestQueue, event.Subject)
		require.Equal(t, componentMessage, event.Data.MessageBody)
		require.Equal(t, j.id, event.Data.MessageID)

		c.Account().Faults.Clear()
		c.acknowledge("message", "["+letter+"]")
		o := c.following()
		require.Equal(t, []string{"created", j.id}, []string{o.Data.Status, o.Data.Job.ID})
		require.Equal(t, []outcome{o}, c.received(1))
		require.Len(t, c.components(c.e.Region), 1)
	})
}

// impatient gives up after three attempts of an upload and four of a message,
// each with a second for its work. What is given up stays on the dead-letter
// queue: deadletter does not read it.
func impatient(t *testing.T) stack.Options {
	const head = "triggerName: dead-letters\n          triggerType: eventbridge\n          qualifier: LATEST\n" +
		"          description: what the platform gave up on\n          triggerConfig:\n            triggerEnable: "
	return changed(t, head+"true", head+"false", "timeout: 60", "timeout: 3", "maxAsyncRetryAttempts: 8", "maxAsyncRetryAttempts: 2",
		"PushRetryStrategy: EXPONENTIAL_DECAY_RETRY", "PushRetryStrategy: BACKOFF_RETRY")
}

// breakCreates lets every create fail, until the faults are cleared.
func (c *cloud) breakCreates() {
	require.NoError(c.t, c.Account().Faults.Add(account.Fault{
		Service: "ecs", Operation: "CreateImageComponent", Count: 1 << 30, Effect: account.EffectCode, Code: "InternalError", Status: 500,
	}))
}

// deadLetter waits for what the platform gave up on.
func (c *cloud) deadLetter() string {
	bodies := c.receive(c.queue("imagedrop-dlq"))
	require.Len(c.t, bodies, 1)
	require.Zero(c.t, len(c.components(c.e.Region)))
	return bodies[0]
}

package stack_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"imagedrop/shared/local/account"
)

// crowd is many pipelines that one timer event selects, by what is to become
// of them.
type crowd struct {
	unchanged, superseded, running, due int
	maxRunning                          int
}

func (n crowd) all() int { return n.unchanged + n.superseded + n.running + n.due }

// each calls do for every number below n, some at a time.
func each(t testing.TB, n int, do func(int) error) {
	var group errgroup.Group
	group.SetLimit(16)
	for i := range n {
		group.Go(func() error { return do(i) })
	}
	require.NoError(t, group.Wait())
}

// fill makes so many pipelines, and returns their IDs.
func (c *cloud) fill(n int, name func(int) string) []string {
	ids := make([]string, n)
	each(c.t, n, func(i int) error {
		var answer struct{ ImagePipelineID string }
		err := c.try("CreateImagePipeline", map[string]string{
			"RegionId": c.e.Region, "Name": name(i), "BaseImageType": "IMAGE_FAMILY", "BaseImage": aFamily,
			"BuildContent": fmt.Sprintf("FROM IMAGE_FAMILY:%s\nCOMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agent/1.*.*\nRUN echo %d", aFamily, i%7),
			"Tag.1.Key":    "rebuild", "Tag.1.Value": "nightly",
		}, &answer)
		ids[i] = answer.ImagePipelineID
		return err
	})
	return ids
}

func called(format string) func(int) string {
	return func(i int) string { return fmt.Sprintf(format, i) }
}

// executionsOf asks for those of many pipelines.
func (c *cloud) executionsOf(ids []string) map[string][]execution {
	answers := make([]struct {
		ImagePipelineExecution struct{ ImagePipelineExecutionSet []execution }
	}, len(ids))
	each(c.t, len(ids), func(i int) error {
		return c.try("DescribeImagePipelineExecutions", map[string]string{"RegionId": c.e.Region, "ImagePipelineId": ids[i]}, &answers[i])
	})
	found := map[string][]execution{}
	for i, id := range ids {
		found[id] = answers[i].ImagePipelineExecution.ImagePipelineExecutionSet
	}
	return found
}

// throttle refuses one of so many calls of the service.
func (c *cloud) throttle(oneOf, times int) {
	for i := range times {
		require.NoError(c.t, c.Account().Faults.Add(account.Fault{
			Service: "ecs", Operation: "*", Skip: i * oneOf, Effect: account.EffectCode, Code: "Throttling", Status: 400}))
	}
}

// A thousand pipelines that one event selects, with throttling: each gets one
// execution or one reasoned skip, of the run no more than maxRunning build at a
// time, and the calls stay within the budget.
func TestAThousandPipelinesInOneRun(t *testing.T) {
	t.Parallel()
	n := crowd{unchanged: 100, superseded: 50, running: 50, due: 800, maxRunning: 50}
	if underRace {
		n = crowd{unchanged: 20, superseded: 10, running: 10, due: 160, maxRunning: 20}
	}
	c := start(t, seriesOptions(t, n.maxRunning, 300))
	c.makeComponent("1.0.0")
	unchanged := c.fill(n.unchanged, called("old-%d"))
	event := map[string]string{"triggerTime": c.hand.Now().Format(time.RFC3339), "triggerName": "before", "payload": `{"namePattern":"old-*","maxRunning":100}`}
	require.NoError(t, c.invoke("rebuild", text(t, event)))
	c.awaitIdle()
	c.hand.Advance(10 * time.Second)
	superseded := c.fill(n.superseded, called("new-%d"))
	running := c.fill(n.running, called("busy-%d"))
	due := c.fill(n.due, called("new-%d"))
	known := len(c.feed())
	for _, id := range running {
		c.startPipeline(id, nil)
	}

	c.throttle(25, 200)
	c.Account().Faults.Record()
	at := c.hand.Now()
	c.fire(at)
	c.fire(at)
	c.awaitIdle()
	log := c.Account().Faults.Calls()
	c.Account().Faults.Clear()
	c.hand.Advance(10 * time.Second)

	said := c.saidOf(c.feed()[known:])
	require.Len(t, said, n.all())
	for want, ids := range map[string][]string{
		"skipped unchanged": unchanged, "skipped superseded": superseded, "skipped running": running, "started firstBuild": due,
	} {
		for _, id := range ids {
			require.Equal(t, want, said.brief(id))
		}
	}
	var own []execution
	for id, list := range c.executionsOf(due) {
		require.Len(t, list, 1)
		require.Equal(t, said[id].Data.Resource.ID, list[0].ExecutionID)
		own = append(own, list...)
	}
	for _, list := range c.executionsOf(append(unchanged, running...)) {
		require.Len(t, list, 1, "that from before")
	}
	for _, list := range c.executionsOf(superseded) {
		require.Empty(t, list)
	}
	require.Equal(t, n.maxRunning, mostAtOnce(own))
	require.Empty(t, c.peek("imagedrop-rebuild"))
	require.Empty(t, c.peek("imagedrop-dlq"))

	count, throttled := map[string]int{}, 0
	for _, call := range log {
		if call.Effect == "" {
			count[call.Operation]++
		} else {
			throttled++
		}
	}
	t.Logf("%d calls, %d throttled: %v", len(log), throttled, count)
	require.Greater(t, throttled, n.all()/25)
	require.LessOrEqual(t, count["DescribeImagePipelines"]+count["DescribeImageComponents"]+count["DescribeImageFromFamily"], n.all()/5)
	require.Equal(t, n.due, count["StartImagePipelineExecution"])
}

// BenchmarkRebuildRun runs through the binaries: the times per pipeline of runs
// of 10 and 1,000 stand as ratios to one of 100.
func BenchmarkRebuildRun(b *testing.B) {
	var hundred float64
	for _, n := range []int{100, 10, 1000} {
		b.Run(fmt.Sprint(n), func(b *testing.B) {
			opt := changed(b, append(disabled("checks", "looks at running builds"),
				nightlyPayload, `'{"tags": {"rebuild": "nightly"}, "maxRunning": 100, "force": true}'`)...)
			opt.TimeScale = 1e9
			c := start(b, opt)
			c.makeComponent("1.0.0")
			c.fill(n, called("web-%d"))
			nights := 0
			run := func() {
				nights++
				c.fire(time.Now().Add(time.Duration(nights) * time.Hour))
				c.awaitIdle()
			}
			run() // a warm instance
			for b.Loop() {
				run()
			}
			one := float64(b.Elapsed().Microseconds()) / float64(b.N*n)
			if n == 100 {
				hundred = one
			}
			b.ReportMetric(one, "µs/pipeline")
			b.ReportMetric(one/hundred, "to-100")
		})
	}
}

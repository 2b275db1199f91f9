package stack_test

import (
	"testing"

	"github.com/stretchr/testify/require"
	"golang.org/x/sync/errgroup"

	"imagedrop/shared/local/account"
)

func scenarioName(s scenario) string { return s.name }

func TestFiveDeliveriesOneAfterTheOther(t *testing.T) {
	t.Parallel()
	together(t, width, scenarios, scenarioName, func(t *testing.T, s scenario) {
		c := start(t, s.options(t))
		s.prepare(c)
		j := s.begin(c)
		outcomes := c.outcomes(1) // of the platform's own delivery
		for range 4 {
			require.NoError(t, c.deliver(j, 1))
			outcomes = append(outcomes, c.outcomes(1)...)
		}
		s.verify(c, j, outcomes)
	})
}

// Five processes at work on one event, and one process with five of it.
func TestFiveDeliveriesAtOnce(t *testing.T) {
	t.Parallel()
	together(t, width, scenarios, scenarioName, func(t *testing.T, s scenario) {
		c := start(t, s.options(t))
		s.prepare(c)
		c.slowCreates()
		j := s.announce(c)
		var deliveries errgroup.Group
		for range 5 {
			deliveries.Go(func() error { return c.deliver(j, 1) })
		}
		require.NoError(t, deliveries.Wait())
		s.verify(c, j, c.outcomes(5))
	})
}

func TestFiveOfOneInOneEvent(t *testing.T) {
	t.Parallel()
	together(t, width, scenarios, scenarioName, func(t *testing.T, s scenario) {
		c := start(t, s.options(t))
		s.prepare(c)
		j := s.announce(c)
		require.NoError(t, c.deliver(j, 5))
		s.verify(c, j, c.outcomes(5))
	})
}

// Two jobs at work on the same wildcard at once, each delivered five times:
// both see the same number free, and each ends with one of its own.
func TestTwoJobsForOneNumber(t *testing.T) {
	t.Parallel()
	tests := []struct{ version, first, second string }{{"1.4.*", "1.4.0", "1.4.1"}, {"1.*.*", "1.0.0", "1.1.0"}}
	for _, test := range tests {
		c := start(t, options())
		c.slowCreates()
		jobs := []job{
			c.message(account.NewMessageID(), `{"name":"web","componentVersion":"`+test.version+`","content":"RUN echo one\n"}`),
			c.message(account.NewMessageID(), `{"name":"web","componentVersion":"`+test.version+`","content":"RUN echo two\n"}`),
		}
		var deliveries errgroup.Group
		for _, j := range jobs {
			for range 5 {
				deliveries.Go(func() error { return c.deliver(j, 1) })
			}
		}
		require.NoError(t, deliveries.Wait())
		components := c.components(c.e.Region)
		require.Len(t, components, 2)
		require.ElementsMatch(t, []string{test.first, test.second}, []string{components[0].Version, components[1].Version})
		for _, o := range c.outcomes(10) {
			require.Equal(t, "imagedrop.component.created.v1", o.Type)
			require.Contains(t, components, resource{ID: o.Data.Resource.ID, Name: "web", Version: o.Data.Resource.Version, Job: o.Data.Job.ID})
		}
	}
}

// slowCreates refuses the first creates: while those pause, others look up and
// find nothing, either.
func (c *cloud) slowCreates() {
	for _, operation := range []string{"CreateImageComponent", "CreateImagePipeline"} {
		require.NoError(c.t, c.Account().Faults.Add(account.Fault{
			Service: "ecs", Operation: operation, Count: 5, Effect: account.EffectCode, Code: "Throttling.User", Status: 400,
		}))
	}
}

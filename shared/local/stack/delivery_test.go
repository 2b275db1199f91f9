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

// slowCreates refuses the first creates: while those pause, others look up and
// find nothing, either.
func (c *cloud) slowCreates() {
	for _, operation := range []string{"CreateImageComponent", "CreateImagePipeline"} {
		require.NoError(c.t, c.Account().Faults.Add(account.Fault{
			Service: "ecs", Operation: operation, Count: 5, Effect: account.EffectCode, Code: "Throttling.User", Status: 400,
		}))
	}
}

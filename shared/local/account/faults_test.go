package account_test

import (
	"net/http"
	"os"
	"path/filepath"
	"testing"
	"testing/synctest"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
)

// The draws depend on the seed and the order of the calls alone.
func TestTheSameSeedIsTheSameRun(t *testing.T) {
	run := func(seed uint64) (hits []bool) {
		acct := account.New()
		call := caller(acct)
		require.NoError(t, acct.Faults.Add(account.Fault{Service: "ecs", Operation: "Start", Probability: 0.5, Seed: seed, Effect: account.EffectThrottle}))
		for range 64 {
			require.Equal(t, 200, call("Describe", ""), "draws nothing")
			hits = append(hits, call("Start", "") == 400)
		}
		require.Len(t, acct.Faults.List(), 1, "until it is cleared")
		return hits
	}
	first := run(7)
	require.Equal(t, first, run(7))
	require.NotEqual(t, first, run(8))
	require.Contains(t, first, true)
	require.Contains(t, first, false)
}

func TestAProbabilityWithACount(t *testing.T) {
	acct := account.New()
	call := caller(acct)
	require.NoError(t, acct.Faults.Add(account.Fault{Service: "ecs", Operation: "*", Probability: 0.3, Seed: 1, Count: 3, Effect: account.Effect503}))
	hits := 0
	for range 200 {
		if call("Start", "") == 503 {
			hits++
		}
	}
	require.Equal(t, 3, hits)
	require.Empty(t, acct.Faults.List())
}

// What a service has no code for, what no such effect can strike, and fields
// that an effect does not have: each is refused with the reason.
func TestEveryRefusedCombinationSaysWhy(t *testing.T) {
	for want, fault := range map[string]account.Fault{
		`there is no service "ec3": want ecs, oss, mns, ec2, fc`:                 {Service: "ec3", Operation: "*", Effect: account.EffectTimeout},
		`service "mns" documents no code for effect "503": name one with effect`: {Service: "mns", Operation: "*", Effect: account.Effect503},
		`effect "throttle" has no code: it answers what the service answers`:     {Service: "ecs", Operation: "*", Effect: account.EffectThrottle, Code: "X"},
		`effect "drop-after" has no status`:                                      {Service: "ecs", Operation: "*", Effect: account.EffectDropAfter, Status: 500},
		`effect "slow" needs a delayMs`:                                          {Service: "ecs", Operation: "*", Effect: account.EffectSlow},
		`effect "clock-skew" needs a skewSeconds`:                                {Service: "ecs", Operation: "*", Effect: account.EffectClockSkew},
		`effect "truncate" has no delayMs`:                                       {Service: "ecs", Operation: "*", Effect: account.EffectTruncate, DelayMs: 1},
		`effect "crash" is for service "fc", which runs`:                         {Service: "mns", Operation: "SendMessage", Effect: account.EffectCrash},
		`effect "duplicate" is for service "fc", operation the name of a function, or *; service "mns", operation SendMessage, BatchSendMessage, PublishMessage`: {
			Service: "oss", Operation: "PutObject", Effect: account.EffectDuplicate},
		`effect "reorder" of service "mns" has no delayMs`: {Service: "mns", Operation: "SendMessage", Effect: account.EffectReorder, DelayMs: 1},
		`a number from 0 to 1`:                             {Service: "ecs", Operation: "*", Effect: account.EffectTimeout, Probability: 1.5},
		`a seed is for a probability`:                      {Service: "ecs", Operation: "*", Effect: account.EffectTimeout, Seed: 1},
		`status is one of HTTP`:                            {Service: "ecs", Operation: "*", Effect: account.EffectCode, Code: "X", Status: 99},
		`no negative numbers`:                              {Service: "ecs", Operation: "*", Effect: account.EffectSlow, DelayMs: -1},
	} {
		acct := account.New()
		fine := account.Fault{Service: "ecs", Operation: "*", Effect: account.EffectTimeout}
		require.ErrorContains(t, acct.Faults.Add(fault), want)
		require.ErrorContains(t, acct.Faults.Add(fine, fault), "fault 2: ")
		require.Empty(t, acct.Faults.List(), "all or none")
	}
}

func TestFaultsOfAFile(t *testing.T) {
	path := filepath.Join(t.TempDir(), "faults.yaml")
	read := func(text string) ([]account.Fault, error) {
		require.NoError(t, os.WriteFile(path, []byte(text), 0o600))
		return account.ReadFaults(path)
	}
	got, err := read("faults:\n  - {service: mns, operation: SendMessage, effect: delay, delayMs: 50, probability: 0.5, seed: 3}\n")
	require.NoError(t, err)
	require.Equal(t, []account.Fault{{Service: "mns", Operation: "SendMessage", Effect: account.EffectDelay, DelayMs: 50, Probability: 0.5, Seed: 3}}, got)
	_, err = read("faults:\n  - {servce: mns}\n")
	require.ErrorContains(t, err, path+": ")
	require.ErrorContains(t, err, "line 2: field servce not found")
	_, err = read("faults: []\n")
	require.ErrorContains(t, err, "it has none; want faults: [{service: ")
}

// A slow call is done once its delay has passed on the account's clock, and as
// much faster as the account's waits are.
func TestASlowCallWaitsOnTheClock(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		clock := account.NewManualClock(time.Unix(0, 0))
		acct := account.NewAt(clock)
		acct.Scale = 10
		call := caller(acct)
		require.NoError(t, acct.Faults.Add(account.Fault{Service: "ecs", Operation: "*", Effect: account.EffectSlow, DelayMs: 1000}))
		done := false
		go func() {
			require.Equal(t, http.StatusOK, call("Start", ""))
			done = true
		}()
		synctest.Wait()
		clock.Advance(99 * time.Millisecond)
		synctest.Wait()
		require.False(t, done)
		clock.Advance(time.Millisecond)
		synctest.Wait()
		require.True(t, done)
	})
}

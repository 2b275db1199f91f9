package fc_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/fc"
)

func (w *world) fault(effect account.Effect, match string, delayMs int) {
	w.t.Helper()
	require.NoError(w.t, w.acct.Faults.Add(account.Fault{Service: "fc", Operation: "actor", Match: match, Effect: effect, DelayMs: delayMs}))
}

// Both deliveries of one event are at work at once, under one request ID; what
// follows is settled once.
func TestADuplicateIsDeliveredBesideItsFirst(t *testing.T) {
	f, failures, successes := asyncActor()
	f.MaxInstances = 2
	w := start(t, []fc.Function{f})
	g := newGate(t)
	w.fault(account.EffectDuplicate, "", 0)
	w.invokeAsync(order{Do: "get", URL: g.URL})
	first, second := g.next(), g.next()
	first.leave(http.StatusOK)
	second.leave(http.StatusOK)
	take(t, successes, "the record")
	w.awaitEmpty()
	require.Empty(t, successes)
	require.Empty(t, failures)
}

// The event that is to be overtaken comes behind the next one, although there
// is but one instance.
func TestAReorderedEventComesBehindTheNext(t *testing.T) {
	f, _, successes := asyncActor()
	f.MaxInstances = 1
	w := start(t, []fc.Function{f})
	g := newGate(t)
	w.fault(account.EffectReorder, "overtaken", 3600*1000*1000)
	w.invokeAsync(order{Do: "get", URL: g.URL + "/overtaken"})
	passed := 0
	for at := ""; at != "/overtaken"; passed++ { // it is held back a little later than it is struck
		w.invokeAsync(order{Do: "get", URL: g.URL + "/next"})
		v := g.next()
		at = v.r.URL.Path
		v.leave(http.StatusOK)
	}
	g.next().leave(http.StatusOK)
	require.GreaterOrEqual(t, passed, 2, "at least one went before it")
	for range passed + 1 {
		take(t, successes, "a record")
	}
	w.awaitEmpty()
}

func TestACrashIsAFailedAttempt(t *testing.T) {
	f, _, successes := asyncActor()
	w := start(t, []fc.Function{f})
	w.fault(account.EffectCrash, "", 0)
	w.invokeAsync(order{Do: "echo", Text: "x"})
	r := decode(t, take(t, successes, "the record"))
	require.Equal(t, 2, r.RequestContext.ApproximateInvokeCount)
	w.awaitEmpty()
}

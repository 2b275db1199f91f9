package fc_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/fc"
	"imagedrop/shared/local/store"
)

// record is a destination's record as a consumer reads it.
type record struct {
	Timestamp      int64
	RequestContext struct {
		RequestID, FunctionArn, Condition string
		ApproximateInvokeCount            int
	}
	RequestPayload  string
	ResponseContext struct {
		StatusCode    int
		FunctionError string
	}
	ResponsePayload string
}

func decode(t *testing.T, data []byte) record {
	t.Helper()
	require.LessOrEqual(t, len(data), 64<<10)
	var r record
	require.NoError(t, json.Unmarshal(data, &r))
	return r
}

// asyncActor retries three times and has both destinations.
func asyncActor() (f fc.Function, failures, successes destination) {
	failures, successes = make(destination, 100), make(destination, 100)
	f = function("actor")
	f.Async = fc.Async{MaxRetries: 3, OnFailure: failures.take, OnSuccess: successes.take}
	return f, failures, successes
}

func TestAsyncSuccess(t *testing.T) {
	f, failures, successes := asyncActor()
	w := start(t, []fc.Function{f})
	w.invokeAsync(order{Do: "echo", Text: "x"})
	r := decode(t, take(t, successes, "the record"))
	require.Equal(t, "Success", r.RequestContext.Condition)
	require.Equal(t, 1, r.RequestContext.ApproximateInvokeCount)
	require.Equal(t, "acs:fc:cn-hangzhou:1234567890123456:functions/actor", r.RequestContext.FunctionArn)
	require.Equal(t, `{"Do":"echo","Text":"x"}`, r.RequestPayload)
	require.Equal(t, `{"Do":"echo","Text":"x"}`, r.ResponsePayload)
	require.Equal(t, 200, r.ResponseContext.StatusCode)
	require.Empty(t, r.ResponseContext.FunctionError)
	require.InDelta(t, time.Now().UnixMilli(), r.Timestamp, float64(patience.Milliseconds()))
	w.awaitEmpty()
	require.Empty(t, failures)
}

// awaitEmpty waits until no event of the actor is left.
func (w *world) awaitEmpty() {
	w.t.Helper()
	require.Eventually(w.t, func() bool { return w.stats("actor").Events == 0 }, patience, time.Millisecond)
	require.Empty(w.t, stored(w.t, w.store))
}

// stored returns the keys of the events in the store.
func stored(t *testing.T, st *store.Store) (keys []string) {
	t.Helper()
	require.NoError(t, st.View(func(tx *store.Tx) error {
		tx.Scan("fc-events", "", "", func(key string, _ []byte) bool {
			keys = append(keys, key)
			return true
		})
		return nil
	}))
	return keys
}

func TestAsyncRetriesCountUp(t *testing.T) {
	g := newGate(t)
	f, _, successes := asyncActor()
	w := start(t, []fc.Function{f})
	w.invokeAsync(order{Do: "fail until", URL: g.URL, Times: 2})
	for retry := range 3 {
		v := g.next()
		require.Equal(t, fmt.Sprint(retry), v.r.URL.Query().Get("retry"))
		v.leave(http.StatusOK)
	}
	require.Equal(t, 3, decode(t, take(t, successes, "the record")).RequestContext.ApproximateInvokeCount)
	w.awaitEmpty()
}

func TestAsyncGivesUp(t *testing.T) {
	tests := []struct {
		name, response string
		do             order
	}{
		{"error", `"errorMessage":"no luck"`, order{Do: "fail", Text: "no luck"}},
		{"crash", "Process exited unexpectedly", order{Do: "exit"}},
		{"time-out", "Function time out after 1 seconds", order{Do: "hang"}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f, failures, successes := asyncActor()
			f.Async.MaxRetries = 1
			if tt.do.Do == "hang" { // the others are in no hurry
				f.Timeout = time.Second
			}
			w := start(t, []fc.Function{f})
			w.invokeAsync(tt.do)
			r := decode(t, take(t, failures, "the record"))
			require.Equal(t, "UnhandledInvocationError", r.RequestContext.Condition)
			require.Equal(t, "UnhandledInvocationError", r.ResponseContext.FunctionError)
			require.Equal(t, 2, r.RequestContext.ApproximateInvokeCount)
			require.Equal(t, string(tt.do.json()), r.RequestPayload)
			require.Contains(t, r.ResponsePayload, tt.response)
			w.awaitEmpty()
			require.Empty(t, successes)
		})
	}
}

// An event that ends its function's process each time is given up, and those
// beside it and behind it have their turn.
func TestAPoisonEventBlocksNothing(t *testing.T) {
	f, failures, successes := asyncActor()
	f.MaxInstances = 1
	w := start(t, []fc.Function{f})
	for range 3 {
		w.invokeAsync(order{Do: "exit", Text: "poison"})
		w.invokeAsync(order{Do: "pid"})
	}
	for range 3 {
		take(t, successes, "the record of a good event")
		require.Equal(t, 4, decode(t, take(t, failures, "the record of a poison event")).RequestContext.ApproximateInvokeCount)
	}
	w.awaitEmpty()
	require.Empty(t, failures)
}

// The account's clock stands unless the test moves it, so no retry can come
// before its time.
func TestAsyncSpacingIsExponential(t *testing.T) {
	clock := account.NewManualClock(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC))
	g := newGate(t)
	f, failures, _ := asyncActor()
	f.Async.MaxRetries = 8
	w := start(t, []fc.Function{f}, onClock(clock), scaled(1))
	w.invokeAsync(order{Do: "get", URL: g.URL})
	for _, spacing := range []time.Duration{1, 2, 4, 8, 16, 32, 60, 60} {
		g.next().leave(http.StatusBadGateway)
		w.awaitDue(clock.Now().Add(spacing * time.Second))
		clock.Advance(spacing*time.Second - 1)
		require.Empty(t, g.visits)
		clock.Advance(1)
	}
	g.next().leave(http.StatusBadGateway)
	require.Equal(t, 9, decode(t, take(t, failures, "the record")).RequestContext.ApproximateInvokeCount)
}

// awaitDue waits until the only event in the store is due at the given time.
func (w *world) awaitDue(due time.Time) {
	w.t.Helper()
	require.Eventually(w.t, func() bool {
		var e struct{ Due time.Time }
		require.NoError(w.t, w.store.View(func(tx *store.Tx) error {
			tx.Scan("fc-events", "", "", func(_ string, value []byte) bool {
				require.NoError(w.t, json.Unmarshal(value, &e))
				return false
			})
			return nil
		}))
		return e.Due.Equal(due)
	}, patience, time.Millisecond)
}

func TestAsyncEventsExpire(t *testing.T) {
	clock := account.NewManualClock(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC))
	g := newGate(t)
	f, failures, _ := asyncActor()
	f.MaxInstances = 1
	f.Async.MaxAge = time.Hour
	w := start(t, []fc.Function{f}, onClock(clock))
	w.invokeAsync(order{Do: "get", URL: g.URL})
	first := g.next()
	w.invokeAsync(order{Do: "echo", Text: "waits too long"})
	clock.Advance(2 * time.Hour)
	first.leave(http.StatusBadGateway)

	r := decode(t, take(t, failures, "the record of the one that failed"))
	require.Equal(t, "UnhandledInvocationError", r.RequestContext.Condition)
	require.Equal(t, 1, r.RequestContext.ApproximateInvokeCount, "no retry comes in time")
	r = decode(t, take(t, failures, "the record of the one that waited"))
	require.Equal(t, "AsyncEventExpired", r.RequestContext.Condition)
	require.Equal(t, 0, r.RequestContext.ApproximateInvokeCount)
	require.Contains(t, r.RequestPayload, "waits too long")
	w.awaitEmpty()
}

func TestAsyncPayloadLimit(t *testing.T) {
	f, _, successes := asyncActor()
	w := start(t, []fc.Function{f})
	send := func(n int) error {
		return w.store.Update(func(tx *store.Tx) error {
			_, err := w.host.InvokeAsync(tx, "actor", []byte(fmt.Sprintf(`{"Do":"size","Text":%q}`, strings.Repeat("<", n-len(`{"Do":"size","Text":""}`)))))
			return err
		})
	}
	require.ErrorIs(t, send(128<<10+1), fc.ErrPayloadTooLarge)
	require.Empty(t, stored(t, w.store))
	require.NoError(t, send(128<<10))
	r := decode(t, take(t, successes, "the record"))
	require.True(t, strings.HasPrefix(r.RequestPayload, `{"Do":"size"`), "cut at its end to fit into a message")
	require.Greater(t, len(r.RequestPayload), 60<<10)
}

func TestALongAnswerIsCutBeforeThePayload(t *testing.T) {
	f, _, successes := asyncActor()
	w := start(t, []fc.Function{f})
	w.invokeAsync(order{Do: "big", Times: 100 << 10})
	r := decode(t, take(t, successes, "the record"))
	require.Equal(t, string(order{Do: "big", Times: 100 << 10}.json()), r.RequestPayload)
	require.Greater(t, len(r.ResponsePayload), 60<<10)
}

func TestAnEventOfARolledBackTransactionIsNotDelivered(t *testing.T) {
	f, _, successes := asyncActor()
	w := start(t, []fc.Function{f})
	failed := errors.New("the object was not stored")
	err := w.store.Update(func(tx *store.Tx) error {
		_, err := w.host.InvokeAsync(tx, "actor", order{Do: "echo", Text: "ghost"}.json())
		return errors.Join(err, failed)
	})
	require.ErrorIs(t, err, failed)
	w.invokeAsync(order{Do: "echo", Text: "real"})
	require.Contains(t, decode(t, take(t, successes, "the record")).RequestPayload, "real")
	w.awaitEmpty()
	require.Empty(t, successes)
}

func TestADestinationThatFailsKeepsTheEvent(t *testing.T) {
	f, _, _ := asyncActor()
	var refusals atomic.Int32
	arrived := make(destination, 1)
	f.Async.MaxRetries = 0
	f.Async.OnFailure = func(tx *store.Tx, rec []byte) error {
		if refusals.Add(1) <= 2 {
			return errors.New("no such queue")
		}
		return arrived.take(tx, rec)
	}
	w := start(t, []fc.Function{f})
	w.invokeAsync(order{Do: "fail"})
	take(t, arrived, "the record")
	w.awaitEmpty()
	w.awaitLine(func(s string) bool { return strings.Contains(s, "destination: no such queue") })
}

func TestManyEventsEachArriveAndShareCommits(t *testing.T) {
	const n = 3000
	f, _, successes := asyncActor()
	w := start(t, []fc.Function{f})
	require.NoError(t, w.store.Update(func(tx *store.Tx) error {
		for i := range n {
			if _, err := w.host.InvokeAsync(tx, "actor", order{Do: "echo", Times: i + 1}.json()); err != nil {
				return err
			}
		}
		return nil
	}))
	seen := map[string]bool{}
	for range n {
		seen[decode(t, take(t, successes, "a record")).RequestPayload] = true
	}
	require.Len(t, seen, n)
	w.awaitEmpty()
}

// What was not finished when the host closed is delivered by the next one.
func TestEventsOutliveTheHost(t *testing.T) {
	g := newGate(t)
	st := memory(t)
	f, failures, successes := asyncActor()
	f.MaxInstances = 1
	w := start(t, []fc.Function{f}, onStore(st))
	w.invokeAsync(order{Do: "get", URL: g.URL})
	w.invokeAsync(order{Do: "echo", Text: "waits"})
	g.next()
	w.close()
	require.Empty(t, failures, "that the host ended is no failure of the function")
	require.Len(t, stored(t, st), 2)

	w = start(t, []fc.Function{f}, onStore(st))
	g.next().leave(http.StatusOK)
	r := decode(t, take(t, successes, "the first record"))
	require.Equal(t, 1, r.RequestContext.ApproximateInvokeCount)
	take(t, successes, "the second record")
	w.awaitEmpty()
}

func TestEventsBeforeTheStartAreDelivered(t *testing.T) {
	f, _, successes := asyncActor()
	w := prepare(t, []fc.Function{f})
	w.invokeAsync(order{Do: "echo"})
	w.start()
	take(t, successes, "the record")
	w.awaitEmpty()
	require.Empty(t, successes, "once")
}

func TestEventsOfAFunctionThatIsGoneAreReported(t *testing.T) {
	st := memory(t)
	w := prepare(t, []fc.Function{function("actor")}, onStore(st))
	w.invokeAsync(order{Do: "echo"})
	w.close()
	w = start(t, []fc.Function{function("hooks")}, onStore(st))
	w.awaitLine(func(s string) bool { return s == "actor: fc: 1 events wait for this function, which is not there" })
	require.Len(t, stored(t, st), 1)
}

const hostArgument = "host-until-killed"

// hostUntilKilled is another process: a host with an event in its store whose
// function is at work, and with a function that neither works nor speaks, so
// that no broken pipe tells it of the host's end.
func hostUntilKilled(path, dir, url string) {
	binaries = func() string { return dir }
	st := must(store.Open(path))
	silent := function("broken")
	silent.Env = map[string]string{"BROKEN_WHILE": path, "BROKEN_AT": url + "/silent"}
	host := must(fc.New(account.New(), st, fc.Options{Functions: []fc.Function{function("actor"), silent}}))
	server := httptest.NewServer(host)
	if err := host.Start(server.Listener.Addr().String()); err != nil {
		panic(err)
	}
	err := st.Update(func(tx *store.Tx) error {
		_, err := host.InvokeAsync(tx, "actor", order{Do: "get", URL: url}.json())
		return err
	})
	if err != nil {
		panic(err)
	}
	select {}
}

func TestKillOfTheHostKillsItsFunctionsAndLosesNothing(t *testing.T) {
	g := newGate(t)
	path := filepath.Join(t.TempDir(), "state.db")
	other := exec.Command(os.Args[0], hostArgument, path, binaries(), g.URL)
	other.Stderr = os.Stderr
	require.NoError(t, other.Start())
	running := []visit{g.next(), g.next()}
	require.NoError(t, other.Process.Kill())
	require.Error(t, other.Wait())
	for _, v := range running {
		take(t, v.r.Context().Done(), "the end of the process at "+v.r.URL.Path)
	}

	st, err := store.Open(path)
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	f, _, successes := asyncActor()
	w := start(t, []fc.Function{f}, onStore(st))
	g.next().leave(http.StatusOK)
	require.Contains(t, decode(t, take(t, successes, "the record")).RequestPayload, g.URL)
	w.awaitEmpty()
}

package fc_test

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/fc"
	"imagedrop/shared/local/store"
)

// scratch is a folder for as long as the tests run.
var scratch string

func TestMain(m *testing.M) {
	if len(os.Args) == 5 && os.Args[1] == hostArgument {
		hostUntilKilled(os.Args[2], os.Args[3], os.Args[4])
		return
	}
	os.Exit(func() int {
		scratch = must(os.MkdirTemp("", "fc-functions-*"))
		defer os.RemoveAll(scratch)
		return m.Run()
	}())
}

// binaries returns the folder of the test functions. The first test that asks
// builds them; what needs none, a fuzz worker, does not wait.
var binaries = sync.OnceValue(func() string {
	build := exec.Command("go", "build", "-o", scratch, "./testdata/functions/actor", "./testdata/functions/broken", "./testdata/functions/hooks")
	build.Env = append(os.Environ(), "CGO_ENABLED=0")
	if out, err := build.CombinedOutput(); err != nil {
		panic(fmt.Errorf("building the test functions: %w\n%s", err, out))
	}
	return scratch
})

func function(name string) fc.Function {
	return fc.Function{
		Name: name, Region: account.Region, Handler: "main", Command: filepath.Join(binaries(), name),
		Timeout: 20 * time.Second, MemoryMB: 256, MaxInstances: 4,
	}
}

// patience bounds every wait of a test: far more than anything takes.
const patience = 30 * time.Second

// world is a host at work, and what it logged.
type world struct {
	t      *testing.T
	acct   *account.Account
	scale  float64 // of the account
	store  *store.Store
	host   *fc.Host
	server *httptest.Server

	mu    sync.Mutex
	lines []string
	news  chan struct{} // a line was logged
}

type option func(*world, *fc.Options)

func onStore(st *store.Store) option { return func(w *world, _ *fc.Options) { w.store = st } }
func onClock(c account.Clock) option {
	return func(w *world, _ *fc.Options) { w.acct = account.NewAt(c) }
}
func scaled(by float64) option             { return func(w *world, _ *fc.Options) { w.scale = by } }
func with(change func(*fc.Options)) option { return func(_ *world, o *fc.Options) { change(o) } }

func start(t *testing.T, functions []fc.Function, options ...option) *world {
	t.Helper()
	w := prepare(t, functions, options...)
	w.start()
	return w
}

func prepare(t *testing.T, functions []fc.Function, options ...option) *world {
	t.Helper()
	w := &world{t: t, acct: account.New(), scale: 1000, news: make(chan struct{}, 1)}
	opt := fc.Options{Functions: functions, Log: w.note}
	for _, o := range options {
		o(w, &opt)
	}
	w.acct.Scale = w.scale
	if w.store == nil {
		w.store = memory(t)
	}
	host, err := fc.New(w.acct, w.store, opt)
	require.NoError(t, err)
	w.host = host
	w.server = httptest.NewServer(host)
	t.Cleanup(w.close)
	return w
}

func (w *world) start() {
	w.t.Helper()
	require.NoError(w.t, w.host.Start(w.server.Listener.Addr().String()))
}

func (w *world) close() {
	require.NoError(w.t, w.host.Close())
	w.server.Close()
}

func memory(t *testing.T) *store.Store {
	t.Helper()
	st, err := store.OpenMemory()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

func (w *world) note(function, line string) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.lines = append(w.lines, function+": "+line)
	select {
	case w.news <- struct{}{}:
	default:
	}
}

func (w *world) logged() []string {
	w.mu.Lock()
	defer w.mu.Unlock()
	return append([]string{}, w.lines...)
}

// awaitLine waits until a logged line satisfies match.
func (w *world) awaitLine(match func(string) bool) string {
	w.t.Helper()
	timeout := time.After(patience)
	for seen := 0; ; {
		lines := w.logged()
		for ; seen < len(lines); seen++ {
			if match(lines[seen]) {
				return lines[seen]
			}
		}
		select {
		case <-w.news:
		case <-timeout:
			require.FailNow(w.t, "the line was not logged", "%q", lines)
		}
	}
}

type order struct {
	Do    string
	Text  string `json:",omitempty"`
	URL   string `json:",omitempty"`
	Times int    `json:",omitempty"`
}

func (o order) json() []byte {
	data, err := json.Marshal(o)
	if err != nil {
		panic(err)
	}
	return data
}

// invoke runs the order on the actor.
func (w *world) invoke(o order) fc.Result {
	w.t.Helper()
	return w.invokeRaw("actor", o.json())
}

func (w *world) invokeRaw(function string, payload []byte) fc.Result {
	w.t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), patience)
	defer cancel()
	r, err := w.host.Invoke(ctx, function, payload)
	require.NoError(w.t, err)
	return r
}

// answer decodes the body of a successful result.
func answer[T any](t *testing.T, r fc.Result) T {
	t.Helper()
	require.Empty(t, r.ErrorType, "body %s, logs %q", r.Body, r.Logs)
	var v T
	require.NoError(t, json.Unmarshal(r.Body, &v))
	return v
}

func (w *world) invokeAsync(o order) {
	w.t.Helper()
	require.NoError(w.t, w.store.Update(func(tx *store.Tx) error {
		_, err := w.host.InvokeAsync(tx, "actor", o.json())
		return err
	}))
}

func (w *world) stats(function string) fc.Stats {
	for _, s := range w.host.Stats() {
		if s.Function == function {
			return s
		}
	}
	w.t.Fatalf("no stats of %s", function)
	return fc.Stats{}
}

// visit is a function standing at the gate until it is answered.
type visit struct {
	r      *http.Request
	answer chan int // HTTP status
}

func (v visit) leave(status int) { v.answer <- status }

// gate is a server that functions call: a test sees that they run, and
// decides when they go on.
type gate struct {
	*httptest.Server
	t      *testing.T
	visits chan visit
}

func newGate(t *testing.T) *gate {
	g := &gate{t: t, visits: make(chan visit, 100)}
	g.Server = httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		v := visit{r, make(chan int, 1)}
		g.visits <- v
		select {
		case status := <-v.answer:
			w.WriteHeader(status)
			_, _ = io.WriteString(w, http.StatusText(status))
		case <-r.Context().Done():
		}
	}))
	t.Cleanup(func() {
		g.CloseClientConnections()
		g.Close()
	})
	return g
}

func (g *gate) next() visit {
	g.t.Helper()
	return take(g.t, g.visits, "a visit at the gate")
}

// take waits for a value.
func take[T any](t *testing.T, ch <-chan T, what string) T {
	t.Helper()
	select {
	case v := <-ch:
		return v
	case <-time.After(patience):
		require.FailNow(t, "timed out waiting for "+what)
		panic("unreachable")
	}
}

// destination collects records as they commit.
type destination chan []byte

func (d destination) take(tx *store.Tx, record []byte) error {
	tx.OnCommit(func() { d <- record })
	return nil
}

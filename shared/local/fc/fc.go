// Package fc is the local host of Function Compute: it starts the built
// function binaries as processes, serves them the runtime API (2020-11-11),
// and delivers to them: synchronous invocations, the asynchronous queue with
// retries and destinations, the streams of queue triggers, timers, and topics.
// To clients it serves one operation of the API 2023-03-30, InvokeFunction;
// every other one answers PathNotSupported.
//
// What concerns processes (deadlines, start-up, idleness) runs on the
// machine's clock, which the functions themselves see; what concerns delivery
// (retries, ages, visibility, timers) runs on the account's clock. The spacing
// of retries is scaled, nothing else. Memory limits are announced to a function
// but not enforced.
package fc

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

var (
	// ErrClosed answers invocations that the end of the host cut short.
	ErrClosed = errors.New("the function host is closed")
	// ErrUnknownFunction answers invocations of a function that is not there.
	ErrUnknownFunction = errors.New("no such function")
	// ErrPayloadTooLarge answers payloads over the limit of the invocation's kind.
	ErrPayloadTooLarge = errors.New("the payload is too large")

	errTaskExists = errors.New("the task exists already")
)

// Source: FC 3.0, limits of usage.
const (
	maxSyncPayload  = 32 << 20
	maxAsyncPayload = 128 << 10
	maxTimeout      = 86_400 * time.Second
	maxRetries      = 8
	maxEventAge     = 604_800 * time.Second
	maxEnvironment  = 4 << 10
	maxInitializer  = 300 * time.Second
	maxPreStop      = 90 * time.Second
)

// Defaults of a Function. Source: FC API 2023-03-30, CreateFunction parameters
// timeout and memorySize, PutAsyncInvokeConfig parameter
// maxAsyncEventAgeInSeconds; the number of instances is ours, for a laptop.
const (
	defaultTimeout      = 3 * time.Second
	defaultMemoryMB     = 512
	defaultMaxInstances = 10
	defaultEventAge     = 86_400 * time.Second
	defaultIdleAfter    = 5 * time.Minute
)

// Function is one deployed function of runtime go1.
type Function struct {
	Name, Region, Role, Handler string
	Command                     string            // path of the binary
	Env                         map[string]string // the function's own; the platform's names win
	Timeout                     time.Duration     // 0: 3 s
	MemoryMB                    int               // 0: 512
	MaxInstances                int               // 0: 10; each serves one request at a time
	Async                       Async
	Initializer, PreStop        Hook
}

// Hook is a lifecycle hook of an instance; the zero Hook is not called.
type Hook struct {
	Handler string
	Timeout time.Duration
}

// Async is the configuration of asynchronous invocations.
type Async struct {
	MaxRetries int           // after a failed first attempt; 0 to 8
	MaxAge     time.Duration // 0: 24 h
	// OnFailure and OnSuccess take the record of an event that is done with,
	// in the transaction that forgets the event; nil: no destination. Where
	// they fail the event stays and is delivered again.
	OnFailure, OnSuccess func(tx *store.Tx, record []byte) error
}

// Options are the parts of a Host.
type Options struct {
	Functions []Function
	Triggers  []QueueTrigger
	Timers    []TimerTrigger
	Topics    []TopicTrigger
	IdleAfter time.Duration // an instance idle for so long ends unless it is the last; 0: 5 min
	// OnDemand starts no instance before the first event of its function. A
	// function that cannot start is not known of before, either.
	OnDemand bool
	// NoAuth takes every request of the API as the account's, whatever its
	// signature, for experiments.
	NoAuth bool
	// Log takes each line that a function writes, Report what the host has to
	// say: a function that does not start, an event given up. nil: such texts go
	// to Log, behind "fc: ". Neither is ever called concurrently with the other
	// or itself, and they must not call the Host.
	Log, Report func(function, line string)
}

// Result is what a synchronous invocation answers.
type Result struct {
	RequestID string        `json:"requestId"`
	Body      []byte        `json:"body"`      // the answer, or the error's JSON
	ErrorType string        `json:"errorType"` // "" is success
	Logs      []string      `json:"logs"`
	Duration  time.Duration `json:"duration"`
	ColdStart bool          `json:"coldStart"` // the invocation waited for its instance to start
}

// Stats counts what happened to one function since New.
type Stats struct {
	Function   string `json:"function"`
	Instances  int    `json:"instances"`
	Busy       int    `json:"busy"`
	Waiting    int    `json:"waiting"` // invocations that no instance has got yet
	Events     int    `json:"events"`  // asynchronous events not yet done with
	ColdStarts int    `json:"coldStarts"`
}

// Host runs the functions. It is an http.Handler, the runtime API for them and
// the API for clients, and safe for concurrent use.
type Host struct {
	acct     *account.Account
	store    *store.Store
	triggers []QueueTrigger
	timers   []TimerTrigger
	topics   []TopicTrigger
	pools    map[string]*pool
	names    []string // of the functions, in the order given
	idle     time.Duration
	onDemand bool
	noAuth   bool
	records  records
	boot     time.Duration  // how long an instance may take until it asks for work
	mux      *http.ServeMux // the runtime API
	api      http.Handler
	spawn    *spawner

	logMu       sync.Mutex
	log, report func(function, line string)

	addr   string
	ctx    context.Context
	cancel context.CancelFunc
	work   sync.WaitGroup
	closed sync.Once
}

// New checks the functions and triggers. The account's faults apply to the API
// for clients. Nothing runs before Start, but
// events may be stored already.
func New(acct *account.Account, st *store.Store, opt Options) (*Host, error) {
	h := &Host{
		acct: acct, store: st, pools: map[string]*pool{},
		idle: opt.IdleAfter, onDemand: opt.OnDemand, noAuth: opt.NoAuth, boot: defaultBoot, log: opt.Log, report: opt.Report,
	}
	if h.idle <= 0 {
		h.idle = defaultIdleAfter
	}
	for _, f := range opt.Functions {
		if err := h.add(f); err != nil {
			return nil, err
		}
	}
	for _, t := range opt.Triggers {
		if err := t.check(h.pools); err != nil {
			return nil, err
		}
		h.triggers = append(h.triggers, t.withDefaults())
	}
	for _, t := range opt.Timers {
		if err := t.check(h.pools); err != nil {
			return nil, err
		}
	}
	for _, t := range opt.Topics {
		if err := t.check(h.pools); err != nil {
			return nil, err
		}
	}
	h.timers, h.topics = opt.Timers, opt.Topics
	h.ctx, h.cancel = context.WithCancel(context.Background())
	h.mux = h.routes()
	h.api = acct.Faults.Wrap("fc", operationOf, isFor, h.writeFault, http.HandlerFunc(h.serveAPI))
	return h, nil
}

func (h *Host) add(f Function) error {
	f, err := f.withDefaults()
	if err != nil {
		return err
	}
	if _, twice := h.pools[f.Name]; twice {
		return fmt.Errorf("function %s is there twice", f.Name)
	}
	p := newPool(h, f)
	h.pools[f.Name] = p
	h.names = append(h.names, f.Name)
	if n := f.environmentBytes(); n > maxEnvironment {
		p.reportf("its environment has %d bytes; Function Compute may refuse more than %d", n, maxEnvironment)
	}
	return nil
}

func (f Function) withDefaults() (Function, error) {
	if f.Timeout == 0 {
		f.Timeout = defaultTimeout
	}
	if f.MemoryMB == 0 {
		f.MemoryMB = defaultMemoryMB
	}
	if f.MaxInstances == 0 {
		f.MaxInstances = defaultMaxInstances
	}
	if f.Async.MaxAge == 0 {
		f.Async.MaxAge = defaultEventAge
	}
	if err := f.check(); err != nil {
		return f, err
	}
	path, err := filepath.Abs(f.Command)
	f.Command = path
	return f, err
}

func (f Function) check() error {
	bad := func(what string, v any) error { return fmt.Errorf("function %q: %s: %v", f.Name, what, v) }
	switch {
	case f.Name == "" || f.Command == "":
		return bad("name and command are needed", f.Command)
	case f.Timeout < time.Second || f.Timeout > maxTimeout:
		return bad("timeout is not between 1 and 86,400 s", f.Timeout)
	case f.MaxInstances < 1:
		return bad("it needs an instance", f.MaxInstances)
	case f.Async.MaxRetries < 0 || f.Async.MaxRetries > maxRetries:
		return bad("maxAsyncRetryAttempts is not between 0 and 8", f.Async.MaxRetries)
	case f.Async.MaxAge < time.Second || f.Async.MaxAge > maxEventAge:
		return bad("maxAsyncEventAgeInSeconds is not between 1 and 604,800", f.Async.MaxAge)
	case f.Initializer.Timeout > maxInitializer || f.PreStop.Timeout > maxPreStop:
		return bad("a hook may take 300 s (initializer) or 90 s (preStop)", max(f.Initializer.Timeout, f.PreStop.Timeout))
	}
	return nil
}

func (f Function) environmentBytes() int {
	n := 0
	for k, v := range f.Env {
		n += len(k) + len(v)
	}
	return n
}

// Start starts an instance of each function, the triggers, and the delivery of
// what waits in the store. addr is where h is being served already.
func (h *Host) Start(addr string) error {
	if _, _, err := net.SplitHostPort(addr); err != nil {
		return fmt.Errorf("address of the runtime API: %w", err)
	}
	h.addr = addr
	h.spawn = newSpawner()
	if err := h.loadEvents(); err != nil {
		return err
	}
	for _, p := range h.pools {
		p.open()
		h.goWork(p.dispatch)
	}
	for _, t := range h.triggers {
		h.goWork(func() { h.poll(t) })
	}
	for _, t := range h.timers {
		if !t.Disabled {
			h.goWork(func() { h.tick(t) })
		}
	}
	return nil
}

// Close ends the instances and returns when no process is left and nothing
// touches the store any more. What was not finished is delivered after the
// next Start. The listener of h must stay open until then.
func (h *Host) Close() error {
	h.closed.Do(func() {
		h.cancel()
		for _, p := range h.pools {
			p.close()
		}
		h.work.Wait()
		if h.spawn != nil {
			h.spawn.close()
		}
	})
	return nil
}

// Invoke runs the function once and returns its answer; an error is about the
// invocation, not from the function: ErrUnknownFunction, ErrPayloadTooLarge,
// ErrClosed, or that of ctx. Nothing is retried.
func (h *Host) Invoke(ctx context.Context, function string, payload []byte) (Result, error) {
	p, ok := h.pools[function]
	if !ok {
		return Result{}, fmt.Errorf("%w: %s", ErrUnknownFunction, function)
	}
	if len(payload) > maxSyncPayload {
		return Result{}, fmt.Errorf("%w: %d bytes, at most %d", ErrPayloadTooLarge, len(payload), maxSyncPayload)
	}
	return p.do(ctx, &invocation{requestID: newRequestID(), payload: payload})
}

// KillCaller kills the process of the instance that made a call: signedBy says
// whether an access key signed it. Where none of an instance did, since a client
// made the call or it is one to another provider, every instance that is at work
// is killed. Nothing that they say afterwards is heard.
func (h *Host) KillCaller(signedBy func(accessKeyID string) bool) {
	if !h.kill(func(in *instance) bool { return signedBy(in.key.AccessKeyID) }) {
		h.kill((*instance).isAtWork)
	}
}

// kill kills the instances that are meant, and reports whether there were any.
func (h *Host) kill(isMeant func(*instance) bool) (killed bool) {
	for _, p := range h.pools {
		killed = p.kill(isMeant) || killed
	}
	return killed
}

// Stats returns the counters of each function, in the order of Options.
func (h *Host) Stats() []Stats {
	stats := make([]Stats, 0, len(h.names))
	for _, name := range h.names {
		stats = append(stats, h.pools[name].stats())
	}
	return stats
}

// ServeHTTP implements http.Handler.
func (h *Host) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if strings.HasPrefix(r.URL.Path, apiPath) {
		h.api.ServeHTTP(w, r)
		return
	}
	h.mux.ServeHTTP(w, r)
}

// goWork runs fn; Close waits for it.
func (h *Host) goWork(fn func()) {
	h.work.Add(1)
	go func() {
		defer h.work.Done()
		fn()
	}()
}

func (h *Host) closing() bool { return h.ctx.Err() != nil }

func (h *Host) logLine(function, line string) {
	if h.log == nil {
		return
	}
	h.logMu.Lock()
	defer h.logMu.Unlock()
	h.log(function, line)
}

func (h *Host) reportText(function, text string) {
	if h.report == nil {
		h.logLine(function, "fc: "+text)
		return
	}
	h.logMu.Lock()
	defer h.logMu.Unlock()
	h.report(function, text)
}

// sleep waits on the account's clock and reports false if the host closes first.
func (h *Host) sleep(d time.Duration) bool { return h.sleepTo(h.acct.Clock.Now().Add(d)) }

// sleepTo is sleep until the clock shows t.
func (h *Host) sleepTo(t time.Time) bool {
	due, stop := h.acct.Clock.At(t)
	defer stop()
	select {
	case <-due:
		return true
	case <-h.ctx.Done():
		return false
	}
}

// newRequestID returns an id of FC's form, such as 1-6b7f0a1c-2d3344551122.
func newRequestID() string { return "1-" + account.RandomHex(4) + "-" + account.RandomHex(6) }

func sortedKeys(m map[string]string) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

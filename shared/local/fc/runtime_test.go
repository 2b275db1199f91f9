package fc_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fccontext"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/fc"
)

func TestInvokeAnswersWhatTheFunctionAnswers(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	r := w.invoke(order{Do: "echo", Text: "täxt"})
	require.JSONEq(t, `{"Do":"echo","Text":"täxt"}`, string(r.Body))
	require.Empty(t, r.ErrorType)
	require.NotEmpty(t, r.RequestID)
	require.Positive(t, r.Duration)
}

// What a synchronous caller sees of each way to fail, and whether the process
// survives it.
func TestFailuresOfAFunction(t *testing.T) {
	tests := []struct {
		name     string
		do       order
		body     string
		survives bool
	}{
		{"error", order{Do: "fail", Text: "no luck"}, `^{"errorMessage":"no luck","errorType":"errorString"}$`, true},
		{"panic", order{Do: "panic", Text: "ouch"}, `^{"errorMessage":"ouch","errorType":"string","stackTrace":`, true},
		{"exit", order{Do: "exit", Text: "bye"}, `^{"errorMessage":"Process exited unexpectedly before completing request \(duration: \d+ms, maxMemoryUsage: [\d.]+MB\)"}$`, false},
		{"panic in a goroutine", order{Do: "stray panic", Text: "ouch"}, `^{"errorMessage":"Process exited unexpectedly before completing request`, false},
		{"past the deadline", order{Do: "hang", Text: "zzz"}, `^{"errorMessage":"Function time out after 1 seconds"}$`, false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := function("actor")
			f.MaxInstances = 1
			w := start(t, []fc.Function{f})
			before := answer[int](t, w.invoke(order{Do: "pid"}))
			if tt.do.Do == "hang" { // the others are in no hurry
				w.host.SetTimeout("actor", time.Second)
			}
			r := w.invoke(tt.do)
			w.host.SetTimeout("actor", f.Timeout)
			require.Equal(t, "UnhandledInvocationError", r.ErrorType)
			require.Regexp(t, tt.body, string(r.Body))
			after := w.invoke(order{Do: "pid"})
			require.Equal(t, tt.survives, answer[int](t, after) == before)
			require.Equal(t, !tt.survives, after.ColdStart, "a new process is a cold start")
			want := 1
			if !tt.survives {
				want = 2
			}
			require.Equal(t, want, w.stats("actor").ColdStarts)
		})
	}
}

func TestContextOfAnInvocation(t *testing.T) {
	f := function("actor")
	f.Timeout = 7 * time.Second
	w := start(t, []fc.Function{f})
	r := w.invoke(order{Do: "context"})
	c := answer[fccontext.FcContext](t, r)
	require.Equal(t, r.RequestID, c.RequestID)
	require.Equal(t, fccontext.Function{Name: "actor", Handler: "main", Memory: "256", Timeout: 7}, c.Function)
	require.Equal(t, account.Region, c.Region)
	require.Equal(t, account.ID, c.AccountId)
	require.Equal(t, "LATEST", c.Service.Qualifier)
	require.Empty(t, c.Service.Name, "FC 3.0 has no services")
	require.Zero(t, c.RetryCount)

	key, ok := w.acct.Keys.Lookup(c.Credentials.AccessKeyId)
	require.True(t, ok, "the services know the credentials")
	require.Equal(t, key.Secret, c.Credentials.AccessKeySecret)
	require.Equal(t, key.Token, c.Credentials.SecurityToken)
	require.NotEmpty(t, key.Token)
}

func TestDeadlineIsTheTimeoutFromNow(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	before := time.Now()
	deadline := time.UnixMilli(answer[int64](t, w.invoke(order{Do: "until deadline"})))
	require.False(t, deadline.Before(before.Add(20*time.Second).Truncate(time.Millisecond)))
	require.False(t, deadline.After(time.Now().Add(20*time.Second)))
}

func TestCredentialsAreRenewedAndRevoked(t *testing.T) {
	clock := account.NewManualClock(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC))
	f := function("actor")
	f.MaxInstances = 1
	w := start(t, []fc.Function{f}, onClock(clock))
	keyOf := func() string {
		return answer[fccontext.FcContext](t, w.invoke(order{Do: "context"})).Credentials.AccessKeyId
	}
	first := keyOf()
	require.Equal(t, first, keyOf(), "clients pooled by credentials stay useful")

	clock.Advance(13 * time.Hour) // 23 of 36 hours are left: less than an invocation may take
	second := keyOf()
	require.NotEqual(t, first, second)
	_, known := w.acct.Keys.Lookup(first)
	require.False(t, known)

	w.close()
	_, known = w.acct.Keys.Lookup(second)
	require.False(t, known, "no key outlives its instance")
}

func TestEnvironmentIsThePlatformsAndTheFunctionsOwn(t *testing.T) {
	t.Setenv("AWS_SECRET_ACCESS_KEY", "of the user at this machine")
	t.Setenv("HTTP_PROXY", "http://proxy.example:3128")
	f := function("actor")
	f.Env = map[string]string{"RESULT_QUEUE": "results", "FC_REGION": "elsewhere", "HOME": "/mine"}
	w := start(t, []fc.Function{f})
	env := map[string]string{}
	for _, pair := range answer[[]string](t, w.invoke(order{Do: "env"})) {
		name, value, _ := strings.Cut(pair, "=")
		env[name] = value
	}
	address := w.server.Listener.Addr().String()
	for _, secret := range []string{"ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN"} {
		require.NotEmpty(t, env[secret], secret)
		delete(env, secret)
	}
	require.Equal(t, map[string]string{
		"RESULT_QUEUE": "results", "HOME": "/mine", "TMPDIR": os.TempDir(), "PATH": "/usr/local/bin:/usr/bin:/bin",
		"FC_RUNTIME_API": address + "/actor/1", "FC_RUNTIME": "go1", "FC_TIMEOUT": "20",
		"FC_FUNC_CODE_PATH": binaries() + "/", "FC_ACCOUNT_ID": account.ID, "FC_FUNCTION_HANDLER": "main",
		"FC_FUNCTION_MEMORY_SIZE": "256", "FC_FUNCTION_NAME": "actor", "FC_REGION": account.Region,
		"FC_CUSTOM_LISTEN_PORT": "9000", "FC_INSTANCE_ID": "c-actor-1",
	}, env)
	cwd, err := filepath.EvalSymlinks(binaries())
	require.NoError(t, err)
	require.Equal(t, cwd, answer[string](t, w.invoke(order{Do: "cwd"})))
}

func TestLogsOfAnInvocation(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	r := w.invoke(order{Do: "log", Text: "first", Times: 500})
	count := func(part string) (n int) {
		for _, line := range r.Logs {
			if strings.Contains(line, part) {
				n++
			}
		}
		return n
	}
	require.Equal(t, 500, count("out "))
	require.Equal(t, 500, count("err "))
	require.Equal(t, 1, count("FC Invoke Start RequestId: "+r.RequestID))

	next := w.invoke(order{Do: "log", Text: "second", Times: 1})
	require.NotContains(t, strings.Join(next.Logs, "\n"), "first", "lines belong to their own invocation")
	require.Contains(t, next.Logs, "out 0 second")
	require.Subset(t, w.logged(), []string{"actor: out 0 second", "actor: err 0 second"})
}

func TestLogsBeforeTheEndOfAProcess(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	require.Contains(t, w.invoke(order{Do: "exit", Text: "last words"}).Logs, "last words")
	w.host.SetTimeout("actor", time.Second)
	require.Contains(t, w.invoke(order{Do: "hang", Text: "still here"}).Logs, "still here")
}

func TestLongLinesAreCut(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	r := w.invoke(order{Do: "log", Text: strings.Repeat("x", 100<<10), Times: 1})
	longest := 0
	for _, line := range r.Logs {
		longest = max(longest, len(line))
	}
	require.Equal(t, 32<<10, longest)
}

func TestHugePayloads(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	huge := order{Do: "size", Text: strings.Repeat("x", 32<<20-100)}.json()
	require.Equal(t, len(huge), answer[int](t, w.invokeRaw("actor", huge)))

	_, err := w.host.Invoke(context.Background(), "actor", make([]byte, 32<<20+1))
	require.ErrorIs(t, err, fc.ErrPayloadTooLarge)

	big := w.invoke(order{Do: "big", Times: 32<<20 - 2})
	require.Len(t, big.Body, 32<<20)
	tooBig := w.invoke(order{Do: "big", Times: 32<<20 - 1})
	require.Equal(t, "UnhandledInvocationError", tooBig.ErrorType)
	require.Contains(t, string(tooBig.Body), "larger than")
	require.Empty(t, w.invoke(order{Do: "pid"}).ErrorType, "it goes on")
}

func TestUnknownFunction(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	_, err := w.host.Invoke(context.Background(), "actress", nil)
	require.ErrorIs(t, err, fc.ErrUnknownFunction)
	_, err = w.host.InvokeAsync(nil, "actress", nil)
	require.ErrorIs(t, err, fc.ErrUnknownFunction)
}

// Each instance takes one request at a time; there are as many as there is
// work, up to the limit; the rest waits.
func TestInstancesScaleUpToTheLimit(t *testing.T) {
	g := newGate(t)
	f := function("actor")
	f.MaxInstances = 3
	w := start(t, []fc.Function{f})
	var all sync.WaitGroup
	for range 5 {
		all.Add(1)
		go func() {
			defer all.Done()
			_, err := w.host.Invoke(context.Background(), "actor", order{Do: "get", URL: g.URL}.json())
			require.NoError(t, err)
		}()
	}
	running := []visit{g.next(), g.next(), g.next()}
	stats := w.stats("actor")
	require.Equal(t, 3, stats.Instances)
	require.Equal(t, 3, stats.Busy)
	require.Eventually(t, func() bool { return w.stats("actor").Waiting == 2 }, patience, time.Millisecond)
	require.Empty(t, g.visits, "two wait for an instance")
	for _, v := range running {
		v.leave(http.StatusOK)
	}
	g.next().leave(http.StatusOK)
	g.next().leave(http.StatusOK)
	all.Wait()
	require.Equal(t, 3, w.stats("actor").ColdStarts)
}

func TestWarmInstanceIsUsedAgain(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	pid := answer[int](t, w.invoke(order{Do: "pid"}))
	for range 20 {
		r := w.invoke(order{Do: "pid"})
		require.Equal(t, pid, answer[int](t, r))
		require.False(t, r.ColdStart)
	}
}

func TestExtraIdleInstancesEnd(t *testing.T) {
	g := newGate(t)
	w := start(t, []fc.Function{function("actor")}, with(func(o *fc.Options) { o.IdleAfter = 20 * time.Millisecond }))
	for range 3 {
		go w.host.Invoke(context.Background(), "actor", order{Do: "get", URL: g.URL}.json())
	}
	for _, v := range []visit{g.next(), g.next(), g.next()} {
		v.leave(http.StatusOK)
	}
	require.Eventually(t, func() bool { return w.stats("actor").Instances == 1 }, patience, time.Millisecond)
	w.invoke(order{Do: "pid"})
}

func TestAGivenUpInvocationLeavesTheQueue(t *testing.T) {
	g := newGate(t)
	f := function("actor")
	f.MaxInstances = 1
	w := start(t, []fc.Function{f})
	go w.host.Invoke(context.Background(), "actor", order{Do: "get", URL: g.URL}.json())
	running := g.next()
	ctx, cancel := context.WithCancel(context.Background())
	answered := make(chan error, 1)
	go func() {
		_, err := w.host.Invoke(ctx, "actor", order{Do: "get", URL: g.URL}.json())
		answered <- err
	}()
	cancel()
	require.ErrorIs(t, take(t, answered, "the cancelled call"), context.Canceled)
	running.leave(http.StatusOK)
	w.invoke(order{Do: "pid"})
	require.Empty(t, g.visits)
}

func TestKillCallerKillsTheOneWhoseKeySignedTheCall(t *testing.T) {
	g := newGate(t)
	w := start(t, []fc.Function{function("actor")})
	key := answer[fccontext.FcContext](t, w.invoke(order{Do: "context"})).Credentials.AccessKeyId
	results := make([]chan fc.Result, 2)
	visits := make([]visit, 2)
	for i := range results { // the first runs where the key is
		results[i] = make(chan fc.Result, 1)
		go func() {
			r, _ := w.host.Invoke(context.Background(), "actor", order{Do: "get", URL: g.URL}.json())
			results[i] <- r
		}()
		visits[i] = g.next()
	}
	w.host.KillCaller(func(id string) bool { return id == key })
	require.Contains(t, string(take(t, results[0], "the killed call").Body), "Process exited unexpectedly")
	visits[1].leave(http.StatusOK)
	require.Empty(t, take(t, results[1], "the other call").ErrorType)
}

func TestKillCallerOfAClientKillsOnlyWhoIsAtWork(t *testing.T) {
	g := newGate(t)
	w := start(t, []fc.Function{function("actor")})
	done := make(chan fc.Result, 1)
	go func() {
		r, _ := w.host.Invoke(context.Background(), "actor", order{Do: "get", URL: g.URL}.json())
		done <- r
	}()
	g.next()
	idle := answer[int](t, w.invoke(order{Do: "pid"}))
	w.host.KillCaller(func(string) bool { return false })
	require.Contains(t, string(take(t, done, "the killed call").Body), "Process exited unexpectedly")
	require.Equal(t, idle, answer[int](t, w.invoke(order{Do: "pid"})))
}

func TestAFunctionsOwnProcessesEndWithIt(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	pid := answer[int](t, w.invoke(order{Do: "spawn"}))
	require.NoError(t, syscall.Kill(pid, 0))
	w.invoke(order{Do: "exit"})
	require.Eventually(t, func() bool { return !alive(pid) }, patience, time.Millisecond)
}

// alive is false for a zombie too: its parent is gone and nobody may collect it.
func alive(pid int) bool {
	stat, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	return err == nil && !bytes.Contains(stat, []byte(") Z "))
}

func TestCloseLeavesNoProcess(t *testing.T) {
	g := newGate(t)
	w := start(t, []fc.Function{function("actor")})
	go w.host.Invoke(context.Background(), "actor", order{Do: "get", URL: g.URL}.json())
	busy := g.next()
	idle := answer[int](t, w.invoke(order{Do: "pid"}))
	require.NoError(t, w.host.Close())
	require.False(t, alive(idle))
	take(t, busy.r.Context().Done(), "the end of the busy process")
	_, err := w.host.Invoke(context.Background(), "actor", nil)
	require.ErrorIs(t, err, fc.ErrClosed)
}

func TestFunctionThatCannotStart(t *testing.T) {
	f := function("broken")
	flag := filepath.Join(t.TempDir(), "broken")
	require.NoError(t, os.WriteFile(flag, nil, 0o600))
	f.Env = map[string]string{"BROKEN_WHILE": flag}
	w := start(t, []fc.Function{f})
	r := w.invokeRaw("broken", nil)
	require.Contains(t, string(r.Body), "Process exited unexpectedly before completing request")
	require.Contains(t, r.Logs, "broken: setting RESULT_QUEUE is missing")
	require.NotEmpty(t, w.invokeRaw("broken", nil).ErrorType)
	line := w.awaitLine(func(s string) bool { return strings.Contains(s, "2 in a row, next start in 200ms") })
	require.Contains(t, line, "exit status 1")
	require.Contains(t, line, "its last lines: broken: setting RESULT_QUEUE is missing")

	require.NoError(t, os.Remove(flag))
	require.Equal(t, "mended", answer[string](t, w.invokeRaw("broken", nil)), "it recovers by itself")
}

func TestFunctionThatNeverAsksForWork(t *testing.T) {
	f := function("broken")
	flag := filepath.Join(t.TempDir(), "broken")
	require.NoError(t, os.WriteFile(flag, nil, 0o600))
	f.Env = map[string]string{"BROKEN_WHILE": flag, "BROKEN_AT": newGate(t).URL}
	w := prepare(t, []fc.Function{f})
	w.host.SetBoot(50 * time.Millisecond)
	w.start()
	require.Contains(t, string(w.invokeRaw("broken", nil).Body), "Process exited unexpectedly")
	w.awaitLine(func(s string) bool { return strings.Contains(s, "it did not ask for work within 50ms") })
}

func TestMissingBinary(t *testing.T) {
	f := function("actor")
	f.Command = filepath.Join(binaries(), "nowhere")
	w := start(t, []fc.Function{f})
	require.NotEmpty(t, w.invoke(order{Do: "pid"}).ErrorType)
	w.awaitLine(func(s string) bool { return strings.Contains(s, "cannot start") && strings.Contains(s, "no such file") })
}

func TestHooks(t *testing.T) {
	g := newGate(t)
	f := function("hooks")
	f.MaxInstances = 1
	f.Env = map[string]string{"REPORT_TO": g.URL}
	f.Initializer = fc.Hook{Handler: "main", Timeout: 10 * time.Second}
	f.PreStop = fc.Hook{Handler: "main", Timeout: 10 * time.Second}
	// On demand: what begins to start finds the invocation waiting.
	w := start(t, []fc.Function{f}, with(func(o *fc.Options) { o.OnDemand = true }))
	expect := func(hook string, status int) {
		v := g.next()
		require.Equal(t, hook, v.r.URL.Query().Get("hook"))
		v.leave(status)
	}
	done := make(chan fc.Result, 2)
	invoke := func() {
		r, _ := w.host.Invoke(context.Background(), "hooks", nil)
		done <- r
	}
	go invoke()
	expect("initializer", http.StatusInternalServerError)
	require.Contains(t, string(take(t, done, "the invocation of a failed start").Body), "Process exited unexpectedly")
	w.awaitLine(func(s string) bool { return strings.Contains(s, "its initializer failed") })

	go invoke()
	expect("initializer", http.StatusOK)
	expect("handler", http.StatusOK)
	require.Empty(t, take(t, done, "the invocation").ErrorType)

	// One that is killed between its answer and its next poll has no preStop.
	require.Eventually(t, func() bool { return w.host.Idle("hooks") == 1 }, patience, time.Millisecond)
	closed := make(chan error, 1)
	go func() { closed <- w.host.Close() }()
	expect("preStop", http.StatusOK)
	require.NoError(t, take(t, closed, "the end"))
}

func TestHookThatIsNotRegisteredFailsTheStart(t *testing.T) {
	f := function("actor")
	f.Initializer = fc.Hook{Handler: "main", Timeout: 10 * time.Second}
	w := start(t, []fc.Function{f})
	require.NotEmpty(t, w.invoke(order{Do: "pid"}).ErrorType)
	w.awaitLine(func(s string) bool { return strings.Contains(s, "no initializer handler registered") })
}

// debugger polls as a person's debugger would, under the path that the host prints.
type debugger struct {
	t    *testing.T
	base string
}

func (w *world) debugger() debugger {
	return debugger{w.t, w.server.URL + "/actor/debug/2020-11-11/runtime/invocation/"}
}

func (d debugger) next(ctx context.Context) (*http.Response, []byte) {
	d.t.Helper()
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, d.base+"next", nil)
	require.NoError(d.t, err)
	resp, err := http.DefaultClient.Do(req)
	require.NoError(d.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(d.t, err)
	return resp, body
}

func (d debugger) post(path, body string) int {
	d.t.Helper()
	resp, err := http.Post(d.base+path, "application/json", strings.NewReader(body))
	require.NoError(d.t, err)
	defer resp.Body.Close()
	return resp.StatusCode
}

func TestDebuggerTakesOver(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	w.awaitLine(func(s string) bool {
		return strings.Contains(s, "FC_RUNTIME_API="+w.server.Listener.Addr().String()+"/actor/debug")
	})
	d := w.debugger()
	polls := make(chan string, 1)
	poll := func() {
		resp, body := d.next(context.Background())
		require.Equal(t, http.StatusOK, resp.StatusCode)
		require.Equal(t, `{"Do":"pid"}`, string(body))
		polls <- resp.Header.Get("x-fc-request-id")
	}
	go poll()
	require.Eventually(t, func() bool { return w.stats("actor").Instances == 2 }, patience, time.Millisecond)

	done := make(chan fc.Result, 1)
	go func() {
		r, _ := w.host.Invoke(context.Background(), "actor", order{Do: "pid"}.json())
		done <- r
	}()
	id := take(t, polls, "the event at the debugger")

	// Unknown and late ids are answered 200 and dropped.
	require.Equal(t, http.StatusOK, d.post("1-unknown/response", `"no"`))
	require.Equal(t, http.StatusOK, d.post("1-unknown/error", `{}`))
	require.Equal(t, http.StatusOK, d.post(id+"/response", `"from the debugger"`))
	require.Equal(t, http.StatusOK, d.post(id+"/response", `"again"`))
	require.Equal(t, `"from the debugger"`, string(take(t, done, "the answer").Body))
}

func TestDebuggerLeaves(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	own := answer[int](t, w.invoke(order{Do: "pid"}))
	ctx, cancel := context.WithCancel(context.Background())
	d := w.debugger()
	go http.DefaultClient.Do(must(http.NewRequestWithContext(ctx, http.MethodGet, d.base+"next", nil)))
	require.Eventually(t, func() bool { return w.stats("actor").Instances == 2 }, patience, time.Millisecond)
	cancel()
	require.Eventually(t, func() bool { return w.stats("actor").Instances == 1 }, patience, time.Millisecond)
	require.Equal(t, own, answer[int](t, w.invoke(order{Do: "pid"})))
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func TestHeadersOfNext(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	d := w.debugger()
	headers := make(chan http.Header, 1)
	go func() {
		resp, _ := d.next(context.Background())
		headers <- resp.Header
	}()
	require.Eventually(t, func() bool { return w.stats("actor").Instances == 2 }, patience, time.Millisecond)
	go w.host.Invoke(context.Background(), "actor", []byte("event"))
	h := take(t, headers, "the headers")
	require.Equal(t, "0", h.Get("x-fc-function-type"))
	require.Equal(t, "86400", h.Get("x-fc-function-timeout"), "a person at a breakpoint has the longest time there is")
	require.NotContains(t, h, http.CanonicalHeaderKey("x-fc-retry-count"), "only asynchronous retries have it")
	require.Regexp(t, `^1-[0-9a-f]{8}-[0-9a-f]{12}$`, h.Get("x-fc-request-id"))
}

func TestStrangersAreTurnedAway(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	for _, path := range []string{"/actor/99/2020-11-11/runtime/invocation/next", "/actress/1/2020-11-11/runtime/invocation/next", "/"} {
		resp, err := http.Get(w.server.URL + path)
		require.NoError(t, err)
		resp.Body.Close()
		require.Equal(t, http.StatusNotFound, resp.StatusCode, path)
	}
	resp, err := http.Post(w.server.URL+"/actress/1/2020-11-11/runtime/invocation/1-x/response", "application/json", nil)
	require.NoError(t, err)
	resp.Body.Close()
	require.Equal(t, http.StatusOK, resp.StatusCode, "an answer is always taken")
}

func TestNewRefuses(t *testing.T) {
	tests := []struct {
		name   string
		change func(*fc.Options)
		want   string
	}{
		{"no command", func(o *fc.Options) { o.Functions[0].Command = "" }, "name and command are needed"},
		{"timeout", func(o *fc.Options) { o.Functions[0].Timeout = 86401 * time.Second }, "timeout"},
		{"no instance", func(o *fc.Options) { o.Functions[0].MaxInstances = -1 }, "instance"},
		{"retries", func(o *fc.Options) { o.Functions[0].Async.MaxRetries = 9 }, "maxAsyncRetryAttempts"},
		{"age", func(o *fc.Options) { o.Functions[0].Async.MaxAge = 604801 * time.Second }, "maxAsyncEventAgeInSeconds"},
		{"hook", func(o *fc.Options) { o.Functions[0].PreStop.Timeout = 91 * time.Second }, "hook"},
		{"twice", func(o *fc.Options) { o.Functions = append(o.Functions, o.Functions[0]) }, "twice"},
		{"trigger's function", func(o *fc.Options) { o.Triggers[0].Function = "actress" }, "no such function"},
		{"no queue", func(o *fc.Options) { o.Triggers[0].Source = nil }, "no queue"},
		{"batch", func(o *fc.Options) { o.Triggers[0].BatchCount = 10001 }, "CountBasedWindow"},
		{"window", func(o *fc.Options) { o.Triggers[0].BatchWindow = 16 * time.Second }, "TimeBasedWindow"},
		{"strategy", func(o *fc.Options) { o.Triggers[0].Retry = "NEVER" }, "PushRetryStrategy"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			acct := account.New()
			opt := fc.Options{
				Functions: []fc.Function{function("actor")},
				Triggers:  []fc.QueueTrigger{{Name: "requests", Function: "actor", Source: newQueue(acct)}},
			}
			tt.change(&opt)
			_, err := fc.New(acct, memory(t), opt)
			require.ErrorContains(t, err, tt.want)
		})
	}
}

func TestALargeEnvironmentIsWarnedOf(t *testing.T) {
	f := function("actor")
	f.Env = map[string]string{"POLICY": strings.Repeat("x", 5000)}
	w := prepare(t, []fc.Function{f})
	require.Len(t, w.logged(), 1)
	require.Contains(t, w.logged()[0], "5006 bytes")
}

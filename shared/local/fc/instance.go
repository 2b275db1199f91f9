package fc

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"syscall"
	"time"

	"imagedrop/shared/local/account"
)

// debugName is the path of the instance that a person starts, in a debugger.
const debugName = "debug"

// defaultBoot is how long an instance may take until it asks for work. The
// platform counts start-up against limits that depend on the runtime; ours
// only has to tell a hang from a slow machine.
const defaultBoot = 30 * time.Second

// maxTail is how many of its last lines are kept to explain a failed start.
const maxTail = 20

// Temporary credentials of a role. Source: FC, function role: valid for 36 h,
// longer than the 24 h that an invocation may take at most.
const (
	keyLifetime = 36 * time.Hour
	keyReserve  = 24 * time.Hour
)

// The platform's own view of its sandbox, not that of this machine's user.
const searchPath = "/usr/local/bin:/usr/bin:/bin"

// instance is one process of a function. Everything below gone is guarded by
// the pool's mutex.
type instance struct {
	pool     *pool
	name     string
	inbox    chan *invocation // holds current on its way to the poll
	launched chan struct{}    // closed when the process is known, so that it can be killed
	gone     chan struct{}    // closed when the process has ended

	binary      os.FileInfo // as it was before the start, nil where there was none
	key         account.Key
	process     *os.Process // nil before the start and after the end
	outputs     []*output
	polls       int // requests for work being held
	current     *invocation
	hasPolled   bool
	initialized bool
	isReady     bool // asked for work, and initialized
	isFresh     bool // is getting ready just now
	idleSince   time.Time
	retiring    bool // gets no more work but its PreStop hook
	doomed      bool // killed, or going to be: nothing it says counts
	timedOut    bool
	exitReason  string
	maxRSS      int64 // bytes
	tail        []string
}

func newInstance(p *pool, name string) *instance {
	binary, _ := os.Stat(p.fn.Command) // where there is none the start says so
	return &instance{
		pool: p, name: name, binary: binary, key: p.issueKey(),
		inbox: make(chan *invocation, 1), launched: make(chan struct{}), gone: make(chan struct{}),
	}
}

func (in *instance) isDebug() bool { return in.name == debugName }

// isAtWork reports whether a function call is running in it. The caller holds
// the pool's mutex.
func (in *instance) isAtWork() bool { return in.current != nil && !in.current.started.IsZero() }

// give hands the next invocation to an instance that has none. The caller
// holds the pool's mutex.
func (in *instance) give(inv *invocation) {
	inv.cold = in.isFresh
	in.current = inv
	in.inbox <- inv
}

// kill ends the process, or keeps it from starting. A debugger's is not ours
// to kill. The caller holds the pool's mutex.
func (in *instance) kill() {
	if in.isDebug() {
		return
	}
	in.doomed = true
	if in.process != nil {
		// The whole group; that it is gone already is fine.
		_ = syscall.Kill(-in.process.Pid, syscall.SIGKILL)
	}
}

// run starts the process and stays until its end.
func (in *instance) run() {
	cmd := exec.Command(in.pool.fn.Command)
	cmd.Dir = filepath.Dir(cmd.Path)
	cmd.Env = in.environment()
	cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true, Pdeathsig: syscall.SIGKILL}
	if err := in.launch(cmd); err != nil {
		in.line("cannot start: " + err.Error())
		in.end("not started", 0)
		return
	}
	boot := time.AfterFunc(in.pool.host.boot, in.giveUp)
	in.wait(cmd)
	boot.Stop()
	rss := int64(0)
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		rss = usage.Maxrss << 10 // KiB on Linux
	}
	in.end(cmd.ProcessState.String(), rss)
}

// launch starts the process with both its outputs read.
func (in *instance) launch(cmd *exec.Cmd) error {
	stdout, err := in.capture()
	if err != nil {
		return err
	}
	defer stdout.Close()
	stderr, err := in.capture()
	if err != nil {
		return err
	}
	defer stderr.Close()
	cmd.Stdout, cmd.Stderr = stdout, stderr
	if err := in.pool.host.spawn.start(cmd); err != nil {
		return err
	}
	in.pool.mu.Lock()
	defer in.pool.mu.Unlock()
	in.process = cmd.Process
	close(in.launched)
	if in.doomed {
		in.kill()
	}
	return nil
}

// capture makes one output and returns the end for the process.
func (in *instance) capture() (*os.File, error) {
	out, end, err := newOutput(in.line)
	if err != nil {
		return nil, err
	}
	in.pool.mu.Lock()
	in.outputs = append(in.outputs, out)
	in.pool.mu.Unlock()
	in.pool.host.goWork(out.run)
	return end, nil
}

// wait returns when the process has ended. What it started goes with it.
func (in *instance) wait(cmd *exec.Cmd) {
	_ = cmd.Wait() // how it ended is in ProcessState
	in.pool.mu.Lock()
	defer in.pool.mu.Unlock()
	_ = syscall.Kill(-in.process.Pid, syscall.SIGKILL) // that nothing is left is fine
	in.process = nil
}

// end reads what is left of the output and reports to the pool.
func (in *instance) end(reason string, maxRSS int64) {
	in.pool.mu.Lock()
	outputs := in.outputs
	if in.exitReason == "" {
		in.exitReason = reason
	}
	in.maxRSS = maxRSS
	in.pool.mu.Unlock()
	for _, out := range outputs {
		out.close()
	}
	in.pool.ended(in)
}

// giveUp ends an instance that never asked for work.
func (in *instance) giveUp() {
	in.pool.mu.Lock()
	defer in.pool.mu.Unlock()
	if !in.hasPolled {
		in.exitReason = fmt.Sprintf("it did not ask for work within %v", in.pool.host.boot)
		in.kill()
	}
}

// drain makes sure that what the process wrote up to now is attributed.
func (in *instance) drain() {
	in.pool.mu.Lock()
	outputs := in.outputs
	in.pool.mu.Unlock()
	for _, out := range outputs {
		out.drain()
	}
}

// line takes one line that the process wrote.
func (in *instance) line(text string) {
	in.pool.mu.Lock()
	if in.isAtWork() {
		in.current.logs.add(text)
	}
	if !in.isReady {
		in.tail = append(in.tail, text)
		in.tail = in.tail[max(0, len(in.tail)-maxTail):]
	}
	in.pool.mu.Unlock()
	in.pool.host.logLine(in.pool.fn.Name, text)
}

// exitError is what a caller sees of a process that died.
// Source: FC, error handling, process exit.
func (in *instance) exitError(duration time.Duration) []byte {
	return errorBody(fmt.Sprintf("Process exited unexpectedly before completing request (duration: %dms, maxMemoryUsage: %.2fMB)",
		duration.Milliseconds(), float64(in.maxRSS)/(1<<20)))
}

// credentials returns the role's keys for one invocation, new ones where the
// old might not outlive it. The caller holds the pool's mutex.
func (in *instance) credentials() account.Key {
	if in.key.Expires.Sub(in.pool.host.acct.Clock.Now()) < keyReserve {
		in.pool.host.acct.Keys.Revoke(in.key.AccessKeyID)
		in.key = in.pool.issueKey()
	}
	return in.key
}

func (p *pool) issueKey() account.Key {
	return p.host.acct.Keys.Issue(p.host.acct.Clock.Now().Add(keyLifetime))
}

// environment is all that the process sees: the function's own settings and
// the platform's names, nothing of this machine's user.
// Source of the names: fc3, local/impl/baseLocal.ts.
func (in *instance) environment() []string {
	f := in.pool.fn
	in.pool.mu.Lock()
	key := in.key
	in.pool.mu.Unlock()
	sandbox := map[string]string{"PATH": searchPath, "HOME": os.TempDir(), "TMPDIR": os.TempDir()}
	platform := map[string]string{
		"FC_RUNTIME_API":                  fmt.Sprintf("%s/%s/%s", in.pool.host.addr, f.Name, in.name),
		"FC_RUNTIME":                      "go1",
		"FC_TIMEOUT":                      strconv.Itoa(seconds(f.Timeout)),
		"FC_FUNC_CODE_PATH":               filepath.Dir(f.Command) + "/",
		"ALIBABA_CLOUD_ACCESS_KEY_ID":     key.AccessKeyID,
		"ALIBABA_CLOUD_ACCESS_KEY_SECRET": key.Secret,
		"ALIBABA_CLOUD_SECURITY_TOKEN":    key.Token,
		"FC_ACCOUNT_ID":                   account.ID,
		"FC_FUNCTION_HANDLER":             f.Handler,
		"FC_FUNCTION_MEMORY_SIZE":         strconv.Itoa(f.MemoryMB),
		"FC_FUNCTION_NAME":                f.Name,
		"FC_REGION":                       f.Region,
		"FC_CUSTOM_LISTEN_PORT":           "9000",
		"FC_INSTANCE_ID":                  fmt.Sprintf("c-%s-%s", f.Name, in.name),
	}
	if f.Initializer.Timeout > 0 {
		platform["FC_INITIALIZER_HANDLER"] = f.Initializer.Handler
		platform["FC_INITIALIZATION_TIMEOUT"] = strconv.Itoa(seconds(f.Initializer.Timeout))
	}
	return slices.Concat(pairs(sandbox), pairs(f.Env), pairs(platform)) // of two with one name the last counts
}

func pairs(m map[string]string) []string {
	list := make([]string, 0, len(m))
	for _, k := range sortedKeys(m) {
		list = append(list, k+"="+m[k])
	}
	return list
}

// seconds rounds up: a header or variable of whole seconds must not say 0.
func seconds(d time.Duration) int { return int((d + time.Second - 1) / time.Second) }

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

const repository = "../../.."

var (
	// home is a folder as `make build` leaves the repository: s.yaml and dist.
	home string
	// examples are the templates of `make run`.
	examples string
)

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "imagedrop-cli-*")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		if err := build(dir); err != nil {
			panic(err)
		}
		if examples, err = filepath.Abs(filepath.Join(repository, "events", "templates")); err != nil {
			panic(err)
		}
		home = dir
		_ = flag.Set("test.parallel", "4") // what they do most is wait; -parallel overrides it
		return m.Run()
	}())
}

func build(dir string) error {
	dist := filepath.Join(dir, "dist")
	cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", dist+"/", "./shared/cmd/imagedrop", "./functions/...")
	cmd.Dir, cmd.Stderr = repository, os.Stderr
	cmd.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if err := cmd.Run(); err != nil {
		return err
	}
	functions, err := filepath.Glob(filepath.Join(repository, "functions", "*", "main.go"))
	if err != nil {
		return err
	}
	for _, main := range functions {
		binary := filepath.Join(dist, filepath.Base(filepath.Dir(main)))
		if err := errors.Join(os.Rename(binary, binary+".built"), os.Mkdir(binary, 0o755), os.Rename(binary+".built", filepath.Join(binary, "main"))); err != nil {
			return err
		}
	}
	text, err := os.ReadFile(filepath.Join(repository, "s.yaml"))
	if err != nil {
		return err
	}
	// Its timer is fired by hand: tests may run at two o'clock in Shanghai.
	text = bytes.Replace(text, []byte(" 0 0 2 * * *\n"), []byte(" 0 0 2 29 2 *\n"), 1)
	return os.WriteFile(filepath.Join(dir, "s.yaml"), text, 0o644)
}

// result is what a command came to.
type result struct {
	code     int
	out, err string
}

// imagedrop runs a command in this process.
func imagedrop(t *testing.T, args ...string) result {
	t.Helper()
	return imagedropOn(t, "", args...)
}

// imagedropOn runs a command with that standard input.
func imagedropOn(t *testing.T, in string, args ...string) result {
	t.Helper()
	var out, err bytes.Buffer
	code := runContext(t.Context(), args, streams{in: strings.NewReader(in), out: &out, err: &err})
	return result{code, out.String(), err.String()}
}

func (r result) requireCode(t *testing.T, code int) result {
	t.Helper()
	require.Equal(t, code, r.code, "standard output:\n%s\nstandard error:\n%s", r.out, r.err)
	return r
}

// outcomes reads standard output of --json: one outcome event a line, nothing else.
func (r result) outcomes(t *testing.T) []outcome {
	t.Helper()
	return outcomesIn(t, r.out)
}

func outcomesIn(t *testing.T, lines string) (list []outcome) {
	t.Helper()
	for line := range strings.Lines(lines) {
		require.True(t, json.Valid([]byte(line)), line)
		o := readOutcome(json.RawMessage(line))
		require.NotEmpty(t, o.ID, line)
		list = append(list, o)
	}
	return list
}

// byKey finds the one outcome of each object key.
func byKey(t *testing.T, list []outcome) map[string]outcome {
	t.Helper()
	found := map[string]outcome{}
	for _, o := range list {
		require.NotContains(t, found, o.Data.Job.Key, "a second outcome")
		found[o.Data.Job.Key] = o
	}
	return found
}

// journal takes what is written from several goroutines.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

// local is a local cloud of the repository's s.yaml in this process; its
// retries follow each other at once.
type local struct {
	*stack.Stack
	t     *testing.T
	cloud *cloud
	state string
	log   *journal // what the functions say
}

func newLocal(t *testing.T, change ...func(*stack.Options)) *local {
	t.Helper()
	l := &local{t: t, state: t.TempDir(), log: &journal{}}
	opt := stack.Options{
		File: filepath.Join(home, "s.yaml"), StateDir: l.state, Memory: true, TimeScale: 1e6, Log: l.log,
		LookupEnv: func(string) (string, bool) { return "", false },
	}
	for _, c := range change {
		c(&opt)
	}
	st, err := stack.Start(t.Context(), opt)
	require.NoError(t, err)
	t.Cleanup(func() {
		require.NoError(t, st.Close())
		if t.Failed() {
			t.Log(l.log)
		}
	})
	l.Stack = st
	l.cloud, err = cloudAt(t.Context(), st.Endpoints().Console)
	require.NoError(t, err)
	return l
}

// run runs a command on this cloud.
func (l *local) run(args ...string) result {
	l.t.Helper()
	return imagedrop(l.t, append(args, "--state", l.state)...)
}

// fault arms a fault of a service.
func (l *local) fault(f account.Fault) {
	l.t.Helper()
	require.NoError(l.t, l.Account().Faults.Add(f))
}

// calls counts the calls of an operation since the last Record.
func (l *local) calls(service, operation string) (n int) {
	for _, c := range l.Account().Faults.Calls() {
		if c.Service == service && c.Operation == operation {
			n++
		}
	}
	return n
}

// write makes a file in a new folder and returns its path.
func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
	require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	return path
}

// folder makes a folder of files.
func folder(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range files {
		path := filepath.Join(dir, name)
		require.NoError(t, os.MkdirAll(filepath.Dir(path), 0o755))
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
	}
	return dir
}

// process is the built command line running.
type process struct {
	*exec.Cmd
	t    testing.TB
	err  *journal
	out  io.ReadCloser
	done bool
}

// newCommand is the built command line, at home.
func newCommand(args ...string) *exec.Cmd {
	cmd := exec.Command(filepath.Join(home, "dist", "imagedrop"), args...)
	cmd.Dir = home
	return cmd
}

// start runs the built command line, its standard output for the test to read.
func start(t *testing.T, args ...string) *process {
	t.Helper()
	return launch(t, newCommand(args...))
}

// launch runs a command at home, its standard output for the test to read.
func launch(t testing.TB, cmd *exec.Cmd) *process {
	t.Helper()
	p := &process{Cmd: cmd, t: t, err: &journal{}}
	p.Dir = home
	p.Stderr = p.err
	var err error
	p.out, err = p.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, p.Start())
	t.Cleanup(func() {
		if !p.done {
			_ = p.Process.Kill()
			_ = p.Wait()
		}
	})
	return p
}

// end waits for the process and returns its exit code.
func (p *process) end() int {
	p.t.Helper()
	_, _ = io.Copy(io.Discard, p.out)
	_ = p.Wait() // the exit code is asked for
	p.done = true
	return p.ProcessState.ExitCode()
}

// functions lists the processes of the built functions.
func functions(t *testing.T) []int { return functionsOf(t, home) }

// functionsOf lists those that were started from a folder like home.
func functionsOf(t *testing.T, home string) (pids []int) {
	t.Helper()
	entries, err := os.ReadDir("/proc")
	require.NoError(t, err)
	for _, e := range entries {
		pid, err := strconv.Atoi(e.Name())
		if err != nil {
			continue
		}
		exe, err := os.Readlink(fmt.Sprintf("/proc/%d/exe", pid))
		if err == nil && strings.HasPrefix(exe, filepath.Join(home, "dist")) && filepath.Base(exe) == "main" {
			pids = append(pids, pid)
		}
	}
	return pids
}

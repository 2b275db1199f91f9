package main

import (
	"bufio"
	"bytes"
	"context"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/stack"
)

// broken are the examples that teach.
var broken = []string{"templates/broken/first-try.Dockerfile", "templates/broken/from-docker.Dockerfile"}

func TestTheExamplesAreCreatedOnceAndThenUnchanged(t *testing.T) {
	state := t.TempDir()
	up := func() (map[string]outcome, []outcome) {
		r := imagedrop(t, "up", "--drop", examples, "--exit", "--json", "--state", state, "--port-base", "0", "-f", filepath.Join(home, "s.yaml"))
		r.requireCode(t, exitDone)
		require.Contains(t, r.err, "local cloud, account 1234567890123456, region cn-hangzhou")
		var resources, executions []outcome
		for _, o := range r.outcomes(t) {
			if o.Data.Resource.Kind == "execution" {
				executions = append(executions, o)
				continue
			}
			if o.Data.Target.Provider == "aws" { // one of them goes to both clouds
				o.Data.Job.Key += " in AWS"
			}
			resources = append(resources, o)
		}
		return byKey(t, resources), executions
	}
	first, executions := up()
	require.Equal(t, []string{"execution started", "execution succeeded"}, statusesOf(executions))
	require.Len(t, executions[1].Data.Resource.Images, 3, "one for each region")
	for _, key := range broken {
		require.Equal(t, "rejected", first[key].Data.Status, key)
		require.Greater(t, len(first[key].Data.Findings), 5, key)
	}
	require.GreaterOrEqual(t, len(first), len(broken)+7)

	second, executions := up()
	require.Empty(t, executions, "nothing new, nothing to build")
	require.Len(t, second, len(first))
	for key, o := range second {
		before := first[key]
		if before.bad() {
			require.Equal(t, "rejected", o.Data.Status, key)
			continue
		}
		require.Equal(t, "created", before.Data.Status, key)
		require.Equal(t, "unchanged", o.Data.Status, key)
		require.Equal(t, before.Data.Resource.ID, o.Data.Resource.ID, key)
		require.Empty(t, before.Data.Findings, "an example without any finding: %s", key)
	}
}

// The text form: every outcome on a line of its own, the findings below it.
func TestUpShowsOutcomesToPeople(t *testing.T) {
	t.Chdir(t.TempDir())
	r := imagedrop(t, "up", "--drop", examples, "--exit", "--memory", "--port-base", "0", "-f", filepath.Join(home, "s.yaml"))
	r.requireCode(t, exitDone)
	require.Regexp(t, `(?m)^created    pipeline   web-golden              ip-[a-z0-9]{20,} +\d+ ms  templates/web\.Dockerfile$`, r.out)
	require.Regexp(t, `(?m)^rejected   pipeline   first-try {30,}.*  templates/broken/first-try\.Dockerfile$`, r.out)
	require.Contains(t, r.out, "\n    3:3   error    IB0250  unknown key \"descripton\"\n                           help: did you mean description?\n")
	require.Regexp(t, `(?m)^succeeded  execution  web-golden .*  ↳ templates/web\.Dockerfile\n    cn-hangzhou  m-`, r.out)
	require.Regexp(t, `^7 created, 1 succeeded, 2 rejected in \S+ m?s\n$`, r.err)
	require.NotContains(t, r.out+r.err, "\x1b", "no terminal, no colour")
	entries, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Empty(t, entries, "--memory keeps nothing")
	require.Empty(t, functions(t))
}

// A component that never comes keeps a pipeline waiting for minutes.
const waiting = "# ---\n# name: waiting\n# ---\nFROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\n" +
	"COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/never/1.*.*\n"

func TestUpNamesWhatHasNoOutcomeInTime(t *testing.T) {
	dir := folder(t, map[string]string{"fine.Dockerfile": "RUN true\n", "team/waiting.Dockerfile": waiting})
	r, within := inTime(t, func(r result) bool { return len(r.outcomes(t)) > 0 },
		"up", "--drop", dir, "--exit", "--json", "--memory", "--port-base", "0", "-f", filepath.Join(home, "s.yaml"))
	r.requireCode(t, exitTrouble)
	require.Equal(t, "created", byKey(t, r.outcomes(t))["templates/fine.Dockerfile"].Data.Status)
	require.Contains(t, r.err, "imagedrop: no outcome for 1 of 2 within "+within+"\n  "+dir+"/team/waiting.Dockerfile: acknowledged, no outcome yet\n")
	require.Empty(t, functions(t))
}

// inTime runs a command with a --timeout in which this machine comes as far as
// it is to come, and returns that too.
func inTime(t *testing.T, enough func(result) bool, args ...string) (r result, within string) {
	t.Helper()
	for limit := time.Second; ; limit *= 2 {
		r := imagedrop(t, append(args, "--timeout", limit.String())...)
		if enough(r) || limit > time.Minute {
			return r, limit.String()
		}
	}
}

func TestUpSaysWhatIsNotBuilt(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(repository, "s.yaml"))
	require.NoError(t, err)
	file := write(t, "s.yaml", string(text))
	r := imagedrop(t, "up", "--memory", "--port-base", "0", "-f", file).requireCode(t, exitTrouble)
	require.Contains(t, r.err, "dist/upload/main is not there: run `make build` first")
	require.Contains(t, r.err, "dist/message/main is not there: run `make build` first")
}

// The binary, until Ctrl-C, and how long its first outcome takes.
func TestUpServesUntilCtrlC(t *testing.T) {
	state := t.TempDir()
	began := time.Now()
	up := start(t, "up", "--drop", examples, "--state", state, "--port-base", "0")
	lines := bufio.NewScanner(up.out)
	readTo(t, lines, "created ")
	t.Logf("first outcome after %v", time.Since(began).Round(time.Millisecond))
	readTo(t, lines, "serving until Ctrl-C")
	require.NotEmpty(t, functions(t))

	dropped := imagedrop(t, "drop", write(t, "later.Dockerfile", "RUN true\n"), "--state", state).requireCode(t, exitDone)
	require.Contains(t, dropped.out, "later")
	readTo(t, lines, "later") // everybody's outcomes show

	require.NoError(t, up.Process.Signal(os.Interrupt))
	readTo(t, lines, "stopped")
	require.Equal(t, exitDone, up.end())
	require.Regexp(t, `^7 created, .* in \S+ m?s\n(1 build under way: it is shown when it ends\n)?$`, up.err.String(), "nothing but the summary")
	require.Empty(t, functions(t))
	_, err := stack.ReadEndpoints(state)
	require.Error(t, err)
}

// What is not signed is taken with --no-auth, and up says so.
func TestUpWithoutAuth(t *testing.T) {
	state := t.TempDir()
	up := start(t, "up", "--state", state, "--port-base", "0", "--no-auth")
	lines := bufio.NewScanner(up.out)
	readTo(t, lines, "note: no signature is checked (--no-auth)")
	readTo(t, lines, "serving until Ctrl-C")
	e, err := stack.ReadEndpoints(state)
	require.NoError(t, err)
	resp, err := http.Get(e.ECS + "/?Action=DescribeRegions&Version=2014-05-26")
	require.NoError(t, err)
	require.NoError(t, resp.Body.Close())
	require.Equal(t, http.StatusOK, resp.StatusCode)
	require.NoError(t, up.Process.Signal(os.Interrupt))
	require.Equal(t, exitDone, up.end())
}

// Ctrl-C is how it is meant to end, also in the moment in which it begins.
func TestCtrlCAtTheFirstLine(t *testing.T) {
	ctx, interrupt := context.WithCancel(t.Context())
	var err bytes.Buffer
	args := []string{"up", "--memory", "--port-base", "0", "-f", filepath.Join(home, "s.yaml")}
	code := runContext(ctx, args, streams{in: strings.NewReader(""), out: writer(func([]byte) { interrupt() }), err: &err})
	require.Equal(t, exitDone, code, err.String())
	require.Empty(t, functions(t))
}

type writer func([]byte)

func (w writer) Write(p []byte) (int, error) {
	w(p)
	return len(p), nil
}

// Ctrl-C while --exit waits: what has no outcome is named.
func TestCtrlCWhileWaitingNamesTheMissing(t *testing.T) {
	dir := folder(t, map[string]string{"fine.Dockerfile": "RUN true\n", "waiting.Dockerfile": waiting})
	up := start(t, "up", "--drop", dir, "--exit", "--json", "--memory", "--port-base", "0")
	readTo(t, bufio.NewScanner(up.out), `"status":"created"`)
	require.NoError(t, up.Process.Signal(syscall.SIGTERM))
	require.Equal(t, exitTrouble, up.end())
	require.Contains(t, up.err.String(), "no outcome for 1 of 2, interrupted\n  "+dir+"/waiting.Dockerfile: ")
	require.Empty(t, functions(t))
}

// A second local cloud that keeps nothing does not get into the first one's way.
func TestMemoryLeavesTheStateOfOthersAlone(t *testing.T) {
	t.Chdir(t.TempDir())
	text, err := os.ReadFile(filepath.Join(home, "s.yaml"))
	require.NoError(t, err)
	require.NoError(t, os.WriteFile("s.yaml", text, 0o644))
	require.NoError(t, os.Symlink(filepath.Join(home, "dist"), "dist"))
	durable, err := stack.Start(t.Context(), stack.Options{File: "s.yaml", StateDir: defaultState, Log: io.Discard})
	require.NoError(t, err)
	defer durable.Close()
	file := write(t, "tool.Dockerfile", "RUN true\n")
	imagedrop(t, "up", "--memory", "--drop", file, "--exit", "--port-base", "0").requireCode(t, exitDone)
	require.Contains(t, imagedrop(t, "env").requireCode(t, exitDone).out, durable.Endpoints().Console)
	require.Empty(t, imagedrop(t, "results").requireCode(t, exitDone).out)
}

// readTo reads lines up to one that holds text.
func readTo(t *testing.T, lines *bufio.Scanner, text string) {
	t.Helper()
	for lines.Scan() {
		if strings.Contains(lines.Text(), text) {
			return
		}
	}
	require.Fail(t, "the output ended before", text)
}

package main

import (
	"encoding/json"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/fc"
	"imagedrop/shared/local/stack"
)

func TestInvokeReplaysAnEvent(t *testing.T) {
	l := newLocal(t)
	event := filepath.Join(repository, "events", "testdata", "queue-stream-objects.json")
	r := l.run("invoke", "message", event).requireCode(t, exitDone)
	require.Equal(t, "null\n", r.out, "the function's answer")
	require.Contains(t, r.err, `"msg":"done"`, "its logs")
	require.Contains(t, r.err, "FC Invoke Start RequestId: 1-")

	var got invocation
	require.NoError(t, json.Unmarshal([]byte(l.run("invoke", "--json", "message", event).requireCode(t, exitDone).out), &got))
	require.JSONEq(t, "null", string(got.Body))
	require.Empty(t, got.ErrorType)
	require.NotEmpty(t, got.Logs)
	require.Positive(t, got.DurationMs)

	unknown := l.run("invoke", "messages", event).requireCode(t, exitTrouble)
	require.Contains(t, unknown.err, "the local cloud refused: no such function: messages")
	missing := l.run("invoke", "message", "none.json").requireCode(t, exitTrouble)
	require.Contains(t, missing.err, "none.json: no such file")
}

// The event of the upload is the one that the trigger delivers as well: the
// function sees it twice and creates once.
func TestInvokeUploadsAnObjectAndMakesItsEvent(t *testing.T) {
	l := newLocal(t)
	file := filepath.Join(folder(t, map[string]string{"templates/team/tool.Dockerfile": "RUN true\n"}), "templates/team/tool.Dockerfile")
	r := l.run("invoke", "upload", "--object", file).requireCode(t, exitDone)
	require.Equal(t, "null\n", r.out)
	require.Contains(t, r.err, `"outcome":"created"`)
	require.Len(t, describe(t, l.cloud.Endpoints, "component", "team-tool"), 1)
	require.Len(t, l.run("results", "--json").outcomes(t), 1)
}

func TestAFailingFunctionIsCode1(t *testing.T) {
	l := newLocal(t)
	l.fault(account.Fault{Service: "oss", Operation: "GetObject", Effect: account.EffectKillBefore, Count: 1000})
	r := l.run("invoke", "upload", "--object", write(t, "tool.Dockerfile", "RUN true\n"), "--json").requireCode(t, exitRejected)
	var got invocation
	require.NoError(t, json.Unmarshal([]byte(r.out), &got))
	require.Equal(t, "UnhandledInvocationError", got.ErrorType)
	require.Contains(t, string(got.Body), "errorMessage")
}

// An asynchronous event is accepted, and delivered behind the command's back.
func TestInvokeDeliversAsATriggerDoes(t *testing.T) {
	l := newLocal(t)
	event := filepath.Join(repository, "events", "testdata", "queue-stream-objects.json")
	r := l.run("invoke", "--async", "message", event).requireCode(t, exitDone)
	id, found := strings.CutPrefix(r.out, "accepted: request ")
	require.True(t, found, r.out)
	id = strings.TrimSpace(id)
	l.awaitLog("FC Invoke End RequestId: " + id)
	require.Eventually(t, func() bool { // it is remembered once the host has its answer
		record := l.remembered(id)
		return len(record.Attempts) == 1 && record.Function == "message" &&
			slices.ContainsFunc(record.Attempts[0].Logs, func(line string) bool { return strings.Contains(line, `"msg":"done"`) })
	}, time.Minute, 5*time.Millisecond)

	var got enqueued
	require.NoError(t, json.Unmarshal([]byte(l.run("invoke", "--async", "--json", "message", event).requireCode(t, exitDone).out), &got))
	require.Regexp(t, "^1-[0-9a-f-]+$", got.RequestID)
	unknown := l.run("invoke", "--async", "messages", event).requireCode(t, exitTrouble)
	require.Contains(t, unknown.err, "the local cloud refused: no such function: messages")
}

// remembered is what the control API knows of a request.
func (l *local) remembered(id string) (record fc.Record) {
	l.t.Helper()
	resp, err := http.Get(l.cloud.Endpoints.Console + "/v1/invocations/" + id)
	require.NoError(l.t, err)
	defer resp.Body.Close()
	require.NoError(l.t, json.NewDecoder(resp.Body).Decode(&record))
	return record
}

// awaitLog waits until the functions have logged the text.
func (l *local) awaitLog(text string) {
	l.t.Helper()
	require.Eventually(l.t, func() bool { return strings.Contains(l.log.String(), text) }, time.Minute, 5*time.Millisecond)
}

const aTimer = `        - triggerName: yearly
          triggerType: timer
          triggerConfig:
            cronExpression: CRON_TZ=Asia/Shanghai 0 0 2 1 1 *
            enable: false
`

func TestInvokeFiresATimer(t *testing.T) {
	text, err := os.ReadFile(filepath.Join(home, "s.yaml"))
	require.NoError(t, err)
	const before = "        - triggerName: requests-topic\n"
	require.Contains(t, string(text), before)
	file := write(t, "s.yaml", strings.Replace(string(text), before, aTimer+before, 1))
	l := newLocal(t, func(o *stack.Options) { o.File, o.BinDir = file, filepath.Join(home, "dist") })
	require.Contains(t, l.Notices(), "timer trigger yearly of message is not enabled: fire it with `imagedrop invoke message --timer yearly`")

	for range 2 {
		r := l.run("invoke", "message", "--timer", "yearly", "--time", "2026-01-01T02:00:00+08:00").requireCode(t, exitDone)
		id, found := strings.CutPrefix(r.out, "fired yearly for 2025-12-31T18:00:00Z: request ")
		require.True(t, found, r.out)
		l.awaitLog("FC Invoke End RequestId: " + strings.TrimSpace(id))
	}
	var got enqueued
	require.NoError(t, json.Unmarshal([]byte(l.run("invoke", "message", "--timer", "yearly", "--json").requireCode(t, exitDone).out), &got))
	at, err := time.Parse(time.RFC3339, got.TriggerTime)
	require.NoError(t, err)
	require.WithinDuration(t, time.Now(), at, time.Minute)
	unknown := l.run("invoke", "message", "--timer", "monthly").requireCode(t, exitTrouble)
	require.Contains(t, unknown.err, "no such timer trigger: monthly of function message")
}

func TestEnvSpeaksToAShell(t *testing.T) {
	l := newLocal(t)
	exported := l.run("env").requireCode(t, exitDone).out
	shell := exec.Command("sh", "-euc", `eval "$1"; printf '%s ' "$OSS_ENDPOINT" "$MNS_ENDPOINT" "$ECS_ENDPOINT" "$ALIBABA_CLOUD_ACCESS_KEY_ID" "$OSS_ACCESS_KEY_SECRET" "$TEMPLATE_BUCKET"`, "sh", exported)
	out, err := shell.CombinedOutput()
	require.NoError(t, err, string(out))
	e := l.cloud.Endpoints
	require.Equal(t, []string{e.OSS, e.MNS, e.ECS, e.AccessKeyID, e.AccessKeySecret, e.Bucket}, strings.Fields(string(out)))
	require.Equal(t, `'it'\''s'`, quote("it's"))

	exported = l.run("env", "--https").requireCode(t, exitDone).out
	shell = exec.Command("sh", "-euc", `eval "$1"; printf '%s ' "$OSS_ENDPOINT" "$MNS_ENDPOINT" "$AWS_ENDPOINT_URL_IMAGEBUILDER" "$AWS_CA_BUNDLE" "$IMAGEDROP_CA_FILE"`, "sh", exported)
	out, err = shell.CombinedOutput()
	require.NoError(t, err, string(out))
	require.Equal(t, []string{e.HTTPS.OSS, e.HTTPS.MNS, e.HTTPS.EC2, e.CAFile, e.CAFile}, strings.Fields(string(out)))
	require.FileExists(t, e.CAFile)

	asJSON, err := json.Marshal(e)
	require.NoError(t, err)
	require.JSONEq(t, string(asJSON), l.run("env", "--json").requireCode(t, exitDone).out)
}

package main

import (
	"encoding/json"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
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

func TestEnvSpeaksToAShell(t *testing.T) {
	l := newLocal(t)
	exported := l.run("env").requireCode(t, exitDone).out
	shell := exec.Command("sh", "-euc", `eval "$1"; printf '%s ' "$OSS_ENDPOINT" "$MNS_ENDPOINT" "$ECS_ENDPOINT" "$ALIBABA_CLOUD_ACCESS_KEY_ID" "$OSS_ACCESS_KEY_SECRET" "$TEMPLATE_BUCKET"`, "sh", exported)
	out, err := shell.CombinedOutput()
	require.NoError(t, err, string(out))
	e := l.cloud.Endpoints
	require.Equal(t, []string{e.OSS, e.MNS, e.ECS, e.AccessKeyID, e.AccessKeySecret, e.Bucket}, strings.Fields(string(out)))
	require.Equal(t, `'it'\''s'`, quote("it's"))

	asJSON, err := json.Marshal(e)
	require.NoError(t, err)
	require.JSONEq(t, string(asJSON), l.run("env", "--json").requireCode(t, exitDone).out)
}

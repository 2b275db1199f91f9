package main

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
	"imagedrop/shared/template"
)

// canary is what no log, outcome or error may hold. It stands in template text
// as a password might, with what a scanner or a quoting rule may stumble on.
const canary = "Canary pa55/w0rd"

// leaky is everything that a test has seen, and what must not be in it.
type leaky struct {
	*local
	seen    strings.Builder
	secrets map[string]bool
}

// undigested leaves what is given up on the dead-letter queue: deadletter, whose
// calls fail as well, does not read it.
var undigested = regexp.MustCompile(`(?s)(triggerName: dead-letters.*?triggerEnable: )true`)

// newLeaky starts a local cloud whose functions give up soon. The triggers that
// disabled matches, up to "true", are not enabled.
func newLeaky(t *testing.T, disabled ...*regexp.Regexp) *leaky {
	text, err := os.ReadFile(filepath.Join(home, "s.yaml"))
	require.NoError(t, err)
	soon := string(text)
	for setting, value := range map[string]string{"timeout": "3", "maxAsyncRetryAttempts": "0"} {
		of := regexp.MustCompile(`(?m)^( +` + setting + `: )\d+$`)
		require.True(t, of.MatchString(soon), setting)
		soon = of.ReplaceAllString(soon, "${1}"+value)
	}
	for _, trigger := range disabled {
		require.True(t, trigger.MatchString(soon), trigger)
		soon = trigger.ReplaceAllString(soon, "${1}false")
	}
	dir := folder(t, map[string]string{"s.yaml": soon})
	require.NoError(t, os.Symlink(filepath.Join(home, "dist"), filepath.Join(dir, "dist")))
	l := &leaky{secrets: map[string]bool{account.AccessKeyID: true, account.AccessKeySecret: true}}
	l.local = newLocal(t, func(o *stack.Options) { o.File = filepath.Join(dir, "s.yaml") })
	return l
}

// credentials notes those of the functions that run now.
func (l *leaky) credentials() {
	for _, pid := range functions(l.t) {
		environment, err := os.ReadFile(fmt.Sprintf("/proc/%d/environ", pid))
		if err != nil {
			continue // it has just ended
		}
		for _, v := range strings.Split(string(environment), "\x00") {
			name, value, _ := strings.Cut(v, "=")
			switch name {
			case "ALIBABA_CLOUD_ACCESS_KEY_ID", "ALIBABA_CLOUD_ACCESS_KEY_SECRET", "ALIBABA_CLOUD_SECURITY_TOKEN":
				l.secrets[value] = true
			}
		}
	}
}

// watch runs a command and keeps what it prints.
func (l *leaky) watch(args ...string) result {
	l.t.Helper()
	l.credentials()
	if args[0] != "lint" {
		args = append(args, "--state", l.state)
	}
	r := imagedrop(l.t, args...)
	l.credentials()
	l.seen.WriteString(r.out + r.err)
	return r
}

// put uploads without waiting.
func (l *leaky) put(key, text string) {
	l.t.Helper()
	_, err := l.cloud.objects.PutObject(context.Background(), &oss.PutObjectRequest{
		Bucket: oss.Ptr(l.cloud.Bucket), Key: oss.Ptr(key), Body: strings.NewReader(text),
	})
	require.NoError(l.t, err)
}

// parked takes one given-up event of the queue of deadletter.
func (l *leaky) parked() {
	l.t.Helper()
	record := l.takeGivenUp("imagedrop-parked", "event")
	require.Contains(l.t, record["reason"], "message")
}

// dead takes one given-up event of the dead-letter queue.
func (l *leaky) dead() {
	l.t.Helper()
	record := l.takeGivenUp("imagedrop-dlq", "requestPayload")
	require.Contains(l.t, record, "responsePayload")
}

// takeGivenUp takes one message of a queue. The event that was given up is in it
// under that name as it came, by design; what the platform and deadletter add is
// looked at.
func (l *leaky) takeGivenUp(queue, event string) (record map[string]any) {
	l.t.Helper()
	messages, failures := make(chan ali_mns.MessageReceiveResponse, 1), make(chan error, 1)
	l.cloud.queue(queue).ReceiveMessage(messages, failures, mnsTimeout-1)
	select {
	case m := <-messages:
		require.NoError(l.t, json.Unmarshal([]byte(m.MessageBody), &record), m.MessageBody)
		require.Contains(l.t, record, event)
		delete(record, event)
		rest, err := json.Marshal(record)
		require.NoError(l.t, err)
		l.seen.Write(rest)
		require.NoError(l.t, l.cloud.queue(queue).DeleteMessage(m.ReceiptHandle))
	case err := <-failures:
		require.NoError(l.t, err)
	}
	return record
}

// requireNoLeak looks through all that was printed, logged and published.
func (l *leaky) requireNoLeak() {
	l.t.Helper()
	l.seen.WriteString(l.log.String())
	l.seen.WriteString(l.run("results", "--json").out)
	l.seen.WriteString(l.run("results").out)
	l.seen.WriteString(l.run("results", "--take", "--json").out)
	seen := l.seen.String()
	require.Contains(l.t, seen, "FC Invoke Start", "the log was looked at")
	require.Greater(l.t, len(l.secrets), 4, "temporary credentials were seen")
	for secret := range l.secrets {
		require.NotContains(l.t, seen, secret)
	}
	for _, part := range append(strings.Fields(canary), "pa55", base64.StdEncoding.EncodeToString([]byte(canary))[:12]) {
		for line := range strings.Lines(seen) {
			require.NotContains(l.t, strings.ToLower(line), strings.ToLower(part))
		}
	}
}

// accepted are templates without a mistake, with the canary wherever text can be.
var accepted = map[string]string{
	"component.Dockerfile": "# " + canary + "\n# ---\n# name: component-NAME\n# description: " + canary + "\n# tags: {team: " + canary + "}\n# ---\n" +
		"ENV PASSWORD=\"" + canary + "\"\nLABEL key=\"" + canary + "\"\nRUN echo '" + canary + "' # " + canary + "\nCMD [\"echo\", \"" + canary + "\"]\n",
	"pipeline.Dockerfile": "# ---\n# name: pipeline-NAME\n# imageOptions: {description: " + canary + ", imageTags: {team: " + canary + "}}\n# ---\n" +
		linux + "RUN echo " + canary + "\n# --- test\nRUN echo " + canary + "\n",
	"yaml.yaml": "# ---\n# name: yaml-NAME\n# ---\nTasks:\n  - Name: a\n    Action: RunShellCommand\n    Properties:\n      commandContent: |\n        echo " + canary + "\n",
}

// faults are what a call may come to.
var faults = []struct {
	account.Fault
	final bool // the job ends with an outcome while the fault lasts
}{
	{account.Fault{Service: "ecs", Operation: "*", Code: "Forbidden.RAM", Status: 403}, true},
	{account.Fault{Service: "ecs", Operation: "*", Code: "SignatureDoesNotMatch", Status: 400}, true},
	{account.Fault{Service: "ecs", Operation: "*", Code: "InvalidAccessKeyId.NotFound", Status: 404}, true},
	{account.Fault{Service: "ecs", Operation: "*", Code: "InvalidParameter.Content", Status: 400}, true},
	{account.Fault{Service: "ecs", Operation: "*", Code: "InternalError", Status: 500}, false},
	{account.Fault{Service: "ecs", Operation: "*", Effect: account.EffectTimeout}, false},
	{account.Fault{Service: "ecs", Operation: "*", Effect: account.EffectDropBefore}, false},
	{account.Fault{Service: "ecs", Operation: "*", Effect: account.EffectKillBefore}, false},
	{account.Fault{Service: "oss", Operation: "GetObject", Code: "AccessDenied", Status: 403}, true},
	{account.Fault{Service: "oss", Operation: "GetObject", Code: "SignatureDoesNotMatch", Status: 403}, true},
	{account.Fault{Service: "oss", Operation: "GetObject", Code: "InternalError", Status: 500}, false},
	{account.Fault{Service: "oss", Operation: "GetObject", Effect: account.EffectTimeout}, false},
	{account.Fault{Service: "mns", Operation: "SendMessage", Code: "AccessDenied", Status: 403}, false},
	{account.Fault{Service: "mns", Operation: "SendMessage", Code: "SignatureDoesNotMatch", Status: 403}, false},
	{account.Fault{Service: "mns", Operation: "SendMessage", Code: "InternalError", Status: 500}, false},
	{account.Fault{Service: "mns", Operation: "SendMessage", Effect: account.EffectDropAfter}, false},
}

// many is more often than anything is tried.
const many = 1000

func TestSecretsOfAcceptedTemplatesAppearNowhere(t *testing.T) {
	t.Parallel()
	l := newLeaky(t)
	dir := t.TempDir()
	for name, text := range accepted {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(strings.ReplaceAll(text, "NAME", "fine")), 0o644))
	}
	l.watch("drop", "--json", dir).requireCode(t, exitDone)
	l.watch("drop", dir).requireCode(t, exitDone)
	l.watch("lint", "--json", dir).requireCode(t, exitDone)
	l.watch("invoke", "upload", "--object", filepath.Join(dir, "yaml.yaml")).requireCode(t, exitDone)
	l.watch("send", "--json", filepath.Join(dir, "component.Dockerfile")).requireCode(t, exitDone)
	l.requireNoLeak()
}

func TestSecretsAppearInNoErrorOfACall(t *testing.T) {
	for i, f := range faults {
		if f.Effect == "" {
			f.Effect = account.EffectCode
		}
		f.Count = many
		t.Run(fmt.Sprintf("%s %s %s%s", f.Service, f.Operation, f.Effect, f.Code), func(t *testing.T) {
			t.Parallel()
			l := newLeaky(t, undigested)
			text := strings.ReplaceAll(accepted["component.Dockerfile"], "NAME", fmt.Sprint(i))
			file := write(t, "component.Dockerfile", text)
			l.fault(f.Fault)
			if f.final {
				l.watch("drop", file).requireCode(t, exitRejected)
				if f.Service != "oss" {
					l.watch("send", file).requireCode(t, exitRejected)
				}
				l.watch("invoke", "upload", "--object", file).requireCode(t, exitDone)
			} else {
				l.credentials()
				l.put("templates/component.Dockerfile", text)
				l.watch("invoke", "upload", "--object", file).requireCode(t, exitRejected)
				l.dead()
			}
			l.Account().Faults.Clear()
			l.watch("drop", write(t, "other.Dockerfile", text+"RUN true\n")).requireCode(t, exitDone)
			l.requireNoLeak()
		})
	}
}

// What was given up is answered, parked and logged without its secrets.
func TestSecretsOfGivenUpEventsAppearNowhere(t *testing.T) {
	for effect, code := range map[account.Effect]string{account.EffectCode: "InternalError", account.EffectKillBefore: ""} {
		t.Run(string(effect), func(t *testing.T) {
			t.Parallel()
			l := newLeaky(t)
			l.fault(account.Fault{Service: "oss", Operation: "GetObject", Effect: effect, Code: code, Count: many})
			l.credentials()
			l.put("templates/component.Dockerfile", accepted["component.Dockerfile"])
			l.parked()
			l.credentials() // those of deadletter at least, which has just worked
			l.requireNoLeak()
		})
	}
}

// Every key with a value that it cannot have, every command with what it
// cannot take, and text that is no template at all.
func TestSecretsOfRejectedTemplatesAppearNowhere(t *testing.T) {
	t.Parallel()
	files := map[string]string{}
	add := func(text string) { files[fmt.Sprintf("t%03d.Dockerfile", len(files))] = text }
	for _, key := range template.Keys {
		path := strings.Split(key.Path, ".")
		for _, value := range []string{canary, "[" + canary + "]", "{" + canary + ": " + canary + "}", "|\n#   " + canary} {
			header := ""
			for depth, name := range path {
				header += "# " + strings.Repeat("  ", depth) + name + ":\n"
			}
			add("# ---\n" + strings.TrimSuffix(header, "\n") + " " + value + "\n# ---\n" + linux + "RUN true\n")
		}
	}
	for _, command := range strings.Fields("FROM COMPONENT RUN ENV LABEL COPY WORKDIR USER CMD ENTRYPOINT RESTART ADD EXPOSE RNU Canary") {
		for _, arguments := range []string{canary, "[\"" + canary + "\", 5]", "--" + canary, "<<" + canary, "https://x/?" + canary, "\"" + canary, canary + "=" + canary, canary + " \\"} {
			add("RUN true\n" + command + " " + arguments + "\n")
			add(linux + command + " " + arguments + "\n# --- test\n" + command + " " + arguments + "\n")
		}
	}
	for _, text := range []string{
		canary, "# ---\n# " + canary + "\n", "# ---\n# name: [" + canary + "\n# ---\n", "# ----\n# x: " + canary, "#---\n# x: " + canary,
		"# ---\n# &a " + canary + ": *b\n# ---\nRUN true",
		"# syntax=" + canary, "# escape=" + canary, "RUN " + canary + "\xff", "RUN " + canary + "\x00",
		"RUN " + strings.Repeat(canary, 2000), "RUN true\n" + strings.Repeat("RUN "+canary+"\n", 130),
		"Tasks: " + canary, "RUN echo $" + strings.ReplaceAll(canary, " ", "_") + " ${" + canary + "}",
	} {
		add(text)
	}
	for _, text := range []string{
		canary, "Tasks: " + canary, "Tasks:\n  - " + canary, "Tasks:\n  - Name: " + canary + "\n    Action: " + canary,
		"Tasks:\n  - Name: a\n    Action: Reboot\n    Properties: {" + canary + ": " + canary + "}",
		"Parameters:\n  " + canary + ": {Type: " + canary + "}\nTasks: []", "Tasks: [{" + canary,
		"Tasks:\n  - Name: a\n    Action: RunShellCommand\n    Properties: {commandContent: '{{ " + canary + " }}'}", canary + ": &a [*a]",
	} {
		files[fmt.Sprintf("y%03d.yaml", len(files))] = text
	}
	l := newLeaky(t)
	dir := folder(t, files)
	l.watch("drop", "--json", dir).requireCode(t, exitRejected)
	l.watch("lint", "--json", dir).requireCode(t, exitRejected)
	l.requireNoLeak()
}

func TestSecretsOfMessagesAppearNowhere(t *testing.T) {
	t.Parallel()
	l := newLeaky(t)
	quoted, err := json.Marshal(canary)
	require.NoError(t, err)
	secret := string(quoted)
	for i, body := range []string{
		`{"content": ` + secret + `}`, `{"content": "RUN true", "description": [` + secret + `]}`, `{"content": "RUN true", ` + secret + `: ` + secret + `}`,
		`{"content": "ADD x", "tags": ` + secret + `}`, `{"content": "ADD x", "tags": {` + secret + `: [` + secret + `]}}`,
		`{"content": {` + secret + `: 1}}`, `[` + secret + `]`, `{` + secret, `{"content": "RUN ` + canary,
		`{"templateUri": ` + secret + `}`,
		`{"templateUri": "oss://other-bucket/` + canary + `"}`, `{"clientToken": ` + secret + `, "content": "ADD x"}`, canary,
		base64.StdEncoding.EncodeToString([]byte(canary)), base64.StdEncoding.EncodeToString([]byte(`{"content": ` + secret + `}`)),
		`{"kind": "execution", "pipelineName": ` + secret + `}`, `{"content": "RUN true", "testContent": ` + secret + `}`,
	} {
		l.watch("send", "--json", write(t, fmt.Sprintf("m%d.json", i), body)).requireCode(t, exitRejected)
		l.watch("lint", "--json", write(t, fmt.Sprintf("m%d.json", i), body))
	}
	event := write(t, "event.json", `{"specversion": "1.0", "data": {"messageBody": `+secret+`, `+secret+`: [`)
	l.watch("invoke", "message", event)
	l.watch("invoke", "upload", event)
	l.requireNoLeak()
}

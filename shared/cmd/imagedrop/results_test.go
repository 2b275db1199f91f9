package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"
)

// event is an outcome as a function publishes it, some seconds after eight.
func event(second int, job, kind, status, more string) string {
	at := time.Date(2026, 5, 4, 8, 0, second, 0, time.UTC).Format(time.RFC3339)
	if more != "" {
		more = ", " + more
	}
	return fmt.Sprintf(`{"id": "%s %s %s", "time": "%s", "subject": "imagedrop-requests", "type": "imagedrop.%s.%s.v1",
		"data": {"status": "%s", "job": {"id": "%s", "trigger": "queue", "queue": "imagedrop-requests"}, "timings": {"totalMs": 12}%s}}`,
		job, kind, status, at, kind, status, status, job, more)
}

func about(kind, id string, images ...string) string {
	return fmt.Sprintf(`"resource": {"kind": "%s", "id": "%s", "name": "web", "images": [%s]}`, kind, id, strings.Join(images, ","))
}

// tale is what two jobs came to, one in between the other.
var tale = []string{
	event(1, "J-1", "pipeline", "created", about("pipeline", "ip-1")),
	event(2, "J-1", "execution", "started", about("execution", "exec-1")+`, "reason": {"kind": "baseImage", "message": "base image m-a → m-b"}`),
	event(3, "J-2", "execution", "skipped", about("execution", "")+`, "reason": {"kind": "running", "message": "another execution of the pipeline runs"}`),
	event(65, "J-1", "execution", "succeeded", about("execution", "exec-1",
		`{"regionId": "cn-hangzhou", "imageId": "m-1", "imageName": "web_exec-1"}`, `{"regionId": "cn-beijing", "imageId": "m-2222", "imageName": "web_exec-1"}`)),
	event(70, "J-3", "execution", "started", about("execution", "exec-3")+`, "reason": {"kind": "forced"}`),
	event(75, "J-3", "execution", "failed", about("execution", "exec-3", `{"regionId": "cn-hangzhou", "imageId": "m-3"}`)+
		`, "reason": {"kind": "permanent", "code": "TEST_FAILED", "message": "a test command ended with exit code 1"}`),
}

// publish puts outcomes on the result queue.
func (l *local) publish(events ...string) {
	l.t.Helper()
	for _, e := range events {
		_, err := l.cloud.queue(l.cloud.ResultQueue).SendMessage(ali_mns.MessageSendRequest{MessageBody: e, Priority: priority})
		require.NoError(l.t, err)
	}
}

func TestResultsTellTheStoryOfEachJob(t *testing.T) {
	t.Setenv("TZ", "UTC")
	l := newLocal(t)
	tale := append(tale[:len(tale):len(tale)], event(80, "J-4", "execution", "rejected",
		`"resource": {"kind": "execution", "imagePipelineId": "ip-gone"}, "reason": {"kind": "invalid", "message": "there is no such pipeline"}`))
	l.publish(tale...)
	results := start(t, "results", "--state", l.state)
	text, err := io.ReadAll(results.out)
	require.NoError(t, err)
	require.Equal(t, exitDone, results.end())
	require.Equal(t, `imagedrop-requests  job J-1
  05-04 08:00  created    pipeline   web                     ip-1                         12 ms
  05-04 08:00  started    execution  web                     exec-1                       12 ms
    base image m-a → m-b
  05-04 08:01  succeeded  execution  web                     exec-1                      63.0 s
    cn-hangzhou  m-1     web_exec-1
    cn-beijing   m-2222  web_exec-1
imagedrop-requests  job J-2
  05-04 08:00  skipped    execution  web                                                  12 ms
    another execution of the pipeline runs
imagedrop-requests  job J-3
  05-04 08:01  started    execution  web                     exec-3                       12 ms
    forced
  05-04 08:01  failed     execution  web                     exec-3                       5.0 s
    a test command ended with exit code 1 (TEST_FAILED)
    cn-hangzhou  m-3
imagedrop-requests  job J-4
  05-04 08:01  rejected   execution  ip-gone                                              12 ms
    there is no such pipeline
`, string(text))

	got := l.run("results", "--json").requireCode(t, exitDone).outcomes(t)
	require.Len(t, got, len(tale))
	for i, o := range got {
		require.JSONEq(t, tale[i], string(o.raw), "in the order of the feed")
	}
}

// As they come: where another job came between, an arrow leads on.
func TestFollowLeadsOn(t *testing.T) {
	t.Setenv("TZ", "UTC")
	l := newLocal(t)
	l.publish(tale...)
	follow := start(t, "results", "--follow", "--state", l.state)
	var text bytes.Buffer
	for !strings.Contains(text.String(), "TEST_FAILED") {
		buffer := make([]byte, 4096)
		n, err := follow.out.Read(buffer)
		require.NoError(t, err, follow.err)
		text.Write(buffer[:n])
	}
	require.Contains(t, text.String(), `imagedrop-requests  job J-2
  05-04 08:00  skipped    execution  web                                                  12 ms
    another execution of the pipeline runs
↳ imagedrop-requests  created 08:00:01 → started 08:00:02
  05-04 08:01  succeeded  execution  web                     exec-1                      63.0 s
`)
	require.NotContains(t, text.String(), "\x1b")
}

// On a terminal a long name gives way to what cannot be left out.
func TestLongNamesOnATerminal(t *testing.T) {
	name := strings.Repeat("长名", 30)
	var out bytes.Buffer
	o := readOutcome(json.RawMessage(strings.Replace(tale[0], `"name": "web"`, `"name": "`+name+`"`, 1)))
	newPrinter(&out, false).print(o)
	require.Contains(t, out.String(), name, "whole where no terminal is")

	out.Reset()
	p := newPrinter(&out, false)
	p.width, p.colour = 100, true
	p.print(o)
	require.Contains(t, out.String(), "\x1b[32mcreated  \x1b[0m  pipeline   长名长名长名长名长…长名长名长名长名长名  ip-1 ")
	require.LessOrEqual(t, cells("长名长名长名长名长…长名长名长名长名长名"), maxName)
}

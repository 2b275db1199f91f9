package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"
)

const (
	killTemplates = 200
	killMessages  = 20
)

// killAfter are the numbers of outcomes behind which the local cloud is killed.
var killAfter = []int{5, 40, 75, 120, 160, 195}

// victim is a local cloud that is killed and started again on its state. It has
// a home of its own, which tells its functions from those of other clouds.
type victim struct {
	t           *testing.T
	home, state string
	up          *process
}

func newVictim(t *testing.T) *victim {
	v := &victim{t: t, home: t.TempDir(), state: t.TempDir()}
	require.NoError(t, fs.WalkDir(os.DirFS(home), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return errors.Join(err, os.MkdirAll(filepath.Join(v.home, path), 0o755))
		}
		return os.Link(filepath.Join(home, path), filepath.Join(v.home, path))
	}))
	return v
}

// boot starts the cloud, or the next one.
func (v *victim) boot() {
	v.start()
	go func(out io.Reader) { _, _ = io.Copy(io.Discard, out) }(v.up.out)
}

func (v *victim) start() {
	v.up = start(v.t, "up", "-f", filepath.Join(v.home, "s.yaml"), "--state", v.state, "--port-base", "0")
}

// kill ends the cloud without warning; its functions must not outlive it.
func (v *victim) kill() {
	left := functionsOf(v.t, v.home)
	require.NotEmpty(v.t, left)
	require.NoError(v.t, v.up.Process.Kill())
	v.up.done = true
	_ = v.up.Wait() // killed
	require.Eventually(v.t, func() bool { return len(functionsOf(v.t, v.home)) == 0 }, time.Minute, time.Millisecond,
		"functions outlive their host")
}

// sender sends numbered messages to a queue that nobody reads and keeps the IDs
// of those that were acknowledged.
type sender struct {
	line  *line
	again chan struct{}     // one message each
	acked map[string]string // body by ID
	done  sync.WaitGroup
}

// unread is a queue of s.yaml that no trigger reads.
const unread = "imagedrop-parked"

func (s *sender) run() {
	for n := 0; ; n++ {
		if _, more := <-s.again; !more {
			return
		}
		c, err := s.line.cloud(context.Background())
		if err != nil {
			continue
		}
		body := fmt.Sprintf("message %d", n)
		sent, err := c.queue(unread).SendMessage(ali_mns.MessageSendRequest{MessageBody: body, Priority: priority})
		if err != nil {
			s.line.lost(c)
			continue
		}
		s.acked[sent.MessageId] = body
	}
}

// found waits until the cloud, which may have just been started again, answers.
func found(t *testing.T, at place) *cloud {
	t.Helper()
	for {
		c, err := at.find(t.Context())
		if err == nil {
			return c
		}
		require.ErrorIs(t, err, errNoCloud)
		pause(t.Context(), tryAgain)
	}
}

// killFiles are the templates and messages of the test.
func killFiles(t *testing.T) (templates string, messages []string) {
	files := map[string]string{}
	for i := range killTemplates {
		text := fmt.Sprintf("RUN echo template %d\n", i)
		if i%4 == 0 {
			text = linux + text
		}
		files[fmt.Sprintf("team-%d/t%03d.Dockerfile", i%7, i)] = text
	}
	dir := folder(t, nil)
	for i := range killMessages {
		path := filepath.Join(dir, fmt.Sprintf("m%02d.json", i))
		text := fmt.Sprintf(`{"clientToken": "kill-%d", "name": "message-%02d", "content": "RUN echo message %d"}`, i, i, i)
		require.NoError(t, os.WriteFile(path, []byte(text), 0o644))
		messages = append(messages, path)
	}
	return folder(t, files), messages
}

// Whatever a killed local cloud had acknowledged is there after its restart,
// every template dropped meanwhile ends with its outcome, and each is made once.
// A message that was being worked comes back after its visibility timeout, 30 s.
func TestNothingIsLostOrDoubledWhenTheCloudIsKilled(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	v.start()
	readTo(t, bufio.NewScanner(v.up.out), "serving until Ctrl-C")
	at := place{state: v.state}
	s := &sender{line: &line{find: at.find}, again: make(chan struct{}, killTemplates), acked: map[string]string{}}
	s.done.Go(s.run)

	templates, messages := killFiles(t)
	send := start(t, append([]string{"send", "--json", "--timeout", "5m", "--state", v.state}, messages...)...)
	drop := start(t, "drop", "--json", "--timeout", "5m", "--state", v.state, templates)
	var dropped strings.Builder
	lines := bufio.NewScanner(drop.out)
	for n := 1; lines.Scan(); n++ {
		dropped.WriteString(lines.Text() + "\n")
		s.again <- struct{}{}
		if slices.Contains(killAfter, n) {
			v.kill()
			v.boot()
		}
	}
	require.Equal(t, exitDone, drop.end(), drop.err)
	sent, err := io.ReadAll(send.out)
	require.NoError(t, err)
	require.Equal(t, exitDone, send.end(), send.err)
	close(s.again)
	s.done.Wait()

	c := found(t, at)
	outcomes := byKey(t, outcomesIn(t, dropped.String()))
	require.Len(t, outcomes, killTemplates)
	jobs := outcomesIn(t, string(sent))
	require.Len(t, jobs, killMessages)
	requireObjects(t, c, templates, outcomes)
	requireResources(t, c, slices.Concat(slices.Collect(maps.Values(outcomes)), jobs))
	requireMessages(t, c, s.acked)
	requireResults(t, v.state, slices.Concat(slices.Collect(maps.Values(outcomes)), jobs))

	require.NoError(t, v.up.Process.Signal(os.Interrupt))
	require.Equal(t, exitDone, v.up.end())
	require.Empty(t, functionsOf(t, v.home))
}

// requireObjects: every object is in the bucket, as it was uploaded.
func requireObjects(t *testing.T, c *cloud, dir string, outcomes map[string]outcome) {
	t.Helper()
	var listed []string
	pages := c.objects.NewListObjectsV2Paginator(&oss.ListObjectsV2Request{Bucket: oss.Ptr(c.Bucket)})
	for pages.HasNext() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		for _, o := range page.Contents {
			listed = append(listed, oss.ToString(o.Key))
		}
	}
	require.ElementsMatch(t, slices.Collect(maps.Keys(outcomes)), listed)
	for _, key := range listed {
		got, err := c.objects.GetObject(t.Context(), &oss.GetObjectRequest{Bucket: oss.Ptr(c.Bucket), Key: oss.Ptr(key)})
		require.NoError(t, err)
		body, err := io.ReadAll(got.Body)
		require.NoError(t, err)
		require.NoError(t, got.Body.Close())
		want, err := os.ReadFile(filepath.Join(dir, strings.TrimPrefix(key, "templates/")))
		require.NoError(t, err)
		require.Equal(t, string(want), string(body))
	}
}

// requireResources: each outcome's resource is there, and no other.
func requireResources(t *testing.T, c *cloud, outcomes []outcome) {
	t.Helper()
	var want, got []string
	for _, o := range outcomes {
		require.Equal(t, "created", o.Data.Status, string(o.raw))
		want = append(want, o.Data.Resource.Name+" "+o.Data.Resource.ID)
	}
	for _, kind := range []string{"component", "pipeline"} {
		for _, d := range describe(t, c.Endpoints, kind, "") {
			got = append(got, d.Name+" "+d.ImageComponentID+d.ImagePipelineID)
		}
	}
	require.ElementsMatch(t, want, got)
}

// requireMessages: every acknowledged message is on the queue, once.
func requireMessages(t *testing.T, c *cloud, acked map[string]string) {
	t.Helper()
	require.NotEmpty(t, acked)
	queue := c.queue(unread)
	got := map[string]string{}
	for {
		m, err := receive(queue)
		if ali_mns.ERR_MNS_MESSAGE_NOT_EXIST.IsEqual(err) {
			break
		}
		require.NoError(t, err)
		require.NotContains(t, got, m.MessageId)
		got[m.MessageId] = m.MessageBody
		require.NoError(t, queue.DeleteMessage(m.ReceiptHandle))
	}
	for id, body := range acked {
		require.Equal(t, body, got[id], id)
	}
}

// requireResults: the result queue has the same outcomes; one whose event was
// delivered again may be there again.
func requireResults(t *testing.T, state string, outcomes []outcome) {
	t.Helper()
	want, got := map[string]string{}, map[string]string{}
	for _, o := range outcomes {
		want[o.ID] = o.Data.Resource.ID
	}
	taken := imagedrop(t, "results", "--take", "--json", "--state", state).requireCode(t, exitDone).outcomes(t)
	for _, o := range taken {
		got[o.ID] = o.Data.Resource.ID
	}
	require.Equal(t, want, got)
	t.Logf("%d outcomes, %d messages on the result queue", len(want), len(taken))
}

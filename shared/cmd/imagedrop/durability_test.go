package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"maps"
	"math/rand/v2"
	"os"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"
)

const (
	// defaultKills is how many kills `make check` can afford; KILLS sets more.
	defaultKills = 4
	// killWithin is how long after its start the cloud is killed, at the latest:
	// before it serves, when it serves, and in the midst of work.
	killWithin = 800 * time.Millisecond
	// killSeed decides the moments.
	killSeed = 1
	// checked is a queue of the checker's own, with a short visibility time-out.
	checkedQueue   = "durability"
	checkedSeconds = 2
	templatePause  = 40 * time.Millisecond
	maxNumbers     = 4096 // in an object
)

// checker writes to the cloud over its own clients and remembers nothing but
// what was acknowledged.
type checker struct {
	line *line
	done sync.WaitGroup

	mu        sync.Mutex
	objects   map[string]string // content by key
	sent      map[string]string // body by message ID
	deleted   map[string]bool   // acknowledged
	maybe     map[string]bool   // the answer to their deletion was lost
	templates []string          // names
	again     []string          // messages that came back after their deletion
}

// work calls one writer again and again, whatever becomes of the cloud, until
// the end.
func (k *checker) work(ctx context.Context, write func(c *cloud, n int) error) {
	k.done.Go(func() {
		for n := 0; ctx.Err() == nil; n++ {
			c, err := k.line.cloud(ctx)
			if err != nil {
				pause(ctx, tryAgain)
				continue
			}
			if write(c, n) != nil {
				k.line.lost(c)
			}
		}
	})
}

func (k *checker) begin(ctx context.Context) {
	for worker := range 2 {
		random := rand.New(rand.NewPCG(killSeed, uint64(worker)))
		k.work(ctx, func(c *cloud, n int) error {
			return k.putObject(c, fmt.Sprintf("durability/%d-%d", worker, n), strings.Repeat(fmt.Sprintf("%d ", n), 1+random.IntN(maxNumbers)))
		})
	}
	k.work(ctx, k.send)
	k.work(ctx, k.consume)
	k.work(ctx, func(c *cloud, n int) error {
		defer pause(ctx, templatePause)
		name := fmt.Sprintf("durable-%d", n)
		err := put(c, "templates/durability/"+name+".Dockerfile", "RUN echo "+name+"\n")
		if err == nil {
			k.note(func() { k.templates = append(k.templates, name) })
		}
		return err
	})
}

func (k *checker) note(what func()) {
	k.mu.Lock()
	defer k.mu.Unlock()
	what()
}

func put(c *cloud, key, content string) error {
	_, err := c.objects.PutObject(context.Background(), &oss.PutObjectRequest{Bucket: oss.Ptr(c.Bucket), Key: oss.Ptr(key), Body: strings.NewReader(content)})
	return err
}

func (k *checker) putObject(c *cloud, key, content string) error {
	err := put(c, key, content)
	if err == nil {
		k.note(func() { k.objects[key] = content })
	}
	return err
}

func (k *checker) send(c *cloud, n int) error {
	body := fmt.Sprintf("message %d", n)
	sent, err := c.queue(checkedQueue).SendMessage(ali_mns.MessageSendRequest{MessageBody: body, Priority: priority})
	if err == nil {
		k.note(func() { k.sent[sent.MessageId] = body })
	}
	return err
}

// consume receives a message and deletes two of three; the others come again.
func (k *checker) consume(c *cloud, n int) error {
	queue := c.queue(checkedQueue)
	m, err := receive(queue)
	if ali_mns.ERR_MNS_MESSAGE_NOT_EXIST.IsEqual(err) {
		return nil
	}
	if err != nil {
		return err
	}
	k.note(func() {
		if k.deleted[m.MessageId] {
			k.again = append(k.again, m.MessageId)
		}
	})
	if n%3 == 0 {
		return nil
	}
	err = queue.DeleteMessage(m.ReceiptHandle)
	k.note(func() {
		if err == nil {
			k.deleted[m.MessageId] = true
		} else {
			k.maybe[m.MessageId] = true
		}
	})
	return err
}

// drain takes what is left on the queue; what was received but not deleted
// comes back in checkedSeconds. The sent messages that nobody deleted are there.
func (k *checker) drain(t *testing.T, c *cloud) {
	t.Helper()
	left := maps.Clone(k.sent)
	maps.DeleteFunc(left, func(id, _ string) bool { return k.deleted[id] || k.maybe[id] })
	queue := c.queue(checkedQueue)
	for empty := 0; empty <= checkedSeconds; {
		m, err := receive(queue)
		if ali_mns.ERR_MNS_MESSAGE_NOT_EXIST.IsEqual(err) {
			empty++ // one second of waiting each
			continue
		}
		require.NoError(t, err)
		require.NotContains(t, k.deleted, m.MessageId, "a deleted message came back")
		if body, ok := k.sent[m.MessageId]; ok {
			require.Equal(t, body, m.MessageBody)
		}
		delete(left, m.MessageId)
		require.NoError(t, queue.DeleteMessage(m.ReceiptHandle))
	}
	require.Empty(t, left, "acknowledged messages are lost")
	require.Empty(t, k.again, "deleted messages came back")
}

// requireObjects: every acknowledged object is there, byte by byte.
func (k *checker) requireObjects(t *testing.T, c *cloud) {
	t.Helper()
	for key, want := range k.objects {
		got, err := c.objects.GetObject(t.Context(), &oss.GetObjectRequest{Bucket: oss.Ptr(c.Bucket), Key: oss.Ptr(key)})
		require.NoError(t, err, key)
		body, err := io.ReadAll(got.Body)
		require.NoError(t, err)
		require.NoError(t, got.Body.Close())
		require.True(t, bytes.Equal([]byte(want), body), "%s has other bytes", key)
	}
}

// requireResources: every acknowledged template has its resource, and no
// template has two.
func (k *checker) requireResources(t *testing.T, c *cloud) {
	t.Helper()
	made := map[string]int{}
	for _, d := range describe(t, c.Endpoints, "component", "") {
		made[d.Name]++
		require.Equal(t, 1, made[d.Name], d.Name)
	}
	for _, name := range k.templates {
		require.Contains(t, made, "durability-"+name)
	}
}

// kills is how often the cloud is killed.
func kills(t *testing.T) int {
	n := defaultKills
	if text := os.Getenv("KILLS"); text != "" {
		var err error
		n, err = strconv.Atoi(text)
		require.NoError(t, err)
	}
	return n
}

// Killed at random moments under load, before it serves and while it does, the
// cloud has kept what it acknowledged.
func TestKillsAtRandomMomentsLoseNothing(t *testing.T) {
	t.Parallel()
	v := newVictim(t)
	v.boot()
	at := place{state: v.state}
	c := found(t, at)
	require.NoError(t, ali_mns.NewMNSQueueManager(c.queues).CreateQueue(checkedQueue, 0, 65536, 345600, checkedSeconds, 0, 2))

	ctx, stop := context.WithCancel(t.Context())
	k := &checker{line: &line{find: at.find}, objects: map[string]string{}, sent: map[string]string{},
		deleted: map[string]bool{}, maybe: map[string]bool{}}
	k.begin(ctx)
	random := rand.New(rand.NewPCG(killSeed, 99))
	n := kills(t)
	for range n {
		pause(ctx, time.Duration(random.Int64N(int64(killWithin))))
		require.NoError(t, v.up.Process.Kill())
		v.up.done = true
		_ = v.up.Wait() // killed
		v.boot()
	}
	c = found(t, at)
	require.NoError(t, k.putObject(c, "durability/last", "the cloud works"))
	stop()
	k.done.Wait()

	l := &local{t: t, cloud: c}
	l.settled()
	k.requireObjects(t, c)
	k.requireResources(t, c)
	k.drain(t, c)
	t.Logf("%d kills; acknowledged and found: %d objects, %d messages (%d of them deleted), %d templates",
		n, len(k.objects), len(k.sent), len(k.deleted), len(k.templates))
	require.NotEmpty(t, k.objects)
	require.NoError(t, v.up.Process.Signal(os.Interrupt))
	require.Equal(t, exitDone, v.up.end())
}

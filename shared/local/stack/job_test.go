package stack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

// job is what one item of an event asks for, and what it takes to deliver it again.
type job struct {
	id       string // as its outcomes must give it
	function string
	item     string // of the event
}

// event is what the platform hands to the function, with the item n times.
func (j job) event(n int) string {
	items := "[" + strings.TrimSuffix(strings.Repeat(j.item+",", n), ",") + "]"
	if j.function == "upload" {
		return `{"events":` + items + `}`
	}
	return items
}

// upload puts an object; below the prefix the platform delivers its event.
func (c *cloud) upload(key, template string) job {
	result := c.put(key, template)
	id := result.Headers.Get("X-Oss-Request-Id")
	return job{id, "upload", fmt.Sprintf(`{"eventName":"ObjectCreated:PutObject","eventSource":"acs:oss","eventTime":"2026-05-04T08:15:30.000Z","eventVersion":"1.0",`+
		`"oss":{"bucket":{"name":%q},"object":{"key":%q,"eTag":%q},"ossSchemaVersion":"1.0"},"region":%q,"responseElements":{"requestId":%q}}`,
		c.e.Bucket, key, strings.Trim(*result.ETag, `"`), c.e.Region, id)}
}

func (c *cloud) remove(key string) {
	_, err := c.objects().DeleteObject(context.Background(), &oss.DeleteObjectRequest{Bucket: oss.Ptr(c.e.Bucket), Key: oss.Ptr(key)})
	require.NoError(c.t, err)
}

// send puts a message on the request queue, from where the platform delivers it.
func (c *cloud) send(body string) job {
	sent, err := c.queue(c.e.RequestQueue).SendMessage(ali_mns.MessageSendRequest{MessageBody: body, Priority: 8})
	require.NoError(c.t, err)
	return c.message(sent.MessageId, body)
}

// message is a message that the platform does not know of.
func (c *cloud) message(id, body string) job {
	element, err := json.Marshal(map[string]any{
		"id": "e-" + id, "source": "acs:mns", "specversion": "1.0", "type": "mns:Queue:SendMessage",
		"subject": fmt.Sprintf("acs:mns:%s:%s:queues/%s", c.e.Region, c.e.AccountID, c.e.RequestQueue),
		"data":    map[string]string{"requestId": "R-" + id, "messageId": id, "messageBody": body},
	})
	require.NoError(c.t, err)
	return job{id, "message", string(element)}
}

// deliver has the function work the job n times in one event and returns when
// it has answered.
func (c *cloud) deliver(j job, n int) error {
	return c.invoke(j.function, j.event(n))
}

// acknowledge delivers the event until the function has done its work, as the
// platform does: an invocation that was given little time may not end in it.
func (c *cloud) acknowledge(function, event string) {
	require.Eventually(c.t, func() bool { return c.invoke(function, event) == nil }, time.Minute, time.Millisecond)
}

func (c *cloud) invoke(function, event string) error {
	resp, err := c.http.Post(c.e.Console+"/v1/functions/"+function+"/invoke", "application/json", strings.NewReader(event))
	if err != nil {
		return err
	}
	defer resp.Body.Close()
	var result struct {
		ErrorType string
		Logs      []string
	}
	if err := json.NewDecoder(resp.Body).Decode(&result); err != nil {
		return err
	}
	if resp.StatusCode != http.StatusOK || result.ErrorType != "" {
		return fmt.Errorf("status %d, %s: %v", resp.StatusCode, result.ErrorType, result.Logs)
	}
	return nil
}

// outcomes returns the next n of the feed, repeats included.
func (c *cloud) outcomes(n int) []outcome {
	got := make([]outcome, n)
	for i := range got {
		got[i] = c.following()
	}
	return got
}

// received takes n outcomes from the result queue, as its consumer does.
func (c *cloud) received(n int) []outcome {
	var got []outcome
	queue := c.queue(c.e.ResultQueue)
	for len(got) < n {
		for _, body := range c.receive(queue) {
			var o outcome
			require.NoError(c.t, json.Unmarshal([]byte(body), &o))
			got = append(got, o)
		}
	}
	return got
}

// receive takes and deletes what a queue holds; it waits for the first message.
func (c *cloud) receive(queue ali_mns.AliMNSQueue) (bodies []string) {
	batches, failures := make(chan ali_mns.BatchMessageReceiveResponse, 1), make(chan error, 1)
	queue.BatchReceiveMessage(batches, failures, 16, 30)
	select {
	case err := <-failures:
		require.NoError(c.t, err)
	case batch := <-batches:
		for _, m := range batch.Messages {
			bodies = append(bodies, m.MessageBody)
			require.NoError(c.t, queue.DeleteMessage(m.ReceiptHandle))
		}
	}
	return bodies
}

// resource is a component or pipeline as the service describes it.
type resource struct {
	ID, Name, Version string
	Job               string // its tag
}

type described struct {
	ImageComponentId, ImagePipelineId, Name, ComponentVersion string
	Tags                                                      struct {
		Tag []struct{ TagKey, TagValue string }
	}
}

// components returns all of the account in a region.
func (c *cloud) components(region string) []resource {
	var answer struct {
		ImageComponent struct{ ImageComponentSet []described }
	}
	c.list("DescribeImageComponents", region, &answer)
	return resources(answer.ImageComponent.ImageComponentSet)
}

// pipelines returns all of the account in a region.
func (c *cloud) pipelines(region string) []resource {
	var answer struct {
		ImagePipeline struct{ ImagePipelineSet []described }
	}
	c.list("DescribeImagePipelines", region, &answer)
	return resources(answer.ImagePipeline.ImagePipelineSet)
}

func (c *cloud) list(action, region string, answer any) {
	c.ask(action, map[string]string{"RegionId": region, "MaxResults": "500"}, answer)
}

func resources(set []described) (list []resource) {
	for _, d := range set {
		r := resource{ID: d.ImageComponentId + d.ImagePipelineId, Name: d.Name, Version: d.ComponentVersion}
		for _, tag := range d.Tags.Tag {
			if tag.TagKey == "imagedrop:job" {
				r.Job = tag.TagValue
			}
		}
		list = append(list, r)
	}
	return list
}

// changed is options() with some text of s.yaml replaced: other settings, the
// same binaries.
func changed(t testing.TB, oldNew ...string) stack.Options {
	opt := options()
	text, err := os.ReadFile(opt.File)
	require.NoError(t, err)
	for i := 0; i < len(oldNew); i += 2 {
		require.Contains(t, string(text), oldNew[i])
		text = bytes.ReplaceAll(text, []byte(oldNew[i]), []byte(oldNew[i+1]))
	}
	opt.File = filepath.Join(t.TempDir(), "s.yaml")
	require.NoError(t, os.WriteFile(opt.File, text, 0o600))
	return opt
}

// operations spells a log of calls.
func operations(log []account.Call) string {
	names := make([]string, len(log))
	for i, call := range log {
		names[i] = call.Operation
	}
	return strings.Join(names, " ")
}

// together runs the cases as subtests, some at a time: most of a case is
// waiting for processes.
func together[C any](t *testing.T, width int, cases []C, name func(C) string, run func(*testing.T, C)) {
	slots := make(chan struct{}, width)
	var all sync.WaitGroup
	for _, each := range cases {
		slots <- struct{}{}
		all.Go(func() {
			defer func() { <-slots }()
			t.Run(name(each), func(t *testing.T) { run(t, each) })
		})
	}
	all.Wait()
}

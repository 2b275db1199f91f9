package imagebuild_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// fleet is a service with many pipelines, which answers at once. Its calls are
// counted as the pages that they take.
type fleet struct {
	pipelines  []imagebuild.Pipeline
	executions map[string][]imagebuild.Execution // by pipeline
	running    map[string]*imagebuild.Execution
	lists      atomic.Int64 // calls that pages of 500 can answer
	looks      atomic.Int64 // at the executions of one pipeline, or of those that run
	starts     int64
	queue      backlog
}

func newFleet(n int, due bool) *fleet {
	f := &fleet{executions: map[string][]imagebuild.Execution{}, running: map[string]*imagebuild.Execution{}}
	for i := range n {
		p := golden(fmt.Sprintf("ip-%05d", i), fmt.Sprintf("name-%05d", i), "2026-05-02T00:00:00Z")
		p.Kind = template.Pipeline
		p.BuildContent = "COMPONENT acs:ecs:cn-hangzhou:" + account + fmt.Sprintf(":imagecomponent/agent-%d/1.*.*\n", i%7) +
			strings.Repeat("RUN yum install -y nginx && systemctl enable nginx\n", 20)
		f.pipelines = append(f.pipelines, p)
	}
	if !due { // one run makes them what they are
		f.drive()
		for id, list := range f.executions {
			list[0].CreationTime, list[0].ModifiedTime, list[0].Tags[0].Value = "2026-05-09T00:00:00Z", "2026-05-09T00:00:00Z", "before"
			f.executions[id] = list
		}
		f.queue = backlog{}
	}
	f.lists.Store(0)
	f.looks.Store(0)
	f.starts = 0
	return f
}

func (f *fleet) Pipelines(_ context.Context, _ imagebuild.Query, ids ...string) ([]imagebuild.Pipeline, error) {
	f.lists.Add(int64(len(f.pipelines)+499) / 500)
	return slices.Clone(f.pipelines), nil
}

func (f *fleet) Executions(_ context.Context, q imagebuild.ExecutionQuery) ([]imagebuild.Execution, error) {
	f.looks.Add(1)
	if q.PipelineID != "" {
		return slices.Clone(f.executions[q.PipelineID]), nil
	}
	var found []imagebuild.Execution
	for _, id := range q.IDs {
		if e := f.running[id]; e != nil {
			found = append(found, *e)
		}
	}
	return found, nil
}

func (f *fleet) Start(_ context.Context, r imagebuild.StartRequest) (string, error) {
	f.starts++
	id := fmt.Sprintf("exec-%06d", f.starts)
	f.executions[r.PipelineID] = append(f.executions[r.PipelineID], imagebuild.Execution{ID: id, PipelineID: r.PipelineID,
		Status: "SUCCESS", CreationTime: "2026-05-10T18:00:00Z", ModifiedTime: "2026-05-10T18:00:00Z", Tags: r.Tags})
	return id, nil
}

func (f *fleet) Find(_ context.Context, q imagebuild.Query) (found []imagebuild.Resource, err error) {
	f.lists.Add(1)
	for i := range 7 {
		if name := fmt.Sprintf("agent-%d", i); q.Name == "" || q.Name == name {
			found = append(found, imagebuild.Resource{Kind: template.Component, Name: name, Version: "1.0.0"})
		}
	}
	return found, nil
}

func (f *fleet) First(ctx context.Context, q imagebuild.Query) (imagebuild.Resource, int, error) {
	return firstOf(f.Find(ctx, q))
}

func (f *fleet) Create(context.Context, imagebuild.Request) (string, error) { panic("not called") }

func (f *fleet) Newest(context.Context, string, string) (string, error) { return "m-a", nil }

func (f *fleet) Images(context.Context, imagebuild.ImageQuery) ([]imagebuild.Image, error) {
	panic("not called")
}

// drive runs to the end; every build is done when the next step begins.
func (f *fleet) drive() {
	b := &imagebuild.Rebuilder{
		Publisher: imagebuild.Publisher{Outbox: outbox(func([]byte) error { return nil })},
		Builds: imagebuild.Builds{Executions: f, Images: f, Watch: &cloud{},
			Watching: imagebuild.Watching{Expiry: decade}},
		Resources: f, Continuations: &f.queue, Policy: imagebuild.Policy{Build: true}, Concurrency: 16,
	}
	d := nightly(everything)
	for n := 0; ; n++ {
		if err := imagebuild.Redeliver(b.Run(context.Background(), invocation, []imagebuild.Delivery{d})); err != nil {
			panic(err)
		}
		if n == len(f.queue.messages) {
			return
		}
		d = f.queue.messages[n]
	}
}

func BenchmarkRebuild(b *testing.B) {
	for _, due := range []bool{false, true} {
		for _, n := range []int{10, 100, 1000} {
			b.Run(fmt.Sprintf("due=%v/%d", due, n), func(b *testing.B) {
				var spent time.Duration
				var f *fleet
				for b.Loop() {
					b.StopTimer()
					f = newFleet(n, due)
					b.StartTimer()
					started := time.Now()
					f.drive()
					spent += time.Since(started)
				}
				each := func(calls int64) float64 { return float64(calls) / float64(n) }
				b.ReportMetric(float64(spent.Microseconds())/float64(b.N*n), "µs/pipeline")
				b.ReportMetric(each(f.lists.Load()), "lists/pipeline")
				b.ReportMetric(each(f.looks.Load()), "looks/pipeline")
				b.ReportMetric(each(f.starts), "starts/pipeline")
			})
		}
	}
}

// A thousand pipelines take few lists, one look each and another one before a
// start that had to wait, and one start for each that is due.
func TestRebuildBudget(t *testing.T) {
	const n = 1000
	unchanged, due := newFleet(n, false), newFleet(n, true)
	unchanged.drive()
	due.drive()
	require.Equal(t, []int64{n, 0}, []int64{unchanged.looks.Load(), unchanged.starts})
	require.LessOrEqual(t, unchanged.lists.Load(), int64(n/5))
	require.LessOrEqual(t, due.lists.Load(), int64(n/5))
	require.EqualValues(t, n, due.starts)
	steps := int64(len(due.queue.messages))
	require.LessOrEqual(t, due.looks.Load(), 2*n+steps+n/10, "some look twice where the message is full")
	require.LessOrEqual(t, steps, int64(n/5+20))
}

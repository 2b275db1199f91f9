// Package functions measures the function binaries as the platform runs them:
// as processes, over the runtime API, against servers that only answer.
// Figures are ratios within one run; the targets stand beside them.
package functions

import (
	"context"
	"encoding/json"
	"fmt"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ecs"
	"imagedrop/shared/local/store"
	"imagedrop/shared/sdkclient"
)

// Targets, as ratios to what each row is measured against.
const (
	targetFirstPoll     = 1.35 // over the FC SDK hello world
	targetFirstResponse = 1.8  // over the FC SDK hello world
	targetWarmCPU       = 1.10 // over the same SDK calls with clients reused
	targetLookup        = 1.10 // over the look-up with one version of the name
)

// runtimeAPI serves the runtime API to one process: events while there are
// any, then nothing.
type runtimeAPI struct {
	polled  chan time.Time // the first poll
	tickets chan []byte    // one event each
	done    chan answer
}

type answer struct {
	at     time.Time
	failed bool
}

func newRuntimeAPI() *runtimeAPI {
	return &runtimeAPI{polled: make(chan time.Time, 1), tickets: make(chan []byte), done: make(chan answer, 1024)}
}

// ServeHTTP implements http.Handler. One process polls at a time.
func (a *runtimeAPI) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	if !strings.HasSuffix(r.URL.Path, "/next") {
		a.done <- answer{at: time.Now(), failed: strings.HasSuffix(r.URL.Path, "/error")}
		return
	}
	select {
	case a.polled <- time.Now():
	default:
	}
	select {
	case event := <-a.tickets:
		deadline := time.Now().Add(time.Minute).UnixMilli()
		for k, v := range map[string]string{
			"x-fc-request-id": strconv.FormatInt(time.Now().UnixNano(), 10), "x-fc-function-deadline": strconv.FormatInt(deadline, 10),
			"x-fc-function-timeout": "60", "x-fc-region": "cn-hangzhou", "x-fc-account-id": "1234567890123456",
			"x-fc-access-key-id": "benchKey", "x-fc-access-key-secret": "benchSecret", "x-fc-security-token": "benchToken",
		} {
			w.Header().Set(k, v)
		}
		w.Write(event)
	case <-r.Context().Done():
	}
}

// process is a running function.
type process struct {
	cmd     *exec.Cmd
	api     *runtimeAPI
	started time.Time
	stop    func()
}

func start(b *testing.B, binary string, env []string) *process {
	b.Helper()
	p := &process{api: newRuntimeAPI()}
	server := httptest.NewServer(p.api)
	p.cmd = exec.Command(binary)
	p.cmd.Env = append([]string{"FC_RUNTIME_API=" + strings.TrimPrefix(server.URL, "http://")}, env...)
	p.started = time.Now()
	require.NoError(b, p.cmd.Start())
	p.stop = func() {
		p.cmd.Process.Kill()
		p.cmd.Wait()
		server.CloseClientConnections()
		server.Close()
	}
	return p
}

// wait returns the next answer; a failed invocation ends the benchmark.
func (p *process) wait(b *testing.B) answer {
	b.Helper()
	select {
	case a := <-p.api.done:
		require.False(b, a.failed, "%s answered with an error", p.cmd.Path)
		return a
	case <-time.After(30 * time.Second):
		b.Fatalf("%s does not answer", p.cmd.Path)
		return answer{}
	}
}

// coldStart returns exec to first poll, and exec to first response.
func coldStart(b *testing.B, binary string, env []string) (poll, response time.Duration) {
	p := start(b, binary, env)
	defer p.stop()
	poll = (<-p.api.polled).Sub(p.started)
	p.api.tickets <- event(0)
	return poll, p.wait(b).at.Sub(p.started)
}

// event is the OSS event of upload number n.
func event(n int) []byte {
	return fmt.Appendf(nil, `{"events":[{"eventName":"ObjectCreated:PutObject","eventSource":"acs:oss","eventTime":%q,`+
		`"eventVersion":"1.0","oss":{"bucket":{"name":"imagedrop-templates"},"object":{"eTag":"0F1E2D3C4B5A69788796A5B4C3D2E1F0",`+
		`"key":"templates/bench.Dockerfile","size":4096},"ossSchemaVersion":"1.0"},"region":"cn-hangzhou",`+
		`"responseElements":{"requestId":"65A1B2C3D4E5F607%08d"}}]}`, time.Now().UTC().Format(time.RFC3339), n)
}

// clouds answers every call of the functions at once, and checks nothing.
func clouds(b *testing.B) []string {
	b.Helper()
	text := "# ---\n# name: bench\n# ---\n" + strings.Repeat("RUN echo 'a line of a template, as they are'\n", 85)
	objects := serve(b, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("ETag", `"0F1E2D3C4B5A69788796A5B4C3D2E1F0"`)
		w.Header().Set("Content-Length", strconv.Itoa(len(text)))
		w.Write([]byte(text))
	})
	images := serve(b, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json")
		if r.FormValue("Action") == "DescribeImageComponents" {
			w.Write([]byte(`{"RequestId":"R1","NextToken":"","TotalCount":0,"MaxResults":50,"ImageComponent":{"ImageComponentSet":[]}}`))
			return
		}
		w.Write([]byte(`{"RequestId":"R2","ImageComponentId":"ic-bp10000000000000001"}`))
	})
	queues := serve(b, func(w http.ResponseWriter, _ *http.Request) {
		w.Header().Set("Content-Type", "text/xml;charset=utf-8")
		w.WriteHeader(http.StatusCreated)
		w.Write([]byte(`<?xml version="1.0"?><Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageId>A1B2C3D4E5F60718-2-19B8C5D3A00-200000001</MessageId><MessageBodyMD5>7603C40BA4B5E3BE9337A684863BA21B</MessageBodyMD5></Message>`))
	})
	return []string{
		"OSS_ENDPOINT=http://" + objects, "ECS_ENDPOINT=http://" + images,
		"MNS_ENDPOINT=http://localhost:" + port(queues) + "/1234567890123456.mns.cn-hangzhou.aliyuncs.com",
		"RESULT_QUEUE=imagedrop-results", "WATCH_QUEUE=imagedrop-watch", "DEAD_LETTER_QUEUE=imagedrop-dlq",
	}
}

func port(address string) string {
	_, p, _ := net.SplitHostPort(address)
	return p
}

func serve(b *testing.B, h http.HandlerFunc) string {
	s := httptest.NewServer(h)
	b.Cleanup(s.Close)
	return strings.TrimPrefix(s.URL, "http://")
}

// median sorts values.
func median(values []float64) float64 {
	slices.Sort(values)
	return values[len(values)/2]
}

// BenchmarkColdStart starts hello world, the bare SDK calls and the function in
// turn. The first response of the latter two takes four calls.
func BenchmarkColdStart(b *testing.B) {
	const rounds = 21
	hello, calls, upload := build(b, "./testdata/hello"), build(b, "./testdata/calls"), build(b, "./upload")
	env := clouds(b)
	var polls, responses, overCalls, floor []float64
	for range rounds {
		helloPoll, helloResponse := coldStart(b, hello, env)
		_, callsResponse := coldStart(b, calls, env)
		poll, response := coldStart(b, upload, env)
		polls = append(polls, float64(poll)/float64(helloPoll))
		responses = append(responses, float64(response)/float64(helloResponse))
		overCalls = append(overCalls, float64(response)/float64(callsResponse))
		floor = append(floor, helloPoll.Seconds()*1000)
	}
	b.Run("upload/first-poll", report(median(polls), targetFirstPoll, "x-hello", median(floor), "hello-ms"))
	b.Run("upload/first-response", report(median(responses), targetFirstResponse, "x-hello", median(overCalls), "x-sdk-calls"))
}

// report makes a benchmark that only prints a figure beside its target.
func report(value, target float64, unit string, extra float64, extraUnit string) func(*testing.B) {
	return func(b *testing.B) {
		b.ReportMetric(0, "ns/op")
		b.ReportMetric(value, unit)
		b.ReportMetric(target, "target")
		if extraUnit != "" {
			b.ReportMetric(extra, extraUnit)
		}
	}
}

// inFlight is how many events are under way at once in the warm benchmark.
const inFlight = 8

// BenchmarkWarmCPU compares the CPU of one event with that of the same SDK
// calls, look-up included, in alternating rounds.
func BenchmarkWarmCPU(b *testing.B) {
	const rounds, events = 5, 1500
	env := clouds(b)
	calls := start(b, build(b, "./testdata/calls"), env)
	defer calls.stop()
	upload := start(b, build(b, "./upload"), env)
	defer upload.stop()
	feed(b, calls, 300)
	feed(b, upload, 300)
	var ratios, floor []float64
	for range rounds {
		base := cpuOf(b, calls, func() { feed(b, calls, events) }) / events
		own := cpuOf(b, upload, func() { feed(b, upload, events) }) / events
		ratios = append(ratios, own/base)
		floor = append(floor, base*1e6)
	}
	b.Run("upload", report(median(ratios), targetWarmCPU, "x-sdk-calls", median(floor), "sdk-calls-µs"))
}

var nextEvent int

// feed runs n events, inFlight at once.
func feed(b *testing.B, p *process, n int) {
	b.Helper()
	sent := 0
	for ; sent < min(inFlight, n); sent++ {
		nextEvent++
		p.api.tickets <- event(nextEvent)
	}
	for range n {
		p.wait(b)
		if sent < n {
			sent++
			nextEvent++
			p.api.tickets <- event(nextEvent)
		}
	}
}

// cpuOf returns the CPU seconds, user and system, that the process spends in fn.
func cpuOf(b *testing.B, p *process, fn func()) float64 {
	before := cpu(b, p)
	fn()
	return cpu(b, p) - before
}

// cpu sums the run time of the process's threads: nanoseconds, where the
// counters of /proc/PID/stat are too coarse.
func cpu(b *testing.B, p *process) float64 {
	b.Helper()
	tasks, err := filepath.Glob(fmt.Sprintf("/proc/%d/task/*/schedstat", p.cmd.Process.Pid))
	require.NoError(b, err)
	var total float64
	for _, task := range tasks {
		text, err := os.ReadFile(task)
		if err != nil {
			continue // the thread is gone
		}
		ns, err := strconv.ParseFloat(strings.Fields(string(text))[0], 64)
		require.NoError(b, err)
		total += ns
	}
	return total / 1e9
}

// oneTemplate is the object that every job of BenchmarkLookup reads.
type oneTemplate struct{ text string }

func (o *oneTemplate) Read(context.Context, imagebuild.ObjectRef, int64) ([]byte, error) {
	return []byte(o.text), nil
}

// lastOutcome keeps what was published last.
type lastOutcome struct{ body []byte }

func (l *lastOutcome) Publish(_ context.Context, body []byte) error {
	l.body = body
	return nil
}

// versions builds jobs against the local Image Builder endpoint.
type versions struct {
	builder imagebuild.Builder
	object  oneTemplate
	outbox  lastOutcome
	ctx     context.Context
	header  string // of every template, beside its name
}

func newVersions(b *testing.B) *versions {
	b.Helper()
	st, err := store.OpenMemory()
	require.NoError(b, err)
	b.Cleanup(func() { st.Close() })
	server := httptest.NewServer(ecs.New(account.New(), st, ecs.Options{}))
	b.Cleanup(server.Close)
	images, err := ecsimage.New(ecsimage.Options{Endpoint: server.URL})
	require.NoError(b, err)
	v := &versions{ctx: sdkclient.WithCredentials(context.Background(), sdkclient.Credentials{
		AccessKeyID: account.AccessKeyID, AccessKeySecret: account.AccessKeySecret})}
	v.builder = imagebuild.Builder{Objects: &v.object, Resources: images, Publisher: imagebuild.Publisher{Outbox: &v.outbox}}
	return v
}

// job works upload number n of version number version, and returns its status
// and the milliseconds of its look-up.
func (v *versions) job(b *testing.B, n, version int) (status string, lookup float64) {
	b.Helper()
	v.object.text = fmt.Sprintf("# ---\n# name: bench\n"+v.header+"# ---\nRUN echo version %d\n%s", version,
		strings.Repeat("RUN echo 'a line of a template, as they are'\n", 80))
	results := v.builder.Run(v.ctx, imagebuild.Invocation{Function: "upload", Region: account.Region, AccountID: account.ID},
		[]imagebuild.Delivery{{Trigger: imagebuild.TriggerOSS, SourceID: fmt.Sprintf("job-%d", n),
			Object: imagebuild.ObjectRef{Bucket: "b", Key: "templates/bench.Dockerfile"}}})
	require.NoError(b, results[0].Err)
	var o imagebuild.Outcome
	require.NoError(b, json.Unmarshal(v.outbox.body, &o))
	return string(o.Data.Status), o.Data.Timings.LookupMS
}

// BenchmarkLookup prints what the look-up costs as the versions of a name grow:
// for new content, for a job that is delivered again, and for content that is
// current already, beside the same with one version.
func BenchmarkLookup(b *testing.B) {
	benchmarkLookup(b, "", "")
}

// BenchmarkLookupBelowAWildcard is the same where imagedrop numbers the versions.
func BenchmarkLookupBelowAWildcard(b *testing.B) {
	benchmarkLookup(b, "1.4.x-", "# componentVersion: 1.4.*\n")
	benchmarkLookup(b, "1.x.x-", "# componentVersion: 1.*.*\n")
}

func benchmarkLookup(b *testing.B, prefix, header string) {
	const samples = 201
	one := map[string]float64{}
	for _, count := range []int{1, 20, 100} {
		v := newVersions(b)
		v.header = header
		for n := range count {
			status, _ := v.job(b, n, n)
			require.Equal(b, "created", status)
		}
		for _, path := range []struct {
			name, status string
			job          func(i int) (n, version int)
		}{
			{"delivered-again", "created", func(int) (int, int) { return count - 1, count - 1 }},
			{"unchanged", "unchanged", func(i int) (int, int) { return 1_000_000 + i, count - 1 }},
		} {
			var costs []float64
			for i := range samples {
				n, version := path.job(i)
				status, cost := v.job(b, n, version)
				require.Equal(b, path.status, status)
				costs = append(costs, cost)
			}
			cost := median(costs)
			if count == 1 {
				one[path.name] = cost
			}
			b.Run(fmt.Sprintf("%s%s/%d-versions", prefix, path.name, count), report(cost/one[path.name], targetLookup, "x-1-version", cost*1000, "µs"))
		}
	}
}

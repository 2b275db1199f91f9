package stack_test

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"runtime/pprof"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	ecscredentials "github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
	"imagedrop/shared/local/store"
)

const repository = "../../.."

// scratch is a folder for as long as the tests run.
var scratch string

func TestMain(m *testing.M) {
	os.Exit(func() int {
		dir, err := os.MkdirTemp("", "imagedrop-stack-*")
		if err != nil {
			panic(err)
		}
		defer os.RemoveAll(dir)
		scratch = dir
		debug.SetGCPercent(400) // hundreds of clouds, each gone in a moment
		return m.Run()
	}())
}

// binaries returns the folder of the functions, as they are deployed. The first
// test that asks builds them; what needs none, a fuzz worker, does not wait.
var binaries = sync.OnceValue(func() string {
	build := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-ldflags", "-s -w", "-o", scratch+"/", "./functions/...")
	build.Dir, build.Stderr = repository, os.Stderr
	build.Env = append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH=amd64")
	if err := build.Run(); err != nil {
		panic(err)
	}
	dir := filepath.Join(scratch, "dist")
	for _, function := range functionNames() {
		if err := errors.Join(os.MkdirAll(filepath.Join(dir, function), 0o755),
			os.Rename(filepath.Join(scratch, function), filepath.Join(dir, function, "main"))); err != nil {
			panic(err)
		}
	}
	return dir
})

// deployed is the repository's s.yaml with a timer whose time comes on a 29th
// of February only: tests fire it by hand, and may run at two o'clock in Shanghai.
var deployed = sync.OnceValue(func() string {
	text, err := os.ReadFile(filepath.Join(repository, "s.yaml"))
	const nightly, rarely = " 0 0 2 * * *\n", " 0 0 2 29 2 *\n"
	if err != nil || strings.Count(string(text), nightly) != 1 {
		panic(fmt.Sprint("no timer to change: ", err))
	}
	file := filepath.Join(scratch, "s.yaml")
	if err := os.WriteFile(file, []byte(strings.Replace(string(text), nightly, rarely, 1)), 0o600); err != nil {
		panic(err)
	}
	return file
})

// functionNames are the functions of the repository.
func functionNames() (names []string) {
	mains, err := filepath.Glob(filepath.Join(repository, "functions", "*", "main.go"))
	if err != nil || len(mains) == 0 {
		panic("no functions")
	}
	for _, main := range mains {
		names = append(names, filepath.Base(filepath.Dir(main)))
	}
	return names
}

// cloud is a running local cloud of the repository's own s.yaml.
type cloud struct {
	*stack.Stack
	t    testing.TB
	e    stack.Endpoints
	http *http.Client
	next uint64 // of the feed
	seen map[string]bool
	hand *account.ManualClock // nil on the machine's clock
}

// journal takes what the cloud logs, for the message of a failed test.
type journal struct {
	mu   sync.Mutex
	text bytes.Buffer
}

func (j *journal) Write(p []byte) (int, error) {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.Write(p)
}

func (j *journal) String() string {
	j.mu.Lock()
	defer j.mu.Unlock()
	return j.text.String()
}

func options() stack.Options {
	return stack.Options{
		File: deployed(), Memory: true, BinDir: binaries(), TimeScale: 1e6, OnDemand: true,
		LookupEnv: func(string) (string, bool) { return "", false },
	}
}

func start(t testing.TB, opt stack.Options) *cloud {
	log := &journal{}
	opt.Log = log
	s, err := stack.Start(context.Background(), opt)
	require.NoError(t, err)
	c := &cloud{Stack: s, t: t, e: s.Endpoints(), http: &http.Client{Transport: &http.Transport{}}, seen: map[string]bool{}}
	c.hand, _ = opt.Clock.(*account.ManualClock)
	t.Cleanup(func() {
		c.close()
		if t.Failed() {
			t.Log(log)
		}
	})
	return c
}

func (c *cloud) close() {
	c.http.CloseIdleConnections()
	require.NoError(c.t, c.Close())
}

// call does one request of the control API and decodes its answer.
func (c *cloud) call(method, path string, body []byte, answer any) {
	r, err := http.NewRequest(method, c.e.Console+path, bytes.NewReader(body))
	require.NoError(c.t, err)
	resp, err := c.http.Do(r)
	require.NoError(c.t, err)
	defer resp.Body.Close()
	data, err := io.ReadAll(resp.Body)
	require.NoError(c.t, err)
	require.Equal(c.t, http.StatusOK, resp.StatusCode, "%s %s: %s", method, path, data)
	require.NoError(c.t, json.Unmarshal(data, answer))
}

// outcome is what the tests look at.
type outcome struct {
	ID, Type, Subject string
	Data              struct {
		Status string
		Reason struct{ Kind, Code, Message string }
		Job    struct{ ID, Trigger, Bucket, Key, Queue, TriggerName, TriggerTime string }
		// Resource is what was made or found.
		Resource struct {
			ID, Kind, Name, Version string
			ImagePipelineID         string
			Images                  []image
		}
		Findings []struct{ Rule, Message string }
	}
}

// image is one that a build made.
type image struct{ RegionID, ImageID, ImageName string }

// outcome waits for the next outcome of the feed that is no repeat.
func (c *cloud) outcome() outcome {
	for {
		if o := c.following(); !c.seen[o.ID] {
			c.seen[o.ID] = true
			return o
		}
	}
}

func (c *cloud) following() outcome {
	var page struct {
		Outcomes []struct {
			Seq     uint64
			Outcome outcome
		}
		Next uint64
	}
	c.call("GET", fmt.Sprintf("/v1/outcomes?after=%d&waitSeconds=60", c.next), nil, &page)
	require.NotEmpty(c.t, page.Outcomes, "no outcome came")
	first := page.Outcomes[0]
	require.Equal(c.t, c.next+1, first.Seq)
	c.next = first.Seq
	return first.Outcome
}

func (c *cloud) put(key, template string) *oss.PutObjectResult {
	result, err := c.objects().PutObject(context.Background(), &oss.PutObjectRequest{
		Bucket: oss.Ptr(c.e.Bucket), Key: oss.Ptr(key), Body: strings.NewReader(template),
	})
	require.NoError(c.t, err)
	return result
}

func (c *cloud) objects() *oss.Client {
	return oss.NewClient(oss.LoadDefaultConfig().WithRegion(c.e.Region).WithEndpoint(c.e.OSS).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.e.AccessKeyID, c.e.AccessKeySecret)).
		WithHttpClient(c.http))
}

func (c *cloud) queue(name string) ali_mns.AliMNSQueue {
	client := ali_mns.NewAliMNSClientWithConfig(ali_mns.AliMNSClientConfig{
		EndPoint: c.e.MNS, AccessKeyId: c.e.AccessKeyID, AccessKeySecret: c.e.AccessKeySecret, TimeoutSecond: 60,
	})
	return ali_mns.NewMNSQueue(name, client)
}

// describe asks the service how many of a kind with that name there are.
func (c *cloud) describe(action, name string) int {
	var answer struct{ TotalCount int }
	c.ask(action, map[string]string{"RegionId": c.e.Region, "Name": name}, &answer)
	return answer.TotalCount
}

// ask calls the service as anybody else's program does.
func (c *cloud) ask(action string, params map[string]string, answer any) {
	require.NoError(c.t, c.try(action, params, answer))
}

func (c *cloud) try(action string, params map[string]string, answer any) error {
	client, err := sdk.NewClientWithOptions(params["RegionId"], sdk.NewConfig(), ecscredentials.NewAccessKeyCredential(c.e.AccessKeyID, c.e.AccessKeySecret))
	if err != nil {
		return err
	}
	r := requests.NewCommonRequest()
	r.Method, r.Scheme, r.Domain, r.Version, r.ApiName = "POST", "http", strings.TrimPrefix(c.e.ECS, "http://"), "2014-05-26", action
	maps.Copy(r.QueryParams, params)
	resp, err := client.ProcessCommonRequest(r)
	if err != nil {
		return err
	}
	return json.Unmarshal(resp.GetHttpContentBytes(), answer)
}

const component = "# ---\n# name: %s\n# ---\nRUN echo hello\n"

func TestATemplateBecomesAComponentOnce(t *testing.T) {
	c := start(t, options())
	c.put("templates/team/tool.Dockerfile", "RUN echo hello\n")
	got := c.outcome()
	require.Equal(t, "imagedrop.component.created.v1", got.Type, "%+v", got)
	require.Equal(t, "oss://imagedrop-templates/templates/team/tool.Dockerfile", got.Subject)
	require.Equal(t, "team-tool", got.Data.Resource.Name)
	require.Equal(t, 1, c.describe("DescribeImageComponents", "team-tool"))

	c.put("templates/team/tool.Dockerfile", "RUN echo hello\n")
	again := c.outcome()
	require.Equal(t, "unchanged", again.Data.Status, "%+v", again)
	require.Equal(t, got.Data.Resource.ID, again.Data.Resource.ID)
	require.Equal(t, 1, c.describe("DescribeImageComponents", "team-tool"))
}

func TestAMessageBecomesAPipelineAndTheResultIsInTheQueue(t *testing.T) {
	c := start(t, options())
	sent, err := c.queue(c.e.RequestQueue).SendMessage(ali_mns.MessageSendRequest{
		MessageBody: `{"name":"from-queue","content":"FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN echo hello\n"}`, Priority: 8,
	})
	require.NoError(t, err)
	got := c.outcome()
	require.Equal(t, "imagedrop.pipeline.created.v1", got.Type, "%+v", got)
	require.Equal(t, c.e.RequestQueue, got.Data.Job.Queue)
	require.Equal(t, 1, c.describe("DescribeImagePipelines", "from-queue"))
	require.NotEmpty(t, sent.MessageId)

	messages, failures := make(chan ali_mns.MessageReceiveResponse, 1), make(chan error, 1)
	c.queue(c.e.ResultQueue).ReceiveMessage(messages, failures, 5)
	select {
	case m := <-messages:
		require.Contains(t, m.MessageBody, got.Data.Resource.ID)
	case err := <-failures:
		require.NoError(t, err)
	}
}

func TestAnEventIsReplayedThroughTheConsole(t *testing.T) {
	opt := options()
	opt.OnDemand = false
	c := start(t, opt)
	var result struct {
		RequestID, ErrorType string
		Logs                 []string
	}
	event := `[{"id":"1","source":"MNS","specversion":"1.0","type":"mns:Queue:SendMessage","subject":"acs:mns:cn-hangzhou:1234567890123456:queues/q",` +
		`"data":{"requestId":"r","messageId":"replayed-1","messageBody":"not a template"}}]`
	c.call("POST", "/v1/functions/message/invoke", []byte(event), &result)
	require.Empty(t, result.ErrorType, "%v", result.Logs)
	require.Equal(t, "rejected", c.outcome().Data.Status)

	var health struct {
		Functions []struct {
			Function   string
			ColdStarts int
		}
	}
	c.call("GET", "/healthz", nil, &health)
	require.Len(t, health.Functions, len(functionNames()))
	for _, f := range health.Functions {
		require.Positive(t, f.ColdStarts, f.Function)
	}
}

// An event that kills its function each time: the platform gives it up, and
// deadletter has the last word.
func TestWhatIsGivenUpIsAnsweredAndParked(t *testing.T) {
	c := start(t, options())
	require.NoError(t, c.Account().Faults.Add(account.Fault{Service: "oss", Operation: "GetObject", Effect: account.EffectKillBefore, Count: 1000}))
	c.put("templates/poison.Dockerfile", "RUN echo hello\n")
	o := c.outcome()
	require.Equal(t, []string{"failed", "templates/poison.Dockerfile"}, []string{o.Data.Status, o.Data.Job.Key})
	bodies := c.receive(c.queue("imagedrop-parked"))
	require.Len(t, bodies, 1)
	require.Contains(t, bodies[0], "templates/poison.Dockerfile")
	require.Contains(t, bodies[0], "given up after 9 attempts: Process exited unexpectedly")
	require.Contains(t, bodies[0], `"function":"upload"`)
}

func TestTheStateOutlivesTheCloud(t *testing.T) {
	opt := options()
	opt.Memory, opt.StateDir = false, t.TempDir()
	c := start(t, opt)
	c.put("templates/kept.Dockerfile", "RUN echo hello\n")
	created := c.outcome()
	require.Equal(t, "created", created.Data.Status, "%+v", created)
	written, err := stack.ReadEndpoints(opt.StateDir)
	require.NoError(t, err)
	require.Equal(t, c.e, written)
	info, err := os.Stat(filepath.Join(opt.StateDir, "endpoints.json"))
	require.NoError(t, err)
	require.Equal(t, fs.FileMode(0o600), info.Mode().Perm())
	c.close()
	_, err = stack.ReadEndpoints(opt.StateDir)
	require.ErrorIs(t, err, fs.ErrNotExist)

	c = start(t, opt)
	require.Equal(t, created, c.outcome(), "the feed starts where it did")
	c.put("templates/kept.Dockerfile", "RUN echo hello\n")
	again := c.outcome() // perhaps behind a repeat: the close may have cut the first invocation
	require.Equal(t, "unchanged", again.Data.Status, "%+v", again)
	require.Equal(t, created.Data.Resource.ID, again.Data.Resource.ID)
}

func TestAfterAKillTheAddressesStayTheSame(t *testing.T) {
	opt := options()
	opt.StateDir, opt.PortBase = t.TempDir(), portBase(t)
	c := start(t, opt)
	left, err := os.ReadFile(filepath.Join(opt.StateDir, "endpoints.json"))
	require.NoError(t, err)
	before := c.e
	c.close()
	// What a killed cloud leaves behind.
	require.NoError(t, os.WriteFile(filepath.Join(opt.StateDir, "endpoints.json"), left, 0o600))
	opt.PortBase = 0
	require.Equal(t, before.Addresses, start(t, opt).e.Addresses)
}

// portBase finds free ports below those that the system gives to whoever asks
// for any: between two starts of a cloud nobody takes them.
func portBase(t *testing.T) int {
	for base := 20_000; base < 30_000; base += 100 {
		var taken error
		for port := base; port < base+16; port++ {
			l, err := net.Listen("tcp4", fmt.Sprint("127.0.0.1:", port))
			if taken = errors.Join(taken, err); err == nil {
				require.NoError(t, l.Close())
			}
		}
		if taken == nil {
			return base
		}
	}
	require.Fail(t, "no port is free")
	return 0
}

func TestASecondCloudOnTheSameStateIsRefused(t *testing.T) {
	opt := options()
	opt.Memory, opt.StateDir = false, t.TempDir()
	c := start(t, opt)
	_, err := stack.Start(context.Background(), opt)
	require.ErrorIs(t, err, store.ErrLocked)
	require.EqualError(t, err, fmt.Sprintf("the local cloud with process ID %d (%s, since %s) uses the state in %s: stop it, or choose another directory with --state",
		os.Getpid(), c.e.Console, c.e.StartedAt.Local().Format(time.DateTime), opt.StateDir))
	still, err := stack.ReadEndpoints(opt.StateDir)
	require.NoError(t, err)
	require.Equal(t, c.e, still)
}

func TestTwoCloudsSideBySide(t *testing.T) {
	a, b := start(t, options()), start(t, options())
	a.put("templates/tool.Dockerfile", fmt.Sprintf(component, "of-a"))
	b.put("templates/tool.Dockerfile", fmt.Sprintf(component, "of-b"))
	require.Equal(t, "of-a", a.outcome().Data.Resource.Name)
	require.Equal(t, "of-b", b.outcome().Data.Resource.Name)
	require.Zero(t, a.describe("DescribeImageComponents", "of-b"))
}

func TestAPortInUseIsNamed(t *testing.T) {
	taken, err := net.Listen("tcp4", "127.0.0.1:0")
	require.NoError(t, err)
	defer taken.Close()
	opt := options()
	opt.Memory, opt.StateDir = false, t.TempDir()
	opt.PortBase = taken.Addr().(*net.TCPAddr).Port
	_, err = stack.Start(context.Background(), opt)
	require.ErrorContains(t, err, "port "+strconv.Itoa(opt.PortBase)+" (console over HTTP) is in use")
	require.ErrorContains(t, err, "--port-base")
	opt.PortBase = 0
	start(t, opt) // the failed start let go of the state
}

func TestFunctionsThatAreNotBuiltAreNamed(t *testing.T) {
	opt := options()
	opt.BinDir = t.TempDir()
	_, err := stack.Start(context.Background(), opt)
	var mistakes *stack.FileError
	require.ErrorAs(t, err, &mistakes)
	require.Regexp(t, `^\S+s\.yaml:\d+:13: code: \S+/upload/main is not there: run .make build. first\n\S+s\.yaml:\d+:13: code: \S+/message/main is not`, err.Error())
}

func TestUnknownChoicesAreRefused(t *testing.T) {
	for want, change := range map[string]func(*stack.Options){
		`unknown generation "2032": did you mean "2023"?`: func(o *stack.Options) { o.Generation = "2032" },
		"port base 70000 is not within 0 and 65520":       func(o *stack.Options) { o.PortBase = 70_000 },
		"no-such-catalogue.yaml":                          func(o *stack.Options) { o.Catalogue = "no-such-catalogue.yaml" },
		"no-such-s.yaml":                                  func(o *stack.Options) { o.File = "no-such-s.yaml" },
	} {
		opt := options()
		change(&opt)
		_, err := stack.Start(context.Background(), opt)
		require.ErrorContains(t, err, want)
	}
}

// Close must return although a client waits for an outcome, and leave nothing.
func TestCloseLeavesNothingBehind(t *testing.T) {
	c := start(t, options())
	c.put("templates/tool.Dockerfile", "RUN echo hello\n")
	c.outcome()
	waiting := make(chan error, 1)
	go func() {
		resp, err := c.http.Get(c.e.Console + "/v1/outcomes?after=99&waitSeconds=60")
		if err == nil {
			resp.Body.Close()
		}
		waiting <- err
	}()
	c.close()
	<-waiting                                                   // answered or cut off
	require.EventuallyWithT(t, func(collect *assert.CollectT) { // what was told to end is given a processor once more
		var stacks bytes.Buffer
		assert.NoError(collect, pprof.Lookup("goroutine").WriteTo(&stacks, 2))
		assert.NotContains(collect, stacks.String(), "created by imagedrop/shared/local")
	}, time.Minute, time.Millisecond)
	_, err := net.DialTimeout("tcp", strings.TrimPrefix(c.e.OSS, "http://"), time.Second)
	require.Error(t, err)
}

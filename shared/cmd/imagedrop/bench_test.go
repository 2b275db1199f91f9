package main

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	ecscredentials "github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/aws/aws-sdk-go-v2/aws"
	awscredentials "github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/imagebuilder"
	"github.com/aws/aws-sdk-go-v2/service/imagebuilder/types"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ecs"
	"imagedrop/shared/local/mns"
	localoss "imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
)

// serving starts the built local cloud on a state directory, and returns how
// long that took.
func serving(b *testing.B, state string) (up *process, c *cloud, took time.Duration) {
	began := time.Now()
	up = launch(b, newCommand("up", "--state", state, "--port-base", "0"))
	lines := bufio.NewScanner(up.out)
	require.True(b, lines.Scan(), up.err)
	took = time.Since(began)
	go func() { _, _ = io.Copy(io.Discard, up.out) }()
	c, err := (&place{state: state}).find(b.Context())
	require.NoError(b, err)
	return up, c, took
}

func (p *process) stop(b *testing.B) {
	require.NoError(b, p.Process.Signal(os.Interrupt))
	require.NoError(b, p.Wait())
	p.done = true
}

// numbers makes the names of all calls of a run of the program differ.
var numbers atomic.Int64

// BenchmarkServices prints what a service of the built local cloud answers, over
// its SDK, HTTP and the durable store, to so many clients at once.
func BenchmarkServices(b *testing.B) {
	up, c, _ := serving(b, b.TempDir())
	defer up.stop(b)
	for _, service := range []struct {
		name   string
		client func() func(n int64) error
	}{
		{"ecs/CreateImageComponent", c.createsComponents}, {"oss/PutObject", c.putsObjects},
		{"mns/SendMessage", c.sendsMessages}, {"ec2/CreateComponent", c.createsComponentsOfAWS},
	} {
		for _, clients := range []int{1, 8, 64} {
			b.Run(fmt.Sprintf("%s/clients=%d", service.name, clients), func(b *testing.B) {
				took := make([]time.Duration, b.N)
				var next atomic.Int64
				var group sync.WaitGroup
				for range clients {
					call := service.client()
					group.Go(func() {
						for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
							began := time.Now()
							if err := call(numbers.Add(1)); err != nil {
								b.Error(err)
							}
							took[i] = time.Since(began)
						}
					})
				}
				group.Wait()
				b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "requests/s")
				b.ReportMetric(float64(quantile(took, 0.99).Microseconds())/1000, "p99-ms")
			})
		}
	}
}

// quantile sorts took.
func quantile(took []time.Duration, q float64) time.Duration {
	slices.Sort(took)
	return took[min(len(took)-1, int(q*float64(len(took))))]
}

func (c *cloud) createsComponents() func(int64) error {
	client, err := sdk.NewClientWithOptions(c.Region, sdk.NewConfig(), ecscredentials.NewAccessKeyCredential(c.AccessKeyID, c.AccessKeySecret))
	return func(n int64) error {
		if err != nil {
			return err
		}
		r := requests.NewCommonRequest()
		r.Method, r.Scheme, r.Domain, r.Version, r.ApiName = "POST", "http", strings.TrimPrefix(c.ECS, "http://"), "2014-05-26", "CreateImageComponent"
		r.QueryParams["RegionId"], r.QueryParams["Name"] = c.Region, fmt.Sprint("bench-", n)
		r.FormParams["Content"] = "RUN echo " + strings.Repeat("x", 1000)
		_, err := client.ProcessCommonRequest(r)
		return err
	}
}

func (c *cloud) putsObjects() func(int64) error {
	body := bytes.Repeat([]byte("0123456789abcdef"), 256)
	return func(n int64) error {
		_, err := c.objects.PutObject(context.Background(),
			&oss.PutObjectRequest{Bucket: oss.Ptr(c.Bucket), Key: oss.Ptr(fmt.Sprint("bench/", n)), Body: bytes.NewReader(body)})
		return err
	}
}

func (c *cloud) sendsMessages() func(int64) error {
	queue := ali_mns.NewMNSQueue(unread, c.queues, 1<<30)
	return func(int64) error {
		_, err := queue.SendMessage(ali_mns.MessageSendRequest{MessageBody: "a body of a usual outcome", Priority: priority})
		return err
	}
}

func (c *cloud) createsComponentsOfAWS() func(int64) error {
	client := imagebuilder.New(imagebuilder.Options{
		Region: c.AWSRegion, BaseEndpoint: aws.String(c.EC2),
		Credentials: awscredentials.NewStaticCredentialsProvider(c.AccessKeyID, c.AccessKeySecret, ""),
	})
	const document = "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - name: run\n        action: ExecuteBash\n        inputs: {commands: [echo %d]}\n"
	return func(n int64) error {
		_, err := client.CreateComponent(context.Background(), &imagebuilder.CreateComponentInput{
			Name: aws.String(fmt.Sprint("bench-", n)), SemanticVersion: aws.String("1.0.0"), Platform: types.PlatformLinux,
			Data: aws.String(fmt.Sprintf(document, n)), ClientToken: aws.String(fmt.Sprintf("%036d", n)),
		})
		return err
	}
}

// BenchmarkDrops prints how long a template takes to its outcome, and how many
// there are a second, with so many in flight. An iteration is a template.
func BenchmarkDrops(b *testing.B) {
	up, c, _ := serving(b, b.TempDir())
	defer up.stop(b)
	for _, flights := range []int{1, 8} {
		b.Run(fmt.Sprintf("inFlight=%d", flights), func(b *testing.B) {
			after, err := c.feedEnd(b.Context())
			require.NoError(b, err)
			arrived := &arrivals{at: map[string]chan struct{}{}}
			ctx, stop := context.WithCancel(b.Context())
			defer stop()
			go arrived.read(ctx, c, after)
			took := make([]time.Duration, b.N)
			var next atomic.Int64
			var group sync.WaitGroup
			for range flights {
				group.Go(func() {
					for i := next.Add(1) - 1; i < int64(b.N); i = next.Add(1) - 1 {
						key := fmt.Sprintf("templates/bench-%d.Dockerfile", numbers.Add(1))
						done := arrived.of(key)
						began := time.Now()
						if err := put(c, key, "RUN echo "+key+"\n"); err != nil {
							b.Error(err)
							continue
						}
						<-done
						took[i] = time.Since(began)
					}
				})
			}
			group.Wait()
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "templates/s")
			b.ReportMetric(float64(quantile(took, 0.5).Microseconds())/1000, "p50-ms")
			b.ReportMetric(float64(quantile(took, 0.99).Microseconds())/1000, "p99-ms")
		})
	}
}

// arrivals tell of outcomes by the key of their object.
type arrivals struct {
	mu sync.Mutex
	at map[string]chan struct{}
}

func (a *arrivals) of(key string) chan struct{} {
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.at[key] == nil {
		a.at[key] = make(chan struct{})
	}
	return a.at[key]
}

func (a *arrivals) read(ctx context.Context, c *cloud, after uint64) {
	for ctx.Err() == nil {
		p, err := c.feed(ctx, after, 30*time.Second)
		if err != nil {
			return
		}
		after = p.Next
		for _, e := range p.Outcomes {
			close(a.of(readOutcome(e.Outcome).Data.Job.Key))
		}
	}
}

// stored is how many objects, messages and resources the start finds, each.
const stored = 100_000

// BenchmarkStart prints how long the built local cloud takes from its start
// until all its services answer, with many objects, messages and resources.
func BenchmarkStart(b *testing.B) {
	for _, each := range []int{0, stored} {
		state := b.TempDir()
		file := filepath.Join(state, "state.db")
		fillStore(b, file, each)
		b.Run(fmt.Sprintf("storedEach=%d", each), func(b *testing.B) {
			var took []time.Duration
			var rss, anonymous int
			for range b.N {
				up, _, start := serving(b, state)
				took = append(took, start)
				rss = max(rss, memoryOf(b, up.Process.Pid, "VmRSS:"))
				anonymous = max(anonymous, memoryOf(b, up.Process.Pid, "RssAnon:"))
				up.stop(b)
			}
			info, err := os.Stat(file)
			require.NoError(b, err)
			b.ReportMetric(float64(quantile(took, 0.5).Milliseconds()), "start-ms")
			b.ReportMetric(float64(rss)/1024, "RSS-MB") // with the pages of the file that were read
			b.ReportMetric(float64(anonymous)/1024, "anonymous-MB")
			b.ReportMetric(float64(info.Size())/(1<<20), "file-MB")
		})
	}
}

// memoryOf is the resident memory of a process of that kind, in KiB.
func memoryOf(b *testing.B, pid int, kind string) (kib int) {
	status, err := os.ReadFile(fmt.Sprintf("/proc/%d/status", pid))
	require.NoError(b, err)
	_, rest, ok := strings.Cut(string(status), kind)
	require.True(b, ok)
	_, err = fmt.Sscan(rest, &kib)
	require.NoError(b, err)
	return kib
}

// fillStore lets the services themselves store so many of each.
func fillStore(b *testing.B, path string, each int) {
	st, err := store.Open(path)
	require.NoError(b, err)
	defer st.Close()
	acct := account.New()
	objects := localoss.New(acct, st, localoss.Options{NoAuth: true})
	require.NoError(b, objects.CreateBucket("bench-bucket"))
	resources := ecs.New(acct, st, ecs.Options{NoAuth: true, ComponentQuota: each + 1})
	messages := mns.New(acct, st, mns.Options{NoAuth: true})
	require.NoError(b, messages.CreateQueue("bench", mns.DefaultAttributes()))
	call := func(h http.Handler, method, address, body string) {
		answer := httptest.NewRecorder()
		request := httptest.NewRequest(method, address, strings.NewReader(body))
		h.ServeHTTP(answer, request)
		if answer.Code != http.StatusOK {
			b.Error(answer.Body)
		}
	}
	var next atomic.Int64
	var group sync.WaitGroup
	for range 64 {
		group.Go(func() {
			for i := next.Add(1); i <= int64(each); i = next.Add(1) {
				call(objects, "PUT", fmt.Sprintf("http://127.0.0.1/bench-bucket/templates/%d", i), "RUN echo 1\n")
				call(resources, "GET", fmt.Sprintf("http://127.0.0.1/?Action=CreateImageComponent&Version=2014-05-26&RegionId=cn-hangzhou&Name=bench-%d&Content=RUN+echo+1", i), "")
				if err := st.Update(func(tx *store.Tx) error {
					_, err := messages.Send(tx, "bench", []byte("a body of a usual outcome"), 0)
					return err
				}); err != nil {
					b.Error(err)
				}
			}
		})
	}
	group.Wait()
}

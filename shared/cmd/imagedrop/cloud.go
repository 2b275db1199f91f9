package main

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/http"
	"net/url"
	"strconv"
	"sync"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/spf13/cobra"
	"github.com/valyala/fasthttp"

	"imagedrop/shared/local/stack"
)

// defaultState is the state directory of the local cloud.
const defaultState = ".imagedrop"

// mnsTimeout bounds one MNS call, in seconds; it exceeds a long poll of receiveWait.
const mnsTimeout = 10

// errNoCloud says how to get what is missing.
var errNoCloud = errors.New("no local cloud answers; start one with `imagedrop up`")

// place is how a command finds the local cloud.
type place struct {
	state    string
	portBase int
}

func (p *place) flags(cmd *cobra.Command) {
	cmd.Flags().StringVar(&p.state, "state", defaultState, "state directory of the local cloud to talk to")
	cmd.Flags().IntVar(&p.portBase, "port-base", 0, "find the local cloud by its first port instead")
	cmd.MarkFlagsMutuallyExclusive("state", "port-base")
}

// find returns the running local cloud. One that keeps nothing has no state
// directory; it is looked for at the default port.
func (p *place) find(ctx context.Context) (*cloud, error) {
	if p.portBase != 0 {
		return cloudAt(ctx, consoleAt(p.portBase))
	}
	e, err := stack.ReadEndpoints(p.state)
	if err == nil {
		return cloudAt(ctx, e.Console)
	}
	if !errors.Is(err, fs.ErrNotExist) {
		return nil, err
	}
	if p.state == defaultState {
		return cloudAt(ctx, consoleAt(stack.DefaultPortBase))
	}
	return nil, fmt.Errorf("%w (there is none with its state in %s)", errNoCloud, p.state)
}

func consoleAt(port int) string { return fmt.Sprintf("http://127.0.0.1:%d", port) }

// cloud is a running local cloud and the clients that talk to it. It is safe
// for concurrent use.
type cloud struct {
	stack.Endpoints
	objects *oss.Client
	queues  ali_mns.MNSClient
}

func cloudAt(ctx context.Context, console string) (*cloud, error) {
	c := &cloud{}
	if err := getJSON(ctx, console+"/v1/endpoints", &c.Endpoints); err != nil {
		return nil, err
	}
	c.objects = oss.NewClient(oss.LoadDefaultConfig().WithRegion(c.Region).WithEndpoint(c.OSS).
		WithRetryMaxAttempts(1). // a repeated PUT is a second event
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(c.AccessKeyID, c.AccessKeySecret)))
	c.queues = ali_mns.NewAliMNSClientWithConfig(ali_mns.AliMNSClientConfig{
		EndPoint: c.MNS, AccessKeyId: c.AccessKeyID, AccessKeySecret: c.AccessKeySecret, TimeoutSecond: mnsTimeout,
	})
	c.queues.SetTransport(once{})
	return c, nil
}

// once makes each call of the MNS SDK once. Otherwise its transport sends a
// request again whose connection was closed before the answer: a second message.
type once struct{}

// RoundTrip implements fasthttp.RoundTripper.
func (once) RoundTrip(hc *fasthttp.HostClient, req *fasthttp.Request, resp *fasthttp.Response) (retry bool, err error) {
	_, err = fasthttp.DefaultTransport.RoundTrip(hc, req, resp)
	return false, err
}

// queue returns the queue of that name, for one goroutine.
func (c *cloud) queue(name string) ali_mns.AliMNSQueue { return ali_mns.NewMNSQueue(name, c.queues) }

// line leads to the local cloud, wherever it is: a restart may move its ports.
// It is safe for concurrent use.
type line struct {
	find func(context.Context) (*cloud, error)

	mu   sync.Mutex
	last *cloud // nil where it has to be looked for
}

func (l *line) cloud(ctx context.Context) (*cloud, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == nil {
		c, err := l.find(ctx)
		if err != nil {
			return nil, err
		}
		l.last = c
	}
	return l.last, nil
}

// lost says that c did not answer.
func (l *line) lost(c *cloud) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.last == c {
		l.last = nil
	}
}

// entry is one outcome of the feed.
type entry struct {
	Seq     uint64          `json:"seq"`
	Outcome json.RawMessage `json:"outcome"`
}

// page is one answer of the feed.
type page struct {
	Outcomes []entry `json:"outcomes"`
	Next     uint64  `json:"next"`
}

// feed returns the outcomes behind number after; it waits that long for the
// first.
func (c *cloud) feed(ctx context.Context, after uint64, wait time.Duration) (page, error) {
	q := url.Values{"after": {strconv.FormatUint(after, 10)}, "waitSeconds": {strconv.Itoa(int(wait.Seconds()))}}
	var p page
	return p, getJSON(ctx, c.Console+"/v1/outcomes?"+q.Encode(), &p)
}

// feedEnd returns the number of the newest outcome.
func (c *cloud) feedEnd(ctx context.Context) (uint64, error) {
	var p page
	err := getJSON(ctx, c.Console+"/v1/outcomes?after=end", &p)
	return p.Next, err
}

func getJSON(ctx context.Context, address string, into any) error {
	return doJSON(ctx, http.MethodGet, address, nil, into)
}

// doJSON calls the control API. Where nobody answers the error is errNoCloud;
// an answer other than 200 is an error with the API's own text.
func doJSON(ctx context.Context, method, address string, body []byte, into any) error {
	req, err := http.NewRequestWithContext(ctx, method, address, bytes.NewReader(body))
	if err != nil {
		return err
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil && ctx.Err() != nil {
		return ctx.Err()
	}
	if err != nil {
		return fmt.Errorf("%w (nothing answers at %s)", errNoCloud, req.URL.Host)
	}
	defer res.Body.Close()
	data, err := io.ReadAll(res.Body)
	if err != nil {
		return fmt.Errorf("%w (the answer from %s broke off)", errNoCloud, req.URL.Host)
	}
	if res.StatusCode/100 != 2 {
		return refusalOf(res.Status, data)
	}
	return json.Unmarshal(data, into)
}

// refusalOf reads an error of the control API.
func refusalOf(status string, body []byte) error {
	var answer struct {
		Error string `json:"error"`
	}
	if json.Unmarshal(body, &answer) != nil || answer.Error == "" {
		answer.Error = status
	}
	return fmt.Errorf("the local cloud refused: %s", answer.Error)
}

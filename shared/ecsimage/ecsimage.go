// Package ecsimage creates and finds the components and pipelines of ECS Image
// Builder (ECS API 2014-05-26), starts and describes their executions, and finds
// images, through alibaba-cloud-sdk-go. It translates, nothing else: no retries,
// no judgement of a template.
//
// It takes the typed requests of services/ecs with the SDK's core client, and
// reads the answers itself. Naming ecs.Client would keep the methods of some 400
// APIs in every binary.
package ecsimage

import (
	"context"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/template"
)

// pageSize is MaxResults of a describe; the API takes 1-500, default 50. Each
// entry carries its content, so a page holds up to some 1.6 MB. Where all are
// read it is listSize.
const pageSize = 100

// Options says where the service is.
type Options struct {
	// Endpoint is "" for the SDK's endpoint of each request's region.
	Endpoint string
}

// Client implements the interfaces of imagebuild that ask ECS. It is safe for concurrent use.
type Client struct {
	pool *sdkclient.Pool[*caller]
}

var (
	_ imagebuild.Resources  = (*Client)(nil)
	_ imagebuild.Executions = (*Client)(nil)
	_ imagebuild.Images     = (*Client)(nil)
)

// New returns a client, or an error that says what is wrong with the endpoint.
func New(o Options) (*Client, error) {
	endpoint := &url.URL{Scheme: "https"} // no host: the SDK finds the region's
	if o.Endpoint != "" {
		var err error
		if endpoint, err = sdkclient.ParseEndpoint(o.Endpoint); err != nil {
			return nil, err
		}
		if strings.Trim(endpoint.Path, "/") != "" {
			return nil, fmt.Errorf("%q: the endpoint of ECS has no path", o.Endpoint)
		}
	}
	transport := sdkclient.NewTransport()
	return &Client{pool: sdkclient.NewPool(sdkclient.MaxConnections, func(c sdkclient.Credentials) (*caller, error) {
		return newCaller(c, endpoint, transport)
	})}, nil
}

// caller is one client of the SDK, for one call at a time: the SDK rewrites
// fields of its HTTP client for every call.
type caller struct {
	client *sdk.Client
	carry  *carrier
}

func newCaller(c sdkclient.Credentials, endpoint *url.URL, transport http.RoundTripper) (*caller, error) {
	carry := &carrier{base: transport}
	config := sdk.NewConfig().WithScheme(endpoint.Scheme).WithAutoRetry(false)
	config.Transport = carry
	client, err := sdk.NewClientWithOptions("", config,
		credentials.NewStaticSTSCredentialsProvider(c.AccessKeyID, c.AccessKeySecret, c.SecurityToken))
	if err != nil {
		return nil, err
	}
	client.Domain = endpoint.Host
	client.SetEndpointRules(endpointMap(), ecs.GetEndpointType(), "")
	return &caller{client: client, carry: carry}, nil
}

// endpointMap is the SDK's, which it makes at the first call, unsynchronised.
var endpointMap = sync.OnceValue(ecs.GetEndpointMap)

// carrier gives a call its context, which the SDK has no way to take, and
// keeps a redirect from carrying the signature to another host.
type carrier struct {
	base http.RoundTripper
	ctx  context.Context // of the call under way
}

// RoundTrip implements http.RoundTripper.
func (c *carrier) RoundTrip(r *http.Request) (*http.Response, error) {
	answer, err := c.base.RoundTrip(r.WithContext(c.ctx))
	if err == nil {
		answer.Header.Del("Location")
	}
	return answer, err
}

// call makes the typed request of one operation.
type call func() (requests.AcsRequest, *requests.RpcRequest)

// creates and describes are the operations of each kind.
var (
	creates = map[template.Kind]call{
		template.Component: func() (requests.AcsRequest, *requests.RpcRequest) {
			r := ecs.CreateCreateImageComponentRequest()
			return r, r.RpcRequest
		},
		template.Pipeline: func() (requests.AcsRequest, *requests.RpcRequest) {
			r := ecs.CreateCreateImagePipelineRequest()
			return r, r.RpcRequest
		},
	}
	describes = map[template.Kind]call{
		template.Component: func() (requests.AcsRequest, *requests.RpcRequest) {
			r := ecs.CreateDescribeImageComponentsRequest()
			return r, r.RpcRequest
		},
		template.Pipeline: func() (requests.AcsRequest, *requests.RpcRequest) {
			r := ecs.CreateDescribeImagePipelinesRequest()
			return r, r.RpcRequest
		},
	}
)

// Create implements imagebuild.Resources: the parameters go into the form
// body, since the URL has limits.
func (c *Client) Create(ctx context.Context, r imagebuild.Request) (id string, err error) {
	form := map[string]string{}
	for _, p := range r.Parameters {
		form[p.Name] = p.Value
	}
	return c.make(ctx, creates[r.Kind], r.RegionID, r.ClientToken, form)
}

// make makes what has an ID, once for each token.
func (c *Client) make(ctx context.Context, request call, region, token string, form map[string]string) (id string, err error) {
	form["ClientToken"] = token
	var a made
	op, err := c.do(ctx, request, region, form, &a)
	if err != nil {
		return "", err
	}
	if id = a.id(); id == "" {
		return "", &fault.Error{Kind: fault.Retryable, Op: op, Message: "the answer carries no ID", RequestID: string(a.RequestId)}
	}
	return id, nil
}

// Find implements imagebuild.Resources. The service is asked by name and tags;
// names are compared once more, since the documents do not say for pipelines
// that the match is exact.
func (c *Client) Find(ctx context.Context, q imagebuild.Query) ([]imagebuild.Resource, error) {
	var found []imagebuild.Resource
	size := pageSize
	if q.Name == "" && len(q.Tags) == 0 { // all that there are
		size = listSize
	}
	err := eachPage("ecsimage.Find", func(token string) (string, error) {
		p, err := c.page(ctx, q, token, size)
		for _, r := range p.resources {
			if q.Name == "" || r.Name == q.Name {
				found = append(found, r)
			}
		}
		return p.next, err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// eachPage reads the pages of a list. read takes a page's token, "" for the
// first, and returns that of the next, "" after the last.
func eachPage(op string, read func(token string) (next string, err error)) error {
	for token := ""; ; {
		next, err := read(token)
		if err != nil || next == "" {
			return err
		}
		if next == token {
			return fault.New(fault.Unknown, op, "the service answers the same NextToken again")
		}
		token = next
	}
}

// First implements imagebuild.Resources with a page of one entry.
func (c *Client) First(ctx context.Context, q imagebuild.Query) (imagebuild.Resource, int, error) {
	p, err := c.page(ctx, q, "", 1)
	if err != nil || len(p.resources) == 0 {
		return imagebuild.Resource{}, 0, err
	}
	return p.resources[0], p.total, nil
}

// page is one answer of a describe.
type page struct {
	resources []imagebuild.Resource
	next      string // token of the next page, "" on the last
	total     int    // matches on all pages
}

func (c *Client) page(ctx context.Context, q imagebuild.Query, token string, size int) (page, error) {
	var a resources
	if _, err := c.do(ctx, describes[q.Kind], q.RegionID, filters(q, token, size), &a); err != nil {
		return page{}, err
	}
	total, _ := strconv.Atoi(string(a.TotalCount)) // no number: not said
	p := page{next: string(a.NextToken), total: total}
	for _, e := range a.entries(q.Kind) {
		p.resources = append(p.resources, e.resource(q.Kind))
	}
	return p, nil
}

// ownerAlibaba is for the components that Alibaba Cloud offers.
// Source: ECS 2014-05-26, DescribeImageComponents, Owner: SELF or ALIYUN.
const ownerAlibaba = "ALIYUN"

// filters are the parameters that the lists have in common.
func filters(q imagebuild.Query, token string, size int) map[string]string {
	form := map[string]string{"Name": q.Name, "ComponentVersion": q.Version, "NextToken": token, "MaxResults": strconv.Itoa(size)}
	if q.Offered {
		form["Owner"] = ownerAlibaba
	}
	tagged(form, q.Tags)
	return form
}

func tagged(form map[string]string, tags []imagebuild.Tag) {
	for i, tag := range tags {
		n := strconv.Itoa(i + 1)
		form["Tag."+n+".Key"], form["Tag."+n+".Value"] = tag.Key, tag.Value
	}
}

// regionID is what a region's ID can be. It becomes part of a host name that
// is sent the security token, and a template may set it.
var regionID = regexp.MustCompile(`^[a-z0-9]+(-[a-z0-9]+)+$`)

// do makes one call, reads its answer, and returns what it is called in
// faults. Empty values are not sent, as the SDK does it.
func (c *Client) do(ctx context.Context, request call, region string, form map[string]string, into answer) (op string, err error) {
	if request == nil {
		return "", fault.New(fault.Unknown, "ecsimage", "no operation is for this kind")
	}
	action, rpc := request()
	op = "ecsimage." + rpc.GetActionName()
	if !regionID.MatchString(region) {
		return op, &fault.Error{Kind: fault.Invalid, Op: op, Code: "InvalidRegionId.NotFound", Message: "the region does not exist"}
	}
	for name, value := range form {
		if value != "" && name != "RegionId" { // the SDK puts the region's into the query
			rpc.FormParams[name] = value
		}
	}
	rpc.RegionId, rpc.ReadTimeout = region, sdkclient.MaxCall // ctx is what ends a call
	signer, err := sdkclient.Required(ctx, op)
	if err != nil {
		return op, err
	}
	secrets := append(signer.Secrets(), contents(form)...)
	raw := responses.NewCommonResponse()
	if err := c.send(ctx, op, signer, action, raw); err != nil {
		return op, classify(op, err, secrets)
	}
	return op, read(op, raw, secrets, into)
}

// send gives the request to a client of the pool.
func (c *Client) send(ctx context.Context, op string, signer sdkclient.Credentials,
	request requests.AcsRequest, raw responses.AcsResponse) error {
	ctx, cancel := sdkclient.Bounded(ctx)
	defer cancel()
	call, put, err := c.pool.Take(ctx, signer)
	if err != nil {
		return err
	}
	defer put()
	call.carry.ctx = ctx
	return sdkclient.Guard(op, func() error { return call.client.DoAction(request, raw) })
}

// contents returns the template text among the parameters.
func contents(form map[string]string) []string {
	return []string{form["Content"], form["BuildContent"], form["TestContent"]}
}

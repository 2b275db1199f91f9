package ecs

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// cloud is an endpoint on a listener of its own, with a clock that the test moves.
type cloud struct {
	t       testing.TB
	account *account.Account
	clock   *account.ManualClock
	store   *store.Store
	handler http.Handler
	url     string
	host    string
}

func newCloud(t testing.TB, opt Options) *cloud {
	st, err := store.OpenMemory()
	require.NoError(t, err)
	t.Cleanup(func() { st.Close() })
	return serveCloud(t, st, opt)
}

// A phase takes a second, so that a few builds one after the other do not take
// the clock further from the machine's than a signature may be.
const (
	scale = float64(phaseTime / step)
	step  = time.Second
	// longest is more than any execution takes.
	longest = 10 * step
)

// serveCloud starts its clock at the machine's time, which SDKs sign with, in
// whole seconds, which timestamps have.
func serveCloud(t testing.TB, st *store.Store, opt Options) *cloud {
	clock := account.NewManualClock(time.Now().Truncate(time.Second))
	acct := account.NewAt(clock)
	acct.Scale = scale
	handler := New(acct, st, opt)
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return &cloud{t: t, account: acct, clock: clock, store: st, handler: handler, url: server.URL, host: strings.TrimPrefix(server.URL, "http://")}
}

// client is the real SDK's core client.
func (c *cloud) client() *sdk.Client {
	return c.clientWith(credentials.NewAccessKeyCredential(account.AccessKeyID, account.AccessKeySecret))
}

func (c *cloud) clientWith(credential any) *sdk.Client {
	client, err := sdk.NewClientWithOptions(account.Region, sdk.NewConfig(), credential)
	require.NoError(c.t, err)
	client.Domain = c.host
	client.SetReadTimeout(time.Minute) // a thousand builds may end in one question
	return client
}

// The operations by their column in the error tables.
const (
	opComponent = "CC"
	opPipeline  = "CP"
	opStart     = "ST"
)

// create sends parameters as a form with the SDK's typed request.
func (c *cloud) create(client *sdk.Client, op string, form params) (id string, err error) {
	switch op {
	case opComponent:
		request, response := ecs.CreateCreateImageComponentRequest(), ecs.CreateCreateImageComponentResponse()
		err = send(client, request, request.RpcRequest, form, response)
		return response.ImageComponentId, err
	case opStart:
		request, response := ecs.CreateStartImagePipelineExecutionRequest(), ecs.CreateStartImagePipelineExecutionResponse()
		err = send(client, request, request.RpcRequest, form, response)
		return response.ExecutionId, err
	}
	request, response := ecs.CreateCreateImagePipelineRequest(), ecs.CreateCreateImagePipelineResponse()
	err = send(client, request, request.RpcRequest, form, response)
	return response.ImagePipelineId, err
}

func send(client *sdk.Client, request requests.AcsRequest, rpc *requests.RpcRequest, form params, response responses.AcsResponse) error {
	for name, value := range form {
		if name == "RegionId" { // the SDK puts its own into the query otherwise
			rpc.QueryParams["RegionId"] = value
			continue
		}
		rpc.FormParams[name] = value
	}
	return client.DoAction(request, response)
}

// minimal is the least that each create takes; a start also takes a template.
func minimal(op string) params {
	switch op {
	case opComponent:
		return params{"Content": "RUN true"}
	case opStart:
		return params{}
	}
	return params{"BaseImageType": "IMAGE", "BaseImage": "m-bp67acfmxazb4p****"}
}

// with returns p changed: "-" takes a parameter away.
func (p params) with(changes params) params {
	p = maps.Clone(p)
	for name, value := range changes {
		p[name] = value
		if value == "-" {
			delete(p, name)
		}
	}
	return p
}

func (c *cloud) mustCreate(op string, changes params) string {
	c.t.Helper()
	id, err := c.create(c.client(), op, minimal(op).with(changes))
	require.NoError(c.t, err)
	return id
}

// requireRefused holds an SDK error against status and code.
func requireRefused(t testing.TB, err error, status int, code string) {
	t.Helper()
	var refused *sdkerrors.ServerError
	require.ErrorAs(t, err, &refused)
	require.Equal(t, fmt.Sprint(status, " ", code), fmt.Sprint(refused.HttpStatus(), " ", refused.ErrorCode()), refused.Message())
	require.NotEmpty(t, refused.Message())
	require.Equal(t, hostID, refused.HostId())
}

// answerBody is a raw answer.
type answerBody struct {
	status int
	header http.Header
	text   string
	fields map[string]any
}

func (a answerBody) code() string { return fmt.Sprint(a.status, " ", a.fields["Code"]) }

// raw sends a request that the test signs itself.
func (c *cloud) raw(method string, p params) answerBody {
	c.t.Helper()
	return c.exchange(method, c.signed(method, p), nil)
}

// exchange sends query and form as they are.
func (c *cloud) exchange(method string, query, form params) answerBody {
	c.t.Helper()
	request, err := http.NewRequest(method, c.url+"/?"+encoded(query), strings.NewReader(encoded(form)))
	require.NoError(c.t, err)
	request.Header.Set("Content-Type", "application/x-www-form-urlencoded")
	return c.answerTo(request)
}

func encoded(p params) string {
	values := url.Values{}
	for name, value := range p {
		values.Set(name, value)
	}
	return values.Encode()
}

var nonce atomic.Int64

// unsigned adds the common parameters that the test does not set itself.
func (c *cloud) unsigned(p params) params {
	return params{
		"Version": apiVersion, "Format": "JSON", "AccessKeyId": account.AccessKeyID, "SignatureMethod": "HMAC-SHA1",
		"SignatureVersion": "1.0", "SignatureNonce": strconv.FormatInt(nonce.Add(1), 10),
		"Timestamp": c.clock.Now().Format("2006-01-02T15:04:05Z"),
	}.with(p)
}

func (c *cloud) signed(method string, p params) params {
	p = c.unsigned(p)
	p["Signature"] = signature(method, p, account.AccessKeySecret)
	return p
}

// signature is the test's own making, byte by byte.
func signature(method string, p params, secret string) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		pairs = append(pairs, escape(name)+"="+escape(p[name]))
	}
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	io.WriteString(mac, method+"&%2F&"+escape(strings.Join(pairs, "&")))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func escape(s string) string {
	const plain = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~"
	var b strings.Builder
	for i := range len(s) {
		if strings.IndexByte(plain, s[i]) >= 0 {
			b.WriteByte(s[i])
			continue
		}
		fmt.Fprintf(&b, "%%%02X", s[i])
	}
	return b.String()
}

// describeComponents lists with the SDK's typed request.
func (c *cloud) describeComponents(form params) *ecs.DescribeImageComponentsResponse {
	c.t.Helper()
	request, response := ecs.CreateDescribeImageComponentsRequest(), ecs.CreateDescribeImageComponentsResponse()
	require.NoError(c.t, send(c.client(), request, request.RpcRequest, form, response))
	return response
}

func (c *cloud) describePipelines(form params) *ecs.DescribeImagePipelinesResponse {
	c.t.Helper()
	request, response := ecs.CreateDescribeImagePipelinesRequest(), ecs.CreateDescribeImagePipelinesResponse()
	require.NoError(c.t, send(c.client(), request, request.RpcRequest, form, response))
	return response
}

func (c *cloud) component(id string) ecs.ImageComponentSet {
	c.t.Helper()
	list := c.describeComponents(params{"ImageComponentId.1": id}).ImageComponent.ImageComponentSet
	require.Len(c.t, list, 1)
	return list[0]
}

func (c *cloud) pipeline(id string) ecs.ImagePipelineSet {
	c.t.Helper()
	list := c.describePipelines(params{"ImagePipelineId.1": id}).ImagePipeline.ImagePipelineSet
	require.Len(c.t, list, 1)
	return list[0]
}

func (c *cloud) start(pipeline string) string {
	c.t.Helper()
	return c.mustCreate(opStart, params{"ImagePipelineId": pipeline})
}

// build makes a template and starts it.
func (c *cloud) build(changes params) (pipeline, execution string) {
	c.t.Helper()
	pipeline = c.mustCreate(opPipeline, changes)
	return pipeline, c.start(pipeline)
}

func (c *cloud) describeExecutions(form params) *ecs.DescribeImagePipelineExecutionsResponse {
	c.t.Helper()
	request, response := ecs.CreateDescribeImagePipelineExecutionsRequest(), ecs.CreateDescribeImagePipelineExecutionsResponse()
	require.NoError(c.t, send(c.client(), request, request.RpcRequest, form, response))
	return response
}

func (c *cloud) execution(id string) ecs.ImagePipelineExecutionSet {
	c.t.Helper()
	list := c.describeExecutions(params{"ExecutionId": id}).ImagePipelineExecution.ImagePipelineExecutionSet
	require.Len(c.t, list, 1)
	return list[0]
}

func (c *cloud) cancel(execution string) error {
	request := ecs.CreateCancelImagePipelineExecutionRequest()
	return send(c.client(), request, request.RpcRequest, params{"ExecutionId": execution}, ecs.CreateCancelImagePipelineExecutionResponse())
}

func (c *cloud) describeImages(form params) *ecs.DescribeImagesResponse {
	c.t.Helper()
	request, response := ecs.CreateDescribeImagesRequest(), ecs.CreateDescribeImagesResponse()
	require.NoError(c.t, send(c.client(), request, request.RpcRequest, form, response))
	return response
}

// imageIDs lists the images that builds made.
func (c *cloud) imageIDs(form params) (ids []string) {
	c.t.Helper()
	for _, image := range c.describeImages(params{"ImageOwnerAlias": "self"}.with(form)).Images.Image {
		ids = append(ids, image.ImageId)
	}
	return ids
}

// fromFamily returns the id of the family's image in the region, "" for none.
func (c *cloud) fromFamily(region, family string) string {
	c.t.Helper()
	request, response := ecs.CreateDescribeImageFromFamilyRequest(), ecs.CreateDescribeImageFromFamilyResponse()
	require.NoError(c.t, send(c.client(), request, request.RpcRequest, params{"RegionId": region, "ImageFamily": family}, response))
	return response.Image.ImageId
}

func (c *cloud) delete(op, id string) error {
	if op == opComponent {
		request := ecs.CreateDeleteImageComponentRequest()
		return send(c.client(), request, request.RpcRequest, params{"ImageComponentId": id}, ecs.CreateDeleteImageComponentResponse())
	}
	request := ecs.CreateDeleteImagePipelineRequest()
	return send(c.client(), request, request.RpcRequest, params{"ImagePipelineId": id}, ecs.CreateDeleteImagePipelineResponse())
}

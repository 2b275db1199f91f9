package oss_test

import (
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/retry"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
)

const (
	bucket = "demo-bucket"
	// largest is the limit of objects in these tests: the real one takes seconds
	// to fill where the machine is busy.
	largest = 1 << 20
)

// cloud is a running endpoint with one bucket, and the SDK's client of it.
type cloud struct {
	clock  *account.ManualClock
	acct   *account.Account
	st     *store.Store
	url    string
	client *sdk.Client
}

func start(t testing.TB, opt oss.Options) *cloud {
	st, err := store.OpenMemory()
	require.NoError(t, err)
	t.Cleanup(func() { st.Close() })
	return startOn(t, st, opt)
}

func startOn(t testing.TB, st *store.Store, opt oss.Options) *cloud {
	clock := account.NewManualClock(time.Now().Truncate(time.Millisecond))
	acct := account.NewAt(clock)
	opt.MaxObjectSize = largest
	service := oss.New(acct, st, opt)
	require.NoError(t, service.CreateBucket(bucket))
	server := httptest.NewServer(service)
	t.Cleanup(server.Close)
	c := &cloud{clock: clock, acct: acct, st: st, url: server.URL}
	c.client = c.newClient(func(*sdk.Config) {})
	return c
}

func (c *cloud) newClient(configure func(*sdk.Config)) *sdk.Client {
	cfg := sdk.LoadDefaultConfig().WithRegion(account.Region).WithEndpoint(c.url).WithRetryer(retry.NopRetryer{}).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(account.AccessKeyID, account.AccessKeySecret))
	configure(cfg)
	return sdk.NewClient(cfg)
}

func (c *cloud) put(t testing.TB, key, body string) *sdk.PutObjectResult {
	result, err := c.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(key), Body: strings.NewReader(body)})
	require.NoError(t, err)
	return result
}

func (c *cloud) get(t testing.TB, key string) string {
	result, err := c.client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(key)})
	require.NoError(t, err)
	return read(t, result.Body)
}

func read(t testing.TB, body io.ReadCloser) string {
	defer body.Close()
	data, err := io.ReadAll(body)
	require.NoError(t, err)
	return string(data)
}

// requireError asserts that err is the service's error of that status and code.
func requireError(t testing.TB, err error, status int, code string) *sdk.ServiceError {
	t.Helper()
	var e *sdk.ServiceError
	require.ErrorAs(t, err, &e)
	require.Equal(t, []any{status, code}, []any{e.StatusCode, e.Code}, e.Message)
	require.Regexp(t, `^[0-9A-F]{24}$`, e.RequestID)
	require.Equal(t, e.EC, e.Headers.Get("x-oss-ec"))
	return e
}

// clients are the ways to sign that must all work, with long-lived and with
// temporary keys.
func (c *cloud) clients() map[string]*sdk.Client {
	key := c.acct.Keys.Issue(c.clock.Now().Add(time.Hour))
	sts := credentials.NewStaticCredentialsProvider(key.AccessKeyID, key.Secret, key.Token)
	return map[string]*sdk.Client{
		"V4":     c.client,
		"V1":     c.newClient(func(cfg *sdk.Config) { cfg.WithSignatureVersion(sdk.SignatureVersionV1) }),
		"V4 STS": c.newClient(func(cfg *sdk.Config) { cfg.WithCredentialsProvider(sts) }),
		"V1 STS": c.newClient(func(cfg *sdk.Config) {
			cfg.WithCredentialsProvider(sts).WithSignatureVersion(sdk.SignatureVersionV1)
		}),
		"V4 additional headers": c.newClient(func(cfg *sdk.Config) {
			cfg.WithAdditionalHeaders([]string{"host", "content-length", "range", "if-match"})
		}),
		// The bucket in the host name, as npm ali-oss and real endpoints have it.
		"virtual host": c.newClient(func(cfg *sdk.Config) {
			cfg.WithEndpoint("http://oss-cn-hangzhou.aliyuncs.com").WithHttpClient(c.dialing())
		}),
		"virtual host V1": c.newClient(func(cfg *sdk.Config) {
			cfg.WithEndpoint("http://localhost").WithSignatureVersion(sdk.SignatureVersionV1).WithHttpClient(c.dialing())
		}),
	}
}

// dialing returns an HTTP client that reaches the endpoint whatever the host.
func (c *cloud) dialing() *http.Client {
	address := strings.TrimPrefix(c.url, "http://")
	return &http.Client{Transport: rewrite(func(r *http.Request) { r.Host, r.URL.Host = r.URL.Host, address })}
}

type rewrite func(*http.Request)

func (f rewrite) RoundTrip(r *http.Request) (*http.Response, error) {
	r = r.Clone(r.Context())
	f(r)
	return http.DefaultTransport.RoundTrip(r)
}

func (c *cloud) list(t *testing.T, prefix, delimiter, after string, limit int32) (entries []string) {
	request := &sdk.ListObjectsRequest{Bucket: sdk.Ptr(bucket), Prefix: &prefix, Delimiter: &delimiter, Marker: &after, MaxKeys: limit}
	pages := c.client.NewListObjectsPaginator(request)
	for pages.HasNext() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{bucket, prefix, delimiter}, []string{*page.Name, *page.Prefix, *page.Delimiter})
		require.LessOrEqual(t, len(page.Contents)+len(page.CommonPrefixes), int(limit))
		entries = append(entries, names(page.Contents, page.CommonPrefixes)...)
	}
	return entries
}

func (c *cloud) listV2(t *testing.T, prefix, delimiter, after string, limit int32) (entries []string) {
	request := &sdk.ListObjectsV2Request{Bucket: sdk.Ptr(bucket), Prefix: &prefix, Delimiter: &delimiter, StartAfter: &after,
		MaxKeys: limit, FetchOwner: true}
	pages := c.client.NewListObjectsV2Paginator(request)
	for pages.HasNext() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.Equal(t, page.KeyCount, len(page.Contents)+len(page.CommonPrefixes))
		require.LessOrEqual(t, page.KeyCount, int(limit))
		entries = append(entries, names(page.Contents, page.CommonPrefixes)...)
		for _, o := range page.Contents {
			require.Equal(t, []string{"Standard", account.ID}, []string{*o.StorageClass, *o.Owner.ID})
			require.Regexp(t, `^"[0-9A-F]{32}(-1)?"$`, *o.ETag)
		}
	}
	return entries
}

func names(contents []sdk.ObjectProperties, prefixes []sdk.CommonPrefix) (all []string) {
	for _, o := range contents {
		all = append(all, *o.Key)
	}
	for _, p := range prefixes {
		all = append(all, *p.Prefix+" prefix")
	}
	return all
}

// invoke sends a signed request that the SDK has no type for.
func (c *cloud) invoke(t *testing.T, method, key string, query map[string]string) (*sdk.OperationOutput, error) {
	input := &sdk.OperationInput{OpName: "Test", Method: method, Bucket: sdk.Ptr(bucket), Parameters: query}
	if key != "" {
		input.Key = sdk.Ptr(key)
	}
	return c.client.InvokeOperation(t.Context(), input)
}

package oss_test

import (
	"bytes"
	"context"
	"crypto/md5"
	"encoding/base64"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
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

var oddKeys = []string{
	"web.Dockerfile", "templates/team a/web app.Dockerfile", "a+b", "100%", "%20", "a%2Fb", "镜像/模板.yaml", ".hidden", "dir/.x/..y",
	"..", "../up", "a//b", "dir/", "a?b&c=d#e", "é", "x\"'<>&;:@$,!*()[]{}|^`~", "tab\there", "back\\slash", strings.Repeat("k", 1023),
}

func TestEveryKeyGoesRoundWithEverySignature(t *testing.T) {
	c := start(t, oss.Options{})
	for name, client := range c.clients() {
		for _, key := range oddKeys {
			body := name + " " + key
			request := &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(key), Body: strings.NewReader(body),
				Metadata: map[string]string{"Build-Id": "7", "note": " spaced "}, ContentType: sdk.Ptr("text/plain")}
			_, err := client.PutObject(t.Context(), request)
			require.NoError(t, err, "%s: put %q", name, key)

			got, err := client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(key)})
			require.NoError(t, err, "%s: get %q", name, key)
			require.Equal(t, body, read(t, got.Body))
			require.Equal(t, map[string]string{"build-id": "7", "note": "spaced"}, got.Metadata)
			require.Equal(t, "text/plain", *got.ContentType)

			listed, err := client.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Request{Bucket: sdk.Ptr(bucket), Prefix: sdk.Ptr(key)})
			require.NoError(t, err, "%s: list %q", name, key)
			require.Equal(t, key, *listed.Contents[0].Key)

			_, err = client.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(key)})
			require.NoError(t, err, "%s: delete %q", name, key)
			exists, err := client.IsObjectExist(t.Context(), bucket, key)
			require.NoError(t, err)
			require.False(t, exists, "%s: %q", name, key)
		}
	}
}

// Older clients write a blank as a plus sign: ali-oss 4 in the path,
// aliyun-oss-go-sdk in the source of a copy.
func TestAPlusSignInAnAddressIsABlank(t *testing.T) {
	c := start(t, oss.Options{})
	answer := c.raw(t, "PUT /demo-bucket/a+b%2Bc HTTP/1.1\r\nHost: h\r\n"+c.signedV1("PUT", "/demo-bucket/a b+c")+"Content-Length: 1\r\n\r\nv")
	require.Equal(t, 200, answer.StatusCode)
	require.Equal(t, "v", c.get(t, "a b+c"))
	_, err := c.client.InvokeOperation(t.Context(), &sdk.OperationInput{OpName: "CopyObject", Method: "PUT", Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("copy"),
		Headers: map[string]string{"x-oss-copy-source": "/demo-bucket/a+b%2Bc"}})
	require.NoError(t, err)
	require.Equal(t, "v", c.get(t, "copy"))
}

func TestKeysThatOSSRefuses(t *testing.T) {
	c := start(t, oss.Options{})
	for _, key := range []string{"/a", "\\a", strings.Repeat("k", 1024), "bad\xff", "nul\x00"} {
		_, err := c.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(key)})
		requireError(t, err, 400, "InvalidObjectName")
	}
}

func TestAnObjectDescribesItself(t *testing.T) {
	c := start(t, oss.Options{})
	put, err := c.client.PutObject(t.Context(), &sdk.PutObjectRequest{
		Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), Body: strings.NewReader("123456789"), CacheControl: sdk.Ptr("no-cache"),
		ContentDisposition: sdk.Ptr("attachment"), Expires: sdk.Ptr("never"), StorageClass: sdk.StorageClassStandard,
	})
	require.NoError(t, err)
	const etag, contentMD5, crc = `"25F9E794323B453885F5181F1B624D0B"`, "JfnnlDI7RTiF9RgfG2JNCw==", "11051210869376104954"
	require.Equal(t, []string{etag, contentMD5, crc}, []string{*put.ETag, *put.ContentMD5, *put.HashCRC64})
	require.Nil(t, put.VersionId)
	require.Equal(t, "AliyunOSS", put.Headers.Get("Server"))

	head, err := c.client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), VersionId: sdk.Ptr("null")})
	require.NoError(t, err)
	require.Equal(t, []string{etag, contentMD5, crc}, []string{*head.ETag, *head.ContentMD5, *head.HashCRC64})
	require.EqualValues(t, 9, head.ContentLength)
	require.Equal(t, []string{"Normal", "Standard"}, []string{*head.ObjectType, *head.StorageClass})
	require.Equal(t, []string{"no-cache", "attachment", "never"}, []string{*head.CacheControl, *head.ContentDisposition, *head.Expires})
	require.True(t, c.clock.Now().Truncate(time.Second).Equal(*head.LastModified))
	require.Equal(t, "bytes", head.Headers.Get("Accept-Ranges"))

	meta, err := c.client.GetObjectMeta(t.Context(), &sdk.GetObjectMetaRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
	require.NoError(t, err)
	require.Equal(t, []string{etag, crc}, []string{*meta.ETag, *meta.HashCRC64})
	require.EqualValues(t, 9, meta.ContentLength)
	require.Empty(t, meta.Headers.Get("Cache-Control"))

	got, err := c.client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"),
		ResponseContentType: sdk.Ptr("text/x-y"), ResponseCacheControl: sdk.Ptr("max-age=1")})
	require.NoError(t, err)
	require.Equal(t, []string{"text/x-y", "max-age=1"}, []string{*got.ContentType, got.Headers.Get("Cache-Control")})

	acl, err := c.client.GetObjectAcl(t.Context(), &sdk.GetObjectAclRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
	require.NoError(t, err)
	require.Equal(t, []string{"default", account.ID}, []string{*acl.ACL, *acl.Owner.ID})
	_, err = c.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), Acl: sdk.ObjectACLPrivate})
	require.NoError(t, err)
	acl, err = c.client.GetObjectAcl(t.Context(), &sdk.GetObjectAclRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
	require.NoError(t, err)
	require.Equal(t, "private", *acl.ACL)
}

func TestWhatAPutRefuses(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "taken", "first")
	for _, test := range []struct {
		name    string
		request sdk.PutObjectRequest
		status  int
		code    string
	}{
		{"digest of other bytes", sdk.PutObjectRequest{ContentMD5: sdk.Ptr("1B2M2Y8AsgTpgAmY7PhCfg==")}, 400, "InvalidDigest"},
		{"digest in hex", sdk.PutObjectRequest{ContentMD5: sdk.Ptr("8B1A9953C4611296A827ABF8C47804D7")}, 400, "InvalidDigest"},
		{"overwriting forbidden", sdk.PutObjectRequest{Key: sdk.Ptr("taken"), ForbidOverwrite: sdk.Ptr("true")}, 409, "FileAlreadyExists"},
		{"too large", sdk.PutObjectRequest{Body: bytes.NewReader(make([]byte, largest+1))}, 400, "EntityTooLarge"},
		{"too large, length unknown", sdk.PutObjectRequest{Body: io.LimitReader(zeros{}, largest+1)}, 400, "EntityTooLarge"},
		{"metadata over 8 KB", sdk.PutObjectRequest{Metadata: map[string]string{"a": strings.Repeat("x", 8<<10)}}, 400, "InvalidArgument"},
		{"metadata not UTF-8", sdk.PutObjectRequest{Metadata: map[string]string{"a": "\xff"}}, 400, "InvalidArgument"},
		{"no such bucket", sdk.PutObjectRequest{Bucket: sdk.Ptr("no-such-bucket")}, 404, "NoSuchBucket"},
		{"a tag with two values", sdk.PutObjectRequest{Tagging: sdk.Ptr("a=b=c")}, 400, "InvalidTag"},
		{"callback", sdk.PutObjectRequest{Callback: sdk.Ptr("e30=")}, 501, "NotImplemented"},
		{"encryption", sdk.PutObjectRequest{ServerSideEncryption: sdk.Ptr("AES256")}, 501, "NotImplemented"},
		{"archive", sdk.PutObjectRequest{StorageClass: sdk.StorageClassArchive}, 501, "NotImplemented"},
		{"public", sdk.PutObjectRequest{Acl: sdk.ObjectACLPublicRead}, 501, "NotImplemented"},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := test.request
			if r.Bucket == nil {
				r.Bucket = sdk.Ptr(bucket)
			}
			if r.Key == nil {
				r.Key = sdk.Ptr("new")
			}
			if r.Body == nil {
				r.Body = strings.NewReader("Hello")
			}
			_, err := c.client.PutObject(t.Context(), &r)
			requireError(t, err, test.status, test.code)
		})
	}
	require.Equal(t, "first", c.get(t, "taken"))
	exists, err := c.client.IsObjectExist(t.Context(), bucket, "new")
	require.NoError(t, err)
	require.False(t, exists, "a refused PUT stored something")
}

type zeros struct{}

func (zeros) Read(p []byte) (int, error) { clear(p); return len(p), nil }

func TestWhatAPutTakes(t *testing.T) {
	c := start(t, oss.Options{})
	for name, request := range map[string]sdk.PutObjectRequest{
		"right digest":              {Body: strings.NewReader("Hello"), ContentMD5: sdk.Ptr("ixqZU8RhEpaoJ6v4xHgE1w==")},
		"nothing":                   {},
		"length unknown":            {Body: io.LimitReader(zeros{}, 10_000)},
		"the largest":               {Body: bytes.NewReader(make([]byte, largest))},
		"overwriting not forbidden": {Body: strings.NewReader("x"), ForbidOverwrite: sdk.Ptr("false")},
		"new, overwriting forbidden": {Key: sdk.Ptr("fresh"), Body: strings.NewReader("x"),
			ForbidOverwrite: sdk.Ptr("true")},
	} {
		request.Bucket = sdk.Ptr(bucket)
		if request.Key == nil {
			request.Key = sdk.Ptr("k")
		}
		_, err := c.client.PutObject(t.Context(), &request)
		require.NoError(t, err, name)
	}
}

func TestPutWithoutLength(t *testing.T) {
	c := start(t, oss.Options{})
	answer := c.raw(t, "PUT /"+bucket+"/k HTTP/1.1\r\nHost: h\r\n"+c.signedV1("PUT", "/"+bucket+"/k")+"\r\n")
	require.Equal(t, http.StatusLengthRequired, answer.StatusCode)
	require.Equal(t, "MissingContentLength", requireErrorDocument(t, answer).Code)
}

func TestConditionalReads(t *testing.T) {
	c := start(t, oss.Options{})
	etag := *c.put(t, "k", "content").ETag
	now, second := c.clock.Now(), time.Second
	at := func(t time.Time) *string { return sdk.Ptr(t.Format(http.TimeFormat)) }
	for _, test := range []struct {
		name    string
		request sdk.GetObjectRequest
		status  int // 0: the object
	}{
		{"If-Match, this one", sdk.GetObjectRequest{IfMatch: &etag}, 0},
		{"If-Match, without quotes", sdk.GetObjectRequest{IfMatch: sdk.Ptr(strings.Trim(etag, `"`))}, 0},
		{"If-Match, any", sdk.GetObjectRequest{IfMatch: sdk.Ptr("*")}, 0},
		{"If-Match, another", sdk.GetObjectRequest{IfMatch: sdk.Ptr(`"0F1E2D3C4B5A69788796A5B4C3D2E1F0"`)}, 412},
		{"If-Match, with a range", sdk.GetObjectRequest{IfMatch: sdk.Ptr(`"x"`), Range: sdk.Ptr("bytes=0-1")}, 412},
		{"If-None-Match, this one", sdk.GetObjectRequest{IfNoneMatch: &etag}, 304},
		{"If-None-Match, another", sdk.GetObjectRequest{IfNoneMatch: sdk.Ptr(`"x"`)}, 0},
		{"If-Modified-Since, before", sdk.GetObjectRequest{IfModifiedSince: at(now.Add(-second))}, 0},
		{"If-Modified-Since, now", sdk.GetObjectRequest{IfModifiedSince: at(now)}, 304},
		{"If-Modified-Since, after", sdk.GetObjectRequest{IfModifiedSince: at(now.Add(second))}, 304},
		{"If-Modified-Since, no date", sdk.GetObjectRequest{IfModifiedSince: sdk.Ptr("yesterday")}, 0},
		{"If-Unmodified-Since, before", sdk.GetObjectRequest{IfUnmodifiedSince: at(now.Add(-second))}, 412},
		{"If-Unmodified-Since, now", sdk.GetObjectRequest{IfUnmodifiedSince: at(now)}, 0},
		{"all that hold", sdk.GetObjectRequest{IfMatch: &etag, IfUnmodifiedSince: at(now)}, 0},
		{"one of two", sdk.GetObjectRequest{IfMatch: &etag, IfUnmodifiedSince: at(now.Add(-second))}, 412},
	} {
		t.Run(test.name, func(t *testing.T) {
			r := test.request
			r.Bucket, r.Key = sdk.Ptr(bucket), sdk.Ptr("k")
			result, err := c.client.GetObject(t.Context(), &r)
			_, headErr := c.client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: r.Bucket, Key: r.Key, IfMatch: r.IfMatch,
				IfNoneMatch: r.IfNoneMatch, IfModifiedSince: r.IfModifiedSince, IfUnmodifiedSince: r.IfUnmodifiedSince})
			if test.status == 0 {
				require.NoError(t, err)
				require.Equal(t, "content", read(t, result.Body))
				require.NoError(t, headErr)
				return
			}
			code := map[int]string{304: "NotModified", 412: "PreconditionFailed"}[test.status]
			requireError(t, err, test.status, code)
			requireError(t, headErr, test.status, code)
		})
	}
}

// The table of reference mns-oss.md, 6.9, for an object of 1,000 bytes, and U-8.
func TestRanges(t *testing.T) {
	c := start(t, oss.Options{})
	content := strings.Repeat("0123456789", 100)
	c.put(t, "k", content)
	c.put(t, "empty", "")
	const whole = "0-999"
	for _, test := range []struct {
		key, header     string
		plain, standard string // bytes answered with 206; whole: 200; "": 416
	}{
		{"k", "bytes=0-499", "0-499", "0-499"},
		{"k", "bytes=0-0", "0-0", "0-0"},
		{"k", "bytes=999-999", "999-999", "999-999"},
		{"k", "bytes=500-", "500-999", "500-999"},
		{"k", "bytes=-300", "700-999", "700-999"},
		{"k", "bytes=-1000", "0-999/206", "0-999/206"},
		{"k", "bytes=0-999", "0-999/206", "0-999/206"},
		{"k", "bytes=500-2000", whole, "500-999"},
		{"k", "bytes=0-16384", whole, "0-999/206"},
		{"k", "bytes=-2000", whole, "0-999/206"},
		{"k", "bytes=1000-", whole, ""},
		{"k", "bytes=1000-2000", whole, ""},
		{"k", "bytes=-0", whole, ""},
		{"k", "bytes=5-3", whole, whole},
		{"k", "bytes=", whole, whole},
		{"k", "bytes=-", whole, whole},
		{"k", "bytes=a-b", whole, whole},
		{"k", "bytes=0-1,3-4", whole, whole},
		{"k", "bytes=0-99999999999999999999", whole, whole},
		{"k", "lines=0-1", whole, whole},
		{"empty", "bytes=0-", "empty", ""},
		{"empty", "bytes=0-16384", "empty", ""},
		{"empty", "bytes=-1", "empty", ""},
	} {
		for _, behavior := range []string{"", "standard"} {
			t.Run(test.key+" "+test.header+" "+behavior, func(t *testing.T) {
				request := &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(test.key)}
				request.Headers = map[string]string{"Range": test.header} // the SDK refuses malformed ones in its field
				want := test.plain
				if behavior != "" {
					request.RangeBehavior, want = sdk.Ptr(behavior), test.standard
				}
				result, err := c.client.GetObject(t.Context(), request)
				if want == "" {
					requireError(t, err, 416, "InvalidRange")
					return
				}
				require.NoError(t, err)
				body := read(t, result.Body)
				require.EqualValues(t, len(body), result.ContentLength)
				switch want {
				case whole:
					require.Equal(t, []any{200, content}, []any{result.StatusCode, body})
					require.Nil(t, result.ContentRange)
				case "empty":
					require.Equal(t, []any{200, ""}, []any{result.StatusCode, body})
				default:
					want, _, _ = strings.Cut(want, "/")
					var first, last int
					fmt.Sscanf(want, "%d-%d", &first, &last)
					require.Equal(t, []any{206, content[first : last+1]}, []any{result.StatusCode, body})
					require.Equal(t, "bytes "+want+"/1000", *result.ContentRange)
					require.Nil(t, result.ContentMD5, "the digest is not that of the part")
					require.NotEmpty(t, *result.HashCRC64)
				}
			})
		}
	}
}

func TestHeadErrorsTravelInAHeader(t *testing.T) {
	c := start(t, oss.Options{})
	for name, client := range c.clients() {
		_, err := client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("none")})
		e := requireError(t, err, 404, "NoSuchKey")
		require.Equal(t, "0026-00000001", e.EC, name)
		require.Equal(t, "The specified key does not exist.", e.Message)
		_, err = client.GetObjectMeta(t.Context(), &sdk.GetObjectMetaRequest{Bucket: sdk.Ptr("no-such-bucket"), Key: sdk.Ptr("k")})
		e = requireError(t, err, 404, "NoSuchBucket")
		require.Equal(t, "0015-00000101", e.EC, name)
	}
}

func TestAVersionThatIsNotThere(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "k", "v")
	_, err := c.client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), VersionId: sdk.Ptr("CAEQexample")})
	requireError(t, err, 404, "NoSuchVersion")
	_, err = c.client.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), VersionId: sdk.Ptr("CAEQexample")})
	require.NoError(t, err, "what is not there is no error")
	require.Equal(t, "v", c.get(t, "k"))
}

func TestBuckets(t *testing.T) {
	c := start(t, oss.Options{})
	ctx := t.Context()
	for i := range 5 {
		_, err := c.client.PutBucket(ctx, &sdk.PutBucketRequest{Bucket: sdk.Ptr(fmt.Sprintf("many-%d", i)),
			CreateBucketConfiguration: &sdk.CreateBucketConfiguration{StorageClass: sdk.StorageClassStandard}})
		require.NoError(t, err)
	}
	_, err := c.client.PutBucket(ctx, &sdk.PutBucketRequest{Bucket: sdk.Ptr("many-0")})
	require.NoError(t, err, "the owner may repeat")

	var names []string
	pages := c.client.NewListBucketsPaginator(&sdk.ListBucketsRequest{Prefix: sdk.Ptr("many-"), MaxKeys: 2})
	for pages.HasNext() {
		page, err := pages.NextPage(ctx)
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.Buckets), 2)
		for _, b := range page.Buckets {
			names = append(names, *b.Name)
			require.Equal(t, []string{"oss-cn-hangzhou", "cn-hangzhou", "Standard"}, []string{*b.Location, *b.Region, *b.StorageClass})
			require.Contains(t, c.url, *b.ExtranetEndpoint, "a client that follows it comes back here")
		}
	}
	require.Equal(t, []string{"many-0", "many-1", "many-2", "many-3", "many-4"}, names)

	info, err := c.client.GetBucketInfo(ctx, &sdk.GetBucketInfoRequest{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
	require.Equal(t, []string{bucket, "private", "oss-cn-hangzhou", account.ID},
		[]string{*info.BucketInfo.Name, *info.BucketInfo.ACL, *info.BucketInfo.Location, *info.BucketInfo.Owner.ID})
	require.True(t, c.clock.Now().Equal(*info.BucketInfo.CreationDate))
	info, err = c.clients()["virtual host"].GetBucketInfo(ctx, &sdk.GetBucketInfoRequest{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
	require.Equal(t, "oss-cn-hangzhou.aliyuncs.com", *info.BucketInfo.ExtranetEndpoint, "an endpoint has no bucket in it")
	where, err := c.client.GetBucketLocation(ctx, &sdk.GetBucketLocationRequest{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
	require.Equal(t, "oss-cn-hangzhou", *where.LocationConstraint)
	exists, err := c.client.IsBucketExist(ctx, bucket)
	require.NoError(t, err)
	require.True(t, exists)
	exists, err = c.client.IsBucketExist(ctx, "no-such-bucket")
	require.NoError(t, err)
	require.False(t, exists)

	c.put(t, "k", "v")
	_, err = c.client.DeleteBucket(ctx, &sdk.DeleteBucketRequest{Bucket: sdk.Ptr(bucket)})
	requireError(t, err, 409, "BucketNotEmpty")
	_, err = c.client.DeleteObject(ctx, &sdk.DeleteObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
	require.NoError(t, err)
	deleted, err := c.client.DeleteBucket(ctx, &sdk.DeleteBucketRequest{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
	require.Equal(t, 204, deleted.StatusCode)
	_, err = c.client.DeleteBucket(ctx, &sdk.DeleteBucketRequest{Bucket: sdk.Ptr(bucket)})
	requireError(t, err, 404, "NoSuchBucket")
	_, err = c.client.DeleteObject(ctx, &sdk.DeleteObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
	requireError(t, err, 404, "NoSuchBucket")
}

func TestBucketNames(t *testing.T) {
	st, err := store.OpenMemory()
	require.NoError(t, err)
	defer st.Close()
	c := startOn(t, st, oss.Options{})
	answer := c.raw(t, "PUT /Not_A_Name HTTP/1.1\r\nHost: h\r\n"+c.signedV1("PUT", "/Not_A_Name/")+"\r\n")
	require.Equal(t, "InvalidBucketName", requireErrorDocument(t, answer).Code)
	s := oss.New(account.New(), st, oss.Options{})
	for _, name := range []string{"", "ab", "-ab", "ab-", "Abc", "a_b", "a.b", strings.Repeat("a", 64)} {
		require.Error(t, s.CreateBucket(name), name)
	}
	for _, name := range []string{"abc", "1-2", strings.Repeat("a", 63)} {
		require.NoError(t, s.CreateBucket(name))
		require.NoError(t, s.CreateBucket(name), "again")
	}
}

func TestListingPageByPageGivesEveryEntryOnce(t *testing.T) {
	c := start(t, oss.Options{})
	for _, key := range []string{"a", "a/1", "a/2", "a/b/1", "a0", "b c/1", "b+c", "c/", "c/1", "d", "é/1"} {
		c.put(t, key, key)
	}
	listed, err := c.client.ListObjectsV2(t.Context(), &sdk.ListObjectsV2Request{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
	for _, o := range listed.Contents {
		require.EqualValues(t, len(*o.Key), o.Size)
		require.Equal(t, "Normal", *o.Type)
		require.True(t, c.clock.Now().Equal(*o.LastModified))
	}
	_, err = c.client.PutBucket(t.Context(), &sdk.PutBucketRequest{Bucket: sdk.Ptr("demo-bucket-2")})
	require.NoError(t, err)
	_, err = c.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr("demo-bucket-2"), Key: sdk.Ptr("other")})
	require.NoError(t, err)
	for _, test := range []struct {
		prefix, delimiter, after string
		want                     []string
	}{
		{"", "", "", []string{"a", "a/1", "a/2", "a/b/1", "a0", "b c/1", "b+c", "c/", "c/1", "d", "é/1"}},
		{"", "/", "", []string{"a", "a/ prefix", "a0", "b c/ prefix", "b+c", "c/ prefix", "d", "é/ prefix"}},
		{"a", "", "", []string{"a", "a/1", "a/2", "a/b/1", "a0"}},
		{"a/", "/", "", []string{"a/1", "a/2", "a/b/ prefix"}},
		{"c/", "/", "", []string{"c/", "c/1"}},
		{"a/", "", "a/1", []string{"a/2", "a/b/1"}},
		{"", "/", "a/1", []string{"a/ prefix", "a0", "b c/ prefix", "b+c", "c/ prefix", "d", "é/ prefix"}},
		{"", "", "zz", []string{"é/1"}},
		{"none", "/", "", nil},
		{"", " c", "", []string{"a", "a/1", "a/2", "a/b/1", "a0", "b c prefix", "b+c", "c/", "c/1", "d", "é/1"}},
	} {
		for limit := range int32(len(test.want) + 1) {
			t.Run(fmt.Sprintf("%q %q %q by %d", test.prefix, test.delimiter, test.after, limit+1), func(t *testing.T) {
				require.ElementsMatch(t, test.want, c.list(t, test.prefix, test.delimiter, test.after, limit+1), "version 1")
				require.ElementsMatch(t, test.want, c.listV2(t, test.prefix, test.delimiter, test.after, limit+1), "version 2")
			})
		}
	}
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
	request := &sdk.ListObjectsV2Request{Bucket: sdk.Ptr(bucket), Prefix: &prefix, Delimiter: &delimiter, StartAfter: &after, MaxKeys: limit, FetchOwner: true}
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

func TestListParameters(t *testing.T) {
	c := start(t, oss.Options{})
	for _, query := range []map[string]string{
		{"list-type": "3"}, {"list-type": "2", "max-keys": "0"}, {"list-type": "2", "max-keys": "1001"}, {"list-type": "2", "max-keys": "x"},
		{"list-type": "2", "continuation-token": "?"}, {"encoding-type": "hex"}, {"uploads": "", "max-uploads": "-1"},
	} {
		_, err := c.invoke(t, "GET", "", query)
		requireError(t, err, 400, "InvalidArgument")
	}
	listed, err := c.client.ListObjectVersions(t.Context(), &sdk.ListObjectVersionsRequest{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
	require.Empty(t, listed.ObjectVersions)
	c.put(t, "k 1", "")
	c.put(t, "k 2", "")
	listed, err = c.client.ListObjectVersions(t.Context(), &sdk.ListObjectVersionsRequest{Bucket: sdk.Ptr(bucket), MaxKeys: 1})
	require.NoError(t, err)
	require.Equal(t, []any{"k 1", "null", true, "k 1", "null"}, []any{*listed.ObjectVersions[0].Key, *listed.ObjectVersions[0].VersionId,
		listed.ObjectVersions[0].IsLatest, *listed.NextKeyMarker, *listed.NextVersionIdMarker})
	uploads, err := c.client.ListMultipartUploads(t.Context(), &sdk.ListMultipartUploadsRequest{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
	require.Empty(t, uploads.Uploads)
	require.False(t, uploads.IsTruncated)

	answer := c.raw(t, "GET /demo-bucket/?max-parts=1000&uploads HTTP/1.1\r\nHost: h\r\n"+c.signedV1("GET", "/demo-bucket/?uploads")+"\r\n")
	require.Equal(t, 200, answer.StatusCode, "as ossutil du asks")
}

func TestDeleteMultipleObjects(t *testing.T) {
	c := start(t, oss.Options{})
	for _, key := range oddKeys {
		c.put(t, key, "x")
	}
	c.put(t, "stays", "x")
	var objects []sdk.DeleteObject
	for _, key := range append([]string{"not there"}, oddKeys...) {
		objects = append(objects, sdk.DeleteObject{Key: sdk.Ptr(key)})
	}
	result, err := c.client.DeleteMultipleObjects(t.Context(), &sdk.DeleteMultipleObjectsRequest{Bucket: sdk.Ptr(bucket), Objects: objects})
	require.NoError(t, err)
	require.Len(t, result.DeletedObjects, len(objects))
	require.Equal(t, []string{"stays"}, c.listV2(t, "", "", "", 1000))

	_, err = c.invoke(t, "POST", "", map[string]string{"delete": ""})
	requireError(t, err, 400, "InvalidDigest")
	for body, code := range map[string]string{
		"":                           "MalformedXML",
		"<Delete/>":                  "MalformedXML",
		"<Delete><Object>":           "MalformedXML",
		"<Delete><Object/></Delete>": "InvalidObjectName",
		"<Delete>" + strings.Repeat("<Object><Key>stays</Key></Object>", 1001) + "</Delete>": "MalformedXML",
	} {
		sum := md5.Sum([]byte(body))
		_, err := c.client.InvokeOperation(t.Context(), &sdk.OperationInput{OpName: "Test", Method: "POST", Bucket: sdk.Ptr(bucket),
			Parameters: map[string]string{"delete": ""}, Body: strings.NewReader(body),
			Headers: map[string]string{"Content-MD5": base64.StdEncoding.EncodeToString(sum[:])}})
		var e *sdk.ServiceError
		require.ErrorAs(t, err, &e)
		require.Equal(t, code, e.Code, body)
	}
	require.Equal(t, "x", c.get(t, "stays"))
}

// invoke sends a signed request that the SDK has no type for.
func (c *cloud) invoke(t *testing.T, method, key string, query map[string]string) (*sdk.OperationOutput, error) {
	input := &sdk.OperationInput{OpName: "Test", Method: method, Bucket: sdk.Ptr(bucket), Parameters: query}
	if key != "" {
		input.Key = sdk.Ptr(key)
	}
	return c.client.InvokeOperation(t.Context(), input)
}

func TestWhatIsLeftOutIsRefused(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "k", "v")
	for _, test := range []struct {
		method, key, query string
		status             int
		code               string
	}{
		{"GET", "k", "x-oss-process", 501, "NotImplemented"},
		{"POST", "k", "restore", 501, "NotImplemented"},
		{"GET", "", "lifecycle", 501, "NotImplemented"},
		{"DELETE", "", "website", 501, "NotImplemented"},
		{"POST", "", "", 405, "MethodNotAllowed"},
		{"OPTIONS", "k", "", 405, "MethodNotAllowed"},
	} {
		query := map[string]string{}
		if test.query != "" {
			query[test.query] = ""
		}
		_, err := c.invoke(t, test.method, test.key, query)
		requireError(t, err, test.status, test.code)
	}
	answer := c.raw(t, "PATCH /demo-bucket/k HTTP/1.1\r\nHost: h\r\n"+c.signedV1("PATCH", "/demo-bucket/k")+"\r\n")
	require.Equal(t, "MethodNotAllowed", requireErrorDocument(t, answer).Code)
	_, err := c.client.PutBucket(t.Context(), &sdk.PutBucketRequest{Bucket: sdk.Ptr("public-bucket"), Acl: sdk.BucketACLPublicRead})
	requireError(t, err, 501, "NotImplemented")
	_, err = c.client.PutBucket(t.Context(), &sdk.PutBucketRequest{Bucket: sdk.Ptr("archive-bucket"),
		CreateBucketConfiguration: &sdk.CreateBucketConfiguration{StorageClass: sdk.StorageClassArchive}})
	requireError(t, err, 501, "NotImplemented")
	require.Equal(t, []string{"k"}, c.listV2(t, "", "", "", 1000))
	require.Equal(t, "v", c.get(t, "k"))
}

func TestAConditionalWriteIsRefused(t *testing.T) {
	c := start(t, oss.Options{})
	tag := *c.put(t, "k", "v").ETag
	for _, request := range []string{"PUT /demo-bucket/k", "DELETE /demo-bucket/k", "POST /demo-bucket/k?uploads"} {
		for _, condition := range []string{"If-Match: " + tag, "If-None-Match: *", "If-Unmodified-Since: Mon, 05 Jan 2026 08:00:00 GMT"} {
			method, resource, _ := strings.Cut(request, " ")
			answer := c.raw(t, request+" HTTP/1.1\r\nHost: h\r\n"+c.signedV1(method, resource)+condition+"\r\nContent-Length: 1\r\n\r\nx")
			doc := requireErrorDocument(t, answer)
			require.Equal(t, "NotImplemented", doc.Code, "%s with %s", request, condition)
		}
	}
	require.Equal(t, "v", c.get(t, "k"))
}

func TestWhatMeansNothingForAWriteIsTaken(t *testing.T) {
	c := start(t, oss.Options{})
	_, err := c.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), Body: strings.NewReader("v"),
		RequestCommon: sdk.RequestCommon{
			Headers:    map[string]string{"x-oss-request-payer": "BucketOwner"},
			Parameters: map[string]string{"response-content-type": "text/html", "response-content-encoding": "deflate"},
		}})
	require.NoError(t, err)
	head, err := c.client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
	require.NoError(t, err)
	require.Equal(t, "application/octet-stream", *head.ContentType)
	require.Empty(t, head.ContentEncoding)
}

// A GET has no body to announce the length of: clients would wait for it.
func TestObjectMetaByGet(t *testing.T) {
	c := start(t, oss.Options{})
	tag := *c.put(t, "k", "content").ETag
	answer := c.raw(t, "GET /demo-bucket/k?objectMeta HTTP/1.1\r\nHost: h\r\n"+c.signedV1("GET", "/demo-bucket/k?objectMeta")+"\r\n")
	body, err := io.ReadAll(answer.Body)
	require.NoError(t, err)
	require.Empty(t, body)
	require.Equal(t, []string{"200 OK", tag}, []string{answer.Status, answer.Header.Get("ETag")})
}

func TestABucketIsMadeInTheRegionOfTheCloudOnly(t *testing.T) {
	c := start(t, oss.Options{})
	put := func(bucket, location string) *http.Response {
		body := "<CreateBucketConfiguration><LocationConstraint>" + location + "</LocationConstraint></CreateBucketConfiguration>"
		return c.raw(t, fmt.Sprintf("PUT /%s/ HTTP/1.1\r\nHost: h\r\n%sContent-Length: %d\r\n\r\n%s",
			bucket, c.signedV1("PUT", "/"+bucket+"/"), len(body), body))
	}
	require.Equal(t, 200, put("here", "oss-cn-hangzhou").StatusCode)
	require.Equal(t, "InvalidLocationConstraint", requireErrorDocument(t, put("elsewhere", "oss-cn-beijing")).Code)
	_, err := c.client.GetBucketInfo(t.Context(), &sdk.GetBucketInfoRequest{Bucket: sdk.Ptr("elsewhere")})
	requireError(t, err, 404, "NoSuchBucket")
}

func TestWhatAListIsAskedForIsNoLongerThanAName(t *testing.T) {
	c := start(t, oss.Options{})
	for _, query := range []string{"prefix", "delimiter", "marker", "list-type=2&start-after", "versions&key-marker", "uploads&prefix"} {
		list := func(length int) *http.Response {
			resource, _, isSub := strings.Cut(query, "&")
			if resource = "/demo-bucket/?" + resource; !isSub || strings.Contains(resource, "=") {
				resource = "/demo-bucket/"
			}
			return c.raw(t, "GET /demo-bucket/?"+query+"="+strings.Repeat("k", length)+" HTTP/1.1\r\nHost: h\r\n"+c.signedV1("GET", resource)+"\r\n")
		}
		require.Equal(t, 200, list(1023).StatusCode, query)
		require.Equal(t, "InvalidArgument", requireErrorDocument(t, list(1024)).Code, query)
	}
}

func TestConcurrentWritersOfOneKeyNeverMix(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "k", "0")
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			for range 20 {
				_, err := c.client.PutObject(context.Background(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"),
					Body: strings.NewReader(strings.Repeat(fmt.Sprint(i), 5000+i))})
				if err != nil {
					t.Error(err)
				}
				if err := c.checkWhole("k"); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

// checkWhole reads an object twice, the second time pinned to the ETag of the
// first, and checks that body, length and checksum belong together.
func (c *cloud) checkWhole(key string) error {
	result, err := c.client.GetObject(context.Background(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(key)})
	if err != nil {
		return err
	}
	defer result.Body.Close()
	body, err := io.ReadAll(result.Body)
	if err != nil {
		return err
	}
	crc := sdk.NewCRC64(0)
	crc.Write(body)
	if int64(len(body)) != result.ContentLength || fmt.Sprint(crc.Sum64()) != *result.HashCRC64 {
		return errors.New("body and headers are of two versions")
	}
	return nil
}

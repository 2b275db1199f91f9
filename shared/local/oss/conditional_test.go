package oss_test

import (
	"fmt"
	"io"
	"net/http"
	"strings"
	"testing"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/oss"
)

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

// The table of the OSS API, GetObject, Range, for an object of 1,000 bytes; where
// the pages conflict or are silent, what the local cloud answers.
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

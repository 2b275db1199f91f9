package oss_test

import (
	"bufio"
	"context"
	"encoding/base64"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/signer"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
)

// FuzzRequest sends requests as they are, and signed in both versions: the
// endpoint never panics, and what is not a success is an error document.
func FuzzRequest(f *testing.F) {
	st, err := store.OpenMemory()
	require.NoError(f, err)
	f.Cleanup(func() { st.Close() })
	service := oss.New(account.New(), st, oss.Options{})
	require.NoError(f, service.CreateBucket(bucket))
	for _, request := range []string{
		"GET / HTTP/1.1\r\nHost: h\r\n\r\n",
		"PUT /demo-bucket/k HTTP/1.1\r\nHost: h\r\nContent-Length: 5\r\nx-oss-meta-a: b\r\n\r\nHello",
		"PUT /demo-bucket/k HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nHello\r\n0\r\n\r\n",
		"GET /demo-bucket/k HTTP/1.1\r\nHost: h\r\nRange: bytes=1-2\r\nx-oss-range-behavior: standard\r\nIf-Match: \"x\", *\r\n\r\n",
		"HEAD /demo-bucket/none?objectMeta HTTP/1.1\r\nHost: demo-bucket.oss-cn-hangzhou.aliyuncs.com\r\n\r\n",
		"GET /demo-bucket?list-type=2&prefix=a%2F&delimiter=%2F&continuation-token=YQ&encoding-type=url HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /demo-bucket/?versions&key-marker=%ff HTTP/1.1\r\nHost: h\r\n\r\n",
		"POST /demo-bucket?delete HTTP/1.1\r\nHost: h\r\nContent-MD5: x\r\nContent-Length: 9\r\n\r\n<Delete/>",
		"POST /demo-bucket/k?uploads&sequential HTTP/1.1\r\nHost: h\r\nx-oss-tagging: a=b&c\r\n\r\n",
		"PUT /demo-bucket/k?partNumber=1&uploadId=%00 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
		"PUT /demo-bucket/k?partNumber=1&uploadId=x HTTP/1.1\r\nHost: h\r\nx-oss-copy-source: /demo-bucket/k?versionId=null\r\nx-oss-copy-source-range: bytes=0-0\r\n\r\n",
		"POST /demo-bucket/k?uploadId=x HTTP/1.1\r\nHost: h\r\nContent-Length: 25\r\n\r\n<CompleteMultipartUpload>",
		"GET /demo-bucket/k?uploadId=x&part-number-marker=-1 HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /demo-bucket?uploads&key-marker=a&upload-id-marker=b&delimiter=/ HTTP/1.1\r\nHost: h\r\n\r\n",
		"PUT /demo-bucket/copy HTTP/1.1\r\nHost: h\r\nx-oss-copy-source: /demo-bucket/k\r\nx-oss-copy-source-if-match: x\r\n\r\n",
		"POST /demo-bucket/log?append&position=0 HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\n\r\nx",
		"PUT /demo-bucket/link?symlink HTTP/1.1\r\nHost: h\r\nx-oss-symlink-target: link\r\n\r\n",
		"PUT /demo-bucket/k?tagging HTTP/1.1\r\nHost: h\r\nContent-Length: 66\r\n\r\n<Tagging><TagSet><Tag><Key>&#x1;</Key></Tag></TagSet></Tagging>   ",
		"PUT /demo-bucket?versioning HTTP/1.1\r\nHost: h\r\nContent-Length: 65\r\n\r\n<VersioningConfiguration><Status>Enabled</Status></VersioningConf",
		"GET /?tagging=%22a%22:%22b%22&tag-key=a HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /demo-bucket/k?OSSAccessKeyId=a&Expires=1&Signature=b HTTP/1.1\r\nHost: h\r\n\r\n",
		"GET /demo-bucket/k?x-oss-signature=1&x-oss-credential=a/20260105/cn-hangzhou/oss/aliyun_v4_request&x-oss-date=20260105T080000Z HTTP/1.1\r\nHost: h\r\n\r\n",
		"DELETE /demo-bucket HTTP/1.1\r\nHost: h\r\nAuthorization: OSS4-HMAC-SHA256 Credential=a/b/c/d/e,Signature=f\r\n\r\n",
		"OPTIONS * HTTP/1.1\r\nHost: [::1]:80\r\n\r\n",
		"CONNECT a:1 HTTP/1.1\r\nHost: \r\n\r\n",
		"PUT http://demo-bucket.localhost/%E4%BD?x-oss-signature HTTP/1.1\r\nHost: x\r\nDate: now\r\nAuthorization: OSS a:b\r\n\r\n",
	} {
		for version := range uint8(3) {
			f.Add(request, version)
		}
	}
	f.Fuzz(func(t *testing.T, text string, version uint8) {
		r, err := http.ReadRequest(bufio.NewReader(strings.NewReader(text)))
		if err != nil {
			return // net/http answers these itself
		}
		sign(r, version)
		w := httptest.NewRecorder()
		service.ServeHTTP(w, r)
		answer := w.Result()
		require.Regexp(t, `^[0-9A-F]{24}$`, answer.Header.Get("x-oss-request-id"))
		if answer.StatusCode/100 == 2 {
			return
		}
		require.NotEqual(t, http.StatusInternalServerError, answer.StatusCode)
		if r.Method == http.MethodHead {
			io.Copy(io.Discard, answer.Body) // the recorder keeps what a server would not send
			answer.Body = http.NoBody
		}
		requireErrorDocument(t, answer)
	})
}

// FuzzForm sends forms with well-signed policies, whatever these say.
func FuzzForm(f *testing.F) {
	st, err := store.OpenMemory()
	require.NoError(f, err)
	f.Cleanup(func() { st.Close() })
	service := oss.New(account.New(), st, oss.Options{})
	require.NoError(f, service.CreateBucket(bucket))
	for _, conditions := range []string{anySize, `{"bucket":"demo-bucket"}`, `["eq","$key","k"]`, `["in","$key",["k"]]`, `["content-length-range",9,1]`, `7`, `[[]]`} {
		f.Add(`{"expiration":"2999-01-01T00:00:00Z","conditions":[`+conditions+`]}`, "success_action_redirect", "http://h/?a")
	}
	f.Fuzz(func(t *testing.T, policy, field, value string) {
		fields := with(signedForm(ownKey, base64.StdEncoding.EncodeToString([]byte(policy))), "key", "k", field, value)
		body, contentType := formOf(t, fields, "f", "content")
		r := httptest.NewRequest(http.MethodPost, "/"+bucket, strings.NewReader(body))
		r.Header.Set("Content-Type", contentType)
		w := httptest.NewRecorder()
		service.ServeHTTP(w, r)
		answer := w.Result()
		require.NotEqual(t, http.StatusInternalServerError, answer.StatusCode)
		if answer.StatusCode >= 400 {
			requireErrorDocument(t, answer)
		}
	})
}

// sign signs r with the vendor's signer as version 1 or 4, or not at all.
func sign(r *http.Request, version uint8) {
	var s signer.Signer = &signer.SignerV4{}
	switch version % 3 {
	case 0:
		return
	case 1:
		s = &signer.SignerV1{}
	}
	product, region := "oss", account.Region
	target := &signer.SigningContext{Request: r, Product: &product, Region: &region,
		Credentials: &credentials.Credentials{AccessKeyID: account.AccessKeyID, AccessKeySecret: account.AccessKeySecret}}
	if name, key, _ := strings.Cut(strings.TrimPrefix(r.URL.Path, "/"), "/"); name != "" {
		target.Bucket, target.Key = &name, &key
	}
	s.Sign(context.Background(), target)
}

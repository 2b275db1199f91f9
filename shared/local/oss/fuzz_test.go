package oss_test

import (
	"bufio"
	"context"
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

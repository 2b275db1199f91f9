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
	"strings"
	"sync"
	"testing"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/oss"
)

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

package oss_test

import (
	"bytes"
	"crypto/md5"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
)

const partSize = 100 << 10

// pattern returns n bytes that differ from place to place.
func pattern(n int) string {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(i*7 + i>>8*13)
	}
	return string(b)
}

func (c *cloud) initiate(t testing.TB, key string) string {
	result, err := c.client.InitiateMultipartUpload(t.Context(), &sdk.InitiateMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: &key,
		ContentType: sdk.Ptr("text/plain"), Metadata: map[string]string{"a": "b"}, Tagging: sdk.Ptr("k=v")})
	require.NoError(t, err)
	require.Equal(t, []string{bucket, key}, []string{*result.Bucket, *result.Key})
	return *result.UploadId
}

func (c *cloud) uploadPart(t testing.TB, key, id string, number int32, body string) sdk.UploadPart {
	result, err := c.client.UploadPart(t.Context(), &sdk.UploadPartRequest{Bucket: sdk.Ptr(bucket), Key: &key, UploadId: &id,
		PartNumber: number, Body: strings.NewReader(body)})
	require.NoError(t, err)
	return sdk.UploadPart{PartNumber: number, ETag: result.ETag}
}

func (c *cloud) complete(t testing.TB, key, id string, parts ...sdk.UploadPart) (*sdk.CompleteMultipartUploadResult, error) {
	return c.client.CompleteMultipartUpload(t.Context(), &sdk.CompleteMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: &key, UploadId: &id,
		CompleteMultipartUpload: &sdk.CompleteMultipartUpload{Parts: parts}})
}

// etagOfParts is the ETag of an object of these parts. It was found out from that
// of a picture in five parts of 100 KB, which aliyun-oss-go-sdk 3.0.2 asserts.
func etagOfParts(parts ...sdk.UploadPart) string {
	joined := ""
	for _, p := range parts {
		joined += strings.Trim(*p.ETag, `"`)
	}
	return fmt.Sprintf(`"%X-%d"`, md5.Sum([]byte(joined)), len(parts))
}

// An object of parts is what its parts are in a row, whatever the order in
// which they came, and tells it as OSS does.
func TestAnObjectOfParts(t *testing.T) {
	var in inbox
	c := start(t, oss.Options{Rules: []oss.Rule{{ID: "r", Bucket: bucket, Events: []string{"oss:ObjectCreated:CompleteMultipartUpload"}, Deliver: in.deliver}}})
	whole := pattern(2*partSize + 345)
	id := c.initiate(t, "dir/a b")
	last := c.uploadPart(t, "dir/a b", id, 9, whole[2*partSize:])
	c.uploadPart(t, "dir/a b", id, 5, "to be replaced")
	second := c.uploadPart(t, "dir/a b", id, 5, whole[partSize:2*partSize])
	first := c.uploadPart(t, "dir/a b", id, 2, whole[:partSize])
	c.uploadPart(t, "dir/a b", id, 1, "not listed")
	exists, err := c.client.IsObjectExist(t.Context(), bucket, "dir/a b")
	require.NoError(t, err)
	require.False(t, exists, "there is no object before Complete")
	require.Empty(t, in.take())

	result, err := c.complete(t, "dir/a b", id, first, second, last)
	require.NoError(t, err)
	require.Equal(t, c.url+"/demo-bucket/dir/a%20b", *result.Location)
	require.Equal(t, etagOfParts(first, second, last), *result.ETag)
	require.Equal(t, crcOf(whole), *result.HashCRC64)
	require.Equal(t, whole, c.get(t, "dir/a b"))
	head, err := c.client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("dir/a b")})
	require.NoError(t, err)
	require.Equal(t, []string{"Multipart", *result.ETag, crcOf(whole), "text/plain", "b"},
		[]string{*head.ObjectType, *head.ETag, *head.HashCRC64, *head.ContentType, head.Metadata["a"]})
	require.Nil(t, head.ContentMD5, "OSS tells none of an object of parts")
	require.EqualValues(t, len(whole), head.ContentLength)
	require.EqualValues(t, 1, head.TaggingCount)

	var event struct {
		Events []struct {
			EventName string
			OSS       struct {
				Object struct {
					ETag      string
					Size      int
					DeltaSize int
				}
			}
		}
	}
	events := in.take()
	require.Len(t, events, 1)
	require.NoError(t, json.Unmarshal([]byte(events[0]), &event))
	require.Equal(t, "ObjectCreated:CompleteMultipartUpload", event.Events[0].EventName)
	require.Equal(t, strings.Trim(*result.ETag, `"`), event.Events[0].OSS.Object.ETag)
	require.Equal(t, len(whole), event.Events[0].OSS.Object.Size)

	for _, r := range [][2]int{{0, 0}, {partSize - 1, partSize}, {partSize, 2*partSize - 1}, {5, len(whole) - 1}, {2*partSize + 1, len(whole) - 1}} {
		got, err := c.client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("dir/a b"),
			Range: sdk.Ptr(fmt.Sprintf("bytes=%d-%d", r[0], r[1]))})
		require.NoError(t, err)
		require.Equal(t, whole[r[0]:r[1]+1], read(t, got.Body), r)
	}
	_, err = c.complete(t, "dir/a b", id, first, second, last)
	requireError(t, err, 404, "NoSuchUpload")
	require.Equal(t, 3, c.rows(t, "oss.chunks"), "bytes that no object has any more")
	require.Zero(t, c.rows(t, "oss.parts"))
}

func crcOf(text string) string {
	crc := sdk.NewCRC64(0)
	io.WriteString(crc, text)
	return fmt.Sprint(crc.Sum64())
}

// rows counts what the store has in a table.
func (c *cloud) rows(t testing.TB, table string) int { return rowsOf(t, c.st, table) }

func rowsOf(t require.TestingT, st *store.Store, table string) (n int) {
	require.NoError(t, st.View(func(tx *store.Tx) error {
		tx.Scan(table, "", "", func(string, []byte) bool {
			n++
			return true
		})
		return nil
	}))
	return n
}

func TestAllPartsThatThereAre(t *testing.T) {
	c := start(t, oss.Options{})
	id := c.initiate(t, "k")
	part := c.uploadPart(t, "k", id, 2, "b")
	c.uploadPart(t, "k", id, 1, pattern(partSize))
	all := &sdk.CompleteMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), UploadId: &id, CompleteAll: sdk.Ptr("yes")}
	both := *all
	both.CompleteMultipartUpload = &sdk.CompleteMultipartUpload{Parts: []sdk.UploadPart{part}}
	_, err := c.client.CompleteMultipartUpload(t.Context(), &both)
	require.Equal(t, "0042-00000216", requireError(t, err, 400, "InvalidArgument").EC)
	_, err = c.client.CompleteMultipartUpload(t.Context(), all)
	require.NoError(t, err)
	require.Equal(t, pattern(partSize)+"b", c.get(t, "k"))
}

func TestWhatCompleteRefuses(t *testing.T) {
	c := start(t, oss.Options{})
	id := c.initiate(t, "k")
	small, other := c.uploadPart(t, "k", id, 1, "small"), c.uploadPart(t, "k", id, 2, "other")
	wrong := sdk.UploadPart{PartNumber: 1, ETag: other.ETag}
	missing := sdk.UploadPart{PartNumber: 3, ETag: other.ETag}
	for name, test := range map[string]struct {
		parts []sdk.UploadPart
		code  string
		ec    string
	}{
		"small part before another": {[]sdk.UploadPart{small, other}, "EntityTooSmall", "0042-00000213"},
		"twice":                     {[]sdk.UploadPart{small, small}, "InvalidPartOrder", "0042-00000209"},
		"another ETag":              {[]sdk.UploadPart{wrong}, "InvalidPart", ""},
		"no such part":              {[]sdk.UploadPart{small, missing}, "InvalidPart", ""},
	} {
		_, err := c.complete(t, "k", id, test.parts...)
		require.Equal(t, test.ec, requireError(t, err, 400, test.code).EC, name)
	}
	_, err := c.client.InvokeOperation(t.Context(), &sdk.OperationInput{OpName: "Test", Method: "POST", Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"),
		Parameters: map[string]string{"uploadId": id}, // the SDK's own type sorts
		Body:       strings.NewReader("<CompleteMultipartUpload>" + partXML(other) + partXML(small) + "</CompleteMultipartUpload>")})
	require.Equal(t, "0042-00000209", requireError(t, err, 400, "InvalidPartOrder").EC)
	_, err = c.complete(t, "another key", id, small)
	requireError(t, err, 404, "NoSuchUpload")
	c.put(t, "k", "first")
	_, err = c.client.CompleteMultipartUpload(t.Context(), &sdk.CompleteMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"),
		UploadId: &id, CompleteAll: sdk.Ptr("yes"), ForbidOverwrite: sdk.Ptr("true")})
	requireError(t, err, 400, "EntityTooSmall")
	_, err = c.client.CompleteMultipartUpload(t.Context(), &sdk.CompleteMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"),
		UploadId: &id, ForbidOverwrite: sdk.Ptr("true"), CompleteMultipartUpload: &sdk.CompleteMultipartUpload{Parts: []sdk.UploadPart{small}}})
	requireError(t, err, 409, "FileAlreadyExists")
	require.Equal(t, "first", c.get(t, "k"))
	_, err = c.complete(t, "k", id, small)
	require.NoError(t, err, "the upload is open after all that was refused")
}

func partXML(p sdk.UploadPart) string {
	return fmt.Sprintf("<Part><PartNumber>%d</PartNumber><ETag>%s</ETag></Part>", p.PartNumber, *p.ETag)
}

func TestWhatUploadPartRefuses(t *testing.T) {
	c := start(t, oss.Options{})
	id := c.initiate(t, "k")
	upload := func(number int32, id string, body io.Reader, digest *string) error {
		_, err := c.client.UploadPart(t.Context(), &sdk.UploadPartRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), UploadId: &id,
			PartNumber: number, Body: body, ContentMD5: digest})
		return err
	}
	requireError(t, upload(10_001, id, strings.NewReader("x"), nil), 400, "InvalidArgument")
	requireError(t, upload(1, "none", strings.NewReader("x"), nil), 404, "NoSuchUpload")
	requireError(t, upload(1, id, strings.NewReader("x"), sdk.Ptr("1B2M2Y8AsgTpgAmY7PhCfg==")), 400, "InvalidDigest")
	requireError(t, upload(1, id, bytes.NewReader(make([]byte, largest+1)), nil), 400, "EntityTooLarge")
	require.Zero(t, c.rows(t, "oss.parts"))
}

// Parts that are allowed one by one do not make an object that is too large.
func TestAnObjectOfPartsHasALimit(t *testing.T) {
	c := start(t, oss.Options{})
	id := c.initiate(t, "k")
	half := pattern(largest / 2)
	parts := []sdk.UploadPart{c.uploadPart(t, "k", id, 1, half), c.uploadPart(t, "k", id, 2, half), c.uploadPart(t, "k", id, 3, "x")}
	_, err := c.complete(t, "k", id, parts...)
	requireError(t, err, 400, "EntityTooLarge")
	_, err = c.complete(t, "k", id, parts[:2]...)
	require.NoError(t, err)
}

func TestASequentialUpload(t *testing.T) {
	c := start(t, oss.Options{})
	result, err := c.client.InitiateMultipartUpload(t.Context(), &sdk.InitiateMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"),
		RequestCommon: sdk.RequestCommon{Parameters: map[string]string{"sequential": ""}}})
	require.NoError(t, err)
	id := *result.UploadId
	first := c.uploadPart(t, "k", id, 1, pattern(partSize))
	_, err = c.client.UploadPart(t.Context(), &sdk.UploadPartRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), UploadId: &id, PartNumber: 3, Body: strings.NewReader("x")})
	requireError(t, err, 400, "PartNotSequential")
	second := c.uploadPart(t, "k", id, 2, "end")
	_, err = c.complete(t, "k", id, first, second)
	require.NoError(t, err)
	copied := c.put(t, "same", pattern(partSize)+"end")
	head, err := c.client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
	require.NoError(t, err)
	require.Equal(t, *copied.ContentMD5, *head.ContentMD5)
}

func TestListParts(t *testing.T) {
	c := start(t, oss.Options{})
	id := c.initiate(t, "k")
	for _, number := range []int32{7, 2, 10_000} {
		c.uploadPart(t, "k", id, number, fmt.Sprint("part ", number))
	}
	var numbers []int32
	pages := c.client.NewListPartsPaginator(&sdk.ListPartsRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), UploadId: &id, MaxParts: 2})
	for pages.HasNext() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.Equal(t, []string{bucket, "k", id, "Standard"}, []string{*page.Bucket, *page.Key, *page.UploadId, *page.StorageClass})
		for _, p := range page.Parts {
			numbers = append(numbers, p.PartNumber)
			body := fmt.Sprint("part ", p.PartNumber)
			require.Equal(t, []any{int64(len(body)), crcOf(body), c.clock.Now()}, []any{p.Size, *p.HashCRC64, *p.LastModified})
		}
	}
	require.Equal(t, []int32{2, 7, 10_000}, numbers)
	_, err := c.client.ListParts(t.Context(), &sdk.ListPartsRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), UploadId: sdk.Ptr("none")})
	requireError(t, err, 404, "NoSuchUpload")
	_, err = c.invoke(t, "GET", "k", map[string]string{"uploadId": id, "part-number-marker": "x"})
	requireError(t, err, 400, "InvalidArgument")
}

func TestAbort(t *testing.T) {
	c := start(t, oss.Options{})
	id := c.initiate(t, "k")
	c.uploadPart(t, "k", id, 1, "x")
	abort := func() error {
		_, err := c.client.AbortMultipartUpload(t.Context(), &sdk.AbortMultipartUploadRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), UploadId: &id})
		return err
	}
	_, err := c.client.DeleteBucket(t.Context(), &sdk.DeleteBucketRequest{Bucket: sdk.Ptr(bucket)})
	requireError(t, err, 409, "BucketNotEmpty")
	require.NoError(t, abort())
	require.Equal(t, "0042-00000002", requireError(t, abort(), 404, "NoSuchUpload").EC)
	require.Zero(t, c.rows(t, "oss.chunks"))
	_, err = c.client.DeleteBucket(t.Context(), &sdk.DeleteBucketRequest{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
}

func TestListingUploadsPageByPage(t *testing.T) {
	c := start(t, oss.Options{})
	var all []string
	for _, key := range []string{"a", "a", "a/1", "a/2", "b c", "é"} {
		all = append(all, key+" "+c.initiate(t, key))
	}
	for limit := range int32(len(all)) {
		request := &sdk.ListMultipartUploadsRequest{Bucket: sdk.Ptr(bucket), MaxUploads: limit + 1}
		var got []string
		pages := c.client.NewListMultipartUploadsPaginator(request)
		for pages.HasNext() {
			page, err := pages.NextPage(t.Context())
			require.NoError(t, err)
			require.LessOrEqual(t, len(page.Uploads), int(limit)+1)
			for _, u := range page.Uploads {
				got = append(got, *u.Key+" "+*u.UploadId)
				require.Equal(t, c.clock.Now(), *u.Initiated)
			}
		}
		require.Equal(t, all, got)
	}
	listed, err := c.client.ListMultipartUploads(t.Context(), &sdk.ListMultipartUploadsRequest{Bucket: sdk.Ptr(bucket), Prefix: sdk.Ptr("a"), Delimiter: sdk.Ptr("/")})
	require.NoError(t, err)
	require.Len(t, listed.Uploads, 2)
}

// What an upload has survives the process: the store is opened again in between.
func TestAnUploadSurvivesARestart(t *testing.T) {
	path := t.TempDir() + "/state.db"
	open := func() (*cloud, *store.Store) {
		st, err := store.Open(path)
		require.NoError(t, err)
		return startOn(t, st, oss.Options{}), st
	}
	c, st := open()
	id := c.initiate(t, "k")
	first := c.uploadPart(t, "k", id, 1, pattern(partSize))
	require.NoError(t, st.Close())
	c, st = open()
	second := c.uploadPart(t, "k", id, 2, "end")
	_, err := c.complete(t, "k", id, first, second)
	require.NoError(t, err)
	require.NoError(t, st.Close())
	c, st = open()
	defer st.Close()
	require.Equal(t, pattern(partSize)+"end", c.get(t, "k"))
}

// The SDK's own transfer managers put files together from parts.
func TestTheTransferManagers(t *testing.T) {
	c := start(t, oss.Options{})
	whole := pattern(5*partSize + 77)
	uploader := c.client.NewUploader(func(o *sdk.UploaderOptions) { o.PartSize, o.ParallelNum = partSize, 3 })
	_, err := uploader.UploadFrom(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")}, strings.NewReader(whole))
	require.NoError(t, err)
	copier := c.client.NewCopier(func(o *sdk.CopierOptions) { o.PartSize, o.ParallelNum, o.MultipartCopyThreshold = partSize, 3, 1 })
	_, err = copier.Copy(t.Context(), &sdk.CopyObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("copy"), SourceKey: sdk.Ptr("k")})
	require.NoError(t, err)
	file := t.TempDir() + "/file"
	_, err = c.client.NewDownloader(func(o *sdk.DownloaderOptions) { o.PartSize, o.ParallelNum = partSize+1, 3 }).
		DownloadFile(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("copy")}, file)
	require.NoError(t, err)
	require.Equal(t, whole, c.get(t, "copy"))
}

// A signed URL does one thing until it expires, for whoever has it.
func TestSignedURLs(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "a b", "content")
	now := time.Now()
	c.clock.Advance(now.Sub(c.clock.Now()))
	key := c.acct.Keys.Issue(c.clock.Now().Add(time.Hour))
	require.NotEmpty(t, key.Token)
	for name, client := range c.clients() {
		if strings.HasPrefix(name, "virtual") {
			continue // the URL has a host that only that client can dial
		}
		signed, err := client.Presign(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("a b")}, sdk.PresignExpires(time.Minute))
		require.NoError(t, err)
		status, body := fetch(t, signed.Method, signed.URL, "")
		require.Equal(t, []any{200, "content"}, []any{status, body}, name)

		status, body = fetch(t, "DELETE", signed.URL, "")
		require.Equal(t, 403, status, name)
		require.Contains(t, body, "SignatureDoesNotMatch")
		status, _ = fetch(t, "GET", strings.Replace(signed.URL, "/a%20b", "/other", 1), "")
		require.Equal(t, 403, status, name)

		c.clock.Advance(2 * time.Minute)
		status, body = fetch(t, signed.Method, signed.URL, "")
		require.Equal(t, 403, status, name)
		require.Contains(t, body, "<Code>AccessDenied</Code><Message>Request has expired.</Message>")
		c.clock.Advance(-2 * time.Minute)

		put, err := client.Presign(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("new " + name)}, sdk.PresignExpires(time.Minute))
		require.NoError(t, err)
		status, _ = fetch(t, put.Method, put.URL, "uploaded")
		require.Equal(t, 200, status, name)
		require.Equal(t, "uploaded", c.get(t, "new "+name))
	}
}

func TestSignedURLsThatAreNone(t *testing.T) {
	c := start(t, oss.Options{})
	credential := "x-oss-signature-version=OSS4-HMAC-SHA256&x-oss-credential=" + account.AccessKeyID + "%2F" + c.clock.Now().Format("20060102") +
		"%2Fcn-hangzhou%2Foss%2Faliyun_v4_request&x-oss-date=" + c.clock.Now().Format("20060102T150405Z")
	for query, want := range map[string]string{
		"Signature=x&OSSAccessKeyId=a":                                                "400 0002-00000067",
		"Signature=x&OSSAccessKeyId=a&Expires=soon":                                   "400 ",
		"Signature=&OSSAccessKeyId=a&Expires=99999999999":                             "400 ",
		"Signature=x&OSSAccessKeyId=a&Expires=99999999999":                            "403 0002-00000902",
		"Signature=x&OSSAccessKeyId=" + account.AccessKeyID + "&Expires=1":            "403 ",
		"x-oss-signature-version=OSS2&x-oss-signature=x":                              "501 ",
		credential + "&x-oss-signature=x":                                             "400 0002-00000215",
		credential + "&x-oss-signature=x&x-oss-expires=604801":                        "400 0002-00000215",
		credential + "&x-oss-signature=x&x-oss-expires=0":                             "400 0002-00000215",
		credential + "&x-oss-signature=x&x-oss-expires=60":                            "403 0002-00000040",
		credential + "&x-oss-signature=x&x-oss-expires=60&x-oss-additional-headers=a": "400 ",
	} {
		answer := c.raw(t, "GET /demo-bucket/k?"+query+" HTTP/1.1\r\nHost: h\r\n\r\n")
		doc := requireErrorDocument(t, answer)
		require.Equal(t, want, fmt.Sprint(answer.StatusCode, " ", doc.EC), query+" "+doc.Message)
	}
}

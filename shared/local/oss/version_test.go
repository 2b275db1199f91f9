package oss_test

import (
	"fmt"
	"net/url"
	"slices"
	"strings"
	"testing"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/oss"
)

func (c *cloud) version(t testing.TB, status sdk.VersioningStatusType) {
	_, err := c.client.PutBucketVersioning(t.Context(), &sdk.PutBucketVersioningRequest{Bucket: sdk.Ptr(bucket),
		VersioningConfiguration: &sdk.VersioningConfiguration{Status: status}})
	require.NoError(t, err)
}

// versions lists what the bucket has, the way a client sees it: "key=id", in
// brackets where it is a delete marker, with a star where it is the latest.
func (c *cloud) versions(t testing.TB, limit int32) (all []string) {
	pages := c.client.NewListObjectVersionsPaginator(&sdk.ListObjectVersionsRequest{Bucket: sdk.Ptr(bucket), MaxKeys: limit, IsMix: true})
	for pages.HasNext() {
		page, err := pages.NextPage(t.Context())
		require.NoError(t, err)
		require.LessOrEqual(t, len(page.ObjectVersionsDeleteMarkers), int(limit))
		for _, v := range page.ObjectVersionsDeleteMarkers {
			text := *v.Key + "=" + *v.VersionId
			if v.IsLatest {
				text += "*"
			}
			if v.ETag == nil {
				text = "[" + text + "]"
			}
			all = append(all, text)
		}
	}
	return all
}

// status is that of the bucket's versioning, nil where it was never on.
func (c *cloud) status(t testing.TB) *string {
	result, err := c.client.GetBucketVersioning(t.Context(), &sdk.GetBucketVersioningRequest{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
	return result.VersionStatus
}

// remove deletes the object k, or a version of it.
func (c *cloud) remove(t testing.TB, id string) *sdk.DeleteObjectResult {
	result, err := c.client.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), VersionId: optional(id)})
	require.NoError(t, err)
	return result
}

// readVersion reads a version of the object k.
func (c *cloud) readVersion(t testing.TB, id string) (string, error) {
	result, err := c.client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), VersionId: &id})
	if err != nil {
		return "", err
	}
	require.Equal(t, id, *result.VersionId)
	return read(t, result.Body), nil
}

// With versioning off an object has one version, with versioning on all.
func TestVersioningOffAndOn(t *testing.T) {
	c := start(t, oss.Options{})
	require.Nil(t, c.status(t))
	require.Nil(t, c.put(t, "k", "off 1").VersionId)
	c.put(t, "k", "off 2")
	require.Equal(t, []string{"k=null*"}, c.versions(t, 10))

	c.version(t, sdk.VersionEnabled)
	require.Equal(t, "Enabled", *c.status(t))
	require.Equal(t, []string{"k=null*"}, c.versions(t, 10))
	v1, v2 := *c.put(t, "k", "on 1").VersionId, *c.put(t, "k", "on 2").VersionId
	require.Equal(t, []string{"k=" + v2 + "*", "k=" + v1, "k=null"}, c.versions(t, 10))
	for id, want := range map[string]string{"null": "off 2", v1: "on 1", v2: "on 2"} {
		got, err := c.readVersion(t, id)
		require.NoError(t, err)
		require.Equal(t, want, got)
	}
}

// A marker hides an object; without it the object is there again. Events tell
// when an object went, not when it was hidden already.
func TestDeleteMarkers(t *testing.T) {
	var in inbox
	c := start(t, oss.Options{Rules: []oss.Rule{{ID: "r", Bucket: bucket, Events: []string{"oss:ObjectRemoved:*"}, Deliver: in.deliver}}})
	c.version(t, sdk.VersionEnabled)
	v1, v2 := *c.put(t, "k", "one").VersionId, *c.put(t, "k", "two").VersionId

	marked := c.remove(t, "")
	require.True(t, marked.DeleteMarker)
	require.Len(t, in.take(), 1)
	marker := *marked.VersionId
	_, err := c.client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
	gone := requireError(t, err, 404, "NoSuchKey")
	require.Equal(t, []string{"true", marker}, []string{gone.Headers.Get("x-oss-delete-marker"), gone.Headers.Get("x-oss-version-id")})
	_, err = c.readVersion(t, marker)
	require.Equal(t, "0017-00000002", requireError(t, err, 405, "MethodNotAllowed").EC)
	again := *c.remove(t, "").VersionId
	require.Empty(t, in.take(), "nothing went")
	require.Equal(t, []string{"[k=" + again + "*]", "[k=" + marker + "]", "k=" + v2, "k=" + v1}, c.versions(t, 10))
	require.Empty(t, c.listV2(t, "", "", "", 10))

	require.True(t, c.remove(t, again).DeleteMarker)
	require.True(t, c.remove(t, marker).DeleteMarker)
	require.Empty(t, in.take())
	require.Equal(t, "two", c.get(t, "k"), "without its markers it is there again")
	require.False(t, c.remove(t, v2).DeleteMarker)
	require.Len(t, in.take(), 1)
	require.Equal(t, "one", c.get(t, "k"), "the version before")
}

// Suspended, an object gets the version null again, and keeps those that it has.
// A bucket with versions, or with markers only, is not empty.
func TestSuspendedVersioning(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "k", "off")
	c.version(t, sdk.VersionEnabled)
	v1 := *c.put(t, "k", "on").VersionId
	c.version(t, sdk.VersionSuspended)
	require.Equal(t, "Suspended", *c.status(t))
	require.Equal(t, "null", *c.put(t, "k", "suspended").VersionId)
	require.Equal(t, []string{"k=null*", "k=" + v1}, c.versions(t, 10))
	require.Equal(t, "null", *c.remove(t, "").VersionId)
	require.Equal(t, []string{"[k=null*]", "k=" + v1}, c.versions(t, 10))

	c.remove(t, v1)
	_, err := c.client.DeleteBucket(t.Context(), &sdk.DeleteBucketRequest{Bucket: sdk.Ptr(bucket)})
	requireError(t, err, 409, "BucketNotEmpty")
	c.remove(t, "null")
	require.Empty(t, c.versions(t, 10))
	require.Zero(t, c.rows(t, "oss.chunks"), "bytes that no version has any more")
	_, err = c.client.DeleteBucket(t.Context(), &sdk.DeleteBucketRequest{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
}

func TestListingVersionsPageByPageGivesEveryOneOnce(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "a", "null")
	c.version(t, sdk.VersionEnabled)
	for _, key := range []string{"a", "a/1", "a/1", "b", "é"} {
		c.put(t, key, "v")
	}
	_, err := c.client.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("b")})
	require.NoError(t, err)
	all := c.versions(t, 1000)
	require.Len(t, all, 7)
	for limit := range int32(8) {
		require.Equal(t, all, c.versions(t, limit+1), limit)
	}
	listed, err := c.client.ListObjectVersions(t.Context(), &sdk.ListObjectVersionsRequest{Bucket: sdk.Ptr(bucket), Delimiter: sdk.Ptr("/")})
	require.NoError(t, err)
	require.Len(t, listed.CommonPrefixes, 1)
	require.Len(t, listed.ObjectVersions, 4)
	require.Len(t, listed.ObjectDeleteMarkers, 1)
	require.Equal(t, []string{"a", "é", "a/ prefix"}, c.listV2(t, "", "/", "", 10), "a list of objects has no deleted one")

	// A page goes on where its marker was, though that version went meanwhile.
	first, err := c.client.ListObjectVersions(t.Context(), &sdk.ListObjectVersionsRequest{Bucket: sdk.Ptr(bucket), MaxKeys: 1})
	require.NoError(t, err)
	_, err = c.client.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: sdk.Ptr(bucket), Key: first.NextKeyMarker, VersionId: first.NextVersionIdMarker})
	require.NoError(t, err)
	second, err := c.client.ListObjectVersions(t.Context(), &sdk.ListObjectVersionsRequest{Bucket: sdk.Ptr(bucket), MaxKeys: 1,
		KeyMarker: first.NextKeyMarker, VersionIdMarker: first.NextVersionIdMarker})
	require.NoError(t, err)
	require.Equal(t, []string{"a", "null"}, []string{*second.ObjectVersions[0].Key, *second.ObjectVersions[0].VersionId})
}

func TestDeletingVersionsInOneRequest(t *testing.T) {
	c := start(t, oss.Options{})
	c.version(t, sdk.VersionEnabled)
	id := *c.put(t, "a", "v").VersionId
	c.put(t, "b", "v")
	result, err := c.client.DeleteMultipleObjects(t.Context(), &sdk.DeleteMultipleObjectsRequest{Bucket: sdk.Ptr(bucket),
		Objects: []sdk.DeleteObject{{Key: sdk.Ptr("a"), VersionId: &id}, {Key: sdk.Ptr("b")}}})
	require.NoError(t, err)
	require.Equal(t, id, *result.DeletedObjects[0].VersionId)
	require.False(t, result.DeletedObjects[0].DeleteMarker)
	require.True(t, result.DeletedObjects[1].DeleteMarker)
	require.Equal(t, []string{"[b=" + *result.DeletedObjects[1].DeleteMarkerVersionId + "*]"}, c.versions(t, 10)[:1])
	_, err = c.invoke(t, "PUT", "", map[string]string{"versioning": ""})
	requireError(t, err, 400, "MalformedXML")
	_, err = c.client.PutBucketVersioning(t.Context(), &sdk.PutBucketVersioningRequest{Bucket: sdk.Ptr(bucket),
		VersioningConfiguration: &sdk.VersioningConfiguration{Status: "On"}})
	requireError(t, err, 400, "MalformedXML")
}

// Keys may hold control characters, which XML 1.0 cannot write.
func TestDeletingKeysOfControlCharacters(t *testing.T) {
	c := start(t, oss.Options{})
	var objects []sdk.DeleteObject
	for code := '\x01'; code < ' '; code++ {
		key := fmt.Sprintf("k%c", code)
		c.put(t, key, "v")
		objects = append(objects, sdk.DeleteObject{Key: &key})
	}
	result, err := c.client.DeleteMultipleObjects(t.Context(), &sdk.DeleteMultipleObjectsRequest{Bucket: sdk.Ptr(bucket), Objects: objects, EncodingType: sdk.Ptr("url")})
	require.NoError(t, err)
	require.Len(t, result.DeletedObjects, len(objects))
	require.Empty(t, c.listV2(t, "", "", "", 100))
}

func TestCopies(t *testing.T) {
	var in inbox
	c := start(t, oss.Options{Rules: []oss.Rule{{ID: "r", Bucket: bucket, Events: []string{"oss:ObjectCreated:CopyObject"}, Deliver: in.deliver}}})
	put := &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("dir/a b+%"), Body: strings.NewReader("content"), ContentType: sdk.Ptr("text/plain"),
		Metadata: map[string]string{"from": "source"}, Tagging: sdk.Ptr("a=b")}
	source, err := c.client.PutObject(t.Context(), put)
	require.NoError(t, err)
	copied := func(change func(*sdk.CopyObjectRequest)) (*sdk.CopyObjectResult, error) {
		request := &sdk.CopyObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("copy"), SourceKey: put.Key}
		change(request)
		return c.client.CopyObject(t.Context(), request)
	}
	for name, test := range map[string]struct {
		change            func(*sdk.CopyObjectRequest)
		kind, meta, value string
	}{
		"as it is": {func(r *sdk.CopyObjectRequest) { r.ContentType, r.Tagging = sdk.Ptr("x/y"), sdk.Ptr("c=d") }, "text/plain", "source", "b"},
		"new metadata": {func(r *sdk.CopyObjectRequest) {
			r.MetadataDirective, r.ContentType, r.Metadata = sdk.Ptr("REPLACE"), sdk.Ptr("x/y"), map[string]string{"from": "request"}
		}, "x/y", "request", "b"},
		"new tags": {func(r *sdk.CopyObjectRequest) { r.TaggingDirective, r.Tagging = sdk.Ptr("Replace"), sdk.Ptr("a=d") }, "text/plain", "source", "d"},
	} {
		result, err := copied(test.change)
		require.NoError(t, err, name)
		require.Equal(t, []string{*source.ETag, *source.HashCRC64}, []string{*result.ETag, *result.HashCRC64})
		got, err := c.client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("copy")})
		require.NoError(t, err)
		require.Equal(t, []string{"content", test.kind, test.meta}, []string{read(t, got.Body), *got.ContentType, got.Metadata["from"]}, name)
		tags, err := c.client.GetObjectTagging(t.Context(), &sdk.GetObjectTaggingRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("copy")})
		require.NoError(t, err)
		require.Equal(t, test.value, *tags.Tags[0].Value, name)
		require.Len(t, in.take(), 1)
	}
	etag := source.ETag
	for name, test := range map[string]struct {
		change func(*sdk.CopyObjectRequest)
		status int
		code   string
	}{
		"another ETag":     {func(r *sdk.CopyObjectRequest) { r.IfMatch = sdk.Ptr(`"x"`) }, 412, "PreconditionFailed"},
		"that ETag":        {func(r *sdk.CopyObjectRequest) { r.IfNoneMatch = etag }, 304, "NotModified"},
		"no such source":   {func(r *sdk.CopyObjectRequest) { r.SourceKey = sdk.Ptr("none") }, 404, "NoSuchKey"},
		"no such version":  {func(r *sdk.CopyObjectRequest) { r.SourceVersionId = sdk.Ptr("none") }, 404, "NoSuchVersion"},
		"no such bucket":   {func(r *sdk.CopyObjectRequest) { r.SourceBucket = sdk.Ptr("no-such-bucket") }, 404, "NoSuchBucket"},
		"not to overwrite": {func(r *sdk.CopyObjectRequest) { r.ForbidOverwrite = sdk.Ptr("true") }, 409, "FileAlreadyExists"},
		"no directive":     {func(r *sdk.CopyObjectRequest) { r.MetadataDirective = sdk.Ptr("MERGE") }, 501, "NotImplemented"},
	} {
		_, err := copied(test.change)
		require.Equal(t, test.code, requireError(t, err, test.status, test.code).Code, name)
	}
	for _, bad := range []string{"", "/", "/Bad/k", "/demo-bucket/", "/demo-bucket/%zz", "demo-bucket"} {
		_, err := c.client.InvokeOperation(t.Context(), &sdk.OperationInput{OpName: "Test", Method: "PUT", Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"),
			Parameters: map[string]string{"uploadId": "x", "partNumber": "1"}, Headers: map[string]string{"x-oss-copy-source": bad + " "}})
		require.Error(t, err, bad)
	}
	_, err = copied(func(r *sdk.CopyObjectRequest) {
		r.Key, r.MetadataDirective, r.Metadata = put.Key, sdk.Ptr("REPLACE"), map[string]string{"from": "itself"}
	})
	require.NoError(t, err, "onto itself, as ossutil set-meta does")
	require.Equal(t, "content", c.get(t, *put.Key))
	require.Equal(t, 2, c.rows(t, "oss.chunks"))
}

func TestCopyingARangeIntoAPart(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "source", "0123456789")
	id := c.initiate(t, "k")
	part := func(r string) (*sdk.UploadPartCopyResult, error) {
		return c.client.UploadPartCopy(t.Context(), &sdk.UploadPartCopyRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), UploadId: &id, PartNumber: 1,
			SourceKey: sdk.Ptr("source"), Range: &r})
	}
	for _, r := range []string{"bytes=5-10", "bytes=10-12", "5-6"} {
		_, err := part(r)
		requireError(t, err, 416, "InvalidRange")
	}
	result, err := part("bytes=2-4")
	require.NoError(t, err)
	_, err = c.complete(t, "k", id, sdk.UploadPart{PartNumber: 1, ETag: result.ETag})
	require.NoError(t, err)
	require.Equal(t, "234", c.get(t, "k"))
	_, err = part("bytes=2-4")
	require.Equal(t, "0042-00000311", requireError(t, err, 404, "NoSuchUpload").EC)
}

func TestAppending(t *testing.T) {
	c := start(t, oss.Options{})
	add := func(key, text string, position int64) (*sdk.AppendObjectResult, error) {
		return c.client.AppendObject(t.Context(), &sdk.AppendObjectRequest{Bucket: sdk.Ptr(bucket), Key: &key, Position: &position,
			Body: strings.NewReader(text), Metadata: map[string]string{"a": "first"}})
	}
	whole := ""
	for _, text := range []string{"one", "", " two", " three"} {
		result, err := add("log", text, int64(len(whole)))
		require.NoError(t, err)
		whole += text
		require.Equal(t, []any{int64(len(whole)), crcOf(whole)}, []any{result.NextPosition, *result.HashCRC64})
		require.Equal(t, whole, c.get(t, "log"))
	}
	head, err := c.client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("log")})
	require.NoError(t, err)
	require.Equal(t, []string{"Appendable", "13", "first"}, []string{*head.ObjectType, *head.NextAppendPosition, head.Metadata["a"]})
	_, err = add("log", "x", 3)
	require.Equal(t, "0026-00000016", requireError(t, err, 409, "PositionNotEqualToLength").EC)
	_, err = add("new", "x", 3)
	requireError(t, err, 409, "PositionNotEqualToLength")
	c.put(t, "normal", "x")
	_, err = add("normal", "x", 1)
	require.Equal(t, "0026-00000017", requireError(t, err, 409, "ObjectNotAppendable").EC)
	_, err = c.client.CopyObject(t.Context(), &sdk.CopyObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("copy"), SourceKey: sdk.Ptr("log")})
	requireError(t, err, 400, "OperationNotSupported")
	_, err = c.invoke(t, "POST", "log", map[string]string{"append": ""})
	require.Equal(t, "0016-00000501", requireError(t, err, 400, "InvalidArgument").EC)
	_, err = c.invoke(t, "POST", "log", map[string]string{"seal": "", "position": "13"})
	require.Equal(t, "0016-00000513", requireError(t, err, 400, "OperationNotSupported").EC)

	c.version(t, sdk.VersionEnabled)
	_, err = add("log", "!", 13)
	require.NoError(t, err)
	require.Len(t, c.versions(t, 10), 2, "no new version")
	c.put(t, "log", "replaced")
	require.Len(t, c.versions(t, 10), 3)
}

func TestSymlinks(t *testing.T) {
	c := start(t, oss.Options{})
	target := "dir/a b+%"
	link := func(key, target string) error {
		_, err := c.client.PutSymlink(t.Context(), &sdk.PutSymlinkRequest{Bucket: sdk.Ptr(bucket), Key: &key, Target: &target,
			Metadata: map[string]string{"of": "link"}})
		return err
	}
	require.NoError(t, link("link", url.QueryEscape(target)), "its name travels URL-encoded")
	_, err := c.client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("link")})
	requireError(t, err, 404, "SymlinkTargetNotExist")
	put := c.put(t, target, "content")
	require.Equal(t, "content", c.get(t, "link"))
	head, err := c.client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("link")})
	require.NoError(t, err)
	require.Equal(t, []string{"Symlink", *put.ETag, "link"}, []string{*head.ObjectType, *head.ETag, head.Metadata["of"]})
	got, err := c.client.GetSymlink(t.Context(), &sdk.GetSymlinkRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("link")})
	require.NoError(t, err)
	require.Equal(t, url.QueryEscape(target), *got.Target)
	_, err = c.client.GetSymlink(t.Context(), &sdk.GetSymlinkRequest{Bucket: sdk.Ptr(bucket), Key: &target})
	require.Equal(t, "0043-00000101", requireError(t, err, 400, "NotSymlink").EC)
	require.NoError(t, link("link to link", "link"))
	_, err = c.client.GetObject(t.Context(), &sdk.GetObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("link to link")})
	requireError(t, err, 400, "InvalidTargetType")
	_, err = c.invoke(t, "PUT", "k", map[string]string{"symlink": ""})
	require.Equal(t, "0043-00000001", requireError(t, err, 400, "InvalidArgument").EC)
}

func TestTags(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "k", "v")
	modified := c.clock.Now()
	set := func(tags ...sdk.Tag) error {
		_, err := c.client.PutObjectTagging(t.Context(), &sdk.PutObjectTaggingRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"),
			Tagging: &sdk.Tagging{TagSet: &sdk.TagSet{Tags: tags}}})
		return err
	}
	tag := func(key, value string) sdk.Tag { return sdk.Tag{Key: &key, Value: &value} }
	tags := func() (all []string) {
		result, err := c.client.GetObjectTagging(t.Context(), &sdk.GetObjectTaggingRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
		require.NoError(t, err)
		for _, tag := range result.Tags {
			all = append(all, *tag.Key+"="+*tag.Value)
		}
		return all
	}
	require.Empty(t, tags())
	c.clock.Advance(account90)
	require.NoError(t, set(tag("a b", "1/2:3"), tag("镜", "")))
	require.Equal(t, []string{"a b=1/2:3", "镜="}, tags())
	head, err := c.client.HeadObject(t.Context(), &sdk.HeadObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
	require.NoError(t, err)
	require.EqualValues(t, 2, head.TaggingCount)
	require.Equal(t, modified.Unix(), head.LastModified.Unix(), "tags change nothing of the object")
	var eleven []sdk.Tag
	for i := range 11 {
		eleven = append(eleven, tag(fmt.Sprint(i), ""))
	}
	for name, wrong := range map[string][]sdk.Tag{
		"no key": {tag("", "x")}, "twice": {tag("a", "1"), tag("a", "2")}, "a character": {tag("a*", "")}, "long key": {tag(strings.Repeat("k", 129), "")},
		"long value": {tag("k", strings.Repeat("v", 257))}, "eleven": eleven,
	} {
		require.Equal(t, "InvalidTag", requireError(t, set(wrong...), 400, "InvalidTag").Code, name)
	}
	_, err = c.client.DeleteObjectTagging(t.Context(), &sdk.DeleteObjectTaggingRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k")})
	require.NoError(t, err)
	require.Empty(t, tags())
}

// account90 is less than the clock may be off.
const account90 = 90e9

func TestBucketTags(t *testing.T) {
	c := start(t, oss.Options{})
	tag := func(key, value string) sdk.Tag { return sdk.Tag{Key: &key, Value: &value} }
	set := func(bucket string, tags ...sdk.Tag) error {
		_, err := c.client.PutBucketTags(t.Context(), &sdk.PutBucketTagsRequest{Bucket: &bucket, Tagging: &sdk.Tagging{TagSet: &sdk.TagSet{Tags: tags}}})
		return err
	}
	_, err := c.client.PutBucket(t.Context(), &sdk.PutBucketRequest{Bucket: sdk.Ptr("other-bucket")})
	require.NoError(t, err)
	require.NoError(t, set(bucket, tag("a", "1"), tag("b", "2"), tag("c", "3")))
	require.NoError(t, set("other-bucket", tag("a", "2")))
	list := func(r sdk.ListBucketsRequest) (all []string) {
		result, err := c.client.ListBuckets(t.Context(), &r)
		require.NoError(t, err)
		for _, b := range result.Buckets {
			all = append(all, *b.Name)
		}
		return all
	}
	require.Equal(t, []string{bucket, "other-bucket"}, list(sdk.ListBucketsRequest{TagKey: sdk.Ptr("a")}))
	require.Equal(t, []string{"other-bucket"}, list(sdk.ListBucketsRequest{TagKey: sdk.Ptr("a"), TagValue: sdk.Ptr("2"), MaxKeys: 1}))
	require.Equal(t, []string{bucket}, list(sdk.ListBucketsRequest{Tagging: sdk.Ptr(`"a":"1","b":"2"`)}))
	require.Empty(t, list(sdk.ListBucketsRequest{Tagging: sdk.Ptr(`"a":"1","b":"3"`)}))
	_, err = c.client.ListBuckets(t.Context(), &sdk.ListBucketsRequest{Tagging: sdk.Ptr(`a:1`)})
	requireError(t, err, 400, "InvalidArgument")
	require.Equal(t, "0010-00000207", requireError(t, set(bucket, tag("Aliyun-x", "")), 400, "InvalidTag").EC)
	require.Equal(t, "0010-00000219", requireError(t, set(bucket, tag("x", ""), tag("x", "")), 400, "InvalidTag").EC)

	_, err = c.client.DeleteBucketTags(t.Context(), &sdk.DeleteBucketTagsRequest{Bucket: sdk.Ptr(bucket), Tagging: sdk.Ptr("a,c")})
	require.NoError(t, err)
	left, err := c.client.GetBucketTags(t.Context(), &sdk.GetBucketTagsRequest{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
	require.Equal(t, "b", *left.Tagging.TagSet.Tags[0].Key)
	require.Len(t, left.Tagging.TagSet.Tags, 1)
}

func TestBucketStat(t *testing.T) {
	c := start(t, oss.Options{})
	c.put(t, "a", "12345")
	id := c.initiate(t, "b")
	c.uploadPart(t, "b", id, 1, "678")
	c.version(t, sdk.VersionEnabled)
	c.put(t, "a", "1")
	_, err := c.client.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("a")})
	require.NoError(t, err)
	stat, err := c.client.GetBucketStat(t.Context(), &sdk.GetBucketStatRequest{Bucket: sdk.Ptr(bucket)})
	require.NoError(t, err)
	require.Equal(t, []int64{9, 2, 1, 1, 1}, []int64{stat.Storage, stat.ObjectCount, stat.MultipartUploadCount, stat.MultipartPartCount, stat.DeleteMarkerCount})
}

func TestRegions(t *testing.T) {
	c := start(t, oss.Options{})
	result, err := c.client.DescribeRegions(t.Context(), &sdk.DescribeRegionsRequest{Regions: sdk.Ptr("oss-cn-hangzhou")})
	require.NoError(t, err)
	require.Equal(t, "oss-cn-hangzhou", *result.RegionInfoList.RegionInfos[0].Region)
	_, err = c.client.DescribeRegions(t.Context(), &sdk.DescribeRegionsRequest{Regions: sdk.Ptr("oss-nowhere")})
	requireError(t, err, 404, "NoSuchRegion")
}

// With versioning, what a version has can be changed, and only that version's.
func TestAmendingOneVersion(t *testing.T) {
	c := start(t, oss.Options{})
	c.version(t, sdk.VersionEnabled)
	old := c.put(t, "k", "old").VersionId
	c.put(t, "k", "new")
	_, err := c.client.PutObjectAcl(t.Context(), &sdk.PutObjectAclRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), VersionId: old, Acl: sdk.ObjectACLPrivate})
	require.NoError(t, err)
	acl := func(id *string) string {
		result, err := c.client.GetObjectAcl(t.Context(), &sdk.GetObjectAclRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), VersionId: id})
		require.NoError(t, err)
		return *result.ACL
	}
	require.Equal(t, []string{"private", "default"}, []string{acl(old), acl(nil)})
	for _, level := range []string{"", "k"} {
		_, err = c.invoke(t, "PUT", level, map[string]string{"acl": ""})
		requireError(t, err, 400, "InvalidArgument")
	}
	require.True(t, slices.Contains(c.versions(t, 10), "k="+*old))
}

// What is appended bit by bit has the limit of all objects.
func TestAppendingHasALimit(t *testing.T) {
	c := start(t, oss.Options{})
	add := func(text string, position int64) error {
		_, err := c.client.AppendObject(t.Context(), &sdk.AppendObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("log"), Position: &position,
			Body: strings.NewReader(text)})
		return err
	}
	require.NoError(t, add(pattern(largest-1), 0))
	requireError(t, add("xy", largest-1), 400, "EntityTooLarge")
	require.NoError(t, add("x", largest-1))
}

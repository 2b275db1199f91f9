package oss_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
)

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

func TestListParameters(t *testing.T) {
	c := start(t, oss.Options{})
	for _, query := range []map[string]string{
		{"list-type": "3"}, {"list-type": "2", "max-keys": "0"}, {"list-type": "2", "max-keys": "1001"},
		{"list-type": "2", "max-keys": "x"},
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

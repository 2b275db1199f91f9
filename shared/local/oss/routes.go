package oss

import (
	"maps"
	"net"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"

	"imagedrop/shared/local/account"
)

// call is one request on its way through the service.
type call struct {
	*http.Request
	id          string // x-oss-request-id of the answer, and of the event
	bucket, key string // decoded
	query       url.Values
	op          operation
	malformed   error // why the request cannot be judged at all
	form        *form // the body of a PostObject, nil until it is read
}

// operation is one row of the API.
type operation struct {
	name   string
	params []string // query parameters that it takes
	serve  func(s *Service, w http.ResponseWriter, c *call) error
}

// level is what a request's path names.
type level string

const (
	onService level = "service"
	onBucket  level = "bucket"
	onObject  level = "object"
)

// route is what selects an operation; sub is the sub-resource in the query.
type route struct {
	method string
	level  level
	sub    string
}

// The sub-resources, so to speak, of a PUT that names its source, and of a POST
// of a form.
const (
	copying = "copy"
	posting = "form"
)

var (
	listParams  = []string{"prefix", "delimiter", "max-keys", "encoding-type"}
	versionIDs  = []string{"versionId"}
	uploadParam = []string{"encoding-type", "sequential"} // the SDK's uploader sends "sequential" with every request

	// responseParams are headers of the answer that a read asks for. A write may
	// have them, too, to no effect: TestSignURL of aliyun-oss-go-sdk 3.0.2 does.
	responseParams = []string{"response-content-type", "response-content-language", "response-expires",
		"response-cache-control", "response-content-disposition", "response-content-encoding"}
)

// operations is the API. An entry's sub-resource is among its parameters
// without being named again.
var operations = map[route]operation{
	{"GET", onService, ""}: {"ListBuckets", []string{"prefix", "marker", "max-keys", "tag-key", "tag-value", "tagging"},
		(*Service).listBuckets},
	{"GET", onService, "regions"}: {"DescribeRegions", nil, (*Service).describeRegions},

	{"PUT", onBucket, ""}:           {"PutBucket", nil, (*Service).putBucket},
	{"DELETE", onBucket, ""}:        {"DeleteBucket", nil, (*Service).deleteBucket},
	{"GET", onBucket, "bucketInfo"}: {"GetBucketInfo", nil, (*Service).getBucketInfo},
	{"GET", onBucket, "location"}:   {"GetBucketLocation", nil, (*Service).getBucketLocation},
	{"GET", onBucket, "stat"}:       {"GetBucketStat", nil, (*Service).getBucketStat},
	{"GET", onBucket, "acl"}:        {"GetBucketAcl", nil, (*Service).getBucketACL},
	{"PUT", onBucket, "acl"}:        {"PutBucketAcl", nil, (*Service).putBucketACL},
	{"GET", onBucket, "tagging"}:    {"GetBucketTags", nil, (*Service).getBucketTags},
	{"PUT", onBucket, "tagging"}:    {"PutBucketTags", nil, (*Service).putBucketTags},
	{"DELETE", onBucket, "tagging"}: {"DeleteBucketTags", nil, (*Service).deleteBucketTags},
	{"GET", onBucket, "versioning"}: {"GetBucketVersioning", nil, (*Service).getBucketVersioning},
	{"PUT", onBucket, "versioning"}: {"PutBucketVersioning", nil, (*Service).putBucketVersioning},
	{"GET", onBucket, ""}:           {"ListObjects", append([]string{"marker"}, listParams...), (*Service).listObjects},
	{"GET", onBucket, "list-type"}: {"ListObjectsV2",
		append([]string{"start-after", "continuation-token", "fetch-owner"}, listParams...), (*Service).listObjectsV2},
	{"GET", onBucket, "versions"}: {"ListObjectVersions",
		append([]string{"key-marker", "version-id-marker"}, listParams...), (*Service).listVersions},
	{"GET", onBucket, "uploads"}: {"ListMultipartUploads",
		// max-parts, which is of another operation and means nothing here, comes from `ossutil du`.
		[]string{"prefix", "delimiter", "max-uploads", "key-marker", "upload-id-marker", "encoding-type", "max-parts"},
		(*Service).listUploads},
	{"POST", onBucket, posting}:  {"PostObject", nil, (*Service).postObject},
	{"POST", onBucket, "delete"}: {"DeleteMultipleObjects", []string{"encoding-type"}, (*Service).deleteObjects},

	{"PUT", onObject, ""}:            {"PutObject", append([]string{"sequential"}, responseParams...), (*Service).putObject},
	{"PUT", onObject, copying}:       {"CopyObject", nil, (*Service).copyObject},
	{"GET", onObject, ""}:            {"GetObject", append([]string{"versionId"}, responseParams...), (*Service).getObject},
	{"HEAD", onObject, ""}:           {"HeadObject", versionIDs, (*Service).headObject},
	{"HEAD", onObject, "objectMeta"}: {"GetObjectMeta", versionIDs, (*Service).getObjectMeta},
	{"GET", onObject, "objectMeta"}:  {"GetObjectMeta", versionIDs, (*Service).getObjectMeta},
	{"DELETE", onObject, ""}:         {"DeleteObject", versionIDs, (*Service).deleteObject},
	{"POST", onObject, "append"}:     {"AppendObject", []string{"position"}, (*Service).appendObject},
	{"POST", onObject, "seal"}:       {"SealAppendObject", []string{"position"}, (*Service).sealObject},
	{"GET", onObject, "acl"}:         {"GetObjectACL", versionIDs, (*Service).getObjectACL},
	{"PUT", onObject, "acl"}:         {"PutObjectACL", versionIDs, (*Service).putObjectACL},
	{"GET", onObject, "symlink"}:     {"GetSymlink", versionIDs, (*Service).getSymlink},
	{"PUT", onObject, "symlink"}:     {"PutSymlink", nil, (*Service).putSymlink},
	{"GET", onObject, "tagging"}:     {"GetObjectTagging", versionIDs, (*Service).getObjectTagging},
	{"PUT", onObject, "tagging"}:     {"PutObjectTagging", versionIDs, (*Service).putObjectTagging},
	{"DELETE", onObject, "tagging"}:  {"DeleteObjectTagging", versionIDs, (*Service).deleteObjectTagging},

	{"POST", onObject, "uploads"}:           {"InitiateMultipartUpload", []string{"encoding-type", "sequential"}, (*Service).initiateUpload},
	{"PUT", onObject, "uploadId"}:           {"UploadPart", []string{"partNumber", "sequential"}, (*Service).uploadPart},
	{"PUT", onObject, "uploadId" + copying}: {"UploadPartCopy", []string{"partNumber", "uploadId"}, (*Service).uploadPartCopy},
	{"POST", onObject, "uploadId"}:          {"CompleteMultipartUpload", uploadParam, (*Service).completeUpload},
	{"DELETE", onObject, "uploadId"}:        {"AbortMultipartUpload", uploadParam, (*Service).abortUpload},
	{"GET", onObject, "uploadId"}:           {"ListParts", []string{"max-parts", "part-number-marker", "encoding-type"}, (*Service).listParts},
}

// unsupported is the operation of a request that no row matches.
var unsupported = operation{name: "Unsupported", serve: func(*Service, http.ResponseWriter, *call) error {
	return errMethodNotAllowed
}}

// newCall reads what a request asks for. It never fails: what is wrong is kept
// for the answer, so that it too passes the fault hook and has a request id.
func newCall(r *http.Request) *call {
	c := &call{Request: r, id: account.NewOSSRequestID(), op: unsupported}
	var err error
	if c.query, err = url.ParseQuery(r.URL.RawQuery); err != nil {
		c.malformed = errInvalidArgument.because("The query string is not well-formed.")
	}
	c.bucket, c.key, err = resource(r)
	if err != nil {
		c.malformed = errInvalidArgument.because("The request URI is not well-formed.")
	}
	c.op = c.lookUp()
	return c
}

// virtualHost recognises a Host that names the bucket.
var virtualHost = regexp.MustCompile(`^([a-z0-9-]+)\.(?:oss-[a-z0-9-]+\.aliyuncs\.com|localhost)$`)

// resource returns the bucket and key of a request, path style or virtual-host
// style, whichever its Host says. A plus sign in a key stands for a blank, as in
// a query: older ali-oss write blanks so, and who means a plus sends %2B.
// Source: ali-oss 4.16.0, lib/client.js, _getReqUrl; aliyun-oss-java-sdk issue
// 377, aliyun-oss-go-sdk issue 439.
func resource(r *http.Request) (bucket, key string, err error) {
	path := strings.TrimPrefix(r.URL.EscapedPath(), "/")
	if m := virtualHost.FindStringSubmatch(hostOnly(r.Host)); m != nil {
		bucket, key = m[1], path
	} else {
		bucket, key, _ = strings.Cut(path, "/")
	}
	if bucket, err = url.PathUnescape(bucket); err != nil {
		return "", "", err
	}
	key, err = url.QueryUnescape(key)
	return bucket, key, err
}

// serviceHost is the host that the request was sent to, without the bucket.
func (c *call) serviceHost() string {
	if virtualHost.MatchString(hostOnly(c.Host)) {
		return strings.TrimPrefix(c.Host, c.bucket+".")
	}
	return c.Host
}

func hostOnly(hostport string) string {
	if host, _, err := net.SplitHostPort(hostport); err == nil {
		return host
	}
	return hostport
}

func (c *call) level() level {
	switch {
	case c.bucket == "":
		return onService
	case c.key == "":
		return onBucket
	}
	return onObject
}

func (c *call) lookUp() operation {
	method, level, suffix := c.Method, c.level(), ""
	if method == http.MethodHead && level != onObject {
		method = http.MethodGet // as HTTP says: GET without the body
	}
	if method == http.MethodPut && c.Header.Get(sourceHeader) != "" {
		suffix = copying
	}
	if method == http.MethodPost && level == onBucket && isMultipart(c.Header.Get("Content-Type")) {
		suffix = posting
	}
	for _, sub := range slices.Sorted(maps.Keys(c.query)) {
		if op, ok := operations[route{method, level, sub + suffix}]; ok && sub != "" {
			op.params = append(slices.Clip(op.params), sub)
			return op
		}
	}
	if op, ok := operations[route{method, level, suffix}]; ok {
		return op
	}
	return unsupported
}

// ossHeaders are the x-oss-* request headers that the service honours or may
// ignore without changing the answer, with the values that it takes; nil means
// any. Metadata headers are taken besides.
var ossHeaders = map[string][]string{
	"X-Oss-Date":             nil,
	"X-Oss-Security-Token":   nil,
	"X-Oss-User-Agent":       nil,
	"X-Oss-Traffic-Limit":    nil, // a bandwidth; the answer is the same
	"X-Oss-Request-Payer":    {"requester", "BucketOwner"},
	"X-Oss-Content-Sha256":   {unsignedPayload},
	"X-Oss-Range-Behavior":   {"standard"},
	"X-Oss-Forbid-Overwrite": {"true", "false"},
	"X-Oss-Storage-Class":    {storageClass},
	"X-Oss-Acl":              {aclPrivate},
	"X-Oss-Object-Acl":       {aclDefault, aclPrivate},
	"X-Oss-Tagging":          nil,
	"X-Oss-Complete-All":     {"yes"},
	"X-Oss-Symlink-Target":   nil,

	"X-Oss-Copy-Source":                     nil,
	"X-Oss-Copy-Source-Range":               nil,
	"X-Oss-Copy-Source-If-Match":            nil,
	"X-Oss-Copy-Source-If-None-Match":       nil,
	"X-Oss-Copy-Source-If-Modified-Since":   nil,
	"X-Oss-Copy-Source-If-Unmodified-Since": nil,
	"X-Oss-Metadata-Directive":              {"COPY", directiveNew},
	"X-Oss-Tagging-Directive":               {"Copy", "COPY", "Replace", directiveNew},
}

const metaPrefix = "X-Oss-Meta-"

// conditions are the headers that reads honour and writes refuse: OSS has no
// conditional write but x-oss-forbid-overwrite. A client that counts on one
// must hear so, or it overwrites what it meant to keep.
// Source: tobi/walgit issue 67, the answer of the real service to PutObject.
var conditions = []string{"If-Match", "If-None-Match", "If-Modified-Since", "If-Unmodified-Since"}

// admit refuses what a request asks for beyond its operation.
func (c *call) admit() error {
	for _, param := range slices.Sorted(maps.Keys(c.query)) {
		if !slices.Contains(c.op.params, param) && !c.signsWith(param) {
			return notImplemented(param)
		}
	}
	for name, values := range c.Header {
		if !strings.HasPrefix(name, "X-Oss-") || strings.HasPrefix(name, metaPrefix) {
			continue
		}
		accepted, known := ossHeaders[name]
		if !known || (accepted != nil && !slices.Contains(accepted, values[0])) {
			return notImplemented(strings.ToLower(name))
		}
	}
	return c.unconditional()
}

// unconditional refuses a condition on anything but a read.
func (c *call) unconditional() error {
	if c.Method == http.MethodGet || c.Method == http.MethodHead {
		return nil
	}
	for _, name := range conditions {
		if c.Header.Get(name) != "" {
			return errConditionalWrite.with("Header", name)
		}
	}
	return nil
}

// maxKeyLength is the limit of an object's name in bytes of UTF-8.
// Source: OSS API, PutObject, object naming.
const maxKeyLength = 1023

// namesOfLists are the parameters of lists that stand for names, or parts of them.
// Source: OSS API, ListObjects, prefix and marker: less than 1,024 bytes.
var namesOfLists = []string{"prefix", "delimiter", "marker", "start-after", "key-marker"}

// validNames refuses names that break the naming rules.
func (c *call) validNames() error {
	if c.bucket != "" && !bucketName.MatchString(c.bucket) {
		return errInvalidBucketName
	}
	if c.key != "" && !validKey(c.key) {
		return errInvalidObjectName
	}
	for _, param := range namesOfLists {
		if len(c.query.Get(param)) > maxKeyLength {
			return errInvalidArgument.because("The length of "+param+" must be less than 1024.").with("ArgumentName", param)
		}
	}
	return nil
}

func validKey(key string) bool {
	return key != "" && len(key) <= maxKeyLength && utf8.ValidString(key) &&
		!strings.ContainsRune(key, 0) && key[0] != '/' && key[0] != '\\'
}

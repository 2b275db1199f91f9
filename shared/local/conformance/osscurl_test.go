//go:build conformance

package conformance

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"maps"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"imagedrop/shared/local/account"
)

// In cases/oss.yaml a parameter is Bucket, Key or Body, one that goes into a
// document (see ossDocument), a query parameter or a header, as the API names
// it. In the answer header names are in lower case, elements of a document as
// they are written, and Body is the object's.

// ossCall is how an operation is asked over HTTP.
type ossCall struct {
	method string
	sub    string // of the resource
}

var ossCalls = map[string]ossCall{
	"ListBuckets": {"GET", ""}, "DescribeRegions": {"GET", "regions"},
	"PutBucket": {"PUT", ""}, "DeleteBucket": {"DELETE", ""}, "GetBucketInfo": {"GET", "bucketInfo"}, "GetBucketLocation": {"GET", "location"},
	"GetBucketStat": {"GET", "stat"}, "GetBucketAcl": {"GET", "acl"}, "PutBucketVersioning": {"PUT", "versioning"},
	"GetBucketVersioning": {"GET", "versioning"}, "GetBucketLifecycle": {"GET", "lifecycle"}, "PutBucketTags": {"PUT", "tagging"},
	"GetBucketTags": {"GET", "tagging"}, "ListObjects": {"GET", ""}, "ListObjectsV2": {"GET", "list-type=2"}, "ListObjectVersions": {"GET", "versions"},
	"DeleteMultipleObjects": {"POST", "delete"}, "ListMultipartUploads": {"GET", "uploads"},
	"PutObject": {"PUT", ""}, "CopyObject": {"PUT", ""}, "GetObject": {"GET", ""}, "HeadObject": {"HEAD", ""}, "GetObjectMeta": {"HEAD", "objectMeta"},
	"DeleteObject": {"DELETE", ""}, "AppendObject": {"POST", "append"}, "PutObjectAcl": {"PUT", "acl"}, "GetObjectAcl": {"GET", "acl"},
	"PutSymlink": {"PUT", "symlink"}, "GetSymlink": {"GET", "symlink"}, "PutObjectTagging": {"PUT", "tagging"},
	"GetObjectTagging": {"GET", "tagging"}, "DeleteObjectTagging": {"DELETE", "tagging"},
	"InitiateMultipartUpload": {"POST", "uploads"}, "UploadPart": {"PUT", ""}, "UploadPartCopy": {"PUT", ""},
	"CompleteMultipartUpload": {"POST", ""}, "AbortMultipartUpload": {"DELETE", ""}, "ListParts": {"GET", ""},
}

var ossQuery = []string{"prefix", "delimiter", "marker", "max-keys", "start-after", "continuation-token", "key-marker", "version-id-marker",
	"upload-id-marker", "max-uploads", "max-parts", "part-number-marker", "uploadId", "partNumber", "versionId", "position", "regions", "tag-key", "tag-value"}

// ossSigner adds a signature to a request, in its header or its query.
type ossSigner func(r *ossRequest, key account.Key)

// ossRequest is a request in the making.
type ossRequest struct {
	method, bucket, key string
	query               map[string]string
	header              map[string]string // names in lower case
	body                string
}

// openOSSCurl asks by curl, a process a call, with signatures that are made
// here from the published rules and share nothing with the endpoint's.
func openOSSCurl(sign ossSigner, https bool) func(*testing.T, *cloud, *row) asker {
	return func(t *testing.T, c *cloud, _ *row) asker {
		curl := program(t, "curl", "apt-get install curl")
		endpoint := c.e.OSS
		if https {
			endpoint = c.e.HTTPS.OSS
		}
		dir := t.TempDir()
		return func(ctx context.Context, q call) (answer, error) {
			r, err := newOSSRequest(q)
			if err != nil {
				return answer{}, err
			}
			sign(r, q.Key)
			return r.curl(ctx, curl, endpoint, c.e.CAFile, dir)
		}
	}
}

func newOSSRequest(q call) (*ossRequest, error) {
	spec, known := ossCalls[q.Do]
	if !known {
		return nil, fmt.Errorf("nobody knows how %s is asked", q.Do)
	}
	r := &ossRequest{method: spec.method, query: map[string]string{}, header: map[string]string{}}
	if spec.sub != "" {
		name, value, _ := strings.Cut(spec.sub, "=")
		r.query[name] = value
	}
	r.body = ossDocument(q.With)
	for name, value := range q.With {
		text := fmt.Sprint(value)
		switch {
		case name == "Bucket":
			r.bucket = text
		case name == "Key":
			r.key = text
		case name == "Body":
			r.body = text
		case slices.Contains(ossQuery, name):
			r.query[name] = text
		case slices.Contains(ossDocuments, name):
		default:
			r.header[strings.ToLower(name)] = text
		}
	}
	if q.Do == "DeleteMultipleObjects" {
		sum := md5.Sum([]byte(r.body))
		r.header["content-md5"] = base64.StdEncoding.EncodeToString(sum[:])
	}
	return r, nil
}

// ossDocuments are the parameters that go into a document.
var ossDocuments = []string{"Objects", "Parts", "Tags", "Status"}

// ossDocument writes the document of a request, "" for none.
func ossDocument(with map[string]any) (text string) {
	for _, o := range asList(with["Objects"]) {
		text += "<Object>" + elements(o) + "</Object>"
	}
	if text != "" {
		return "<Delete>" + text + "</Delete>"
	}
	for _, p := range asList(with["Parts"]) {
		text += "<Part>" + elements(p) + "</Part>"
	}
	if text != "" {
		return "<CompleteMultipartUpload>" + text + "</CompleteMultipartUpload>"
	}
	for _, t := range asList(with["Tags"]) {
		text += "<Tag>" + elements(t) + "</Tag>"
	}
	if text != "" {
		return "<Tagging><TagSet>" + text + "</TagSet></Tagging>"
	}
	if status, ok := with["Status"]; ok {
		return "<VersioningConfiguration><Status>" + fmt.Sprint(status) + "</Status></VersioningConfiguration>"
	}
	return ""
}

func asList(value any) []any {
	list, _ := value.([]any)
	return list
}

func elements(value any) (text string) {
	members, _ := value.(map[string]any)
	for _, name := range slices.Sorted(maps.Keys(members)) {
		var b strings.Builder
		xml.EscapeText(&b, []byte(fmt.Sprint(members[name])))
		text += "<" + name + ">" + b.String() + "</" + name + ">"
	}
	return text
}

// resource is the resource as it is signed.
func (r *ossRequest) resource() string {
	if r.bucket == "" {
		return "/"
	}
	return "/" + r.bucket + "/" + r.key
}

func (r *ossRequest) headers(signed func(string) bool) (text string) {
	for _, name := range slices.Sorted(maps.Keys(r.header)) {
		if signed(name) {
			text += name + ":" + r.header[name] + "\n"
		}
	}
	return text
}

func (r *ossRequest) curl(ctx context.Context, curl, endpoint, authority, dir string) (answer, error) {
	answered, told := filepath.Join(dir, "body"), filepath.Join(dir, "headers")
	os.WriteFile(answered, nil, 0o600) // curl writes no file for no body
	args := []string{"--silent", "--show-error", "--max-time", "20", "--cacert", authority, "--output", answered, "--dump-header", told, "--path-as-is"}
	if r.method == "HEAD" {
		args = append(args, "--head")
	} else {
		args = append(args, "--request", r.method)
	}
	r.header["expect"], r.header["accept"] = "", ""
	if r.header["content-type"] == "" {
		r.header["content-type"] = "" // curl has one of its own
	}
	for name, value := range r.header {
		args = append(args, "--header", name+":"+value)
	}
	if r.method == "PUT" || r.method == "POST" {
		sent := filepath.Join(dir, "sent")
		if err := os.WriteFile(sent, []byte(r.body), 0o600); err != nil {
			return answer{}, err
		}
		args = append(args, "--data-binary", "@"+sent)
	}
	address := endpoint + strings.ReplaceAll(escape(strings.TrimSuffix(r.resource(), "/")), "%2F", "/") + "?" + ossPairs(r.query)
	_, errOut, status, err := run(ctx, nil, curl, append(args, address)...)
	if err != nil || status != 0 {
		return answer{}, fmt.Errorf("curl ended with %d: %v %s", status, err, errOut)
	}
	if r.method == "HEAD" {
		os.WriteFile(answered, nil, 0o600) // curl wrote the headers
	}
	return readOSSAnswer(answered, told)
}

// ossPairs joins parameters, escaped and sorted; one without a value has no =.
func ossPairs(p map[string]string) string {
	var all []string
	for _, name := range slices.Sorted(maps.Keys(p)) {
		pair := escape(name)
		if p[name] != "" {
			pair += "=" + escape(p[name])
		}
		all = append(all, pair)
	}
	return strings.Join(all, "&")
}

func readOSSAnswer(bodyFile, headerFile string) (a answer, err error) {
	body, err := os.ReadFile(bodyFile)
	if err != nil {
		return a, err
	}
	head, err := os.ReadFile(headerFile)
	if err != nil {
		return a, err
	}
	lines := strings.Split(strings.TrimSpace(string(head)), "\r\n")
	a.Fields = map[string]any{}
	for _, line := range lines[1:] {
		name, value, _ := strings.Cut(line, ":")
		a.Fields[strings.ToLower(name)] = strings.TrimSpace(value)
	}
	if a.Status, err = strconv.Atoi(strings.Fields(lines[0])[1]); err != nil {
		return a, err
	}
	if encoded := fmt.Sprint(a.Fields["x-oss-err"]); len(body) == 0 && a.Status >= 300 {
		if body, err = base64.StdEncoding.DecodeString(encoded); err != nil {
			return a, err
		}
	}
	a.Fields["Body"] = string(body)
	if document, err := ossFields(string(body)); err == nil {
		maps.Copy(a.Fields, document)
	}
	if a.Status >= 300 {
		a.Code = fmt.Sprint(a.Fields["Code"])
	}
	return a, nil
}

// ossFields returns the members of a document's root; of one that has only
// text, that, under its name.
func ossFields(document string) (map[string]any, error) {
	_, root, found := strings.Cut(document, "?>")
	if !found {
		return nil, errors.New("no document")
	}
	all, err := readXML("<all>" + root + "</all>")
	for _, value := range all {
		if members, ok := value.(map[string]any); ok {
			return members, err
		}
	}
	return all, err
}

// The published rules of signing: "Include a V1 / V4 signature in the
// Authorization header" and "… in a URL" of the OSS API reference.

func signOSSV1(r *ossRequest, key account.Key) {
	r.header["date"] = time.Now().UTC().Format(http.TimeFormat)
	if key.Token != "" {
		r.header["x-oss-security-token"] = key.Token
	}
	r.header["authorization"] = "OSS " + key.AccessKeyID + ":" + hmacSHA1(key.Secret, r.textV1(r.header["date"]))
}

func signOSSURLV1(r *ossRequest, key account.Key) {
	expires := fmt.Sprint(time.Now().Add(time.Minute).Unix())
	if key.Token != "" {
		r.query["security-token"] = key.Token
	}
	signature := hmacSHA1(key.Secret, r.textV1(expires))
	r.query["OSSAccessKeyId"], r.query["Expires"], r.query["Signature"] = key.AccessKeyID, expires, signature
}

func (r *ossRequest) textV1(date string) string {
	signed := []string{"acl", "append", "bucketInfo", "continuation-token", "delete", "lifecycle", "location", "objectMeta", "partNumber", "position",
		"regions", "security-token", "stat", "symlink", "tagging", "uploadId", "uploads", "versionId", "versioning", "versions"}
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(r.query)) {
		if !slices.Contains(signed, name) || name == "regions" {
			continue
		}
		if r.query[name] != "" {
			name += "=" + r.query[name]
		}
		pairs = append(pairs, name)
	}
	resource := r.resource()
	if len(pairs) > 0 {
		resource += "?" + strings.Join(pairs, "&")
	}
	return strings.Join([]string{r.method, r.header["content-md5"], r.header["content-type"], date,
		r.headers(func(name string) bool { return strings.HasPrefix(name, "x-oss-") }) + resource}, "\n")
}

func signOSSV4(r *ossRequest, key account.Key) {
	now := time.Now().UTC()
	r.header["x-oss-date"], r.header["x-oss-content-sha256"] = now.Format("20060102T150405Z"), "UNSIGNED-PAYLOAD"
	if key.Token != "" {
		r.header["x-oss-security-token"] = key.Token
	}
	scope := now.Format("20060102") + "/" + account.Region + "/oss/aliyun_v4_request"
	r.header["authorization"] = "OSS4-HMAC-SHA256 Credential=" + key.AccessKeyID + "/" + scope + ",Signature=" + r.signatureV4(key, now, scope)
}

func signOSSURLV4(r *ossRequest, key account.Key) {
	now := time.Now().UTC()
	scope := now.Format("20060102") + "/" + account.Region + "/oss/aliyun_v4_request"
	if key.Token != "" {
		r.query["x-oss-security-token"] = key.Token
	}
	r.query["x-oss-signature-version"], r.query["x-oss-credential"] = "OSS4-HMAC-SHA256", key.AccessKeyID+"/"+scope
	r.query["x-oss-date"], r.query["x-oss-expires"] = now.Format("20060102T150405Z"), "60"
	r.query["x-oss-signature"] = r.signatureV4(key, now, scope)
}

func (r *ossRequest) signatureV4(key account.Key, now time.Time, scope string) string {
	canonical := strings.Join([]string{r.method, strings.ReplaceAll(escape(r.resource()), "%2F", "/"), ossPairs(r.query),
		r.headers(func(name string) bool {
			return strings.HasPrefix(name, "x-oss-") || name == "content-type" || name == "content-md5"
		}), "", "UNSIGNED-PAYLOAD"}, "\n")
	sum := sha256.Sum256([]byte(canonical))
	mac := []byte("aliyun_v4" + key.Secret)
	for part := range strings.SplitSeq(scope, "/") {
		mac = hmacSHA256(mac, part)
	}
	text := strings.Join([]string{"OSS4-HMAC-SHA256", now.Format("20060102T150405Z"), scope, hex.EncodeToString(sum[:])}, "\n")
	return hex.EncodeToString(hmacSHA256(mac, text))
}

func hmacSHA1(key, text string) string {
	h := hmac.New(sha1.New, []byte(key))
	io.WriteString(h, text)
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	io.WriteString(h, text)
	return h.Sum(nil)
}

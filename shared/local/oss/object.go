package oss

import (
	"bytes"
	"cmp"
	"crypto/md5"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"hash/crc64"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// object is what the store keeps of an object besides its bytes.
type object struct {
	Size     int64
	ETag     string // upper-case hex MD5, without quotes
	CRC64    string // decimal
	ACL      string // "default" or "private", which are the same here
	Modified time.Time
	Headers  map[string]string // as they are answered; canonical names
}

// contentHeaders are the standard headers that OSS keeps with an object.
// Source: OSS API, PutObject, request headers.
var contentHeaders = []string{"Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"}

// maxMetadata is the limit of an object's x-oss-meta-* headers in bytes.
// Source: OSS API, PutObject, user metadata: 8 KB.
const maxMetadata = 8 << 10

// ecma is CRC-64 of ECMA-182, the checksum in x-oss-hash-crc64ecma.
var ecma = crc64.MakeTable(crc64.ECMA)

func newObject(c *call, body []byte) (object, error) {
	headers, err := c.objectHeaders()
	if err != nil {
		return object{}, err
	}
	sum := md5.Sum(body)
	if sent := c.Header.Get("Content-MD5"); sent != "" && sent != base64.StdEncoding.EncodeToString(sum[:]) {
		return object{}, errInvalidDigest
	}
	return object{
		Size:    int64(len(body)),
		ETag:    strings.ToUpper(hex.EncodeToString(sum[:])),
		CRC64:   strconv.FormatUint(crc64.Checksum(body, ecma), 10),
		ACL:     cmp.Or(c.Header.Get("x-oss-object-acl"), aclDefault),
		Headers: headers,
	}, nil
}

// objectHeaders returns the headers of a PUT that are kept with the object.
func (c *call) objectHeaders() (map[string]string, error) {
	headers := map[string]string{"Content-Type": "application/octet-stream"}
	metadata := 0
	for name, values := range c.Header {
		isMeta := strings.HasPrefix(name, metaPrefix)
		if !isMeta && !slices.Contains(contentHeaders, name) {
			continue
		}
		value := joinTrimmed(values)
		if !utf8.ValidString(name + value) {
			return nil, errInvalidArgument.because("A header is not UTF-8.")
		}
		if isMeta {
			metadata += len(name) + len(value)
		}
		if value != "" || isMeta {
			headers[name] = value
		}
	}
	if metadata > maxMetadata {
		return nil, errInvalidArgument.because("The user metadata is larger than 8 KB.")
	}
	return headers, nil
}

// md5 returns the object's digest in the form of Content-MD5.
func (o object) md5() string {
	sum, _ := hex.DecodeString(o.ETag)
	return base64.StdEncoding.EncodeToString(sum)
}

func (o object) quotedETag() string { return `"` + o.ETag + `"` }

// body reads a request's body, at most limit bytes.
func (c *call) body(limit int64) ([]byte, error) {
	if c.ContentLength > limit {
		return nil, errEntityTooLarge.with("MaxSizeAllowed", strconv.FormatInt(limit, 10))
	}
	var b bytes.Buffer
	b.Grow(int(max(c.ContentLength, 0)) + bytes.MinRead) // never grown while reading
	if _, err := b.ReadFrom(io.LimitReader(c.Body, limit+1)); err != nil {
		return nil, errRequestTimeout // the connection broke; nobody reads this
	}
	if int64(b.Len()) > limit {
		return nil, errEntityTooLarge.with("MaxSizeAllowed", strconv.FormatInt(limit, 10))
	}
	return b.Bytes(), nil
}

func (s *Service) putObject(w http.ResponseWriter, c *call) error {
	if c.ContentLength == 0 && c.Header.Get("Content-Length") == "" && len(c.TransferEncoding) == 0 {
		return errMissingLength
	}
	body, err := c.body(MaxObjectSize)
	if err != nil {
		return err
	}
	o, err := newObject(c, body)
	if err != nil {
		return err
	}
	if err := s.st.Update(func(tx *store.Tx) error { return s.keep(tx, c, o, body) }); err != nil {
		return err
	}
	w.Header().Set("ETag", o.quotedETag())
	w.Header().Set("Content-MD5", o.md5())
	w.Header().Set("x-oss-hash-crc64ecma", o.CRC64)
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return nil
}

// keep stores an object and delivers its event, in one transaction.
func (s *Service) keep(tx *store.Tx, c *call, o object, body []byte) error {
	old, found, err := findObject(tx, c.bucket, c.key)
	if err != nil {
		return err
	}
	if found && c.Header.Get("x-oss-forbid-overwrite") == "true" {
		return errFileAlreadyExists
	}
	o.Modified = s.acct.Clock.Now()
	key := store.Key(c.bucket, c.key)
	if err := tx.PutJSON(objectTable, key, o); err != nil {
		return err
	}
	if err := tx.Put(dataTable, key, body); err != nil {
		return err
	}
	return s.notify(tx, change{"ObjectCreated:PutObject", c, c.key, o, o.Size - old.Size, o.Modified})
}

// findObject returns an object without its bytes; the error is errNoSuchBucket
// where the bucket does not exist.
func findObject(tx *store.Tx, bucket, key string) (o object, found bool, err error) {
	if tx.Get(bucketTable, bucket) == nil {
		return o, false, errNoSuchBucket
	}
	found, err = tx.GetJSON(objectTable, store.Key(bucket, key), &o)
	return o, found, err
}

// checkVersion refuses any version but "null", which every object here has.
func (c *call) checkVersion() error {
	if c.query.Has("versionId") && c.query.Get("versionId") != "null" {
		return errNoSuchVersion
	}
	return nil
}

// read returns the object of a call, with its bytes if wanted, from one snapshot.
func (s *Service) read(c *call, wantBytes bool) (o object, body []byte, err error) {
	err = s.st.View(func(tx *store.Tx) error {
		var found bool
		if o, found, err = findObject(tx, c.bucket, c.key); err != nil {
			return err
		}
		if !found {
			return errNoSuchKey.with("Key", c.key)
		}
		if wantBytes {
			body = tx.Get(dataTable, store.Key(c.bucket, c.key))
		}
		return c.checkVersion()
	})
	return o, body, err
}

func (s *Service) getObject(w http.ResponseWriter, c *call) error {
	o, body, err := s.read(c, true)
	if err != nil {
		return err
	}
	if err := c.precondition(w, o); err != nil {
		return err
	}
	span, err := selectRange(c.Header.Get("Range"), c.Header.Get("x-oss-range-behavior") == "standard", o.Size)
	if err != nil {
		return err
	}
	o.describe(w)
	c.overrideHeaders(w)
	w.Header().Set("Content-Length", strconv.FormatInt(span.length, 10))
	status := http.StatusOK
	if span.partial {
		status = http.StatusPartialContent
		w.Header().Del("Content-MD5") // of the whole object, not of this body
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", span.first, span.first+span.length-1, o.Size))
	}
	w.WriteHeader(status)
	w.Write(body[span.first : span.first+span.length])
	return nil
}

func (s *Service) headObject(w http.ResponseWriter, c *call) error {
	o, _, err := s.read(c, false)
	if err != nil {
		return err
	}
	if err := c.precondition(w, o); err != nil {
		return err
	}
	o.describe(w)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) getObjectMeta(w http.ResponseWriter, c *call) error {
	o, _, err := s.read(c, false)
	if err != nil {
		return err
	}
	o.identify(w)
	w.Header().Set("Content-Length", strconv.FormatInt(o.Size, 10))
	w.Header().Set("x-oss-hash-crc64ecma", o.CRC64)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (o object) identify(w http.ResponseWriter) {
	w.Header().Set("ETag", o.quotedETag())
	w.Header().Set("Last-Modified", o.Modified.Format(http.TimeFormat))
}

// describe sets the headers that GET and HEAD have in common.
func (o object) describe(w http.ResponseWriter) {
	o.identify(w)
	for name, value := range o.Headers {
		w.Header().Set(name, value)
	}
	w.Header().Set("Content-Length", strconv.FormatInt(o.Size, 10))
	w.Header().Set("Content-MD5", o.md5())
	w.Header().Set("Accept-Ranges", "bytes")
	w.Header().Set("x-oss-object-type", "Normal")
	w.Header().Set("x-oss-storage-class", storageClass)
	w.Header().Set("x-oss-hash-crc64ecma", o.CRC64)
}

// overrideHeaders applies the response-* parameters of a GET.
func (c *call) overrideHeaders(w http.ResponseWriter) {
	for param := range c.query {
		if name, ok := strings.CutPrefix(param, "response-"); ok {
			w.Header().Set(name, c.query.Get(param))
		}
	}
}

// precondition judges the conditional headers: a request must meet all that it has.
func (c *call) precondition(w http.ResponseWriter, o object) error {
	modified := o.Modified.Truncate(time.Second) // as Last-Modified tells it
	if match := c.Header.Get("If-Match"); match != "" && !matchesETag(match, o.ETag) {
		return errPreconditionFailed.with("Condition", "If-Match")
	}
	if since, err := http.ParseTime(c.Header.Get("If-Unmodified-Since")); err == nil && modified.After(since) {
		return errPreconditionFailed.with("Condition", "If-Unmodified-Since")
	}
	since, err := http.ParseTime(c.Header.Get("If-Modified-Since"))
	unmodified := err == nil && !modified.After(since)
	if none := c.Header.Get("If-None-Match"); unmodified || (none != "" && matchesETag(none, o.ETag)) {
		o.identify(w)
		return errNotModified
	}
	return nil
}

// matchesETag reports whether a list of ETags, quoted or not, has this one.
func matchesETag(list, etag string) bool {
	for candidate := range strings.SplitSeq(list, ",") {
		if candidate = strings.Trim(strings.TrimSpace(candidate), `"`); candidate == etag || candidate == "*" {
			return true
		}
	}
	return false
}

func (s *Service) deleteObject(w http.ResponseWriter, c *call) error {
	if err := c.checkVersion(); err != nil {
		return err
	}
	err := s.st.Update(func(tx *store.Tx) error { return s.remove(tx, c, c.key, "ObjectRemoved:DeleteObject") })
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// remove deletes an object and delivers its event; what is not there is no
// error and no event.
func (s *Service) remove(tx *store.Tx, c *call, key, event string) error {
	o, found, err := findObject(tx, c.bucket, key)
	if err != nil || !found {
		return err
	}
	if err := tx.Delete(objectTable, store.Key(c.bucket, key)); err != nil {
		return err
	}
	if err := tx.Delete(dataTable, store.Key(c.bucket, key)); err != nil {
		return err
	}
	return s.notify(tx, change{event, c, key, o, -o.Size, s.acct.Clock.Now()})
}

// deleteRequest is the body of DeleteMultipleObjects.
type deleteRequest struct {
	XMLName xml.Name `xml:"Delete"`
	Quiet   bool
	Object  []struct {
		Key       string
		VersionID string `xml:"VersionId"`
	}
}

type deleteResult struct {
	XMLName      xml.Name `xml:"DeleteResult"`
	EncodingType string   `xml:",omitempty"`
	Deleted      []deletedObject
}

type deletedObject struct{ Key string }

// Limits of DeleteMultipleObjects.
// Source: OSS API, DeleteMultipleObjects: 1,000 objects, a body of 2 MB.
const (
	maxDeleteObjects = 1000
	maxDeleteBody    = 2 << 20
)

func (s *Service) deleteObjects(w http.ResponseWriter, c *call) error {
	request, err := c.deleteRequest()
	if err != nil {
		return err
	}
	encode, err := c.encoding()
	if err != nil {
		return err
	}
	result := deleteResult{EncodingType: c.query.Get("encoding-type")}
	for _, o := range request.Object {
		result.Deleted = append(result.Deleted, deletedObject{encode(o.Key)})
	}
	err = s.st.Update(func(tx *store.Tx) error {
		for _, o := range request.Object {
			if err := s.remove(tx, c, o.Key, "ObjectRemoved:DeleteObjects"); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	if request.Quiet {
		result.Deleted = nil
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

func (c *call) deleteRequest() (deleteRequest, error) {
	var request deleteRequest
	body, err := c.body(maxDeleteBody)
	if err != nil {
		return request, err
	}
	sum := md5.Sum(body)
	if c.Header.Get("Content-MD5") != base64.StdEncoding.EncodeToString(sum[:]) {
		return request, errInvalidDigest // the header is mandatory here
	}
	if xml.Unmarshal(body, &request) != nil || len(request.Object) == 0 || len(request.Object) > maxDeleteObjects {
		return request, errMalformedXML
	}
	for _, o := range request.Object {
		if !validKey(o.Key) {
			return request, errInvalidObjectName
		}
		if o.VersionID != "" && o.VersionID != "null" {
			return request, errNoSuchVersion
		}
	}
	return request, nil
}

// aclResult is the answer of GetBucketAcl and GetObjectAcl.
type aclResult struct {
	XMLName xml.Name `xml:"AccessControlPolicy"`
	Owner   owner
	Grant   string `xml:"AccessControlList>Grant"`
}

type owner struct {
	ID          string
	DisplayName string
}

var accountOwner = owner{account.ID, account.ID}

func (s *Service) getObjectACL(w http.ResponseWriter, c *call) error {
	o, _, err := s.read(c, false)
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, aclResult{Owner: accountOwner, Grant: o.ACL})
	return nil
}

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

	"imagedrop/shared/local/store"
)

// contentHeaders are the standard headers that OSS keeps with an object.
// Source: OSS API, PutObject, request headers.
var contentHeaders = []string{"Content-Type", "Cache-Control", "Content-Disposition", "Content-Encoding", "Content-Language", "Expires"}

// maxMetadata is the limit of an object's x-oss-meta-* headers in bytes.
// Source: OSS API, PutObject, user metadata: 8 KB.
const maxMetadata = 8 << 10

// newObject returns the object that a body and the headers of its request make.
func (c *call) newObject(body []byte) (object, error) {
	o, err := c.describedObject(typeNormal)
	if err != nil {
		return o, err
	}
	o.weigh(body)
	if sent := c.Header.Get("Content-MD5"); sent != "" && sent != o.MD5 {
		return o, errInvalidDigest
	}
	return o, nil
}

// weigh sets what follows from the bytes of an object.
func (o *object) weigh(body []byte) {
	sum := md5.Sum(body)
	o.Size, o.ETag, o.CRC64 = int64(len(body)), etag(sum[:]), crc64.Checksum(body, ecma)
	o.MD5 = base64.StdEncoding.EncodeToString(sum[:])
}

func etag(sum []byte) string { return strings.ToUpper(hex.EncodeToString(sum)) }

// describedObject returns an empty object with what the headers of a request
// say about one.
func (c *call) describedObject(kind string) (o object, err error) {
	o = object{Type: kind, ACL: cmp.Or(c.Header.Get("x-oss-object-acl"), aclDefault)}
	if o.Tags, err = parseTags(c.Header.Get("x-oss-tagging")); err != nil {
		return o, err
	}
	o.Headers, err = c.objectHeaders()
	return o, err
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

func (o object) quotedETag() string { return `"` + o.ETag + `"` }

// body reads a request's body, at most limit bytes.
func (c *call) body(limit int64) ([]byte, error) {
	if c.ContentLength > limit {
		return nil, tooLarge(limit)
	}
	var b bytes.Buffer
	b.Grow(int(max(c.ContentLength, 0)) + bytes.MinRead) // never grown while reading
	if _, err := b.ReadFrom(io.LimitReader(c.Body, limit+1)); err != nil {
		return nil, errRequestTimeout // the connection broke; nobody reads this
	}
	if int64(b.Len()) > limit {
		return nil, tooLarge(limit)
	}
	return b.Bytes(), nil
}

// putObject follows the page PutObject. It leaves out callbacks, server-side
// encryption and every storage class but Standard.
func (s *Service) putObject(w http.ResponseWriter, c *call) error {
	o, body, err := s.uploaded(c)
	if err != nil {
		return err
	}
	o, err = s.store(w, c, o, body, "ObjectCreated:PutObject")
	if err != nil {
		return err
	}
	o.acknowledge(w)
	return nil
}

func tooLarge(limit int64) error {
	return errEntityTooLarge.with("MaxSizeAllowed", strconv.FormatInt(limit, 10))
}

// uploaded reads the body of a call that is to be stored, and returns the object
// that it makes.
func (s *Service) uploaded(c *call) (o object, body []byte, err error) {
	if c.ContentLength == 0 && c.Header.Get("Content-Length") == "" && len(c.TransferEncoding) == 0 {
		return o, nil, errMissingLength
	}
	if body, err = c.body(s.opt.MaxObjectSize); err != nil {
		return o, nil, err
	}
	o, err = c.newObject(body)
	return o, body, err
}

// acknowledge answers a request whose body was stored as o.
func (o object) acknowledge(w http.ResponseWriter) {
	o.showSums(w)
	w.Header().Set("Content-MD5", o.MD5)
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
}

// showSums tells the checksums of an object that was made or changed.
func (o object) showSums(w http.ResponseWriter) {
	w.Header().Set("ETag", o.quotedETag())
	w.Header().Set("x-oss-hash-crc64ecma", decimal(o.CRC64))
}

func decimal(n uint64) string { return strconv.FormatUint(n, 10) }

// store keeps o, with that body, as the call's object, tells its version and
// returns it as it is stored.
func (s *Service) store(w http.ResponseWriter, c *call, o object, body []byte, event string) (stored object, err error) {
	var b bucketRecord
	err = s.st.Update(func(tx *store.Tx) (err error) {
		b, stored, err = s.keep(tx, c, o, body, event)
		return err
	})
	if err == nil {
		b.showVersion(w, stored)
	}
	return stored, err
}

// keep makes o, with that body, the newest version of the call's object and
// delivers its event. It returns the version as it is stored.
func (s *Service) keep(tx *store.Tx, c *call, o object, body []byte, event string) (bucketRecord, object, error) {
	b, err := c.mayOverwrite(tx)
	if err != nil {
		return b, o, err
	}
	chunks, err := putChunk(tx, body)
	if err != nil {
		return b, o, err
	}
	o.Chunks = append(slices.Clip(o.Chunks), chunks...)
	o.Modified = s.acct.Clock.Now()
	o, replaced, err := addVersion(tx, b, c.bucket, c.key, o)
	if err != nil {
		return b, o, err
	}
	return b, o, s.notify(tx, change{event, c, c.key, o, o.Size - replaced.Size, o.Modified})
}

// mayOverwrite returns the record of the call's bucket, or why its object must
// not be written. With versioning nothing is overwritten, so nothing is forbidden.
// Source: OSS API, PutObject, x-oss-forbid-overwrite.
func (c *call) mayOverwrite(tx *store.Tx) (bucketRecord, error) {
	b, err := bucketIn(tx, c.bucket)
	if err != nil || b.Versioning != "" || c.Header.Get("x-oss-forbid-overwrite") != "true" {
		return b, err
	}
	_, found, err := currentVersion(tx, c.bucket, c.key)
	if err == nil && found {
		err = errFileAlreadyExists
	}
	return b, err
}

// view runs fn on the version of an object that the call names, in one
// snapshot, and tells that version in the answer.
func (s *Service) view(w http.ResponseWriter, c *call, fn func(*store.Tx, object) error) error {
	return s.st.View(func(tx *store.Tx) error {
		b, err := bucketIn(tx, c.bucket)
		if err != nil {
			return err
		}
		o, err := find(tx, source{c.bucket, c.key, c.query.Get("versionId")})
		if o.Marker {
			w.Header().Set("x-oss-delete-marker", "true")
		}
		if o.Marker || err == nil {
			b.showVersion(w, o)
		}
		if err != nil {
			return err
		}
		return fn(tx, o)
	})
}

// getObject follows the page GetObject. It leaves out x-oss-process, several
// ranges in one request, and what needs a key of the client.
func (s *Service) getObject(w http.ResponseWriter, c *call) error {
	var (
		o    object
		sp   span
		body []byte
	)
	err := s.view(w, c, func(tx *store.Tx, found object) (err error) {
		if o, err = follow(tx, c.bucket, found); err != nil {
			return err
		}
		if err := c.precondition(w, o, ""); err != nil {
			return err
		}
		sp, err = selectRange(c.Header.Get("Range"), c.Header.Get("x-oss-range-behavior") == "standard", o.Size)
		if err == nil {
			body = o.bytes(tx, sp.first, sp.length)
		}
		return err
	})
	if err != nil {
		return err
	}
	o.describe(w)
	c.overrideHeaders(w)
	w.Header().Set("Content-Length", strconv.FormatInt(sp.length, 10))
	status := http.StatusOK
	if sp.partial {
		status = http.StatusPartialContent
		w.Header().Del("Content-MD5") // of the whole object, not of this body
		w.Header().Set("Content-Range", fmt.Sprintf("bytes %d-%d/%d", sp.first, sp.first+sp.length-1, o.Size))
	}
	w.WriteHeader(status)
	w.Write(body)
	return nil
}

// headObject follows the page HeadObject.
func (s *Service) headObject(w http.ResponseWriter, c *call) error {
	err := s.view(w, c, func(tx *store.Tx, found object) error {
		o, err := follow(tx, c.bucket, found)
		if err != nil {
			return err
		}
		if err := c.precondition(w, o, ""); err != nil {
			return err
		}
		o.describe(w)
		return nil
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// getObjectMeta follows the page GetObjectMeta: of a symlink it tells the link.
// It leaves out x-oss-last-access-time, and, where it is asked with GET, as npm
// aliyun-sdk asks, the length: there is no body, and a client would wait for it.
func (s *Service) getObjectMeta(w http.ResponseWriter, c *call) error {
	err := s.view(w, c, func(_ *store.Tx, o object) error {
		o.identify(w)
		if c.Method == http.MethodHead {
			w.Header().Set("Content-Length", strconv.FormatInt(o.Size, 10))
		}
		w.Header().Set("x-oss-hash-crc64ecma", decimal(o.CRC64))
		return nil
	})
	if err != nil {
		return err
	}
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
	w.Header().Set("Accept-Ranges", "bytes")
	w.Header().Set("x-oss-object-type", o.Type)
	w.Header().Set("x-oss-storage-class", storageClass)
	w.Header().Set("x-oss-hash-crc64ecma", decimal(o.CRC64))
	if o.MD5 != "" {
		w.Header().Set("Content-MD5", o.MD5)
	}
	if len(o.Tags) > 0 {
		w.Header().Set("x-oss-tagging-count", strconv.Itoa(len(o.Tags)))
	}
	if o.Type == typeAppendable {
		w.Header().Set("x-oss-next-append-position", strconv.FormatInt(o.Size, 10))
	}
}

// overrideHeaders applies the response-* parameters of a GET.
func (c *call) overrideHeaders(w http.ResponseWriter) {
	for param := range c.query {
		if name, ok := strings.CutPrefix(param, "response-"); ok {
			w.Header().Set(name, c.query.Get(param))
		}
	}
}

// precondition judges the conditional headers, whose names begin with prefix: a
// request must meet all that it has.
func (c *call) precondition(w http.ResponseWriter, o object, prefix string) error {
	modified := o.Modified.Truncate(time.Second) // as Last-Modified tells it
	header := func(name string) string { return c.Header.Get(prefix + name) }
	if match := header("If-Match"); match != "" && !matchesETag(match, o.ETag) {
		return errPreconditionFailed.with("Condition", prefix+"If-Match")
	}
	if since, err := http.ParseTime(header("If-Unmodified-Since")); err == nil && modified.After(since) {
		return errPreconditionFailed.with("Condition", prefix+"If-Unmodified-Since")
	}
	since, err := http.ParseTime(header("If-Modified-Since"))
	unmodified := err == nil && !modified.After(since)
	if none := header("If-None-Match"); unmodified || (none != "" && matchesETag(none, o.ETag)) {
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

// deletion is what a delete did: with versioning, to which version.
type deletion struct {
	version string // "" without versioning
	marker  bool   // it is a delete marker, which was made or deleted
}

// deleteObject follows the page DeleteObject: what is not there is no error.
func (s *Service) deleteObject(w http.ResponseWriter, c *call) error {
	var d deletion
	err := s.st.Update(func(tx *store.Tx) (err error) {
		d, err = s.remove(tx, c, c.key, c.query.Get("versionId"), "ObjectRemoved:DeleteObject")
		return err
	})
	if err != nil {
		return err
	}
	if d.version != "" {
		w.Header().Set("x-oss-version-id", d.version)
	}
	if d.marker {
		w.Header().Set("x-oss-delete-marker", "true")
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// remove deletes a version of an object for good, or, where no version is
// named, the object: with versioning by a delete marker. It delivers an event
// where an object went.
func (s *Service) remove(tx *store.Tx, c *call, key, id, event string) (d deletion, err error) {
	b, err := bucketIn(tx, c.bucket)
	if err != nil {
		return d, err
	}
	if id == "" && b.Versioning != "" {
		return s.mark(tx, c, b, key, event)
	}
	o, err := dropVersion(tx, c.bucket, key, cmp.Or(id, nullVersion))
	if err != nil {
		return d, err
	}
	if b.Versioning != "" {
		d = deletion{id, o.Marker}
	}
	if o.row == "" || o.Marker {
		return d, nil
	}
	return d, s.notify(tx, change{event, c, key, o, -o.Size, s.acct.Clock.Now()})
}

// mark puts a delete marker on an object, whether it exists or not.
func (s *Service) mark(tx *store.Tx, c *call, b bucketRecord, key, event string) (d deletion, err error) {
	old, found, err := currentVersion(tx, c.bucket, key)
	if err != nil {
		return d, err
	}
	marker, replaced, err := addVersion(tx, b, c.bucket, key, object{Marker: true, Modified: s.acct.Clock.Now()})
	if err != nil {
		return d, err
	}
	d = deletion{marker.versionID(), true}
	if !found || old.Marker {
		return d, nil
	}
	return d, s.notify(tx, change{event, c, key, old, -replaced.Size, marker.Modified})
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

type deletedObject struct {
	Key                   string
	VersionID             string `xml:"VersionId,omitempty"`
	DeleteMarker          bool   `xml:",omitempty"`
	DeleteMarkerVersionID string `xml:"DeleteMarkerVersionId,omitempty"`
}

// Limits of DeleteMultipleObjects.
// Source: OSS API, DeleteMultipleObjects: 1,000 objects, a body of 2 MB.
const (
	maxDeleteObjects = 1000
	maxDeleteBody    = 2 << 20
)

// deleteObjects follows the page DeleteMultipleObjects.
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
	err = s.st.Update(func(tx *store.Tx) error {
		result.Deleted = nil
		for _, o := range request.Object {
			d, err := s.remove(tx, c, o.Key, o.VersionID, "ObjectRemoved:DeleteObjects")
			if err != nil {
				return err
			}
			deleted := deletedObject{Key: encode(o.Key), VersionID: o.VersionID, DeleteMarker: d.marker}
			if d.marker {
				deleted.DeleteMarkerVersionID = d.version
			}
			result.Deleted = append(result.Deleted, deleted)
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
	if decodeXML(body, &request) != nil || len(request.Object) == 0 || len(request.Object) > maxDeleteObjects {
		return request, errMalformedXML
	}
	for i, o := range request.Object {
		if !validKey(plainControls.Replace(o.Key)) {
			return request, errInvalidObjectName
		}
		request.Object[i].Key = plainControls.Replace(o.Key)
	}
	return request, nil
}

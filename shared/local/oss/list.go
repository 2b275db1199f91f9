package oss

import (
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"imagedrop/shared/local/store"
)

// Limits of the list operations in entries.
// Source: OSS API, ListObjectsV2, max-keys; ListMultipartUploads, max-uploads.
const (
	defaultMaxKeys    = 100
	defaultMaxUploads = 1000
	maxMaxKeys        = 1000
)

func (c *call) maxKeys(param string, byDefault int) (int, error) {
	text := c.query.Get(param)
	if text == "" {
		return byDefault, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxMaxKeys {
		return 0, errInvalidArgument.because("The parameter must be a number from 1 to 1000.").
			with("ArgumentName", param).with("ArgumentValue", text)
	}
	return n, nil
}

// encoding returns how names are written in the answer.
func (c *call) encoding() (func(string) string, error) {
	switch text := c.query.Get("encoding-type"); text {
	case "":
		return func(name string) string { return name }, nil
	case "url":
		return encodeURL, nil
	default:
		return nil, errInvalidArgument.because("Invalid Encoding Method specified in Request.").
			with("ArgumentName", "encoding-type").with("ArgumentValue", text)
	}
}

// encodeURL writes a space as %20, which every decoder reads, not as "+".
func encodeURL(name string) string { return strings.ReplaceAll(url.QueryEscape(name), "+", "%20") }

// listing is what a list operation asks for.
type listing struct {
	prefix, delimiter string
	after             string // the last entry of the page before: a key or a common prefix
	limit             int
	encode            func(string) string
}

func (c *call) listing(after string) (listing, error) {
	limit, err := c.maxKeys("max-keys", defaultMaxKeys)
	if err != nil {
		return listing{}, err
	}
	encode, err := c.encoding()
	return listing{c.query.Get("prefix"), c.query.Get("delimiter"), after, limit, encode}, err
}

// page is one answer of a listing.
type page struct {
	Contents       []entry
	CommonPrefixes []commonPrefix
	IsTruncated    bool
	last           string // the last entry, in the order of the listing
}

type entry struct {
	Key          string
	LastModified string
	ETag         string
	Type         string
	Size         int64
	StorageClass string
	Owner        *owner
}

type commonPrefix struct{ Prefix string }

func (p *page) len() int { return len(p.Contents) + len(p.CommonPrefixes) }

// afterPrefix is greater than every key with the prefix and smaller than all
// that follow: keys are UTF-8, where the byte 0xFF does not occur.
func afterPrefix(prefix string) string { return prefix + "\xff" }

// group returns the common prefix that key is listed under, or "".
func (l listing) group(key string) string {
	if l.delimiter == "" {
		return ""
	}
	head, _, found := strings.Cut(key[len(l.prefix):], l.delimiter)
	if !found {
		return ""
	}
	return l.prefix + head + l.delimiter
}

// list reads a page of the bucket. A common prefix costs one step, however many
// keys are below it.
func (l listing) list(tx *store.Tx, bucket string) (page, error) {
	var p page
	if tx.Get(bucketTable, bucket) == nil {
		return p, errNoSuchBucket.with("BucketName", bucket)
	}
	var failed error
	for from, more := l.after, true; more; {
		more = false
		tx.Scan(objectTable, store.Key(bucket, l.prefix), store.Key(bucket, from), func(k string, v []byte) bool {
			key := k[len(bucket)+1:]
			group := l.group(key)
			listed := group != "" && group == l.after // on the page before
			switch {
			case key == l.after && !listed:
				return true
			case p.len() == l.limit && !listed:
				p.IsTruncated = true
				return false
			case group == "":
				p.last, failed = key, p.add(l.encode(key), v)
				return failed == nil
			case !listed:
				p.CommonPrefixes = append(p.CommonPrefixes, commonPrefix{l.encode(group)})
				p.last = group
			}
			from, more = afterPrefix(group), true
			return false
		})
	}
	return p, failed
}

func (p *page) add(name string, record []byte) error {
	var o object
	if err := json.Unmarshal(record, &o); err != nil {
		return err
	}
	p.Contents = append(p.Contents, entry{
		Key: name, LastModified: written(o.Modified), ETag: o.quotedETag(), Type: "Normal", Size: o.Size, StorageClass: storageClass,
	})
	return nil
}

func (p *page) showOwner() {
	for i := range p.Contents {
		p.Contents[i].Owner = &accountOwner
	}
}

func (s *Service) page(c *call, l listing) (p page, err error) {
	err = s.st.View(func(tx *store.Tx) error {
		p, err = l.list(tx, c.bucket)
		return err
	})
	return p, err
}

// listResult is the answer of ListObjects and ListObjectsV2. A nil element is
// absent; the operations differ in which are.
type listResult struct {
	XMLName               xml.Name `xml:"ListBucketResult"`
	Name                  string
	Prefix                string
	Marker                *string
	StartAfter            *string
	ContinuationToken     *string
	MaxKeys               int
	Delimiter             string
	EncodingType          string `xml:",omitempty"`
	IsTruncated           bool
	NextMarker            *string
	NextContinuationToken *string
	Contents              []entry
	CommonPrefixes        []commonPrefix
	KeyCount              *int
}

func (c *call) listResult(l listing, p page) listResult {
	return listResult{
		Name: c.bucket, Prefix: l.encode(l.prefix), MaxKeys: l.limit, Delimiter: l.encode(l.delimiter),
		EncodingType: c.query.Get("encoding-type"), IsTruncated: p.IsTruncated,
		Contents: p.Contents, CommonPrefixes: p.CommonPrefixes,
	}
}

func (s *Service) listObjects(w http.ResponseWriter, c *call) error {
	l, err := c.listing(c.query.Get("marker"))
	if err != nil {
		return err
	}
	p, err := s.page(c, l)
	if err != nil {
		return err
	}
	p.showOwner()
	result := c.listResult(l, p)
	result.Marker = new(l.encode(l.after))
	if p.IsTruncated {
		result.NextMarker = new(l.encode(p.last))
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

func (s *Service) listObjectsV2(w http.ResponseWriter, c *call) error {
	after, err := c.position()
	if err != nil {
		return err
	}
	l, err := c.listing(after)
	if err != nil {
		return err
	}
	p, err := s.page(c, l)
	if err != nil {
		return err
	}
	if c.query.Get("fetch-owner") == "true" {
		p.showOwner()
	}
	result := c.listResult(l, p)
	result.KeyCount = new(p.len())
	if text := c.query.Get("start-after"); text != "" {
		result.StartAfter = new(l.encode(text))
	}
	if token := c.query.Get("continuation-token"); token != "" {
		result.ContinuationToken = &token
	}
	if p.IsTruncated {
		result.NextContinuationToken = new(newToken(p.last))
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

// tokens are what continuation tokens are encoded with: it needs no escaping
// in a URL, and must not be read as a key.
var tokens = base64.RawURLEncoding.Strict()

func newToken(last string) string { return tokens.EncodeToString([]byte(last)) }

// position returns where a version 2 list begins; a token outranks start-after.
func (c *call) position() (string, error) {
	if c.query.Get("list-type") != "2" {
		return "", errInvalidArgument.because("The list type must be 2.").
			with("ArgumentName", "list-type").with("ArgumentValue", c.query.Get("list-type"))
	}
	token := c.query.Get("continuation-token")
	if token == "" {
		return c.query.Get("start-after"), nil
	}
	last, err := tokens.DecodeString(token)
	if err != nil {
		return "", errInvalidArgument.because("The continuation token is not valid.").
			with("ArgumentName", "continuation-token").with("ArgumentValue", token)
	}
	return string(last), nil
}

type versionsResult struct {
	XMLName             xml.Name `xml:"ListVersionsResult"`
	Name                string
	Prefix              string
	KeyMarker           string
	VersionIDMarker     string `xml:"VersionIdMarker"`
	MaxKeys             int
	Delimiter           string
	EncodingType        string `xml:",omitempty"`
	IsTruncated         bool
	NextKeyMarker       *string
	NextVersionIDMarker *string `xml:"NextVersionIdMarker"`
	Version             []version
	CommonPrefixes      []commonPrefix
}

type version struct {
	entry
	VersionID string `xml:"VersionId"`
	IsLatest  bool
}

func (s *Service) listVersions(w http.ResponseWriter, c *call) error {
	l, err := c.listing(c.query.Get("key-marker"))
	if err != nil {
		return err
	}
	p, err := s.page(c, l)
	if err != nil {
		return err
	}
	p.showOwner()
	result := versionsResult{
		Name: c.bucket, Prefix: l.encode(l.prefix), KeyMarker: l.encode(l.after), VersionIDMarker: c.query.Get("version-id-marker"),
		MaxKeys: l.limit, Delimiter: l.encode(l.delimiter), EncodingType: c.query.Get("encoding-type"),
		IsTruncated: p.IsTruncated, CommonPrefixes: p.CommonPrefixes,
	}
	for _, e := range p.Contents {
		result.Version = append(result.Version, version{e, "null", true})
	}
	if p.IsTruncated {
		result.NextKeyMarker, result.NextVersionIDMarker = new(l.encode(p.last)), new("null")
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

type uploadsResult struct {
	XMLName        xml.Name `xml:"ListMultipartUploadsResult"`
	Bucket         string
	KeyMarker      string
	UploadIDMarker string `xml:"UploadIdMarker"`
	Delimiter      string
	Prefix         string
	EncodingType   string `xml:",omitempty"`
	MaxUploads     int
	IsTruncated    bool
}

// listUploads answers that no multipart upload is open: none can be started.
func (s *Service) listUploads(w http.ResponseWriter, c *call) error {
	limit, err := c.maxKeys("max-uploads", defaultMaxUploads)
	if err != nil {
		return err
	}
	encode, err := c.encoding()
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, uploadsResult{
		Bucket: c.bucket, KeyMarker: encode(c.query.Get("key-marker")), UploadIDMarker: c.query.Get("upload-id-marker"),
		Delimiter: encode(c.query.Get("delimiter")), Prefix: encode(c.query.Get("prefix")),
		EncodingType: c.query.Get("encoding-type"), MaxUploads: limit,
	})
	return nil
}

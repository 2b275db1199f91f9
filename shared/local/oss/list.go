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
	rows        []listed
	prefixes    []commonPrefix
	truncated   bool
	last        string // the last entry, in the order of the listing: a key or a common prefix
	lastVersion string // of that key
}

// listed is an object in a listing.
type listed struct {
	key    string // as it is answered
	object object
	latest bool
}

// entry is how an object stands in an answer.
type entry struct {
	Key          string
	LastModified string
	ETag         string
	Type         string
	Size         int64
	StorageClass string
	Owner        *owner
}

func (l listed) entry() entry {
	return entry{
		Key: l.key, LastModified: written(l.object.Modified), ETag: l.object.quotedETag(), Type: l.object.Type,
		Size: l.object.Size, StorageClass: storageClass,
	}
}

type commonPrefix struct{ Prefix string }

func (p *page) len() int { return len(p.rows) + len(p.prefixes) }

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

// list reads a page of the bucket's objects. A common prefix costs one step,
// however many keys are below it.
func (l listing) list(tx *store.Tx, bucket string) (page, error) {
	return l.walk(tx, bucket, store.Key(bucket, l.after), "", func(v listed) bool { return v.latest && !v.object.Marker })
}

// listVersions reads a page of the bucket's versions. Where version names one
// of the key that the listing begins after, the older ones of that key follow.
func (l listing) listVersions(tx *store.Tx, bucket, version string) (page, error) {
	from, key, seen := store.Key(bucket, l.after), l.after, ""
	if version != "" {
		l.after = "" // its older versions are wanted
		o, found, err := versionOf(tx, bucket, key, version)
		if err != nil {
			return page{}, err
		}
		if found {
			from, seen = o.row+"\x00", key
		}
	}
	return l.walk(tx, bucket, from, seen, func(listed) bool { return true })
}

// walk collects the versions from a row on that wanted chooses; seen is the key
// whose latest version is before that row.
func (l listing) walk(tx *store.Tx, bucket, from, seen string, wanted func(listed) bool) (p page, failed error) {
	for more := true; more; {
		more = false
		tx.Scan(objectTable, store.Key(bucket, l.prefix), from, func(row string, record []byte) bool {
			v := listed{key: keyOf(bucket, row)}
			v.latest, seen = v.key != seen, v.key
			if failed = json.Unmarshal(record, &v.object); failed != nil {
				return false
			}
			group := l.group(v.key)
			switch {
			case !wanted(v) || (v.key == l.after && group != l.after):
				return true
			case group != "" && group == l.after: // on the page before
				from, more = store.Key(bucket, afterPrefix(group)), true
				return false
			case p.len() == l.limit:
				p.truncated = true
				return false
			case group == "":
				p.add(l.encode, v)
				return true
			}
			p.prefixes = append(p.prefixes, commonPrefix{l.encode(group)})
			p.last, p.lastVersion = group, ""
			from, more = store.Key(bucket, afterPrefix(group)), true
			return false
		})
	}
	return p, failed
}

func (p *page) add(encode func(string) string, v listed) {
	p.last, p.lastVersion = v.key, v.object.versionID()
	v.key = encode(v.key)
	p.rows = append(p.rows, v)
}

func (s *Service) page(c *call, l listing) (p page, err error) {
	err = s.st.View(func(tx *store.Tx) error {
		if _, err := bucketIn(tx, c.bucket); err != nil {
			return err
		}
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

func (c *call) listResult(l listing, p page, withOwner bool) listResult {
	result := listResult{
		Name: c.bucket, Prefix: l.encode(l.prefix), MaxKeys: l.limit, Delimiter: l.encode(l.delimiter),
		EncodingType: c.query.Get("encoding-type"), IsTruncated: p.truncated, CommonPrefixes: p.prefixes,
	}
	for _, row := range p.rows {
		e := row.entry()
		if withOwner {
			e.Owner = &accountOwner
		}
		result.Contents = append(result.Contents, e)
	}
	return result
}

// listObjects follows the page GetBucket (ListObjects).
func (s *Service) listObjects(w http.ResponseWriter, c *call) error {
	l, err := c.listing(c.query.Get("marker"))
	if err != nil {
		return err
	}
	p, err := s.page(c, l)
	if err != nil {
		return err
	}
	result := c.listResult(l, p, true)
	result.Marker = new(l.encode(l.after))
	if p.truncated {
		result.NextMarker = new(l.encode(p.last))
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

// listObjectsV2 follows the page GetBucketV2 (ListObjectsV2).
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
	result := c.listResult(l, p, c.query.Get("fetch-owner") == "true")
	result.KeyCount = new(p.len())
	if text := c.query.Get("start-after"); text != "" {
		result.StartAfter = new(l.encode(text))
	}
	if token := c.query.Get("continuation-token"); token != "" {
		result.ContinuationToken = &token
	}
	if p.truncated {
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
	Versions            []versionEntry
	CommonPrefixes      []commonPrefix
}

// versionEntry is a version or a delete marker in the answer of
// ListObjectVersions; a marker has no element from ETag to StorageClass.
type versionEntry struct {
	XMLName      xml.Name // Version or DeleteMarker
	Key          string
	VersionID    string `xml:"VersionId"`
	IsLatest     bool
	LastModified string
	ETag         string `xml:",omitempty"`
	Type         string `xml:",omitempty"`
	Size         *int64
	StorageClass string `xml:",omitempty"`
	Owner        owner
}

func (l listed) versionEntry() versionEntry {
	e := versionEntry{
		XMLName: xml.Name{Local: "DeleteMarker"}, Key: l.key, VersionID: l.object.versionID(), IsLatest: l.latest,
		LastModified: written(l.object.Modified), Owner: accountOwner,
	}
	if !l.object.Marker {
		e.XMLName.Local, e.ETag, e.Type = "Version", l.object.quotedETag(), l.object.Type
		e.Size, e.StorageClass = &l.object.Size, storageClass
	}
	return e
}

// listVersions follows the page GetBucketVersions (ListObjectVersions).
func (s *Service) listVersions(w http.ResponseWriter, c *call) error {
	l, err := c.listing(c.query.Get("key-marker"))
	if err != nil {
		return err
	}
	var p page
	err = s.st.View(func(tx *store.Tx) error {
		p, err = l.listVersions(tx, c.bucket, c.query.Get("version-id-marker"))
		return err
	})
	if err != nil {
		return err
	}
	result := versionsResult{
		Name: c.bucket, Prefix: l.encode(l.prefix), KeyMarker: l.encode(l.after), VersionIDMarker: c.query.Get("version-id-marker"),
		MaxKeys: l.limit, Delimiter: l.encode(l.delimiter), EncodingType: c.query.Get("encoding-type"),
		IsTruncated: p.truncated, CommonPrefixes: p.prefixes,
	}
	for _, row := range p.rows {
		result.Versions = append(result.Versions, row.versionEntry())
	}
	if p.truncated {
		result.NextKeyMarker, result.NextVersionIDMarker = new(l.encode(p.last)), &p.lastVersion
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

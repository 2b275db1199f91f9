package oss

import (
	"cmp"
	"crypto/md5"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// Limits of multipart uploads.
// Source: OSS API, UploadPart, partNumber; CompleteMultipartUpload, size of a
// part that is not the last; ListParts, max-parts.
const (
	maxPartNumber   = 10_000
	minPartSize     = 100 << 10
	defaultMaxParts = 1000
)

// upload is an open multipart upload: what its object will be, without bytes.
type upload struct {
	Object     object // Modified is when the upload began
	Sequential bool   `json:",omitempty"`
}

// part is a part of an open upload.
type part struct {
	Number   int
	Size     int64
	ETag     string // without quotes: the MD5 of the part
	CRC64    uint64
	Modified time.Time
	Chunks   []chunk
}

func (p part) quotedETag() string { return `"` + p.ETag + `"` }

func partRow(uploadID string, number int) string {
	return store.Key(uploadID, fmt.Sprintf("%05d", number))
}

type initiateResult struct {
	XMLName      xml.Name `xml:"InitiateMultipartUploadResult"`
	EncodingType string   `xml:",omitempty"`
	Bucket       string
	Key          string
	UploadID     string `xml:"UploadId"`
}

// initiateUpload follows the page InitiateMultipartUpload. It leaves out what
// PutObject leaves out. Its event, like those of the parts, comes before there
// is an object, as that of OSS.
func (s *Service) initiateUpload(w http.ResponseWriter, c *call) error {
	encode, err := c.encoding()
	if err != nil {
		return err
	}
	o, err := c.describedObject(typeMultipart)
	if err != nil {
		return err
	}
	u := upload{Object: o, Sequential: c.query.Has("sequential")}
	result := initiateResult{EncodingType: c.query.Get("encoding-type"), Bucket: c.bucket, Key: encode(c.key)}
	err = s.st.Update(func(tx *store.Tx) error {
		if _, err := c.mayOverwrite(tx); err != nil {
			return err
		}
		n, err := tx.Sequence(uploadTable)
		if err != nil {
			return err
		}
		u.Object.Modified = s.acct.Clock.Now()
		// Ids of later uploads are greater, so that a list has the uploads of a key in that order.
		result.UploadID = fmt.Sprintf("%016X", n) + strings.ToUpper(account.RandomHex(8))
		if err := tx.PutJSON(uploadTable, store.Key(c.bucket, c.key, result.UploadID), u); err != nil {
			return err
		}
		return s.notify(tx, change{"ObjectCreated:InitiateMultipartUpload", c, c.key, u.Object, 0, u.Object.Modified})
	})
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

// upload returns the call's upload, or missing where it is not open.
func (c *call) upload(tx *store.Tx, missing error) (u upload, err error) {
	if _, err := bucketIn(tx, c.bucket); err != nil {
		return u, err
	}
	id := c.query.Get("uploadId")
	if strings.ContainsRune(id, 0) {
		return u, missing
	}
	found, err := tx.GetJSON(uploadTable, store.Key(c.bucket, c.key, id), &u)
	if err == nil && !found {
		err = missing
	}
	return u, err
}

func (c *call) partNumber() (int, error) {
	text := c.query.Get("partNumber")
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxPartNumber {
		return 0, errPartNumber.with("ArgumentName", "partNumber").with("ArgumentValue", text)
	}
	return n, nil
}

// uploadPart follows the page UploadPart.
func (s *Service) uploadPart(w http.ResponseWriter, c *call) error {
	o, body, err := s.uploaded(c)
	if err != nil {
		return err
	}
	err = s.st.Update(func(tx *store.Tx) error {
		_, err := s.keepPart(tx, c, errNoSuchUpload.coded("0042-00000104"), o, body, "ObjectCreated:UploadPart")
		return err
	})
	if err != nil {
		return err
	}
	o.acknowledge(w)
	return nil
}

// keepPart stores o, with that body, as a part of the call's upload in place of
// the one of that number.
func (s *Service) keepPart(tx *store.Tx, c *call, missing error, o object, body []byte, event string) (p part, err error) {
	number, err := c.partNumber()
	if err != nil {
		return p, err
	}
	u, err := c.upload(tx, missing)
	if err != nil {
		return p, err
	}
	id := c.query.Get("uploadId")
	var old part
	if _, err := tx.GetJSON(partTable, partRow(id, number), &old); err != nil {
		return p, err
	}
	if u.Sequential && number != lastPart(tx, id)+1 {
		return p, errPartNotSequential
	}
	p = part{Number: number, Size: o.Size, ETag: o.ETag, CRC64: o.CRC64, Modified: s.acct.Clock.Now()}
	if p.Chunks, err = putChunk(tx, body); err != nil {
		return p, err
	}
	if err := dropChunks(tx, old.Chunks); err != nil {
		return p, err
	}
	if err := tx.PutJSON(partTable, partRow(id, number), p); err != nil {
		return p, err
	}
	told := object{ETag: p.ETag, Size: p.Size, Headers: u.Object.Headers}
	return p, s.notify(tx, change{event, c, c.key, told, p.Size - old.Size, p.Modified})
}

// lastPart returns the greatest number of a part that is there.
func lastPart(tx *store.Tx, uploadID string) (last int) {
	tx.Scan(partTable, store.Key(uploadID, ""), "", func(row string, _ []byte) bool {
		last, _ = strconv.Atoi(row[strings.LastIndexByte(row, 0)+1:])
		return true
	})
	return last
}

// partsAfter returns parts of an upload with greater numbers, at most limit of them.
func partsAfter(tx *store.Tx, uploadID string, number, limit int) (parts []part, err error) {
	tx.Scan(partTable, store.Key(uploadID, ""), partRow(uploadID, number+1), func(_ string, record []byte) bool {
		var p part
		if err = json.Unmarshal(record, &p); err != nil || len(parts) == limit {
			return false
		}
		parts = append(parts, p)
		return true
	})
	return parts, err
}

// completeRequest is the body of CompleteMultipartUpload.
type completeRequest struct {
	XMLName xml.Name `xml:"CompleteMultipartUpload"`
	Part    []struct {
		PartNumber int
		ETag       string
	}
}

type completeResult struct {
	XMLName      xml.Name `xml:"CompleteMultipartUploadResult"`
	EncodingType string   `xml:",omitempty"`
	Location     string
	Bucket       string
	Key          string
	ETag         string
}

// completeUpload follows the page CompleteMultipartUpload: object, event and
// end of the upload are one transaction. It leaves out callbacks.
func (s *Service) completeUpload(w http.ResponseWriter, c *call) error {
	encode, err := c.encoding()
	if err != nil {
		return err
	}
	request, err := c.completeRequest()
	if err != nil {
		return err
	}
	var b bucketRecord
	var o object
	err = s.st.Update(func(tx *store.Tx) (err error) {
		b, o, err = s.complete(tx, c, request)
		return err
	})
	if err != nil {
		return err
	}
	b.showVersion(w, o)
	o.showSums(w)
	writeXML(w, http.StatusOK, completeResult{
		EncodingType: c.query.Get("encoding-type"), Location: c.location(), Bucket: c.bucket, Key: encode(c.key), ETag: o.quotedETag(),
	})
	return nil
}

// location is the address of the call's object, where the client found the service.
func (c *call) location() string {
	scheme := "http://"
	if c.TLS != nil {
		scheme = "https://"
	}
	if c.serviceHost() != c.Host {
		return scheme + c.Host + "/" + escapePath(c.key)
	}
	return scheme + c.Host + "/" + c.bucket + "/" + escapePath(c.key)
}

// completeRequest returns the parts that the client lists, nil for all there
// are. A list of none makes an empty object, as the vendor's SDK tests assert.
func (c *call) completeRequest() (*completeRequest, error) {
	body, err := c.body(maxConfiguration)
	if err != nil {
		return nil, err
	}
	all := c.Header.Get("x-oss-complete-all") == "yes"
	switch {
	case all && len(body) > 0:
		return nil, errCompleteBoth
	case all:
		return nil, nil
	}
	request := &completeRequest{}
	if decodeXML(body, request) != nil || len(request.Part) > maxPartNumber {
		return nil, errMalformedXML
	}
	for i, p := range request.Part {
		if i > 0 && p.PartNumber <= request.Part[i-1].PartNumber {
			return nil, errPartOrder
		}
	}
	return request, nil
}

func (s *Service) complete(tx *store.Tx, c *call, request *completeRequest) (b bucketRecord, o object, err error) {
	u, err := c.upload(tx, errNoSuchUpload.coded("0042-00000203"))
	if err != nil {
		return b, o, err
	}
	id := c.query.Get("uploadId")
	stored, err := partsAfter(tx, id, 0, maxPartNumber)
	if err != nil {
		return b, o, err
	}
	parts, err := request.choose(stored)
	if err != nil {
		return b, o, err
	}
	if _, err := c.mayOverwrite(tx); err != nil {
		return b, o, err
	}
	o = u.Object
	o.ACL = cmp.Or(c.Header.Get("x-oss-object-acl"), o.ACL)
	o.join(parts)
	if o.Size > s.opt.MaxObjectSize {
		return b, o, tooLarge(s.opt.MaxObjectSize)
	}
	if u.Sequential {
		sum := md5.Sum(o.bytes(tx, 0, o.Size))
		o.MD5 = base64.StdEncoding.EncodeToString(sum[:])
	}
	used := func(p part) bool {
		return slices.ContainsFunc(parts, func(q part) bool { return q.Number == p.Number })
	}
	if err := c.closeUpload(tx, slices.DeleteFunc(stored, used)); err != nil {
		return b, o, err
	}
	return s.keep(tx, c, o, nil, "ObjectCreated:CompleteMultipartUpload")
}

// choose returns the parts that the request lists, of those that are there.
func (r *completeRequest) choose(stored []part) (chosen []part, err error) {
	if r == nil {
		chosen = slices.Clone(stored)
	} else {
		for _, wanted := range r.Part {
			i, found := slices.BinarySearchFunc(stored, wanted.PartNumber, func(p part, n int) int { return p.Number - n })
			if !found || !strings.EqualFold(strings.Trim(wanted.ETag, `"`), stored[i].ETag) {
				return nil, errInvalidPart.with("PartNumber", strconv.Itoa(wanted.PartNumber)).with("ETag", wanted.ETag)
			}
			chosen = append(chosen, stored[i])
		}
	}
	for i, p := range chosen {
		if i < len(chosen)-1 && p.Size < minPartSize {
			return nil, errEntityTooSmall.with("MinSizeAllowed", strconv.Itoa(minPartSize)).
				with("ProposedSize", strconv.FormatInt(p.Size, 10)).with("PartNumber", strconv.Itoa(p.Number))
		}
	}
	return chosen, nil
}

// join makes parts the bytes of o. The ETag is that of OSS: the MD5 of the parts'
// ETags, one behind the other, and the number of parts.
// Source: not documented; TestDownloadRoutineWithRecovery of the vendor's
// aliyun-oss-go-sdk 3.0.2 asserts it of five parts of a picture.
func (o *object) join(parts []part) {
	sums := md5.New()
	for _, p := range parts {
		io.WriteString(sums, p.ETag)
		o.Chunks = append(o.Chunks, p.Chunks...)
		o.CRC64 = combineCRC(o.CRC64, p.CRC64, p.Size)
		o.Size += p.Size
	}
	o.ETag = etag(sums.Sum(nil)) + "-" + strconv.Itoa(len(parts))
}

// closeUpload ends the call's upload; the bytes of unused parts go.
func (c *call) closeUpload(tx *store.Tx, unused []part) error {
	for _, p := range unused {
		if err := dropChunks(tx, p.Chunks); err != nil {
			return err
		}
	}
	id := c.query.Get("uploadId")
	var rows []string
	tx.Scan(partTable, store.Key(id, ""), "", func(row string, _ []byte) bool {
		rows = append(rows, row)
		return true
	})
	for _, row := range rows {
		if err := tx.Delete(partTable, row); err != nil {
			return err
		}
	}
	return tx.Delete(uploadTable, store.Key(c.bucket, c.key, id))
}

// abortUpload follows the page AbortMultipartUpload.
func (s *Service) abortUpload(w http.ResponseWriter, c *call) error {
	err := s.st.Update(func(tx *store.Tx) error {
		u, err := c.upload(tx, errNoSuchUpload.coded("0042-00000002"))
		if err != nil {
			return err
		}
		parts, err := partsAfter(tx, c.query.Get("uploadId"), 0, maxPartNumber)
		if err != nil {
			return err
		}
		if err := c.closeUpload(tx, parts); err != nil {
			return err
		}
		return s.notify(tx, change{"ObjectRemoved:AbortMultipartUpload", c, c.key, u.Object, -sizeOf(parts), s.acct.Clock.Now()})
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

func sizeOf(parts []part) (size int64) {
	for _, p := range parts {
		size += p.Size
	}
	return size
}

type partsResult struct {
	XMLName              xml.Name `xml:"ListPartsResult"`
	EncodingType         string   `xml:",omitempty"`
	Bucket               string
	Key                  string
	UploadID             string `xml:"UploadId"`
	StorageClass         string
	PartNumberMarker     int
	NextPartNumberMarker int
	MaxParts             int
	IsTruncated          bool
	Part                 []partEntry
}

type partEntry struct {
	PartNumber   int
	LastModified string
	ETag         string
	HashCrc64    string `xml:"HashCrc64ecma"`
	Size         int64
}

// listParts follows the page ListParts.
func (s *Service) listParts(w http.ResponseWriter, c *call) error {
	limit, err := c.maxKeys("max-parts", defaultMaxParts)
	if err != nil {
		return err
	}
	encode, err := c.encoding()
	if err != nil {
		return err
	}
	marker, err := c.partMarker()
	if err != nil {
		return err
	}
	var parts []part
	err = s.st.View(func(tx *store.Tx) error {
		if _, err := c.upload(tx, errNoSuchUpload.coded("0042-00000002")); err != nil {
			return err
		}
		parts, err = partsAfter(tx, c.query.Get("uploadId"), marker, limit+1)
		return err
	})
	if err != nil {
		return err
	}
	result := partsResult{
		EncodingType: c.query.Get("encoding-type"), Bucket: c.bucket, Key: encode(c.key), UploadID: c.query.Get("uploadId"),
		StorageClass: storageClass, PartNumberMarker: marker, MaxParts: limit, IsTruncated: len(parts) > limit,
	}
	for _, p := range parts[:min(limit, len(parts))] {
		result.NextPartNumberMarker = p.Number
		result.Part = append(result.Part, partEntry{p.Number, written(p.Modified), p.quotedETag(), decimal(p.CRC64), p.Size})
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

func (c *call) partMarker() (int, error) {
	text := c.query.Get("part-number-marker")
	if text == "" {
		return 0, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 0 || n > maxPartNumber {
		return 0, errInvalidArgument.with("ArgumentName", "part-number-marker").with("ArgumentValue", text)
	}
	return n, nil
}

type uploadsResult struct {
	XMLName            xml.Name `xml:"ListMultipartUploadsResult"`
	Bucket             string
	KeyMarker          string
	UploadIDMarker     string  `xml:"UploadIdMarker"`
	NextKeyMarker      *string // where the list goes on
	NextUploadIDMarker *string `xml:"NextUploadIdMarker"`
	Delimiter          string
	Prefix             string
	EncodingType       string `xml:",omitempty"`
	MaxUploads         int
	IsTruncated        bool
	Upload             []uploadEntry
	CommonPrefixes     []commonPrefix
}

type uploadEntry struct {
	Key          string
	UploadID     string `xml:"UploadId"`
	StorageClass string
	Initiated    string
}

// listUploads follows the page ListMultipartUploads.
func (s *Service) listUploads(w http.ResponseWriter, c *call) error {
	limit, err := c.maxKeys("max-uploads", defaultMaxUploads)
	if err != nil {
		return err
	}
	encode, err := c.encoding()
	if err != nil {
		return err
	}
	keyMarker, idMarker := c.query.Get("key-marker"), c.query.Get("upload-id-marker")
	l := listing{c.query.Get("prefix"), c.query.Get("delimiter"), keyMarker, limit, encode}
	result := uploadsResult{
		Bucket: c.bucket, KeyMarker: encode(keyMarker), UploadIDMarker: idMarker,
		Delimiter: encode(l.delimiter), Prefix: encode(l.prefix), EncodingType: c.query.Get("encoding-type"), MaxUploads: limit,
	}
	err = s.st.View(func(tx *store.Tx) error { return l.uploads(tx, c.bucket, idMarker, &result) })
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

// uploads adds a page of the bucket's open uploads to result. Without an id
// the list goes on behind the key that it begins after, otherwise within it.
func (l listing) uploads(tx *store.Tx, bucket, id string, result *uploadsResult) (failed error) {
	from := store.Key(bucket, l.after, id)
	tx.Scan(uploadTable, store.Key(bucket, l.prefix), from, func(row string, record []byte) bool {
		key, uploadID := uploadOf(bucket, row)
		group := l.group(key)
		n := len(result.CommonPrefixes)
		switch {
		case key == l.after && (id == "" || uploadID <= id), group != "" && group == l.after:
			return true
		case group != "" && n > 0 && result.CommonPrefixes[n-1].Prefix == l.encode(group):
			return true
		case len(result.Upload)+n == l.limit:
			result.IsTruncated = true
			return false
		case group != "":
			result.CommonPrefixes = append(result.CommonPrefixes, commonPrefix{l.encode(group)})
			result.NextKeyMarker, result.NextUploadIDMarker = new(l.encode(group)), new("")
			return true
		}
		var u upload
		if failed = json.Unmarshal(record, &u); failed != nil {
			return false
		}
		result.Upload = append(result.Upload, uploadEntry{l.encode(key), uploadID, storageClass, written(u.Object.Modified)})
		result.NextKeyMarker, result.NextUploadIDMarker = new(l.encode(key)), &uploadID
		return true
	})
	if !result.IsTruncated {
		result.NextKeyMarker, result.NextUploadIDMarker = nil, nil
	}
	return failed
}

// uploadOf returns the key and the id in a row of uploadTable.
func uploadOf(bucket, row string) (key, id string) {
	rest := row[len(bucket)+1:]
	i := strings.LastIndexByte(rest, 0)
	return rest[:i], rest[i+1:]
}

package oss

import (
	"encoding/json"
	"encoding/xml"
	"fmt"
	"net/http"
	"time"

	"imagedrop/shared/local/store"
)

// The states of a bucket's versioning; "" is a bucket that never had any.
const (
	versioningEnabled   = "Enabled"
	versioningSuspended = "Suspended"
)

// nullVersion is the version that is made while versioning is not enabled.
const nullVersion = "null"

// object is one version of an object without its bytes, or a delete marker.
type object struct {
	VersionID string `json:",omitempty"` // "" is the version "null"
	Marker    bool   `json:",omitempty"` // a delete marker: it has no more than Modified
	Type      string
	Size      int64
	ETag      string            // without quotes
	MD5       string            `json:",omitempty"` // as in Content-MD5; "" where OSS tells none
	CRC64     uint64            // crc64ecma of all bytes
	ACL       string            // "default" or "private", which are the same here
	Modified  time.Time         // UTC
	Headers   map[string]string // as they are answered; canonical names
	Tags      []tag             `json:",omitempty"`
	Target    string            `json:",omitempty"` // of a symlink, as its header has it
	Chunks    []chunk           `json:",omitempty"` // the bytes

	row string // where the store has it
}

// The types of objects, as x-oss-object-type tells them.
const (
	typeNormal     = "Normal"
	typeMultipart  = "Multipart"
	typeAppendable = "Appendable"
	typeSymlink    = "Symlink"
)

func (o object) versionID() string {
	if o.VersionID == "" {
		return nullVersion
	}
	return o.VersionID
}

// chunk is a run of an object's bytes: a body as it was sent.
type chunk struct {
	ID   string // in dataTable
	Size int64
}

// putChunk stores the bytes of a body; there is no chunk for none.
func putChunk(tx *store.Tx, body []byte) ([]chunk, error) {
	if len(body) == 0 {
		return nil, nil
	}
	n, err := tx.Sequence(dataTable)
	if err != nil {
		return nil, err
	}
	id := fmt.Sprintf("%016x", n)
	return []chunk{{id, int64(len(body))}}, tx.Put(dataTable, id, body)
}

func dropChunks(tx *store.Tx, chunks []chunk) error {
	for _, ch := range chunks {
		if err := tx.Delete(dataTable, ch.ID); err != nil {
			return err
		}
	}
	return nil
}

// bytes returns length bytes of an object from byte first.
func (o object) bytes(tx *store.Tx, first, length int64) []byte {
	if len(o.Chunks) == 1 { // most objects: without another copy
		return tx.Get(dataTable, o.Chunks[0].ID)[first : first+length]
	}
	body := make([]byte, 0, length)
	for _, ch := range o.Chunks {
		if first < ch.Size && length > 0 {
			part := tx.Get(dataTable, ch.ID)[first:min(first+length, ch.Size)]
			body = append(body, part...)
			length -= int64(len(part))
		}
		first = max(first-ch.Size, 0)
	}
	return body
}

// versionRow is where the store has a version: the versions of a key follow
// each other, the newest first.
func versionRow(bucket, key string, n uint64) string {
	return store.Key(bucket, key, fmt.Sprintf("%016x", ^n))
}

// keyOf returns the key in a row of versionRow.
func keyOf(bucket, row string) string {
	const number = len("\x000123456789abcdef")
	return row[len(bucket)+1 : len(row)-number]
}

// scanVersions calls fn for the versions of a key, the newest first, until it
// returns false.
func scanVersions(tx *store.Tx, bucket, key string, fn func(object) bool) (err error) {
	tx.Scan(objectTable, store.Key(bucket, key, ""), "", func(row string, record []byte) bool {
		var o object
		if err = json.Unmarshal(record, &o); err != nil {
			return false
		}
		o.row = row
		return fn(o)
	})
	return err
}

// currentVersion returns the newest version of a key, which may be a delete marker.
func currentVersion(tx *store.Tx, bucket, key string) (current object, found bool, err error) {
	err = scanVersions(tx, bucket, key, func(o object) bool {
		current, found = o, true
		return false
	})
	return current, found, err
}

// versionOf returns the version of a key with that id, "null" being one.
func versionOf(tx *store.Tx, bucket, key, id string) (version object, found bool, err error) {
	err = scanVersions(tx, bucket, key, func(o object) bool {
		if found = o.versionID() == id; found {
			version = o
		}
		return !found
	})
	return version, found, err
}

// source names a version of an object; an empty version is the current one.
type source struct{ bucket, key, version string }

// find returns the version that src names, which is no delete marker; where it
// is one, the marker comes with the error.
func find(tx *store.Tx, src source) (object, error) {
	o, found, err := currentVersion(tx, src.bucket, src.key)
	switch {
	case err != nil:
		return o, err
	case !found:
		return o, errNoSuchKey.with("Key", src.key)
	case src.version == "" && o.Marker:
		return o, errNoSuchKey.with("Key", src.key)
	case src.version == "":
		return o, nil
	}
	o, found, err = versionOf(tx, src.bucket, src.key, src.version)
	switch {
	case err != nil:
		return o, err
	case !found:
		return o, errNoSuchVersion.with("Key", src.key).with("VersionId", src.version)
	case o.Marker:
		return o, errIsMarker
	}
	return o, nil
}

// newVersionID returns the id of the nth version of the store.
func newVersionID(n uint64) string { return fmt.Sprintf("CAEQ%016X", n) }

// addVersion makes o the newest version of a key and returns it as stored, with
// the version that went because of it: a bucket has one version "null" of a key.
func addVersion(tx *store.Tx, b bucketRecord, bucket, key string, o object) (added, replaced object, err error) {
	n, err := tx.Sequence(objectTable)
	if err != nil {
		return o, replaced, err
	}
	if b.Versioning == versioningEnabled {
		o.VersionID = newVersionID(n)
	} else if replaced, err = dropVersion(tx, bucket, key, nullVersion); err != nil {
		return o, replaced, err
	}
	o.row = versionRow(bucket, key, n)
	return o, replaced, tx.PutJSON(objectTable, o.row, o)
}

// dropVersion deletes a version for good and returns it; where there is none
// nothing happens.
func dropVersion(tx *store.Tx, bucket, key, id string) (object, error) {
	o, found, err := versionOf(tx, bucket, key, id)
	if err != nil || !found {
		return object{}, err
	}
	if err := dropChunks(tx, o.Chunks); err != nil {
		return o, err
	}
	return o, tx.Delete(objectTable, o.row)
}

// showVersion tells the version that an answer is about; a bucket that never
// had versioning tells none.
func (b bucketRecord) showVersion(w http.ResponseWriter, o object) {
	if b.Versioning != "" {
		w.Header().Set("x-oss-version-id", o.versionID())
	}
}

// versioningConfiguration is the body of PutBucketVersioning and the answer of
// GetBucketVersioning.
type versioningConfiguration struct {
	XMLName xml.Name `xml:"VersioningConfiguration"`
	Status  string   `xml:",omitempty"`
}

// putBucketVersioning follows the page PutBucketVersioning.
func (s *Service) putBucketVersioning(w http.ResponseWriter, c *call) error {
	var config versioningConfiguration
	if err := c.document(&config); err != nil {
		return err
	}
	if config.Status != versioningEnabled && config.Status != versioningSuspended {
		return errMalformedXML
	}
	return s.amendBucket(w, c, http.StatusOK, func(b *bucketRecord) { b.Versioning = config.Status })
}

// getBucketVersioning follows the page GetBucketVersioning.
func (s *Service) getBucketVersioning(w http.ResponseWriter, c *call) error {
	b, err := s.bucket(c)
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, versioningConfiguration{Status: b.Versioning})
	return nil
}

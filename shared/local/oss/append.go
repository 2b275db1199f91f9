package oss

import (
	"crypto/md5"
	"hash/crc64"
	"net/http"
	"slices"
	"strconv"

	"imagedrop/shared/local/store"
)

// appendObject follows the page AppendObject: an object that is appended to
// gets no new version. It leaves out what PutObject leaves out.
func (s *Service) appendObject(w http.ResponseWriter, c *call) error {
	position, err := strconv.ParseInt(c.query.Get("position"), 10, 64)
	if err != nil || position < 0 {
		return errPosition.with("ArgumentName", "position").with("ArgumentValue", c.query.Get("position"))
	}
	first, body, err := s.uploaded(c)
	if err != nil {
		return err
	}
	var b bucketRecord
	var o object
	err = s.st.Update(func(tx *store.Tx) (err error) {
		b, o, err = s.append(tx, c, first, body, position)
		return err
	})
	if err != nil {
		return err
	}
	b.showVersion(w, o)
	w.Header().Set("x-oss-next-append-position", strconv.FormatInt(o.Size, 10))
	o.showSums(w)
	w.Header().Set("Content-Length", "0")
	w.WriteHeader(http.StatusOK)
	return nil
}

// sealObject answers what OSS answers where sealing is not to be had.
// Source: the assertions of the vendor's SDK tests, TestSealAppendObject.
func (s *Service) sealObject(http.ResponseWriter, *call) error { return errNoSeal }

func (s *Service) append(tx *store.Tx, c *call, first object, body []byte, position int64) (b bucketRecord, o object, err error) {
	b, err = bucketIn(tx, c.bucket)
	if err != nil {
		return b, o, err
	}
	old, found, err := currentVersion(tx, c.bucket, c.key)
	if err != nil {
		return b, o, err
	}
	exists := found && !old.Marker
	switch {
	case exists && old.Type != typeAppendable:
		return b, o, errNotAppendable
	case position != old.Size:
		return b, o, errPositionNotLength.with("Position", strconv.FormatInt(old.Size, 10))
	case old.Size+first.Size > s.opt.MaxObjectSize:
		return b, o, tooLarge(s.opt.MaxObjectSize)
	case !exists:
		first.Type, first.MD5 = typeAppendable, ""
		return s.keep(tx, c, first, body, "ObjectCreated:AppendObject")
	}
	chunks, err := putChunk(tx, body)
	if err != nil {
		return b, o, err
	}
	o = old
	o.Chunks = append(slices.Clip(o.Chunks), chunks...)
	o.Size += first.Size
	o.CRC64 = crc64.Update(old.CRC64, ecma, body)
	sum := md5.Sum([]byte(old.ETag + first.ETag)) // how OSS computes it is not documented
	o.ETag, o.Modified = etag(sum[:]), s.acct.Clock.Now()
	if err := tx.PutJSON(objectTable, o.row, o); err != nil {
		return b, o, err
	}
	return b, o, s.notify(tx, change{"ObjectCreated:AppendObject", c, c.key, o, first.Size, o.Modified})
}

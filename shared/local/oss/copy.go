package oss

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"strconv"
	"strings"

	"imagedrop/shared/local/store"
)

const (
	sourceHeader    = "x-oss-copy-source"
	sourceCondition = sourceHeader + "-"
	directiveNew    = "REPLACE"
)

// source returns what x-oss-copy-source names: /bucket/key?versionId=…, with
// bucket and key URL-encoded.
func (c *call) source() (source, error) {
	invalid := errInvalidArgument.because("Copy Source must mention the source bucket and key: /sourcebucket/sourcekey.").
		with("ArgumentName", sourceHeader).with("ArgumentValue", c.Header.Get(sourceHeader))
	path, query, _ := strings.Cut(c.Header.Get(sourceHeader), "?")
	path, err := url.QueryUnescape(strings.TrimPrefix(path, "/"))
	if err != nil {
		return source{}, invalid
	}
	params, err := url.ParseQuery(query)
	if err != nil {
		return source{}, invalid
	}
	bucket, key, _ := strings.Cut(path, "/")
	if !bucketName.MatchString(bucket) || !validKey(key) {
		return source{}, invalid
	}
	return source{bucket, key, params.Get("versionId")}, nil
}

// findSource returns the version that is to be copied, in answer to the
// request's conditions.
func (c *call) findSource(tx *store.Tx, w http.ResponseWriter) (o object, err error) {
	src, err := c.source()
	if err != nil {
		return o, err
	}
	b, err := bucketIn(tx, src.bucket)
	if err != nil {
		return o, err
	}
	if o, err = find(tx, src); err != nil {
		return o, err
	}
	if o, err = follow(tx, src.bucket, o); err != nil {
		return o, err
	}
	if b.Versioning != "" {
		w.Header().Set(sourceHeader+"-version-id", o.versionID())
	}
	return o, c.precondition(w, o, sourceCondition)
}

type copyResult struct {
	XMLName      xml.Name
	ETag         string
	LastModified string
}

// copyObject follows the page CopyObject. It leaves out what PutObject leaves
// out, and appendable objects, which OSS does not copy either.
func (s *Service) copyObject(w http.ResponseWriter, c *call) error {
	described, err := c.describedObject(typeNormal)
	if err != nil {
		return err
	}
	var b bucketRecord
	var o object
	err = s.st.Update(func(tx *store.Tx) error {
		from, err := c.findSource(tx, w)
		if err != nil {
			return err
		}
		if from.Type == typeAppendable {
			return errNotCopyable
		}
		body := from.bytes(tx, 0, from.Size)
		o = c.copied(described, from, body)
		b, o, err = s.keep(tx, c, o, body, "ObjectCreated:CopyObject")
		return err
	})
	if err != nil {
		return err
	}
	b.showVersion(w, o)
	o.showSums(w)
	writeXML(w, http.StatusOK, copyResult{xml.Name{Local: "CopyObjectResult"}, o.quotedETag(), written(o.Modified)})
	return nil
}

// copied returns the copy of an object: its bytes, and by the directives its
// metadata and tags or those of the request.
func (c *call) copied(described, from object, body []byte) object {
	o := object{Type: typeNormal, ACL: described.ACL, Headers: described.Headers, Tags: described.Tags}
	if c.Header.Get("x-oss-metadata-directive") != directiveNew {
		o.Headers = from.Headers
	}
	if !strings.EqualFold(c.Header.Get("x-oss-tagging-directive"), directiveNew) {
		o.Tags = from.Tags
	}
	o.weigh(body)
	return o
}

// uploadPartCopy follows the page UploadPartCopy.
func (s *Service) uploadPartCopy(w http.ResponseWriter, c *call) error {
	var p part
	err := s.st.Update(func(tx *store.Tx) error {
		missing := errNoSuchUpload.coded("0042-00000311")
		if _, err := c.upload(tx, missing); err != nil {
			return err
		}
		from, err := c.findSource(tx, w)
		if err != nil {
			return err
		}
		sp, err := c.sourceRange(from.Size)
		if err != nil {
			return err
		}
		var o object
		body := from.bytes(tx, sp.first, sp.length)
		o.weigh(body)
		p, err = s.keepPart(tx, c, missing, o, body, "ObjectCreated:UploadPartCopy")
		return err
	})
	if err != nil {
		return err
	}
	w.Header().Set("ETag", p.quotedETag()) // where ali-oss reads it
	writeXML(w, http.StatusOK, copyResult{xml.Name{Local: "CopyPartResult"}, p.quotedETag(), written(p.Modified)})
	return nil
}

// sourceRange returns the part of the source that is to be copied; one that
// does not fit is refused.
func (c *call) sourceRange(size int64) (span, error) {
	header := c.Header.Get(sourceHeader + "-range")
	if header == "" {
		return span{0, size, false}, nil
	}
	sp, err := selectRange(header, false, size)
	if err == nil && !sp.partial {
		err = errInvalidRange.with("ActualObjectSize", strconv.FormatInt(size, 10)).with("RangeHeader", header)
	}
	return sp, err
}

package oss

import (
	"encoding/xml"
	"net/http"
	"net/url"
	"regexp"
	"strings"
	"unicode/utf8"

	"imagedrop/shared/local/store"
)

// tag is a tag of an object or of a bucket.
type tag struct{ Key, Value string }

// Limits of the tags of an object, in characters.
// Source: OSS API, PutObjectTagging.
const (
	maxTags     = 10
	maxTagKey   = 128
	maxTagValue = 256
)

// tagText is what a tag may be made of.
// Source: OSS API, PutObjectTagging: letters, digits, spaces and + - = . _ : /.
var tagText = regexp.MustCompile(`^[\p{L}\p{N} +\-=._:/]*$`)

func checkTags(tags []tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case t.Key == "" || seen[t.Key] || !tagText.MatchString(t.Key) || !tagText.MatchString(t.Value):
			return errInvalidTag.coded("0010-00000217")
		case utf8.RuneCountInString(t.Key) > maxTagKey:
			return errInvalidTag.coded("0010-00000209")
		case utf8.RuneCountInString(t.Value) > maxTagValue:
			return errInvalidTag.coded("0010-00000214")
		}
		seen[t.Key] = true
	}
	if len(tags) > maxTags {
		return errInvalidTag
	}
	return nil
}

// parseTags reads the header x-oss-tagging: key=value&key, URL-encoded.
func parseTags(header string) (tags []tag, err error) {
	if header == "" {
		return nil, nil
	}
	for pair := range strings.SplitSeq(header, "&") {
		name, value, _ := strings.Cut(pair, "=")
		key, keyErr := url.QueryUnescape(name)
		text, valueErr := url.QueryUnescape(value)
		if keyErr != nil || valueErr != nil || strings.Contains(value, "=") {
			return nil, errInvalidTag.coded("0010-00000219")
		}
		tags = append(tags, tag{key, text})
	}
	return tags, checkTags(tags)
}

// taggingDocument is the body of PutObjectTagging and the answer of
// GetObjectTagging.
type taggingDocument struct {
	XMLName xml.Name `xml:"Tagging"`
	Tags    []tag    `xml:"TagSet>Tag"`
}

// putObjectTagging follows the page PutObjectTagging.
func (s *Service) putObjectTagging(w http.ResponseWriter, c *call) error {
	var document taggingDocument
	if err := c.document(&document); err != nil {
		return err
	}
	if err := checkTags(document.Tags); err != nil {
		return err
	}
	return s.amend(w, c, http.StatusOK, func(o *object) { o.Tags = document.Tags })
}

// deleteObjectTagging follows the page DeleteObjectTagging.
func (s *Service) deleteObjectTagging(w http.ResponseWriter, c *call) error {
	return s.amend(w, c, http.StatusNoContent, func(o *object) { o.Tags = nil })
}

// getObjectTagging follows the page GetObjectTagging.
func (s *Service) getObjectTagging(w http.ResponseWriter, c *call) error {
	var tags []tag
	err := s.view(w, c, func(_ *store.Tx, o object) error {
		tags = o.Tags
		return nil
	})
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, taggingDocument{Tags: tags})
	return nil
}

// amend changes what is stored of the version that the call names, besides its
// bytes and its time, and answers that status.
func (s *Service) amend(w http.ResponseWriter, c *call, status int, change func(*object)) error {
	var b bucketRecord
	var o object
	err := s.st.Update(func(tx *store.Tx) (err error) {
		if b, err = bucketIn(tx, c.bucket); err != nil {
			return err
		}
		if o, err = find(tx, source{c.bucket, c.key, c.query.Get("versionId")}); err != nil {
			return err
		}
		change(&o)
		return tx.PutJSON(objectTable, o.row, o)
	})
	if err != nil {
		return err
	}
	b.showVersion(w, o)
	w.WriteHeader(status)
	return nil
}

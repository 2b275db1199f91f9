package oss

import (
	"encoding/xml"
	"net/http"
	"slices"
	"strings"

	"imagedrop/shared/local/store"
)

// Limits of the tags of a bucket; lengths in bytes.
// Source: OSS API, PutBucketTags, and the page of EC 0010-00000219.
const (
	maxBucketTags     = 20
	maxBucketTagKey   = 64
	maxBucketTagValue = 128
)

// reservedTagKeys are what the key of a bucket's tag must not begin with.
var reservedTagKeys = []string{"http://", "https://", "Aliyun"}

func checkBucketTags(tags []tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		reserved := slices.ContainsFunc(reservedTagKeys, func(prefix string) bool { return strings.HasPrefix(t.Key, prefix) })
		switch {
		case reserved:
			return errInvalidTag.coded("0010-00000207")
		case t.Key == "" || seen[t.Key] || len(t.Key) > maxBucketTagKey || len(t.Value) > maxBucketTagValue:
			return errInvalidTag.coded("0010-00000219")
		}
		seen[t.Key] = true
	}
	if len(tags) > maxBucketTags {
		return errInvalidTag
	}
	return nil
}

// putBucketTags follows the page PutBucketTags.
func (s *Service) putBucketTags(w http.ResponseWriter, c *call) error {
	var document taggingDocument
	if err := c.document(&document); err != nil {
		return err
	}
	if err := checkBucketTags(document.Tags); err != nil {
		return err
	}
	return s.amendBucket(w, c, http.StatusOK, func(b *bucketRecord) { b.Tags = document.Tags })
}

// getBucketTags follows the page GetBucketTags.
func (s *Service) getBucketTags(w http.ResponseWriter, c *call) error {
	b, err := s.bucket(c)
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, taggingDocument{Tags: b.Tags})
	return nil
}

// deleteBucketTags follows the page DeleteBucketTags: the keys that the
// parameter tagging lists, or all.
func (s *Service) deleteBucketTags(w http.ResponseWriter, c *call) error {
	keys := strings.Split(c.query.Get("tagging"), ",")
	return s.amendBucket(w, c, http.StatusNoContent, func(b *bucketRecord) {
		b.Tags = slices.DeleteFunc(b.Tags, func(t tag) bool { return c.query.Get("tagging") == "" || slices.Contains(keys, t.Key) })
	})
}

// amendBucket changes the record of the call's bucket and answers that status.
func (s *Service) amendBucket(w http.ResponseWriter, c *call, status int, change func(*bucketRecord)) error {
	err := s.st.Update(func(tx *store.Tx) error {
		b, err := bucketIn(tx, c.bucket)
		if err != nil {
			return err
		}
		change(&b)
		return tx.PutJSON(bucketTable, c.bucket, b)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(status)
	return nil
}

// tagFilter returns which buckets ListBuckets lists: those with the tag of
// tag-key and, where it is given, tag-value, and with those of tagging, which is
// "key":"value" pairs with commas between them.
func (c *call) tagFilter() (func([]tag) bool, error) {
	wanted, err := parseTagging(c.query.Get("tagging"))
	if err != nil {
		return nil, err
	}
	key, value := c.query.Get("tag-key"), c.query.Get("tag-value")
	return func(tags []tag) bool {
		if key != "" && !slices.ContainsFunc(tags, func(t tag) bool { return t.Key == key && (value == "" || t.Value == value) }) {
			return false
		}
		return !slices.ContainsFunc(wanted, func(t tag) bool { return !slices.Contains(tags, t) })
	}, nil
}

func parseTagging(text string) (tags []tag, err error) {
	if text == "" {
		return nil, nil
	}
	for pair := range strings.SplitSeq(text, ",") {
		key, value, ok := strings.Cut(pair, ":")
		if !ok || len(key) < len(`"k"`) || !quoted(key) || !quoted(value) {
			return nil, errInvalidArgument.because(`The parameter must be "key":"value" pairs.`).
				with("ArgumentName", "tagging").with("ArgumentValue", text)
		}
		tags = append(tags, tag{key[1 : len(key)-1], value[1 : len(value)-1]})
	}
	return tags, nil
}

func quoted(text string) bool {
	return len(text) > 1 && strings.HasPrefix(text, `"`) && strings.HasSuffix(text, `"`)
}

type regionsResult struct {
	XMLName    xml.Name `xml:"RegionInfoList"`
	RegionInfo regionInfo
}

type regionInfo struct {
	Region             string
	InternetEndpoint   string
	InternalEndpoint   string
	AccelerateEndpoint string
}

// describeRegions follows the page DescribeRegions: there is one region, and
// its endpoints are where the request was sent to.
func (s *Service) describeRegions(w http.ResponseWriter, c *call) error {
	if region := c.query.Get("regions"); region != "" && region != location {
		return errNoSuchRegion.with("Region", region)
	}
	host := c.serviceHost()
	writeXML(w, http.StatusOK, regionsResult{RegionInfo: regionInfo{location, host, host, host}})
	return nil
}

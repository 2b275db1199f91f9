package oss

import (
	"encoding/xml"
	"net/http"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// What every bucket and object here is.
const (
	location       = "oss-" + account.Region
	storageClass   = "Standard"
	dataRedundancy = "LRS"
	aclPrivate     = "private"
	aclDefault     = "default" // of an object: that of its bucket

	// timeFormat is how OSS writes times in documents and events.
	timeFormat = "2006-01-02T15:04:05.000Z"
)

// maxBucketConfiguration bounds the body of PutBucket in bytes; ours.
const maxBucketConfiguration = 64 << 10

// bucketConfiguration is the body of PutBucket.
type bucketConfiguration struct {
	XMLName            xml.Name `xml:"CreateBucketConfiguration"`
	StorageClass       string
	DataRedundancyType string
}

// putBucket creates a bucket; the owner's repeated PUT changes nothing.
func (s *Service) putBucket(w http.ResponseWriter, c *call) error {
	body, err := c.body(maxBucketConfiguration)
	if err != nil {
		return err
	}
	config := bucketConfiguration{StorageClass: storageClass, DataRedundancyType: dataRedundancy}
	if len(body) > 0 && xml.Unmarshal(body, &config) != nil {
		return errMalformedXML
	}
	if config.StorageClass != storageClass || config.DataRedundancyType != dataRedundancy {
		return errNotImplemented.because("The local cloud has only buckets of class Standard with redundancy LRS.")
	}
	if err := s.CreateBucket(c.bucket); err != nil {
		return err
	}
	w.Header().Set("Location", "/"+c.bucket)
	w.WriteHeader(http.StatusOK)
	return nil
}

func (s *Service) deleteBucket(w http.ResponseWriter, c *call) error {
	err := s.st.Update(func(tx *store.Tx) error {
		if tx.Get(bucketTable, c.bucket) == nil {
			return errNoSuchBucket.with("BucketName", c.bucket)
		}
		empty := true
		tx.Scan(objectTable, store.Key(c.bucket, ""), "", func(string, []byte) bool {
			empty = false
			return false
		})
		if !empty {
			return errBucketNotEmpty.with("BucketName", c.bucket)
		}
		return tx.Delete(bucketTable, c.bucket)
	})
	if err != nil {
		return err
	}
	w.WriteHeader(http.StatusNoContent)
	return nil
}

// bucketEntry is a bucket in the answer of ListBuckets. Its endpoints are the
// host that the request was sent to, so that a client that follows them comes
// back here and not to the real cloud.
type bucketEntry struct {
	CreationDate     string
	ExtranetEndpoint string
	IntranetEndpoint string
	Location         string
	Name             string
	Region           string
	StorageClass     string
}

func (c *call) bucketEntry(name string, b bucketRecord) bucketEntry {
	return bucketEntry{
		CreationDate: written(b.Created), ExtranetEndpoint: c.serviceHost(), IntranetEndpoint: c.serviceHost(),
		Location: location, Name: name, Region: account.Region, StorageClass: storageClass,
	}
}

type listBucketsResult struct {
	XMLName     xml.Name `xml:"ListAllMyBucketsResult"`
	Owner       owner
	Prefix      string
	Marker      string
	MaxKeys     int
	IsTruncated bool
	NextMarker  string        `xml:",omitempty"`
	Buckets     []bucketEntry `xml:"Buckets>Bucket"`
}

func (s *Service) listBuckets(w http.ResponseWriter, c *call) error {
	limit, err := c.maxKeys("max-keys", defaultMaxKeys)
	if err != nil {
		return err
	}
	result := listBucketsResult{Owner: accountOwner, Prefix: c.query.Get("prefix"), Marker: c.query.Get("marker"), MaxKeys: limit}
	err = s.st.View(func(tx *store.Tx) error {
		for _, name := range bucketNames(tx, result.Prefix, result.Marker, limit+1) {
			if len(result.Buckets) == limit {
				result.IsTruncated = true
				result.NextMarker = result.Buckets[limit-1].Name
				return nil
			}
			var b bucketRecord
			if _, err := tx.GetJSON(bucketTable, name, &b); err != nil {
				return err
			}
			result.Buckets = append(result.Buckets, c.bucketEntry(name, b))
		}
		return nil
	})
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

// bucketNames returns the first names after marker that begin with prefix.
func bucketNames(tx *store.Tx, prefix, marker string, limit int) (names []string) {
	tx.Scan(bucketTable, prefix, marker, func(name string, _ []byte) bool {
		if name != marker {
			names = append(names, name)
		}
		return len(names) < limit
	})
	return names
}

// bucket returns the record of a call's bucket.
func (s *Service) bucket(c *call) (b bucketRecord, err error) {
	err = s.st.View(func(tx *store.Tx) error {
		found, err := tx.GetJSON(bucketTable, c.bucket, &b)
		if err == nil && !found {
			return errNoSuchBucket.with("BucketName", c.bucket)
		}
		return err
	})
	return b, err
}

type bucketInfoResult struct {
	XMLName xml.Name `xml:"BucketInfo"`
	Bucket  bucketInfo
}

type bucketInfo struct {
	bucketEntry
	Owner                  owner
	Grant                  string `xml:"AccessControlList>Grant"`
	DataRedundancyType     string
	AccessMonitor          string
	TransferAcceleration   string
	CrossRegionReplication string
	BlockPublicAccess      bool
	SSEAlgorithm           string `xml:"ServerSideEncryptionRule>SSEAlgorithm"`
	ResourceGroupID        string `xml:"ResourceGroupId"`
}

func (s *Service) getBucketInfo(w http.ResponseWriter, c *call) error {
	b, err := s.bucket(c)
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, bucketInfoResult{Bucket: bucketInfo{
		bucketEntry: c.bucketEntry(c.bucket, b), Owner: accountOwner, Grant: aclPrivate, DataRedundancyType: dataRedundancy,
		AccessMonitor: "Disabled", TransferAcceleration: "Disabled", CrossRegionReplication: "Disabled",
		BlockPublicAccess: true, SSEAlgorithm: "None", ResourceGroupID: "rg-default-id",
	}})
	return nil
}

type locationResult struct {
	XMLName xml.Name `xml:"LocationConstraint"`
	Text    string   `xml:",chardata"`
}

func (s *Service) getBucketLocation(w http.ResponseWriter, c *call) error {
	writeXML(w, http.StatusOK, locationResult{Text: location})
	return nil
}

func (s *Service) getBucketACL(w http.ResponseWriter, c *call) error {
	writeXML(w, http.StatusOK, aclResult{Owner: accountOwner, Grant: aclPrivate})
	return nil
}

// written is t as OSS writes it in documents and events.
func written(t time.Time) string { return t.UTC().Format(timeFormat) }

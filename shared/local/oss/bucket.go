package oss

import (
	"encoding/json"
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

	// timeFormat is how OSS writes times in documents and events.
	timeFormat = "2006-01-02T15:04:05.000Z"
)

// bucketConfiguration is the body of PutBucket.
type bucketConfiguration struct {
	XMLName            xml.Name `xml:"CreateBucketConfiguration"`
	StorageClass       string
	DataRedundancyType string
	LocationConstraint string // of older clients; the endpoint names the region
}

// putBucket follows the page PutBucket; the owner's repeated PUT changes nothing.
// It leaves out every storage class but Standard, zone redundancy, and the ACLs
// that let others in.
func (s *Service) putBucket(w http.ResponseWriter, c *call) error {
	body, err := c.body(maxConfiguration)
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
	if config.LocationConstraint != "" && config.LocationConstraint != location {
		return errInvalidLocation.with("LocationConstraint", config.LocationConstraint)
	}
	if err := s.CreateBucket(c.bucket); err != nil {
		return err
	}
	w.Header().Set("Location", "/"+c.bucket)
	w.WriteHeader(http.StatusOK)
	return nil
}

// deleteBucket follows the page DeleteBucket: versions, delete markers and open
// uploads keep a bucket from being deleted, as objects do.
func (s *Service) deleteBucket(w http.ResponseWriter, c *call) error {
	err := s.st.Update(func(tx *store.Tx) error {
		if _, err := bucketIn(tx, c.bucket); err != nil {
			return err
		}
		if !isEmpty(tx, objectTable, c.bucket) || !isEmpty(tx, uploadTable, c.bucket) {
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

// isEmpty reports whether a table has no row of a bucket.
func isEmpty(tx *store.Tx, table, bucket string) bool {
	empty := true
	tx.Scan(table, store.Key(bucket, ""), "", func(string, []byte) bool {
		empty = false
		return false
	})
	return empty
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

// listBuckets follows the page ListBuckets (GetService). It leaves out the
// selection by resource group.
func (s *Service) listBuckets(w http.ResponseWriter, c *call) error {
	limit, err := c.maxKeys("max-keys", defaultMaxKeys)
	if err != nil {
		return err
	}
	wanted, err := c.tagFilter()
	if err != nil {
		return err
	}
	result := listBucketsResult{Owner: accountOwner, Prefix: c.query.Get("prefix"), Marker: c.query.Get("marker"), MaxKeys: limit}
	err = s.st.View(func(tx *store.Tx) error {
		return scanBuckets(tx, result.Prefix, result.Marker, func(name string, b bucketRecord) bool {
			if !wanted(b.Tags) {
				return true
			}
			if len(result.Buckets) == limit {
				result.IsTruncated = true
				result.NextMarker = result.Buckets[limit-1].Name
				return false
			}
			result.Buckets = append(result.Buckets, c.bucketEntry(name, b))
			return true
		})
	})
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, result)
	return nil
}

// scanBuckets calls fn for the buckets after marker whose names begin with
// prefix, until it returns false.
func scanBuckets(tx *store.Tx, prefix, marker string, fn func(string, bucketRecord) bool) (err error) {
	tx.Scan(bucketTable, prefix, marker, func(name string, record []byte) bool {
		if name == marker {
			return true
		}
		var b bucketRecord
		if err = json.Unmarshal(record, &b); err != nil {
			return false
		}
		return fn(name, b)
	})
	return err
}

// bucket returns the record of a call's bucket.
func (s *Service) bucket(c *call) (b bucketRecord, err error) {
	err = s.st.View(func(tx *store.Tx) error {
		b, err = bucketIn(tx, c.bucket)
		return err
	})
	return b, err
}

// bucketIn returns the record of a bucket.
func bucketIn(tx *store.Tx, name string) (b bucketRecord, err error) {
	found, err := tx.GetJSON(bucketTable, name, &b)
	if err == nil && !found {
		err = errNoSuchBucket.with("BucketName", name)
	}
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
	Versioning             string `xml:",omitempty"`
	ResourceGroupID        string `xml:"ResourceGroupId"`
}

// getBucketInfo follows the page GetBucketInfo. It leaves out the log bucket.
func (s *Service) getBucketInfo(w http.ResponseWriter, c *call) error {
	b, err := s.bucket(c)
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, bucketInfoResult{Bucket: bucketInfo{
		bucketEntry: c.bucketEntry(c.bucket, b), Owner: accountOwner, Grant: aclPrivate, DataRedundancyType: dataRedundancy,
		AccessMonitor: "Disabled", TransferAcceleration: "Disabled", CrossRegionReplication: "Disabled",
		BlockPublicAccess: true, SSEAlgorithm: "None", Versioning: b.Versioning, ResourceGroupID: "rg-default-id",
	}})
	return nil
}

type locationResult struct {
	XMLName xml.Name `xml:"LocationConstraint"`
	Text    string   `xml:",chardata"`
}

// getBucketLocation follows the page GetBucketLocation.
func (s *Service) getBucketLocation(w http.ResponseWriter, c *call) error {
	writeXML(w, http.StatusOK, locationResult{Text: location})
	return nil
}

// written is t as OSS writes it in documents and events.
func written(t time.Time) string { return t.UTC().Format(timeFormat) }

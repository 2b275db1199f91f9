package oss

import (
	"encoding/json"
	"encoding/xml"
	"net/http"

	"imagedrop/shared/local/store"
)

// bucketStat is the answer of GetBucketStat, in bytes, objects and seconds.
type bucketStat struct {
	XMLName              xml.Name `xml:"BucketStat"`
	Storage              int64
	ObjectCount          int64
	MultipartUploadCount int64
	MultipartPartCount   int64
	LiveChannelCount     int64
	LastModifiedTime     int64 // of these figures
	StandardStorage      int64
	StandardObjectCount  int64
	DeleteMarkerCount    int64
}

// getBucketStat follows the page GetBucketStat; the figures are those of this
// moment. The classes that no object here can have are left out.
func (s *Service) getBucketStat(w http.ResponseWriter, c *call) error {
	stat := bucketStat{LastModifiedTime: s.acct.Clock.Now().Unix()}
	err := s.st.View(func(tx *store.Tx) error {
		if err := stat.countVersions(tx, c.bucket); err != nil {
			return err
		}
		return stat.countUploads(tx, c.bucket)
	})
	if err != nil {
		return err
	}
	stat.StandardStorage, stat.StandardObjectCount = stat.Storage, stat.ObjectCount
	writeXML(w, http.StatusOK, stat)
	return nil
}

func (stat *bucketStat) countVersions(tx *store.Tx, bucket string) (err error) {
	tx.Scan(objectTable, store.Key(bucket, ""), "", func(_ string, record []byte) bool {
		var o object
		if err = json.Unmarshal(record, &o); err != nil {
			return false
		}
		if o.Marker {
			stat.DeleteMarkerCount++
			return true
		}
		stat.ObjectCount++
		stat.Storage += o.Size
		return true
	})
	return err
}

func (stat *bucketStat) countUploads(tx *store.Tx, bucket string) (err error) {
	tx.Scan(uploadTable, store.Key(bucket, ""), "", func(row string, _ []byte) bool {
		stat.MultipartUploadCount++
		_, id := uploadOf(bucket, row)
		var parts []part
		if parts, err = partsAfter(tx, id, 0, maxPartNumber); err != nil {
			return false
		}
		for _, p := range parts {
			stat.MultipartPartCount++
			stat.Storage += p.Size
		}
		return true
	})
	return err
}

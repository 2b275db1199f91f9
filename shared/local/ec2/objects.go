package ec2

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/xml"
	"fmt"
	"net/http"
	"strconv"
	"strings"

	"imagedrop/shared/local/store"
)

// objectPath is before bucket and key: an S3 client takes the endpoint with it
// and path style, http://127.0.0.1:4704/s3.
const objectPath = "/s3/"

// The errors of the store. Source: Amazon S3 API, error responses.
var (
	errNoKey     = &failure{"NoSuchKey", 404, "The specified key does not exist."}
	errBadBucket = &failure{"InvalidBucketName", 400, "The specified bucket is not valid."}
	errNoMethod  = &failure{"NotImplemented", 501, "The local cloud keeps objects for uri: PutObject, GetObject, HeadObject and DeleteObject, nothing else."}
)

// serveObject serves the objects that uri may name. A bucket is there as soon
// as something is put into it.
func (s *service) serveObject(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, id: newRequestID()}
	object, err := s.object(c, w)
	w.Header().Set("x-amz-request-id", c.id)
	if err != nil {
		writeObjectError(w, r, c.id, failureOf(err))
		return
	}
	if r.Method == http.MethodDelete {
		w.WriteHeader(http.StatusNoContent)
		return
	}
	sum := md5.Sum(object)
	w.Header().Set("ETag", `"`+hex.EncodeToString(sum[:])+`"`)
	if r.Method == http.MethodPut {
		return
	}
	w.Header().Set("Content-Type", "binary/octet-stream")
	w.Header().Set("Content-Length", strconv.Itoa(len(object)))
	w.Write(object) // net/http leaves the body of a HEAD out
}

func (s *service) object(c *call, w http.ResponseWriter) ([]byte, error) {
	if err := c.read(w); err != nil {
		return nil, err
	}
	if err := s.authenticate(c, "s3"); err != nil {
		return nil, err
	}
	bucket, key, _ := strings.Cut(strings.TrimPrefix(c.URL.Path, objectPath), "/")
	if !uriForm.MatchString("s3://"+bucket+"/x") || strings.ContainsRune(key, 0) {
		return nil, errBadBucket
	}
	id := store.Key(bucket, key)
	switch {
	case key == "" || len(c.URL.Query()) > 0 && c.URL.RawQuery != "x-id="+c.URL.Query().Get("x-id"):
		return nil, errNoMethod
	case c.Method == http.MethodPut && c.Header.Get("x-amz-copy-source") == "":
		return c.body, s.store.Update(func(tx *store.Tx) error { return tx.Put(bucketObjects, id, c.body) })
	case c.Method == http.MethodDelete:
		return nil, s.store.Update(func(tx *store.Tx) error { return tx.Delete(bucketObjects, id) })
	case c.Method == http.MethodGet || c.Method == http.MethodHead:
		return s.get(id)
	}
	return nil, errNoMethod
}

func (s *service) get(id string) (object []byte, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		if object = tx.Get(bucketObjects, id); object == nil {
			return errNoKey
		}
		return nil
	})
	return object, err
}

func writeObjectError(w http.ResponseWriter, r *http.Request, id string, f *failure) {
	w.Header().Set("Content-Type", "application/xml")
	w.WriteHeader(f.status)
	if r.Method == http.MethodHead {
		return
	}
	fmt.Fprint(w, xml.Header)
	xml.NewEncoder(w).Encode(struct {
		XMLName   xml.Name `xml:"Error"`
		Code      string
		Message   string
		RequestID string `xml:"RequestId"`
	}{Code: strings.TrimSuffix(f.code, "Exception"), Message: f.message, RequestID: id})
}

// Package oss is the OSS endpoint of the local cloud: buckets and objects over
// HTTP as the OSS API of 2013-10-15 spells them, with signatures checked and
// event notification in the transaction that stores the object.
//
// It answers what the table operations in routes.go lists. What is left out is
// refused with NotImplemented or MethodNotAllowed, never with a silent success;
// the list of it is in leftout.go. Where the documents name no EC for an error,
// the error document has none.
package oss

import (
	"cmp"
	"net/http"
	"regexp"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// MaxObjectSize is the largest object, and so the largest part, in bytes that
// the local cloud takes; a larger one is answered EntityTooLarge, whether it is
// put, appended to, or made of parts. OSS takes 5 GB in one PutObject and 48.8 TB
// in parts; here objects live in the store, which serves templates of at most
// 16 KB. It is what ossutil sends in one PutObject before it goes over to parts.
const MaxObjectSize = 100 << 20

// The buckets of the store. Bytes are apart from metadata, so that listing and
// HEAD never read an object.
const (
	bucketTable = "oss.buckets"  // bucket name -> bucketRecord
	objectTable = "oss.versions" // versionRow(bucket, key, n) -> object
	dataTable   = "oss.chunks"   // chunk.ID -> the bytes
	uploadTable = "oss.uploads"  // store.Key(bucket, key, upload id) -> upload
	partTable   = "oss.parts"    // partRow(upload id, number) -> part
)

// Options are the settings of a Service.
type Options struct {
	Rules []Rule // see ValidateRules
	// MaxObjectSize is the limit in bytes; 0 means the constant of that name.
	MaxObjectSize int64
	// EncodeEventKeys sends object keys URL-encoded in events. The documents do
	// not say which form OSS sends; the plain key is the default.
	EncodeEventKeys bool
	// NoAuth takes every request as the account's, whatever its signature, key,
	// token and date: for experiments.
	NoAuth bool
}

// Service is the endpoint: an http.Handler that owns no listener. It is safe
// for concurrent use.
type Service struct {
	acct *account.Account
	st   *store.Store
	opt  Options
}

// New returns the endpoint over st, in the region and on the clock of acct.
func New(acct *account.Account, st *store.Store, opt Options) *Service {
	opt.MaxObjectSize = cmp.Or(opt.MaxObjectSize, MaxObjectSize)
	return &Service{acct: acct, st: st, opt: opt}
}

// bucketRecord is what the store keeps of a bucket.
type bucketRecord struct {
	Created    time.Time
	Versioning string `json:",omitempty"` // "", "Enabled" or "Suspended"
	Tags       []tag  `json:",omitempty"`
}

// bucketName is the naming rule of buckets.
// Source: OSS API, PutBucket: 3 to 63 lower-case letters, digits and hyphens,
// beginning and ending with a letter or digit.
var bucketName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)

// CreateBucket makes the bucket; one that exists is left as it is. It answers
// an error where the name breaks the naming rule or the store fails.
func (s *Service) CreateBucket(name string) error {
	if !bucketName.MatchString(name) {
		return errInvalidBucketName
	}
	return s.st.Update(func(tx *store.Tx) error {
		if tx.Get(bucketTable, name) != nil {
			return nil
		}
		return tx.PutJSON(bucketTable, name, bucketRecord{Created: s.acct.Clock.Now()})
	})
}

// HasObject reports whether the bucket has an object of that key now.
func (s *Service) HasObject(tx *store.Tx, bucket, key string) (bool, error) {
	o, found, err := currentVersion(tx, bucket, key)
	return found && !o.Marker, err
}

// ServeHTTP answers one request. Whatever is sent, the answer carries
// x-oss-request-id, and an error carries an error document.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	c := newCall(r)
	w.Header().Set("x-oss-request-id", c.id)
	w.Header().Set("Server", "AliyunOSS")
	s.acct.Faults.Wrap("oss",
		func(*http.Request) string { return c.op.name },
		func(_ *http.Request, value string) bool { return value == c.bucket || value == c.key },
		func(w http.ResponseWriter, _ *http.Request, status int, code string) {
			c.fail(w, apiError{status: status, code: code, message: "A fault that was asked for."})
		},
		http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			c.Request = r
			// The SDK corrects its clock by this header, so it must be the one that
			// signatures are judged by.
			w.Header().Set("Date", s.acct.Now(r.Context()).Format(http.TimeFormat))
			s.answer(w, c)
		}),
	).ServeHTTP(w, r)
}

// answer judges a call in the order of OSS: a bucket that does not exist is
// reported before a key that does not, as the vendor's SDK tests assert.
func (s *Service) answer(w http.ResponseWriter, c *call) {
	err := c.malformed
	for _, check := range []func(*call) error{(*call).validNames, s.bucketExists, s.authenticate, (*call).admit} {
		if err == nil {
			err = check(c)
		}
	}
	if err == nil {
		err = c.op.serve(s, w, c)
	}
	if err != nil {
		c.fail(w, err)
	}
}

func (s *Service) bucketExists(c *call) error {
	if c.bucket == "" || c.op.name == "PutBucket" {
		return nil
	}
	_, err := s.bucket(c)
	return err
}

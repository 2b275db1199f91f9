// Package ec2 is the local cloud's EC2 Image Builder endpoint: the component
// operations of API 2019-12-02, restJson1, as the public pages describe them,
// and a minimal s3:// store for the documents that CreateComponent reads by
// uri. It was never compared with the real service.
//
// Left out: every other operation of Image Builder, which is answered as an
// unknown one; component policies, sharing and the components of Amazon;
// encryption (kmsKeyId is kept, nothing is encrypted). Of S3 there are
// PutObject, GetObject, HeadObject and DeleteObject, path style, below /s3/.
package ec2

import (
	"bytes"
	"errors"
	"io"
	"net/http"
	"net/url"
	"strings"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// AccountID is the account's number at this provider, the owner in each ARN.
const AccountID = "123456789012"

// The defaults of Options.
const (
	// Source: API_CreateComponent of the seed, clientToken.
	defaultTokenLength = 36
	// Source: Image Builder quotas, maximum size of a component document.
	defaultMaxDocument = 64 << 10
	// The documents name neither a lifetime of tokens nor a number here.
	defaultTokenLifetime = 24 * time.Hour
	defaultQuota         = 1_000_000
)

// Options are the endpoint's switches; the zero value is the seed's rules.
type Options struct {
	TokenLength   int           // characters of clientToken; 0 means 36, the newer pages say 64
	TokenLifetime time.Duration // how long an answer is kept under its token; 0 means 24 hours
	Quota         int           // component build versions in a region; 0 means 1,000,000
	MaxDocument   int           // bytes of a document that uri names; 0 means 64 KB
	// NoAuth takes every request as the account's, whatever its signature, key,
	// token and date: for experiments.
	NoAuth bool
}

func (o Options) withDefaults() Options {
	if o.TokenLength == 0 {
		o.TokenLength = defaultTokenLength
	}
	if o.TokenLifetime == 0 {
		o.TokenLifetime = defaultTokenLifetime
	}
	if o.Quota == 0 {
		o.Quota = defaultQuota
	}
	if o.MaxDocument == 0 {
		o.MaxDocument = defaultMaxDocument
	}
	return o
}

type service struct {
	account *account.Account
	store   *store.Store
	opt     Options
}

// call is one request that is being worked.
type call struct {
	*http.Request
	id     string
	body   []byte
	region string // of the signature's scope
}

// operation answers a value to encode, a *failure, or another error.
type operation struct {
	name         string
	method, path string // a path that ends in / has one more element
	do           func(*service, *call) (any, error)
}

var operations = []operation{
	{"CreateComponent", http.MethodPut, "/CreateComponent", (*service).createComponent},
	{"GetComponent", http.MethodGet, "/GetComponent", (*service).getComponent},
	{"ListComponents", http.MethodPost, "/ListComponents", (*service).listComponents},
	{"ListComponentBuildVersions", http.MethodPost, "/ListComponentBuildVersions", (*service).listBuildVersions},
	{"DeleteComponent", http.MethodDelete, "/DeleteComponent", (*service).deleteComponent},
	{"TagResource", http.MethodPost, tagsPath, (*service).tagResource},
	{"UntagResource", http.MethodDelete, tagsPath, (*service).untagResource},
	{"ListTagsForResource", http.MethodGet, tagsPath, (*service).listTags},
}

// New returns the endpoint's handler. It owns no listener and takes the faults
// of service "ec2"; their operation is the API's name of it.
func New(acct *account.Account, st *store.Store, opt Options) http.Handler {
	s := &service{account: acct, store: st, opt: opt.withDefaults()}
	faulty := acct.Faults.Wrap("ec2", operationName, names, writeFault, http.HandlerFunc(s.serve))
	// No mux: an ARN in a path holds slashes of its own, which it would clean.
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, objectPath) {
			s.serveObject(w, r)
			return
		}
		faulty.ServeHTTP(w, r)
	})
}

func operationOf(r *http.Request) (operation, bool) {
	path := rawPath(r)
	for _, o := range operations {
		if o.method == r.Method && (o.path == path || strings.HasSuffix(o.path, "/") && strings.HasPrefix(path, o.path) && path != o.path) {
			return o, true
		}
	}
	return operation{}, false
}

func operationName(r *http.Request) string {
	o, _ := operationOf(r)
	return o.name
}

// names reports whether the address of a request, an ARN say, holds the value.
func names(r *http.Request, value string) bool {
	address, err := url.QueryUnescape(r.RequestURI)
	return err == nil && strings.Contains(address, value)
}

// rawPath is the path as it was sent: an ARN in it is one escaped element.
func rawPath(r *http.Request) string {
	path, _, _ := strings.Cut(r.RequestURI, "?")
	return path
}

// maxBody bounds a request, in bytes. The largest legal one holds 16,000
// characters of data, each escaped as \uXXXX, and 50 tags.
const maxBody = 1 << 20

func (s *service) serve(w http.ResponseWriter, r *http.Request) {
	c := &call{Request: r, id: newRequestID()}
	answer, err := s.answer(c, w)
	if err != nil {
		write(w, c.id, failureOf(err))
		return
	}
	writeJSON(w, c.id, http.StatusOK, answer)
}

func (s *service) answer(c *call, w http.ResponseWriter) (any, error) {
	if err := c.read(w); err != nil {
		return nil, err
	}
	if err := s.authenticate(c, "imagebuilder"); err != nil {
		return nil, err
	}
	o, known := operationOf(c.Request)
	if !known {
		return nil, errUnknownOperation
	}
	return o.do(s, c)
}

func (c *call) read(w http.ResponseWriter) (err error) {
	c.body, err = io.ReadAll(http.MaxBytesReader(w, c.Body, maxBody))
	var tooLarge *http.MaxBytesError
	switch {
	case errors.As(err, &tooLarge):
		return errTooLarge
	case err != nil:
		return errInvalid.because("The body cannot be read.")
	}
	c.Body = io.NopCloser(bytes.NewReader(c.body))
	return nil
}

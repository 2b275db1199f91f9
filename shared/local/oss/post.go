package oss

import (
	"bytes"
	"cmp"
	"encoding/base64"
	"encoding/json"
	"encoding/xml"
	"errors"
	"io"
	"mime"
	"mime/multipart"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"
)

// maxFields bounds what a form has beside its file, in bytes; ours.
const maxFields = 1 << 20

// The fields of a form that are none of the object's.
// Source: OSS API, PostObject, form fields.
const (
	fileField     = "file"
	policyField   = "policy"
	redirectField = "success_action_redirect"
	statusField   = "success_action_status"
	filenameMark  = "${filename}"
)

// form is the body of a PostObject.
type form struct {
	fields http.Header // by their names in the canonical form of headers
	file   []byte
}

func (f *form) get(name string) string { return f.fields.Get(name) }

// isForm reports whether a request is a form upload, which carries its
// signature in its body.
func (c *call) isForm() bool { return c.op.name == "PostObject" }

// isMultipart reports the type of a form, in any case of letters.
func isMultipart(contentType string) bool {
	kind, _, _ := strings.Cut(contentType, ";")
	return strings.EqualFold(strings.TrimSpace(kind), "multipart/form-data")
}

// readForm reads the body of a PostObject, once. Fields behind the file are not
// looked at.
func (s *Service) readForm(c *call) (*form, error) {
	if c.form != nil {
		return c.form, nil
	}
	_, params, err := mime.ParseMediaType(c.Header.Get("Content-Type"))
	if err != nil || params["boundary"] == "" {
		return nil, errMalformedForm
	}
	body, err := c.body(s.opt.MaxObjectSize + maxFields)
	if err != nil {
		return nil, err
	}
	f := &form{fields: http.Header{}}
	parts := multipart.NewReader(bytes.NewReader(body), params["boundary"])
	for f.file == nil {
		part, err := parts.NextRawPart()
		if errors.Is(err, io.EOF) {
			return nil, errNoFile
		}
		if err != nil || f.add(part) != nil {
			return nil, errMalformedForm
		}
	}
	if int64(len(f.file)) > s.opt.MaxObjectSize {
		return nil, tooLarge(s.opt.MaxObjectSize)
	}
	c.form = f
	return f, nil
}

// add takes a part of the body. Of the file it takes the name into the key, and
// the type, unless the form says another.
func (f *form) add(part *multipart.Part) error {
	text, err := io.ReadAll(part)
	if err != nil {
		return err
	}
	if part.FormName() != fileField {
		f.fields.Set(part.FormName(), string(text))
		return nil
	}
	f.file = append([]byte{}, text...) // never nil
	f.fields.Set("key", strings.ReplaceAll(f.get("key"), filenameMark, part.FileName()))
	f.fields.Set("Content-Type", cmp.Or(f.get("x-oss-content-type"), part.Header.Get("Content-Type"), f.get("Content-Type")))
	f.fields.Del("x-oss-content-type")
	return nil
}

// claimOfForm returns the claim of a PostObject: its policy is what is signed.
func (s *Service) claimOfForm(c *call) (claim, error) {
	f, err := s.readForm(c)
	if err != nil {
		return claim{}, err
	}
	always := func(time.Time) error { return nil } // the policy says until when
	policy, token := f.get(policyField), f.get("x-oss-security-token")
	switch {
	case policy == "" && f.get("Signature") == "" && f.get("x-oss-signature") == "":
		return claim{}, errAccessDenied
	case f.get("x-oss-signature-version") == schemeV2:
		return claim{}, errVersion2
	case f.get("x-oss-signature") == "":
		return claim{f.get("OSSAccessKeyId"), f.get("Signature"), token, always, func(secret string) ([]string, []element) {
			return []string{signTextV1(secret, policy)}, []element{newElement("StringToSign", policy)}
		}}, nil
	}
	accessKeyID, v, err := c.readV4(f.get("x-oss-credential"), f.get("x-oss-date"), "")
	return claim{accessKeyID, f.get("x-oss-signature"), token, always, func(secret string) ([]string, []element) {
		return []string{v.signText(secret, policy)}, []element{newElement("StringToSign", policy)}
	}}, err
}

// postObject follows the page PostObject. It leaves out what PutObject leaves
// out, and forms without a policy: no bucket here may be written by everyone.
func (s *Service) postObject(w http.ResponseWriter, c *call) error {
	f, err := s.readForm(c)
	if err != nil {
		return err
	}
	if err := f.judge(c.bucket, s.acct.Now(c.Context())); err != nil && !s.opt.NoAuth {
		return err
	}
	put := f.put(c)
	switch {
	case !validKey(put.key):
		return errInvalidObjectName
	case f.get("callback") != "":
		return notImplemented("callback")
	}
	if err := put.admit(); err != nil {
		return err
	}
	o, err := put.newObject(f.file)
	if err != nil {
		return err
	}
	o, err = s.store(w, put, o, f.file, "ObjectCreated:PostObject")
	if err != nil {
		return err
	}
	f.acknowledge(w, put, o)
	return nil
}

// put returns the PutObject that the form amounts to.
func (f *form) put(c *call) *call {
	r := c.Clone(c.Context())
	r.Method, r.Header = http.MethodPut, http.Header{}
	for name, values := range f.fields {
		if !strings.HasPrefix(name, "X-Oss-Signature") && name != "X-Oss-Credential" {
			r.Header[name] = values
		}
	}
	put := *c
	put.Request, put.key = r, f.get("key")
	return &put
}

// postResponse is the answer to a form that asks for the status 201.
type postResponse struct {
	XMLName  xml.Name `xml:"PostResponse"`
	Bucket   string
	ETag     string
	Key      string
	Location string
}

// acknowledge answers as the form wishes: with a redirection, or with a status,
// which is 204 where it names none of those that are allowed.
func (f *form) acknowledge(w http.ResponseWriter, put *call, o object) {
	o.showSums(w)
	w.Header().Set("Content-MD5", o.MD5)
	w.Header().Set("Location", put.location())
	if to, err := url.Parse(f.get(redirectField)); err == nil && to.IsAbs() {
		query := to.Query()
		query.Set("bucket", put.bucket)
		query.Set("key", put.key)
		query.Set("etag", o.quotedETag())
		to.RawQuery = query.Encode()
		w.Header().Set("Location", to.String())
		w.WriteHeader(http.StatusSeeOther)
		return
	}
	switch f.get(statusField) {
	case "200":
		w.WriteHeader(http.StatusOK)
	case "201":
		writeXML(w, http.StatusCreated, postResponse{Bucket: put.bucket, ETag: o.quotedETag(), Key: put.key, Location: put.location()})
	default:
		w.WriteHeader(http.StatusNoContent)
	}
}

// policyDocument is what the sender of a form is allowed.
// Source: OSS API, PostObject, appendix Policy.
type policyDocument struct {
	Expiration *time.Time        `json:"expiration"`
	Conditions []json.RawMessage `json:"conditions"`
}

// judge holds the form against its policy.
func (f *form) judge(bucket string, now time.Time) error {
	var policy policyDocument
	text, err := base64.StdEncoding.DecodeString(f.get(policyField))
	if err != nil || json.Unmarshal(text, &policy) != nil || policy.Expiration == nil || policy.Conditions == nil {
		return errPolicyDocument
	}
	if now.After(*policy.Expiration) {
		return errPolicyRefuses.because("Invalid according to Policy: Policy expired.")
	}
	for _, condition := range policy.Conditions {
		if err := f.meets(condition, bucket); err != nil {
			return err
		}
	}
	return nil
}

// meets judges one condition: {"field": "value"}, or a list that begins with
// how to compare.
func (f *form) meets(condition json.RawMessage, bucket string) error {
	var simple map[string]string
	if json.Unmarshal(condition, &simple) == nil && len(simple) == 1 {
		for field, value := range simple {
			return refusedUnless(f.value(field, bucket) == value, condition)
		}
	}
	var list []json.RawMessage
	var how, field, text string
	if json.Unmarshal(condition, &list) != nil || len(list) != 3 || json.Unmarshal(list[0], &how) != nil {
		return errPolicyDocument
	}
	if how == "content-length-range" {
		return f.fits(list[1], list[2])
	}
	if json.Unmarshal(list[1], &field) != nil || !strings.HasPrefix(field, "$") {
		return errPolicyDocument
	}
	value, among := f.value(field[1:], bucket), []string{}
	isText, isList := json.Unmarshal(list[2], &text) == nil, json.Unmarshal(list[2], &among) == nil
	switch {
	case how == "eq" && isText:
		return refusedUnless(value == text, condition)
	case how == "starts-with" && isText:
		return refusedUnless(strings.HasPrefix(value, text), condition)
	case (how == "in" || how == "not-in") && isList:
		return refusedUnless(slices.Contains(among, value) == (how == "in"), condition)
	}
	return errPolicyDocument
}

// value is that of a field, or of the bucket.
func (f *form) value(field, bucket string) string {
	if strings.EqualFold(field, "bucket") {
		return bucket
	}
	return f.get(field)
}

// fits judges the size of the file.
func (f *form) fits(low, high json.RawMessage) error {
	from, fromErr := strconv.ParseInt(string(low), 10, 64)
	to, toErr := strconv.ParseInt(string(high), 10, 64)
	switch size := int64(len(f.file)); {
	case fromErr != nil || toErr != nil || from < 0 || to < from:
		return errPolicyDocument
	case size > to:
		return tooLarge(to)
	case size < from:
		return errEntityTooSmall.coded("").with("MinSizeAllowed", strconv.FormatInt(from, 10))
	}
	return nil
}

func refusedUnless(met bool, condition json.RawMessage) error {
	if met {
		return nil
	}
	return errPolicyRefuses.because("Invalid according to Policy: Policy Condition failed: " + string(condition))
}

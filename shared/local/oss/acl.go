package oss

import (
	"encoding/xml"
	"net/http"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// The ACLs that there are: nothing here is read without a signature.
const (
	aclPrivate = "private"
	aclDefault = "default" // of an object: that of its bucket
)

// aclResult is the answer of GetBucketAcl and GetObjectACL.
type aclResult struct {
	XMLName xml.Name `xml:"AccessControlPolicy"`
	Owner   owner
	Grant   string `xml:"AccessControlList>Grant"`
}

type owner struct {
	ID          string
	DisplayName string
}

var accountOwner = owner{account.ID, account.ID}

// getBucketACL follows the page GetBucketAcl.
func (s *Service) getBucketACL(w http.ResponseWriter, c *call) error {
	writeXML(w, http.StatusOK, aclResult{Owner: accountOwner, Grant: aclPrivate})
	return nil
}

// putBucketACL follows the page PutBucketAcl. It leaves out the ACLs
// public-read and public-read-write.
func (s *Service) putBucketACL(w http.ResponseWriter, c *call) error {
	if c.Header.Get("x-oss-acl") == "" {
		return errInvalidArgument.because("The header x-oss-acl is missing.").with("ArgumentName", "x-oss-acl")
	}
	w.WriteHeader(http.StatusOK)
	return nil
}

// getObjectACL follows the page GetObjectACL.
func (s *Service) getObjectACL(w http.ResponseWriter, c *call) error {
	var acl string
	err := s.view(w, c, func(_ *store.Tx, o object) error {
		acl = o.ACL
		return nil
	})
	if err != nil {
		return err
	}
	writeXML(w, http.StatusOK, aclResult{Owner: accountOwner, Grant: acl})
	return nil
}

// putObjectACL follows the page PutObjectACL. It leaves out the ACLs
// public-read and public-read-write.
func (s *Service) putObjectACL(w http.ResponseWriter, c *call) error {
	acl := c.Header.Get("x-oss-object-acl")
	if acl == "" {
		return errInvalidArgument.because("The header x-oss-object-acl is missing.").with("ArgumentName", "x-oss-object-acl")
	}
	return s.amend(w, c, http.StatusOK, func(o *object) { o.ACL = acl })
}

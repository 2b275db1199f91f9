package oss

import (
	"encoding/base64"
	"encoding/xml"
	"errors"
	"net/http"
	"slices"
	"strconv"
)

// apiError is an answer of the service that is not a success.
type apiError struct {
	status  int
	code    string
	message string
	ec      string // "" where the documents name none
	details []element
}

// element is one more child of an error document.
type element struct {
	XMLName xml.Name
	Text    string `xml:",chardata"`
}

// Error implements error.
func (e apiError) Error() string { return e.code + ": " + e.message }

// because returns e with a message of its own.
func (e apiError) because(message string) apiError {
	e.message = message
	return e
}

// with returns e with another element in its document.
func (e apiError) with(name, text string) apiError {
	e.details = append(slices.Clip(e.details), newElement(name, text))
	return e
}

func newElement(name, text string) element { return element{xml.Name{Local: name}, text} }

// The errors of the service. Sources: OSS error responses, the pages of the
// single ECs, and the assertions of the vendor's SDK tests.
var (
	errNotModified = apiError{304, "NotModified", "The object has not been modified.", "", nil}

	errInvalidArgument   = apiError{400, "InvalidArgument", "An argument is not valid.", "", nil}
	errInvalidBucketName = apiError{400, "InvalidBucketName", "The specified bucket is not valid.", "", nil}
	errInvalidObjectName = apiError{400, "InvalidObjectName", "The specified object is not valid.", "", nil}
	errInvalidDigest     = apiError{400, "InvalidDigest", "The Content-MD5 you specified was invalid.", "", nil}
	errEntityTooLarge    = apiError{400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.", "", nil}
	errMalformedXML      = apiError{400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.", "0016-00000608", nil}
	errRequestTimeout    = apiError{400, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period.", "", nil}
	errSigningRegion     = apiError{400, "InvalidArgument", "Invalid signing region in Authorization header.", "0002-00000226", nil}
	errSigningProduct    = apiError{400, "InvalidArgument", "Invalid signing product in Authorization header.", "0002-00000227", nil}

	errAccessDenied       = apiError{403, "AccessDenied", "You have no right to access this object because of bucket acl.", "0003-00000001", nil}
	errNoDate             = apiError{403, "AccessDenied", "OSS authentication requires a valid Date.", "", nil}
	errUnknownKey         = apiError{403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.", "0002-00000902", nil}
	errNotTemporary       = apiError{403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records.", "0002-00000002", nil}
	errTokenMissing       = apiError{403, "InvalidAccessKeyId", "The OSS Access Key Id you provided does not exist in our records. The Security Token may be lost to specify that it is a STS Access Id.", "0002-00000003", nil}
	errTokenInvalid       = apiError{403, "InvalidSecurityToken", "The security token you provided is invalid.", "0002-00000006", nil}
	errTokenExpired       = apiError{403, "SecurityTokenExpired", "The security token you provided has expired.", "0002-00000007", nil}
	errSignatureMismatch  = apiError{403, "SignatureDoesNotMatch", "The request signature we calculated does not match the signature you provided. Check your key and signing method.", "0002-00000040", nil}
	errRequestTimeTooFar  = apiError{403, "RequestTimeTooSkewed", "The difference between the request time and the current time is too large.", "0002-00000504", nil}
	errNoSuchBucket       = apiError{404, "NoSuchBucket", "The specified bucket does not exist.", "0015-00000101", nil}
	errNoSuchKey          = apiError{404, "NoSuchKey", "The specified key does not exist.", "0026-00000001", nil}
	errNoSuchVersion      = apiError{404, "NoSuchVersion", "The specified version does not exist.", "", nil}
	errMethodNotAllowed   = apiError{405, "MethodNotAllowed", "The specified method is not allowed against this resource.", "", nil}
	errBucketNotEmpty     = apiError{409, "BucketNotEmpty", "The bucket has objects. Please delete them first.", "0015-00000301", nil}
	errFileAlreadyExists  = apiError{409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.", "", nil}
	errMissingLength      = apiError{411, "MissingContentLength", "You must provide the Content-Length HTTP header.", "", nil}
	errPreconditionFailed = apiError{412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.", "", nil}
	errInvalidRange       = apiError{416, "InvalidRange", "The requested range cannot be satisfied.", "", nil}

	errInternal       = apiError{500, "InternalError", "We encountered an internal error. Please try again.", "", nil}
	errNotImplemented = apiError{501, "NotImplemented", "The local cloud does not implement this.", "", nil}
)

// errorDocument is the body of an error.
type errorDocument struct {
	XMLName      xml.Name `xml:"Error"`
	Code         string
	Message      string
	RequestID    string `xml:"RequestId"`
	HostID       string `xml:"HostId"`
	Details      []element
	EC           string `xml:",omitempty"`
	RecommendDoc string `xml:",omitempty"`
}

// fail answers err. Where the answer can have no body the document travels in
// x-oss-err: the SDK reads it there.
func (c *call) fail(w http.ResponseWriter, err error) {
	var e apiError
	if !errors.As(err, &e) {
		e = errInternal.because(errInternal.message + " The local cloud: " + err.Error())
	}
	doc := errorDocument{Code: e.code, Message: e.message, RequestID: c.id, HostID: c.Host, Details: e.details, EC: e.ec}
	if e.ec != "" {
		doc.RecommendDoc = "https://api.aliyun.com/troubleshoot?q=" + e.ec
		w.Header().Set("x-oss-ec", e.ec)
	}
	if c.Method == http.MethodHead || e.status == http.StatusNotModified {
		w.Header().Set("x-oss-err", base64.StdEncoding.EncodeToString(encodeXML(doc)))
	}
	writeXML(w, e.status, doc)
}

func writeXML(w http.ResponseWriter, status int, v any) {
	body := encodeXML(v)
	if status == http.StatusNotModified {
		w.WriteHeader(status)
		return
	}
	w.Header().Set("Content-Type", "application/xml")
	w.Header().Set("Content-Length", strconv.Itoa(len(body)))
	w.WriteHeader(status)
	w.Write(body)
}

// encodeXML encodes one of this package's documents, which cannot fail.
func encodeXML(v any) []byte {
	body, err := xml.Marshal(v)
	if err != nil {
		panic(err)
	}
	return append([]byte(xml.Header), body...)
}

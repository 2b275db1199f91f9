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

// coded returns e with another EC: some pages name one for each operation.
func (e apiError) coded(ec string) apiError {
	e.ec = ec
	return e
}

func newElement(name, text string) element { return element{xml.Name{Local: name}, text} }

// The errors of the service. Sources: OSS error responses, the pages of the
// single ECs, and the assertions of the vendor's SDK tests.
var (
	errNotModified = apiError{304, "NotModified", "The object has not been modified.", "", nil}

	errInvalidArgument   = apiError{400, "InvalidArgument", "An argument is not valid.", "", nil}
	errInvalidLocation   = apiError{400, "InvalidLocationConstraint", "The specified location-constraint is not valid.", "", nil}
	errInvalidBucketName = apiError{400, "InvalidBucketName", "The specified bucket is not valid.", "", nil}
	errInvalidObjectName = apiError{400, "InvalidObjectName", "The specified object is not valid.", "", nil}
	errInvalidDigest     = apiError{400, "InvalidDigest", "The Content-MD5 you specified was invalid.", "", nil}
	errEntityTooLarge    = apiError{400, "EntityTooLarge", "Your proposed upload exceeds the maximum allowed object size.", "", nil}
	errMalformedXML      = apiError{400, "MalformedXML", "The XML you provided was not well-formed or did not validate against our published schema.", "0016-00000608", nil}
	errPartNumber        = apiError{400, "InvalidArgument", "Part number must be an integer between 1 and 10000, inclusive.", "0017-00000220", nil}
	errPosition          = apiError{400, "InvalidArgument", "The position must be a number, that of the next byte.", "0016-00000501", nil}
	errCompleteBoth      = apiError{400, "InvalidArgument", "Should not speficy both complete all header and http body.", "0042-00000216", nil}
	errPartOrder         = apiError{400, "InvalidPartOrder", "The list of parts was not in ascending order. Parts list must specified in order by part number.", "0042-00000209", nil}
	errInvalidPart       = apiError{400, "InvalidPart", "One or more of the specified parts could not be found or the specified entity tag might not have matched the part's entity tag.", "", nil}
	errPartNotSequential = apiError{400, "PartNotSequential", "The part number is not the next one of a sequential upload.", "", nil}
	errEntityTooSmall    = apiError{400, "EntityTooSmall", "Your proposed upload smaller than the minimum allowed size.", "0042-00000213", nil}
	errNotCopyable       = apiError{400, "OperationNotSupported", "An appendable object cannot be copied.", "", nil}
	errNoSeal            = apiError{400, "OperationNotSupported", "SealAppendable is not supported.", "0016-00000513", nil}
	errSymlinkTarget     = apiError{400, "InvalidArgument", "The target of the symbolic link is missing or not valid.", "0043-00000001", nil}
	errNotSymlink        = apiError{400, "NotSymlink", "The object is not a symbolic link.", "0043-00000101", nil}
	errTargetType        = apiError{400, "InvalidTargetType", "The target of the symbolic link is a symbolic link.", "", nil}
	errInvalidTag        = apiError{400, "InvalidTag", "The tag is not valid.", "", nil}
	errMalformedForm     = apiError{400, "MalformedPOSTRequest", "The body of your POST request is not well-formed multipart/form-data.", "", nil}
	errNoFile            = apiError{400, "IncorrectNumberOfFilesInPOSTRequest", "POST requires exactly one file upload per request.", "", nil}
	errPolicyDocument    = apiError{400, "InvalidPolicyDocument", "Invalid Policy: it is missing, no JSON, or has no expiration and conditions of the documented forms.", "", nil}
	errURLExpiry         = apiError{400, "InvalidArgument", "The validity period of the signed URL is missing or not valid.", "0002-00000215", nil}
	errNoAdditional      = apiError{400, "InvalidArgument", "A header that the signature names is not in the request.", "", nil}
	errRequestTimeout    = apiError{400, "RequestTimeout", "Your socket connection to the server was not read from or written to within the timeout period.", "", nil}
	errNotWellFormed     = apiError{400, "InvalidArgument", "The signature is not well-formed.", "", nil}
	errSigningRegion     = apiError{400, "InvalidArgument", "Invalid signing region in Authorization header.", "0002-00000226", nil}
	errSigningProduct    = apiError{400, "InvalidArgument", "Invalid signing product in Authorization header.", "0002-00000227", nil}

	errAccessDenied       = apiError{403, "AccessDenied", "You have no right to access this object because of bucket acl.", "0003-00000001", nil}
	errPolicyRefuses      = apiError{403, "AccessDenied", "Invalid according to Policy.", "", nil}
	errNoDate             = apiError{403, "AccessDenied", "OSS authentication requires a valid Date.", "", nil}
	errURLExpired         = apiError{403, "AccessDenied", "Request has expired.", "", nil}
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
	errNoSuchUpload       = apiError{404, "NoSuchUpload", "The specified upload does not exist. The upload ID may be invalid, or the upload may have been aborted or completed.", "", nil}
	errNoSuchRegion       = apiError{404, "NoSuchRegion", "The specified region does not exist.", "", nil}
	errNoTarget           = apiError{404, "SymlinkTargetNotExist", "The target of the symbolic link does not exist.", "", nil}
	errMethodNotAllowed   = apiError{405, "MethodNotAllowed", "The specified method is not allowed against this resource.", "", nil}
	errIsMarker           = apiError{405, "MethodNotAllowed", "The specified method is not allowed against a delete marker.", "0017-00000002", nil}
	errBucketNotEmpty     = apiError{409, "BucketNotEmpty", "The bucket has objects. Please delete them first.", "0015-00000301", nil}
	errFileAlreadyExists  = apiError{409, "FileAlreadyExists", "The object you specified already exists and can not be overwritten.", "", nil}
	errNotAppendable      = apiError{409, "ObjectNotAppendable", "The object is not appendable.", "0026-00000017", nil}
	errPositionNotLength  = apiError{409, "PositionNotEqualToLength", "Position is not equal to file length.", "0026-00000016", nil}
	errMissingLength      = apiError{411, "MissingContentLength", "You must provide the Content-Length HTTP header.", "", nil}
	errPreconditionFailed = apiError{412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold.", "", nil}
	errInvalidRange       = apiError{416, "InvalidRange", "The requested range cannot be satisfied.", "", nil}

	errInternal       = apiError{500, "InternalError", "We encountered an internal error. Please try again.", "", nil}
	errVersion2       = apiError{501, "NotImplemented", "The local cloud does not implement signature version 2: use version 4 or 1.", "", nil}
	errNotImplemented = apiError{501, "NotImplemented", "The local cloud does not implement this.", "", nil}

	errConditionalWrite = apiError{501, "NotImplemented", "A header you provided implies functionality that is not implemented.", "", nil}
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

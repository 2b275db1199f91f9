package oss

// leftOut is what OSS has and the local cloud leaves out, by the parameter or
// the header that asks for it: each is answered NotImplemented (501), with what
// it is, whatever the operation. Besides, and without a parameter of their own:
// PostObject and OptionObject (MethodNotAllowed, 405), signature version 2
// (NotImplemented), SealAppendObject (OperationNotSupported, 400), ACLs other than private and storage classes other than
// Standard (NotImplemented), several ranges in one GET (the whole object, as
// U-8 of the reference), the event ObjectModified:UpdateObjectMeta (no page says
// which operation it is of), RAM policies (the account's keys may do
// everything), and reading without a signature (AccessDenied).
var leftOut = map[string]string{
	"accessmonitor":           "access tracking of buckets",
	"accessPoint":             "access points",
	"accessPointPolicy":       "access points",
	"asyncFetch":              "asynchronous fetch",
	"bucketArchiveDirectRead": "real-time access of archived objects",
	"callback":                "callbacks",
	"cleanRestoredObject":     "archive classes and restore",
	"cname":                   "domain names of buckets",
	"comp":                    "domain names, worm and token operations",
	"cors":                    "cross-origin rules",
	"encryption":              "server-side encryption",
	"httpsConfig":             "TLS settings of buckets",
	"img":                     "image processing",
	"inventory":               "inventories",
	"lifecycle":               "lifecycle rules",
	"live":                    "live channels",
	"logging":                 "access logs of buckets",
	"metaQuery":               "metadata queries",
	"objectWorm":              "retention policies",
	"policy":                  "bucket policies",
	"policyStatus":            "bucket policies",
	"publicAccessBlock":       "blocking of public access, which is always on",
	"qosInfo":                 "quality of service",
	"referer":                 "hotlink protection",
	"replication":             "replication",
	"requestPayment":          "pay by requester",
	"resourceGroup":           "resource groups of buckets",
	"restore":                 "archive classes and restore",
	"select":                  "SelectObject",
	"style":                   "image styles",
	"transferAcceleration":    "transfer acceleration",
	"vod":                     "live channels",
	"website":                 "static websites",
	"worm":                    "retention policies",
	"wormExtend":              "retention policies",
	"wormId":                  "retention policies",
	"x-oss-async-process":     "image and data processing",
	"x-oss-process":           "image and data processing",

	"x-oss-callback":                      "callbacks",
	"x-oss-callback-var":                  "callbacks",
	"x-oss-content-sha256":                "signed payloads: UNSIGNED-PAYLOAD is taken",
	"x-oss-multi-range-behavior":          "several ranges in one request",
	"x-oss-object-acl":                    "ACLs other than default and private",
	"x-oss-acl":                           "ACLs other than private",
	"x-oss-server-side-encryption":        "server-side encryption",
	"x-oss-server-side-encryption-key-id": "server-side encryption",
	"x-oss-server-side-data-encryption":   "server-side encryption",
	"x-oss-storage-class":                 "storage classes other than Standard",
}

// notImplemented refuses a parameter or a header that asks for what is left out.
func notImplemented(name string) error {
	if what, ok := leftOut[name]; ok {
		return errNotImplemented.because("The local cloud leaves out " + what + ": " + name + ".")
	}
	return errNotImplemented.because("The local cloud does not take " + name + " here, or not this value of it.")
}

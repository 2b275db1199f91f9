package oss

// leftOut is what OSS has and the local cloud leaves out, by the parameter or
// the header that asks for it: each is answered NotImplemented (501), with what
// it is, whatever the operation. Left out without a parameter of their own:
//
//   - OptionObject: MethodNotAllowed, 405
//   - SealAppendObject: OperationNotSupported, 400, as OSS answers where sealing
//     is not to be had
//   - signature version 2: NotImplemented, 501
//   - reading without a signature: AccessDenied, 403
//   - several ranges in one GET: the whole object, though pages conflict
//   - the event ObjectModified:UpdateObjectMeta: no page says of which operation it is
//   - RAM policies: the account's keys may do everything
var leftOut = map[string]string{
	"accessmonitor":               "access tracking of buckets",
	"accessPoint":                 "access points",
	"accessPointForObjectProcess": "access points",
	"accessPointPolicy":           "access points",
	"asyncFetch":                  "asynchronous fetch",
	"bucketArchiveDirectRead":     "real-time access of archived objects",
	"callback":                    "callbacks",
	"cleanRestoredObject":         "archive classes and restore",
	"cname":                       "domain names of buckets",
	"comp":                        "domain names, worm and token operations",
	"cors":                        "cross-origin rules",
	"encryption":                  "server-side encryption",
	"httpsConfig":                 "TLS settings of buckets",
	"img":                         "image processing",
	"inventory":                   "inventories",
	"legalHold":                   "retention policies",
	"lifecycle":                   "lifecycle rules",
	"live":                        "live channels",
	"logging":                     "access logs of buckets",
	"metadataConfiguration":       "metadata queries",
	"metaQuery":                   "metadata queries",
	"objectWorm":                  "retention policies",
	"overwriteConfig":             "rules against overwriting",
	"policy":                      "bucket policies",
	"policyStatus":                "bucket policies",
	"publicAccessBlock":           "blocking of public access, which is always on",
	"qosInfo":                     "quality of service",
	"quota":                       "quotas of buckets",
	"redundancyTransition":        "redundancy other than LRS",
	"referer":                     "hotlink protection",
	"replication":                 "replication",
	"requestPayment":              "pay by requester",
	"resourceGroup":               "resource groups of buckets",
	"restore":                     "archive classes and restore",
	"retention":                   "retention policies",
	"select":                      "SelectObject",
	"style":                       "image styles",
	"transferAcceleration":        "transfer acceleration",
	"userDefinedLogFieldsConfig":  "access logs of buckets",
	"vod":                         "live channels",
	"website":                     "static websites",
	"worm":                        "retention policies",
	"wormExtend":                  "retention policies",
	"wormId":                      "retention policies",
	"x-oss-async-process":         "image and data processing",
	"x-oss-process":               "image and data processing",

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

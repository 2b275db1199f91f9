package mns

import (
	"fmt"
	"net/http"

	"imagedrop/shared/local/account"
)

// Error is an answer of the API that is no success.
type Error struct {
	Status  int // HTTP
	Code    string
	Message string
}

// Error implements error.
func (e *Error) Error() string { return e.Code + ": " + e.Message }

// The errors that callers in the process tell apart.
var (
	ErrMessageNotExist = coded("MessageNotExist")
	ErrQueueNotExist   = coded("QueueNotExist")

	errTopicNotExist = coded("TopicNotExist")
)

type refusal struct {
	status int
	text   string
}

// refusals are the codes that this endpoint answers, with status and text as
// documented, misspellings included. Sources: MNS "Error codes"; the statuses
// that it leaves open are decided in the project's reference.
var refusals = map[string]refusal{
	"AccessDenied":               {http.StatusForbidden, "The OwnerId that your Access Key Id associated to is forbidden for this operation."},
	"EndpointInvalid":            {http.StatusBadRequest, "The endpoint you provided is invalid. The local cloud serves acs:mns:" + account.Region + ":" + account.ID + ":queues/<QueueName> only."},
	"InternalError":              {http.StatusInternalServerError, "Interal error."},
	"InvalidAccessKeyId":         {http.StatusForbidden, "The AccessKey Id you provided is not exist."},
	"InvalidAuthorizationHeader": {http.StatusBadRequest, "The Authorization header format is invalid."},
	"InvalidDateHeader":          {http.StatusBadRequest, "The Date header format is invalid."},
	"InvalidDegist":              {http.StatusBadRequest, "The Content-MD5 you specified is invalid."},
	"InvalidQueueName":           {http.StatusBadRequest, "The queue name you provided is invalid. QueueName should start with alpha or digit and contain only alpha, digit or - ."},
	"InvalidRequestURL":          {http.StatusBadRequest, "Http request URL format invalid."},
	"InvalidVersionHeader":       {http.StatusBadRequest, "The x-mns-version header should be " + apiVersion + "."},
	"MalformedXML":               {http.StatusBadRequest, "The XML you provided was not well-formed."},
	"MessageNotExist":            {http.StatusNotFound, "Message not exist."},
	"MissingAuthorizationHeader": {http.StatusBadRequest, "Authorization header is required."},
	"MissingDateHeader":          {http.StatusBadRequest, "Date header is required."},
	"MissingReceiptHandle":       {http.StatusBadRequest, "ReceiptHandle is required."},
	"MissingVersionHeader":       {http.StatusBadRequest, "x-mns-version header is required."},
	"MissingVisibilityTimeout":   {http.StatusBadRequest, "VisibilityTimeout is required."},
	"QueueAlreadyExist":          {http.StatusConflict, "The queue you want to create is already exist."},
	"QueueNameLengthError":       {http.StatusBadRequest, fmt.Sprintf("Queue name length should between 1 and %d.", maxQueueName)},
	"QueueNotExist":              {http.StatusNotFound, "The queue name you provided is not exist."},
	// No document lists this one; clients of other makers know the code.
	"QueueNumExceededLimit": {http.StatusBadRequest, fmt.Sprintf("The number of queues exceeds the limit of %d.", maxQueues)},
	"ReceiptHandleError":    {http.StatusBadRequest, "The receipt handle you provide is not valid."},
	"SignatureDoesNotMatch": {http.StatusForbidden, "The request signature we calculated does not match the signature you provided. Check your key and signing method."},
	"SubscriberNotExist":    {http.StatusNotFound, "The subscription name you provided is not exist."},
	// The spelling is the service's own.
	"SubsriptionNameInvalid":      {http.StatusBadRequest, "The subscription name you provided is invalid. SubscriptionName should start with alpha or digit and contain only alpha, digit or - ."},
	"SubscriptionAlreadyExist":    {http.StatusConflict, "The subscription you want to create is already exist."},
	"SubscriptionNameLengthError": {http.StatusBadRequest, fmt.Sprintf("Subscription name length should between 1 and %d.", maxTopicName)},
	// No document lists this one; it is made like that of queues.
	"SubscriptionNumExceededLimit": {http.StatusBadRequest, fmt.Sprintf("The number of subscriptions exceeds the limit of %d.", maxSubscriptions)},
	"TimeExpired":                  {http.StatusRequestTimeout, "The http request you sent is expired."},
	"TopicAlreadyExist":            {http.StatusConflict, "The topic you want to create is already exist."},
	"TopicNameInvalid":             {http.StatusBadRequest, "The topic name you provided is invalid. TopicName should start with alpha or digit and contain only alpha, digit or - ."},
	"TopicNameLengthError":         {http.StatusBadRequest, fmt.Sprintf("Topic name length should between 1 and %d.", maxTopicName)},
	"TopicNotExist":                {http.StatusNotFound, "The topic name you provided is not exist."},
}

// coded returns the error of a code in refusals.
func coded(code string) *Error {
	r := refusals[code]
	return &Error{Status: r.status, Code: code, Message: r.text}
}

// outOfRange refuses a value; the unit in the text is the documents' own.
func outOfRange(element string, low, high int) *Error {
	return &Error{http.StatusBadRequest, "InvalidArgument",
		fmt.Sprintf("The value of %s should between %d and %d seconds/bytes.", element, low, high)}
}

// offSchema refuses well-formed XML that is not what the operation takes.
func offSchema(element string) *Error {
	return &Error{http.StatusBadRequest, "InvalidArgument",
		fmt.Sprintf("The XML you provided did not validate against our published schema, cause by %s.", element)}
}

func invalidQuery(item string) *Error {
	return &Error{http.StatusBadRequest, "InvalidQueryString",
		fmt.Sprintf("Http request URL contains invalid querystring item %q.", item)}
}

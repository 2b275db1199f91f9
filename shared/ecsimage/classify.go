package ecsimage

import (
	"errors"

	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"

	"imagedrop/shared/fault"
	"imagedrop/shared/sdkclient"
)

// codes says who must act on an error code of the creates, the start, the
// describes, or the gateway. A code that reproaches a value is the sender's;
// whoever knows that a setting supplied the value knows better, and so does
// who knows how old a COMPONENT reference is.
// Source: error tables of CreateImageComponent, CreateImagePipeline,
// StartImagePipelineExecution, the four describes and DescribeImageFromFamily;
// ECS common error codes.
var codes = sdkclient.Codes{
	// A value of the template or the message.
	"Duplicate.TagKey":                        fault.Invalid,
	"DuplicatedCommand.FROM":                  fault.Invalid,
	"EmptyCommandContent.*":                   fault.Invalid,
	"ImageComponent.NotFound":                 fault.Invalid,
	"ImagePipeline.NotSupportWindowsInstance": fault.Invalid,
	"Invalid*":                       fault.Invalid,
	"MissingParameter*":              fault.Invalid,
	"NotEmptyCommandContent.RESTART": fault.Invalid,
	"NotSupportedCommand.FROM":       fault.Invalid,

	// Quota, permission, role, key, clock, or a request that we made wrong.
	"Forbidden*":                                           fault.Permanent,
	"IdempotentParameterMismatch":                          fault.Permanent,
	"IllegalTimestamp":                                     fault.Permanent,
	"IncompleteSignature":                                  fault.Permanent,
	"InvalidAccessKeyId*":                                  fault.Permanent,
	"InvalidApi.NotFound":                                  fault.Permanent,
	"InvalidExecutionId.SizeExceeded":                      fault.Permanent,
	"InvalidImageComponentIdSize.ExceededMaxNumber":        fault.Permanent,
	"InvalidImagePipeline.HasRunningExecution":             fault.Permanent, // no fault to who knows that it may run
	"InvalidImagePipelineIdSize.ExceededMaxNumber":         fault.Permanent,
	"InvalidImagePipeline.OSSObjectNotAuthorized":          fault.Permanent,
	"InvalidOSSObject.NotAuthorized":                       fault.Permanent,
	"InvalidOperation.NoPermissionCreateServiceLinkedRole": fault.Permanent,
	"InvalidOperation.NoRightAccessOSS":                    fault.Permanent,
	"InvalidParameter.ClientToken":                         fault.Permanent,
	"InvalidParameter.Owner":                               fault.Permanent,
	"InvalidParameter.Status":                              fault.Permanent,
	"InvalidProduct.NotFound":                              fault.Permanent,
	"InvalidTimeStamp*":                                    fault.Permanent,
	"InvalidUser.Unauthorized":                             fault.Permanent,
	"MissingSecurityToken":                                 fault.Permanent,
	"NoPermission":                                         fault.Permanent,
	"NoSuchVersion":                                        fault.Permanent,
	"QuotaExceed*":                                         fault.Permanent,
	"SignatureDoesNotMatch":                                fault.Permanent,
	"UnsupportedOperation":                                 fault.Permanent,

	// The same request can succeed later, or with fresh credentials.
	"IdempotentProcessing":                  fault.Retryable,
	"InternalError*":                        fault.Retryable,
	"Invalid.NextToken":                     fault.Retryable, // a look-up begins anew
	"InvalidOperation.OSSObjectIsImporting": fault.Retryable,
	"InvalidSecurityToken*":                 fault.Retryable,
	"LastTokenProcessing":                   fault.Retryable,
	"Rejected.Throttling":                   fault.Retryable,
	"ServiceUnavailable*":                   fault.Retryable,
	"SignatureNonceUsed":                    fault.Retryable,
	"StartImagePipelineExecution.Failed":    fault.Retryable,
	"Throttling*":                           fault.Retryable,
}

// classify turns an error of the SDK into a fault. The type is asked first:
// the SDK's client errors claim status 400, time-outs included.
func classify(op string, err error, secrets []string) error {
	if err == nil || fault.Of(err) != nil {
		return err
	}
	var server *sdkerrors.ServerError
	if errors.As(err, &server) {
		return codes.Fault(op, sdkclient.Refusal{
			Code: server.ErrorCode(), Message: server.Message(), RequestID: server.RequestId(), Status: server.HttpStatus(),
		}, secrets)
	}
	var client *sdkerrors.ClientError
	if errors.As(err, &client) {
		return broken(op, client)
	}
	if f, ok := sdkclient.Network(op, err); ok {
		return f
	}
	return sdkclient.Unclassified(op, err)
}

// broken is for what the SDK itself made of a call.
func broken(op string, e *sdkerrors.ClientError) *fault.Error {
	switch e.ErrorCode() {
	case sdkerrors.TimeoutErrorCode:
		return fault.New(fault.Retryable, op, "no answer in time")
	}
	return &fault.Error{Kind: fault.Unknown, Op: op, Code: e.ErrorCode(), Message: "the SDK could not make the request"}
}

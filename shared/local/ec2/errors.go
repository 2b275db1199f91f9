package ec2

import (
	"encoding/json"
	"errors"
	"fmt"
	"net/http"

	"github.com/google/uuid"
)

// failure is an error as the service answers it.
type failure struct {
	code    string // the exception's name
	status  int    // HTTP
	message string
}

func (f *failure) Error() string { return f.code + ": " + f.message }

func (f *failure) because(format string, args ...any) *failure {
	return &failure{code: f.code, status: f.status, message: fmt.Sprintf(format, args...)}
}

// The errors of the operations.
// Source: API_CreateComponent, Errors; for the codes that are not listed there
// (already exists, not found) the SDK's model of the service.
var (
	errDryRun           = &failure{"DryRunOperationException", 412, "The dry run operation of the resource was successful, and no resources or mutations were actually performed due to the dry run flag in the request."}
	errMismatch         = &failure{"IdempotentParameterMismatchException", 400, "The client token was used in an earlier request with other parameters."}
	errCombination      = &failure{"InvalidParameterCombinationException", 400, ""}
	errInvalid          = &failure{"InvalidRequestException", 400, ""}
	errVersion          = &failure{"InvalidVersionNumberException", 400, ""}
	errQuota            = &failure{"ServiceQuotaExceededException", 402, "The quota of components is reached."}
	errExists           = &failure{"ResourceAlreadyExistsException", 400, ""}
	errNotFound         = &failure{"ResourceNotFoundException", 404, ""}
	errParameter        = &failure{"InvalidParameterException", 400, ""}
	errToken            = &failure{"InvalidPaginationTokenException", 400, "The nextToken is not one of this service."}
	errService          = &failure{"ServiceException", 500, ""}
	errUnknownOperation = &failure{"UnknownOperationException", 404, "The local cloud does not serve this operation."}
	errTooLarge         = &failure{"RequestEntityTooLargeException", 413, "The request is too large."}
)

// The errors of the gateway in front of the services.
// Source: IAM user guide, troubleshooting Signature Version 4.
var (
	errNoSignature   = &failure{"MissingAuthenticationTokenException", 403, "Missing Authentication Token"}
	errIncomplete    = &failure{"IncompleteSignatureException", 400, ""}
	errUnknownClient = &failure{"UnrecognizedClientException", 403, "The security token included in the request is invalid."}
	errExpiredToken  = &failure{"ExpiredTokenException", 403, "The security token included in the request is expired"}
	errSignature     = &failure{"InvalidSignatureException", 403, ""}
)

func failureOf(err error) *failure {
	var f *failure
	if errors.As(err, &f) {
		return f
	}
	return errService.because("The local cloud: %v", err)
}

func newRequestID() string { return uuid.NewString() }

// writeFault answers a fault on demand.
func writeFault(w http.ResponseWriter, _ *http.Request, status int, code string) {
	write(w, newRequestID(), &failure{code, status, "A fault on demand."})
}

// write answers a failure in the form of restJson1: the type in a header, the
// message in the body.
func write(w http.ResponseWriter, id string, f *failure) {
	w.Header().Set("X-Amzn-ErrorType", f.code)
	writeJSON(w, id, f.status, map[string]string{"message": f.message})
}

func writeJSON(w http.ResponseWriter, id string, status int, answer any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("X-Amzn-RequestId", id)
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(answer)
}

package fc

import (
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// apiPath begins every path of the API 2023-03-30. No function is called so:
// names begin with a letter.
const apiPath = "/2023-03-30/"

// maxLogResult is how much of the logs X-Fc-Log-Result has.
// Source: FC API 2023-03-30, InvokeFunction, header X-Fc-Log-Type.
const maxLogResult = 4 << 10

// taskForm is that of X-Fc-Async-Task-Id.
// Source: FC API 2023-03-30, InvokeFunction.
var taskForm = regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,127}$`)

// apiError is an answer of the API that is no success.
type apiError struct {
	status        int
	code, message string
}

func (e *apiError) Error() string { return e.code + ": " + e.message }

// refusals are the codes that the API answers, with status and text.
// Source: FC "Error codes", and "Error codes" of API 2023-03-30. Of the last but
// one the page "Task deduplication" names the status, and clients of API
// 2021-04-06 the code.
var refusals = map[string]struct {
	status int
	text   string
}{
	"InvalidArgument":                      {http.StatusBadRequest, "%s"},
	"MissingRequiredHeader":                {http.StatusBadRequest, "required HTTP header %s was not specified"},
	"PathNotSupported":                     {http.StatusBadRequest, "'%s' against '%s' is not supported"},
	"EntityTooLarge":                       {http.StatusBadRequest, "payload size exceeds maximum allowed size (%d bytes)"},
	"AccessDenied":                         {http.StatusForbidden, "%s"},
	"SignatureNotMatch":                    {http.StatusForbidden, "The request signature we calculated does not match the signature you provided. Check your access key and signing method"},
	"InvalidAccessKeyID":                   {http.StatusForbidden, "invalid access key ID '%s'"},
	"FunctionNotFound":                     {http.StatusNotFound, "function '%s' does not exist"},
	"VersionNotFound":                      {http.StatusNotFound, "version '%s' of function '%s' does not exist"},
	"AliasNotFound":                        {http.StatusNotFound, "alias '%s' of function '%s' does not exist"},
	"StatefulAsyncInvocationAlreadyExists": {http.StatusConflict, "the asynchronous task '%s' already exists"},
	"InternalServerError":                  {http.StatusInternalServerError, "an internal error has occurred. Please retry. %v"},
}

func refuse(code string, args ...any) error {
	r := refusals[code]
	return &apiError{r.status, code, fmt.Sprintf(r.text, args...)}
}

// serveAPI serves the one operation of the API 2023-03-30 that there is.
func (h *Host) serveAPI(w http.ResponseWriter, r *http.Request) {
	if err := h.invokeFunction(w, r); err != nil {
		h.writeRefusal(w, err)
	}
}

// functionOf returns the function that a request invokes.
func functionOf(r *http.Request) (name string, ok bool) {
	name, ok = strings.CutSuffix(strings.TrimPrefix(r.URL.Path, apiPath+"functions/"), "/invocations")
	return name, ok && !strings.Contains(name, "/") && r.Method == http.MethodPost
}

func operationOf(r *http.Request) string {
	if _, ok := functionOf(r); ok {
		return "InvokeFunction"
	}
	return "Unknown"
}

// isFor reports whether the request is for that function.
func isFor(r *http.Request, function string) bool {
	name, ok := functionOf(r)
	return ok && name == function
}

// writeFault answers a fault that was asked for.
func (h *Host) writeFault(w http.ResponseWriter, _ *http.Request, status int, code string) {
	h.writeRefusal(w, &apiError{status, code, "this fault was asked for"})
}

func (h *Host) writeRefusal(w http.ResponseWriter, err error) {
	var e *apiError
	if !errors.As(err, &e) {
		errors.As(refuse("InternalServerError", err), &e)
	}
	requestID := newRequestID()
	w.Header().Set("X-Fc-Request-Id", requestID)
	w.Header().Set("Content-Type", "application/json")
	w.WriteHeader(e.status)
	body := map[string]string{"RequestId": requestID, "Code": e.code, "Message": e.message}
	json.NewEncoder(w).Encode(body) // an error says that the client has gone
}

// apiCall is a request of InvokeFunction, read and checked.
type apiCall struct {
	function, task    string
	isAsync, wantsLog bool
	event             []byte
}

// invokeFunction follows the page "InvokeFunction" of the API 2023-03-30. Left
// out: versions and aliases, of which only LATEST is there, the response header
// X-Fc-Code-Checksum, and the repetition of a nonce, which is no error.
func (h *Host) invokeFunction(w http.ResponseWriter, r *http.Request) error {
	call, err := h.readCall(r)
	if err != nil {
		return err
	}
	if call.isAsync {
		return h.answerAsync(w, call)
	}
	result, err := h.Invoke(r.Context(), call.function, call.event)
	if err != nil {
		return call.refusal(err)
	}
	header := w.Header()
	header.Set("X-Fc-Request-Id", result.RequestID)
	header.Set("Content-Type", "application/octet-stream")
	if result.ErrorType != "" {
		header.Set("X-Fc-Error-Type", result.ErrorType)
	}
	if call.wantsLog {
		header.Set("X-Fc-Log-Result", base64.StdEncoding.EncodeToString(lastOf(result.Logs)))
	}
	w.Write(result.Body) // an error says that the client has gone
	return nil
}

// answerAsync takes the event; its task is what it is called by, its request
// where it has no other name.
func (h *Host) answerAsync(w http.ResponseWriter, call apiCall) error {
	requestID := ""
	err := h.store.Update(func(tx *store.Tx) (err error) {
		requestID, err = h.invokeTask(tx, call.function, call.task, call.event)
		return err
	})
	if err != nil {
		return call.refusal(err)
	}
	if call.task == "" {
		call.task = requestID
	}
	w.Header().Set("X-Fc-Request-Id", requestID)
	w.Header().Set("X-Fc-Async-Task-Id", call.task)
	w.WriteHeader(http.StatusAccepted)
	return nil
}

// refusal words an error of the host as the API does.
func (c apiCall) refusal(err error) error {
	switch {
	case errors.Is(err, ErrUnknownFunction):
		return refuse("FunctionNotFound", c.function)
	case errors.Is(err, ErrPayloadTooLarge) && c.isAsync:
		return refuse("EntityTooLarge", maxAsyncPayload)
	case errors.Is(err, ErrPayloadTooLarge):
		return refuse("EntityTooLarge", maxSyncPayload)
	case errors.Is(err, errTaskExists):
		return refuse("StatefulAsyncInvocationAlreadyExists", c.task)
	}
	return err
}

func (h *Host) readCall(r *http.Request) (apiCall, error) {
	event, err := io.ReadAll(io.LimitReader(r.Body, maxSyncPayload+1))
	if err != nil {
		return apiCall{}, refuse("InvalidArgument", "the body broke off")
	}
	if len(event) > maxSyncPayload {
		return apiCall{}, refuse("EntityTooLarge", maxSyncPayload)
	}
	if err := h.authenticate(r, event); err != nil {
		return apiCall{}, err
	}
	name, ok := functionOf(r)
	if !ok {
		return apiCall{}, refuse("PathNotSupported", r.Method, r.URL.Path)
	}
	call := apiCall{function: name, event: event, task: r.Header.Get("X-Fc-Async-Task-Id")}
	return call, call.read(r)
}

// read takes the headers and the query for what they are.
func (c *apiCall) read(r *http.Request) (err error) {
	if c.isAsync, err = choice(r, "X-Fc-Invocation-Type", "Sync", "Async"); err != nil {
		return err
	}
	if c.wantsLog, err = choice(r, "X-Fc-Log-Type", "None", "Tail"); err != nil {
		return err
	}
	if c.task != "" && !taskForm.MatchString(c.task) {
		return refuse("InvalidArgument",
			"X-Fc-Async-Task-Id must begin with a letter or underscore and have at most 128 letters, digits, underscores and hyphens")
	}
	qualifier := r.URL.Query().Get("qualifier")
	switch _, err := strconv.Atoi(qualifier); {
	case qualifier == "" || qualifier == "LATEST":
		return nil
	case err == nil:
		return refuse("VersionNotFound", qualifier, c.function)
	}
	return refuse("AliasNotFound", qualifier, c.function)
}

// choice reports whether a header has its second value; without it, it has its
// first.
func choice(r *http.Request, header, first, second string) (bool, error) {
	switch r.Header.Get(header) {
	case "", first:
		return false, nil
	case second:
		return true, nil
	}
	return false, refuse("InvalidArgument", fmt.Sprintf("%s must be %s or %s", header, first, second))
}

// lastOf returns the end of the logs.
func lastOf(lines []string) []byte {
	text := []byte(strings.Join(append(slices.Clone(lines), ""), "\n"))
	return text[max(0, len(text)-maxLogResult):]
}

// required must be sent and signed. Source: "V3 request structure and
// signature", the common request headers.
var required = []string{"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}

// dateForm is that of x-acs-date.
const dateForm = "2006-01-02T15:04:05Z"

// authenticate verifies signature version 3, which the SDKs of this API make.
func (h *Host) authenticate(r *http.Request, body []byte) error {
	if h.noAuth {
		return nil
	}
	if r.Header.Get("Authorization") == "" {
		return refuse("MissingRequiredHeader", "Authorization")
	}
	signature := account.ParseSignatureV3(r.Header.Get("Authorization"))
	if signature == nil {
		signature = &account.SignatureV3{}
	}
	if text := signature.Malformed(); text != "" {
		return refuse("InvalidArgument", text)
	}
	if name := signature.Missing(r, required); name != "" {
		return refuse("MissingRequiredHeader", name)
	}
	key, known := h.acct.Keys.Lookup(signature.Credential)
	if !known {
		return refuse("InvalidAccessKeyID", signature.Credential)
	}
	query := strings.ReplaceAll(r.URL.Query().Encode(), "+", "%20")
	if !signature.Signs(signature.CanonicalRequest(r, query, body), key.Secret) || !account.IsBodyHashedV3(r, body) {
		return refuse("SignatureNotMatch")
	}
	return checkCredentials(r, key, h.acct.Now(r.Context()))
}

// checkCredentials checks what a right signature does not prove: that the key
// is still valid, and the request new.
func checkCredentials(r *http.Request, key account.Key, now time.Time) error {
	sent, err := time.Parse(dateForm, r.Header.Get("x-acs-date"))
	switch {
	case err != nil:
		return refuse("InvalidArgument", "x-acs-date must have the form "+dateForm)
	case now.Sub(sent).Abs() > account.MaxSkew:
		return refuse("AccessDenied", "the request was signed more than 15 minutes from now")
	case r.Header.Get("x-acs-security-token") != key.Token:
		return refuse("AccessDenied", "the security token is not that of the access key ID")
	case !key.Expires.IsZero() && !now.Before(key.Expires):
		return refuse("AccessDenied", "the security token has expired")
	}
	return nil
}

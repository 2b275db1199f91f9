package sdkclient

import (
	"context"
	"crypto/tls"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"runtime"
	"strings"
	"syscall"
	"unicode"

	"imagedrop/shared/fault"
)

// Codes maps a service's error codes to kinds. A code that ends in "*" stands
// for every code that begins so; the longest such entry wins.
type Codes map[string]fault.Kind

// Kind returns the kind of a service's answer: by its code, whatever the
// status (throttling comes as 400, 403, 429 or 503), else by its status.
func (c Codes) Kind(code string, status int) fault.Kind {
	if kind, ok := c[code]; ok && code != "" {
		return kind
	}
	kind, length := byStatus(status), 0
	for entry, k := range c {
		prefix, ok := strings.CutSuffix(entry, "*")
		if ok && len(prefix) > length && strings.HasPrefix(code, prefix) {
			kind, length = k, len(prefix)
		}
	}
	return kind
}

// lists reports a code that tells nothing but what the service's pages say: one
// of the table, or letters after the beginning of one.
func (c Codes) lists(code string) bool {
	if strings.ContainsFunc(code, func(r rune) bool { return r != '.' && !unicode.IsLetter(r) }) {
		return false
	}
	for entry := range c {
		if family, all := strings.CutSuffix(entry, "*"); entry == code || all && strings.HasPrefix(code, family) {
			return true
		}
	}
	return false
}

// Refusal is a service's answer that is no success.
type Refusal struct {
	Code, Message, RequestID string // as the answer spells them, "" where it has none
	Status                   int    // HTTP
}

// Fault returns the fault of a refusal, with a text that repeats none of the
// secrets. An answer without a code is not the service's: its text is some
// proxy's page and stays out.
func (c Codes) Fault(op string, r Refusal, secrets []string) *fault.Error {
	f := &fault.Error{
		Kind: c.Kind(r.Code, r.Status), Op: op, HTTPStatus: r.Status,
		Code: r.Code, RequestID: Identifier(r.RequestID, secrets...),
	}
	if !c.lists(r.Code) {
		f.Code = Identifier(r.Code, secrets...)
	}
	if r.Code != "" {
		f.Message = Clean(r.Message, secrets...)
	}
	if f.Message == "" {
		f.Message = fmt.Sprintf("the service refused the request with HTTP status %d", r.Status)
	}
	return f
}

// Unclassified returns the fault of an error that nothing here knows. Its type
// must do: its text may hold the request.
func Unclassified(op string, err error) *fault.Error {
	return fault.New(fault.Unknown, op, fmt.Sprintf("the SDK failed with an error of type %T", err))
}

// byStatus is for codes that no table lists, and for answers of whatever
// stands before the service, which carry none.
func byStatus(status int) fault.Kind {
	switch {
	case status >= 500, status == http.StatusTooManyRequests, status == http.StatusRequestTimeout:
		return fault.Retryable
	case status >= 400:
		return fault.Permanent
	}
	return fault.Unknown
}

// Guard runs a call of an SDK and turns its panic into a fault of kind Unknown.
func Guard(op string, call func() error) (err error) {
	defer func() {
		if cause := recover(); cause != nil {
			err = fault.New(fault.Unknown, op, "the SDK panicked: "+panicText(cause))
		}
	}()
	return call()
}

// panicText tells what a panic says where that cannot be the SDK's own words:
// those may repeat an answer or a request.
func panicText(cause any) string {
	if err, ok := cause.(runtime.Error); ok {
		return err.Error()
	}
	return fmt.Sprintf("%T", cause)
}

// Network returns the Retryable fault of a call that got no answer, false
// where err is something else. The text of err stays out of it: an SDK's error
// holds the signed URL.
func Network(op string, err error) (*fault.Error, bool) {
	reason, ok := networkReason(err)
	if !ok {
		return nil, false
	}
	f := fault.New(fault.Retryable, op, reason)
	for _, cause := range []error{context.Canceled, context.DeadlineExceeded} {
		if errors.Is(err, cause) {
			f.Err = cause
		}
	}
	return f, true
}

func networkReason(err error) (string, bool) {
	var (
		certificate *tls.CertificateVerificationError
		dns         *net.DNSError
		network     net.Error
		address     *url.Error
	)
	switch {
	case err == nil:
		return "", false
	case errors.Is(err, context.Canceled):
		return "the call was cancelled", true
	case errors.Is(err, context.DeadlineExceeded), errors.As(err, &network) && network.Timeout():
		return "no answer in time", true
	case errors.As(err, &certificate):
		return "the service's TLS certificate was not accepted", true
	case errors.As(err, &dns):
		return "the service's host name does not resolve", true
	case errors.Is(err, syscall.ECONNREFUSED):
		return "the connection was refused", true
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF), errors.Is(err, syscall.ECONNRESET), errors.Is(err, syscall.EPIPE):
		return "the connection was closed before the answer was complete", true
	case errors.As(err, &network), errors.As(err, &address):
		return "the service could not be reached", true
	}
	return "", false
}

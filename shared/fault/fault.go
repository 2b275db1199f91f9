// Package fault answers one question about an error: who must act before the
// operation can succeed? It classifies nothing itself; the adapters do, in a
// table next to each SDK call.
package fault

import "errors"

// Kind says who must act.
type Kind string

const (
	Unknown   Kind = "unknown"   // us: unclassified; redelivered, and a bug to fix
	Invalid   Kind = "invalid"   // the sender: the template or message is wrong
	Permanent Kind = "permanent" // the operator: permission, quota, role, setting
	Retryable Kind = "retryable" // nobody: throttled, 5xx, network, deadline
)

// Error is a classified failure of one operation. Its text never carries
// credentials, template text or signed URLs: whoever makes one sees to that.
type Error struct {
	Kind       Kind
	Op         string // package and method, "ecsimage.Create"
	Code       string // the service's own code, "" where there is none
	Message    string // for people; safe to publish
	RequestID  string // of the failed call, "" where no answer came
	HTTPStatus int    // of the failed call, 0 where no answer came
	Err        error  // cause, may be nil
}

// New returns a fault without a cause.
func New(kind Kind, op, message string) *Error {
	return &Error{Kind: kind, Op: op, Message: message}
}

// Error implements error.
func (e *Error) Error() string {
	text := e.Op + ": " + e.Message
	if e.Code != "" {
		text += " (" + e.Code + ")"
	}
	return text
}

// Unwrap returns the cause.
func (e *Error) Unwrap() error { return e.Err }

// Of returns the outermost fault of err, or nil: a caller may know better
// than what it called, so the outermost Kind wins.
func Of(err error) *Error {
	var f *Error
	if errors.As(err, &f) {
		return f
	}
	return nil
}

// KindOf returns the Kind of err, Unknown where nothing classified it.
func KindOf(err error) Kind {
	if f := Of(err); f != nil {
		return f.Kind
	}
	return Unknown
}

package imagebuild

import (
	"fmt"
	"log/slog"
	"strings"
	"time"

	"imagedrop/shared/fault"
)

// Result is how one delivery ended.
type Result struct {
	Delivery    Delivery
	JobID       string
	ClientToken string
	Name        string  // of the pipeline, where a timer's run settled one
	Status      Status  // "" where nothing was published, or not all of it
	Reason      *Reason // as published, or why nothing ever will be
	// Build and BuildReason are those of the execution that the pipeline's
	// template asked for as well, "" and nil where it asked for none.
	Build       Status
	BuildReason *Reason
	// Err is not nil where the platform must deliver again.
	Err      error
	Duration time.Duration
}

func (j *job) result(err error) Result {
	r := Result{Delivery: j.delivery, JobID: j.id, ClientToken: j.clientToken(), Err: err, Duration: time.Since(j.spent.received)}
	if err != nil {
		return r
	}
	r.Status, r.Reason = j.status, j.reason
	if j.then != nil {
		r.Build, r.BuildReason = j.then.status, j.then.reason
	}
	return r
}

// Log writes the one line of a delivery: what came, what became of it. An
// error that waits for another delivery is a warning, unless it is Unknown;
// what the operator must act on is an error, and so is what ends without an
// outcome.
func (r Result) Log(log *slog.Logger) {
	line := []any{"trigger", r.Delivery.Trigger, "sourceId", r.Delivery.SourceID, "jobId", r.JobID,
		"clientToken", r.ClientToken, "durationMs", milliseconds(r.Duration)}
	if r.Name != "" {
		line = append(line, "name", r.Name)
	}
	switch {
	case r.Err != nil && fault.KindOf(r.Err) == fault.Retryable:
		log.Warn("to be redelivered", append(line, "kind", fault.Retryable, "error", safe(r.Err))...)
	case r.Err != nil:
		log.Error("to be redelivered", append(line, "kind", fault.KindOf(r.Err), "error", safe(r.Err))...)
	case r.Status == "" && r.Reason != nil:
		log.Error("no outcome", append(line, "kind", r.Reason.Kind, "code", r.Reason.Code, "error", r.Reason.Message)...)
	case r.Status == "":
		log.Info("no outcome yet", line...)
	case r.Status == Failed:
		log.Error("done", append(line, "outcome", r.Status, "kind", r.Reason.Kind, "code", r.Reason.Code, "error", r.Reason.Message)...)
	case r.Build == Failed:
		log.Error("done", append(line, "outcome", r.Status, "build", r.Build,
			"kind", r.BuildReason.Kind, "code", r.BuildReason.Code, "error", r.BuildReason.Message)...)
	case r.Build != "":
		log.Info("done", append(line, "outcome", r.Status, "build", r.Build)...)
	default:
		log.Info("done", append(line, "outcome", r.Status)...)
	}
}

// RedeliverError is what a function returns so that the platform delivers the
// event again. The platform publishes the name of this type as errorType.
type RedeliverError struct{ errs []error }

// Redeliver returns a *RedeliverError of the results that need another
// delivery, nil where none does.
func Redeliver(results []Result) error {
	var errs []error
	for _, r := range results {
		if r.Err != nil {
			errs = append(errs, r.Err)
		}
	}
	if len(errs) == 0 {
		return nil
	}
	return &RedeliverError{errs}
}

// maxErrors bounds the text of an error; each has a log line of its own. The
// platform cuts a line at 32 KB, and a batch may hold 10,000 deliveries.
const maxErrors = 10

// Error implements error. The platform logs and stores the text.
func (e *RedeliverError) Error() string {
	var texts []string
	for _, err := range e.errs[:min(len(e.errs), maxErrors)] {
		texts = append(texts, safe(err))
	}
	if more := len(e.errs) - maxErrors; more > 0 {
		texts = append(texts, fmt.Sprintf("and %d more", more))
	}
	return strings.Join(texts, "; ")
}

// Unwrap returns the errors of the deliveries.
func (e *RedeliverError) Unwrap() []error { return e.errs }

// safe is the text of an error that may be logged: a fault's, which is made
// for it. Of anything else only the type is known to be harmless.
func safe(err error) string {
	if f := fault.Of(err); f != nil {
		return f.Error()
	}
	return fmt.Sprintf("unclassified %T", err)
}

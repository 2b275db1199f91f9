// Package console is the control API of the local cloud: health, addresses,
// the outcome feed, faults on demand, the log of calls, what is still at work,
// the logs of invocations, images added while it runs, dead-letter policies of
// queues, replay of events, and timers fired by hand.
// It speaks JSON over HTTP to programs of the same machine, without
// authentication, and therefore refuses what a web page of another origin
// could send.
package console

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/fc"
	"imagedrop/shared/local/mns"
)

const (
	// maxWait is how long one request for outcomes may wait.
	maxWait = 60 * time.Second
	// maxControl bounds the body of a control request.
	maxControl = 1 << 20
	// maxEvent bounds an event. Source: FC 3.0 limits, synchronous payload 32 MB.
	maxEvent = 32 << 20
)

// Options are the parts of the local cloud that the console shows.
type Options struct {
	Account   *account.Account
	Feed      *Feed
	Functions *fc.Host
	Queues    *mns.Service
	Work      func() (Work, error)
	Endpoints any               // answered as JSON
	Versions  map[string]string // of the programs and APIs, by name
}

type console struct {
	Options
	started time.Time
}

// statusError is an answer other than 200.
type statusError struct {
	status int
	text   string
}

func (e *statusError) Error() string { return e.text }

func failure(status int, format string, args ...any) error {
	return &statusError{status, fmt.Sprintf(format, args...)}
}

// New returns the control API.
func New(opt Options) http.Handler {
	c := &console{Options: opt, started: opt.Account.Clock.Now()}
	mux := http.NewServeMux()
	for path, methods := range map[string]map[string]func(*http.Request) (any, error){
		"/healthz":                    {"GET": c.health},
		"/v1/endpoints":               {"GET": c.endpoints},
		"/v1/outcomes":                {"GET": c.outcomes},
		"/v1/faults":                  {"GET": c.faults, "POST": c.addFault, "DELETE": c.clearFaults},
		"/v1/calls":                   {"GET": c.calls, "POST": c.recordCalls},
		"/v1/stats":                   {"GET": c.stats},
		"/v1/catalogue":               {"POST": c.addToCatalogue},
		"/v1/functions/{name}/invoke": {"POST": c.invoke},
		"/v1/invocations/{id}":        {"GET": c.invocation},
		"/v1/timers/{name}/{trigger}": {"POST": c.fireTimer},
		"/v1/queues/{name}/dlqpolicy": {"PUT": c.setDeadLetterPolicy},
		"/":                           {},
	} {
		mux.Handle(path, answer(methods))
	}
	return LocalOnly(mux)
}

// answer serves one path: the methods' values, or their errors, as JSON.
func answer(methods map[string]func(*http.Request) (any, error)) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		do, ok := methods[r.Method]
		switch {
		case len(methods) == 0:
			writeError(w, failure(http.StatusNotFound, "there is nothing at %s", r.URL.Path))
			return
		case !ok:
			w.Header().Set("Allow", strings.Join(methodsOf(methods), ", "))
			writeError(w, failure(http.StatusMethodNotAllowed, "%s takes %s", r.URL.Path, strings.Join(methodsOf(methods), ", ")))
			return
		}
		value, err := do(r)
		if err != nil {
			writeError(w, err)
			return
		}
		status := http.StatusOK
		if _, ok := value.(accepted); ok {
			status = http.StatusAccepted
		}
		write(w, status, value)
	}
}

// accepted answers an asynchronous invocation: what it comes to is not known yet.
type accepted struct {
	RequestID   string `json:"requestId"`
	TriggerTime string `json:"triggerTime,omitempty"` // of a timer
}

func methodsOf[V any](methods map[string]V) []string {
	var names []string
	for name := range methods {
		names = append(names, name)
	}
	slices.Sort(names)
	return names
}

func writeError(w http.ResponseWriter, err error) {
	status := http.StatusInternalServerError
	var s *statusError
	if errors.As(err, &s) {
		status = s.status
	}
	write(w, status, map[string]string{"error": err.Error()})
}

func write(w http.ResponseWriter, status int, value any) {
	w.Header().Set("Content-Type", "application/json")
	w.Header().Set("Cache-Control", "no-store")
	w.WriteHeader(status)
	json.NewEncoder(w).Encode(value) // an error says that the client has gone
}

// LocalOnly refuses requests that did not name this machine (a foreign name
// that resolves to it: DNS rebinding) and what a browser sends for the page of
// another origin.
func LocalOnly(next http.Handler) http.Handler {
	protection := http.NewCrossOriginProtection()
	protection.SetDenyHandler(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		writeError(w, failure(http.StatusForbidden, "a page of another origin may not do this"))
	}))
	protected := protection.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if !loopback(r.Host) {
			writeError(w, failure(http.StatusForbidden, "this address serves localhost only"))
			return
		}
		protected.ServeHTTP(w, r)
	})
}

func loopback(hostport string) bool {
	host := (&url.URL{Host: hostport}).Hostname()
	ip := net.ParseIP(host)
	return host == "localhost" || (ip != nil && ip.IsLoopback())
}

func (c *console) health(*http.Request) (any, error) {
	last, err := c.Feed.Last()
	if err != nil {
		return nil, err
	}
	return map[string]any{
		"status":        "ok",
		"uptimeSeconds": int(c.Account.Clock.Now().Sub(c.started).Seconds()),
		"versions":      c.Versions,
		"functions":     c.Functions.Stats(),
		"outcomes":      last,
	}, nil
}

func (c *console) endpoints(*http.Request) (any, error) { return c.Endpoints, nil }

// outcomes takes after (default 0; "end" answers at once with the number to go
// on from) and waitSeconds (default 0).
func (c *console) outcomes(r *http.Request) (any, error) {
	q := r.URL.Query()
	if q.Get("after") == "end" {
		last, err := c.Feed.Last()
		return outcomesAnswer([]Entry{}, last), err
	}
	after, err := number(q, "after", 1<<62)
	if err != nil {
		return nil, err
	}
	wait, err := number(q, "waitSeconds", uint64(maxWait/time.Second))
	if err != nil {
		return nil, err
	}
	entries, err := c.Feed.After(r.Context(), after, time.Duration(wait)*time.Second)
	if err != nil {
		return nil, err
	}
	if len(entries) == 0 {
		return outcomesAnswer([]Entry{}, after), nil
	}
	return outcomesAnswer(entries, entries[len(entries)-1].Seq), nil
}

func outcomesAnswer(entries []Entry, next uint64) any {
	return map[string]any{"outcomes": entries, "next": next}
}

// number returns the query parameter, 0 where it is absent.
func number(q url.Values, name string, limit uint64) (uint64, error) {
	if !q.Has(name) {
		return 0, nil
	}
	n, err := strconv.ParseUint(q.Get(name), 10, 64)
	if err != nil || n > limit {
		return 0, failure(http.StatusBadRequest, "%s is not a number from 0 to %d", name, limit)
	}
	return n, nil
}

func (c *console) faults(*http.Request) (any, error) {
	return map[string]any{"faults": c.Account.Faults.List()}, nil
}

// addFault takes a fault, or a list of them, of which then all or none are
// armed.
func (c *console) addFault(r *http.Request) (any, error) {
	body, err := read(r, maxControl)
	if err != nil {
		return nil, err
	}
	faults := make([]account.Fault, 1)
	into := any(&faults[0])
	if bytes.HasPrefix(bytes.TrimSpace(body), []byte("[")) {
		into = &faults
	}
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(into); err != nil {
		return nil, failure(http.StatusBadRequest, "the fault is malformed: %v", err)
	}
	if err := c.Account.Faults.Add(faults...); err != nil {
		return nil, failure(http.StatusBadRequest, "%v", err)
	}
	return c.faults(r)
}

func (c *console) clearFaults(r *http.Request) (any, error) {
	c.Account.Faults.Clear()
	return c.faults(r)
}

func (c *console) calls(*http.Request) (any, error) {
	calls := c.Account.Faults.Calls()
	if calls == nil {
		calls = []account.Call{}
	}
	return map[string]any{"calls": calls}, nil
}

// recordCalls starts a new log.
func (c *console) recordCalls(r *http.Request) (any, error) {
	c.Account.Faults.Record()
	return c.calls(r)
}

// addToCatalogue takes what a catalogue file has, as YAML or JSON; a restart
// forgets it.
func (c *console) addToCatalogue(r *http.Request) (any, error) {
	body, err := read(r, maxControl)
	if err != nil {
		return nil, err
	}
	if err := c.Account.Catalogue.Read(bytes.NewReader(body)); err != nil {
		return nil, failure(http.StatusBadRequest, "the catalogue is malformed: %v", err)
	}
	return struct{}{}, nil
}

// invoke waits for what the invocation comes to; with type=async, as an
// asynchronous invocation with its retries and destinations, for nothing.
func (c *console) invoke(r *http.Request) (any, error) {
	event, err := read(r, maxEvent)
	if err != nil {
		return nil, err
	}
	switch kind := r.URL.Query().Get("type"); kind {
	case "", "sync":
		return c.invokeSync(r.Context(), r.PathValue("name"), event)
	case "async":
		id, err := c.Functions.Enqueue(r.PathValue("name"), event)
		return accepted{RequestID: id}, invokeFailure(err)
	default:
		return nil, failure(http.StatusBadRequest, "there is no type %q: want sync, async", kind)
	}
}

// setDeadLetterPolicy takes {"Enabled": true, "DeadLetterTargetQueue": "dead",
// "MaxReceiveCount": 3}: what the console of the platform sets and MNS
// 2015-06-06 cannot.
func (c *console) setDeadLetterPolicy(r *http.Request) (any, error) {
	body, err := read(r, maxControl)
	if err != nil {
		return nil, err
	}
	var policy mns.DeadLetterPolicy
	decoder := json.NewDecoder(bytes.NewReader(body))
	decoder.DisallowUnknownFields()
	if err := decoder.Decode(&policy); err != nil {
		return nil, failure(http.StatusBadRequest, "the policy is malformed: %v", err)
	}
	var refused *mns.Error
	if err := c.Queues.SetDeadLetterPolicy(r.PathValue("name"), policy); errors.As(err, &refused) {
		return nil, failure(refused.Status, "%v", refused)
	} else if err != nil {
		return nil, err
	}
	return policy, nil
}

// fireTimer takes the time of the event, {"triggerTime": RFC 3339}, or no body
// for now.
func (c *console) fireTimer(r *http.Request) (any, error) {
	body, err := read(r, maxControl)
	if err != nil {
		return nil, err
	}
	order := struct{ TriggerTime time.Time }{c.Account.Clock.Now()}
	if len(body) > 0 {
		decoder := json.NewDecoder(bytes.NewReader(body))
		decoder.DisallowUnknownFields()
		if err := decoder.Decode(&order); err != nil {
			return nil, failure(http.StatusBadRequest, "want {\"triggerTime\": \"2026-05-04T18:00:00Z\"}: %v", err)
		}
	}
	id, err := c.Functions.FireTimer(r.PathValue("name"), r.PathValue("trigger"), order.TriggerTime)
	return accepted{id, order.TriggerTime.UTC().Format(time.RFC3339)}, invokeFailure(err)
}

// invokeFailure gives an error of the host the status that says whose it is.
func invokeFailure(err error) error {
	for known, status := range map[error]int{
		fc.ErrUnknownFunction: http.StatusNotFound, fc.ErrUnknownTimer: http.StatusNotFound,
		fc.ErrPayloadTooLarge: http.StatusRequestEntityTooLarge, fc.ErrClosed: http.StatusServiceUnavailable,
	} {
		if errors.Is(err, known) {
			return failure(status, "%v", err)
		}
	}
	return err
}

func (c *console) invokeSync(ctx context.Context, function string, event []byte) (any, error) {
	result, err := c.Functions.Invoke(ctx, function, event)
	if err != nil {
		return nil, invokeFailure(err)
	}
	return invocation{
		RequestID: result.RequestID, Body: asJSON(result.Body), ErrorType: result.ErrorType, Logs: append([]string{}, result.Logs...),
		DurationMs: float64(result.Duration.Microseconds()) / 1000, ColdStart: result.ColdStart,
	}, nil
}

// invocation answers what is remembered of a request: its attempts and their logs.
func (c *console) invocation(r *http.Request) (any, error) {
	record, ok := c.Functions.Invocation(r.PathValue("id"))
	if !ok {
		return nil, failure(http.StatusNotFound, "no invocation with request ID %s is remembered", r.PathValue("id"))
	}
	return record, nil
}

// invocation is what a synchronous invocation came to.
type invocation struct {
	RequestID  string          `json:"requestId"`
	Body       json.RawMessage `json:"body"`      // what the function answered, or the error's object
	ErrorType  string          `json:"errorType"` // "" is success
	Logs       []string        `json:"logs"`
	DurationMs float64         `json:"durationMs"`
	ColdStart  bool            `json:"coldStart"`
}

// asJSON returns an answer as it is, or as a string where it is no JSON.
func asJSON(body []byte) json.RawMessage {
	if json.Valid(body) {
		return body
	}
	text, _ := json.Marshal(string(body)) // a string always encodes
	return text
}

func read(r *http.Request, limit int64) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, limit+1))
	if err != nil {
		return nil, failure(http.StatusBadRequest, "the body broke off")
	}
	if int64(len(body)) > limit {
		return nil, failure(http.StatusRequestEntityTooLarge, "the body has more than %d bytes", limit)
	}
	return body, nil
}

package account

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"sync"
)

// Effect is what a fault does to a call.
type Effect string

const (
	// EffectCode answers Code with Status instead of doing the call.
	EffectCode Effect = "code"
	// EffectTimeout does not do the call and answers nothing until the client gives up.
	EffectTimeout Effect = "timeout"
	// EffectDropBefore closes the connection without doing the call.
	EffectDropBefore Effect = "drop-before"
	// EffectDropAfter does the call, commits, and closes the connection without an answer.
	EffectDropAfter Effect = "drop-after"
	// EffectErrorAfter does the call, commits, and answers Code with Status.
	EffectErrorAfter Effect = "error-after"
	// EffectKillBefore kills the function instances that are at work, without doing the call.
	EffectKillBefore Effect = "kill-before"
	// EffectKillAfter does the call, commits, and kills the function instances that are at work.
	EffectKillAfter Effect = "kill-after"
)

// needsCode names every effect and whether it answers a code.
var needsCode = map[Effect]bool{
	EffectCode: true, EffectErrorAfter: true,
	EffectTimeout: false, EffectDropBefore: false, EffectDropAfter: false,
	EffectKillBefore: false, EffectKillAfter: false,
}

// Fault makes the next Count calls of Operation of Service fail.
type Fault struct {
	Service   string `json:"service"`   // "ecs", "oss", "mns"
	Operation string `json:"operation"` // as the API spells it; "*" for any
	Skip      int    `json:"skip"`      // calls that pass first
	Count     int    `json:"count"`     // calls that fail; 0 means 1
	Effect    Effect `json:"effect"`
	Code      string `json:"code,omitempty"`
	Status    int    `json:"status,omitempty"` // HTTP; 0 means 500
}

// Call is one call that a service saw: the log that tests read.
type Call struct {
	Service   string `json:"service"`
	Operation string `json:"operation"`
	Effect    Effect `json:"effect,omitempty"` // of the fault that hit it
}

// maxCalls bounds the log of calls.
const maxCalls = 10_000

// Faults is safe for concurrent use.
type Faults struct {
	mu     sync.Mutex
	faults []*Fault
	calls  []Call
	record bool
	onKill func()
}

func newFaults() *Faults { return &Faults{} }

// Add arms a fault, or says what is wrong with it.
func (f *Faults) Add(fault Fault) error {
	code, known := needsCode[fault.Effect]
	switch {
	case !known:
		return fmt.Errorf("unknown effect %q", fault.Effect)
	case code && fault.Code == "":
		return fmt.Errorf("effect %q needs a code", fault.Effect)
	case fault.Service == "" || fault.Operation == "":
		return fmt.Errorf("a fault needs service and operation")
	}
	fault.Count = max(fault.Count, 1)
	if fault.Status == 0 {
		fault.Status = http.StatusInternalServerError
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, &fault)
	return nil
}

// Clear disarms every fault.
func (f *Faults) Clear() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = nil
}

// List returns the faults that are still armed.
func (f *Faults) List() []Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	list := make([]Fault, 0, len(f.faults))
	for _, fault := range f.faults {
		list = append(list, *fault)
	}
	return list
}

// Record starts a new log of calls.
func (f *Faults) Record() {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.record, f.calls = true, nil
}

// Calls returns the calls since Record, in order of arrival.
func (f *Faults) Calls() []Call {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.calls)
}

// OnKill sets what kills the function instances that are at work.
func (f *Faults) OnKill(fn func()) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onKill = fn
}

// take logs the call and returns the fault that hits it, or nil.
func (f *Faults) take(service, operation string) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	hit := f.match(service, operation)
	if f.record && len(f.calls) < maxCalls {
		c := Call{Service: service, Operation: operation}
		if hit != nil {
			c.Effect = hit.Effect
		}
		f.calls = append(f.calls, c)
	}
	return hit
}

func (f *Faults) match(service, operation string) *Fault {
	for i, fault := range f.faults {
		if fault.Service != service || (fault.Operation != "*" && fault.Operation != operation) {
			continue
		}
		if fault.Skip > 0 {
			fault.Skip--
			continue
		}
		fault.Count--
		if fault.Count == 0 {
			f.faults = slices.Delete(f.faults, i, i+1)
		}
		return fault
	}
	return nil
}

// Wrap puts the faults of a service in front of its handler. operation names a
// request's operation without consuming its body; writeError answers in the
// service's own error form.
func (f *Faults) Wrap(service string, operation func(*http.Request) string,
	writeError func(w http.ResponseWriter, r *http.Request, status int, code string), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := f.take(service, operation(r))
		if fault == nil {
			next.ServeHTTP(w, r)
			return
		}
		switch fault.Effect {
		case EffectErrorAfter, EffectDropAfter, EffectKillAfter:
			next.ServeHTTP(&discard{header: http.Header{}}, r)
		}
		switch fault.Effect {
		case EffectCode, EffectErrorAfter:
			writeError(w, r, fault.Status, fault.Code)
		case EffectTimeout:
			io.Copy(io.Discard, r.Body) // until then net/http does not watch the connection
			<-r.Context().Done()
			panic(http.ErrAbortHandler)
		case EffectKillBefore, EffectKillAfter:
			f.kill()
			panic(http.ErrAbortHandler)
		default:
			panic(http.ErrAbortHandler)
		}
	})
}

func (f *Faults) kill() {
	f.mu.Lock()
	fn := f.onKill
	f.mu.Unlock()
	if fn != nil {
		fn()
	}
}

// discard takes an answer that nobody will see.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

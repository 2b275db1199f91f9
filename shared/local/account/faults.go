package account

import (
	"fmt"
	"io"
	"net/http"
	"slices"
	"strings"
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
	// EffectFailBuild does the call and answers it; the execution that it starts
	// fails in Phase, for the reason Code.
	EffectFailBuild Effect = "fail-build"
)

// needsCode names every effect and whether it answers a code.
var needsCode = map[Effect]bool{
	EffectCode: true, EffectErrorAfter: true,
	EffectTimeout: false, EffectDropBefore: false, EffectDropAfter: false,
	EffectKillBefore: false, EffectKillAfter: false, EffectFailBuild: false,
}

// The one operation that EffectFailBuild is for, and the phases of what it starts.
const (
	buildService   = "ecs"
	buildOperation = "StartImagePipelineExecution"
)

var buildPhases = []string{"PREPARING", "REPAIRING", "BUILDING", "TESTING", "DISTRIBUTING", "RELEASING"}

// Fault makes the next Count calls of Operation of Service fail. With
// EffectFailBuild Skip and Count count the executions that pass Phase, not
// calls: a call that is refused or repeated starts none.
type Fault struct {
	Service   string `json:"service"`         // "ecs", "oss", "mns", "ec2", "fc"
	Operation string `json:"operation"`       // as the API spells it; "*" for any
	Match     string `json:"match,omitempty"` // a value that the request must have; "" for any request
	Skip      int    `json:"skip"`            // calls that pass first
	Count     int    `json:"count"`           // calls that fail; 0 means 1
	Effect    Effect `json:"effect"`
	Code      string `json:"code,omitempty"`
	Status    int    `json:"status,omitempty"` // HTTP; 0 means 500
	Phase     string `json:"phase,omitempty"`  // of an execution, where EffectFailBuild strikes
}

// check says what is wrong with the fault.
func (f Fault) check() error {
	code, known := needsCode[f.Effect]
	switch {
	case !known:
		return fmt.Errorf("unknown effect %q", f.Effect)
	case code && f.Code == "":
		return fmt.Errorf("effect %q needs a code", f.Effect)
	case f.Service == "" || f.Operation == "":
		return fmt.Errorf("a fault needs service and operation")
	case f.Skip < 0 || f.Count < 0:
		return fmt.Errorf("skip and count are no negative numbers")
	case f.Effect != EffectFailBuild && f.Phase != "":
		return fmt.Errorf("effect %q has no phase", f.Effect)
	case f.Effect != EffectFailBuild:
		return nil
	case f.Service != buildService || f.Operation != buildOperation:
		return fmt.Errorf("effect %q is for service %q, operation %q", f.Effect, buildService, buildOperation)
	case !slices.Contains(buildPhases, f.Phase):
		return fmt.Errorf("effect %q needs a phase of %s", f.Effect, strings.Join(buildPhases, ", "))
	}
	return nil
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
	if err := fault.check(); err != nil {
		return err
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

// TakeBuild returns the fault that hits the execution which is about to start,
// if any: hits says whether one can, by its Phase and Match.
func (f *Faults) TakeBuild(hits func(Fault) bool) (fault Fault, hit bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	taken := f.first(func(fault *Fault) bool { return fault.Effect == EffectFailBuild && hits(*fault) })
	if taken == nil {
		return Fault{}, false
	}
	return *taken, true
}

// take logs the call and returns the fault that hits it, or nil.
func (f *Faults) take(service, operation string, matches func(value string) bool) *Fault {
	f.mu.Lock()
	defer f.mu.Unlock()
	hit := f.first(func(fault *Fault) bool {
		return fault.Service == service && (fault.Operation == "*" || fault.Operation == operation) &&
			fault.Effect != EffectFailBuild && (fault.Match == "" || matches(fault.Match))
	})
	if f.record && len(f.calls) < maxCalls {
		c := Call{Service: service, Operation: operation}
		if hit != nil {
			c.Effect = hit.Effect
		}
		f.calls = append(f.calls, c)
	}
	return hit
}

// first counts a hit on the first fault that hits and has no more to skip.
func (f *Faults) first(hits func(*Fault) bool) *Fault {
	for i, fault := range f.faults {
		if !hits(fault) {
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
// request's operation, and matches says whether the request has a value that a
// fault's Match may name, both without consuming its body; writeError answers
// in the service's own error form.
func (f *Faults) Wrap(service string, operation func(*http.Request) string, matches func(r *http.Request, value string) bool,
	writeError func(w http.ResponseWriter, r *http.Request, status int, code string), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault := f.take(service, operation(r), func(value string) bool { return matches(r, value) })
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

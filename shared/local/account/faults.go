package account

import (
	"bytes"
	"fmt"
	"io"
	"math/rand/v2"
	"net/http"
	"os"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

// Fault makes calls of Operation of Service fail. With EffectFailBuild it is the
// executions that pass Phase that count, not the calls: one that is refused or
// repeated starts none. With an effect of deliveries it is the events that a
// function gets, or the messages that a queue gets.
type Fault struct {
	Service   string `json:"service" yaml:"service"`                 // "ecs", "oss", "mns", "ec2", "fc"
	Operation string `json:"operation" yaml:"operation"`             // as the API spells it; "*" for any; of deliveries of "fc" the function
	Match     string `json:"match,omitempty" yaml:"match,omitempty"` // a value that the request must have, or a text that the event must; "" for any
	Skip      int    `json:"skip" yaml:"skip,omitempty"`             // those that pass first
	// Count is how many fail, then the fault is gone. 0 means 1, and with a
	// probability: until it is cleared.
	Count int `json:"count" yaml:"count,omitempty"`
	// Probability is that of each to fail, 0 means 1. It is drawn by a source
	// that Seed alone decides: the same order of calls, the same faults.
	Probability float64 `json:"probability,omitempty" yaml:"probability,omitempty"`
	Seed        uint64  `json:"seed,omitempty" yaml:"seed,omitempty"`

	Effect      Effect `json:"effect" yaml:"effect"`
	Code        string `json:"code,omitempty" yaml:"code,omitempty"`
	Status      int    `json:"status,omitempty" yaml:"status,omitempty"`           // HTTP; 0 means 500
	Phase       string `json:"phase,omitempty" yaml:"phase,omitempty"`             // of an execution, where EffectFailBuild strikes
	DelayMs     int    `json:"delayMs,omitempty" yaml:"delayMs,omitempty"`         // of the cloud: Account.Scaled of it passes
	SkewSeconds int    `json:"skewSeconds,omitempty" yaml:"skewSeconds,omitempty"` // of the service's clock, ahead of the account's
}

// Delay is how long DelayMs takes on the account's clock.
func (a *Account) Delay(f Fault) time.Duration {
	return a.Scaled(time.Duration(f.DelayMs) * time.Millisecond)
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
	account *Account

	mu     sync.Mutex
	faults []*armed
	calls  []Call
	record bool
	onKill func(signedBy func(accessKeyID string) bool)
}

// armed is a fault and what decides whether it strikes.
type armed struct {
	Fault
	chance *rand.Rand // nil: always
}

// strikes draws for the next call that the fault could hit.
func (f *armed) strikes() bool {
	return f.chance == nil || f.chance.Float64() < f.Probability
}

// Add arms faults, all or none, or says what is wrong with the first that
// cannot be.
func (f *Faults) Add(faults ...Fault) error {
	var list []*armed
	for i, fault := range faults {
		if err := fault.check(); err != nil && len(faults) > 1 {
			return fmt.Errorf("fault %d: %w", i+1, err)
		} else if err != nil {
			return err
		}
		list = append(list, arm(fault))
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	f.faults = append(f.faults, list...)
	return nil
}

func arm(fault Fault) *armed {
	if fault.Probability > 0 {
		return &armed{fault, rand.New(rand.NewPCG(fault.Seed, 0))}
	}
	fault.Count = max(fault.Count, 1)
	return &armed{Fault: fault}
}

// ReadFaults reads a file of faults: the YAML or JSON of {faults: [...]}.
func ReadFaults(path string) ([]Fault, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var list struct{ Faults []Fault }
	dec := yaml.NewDecoder(f)
	dec.KnownFields(true)
	if err := dec.Decode(&list); err != nil {
		return nil, fmt.Errorf("faults %s: %w", path, err)
	}
	if len(list.Faults) == 0 {
		return nil, fmt.Errorf("faults %s: it has none; want faults: [{service: ..., operation: ..., effect: ...}]", path)
	}
	return list.Faults, nil
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
		list = append(list, fault.Fault)
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

// OnKill sets what kills the function instance that made a call: the one whose
// access key signed it.
func (f *Faults) OnKill(fn func(signedBy func(accessKeyID string) bool)) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.onKill = fn
}

// TakeBuild returns the fault that hits the execution which is about to start,
// if any: hits says whether one can, by its Phase and Match.
func (f *Faults) TakeBuild(hits func(Fault) bool) (fault Fault, hit bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first(aBuild, hits)
}

// TakeDelivery returns the fault that hits an event on its way to a function,
// or a message on its way into a queue, if any: contains says whether it has
// the text or the value of the fault's Match.
func (f *Faults) TakeDelivery(service, operation string, contains func(value string) bool) (fault Fault, hit bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.first(aDelivery, func(fault Fault) bool { return fault.isFor(service, operation, contains) })
}

// isFor reports whether the fault is meant for a call.
func (f Fault) isFor(service, operation string, has func(value string) bool) bool {
	return f.Service == service && (f.Operation == "*" || f.Operation == operation) && (f.Match == "" || has(f.Match))
}

// take logs the call and returns the fault that hits it, if any.
func (f *Faults) take(service, operation string, has func(value string) bool) (fault Fault, hit bool) {
	f.mu.Lock()
	defer f.mu.Unlock()
	fault, hit = f.first(aCall, func(fault Fault) bool { return fault.isFor(service, operation, has) })
	if f.record && len(f.calls) < maxCalls {
		f.calls = append(f.calls, Call{Service: service, Operation: operation, Effect: fault.Effect})
	}
	return fault, hit
}

// first counts a hit on the first fault that hits, has no more to skip, and
// draws that it strikes.
func (f *Faults) first(what struck, hits func(Fault) bool) (fault Fault, hit bool) {
	for i, fault := range f.faults {
		if rule, _ := fault.Effect.rule(); rule.hits != what || !hits(fault.Fault) {
			continue
		}
		if fault.Skip > 0 {
			fault.Skip--
			continue
		}
		if !fault.strikes() {
			continue
		}
		if fault.Count == 1 {
			f.faults = slices.Delete(f.faults, i, i+1)
		}
		fault.Count = max(fault.Count-1, 0)
		return fault.Fault, true
	}
	return Fault{}, false
}

// Wrap puts the faults of a service in front of its handler. operation names a
// request's operation, and matches says whether the request has a value that a
// fault's Match may name, both without consuming its body; writeError answers
// in the service's own error form.
func (f *Faults) Wrap(service string, operation func(*http.Request) string, matches func(r *http.Request, value string) bool,
	writeError func(w http.ResponseWriter, r *http.Request, status int, code string), next http.Handler) http.Handler {
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		fault, hit := f.take(service, operation(r), func(value string) bool { return matches(r, value) })
		if !hit {
			next.ServeHTTP(w, r)
			return
		}
		f.strike(fault, w, r, writeError, next)
	})
}

// strike does to a call what the effect of the fault says.
func (f *Faults) strike(fault Fault, w http.ResponseWriter, r *http.Request,
	writeError func(w http.ResponseWriter, r *http.Request, status int, code string), next http.Handler) {
	switch fault.Effect {
	case EffectErrorAfter, EffectDropAfter, EffectKillAfter:
		next.ServeHTTP(&discard{header: http.Header{}}, r)
	}
	status, code := fault.answer()
	switch fault.Effect {
	case EffectCode, EffectErrorAfter, EffectThrottle, Effect500, Effect503:
		writeError(w, r, status, code)
	case EffectHTML502:
		writeBadGateway(w)
	case EffectSlow:
		f.account.wait(r.Context(), f.account.Delay(fault))
		next.ServeHTTP(w, r)
	case EffectClockSkew:
		next.ServeHTTP(w, r.WithContext(withSkew(r.Context(), time.Duration(fault.SkewSeconds)*time.Second)))
	case EffectTruncate:
		truncate(w, r, next)
	case EffectTimeout:
		io.Copy(io.Discard, r.Body) // until then net/http does not watch the connection
		<-r.Context().Done()
		panic(http.ErrAbortHandler)
	case EffectKillBefore, EffectKillAfter:
		f.kill(r)
		panic(http.ErrAbortHandler)
	default:
		panic(http.ErrAbortHandler)
	}
}

// badGateway is what a proxy answers whose service does not.
const badGateway = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n<center><h1>502 Bad Gateway</h1></center>\r\n<hr>\r\n</body>\r\n</html>\r\n"

func writeBadGateway(w http.ResponseWriter) {
	w.Header().Set("Content-Type", "text/html")
	w.WriteHeader(http.StatusBadGateway)
	io.WriteString(w, badGateway) // an error says that the client has gone
}

// truncate sends half of an answer whose length it has announced. One without
// a body is not sent at all.
func truncate(w http.ResponseWriter, r *http.Request, next http.Handler) {
	whole := &kept{header: w.Header(), status: http.StatusOK}
	next.ServeHTTP(whole, r)
	if whole.body.Len() > 0 && r.Method != http.MethodHead {
		w.Header().Set("Content-Length", strconv.Itoa(whole.body.Len()))
		w.WriteHeader(whole.status)
		w.Write(whole.body.Bytes()[:whole.body.Len()/2])
		http.NewResponseController(w).Flush() // an error says that the client has gone
	}
	panic(http.ErrAbortHandler)
}

// kept is an answer as it would be sent.
type kept struct {
	header http.Header
	status int
	body   bytes.Buffer
}

func (k *kept) Header() http.Header         { return k.header }
func (k *kept) Write(p []byte) (int, error) { return k.body.Write(p) }
func (k *kept) WriteHeader(status int)      { k.status = status }

func (f *Faults) kill(r *http.Request) {
	f.mu.Lock()
	fn := f.onKill
	f.mu.Unlock()
	if fn == nil {
		return
	}
	// Each API has its own form, but calls of functions name the key in one of these places.
	authorization, query := r.Header.Get("Authorization"), r.URL.RawQuery
	fn(func(accessKeyID string) bool {
		return strings.Contains(authorization, accessKeyID) || strings.Contains(query, accessKeyID)
	})
}

// discard takes an answer that nobody will see.
type discard struct{ header http.Header }

func (d *discard) Header() http.Header         { return d.header }
func (d *discard) Write(p []byte) (int, error) { return len(p), nil }
func (d *discard) WriteHeader(int)             {}

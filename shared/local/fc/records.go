package fc

import (
	"sync"
	"time"
)

// What is kept of the logs: the lines and bytes of one attempt, and the bytes
// of all. A laptop must not notice it.
const (
	maxLogLines   = 10_000
	maxLogBytes   = 1 << 20
	maxRecords    = 1000
	maxRecordSize = 16 << 20
)

// logTail is the last lines that an invocation logged.
type logTail struct {
	lines []string
	bytes int
}

func (l *logTail) add(line string) {
	l.lines = append(l.lines, line)
	l.bytes += len(line)
	for len(l.lines) > maxLogLines || l.bytes > maxLogBytes {
		l.bytes -= len(l.lines[0])
		l.lines = l.lines[1:]
	}
}

// Record is what is remembered of an invocation that has ended at least once:
// an asynchronous one that failed is tried again under the same request ID.
type Record struct {
	RequestID string    `json:"requestId"`
	Function  string    `json:"function"`
	Attempts  []Attempt `json:"attempts"` // the first comes first
}

// Attempt is one run of an invocation.
type Attempt struct {
	Started    time.Time `json:"started"` // zero where no instance could start
	DurationMs float64   `json:"durationMs"`
	ErrorType  string    `json:"errorType"` // "" is success
	ColdStart  bool      `json:"coldStart"`
	Logs       []string  `json:"logs"` // the last 10,000 lines or MiB
}

// records are the newest of a host's invocations, within bounds. They live as
// long as the host.
type records struct {
	mu    sync.Mutex
	byID  map[string]*Record
	order []string // request IDs, oldest first
	bytes int      // of the log lines
}

func (r *records) add(function string, started time.Time, result Result) {
	r.mu.Lock()
	defer r.mu.Unlock()
	record, ok := r.byID[result.RequestID]
	if !ok {
		if r.byID == nil {
			r.byID = map[string]*Record{}
		}
		record = &Record{RequestID: result.RequestID, Function: function}
		r.byID[result.RequestID] = record
		r.order = append(r.order, result.RequestID)
	}
	record.Attempts = append(record.Attempts, Attempt{
		Started: started, DurationMs: float64(result.Duration.Microseconds()) / 1000,
		ErrorType: result.ErrorType, ColdStart: result.ColdStart, Logs: append([]string{}, result.Logs...),
	})
	r.bytes += sizeOf(result.Logs)
	for len(r.order) > maxRecords || (r.bytes > maxRecordSize && len(r.order) > 1) {
		r.forget(r.order[0])
	}
}

func (r *records) forget(requestID string) {
	for _, a := range r.byID[requestID].Attempts {
		r.bytes -= sizeOf(a.Logs)
	}
	delete(r.byID, requestID)
	r.order = r.order[1:]
}

func sizeOf(lines []string) (n int) {
	for _, line := range lines {
		n += len(line)
	}
	return n
}

// Invocation returns what is remembered of an invocation: of the newest 1,000,
// fewer where they logged more than 16 MiB.
func (h *Host) Invocation(requestID string) (Record, bool) {
	h.records.mu.Lock()
	defer h.records.mu.Unlock()
	record, ok := h.records.byID[requestID]
	if !ok {
		return Record{}, false
	}
	copied := *record
	copied.Attempts = append([]Attempt{}, record.Attempts...)
	return copied, true
}

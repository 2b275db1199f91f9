package fc

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"
)

// pool is the instances of one function and what waits for one.
type pool struct {
	host    *Host
	fn      Function
	events  eventQueue
	passing passing

	mu        sync.Mutex
	opened    bool
	closed    bool
	last      int                  // number of the newest instance
	instances map[string]*instance // by name: the number, or debugName
	idle      []*instance          // most recently used last
	waiting   []*invocation        // longest waiting first
	failures  int                  // instances in a row that ended before they asked
	notBefore time.Time            // no start before, on the machine's clock
	cold      int
}

// invocation is one request to a function. What stands below done is guarded
// by the pool's mutex.
type invocation struct {
	requestID string
	payload   []byte
	kind      functionType
	timeout   time.Duration // 0: the function's
	retries   int           // number of this asynchronous retry
	// crashes says that the function is killed amid the invocation, so long
	// after it got it.
	crashes    bool
	crashAfter time.Duration
	done       chan Result

	started time.Time // when the function got it; zero before
	timer   *time.Timer
	logs    logTail
	cold    bool
}

// functionType is the header x-fc-function-type. Source: fc-runtime-go-sdk, function.go.
type functionType int

const (
	typeHandler     functionType = 0
	typeInitializer functionType = 1
	typePreStop     functionType = 2
)

// unhandled is the type of every error that a function gives.
// Source: FC 3.0, header X-Fc-Error-Type.
const unhandled = "UnhandledInvocationError"

// A function that ends before it asks for work is started again after a
// pause that doubles from the first of these to the second.
const (
	firstPause = 100 * time.Millisecond
	maxPause   = 10 * time.Second
)

func newPool(h *Host, f Function) *pool {
	return &pool{host: h, fn: f, instances: map[string]*instance{}, events: newEventQueue()}
}

// open starts the first instance, so that the first event finds it warm.
func (p *pool) open() {
	p.mu.Lock()
	p.opened = true
	if !p.host.onDemand {
		p.start()
	}
	p.scale()
	p.mu.Unlock()
	p.host.logLine(p.fn.Name, fmt.Sprintf("fc: to debug it, start %s with FC_RUNTIME_API=%s/%s/%s: it then gets every event",
		p.fn.Command, p.host.addr, p.fn.Name, debugName))
}

// close ends the instances, the idle ones through their PreStop hook.
func (p *pool) close() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.closed = true
	p.waiting = nil
	for _, in := range p.instances {
		if slices.Contains(p.idle, in) {
			p.retire(in)
		} else {
			in.kill()
		}
	}
}

// do runs inv and returns what it came to.
func (p *pool) do(ctx context.Context, inv *invocation) (Result, error) {
	inv.done = make(chan Result, 1)
	if !p.submit(inv) {
		return Result{}, ErrClosed
	}
	select {
	case r := <-inv.done:
		return r, nil
	case <-ctx.Done():
		p.abandon(inv)
		return Result{}, ctx.Err()
	case <-p.host.ctx.Done():
		return finished(inv)
	}
}

// finished prefers an answer that came before the host closed.
func finished(inv *invocation) (Result, error) {
	select {
	case r := <-inv.done:
		return r, nil
	default:
		return Result{}, ErrClosed
	}
}

func (p *pool) submit(inv *invocation) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed {
		return false
	}
	p.waiting = append(p.waiting, inv)
	p.match()
	return true
}

// abandon forgets an invocation that no instance has got yet; a running one
// goes on, as on the platform.
func (p *pool) abandon(inv *invocation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if i := slices.Index(p.waiting, inv); i >= 0 {
		p.waiting = slices.Delete(p.waiting, i, i+1)
	}
}

// match brings what waits and who is idle together, and starts instances for
// the rest. The caller holds mu.
func (p *pool) match() {
	for len(p.waiting) > 0 {
		in := p.takeIdle()
		if in == nil {
			break
		}
		in.give(p.waiting[0])
		p.waiting = p.waiting[1:]
	}
	p.scale()
}

// takeIdle takes the instance that was busy last, so that extra ones grow old;
// a debugger's comes before all, and while there is one no other is taken.
func (p *pool) takeIdle() *instance {
	p.replaceOutdated()
	debug := p.instances[debugName]
	for i := len(p.idle) - 1; i >= 0; i-- {
		if in := p.idle[i]; debug == nil || in == debug {
			p.idle = slices.Delete(p.idle, i, i+1)
			return in
		}
	}
	return nil
}

// scale starts instances while more waits than will ask for work by itself.
// The caller holds mu.
func (p *pool) scale() {
	for len(p.waiting) > p.coming() && len(p.instances) < p.fn.MaxInstances && p.mayStart() {
		p.start()
	}
}

// coming counts the instances that start up, and those between an answer and
// their next poll.
func (p *pool) coming() (n int) {
	for _, in := range p.instances {
		between := in.current == nil && in.polls == 0
		if !in.doomed && !in.retiring && (!in.isReady || between) {
			n++
		}
	}
	return n
}

func (p *pool) mayStart() bool {
	return p.opened && !p.closed && p.instances[debugName] == nil && !time.Now().Before(p.notBefore)
}

func (p *pool) start() {
	p.last++
	p.cold++
	in := newInstance(p, fmt.Sprint(p.last))
	p.instances[in.name] = in
	p.host.goWork(in.run)
}

// ready gives a polling instance something to do, or parks it. The caller
// holds mu.
func (p *pool) ready(in *instance) {
	if in.doomed || in.retiring || in.current != nil || in.polls == 0 {
		return
	}
	if !in.initialized && p.fn.Initializer.Timeout > 0 && !in.isDebug() {
		in.give(&invocation{requestID: newRequestID(), kind: typeInitializer, timeout: p.fn.Initializer.Timeout,
			done: make(chan Result, 1)})
		return
	}
	in.isFresh = !in.isReady
	if in.isFresh {
		in.isReady = true
		p.failures, p.notBefore = 0, time.Time{}
	}
	in.idleSince = time.Now()
	p.idle = append(p.idle, in)
	p.match()
	in.isFresh = false
}

// unpark takes in from the idle ones. The caller holds mu.
func (p *pool) unpark(in *instance) {
	if i := slices.Index(p.idle, in); i >= 0 {
		p.idle = slices.Delete(p.idle, i, i+1)
	}
}

// retire ends an idle instance, through its PreStop hook if it has one. The
// caller holds mu.
func (p *pool) retire(in *instance) {
	p.unpark(in)
	in.retiring = true
	if p.fn.PreStop.Timeout == 0 || in.isDebug() {
		in.kill()
		return
	}
	hook := &invocation{requestID: newRequestID(), kind: typePreStop, timeout: p.fn.PreStop.Timeout, done: make(chan Result, 1)}
	in.give(hook)
	p.host.goWork(func() {
		<-hook.done
		p.mu.Lock()
		defer p.mu.Unlock()
		in.kill()
	})
}

// ended takes a dead instance out and settles what it was doing.
func (p *pool) ended(in *instance) {
	if report := p.remove(in); report != "" {
		p.reportf("%s", report)
	}
}

// remove returns what there is to say about the end of in, if anything.
func (p *pool) remove(in *instance) (report string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.instances[in.name] != in {
		return ""
	}
	delete(p.instances, in.name)
	p.host.acct.Keys.Revoke(in.key.AccessKeyID)
	p.unpark(in)
	if in.isAtWork() {
		report = fmt.Sprintf("instance %s ended during request %s (%s)", in.name, in.current.requestID, in.exitReason)
	}
	p.settle(in)
	if !in.isReady && !in.isDebug() {
		report = p.startFailed(in)
	}
	close(in.gone)
	p.match()
	if p.closed {
		return ""
	}
	return report
}

// settle answers the invocation of a dead instance, or puts it back where the
// function never got it.
func (p *pool) settle(in *instance) {
	inv := in.current
	in.current = nil
	switch {
	case inv == nil:
	case inv.started.IsZero() && inv.kind == typeHandler:
		p.waiting = slices.Insert(p.waiting, 0, inv)
	case in.timedOut:
		p.finish(inv, errorBody(fmt.Sprintf("Function time out after %v seconds", inv.limit(p.fn).Seconds())), unhandled)
	default:
		p.finish(inv, in.exitError(time.Since(inv.started)), unhandled)
	}
}

// startFailed pauses before the next start and says why. Where no other
// instance is left what waits fails: that is what its cold start came to. The
// caller holds mu.
func (p *pool) startFailed(in *instance) string {
	p.failures++
	pause := min(firstPause<<min(p.failures-1, 10), maxPause)
	p.notBefore = time.Now().Add(pause)
	time.AfterFunc(pause, func() {
		p.mu.Lock()
		defer p.mu.Unlock()
		p.scale()
	})
	if len(p.instances) == 0 {
		for _, inv := range p.waiting {
			inv.logs.lines = slices.Clone(in.tail)
			p.finish(inv, in.exitError(0), unhandled)
		}
		p.waiting = nil
	}
	return fmt.Sprintf("instance %s ended before it asked for work (%s), %d in a row, next start in %v; its last lines: %s",
		in.name, in.exitReason, p.failures, pause, strings.Join(in.tail, " | "))
}

// expire ends an instance whose invocation is past its deadline.
func (p *pool) expire(in *instance, inv *invocation) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if in.current == inv {
		in.timedOut, in.exitReason = true, "past its deadline"
		in.kill()
	}
}

// complete takes the answer to the invocation with that request id. An answer
// that nobody waits for, late or made up, is dropped.
func (p *pool) complete(in *instance, requestID string, body []byte, errorType string) {
	in.drain()
	p.mu.Lock()
	defer p.mu.Unlock()
	inv := in.current
	if inv == nil || inv.requestID != requestID || inv.started.IsZero() || in.doomed {
		return
	}
	in.current = nil
	p.finish(inv, body, errorType)
	switch {
	case inv.kind == typeInitializer && errorType != "":
		in.exitReason = "its initializer failed: " + string(body)
		in.kill()
	case inv.kind == typeInitializer:
		in.initialized = true
	}
	p.ready(in)
}

// arrive notes that in polls for work.
func (p *pool) arrive(in *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	in.polls++
	in.hasPolled = true
	p.ready(in)
}

// leave notes that a poll ended without work. What was on its way to it goes
// back to the others.
func (p *pool) leave(in *instance) {
	p.mu.Lock()
	defer p.mu.Unlock()
	in.polls--
	if in.polls > 0 {
		return
	}
	p.unpark(in)
	if in.current != nil && in.current.started.IsZero() {
		select {
		case <-in.inbox:
		default: // refused already, because the instance is doomed
		}
		p.settle(in)
	}
	p.match()
}

// age retires an instance that was idle long enough unless it is the last,
// and returns when to look again.
func (p *pool) age(in *instance) time.Duration {
	p.mu.Lock()
	defer p.mu.Unlock()
	if !slices.Contains(p.idle, in) {
		return p.host.idle
	}
	if left := p.host.idle - time.Since(in.idleSince); left > 0 {
		return left
	}
	if p.staying() > 1 && !in.isDebug() && !p.closed {
		p.retire(in)
	}
	return p.host.idle
}

// staying counts the instances that nothing is going to end.
func (p *pool) staying() (n int) {
	for _, in := range p.instances {
		if !in.doomed && !in.retiring {
			n++
		}
	}
	return n
}

// kill kills the instances that are meant, and reports whether there were any.
func (p *pool) kill(isMeant func(*instance) bool) (killed bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	for _, in := range p.instances {
		if isMeant(in) {
			in.kill()
			killed = true
		}
	}
	return killed
}

func (p *pool) stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	s := Stats{Function: p.fn.Name, Instances: len(p.instances), Waiting: len(p.waiting), ColdStarts: p.cold, Events: p.events.len()}
	for _, in := range p.instances {
		if in.current != nil {
			s.Busy++
		}
	}
	return s
}

// reportf says something about the function in the host's own words.
func (p *pool) reportf(format string, args ...any) {
	p.host.reportText(p.fn.Name, fmt.Sprintf(format, args...))
}

// limit is how long the invocation may run.
func (inv *invocation) limit(f Function) time.Duration {
	if inv.timeout > 0 {
		return inv.timeout
	}
	return f.Timeout
}

// finish answers whoever waits for the invocation, and keeps what was logged.
// The caller holds mu.
func (p *pool) finish(inv *invocation, body []byte, errorType string) {
	if inv.timer != nil {
		inv.timer.Stop()
	}
	r := Result{RequestID: inv.requestID, Body: body, ErrorType: errorType, Logs: inv.logs.lines, ColdStart: inv.cold}
	if !inv.started.IsZero() {
		r.Duration = time.Since(inv.started)
	}
	if inv.kind == typeHandler {
		p.host.records.add(p.fn.Name, inv.started, r)
	}
	inv.done <- r
}

// errorBody is the JSON in which the platform words its own errors.
func errorBody(message string) []byte {
	body, _ := json.Marshal(struct { // a string always encodes
		ErrorMessage string `json:"errorMessage"`
	}{message})
	return body
}

package fc

import (
	"fmt"
	"io"
	"net/http"
	"strconv"
	"time"

	"imagedrop/shared/local/account"
)

// strayPause slows down a process that polls for a function or instance that
// is not there: the SDK polls again at once whatever it is told.
const strayPause = time.Second

// routes is the runtime API, version 2020-11-11, below one path for each
// instance. Left out: the initialization error call, which the Go SDK does not use.
func (h *Host) routes() *http.ServeMux {
	const invocation = "/{function}/{instance}/2020-11-11/runtime/invocation/"
	mux := http.NewServeMux()
	mux.HandleFunc("GET "+invocation+"next", h.serveNext)
	mux.HandleFunc("POST "+invocation+"{id}/response", h.serveAnswer(""))
	mux.HandleFunc("POST "+invocation+"{id}/error", h.serveAnswer(unhandled))
	return mux
}

// serveNext holds the poll until there is work for the instance.
func (h *Host) serveNext(w http.ResponseWriter, r *http.Request) {
	p, in := h.polling(r)
	if in == nil {
		pause(r, strayPause)
		http.Error(w, "no such instance", http.StatusNotFound)
		return
	}
	in.awaitLaunch()
	p.arrive(in)
	old := time.NewTimer(h.idle)
	defer old.Stop()
	for {
		select {
		case inv := <-in.inbox:
			if p.deliver(in, inv, w.Header()) {
				w.Write(inv.payload) // if it does not arrive, the process has ended, and that is noticed
			}
			return
		case <-old.C:
			old.Reset(p.age(in))
		case <-in.gone:
			return
		case <-r.Context().Done():
			p.leave(in)
			h.detach(p, in)
			return
		}
	}
}

// awaitLaunch returns when the process can be killed. It may poll before its
// start has returned here; work that it got then could not be cut short.
func (in *instance) awaitLaunch() {
	if in.isDebug() {
		return
	}
	select {
	case <-in.launched:
	case <-in.gone:
	}
}

// polling returns the instance that polls; one under a debugger is taken in
// with its first poll.
func (h *Host) polling(r *http.Request) (*pool, *instance) {
	p, ok := h.pools[r.PathValue("function")]
	if !ok {
		return nil, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	name := r.PathValue("instance")
	in, ok := p.instances[name]
	if !ok && name == debugName && !p.closed {
		in = newInstance(p, debugName)
		p.instances[debugName] = in
	}
	return p, in
}

// detach ends a debugger's instance with its poll: the SDK always holds one.
func (h *Host) detach(p *pool, in *instance) {
	if in.isDebug() {
		p.ended(in)
	}
}

// deliver puts the invocation's context into the headers and starts its clock.
// It reports false where the instance is not to have it any more.
func (p *pool) deliver(in *instance, inv *invocation, header http.Header) bool {
	in.drain()
	p.mu.Lock()
	defer p.mu.Unlock()
	in.polls--
	if in.current != inv || in.doomed {
		return false // the end of the process settles it
	}
	limit := inv.limit(p.fn)
	inv.started = time.Now()
	if in.isDebug() {
		limit = maxTimeout // a person at a breakpoint
	} else {
		inv.timer = time.AfterFunc(limit, func() { p.expire(in, inv) })
	}
	p.describe(header, inv, in.credentials(), limit)
	if inv.crashes && !in.isDebug() {
		p.crash(in, inv)
	}
	return true
}

// describe sets the headers of the invocation.
// Source: fc-runtime-go-sdk, runtime_api_client.go.
func (p *pool) describe(header http.Header, inv *invocation, key account.Key, limit time.Duration) {
	set := func(name, value string) { header.Set("x-fc-"+name, value) }
	header.Set("Content-Type", "application/octet-stream")
	set("request-id", inv.requestID)
	set("function-deadline", strconv.FormatInt(inv.started.Add(limit).UnixMilli(), 10))
	set("function-timeout", strconv.Itoa(seconds(limit)))
	set("function-type", strconv.Itoa(int(inv.kind)))
	set("function-name", p.fn.Name)
	set("function-handler", p.fn.Handler)
	set("function-memory", strconv.Itoa(p.fn.MemoryMB))
	set("access-key-id", key.AccessKeyID)
	set("access-key-secret", key.Secret)
	set("security-token", key.Token)
	set("region", p.fn.Region)
	set("account-id", account.ID)
	set("qualifier", "LATEST")
	if inv.retries > 0 {
		set("retry-count", strconv.Itoa(inv.retries))
	}
}

// serveAnswer takes an answer. It says 200 whatever it is told: to the SDK
// anything else is a failure, which it only logs.
func (h *Host) serveAnswer(errorType string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(io.LimitReader(r.Body, maxSyncPayload+1))
		if err != nil {
			return // cut off: the end of the process settles it
		}
		result := errorType
		if len(body) > maxSyncPayload {
			_, _ = io.Copy(io.Discard, r.Body)
			body, result = errorBody(fmt.Sprintf("the response is larger than %d bytes", maxSyncPayload)), unhandled
		}
		if p, in := h.lookup(r); in != nil {
			p.complete(in, r.PathValue("id"), body, result)
		}
		w.WriteHeader(http.StatusOK)
	}
}

func (h *Host) lookup(r *http.Request) (*pool, *instance) {
	p, ok := h.pools[r.PathValue("function")]
	if !ok {
		return nil, nil
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	return p, p.instances[r.PathValue("instance")]
}

// pause waits unless the client leaves.
func pause(r *http.Request, d time.Duration) {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
	case <-r.Context().Done():
	}
}

package fc

import "time"

// SetBoot shortens how long an instance may take until it asks for work.
func (h *Host) SetBoot(d time.Duration) { h.boot = d }

// SetTimeout changes how long the function may work from now on.
func (h *Host) SetTimeout(function string, d time.Duration) {
	p := h.pools[function]
	p.mu.Lock()
	defer p.mu.Unlock()
	p.fn.Timeout = d
}

// Idle returns how many instances of a function hold a poll that is not answered.
func (h *Host) Idle(function string) int {
	p := h.pools[function]
	p.mu.Lock()
	defer p.mu.Unlock()
	return len(p.idle)
}

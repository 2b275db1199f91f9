package fc

import "time"

// SetBoot shortens how long an instance may take until it asks for work.
func (h *Host) SetBoot(d time.Duration) { h.boot = d }

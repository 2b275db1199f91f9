package fc

import (
	"errors"
	"fmt"
	"time"
)

// ErrUnknownTimer answers a fire of a timer trigger that is not there.
var ErrUnknownTimer = errors.New("no such timer trigger")

// TimerTrigger invokes a function asynchronously at the times of a schedule.
type TimerTrigger struct {
	Name, Function string
	Schedule       Schedule
	Payload        string
	Disabled       bool // fires by FireTimer only
}

// timerEvent is what the function gets. Source: FC, event formats of triggers.
type timerEvent struct {
	TriggerTime string `json:"triggerTime"` // RFC 3339, UTC, seconds
	TriggerName string `json:"triggerName"`
	Payload     string `json:"payload"`
}

// maxNap bounds how long a timer waits in one piece: a machine that slept, or
// whose clock was set, fires at most so late.
const maxNap = time.Minute

// Event returns the event of that time; the error is ErrPayloadTooLarge.
func (t TimerTrigger) Event(at time.Time) ([]byte, error) {
	event := encode(timerEvent{at.UTC().Format(time.RFC3339), t.Name, t.Payload})
	return event, checkAsyncPayload(event)
}

func (t TimerTrigger) check(pools map[string]*pool) error {
	bad := func(err error) error { return fmt.Errorf("trigger %q of function %q: %w", t.Name, t.Function, err) }
	if _, known := pools[t.Function]; !known {
		return bad(ErrUnknownFunction)
	}
	if t.Schedule.next == nil {
		return bad(errors.New("it has no schedule"))
	}
	if _, err := t.Event(time.Time{}); err != nil {
		return bad(err)
	}
	return nil
}

// FireTimer stores the event of a timer trigger for the given time, as the
// schedule does when that comes, and returns the id of its request. The same
// time again is the same event again.
func (h *Host) FireTimer(function, trigger string, at time.Time) (requestID string, err error) {
	for _, t := range h.timers {
		if t.Function == function && t.Name == trigger {
			return h.fire(t, at)
		}
	}
	return "", fmt.Errorf("%w: %s of function %s", ErrUnknownTimer, trigger, function)
}

func (h *Host) fire(t TimerTrigger, at time.Time) (requestID string, err error) {
	event, err := t.Event(at)
	if err != nil {
		return "", err
	}
	return h.Enqueue(t.Function, event)
}

// tick fires the trigger at its times, which are never scaled, until the host
// closes. Of several times that a jump of the clock passes over only the first
// is fired, late, and what fell into a time without a host is not made up for.
func (h *Host) tick(t TimerTrigger) {
	for {
		at := t.Schedule.Next(h.acct.Clock.Now())
		if !h.sleepUntil(at) {
			return
		}
		if _, err := h.fire(t, at); err != nil {
			h.reportText(t.Function, fmt.Sprintf("timer trigger %s: %v", t.Name, err))
		}
	}
}

// sleepUntil waits on the account's clock and reports false if the host closes first.
func (h *Host) sleepUntil(at time.Time) bool {
	for {
		now := h.acct.Clock.Now().Round(0) // by the calendar, not by how long the machine was awake
		left := at.Sub(now)
		if left <= 0 {
			return true
		}
		if !h.sleepTo(now.Add(min(left, maxNap))) {
			return false
		}
	}
}

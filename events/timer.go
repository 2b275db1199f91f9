package events

import "encoding/json"

// Timer is one firing of a timer trigger.
type Timer struct {
	TriggerTime string // RFC 3339, UTC, seconds
	TriggerName string
	Payload     string // the trigger's own payload, "" where it has none
}

// DecodeTimer reads the event of a timer trigger. An error is a fault of kind
// Invalid.
func DecodeTimer(payload []byte) (Timer, error) {
	const op = "events.DecodeTimer"
	payload, err := bounded(op, payload)
	if err != nil {
		return Timer{}, err
	}
	var event object
	if err := json.Unmarshal(payload, &event); err != nil {
		return Timer{}, notJSON(op, err)
	}
	timer := Timer{event.text("triggerTime"), event.text("triggerName"), event.text("payload")}
	if rfc3339(timer.TriggerTime) == "" || timer.TriggerName == "" {
		return Timer{}, invalid(op, "the event has no triggerTime or no triggerName")
	}
	return timer, nil
}

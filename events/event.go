package events

// Event is the event of any trigger: one of its members is set.
type Event struct {
	Objects  []Object
	Messages []Message
	Timer    *Timer
}

// Decode reads an event whose trigger is not known. What is neither a firing of
// a timer nor names an object is a message, as in DecodeMessages. An error is a
// fault of kind Invalid: nothing in the event could be read.
func Decode(payload []byte) (event Event, ignored []string, err error) {
	if timer, err := DecodeTimer(payload); err == nil {
		return Event{Timer: &timer}, nil, nil
	}
	if event.Objects, ignored, err = DecodeObjects(payload); err == nil {
		return event, ignored, nil
	}
	event.Messages, ignored, err = DecodeMessages(payload)
	return event, ignored, err
}

// Package events decodes what the triggers of Function Compute deliver: own
// payload types and tolerant decoders, since the runtime SDK's event types fail
// on real payloads. It never judges a template, and no input makes it panic:
// what cannot be decoded is a fault of kind Invalid.
package events

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"

	"imagedrop/shared/fault"
)

const (
	// maxPayload is the largest payload of a synchronous invocation, in bytes.
	// Source: Function Compute limits; an event-stream batch closes at 32 MB.
	maxPayload = 32 << 20

	// maxElements is the largest number of elements in a batch.
	// Source: Function Compute event-stream trigger, CountBasedWindow 1-10,000.
	maxElements = 10_000
)

// bounded refuses what no trigger can have sent, and drops the byte order mark
// that an editor leaves in an event that is replayed from a file.
func bounded(op string, payload []byte) ([]byte, error) {
	if len(payload) > maxPayload {
		return nil, invalid(op, fmt.Sprintf("the event has %d bytes, more than the %d of an invocation", len(payload), maxPayload))
	}
	payload = bytes.TrimPrefix(payload, []byte("\uFEFF"))
	if blank(payload) {
		return nil, invalid(op, "the event is empty")
	}
	return payload, nil
}

// blank reports whether text is nothing but JSON white space.
func blank(text []byte) bool { return len(trim(text)) == 0 }

// firstByte returns the first byte that is not JSON white space, 0 where text is blank.
func firstByte(text []byte) byte {
	if text = trim(text); len(text) > 0 {
		return text[0]
	}
	return 0
}

func trim(text []byte) []byte { return bytes.TrimLeft(text, " \t\r\n") }

// elements returns the elements of a batch, each out of the JSON string that
// may wrap it, or the payload itself where it is no array.
func elements(op string, payload []byte) ([]json.RawMessage, error) {
	if firstByte(payload) != '[' {
		var only json.RawMessage
		if err := json.Unmarshal(payload, &only); err != nil {
			return nil, notJSON(op, err)
		}
		return []json.RawMessage{only}, nil
	}
	list, err := array(op, payload)
	if err != nil {
		return nil, err
	}
	for i, element := range list {
		list[i] = unwrap(element)
	}
	return list, nil
}

// array splits a JSON array. It reads element by element, so that the bound is
// met before millions of tiny elements have cost their memory.
func array(op string, text []byte) ([]json.RawMessage, error) {
	decoder := json.NewDecoder(bytes.NewReader(text))
	if _, err := decoder.Token(); err != nil {
		return nil, notJSON(op, err)
	}
	var list []json.RawMessage
	for decoder.More() {
		if len(list) == maxElements {
			return nil, invalid(op, fmt.Sprintf("the batch has more than %d elements", maxElements))
		}
		var element json.RawMessage
		if err := decoder.Decode(&element); err != nil {
			return nil, notJSON(op, err)
		}
		list = append(list, element)
	}
	if _, err := decoder.Token(); err != nil {
		return nil, notJSON(op, err)
	}
	if !blank(text[decoder.InputOffset():]) {
		return nil, invalid(op, "the event goes on after the batch")
	}
	if len(list) == 0 {
		return nil, invalid(op, "the batch is empty")
	}
	return list, nil
}

// unwrap returns the text of a JSON string, and anything else as it is. An
// event stream was seen to deliver each element as a string of JSON.
func unwrap(element json.RawMessage) json.RawMessage {
	var wrapped string
	if firstByte(element) == '"' && json.Unmarshal(element, &wrapped) == nil {
		return json.RawMessage(wrapped)
	}
	return element
}

// object holds the members of a JSON object by their exact names. Decoding
// into a struct would also take "message" for "Message", and a topic puts the
// sender's own attributes beside its members.
type object map[string]json.RawMessage

// objectOf returns the members of a JSON object, nil where text is none.
func objectOf(text []byte) object {
	var members object
	if firstByte(text) != '{' || json.Unmarshal(text, &members) != nil {
		return nil
	}
	return members
}

// has reports whether all the members are there.
func (o object) has(names ...string) bool {
	for _, name := range names {
		if _, ok := o[name]; !ok {
			return false
		}
	}
	return true
}

// text returns a member as text: a string's value, "" for null and for what is
// not there, and the JSON itself of anything else.
func (o object) text(name string) string {
	raw := o[name]
	var s string
	if len(raw) == 0 || json.Unmarshal(raw, &s) == nil {
		return s
	}
	return string(raw)
}

func invalid(op, message string) *fault.Error {
	return fault.New(fault.Invalid, op, message)
}

// notJSON says where the JSON ends to be JSON. The parser's own text stays out
// of it: it quotes the input.
func notJSON(op string, err error) *fault.Error {
	var syntax *json.SyntaxError
	if errors.As(err, &syntax) {
		return invalid(op, fmt.Sprintf("the event is not JSON (byte %d)", syntax.Offset))
	}
	return invalid(op, "the event is not JSON")
}

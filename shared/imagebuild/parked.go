package imagebuild

import (
	"bytes"
	"cmp"
	"compress/gzip"
	"encoding/base64"
	"encoding/json"
	"io"
	"strings"
	"time"
	"unicode/utf8"

	"imagedrop/shared/fault"
)

const (
	parkedType    = "imagedrop.parked.v1"
	parkedVersion = 1

	// gzipped is the EventEncoding of an event that is too large as it is, or
	// is no text.
	gzipped = "gzip"

	// maxParkedJobs bounds the jobs that a parked message names.
	maxParkedJobs = 100
)

// Parked is an event that the platform gave up on, as it waits on PARKED_QUEUE
// for an operator to send it again. The contract is
// events/schema/parked.schema.json.
type Parked struct {
	Type    string `json:"type"` // "imagedrop.parked.v1"
	Version int    `json:"version"`
	// ID is the same however often one given-up event is parked.
	ID         string   `json:"id"`
	Reason     Reason   `json:"reason"`
	Function   string   `json:"function,omitempty"` // whose event it is; "" where the event does not say
	Trigger    string   `json:"trigger,omitempty"`
	OriginalID string   `json:"originalId,omitempty"` // of the event: what its first delivery is known by
	Jobs       []string `json:"jobs"`                 // IDs, the first 100
	ParkedAt   string   `json:"parkedAt"`             // RFC 3339, UTC
	// Event is the payload of the function. DecodeParked answers it verbatim;
	// in the message it is as EventEncoding says: "" as it is, "gzip" in
	// base64 of gzip.
	Event         string `json:"event"`
	EventEncoding string `json:"eventEncoding,omitempty"`
	// EventBytes is the size of an event that was too large to be parked even
	// so: Event is "" then. 0 where it is here.
	EventBytes int `json:"eventBytes,omitempty"`
}

// encode returns the message body, at most 65,536 bytes, and whether the event
// found room in it.
func (p Parked) encode() (body []byte, whole bool, err error) {
	event := p.Event
	if utf8.ValidString(event) {
		if body, err = marshal(p); err != nil || len(body) <= maxBody {
			return body, err == nil, err
		}
	}
	if len(event) <= MaxRaw { // what DecodeParked would not unpack is not packed
		p.Event, p.EventEncoding = zip(event), gzipped
		if body, err = marshal(p); err != nil || len(body) <= maxBody {
			return body, err == nil, err
		}
	}
	p.Event, p.EventEncoding, p.EventBytes = "", "", len(event)
	body, err = marshal(p)
	return body, false, err
}

func zip(text string) string {
	var packed bytes.Buffer
	w := gzip.NewWriter(&packed)
	_, _ = io.WriteString(w, text) // a bytes.Buffer takes everything
	_ = w.Close()
	return base64.StdEncoding.EncodeToString(packed.Bytes())
}

// DecodeParked reads a message of PARKED_QUEUE: an event that deadletter
// parked, or what the platform itself put there because deadletter failed on
// it, which is then an event for deadletter. An error is a fault of kind
// Invalid.
func DecodeParked(body []byte) (Parked, error) {
	var p Parked
	err := json.Unmarshal(body, &p)
	if err == nil && p.Type == parkedType && p.Version == parkedVersion {
		return p.unpacked()
	}
	if p, ok := undigested(body); ok {
		return p, nil
	}
	return Parked{}, notParked("the message is no parked event")
}

func (p Parked) unpacked() (Parked, error) {
	if p.EventEncoding == "" {
		return p, nil
	}
	if p.EventEncoding != gzipped {
		return Parked{}, notParked("the encoding of the parked event is not known")
	}
	event, err := unzip(p.Event)
	if err != nil {
		return Parked{}, notParked("the parked event cannot be unpacked")
	}
	p.Event, p.EventEncoding = event, ""
	return p, nil
}

// unzip is the reverse of zip. It stops at MaxRaw bytes: a message of 64 KB
// can hold an archive of 64 MB.
func unzip(text string) (string, error) {
	packed, err := base64.StdEncoding.DecodeString(text)
	if err != nil {
		return "", err
	}
	r, err := gzip.NewReader(bytes.NewReader(packed))
	if err != nil {
		return "", err
	}
	plain, err := io.ReadAll(io.LimitReader(r, MaxRaw+1))
	if err == nil && len(plain) > MaxRaw {
		err = io.ErrShortBuffer
	}
	return string(plain), err
}

// deadLetterFunction is the function that the event of an undigested message
// is for.
const deadLetterFunction = "deadletter"

// undigested reads what the platform itself parked because a function failed
// on it each time: the CloudEvent that deadletter would have got, as an object
// or as a string of JSON, from its stream; or the record of an asynchronous
// invocation, which is how an event comes back that was sent again.
func undigested(body []byte) (Parked, bool) {
	var quoted string
	if json.Unmarshal(body, &quoted) == nil {
		body = []byte(quoted)
	}
	p := Parked{Type: parkedType, Version: parkedVersion, Function: deadLetterFunction, Event: "[" + string(body) + "]", Jobs: []string{}}
	var record struct {
		Timestamp      int64  `json:"timestamp"` // milliseconds
		RequestPayload string `json:"requestPayload"`
		RequestContext struct {
			RequestID   string `json:"requestId"`
			FunctionARN string `json:"functionArn"`
		} `json:"requestContext"`
	}
	if json.Unmarshal(body, &record) == nil && record.RequestPayload != "" {
		_, function, _ := strings.Cut(record.RequestContext.FunctionARN, ":functions/")
		function, _, _ = strings.Cut(function, "/") // a qualifier may follow
		p.Function, p.Event, p.OriginalID = function, record.RequestPayload, record.RequestContext.RequestID
		p.ParkedAt = time.UnixMilli(record.Timestamp).UTC().Format(time.RFC3339)
	}
	var events []struct {
		SpecVersion string `json:"specversion"`
		Time        string `json:"time"`
		Data        struct {
			MessageID string `json:"messageId"`
		} `json:"data"`
	}
	if json.Unmarshal([]byte(p.Event), &events) == nil && len(events) == 1 {
		if e := events[0]; e.SpecVersion != "" && e.Data.MessageID != "" {
			p.Trigger, p.OriginalID = TriggerQueue, e.Data.MessageID
			p.ParkedAt = cmp.Or(p.ParkedAt, e.Time)
		}
	}
	p.ID = digest(p.OriginalID)
	p.Reason = Reason{Kind: string(fault.Unknown), Message: "the function " + p.Function + " failed on it each time"}
	return p, p.Function != "" && p.OriginalID != ""
}

func notParked(message string) error {
	return fault.New(fault.Invalid, "imagebuild.DecodeParked", message)
}

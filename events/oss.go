package events

import (
	"encoding/json"
	"fmt"
	"strings"
)

// Object is one OSS event: an object came to be.
type Object struct {
	EventName string // without "oss:", "ObjectCreated:PutObject"
	Region    string
	Bucket    string
	Key       string // verbatim, never URL-decoded
	ETag      string // without quotes, "" where the event has none
	RequestID string // of the call that made the object, "" where the event has none
	EventTime string // as the event spells it
	Size      int64  // bytes, 0 where the event does not say
}

// complete names the events after which an object is whole. The others of
// ObjectCreated announce parts, and a wildcard trigger delivers those too.
var complete = map[string]bool{
	"ObjectCreated:PutObject":               true,
	"ObjectCreated:PostObject":              true,
	"ObjectCreated:CopyObject":              true,
	"ObjectCreated:CompleteMultipartUpload": true,
}

// ossRecord is what we use of a record of eventVersion 1.0.
type ossRecord struct {
	EventName        string `json:"eventName"`
	EventTime        string `json:"eventTime"`
	Region           string `json:"region"`
	ResponseElements struct {
		RequestID string `json:"requestId"`
	} `json:"responseElements"`
	OSS struct {
		Bucket struct {
			Name string `json:"name"`
		} `json:"bucket"`
		Object struct {
			Key  string      `json:"key"`
			ETag string      `json:"eTag"`
			Size json.Number `json:"size"`
		} `json:"object"`
	} `json:"oss"`
}

// DecodeObjects reads an OSS event: native ({"events":[...]}), or through
// EventBridge (one CloudEvent, or a batch whose elements are objects or
// strings of JSON). objects holds every complete object in the event's order;
// ignored has one text, safe to log, for each record that is of another event
// or that names no object. An error is a fault of kind Invalid: nothing in the
// event could be read.
func DecodeObjects(payload []byte) (objects []Object, ignored []string, err error) {
	const op = "events.DecodeObjects"
	payload, err = bounded(op, payload)
	if err != nil {
		return nil, nil, err
	}
	list, err := elements(op, payload)
	if err != nil {
		return nil, nil, err
	}
	var records, unreadable int
	for _, element := range list {
		for _, record := range recordsOf(element) {
			records++
			if o := record.object(); o.Bucket == "" || o.Key == "" {
				unreadable++
				ignored = append(ignored, fmt.Sprintf("record %d names no object", records))
			} else if !complete[o.EventName] {
				ignored = append(ignored,
					fmt.Sprintf("record %d is %.100q, no complete object: %q in %q", records, o.EventName, o.Key, o.Bucket))
			} else {
				objects = append(objects, o)
			}
		}
		if records > maxElements {
			return nil, nil, invalid(op, fmt.Sprintf("the event has more than %d records", maxElements))
		}
	}
	if unreadable == records {
		return nil, nil, invalid(op, "the event names no object")
	}
	return objects, ignored, nil
}

// recordsOf returns the records of one element: those of a native event, or
// the one of a CloudEvent or of its bare data. An element that is none of them
// is a record without an object.
func recordsOf(element []byte) []ossRecord {
	event := objectOf(element)
	if event.has("events") {
		return nativeRecords(event["events"])
	}
	data := element
	if event.has("specversion") {
		data = unwrap(event["data"])
	}
	record := recordOf(data)
	record.EventName = first(record.EventName, event.text("type"))
	record.EventTime = first(record.EventTime, event.text("time"))
	record.Region = first(record.Region, event.text("aliyunregionid"))
	return []ossRecord{record}
}

func nativeRecords(list json.RawMessage) []ossRecord {
	var raw []json.RawMessage
	if firstByte(list) == '[' {
		raw, _ = array("", list) // with its bound
	}
	if raw == nil {
		return []ossRecord{{}}
	}
	records := make([]ossRecord, len(raw))
	for i := range raw {
		records[i] = recordOf(raw[i])
	}
	return records
}

// recordOf reads a record as far as it can be read: a member of an unexpected
// type stays empty, and what is needed is asked for afterwards.
func recordOf(text []byte) (record ossRecord) {
	_ = json.Unmarshal(text, &record)
	return record
}

func (r ossRecord) object() Object {
	size, _ := r.OSS.Object.Size.Int64() // not a whole number: not said
	return Object{
		EventName: strings.TrimPrefix(r.EventName, "oss:"),
		Region:    r.Region,
		Bucket:    r.OSS.Bucket.Name,
		Key:       r.OSS.Object.Key,
		ETag:      strings.Trim(r.OSS.Object.ETag, `"`),
		RequestID: r.ResponseElements.RequestID,
		EventTime: r.EventTime,
		Size:      size,
	}
}

func first(texts ...string) string {
	for _, text := range texts {
		if text != "" {
			return text
		}
	}
	return ""
}

package events

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// Message is one MNS message, of a queue or of a topic.
type Message struct {
	ID         string // MessageId, "" where the event has none (topic, STREAM)
	Queue      string // "" where the event does not name one (topic, RawData)
	Topic      string // "" where the event does not name one (queue, STREAM)
	Time       string // RFC 3339, "" where the event has none
	Body       []byte // as the sender sent it; base64 is not undone here
	Attributes map[string]string
}

// DecodeMessages reads an event of an MNS trigger:
//   - queue through EventBridge: a batch whose elements are CloudEvents or bare
//     data (RawData), as objects or as strings of JSON, also mixed; or one of
//     them alone;
//   - topic: JSON content with the attributes among its members; STREAM content
//     with attributes; otherwise the payload is the body.
//
// ignored has one text, safe to log, for each element of a batch that holds no
// message: it must not keep the others from their outcomes. An error is a
// fault of kind Invalid: nothing in the event could be read.
func DecodeMessages(payload []byte) (messages []Message, ignored []string, err error) {
	const op = "events.DecodeMessages"
	payload, err = bounded(op, payload)
	if err != nil {
		return nil, nil, err
	}
	if firstByte(payload) == '[' {
		return decodeBatch(op, payload)
	}
	message, ok := decodeLone(payload)
	if !ok {
		return nil, nil, invalid(op, "the CloudEvent holds no queue message")
	}
	return []Message{message}, nil, nil
}

func decodeBatch(op string, payload []byte) (messages []Message, ignored []string, err error) {
	list, err := elements(op, payload)
	if err != nil {
		return nil, nil, err
	}
	for i, element := range list {
		if message, ok := queueMessage(objectOf(element)); ok {
			messages = append(messages, message)
		} else {
			ignored = append(ignored, fmt.Sprintf("element %d holds no queue message", i+1))
		}
	}
	if len(messages) == 0 {
		return nil, nil, invalid(op, "the batch holds no queue message")
	}
	return messages, ignored, nil
}

// decodeLone reads a payload that is no batch. Nothing marks the STREAM content
// of a topic, so whatever looks like no other event is a message body.
func decodeLone(payload []byte) (Message, bool) {
	event := objectOf(payload)
	switch {
	case event.has("specversion"), event.has("messageId", "messageBody"):
		return queueMessage(event)
	case event.has("TopicOwner", "MessageId"):
		return topicMessage(event), true
	case event.has("body", "attrs") && objectOf(event["attrs"]) != nil:
		return Message{Body: []byte(event.text("body")), Attributes: attributes(objectOf(event["attrs"]))}, true
	}
	return Message{Body: payload}, true
}

// queueMessage reads a CloudEvent of a queue, or its bare data. With neither an
// ID nor a body there is no message in it.
func queueMessage(event object) (Message, bool) {
	data := event
	if event.has("specversion") {
		data = objectOf(unwrap(event["data"]))
	}
	if !data.has("messageId") && !data.has("messageBody") {
		return Message{}, false
	}
	return Message{
		ID:    data.text("messageId"),
		Queue: queueOf(event.text("subject")),
		Time:  rfc3339(event.text("time")),
		Body:  []byte(data.text("messageBody")),
	}, true
}

// queueOf returns the queue of a subject, "acs:mns:<region>:<account>:queues/<queue>";
// elsewhere the service writes ":/queues/<queue>/messages".
func queueOf(subject string) string {
	_, queue, _ := strings.Cut(subject, "queues/")
	queue, _, _ = strings.Cut(queue, "/")
	return queue
}

// topicMembers are the members of a topic's JSON content that are not the
// sender's attributes.
var topicMembers = map[string]bool{
	"TopicOwner": true, "TopicName": true, "Subscriber": true, "SubscriptionName": true,
	"MessageId": true, "Message": true, "MessageMD5": true, "PublishTime": true,
}

func topicMessage(event object) Message {
	sent := object{}
	for name, value := range event {
		if !topicMembers[name] {
			sent[name] = value
		}
	}
	return Message{
		ID:         event.text("MessageId"),
		Topic:      event.text("TopicName"),
		Time:       publishTime(event.text("PublishTime")),
		Body:       []byte(event.text("Message")),
		Attributes: attributes(sent),
	}
}

func attributes(members object) map[string]string {
	if len(members) == 0 {
		return nil
	}
	texts := make(map[string]string, len(members))
	for name := range members {
		texts[name] = members.text(name)
	}
	return texts
}

// publishTime spells epoch milliseconds as RFC 3339.
// Source: MNS topic content JSON, PublishTime.
func publishTime(ms string) string {
	n, err := strconv.ParseInt(ms, 10, 64)
	if err != nil {
		return ""
	}
	return rfc3339(time.UnixMilli(n).UTC().Format("2006-01-02T15:04:05.000Z07:00"))
}

// rfc3339 returns text if it is a time, else "".
func rfc3339(text string) string {
	if _, err := time.Parse(time.RFC3339, text); err != nil {
		return ""
	}
	return text
}

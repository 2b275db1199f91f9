package events

import (
	"encoding/base64"
	"encoding/json"
	"strings"
	"unicode/utf8"
)

// DeadLetter is an event that the platform gave up on, as a message of the
// dead-letter queue holds it.
type DeadLetter struct {
	// Payload is what the function got: it brings the event again. Empty where
	// the record came without it.
	Payload []byte
	// The rest is from the record of an asynchronous invocation; zero values
	// where there was none, or it does not say.
	Function  string // its name
	RequestID string // of the invocation
	Condition string // "UnhandledInvocationError"
	Attempts  int
	// ErrorType and ErrorMessage are the function's last answer, or the
	// platform's own words without a type, as for a process that exited.
	ErrorType, ErrorMessage string
}

// DecodeDeadLetter reads the body of a message of the dead-letter queue:
//   - the record that the destination of an asynchronous invocation puts there;
//   - the element of an event stream, an object or a string of JSON, or a batch;
//   - anything else, as the dead-letter policy of a queue or of a subscription
//     puts it there: the given-up message itself, with the ID of this one.
//
// Senders may have encoded the first two in base64. It never fails.
func DecodeDeadLetter(messageID string, body []byte) DeadLetter {
	for _, text := range [][]byte{body, fromBase64(body)} {
		text = unwrap(text)
		if record := objectOf(text); record.has("requestContext") || record.has("requestPayload") {
			return invocationRecord(record)
		}
		if isQueueEvent(text) {
			return DeadLetter{Payload: text}
		}
	}
	payload, _ := json.Marshal(map[string]string{"messageId": messageID, "messageBody": string(body)}) // texts always encode
	return DeadLetter{Payload: payload}
}

// invocationRecord reads the record of a destination.
// Source: FC, asynchronous invocation, destinations.
func invocationRecord(record object) DeadLetter {
	context := objectOf(record["requestContext"])
	answer := objectOf(unwrap(record["responsePayload"]))
	letter := DeadLetter{
		Payload:   []byte(record.text("requestPayload")),
		Function:  functionOf(context.text("functionArn")),
		RequestID: context.text("requestId"), Condition: context.text("condition"),
		ErrorType: answer.text("errorType"), ErrorMessage: answer.text("errorMessage"),
	}
	_ = json.Unmarshal(context["approximateInvokeCount"], &letter.Attempts) // 0 where it does not say
	return letter
}

// functionOf returns the name in "acs:fc:<region>:<account>:functions/<name>",
// which a qualifier may follow.
func functionOf(arn string) string {
	_, name, _ := strings.Cut(arn, "functions/")
	if end := strings.IndexAny(name, "/:"); end >= 0 {
		name = name[:end]
	}
	return name
}

// isQueueEvent reports whether text is what an event stream gives a function:
// an element with a message, or a batch of them.
func isQueueEvent(text []byte) bool {
	if firstByte(text) == '[' {
		_, _, err := decodeBatch("", text)
		return err == nil
	}
	event := objectOf(text)
	if !event.has("specversion") && !event.has("messageId", "messageBody") {
		return false
	}
	_, ok := queueMessage(event)
	return ok
}

// fromBase64 returns the text that body encodes, nil where it is none.
func fromBase64(body []byte) []byte {
	text, err := base64.StdEncoding.Strict().DecodeString(string(body))
	if err != nil || !utf8.Valid(text) {
		return nil
	}
	return text
}

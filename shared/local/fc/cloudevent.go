package fc

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"strings"

	"github.com/google/uuid"

	"imagedrop/shared/local/account"
)

// cloudEvent is an element of an event stream over an MNS queue, in the order
// in which the vendor's captured events have the fields.
type cloudEvent struct {
	Data            queueData `json:"data"`
	ID              string    `json:"id"`
	Source          string    `json:"source"`
	SpecVersion     string    `json:"specversion"`
	Type            string    `json:"type"`
	DataContentType string    `json:"datacontenttype"`
	Time            string    `json:"time"`
	Subject         string    `json:"subject"`
	AccountID       string    `json:"aliyunaccountid"`
}

type queueData struct {
	RequestID   string `json:"requestId"`
	MessageID   string `json:"messageId"`
	MessageBody string `json:"messageBody"`
}

// element returns the message as an element of the function's event.
func (s *stream) element(m QueueMessage) []byte {
	event := s.event(m)
	if s.RawData {
		return encode(event.Data)
	}
	text, _ := json.Marshal(event) // structs of strings always encode
	return encode(htmlSafe.Replace(string(text)))
}

// deadLetter returns what the dead-letter queue gets. A body that leaves no
// room for its envelope goes without.
func (s *stream) deadLetter(m QueueMessage) []byte {
	if letter := encode(s.event(m)); len(letter) <= maxRecord {
		return letter
	}
	return m.Body
}

// event returns the message as a CloudEvent. Both ids come from the message's,
// so that a repeated delivery repeats them.
func (s *stream) event(m QueueMessage) cloudEvent {
	sum := sha256.Sum256([]byte(m.ID))
	return cloudEvent{
		Data: queueData{
			RequestID:   strings.ToUpper(hex.EncodeToString(sum[:12])),
			MessageID:   m.ID,
			MessageBody: string(s.body(m)),
		},
		ID:              uuid.NewSHA1(uuid.NameSpaceOID, []byte(m.ID)).String(),
		Source:          "acs:mns",
		SpecVersion:     "1.0",
		Type:            "mns:Queue:SendMessage",
		DataContentType: "application/json; charset=utf-8",
		Time:            m.EnqueueTime.UTC().Format("2006-01-02T15:04:05.000Z"),
		Subject:         s.SubjectARN,
		AccountID:       account.ID,
	}
}

// htmlSafe adds the escapes that the service's JSON has and Go's has not.
// Both characters stand only inside strings.
var htmlSafe = strings.NewReplacer("=", `\u003d`, "'", `\u0027`)

// body is the message's body as the event carries it. With DecodeBase64 a body
// that is no base64 passes unchanged; what the platform does is not documented.
func (s *stream) body(m QueueMessage) []byte {
	if !s.DecodeBase64 {
		return m.Body
	}
	decoded, err := base64.StdEncoding.DecodeString(string(m.Body))
	if err != nil {
		s.reportf("the body of message %s is not base64 and passes unchanged", m.ID)
		return m.Body
	}
	return decoded
}

// array joins encoded elements.
func array(elements [][]byte) []byte {
	return append(append([]byte{'['}, bytes.Join(elements, []byte{','})...), ']')
}

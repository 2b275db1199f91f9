package fc

import (
	"crypto/md5"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"strings"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// TopicTrigger invokes a function asynchronously for each message of an MNS topic.
type TopicTrigger struct {
	Name, Function, Topic string
	FilterTag             string // "": every message, else those of this tag
	Stream                bool   // notifyContentFormat STREAM instead of JSON
}

// TopicMessage is a message as it was published to a topic.
type TopicMessage struct {
	Topic, ID, Tag string
	Body           []byte
	Attributes     map[string]string // the elements of MessageAttributes
	PublishTime    time.Time
}

// Publish stores the events of the triggers that the message is for in the
// transaction that publishes it. A message whose event would be too large
// reaches no function, as on the platform, and does not fail.
func (h *Host) Publish(tx *store.Tx, m TopicMessage) error {
	for _, t := range h.topics {
		if t.Topic != m.Topic || (t.FilterTag != "" && t.FilterTag != m.Tag) {
			continue
		}
		_, err := h.InvokeAsync(tx, t.Function, t.event(m))
		if errors.Is(err, ErrPayloadTooLarge) {
			h.reportText(t.Function, fmt.Sprintf("trigger %s: message %s is not delivered: %v", t.Name, m.ID, err))
			err = nil
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func (t TopicTrigger) check(pools map[string]*pool) error {
	if _, known := pools[t.Function]; !known {
		return fmt.Errorf("trigger %q of function %q: %w", t.Name, t.Function, ErrUnknownFunction)
	}
	return nil
}

// event returns what the function gets. Source: FC, event formats of triggers.
func (t TopicTrigger) event(m TopicMessage) []byte {
	switch {
	case !t.Stream:
		return encode(t.object(m))
	case len(m.Attributes) > 0:
		return encode(struct {
			Body  string            `json:"body"`
			Attrs map[string]string `json:"attrs"`
		}{string(m.Body), m.Attributes})
	}
	return m.Body
}

// object is the JSON form. Of the attributes, Extend is an object of the
// publisher's own, whose keys stand beside those of the service, which win.
func (t TopicTrigger) object(m TopicMessage) map[string]any {
	object := map[string]any{}
	for name, text := range m.Attributes {
		var extension map[string]json.RawMessage
		if name != "Extend" || json.Unmarshal([]byte(text), &extension) != nil {
			object[name] = text
		}
		for key, value := range extension {
			object[key] = value
		}
	}
	sum := md5.Sum(m.Body)
	maps.Copy(object, map[string]any{
		"TopicOwner":       account.ID,
		"Message":          string(m.Body),
		"Subscriber":       account.ID,
		"PublishTime":      m.PublishTime.UnixMilli(),
		"SubscriptionName": t.Function + "-" + t.Name,
		"MessageMD5":       strings.ToUpper(hex.EncodeToString(sum[:])),
		"TopicName":        m.Topic,
		"MessageId":        m.ID,
	})
	return object
}

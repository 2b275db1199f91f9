package mns

import (
	"bytes"
	"encoding/json"
	"encoding/xml"
	"errors"
	"strconv"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// Limits of topics. Source: MNS "Limits" and CreateTopic.
const (
	maxTopicName     = 120 // characters, of a subscription's name, too
	maxSubscriptions = 100 // of a topic
	topicRetention   = 86400

	minTopicMessage = 1024 // bytes, of a topic's MaximumMessageSize
	maxTopicMessage = 65536
)

// topicBucket holds a topicRecord at each topic's name.
const topicBucket = "mns/topics"

// Published is a message as it was published to a topic.
type Published struct {
	Topic, MessageID string
	Tag              string // MessageTag, "" where none
	Body             []byte
	// Attributes are the elements of MessageAttributes with their texts, nil
	// where there are none.
	Attributes  map[string]string
	PublishTime time.Time // to the millisecond

	fault account.Fault // of the delivery of its copies; the zero Fault for none
}

// topicAttributes are what a topic is created with.
type topicAttributes struct {
	MaximumMessageSize int // bytes
	LoggingEnabled     bool
}

// Source: MNS 2015-06-06, CreateTopic.
func defaultTopicAttributes() topicAttributes {
	return topicAttributes{MaximumMessageSize: maxTopicMessage}
}

func (a topicAttributes) check() error {
	if a.MaximumMessageSize < minTopicMessage || a.MaximumMessageSize > maxTopicMessage {
		return outOfRange("MaximumMessageSize", minTopicMessage, maxTopicMessage)
	}
	return nil
}

type topicRecord struct {
	topicAttributes
	Name              string
	Created, Modified time.Time
}

func checkTopicName(name string) error {
	switch {
	case name == "" || len(name) > maxTopicName:
		return coded("TopicNameLengthError")
	case !nameForm.MatchString(name):
		return coded("TopicNameInvalid")
	}
	return nil
}

func findTopic(tx *store.Tx, name string) (topicRecord, error) {
	var t topicRecord
	found, err := tx.GetJSON(topicBucket, name, &t)
	if err == nil && !found {
		err = errTopicNotExist
	}
	return t, err
}

// createTopic returns the topic of that name and whether it was there before.
func (s *Service) createTopic(tx *store.Tx, name string, a topicAttributes) (t topicRecord, existed bool, err error) {
	if err := a.check(); err != nil {
		return t, false, err
	}
	if existed, err = tx.GetJSON(topicBucket, name, &t); err != nil || existed {
		return t, existed, err
	}
	now := s.account.Clock.Now()
	t = topicRecord{topicAttributes: a, Name: name, Created: now, Modified: now}
	return t, false, tx.PutJSON(topicBucket, name, t)
}

// setTopicAttributes applies change to the topic's attributes.
func (s *Service) setTopicAttributes(tx *store.Tx, name string, change func(*topicAttributes) error) error {
	t, err := findTopic(tx, name)
	if err != nil {
		return err
	}
	if err := change(&t.topicAttributes); err != nil {
		return err
	}
	t.Modified = s.account.Clock.Now()
	return tx.PutJSON(topicBucket, name, t)
}

// deleteTopic removes the topic and its subscriptions.
func deleteTopic(tx *store.Tx, name string) error {
	subscriptions, err := subscriptionsOf(tx, name)
	if err != nil {
		return err
	}
	for _, sub := range subscriptions {
		if err := tx.Delete(subscriptionBucket, sub.key()); err != nil {
			return err
		}
	}
	return tx.Delete(topicBucket, name)
}

// publish completes p, sends it to the queues that subscribe, and calls the hook.
func (s *Service) publish(tx *store.Tx, p Published) (Published, error) {
	t, err := findTopic(tx, p.Topic)
	if err != nil {
		return p, err
	}
	if len(p.Body) == 0 || len(p.Body) > t.MaximumMessageSize {
		return p, outOfRange("MessageBody", 1, t.MaximumMessageSize)
	}
	p.MessageID, p.PublishTime = account.NewMessageID(), time.UnixMilli(s.account.Clock.Now().UnixMilli()).UTC()
	subscriptions, err := subscriptionsOf(tx, p.Topic)
	if err != nil {
		return p, err
	}
	for _, sub := range subscriptions {
		if sub.takes(p) {
			if err := s.push(tx, sub, p); err != nil {
				return p, err
			}
		}
	}
	return p, s.onPublish(tx, p)
}

// push sends the notification to the subscription's queue, as a client would
// that sets nothing but the body. What the queue does not take is discarded.
func (s *Service) push(tx *store.Tx, sub subscriptionRecord, p Published) error {
	q, err := findQueue(tx, sub.queue())
	if errors.Is(err, ErrQueueNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	d := draft{body: notifications[sub.NotifyContentFormat](sub, p), priority: defaultPriority, fault: p.fault}
	if d.check(q) != nil {
		return nil
	}
	_, err = s.send(tx, q, d)
	return err
}

// notifications make what is pushed, by NotifyContentFormat.
// Source: MNS "NotifyContentFormat".
var notifications = map[string]func(subscriptionRecord, Published) []byte{
	"XML": func(sub subscriptionRecord, p Published) []byte {
		b := bytes.NewBufferString(xmlDeclaration)
		mustEncode(xml.NewEncoder(b).Encode(notificationDocument{notification: notificationOf(sub, p)}))
		return b.Bytes()
	},
	"JSON": func(sub subscriptionRecord, p Published) []byte {
		var b bytes.Buffer
		encoder := json.NewEncoder(&b)
		encoder.SetEscapeHTML(false)
		mustEncode(encoder.Encode(notificationOf(sub, p)))
		return bytes.TrimSuffix(b.Bytes(), []byte("\n"))
	},
	"SIMPLIFIED": func(_ subscriptionRecord, p Published) []byte { return p.Body },
}

func mustEncode(err error) {
	if err != nil {
		panic(err) // the documents are our own types
	}
}

type (
	notificationDocument struct {
		XMLName xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ Notification"`
		notification
	}
	// notification has the order and the types of the documents' samples.
	notification struct {
		TopicOwner       string
		TopicName        string
		Subscriber       string
		SubscriptionName string
		MessageID        string `xml:"MessageId" json:"MessageId"`
		Message          string
		MessageMD5       string
		MessageTag       string `xml:",omitempty" json:",omitempty"`
		PublishTime      string // Unix milliseconds
	}
)

func notificationOf(sub subscriptionRecord, p Published) notification {
	return notification{
		TopicOwner: account.ID, TopicName: p.Topic, Subscriber: account.ID, SubscriptionName: sub.Name,
		MessageID: p.MessageID, Message: string(p.Body), MessageMD5: bodyMD5(p.Body), MessageTag: p.Tag,
		PublishTime: strconv.FormatInt(p.PublishTime.UnixMilli(), 10),
	}
}

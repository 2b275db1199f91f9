package mns

import (
	"encoding/json"
	"strings"
	"time"
	"unicode/utf8"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// maxFilterTag is the length of a subscription's FilterTag and of a message's
// MessageTag, in characters.
// Source: MNS 2015-06-06, Subscribe; SMQ, Limits, message filtering tags.
const maxFilterTag = 16

// subscriptionBucket holds a subscriptionRecord at each subscription's topic
// and name.
const subscriptionBucket = "mns/subscriptions"

// queueEndpoint begins the endpoint of a queue.
// Source: MNS 2015-06-06, Subscribe, parameter Endpoint.
const queueEndpoint = "acs:mns:" + account.Region + ":" + account.ID + ":queues/"

// The attributes of a subscription that have one of a few values, the first
// being the default. Source: MNS 2015-06-06, Subscribe.
var (
	notifyStrategies = []string{"BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY"}
	notifyFormats    = []string{"XML", "JSON", "SIMPLIFIED"}
)

// subscriptionAttributes are what a subscription is created with.
type subscriptionAttributes struct {
	Endpoint            string
	FilterTag           string // "" takes every message
	NotifyStrategy      string
	NotifyContentFormat string
}

func (a subscriptionAttributes) check() error {
	queue, ok := strings.CutPrefix(a.Endpoint, queueEndpoint)
	if !ok || CheckQueueName(queue) != nil {
		return coded("EndpointInvalid")
	}
	if utf8.RuneCountInString(a.FilterTag) > maxFilterTag {
		return outOfRange("FilterTag", 0, maxFilterTag)
	}
	return nil
}

type subscriptionRecord struct {
	subscriptionAttributes
	Topic, Name       string
	Created, Modified time.Time
}

func (r subscriptionRecord) key() string { return subscriptionKey(r.Topic, r.Name) }

func (r subscriptionRecord) queue() string { return strings.TrimPrefix(r.Endpoint, queueEndpoint) }

// takes reports whether the subscription wants the message.
func (r subscriptionRecord) takes(p Published) bool { return r.FilterTag == "" || r.FilterTag == p.Tag }

// subscriptionKey is where a subscription is stored; that of the name "" begins
// those of the topic.
func subscriptionKey(topic, name string) string { return store.Key(topic, name) }

func checkSubscriptionName(name string) error {
	switch {
	case name == "" || len(name) > maxTopicName:
		return coded("SubscriptionNameLengthError")
	case !nameForm.MatchString(name):
		return coded("SubsriptionNameInvalid")
	}
	return nil
}

func findSubscription(tx *store.Tx, topic, name string) (subscriptionRecord, error) {
	var r subscriptionRecord
	if _, err := findTopic(tx, topic); err != nil {
		return r, err
	}
	found, err := tx.GetJSON(subscriptionBucket, subscriptionKey(topic, name), &r)
	if err == nil && !found {
		err = coded("SubscriberNotExist")
	}
	return r, err
}

// subscriptionsOf returns the topic's subscriptions by name.
func subscriptionsOf(tx *store.Tx, topic string) (list []subscriptionRecord, err error) {
	tx.Scan(subscriptionBucket, subscriptionKey(topic, ""), "", func(_ string, value []byte) bool {
		var r subscriptionRecord
		err = json.Unmarshal(value, &r)
		list = append(list, r)
		return err == nil
	})
	return list, err
}

// subscribe returns the subscription of that name and whether it was there before.
func (s *Service) subscribe(tx *store.Tx, topic, name string, a subscriptionAttributes) (r subscriptionRecord, existed bool, err error) {
	if _, err := findTopic(tx, topic); err != nil {
		return r, false, err
	}
	if existed, err = tx.GetJSON(subscriptionBucket, subscriptionKey(topic, name), &r); err != nil || existed {
		return r, existed, err
	}
	others, err := subscriptionsOf(tx, topic)
	if err != nil {
		return r, false, err
	}
	if len(others) >= maxSubscriptions {
		return r, false, coded("SubscriptionNumExceededLimit")
	}
	now := s.account.Clock.Now()
	r = subscriptionRecord{subscriptionAttributes: a, Topic: topic, Name: name, Created: now, Modified: now}
	return r, false, tx.PutJSON(subscriptionBucket, r.key(), r)
}

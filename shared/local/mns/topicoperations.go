package mns

import (
	"bytes"
	"context"
	"encoding/xml"
	"net/http"
	"slices"
	"strings"
	"unicode/utf8"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// createTopicOp follows "CreateTopic". Left out: nothing.
func (s *Service) createTopicOp(_ context.Context, r *request) (answer, error) {
	want := defaultTopicAttributes()
	if err := readTopicAttributes(r.body, &want); err != nil {
		return answer{}, err
	}
	status := 0
	err := s.store.Update(func(tx *store.Tx) error {
		t, existed, err := s.createTopic(tx, r.name(), want)
		if err != nil {
			return err
		}
		status, err = createdStatus(existed, t.topicAttributes == want, "TopicAlreadyExist")
		return err
	})
	return answer{status: status, location: r.urlOf("topics", r.name())}, err
}

// setTopicAttributesOp follows "SetTopicAttributes". Left out: nothing.
func (s *Service) setTopicAttributesOp(_ context.Context, r *request) (answer, error) {
	err := s.store.Update(func(tx *store.Tx) error {
		return s.setTopicAttributes(tx, r.name(), func(a *topicAttributes) error { return readTopicAttributes(r.body, a) })
	})
	return answer{status: http.StatusNoContent}, err
}

// getTopicAttributesOp follows "GetTopicAttributes". MessageCount is always 0: a
// topic hands its messages on at once and holds none.
func (s *Service) getTopicAttributesOp(_ context.Context, r *request) (answer, error) {
	var doc topicDocument
	err := s.store.View(func(tx *store.Tx) error {
		t, err := findTopic(tx, r.name())
		doc.topicFields = t.fields()
		return err
	})
	return answer{status: http.StatusOK, doc: doc}, err
}

// deleteTopicOp follows "DeleteTopic". It succeeds for a topic that does not
// exist, as DeleteQueue does. Left out: nothing.
func (s *Service) deleteTopicOp(_ context.Context, r *request) (answer, error) {
	err := s.store.Update(func(tx *store.Tx) error { return deleteTopic(tx, r.name()) })
	return answer{status: http.StatusNoContent}, err
}

// listTopicOp follows "ListTopic". Left out: nothing.
func (s *Service) listTopicOp(_ context.Context, r *request) (answer, error) {
	return s.list(func(tx *store.Tx) (listDocument, error) {
		return r.page(tx, "Topic", topicBucket, "", func(name string) (any, error) {
			if !r.withMeta() {
				return topicURL{r.urlOf("topics", name)}, nil
			}
			t, err := findTopic(tx, name)
			return t.fields(), err
		})
	})
}

// publishMessageOp follows "PublishMessage". MessageAttributes, which address
// mail, SMS and devices, only reach the OnPublish hook.
func (s *Service) publishMessageOp(_ context.Context, r *request) (answer, error) {
	p, err := parsePublication(r.body)
	if err != nil {
		return answer{}, err
	}
	p.Topic, p.fault = r.name(), s.strike(r)
	var published Published
	err = s.store.Update(func(tx *store.Tx) (err error) {
		published, err = s.publish(tx, p)
		return err
	})
	doc := messageDocument{messageFields: messageFields{MessageID: published.MessageID, MessageBodyMD5: bodyMD5(p.Body)}}
	return answer{status: http.StatusCreated, doc: doc}, err
}

// subscribeOp follows "Subscribe". Left out, with EndpointInvalid: every Endpoint
// but a queue of the account.
func (s *Service) subscribeOp(_ context.Context, r *request) (answer, error) {
	want, err := parseSubscription(r.body)
	if err != nil {
		return answer{}, err
	}
	topic, name := r.names[0], r.names[1]
	status := 0
	err = s.store.Update(func(tx *store.Tx) error {
		sub, existed, err := s.subscribe(tx, topic, name, want)
		if err != nil {
			return err
		}
		status, err = createdStatus(existed, sub.subscriptionAttributes == want, "SubscriptionAlreadyExist")
		return err
	})
	return answer{status: status, location: r.urlOf("topics", topic, "subscriptions", name)}, err
}

// setSubscriptionAttributesOp follows "SetSubscriptionAttributes": it changes
// the NotifyStrategy, which is all that can be. Left out: nothing.
func (s *Service) setSubscriptionAttributesOp(_ context.Context, r *request) (answer, error) {
	e, err := parseDocument(r.body, "Subscription")
	if err != nil {
		return answer{}, err
	}
	texts, err := e.leaves("NotifyStrategy")
	if err != nil {
		return answer{}, err
	}
	err = s.store.Update(func(tx *store.Tx) error {
		sub, err := findSubscription(tx, r.names[0], r.names[1])
		if err != nil {
			return err
		}
		if sub.NotifyStrategy, err = oneOf(texts, "NotifyStrategy", sub.NotifyStrategy, notifyStrategies); err != nil {
			return err
		}
		sub.Modified = s.account.Clock.Now()
		return tx.PutJSON(subscriptionBucket, sub.key(), sub)
	})
	return answer{status: http.StatusNoContent}, err
}

// getSubscriptionAttributesOp follows "GetSubscriptionAttributes". Left out: nothing.
func (s *Service) getSubscriptionAttributesOp(_ context.Context, r *request) (answer, error) {
	var doc subscriptionDocument
	err := s.store.View(func(tx *store.Tx) error {
		sub, err := findSubscription(tx, r.names[0], r.names[1])
		doc.subscriptionFields = sub.fields()
		return err
	})
	return answer{status: http.StatusOK, doc: doc}, err
}

// unsubscribeOp follows "Unsubscribe": it succeeds for a subscription that does
// not exist, because the page names no error. Left out: nothing.
func (s *Service) unsubscribeOp(_ context.Context, r *request) (answer, error) {
	err := s.store.Update(func(tx *store.Tx) error {
		return tx.Delete(subscriptionBucket, subscriptionKey(r.names[0], r.names[1]))
	})
	return answer{status: http.StatusNoContent}, err
}

// listSubscriptionByTopicOp follows "ListSubscriptionByTopic". Left out: nothing.
func (s *Service) listSubscriptionByTopicOp(_ context.Context, r *request) (answer, error) {
	topic := r.name()
	return s.list(func(tx *store.Tx) (listDocument, error) {
		if _, err := findTopic(tx, topic); err != nil {
			return listDocument{}, err
		}
		return r.page(tx, "Subscription", subscriptionBucket, subscriptionKey(topic, ""), func(name string) (any, error) {
			if !r.withMeta() {
				return subscriptionURL{r.urlOf("topics", topic, "subscriptions", name)}, nil
			}
			sub, err := findSubscription(tx, topic, name)
			return sub.fields(), err
		})
	})
}

// readTopicAttributes changes those attributes that a <Topic> names. No body at
// all names none.
func readTopicAttributes(body []byte, a *topicAttributes) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	e, err := parseDocument(body, "Topic")
	if err != nil {
		return err
	}
	texts, err := e.leaves("MaximumMessageSize", "LoggingEnabled")
	if err != nil {
		return err
	}
	if text, ok := texts["MaximumMessageSize"]; ok {
		if a.MaximumMessageSize, err = parseNumber("MaximumMessageSize", text); err != nil {
			return err
		}
	}
	if err := readLogging(texts, &a.LoggingEnabled); err != nil {
		return err
	}
	return a.check()
}

// parsePublication reads the <Message> of a publish.
func parsePublication(body []byte) (p Published, err error) {
	e, err := parseDocument(body, "Message")
	if err != nil {
		return p, err
	}
	e, attributes := e.without("MessageAttributes")
	texts, err := e.leaves("MessageBody", "MessageTag")
	if err != nil {
		return p, err
	}
	text, ok := texts["MessageBody"]
	if !ok {
		return p, offSchema("MessageBody")
	}
	p.Body, p.Tag = []byte(text), texts["MessageTag"]
	switch {
	case utf8.RuneCountInString(p.Tag) > maxFilterTag:
		err = outOfRange("MessageTag", 0, maxFilterTag)
	case len(attributes) > 1:
		err = offSchema("MessageAttributes")
	case len(attributes) == 1 && len(attributes[0].children) > 0:
		p.Attributes, err = attributes[0].texts()
	}
	return p, err
}

// parseSubscription reads the <Subscription> of a subscribe.
func parseSubscription(body []byte) (a subscriptionAttributes, err error) {
	e, err := parseDocument(body, "Subscription")
	if err != nil {
		return a, err
	}
	texts, err := e.leaves("Endpoint", "FilterTag", "NotifyStrategy", "NotifyContentFormat")
	if err != nil {
		return a, err
	}
	if _, ok := texts["Endpoint"]; !ok {
		return a, offSchema("Endpoint")
	}
	a.Endpoint, a.FilterTag = strings.TrimSpace(texts["Endpoint"]), texts["FilterTag"]
	if a.NotifyStrategy, err = oneOf(texts, "NotifyStrategy", notifyStrategies[0], notifyStrategies); err != nil {
		return a, err
	}
	if a.NotifyContentFormat, err = oneOf(texts, "NotifyContentFormat", notifyFormats[0], notifyFormats); err != nil {
		return a, err
	}
	return a, a.check()
}

// oneOf returns the text of an element that has one of a few values, and what
// it is where the element is absent.
func oneOf(texts map[string]string, name, absent string, values []string) (string, error) {
	text, ok := texts[name]
	if !ok {
		return absent, nil
	}
	if text = strings.TrimSpace(text); !slices.Contains(values, text) {
		return "", offSchema(name)
	}
	return text, nil
}

// The answers' documents. The element order is that of the documents' tables.
type (
	topicDocument struct {
		XMLName xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ Topic"`
		topicFields
	}
	topicURL struct {
		TopicURL string
	}
	topicFields struct {
		TopicName              string
		CreateTime             int64 // this and the next: Unix seconds
		LastModifyTime         int64
		MaximumMessageSize     int
		MessageRetentionPeriod int // seconds
		MessageCount           int
		LoggingEnabled         bool
	}
	subscriptionDocument struct {
		XMLName xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ Subscription"`
		subscriptionFields
	}
	subscriptionURL struct {
		SubscriptionURL string
	}
	subscriptionFields struct {
		SubscriptionName    string
		Subscriber          string
		TopicOwner          string
		TopicName           string
		Endpoint            string
		NotifyStrategy      string
		NotifyContentFormat string
		FilterTag           string `xml:",omitempty"`
		CreateTime          int64  // this and the next: Unix seconds
		LastModifyTime      int64
	}
)

func (t topicRecord) fields() topicFields {
	return topicFields{
		TopicName: t.Name, CreateTime: t.Created.Unix(), LastModifyTime: t.Modified.Unix(),
		MaximumMessageSize: t.MaximumMessageSize, MessageRetentionPeriod: topicRetention, LoggingEnabled: t.LoggingEnabled,
	}
}

func (r subscriptionRecord) fields() subscriptionFields {
	return subscriptionFields{
		SubscriptionName: r.Name, Subscriber: account.ID, TopicOwner: account.ID, TopicName: r.Topic,
		Endpoint: r.Endpoint, NotifyStrategy: r.NotifyStrategy, NotifyContentFormat: r.NotifyContentFormat,
		FilterTag: r.FilterTag, CreateTime: r.Created.Unix(), LastModifyTime: r.Modified.Unix(),
	}
}

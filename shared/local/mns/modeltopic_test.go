package mns_test

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/modeltest"
)

// subscriber is a subscription to a queue.
type subscriber struct{ queue, tag, format string }

func (m *lockstep) createTopic(t *rapid.T) {
	name, want := modeltest.Pick(t, "topic", modelTopics), 204
	if m.topics[name] == nil {
		m.topics[name], want = map[string]subscriber{}, 201
	}
	require.Equal(t, want, m.call(t, "PUT", "/topics/"+name, "").status)
}

func (m *lockstep) deleteTopic(t *rapid.T) {
	name := modeltest.Pick(t, "topic", modelTopics)
	require.Equal(t, 204, m.call(t, "DELETE", "/topics/"+name, "").status)
	delete(m.topics, name)
}

func (m *lockstep) subscribe(t *rapid.T) {
	topic, name := modeltest.Pick(t, "topic", modelTopics), modeltest.Pick(t, "subscription", modelSubscribers)
	s := subscriber{modeltest.Pick(t, "queue", modelQueues), modeltest.Pick(t, "tag", modelTags), modeltest.Pick(t, "format", modelFormats)}
	r := m.call(t, "PUT", "/topics/"+topic+"/subscriptions/"+name, element("Subscription",
		element("Endpoint", endpoint+s.queue)+element("FilterTag", s.tag)+element("NotifyContentFormat", s.format)))
	before, there := m.topics[topic][name]
	switch {
	case m.topics[topic] == nil:
		require.Equal(t, "TopicNotExist", r.Code)
	case !there:
		require.Equal(t, 201, r.status)
		m.topics[topic][name] = s
	case before == s:
		require.Equal(t, 204, r.status)
	default:
		require.Equal(t, "SubscriptionAlreadyExist", r.Code)
	}
}

func (m *lockstep) unsubscribe(t *rapid.T) {
	topic, name := modeltest.Pick(t, "topic", modelTopics), modeltest.Pick(t, "subscription", modelSubscribers)
	require.Equal(t, 204, m.call(t, "DELETE", "/topics/"+topic+"/subscriptions/"+name, "").status)
	delete(m.topics[topic], name)
}

func (m *lockstep) publish(t *rapid.T) {
	topic, tag := modeltest.Pick(t, "topic", modelTopics), modeltest.Pick(t, "tag", modelTags)
	m.sent++
	body, more := fmt.Sprint("message ", m.sent), ""
	if tag != "" {
		more = element("MessageTag", tag)
	}
	r := m.call(t, "POST", "/topics/"+topic+"/messages", element("Message", element("MessageBody", body)+more))
	require.Equal(t, m.topics[topic] == nil, r.Code == "TopicNotExist")
	for _, name := range slices.Sorted(maps.Keys(m.topics[topic])) {
		s := m.topics[topic][name]
		if q := m.queues[s.queue]; q != nil && (s.tag == "" || s.tag == tag) {
			m.sent++
			now := m.Clock.Now()
			x := &lettered{number: m.sent, body: s.pushed(topic, name, r.MessageId, body, tag, now), priority: 8, enqueued: now, first: now}
			x.next = now.Add(time.Duration(q.DelaySeconds) * time.Second)
			if q.takes(x) == "" {
				q.messages = append(q.messages, x)
			}
		}
	}
}

// pushed is the notification, written out.
func (s subscriber) pushed(topic, name, id, body, tag string, at time.Time) string {
	switch s.format {
	case "JSON":
		if tag != "" {
			tag = `"MessageTag":"` + tag + `",`
		}
		return fmt.Sprintf(`{"TopicOwner":"1234567890123456","TopicName":"%s","Subscriber":"1234567890123456","SubscriptionName":"%s","MessageId":"%s","Message":"%s","MessageMD5":"%s",%s"PublishTime":"%d"}`,
			topic, name, id, body, digestOf(body), tag, at.UnixMilli())
	case "XML":
		if tag != "" {
			tag = element("MessageTag", tag)
		}
		return `<?xml version="1.0" encoding="utf-8"?>` + "\n" + `<Notification xmlns="http://mns.aliyuncs.com/doc/v1/">` +
			element("TopicOwner", account.ID) + element("TopicName", topic) + element("Subscriber",
			account.ID) + element("SubscriptionName", name) +
			element("MessageId", id) + element("Message", body) + element("MessageMD5", digestOf(body)) + tag +
			element("PublishTime", at.UnixMilli()) + "</Notification>"
	}
	return body
}

// list follows the pages of the queues that begin so.
func (m *lockstep) list(t *rapid.T) {
	prefix, size, marker := modeltest.Pick(t, "prefix", []string{"", "q"}), rapid.IntRange(1, 4).Draw(t, "size"), ""
	var got, want []string
	for more := true; more; more = marker != "" {
		r := m.call(t, "GET", "/queues", "", "x-mns-prefix", prefix, "x-mns-ret-number", fmt.Sprint(size), "x-mns-marker", marker,
			"x-mns-with-meta", "true")
		require.LessOrEqual(t, len(r.Queue), size)
		for _, q := range r.Queue {
			got = append(got, q.QueueName)
		}
		marker = r.NextMarker
	}
	for _, name := range slices.Sorted(maps.Keys(m.queues)) {
		if strings.HasPrefix(name, prefix) {
			want = append(want, name)
		}
	}
	require.Equal(t, want, got)
}

// compare holds the counts of all queues against the model after every step.
func (m *lockstep) compare(t *rapid.T) {
	for _, name := range slices.Compact(slices.Sorted(slices.Values(modelQueues))) {
		r := m.call(t, "GET", "/queues/"+name, "")
		q := m.requireQueue(t, name, r)
		if q == nil {
			continue
		}
		want := mns.Counts{}
		for _, x := range m.live(q) {
			switch {
			case !x.next.After(m.Clock.Now()):
				want.Active++
			case x.dequeues > 0:
				want.Inactive++
			default:
				want.Delayed++
			}
		}
		require.Equal(t, want, mns.Counts{Active: r.ActiveMessages, Inactive: r.InactiveMessages, Delayed: r.DelayMessages})
		require.Equal(t, q.VisibilityTimeout, r.VisibilityTimeout)
	}
}

// drain takes everything out and expects nothing to be left.
func (m *lockstep) drain(t *rapid.T) {
	m.Clock.Advance(time.Minute)
	names := slices.Sorted(maps.Keys(m.queues))
	for _, name := range names {
		q := m.queues[name]
		q.policy = mns.DeadLetterPolicy{}
		require.NoError(t, m.service.SetDeadLetterPolicy(name, q.policy))
		for len(m.visible(q)) > 0 {
			for _, handle := range m.receiveFrom(t, name, 16) {
				r := m.call(t, "DELETE", "/queues/"+name+"/messages?ReceiptHandle="+handle, "")
				q.drop(m.requireHeld(t, q, handle, r.Code))
			}
		}
	}
	m.Clock.Advance(8 * 24 * time.Hour)
	for _, name := range names {
		require.Equal(t, "MessageNotExist", m.call(t, "GET", "/queues/"+name+"/messages", "").Code)
	}
	require.Zero(t, entriesOf(m.Store))
}

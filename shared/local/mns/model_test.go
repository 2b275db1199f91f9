package mns_test

import (
	"cmp"
	"crypto/md5"
	"fmt"
	"math/rand/v2"
	"net/http"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/store"
)

// modelMessage is a message as the documents describe it, kept in a list and
// looked for by scanning.
type modelMessage struct {
	id, body       string
	priority       int
	enqueued, next time.Time
	first          time.Time
	dequeues       int
	handle         string
}

// model is a queue in its simplest form.
type model struct {
	messages   []*modelMessage // in the order of sending
	retention  time.Duration
	subscribed []subscriber // by name
}

func (m *model) live(now time.Time) []*modelMessage {
	return slices.DeleteFunc(slices.Clone(m.messages), func(x *modelMessage) bool { return !now.Before(x.enqueued.Add(m.retention)) })
}

func (m *model) visible(now time.Time) []*modelMessage {
	list := slices.DeleteFunc(m.live(now), func(x *modelMessage) bool { return x.next.After(now) })
	slices.SortStableFunc(list, func(a, b *modelMessage) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), a.next.Compare(b.next))
	})
	return list
}

// held returns the message that the handle hides, or nil.
func (m *model) held(handle string, now time.Time) *modelMessage {
	for _, x := range m.live(now) {
		if x.handle == handle && x.next.After(now) {
			return x
		}
	}
	return nil
}

// run is the model beside the service, and what both did.
type run struct {
	*testing.T
	cloud   *cloud
	clock   *account.ManualClock
	model   model
	random  *rand.Rand
	handles []string // every one ever issued
	sent    int
	ids     []string // of what came to the queue, in that order
}

func TestServiceBehavesLikeTheModel(t *testing.T) {
	for seed := range uint64(12) {
		t.Run(fmt.Sprint("seed ", seed), func(t *testing.T) {
			clock := account.NewManualClock(time.Now().Truncate(time.Millisecond))
			r := &run{T: t, clock: clock, random: rand.New(rand.NewPCG(seed, 1))}
			r.cloud = newCloud(t, clock, mns.Options{OnSend: func(_ *store.Tx, _ string, m mns.Message) error {
				r.ids = append(r.ids, m.ID)
				return nil
			}})
			attributes := mns.DefaultAttributes()
			attributes.MessageRetentionPeriod = []int{60, 345600}[seed%2]
			r.model.retention = time.Duration(attributes.MessageRetentionPeriod) * time.Second
			require.NoError(t, r.cloud.CreateQueue("q", attributes))
			r.subscribe()
			steps := []func(){r.send, r.send, r.publish, r.resubscribe, r.receive, r.receive, r.delete, r.change, r.peek, r.pass}
			for range 400 {
				steps[r.random.IntN(len(steps))]()
			}
			r.drain()
		})
	}
}

func (r *run) send() {
	r.sent++
	m := &modelMessage{body: fmt.Sprint("message ", r.sent), priority: 1 + r.random.IntN(16), enqueued: r.clock.Now()}
	delay := max(0, r.random.IntN(40)-20)
	m.next, m.first = m.enqueued.Add(time.Duration(delay)*time.Second), m.enqueued
	a := r.cloud.do(r, call{method: "POST", target: "/queues/q/messages", body: fmt.Sprintf(
		"<Message><MessageBody>%s</MessageBody><Priority>%d</Priority><DelaySeconds>%d</DelaySeconds></Message>", m.body, m.priority, delay)})
	require.Equal(r, http.StatusCreated, a.status, a.body)
	require.Equal(r, delay > 0, a.doc.ReceiptHandle != "")
	m.id, m.handle = a.doc.MessageId, a.doc.ReceiptHandle
	if m.handle != "" {
		r.handles = append(r.handles, m.handle)
	}
	r.model.messages = append(r.model.messages, m)
}

// subscriber is a subscription of the topic t to the queue.
type subscriber struct{ name, tag, format string }

var subscribers = []subscriber{{"a", "", "SIMPLIFIED"}, {"b", "red", "SIMPLIFIED"}, {"c", "red", "JSON"}, {"d", "", "XML"}}

func (r *run) subscribe() {
	require.NoError(r, r.cloud.CreateTopic("t"))
	for _, s := range subscribers {
		r.cloud.subscribe(r, s.name, "q", "<FilterTag>"+s.tag+"</FilterTag><NotifyContentFormat>"+s.format+"</NotifyContentFormat>")
		r.model.subscribed = append(r.model.subscribed, s)
	}
}

// resubscribe takes one of the subscribers out, or puts it back.
func (r *run) resubscribe() {
	s := subscribers[r.random.IntN(len(subscribers))]
	if i := slices.Index(r.model.subscribed, s); i >= 0 {
		require.Equal(r, http.StatusNoContent, r.cloud.do(r, call{method: "DELETE", target: "/topics/t/subscriptions/" + s.name}).status)
		r.model.subscribed = slices.Delete(r.model.subscribed, i, i+1)
		return
	}
	r.cloud.subscribe(r, s.name, "q", "<FilterTag>"+s.tag+"</FilterTag><NotifyContentFormat>"+s.format+"</NotifyContentFormat>")
	r.model.subscribed = append(r.model.subscribed, s)
	slices.SortFunc(r.model.subscribed, func(a, b subscriber) int { return cmp.Compare(a.name, b.name) })
}

func (r *run) publish() {
	r.sent++
	body, now, before := fmt.Sprint("message ", r.sent), r.clock.Now(), len(r.ids)
	tag := []string{"", "red", "blue"}[r.random.IntN(3)]
	more := ""
	if tag != "" {
		more = "<MessageTag>" + tag + "</MessageTag>"
	}
	id := r.cloud.publish(r, body, more).doc.MessageId
	for _, s := range r.model.subscribed {
		if s.tag == "" || s.tag == tag {
			require.Greater(r, len(r.ids), before, "a message is missing")
			r.model.messages = append(r.model.messages, &modelMessage{id: r.ids[before], body: s.pushed(id, body, tag, now), priority: 8, enqueued: now, next: now, first: now})
			before++
		}
	}
	require.Len(r, r.ids, before)
}

// pushed is the notification, written out.
func (s subscriber) pushed(id, body, tag string, at time.Time) string {
	sum := fmt.Sprintf("%X", md5.Sum([]byte(body)))
	switch s.format {
	case "JSON":
		if tag != "" {
			tag = `"MessageTag":"` + tag + `",`
		}
		return fmt.Sprintf(`{"TopicOwner":"1234567890123456","TopicName":"t","Subscriber":"1234567890123456","SubscriptionName":"%s","MessageId":"%s","Message":"%s","MessageMD5":"%s",%s"PublishTime":"%d"}`,
			s.name, id, body, sum, tag, at.UnixMilli())
	case "XML":
		if tag != "" {
			tag = "<MessageTag>" + tag + "</MessageTag>"
		}
		return fmt.Sprintf(`<?xml version="1.0" encoding="utf-8"?>`+"\n"+`<Notification xmlns="http://mns.aliyuncs.com/doc/v1/"><TopicOwner>1234567890123456</TopicOwner><TopicName>t</TopicName><Subscriber>1234567890123456</Subscriber><SubscriptionName>%s</SubscriptionName><MessageId>%s</MessageId><Message>%s</Message><MessageMD5>%s</MessageMD5>%s<PublishTime>%d</PublishTime></Notification>`,
			s.name, id, body, sum, tag, at.UnixMilli())
	}
	return body
}

func (r *run) receive() {
	limit, now := 1+r.random.IntN(16), r.clock.Now()
	want := r.model.visible(now)
	got := r.cloud.take(r, "q", limit)
	if len(want) == len(r.model.messages) || r.model.retention > time.Hour {
		require.Len(r, got, min(limit, len(want)))
	}
	require.Equal(r, len(want) > 0, len(got) > 0, "expired messages may make a batch smaller, never empty")
	for i, m := range got {
		x := want[i]
		x.dequeues++
		if x.dequeues == 1 {
			x.first = now
		}
		x.next, x.handle = now.Add(30*time.Second), m.ReceiptHandle
		require.Equal(r, mns.Message{
			ID: x.id, ReceiptHandle: x.handle, Body: []byte(x.body), Priority: x.priority, DequeueCount: x.dequeues,
			EnqueueTime: x.enqueued, NextVisibleTime: x.next, FirstDequeueTime: x.first,
		}, m)
		require.NotContains(r, r.handles, m.ReceiptHandle)
		r.handles = append(r.handles, m.ReceiptHandle)
	}
}

// someHandle returns one that is probably stale.
func (r *run) someHandle() string {
	if len(r.handles) == 0 {
		return "none yet"
	}
	recent := r.handles[max(0, len(r.handles)-20):]
	return recent[r.random.IntN(len(recent))]
}

func (r *run) delete() {
	handle := r.someHandle()
	x := r.model.held(handle, r.clock.Now())
	err := r.cloud.Delete("q", handle)
	require.Equal(r, x != nil, err == nil, "%v", err)
	r.model.messages = slices.DeleteFunc(r.model.messages, func(y *modelMessage) bool { return y == x })
}

func (r *run) change() {
	handle, d := r.someHandle(), time.Duration(r.random.IntN(60_000))*time.Millisecond
	x := r.model.held(handle, r.clock.Now())
	changed, err := r.cloud.ChangeVisibility("q", handle, d)
	require.Equal(r, x != nil, err == nil, "%v", err)
	if x != nil {
		require.NotEqual(r, handle, changed)
		x.handle, x.next = changed, r.clock.Now().Add(d)
		r.handles = append(r.handles, changed)
	}
}

func (r *run) peek() {
	want := r.model.visible(r.clock.Now())
	a := r.cloud.do(r, call{method: "GET", target: "/queues/q/messages?peekonly=true&numOfMessages=16"})
	require.Equal(r, len(want) > 0, a.status == http.StatusOK, a.body)
	if len(want) > 0 {
		require.Len(r, a.doc.Messages, min(16, len(want)))
	}
	for i := range min(16, len(want)) {
		require.Equal(r, want[i].id, a.doc.Messages[i].MessageId)
		require.Equal(r, want[i].body, a.doc.Messages[i].MessageBody)
	}
}

func (r *run) pass() { r.clock.Advance(time.Duration(r.random.IntN(15_000)) * time.Millisecond) }

// drain takes everything out and expects nothing to be left.
func (r *run) drain() {
	r.clock.Advance(time.Minute)
	for len(r.model.visible(r.clock.Now())) > 0 {
		before := len(r.handles)
		r.receive()
		for _, handle := range r.handles[before:] {
			require.NoError(r, r.cloud.Delete("q", handle))
			x := r.model.held(handle, r.clock.Now())
			r.model.messages = slices.DeleteFunc(r.model.messages, func(y *modelMessage) bool { return y == x })
		}
	}
	r.clock.Advance(8 * 24 * time.Hour)
	require.Empty(r, r.cloud.take(r, "q", 16))
	require.Zero(r, r.cloud.entries())
}

package mns_test

import (
	"cmp"
	"crypto/md5"
	"encoding/xml"
	"flag"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/modeltest"
)

// Longer runs than the others have: only then does a message go round often.
func init() { flag.Set("rapid.steps", "100") }

// The service against a model of it: lists that are walked, and nothing that is
// indexed, counted or kept on a disk.
func TestServiceAgainstAModel(t *testing.T) {
	modeltest.Check(t, func(rt *rapid.T, g *modeltest.Ground) {
		m := newLockstep(rt, g)
		rt.Repeat(map[string]func(*rapid.T){
			"":               m.compare,
			"CreateQueue":    m.createQueue,
			"SetQueue":       m.setQueue,
			"DeleteQueue":    m.deleteQueue,
			"SetDeadLetters": m.setDeadLetters,
			"Send":           m.send,
			"Send again":     m.send,
			"BatchSend":      m.batchSend,
			"Receive":        m.receive,
			"Receive again":  m.receive,
			"Delete":         m.delete,
			"BatchDelete":    m.batchDelete,
			"Change":         m.change,
			"Peek":           m.peek,
			"CreateTopic":    m.createTopic,
			"DeleteTopic":    m.deleteTopic,
			"Subscribe":      m.subscribe,
			"Unsubscribe":    m.unsubscribe,
			"Publish":        m.publish,
			"List":           m.list,
			"Advance":        m.advance,
			"Restart":        m.Restart,
		})
		m.drain(rt)
	})
}

// lettered is a message as the documents describe it.
type lettered struct {
	number         int    // in the order of sending, among all queues
	id             string // "" until somebody saw it: a topic does not tell
	body           string
	priority       int
	enqueued, next time.Time
	first          time.Time
	dequeues       int
	handle         string
}

// lined is a queue in its simplest form.
type lined struct {
	mns.QueueAttributes
	messages []*lettered // in the order of sending
	policy   mns.DeadLetterPolicy
}

// lockstep is a running service and the model of what it holds.
type lockstep struct {
	*modeltest.Ground
	service *mns.Service
	key     account.Key

	queues    map[string]*lined
	topics    map[string]map[string]subscriber
	handles   []string // every one ever issued
	sent      int
	retention int // seconds, of every queue
}

// What is drawn from: few values, so that they meet.
var (
	modelQueues      = []string{"q", "q", "q2", "dead"}
	modelTopics      = []string{"t", "t", "t2"}
	modelTags        = []string{"", "red", "blue"}
	modelSubscribers = []string{"a", "b", "c"}
	modelFormats     = []string{"XML", "JSON", "SIMPLIFIED"}
)

// Messages expire within a run, or they never do. Where they do, no queue has
// dead letters: how far a receive looks past what is expired is its own affair.
func newLockstep(t *rapid.T, g *modeltest.Ground) *lockstep {
	m := &lockstep{Ground: g, queues: map[string]*lined{}, topics: map[string]map[string]subscriber{},
		retention: modeltest.Pick(t, "retention", []int{60, 345600})}
	m.Start(t, m.serve)
	m.createQueue(t)
	return m
}

func (m *lockstep) expires() bool { return m.retention == 60 }

func (m *lockstep) serve() {
	acct := account.NewAt(m.Clock)
	m.service = mns.New(acct, m.Store, mns.Options{})
	m.key, _ = acct.Keys.Lookup(account.AccessKeyID)
}

func (m *lockstep) advance(t *rapid.T) {
	m.Clock.Advance(time.Duration(rapid.IntRange(0, 15_000).Draw(t, "milliseconds")) * time.Millisecond)
}

// told is what any operation answers, as far as the model looks.
type told struct {
	status int

	XMLName xml.Name
	Code    string
	toldMessage
	QueueName                                       string
	VisibilityTimeout                               int
	ActiveMessages, InactiveMessages, DelayMessages int
	NextMarker                                      string
	Queue                                           []struct{ QueueURL, QueueName string }
	Message                                         []toldMessage
	Errors                                          []toldMessage `xml:"Error"`
}

type toldMessage struct {
	ErrorCode, MessageId, ReceiptHandle, MessageBodyMD5, MessageBody string

	EnqueueTime, NextVisibleTime, FirstDequeueTime int64
	DequeueCount, Priority                         int
}

func (m *lockstep) call(t *rapid.T, method, target, body string, headers ...string) (r told) {
	request := httptest.NewRequest(method, target, strings.NewReader(body))
	request.Header.Set("Date", m.Clock.Now().UTC().Format(http.TimeFormat))
	request.Header.Set("x-mns-version", "2015-06-06")
	for i := 0; i < len(headers); i += 2 {
		request.Header.Set(headers[i], headers[i+1])
	}
	request.Header.Set("Authorization", "MNS "+m.key.AccessKeyID+":"+signature(request, target, m.key.Secret))
	answer := httptest.NewRecorder()
	m.service.ServeHTTP(answer, request)
	if answer.Body.Len() > 0 {
		require.NoError(t, xml.Unmarshal(answer.Body.Bytes(), &r), answer.Body)
	}
	r.status = answer.Code
	if r.Code != "" {
		r.Message = nil // the text of the error
	}
	require.NotEqual(t, "InternalError", r.Code, answer.Body)
	return r
}

// element is XML that names its value.
func element(name string, value any) string { return fmt.Sprintf("<%s>%v</%s>", name, value, name) }

func (m *lockstep) drawAttributes(t *rapid.T) mns.QueueAttributes {
	a := mns.DefaultAttributes()
	a.MessageRetentionPeriod = m.retention
	a.DelaySeconds = modeltest.Pick(t, "queue's delay", []int{0, 0, 5})
	a.VisibilityTimeout = modeltest.Pick(t, "visibility", []int{30, 30, 10})
	a.MaximumMessageSize = modeltest.Pick(t, "size", []int{65536, 65536, 1024})
	return a
}

func spell(a mns.QueueAttributes) string {
	return element("Queue", element("DelaySeconds", a.DelaySeconds)+element("MaximumMessageSize", a.MaximumMessageSize)+
		element("MessageRetentionPeriod", a.MessageRetentionPeriod)+element("VisibilityTimeout", a.VisibilityTimeout))
}

func (m *lockstep) createQueue(t *rapid.T) {
	name, a := modeltest.Pick(t, "queue", modelQueues), m.drawAttributes(t)
	want := 201
	if q := m.queues[name]; q == nil {
		m.queues[name] = &lined{QueueAttributes: a}
	} else if q.QueueAttributes == a {
		want = 204
	} else {
		want = 409
	}
	require.Equal(t, want, m.call(t, "PUT", "/queues/"+name, spell(a)).status)
}

// requireQueue expects success where the queue is there.
func (m *lockstep) requireQueue(t *rapid.T, name string, r told) *lined {
	q := m.queues[name]
	require.Equal(t, q == nil, r.Code == "QueueNotExist", r)
	return q
}

func (m *lockstep) setQueue(t *rapid.T) {
	name, a := modeltest.Pick(t, "queue", modelQueues), m.drawAttributes(t)
	if q := m.requireQueue(t, name, m.call(t, "PUT", "/queues/"+name+"?metaoverride=true", spell(a))); q != nil {
		q.QueueAttributes = a
	}
}

func (m *lockstep) deleteQueue(t *rapid.T) {
	if rapid.IntRange(0, 3).Draw(t, "one of four") > 0 {
		t.Skip("too much would go")
	}
	name := modeltest.Pick(t, "queue", modelQueues)
	require.Equal(t, 204, m.call(t, "DELETE", "/queues/"+name, "").status)
	delete(m.queues, name)
}

func (m *lockstep) setDeadLetters(t *rapid.T) {
	if m.expires() {
		t.Skip("messages expire")
	}
	name := modeltest.Pick(t, "queue", modelQueues)
	p := mns.DeadLetterPolicy{Enabled: rapid.Bool().Draw(t, "enabled"), DeadLetterTargetQueue: modeltest.Pick(t, "target", modelQueues),
		MaxReceiveCount: rapid.IntRange(0, 3).Draw(t, "count")}
	err := m.service.SetDeadLetterPolicy(name, p)
	refused := p.Enabled && (p.MaxReceiveCount == 0 || p.DeadLetterTargetQueue == name || m.queues[p.DeadLetterTargetQueue] == nil)
	require.Equal(t, m.queues[name] == nil || refused, err != nil, "%v", err)
	if err == nil {
		m.queues[name].policy = p
	}
}

// draw makes a message, and the XML that sends it.
func (m *lockstep) draw(t *rapid.T) (x *lettered, delay int, text string) {
	m.sent++
	x = &lettered{number: m.sent, body: fmt.Sprint("message ", m.sent), priority: 8, enqueued: m.Clock.Now()}
	if modeltest.Pick(t, "large", []bool{false, false, false, true}) {
		x.body += strings.Repeat("x", 1024)
	}
	text = element("MessageBody", x.body)
	if p := rapid.IntRange(0, 17).Draw(t, "priority"); p != 8 {
		x.priority = p
		text += element("Priority", p)
	}
	delay = modeltest.Pick(t, "delay", []int{-1, 0, 0, 0, 7, 20})
	if delay >= 0 {
		text += element("DelaySeconds", delay)
	}
	return x, delay, element("Message", text)
}

// takes says with which code the queue refuses the message, "" if it takes it.
func (q *lined) takes(x *lettered) string {
	if len(x.body) > q.MaximumMessageSize || x.priority < 1 || x.priority > 16 {
		return "InvalidArgument"
	}
	return ""
}

// add puts a message into the model that the service has taken.
func (m *lockstep) add(t *rapid.T, q *lined, x *lettered, delay int, r toldMessage) {
	if delay < 0 {
		delay = q.DelaySeconds
	}
	x.id, x.handle = r.MessageId, r.ReceiptHandle
	x.next, x.first = x.enqueued.Add(time.Duration(delay)*time.Second), x.enqueued
	require.Equal(t, delay > 0, x.handle != "")
	require.Equal(t, digestOf(x.body), r.MessageBodyMD5)
	m.note(x.handle)
	q.messages = append(q.messages, x)
}

func (m *lockstep) note(handle string) {
	if handle != "" {
		m.handles = append(m.handles, handle)
	}
}

func digestOf(body string) string { return fmt.Sprintf("%X", md5.Sum([]byte(body))) }

func (m *lockstep) send(t *rapid.T) {
	name := modeltest.Pick(t, "queue", modelQueues)
	x, delay, text := m.draw(t)
	r := m.call(t, "POST", "/queues/"+name+"/messages", text)
	q := m.requireQueue(t, name, r)
	if q == nil {
		return
	}
	require.Equal(t, q.takes(x), r.Code)
	if r.Code == "" {
		m.add(t, q, x, delay, r.toldMessage)
	}
}

func (m *lockstep) batchSend(t *rapid.T) {
	name, text := modeltest.Pick(t, "queue", modelQueues), ""
	drawn, delays := make([]*lettered, rapid.IntRange(1, 16).Draw(t, "messages")), make([]int, 16)
	for i := range drawn {
		one := ""
		drawn[i], delays[i], one = m.draw(t)
		text += one
	}
	r := m.call(t, "POST", "/queues/"+name+"/messages", element("Messages", text))
	q := m.requireQueue(t, name, r)
	if q == nil {
		return
	}
	require.Len(t, r.Message, len(drawn))
	status := 201
	for i, x := range drawn {
		require.Equal(t, q.takes(x), r.Message[i].ErrorCode)
		if q.takes(x) == "" {
			m.add(t, q, x, delays[i], r.Message[i])
		} else {
			status = 500
		}
	}
	require.Equal(t, status, r.status)
}

func (m *lockstep) live(q *lined) []*lettered {
	now := m.Clock.Now()
	return slices.DeleteFunc(slices.Clone(q.messages), func(x *lettered) bool {
		return !now.Before(x.enqueued.Add(time.Duration(m.retention) * time.Second))
	})
}

func (m *lockstep) visible(q *lined) []*lettered {
	list := slices.DeleteFunc(m.live(q), func(x *lettered) bool { return x.next.After(m.Clock.Now()) })
	slices.SortStableFunc(list, func(a, b *lettered) int {
		return cmp.Or(cmp.Compare(a.priority, b.priority), a.next.Compare(b.next))
	})
	return list
}

// held returns the message of the queue that the handle hides, or nil.
func (m *lockstep) held(q *lined, handle string) *lettered {
	for _, x := range m.live(q) {
		if x.handle == handle && x.next.After(m.Clock.Now()) {
			return x
		}
	}
	return nil
}

func (q *lined) drop(x *lettered) {
	q.messages = slices.DeleteFunc(q.messages, func(y *lettered) bool { return y == x })
}

// bury moves what was received too often to the dead letters.
func (m *lockstep) bury(q *lined, x *lettered) bool {
	target := m.queues[q.policy.DeadLetterTargetQueue]
	if !q.policy.Enabled || target == nil || x.dequeues < q.policy.MaxReceiveCount {
		return false
	}
	q.drop(x)
	x.next, x.first, x.dequeues, x.handle = m.Clock.Now(), x.enqueued, 0, ""
	target.messages = append(target.messages, x)
	slices.SortFunc(target.messages, func(a, b *lettered) int { return cmp.Compare(a.number, b.number) })
	return true
}

// deliver says what a receive of so many messages finds.
func (m *lockstep) deliver(q *lined, limit int) []*lettered {
	for {
		seen := m.visible(q)
		seen = seen[:min(limit, len(seen))]
		found := slices.DeleteFunc(slices.Clone(seen), func(x *lettered) bool { return m.bury(q, x) })
		if len(found) > 0 || len(seen) == 0 {
			return found
		}
	}
}

func (m *lockstep) receive(t *rapid.T) {
	m.receiveFrom(t, modeltest.Pick(t, "queue", modelQueues), rapid.IntRange(1, 16).Draw(t, "limit"))
}

func (m *lockstep) receiveFrom(t *rapid.T, name string, limit int) (handles []string) {
	r := m.call(t, "GET", fmt.Sprintf("/queues/%s/messages?numOfMessages=%d", name, limit), "")
	q := m.requireQueue(t, name, r)
	if q == nil {
		return nil
	}
	want, now := m.deliver(q, limit), m.Clock.Now()
	require.Equal(t, len(want) == 0, r.Code == "MessageNotExist", "expired messages may make a batch smaller, never empty")
	if !m.expires() {
		require.Len(t, r.Message, len(want))
	}
	for i, got := range r.Message {
		x := want[i]
		x.dequeues++
		if x.dequeues == 1 {
			x.first = now
		}
		x.next, x.handle = now.Add(time.Duration(q.VisibilityTimeout)*time.Second), got.ReceiptHandle
		require.NotContains(t, m.handles, got.ReceiptHandle)
		m.note(got.ReceiptHandle)
		handles = append(handles, got.ReceiptHandle)
		require.Equal(t, x.told(got, true), got)
	}
	return handles
}

// told is the message as an answer has it; the id of a copy that a topic made
// is learnt from the first one.
func (x *lettered) told(got toldMessage, received bool) toldMessage {
	x.id = cmp.Or(x.id, got.MessageId)
	want := toldMessage{MessageId: x.id, MessageBodyMD5: digestOf(x.body), MessageBody: x.body, EnqueueTime: x.enqueued.UnixMilli(),
		FirstDequeueTime: x.first.UnixMilli(), DequeueCount: x.dequeues, Priority: x.priority}
	if received {
		want.ReceiptHandle, want.NextVisibleTime = x.handle, x.next.UnixMilli()
	}
	return want
}

func (m *lockstep) peek(t *rapid.T) {
	name := modeltest.Pick(t, "queue", modelQueues)
	r := m.call(t, "GET", "/queues/"+name+"/messages?peekonly=true&numOfMessages=16", "")
	q := m.requireQueue(t, name, r)
	if q == nil {
		return
	}
	want := m.visible(q)
	require.Len(t, r.Message, min(16, len(want)))
	require.Equal(t, len(want) == 0, r.Code == "MessageNotExist")
	for i, got := range r.Message {
		require.Equal(t, want[i].told(got, false), got)
	}
}

// someHandle returns one that is probably stale.
func (m *lockstep) someHandle(t *rapid.T) string {
	recent := m.handles[max(0, len(m.handles)-20):]
	return modeltest.Pick(t, "handle", append(slices.Clone(recent), "1-bm9uZQ=="))
}

// requireHeld expects the answer about a handle, and returns its message.
func (m *lockstep) requireHeld(t *rapid.T, q *lined, handle, code string) *lettered {
	x := m.held(q, handle)
	switch {
	case handle == "1-bm9uZQ==":
		require.Equal(t, "ReceiptHandleError", code)
	case x == nil:
		require.Equal(t, "MessageNotExist", code)
	default:
		require.Empty(t, code)
	}
	return x
}

func (m *lockstep) delete(t *rapid.T) {
	name, handle := modeltest.Pick(t, "queue", modelQueues), m.someHandle(t)
	r := m.call(t, "DELETE", "/queues/"+name+"/messages?ReceiptHandle="+handle, "")
	if q := m.requireQueue(t, name, r); q != nil {
		q.drop(m.requireHeld(t, q, handle, r.Code))
	}
}

func (m *lockstep) batchDelete(t *rapid.T) {
	name, text := modeltest.Pick(t, "queue", modelQueues), ""
	handles := make([]string, rapid.IntRange(1, 16).Draw(t, "handles"))
	for i := range handles {
		handles[i] = m.someHandle(t)
		text += element("ReceiptHandle", handles[i])
	}
	r := m.call(t, "DELETE", "/queues/"+name+"/messages", element("ReceiptHandles", text))
	q := m.requireQueue(t, name, r)
	if q == nil {
		return
	}
	refused := r.Errors
	for _, handle := range handles {
		code := ""
		if len(refused) > 0 && refused[0].ReceiptHandle == handle && m.held(q, handle) == nil {
			code, refused = refused[0].ErrorCode, refused[1:]
		}
		q.drop(m.requireHeld(t, q, handle, code))
	}
	require.Empty(t, refused)
	require.Equal(t, len(r.Errors) > 0, r.status == 404)
}

func (m *lockstep) change(t *rapid.T) {
	name, handle, timeout := modeltest.Pick(t, "queue", modelQueues), m.someHandle(t), rapid.IntRange(1, 60).Draw(t, "timeout")
	r := m.call(t, "PUT", fmt.Sprintf("/queues/%s/messages?receiptHandle=%s&visibilityTimeout=%d", name, handle, timeout), "")
	q := m.requireQueue(t, name, r)
	if q == nil {
		return
	}
	if x := m.requireHeld(t, q, handle, r.Code); x != nil {
		x.handle, x.next = r.ReceiptHandle, m.Clock.Now().Add(time.Duration(timeout)*time.Second)
		require.NotContains(t, m.handles, x.handle)
		require.Equal(t, x.next.UnixMilli(), r.NextVisibleTime)
		m.note(x.handle)
	}
}

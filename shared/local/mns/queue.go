package mns

import (
	"regexp"
	"time"

	"imagedrop/shared/local/store"
)

// Limits of queues. Source: MNS "Limits" and CreateQueue.
const (
	maxQueues    = 1000 // in a region
	maxQueueName = 120  // characters

	minVisibility = 1 // seconds, of a queue's VisibilityTimeout and a changed one
	maxVisibility = 43200
)

// queueBucket holds a queueRecord at each queue's name.
const queueBucket = "mns/queues"

// The form of names of queues, topics and subscriptions. Their length is
// checked apart: it has its own error code.
var nameForm = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`)

// QueueAttributes are what a queue is created with, in the API's units:
// seconds and bytes.
type QueueAttributes struct {
	DelaySeconds           int
	MaximumMessageSize     int
	MessageRetentionPeriod int
	VisibilityTimeout      int
	PollingWaitSeconds     int
	LoggingEnabled         bool
}

// DefaultAttributes are those of a queue created without any.
// Source: MNS 2015-06-06, CreateQueue.
func DefaultAttributes() QueueAttributes {
	return QueueAttributes{MaximumMessageSize: 65536, MessageRetentionPeriod: 345600, VisibilityTimeout: 30}
}

// numberAttribute is one numeric attribute and the range of its values.
type numberAttribute struct {
	element   string
	low, high int
	of        func(*QueueAttributes) *int
}

// Source: MNS 2015-06-06, CreateQueue.
var numberAttributes = []numberAttribute{
	{"DelaySeconds", 0, 604800, func(a *QueueAttributes) *int { return &a.DelaySeconds }},
	{"MaximumMessageSize", 1024, 65536, func(a *QueueAttributes) *int { return &a.MaximumMessageSize }},
	{"MessageRetentionPeriod", 60, 604800, func(a *QueueAttributes) *int { return &a.MessageRetentionPeriod }},
	{"VisibilityTimeout", minVisibility, maxVisibility, func(a *QueueAttributes) *int { return &a.VisibilityTimeout }},
	{"PollingWaitSeconds", 0, 30, func(a *QueueAttributes) *int { return &a.PollingWaitSeconds }},
}

func (a QueueAttributes) check() error {
	for _, n := range numberAttributes {
		if v := *n.of(&a); v < n.low || v > n.high {
			return outOfRange(n.element, n.low, n.high)
		}
	}
	return nil
}

type queueRecord struct {
	QueueAttributes
	Name              string
	Created, Modified time.Time
	DeadLetter        DeadLetterPolicy `json:",omitzero"`
}

// prefix begins the keys of the queue's messages in every bucket.
func (q queueRecord) prefix() string { return store.Key(q.Name, "") }

func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

// expired reports whether a message outlived the queue's retention period,
// which counts from the send, received or not.
func (q queueRecord) expired(m messageRecord, now time.Time) bool {
	return now.UnixMilli() >= m.Enqueued+seconds(q.MessageRetentionPeriod).Milliseconds()
}

// Counts are the messages of a queue by state: those that can be received,
// those that were and are hidden, and those sent with a delay that is not over.
type Counts struct{ Active, Inactive, Delayed int }

// Counts returns how many messages the queue holds.
func (s *Service) Counts(tx *store.Tx, queue string) (Counts, error) {
	q, err := findQueue(tx, queue)
	if err != nil {
		return Counts{}, err
	}
	return s.count(tx, q)
}

// CheckQueueName says what is wrong with a queue's name.
func CheckQueueName(name string) error {
	switch {
	case name == "" || len(name) > maxQueueName:
		return coded("QueueNameLengthError")
	case !nameForm.MatchString(name):
		return coded("InvalidQueueName")
	}
	return nil
}

func findQueue(tx *store.Tx, name string) (queueRecord, error) {
	var q queueRecord
	found, err := tx.GetJSON(queueBucket, name, &q)
	if err == nil && !found {
		err = ErrQueueNotExist
	}
	return q, err
}

// createQueue returns the queue of that name and whether it was there before.
func (s *Service) createQueue(tx *store.Tx, name string, a QueueAttributes) (q queueRecord, existed bool, err error) {
	if err := a.check(); err != nil {
		return q, false, err
	}
	if existed, err = tx.GetJSON(queueBucket, name, &q); err != nil || existed {
		return q, existed, err
	}
	number := 0
	tx.Scan(queueBucket, "", "", func(string, []byte) bool { number++; return true })
	if number >= maxQueues {
		return q, false, coded("QueueNumExceededLimit")
	}
	now := s.account.Clock.Now()
	q = queueRecord{QueueAttributes: a, Name: name, Created: now, Modified: now}
	return q, false, tx.PutJSON(queueBucket, name, q)
}

// setAttributes applies change to the queue's attributes.
func (s *Service) setAttributes(tx *store.Tx, name string, change func(*QueueAttributes) error) error {
	q, err := findQueue(tx, name)
	if err != nil {
		return err
	}
	if err := change(&q.QueueAttributes); err != nil {
		return err
	}
	q.Modified = s.account.Clock.Now()
	return tx.PutJSON(queueBucket, name, q)
}

// deleteQueue removes the queue and its messages; receivers that wait learn it.
func (s *Service) deleteQueue(tx *store.Tx, name string) error {
	q, err := findQueue(tx, name)
	if err != nil {
		return err
	}
	var all []messageRecord
	err = eachMessage(tx, q, func(m messageRecord) bool {
		all = append(all, m)
		return true
	})
	for _, m := range all {
		if err == nil {
			err = drop(tx, q, m)
		}
	}
	if err != nil {
		return err
	}
	tx.OnCommit(func() { s.bells.ring(name) })
	return tx.Delete(queueBucket, name)
}

// count looks at the place of every message in the order, and at no message
// but those that outlived the retention period and that nobody removed yet.
func (s *Service) count(tx *store.Tx, q queueRecord) (c Counts, err error) {
	now := s.account.Clock.Now()
	expired := "" // the seq of the newest of them
	err = eachMessage(tx, q, func(m messageRecord) bool {
		if !q.expired(m, now) {
			return false
		}
		expired = m.Seq
		return true
	})
	if err != nil {
		return c, err
	}
	tx.Scan(orderBucket, q.prefix(), "", func(key string, state []byte) bool {
		switch _, visible, seq := q.readOrderKey(key); {
		case seq <= expired:
		case !visible.After(now):
			c.Active++
		case string(state) == receivedState:
			c.Inactive++
		default:
			c.Delayed++
		}
		return true
	})
	return c, nil
}

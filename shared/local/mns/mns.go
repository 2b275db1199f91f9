// Package mns is a local endpoint of MNS (Simple Message Queue), API version
// 2015-06-06: queues and their messages, topics and their subscriptions,
// durable in the store. It follows the documents and was not compared with the
// real service.
//
// Left out are:
//   - rate limits: QpsLimitExceeded, and the quota of waiting receives;
//   - QueueDeletedRecently: a deleted queue's name is free at once;
//   - request logs: LoggingEnabled is kept and nothing is logged;
//   - dead-letter policies over HTTP, as this version of the API has none:
//     see SetDeadLetterPolicy;
//   - of topics, endpoints other than queues (HTTP, mail, SMS): Subscribe
//     answers EndpointInvalid;
//   - of topics, retries: what is published is in the queues once the publish
//     is answered. Where a queue does not exist then, or does not take so large
//     a message, its copy is discarded, whatever the NotifyStrategy is;
//   - of topics, retention: a topic holds no messages, so MessageCount is 0.
//
// Whatever else is asked for answers InvalidRequestURL or InvalidQueryString.
// Each operation's comment names the page of the API that it follows.
package mns

import (
	"context"
	"net/http"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// Service is one account's queues and topics. It is safe for concurrent use, and serves
// HTTP clients and callers in the process from the same state.
type Service struct {
	account   *account.Account
	store     *store.Store
	open      bool // no signature is checked
	onSend    func(*store.Tx, string, Message) error
	onPublish func(*store.Tx, Published) error
	bells     bells
	handler   http.Handler
}

// Options are the hooks of a service.
type Options struct {
	// NoAuth takes every request as the account's, whatever its version, date,
	// signature and token: for experiments.
	NoAuth bool
	// OnSend is called for every message of every queue, whichever way it was
	// sent, in the transaction that stores it; an error of it refuses the send.
	// It may run more than once for a message, so it must write only through tx.
	OnSend func(tx *store.Tx, queue string, m Message) error
	// OnPublish is called for every message of every topic, after the queues
	// that subscribe have theirs; what holds for OnSend holds for it.
	OnPublish func(tx *store.Tx, p Published) error
}

// Message is a message as its receiver or sender sees it. Times have the
// precision of the API, milliseconds.
type Message struct {
	ID               string
	ReceiptHandle    string // of this receive; of a send only where it was delayed
	Body             []byte
	EnqueueTime      time.Time
	NextVisibleTime  time.Time
	FirstDequeueTime time.Time // EnqueueTime until the first receive
	DequeueCount     int       // how often it was received
	Priority         int       // 1 to 16, 1 is served first
}

// New returns the service. The account's faults apply to its HTTP side only.
func New(acct *account.Account, st *store.Store, opt Options) *Service {
	s := &Service{account: acct, store: st, open: opt.NoAuth, onSend: opt.OnSend, onPublish: opt.OnPublish}
	if s.onSend == nil {
		s.onSend = func(*store.Tx, string, Message) error { return nil }
	}
	if s.onPublish == nil {
		s.onPublish = func(*store.Tx, Published) error { return nil }
	}
	s.handler = acct.Faults.Wrap("mns", operationOf, isFor, writeFault, http.HandlerFunc(s.serve))
	return s
}

// CreateQueue creates the queue; one that exists keeps its attributes.
func (s *Service) CreateQueue(name string, a QueueAttributes) error {
	if err := CheckQueueName(name); err != nil {
		return err
	}
	return s.store.Update(func(tx *store.Tx) error {
		_, _, err := s.createQueue(tx, name, a)
		return err
	})
}

// CreateTopic creates the topic with the default attributes; one that exists
// keeps its own.
func (s *Service) CreateTopic(name string) error {
	if err := checkTopicName(name); err != nil {
		return err
	}
	return s.store.Update(func(tx *store.Tx) error {
		_, _, err := s.createTopic(tx, name, defaultTopicAttributes())
		return err
	})
}

// Send stores a message of the default priority in the caller's transaction;
// receivers see it once that is on disk, and delay later. A delay of 0 means
// none, whatever the queue's own DelaySeconds is. Bytes that XML cannot carry
// reach an HTTP receiver as U+FFFD.
func (s *Service) Send(tx *store.Tx, queue string, body []byte, delay time.Duration) (Message, error) {
	q, err := findQueue(tx, queue)
	if err != nil {
		return Message{}, err
	}
	return s.send(tx, q, draft{body: body, delay: &delay, priority: defaultPriority})
}

// Receive takes at most limit messages, at least one, and hides them for the queue's
// VisibilityTimeout. Where there is none it waits, as long as wait says on the
// account's clock, for one to be sent or to become visible again; it answers
// no message and no error when the wait is over. A negative wait means the
// queue's PollingWaitSeconds.
func (s *Service) Receive(ctx context.Context, queue string, limit int, wait time.Duration) ([]Message, error) {
	return s.receive(ctx, queue, limit, wait, deliverable)
}

// ReceiveForTrigger is Receive as the event stream of a queue trigger sees the
// queue: a message that was sent with a delay is there once Account.Scaled of
// the delay is over, although no other client sees it before its time. Once
// received it is as any other: visibility is never scaled.
func (s *Service) ReceiveForTrigger(ctx context.Context, queue string, limit int, wait time.Duration) ([]Message, error) {
	return s.receive(ctx, queue, limit, wait, deliverableToTriggers)
}

func (s *Service) receive(ctx context.Context, queue string, limit int, wait time.Duration, v view) ([]Message, error) {
	limit = max(limit, 1)
	got, state, err := s.take(ctx, queue, limit, v)
	if err != nil || len(got) > 0 {
		return got, err
	}
	if wait < 0 {
		wait = state.pollingWait
	}
	if wait == 0 {
		return nil, nil
	}
	return s.await(ctx, queue, limit, s.account.Clock.Now().Add(wait), v)
}

// Delete removes a received message. It answers ErrMessageNotExist where the
// handle is no longer valid: used, outdated, or past NextVisibleTime.
func (s *Service) Delete(queue, receiptHandle string) error {
	return s.store.Update(func(tx *store.Tx) error {
		q, err := findQueue(tx, queue)
		if err != nil {
			return err
		}
		return s.deleteMessage(tx, q, receiptHandle)
	})
}

// ChangeVisibility makes a received message visible again d from now and
// returns its new receipt handle; the old one is void. Errors are those of
// Delete.
func (s *Service) ChangeVisibility(queue, receiptHandle string, d time.Duration) (newHandle string, err error) {
	m, err := s.changeVisibility(queue, receiptHandle, d)
	return m.ReceiptHandle, err
}

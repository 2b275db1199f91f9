package mns

import (
	"errors"
	"fmt"
	"math"
	"time"

	"imagedrop/shared/local/store"
)

// DeadLetterPolicy says where the messages of a queue go that were received
// too often; the zero policy leaves them. MNS 2015-06-06 has none: on the
// platform the console and the API mns-open set it. Source: mns-open
// 2022-01-19, CreateQueue, parameter DlqPolicy.
type DeadLetterPolicy struct {
	Enabled               bool
	DeadLetterTargetQueue string
	MaxReceiveCount       int
}

// SetDeadLetterPolicy replaces the queue's policy. It refuses a target that
// does not exist or is the queue itself, and a count below 1.
// Follows "Dead-letter queue" of MNS. What it leaves open: whether a dead
// letter keeps its id and its receive count. Here it keeps its id, and the
// target counts from 0.
func (s *Service) SetDeadLetterPolicy(queue string, p DeadLetterPolicy) error {
	return s.store.Update(func(tx *store.Tx) error {
		q, err := findQueue(tx, queue)
		if err != nil {
			return err
		}
		if p.Enabled {
			err = p.check(tx, queue)
		}
		if err != nil {
			return err
		}
		q.DeadLetter = p
		return tx.PutJSON(queueBucket, queue, q)
	})
}

func (p DeadLetterPolicy) check(tx *store.Tx, queue string) error {
	switch {
	case p.MaxReceiveCount < 1:
		return outOfRange("MaxReceiveCount", 1, math.MaxInt32)
	case p.DeadLetterTargetQueue == queue:
		return &Error{400, "InvalidArgument", fmt.Sprintf("The queue %s cannot be its own DeadLetterTargetQueue.", queue)}
	}
	_, err := findQueue(tx, p.DeadLetterTargetQueue)
	return err
}

// bury moves a message that was received as often as it may be to the dead
// letters of its queue, and reports whether it did. Its retention period goes
// on, and so does its seq: the target's messages stay in the order in which
// retention ends. Where the target has been deleted the message stays.
func (s *Service) bury(tx *store.Tx, q queueRecord, m messageRecord, now time.Time) (bool, error) {
	if !q.DeadLetter.Enabled || m.Dequeues < q.DeadLetter.MaxReceiveCount {
		return false, nil
	}
	target, err := findQueue(tx, q.DeadLetter.DeadLetterTargetQueue)
	if errors.Is(err, ErrQueueNotExist) {
		return false, nil
	}
	if err != nil {
		return false, err
	}
	body := tx.Get(bodyBucket, q.prefix()+m.Seq)
	if err := drop(tx, q, m); err != nil {
		return false, err
	}
	m.Visible, m.Early, m.Dequeues, m.FirstDequeued = now.UnixMilli(), 0, 0, 0
	return true, s.enter(tx, target, m, body)
}

// enter stores a message in a queue, calls the hook, and wakes receivers after
// the commit.
func (s *Service) enter(tx *store.Tx, q queueRecord, m messageRecord, body []byte) error {
	if err := s.lay(tx, q, m, body); err != nil {
		return err
	}
	return s.onSend(tx, q.Name, m.message(body))
}

// lay is enter without the hook.
func (s *Service) lay(tx *store.Tx, q queueRecord, m messageRecord, body []byte) error {
	if err := tx.Put(bodyBucket, q.prefix()+m.Seq, body); err != nil {
		return err
	}
	if err := put(tx, q, m); err != nil {
		return err
	}
	tx.OnCommit(func() { s.bells.ring(q.Name) })
	return nil
}

package mns

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// Priorities. Source: MNS 2015-06-06, SendMessage, parameter Priority.
const (
	highestPriority = 1
	defaultPriority = 8
	lowestPriority  = 16
)

// maxDelay is the longest delay of a message, in seconds.
// Source: MNS 2015-06-06, SendMessage, parameter DelaySeconds.
const maxDelay = 604800

// The buckets of messages. Their keys begin with the queue's name. The seq of
// a message numbers it among all of the account in the order of sending, so
// messageBucket is also in the order in which retention ends.
const (
	messageBucket = "mns/messages" // queue, seq: messageRecord
	bodyBucket    = "mns/bodies"   // queue, seq: body, apart so that a receive does not rewrite it
	// orderBucket is the order of delivery: of each priority those that have
	// been visible longest come first, those still hidden last.
	orderBucket = "mns/order" // queue, priority, when it is visible, seq: receivedState or nothing
	// earlyBucket has the delayed messages that a trigger may take before they
	// are visible.
	earlyBucket = "mns/early" // queue, Early, seq: nothing
)

// receivedState marks in orderBucket the messages that were received before.
const receivedState = "r"

// sweep is how many expired messages a send or receive removes at most, so
// that none of them pays for many.
const sweep = 16

// messageRecord is the state of a message. Times are Unix milliseconds.
type messageRecord struct {
	Seq           string
	ID            string
	Priority      int
	Enqueued      int64
	Visible       int64
	FirstDequeued int64 // 0 until then
	Dequeues      int
	Receipts      int // handles issued so far; only the last can be valid
	// Early is when a trigger may take the message for the first time, where
	// that is before Visible; else 0.
	Early int64 `json:",omitempty"`
}

// draft is a message to send; without a delay it takes its queue's.
type draft struct {
	body     []byte
	delay    *time.Duration
	priority int
	fault    account.Fault // of its delivery; the zero Fault for none
}

func (m messageRecord) visible(now time.Time) bool { return m.Visible <= now.UnixMilli() }

// orderKey is the message's place in orderBucket. It depends on the record
// alone, so that a move finds the old place.
func (m messageRecord) orderKey(q queueRecord) string {
	return q.orderPrefix(m.Priority) + hex16(m.Visible) + m.Seq
}

func (q queueRecord) orderPrefix(priority int) string {
	return q.prefix() + fmt.Sprintf("%02d", priority)
}

// earlyKey is the message's place in earlyBucket.
func (m messageRecord) earlyKey(q queueRecord) string { return q.prefix() + hex16(m.Early) + m.Seq }

// readEarlyKey is the inverse of earlyKey.
func (q queueRecord) readEarlyKey(key string) (early time.Time, seq string) {
	key = key[len(q.prefix()):]
	ms, _ := strconv.ParseInt(key[:16], 16, 64)
	return time.UnixMilli(ms), key[16:]
}

// readOrderKey is the inverse of orderKey.
func (q queueRecord) readOrderKey(key string) (priority int, visible time.Time, seq string) {
	key = key[len(q.prefix()):]
	priority, _ = strconv.Atoi(key[:2])
	ms, _ := strconv.ParseInt(key[2:18], 16, 64)
	return priority, time.UnixMilli(ms), key[18:]
}

// hex16 makes a number that is not negative sort as text.
func hex16(n int64) string { return fmt.Sprintf("%016x", n) }

// message returns what the sender or receiver sees.
func (m messageRecord) message(body []byte) Message {
	out := Message{
		ID: m.ID, Body: body, Priority: m.Priority, DequeueCount: m.Dequeues,
		EnqueueTime:     time.UnixMilli(m.Enqueued).UTC(),
		NextVisibleTime: time.UnixMilli(m.Visible).UTC(),
	}
	out.FirstDequeueTime = out.EnqueueTime
	if m.Dequeues > 0 {
		out.FirstDequeueTime = time.UnixMilli(m.FirstDequeued).UTC()
	}
	if m.Receipts > 0 {
		out.ReceiptHandle = receiptHandle(m.Seq, m.Receipts)
	}
	return out
}

func (m messageRecord) received(now time.Time, hidden time.Duration) messageRecord {
	if m.Dequeues == 0 {
		m.FirstDequeued = now.UnixMilli()
	}
	m.Dequeues++
	return m.hiddenFor(now, hidden)
}

func (m messageRecord) hiddenFor(now time.Time, d time.Duration) messageRecord {
	m.Receipts++
	m.Early = 0
	m.Visible = now.UnixMilli() + d.Milliseconds()
	return m
}

// receiptHandle names one hiding of one message, in the form of the
// documents' samples.
func receiptHandle(seq string, receipts int) string {
	return "1-" + base64.StdEncoding.EncodeToString(fmt.Appendf(nil, "%s-%08x", seq, receipts))
}

func parseReceiptHandle(handle string) (seq string, receipts int, err error) {
	encoded, ok := strings.CutPrefix(handle, "1-")
	text, decodeErr := base64.StdEncoding.Strict().DecodeString(encoded)
	if !ok || decodeErr != nil || len(text) != 16+1+8 || text[16] != '-' {
		return "", 0, coded("ReceiptHandleError")
	}
	number, numberErr := strconv.ParseInt(string(text[:16]), 16, 64)
	count, countErr := strconv.ParseInt(string(text[17:]), 16, 64)
	if numberErr != nil || countErr != nil || receiptHandle(hex16(number), int(count)) != handle {
		return "", 0, coded("ReceiptHandleError")
	}
	return hex16(number), int(count), nil
}

// put stores the record and its place in the order.
func put(tx *store.Tx, q queueRecord, m messageRecord) error {
	var state []byte
	if m.Dequeues > 0 {
		state = []byte(receivedState)
	}
	if err := tx.Put(orderBucket, m.orderKey(q), state); err != nil {
		return err
	}
	if m.Early != 0 {
		if err := tx.Put(earlyBucket, m.earlyKey(q), nil); err != nil {
			return err
		}
	}
	return tx.PutJSON(messageBucket, q.prefix()+m.Seq, m)
}

// move replaces the record of a stored message.
func move(tx *store.Tx, q queueRecord, from, to messageRecord) error {
	if err := displace(tx, q, from); err != nil {
		return err
	}
	return put(tx, q, to)
}

// displace forgets the message's place in the order.
func displace(tx *store.Tx, q queueRecord, m messageRecord) error {
	if m.Early != 0 {
		if err := tx.Delete(earlyBucket, m.earlyKey(q)); err != nil {
			return err
		}
	}
	return tx.Delete(orderBucket, m.orderKey(q))
}

func drop(tx *store.Tx, q queueRecord, m messageRecord) error {
	if err := displace(tx, q, m); err != nil {
		return err
	}
	if err := tx.Delete(messageBucket, q.prefix()+m.Seq); err != nil {
		return err
	}
	return tx.Delete(bodyBucket, q.prefix()+m.Seq)
}

func findMessage(tx *store.Tx, q queueRecord, seq string) (m messageRecord, found bool, err error) {
	found, err = tx.GetJSON(messageBucket, q.prefix()+seq, &m)
	return m, found, err
}

// eachMessage calls fn for the messages of the queue, oldest first, until it
// returns false.
func eachMessage(tx *store.Tx, q queueRecord, fn func(messageRecord) bool) (err error) {
	tx.Scan(messageBucket, q.prefix(), "", func(_ string, value []byte) bool {
		var m messageRecord
		if err = json.Unmarshal(value, &m); err != nil {
			return false
		}
		return fn(m)
	})
	return err
}

// dropExpired removes some of the messages that outlived the retention period.
func dropExpired(tx *store.Tx, q queueRecord, now time.Time) error {
	var expired []messageRecord
	err := eachMessage(tx, q, func(m messageRecord) bool {
		if len(expired) == sweep || !q.expired(m, now) {
			return false
		}
		expired = append(expired, m)
		return true
	})
	for _, m := range expired {
		if err == nil {
			err = drop(tx, q, m)
		}
	}
	return err
}

// check refuses what the queue does not take.
func (d draft) check(q queueRecord) error {
	switch {
	case len(d.body) == 0 || len(d.body) > q.MaximumMessageSize:
		return outOfRange("MessageBody", 1, q.MaximumMessageSize)
	case d.priority < highestPriority || d.priority > lowestPriority:
		return outOfRange("Priority", highestPriority, lowestPriority)
	case d.delay != nil && (*d.delay < 0 || *d.delay > seconds(maxDelay)):
		return outOfRange("DelaySeconds", 0, maxDelay)
	}
	return nil
}

func (d draft) record(q queueRecord, seq string, now time.Time) messageRecord {
	delay := seconds(q.DelaySeconds)
	if d.delay != nil {
		delay = *d.delay
	}
	m := messageRecord{Seq: seq, ID: account.NewMessageID(), Priority: d.priority, Enqueued: now.UnixMilli()}
	m.Visible = m.Enqueued + delay.Milliseconds()
	if m.Visible > m.Enqueued {
		m.Receipts = 1 // a delayed message can be deleted before anyone receives it
	}
	return m
}

// send makes a message of the draft.
func (s *Service) send(tx *store.Tx, q queueRecord, d draft) (Message, error) {
	if err := d.check(q); err != nil {
		return Message{}, err
	}
	now := s.account.Clock.Now()
	if err := dropExpired(tx, q, now); err != nil {
		return Message{}, err
	}
	number, err := tx.Sequence(messageBucket)
	if err != nil {
		return Message{}, err
	}
	m := d.record(q, hex16(int64(number)), now)
	delay := time.Duration(m.Visible-m.Enqueued) * time.Millisecond
	if early := m.Enqueued + s.account.Scaled(delay).Milliseconds(); early < m.Visible {
		m.Early = early
	}
	return m.message(d.body), s.enterFaulty(tx, q, m, d)
}

// enterFaulty puts the message into the queue as the fault of its delivery
// has it. The sender is told nothing of that.
func (s *Service) enterFaulty(tx *store.Tx, q queueRecord, m messageRecord, d draft) error {
	switch d.fault.Effect {
	case account.EffectDelay:
		m.Early, m.Visible = 0, m.Visible+s.account.Delay(d.fault).Milliseconds()
	case account.EffectReorder:
		m.Early, m.Visible = 0, 0 // before all that wait
	case account.EffectDuplicate:
		number, err := tx.Sequence(messageBucket)
		if err != nil {
			return err
		}
		twin := m
		twin.Seq = hex16(int64(number))
		if err := s.lay(tx, q, twin, d.body); err != nil { // it was sent but once
			return err
		}
	}
	return s.enter(tx, q, m, d.body)
}

// strike takes the fault that is meant for a message of the request, if any:
// before its transaction, which may run more than once.
func (s *Service) strike(r *request) account.Fault {
	fault, _ := s.account.Faults.TakeDelivery("mns", r.operation, func(value string) bool { return value == r.name() })
	return fault
}

// view is what a receiver sees of a queue: the seqs of messages that it may
// take, at most limit, in the order of delivery, and, where there is none, when
// the first one will be there; the zero time means never.
type view func(tx *store.Tx, q queueRecord, now time.Time, limit int) (seqs []string, next time.Time)

// deliverable is the view of everybody: the visible messages. It looks at no
// more messages than it returns, and one of each priority.
func deliverable(tx *store.Tx, q queueRecord, now time.Time, limit int) (seqs []string, next time.Time) {
	from := q.prefix()
	for more := true; more && len(seqs) < limit; {
		more = false
		tx.Scan(orderBucket, q.prefix(), from, func(key string, _ []byte) bool {
			priority, visible, seq := q.readOrderKey(key)
			if !visible.After(now) {
				seqs = append(seqs, seq)
				return len(seqs) < limit
			}
			if next.IsZero() || visible.Before(next) {
				next = visible
			}
			from, more = q.orderPrefix(priority+1), true // the rest of this priority is hidden longer
			return false
		})
	}
	return seqs, next
}

// deliverableToTriggers is the view of triggers: delayed messages that are
// early due, the one due longest first, and then what everybody sees.
func deliverableToTriggers(tx *store.Tx, q queueRecord, now time.Time, limit int) (seqs []string, next time.Time) {
	tx.Scan(earlyBucket, q.prefix(), "", func(key string, _ []byte) bool {
		early, seq := q.readEarlyKey(key)
		if early.After(now) {
			next = early
			return false
		}
		seqs = append(seqs, seq)
		return len(seqs) < limit
	})
	visible, nextVisible := deliverable(tx, q, now, limit)
	for _, seq := range visible {
		if len(seqs) < limit && !slices.Contains(seqs, seq) {
			seqs = append(seqs, seq)
		}
	}
	if next.IsZero() || (!nextVisible.IsZero() && nextVisible.Before(next)) {
		next = nextVisible
	}
	return seqs, next
}

// hide is the receive itself: the messages stay, invisible to others.
func (s *Service) hide(tx *store.Tx, queue string, limit int, v view) ([]Message, error) {
	q, err := findQueue(tx, queue)
	if err != nil {
		return nil, err
	}
	now := s.account.Clock.Now()
	if err := dropExpired(tx, q, now); err != nil {
		return nil, err
	}
	var got []Message
	seqs, _ := v(tx, q, now, limit)
	for _, seq := range seqs {
		m, _, err := findMessage(tx, q, seq)
		if err != nil {
			return nil, err
		}
		if q.expired(m, now) {
			if err := drop(tx, q, m); err != nil {
				return nil, err
			}
			continue
		}
		if buried, err := s.bury(tx, q, m, now); err != nil {
			return nil, err
		} else if buried {
			continue
		}
		hidden := m.received(now, seconds(q.VisibilityTimeout))
		if err := move(tx, q, m, hidden); err != nil {
			return nil, err
		}
		got = append(got, hidden.message(tx.Get(bodyBucket, q.prefix()+seq)))
	}
	return got, nil
}

// peek returns visible messages and leaves them as they are. Expired ones may
// stand in front, which only writers remove, so it looks further until it has
// enough.
func (s *Service) peek(tx *store.Tx, queue string, limit int) ([]Message, error) {
	q, err := findQueue(tx, queue)
	if err != nil {
		return nil, err
	}
	now := s.account.Clock.Now()
	for depth := limit; ; depth *= 2 {
		seqs, _ := deliverable(tx, q, now, depth)
		live, err := liveOf(tx, q, now, seqs)
		if err != nil {
			return nil, err
		}
		if len(live) >= limit || len(seqs) < depth {
			return withBodies(tx, q, live[:min(limit, len(live))]), nil
		}
	}
}

func liveOf(tx *store.Tx, q queueRecord, now time.Time, seqs []string) ([]messageRecord, error) {
	var live []messageRecord
	for _, seq := range seqs {
		m, _, err := findMessage(tx, q, seq)
		if err != nil {
			return nil, err
		}
		if !q.expired(m, now) {
			live = append(live, m)
		}
	}
	return live, nil
}

func withBodies(tx *store.Tx, q queueRecord, records []messageRecord) []Message {
	messages := make([]Message, len(records))
	for i, m := range records {
		messages[i] = m.message(tx.Get(bodyBucket, q.prefix()+m.Seq))
	}
	return messages
}

// held returns the message that the handle hides.
func (s *Service) held(tx *store.Tx, q queueRecord, handle string) (messageRecord, error) {
	seq, receipts, err := parseReceiptHandle(handle)
	if err != nil {
		return messageRecord{}, err
	}
	m, found, err := findMessage(tx, q, seq)
	if err != nil {
		return m, err
	}
	now := s.account.Clock.Now()
	if !found || m.Receipts != receipts || m.visible(now) || q.expired(m, now) {
		return m, ErrMessageNotExist
	}
	return m, nil
}

func (s *Service) deleteMessage(tx *store.Tx, q queueRecord, handle string) error {
	m, err := s.held(tx, q, handle)
	if err != nil {
		return err
	}
	return drop(tx, q, m)
}

func (s *Service) changeVisibility(queue, handle string, d time.Duration) (Message, error) {
	var changed Message
	err := s.store.Update(func(tx *store.Tx) error {
		q, err := findQueue(tx, queue)
		if err != nil {
			return err
		}
		m, err := s.held(tx, q, handle)
		if err != nil {
			return err
		}
		to := m.hiddenFor(s.account.Clock.Now(), d)
		changed = to.message(nil)
		tx.OnCommit(func() { s.bells.ring(queue) })
		return move(tx, q, m, to)
	})
	return changed, err
}

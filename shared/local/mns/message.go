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
	// Every message stands in one of these two, its rank being the value;
	// a receive looks at their fronts only.
	readyBucket   = "mns/ready"   // queue, rank: never hidden
	waitingBucket = "mns/waiting" // queue, when it becomes visible, seq
)

// promotion is how many messages that became visible again are compared with
// those never hidden when the next ones are chosen: priority holds among these.
const promotion = 64

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
}

// draft is a message to send; without a delay it takes its queue's.
type draft struct {
	body     []byte
	delay    *time.Duration
	priority int
}

func (m messageRecord) visible(now time.Time) bool { return m.Visible <= now.UnixMilli() }

// rank orders what is deliverable: by priority, then by age.
func (m messageRecord) rank() string { return store.Key(fmt.Sprintf("%02d", m.Priority), m.Seq) }

// place is where the message stands among the ready or the waiting ones. It
// depends on the record alone, so that a move finds the old place.
func (m messageRecord) place(q queueRecord) (bucket, key string) {
	if m.Receipts == 0 {
		return readyBucket, q.prefix() + m.rank()
	}
	return waitingBucket, q.prefix() + store.Key(hex16(m.Visible), m.Seq)
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

// put stores the record and the message's place.
func put(tx *store.Tx, q queueRecord, m messageRecord) error {
	bucket, key := m.place(q)
	if err := tx.Put(bucket, key, []byte(m.rank())); err != nil {
		return err
	}
	return tx.PutJSON(messageBucket, q.prefix()+m.Seq, m)
}

// move replaces the record of a stored message.
func move(tx *store.Tx, q queueRecord, from, to messageRecord) error {
	bucket, key := from.place(q)
	if err := tx.Delete(bucket, key); err != nil {
		return err
	}
	return put(tx, q, to)
}

func drop(tx *store.Tx, q queueRecord, m messageRecord) error {
	bucket, key := m.place(q)
	if err := tx.Delete(bucket, key); err != nil {
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

// send stores the message, calls the hook, and wakes receivers after the commit.
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
	if err := tx.Put(bodyBucket, q.prefix()+m.Seq, d.body); err != nil {
		return Message{}, err
	}
	if err := put(tx, q, m); err != nil {
		return Message{}, err
	}
	tx.OnCommit(func() { s.bells.ring(q.Name) })
	sent := m.message(d.body)
	return sent, s.onSend(tx, q.Name, sent)
}

// deliverable returns the seqs of the first visible messages, at most limit,
// in the order of delivery.
func deliverable(tx *store.Tx, q queueRecord, now time.Time, limit int) []string {
	var ranks []string
	tx.Scan(readyBucket, q.prefix(), "", func(_ string, rank []byte) bool {
		ranks = append(ranks, string(rank))
		return len(ranks) < limit
	})
	bound := len(ranks) + max(limit, promotion)
	tx.Scan(waitingBucket, q.prefix(), "", func(key string, rank []byte) bool {
		if q.visibleAt(key).After(now) {
			return false
		}
		ranks = append(ranks, string(rank))
		return len(ranks) < bound
	})
	slices.Sort(ranks)
	ranks = ranks[:min(limit, len(ranks))]
	for i, rank := range ranks {
		ranks[i] = rank[len(rank)-16:]
	}
	return ranks
}

// front says whether a message is visible, and if not, when the first one
// becomes so; the zero time means never.
func front(tx *store.Tx, q queueRecord, now time.Time) (visible bool, next time.Time) {
	tx.Scan(readyBucket, q.prefix(), "", func(string, []byte) bool {
		visible = true
		return false
	})
	tx.Scan(waitingBucket, q.prefix(), "", func(key string, _ []byte) bool {
		next = q.visibleAt(key)
		visible = visible || !next.After(now)
		return false
	})
	return visible, next
}

// visibleAt reads a key of waitingBucket.
func (q queueRecord) visibleAt(key string) time.Time {
	ms, _ := strconv.ParseInt(key[len(q.prefix()):][:16], 16, 64)
	return time.UnixMilli(ms)
}

// hide is the receive itself: the messages stay, invisible to others.
func (s *Service) hide(tx *store.Tx, queue string, limit int) ([]Message, error) {
	q, err := findQueue(tx, queue)
	if err != nil {
		return nil, err
	}
	now := s.account.Clock.Now()
	if err := dropExpired(tx, q, now); err != nil {
		return nil, err
	}
	var got []Message
	for _, seq := range deliverable(tx, q, now, limit) {
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
		seqs := deliverable(tx, q, now, depth)
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

package mns

import (
	"context"
	"errors"
	"net/http"
	"strconv"
	"strings"

	"imagedrop/shared/local/store"
)

// maxBatch is how many messages a batch has at most, maxBatchBytes how many
// bytes their bodies have together. Source: MNS 2015-06-06, BatchSendMessage.
const (
	maxBatch      = 16
	maxBatchBytes = 65536
)

// maxWait is the longest wait of a receive, in seconds.
// Source: MNS 2015-06-06, ReceiveMessage, parameter waitseconds.
const maxWait = 30

// maxList is how many queues, topics or subscriptions a page lists, unless
// asked for fewer. Source: MNS 2015-06-06, ListQueue, ListTopic,
// ListSubscriptionByTopic, header x-mns-ret-number.
const maxList = 1000

// operations are what the endpoint does, by the API's names.
var operations = map[string]func(*Service, context.Context, *request) (answer, error){
	"ListQueue":               (*Service).listQueueOp,
	"CreateQueue":             (*Service).createQueueOp,
	"SetQueueAttributes":      (*Service).setQueueAttributesOp,
	"GetQueueAttributes":      (*Service).getQueueAttributesOp,
	"DeleteQueue":             (*Service).deleteQueueOp,
	"SendMessage":             (*Service).sendMessageOp,
	"BatchSendMessage":        (*Service).batchSendMessageOp,
	"ReceiveMessage":          (*Service).receiveMessageOp,
	"BatchReceiveMessage":     (*Service).batchReceiveMessageOp,
	"PeekMessage":             (*Service).peekMessageOp,
	"BatchPeekMessage":        (*Service).batchPeekMessageOp,
	"DeleteMessage":           (*Service).deleteMessageOp,
	"BatchDeleteMessage":      (*Service).batchDeleteMessageOp,
	"ChangeMessageVisibility": (*Service).changeMessageVisibilityOp,

	"ListTopic":                 (*Service).listTopicOp,
	"CreateTopic":               (*Service).createTopicOp,
	"SetTopicAttributes":        (*Service).setTopicAttributesOp,
	"GetTopicAttributes":        (*Service).getTopicAttributesOp,
	"DeleteTopic":               (*Service).deleteTopicOp,
	"PublishMessage":            (*Service).publishMessageOp,
	"ListSubscriptionByTopic":   (*Service).listSubscriptionByTopicOp,
	"Subscribe":                 (*Service).subscribeOp,
	"SetSubscriptionAttributes": (*Service).setSubscriptionAttributesOp,
	"GetSubscriptionAttributes": (*Service).getSubscriptionAttributesOp,
	"Unsubscribe":               (*Service).unsubscribeOp,

	"OpenService": (*Service).openServiceOp,
}

// createQueueOp follows the page "CreateQueue". Left out: QueueDeletedRecently;
// a name is free again at once.
func (s *Service) createQueueOp(_ context.Context, r *request) (answer, error) {
	want := DefaultAttributes()
	if err := readAttributes(r.body, &want); err != nil {
		return answer{}, err
	}
	status := 0
	err := s.store.Update(func(tx *store.Tx) error {
		q, existed, err := s.createQueue(tx, r.name(), want)
		if err != nil {
			return err
		}
		status, err = createdStatus(existed, q.QueueAttributes == want, "QueueAlreadyExist")
		return err
	})
	return answer{status: status, location: r.urlOf("queues", r.name())}, err
}

// createdStatus is the answer to a create: what exists already is refused, but
// with the same attributes it is as good as created.
func createdStatus(existed, same bool, code string) (int, error) {
	switch {
	case !existed:
		return http.StatusCreated, nil
	case same:
		return http.StatusNoContent, nil
	}
	return 0, coded(code)
}

// urlOf returns the URL of a path.
func (r *request) urlOf(path ...string) string { return r.base + "/" + strings.Join(path, "/") }

// setQueueAttributesOp follows "SetQueueAttributes". Left out: nothing.
func (s *Service) setQueueAttributesOp(_ context.Context, r *request) (answer, error) {
	err := s.store.Update(func(tx *store.Tx) error {
		return s.setAttributes(tx, r.name(), func(a *QueueAttributes) error { return readAttributes(r.body, a) })
	})
	return answer{status: http.StatusNoContent}, err
}

// getQueueAttributesOp follows "GetQueueAttributes". Its counts are exact,
// which the page does not promise.
func (s *Service) getQueueAttributesOp(_ context.Context, r *request) (answer, error) {
	var doc queueDocument
	err := s.store.View(func(tx *store.Tx) error {
		q, err := findQueue(tx, r.name())
		if err != nil {
			return err
		}
		c, err := s.count(tx, q)
		doc.queueFields = q.fields(c)
		return err
	})
	return answer{status: http.StatusOK, doc: doc}, err
}

// deleteQueueOp follows "DeleteQueue": it succeeds for a queue that does not
// exist, because the page names no error. Left out: nothing.
func (s *Service) deleteQueueOp(_ context.Context, r *request) (answer, error) {
	err := s.store.Update(func(tx *store.Tx) error { return s.deleteQueue(tx, r.name()) })
	if errors.Is(err, ErrQueueNotExist) {
		err = nil
	}
	return answer{status: http.StatusNoContent}, err
}

// listQueueOp follows "ListQueue". Left out: nothing.
func (s *Service) listQueueOp(_ context.Context, r *request) (answer, error) {
	return s.list(func(tx *store.Tx) (listDocument, error) {
		return r.page(tx, "Queue", queueBucket, "", func(name string) (any, error) { return s.listEntry(tx, r, name) })
	})
}

// list answers a page.
func (s *Service) list(page func(*store.Tx) (listDocument, error)) (answer, error) {
	var doc listDocument
	err := s.store.View(func(tx *store.Tx) (err error) {
		doc, err = page(tx)
		return err
	})
	return answer{status: http.StatusOK, doc: doc}, err
}

// page lists the names below a key of a bucket as the request's headers ask,
// each as entry makes it.
func (r *request) page(tx *store.Tx, item, bucket, below string, entry func(name string) (any, error)) (listDocument, error) {
	doc := listDocument{item: item}
	size, err := r.listSize()
	if err != nil {
		return doc, err
	}
	tx.Scan(bucket, below+r.header.Get("x-mns-prefix"), below+r.header.Get("x-mns-marker"), func(key string, _ []byte) bool {
		name := strings.TrimPrefix(key, below)
		if len(doc.entries) == size {
			doc.next = name
			return false
		}
		var e any
		e, err = entry(name)
		doc.entries = append(doc.entries, e)
		return err == nil
	})
	return doc, err
}

// withMeta reports whether a list is to answer attributes instead of URLs.
func (r *request) withMeta() bool { return strings.EqualFold(r.header.Get("x-mns-with-meta"), "true") }

func (r *request) listSize() (int, error) {
	text := r.header.Get("x-mns-ret-number")
	if text == "" {
		return maxList, nil
	}
	n, err := strconv.Atoi(text)
	if err != nil || n < 1 || n > maxList {
		return 0, outOfRange("x-mns-ret-number", 1, maxList)
	}
	return n, nil
}

func (s *Service) listEntry(tx *store.Tx, r *request, name string) (any, error) {
	if !r.withMeta() {
		return queueURL{r.urlOf("queues", name)}, nil
	}
	q, err := findQueue(tx, name)
	if err != nil {
		return nil, err
	}
	c, err := s.count(tx, q)
	return q.fields(c), err
}

// sendMessageOp follows "SendMessage". Left out: QpsLimitExceeded, which only a
// fault on demand answers, of this and of every other operation on messages.
func (s *Service) sendMessageOp(_ context.Context, r *request) (answer, error) {
	e, err := parseDocument(r.body, "Message")
	if err != nil {
		return answer{}, err
	}
	d, err := parseDraft(e)
	if err != nil {
		return answer{}, err
	}
	d.fault = s.strike(r)
	var sent Message
	err = s.store.Update(func(tx *store.Tx) error {
		q, err := findQueue(tx, r.name())
		if err != nil {
			return err
		}
		sent, err = s.send(tx, q, d)
		return err
	})
	return answer{status: http.StatusCreated, doc: messageDocument{messageFields: sentFields(sent)}}, err
}

// batchSendMessageOp follows "BatchSendMessage": it sends those messages whose
// values the queue takes, and answers for each. Left out: nothing.
func (s *Service) batchSendMessageOp(_ context.Context, r *request) (answer, error) {
	drafts, err := parseDrafts(r.body)
	if err != nil {
		return answer{}, err
	}
	for i := range drafts {
		drafts[i].fault = s.strike(r)
	}
	var doc messagesDocument
	status := 0
	err = s.store.Update(func(tx *store.Tx) error {
		doc, status = messagesDocument{}, http.StatusCreated
		q, err := findQueue(tx, r.name())
		if err != nil {
			return err
		}
		for _, d := range drafts {
			fields, err := s.sendOne(tx, q, d)
			if err != nil {
				return err
			}
			if fields.ErrorCode != "" {
				status = http.StatusInternalServerError
			}
			doc.Messages = append(doc.Messages, fields)
		}
		return nil
	})
	return answer{status: status, doc: doc}, err
}

// sendOne answers a refusal in the entry; any other error ends the batch.
func (s *Service) sendOne(tx *store.Tx, q queueRecord, d draft) (messageFields, error) {
	var refused *Error
	if errors.As(d.check(q), &refused) {
		return messageFields{ErrorCode: refused.Code, ErrorMessage: refused.Message}, nil
	}
	m, err := s.send(tx, q, d)
	return sentFields(m), err
}

// receiveMessageOp follows "ReceiveMessage". Left out: the quota of waiting
// requests; every one of them waits.
func (s *Service) receiveMessageOp(ctx context.Context, r *request) (answer, error) {
	messages, err := s.receiveOp(ctx, r, 1)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, doc: messageDocument{messageFields: receivedFields(messages[0])}}, nil
}

// batchReceiveMessageOp follows "BatchReceiveMessage". Left out: as of
// ReceiveMessage.
func (s *Service) batchReceiveMessageOp(ctx context.Context, r *request) (answer, error) {
	limit, err := r.number("numOfMessages", 1, maxBatch)
	if err != nil {
		return answer{}, err
	}
	messages, err := s.receiveOp(ctx, r, limit)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, doc: batchOf(messages, receivedFields)}, nil
}

func (s *Service) receiveOp(ctx context.Context, r *request, limit int) ([]Message, error) {
	wait, err := r.number("waitseconds", 0, maxWait)
	if err != nil {
		return nil, err
	}
	return atLeastOne(s.Receive(ctx, r.name(), limit, seconds(wait)))
}

// atLeastOne makes the API's error of an answer without messages.
func atLeastOne(messages []Message, err error) ([]Message, error) {
	if err == nil && len(messages) == 0 {
		err = ErrMessageNotExist
	}
	return messages, err
}

func batchOf(messages []Message, fields func(Message) messageFields) messagesDocument {
	var doc messagesDocument
	for _, m := range messages {
		doc.Messages = append(doc.Messages, fields(m))
	}
	return doc
}

// peekMessageOp follows "PeekMessage". Left out: nothing.
func (s *Service) peekMessageOp(_ context.Context, r *request) (answer, error) {
	messages, err := s.peekOp(r, 1)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, doc: messageDocument{messageFields: peekedFields(messages[0])}}, nil
}

// batchPeekMessageOp follows "BatchPeekMessage". Left out: nothing.
func (s *Service) batchPeekMessageOp(_ context.Context, r *request) (answer, error) {
	limit, err := r.number("numOfMessages", 1, maxBatch)
	if err != nil {
		return answer{}, err
	}
	messages, err := s.peekOp(r, limit)
	if err != nil {
		return answer{}, err
	}
	return answer{status: http.StatusOK, doc: batchOf(messages, peekedFields)}, nil
}

func (s *Service) peekOp(r *request, limit int) (messages []Message, err error) {
	err = s.store.View(func(tx *store.Tx) (err error) {
		messages, err = s.peek(tx, r.name(), limit)
		return err
	})
	return atLeastOne(messages, err)
}

// deleteMessageOp follows "DeleteMessage". Left out: nothing.
func (s *Service) deleteMessageOp(_ context.Context, r *request) (answer, error) {
	handle := r.query["receipthandle"]
	if handle == "" {
		return answer{}, coded("MissingReceiptHandle")
	}
	return answer{status: http.StatusNoContent}, s.Delete(r.name(), handle)
}

// batchDeleteMessageOp follows "BatchDeleteMessage": it deletes what it can and
// answers for what it cannot. Left out: nothing.
func (s *Service) batchDeleteMessageOp(_ context.Context, r *request) (answer, error) {
	handles, err := parseHandles(r.body)
	if err != nil {
		return answer{}, err
	}
	var doc deleteErrorsDocument
	err = s.store.Update(func(tx *store.Tx) error {
		doc = deleteErrorsDocument{}
		q, err := findQueue(tx, r.name())
		if err != nil {
			return err
		}
		for _, handle := range handles {
			var refused *Error
			switch err := s.deleteMessage(tx, q, handle); {
			case errors.As(err, &refused):
				doc.Errors = append(doc.Errors, deleteError{refused.Code, refused.Message, handle})
			case err != nil:
				return err
			}
		}
		return nil
	})
	if err != nil || len(doc.Errors) == 0 {
		return answer{status: http.StatusNoContent}, err
	}
	return answer{status: http.StatusNotFound, doc: doc}, nil
}

// changeMessageVisibilityOp follows "ChangeMessageVisibility". Left out: nothing.
func (s *Service) changeMessageVisibilityOp(_ context.Context, r *request) (answer, error) {
	handle := r.query["receipthandle"]
	if handle == "" {
		return answer{}, coded("MissingReceiptHandle")
	}
	timeout, err := r.number("VisibilityTimeout", minVisibility, maxVisibility)
	if err != nil {
		return answer{}, err
	}
	if timeout < 0 {
		return answer{}, coded("MissingVisibilityTimeout")
	}
	m, err := s.changeVisibility(r.name(), handle, seconds(timeout))
	doc := visibilityDocument{ReceiptHandle: m.ReceiptHandle, NextVisibleTime: m.NextVisibleTime.UnixMilli()}
	return answer{status: http.StatusOK, doc: doc}, err
}

// openServiceOp follows OpenService of the Go SDK v1.0.11, account_manager.go;
// no page describes it. The service is always open here, so nothing is ordered.
func (s *Service) openServiceOp(_ context.Context, r *request) (answer, error) {
	return answer{status: http.StatusOK, doc: openServiceDocument{OrderID: r.id}}, nil
}

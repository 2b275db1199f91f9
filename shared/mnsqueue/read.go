package mnsqueue

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"net/url"
	"time"

	mns "github.com/aliyun/aliyun-mns-go-sdk"

	"imagedrop/shared/fault"
)

const (
	// maxReceived bounds the messages of one answer.
	// Source: MNS 2015-06-06, BatchReceiveMessage, numOfMessages 1-16.
	maxReceived = 16

	// MaxWait bounds the wait for a message. The service allows 30 s, but the
	// SDK repeats a call that its own time-out ends, and each repeat could hide
	// further messages.
	MaxWait = timeoutSeconds * time.Second / 2

	// releaseSeconds is how soon a message that is given back can be received
	// again. Source: MNS 2015-06-06, ChangeMessageVisibility, 1-43200.
	releaseSeconds = 1
)

// codeNoMessage is the service's answer where a queue is empty, or a handle has
// lapsed.
const codeNoMessage = "MessageNotExist"

// Message is one that was received. Until its queue's visibility time-out ends
// nobody else receives it.
type Message struct {
	ID, Handle   string
	Body         []byte
	EnqueueTime  time.Time // UTC
	DequeueCount int       // receives, this one included
}

// received is what is read of a message. The SDK's own type has a wrong name
// for an answer without one.
type received struct {
	MessageId, ReceiptHandle, MessageBody string
	EnqueueTime                           int64 // milliseconds
	DequeueCount                          int
}

// Receive takes up to limit messages, at most 16. Where there is none it waits
// for one, at most MaxWait, and then returns none without an error.
func (c *Client) Receive(ctx context.Context, limit int, wait time.Duration) ([]Message, error) {
	var messages []Message
	query := fmt.Sprintf("?numOfMessages=%d&waitseconds=%d", min(max(limit, 1), maxReceived), wholeSeconds(min(max(wait, 0), MaxWait)))
	err := c.do(ctx, call{op: "mnsqueue.BatchReceiveMessage", method: mns.GET, query: query, read: func(answer []byte) (err error) {
		messages, err = decode(answer)
		return err
	}})
	if none(err) {
		return nil, nil
	}
	if err != nil {
		return nil, err // the call may be under way yet, and write messages
	}
	return messages, nil
}

func decode(answer []byte) ([]Message, error) {
	var list struct {
		XMLName xml.Name   `xml:"Messages"`
		Message []received `xml:"Message"`
	}
	if xml.Unmarshal(answer, &list) != nil {
		return nil, errors.New("the answer is no list of messages")
	}
	var messages []Message
	for _, m := range list.Message {
		if m.MessageId == "" || m.ReceiptHandle == "" {
			return nil, errors.New("a message carries no MessageId or no ReceiptHandle")
		}
		messages = append(messages, Message{
			ID: m.MessageId, Handle: m.ReceiptHandle, Body: []byte(m.MessageBody),
			EnqueueTime: time.UnixMilli(m.EnqueueTime).UTC(), DequeueCount: m.DequeueCount,
		})
	}
	return messages, nil
}

// Delete removes a message that was received. One that is not there any more is
// no error: the SDK repeats a call whose answer was lost. Nor is a handle that
// has lapsed: the message comes again.
func (c *Client) Delete(ctx context.Context, handle string) error {
	err := c.do(ctx, call{op: "mnsqueue.DeleteMessage", method: mns.DELETE,
		query: "?ReceiptHandle=" + url.QueryEscape(handle), secrets: []string{handle}})
	if none(err) {
		return nil
	}
	return err
}

// Release gives a message back that was received: within a second it can be
// received again. One that is not there any more is no error.
func (c *Client) Release(ctx context.Context, handle string) error {
	query := fmt.Sprintf("?ReceiptHandle=%s&VisibilityTimeout=%d", url.QueryEscape(handle), releaseSeconds)
	err := c.do(ctx, call{op: "mnsqueue.ChangeMessageVisibility", method: mns.PUT, query: query, secrets: []string{handle}})
	if none(err) {
		return nil
	}
	return err
}

func none(err error) bool {
	f := fault.Of(err)
	return f != nil && f.Code == codeNoMessage
}

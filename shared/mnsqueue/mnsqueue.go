// Package mnsqueue sends messages to an MNS queue and reads them through
// aliyun-mns-go-sdk. It translates, nothing else: no retries.
package mnsqueue

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf8"

	mns "github.com/aliyun/aliyun-mns-go-sdk"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdkclient"
)

const (
	// priority is the service's default; the SDK's zero value is refused.
	// Source: MNS 2015-06-06, SendMessage, Priority 1-16.
	priority = 8

	// timeoutSeconds bounds one call; the SDK's default is 35.
	timeoutSeconds = 10

	// maxDelay bounds the delay of a message.
	// Source: MNS 2015-06-06, SendMessage, DelaySeconds 0-604800.
	maxDelay = 604_800 * time.Second
)

// Options says which queue.
type Options struct {
	Endpoint string // "https://<account>.mns.<region>.aliyuncs.com"
	Queue    string
}

// Client implements imagebuild.Outbox and imagebuild.Queue, and reads a queue.
// It is safe for concurrent use.
type Client struct {
	resource string
	clients  *sdkclient.Cache[mns.MNSClient]
}

var (
	_ imagebuild.Outbox = (*Client)(nil)
	_ imagebuild.Queue  = (*Client)(nil)
)

// queueName is what a queue's name can be, maxQueueName its length. Source: MNS
// 2015-06-06, CreateQueue (120 characters; 256 in older documents).
var queueName = regexp.MustCompile(`^[A-Za-z0-9][A-Za-z0-9-]*$`)

const maxQueueName = 256

// New returns a client, or an error that says what is wrong with the options.
func New(o Options) (*Client, error) {
	endpoint, err := parseEndpoint(o.Endpoint)
	if err != nil {
		return nil, err
	}
	if len(o.Queue) > maxQueueName || !queueName.MatchString(o.Queue) {
		return nil, fmt.Errorf("%q is not a queue name: letters, digits and hyphens", o.Queue)
	}
	return &Client{
		resource: "queues/" + o.Queue + "/messages",
		clients: sdkclient.NewCache(func(c sdkclient.Credentials) (mns.MNSClient, error) {
			return newClient(endpoint, c)
		}),
	}, nil
}

// parseEndpoint checks the form that the SDK panics about otherwise: it splits
// the whole endpoint at dots, scheme, port and path included.
func parseEndpoint(endpoint string) (string, error) {
	u, err := sdkclient.ParseEndpoint(endpoint)
	if err != nil {
		return "", err
	}
	endpoint = strings.TrimSuffix(u.String(), "/")
	if dots := strings.Count(endpoint, "."); dots != 4 {
		return "", fmt.Errorf("%q has %d dots, and the MNS SDK demands four; give https://<account>.mns.<region>.aliyuncs.com, "+
			"or locally http://localhost:<port>/<account>.mns.<region>.aliyuncs.com", endpoint, dots)
	}
	return endpoint, nil
}

func newClient(endpoint string, c sdkclient.Credentials) (client mns.MNSClient, err error) {
	err = sdkclient.Guard("mnsqueue", func() error {
		client = mns.NewAliMNSClientWithConfig(mns.AliMNSClientConfig{
			EndPoint:        endpoint,
			AccessKeyId:     c.AccessKeyID,
			AccessKeySecret: c.AccessKeySecret,
			Token:           c.SecurityToken,
			TimeoutSecond:   timeoutSeconds,
			MaxConnsPerHost: sdkclient.MaxConnections,
		})
		return nil
	})
	return client, err
}

// Publish implements imagebuild.Outbox.
func (c *Client) Publish(ctx context.Context, body []byte) error { return c.Send(ctx, body, 0) }

// Send implements imagebuild.Queue. The service counts delays in seconds: a
// part of one is rounded up.
func (c *Client) Send(ctx context.Context, body []byte, delay time.Duration) error {
	const op = "mnsqueue.SendMessage"
	if err := sendable(op, body); err != nil {
		return err
	}
	if delay < 0 || delay > maxDelay {
		return &fault.Error{Kind: fault.Unknown, Op: op, Code: "InvalidArgument",
			Message: fmt.Sprintf("a message cannot be delayed by %v: 0 to 7 days", delay)}
	}
	message := mns.MessageSendRequest{MessageBody: string(body), DelaySeconds: wholeSeconds(delay), Priority: priority}
	return c.do(ctx, call{op: op, method: mns.POST, message: message, secrets: []string{message.MessageBody}, read: readSent})
}

// readSent makes sure that the service has the message: an answer of another,
// such as a proxy, has no ID.
func readSent(answer []byte) error {
	var sent mns.MessageSendResponse
	if xml.Unmarshal(answer, &sent) != nil || sent.MessageId == "" {
		return errors.New("the answer carries no MessageId")
	}
	return nil
}

// wholeSeconds rounds up: what is delayed must not come before its time.
func wholeSeconds(d time.Duration) int64 { return int64((d + time.Second - 1) / time.Second) }

// call is one request to the queue's messages.
type call struct {
	op      string
	method  mns.Method
	query   string // "?name=value", "" where there is none
	message any    // of the SDK, nil where the request has no body
	secrets []string
	read    func(answer []byte) error // of success
}

// do makes a call with the credentials of ctx. The SDK takes no context: where
// ctx ends first, the call is left to its own time-out.
func (c *Client) do(ctx context.Context, k call) error {
	signer, err := sdkclient.Required(ctx, k.op)
	if err != nil {
		return err
	}
	client, err := c.clients.Get(signer)
	if err != nil {
		return err
	}
	if f, over := sdkclient.Network(k.op, ctx.Err()); over {
		return f
	}
	k.secrets = append(k.secrets, signer.Secrets()...)
	done := make(chan error, 1)
	go func() {
		done <- sdkclient.Guard(k.op, func() error { return k.exchange(client, c.resource) })
	}()
	select {
	case err := <-done:
		return err
	case <-ctx.Done():
		f, _ := sdkclient.Network(k.op, ctx.Err())
		return f
	}
}

// sendable refuses a body that XML cannot carry: the SDK would replace what it
// cannot, without an error, and the outcome would be another one.
func sendable(op string, body []byte) error {
	for i := 0; i < len(body); {
		r, size := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && size <= 1 || !xmlCharacter(r) {
			return &fault.Error{Kind: fault.Unknown, Op: op, Code: "InvalidArgument",
				Message: fmt.Sprintf("byte %d of the message body cannot be sent as XML", i)}
		}
		i += size
	}
	return nil
}

// xmlCharacter follows XML 1.0, production Char.
func xmlCharacter(r rune) bool {
	if r < ' ' {
		return r == '\t' || r == '\n' || r == '\r'
	}
	return r != 0xFFFE && r != 0xFFFF
}

// exchange makes the call through the SDK's client and reads the answer itself:
// the SDK's queue object keeps neither status nor code of a refusal apart from
// its text, and limits and counts calls without synchronisation.
func (k call) exchange(client mns.MNSClient, resource string) error {
	answer, err := client.Send(k.method, nil, k.message, resource+k.query)
	if mns.ERR_SEND_REQUEST_FAILED.IsEqual(err) {
		return fault.New(fault.Retryable, k.op, "the service gave no answer")
	}
	if err != nil {
		return sdkclient.Unclassified(k.op, err)
	}
	if status := answer.StatusCode(); status/100 != 2 {
		f := codes.Fault(k.op, refusal(status, answer.Body()), k.secrets)
		f.Message = strings.TrimSuffix(resource, "/messages") + ": " + f.Message // a function has several queues
		return f
	}
	if k.read == nil {
		return nil
	}
	if err := k.read(answer.Body()); err != nil {
		return &fault.Error{Kind: fault.Retryable, Op: k.op, HTTPStatus: answer.StatusCode(), Message: err.Error()}
	}
	return nil
}

// codes says who must act on a code of the service. A message that the service
// finds malformed is our making, and a repeat of it is refused again.
// Source: MNS 2015-06-06, error codes.
var codes = sdkclient.Codes{
	"AccessDenied":          fault.Permanent,
	"InvalidAccessKeyId":    fault.Permanent,
	"MessageNotExist":       fault.Permanent,
	"QueueNotExist":         fault.Permanent,
	"ReceiptHandleError":    fault.Permanent,
	"SignatureDoesNotMatch": fault.Permanent,
	"TimeExpired":           fault.Permanent, // 408: our clock is off

	"InternalError":         fault.Retryable,
	"InternalServerError":   fault.Retryable,
	"InvalidSecurityToken*": fault.Retryable, // with the next invocation's credentials
	"QpsLimitExceeded":      fault.Retryable, // status not documented
	"SecurityTokenExpired":  fault.Retryable,
	"ServiceUnavailable*":   fault.Retryable,
	"Throttling*":           fault.Retryable,
}

// refusal reads an answer that is no success: the service's, or a page of
// whatever stands before it.
func refusal(status int, body []byte) sdkclient.Refusal {
	var e mns.ErrorResponse
	if xml.Unmarshal(body, &e) != nil {
		return sdkclient.Refusal{Status: status}
	}
	return sdkclient.Refusal{Code: e.Code, Message: e.Message, RequestID: e.RequestId, Status: status}
}

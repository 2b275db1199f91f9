package mns_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/mns"
)

// refusal is a request and what answers it.
type refusal struct {
	method, target, body string
	status               int
	code, message        string // message "": not looked at
}

const (
	post = http.MethodPost
	put  = http.MethodPut
	get  = http.MethodGet
	del  = http.MethodDelete
)

func schemaMessage(name string) string {
	return "The XML you provided did not validate against our published schema, cause by " + name + "."
}

func rangeMessage(name string, low, high int) string {
	return fmt.Sprintf("The value of %s should between %d and %d seconds/bytes.", name, low, high)
}

func queryMessage(name string) string {
	return fmt.Sprintf("Http request URL contains invalid querystring item %q.", name)
}

// requireRefused asks with and without the account before the path.
func (c *cloud) requireRefused(t *testing.T, refusals []refusal) {
	t.Helper()
	for _, r := range refusals {
		c.requireRefusal(t, r, "")
		if strings.HasPrefix(r.target, "/queues") || strings.HasPrefix(r.target, "/topics") {
			c.requireRefusal(t, r, prefix) // elsewhere it is part of a path that is signed whole
		}
	}
	require.Zero(t, c.entries(), "nothing that was refused was stored")
}

func (c *cloud) requireRefusal(t *testing.T, want refusal, prefix string) {
	t.Helper()
	r := c.do(t, call{method: want.method, target: prefix + want.target, body: want.body})
	name := want.method + " " + want.target + " " + want.body[:min(len(want.body), 80)]
	require.Equal(t, want.status, r.status, "%s: %s", name, r.body)
	require.Equal(t, want.code, r.doc.Code, name)
	require.Equal(t, "Error", r.doc.XMLName.Local, name)
	if want.message != "" {
		require.Equal(t, want.message, strings.TrimSpace(r.doc.Messages[0].Text), name)
	}
}

func TestRefusalsOfSending(t *testing.T) {
	c, _ := setUp(t)
	entry := "<Message><MessageBody>x</MessageBody></Message>"
	wide := "<Message><MessageBody>" + strings.Repeat("x", 4097) + "</MessageBody></Message>"
	c.requireRefused(t, []refusal{
		{post, "/queues/q/messages", "", 400, "MalformedXML", "The XML you provided was not well-formed."},
		{post, "/queues/q/messages", "text", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message></Messages>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", entry + entry, 400, "MalformedXML", ""},
		{post, "/queues/q/messages", entry + "tail", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message><MessageBody>\x01</MessageBody></Message>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message><MessageBody>&#1;</MessageBody></Message>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message><MessageBody>\xff</MessageBody></Message>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Message><MessageBody>&undefined;</MessageBody></Message>", 400, "MalformedXML", ""},
		{post, "/queues/q/messages", `<?xml version="1.0" encoding="GBK"?>` + entry, 400, "MalformedXML", ""},
		{post, "/queues/q/messages", "<Queue/>", 400, "InvalidArgument", schemaMessage("Queue")},
		{post, "/queues/q/messages", "<Message/>", 400, "InvalidArgument", schemaMessage("MessageBody")},
		{post, "/queues/q/messages", "<Message>loose" + entry + "</Message>", 400, "InvalidArgument", schemaMessage("Message")},
		{post, "/queues/q/messages", "<Message><MessageBody><b>x</b></MessageBody></Message>",
			400, "InvalidArgument", schemaMessage("MessageBody")},
		{post, "/queues/q/messages", "<Message><MessageBody>x</MessageBody><MessageBody>y</MessageBody></Message>",
			400, "InvalidArgument", schemaMessage("MessageBody")},
		{post, "/queues/q/messages", "<Message><MessageBody>x</MessageBody><DelaySecond>1</DelaySecond></Message>",
			400, "InvalidArgument", schemaMessage("DelaySecond")},
		{post, "/queues/q/messages", "<Message><MessageBody>x</MessageBody><Priority>high</Priority></Message>",
			400, "InvalidArgument", schemaMessage("Priority")},
		{post, "/queues/q/messages", "<Message><MessageBody>x</MessageBody><DelaySeconds></DelaySeconds></Message>",
			400, "InvalidArgument", schemaMessage("DelaySeconds")},
		{post, "/queues/q/messages", "<Message><MessageBody></MessageBody></Message>",
			400, "InvalidArgument", rangeMessage("MessageBody", 1, 65536)},
		{post, "/queues/q/messages", "<Message><MessageBody>x</MessageBody><Priority>0</Priority></Message>",
			400, "InvalidArgument", rangeMessage("Priority", 1, 16)},
		{post, "/queues/q/messages", strings.Repeat("<a>", 100_000), 400, "InvalidArgument", ""},
		{post, "/queues/q/messages", "<Messages/>", 400, "InvalidArgument", schemaMessage("Messages")},
		{post, "/queues/q/messages", "<Messages><Other/></Messages>", 400, "InvalidArgument", schemaMessage("Other")},
		{post, "/queues/q/messages", "<Messages>" + strings.Repeat(entry, 17) + "</Messages>",
			400, "InvalidArgument", rangeMessage("Messages", 1, 16)},
		{post, "/queues/q/messages", "<Messages>" + strings.Repeat(wide, 16) + "</Messages>",
			400, "InvalidArgument", rangeMessage("Messages", 1, 65536)},
		{post, "/queues/none/messages", entry, 404, "QueueNotExist", "The queue name you provided is not exist."},
		{post, "/queues/none/messages", "<Messages>" + entry + "</Messages>", 404, "QueueNotExist", ""},
		{post, "/queues/q/messages?x=1", entry, 400, "InvalidQueryString", queryMessage("x")},
	})
}

func TestRefusalsOfReceiving(t *testing.T) {
	c, _ := setUp(t)
	c.requireRefused(t, []refusal{
		{get, "/queues/q/messages", "", 404, "MessageNotExist", "Message not exist."},
		{get, "/queues/q/messages?numOfMessages=16", "", 404, "MessageNotExist", ""},
		{get, "/queues/q/messages?peekonly=true", "", 404, "MessageNotExist", ""},
		{get, "/queues/q/messages?peekonly=true&numOfMessages=2", "", 404, "MessageNotExist", ""},
		{get, "/queues/none/messages?waitseconds=30", "", 404, "QueueNotExist", ""},
		{get, "/queues/none/messages?peekonly=true", "", 404, "QueueNotExist", ""},
		{get, "/queues/q/messages?waitseconds=31", "", 400, "InvalidArgument", rangeMessage("waitseconds", 0, 30)},
		{get, "/queues/q/messages?waitseconds=-1", "", 400, "InvalidArgument", rangeMessage("waitseconds", 0, 30)},
		{get, "/queues/q/messages?waitseconds=soon", "", 400, "InvalidQueryString", queryMessage("waitseconds")},
		{get, "/queues/q/messages?waitseconds=%zz", "", 400, "InvalidQueryString", queryMessage("waitseconds")},
		{get, "/queues/q/messages?numOfMessages=0", "", 400, "InvalidArgument", rangeMessage("numOfMessages", 1, 16)},
		{get, "/queues/q/messages?numOfMessages=17", "", 400, "InvalidArgument", rangeMessage("numOfMessages", 1, 16)},
		{get, "/queues/q/messages?peekonly=true&numOfMessages=17", "", 400, "InvalidArgument", rangeMessage("numOfMessages", 1, 16)},
		{get, "/queues/q/messages?peekonly=maybe", "", 400, "InvalidQueryString", queryMessage("peekonly")},
	})
}

func TestRefusalsOfDeletingAndChanging(t *testing.T) {
	c, _ := setUp(t)
	c.requireRefused(t, []refusal{
		{del, "/queues/q/messages", "", 400, "MissingReceiptHandle", "ReceiptHandle is required."},
		{del, "/queues/q/messages?ReceiptHandle=", "", 400, "MissingReceiptHandle", ""},
		{del, "/queues/q/messages?ReceiptHandle=1-QUJDREVGMTIzNA==", "",
			400, "ReceiptHandleError", "The receipt handle you provide is not valid."},
		{del, "/queues/q/messages?ReceiptHandle=1-MDAwMDAwMDAwMDAwMDAwMS0wMDAwMDAwMQ==", "", 404, "MessageNotExist", ""},
		{del, "/queues/none/messages?ReceiptHandle=x", "", 404, "QueueNotExist", ""},
		{del, "/queues/q/messages", "<ReceiptHandles/>", 400, "InvalidArgument", schemaMessage("ReceiptHandles")},
		{del, "/queues/q/messages", "<ReceiptHandles><ReceiptHandle><b/></ReceiptHandle></ReceiptHandles>",
			400, "InvalidArgument", schemaMessage("b")},
		{del, "/queues/q/messages", "<ReceiptHandles>" + strings.Repeat("<ReceiptHandle>x</ReceiptHandle>", 17) + "</ReceiptHandles>",
			400, "InvalidArgument", rangeMessage("ReceiptHandles", 1, 16)},
		{del, "/queues/none/messages", "<ReceiptHandles><ReceiptHandle>x</ReceiptHandle></ReceiptHandles>", 404, "QueueNotExist", ""},
		{put, "/queues/q/messages?VisibilityTimeout=5", "", 400, "MissingReceiptHandle", ""},
		{put, "/queues/q/messages?ReceiptHandle=x", "", 400, "MissingVisibilityTimeout", "VisibilityTimeout is required."},
		{put, "/queues/q/messages?ReceiptHandle=x&VisibilityTimeout=0", "",
			400, "InvalidArgument", rangeMessage("VisibilityTimeout", 1, 43200)},
		{put, "/queues/q/messages?ReceiptHandle=x&VisibilityTimeout=43201", "",
			400, "InvalidArgument", rangeMessage("VisibilityTimeout", 1, 43200)},
		{put, "/queues/q/messages?ReceiptHandle=x&VisibilityTimeout=5", "", 400, "ReceiptHandleError", ""},
	})
}

func TestRefusalsOfQueues(t *testing.T) {
	c, _ := setUp(t)
	c.requireRefused(t, []refusal{
		{put, "/queues/q", "<Queue><DelaySeconds>604801</DelaySeconds></Queue>",
			400, "InvalidArgument", rangeMessage("DelaySeconds", 0, 604800)},
		{put, "/queues/q", "<Queue><MaximumMessageSize>65537</MaximumMessageSize></Queue>",
			400, "InvalidArgument", rangeMessage("MaximumMessageSize", 1024, 65536)},
		{put, "/queues/q", "<Queue><MessageRetentionPeriod>59</MessageRetentionPeriod></Queue>",
			400, "InvalidArgument", rangeMessage("MessageRetentionPeriod", 60, 604800)},
		{put, "/queues/q", "<Queue><VisibilityTimeout>0</VisibilityTimeout></Queue>",
			400, "InvalidArgument", rangeMessage("VisibilityTimeout", 1, 43200)},
		{put, "/queues/q", "<Queue><PollingWaitSeconds>31</PollingWaitSeconds></Queue>",
			400, "InvalidArgument", rangeMessage("PollingWaitSeconds", 0, 30)},
		{put, "/queues/q", "<Queue><LoggingEnabled>perhaps</LoggingEnabled></Queue>",
			400, "InvalidArgument", schemaMessage("LoggingEnabled")},
		{put, "/queues/q", "<Queue><Fifo>true</Fifo></Queue>", 400, "InvalidArgument", schemaMessage("Fifo")},
		{put, "/queues/q", "<Queue><LoggingEnabled>True</LoggingEnabled></Queue>", 409, "QueueAlreadyExist", ""},
		{put, "/queues/q?metaoverride=true", "<Queue><PollingWaitSeconds>31</PollingWaitSeconds></Queue>", 400, "InvalidArgument", ""},
		{put, "/queues/q?metaoverride=yes", "<Queue/>", 400, "InvalidQueryString", queryMessage("metaoverride")},
		{put, "/queues/none?metaoverride=true", "<Queue/>", 404, "QueueNotExist", ""},
		{get, "/queues/none", "", 404, "QueueNotExist", ""},
		{get, "/queues/", "", 400, "QueueNameLengthError", "Queue name length should between 1 and 120."},
		{get, "/queues/a%2Fb", "", 400, "InvalidQueueName", ""},
	})
}

func TestRefusalsOfAddresses(t *testing.T) {
	c, _ := setUp(t)
	c.requireRefused(t, []refusal{
		{get, "/", "", 400, "InvalidRequestURL", "Http request URL format invalid."},
		{get, "/other", "", 400, "InvalidRequestURL", ""},
		{post, "/queues", "", 400, "InvalidRequestURL", ""},
		{"PATCH", "/queues/q", "", 400, "InvalidRequestURL", ""},
		{get, "/queues/q/messages/more", "", 400, "InvalidRequestURL", ""},
	})
}

func TestRefusalsOfPublishing(t *testing.T) {
	c, _ := withTopic(t, mns.Options{})
	c.subscribe(t, "s", "q", "")
	c.requireRefused(t, []refusal{
		{post, "/topics/t/messages", "", 400, "MalformedXML", ""},
		{post, "/topics/t/messages", "<Queue/>", 400, "InvalidArgument", schemaMessage("Queue")},
		{post, "/topics/t/messages", "<Message/>", 400, "InvalidArgument", schemaMessage("MessageBody")},
		{post, "/topics/t/messages", "<Message><MessageBody/></Message>", 400, "InvalidArgument", rangeMessage("MessageBody", 1, 65536)},
		{post, "/topics/t/messages", "<Message><MessageBody>x</MessageBody><Priority>8</Priority></Message>",
			400, "InvalidArgument", schemaMessage("Priority")},
		{post, "/topics/t/messages", "<Message><MessageBody>x</MessageBody><MessageTag><b/></MessageTag></Message>",
			400, "InvalidArgument", schemaMessage("MessageTag")},
		{post, "/topics/t/messages", "<Message><MessageBody>x</MessageBody><MessageAttributes/><MessageAttributes/></Message>",
			400, "InvalidArgument", schemaMessage("MessageAttributes")},
		{post, "/topics/t/messages", "<Message><MessageBody>x</MessageBody><MessageAttributes>x<a/></MessageAttributes></Message>",
			400, "InvalidArgument", schemaMessage("MessageAttributes")},
		{post, "/topics/t/messages", "<Message><MessageBody>x</MessageBody><MessageAttributes><a/><a/></MessageAttributes></Message>",
			400, "InvalidArgument", schemaMessage("a")},
		{post, "/topics/t/messages", "<Messages><Message><MessageBody>x</MessageBody></Message></Messages>",
			400, "InvalidArgument", schemaMessage("Messages")},
		{post, "/topics/none/messages", "<Message><MessageBody>x</MessageBody></Message>",
			404, "TopicNotExist", "The topic name you provided is not exist."},
		{get, "/topics/t/messages", "", 400, "InvalidRequestURL", ""},
		{post, "/topics/t/messages", "<Message><MessageBody>x</MessageBody><MessageTag>12345678901234567</MessageTag></Message>",
			400, "InvalidArgument", rangeMessage("MessageTag", 0, 16)},
	})
}

func TestRefusalsOfTopics(t *testing.T) {
	c, _ := withTopic(t, mns.Options{})
	c.subscribe(t, "s", "q", "")
	c.requireRefused(t, []refusal{
		{put, "/topics/t", "<Topic><MaximumMessageSize>1023</MaximumMessageSize></Topic>",
			400, "InvalidArgument", rangeMessage("MaximumMessageSize", 1024, 65536)},
		{put, "/topics/t", "<Topic><MaximumMessageSize>many</MaximumMessageSize></Topic>",
			400, "InvalidArgument", schemaMessage("MaximumMessageSize")},
		{put, "/topics/t", "<Topic><LoggingEnabled>perhaps</LoggingEnabled></Topic>",
			400, "InvalidArgument", schemaMessage("LoggingEnabled")},
		{put, "/topics/t", "<Topic><VisibilityTimeout>1</VisibilityTimeout></Topic>",
			400, "InvalidArgument", schemaMessage("VisibilityTimeout")},
		{put, "/topics/t", "<Topic><LoggingEnabled>True</LoggingEnabled></Topic>", 409, "TopicAlreadyExist", ""},
		{put, "/topics/none?metaoverride=true", "<Topic/>", 404, "TopicNotExist", ""},
		{get, "/topics/none", "", 404, "TopicNotExist", ""},
		{get, "/topics/", "", 400, "TopicNameLengthError", "Topic name length should between 1 and 120."},
		{get, "/topics/a%2Fb", "", 400, "TopicNameInvalid", ""},
	})
}

func TestRefusalsOfSubscriptions(t *testing.T) {
	c, _ := withTopic(t, mns.Options{})
	c.subscribe(t, "s", "q", "")
	to := "<Endpoint>" + endpoint + "q</Endpoint>"
	c.requireRefused(t, []refusal{
		{put, "/topics/t/subscriptions/s", "", 400, "MalformedXML", ""},
		{put, "/topics/t/subscriptions/s", "<Subscription/>", 400, "InvalidArgument", schemaMessage("Endpoint")},
		{put, "/topics/t/subscriptions/s", "<Subscription><Endpoint/></Subscription>", 400, "EndpointInvalid", ""},
		{put, "/topics/t/subscriptions/s", "<Subscription>" + to + "<Other/></Subscription>",
			400, "InvalidArgument", schemaMessage("Other")},
		{put, "/topics/t/subscriptions/s", "<Subscription>" + to + "<NotifyStrategy>NEVER</NotifyStrategy></Subscription>",
			400, "InvalidArgument", schemaMessage("NotifyStrategy")},
		{put, "/topics/t/subscriptions/s", "<Subscription>" + to + "<NotifyContentFormat>STREAM</NotifyContentFormat></Subscription>",
			400, "InvalidArgument", schemaMessage("NotifyContentFormat")},
		{put, "/topics/t/subscriptions/s", "<Subscription>" + to + "<FilterTag>12345678901234567</FilterTag></Subscription>",
			400, "InvalidArgument", rangeMessage("FilterTag", 0, 16)},
		{put, "/topics/t/subscriptions/s", "<Subscription>" + to + "<FilterTag>tag</FilterTag></Subscription>",
			409, "SubscriptionAlreadyExist", ""},
		{put, "/topics/t/subscriptions/s?metaoverride=true", "<Subscription>" + to + "</Subscription>",
			400, "InvalidArgument", schemaMessage("Endpoint")},
		{put, "/topics/t/subscriptions/s?metaoverride=true", "<Subscription><NotifyStrategy/></Subscription>",
			400, "InvalidArgument", schemaMessage("NotifyStrategy")},
		{put, "/topics/t/subscriptions/none?metaoverride=true", "<Subscription/>", 404, "SubscriberNotExist", ""},
		{get, "/topics/t/subscriptions/none", "", 404, "SubscriberNotExist", ""},
		{get, "/topics/none/subscriptions", "", 404, "TopicNotExist", ""},
		{get, "/topics/t/subscriptions/", "", 400, "SubscriptionNameLengthError", "Subscription name length should between 1 and 120."},
		{get, "/topics/t/subscriptions/-s", "", 400, "SubsriptionNameInvalid", ""},
	})
}

func TestListsOfTopicsRefuseSizes(t *testing.T) {
	c, _ := withTopic(t, mns.Options{})
	for _, target := range []string{"/topics", "/topics/t/subscriptions"} {
		r := c.do(t, call{method: get, target: target, header: map[string]string{"x-mns-ret-number": "0"}})
		require.Equal(t, "InvalidArgument", r.doc.Code)
	}
}

//go:build conformance

package conformance

import (
	"context"
	"encoding/xml"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
)

// members are the parameters of a call. Whoever takes one removes it, so that
// what a client has no place for does not pass unnoticed.
type members map[string]any

// take returns a parameter, the zero value where it is absent.
func take[T any](m members, name string) (value T) {
	if given, ok := m[name]; ok {
		delete(m, name)
		value, _ = given.(T)
	}
	return value
}

// left is the error of parameters that nobody took.
func (m members) left() error {
	if len(m) == 0 {
		return nil
	}
	return fmt.Errorf("the client has no place for %v", slices.Sorted(maps.Keys(m)))
}

// mnsCall is what the Go SDK does for an operation: its answer, nil for none.
type mnsCall func(c ali_mns.MNSClient, m members) (any, error)

var mnsSDK = map[string]mnsCall{
	"OpenService": func(c ali_mns.MNSClient, m members) (any, error) { return ali_mns.NewAccountManager(c).OpenService() },
	"CreateQueue": func(c ali_mns.MNSClient, m members) (any, error) {
		return nil, ali_mns.NewMNSQueueManager(c).CreateQueueWithOptions(take[string](m, "QueueName"), queueOptions(m)...)
	},
	"SetQueueAttributes": func(c ali_mns.MNSClient, m members) (any, error) {
		return nil, ali_mns.NewMNSQueueManager(c).SetQueueAttributesWithOptions(take[string](m, "QueueName"), queueOptions(m)...)
	},
	"GetQueueAttributes": func(c ali_mns.MNSClient, m members) (any, error) {
		return ali_mns.NewMNSQueueManager(c).GetQueueAttributes(take[string](m, "QueueName"))
	},
	"DeleteQueue": func(c ali_mns.MNSClient, m members) (any, error) {
		return nil, ali_mns.NewMNSQueueManager(c).DeleteQueue(take[string](m, "QueueName"))
	},
	"ListQueue": func(c ali_mns.MNSClient, m members) (any, error) {
		list := listed(m)
		if list.withMeta {
			return ali_mns.NewMNSQueueManager(c).ListQueueDetail(list.marker, list.size, list.prefix)
		}
		return ali_mns.NewMNSQueueManager(c).ListQueue(list.marker, list.size, list.prefix)
	},
	"SendMessage": func(c ali_mns.MNSClient, m members) (any, error) {
		return queueOf(c, m).SendMessage(sendRequest(m))
	},
	"BatchSendMessage": func(c ali_mns.MNSClient, m members) (any, error) {
		queue := queueOf(c, m)
		var requests []ali_mns.MessageSendRequest
		for _, one := range take[[]any](m, "Messages") {
			requests = append(requests, sendRequest(one.(map[string]any)))
		}
		return queue.BatchSendMessage(requests...)
	},
	"ReceiveMessage": func(c ali_mns.MNSClient, m members) (any, error) {
		return received(func(r chan ali_mns.MessageReceiveResponse, e chan error) {
			queueOf(c, m).ReceiveMessage(r, e, waits(m)...)
		})
	},
	"BatchReceiveMessage": func(c ali_mns.MNSClient, m members) (any, error) {
		return received(func(r chan ali_mns.BatchMessageReceiveResponse, e chan error) {
			queueOf(c, m).BatchReceiveMessage(r, e, int32(take[int](m, "numOfMessages")), waits(m)...)
		})
	},
	"PeekMessage": func(c ali_mns.MNSClient, m members) (any, error) {
		return received(func(r chan ali_mns.MessageReceiveResponse, e chan error) { queueOf(c, m).PeekMessage(r, e) })
	},
	"BatchPeekMessage": func(c ali_mns.MNSClient, m members) (any, error) {
		return received(func(r chan ali_mns.BatchMessageReceiveResponse, e chan error) {
			queueOf(c, m).BatchPeekMessage(r, e, int32(take[int](m, "numOfMessages")))
		})
	},
	"DeleteMessage": func(c ali_mns.MNSClient, m members) (any, error) {
		return nil, queueOf(c, m).DeleteMessage(take[string](m, "ReceiptHandle"))
	},
	"BatchDeleteMessage": func(c ali_mns.MNSClient, m members) (any, error) {
		queue := queueOf(c, m)
		var handles []string
		for _, handle := range take[[]any](m, "ReceiptHandles") {
			handles = append(handles, fmt.Sprint(handle))
		}
		return queue.BatchDeleteMessage(handles...)
	},
	"ChangeMessageVisibility": func(c ali_mns.MNSClient, m members) (any, error) {
		return queueOf(c, m).ChangeMessageVisibility(take[string](m, "ReceiptHandle"), int64(take[int](m, "VisibilityTimeout")))
	},
	"CreateTopic": func(c ali_mns.MNSClient, m members) (any, error) {
		return nil, ali_mns.NewMNSTopicManager(c).CreateTopic(take[string](m, "TopicName"), int32(take[int](m, "MaximumMessageSize")), take[bool](m, "LoggingEnabled"))
	},
	"SetTopicAttributes": func(c ali_mns.MNSClient, m members) (any, error) {
		return nil, ali_mns.NewMNSTopicManager(c).SetTopicAttributes(take[string](m, "TopicName"),
			int32(take[int](m, "MaximumMessageSize")), take[bool](m, "LoggingEnabled"))
	},
	"GetTopicAttributes": func(c ali_mns.MNSClient, m members) (any, error) {
		return ali_mns.NewMNSTopicManager(c).GetTopicAttributes(take[string](m, "TopicName"))
	},
	"DeleteTopic": func(c ali_mns.MNSClient, m members) (any, error) {
		return nil, ali_mns.NewMNSTopicManager(c).DeleteTopic(take[string](m, "TopicName"))
	},
	"ListTopic": func(c ali_mns.MNSClient, m members) (any, error) {
		list := listed(m)
		if list.withMeta {
			return ali_mns.NewMNSTopicManager(c).ListTopicDetail(list.marker, list.size, list.prefix)
		}
		return ali_mns.NewMNSTopicManager(c).ListTopic(list.marker, list.size, list.prefix)
	},
	"PublishMessage": func(c ali_mns.MNSClient, m members) (any, error) {
		return topicOf(c, m).PublishMessage(ali_mns.MessagePublishRequest{MessageBody: take[string](m, "MessageBody"), MessageTag: take[string](m, "MessageTag")})
	},
	"Subscribe": func(c ali_mns.MNSClient, m members) (any, error) {
		return nil, topicOf(c, m).Subscribe(take[string](m, "SubscriptionName"), ali_mns.MessageSubsribeRequest{
			Endpoint: take[string](m, "Endpoint"), FilterTag: take[string](m, "FilterTag"),
			NotifyStrategy:      ali_mns.NotifyStrategyType(take[string](m, "NotifyStrategy")),
			NotifyContentFormat: ali_mns.NotifyContentFormatType(take[string](m, "NotifyContentFormat")),
		})
	},
	"SetSubscriptionAttributes": func(c ali_mns.MNSClient, m members) (any, error) {
		return nil, topicOf(c, m).SetSubscriptionAttributes(take[string](m, "SubscriptionName"), ali_mns.NotifyStrategyType(take[string](m, "NotifyStrategy")))
	},
	"GetSubscriptionAttributes": func(c ali_mns.MNSClient, m members) (any, error) {
		return topicOf(c, m).GetSubscriptionAttributes(take[string](m, "SubscriptionName"))
	},
	"Unsubscribe": func(c ali_mns.MNSClient, m members) (any, error) {
		return nil, topicOf(c, m).Unsubscribe(take[string](m, "SubscriptionName"))
	},
	"ListSubscriptionByTopic": func(c ali_mns.MNSClient, m members) (any, error) {
		topic, list := topicOf(c, m), listed(m)
		if list.withMeta {
			return topic.ListSubscriptionDetailByTopic(list.marker, list.size, list.prefix)
		}
		return topic.ListSubscriptionByTopic(list.marker, list.size, list.prefix)
	},
}

func queueOf(c ali_mns.MNSClient, m members) ali_mns.AliMNSQueue {
	return ali_mns.NewMNSQueue(take[string](m, "QueueName"), c)
}

func topicOf(c ali_mns.MNSClient, m members) ali_mns.AliMNSTopic {
	return ali_mns.NewMNSTopic(take[string](m, "TopicName"), c)
}

func queueOptions(m members) (options []ali_mns.QueueOption) {
	for name, option := range map[string]func(int32) ali_mns.QueueOption{
		"DelaySeconds": ali_mns.WithDelaySeconds, "MaximumMessageSize": ali_mns.WithMaxMessageSize, "MessageRetentionPeriod": ali_mns.WithMessageRetentionPeriod,
		"VisibilityTimeout": ali_mns.WithVisibilityTimeout, "PollingWaitSeconds": ali_mns.WithPollingWaitSeconds,
	} {
		if _, given := m[name]; given {
			options = append(options, option(int32(take[int](m, name))))
		}
	}
	return append(options, ali_mns.WithLoggingEnabled(take[bool](m, "LoggingEnabled")))
}

// sendRequest needs a priority: the SDK would send 0.
func sendRequest(m members) ali_mns.MessageSendRequest {
	request := ali_mns.MessageSendRequest{MessageBody: take[string](m, "MessageBody"), DelaySeconds: int64(take[int](m, "DelaySeconds")), Priority: 8}
	if _, given := m["Priority"]; given {
		request.Priority = int64(take[int](m, "Priority"))
	}
	return request
}

// page is what a list operation is asked.
type page struct {
	marker, prefix string
	size           int32
	withMeta       bool
}

func listed(m members) page {
	return page{take[string](m, "x-mns-marker"), take[string](m, "x-mns-prefix"), int32(take[int](m, "x-mns-ret-number")), take[bool](m, "x-mns-with-meta")}
}

func waits(m members) (list []int64) {
	if wait := take[int](m, "waitseconds"); wait > 0 {
		list = append(list, int64(wait)) // 0 would send nothing
	}
	return list
}

func received[R any](receive func(chan R, chan error)) (any, error) {
	responses, failures := make(chan R, 1), make(chan error, 1)
	receive(responses, failures)
	select {
	case r := <-responses:
		return r, nil
	case err := <-failures:
		return nil, err
	}
}

// openMNSSDK asks with the SDK of the functions, a client a call. What it shows
// is what the SDK made of the answer.
func openMNSSDK(_ *testing.T, c *cloud, _ *row) asker {
	return func(_ context.Context, q call) (answer, error) {
		do, known := mnsSDK[q.Do]
		if !known {
			return answer{}, fmt.Errorf("the SDK has no %s", q.Do)
		}
		client := ali_mns.NewAliMNSClientWithConfig(ali_mns.AliMNSClientConfig{
			EndPoint: c.e.MNS, AccessKeyId: q.Key.AccessKeyID, AccessKeySecret: q.Key.Secret, Token: q.Key.Token, TimeoutSecond: 20,
		})
		m := members(q.With)
		got, err := do(client, m)
		return mnsSDKAnswer(got, errors.Join(err, m.left()))
	}
}

// Errors of the SDK that are successes of the service, and how they begin.
const (
	sameAttributes = "attribute is the same"
	batchFailed    = "batch operation fail"
	codeBegins     = "ali_mns response status error,code: "
)

func mnsSDKAnswer(got any, err error) (answer, error) {
	switch {
	case err != nil && strings.Contains(err.Error(), sameAttributes):
		return answer{Status: 204}, nil
	case err != nil && strings.Contains(err.Error(), codeBegins):
		_, rest, _ := strings.Cut(err.Error(), codeBegins)
		code, _, _ := strings.Cut(rest, ",")
		return answer{Code: code}, nil
	case err != nil && !strings.Contains(err.Error(), batchFailed):
		return answer{}, err
	case got == nil:
		return answer{}, nil
	}
	text, err := xml.Marshal(got)
	if err != nil {
		return answer{}, err
	}
	fields, err := readXML(string(text))
	return answer{Fields: fields}, err
}

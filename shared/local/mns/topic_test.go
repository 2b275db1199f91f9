package mns_test

import (
	"crypto/md5"
	"encoding/json"
	"encoding/xml"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync"
	"testing"
	"time"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/store"
)

const endpoint = "acs:mns:cn-hangzhou:1234567890123456:queues/"

// withTopic is a cloud with the topic t and the queue q.
func withTopic(t testing.TB, opt mns.Options) (*cloud, *account.ManualClock) {
	clock := manualClock()
	c := newCloud(t, clock, opt)
	c.queue(t, "q")
	require.NoError(t, c.CreateTopic("t"))
	return c, clock
}

// subscribe puts a subscription of the topic t to a queue; more is XML.
func (c *cloud) subscribe(t testing.TB, name, queue, more string) {
	r := c.do(t, call{method: "PUT", target: "/topics/t/subscriptions/" + name,
		body: "<Subscription><Endpoint>" + endpoint + queue + "</Endpoint>" + more + "</Subscription>"})
	require.Equal(t, http.StatusCreated, r.status, r.body)
}

// publish publishes to the topic t; more is XML.
func (c *cloud) publish(t testing.TB, body, more string) reply {
	r := c.do(t, call{method: "POST", target: "/topics/t/messages", body: "<Message><MessageBody>" + body + "</MessageBody>" + more + "</Message>"})
	require.Equal(t, http.StatusCreated, r.status, r.body)
	return r
}

func bodies(messages []mns.Message) (list []string) {
	for _, m := range messages {
		list = append(list, string(m.Body))
	}
	return list
}

func TestSDKTopics(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	m := ali_mns.NewMNSTopicManager(c.sdk())
	before := time.Now().Unix()
	require.NoError(t, m.CreateSimpleTopic("t"))
	sdkCode(t, ali_mns.ERR_MNS_TOPIC_ALREADY_EXIST_AND_HAVE_SAME_ATTR, m.CreateSimpleTopic("t"))
	sdkCode(t, ali_mns.ERR_MNS_TOPIC_ALREADY_EXIST, m.CreateTopic("t", 1024, false))
	require.NoError(t, c.CreateTopic("t"), "the one that exists")

	require.NoError(t, m.SetTopicAttributes("t", 2048, true))
	got, err := m.GetTopicAttributes("t")
	require.NoError(t, err)
	require.Equal(t, "t", got.TopicName)
	require.EqualValues(t, 2048, got.MaxMessageSize)
	require.EqualValues(t, 86400, got.MessageRetentionPeriod)
	require.True(t, got.LoggingEnabled)
	require.GreaterOrEqual(t, got.CreateTime, before)
	require.GreaterOrEqual(t, got.LastModifyTime, got.CreateTime)
	require.NoError(t, c.CreateTopic("t"))
	again, err := m.GetTopicAttributes("t")
	require.NoError(t, err)
	require.Equal(t, got, again, "an existing topic keeps its attributes")

	sdkCode(t, ali_mns.ERR_MNS_INVALID_ARGUMENT, m.CreateTopic("large", 65537, false))
	sdkCode(t, ali_mns.ERR_MNS_INVALID_ARGUMENT, m.SetTopicAttributes("t", 1023, false))
	sdkCode(t, ali_mns.ERR_MNS_TOPIC_NOT_EXIST, m.SetTopicAttributes("none", 1024, false))
	_, err = m.GetTopicAttributes("none")
	sdkCode(t, ali_mns.ERR_MNS_TOPIC_NOT_EXIST, err)
	sdkCode(t, ali_mns.ERR_MNS_INVALID_TOPIC_NAME, m.CreateSimpleTopic("a_b"))
	sdkCode(t, ali_mns.ERR_MNS_TOPIC_NAME_LENGTH_ERROR, m.CreateSimpleTopic(strings.Repeat("t", 121)))
	require.NoError(t, m.CreateSimpleTopic(strings.Repeat("t", 120)))

	require.NoError(t, m.DeleteTopic("t"))
	require.NoError(t, m.DeleteTopic("t"))
	_, err = m.GetTopicAttributes("t")
	sdkCode(t, ali_mns.ERR_MNS_TOPIC_NOT_EXIST, err)
}

func TestSDKSubscriptions(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	c.queue(t, "q")
	require.NoError(t, c.CreateTopic("t"))
	topic := ali_mns.NewMNSTopic("t", c.sdk())
	want := ali_mns.MessageSubsribeRequest{Endpoint: topic.GenerateQueueEndpoint("q"), FilterTag: "important", NotifyContentFormat: ali_mns.SIMPLIFIED}
	require.Equal(t, endpoint+"q", want.Endpoint)
	require.NoError(t, topic.Subscribe("s", want))
	sdkCode(t, ali_mns.ERR_MNS_SUBSCRIPTION_ALREADY_EXIST_AND_HAVE_SAME_ATTR, topic.Subscribe("s", want))
	other := want
	other.FilterTag = ""
	sdkCode(t, ali_mns.ERR_MNS_SUBSCRIPTION_ALREADY_EXIST, topic.Subscribe("s", other))

	require.NoError(t, topic.SetSubscriptionAttributes("s", ali_mns.EXPONENTIAL_DECAY_RETRY))
	got, err := topic.GetSubscriptionAttributes("s")
	require.NoError(t, err)
	require.NotZero(t, got.CreateTime)
	require.GreaterOrEqual(t, got.LastModifyTime, got.CreateTime)
	got.XMLName, got.CreateTime, got.LastModifyTime = xml.Name{}, 0, 0
	require.Equal(t, ali_mns.SubscriptionAttribute{
		SubscriptionName: "s", Subscriber: account.ID, TopicOwner: account.ID, TopicName: "t", Endpoint: endpoint + "q",
		NotifyStrategy: ali_mns.EXPONENTIAL_DECAY_RETRY, NotifyContentFormat: ali_mns.SIMPLIFIED, FilterTag: "important",
	}, got)

	other.FilterTag = strings.Repeat("网", 16)
	require.NoError(t, topic.Subscribe("s-16", other))
	other.FilterTag += "t"
	sdkCode(t, ali_mns.ERR_MNS_INVALID_ARGUMENT, topic.Subscribe("s-17", other))
	for _, invalid := range []string{"http://127.0.0.1/notify", "mail:directmail:a@example.com", "acs:mns:cn-beijing:1234567890123456:queues/q", endpoint, endpoint + "a/b"} {
		sdkCode(t, ali_mns.ERR_MNS_INVALID_ENDPOINT, topic.Subscribe("bad", ali_mns.MessageSubsribeRequest{Endpoint: invalid}))
	}
	sdkCode(t, ali_mns.ERR_MNS_INVALID_SUBSCRIPTION_NAME, topic.Subscribe("a_b", want))
	sdkCode(t, ali_mns.ERR_MNS_SUBSRIPTION_NAME_LENGTH_ERROR, topic.Subscribe(strings.Repeat("s", 121), want))
	sdkCode(t, ali_mns.ERR_MNS_TOPIC_NOT_EXIST, ali_mns.NewMNSTopic("none", c.sdk()).Subscribe("s", want))
	_, err = topic.GetSubscriptionAttributes("none")
	sdkCode(t, ali_mns.ERR_MNS_SUBSCRIBER_NOT_EXIST, err)
	sdkCode(t, ali_mns.ERR_MNS_SUBSCRIBER_NOT_EXIST, topic.SetSubscriptionAttributes("none", ali_mns.BACKOFF_RETRY))
	_, err = ali_mns.NewMNSTopic("none", c.sdk()).GetSubscriptionAttributes("s")
	sdkCode(t, ali_mns.ERR_MNS_TOPIC_NOT_EXIST, err)

	require.NoError(t, topic.Unsubscribe("s"))
	require.NoError(t, topic.Unsubscribe("s"))
	_, err = topic.GetSubscriptionAttributes("s")
	sdkCode(t, ali_mns.ERR_MNS_SUBSCRIBER_NOT_EXIST, err)
}

func TestSDKPublishes(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	c.queue(t, "q")
	require.NoError(t, c.CreateTopic("t"))
	topic := ali_mns.NewMNSTopic("t", c.sdk())
	require.NoError(t, topic.Subscribe("s", ali_mns.MessageSubsribeRequest{Endpoint: topic.GenerateQueueEndpoint("q"), NotifyContentFormat: ali_mns.SIMPLIFIED}))
	const body = "{\"name\":\"web\"} <&> \"quotes\" 中\U0001F600\n"
	sent, err := topic.PublishMessage(ali_mns.MessagePublishRequest{MessageBody: body, MessageTag: "tag",
		MessageAttributes: &ali_mns.MessageAttributes{MailAttributes: &ali_mns.MailAttributes{Subject: "s"}}})
	require.NoError(t, err)
	require.Equal(t, "201", sent.Code)
	require.Len(t, sent.MessageId, 40)
	got, err := receive(ali_mns.NewMNSQueue("q", c.sdk()))
	require.NoError(t, err)
	require.Equal(t, body, got.MessageBody)
	require.Equal(t, sent.MessageBodyMD5, got.MessageBodyMD5)
	require.EqualValues(t, 8, got.Priority)
	require.NotEqual(t, sent.MessageId, got.MessageId, "the queue gives its message an id of its own")

	_, err = topic.PublishMessage(ali_mns.MessagePublishRequest{})
	sdkCode(t, ali_mns.ERR_MNS_INVALID_ARGUMENT, err)
	_, err = topic.PublishMessage(ali_mns.MessagePublishRequest{MessageBody: strings.Repeat("x", 65537)})
	sdkCode(t, ali_mns.ERR_MNS_INVALID_ARGUMENT, err)
	_, err = ali_mns.NewMNSTopic("none", c.sdk()).PublishMessage(ali_mns.MessagePublishRequest{MessageBody: "x"})
	sdkCode(t, ali_mns.ERR_MNS_TOPIC_NOT_EXIST, err)
}

// The three forms of what is pushed.
func TestNotificationForms(t *testing.T) {
	c, clock := withTopic(t, mns.Options{})
	for _, form := range []string{"XML", "JSON", "SIMPLIFIED"} {
		c.queue(t, form)
		c.subscribe(t, "to-"+form, form, "<NotifyContentFormat>"+form+"</NotifyContentFormat>")
	}
	c.subscribe(t, "by-default", "q", "")
	const body = "{1:\"a\"} <b> & 中\n"
	var escaped strings.Builder
	require.NoError(t, xml.EscapeText(&escaped, []byte(body)))
	published := c.publish(t, escaped.String(), "<MessageTag>important</MessageTag>")
	one := func(queue string) []byte {
		got := c.take(t, queue, 16)
		require.Len(t, got, 1, queue)
		return got[0].Body
	}
	require.Equal(t, body, string(one("SIMPLIFIED")))

	type content struct {
		XMLName                                                 xml.Name `json:"-"`
		TopicOwner, TopicName, Subscriber, SubscriptionName     string
		MessageId, Message, MessageMD5, MessageTag, PublishTime string
	}
	want := content{
		TopicOwner: account.ID, TopicName: "t", Subscriber: account.ID, SubscriptionName: "to-JSON", MessageId: published.doc.MessageId,
		Message: body, MessageMD5: fmt.Sprintf("%X", md5.Sum([]byte(body))), MessageTag: "important", PublishTime: fmt.Sprint(clock.Now().UnixMilli()),
	}
	var got content
	require.NoError(t, json.Unmarshal(one("JSON"), &got))
	require.Equal(t, want, got)
	for queue, name := range map[string]string{"XML": "to-XML", "q": "by-default"} {
		text := one(queue)
		require.True(t, strings.HasPrefix(string(text), `<?xml version="1.0" encoding="utf-8"?>`+"\n"), string(text))
		got = content{}
		require.NoError(t, xml.Unmarshal(text, &got))
		require.Equal(t, xml.Name{Space: "http://mns.aliyuncs.com/doc/v1/", Local: "Notification"}, got.XMLName)
		got.XMLName, want.SubscriptionName = xml.Name{}, name
		require.Equal(t, want, got)
	}
	c.publish(t, "untagged", "")
	require.NotContains(t, string(one("XML")), "MessageTag")
	require.NotContains(t, string(one("JSON")), "MessageTag")
}

func TestFilterTag(t *testing.T) {
	c, _ := withTopic(t, mns.Options{})
	for name, tag := range map[string]string{"any": "", "web": "web", "Web": "Web"} {
		c.queue(t, name)
		c.subscribe(t, name, name, "<NotifyContentFormat>SIMPLIFIED</NotifyContentFormat><FilterTag>"+tag+"</FilterTag>")
	}
	c.publish(t, "none", "")
	c.publish(t, "web", "<MessageTag>web</MessageTag>")
	c.publish(t, "we", "<MessageTag>we</MessageTag>")
	require.Equal(t, []string{"none", "web", "we"}, bodies(c.take(t, "any", 16)))
	require.Equal(t, []string{"web"}, bodies(c.take(t, "web", 16)))
	require.Empty(t, c.take(t, "Web", 16))
}

func TestHookSeesEveryPublishInItsTransaction(t *testing.T) {
	var mu sync.Mutex
	var seen []mns.Published
	c, clock := withTopic(t, mns.Options{OnPublish: func(tx *store.Tx, p mns.Published) error {
		if string(p.Body) == "refuse" {
			return errors.New("refused")
		}
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, p)
		return tx.Put("feed", p.MessageID, p.Body)
	}})
	c.subscribe(t, "s", "q", "")
	r := c.publish(t, "one", `<MessageAttributes><Extend>{"tier":"gold"}</Extend><DirectMail/></MessageAttributes><MessageTag>tag</MessageTag>`)
	require.Equal(t, []mns.Published{{
		Topic: "t", MessageID: r.doc.MessageId, Tag: "tag", Body: []byte("one"), Attributes: map[string]string{"Extend": `{"tier":"gold"}`, "DirectMail": ""},
		PublishTime: clock.Now().UTC().Truncate(time.Millisecond),
	}}, seen)
	refused := c.do(t, call{method: "POST", target: "/topics/t/messages", body: "<Message><MessageBody>refuse</MessageBody></Message>"})
	require.Equal(t, "InternalError", refused.doc.Code)
	require.Len(t, c.take(t, "q", 16), 1, "what was refused is in no queue")
	c.publish(t, "two", "<MessageAttributes></MessageAttributes>")
	require.Nil(t, seen[1].Attributes)
	require.NoError(t, c.store.View(func(tx *store.Tx) error {
		require.Equal(t, []byte("one"), tx.Get("feed", seen[0].MessageID))
		require.Equal(t, []byte("two"), tx.Get("feed", seen[1].MessageID))
		return nil
	}))
}

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

func TestSDKListsTopics(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	m := ali_mns.NewMNSTopicManager(c.sdk())
	list, err := m.ListTopic("", 0, "")
	require.NoError(t, err)
	require.Empty(t, list.Topics)
	for _, name := range []string{"a", "t", "t-1", "t-2", "t-3"} {
		require.NoError(t, c.CreateTopic(name))
	}

	urls := pages(t, 2, func(marker string) (urls []string, next string, err error) {
		page, err := m.ListTopic(marker, 2, "t-")
		for _, x := range page.Topics {
			urls = append(urls, x.TopicURL)
		}
		return urls, page.NextMarker, err
	})
	require.Equal(t, []string{c.topicURL("t-1"), c.topicURL("t-2"), c.topicURL("t-3")}, urls)

	details, err := m.ListTopicDetail("", 2, "")
	require.NoError(t, err)
	var names []string
	for _, x := range details.Attrs {
		names = append(names, x.TopicName)
		require.EqualValues(t, 65536, x.MaxMessageSize)
	}
	require.Equal(t, []string{"a", "t"}, names)
	require.NotEmpty(t, details.NextMarker)
}

func TestSDKListsSubscriptions(t *testing.T) {
	c := newCloud(t, account.SystemClock{}, mns.Options{})
	subscribe := func(topic string, names ...string) ali_mns.AliMNSTopic {
		require.NoError(t, c.CreateTopic(topic))
		m := ali_mns.NewMNSTopic(topic, c.sdk())
		for _, name := range names {
			require.NoError(t, m.Subscribe(name, ali_mns.MessageSubsribeRequest{Endpoint: endpoint + "q"}))
		}
		return m
	}
	topic := subscribe("t", "b", "s-1", "s-2", "s-3")
	subscribe("t-1", "s-9")

	urls := pages(t, 2, func(marker string) (urls []string, next string, err error) {
		page, err := topic.ListSubscriptionByTopic(marker, 2, "s-")
		for _, x := range page.Subscriptions {
			urls = append(urls, x.SubscriptionURL)
		}
		return urls, page.NextMarker, err
	})
	base := c.topicURL("t") + "/subscriptions/"
	require.Equal(t, []string{base + "s-1", base + "s-2", base + "s-3"}, urls)

	details, err := topic.ListSubscriptionDetailByTopic("", 0, "")
	require.NoError(t, err)
	var names []string
	for _, x := range details.Attrs {
		names = append(names, x.SubscriptionName)
		require.Equal(t, "t", x.TopicName)
	}
	require.Equal(t, []string{"b", "s-1", "s-2", "s-3"}, names, "those of t-1 are not among them")
	require.Empty(t, details.NextMarker)
	_, err = ali_mns.NewMNSTopic("none", c.sdk()).ListSubscriptionByTopic("", 0, "")
	sdkCode(t, ali_mns.ERR_MNS_TOPIC_NOT_EXIST, err)
}

// topicURL is how lists name a topic.
func (c *cloud) topicURL(name string) string {
	return "http://localhost:" + c.port() + prefix + "/topics/" + name
}

// pages reads a list page by page, none of which has more items than that.
func pages(t *testing.T, limit int, page func(marker string) (items []string, next string, err error)) (all []string) {
	t.Helper()
	for marker := ""; ; {
		items, next, err := page(marker)
		require.NoError(t, err)
		require.LessOrEqual(t, len(items), limit)
		all = append(all, items...)
		if marker = next; marker == "" {
			return all
		}
	}
}

func TestTopicAnswersHaveTheDocumentedForm(t *testing.T) {
	c, clock := withTopic(t, mns.Options{})
	made := c.do(t, call{method: "PUT", target: prefix + "/topics/new"})
	require.Equal(t, http.StatusCreated, made.status)
	require.Equal(t, c.server.URL+prefix+"/topics/new", made.header.Get("Location"))
	made = c.do(t, call{method: "PUT", target: prefix + "/topics/t/subscriptions/s", body: "<Subscription><Endpoint> " + endpoint + "q\n</Endpoint></Subscription>"})
	require.Equal(t, http.StatusCreated, made.status)
	require.Equal(t, c.server.URL+prefix+"/topics/t/subscriptions/s", made.header.Get("Location"))
	require.Empty(t, made.body)

	now := clock.Now().Unix()
	require.Equal(t, `<?xml version="1.0" encoding="utf-8"?>`+"\n"+fmt.Sprintf(`<Topic xmlns="http://mns.aliyuncs.com/doc/v1/"><TopicName>t</TopicName><CreateTime>%d</CreateTime><LastModifyTime>%d</LastModifyTime><MaximumMessageSize>65536</MaximumMessageSize><MessageRetentionPeriod>86400</MessageRetentionPeriod><MessageCount>0</MessageCount><LoggingEnabled>false</LoggingEnabled></Topic>`, now, now),
		c.do(t, call{method: "GET", target: "/topics/t"}).body)
	require.Equal(t, `<?xml version="1.0" encoding="utf-8"?>`+"\n"+fmt.Sprintf(`<Subscription xmlns="http://mns.aliyuncs.com/doc/v1/"><SubscriptionName>s</SubscriptionName><Subscriber>1234567890123456</Subscriber><TopicOwner>1234567890123456</TopicOwner><TopicName>t</TopicName><Endpoint>acs:mns:cn-hangzhou:1234567890123456:queues/q</Endpoint><NotifyStrategy>BACKOFF_RETRY</NotifyStrategy><NotifyContentFormat>XML</NotifyContentFormat><CreateTime>%d</CreateTime><LastModifyTime>%d</LastModifyTime></Subscription>`, now, now),
		c.do(t, call{method: "GET", target: "/topics/t/subscriptions/s"}).body)
	published := c.publish(t, "x", "")
	require.Regexp(t, `^<\?xml version="1.0" encoding="utf-8"\?>\n<Message xmlns="http://mns.aliyuncs.com/doc/v1/"><MessageId>[0-9A-F]{16}-\d-[0-9A-F]{11}-\d{9}</MessageId><MessageBodyMD5>9DD4E461268C8034F5C8564E155C67A6</MessageBodyMD5></Message>$`, published.body)
}

// What a queue does not take keeps the others from nothing.
func TestUndeliverableIsDiscarded(t *testing.T) {
	c, _ := withTopic(t, mns.Options{})
	attributes := mns.DefaultAttributes()
	attributes.MaximumMessageSize = 1024
	require.NoError(t, c.CreateQueue("small", attributes))
	for name, queue := range map[string]string{"a": "none", "b": "small", "c": "q"} {
		c.subscribe(t, name, queue, "<NotifyContentFormat>SIMPLIFIED</NotifyContentFormat>")
	}
	c.subscribe(t, "d", "q", "")
	c.publish(t, strings.Repeat("x", 1025), "")
	require.Empty(t, c.take(t, "small", 16))
	require.Len(t, c.take(t, "q", 16), 2)
	c.publish(t, strings.Repeat("x", 65536), "")
	require.Len(t, c.take(t, "q", 16), 1, "the notification is larger than its message")

	c.queue(t, "none")
	require.Empty(t, c.take(t, "none", 16))
	c.publish(t, "fits", "")
	require.Equal(t, []string{"fits"}, bodies(c.take(t, "none", 16)))
	require.Equal(t, []string{"fits"}, bodies(c.take(t, "small", 16)))
}

func TestPublishedMessagesTakeTheQueuesDelay(t *testing.T) {
	c, clock := withTopic(t, mns.Options{})
	attributes := mns.DefaultAttributes()
	attributes.DelaySeconds = 5
	require.NoError(t, c.CreateQueue("late", attributes))
	c.subscribe(t, "s", "late", "")
	waiting := c.poll(t, t.Context(), "late", 30*time.Second)
	c.publish(t, "x", "")
	require.Empty(t, c.take(t, "late", 1))
	clock.Advance(5 * time.Second)
	r := <-waiting
	require.NoError(t, r.err)
	require.Len(t, r.messages, 1)
}

func TestPublishWakesReceivers(t *testing.T) {
	c, _ := withTopic(t, mns.Options{})
	c.subscribe(t, "s", "q", "<NotifyContentFormat>SIMPLIFIED</NotifyContentFormat>")
	waiting := c.poll(t, t.Context(), "q", time.Minute)
	c.publish(t, "x", "")
	require.Equal(t, []string{"x"}, bodies((<-waiting).messages))
}

func TestDeletedTopicTakesItsSubscriptionsAlong(t *testing.T) {
	c, _ := withTopic(t, mns.Options{})
	require.NoError(t, c.CreateTopic("t-2"))
	c.subscribe(t, "s", "q", "")
	other := c.do(t, call{method: "PUT", target: "/topics/t-2/subscriptions/s", body: "<Subscription><Endpoint>" + endpoint + "q</Endpoint></Subscription>"})
	require.Equal(t, http.StatusCreated, other.status)
	require.Equal(t, http.StatusNoContent, c.do(t, call{method: "DELETE", target: "/topics/t"}).status)
	require.NoError(t, c.CreateTopic("t"))
	c.publish(t, "x", "")
	require.Empty(t, c.take(t, "q", 1))
	require.Equal(t, http.StatusOK, c.do(t, call{method: "GET", target: "/topics/t-2/subscriptions/s"}).status)
}

func TestSubscriptionLimit(t *testing.T) {
	c, _ := withTopic(t, mns.Options{})
	for i := range 100 {
		c.subscribe(t, fmt.Sprintf("s-%d", i), "q", "")
	}
	body := "<Subscription><Endpoint>" + endpoint + "q</Endpoint></Subscription>"
	more := c.do(t, call{method: "PUT", target: "/topics/t/subscriptions/more", body: body})
	require.Equal(t, "SubscriptionNumExceededLimit", more.doc.Code)
	same := c.do(t, call{method: "PUT", target: "/topics/t/subscriptions/s-7", body: body})
	require.Equal(t, http.StatusNoContent, same.status, "an existing one is not one more")
	c.publish(t, "x", "")
	require.Equal(t, 300, c.entries(), "a message, its body and its place for each")
}

func TestTopicsSurviveARestart(t *testing.T) {
	clock := manualClock()
	path, st := openStore(t)
	c := newCloudOn(account.NewAt(clock), st, mns.Options{})
	c.queue(t, "q")
	require.NoError(t, c.CreateTopic("t"))
	c.subscribe(t, "s", "q", "<FilterTag>a</FilterTag><NotifyContentFormat>SIMPLIFIED</NotifyContentFormat>")
	c.publish(t, "before", "<MessageTag>a</MessageTag>")
	c.server.Close()
	require.NoError(t, st.Close())

	st, err := store.Open(path)
	require.NoError(t, err)
	defer st.Close()
	c = newCloudOn(account.NewAt(clock), st, mns.Options{})
	defer c.server.Close()
	c.publish(t, "after", "<MessageTag>a</MessageTag>")
	c.publish(t, "filtered", "<MessageTag>b</MessageTag>")
	require.Equal(t, []string{"before", "after"}, bodies(c.take(t, "q", 16)))
}

func TestManyPublishersReachEachQueueOnce(t *testing.T) {
	const publishers, each, queues = 20, 10, 3
	_, st := openStore(t)
	c := newCloudOn(account.New(), st, mns.Options{})
	t.Cleanup(func() { c.server.Close(); require.NoError(t, st.Close()) })
	require.NoError(t, c.CreateTopic("t"))
	for i := range queues {
		c.queue(t, fmt.Sprintf("q-%d", i))
		c.subscribe(t, fmt.Sprintf("s-%d", i), fmt.Sprintf("q-%d", i), "<NotifyContentFormat>SIMPLIFIED</NotifyContentFormat>")
	}
	client := c.sdk()
	errs := make(chan error, publishers*each)
	var group sync.WaitGroup
	for i := range publishers {
		group.Go(func() {
			topic := ali_mns.NewMNSTopic("t", client)
			for j := range each {
				_, err := topic.PublishMessage(ali_mns.MessagePublishRequest{MessageBody: fmt.Sprintf("%d-%d", i, j)})
				errs <- err
			}
		})
	}
	group.Wait()
	close(errs)
	for err := range errs {
		require.NoError(t, err)
	}
	for i := range queues {
		seen := map[string]int{}
		for {
			got := c.take(t, fmt.Sprintf("q-%d", i), 16)
			if len(got) == 0 {
				break
			}
			for _, body := range bodies(got) {
				seen[body]++
			}
		}
		require.Len(t, seen, publishers*each)
		for body, times := range seen {
			require.Equal(t, 1, times, body)
		}
	}
}

// A fault may be aimed at one topic.
func TestFaultOfOneTopic(t *testing.T) {
	c, _ := withTopic(t, mns.Options{})
	require.NoError(t, c.CreateTopic("other"))
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "mns", Operation: "PublishMessage", Match: "t", Effect: account.EffectCode, Status: 503, Code: "InternalError"}))
	body := "<Message><MessageBody>x</MessageBody></Message>"
	require.Equal(t, http.StatusCreated, c.do(t, call{method: "POST", target: "/topics/other/messages", body: body}).status)
	require.Equal(t, 503, c.do(t, call{method: "POST", target: "/topics/t/messages", body: body}).status)
	c.publish(t, "x", "")
}

// A fault of a publish's delivery hits each copy in the queues that subscribe,
// and the publisher is told nothing of it.
func TestFaultyDeliveriesOfAPublish(t *testing.T) {
	c, clock := withTopic(t, mns.Options{})
	c.queue(t, "r")
	for _, queue := range []string{"q", "r"} {
		c.subscribe(t, "to-"+queue, queue, "<NotifyContentFormat>SIMPLIFIED</NotifyContentFormat>")
	}
	arm := func(f account.Fault) {
		f.Service, f.Operation, f.Match = "mns", "PublishMessage", "t"
		require.NoError(t, c.account.Faults.Add(f))
	}
	c.publish(t, "first", "")
	arm(account.Fault{Effect: account.EffectDuplicate})
	c.publish(t, "twice", "")
	arm(account.Fault{Effect: account.EffectReorder})
	c.publish(t, "front", "")
	arm(account.Fault{Effect: account.EffectDelay, DelayMs: 60_000})
	c.publish(t, "late", "")
	for _, queue := range []string{"q", "r"} {
		got := c.take(t, queue, 16)
		require.Equal(t, []string{"front", "first", "twice", "twice"}, bodies(got))
		require.Equal(t, got[2].ID, got[3].ID)
	}
	clock.Advance(time.Minute)
	require.Contains(t, bodies(c.take(t, "q", 16)), "late")
}

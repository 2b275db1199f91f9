package oss_test

import (
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"sync"
	"testing"

	sdk "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
)

// inbox collects the events of a rule; deliver puts them into the store, as a
// durable queue would.
type inbox struct {
	mu     sync.Mutex
	events []string
}

func (b *inbox) deliver(tx *store.Tx, event []byte) error {
	text := string(event)
	tx.OnCommit(func() {
		b.mu.Lock()
		defer b.mu.Unlock()
		b.events = append(b.events, text)
	})
	return nil
}

func (b *inbox) take() []string {
	b.mu.Lock()
	defer b.mu.Unlock()
	taken := b.events
	b.events = nil
	return taken
}

// The sample of FC, "Formats of event for different triggers", OSS, with the
// values of this call.
func TestTheEventIsThatOfTheOSSTrigger(t *testing.T) {
	var in inbox
	c := start(t, oss.Options{Rules: []oss.Rule{{ID: "4f1d0c9b", Bucket: bucket, Events: []string{"oss:ObjectCreated:PutObject"},
		Prefix: "templates/", Deliver: in.deliver}}})
	put, err := c.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("templates/web 1+1 镜.Dockerfile"),
		Body: strings.NewReader("Hello"), ContentType: sdk.Ptr("text/plain"), Metadata: map[string]string{"Template": "web"}})
	require.NoError(t, err)
	require.JSONEq(t, `{"events": [{
		"eventName": "ObjectCreated:PutObject",
		"eventSource": "acs:oss",
		"eventTime": "`+c.clock.Now().Format("2006-01-02T15:04:05.000Z")+`",
		"eventVersion": "1.0",
		"oss": {
			"bucket": {"arn": "acs:oss:cn-hangzhou:1234567890123456:demo-bucket", "name": "demo-bucket",
				"ownerIdentity": "1234567890123456", "virtualBucket": ""},
			"object": {"deltaSize": 5, "eTag": "8B1A9953C4611296A827ABF8C47804D7", "key": "templates/web 1+1 镜.Dockerfile",
				"objectMeta": {"mimeType": "text/plain", "userMeta": {"x-oss-meta-template": "web"}}, "size": 5},
			"ossSchemaVersion": "1.0",
			"ruleId": "4f1d0c9b"
		},
		"region": "cn-hangzhou",
		"requestParameters": {"sourceIPAddress": "127.0.0.1"},
		"responseElements": {"requestId": "`+put.Headers.Get("x-oss-request-id")+`"},
		"userIdentity": {"principalId": "1234567890123456"}
	}]}`, in.take()[0])
}

func TestEventKeysCanBeEncoded(t *testing.T) {
	var in inbox
	c := start(t, oss.Options{EncodeEventKeys: true, Rules: []oss.Rule{{ID: "r", Bucket: bucket,
		Events: []string{"oss:ObjectCreated:*"}, Deliver: in.deliver}}})
	c.put(t, "dir/a b+c", "")
	require.Contains(t, in.take()[0], `"key":"dir%2Fa%20b%2Bc"`)
}

func TestRulesSelectEvents(t *testing.T) {
	var created, removed inbox
	c := start(t, oss.Options{Rules: []oss.Rule{
		{ID: "created", Bucket: bucket, Events: []string{"oss:ObjectCreated:*"}, Prefix: "in/", Suffix: ".yaml", Deliver: created.deliver},
		{ID: "removed", Bucket: bucket, Events: []string{"oss:ObjectRemoved:DeleteObject", "oss:ObjectRemoved:DeleteObjects"}, Deliver: removed.deliver},
		{ID: "elsewhere", Bucket: "other-bucket", Events: []string{"oss:ObjectCreated:*"}, Deliver: func(*store.Tx, []byte) error {
			return errors.New("an event of another bucket")
		}},
	}})
	for _, key := range []string{"in/a.yaml", "in/b.yml", "out/a.yaml", "in/", "IN/a.yaml"} {
		c.put(t, key, "12345")
	}
	c.put(t, "in/a.yaml", "1")
	got := created.take()
	require.Len(t, got, 2)
	require.Contains(t, got[0], `"deltaSize":5,`)
	require.Contains(t, got[1], `"deltaSize":-4,`)
	require.Contains(t, got[1], `"size":1}`)

	for range 2 {
		_, err := c.client.DeleteObject(t.Context(), &sdk.DeleteObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("in/a.yaml")})
		require.NoError(t, err)
	}
	_, err := c.client.DeleteMultipleObjects(t.Context(), &sdk.DeleteMultipleObjectsRequest{Bucket: sdk.Ptr(bucket), Objects: []sdk.DeleteObject{
		{Key: sdk.Ptr("in/b.yml")}, {Key: sdk.Ptr("out/a.yaml")}, {Key: sdk.Ptr("none")}}})
	require.NoError(t, err)
	got = removed.take()
	require.Len(t, got, 3, "one for each object that was there")
	require.Contains(t, got[0], `"eventName":"ObjectRemoved:DeleteObject"`)
	require.Contains(t, got[0], `"deltaSize":-1,`)
	require.Contains(t, got[2], `"eventName":"ObjectRemoved:DeleteObjects"`)
	require.Empty(t, created.take())
}

func TestARefusedPutIsNoEvent(t *testing.T) {
	var in inbox
	c := start(t, oss.Options{Rules: []oss.Rule{{ID: "r", Bucket: bucket, Events: []string{"oss:ObjectCreated:*"}, Deliver: in.deliver}}})
	_, err := c.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"),
		Body: strings.NewReader("Hello"), ContentMD5: sdk.Ptr("1B2M2Y8AsgTpgAmY7PhCfg==")})
	requireError(t, err, 400, "InvalidDigest")
	c.put(t, "k", "v")
	in.take()
	_, err = c.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("k"), ForbidOverwrite: sdk.Ptr("true")})
	requireError(t, err, 409, "FileAlreadyExists")
	require.Empty(t, in.take())
}

func TestWithoutItsEventThereIsNoObject(t *testing.T) {
	broken := errors.New("the queue is full")
	c := start(t, oss.Options{Rules: []oss.Rule{{ID: "r", Bucket: bucket, Events: []string{"oss:ObjectCreated:*", "oss:ObjectRemoved:*"},
		Prefix: "broken/", Deliver: func(tx *store.Tx, _ []byte) error {
			if err := tx.Put("queue", "event", nil); err != nil {
				return err
			}
			return broken
		}}}})
	_, err := c.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr("broken/k"), Body: strings.NewReader("x")})
	e := requireError(t, err, 500, "InternalError")
	require.Contains(t, e.Message, "The local cloud: rule r: "+broken.Error())
	exists, err := c.client.IsObjectExist(t.Context(), bucket, "broken/k")
	require.NoError(t, err)
	require.False(t, exists)
	require.NoError(t, c.st.View(func(tx *store.Tx) error {
		require.Nil(t, tx.Get("queue", "event"))
		return nil
	}))
}

func TestEveryPutIsOneEventUnderConcurrency(t *testing.T) {
	var in inbox
	c := start(t, oss.Options{Rules: []oss.Rule{{ID: "r", Bucket: bucket, Events: []string{"oss:ObjectCreated:*"}, Deliver: in.deliver}}})
	ids := make([]string, 64)
	var wg sync.WaitGroup
	for i := range ids {
		wg.Go(func() {
			result, err := c.client.PutObject(t.Context(), &sdk.PutObjectRequest{Bucket: sdk.Ptr(bucket), Key: sdk.Ptr(fmt.Sprint(i % 7)),
				Body: strings.NewReader(strings.Repeat("x", i))})
			if err != nil {
				t.Error(err)
				return
			}
			ids[i] = result.Headers.Get("x-oss-request-id")
		})
	}
	wg.Wait()
	var announced []string
	delta := 0
	for _, event := range in.take() {
		var doc struct {
			Events []struct {
				OSS struct {
					Object struct{ DeltaSize int }
				}
				ResponseElements struct{ RequestID string }
			}
		}
		require.NoError(t, json.Unmarshal([]byte(event), &doc))
		announced = append(announced, doc.Events[0].ResponseElements.RequestID)
		delta += doc.Events[0].OSS.Object.DeltaSize
	}
	require.ElementsMatch(t, ids, announced)
	size := 0
	for i := range 7 {
		size += len(c.get(t, fmt.Sprint(i)))
	}
	require.Equal(t, size, delta, "the deltas add up to what is stored")
}

func TestValidateRules(t *testing.T) {
	rule := func(id, prefix, suffix string, events ...string) oss.Rule {
		return oss.Rule{ID: id, Bucket: bucket, Events: events, Prefix: prefix, Suffix: suffix}
	}
	const put, all, removed = "oss:ObjectCreated:PutObject", "oss:ObjectCreated:*", "oss:ObjectRemoved:*"
	elsewhere := oss.Rule{ID: "b", Bucket: "other-bucket", Events: []string{put}}
	var eleven []oss.Rule
	for i := range 11 {
		eleven = append(eleven, rule(fmt.Sprint(i), fmt.Sprintf("%02d/", i), "", put))
	}
	for name, test := range map[string]struct {
		rules []oss.Rule
		want  []string // parts of the error; none: valid
	}{
		"nothing":            {nil, nil},
		"one":                {[]oss.Rule{rule("a", "templates/", "", put)}, nil},
		"two prefixes":       {[]oss.Rule{rule("a", "a/", "", put), rule("b", "b/", "", put)}, nil},
		"two suffixes":       {[]oss.Rule{rule("a", "", ".yaml", put), rule("b", "", ".yml", put)}, nil},
		"two families":       {[]oss.Rule{rule("a", "", "", all), rule("b", "", "", removed)}, nil},
		"two buckets":        {[]oss.Rule{rule("a", "", "", put), elsewhere}, nil},
		"ten":                {eleven[:10], nil},
		"the same":           {[]oss.Rule{rule("a", "", "", put), rule("b", "", "", put)}, []string{`"a" and "b"`, "overlap", bucket}},
		"nested prefix":      {[]oss.Rule{rule("a", "t/x/", "", put), rule("b", "t/", "", put)}, []string{"overlap"}},
		"nested suffix":      {[]oss.Rule{rule("a", "", ".yaml", put), rule("b", "", "l", put)}, []string{"overlap"}},
		"prefix and suffix":  {[]oss.Rule{rule("a", "t/", "", put), rule("b", "", ".yaml", put)}, []string{"overlap"}},
		"wildcard":           {[]oss.Rule{rule("a", "", "", put), rule("b", "", "", all)}, []string{"overlap"}},
		"eleven":             {eleven, []string{"more than 10"}},
		"no id":              {[]oss.Rule{rule("", "", "", put)}, []string{"no id"}},
		"an id twice":        {[]oss.Rule{rule("a", "a", "", put), rule("a", "b", "", put)}, []string{"another rule"}},
		"no events":          {[]oss.Rule{rule("a", "", "")}, []string{"no events"}},
		"misspelt":           {[]oss.Rule{rule("a", "", "", "oss:ObjectCreated:Put")}, []string{`unknown event "oss:ObjectCreated:Put"`}},
		"without oss:":       {[]oss.Rule{rule("a", "", "", "ObjectCreated:PutObject")}, []string{"unknown event"}},
		"a wildcard for all": {[]oss.Rule{rule("a", "", "", "*")}, []string{"unknown event"}},
		"no bucket":          {[]oss.Rule{{ID: "a", Events: []string{put}}}, []string{"not a bucket name"}},
		"all that is wrong":  {[]oss.Rule{{}}, []string{"no id", "not a bucket name", "no events"}},
	} {
		err := oss.ValidateRules(test.rules)
		if test.want == nil {
			require.NoError(t, err, name)
		}
		for _, part := range test.want {
			require.ErrorContains(t, err, part, name)
		}
	}
}

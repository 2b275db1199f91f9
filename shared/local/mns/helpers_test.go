package mns_test

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/store"
)

const prefix = "/" + account.ID + ".mns.cn-hangzhou.aliyuncs.com"

// cloud is one endpoint under test.
type cloud struct {
	*mns.Service
	account *account.Account
	store   *store.Store
	server  *httptest.Server
}

func newCloud(t testing.TB, clock account.Clock, opt mns.Options) *cloud {
	st, err := store.OpenMemory()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	c := newCloudOn(account.NewAt(clock), st, opt)
	t.Cleanup(c.server.Close)
	return c
}

func newCloudOn(acct *account.Account, st *store.Store, opt mns.Options) *cloud {
	s := mns.New(acct, st, opt)
	return &cloud{Service: s, account: acct, store: st, server: httptest.NewServer(s)}
}

func openStore(t testing.TB) (path string, st *store.Store) {
	path = filepath.Join(t.TempDir(), "state.db")
	st, err := store.Open(path)
	require.NoError(t, err)
	return path, st
}

func (c *cloud) queue(t testing.TB, name string) {
	require.NoError(t, c.CreateQueue(name, mns.DefaultAttributes()))
}

// port is needed because the SDK's endpoint form wants the name localhost.
func (c *cloud) port() string {
	u, _ := url.Parse(c.server.URL)
	return u.Port()
}

func (c *cloud) client(key account.Key) ali_mns.MNSClient {
	return ali_mns.NewAliMNSClientWithConfig(ali_mns.AliMNSClientConfig{
		EndPoint:    "http://localhost:" + c.port() + prefix,
		AccessKeyId: key.AccessKeyID, AccessKeySecret: key.Secret, Token: key.Token,
		TimeoutSecond: 40,
	})
}

func (c *cloud) sdk() ali_mns.MNSClient { return c.client(c.mainKey()) }

func (c *cloud) mainKey() account.Key {
	key, _ := c.account.Keys.Lookup(account.AccessKeyID)
	return key
}

// call is a raw request; what is empty is filled in by do.
type call struct {
	method, target, body string
	header               map[string]string
	unsigned             bool
}

// reply is an answer with its document.
type reply struct {
	status int
	header http.Header
	body   string
	doc    document
}

// document has the fields of every answer that tests look at.
type document struct {
	XMLName         xml.Name
	Code            string
	RequestId       string
	HostId          string
	MessageId       string
	MessageBodyMD5  string
	MessageBody     string
	ReceiptHandle   string
	NextVisibleTime int64
	QueueName       string
	Queue           []struct{ QueueURL, QueueName string }
	NextMarker      string
	Messages        []struct {
		Text                                  string `xml:",chardata"` // of an <Error>
		ErrorCode, ErrorMessage               string
		MessageId, MessageBody, ReceiptHandle string
	} `xml:"Message"`
	Errors                                          []struct{ ErrorCode, ReceiptHandle string } `xml:"Error"`
	CreateTime, LastModifyTime                      int64
	ActiveMessages, InactiveMessages, DelayMessages int
	VisibilityTimeout                               int
}

// do sends a request signed as a client without the SDK would: no digest,
// dated by the account's clock.
func (c *cloud) do(t testing.TB, in call) reply {
	req, err := http.NewRequest(in.method, c.server.URL+in.target, strings.NewReader(in.body))
	require.NoError(t, err)
	req.Header.Set("Date", c.account.Clock.Now().UTC().Format(http.TimeFormat))
	req.Header.Set("x-mns-version", "2015-06-06")
	for name, value := range in.header {
		if value == "" {
			req.Header.Del(name)
		} else {
			req.Header.Set(name, value)
		}
	}
	if !in.unsigned {
		key := c.mainKey()
		req.Header.Set("Authorization", "MNS "+key.AccessKeyID+":"+signature(req, strings.TrimPrefix(in.target, prefix), key.Secret))
	}
	resp, err := c.server.Client().Do(req)
	require.NoError(t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(t, err)
	out := reply{status: resp.StatusCode, header: resp.Header, body: string(body)}
	if len(body) > 0 {
		require.NoError(t, xml.Unmarshal(body, &out.doc), string(body))
	}
	return out
}

// signature is written apart from the package's own, from the document alone.
func signature(r *http.Request, resource, secret string) string {
	var names []string
	for name := range r.Header {
		if strings.HasPrefix(strings.ToLower(name), "x-mns-") {
			names = append(names, strings.ToLower(name))
		}
	}
	slices.Sort(names)
	date := r.Header.Get("Date")
	if date == "" {
		date = r.Header.Get("x-mns-date")
	}
	text := fmt.Sprintf("%s\n%s\n%s\n%s\n", r.Method, r.Header.Get("Content-MD5"), r.Header.Get("Content-Type"), date)
	for _, name := range names {
		text += name + ":" + r.Header.Get(name) + "\n"
	}
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(text + resource))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

func manualClock() *account.ManualClock { return account.NewManualClock(time.Now()) }

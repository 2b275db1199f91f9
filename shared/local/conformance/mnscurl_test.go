//go:build conformance

package conformance

import (
	"context"
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"encoding/xml"
	"fmt"
	"maps"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"
)

// mnsRequest is the request line of an operation, and the root of its body.
// Braces are parameters.
type mnsRequest struct{ line, root string }

// Source: MNS API 2015-06-06.
var mnsRequests = map[string]mnsRequest{
	"OpenService":               {"POST /commonbuy/openservice", ""},
	"CreateQueue":               {"PUT /queues/{QueueName}", "Queue"},
	"SetQueueAttributes":        {"PUT /queues/{QueueName}?metaoverride=true", "Queue"},
	"GetQueueAttributes":        {"GET /queues/{QueueName}", ""},
	"DeleteQueue":               {"DELETE /queues/{QueueName}", ""},
	"ListQueue":                 {"GET /queues", ""},
	"SendMessage":               {"POST /queues/{QueueName}/messages", "Message"},
	"BatchSendMessage":          {"POST /queues/{QueueName}/messages", "Messages"},
	"ReceiveMessage":            {"GET /queues/{QueueName}/messages?waitseconds={waitseconds}", ""},
	"BatchReceiveMessage":       {"GET /queues/{QueueName}/messages?numOfMessages={numOfMessages}&waitseconds={waitseconds}", ""},
	"PeekMessage":               {"GET /queues/{QueueName}/messages?peekonly=true", ""},
	"BatchPeekMessage":          {"GET /queues/{QueueName}/messages?peekonly=true&numOfMessages={numOfMessages}", ""},
	"DeleteMessage":             {"DELETE /queues/{QueueName}/messages?ReceiptHandle={ReceiptHandle}", ""},
	"BatchDeleteMessage":        {"DELETE /queues/{QueueName}/messages", "ReceiptHandles"},
	"ChangeMessageVisibility":   {"PUT /queues/{QueueName}/messages?ReceiptHandle={ReceiptHandle}&VisibilityTimeout={VisibilityTimeout}", ""},
	"CreateTopic":               {"PUT /topics/{TopicName}", "Topic"},
	"SetTopicAttributes":        {"PUT /topics/{TopicName}?metaoverride=true", "Topic"},
	"GetTopicAttributes":        {"GET /topics/{TopicName}", ""},
	"DeleteTopic":               {"DELETE /topics/{TopicName}", ""},
	"ListTopic":                 {"GET /topics", ""},
	"PublishMessage":            {"POST /topics/{TopicName}/messages", "Message"},
	"Subscribe":                 {"PUT /topics/{TopicName}/subscriptions/{SubscriptionName}", "Subscription"},
	"SetSubscriptionAttributes": {"PUT /topics/{TopicName}/subscriptions/{SubscriptionName}?metaoverride=true", "Subscription"},
	"GetSubscriptionAttributes": {"GET /topics/{TopicName}/subscriptions/{SubscriptionName}", ""},
	"Unsubscribe":               {"DELETE /topics/{TopicName}/subscriptions/{SubscriptionName}", ""},
	"ListSubscriptionByTopic":   {"GET /topics/{TopicName}/subscriptions", ""},
}

// openMNSCurl asks MNS by curl, a process a call, with signatures that are made
// here from the published rule. Beside an operation's own parameters it takes
// headers, named as such, "query", which is added to the URL, and "body", which
// is sent as it is.
func openMNSCurl(t *testing.T, c *cloud, _ *row) asker {
	curl := program(t, "curl", "apt-get install curl")
	return func(ctx context.Context, q call) (answer, error) {
		shape, known := mnsRequests[q.Do]
		if !known {
			return answer{}, fmt.Errorf("%s is not in the table", q.Do)
		}
		m := members(q.With)
		method, resource := shape.fill(m)
		header := mnsHeader(m)
		args := []string{"--silent", "--show-error", "--max-time", "25", "--request", method, "--write-out", "\n%{http_code}"}
		if body := shape.body(m); body != "" {
			header["Content-Type"] = "text/xml"
			args = append(args, "--data-binary", body)
		}
		if q.Key.Token != "" {
			header["security-token"] = q.Key.Token
		}
		if header["Authorization"] == "" {
			header["Authorization"] = "MNS " + q.Key.AccessKeyID + ":" + signMNS(method, resource, header, q.Key.Secret)
		}
		for name, value := range header {
			args = append(args, "--header", name+": "+value)
		}
		out, errOut, status, err := run(ctx, nil, curl, append(args, c.e.MNS+resource)...)
		if err != nil || status != 0 {
			return answer{}, fmt.Errorf("curl ended with %d: %v %s", status, err, errOut)
		}
		return mnsAnswer(out)
	}
}

// fill puts the parameters into the request line. Items of the query that are
// absent go.
func (s mnsRequest) fill(m members) (method, resource string) {
	method, target, _ := strings.Cut(s.line, " ")
	path, query, _ := strings.Cut(target, "?")
	items := []string{}
	for item := range strings.SplitSeq(query, "&") {
		if name, filled := strings.CutSuffix(item, "}"); filled {
			name = name[strings.IndexByte(name, '{')+1:]
			value, given := m[name]
			if delete(m, name); !given {
				continue
			}
			item = strings.Replace(item, "{"+name+"}", escape(fmt.Sprint(value)), 1)
		}
		items = append(items, item)
	}
	for _, name := range []string{"QueueName", "TopicName", "SubscriptionName"} {
		if strings.Contains(path, "{"+name+"}") {
			path = strings.Replace(path, "{"+name+"}", take[string](m, name), 1)
		}
	}
	items = append(items, take[string](m, "query"))
	if query = strings.Trim(strings.Join(items, "&"), "&"); query != "" {
		path += "?" + query
	}
	return method, path
}

// mnsHeader takes the headers from the parameters.
func mnsHeader(m members) map[string]string {
	header := map[string]string{"Date": time.Now().UTC().Format(http.TimeFormat), "x-mns-version": "2015-06-06"}
	for _, name := range slices.Collect(maps.Keys(m)) {
		if strings.HasPrefix(name, "x-mns-") || slices.Contains([]string{"Date", "Content-MD5", "Authorization"}, name) {
			header[name] = fmt.Sprint(m[name])
			delete(m, name)
		}
	}
	for name, value := range header {
		if value == "" {
			delete(header, name)
		}
	}
	return header
}

// body spells what is left of the parameters.
func (s mnsRequest) body(m members) string {
	switch {
	case m["body"] != nil:
		return take[string](m, "body")
	case s.root == "":
		return ""
	case s.root == "ReceiptHandles":
		return element(s.root, spell("ReceiptHandle", m["ReceiptHandles"]))
	case s.root == "Messages":
		return element(s.root, spell("Message", m["Messages"]))
	}
	return spell(s.root, map[string]any(m))
}

// spell writes a value as XML: a list as one element for each.
func spell(name string, value any) string {
	text := ""
	switch v := value.(type) {
	case []any:
		for _, one := range v {
			text += spell(name, one)
		}
		return text
	case map[string]any:
		for _, inner := range slices.Sorted(maps.Keys(v)) {
			text += spell(inner, v[inner])
		}
	default:
		var b strings.Builder
		xml.EscapeText(&b, []byte(fmt.Sprint(v)))
		text = b.String()
	}
	return element(name, text)
}

func element(name, text string) string { return "<" + name + ">" + text + "</" + name + ">" }

// signMNS follows the page of MNS about signatures. The path of the account is not signed.
func signMNS(method, resource string, header map[string]string, secret string) string {
	date := header["Date"]
	if date == "" {
		date = header["x-mns-date"]
	}
	text := method + "\n" + header["Content-MD5"] + "\n" + header["Content-Type"] + "\n" + date + "\n"
	for _, name := range slices.Sorted(maps.Keys(header)) {
		if strings.HasPrefix(name, "x-mns-") {
			text += name + ":" + header[name] + "\n"
		}
	}
	mac := hmac.New(sha1.New, []byte(secret))
	mac.Write([]byte(text + resource))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// mnsAnswer reads a document with the status in a line behind it.
func mnsAnswer(out string) (a answer, err error) {
	end := strings.LastIndexByte(out, '\n')
	if a.Status, err = strconv.Atoi(out[end+1:]); err != nil {
		return a, err
	}
	if end == 0 {
		return a, nil
	}
	if a.Fields, err = readXML(out[:end]); err != nil {
		return a, err
	}
	if code, refused := a.Fields["Code"]; refused && a.Status >= 400 {
		a.Code = fmt.Sprint(code)
	}
	return a, nil
}

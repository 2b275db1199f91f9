package mns

import (
	"bytes"
	"context"
	"encoding/xml"
	"errors"
	"io"
	"net/http"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"imagedrop/shared/local/account"
)

// maxRequest bounds what is read of a request's body. A full batch, every byte
// of it written as a six-byte entity, is smaller.
const maxRequest = 1 << 20

// maxDrain bounds what is read and dropped of a body that is larger.
const maxDrain = 16 << 20

// request is what the operations see of an HTTP request.
type request struct {
	method, operation string
	root              string   // of the path: queues or topics
	names             []string // in the path: of the queue, or of the topic and its subscription
	resource          string   // path and query as sent, less the account prefix: what is signed
	base              string   // URL under which the client reaches the service
	query             map[string]string
	header            http.Header
	body              []byte
	id                string
	err               error // what made it unreadable; answered once the signature is checked
}

type requestKey struct{}

func requestOf(r *http.Request) *request { return r.Context().Value(requestKey{}).(*request) }

func operationOf(r *http.Request) string { return requestOf(r).operation }

// isFor reports whether the request is for that queue or topic.
func isFor(r *http.Request, name string) bool { return requestOf(r).name() == name }

// name is that of the queue or topic, "" where the request names none.
func (r *request) name() string {
	if len(r.names) == 0 {
		return ""
	}
	return r.names[0]
}

// nameChecks say what is wrong with the names of a path, by its root.
var nameChecks = map[string][]func(string) error{
	"queues": {CheckQueueName},
	"topics": {checkTopicName, checkSubscriptionName},
	"commonbuy": {func(name string) error {
		if name != "openservice" {
			return coded("InvalidRequestURL")
		}
		return nil
	}},
}

func (r *request) checkNames() error {
	for i, name := range r.names {
		if err := nameChecks[r.root][i](name); err != nil {
			return err
		}
	}
	return nil
}

// ServeHTTP implements http.Handler.
func (s *Service) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	ctx := context.WithValue(r.Context(), requestKey{}, readRequest(r))
	s.handler.ServeHTTP(w, r.WithContext(ctx))
}

// unknownOperation names requests that are none of the API.
const unknownOperation = "Unknown"

// An operation's request line: method and path, names being "*", and the items
// that its query may have, in lower case.
type route struct {
	operation string
	query     []string
}

// Source: MNS 2015-06-06, the request syntax of each operation.
var routes = map[string]route{
	"GET queues":               {"ListQueue", nil},
	"PUT queues/*":             {"CreateQueue", []string{"metaoverride"}},
	"GET queues/*":             {"GetQueueAttributes", nil},
	"DELETE queues/*":          {"DeleteQueue", nil},
	"POST queues/*/messages":   {"SendMessage", nil},
	"GET queues/*/messages":    {"ReceiveMessage", []string{"waitseconds", "numofmessages", "peekonly"}},
	"DELETE queues/*/messages": {"DeleteMessage", []string{"receipthandle"}},
	"PUT queues/*/messages":    {"ChangeMessageVisibility", []string{"receipthandle", "visibilitytimeout"}},

	"GET topics":                      {"ListTopic", nil},
	"PUT topics/*":                    {"CreateTopic", []string{"metaoverride"}},
	"GET topics/*":                    {"GetTopicAttributes", nil},
	"DELETE topics/*":                 {"DeleteTopic", nil},
	"POST topics/*/messages":          {"PublishMessage", nil},
	"GET topics/*/subscriptions":      {"ListSubscriptionByTopic", nil},
	"PUT topics/*/subscriptions/*":    {"Subscribe", []string{"metaoverride"}},
	"GET topics/*/subscriptions/*":    {"GetSubscriptionAttributes", nil},
	"DELETE topics/*/subscriptions/*": {"Unsubscribe", nil},

	"POST commonbuy/*": {"OpenService", nil},
}

func readRequest(r *http.Request) *request {
	prefix, resource := splitTarget(r)
	scheme := "http://"
	if r.TLS != nil {
		scheme = "https://"
	}
	req := &request{
		method: r.Method, operation: unknownOperation, resource: resource, base: scheme + r.Host + prefix,
		header: r.Header, id: account.NewOSSRequestID(), // both services write 24 hex digits
	}
	path, rawQuery, _ := strings.Cut(resource, "?")
	root, names, shape := splitPath(path)
	route, ok := routes[r.Method+" "+shape]
	if !ok {
		req.err = coded("InvalidRequestURL")
		return req
	}
	req.operation, req.root, req.names = route.operation, root, names
	if req.body, req.err = readBody(r); req.err != nil {
		return req
	}
	req.query, req.err = parseQuery(rawQuery, route.query)
	req.operation = req.variant()
	return req
}

// splitTarget returns the account prefix, "" or "/<account>.mns.<...>", and
// the rest of the request target as it was sent. Clients send the prefix and
// do not sign it.
func splitTarget(r *http.Request) (prefix, resource string) {
	target := r.RequestURI
	if _, rest, absolute := strings.Cut(target, "://"); absolute && !strings.HasPrefix(target, "/") {
		target = rest[max(strings.IndexByte(rest, '/'), 0):]
	}
	first, _, _ := strings.Cut(strings.TrimPrefix(target, "/"), "/")
	rest := strings.TrimPrefix(target, "/"+first)
	for _, root := range []string{"/queues", "/topics", "/commonbuy"} {
		if strings.Contains(first, ".") && strings.HasPrefix(rest, root) {
			return "/" + first, rest
		}
	}
	return "", target
}

// splitPath takes the names out of a path and puts asterisks in their places.
func splitPath(path string) (root string, names []string, shape string) {
	parts := strings.Split(strings.TrimPrefix(path, "/"), "/")
	for i := 1; i < len(parts); i += 2 {
		names = append(names, parts[i])
		parts[i] = "*"
	}
	return parts[0], names, strings.Join(parts, "/")
}

func readBody(r *http.Request) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r.Body, maxRequest+1))
	if err != nil {
		return nil, coded("MalformedXML")
	}
	if len(body) > maxRequest {
		// A client that is still writing would not see the answer.
		io.CopyN(io.Discard, r.Body, maxDrain)
		return nil, outOfRange("MessageBody", 1, DefaultAttributes().MaximumMessageSize)
	}
	return body, nil
}

// parseQuery reads the items of a query by their names in lower case: the
// documents and clients differ in case. A plus sign stays one, because clients
// send receipt handles unescaped.
func parseQuery(raw string, allowed []string) (map[string]string, error) {
	query := map[string]string{}
	for _, text := range strings.Split(raw, "&") {
		if text == "" {
			continue
		}
		name, value, _ := strings.Cut(text, "=")
		value, err := url.PathUnescape(value)
		item := strings.ToLower(name)
		if err != nil || !slices.Contains(allowed, item) || !validFlag(item, value) {
			return nil, invalidQuery(name)
		}
		query[item] = value
	}
	return query, nil
}

func validFlag(item, value string) bool {
	flag := item == "metaoverride" || item == "peekonly"
	return !flag || value == "true" || value == "false"
}

// variant tells apart the operations that share a request line.
func (r *request) variant() string {
	switch {
	case r.query["metaoverride"] == "true":
		return overriding[r.operation]
	case r.operation == "SendMessage" && rootName(r.body) == "Messages":
		return "BatchSendMessage"
	case r.operation == "DeleteMessage" && !r.has("receipthandle") && rootName(r.body) == "ReceiptHandles":
		return "BatchDeleteMessage"
	case r.operation != "ReceiveMessage":
		return r.operation
	}
	name := "ReceiveMessage"
	if r.query["peekonly"] == "true" {
		name = "PeekMessage"
	}
	if r.has("numofmessages") {
		return "Batch" + name
	}
	return name
}

func (r *request) has(item string) bool {
	_, ok := r.query[item]
	return ok
}

// overriding names what a create with metaoverride=true is.
var overriding = map[string]string{
	"CreateQueue": "SetQueueAttributes", "CreateTopic": "SetTopicAttributes", "Subscribe": "SetSubscriptionAttributes",
}

// number returns an item of the query, and -1 where there is none.
func (r *request) number(item string, low, high int) (int, error) {
	text, ok := r.query[strings.ToLower(item)]
	if !ok {
		return -1, nil
	}
	n, err := strconv.Atoi(text)
	switch {
	case err != nil:
		return 0, invalidQuery(item)
	case n < low || n > high:
		return 0, outOfRange(item, low, high)
	}
	return n, nil
}

// answer is what an operation answers with; doc is nil for no body.
type answer struct {
	status   int
	doc      any
	location string
}

func (s *Service) serve(w http.ResponseWriter, r *http.Request) {
	req := requestOf(r)
	a, err := s.answer(r.Context(), req)
	if err != nil {
		req.refuse(w, err)
		return
	}
	req.write(w, a)
}

func (s *Service) answer(ctx context.Context, req *request) (answer, error) {
	if err := s.authorize(ctx, req); err != nil {
		return answer{}, err
	}
	if req.err != nil {
		return answer{}, req.err
	}
	if err := req.checkDigest(); err != nil {
		return answer{}, err
	}
	if err := req.checkNames(); err != nil {
		return answer{}, err
	}
	return operations[req.operation](s, ctx, req)
}

// refuse writes the error document of err.
func (r *request) refuse(w http.ResponseWriter, err error) {
	var e *Error
	if !errors.As(err, &e) {
		e = coded("InternalError")
		e.Message += " " + err.Error()
	}
	r.write(w, answer{status: e.Status, doc: errorDocument{Code: e.Code, Message: e.Message, RequestID: r.id, HostID: r.base}})
}

// writeFault answers a fault that was asked for.
func writeFault(w http.ResponseWriter, r *http.Request, status int, code string) {
	e := coded(code)
	e.Status, e.Code = status, code
	requestOf(r).refuse(w, e)
}

func (r *request) write(w http.ResponseWriter, a answer) {
	h := w.Header()
	h.Set("x-mns-request-id", r.id)
	h.Set("x-mns-version", apiVersion)
	if a.location != "" {
		h.Set("Location", a.location)
	}
	if a.doc == nil {
		w.WriteHeader(a.status)
		return
	}
	var body bytes.Buffer
	body.WriteString(xmlDeclaration)
	if err := xml.NewEncoder(&body).Encode(a.doc); err != nil {
		panic(err) // the documents are our own types
	}
	h.Set("Content-Type", "text/xml;charset=utf-8")
	h.Set("Content-Length", strconv.Itoa(body.Len()))
	w.WriteHeader(a.status)
	w.Write(body.Bytes())
}

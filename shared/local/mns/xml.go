package mns

import (
	"bytes"
	"crypto/md5"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"slices"
	"strconv"
	"strings"
)

const xmlDeclaration = `<?xml version="1.0" encoding="utf-8"?>` + "\n"

// maxDepth is how deep the elements of a request nest: Messages, Message,
// MessageBody.
const maxDepth = 3

// element is one element of a request. The operations' documents are flat and
// small, so one form serves all; namespaces and attributes do not matter.
type element struct {
	name     string
	text     string
	children []element
}

// parseDocument reads a request's body, whose root must have that name.
func parseDocument(body []byte, root string) (element, error) {
	d := xml.NewDecoder(bytes.NewReader(body))
	start, err := nextStart(d)
	if err != nil {
		return element{}, err
	}
	if start == nil {
		return element{}, coded("MalformedXML")
	}
	e, err := parseElement(d, *start, 1)
	if err != nil {
		return element{}, err
	}
	if next, err := nextStart(d); next != nil || err != nil {
		return element{}, coded("MalformedXML")
	}
	if e.name != root {
		return element{}, offSchema(e.name)
	}
	return e, nil
}

// nextStart returns the next element, nil at the end. Before it there may be
// white space, comments and declarations.
func nextStart(d *xml.Decoder) (*xml.StartElement, error) {
	for {
		token, err := d.Token()
		if errors.Is(err, io.EOF) {
			return nil, nil
		}
		if err != nil {
			return nil, coded("MalformedXML")
		}
		switch t := token.(type) {
		case xml.StartElement:
			return &t, nil
		case xml.CharData:
			if len(bytes.TrimSpace(t)) > 0 {
				return nil, coded("MalformedXML")
			}
		}
	}
}

func parseElement(d *xml.Decoder, start xml.StartElement, depth int) (element, error) {
	e := element{name: start.Name.Local}
	if depth > maxDepth {
		return e, offSchema(e.name)
	}
	var text strings.Builder
	for {
		token, err := d.Token()
		if err != nil {
			return e, coded("MalformedXML")
		}
		switch t := token.(type) {
		case xml.CharData:
			text.Write(t)
		case xml.StartElement:
			child, err := parseElement(d, t, depth+1)
			if err != nil {
				return e, err
			}
			e.children = append(e.children, child)
		case xml.EndElement:
			e.text = text.String()
			return e, nil
		}
	}
}

// rootName returns the name of a document's root, "" where it has none.
func rootName(body []byte) string {
	start, err := nextStart(xml.NewDecoder(bytes.NewReader(body)))
	if start == nil || err != nil {
		return ""
	}
	return start.Name.Local
}

// leaves returns the texts of the children by name, each of which must be one
// of names.
func (e element) leaves(names ...string) (map[string]string, error) {
	for _, child := range e.children {
		if !slices.Contains(names, child.name) {
			return nil, offSchema(child.name)
		}
	}
	return e.texts()
}

// texts returns the texts of the children by name. Each must occur once and
// have no children; between them stands nothing.
func (e element) texts() (map[string]string, error) {
	if strings.TrimSpace(e.text) != "" {
		return nil, offSchema(e.name)
	}
	texts := make(map[string]string, len(e.children))
	for _, child := range e.children {
		if _, twice := texts[child.name]; twice || len(child.children) > 0 {
			return nil, offSchema(child.name)
		}
		texts[child.name] = child.text
	}
	return texts, nil
}

// without returns the children of a name, and the element less them.
func (e element) without(name string) (rest element, taken []element) {
	rest = element{name: e.name, text: e.text}
	for _, child := range e.children {
		if child.name == name {
			taken = append(taken, child)
		} else {
			rest.children = append(rest.children, child)
		}
	}
	return rest, taken
}

// list returns the children, which must all have that name.
func (e element) list(name string) ([]element, error) {
	if strings.TrimSpace(e.text) != "" || len(e.children) == 0 {
		return nil, offSchema(e.name)
	}
	for _, child := range e.children {
		if child.name != name {
			return nil, offSchema(child.name)
		}
	}
	if len(e.children) > maxBatch {
		return nil, outOfRange(e.name, 1, maxBatch)
	}
	return e.children, nil
}

func parseNumber(name, text string) (int, error) {
	n, err := strconv.Atoi(strings.TrimSpace(text))
	if err != nil {
		return 0, offSchema(name)
	}
	return n, nil
}

// parseDraft reads a <Message>. Its values are checked by the queue.
func parseDraft(e element) (draft, error) {
	texts, err := e.leaves("MessageBody", "DelaySeconds", "Priority")
	if err != nil {
		return draft{}, err
	}
	body, ok := texts["MessageBody"]
	if !ok {
		return draft{}, offSchema("MessageBody")
	}
	d := draft{body: []byte(body), priority: defaultPriority}
	if text, ok := texts["Priority"]; ok {
		if d.priority, err = parseNumber("Priority", text); err != nil {
			return draft{}, err
		}
	}
	if text, ok := texts["DelaySeconds"]; ok {
		n, err := parseNumber("DelaySeconds", text)
		if err != nil {
			return draft{}, err
		}
		delay := seconds(min(max(n, -1), maxDelay+1)) // the range check sees what would overflow
		d.delay = &delay
	}
	return d, nil
}

// parseDrafts reads a <Messages>.
func parseDrafts(body []byte) ([]draft, error) {
	root, err := parseDocument(body, "Messages")
	if err != nil {
		return nil, err
	}
	entries, err := root.list("Message")
	if err != nil {
		return nil, err
	}
	drafts := make([]draft, len(entries))
	total := 0
	for i, e := range entries {
		if drafts[i], err = parseDraft(e); err != nil {
			return nil, err
		}
		total += len(drafts[i].body)
	}
	if total > maxBatchBytes {
		return nil, outOfRange("Messages", 1, maxBatchBytes)
	}
	return drafts, nil
}

// parseHandles reads a <ReceiptHandles>.
func parseHandles(body []byte) ([]string, error) {
	root, err := parseDocument(body, "ReceiptHandles")
	if err != nil {
		return nil, err
	}
	entries, err := root.list("ReceiptHandle")
	if err != nil {
		return nil, err
	}
	handles := make([]string, len(entries))
	for i, e := range entries {
		if len(e.children) > 0 {
			return nil, offSchema(e.children[0].name)
		}
		handles[i] = strings.TrimSpace(e.text)
	}
	return handles, nil
}

// readAttributes changes those attributes that a <Queue> names. No body at all
// names none.
func readAttributes(body []byte, a *QueueAttributes) error {
	if len(bytes.TrimSpace(body)) == 0 {
		return nil
	}
	e, err := parseDocument(body, "Queue")
	if err != nil {
		return err
	}
	names := []string{"LoggingEnabled"}
	for _, n := range numberAttributes {
		names = append(names, n.element)
	}
	texts, err := e.leaves(names...)
	if err != nil {
		return err
	}
	for _, n := range numberAttributes {
		if text, ok := texts[n.element]; ok {
			if *n.of(a), err = parseNumber(n.element, text); err != nil {
				return err
			}
		}
	}
	if err := readLogging(texts, &a.LoggingEnabled); err != nil {
		return err
	}
	return a.check()
}

func readLogging(texts map[string]string, enabled *bool) (err error) {
	text, ok := texts["LoggingEnabled"]
	if !ok {
		return nil
	}
	if *enabled, err = strconv.ParseBool(strings.ToLower(strings.TrimSpace(text))); err != nil {
		return offSchema("LoggingEnabled")
	}
	return nil
}

// The answers' documents. The element order is that of the documents' samples.
type (
	errorDocument struct {
		XMLName   xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ Error"`
		Code      string
		Message   string
		RequestID string `xml:"RequestId"`
		HostID    string `xml:"HostId"`
	}
	messageDocument struct {
		XMLName xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ Message"`
		messageFields
	}
	messagesDocument struct {
		XMLName  xml.Name        `xml:"http://mns.aliyuncs.com/doc/v1/ Messages"`
		Messages []messageFields `xml:"Message"`
	}
	// messageFields are those of a sent, received or peeked message, or of one
	// that a batch refused.
	messageFields struct {
		ErrorCode        string `xml:",omitempty"`
		ErrorMessage     string `xml:",omitempty"`
		MessageID        string `xml:"MessageId,omitempty"`
		ReceiptHandle    string `xml:",omitempty"`
		MessageBodyMD5   string `xml:",omitempty"`
		MessageBody      string `xml:",omitempty"`
		EnqueueTime      int64  `xml:",omitempty"` // this and the next two: Unix milliseconds
		NextVisibleTime  int64  `xml:",omitempty"`
		FirstDequeueTime int64  `xml:",omitempty"`
		DequeueCount     *int   `xml:",omitempty"` // 0 for a peeked message
		Priority         int    `xml:",omitempty"`
	}
	visibilityDocument struct {
		XMLName         xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ ChangeVisibility"`
		ReceiptHandle   string
		NextVisibleTime int64 // Unix milliseconds
	}
	deleteErrorsDocument struct {
		XMLName xml.Name      `xml:"http://mns.aliyuncs.com/doc/v1/ Errors"`
		Errors  []deleteError `xml:"Error"`
	}
	deleteError struct {
		ErrorCode     string
		ErrorMessage  string
		ReceiptHandle string
	}
	queueDocument struct {
		XMLName xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ Queue"`
		queueFields
	}
	openServiceDocument struct {
		XMLName xml.Name `xml:"http://mns.aliyuncs.com/doc/v1/ OpenService"`
		OrderID string   `xml:"OrderId"`
	}
	queueURL struct {
		QueueURL string
	}
	queueFields struct {
		QueueName      string
		CreateTime     int64 // this and the next: Unix seconds
		LastModifyTime int64
		QueueAttributes
		ActiveMessages   int
		InactiveMessages int
		DelayMessages    int
	}
)

// namespace is that of all documents.
const namespace = "http://mns.aliyuncs.com/doc/v1/"

// listDocument is a page of queues, topics or subscriptions: a root called as
// its items are, in the plural.
type listDocument struct {
	item    string
	entries []any  // each a URL, or all attributes
	next    string // NextMarker, "" at the end
}

// MarshalXML implements xml.Marshaler.
func (d listDocument) MarshalXML(e *xml.Encoder, _ xml.StartElement) error {
	root := xml.StartElement{Name: xml.Name{Space: namespace, Local: d.item + "s"}}
	err := e.EncodeToken(root)
	for _, entry := range d.entries {
		err = errors.Join(err, e.EncodeElement(entry, xml.StartElement{Name: xml.Name{Local: d.item}}))
	}
	if d.next != "" {
		err = errors.Join(err, e.EncodeElement(d.next, xml.StartElement{Name: xml.Name{Local: "NextMarker"}}))
	}
	return errors.Join(err, e.EncodeToken(root.End()))
}

func bodyMD5(body []byte) string { return fmt.Sprintf("%X", md5.Sum(body)) }

func sentFields(m Message) messageFields {
	return messageFields{MessageID: m.ID, MessageBodyMD5: bodyMD5(m.Body), ReceiptHandle: m.ReceiptHandle}
}

func peekedFields(m Message) messageFields {
	return messageFields{
		MessageID: m.ID, MessageBodyMD5: bodyMD5(m.Body), MessageBody: string(m.Body),
		EnqueueTime: m.EnqueueTime.UnixMilli(), FirstDequeueTime: m.FirstDequeueTime.UnixMilli(),
		DequeueCount: &m.DequeueCount, Priority: m.Priority,
	}
}

func receivedFields(m Message) messageFields {
	f := peekedFields(m)
	f.ReceiptHandle, f.NextVisibleTime = m.ReceiptHandle, m.NextVisibleTime.UnixMilli()
	return f
}

func (q queueRecord) fields(c Counts) queueFields {
	return queueFields{
		QueueName: q.Name, CreateTime: q.Created.Unix(), LastModifyTime: q.Modified.Unix(), QueueAttributes: q.QueueAttributes,
		ActiveMessages: c.Active, InactiveMessages: c.Inactive, DelayMessages: c.Delayed,
	}
}

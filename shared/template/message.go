package template

import (
	"encoding/base64"
	"strings"
	"unicode/utf8"
)

// Orders of the sources of a message: the body, the content, testContent.
const (
	bodyOrder = iota
	contentOrder
	testOrder
)

// messageText is what the first phase leaves for the second.
type messageText struct {
	report  report
	body    *source
	plain   bool    // the body is template text, not JSON
	root    node    // of a JSON body
	keys    []given // of a JSON body
	started bool    // kind: execution, refused in this version
}

// ParseMessage reads a message body: a JSON object of keys, template text, or
// one of these in base64. Resolve completes it.
func ParseMessage(body []byte) *Message {
	m := &Message{}
	text := strings.TrimPrefix(string(body), byteOrderMark)
	if decoded, ok := decodeBase64(text); ok {
		text = decoded
	}
	m.read.body = newSource("", bodyOrder, text)
	m.judge()
	m.Findings = m.read.report.findings(false)
	return m
}

// judge decides by the first character what the body is.
func (m *Message) judge() {
	text := m.read.body.text
	first := strings.TrimLeft(text, " \t\r\n")
	switch {
	case strings.HasPrefix(first, "["):
		at := len(text) - len(first)
		m.read.report.add("IB0256", span{src: m.read.body, start: at, end: at + 1}, "",
			"the message is a JSON array", "send one message for each template")
	case !strings.HasPrefix(first, "{"):
		m.read.plain = true
	case !utf8.ValidString(text):
		checkText(&m.read.report, m.read.body)
	default:
		m.readKeys()
	}
}

// decodeBase64 decodes standard base64 of UTF-8 text; line ends in it do not
// matter. Text that is no base64 is template text.
func decodeBase64(text string) (string, bool) {
	trimmed := strings.TrimSpace(text)
	if trimmed == "" || strings.ContainsAny(trimmed[:1], "{[") {
		return "", false
	}
	decoded, err := base64.StdEncoding.Strict().DecodeString(trimmed)
	if err != nil || !utf8.Valid(decoded) {
		return "", false
	}
	return string(decoded), true
}

// readKeys reads a JSON body as far as it goes without the template object.
func (m *Message) readKeys() {
	r := &m.read.report
	m.read.root = readJSON(r, m.read.body)
	in := reader{report: r, message: true}
	in.read("", &m.read.root, 0)
	m.read.keys = in.out
	checkKeys(r, m.read.keys)
	m.read.started = find(m.read.keys, "kind").text() == string(Execution)
	m.ClientToken = m.valid("clientToken")
	m.TemplateURI = m.valid("templateUri")
	m.TemplateETag = strings.Trim(m.valid("templateETag"), `"`)
	m.checkContent()
}

// valid is the value of a key that has no error.
func (m *Message) valid(path string) string {
	g := find(m.read.keys, path)
	for _, f := range m.read.report.found {
		if g != nil && f.Severity == Error && f.Path == g.at.path() {
			return ""
		}
	}
	return g.text()
}

// checkContent finds content and templateUri both, or neither.
func (m *Message) checkContent() {
	r := &m.read.report
	content, uri := m.member("content"), m.member("templateUri")
	if m.read.started || len(m.read.root.members) == 0 && len(r.found) > 0 {
		return
	}
	for _, key := range []string{"imagePipelineId", "pipelineName"} {
		if started := m.member(key); started != nil {
			r.add("IB0255", started.keyAt, "", key+" names a pipeline to start, but kind is not execution", "delete it")
		}
	}
	switch {
	case content != nil && uri != nil:
		r.add("IB0257", uri.keyAt, "", "content and templateUri are both given", "keep one of them")
	case content == nil && uri == nil:
		at := m.read.root.at
		at.end = at.start + 1
		r.add("IB0257", at, "", "neither content nor templateUri is given", "send the template text in content, or name its object in templateUri")
	}
	if etag := m.member("templateETag"); etag != nil && uri == nil {
		r.add("IB0257", etag.keyAt, "", "templateETag without templateUri", "name the object in templateUri, or delete templateETag")
	}
}

// member finds a key of the body whatever its value is.
func (m *Message) member(key string) *member {
	for i := range m.read.root.members {
		if m.read.root.members[i].key == key {
			return &m.read.root.members[i]
		}
	}
	return nil
}

// Resolve completes the message to a template. path and text are those of the
// object that TemplateURI names; path is "" where the content is inline. A key
// in the message wins over the same key in the content's header.
func (m *Message) Resolve(path string, text []byte) *Template {
	in := input{messageKeys: m.read.keys, found: m.read.report.found, body: m.read.body, pedantic: false}
	switch content := find(m.read.keys, "content"); {
	case m.read.plain:
		in.content = m.read.body
		in.format = sniff(in.content)
	case path != "":
		in.content = newSource(path, contentOrder, string(text))
		in.format = formatOf(path, in.content)
		in.name = DefaultName(path)
	case content != nil:
		in.content = newSource("/content", contentOrder, content.text())
		in.format = sniff(in.content)
	default:
		in.content = newSource("/content", contentOrder, "")
		in.incomplete = true
	}
	if test := find(m.read.keys, "testContent"); test != nil {
		in.test, in.testAt = newSource("/testContent", testOrder, test.text()), test.keyAt
	}
	return in.template()
}

package template

import (
	"encoding/base64"
	"slices"
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
	report report
	body   *source
	plain  bool    // the body is template text, not JSON
	root   node    // of a JSON body
	keys   []given // of a JSON body
	starts bool    // kind: execution

	options Options
}

// ParseMessage reads a message body: a JSON object of keys, template text, or
// one of these in base64. Resolve completes it.
func ParseMessage(body []byte) *Message { return Options{}.ParseMessage(body) }

// ParseMessage is the function ParseMessage with these options.
func (o Options) ParseMessage(body []byte) *Message {
	m := &Message{}
	m.read.options = o
	m.read.body = newBody(body)
	m.judge()
	m.Findings = m.read.report.findings(targetsOf(m.read.keys, m.hasAWSContent()), o)
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

// newBody is the text of a message body, its base64 undone.
func newBody(body []byte) *source {
	text := strings.TrimPrefix(string(body), ByteOrderMark)
	if decoded, ok := decodeBase64(text); ok {
		text = decoded
	}
	return newSource("", bodyOrder, text)
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
	root, whole := readJSON(r, m.read.body)
	m.read.root = root
	in := reader{report: r, message: true}
	in.read("", &m.read.root, 0)
	m.read.keys = in.out
	checkKeys(r, m.read.keys)
	m.read.starts = find(m.read.keys, "kind").text() == string(Execution)
	if len(m.read.root.members) > 0 || len(r.found) == 0 { // else nothing could be read
		m.checkMembers(whole)
	}
	m.ClientToken = m.valid("clientToken")
	m.TemplateURI = m.valid("templateUri")
	m.TemplateETag = strings.Trim(m.valid("templateETag"), `"`)
}

// valid is the value of a key that has no error.
func (m *Message) valid(path string) string {
	g := find(m.read.keys, path)
	if g != nil && g.key.problem(g.text()) != "" { // its finding may be one too many
		return ""
	}
	for _, f := range m.read.report.found {
		if g != nil && f.Severity == Error && f.Path == g.at.path() {
			return ""
		}
	}
	return g.text()
}

// checkMembers finds what one kind of message lacks and the other must not have.
// Of a body that was not read to its end nobody knows what it lacks.
func (m *Message) checkMembers(whole bool) {
	mixed := false
	for i := range m.read.root.members {
		has := &m.read.root.members[i]
		key := keyAt(has.key)
		switch {
		case key == nil || m.member(has.key) != has: // reported already
		case m.read.starts && !key.Starts:
			m.read.report.add("IB0255", has.keyAt, "", key.Path+" does not go with kind execution, which starts a pipeline as it is",
				"delete it; to change a pipeline send its template")
		case !m.read.starts && key.Kind == Execution:
			mixed = true
			m.read.report.add("IB0255", has.keyAt, "", key.Path+" names a pipeline to start, but kind is not execution",
				"write kind: execution without a template, or delete "+key.Path)
		}
	}
	if m.read.starts {
		m.checkEither("imagePipelineId", "pipelineName", "say which pipeline to start", whole)
		return
	}
	if m.goesToAWS() {
		return
	}
	m.checkEither("content", "templateUri", "send the template text in content, or name its object in templateUri", whole && !mixed)
	if etag := m.member("templateETag"); etag != nil && m.member("templateUri") == nil {
		m.read.report.add("IB0257", etag.keyAt, "", "templateETag without templateUri",
			"name the object in templateUri, or delete templateETag")
	}
}

// hasAWSContent reports aws.uri in the place of a content.
func (m *Message) hasAWSContent() bool {
	return find(m.read.keys, "aws.uri") != nil && m.member("content") == nil && m.member("templateUri") == nil
}

// goesToAWS reports a message that needs no content: aws.uri names the document
// for the only target.
func (m *Message) goesToAWS() bool {
	return m.hasAWSContent() && slices.Equal(targetsOf(m.read.keys, true), []string{TargetAWS})
}

// checkEither finds two keys both, or, where one is needed, neither.
func (m *Message) checkEither(one, other, help string, needed bool) {
	first, second := m.member(one), m.member(other)
	switch {
	case first != nil && second != nil:
		m.read.report.add("IB0257", second.keyAt, "", one+" and "+other+" are both given", "keep one of them")
	case first == nil && second == nil && needed && !m.misspells(one, other):
		at := m.read.root.at
		at.end = at.start + 1
		m.read.report.add("IB0257", at, "", "neither "+one+" nor "+other+" is given", help)
	}
}

// withText is a key that has a text, be it empty: of another type there is none.
func withText(keys []given, path string) *given {
	if g := find(keys, path); g != nil && len(g.values) > 0 {
		return g
	}
	return nil
}

// misspells reports an unknown key that was meant as one of these: its finding
// says so.
func (m *Message) misspells(keys ...string) bool {
	return slices.ContainsFunc(m.read.root.members, func(has member) bool {
		return keyAt(has.key) == nil && Nearest(has.key, keys) != ""
	})
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
	in := input{messageKeys: m.read.keys, found: m.read.report.found, body: m.read.body, options: m.read.options}
	switch content := withText(m.read.keys, "content"); {
	case m.read.plain:
		in.content = m.read.body
		in.format = sniff(in.content)
	case m.read.starts:
		in.content, in.incomplete, in.starts = m.read.body, true, true
	case path != "":
		in.content = newSource(path, contentOrder, string(text))
		in.format = formatOf(path, in.content)
		in.name = DefaultName(path)
	case content != nil:
		in.content = newSource("/content", contentOrder, content.text())
		in.format = sniff(in.content)
	default:
		in.content = newSource("/content", contentOrder, "")
		in.incomplete = !m.goesToAWS()
	}
	if test := withText(m.read.keys, "testContent"); test != nil && !m.read.starts {
		in.test, in.testAt = newSource("/testContent", testOrder, test.text()), test.keyAt
	}
	return in.template()
}

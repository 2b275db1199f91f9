package template

import (
	"encoding/json"
	"errors"
	"io"
	"strconv"
	"strings"
	"unicode/utf8"
)

// jsonText reads a JSON text into nodes that know their place and pointer.
type jsonText struct {
	report *report
	src    *source
	dec    *json.Decoder
}

// errStop ends the walk after a finding.
var errStop = errors.New("stop")

// readJSON reads the one JSON object of a message body. Anything else in it is
// a finding; the object is answered as far as it was read, and whether that is
// all of it.
func readJSON(r *report, src *source) (n node, whole bool) {
	j := &jsonText{report: r, src: src, dec: json.NewDecoder(strings.NewReader(src.text))}
	j.dec.UseNumber()
	n, err := j.value("", 0)
	whole = err == nil
	if whole {
		err = j.trailing()
	}
	if err != nil && !errors.Is(err, errStop) {
		j.syntax(err)
	}
	return n, whole
}

func (j *jsonText) trailing() error {
	at := j.skip(" \t\r\n") // a comma, too, is text after the object
	if at == len(j.src.text) {
		return nil
	}
	j.report.add("IB0252", j.span("", at, at+1), "", "text after the JSON object", "send one object and nothing else")
	return errStop
}

func (j *jsonText) syntax(err error) {
	at := int(j.dec.InputOffset())
	text, help := err.Error(), "send one JSON object"
	if strings.HasSuffix(text, "in string literal") {
		help = `write a line end inside a string as \n, a tab as \t`
	}
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		// The offset of a Decoder leaves out what it read as tokens.
		errors.As(json.Unmarshal([]byte(j.src.text), new(json.RawMessage)), &syntax)
		at = int(syntax.Offset) - 1
	case errors.Is(err, io.EOF), errors.Is(err, io.ErrUnexpectedEOF):
		at, text = len(j.src.text), "unexpected end of JSON input"
	}
	at = min(max(at, 0), len(j.src.text))
	r, size := utf8.DecodeRuneInString(j.src.text[at:])
	if size > 1 { // the library names its first byte
		text = "invalid character " + strconv.QuoteRune(r)
	}
	j.report.add("IB0252", j.span("", at, at+size), "", "not valid JSON: "+text, help)
}

func (j *jsonText) span(pointer string, start, end int) span {
	return span{src: j.src, pointer: pointer, start: start, end: end}
}

// next is the offset of the next token: what separates tokens is stepped over.
func (j *jsonText) next() int { return j.skip(" \t\r\n,:") }

// skip is the offset of what follows the last token and any of these bytes.
func (j *jsonText) skip(over string) int {
	at := int(j.dec.InputOffset())
	return at + len(j.src.text[at:]) - len(strings.TrimLeft(j.src.text[at:], over))
}

// value reads one value.
func (j *jsonText) value(pointer string, depth int) (node, error) {
	start := j.next()
	token, err := j.dec.Token()
	if err != nil {
		return node{}, err
	}
	n := node{at: j.span(pointer, start, int(j.dec.InputOffset()))}
	switch t := token.(type) {
	case string:
		n.kind, n.text = textNode, t
		if isBroken(j.src.text[n.at.start:n.at.end], t) {
			j.report.add("IB0005", n.at, "", "half of a surrogate pair, which is no character",
				"write both halves, or the character itself")
		}
	case bool:
		n.kind, n.text = booleanNode, strconv.FormatBool(t)
	case nil:
		n.kind = nullNode
	case json.Number:
		n.kind, n.text = integerNode, t.String()
		if strings.ContainsAny(n.text, ".eE") {
			n.kind = numberNode
		}
		if end := n.at.end; end < len(j.src.text) && !strings.ContainsRune(" \t\r\n,]}", rune(j.src.text[end])) {
			n.kind = badNode // 0x28: not the number that it begins with
		}
	case json.Delim:
		err = j.container(&n, t, pointer, depth+1)
		n.at.end = int(j.dec.InputOffset())
	}
	return n, err
}

// isBroken reports a string in which the decoder has put the replacement
// character in the place of something else.
func isBroken(raw, text string) bool {
	const replacement = "\uFFFD"
	n := strings.Count(text, replacement)
	return n > 0 && n > strings.Count(raw, replacement)+strings.Count(strings.ToLower(raw), `\ufffd`)
}

func (j *jsonText) container(n *node, open json.Delim, pointer string, depth int) error {
	if depth > maxDepth {
		j.report.add("IB0252", n.at, "", "nested too deeply", "no key holds anything so deep")
		return errStop
	}
	n.kind = listNode
	read := j.item
	if open == '{' {
		n.kind, read = objectNode, j.member
	}
	for j.dec.More() {
		if err := read(n, pointer, depth); err != nil {
			return err
		}
	}
	_, err := j.dec.Token()
	return err
}

func (j *jsonText) item(n *node, pointer string, depth int) error {
	item, err := j.value(pointer+"/"+strconv.Itoa(len(n.items)), depth)
	if err == nil {
		n.items = append(n.items, item)
	}
	return err
}

func (j *jsonText) member(n *node, pointer string, depth int) error {
	start := j.next()
	token, err := j.dec.Token()
	if err != nil {
		return err
	}
	key, _ := token.(string) // the decoder takes nothing else for a key
	if named(key) != "" {    // else it may be any text: the place is enough
		pointer += "/" + key
	}
	keyAt := j.span(pointer, start, int(j.dec.InputOffset()))
	value, err := j.value(pointer, depth)
	if err == nil {
		n.members = append(n.members, member{key: key, keyAt: keyAt, value: value})
	}
	return err
}

package template

import (
	"errors"
	"fmt"
	"io"
	"reflect"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// yamlFailure is a syntax error of YAML and its place.
type yamlFailure struct {
	text string
	help string // what mends it, "" where the text alone does not tell
	at   span
	said bool // another rule finds the same: a control byte, or no UTF-8
}

// parse reads the one document of the text. Nodes are not expanded, so an
// alias costs nothing. The library's panics become failures: whatever stands
// in a template must end in a finding.
func (y *yamlText) parse() (root *yaml.Node, failure yamlFailure) {
	defer func() {
		if p := recover(); p != nil {
			root, failure = nil, y.failureAt("it cannot be read", 1, 1)
		}
	}()
	d := yaml.NewDecoder(strings.NewReader(y.text))
	var doc, more yaml.Node
	err := d.Decode(&doc)
	if errors.Is(err, io.EOF) {
		return nil, yamlFailure{}
	}
	if err != nil {
		return nil, y.failure(d, err)
	}
	if err := d.Decode(&more); err == nil {
		return nil, y.failureAt("a second document begins here", more.Line, 1)
	} else if !errors.Is(err, io.EOF) {
		return nil, y.failure(d, err)
	}
	return doc.Content[0], yamlFailure{}
}

// yamlError says of an error of the library what mends it.
type yamlError struct {
	text, help string
	begins     bool // what is wrong is where the thing begins that lacks its end
}

// yamlErrors are those that people make. The tests hold each to its help.
var yamlErrors = []yamlError{
	{"mapping values are not allowed in this context",
		"quote a value that holds `: `; or look at the indentation here, and for a blank missing behind - or : above", false},
	{"did not find expected key", "indent this line as the keys that it belongs to", false},
	{"did not find expected '-' indicator", "indent this line as the entry that it belongs to", false},
	{"block sequence entries are not allowed in this context", "begin the list on a line of its own", false},
	{"could not find expected ':'", "write `key: value`; the lines of a longer text go below `key: |`, indented", true},
	{"found unexpected end of stream", "write the quote that ends the value", true},
	{"did not find expected ',' or '}'", "write the comma or brace that is missing, or the value in quotes", false},
	{"did not find expected ',' or ']'", "write the comma or bracket that is missing, or the value in quotes", false},
	{"did not find expected alphabetic or numeric character", "quote a value that begins with a sign of YAML, such as * or @", true},
	{"found character that cannot start any token", "quote a value that begins with a sign of YAML, such as * or @", false},
	{"did not find expected comment or line break", "begin the text on the next line, indented", false},
	{"found unknown escape character", "write \\\\ for \\, or put the value in single quotes", false},
	{"found unknown directive name", "delete the line, or put the value in quotes", true},
	{"found incompatible YAML document", "delete the line that names a version", false},
	{"a second document begins here", "put each in a file of its own", false},
	{unknownAnchor, "quote a value that begins with *, or define the anchor above", false},
}

const (
	unknownAnchor = "unknown anchor"
	unreadable    = "control characters are not allowed"
	tabHelp       = "indent with blanks: YAML takes no tab for it"
)

// failure takes the place of a syntax error from the decoder, and the message
// out of the library's "yaml: line N: text", where N is the line of one thing
// or of another, and no column is.
func (y *yamlText) failure(d *yaml.Decoder, err error) yamlFailure {
	text, line := messageOf(err)
	if i := firstUnreadable(y.text); i >= 0 && (text == unreadable || strings.Contains(text, "UTF-8")) {
		return y.unreadable(i)
	}
	marks := marksOf(d)
	at := marks.problem
	switch {
	case !marks.known:
		at = yamlMark{line, 1}
	case text == unknownAnchor:
		at = marks.event
	case knownError(text).begins, y.offset(at.line, at.column) >= y.end: // what lacks an end began before
		at = marks.context
	}
	return y.failureAt(text, at.line, at.column)
}

// messageOf takes an error of the library apart. It never keeps a name.
func messageOf(err error) (text string, line int) {
	text, line = strings.TrimPrefix(err.Error(), "yaml: "), 1
	if rest, ok := strings.CutPrefix(text, "line "); ok {
		if number, message, ok := strings.Cut(rest, ": "); ok {
			if n, err := strconv.Atoi(number); err == nil {
				line, text = n, message
			}
		}
	}
	if strings.HasPrefix(text, unknownAnchor) {
		text = unknownAnchor
	}
	return text, line
}

func knownError(text string) yamlError {
	for _, e := range yamlErrors {
		if e.text == text {
			return e
		}
	}
	return yamlError{}
}

// failureAt is a failure from a line and column on, both from 1, to the end of
// the line; of one behind the text the last line.
func (y *yamlText) failureAt(text string, line, column int) yamlFailure {
	line = min(max(line, 1), max(len(y.starts), 1))
	start := y.offset(line, 1)
	at := min(y.offset(line, column), y.lineEnd(start)) // quotes that were put around a reference make a line longer
	f := yamlFailure{text: text, help: knownError(text).help, at: span{src: y.src, start: at, end: y.lineEnd(at)}}
	last, _ := utf8.DecodeLastRuneInString(y.src.text[:at])
	switch rest := y.src.text[at:f.at.end]; {
	case last == '\u0085' || last == '\u2028' || last == '\u2029':
		f.help = fmt.Sprintf("delete the %U before it: to YAML it ends the line", last)
	case strings.HasPrefix(rest, "\t"):
		f.help = tabHelp
	case strings.HasPrefix(rest, "{{") || strings.HasPrefix(rest, "{") && at > 0 && y.src.text[at-1] == '{':
		f.help = "put the value with {{ in double quotes"
	}
	return f
}

// firstUnreadable is the offset of the first character that YAML takes nowhere;
// -1 where there is none.
func firstUnreadable(text string) int {
	for i, r := range text {
		if _, n := utf8.DecodeRuneInString(text[i:]); r == utf8.RuneError && n == 1 || isUnreadableYAML(r) {
			return i
		}
	}
	return -1
}

func isUnreadableYAML(r rune) bool {
	return r < ' ' && r != '\t' && r != '\n' && r != '\r' || r >= 0x7f && r < 0xa0 && r != '\u0085' || r == '\ufffe' || r == '\uffff'
}

// unreadable is the failure at a character that cannot be read.
func (y *yamlText) unreadable(i int) yamlFailure {
	line, begin := 1, 0
	for at, r := range y.text[:i] {
		if isYAMLBreak(r) && !strings.HasPrefix(y.text[at:], "\r\n") {
			line, begin = line+1, at+utf8.RuneLen(r)
		}
	}
	f := y.failureAt(unreadable, line, 1+utf8.RuneCountInString(y.text[begin:i]))
	r, n := utf8.DecodeRuneInString(y.text[i:])
	f.said = r <= 0x7f || r == utf8.RuneError
	f.help, f.at.end = "delete the character, which cannot be seen", min(f.at.start+n, y.end)
	return f
}

// yamlMark is a line and a column, both from 1.
type yamlMark struct{ line, column int }

// yamlMarks are the places that a decoder has kept: of what it stumbled over,
// of what it was reading then, and of the last that it read.
type yamlMarks struct {
	problem, context, event yamlMark
	known                   bool
}

// marksOf reads the places, which no error and no method of the library tells.
// Of a library that keeps them elsewhere they are not known.
func marksOf(d *yaml.Decoder) yamlMarks {
	reader := field(reflect.ValueOf(d), "parser")
	m := yamlMarks{known: true}
	mark := func(path ...string) yamlMark {
		line, column := field(reader, append(path, "line")...), field(reader, append(path, "column")...)
		if !line.CanInt() || !column.CanInt() {
			m.known = false
			return yamlMark{}
		}
		return yamlMark{int(line.Int()) + 1, int(column.Int()) + 1}
	}
	m.problem, m.context, m.event = mark("parser", "problem_mark"), mark("parser", "context_mark"), mark("event", "start_mark")
	return m
}

// field follows the fields of structs and pointers to them; the zero value
// where there is none.
func field(v reflect.Value, path ...string) reflect.Value {
	for _, name := range path {
		if v = reflect.Indirect(v); v.Kind() != reflect.Struct {
			return reflect.Value{}
		}
		v = v.FieldByName(name)
	}
	return v
}

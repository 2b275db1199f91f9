package template

import (
	"cmp"
	"math"
	"slices"
	"strings"
	"unicode/utf8"
)

// ByteOrderMark may begin a file. It is not part of the text that is judged: the
// first column is that of the character behind it.
const ByteOrderMark = "\uFEFF"

// source is one text that findings point into: a file, a message body, or the
// content inside a message.
type source struct {
	path  string // Finding.Path of what stands in it
	order int    // its findings come after those of sources with a lower order
	text  string // without a byte order mark, so that the first column is the first character
	lines []int  // offset of the start of each line
	bytes byteKinds
}

// byteKinds are kinds of bytes that few texts have: most are told apart from those
// at one look.
type byteKinds uint8

const (
	controlByte byteKinds = 1 << iota // but for tab and line feed
	beyondASCII
	angleByte // <
	atByte    // @
)

var kindsOfByte = func() (kinds [256]byteKinds) {
	for c := range kinds {
		switch {
		case c < ' ' && c != '\t' && c != '\n' || c == 0x7f:
			kinds[c] = controlByte
		case c >= utf8.RuneSelf:
			kinds[c] = beyondASCII
		}
	}
	kinds['<'] = angleByte
	kinds['@'] = atByte
	return kinds
}()

// kindsIn looks at eight bytes at a time, which takes half as long as one at a
// time.
func kindsIn(text string) (found byteKinds) {
	for len(text) >= 8 {
		found |= kindsOfByte[text[0]] | kindsOfByte[text[1]] | kindsOfByte[text[2]] | kindsOfByte[text[3]] |
			kindsOfByte[text[4]] | kindsOfByte[text[5]] | kindsOfByte[text[6]] | kindsOfByte[text[7]]
		text = text[8:]
	}
	for i := range len(text) {
		found |= kindsOfByte[text[i]]
	}
	return found
}

// has reports bytes of these kinds anywhere in the text.
func (s *source) has(kinds byteKinds) bool { return s.bytes&kinds != 0 }

func newSource(path string, order int, text string) *source {
	s := &source{path: path, order: order, text: strings.TrimPrefix(text, ByteOrderMark)}
	s.bytes = kindsIn(s.text)
	s.lines = make([]int, 1, len(s.text)/40+8)
	for at := 0; ; {
		i := strings.IndexByte(s.text[at:], '\n')
		if i < 0 {
			return s
		}
		at += i + 1
		s.lines = append(s.lines, at)
	}
}

func (s *source) span(start, end int) span { return span{src: s, start: start, end: end} }

// line returns the text of line i (from 0) without its line end.
func (s *source) line(i int) string {
	end := len(s.text)
	if i+1 < len(s.lines) {
		end = s.lines[i+1] - 1
	}
	return strings.TrimSuffix(s.text[s.lines[i]:end], "\r")
}

// spanOfLine is line i (from 0) without its line end.
func (s *source) spanOfLine(i int) span {
	return span{src: s, start: s.lines[i], end: s.lines[i] + len(s.line(i))}
}

// wholeLine is line i (from 0) with its line end.
func (s *source) wholeLine(i int) span {
	end := len(s.text)
	if i+1 < len(s.lines) {
		end = s.lines[i+1]
	}
	return span{src: s, start: s.lines[i], end: end}
}

// position returns line and column of a byte offset, both from 1, the column
// in code points. An offset inside a line end counts as the end of its line.
func (s *source) position(offset int) (line, column int) {
	i, found := slices.BinarySearch(s.lines, offset)
	if !found {
		i--
	}
	text := s.line(i)
	text = text[:min(offset-s.lines[i], len(text))]
	return i + 1, utf8.RuneCountInString(text) + 1
}

// span is a range of a source; end is exclusive.
type span struct {
	src        *source
	pointer    string // Finding.Path where it is not the source's, a JSON pointer
	start, end int
}

func (p span) path() string {
	if p.pointer != "" {
		return p.pointer
	}
	return p.src.path
}

// value makes the exported form of a scalar that stands at p.
func (p span) value(key, text string) Value {
	v := Value{Key: key, Text: text, Path: p.path(), order: p.src.order}
	v.Line, v.Column = p.src.position(p.start)
	v.EndLine, v.EndColumn = p.src.position(p.end)
	return v
}

// maxAlike bounds the findings of one rule and severity. Nothing within the
// limits of a template comes near; what is beyond must not cost without end.
const maxAlike = 200

// alike are findings that count together.
type alike struct {
	rule     string
	severity Severity
	n        int
}

// report collects the findings of one template.
type report struct {
	found []Finding
	count []alike

	secrets []Finding // see Template.Secrets

	suppressions []*suppression
	hushed       map[string]int // suppressed findings of a rule
}

// full reports that a rule has enough findings: where they may be many, it
// saves looking for the place of one that would be dropped.
func (r *report) full(rule string) bool { return r.alike(rule, ruleOf(rule).Severity).n >= maxAlike }

// alike are few: as many as rules that found something.
func (r *report) alike(rule string, severity Severity) *alike {
	for i := range r.count {
		if a := &r.count[i]; a.rule == rule && a.severity == severity {
			return a
		}
	}
	r.count = append(r.count, alike{rule: rule, severity: severity})
	return &r.count[len(r.count)-1]
}

// add appends a finding with the severity of its rule, and returns it until the
// next one comes: for its fix. One too many, or suppressed, is nil.
func (r *report) add(rule string, at span, code, message, help string) *Finding {
	return r.addAs(ruleOf(rule).Severity, rule, at, code, message, help)
}

// warn appends a finding that is milder than its rule.
func (r *report) warn(rule string, at span, message, help string) *Finding {
	return r.addAs(Warning, rule, at, "", message, help)
}

func (r *report) addAs(severity Severity, rule string, at span, code, message, help string) *Finding {
	like := r.alike(rule, severity)
	if like.n >= maxAlike {
		return nil
	}
	suppressed, secret := r.suppressed(rule, at), ruleOf(rule).Secret
	if suppressed && !secret {
		return nil
	}
	like.n++
	v := at.value("", "")
	f := Finding{
		Rule: rule, Severity: severity, Path: v.Path,
		Line: v.Line, Column: v.Column, EndLine: v.EndLine, EndColumn: v.EndColumn,
		Message: coverKeys(message), Help: coverKeys(help), ServiceCode: code, order: v.order,
	}
	if secret {
		r.addSecret(f, like.n)
	}
	if suppressed {
		return nil
	}
	r.found = append(r.found, f)
	return &r.found[len(r.found)-1]
}

// addSecret keeps what is to be covered: after the last that is looked for, all of
// the text.
func (r *report) addSecret(f Finding, n int) {
	if n == maxAlike {
		f.Line, f.Column, f.EndLine, f.EndColumn = 1, 1, math.MaxInt, 1
	}
	r.secrets = append(r.secrets, f)
}

// extendSecret lets the last secret end where at does: its finding marks only where it
// begins.
func (r *report) extendSecret(at span) {
	last := &r.secrets[len(r.secrets)-1]
	line, column := at.src.position(at.end)
	if last.EndLine < line || last.EndLine == line && last.EndColumn < column {
		last.EndLine, last.EndColumn = line, column
	}
}

// findings returns what was found and concerns one of the targets, in the order
// of the text, rules of one place by their id; pedantic rules only where asked for.
// What is found twice, where a YAML alias repeats a text, is told once.
func (r *report) findings(targets []string, o Options) []Finding {
	Sort(r.found)
	if len(r.found) == 0 {
		return []Finding{}
	}
	out := r.found[:0]
	for i, f := range r.found {
		rule := ruleOf(f.Rule)
		if i > 0 && f.repeats(&r.found[i-1]) || rule.Pedantic && !o.Pedantic || !rule.concerns(targets...) {
			continue
		}
		if rule.Target == "" && !slices.Contains(targets, TargetAlibaba) {
			f.ServiceCode = "" // of a service that is not asked
		}
		out = append(out, f)
	}
	return out
}

func (f *Finding) repeats(other *Finding) bool {
	return f.Rule == other.Rule && f.Path == other.Path && f.Line == other.Line && f.Column == other.Column && f.Message == other.Message &&
		f.Severity == other.Severity
}

func byPosition(a, b Finding) int {
	return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
		cmp.Compare(a.Rule, b.Rule))
}

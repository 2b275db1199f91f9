package lsp

import (
	"path"
	"sort"
	"strings"
	"unicode/utf16"
	"unicode/utf8"

	"go.lsp.dev/protocol"

	"imagedrop/shared/template"
)

// document is a text as the editor has it, with both ways to count in it: the
// protocol's, lines from 0 and columns in UTF-16 or UTF-8, and that of findings, lines
// and columns from 1 and columns in code points.
type document struct {
	uri     protocol.DocumentURI
	path    string // by which its format and its default name are known
	version int32
	utf8    bool // how the protocol counts columns, else in UTF-16
	text    string
	lines   []int // offset of the start of each line, as the protocol counts them
	starts  []int // the same as findings count them: a lone CR ends no line

	findings []template.Finding
	mending  *mending // of all the findings, where it was asked for
}

// mending is a text as it is when all was mended that has one obvious mending.
type mending struct {
	text   string
	mended int // how many findings
}

func newDocument(item protocol.TextDocumentItem) *document {
	d := &document{uri: item.URI, path: pathOf(item), version: item.Version}
	d.set(item.Text)
	return d
}

func (d *document) set(text string) {
	d.text, d.lines, d.starts = text, []int{0}, []int{0}
	for i := range len(text) {
		if text[i] == '\n' || text[i] == '\r' && !strings.HasPrefix(text[i+1:], "\n") {
			d.lines = append(d.lines, i+1)
		}
		if text[i] == '\n' {
			d.starts = append(d.starts, i+1)
		}
	}
}

// change replaces all of the text, or the range that an editor names although it
// is asked for all. The ends of a range may come in any order.
func (d *document) change(at protocol.Range, text string) {
	if at != (protocol.Range{}) {
		a, b := d.offset(at.Start), d.offset(at.End)
		text = d.text[:min(a, b)] + text + d.text[max(a, b):]
	}
	d.set(text)
}

// named gives an unsaved text, which has a language and no name, the ending of
// a template.
var named = map[protocol.LanguageIdentifier]string{
	"dockerfile": ".Dockerfile", "imagedrop": ".Dockerfile", "yaml": ".yaml", "json": ".json",
}

// pathOf is the path of a document; what is no template by its name is one by
// its language. Only the address of a file may have a bare question mark in it,
// from an editor that escapes too little; elsewhere a query follows.
func pathOf(item protocol.TextDocumentItem) string {
	p := string(item.URI)
	if _, rest, ok := strings.Cut(p, "://"); ok && strings.HasPrefix(p, "file://") {
		p = unescape(rest)
	} else if _, rest, ok := strings.Cut(p, ":"); ok {
		rest, _, _ = strings.Cut(rest, "?")
		p = unescape(rest)
	}
	if !template.IsTemplate(path.Base(p)) && path.Ext(p) != ".json" {
		p += named[item.LanguageID]
	}
	return p
}

// isMessage reports a document that is a message by its name.
func (d *document) isMessage() bool { return path.Ext(d.path) == ".json" }

// isYAML reports a document that is YAML by its name.
func (d *document) isYAML() bool {
	ext := path.Ext(d.path)
	return (ext == ".yaml" || ext == ".yml") && !strings.HasPrefix(path.Base(d.path), "Dockerfile.")
}

// ours reports a document that is a template or a message.
func (d *document) ours() bool {
	switch {
	case d.isMessage():
		return isOwnJSON(d.text)
	case d.isYAML():
		return isOwnYAML(d.text)
	}
	return template.IsTemplate(path.Base(d.path))
}

// width is how many columns of the protocol a character takes.
func (d *document) width(r rune) int {
	if d.utf8 {
		return utf8.RuneLen(r)
	}
	return utf16.RuneLen(r)
}

// position is the protocol's form of an offset.
func (d *document) position(offset int) protocol.Position {
	line := sort.SearchInts(d.lines, offset+1) - 1
	n := 0
	for _, r := range d.text[d.lines[line]:offset] {
		n += d.width(r)
	}
	return protocol.Position{Line: uint32(line), Character: uint32(n)}
}

// offset is the byte that a position stands before; one beyond the end of its
// line or of the text stands at that end, as the protocol asks for.
func (d *document) offset(p protocol.Position) int {
	if int(p.Line) >= len(d.lines) {
		return len(d.text)
	}
	at, n := d.lines[p.Line], 0
	for at < len(d.text) && n < int(p.Character) && d.text[at] != '\n' && d.text[at] != '\r' {
		r, size := utf8.DecodeRuneInString(d.text[at:])
		n += d.width(r)
		at += size
	}
	return at
}

// place is the offset of a finding's line and column.
func (d *document) place(line, column int) int {
	if line > len(d.starts) {
		return len(d.text)
	}
	_, at := d.line(line - 1)
	for ; column > 1 && at < len(d.text) && d.text[at] != '\n'; column-- {
		_, size := utf8.DecodeRuneInString(d.text[at:])
		at += size
	}
	return at
}

func (d *document) span(line, column, endLine, endColumn int) protocol.Range {
	return d.between(d.place(line, column), d.place(endLine, endColumn))
}

func (d *document) between(start, end int) protocol.Range {
	return protocol.Range{Start: d.position(start), End: d.position(end)}
}

func (d *document) rangeOf(f template.Finding) protocol.Range {
	return d.span(f.Line, f.Column, f.EndLine, f.EndColumn)
}

// lineAt is the line, as findings count, that an offset stands in.
func (d *document) lineAt(offset int) int { return sort.SearchInts(d.starts, offset+1) - 1 }

// line is a line without its end, and where it starts.
func (d *document) line(i int) (text string, start int) {
	start = d.starts[i]
	end := len(d.text)
	if i+1 < len(d.starts) {
		end = d.starts[i+1] - 1
	}
	text = strings.TrimSuffix(d.text[start:end], "\r")
	if i == 0 && strings.HasPrefix(text, template.ByteOrderMark) {
		return text[len(template.ByteOrderMark):], len(template.ByteOrderMark)
	}
	return text, start
}

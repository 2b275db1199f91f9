package template

import (
	"sort"
	"strings"
	"unicode/utf8"
)

// Fix is the one obvious mending of a finding.
type Fix struct {
	Title string // what it does, in the imperative: "write RUN"
	// Edits do not overlap and stand in the order of the text.
	Edits []Edit
}

// Edit replaces a range of the text that its finding points into. Positions are
// those of a Finding. Text has no line end, so that an edit keeps those of its file.
type Edit struct {
	Line, Column, EndLine, EndColumn int
	Text                             string
}

// change is an edit under way.
type change struct {
	at   span
	text string
}

// offer gives a finding its fix. What stands inside a message's content has
// none: there the text is a JSON string. A finding that was one too many is nil.
func (f *Finding) offer(title string, changes ...change) {
	if f == nil || f.order != bodyOrder {
		return
	}
	fix := Fix{Title: title, Edits: make([]Edit, len(changes))}
	for i, c := range changes {
		e := &fix.Edits[i]
		e.Line, e.Column = c.at.src.position(c.at.start)
		e.EndLine, e.EndColumn = c.at.src.position(c.at.end)
		e.Text = c.text
	}
	f.Fix = &fix
}

// ApplyFixes applies the fixes of findings to the text that they point into and
// returns how many. Of fixes that overlap or touch only the first is applied:
// parse the result and repeat until none is. A byte order mark stays.
func ApplyFixes(text string, findings []Finding) (fixed string, n int) {
	src := newSource("", bodyOrder, text)
	var taken []replacement
	for _, f := range findings {
		if f.Fix == nil {
			continue
		}
		if wanted, ok := src.replacements(f.Fix.Edits); ok && !collide(taken, wanted) {
			taken = append(taken, wanted...)
			n++
		}
	}
	sort.Slice(taken, func(a, b int) bool { return taken[a].start < taken[b].start })
	var b strings.Builder
	b.WriteString(text[:len(text)-len(src.text)])
	at := 0
	for _, r := range taken {
		b.WriteString(src.text[at:r.start])
		b.WriteString(r.text)
		at = r.end
	}
	b.WriteString(src.text[at:])
	return b.String(), n
}

// replacement is an edit in bytes.
type replacement struct {
	start, end int
	text       string
}

// replacements answers false where an edit lies outside the text.
func (s *source) replacements(edits []Edit) (out []replacement, ok bool) {
	for _, e := range edits {
		start, inside := s.offset(e.Line, e.Column)
		end, alsoInside := s.offset(e.EndLine, e.EndColumn)
		if !inside || !alsoInside || end < start {
			return nil, false
		}
		out = append(out, replacement{start, end, e.Text})
	}
	return out, true
}

// offset is the other way of position.
func (s *source) offset(line, column int) (offset int, ok bool) {
	if line < 1 || line > len(s.lines) || column < 1 {
		return 0, false
	}
	text, at := s.line(line-1), 0
	for ; column > 1; column-- {
		if at == len(text) {
			return 0, false
		}
		_, n := utf8.DecodeRuneInString(text[at:])
		at += n
	}
	return s.lines[line-1] + at, true
}

func collide(taken, wanted []replacement) bool {
	for _, t := range taken {
		for _, w := range wanted {
			if w.start <= t.end && t.start <= w.end {
				return true
			}
		}
	}
	return false
}

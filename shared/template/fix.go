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
// those of a Finding; lines of Text end in LF, whatever ends those of the file.
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

// maxRounds bounds Mend. A round applies the fixes of maxAlike findings of each
// rule, so this is enough for more lines than a template may have.
const maxRounds = 100

// Mend applies the fixes of what judge finds in text, round by round, until none
// is left, and returns the findings that were mended. A fix that would leave
// more errors than there are is left out.
func Mend(text string, judge func(text string) []Finding) (fixed string, mended []Finding) {
	m := mending{text: text, found: judge(text), judge: judge, refused: map[refusal]bool{}}
	for range maxRounds {
		if fixes := m.round(); len(fixes) > 0 {
			mended = append(mended, fixes...)
		} else if !m.again() {
			break
		}
	}
	return m.text, mended
}

// mending is a text under way.
type mending struct {
	text    string
	found   []Finding
	judge   func(text string) []Finding
	refused map[refusal]bool
	changed bool // since the first of refused
}

// refusal names a fix that was left out, as long as its line stays.
type refusal struct {
	rule, line string
	column     int
}

func (m *mending) nameOf(src *source, f Finding) refusal {
	return refusal{f.Rule, src.line(f.Line - 1), f.Column}
}

// round applies what can be applied together; where that adds an error, one by
// one.
func (m *mending) round() []Finding {
	src := newSource("", bodyOrder, m.text)
	var wanted []Finding
	for _, f := range m.found {
		if f.Fix != nil && !m.refused[m.nameOf(src, f)] {
			wanted = append(wanted, f)
		}
	}
	wanted = together(m.text, urgent(wanted))
	if len(wanted) == 0 {
		return nil
	}
	next, after := m.attempt(wanted)
	if addsError(m.found, after) {
		wanted, next, after = m.oneByOne(src, wanted)
	}
	m.text, m.found, m.changed = next, after, m.changed || len(wanted) > 0
	return wanted
}

// again answers whether what was refused is worth another try: what was mended
// since may have cleared its way.
func (m *mending) again() bool {
	tries := m.changed && len(m.refused) > 0
	m.refused, m.changed = map[refusal]bool{}, false
	return tries
}

func (m *mending) attempt(fixes []Finding) (next string, after []Finding) {
	next, _ = ApplyFixes(m.text, fixes)
	return next, m.judge(next)
}

// oneByOne takes of fixes those that add no error to the ones before them.
func (m *mending) oneByOne(src *source, fixes []Finding) (good []Finding, next string, after []Finding) {
	next, after = m.text, m.found
	for _, f := range fixes {
		tried, result := m.attempt(append(good[:len(good):len(good)], f))
		if addsError(m.found, result) {
			m.refused[m.nameOf(src, f)] = true
		} else {
			good, next, after = append(good, f), tried, result
		}
	}
	return good, next, after
}

// urgent are the findings whose fixes come first: a suppression, once it is well
// formed, may be about the others.
func urgent(fixes []Finding) []Finding {
	var first []Finding
	for _, f := range fixes {
		if f.Rule == "IB0014" {
			first = append(first, f)
		}
	}
	if first != nil {
		return first
	}
	return fixes
}

// addsError reports more errors than before. A fix may bring one to light, but
// not for nothing.
func addsError(before, after []Finding) bool { return errorsIn(after) > errorsIn(before) }

func errorsIn(found []Finding) (n int) {
	for _, f := range found {
		if f.Severity == Error {
			n++
		}
	}
	return n
}

// together are the findings whose fixes neither overlap nor touch one before them.
func together(text string, findings []Finding) (out []Finding) {
	src := newSource("", bodyOrder, text)
	var taken []replacement
	for _, f := range findings {
		if f.Fix == nil {
			continue
		}
		if wanted, ok := src.replacements(f.Fix.Edits); ok && !collide(taken, wanted) {
			taken, out = append(taken, wanted...), append(out, f)
		}
	}
	return out
}

// ApplyFixes applies the fixes of findings to the text that they point into and
// returns how many. Of fixes that overlap or touch only the first is applied:
// judge the result and repeat, as Mend does. A byte order mark stays.
func ApplyFixes(text string, findings []Finding) (fixed string, n int) {
	src := newSource("", bodyOrder, text)
	apply := together(text, findings)
	var taken []replacement
	for _, f := range apply {
		wanted, _ := src.replacements(f.Fix.Edits)
		taken = append(taken, wanted...)
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
	return b.String(), len(apply)
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
		out = append(out, replacement{start, end, strings.ReplaceAll(e.Text, "\n", s.lineEnd(e.Line))})
	}
	return out, true
}

// lineEnd is what ends a line, from 1; LF where nothing does.
func (s *source) lineEnd(line int) string {
	if at := s.wholeLine(line - 1); strings.HasSuffix(s.text[at.start:at.end], "\r\n") {
		return "\r\n"
	}
	return "\n"
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

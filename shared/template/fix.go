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

// maxRounds bounds Mend. A round applies the fixes of maxAlike findings of each
// rule, so this is enough for more lines than a template may have.
const maxRounds = 100

// Mend applies the fixes of what judge finds in text, round by round, until none
// is left, and returns the findings that were mended. A fix that would add an
// error finding is left out.
func Mend(text string, judge func(text string) []Finding) (fixed string, mended []Finding) {
	found := judge(text)
	for range maxRounds {
		fixes := together(text, found)
		next, after := attempt(text, fixes, judge)
		if addsError(found, after) {
			fixes, next, after = oneByOne(text, found, fixes, judge)
		}
		if len(fixes) == 0 {
			break
		}
		text, found, mended = next, after, append(mended, fixes...)
	}
	return text, mended
}

func attempt(text string, fixes []Finding, judge func(string) []Finding) (next string, after []Finding) {
	next, _ = ApplyFixes(text, fixes)
	return next, judge(next)
}

// oneByOne takes of fixes those that add no error to the ones before them.
func oneByOne(text string, found, fixes []Finding, judge func(string) []Finding) (good []Finding, next string, after []Finding) {
	next, after = text, found
	for _, f := range fixes {
		tried, result := attempt(text, append(good[:len(good):len(good)], f), judge)
		if !addsError(found, result) {
			good, next, after = append(good, f), tried, result
		}
	}
	return good, next, after
}

// addsError reports a rule with more errors than before.
func addsError(before, after []Finding) bool {
	count := map[string]int{}
	for _, f := range before {
		if f.Severity == Error {
			count[f.Rule]++
		}
	}
	for _, f := range after {
		if f.Severity == Error {
			count[f.Rule]--
			if count[f.Rule] < 0 {
				return true
			}
		}
	}
	return false
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

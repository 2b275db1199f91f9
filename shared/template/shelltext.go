package template

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// textOf is a word as a program gets it; an expansion is a NUL in it. What has to be
// put together, b keeps.
func textOf(w *syntax.Word, b *strings.Builder) (text string, fixed, split bool) {
	if len(w.Parts) == 1 {
		switch part := w.Parts[0].(type) {
		case *syntax.Lit:
			if strings.IndexByte(part.Value, '\\') < 0 {
				return part.Value, true, false
			}
		case *syntax.SglQuoted:
			if !part.Dollar {
				return part.Value, true, false
			}
		case *syntax.DblQuoted:
			if l, ok := onlyLiteral(part); ok {
				return l, true, false
			}
		}
	}
	if b.Cap() == 0 {
		b.Grow(256)
	}
	from := b.Len()
	t := wordText{b: b, fixed: true}
	t.parts(w.Parts, false)
	return b.String()[from:], t.fixed, t.split
}

// onlyLiteral is what stands between double quotes, where it is no more than
// that.
func onlyLiteral(q *syntax.DblQuoted) (string, bool) {
	if len(q.Parts) != 1 {
		return "", len(q.Parts) == 0
	}
	l, ok := q.Parts[0].(*syntax.Lit)
	if !ok || strings.IndexByte(l.Value, '\\') >= 0 {
		return "", false
	}
	return l.Value, true
}

type wordText struct {
	b            *strings.Builder
	fixed, split bool
}

func (t *wordText) parts(parts []syntax.WordPart, quoted bool) {
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			t.literal(part.Value, quoted)
		case *syntax.SglQuoted:
			t.fixed = t.fixed && !part.Dollar
			t.b.WriteString(part.Value)
		case *syntax.DblQuoted:
			t.parts(part.Parts, true)
		default:
			t.fixed, t.split = false, t.split || !quoted || isAllArguments(part)
			t.b.WriteByte(0)
		}
	}
}

// isAllArguments reports $@, which is several words in quotes too.
func isAllArguments(part syntax.WordPart) bool {
	p, ok := part.(*syntax.ParamExp)
	return ok && (p.Param != nil && p.Param.Value == "@" || p.Index != nil)
}

// literal takes the backslashes out.
func (t *wordText) literal(s string, quoted bool) {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (!quoted || strings.IndexByte("$`\"\\\n", s[i+1]) >= 0) {
			if i++; s[i] == '\n' {
				continue
			}
		}
		t.b.WriteByte(s[i])
	}
}

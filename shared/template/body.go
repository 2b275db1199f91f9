package template

import (
	"strconv"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// InBody returns a finding as one of the message body: what points into the
// text of content or testContent gets the place of that text in its JSON
// string. Other findings stay as they are.
func (t *Template) InBody(f Finding) Finding {
	if f.order == bodyOrder {
		return f
	}
	g := withText(t.given, strings.TrimPrefix(f.Path, "/"))
	if g == nil { // of an object that the message names
		return f
	}
	body := g.at.src
	start := inString(body.text[:g.at.end-1], g.at.start+1, f.Line, f.Column)
	end := inString(body.text[:g.at.end-1], g.at.start+1, f.EndLine, f.EndColumn)
	f.Line, f.Column = body.position(start)
	f.EndLine, f.EndColumn = body.position(end)
	f.order = bodyOrder
	return f
}

// inString returns the offset of a line and column, both from 1, of the text
// that the JSON string from at to the end of text stands for.
func inString(text string, at, line, column int) int {
	if r, size := jsonRune(text[at:]); string(r) == ByteOrderMark {
		at += size
	}
	for l, c := 1, 1; at < len(text) && (l != line || c != column); {
		r, size := jsonRune(text[at:])
		at += size
		c++
		if r == '\n' {
			l, c = l+1, 1
		}
	}
	return at
}

// jsonRune reads one character of a JSON string.
func jsonRune(s string) (r rune, size int) {
	if len(s) < 2 || s[0] != '\\' {
		return utf8.DecodeRuneInString(s)
	}
	if s[1] != 'u' {
		if s[1] == 'n' {
			return '\n', 2
		}
		return rune(s[1]), 2
	}
	const unit = len(`\u0000`)
	r = hexRune(s)
	if utf16.IsSurrogate(r) && len(s) >= 2*unit && s[unit] == '\\' {
		if both := utf16.DecodeRune(r, hexRune(s[unit:])); both != utf8.RuneError {
			return both, 2 * unit
		}
	}
	return r, min(unit, len(s))
}

// hexRune is the number in \uXXXX.
func hexRune(s string) rune {
	n, _ := strconv.ParseUint(s[2:min(6, len(s))], 16, 16) // JSON that parses has four digits
	return rune(n)
}

package template

import (
	"errors"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// checkSyntax reports what no shell can read. Where a parameter is put into the
// text before a shell sees it, or the parser knows less than a shell, nobody
// can be sure.
func checkSyntax(l *lint, s *script) {
	if s.err != nil {
		reportSyntax(l, s)
	}
}

func reportSyntax(l *lint, s *script) {
	var broken syntax.ParseError
	if !errors.As(s.err, &broken) {
		return
	}
	at := s.offset(broken.Pos)
	message := syntaxMessage(broken.Text)
	place := s.span(extent{at, s.tokenEnd(at)})
	if !isCertain(broken.Text) || s.node != nil && s.text != s.node.Value {
		l.warn("IB0300", place, message, "does a shell read this? bash -n tells")
		return
	}
	l.add("IB0300", place, "", message, "mend it; bash -n shows the same error")
}

// tokenEnd is the end of what begins at an offset: a word, or one sign.
func (s *script) tokenEnd(at int) int {
	rest := s.text[at:]
	n := 0
	for n < len(rest) && (isLetter(rest[n]) || rest[n] == '_') {
		n++
	}
	if n == 0 && rest != "" && rest[0] != '\n' {
		n = 1
		for n < len(rest) && rest[n]&0xc0 == 0x80 {
			n++
		}
	}
	return at + n
}

// isCertain reports an error that every shell sees: not in arithmetic, which is
// read as the script runs, nor in a here-document without its last line, which
// is a warning to a shell.
func isCertain(text string) bool {
	for _, doubtful := range []string{"here-document", "rithm", "expression", "((", "[", "operator", "func name", "ternary", "nested"} {
		if strings.Contains(text, doubtful) {
			return false
		}
	}
	return true
}

// syntaxMessage is the parser's message without words of the text.
func syntaxMessage(text string) string {
	switch {
	case strings.HasPrefix(text, "unclosed here-document"):
		text = "a here-document is not closed"
	case strings.Contains(text, "without closing quote"):
		text = "a quote is not closed"
	case strings.Contains(text, "cannot be followed by a word"):
		text = "malformed parameter expansion"
	}
	text, _, _ = strings.Cut(text, ": `")
	text, _, _ = strings.Cut(text, "; encountered")
	return "shell syntax: " + text
}

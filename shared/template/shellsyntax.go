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
	if s.err != nil && (s.in == nil || !s.in.open && !s.in.spills) { // IB0008, IB0101: the end is missing
		reportSyntax(l, s)
	}
}

func reportSyntax(l *lint, s *script) {
	var broken syntax.ParseError
	if !errors.As(s.err, &broken) {
		return
	}
	at := s.offset(broken.Pos)
	sure := certaintyOf(broken.Text)
	message := syntaxMessage(broken.Text)
	if joined := s.joinedKeyword(at); sure == unknown && joined >= 0 {
		at, sure, message = joined, certain, "shell syntax: a blank is missing before `[`"
	}
	if sure == unknown || s.endsBefore() || s.isLate(at, broken.Text) || hasHashInWord(s.text) {
		return
	}
	place := s.span(extent{at, s.tokenEnd(at)})
	switch {
	case s.late:
		l.warn("IB0300", place, message, "mend it, or quote the name behind << so that nothing in the text is expanded")
		return
	case sure == likely && !strings.Contains(broken.Text, "here-document"):
		l.warn("IB0300", place, message, "mend it; bash -n may say nothing, but the command fails as it runs")
		return
	case sure == likely || s.blanked:
		l.warn("IB0300", place, message, "does a shell read this? bash -n tells")
		return
	}
	l.add("IB0300", place, "", message, helpSyntax(s, message))
}

// openQuote is the message that has a help of its own in RUN: the text often
// goes on below, where nobody reads it as shell text.
const openQuote = "shell syntax: a quote is not closed"

func helpSyntax(s *script, message string) string {
	if s.in != nil && message == openQuote {
		return `close it; where the text goes on below, end this line with "\"`
	}
	return "mend it; bash -n shows the same error"
}

// endsBefore reports a script that a shell never reads to its end: it has left
// it with exec or exit.
func (s *script) endsBefore() bool {
	for _, stmt := range s.stmts {
		if c, ok := stmt.Cmd.(*syntax.CallExpr); ok && len(c.Args) > 0 {
			if name, _, _ := textOf(c.Args[0], &strings.Builder{}); name == "exec" || name == "exit" {
				return true
			}
		}
	}
	return false
}

// joinedKeyword is the place of a keyword that has grown together with the test
// behind it, as in `if[ -f a ]`, where an error stands in that; or -1.
func (s *script) joinedKeyword(at int) int {
	start := strings.LastIndexAny(s.text[:at], ";&|\n") + 1
	command := strings.TrimLeft(s.text[start:], " \t")
	for _, keyword := range []string{"if[", "elif[", "while[", "until["} {
		if strings.HasPrefix(command, keyword) {
			return len(s.text) - len(command)
		}
	}
	return -1
}

// isOpenToEnd reports what is not closed to the end of the text.
func isOpenToEnd(text string) bool { return strings.HasPrefix(text, "reached EOF without matching") }

// isLate reports a place that bash reads only as it comes to it: between
// backquotes, behind a ${ without a name, and an array behind eval, which the parser
// does not know.
func (s *script) isLate(at int, text string) bool {
	rest := s.text[at:]
	for _, open := range []string{"${ ", "${\n", "${|"} {
		if strings.Contains(s.text[:at], open) {
			return true
		}
	}
	return strings.Count(s.text[:at], "`")%2 == 1 && strings.Contains(rest, "`") ||
		strings.HasPrefix(rest, "(") && at > 0 && s.text[at-1] == '=' && !isOpenToEnd(text)
}

// hasHashInWord reports $name#, in which the parser takes the rest of the line for
// a comment where it stands inside case or $(...).
func hasHashInWord(text string) bool {
	name := false
	for i := range len(text) {
		switch c := text[i]; {
		case c == '#' && name && text[i-1] != '$':
			return true
		case c == '$':
			name = true
		case !isAlphanumeric(c) && c != '_':
			name = false
		}
	}
	return false
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

// certainty says whether a shell would see the error too.
type certainty int

const (
	certain certainty = iota
	likely            // a warning to a shell
	unknown           // read as the script runs, if at all: arithmetic, and what stands in brackets
)

func certaintyOf(text string) certainty {
	if strings.Contains(text, "here-document") {
		return likely
	}
	if isOpenToEnd(text) {
		return certain
	}
	if text == "not a valid parameter expansion operator: `\"`" || strings.Contains(text, "cannot be followed by a word") {
		return likely // "${a" and ${a b}, which a shell may take until it runs
	}
	if strings.HasPrefix(text, "reached ") && strings.Contains(text, "without matching") || strings.HasPrefix(text, "`-") {
		return unknown // of arithmetic, and of a test, which may go on in the next line
	}
	text = strings.ReplaceAll(text, "[in words]", "") // those of for and select, which say nothing of an expression
	for _, part := range []string{"rithm", "expression", "((", "[", "operator", "func name", "ternary", "nested", "parameter name",
		"heredoc words", "statement alone", "negate", "reached `}`", "=~", "in full statements", "inline variables"} {
		if strings.Contains(text, part) {
			return unknown
		}
	}
	return certain
}

// syntaxMessage is the parser's message without words of the text.
func syntaxMessage(text string) string {
	switch {
	case strings.HasPrefix(text, "unclosed here-document"):
		text = "a here-document is not closed"
	case strings.Contains(text, "without closing quote"):
		return openQuote
	case strings.Contains(text, "cannot be followed by a word"):
		text = "malformed parameter expansion"
	}
	text, _, _ = strings.Cut(text, ": `")
	text, _, _ = strings.Cut(text, "; encountered")
	return "shell syntax: " + text
}

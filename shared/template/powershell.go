package template

import "strings"

// psStatement is what PowerShell reads up to the end of a command, or within a parenthesis.
type psStatement struct {
	before string // the word before the parenthesis that it begins with, or before =
	words  []argument
}

// powerShellReader cuts a text into statements. It knows as much of the language as
// tells what a word is: quotes, here-strings, comments, and what ends a command.
type powerShellReader struct {
	text string
	at   int
	out  []psStatement
	now  psStatement
}

// statementsOf reads a text of PowerShell, and tells its comments.
func statementsOf(text string) (out []psStatement, comments []extent) {
	r := powerShellReader{text: text}
	for r.at < len(text) {
		rest := text[r.at:]
		switch c := rest[0]; {
		case strings.HasPrefix(rest, "<#"):
			comments = append(comments, r.skip(before(text, r.at, "#>")+len("#>")))
		case c == '#':
			comments = append(comments, r.skip(r.at+len(lineOf(rest))))
		case c == '`' && len(rest) > 1 && (rest[1] == '\n' || rest[1] == '\r'):
			r.at += len("`") + len(rest[1:]) - len(strings.TrimLeft(rest[1:], "\r\n"))
		case c == ' ' || c == '\t' || c == '\r' || c == ',':
			r.at++
		case c == '\n' || strings.IndexByte("(){};|&", c) >= 0:
			r.end(c == '(')
			r.at++
		case c == '=' && len(r.now.words) > 0:
			r.end(true)
			r.at++
		default:
			r.word()
		}
	}
	r.end(false)
	return r.out, comments
}

func (r *powerShellReader) skip(to int) extent {
	e := extent{r.at, min(to, len(r.text))}
	r.at = e.end
	return e
}

// end ends a psStatement; the next one is told what this one ends with.
func (r *powerShellReader) end(named bool) {
	last := ""
	if n := len(r.now.words); n > 0 {
		last = r.now.words[n-1].text
		r.out = append(r.out, r.now)
	}
	r.now = psStatement{}
	if named {
		r.now.before = last
	}
}

// word reads one word, the quotes in it taken off.
func (r *powerShellReader) word() {
	start := r.at
	a := argument{fixed: true}
	var b strings.Builder
	for r.at < len(r.text) && strings.IndexByte(" \t\r\n,(){};|&", r.text[r.at]) < 0 {
		switch c := r.text[r.at]; {
		case c == '"' || c == '\'':
			text, fixed := r.quoted(c)
			b.WriteString(text)
			a.fixed = a.fixed && fixed
		case c == '@' && strings.IndexAny(r.text[r.at+1:], `"'`) == 0:
			r.at++ // a here-string, which ends as it begins
		default:
			a.fixed = a.fixed && (c != '$' || r.at == start && len(r.now.words) == 0)
			b.WriteByte(c)
			r.at++
		}
	}
	a.text, a.at = b.String(), extent{start, r.at}
	r.now.words = append(r.now.words, a)
}

// quoted reads to the end of a quote: two quotes stand for one in it; in the double
// ones a backtick takes the next sign as it is, and $ is a value of the run.
func (r *powerShellReader) quoted(quote byte) (text string, fixed bool) {
	var b strings.Builder
	fixed = true
	for r.at++; r.at < len(r.text); r.at++ {
		c := r.text[r.at]
		switch {
		case c == quote && strings.HasPrefix(r.text[r.at+1:], string(quote)):
			r.at++
		case c == quote:
			r.at++
			return b.String(), fixed
		case c == '`' && quote == '"' && r.at+1 < len(r.text):
			r.at++
			c = r.text[r.at]
		case c == '$' && quote == '"':
			fixed = fixed && !isVariableStart(r.text[r.at+1:])
		}
		b.WriteByte(c)
	}
	return b.String(), fixed
}

// isVariableStart reports what makes a variable of the $ before it.
func isVariableStart(text string) bool {
	return text != "" && (isLetter(text[0]) || strings.IndexByte("_({:?", text[0]) >= 0)
}

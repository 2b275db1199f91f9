package template

import (
	"encoding/json"
	"strconv"
	"strings"
)

// What rules need to offer a fix: texts that mean the same in another form. Each
// answers false where a person must decide.

// offerNear offers the one candidate that a misspelt scalar can have meant.
func (f *Finding) offerNear(at span, word string, candidates []string) {
	if near := onlyNear(word, candidates); near != "" {
		f.offerWord(at, word, near)
	}
}

// offerWord offers another word in the place of a scalar, which keeps its quotes.
func (f *Finding) offerWord(at span, word, other string) {
	if mark, ok := at.quotes(word); ok {
		f.offer("write "+other, change{at, mark + other + mark})
	}
}

// quotes is the quotation mark around a scalar, "" where it has none; false
// where the text does not have the scalar as it is.
func (p span) quotes(scalar string) (mark string, ok bool) {
	switch p.src.text[p.start:p.end] {
	case scalar:
		return "", true
	case `"` + scalar + `"`:
		return `"`, true
	case "'" + scalar + "'":
		return "'", true
	}
	return "", false
}

// offerType offers the same value as the type that a key wants: with or without
// quotes, or as a list of one.
func (f *Finding) offerType(wanted Type, n *node) {
	mark, ok := n.at.quotes(n.text)
	if !ok || n.text == "" {
		return
	}
	switch {
	case n.kind == nullNode:
	case wanted == String && mark == "" && n.kind != textNode:
		f.offer("put it in quotes", change{n.at, `"` + n.text + `"`})
	case wanted == Strings && n.kind == textNode && (mark != "" || isPlainItem(n.text)):
		f.offer("write a list", change{n.at, "[" + mark + n.text + mark + "]"})
	case wanted == Boolean && n.kind == textNode && mark == "" && oldBooleans[strings.ToLower(n.text)] != "":
		word := oldBooleans[strings.ToLower(n.text)]
		f.offer("write "+word, change{n.at, word})
	case n.kind != textNode || mark == "":
	case wanted == Integer && isPlainNumber(n.text), wanted == Boolean && (n.text == "true" || n.text == "false"):
		f.offer("take the quotes away", change{n.at, n.text})
	}
}

// oldBooleans are the words that YAML 1.1 took for true or false, and 1.2 takes for
// text.
var oldBooleans = map[string]string{"yes": "true", "on": "true", "no": "false", "off": "false"}

func isPlainNumber(s string) bool {
	n, err := strconv.Atoi(s)
	return err == nil && strconv.Itoa(n) == s
}

// isPlainItem reports a text that is one string in a list in brackets, too.
func isPlainItem(s string) bool { return named(s) != "" && !isPlainNumber(s) }

// quotedValue puts a value of ENV or LABEL in double quotes, where these change
// nothing of it.
func quotedValue(value string) (quoted string, ok bool) {
	inner := value
	const mark = `"`
	switch n := len(value); {
	case n >= 2 && value[0] == '"' && value[n-1] == '"':
		inner = value[1 : n-1]
	case n >= 2 && value[0] == '\'' && value[n-1] == '\'' && !strings.Contains(value, "$"):
		inner = value[1 : n-1] // a shell expands nothing in these
	}
	if strings.ContainsAny(inner, "\"'\\`“”‘’"+oddBlanks) || strings.Contains(value, " #") || strings.HasPrefix(value, "#") {
		return "", false
	}
	return mark + inner + mark, true
}

// isVariableName reports a name that a shell can set.
func isVariableName(s string) bool {
	name, end := variableAt(s, 0)
	return name != "" && end == len(s) && name == s
}

// shellLine is the shell line that runs an array of words as it is; false where
// that takes more than single quotes.
func shellLine(array string) (line string, ok bool) {
	var words []string
	if json.Unmarshal([]byte(array), &words) != nil || len(words) == 0 {
		return "", false
	}
	for i, w := range words {
		switch {
		case strings.ContainsAny(w, "'\n\r\\") || w == "" || i == 0 && shellKeywords[w]:
			return "", false
		case strings.ContainsFunc(w, isSpecialToShell):
			words[i] = "'" + w + "'"
		}
	}
	return strings.Join(words, " "), true
}

// shellKeywords are the words that are no program where a command begins.
var shellKeywords = map[string]bool{"if": true, "for": true, "while": true, "until": true, "case": true, "select": true,
	"function": true, "time": true, "coproc": true}

func isSpecialToShell(r rune) bool {
	return isNoNameRune(r) && !strings.ContainsRune("/:@%+,", r)
}

// onOneLine reports an instruction that takes the whole of one line and no other.
func (p *part) onOneLine(in *instruction) bool {
	return !in.open && in.heredoc.end == 0 && in.pieces.end-in.pieces.start <= 1 && in.end <= p.wholeLine(in.start).end
}

// offerDeletion offers to delete an instruction that stands on one line; the last
// one of a part stays.
func (p *part) offerDeletion(f *Finding, in *instruction) {
	if p.onOneLine(in) && len(p.commands) > 1 {
		f.offer("delete the line", change{at: p.wholeLine(in.start)})
	}
}

// offerMove offers to move a line before another one above it.
func (p *part) offerMove(f *Finding, in, before *instruction) {
	from, to := p.wholeLine(in.start), p.wholeLine(before.start)
	text := strings.TrimSuffix(strings.TrimSuffix(p.src.text[from.start:from.end], "\n"), "\r")
	if p.onOneLine(in) && len(text) < from.end-from.start {
		f.offer("move it up", change{p.span(to.start, to.start), text + "\n"}, change{at: from})
	}
}

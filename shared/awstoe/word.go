package awstoe

import "strings"

// segment is a piece of a word: literal text or a variable.
type segment struct {
	text string // the literal; of a variable with an operator what stands behind that
	name string // of the variable, "" for literal text
	op   byte   // '-' or '+' of ${name:-text} and ${name:+text}, else 0
	bare bool   // a literal outside quotes, where the signs of a pattern count
}

// word is an argument as Docker reads it: quotes and backslashes are gone,
// variables are to be replaced.
type word []segment

func literal(s string) word { return word{{text: s}} }

// openQuote is the problem of a word that does not end.
const openQuote = "a quote is not closed"

// parseWord reads quotes, backslashes and variables. A problem says what has
// no certain meaning.
func parseWord(text string) (w word, problem string) {
	var b strings.Builder
	var quote byte
	flush := func() {
		if b.Len() > 0 {
			w = append(w, segment{text: b.String(), bare: quote == 0})
			b.Reset()
		}
	}
	for i := 0; i < len(text); i++ {
		c := text[i]
		switch {
		case quote == '\'' && c != '\'':
			b.WriteByte(c)
		case c == '\'' && quote != '"' || c == '"' && quote != '\'':
			flush()
			if quote = c ^ quote; quote != 0 {
				w = append(w, segment{})
			}
		case c == '\\' && i+1 < len(text) && (quote == 0 || strings.IndexByte(`"$\`, text[i+1]) >= 0):
			flush()
			i++
			w = append(w, segment{text: text[i : i+1]})
		case c == '$':
			s, length, wrong := parseVariable(text[i:])
			if wrong != "" {
				return nil, wrong
			}
			if length == 0 {
				b.WriteByte(c)
				continue
			}
			flush()
			w = append(w, s)
			i += length - 1
		default:
			b.WriteByte(c)
		}
	}
	if quote != 0 {
		return nil, openQuote
	}
	flush()
	return w, ""
}

// parseVariable reads $name, ${name}, ${name:-text} and ${name:+text}; it
// answers length 0 for a dollar sign that begins none.
func parseVariable(text string) (s segment, length int, problem string) {
	const unclear = "a variable in a form that is not carried over"
	brace := strings.HasPrefix(text, "${")
	start := 1
	if brace {
		start = 2
	}
	end := start
	for end < len(text) && isNameByte(text[end], end > start) {
		end++
	}
	s.name = text[start:end]
	switch {
	case s.name == "" && (brace || end < len(text) && strings.IndexByte("0123456789#?@*!-$", text[end]) >= 0):
		return s, 0, unclear
	case s.name == "":
		return s, 0, ""
	case !brace:
		return s, end, ""
	case strings.HasPrefix(text[end:], "}"):
		return s, end + 1, ""
	}
	close := strings.IndexByte(text[end:], '}')
	if close < 2 || text[end] != ':' || text[end+1] != '-' && text[end+1] != '+' {
		return s, 0, unclear
	}
	s.op, s.text = text[end+1], text[end+2:end+close]
	if strings.ContainsAny(s.text, "\\\"'$`{") {
		return s, 0, unclear
	}
	return s, end + close + 1, ""
}

func isNameByte(c byte, digits bool) bool {
	return c == '_' || c|0x20 >= 'a' && c|0x20 <= 'z' || digits && c >= '0' && c <= '9'
}

// isName reports a name that a shell can export.
func isName(s string) bool {
	for i := range len(s) {
		if !isNameByte(s[i], i > 0) {
			return false
		}
	}
	return s != ""
}

// static is the text of a word without variables.
func (w word) static() (string, bool) {
	var b strings.Builder
	for _, s := range w {
		if s.name != "" {
			return "", false
		}
		b.WriteString(s.text)
	}
	return b.String(), true
}

// uses reports whether a word names one of the variables.
func (w word) uses(known map[string]word) bool {
	for _, s := range w {
		if _, set := known[s.name]; set && s.name != "" {
			return true
		}
	}
	return false
}

// resolve puts what is known in the place of variables; the others are those
// of the instance.
func (w word) resolve(known map[string]word) (word, string) {
	var out word
	for _, s := range w {
		value, set := known[s.name]
		if s.name == "" || !set {
			out = append(out, s)
			continue
		}
		if s.op == 0 {
			out = append(out, value...)
			continue
		}
		empty, sure := value.empty()
		if !sure {
			return nil, "whether the variable " + s.name + " is empty shows on the instance only"
		}
		switch {
		case empty == (s.op == '-'):
			out = append(out, segment{text: s.text})
		case !empty:
			out = append(out, value...)
		}
	}
	return out, ""
}

// empty reports a word without text, and whether that is known.
func (w word) empty() (empty, sure bool) {
	sure = true
	for _, s := range w {
		if s.name == "" && s.text != "" {
			return false, true
		}
		sure = sure && s.name == ""
	}
	return true, sure
}

// shell spells the word for bash: one argument, whatever the text.
func (w word) shell() string {
	if text, ok := w.static(); ok {
		return quote(text)
	}
	var b quoter
	b.WriteByte('"')
	for _, s := range w {
		if s.name == "" {
			b.double(s.text)
			continue
		}
		b.WriteString("${" + s.name)
		if s.op != 0 {
			b.WriteString(":" + string(s.op))
			b.double(s.text)
		}
		b.WriteByte('}')
	}
	b.WriteByte('"')
	return b.String()
}

// pattern spells the word for bash; * and ? outside quotes keep their meaning.
func (w word) pattern() string {
	var b strings.Builder
	for _, s := range w {
		switch {
		case s.name != "" || !s.bare:
			b.WriteString(word{s}.shell())
			continue
		}
		rest := s.text
		for rest != "" {
			i := strings.IndexAny(rest, "*?")
			if i < 0 {
				i = len(rest)
			}
			if i > 0 {
				b.WriteString(quote(rest[:i]))
			}
			if i < len(rest) {
				b.WriteByte(rest[i])
				i++
			}
			rest = rest[i:]
		}
	}
	return b.String()
}

// quoter writes text for bash. AWSTOE takes two opening braces for a reference,
// wherever they stand; empty quotes between them say the same to bash.
type quoter struct {
	strings.Builder
	last byte
}

func (b *quoter) byte(c byte, apart string) {
	if c == '{' && b.last == '{' {
		b.WriteString(apart)
	}
	b.WriteByte(c)
	b.last = c
}

// double writes text inside double quotes.
func (b *quoter) double(text string) {
	b.last = 0
	for i := range len(text) {
		if strings.IndexByte("\\\"$`", text[i]) >= 0 {
			b.WriteByte('\\')
		}
		b.byte(text[i], `""`)
	}
}

// quote makes one argument of bash of any text.
func quote(text string) string {
	var b quoter
	b.WriteByte('\'')
	for i := range len(text) {
		if text[i] == '\'' {
			b.WriteString(`'\''`)
			b.last = 0
			continue
		}
		b.byte(text[i], `''`)
	}
	b.WriteByte('\'')
	return b.String()
}

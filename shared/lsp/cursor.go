package lsp

import (
	"strings"
)

// cursor is where an offset stands in YAML or JSON that may be broken, for it
// is being typed.
type cursor struct {
	path       []string          // the keys above, the outermost first
	above      map[string]string // the keys beside the last of them, as far as they stand before it, with scalars
	beside     map[string]string // the same of a key that stands here
	start, end int               // of the word in the document, without quotes
	word       string
	key        bool // a key stands here, or would
	item       bool // of a list: a key or a value
	quoted     bool
}

// textLine is a line of YAML or JSON, and where it starts in the document.
type textLine struct {
	text  string
	start int
}

// level is a mapping or list that is open.
type level struct {
	indent int // of a mapping written in lines
	flow   byte
	key    string // the last one
	values map[string]string
}

// reader walks lines up to an offset.
type reader struct {
	levels []level
	at     int // the offset
	block  int // indentation above which a block scalar goes on, or -1
	found  *cursor
}

// cursorIn finds the offset in lines; nil where it stands in a comment or in a
// text of several lines.
func cursorIn(lines []textLine, at int) *cursor {
	r := &reader{levels: []level{{values: map[string]string{}}}, at: at, block: -1}
	for _, l := range lines {
		if l.start > at {
			break
		}
		r.line(l)
		if r.found != nil {
			return r.found
		}
	}
	return nil
}

func (r *reader) top() *level { return &r.levels[len(r.levels)-1] }

func (r *reader) in(l textLine) bool { return r.at >= l.start && r.at <= l.start+len(l.text) }

func (r *reader) line(l textLine) {
	i := len(l.text) - len(strings.TrimLeft(l.text, " \t"))
	rest := l.text[i:]
	if r.top().flow == 0 {
		if r.block >= 0 && (rest == "" || i > r.block) {
			return
		}
		r.block = -1
		if strings.HasPrefix(rest, "#") {
			return
		}
		i = r.enter(l, i)
	}
	r.words(l, i)
}

// enter opens and closes mappings by the indentation of a line, and returns
// where its first word begins.
func (r *reader) enter(l textLine, i int) int {
	item := false
	for i < len(l.text) && l.text[i] == '-' && (i+1 == len(l.text) || l.text[i+1] == ' ') {
		item = true
		i++
		i += len(l.text[i:]) - len(strings.TrimLeft(l.text[i:], " "))
	}
	if strings.TrimSpace(l.text) == "" && !r.in(l) {
		return i
	}
	if strings.TrimSpace(l.text) == "" {
		i = r.at - l.start // where something would be typed
	}
	for len(r.levels) > 1 && r.top().indent > i {
		r.levels = r.levels[:len(r.levels)-1]
	}
	if r.top().indent < i {
		r.levels = append(r.levels, level{indent: i})
	}
	if t := r.top(); item || t.values == nil {
		t.values = map[string]string{}
	}
	r.top().key = ""
	return i
}

// words takes the words of a line from i on.
func (r *reader) words(l textLine, i int) {
	item := strings.HasPrefix(strings.TrimSpace(l.text), "-")
	for {
		for i < len(l.text) && (l.text[i] == ' ' || l.text[i] == '\t') {
			i++
		}
		w := r.next(l.text, i)
		if r.at <= l.start+w.end {
			r.hit(l, w, item)
			return
		}
		if i >= len(l.text) || strings.HasPrefix(l.text[i:], "#") {
			return
		}
		i = r.take(l.text, w, &item)
		if r.block >= 0 {
			return
		}
	}
}

// lexeme is one word of a line; a mark like { is no word and has no length.
type lexeme struct {
	text       string
	start, end int // with quotes
	quote      int // length of a quote
	key        bool
}

func (r *reader) next(text string, i int) lexeme {
	w := lexeme{start: i, end: i}
	if i >= len(text) {
		return w
	}
	if q := text[i]; q == '"' || q == '\'' {
		w.quote, w.end = 1, i+1
		for w.end < len(text) && text[w.end] != q {
			if q == '"' && text[w.end] == '\\' {
				w.end++
			}
			w.end++
		}
		w.end = min(w.end+1, len(text))
		w.text = strings.TrimSuffix(text[i+1:w.end], string(q))
	} else {
		w.end = i + r.plain(text[i:])
		w.text = strings.TrimRight(text[i:w.end], " \t")
		w.end = i + len(w.text)
	}
	rest := strings.TrimLeft(text[w.end:], " \t")
	w.key = strings.HasPrefix(rest, ":") && (len(rest) == 1 || r.top().flow != 0 || rest[1] == ' ') && w.end > i
	return w
}

// plain is the length of a word without quotes.
func (r *reader) plain(text string) int {
	if strings.ContainsRune("{}[],", rune(text[0])) || text[0] == '#' {
		return 0
	}
	for i := range len(text) {
		switch {
		case text[i] == ':' && (i+1 == len(text) || text[i+1] == ' ' || text[i+1] == '\t'):
			return i
		case r.top().flow != 0 && strings.IndexByte("{}[],", text[i]) >= 0:
			return i
		case i > 0 && text[i] == '#' && (text[i-1] == ' ' || text[i-1] == '\t'):
			return i
		}
	}
	return len(text)
}

// take goes behind a word, and opens and closes what it opens and closes.
func (r *reader) take(text string, w lexeme, item *bool) int {
	t := r.top()
	switch {
	case w.key:
		t.key = w.text
		t.values[w.text] = ""
		*item = false
		return w.end + strings.IndexByte(text[w.end:], ':') + 1
	case w.end > w.start:
		if w.quote == 0 && strings.ContainsRune("|>", rune(w.text[0])) && t.flow == 0 {
			r.block = t.indent
		}
		if t.key != "" {
			t.values[t.key] = w.text
		}
		return w.end
	}
	switch text[w.start] {
	case '{', '[':
		r.levels = append(r.levels, level{flow: text[w.start], values: map[string]string{}})
	case '}', ']':
		if len(r.levels) > 1 && t.flow != 0 {
			r.levels = r.levels[:len(r.levels)-1]
		}
	case ',':
		if t.flow == '{' {
			t.key = ""
		}
	}
	return w.start + 1
}

// hit is the cursor at a word, or where one would be typed.
func (r *reader) hit(l textLine, w lexeme, item bool) {
	t := r.top()
	c := &cursor{quoted: w.quote > 0}
	c.key = w.key || t.flow != '[' && t.key == ""
	c.item = item && c.key && !w.key
	if r.at < l.start+w.start { // before the word: nothing is there yet
		w = lexeme{start: r.at - l.start, end: r.at - l.start}
		c.quoted = false
	}
	c.start, c.end, c.word = l.start+w.start+w.quote, l.start+w.start+w.quote+len(w.text), w.text
	if r.at < c.start || r.at > c.end { // beside a quote: what is chosen takes the place of the quotes, too
		c.start, c.end, c.quoted = l.start+w.start, l.start+w.end, false
	}
	for _, above := range r.levels[:len(r.levels)-1] {
		if above.key != "" {
			c.path, c.above = append(c.path, above.key), above.values
		}
	}
	switch {
	case c.key:
		c.beside = t.values
	case t.key != "":
		c.path = append(c.path, t.key)
	}
	r.found = c
}

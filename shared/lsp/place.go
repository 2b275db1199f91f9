package lsp

import (
	"strings"

	"imagedrop/shared/template"
)

// header are the lines between the markers of a header, and how many lines it
// takes in all; a header that is not closed yet ends with its comments.
func (d *document) header() (lines []textLine, from, to int) {
	from = -1
	for i := range d.starts {
		text, start := d.line(i)
		body, comment := strings.CutPrefix(strings.TrimLeft(text, " \t"), "#")
		switch {
		case from < 0 && text == template.HeaderMarker:
			from = i
		case strings.TrimSpace(text) == "":
		case !comment:
			return lines, from, i
		case from >= 0 && text == template.HeaderMarker:
			return lines, from, i
		case from >= 0:
			body = strings.TrimPrefix(body, " ")
			lines = append(lines, textLine{body, start + len(text) - len(body)})
		}
	}
	return lines, from, len(d.starts)
}

// body are all lines of the text.
func (d *document) body() []textLine {
	lines := make([]textLine, len(d.starts))
	for i := range lines {
		lines[i].text, lines[i].start = d.line(i)
	}
	return lines
}

// place is what may be written where an offset stands.
type place struct {
	words      []word
	beside     map[string]string // the keys that stand there already
	start, end int               // of what stands there
	key        bool
	quoted     bool
}

// placeAt finds out what an offset stands on.
func (d *document) placeAt(offset int) *place {
	line := d.lineAt(offset)
	if d.isMessage() {
		return settings(cursorIn(d.body(), offset), true)
	}
	text, start := d.line(line)
	comment := strings.HasPrefix(strings.TrimLeft(text, " \t"), "#")
	if at := strings.Index(text, template.SuppressWord+" "); comment && at >= 0 && offset > start+at+len(template.SuppressWord) {
		return d.ruleIDs(offset)
	}
	if lines, from, to := d.header(); from >= 0 && line > from && line < to {
		return settings(cursorIn(lines, offset), false)
	}
	if d.isYAML() {
		return component(cursorIn(d.body(), offset), d.isAWS())
	}
	return d.command(line, offset)
}

// settings are the keys and values of a header or a message.
func settings(c *cursor, message bool) *place {
	if c == nil {
		return nil
	}
	p := &place{beside: c.beside, start: c.start, end: c.end, key: c.key, quoted: c.quoted}
	switch k := keyOf(c.path); {
	case !c.key, c.item && k != nil && k.Type == template.Strings:
		p.words, p.key = valueWords(c.path), false
	default:
		p.words = keyWords(c.path, message)
	}
	return p
}

// component are the keys and values of a YAML component, or of an AWS document.
func component(c *cursor, aws bool) *place {
	if c == nil {
		return nil
	}
	words := yamlWords
	if aws {
		words = awsWords
	}
	return &place{words: words(c), beside: c.beside, start: c.start, end: c.end, key: c.key, quoted: c.quoted}
}

// ruleIDs are the rules that a suppression may name.
func (d *document) ruleIDs(offset int) *place {
	p := &place{start: offset, end: offset}
	for p.start > 0 && isWord(d.text[p.start-1]) {
		p.start--
	}
	for p.end < len(d.text) && isWord(d.text[p.end]) {
		p.end++
	}
	for i := range template.Rules {
		if r := &template.Rules[i]; !r.Firm {
			p.words = append(p.words, word{name: r.ID, doc: r.Doc})
		}
	}
	return p
}

func isWord(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// command are the commands, at the start of a line that does not go on from the
// one before it, and what may follow FROM.
func (d *document) command(line, offset int) *place {
	text, start := d.line(line)
	indent := len(text) - len(strings.TrimLeft(text, " \t"))
	if d.continued(line) {
		return nil
	}
	keyword, argument, _ := strings.Cut(text[indent:], " ")
	p := &place{start: start + indent, end: start + indent + len(keyword)}
	switch {
	case strings.HasPrefix(keyword, "#"):
		p.words, p.end = markers, start+len(text)
		if at := strings.Index(text, template.SuppressWord+" "); at >= 0 { // rules and a reason follow
			p.end = start + at + len(template.SuppressWord)
		}
	case offset <= p.end:
		p.words = append(append([]word{}, commands...), markers...)
	case strings.EqualFold(keyword, "FROM"):
		argument = strings.TrimLeft(argument, " \t")
		p.words, p.start = images, start+len(text)-len(argument)
		name, _, found := strings.Cut(argument, ":")
		if p.end = p.start + len(name); found {
			p.end++
		}
	default:
		return nil
	}
	if offset < p.start || offset > p.end {
		return nil
	}
	return p
}

// continued reports a line that goes on from the one before it.
func (d *document) continued(line int) bool {
	for i := line - 1; i >= 0; i-- {
		text, _ := d.line(i)
		if bare := strings.TrimSpace(text); bare != "" && !strings.HasPrefix(bare, "#") {
			return strings.HasSuffix(bare, `\`)
		}
	}
	return false
}

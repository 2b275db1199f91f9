package template

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// run is a stretch of a scalar's value and what it stands for in the source:
// the same bytes, or where the lengths differ an escape or a line end.
type run struct{ value, length, src, srcLength int }

// spanOfRuns maps a range of the value of a scalar to its source. Where the
// text of the scalar was not understood the scalar stands for it.
func spanOfRuns(y *yamlText, n *yaml.Node, runs []run, e extent) span {
	if len(runs) == 0 {
		return y.span(n)
	}
	at := span{src: y.src, start: -1}
	for _, r := range runs {
		if at.start < 0 && e.start < r.value+r.length {
			at.start = r.src + r.within(e.start)
		}
		if e.end > r.value {
			at.end = r.src + r.within(e.end)
		}
	}
	last := runs[len(runs)-1]
	if at.start < 0 {
		at.start = last.src + last.srcLength
	}
	at.end = max(at.end, at.start)
	return at
}

// within is how far into the source a place of the value lies.
func (r run) within(value int) int {
	into := min(max(value-r.value, 0), r.length)
	if r.length == r.srcLength {
		return into
	}
	if into == 0 {
		return 0
	}
	return r.srcLength
}

// runsOf finds the value of a scalar in its source; nil where that fails.
func runsOf(y *yamlText, n *yaml.Node, value string) []run {
	m := runMaker{y: y, value: value}
	start := y.offset(n.Line, n.Column)
	if n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		start = y.behindProperties(start)
	}
	switch {
	case n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) != 0:
		m.block(start, n.Style&yaml.FoldedStyle != 0)
	case n.Style&yaml.DoubleQuotedStyle != 0:
		m.flow(start, '"')
	case n.Style&yaml.SingleQuotedStyle != 0:
		m.flow(start, '\'')
	default:
		m.flow(start, 0)
	}
	if m.failed || m.at != len(value) {
		return nil
	}
	return m.runs
}

// runMaker walks a value and its source side by side.
type runMaker struct {
	y      *yamlText
	value  string
	at     int // in value
	runs   []run
	failed bool
}

// same takes bytes that value and source have in common.
func (m *runMaker) same(text string, src int) {
	if !strings.HasPrefix(m.value[m.at:], text) {
		m.failed = true
		return
	}
	if n := len(m.runs); n > 0 {
		last := &m.runs[n-1]
		if last.length == last.srcLength && last.value+last.length == m.at && last.src+last.srcLength == src {
			last.length += len(text)
			last.srcLength += len(text)
			m.at += len(text)
			return
		}
	}
	m.as(len(text), src, len(text))
}

// as takes length bytes of the value for srcLength of the source.
func (m *runMaker) as(length, src, srcLength int) {
	if m.at+length > len(m.value) {
		m.failed = true
		return
	}
	m.runs = append(m.runs, run{m.at, length, src, srcLength})
	m.at += length
}

// block walks a block scalar: its lines less the indentation.
func (m *runMaker) block(start int, folded bool) {
	src, indent := m.y.src, -1
	line, _ := src.position(start) // counts from 1: the number of the line after the header
	for ; line < len(src.lines) && m.at < len(m.value) && !m.failed; line++ {
		text := src.line(line)
		content := strings.TrimLeft(text, " ")
		if indent < 0 && content != "" {
			indent = len(text) - len(content)
			if lead := strings.TrimLeft(m.value[m.at:], "\n"); strings.HasPrefix(lead, " ") { // the header says how deep
				indent -= len(lead) - len(strings.TrimLeft(lead, " "))
			}
		}
		cut := min(len(text), max(indent, 0))
		if strings.Trim(text[:cut], " ") != "" {
			m.failed = true
			return
		}
		m.same(text[cut:], src.lines[line]+cut)
		m.lineEnd(src.lines[line]+len(text), folded)
	}
}

// lineEnd takes the end of a line: itself, a blank where lines are folded, or
// nothing, where only the lines after it count.
func (m *runMaker) lineEnd(src int, folded bool) {
	if m.failed || m.at == len(m.value) {
		return
	}
	switch c := m.value[m.at]; {
	case c == '\n', folded && c == ' ':
		m.as(1, src, 0)
	case !folded:
		m.failed = true
	}
}

// flow walks a plain or quoted scalar, perhaps of several lines.
func (m *runMaker) flow(start int, quote byte) {
	text := m.y.src.text
	at := start
	if quote != 0 && at < len(text) && text[at] == quote {
		at++
	} else {
		quote = 0
	}
	for m.at < len(m.value) && at < len(text) && !m.failed {
		switch c := text[at]; {
		case c == '\n' || c == '\r' || (c == ' ' || c == '\t') && m.atLineEnd(at):
			at = m.fold(at)
		case c == '\\' && quote == '"':
			at = m.escape(at)
		case c == '\'' && quote == '\'':
			m.as(1, at, 2)
			at += 2
		default:
			_, n := utf8.DecodeRuneInString(text[at:])
			m.same(text[at:at+n], at)
			at += n
		}
	}
}

// atLineEnd reports blanks with nothing after them on their line.
func (m *runMaker) atLineEnd(at int) bool {
	rest := strings.TrimLeft(m.y.src.text[at:], " \t")
	return rest == "" || rest[0] == '\n' || rest[0] == '\r'
}

// fold takes line ends with the blanks around them: one is a blank, of more all
// but the first stay.
func (m *runMaker) fold(at int) int {
	rest := strings.TrimLeft(m.y.src.text[at:], " \t\r\n")
	end := len(m.y.src.text) - len(rest)
	breaks := strings.Count(m.y.src.text[at:end], "\n")
	if m.value[m.at] == ' ' && breaks == 1 {
		m.as(1, at, end-at)
		return end
	}
	n := 0
	for m.at+n < len(m.value) && m.value[m.at+n] == '\n' && n < breaks-1 {
		n++
	}
	m.as(n, at, end-at)
	return end
}

// escape takes an escape of a double-quoted scalar: a line end without a blank,
// or a sign and its number.
func (m *runMaker) escape(at int) int {
	text := m.y.src.text
	if at+1 >= len(text) {
		m.failed = true
		return at + 1
	}
	digits := 0
	switch text[at+1] {
	case '\n', '\r':
		rest := strings.TrimLeft(text[at+1:], " \t\r\n")
		return len(text) - len(rest)
	case 'x':
		digits = 2
	case 'u':
		digits = 4
	case 'U':
		digits = 8
	}
	_, n := utf8.DecodeRuneInString(m.value[m.at:])
	m.as(n, at, min(2+digits, len(text)-at))
	return at + 2 + digits
}

package template

import (
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// yamlText is YAML that stands in a source, perhaps behind comment marks.
type yamlText struct {
	src  *source
	text string
	// starts has the offset in src of each line of text, as YAML counts lines.
	starts []int
	end    int // offset in src of the end of the text

	// The last answer of offset: nodes come in order, and a line may be long.
	line, column, at int
	// The last answer of lineEnd: it holds from there up to the next line.
	lineFrom, lineTo, nextLine int
}

// addLine notes a line of text and the breaks that only YAML sees in it.
func (y *yamlText) addLine(offset int, line string) {
	y.starts = append(y.starts, offset)
	for i, r := range line {
		if r != '\n' && isYAMLBreak(r) {
			y.starts = append(y.starts, offset+i+utf8.RuneLen(r))
		}
	}
}

// isYAMLBreak reports the characters that end a line of YAML 1.1.
func isYAMLBreak(r rune) bool {
	switch r {
	case '\n', '\r', '\u0085', '\u2028', '\u2029':
		return true
	}
	return false
}

// offset maps a YAML line and column, both from 1, to the source.
func (y *yamlText) offset(line, column int) int {
	if line < 1 || line > len(y.starts) {
		return y.end
	}
	if line != y.line || column < y.column {
		y.line, y.column, y.at = line, 1, y.starts[line-1]
	}
	for ; y.column < column && y.at < y.end; y.column++ {
		_, n := utf8.DecodeRuneInString(y.src.text[y.at:])
		y.at += n
	}
	return min(y.at, y.end)
}

// lineEnd is the end of the source's line that holds an offset, without the
// blanks and the line end.
func (y *yamlText) lineEnd(at int) int {
	if at < y.lineFrom || at >= y.nextLine {
		rest := y.src.text[at:]
		if i := strings.IndexByte(rest, '\n'); i >= 0 {
			rest = rest[:i]
		}
		y.lineFrom, y.nextLine = at, at+len(rest)+1
		y.lineTo = at + len(strings.TrimRight(rest, " \t\r"))
	}
	return max(at, y.lineTo)
}

// span is the place of a node. The library tells where a node begins only; the
// end of a scalar, and of a list or mapping in brackets, is looked up in its
// line, other nodes end with their line.
func (y *yamlText) span(n *yaml.Node) span {
	start := y.offset(n.Line, n.Column)
	if n.Kind == yaml.ScalarNode && n.Style&(yaml.LiteralStyle|yaml.FoldedStyle) == 0 {
		start = y.behindProperties(start)
	}
	line := y.src.text[start:y.lineEnd(start)]
	length := len(line)
	switch {
	case n.Style&yaml.FlowStyle != 0:
		length = flowLength(line)
	case n.Kind != yaml.ScalarNode:
	case n.Style&yaml.DoubleQuotedStyle != 0:
		length = quotedLength(line, '"', '\\')
	case n.Style&yaml.SingleQuotedStyle != 0:
		length = quotedLength(line, '\'', '\'')
	case strings.HasPrefix(line, n.Value):
		length = len(n.Value)
	}
	return span{src: y.src, start: start, end: start + length}
}

// behindProperties is where a scalar begins that has an anchor or a tag before
// it: the library gives the place of these.
func (y *yamlText) behindProperties(at int) int {
	for end := y.lineEnd(at); at < end && (y.src.text[at] == '&' || y.src.text[at] == '!'); {
		blank := strings.IndexAny(y.src.text[at:end], " \t")
		if blank < 0 {
			return at
		}
		at += blank
		at += len(y.src.text[at:end]) - len(strings.TrimLeft(y.src.text[at:end], " \t"))
	}
	return at
}

// flowLength is the length of the list or mapping in brackets that a line begins
// with; one that does not end on the line takes all of it.
func flowLength(line string) int {
	open := 0
	for i := 0; i < len(line); i++ {
		switch c := line[i]; {
		case c == '[' || c == '{':
			open++
		case c == ']' || c == '}':
			if open--; open == 0 {
				return i + 1
			}
		case i == 0 || !strings.ContainsRune(" [{,:", rune(line[i-1])):
		case c == '"':
			i += quotedLength(line[i:], '"', '\\') - 1
		case c == '\'':
			i += quotedLength(line[i:], '\'', '\'') - 1
		}
	}
	return len(line)
}

// quotedLength is the length of the quoted scalar that a line begins with; one
// that does not end on the line takes all of it.
func quotedLength(line string, mark, escape byte) int {
	for i := 1; i < len(line); i++ {
		switch {
		case line[i] == escape && escape != mark:
			i++
		case line[i] == mark && i+1 < len(line) && line[i+1] == mark && escape == mark:
			i++
		case line[i] == mark:
			return i + 1
		}
	}
	return len(line)
}

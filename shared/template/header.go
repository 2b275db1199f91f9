package template

import (
	"cmp"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// lines is a range of lines, counted from 0; to is exclusive.
type lines struct{ from, to int }

// readHeader finds the header of a file and reads its keys. It answers the
// header's lines, markers included; none where there is no header.
func readHeader(r *report, src *source) (keys []given, at lines) {
	first := findHeader(src)
	if first < 0 {
		return nil, lines{}
	}
	last, closed := endOfHeader(src, first)
	y := stripComment(src, first+1, last)
	root, failure := y.parse()
	checkHeaderMarker(r, src, first, root)
	if closed {
		checkHeaderMarker(r, src, last, root)
	} else {
		r.add("IB0253", src.spanOfLine(first), "", "the header that begins here is not closed",
			"write a second line `"+headerMarker+"` after its last key")
	}
	if failure.text != "" && closed && !failure.said {
		r.add("IB0252", failure.at, "", "the header is not valid YAML: "+failure.text,
			cmp.Or(failure.help, "write `# key: value` lines that begin in one column; quote a value that holds `: ` or begins with a sign such as * or @"))
	}
	keys = readObject(r, y.node(r, root, 0))
	if closed {
		last++
	}
	return keys, lines{first, last}
}

// checkHeaderMarker looks at a line that begins or ends a header. Around keys it
// can be nothing else; a frame of dashes around plain text may be one.
func checkHeaderMarker(r *report, src *source, line int, root *yaml.Node) {
	if markerOf(src.line(line)) == exactHeader {
		return
	}
	at := src.spanOfLine(line)
	f := r.add("IB0253", at, "", "this comment is almost a header marker", "write exactly `"+headerMarker+"`")
	if root != nil && root.Kind == yaml.MappingNode {
		f.offer("write "+headerMarker, change{at, headerMarker})
	}
}

// readObject reads the keys of a header's root.
func readObject(r *report, n node) []given {
	in := reader{report: r}
	switch n.kind {
	case objectNode:
		in.read("", &n, 0)
	case badNode, nullNode:
	default:
		r.add("IB0252", n.at, "", "the header is "+string(n.kind)+", not keys and values", "write `# name: value` lines")
	}
	return in.out
}

// findHeader returns the line of the opening marker, or what was meant as one,
// before the first command; -1 where there is none.
func findHeader(src *source) int {
	for i := range src.lines {
		switch text := src.line(i); kindOfLine(text) {
		case contentLine:
			return -1
		case commentLine:
			switch markerOf(text) {
			case exactHeader, nearHeader:
				return i
			case exactTest, nearTest:
				return -1
			}
		}
	}
	return -1
}

// endOfHeader returns the line of the closing marker, or else of the first
// line that cannot belong to the header.
func endOfHeader(src *source, first int) (last int, closed bool) {
	for i := first + 1; i < len(src.lines); i++ {
		text := src.line(i)
		switch kindOfLine(text) {
		case contentLine:
			return i, false
		case commentLine:
			switch markerOf(text) {
			case exactHeader, nearHeader:
				return i, true
			case exactTest, nearTest:
				return i, false
			}
		}
	}
	return len(src.lines), false
}

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

// stripComment takes the YAML out of the comment lines from..to.
func stripComment(src *source, from, to int) *yamlText {
	y := &yamlText{src: src, end: len(src.text)}
	if to < len(src.lines) {
		y.end = src.lines[to]
	}
	var b strings.Builder
	for i := from; i < to; i++ {
		line := src.line(i)
		body := skipBlanks(line)
		body = strings.TrimPrefix(strings.TrimPrefix(body, "#"), " ")
		if _, ok := suppressionIn(line, true); ok {
			body = "" // also where it is no comment to YAML
		}
		y.addLine(src.lines[i]+len(line)-len(body), body)
		b.WriteString(body)
		b.WriteByte('\n')
	}
	y.text = b.String()
	return y
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
	if len(y.starts) == 0 || line < 1 {
		return y.end
	}
	if line > len(y.starts) {
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

// scalarKinds maps YAML's tags to node kinds.
var scalarKinds = map[string]nodeKind{
	"!!str": textNode, "!!int": integerNode, "!!float": numberNode, "!!bool": booleanNode,
	"!!null": nullNode, "!!timestamp": textNode,
}

// node converts a YAML node.
func (y *yamlText) node(r *report, n *yaml.Node, depth int) node {
	if n == nil {
		return node{kind: nullNode}
	}
	out := node{at: y.span(n), text: n.Value}
	if problem := y.problem(n, depth); problem != "" {
		r.add("IB0252", out.at, "", problem, "write plain keys and values")
		return out
	}
	switch n.Kind {
	case yaml.ScalarNode:
		out.kind = scalarKinds[n.ShortTag()]
	case yaml.SequenceNode:
		out.kind = listNode
		for _, item := range n.Content {
			out.items = append(out.items, y.node(r, item, depth+1))
		}
	case yaml.MappingNode:
		out.kind = objectNode
		for i := 0; i+1 < len(n.Content); i += 2 {
			key := y.node(r, n.Content[i], depth+1)
			value := y.node(r, n.Content[i+1], depth+1)
			switch key.kind {
			case badNode:
			case listNode, objectNode:
				r.add("IB0252", key.at, "", "a key is "+string(key.kind), "write plain keys and values")
			default:
				out.members = append(out.members, member{key: key.text, keyAt: key.at, value: value})
			}
		}
	}
	return out
}

// problem says what a header must not contain.
func (y *yamlText) problem(n *yaml.Node, depth int) string {
	switch {
	case n.Kind == yaml.AliasNode || n.Anchor != "":
		return "anchors and aliases are not allowed in a header"
	case n.Kind == yaml.ScalarNode && n.ShortTag() == "!!merge":
		return "merge keys are not allowed in a header"
	case depth > maxDepth:
		return "nested too deeply"
	case n.Kind == yaml.ScalarNode && scalarKinds[n.ShortTag()] == badNode:
		return "YAML's tags are not allowed in a header"
	}
	return ""
}

// span is the place of a node. The library tells where a node begins only; the
// end of a scalar, and of a list or mapping in brackets, is looked up in its
// line, other nodes end with their line.
func (y *yamlText) span(n *yaml.Node) span {
	start := y.offset(n.Line, n.Column)
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

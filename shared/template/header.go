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
// header's lines, markers included, none where there is no header; and whether
// some of it could not be read, so that it is unknown what else it gives.
func readHeader(r *report, src *source, format Format) (keys []given, at lines, broken bool) {
	h, ok := findHeader(src, format)
	if !ok {
		return nil, lines{}, false
	}
	root, failures := readYAMLHeader(r, src, h)
	checkHeaderMarker(r, src, h, h.first, root)
	switch {
	case h.closed:
		checkHeaderMarker(r, src, h, h.last, root)
	case markerOf(src.line(h.first)) == exactHeader:
		r.add("IB0253", src.spanOfLine(h.first), "", "the header that begins here is not closed",
			"write a second line `"+HeaderMarker+"` after its last key")
	}
	checkBareLines(r, src, h.bare)
	for _, f := range failures {
		if h.closed && !f.said {
			r.add("IB0252", f.at, "", "the header is not valid YAML: "+f.text,
				cmp.Or(f.help, "write `# key: value` lines that begin in one column; quote a value that holds `: ` or begins with a sign such as * or @"))
		}
	}
	return readObject(r, root), h.lines(), len(failures) > 0
}

// checkHeaderMarker looks at a line that begins or ends a header. Around keys it
// can be nothing else; a frame of dashes around plain text may be one, and a
// line without another may be a divider.
func checkHeaderMarker(r *report, src *source, h header, line int, root node) {
	text := src.line(line)
	if markerOf(text) == exactHeader || kindOfLine(text) == contentLine {
		return
	}
	at := src.spanOfLine(line)
	help := "write exactly `" + HeaderMarker + "`"
	if !h.closed {
		help += ", and a second such line after the last key; or a longer line for a plain divider"
	}
	f := r.add("IB0253", at, "", "this comment is almost a header marker", help)
	if root.kind == objectNode && h.closed {
		f.offer("write "+HeaderMarker, change{at, HeaderMarker})
	}
}

// readYAMLHeader reads the lines between the markers. Where they are no YAML,
// each key is read for itself, so that one mistake does not hide the others.
func readYAMLHeader(r *report, src *source, h header) (node, []yamlFailure) {
	y := stripComment(src, h.first+1, h.last)
	root, failure := y.parse()
	if failure.text == "" {
		return y.node(r, root, 0), nil
	}
	all := node{kind: objectNode}
	var failures []yamlFailure
	for _, b := range blocks(src, h.first+1, h.last) {
		one := stripComment(src, b.from, b.to)
		root, failed := one.parse()
		if failed.text == "" && root != nil && root.Kind != yaml.MappingNode {
			failed = one.failureAt("no key and value", 1, 1)
		}
		if failed.text != "" {
			failures = append(failures, failed)
			continue
		}
		all.members = append(all.members, one.node(r, root, 0).members...)
	}
	if failures == nil { // only together they are no YAML
		return node{}, []yamlFailure{failure}
	}
	return all, failures
}

// maxBlocks bounds the keys of a header that are read one by one.
const maxBlocks = 1000

// blocks cuts the lines of a header where a key may begin at its left edge.
func blocks(src *source, from, to int) (out []lines) {
	edge := -1
	for i := from; i < to && len(out) < maxBlocks; i++ {
		body := commentBody(src.line(i))
		text := skipBlanks(body)
		if text == "" || text[0] == '#' {
			continue
		}
		indent := len(body) - len(text)
		if edge < 0 {
			edge = indent
		}
		if indent > edge || len(out) > 0 && strings.ContainsRune("-]}", rune(text[0])) {
			continue
		}
		if len(out) > 0 {
			out[len(out)-1].to = i
		}
		out = append(out, lines{i, to})
	}
	return out
}

// checkBareLines finds lines of a header that are no comments: all of them
// together are one mistake.
func checkBareLines(r *report, src *source, bare []int) {
	if len(bare) == 0 {
		return
	}
	changes := make([]change, len(bare))
	for i, line := range bare {
		at := src.spanOfLine(line)
		at.end = at.start
		changes[i] = change{at, "# "}
	}
	r.add("IB0253", src.spanOfLine(bare[0]), "", "a header that is no comment, or not all of it", "write `# ` before each of its lines").
		offer("write # before each line", changes...)
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

// header is where the header of a file stands.
type header struct {
	first, last int // its markers; of one that is not closed, last is the line after it
	closed      bool
	bare        []int // its lines that are no comments
}

// lines are those of the header, markers included.
func (h header) lines() lines {
	if h.closed {
		return lines{h.first, h.last + 1}
	}
	return lines{h.first, h.last}
}

// findHeader finds the opening marker, or what was meant as one, before the
// first command, and the end of the header.
func findHeader(src *source, format Format) (header, bool) {
	for i := range src.lines {
		switch text := src.line(i); kindOfLine(text) {
		case contentLine:
			if format != Dockerfile || trimBlanks(text) != bareMarker {
				return header{}, false
			}
			h := endOfHeader(src, i, format)
			return h, h.closed && len(h.bare) > 1
		case commentLine:
			switch markerOf(text) {
			case exactHeader, nearHeader:
				return endOfHeader(src, i, format), true
			case exactTest, nearTest:
				return header{}, false
			}
		}
	}
	return header{}, false
}

// endOfHeader finds the closing marker, or else the first line that cannot
// belong to the header. Lines that are no comments belong to it where they look
// like its keys and a closing marker follows.
func endOfHeader(src *source, first int, format Format) header {
	h := header{first: first, last: -1}
	for i := first; i < len(src.lines); i++ {
		text := src.line(i)
		switch kindOfLine(text) {
		case contentLine:
			if h.last < 0 {
				h.last = i
			}
			if !isBareLine(text, format) {
				return h.open()
			}
			h.bare = append(h.bare, i)
			if i > first && trimBlanks(text) == bareMarker {
				h.last, h.closed = i, true
				return h
			}
		case commentLine:
			switch markerOf(text) {
			case exactHeader, nearHeader:
				if i > first {
					h.last, h.closed = i, true
					return h
				}
			case exactTest, nearTest:
				if h.last < 0 {
					h.last = i
				}
				return h.open()
			}
		}
	}
	if h.last < 0 {
		h.last = len(src.lines)
	}
	return h.open()
}

// open is the header without the lines that only a closing marker makes its own.
func (h header) open() header {
	h.bare = nil
	return h
}

// bareMarker is the marker of those who know it from other tools.
const bareMarker = "---"

// isBareLine reports a line that is no comment and may yet belong to a header:
// a marker, a key, or an entry of a list.
func isBareLine(text string, format Format) bool {
	text = trimBlanks(skipBlanks(text))
	return format == Dockerfile && (text == bareMarker || matches(`^(- |["']?[A-Za-z][A-Za-z0-9_.-]*["']?:( |$))`, text))
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
		body := commentBody(line)
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

// commentBody is what a comment line says; another line is all of it.
func commentBody(line string) string {
	if body, ok := strings.CutPrefix(skipBlanks(line), "#"); ok {
		return strings.TrimPrefix(body, " ")
	}
	return line
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
		out.at.start = y.offset(n.Line, n.Column)
		r.add("IB0252", out.at, "", problem, "write plain keys and values")
		return out
	}
	switch n.Kind {
	case yaml.ScalarNode:
		out.kind = scalarKinds[n.ShortTag()]
		if out.kind == numberNode && strings.Trim(n.Value, "0123456789") == "" {
			out.kind = integerNode // too large a one for the library
		}
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

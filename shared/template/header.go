package template

import (
	"cmp"
	"strings"

	"go.yaml.in/yaml/v3"
)

// lineRange is a range of lines, counted from 0; to is exclusive.
type lineRange struct{ from, to int }

// readHeader finds the header of a file and reads its keys. It answers the
// header's lines, markers included, none where there is no header; and whether
// some of it could not be read, so that it is unknown what else it gives.
func readHeader(r *report, src *source, format Format) (keys []given, at lineRange, broken bool) {
	h, ok := findHeader(src, format)
	if !ok {
		return nil, lineRange{}, false
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
				cmp.Or(f.help,
					"write `# key: value` lines that begin in one column; quote a value that holds `: ` or begins with a sign such as * or @"))
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
func blocks(src *source, from, to int) (out []lineRange) {
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
		out = append(out, lineRange{i, to})
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
func (h header) lines() lineRange {
	if h.closed {
		return lineRange{h.first, h.last + 1}
	}
	return lineRange{h.first, h.last}
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
	open := header{first: first, last: len(src.lines)}
	var bare []int
	for i := first; i < len(src.lines); i++ {
		text, isMarker := src.line(i), false
		switch kindOfLine(text) {
		case contentLine:
			open.last = min(open.last, i)
			if !isBareLine(text, format) {
				return open
			}
			bare, isMarker = append(bare, i), trimBlanks(text) == bareMarker
		case commentLine:
			switch markerOf(text) {
			case exactTest, nearTest:
				open.last = min(open.last, i)
				return open
			case exactHeader, nearHeader:
				isMarker = true
			}
		}
		if isMarker && i > first {
			return header{first: first, last: i, closed: true, bare: bare}
		}
	}
	return open
}

// bareMarker is the marker of those who know it from other tools.
const bareMarker = "---"

// isBareLine reports a line that is no comment and may yet belong to a header:
// a marker, a key, or an entry of a list.
func isBareLine(text string, format Format) bool {
	text = trimBlanks(skipBlanks(text))
	return format == Dockerfile && (text == bareMarker || matches(`^(- |["']?[A-Za-z][A-Za-z0-9_.-]*["']?:( |$))`, text))
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

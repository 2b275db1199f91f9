package template

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// yamlContent is a YAML component.
type yamlContent struct {
	text    *yamlText
	from    int        // its first line in the source
	root    *yaml.Node // nil where there is none, or no valid YAML
	failure yamlFailure
	first   span // of the first line of content
	tasks   int
	aws     bool // an AWS component document
	known   bool // the service knows the text for YAML
	tangled bool // aliases repeat more than anyone reads; root is nil
	// code is what the service answers to an invalid one, "" where it does not
	// know the text for YAML and reads it as commands.
	code string
}

// readYAML reads the lines of a part from one on as a YAML component.
func readYAML(p *part, from int) *yamlContent {
	c := &yamlContent{from: from, text: yamlOf(p.src, from), first: firstContent(p.src, from)}
	if c.known = sniffYAML(c.text.text); c.known {
		c.code = "InvalidParameter.Content"
	}
	c.root, c.failure = c.text.parseQuoted()
	if c.aws = isAWS(c.root) || c.root == nil && looksAWS(c.text.text); c.aws { // AWS quotes nothing
		c.root, c.failure = c.text.parse()
	}
	p.text = c.text.canonical(c.root)
	c.tasks = len(items(value(c.root, "Tasks")))
	for _, phase := range items(value(c.root, "phases")) {
		c.tasks += len(items(value(phase, "steps")))
	}
	if c.root != nil && repeated(c.root, map[*yaml.Node]int{}) > maxRepeated {
		c.root, c.tangled = nil, true
	}
	return c
}

// maxRepeated bounds the nodes that aliases repeat: lists of aliases to lists
// of aliases would take a short text longer to walk than anyone waits.
const maxRepeated = 20_000

// repeated counts the nodes that aliases repeat, to the limit and one more.
func repeated(n *yaml.Node, sizes map[*yaml.Node]int) int {
	if n.Kind == yaml.AliasNode {
		return sizeOf(n.Alias, sizes)
	}
	count := 0
	for _, child := range n.Content {
		count = min(count+repeated(child, sizes), maxRepeated+1)
	}
	return count
}

// sizeOf counts the nodes below a node and itself, aliases followed, to the
// same limit. What contains itself has no end.
func sizeOf(n *yaml.Node, sizes map[*yaml.Node]int) int {
	if n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if size, known := sizes[n]; known {
		return size
	}
	sizes[n] = maxRepeated + 1
	size := 1
	for _, child := range n.Content {
		size = min(size+sizeOf(child, sizes), maxRepeated+1)
	}
	sizes[n] = size
	return size
}

// yamlOf takes the lines of a source from one on as they stand.
func yamlOf(src *source, from int) *yamlText {
	y := &yamlText{src: src, end: len(src.text)}
	var b strings.Builder
	b.Grow(len(src.text))
	for i := from; i < len(src.lines); i++ {
		line := src.line(i)
		y.addLine(src.lines[i], line)
		b.WriteString(line)
		if i+1 < len(src.lines) {
			b.WriteByte('\n')
		}
	}
	y.text = b.String()
	return y
}

// firstContent is the span of the first line that says something.
func firstContent(src *source, from int) span {
	for i := from; i < len(src.lines); i++ {
		if text := src.line(i); kindOfLine(text) == contentLine {
			return span{src: src, start: src.lines[i], end: src.lines[i] + len(text)}
		}
	}
	return whole(src)
}

// sniff tells a YAML component from commands where no file name does.
func sniff(src *source) Format {
	if sniffYAML(src.text) || sniffAWS(src) {
		return YAML
	}
	return Dockerfile
}

// sniffYAML reports a text whose root is a mapping with Tasks or Parameters,
// or that begins like one and is broken further on.
func sniffYAML(text string) bool {
	if !strings.Contains(text, "Tasks") && !strings.Contains(text, "Parameters") {
		return false
	}
	src := newSource("", 0, text)
	line := firstOfDocument(src)
	for _, key := range []string{"Tasks", "Parameters"} {
		if rest, ok := strings.CutPrefix(line, key); ok && strings.HasPrefix(strings.TrimLeft(rest, " \t"), ":") {
			return true
		}
	}
	root, _ := yamlOf(src, 0).parseQuoted()
	return value(root, "Tasks") != nil || value(root, "Parameters") != nil
}

// sniffAWS reports an AWS component document, or what begins like one and is
// broken further on.
func sniffAWS(src *source) bool {
	// The capital first: it is rare, and so takes a tenth of the time.
	if !strings.Contains(src.text, "Version") || !strings.Contains(src.text, awsKeys[0]) || !strings.Contains(src.text, awsKeys[1]) {
		return false
	}
	if key, _, ok := strings.Cut(firstOfDocument(src), ":"); ok && slices.Contains(awsKeys, key) {
		return true
	}
	root, _ := yamlOf(src, 0).parseQuoted()
	return isAWS(root)
}

// firstOfDocument is the first line that says something, behind the mark that
// may begin a YAML document.
func firstOfDocument(src *source) string {
	for i := range src.lines {
		if line := trimBlanks(skipBlanks(src.line(i))); kindOfLine(line) == contentLine && line != "---" {
			return line
		}
	}
	return ""
}

// parseQuoted parses; where that fails because a value begins with {{ and
// nobody quoted it, it is quoted first, as the service does.
func (y *yamlText) parseQuoted() (*yaml.Node, yamlFailure) {
	root, failure := y.parse()
	if failure.text == "" {
		return root, failure
	}
	quoted := *y
	if quoted.text = quoteReferences(y.text); quoted.text == y.text {
		return root, failure
	}
	root, second := quoted.parse()
	if second.text != "" && second.at.start <= failure.at.end { // the quotes mended nothing
		return nil, failure
	}
	return root, second
}

// quoteReferences puts values that begin with {{ in single quotes, to the end
// of their line. Between the brackets of a list or mapping in one line YAML
// reads them as they are.
func quoteReferences(text string) string {
	lines := strings.Split(text, "\n")
	var blocks blockScan
	for i, line := range lines {
		at := strings.Index(line, "{{")
		if blocks.holds(line) || at < 0 || !opensValue(line[:at]) || isWithinBrackets(line[:at]) {
			continue
		}
		value := strings.TrimRight(beforeComment(line[at:]), " \t")
		lines[i] = line[:at] + "'" + strings.ReplaceAll(value, "'", "''") + "'" + line[at+len(value):]
	}
	return strings.Join(lines, "\n")
}

// opensValue reports a line start after which YAML expects a value.
func opensValue(s string) bool {
	s = strings.TrimRight(s, " \t")
	return s == "" || strings.HasSuffix(s, ":") || strings.HasSuffix(s, "-")
}

// canonical is the text without comment lines and blank lines, as far as that
// changes nothing: in a block scalar they are text.
func (y *yamlText) canonical(root *yaml.Node) string {
	if root == nil && !strings.ContainsFunc(y.text, func(r rune) bool { return r > ' ' }) {
		return ""
	}
	short := y.withoutComments()
	if root == nil {
		if strings.TrimSpace(short) == "" {
			return ""
		}
		return y.text
	}
	if y.says(short, root) {
		return short
	}
	if ended := strings.TrimRight(y.text, "\n") + "\n"; y.says(ended, root) {
		return ended
	}
	return y.text
}

// says reports whether another text is the same YAML.
func (y *yamlText) says(text string, root *yaml.Node) bool {
	other := yamlText{src: y.src, text: text}
	again, failure := other.parseQuoted()
	return failure.text == "" && sameNode(root, again)
}

// withoutComments drops comment lines and blank lines outside block scalars,
// and the blank lines at the end of one.
func (y *yamlText) withoutComments() string {
	var b, blanks strings.Builder
	b.Grow(len(y.text))
	block, indent := false, 0
	for line := range strings.Lines(y.text) {
		line = strings.TrimSuffix(line, "\n")
		content := strings.TrimLeft(line, " ")
		kind := kindOfLine(line)
		if block && kind == blankLine {
			blanks.WriteString(line)
			blanks.WriteByte('\n')
			continue
		}
		block = block && len(line)-len(content) > indent
		if block {
			b.WriteString(blanks.String())
		}
		blanks.Reset()
		if !block && kind != contentLine {
			continue
		}
		b.WriteString(line)
		b.WriteByte('\n')
		if !block && opensBlock(line) {
			block, indent = true, keyIndent(line)
		}
	}
	return b.String()
}

// opensBlock reports a line that ends in the sign of a block scalar.
func opensBlock(line string) bool {
	line = strings.TrimRight(line, " \t")
	if i := strings.Index(line, " #"); i >= 0 {
		line = strings.TrimRight(line[:i], " \t")
	}
	line = strings.TrimRight(line, "0123456789+-")
	return strings.HasSuffix(line, "|") || strings.HasSuffix(line, ">")
}

// keyIndent is the column of the key of a line, behind the marks of a list; of
// an entry without a key that of its mark.
func keyIndent(line string) int {
	rest := strings.TrimLeft(line, " ")
	for strings.HasPrefix(rest, "- ") {
		if !strings.Contains(rest, ":") {
			break
		}
		rest = strings.TrimLeft(rest[1:], " ")
	}
	return len(line) - len(rest)
}

// blockScan tells the lines of block scalars from the others.
type blockScan struct {
	inside bool
	indent int
}

// holds takes the next line of a text, and answers whether a block scalar holds it.
func (b *blockScan) holds(line string) bool {
	content := strings.TrimLeft(line, " ")
	if b.inside = b.inside && (content == "" || len(line)-len(content) > b.indent); !b.inside {
		b.inside, b.indent = opensBlock(line), keyIndent(line)
		return false
	}
	return true
}

// awsKeys are the root keys of an AWS component document that no other has.
var awsKeys = []string{"schemaVersion", "phases"}

func isAWS(root *yaml.Node) bool {
	return (value(root, awsKeys[0]) != nil || value(root, awsKeys[1]) != nil) && value(root, "Tasks") == nil
}

// looksAWS reports a text that is no valid YAML and has the root keys of an AWS
// component document.
func looksAWS(text string) (found bool) {
	for line := range strings.Lines(text) {
		switch key, _, ok := strings.Cut(line, ":"); {
		case ok && slices.Contains(rootKeys, key):
			return false
		case ok && slices.Contains(awsKeys, key):
			found = true
		}
	}
	return found
}

var (
	rootKeys = []string{"Tasks", "Parameters"}
	taskKeys = []string{"Name", "Action", "Properties"}
)

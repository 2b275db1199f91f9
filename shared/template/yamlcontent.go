package template

import (
	"cmp"
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

// sameNode reports whether two trees say the same.
func sameNode(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.Value == b.Value && a.Tag == b.Tag && a.Anchor == b.Anchor &&
		slices.EqualFunc(a.Content, b.Content, sameNode)
}

// resolved follows aliases; one that leads to itself ends nowhere.
func resolved(n *yaml.Node) *yaml.Node {
	for range maxDepth {
		if n == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}

// value returns the value of a key of a mapping, nil where there is none.
func value(n *yaml.Node, key string) *yaml.Node {
	n = resolved(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key && n.Content[i].Kind == yaml.ScalarNode {
			return resolved(n.Content[i+1])
		}
	}
	return nil
}

// keyNode returns a key of a mapping itself, nil where there is none.
func keyNode(n *yaml.Node, name string) (found *yaml.Node) {
	pairs(n, func(key, _ *yaml.Node) {
		if found == nil && key.Value == name {
			found = key
		}
	})
	return found
}

// has answers whether a mapping has a key.
func has(n *yaml.Node) func(key string) bool {
	return func(key string) bool { return value(n, key) != nil }
}

// items returns the entries of a list.
func items(n *yaml.Node) []*yaml.Node {
	if n = resolved(n); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// pairs calls f for each key and value of a mapping.
func pairs(n *yaml.Node, f func(key, value *yaml.Node)) {
	if n = resolved(n); n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		f(n.Content[i], resolved(n.Content[i+1]))
	}
}

// isEmptyNode reports a value that says nothing.
func isEmptyNode(n *yaml.Node) bool {
	return isNullNode(n) || n.Kind == yaml.ScalarNode && n.Value == ""
}

// isNullNode reports that there is no value; an empty text is one.
func isNullNode(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// Action is what an action of a task needs and takes: its properties.
type Action struct {
	Name               string
	Required, Optional []string
	output             output
	system             string // the only one that it runs on, "" for both
}

type output int

const (
	noOutput output = iota
	stdout
	doubtful // not documented
)

// Actions of a YAML component.
// Source: "Commands supported by Image Builder", YAML format, 2024-12-17.
var Actions = []Action{
	{"RunShellCommand", []string{"commandContent"}, []string{"workingDir", "username"}, stdout, systemLinux},
	{"RunPowerShellCommand", []string{"commandContent"}, []string{"workingDir", "username", "windowsPasswordName"}, doubtful, systemWindows},
	{"InvokeCommand", []string{"commandId"}, []string{"username", "parameters"}, doubtful, ""},
	{"OSSDownload", []string{"bucketName", "objectName", "destinationDir"}, []string{"ossRegion", "validTime"}, noOutput, ""},
	{"OSSUpload", []string{"bucketName", "objectName", "fileToUpload"}, []string{"ossRegion", "validTime"}, noOutput, ""},
	{"WebDownload", []string{"sourcePath", "destinationDir"}, []string{"tokenInfo", "timeout"}, noOutput, ""},
	{"Reboot", nil, []string{"forceStop"}, noOutput, ""},
}

func (a *Action) properties() []string { return slices.Concat(a.Required, a.Optional) }

func actionNamed(name string) *Action {
	for i := range Actions {
		if Actions[i].Name == name {
			return &Actions[i]
		}
	}
	return nil
}

// rules on YAML components report with the content's code.
func (l *lint) addYAML(p *part, rule string, n *yaml.Node, message, help string) *Finding {
	if l.full(rule) {
		return nil
	}
	return l.add(rule, p.yaml.text.span(n), p.yaml.code, message, help)
}

// offerYAML offers the one word that a scalar can have meant, unless it is
// taken.
func (p *part) offerYAML(f *Finding, n *yaml.Node, known []string, taken func(string) bool) {
	if n.Kind == yaml.ScalarNode && (taken == nil || !taken(onlyNear(n.Value, known))) {
		f.offerNear(p.yaml.text.span(n), n.Value, known)
	}
}

// isYAMLComponent reports the parts that the rules on YAML components judge.
func (p *part) isYAMLComponent() bool {
	return p.yaml != nil && p.section == inComponent && p.text != "" && !p.yaml.aws
}

func checkYAMLRoot(l *lint, p *part) {
	if !p.isYAMLComponent() && !p.isAWSDocument() {
		return
	}
	c := p.yaml
	switch {
	case c.failure.said:
	case c.failure.text != "" && !c.aws:
		l.add("IB0601", c.failure.at, c.code, "not valid YAML: "+c.failure.text,
			cmp.Or(c.failure.help, "look at the indentation and the quotes on this line and the one before"))
	case c.tangled:
		l.add("IB0601", c.first, "", "aliases repeat too much", "write out what the aliases stand for")
	case c.aws:
		l.checkAWSDocument(c)
	case resolved(c.root) == nil || c.root.Kind != yaml.MappingNode:
		l.add("IB0601", c.first, c.code, "a YAML component is a mapping with Tasks", "begin with Tasks:")
	default:
		l.checkRootKeys(p)
		l.checkDuplicates(p, c.root, 0)
		if strings.Contains(c.text.text, " !") {
			l.checkTags(p, c.root, 0)
		}
	}
}

// isAWSDocument reports an AWS component document. What it says is judged by
// what reads it for that target.
func (p *part) isAWSDocument() bool { return p.yaml != nil && p.section == inComponent && p.yaml.aws }

func (l *lint) checkAWSDocument(c *yamlContent) {
	if l.t.hasTarget(TargetAlibaba) {
		l.add("IB0252", c.first, "", "an AWS component document does not go to target alibaba", "write targets: [aws], or the content with Parameters and Tasks")
	}
}

// checkYAMLMarkers looks at the comments that no block scalar can hold, those
// that begin their line: a marker among them was meant as one.
func checkYAMLMarkers(l *lint, p *part) {
	s := &scanner{report: &l.report, src: p.src, rule: noMarkers}
	for s.line = p.yaml.from; s.line < len(p.src.lines); s.line++ {
		if text := p.src.line(s.line); strings.HasPrefix(text, "#") {
			s.comment(text)
		}
	}
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

func (l *lint) checkRootKeys(p *part) {
	pairs(p.yaml.root, func(key, _ *yaml.Node) {
		if !slices.Contains(rootKeys, key.Value) {
			help := "the root has Parameters and Tasks only"
			if near := Nearest(key.Value, rootKeys); near != "" {
				help = "did you mean " + near + "?"
			}
			p.offerYAML(l.addYAML(p, "IB0601", key, "unknown key"+named(key.Value), help), key, rootKeys, has(p.yaml.root))
		}
	})
}

// misspelt reports a mapping without a key that has it under another name, or
// merges what may hold it: the finding is the one about that.
func misspelt(n *yaml.Node, key string, known []string) (found bool) {
	if value(n, key) != nil {
		return false
	}
	pairs(n, func(other, _ *yaml.Node) {
		found = found || other.ShortTag() == "!!merge" || !slices.Contains(known, other.Value) && nearKey(other.Value, known) == key
	})
	return found
}

// checkDuplicates: a mapping with a key twice is no valid YAML.
func (l *lint) checkDuplicates(p *part, n *yaml.Node, depth int) {
	if depth > 2*maxDepth || n.Kind == yaml.AliasNode {
		return
	}
	seen := map[string]bool{}
	for i, child := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 && child.Kind == yaml.ScalarNode {
			if seen[child.Value] {
				l.addYAML(p, "IB0601", child, "key"+named(child.Value)+" is given twice", "keep one of them")
			}
			seen[child.Value] = true
		}
		l.checkDuplicates(p, child, depth+1)
	}
}

// checkTags: an exclamation mark before a value is a tag, and no part of it.
func (l *lint) checkTags(p *part, n *yaml.Node, depth int) {
	if depth > 2*maxDepth || n.Kind == yaml.AliasNode {
		return
	}
	at := p.yaml.text.offset(n.Line, n.Column)
	if rest := p.src.text[at:p.yaml.text.lineEnd(at)]; n.Kind == yaml.ScalarNode && strings.HasPrefix(rest, "!") && !strings.HasPrefix(rest, "!!") {
		tag, _, _ := strings.Cut(rest, " ")
		l.warn("IB0601", p.span(at, at+len(tag)), "a tag of YAML, which is no part of the value", "put the value in quotes with what belongs to it, or delete the tag")
	}
	for _, child := range n.Content {
		l.checkTags(p, child, depth+1)
	}
}

// eachTask calls f with the tasks that are mappings.
func (p *part) eachTask(f func(task *yaml.Node)) {
	if !p.isYAMLComponent() {
		return
	}
	for _, item := range items(value(p.yaml.root, "Tasks")) {
		if task := resolved(item); task != nil && task.Kind == yaml.MappingNode {
			f(task)
		}
	}
}

func checkTasks(l *lint, p *part) {
	if !p.isYAMLComponent() || p.yaml.failure.text != "" {
		return
	}
	root := resolved(p.yaml.root)
	if root == nil || root.Kind != yaml.MappingNode {
		return // IB0601
	}
	tasks := value(root, "Tasks")
	switch {
	case tasks == nil && misspelt(root, "Tasks", rootKeys):
	case tasks == nil:
		l.add("IB0602", p.yaml.first, p.yaml.code, "Tasks is missing", "write Tasks: and a list of at least one task")
	case tasks.Kind != yaml.SequenceNode:
		l.addYAML(p, "IB0602", tasks, "Tasks is not a list", "write each task as `- Name: ...`")
	case len(tasks.Content) == 0:
		l.addYAML(p, "IB0602", tasks, "Tasks is empty", "write at least one task")
	}
	for _, item := range items(tasks) {
		l.checkTask(p, item)
	}
}

func (l *lint) checkTask(p *part, item *yaml.Node) {
	if task := resolved(item); task == nil || task.Kind != yaml.MappingNode {
		l.addYAML(p, "IB0602", item, "a task is a mapping with Name, Action and Properties", "write each task as `- Name: ...`")
		return
	}
	for _, key := range []string{"Name", "Action"} {
		switch n := value(item, key); {
		case !isEmptyNode(n) && n.Kind != yaml.ScalarNode:
			l.addYAML(p, "IB0602", n, key+" is not text", "write text; references work in Properties only")
		case isEmptyNode(n) && !misspelt(item, key, taskKeys):
			l.lacks(p, "IB0602", item, keyNode(item, key), "a task without "+key, "write "+key+": ... in it")
		}
	}
}

// lacks reports a task without something; where its key has no value, at the key.
func (l *lint) lacks(p *part, rule string, task, key *yaml.Node, message, help string) {
	if key != nil {
		task, message = key, key.Value+" is empty"
	}
	l.addYAML(p, rule, task, message, help)
}

func checkActions(l *lint, p *part) {
	p.eachTask(func(task *yaml.Node) {
		n := value(task, "Action")
		if isEmptyNode(n) || n.Kind != yaml.ScalarNode || actionNamed(n.Value) != nil {
			return
		}
		names := make([]string, len(Actions))
		for i := range Actions {
			names[i] = Actions[i].Name
		}
		help := "actions: " + join(names)
		if near := nearKey(n.Value, names); near != "" {
			help = "did you mean " + near + "?"
		}
		p.offerYAML(l.addYAML(p, "IB0603", n, "unknown action"+named(n.Value), help), n, names, nil)
	})
}

// eachAction calls f with the tasks whose action is known.
func (p *part) eachAction(f func(task *yaml.Node, a *Action)) {
	p.eachTask(func(task *yaml.Node) {
		if n := value(task, "Action"); n != nil && actionNamed(n.Value) != nil {
			f(task, actionNamed(n.Value))
		}
	})
}

func checkRequired(l *lint, p *part) {
	p.eachAction(func(task *yaml.Node, a *Action) {
		properties := value(task, "Properties")
		if isNoMapping(properties) {
			l.addYAML(p, "IB0604", properties, "Properties is not a mapping", "write name: value lines")
			return
		}
		for _, name := range a.Required {
			if isEmptyNode(value(properties, name)) && !misspelt(properties, name, a.properties()) && !misspelt(task, "Properties", taskKeys) {
				l.lacks(p, "IB0604", task, keyNode(properties, name), a.Name+" without the property "+name, "write "+name+": ... below its Properties")
			}
		}
	})
}

func checkProperties(l *lint, p *part) {
	p.eachAction(func(task *yaml.Node, a *Action) {
		known := a.properties()
		pairs(value(task, "Properties"), func(key, _ *yaml.Node) {
			switch {
			case key.ShortTag() == "!!merge":
				l.addYAML(p, "IB0605", key, "a merge key in Properties", "write every property in each task")
			case !slices.Contains(known, key.Value):
				f := l.addYAML(p, "IB0605", key, "unknown property"+named(key.Value)+" of "+a.Name, suggestFrom(key.Value, known))
				p.offerYAML(f, key, known, has(value(task, "Properties")))
			}
		})
	})
	p.eachTask(func(task *yaml.Node) {
		pairs(task, func(key, _ *yaml.Node) {
			switch {
			case key.ShortTag() == "!!merge":
				l.addYAML(p, "IB0605", key, "a merge key in a task", "write Name, Action and Properties in every task")
			case !slices.Contains(taskKeys, key.Value):
				code := "" // the service does not look at other keys, only for its own
				if near := Nearest(key.Value, taskKeys); near != "" && value(task, near) == nil {
					code = p.yaml.code
				}
				f := l.add("IB0605", p.yaml.text.span(key), code, "unknown key"+named(key.Value)+" of a task", suggestFrom(key.Value, taskKeys))
				p.offerYAML(f, key, taskKeys, has(task))
			}
		})
	})
}

func suggestFrom(word string, known []string) string {
	if near := nearKey(word, known); near != "" {
		return "did you mean " + near + "?"
	}
	return "known: " + join(known)
}

// nearKey is the known key that a word can have meant.
func nearKey(word string, known []string) string {
	return cmp.Or(Nearest(word, known), onlyWith(word, known))
}

func checkTaskNames(l *lint, p *part) {
	seen := map[string]bool{}
	p.eachTask(func(task *yaml.Node) {
		n := value(task, "Name")
		if isEmptyNode(n) || n.Kind != yaml.ScalarNode {
			return
		}
		if seen[n.Value] {
			l.addYAML(p, "IB0606", n, "task name"+named(n.Value)+" is given twice", "choose another name")
		}
		seen[n.Value] = true
	})
}

// typeless reports a parameter without Type, at the key that is misspelt.
func (l *lint) typeless(p *part, name, parameter *yaml.Node) {
	at, help := name, "write Type: String, Number or Boolean"
	pairs(parameter, func(key, _ *yaml.Node) {
		if isMisspeltType(parameter, key) {
			at, help = key, "did you mean Type?"
		}
	})
	f := l.addYAML(p, "IB0608", at, "parameter"+named(name.Value)+" without Type", help)
	if at != name {
		p.offerYAML(f, at, parameterKeys, has(parameter))
	}
}

func isMisspeltType(parameter, key *yaml.Node) bool {
	return value(parameter, "Type") == nil && !slices.Contains(parameterKeys, key.Value) && Nearest(key.Value, parameterKeys) == "Type"
}

var parameterKeys = []string{"Type", "DefaultValue"}

var parameterTypes = []string{"String", "Number", "Boolean"}

func checkParameters(l *lint, p *part) {
	if !p.isYAMLComponent() {
		return
	}
	parameters := value(p.yaml.root, "Parameters")
	if isNoMapping(parameters) {
		l.addYAML(p, "IB0608", parameters, "Parameters is not a mapping", "write name: {Type: String}")
		return
	}
	pairs(parameters, func(key, parameter *yaml.Node) {
		switch n := value(parameter, "Type"); {
		case n == nil:
			l.typeless(p, key, parameter)
		case !slices.Contains(parameterTypes, n.Value) || n.Kind != yaml.ScalarNode:
			f := l.addYAML(p, "IB0608", n, "parameter"+named(key.Value)+" has an unknown type", "one of: "+join(parameterTypes))
			p.offerYAML(f, n, parameterTypes, nil)
		}
	})
}

package template

import (
	"regexp"
	"sort"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// referenceForm is {{ name }} or {{ task.stdout }}; other double braces belong
// to the shell text.
var referenceForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\{\{\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_]+)?)\s*\}\}`)
})

// unclosedForm is {{ name } with one brace at its end.
var unclosedForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\{\{\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_]+)?)\s*\}(?:[^}]|$)`)
})

// reference is one {{ name }} in a value.
type reference struct {
	in        *yaml.Node
	raw, name string
	at        extent // in the value
}

// span is where the reference stands. Where the text has it spelt otherwise
// than the value, the node stands for it.
func (r reference) span(y *yamlText) span {
	at := y.span(r.in)
	if r.in.Kind != yaml.ScalarNode {
		if i := strings.Index(y.src.text[at.start:at.end], r.raw); i >= 0 {
			return span{src: y.src, start: at.start + i, end: at.start + i + len(r.raw)}
		}
		return at
	}
	runs := runsOf(y, r.in, r.in.Value)
	if within := spanOfRuns(y, r.in, runs, r.at); len(runs) > 0 && strings.HasPrefix(y.src.text[within.start:], "{{") {
		return within
	}
	return at
}

// eachReference calls f with the references in the properties of each task, in
// order, and with what is known before the task.
func (p *part) eachReference(f func(r reference, known map[string]output)) {
	p.eachProperty(func(n *yaml.Node, text string, known map[string]output) {
		for _, m := range referenceForm().FindAllStringSubmatchIndex(text, -1) {
			f(referenceAt(n, text, m), known)
		}
	})
}

// referenceAt makes a reference of a match of its form and of the name in it.
func referenceAt(n *yaml.Node, text string, m []int) reference {
	return reference{n, text[m[0]:m[1]], text[m[2]:m[3]], extent{m[0], m[1]}}
}

// eachProperty calls f with the texts of each task's properties that hold double
// braces, and with what is known before the task.
func (p *part) eachProperty(f func(n *yaml.Node, text string, known map[string]output)) {
	if p.yaml == nil {
		return
	}
	known := map[string]output{}
	if p.isYAMLComponent() {
		pairs(value(p.yaml.root, "Parameters"), func(key, _ *yaml.Node) { known[key.Value] = stdout })
	}
	p.eachTask(func(task *yaml.Node) {
		pairs(value(task, "Properties"), func(_, n *yaml.Node) {
			eachText(n, 0, func(n *yaml.Node, text string) {
				if strings.Contains(text, "{{") {
					f(n, text, known)
				}
			})
		})
		name, action := value(task, "Name"), value(task, "Action")
		if isEmptyNode(name) {
			return
		}
		known[name.Value+".stdout"] = stdout // also of an action that nobody knows: that is a finding of its own
		if action != nil && actionNamed(action.Value) != nil {
			known[name.Value+".stdout"] = actionNamed(action.Value).output
		}
	})
}

// eachText calls f with every scalar of a value. A reference without quotes is
// to YAML a mapping whose only key is a mapping.
func eachText(n *yaml.Node, depth int, f func(n *yaml.Node, text string)) {
	if n = resolved(n); n == nil || depth > maxDepth {
		return
	}
	if name := bareReference(n); name != "" {
		f(n, "{{"+name+"}}")
		return
	}
	if n.Kind == yaml.ScalarNode {
		f(n, n.Value)
	}
	for _, child := range n.Content {
		eachText(child, depth+1, f)
	}
}

// bareReference is the name in a reference without quotes.
func bareReference(n *yaml.Node) string {
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return ""
	}
	inner := n.Content[0]
	if inner.Kind != yaml.MappingNode || len(inner.Content) != 2 {
		return ""
	}
	return inner.Content[0].Value
}

func checkReferences(l *lint, p *part) {
	anyParameter := p.isYAMLComponent() && isNoMapping(value(p.yaml.root, "Parameters"))
	p.eachReference(func(r reference, known map[string]output) {
		task, _, dotted := strings.Cut(r.name, ".")
		out, runs := known[task+".stdout"]
		_, found := known[r.name]
		switch {
		case runs && dotted && out == noOutput:
			l.addReference(p, "IB0607", p.yaml.code, r, "the action behind"+named(r.name)+" has no output",
				"refer to a RunShellCommand: only that has a documented one")
		case !found && (dotted || !anyParameter):
			l.unknownReference(p, r, known)
		}
	})
	p.eachProperty(func(n *yaml.Node, text string, known map[string]output) {
		for _, m := range unclosedForm().FindAllStringSubmatchIndex(text, -1) {
			m[1] = m[0] + strings.IndexByte(text[m[0]:], '}') + 1
			if r := referenceAt(n, text, m); known[r.name] != noOutput {
				l.unclosedReference(p, r)
			}
		}
	})
}

// isNoMapping reports a value where a mapping is wanted and something else is.
func isNoMapping(n *yaml.Node) bool {
	return n != nil && n.Kind != yaml.MappingNode && !isNullNode(n)
}

func (l *lint) unclosedReference(p *part, r reference) {
	const message, help = "one brace closes what two have opened: this is no reference", "write }} behind the name"
	at := r.span(p.yaml.text)
	f := l.warn("IB0607", at, message, help)
	if at.src.text[at.start:at.end] == r.raw {
		f.offer("write }}", change{p.span(at.end, at.end), "}"})
	}
}

// unknownReference suggests what was probably meant. What a task gives is its
// stdout, whatever the word behind its name.
func (l *lint) unknownReference(p *part, r reference, known map[string]output) {
	message := "nothing before this task is called" + named(r.name)
	if named(r.name) == "" {
		message = "nothing before this task has this name"
	}
	task, field, _ := strings.Cut(r.name, ".")
	if _, runs := known[task+".stdout"]; runs {
		meant := "{{ " + task + ".stdout }}"
		f := l.addReference(p, "IB0607", p.yaml.code, r, message, "write "+meant+": that is all that a task gives")
		if at := r.span(p.yaml.text); at.src.text[at.start:at.end] == r.raw {
			f.offer("write "+meant, change{at, meant})
		}
		return
	}
	help := "refer to a parameter, or to <task>.stdout of an earlier task"
	if p.hasTask(task) {
		help = "refer to it in a task behind" + named(task) + ": tasks run in the order of the text"
	} else if near := nearReference(r.name, field, known); near != "" {
		help = "did you mean {{ " + near + " }}?"
	}
	l.addReference(p, "IB0607", p.yaml.code, r, message, help)
}

// hasTask reports a task of a name, wherever it stands.
func (p *part) hasTask(name string) (found bool) {
	p.eachTask(func(task *yaml.Node) {
		n := value(task, "Name")
		found = found || n != nil && n.Kind == yaml.ScalarNode && n.Value == name
	})
	return found && named(name) != ""
}

// nearReference is the one known name that a reference can have meant.
func nearReference(name, field string, known map[string]output) string {
	if _, isParameter := known[field]; isParameter {
		return field
	}
	var names []string
	for name, out := range known {
		if out != noOutput {
			names = append(names, name)
		}
	}
	sort.Strings(names)
	return Nearest(name, names)
}

func (l *lint) addReference(p *part, rule, code string, r reference, message, help string) *Finding {
	if l.full(rule) {
		return nil
	}
	return l.add(rule, r.span(p.yaml.text), code, message, help)
}

func checkDoubtfulReferences(l *lint, p *part) {
	p.eachReference(func(r reference, known map[string]output) {
		if known[r.name] == doubtful {
			l.addReference(p, "IB0610", "", r, "the output behind"+named(r.name)+" is not documented",
				"take the value from a RunShellCommand, or write it to a file")
		}
	})
}

// checkBareReferences looks for values that begin with {{ in what YAML has read,
// quotes put around them or not; and in a text that it cannot read.
func checkBareReferences(l *lint, p *part) {
	switch {
	case !p.isYAMLComponent():
	case p.yaml.root != nil:
		pairs(p.yaml.root, func(_, n *yaml.Node) { l.bareReferences(p, n, 0) })
	case strings.Contains(p.yaml.text.text, "{{"):
		var blocks blockScan
		for i := p.yaml.from; i < len(p.src.lines); i++ {
			if line := p.src.line(i); !blocks.holds(line) {
				l.checkBareReference(p, p.src.lines[i], line)
			}
		}
	}
}

func (l *lint) bareReferences(p *part, n *yaml.Node, depth int) {
	if depth > 2*maxDepth || n.Kind == yaml.AliasNode || l.full("IB0609") {
		return
	}
	if bareReference(n) != "" || n.Kind == yaml.ScalarNode && strings.HasPrefix(n.Value, "{{") {
		at := p.yaml.text.offset(n.Line, n.Column)
		line, _ := p.src.position(at)
		start := p.src.lines[line-1]
		if rest := p.src.text[at:p.yaml.text.lineEnd(at)]; strings.HasPrefix(rest, "{{") {
			l.addBareReference(p, at, bareValue(p.src.text[start:at], rest))
			return
		}
	}
	for i, child := range n.Content {
		if n.Kind != yaml.MappingNode || i%2 == 1 { // what a key says is no reference
			l.bareReferences(p, child, depth+1)
		}
	}
}

func (l *lint) checkBareReference(p *part, offset int, line string) {
	if kindOfLine(line) != contentLine {
		return
	}
	for start := 0; ; {
		next := strings.Index(line[start:], "{{")
		if next < 0 {
			return
		}
		start += next
		value := line[start : start+2]
		if opensValue(line[:start]) && !endsInQuotes(line[:start]) {
			value = bareValue(line[:start], line[start:])
			l.addBareReference(p, offset+start, value)
		}
		start += len(value)
	}
}

func (l *lint) addBareReference(p *part, start int, value string) {
	at := p.span(start, start+len(value))
	f := l.add("IB0609", at, "", "a reference without quotes", "put the value in double quotes")
	if strings.Count(value, "{") == strings.Count(value, "}") && !strings.ContainsAny(value, `"\,#`) {
		f.offer("put the value in quotes", change{p.span(at.start, at.start), `"`}, change{p.span(at.end, at.end), `"`})
	}
}

// bareValue is a value without quotes: it goes to the end of its line, and
// between brackets to the next comma or the bracket that closes.
func bareValue(before, rest string) string {
	if isWithinBrackets(before) {
		depth := 0
		for i := range len(rest) {
			switch rest[i] {
			case '{', '[':
				depth++
			case '}', ']':
				depth--
			}
			if depth < 0 || depth == 0 && rest[i] == ',' {
				rest = rest[:i]
				break
			}
		}
	}
	return strings.TrimRight(beforeComment(rest), " \t")
}

// beforeComment cuts the comment behind a value without quotes.
func beforeComment(rest string) string {
	if i := strings.Index(rest, " #"); i >= 0 {
		return rest[:i]
	}
	return rest
}

// isWithinBrackets reports a place inside a list or mapping in one line.
func isWithinBrackets(before string) bool {
	return strings.Count(before, "{")+strings.Count(before, "[") > strings.Count(before, "}")+strings.Count(before, "]")
}

// endsInQuotes reports the start of a line that ends inside a quoted value.
func endsInQuotes(line string) bool {
	for i := 0; i < len(line); i++ {
		mark := line[i]
		if mark != '\'' && mark != '"' || i > 0 && !strings.ContainsRune(" [{,:", rune(line[i-1])) {
			continue
		}
		escape := byte('\'')
		if mark == '"' {
			escape = '\\'
		}
		length := quotedLength(line[i:], mark, escape)
		if length < 2 || line[i+length-1] != mark {
			return true
		}
		i += length - 1
	}
	return false
}

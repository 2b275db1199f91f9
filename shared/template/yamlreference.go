package template

import (
	"regexp"
	"strings"
	"sync"

	"go.yaml.in/yaml/v3"
)

// referenceForm is {{ name }} or {{ task.stdout }}; other double braces belong
// to the shell text.
var referenceForm = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`\{\{\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_]+)?)\s*\}\}`)
})

// eachReference calls f with the references in the properties of each task, in
// order, and with what is known before the task.
func (p *part) eachReference(f func(n *yaml.Node, name string, known map[string]output)) {
	known := map[string]output{}
	if p.isYAMLComponent() {
		pairs(value(p.yaml.root, "Parameters"), func(key, _ *yaml.Node) { known[key.Value] = stdout })
	}
	p.eachTask(func(task *yaml.Node) {
		pairs(value(task, "Properties"), func(_, n *yaml.Node) {
			eachText(n, 0, func(n *yaml.Node, text string) {
				if !strings.Contains(text, "{{") {
					return
				}
				for _, m := range referenceForm().FindAllStringSubmatch(text, -1) {
					f(n, m[1], known)
				}
			})
		})
		name, action := value(task, "Name"), value(task, "Action")
		if !isEmptyNode(name) && action != nil && actionNamed(action.Value) != nil {
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
	p.eachReference(func(n *yaml.Node, name string, known map[string]output) {
		switch out, found := known[name]; {
		case !found:
			l.addYAML(p, "IB0607", n, "nothing before this task is called"+named(name),
				"refer to a parameter, or to <task>.stdout of an earlier task")
		case out == noOutput:
			l.addYAML(p, "IB0607", n, "the action behind"+named(name)+" has no output", "only RunShellCommand has a documented one")
		}
	})
}

func checkDoubtfulReferences(l *lint, p *part) {
	p.eachReference(func(n *yaml.Node, name string, known map[string]output) {
		if known[name] == doubtful && !l.full("IB0610") {
			l.add("IB0610", p.yaml.text.span(n), "", "the output behind"+named(name)+" is not documented", "only that of RunShellCommand is")
		}
	})
}

// checkBareReferences looks at the text: where the value goes on behind the
// braces, YAML has no node for what was meant.
func checkBareReferences(l *lint, p *part) {
	if !p.isYAMLComponent() {
		return
	}
	block, indent := false, 0
	for i := p.yaml.from; i < len(p.src.lines); i++ {
		line := p.src.line(i)
		content := strings.TrimLeft(line, " ")
		block = block && (content == "" || len(line)-len(content) > indent)
		if !block {
			l.checkBareReference(p, p.src.lines[i], line)
			block, indent = opensBlock(line), keyIndent(line)
		}
	}
}

func (l *lint) checkBareReference(p *part, offset int, line string) {
	start := strings.Index(line, "{{")
	if start < 0 || kindOfLine(line) != contentLine || !opensValue(line[:start]) {
		return
	}
	length := len(strings.TrimRight(line[start:], " \t"))
	l.add("IB0609", p.span(offset+start, offset+start+length), "", "a reference without quotes", "put the value in double quotes")
}

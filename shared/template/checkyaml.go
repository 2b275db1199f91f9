package template

import (
	"cmp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

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
		l.add("IB0252", c.first, "", "an AWS component document does not go to target alibaba",
			"write targets: [aws], or the content with Parameters and Tasks")
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
	rest := p.src.text[at:p.yaml.text.lineEnd(at)]
	if n.Kind == yaml.ScalarNode && strings.HasPrefix(rest, "!") && !strings.HasPrefix(rest, "!!") {
		tag, _, _ := strings.Cut(rest, " ")
		l.warn("IB0601", p.span(at, at+len(tag)), "a tag of YAML, which is no part of the value",
			"put the value in quotes with what belongs to it, or delete the tag")
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
			if isEmptyNode(value(properties, name)) && !misspelt(properties, name, a.properties()) &&
				!misspelt(task, "Properties", taskKeys) {
				l.lacks(p, "IB0604", task, keyNode(properties, name), a.Name+" without the property "+name,
					"write "+name+": ... below its Properties")
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
				f := l.add("IB0605", p.yaml.text.span(key), code, "unknown key"+named(key.Value)+" of a task",
					suggestFrom(key.Value, taskKeys))
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

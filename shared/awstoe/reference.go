package awstoe

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"imagedrop/shared/template"
)

// delimiters are the characters that a list may be cut at.
// Source: AWSTOE, looping constructs.
const delimiters = ".,;:\n\t -_"

var loopKeys = []string{"name", "for", "forEach"}

func (c *stepCheck) checkLoop(n *yaml.Node, names map[string]bool) {
	if n == nil {
		return
	}
	members, ok := c.object("IB0528", n, "a loop", loopKeys...)
	if !ok {
		return
	}
	c.loop = true
	c.loopName, _ = scalar(get(members, "name"))
	if c.loopName != "" && names[c.loopName] {
		c.fail("IB0528", get(members, "name"), "a loop of this name is in the phase already", "choose another name")
	}
	names[c.loopName] = true
	count, each := get(members, "for"), get(members, "forEach")
	switch {
	case count == nil && each == nil && !(lacks(members, "for", loopKeys...) && lacks(members, "forEach", loopKeys...)):
	case (count == nil) == (each == nil):
		c.fail("IB0528", n, "a loop takes either for or forEach", "give one of them")
	case count != nil:
		c.counting(count)
	default:
		c.forEach(each)
	}
}

func (c *stepCheck) counting(n *yaml.Node) {
	members, ok := c.object("IB0528", n, "for", "start", "end", "updateBy")
	if !ok {
		return
	}
	var numbers [3]int
	for i, key := range []string{"start", "end", "updateBy"} {
		value := get(members, key)
		if value == nil {
			c.fail("IB0528", n, "for has no "+key, "write start, end and updateBy")
			return
		}
		if numbers[i], ok = integer(value); !ok {
			c.fail("IB0528", value, key+" is not a whole number", "write a number; references do not work here")
			return
		}
	}
	start, end, by := numbers[0], numbers[1], numbers[2]
	if by == 0 || start < end && by < 0 || start > end && by > 0 {
		c.fail("IB0528", get(members, "updateBy"), "the loop never ends", "let updateBy lead from start to end")
	}
}

func (c *stepCheck) forEach(n *yaml.Node) {
	if entries, ok := list(n); ok {
		if len(entries) == 0 {
			c.fail("IB0528", n, "forEach has no values", "write at least one")
		}
		for _, entry := range entries {
			if _, ok := scalar(entry); !ok {
				c.bareOr("IB0528", entry, "a value of forEach is not text")
			}
		}
		c.references(n)
		return
	}
	members, ok := c.object("IB0528", n, "forEach", "list", "delimiter")
	if !ok {
		return
	}
	if values := get(members, "list"); values == nil {
		c.fail("IB0528", n, "forEach has no list", "write list: a,b,c")
	} else if _, ok := scalar(values); !ok {
		c.bareOr("IB0528", values, "list is not text")
	}
	if delimiter := get(members, "delimiter"); delimiter != nil {
		if text, _ := scalar(delimiter); len(text) != 1 || !strings.Contains(delimiters, text) {
			c.fail("IB0528", delimiter, "delimiter is not one of the characters that a list may be cut at",
				`one of . , ; : - _, a blank, "\n" or "\t"`)
		}
	}
	c.references(get(members, "list"))
}

func (c *stepCheck) bareOr(rule string, n *yaml.Node, message string) {
	if isBare(n) {
		c.bare(n, "")
		return
	}
	c.fail(rule, n, message, "write text, in quotes where it holds signs of YAML")
}

// braces are what AWSTOE looks at.
var braces = regexp.MustCompile(`\{\{(.*?)\}\}`)

// Forms of references. Source: AWSTOE, user-defined variables, chaining, looping constructs.
var (
	loopForm = regexp.MustCompile(`^([A-Za-z0-9_-]+)\.(index|value)$`)
	stepForm = regexp.MustCompile(`^([A-Za-z0-9_-]+)\.(.+?)\.(inputs|outputs)(?:\[\d+\])?(?:\.([A-Za-z0-9_-]+))?(?:\[\d+\])?$`)
)

// references judges all in the values below a node.
func (c *stepCheck) references(n *yaml.Node) {
	n = follow(n)
	if n == nil {
		return
	}
	if n.Kind != yaml.ScalarNode {
		for _, child := range n.Content {
			c.references(child)
		}
		return
	}
	found := braces.FindAllStringSubmatchIndex(n.Value, -1)
	for _, m := range found {
		c.reference(place{n, template.Range{Start: m[0], End: m[1]}}, strings.TrimSpace(n.Value[m[2]:m[3]]))
	}
	if i := strings.Index(n.Value, "{{"); len(found) == 0 && i >= 0 {
		at := place{n, template.Range{Start: i, End: i + len("{{")}}
		c.report(template.Warning, "IB0502", at, "{{ without its end, which AWS may take for a reference",
			"write the braces apart, for example with quotes of the shell")
	}
}

func (c *stepCheck) reference(at place, name string) {
	problem, help, severity := "", "", template.Error
	switch loop, step := loopForm.FindStringSubmatch(name), stepForm.FindStringSubmatch(name); {
	case loop != nil:
		problem, help = c.loopReference(loop[1])
		severity = template.Warning
	case step != nil:
		problem, help = c.stepReference(step[1], step[2], step[3], step[4])
	case c.names[name]:
	case definitionName.MatchString(name):
		problem, help = "no parameter or constant has this name", "define it, or write the braces apart where they are text of the shell"
		if near := template.Nearest(name, slices.Sorted(maps.Keys(c.names))); near != "" {
			help = "did you mean {{ " + near + " }}?"
		}
	default:
		c.report(template.Warning, "IB0502", at, "{{ in text, which AWS may take for a reference",
			"write the braces apart, for example with quotes of the shell")
		return
	}
	if problem != "" {
		c.report(severity, "IB0526", at, problem, help)
	}
}

// loopReference: AWSTOE leaves the braces of a loop that is not there as they stand, and
// no document is refused for them. Source: AWSTOE, looping constructs, "Resolve
// reference expressions".
func (c *stepCheck) loopReference(name string) (problem, help string) {
	switch {
	case !c.loop:
		return "the step has no loop, and the braces stay as they are", "references to a loop work in its own step only"
	case name != "loop" && name != c.loopName:
		return "the step's loop does not have this name, and the braces stay as they are", "write {{ loop.value }}, or the loop's name"
	}
	return "", ""
}

// stepReference follows phase, step and value. Phases run in their own order,
// whatever that of the document.
func (c *stepCheck) stepReference(phase, step, side, value string) (problem, help string) {
	here := c.phases[c.phase].name
	p := slices.IndexFunc(c.phases, func(other phaseNode) bool { return other.name == phase })
	if p < 0 {
		return "there is no such phase", "write {{ phase.step.outputs.stdout }}"
	}
	s := slices.IndexFunc(c.phases[p].steps, func(other stepNode) bool { return other.name == step })
	switch {
	case s < 0:
		return "there is no such step in the phase", "write {{ phase.step.outputs.stdout }}"
	case stage(phase) != stage(here):
		return "the step runs on another instance",
			"build and validate run on the build instance, test on the test instance: write the value to a file"
	case p == c.phase && s >= c.step || slices.Index(phaseOrder, phase) > slices.Index(phaseOrder, here):
		return "the step does not run before this one", "refer to earlier steps only"
	}
	m := c.phases[p].steps[s].module
	if m != nil && side == "outputs" && !slices.Contains(m.outputs, "*") && !slices.Contains(m.outputs, value) {
		help := m.name + " has no outputs"
		if len(m.outputs) > 0 {
			help = m.name + " has the outputs " + strings.Join(m.outputs, ", ")
		}
		return "the step has no such output", help
	}
	return "", ""
}

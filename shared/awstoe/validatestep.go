package awstoe

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"imagedrop/shared/template"

	"go.yaml.in/yaml/v3"
)

// stepCheck is one step under way.
type stepCheck struct {
	*validation
	phase, step int
	loop        bool   // the step has a loop
	loopName    string // its name
}

func (c *stepCheck) check(s stepNode, loops map[string]bool) {
	members := membersOf(s.node)
	c.checkLoop(get(members, "loop"), loops)
	if n := get(members, "if"); n != nil {
		c.condition(unwrap(n), 0, true)
		c.references(n)
	}
	inputs := get(members, "inputs")
	if s.module != nil {
		c.inputs(s.module, inputs, s.node)
	}
	c.references(inputs)
}

func (c *stepCheck) inputs(m *actionModule, n *yaml.Node, step *yaml.Node) {
	if m.name == "Assert" {
		if isNull(n) {
			c.fail("IB0524", step, "Assert has no condition in inputs", "write a comparison, for example fileExists: /etc/fstab")
			return
		}
		c.condition(unwrap(n), 0, false)
		return
	}
	if isNull(n) {
		if len(m.required) > 0 || m.name == "ExecutePowerShell" {
			c.fail("IB0524", step, m.name+" has no inputs", "write inputs with "+cmp.Or(strings.Join(m.required, ", "), strings.Join(m.optional, " or ")))
		}
		return
	}
	entries, isList := list(n)
	if !isList {
		entries = []*yaml.Node{follow(n)}
	}
	if isList && len(entries) == 0 {
		c.fail("IB0524", n, "inputs are an empty list", "write inputs with "+strings.Join(m.required, ", "))
	}
	if isList != m.list && len(entries) > 0 && entries[0].Kind == yaml.MappingNode && !isBare(entries[0]) {
		form := map[bool]string{true: "a list of mappings", false: "a mapping"}
		c.warn("IB0525", n, "the documents show inputs of "+m.name+" as "+form[m.list], "write them so")
	}
	for _, entry := range entries {
		c.entry(m, entry)
	}
}

// entry judges one mapping of inputs.
func (c *stepCheck) entry(m *actionModule, n *yaml.Node) {
	members, ok := c.object("IB0525", n, "an entry of inputs")
	if !ok {
		return
	}
	known := append(slices.Clone(m.required), m.optional...)
	for _, name := range m.required {
		if value := get(members, name); (isNull(value) || empty(value)) && (value != nil || lacks(members, name, known...)) {
			c.fail("IB0524", n, m.name+" has no input "+name, "write "+name+": ...")
		}
	}
	for _, input := range members {
		if isNull(input.value) && slices.Contains(m.required, input.key) {
			continue // missing
		}
		if !slices.Contains(m.required, input.key) && !slices.Contains(m.optional, input.key) {
			severity := template.Warning
			if near := template.Nearest(input.key, known); slices.Contains(m.required, near) && get(members, near) == nil {
				severity = template.Error
			}
			c.unknown(severity, "IB0525", input.at, m.name+" has no input", known)
			continue
		}
		c.input(m, input)
	}
	c.together(m, n, members)
}

// together judges inputs that exclude or need each other.
func (c *stepCheck) together(m *actionModule, n *yaml.Node, members []member) {
	has := func(name string) bool { return !isNull(get(members, name)) }
	switch {
	case m.name == "ExecutePowerShell" && has("commands") == has("file"):
		c.fail("IB0524", n, "ExecutePowerShell takes either commands or file", "give one of them")
	case m.name == "WebDownload" && has("checksum") != has("algorithm"):
		c.warn("IB0524", n, "checksum and algorithm are of use together only", "give both")
	}
	if m.name == "WebDownload" {
		if text, ok := scalar(get(members, "algorithm")); ok && !strings.Contains(text, "{{") {
			c.enum("IB0525", get(members, "algorithm"), "algorithm", "MD5", "SHA1", "SHA256", "SHA512")
		}
	}
	if parameters := get(members, "parameters"); m.name == "ExecuteDocument" && parameters != nil {
		c.parameters(parameters)
	}
}

// parameters judges those of ExecuteDocument.
func (c *stepCheck) parameters(n *yaml.Node) {
	entries, ok := list(n)
	if !ok {
		c.fail("IB0525", n, "parameters are not a list", "write `- name: ...` and `value: ...`")
	}
	for _, entry := range entries {
		members, ok := c.object("IB0525", entry, "a parameter", "name", "value")
		if ok && (isNull(get(members, "name")) || isNull(get(members, "value"))) {
			c.fail("IB0524", entry, "a parameter without name or value", "write both")
		}
	}
}

// input judges the value of one input.
func (c *stepCheck) input(m *actionModule, input member) {
	n := input.value
	switch inputTypes[input.key] {
	case anything:
	case texts:
		entries, ok := list(n)
		if !ok {
			c.fail("IB0525", n, input.key+" is not a list", "write `- text` lines")
		}
		for _, entry := range entries {
			c.text(entry, "an entry of "+input.key)
		}
	case boolean:
		if text, ok := scalar(n); !ok || n.ShortTag() != "!!bool" && !strings.Contains(text, "{{") && text != "true" && text != "false" {
			c.fail("IB0525", n, input.key+" is not true or false", "write true or false")
		}
	case number:
		if i, ok := integer(n); (!ok || i < 0) && !strings.Contains(n.Value, "{{") {
			c.fail("IB0525", n, input.key+" is not a number from 0", "write seconds")
		}
	default:
		c.text(n, input.key)
		c.scheme(m, input)
		c.wildcard(m, input)
	}
	if c.platform == windows && m.platform == anyPlatform && slices.Contains(unixInputs, input.key) {
		c.fail("IB0525", input.at, input.key+" is not there on Windows", "delete it, and set access with ExecutePowerShell")
	}
}

func (c *stepCheck) scheme(m *actionModule, input member) {
	wanted := schemes[m.name][input.key]
	text, ok := scalar(input.value)
	if !ok || len(wanted) == 0 || text == "" || strings.Contains(text, "{{") {
		return
	}
	if !slices.ContainsFunc(wanted, func(s string) bool { return strings.HasPrefix(strings.ToLower(text), s) }) {
		c.fail("IB0525", input.value, input.key+" of "+m.name+" is no address that it takes", "begin with "+strings.Join(wanted, " or "))
	}
}

// wildcard judges a path with a wildcard: it stands behind the last separator.
// Source: AWSTOE, action modules.
func (c *stepCheck) wildcard(m *actionModule, input member) {
	text, ok := scalar(input.value)
	if !ok || wildcards[m.name] != input.key || strings.Contains(text, "{{") {
		return
	}
	if i := strings.IndexByte(text, '*'); i >= 0 && strings.ContainsAny(text[i:], `/\\`) {
		c.fail("IB0525", input.value, "a wildcard before the last separator of "+input.key,
			"put * behind the last / or write a step for each folder")
	}
}

// text judges a value that must be a scalar. A mapping is mostly text with a
// colon in it that nobody quoted.
func (c *stepCheck) text(n *yaml.Node, what string) {
	switch {
	case n.Kind == yaml.ScalarNode && !isNull(n):
	case isNull(n):
		c.fail("IB0525", n, what+" is empty", "write text, or delete it")
	case isBare(n):
		c.bare(n, "")
	case n.Kind == yaml.MappingNode:
		c.fail("IB0525", n, what+" is a mapping, not text", "put text that holds a colon and a blank in quotes")
	default:
		c.fail("IB0525", n, what+" is a list, not text", "write text")
	}
}

// maxNesting bounds logical operators in each other.
// Source: AWSTOE, conditional constructs.
const maxNesting = 4

// condition judges a comparison or a logical operator; depth counts the
// operators around it.
func (c *stepCheck) condition(n *yaml.Node, depth int, choices bool) {
	members, ok := c.object("IB0529", n, "a condition")
	if !ok {
		return
	}
	operator := c.operator(n, members, choices)
	value := get(members, operator)
	switch operator {
	case "":
	case "and", "or", "not":
		if depth++; depth > maxNesting {
			c.fail("IB0529", n, fmt.Sprintf("conditions are nested more than %d levels deep", maxNesting), "split the step in two")
			return
		}
		c.operands(operator, value, n, depth)
	default:
		if second := operators[operator]; second != "" && get(members, second) == nil {
			c.fail("IB0529", n, operator+" has no "+second, "write "+second+" beside it")
		}
		if _, ok := scalar(value); !ok {
			c.fail("IB0529", n, operator+" compares with nothing", "write the value in quotes")
		}
	}
}

func (c *stepCheck) operands(operator string, value, n *yaml.Node, depth int) {
	entries, isList := list(value)
	switch {
	case isNull(value) || isList && len(entries) == 0:
		c.fail("IB0529", n, operator+" has no conditions", "write at least one below it")
	case operator == "not":
		c.condition(unwrap(value), depth, false)
	case !isList:
		c.fail("IB0529", value, operator+" is not a list of conditions", "write `- condition` lines")
	}
	for _, entry := range entries {
		if operator != "not" {
			c.condition(entry, depth, false)
		}
	}
}

// operator finds the one operator of a condition and judges what stands beside it.
func (c *stepCheck) operator(n *yaml.Node, members []member, choices bool) string {
	known := append(slices.Sorted(maps.Keys(operators)), "and", "or", "not")
	found := ""
	for _, m := range members {
		switch {
		case m.key == "then" || m.key == "else":
			if !choices {
				c.fail("IB0529", m.at, m.key+" stands beside the outermost operator of if only", "move it there")
			}
			c.enum("IB0529", m.value, m.key, "Abort", "Execute", "Skip")
		case m.key == "value" || m.key == "path":
		case !slices.Contains(known, m.key):
			c.unknown(template.Error, "IB0529", m.at, "there is no operator", known)
			return ""
		case found != "":
			c.fail("IB0529", m.at, "a second operator in one condition", "join them with and, or")
			return ""
		default:
			found = m.key
		}
	}
	if found == "" {
		c.fail("IB0529", n, "the condition has no operator", "write a comparison, for example fileExists: /etc/fstab")
	}
	return found
}

package awstoe

import (
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"imagedrop/shared/template"
)

// Validate judges an AWSTOE document that is passed through: schema, phases,
// steps, inputs, references, loops and conditions. path is Finding.Path,
// platform that of the component.
func Validate(path string, text []byte, platform string) []template.Finding {
	doc, found := template.ReadDocument(path, text, "IB0520")
	if doc.Root == nil {
		for i := range found {
			if bareValue.Match(text) {
				found[i].Help = "put references in quotes: '{{ name }}'"
			}
		}
		return found
	}
	v := &validation{doc: doc, platform: platform, found: found, names: map[string]bool{}, count: map[string]int{}}
	v.root(doc.Root)
	template.Sort(v.found)
	return v.found
}

// bareValue is a value that begins with a reference and has no quotes.
var bareValue = regexp.MustCompile(`(?m)(:|^\s*-)\s+\{\{`)

// validation is one document under way.
type validation struct {
	doc      *template.Document
	platform string
	found    []template.Finding
	count    map[string]int // findings of each rule

	names   map[string]bool // parameters and constants
	phases  []phaseNode
	unnamed bool // a phase has no name that is known
}

// phaseNode is a phase that has a name.
type phaseNode struct {
	name  string
	steps []stepNode
}

// stepNode is a step and what others can refer to.
type stepNode struct {
	name   string
	node   *yaml.Node
	module *actionModule // nil where it is unknown
}

// maxAlike bounds the findings of one rule.
const maxAlike = 200

func (v *validation) report(severity template.Severity, rule string, at place, message, help string) {
	if v.count[rule]++; v.count[rule] <= maxAlike {
		v.found = append(v.found, v.doc.Finding(rule, severity, at.n, at.Range, message, help))
	}
}

// place is a node, or a range of its text.
type place struct {
	n *yaml.Node
	template.Range
}

func (v *validation) fail(rule string, n *yaml.Node, message, help string) {
	v.report(template.Error, rule, place{n: n}, message, help)
}

func (v *validation) warn(rule string, n *yaml.Node, message, help string) {
	v.report(template.Warning, rule, place{n: n}, message, help)
}

// object judges the keys of a mapping, where only some are known, and reads
// its members.
func (v *validation) object(rule string, n *yaml.Node, what string, known ...string) ([]member, bool) {
	if n = follow(n); n == nil || n.Kind != yaml.MappingNode {
		if n != nil {
			v.fail(rule, n, what+" is not a mapping of keys and values", "write `key: value` lines")
		}
		return nil, false
	}
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		switch key := n.Content[i]; {
		case isMerge(key):
		case key.Kind != yaml.ScalarNode:
			v.bare(n, "a key that is no text")
		case seen[key.Value]:
			v.fail(rule, key, named(key.Value)+" is given twice", "keep one of them")
		default:
			seen[key.Value] = true
			if len(known) > 0 && !slices.Contains(known, key.Value) {
				v.unknown(template.Error, rule, key, what+" has no key", known)
			}
		}
	}
	return membersOf(n), true
}

// bare reports braces that YAML takes for a mapping.
func (v *validation) bare(n *yaml.Node, message string) {
	if isBare(n) {
		message = "a reference without quotes, which YAML takes for a mapping"
	}
	v.fail("IB0526", n, message, "put the value in quotes: '{{ name }}'")
}

func (v *validation) unknown(severity template.Severity, rule string, key *yaml.Node, message string, known []string) {
	help := "known: " + strings.Join(known, ", ")
	if near := template.Nearest(key.Value, known); near != "" {
		help = "did you mean " + near + "?"
	}
	v.report(severity, rule, place{n: key}, message+" "+named(key.Value), help)
}

// The keys of a document, a phase and a step. Source: AWSTOE, component documents.
var (
	documentKeys = []string{"name", "description", "schemaVersion", "parameters", "constants", "phases"}
	phaseKeys    = []string{"name", "steps"}
	stepKeys     = []string{"name", "action", "timeoutSeconds", "onFailure", "maxAttempts", "inputs", "loop", "if"}
)

// plain judges a value that is text without references: these work in inputs only.
func (v *validation) plain(rule string, n *yaml.Node, what string) {
	switch text, _ := scalar(n); {
	case n != nil && n.Kind != yaml.ScalarNode && !isBare(n):
		v.fail(rule, n, what+" is not text", "write text")
	case n != nil && isBare(n), braces.MatchString(text):
		v.warn("IB0526", n, "references work in inputs only: here the braces stay", "write the value itself")
	}
}

func (v *validation) root(n *yaml.Node) {
	members, ok := v.object("IB0520", n, "the document", documentKeys...)
	if !ok {
		return
	}
	for _, key := range []string{"name", "description"} {
		v.plain("IB0520", get(members, key), key)
	}
	switch version, _ := scalar(get(members, "schemaVersion")); {
	case lacks(members, "schemaVersion", documentKeys...):
		v.fail("IB0520", n, "schemaVersion is missing", "write schemaVersion: 1.0")
	case get(members, "schemaVersion") != nil && version != "1.0" && version != "1":
		v.fail("IB0520", get(members, "schemaVersion"), "schemaVersion is not 1.0", "write schemaVersion: 1.0")
	}
	v.definitions(get(members, "parameters"), "parameter", "type", "default", "description")
	v.definitions(get(members, "constants"), "constant", "type", "value")
	phases, ok := list(get(members, "phases"))
	if !ok || len(phases) == 0 {
		if get(members, "phases") == nil && !lacks(members, "phases", documentKeys...) {
			return
		}
		v.fail("IB0521", n, "phases are missing, or are not a list", "write phases, a list of name and steps")
		return
	}
	for _, p := range phases {
		v.phase(p)
	}
	v.checkPhases(phases[0])
	v.checkSteps()
}

// definitionName is the name of a parameter or a constant.
// Source: AWSTOE, user-defined variables.
var definitionName = regexp.MustCompile(`^[A-Za-z0-9_-]{3,128}$`)

func (v *validation) definitions(n *yaml.Node, what string, keys ...string) {
	if isNull(n) {
		return
	}
	entries, ok := list(n)
	if !ok {
		v.fail("IB0527", n, what+"s are not a list", "write `- Name: {type: string}` lines")
	}
	for _, entry := range entries {
		members, _ := v.object("IB0527", entry, "a "+what)
		for _, m := range members {
			v.definition(m, what, keys)
		}
	}
}

func (v *validation) definition(m member, what string, keys []string) {
	switch {
	case !definitionName.MatchString(m.key):
		v.fail("IB0527", m.at, "the name of a "+what+" is malformed", "use 3 to 128 letters, digits, - and _")
	case m.at.ShortTag() != "!!str":
		v.fail("IB0527", m.at, "the name of a "+what+" is not text", "put it in quotes")
	case v.names[m.key]:
		v.fail("IB0527", m.at, "a parameter or constant of this name is there already", "choose another name")
	}
	v.names[m.key] = true
	if isNull(m.value) {
		v.fail("IB0527", m.at, "the "+what+" has no type", "write {type: string}")
		return
	}
	members, ok := v.object("IB0527", m.value, "a "+what, keys...)
	if !ok {
		return
	}
	switch kind, _ := scalar(get(members, "type")); {
	case lacks(members, "type", keys...):
		v.fail("IB0527", m.at, "the "+what+" has no type", "write type: string")
	case get(members, "type") != nil && kind != "string":
		v.fail("IB0527", get(members, "type"), "the type of a "+what+" is not string", "write type: string")
	}
	for _, key := range keys[1:] {
		v.plain("IB0527", get(members, key), key)
	}
	if what == "constant" && (lacks(members, "value", keys...) || isNull(get(members, "value"))) {
		v.fail("IB0527", m.at, "the constant has no value", "write value: text")
	}
}

// phaseOrder are the phases in the order in which they run.
var phaseOrder = []string{"build", "validate", "test", "container-host-test"}

// stage tells the build instance from the test instance.
func stage(phase string) string {
	if phase == "build" || phase == "validate" {
		return "build"
	}
	return "test"
}

func (v *validation) phase(n *yaml.Node) {
	members, ok := v.object("IB0521", n, "a phase", phaseKeys...)
	if !ok {
		v.unnamed = true
		return
	}
	name, _ := scalar(get(members, "name"))
	v.unnamed = v.unnamed || !slices.Contains(phaseOrder, name)
	switch {
	case name == "" && get(members, "name") == nil && !lacks(members, "name", phaseKeys...):
	case name == "":
		v.fail("IB0521", n, "the phase has no name", "write name: build")
	case !slices.Contains(phaseOrder, name):
		v.unknown(template.Error, "IB0521", get(members, "name"), "there is no phase", phaseOrder)
	case slices.ContainsFunc(v.phases, func(p phaseNode) bool { return p.name == name }):
		v.fail("IB0521", get(members, "name"), "the phase is given twice", "put all its steps in one")
	}
	steps, _ := list(get(members, "steps"))
	if len(steps) == 0 && (get(members, "steps") != nil || lacks(members, "steps", phaseKeys...)) {
		v.fail("IB0521", n, "the phase has no steps", "write steps, a list of name, action and inputs")
	}
	p := phaseNode{name: name}
	for _, s := range steps {
		p.steps = append(p.steps, v.step(s, p.steps))
	}
	v.phases = append(v.phases, p)
}

func (v *validation) checkPhases(first *yaml.Node) {
	if v.unnamed { // it may have been meant
		return
	}
	for _, p := range v.phases {
		if slices.Contains(phaseOrder[:3], p.name) {
			return
		}
	}
	v.fail("IB0521", first, "none of the phases build, validate and test is there", "write at least one of them")
}

// step reads what others refer to, and judges what stands outside inputs.
func (v *validation) step(n *yaml.Node, before []stepNode) stepNode {
	s := stepNode{node: n}
	members, ok := v.object("IB0522", n, "a step", stepKeys...)
	if !ok {
		return s
	}
	name := get(members, "name")
	s.name, _ = scalar(name)
	v.plain("IB0522", name, "name")
	switch {
	case name != nil && name.Kind != yaml.ScalarNode, name == nil && !lacks(members, "name", stepKeys...):
	case s.name == "":
		v.fail("IB0522", n, "the step has no name", "write name: text")
	case slices.ContainsFunc(before, func(other stepNode) bool { return other.name == s.name }):
		v.fail("IB0522", name, "a step of this name is in the phase already", "choose another name")
	}
	action := get(members, "action")
	text, _ := scalar(action)
	s.module = moduleOf(text)
	switch {
	case action == nil && !lacks(members, "action", stepKeys...):
	case text == "":
		v.fail("IB0522", n, "the step has no action", "write action: ExecuteBash, or another module")
	case s.module == nil:
		v.unknown(template.Error, "IB0523", action, "there is no action module", moduleNames())
	default:
		v.onPlatform(s.module, action)
	}
	v.limits(members, s.module)
	return s
}

// onPlatform judges whether a module is there on the component's platform.
func (v *validation) onPlatform(m *actionModule, action *yaml.Node) {
	const help = "use another module, or give the platform in aws.platform"
	switch there := (m.platform == onlyWindows) == (v.platform == windows); {
	case there || m.platform == anyPlatform:
	case m.name == "ExecuteBash" || m.name == "ExecutePowerShell": // somebody may have installed the shell
		v.warn("IB0523", action, m.name+" is documented for other platforms than "+v.platform, help)
	default:
		v.fail("IB0523", action, m.name+" is not there on "+v.platform, help)
	}
}

const windows = "Windows"

// limits judges time-out, attempts and what follows a failure.
func (v *validation) limits(members []member, m *actionModule) {
	nested := m != nil && m.name == "ExecuteDocument"
	if n := get(members, "timeoutSeconds"); n != nil {
		seconds, ok := integer(n)
		switch {
		case !ok || seconds == 0 || seconds < -1:
			v.fail("IB0522", n, "timeoutSeconds is not -1 or a number above 0", "write seconds, or -1 for no limit; the default is 7200")
		case nested && seconds != -1:
			v.fail("IB0522", n, "timeoutSeconds of ExecuteDocument is always -1", "delete it")
		case m != nil && m.name == "Reboot":
			v.warn("IB0522", n, "Reboot has no time-out", "delete it")
		}
	}
	if n := get(members, "maxAttempts"); n != nil {
		attempts, ok := integer(n)
		switch {
		case !ok || attempts < 1:
			v.fail("IB0522", n, "maxAttempts is not a number above 0", "write 1 or more; the default is 1")
		case nested && attempts != 1:
			v.fail("IB0522", n, "maxAttempts of ExecuteDocument is always 1", "delete it")
		}
	}
	v.enum("IB0522", get(members, "onFailure"), "onFailure", "Abort", "Continue", "Ignore")
}

func (v *validation) enum(rule string, n *yaml.Node, what string, values ...string) {
	if n == nil {
		return
	}
	if text, _ := scalar(n); !slices.Contains(values, text) {
		v.fail(rule, n, what+" is none of its values", "one of: "+strings.Join(values, ", "))
	}
}

// checkSteps judges what may refer to other steps, once all are known.
func (v *validation) checkSteps() {
	for p, phase := range v.phases {
		loops := map[string]bool{}
		for s, step := range phase.steps {
			if node := follow(step.node); node != nil && node.Kind == yaml.MappingNode {
				c := &stepCheck{validation: v, phase: p, step: s}
				c.check(step, loops)
			}
		}
	}
}

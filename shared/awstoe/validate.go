package awstoe

import (
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"
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
		v.found = append(v.found, v.doc.Finding(rule, severity, at.n, at.start, at.end, message, help))
	}
}

// place is a node, or a range of its text.
type place struct {
	n          *yaml.Node
	start, end int
}

func (v *validation) fail(rule string, n *yaml.Node, message, help string) {
	v.report(template.Error, rule, place{n: n}, message, help)
}

func (v *validation) warn(rule string, n *yaml.Node, message, help string) {
	v.report(template.Warning, rule, place{n: n}, message, help)
}

// follow resolves an alias. ReadDocument refuses what leads to itself.
func follow(n *yaml.Node) *yaml.Node {
	for n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n
}

// member is a key of a mapping and its value.
type member struct {
	key   string
	at    *yaml.Node
	value *yaml.Node
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

// membersOf reads a mapping. A merged mapping gives what the mapping itself
// does not.
func membersOf(n *yaml.Node) []member {
	if n = follow(n); n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	var out, merged []member
	for i := 0; i+1 < len(n.Content); i += 2 {
		key, value := n.Content[i], follow(n.Content[i+1])
		switch {
		case isMerge(key):
			merged = append(merged, membersOf(value)...)
		case key.Kind == yaml.ScalarNode && get(out, key.Value) == nil:
			out = append(out, member{key.Value, key, value})
		}
	}
	for _, m := range merged {
		if get(out, m.key) == nil {
			out = append(out, m)
		}
	}
	return out
}

func isMerge(key *yaml.Node) bool { return key.Kind == yaml.ScalarNode && key.ShortTag() == "!!merge" }

// bare reports braces that YAML takes for a mapping.
func (v *validation) bare(n *yaml.Node, message string) {
	if isBare(n) {
		message = "a reference without quotes, which YAML takes for a mapping"
	}
	v.fail("IB0526", n, message, "put the value in quotes: '{{ name }}'")
}

// isBare reports `{{ name }}`: a mapping whose only key is a mapping.
func isBare(n *yaml.Node) bool {
	return n.Kind == yaml.MappingNode && n.Style&yaml.FlowStyle != 0 && len(n.Content) == 2 && n.Content[0].Kind == yaml.MappingNode
}

func get(members []member, key string) *yaml.Node {
	for _, m := range members {
		if m.key == key {
			return m.value
		}
	}
	return nil
}

// lacks reports members without a key that is not there under another name,
// either: that is a finding of its own.
func lacks(members []member, key string, known ...string) bool {
	return get(members, key) == nil && !slices.ContainsFunc(members, func(m member) bool {
		return !slices.Contains(known, m.key) && template.Nearest(m.key, known) == key
	})
}

func (v *validation) unknown(severity template.Severity, rule string, key *yaml.Node, message string, known []string) {
	help := "known: " + strings.Join(known, ", ")
	if near := template.Nearest(key.Value, known); near != "" {
		help = "did you mean " + near + "?"
	}
	v.report(severity, rule, place{n: key}, message+" "+named(key.Value), help)
}

// named shows a name; anything longer is pointed at only: text of a document
// is not repeated in findings.
func named(s string) string {
	const longest = 40
	if s == "" || len(s) > longest || strings.ContainsFunc(s, func(r rune) bool {
		return r >= 0x80 || !isNameByte(byte(r), true) && r != '-' && r != '.'
	}) {
		return "of this name"
	}
	return strconv.Quote(s)
}

// list are the entries of a sequence.
func list(n *yaml.Node) ([]*yaml.Node, bool) {
	if n = follow(n); n == nil || n.Kind != yaml.SequenceNode {
		return nil, false
	}
	out := make([]*yaml.Node, len(n.Content))
	for i, item := range n.Content {
		out[i] = follow(item)
	}
	return out, true
}

// isNull reports a value that is not there, or says nothing.
func isNull(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

// scalar is the text of a scalar that says something.
func scalar(n *yaml.Node) (string, bool) {
	if isNull(n) || n.Kind != yaml.ScalarNode {
		return "", false
	}
	return n.Value, true
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

func integer(n *yaml.Node) (int, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" {
		return 0, false
	}
	i, err := strconv.Atoi(n.Value)
	return i, err == nil
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

// unwrap takes the only entry of a list: the older syntax of `if`.
func unwrap(n *yaml.Node) *yaml.Node {
	if entries, ok := list(n); ok && len(entries) == 1 {
		return entries[0]
	}
	return follow(n)
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
			c.fail("IB0524", step, m.name+" has no inputs", "write inputs with "+strings.Join(append(slices.Clone(m.required), m.optional...), ", "))
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

func empty(n *yaml.Node) bool {
	if entries, ok := list(n); ok {
		return len(entries) == 0
	}
	text, ok := scalar(n)
	return ok && text == ""
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
		c.fail("IB0525", input.value, "a wildcard before the last separator of "+input.key, "put * behind the last / or write a step for each folder")
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

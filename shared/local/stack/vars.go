package stack

import (
	"fmt"
	"path/filepath"
	"regexp"
	"strings"

	"go.yaml.in/yaml/v3"

	"imagedrop/shared/local/account"
)

// variables replaces the ${...} of Serverless Devs as its parser does (checked
// against @serverless-devs/parse-spec 0.0.29): a value that is one variable
// and nothing else takes the type of what it names, anything else becomes text;
// no blanks are allowed around the name.
type variables struct {
	root   *yaml.Node // the document's mapping
	dir    string     // of the file, absolute
	getenv func(string) (string, bool)
	fail   func(n *yaml.Node, format string, args ...any)
	state  map[*yaml.Node]int
}

// States of a node.
const (
	untouched = iota
	resolving
	resolved
)

var (
	variable  = regexp.MustCompile(`\$\{([^}]*)\}`)
	reference = regexp.MustCompile(`^(vars|resources|this)((?:\.\w+)+)$`)
	call      = regexp.MustCompile(`^(env|config|path)\((.*)\)$`)
	arguments = regexp.MustCompile(`^\s*(?:'([^']*)'|"([^"]*)")(?:\s*,\s*(?:'([^']*)'|"([^"]*)"|(-?[\d.]+|true|false)))?\s*$`)
)

// knownForms is what the local cloud understands of Serverless Devs' variables.
const knownForms = "${vars.x}, ${env('NAME', 'default')}, ${config('AccountID')}, ${path('dir')}, ${this.props.x}, ${resources.a.props.x}"

// resolveAll replaces every variable of the document.
func (v *variables) resolveAll() {
	v.state = map[*yaml.Node]int{}
	v.resolve(child(v.root, "vars"), nil)
	if resources := child(v.root, "resources"); resources != nil && resources.Kind == yaml.MappingNode {
		for i := 1; i < len(resources.Content); i += 2 {
			v.resolve(resources.Content[i], resources.Content[i])
		}
	}
	v.resolve(v.root, nil)
}

// resolve replaces the variables below n. this is the resource around n, nil
// outside of resources. It reports whether all below n is resolved.
func (v *variables) resolve(n, this *yaml.Node) bool {
	if n == nil || v.state[n] == resolved {
		return true
	}
	if v.state[n] == resolving {
		return false
	}
	v.state[n] = resolving
	ok := v.resolveBelow(n, this)
	v.state[n] = resolved
	return ok
}

func (v *variables) resolveBelow(n, this *yaml.Node) bool {
	switch n.Kind {
	case yaml.AliasNode:
		ok := v.resolve(n.Alias, this)
		if !ok {
			v.fail(n, "*%s leads back to itself or to an unknown value", n.Value)
		}
		return ok
	case yaml.ScalarNode:
		return v.resolveScalar(n, this)
	}
	ok := true
	for i, c := range n.Content {
		if n.Kind == yaml.MappingNode && i%2 == 0 {
			continue // keys such as pre-${regex('deploy|local')} stay as they are
		}
		ok = v.resolve(c, this) && ok
	}
	return ok
}

func (v *variables) resolveScalar(n, this *yaml.Node) bool {
	if n.ShortTag() != "!!str" || !strings.Contains(n.Value, "${") {
		return true
	}
	matches := variable.FindAllStringSubmatchIndex(n.Value, -1)
	if len(matches) == 1 && matches[0][0] == 0 && matches[0][1] == len(n.Value) {
		return v.replaceWhole(n, this)
	}
	var text strings.Builder
	end := 0
	for _, m := range matches {
		value, err := v.value(n.Value[m[2]:m[3]], this)
		if err == nil && value.Kind != yaml.ScalarNode {
			err = fmt.Errorf("%s is no single value", n.Value[m[0]:m[1]])
		}
		if err != nil {
			v.fail(n, "%v", err)
			return false
		}
		text.WriteString(n.Value[end:m[0]] + value.Value)
		end = m[1]
	}
	n.SetString(text.String() + n.Value[end:])
	return true
}

// replaceWhole puts what the variable names in the place of n, which keeps its
// position: a mistake is reported where the value is used.
func (v *variables) replaceWhole(n, this *yaml.Node) bool {
	value, err := v.value(n.Value[2:len(n.Value)-1], this)
	if err != nil {
		v.fail(n, "%v", err)
		return false
	}
	line, column := n.Line, n.Column
	*n = *value
	n.Line, n.Column = line, column
	return true
}

// value evaluates the inside of ${...}.
func (v *variables) value(expr string, this *yaml.Node) (*yaml.Node, error) {
	if m := reference.FindStringSubmatch(expr); m != nil {
		return v.lookup(expr, m[1], strings.Split(m[2][1:], "."), this)
	}
	m := call.FindStringSubmatch(expr)
	if m == nil {
		return nil, fmt.Errorf("unknown variable ${%s}: the local cloud knows %s", expr, knownForms)
	}
	a := arguments.FindStringSubmatch(m[2])
	if a == nil {
		return nil, fmt.Errorf("${%s}: want %s('NAME') or %s('NAME', 'default')", expr, m[1], m[1])
	}
	return v.call(expr, m[1], a[1]+a[2], a)
}

// call evaluates a function of one name; a holds the arguments' parts, the
// default's at 3 (single quotes), 4 (double quotes) and 5 (no quotes).
func (v *variables) call(expr, function, name string, a []string) (*yaml.Node, error) {
	switch function {
	case "env":
		if value, set := v.getenv(name); set {
			return text(value), nil
		}
		if a[5] != "" {
			return &yaml.Node{Kind: yaml.ScalarNode, Value: a[5]}, nil
		}
		if !strings.Contains(expr, ",") {
			return nil, fmt.Errorf("${%s}: the environment has no %s; give a default: ${env('%s', 'default')}", expr, name, name)
		}
		return text(a[3] + a[4]), nil
	case "config":
		if name == "AccountID" {
			return text(account.ID), nil
		}
		return nil, fmt.Errorf("${%s}: the local cloud has no credentials but 'AccountID'", expr)
	default: // path
		if filepath.IsAbs(name) {
			return text(name), nil
		}
		return text(filepath.Join(v.dir, name)), nil
	}
}

// lookup follows a reference and resolves what it names.
func (v *variables) lookup(expr, base string, keys []string, this *yaml.Node) (*yaml.Node, error) {
	n := child(v.root, base)
	switch base {
	case "this":
		n = this
	case "resources":
		this = child(n, keys[0])
	case "vars":
		this = nil
	}
	for _, key := range keys {
		if n != nil && n.Kind == yaml.ScalarNode && !v.resolve(n, this) {
			return nil, fmt.Errorf("${%s} leads back to itself or to an unknown value", expr)
		}
		parent := n
		if n = child(parent, key); n == nil {
			return nil, fmt.Errorf("${%s}: there is no %q%s", expr, key, suggest(key, childKeys(parent)))
		}
	}
	if !v.resolve(n, this) {
		return nil, fmt.Errorf("${%s} leads back to itself or to an unknown value", expr)
	}
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	return n, nil
}

func text(s string) *yaml.Node {
	n := &yaml.Node{}
	n.SetString(s)
	return n
}

// child returns the value at key of a mapping, nil where there is none.
func child(n *yaml.Node, key string) *yaml.Node {
	if n != nil && n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return n.Content[i+1]
		}
	}
	return nil
}

func childKeys(n *yaml.Node) []string {
	if n == nil {
		return nil
	}
	var keys []string
	for i := 0; i+1 < len(n.Content); i += 2 {
		keys = append(keys, n.Content[i].Value)
	}
	return keys
}

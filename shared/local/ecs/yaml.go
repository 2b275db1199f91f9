package ecs

import (
	"errors"
	"fmt"
	"io"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// rootKey is a root key of a YAML component on the first line that says anything.
var rootKey = regexp.MustCompile(`^(Tasks|Parameters)[ \t]*:`)

// looksLikeYAML reports whether a content is YAML: its root is a mapping with
// Tasks or Parameters, or it begins like one and is broken further on.
func looksLikeYAML(text string) bool {
	if !strings.Contains(text, "Tasks") && !strings.Contains(text, "Parameters") {
		return false
	}
	if rootKey.MatchString(firstLine(text)) {
		return true
	}
	root, err := parseYAML(text)
	if err != nil || root.Kind != yaml.MappingNode {
		return false
	}
	for i := 0; i < len(root.Content); i += 2 {
		if key := root.Content[i].Value; key == "Tasks" || key == "Parameters" {
			return true
		}
	}
	return false
}

// firstLine returns the first line that is neither blank, comment nor the mark
// that may begin a document.
func firstLine(text string) string {
	for line := range strings.Lines(strings.TrimPrefix(text, "\ufeff")) {
		if line = strings.Trim(line, blanks+"\r\n"); line != "" && line[0] != '#' && line != "---" {
			return line
		}
	}
	return ""
}

type task struct {
	Name       string               `yaml:"Name"`
	Action     string               `yaml:"Action"`
	Properties map[string]yaml.Node `yaml:"Properties"`
}

// actionRule is what an action needs and takes. output says whether a later
// task may refer to its stdout.
type actionRule struct {
	required, optional []string
	output             bool
}

// actions are those of a YAML component.
// Source: "Commands supported by Image Builder", YAML format. The page names
// the output of RunShellCommand only; that of the other two is let through.
var actions = map[string]actionRule{
	"RunShellCommand":      {[]string{"commandContent"}, []string{"workingDir", "username"}, true},
	"RunPowerShellCommand": {[]string{"commandContent"}, []string{"workingDir", "username", "windowsPasswordName"}, true},
	"InvokeCommand":        {[]string{"commandId"}, []string{"username", "parameters"}, true},
	"OSSDownload":          {[]string{"bucketName", "objectName", "destinationDir"}, []string{"ossRegion", "validTime"}, false},
	"OSSUpload":            {[]string{"bucketName", "objectName", "fileToUpload"}, []string{"ossRegion", "validTime"}, false},
	"WebDownload":          {[]string{"sourcePath", "destinationDir"}, []string{"tokenInfo", "timeout"}, false},
	"Reboot":               {nil, []string{"forceStop"}, false},
}

// checkYAML reads a YAML component and returns its parameters in order.
func (c content) checkYAML() ([]parameter, error) {
	parameters, err := readYAML(c.text)
	if err != nil {
		return nil, refuse("InvalidParameter."+c.parameter, c.parameter+": "+err.Error()+".")
	}
	return parameters, nil
}

func readYAML(text string) ([]parameter, error) {
	node, err := parseYAML(text)
	if err != nil {
		return nil, err
	}
	var root map[string]yaml.Node
	if node.Decode(&root) != nil || len(root) != len(node.Content)/2 { // a null key is passed over
		return nil, errNotYAML
	}
	for key := range root {
		if key != "Tasks" && key != "Parameters" {
			return nil, errors.New("a root key other than Parameters and Tasks")
		}
	}
	parameters, err := readParameters(root["Parameters"])
	if err != nil {
		return nil, err
	}
	tasks, err := readTasks(root["Tasks"])
	if err != nil {
		return nil, err
	}
	return parameters, checkTasks(tasks, parameters)
}

// readTasks takes the list apart itself: decoding it whole would pass over
// entries without a value.
func readTasks(list yaml.Node) ([]task, error) {
	var entries []yaml.Node
	if !list.IsZero() && list.Decode(&entries) != nil {
		return nil, errors.New("the key Tasks is not a list")
	}
	tasks := make([]task, len(entries))
	for i := range entries {
		properties := valueOf(&entries[i], "Properties")
		if hasMerge(&entries[i]) || hasMerge(properties) || entries[i].Decode(&tasks[i]) != nil ||
			len(tasks[i].Properties) != len(dealias(properties).Content)/2 {
			return nil, fmt.Errorf("task %d is not a mapping of Name, Action and Properties", i+1)
		}
	}
	return tasks, nil
}

var errNotYAML = errors.New("not one valid YAML mapping")

// parseYAML returns the root of the one document. A value that begins with {{
// and that nobody quoted is quoted where YAML cannot read it otherwise.
func parseYAML(text string) (*yaml.Node, error) {
	root, err := parseOne(text)
	if err != nil {
		root, err = parseOne(quoteReferences(text))
	}
	return root, err
}

func parseOne(text string) (*yaml.Node, error) {
	dec := yaml.NewDecoder(strings.NewReader(text))
	var document yaml.Node
	if dec.Decode(&document) != nil || dec.Decode(new(yaml.Node)) != io.EOF || len(document.Content) != 1 {
		return nil, errNotYAML
	}
	return document.Content[0], nil
}

func readParameters(node yaml.Node) ([]parameter, error) {
	node = *dealias(&node)
	if node.IsZero() || node.Tag == "!!null" {
		return nil, nil
	}
	if node.Kind != yaml.MappingNode {
		return nil, errors.New("the key Parameters is not a mapping")
	}
	var list []parameter
	for i := 0; i+1 < len(node.Content); i += 2 {
		p, err := readParameter(node.Content[i].Value, node.Content[i+1])
		if err != nil {
			return nil, fmt.Errorf("parameter %d: %w", i/2+1, err)
		}
		if slices.ContainsFunc(list, func(other parameter) bool { return other.Name == p.Name }) {
			return nil, errors.New("a parameter comes twice")
		}
		list = append(list, p)
	}
	return list, nil
}

func readParameter(name string, node *yaml.Node) (parameter, error) {
	var form struct {
		Type         string    `yaml:"Type"`
		DefaultValue yaml.Node `yaml:"DefaultValue"`
	}
	if node.Decode(&form) != nil || !slices.Contains([]string{"String", "Number", "Boolean"}, form.Type) {
		return parameter{}, errors.New("the key Type is not String, Number or Boolean")
	}
	return parameter{Name: name, Type: form.Type, DefaultValue: form.DefaultValue.Value, Required: form.DefaultValue.IsZero()}, nil
}

func checkTasks(tasks []task, parameters []parameter) error {
	if len(tasks) == 0 {
		return errors.New("the key Tasks is missing or empty")
	}
	known := map[string]bool{} // what a reference may name so far
	for _, p := range parameters {
		known[p.Name] = true
	}
	names := map[string]bool{}
	for i, t := range tasks {
		if err := t.check(names, known); err != nil {
			return fmt.Errorf("task %d: %w", i+1, err)
		}
		names[t.Name] = true
		known[t.Name+".stdout"] = actions[t.Action].output
	}
	return nil
}

func (t task) check(names, known map[string]bool) error {
	action, exists := actions[t.Action]
	switch {
	case t.Name == "":
		return errors.New("no Name")
	case names[t.Name]:
		return errors.New("the Name comes twice")
	case !exists:
		return errors.New("not an Action of Image Builder")
	}
	for _, name := range action.required {
		if value, given := t.Properties[name]; !given || isEmpty(value) {
			return errors.New("lacks the property " + name)
		}
	}
	for name, value := range t.Properties {
		if !slices.Contains(action.required, name) && !slices.Contains(action.optional, name) {
			return errors.New("a property that the action does not have")
		}
		if !knownReferences(value, known) {
			return errors.New("refers to nothing that is known before it")
		}
	}
	return nil
}

// hasMerge reports a merge key (<<), which the page on YAML components does not
// know, but the library does.
func hasMerge(n *yaml.Node) bool {
	for i, key := range dealias(n).Content {
		if n.Kind != yaml.SequenceNode && i%2 == 0 && key.Tag == "!!merge" {
			return true
		}
	}
	return false
}

// valueOf is the value of a mapping's key, an empty node where there is none.
func valueOf(n *yaml.Node, name string) *yaml.Node {
	n = dealias(n)
	for i := 0; n.Kind == yaml.MappingNode && i < len(n.Content); i += 2 {
		if n.Content[i].Value == name {
			return n.Content[i+1]
		}
	}
	return &yaml.Node{}
}

func dealias(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

func isEmpty(n yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && (n.Value == "" || n.Tag == "!!null")
}

// referenceForm is {{ name }} or {{ task.stdout }}; anything else in double
// braces is the shell's own.
var referenceForm = regexp.MustCompile(`\{\{\s*([A-Za-z0-9_-]+(?:\.[A-Za-z0-9_]+)?)\s*\}\}`)

func knownReferences(n yaml.Node, known map[string]bool) bool {
	for _, match := range referenceForm.FindAllStringSubmatch(textOf(n), -1) {
		if !known[match[1]] {
			return false
		}
	}
	for _, child := range n.Content {
		if !knownReferences(*child, known) {
			return false
		}
	}
	return true
}

// textOf is a scalar's text. A reference without quotes is, to YAML, a mapping
// whose only key is a mapping with one key.
func textOf(n yaml.Node) string {
	if n.Kind == yaml.MappingNode && len(n.Content) == 2 {
		if inner := n.Content[0]; inner.Kind == yaml.MappingNode && len(inner.Content) == 2 {
			return "{{" + inner.Content[0].Value + "}}"
		}
	}
	return n.Value
}

// bareReference is a value that begins with braces that nobody quoted, up to
// the end of its line.
var bareReference = regexp.MustCompile(`(?m)^([ \t]*(?:-[ \t]+)*(?:[A-Za-z0-9_-]+[ \t]*:[ \t]+)?)(\{\{.*?)[ \t]*(\r?)$`)

func quoteReferences(text string) string {
	return bareReference.ReplaceAllStringFunc(text, func(line string) string {
		m := bareReference.FindStringSubmatch(line)
		return m[1] + "'" + strings.ReplaceAll(m[2], "'", "''") + "'" + m[3]
	})
}

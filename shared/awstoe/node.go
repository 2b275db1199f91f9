package awstoe

import (
	"slices"
	"strconv"
	"strings"

	"imagedrop/shared/template"

	"go.yaml.in/yaml/v3"
)

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

func integer(n *yaml.Node) (int, bool) {
	if n.Kind != yaml.ScalarNode || n.ShortTag() != "!!int" {
		return 0, false
	}
	i, err := strconv.Atoi(n.Value)
	return i, err == nil
}

// unwrap takes the only entry of a list: the older syntax of `if`.
func unwrap(n *yaml.Node) *yaml.Node {
	if entries, ok := list(n); ok && len(entries) == 1 {
		return entries[0]
	}
	return follow(n)
}

func empty(n *yaml.Node) bool {
	if entries, ok := list(n); ok {
		return len(entries) == 0
	}
	text, ok := scalar(n)
	return ok && text == ""
}

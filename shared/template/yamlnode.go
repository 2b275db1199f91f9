package template

import (
	"slices"

	"go.yaml.in/yaml/v3"
)

// sameNode reports whether two trees say the same.
func sameNode(a, b *yaml.Node) bool {
	if a == nil || b == nil {
		return a == b
	}
	return a.Kind == b.Kind && a.Value == b.Value && a.Tag == b.Tag && a.Anchor == b.Anchor &&
		slices.EqualFunc(a.Content, b.Content, sameNode)
}

// resolved follows aliases; one that leads to itself ends nowhere.
func resolved(n *yaml.Node) *yaml.Node {
	for range maxDepth {
		if n == nil || n.Kind != yaml.AliasNode {
			return n
		}
		n = n.Alias
	}
	return nil
}

// value returns the value of a key of a mapping, nil where there is none.
func value(n *yaml.Node, key string) *yaml.Node {
	n = resolved(n)
	if n == nil || n.Kind != yaml.MappingNode {
		return nil
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key && n.Content[i].Kind == yaml.ScalarNode {
			return resolved(n.Content[i+1])
		}
	}
	return nil
}

// keyNode returns a key of a mapping itself, nil where there is none.
func keyNode(n *yaml.Node, name string) (found *yaml.Node) {
	pairs(n, func(key, _ *yaml.Node) {
		if found == nil && key.Value == name {
			found = key
		}
	})
	return found
}

// has answers whether a mapping has a key.
func has(n *yaml.Node) func(key string) bool {
	return func(key string) bool { return value(n, key) != nil }
}

// items returns the entries of a list.
func items(n *yaml.Node) []*yaml.Node {
	if n = resolved(n); n == nil || n.Kind != yaml.SequenceNode {
		return nil
	}
	return n.Content
}

// pairs calls f for each key and value of a mapping.
func pairs(n *yaml.Node, f func(key, value *yaml.Node)) {
	if n = resolved(n); n == nil || n.Kind != yaml.MappingNode {
		return
	}
	for i := 0; i+1 < len(n.Content); i += 2 {
		f(n.Content[i], resolved(n.Content[i+1]))
	}
}

// isEmptyNode reports a value that says nothing.
func isEmptyNode(n *yaml.Node) bool {
	return isNullNode(n) || n.Kind == yaml.ScalarNode && n.Value == ""
}

// isNullNode reports that there is no value; an empty text is one.
func isNullNode(n *yaml.Node) bool {
	return n == nil || n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null"
}

package template

import (
	"cmp"
	"slices"
	"strings"
)

// nodeKind is the type of a value as YAML or JSON spells it.
type nodeKind string

const (
	textNode    nodeKind = "a string"
	integerNode nodeKind = "an integer"
	numberNode  nodeKind = "a number"
	booleanNode nodeKind = "a boolean"
	nullNode    nodeKind = "no value"
	listNode    nodeKind = "a list"
	objectNode  nodeKind = "a mapping"
	badNode     nodeKind = "" // already reported
)

// maxDepth bounds the nesting of a header or message; the deepest key of the
// table stands at 3, and its value may be a list of objects.
const maxDepth = 8

// node is a value of a header or message with its place.
type node struct {
	kind    nodeKind
	text    string // of a scalar, as written
	at      span
	items   []node
	members []member
}

// member is one key of an object, in the order of the text.
type member struct {
	key   string
	keyAt span
	value node
}

// given is one key that a header or message sets.
type given struct {
	key    *Key
	entry  int // which object of a list of objects it stands in, from 0; else 0
	keyAt  span
	at     span
	values []scalar // of a scalar one, of a list or of tags one each
}

// scalar is one value of a key.
type scalar struct {
	text  string
	at    span
	tag   string // in tags, the tag's key
	tagAt span
}

// text is the value of a scalar key.
func (g *given) text() string {
	if g == nil || len(g.values) == 0 {
		return ""
	}
	return g.values[0].text
}

// sent counts the values of g, one of keys, that are sent: an empty one is not,
// nor an object that sets nothing.
func (g *given) sent(keys []given) int {
	n := 0
	if g.key.Type != Objects {
		for _, v := range g.values {
			if v.text != "" || v.tag != "" {
				n++
			}
		}
		return n
	}
	last := -1 // the members of an object stand together
	for i := range keys {
		if k := &keys[i]; k.key.parent() == g.key.Path && k.text() != "" && k.entry != last {
			last = k.entry
			n++
		}
	}
	return n
}

// reader turns a node tree into the keys of the table.
type reader struct {
	report  *report
	message bool // message keys are known too
	out     []given
}

// read walks an object. Every member becomes a given or a finding.
func (r *reader) read(prefix string, n *node, entry int) {
	seen := make(map[string]bool, len(n.members))
	for i := range n.members {
		m := &n.members[i]
		if seen[m.key] {
			r.report.add("IB0251", m.keyAt, "", "key"+named(m.key)+" is given twice", "keep one of them")
			continue
		}
		seen[m.key] = true
		key := keyAt(prefix + m.key)
		if key == nil || key.MessageOnly && !r.message {
			r.unknown(prefix, n, m, key)
			continue
		}
		r.value(key, m, entry)
	}
}

func (r *reader) unknown(prefix string, in *node, m *member, key *Key) {
	if r.report.full("IB0250") {
		return
	}
	if key != nil {
		r.report.add("IB0250", m.keyAt, "", "key"+named(m.key)+" belongs in a message, not in a header", "delete it here")
		return
	}
	here := r.keysBelow(prefix)
	var elsewhere *Key
	if !slices.ContainsFunc(here, func(name string) bool { return strings.EqualFold(name, m.key) }) {
		elsewhere = r.elsewhere(prefix, m.key)
	}
	f := r.report.add("IB0250", m.keyAt, "", "unknown key"+named(prefix+m.key), suggest(prefix, m.key, here, elsewhere))
	if near := onlyNear(m.key, here); elsewhere == nil && !in.has(near) {
		f.offerNear(m.keyAt, m.key, here)
	}
}

// has reports a member of an object.
func (n *node) has(key string) bool {
	return slices.ContainsFunc(n.members, func(m member) bool { return m.key == key })
}

// keysBelow are the names of the keys at a level.
func (r *reader) keysBelow(prefix string) (names []string) {
	for i := range Keys {
		if k := &Keys[i]; k.parent() == trimDot(prefix) && (r.message || !k.MessageOnly) {
			names = append(names, k.name())
		}
	}
	return names
}

// elsewhere is the key of the same name, but for case, at another level, below
// this one first.
func (r *reader) elsewhere(prefix, name string) (found *Key) {
	for i := range Keys {
		k := &Keys[i]
		if strings.EqualFold(k.name(), name) && k.parent() != trimDot(prefix) && (r.message || !k.MessageOnly) &&
			(found == nil || !strings.HasPrefix(found.Path, prefix)) {
			found = k
		}
	}
	return found
}

// suggest names the key that was probably meant: the only one at this level that
// has the word in it, else of the same name at another level, else near in
// spelling at this one.
func suggest(prefix, name string, here []string, elsewhere *Key) string {
	only := onlyWith(name, here)
	if elsewhere != nil && only == "" {
		place := "outside of " + trimDot(prefix)
		if parent := elsewhere.parent(); parent != "" {
			place = "in " + parent
		}
		return "did you mean " + elsewhere.name() + " " + place + "?"
	}
	if near := cmp.Or(only, Nearest(name, here)); near != "" {
		return "did you mean " + near + "?"
	}
	return "known keys here: " + join(here)
}

// value takes one key's value, which must have the key's type.
func (r *reader) value(key *Key, m *member, entry int) {
	n := &m.value
	g := given{key: key, entry: entry, keyAt: m.keyAt, at: n.at}
	switch {
	case n.kind == badNode:
		return
	case key.Type == Object && n.kind == objectNode:
		r.out = append(r.out, g)
		r.read(key.Path+".", n, entry)
		return
	case key.Type == Objects && n.kind == listNode:
		for i := range n.items {
			g.values = append(g.values, scalar{at: n.items[i].at})
		}
		r.out = append(r.out, g)
		r.objects(key, n)
		return
	case key.Type == Strings && n.kind == listNode:
		g.values = r.list(key, n)
	case key.Type == Tags && n.kind == objectNode:
		g.values = r.tags(key, n)
	case r.scalar(key.Type, n), key.Type == String && beyondQuotes(key, n):
		g.values = []scalar{{text: n.text, at: n.at}}
	default:
		r.wrongType(key, m)
		return
	}
	r.out = append(r.out, g)
}

func (r *reader) objects(key *Key, n *node) {
	for i := range n.items {
		item := &n.items[i]
		if item.kind == objectNode {
			r.read(key.Path+".", item, i)
		} else if item.kind != badNode {
			r.mismatch(key.Path, item, "a list of mappings is wanted, an entry is "+string(item.kind), "write each entry as {key: value}")
		}
	}
}

// list takes the entries of a list of strings. Numbers are taken as written
// where nothing but digits fits, in account IDs.
func (r *reader) list(key *Key, n *node) []scalar {
	out := make([]scalar, 0, len(n.items))
	for i := range n.items {
		item := &n.items[i]
		switch {
		case item.kind == textNode, item.kind == integerNode && key.Path == "addAccounts":
			out = append(out, scalar{text: item.text, at: item.at})
		case beyondQuotes(key, item):
			out = append(out, scalar{text: item.text, at: item.at})
		case item.kind != badNode:
			r.mismatch(key.Path, item, "a list of strings is wanted, an entry is "+string(item.kind), quoteHelp(item.kind)).
				offerType(String, item)
		}
	}
	return out
}

// tags takes a mapping of tags. A tag's value is text whatever it looks like,
// so numbers and booleans are taken as written. A tag given twice is kept: the
// rule on tags names it.
func (r *reader) tags(key *Key, n *node) []scalar {
	out := make([]scalar, 0, len(n.members))
	for i := range n.members {
		m := &n.members[i]
		switch m.value.kind {
		case textNode, integerNode, numberNode, booleanNode:
			out = append(out, scalar{tag: m.key, tagAt: m.keyAt, text: m.value.text, at: m.value.at})
		case badNode:
		default:
			help := quoteHelp(m.value.kind)
			if m.value.kind == nullNode {
				help = `for an empty value write ""`
			}
			r.mismatch(key.Path, &m.value, "a tag's value is text, this is "+string(m.value.kind), help)
		}
	}
	return out
}

// scalar reports whether a node is a scalar of the type.
func (r *reader) scalar(t Type, n *node) bool {
	switch t {
	case String:
		return n.kind == textNode
	case Integer:
		return n.kind == integerNode
	case Boolean:
		return n.kind == booleanNode
	}
	return false
}

var wanted = map[Type]string{
	String: "a string", Integer: "an integer", Boolean: "true or false", Strings: "a list of strings",
	Tags: "a mapping of keys to values", Object: "a mapping", Objects: "a list of mappings",
}

// howTo says how a value of each type is written.
var howTo = map[Type]string{
	Integer: "write digits and nothing else", Boolean: "write true or false without quotes",
	Strings: "write it as a list: [...]", Tags: "write {key: value}", Object: "write {key: value}",
	Objects: "write a list of mappings: [{key: value}]",
}

// wrongType reports a value of another type. The key stays given, without a
// value: it is not missing.
func (r *reader) wrongType(key *Key, m *member) {
	n := &m.value
	r.out = append(r.out, given{key: key, keyAt: m.keyAt, at: n.at})
	help := howTo[key.Type]
	if key.Type == String || n.kind == nullNode {
		help = quoteHelp(n.kind)
	}
	r.mismatch(key.Path, n, wanted[key.Type]+" is wanted, this is "+string(n.kind), help).offerType(key.Type, n)
}

// beyondQuotes reports a number or boolean in the place of a string that quotes
// would not mend: as a string it is outside the key's limits, too, which says
// more than its type.
func beyondQuotes(key *Key, n *node) bool {
	switch n.kind {
	case integerNode, numberNode, booleanNode:
		return key.Rule != "" && key.problem(n.text) != ""
	}
	return false
}

func (r *reader) mismatch(path string, n *node, message, help string) *Finding {
	return r.report.add("IB0252", n.at, "", path+": "+message, help)
}

func quoteHelp(kind nodeKind) string {
	switch kind {
	case nullNode:
		return "give a value or delete the key"
	case integerNode, numberNode, booleanNode:
		return "put the value in quotes"
	}
	return "write one value"
}

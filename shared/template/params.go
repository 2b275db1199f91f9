package template

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"sort"
	"strconv"
	"strings"
)

// HasErrors reports whether any finding rejects the template.
func (t *Template) HasErrors() bool {
	return slices.ContainsFunc(t.Findings, func(f Finding) bool { return f.Severity == Error })
}

// Rejects reports whether a finding keeps the template from a target.
func (t *Template) Rejects(target string) bool {
	return slices.ContainsFunc(t.FindingsOf(target), func(f Finding) bool { return f.Severity == Error })
}

// FindingsOf returns the findings that concern a target.
func (t *Template) FindingsOf(target string) []Finding {
	return slices.DeleteFunc(slices.Clone(t.Findings), func(f Finding) bool { return !ruleOf(f.Rule).concerns(target) })
}

// Source returns the text of the content as it came, and its Finding.Path.
func (t *Template) Source() (path, text string) { return t.path, t.texts[t.order] }

// UserTags returns the number of tags that the template sets.
func (t *Template) UserTags() int {
	if tags := find(t.given, "tags"); tags != nil {
		return len(tags.values)
	}
	return 0
}

// Lookup returns the values set for a key: of a list one for each entry, of
// tags one for each tag with Key "tags.<key>". Defaults are not in it.
func (t *Template) Lookup(key string) []Value {
	var out []Value
	for i := range t.given {
		g := &t.given[i]
		if g.key.Path != key {
			continue
		}
		for _, v := range g.values {
			path := key
			if g.key.Type == Tags {
				path += "." + v.tag
			}
			if g.key.Type != Objects {
				out = append(out, v.at.value(path, v.text))
			}
		}
	}
	return out
}

// Report appends a finding about v; it is for what only the operator knows,
// the policy. The zero Value stands for the whole template.
func (t *Template) Report(rule string, v Value, message, help string) {
	if v.Line == 0 {
		v.Path, v.order = cmp.Or(v.Path, t.path), t.order
		v.Line, v.Column, v.EndLine, v.EndColumn = 1, 1, 1, 1
	}
	t.Findings = append(t.Findings, Finding{
		Rule: rule, Severity: ruleOf(rule).Severity, Path: v.Path, Message: message, Help: help,
		Line: v.Line, Column: v.Column, EndLine: v.EndLine, EndColumn: v.EndColumn, order: v.order,
	})
	last := t.Findings[len(t.Findings)-1]
	same := slices.IndexFunc(t.Findings, func(f Finding) bool { return f.Path == last.Path && byPosition(last, f) < 0 })
	if same >= 0 {
		copy(t.Findings[same+1:], t.Findings[same:])
		t.Findings[same] = last
	}
}

// Text returns the text that a finding's line and column count in: the file,
// the message body with its base64 undone, or the content inside the body. It
// has no byte order mark.
func (t *Template) Text(f Finding) string { return t.texts[f.order] }

// Parameters returns every API parameter that the template sets, flattened and
// spelt as the API does, in the order of the table of keys; tags are sorted.
// A pipeline always has BaseImageType, BaseImage (but for type OSS) and
// DeleteInstanceOnFailure. Action and ClientToken are not in it, and no empty
// value: the API cannot tell one from none.
func (t *Template) Parameters() []Parameter {
	p := parameters{t: t, out: make([]Parameter, 0, len(t.given)+8)}
	for i := range Keys {
		if k := &Keys[i]; k.Parameter != "" && (k.Kind == "" || k.Kind == t.Kind) {
			p.key(k)
		}
	}
	if t.Kind == Pipeline {
		p.set("BuildContent", t.Content.Text)
		p.set("TestContent", t.Test.Text)
	} else {
		p.set("Content", t.Content.Text)
	}
	return p.out
}

type parameters struct {
	t   *Template
	out []Parameter
}

func (p *parameters) set(name, value string) {
	if value != "" {
		p.out = append(p.out, Parameter{Name: name, Value: value})
	}
}

// key sets what a row of the table says, where it is given or has a default
// that is always sent.
func (p *parameters) key(k *Key) {
	switch k.Path {
	case "name":
		p.set(k.Parameter, p.t.Name)
		return
	case "baseImageType":
		p.set(k.Parameter, p.t.base.kind)
		return
	case "baseImage":
		p.set(k.Parameter, p.t.base.image)
		return
	case "deleteInstanceOnFailure":
		p.set(k.Parameter, cmp.Or(find(p.t.given, k.Path).text(), "true"))
		return
	}
	for i := range p.t.given {
		if g := &p.t.given[i]; g.key == k {
			p.given(g)
		}
	}
}

func (p *parameters) given(g *given) {
	name := g.key.Parameter
	switch g.key.Type {
	case Object, Objects:
	case Tags:
		tags := slices.Clone(g.values)
		sort.SliceStable(tags, func(a, b int) bool { return tags[a].tag < tags[b].tag }) // as in Sort
		for i, v := range tags {
			p.set(numbered(name, i)+".Key", v.tag)
			p.set(numbered(name, i)+".Value", v.text)
		}
	case Strings:
		for i, v := range g.values {
			p.set(numbered(name, i), v.text)
		}
	default:
		p.set(numbered(name, g.entry), g.text())
	}
}

// numbered puts a number, from 1, in the place of N.
func numbered(name string, i int) string {
	if head, ok := strings.CutSuffix(name, ".N"); ok {
		return head + "." + strconv.Itoa(i+1)
	}
	return strings.Replace(name, ".N.", "."+strconv.Itoa(i+1)+".", 1)
}

// Digest returns hex SHA-256 of the parameters, whatever their order. Names
// and values go in with their lengths, so no two sets look alike.
func Digest(ps []Parameter) string {
	sorted := slices.SortedFunc(slices.Values(ps), func(a, b Parameter) int {
		return cmp.Or(strings.Compare(a.Name, b.Name), strings.Compare(a.Value, b.Value))
	})
	var text []byte
	for _, p := range sorted {
		for _, s := range []string{p.Name, p.Value} {
			text = append(strconv.AppendInt(text, int64(len(s)), 10), ':')
			text = append(text, s...)
		}
	}
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

package template

import (
	"cmp"
	"slices"
	"sort"
	"strings"

	"go.yaml.in/yaml/v3"
	"mvdan.cc/sh/v3/syntax"
)

// Command is one command of a template as scanned: continued lines joined,
// comments gone. It is for who reads the same text for another target.
type Command struct {
	Keyword string // in upper case
	// Args is the argument without the blanks before it; Finding counts in it.
	Args          string
	Line, EndLine int // first and last line of the command, from 1

	part *part
	in   instruction
	skip int // blanks cut from the front of the argument
}

// Commands returns the commands of the content, in order; none of YAML or of
// what is no text.
func (t *Template) Commands() []Command { return t.build.view() }

// TestCommands returns the commands of the test section, in order.
func (t *Template) TestCommands() []Command { return t.test.view() }

func (p *part) view() []Command {
	if p == nil {
		return nil
	}
	out := make([]Command, len(p.commands))
	for i := range p.commands {
		in := p.commands[i]
		args := p.join(p.args(&in), &strings.Builder{}) // p is read by many at a time
		c := Command{Keyword: in.name(), Args: skipBlanks(args), part: p, in: in}
		c.skip = len(args) - len(c.Args)
		c.Line, _ = p.src.position(in.start)
		c.EndLine, _ = p.src.position(in.end)
		out[i] = c
	}
	return out
}

// Range is a part of a text, in bytes, End exclusive. An empty one stands for no
// part of it.
type Range struct{ Start, End int }

// Word is one word of Args, as a shell cuts it, quotes and all.
type Word struct {
	Text  string
	Range // in Args
}

// Words returns the words of the argument.
func (c Command) Words() []Word {
	var out []Word
	for _, w := range appendWords(nil, c.in.separable(c.Args)) {
		out = append(out, Word{w.text, Range{w.start, w.end}})
	}
	return out
}

// Call finds the first call that begins with these words, as they stand, in the
// argument as a shell reads it: their range of Args, an empty one where there is
// none, or no shell can read the text.
func (c Command) Call(words ...string) (at Range) {
	file, err := syntax.NewParser(syntax.Variant(syntax.LangBash)).Parse(strings.NewReader(c.Args), "")
	if err != nil {
		return Range{}
	}
	syntax.Walk(file, func(n syntax.Node) bool {
		call, ok := n.(*syntax.CallExpr)
		if ok && at == (Range{}) && len(call.Args) >= len(words) && slices.EqualFunc(call.Args[:len(words)], words, isLiteral) {
			at = Range{int(call.Args[0].Pos().Offset()), int(call.Args[len(words)-1].End().Offset())}
		}
		return at == (Range{})
	})
	return at
}

func isLiteral(w *syntax.Word, text string) bool { return w.Lit() == text }

// Finding makes a finding of a rule about a range of Args; about the keyword
// where it is empty.
func (c Command) Finding(rule string, severity Severity, at Range, message, help string) Finding {
	place := c.part.spanOf(&c.in)
	if at.Start < at.End {
		place = c.part.spanIn(&c.in, at.Start+c.skip, at.End+c.skip)
	}
	r := report{}
	r.addAs(severity, rule, place, "", message, help)
	return r.found[0]
}

// Whole makes a finding about all of the template.
func (t *Template) Whole(rule string, severity Severity, message, help string) Finding {
	return Finding{Rule: rule, Severity: severity, Path: t.path, Line: 1, Column: 1, EndLine: 1, EndColumn: 1,
		Message: message, Help: help, order: t.order}
}

// Join adds the findings of a check for target aws, in the order of the text,
// but for those that a comment suppresses. It is called once, with all of them.
func (t *Template) Join(found []Finding) {
	for _, f := range t.Unsuppressed(found) {
		if f.Path == t.path {
			f.order = t.order
		}
		t.Findings = append(t.Findings, f)
	}
	r := report{}
	for _, s := range t.suppressions {
		if !s.used && ruleOf(s.rule).Target == TargetAWS {
			s.used = true // reported once
			r.unused(s, t.build)
		}
	}
	t.Findings = append(t.Findings, r.found...)
	Sort(t.Findings)
}

// Sort puts findings into the order of the text, those of one place by rule.
func Sort(found []Finding) {
	if len(found) < 2 {
		return
	}
	// Not slices.SortStableFunc: each type that it sorts costs every binary 20 KB.
	sort.SliceStable(found, func(a, b int) bool {
		return cmp.Or(cmp.Compare(found[a].order, found[b].order), byPosition(found[a], found[b])) < 0
	})
}

// Document is YAML of any schema with the places of its nodes.
type Document struct {
	Root *yaml.Node // nil where there is none, or no valid YAML
	text *yamlText
}

// ReadDocument reads the one YAML document of a text; path is Finding.Path.
// What cannot be read is one finding of the rule. Aliases are not expanded; a
// text whose aliases repeat more than anyone reads is such a finding, too.
func ReadDocument(path string, text []byte, rule string) (*Document, []Finding) {
	src := newSource(path, bodyOrder, string(text))
	d, r := &Document{text: yamlOf(src, 0)}, report{}
	if !checkText(&r, src) {
		return d, r.found
	}
	root, failure := d.text.parse()
	switch {
	case failure.said:
	case failure.text != "":
		r.add(rule, failure.at, "", "the document is not valid YAML: "+failure.text, cmp.Or(failure.help, "mend the YAML"))
	case root == nil || strings.TrimSpace(src.text) == "":
		r.add(rule, whole(src), "", "the document is empty", "write schemaVersion and phases")
	case repeated(root, map[*yaml.Node]int{}) > maxRepeated:
		r.add(rule, whole(src), "", "aliases repeat more than anyone reads", "write the document without aliases")
	default:
		d.Root = root
	}
	return d, r.found
}

// Finding makes a finding of a rule about a node, or about a range of its text
// where that is not empty.
func (d *Document) Finding(rule string, severity Severity, n *yaml.Node, at Range, message, help string) Finding {
	r := report{}
	place := d.text.span(n)
	if at.Start < at.End {
		place = reference{in: n, at: extent{at.Start, at.End}}.span(d.text)
	}
	r.addAs(severity, rule, place, "", message, help)
	return r.found[0]
}

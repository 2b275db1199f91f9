package template

import (
	"cmp"
	"math/bits"
	"slices"
)

// Rule is one row of the table of rules.
type Rule struct {
	ID       string
	Severity Severity // of its findings; some of a rule's findings are milder
	Doc      string   // what it finds, one line
	Codes    []string // service codes that its findings predict
	Pedantic bool     // off unless asked for
	// Firm findings cannot be suppressed: without what the rule asks for it is not
	// known what to send, or whose it is.
	Firm bool
	// Secret findings stand on a secret, or on the name before one: nothing that is
	// read by many repeats what stands there.
	Secret bool
	// Target is the one target that the findings concern, "" for all of them.
	Target string

	// on and each: a check of every command of these kinds.
	on   verb
	each func(*lint, *part, *instruction)
	// script: a check of every shell text.
	script func(*lint, *script)
	// tools and call: a check of every call of these programs in it.
	tools tool
	call  func(*lint, *script, *call)
	// part: a check of every part. yaml: of every one that is YAML.
	part, yaml func(*lint, *part)
	// all: a check of the template. keys: of what header and message give, where
	// they give anything.
	all, keys func(*lint)
}

// rulesByID are the rows of the table.
var rulesByID = map[string]*Rule{}

// ruleAt returns the row of an id, nil where there is none.
func ruleAt(id string) *Rule { return rulesByID[id] }

// unlisted stands for the rule of an id that is none.
var unlisted = Rule{Severity: Error}

// ruleOf is the rule of an id, unlisted where there is none.
func ruleOf(id string) *Rule {
	return cmp.Or(ruleAt(id), &unlisted)
}

// concerns reports a rule whose findings concern one of the targets.
func (r *Rule) concerns(targets ...string) bool {
	return r.Target == "" || slices.Contains(targets, r.Target)
}

// ruleSet are the rules for some options and targets by what they look at, so
// that nothing walks the table for each command.
type ruleSet struct {
	all, keys, part, yaml, scripts []*Rule

	verbs [verbBits][]*Rule // by the bit of each verb that they look at
	tools [toolBits][]*Rule // by the bit of each tool that they look at
}

// ruleSets are by pedantic and by the bits of the targets.
var ruleSets [2][1 << 2]ruleSet

// targetBits has a bit for each of the two targets.
func targetBits(targets []string) (bits int) {
	for i, t := range []string{TargetAlibaba, TargetAWS} {
		if slices.Contains(targets, t) {
			bits |= 1 << i
		}
	}
	return bits
}

// fillRuleSets, at the start: a set is never changed.
func fillRuleSets() {
	for i := range Rules {
		rulesByID[Rules[i].ID] = &Rules[i]
	}
	for pedantic := range ruleSets {
		for targets := range ruleSets[pedantic] {
			for i := range Rules {
				r := &Rules[i]
				if (!r.Pedantic || pedantic == 1) && (r.Target == "" || targetBits([]string{r.Target})&targets != 0) {
					ruleSets[pedantic][targets].add(r)
				}
			}
		}
	}
}

func (set *ruleSet) add(r *Rule) {
	if r.all != nil {
		set.all = append(set.all, r)
	}
	if r.keys != nil {
		set.keys = append(set.keys, r)
	}
	if r.part != nil {
		set.part = append(set.part, r)
	}
	if r.yaml != nil {
		set.yaml = append(set.yaml, r)
	}
	if r.script != nil {
		set.scripts = append(set.scripts, r)
	}
	for i := range set.verbs {
		if r.each != nil && r.on>>i&1 != 0 {
			set.verbs[i] = append(set.verbs[i], r)
		}
	}
	for i := range set.tools {
		if r.tools>>i&1 != 0 {
			set.tools[i] = append(set.tools[i], r)
		}
	}
}

// runRules runs every check once, command by command.
func (l *lint) runRules() {
	parts := []*part{l.build}
	if l.test != nil {
		parts = append(parts, l.test)
	}
	for _, p := range parts {
		readScripts(p)
	}
	set := l.ruleSet()
	l.runTemplateRules(set)
	for _, p := range parts {
		l.runPartRules(p, set)
	}
	for _, p := range parts {
		releaseScripts(p)
	}
}

func (l *lint) runTemplateRules(set *ruleSet) {
	for _, r := range set.all {
		r.all(l)
	}
	if len(l.t.given) == 0 {
		return
	}
	for _, r := range set.keys {
		r.keys(l)
	}
}

// ruleSet are the rules that are asked for and concern a target.
func (l *lint) ruleSet() *ruleSet {
	pedantic := 0
	if l.in.options.Pedantic {
		pedantic = 1
	}
	return &ruleSets[pedantic][targetBits(l.t.Targets)]
}

func (l *lint) runPartRules(p *part, set *ruleSet) {
	for _, r := range set.part {
		r.part(l, p)
	}
	if p.yaml != nil {
		for _, r := range set.yaml {
			r.yaml(l, p)
		}
	}
	for i := range p.commands {
		in := &p.commands[i]
		if in.stray {
			continue
		}
		for _, r := range set.verbs[bits.TrailingZeros32(uint32(in.verb))] {
			r.each(l, p, in)
		}
	}
	for i := range p.scripts {
		l.runShellRules(&p.scripts[i], set)
	}
}

func (l *lint) runShellRules(s *script, set *ruleSet) {
	for _, r := range set.scripts {
		r.script(l, s)
	}
	for i := range s.calls {
		k := &s.calls[i]
		for left := k.tools; left != 0; left &= left - 1 {
			for _, r := range set.tools[bits.TrailingZeros32(uint32(left))] {
				if k.tools&r.tools&^left == 0 { // not met at a lower bit
					r.call(l, s, k)
				}
			}
		}
	}
}

package template

import (
	"cmp"
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
	// part: a check of every part.
	part func(*lint, *part)
	// all: a check of the template.
	all func(*lint)
}

// ruleAt returns the row of an id; the table is sorted by id.
func ruleAt(id string) *Rule {
	i, found := slices.BinarySearchFunc(Rules, id, func(r Rule, id string) int { return cmp.Compare(r.ID, id) })
	if !found {
		return nil
	}
	return &Rules[i]
}

func severityOf(id string) Severity {
	if r := ruleAt(id); r != nil {
		return r.Severity
	}
	return Error
}

func isPedantic(id string) bool {
	r := ruleAt(id)
	return r != nil && r.Pedantic
}

// The rules by the kind of their checks: a short template does not walk all of
// the table for each of them.
var allRules, partRules, commandRules, shellRules []*Rule

func sortRules() {
	for i := range Rules {
		r := &Rules[i]
		if r.all != nil {
			allRules = append(allRules, r)
		}
		if r.part != nil {
			partRules = append(partRules, r)
		}
		if r.each != nil {
			commandRules = append(commandRules, r)
		}
		if r.script != nil || r.call != nil {
			shellRules = append(shellRules, r)
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
	l.eachRule(allRules, func(r *Rule) { r.all(l) })
	for _, p := range parts {
		l.runPartRules(p)
	}
	for _, p := range parts {
		releaseScripts(p)
	}
}

// eachRule runs the rules that are asked for and concern a target.
func (l *lint) eachRule(rules []*Rule, run func(*Rule)) {
	for _, r := range rules {
		if (!r.Pedantic || l.in.options.Pedantic) && (r.Target == "" || slices.Contains(l.t.Targets, r.Target)) {
			run(r)
		}
	}
}

func (l *lint) runPartRules(p *part) {
	l.eachRule(partRules, func(r *Rule) { r.part(l, p) })
	l.eachRule(commandRules, func(r *Rule) {
		for i := range p.commands {
			if in := &p.commands[i]; in.verb&r.on != 0 {
				r.each(l, p, in)
			}
		}
	})
	l.eachRule(shellRules, func(r *Rule) {
		for i := range p.scripts {
			l.runShellRule(r, &p.scripts[i])
		}
	})
}

func (l *lint) runShellRule(r *Rule, s *script) {
	if r.script != nil {
		r.script(l, s)
	}
	if s.tools&r.tools == 0 {
		return
	}
	for i := range s.calls {
		if k := &s.calls[i]; k.tools&r.tools != 0 {
			r.call(l, s, k)
		}
	}
}

// targetOf is the one target that a rule concerns, "" for all of them.
func targetOf(id string) string {
	if r := ruleAt(id); r != nil {
		return r.Target
	}
	return ""
}

// concernsAny reports a rule whose findings concern one of the targets.
func concernsAny(id string, targets []string) bool {
	target := targetOf(id)
	return target == "" || slices.Contains(targets, target)
}

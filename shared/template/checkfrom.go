package template

import (
	"fmt"
	"strings"
)

func checkFromInComponent(l *lint, p *part, in *instruction) {
	if p.section == inComponent {
		l.add("IB0120", p.spanOf(in), "NotSupportedCommand.FROM", "FROM in a component", "delete the line, or delete `kind: component`")
	}
}

func checkFromInTest(l *lint, p *part, in *instruction) {
	if p.section == inTest {
		f := l.add("IB0125", p.spanOf(in), "InvalidParameter.TestContent", "FROM in the test section", "delete the line: tests run on the image that was built")
		p.offerDeletion(f, in)
	}
}

// froms ranges over the FROM commands of a pipeline's content.
func (p *part) froms(yield func(*instruction) bool) {
	for i := range p.commands {
		if p.section == inBuild && p.commands[i].verb == vFROM && !yield(&p.commands[i]) {
			return
		}
	}
}

// firstFROM is the first of froms, nil where there is none.
func (p *part) firstFROM() *instruction {
	for in := range p.froms {
		return in
	}
	return nil
}

func checkFromFirst(l *lint, p *part) {
	first := p.firstFROM()
	if first == nil || first == &p.commands[0] {
		return
	}
	f := l.add("IB0121", p.spanOf(first), "InvalidCommandOrder.FROM", "FROM is not the first command", "move it before the first command")
	for in := range p.froms {
		if in != first {
			return
		}
	}
	p.offerMove(f, first, &p.commands[0])
}

func checkFromOnce(l *lint, p *part) {
	first := p.firstFROM()
	for in := range p.froms {
		if in != first {
			l.add("IB0122", p.spanOf(in), "DuplicatedCommand.FROM", "a second FROM", "there are no build stages; keep one")
		}
	}
}

func checkFromForm(l *lint, p *part, in *instruction) {
	if p.section != inBuild {
		return
	}
	if _, ok := parseFROM(p.arguments(in)); !ok {
		l.add("IB0123", p.spanOfArgs(in), "InvalidCommandContent.FROM", "FROM does not name a machine image",
			p.helpOr(in, "write FROM IMAGE:<image ID> or FROM IMAGE_FAMILY:<family>; there are no container images here"))
	}
}

// checkFromAgrees: dropping one of two answers would build another image than
// one of them asks for.
func checkFromAgrees(l *lint) {
	from := l.build.firstFROM()
	if l.t.Kind != Pipeline || from == nil {
		return
	}
	base, ok := parseFROM(l.build.arguments(from))
	if !ok {
		return
	}
	line, _ := l.build.src.position(from.start)
	for _, c := range []struct{ key, from string }{{"baseImageType", base.kind}, {"baseImage", base.image}} {
		if g := find(l.t.given, c.key); g != nil && g.text() != c.from {
			l.add("IB0124", g.at, "", fmt.Sprintf("%s contradicts FROM on line %d", c.key, line), "delete one of the two")
		}
	}
}

func checkNestedComponent(l *lint, p *part, in *instruction) {
	if p.section == inComponent {
		l.add("IB0130", p.spanOf(in), "InvalidCommand.Component", "COMPONENT in a component",
			"components do not nest: refer to both from a pipeline, or give this one a base image (FROM)")
	}
}

func checkReference(l *lint, p *part, in *instruction) {
	if p.section == inComponent {
		return // IB0130
	}
	list := p.wordsOf(in)
	at, problem, help := referenceProblem(list)
	switch {
	case problem == "":
	case len(list) == 0:
		l.add("IB0131", p.spanOf(in), p.parameterCode(), problem, help)
	default:
		f := l.add("IB0131", p.spanOfWord(in, list[at]), p.parameterCode(), problem, p.helpOr(in, help))
		if problem == versionAfterColon {
			colon := list[at].start + strings.LastIndexByte(list[at].text, ':')
			f.offer("write /", change{p.spanIn(in, colon, colon+1), "/"})
		}
	}
}

// referenceProblem judges `<reference> [--name value]...`; at is the word that
// is wrong.
func referenceProblem(list []word) (at int, problem, help string) {
	if len(list) == 0 {
		return 0, "COMPONENT without a reference", referenceHelp
	}
	if _, problem, help := parseTarget(list[0].text); problem != "" {
		return 0, problem, help
	}
	const form = `write --name value; a value with blanks, or an empty one, in double quotes`
	seen := map[string]bool{}
	for at = 1; at < len(list); at += 2 {
		name, isFlag := strings.CutPrefix(list[at].text, "--")
		switch {
		case !isFlag || !isPlainWord(name):
			return at, "a word that is neither a parameter nor its value", form
		case seen[name]:
			return at, "a parameter is given twice", "keep one of them"
		case at+1 == len(list) || strings.HasPrefix(list[at+1].text, "--"):
			return at, "a parameter without a value", form
		case !isParameterValue(list[at+1].text):
			return at + 1, "a value that is neither one word nor in double quotes", form
		}
		seen[name] = true
	}
	return 0, "", ""
}

// isPlainWord reports a word without quotes or escapes or odd blanks, which
// every reader splits alike.
func isPlainWord(s string) bool {
	return s != "" && !strings.ContainsAny(s, "\"'\\"+oddBlanks)
}

func isParameterValue(s string) bool {
	if strings.HasPrefix(s, `"`) {
		return len(s) > 1 && strings.IndexByte(s[1:], '"') == len(s)-2
	}
	return isPlainWord(s) && !strings.HasPrefix(s, "--")
}

func checkOpenVersion(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	if len(list) > 0 && p.section != inComponent && strings.HasSuffix(list[0].text, ".*") {
		l.add("IB0132", p.spanOfWord(in, list[0]), "", "the version is open: a build takes what is newest then", "pin it for builds that repeat")
	}
}

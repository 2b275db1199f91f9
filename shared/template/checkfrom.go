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
		f := l.add("IB0125", p.spanOf(in), "InvalidParameter.TestContent", "FROM in the test section",
			"delete the line: tests run on the image that was built")
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
	if in != p.firstFROM() { // IB0122, or no place for one
		return
	}
	if _, ok := parseFROM(p.arguments(in)); ok {
		return
	}
	const code = "InvalidCommandContent.FROM"
	list := p.wordsOf(in)
	if len(list) > 1 {
		if _, ok := parseFROM(list[0].text); ok {
			rest := p.spanIn(in, list[1].start, list[len(list)-1].end)
			l.add("IB0123", rest, code, "FROM names an image and nothing else", p.helpOr(in, "delete it; there are no build stages"))
			return
		}
	}
	f := l.add("IB0123", p.spanOfArgs(in), code, "FROM does not name a machine image",
		p.helpOr(in, "write FROM IMAGE:<image ID> or FROM IMAGE_FAMILY:<family>; there are no container images here"))
	if meant := meantFROM(list); meant != "" && f != nil {
		f.Help = "did you mean FROM " + meant + "?"
		f.offer("write "+meant, change{p.spanOfArgs(in), meant})
	}
}

// meantFROM is the base image that a malformed FROM most likely means: of one word,
// or of two where the first ends in a colon; "" for that of a container.
func meantFROM(list []word) string {
	arg := ""
	switch {
	case len(list) == 1:
		arg = list[0].text
	case len(list) == 2 && strings.HasSuffix(list[0].text, ":") && !holdsSecret(list[1].text):
		arg = list[0].text + list[1].text
	}
	kind, image, colon := strings.Cut(strings.Trim(arg, `"'`), ":")
	near := ""
	switch {
	case !colon && matches(`^m-[a-z0-9]{4,40}$`, kind):
		near, image = "IMAGE", kind
	case colon && kind == "acs":
		near, image = "IMAGE_FAMILY", "acs:"+image
	case strings.EqualFold(strings.ReplaceAll(kind, "-", "_"), "IMAGE_FAMILY"):
		near = "IMAGE_FAMILY"
	case strings.EqualFold(kind, "IMAGE"):
		near = "IMAGE"
	}
	if base, ok := parseFROM(near + ":" + image); ok && matches(`^[A-Za-z0-9:._-]{2,128}$`, image) && !holdsSecret(image) {
		return base.kind + ":" + base.image
	}
	return ""
}

// checkFromAgrees: dropping one of two answers would build another image than
// one of them asks for.
func checkFromAgrees(l *lint) {
	kind, image := find(l.t.given, "baseImageType"), find(l.t.given, "baseImage")
	from := l.build.firstFROM()
	if l.t.Kind != Pipeline || from == nil || kind == nil && image == nil {
		return
	}
	base, ok := parseFROM(l.build.arguments(from))
	if !ok {
		return
	}
	line, _ := l.build.src.position(from.start)
	for _, c := range []struct {
		given *given
		from  string
	}{{kind, base.kind}, {image, base.image}} {
		if c.given != nil && !l.isMisread(c.given.key.Path) && c.given.text() != c.from {
			l.add("IB0124", c.given.at, "", fmt.Sprintf("%s contradicts FROM on line %d", c.given.key.Path, line), "delete one of the two")
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
	if len(list) == 0 {
		l.add("IB0131", p.spanOf(in), p.parameterCode(), "COMPONENT without a reference", referenceHelp)
		return
	}
	if _, wrong := parseTarget(list[0].text); wrong.text != "" {
		at := list[0].start + wrong.start
		f := l.add("IB0131", p.spanIn(in, at, list[0].start+wrong.end), p.parameterCode(), wrong.text, p.helpOr(in, wrong.help))
		if wrong.text == versionAfterColon {
			colon := list[0].start + strings.LastIndexByte(list[0].text, ':')
			f.offer("write /", change{p.spanIn(in, colon, colon+1), "/"})
		}
	}
	if at, problem, help := parametersProblem(list); problem != "" {
		l.add("IB0131", p.spanOfWord(in, list[at]), p.parameterCode(), problem, p.helpOr(in, help))
	}
}

// parametersProblem judges the [--name value]... behind a reference; at is the
// word that is wrong.
func parametersProblem(list []word) (at int, problem, help string) {
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
			return at + 1, "a value that is neither one word nor in double quotes",
				"put the whole value in double quotes, also one with a backslash or a single quote; it can hold no double quote itself"
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
		l.add("IB0132", p.spanOfWord(in, list[0]), "", "the version is open: a build takes what is newest then",
			"pin it for builds that repeat")
	}
}

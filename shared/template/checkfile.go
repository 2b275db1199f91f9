package template

import (
	"fmt"
	"strings"
)

// checkEmpty: a pipeline may be nothing but its base image.
func checkEmpty(l *lint) {
	if l.t.Kind != Component || l.build.text != "" || !l.t.hasTarget(TargetAlibaba) && find(l.t.given, "aws.uri") != nil {
		return
	}
	help := "write at least one, for example RUN yum update -y"
	if l.build.yaml != nil {
		help = "write Tasks: and a list of at least one task"
	}
	l.add("IB0001", l.build.at, "MissingParameter.Content", "there are no commands", help)
}

func checkSize(l *lint, p *part) {
	code := "InvalidBuildContent.LengthExceeded"
	switch p.section {
	case inTest:
		return // IB0245
	case inComponent:
		code = "InvalidContent.LengthExceeded"
	}
	reportSize(l, p, "IB0002", code)
}

func checkTestSize(l *lint, p *part) {
	if p.section == inTest {
		reportSize(l, p, "IB0245", "InvalidParameter.TestContent")
	}
}

// reportSize points at the command that crosses the limit.
func reportSize(l *lint, p *part, rule, code string) {
	if len(p.text) <= MaxContentBytes {
		return
	}
	at := p.at
	for i := range p.commands {
		if p.commands[i].canonical <= MaxContentBytes {
			at = p.spanOf(&p.commands[i])
		}
	}
	l.add(rule, at, code, fmt.Sprintf("the text that is sent has %d bytes; at most %d are allowed", len(p.text), MaxContentBytes),
		"move steps into components, or files into a bucket")
}

func checkCount(l *lint, p *part) {
	n := len(p.commands)
	switch {
	case n > MaxCommands:
		l.add("IB0003", p.spanOf(&p.commands[MaxCommands]), "InvalidImageTemplateCommandSize.ExceededMaxNumber",
			fmt.Sprintf("command %d of %d; at most %d are allowed", MaxCommands+1, n, MaxCommands), `join RUN commands with && and "\"`)
	case n == MaxCommands && p.section == inBuild && !l.hasFROM():
		l.warn("IB0003", p.spanOf(&p.commands[MaxCommands-1]),
			fmt.Sprintf("%d commands without FROM: older editions of the service add one", n), `join two RUN commands with &&`)
	}
}

func checkMisplacedYAML(l *lint, p *part) {
	const help = "put it in a YAML component (.yaml) and refer to that with COMPONENT"
	switch {
	case p.section == inBuild && p.yaml.known:
		l.add("IB0006", p.yaml.first, p.parameterCode(), "YAML as the content of a pipeline", help)
	case p.section == inBuild: // the service reads it as commands
		l.add("IB0006", p.yaml.first, "", "a .yaml file as the content of a pipeline", help)
	case p.section == inTest:
		l.add("IB0006", p.yaml.first, p.parameterCode(), "YAML as the test section of a pipeline", help)
	case l.in.format == Dockerfile:
		l.add("IB0006", p.yaml.first, "", "YAML in a Dockerfile", "give the file a name that ends in .yaml")
	}
}

// checkBlanks looks at the separator after the keyword, and for blanks that no
// shell takes for one.
func checkBlanks(l *lint, p *part, in *instruction) {
	after := in.start + len(in.word)
	if in.word != "" && after < in.end && p.src.text[after] == '\t' {
		if blanks := in.end - after - len(strings.TrimLeft(p.src.text[after:in.end], " \t")); after+blanks < in.end {
			l.add("IB0007", p.span(after, after+1), "", "a tab between the command and its argument", "write one blank; that is what is sent").
				offer("write one blank", change{p.span(after, after+blanks), " "})
		}
	}
	checkTabs(l, p, in)
	if !p.src.has(beyondASCII) || in.heredoc.end > 0 {
		return
	}
	if at, size := oddBlank(p.src.text[in.start:in.end]); size > 0 {
		at += in.start
		odd, text := p.span(at, at+size), " "
		if p.src.text[odd.start:odd.end] == ByteOrderMark && at > after {
			text = "" // it has no width
		}
		l.add("IB0007", odd, "", "a no-break or wide space, which no shell takes for a blank", "write an ordinary blank, or quote it").
			offer("write an ordinary blank", change{odd, text})
	}
}

// checkTabs finds tabs between two words of a line. No document says that the
// service parts words at them; those of shell text a shell reads.
func checkTabs(l *lint, p *part, in *instruction) {
	if in.verb&(vCOPY|vENV|vLABEL|vCOMPONENT) == 0 || strings.IndexByte(p.src.text[in.start:in.end], '\t') < 0 {
		return
	}
	words := p.wordsOf(in)
	for i := 1; i < len(words); i++ {
		gap := p.spanIn(in, words[i-1].end, words[i].start)
		text := p.src.text[gap.start:gap.end]
		if tab := strings.IndexByte(text, '\t'); tab >= 0 && !strings.Contains(text, "\n") {
			l.add("IB0007", p.span(gap.start+tab, gap.start+tab+1), "", "a tab between two words", "part them with one blank").
				offer("part them with one blank", change{gap, " "})
		}
		if in.verb == vENV && !strings.Contains(words[0].text, "=") {
			return // the rest is its value
		}
	}
}

// checkWordBlanks looks for odd blanks in the words of shell text in YAML; those of
// RUN are found with its other blanks. Comments and quoted words may have them.
func checkWordBlanks(l *lint, s *script) {
	if s.in != nil || !s.p.src.has(beyondASCII) || !hasOddBlank(s.text) {
		return
	}
	for i := range s.calls {
		s.reportOddBlank(l, s.calls[i].at)
		for _, a := range s.calls[i].args {
			s.reportOddBlank(l, a.at)
		}
	}
}

func (s *script) reportOddBlank(l *lint, word extent) {
	if at, size := oddBlank(s.text[word.start:word.end]); size > 0 && !l.full("IB0007") {
		at += word.start
		l.add("IB0007", s.span(extent{at, at + size}), "", "a no-break or wide space, which no shell takes for a blank",
			"write an ordinary blank, or quote it")
	}
}

// oddBlank finds the first odd blank outside quotes, except between keyword
// and argument, where it is only reported like any other.
func oddBlank(text string) (at, size int) {
	var quote rune
	for i, r := range text {
		switch {
		case quote != 0:
			if r == quote {
				quote = 0
			}
		case r == '"' || r == '\'':
			quote = r
		case isOddBlank(r):
			return i, len(string(r))
		}
	}
	return 0, 0
}

func checkOpen(l *lint, p *part, in *instruction) {
	if in.open {
		f := l.add("IB0008", p.span(in.end-1, in.end), p.openCode(in), `"\" with nothing after it`,
			"delete it, or add the line that it announces")
		if before := trimBlanks(p.src.text[in.start : in.end-1]); !strings.HasSuffix(before, `\`) && !announces(before) {
			f.offer(`delete the "\"`, change{at: p.span(in.start+len(before), in.end)})
		}
	}
}

// announces reports shell text that cannot end here.
func announces(text string) bool {
	return strings.HasSuffix(text, "&&") || strings.HasSuffix(text, "|")
}

// openCode is the code of a command whose last line is not its last.
func (p *part) openCode(in *instruction) string {
	switch in.verb {
	case vUnknown:
		return "InvalidImageTemplateCommand.NotSupported"
	case vRESTART:
		return "NotEmptyCommandContent.RESTART"
	case vLABEL, vCOMPONENT: // no code of their own for a bad argument
		return p.parameterCode()
	}
	return "InvalidCommandContent." + in.name()
}

// parameterCode is the code for a content that is invalid as a whole.
func (p *part) parameterCode() string {
	return [...]string{inComponent: "InvalidParameter.Content", inBuild: "InvalidParameter.BuildContent",
		inTest: "InvalidParameter.TestContent"}[p.section]
}

// checkLateBlanks looks at blanks that are cut off and that a shell would have
// seen: after a continuation mark, and odd ones at the end of a command.
func checkLateBlanks(l *lint, p *part) {
	for _, late := range p.late {
		message := "no-break or wide spaces at the end of the line"
		if p.src.text[late.start-1] == '\\' {
			message = `blanks after the "\"`
		}
		at := p.span(late.start, late.end)
		l.add("IB0007", at, "", message, "delete them; they are not sent").offer("delete the blanks", change{at: at})
	}
}

func checkBlankLines(l *lint, p *part) {
	for _, b := range p.blankLines {
		l.add("IB0009", p.span(b.start, b.end), "",
			"a blank line inside "+p.commands[b.command].verb.text("a command")+", which goes on below",
			`delete the line; if the command should end here, delete the "\" above`).
			offer("delete the blank line", change{at: p.wholeLine(b.start)})
	}
}

// checkInnerCommands looks for a command inside of another: the line above ends in a
// continuation mark that should not be there, or the keyword is one too many.
func checkInnerCommands(l *lint, p *part) {
	for i := range p.commands {
		in := &p.commands[i]
		args := p.args(in)
		switch {
		case in.verb == vUnknown: // CMD is a part of Docker's HEALTHCHECK
			continue
		case in.verb != vRUN && len(args) > 0:
			args = args[1:]
		}
		for _, a := range args {
			p.checkInnerWord(l, in, a)
		}
	}
}

// checkInnerWord looks at the first word of one piece of an argument. Behind RUN in
// its own line no other word than RUN can have been meant as a command.
func (p *part) checkInnerWord(l *lint, in *instruction, a piece) {
	text := p.src.text[a.start:a.end]
	start := 0
	for start < len(text) && (text[start] == ' ' || text[start] == '\t') {
		start++
	}
	end := start
	for end < len(text) && text[end] >= 'A' && text[end] <= 'Z' {
		end++
	}
	if end == start || end < len(text) && blank(text[end:]) == 0 {
		return // nearly every line
	}
	word := text[start:end]
	verb := verbOf(word)
	if verb == vUnknown || l.full("IB0015") {
		return
	}
	at := p.span(a.start+start, a.start+end)
	below := strings.Contains(p.src.text[in.start:at.start], "\n")
	switch {
	case unclosedQuote(p.arguments(in)[:p.argumentsBefore(in, a)]) >= 0: // text
	case below:
		l.add("IB0015", at, "", word+" in a line that continues "+in.name(),
			`delete the "\" at the end of the line above, or the word where the command goes on`)
	case verb == vRUN:
		l.add("IB0015", at, "", "RUN inside RUN", "delete the word: a shell would look for a program of that name")
	}
}

// argumentsBefore is the length of the argument before one of its pieces.
func (p *part) argumentsBefore(in *instruction, a piece) (n int) {
	for _, b := range p.args(in) {
		if b == a {
			break
		}
		n += b.end - b.start
	}
	return n
}

// wholeLine is the line that holds an offset, with its line end.
func (p *part) wholeLine(at int) span {
	line, _ := p.src.position(at)
	return p.src.wholeLine(line - 1)
}

const helpHeredoc = `continue lines with "\", for example RUN printf '%s\n' a b > file`

func checkHeredoc(l *lint, p *part, in *instruction) {
	if in.heredoc.end > 0 {
		l.add("IB0010", p.span(in.heredoc.start, in.heredoc.end), "InvalidCommandContent."+in.name(),
			"here-documents are not supported", helpHeredoc)
	}
}

func checkCase(l *lint, p *part, in *instruction) {
	if in.word != in.name() {
		l.add("IB0012", p.spanOf(in), "", in.name()+" is not in upper case", "write "+in.name()+"; that is what is sent").
			offer("write "+in.name(), change{p.spanOf(in), in.name()})
	}
}

package template

import (
	"encoding/json"
	"strings"
)

func checkUnknown(l *lint, p *part, in *instruction) {
	if l.full("IB0101") {
		return
	}
	word := in.word
	if word == "" {
		word = `\`
	}
	f := l.add("IB0101", p.span(in.start, in.start+len(word)), "InvalidImageTemplateCommand.NotSupported",
		"unknown command"+shownCommand(word), helpUnknown(word))
	if !isDockerOnly(word) && word == strings.ToUpper(word) { // in lower case it may be shell text
		f.offerNear(p.spanOf(in), in.word, Keywords())
	}
}

// checkArgument makes the check of a command that needs an argument.
func checkArgument(rule string) func(*lint, *part, *instruction) {
	return func(l *lint, p *part, in *instruction) {
		if p.head(in) == "" {
			l.add(rule, p.spanOf(in), "EmptyCommandContent."+in.name(), in.name()+" without an argument", "give it one, or delete the line")
		}
	}
}

// helpOr is the help of a finding about an argument, unless that ends in what
// was meant as a comment.
func (p *part) helpOr(in *instruction, help string) string {
	if args := p.arguments(in); strings.Contains(args, " #") || strings.HasPrefix(args, "#") {
		return "a comment needs a line of its own"
	}
	return help
}

func checkRestartArgument(l *lint, p *part, in *instruction) {
	if p.head(in) != "" {
		l.add("IB0110", p.spanOfArgs(in), "NotEmptyCommandContent.RESTART", "RESTART takes no argument", p.helpOr(in, "delete it; RESTART restarts the whole instance"))
	}
}

// checkEnv takes `key value`, or key=value pairs and nothing else.
func checkEnv(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	if len(list) == 0 {
		return // IB0103
	}
	const help = `write ENV key="value" key2="value2"`
	if !strings.Contains(list[0].text, "=") {
		if len(list) == 1 {
			l.add("IB0111", p.spanOfWord(in, list[0]), "InvalidCommandContent.ENV", "ENV with a key and no value", help)
		}
		return
	}
	for _, w := range list {
		if problem := pairProblem(w.text); problem != "" && !l.full("IB0111") {
			l.add("IB0111", p.spanOfWord(in, w), "InvalidCommandContent.ENV", problem, p.helpOr(in, help))
		}
	}
}

// pairProblem says why a word is no key=value pair.
func pairProblem(w string) string {
	switch i := strings.IndexByte(w, '='); {
	case i < 0:
		return "a word that is no key=value pair; does a value with blanks lack quotes?"
	case i == 0:
		return "a value without a key"
	case !quotesClose(w):
		return "a quote is not closed"
	}
	return ""
}

// quotesClose reports whether every quote of a word has its end.
func quotesClose(w string) bool {
	var open byte
	for i := 0; i < len(w); i++ {
		switch c := w[i]; {
		case c == '\\' && open != '\'':
			i++
		case open != 0:
			if c == open {
				open = 0
			}
		case c == '"' || c == '\'':
			open = c
		}
	}
	return open == 0
}

func checkEnvForm(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	if len(list) > 1 && !strings.Contains(list[0].text, "=") {
		f := l.add("IB0142", p.spanOfArgs(in), "", "ENV in the form `key value`",
			p.helpOr(in, `write ENV key="value"; that form takes several pairs`))
		p.offerPair(f, in)
	}
}

func checkEnvQuotes(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	if len(list) == 0 || !strings.Contains(list[0].text, "=") {
		return
	}
	for _, w := range list {
		key, value, ok := strings.Cut(w.text, "=")
		if ok && key != "" && (len(value) < 2 || value[0] != '"' || value[len(value)-1] != '"') && quotesClose(w.text) && !l.full("IB0143") {
			f := l.add("IB0143", p.spanOfWord(in, w), "", "a value without double quotes", `write key="value"; the documents show no other form`)
			at := p.spanOfWord(in, w)
			at.start += len(key) + 1
			if quoted, ok := quotedValue(value); ok && p.src.text[at.start:at.end] == value {
				f.offer("put the value in double quotes", change{at, quoted})
			}
		}
	}
}

// offerPair offers key="value" in the place of `key value`, which takes what
// follows the key as it is.
func (p *part) offerPair(f *Finding, in *instruction) {
	list, args := p.wordsOf(in), p.arguments(in)
	key, value := list[0], trimBlanks(args[list[1].start:])
	if quoted, ok := quotedValue(value); ok && isVariableName(key.text) && p.onOneLine(in) {
		f.offer(`write key="value"`, change{p.spanIn(in, key.end, list[1].start+len(value)), "=" + quoted})
	}
}

// checkLabel takes key=value pairs only.
func checkLabel(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	for i, w := range list {
		if problem := pairProblem(w.text); problem != "" && !l.full("IB0116") {
			f := l.add("IB0116", p.spanOfWord(in, w), "", problem, p.helpOr(in, `write LABEL key="value"`))
			if i == 0 && len(list) == 2 && !strings.Contains(list[0].text+list[1].text, "=") {
				p.offerPair(f, in)
			}
		}
	}
}

// helpCopyFlag says what does here what a flag of Docker's COPY does there.
func helpCopyFlag(flag string) string {
	flag, _, _ = strings.Cut(flag, "=")
	switch flag {
	case "--from":
		return "there are no build stages: make the file with RUN, or fetch it from a web address"
	case "--chown", "--chmod":
		return "set owner and mode with RUN chown and chmod"
	}
	return "delete it"
}

// checkCopy counts operands as a shell does and as blanks do: a service that
// knows no quotes must see the same two.
func checkCopy(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	const code, help = "InvalidCommandContent.COPY", "write COPY <URL or path on the instance> <directory>"
	switch {
	case len(list) == 0: // IB0105
	case strings.HasPrefix(list[0].text, "--"):
		l.add("IB0112", p.spanOfWord(in, list[0]), code, "COPY takes no flags", helpCopyFlag(list[0].text))
	case in.heredoc.end > 0: // IB0010
	case len(list) != 2:
		l.add("IB0112", p.spanOfArgs(in), code, "COPY takes one source and one destination", p.helpOr(in, help))
	case countFields(p.arguments(in)) != 2:
		l.add("IB0112", p.spanOfArgs(in), code, "COPY takes no path with blanks", help)
	case list[0].text[0] == '[':
		l.warn("IB0112", p.spanOfArgs(in), "the array form of COPY is not documented", help)
	case strings.ContainsAny(list[0].text, "*?[") && !isURL(list[0].text):
		l.warn("IB0112", p.spanOfWord(in, list[0]), "patterns in COPY are not documented", "name the file, or use RUN cp")
	}
}

// countFields counts what lies between blanks of any kind.
func countFields(s string) int {
	n := 0
	for range strings.FieldsSeq(s) {
		n++
	}
	return n
}

func isURL(s string) bool { return strings.Contains(s, "://") }

func checkCopyQuery(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	if len(list) > 0 && isURL(list[0].text) && strings.Contains(list[0].text, "?") {
		l.add("IB0113", p.spanOfWord(in, list[0]), "InvalidCommandContent.COPY", "the address has a query string",
			"use a plain public address; for a private object use OSSDownload in a YAML component")
	}
}

// checkArray: what begins with a bracket must be a JSON array of strings.
func checkArray(l *lint, p *part, in *instruction) {
	if strings.HasPrefix(p.head(in), "[") && !isStringArray(p.arguments(in)) {
		f := l.add("IB0114", p.spanOfArgs(in), "InvalidCommandContent."+in.name(), in.name()+" is not a JSON array of strings",
			p.helpOr(in, `write `+in.name()+` ["program", "argument"] with double quotes`))
		args := p.arguments(in)
		if quoted := strings.ReplaceAll(args, "'", `"`); !strings.Contains(args, `"`) && isStringArray(quoted) && p.onOneLine(in) {
			f.offer("write double quotes", change{p.spanOfArgs(in), quoted})
		}
	}
}

func isStringArray(text string) bool {
	var list []*string
	if json.Unmarshal([]byte(trimBlanks(skipBlanks(text))), &list) != nil {
		return false
	}
	for _, s := range list {
		if s == nil {
			return false
		}
	}
	return true
}

func checkRunArray(l *lint, p *part, in *instruction) {
	if strings.HasPrefix(p.head(in), "[") && isStringArray(p.arguments(in)) {
		f := l.add("IB0115", p.spanOfArgs(in), "", "the array form of RUN is not documented", "write the command as a shell line")
		if line, ok := shellLine(p.arguments(in)); ok && p.onOneLine(in) {
			f.offer("write a shell line", change{p.spanOfArgs(in), line})
		}
	}
}

func checkOneWord(l *lint, p *part, in *instruction) {
	if countFields(p.arguments(in)) > 1 {
		l.add("IB0117", p.spanOfArgs(in), "InvalidCommandContent."+in.name(), in.name()+" takes one word", p.helpOr(in, "choose one without blanks; quotes do not help"))
	}
}

func checkRunFlag(l *lint, p *part, in *instruction) {
	if strings.HasPrefix(p.head(in), "--") {
		l.add("IB0118", p.spanOfWord(in, p.wordsOf(in)[0]), "InvalidCommandContent.RUN", "RUN takes no flags",
			"delete it; Docker's mounts and networks do not exist here")
	}
}

package template

import (
	"encoding/json"
	"errors"
	"slices"
	"strings"
	"unicode/utf8"
)

func checkUnknown(l *lint, p *part, in *instruction) {
	if l.full("IB0101") {
		return
	}
	at, word := p.spanOf(in), in.word
	if word == "" {
		if !in.open { // IB0008
			l.add("IB0101", p.span(in.start, in.start+1), codeUnknown, `"\" without a command`, "delete it, or write the command before it")
		}
		return
	}
	if !utf8.ValidString(word) || kindsIn(word)&controlByte != 0 {
		return // IB0004, IB0005: nobody knows what it says
	}
	if i, size := invisible(word); size > 0 {
		p.unseen(l, p.span(in.start+i, in.start+i+size), verbOf(word[:i]) != vUnknown && i+size < len(word))
		return
	}
	f := l.add("IB0101", at, codeUnknown, "unknown command"+shownCommand(word), helpUnknown(word))
	verb, rest := glued(word)
	switch {
	case verb != "" && rest == "":
		f.offer("write "+verb, change{at, verb})
	case verb != "":
		f.offer("write a blank", change{at, verb + " " + rest})
	case dockerOnly[word] == "" && word == strings.ToUpper(word) && isLetter(word[0]) && !p.cutShort(in): // anything else may be shell text
		f.offerNear(at, word, Keywords())
	}
}

// unseen finds an invisible character of a keyword, which may stand in the place
// of the blank.
func (p *part) unseen(l *lint, odd span, blank bool) {
	help, text := "delete it", ""
	if blank {
		help, text = "write a blank", " "
	}
	l.add("IB0101", odd, codeUnknown, "a command with a character that cannot be seen", help).offer(help, change{odd, text})
}

// codeUnknown is what the service answers to a command that it does not know.
const codeUnknown = "InvalidImageTemplateCommand.NotSupported"

// cutShort reports a keyword that its line ends in the middle of.
func (p *part) cutShort(in *instruction) bool {
	return strings.HasPrefix(p.src.text[in.start+len(in.word):in.end], `\`)
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
		l.add("IB0110", p.spanOfArgs(in), "NotEmptyCommandContent.RESTART", "RESTART takes no argument",
			p.helpOr(in, "delete it; RESTART restarts the whole instance"))
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
	p.eachBadPair(in, func(w word, strays int, problem string) {
		if !l.full("IB0111") {
			l.add("IB0111", p.spanOfWord(in, w), "InvalidCommandContent.ENV", problem, p.helpOr(in, helpPair(in, strays, help)))
		}
	})
}

// eachBadPair calls f with each word that is no key=value pair. Words in a row
// that have no key are one mistake, a value with blanks: strays counts them.
func (p *part) eachBadPair(in *instruction, f func(w word, strays int, problem string)) {
	list := p.wordsOf(in)
	for i := 0; i < len(list); i++ {
		w, strays := list[i], 0
		for ; i < len(list) && isStray(list[i]); i++ {
			w.end, strays = list[i].end, strays+1
		}
		if strays > 0 {
			i--
			f(w, strays, "a word that is no key=value pair; does a value with blanks lack quotes?")
		} else if problem := pairProblem(w.text); problem != "" {
			f(w, 0, problem)
		}
	}
}

func isStray(w word) bool { return !strings.Contains(w.text, "=") }

// helpPair is the help of a bad pair.
func helpPair(in *instruction, strays int, help string) string {
	switch {
	case strays > 0:
		return help + ", a value with blanks in double quotes"
	case in.spills:
		return helpQuoted
	}
	return help
}

// pairProblem says why a word is no key=value pair.
func pairProblem(w string) string {
	key, value, _ := strings.Cut(w, "=")
	switch {
	case key == "":
		return "a value without a key"
	case isDoubleQuoted(value) && !strings.ContainsAny(key, `"'\`):
	case unclosedQuote(w) >= 0:
		return "a quote is not closed"
	}
	return ""
}

func checkEnvForm(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	if len(list) < 2 || !isStray(list[0]) {
		return
	}
	if strings.HasPrefix(list[1].text, "=") {
		p.envWithBlanks(l, in)
	} else {
		f := l.add("IB0142", p.spanOfArgs(in), "", "ENV in the form `key value`",
			p.helpOr(in, `write ENV key="value"; that form takes several pairs`))
		p.offerPair(f, in)
	}
}

// envWithBlanks finds `key = value`, which makes "= value" the value.
func (p *part) envWithBlanks(l *lint, in *instruction) {
	list, args := p.wordsOf(in), p.arguments(in)
	f := l.addAs(Warning, "IB0142", p.spanOfArgs(in), "", "the value begins with the equals sign",
		`write ENV key="value" without blanks around the sign`)
	value := trimBlanks(skipBlanks(args[list[1].start+1:]))
	if quoted, ok := quotedValue(value); ok && value != "" && isVariableName(list[0].text) && p.onOneLine(in) {
		f.offer(`write key="value"`, change{p.spanIn(in, list[0].end, len(trimBlanks(args))), "=" + quoted})
	}
}

func checkEnvQuotes(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	if len(list) == 0 || !strings.Contains(list[0].text, "=") {
		return
	}
	for i, w := range list {
		if i+1 < len(list) && isStray(list[i+1]) {
			continue // IB0111: these quotes must hold more
		}
		key, value, ok := strings.Cut(w.text, "=")
		if !ok || key == "" || isDoubleQuoted(value) || unclosedQuote(w.text) >= 0 || l.full("IB0143") {
			continue
		}
		help := `write key="value"; the documents show no other form`
		if strings.HasPrefix(value, `"`) {
			if hasOddBlank(value) {
				continue // IB0007: it was meant to part two pairs
			}
			help = "end the value with its quote; is a blank missing behind it?"
		}
		at := p.spanOfWord(in, w)
		f := l.add("IB0143", at, "", "a value without double quotes", help)
		at.start += len(key) + 1
		if quoted, ok := quotedValue(value); ok && p.src.text[at.start:at.end] == value {
			f.offer("put the value in double quotes", change{at, quoted})
		}
	}
}

// isDoubleQuoted reports one text in double quotes: not "a"b="c", where a blank is
// missing between two pairs.
func isDoubleQuoted(value string) bool {
	if len(value) < 2 || value[0] != '"' {
		return false
	}
	last := len(value) - 1
	if first := 1 + strings.IndexByte(value[1:], '"'); first == last && value[last-1] != '\\' {
		return true // nearly every value
	}
	return unclosedQuote(value[:last]) == 0 && unclosedQuote(value) < 0
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
	if in.spills { // IB0101
		return
	}
	p.eachBadPair(in, func(w word, strays int, problem string) {
		if !l.full("IB0116") {
			f := l.add("IB0116", p.spanOfWord(in, w), "", problem, p.helpOr(in, helpPair(in, strays, `write LABEL key="value"`)))
			if list := p.wordsOf(in); strays == 2 && len(list) == 2 {
				p.offerPair(f, in)
			}
		}
	})
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

// helpCopyFlags says so of each, once.
func helpCopyFlags(flags []word) string {
	var parts []string
	for _, w := range flags {
		if help := helpCopyFlag(w.text); !slices.Contains(parts, help) {
			parts = append(parts, help)
		}
	}
	return strings.Join(parts, "; ")
}

// flags are the words with two hyphens that an argument begins with.
func (p *part) flags(in *instruction) []word {
	list := p.wordsOf(in)
	n := 0
	for n < len(list) && strings.HasPrefix(list[n].text, "--") {
		n++
	}
	return list[:n]
}

// withoutFlags is the argument with blanks in the place of its flags, so that
// offsets stay.
func (p *part) withoutFlags(in *instruction, text string) string {
	flags := p.flags(in)
	end := flags[len(flags)-1].end
	return strings.Repeat(" ", end) + text[end:]
}

func (p *part) spanOfFlags(in *instruction) span {
	flags := p.flags(in)
	return p.spanIn(in, flags[0].start, flags[len(flags)-1].end)
}

// checkCopy counts operands as a shell does and as blanks do: a service that
// knows no quotes must see the same two.
func checkCopy(l *lint, p *part, in *instruction) {
	list := p.wordsOf(in)
	const code, help = "InvalidCommandContent.COPY", "write COPY <URL or path on the instance> <directory>"
	switch {
	case len(list) == 0: // IB0105
	case strings.HasPrefix(list[0].text, "--"):
		l.add("IB0112", p.spanOfFlags(in), code, "COPY takes no flags", helpCopyFlags(p.flags(in)))
	case in.heredoc.end > 0: // IB0010
	case strings.HasPrefix(list[0].text, `["`) && isStringArray(p.arguments(in)) && countFields(p.arguments(in)) != 2:
		l.add("IB0112", p.spanOfArgs(in), code, "COPY takes no array", help)
	case len(list) != 2:
		l.add("IB0112", p.spanOfArgs(in), code, "COPY takes one source and one destination", p.helpOr(in, help))
	case countFields(p.arguments(in)) != 2:
		l.add("IB0112", p.spanOfArgs(in), code, "COPY takes no path with blanks", help)
	case list[0].text[0] == '[':
		l.warn("IB0112", p.spanOfArgs(in), "the array form of COPY is not documented", help)
	case !l.t.hasTarget(TargetAlibaba): // the translation judges the source
	case strings.ContainsAny(list[0].text, "*?[") && !isURL(list[0].text):
		l.warn("IB0112", p.spanOfWord(in, list[0]), "patterns in COPY are not documented", "name the file, or use RUN cp")
	case list[0].text[0] != '/':
		p.checkCopySource(l, in, list[0])
	}
}

// checkCopySource looks for a source that cannot be there: wget, which fetches it,
// takes web addresses only, and no file comes along with a template.
func (p *part) checkCopySource(l *lint, in *instruction, source word) {
	const context = "there is no build context, and nothing above it makes or names this file"
	path := strings.TrimLeft(source.text, `"'`)
	scheme, _, remote := strings.Cut(path, "://")
	switch {
	case remote && strings.ContainsRune(scheme, '$'), path == "", strings.ContainsRune("/$~", rune(path[0])):
	case remote && !webSchemes[strings.ToLower(scheme)]:
		l.warn("IB0112", p.spanOfWord(in, source), "wget, which fetches the source, takes web addresses only",
			"write a public https:// address; for a private object use OSSDownload in a YAML component")
	case !remote && !l.mayHave(p, in, path):
		l.warn("IB0112", p.spanOfWord(in, source), context, "name a path on the instance, or a web address; a small file RUN can write")
	}
}

// webSchemes are those that wget knows.
var webSchemes = map[string]bool{"http": true, "https": true, "ftp": true, "ftps": true}

// mayHave reports that the folder in which a command runs may have a relative
// path: a component may have put it there, a command above names the first element
// of it, or the folder as a whole is meant and something filled it.
func (l *lint) mayHave(p *part, in *instruction, path string) bool {
	first, _, _ := strings.Cut(strings.TrimLeft(path, "./"), "/")
	for _, q := range []*part{l.build, l.test} {
		for i := range q.commands {
			c := &q.commands[i]
			switch {
			case c == in:
				return false
			case c.verb == vCOMPONENT, q.fills(c) && strings.Contains(q.arguments(c), first):
				return true
			}
		}
	}
	return false
}

// fills reports a command that may make a file: nobody knows what an unknown one
// is, and a COPY of a relative path may be no better than the one in question.
func (p *part) fills(in *instruction) bool {
	switch in.verb {
	case vCOPY:
		source := strings.TrimLeft(p.head(in), `"'`)
		return isURL(source) || strings.HasPrefix(source, "/")
	case vRUN, vUnknown:
		return true
	}
	return false
}

// countFields counts what lies between blanks of any kind, and makes no list of it:
// it looks at each COPY, WORKDIR and USER.
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
		f := l.add("IB0114", p.spanOfBreak(in), "InvalidCommandContent."+in.name(), in.name()+" is not a JSON array of strings",
			p.helpOr(in, `write `+in.name()+` ["program", "argument"] with double quotes`))
		args := p.arguments(in)
		if quoted := strings.ReplaceAll(args, "'", `"`); !strings.Contains(args, `"`) && isStringArray(quoted) && p.onOneLine(in) {
			f.offer("write double quotes", change{p.spanOfArgs(in), quoted})
		}
	}
}

// spanOfBreak is where an array stops to be one of strings; all of the argument
// where something is missing at its end.
func (p *part) spanOfBreak(in *instruction) span {
	args := p.arguments(in)
	d := json.NewDecoder(strings.NewReader(args))
	for first := true; ; first = false {
		before := int(d.InputOffset())
		token, err := d.Token()
		at, end := before+len(args[before:])-len(strings.TrimLeft(args[before:], " \t,")), int(d.InputOffset())
		_, isString := token.(string)
		var syntax *json.SyntaxError
		switch {
		case errors.As(err, &syntax) && at < len(args):
			_, size := utf8.DecodeRuneInString(args[at:])
			return p.spanIn(in, at, at+size)
		case err != nil:
			return p.spanOfArgs(in)
		case token == json.Delim(']'):
			rest := skipBlanks(args[end:])
			return p.spanIn(in, len(args)-len(rest), len(args))
		case !isString && !first:
			return p.spanIn(in, at, end)
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

// checkRunArray: to a shell a bracket that a quote follows begins the name of a
// program; one that a blank follows is a test, unless all of it is an array.
func checkRunArray(l *lint, p *part, in *instruction) {
	head := p.head(in)
	if !strings.HasPrefix(head, "[") {
		return
	}
	array, message := p.arguments(in), "the array form of RUN is not documented"
	if !isStringArray(array) {
		if len(head) == 1 || head[1] != '"' && head[1] != '\'' {
			return
		}
		array, message = strings.ReplaceAll(array, "'", `"`), "this array is broken: a shell looks for a program of its first word, bracket and all"
	}
	f := l.add("IB0115", p.spanOfArgs(in), "", message, p.helpOr(in, "write the command as a shell line"))
	if line, ok := shellLine(array); ok && p.onOneLine(in) {
		f.offer("write a shell line", change{p.spanOfArgs(in), line})
	}
}

func checkOneWord(l *lint, p *part, in *instruction) {
	if countFields(p.arguments(in)) > 1 {
		l.add("IB0117", p.spanOfArgs(in), "InvalidCommandContent."+in.name(), in.name()+" takes one word",
			p.helpOr(in, "choose one without blanks; quotes do not help"))
	}
}

func checkRunFlag(l *lint, p *part, in *instruction) {
	if strings.HasPrefix(p.head(in), "--") {
		l.add("IB0118", p.spanOfFlags(in), "InvalidCommandContent.RUN", "RUN takes no flags",
			"delete them; Docker's mounts and networks do not exist here")
	}
}

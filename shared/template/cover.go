package template

import (
	"cmp"
	"slices"
	"strings"
)

// Covered is Text with asterisks over its secrets, for who shows some lines of it, from 1; without
// lines all of it. Each code point stays one, and lines stay.
func (t *Template) Covered(f Finding, lines ...int) string {
	var found []Finding
	for _, s := range t.Secrets {
		if f.order == bodyOrder {
			s = t.InBody(s)
		}
		if s.order == f.order {
			found = append(found, s)
		}
	}
	return coverSecrets(t.Text(f), found, lines)
}

// CoverSecrets puts asterisks over the secrets of a text: over those that were found
// in it, and over whatever looks like one, since rules read neither here-documents
// nor comments nor what is broken. Better too much than too little: the text is
// only looked at. Each code point stays one, and lines stay.
func CoverSecrets(text string) string { return coverSecrets(text, nil, nil) }

func coverSecrets(text string, found []Finding, lines []int) string {
	c := &covering{text: text, all: len(lines) == 0}
	src := newSource("", 0, text)
	for _, f := range found {
		c.found(src, f)
	}
	for _, line := range lines {
		if line <= len(src.lines) {
			at := src.lines[line-1]
			c.shown = append(c.shown, extent{at, at + len(src.line(line-1))})
		}
	}
	eachPrivateKey(text, func(start, _, last int) {
		if !isSought(text[:start]) {
			c.cover(start, last)
		}
	})
	c.read(joinedLines.Replace(text))
	if strings.IndexByte(text, '\\') >= 0 {
		c.read(backslashes.Replace(text))
	}
	return c.covered()
}

// Other readings of a text, of the same length: with its continued lines joined, and
// with what JSON, YAML and printf write with a backslash.
var (
	joinedLines = strings.NewReplacer("\\\r\n", "   ", "\\\n", "  ")
	backslashes = strings.NewReplacer(`\\n`, "  \n", `\n`, " \n", `\r`, "  ", `\t`, "  ", `\"`, ` "`, `\/`, " /", "\\\r\n", "   ", "\\\n", "  ")
)

// covering collects what is covered.
type covering struct {
	text  string
	spots []extent
	all   bool
	shown []extent // the lines that are shown, unless all are
}

func (c *covering) cover(start, end int) {
	if start < end {
		c.spots = append(c.spots, extent{start, end})
	}
}

func (c *covering) covered() string {
	if len(c.spots) == 0 {
		return c.text
	}
	slices.SortFunc(c.spots, func(a, b extent) int { return cmp.Compare(a.start, b.start) })
	var b strings.Builder
	i, end := 0, 0
	for at, r := range c.text {
		for i < len(c.spots) && c.spots[i].start <= at {
			end = max(end, c.spots[i].end)
			i++
		}
		if at < end && r != '\n' && r != '\r' {
			r = '*'
		}
		b.WriteRune(r)
	}
	return b.String()
}

// found covers what a finding stands on; where that is a name, the value behind it; of
// the path of a key nothing.
func (c *covering) found(src *source, f Finding) {
	start, _ := src.offset(f.Line, f.Column)
	end, ok := src.offset(f.EndLine, f.EndColumn)
	if !ok {
		end = len(src.text)
	}
	switch marked := src.text[start:end]; {
	case f.Rule == "IB0403" && end < len(src.text) && src.text[end] == '=':
		c.cover(end+1, end+1+valueLength(src.text[end+1:], isPairLine(src.line(f.Line-1))))
	case f.Rule == "IB0403" && end < len(src.text) && src.text[end] == ' ':
		c.cover(end+1, end+1+len(lineOf(src.text[end+1:])))
	case f.Rule == "IB0402" && f.Line == f.EndLine && strings.ContainsAny(marked, "/~") && !strings.Contains(marked, " "):
	default:
		c.cover(start, end)
	}
}

// lineOf is the first line of a text.
func lineOf(text string) string {
	line, _, _ := strings.Cut(text, "\n")
	return line
}

// isPairLine reports a command that takes key=value pairs, and so no other words.
func isPairLine(line string) bool { return verbOf(firstWord(skipBlanks(line)))&(vENV|vLABEL) != 0 }

// valueLength is the length of a value as a shell reads it: quotes may hold blanks and
// line ends. Where there are only pairs, a word that is none belongs to the value.
func valueLength(text string, pairs bool) int {
	for i := 0; i < len(text); i++ {
		switch c := text[i]; {
		case c == '\\':
			i++
		case c == '"' || c == '\'':
			end := quoteEnd(text, i)
			if end < 0 {
				return len(lineOf(text))
			}
			i = end - 1
		case c == ' ' && pairs && !strings.Contains(firstWord(skipBlanks(text[i:])), "="):
		case strings.IndexByte(" \t\r\n;|&)", c) >= 0:
			return i
		}
	}
	return len(text)
}

// read looks at one reading of the text.
func (c *covering) read(text string) {
	eachKey(text, func(start, end int, _ string) { c.cover(start, end) })
	eachPair(text, func(start, end int, value string) {
		if name := text[start:end]; value != "" && (suggestsSecret(name) || isSignature(name)) && !isPlainValue(value) {
			at := end + strings.Index(text[end:], value)
			c.cover(at, at+max(len(value), inQuotes(text, at)))
		}
	})
	c.clauses(text)
	c.hashes(text)
	document, until := false, ""
	for at := 0; at < len(text); {
		line := lineOf(text[at:])
		word := strings.Trim(line, " \t\r")
		switch {
		case document && word == until:
			document = false
		case document:
			c.cover(at, at+len(line))
		default:
			if c.shows(at, at+len(line)) {
				c.line(line, at)
			}
			until, document = passwordDocument(line)
		}
		at += len(line) + 1
	}
}

// inQuotes is how far a value goes that a quote stands before, 0 where none does.
func inQuotes(text string, at int) int {
	if at == 0 || at > len(text) || text[at-1] != '"' && text[at-1] != '\'' {
		return 0
	}
	return max(0, strings.IndexByte(lineOf(text[at:]), text[at-1]))
}

// passwordDocument is the last line of a here-document that a line gives to a program
// that reads passwords.
func passwordDocument(line string) (until string, ok bool) {
	_, mark, ok := strings.Cut(line, "<<")
	if !ok || strings.HasPrefix(mark, "<") || !readsPasswords(line) {
		return "", false
	}
	words := strings.Fields(strings.TrimPrefix(mark, "-"))
	if len(words) == 0 {
		return "", false
	}
	return withoutQuotes(words[0]), true
}

// readsPasswords reports a line with a program that takes passwords from its input.
func readsPasswords(line string) bool {
	for _, word := range eachWord(line) {
		switch name := programOf(strings.Trim(word, "\"'`();|&{}:,")); name {
		case "chpasswd", "newusers", "passwd", "kinit", "realm", "debconf-set-selections", "--password-stdin", "--with-token", "--stdin":
			return true
		case "sudo":
			if strings.Contains(line, " -S") {
				return true
			}
		}
	}
	return false
}

// programOf is the name of a program by its path, of Windows, too.
func programOf(path string) string {
	return strings.TrimSuffix(strings.ToLower(path[strings.LastIndexAny(path, `/\="'(:`)+1:]), ".exe")
}

// secretClauses stand before a secret in quotes, in SQL and in .NET.
var secretClauses = []string{" by ", "password", "setpassword(", "networkcredential(", "securestring", "-string"}

// clauses covers what is in quotes behind words of SQL, and what headers say.
func (c *covering) clauses(text string) {
	lower := strings.ToLower(text)
	if len(lower) != len(text) {
		return // letters beyond ASCII that grow
	}
	for _, clause := range secretClauses {
		eachPlace(lower, clause, func(end int) {
			rest := lower[end:]
			at := end + len(rest) - len(strings.TrimLeft(rest, " (=")) + 1
			if n := inQuotes(text, at); n > 0 && !isPlainValue(text[at:at+n]) {
				c.cover(at, at+n)
			}
		})
	}
	eachPlace(lower, "authorization", func(end int) {
		rest := lineOf(text[end:])
		value := strings.TrimLeft(rest, " \t:=\"'")
		if i := strings.IndexAny(value, "\"'"); i >= 0 {
			value = value[:i]
		}
		at := end + strings.Index(rest, value)
		if !strings.ContainsAny(rest[:at-end], ":=") {
			return
		}
		for i, word := range eachWord(value) {
			if !isPlainValue(word) && !isScheme(word) {
				c.cover(at+i, at+i+len(word))
			}
		}
	})
}

// hashMarks begin the hash of a password. Source: crypt(5), and htpasswd of Apache.
var hashMarks = []string{"$1$", "$2a$", "$2b$", "$2y$", "$5$", "$6$", "$7$", "$y$", "$gy$", "$apr1$"}

func (c *covering) hashes(text string) {
	if strings.IndexByte(text, '$') < 0 {
		return
	}
	for _, mark := range hashMarks {
		eachPlace(text, mark, func(end int) {
			length := strings.IndexFunc(text[end:], func(r rune) bool { return r > '~' || !isAlphanumeric(byte(r)) && !strings.ContainsRune("./$=,", r) })
			if length < 0 {
				length = len(text) - end
			}
			if length > len("salt$") {
				c.cover(end, end+length)
			}
		})
	}
}

// isScheme reports the word before what a header says of who asks.
func isScheme(word string) bool {
	return strings.EqualFold(word, "basic") || strings.EqualFold(word, "bearer") || strings.EqualFold(word, "token")
}

func eachPlace(text, part string, f func(end int)) {
	for at := 0; ; {
		i := strings.Index(text[at:], part)
		if i < 0 {
			return
		}
		at += i + len(part)
		f(at)
	}
}

// shows reports a line, maybe joined of several, of which something is shown.
func (c *covering) shows(start, end int) bool {
	return c.all || slices.ContainsFunc(c.shown, func(e extent) bool { return start <= e.end && e.start <= end })
}

// wordSigns are around words of a shell, and not in them.
const wordSigns = "\"'`()[]{},;"

// line covers the secrets of a line that stands at an offset.
func (c *covering) line(line string, offset int) {
	var args []argument
	for at, word := range eachWord(strings.TrimSuffix(line, "\r")) {
		trimmed := strings.TrimLeft(word, wordSigns)
		at += len(word) - len(trimmed)
		trimmed = strings.TrimRight(trimmed, wordSigns)
		if trimmed == "" {
			continue
		}
		args = append(args, argument{text: trimmed, fixed: true, at: extent{offset + at, offset + at + len(trimmed)}})
	}
	for i, a := range args {
		c.address(a)
		name := programOf(a.text)
		if tools := toolOf(name); tools&tPassword != 0 || strings.HasPrefix(a.text, "--") {
			c.call(&call{name: name, tools: tools, args: toEnd(args[i+min(1, int(tools)):])})
		}
	}
	eachPowerShellSecret(strings.ReplaceAll(line, "#", " "), func(at extent, named bool) {
		if !named {
			c.cover(offset+at.start, offset+at.end)
		}
	})
	c.given(line, offset)
	c.behindNames(line, offset)
}

// toEnd are the arguments before the next command.
func toEnd(args []argument) []argument {
	for i, a := range args {
		if strings.Trim(a.text, "|&") == "" {
			return args[:i]
		}
	}
	return args
}

func (c *covering) call(k *call) {
	for a := k.password(true); a != nil; a = k.password(true) {
		c.cover(a.at.start, a.at.end)
		k = k.behind(a)
	}
}

// address covers who has access by a web address.
func (c *covering) address(a argument) {
	before, rest, ok := strings.Cut(a.text, "://")
	if !ok {
		return
	}
	if i := strings.IndexAny(rest, "/?#"); i >= 0 {
		rest = rest[:i]
	}
	at := a.at.start + len(before) + len("://")
	switch user := rest[:max(0, strings.LastIndexByte(rest, '@'))]; {
	case holdsPassword(a.text):
		c.cover(a.at.start, a.at.end)
	case looksMade(user):
		c.cover(at, at+len(user))
	}
}

// given covers what a line gives to a program that reads passwords: user:password
// anywhere, and what echo writes before it.
func (c *covering) given(line string, offset int) {
	const file = "<(echo "
	eachPlace(line, file, func(end int) {
		if suggestsSecretFile(line[:end-len(file)]) {
			c.cover(offset+end, offset+end+valueLength(line[end:], false))
		}
	})
	if !readsPasswords(line) {
		return
	}
	for at, word := range eachWord(line) {
		if i := strings.IndexByte(word, ':'); i > 0 && i+1 < len(word) && !isPlainValue(word[i+1:]) {
			c.cover(offset+at+i+1, offset+at+len(word))
		}
	}
	pipe := strings.IndexByte(line, '|')
	if pipe < 0 || !readsPasswords(line[pipe:]) {
		return
	}
	for _, name := range []string{"echo ", "printf "} {
		if i := strings.LastIndex(line[:pipe], name); i >= 0 {
			from := i + len(name)
			for at, word := range eachWord(line[from:pipe]) {
				if !strings.HasPrefix(word, "-") && !isPlainValue(word) {
					c.cover(offset+from+at, offset+from+at+len(word))
				}
			}
		}
	}
}

// suggestsSecretFile reports a line that ends with an option such as --password-file.
func suggestsSecretFile(line string) bool {
	words := strings.Fields(line)
	return len(words) > 0 && strings.Contains(strings.ToLower(words[len(words)-1]), "pass")
}

// isValueSign reports what parts names and values of any format.
func isValueSign(c byte) bool { return strings.IndexByte(" \t\r<>\"'`(){}[],;:=|&", c) >= 0 }

// behindNames covers what looks made: where it has no order, and behind a word that
// suggests a secret.
func (c *covering) behindNames(line string, offset int) {
	secret := false
	for at := 0; at < len(line); {
		start := at
		for at < len(line) && !isValueSign(line[at]) {
			at++
		}
		switch word := line[start:at]; {
		case secret && looksMade(word) && word[0] != '-' || looksRandom(word):
			c.cover(offset+start, offset+at)
		case word != "passwd" && suggestsSecret(strings.Trim(word, "-/$*?")):
			secret = true
		}
		for at < len(line) && isValueSign(line[at]) {
			secret = secret && line[at] != '|' && line[at] != ';'
			at++
		}
	}
}

// looksRandom reports a word with a run in which letters of both cases and digits
// change about as in no name.
func looksRandom(word string) bool {
	const shortest = 12
	start, kinds, changes, last := 0, 0, 0, 0
	for i := 0; i <= len(word); i++ {
		kind := otherSign
		if i < len(word) {
			kind = kindOfSign(word[i])
		}
		if kind == otherSign {
			if i-start >= shortest && kinds == digitSign|smallSign|capitalSign && changes*4 >= i-start {
				return true
			}
			start, kinds, changes, last = i+1, 0, 0, 0
			continue
		}
		if last != 0 && kind != last && ((last|kind)&digitSign != 0 || last == smallSign) {
			changes++
		}
		kinds, last = kinds|kind, kind
	}
	return false
}

const (
	otherSign = 1 << iota
	digitSign
	smallSign
	capitalSign
)

func kindOfSign(c byte) int {
	switch {
	case c >= '0' && c <= '9':
		return digitSign
	case c >= 'A' && c <= 'Z':
		return capitalSign
	case c >= 'a' && c <= 'z':
		return smallSign
	}
	return otherSign
}

// eachWord gives the words of a line between blanks, with their places.
func eachWord(line string) func(func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for at := 0; at < len(line); {
			end := at + len(line[at:])
			if i := strings.IndexAny(line[at:], " \t"); i >= 0 {
				end = at + i
			}
			if end > at && !yield(at, line[at:end]) {
				return
			}
			at = end + 1
		}
	}
}

// coverKeys puts asterisks over the keys in what a finding says: a help may show
// how to write a text that has one.
func coverKeys(text string) string {
	if !holdsSecret(text) {
		return text
	}
	c := &covering{text: text}
	eachKey(text, func(start, end int, _ string) { c.cover(start, end) })
	return c.covered()
}

package template

import (
	"strings"
	"unicode/utf8"
)

// The two markers, exactly so; anything close to them is IB0253.
const (
	HeaderMarker = "# ---"      // the line before and the line after a header
	TestMarker   = "# --- test" // the line before a test section
)

// section says whose rules a part follows.
type section int

const (
	inComponent section = iota
	inBuild
	inTest
)

// piece is a byte range of a source without the continuation mark that ended
// its line. The pieces of an instruction, joined, are its logical line.
type piece struct{ start, end int }

// instruction is one command of a part, continued lines included.
type instruction struct {
	verb       verb
	open       bool   // its last line ends in `\` with nothing after it
	split      bool   // words are cut
	spills     bool   // its text goes on below without a continuation mark
	stray      bool   // it is what spills of the command above, which is told of
	word       string // the keyword as written
	start, end int    // first and past the last byte in the source
	canonical  int    // offset of its text in part.text
	heredoc    piece  // the first mark of a here-document
	pieces     piece  // range of part.pieces: the argument
	words      piece  // range of part.words
	line       string // the joined argument, once someone asked for it
}

// part is one text that is sent: its commands and its canonical form.
type part struct {
	section  section
	src      *source
	at       span // of the part, for what concerns all of it
	commands []instruction
	text     string
	yaml     *yamlContent    // set for YAML; commands is empty then
	scripts  []script        // its shell texts
	room     *shellRoom      // of the scripts
	joined   strings.Builder // what is in the line of instructions
	joinable int             // bounds what gets into it, in bytes

	// Of all commands, so that one command allocates nothing of its own.
	pieces     []piece
	words      []word
	blankLines []blankInside
	late       []piece // blanks after a continuation mark, odd ones at the end of a command
	escape     string  // the other continuation mark that a directive wants, "" for none
}

// blankInside is a blank line inside a continued command.
type blankInside struct {
	piece
	command int
}

func (p *part) span(start, end int) span { return span{src: p.src, start: start, end: end} }

// spanOf is the whole keyword of an instruction.
func (p *part) spanOf(in *instruction) span {
	return p.span(in.start, in.start+len(in.word))
}

// args are the pieces of an instruction's argument.
func (p *part) args(in *instruction) []piece { return p.pieces[in.pieces.start:in.pieces.end] }

// spanOfArgs is the argument text, or the keyword where there is none.
func (p *part) spanOfArgs(in *instruction) span {
	args := p.args(in)
	for len(args) > 0 && skipBlanks(p.src.text[args[0].start:args[0].end]) == "" {
		args = args[1:]
	}
	if len(args) == 0 {
		return p.spanOf(in)
	}
	first := args[0]
	return p.span(first.end-len(skipBlanks(p.src.text[first.start:first.end])), args[len(args)-1].end)
}

// arguments is the logical argument text: the pieces joined.
func (p *part) arguments(in *instruction) string {
	args := p.args(in)
	switch {
	case len(args) == 0:
		return ""
	case len(args) == 1:
		return plainHead(p.src.text[args[0].start:args[0].end])
	case in.line == "":
		if p.joined.Cap() == 0 {
			p.joined.Grow(p.joinable)
		}
		in.line = p.join(args, &p.joined)
	}
	return in.line
}

// join puts pieces together, in what b keeps.
func (p *part) join(args []piece, b *strings.Builder) string {
	from := b.Len()
	for _, a := range args {
		b.WriteString(p.src.text[a.start:a.end])
	}
	return plainHead(b.String()[from:])
}

// plainHead makes odd blanks before the first word ordinary ones: there they
// part it from the keyword. The length stays, so that offsets do.
func plainHead(args string) string {
	head := len(args) - len(skipBlanks(args))
	if head == 0 || !hasOddBlank(args[:head]) {
		return args
	}
	return strings.Repeat(" ", head) + args[head:]
}

// head is the argument from its first word on.
func (p *part) head(in *instruction) string { return skipBlanks(p.arguments(in)) }

// someWords is room for those of a short template, which would be made in five steps.
const someWords = 16

// wordsOf are the words of the argument.
func (p *part) wordsOf(in *instruction) []word {
	if !in.split {
		if p.words == nil {
			p.words = make([]word, 0, someWords)
		}
		in.split, in.words.start = true, len(p.words)
		p.words = appendWords(p.words, in.separable(p.arguments(in)))
		in.words.end = len(p.words)
	}
	return p.words[in.words.start:in.words.end]
}

// separable is the text to cut into words. What COMPONENT takes has no odd
// blanks in it, so there they part words; elsewhere a shell would keep them.
func (in *instruction) separable(text string) string {
	if in.verb != vCOMPONENT {
		return text
	}
	return asBlanks.Replace(text)
}

// asBlanks keeps the length, so that offsets stay.
var asBlanks = strings.NewReplacer("\u00a0", "  ", "\u3000", "   ", "\ufeff", "   ")

// offset maps an offset of arguments() to the source; one that falls between
// two pieces belongs to the earlier.
func (p *part) offset(in *instruction, at int) int {
	for _, a := range p.args(in) {
		if at <= a.end-a.start {
			return a.start + at
		}
		at -= a.end - a.start
	}
	return in.end
}

// spanIn maps a range of arguments() back to the source. What begins between two
// pieces begins in the later.
func (p *part) spanIn(in *instruction, start, end int) span {
	if start == end {
		return p.span(p.offset(in, start), p.offset(in, end))
	}
	return p.span(p.offset(in, start+1)-1, p.offset(in, end))
}

func (p *part) spanOfWord(in *instruction, w word) span { return p.spanIn(in, w.start, w.end) }

// scanner reads one source, once, line by line.
type scanner struct {
	report  *report
	src     *source
	line    int // next line
	end     int // line after the last
	out     strings.Builder
	part    *part
	rule    markerRule
	strayTo int // the line after those that a quote of the last command was meant to hold
	paired  int // line of the closing marker of a header that stands in the wrong place, 0 for none
}

// scanPart reads the lines from..to of a source as commands. It stops at a
// test marker where test allows one, and returns the line after it, or -1.
func scanPart(r *report, p *part, from, to int, markers markerRule) (rest int) {
	s := &scanner{report: r, src: p.src, line: from, end: to, part: p, rule: markers}
	p.commands = make([]instruction, 0, min(to-from, MaxCommands+1))
	p.pieces = make([]piece, 0, to-from)
	if from < to {
		s.out.Grow(len(p.src.text) - p.src.lines[from])
	}
	rest = -1
	for s.line < s.end && rest < 0 {
		switch text := s.src.line(s.line); kindOfLine(text) {
		case blankLine:
			s.line++
		case commentLine:
			if s.comment(text) {
				rest = s.line + 1
			}
			s.line++
		default:
			s.command(text)
		}
	}
	p.text = s.out.String()
	return rest
}

// markerRule says what a marker means where it stands.
type markerRule int

const (
	testMayFollow markerRule = iota // `# --- test` ends the part
	noMarkers                       // no marker has a meaning here
)

// comment judges a comment line; it answers whether the line is the test marker
// that ends the part.
func (s *scanner) comment(text string) bool {
	at := s.src.spanOfLine(s.line)
	switch markerOf(text) {
	case exactTest:
		if s.rule == testMayFollow {
			return true
		}
		s.report.add("IB0253", at, "", "no test section can begin here",
			"a pipeline's content has one, and a component none; delete this marker line")
	case exactHeader:
		if s.line == s.paired {
			break
		}
		s.paired = s.closing()
		s.report.add("IB0253", at, "", "a header marker after the header or after a command",
			"the header is one block, and it stands before the first command")
	case nearHeader:
		s.report.add("IB0253", at, "", "this comment is almost a header marker",
			"write exactly `"+HeaderMarker+"`, or a longer line for a plain divider")
	case nearTest:
		f := s.report.add("IB0253", at, "", "this comment is almost the marker of the test section",
			"write exactly `"+TestMarker+"`")
		if s.rule == testMayFollow {
			f.offer("write "+TestMarker, change{at, TestMarker})
		}
	}
	return false
}

// closing is the next line that is exactly a header marker, below comments only;
// 0 for none.
func (s *scanner) closing() int {
	for i := s.line + 1; i < s.end; i++ {
		text := s.src.line(i)
		if text == HeaderMarker {
			return i
		}
		if kindOfLine(text) == contentLine || markerOf(text) != noMarker {
			break
		}
	}
	return 0
}

// command reads one instruction from the current line to its last.
func (s *scanner) command(text string) {
	start := s.src.lines[s.line]
	indent := len(text) - len(skipBlanks(text))
	word := firstWord(text[indent:])
	verb := verbOf(word)
	if verb == vUnknown && s.spills() {
		return
	}
	in := instruction{word: word, verb: verb, start: start + indent, canonical: s.out.Len(), stray: s.line < s.strayTo}
	if in.stray {
		in.verb = vUnknown
	}
	in.pieces.start = len(s.part.pieces)
	if in.canonical > 0 {
		s.out.WriteByte('\n')
		in.canonical++
	}
	s.out.WriteString(in.verb.text(word))
	rest := skipBlanks(text[indent+len(word):])
	if rest != "" && word != "" {
		s.out.WriteByte(' ')
	}
	from := start + len(text) - len(rest)
	for s.continued(&in, from) && s.nextContent(&in) {
		s.out.WriteByte('\n')
		from = s.src.lines[s.line]
	}
	in.pieces.end = len(s.part.pieces)
	if in.pieces.end > in.pieces.start+1 {
		s.part.joinable += in.end - in.start
	}
	if !in.stray {
		s.below(&in)
	}
	s.part.commands = append(s.part.commands, in)
}

// below steps over the lines below an instruction that are its text and no commands.
func (s *scanner) below(in *instruction) {
	s.heredoc(in)
	if isYAMLRoot(in.word) {
		s.skipStray(in)
	}
}

// continued adds the current line, from an offset on, to the instruction and
// steps over it. It answers whether the line ends in a continuation mark.
func (s *scanner) continued(in *instruction, from int) bool {
	end := s.src.lines[s.line] + len(s.src.line(s.line))
	text := s.src.text[from:end]
	body := trimBlanks(text)
	s.line++
	content, cut := cutMark(body)
	if !cut && s.part.escape != "" {
		content, cut = strings.CutSuffix(body, s.part.escape)
	}
	s.add(from, from+len(content))
	s.out.WriteString(body)
	in.end = from + len(body)
	if tail := text[len(body):]; tail != "" && (cut || hasOddBlank(tail)) {
		s.part.late = append(s.part.late, piece{in.end, end})
	}
	return cut
}

// cutMark cuts the continuation mark that a line without blanks behind it ends
// in. A backslash after a backslash is none: Docker, too, leaves that one to
// the shell.
func cutMark(line string) (string, bool) {
	content, cut := strings.CutSuffix(line, `\`)
	if !cut || strings.HasSuffix(content, `\`) {
		return line, false
	}
	return content, true
}

func (s *scanner) add(start, end int) {
	if start < end {
		s.part.pieces = append(s.part.pieces, piece{start, end})
	}
}

// nextContent steps over comments and blank lines inside a continuation to the
// line that continues it; without one the instruction is left open.
func (s *scanner) nextContent(in *instruction) bool {
	p := s.part
	before := len(p.blankLines)
	for ; s.line < s.end; s.line++ {
		text := s.src.line(s.line)
		kind := kindOfLine(text)
		if kind == contentLine {
			return true
		}
		if kind == commentLine && s.comment(text) {
			break // a forgotten `\` must not hide the test section
		}
		if kind == blankLine {
			start := s.src.lines[s.line]
			p.blankLines = append(p.blankLines, blankInside{piece{start, start + len(text)}, len(p.commands)})
		}
	}
	in.open, p.blankLines = true, p.blankLines[:before]
	return false
}

type lineKind int

const (
	blankLine lineKind = iota
	commentLine
	contentLine
)

func kindOfLine(text string) lineKind {
	text = skipBlanks(text)
	switch {
	case text == "":
		return blankLine
	case text[0] == '#':
		return commentLine
	}
	return contentLine
}

type marker int

const (
	noMarker marker = iota
	exactHeader
	exactTest
	nearHeader
	nearTest
)

// markerOf judges a comment line. Two to four dashes alone, or before a word
// that begins with "test", were meant as a marker, however many # stand before
// them; other comments are plain.
func markerOf(text string) marker {
	switch text {
	case HeaderMarker:
		return exactHeader
	case TestMarker:
		return exactTest
	}
	body := trimBlanks(skipBlanks(strings.TrimLeft(skipBlanks(text), "#")))
	if body != "" && body[0] >= utf8.RuneSelf {
		body = asDashes.Replace(body)
	}
	word := strings.TrimLeft(body, "-")
	dashes := len(body) - len(word)
	if dashes < 2 || dashes > 4 {
		return noMarker
	}
	word = skipBlanks(word)
	switch {
	case word == "":
		return nearHeader
	case len(word) >= 4 && strings.EqualFold(word[:4], "test") && firstWord(word) == word:
		return nearTest
	}
	return noMarker
}

// asDashes undoes what word processors make of dashes.
var asDashes = strings.NewReplacer("\u2013", "--", "\u2014", "---")

// checkDirectives finds what Docker takes for directives: comments before the
// first command, outside the lines of the header. It answers the continuation
// mark that one wants, so that the lines below are read as they were meant.
func checkDirectives(r *report, src *source, header lineRange) (escape string) {
	for i := range src.lines {
		text := src.line(i)
		switch kindOfLine(text) {
		case contentLine:
			return escape
		case commentLine:
			name, value := directive(text)
			if name == "" || i >= header.from && i < header.to {
				continue
			}
			help, only := "delete the line", name
			if name == "escape" && value != `\` { // which changes how the lines below are read
				help, only = `delete the line, and end continued lines with "\"`, ""
			}
			f := r.add("IB0011", src.spanOfLine(i), "", "parser directive "+name+" is not part of this dialect", help)
			if only != "" {
				f.offer("delete the line", change{at: src.wholeLine(i)})
			} else if f != nil && value == "`" {
				escape = value
			}
		}
	}
	return escape
}

// directive returns the name and value of a Docker parser directive, "" for any
// other comment.
func directive(text string) (name, value string) {
	name, value, found := strings.Cut(skipBlanks(skipBlanks(text)[1:]), "=")
	name = strings.ToLower(trimBlanks(name))
	switch name {
	case "escape", "syntax", "check":
		if found {
			return name, trimBlanks(skipBlanks(value))
		}
	}
	return "", ""
}

// skipBlanks cuts blanks, ASCII and others, on the left.
func skipBlanks(s string) string {
	for s != "" {
		if s[0] > ' ' && s[0] < utf8.RuneSelf {
			return s
		}
		n := blank(s)
		if n == 0 {
			return s
		}
		s = s[n:]
	}
	return s
}

// trimBlanks cuts blanks on the right.
func trimBlanks(s string) string {
	for s != "" {
		last := s[len(s)-1]
		switch {
		case last == ' ' || last == '\t':
			s = s[:len(s)-1]
		case last < utf8.RuneSelf:
			return s
		default:
			r, n := utf8.DecodeLastRuneInString(s)
			if !isOddBlank(r) {
				return s
			}
			s = s[:len(s)-n]
		}
	}
	return s
}

// blank returns the length of the blank that s begins with, 0 for none.
func blank(s string) int {
	if s[0] == ' ' || s[0] == '\t' {
		return 1
	}
	if s[0] < utf8.RuneSelf {
		return 0
	}
	if r, n := utf8.DecodeRuneInString(s); isOddBlank(r) {
		return n
	}
	return 0
}

// oddBlanks are those that no shell takes for one: the no-break space, the wide
// space of Chinese keyboards, and the byte order mark, which has no width.
const oddBlanks = "\u00a0\u3000\ufeff"

// hasOddBlank takes an eighth of the time of strings.ContainsAny, which looks
// each byte up.
func hasOddBlank(s string) bool {
	return strings.Contains(s, "\u00a0") || strings.Contains(s, "\u3000") || strings.Contains(s, "\ufeff")
}

func isOddBlank(r rune) bool { return r >= utf8.RuneSelf && strings.ContainsRune(oddBlanks, r) }

// firstWord returns what stands before the first blank, without the
// continuation mark of a line that ends right after it.
func firstWord(s string) string {
	s, _ = cutMark(trimBlanks(s))
	for i := range len(s) {
		if blank(s[i:]) > 0 {
			return s[:i]
		}
	}
	return s
}

package template

import (
	"errors"
	"strings"
	"sync"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
	"mvdan.cc/sh/v3/syntax"
)

// script is one shell text of a part: the argument of RUN, the commandContent of a
// task, or the commands of a step of an AWS document. It is parsed once, for all rules.
type script struct {
	p       *part
	in      *instruction // RUN, nil of YAML
	entries []entry      // of YAML, nil of RUN
	user    string       // of a task, "" is root
	tests   bool         // what a step does after the build
	text    string
	blanked bool // references in it were

	stmts []*syntax.Stmt // the whole statements before a syntax error, if there is one
	base  int            // offset of text in what was parsed
	err   error
	late  bool // err is in what a here-document expands

	calls   []call // in the order of the text, those inside words before their own
	steps   []step
	pipes   []pipeline
	writes  []write
	loops   []*syntax.WhileClause
	fors    []*syntax.WordIter
	secrets []assignment // to names that say something of the value
}

// entry is a scalar of YAML that a script is made of.
type entry struct {
	node *yaml.Node
	at   int   // where its value begins in the script
	runs []run // once someone asked for a place
}

// Bounds of what is parsed. A longer script is sent to no service, and a
// parser that recurses must not be led deeper than any author goes.
const (
	maxScript  = MaxContentBytes
	maxScripts = 4 * maxScript // of all scripts of a part
	maxNesting = 500
)

// shellRoom is what reading the scripts of a part takes and nothing keeps. It
// is used again for the next part, since filling new room takes longer than the
// rules do; until then it keeps the last part alive.
type shellRoom struct {
	parser  shellParser
	plain   plainReader
	scripts []script
	left    []*script // for the parser
	ends    []end
	calls   []call
	steps   []step
	writes  []write
	args    []argument
	text    strings.Builder // see callReader
}

var shellRooms = sync.Pool{New: func() any { return &shellRoom{parser: shellParser{p: syntax.NewParser()}} }}

// end is where a script's calls, steps and writes end among those of all.
type end struct{ calls, steps, writes int }

// maxRoom bounds what is kept, in calls and arguments.
const maxRoom = 4096

// releaseScripts ends the use of the scripts of a part: a template is kept, and
// syntax trees are twenty times its text.
func releaseScripts(p *part) {
	room := p.room
	p.room, p.scripts = nil, nil
	if room == nil || cap(room.calls) > maxRoom || cap(room.steps) > maxRoom || cap(room.args) > maxRoom {
		return
	}
	room.plain.release()
	shellRooms.Put(room)
}

// readScripts parses the shell texts of a part.
func readScripts(p *part) {
	room := shellRooms.Get().(*shellRoom)
	p.room = room
	if p.yaml != nil {
		room.tasks(p)
		room.awsSteps(p)
	} else {
		room.runs(p)
	}
	p.scripts = room.scripts
	if len(p.scripts) == 0 {
		return
	}
	room.left = room.left[:0]
	for i := range p.scripts {
		if s := &p.scripts[i]; s.stmts == nil {
			room.left = append(room.left, s)
		}
	}
	room.parser.read(room.left)
	room.readCalls(p.scripts)
}

// readCalls finds the calls and steps of scripts.
func (room *shellRoom) readCalls(scripts []script) {
	room.text.Reset() // findings may hold what it made for the last part
	r := callReader{parser: &room.parser, calls: room.calls[:0], steps: room.steps[:0], writes: room.writes[:0],
		args: room.args[:0], text: &room.text}
	room.ends = room.ends[:0]
	for i := range scripts {
		r.read(&scripts[i])
		room.ends = append(room.ends, end{len(r.calls), len(r.steps), len(r.writes)})
	}
	room.calls, room.steps, room.writes, room.args = r.calls, r.steps, r.writes, r.args
	from := end{}
	for i, to := range room.ends {
		s := &scripts[i]
		s.calls, s.steps = r.calls[from.calls:to.calls:to.calls], r.steps[from.steps:to.steps:to.steps]
		s.writes, from = r.writes[from.writes:to.writes:to.writes], to
	}
}

// add keeps a script, and reads it where it is plain. What bounds the parser need
// not bound that.
func (room *shellRoom) add(s script) {
	ok := len(s.text) <= maxScript
	if ok {
		s.stmts, ok = room.plain.read(s.text)
	}
	if ok || isParsable(s.text) {
		room.scripts = append(room.scripts, s)
	}
}

// runs are the shell forms of RUN, without what is no shell text: flags, and
// commands with a here-document.
func (room *shellRoom) runs(p *part) {
	room.scripts = room.scripts[:0]
	left := maxScripts
	for i := range p.commands {
		in := &p.commands[i]
		if in.verb != vRUN || in.heredoc.end > 0 {
			continue
		}
		text := p.arguments(in)
		if strings.HasPrefix(p.head(in), "--") {
			text = p.withoutFlags(in, text)
		}
		if left -= len(text); left < 0 || strings.HasPrefix(text, "[") && isStringArray(text) {
			continue
		}
		room.add(script{p: p, in: in, text: text})
	}
}

// tasks are the contents of RunShellCommand that a shell reads.
func (room *shellRoom) tasks(p *part) {
	room.scripts = room.scripts[:0]
	left := maxScripts
	p.eachAction(func(task *yaml.Node, a *Action) {
		n := value(value(task, "Properties"), "commandContent")
		if a.Name != "RunShellCommand" || n == nil || n.Kind != yaml.ScalarNode {
			return
		}
		s := script{p: p, entries: []entry{{node: n}}, text: blankReferences(n.Value, isReferenceName)}
		s.blanked = s.text != n.Value
		if name := value(value(task, "Properties"), "username"); name != nil {
			s.user = name.Value
		}
		if left -= len(s.text); left >= 0 && interpreterOf(s.text) != notShell {
			room.add(s)
		}
	})
}

// awsSteps are those of an AWS document that a shell reads.
func (room *shellRoom) awsSteps(p *part) {
	left := maxScripts
	p.eachAWSScript("ExecuteBash", func(s script) bool {
		if left -= len(s.text); left >= 0 && interpreterOf(s.text) != notShell {
			room.add(s)
		}
		return left >= 0
	})
}

// eachAWSScript calls f with the steps of an AWS document that have this action, as long as
// it wants: all entries of commands are one script. Source: AWSTOE, action modules.
func (p *part) eachAWSScript(name string, f func(script) bool) {
	if !p.isAWSDocument() {
		return
	}
	for _, phase := range items(value(p.yaml.root, "phases")) {
		for _, step := range items(value(phase, "steps")) {
			if action := value(step, "action"); action != nil && action.Value == name && !f(p.awsScript(phase, step)) {
				return
			}
		}
	}
}

func (p *part) awsScript(phase, step *yaml.Node) script {
	name := value(phase, "name")
	s := script{p: p, tests: name != nil && name.Value != "build"}
	var b strings.Builder
	for _, command := range items(value(value(step, "inputs"), "commands")) {
		if n := resolved(command); n != nil && n.Kind == yaml.ScalarNode {
			s.entries = append(s.entries, entry{node: n, at: b.Len()})
			b.WriteString(n.Value + "\n")
		}
	}
	s.text = blankReferences(b.String(), isAWSReference)
	s.blanked = s.text != b.String()
	return s
}

// isParsable bounds the size and the nesting, quotes and all.
func isParsable(text string) bool {
	if len(text) > maxScript || strings.Trim(text, " \t\r\n") == "" || !utf8.ValidString(text) {
		return false
	}
	depth := 0
	for i := range len(text) {
		switch text[i] {
		case '(', '[', '{', '`', '!':
			if depth++; depth > maxNesting {
				return false
			}
		case ')', ']', '}', '\n':
			depth = max(depth-1, 0)
		}
	}
	return true
}

// blankReferences writes an expansion of the same length in the place of each
// {{ reference }}: the service puts a value there before a shell sees the text.
func blankReferences(text string, isReference func(string) bool) string {
	var b strings.Builder
	at := 0
	for {
		open := strings.Index(text[at:], "{{")
		if open < 0 {
			break
		}
		open += at
		length := strings.Index(text[open:], "}}")
		if length < 0 {
			break
		}
		end := open + length + len("}}")
		if !isReference(text[open+2 : end-2]) {
			b.WriteString(text[at : open+1])
			at = open + 1
			continue
		}
		b.WriteString(text[at:open])
		b.WriteString("${")
		for range end - open - 3 {
			b.WriteByte('_')
		}
		b.WriteByte('}')
		at = end
	}
	if at == 0 {
		return text
	}
	b.WriteString(text[at:])
	return b.String()
}

// isReferenceName reports what referenceForm takes between the braces.
func isReferenceName(s string) bool {
	s = strings.Trim(s, " \t\r\n\f\v")
	first, rest, dotted := strings.Cut(s, ".")
	return isNameOf(first, "_-") && (!dotted || isNameOf(rest, "_"))
}

// isAWSReference takes whatever AWSTOE may, for example phase.step.inputs[0].path.
func isAWSReference(s string) bool { return s != "" && !strings.ContainsAny(s, "{}\n") }

func isNameOf(s, also string) bool {
	for i := range len(s) {
		if c := s[i]; !isLetter(c) && (c < '0' || c > '9') && !strings.Contains(also, s[i:i+1]) {
			return false
		}
	}
	return s != ""
}

// interpreter is what reads a script.
type interpreter int

const (
	bash interpreter = iota // also where nothing says so
	korn
	zsh
	notShell
)

// interpreterOf goes by the first line.
func interpreterOf(text string) interpreter {
	line, ok := strings.CutPrefix(text, "#!")
	if !ok {
		return bash
	}
	line, _, _ = strings.Cut(line, "\n")
	for _, word := range strings.Fields(line) {
		name := word[strings.LastIndexByte(word, '/')+1:]
		switch name {
		case "sh", "bash", "dash", "ash":
			return bash
		case "ksh", "mksh", "ksh93":
			return korn
		case "zsh":
			return zsh
		case "env":
			continue
		}
		if !strings.HasPrefix(name, "-") && !strings.Contains(name, "=") {
			return notShell
		}
	}
	return bash
}

// shellParser parses text after text.
type shellParser struct {
	p    *syntax.Parser
	text strings.Reader
}

// errParser stands for a panic of the library: whatever stands in a template
// must end in a finding, or in none.
var errParser = errors.New("the parser failed")

func (sp *shellParser) parse(text string, dialect syntax.LangVariant) (file *syntax.File, err error) {
	defer func() {
		if recover() != nil {
			sp.p, file, err = syntax.NewParser(), nil, errParser
		}
	}()
	syntax.Variant(dialect)(sp.p)
	sp.text.Reset(text)
	return sp.p.Parse(&sp.text, "")
}

// read parses scripts.
func (sp *shellParser) read(scripts []*script) {
	if len(scripts) > 1 && sp.together(scripts) {
		return
	}
	for _, s := range scripts {
		sp.alone(s)
	}
}

// together parses all RUN commands as one text, which takes half the time. It
// answers false where there is an error in it, or a statement that reaches from
// one command into the next.
func (sp *shellParser) together(scripts []*script) bool {
	size := 0
	for _, s := range scripts {
		if size += len(s.text) + 1; s.in == nil {
			return false
		}
	}
	if size > maxScript {
		return false
	}
	var b strings.Builder
	b.Grow(size)
	for _, s := range scripts {
		s.base = b.Len()
		b.WriteString(s.text)
		b.WriteByte('\n')
	}
	file, err := sp.parse(b.String(), syntax.LangBash)
	return err == nil && share(scripts, file.Stmts)
}

// share gives each script its statements.
func share(scripts []*script, stmts []*syntax.Stmt) bool {
	for _, s := range scripts {
		end, n := s.base+len(s.text), 0
		for n < len(stmts) && int(stmts[n].Pos().Offset()) < end {
			if int(stmts[n].End().Offset()) > end {
				return false
			}
			n++
		}
		s.stmts, stmts = stmts[:n:n], stmts[n:]
	}
	return true
}

// alone parses one script. What any of the usual shells can read is no error:
// no document says which one runs it.
func (sp *shellParser) alone(s *script) {
	s.base = 0
	dialects := []syntax.LangVariant{syntax.LangBash, syntax.LangPOSIX}
	switch interpreterOf(s.text) {
	case korn:
		dialects = []syntax.LangVariant{syntax.LangMirBSDKorn, syntax.LangBash}
	case zsh:
		dialects = []syntax.LangVariant{syntax.LangZsh, syntax.LangBash}
	}
	for i, dialect := range dialects {
		file, err := sp.parse(s.text, dialect)
		if err == nil {
			s.stmts, s.err = file.Stmts, nil
			return
		}
		if i == 0 {
			s.err = err
		}
	}
	text := withPlainDocuments(s.text)
	if text != s.text {
		file, err := sp.parse(text, dialects[0])
		if err == nil {
			s.stmts, s.late = file.Stmts, true
			return
		}
		s.err = err
	}
	s.stmts = sp.whole(text, dialects[0])
}

// whole are the statements before a syntax error.
func (sp *shellParser) whole(text string, dialect syntax.LangVariant) (stmts []*syntax.Stmt) {
	defer func() {
		if recover() != nil {
			sp.p, stmts = syntax.NewParser(), nil
		}
	}()
	syntax.Variant(dialect)(sp.p)
	sp.text.Reset(text)
	broken := false
	for stmt, err := range sp.p.StmtsSeq(&sp.text) { // to its end: it does not stop when it is told to
		if broken = broken || err != nil; !broken {
			stmts = append(stmts, stmt)
		}
	}
	return stmts
}

// offset is that of a position in the script's text.
func (s *script) offset(pos syntax.Pos) int {
	return min(max(int(pos.Offset())-s.base, 0), len(s.text))
}

// extent is a range of a script's text.
type extent struct{ start, end int }

func (s *script) extent(n syntax.Node) extent { return extent{s.offset(n.Pos()), s.offset(n.End())} }

// span is where a range of the text stands in the source.
func (s *script) span(e extent) span {
	if s.in != nil {
		return s.p.spanIn(s.in, e.start, e.end)
	}
	first, last := s.entryAt(e.start), s.entryAt(max(e.start, e.end-1))
	at := first.span(s.p.yaml.text, e)
	if first != last {
		at.end = last.span(s.p.yaml.text, e).end
	}
	return at
}

// entryAt is the entry in which a place of the text stands.
func (s *script) entryAt(at int) *entry {
	i := len(s.entries) - 1
	for i > 0 && s.entries[i].at > at {
		i--
	}
	return &s.entries[i]
}

// span is where the part of a range of the script that is in the entry stands.
func (n *entry) span(y *yamlText, e extent) span {
	if n.runs == nil {
		n.runs = runsOf(y, n.node, n.node.Value)
	}
	return spanOfRuns(y, n.node, n.runs, extent{max(e.start-n.at, 0), min(e.end-n.at, len(n.node.Value))})
}

// isTest reports a script that only looks at what was built.
func (s *script) isTest() bool { return s.tests || s.p.section == inTest }

package template

import (
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// call is one program that a script calls, what only hands it on taken off:
// of `sudo env A=b yum install x` it is yum.
type call struct {
	tools   tool
	name    string // without its directory; "" where only the run tells
	at      extent // of the name
	args    []argument
	context context
	inside  int          // the first call of those inside its words, which come before it
	input   *syntax.Word // here-document or here-string, nil where there is none
}

// pipeline is commands whose output is the input of the next.
type pipeline struct {
	stages  []int // the first call of each, and past the last
	context context
	open    bool // the exit status of all but the last is lost
}

// assignment is a variable that is given a value.
type assignment struct {
	at    extent // of the name
	name  string
	value argument
}

// write is a redirection into a file.
type write struct {
	to         argument
	start, end int // the calls whose output it is
}

// step is one statement of the outermost list of a script.
type step struct {
	stmt       *syntax.Stmt
	start, end int  // its calls
	errexit    bool // set -e holds
}

// argument is one word of a call as the program gets it.
type argument struct {
	text  string // an expansion is a NUL in it
	fixed bool   // there is no expansion in it
	split bool   // it may be several words, or none
	at    extent
	word  *syntax.Word // nil where it stands in a text within the text
}

// context says how a command is called.
type context struct {
	fed       bool // its standard input is given
	tested    bool // somebody looks at its exit status
	function  bool // only when a function is called
	elsewhere bool // in another root directory
	sudo      bool
	timed     bool // under timeout
	detached  bool // under nohup or setsid
	behind    bool // in the background
	waiting   bool // in the condition of a loop
	within    bool // in a word, or in a text within the text
	compared  bool // what it writes is, inside [[ or case
	depth     int  // of compound commands around it
}

// callReader finds the calls of a script.
type callReader struct {
	script *script
	parser *shellParser
	calls  []call           // of all scripts
	steps  []step           // of all scripts
	writes []write          // of all scripts
	text   *strings.Builder // of the arguments that are not one piece of their script
	start  int              // the script's first
	args   []argument       // room for the next
	// Functions of the script, and the one that is being read.
	functions []function
	function  function
	// What set has set, and exec has redirected.
	errexit, pipefail, fed bool
	// Of a text within the text, such as that of sh -c: where it stands.
	nested  int
	shift   int
	outside extent // set where its places are not those of the text plus shift
}

// maxNested bounds texts within texts.
const maxNested = 3

// maxCalls bounds the calls of a part: texts within texts are read again.
const maxCalls = 20_000

// read finds the calls of a script, and what joins them.
func (r *callReader) read(s *script) {
	r.script, r.start, r.errexit, r.pipefail, r.fed = s, len(r.calls), false, false, false
	r.functions = r.functions[:0]
	if line, ok := strings.CutPrefix(s.text, "#!"); ok {
		line, _, _ = strings.Cut(line, "\n")
		for _, word := range strings.Fields(line) {
			r.errexit = r.errexit || isCluster(word, "e", "")
		}
	}
	for _, stmt := range s.stmts {
		n := step{stmt: stmt, start: r.here(), errexit: r.errexit}
		r.stmt(stmt, context{})
		n.end = r.here()
		r.steps = append(r.steps, n)
	}
}

// here is the number, in its script, of the call that comes next.
func (r *callReader) here() int { return len(r.calls) - r.start }

func (r *callReader) extent(n syntax.Node) extent {
	if r.nested == 0 {
		return r.script.extent(n)
	}
	if r.outside.end > 0 {
		return r.outside
	}
	return extent{int(n.Pos().Offset()) + r.shift, int(n.End().Offset()) + r.shift}
}

func (r *callReader) stmts(list []*syntax.Stmt, c context) {
	for _, s := range list {
		r.stmt(s, c)
	}
}

func (r *callReader) stmt(s *syntax.Stmt, c context) {
	c.tested = c.tested || s.Negated
	c.behind = c.behind || s.Background || s.Coprocess
	c.fed = c.fed || r.fed
	start := r.here()
	var input *syntax.Redirect
	for _, redirect := range s.Redirs {
		switch redirect.Op {
		case syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc:
			input, c.fed = redirect, true
		case syntax.RdrIn, syntax.DplIn:
			c.fed = true
		}
		r.word(redirect.Word, c)
		r.word(redirect.Hdoc, c)
	}
	if s.Cmd != nil {
		r.command(s.Cmd, c)
	}
	if c.fed && len(s.Redirs) > 0 {
		r.feed(s.Cmd, input, start)
	}
	for _, redirect := range s.Redirs {
		switch redirect.Op {
		case syntax.RdrOut, syntax.AppOut, syntax.RdrAll, syntax.AppAll, syntax.RdrClob:
			r.writes = append(r.writes, write{r.argument(redirect.Word), start, r.here()})
		}
	}
}

// feed notes what a simple command reads: exec without a command redirects the
// input of all that comes behind it, and a shell runs a text that it is given.
func (r *callReader) feed(cmd syntax.Command, input *syntax.Redirect, start int) {
	simple, ok := cmd.(*syntax.CallExpr)
	if !ok {
		return
	}
	if len(simple.Args) == 1 && simple.Args[0].Lit() == "exec" {
		r.fed = true
	}
	if r.here() == start {
		return
	}
	k := &r.calls[len(r.calls)-1]
	k.inside = start // what is inside its redirections, too
	if input == nil {
		return
	}
	if k.input = input.Hdoc; input.Op == syntax.WordHdoc {
		k.input = input.Word
	}
	if k.input == nil || !k.readsScript() {
		return
	}
	a := r.argument(k.input)
	if input.Op != syntax.WordHdoc { // as it is written: only the run puts values into it
		if r.nested > 0 {
			return
		}
		a = argument{text: r.script.text[a.at.start:a.at.end], fixed: true, at: a.at}
	}
	shell := *k // what it runs is added behind it, and may move it
	c := k.context
	c.fed = false
	r.inner(&shell, a, c)
}

// readsScript reports a shell that runs its standard input.
func (k *call) readsScript() bool {
	if k.name == "su" || k.name == "runuser" || k.name == "sudo" {
		return k.tools&tPrompt != 0 && k.prompts(nil)
	}
	return k.tools&tShell != 0 && isRunner(k)
}

func (r *callReader) command(cmd syntax.Command, c context) {
	inner := c
	inner.depth++
	switch cmd := cmd.(type) {
	case *syntax.CallExpr:
		r.call(cmd, c)
	case *syntax.BinaryCmd:
		r.binary(cmd, c)
	case *syntax.Subshell:
		errexit, pipefail, fed := r.errexit, r.pipefail, r.fed
		r.stmts(cmd.Stmts, inner)
		r.errexit, r.pipefail, r.fed = errexit, pipefail, fed
	case *syntax.Block:
		r.stmts(cmd.Stmts, inner)
	case *syntax.IfClause:
		r.ifClause(cmd, inner)
	case *syntax.WhileClause:
		if r.nested == 0 {
			r.script.loops = append(r.script.loops, cmd)
		}
		test := inner
		test.tested, test.waiting = true, true
		r.stmts(cmd.Cond, test)
		r.stmts(cmd.Do, inner)
	case *syntax.ForClause:
		if loop, ok := cmd.Loop.(*syntax.WordIter); ok {
			r.words(loop.Items, c)
			if r.nested == 0 {
				r.script.fors = append(r.script.fors, loop)
			}
		}
		r.stmts(cmd.Do, inner)
	case *syntax.CaseClause:
		word := c
		word.compared = true
		r.word(cmd.Word, word)
		for _, item := range cmd.Items {
			r.words(item.Patterns, c)
			r.stmts(item.Stmts, inner)
		}
	case *syntax.FuncDecl:
		r.declareFunction(cmd, inner)
	case *syntax.TimeClause:
		if cmd.Stmt != nil {
			r.stmt(cmd.Stmt, c)
		}
	case *syntax.CoprocClause:
		inner.behind = true
		r.stmt(cmd.Stmt, inner)
	case *syntax.DeclClause:
		r.declare(cmd, c)
	case *syntax.TestClause:
		r.test(cmd.X, c)
	case *syntax.ArithmCmd:
		r.arithmetic(cmd.X, c)
	case *syntax.LetClause:
		for _, x := range cmd.Exprs {
			r.arithmetic(x, c)
		}
	}
}

func (r *callReader) ifClause(cmd *syntax.IfClause, c context) {
	for ; cmd != nil; cmd = cmd.Else {
		test := c
		test.tested = true
		r.stmts(cmd.Cond, test)
		r.stmts(cmd.Then, c)
	}
}

// declare keeps export and its like as a call whose arguments are the names.
func (r *callReader) declare(cmd *syntax.DeclClause, c context) {
	r.assigns(cmd.Args, c)
	k := call{tools: toolOf(cmd.Variant.Value), name: cmd.Variant.Value, at: r.extent(cmd.Variant), context: c, inside: r.here()}
	r.calls = append(r.calls, k)
}

func (r *callReader) binary(cmd *syntax.BinaryCmd, c context) {
	switch cmd.Op {
	case syntax.Pipe, syntax.PipeAll:
		p := pipeline{context: c, open: !r.pipefail}
		r.pipe(cmd, &p, c)
		p.stages = append(p.stages, r.here())
		r.script.pipes = append(r.script.pipes, p)
	case syntax.OrStmt:
		left := c
		left.tested = true
		r.stmt(cmd.X, left)
		r.stmt(cmd.Y, c)
	default:
		left := c
		left.tested = left.tested || leaves(cmd.Y)
		r.stmt(cmd.X, left)
		r.stmt(cmd.Y, c)
	}
}

// leaves reports what ends a loop or a script, as behind `... && break` or
// `... && exit 0`.
func leaves(s *syntax.Stmt) bool {
	c, ok := s.Cmd.(*syntax.CallExpr)
	if !ok || len(c.Args) == 0 {
		return false
	}
	switch c.Args[0].Lit() {
	case "break", "continue", "return", "exit":
		return true
	}
	return false
}

// pipe reads the stages of a pipeline from left to right.
func (r *callReader) pipe(cmd *syntax.BinaryCmd, p *pipeline, c context) {
	for i, stage := range []*syntax.Stmt{cmd.X, cmd.Y} {
		c.fed = c.fed || i > 0
		inner, ok := stage.Cmd.(*syntax.BinaryCmd)
		if ok && len(stage.Redirs) == 0 && (inner.Op == syntax.Pipe || inner.Op == syntax.PipeAll) {
			r.pipe(inner, p, c)
			continue
		}
		p.stages = append(p.stages, r.here())
		r.stmt(stage, c)
	}
}

func (r *callReader) test(x syntax.TestExpr, c context) {
	switch x := x.(type) {
	case *syntax.BinaryTest:
		c.compared = c.compared || x.Op != syntax.AndTest && x.Op != syntax.OrTest
		r.test(x.X, c)
		r.test(x.Y, c)
	case *syntax.UnaryTest:
		r.test(x.X, c)
	case *syntax.ParenTest:
		r.test(x.X, c)
	case *syntax.Word:
		r.word(x, c)
	}
}

func (r *callReader) assigns(list []*syntax.Assign, c context) {
	for _, a := range list {
		r.word(a.Value, c)
		if a.Value != nil && a.Name != nil && (isTold(a.Name.Value) || r.givesAccess(a.Value)) {
			r.script.secrets = append(r.script.secrets, assignment{r.extent(a.Name), a.Name.Value, r.argument(a.Value)})
		}
		if a.Array != nil {
			for _, e := range a.Array.Elems {
				r.word(e.Value, c)
			}
		}
	}
}

// givesAccess reports a value that may be a web address with a password in it.
func (r *callReader) givesAccess(w *syntax.Word) bool {
	return r.script.p.src.has(atByte) && w.Lit() != "" && holdsPassword(w.Lit())
}

// isTold reports a variable whose name says something of its value.
func isTold(name string) bool { return suggestsSecret(name) || namesAddress(name) || namesTrust(name) }

func (r *callReader) words(list []*syntax.Word, c context) {
	for _, w := range list {
		r.word(w, c)
	}
}

// word finds the calls inside a word.
func (r *callReader) word(w *syntax.Word, c context) {
	if w != nil && !isPlain(w) {
		r.parts(w.Parts, c)
	}
}

// isPlain reports a word of one part with nothing inside.
func isPlain(w *syntax.Word) bool {
	if len(w.Parts) != 1 {
		return false
	}
	switch w.Parts[0].(type) {
	case *syntax.Lit, *syntax.SglQuoted:
		return true
	}
	return false
}

func (r *callReader) parts(parts []syntax.WordPart, c context) {
	c.depth++
	c.within = true
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.DblQuoted:
			r.parts(part.Parts, c)
		case *syntax.CmdSubst:
			r.stmts(part.Stmts, c)
		case *syntax.ProcSubst:
			r.stmts(part.Stmts, c)
		case *syntax.ParamExp:
			r.expansion(part, c)
		case *syntax.ArithmExp:
			r.arithmetic(part.X, c)
		}
	}
}

// expansion finds the calls inside ${...}.
func (r *callReader) expansion(x *syntax.ParamExp, c context) {
	r.arithmetic(x.Index, c)
	if x.Slice != nil {
		r.arithmetic(x.Slice.Offset, c)
		r.arithmetic(x.Slice.Length, c)
	}
	if x.Repl != nil {
		r.word(x.Repl.Orig, c)
		r.word(x.Repl.With, c)
	}
	if x.Exp != nil {
		r.word(x.Exp.Word, c)
	}
}

// arithmetic finds the calls inside an expression.
func (r *callReader) arithmetic(x syntax.ArithmExpr, c context) {
	switch x := x.(type) {
	case *syntax.BinaryArithm:
		r.arithmetic(x.X, c)
		r.arithmetic(x.Y, c)
	case *syntax.UnaryArithm:
		r.arithmetic(x.X, c)
	case *syntax.ParenArithm:
		r.arithmetic(x.X, c)
	case *syntax.Word:
		r.word(x, c)
	}
}

// call reads one simple command.
func (r *callReader) call(cmd *syntax.CallExpr, c context) {
	inside := r.here()
	r.assigns(cmd.Assigns, c)
	if len(cmd.Args) > 0 {
		lost := c
		lost.tested = true // what is inside the words fails without a trace, pipe or not
		r.words(cmd.Args, lost)
	}
	if len(cmd.Args) == 0 || len(r.calls) > maxCalls {
		return
	}
	if cap(r.args)-len(r.args) < len(cmd.Args) {
		r.args = make([]argument, 0, max(64, 2*cap(r.args), len(cmd.Args)))
	}
	first := len(r.args)
	r.args = r.args[:first+len(cmd.Args)]
	for i, w := range cmd.Args {
		r.fill(&r.args[first+i], w)
	}
	r.program(r.args[first:len(r.args):len(r.args)], c, inside)
}

func (r *callReader) argument(w *syntax.Word) (a argument) {
	r.fill(&a, w)
	return a
}

func (r *callReader) fill(a *argument, w *syntax.Word) {
	a.at, a.word = r.extent(w), w
	a.text, a.fixed, a.split = textOf(w, r.text)
}

// program takes off what hands a command on, and keeps the call.
func (r *callReader) program(args []argument, c context, inside int) {
	for first := true; ; first = false {
		name := baseName(args[0])
		if name == "" && args[0].isSudo() {
			name = "sudo"
		}
		if r.function.name != "" {
			r.readFunction(name, args, c)
		}
		if first && len(r.functions) > 0 && r.callFunction(args, c, inside) {
			return
		}
		tools := toolOf(name)
		if tools&tWrapper == 0 {
			r.add(name, tools, args, c, inside)
			return
		}
		w := wrappers[name]
		if w.changes != nil { // which takes no pointer: the context would be allocated
			c = w.changes(c)
		}
		if name == "sudo" && w.isForAnother(args[1:]) {
			c.sudo = false
		}
		whole := args
		r.environment(w, args[1:])
		if args = w.rest(args[1:]); len(args) == 0 {
			if name == "sudo" { // -i and -s open a shell
				r.add(name, tPrompt, whole, c, inside)
			}
			return
		}
		if name == "flock" && args[0].isCommandOption() {
			r.add(name, tShell, whole, c, inside)
			return
		}
	}
}

// environment keeps the secrets among the variables that env or sudo is given.
func (r *callReader) environment(w *wrapper, args []argument) {
	if !w.variables {
		return
	}
	for _, a := range args {
		name, value, ok := strings.Cut(a.text, "=")
		if !ok || !isNameOf(name, "_") || !isTold(name) {
			continue
		}
		at := a.at
		if base := a.plainAt(); base >= 0 {
			at = extent{base, base + len(name)}
		} else if strings.HasPrefix(r.script.text[a.at.start:a.at.end], name) {
			at.end = at.start + len(name)
		}
		r.script.secrets = append(r.script.secrets, assignment{at, name, argument{text: value, fixed: a.fixed, at: a.at}})
	}
}

// isSudo reports $SUDO, which scripts have that root runs too.
func (a argument) isSudo() bool { return strings.EqualFold(a.variable(), "sudo") }

// variable is the name where the whole of a word is $name, "" otherwise.
func (a argument) variable() string {
	if a.word == nil || len(a.word.Parts) != 1 {
		return ""
	}
	if p, ok := a.word.Parts[0].(*syntax.ParamExp); ok && p.Param != nil && p.Exp == nil && p.Index == nil {
		return p.Param.Value
	}
	return ""
}

func (r *callReader) add(name string, tools tool, args []argument, c context, inside int) {
	k := call{tools: tools, name: name, at: args[0].at, args: args[1:], context: c, inside: inside}
	r.calls = append(r.calls, k)
	switch {
	case name == "eval" && (len(k.args) > 1 || len(k.args) == 1 && k.args[0].allArguments() >= 0):
		r.program(k.args, c, r.here())
	case name == "set":
		r.set(&k)
	case k.tools&tShell != 0:
		if text := k.shellText(); text != nil {
			r.inner(&k, *text, c)
		}
	}
	for rest := k.handedOn(k.args); len(rest) > 0 && len(r.calls) <= maxCalls; {
		command := untilMark(rest)
		r.program(command, c, r.here())
		rest = k.handedOn(rest[len(command):])
	}
}

// set follows the options that change what a failure does. What stands behind them
// are arguments of the shell.
func (r *callReader) set(k *call) {
	for i := 0; i < len(k.args); i++ {
		text := k.args[i].text
		on := strings.HasPrefix(text, "-")
		if text == "--" || !on && !strings.HasPrefix(text, "+") {
			return
		}
		option, long := "", strings.HasPrefix(text, "--") // --norc of bash
		if !long && strings.HasSuffix(text, "o") && i+1 < len(k.args) {
			i++
			option = k.args[i].text
		}
		if option == "errexit" || !long && strings.Contains(text, "e") {
			r.errexit = on
		}
		if option == "pipefail" {
			r.pipefail = on
		}
	}
}

// baseName is the program's name without its directory.
func baseName(a argument) string {
	if !a.fixed {
		return ""
	}
	return a.text[strings.LastIndexByte(a.text, '/')+1:]
}

// inner reads the text of `sh -c text`, `eval text` or `sh <<E`.
func (r *callReader) inner(k *call, a argument, c context) {
	if !a.fixed {
		a = r.spelled(a)
	}
	if !a.fixed || r.nested == maxNested || !isParsable(a.text) {
		return
	}
	file, err := r.parser.parse(a.text, syntax.LangBash)
	if err != nil {
		return
	}
	in := *r
	in.nested++
	if in.shift = a.plainAt(); in.shift < 0 || r.outside.end > 0 {
		in.outside = a.at
	}
	c.depth++
	c.within = true
	switch k.name {
	case "eval":
	case "trap":
		c.tested = true // the script's own exit status is the one that counts
	default:
		in.errexit, in.pipefail, in.functions, in.function = false, false, nil, function{}
		in.set(k)
	}
	in.stmts(file.Stmts, c)
	r.calls, r.args, r.writes = in.calls, in.args, in.writes
}

// plainAt is where the text of an argument stands as it is, -1 where it has
// escapes or more than one part.
func (a argument) plainAt() int {
	if a.at.end-a.at.start == len(a.text) { // of a here-document
		return a.at.start
	}
	if a.word == nil || len(a.word.Parts) != 1 || a.at.end-a.at.start != len(a.text)+2 {
		return -1
	}
	return a.at.start + 1
}

// has reports one of some arguments.
func (k *call) has(options ...string) bool {
	for _, a := range k.args {
		for _, o := range options {
			if a.text == o {
				return true
			}
		}
	}
	return false
}

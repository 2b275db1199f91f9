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
}

// argument is one word of a call as the program gets it.
type argument struct {
	text  string // an expansion is a NUL in it
	fixed bool   // there is no expansion in it
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
	behind    bool // in the background
	depth     int  // of compound commands around it
}

// callReader finds the calls of a script.
type callReader struct {
	script *script
	parser *shellParser
	// Of a text within the text, such as that of sh -c: where it stands.
	nested  int
	shift   int
	outside extent // set where its places are not those of the text plus shift
}

// maxNested bounds texts within texts.
const maxNested = 3

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
	for _, redirect := range s.Redirs {
		switch redirect.Op {
		case syntax.RdrIn, syntax.Hdoc, syntax.DashHdoc, syntax.WordHdoc, syntax.DplIn:
			c.fed = true
		}
		r.word(redirect.Word, c)
		r.word(redirect.Hdoc, c)
	}
	if s.Cmd != nil {
		r.command(s.Cmd, c)
	}
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
		r.stmts(cmd.Stmts, inner)
	case *syntax.Block:
		r.stmts(cmd.Stmts, inner)
	case *syntax.IfClause:
		r.ifClause(cmd, inner)
	case *syntax.WhileClause:
		test := inner
		test.tested = true
		r.stmts(cmd.Cond, test)
		r.stmts(cmd.Do, inner)
	case *syntax.ForClause:
		if loop, ok := cmd.Loop.(*syntax.WordIter); ok {
			r.words(loop.Items, c)
		}
		r.stmts(cmd.Do, inner)
	case *syntax.CaseClause:
		r.word(cmd.Word, c)
		for _, item := range cmd.Items {
			r.stmts(item.Stmts, inner)
		}
	case *syntax.FuncDecl:
		inner.function = true
		r.stmt(cmd.Body, inner)
	case *syntax.TimeClause:
		if cmd.Stmt != nil {
			r.stmt(cmd.Stmt, c)
		}
	case *syntax.CoprocClause:
		inner.behind = true
		r.stmt(cmd.Stmt, inner)
	case *syntax.DeclClause:
		r.assigns(cmd.Args, c)
		r.script.calls = append(r.script.calls, call{name: cmd.Variant.Value, at: r.extent(cmd.Variant), context: c})
	case *syntax.TestClause:
		r.test(cmd.X, c)
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

func (r *callReader) binary(cmd *syntax.BinaryCmd, c context) {
	left, right := c, c
	switch cmd.Op {
	case syntax.OrStmt:
		left.tested = true
	case syntax.Pipe, syntax.PipeAll:
		right.fed = true
	}
	r.stmt(cmd.X, left)
	r.stmt(cmd.Y, right)
}

func (r *callReader) test(x syntax.TestExpr, c context) {
	switch x := x.(type) {
	case *syntax.BinaryTest:
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
		if a.Array != nil {
			for _, e := range a.Array.Elems {
				r.word(e.Value, c)
			}
		}
	}
}

func (r *callReader) words(list []*syntax.Word, c context) {
	for _, w := range list {
		r.word(w, c)
	}
}

// word finds the calls inside a word.
func (r *callReader) word(w *syntax.Word, c context) {
	if w != nil {
		r.parts(w.Parts, c)
	}
}

func (r *callReader) parts(parts []syntax.WordPart, c context) {
	c.depth++
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.DblQuoted:
			r.parts(part.Parts, c)
		case *syntax.CmdSubst:
			r.stmts(part.Stmts, c)
		case *syntax.ProcSubst:
			r.stmts(part.Stmts, c)
		case *syntax.ParamExp:
			if part.Exp != nil {
				r.word(part.Exp.Word, c)
			}
		}
	}
}

// call reads one simple command.
func (r *callReader) call(cmd *syntax.CallExpr, c context) {
	r.assigns(cmd.Assigns, c)
	r.words(cmd.Args, c)
	if len(cmd.Args) == 0 {
		return
	}
	args := make([]argument, len(cmd.Args))
	for i, w := range cmd.Args {
		args[i] = argument{at: r.extent(w), word: w}
		args[i].text, args[i].fixed = textOf(w)
	}
	r.program(args, c)
}

// program takes off what hands a command on, and keeps the call.
func (r *callReader) program(args []argument, c context) {
	for {
		name := baseName(args[0])
		w := wrapperNamed(name)
		if w == nil {
			r.add(name, args, c)
			return
		}
		w.changes(&c)
		if args = w.rest(args[1:]); len(args) == 0 {
			return
		}
	}
}

func (r *callReader) add(name string, args []argument, c context) {
	k := call{tools: toolOf(name), name: name, at: args[0].at, args: args[1:], context: c}
	r.script.calls = append(r.script.calls, k)
	switch {
	case k.tools&tShell != 0:
		if text := k.shellText(); text != nil {
			r.inner(*text, c)
		}
	case name == "find":
		if rest := afterExec(k.args); len(rest) > 0 {
			r.program(rest, c)
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

// inner reads the text of `sh -c text` or `eval text`.
func (r *callReader) inner(a argument, c context) {
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
	in.stmts(file.Stmts, c)
}

// plainAt is where the text of an argument stands as it is, -1 where it has
// escapes or more than one part.
func (a argument) plainAt() int {
	if a.word == nil || len(a.word.Parts) != 1 || a.at.end-a.at.start != len(a.text)+2 {
		return -1
	}
	return a.at.start + 1
}

// textOf is a word as a program gets it; an expansion is a NUL in it.
func textOf(w *syntax.Word) (text string, fixed bool) {
	if len(w.Parts) == 1 {
		if lit, ok := w.Parts[0].(*syntax.Lit); ok && strings.IndexByte(lit.Value, '\\') < 0 {
			return lit.Value, true
		}
	}
	t := wordText{fixed: true}
	t.parts(w.Parts, false)
	return t.b.String(), t.fixed
}

type wordText struct {
	b     strings.Builder
	fixed bool
}

func (t *wordText) parts(parts []syntax.WordPart, quoted bool) {
	for _, part := range parts {
		switch part := part.(type) {
		case *syntax.Lit:
			t.literal(part.Value, quoted)
		case *syntax.SglQuoted:
			t.fixed = t.fixed && !part.Dollar
			t.b.WriteString(part.Value)
		case *syntax.DblQuoted:
			t.parts(part.Parts, true)
		default:
			t.fixed = false
			t.b.WriteByte(0)
		}
	}
}

// literal takes the backslashes out.
func (t *wordText) literal(s string, quoted bool) {
	for i := 0; i < len(s); i++ {
		if s[i] == '\\' && i+1 < len(s) && (!quoted || strings.IndexByte("$`\"\\\n", s[i+1]) >= 0) {
			if i++; s[i] == '\n' {
				continue
			}
		}
		t.b.WriteByte(s[i])
	}
}

// wrapper is a program that runs the command in its arguments.
type wrapper struct {
	name    string
	valued  string // its short options that take a value
	long    string // its long ones that take a value of their own word, between blanks
	before  int    // words between its options and the command
	changes func(*context)
}

func nothing(*context) {}

var wrappers = []wrapper{
	{"sudo", "CDghpRrTtUu", " --user --group --host --prompt --chdir --close-from --role --type ", 0, func(c *context) { c.sudo = true }},
	{"doas", "Cu", "", 0, nothing},
	{"env", "uC", " --unset --chdir ", 0, nothing},
	{"nice", "n", " --adjustment ", 0, nothing},
	{"ionice", "cn", " --class --classdata ", 0, nothing},
	{"nohup", "", "", 0, nothing},
	{"setsid", "", "", 0, nothing},
	{"stdbuf", "ioe", " --input --output --error ", 0, nothing},
	{"timeout", "ks", " --kill-after --signal ", 1, func(c *context) { c.timed = true }},
	{"command", "", "", 0, nothing},
	{"builtin", "", "", 0, nothing},
	{"exec", "a", "", 0, nothing},
	{"busybox", "", "", 0, nothing},
	{"eatmydata", "", "", 0, nothing},
	{"chronic", "", "", 0, nothing},
	{"flock", "wE", " --timeout --conflict-exit-code ", 1, nothing},
	{"chroot", "", "", 1, func(c *context) { c.elsewhere = true }},
	{"xargs", "adEILnPs", " --arg-file --delimiter --max-lines --max-args --max-procs --max-chars ", 0, func(c *context) { c.fed = false }},
}

func wrapperNamed(name string) *wrapper {
	for i := range wrappers {
		if wrappers[i].name == name {
			return &wrappers[i]
		}
	}
	return nil
}

// rest is the command in the arguments of a wrapper.
func (w *wrapper) rest(args []argument) []argument {
	for len(args) > 0 && strings.HasPrefix(args[0].text, "-") {
		text := args[0].text
		args = args[1:]
		if text == "--" {
			break
		}
		if w.name == "command" && (text == "-v" || text == "-V") {
			return nil // it only looks
		}
		if w.takesNext(text) && len(args) > 0 {
			args = args[1:]
		}
	}
	for len(args) > 0 && (w.name == "env" || w.name == "sudo" || w.name == "doas") && isAssignment(args[0].text) {
		args = args[1:]
	}
	return args[min(w.before, len(args)):]
}

// takesNext reports an option whose value is the next word.
func (w *wrapper) takesNext(option string) bool {
	if strings.HasPrefix(option, "--") {
		return strings.Contains(w.long, " "+option+" ")
	}
	last := option[len(option)-1]
	return len(option) > 1 && strings.IndexByte(w.valued, last) >= 0 && !strings.ContainsAny(option[1:len(option)-1], w.valued)
}

func isAssignment(word string) bool {
	name, _, ok := strings.Cut(word, "=")
	return ok && isNameOf(name, "_")
}

// afterExec is the command of find -exec.
func afterExec(args []argument) []argument {
	for i, a := range args {
		if a.text == "-exec" || a.text == "-execdir" {
			return args[i+1:]
		}
	}
	return nil
}

// shellText is the text that a shell is given to run, nil where it is none.
func (k *call) shellText() *argument {
	if k.name == "eval" {
		if len(k.args) == 1 {
			return &k.args[0]
		}
		return nil
	}
	for i, a := range k.args {
		if k.name == "su" || k.name == "runuser" {
			if (a.text == "-c" || a.text == "--command") && i+1 < len(k.args) {
				return &k.args[i+1]
			}
			continue
		}
		if !strings.HasPrefix(a.text, "-") && !strings.HasPrefix(a.text, "+") {
			if i > 0 && k.args[i-1].text == "-o" || i > 0 && isCluster(k.args[i-1].text, 'o') {
				continue
			}
			return nil
		}
		if isCluster(a.text, 'c') {
			for i++; i < len(k.args); i++ {
				if !strings.HasPrefix(k.args[i].text, "-") && k.args[i-1].text != "-o" {
					return &k.args[i]
				}
			}
			return nil
		}
	}
	return nil
}

// isCluster reports short options written together, one of them the given.
func isCluster(arg string, option byte) bool {
	return len(arg) > 1 && arg[0] == '-' && arg[1] != '-' && strings.IndexByte(arg[1:], option) >= 0
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

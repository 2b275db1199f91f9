package template

import (
	"strconv"
	"strings"

	"mvdan.cc/sh/v3/syntax"
)

// function is one of a script. Where it runs the command in its arguments, as
// `retry() { "$@" || "$@"; }` does, what it is called with is a call, too.
type function struct {
	name    string
	wraps   bool
	before  int     // arguments that it takes for itself
	context context // in which it runs the command
	depth   int     // of its own commands
	unclear bool    // only the run tells how many it takes
}

// declareFunction reads the body of a function, and keeps what is to be known where
// it is called.
func (r *callReader) declareFunction(cmd *syntax.FuncDecl, c context) {
	if cmd.Name == nil { // of zsh
		r.stmt(cmd.Body, c)
		return
	}
	outer := r.function
	r.function = function{name: cmd.Name.Value, depth: c.depth + 1}
	c.function = true
	r.stmt(cmd.Body, c)
	r.functions, r.function = append(r.functions, r.function), outer
}

// readFunction looks at a command in the body of a function.
func (r *callReader) readFunction(name string, args []argument, c context) {
	f := &r.function
	switch from := args[0].allArguments(); {
	case name == "shift":
		n, known := 1, len(args) < 2
		if !known {
			n, known = wholeNumber(args[1].text)
		}
		f.before += n
		f.unclear = f.unclear || !known || c.depth > f.depth
	case name == "set": // perhaps other arguments
		f.unclear = f.unclear || len(args) > 1 && args[1].text == "--"
	case from >= 0 && len(args) == 1 && !f.wraps && !f.unclear:
		f.wraps, f.context = true, c
		f.before += from
	}
}

func wholeNumber(text string) (n int, ok bool) {
	n, err := strconv.Atoi(text)
	return n, err == nil && n >= 0
}

// callFunction reads a call of a function of the script. It hides a program of its
// name. Functions within functions are read as deep as lists are.
func (r *callReader) callFunction(args []argument, c context, inside int) bool {
	if !args[0].fixed {
		return false
	}
	for i := len(r.functions) - 1; i >= 0; i-- {
		f := &r.functions[i]
		if f.name != args[0].text {
			continue
		}
		r.calls = append(r.calls, call{name: f.name, at: args[0].at, args: args[1:], context: c, inside: inside})
		if rest := args[min(1+f.before, len(args)):]; f.wraps && len(rest) > 0 && c.depth < maxPlain {
			r.program(rest, c.under(f.context), r.here())
		}
		return true
	}
	return false
}

// under is the context of a command that a function runs.
func (c context) under(f context) context {
	c.fed = c.fed || f.fed
	c.tested = c.tested || f.tested
	c.elsewhere = c.elsewhere || f.elsewhere
	c.sudo = c.sudo || f.sudo
	c.timed = c.timed || f.timed
	c.behind = c.behind || f.behind
	c.depth++
	return c
}

// allArguments is how many arguments of a function "$@" leaves out, which is some
// where it is "${@:3}"; -1 where the word is something else.
func (a argument) allArguments() int {
	if a.word == nil || a.fixed || len(a.word.Parts) != 1 {
		return -1
	}
	part := a.word.Parts[0]
	if q, ok := part.(*syntax.DblQuoted); ok && len(q.Parts) == 1 {
		part = q.Parts[0]
	}
	p, ok := part.(*syntax.ParamExp)
	if !ok || p.Param == nil || p.Param.Value != "@" && p.Param.Value != "*" || p.Exp != nil || p.Repl != nil || p.Length {
		return -1
	}
	if p.Slice == nil {
		return 0
	}
	offset, ok := p.Slice.Offset.(*syntax.Word)
	if !ok || p.Slice.Length != nil {
		return -1
	}
	if n, ok := wholeNumber(offset.Lit()); ok && n > 0 {
		return n - 1
	}
	return -1
}

// spelled is a text in double quotes with its variables as they are written, for
// example that of sh -c "cd $DIR && make". What a command puts into it, and what
// stands between single quotes, nobody knows.
func (r *callReader) spelled(a argument) argument {
	if r.nested > 0 || a.word == nil || len(a.word.Parts) != 1 {
		return a
	}
	q, ok := a.word.Parts[0].(*syntax.DblQuoted)
	if !ok || q.Dollar {
		return a
	}
	var b strings.Builder
	t := wordText{b: &b}
	for _, part := range q.Parts {
		switch part := part.(type) {
		case *syntax.Lit:
			t.literal(part.Value, true)
		case *syntax.ParamExp:
			e := r.extent(part)
			b.WriteString(r.script.text[e.start:e.end])
		default:
			return a
		}
	}
	if text := b.String(); !strings.ContainsAny(text, "'`") && !strings.Contains(text, "$(") && text != "$@" {
		a.text, a.fixed = text, true
	}
	return a
}

// untilMark are the arguments of find -exec without what stands behind its end.
func untilMark(args []argument) []argument {
	for i, a := range args {
		if i > 0 && (a.text == ";" || a.text == "+") {
			return args[:i]
		}
	}
	return args
}

// isCommandOption reports the option that a text to run stands behind.
func (a argument) isCommandOption() bool { return a.text == "-c" || a.text == "--command" }

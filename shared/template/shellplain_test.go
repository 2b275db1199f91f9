package template

import (
	"math/rand/v2"
	"os"
	"reflect"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
	"mvdan.cc/sh/v3/syntax"
)

// plainTexts are of all that a plainReader reads, and of what is close to it.
var plainTexts = []string{
	"a", "a b c", " a\tb ", "a;", "a; b", "a & b &", "a && b || c", "a | b | c", "! a | b", "! a && ! b", "a && b | c; d",
	"a 'b c'd \"e f\"g", `a "" '' "$b" "x${c}y" $d/e ${f}g`, `a \$ b\'c "d\"e\\" \a`, `a "b\`, `a \`, "a 'b", `a "b`, "a '日本' 日本 \"日\"",
	"a > b", "a 2>&1 >/dev/null <c >>d", "a 2> b 3 >c 4x>d", "a >&2", "> a b", "2>a b", "a >", "a > > b", "a >&b", "a 2>'b'", "a '2'>b", "a >$b",
	"a > 2>b", "a <<b", "a <&3", "a &> b", "a >| b", "a <> b", "a |& b", "a ;; b", "a ;& b", "a & & b", "a; ; b", "; a", "& a", "| a", "a |", "a &&", "a && ;",
	"if a; then b; fi", "if ! a -q; then b; else c; fi", "if a; then b; fi fi", "if a; then if b; then c; fi fi", "if a; then if b; then c; fi; fi && d",
	"if a then b; fi", "if a; then; fi", "if a; then b; fi > c", "if a; then b; fi c", "if a; then b; fi | c", "if a; then b; elif c; then d; fi", "if a; then b", "if",
	"if a & then b & fi", "ifa b", `if"" a`, "echo if then fi", "then a", "a; then b", "fi", "else", "done", "in a",
	"for a in b c; do d $a; done", "for a in; do b; done", "for a; do b; done", "for a do b; done", "for a in b; do c; done 2>&1 | d", "for a in b c do; d; done",
	"for a in $(b c) 'd'; do e; done", "for 1 in a; do b; done", "for a in b > c; do d; done", "for a in b;; do c; done",
	"for a in b & do c; done", "for a in b", "for a-b in c; do d; done",
	"for a in b; do if c; then d; fi; done; e", "for in in in; do in; done", "for a in do; do done; done", "for do in do; do do; done",
	"a $(b)", "a \"$(b 'c' | d)\" e", "a $(b; c;)", "a $()", "a $( )", "a $((1))", "a $(b", "a $(b))", "a \"$(b \"c\")\"", "$(a) b", "$a b",
	"a $(for b in c; do d; done)", "a $(if b; then c; fi)",
	"a) b", "(a)", "a (b)", "a()", "{ a; }", "a {b,c}", "a [b]", "[ -f a ] && b", "[[ a ]]", "[ a", "[a ]", "a [ b ]", "a[1]=b", "a[",
	"a [", "] a", "A=b c", "a A=b", "A=b", "'A'=b c", "A+=b", "$A=b c",
	"a #b", "a#b", "#a", "'a'#b", "a; #b", "a `b`", "a ~/b ~c", "a *.b ?c [d]*", "a *(b)", "a !b", "!a", "a !", "!", "! !", "! ! a", "![",
	"! [ a", "if[ a; then b; fi", "if a; then[ b; fi", "if{ a; then b; fi", "for[ in a; do b; done", "if\\ a", "a @(b)", "a +(b)", "a =b",
	"a =(b)", "=a",
	"a $", "a $$", "a $1", "a $?", "a \"$\"", "a \"$1\"", "a $'b'", "a $\"b\"", "a ${b:-c}", "a ${b[1]}", "a ${1}", "a ${}", "a ${b",
	"a $b[1]", "a $b(c)", "a $_", "a ${_}", "a \"${b}c$d\"",
	"export A=b", "declare a", "let a", "time a", "while a; do b; done", "case a in b) c;; esac", "function a { b; }", "a\nb", "a \\\nb",
	"a\rb", "a\r\n", "a '\nb'", "a \"\\\nb\"", "a\x00b", "a '\x00'", "select a in b; do c; done",
	"a -- b", "sudo -u a env B=c d", "a %b ^c ,d :e f.g", "coproc a", "a 1>2>3", "a 1>2 3", "a 12>b", "a b12>c", "a 0", "a 'b'2>c", "a \\2>b", "a 2\\>b",
}

// samePlain: what a plainReader reads is, to the last position, the tree that
// the parser makes of it.
func samePlain(t *testing.T, text string) (read bool) {
	var r plainReader
	for range 2 { // in new room, and in what another text has used
		var got []*syntax.Stmt
		if got, read = r.read(text); !read {
			return false
		}
		file, err := syntax.NewParser().Parse(strings.NewReader(text), "")
		require.NoError(t, err, "%q", text)
		require.Equal(t, treeOf(file.Stmts), treeOf(got), "%q", text)
		r.release()
	}
	return true
}

// treeOf is a tree in which each position is an offset.
func treeOf(node any) any { return plainTree(reflect.ValueOf(node)) }

func plainTree(v reflect.Value) any {
	if v.IsValid() && v.Type() == reflect.TypeFor[syntax.Pos]() {
		pos := v.Interface().(syntax.Pos)
		return [2]any{pos.IsValid(), pos.Offset()}
	}
	switch v.Kind() {
	case reflect.Pointer, reflect.Interface:
		if v.IsNil() {
			return nil
		}
		return []any{v.Elem().Type().Name(), plainTree(v.Elem())}
	case reflect.Struct:
		fields := map[string]any{}
		for i := range v.NumField() {
			fields[v.Type().Field(i).Name] = plainTree(v.Field(i))
		}
		return fields
	case reflect.Slice:
		var list []any
		for i := range v.Len() {
			list = append(list, plainTree(v.Index(i)))
		}
		return list
	}
	return v.Interface()
}

func TestPlainShell(t *testing.T) {
	for _, text := range plainTexts {
		samePlain(t, text)
	}
	for _, text := range []string{"a b c", "a && b || c; d", "a 'b' \"c $d ${e}\" 2>&1 | f > g", "if ! a; then b; else c; fi > d", "for a in b c; do d $a; done", `a "$(b c | d)"`, "[ -f a ] || b"} {
		require.True(t, samePlain(t, text), text)
	}
}

// What may be no UTF-8, and what is nested deeper than any author goes, is the
// parser's.
func TestPlainShellIsBounded(t *testing.T) {
	for _, text := range []string{"a \xff", "a '\xff'", "a \"\xff\"", "a \\\xff", "\xff", strings.Repeat("a $(", 1e5), strings.Repeat("if ", 1e5), strings.Repeat("for a in b; do ", 1e5)} {
		require.False(t, samePlain(t, text), "%.40q", text)
	}
}

// Most of what images are made with is read without the parser.
func TestPlainShellOfTheLargeTemplate(t *testing.T) {
	text, err := os.ReadFile(large)
	require.NoError(t, err)
	all, read := 0, 0
	eachRun(text, func(s string) {
		if all++; samePlain(t, s) {
			read++
		}
	})
	require.Greater(t, read, all*9/10)
}

func eachRun(text []byte, f func(string)) {
	got := ParseFile("templates/web.Dockerfile", text)
	if got.build == nil {
		return
	}
	for i := range got.build.commands {
		if in := &got.build.commands[i]; in.verb == vRUN {
			f(got.build.arguments(in))
		}
	}
}

// plainTokens are what lines are made of at random.
var plainTokens = strings.Split("a,b-c,1,2,if,then,else,elif,fi,for,in,do,done,while,!,[,],{,},=,#,'d e',\"f $g\",\"${h}\",$i,${j},$(,),(,\"$(k)\",\\,;,&,|,&&,||,>,<,>>,>&,2>,&>,~,*,@", ",")

// plainShapes are lines that a token is put into, so that most are read.
var plainShapes = []string{"a @", "@ a", "if @; then @; fi @", "if a; then b @; else @; fi", "for a in @; do @; done",
	"a @ | @ && @ || @; @", "a $(@) \"$(@)\"", "a > @ 2>@ @", "! @ | @ &"}

func TestPlainShellAtRandom(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	token := func() string {
		text := plainTokens[random.IntN(len(plainTokens))]
		for random.IntN(3) == 0 {
			text += strings.Repeat(" ", random.IntN(2)) + plainTokens[random.IntN(len(plainTokens))]
		}
		return text
	}
	read := 0
	const lines = 5000
	for range lines {
		text := plainShapes[random.IntN(len(plainShapes))]
		for strings.Contains(text, "@") && len(text) < 1000 {
			text = strings.Replace(text, "@", strings.ReplaceAll(token(), "@", plainShapes[random.IntN(len(plainShapes))]), 1)
		}
		if samePlain(t, text) {
			read++
		}
	}
	require.Greater(t, read, lines/20)
}

func FuzzPlainShell(f *testing.F) {
	for _, text := range plainTexts {
		f.Add(text)
	}
	addCases(f, func(_ string, text []byte) { eachRun(text, func(s string) { f.Add(s) }) })
	f.Fuzz(func(t *testing.T, text string) {
		samePlain(t, text)
	})
}

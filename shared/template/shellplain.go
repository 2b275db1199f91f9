package template

import (
	"strings"
	"unicode/utf8"

	"mvdan.cc/sh/v3/syntax"
)

// plainReader reads the shell text that most commands are made of: words in the
// three kinds of quotes, variables, $(...), redirections, lists, pipes, if and
// for. What it reads it gives as the tree that the parser makes of it, in a
// tenth of the time, and in memory that is used again. Whatever else stands in
// a text, and every mistake, it leaves to the parser. FuzzPlainShell compares
// both.
type plainReader struct {
	text   string
	at     int
	depth  int
	failed bool

	stmts    slab[syntax.Stmt]
	calls    slab[syntax.CallExpr]
	binaries slab[syntax.BinaryCmd]
	words    slab[syntax.Word]
	lits     slab[syntax.Lit]
	singles  slab[syntax.SglQuoted]
	doubles  slab[syntax.DblQuoted]
	params   slab[syntax.ParamExp]
	redirs   slab[syntax.Redirect]
	substs   slab[syntax.CmdSubst]
	ifs      slab[syntax.IfClause]
	fors     slab[syntax.ForClause]
	iters    slab[syntax.WordIter]

	stmtLists  slab[*syntax.Stmt]
	wordLists  slab[*syntax.Word]
	partLists  slab[syntax.WordPart]
	redirLists slab[*syntax.Redirect]

	// What is being read, innermost last.
	openStmts  []*syntax.Stmt
	openWords  []*syntax.Word
	openParts  []syntax.WordPart
	openRedirs []*syntax.Redirect
}

// slab hands out room for values of one type. What stands in it is of texts read
// before: whoever takes some fills all of it.
type slab[T any] struct{ room []T }

func (s *slab[T]) take(n int) []T {
	used := len(s.room)
	if used+n > cap(s.room) {
		s.room, used = make([]T, 0, max(64, 2*cap(s.room), n)), 0
	}
	s.room = s.room[:used+n]
	return s.room[used : used+n : used+n]
}

func (s *slab[T]) one() *T { return &s.take(1)[0] }

// reset takes back what was handed out.
func (s *slab[T]) reset() {
	if s.room = s.room[:0]; cap(s.room) > maxRoom {
		s.room = nil
	}
}

// closed moves what stands in a list from an index on into a slab.
func closed[T any](open *[]T, from int, s *slab[T]) []T {
	if len(*open) == from {
		return nil
	}
	out := s.take(len(*open) - from)
	copy(out, (*open)[from:])
	*open = (*open)[:from]
	return out
}

// release takes back the trees.
func (r *plainReader) release() {
	r.text = ""
	r.stmts.reset()
	r.calls.reset()
	r.binaries.reset()
	r.words.reset()
	r.lits.reset()
	r.singles.reset()
	r.doubles.reset()
	r.params.reset()
	r.redirs.reset()
	r.substs.reset()
	r.ifs.reset()
	r.fors.reset()
	r.iters.reset()
	r.stmtLists.reset()
	r.wordLists.reset()
	r.partLists.reset()
	r.redirLists.reset()
}

// read answers false where the parser is to be asked.
func (r *plainReader) read(text string) ([]*syntax.Stmt, bool) {
	r.text, r.at, r.depth, r.failed = text, 0, 0, false
	r.openStmts, r.openWords = r.openStmts[:0], r.openWords[:0]
	r.openParts, r.openRedirs = r.openParts[:0], r.openRedirs[:0]
	list := r.list()
	if r.failed || r.at < len(text) {
		return nil, false
	}
	return list, true
}

// Kinds of bytes outside quotes.
const (
	otherByte byte = iota // not read here
	wordByte              // of a word
	blankByte
	quoteByte // begins what is quoted or expanded
	endByte   // of a word
)

var plainBytes = func() (kinds [256]byte) {
	for c := range kinds {
		switch {
		case isAlphanumeric(byte(c)):
			kinds[c] = wordByte
		}
	}
	for kind, bytes := range map[byte]string{wordByte: "_-./:,%+@^~=]?*!", blankByte: " \t", quoteByte: `'"$\`, endByte: ";&|)<>"} {
		for i := range len(bytes) {
			kinds[bytes[i]] = kind
		}
	}
	return kinds
}()

// fail leaves the text to the parser: what is left of it is not read.
func (r *plainReader) fail() { r.failed, r.at = true, len(r.text) }

// next is the byte at hand, 0 at the end.
func (r *plainReader) next() byte {
	if r.at < len(r.text) {
		return r.text[r.at]
	}
	return 0
}

func (r *plainReader) blanks() {
	for r.at < len(r.text) && plainBytes[r.text[r.at]] == blankByte {
		r.at++
	}
}

// position leaves line and column out, which nobody asks for.
func position(at int) syntax.Pos { return syntax.NewPos(uint(at), 1, 1) }

// bare is the unquoted word at hand, "" where there is none.
func (r *plainReader) bare() string {
	end := r.at
	for end < len(r.text) && plainBytes[r.text[end]] == wordByte {
		end++
	}
	if end == len(r.text) || plainBytes[r.text[end]] == blankByte || plainBytes[r.text[end]] == endByte {
		return r.text[r.at:end]
	}
	return ""
}

// keyword steps over a word that must come.
func (r *plainReader) keyword(word string) syntax.Pos {
	r.blanks()
	at := r.at
	if r.bare() != word {
		r.fail()
		return syntax.Pos{}
	}
	r.at += len(word)
	return position(at)
}

// list reads statements, one at least, as far as they go.
func (r *plainReader) list() []*syntax.Stmt {
	first := len(r.openStmts)
	if r.depth++; r.depth > maxPlain {
		r.fail()
	}
	for {
		s := r.statement()
		r.openStmts = append(r.openStmts, s)
		c := r.next()
		if r.failed || c != ';' && c != '&' {
			break
		}
		s.Semicolon, s.Background = position(r.at), c == '&'
		r.at++
		if c := r.next(); c == ';' || c == '&' || c == '|' || c == '>' {
			r.fail()
		}
		r.blanks()
		if r.at == len(r.text) || r.text[r.at] == ')' || isListEnd(r.bare()) {
			break
		}
	}
	r.depth--
	return closed(&r.openStmts, first, &r.stmtLists)
}

// maxPlain bounds lists within lists.
const maxPlain = 20

func isListEnd(word string) bool {
	switch word {
	case "then", "else", "fi", "do", "done":
		return true
	}
	return false
}

// statement reads pipelines joined with && and ||.
func (r *plainReader) statement() *syntax.Stmt {
	s := r.pipeline()
	for !r.failed && r.at+1 < len(r.text) {
		c := r.text[r.at]
		if c != '&' && c != '|' || r.text[r.at+1] != c {
			break
		}
		op := syntax.AndStmt
		if c == '|' {
			op = syntax.OrStmt
		}
		s = r.binary(op, s, len("&&"))
		s.Cmd.(*syntax.BinaryCmd).Y = r.pipeline()
	}
	return s
}

// binary is a statement of two, of which the second comes.
func (r *plainReader) binary(op syntax.BinCmdOperator, left *syntax.Stmt, length int) *syntax.Stmt {
	b, s := r.binaries.one(), r.stmts.one()
	*b = syntax.BinaryCmd{OpPos: position(r.at), Op: op, X: left}
	*s = syntax.Stmt{Position: left.Position, Cmd: b}
	r.at += length
	r.blanks()
	return s
}

func (r *plainReader) pipeline() *syntax.Stmt {
	r.blanks()
	s := r.emptyStmt()
	if r.bare() == "!" {
		s.Negated = true
		r.at++
		r.blanks()
	}
	r.command(s)
	for r.next() == '|' && (r.at+1 == len(r.text) || r.text[r.at+1] != '|') {
		s = r.binary(syntax.Pipe, s, len("|"))
		b := s.Cmd.(*syntax.BinaryCmd)
		s.Negated, b.X.Negated = b.X.Negated, false // ! is of the whole pipeline
		b.Y = r.emptyStmt()
		r.command(b.Y)
	}
	return s
}

// emptyStmt is a statement that begins here.
func (r *plainReader) emptyStmt() *syntax.Stmt {
	s := r.stmts.one()
	*s = syntax.Stmt{Position: position(r.at)}
	return s
}

// command reads one, with the blanks behind it.
func (r *plainReader) command(s *syntax.Stmt) {
	switch r.bare() {
	case "if":
		s.Cmd = r.ifClause()
		r.redirections(s)
	case "for":
		s.Cmd = r.forClause()
		r.redirections(s)
	case "then", "elif", "else", "fi", "do", "done", "while", "until", "case", "esac", "select", "function", "time", "coproc", "!", "]]",
		"declare", "local", "export", "readonly", "typeset", "nameref", "let", "@test":
		r.fail()
	default:
		r.call(s)
	}
}

// call reads a simple command, the name first.
func (r *plainReader) call(s *syntax.Stmt) {
	c := r.calls.one()
	s.Cmd = c
	words, redirs := len(r.openWords), len(r.openRedirs)
	r.name()
	for r.blanks(); r.at < len(r.text) && !isCallEnd(r.text[r.at]); r.blanks() {
		if c := r.text[r.at]; c == '<' || c == '>' {
			r.redirect(nil)
		} else {
			r.argument()
		}
	}
	*c = syntax.CallExpr{Args: closed(&r.openWords, words, &r.wordLists)}
	s.Redirs = closed(&r.openRedirs, redirs, &r.redirLists)
}

func isCallEnd(c byte) bool { return c == ';' || c == '&' || c == '|' || c == ')' }

// name reads the first word of a call. What may be an assignment, or the number
// of a redirection, is not read here.
func (r *plainReader) name() {
	start := r.at
	r.openWords = append(r.openWords, r.word())
	if c := r.next(); c == '<' || c == '>' || strings.IndexByte(r.text[start:r.at], '=') >= 0 {
		r.fail()
	}
}

// argument reads another word of a call, or the number before a redirection.
func (r *plainReader) argument() {
	start := r.at
	w := r.word()
	if c := r.next(); (c == '<' || c == '>') && isDigits(r.text[start:r.at]) {
		if n, ok := w.Parts[0].(*syntax.Lit); ok {
			r.redirect(n)
			return
		}
	}
	r.openWords = append(r.openWords, w)
}

func isDigits(s string) bool {
	for i := range len(s) {
		if s[i] < '0' || s[i] > '9' {
			return false
		}
	}
	return s != ""
}

// redirections are those behind a compound command.
func (r *plainReader) redirections(s *syntax.Stmt) {
	first := len(r.openRedirs)
	r.blanks()
	for c := r.next(); c == '<' || c == '>'; c = r.next() {
		r.redirect(nil)
		r.blanks()
	}
	s.Redirs = closed(&r.openRedirs, first, &r.redirLists)
}

func (r *plainReader) redirect(n *syntax.Lit) {
	d := r.redirs.one()
	*d = syntax.Redirect{N: n, OpPos: position(r.at), Op: syntax.RdrOut}
	if r.text[r.at] == '<' {
		d.Op = syntax.RdrIn
	}
	r.at++
	switch c := r.next(); {
	case c == '>' && d.Op == syntax.RdrOut:
		d.Op = syntax.AppOut
		r.at++
	case c == '&' && d.Op == syntax.RdrOut:
		d.Op = syntax.DplOut
		r.at++
	}
	r.blanks()
	d.Word = r.word()
	r.openRedirs = append(r.openRedirs, d)
}

// word reads one; there must be one.
func (r *plainReader) word() *syntax.Word {
	w := r.words.one()
	*w = syntax.Word{}
	if end := r.endOfBare(); end > r.at {
		w.Parts = r.partLists.take(1)
		w.Parts[0] = r.lit(r.at, end)
		return w
	}
	first, start := len(r.openParts), r.at
	for r.at < len(r.text) && !r.failed {
		c := r.text[r.at]
		kind := plainBytes[c]
		if kind == blankByte || kind == endByte {
			break
		}
		switch {
		case c == '\'':
			r.single()
		case c == '"':
			r.double()
		case c == '$':
			r.expansion()
		case c == '[' && r.at == start && (r.at+1 == len(r.text) || plainBytes[r.text[r.at+1]] == blankByte):
			r.literal(r.at, r.at+1)
		case kind == otherByte:
			r.fail()
		default:
			r.literal(r.at, r.endOfLiteral())
		}
	}
	if w.Parts = closed(&r.openParts, first, &r.partLists); w.Parts == nil {
		r.fail()
	}
	return w
}

// endOfBare is the end of the word at hand where no byte of it is quoted, -1
// where one is.
func (r *plainReader) endOfBare() int {
	for end := r.at; end < len(r.text); end++ {
		switch plainBytes[r.text[end]] {
		case wordByte:
		case blankByte, endByte:
			return end
		default:
			return -1
		}
	}
	return len(r.text)
}

// endOfLiteral is where the unquoted bytes end, those behind a backslash among
// them.
func (r *plainReader) endOfLiteral() int {
	end := r.at
	for end < len(r.text) {
		c := r.text[end]
		if c == '\\' {
			end++
			if end == len(r.text) || !isQuotable(r.text[end]) {
				r.failed = true
				return len(r.text)
			}
		} else if plainBytes[c] != wordByte {
			break
		}
		end++
	}
	return end
}

// isQuotable leaves out what the parser takes away, and what may be no UTF-8.
func isQuotable(c byte) bool { return c != 0 && c != '\n' && c != '\r' && c < utf8.RuneSelf }

func (r *plainReader) lit(start, end int) *syntax.Lit {
	l := r.lits.one()
	*l = syntax.Lit{ValuePos: position(start), ValueEnd: position(end), Value: r.text[start:end]}
	r.at = end
	return l
}

func (r *plainReader) literal(start, end int) {
	r.openParts = append(r.openParts, r.lit(start, end))
}

func (r *plainReader) single() {
	q := r.singles.one()
	*q = syntax.SglQuoted{Left: position(r.at)}
	start := r.at + 1
	for end := start; end < len(r.text) && isQuotable(r.text[end]); end++ {
		if r.text[end] == '\'' {
			q.Right, q.Value = position(end), r.text[start:end]
			r.at = end + 1
			r.openParts = append(r.openParts, q)
			return
		}
	}
	r.fail()
}

func (r *plainReader) double() {
	q := r.doubles.one()
	*q = syntax.DblQuoted{Left: position(r.at)}
	first, start := len(r.openParts), r.at+1
	for r.at = start; r.at < len(r.text); {
		c := r.text[r.at]
		switch {
		case c == '"' || c == '$':
			if start < r.at {
				r.literal(start, r.at)
			}
			if c == '"' {
				q.Parts, q.Right = closed(&r.openParts, first, &r.partLists), position(r.at)
				r.at++
				r.openParts = append(r.openParts, q)
				return
			}
			r.expansion()
			start = r.at
		case c == '`' || !isQuotable(c):
			r.fail()
		case c == '\\' && r.at+1 < len(r.text) && isQuotable(r.text[r.at+1]):
			r.at += 2
		case c == '\\':
			r.fail()
		default:
			r.at++
		}
	}
	r.fail()
}

// expansion reads $name, ${name} and $(...).
func (r *plainReader) expansion() {
	dollar := r.at
	r.at++
	if r.next() == '(' {
		r.substitution(dollar)
		return
	}
	p := r.params.one()
	*p = syntax.ParamExp{Dollar: position(dollar), Short: r.next() != '{'}
	if !p.Short {
		r.at++
	}
	end := r.at
	for end < len(r.text) && (isAlphanumeric(r.text[end]) || r.text[end] == '_') {
		end++
	}
	if end == r.at || r.text[r.at] <= '9' {
		r.fail()
		return
	}
	p.Param = r.lit(r.at, end)
	if !p.Short {
		if r.next() != '}' {
			r.fail()
			return
		}
		p.Rbrace = position(r.at)
		r.at++
	}
	r.openParts = append(r.openParts, p)
}

func (r *plainReader) substitution(dollar int) {
	r.at++
	if r.next() == '(' {
		r.fail()
		return
	}
	c := r.substs.one()
	*c = syntax.CmdSubst{Left: position(dollar), Stmts: r.list()}
	if r.next() != ')' {
		r.fail()
		return
	}
	c.Right = position(r.at)
	r.at++
	r.openParts = append(r.openParts, c)
}

func (r *plainReader) ifClause() *syntax.IfClause {
	c := r.ifs.one()
	*c = syntax.IfClause{Position: r.keyword("if")}
	c.Cond = r.list()
	c.ThenPos = r.keyword("then")
	c.Then = r.list()
	r.blanks()
	if r.bare() == "else" {
		c.Else = r.ifs.one()
		*c.Else = syntax.IfClause{Position: r.keyword("else")}
		c.Else.Then = r.list()
	}
	c.FiPos = r.keyword("fi")
	if c.Else != nil {
		c.Else.FiPos = c.FiPos
	}
	return c
}

func (r *plainReader) forClause() *syntax.ForClause {
	c, loop := r.fors.one(), r.iters.one()
	*c, *loop = syntax.ForClause{ForPos: r.keyword("for"), Loop: loop}, syntax.WordIter{}
	r.blanks()
	name := r.bare()
	if !isNameOf(name, "_") || name[0] <= '9' {
		r.fail()
		return c
	}
	loop.Name = r.lit(r.at, r.at+len(name))
	loop.InPos = r.keyword("in")
	first := len(r.openWords)
	for r.blanks(); r.at < len(r.text) && r.next() != ';'; r.blanks() {
		r.openWords = append(r.openWords, r.word())
	}
	loop.Items = closed(&r.openWords, first, &r.wordLists)
	r.at = min(r.at+1, len(r.text))
	c.DoPos = r.keyword("do")
	c.Do = r.list()
	c.DonePos = r.keyword("done")
	return c
}

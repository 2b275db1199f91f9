package awstoe

import (
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"
)

// phase is a phase of the document and what happens in it.
type phase struct {
	name string
	ops  []op
}

// step is one step of the document.
type step struct {
	ops    []op
	script []string // lines, of a step that is a script
	module *module  // of any other
}

// name carries the lines of the template, so that a step that fails points
// back to it.
func (s *step) name() string {
	first, last := s.ops[0], s.ops[len(s.ops)-1]
	kind := first.kind
	if scripts(s.ops).has(opRun) {
		kind = opRun
	}
	if first.command.Line == last.command.Line {
		return fmt.Sprintf("L%03d-%s", first.command.Line, kind)
	}
	return fmt.Sprintf("L%03d-L%03d-%s", first.command.Line, last.command.Line, kind)
}

// layouts are the ways to write a document, the most legible first.
var layouts = [...]func([]phase) document{legible, dense, densest}

// choose is the most legible document that can be sent, else the shortest, which cannot.
func choose(phases []phase) document {
	var shortest document
	for i, layout := range layouts {
		doc := layout(phases)
		if utf8.RuneCountInString(doc.text) <= MaxInline {
			return doc
		}
		if i == 0 || len(doc.text) < len(shortest.text) {
			shortest = doc
		}
	}
	return shortest
}

// legible gives each command a step; only adjacent RUNs, which share everything,
// share one. A retry would repeat all of a step; maxAttempts is left at 1.
func legible(phases []phase) document {
	w := writer{style: wide}
	for _, p := range phases {
		w.phase(p.name)
		for i := 0; i < len(p.ops); {
			n := 1
			for p.ops[i].kind == opRun && i+n < len(p.ops) && p.ops[i+n].kind == opRun {
				n++
			}
			w.step(clearStep(p.ops[i : i+n]))
			i += n
		}
	}
	return w.document()
}

func clearStep(ops []op) step {
	s := step{ops: ops, module: ops[0].module}
	if s.module != nil {
		return s
	}
	o := ops[0]
	s.script = []string{"set -e"}
	switch o.kind {
	case opRun:
		s.script = o.before.prelude()
		for _, o := range ops {
			s.script = append(s.script, o.before.prefix()+bash+o.text)
		}
	case opEnv:
		if o.dynamic {
			s.script = surroundings{exports: o.before.exports}.prelude()
		}
		s.script = append(s.script, `printf '%s\n' `+o.text+` >>`+environment)
	case opWorkdir:
		s.script = append(s.script, mkdir+o.text)
	case opUser:
		s.script = append(s.script, idOf+o.text)
	default:
		s.script = append(s.script, strings.Split(o.text, "\n")...)
	}
	return s
}

// dense makes one script of everything between two steps that are none.
func dense(phases []phase) document { return pack(phases, false) }

// densest keeps what a script leaves to the next in a file, so that a prelude
// is one line. The last script of a phase removes the file; where one fails
// before that, no image is made.
func densest(phases []phase) document { return pack(phases, true) }

// store is that file: root's, and there again after a restart.
const store = "/var/lib/imagedrop-env"

// scripts is a stretch of ops that make one script.
type scripts []op

func (s scripts) has(kind opKind) bool {
	return slices.ContainsFunc(s, func(o op) bool { return o.kind == kind })
}

func pack(phases []phase, stored bool) document {
	w := writer{style: narrow}
	for _, p := range phases {
		w.phase(p.name)
		stretches := cut(p.ops)
		first, last := boundaries(stretches)
		for i, s := range stretches {
			if s[0].module != nil {
				w.step(step{ops: s, module: joined(s)})
				continue
			}
			script := s.inlined()
			if stored {
				script = s.stored(i == first, i == last)
			}
			w.step(step{ops: s, script: script})
		}
	}
	return w.document()
}

// cut makes stretches: scripts, and downloads of one kind.
func cut(ops []op) []scripts {
	var out []scripts
	for _, o := range ops {
		if n := len(out) - 1; n >= 0 && together(out[n][0], o) {
			out[n] = append(out[n], o)
			continue
		}
		out = append(out, scripts{o})
	}
	return out
}

func together(a, b op) bool {
	if a.module == nil || b.module == nil {
		return a.module == b.module
	}
	return a.kind == opCopy && b.kind == opCopy && a.module.action == b.module.action
}

func joined(s scripts) *module {
	m := *s[0].module
	m.inputs = nil
	for _, o := range s {
		m.inputs = append(m.inputs, o.module.inputs...)
	}
	return &m
}

// boundaries are the first and the last script.
func boundaries(stretches []scripts) (first, last int) {
	first, last = -1, -1
	for i, s := range stretches {
		if s[0].module != nil {
			continue
		}
		if first < 0 {
			first = i
		}
		last = i
	}
	return first, last
}

// Functions of a script: e exports and persists, w makes a folder and enters
// it, r runs a command. Those of a script that stores note what they did.
const (
	setFunction   = `e(){ export "$@";printf '%s\n' "$@">>` + environment + `;}`
	enterFunction = `w(){ ` + mkdir + `"$1";cd "$1";}`
	storing       = `s(){ export "$@";printf 'export %q\n' "$@">>` + store + `;}
e(){ s "$@";printf '%s\n' "$@">>` + environment + `;}
w(){ ` + mkdir + `"$1";cd "$1";printf 'cd %q\n' "$1">>` + store + `;}
{ echo set -e;declare -f;}>` + store
)

func runFunction(user string) string {
	return "r(){ " + surroundings{user: user}.prefix() + bash + `"$@";}`
}

// inlined is a script that sets everything up by itself.
func (s scripts) inlined() []string {
	lines := s[0].before.prelude()
	if s.has(opEnv) {
		lines = append(lines, setFunction)
	}
	if s.has(opWorkdir) {
		lines = append(lines, enterFunction)
	}
	return append(lines, s.lines(false)...)
}

// stored is a script that takes what it needs from the store; the first fills
// that. No directory is set before the first.
func (s scripts) stored(first, last bool) []string {
	var lines []string
	if first {
		lines = append(lines, "set -e", runFunction(""), storing)
		for _, e := range s[0].before.exports {
			lines = append(lines, "s "+e)
		}
	} else {
		lines = append(lines, ". "+store)
	}
	lines = append(lines, s.lines(true)...)
	if last {
		lines = append(lines, "/bin/rm -f "+store)
	}
	return lines
}

// lines are the ops of a script, one after the other. The function that runs
// commands is there for root, or is made where the user changes.
func (s scripts) lines(made bool) []string {
	var lines []string
	user := ""
	for _, o := range s {
		switch o.kind {
		case opRun:
			if !made || o.before.user != user {
				user, made = o.before.user, true
				lines = append(lines, runFunction(user))
			}
			lines = append(lines, "r "+o.text)
		case opEnv:
			lines = append(lines, "e "+o.text)
		case opWorkdir:
			lines = append(lines, "w "+o.text)
		case opUser:
			lines = append(lines, idOf+o.text)
		default:
			lines = append(lines, o.text)
		}
	}
	return lines
}

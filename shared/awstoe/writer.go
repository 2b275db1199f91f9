package awstoe

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"imagedrop/shared/template"
)

// document is a text and where its steps begin in it.
type document struct {
	text  string
	steps []placed
}

// placed is a step's first command and where the step ends, in bytes.
type placed struct {
	command template.Command
	end     int
}

// style is the indentation of a document.
type style struct {
	phase, step, input, list, text string
	short                          bool // of the ways to write a script take the shortest
}

var (
	wide   = style{phase: "  ", step: "      ", input: "          ", list: "  ", text: "              "}
	narrow = style{phase: "", step: "  ", input: "      ", list: "", text: "       ", short: true}
)

// writer writes a document by hand: every byte of its form is ours.
type writer struct {
	strings.Builder
	style style
	steps []placed
}

func (w *writer) document() document { return document{w.String(), w.steps} }

func (w *writer) phase(name string) {
	if w.Len() == 0 {
		w.WriteString("schemaVersion: 1.0\nphases:\n")
	}
	w.WriteString(w.style.phase + "- name: " + name + "\n" + w.style.phase + "  steps:\n")
}

func (w *writer) step(s step) {
	action := "ExecuteBash"
	if s.module != nil {
		action = s.module.action
	}
	indent := w.style.step
	w.WriteString(indent + "- name: " + s.name() + "\n" + indent + "  action: " + action + "\n" + indent + "  inputs:\n")
	if s.module != nil {
		w.inputs(s.module)
	} else {
		w.WriteString(w.style.input + "commands:\n" + w.style.input + w.style.list + "- " + w.script(strings.Join(s.script, "\n")) + "\n")
	}
	w.steps = append(w.steps, placed{s.ops[0].command, w.Len()})
}

// inputs writes the inputs of an action module, a map or a list of maps.
func (w *writer) inputs(m *module) {
	for _, input := range m.inputs {
		mark := ""
		if m.list {
			mark = "- "
		}
		for _, f := range input {
			w.WriteString(w.style.input + mark + f.key + ": " + value(f.value, w.style.input+"    ") + "\n")
			if m.list {
				mark = "  "
			}
		}
	}
	if len(m.params) > 0 {
		w.WriteString(w.style.input + "parameters:\n")
	}
	for _, p := range m.params {
		w.WriteString(w.style.input + w.style.list + "- name: " + quoted(p.key) + "\n" + w.style.input + w.style.list +
			"  value: " + quoted(p.value) + "\n")
	}
}

// script writes the entry of commands: as it stands where YAML can hold that.
func (w *writer) script(text string) string {
	block, ok := literalBlock(text, w.style.text)
	if short := quoted(text); !ok || w.style.short && len(short) < len(block) {
		return short
	}
	return block
}

// value writes an input. What looks like no other type needs no quotes.
func value(text, indent string) string {
	if text == "0" || isPlain(text) {
		return text
	}
	if strings.Contains(text, "\n") {
		if block, ok := literalBlock(text, indent); ok {
			return block
		}
	}
	return quoted(text)
}

// isPlain takes paths and addresses without signs that YAML gives a meaning.
func isPlain(s string) bool {
	if !strings.Contains(s, "/") || strings.HasSuffix(s, ":") || strings.Contains(s, ":/") && !strings.Contains(s, "://") {
		return false
	}
	for i := range len(s) {
		if !isNameByte(s[i], true) && strings.IndexByte("/.:=+%-", s[i]) < 0 {
			return false
		}
	}
	return isNameByte(s[0], false) || s[0] == '/'
}

// literalBlock writes text as a block scalar, line by line as it stands.
func literalBlock(text, indent string) (string, bool) {
	if text == "" || strings.IndexByte(" \n\t", text[0]) >= 0 || strings.HasSuffix(text, "\n\n") {
		return "", false
	}
	for _, r := range text {
		if r != '\n' && r != '\t' && !printable(r) {
			return "", false
		}
	}
	var b strings.Builder
	b.WriteString("|")
	body, closed := strings.CutSuffix(text, "\n")
	if !closed {
		b.WriteString("-")
	}
	for line := range strings.SplitSeq(body, "\n") {
		if line != "" && strings.Trim(line, " \t") == "" {
			return "", false
		}
		b.WriteByte('\n')
		if line != "" {
			b.WriteString(indent + line)
		}
	}
	return b.String(), true
}

// printable reports what YAML 1.1 lets stand in a scalar and takes for no line
// end. Source: YAML 1.1, c-printable and b-char.
func printable(r rune) bool {
	return r >= ' ' && (r < 0x7f || r >= 0xa0) && r != 0x2028 && r != 0x2029 && r != 0xfeff && r != 0xfffe && r != 0xffff
}

// quoted writes text in double quotes on one line.
func quoted(text string) string {
	var b strings.Builder
	b.WriteByte('"')
	for _, r := range text {
		switch {
		case r == '"' || r == '\\':
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case printable(r):
			b.WriteRune(r)
		case r < utf8.RuneSelf:
			fmt.Fprintf(&b, `\x%02x`, r)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	b.WriteByte('"')
	return b.String()
}

// Package awstoe makes component documents of AWSTOE, the program that EC2
// Image Builder runs on its instances: it translates templates in the
// Dockerfile dialect and judges documents that are passed through. It is pure:
// no I/O, no clock, no environment.
package awstoe

import (
	"fmt"
	"slices"
	"unicode/utf8"

	"imagedrop/shared/template"
)

// MaxInline bounds a document, which is sent in the request, in characters.
// Source: EC2 Image Builder API, CreateComponent, parameter data.
const MaxInline = 16_000

// Result is a translated template. The same template and options give the same
// bytes.
type Result struct {
	// Document is the YAML text, "" where a finding of severity error, of the
	// template or of the translation, stands against it.
	Document string
	// Tags are the labels of the template; the document does not hold them.
	Tags map[string]string
	// Lines is the fidelity report: each command of the template in order; none
	// of a document that is passed through.
	Lines []Line
	// Findings are those of the translation only, in the order of the text, but
	// for those that the template suppresses.
	Findings []template.Finding
}

// Fidelity says how much of a command a translation keeps.
type Fidelity string

const (
	Exact       Fidelity = "exact"       // the same effect
	Approximate Fidelity = "approximate" // the same intent; Reason lists the differences
	None        Fidelity = "none"        // refused; Reason says why
)

// Line is what became of one command.
type Line struct {
	Line     int      `json:"line"`    // of the file, from 1
	EndLine  int      `json:"endLine"` // its last line
	Command  string   `json:"command"` // the keyword
	Fidelity Fidelity `json:"fidelity"`
	Reason   string   `json:"reason,omitempty"` // "" where it is exact
}

// Component makes the document of a template, whatever it is written in: commands are
// translated, phase build of the content and phase test of the test section; an AWS
// document is judged and passed through as it is sent. It reads any template, wrong ones
// too, so that all findings come in one pass.
func Component(t *template.Template) Result {
	out := Result{Tags: map[string]string{}, Lines: []Line{}}
	switch {
	case t.Format != template.AWSTOE:
		out = translate(t)
	case t.Content.Text == "" && len(t.Lookup("aws.uri")) > 0: // whatever is wrong with it
		return out
	default:
		out.Document, out.Findings = t.Content.Text, validate(t)
	}
	out.Findings = t.Unsuppressed(out.Findings)
	if t.Rejects(template.TargetAWS) || hasErrors(out.Findings) {
		out.Document = ""
	}
	return out
}

// translate writes the document of commands. CMD and ENTRYPOINT need the key
// aws.systemdUnit.
func translate(t *template.Template) Result {
	tr := &translation{template: t, tags: map[string]string{}}
	tr.read()
	doc := choose(tr.phases())
	if utf8.RuneCountInString(doc.text) > MaxInline {
		tr.tooLong(doc)
	}
	template.Sort(tr.found)
	return Result{Document: doc.text, Tags: tr.tags, Lines: tr.lines, Findings: tr.found}
}

// validate judges a document that is passed through. What is wrong with its bytes, the
// template's own findings say.
func validate(t *template.Template) []template.Finding {
	path, text := t.Source()
	found := slices.DeleteFunc(Validate(path, []byte(text), t.AWS().Platform), func(f template.Finding) bool {
		return f.Rule == "IB0004" || f.Rule == "IB0005"
	})
	if utf8.RuneCountInString(t.Content.Text) > MaxInline {
		found = append(found, t.Whole("IB0501", template.Error, lengthMessage(t.Content.Text), "put it into S3 and name it in aws.uri"))
	}
	return found
}

func hasErrors(found []template.Finding) bool {
	return slices.ContainsFunc(found, func(f template.Finding) bool { return f.Severity == template.Error })
}

// tooLong points at the command whose step crosses the limit.
func (tr *translation) tooLong(doc document) {
	at := slices.IndexFunc(doc.steps, func(s placed) bool { return s.end > MaxInline })
	tr.add(doc.steps[max(at, 0)].command, "IB0501", template.Error, template.Range{}, lengthMessage(doc.text),
		"move steps into a component of their own")
}

func lengthMessage(text string) string {
	return fmt.Sprintf("the AWS document has %d characters; at most %d can be sent", utf8.RuneCountInString(text), MaxInline)
}

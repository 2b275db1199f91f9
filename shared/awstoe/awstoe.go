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

const (
	// MaxInline bounds a document that is sent in the request, in characters.
	// Source: EC2 Image Builder API, CreateComponent, parameter data.
	MaxInline = 16_000
	// MaxStored bounds a document that the request names by its S3 address, in
	// bytes: 64 KB, the default quota. Source: EC2 Image Builder quotas.
	MaxStored = 65_536
)

// Options are what a translation needs to know beside the template. The zero
// value is what holds where nothing is configured.
type Options struct {
	// Bucket reports that a document too long for the request can be put into a
	// bucket and named by its address.
	Bucket bool
}

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

// Translate makes an AWSTOE document of a template in the Dockerfile dialect:
// phase build of the content, phase test of the test section. CMD and ENTRYPOINT
// need the key aws.systemdUnit. A template that is such a document is validated and passed through as it is sent. It reads
// any template, wrong ones too, so that all findings come in one pass.
func Translate(t *template.Template, o Options) Result {
	if t.Format == template.AWSTOE {
		return passThrough(t, o)
	}
	tr := &translation{options: o, template: t, tags: map[string]string{}}
	tr.read()
	doc, fits := o.choose(tr.phases())
	if !fits {
		tr.tooLong(doc)
	}
	template.Sort(tr.found)
	out := Result{Tags: tr.tags, Lines: tr.lines, Findings: t.Unsuppressed(tr.found)}
	if !t.Rejects(template.TargetAWS) && !hasErrors(out.Findings) {
		out.Document = doc.text
	}
	return out
}

func passThrough(t *template.Template, o Options) Result {
	whole := t.Whole("IB0501", template.Error, "", "move steps into a component of their own, or the document into a bucket")
	found := validate(t, whole.Path, t.Text(whole))
	if characters, text := utf8.RuneCountInString(t.Content.Text), t.Content.Text; characters > MaxInline && (!o.Bucket || len(text) > MaxStored) {
		whole.Message = o.lengthMessage(text)
		found = append([]template.Finding{whole}, found...)
	}
	out := Result{Findings: t.Unsuppressed(found)}
	if !t.Rejects(template.TargetAWS) && !hasErrors(out.Findings) {
		out.Document = t.Content.Text
	}
	return out
}

func hasErrors(found []template.Finding) bool {
	return slices.ContainsFunc(found, func(f template.Finding) bool { return f.Severity == template.Error })
}

// tooLong points at the command whose step crosses the limit.
func (tr *translation) tooLong(doc document) {
	limit := MaxInline
	if tr.options.Bucket {
		limit = MaxStored
	}
	at := slices.IndexFunc(doc.steps, func(s placed) bool { return s.end > limit })
	tr.add(doc.steps[max(at, 0)].command, "IB0501", template.Error, 0, 0, tr.options.lengthMessage(doc.text),
		"move steps into a component of their own, or files into a bucket")
}

func (o Options) lengthMessage(text string) string {
	if o.Bucket {
		return fmt.Sprintf("the AWS document has %d bytes; at most %d can be stored", len(text), MaxStored)
	}
	return fmt.Sprintf("the AWS document has %d characters; at most %d can be sent, and there is no bucket for more",
		utf8.RuneCountInString(text), MaxInline)
}

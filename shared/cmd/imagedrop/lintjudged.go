package main

import (
	"fmt"
	"strings"
	"unicode/utf8"

	"imagedrop/shared/awstoe"
	"imagedrop/shared/template"
)

// judged is what is kept of an input: not the template, of which there may be
// ten thousand.
type judged struct {
	name     string
	err      error // it could not be read, or not be written
	findings []spot
	commands int
	bytes    int
	budget   string

	// Of --fix and --diff: the text as read and as mended, what was mended, and how
	// many findings that leaves. Of --diff also both texts with their secrets covered.
	before, after           string
	shownBefore, shownAfter string
	mended                  []spot
	left                    int
}

// spot is a finding with what the formats show of its place.
type spot struct {
	template.Finding
	place string // the file; in a message also the JSON pointer
	line  string // the source line, its secrets covered
	shown bool   // there is a source line
	// inFile is where it stands in the file, as far as that has lines of its own:
	// not in a base64 text.
	inFile region
}

// region is a range of a file, as the positions of a finding; the zero region is
// all of the file.
type region struct{ line, column, endLine, endColumn int }

// sum keeps of an input that was judged what is printed.
func (l *linted) sum() *judged {
	return &judged{
		name: l.name, findings: l.spots(l.tmpl.Findings), budget: l.budget(),
		commands: l.tmpl.Content.Commands + l.tmpl.Test.Commands,
		bytes:    l.tmpl.Content.Bytes + l.tmpl.Test.Bytes,
	}
}

func (l *linted) spots(findings []template.Finding) []spot {
	out := make([]spot, len(findings))
	covered := coveredLines{l.tmpl, findings, map[string]string{}}
	for i, f := range l.mendable(findings) {
		s := &out[i]
		s.Finding, s.place = f, l.place(f)
		s.line, s.shown = covered.at(f)
		if body := l.tmpl.InBody(f); l.holds(body) {
			s.inFile = region{body.Line, body.Column, body.EndLine, body.EndColumn}
		}
	}
	return out
}

// holds reports whether a finding's positions are those of the file.
func (l *linted) holds(f template.Finding) bool {
	return l.tmpl.Text(f) == strings.TrimPrefix(string(l.text), template.ByteOrderMark)
}

// place names where a finding is: the file as it was given; in a message also
// the JSON pointer.
func (l *linted) place(f template.Finding) string {
	if strings.HasPrefix(f.Path, "/") {
		return l.name + "#" + f.Path
	}
	return l.name
}

// fails reports an input with a finding at or above the threshold.
func (r *judged) fails(o lintOptions) bool {
	for _, f := range r.findings {
		if o.fails(f.Finding) {
			return true
		}
	}
	return false
}

// budget says how much of what a content may hold is used, part by part; nothing
// where there is none, in a message that starts a build for one.
func (l *linted) budget() string {
	if l.tmpl.Content.Bytes+l.tmpl.Test.Bytes == 0 {
		return ""
	}
	text := used(l.tmpl.Content)
	if l.tmpl.Test.Bytes > 0 {
		text += "; test: " + used(l.tmpl.Test)
	}
	if l.aws != nil && l.aws.Document != "" {
		text += fmt.Sprintf("; aws: %d of %d characters", utf8.RuneCountInString(l.aws.Document), awstoe.MaxInline)
	}
	return text
}

func used(p template.Part) string {
	return fmt.Sprintf("%s, %d of %d bytes", count(p.Commands, "command"), p.Bytes, template.MaxContentBytes)
}

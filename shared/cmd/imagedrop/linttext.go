package main

import (
	"bufio"
	"fmt"
	"io"
	"strings"

	"imagedrop/shared/template"
)

// textReport is what `lint` prints for people.
type textReport struct {
	printer
	out     *bufio.Writer
	counts  map[template.Severity]int
	fixable int
	rule    string // of the first finding
}

func newTextReport(w io.Writer) *textReport {
	return &textReport{out: bufio.NewWriter(w), printer: newPrinter(w, false), counts: map[template.Severity]int{}}
}

func printText(w io.Writer, results []*judged, o lintOptions) error {
	p := newTextReport(w)
	read := 0
	for _, r := range results {
		if r.err == nil {
			p.print(r, o)
			read++
		}
	}
	p.total(read)
	return p.out.Flush()
}

// printFindings prints what was found in one input.
func printFindings(r *judged, w io.Writer) error {
	p := newTextReport(w)
	for _, f := range r.findings {
		p.finding(f)
	}
	return p.out.Flush()
}

func (p *textReport) print(r *judged, o lintOptions) {
	for _, f := range r.findings {
		p.finding(f)
	}
	if !r.fails(o) {
		fmt.Fprintln(p.out, clean(r.name)+": "+strings.TrimSuffix(p.paint(green, "ok")+", "+r.budget, ", "))
	}
}

// finding prints it with the place in the source.
func (p *textReport) finding(f spot) {
	p.counts[f.Severity]++
	if f.Fix != nil {
		p.fixable++
	}
	if p.rule == "" {
		p.rule = f.Rule
	}
	colour := severityColour[f.Severity]
	fmt.Fprintf(p.out, "%s:%d:%d: %s %s: %s\n", clean(f.place), f.Line, f.Column, p.paint(colour, string(f.Severity)),
		f.Rule, said(f.Finding))
	if f.shown {
		source, caret := excerpt(f.line, f.Finding, excerptWidth(p.width))
		fmt.Fprintf(p.out, "%5d | %s\n      | %s\n", f.Line, source, p.paint(colour, caret))
	}
	if f.Help != "" {
		fmt.Fprintf(p.out, "  help: %s\n", clean(f.Help))
	}
}

// total counts, and says how to go on.
func (p *textReport) total(files int) {
	text := p.found()
	if files > 1 {
		text = fmt.Sprintf("%d files: %s", files, text)
	} else if p.rule == "" {
		return
	}
	if p.fixable > 0 {
		text += fmt.Sprintf("; --fix mends %d of them", p.fixable)
	}
	if p.rule != "" {
		text += fmt.Sprintf("; `imagedrop rules %s` explains one", p.rule)
	}
	fmt.Fprintln(p.out, text)
}

func (p *textReport) found() string {
	var counts []string
	for _, severity := range severities {
		if n := p.counts[severity]; n > 0 {
			counts = append(counts, count(n, string(severity)))
		}
	}
	if len(counts) == 0 {
		return "no findings"
	}
	return strings.Join(counts, ", ")
}

// count says a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

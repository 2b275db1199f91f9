package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"imagedrop/shared/awstoe"
	"imagedrop/shared/local/account"
	"imagedrop/shared/template"
)

// report is what `lint --format json` prints: stable, versioned.
type report struct {
	Version  int          `json:"version"`
	Findings []finding    `json:"findings"`
	Files    []fileReport `json:"files"`
}

// finding is a template.Finding with every member present.
type finding struct {
	Rule        string            `json:"rule"`
	Severity    template.Severity `json:"severity"`
	Path        string            `json:"path"`
	Line        int               `json:"line"`
	Column      int               `json:"column"`
	EndLine     int               `json:"endLine"`
	EndColumn   int               `json:"endColumn"`
	Message     string            `json:"message"`
	Help        string            `json:"help"`
	ServiceCode string            `json:"serviceCode"`
}

// fileReport is the budget of one file: commands and bytes of its canonical text.
type fileReport struct {
	Path     string `json:"path"`
	Commands int    `json:"commands"`
	Bytes    int    `json:"bytes"`
}

// reportVersion is raised when a consumer of the JSON would have to change.
const reportVersion = 1

// The formats of lint.
const (
	formatText = "text"
	formatJSON = "json"
)

// linted is one input with what was found in it.
type linted struct {
	file // without a key it is a message
	tmpl *template.Template
	aws  *awstoe.Result // nil where it was not translated
	err  error          // it could not be read
}

func newLint(s streams) *cobra.Command {
	var format, policy, region string
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lint PATH...",
		Short: "Find every mistake in templates and messages before anything is created",
		Long: `lint checks templates (directories are walked), messages (*.json) and "-",
standard input. It is the engine of the functions: what it calls an error, they
reject. Exit code 1 only on errors.`,
		Example: "  imagedrop lint templates/\n  imagedrop lint --format json web.Dockerfile\n  cat web.Dockerfile | imagedrop lint -",
		Args:    cobra.MinimumNArgs(1),
		PreRunE: func(*cobra.Command, []string) error {
			if asJSON {
				format = formatJSON
			}
			if format != formatText && format != formatJSON {
				return fmt.Errorf("--format is text or json, not %q", format)
			}
			return nil
		},
		RunE: func(_ *cobra.Command, paths []string) error {
			check, err := policyCheck(policy, region)
			if err != nil {
				return err
			}
			inputs := lintable(paths)
			lintAll(inputs, s.in, check)
			return printReport(inputs, format, s)
		},
	}
	cmd.Flags().StringVar(&format, "format", formatText, "text or json")
	cmd.Flags().BoolVar(&asJSON, "json", false, "the same as --format json")
	cmd.Flags().StringVar(&policy, "policy", "", "also check against this policy (YAML, as POLICY in s.yaml)")
	cmd.Flags().StringVar(&region, "region", account.Region, "the functions' own region, which a policy without regions allows")
	return cmd
}

// lintable lists what the paths name: "-", messages, templates.
func lintable(paths []string) (inputs []*linted) {
	for _, p := range paths {
		if p == "-" || filepath.Ext(p) == ".json" {
			inputs = append(inputs, &linted{file: file{path: p}})
			continue
		}
		files, err := findTemplates([]string{p})
		if err != nil {
			inputs = append(inputs, &linted{file: file{path: p}, err: err})
		}
		for _, f := range files {
			inputs = append(inputs, &linted{file: f})
		}
	}
	return inputs
}

func lintAll(inputs []*linted, in io.Reader, check func(*template.Template)) {
	var g errgroup.Group
	g.SetLimit(runtime.GOMAXPROCS(0))
	for _, l := range inputs {
		g.Go(func() error { l.lint(in, check); return nil })
	}
	_ = g.Wait() // each keeps its own error
}

func (l *linted) lint(in io.Reader, check func(*template.Template)) {
	if l.err != nil {
		return
	}
	var text []byte
	if text, l.err = readInput(l.path, in); l.err != nil {
		return
	}
	whole := true // not where a message names its template
	if l.key != "" {
		l.tmpl = template.ParseFile(l.key, text)
	} else {
		m := template.ParseMessage(text)
		l.tmpl, whole = m.Resolve("", nil), m.TemplateURI == ""
	}
	if whole && slices.Contains(l.tmpl.Targets, template.TargetAWS) {
		l.translate()
	}
	check(l.tmpl)
}

// translate adds what the function awscomponent would find.
func (l *linted) translate() {
	if l.aws == nil && l.tmpl.AWS().URI == "" {
		made := awstoe.Component(l.tmpl, awstoe.Options{})
		l.tmpl.Join(made.Findings)
		l.aws = &made
	}
}

// name is how the input is called to a person.
func (l *linted) name() string {
	if l.path == "-" {
		return "<stdin>"
	}
	return l.path
}

// place names where a finding is: the file as it was given; in a message also
// the JSON pointer.
func (l *linted) place(f template.Finding) string {
	if strings.HasPrefix(f.Path, "/") {
		return l.name() + "#" + f.Path
	}
	return l.name()
}

func (l *linted) commands() int { return l.tmpl.Content.Commands + l.tmpl.Test.Commands }
func (l *linted) bytes() int    { return l.tmpl.Content.Bytes + l.tmpl.Test.Bytes }

// printReport prints what was found, and then says what could not be read.
func printReport(inputs []*linted, format string, s streams) error {
	var unread []error
	var read []*linted
	bad := false
	for _, l := range inputs {
		if l.err != nil {
			unread = append(unread, l.err)
			continue
		}
		read = append(read, l)
		bad = bad || l.tmpl.HasErrors()
	}
	if err := printFormat(read, format, s.out); err != nil {
		return err
	}
	if len(unread) > 0 {
		return errors.Join(unread...)
	}
	if bad {
		return errRejected
	}
	return nil
}

func printFormat(inputs []*linted, format string, w io.Writer) error {
	if format == formatJSON {
		return printJSON(w, reportOf(inputs))
	}
	out := bufio.NewWriter(w)
	p := textReport{out: out, printer: newPrinter(w, false), counts: map[template.Severity]int{}}
	for _, l := range inputs {
		p.print(l)
	}
	p.total(len(inputs))
	return out.Flush()
}

// printFindings prints what was found in one input.
func printFindings(l *linted, w io.Writer) error {
	out := bufio.NewWriter(w)
	p := textReport{out: out, printer: newPrinter(w, false), counts: map[template.Severity]int{}}
	for _, f := range l.tmpl.Findings {
		p.finding(l, f)
	}
	return out.Flush()
}

func reportOf(inputs []*linted) report {
	r := report{Version: reportVersion, Findings: []finding{}, Files: []fileReport{}}
	for _, l := range inputs {
		for _, f := range l.tmpl.Findings {
			r.Findings = append(r.Findings, finding{
				Rule: f.Rule, Severity: f.Severity, Path: l.place(f),
				Line: f.Line, Column: f.Column, EndLine: f.EndLine, EndColumn: f.EndColumn,
				Message: f.Message, Help: f.Help, ServiceCode: f.ServiceCode,
			})
		}
		r.Files = append(r.Files, fileReport{Path: l.name(), Commands: l.commands(), Bytes: l.bytes()})
	}
	return r
}

// textReport is what `lint` prints for people.
type textReport struct {
	printer
	out    *bufio.Writer
	counts map[template.Severity]int
}

func (p *textReport) print(l *linted) {
	for _, f := range l.tmpl.Findings {
		p.finding(l, f)
	}
	if !l.tmpl.HasErrors() {
		fmt.Fprintf(p.out, "%s: %s, %s\n", clean(l.name()), p.paint(green, "ok"), l.budget())
	}
}

// finding prints it with the place in the source.
func (p *textReport) finding(l *linted, f template.Finding) {
	p.counts[f.Severity]++
	fmt.Fprintf(p.out, "%s:%d:%d: %s %s: %s\n", clean(l.place(f)), f.Line, f.Column,
		p.paint(severityColour[f.Severity], string(f.Severity)), f.Rule, said(f))
	if source, caret, ok := excerpt(l.tmpl.Text(f), f); ok {
		fmt.Fprintf(p.out, "%5d | %s\n      | %s\n", f.Line, source, p.paint(severityColour[f.Severity], caret))
	}
	if f.Help != "" {
		fmt.Fprintf(p.out, "  help: %s\n", clean(f.Help))
	}
}

// total counts over several files.
func (p *textReport) total(files int) {
	if files < 2 {
		return
	}
	counts := []string{}
	for _, severity := range []template.Severity{template.Error, template.Warning, template.Info} {
		if n := p.counts[severity]; n > 0 {
			counts = append(counts, count(n, string(severity)))
		}
	}
	if len(counts) == 0 {
		counts = []string{"no findings"}
	}
	fmt.Fprintf(p.out, "%d files: %s\n", files, strings.Join(counts, ", "))
}

// count says a number of things.
func count(n int, thing string) string {
	if n == 1 {
		return "1 " + thing
	}
	return fmt.Sprintf("%d %ss", n, thing)
}

// budget says how much of what a content may hold is used, part by part.
func (l *linted) budget() string {
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

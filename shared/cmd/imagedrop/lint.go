package main

import (
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"imagedrop/shared/local/account"
	"imagedrop/shared/template"
)

// report is what `lint --format json` prints: stable, versioned.
type report struct {
	Version  int                `json:"version"`
	Findings []template.Finding `json:"findings"`
	Files    []fileReport       `json:"files"`
}

// fileReport is the budget of one file: commands and bytes of its canonical text.
type fileReport struct {
	Path     string `json:"path"`
	Commands int    `json:"commands"`
	Bytes    int    `json:"bytes"`
}

// reportVersion is raised when a consumer of the JSON would have to change.
const reportVersion = 1

// linted is one input with what was found in it.
type linted struct {
	path string
	text []byte
	tmpl *template.Template
}

func newLint(s streams) *cobra.Command {
	var format, policy, region string
	cmd := &cobra.Command{
		Use:   "lint PATH...",
		Short: "Find every mistake in templates and messages before anything is created",
		Long: `lint checks templates (directories are walked), messages (*.json) and "-",
standard input. It is the engine of the functions: what it calls an error, they
reject. Exit code 1 only on errors.`,
		Example: "  imagedrop lint templates/\n  imagedrop lint --format json web.Dockerfile\n  cat web.Dockerfile | imagedrop lint -",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, paths []string) error {
			if format != "text" && format != "json" {
				return fmt.Errorf("--format is text or json, not %q", format)
			}
			check, err := policyCheck(policy, region)
			if err != nil {
				return err
			}
			inputs, err := lintAll(paths, s.in, check)
			if err != nil {
				return err
			}
			return printReport(inputs, format, s)
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "text or json")
	cmd.Flags().StringVar(&policy, "policy", "", "also check against this policy (YAML, as POLICY in s.yaml)")
	cmd.Flags().StringVar(&region, "region", account.Region, "the functions' own region, which a policy without regions allows")
	return cmd
}

func lintAll(paths []string, in io.Reader, check func(*template.Template)) ([]linted, error) {
	var inputs []linted
	for _, p := range paths {
		files, err := lintable(p)
		if err != nil {
			return nil, err
		}
		for _, f := range files {
			text, err := readInput(f.path, in)
			if err != nil {
				return nil, err
			}
			inputs = append(inputs, lintOne(f, text, check))
		}
	}
	return inputs, nil
}

// lintable lists what a path names: "-", a message, or templates.
func lintable(p string) ([]file, error) {
	if p == "-" || filepath.Ext(p) == ".json" {
		return []file{{path: p}}, nil
	}
	return findTemplates([]string{p})
}

func lintOne(f file, text []byte, check func(*template.Template)) linted {
	l := linted{path: f.path, text: text}
	if f.key != "" {
		l.tmpl = template.ParseFile(f.key, text)
	} else {
		l.tmpl = template.ParseMessage(text).Resolve("", nil)
	}
	check(l.tmpl)
	for i := range l.tmpl.Findings {
		l.tmpl.Findings[i].Path = l.shown(l.tmpl.Findings[i].Path)
	}
	return l
}

// shown names a finding's place to a person: the file as it was given; in a
// message also the JSON pointer.
func (l linted) shown(path string) string {
	name := l.path
	if name == "-" {
		name = "<stdin>"
	}
	if strings.HasPrefix(path, "/") {
		return name + "#" + path
	}
	return name
}

func printReport(inputs []linted, format string, s streams) error {
	bad := false
	if format == "json" {
		if err := printLintJSON(inputs, s.out); err != nil {
			return err
		}
	} else {
		printLintText(inputs, s)
	}
	for _, l := range inputs {
		bad = bad || l.tmpl.HasErrors()
	}
	if bad {
		return errRejected
	}
	return nil
}

func printLintJSON(inputs []linted, w io.Writer) error {
	r := report{Version: reportVersion, Findings: []template.Finding{}, Files: []fileReport{}}
	for _, l := range inputs {
		r.Findings = append(r.Findings, l.tmpl.Findings...)
		r.Files = append(r.Files, fileReport{Path: l.shown(""), Commands: l.commands(), Bytes: l.bytes()})
	}
	return printJSON(w, r)
}

func (l linted) commands() int { return l.tmpl.Content.Commands + l.tmpl.Test.Commands }
func (l linted) bytes() int    { return l.tmpl.Content.Bytes + l.tmpl.Test.Bytes }

func printLintText(inputs []linted, s streams) {
	paint := newPrinter(s.out, false).paint
	for _, l := range inputs {
		for _, f := range l.tmpl.Findings {
			fmt.Fprintln(s.out, headline(f, paint))
			for _, line := range excerpt(l.source(f), f, paint) {
				fmt.Fprintln(s.out, line)
			}
			if f.Help != "" {
				fmt.Fprintf(s.out, "  help: %s\n", f.Help)
			}
		}
		if !l.tmpl.HasErrors() {
			fmt.Fprintf(s.out, "%s: ok, %s\n", l.shown(""), l.budget())
		}
	}
}

// budget says how much of what a content may hold is used, part by part.
func (l linted) budget() string {
	text := used(l.tmpl.Content)
	if l.tmpl.Test.Bytes > 0 {
		text += "; test: " + used(l.tmpl.Test)
	}
	return text
}

func used(p template.Part) string {
	return fmt.Sprintf("%d commands, %d of %d bytes", p.Commands, p.Bytes, template.MaxContentBytes)
}

// severityColour is the ANSI colour of each severity.
var severityColour = map[template.Severity]string{template.Error: "31", template.Warning: "33", template.Info: "36"}

// headline is the first line of a finding; the code that the service would
// answer stands behind the message.
func headline(f template.Finding, paint func(code, text string) string) string {
	line := fmt.Sprintf("%s:%d:%d: %s %s: %s", f.Path, f.Line, f.Column,
		paint(severityColour[f.Severity], string(f.Severity)), f.Rule, f.Message)
	if f.ServiceCode != "" {
		line += " → " + f.ServiceCode
	}
	return line
}

// source is the text that a finding's line and column count in.
func (l linted) source(f template.Finding) []byte {
	for _, key := range []string{"content", "testContent"} {
		if strings.HasSuffix(f.Path, "#/"+key) {
			return contentOf(l.text, key)
		}
	}
	return l.text
}

// contentOf returns the template text inside a message; a body that is no JSON
// object is that text itself.
func contentOf(body []byte, key string) []byte {
	var m map[string]json.RawMessage
	var text string
	if json.Unmarshal(body, &m) != nil {
		return body
	}
	if json.Unmarshal(m[key], &text) != nil {
		return nil
	}
	return []byte(text)
}

// maxExcerpt is how many columns of a source line are shown.
const maxExcerpt = 120

// excerpt is the source line with a caret below the place.
func excerpt(text []byte, f template.Finding, paint func(code, text string) string) []string {
	lines := strings.Split(strings.ReplaceAll(string(text), "\r\n", "\n"), "\n")
	if f.Line < 1 || f.Line > len(lines) || !printable(lines[f.Line-1]) {
		return nil
	}
	line := []rune(strings.ReplaceAll(lines[f.Line-1], "\t", " "))
	from := min(max(f.Column-1, 0), len(line))
	if from >= maxExcerpt {
		return nil
	}
	to := from + 1
	if f.EndLine == f.Line {
		to = max(to, f.EndColumn-1)
	} else if f.EndLine > f.Line {
		to = max(to, len(line))
	}
	to = min(to, maxExcerpt)
	number := fmt.Sprintf("%5d | ", f.Line)
	caret := "^" + strings.Repeat("~", max(0, to-from-1))
	return []string{
		number + string(line[:min(len(line), maxExcerpt)]),
		strings.Repeat(" ", len(number)-2) + "| " + strings.Repeat(" ", from) + paint(severityColour[f.Severity], caret),
	}
}

// printable reports whether a terminal can show the line as it is.
func printable(line string) bool {
	return !slices.ContainsFunc([]rune(line), func(r rune) bool { return (r < ' ' && r != '\t') || r == 0x7f || r == '�' })
}

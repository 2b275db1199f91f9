package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"path/filepath"
	"runtime"
	"runtime/debug"
	"slices"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/spf13/cobra"

	"imagedrop/shared/awstoe"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/template"
)

// The formats of lint.
const (
	formatText   = "text"
	formatJSON   = "json"
	formatSARIF  = "sarif"
	formatGitHub = "github"
	formatJUnit  = "junit"
)

// lintFormats are the formats with what prints them.
var lintFormats = []struct {
	name  string
	print func(io.Writer, []*judged, lintOptions) error
}{
	{formatText, printText}, {formatJSON, printReportJSON}, {formatSARIF, printSARIF}, {formatGitHub, printGitHub},
	{formatJUnit, printJUnit},
}

// lintOptions are the flags of lint.
type lintOptions struct {
	template.Options
	format    string
	failOn    string
	stdinName string
	fix, diff bool
	policy    string
	region    string

	check func(*template.Template) // against the policy
}

func newLint(s streams) *cobra.Command {
	var o lintOptions
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "lint PATH...",
		Short: "Find every mistake in templates and messages before anything is created",
		Long: `lint checks templates, messages (*.json) and "-", standard input. It is the engine
of the functions: what it calls an error, they reject. Directories are walked;
what is hidden, node_modules and vendor are passed over unless they are named.

Exit codes: 0 clean, 1 findings at or above --fail-on, 2 usage or I/O.

--fix mends in place what has one obvious mending, and reports what is left; of
standard input it prints the mended text, and reports on standard error.`,
		Example: `  imagedrop lint templates/
  imagedrop lint --fix --diff templates/ | patch -p0
  imagedrop lint --format sarif templates/ > imagedrop.sarif
  cat web.Dockerfile | imagedrop lint --stdin-name web.Dockerfile --json -`,
		Args: cobra.MinimumNArgs(1),
		PreRunE: func(cmd *cobra.Command, paths []string) error {
			if asJSON && !cmd.Flags().Changed("format") {
				o.format = formatJSON
			}
			if asJSON && o.format != formatJSON {
				return fmt.Errorf("--json means --format json, not %s", o.format)
			}
			return o.validate(paths)
		},
		RunE: func(cmd *cobra.Command, paths []string) error { return runLint(cmd.Context(), paths, o, s) },
	}
	o.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "the same as --format json")
	return cmd
}

func (o *lintOptions) flags(cmd *cobra.Command) {
	f := cmd.Flags()
	f.StringVar(&o.format, "format", formatText, listed(formatNames()))
	f.StringVar(&o.failOn, "fail-on", string(template.Error), "lowest severity that makes the exit code 1: "+listed(severityNames()))
	f.BoolVar(&o.Pedantic, "pedantic", false, "ask also the rules that are off by default")
	f.BoolVar(&o.fix, "fix", false, "mend in place what has one obvious mending")
	f.BoolVar(&o.diff, "diff", false, "print what --fix would change, as a unified diff, and change nothing")
	f.StringVar(&o.stdinName, "stdin-name", "", `take "-" for the file of this name; without, for a message`)
	f.StringVar(&o.policy, "policy", "", "also check against this policy (YAML, as POLICY in s.yaml)")
	f.StringVar(&o.region, "region", account.Region, "the functions' own region, which a policy without regions allows")
	for flag, choice := range map[string][]string{"format": formatNames(), "fail-on": severityNames()} {
		_ = cmd.RegisterFlagCompletionFunc(flag, cobra.FixedCompletions(choice, cobra.ShellCompDirectiveNoFileComp)) // the flag is there
	}
}

func formatNames() (names []string) {
	for _, f := range lintFormats {
		names = append(names, f.name)
	}
	return names
}

// severities are those of findings, the gravest first.
var severities = []template.Severity{template.Error, template.Warning, template.Info}

func severityNames() (names []string) {
	for _, s := range severities {
		names = append(names, string(s))
	}
	return names
}

// listed spells a choice: "a, b or c".
func listed(words []string) string {
	last := len(words) - 1
	return strings.Join(words[:last], ", ") + " or " + words[last]
}

// validate refuses flags that make no sense, before anything is read.
func (o *lintOptions) validate(paths []string) error {
	fromStdin := slices.Contains(paths, "-")
	switch {
	case !slices.Contains(formatNames(), o.format):
		return fmt.Errorf("--format is %s, not %q", listed(formatNames()), o.format)
	case !slices.Contains(severityNames(), o.failOn):
		return fmt.Errorf("--fail-on is %s, not %q", listed(severityNames()), o.failOn)
	case o.diff && o.format != formatText:
		return fmt.Errorf("--diff prints a difference, not --format %s", o.format)
	case o.stdinName != "" && !fromStdin:
		return errors.New("--stdin-name needs -, standard input")
	case o.fix && fromStdin && len(paths) > 1:
		return errors.New("--fix prints the mended standard input, and takes no other path beside it")
	}
	return nil
}

// fails reports a finding at or above the threshold.
func (o *lintOptions) fails(f template.Finding) bool {
	return slices.Index(severities, f.Severity) <= slices.Index(severities, template.Severity(o.failOn))
}

// runLint reads, judges and mends the inputs, and prints what is left.
func runLint(ctx context.Context, paths []string, o lintOptions, s streams) (err error) {
	if o.check, err = policyCheck(o.policy, o.region); err != nil {
		return err
	}
	results, err := lintAll(ctx, lintable(ctx, paths, o.stdinName), o, s)
	if err != nil && o.fix && !o.diff {
		return errors.Join(err, printMended(results, s.err)) // files were changed, if not all
	}
	if err != nil {
		return err
	}
	out := s.out
	if o.fix || o.diff {
		if out, err = printFixes(results, o, s); err != nil {
			return err
		}
	}
	if out != nil {
		if err := printResults(results, o, out); err != nil {
			return err
		}
	}
	return verdict(results, o)
}

func printResults(results []*judged, o lintOptions, w io.Writer) error {
	for _, f := range lintFormats {
		if f.name == o.format {
			return f.print(w, results, o)
		}
	}
	return nil
}

// verdict is what the exit code says.
func verdict(results []*judged, o lintOptions) error {
	var unread []error
	bad := false
	for _, r := range results {
		if r.err != nil {
			unread = append(unread, r.err)
		}
		bad = bad || slices.ContainsFunc(r.findings, func(f spot) bool { return o.fails(f.Finding) })
	}
	switch {
	case len(unread) > 0:
		return errors.Join(unread...)
	case bad:
		return errRejected
	}
	return nil
}

// linted is one input with what was found in it.
type linted struct {
	file        // without a key it is a message
	name string // as a person calls it
	text []byte
	tmpl *template.Template
	aws  *awstoe.Result // nil where it was not translated
	err  error          // it could not be read
}

// stdin is how standard input is called where it has no name.
const stdin = "<stdin>"

// lintable lists what the paths name, each once: "-", messages, templates.
func lintable(ctx context.Context, paths []string, stdinName string) (inputs []*linted) {
	seen := map[string]bool{}
	add := func(l *linted) {
		if !seen[filepath.Clean(l.path)] {
			inputs = append(inputs, l)
		}
		seen[filepath.Clean(l.path)] = true
	}
	for _, p := range paths {
		if p == "-" {
			add(stdinInput(stdinName))
			continue
		}
		if isMessage(p) {
			add(&linted{file: file{path: p}, name: p})
			continue
		}
		files, err := walk(ctx, p)
		if err == nil && len(files) == 0 {
			err = noTemplate(p)
		}
		for _, f := range files {
			add(&linted{file: f, name: f.path})
		}
		if err != nil {
			inputs = append(inputs, &linted{file: file{path: p}, name: p, err: err})
		}
	}
	return inputs
}

func isMessage(path string) bool { return filepath.Ext(path) == ".json" }

// stdinInput is standard input, taken for the file of a name or, without one,
// for a message, which may be template text.
func stdinInput(name string) *linted {
	l := &linted{file: file{path: "-"}, name: name}
	switch {
	case name == "":
		l.name = stdin
	case isMessage(name):
	case template.IsTemplate(filepath.Base(name)):
		l.key = keyOf(name, name)
	default:
		l.err = noTemplate(name)
	}
	return l
}

// collectRarely lets garbage wait: lint keeps little of each input and is over
// soon. The heap grows to nine times of what is kept instead of twice, which is
// some 40 MB for files without findings, however many.
func collectRarely() (restore func()) {
	percent := debug.SetGCPercent(800)
	return func() { debug.SetGCPercent(percent) }
}

// lintAll judges the inputs side by side and answers the results in their order.
func lintAll(ctx context.Context, inputs []*linted, o lintOptions, s streams) ([]*judged, error) {
	defer collectRarely()()
	results := make([]*judged, len(inputs))
	step, done := lintProgress(len(inputs), o, s.err)
	defer done()
	var next atomic.Int64
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(inputs)) { // not one for each input: its stack would have to grow first
		workers.Go(func() {
			var room bytes.Buffer
			for i := int(next.Add(1)) - 1; i < len(inputs) && ctx.Err() == nil; i = int(next.Add(1)) - 1 {
				results[i], inputs[i] = inputs[i].judge(ctx, o, s.in, &room), nil // its template goes, too
				step()
			}
		})
	}
	workers.Wait()
	return results, ctx.Err()
}

// judge reads one input and finds what is wrong with it; with --fix it mends
// what has a fix first.
func (l *linted) judge(ctx context.Context, o lintOptions, in io.Reader, room *bytes.Buffer) *judged {
	if l.err == nil {
		l.text, l.err = readTemplate(ctx, l.path, in, room)
	}
	if l.err == nil && o.fix && l.path == "-" && len(l.text) > imagebuild.MaxRaw {
		l.err = fmt.Errorf("%s: more than %d bytes, too large to be mended", l.name, imagebuild.MaxRaw)
	}
	if l.err != nil {
		return &judged{name: l.name, err: l.err}
	}
	l.lint(o)
	if o.fix || o.diff {
		return l.mend(o)
	}
	return l.sum()
}

// readTemplate reads as much of an input as a function would.
func readTemplate(ctx context.Context, path string, in io.Reader, room *bytes.Buffer) ([]byte, error) {
	if path != "-" {
		return readFile(ctx, path, room)
	}
	return waitFor(ctx, func() ([]byte, error) { return io.ReadAll(io.LimitReader(in, imagebuild.MaxRaw+1)) })
}

// lint judges the text.
func (l *linted) lint(o lintOptions) {
	l.aws = nil
	whole := true // not where a message names its template
	switch {
	case len(l.text) > imagebuild.MaxRaw:
		l.tmpl = &template.Template{}
		imagebuild.ReportTooLarge(l.tmpl, l.key)
		return
	case l.key != "":
		l.tmpl = o.ParseFile(l.key, l.text)
	default:
		m := o.ParseMessage(l.text)
		l.tmpl, whole = m.Resolve("", nil), m.TemplateURI == ""
	}
	if whole && slices.Contains(l.tmpl.Targets, template.TargetAWS) {
		l.translate()
	}
	if o.check != nil {
		o.check(l.tmpl)
	}
}

// translate adds what the function awscomponent would find.
func (l *linted) translate() {
	if l.aws == nil && l.tmpl.AWS().URI == "" {
		made := awstoe.Component(l.tmpl)
		l.tmpl.Join(made.Findings)
		l.aws = &made
	}
}

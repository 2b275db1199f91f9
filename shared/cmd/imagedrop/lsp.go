package main

import (
	"errors"
	"strings"

	"github.com/spf13/cobra"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/lsp"
	"imagedrop/shared/template"
)

func newLSP(s streams) *cobra.Command {
	var o lintOptions
	cmd := &cobra.Command{
		Use:   "lsp",
		Short: "Serve an editor: findings as you type, hovers, completion, fixes",
		Long: `lsp speaks the Language Server Protocol on standard input and output; an editor
starts it. It judges X.Dockerfile, Dockerfile.X, Dockerfile, and of YAML and JSON
what is a component or a message. The engine and the fixes are those of lint.`,
		Example: "  imagedrop lsp --pedantic",
		Args:    cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) (err error) {
			if o.check, err = policyCheck(o.policy, o.region); err != nil {
				return err
			}
			err = lsp.Serve(cmd.Context(), s.in, s.out, imagebuild.Version, o.judge)
			if errors.Is(err, lsp.ErrNoShutdown) {
				return errRejected // as the protocol has it
			}
			return err
		},
	}
	f := cmd.Flags()
	f.Bool("stdio", true, "speak on standard input and output; the only way")
	f.BoolVar(&o.Pedantic, "pedantic", false, "ask also the rules that are off by default")
	f.StringVar(&o.policy, "policy", "", "also check against this policy (YAML, as POLICY in s.yaml)")
	f.StringVar(&o.region, "region", account.Region, "the functions' own region, which a policy without regions allows")
	return cmd
}

// judge finds what lint finds in a file, with positions of the text that the
// editor has.
func (o lintOptions) judge(path string, text []byte) []template.Finding {
	l := &linted{file: file{path: path}, name: path, text: text}
	if !isMessage(path) {
		l.key = keyOf(path, path)
	}
	l.lint(o)
	found := make([]template.Finding, len(l.tmpl.Findings))
	for i, f := range l.tmpl.Findings {
		found[i] = l.shown(f)
	}
	return found
}

// shown is a finding where it stands in the text: what stands in none of its
// lines, in base64 for one, is about all of it.
func (l *linted) shown(f template.Finding) template.Finding {
	if !l.holds(f) {
		f.Fix = nil
	}
	body := l.tmpl.InBody(f)
	switch {
	case l.holds(body):
		body.Fix = f.Fix
		return body
	case strings.HasPrefix(f.Path, "/"):
		f.Message += " (" + f.Path + ")"
	}
	f.Line, f.Column, f.EndLine, f.EndColumn = 1, 1, 1, 1
	return f
}

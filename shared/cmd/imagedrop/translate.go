package main

import (
	"bytes"
	"context"
	"fmt"
	"io"

	"github.com/spf13/cobra"

	"imagedrop/shared/awstoe"
	"imagedrop/shared/template"
)

// translation is what `translate --json` prints: stable, versioned.
type translation struct {
	Version  int               `json:"version"`
	Document string            `json:"document"` // "" where an error stands against it
	Tags     map[string]string `json:"tags"`     // that labels become
	Lines    []awstoe.Line     `json:"lines"`
	Findings []finding         `json:"findings"`
}

func newTranslate(s streams) *cobra.Command {
	var asJSON bool
	cmd := &cobra.Command{
		Use:   "translate FILE",
		Short: "Print the AWS component document that a template becomes",
		Long: `translate prints the AWSTOE document that the function awscomponent sends to EC2
Image Builder for a template, a message (*.json) or "-", standard input, whatever
its targets are. Findings, and what changes its meaning, go to standard error. An
AWS document is checked and printed without its comments.`,
		Example: "  imagedrop translate web.Dockerfile > web.aws.yaml\n  imagedrop translate web.Dockerfile --json | jq .lines",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			return printTranslation(cmd.Context(), translatable(paths[0]), asJSON, s)
		},
	}
	cmd.Flags().BoolVar(&asJSON, "json", false, "print the document, the fidelity of each command and the findings as one JSON document")
	return cmd
}

// translatable is the one input of translate.
func translatable(path string) *linted {
	switch {
	case path == "-":
		return stdinInput("")
	case isMessage(path):
		return &linted{file: file{path: path}, name: path}
	}
	return &linted{file: file{path: path, key: keyOf(path, path)}, name: path}
}

func printTranslation(ctx context.Context, l *linted, asJSON bool, s streams) (err error) {
	if l.text, err = readTemplate(ctx, l.path, s.in, &bytes.Buffer{}); err != nil {
		return err
	}
	l.lint(lintOptions{})
	if l.translate(); l.aws == nil {
		return fmt.Errorf("%s: its document is %s", clean(l.name), clean(l.tmpl.AWS().URI))
	}
	l.tmpl.Findings = l.tmpl.FindingsOf(template.TargetAWS)
	if asJSON {
		t := translation{Version: reportVersion, Document: l.aws.Document, Tags: l.aws.Tags, Lines: l.aws.Lines,
			Findings: reportOf([]*judged{l.sum()}).Findings}
		if err := printJSON(s.out, t); err != nil {
			return err
		}
	} else if err := printDocument(l, s); err != nil {
		return err
	}
	if l.tmpl.HasErrors() {
		return errRejected
	}
	return nil
}

func printDocument(l *linted, s streams) error {
	if _, err := io.WriteString(s.out, l.aws.Document); err != nil {
		return err
	}
	return printFindings(l.sum(), s.err)
}

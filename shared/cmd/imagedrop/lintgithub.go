package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"

	"imagedrop/shared/template"
)

// githubCommand is the workflow command of each severity.
// Source: "Workflow commands for GitHub Actions", setting an error, a warning
// and a notice message.
var githubCommand = map[template.Severity]string{template.Error: "error", template.Warning: "warning", template.Info: "notice"}

// The escapes of workflow commands. Source: actions/toolkit, core/src/command.ts.
var (
	githubData     = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A")
	githubProperty = strings.NewReplacer("%", "%25", "\r", "%0D", "\n", "%0A", ":", "%3A", ",", "%2C")
)

// printGitHub prints an annotation for each finding.
func printGitHub(w io.Writer, results []*judged, _ lintOptions) error {
	out := bufio.NewWriter(w)
	root := repositoryRoot()
	for _, r := range results {
		for _, f := range r.findings {
			fmt.Fprintf(out, "::%s %s::%s\n", githubCommand[f.Severity], githubProperties(clean(below(root, r.name)), f),
				githubData.Replace(f.annotation(r.name)))
		}
	}
	return out.Flush()
}

// githubProperties names the place; columns are taken only within one line.
func githubProperties(path string, f spot) string {
	at := max(f.inFile.line, 1)
	text := fmt.Sprintf("file=%s,line=%d", githubProperty.Replace(path), at)
	switch {
	case f.inFile.endLine > f.inFile.line:
		text += fmt.Sprintf(",endLine=%d", f.inFile.endLine)
	case f.inFile.line > 0:
		text += fmt.Sprintf(",endLine=%d,col=%d,endColumn=%d", at, f.inFile.column, f.inFile.endColumn)
	}
	return text + ",title=" + githubProperty.Replace("imagedrop "+f.Rule)
}

// annotation is the text of a finding that is shown beside its place: what is
// wrong, the place within a message's content, and the help.
func (f spot) annotation(name string) string {
	text := said(f.Finding)
	if f.inFile.line != f.Line || f.inFile.column != f.Column {
		text += fmt.Sprintf(" (%s, line %d, column %d)", clean(strings.TrimPrefix(f.place, name+"#")), f.Line, f.Column)
	}
	if f.Help != "" {
		text += "\nhelp: " + clean(f.Help)
	}
	return text
}

// repositoryRoot is what paths of annotations begin at: the checkout of a
// workflow, else the working directory.
func repositoryRoot() string {
	if root := os.Getenv("GITHUB_WORKSPACE"); root != "" {
		return root
	}
	root, err := os.Getwd()
	if err != nil {
		return ""
	}
	return root
}

// below names a file as seen from root, with slashes; one that lies elsewhere
// keeps its whole path.
func below(root, name string) string {
	if name == stdin {
		return "stdin"
	}
	whole, err := filepath.Abs(name)
	if err != nil {
		return filepath.ToSlash(name)
	}
	if rel, err := filepath.Rel(root, whole); err == nil && filepath.IsLocal(rel) {
		return filepath.ToSlash(rel)
	}
	return filepath.ToSlash(whole)
}

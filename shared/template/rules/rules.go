// Package rules holds a page of each rule of the template language: what it
// finds, what that costs, and how it is mended. Only the command line imports
// it: a function that reports a rule needs no page.
package rules

import "embed"

//go:embed IB*.md
var pages embed.FS

// Page returns the page of a rule in Markdown, "" where there is no such rule.
func Page(id string) string {
	text, err := pages.ReadFile(id + ".md")
	if err != nil {
		return ""
	}
	return string(text)
}

// Package rules holds a page of each rule of the template language: what it
// finds, what that costs, and how it is mended. Only the command line imports
// it: a function that reports a rule needs no page.
package rules

import (
	"embed"
	"strings"
)

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

// Gist returns what a rule finds, the first paragraph of its page below the
// facts, as one line; "" where there is no such rule.
func Gist(id string) string {
	paragraphs := strings.SplitN(Page(id), "\n\n", 4)
	if len(paragraphs) < 3 {
		return ""
	}
	return strings.Join(strings.Fields(paragraphs[2]), " ")
}

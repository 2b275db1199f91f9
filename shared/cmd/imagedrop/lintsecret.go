package main

import (
	"strings"

	"imagedrop/shared/template"
)

// coveredLines gives lines of the texts of a template without their secrets: the
// output of CI is read by many. Each text is covered once.
type coveredLines struct {
	tmpl     *template.Template
	findings []template.Finding // whose lines are shown
	texts    map[string]string  // by the text as it is
}

// at returns the line on which a finding begins, false where there is none.
func (c *coveredLines) at(f template.Finding) (string, bool) {
	text := c.tmpl.Text(f)
	if text == "" {
		return "", false
	}
	covered, ok := c.texts[text]
	if !ok {
		var lines []int
		for _, f := range c.findings {
			if c.tmpl.Text(f) == text {
				lines = append(lines, f.Line)
			}
		}
		covered = c.tmpl.Covered(f, lines...)
		c.texts[text] = covered
	}
	return lineAt(covered, f.Line)
}

// covered is all of the file without its secrets.
func (l *linted) covered() string {
	text := l.tmpl.Covered(template.Finding{})
	if strings.HasPrefix(string(l.text), template.ByteOrderMark) {
		text = template.ByteOrderMark + text
	}
	return text
}

// coveredContent is a canonical text, or a document made of one, without its secrets.
func coveredContent(text string, format template.Format) string {
	name := "Dockerfile"
	if format != template.Dockerfile {
		name = "a.yaml"
	}
	return template.ParseFile(name, []byte(text)).Covered(template.Finding{})
}

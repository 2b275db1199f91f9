package main

import (
	"slices"
	"strings"

	"imagedrop/shared/template"
)

// secretRules are the rules whose findings stand on a secret: what they mark is
// printed nowhere, for the output of CI is read by many.
var secretRules = []string{"IB0401", "IB0402", "IB0403"}

// secrets are the findings that stand on one.
type secretFindings []template.Finding

func secrets(findings []template.Finding) (out secretFindings) {
	for _, f := range findings {
		if slices.Contains(secretRules, f.Rule) {
			out = append(out, f)
		}
	}
	return out
}

// cover puts asterisks over the secrets of the line that f begins on.
func (s secretFindings) cover(line string, f template.Finding) string {
	for _, secret := range s {
		if secret.Path != f.Path || f.Line < secret.Line || f.Line > secret.EndLine {
			continue
		}
		runes := []rune(line)
		from, to := 0, len(runes)
		if f.Line == secret.Line {
			from = min(secret.Column-1, to)
		}
		if f.Line == secret.EndLine {
			to = min(secret.EndColumn-1, to)
		}
		line = string(runes[:from]) + strings.Repeat("*", max(0, to-from)) + string(runes[max(from, to):])
	}
	return line
}

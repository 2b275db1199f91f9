package main

import (
	"strings"

	"imagedrop/shared/template"
)

// secretFindings are those of rules about secrets: what stands there is printed
// nowhere, for the output of CI is read by many.
type secretFindings []template.Finding

// cover puts asterisks over the secrets of the line that f begins on.
func (s secretFindings) cover(line string, f template.Finding) string {
	line = template.CoverSecrets(line)
	if len(s) == 0 {
		return line
	}
	runes := []rune(line)
	for _, secret := range s {
		if secret.Path == f.Path && secret.Line <= f.Line && f.Line <= secret.EndLine {
			from, to := covered(runes, secret, f.Line)
			copy(runes[from:to], []rune(strings.Repeat("*", to-from)))
		}
	}
	return string(runes)
}

// covered is the range of a line that is a secret: what the finding marks; where
// that is the name of a variable, all that stands behind it.
func covered(line []rune, secret template.Finding, number int) (from, to int) {
	from, to = 0, len(line)
	if number == secret.Line {
		from = min(secret.Column-1, to)
	}
	if number == secret.EndLine {
		to = max(min(secret.EndColumn-1, to), from)
	}
	switch marked := string(line[from:to]); {
	case secret.Rule == "IB0403" && to < len(line) && strings.ContainsRune("= ", line[to]):
		return to + 1, len(line)
	case secret.Rule == "IB0402" && secret.Line == secret.EndLine && strings.ContainsAny(marked, "/~") && !strings.Contains(marked, " "):
		return to, to // the path of a key
	}
	return from, to
}

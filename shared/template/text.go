package template

import (
	"strconv"
	"strings"
)

// Findings travel in outcomes, which never carry template text: values and
// arguments are pointed at, not repeated. Only names are shown.

// named adds a name to a message: ` "name"`, or nothing where the text is no
// name that someone could have misspelt.
func named(s string) string {
	const longest = 40
	if s == "" || len(s) > longest || strings.ContainsFunc(s, isNoNameRune) || holdsSecret(s) {
		return ""
	}
	return ` "` + s + `"`
}

func isNoNameRune(r rune) bool {
	return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || r == '.' || r == '_' || r == '-')
}

func join(words []string) string { return strings.Join(words, ", ") }

func trimDot(prefix string) string { return strings.TrimSuffix(prefix, ".") }

// plural spells a count.
func plural(n int, unit string) string {
	if n != 1 {
		unit += "s"
	}
	return strconv.Itoa(n) + " " + unit
}

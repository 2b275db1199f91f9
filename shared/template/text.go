package template

import (
	"strconv"
	"strings"
)

// quote shows a piece of the input in a message, cut to a length that keeps
// the message readable, with control characters escaped.
func quote(s string) string {
	const most = 60
	if r := []rune(s); len(r) > most {
		s = string(r[:most]) + "…"
	}
	return strconv.Quote(s)
}

func join(words []string) string { return strings.Join(words, ", ") }

func trimDot(prefix string) string { return strings.TrimSuffix(prefix, ".") }

package template

import "strings"

// CoverSecrets puts asterisks over what looks like a secret in a line, whether or
// not anything was found there: in a command that no shell can read no rule looks for
// one. Each code point stays one.
func CoverSecrets(line string) string {
	var spots []extent
	cover := func(start, end int) { spots = append(spots, extent{start, end}) }
	eachKey(line, func(start, end int, _ string) { cover(start, end) })
	eachPair(line, func(start, end int, value string) {
		if value != "" && (suggestsSecret(line[start:end]) || isSignature(line[start:end])) && !isPlainValue(value) {
			at := end + strings.Index(line[end:], value)
			cover(at, at+len(value))
		}
	})
	option := false
	for at, word := range eachWord(line) {
		if option && !isPlainValue(word) || holdsPassword(word) {
			cover(at, at+len(word))
		}
		option = isPasswordOption(word)
	}
	if len(spots) == 0 {
		return line
	}
	return asterisks(line, spots)
}

// eachWord gives the words of a line between blanks, with their places.
func eachWord(line string) func(func(int, string) bool) {
	return func(yield func(int, string) bool) {
		for at := 0; at < len(line); {
			end := at + len(line[at:])
			if i := strings.IndexAny(line[at:], " \t"); i >= 0 {
				end = at + i
			}
			if end > at && !yield(at, line[at:end]) {
				return
			}
			at = end + 1
		}
	}
}

// coverKeys puts asterisks over the keys in what a finding says: a help may show
// how to write a text that has one.
func coverKeys(text string) string {
	if !holdsSecret(text) {
		return text
	}
	var spots []extent
	eachKey(text, func(start, end int, _ string) { spots = append(spots, extent{start, end}) })
	return asterisks(text, spots)
}

func asterisks(line string, spots []extent) string {
	var b strings.Builder
	for at, c := range line {
		for _, s := range spots {
			if s.start <= at && at < s.end {
				c = '*'
			}
		}
		b.WriteRune(c)
	}
	return b.String()
}

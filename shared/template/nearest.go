package template

import (
	"slices"
	"strings"
)

// Nearest returns the candidate that a misspelt word most likely meant, ""
// where none is close: the same but for case, or at most a third of it wrong.
func Nearest(word string, candidates []string) string {
	best, distance := "", max(1, len(word)/3)+1
	for _, c := range candidates {
		if strings.EqualFold(c, word) {
			return c
		}
		if d := editDistance(strings.ToLower(word), strings.ToLower(c), distance); d < distance {
			best, distance = c, d
		}
	}
	return best
}

// onlyNear is Nearest where no other candidate is as close.
func onlyNear(word string, candidates []string) string {
	near := Nearest(word, candidates)
	others := slices.DeleteFunc(slices.Clone(candidates), func(c string) bool { return c == near })
	other := Nearest(word, others)
	if near == "" || strings.EqualFold(near, word) || other == "" {
		return near
	}
	const far = 1 << 10
	lower := strings.ToLower(word)
	if editDistance(lower, strings.ToLower(other), far) <= editDistance(lower, strings.ToLower(near), far) {
		return ""
	}
	return near
}

// onlyWith returns the one candidate that begins or ends with a word of some
// length, "" for none or several, or where one is the word but for case.
func onlyWith(word string, candidates []string) string {
	const shortest = 4
	only := ""
	for _, c := range candidates {
		n := len(c) - len(word)
		if strings.EqualFold(c, word) {
			return ""
		}
		if len(word) < shortest || n <= 0 || !strings.EqualFold(c[:len(word)], word) && !strings.EqualFold(c[n:], word) {
			continue
		}
		if only != "" {
			return ""
		}
		only = c
	}
	return only
}

// editDistance counts the insertions, deletions, replacements and swaps of
// neighbours that turn a into b; limit or more is answered as limit.
func editDistance(a, b string, limit int) int {
	if len(a)-len(b) >= limit || len(b)-len(a) >= limit {
		return limit
	}
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := range len(a) {
		row[0] = i + 1
		for j := range len(b) {
			cost := 1
			if a[i] == b[j] {
				cost = 0
			}
			row[j+1] = min(last[j]+cost, last[j+1]+1, row[j]+1)
			if i > 0 && j > 0 && a[i] == b[j-1] && a[i-1] == b[j] {
				row[j+1] = min(row[j+1], before[j-1]+1)
			}
		}
		before, last, row = last, row, before
	}
	return min(last[len(b)], limit)
}

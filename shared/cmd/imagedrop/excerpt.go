package main

import (
	"slices"
	"strings"
	"unicode"

	"github.com/rivo/uniseg"

	"imagedrop/shared/template"
)

const (
	// maxExcerpt is how many cells of a source line are shown at most, minExcerpt
	// how many on the narrowest terminal; margin are the cells of the line's number
	// and of two marks beside them.
	maxExcerpt = 110
	minExcerpt = 20
	margin     = len("12345 | ") + 2
	// tabStop is how far apart tab stops are, in cells.
	tabStop = 4
	// cut stands for what is left out.
	cut = "…"
)

// excerptWidth is how many cells of a source line are shown on a terminal of
// that width, 0 for none.
func excerptWidth(terminal int) int {
	if terminal == 0 {
		return maxExcerpt
	}
	return max(minExcerpt, min(maxExcerpt, terminal-margin))
}

// excerpt returns the source line of a finding and the line with the caret
// below it, as a terminal shows them; of a line that is wider, a part.
func excerpt(whole string, f template.Finding, cells int) (source, caret string) {
	line := []rune(whole)
	from := min(max(f.Column-1, 0), len(line))
	to := len(line)
	if f.EndLine == f.Line {
		to = min(max(f.EndColumn-1, from), len(line))
	}
	start, end := window(line, from, cells)
	to = min(to, end)
	left := mark(start > 0)
	before := left + expand(line[start:from], uniseg.StringWidth(left))
	width := uniseg.StringWidth(before)
	marked := expand(line[from:to], width)
	after := expand(line[to:end], width+uniseg.StringWidth(marked)) + mark(end < len(line))
	caret = "^" + strings.Repeat("~", max(0, uniseg.StringWidth(marked)-1))
	return before + marked + after, strings.Repeat(" ", width) + caret
}

// lineAt returns a line by its number, from 1, without its end.
func lineAt(text string, number int) (string, bool) {
	text = strings.TrimPrefix(text, template.ByteOrderMark)
	for ; number > 1; number-- {
		_, rest, more := strings.Cut(text, "\n")
		if !more {
			return "", false
		}
		text = rest
	}
	line, _, _ := strings.Cut(text, "\n")
	return strings.TrimSuffix(line, "\r"), true
}

// window chooses the part of a line that is shown: where not all of it has room,
// about a third stands before the place.
func window(line []rune, from, cells int) (start, end int) {
	lead := cells * 4 / 11
	if end = len(line); end > cells {
		start = max(0, min(from-lead, end-cells))
		end = start + cells
	}
	for end-start > 1 && wide(line, start, end, cells) {
		if start < from && (end <= from+1 || wide(line, start, from, lead)) {
			start++
		} else {
			end--
		}
	}
	return start, end
}

// wide reports a part of a line that takes more cells; one of ASCII has one a
// character.
func wide(line []rune, start, end, cells int) bool {
	part := line[start:end]
	if !slices.ContainsFunc(part, func(r rune) bool { return r == '\t' || r > unicode.MaxASCII }) {
		return len(part) > cells
	}
	return uniseg.StringWidth(expand(part, uniseg.StringWidth(mark(start > 0)))) > cells
}

func mark(left bool) string {
	if left {
		return cut
	}
	return ""
}

// expand writes tabs as blanks up to the next stop, the text beginning in that
// cell, and shows what a terminal would obey instead of showing.
func expand(text []rune, cell int) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\t':
			at := cell + uniseg.StringWidth(b.String())
			b.WriteString(strings.Repeat(" ", tabStop-at%tabStop))
		case !unicode.IsPrint(r):
			b.WriteRune(unicode.ReplacementChar)
		default:
			b.WriteRune(r)
		}
	}
	return b.String()
}

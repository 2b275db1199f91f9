package main

import (
	"strings"
	"unicode"

	"github.com/rivo/uniseg"

	"imagedrop/shared/template"
)

const (
	// maxExcerpt is how many code points of a source line are shown; lead is how
	// many of these stand before the place in a longer one.
	maxExcerpt = 110
	lead       = 40
	// tabStop is how far apart tab stops are, in cells.
	tabStop = 4
	// cut stands for what is left out.
	cut = "…"
)

// excerpt returns the source line of a finding and the line with the caret
// below it, as a terminal shows them.
func excerpt(whole string, f template.Finding) (source, caret string) {
	line := []rune(whole)
	from := min(max(f.Column-1, 0), len(line))
	to := len(line)
	if f.EndLine == f.Line {
		to = min(max(f.EndColumn-1, from), len(line))
	}
	start, end := window(len(line), from)
	to = min(to, end)
	before := mark(start > 0) + expand(line[start:from], 0)
	width := uniseg.StringWidth(before)
	marked := expand(line[from:to], width)
	after := expand(line[to:end], width+uniseg.StringWidth(marked)) + mark(end < len(line))
	caret = "^" + strings.Repeat("~", max(0, uniseg.StringWidth(marked)-1))
	return before + marked + after, strings.Repeat(" ", width) + caret
}

// lineAt returns a line by its number, from 1, without its end.
func lineAt(text string, number int) (string, bool) {
	text = strings.TrimPrefix(text, "\uFEFF")
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

// window chooses the part of a line of that length that is shown.
func window(length, from int) (start, end int) {
	if length <= maxExcerpt {
		return 0, length
	}
	start = max(0, min(from-lead, length-maxExcerpt))
	return start, min(length, start+maxExcerpt)
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

package main

import (
	"fmt"
	"strings"

	"github.com/aymanbagabas/go-udiff"
)

// unified is the unified difference of two texts. udiff does not count the
// lines between two changes of one hunk when it says where the hunks below
// stand in the new text; that is counted here.
func unified(oldName, newName, before, after string) string {
	lines := strings.SplitAfter(udiff.Unified(oldName, newName, before, after), "\n")
	moved, grown := 0, 0 // by the hunks above, and by this one
	for i := 2; i < len(lines); i++ {
		switch {
		case strings.HasPrefix(lines[i], "@@"):
			moved, grown = moved+grown, 0
			lines[i] = placed(lines[i], moved)
		case strings.HasPrefix(lines[i], "+"):
			grown++
		case strings.HasPrefix(lines[i], "-"):
			grown--
		}
	}
	return strings.Join(lines, "")
}

// diffName writes the name of a file so that patch and git read it back: a tab
// ends one with blanks, and what would end a line or a name is quoted as in C.
// Source: GNU diffutils, "Detailed Description of Unified Format".
func diffName(name string) string {
	if !strings.ContainsFunc(name, func(r rune) bool { return r < ' ' || r == '"' || r == '\\' || r == 0x7f }) {
		if strings.Contains(name, " ") {
			name += "\t"
		}
		return name
	}
	var b strings.Builder
	for _, c := range []byte(name) {
		switch {
		case c == '"' || c == '\\':
			b.WriteString(`\` + string(c))
		case c < ' ' || c > '~':
			fmt.Fprintf(&b, `\%03o`, c)
		default:
			b.WriteByte(c)
		}
	}
	return `"` + b.String() + `"`
}

// placed is the head of a hunk whose lines stand so many further down in the
// new text. The first hunk stands in both where it stands in the old one.
func placed(head string, moved int) string {
	from, to, ok := strings.Cut(head, " +")
	var line int
	if _, err := fmt.Sscanf(from, "@@ -%d", &line); !ok || err != nil || moved == 0 && line == 0 {
		return head
	}
	end := strings.IndexAny(to, ", ")
	if to[:end] == "0" { // nothing is left
		return head
	}
	return fmt.Sprintf("%s +%d%s", from, line+moved, to[end:])
}

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

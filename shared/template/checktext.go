package template

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// checkText finds bytes that no template has. It answers false for what is no
// text at all: judging its lines would only make noise.
func checkText(r *report, src *source) bool {
	if i := strings.IndexByte(src.text, 0); i >= 0 {
		r.add("IB0004", span{src: src, start: i, end: i + 1}, "", "a NUL byte: this is not a text file",
			"was a binary file dropped by mistake?")
		return false
	}
	for i := 0; i < len(src.text); i++ {
		if c := src.text[i]; isControl(c) && !endsLine(src.text, i) {
			r.add("IB0004", span{src: src, start: i, end: i + 1}, "", fmt.Sprintf("control byte 0x%02x", c),
				"delete it; where it was meant, write it as an escape of the shell")
		}
	}
	if !utf8.ValidString(src.text) {
		i := firstInvalid(src.text)
		r.add("IB0005", span{src: src, start: i, end: i + 1}, "", "invalid UTF-8", "save the file as UTF-8")
	}
	return true
}

func isControl(c byte) bool { return c < ' ' && c != '\t' && c != '\n' || c == 0x7f }

// endsLine reports the carriage return of a CRLF, or of the last line.
func endsLine(text string, i int) bool {
	return text[i] == '\r' && (i+1 == len(text) || text[i+1] == '\n')
}

func firstInvalid(s string) int {
	for i, r := range s {
		if r == utf8.RuneError && !strings.HasPrefix(s[i:], "\uFFFD") {
			return i
		}
	}
	return 0
}

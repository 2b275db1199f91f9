package template

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// checkText finds bytes that no template has. It answers false for what is no
// text at all: judging its lines would only make noise.
func checkText(r *report, src *source) bool {
	if strings.HasPrefix(src.text, "\xff\xfe") || strings.HasPrefix(src.text, "\xfe\xff") {
		r.add("IB0005", span{src: src, start: 0, end: 1}, "", "the file is UTF-16",
			"save the file as UTF-8; some editors and shells of Windows write UTF-16 unless told")
		return false
	}
	if i := strings.IndexByte(src.text, 0); i >= 0 {
		r.add("IB0004", span{src: src, start: i, end: i + 1}, "", "a NUL byte: this is not a text file",
			"was a binary file dropped by mistake?")
		return false
	}
	if src.has(controlByte) {
		checkControls(r, src)
	}
	if src.has(beyondASCII) && !utf8.ValidString(src.text) {
		i := firstInvalid(src.text)
		r.add("IB0005", span{src: src, start: i, end: i + 1}, "", "invalid UTF-8", "save the file as UTF-8")
	}
	return true
}

func checkControls(r *report, src *source) {
	for i := range len(src.text) {
		if c := src.text[i]; kindsOfByte[c] == controlByte && !endsLine(src.text, i) {
			r.add("IB0004", span{src: src, start: i, end: i + 1}, "", fmt.Sprintf("control byte 0x%02x", c),
				"delete it; where it was meant, write it as an escape of the shell")
		}
	}
}

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

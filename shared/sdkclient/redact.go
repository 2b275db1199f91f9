package sdkclient

import (
	"regexp"
	"slices"
	"strings"
	"unicode"
)

const (
	// maxMessage bounds a cleaned message, in bytes: outcomes hold it.
	maxMessage = 500

	// overlap is the length of a run of bytes that a message and a secret do
	// not share by chance.
	overlap = 12

	// shortest is the length below which a secret is no secret: its bytes
	// stand in any text.
	shortest = 4

	// ellipsis stands for what was cut.
	ellipsis = "…"
)

// leaks begin the parts of a service's message that repeat the request. A
// signature error quotes the string to sign, with every parameter.
var leaks = []string{"server string to sign", "stringtosign", "signature=", "securitytoken=", "accesskeyid="}

// Clean makes a service's message safe to publish: one line, at most 500
// bytes, cut where it begins to repeat the request or one of the secrets
// (credentials, template text), be it in part. What is left may be "".
func Clean(message string, secrets ...string) string {
	message = oneLine(message)
	end := min(len(message), maxMessage)
	lower := strings.Map(asciiLower, message) // as long as message
	for _, leak := range leaks {
		if i := strings.Index(lower, leak); i >= 0 {
			end = min(end, i)
		}
	}
	for _, secret := range secrets {
		end = min(end, sharedAt(message[:end], oneLine(secret)))
	}
	return cut(message, end)
}

// identifier is what an error code or a request ID of a service can be; a
// length in it would make it cost more at start than all the rest.
var identifier = regexp.MustCompile(`^[A-Za-z0-9._:-]+$`)

// maxIdentifier bounds it, in bytes.
const maxIdentifier = 128

// Identifier returns an error code or a request ID as it is, "" where it is
// none or repeats a secret. It may hold a short one by chance: a template that
// is only "COPY" stands in EmptyCommandContent.COPY.
func Identifier(text string, secrets ...string) string {
	long := slices.DeleteFunc(slices.Clone(secrets), func(s string) bool { return len(s) < overlap })
	if len(text) > maxIdentifier || !identifier.MatchString(text) || Clean(text, long...) != text {
		return ""
	}
	return text
}

// oneLine returns valid UTF-8 whose runs of blanks and control characters are
// one blank each.
func oneLine(text string) string {
	return strings.Join(strings.FieldsFunc(strings.ToValidUTF8(text, " "), func(r rune) bool {
		return unicode.IsSpace(r) || !unicode.IsPrint(r)
	}), " ")
}

func asciiLower(r rune) rune {
	if 'A' <= r && r <= 'Z' {
		return r + 'a' - 'A'
	}
	return r
}

// sharedAt returns where message begins to repeat secret, its length where it
// does not.
func sharedAt(message, secret string) int {
	if len(secret) < shortest {
		return len(message)
	}
	width := min(overlap, len(secret))
	for i := 0; i+width <= len(message); i++ {
		if strings.Contains(secret, message[i:i+width]) {
			return i
		}
	}
	return len(message)
}

func cut(message string, end int) string {
	if end == len(message) {
		return message
	}
	left := strings.TrimSpace(strings.ToValidUTF8(message[:end], ""))
	if left == "" {
		return ""
	}
	return left + ellipsis
}

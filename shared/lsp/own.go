package lsp

import (
	"regexp"
	"strings"

	"imagedrop/shared/template"
)

// An editor hands a server every file of a language, finished or not. These tell
// our YAML and our messages from those of others by what only ours have.

// A component has Tasks, or a header above all else; the other documents with
// phases, build specifications of AWS CodeBuild, say which version of those they are.
var (
	componentMark = regexp.MustCompile(`(?m)^Tasks[ \t]*:|\A` + template.ByteOrderMark + `?(?:[ \t]*(?:#.*)?\n|[ \t]*\r\n)*` + template.HeaderMarker + `[ \t]*\r?$`)
	phasesMark    = regexp.MustCompile(`(?m)^phases[ \t]*:`)
	schemaMark    = regexp.MustCompile(`(?m)^schemaVersion[ \t]*:`)
	versionMark   = regexp.MustCompile(`(?m)^version[ \t]*:`)
)

func isOwnYAML(text string) bool {
	if componentMark.MatchString(text) {
		return true
	}
	return phasesMark.MatchString(text) && (schemaMark.MatchString(text) || !versionMark.MatchString(text))
}

// contentMark is a content as it stands in JSON, with a line that begins as ours
// do: many a document has a member of that name.
var contentMark = regexp.MustCompile(`^"(?:(?:[^"\\]|\\.)*\\n)?(?:[ \t]|\\[rnt])*` +
	`(?:(?:` + strings.Join(template.Keywords(), "|") + `|ADD|ARG)\b|` + template.HeaderMarker + `|Tasks:|phases:|schemaVersion:)`)

// isOwnJSON reports an object that has a member of its own, not one further in,
// that is a message's.
func isOwnJSON(text string) bool {
	depth := 0
	for i := 0; i < len(text); i++ {
		switch text[i] {
		case '{', '[':
			depth++
		case '}', ']':
			depth--
		case '"':
			end := endOfString(text, i)
			if depth == 1 && isOwnMember(text[i+1:end], text[min(end+1, len(text)):]) {
				return true
			}
			i = end
		}
	}
	return false
}

// endOfString is where the quote of a string ends, or the text.
func endOfString(text string, start int) int {
	for i := start + 1; i < len(text); i++ {
		switch text[i] {
		case '\\':
			i++
		case '"':
			return i
		}
	}
	return len(text)
}

func isOwnMember(name, rest string) bool {
	value, ok := strings.CutPrefix(strings.TrimLeft(rest, " \t\r\n"), ":")
	switch {
	case !ok:
		return false
	case name == "content":
		return contentMark.MatchString(strings.TrimLeft(value, " \t\r\n"))
	}
	return name == "templateUri" || name == "imagePipelineId" || name == "pipelineName"
}

package template

import (
	"math/bits"
	"strings"
	"unicode"
	"unicode/utf8"
)

// verb is a bit for each known command, so that a rule names the commands it
// looks at in one mask.
type verb uint32

const (
	vFROM verb = 1 << iota
	vRUN
	vENV
	vWORKDIR
	vCOPY
	vUSER
	vLABEL
	vCMD
	vENTRYPOINT
	vRESTART
	vCOMPONENT
	vUnknown

	verbBits = iota
)

const anyVerb = ^verb(0)

// verbs are the commands that Image Builder supports.
// Source: "Commands supported by Image Builder", 2024-12-17. In the order of their bits.
var verbs = [...]struct {
	name string
	verb verb
}{
	{"FROM", vFROM}, {"RUN", vRUN}, {"ENV", vENV}, {"WORKDIR", vWORKDIR}, {"COPY", vCOPY},
	{"USER", vUSER}, {"LABEL", vLABEL}, {"CMD", vCMD}, {"ENTRYPOINT", vENTRYPOINT},
	{"RESTART", vRESTART}, {"COMPONENT", vCOMPONENT},
}

// verbOf takes a keyword in any case.
func verbOf(word string) verb {
	for i := range verbs {
		if isWord(word, verbs[i].name) {
			return verbs[i].verb
		}
	}
	return vUnknown
}

// isWord compares with a word in capitals, in any case: nearly all are told apart by
// their length and first letter.
func isWord(word, capitals string) bool {
	return len(word) == len(capitals) && word[0]&^0x20 == capitals[0] && strings.EqualFold(word, capitals)
}

// text is the keyword in upper case; an unknown one stays as it is.
func (v verb) text(word string) string {
	if v == vUnknown {
		return word
	}
	return verbs[bits.TrailingZeros32(uint32(v))].name
}

// name is the upper-case keyword of an instruction.
func (in *instruction) name() string { return in.verb.text(strings.ToUpper(in.word)) }

// dockerOnly are Docker's commands that Image Builder does not have, with what
// to do instead.
var dockerOnly = map[string]string{
	"ADD":         "use COPY with a URL or a path on the instance, or RUN with curl or tar",
	"ARG":         "use ENV, or a parameter of a YAML component",
	"EXPOSE":      "delete the line: ports of an instance are opened in its security group",
	"HEALTHCHECK": "delete the line: an image has no health check; check in the test section",
	"MAINTAINER":  `use LABEL, for example LABEL maintainer="ops@example.com"`,
	"ONBUILD":     "delete the line: put shared steps in a component",
	"SHELL":       "delete the line: call the shell in RUN, for example RUN bash -c '...'",
	"STOPSIGNAL":  "delete the line: an instance has no stop signal",
	"VOLUME":      "delete the line: disks are attached to the instance, not to the image",
}

// shownCommand adds an unknown command to a message where it is one that
// somebody meant: anything else may be the text of a broken line.
func shownCommand(word string) string {
	upper := strings.ToUpper(word)
	if dockerOnly[upper] != "" {
		return " " + upper
	}
	if Nearest(upper, Keywords()) != "" {
		return named(word)
	}
	return ""
}

// Keywords are the commands that Image Builder supports.
func Keywords() []string {
	names := make([]string, len(verbs))
	for i := range verbs {
		names[i] = verbs[i].name
	}
	return names
}

// helpUnknown says how to mend an unknown command.
func helpUnknown(word string) string {
	upper := strings.ToUpper(word)
	if help := dockerOnly[upper]; help != "" {
		return help
	}
	if isYAMLRoot(word) {
		return "put YAML in a YAML component (.yaml) and refer to that with COMPONENT"
	}
	if verb, _ := glued(word); verb != "" {
		return "write a blank behind " + verb
	}
	if len(word) > 1 && strings.Trim(word, "-") == "" {
		return "a header is a block of comments between two lines `" + HeaderMarker + "`"
	}
	if word == "" || !isLetter(word[0]) {
		return `does the line before lack a "\" at its end?`
	}
	names := Keywords()
	if near := Nearest(upper, names); near != "" {
		return "did you mean " + near + "?"
	}
	return `is RUN missing here, or a "\" at the end of the line before? Known commands: ` + join(names)
}

// glued cuts a word that begins with a command and goes on with a bracket, a
// quote, a colon or, behind one in upper case, a path: the blank is missing.
func glued(word string) (verb, rest string) {
	i := strings.IndexAny(word, "[\"':/")
	if i <= 0 || verbOf(word[:i]) == vUnknown || word[i] == '/' && word[:i] != strings.ToUpper(word[:i]) {
		return "", ""
	}
	return strings.ToUpper(word[:i]), strings.TrimPrefix(word[i:], ":")
}

// invisible finds a character of a word that nobody can see, and no shell takes
// for a blank.
func invisible(word string) (at, size int) {
	for i, r := range word {
		if r >= utf8.RuneSelf && unicode.Is(unicode.Cf, r) {
			return i, utf8.RuneLen(r)
		}
	}
	return 0, 0
}

func isLetter(c byte) bool { return c|0x20 >= 'a' && c|0x20 <= 'z' }

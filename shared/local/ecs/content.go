package ecs

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
)

// Source: CreateImageComponent and CreateImagePipeline: at most 16 KB and 127
// commands. The pages do not say what 16 KB is; here 16,384 bytes of UTF-8.
const (
	maxContent  = 16 << 10
	MaxCommands = 127
)

// content is one content parameter, read.
type content struct {
	parameter string // "Content", "BuildContent" or "TestContent"
	text      string
	isYAML    bool
	commands  []command // in Dockerfile format
}

// command is one command of the Dockerfile format; continued lines are one.
type command struct {
	line     int // 1-based, of its first line
	keyword  string
	argument string
	open     bool // the last line still continues
}

// readContent checks size and number of commands.
func readContent(parameter, text, tooLong string) (content, error) {
	c := content{parameter: parameter, text: text}
	if len(text) > maxContent {
		return c, refuse(tooLong, parameter+" is larger than 16 KB.")
	}
	if !isText(text) {
		return c, refuse("InvalidParameter."+parameter, parameter+" is not UTF-8 text without NUL.")
	}
	if c.isYAML = looksLikeYAML(text); c.isYAML {
		return c, nil
	}
	c.commands = readCommands(text)
	if len(c.commands) > MaxCommands {
		return c, refuse("InvalidImageTemplateCommandSize.ExceededMaxNumber", parameter+" has more than 127 commands.")
	}
	return c, nil
}

// blanks part words. The last three are the no-break space, the wide space of
// Chinese keyboards and the byte order mark, which editors slip in.
const blanks = " \t\u00a0\u3000\ufeff"

// readCommands takes a text apart: a BOM, CRLF, blank lines and comment lines
// are nothing, a line that ends in one backslash goes on in the next one.
func readCommands(text string) []command {
	var list []command
	goesOn := false
	for i, line := range strings.Split(text, "\n") {
		line = strings.TrimSuffix(line, "\r")
		if start := strings.TrimLeft(line, blanks); start == "" || start[0] == '#' {
			continue
		}
		body, continues := strings.CutSuffix(strings.TrimRight(line, blanks), `\`)
		if continues = continues && !strings.HasSuffix(body, `\`); !continues {
			body = line
		}
		if goesOn {
			list[len(list)-1].argument += body
		} else {
			list = append(list, begin(i+1, body))
		}
		goesOn = continues
	}
	if goesOn {
		list[len(list)-1].open = true
	}
	for i := range list {
		list[i].argument = strings.TrimRight(strings.TrimLeft(list[i].argument, blanks), " \t")
	}
	return list
}

// begin parts the first line of a command at its first blank.
func begin(number int, line string) command {
	keyword, argument := cutBlank(strings.TrimLeft(line, blanks))
	return command{line: number, keyword: strings.Map(upper, keyword), argument: argument}
}

// upper knows the letters of keywords only: others have capitals among them.
func upper(r rune) rune {
	if 'a' <= r && r <= 'z' {
		return r - 'a' + 'A'
	}
	return r
}

// forms are the commands with an argument, and what makes it well formed.
var forms = map[string]func(argument string) bool{
	"FROM":       isFrom,
	"RUN":        isRun,
	"ENV":        isEnv,
	"WORKDIR":    isOneWord,
	"USER":       isOneWord,
	"COPY":       isCopy,
	"LABEL":      func(string) bool { return true }, // the documents have no code for a malformed one
	"CMD":        isStart,
	"ENTRYPOINT": isStart,
}

// unwanted are the known commands that a place does not take, with its code.
type unwanted map[string]string

var (
	notInComponent = unwanted{"FROM": "NotSupportedCommand.FROM", "COMPONENT": "InvalidCommand.Component"}
	notInTest      = unwanted{"FROM": "InvalidParameter.TestContent"}
	notInOld       = unwanted{"COMPONENT": "InvalidImageTemplateCommand.NotSupported"}
)

// at says where a command stands, without repeating what it says.
func (c content) at(cmd command) string {
	return fmt.Sprintf("Line %d of %s", cmd.line, c.parameter)
}

// check refuses the first command that breaks a rule.
func (c content) check(not unwanted) error {
	fromSeen := false
	for i, cmd := range c.commands {
		if code := not[cmd.keyword]; code != "" {
			return refuse(code, c.at(cmd))
		}
		if cmd.keyword == "FROM" {
			if err := c.checkFromOrder(cmd, i, fromSeen); err != nil {
				return err
			}
			fromSeen = true
		}
		if err := c.checkCommand(cmd); err != nil {
			return err
		}
	}
	return nil
}

func (c content) checkFromOrder(cmd command, position int, seen bool) error {
	switch {
	case seen:
		return refuse("DuplicatedCommand.FROM", c.at(cmd))
	case position > 0:
		return refuse("InvalidCommandOrder.FROM", c.at(cmd))
	}
	return nil
}

func (c content) checkCommand(cmd command) error {
	wellFormed, known := forms[cmd.keyword]
	switch {
	case cmd.keyword == "COMPONENT":
		if _, ok := parseReference(cmd.argument); !ok || cmd.open {
			return refuse("InvalidParameter."+c.parameter, c.at(cmd)+" has a malformed reference.")
		}
	case cmd.keyword == "RESTART":
		if cmd.argument != "" || cmd.open {
			return refuse("NotEmptyCommandContent.RESTART", c.at(cmd))
		}
	case !known:
		return refuse("InvalidImageTemplateCommand.NotSupported", c.at(cmd)+" is not a command of Image Builder.")
	case cmd.open:
		return c.refuseOpen(cmd)
	case cmd.argument == "" && cmd.keyword != "FROM":
		return refuse("EmptyCommandContent."+cmd.keyword, c.at(cmd))
	case !wellFormed(cmd.argument):
		return refuse("InvalidCommandContent."+cmd.keyword, c.at(cmd))
	}
	return nil
}

// refuseOpen is for a backslash on the last line. LABEL has no code for a bad
// argument, so it is the content that is bad.
func (c content) refuseOpen(cmd command) error {
	if cmd.keyword == "LABEL" {
		return refuse("InvalidParameter."+c.parameter, c.at(cmd))
	}
	return refuse("InvalidCommandContent."+cmd.keyword, c.at(cmd))
}

// The types of base image that FROM can name.
const (
	typeImage       = "IMAGE"
	typeImageFamily = "IMAGE_FAMILY"
	typeOSS         = "OSS"
)

// parseFrom parts IMAGE:<id> and IMAGE_FAMILY:<name>; a family may have colons of its own.
func parseFrom(argument string) (imageType, image string, ok bool) {
	list := fields(argument)
	if len(list) != 1 {
		return "", "", false
	}
	imageType, image, _ = strings.Cut(list[0], ":")
	ok = (imageType == typeImage || imageType == typeImageFamily) && image != ""
	return imageType, image, ok
}

func isFrom(argument string) bool {
	_, _, ok := parseFrom(argument)
	return ok
}

func isOneWord(argument string) bool { return len(fields(argument)) == 1 }

// fields splits at spaces of every kind, whatever the quotes.
func fields(argument string) []string { return strings.Fields(strings.Trim(argument, blanks)) }

func isRun(argument string) bool {
	return !strings.HasPrefix(argument, "--") && !hasHeredoc(argument)
}

// isEnv takes "key value" and "k1=v1 k2=v2", not a mixture.
func isEnv(argument string) bool {
	list := words(argument)
	if !strings.Contains(list[0], "=") {
		return len(list) > 1
	}
	for _, word := range list {
		if strings.Index(word, "=") < 1 || !isClosed(word) {
			return false
		}
	}
	return true
}

// isCopy takes one source and one destination, neither with a blank in it:
// quotes join no words in Docker's form. A source on the web is fetched by its
// plain address, without a query.
func isCopy(argument string) bool {
	list := words(argument)
	switch {
	case len(list) != 2, len(strings.Fields(argument)) != 2, strings.HasPrefix(argument, "--"), hasHeredoc(argument):
		return false
	}
	return !strings.Contains(list[0], "://") || !strings.Contains(list[0], "?")
}

// isStart takes a shell line, or a list of strings.
func isStart(argument string) bool {
	if !strings.HasPrefix(argument, "[") {
		return true
	}
	var list []*string
	return json.Unmarshal([]byte(argument), &list) == nil && !slices.Contains(list, nil)
}

// hasHeredoc looks for <<NAME as Docker defines it: a word of its own, not
// quoted, with digits before it or a hyphen after it.
func hasHeredoc(argument string) bool {
	for _, word := range words(argument) {
		name, ok := strings.CutPrefix(strings.TrimLeft(word, "0123456789"), "<<")
		name = strings.TrimPrefix(name, "-")
		if ok && !strings.Contains(name, "<") && strings.Trim(name, `"'\`) != "" {
			return true
		}
	}
	return false
}

// isClosed reports whether every quote of a word has its end.
func isClosed(word string) bool {
	for i := 0; i < len(word); i++ {
		quote := word[i]
		if i = lastOf(word, i); i >= len(word) && quote != '\\' {
			return false
		}
	}
	return true
}

// words splits at blanks that are neither quoted nor escaped. A quote that is
// never closed takes the rest.
func words(s string) []string {
	var list []string
	start := -1
	for i := 0; i < len(s); i++ {
		if s[i] == ' ' || s[i] == '\t' {
			if start >= 0 {
				list, start = append(list, s[start:i]), -1
			}
			continue
		}
		if start < 0 {
			start = i
		}
		i = lastOf(s, i)
	}
	if start >= 0 {
		list = append(list, s[start:])
	}
	return list
}

// lastOf returns the last byte of what begins at i: an escaped character, a
// quoted text, or the byte itself.
func lastOf(s string, i int) int {
	quote := s[i]
	switch quote {
	case '\\':
		return i + 1
	case '"', '\'':
		for i++; i < len(s) && s[i] != quote; i++ {
			if s[i] == '\\' && quote == '"' {
				i++
			}
		}
	}
	return i
}

package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestYAMLFailures: a syntax error is found where it stands, the mark ^ in the
// text, once, with what mends it.
func TestYAMLFailures(t *testing.T) {
	const tasks, content = "Tasks:\n  - Name: a\n", "Tasks:\n  - Name: a\n    Action: RunShellCommand\n    Properties:\n      commandContent: "
	for name, c := range map[string]struct{ text, help string }{
		"tab":                   {tasks + "^\tAction: Reboot\n", "indent with blanks"},
		"tab behind blanks":     {tasks + "  ^\tAction: Reboot\n", "indent with blanks"},
		"tab first":             {"^\tTasks:\n", "indent with blanks"},
		"tab in a block":        {content + "|\n        echo a\n^\techo b\n", "indent with blanks"},
		"second colon":          {content + "echo a^: b\n", "quote a value that holds `: `"},
		"no blank behind dash":  {"Tasks:\n  -Name: a\n    Action^: Reboot\n", "quote a value that holds `: `"},
		"characters, not bytes": {content + "中😀é^: b\n", "quote a value that holds `: `"},
		"indentation of a key":  {content + "|\n        echo a\n       ^echo b\n", "indent this line as the keys"},
		"indentation of a task": {tasks + "   ^Action: Reboot\n", "indent this line as the entry"},
		"list behind its key":   {"Tasks: ^- Name: a\n", "begin the list on a line of its own"},
		"no colon":              {tasks + "    ^Action Reboot\n    Properties: {}\n", "write `key: value`"},
		"double quote":          {content + "^\"echo\n", "write the quote"},
		"single quote":          {content + "^'echo a\n\n        b\n", "write the quote"},
		"brace":                 {tasks + "    Action: Reboot\n    Properties: ^{forceStop: true\n", "write the comma or brace"},
		"bracket":               {"Tasks: ^[{Name: a, Action: Reboot}\n", "write the comma or bracket"},
		"star":                  {content + "^*.log\n", "quote a value that begins with a sign"},
		"and":                   {content + "\"a\" ^&& b\n", "quote a value that begins with a sign"},
		"at":                    {content + "^@daily\n", "quote a value that begins with a sign"},
		"text behind a sign":    {content + "| ^echo a\n", "begin the text on the next line"},
		"escape":                {content + "\"a ^\\d\"\n", "write \\\\ for \\"},
		"directive":             {"^%FOO\n" + tasks + "    Action: Reboot\n", "delete the line"},
		"version":               {"^%YAML 1.2\n---\n" + tasks + "    Action: Reboot\n", "delete the line that names a version"},
		"second document":       {tasks + "    Action: Reboot\n^---\nTasks: []\n", "put each in a file of its own"},
		"anchor":                {tasks + "    Action: Reboot\n    Properties: ^*p\n", "quote a value that begins with *, or define"},
		"reference in braces":   {tasks + "    Action: RunShellCommand\n    Properties: {commandContent: echo ^{{ a }}}\n", "put the value with {{ in double quotes"},
		"reference and more":    {content + "{{ a }}/b\n  ^Foo: 1\n", ""},
		"braces in quotes":      {"Parameters: \"\n{{\"\n^0", "write `key: value`"},
		"control character":     {content + "echo a^\u0090b\n", "delete the character"},
		"behind other breaks":   {content + "\"echo \u2028 中 ^\u0090b\"\n", "delete the character"},
	} {
		t.Run(name, func(t *testing.T) {
			at := strings.Index(c.text, "^")
			text := strings.Replace(c.text, "^", "", 1)
			for _, ends := range []string{"\n", "\r\n"} {
				var found []Finding
				for _, f := range ParseFile("templates/ab.yaml", []byte(strings.ReplaceAll(text, "\n", ends))).Findings {
					if f.Severity == Error {
						found = append(found, f)
					}
				}
				require.Len(t, found, 1)
				before := c.text[:at]
				line := strings.Count(before, "\n")
				column := len([]rune(before[strings.LastIndexByte(before, '\n')+1:]))
				require.Equal(t, []any{"IB0601", line + 1, column + 1}, []any{found[0].Rule, found[0].Line, found[0].Column}, found[0].Message)
				require.Contains(t, found[0].Help, c.help)
			}
		})
	}
}

// TestYAMLErrorsAreKnown: each error that has a help is one of the library's.
func TestYAMLErrorsAreKnown(t *testing.T) {
	texts := map[string]string{}
	for _, text := range []string{
		"a: b: c", "a:\n  - b\n c: d", "- a: b\n c: d", "a: b: c", "a: - b", "a:\nb\nc: d", `a: "b`, "{a: {b}", "[a, [b]", "a: *", "a: @", "a: | b", `a: "\d"`,
		"%FOO\n---\na", "%YAML 1.2\n---\na", "a\n---\nb", "a: *b",
	} {
		_, failure := yamlOf(newSource("", 0, text), 0).parse()
		texts[failure.text] = text
	}
	for _, e := range yamlErrors {
		require.Contains(t, texts, e.text)
	}
}

// TestCharactersThatYAMLCannotRead have a rule of their own.
func TestCharactersThatYAMLCannotRead(t *testing.T) {
	for text, want := range map[string]string{
		"Tasks:\n- Name: a\n  Action: Re\x07boot\n":                        "IB0004 3:13",
		"Tasks:\n- Name: a\n  Action: Re\xffboot\n":                        "IB0005 3:13",
		"# ---\n# name: a\x07b\n# ---\nTasks: [{Name: a, Action: Reboot}]": "IB0004 2:10",
	} {
		found := ParseFile("templates/ab.yaml", []byte(text)).Findings
		require.Len(t, found, 1)
		require.Equal(t, want, fmt.Sprintf("%s %d:%d", found[0].Rule, found[0].Line, found[0].Column))
	}
}

package template

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// instructions are helps that say what to write in the place that a finding
// points at, as far as a program can follow them.
var instructions = []*regexp.Regexp{
	regexp.MustCompile(`^did you mean (\S+|\{\{.*\}\})\?$`),
	regexp.MustCompile(`^one of: ([^,;]+)`),
	regexp.MustCompile(`^write (acs:\S+)$`),
	regexp.MustCompile(`^write ([A-Z]+); that is what is sent$`),
	regexp.MustCompile(`^write ([a-z-]+ [a-z-]+ -y)$`),
	regexp.MustCompile(`^([0-9]+) to [0-9]+$`),
	regexp.MustCompile(`^write (true) or false$`),
	regexp.MustCompile(`, for example (\S+)$`),
}

// TestHelpMends follows the help of every finding literally: the finding is
// gone, and no other error is there in its place.
func TestHelpMends(t *testing.T) {
	followed := map[string]int{}
	for _, path := range inputs(t, "err") {
		ext := filepath.Ext(path)
		if ext != ".Dockerfile" && ext != ".yaml" {
			continue
		}
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		name := Prefix + filepath.Base(path)
		before := ParseFile(name, text)
		for _, f := range before.Findings {
			written := instructed(f)
			if written == "" || f.Line != f.EndLine {
				continue
			}
			lines := strings.Split(string(text), "\n")
			line := []rune(lines[f.Line-1])
			lines[f.Line-1] = string(line[:f.Column-1]) + written + string(line[f.EndColumn-1:])
			after := ParseFile(name, []byte(strings.Join(lines, "\n")))
			require.Less(t, count(after, f.Rule, f.Line), count(before, f.Rule, f.Line),
				"%s:%d:%d %s %s\nhelp: %s\nwritten: %s", name, f.Line, f.Column, f.Rule, f.Message, f.Help, lines[f.Line-1])
			followed[f.Rule]++
		}
	}
	require.Greater(t, len(followed), 25, "%v", followed)
}

func instructed(f Finding) string {
	for _, form := range instructions {
		if m := form.FindStringSubmatch(f.Help); m != nil {
			return m[1]
		}
	}
	return ""
}

func count(t *Template, rule string, line int) (n int) {
	for _, f := range t.Findings {
		if f.Rule == rule && f.Line == line {
			n++
		}
	}
	return n
}

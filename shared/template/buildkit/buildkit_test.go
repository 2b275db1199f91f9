package buildkit

import (
	"errors"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/moby/buildkit/frontend/dockerfile/parser"
	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"imagedrop/shared/template"
)

// The same inputs in every run; -rapid.seed=0 -rapid.checks=100000 looks for more.
func init() {
	flag.Set("rapid.seed", "1")
	flag.Set("rapid.checks", "3000")
	flag.Set("rapid.nofailfile", "true")
}

// command is what both sides say of one command: where it stands and what it
// is given, continued lines joined. The keyword is in upper case.
type command struct {
	line, endLine int
	keyword, args string
}

func ours(text string) []command {
	t := template.ParseFile("templates/web.Dockerfile", []byte(text))
	var list []command
	for _, c := range append(t.Commands(), t.TestCommands()...) {
		list = append(list, command{c.Line, c.EndLine, c.Keyword, trimRight(c.Args)})
	}
	return list
}

// theirs reads what the test marker parts as the two texts that are sent, and
// counts nothing to the last command of one that stands behind its text.
func theirs(t require.TestingT, text string) []command {
	lines := strings.SplitAfter(text, "\n")
	marker := slices.IndexFunc(lines, func(line string) bool { return strings.Trim(line, "\ufeff\r\n") == "# --- test" })
	if marker < 0 {
		return withoutRest(theirPart(t, lines, 0), lines)
	}
	return append(withoutRest(theirPart(t, lines[:marker], 0), lines), withoutRest(theirPart(t, lines[marker:], marker), lines)...)
}

func withoutRest(list []command, lines []string) []command {
	if len(list) == 0 {
		return list
	}
	last := &list[len(list)-1]
	for last.endLine > last.line && nothing.MatchString(lines[last.endLine-1]) {
		last.endLine--
	}
	return list
}

// nothing is a blank line or a comment.
var nothing = regexp.MustCompile(`^[ \t]*(#.*)?\r?\n?$`)

// theirPart reads on where BuildKit's parser stops: its first error ends it.
func theirPart(t require.TestingT, lines []string, skipped int) []command {
	var list []command
	lines = slices.Clone(lines)
	for from := 0; from < len(lines); {
		result, refused, err := parse(lines[from:])
		if err == nil {
			return append(list, read(result, skipped+from, "")...)
		}
		if len(refused) == 0 {
			require.ErrorContains(t, err, "file with no instructions")
			return list
		}
		first, end := from+refused[0].Start.Line-1, from+refused[len(refused)-1].End.Line
		if before, _, err := parse(lines[from:first]); err == nil {
			list = append(list, read(before, skipped+from, "")...)
		}
		// It refuses what known commands are given, never what others are.
		lines[first] = unknown + strings.TrimLeft(lines[first], " \t\ufeff")
		result, _, err = parse(lines[first:end])
		require.NoError(t, err, "%q", lines[first:end])
		list = append(list, read(result, skipped+first, unknown)...)
		from = end
	}
	return list
}

// unknown before a keyword makes another one of it.
const unknown = "UNKNOWN-"

// parse returns the lines of the command that the parser refuses; none where
// there is no command at all.
func parse(lines []string) (*parser.Result, []parser.Range, error) {
	result, err := parser.Parse(strings.NewReader(strings.Join(lines, "")))
	var at *parser.LocationError
	if errors.As(err, &at) && !strings.Contains(err.Error(), "no instructions") {
		return nil, at.Locations[0], err
	}
	return result, nil, err
}

func read(result *parser.Result, skipped int, prefix string) []command {
	var list []command
	for _, n := range result.AST.Children {
		// Its own way to part the keyword from the rest.
		words := blanks.Split(strings.TrimSpace(n.Original), 2)
		args := strings.Join(words[1:], "")
		list = append(list, command{n.StartLine + skipped, n.EndLine + skipped,
			strings.TrimPrefix(strings.ToUpper(words[0]), prefix), trimRight(args)})
	}
	return list
}

var blanks = regexp.MustCompile(`[\t\v\f\r ]+`)

func trimRight(text string) string { return strings.TrimRight(text, " \t") }

// outOfScope names why a text is not compared; "" where it is.
func outOfScope(text string) string {
	for _, r := range strings.TrimPrefix(text, "\ufeff") {
		if r == '\ufeff' || unicode.IsSpace(r) && !strings.ContainsRune(" \t\n\r", r) || unicode.IsControl(r) && !strings.ContainsRune("\t\n\r", r) {
			return "blanks and control characters that templates cannot have (IB0004, IB0008)"
		}
	}
	plain := strings.ReplaceAll(text, "\r\n", "\n")
	switch {
	case !utf8.ValidString(text):
		return "no UTF-8 (IB0005)"
	case strings.Contains(plain, "\r"):
		return "a carriage return within a line (IB0004)"
	case strings.Contains(text, "<<"):
		return "here-documents (IB0010)"
	case directive.MatchString(text):
		return "parser directives (IB0011)"
	case document.MatchString(text):
		return "YAML, in whole or in part (IB0006)"
	case bareHeader.MatchString(text):
		return "lines of a header that are no comments (IB0253)"
	}
	return ""
}

var document = regexp.MustCompile(`Tasks|Parameters|schemaVersion|phases`)

var bareHeader = regexp.MustCompile(`(?m)^[ \t]*(- |---[ \t]*\r?$|["']?[A-Za-z][\w.-]*["']?:( |\r?$))`)

// bareKeyword is a line with no blank before its continuation mark but those
// that indent it.
var bareKeyword = regexp.MustCompile(`(?m)^[ \t]*[^ \t\n]*\\[ \t\r]*$`)

var directive = regexp.MustCompile(`(?im)^[ \t]*#[ \t]*(escape|syntax|check)[ \t]*=`)

// requireAgreement compares what both make of a text, unless a line end parts
// a keyword in it: see TestDifferences.
func requireAgreement(t require.TestingT, text string) {
	want, lines := theirs(t, text), strings.Split(strings.TrimPrefix(text, "\ufeff"), "\n")
	for _, c := range want {
		if bareKeyword.MatchString(lines[c.line-1]) {
			return
		}
	}
	require.Equal(t, want, ours(text), "%q", text)
}

func TestFiles(t *testing.T) {
	compared := 0
	for _, root := range []string{"../testdata", "../../awstoe/testdata", "../../../events/templates"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || !strings.Contains(path, "Dockerfile") || strings.HasSuffix(path, ".out") {
				return err
			}
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			if outOfScope(string(text)) == "" {
				compared++
				t.Run(path, func(t *testing.T) { requireAgreement(t, string(text)) })
			}
			return nil
		}))
	}
	require.Greater(t, compared, 250, "of some 300 files")
}

// TestDifferences holds what is read in another way on purpose.
func TestDifferences(t *testing.T) {
	for name, c := range map[string]struct {
		why, text    string
		ours, theirs []command
	}{
		"the last line is open": {
			"what stands behind its last line is not of the command: the finding (IB0008) points at the backslash",
			"RUN a \\\n\n# c\n", []command{{1, 1, "RUN", "a"}}, []command{{1, 3, "RUN", "a"}},
		},
		"the test marker after a backslash": {
			"a forgotten backslash must not hide the test section",
			"FROM IMAGE:m-1\nRUN a \\\n# --- test\nRUN b\n",
			[]command{{1, 1, "FROM", "IMAGE:m-1"}, {2, 2, "RUN", "a"}, {4, 4, "RUN", "b"}},
			[]command{{1, 1, "FROM", "IMAGE:m-1"}, {2, 4, "RUN", "a RUN b"}},
		},
		"a keyword that goes on in the next line": {
			"nobody means it: what stands on the first line is the keyword",
			"RU\\\nN a\n", []command{{1, 2, "RU", "N a"}}, []command{{1, 2, "RUN", "a"}},
		},
		"a keyword that ends with its line": {
			"a line end parts words, and the text that is sent has a blank there",
			"RUN\\\na\n", []command{{1, 2, "RUN", "a"}}, []command{{1, 2, "RUNA", ""}},
		},
		"a backslash alone": {
			"a command begins on the line of its keyword: this one has none (IB0001)",
			"\\\nRUN a\n", []command{{1, 2, "", "RUN a"}}, []command{{1, 2, "RUN", "a"}},
		},
		"blanks that no shell knows": {
			"they part words where they stand between keyword and argument, and are a finding (IB0008)",
			"RUN\u00a0a\n", []command{{1, 1, "RUN", "a"}}, []command{{1, 1, "RUN\u00a0A", ""}},
		},
	} {
		t.Run(name, func(t *testing.T) {
			require.Equal(t, c.ours, ours(c.text), c.why)
			require.Equal(t, c.theirs, theirPart(t, strings.SplitAfter(c.text, "\n"), 0))
		})
	}
}

// TestGenerated makes templates of what a line can be made of.
func TestGenerated(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		if text := generate(t); outOfScope(text) == "" {
			requireAgreement(t, text)
		}
	})
}

func generate(t *rapid.T) string {
	end := rapid.SampledFrom([]string{"\n", "\n", "\r\n"}).Draw(t, "end")
	keywords := rapid.SampledFrom([]string{"RUN", "run", "Run", "ENV", "COPY", "COMPONENT", "RESTART", "FROM", "LABEL", "CMD", "USER", "WORKDIR", "ENTRYPOINT",
		"ARG", "ONBUILD", "HEALTHCHECK", "VOLUME", "XYZ", "größe", "-", `\\`, "RUN=1", `"RUN"`})
	words := rapid.SampledFrom([]string{"a", "--flag", "--x=y z", `"b c"`, "'d e'", "k=v", `k="v w"`, "#", "#c", "\\", `\\`, `\\\`, `\ `, `["a", "b"]`, `["a", 1]`, "[", "網", "$x", "&&", ";", "<", "--", "\t"})
	blank := rapid.SampledFrom([]string{" ", " ", "  ", "\t", " \t"})
	edge := rapid.SampledFrom([]string{"", "", "", " ", "\t ", "   "})
	others := rapid.SampledFrom([]string{"", " ", "# a comment", "  # another \\", "#", "# ---", "# --- test", "\t"})
	var b strings.Builder
	if rapid.IntRange(0, 9).Draw(t, "bom") == 0 {
		b.WriteString("\ufeff")
	}
	goesOn := false
	for range rapid.IntRange(0, 12).Draw(t, "lines") {
		if rapid.IntRange(0, 3).Draw(t, "other") == 0 {
			b.WriteString(others.Draw(t, "line") + end)
			continue
		}
		b.WriteString(edge.Draw(t, "indent"))
		if !goesOn {
			b.WriteString(keywords.Draw(t, "keyword"))
		}
		for range rapid.IntRange(0, 4).Draw(t, "words") {
			b.WriteString(blank.Draw(t, "blank") + words.Draw(t, "word"))
		}
		if goesOn = rapid.IntRange(0, 2).Draw(t, "goes on") == 0; goesOn {
			b.WriteString(blank.Draw(t, "blank") + `\`)
		}
		b.WriteString(edge.Draw(t, "edge") + end)
	}
	if rapid.Bool().Draw(t, "cut") {
		return strings.TrimSuffix(b.String(), end)
	}
	return b.String()
}

func FuzzAgreement(f *testing.F) {
	for _, text := range []string{"RUN a \\\n  # c\n\n  b\nENV A\nRUN [1]\n", "# ---\n# name: web\n# ---\nFROM IMAGE:m-1\n# --- test\nRUN b", "\ufeffRUN a\\\\\r\nUSER b"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		if outOfScope(text) == "" {
			requireAgreement(t, text)
		}
	})
}

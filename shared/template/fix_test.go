package template

import (
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// mend applies every fix of a file.
func mend(t *testing.T, path, text string) string {
	t.Helper()
	judge := func(text string) []Finding { return Options{Pedantic: true}.ParseFile(path, []byte(text)).Findings }
	fixed, mended := Mend(text, judge)
	require.Equal(t, len(mended) == 0, text == fixed)
	again, more := Mend(fixed, judge)
	require.Equal(t, fixed, again, "fixes converge")
	require.Empty(t, more)
	return fixed
}

// TestFixes: testdata/fix/* and what its fixes make of it.
func TestFixes(t *testing.T) {
	for _, path := range inputs(t, "fix") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			name := Prefix + filepath.Base(path)
			fixed := mend(t, name, string(text))
			compare(t, path+".out", fixed)
			crlf := strings.ReplaceAll(string(text), "\n", "\r\n")
			require.Equal(t, strings.ReplaceAll(fixed, "\n", "\r\n"), mend(t, name, crlf))
			require.Equal(t, ByteOrderMark+fixed, mend(t, name, ByteOrderMark+string(text)))
		})
	}
}

func edit(line, column, endLine, endColumn int, text string) Edit {
	return Edit{Line: line, Column: column, EndLine: endLine, EndColumn: endColumn, Text: text}
}

func TestApplyFixes(t *testing.T) {
	const text = "añb\r\ncd"
	for name, test := range map[string]struct {
		fixes []*Fix
		want  string
		n     int
	}{
		"none":          {[]*Fix{nil}, text, 0},
		"code points":   {[]*Fix{{Edits: []Edit{edit(1, 3, 1, 4, "ü")}}}, "añü\r\ncd", 1},
		"a whole line":  {[]*Fix{{Edits: []Edit{edit(1, 1, 2, 1, "")}}}, "cd", 1},
		"at the end":    {[]*Fix{{Edits: []Edit{edit(2, 3, 2, 3, "!")}}}, text + "!", 1},
		"in any order":  {[]*Fix{{Edits: []Edit{edit(2, 1, 2, 2, "C")}}, {Edits: []Edit{edit(1, 1, 1, 2, "A")}}}, "Añb\r\nCd", 2},
		"all or none":   {[]*Fix{{Edits: []Edit{edit(1, 1, 1, 2, "A")}}, {Edits: []Edit{edit(1, 1, 1, 2, "X"), edit(2, 1, 2, 2, "X")}}}, "Añb\r\ncd", 1},
		"touching":      {[]*Fix{{Edits: []Edit{edit(1, 1, 1, 2, "A")}}, {Edits: []Edit{edit(1, 2, 1, 3, "N")}}}, "Añb\r\ncd", 1},
		"no such place": {[]*Fix{{Edits: []Edit{edit(1, 5, 1, 6, "X")}}, {Edits: []Edit{edit(3, 1, 3, 1, "X")}}, {Edits: []Edit{edit(0, 1, 1, 1, "X")}}, {Edits: []Edit{edit(1, 3, 1, 1, "X")}}}, text, 0},
	} {
		t.Run(name, func(t *testing.T) {
			var found []Finding
			for _, f := range test.fixes {
				found = append(found, Finding{Fix: f})
			}
			for _, bom := range []string{"", ByteOrderMark} {
				got, n := ApplyFixes(bom+text, found)
				require.Equal(t, bom+test.want, got)
				require.Equal(t, test.n, n)
			}
		})
	}
}

// A message's content is a JSON string: edits of the text in it would not be
// edits of the message.
func TestContentOfAMessageHasNoFixes(t *testing.T) {
	found := ParseMessage([]byte(`{"content": "run true", "testContent": "run true"}`)).Resolve("", nil).Findings
	require.NotEmpty(t, found)
	for _, f := range found {
		require.Nil(t, f.Fix)
	}
	fixed, n := ApplyFixes("run true", ParseMessage([]byte("run true")).Resolve("", nil).Findings)
	require.Equal(t, "RUN true", fixed)
	require.Equal(t, 1, n)
}

func TestPedanticRulesAreOffUnlessAskedFor(t *testing.T) {
	const text = "FROM IMAGE:m-1\nCOMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agent/1.*.*\n"
	for pedantic, want := range map[bool]int{false: 0, true: 1} {
		o := Options{Pedantic: pedantic}
		require.Len(t, o.ParseFile("templates/web.Dockerfile", []byte(text)).Findings, want)
		require.Len(t, o.ParseMessage([]byte(text)).Resolve("web.Dockerfile", []byte(text)).Findings, want)
	}
	require.Empty(t, ParseFile("templates/web.Dockerfile", []byte(text)).Findings)
}

// formRules are about the form of a text only.
var formRules = []string{"IB0009", "IB0011", "IB0012", "IB0013"}

// onlyForm leaves fixes to the findings that change nothing of what is sent.
func onlyForm(found []Finding) []Finding {
	return slices.DeleteFunc(slices.Clone(found), func(f Finding) bool {
		return f.Fix == nil || !slices.Contains(formRules, f.Rule) && f.Fix.Title != "write one blank" && f.Fix.Title != "delete the blanks"
	})
}

// FuzzFixes: fixes converge, leave no more errors than there were, and those of
// form leave what is sent as it was.
func FuzzFixes(f *testing.F) {
	addCases(f, func(path string, text []byte) { f.Add(strings.HasSuffix(path, ".yaml"), string(text)) })
	f.Fuzz(func(t *testing.T, isYAML bool, text string) {
		path := "templates/web.Dockerfile"
		if isYAML {
			path = "templates/web.yaml"
		}
		before := ParseFile(path, []byte(text))
		after := ParseFile(path, []byte(mend(t, path, text)))
		require.LessOrEqual(t, errorsIn(after.Findings), errorsIn(before.Findings))
		if form := onlyForm(before.Findings); len(form) > 0 && !before.HasErrors() {
			formed, n := ApplyFixes(text, form)
			require.NotZero(t, n)
			require.Equal(t, before.Parameters(), ParseFile(path, []byte(formed)).Parameters())
		}
	})
}

// What is misspelt has a fix only where it can have meant one thing.
func TestOnlyNear(t *testing.T) {
	names := []string{"imageName", "imageFamily", "sizeA", "sizeB"}
	require.Equal(t, "imageName", onlyNear("imagename", names))
	require.Equal(t, "imageFamily", onlyNear("imageFamly", names))
	require.Equal(t, "sizeA", onlyNear("SIZEA", names))
	require.Empty(t, onlyNear("sizeC", names))
	require.Empty(t, onlyNear("whatever", names))
}

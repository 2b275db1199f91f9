package awstoe

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/template"
)

var update = flag.Bool("update", false, "write the golden files")

// compare holds text against a golden file.
func compare(t *testing.T, path, got string) {
	t.Helper()
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func glob(t testing.TB, pattern string) []string {
	t.Helper()
	paths, err := filepath.Glob(pattern)
	require.NoError(t, err)
	require.NotEmpty(t, paths)
	return paths
}

// shown writes findings one to a line, and holds them to the table of rules.
func shown(t *testing.T, found []template.Finding) string {
	var b strings.Builder
	for _, f := range found {
		fmt.Fprintf(&b, "%s:%d:%d-%d:%d %s %s %s\n\thelp: %s\n", f.Path, f.Line, f.Column, f.EndLine, f.EndColumn, f.Severity, f.Rule, f.Message, f.Help)
		require.NotEmpty(t, f.Message)
		require.NotEmpty(t, f.Help, f.Message)
		require.True(t, isListed(f.Rule), f.Rule)
	}
	return b.String()
}

func isListed(id string) bool {
	for _, r := range template.Rules {
		if r.ID == id {
			return true
		}
	}
	return false
}

// platformOf goes by the name of a document.
func platformOf(path string) string {
	if strings.Contains(filepath.Base(path), ".windows.") {
		return "Windows"
	}
	return "Linux"
}

func TestDocumentsWithoutFindings(t *testing.T) {
	for _, path := range glob(t, "testdata/documents/ok/*.yaml") {
		text, err := os.ReadFile(path)
		require.NoError(t, err)
		require.Empty(t, Validate(filepath.Base(path), text, platformOf(path)))
	}
}

func TestDocumentsWithFindings(t *testing.T) {
	for _, path := range glob(t, "testdata/documents/err/*.yaml") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			found := Validate(filepath.Base(path), text, platformOf(path))
			compare(t, path+".out", shown(t, found))
			rule, _, _ := strings.Cut(filepath.Base(path), ".")
			require.Contains(t, shown(t, found), " "+rule+" ")
		})
	}
}

// TestEveryModuleMissesItsInputs: what each module cannot do without is missed.
func TestEveryModuleMissesItsInputs(t *testing.T) {
	for _, m := range actionModules {
		entry := "{}"
		if m.list {
			entry = "[{}]"
		}
		platform := map[bool]string{false: "Linux", true: "Windows"}[m.platform == onlyWindows]
		found := Validate("a.yaml", fmt.Appendf(nil, "schemaVersion: 1.0\nphases: [{name: build, steps: [{name: a, action: %s, inputs: %s}]}]\n", m.name, entry), platform)
		for _, name := range m.required {
			require.Contains(t, shown(t, found), "IB0524 "+m.name+" has no input "+name, m.name)
		}
		require.Equal(t, len(m.required) == 0 && m.name != "ExecutePowerShell" && m.name != "Assert", len(found) == 0, m.name)
	}
}

func FuzzValidate(f *testing.F) {
	for _, pattern := range []string{"testdata/documents/ok/*.yaml", "testdata/documents/err/*.yaml"} {
		for _, path := range glob(f, pattern) {
			text, err := os.ReadFile(path)
			require.NoError(f, err)
			f.Add(text)
		}
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte("phases: &a {<<: *a}"))
	f.Fuzz(func(t *testing.T, text []byte) {
		lines := strings.Split(strings.TrimPrefix(string(text), "\ufeff"), "\n")
		for _, found := range Validate("a.yaml", text, "Linux") {
			require.True(t, found.Line >= 1 && found.Line <= len(lines), "%+v", found)
			require.True(t, found.Column >= 1 && found.Column <= utf8.RuneCountInString(lines[found.Line-1])+1, "%+v", found)
		}
	})
}

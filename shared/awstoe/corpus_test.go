package awstoe

import (
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/template"
)

// remark is the first line of a case that is refused or differs, with the rule
// of the finding that says so.
var remark = regexp.MustCompile(`^# (differs|refused): (IB\d+)\n`)

// layoutNames name the layouts in messages.
var layoutNames = [...]string{"legible", "dense", "densest"}

// TestMeaningIsKept: a translated template leaves the same files with the same
// contents, shows commands the same environment and ends with the same status
// as the template itself, in every layout; or a finding says why not.
func TestMeaningIsKept(t *testing.T) {
	paths, err := filepath.Glob("testdata/corpus/*.Dockerfile")
	require.NoError(t, err)
	require.GreaterOrEqual(t, len(paths), 40)
	server := newServer(t)
	for _, path := range paths {
		t.Run(filepath.Base(path), func(t *testing.T) {
			t.Parallel()
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			kind, rule := "", ""
			if m := remark.FindSubmatch(text); m != nil {
				kind, rule = string(m[1]), string(m[2])
			}
			same := agrees(t, server, string(text), kind == "refused", rule)
			require.Equal(t, kind == "", same, "the worlds agree")
		})
	}
}

// agrees runs a template in one world and its translations in others. A rule
// that it names has to be among the findings.
func agrees(t *testing.T, server, text string, refused bool, rule string) bool {
	plain := newWorld(t, server)
	read := parse(t, plain.settle(text))
	result := Component(read)
	require.Equal(t, refused, result.Document == "", "%+v", result.Findings)
	if rule != "" {
		require.True(t, slices.ContainsFunc(result.Findings, func(f template.Finding) bool { return f.Rule == rule }), "%+v", result.Findings)
	}
	if refused {
		return false
	}
	status, same := plain.runTemplate(plain.settle(text)), true
	for i, layout := range layouts {
		w := newWorld(t, server)
		tr := translated(parse(t, w.settle(text)))
		doc := layout(tr.phases()).text
		for _, found := range Validate("x.yaml", []byte(doc), "Linux") {
			require.Equal(t, "IB0502", found.Rule, "%+v\n%s", found, doc)
			require.True(t, slices.ContainsFunc(result.Findings, func(f template.Finding) bool {
				return f.Rule == "IB0502" && f.Severity == template.Warning
			}), "nobody said that %+v", found)
		}
		got := w.runDocument(doc)
		if rule == "" {
			require.Equal(t, status, got, "status, %s:\n%s", layoutNames[i], doc)
			require.Equal(t, plain.tree(), w.tree(), "files, %s:\n%s", layoutNames[i], doc)
		}
		same = same && status == got && maps.Equal(plain.tree(), w.tree())
	}
	return same
}

// parse reads a template without errors.
func parse(t testing.TB, text string) *template.Template {
	require.True(t, utf8.ValidString(text))
	read := template.ParseFile("templates/case.Dockerfile", []byte(text))
	require.False(t, read.HasErrors(), "%+v\n%s", read.Findings, text)
	return read
}

func translated(read *template.Template) *translation {
	tr := &translation{template: read, tags: map[string]string{}}
	tr.read()
	return tr
}

package rules_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestNothingCriesWolf: what is right has no finding at default settings, not
// even an info.
func TestNothingCriesWolf(t *testing.T) {
	for name, b := range quiet(t) {
		t.Run(name, func(t *testing.T) {
			for _, f := range b.lint(t, "") {
				require.Fail(t, f.Message, "%s %s:%d:%d %s", f.Rule, f.Path, f.Line, f.Column, b.text)
			}
		})
	}
}

// quiet are the example templates, and in testdata/quiet the example of the
// design and the samples of the vendors' pages: component, pipeline and
// components of CreateImageComponent and CreateImagePipeline; commands, tasks and
// windows of "Commands supported by Image Builder"; aws of EC2 Image Builder's
// component documents.
func quiet(t *testing.T) map[string]block {
	t.Helper()
	list := map[string]block{}
	for _, root := range []string{"testdata/quiet", "../../../events/templates"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || strings.Contains(path, "/broken/") {
				return err
			}
			text, err := os.ReadFile(path)
			list[strings.TrimPrefix(path, root)] = block{languageOf(path), string(text)}
			return err
		}))
	}
	require.Greater(t, len(list), 12)
	return list
}

func languageOf(path string) string {
	switch filepath.Ext(path) {
	case ".yaml":
		return "yaml"
	case ".json":
		return "json"
	}
	return "dockerfile"
}

package main

import (
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The README shows a broken template and what lint says of it; this keeps the
// two together.
func TestTheReadmeShowsWhatLintPrints(t *testing.T) {
	readme, err := os.ReadFile("../../../README.md")
	require.NoError(t, err)
	blocks := regexp.MustCompile("(?s)```(dockerfile|text)\n(.*?)```").FindAllStringSubmatch(string(readme), -1)
	require.GreaterOrEqual(t, len(blocks), 2)
	t.Chdir(t.TempDir())
	require.NoError(t, os.WriteFile(filepath.Join(".", "web.Dockerfile"), []byte(blocks[0][2]), 0o600))
	var out strings.Builder
	code := run([]string{"lint", "web.Dockerfile"}, streams{in: strings.NewReader(""), out: &out, err: &out})
	require.Equal(t, exitRejected, code)
	require.Equal(t, blocks[1][2], out.String())
}

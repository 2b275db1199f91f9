package template

import (
	"testing"

	"github.com/stretchr/testify/require"
)

func TestCommandsAndTheirPlaces(t *testing.T) {
	text := "FROM IMAGE:m-1\nrun echo 'ü' \\\n  # why\n  && echo b\n# --- test\nRUN true\n"
	got := ParseFile("templates/web.Dockerfile", []byte(text))
	commands := got.Commands()
	require.Len(t, commands, 2)
	run := commands[1]
	require.Equal(t, "RUN", run.Keyword)
	require.Equal(t, "echo 'ü'   && echo b", run.Args)
	require.Equal(t, [2]int{2, 4}, [2]int{run.Line, run.EndLine})
	require.Equal(t, Word{"b", Range{20, 21}}, run.Words()[4])

	f := run.Finding("IB0503", Warning, Range{20, 21}, "message", "help")
	require.Equal(t, [4]int{4, 11, 4, 12}, [4]int{f.Line, f.Column, f.EndLine, f.EndColumn})
	f = run.Finding("IB0503", Warning, Range{}, "message", "help")
	require.Equal(t, [4]int{2, 1, 2, 4}, [4]int{f.Line, f.Column, f.EndLine, f.EndColumn})
	require.Equal(t, "true", got.TestCommands()[0].Args)

	before := len(got.Findings)
	got.Join([]Finding{f})
	require.Len(t, got.Findings, before+1)
	require.Equal(t, text, got.Text(f))
}

// Two backslashes are one of the shell, and no continuation mark.
func TestEscapedBackslashes(t *testing.T) {
	got := ParseFile("templates/web.Dockerfile", []byte("RUN echo a\\\\ \nRUN\\\\\nUSER b"))
	commands := got.Commands()
	require.Len(t, commands, 3)
	require.Equal(t, `echo a\\`, commands[0].Args)
	require.Equal(t, `RUN\\`, commands[1].Keyword)
	require.Equal(t, "RUN echo a\\\\\nRUN\\\\\nUSER b", got.Content.Text)
}

func TestNoTextHasNoCommands(t *testing.T) {
	require.Empty(t, ParseFile("templates/web.Dockerfile", []byte{0}).Commands())
	require.Empty(t, ParseFile("templates/web.yaml", []byte("Tasks: []")).TestCommands())
}

func TestReadDocument(t *testing.T) {
	doc, found := ReadDocument("a.yaml", []byte("schemaVersion: 1.0\nphases: [{name: ü, steps: x}]\n"), "IB0520")
	require.Empty(t, found)
	n := value(items(value(doc.Root, "phases"))[0], "steps")
	f := doc.Finding("IB0521", Error, n, Range{}, "message", "help")
	require.Equal(t, [5]any{"a.yaml", 2, 27, 2, 28}, [5]any{f.Path, f.Line, f.Column, f.EndLine, f.EndColumn})

	for _, broken := range []string{"", "a: [", "a: \x00", "---\na: b\n---\nc: d\n"} {
		doc, found := ReadDocument("a.yaml", []byte(broken), "IB0520")
		require.Nil(t, doc.Root, broken)
		require.Len(t, found, 1, broken)
	}
}

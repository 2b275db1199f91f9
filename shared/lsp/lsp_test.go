package lsp

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.lsp.dev/protocol"

	"imagedrop/shared/template"
)

// TestEverythingIsExplained: what may be written has a text.
func TestEverythingIsExplained(t *testing.T) {
	for _, keyword := range template.Keywords() {
		w, ok := find(commands, keyword)
		require.True(t, ok && w.doc != "", keyword)
	}
	require.Len(t, commands, len(template.Keywords()))
	for _, a := range template.Actions {
		require.NotEmpty(t, actionDocs[a.Name], a.Name)
		for _, name := range append(append([]string{}, a.Required...), a.Optional...) {
			require.NotEmpty(t, propertyDocs[name], name)
		}
	}
	require.Len(t, actionDocs, len(template.Actions))
}

// TestCursor: | is the cursor.
func TestCursor(t *testing.T) {
	for text, want := range map[string]struct {
		path string
		word string
		key  bool
	}{
		"na|me: web":                      {"", "name", true},
		"name: we|b":                      {"name", "web", false},
		"name:|":                          {"name", "", false},
		"name: |":                         {"name", "", false},
		"a: 1\n|":                         {"", "", true},
		"a: {b: {c|":                      {"a.b", "c", true},
		"a: {b: {c: 1}, |}":               {"a", "", true},
		"a: [x, |y]":                      {"a", "y", false},
		"a:\n  b:\n    c: |":              {"a.b.c", "", false},
		"a:\n  b: 1\n  |":                 {"a", "", true},
		"a:\n  b: 1\nd|":                  {"", "d", true},
		"a:\n- b: 1\n  c|":                {"a", "c", true},
		"a:\n  - b: 1\n    c: {d: |":      {"a.c.d", "", false},
		"a: |\n":                          {"a", "", false},
		`{"a": {"b|": 1}}`:                {"a", "b", true},
		"{\n  \"a\": \"x\\\"\",\n  \"|\"": {"", "", true},
		`{"a": ["x", "y|"]}`:              {"a", "y", false},
		"a: 'it''s' # b: c\nd: |":         {"d", "", false},
	} {
		at := strings.IndexByte(text, '|')
		whole := text[:at] + text[at+1:]
		var lines []textLine
		start := 0
		for line := range strings.SplitSeq(whole, "\n") {
			lines = append(lines, textLine{line, start})
			start += len(line) + 1
		}
		c := cursorIn(lines, at)
		require.NotNil(t, c, text)
		require.Equal(t, want.path, strings.Join(c.path, "."), text)
		require.Equal(t, want.word, c.word, text)
		require.Equal(t, want.word, whole[c.start:c.end], text)
		require.Equal(t, want.key, c.key, text)
	}
	require.Nil(t, cursorIn([]textLine{{"a: |", 0}, {"  b: c", 5}}, 8), "in a text of several lines")
	require.Nil(t, cursorIn([]textLine{{"a: 1 # b", 0}}, 8), "in a comment")
}

// FuzzDocument: any text, any place in it: no panic, and positions go both ways.
func FuzzDocument(f *testing.F) {
	for _, pattern := range []string{"../template/testdata/*/*", "../../events/templates/*"} {
		files, err := filepath.Glob(pattern)
		require.NoError(f, err)
		for i, file := range files {
			if text, err := os.ReadFile(file); err == nil && i%7 == 0 && len(text) < 4000 {
				f.Add(string(text), i%3, uint16(len(text)/2))
			}
		}
	}
	f.Add(`{"name": "agent"}`, 2, uint16(7))
	names := []string{"file:///t/x.Dockerfile", "file:///t/x.yaml", "file:///t/x.json"}
	judge := func(path string, text []byte) []template.Finding {
		if strings.HasSuffix(path, ".json") {
			return nil
		}
		return template.ParseFile(path, text).Findings
	}
	f.Fuzz(func(t *testing.T, text string, name int, at uint16) {
		if !utf8.ValidString(text) { // the protocol's texts are JSON
			return
		}
		d := newDocument(protocol.TextDocumentItem{URI: protocol.DocumentURI(names[uint(name)%3]), Text: text})
		d.findings = judge(d.path, []byte(text))
		d.diagnostics()
		offset := min(int(at), len(text))
		for !utf8.RuneStart(append([]byte(text), 0)[offset]) {
			offset--
		}
		if d.offset(d.position(offset)) != offset {
			require.Contains(t, "\r\n", text[offset:offset+1], "only between CR and LF there is no place")
		}
		d.hover(offset)
		for _, item := range d.completion(offset) {
			require.LessOrEqual(t, d.offset(item.TextEdit.Range.Start), offset)
			require.GreaterOrEqual(t, d.offset(item.TextEdit.Range.End), offset)
		}
		d.actions(&protocol.CodeActionParams{Range: d.between(0, len(text))}, judge)
	})
}

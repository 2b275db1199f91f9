package lsp

import (
	"bytes"
	"fmt"
	"io"
	"math"
	"os"
	"os/exec"
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

// Other people's YAML and JSON is left alone, ours is known from its first lines.
func TestOurs(t *testing.T) {
	for text, ours := range map[string]bool{
		"# ---\n": true, "\uFEFF# a\r\n\r\n# ---\r\n# name: a\r\n": true, "Tasks:\n": true, "Parameters:\n  a: b\nTasks :\n": true,
		"schemaVersion: 1.0\nphases:\n": true, "phases:\n": true, "version: 1\nschemaVersion: 1.0\nphases: []\n": true,
		"": false, "tasks:\n": false, "a:\n  Tasks: b\n": false, "version: 0.2\nphases:\n  build:\n": false,
		"a: b\n# ---\nc: d\n": false, "#---\na: b\n": false, "schemaVersion: '2.2'\nmainSteps: []\n": false,
	} {
		d := newDocument(protocol.TextDocumentItem{URI: "file:///t/x.yaml", Text: text})
		require.Equal(t, ours, d.ours(), text)
	}
	for text, ours := range map[string]bool{
		`{"content": "RUN x"}`: true, `{"name": "a", "content" : "# a\r\n  RUN x"}`: true, `{"content": "\t# ---`: true, `{"a": [{}], "content":"Tasks:\n"`: true,
		`{"templateUri":`: true, `{"pipelineName": "a"}`: true, `{"a": "\"{[", "imagePipelineId":""}`: true,
		"": false, `{"content"`: false, `{"content": "Run the tests\nor copy them"}`: false, `{"content": {"a": "RUN x"}}`: false, `{"content": "x", "a": "RUN x"}`: false,
		`[{"templateUri": "x"}]`: false, `{"a": {"pipelineName": "x"}}`: false, `{"a": "templateUri", "b": ":"}`: false, `{"content": "a RUN"}`: false, `"`: false,
	} {
		d := newDocument(protocol.TextDocumentItem{URI: "file:///t/x.json", Text: text})
		require.Equal(t, ours, d.ours(), text)
	}
}

// conversation is what a server answers to messages as an editor writes them.
func conversation(t *testing.T, raw string) (answers string, err error) {
	t.Helper()
	var out bytes.Buffer
	err = Serve(t.Context(), strings.NewReader(raw), &out, "1", func(string, []byte) []template.Finding { return nil })
	return out.String(), err
}

func message(body string) string {
	return fmt.Sprintf("Content-Length: %d\r\n\r\n%s", len(body), body)
}

const (
	hello = `{"jsonrpc":"2.0","id":1,"method":"initialize","params":{}}`
	leave = `{"jsonrpc":"2.0","id":2,"method":"shutdown"}`
)

// Headers are those of HTTP, and a body ends where its header says.
func TestMessagesAsEditorsWriteThem(t *testing.T) {
	body := hello + strings.Repeat(" ", 5000) + "\r\n"
	for name, raw := range map[string]string{
		"plain":            message(hello),
		"another case":     strings.Replace(message(hello), "Content-Length: ", "content-length:", 1),
		"two fields":       "Content-Type: application/vscode-jsonrpc; charset=utf-8\r\n" + message(hello),
		"blanks behind it": message(body),
	} {
		answers, err := conversation(t, raw+message(leave))
		require.NoError(t, err, name)
		require.Contains(t, answers, `"id":1,"result":{"capabilities"`, name)
		require.Contains(t, answers, `"id":2,"result":null`, name)
	}
}

// What no message can be read after ends the conversation with a word, and
// repeats nothing.
func TestBrokenStream(t *testing.T) {
	for raw, want := range map[string]string{
		"secret\r\n\r\n": "a malformed header", "\r\n": "a header without", "Content-Length: -1\r\n\r\n": "a header without",
		"Content-Length: 99999999999\r\n\r\n": "a header without", "Content-Length: secret\r\n\r\n": "a header without",
	} {
		_, err := conversation(t, message(hello)+raw+message(leave))
		require.ErrorContains(t, err, "the editor sent "+want, raw)
		require.NotContains(t, err.Error(), "secret")
	}
	for _, cut := range []string{"", "Content-Length: 50\r\n\r\n{", message(hello)} {
		_, err := conversation(t, cut)
		require.ErrorIs(t, err, ErrNoShutdown, cut)
	}
}

// A body that is no message is answered as JSON-RPC 2.0 asks for in section 5.1,
// nothing of it is repeated or taken for a part of the next, and the editor keeps
// its server.
func TestNoMessage(t *testing.T) {
	for body, code := range map[string]int{
		"": -32700, "{secret": -32700, "[": -32700,
		"[]": -32600, "null": -32600, "5": -32600, `{"id":3}`: -32600, `{"jsonrpc":"2.0","id":3,"method":5}`: -32600,
		`{"jsonrpc":"2.0","id":{},"method":"shutdown"}`: -32600, "[" + leave + "]": -32600,
	} {
		answers, err := conversation(t, message(body)+message(hello)+message(body)+message(`{"jsonrpc":"2.0","id":9,"result":1}`)+message(leave))
		require.NoError(t, err, body)
		require.Equal(t, 2, strings.Count(answers, fmt.Sprintf(`{"jsonrpc":"2.0","id":null,"error":{"code":%d,`, code)), answers)
		require.Contains(t, answers, `"id":2,"result":null`, body)
		require.Equal(t, 4, strings.Count(answers, "Content-Length: "), answers)
		require.NotContains(t, answers, "secret")
	}
}

func TestInitializeComesOnce(t *testing.T) {
	answers, err := conversation(t, message(hello)+message(strings.Replace(hello, "1,", "7,", 1))+message(leave))
	require.NoError(t, err)
	require.Contains(t, answers, `"id":7,"error":{"code":-32600`)
}

// An editor that is killed takes the server with it, although its end of the
// pipe is open still; one that cannot be seen is waited for.
func TestTheServerEndsWithTheProcessOfItsEditor(t *testing.T) {
	editor := exec.Command("cat")
	_, err := editor.StdinPipe() // never closed: it waits
	require.NoError(t, err)
	require.NoError(t, editor.Start())
	in, question := io.Pipe()
	answer, out := io.Pipe()
	defer question.Close()
	defer answer.Close()
	ended := make(chan error, 1)
	go func() { ended <- Serve(t.Context(), in, out, "1", nil) }()
	_, err = io.WriteString(question, message(helloFrom(editor.Process.Pid)))
	require.NoError(t, err)
	_, err = io.ReadAtLeast(answer, make([]byte, 1<<10), len("Content-Length"))
	require.NoError(t, err)
	require.NoError(t, editor.Process.Kill())
	require.ErrorIs(t, <-ended, ErrNoShutdown)
	require.Error(t, editor.Wait(), "killed")

	answers, err := conversation(t, message(helloFrom(math.MaxInt32))+message(leave))
	require.NoError(t, err)
	require.Contains(t, answers, `"id":2,"result":null`)
}

// What an editor says of itself may be of a later version of the protocol; what
// is not asked of it cannot keep it from its server.
func TestInitializeReadsOnlyWhatItNeeds(t *testing.T) {
	later := `{"processId":null,"rootPath":{},"trace":5,"workspaceFolders":"","capabilities":{"workspace":true,"general":{"positionEncodings":["utf-32","utf-8"]}}}`
	answers, err := conversation(t, message(strings.Replace(hello, "{}", later, 1))+message(leave))
	require.NoError(t, err)
	require.Contains(t, answers, `"positionEncoding":"utf-8"`)
	for _, other := range []string{`{}`, `{"capabilities":{"general":null}}`, `{"capabilities":{"general":{"positionEncodings":["utf-32"]}}}`} {
		answers, err = conversation(t, message(strings.Replace(hello, "{}", other, 1))+message(leave))
		require.NoError(t, err)
		require.Contains(t, answers, `"positionEncoding":"utf-16"`, other)
	}
}

// The findings that come with a question for actions may be another server's.
func TestActionsBesideAnotherServer(t *testing.T) {
	ask := `{"jsonrpc":"2.0","id":5,"method":"textDocument/codeAction","params":{"textDocument":{"uri":"file:///t/x.Dockerfile"},` +
		`"range":{"start":{"line":0,"character":0},"end":{"line":0,"character":0}},"context":{"triggerKind":1,"diagnostics":[{"message":{"kind":"markdown","value":""},"tags":["x"],"severity":"y"}]}}}`
	answers, err := conversation(t, message(hello)+message(ask)+message(leave))
	require.NoError(t, err)
	require.Contains(t, answers, `"id":5,"result":[]`)
}

// A change without a place is one of all the text; so is an empty one at its start.
func TestChange(t *testing.T) {
	at := func(line, character, endLine, endCharacter uint32) protocol.Range {
		return protocol.Range{Start: protocol.Position{Line: line, Character: character}, End: protocol.Position{Line: endLine, Character: endCharacter}}
	}
	for _, c := range []struct {
		utf8       bool
		text, want string
		at         protocol.Range
	}{
		{false, "a\r\nb", "X", protocol.Range{}},
		{false, "a\r\nb", "X\r\nb", at(0, 0, 0, 1)},
		{false, "a\r\nb", "aXb", at(0, 1, 1, 0)},
		{false, "a\r\nb", "aX\r\nb", at(0, 9, 0, 9)},
		{false, "a\r\nb", "a\r\nbX", at(7, 0, 9, 0)},
		{false, "a\rb\nc", "a\rXc", at(1, 0, 2, 0)},
		{false, "é🚀z", "éXz", at(0, 1, 0, 3)},
		{true, "é🚀z", "éXz", at(0, 2, 0, 6)},
		{true, "é🚀z", "éXz", at(0, 6, 0, 2)},
		{true, "", "X", at(0, 0, 0, 0)},
	} {
		d := newDocument(protocol.TextDocumentItem{URI: "file:///t/x.Dockerfile", Text: c.text})
		d.utf8 = c.utf8
		d.change(c.at, "X")
		require.Equal(t, c.want, d.text)
		require.Equal(t, newDocument(protocol.TextDocumentItem{Text: c.want}).lines, d.lines)
	}
}

func helloFrom(pid int) string {
	return strings.Replace(hello, "{}", fmt.Sprintf(`{"processId":%d}`, pid), 1)
}

// An editor asks for actions at each move of the cursor: all is mended once for
// each text, and of a long one only when that is asked for.
func TestAllIsMendedOnce(t *testing.T) {
	judged := 0
	judge := func(path string, text []byte) []template.Finding {
		judged++
		return template.ParseFile(path, text).Findings
	}
	asks := func(text string, only ...protocol.CodeActionKind) (n, kinds int) {
		d := newDocument(protocol.TextDocumentItem{URI: "file:///t/templates/x.Dockerfile", Text: text})
		d.findings = judge(d.path, []byte(text))
		d.actions(protocol.Range{}, only, judge)
		judged = 0
		kinds = len(d.actions(protocol.Range{}, only, judge))
		return judged, kinds
	}
	const text = "# ---\n# name: web\n# ---\nrun true\n"
	long := text + strings.Repeat("# a comment\n", maxUnasked/10)
	n, kinds := asks(text)
	require.Equal(t, []int{0, 1}, []int{n, kinds})
	_, kinds = asks(text, "")
	require.Equal(t, 1, kinds, "the empty kind is every kind")
	_, kinds = asks(long)
	require.Zero(t, kinds)
	_, kinds = asks(long, "source")
	require.Equal(t, 1, kinds)
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
		d.utf8 = at%2 == 0
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
		d.actions(d.between(0, len(text)), nil, judge)
	})
}

package main

import (
	"context"
	"encoding/json"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"sort"
	"strings"
	"testing"
	"unicode/utf16"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
	"go.lsp.dev/jsonrpc2"
	"go.lsp.dev/protocol"
	"go.lsp.dev/uri"
	"go.uber.org/zap"

	"imagedrop/shared/template"
)

// editor drives `imagedrop lsp` as an editor does, through a client library of
// the protocol, over the pipes of a process.
type editor struct {
	protocol.Client // what the server never asks for
	protocol.Server
	t         *testing.T
	conn      jsonrpc2.Conn
	cmd       *exec.Cmd
	published chan *protocol.PublishDiagnosticsParams
	version   int32
	utf8      bool // agreed on, else UTF-16
}

// PublishDiagnostics implements protocol.Client.
func (e *editor) PublishDiagnostics(_ context.Context, p *protocol.PublishDiagnosticsParams) error {
	e.published <- p
	return nil
}

type stdio struct {
	io.Reader
	io.WriteCloser
}

func newEditor(t *testing.T, args ...string) *editor {
	t.Helper()
	e := &editor{t: t, published: make(chan *protocol.PublishDiagnosticsParams, 1000)}
	e.cmd = exec.Command(filepath.Join(home, "dist", "imagedrop"), append([]string{"lsp"}, args...)...)
	in, err := e.cmd.StdinPipe()
	require.NoError(t, err)
	out, err := e.cmd.StdoutPipe()
	require.NoError(t, err)
	e.cmd.Stderr = os.Stderr
	require.NoError(t, e.cmd.Start())
	t.Cleanup(func() { in.Close(); _ = e.cmd.Wait() })
	_, e.conn, e.Server = protocol.NewClient(t.Context(), e, jsonrpc2.NewStream(stdio{out, in}), zap.NewNop())
	return e
}

// ready is an editor after the handshake.
func ready(t *testing.T, args ...string) *editor {
	t.Helper()
	e := newEditor(t, args...)
	result, err := e.Initialize(t.Context(), &protocol.InitializeParams{})
	require.NoError(t, err)
	require.Equal(t, "imagedrop", result.ServerInfo.Name)
	require.NoError(t, e.Initialized(t.Context(), &protocol.InitializedParams{}))
	return e
}

// readyIn is an editor that offered an encoding besides UTF-16, which the library
// does not know of.
func readyIn(t *testing.T, encoding string) *editor {
	t.Helper()
	e := newEditor(t)
	var result struct {
		Capabilities struct{ PositionEncoding string }
	}
	offer := map[string]any{"capabilities": map[string]any{"general": map[string]any{"positionEncodings": []string{"utf-16", encoding}}}}
	_, err := e.conn.Call(t.Context(), protocol.MethodInitialize, offer, &result)
	require.NoError(t, err)
	require.Equal(t, encoding, result.Capabilities.PositionEncoding)
	e.utf8 = encoding == "utf-8"
	return e
}

func (e *editor) open(name, language, text string) []protocol.Diagnostic {
	e.t.Helper()
	e.version++
	require.NoError(e.t, e.DidOpen(e.t.Context(), &protocol.DidOpenTextDocumentParams{TextDocument: protocol.TextDocumentItem{
		URI: docURI(name), LanguageID: protocol.LanguageIdentifier(language), Version: e.version, Text: text,
	}}))
	return e.diagnostics(name)
}

// change replaces all of a text.
func (e *editor) change(name, text string) []protocol.Diagnostic {
	e.t.Helper()
	return e.typed(name, protocol.TextDocumentContentChangeEvent{Text: text})
}

func (e *editor) typed(name string, changes ...protocol.TextDocumentContentChangeEvent) []protocol.Diagnostic {
	e.t.Helper()
	e.version++
	id := protocol.VersionedTextDocumentIdentifier{Version: e.version}
	id.URI = docURI(name)
	require.NoError(e.t, e.DidChange(e.t.Context(), &protocol.DidChangeTextDocumentParams{TextDocument: id, ContentChanges: changes}))
	return e.diagnostics(name)
}

func (e *editor) diagnostics(name string) []protocol.Diagnostic {
	e.t.Helper()
	p := <-e.published
	require.Equal(e.t, docURI(name), p.URI)
	require.Contains(e.t, []uint32{0, uint32(e.version)}, p.Version, "0 where it was closed")
	return p.Diagnostics
}

func docURI(name string) protocol.DocumentURI {
	if strings.Contains(name, ":") {
		return uri.URI(name)
	}
	return uri.File("/work space/templates/" + name)
}

func at(name string, line, character uint32) protocol.TextDocumentPositionParams {
	return protocol.TextDocumentPositionParams{
		TextDocument: protocol.TextDocumentIdentifier{URI: docURI(name)}, Position: protocol.Position{Line: line, Character: character},
	}
}

func (e *editor) hover(name string, line, character uint32) string {
	e.t.Helper()
	h, err := e.Hover(e.t.Context(), &protocol.HoverParams{TextDocumentPositionParams: at(name, line, character)})
	require.NoError(e.t, err)
	if h == nil {
		return ""
	}
	return h.Contents.Value
}

// complete returns what is offered: label, then what the text becomes.
func (e *editor) complete(name, text string, line, character uint32) map[string]string {
	e.t.Helper()
	list, err := e.Completion(e.t.Context(), &protocol.CompletionParams{TextDocumentPositionParams: at(name, line, character)})
	require.NoError(e.t, err)
	out := map[string]string{}
	for _, item := range list.Items {
		out[item.Label] = e.apply(text, []protocol.TextEdit{*item.TextEdit})
	}
	return out
}

func (e *editor) actions(name string, whole protocol.Range, only ...protocol.CodeActionKind) []protocol.CodeAction {
	e.t.Helper()
	actions, err := e.CodeAction(e.t.Context(), &protocol.CodeActionParams{
		TextDocument: protocol.TextDocumentIdentifier{URI: docURI(name)}, Range: whole, Context: protocol.CodeActionContext{Only: only},
	})
	require.NoError(e.t, err)
	return actions
}

// units are what an editor counts columns in: bytes, or those of UTF-16.
func (e *editor) units(text string) []uint16 {
	if !e.utf8 {
		return utf16.Encode([]rune(text))
	}
	out := make([]uint16, len(text))
	for i := range len(text) {
		out[i] = uint16(text[i])
	}
	return out
}

func (e *editor) text(units []uint16) string {
	if !e.utf8 {
		return string(utf16.Decode(units))
	}
	out := make([]byte, len(units))
	for i, u := range units {
		out[i] = byte(u)
	}
	return string(out)
}

// apply does what an editor does with edits; it counts on its own.
func (e *editor) apply(text string, edits []protocol.TextEdit) string {
	units := e.units(text)
	offset := func(p protocol.Position) int {
		at := 0
		for line := uint32(0); line < p.Line; at++ {
			if units[at] == '\n' || units[at] == '\r' && (at+1 == len(units) || units[at+1] != '\n') {
				line++
			}
		}
		return at + int(p.Character)
	}
	sort.Slice(edits, func(a, b int) bool { return offset(edits[a].Range.Start) > offset(edits[b].Range.Start) })
	for _, edit := range edits {
		tail := append(e.units(edit.NewText), units[offset(edit.Range.End):]...)
		units = append(units[:offset(edit.Range.Start):offset(edit.Range.Start)], tail...)
	}
	return e.text(units)
}

// places are all positions of a text.
func (e *editor) places(text string) (out []protocol.Position) {
	var at protocol.Position
	for i, r := range text {
		between := r == '\n' && i > 0 && text[i-1] == '\r'
		if !between {
			out = append(out, at)
		}
		at.Character += uint32(len(e.units(string(r))))
		if r == '\n' || r == '\r' && !strings.HasPrefix(text[i+1:], "\n") {
			at = protocol.Position{Line: at.Line + 1}
		}
	}
	return append(out, at)
}

const everywhere = 1 << 20

var all = protocol.Range{End: protocol.Position{Line: everywhere}}

func TestEditorSeesFindingsAsOneTypes(t *testing.T) {
	e := ready(t)
	found := e.open("web.Dockerfile", "dockerfile", "RUN echo '🚀'\nRUN\n")
	require.Len(t, found, 1)
	require.Equal(t, "IB0102", found[0].Code)
	require.Equal(t, protocol.DiagnosticSeverityError, found[0].Severity)
	require.Equal(t, protocol.Range{Start: protocol.Position{Line: 1}, End: protocol.Position{Line: 1, Character: 3}}, found[0].Range)
	require.Contains(t, found[0].Message, "EmptyCommandContent.RUN")
	require.Contains(t, found[0].Message, "help: ")

	require.Empty(t, e.change("web.Dockerfile", "RUN echo\n"))
	found = e.change("web.Dockerfile", "ENV A=\"🚀🚀\" B\r\n")
	require.Len(t, found, 1)
	require.Equal(t, uint32(len("ENV A=\"\"")+4+1), found[0].Range.Start.Character, "columns are of UTF-16")

	require.NoError(t, e.DidClose(t.Context(), &protocol.DidCloseTextDocumentParams{TextDocument: protocol.TextDocumentIdentifier{URI: docURI("web.Dockerfile")}}))
	require.Empty(t, e.diagnostics("web.Dockerfile"))
}

// An editor hands a server every YAML and JSON file: others are left alone.
func TestEditorKeepsItsOtherFiles(t *testing.T) {
	e := ready(t)
	require.Empty(t, e.open("values.yaml", "yaml", "image:\n  tag: x\n"))
	require.Empty(t, e.open("package.json", "json", `{"name": 1}`))
	require.Empty(t, e.open("main.go", "go", "package main"))
	require.Empty(t, e.hover("values.yaml", 0, 1))
	require.NotEmpty(t, e.open("component.yaml", "yaml", "Tasks: []\n"))
	found := e.open("message.json", "json", "{\"name\": \"web\",\n \"content\": \"RUN echo\\nRUN\"}")
	require.Len(t, found, 1)
	require.Equal(t, protocol.Range{Start: protocol.Position{Line: 1, Character: 23}, End: protocol.Position{Line: 1, Character: 26}}, found[0].Range)
	require.NotEmpty(t, e.open("untitled:Untitled-1", "dockerfile", "RUN\n"))
	require.Empty(t, e.open("git:/src/web.Dockerfile?%7B%22ref%22%3A%22%22%7D", "dockerfile", "RUN true\n"), "a query is no part of the name")
	require.Empty(t, e.open("file:///src/nginx/Dockerfile", "dockerfile", "RUN true\n"), "its folder names it")
}

const headed = "# ---\n# name: web\n# imageOptions: {imageName: web, imageFe}\n# bui\n# ---\nFROM IMAGE_FAMILY:acs:x\nrun echo \\\n  RUN\nR\n"

func TestEditorExplains(t *testing.T) {
	e := ready(t)
	e.open("web.Dockerfile", "dockerfile", headed)
	require.Contains(t, e.hover("web.Dockerfile", 1, 4), "API parameter: `Name`")
	require.Contains(t, e.hover("web.Dockerfile", 1, 4), "2 to 128 characters")
	require.Contains(t, e.hover("web.Dockerfile", 2, 20), "imageOptions.imageName")
	require.Contains(t, e.hover("web.Dockerfile", 5, 2), "FROM IMAGE:")
	require.Contains(t, e.hover("web.Dockerfile", 6, 1), "RUN <shell text>")
	require.Contains(t, e.hover("web.Dockerfile", 6, 1), "# IB0012", "with what is wrong there")
	require.NotContains(t, e.hover("web.Dockerfile", 7, 3), "RUN <shell text>", "a continued line begins with no command")
	require.Contains(t, e.hover("web.Dockerfile", 7, 3), "# IB0015", "which a finding says")
	component := "Tasks:\n  - Name: a\n    Action: WebDownload\n    Properties:\n      destinationDir: /opt\n      sourcePath: https://example.com/\n"
	require.Empty(t, e.open("fetch.yaml", "yaml", component))
	require.Contains(t, e.hover("fetch.yaml", 2, 14), "sourcePath")
	require.Contains(t, e.hover("fetch.yaml", 4, 8), "Required in WebDownload")
	e.open("known.Dockerfile", "dockerfile", "# ib:ignore IB0115 the program takes no shell\nRUN [\"true\"]\n")
	require.Contains(t, e.hover("known.Dockerfile", 0, 6), "The reason is required")
	require.Contains(t, e.hover("known.Dockerfile", 0, 14), "array form in RUN")
	require.Empty(t, e.hover("known.Dockerfile", 0, 24), "the reason explains itself")
}

func TestEditorCompletes(t *testing.T) {
	e := ready(t)
	e.open("web.Dockerfile", "dockerfile", headed)
	require.Contains(t, e.complete("web.Dockerfile", headed, 3, 5)["build"], "\n# build: \n")
	require.Contains(t, e.complete("web.Dockerfile", headed, 2, 40)["imageFeatures"], "{imageName: web, imageFeatures: }")
	require.Contains(t, e.complete("web.Dockerfile", headed, 8, 1)["RESTART"], "\nRESTART\n")
	require.NotContains(t, e.complete("web.Dockerfile", headed, 3, 5), "name", "it stands there already")
	require.NotContains(t, e.complete("web.Dockerfile", headed, 2, 40), "imageName")
	require.Empty(t, e.complete("web.Dockerfile", headed, 7, 3))
	values := "# ---\n# repairMode: \n# build: t\n# ---\nFROM IMA\n"
	e.change("web.Dockerfile", values)
	require.Contains(t, e.complete("web.Dockerfile", values, 1, 14)["Standard"], "# repairMode: Standard\n")
	require.Contains(t, e.complete("web.Dockerfile", values, 2, 10)["true"], "# build: true\n")
	require.Contains(t, e.complete("web.Dockerfile", values, 4, 8)["IMAGE_FAMILY:"], "\nFROM IMAGE_FAMILY:\n")

	task := "Tasks:\n  - Name: a\n    Action: Web\n    Properties:\n      \n"
	e.open("fetch.yaml", "yaml", task)
	require.Contains(t, e.complete("fetch.yaml", task, 2, 15)["WebDownload"], "Action: WebDownload\n")
	properties := strings.Replace(task, "Web\n", "WebDownload\n", 1)
	e.change("fetch.yaml", properties)
	offered := e.complete("fetch.yaml", properties, 4, 6)
	require.Contains(t, offered["sourcePath"], "\n      sourcePath: \n")
	require.NotContains(t, offered, "bucketName")

	// directly behind a mark a blank is missing
	tight := "# ---\n# kind:\n#\n# ---\nTasks:\n  - Name: a\n    Action: Reboot\n    Properties: {forceStop: }\n  -\n"
	e.open("tight.yaml", "yaml", tight)
	require.Contains(t, e.complete("tight.yaml", tight, 1, 7)["pipeline"], "\n# kind: pipeline\n")
	require.Contains(t, e.complete("tight.yaml", tight, 2, 1)["build"], "\n# build: \n")
	require.Contains(t, e.complete("tight.yaml", tight, 7, 28)["true"], "{forceStop: true}")
	require.Contains(t, e.complete("tight.yaml", tight, 8, 3)["Action"], "\n  - Action: \n")

	aws := "name: a\nschemaVersion: 1.0\nphases:\n  - name: \n    steps:\n      - name: b\n        action: \n        onFailure: A\n        inputs:\n          \n\n"
	e.open("aws.yaml", "yaml", aws)
	require.Contains(t, e.complete("aws.yaml", aws, 3, 10)["validate"], "  - name: validate\n")
	require.Contains(t, e.complete("aws.yaml", aws, 6, 16)["CreateFile"], "action: CreateFile\n")
	require.Contains(t, e.complete("aws.yaml", aws, 7, 20)["Abort"], "onFailure: Abort\n")
	require.NotContains(t, e.complete("aws.yaml", aws, 10, 0), "Tasks")
	require.Contains(t, e.hover("aws.yaml", 5, 9), "once in the phase")
	aws = strings.Replace(aws, "action: \n", "action: ExecuteBash\n", 1)
	e.change("aws.yaml", aws)
	require.Contains(t, e.complete("aws.yaml", aws, 9, 10)["commands"], "\n          commands: \n")

	message := "{\"content\": \"RUN x\", \"componentType\": \"\", \"na\"}"
	e.open("m.json", "json", message)
	require.Contains(t, e.complete("m.json", message, 0, uint32(strings.Index(message, `"", `)+1))["Test"], `"componentType": "Test"`)
	require.Contains(t, e.complete("m.json", message, 0, uint32(len(message)-2))["name"], `, "name"}`)
}

// Every fix that is offered mends its finding, and all of them together are
// those of `lint --fix`.
func TestEditorMends(t *testing.T) {
	for _, encoding := range []string{"utf-16", "utf-8"} {
		e := readyIn(t, encoding)
		text := "run echo 🚀 \\\n\n  more\nENV A=\"🚀é\" B=b C=\"d\"\r\n"
		name := "fix.Dockerfile"
		found := e.open(name, "dockerfile", text)
		fixed := 0
		for _, action := range e.actions(name, all, protocol.QuickFix) {
			fixed++
			mended := e.apply(text, action.Edit.Changes[docURI(name)])
			require.Len(t, e.change(name, mended), len(found)-1, "%s", action.Title)
			e.change(name, text)
		}
		require.NotZero(t, fixed)
		together := e.actions(name, all, "source.fixAll")
		require.Len(t, together, 1)
		mended := e.apply(text, together[0].Edit.Changes[docURI(name)])
		require.Equal(t, imagedropOn(t, text, "lint", "--fix", "--stdin-name", name, "-").out, mended)
		require.Len(t, e.change(name, mended), len(found)-fixed)
	}
}

// An editor that sends what was typed, although it is asked for all of the text: after
// each of many edits the server has the text that the editor has.
func TestEditorSendsWhatWasTyped(t *testing.T) {
	typed := []string{"", "RUN\n", "run ", "é", "🚀", "ENV A=\"ü🚀\" B\r\n", "\r\n", "\n", "\r", "\\\n", "# ---\n# name: wéb\n# ---\n", "ADD 🚀 b\n", " "}
	for _, encoding := range []string{"utf-16", "utf-8"} {
		e := readyIn(t, encoding)
		random := rand.New(rand.NewPCG(5, 1))
		text := "RUN echo 'ü🚀'\r\nADD é 🚀\r\n"
		e.open("typed.Dockerfile", "dockerfile", text)
		e.open("fresh.Dockerfile", "dockerfile", text)
		for range 300 {
			var changes []protocol.TextDocumentContentChangeEvent
			for range 1 + random.IntN(3) {
				places := e.places(text)
				start := random.IntN(len(places))
				end := min(start+random.IntN(6), len(places)-1)
				if end == 0 { // which says all of the text
					continue
				}
				edit := protocol.TextEdit{Range: protocol.Range{Start: places[start], End: places[end]}, NewText: typed[random.IntN(len(typed))]}
				changes = append(changes, protocol.TextDocumentContentChangeEvent{Range: edit.Range, Text: edit.NewText})
				text = e.apply(text, []protocol.TextEdit{edit})
			}
			require.Equal(t, e.change("fresh.Dockerfile", text), e.typed("typed.Dockerfile", changes...), "%q", text)
		}
		whole := e.actions("typed.Dockerfile", all, "source.fixAll")
		require.Len(t, whole, 1)
		mended := e.apply(text, whole[0].Edit.Changes[docURI("typed.Dockerfile")])
		require.Equal(t, imagedropOn(t, text, "lint", "--fix", "--stdin-name", "typed.Dockerfile", "-").out, mended)
	}
}

// A place behind characters that take several columns is the editor's, in what it
// asks and in what it is answered.
func TestEditorPlacesBehindWideCharacters(t *testing.T) {
	text := "# ---\n# imageOptions: {imageName: \"é🚀\", imageFe}\n# ---\nFROM IMAGE_FAMILY:acs:x\nENV A=\"🚀é\" B=b\n"
	name := "wide.Dockerfile"
	for _, encoding := range []string{"utf-16", "utf-8"} {
		e := readyIn(t, encoding)
		place := func(behind string) protocol.Position {
			before, _, found := strings.Cut(text, behind)
			require.True(t, found)
			return e.places(text)[utf8.RuneCountInString(before+behind)]
		}
		var want, got protocol.Position
		for _, f := range e.open(name, "dockerfile", text) {
			if f.Code == "IB0143" {
				got, want = f.Range.Start, place("é\" ")
			}
		}
		require.NotZero(t, got)
		require.Equal(t, want, got)
		require.Contains(t, e.hover(name, want.Line, want.Character), "# IB0143 ")
		require.NotContains(t, e.hover(name, want.Line, want.Character-3), "# IB0143 ")
		key := place("imageFe")
		require.Contains(t, e.complete(name, text, key.Line, key.Character)["imageFeatures"], `"é🚀", imageFeatures: }`)
	}
}

// The editor shows what lint prints, for every input that breaks a rule.
func TestEditorShowsWhatLintPrints(t *testing.T) {
	e := ready(t, "--pedantic")
	inputs, err := filepath.Glob(filepath.Join(repository, "shared/template/testdata/*/*"))
	require.NoError(t, err)
	compared := 0
	for _, input := range inputs {
		name := filepath.Base(input)
		if !template.IsTemplate(name) || strings.HasSuffix(name, ".out") {
			continue
		}
		text, err := os.ReadFile(input)
		require.NoError(t, err)
		if json.Valid(text) || len(text) > everywhere || !strings.Contains(name, "Dockerfile") || strings.ToValidUTF8(string(text), "") != string(text) {
			continue
		}
		var want report
		require.NoError(t, json.Unmarshal([]byte(imagedropOn(t, string(text), "lint", "--json", "--pedantic", "--stdin-name", name, "-").out), &want))
		found := e.open(name, "dockerfile", string(text))
		require.Len(t, found, len(want.Findings), name)
		for i, f := range want.Findings {
			require.Equal(t, f.Rule, found[i].Code, name)
			require.Equal(t, uint32(f.Line-1), found[i].Range.Start.Line, "%s %s", name, f.Rule)
		}
		compared++
	}
	require.Greater(t, compared, 100)
}

func TestEditorLeaves(t *testing.T) {
	e := ready(t)
	require.NoError(t, e.Shutdown(t.Context()))
	_, err := e.Hover(t.Context(), &protocol.HoverParams{TextDocumentPositionParams: at("web.Dockerfile", 0, 0)})
	require.Error(t, err, "shut down")
	require.NoError(t, e.Exit(t.Context()))
	require.NoError(t, e.cmd.Wait())

	e = newEditor(t)
	_, err = e.Hover(t.Context(), &protocol.HoverParams{TextDocumentPositionParams: at("web.Dockerfile", 0, 0)})
	require.Error(t, err, "not initialized")
	require.NoError(t, e.Exit(t.Context()))
	require.Error(t, e.cmd.Wait(), "left without a shutdown")
}

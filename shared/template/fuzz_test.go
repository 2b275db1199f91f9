package template

import (
	"bytes"
	"encoding/json"
	"os"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

func addCases(f *testing.F, add func(path string, text []byte)) {
	for _, dir := range []string{"ok", "err", "fix"} {
		entries, err := os.ReadDir("testdata/" + dir)
		require.NoError(f, err)
		for _, e := range entries {
			text, err := os.ReadFile("testdata/" + dir + "/" + e.Name())
			require.NoError(f, err)
			if !strings.HasSuffix(e.Name(), ".out") && len(text) < 4096 { // large seeds only slow it down
				add(e.Name(), text)
			}
		}
	}
}

// FuzzParseFile: no panic; positions inside the text; the same findings for LF
// and CRLF; the canonical text of what is sent is itself, with the same digest.
func FuzzParseFile(f *testing.F) {
	addCases(f, func(path string, text []byte) { f.Add(strings.HasSuffix(path, ".yaml"), string(text)) })
	f.Fuzz(func(t *testing.T, isYAML bool, text string) {
		path := "templates/web.Dockerfile"
		if isYAML {
			path = "templates/web.yaml"
		}
		References(text)
		got := ParseFile(path, []byte(text))
		requireInside(t, text, got.Findings)
		require.NotEmpty(t, got.Targets)
		got.AWS()
		if !strings.Contains(text, "\r") {
			crlf := ParseFile(path, []byte(strings.ReplaceAll(text, "\n", "\r\n")))
			require.Equal(t, got.Findings, crlf.Findings)
			require.Equal(t, got.Parameters(), crlf.Parameters())
		}
		if got.HasErrors() {
			return // nothing of it is sent
		}
		for _, part := range []Part{got.Content, got.Test} {
			requireReferences(t, got, part.Text)
			again := ParseFile(path, []byte(part.Text))
			// A heredoc's body may hold a marker; a carriage return of its own is IB0004.
			if again.Test.Text == "" && !strings.Contains(part.Text, "\r") {
				require.Equal(t, part.Text, again.Content.Text)
				require.Equal(t, part.Commands, again.Content.Commands)
			}
		}
		requireSameDigest(t, path, text, got)
	})
}

// requireSameDigest: a file that says the same in its canonical form sends the
// same.
func requireSameDigest(t *testing.T, path, text string, got *Template) {
	t.Helper()
	if strings.Contains(got.Content.Text+got.Test.Text, "\r") {
		return
	}
	src := newSource(path, bodyOrder, text)
	_, at, _ := readHeader(&report{}, src, Dockerfile)
	var b strings.Builder
	for i := at.from; i < at.to; i++ {
		b.WriteString(src.line(i) + "\n")
	}
	b.WriteString(got.Content.Text)
	if got.Format == Dockerfile { // in YAML a line end may be part of a value
		b.WriteString("\n")
	}
	if got.Test.Text != "" {
		b.WriteString(TestMarker + "\n" + got.Test.Text + "\n")
	}
	again := ParseFile(path, []byte(b.String()))
	require.Equal(t, Digest(got.Parameters()), Digest(again.Parameters()), b.String())
}

// requireReferences: in what the linter accepts, every COMPONENT is understood.
func requireReferences(t *testing.T, got *Template, text string) {
	t.Helper()
	if got.Kind != Pipeline {
		return // components do not nest
	}
	p := &part{section: inBuild, src: newSource("", bodyOrder, text)}
	scanPart(&report{}, p, 0, len(p.src.lines), noMarkers)
	commands := slices.DeleteFunc(p.commands, func(in instruction) bool { return in.verb != vCOMPONENT })
	require.Len(t, References(text), len(commands))
}

// requireInside: every position is one of the text, and in order.
func requireInside(t *testing.T, text string, findings []Finding) {
	t.Helper()
	lines := strings.Split(strings.TrimPrefix(text, ByteOrderMark), "\n")
	for i, f := range findings {
		for _, at := range [][2]int{{f.Line, f.Column}, {f.EndLine, f.EndColumn}} {
			require.GreaterOrEqual(t, at[0], 1, "%+v", f)
			require.LessOrEqual(t, at[0], len(lines), "%+v", f)
			require.GreaterOrEqual(t, at[1], 1, "%+v", f)
			require.LessOrEqual(t, at[1], utf8.RuneCountInString(lines[at[0]-1])+1, "%+v", f)
		}
		require.False(t, f.EndLine < f.Line || f.EndLine == f.Line && f.EndColumn < f.Column, "%+v", f)
		if i > 0 {
			require.LessOrEqual(t, byPosition(findings[i-1], f), 0, "%+v", f)
		}
	}
}

// FuzzParseMessage: no panic; positions inside the text that they count in; the
// same findings for LF and CRLF.
func FuzzParseMessage(f *testing.F) {
	addCases(f, func(_ string, text []byte) { f.Add(text) })
	f.Fuzz(func(t *testing.T, body []byte) {
		m := ParseMessage(body)
		require.Equal(t, m.ClientToken, ClientToken(body))
		got := m.Resolve("", nil)
		concern := slices.DeleteFunc(slices.Clone(m.Findings), func(f Finding) bool { return !ruleOf(f.Rule).concerns(got.Targets...) })
		require.GreaterOrEqual(t, len(got.Findings), len(concern))
		for order, text := range got.texts {
			requireInside(t, text, slices.DeleteFunc(slices.Clone(got.Findings), func(f Finding) bool { return f.order != order }))
		}
		for _, f := range got.Findings {
			requireInside(t, got.texts[bodyOrder], []Finding{got.InBody(f)})
		}
		m.Resolve("x.yaml", body)
		if isJSON := bytes.HasPrefix(bytes.TrimSpace(body), []byte("{")); !bytes.ContainsRune(body, '\r') && (!isJSON || json.Valid(body)) {
			crlf := ParseMessage(bytes.ReplaceAll(body, []byte("\n"), []byte("\r\n"))).Resolve("", nil)
			require.Equal(t, got.Findings, crlf.Findings)
			require.Equal(t, got.Parameters(), crlf.Parameters())
		}
	})
}

// FuzzCoverSecrets: no panic; each code point stays one, and lines stay; what is
// covered has no more to cover.
func FuzzCoverSecrets(f *testing.F) {
	addCases(f, func(_ string, text []byte) { f.Add(string(text)) })
	f.Fuzz(func(t *testing.T, text string) {
		covered := ParseFile("web.Dockerfile", []byte(text)).Covered(Finding{})
		text = strings.TrimPrefix(text, ByteOrderMark)
		was, is := []rune(text), []rune(covered)
		require.Len(t, is, len(was))
		for i := range was {
			if is[i] != was[i] {
				require.Equal(t, '*', is[i])
				require.NotContains(t, "\r\n", string(was[i]))
			}
		}
	})
}

// FuzzPowerShell: no panic; what is told stands in the text, in order of the statements.
func FuzzPowerShell(f *testing.F) {
	for _, text := range []string{"$p = ConvertTo-SecureString \"a`\"b\" -AsPlainText", "net user a 'b''c' # d", "@'\na=b\n'@ | iex", "<# a #> `\n&{(a;b)|c}", "\"", "$a='", "@", "`"} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		statements, comments := statementsOf(text)
		at := 0
		for _, s := range statements {
			for _, w := range s.words {
				require.True(t, at <= w.at.start && w.at.start < w.at.end && w.at.end <= len(text), "%v", statements)
				at = w.at.end
			}
		}
		for _, c := range comments {
			require.True(t, c.start < c.end && c.end <= len(text))
		}
		eachPowerShellSecret(text, func(at extent, _ bool) { require.True(t, 0 <= at.start && at.start <= at.end && at.end <= len(text)) })
	})
}

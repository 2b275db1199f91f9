package template

import (
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"
)

// What a finding marks in a content stands at its place in the body, too.
func TestInBody(t *testing.T) {
	for name, body := range map[string]string{
		"escapes":         `{"name": "web", "content": "# \"é\" \u4e2d \ud83d\ude00 \\\nADD \ud83d\ude00 b\r\nADD c d"}`,
		"a byte order":    `{"content": "\ufeffADD a b\u000aRUN true"}`,
		"several lines":   "{\n \"content\":\n  \"RUN true\\nADD é b\"\n}",
		"a test section":  `{"content": "FROM IMAGE:m-1", "testContent": "RUN true\nADD a b"}`,
		"of the body":     `{"kontent": "RUN true"}`,
		"half a pair":     `{"content": "# \ud83d\nADD a b"}`,
		"template in URI": `{"templateUri": "oss://bucket/web.Dockerfile"}`,
	} {
		t.Run(name, func(t *testing.T) {
			got := ParseMessage([]byte(body)).Resolve("", nil)
			require.True(t, json.Valid([]byte(body)))
			for _, f := range got.Findings {
				at := got.InBody(f)
				requireInside(t, body, []Finding{at})
				require.Equal(t, marked(t, got.Text(f), f), strings.ReplaceAll(unescaped(marked(t, body, at)), "\r", ""))
			}
		})
	}
	found := ParseMessage([]byte(`{"templateUri": "oss://bucket/web.Dockerfile"}`)).Resolve("web.Dockerfile", []byte("ADD a b"))
	require.Equal(t, found.Findings[0], found.InBody(found.Findings[0]))
}

// marked is the text of a finding that stands on one line.
func marked(t *testing.T, text string, f Finding) string {
	t.Helper()
	require.Equal(t, f.Line, f.EndLine)
	line := []rune(strings.TrimPrefix(strings.Split(text, "\n")[f.Line-1], ByteOrderMark))
	return string(line[f.Column-1 : f.EndColumn-1])
}

func unescaped(s string) string {
	var text string
	if json.Unmarshal([]byte(`"`+s+`"`), &text) != nil || !utf8.ValidString(text) {
		return s
	}
	return text
}

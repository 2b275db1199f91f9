package template

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// TestClientToken: by either way the same token.
func TestClientToken(t *testing.T) {
	deep := func(levels int) string { return strings.Repeat("[", levels) + strings.Repeat("]", levels) }
	many := func(n int) string { return `"toRegionIds": [` + strings.Repeat("1, ", n) + `1], ` }
	for body, want := range map[string]string{
		`{"clientToken": "t-1", "content": "RUN true"}`:                    "t-1",
		` {"content": {"clientToken": "x"}, "clientToken": "t-1"}`:         "t-1",
		`{"clientToken": "t-1", "content": "RUN`:                           "t-1",
		`{"clientToken": "t-1"} {"clientToken": "t-2"}`:                    "t-1",
		`{"clientToken": "t-1", "clientToken": "t-2"}`:                     "",
		`{"clientToken": 1, "clientToken": "t-2"}`:                         "",
		`{"clientToken": ["t-1"]}`:                                         "",
		`{"clientToken": "a b"}`:                                           "",
		`{"clientToken": ""}`:                                              "",
		`{"clientToken": "acs:t"}`:                                         "",
		`{"clientToken": "a-http://b"}`:                                    "",
		`{"clientToken": "` + strings.Repeat("t", 65) + `"}`:               "",
		`{"clientToken": "` + strings.Repeat("t", 64) + `"}`:               strings.Repeat("t", 64),
		`{"CLIENTTOKEN": "t-1"}`:                                           "",
		`{"tags": ` + deep(7) + `, "clientToken": "t-1"}`:                  "t-1",
		`{"tags": ` + deep(8) + `, "clientToken": "t-1"}`:                  "",
		`{"systemDiskSize": 1e999, "clientToken": "t-1"}`:                  "t-1",
		"{\"content\": \"\xff\", \"clientToken\": \"t-1\"}":                "",
		ByteOrderMark + `{"clientToken": "t-1"}`:                           "t-1",
		`{` + many(300) + `"clientToken": "a b", "content": ""}`:           "",
		`{` + many(300) + `"clientToken": "t-1", "content": ""}`:           "t-1",
		base64.StdEncoding.EncodeToString([]byte(`{"clientToken":"t-1"}`)): "t-1",
		`[{"clientToken": "t-1"}]`:                                         "",
		`"clientToken"`:                                                    "",
		"RUN true":                                                         "",
		"":                                                                 "",
	} {
		require.Equal(t, want, ClientToken([]byte(body)), body)
		require.Equal(t, want, ParseMessage([]byte(body)).ClientToken, body)
	}
}

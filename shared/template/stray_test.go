package template

import (
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// A quote that was meant to go on is one mistake, and stands where it opens.
func TestQuoteOverSeveralLines(t *testing.T) {
	for name, test := range map[string]struct{ text, want string }{
		"RUN":                        {"RUN python3 -c \"\nimport os\nfrom x import y\n# a comment\n\nprint(1)\n\" && echo ok\nRUN true\n", "1:16 IB0101"},
		"a continued RUN":            {"RUN a && \\\n  echo 'b\nc'\nRUN true\n", "2:8 IB0101"},
		"LABEL":                      {"LABEL a=\"b\" c=\"d\n  e\"\nRUN true\n", "1:15 IB0101"},
		"ENV":                        {"ENV a=\"b\nc\nd\"\nRUN true\n", "1:5 IB0111"},
		"ENV key value":              {"ENV a 'b\nc'\nRUN true\n", "1:5 IB0142 1:7 IB0101"},
		"a quote behind the quote":   {"RUN echo 'a\nb' \"c\nd\"\nRUN true\n", "1:10 IB0101"},
		"a line that goes on behind": {"RUN echo 'a\nb' && \\\n  true\nRUN true\n", "1:10 IB0101"},
		"CRLF":                       {"RUN echo 'é\r\nb'\r\nRUN true\r\n", "1:10 IB0101"},
		"in the test section":        {"FROM IMAGE:m-1234\n# --- test\nRUN echo 'a\nb'\nRUN true\n", "3:10 IB0101"},
		"two quotes":                 {"RUN echo 'a\nb'\nc\nd 'e\nRUN true\n", "1:10 IB0101 3:1 IB0101 4:1 IB0101"},
		"a here-document":            {"RUN cat << EOF > a\nb\nEOF\nRUN true\n", "1:9 IB0101"},
		"with quotes and tabs":       {"RUN cat <<- 'EOF'\nb\n\tEOF\nRUN true\n", "1:9 IB0101"},
		"a shift":                    {"RUN echo $((1 << 2))\nb\nRUN true\n", "2:1 IB0101"},
		"a here-document of ADD":     {"ADD <<EOF /a\nb\nEOF\nRUN true\n", "1:1 IB0101"},
		"no end":                     {"RUN echo 'a\nb\nRUN true\n", "1:10 IB0300 2:1 IB0101"},
		"a command before the end":   {"RUN echo 'a\nb\nRUN echo 'c'\n", "1:10 IB0300 2:1 IB0101"},
		"a command of Docker":        {"RUN echo 'a\nADD 'b\n", "1:10 IB0300 2:1 IB0101"},
		"the test marker":            {"FROM IMAGE:m-1234\nRUN echo 'a\nb\n# --- test\nRUN echo 'c'\n", "2:10 IB0300 3:1 IB0101"},
		"nothing that is no command": {"RUN echo 'a\nrun true'\n", "1:10 IB0300 2:1 IB0012 2:9 IB0300"},
		"in a comment of the shell":  {"RUN echo a # it's\nb 'c'\n", "2:1 IB0101"},
		"behind a backslash":         {"RUN echo \\'a\nb'\n", "2:1 IB0101"},
		"a command that has an end":  {"RUN echo 'a'\nb'\n", "2:1 IB0101"},
		"nothing before it":          {"b'\nc'\n", "1:1 IB0101 2:1 IB0101"},
		"a command of one word":      {"USER 'a\nb'\nRUN true\n", "2:1 IB0101"},
	} {
		t.Run(name, func(t *testing.T) {
			got := ParseFile("templates/web.Dockerfile", []byte(test.text))
			require.Equal(t, test.want, places(got))
		})
	}
}

// places are where findings begin, and their rules.
func places(t *Template) string {
	var out []string
	for _, f := range t.Findings {
		out = append(out, fmt.Sprintf("%d:%d %s", f.Line, f.Column, f.Rule))
	}
	return strings.Join(out, " ")
}

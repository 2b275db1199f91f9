package ecs

import (
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// codeOf answers the code of a refusal, "" where there is none.
func codeOf(err error) string {
	if refused, ok := err.(*refusal); ok {
		return refused.code
	}
	if err != nil {
		return err.Error()
	}
	return ""
}

func componentCode(text string) string {
	_, err := new(service).componentContent(text)
	return codeOf(err)
}

func TestDockerfileContents(t *testing.T) {
	tests := []struct{ name, content, want string }{
		{"plain", "RUN yum install -y nginx", ""},
		{"everything", "ENV A=\"1\" B=\"2\"\nENV C some value\nWORKDIR /opt\nUSER root\nLABEL a=\"b\" \\\n  c=\"d\"\nCOPY /a /b\nRESTART\nCMD [\"a\", \"b\"]\nENTRYPOINT exec a", ""},
		{"LF, CRLF, BOM, comments, blanks", "\ufeff# c\r\n\r\n  \t# d\r\nrun true\r\n\tRun false\r\n", ""},
		{"continued over comments and blanks", "RUN a \\  \n\n# c\n  # d \\\n  && b\n", ""},
		{"keyword alone on its first line", "RUN\\\n  true", ""},
		{"directive is a comment", "# syntax=docker/dockerfile:1\n# escape=`\nRUN true", ""},
		{"backslash on the last line", "RUN a\nRUN b \\", "InvalidCommandContent.RUN"},
		{"backslash, then only comments", "USER a\\\n# c\n\n", "InvalidCommandContent.USER"},
		{"two backslashes continue nothing", "RUN echo a\\\\\nUSER a\\\\\nBAD", "InvalidImageTemplateCommand.NotSupported"},
		{"backslash after LABEL", "LABEL a=b \\", "InvalidParameter.Content"},
		{"backslash after RESTART", "RESTART \\", "NotEmptyCommandContent.RESTART"},
		{"first mistake by line", "RUN true\nUSER\nBAD", "EmptyCommandContent.USER"},
		{"unknown", "RUN true\nVOLUME /a", "InvalidImageTemplateCommand.NotSupported"},
		{"heredoc", "RUN cat <<EOF > /a\nhello\nEOF", "InvalidCommandContent.RUN"},
		{"heredoc with hyphen and quotes", "RUN bash <<-'EOF'", "InvalidCommandContent.RUN"},
		{"heredoc in COPY", "COPY <<EOF /a", "InvalidCommandContent.COPY"},
		{"not a heredoc", "RUN cat << EOF && echo $((1<<2)) \"<<EOF\" <<<word", ""},
		{"RUN in array form", `RUN ["a", "b"]`, ""},
		{"RUN with a flag later", "RUN ls --all", ""},
		{"ENV key only", "ENV A", "InvalidCommandContent.ENV"},
		{"ENV without a key", "ENV =a", "InvalidCommandContent.ENV"},
		{"ENV with quoted blanks", `ENV A="a b" B='c d' C=e\ f`, ""},
		{"ENV with a value that has =", "ENV A b=c d", ""},
		{"ENV with a quote that is never closed", `ENV A="b`, "InvalidCommandContent.ENV"},
		{"ENV with quotes in quotes", `ENV A='"' B="it's" C="a\"b"`, ""},
		{"COPY one operand", "COPY /a", "InvalidCommandContent.COPY"},
		{"COPY three operands", "COPY /a /b /c", "InvalidCommandContent.COPY"},
		{"COPY with a flag", "COPY --chown=a /b", "InvalidCommandContent.COPY"},
		{"COPY from the web", "COPY https://example.com/a.tar.gz /opt", ""},
		{"COPY with a glob", "COPY /a?b* /opt", ""},
		{"WORKDIR quoted", `WORKDIR "/a"`, ""},
		{"CMD shell", "CMD exec [ a ]", ""},
		{"CMD list with rest", `CMD ["a"] b`, "InvalidCommandContent.CMD"},
		{"LABEL malformed", "LABEL a", ""},
		{"RESTART lower case", "restart", ""},
		{"blank", " \n\t\n", "MissingParameter.Content"},
		{"128 lines that are 127 commands", "RUN a \\\n b\n" + strings.Repeat("RUN true\n", 126), ""},
		{"size counts bytes", "RUN " + strings.Repeat("é", 8191), "InvalidContent.LengthExceeded"},
		{"size before commands", strings.Repeat("RUN x\n", 3000), "InvalidContent.LengthExceeded"},
		{"no-break spaces", "RUN\u00a0a\u00a0\nENV A \u00a0\nUSER\u3000root\u00a0\nRESTART \u00a0\n\u00a0\u3000\nRUN a \\\u00a0\n b", ""},
		{"no-break space between words", "USER a\u00a0b", "InvalidCommandContent.USER"},
		{"byte order mark after blanks", " \ufeffRUN true", ""},
		{"other spaces between words", "USER a\u2003b", "InvalidCommandContent.USER"},
		{"keyword with a letter whose capital is ASCII", "u\u017fer root", "InvalidImageTemplateCommand.NotSupported"},
		{"COPY of a quoted path with a blank", `COPY "/a b" /c`, "InvalidCommandContent.COPY"},
		{"COPY with a quote that is never closed", "COPY '/a /c", "InvalidCommandContent.COPY"},
		{"CMD list with null", `CMD ["a", null]`, "InvalidCommandContent.CMD"},
		{"Tasks is only a word", "RUN echo Tasks: Parameters:", ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) { require.Equal(t, tt.want, componentCode(tt.content)) })
	}
}

func TestYAMLContents(t *testing.T) {
	tasks := func(body string) string { return "Tasks:\n  - Name: a\n" + body }
	shell := func(command string) string {
		return tasks("    Action: RunShellCommand\n    Properties:\n      commandContent: " + command + "\n")
	}
	tests := []struct {
		name, content string
		ok            bool
	}{
		{"minimal", shell("echo hi"), true},
		{"flow", `{Tasks: [{Name: a, Action: Reboot}]}`, true},
		{"CRLF, BOM, comments, marker", "\ufeff# c\r\n---\r\nTasks:\r\n  - {Name: a, Action: Reboot, Properties: {forceStop: true}}\r\n", true},
		{"more than 127 tasks", "Tasks:\n" + strings.Repeat("- {Name: X, Action: Reboot}\n", 128), false}, // equal names
		{"many tasks", manyTasks(200), true},
		{"no tasks", "Tasks: []", false},
		{"tasks missing", "Parameters: {p: {Type: String}}", false},
		{"tasks not a list", "Tasks: {a: b}", false},
		{"broken", "Tasks:\n  - Name: [", false},
		{"tab", "Tasks:\n\t- Name: a", false},
		{"two documents", shell("x") + "---\nTasks: []\n", false},
		{"another root key", "Version: 1\n" + shell("x"), false},
		{"broken behind a document mark", "---\nTasks: [", false},
		{"indented and broken", " Tasks: [", false},
		{"root key twice in a flow", `{Tasks: [], Tasks: []}`, false},
		{"aliases", "Parameters: {p: &p {Type: String}, q: *p}\nTasks:\n- &t {Name: a, Action: RunShellCommand, Properties: {commandContent: &c 'x {{ q }}'}}\n- {Name: b, Action: RunShellCommand, Properties: {commandContent: *c}}\n", true},
		{"an alias to itself", "Parameters: &p {p: *p}\n" + shell("x"), false},
		{"a root key that is nothing", "?\nTasks: [{Name: a, Action: Reboot}]", false},
		{"a property that is nothing", "Tasks: [{Name: a, Action: Reboot, Properties: {? : x}}]", false},
		{"a merge key in a task", "Tasks: [{<<: {Name: a}, Action: Reboot}]", false},
		{"a merge key in properties", tasks("    Action: RunShellCommand\n    Properties: {<<: {commandContent: x}}\n"), false},
		{"a task without a value", shell("x") + "  -\n", false},
		{"duplicate root key", shell("x") + shell("x"), false},
		{"no name", "Tasks:\n- Action: Reboot", false},
		{"no action", "Tasks:\n- Name: a", false},
		{"unknown action", tasks("    Action: Sleep"), false},
		{"missing property", tasks("    Action: WebDownload\n    Properties: {sourcePath: x}"), false},
		{"empty property", tasks("    Action: RunShellCommand\n    Properties: {commandContent: ''}"), false},
		{"unknown property", tasks("    Action: Reboot\n    Properties: {force: true}"), false},
		{"block scalar", shell("|\n        echo {{ .Names }}\n        {{ x y }}"), true},
		{"reference to a parameter", "Parameters: {p: {Type: String}}\n" + shell("echo {{p}}"), true},
		{"unquoted reference", "Parameters: {p: {Type: String}}\n" + shell("{{ p }}"), true},
		{"unquoted reference, text behind", "Parameters: {p: {Type: String}}\n" + shell("{{ p }}/bin 'it''s'"), true},
		{"unquoted unknown reference", shell("{{ p }}"), false},
		{"unknown reference", shell("echo {{ p }}"), false},
		{"reference to itself", shell("echo {{ a.stdout }}"), false},
		{"reference to an earlier task", shell("x") + "  - {Name: b, Action: RunShellCommand, Properties: {commandContent: 'echo {{ a.stdout }}'}}\n", true},
		{"reference to a later task", shell("echo {{ b.stdout }}") + "  - {Name: b, Action: Reboot}\n", false},
		{"reference to what has no output", tasks("    Action: Reboot\n  - {Name: b, Action: RunShellCommand, Properties: {commandContent: 'echo {{ a.stdout }}'}}\n"), false},
		{"PowerShell output is let through", tasks("    Action: RunPowerShellCommand\n    Properties: {commandContent: x}\n  - {Name: b, Action: RunPowerShellCommand, Properties: {commandContent: 'echo {{ a.stdout }}'}}\n"), true},
		{"reference inside a mapping", tasks("    Action: InvokeCommand\n    Properties: {commandId: x, parameters: {k: '{{ nope }}'}}\n"), false},
		{"parameter without type", "Parameters: {p: {DefaultValue: x}}\n" + shell("x"), false},
		{"parameter of another type", "Parameters: {p: {Type: List}}\n" + shell("x"), false},
		{"parameter twice", "Parameters: {p: {Type: String}, p: {Type: String}}\n" + shell("x"), false},
		{"parameters not a mapping", "Parameters: [p]\n" + shell("x"), false},
		{"parameters empty", "Parameters:\n" + shell("x"), true},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			want := "InvalidParameter.Content"
			if tt.ok {
				want = ""
			}
			require.Equal(t, want, componentCode(tt.content))
		})
	}
	require.Equal(t, "InvalidContent.LengthExceeded", componentCode(manyTasks(1000)))
}

func manyTasks(n int) string {
	var b strings.Builder
	b.WriteString("Tasks:\n")
	for i := range n {
		fmt.Fprintf(&b, "- {Name: t%d, Action: Reboot}\n", i)
	}
	return b.String()
}

// FuzzContents: no content makes the reader panic, and a refusal is one of the
// documents' codes.
func FuzzContents(f *testing.F) {
	for _, seed := range []string{"RUN true", yamlComponent, "FROM IMAGE:m-1\nCOMPONENT ic-1 --a \"b\"", "RUN a \\\n# c\n b", "ENV A=\"b", "Tasks: &a [*a]", `COPY "a\" b`} {
		f.Add(seed)
	}
	f.Fuzz(func(t *testing.T, text string) {
		for _, old := range []bool{false, true} {
			s := &service{old: old}
			_, err := s.componentContent(text)
			requireListed(t, err)
			build, test, err := s.pipelineContents(params{"BuildContent": text, "TestContent": text})
			requireListed(t, err)
			for _, ref := range append(build.references(), test.references()...) {
				ref.useKey("cn-hangzhou", "ip-1")
			}
		}
	})
}

func requireListed(t *testing.T, err error) {
	if err != nil {
		require.Contains(t, createCodes, codeOf(err))
	}
}

// FuzzRequests: whatever comes is answered with a JSON document, never with a
// panic or a 500.
func FuzzRequests(f *testing.F) {
	f.Add("Action=CreateImageComponent&RegionId=cn-hangzhou&Content=RUN+true&Tag.1.Key=a", "")
	f.Add("Action=CreateImagePipeline&RegionId=cn-hangzhou&BaseImageType=OSS&ImportImageOptions.DiskDeviceMappings.1.OSSBucket=a", "Name=a")
	f.Add("Action=DescribeImageComponents&RegionId=cn-hangzhou&Tag.1.Key=a&Tag.99999999999999999999.Key=b&MaxResults=1&NextToken=AAAA", "Format=XML")
	f.Add("Action=DeleteImageComponent&RegionId=cn-hangzhou&ImageComponentId=ic-%00", "ClientToken=%ff")
	st, err := store.OpenMemory()
	require.NoError(f, err)
	f.Cleanup(func() { st.Close() })
	acct := account.New()
	handler := New(acct, st, Options{})
	f.Fuzz(func(t *testing.T, query, form string) {
		probe := httptest.NewRequest("POST", "/", strings.NewReader(form))
		probe.URL.RawQuery = query
		in := read(nil, probe)
		if in.err != nil {
			return
		}
		p := in.params
		for name := range commonParams {
			if name != "Action" && name != "Format" {
				delete(p, name)
			}
		}
		c := &cloud{t: t, clock: account.NewManualClock(acct.Clock.Now())}
		request := httptest.NewRequest("POST", "/", strings.NewReader(encoded(c.signed("POST", params{"Action": "x", "Format": "JSON"}.with(p)))))
		answer := httptest.NewRecorder()
		handler.ServeHTTP(answer, request)
		require.NotEqual(t, http.StatusInternalServerError, answer.Code, answer.Body)
		require.NotContains(t, answer.Body.String(), "SignatureDoesNotMatch")
		require.True(t, utf8.Valid(answer.Body.Bytes()))
	})
}

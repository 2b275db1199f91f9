package template

import (
	"encoding/base64"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

func TestNames(t *testing.T) {
	tests := []struct {
		key        string
		isTemplate bool
		name       string
	}{
		{"templates/team-a/web.Dockerfile", true, "team-a-web"},
		{"templates/team-a/Dockerfile.web", true, "team-a-web"},
		{"templates/team-a/Dockerfile", true, "team-a"},
		{"templates/team-a/agent.yaml", true, "team-a-agent"},
		{"templates/agent.yml", true, "agent"},
		{"templates/Dockerfile", true, ""},
		{"templates/templates/x.yaml", true, "templates-x"},
		{"other/web.Dockerfile", true, "other-web"},
		{"events/templates/web.Dockerfile", true, "web"},
		{"/home/me/web.Dockerfile", true, "web"},
		{"./web/Dockerfile", true, "web"},
		{"../a/b.yaml", true, "b"},
		{"templates/readme.md", false, "readme.md"},
		{"templates/.Dockerfile", false, ".Dockerfile"},
		{"templates/.yaml", false, ".yaml"},
		{"templates/dockerfile", false, "dockerfile"},
		{"templates/web.Dockerfile/", false, "web.Dockerfile-"},
		{"templates/web/Dockerfile/", false, "web-Dockerfile-"},
	}
	for _, test := range tests {
		require.Equal(t, test.isTemplate, IsTemplate(test.key), test.key)
		require.Equal(t, test.name, DefaultName(test.key), test.key)
	}
}

func TestMessageFields(t *testing.T) {
	const body = `{"clientToken": "123e4567-e89b-12d3-a456-426655440000",
		"templateUri": "oss://my-bucket/shared/web.Dockerfile", "templateETag": "\"5B3C\"", "name": "mine"}`
	m := ParseMessage([]byte(base64.StdEncoding.EncodeToString([]byte(body))))
	require.Empty(t, m.Findings)
	require.Equal(t, "123e4567-e89b-12d3-a456-426655440000", m.ClientToken)
	require.Equal(t, "oss://my-bucket/shared/web.Dockerfile", m.TemplateURI)
	require.Equal(t, "5B3C", m.TemplateETag)

	got := m.Resolve("shared/web.Dockerfile", []byte("# ---\n# name: theirs\n# systemDiskSize: 7\n# ---\nFROM IMAGE:m-1234\n"))
	require.Equal(t, Pipeline, got.Kind)
	require.Equal(t, "mine", got.Name)
	require.Len(t, got.Findings, 1)
	require.Equal(t, "shared/web.Dockerfile", got.Findings[0].Path)

	yaml := ParseMessage([]byte(`{"templateUri": "oss://my-bucket/shared/agent.yaml"}`)).
		Resolve("shared/agent.yaml", []byte("Tasks:\n  - {Name: a, Action: Reboot}\n"))
	require.Empty(t, yaml.Findings)
	require.Equal(t, YAML, yaml.Format)
	require.Equal(t, "shared-agent", yaml.Name)
}

// TestKindOfWhatCannotBeRead: the keys of the message say it.
func TestKindOfWhatCannotBeRead(t *testing.T) {
	for keys, want := range map[string]Kind{
		`"kind": "pipeline"`: Pipeline, `"baseImage": "m-1234"`: Pipeline, `"name": "x"`: Component,
		`"kind": "component", "baseImageType": "IMAGE"`: Component, `"kind": "execution"`: Execution,
	} {
		byURI := ParseMessage([]byte(`{` + keys + `, "templateUri": "oss://my-bucket/web.Dockerfile"}`))
		require.Equal(t, want, byURI.Resolve("", nil).Kind, keys)
		binary := ParseMessage([]byte(`{` + keys + `, "content": "RUN \u0000"}`))
		require.Equal(t, want, binary.Resolve("", nil).Kind, keys)
	}
}

// TestInvalidMessageFields: a value with a finding is not used.
func TestInvalidMessageFields(t *testing.T) {
	m := ParseMessage([]byte(`{"clientToken": "a b", "templateUri": "https://example.com/x"}`))
	require.Len(t, m.Findings, 2)
	require.Empty(t, m.ClientToken)
	require.Empty(t, m.TemplateURI)
	require.True(t, m.Resolve("", nil).HasErrors())
}

// TestBase64Once: what is decoded is judged, not decoded again.
func TestBase64Once(t *testing.T) {
	twice := base64.StdEncoding.EncodeToString([]byte(base64.StdEncoding.EncodeToString([]byte("RUN true\n"))))
	got := ParseMessage([]byte(twice)).Resolve("", nil)
	require.Equal(t, "IB0101", got.Findings[0].Rule)
}

func TestTemplateFields(t *testing.T) {
	got := ParseFile("templates/web.Dockerfile", []byte(`# ---
# regionId: cn-beijing
# build: true
# targets: [alibaba, aws]
# toRegionIds: [cn-beijing, cn-shanghai]
# tags: {team: web, tier: "1"}
# ---
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
run yum install -y \
  # the server

  nginx
# --- test
RUN nginx -t
`))
	require.Equal(t, Pipeline, got.Kind)
	require.Equal(t, "web", got.Name)
	require.Equal(t, "cn-beijing", got.RegionID)
	require.True(t, got.Build)
	require.Equal(t, []string{"alibaba", "aws"}, got.Targets)
	const text = "FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN yum install -y \\\n  nginx"
	require.Equal(t, Part{Text: text, Bytes: len(text), Commands: 2}, got.Content)
	require.Equal(t, Part{Text: "RUN nginx -t", Bytes: 12, Commands: 1}, got.Test)
	require.Equal(t, 2, got.UserTags())

	require.Equal(t, []Value{
		{Key: "toRegionIds", Text: "cn-beijing", Path: "templates/web.Dockerfile", Line: 5, Column: 17, EndLine: 5, EndColumn: 27},
		{Key: "toRegionIds", Text: "cn-shanghai", Path: "templates/web.Dockerfile", Line: 5, Column: 29, EndLine: 5, EndColumn: 40},
	}, got.Lookup("toRegionIds"))
	require.Equal(t, "tags.tier", got.Lookup("tags")[1].Key)
	require.Equal(t, "1", got.Lookup("tags")[1].Text)
	require.Empty(t, got.Lookup("vSwitchId"))
}

// TestBaseImageIsSent whether FROM or the keys say it, so that the older and
// the newer service build the same image.
func TestBaseImageIsSent(t *testing.T) {
	want := []Parameter{{"BaseImageType", "IMAGE"}, {"BaseImage", "m-1234"}, {"DeleteInstanceOnFailure", "true"}}
	for _, text := range []string{
		"FROM IMAGE:m-1234\nRUN true\n",
		"# ---\n# baseImageType: IMAGE\n# baseImage: m-1234\n# ---\nRUN true\n",
	} {
		require.Subset(t, ParseFile("x.Dockerfile", []byte(text)).Parameters(), want)
	}
}

func TestReport(t *testing.T) {
	got := ParseFile("templates/web.Dockerfile", []byte("# ---\n# instanceType: ecs.g6.large\n# ---\nFROM IMAGE:m-1234\nADD a b\n"))
	require.Len(t, got.Findings, 1)
	got.Report("IB0258", got.Lookup("instanceType")[0], "not allowed", "ask")
	got.Report("IB0258", Value{}, "region not allowed", "ask")
	require.Equal(t, []string{"IB0258", "IB0258", "IB0101"}, ids(got))
	require.Equal(t, Finding{Rule: "IB0258", Severity: Error, Path: "templates/web.Dockerfile", Line: 2, Column: 17, EndLine: 2, EndColumn: 29,
		Message: "not allowed", Help: "ask"}, got.Findings[1])
}

// TestDigest: the order does not count, the boundaries do.
func TestDigest(t *testing.T) {
	a, b := Parameter{"Name", "web"}, Parameter{"Content", "RUN true"}
	require.Equal(t, Digest([]Parameter{a, b}), Digest([]Parameter{b, a}))
	require.NotEqual(t, Digest([]Parameter{{"a", "bc"}}), Digest([]Parameter{{"ab", "c"}}))
	require.NotEqual(t, Digest([]Parameter{{"a", "1:b1:c"}}), Digest([]Parameter{{"a", "1"}, {"b", "c"}}))
	require.Len(t, Digest(nil), 64)
}

// TestSameCanonicalText: what only looks different has the same digest.
func TestSameCanonicalText(t *testing.T) {
	plain := "FROM IMAGE:m-1234\nRUN a \\\n  b\n"
	want := Digest(ParseFile("x.Dockerfile", []byte(plain)).Parameters())
	for _, text := range []string{
		strings.ReplaceAll(plain, "\n", "\r\n"), ByteOrderMark + plain, "# why\n\n" + plain + "\n\n",
		"FROM IMAGE:m-1234\n\tRUN   a \\  \n# c\n\n  b", "# ---\n# name: x\n# ---\nfrom IMAGE:m-1234\nrun a \\\n  b\n",
	} {
		got := ParseFile("x.Dockerfile", []byte(text))
		got.Name = "x"
		require.Equal(t, want, Digest(got.Parameters()), "%q", text)
	}
}

// TestSameCanonicalYAML: comments and blank lines count in a block scalar only,
// and there not at its end, unless it says so.
func TestSameCanonicalYAML(t *testing.T) {
	text := func(text string) string { return ParseFile("x.yaml", []byte(text)).Content.Text }
	const plain = "Tasks:\n- Name: a\n  Action: RunShellCommand\n  Properties:\n    commandContent: |\n      # why\n\n      true\n- Name: b\n  Action: Reboot\n"
	require.Equal(t, plain, text(plain))
	for _, same := range []string{
		strings.ReplaceAll(plain, "\n", "\r\n"), ByteOrderMark + plain, "# c\n\n" + plain + "\n\n# c\n", "# ---\n# ---\n" + plain,
		strings.Replace(plain, "- Name: b", "\n   # c\n\n- Name: b", 1), strings.Replace(plain, "  Action", "\n# c\n  Action", 1),
	} {
		require.Equal(t, plain, text(same), "%q", same)
	}
	for _, other := range []string{strings.Replace(plain, "- Name: b", "\n- Name: b", 1), plain} {
		other = strings.Replace(other, "|", "|+", 1)
		require.Equal(t, other, text(other))
	}
	const quoted = "Tasks:\n- Name: a\n  Action: RunShellCommand\n  Properties:\n    commandContent: 'true\n    # why'"
	require.Equal(t, quoted+"\n", text(quoted), "a line of a quoted text is no comment")
	require.Equal(t, quoted+"\n", text(quoted+"\n\n"))
	const end = "Tasks:\n- Name: a\n  Action: RunShellCommand\n  Properties:\n    commandContent: |\n      true"
	require.Equal(t, end, text(end), "there is no line feed at the end of its value")
}

// TestNoTextInFindings: findings travel in outcomes, template text does not.
func TestNoTextInFindings(t *testing.T) {
	const canary = "hunter2-S3CR3T"
	lines := []string{
		"RUN", "ENV A " + canary, "ENV A=" + canary + " " + canary, "ENV " + canary, "ENV =" + canary, `ENV A="` + canary,
		"LABEL " + canary, "COPY " + canary, "COPY --x=" + canary + " a b", "COPY a://b?" + canary + " c", "CMD [" + canary, "WORKDIR a " + canary,
		"USER " + canary + " b", "RUN --" + canary, canary + " x", "FROM " + canary, "COMPONENT " + canary, "COMPONENT ic-a --" + canary,
		"COMPONENT acs:ecs:cn-hangzhou:" + canary + ":imagecomponent/web:1.0.0", "RESTART " + canary, "RUN cat <<" + canary, "RUN a \\  \n\n " + canary + " \\",
	}
	header := "# ---\n# name: -" + canary + "\n# description: https://" + canary + "\n# systemType: " + canary + "\n# tags: {a: acs:" + canary +
		"}\n# systemDiskSize: " + canary + "\n# toRegionIds: [-" + canary + "]\n# vSwitchId: " + canary + "\n# imageOptions: " + canary + "\n# ---\n"
	texts := append([]string{header + strings.Join(lines, "\n"), "# ---\n# a: *" + canary + "\n# ---\n"}, lines...)
	for _, text := range texts {
		for _, got := range []*Template{ParseFile("x.Dockerfile", []byte(text)), ParseMessage([]byte(text)).Resolve("", nil),
			ParseFile("x.yaml", []byte("Tasks:\n  - Name: a\n    Action: RunShellCommand\n    Properties: {commandContent: ["+canary))} {
			for _, f := range got.Findings {
				require.NotContains(t, f.Message+f.Help, canary, text)
			}
		}
	}
}

// TestText: a key of a message and the text in it have the same path, and
// their findings stand in different texts.
func TestText(t *testing.T) {
	lines := func(body string) (out []string) {
		got := ParseMessage([]byte(body)).Resolve("", nil)
		for _, f := range got.Findings {
			out = append(out, f.Rule+" "+strings.Split(got.Text(f), "\n")[f.Line-1])
		}
		return out
	}
	const twice = `{"content":"ADD a b","content":"RUN true\nADD x y"}`
	require.Equal(t, []string{"IB0251 " + twice, "IB0101 ADD a b"}, lines(twice))
	const test = `{"content":"RUN true","testContent":"RUN true\nADD x y"}`
	require.Equal(t, []string{"IB0254 " + test, "IB0101 ADD x y"}, lines(test))
	require.Equal(t, []string{"IB0101 ADD a b"}, lines("QUREIGEgYg=="), "base64 of ADD a b")

	file := ParseFile("x.Dockerfile", []byte("\uFEFFRUN true\r\nADD x y\r\n"))
	require.Equal(t, "RUN true\r\nADD x y\r\n", file.Text(file.Findings[0]))
}

// What Notepad and PowerShell write is no binary file.
func TestUTF16IsNamed(t *testing.T) {
	for _, mark := range []string{"\xff\xfe", "\xfe\xff"} {
		file := ParseFile("templates/web.Dockerfile", []byte(mark+"R\x00U\x00N\x00 \x00a\x00"))
		require.Equal(t, []string{"IB0005"}, ids(file))
		require.Equal(t, "the file is UTF-16", file.Findings[0].Message)
	}
}

// The help of a flag of COPY does what the flag would.
func TestCopyFlagHelp(t *testing.T) {
	for flag, help := range map[string]string{"--from=build": "no build stages", "--chown=a:b": "chown", "--chmod=0644": "chmod", "--link": "delete it"} {
		file := ParseFile("templates/web.Dockerfile", []byte("COPY "+flag+" /a /b\n"))
		require.Equal(t, []string{"IB0112"}, ids(file))
		require.Contains(t, file.Findings[0].Help, help)
	}
}

// What the help for a broken header says mends it.
func TestHelpForABrokenHeader(t *testing.T) {
	for broken, mended := range map[string]string{
		"description: agent: node":         `description: "agent: node"`,
		"description: *agent":              `description: "*agent"`,
		"description: @agent":              `description: "@agent"`,
		"description: agent\n#   tags: {}": "description: agent\n# tags: {}",
	} {
		header := func(line string) []byte { return []byte("# ---\n# name: agent\n# " + line + "\n# ---\nRUN a\n") }
		file := ParseFile("templates/web.Dockerfile", header(broken))
		require.Equal(t, []string{"IB0252"}, ids(file), broken)
		require.Equal(t, []string{"IB0252"}, ids(ParseFile("templates/w.Dockerfile", header(broken))), "the name is in the header")
		require.Equal(t, []string{"IB0201", "IB0250"}, ids(ParseFile("templates/w.Dockerfile", []byte("# ---\n# nam: web\n# ---\nRUN a\n"))), "read, and no name in it")
		require.Contains(t, file.Findings[0].Help, "quote a value")
		require.Empty(t, ParseFile("templates/web.Dockerfile", header(mended)).Findings, mended)
	}
}

package awstoe

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/template"
)

const limitCommands = 127

// TestTranslations: document, tags, report and findings of each case.
func TestTranslations(t *testing.T) {
	for _, path := range glob(t, "testdata/translate/*.Dockerfile") {
		t.Run(filepath.Base(path), func(t *testing.T) {
			text, err := os.ReadFile(path)
			require.NoError(t, err)
			read := template.ParseFile("templates/"+filepath.Base(path), text)
			got := Component(read)
			require.Equal(t, got.Document == "", read.Rejects(template.TargetAWS) || hasErrors(got.Findings))
			var b strings.Builder
			b.WriteString(got.Document)
			fmt.Fprintf(&b, "---\ntags: %q\n", got.Tags)
			for _, l := range got.Lines {
				fmt.Fprintf(&b, "%d-%d %s: %s %s\n", l.Line, l.EndLine, l.Command, l.Fidelity, l.Reason)
			}
			b.WriteString(shown(t, got.Findings))
			compare(t, path+".out", b.String())
			if rule := filepath.Base(path)[:6]; strings.HasPrefix(rule, "IB") {
				require.Contains(t, shown(t, got.Findings), " "+rule+" ")
			}
		})
	}
}

// elsewhere are the rules that no golden case breaks, with the test that does,
// and those that are not of this package.
var elsewhere = map[string]string{
	"IB0501": "TestTooLong",
	"IB0506": "template", "IB0507": "template", "IB0509": "template", "IB0517": "template",
}

func TestEveryRuleHasACase(t *testing.T) {
	for _, rule := range template.Rules {
		if !strings.HasPrefix(rule.ID, "IB05") || elsewhere[rule.ID] != "" {
			continue
		}
		translated, _ := filepath.Glob("testdata/translate/" + rule.ID + ".*Dockerfile")
		validated, _ := filepath.Glob("testdata/documents/err/" + rule.ID + ".*yaml")
		require.NotEmpty(t, append(translated, validated...), rule.ID)
	}
}

// TestDocumentsPassThrough: what is an AWS document already is sent as it is.
func TestDocumentsPassThrough(t *testing.T) {
	const header, text = "# ---\n# name: web\n# ---\n", "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - {name: a, action: Reboot}\n"
	read := template.ParseFile("templates/a.yaml", []byte(header+text))
	got := Component(read)
	require.Empty(t, got.Findings)
	require.Equal(t, read.Content.Text, got.Document)
	require.Contains(t, got.Document, "action: Reboot")

	broken := template.ParseFile("templates/a.yaml", []byte(header+strings.Replace(text, "Reboot", "Rebot", 1)))
	got = Component(broken)
	require.Empty(t, got.Document)
	require.Contains(t, shown(t, got.Findings), "templates/a.yaml:8:27-8:32 error IB0523")
	broken.Join(got.Findings)
	require.Contains(t, broken.Text(broken.Findings[0]), "Rebot")

	long := strings.Repeat("      - {name: a, action: Reboot}\n", MaxInline/20)
	got = Component(template.ParseFile("templates/a.yaml", []byte(text+long)))
	require.Contains(t, shown(t, got.Findings), "error IB0501")
}

// TestBrokenDocuments: what has the keys of an AWS document and is no valid YAML is a
// broken AWS document, and no YAML component; each mistake is said once.
func TestBrokenDocuments(t *testing.T) {
	const aws, both = "# ---\n# targets: [aws]\n# ---\n", "# ---\n# targets: [alibaba, aws]\n# ---\n"
	tests := map[string][]string{
		aws + "schemaVersion: 1.0\nphases:\n  - name: build\n   steps: []\n":           {"IB0520 7:4"},
		"schemaVersion: 1.0\nphases:\n  - name: build\n   steps: []\n":                 {"IB0520 4:4"},
		aws + "name: web\nphases:\n\t- name: build\n":                                  {"IB0520 6:1"},
		aws + "schemaVersion: 1.0\nphases: [\n":                                        {"IB0520 6:1"},
		both + "schemaVersion: 1.0\nphases: [\n":                                       {"IB0252 4:1", "IB0520 6:1"},
		aws + "schemaVersion: 1.0\nphases: []\nname: \"\x01\"\n":                       {"IB0004 6:8"},
		aws + "schemaVersion: 1.0\nphases: []\nname: \"\xff\"\n":                       {"IB0005 6:8"},
		"Tasks:\n  - Name: a\n   Action: Reboot\nphases: []\n":                         {"IB0601 3:4"},
		"Tasks:\n  - Name: a\n    Action: RunShellCommand\n    Properties: [\nphases:": {"IB0601 5:1"},
	}
	for text, want := range tests {
		read := template.ParseFile("templates/web.yaml", []byte(text))
		found := read.Findings
		if slices.Contains(read.Targets, template.TargetAWS) {
			found = append(found, Component(read).Findings...)
		}
		var got []string
		for _, f := range found {
			got = append(got, fmt.Sprintf("%s %d:%d", f.Rule, f.Line, f.Column))
		}
		require.Equal(t, want, got, text)
	}
}

// TestYAMLIsRefused: the other format has no shell text to translate.
func TestYAMLIsRefused(t *testing.T) {
	got := Component(template.ParseFile("templates/a.yaml", []byte("Tasks:\n  - Name: a\n    Action: RunShellCommand\n    Properties: {commandContent: ls}\n")))
	require.Empty(t, got.Document)
	require.Contains(t, shown(t, got.Findings), "a.yaml:1:1-1:1 error IB0516")
}

// full is a template at both limits of the dialect, or close below.
func full(command func(i int) string, size int) string {
	var b strings.Builder
	for i := range limitCommands {
		line := command(i)
		room := size/limitCommands - len(line) - 1
		b.WriteString(line + strings.Repeat("x", max(room, 0)) + "\n")
	}
	return b.String()
}

// TestFullTemplatesFit: what the dialect allows at most still goes into the
// request, as long as its text alone does.
func TestFullTemplatesFit(t *testing.T) {
	run := func(i int) string { return fmt.Sprintf("RUN yum install -y package-%d ", i) }
	mixed := func(i int) string {
		switch i % 8 {
		case 0:
			return fmt.Sprintf("ENV KEY_%d=\"value\" LONG_%d=v", i, i)
		case 3:
			return fmt.Sprintf("WORKDIR /opt/dir-%d/", i)
		case 5:
			if i%16 == 5 {
				return "COPY https://example.com/" + strings.Repeat("p/", i/4) + " /opt/target-"
			}
			return "RUN "
		}
		return fmt.Sprintf("RUN ./configure --with=\"thing %d\" && make install-", i)
	}
	for _, c := range []struct {
		name    string
		command func(int) string
		size    int
		layout  string
	}{
		{"short commands", run, 7_000, "legible"},
		{"127 RUN", run, 15_500, "dense"},
		{"127 commands of every kind", mixed, 13_500, "densest"},
	} {
		text := full(c.command, c.size)
		read := parse(t, text)
		got := Component(read)
		require.NotEmpty(t, got.Document, "%s: %s", c.name, shown(t, got.Findings))
		require.LessOrEqual(t, utf8.RuneCountInString(got.Document), MaxInline, c.name)
		require.Equal(t, got.Document, chosen(read, c.layout), c.name)
	}
}

// chosen is the document in one layout.
func chosen(read *template.Template, name string) string {
	for i, layout := range layouts {
		if layoutNames[i] == name {
			return layout(translated(read).phases()).text
		}
	}
	return ""
}

// TestOverhead measures what the layouts cost: it is what the limits of
// templates have to leave.
func TestOverhead(t *testing.T) {
	const one, many = "RUN true\n", 50
	cost := func(layout func([]phase) document, text string) float64 {
		short := len(layout(translated(parse(t, text)).phases()).text)
		long := len(layout(translated(parse(t, strings.Repeat(text, many+1))).phases()).text)
		return float64(long-short) / many
	}
	const text = len("true")
	require.InDelta(t, 30+text, cost(legible, one), 0.2)
	require.InDelta(t, 6+text, cost(dense, one), 0.2)
	const step = "RUN true\nRESTART\n"
	require.InDelta(t, 251, cost(legible, step), 1)
	require.InDelta(t, 202, cost(dense, step), 1)
	require.InDelta(t, 192, cost(densest, step), 1)
	const env = "ENV A=\"b\"\nRUN true\n"
	require.InDelta(t, 19, cost(dense, env), 1)
	require.InDelta(t, 19, cost(densest, env), 1)
}

func TestTooLong(t *testing.T) {
	text := full(func(i int) string { return fmt.Sprintf("RUN echo '%s' ", strings.Repeat("'\"'\"'", i%20)) }, 15_000)
	read := parse(t, text)
	got := Component(read)
	require.Empty(t, got.Document)
	require.Equal(t, "IB0501", got.Findings[len(got.Findings)-1].Rule)
}

// TestFarTooLong: the finding points at the command that crosses the limit.
func TestFarTooLong(t *testing.T) {
	quotes := strings.Repeat("''", 1_000) + "\u0085" // which takes YAML's own quotes
	read := parse(t, "RUN echo "+quotes+"\nRESTART\nRUN echo "+quotes+"\n")
	got := Component(read)
	require.Empty(t, got.Document)
	require.Contains(t, shown(t, got.Findings), "case.Dockerfile:3:1-3:4 error IB0501")
}

// TestFindingsNeverRepeatText: findings travel in outcomes.
func TestFindingsNeverRepeatText(t *testing.T) {
	const secret = "s3cr3t-v4lue"
	read := template.ParseFile("templates/a.Dockerfile",
		[]byte("ENV A=\"${"+secret+"}\"\nCOPY oss://"+secret+"/a /x\nLABEL aws:"+secret+"=\"b\"\nRUN exit 194 "+secret+"\nUSER "+secret+":x\n"))
	got := Component(read)
	require.NotEmpty(t, got.Findings)
	require.NotContains(t, fmt.Sprintf("%+v", got.Findings)+fmt.Sprintf("%+v", got.Lines), secret)
}

func BenchmarkTranslate(b *testing.B) {
	text := full(func(i int) string {
		if i%4 == 0 {
			return fmt.Sprintf("ENV KEY_%d=\"value\" LONG_%d=v", i, i)
		}
		return fmt.Sprintf("RUN yum install -y package-%d ", i)
	}, 12_000)
	read := parse(b, text)
	if Component(read).Document == "" {
		b.Fatal("refused")
	}
	b.SetBytes(int64(len(text)))
	b.ReportAllocs()
	for b.Loop() {
		Component(read)
	}
}

// TestSuppressedErrorsAreSent: a document that the rules refuse goes to the
// service where the template says so, and what has no form on AWS does not.
func TestSuppressedErrorsAreSent(t *testing.T) {
	const text = "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      # ib:ignore IB0523 a new module\n      - {name: a, action: RunScript}\n"
	read := template.ParseFile("templates/a.yaml", []byte(text))
	got := Component(read)
	require.Empty(t, got.Findings)
	require.Contains(t, got.Document, "RunScript")
	require.NotContains(t, got.Document, "ib:ignore")
	read.Join(got.Findings)
	require.Empty(t, read.Findings)

	read = template.ParseFile("templates/a.Dockerfile", []byte("# ---\n# targets: [aws]\n# ---\n# ib:ignore IB0514,IB0504 not so\nENV A=\"b\"\nCOPY a b\n"))
	got = Component(read)
	require.Empty(t, got.Document)
	require.Contains(t, shown(t, read.Findings), "IB0014 IB0504 cannot be suppressed")
	require.NotContains(t, shown(t, got.Findings), "IB0514 ENV")
}

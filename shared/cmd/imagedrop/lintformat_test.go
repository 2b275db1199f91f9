package main

import (
	_ "embed"
	"encoding/json"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/joshdk/go-junit"
	"github.com/owenrumney/go-sarif/v3/pkg/report/v210/sarif"
	"github.com/santhosh-tekuri/jsonschema/v6"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
)

// lintOf runs lint on the test templates and the test message.
func lintOf(t *testing.T, args ...string) result {
	t.Helper()
	t.Setenv("GITHUB_WORKSPACE", "")
	const dir = "testdata/lint/"
	r := imagedrop(t, append(append([]string{"lint"}, args...), dir+"templates", dir+"message.json")...).requireCode(t, exitRejected)
	require.Empty(t, r.err)
	return r
}

// findingsIn are the findings of the test templates as JSON has them.
func findingsIn(t *testing.T) []finding {
	t.Helper()
	var got report
	require.NoError(t, json.Unmarshal([]byte(lintOf(t, "--json").out), &got))
	require.NotEmpty(t, got.Findings)
	return got.Findings
}

// sarifText is the schema of SARIF 2.1.0, errata 01, by OASIS, as
// github.com/owenrumney/go-sarif v3.3.1 carries it.
//
//go:embed testdata/sarif-schema-2.1.0.json
var sarifText string

func sarifSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(sarifText))
	require.NoError(t, err)
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	require.NoError(t, c.AddResource("sarif.json", doc))
	schema, err := c.Compile("sarif.json")
	require.NoError(t, err)
	return schema
}

// readSARIF validates a log and reads its one run.
func readSARIF(t *testing.T, text string) *sarif.Run {
	t.Helper()
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	require.NoError(t, err)
	require.NoError(t, sarifSchema(t).Validate(doc))
	log, err := sarif.FromString(text, sarif.WithStrictValidation())
	require.NoError(t, err)
	require.Len(t, log.Runs, 1)
	return log.Runs[0]
}

func TestSARIF(t *testing.T) {
	run := readSARIF(t, lintOf(t, "--format", "sarif").out)
	require.Equal(t, "unicodeCodePoints", *run.ColumnKind)
	require.True(t, *run.Invocations[0].ExecutionSuccessful)
	require.Equal(t, imagebuild.Version, *run.Tool.Driver.Version)
	found := findingsIn(t)
	require.Len(t, run.Results, len(found))
	prints := map[string]bool{}
	for i, got := range run.Results {
		rule := run.Tool.Driver.Rules[got.RuleIndex]
		require.Equal(t, found[i].Rule, *got.RuleID)
		require.Equal(t, *got.RuleID, *rule.ID)
		require.True(t, strings.HasPrefix(*rule.Help.Markdown, "# "+*rule.ID+" "), *rule.Help.Markdown)
		require.NotEmpty(t, *rule.ShortDescription.Text)
		require.NotEmpty(t, *rule.FullDescription.Text, "GitHub's code scanning demands it")
		require.Equal(t, map[string]string{"error": "error", "warning": "warning", "info": "note"}[string(found[i].Severity)], got.Level)
		require.Contains(t, *got.Message.Text, found[i].Message)
		place := got.Locations[0].PhysicalLocation
		file, pointer, inMessage := strings.Cut(found[i].Path, "#")
		require.Equal(t, file, *place.ArtifactLocation.URI)
		require.Equal(t, "%SRCROOT%", *place.ArtifactLocation.URIBaseID)
		require.Contains(t, run.OriginalUriBaseIds, "%SRCROOT%")
		if !inMessage || pointer != "/content" {
			require.Equal(t, []int{found[i].Line, found[i].Column, found[i].EndLine, found[i].EndColumn},
				[]int{*place.Region.StartLine, *place.Region.StartColumn, *place.Region.EndLine, *place.Region.EndColumn})
		}
		if inMessage {
			require.Equal(t, pointer, *got.Locations[0].LogicalLocations[0].FullyQualifiedName)
		}
		require.GreaterOrEqual(t, *place.Region.StartColumn, 1)
		require.Empty(t, got.Fixes, "they would repeat text of the template")
		print := file + got.PartialFingerprints["imagedrop/v1"]
		require.False(t, prints[print], "two findings of a file have one fingerprint")
		prints[print] = true
	}
}

// Of what is not known nothing is said, but that nothing was found.
func TestSARIFSaysNothingOfNothing(t *testing.T) {
	require.NotRegexp(t, `: (-1|\[\])`, lintOf(t, "--format", "sarif").out)
	clean := imagedrop(t, "lint", "--format", "sarif", write(t, "fine.Dockerfile", "RUN true\n")).requireCode(t, exitDone).out
	readSARIF(t, clean)
	require.Contains(t, clean, `"results": []`)
	require.Contains(t, clean, `"rules": []`)
}

// A place in the content of a message is one of the message's file.
func TestFormatsPointIntoTheMessage(t *testing.T) {
	t.Setenv("GITHUB_WORKSPACE", "")
	const body = `{
  "content": "# \"quoted\"\nADD a b"
}`
	file := write(t, "m.json", body)
	region := readSARIF(t, imagedrop(t, "lint", "--format", "sarif", file).out).Results[0].Locations[0].PhysicalLocation.Region
	marked := strings.Split(body, "\n")[*region.StartLine-1][*region.StartColumn-1 : *region.EndColumn-1]
	require.Equal(t, "ADD", marked)
	out := imagedrop(t, "lint", "--format", "github", file).out
	require.Contains(t, out, fmt.Sprintf("line=2,endLine=2,col=%d,endColumn=%d,", *region.StartColumn, *region.EndColumn))
	require.Contains(t, out, "(/content, line 2, column 1)")
	// Base64 has no lines that a person counts.
	coded := write(t, "m64.json", "QUREIGEgYgo=")
	require.Regexp(t, `m64.json,line=1,title=imagedrop IB0101::`, imagedrop(t, "lint", "--format", "github", coded).out)
	region = readSARIF(t, imagedrop(t, "lint", "--format", "sarif", coded).out).Results[0].Locations[0].PhysicalLocation.Region
	require.Equal(t, 1, *region.StartLine)
	require.Nil(t, region.StartColumn)
}

// Lines that come and go, and blanks that are set right, leave the fingerprint.
func TestSARIFFingerprintsStayWhereLinesMove(t *testing.T) {
	prints := func(text string) (out []string) {
		t.Helper()
		r := imagedropOn(t, text, "lint", "--format", "sarif", "--stdin-name", "web.Dockerfile", "-").requireCode(t, exitRejected)
		for _, f := range readSARIF(t, r.out).Results {
			out = append(out, *f.RuleID+f.PartialFingerprints["imagedrop/v1"])
		}
		return out
	}
	before := prints("RUN true\nADD a b\nADD a b\nADD c d\n")
	require.Len(t, before, 3)
	require.NotEqual(t, before[0], before[1])
	require.Equal(t, before, prints("# a comment\nRUN true\n\nRUN false\nADD  a b\nRUN true\nADD a b\n  ADD c d\n"))
	require.Equal(t, before[2:], prints("ADD c d\n"))
}

func TestSARIFNamesFilesAsAddresses(t *testing.T) {
	dir := folder(t, map[string]string{"a b/ü%:x.Dockerfile": "ADD a b\n", "a:b.Dockerfile": "ADD a b\n"})
	t.Chdir(dir)
	t.Setenv("GITHUB_WORKSPACE", "")
	uris := func(args ...string) (out []string) {
		for _, f := range readSARIF(t, imagedrop(t, append([]string{"lint", "--format", "sarif"}, args...)...).out).Results {
			out = append(out, *f.Locations[0].PhysicalLocation.ArtifactLocation.URI)
		}
		return slices.Compact(out)
	}
	require.Equal(t, []string{"a%20b/%C3%BC%25:x.Dockerfile", "./a:b.Dockerfile"}, uris("."))
	t.Setenv("GITHUB_WORKSPACE", filepath.Dir(dir))
	require.Equal(t, []string{filepath.Base(dir) + "/a:b.Dockerfile"}, uris("a:b.Dockerfile"))
	t.Setenv("GITHUB_WORKSPACE", filepath.Join(dir, "a b"))
	require.Equal(t, []string{"file://" + dir + "/a:b.Dockerfile"}, uris("./a:b.Dockerfile"))
}

// githubLine is the grammar of a workflow command.
var githubLine = regexp.MustCompile(`^::(error|warning|notice) ([^:\n]*)::([^\n]*)$`)

func TestGitHubAnnotations(t *testing.T) {
	lines := strings.Split(strings.TrimSuffix(lintOf(t, "--format", "github").out, "\n"), "\n")
	found := findingsIn(t)
	require.Len(t, lines, len(found))
	for i, line := range lines {
		m := githubLine.FindStringSubmatch(line)
		require.NotNil(t, m, line)
		require.Equal(t, map[string]string{"error": "error", "warning": "warning", "info": "notice"}[string(found[i].Severity)], m[1])
		properties := map[string]string{}
		for p := range strings.SplitSeq(m[2], ",") {
			name, value, ok := strings.Cut(p, "=")
			require.True(t, ok, line)
			properties[name] = unescapeGitHub(value)
		}
		file, pointer, _ := strings.Cut(found[i].Path, "#")
		require.Equal(t, file, properties["file"])
		require.Equal(t, "imagedrop "+found[i].Rule, properties["title"])
		if pointer != "/content" {
			require.Equal(t, strconv.Itoa(found[i].Line), properties["line"])
			require.Equal(t, strconv.Itoa(found[i].Column), properties["col"])
			require.Equal(t, strconv.Itoa(found[i].EndColumn), properties["endColumn"])
		}
		text := unescapeGitHub(m[3])
		require.Contains(t, text, found[i].Message)
		require.True(t, strings.HasSuffix(text, "\nhelp: "+found[i].Help), text)
	}
}

// unescapeGitHub is the reverse of the runner's escapes.
func unescapeGitHub(s string) string {
	for _, e := range [][2]string{{"%2C", ","}, {"%3A", ":"}, {"%0A", "\n"}, {"%0D", "\r"}, {"%25", "%"}} {
		s = strings.ReplaceAll(s, e[0], e[1])
	}
	return s
}

func TestGitHubEscapes(t *testing.T) {
	t.Setenv("GITHUB_WORKSPACE", "")
	t.Chdir(folder(t, map[string]string{"50%,a:b.Dockerfile": "RUN true \\\n\n  <<EOF\n"}))
	out := imagedrop(t, "lint", "--format", "github", ".").out
	require.Contains(t, out, "file=50%25%2Ca%3Ab.Dockerfile,line=")
	require.Contains(t, out, "RUN printf '%25s\\n' a b > file")
	m := githubLine.FindStringSubmatch(strings.Split(out, "\n")[0])
	require.NotNil(t, m, out)
}

func TestJUnit(t *testing.T) {
	for threshold, failing := range map[string][]string{"error": {"error"}, "warning": {"error", "warning"}} {
		suites, err := junit.Ingest([]byte(lintOf(t, "--format", "junit", "--fail-on", threshold).out))
		require.NoError(t, err)
		want := map[string]map[string]junit.Status{} // by file and rule
		for _, f := range findingsIn(t) {
			file, _, _ := strings.Cut(f.Path, "#")
			if want[file] == nil {
				want[file] = map[string]junit.Status{}
			}
			status := junit.StatusPassed
			for _, severity := range failing {
				if string(f.Severity) == severity {
					status = junit.StatusFailed
				}
			}
			if want[file][f.Rule] != junit.StatusFailed {
				want[file][f.Rule] = status
			}
		}
		clean := 0
		for _, suite := range suites {
			if want[suite.Name] == nil {
				clean++
				require.Equal(t, junit.Totals{Tests: 1, Passed: 1}, suite.Totals)
				continue
			}
			got := map[string]junit.Status{}
			for _, test := range suite.Tests {
				require.NotContains(t, got, test.Name)
				require.Equal(t, suite.Name, test.Classname)
				got[test.Name] = test.Status
				require.Contains(t, test.SystemOut+fmt.Sprint(test.Error), test.Name)
			}
			require.Equal(t, want[suite.Name], got)
		}
		require.Equal(t, 2, clean)
	}
}

// What cannot be read is in the machine formats, too.
func TestFormatsSayWhatWasNotRead(t *testing.T) {
	gone := filepath.Join(t.TempDir(), "gone.Dockerfile")
	fine := write(t, "fine.Dockerfile", "RUN true\n")
	suites, err := junit.Ingest([]byte(imagedrop(t, "lint", "--format", "junit", gone, fine).requireCode(t, exitTrouble).out))
	require.NoError(t, err)
	require.Equal(t, junit.StatusError, suites[0].Tests[0].Status)
	require.Equal(t, junit.StatusPassed, suites[1].Tests[0].Status)
	run := readSARIF(t, imagedrop(t, "lint", "--format", "sarif", gone, fine).requireCode(t, exitTrouble).out)
	require.False(t, *run.Invocations[0].ExecutionSuccessful)
	require.Contains(t, *run.Invocations[0].ToolExecutionNotifications[0].Message.Text, "no such file")
	require.Empty(t, run.Results)
}

// No format prints what a terminal or a reader of XML would stumble over.
func TestFormatsCarryNoControlCharacters(t *testing.T) {
	dir := folder(t, map[string]string{"a\x1b[31m\nb.Dockerfile": "ADD \x1b[31m \x00 \xff b\n", "c.Dockerfile": "ADD \x1b]0;x\x07 \xff\nRUN \x01 <<EOF\n"})
	for _, f := range lintFormats {
		r := imagedrop(t, "lint", "--format", f.name, dir).requireCode(t, exitRejected)
		require.NotContains(t, r.out, "\x1b", f.name)
		require.NotContains(t, r.out, "\x07", f.name)
		require.NotContains(t, r.out, "\x00", f.name)
		switch f.name {
		case formatJUnit:
			_, err := junit.Ingest([]byte(r.out))
			require.NoError(t, err)
		case formatSARIF:
			readSARIF(t, r.out)
		case formatGitHub:
			for line := range strings.Lines(r.out) {
				require.Regexp(t, githubLine, strings.TrimSuffix(line, "\n"))
			}
		}
	}
}

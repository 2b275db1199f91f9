package main

import (
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

var update = flag.Bool("update", false, "write the golden files")

// golden holds got against a file.
func golden(t *testing.T, name, got string) {
	t.Helper()
	path := filepath.Join("testdata", "lint", name)
	if *update {
		require.NoError(t, os.WriteFile(path, []byte(got), 0o644))
		return
	}
	want, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, string(want), got)
}

func TestLintPrintsPlaceAndHelp(t *testing.T) {
	t.Setenv("GITHUB_WORKSPACE", "")
	const dir = "testdata/lint/"
	for name, args := range map[string][]string{
		"all":    {dir + "templates", dir + "message.json"},
		"policy": {"--policy", dir + "policy.yaml", dir + "templates/policy.yml"},
		"one":    {dir + "templates/crlf.Dockerfile"},
	} {
		for _, format := range []string{formatText, formatJSON, formatGitHub, formatJUnit} { // SARIF holds whole pages
			r := imagedrop(t, append([]string{"lint", "--format", format}, args...)...).requireCode(t, exitRejected)
			require.Empty(t, r.err)
			golden(t, name+"."+format+".golden", r.out)
		}
	}
	require.Equal(t, imagedrop(t, "lint", "--format", "json", dir+"message.json").out, imagedrop(t, "lint", "--json", dir+"message.json").out)
}

// The form that consumers rely on: these members, each of them always there.
func TestLintJSONHasEveryMember(t *testing.T) {
	r := imagedrop(t, "lint", "--json", "testdata/lint/templates", "testdata/lint/message.json").requireCode(t, exitRejected)
	var got map[string]json.RawMessage
	require.NoError(t, json.Unmarshal([]byte(r.out), &got))
	require.ElementsMatch(t, []string{"version", "findings", "files"}, keys(got))
	require.Equal(t, "1", string(got["version"]))
	var findings, files []map[string]json.RawMessage
	require.NoError(t, json.Unmarshal(got["findings"], &findings))
	require.NoError(t, json.Unmarshal(got["files"], &files))
	require.NotEmpty(t, findings)
	for _, f := range findings {
		require.ElementsMatch(t, strings.Fields("rule severity path line column endLine endColumn message help serviceCode fix"), keys(f))
	}
	require.Len(t, files, 8)
	for _, f := range files {
		require.ElementsMatch(t, []string{"path", "commands", "bytes"}, keys(f))
	}

	clean := imagedropOn(t, "RUN true\n", "lint", "--json", "-").requireCode(t, exitDone)
	require.JSONEq(t, `{"version":1,"findings":[],"files":[{"path":"<stdin>","commands":1,"bytes":8}]}`, clean.out)
}

func keys[V any](m map[string]V) (names []string) {
	for name := range m {
		names = append(names, name)
	}
	return names
}

func TestLintReadsEveryFormFromStandardInput(t *testing.T) {
	encode := func(s string) string { return base64.StdEncoding.EncodeToString([]byte(s)) }
	const yaml = "Tasks:\n  - Name: a\n    Action: Reboot\n"
	for name, in := range map[string]string{
		"text": "RUN true\n", "base64": encode("RUN true\n"), "message": `{"content":"RUN true"}`, "message in base64": encode(`{"content":"RUN true"}`),
		"crlf": "RUN true\r\n", "bom": "\uFEFFRUN true",
	} {
		r := imagedropOn(t, in, "lint", "-").requireCode(t, exitDone)
		require.Equal(t, "<stdin>: ok, 1 command, 8 of 16384 bytes\n", r.out, name)
	}
	require.Regexp(t, `^<stdin>: ok, 1 command, \d+ of`, imagedropOn(t, yaml, "lint", "-").requireCode(t, exitDone).out)
	for name, in := range map[string]string{"text": "ADD a b\n", "base64": encode("ADD a b\n")} {
		r := imagedropOn(t, in, "lint", "-").requireCode(t, exitRejected)
		require.Contains(t, r.out, "<stdin>:1:1: error IB0101: ", name)
		require.Contains(t, r.out, "\n    1 | ADD a b\n      | ^~~\n  help: ", name)
	}
	require.Contains(t, imagedropOn(t, encode(`{"content":"ADD a b"}`), "lint", "-").out, "<stdin>#/content:1:1: error IB0101")
}

// A file that cannot be read is code 2, and keeps no other from its findings.
func TestLintOfAnUnreadableFile(t *testing.T) {
	dir := folder(t, map[string]string{"fine.Dockerfile": "RUN true\n"})
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "gone.Dockerfile")))
	r := imagedrop(t, "lint", dir, dir+"/none.Dockerfile").requireCode(t, exitTrouble)
	require.Contains(t, r.out, dir+"/fine.Dockerfile: ok, 1 command")
	require.Contains(t, r.err, "gone.Dockerfile: no such file or directory\n")
	require.Contains(t, r.err, "none.Dockerfile: no such file or directory\n")
}

func TestLintOfManyFiles(t *testing.T) {
	files := map[string]string{}
	for i := range 1000 {
		files[fmt.Sprintf("t%04d.Dockerfile", i)] = "RUN true\n"
	}
	r := imagedrop(t, "lint", folder(t, files)).requireCode(t, exitDone)
	lines := strings.Split(r.out, "\n")
	require.Len(t, lines, 1002)
	require.Contains(t, lines[999], "t0999.Dockerfile: ok", "in order")
	require.Equal(t, "1000 files: no findings", lines[1000])
}

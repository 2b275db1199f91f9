package main

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"runtime"
	"strings"
	"syscall"
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
	for _, none := range []string{`{"kind": "execution", "pipelineName": "web"}`, `{"templateUri": "oss://bucket/x.Dockerfile"}`} {
		require.Equal(t, "<stdin>: ok\n", imagedropOn(t, none, "lint", "-").requireCode(t, exitDone).out, "no content")
	}
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
	require.Regexp(t, `^imagedrop: .*gone.Dockerfile: no such file or directory\nimagedrop: .*none.Dockerfile: no such file or directory\n$`, r.err)
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

// A directory holds the user's own templates, and no read of it waits for ever.
func TestLintWalksDirectories(t *testing.T) {
	dir := folder(t, map[string]string{
		"aa.Dockerfile": "RUN true\n", "bb/Dockerfile": "RUN true\n", "x/templates/same.yaml": "Tasks:\n- {Name: a, Action: Reboot}\n",
		"y/templates/same.yaml": "Tasks:\n- {Name: a, Action: Reboot}\n", "message.json": "{", "notes.txt": "RUN true\n",
		".git/c.Dockerfile": "ADD a b\n", "node_modules/d.Dockerfile": "ADD a b\n", "vendor/e.Dockerfile": "ADD a b\n",
		".golangci.yml": "version: 2\n",
	})
	t.Chdir(dir)
	require.NoError(t, os.Symlink("me@host.1234:5678", ".#aa.Dockerfile"), "an Emacs that has unsaved changes")
	require.NoError(t, os.Symlink(".", "loop"))
	require.NoError(t, os.Symlink(".", "loop.Dockerfile"))
	require.NoError(t, syscall.Mkfifo("pipe.Dockerfile", 0o600))
	names := func(args ...string) (names []string) {
		t.Helper()
		var got report
		require.NoError(t, json.Unmarshal([]byte(imagedrop(t, append([]string{"lint", "--json"}, args...)...).out), &got))
		for _, f := range got.Files {
			names = append(names, f.Path)
		}
		return names
	}
	require.Equal(t, []string{"aa.Dockerfile", "bb/Dockerfile", "x/templates/same.yaml", "y/templates/same.yaml"}, names("."))
	require.Empty(t, imagedrop(t, "lint", ".").requireCode(t, exitDone).err)
	require.Equal(t, []string{"bb/Dockerfile", "aa.Dockerfile", "x/templates/same.yaml", "y/templates/same.yaml"},
		names("bb", "./bb/Dockerfile", ".", "aa.Dockerfile"), "each once, in the order given")
	require.Equal(t, []string{"vendor/e.Dockerfile", ".git/c.Dockerfile", ".golangci.yml"}, names("vendor", ".git", ".golangci.yml"), "named, they are taken")
	r := imagedrop(t, "lint", "aa.Dockerfile", "notes.txt").requireCode(t, exitTrouble)
	require.Contains(t, r.err, "notes.txt: no template")
	require.Contains(t, r.out, "aa.Dockerfile: ok")
	require.NoError(t, os.Mkdir("empty", 0o700))
	require.Contains(t, imagedrop(t, "lint", "empty").requireCode(t, exitTrouble).err, "empty: no template")
}

// A file called Dockerfile takes its folder's name, however it is reached.
func TestLintNamesADockerfileByItsFolder(t *testing.T) {
	dir := folder(t, map[string]string{"nginx/Dockerfile": "RUN true\n"})
	t.Chdir(dir)
	for _, path := range []string{"nginx", "nginx/", "./nginx/Dockerfile", ".", dir + "/nginx"} {
		imagedrop(t, "lint", path).requireCode(t, exitDone)
	}
	t.Chdir("nginx")
	for _, path := range []string{"Dockerfile", ".", "../nginx", "../nginx/Dockerfile"} {
		require.Contains(t, imagedrop(t, "plan", "--offline", path).requireCode(t, exitDone).out, ": component nginx in ")
	}
	require.Equal(t, "templates/Dockerfile", keyOf("/Dockerfile", "/Dockerfile"), "nothing names it")
}

func TestLintFailsOnTheThreshold(t *testing.T) {
	const dir = "testdata/lint/templates/team"
	for threshold, code := range map[string]int{"error": exitDone, "warning": exitRejected, "info": exitRejected} {
		r := imagedrop(t, "lint", "--fail-on", threshold, dir).requireCode(t, code)
		require.Equal(t, code == exitDone, strings.Contains(r.out, "warned.Dockerfile: ok"), "only what passes is ok")
	}
	open := write(t, "web.Dockerfile", "FROM IMAGE:m-1\nCOMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agent/1.*.*\n")
	imagedrop(t, "lint", "--fail-on", "info", open).requireCode(t, exitDone)
	require.Contains(t, imagedrop(t, "lint", "--fail-on", "info", "--pedantic", open).requireCode(t, exitRejected).out, "info IB0132")
}

// --stdin-name makes standard input the file of that name: its kind, its name in
// findings, its default name.
func TestLintOfNamedStandardInput(t *testing.T) {
	r := imagedropOn(t, "ADD a b\n", "lint", "--stdin-name", "templates/team/web.Dockerfile", "-").requireCode(t, exitRejected)
	require.Contains(t, r.out, "templates/team/web.Dockerfile:1:1: error IB0101")
	yaml := imagedropOn(t, "Tasks: []\n", "lint", "--stdin-name", "a b.yaml", "-").requireCode(t, exitRejected)
	require.Contains(t, yaml.out, "a b.yaml:1:8: error IB0602")
	require.Contains(t, yaml.out, "IB0201", "of its name")
	require.Contains(t, imagedropOn(t, `{"content": "ADD a b"}`, "lint", "--stdin-name", "m.json", "-").out, "m.json#/content:1:1")
	imagedropOn(t, "RUN true\n", "lint", "--stdin-name", "nginx/Dockerfile", "-").requireCode(t, exitDone) // its folder names it, as without -
	require.Contains(t, imagedropOn(t, "RUN true", "lint", "--stdin-name", "notes.txt", "-").requireCode(t, exitTrouble).err, "notes.txt: no template")
}

// What is too large is refused as the functions refuse it, without reading all of it.
func TestLintOfWhatIsNoTemplate(t *testing.T) {
	for name, text := range map[string]string{
		"large": strings.Repeat("# a comment\n", 1<<20), "binary": "\x7fELF\x00\x01", "empty": "", "blank": "\n\n", "bom": "\uFEFF",
		"one long line": "RUN echo " + strings.Repeat("中", 20_000) + " <<EOF",
	} {
		file := write(t, "web.Dockerfile", text)
		for _, f := range lintFormats {
			r := imagedrop(t, "lint", "--format", f.name, file).requireCode(t, exitRejected)
			require.Empty(t, r.err, name)
			require.Less(t, len(r.out), 20_000, name)
		}
		require.Equal(t, text, imagedropOn(t, text[:min(len(text), 1<<20)], "lint", "--fix", "-", "--stdin-name", "web.Dockerfile").out+text[min(len(text), 1<<20):])
	}
	r := imagedropOn(t, strings.Repeat("x", 1<<20+1), "lint", "-").requireCode(t, exitRejected)
	require.Contains(t, r.out, "<stdin>:1:1: error IB0002: the text has more than 1048576 bytes")
	r = imagedropOn(t, strings.Repeat("x", 1<<20+1), "lint", "--fix", "-").requireCode(t, exitTrouble)
	require.Empty(t, r.out, "no part of it")
	require.Contains(t, r.err, "<stdin>: more than 1048576 bytes, too large to be mended")
}

// What was mended before Ctrl-C is said.
func TestFixIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	dir := folder(t, map[string]string{"a.Dockerfile": "run true\n"})
	file, pipe := filepath.Join(dir, "a.Dockerfile"), filepath.Join(dir, "pipe.Dockerfile")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	var out, errs bytes.Buffer
	done := make(chan int)
	go func() {
		done <- runContext(ctx, []string{"lint", "--fix", file, pipe}, streams{out: &out, err: &errs})
	}()
	for read(t, file) != "RUN true\n" {
		runtime.Gosched()
	}
	cancel()
	require.Equal(t, exitTrouble, <-done)
	require.Empty(t, out.String())
	require.Equal(t, file+":1:1: mended IB0012: write RUN\nimagedrop: interrupted\n", errs.String())
}

// Ctrl-C ends the wait for standard input, and keeps files from being changed.
func TestLintIsInterrupted(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	silent, held := io.Pipe()
	defer held.Close()
	var out, errs bytes.Buffer
	began := make(chan struct{})
	done := make(chan int)
	go func() {
		close(began)
		done <- runContext(ctx, []string{"lint", "-"}, streams{in: silent, out: &out, err: &errs})
	}()
	<-began
	cancel()
	require.Equal(t, exitTrouble, <-done)
	require.Equal(t, "imagedrop: interrupted\n", errs.String())
	pipe := filepath.Join(t.TempDir(), "pipe.Dockerfile")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	_, err := readFile(ctx, pipe, &bytes.Buffer{})
	require.ErrorIs(t, err, context.Canceled, "nobody writes to it")
	found, err := walk(ctx, folder(t, map[string]string{"web.Dockerfile": "RUN true\n"}))
	require.ErrorIs(t, err, context.Canceled)
	require.Empty(t, found)
	file := write(t, "web.Dockerfile", "run true\n")
	require.Equal(t, exitTrouble, runContext(ctx, []string{"lint", "--fix", file}, streams{out: &out, err: &errs}))
	require.Equal(t, "run true\n", read(t, file))
}

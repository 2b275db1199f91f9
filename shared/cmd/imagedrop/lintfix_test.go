package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

func read(t *testing.T, path string) string {
	t.Helper()
	text, err := os.ReadFile(path)
	require.NoError(t, err)
	return string(text)
}

// --fix keeps line ends, byte order mark, mode and links, says what it changed,
// and reports what is left.
func TestFixMendsInPlace(t *testing.T) {
	const broken, mended = "run true\r\nENV A=b\r\nADD a b\r\n", "RUN true\r\nENV A=\"b\"\r\nADD a b\r\n"
	dir := folder(t, map[string]string{"web.Dockerfile": broken, "bom.Dockerfile": "\uFEFF" + broken, "fine.Dockerfile": "RUN true\n", "real.txt": broken})
	require.NoError(t, os.Chmod(dir+"/web.Dockerfile", 0o640))
	require.NoError(t, os.Symlink("real.txt", dir+"/link.Dockerfile"))
	t.Chdir(dir)
	before, err := os.Stat("fine.Dockerfile")
	require.NoError(t, err)

	r := imagedrop(t, "lint", "--fix", ".").requireCode(t, exitRejected)
	require.Contains(t, r.out, "web.Dockerfile:1:1: mended IB0012: write RUN\nweb.Dockerfile:2:5: mended IB0143: put the value in double quotes\n")
	require.Contains(t, r.out, "web.Dockerfile:3:1: error IB0101: unknown command ADD")
	require.NotContains(t, r.out, "warning")
	require.Empty(t, r.err)
	require.Equal(t, mended, read(t, "web.Dockerfile"))
	require.Equal(t, "\uFEFF"+mended, read(t, "bom.Dockerfile"))
	require.Equal(t, mended, read(t, "real.txt"))
	link, err := os.Readlink("link.Dockerfile")
	require.NoError(t, err)
	require.Equal(t, "real.txt", link)
	info, err := os.Stat("web.Dockerfile")
	require.NoError(t, err)
	require.Equal(t, os.FileMode(0o640), info.Mode())
	after, err := os.Stat("fine.Dockerfile")
	require.NoError(t, err)
	require.True(t, os.SameFile(before, after), "what has no fix is not written")
	names, err := os.ReadDir(".")
	require.NoError(t, err)
	require.Len(t, names, 5, "no file is left behind")

	again := imagedrop(t, "lint", "--fix", ".").requireCode(t, exitRejected)
	require.NotContains(t, again.out, "mended")
}

// The machine formats stay what they are; what was mended goes to standard error.
func TestFixWithAMachineFormat(t *testing.T) {
	file := write(t, "web.Dockerfile", "run true\n")
	r := imagedrop(t, "lint", "--fix", "--json", file).requireCode(t, exitDone)
	require.JSONEq(t, `{"version": 1, "findings": [], "files": [{"path": "`+file+`", "commands": 1, "bytes": 8}]}`, r.out)
	require.Equal(t, file+":1:1: mended IB0012: write RUN\n", r.err)
}

func TestFixOfStandardInput(t *testing.T) {
	const broken = "run true\nADD a b\n"
	for _, args := range [][]string{{"--stdin-name", "web.Dockerfile"}, nil} {
		r := imagedropOn(t, broken, append([]string{"lint", "--fix", "-"}, args...)...).requireCode(t, exitRejected)
		require.Equal(t, "RUN true\nADD a b\n", r.out)
		require.Contains(t, r.err, ":2:1: error IB0101: unknown command ADD")
	}
	require.Equal(t, "RUN true\n", imagedropOn(t, "RUN true\n", "lint", "--fix", "-").requireCode(t, exitDone).out, "also where nothing is wrong")
	const message = `{"nmae": "web", "content": "run true"}`
	r := imagedropOn(t, message, "lint", "--fix", "-").requireCode(t, exitDone)
	require.Equal(t, `{"name": "web", "content": "run true"}`, r.out, "a content is a JSON string")
	coded := imagedropOn(t, "cnVuIHRydWU=", "lint", "--fix", "-").requireCode(t, exitDone)
	require.Equal(t, "cnVuIHRydWU=", coded.out)
	require.NotContains(t, coded.err, "--fix")
}

// --diff changes nothing, and what it prints makes the one text the other.
func TestFixDiff(t *testing.T) {
	const broken = "run true\nRUN true\nRUN true\nRUN true\nRUN true\nRUN true\nRUN true\nRUN true\n\nENV A=b"
	dir := folder(t, map[string]string{"web.Dockerfile": broken, "fine.Dockerfile": "RUN true\n"})
	t.Chdir(dir)
	for _, args := range [][]string{{"--fix", "--diff"}, {"--diff"}} {
		r := imagedrop(t, append([]string{"lint", "--fail-on", "warning", "."}, args...)...).requireCode(t, exitRejected)
		require.Equal(t, broken, read(t, "web.Dockerfile"))
		require.True(t, strings.HasPrefix(r.out, "--- web.Dockerfile\n+++ web.Dockerfile\n@@ -1,4 +1,4 @@\n-run true\n+RUN true\n"), r.out)
		want := strings.Replace(strings.Replace(broken, "run", "RUN", 1), "A=b", `A="b"`, 1)
		require.Equal(t, want, patched(t, broken, r.out))
		require.Equal(t, "--fix would mend 2 findings in 1 file; 0 left\n", r.err)
	}
	many := strings.Repeat("run true\nRUN true\nrun \\\n\n  true\n"+strings.Repeat("RUN true\n", 9), 3)
	require.NoError(t, os.WriteFile("many.Dockerfile", []byte(many), 0o600))
	r := imagedrop(t, "lint", "--fix", "--diff", "many.Dockerfile")
	want := strings.ReplaceAll(strings.ReplaceAll(many, "run", "RUN"), "\n\n", "\n")
	require.Equal(t, want, patched(t, many, r.out))
	r = imagedrop(t, "lint", "--diff", "fine.Dockerfile").requireCode(t, exitDone)
	require.Empty(t, r.out)
	require.Equal(t, "--fix would mend 0 findings in 0 files; 0 left\n", r.err)
}

// Names in a difference are read back by patch and git, whatever is in them.
func TestFixDiffNamesTheFile(t *testing.T) {
	for name, want := range map[string]string{
		"web.Dockerfile": "web.Dockerfile", "a b.Dockerfile": "a b.Dockerfile\t", "中.Dockerfile": "中.Dockerfile",
		"a\n+++ b.Dockerfile": `"a\012+++ b.Dockerfile"`, `q"\.Dockerfile`: `"q\"\\.Dockerfile"`, "\tü.Dockerfile": `"\011\303\274.Dockerfile"`,
	} {
		t.Chdir(folder(t, map[string]string{name: "run true\n"}))
		r := imagedrop(t, "lint", "--diff", name)
		require.Equal(t, "--- "+want+"\n+++ "+want+"\n@@ -1 +1 @@\n-run true\n+RUN true\n", r.out)
	}
}

// A file that cannot be written keeps the others from nothing.
func TestFixOfAFileThatCannotBeWritten(t *testing.T) {
	require.ErrorContains(t, replaceFile(filepath.Join(t.TempDir(), "none"), "", nil), "no such file")
	dir := folder(t, map[string]string{"a.txt": "x"})
	require.ErrorContains(t, replaceFile(dir, "", nil), "is a directory")
	pipe := filepath.Join(dir, "pipe.Dockerfile")
	require.NoError(t, syscall.Mkfifo(pipe, 0o600))
	require.ErrorContains(t, replaceFile(pipe, "", nil), "it is a pipe or a device", "and nobody waits for it")
	lost := linted{file: file{path: dir + "/none.Dockerfile"}, name: "none.Dockerfile"}
	require.ErrorContains(t, lost.replace(""), "none.Dockerfile was not mended: ")
}

// What an editor saved while lint judged is not overwritten; what another lint
// mended is as it should be.
func TestFixOfAFileThatChangedMeanwhile(t *testing.T) {
	path := write(t, "web.Dockerfile", "run false\n")
	l := linted{file: file{path: path}, name: "web.Dockerfile", text: []byte("RUN true\n")}
	require.EqualError(t, l.replace("run true\n"), "web.Dockerfile was not mended: it was changed meanwhile")
	require.Equal(t, "run false\n", read(t, path))
	require.NoError(t, os.WriteFile(path, []byte("RUN true\n"), 0o600))
	require.NoError(t, l.replace("run true\n"))
	require.Equal(t, "RUN true\n", read(t, path))
}

// patched applies a unified difference, whose every line must be where it says.
func patched(t *testing.T, text, diff string) string {
	t.Helper()
	old, out, at, last := strings.SplitAfter(text, "\n"), "", 0, byte(0)
	for line := range strings.Lines(diff) {
		switch {
		case strings.HasPrefix(line, "---"), strings.HasPrefix(line, "+++"):
		case line[0] == '@':
			var from, to int
			_, err := fmt.Sscanf(strings.NewReplacer(",", " ", "+", "").Replace(line), "@@ -%d %d %d", &from, new(int), &to)
			require.NoError(t, err)
			for ; at < from-1; at++ {
				out += old[at]
			}
			require.Equal(t, to-1, strings.Count(out, "\n"), line)
		case line[0] == '\\' && last == '+':
			out = strings.TrimSuffix(out, "\n")
		case line[0] == '\\':
		case line[0] == '+':
			out += line[1:]
		default:
			require.Equal(t, strings.TrimSuffix(old[at], "\n"), strings.TrimSuffix(line[1:], "\n"))
			if line[0] == ' ' {
				out += line[1:]
			}
			at++
		}
		last = line[0]
	}
	return out + strings.Join(old[at:], "")
}

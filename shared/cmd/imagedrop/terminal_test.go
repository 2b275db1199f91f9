package main

import (
	"fmt"
	"io"
	"os"
	"strings"
	"testing"

	"github.com/rivo/uniseg"
	"github.com/stretchr/testify/require"
	"golang.org/x/sys/unix"
)

// terminal opens a terminal of that width; shown ends it and returns all that
// was written to it.
func terminal(t *testing.T, width uint16) (tty *os.File, shown func() string) {
	t.Helper()
	screen, err := os.OpenFile("/dev/ptmx", os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	t.Cleanup(func() { screen.Close() })
	fd := int(screen.Fd())
	require.NoError(t, unix.IoctlSetPointerInt(fd, unix.TIOCSPTLCK, 0))
	number, err := unix.IoctlGetInt(fd, unix.TIOCGPTN)
	require.NoError(t, err)
	require.NoError(t, unix.IoctlSetWinsize(fd, unix.TIOCSWINSZ, &unix.Winsize{Row: 25, Col: width}))
	tty, err = os.OpenFile(fmt.Sprintf("/dev/pts/%d", number), os.O_RDWR|unix.O_NOCTTY, 0)
	require.NoError(t, err)
	read := make(chan string)
	go func() {
		text, _ := io.ReadAll(screen) // ends in EIO as the terminal is closed
		read <- string(text)
	}()
	return tty, func() string {
		tty.Close()
		return <-read
	}
}

// lintOn lints a file with its report on a terminal.
func lintOn(t *testing.T, width uint16, text string) string {
	t.Helper()
	tty, shown := terminal(t, width)
	file := write(t, "web.Dockerfile", text)
	t.Chdir(t.TempDir())
	require.NoError(t, os.Rename(file, "web.Dockerfile"))
	require.Equal(t, exitRejected, runContext(t.Context(), []string{"lint", "web.Dockerfile"}, streams{out: tty, err: tty}))
	return strings.ReplaceAll(shown(), "\r\n", "\n")
}

func TestLintColoursATerminal(t *testing.T) {
	for _, test := range []struct {
		noColor, term string
		colour        bool
	}{{"", "xterm", true}, {"", "", true}, {"1", "xterm", false}, {"", "dumb", false}} {
		t.Setenv("NO_COLOR", test.noColor)
		t.Setenv("TERM", test.term)
		got := lintOn(t, 80, "ADD a b\n")
		require.Contains(t, got, "web.Dockerfile:1:1: ")
		require.Equal(t, test.colour, strings.Contains(got, "\x1b["), test)
	}
}

// A source line never wraps, and the caret stands below the place.
func TestLintKeepsToTheWidthOfATerminal(t *testing.T) {
	t.Setenv("NO_COLOR", "1")
	for name, text := range map[string]string{
		"ascii": strings.Repeat("echo a; ", 40) + "yum install x; " + strings.Repeat("echo b; ", 40),
		"wide":  strings.Repeat("echo 中文字符; ", 40) + "yum install x; " + strings.Repeat("echo 很宽; ", 40),
		"tabs":  strings.Repeat("echo\ta;\t", 40) + "yum install x; " + strings.Repeat("echo\tb;\t", 40),
		"first": "yum install x; " + strings.Repeat("echo 中; ", 40),
		"last":  strings.Repeat("echo 中; ", 40) + "yum install x",
	} {
		for _, width := range []uint16{1, 40, 80, 120, 200} {
			got := lintOn(t, width, "RUN "+text)
			_, excerpt, found := strings.Cut(got, "\n    1 | ")
			require.True(t, found, got)
			lines := strings.Split(excerpt, "\n")
			source, caret := lines[0], strings.TrimPrefix(lines[1], "      | ")
			require.LessOrEqual(t, uniseg.StringWidth(source), max(int(width)-8, minExcerpt+2), "%s in %d cells", name, width)
			before, _, found := strings.Cut(source, "yum install")
			require.True(t, found, "%s in %d cells: %s", name, width, source)
			require.Equal(t, strings.Repeat(" ", uniseg.StringWidth(before))+"^~~~~~~~~~~", caret)
		}
	}
}

// Many files have a progress bar on a terminal that can take it away, where text
// is asked for; it is gone when the report comes, and never wraps.
func TestLintShowsProgressOnATerminal(t *testing.T) {
	files := map[string]string{}
	for i := range manyFiles {
		files[fmt.Sprintf("t%04d.Dockerfile", i)] = "RUN true\n"
	}
	dir := folder(t, files)
	for _, test := range []struct {
		format, term string
		width        uint16
		bar          bool
	}{{formatText, "xterm", 80, true}, {formatText, "", 50, true}, {formatText, "dumb", 80, false}, {formatJSON, "xterm", 80, false}} {
		t.Setenv("TERM", test.term)
		tty, shown := terminal(t, test.width)
		require.Equal(t, exitDone, runContext(t.Context(), []string{"lint", "--format", test.format, dir}, streams{out: io.Discard, err: tty}))
		got := shown()
		require.Equal(t, test.bar, strings.Contains(got, fmt.Sprintf("(%d/%d)", manyFiles, manyFiles)), got)
		require.Equal(t, test.bar, strings.HasSuffix(got, "\r"), got)
		require.NotContains(t, got, "\n")
		for drawn := range strings.SplitSeq(got, "\r") {
			require.LessOrEqual(t, uniseg.StringWidth(drawn), int(test.width))
		}
	}
}

// plan asks a cloud about each file, which takes longer.
func TestPlanShowsProgressOnATerminal(t *testing.T) {
	files := map[string]string{}
	for i := range planWidth + 1 {
		files[fmt.Sprintf("t%04d.Dockerfile", i)] = "RUN true\n"
	}
	dir := folder(t, files)
	t.Setenv("TERM", "xterm")
	for flag, bar := range map[string]bool{"--json=false": true, "--json": false} {
		tty, shown := terminal(t, 80)
		require.Equal(t, exitDone, runContext(t.Context(), []string{"plan", "--offline", flag, dir}, streams{out: io.Discard, err: tty}))
		got := shown()
		require.Equal(t, bar, strings.Contains(got, fmt.Sprintf("(%d/%d)", len(files), len(files))), got)
		require.Equal(t, bar, strings.HasSuffix(got, "\r"), got)
	}
}

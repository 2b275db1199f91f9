package main

import (
	"bufio"
	"crypto/rand"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"
)

// A state file that is not whole is named, with what to do, and left as it is.
func TestUpNamesADamagedState(t *testing.T) {
	state := t.TempDir()
	up := start(t, "up", "--state", state, "--port-base", "0")
	readTo(t, bufio.NewScanner(up.out), "serving until Ctrl-C")
	require.NoError(t, up.Process.Signal(os.Interrupt))
	require.Equal(t, exitDone, up.end())
	path := filepath.Join(state, "state.db")
	damaged, err := os.ReadFile(path)
	require.NoError(t, err)
	clear(damaged[:len(damaged)/2])
	require.NoError(t, os.WriteFile(path, damaged, 0o600))

	up = start(t, "up", "--state", state, "--port-base", "0")
	require.Equal(t, exitTrouble, up.end())
	require.Contains(t, up.err.String(), "imagedrop: state file "+path+": the file is damaged (")
	require.Contains(t, up.err.String(), ": put a whole one in its place, or remove it to begin with nothing\n")
	left, err := os.ReadFile(path)
	require.NoError(t, err)
	require.Equal(t, damaged, left)
}

// A second process on one state directory is told of the first.
func TestUpNamesWhoHasTheState(t *testing.T) {
	state := t.TempDir()
	first := start(t, "up", "--state", state, "--port-base", "0")
	readTo(t, bufio.NewScanner(first.out), "serving until Ctrl-C")
	second := start(t, "up", "--state", state, "--port-base", "0")
	require.Equal(t, exitTrouble, second.end())
	require.Regexp(t, fmt.Sprintf(`^imagedrop: the local cloud with process ID %d \(http://127\.0\.0\.1:\d+, since \d{4}-\d\d-\d\d \d\d:\d\d:\d\d\) uses the state in %s: `+
		`stop it, or choose another directory with --state\n$`, first.Process.Pid, state), second.err.String())
	require.Equal(t, first.Process.Pid, found(t, place{state: state}).PID, "the first goes on")
}

// stateLimit is the size that files may have in the full disk, in blocks of 512
// or 1,024 bytes, as the shell counts.
const stateLimit = 2048

// Where the disk is full a write is refused, with the reason, and nothing of it
// is there, not after a kill either; what was there stays.
func TestAFullDiskRefusesWritesAndKeepsTheRest(t *testing.T) {
	state := t.TempDir()
	up := launch(t, exec.Command("sh", "-c", fmt.Sprintf(`ulimit -f %d; exec "$0" up --state "$1" --port-base 0`, stateLimit),
		filepath.Join(home, "dist", "imagedrop"), state))
	readTo(t, bufio.NewScanner(up.out), "serving until Ctrl-C")
	c := found(t, place{state: state})
	content := make([]byte, 32<<10)
	_, _ = rand.Read(content)
	key := func(n int) string { return fmt.Sprintf("full/%d", n) }
	var refused *oss.ServiceError
	kept := 0
	for ; ; kept++ {
		err := put(c, key(kept), string(content))
		if err != nil {
			require.True(t, errors.As(err, &refused), "%v", err)
			break
		}
	}
	require.Equal(t, 500, refused.StatusCode)
	require.Contains(t, refused.Message, "file too large")
	require.Greater(t, kept, 10)
	require.Error(t, put(c, key(kept+1), string(content)))

	check := func(c *cloud) {
		for n := range kept {
			got, err := c.objects.GetObject(t.Context(), &oss.GetObjectRequest{Bucket: oss.Ptr(c.Bucket), Key: oss.Ptr(key(n))})
			require.NoError(t, err)
			body, err := io.ReadAll(got.Body)
			require.NoError(t, err)
			require.NoError(t, got.Body.Close())
			require.Equal(t, content, body)
		}
		for _, n := range []int{kept, kept + 1} {
			exists, err := c.objects.IsObjectExist(t.Context(), c.Bucket, key(n))
			require.NoError(t, err)
			require.False(t, exists)
		}
	}
	check(c)
	require.Regexp(t, `^the state cannot be written, what would change it is refused until it can: .*file too large\n$`, up.err.String(), "once")
	require.NoError(t, up.Process.Kill())
	up.end()

	up = start(t, "up", "--state", state, "--port-base", "0")
	readTo(t, bufio.NewScanner(up.out), "serving until Ctrl-C")
	c = found(t, place{state: state})
	check(c)
	require.NoError(t, put(c, key(kept), string(content)), "there is room again")
}

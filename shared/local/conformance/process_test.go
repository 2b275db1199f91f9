//go:build conformance

package conformance

import (
	"bufio"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
)

// installTime is how long a registry may take before its clients are skipped.
const installTime = time.Minute

// program returns the path of an installed program, and skips the test with
// the advice where there is none.
func program(t *testing.T, name, advice string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		skip(t, "%s is not installed: %s", name, advice)
	}
	return path
}

// foreign begin the variables by which a machine tells clients of clouds of its
// own.
var foreign = []string{"AWS_", "ALIBABA_CLOUD_", "ALICLOUD_", "OSS_", "MNS_", "ECS_", "FC_"}

// TestMain leaves the clients no other cloud, and no proxy on the way to the
// local one.
func TestMain(m *testing.M) {
	for _, variable := range os.Environ() {
		name, _, _ := strings.Cut(variable, "=")
		if slices.ContainsFunc(foreign, func(prefix string) bool { return strings.HasPrefix(name, prefix) }) {
			os.Unsetenv(name)
		}
	}
	os.Setenv("NO_PROXY", "127.0.0.1,localhost")
	os.Setenv("no_proxy", "127.0.0.1,localhost")
	os.Exit(m.Run())
}

// run runs a program to its end: its output and its exit status. It is killed
// when ctx ends.
func run(ctx context.Context, env []string, name string, args ...string) (out, errOut string, status int, err error) {
	return runIn(ctx, "", env, name, args...)
}

// runIn is run in a folder.
func runIn(ctx context.Context, dir string, env []string, name string, args ...string) (out, errOut string, status int, err error) {
	cmd := exec.CommandContext(ctx, name, args...)
	cmd.Dir = dir
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr, cmd.WaitDelay = &stdout, &stderr, time.Second
	cmd.Env = append(os.Environ(), env...)
	err = cmd.Run()
	var failed *exec.ExitError
	if errors.As(err, &failed) && ctx.Err() == nil {
		return stdout.String(), stderr.String(), failed.ExitCode(), nil
	}
	return stdout.String(), stderr.String(), 0, errors.Join(err, ctx.Err())
}

// installing is held by the client that installs: two may share a folder.
// notInstalled says why one could not be, so that the other need not try.
var (
	installing   sync.Mutex
	notInstalled = map[string]string{}
)

// cached returns where outside the tree a client is kept that is installed once
// for each content of what pins it. Its folder exists.
func cached(t *testing.T, name string, pinned []byte) string {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		cache = os.TempDir()
	}
	cache = filepath.Join(cache, "imagedrop-conformance")
	require.NoError(t, os.MkdirAll(cache, 0o755))
	sum := sha256.Sum256(pinned)
	return filepath.Join(cache, name+"-"+hex.EncodeToString(sum[:8]))
}

// npm installs what the folder's package-lock.json pins, once for each content
// of it, outside the tree, and returns a copy of the folder beside it: the
// test's own, since others may be reading theirs. It skips the test where npm
// or the registry does not answer.
func npm(t *testing.T, folder string) string {
	t.Helper()
	tool := program(t, "npm", "apt-get install npm")
	program(t, "node", "apt-get install nodejs")
	lock, err := os.ReadFile(filepath.Join(folder, "package-lock.json"))
	require.NoError(t, err)
	dir := cached(t, folder, lock)
	installing.Lock()
	defer installing.Unlock()
	if !isInstalled(dir) && notInstalled[folder] == "" {
		notInstalled[folder] = install(t, tool, folder, dir)
	}
	if why := notInstalled[folder]; why != "" {
		skip(t, "npm cannot install %s: %s", folder, why)
	}
	own := t.TempDir()
	copyFiles(t, folder, own)
	require.NoError(t, os.Symlink(filepath.Join(dir, modules), filepath.Join(own, modules)))
	return own
}

// modules is where npm installs to.
const modules = "node_modules"

func isInstalled(dir string) bool {
	_, err := os.Stat(filepath.Join(dir, modules))
	return err == nil
}

// npmError is how npm names what went wrong; of these the fault is the folder's.
var (
	npmError  = regexp.MustCompile(`npm (?:error|ERR!) code (\S+)`) // from npm 10.6 on, and before
	folderBad = []string{"EUSAGE", "EINTEGRITY", "EJSONPARSE"}
)

// install installs beside dir and then moves it there whole: one that was cut
// off leaves nothing that looks installed, and of two processes that install at
// once the first one's stays. Where the registry does not answer, it says so.
func install(t *testing.T, tool, folder, dir string) (problem string) {
	t.Helper()
	fresh, err := os.MkdirTemp(filepath.Dir(dir), "fresh-*")
	require.NoError(t, err)
	defer os.RemoveAll(fresh)
	copyFiles(t, folder, fresh)
	ctx, cancel := context.WithTimeout(t.Context(), installTime)
	defer cancel()
	out, errOut, status, err := run(ctx, nil, tool, "ci", "--prefix", fresh, "--ignore-scripts", "--no-audit", "--no-fund", "--fetch-retries", "1")
	if err != nil {
		return "its registry does not answer in time"
	}
	if strings.Contains(errOut, "Exit handler never called") { // npm/cli#9728: where connections break, whatever its status
		return "npm gave up its registry"
	}
	if status != 0 {
		code := npmError.FindStringSubmatch(errOut)
		require.NotNil(t, code, "npm ended with %d: %s%s", status, out, errOut)
		require.NotContains(t, folderBad, code[1], "%s", errOut)
		return "its registry answers " + code[1]
	}
	if err := os.Rename(fresh, dir); err != nil {
		require.True(t, isInstalled(dir), "%v", err)
	}
	return ""
}

func copyFiles(t *testing.T, from, to string) {
	t.Helper()
	files, err := os.ReadDir(from)
	require.NoError(t, err)
	for _, f := range files {
		if f.IsDir() {
			continue
		}
		text, err := os.ReadFile(filepath.Join(from, f.Name()))
		require.NoError(t, err)
		require.NoError(t, os.WriteFile(filepath.Join(to, f.Name()), text, 0o644))
	}
}

// start starts a program that answers lines of JSON: a call a line in, an
// answer a line out, until its input ends. It is stopped with the test. The
// error of one that ended itself is what it said last.
func start(t *testing.T, dir string, env []string, name string, args ...string) asker {
	t.Helper()
	cmd := exec.CommandContext(t.Context(), name, args...)
	var said bytes.Buffer
	cmd.Dir, cmd.Env, cmd.Stderr, cmd.WaitDelay = dir, append(os.Environ(), env...), &said, time.Second
	in, err := cmd.StdinPipe()
	require.NoError(t, err)
	out, err := cmd.StdoutPipe()
	require.NoError(t, err)
	require.NoError(t, cmd.Start())
	end := func() {
		in.Close()
		cmd.Process.Kill()
		cmd.Wait()
	}
	t.Cleanup(end)
	lines := bufio.NewReader(out)
	return func(ctx context.Context, c call) (answer, error) {
		defer context.AfterFunc(ctx, func() { cmd.Process.Kill() })() // what hangs is stopped
		question, err := json.Marshal(c)
		if err != nil {
			return answer{}, err
		}
		_, errIn := in.Write(append(question, '\n'))
		line, err := lines.ReadBytes('\n')
		if err = errors.Join(errIn, err); err != nil {
			end() // whoever reads what it said waits for it to be written
			return answer{}, fmt.Errorf("%w: %s", err, said.String())
		}
		var a answer
		return a, json.Unmarshal(line, &a)
	}
}

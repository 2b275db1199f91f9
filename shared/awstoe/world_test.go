package awstoe

import (
	"errors"
	"io"
	"io/fs"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"
)

// world is a folder that plays the root of an instance. Templates write /ROOT
// for it; programs that need more rights than a test has are played by others.
type world struct {
	t      *testing.T
	root   string
	tools  string
	server string
	failed bool // a step has failed
}

// players stand for programs: RUN_AS shows who would run a command.
var players = map[string]string{
	"runuser":   "[ \"$1 $3\" = '-u --' ] || exit 99\nexport RUN_AS=$2\nshift 3\nexec \"$@\"\n",
	"id":        "[ \"$1 $2\" = '-u --' ] || exit 99\ncase $3 in web|app) echo 1000;; *) exit 1;; esac\n",
	"systemctl": "[ \"$1\" = enable ] || exit 99\necho \"$2\" >\"$0.enabled\"\n",
}

func newWorld(t *testing.T, server string) *world {
	w := &world{t: t, root: filepath.Join(t.TempDir(), "root"), tools: t.TempDir(), server: server}
	for _, dir := range []string{"etc/systemd/system", "usr/local/sbin", "var/lib"} {
		require.NoError(t, os.MkdirAll(filepath.Join(w.root, dir), 0o755))
	}
	for name, body := range players {
		require.NoError(t, os.WriteFile(filepath.Join(w.tools, name), []byte("#!/bin/bash\n"+body), 0o755))
	}
	return w
}

// settle puts the world's own names into a template.
func (w *world) settle(text string) string {
	return strings.NewReplacer("/ROOT", w.root, "http://SERVER", w.server).Replace(text)
}

// environment is what every process of the instance begins with.
func (w *world) environment() []string {
	return []string{"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin", "HOME=" + w.root + "/root", "LANG=C.UTF-8"}
}

// execute runs a process and answers its status as a shell would.
func (w *world) execute(dir string, env []string, program string, args ...string) int {
	cmd := exec.Command(program, args...)
	cmd.Dir, cmd.Env = dir, env
	err := cmd.Run()
	var exit *exec.ExitError
	if errors.As(err, &exit) {
		if status := exit.Sys().(syscall.WaitStatus); status.Signaled() {
			return 128 + int(status.Signal())
		}
		return exit.ExitCode()
	}
	if err != nil {
		return 1
	}
	return 0
}

// fetch stores what an address gives.
func (w *world) fetch(address, path string) int {
	resp, err := http.Get(address)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	if resp.StatusCode != http.StatusOK || os.MkdirAll(filepath.Dir(path), 0o755) != nil || os.WriteFile(path, body, 0o644) != nil {
		return 1
	}
	return 0
}

// bookkeeping is what shells tell each other, and nobody else.
var bookkeeping = regexp.MustCompile(`(?m)^(SHLVL|_|OLDPWD)=.*\n`)

// tree is every file of the world with its mode and content.
func (w *world) tree() map[string]string {
	files := map[string]string{}
	require.NoError(w.t, filepath.WalkDir(w.root, func(path string, d fs.DirEntry, err error) error {
		require.NoError(w.t, err)
		name, _ := filepath.Rel(w.root, path)
		if name == "etc/systemd" || name == "usr" {
			return fs.SkipDir
		}
		if "/"+name == store && w.failed {
			return nil // no image is made of it
		}
		info, err := d.Info()
		require.NoError(w.t, err)
		files[name] = info.Mode().String()
		if info.Mode().IsRegular() {
			text, err := os.ReadFile(path)
			require.NoError(w.t, err)
			plain := strings.ReplaceAll(string(text), w.root, "/ROOT")
			files[name] += "\n" + bookkeeping.ReplaceAllString(plain, "")
		}
		return nil
	}))
	return files
}

// newServer serves /files/ and a start page.
func newServer(t *testing.T) string {
	s := httptest.NewServer(http.HandlerFunc(func(rw http.ResponseWriter, r *http.Request) {
		if r.URL.Path != "/" && !strings.HasPrefix(r.URL.Path, "/files/") {
			http.NotFound(rw, r)
			return
		}
		_, _ = io.WriteString(rw, "content of "+r.URL.Path+"\n")
	}))
	t.Cleanup(s.Close)
	return s.URL
}

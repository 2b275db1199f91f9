package awstoe

import (
	"os"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"
)

// parsed is a document as the agent would read it.
type parsed struct {
	SchemaVersion float64 `yaml:"schemaVersion"`
	Phases        []struct {
		Name  string
		Steps []parsedStep
	}
}

type parsedStep struct {
	Name, Action string
	Inputs       yaml.Node
}

// runDocument plays the agent: it runs the steps of each phase and answers the
// status of the first that fails. Status 194 repeats a step after a restart; to
// come to an end, once.
func (w *world) runDocument(text string) int {
	var doc parsed
	require.NoError(w.t, yaml.Unmarshal([]byte(text), &doc), text)
	for _, phase := range doc.Phases {
		for _, step := range phase.Steps {
			status := w.step(step)
			if status == 194 {
				status = w.step(step)
			}
			if w.failed = status != 0; w.failed {
				return status
			}
		}
		if status := w.boot(); phase.Name == "build" && status != 0 {
			return status
		}
	}
	return 0
}

func (w *world) step(s parsedStep) int {
	switch s.Action {
	case "ExecuteBash":
		var inputs struct{ Commands []string }
		require.NoError(w.t, s.Inputs.Decode(&inputs))
		return w.script(strings.Join(inputs.Commands, "\n") + "\n")
	case "Reboot":
		return 0
	}
	var list []map[string]string
	require.NoError(w.t, s.Inputs.Decode(&list), "%s", s.Name)
	for _, inputs := range list {
		if status := w.module(s.Action, inputs); status != 0 {
			return status
		}
	}
	return 0
}

func (w *world) module(action string, inputs map[string]string) int {
	switch action {
	case "WebDownload":
		return w.fetch(inputs["source"], inputs["destination"])
	case "CreateFile":
		mode, err := strconv.ParseUint(inputs["permissions"], 8, 32)
		require.NoError(w.t, err)
		require.NoError(w.t, os.WriteFile(w.root+inputs["path"], []byte(w.inside(inputs["content"])), os.FileMode(mode)))
		return 0
	}
	require.Fail(w.t, "no such action module here", action)
	return 1
}

// made finds the folders that a script makes.
var made = regexp.MustCompile(`(?m)^(?:/bin/mkdir -p --|w) ['"](/[^$'"]*)`)

// script runs a script file in a fresh shell.
func (w *world) script(text string) int {
	require.NotContains(w.t, text, "{{", "AWSTOE would take it for a reference")
	for _, m := range made.FindAllStringSubmatch(text, -1) {
		require.True(w.t, strings.HasPrefix(m[1], w.root), "a folder outside of the world: %s", m[1])
	}
	file := filepath.Join(w.tools, "input.sh")
	require.NoError(w.t, os.WriteFile(file, []byte(w.inside(text)), 0o600))
	return w.execute(w.root, w.environment(), "/bin/bash", file)
}

// inside moves the paths that a translation itself names into the world.
func (w *world) inside(text string) string {
	return strings.NewReplacer(">>"+environment, ">>"+w.root+environment, store, w.root+store, "/sbin/runuser", w.tools+"/runuser",
		"/usr/bin/id", w.tools+"/id", "/usr/bin/systemctl", w.tools+"/systemctl").Replace(text)
}

// boot starts the unit that was enabled.
func (w *world) boot() int {
	enabled, err := os.ReadFile(w.tools + "/systemctl.enabled")
	if err != nil {
		return 0
	}
	unit, err := os.ReadFile(w.root + "/etc/systemd/system/" + strings.TrimSpace(string(enabled)))
	require.NoError(w.t, err)
	_, command, _ := strings.Cut(string(unit), "ExecStart=")
	command, _, _ = strings.Cut(command, "\n")
	return w.execute(w.root, w.environment(), w.root+command)
}

package ec2

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// document is what the endpoint reads of a component document, in a plain way
// of its own: the service parses the YAML during the call, and refuses a
// document that could not run.
type document struct {
	SchemaVersion yaml.Node              `yaml:"schemaVersion"`
	Parameters    []map[string]parameter `yaml:"parameters"`
	Phases        []phase                `yaml:"phases"`
}

type parameter struct {
	Type        string  `yaml:"type"`
	Default     *string `yaml:"default"`
	Description string  `yaml:"description"`
}

type phase struct {
	Name  string `yaml:"name"`
	Steps []step `yaml:"steps"`
}

type step struct {
	Name           string    `yaml:"name"`
	Action         string    `yaml:"action"`
	Inputs         yaml.Node `yaml:"inputs"`
	TimeoutSeconds *int      `yaml:"timeoutSeconds"`
	OnFailure      string    `yaml:"onFailure"`
	MaxAttempts    *int      `yaml:"maxAttempts"`
}

// phases that a document may have; one without the first three does nothing.
var phaseNames = []string{"build", "validate", "test", "container-host-test"}

// actions names every action module and the inputs that one cannot do without;
// of several in one entry, parted by a bar, one suffices.
// Source: AWSTOE, action modules.
var actions = map[string][]string{
	"ExecuteBash": {"commands"}, "ExecutePowerShell": {"commands|file"}, "ExecuteBinary": {"path"}, "ExecuteDocument": {"document"},
	"Assert": nil, "Reboot": nil, "UpdateOS": nil,
	"S3Download": {"source", "destination"}, "S3Upload": {"source", "destination"}, "WebDownload": {"source", "destination"},
	"CreateFile": {"path"}, "AppendFile": {"path"}, "CreateFolder": {"path"}, "CreateSymlink": {"path", "target"},
	"CopyFile": {"source", "destination"}, "CopyFolder": {"source", "destination"},
	"MoveFile": {"source", "destination"}, "MoveFolder": {"source", "destination"},
	"DeleteFile": {"path"}, "DeleteFolder": {"path"}, "ListFiles": {"path"}, "ReadFile": {"path"}, "SetFileEncoding": {"path"},
	"SetFileOwner": {"path", "owner"}, "SetFolderOwner": {"path", "owner"},
	"SetFilePermissions": {"path", "permissions"}, "SetFolderPermissions": {"path", "permissions"},
	"SetRegistry": {"path", "value"}, "InstallMSI": {"path"}, "UninstallMSI": {"path"},
}

// failures are the values of onFailure.
var failures = []string{"", "Abort", "Continue", "Ignore"}

// readDocument parses and checks a document. The error's text is for people.
func readDocument(text string) (document, error) {
	var d document
	if err := yaml.Unmarshal([]byte(text), &d); err != nil {
		return d, unreadable("%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	return d, d.check()
}

func unreadable(format string, args ...any) error {
	return errInvalid.because("The document cannot be parsed: %s.", fmt.Sprintf(format, args...))
}

func (d document) check() error {
	if v := d.SchemaVersion.Value; v != "1.0" && v != "1" {
		return unreadable("schemaVersion must be 1.0")
	}
	seen := map[string]bool{}
	for _, p := range d.Phases {
		if !slices.Contains(phaseNames, p.Name) || seen[p.Name] {
			return unreadable("phase %q is there twice, or not one of %s", p.Name, strings.Join(phaseNames, ", "))
		}
		seen[p.Name] = true
		if err := p.check(); err != nil {
			return err
		}
	}
	if !seen["build"] && !seen["validate"] && !seen["test"] {
		return unreadable("one of the phases build, validate, test is required")
	}
	for _, entry := range d.Parameters {
		for name, p := range entry {
			if p.Type != "string" {
				return unreadable("parameter %s: the type must be string", name)
			}
		}
	}
	return nil
}

func (p phase) check() error {
	if len(p.Steps) == 0 {
		return unreadable("phase %s has no steps", p.Name)
	}
	seen := map[string]bool{}
	for _, s := range p.Steps {
		if s.Name == "" || seen[s.Name] {
			return unreadable("phase %s: a step has no name, or that of another: %q", p.Name, s.Name)
		}
		seen[s.Name] = true
		if err := s.check(); err != nil {
			return err
		}
	}
	return nil
}

func (s step) check() error {
	required, known := actions[s.Action]
	switch {
	case !known:
		return unreadable("step %s: unknown action %q", s.Name, s.Action)
	case s.TimeoutSeconds != nil && (*s.TimeoutSeconds == 0 || *s.TimeoutSeconds < -1):
		return unreadable("step %s: timeoutSeconds must be -1 or above 0", s.Name)
	case !slices.Contains(failures, s.OnFailure):
		return unreadable("step %s: onFailure must be Abort, Continue or Ignore", s.Name)
	case s.MaxAttempts != nil && *s.MaxAttempts < 1:
		return unreadable("step %s: maxAttempts must be above 0", s.Name)
	}
	for _, inputs := range s.inputs() {
		for _, names := range required {
			if !slices.ContainsFunc(strings.Split(names, "|"), func(name string) bool { return inputs[name] }) {
				return unreadable("step %s: %s needs the input %s", s.Name, s.Action, strings.ReplaceAll(names, "|", " or "))
			}
		}
	}
	return nil
}

// inputs returns the names given in each map of inputs: they are one map, or a list.
func (s step) inputs() []map[string]bool {
	node := &s.Inputs
	if node.Kind != yaml.SequenceNode {
		return []map[string]bool{keysOf(node)}
	}
	var list []map[string]bool
	for _, item := range node.Content {
		list = append(list, keysOf(item))
	}
	if list == nil {
		return []map[string]bool{{}}
	}
	return list
}

func keysOf(node *yaml.Node) map[string]bool {
	keys := map[string]bool{}
	if node.Kind == yaml.MappingNode {
		for i := 0; i < len(node.Content); i += 2 {
			keys[node.Content[i].Value] = true
		}
	}
	return keys
}

// componentType is TEST where the document does nothing but test.
func (d document) componentType() string {
	if len(d.Phases) == 1 && d.Phases[0].Name == "test" {
		return "TEST"
	}
	return "BUILD"
}

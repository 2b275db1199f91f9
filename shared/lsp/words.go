package lsp

import (
	"fmt"
	"strings"

	"imagedrop/shared/template"
)

// word is what can be written somewhere, and what it means.
type word struct {
	name   string
	insert string // "": the name
	doc    string
}

// commands are the commands of the Dockerfile dialect.
// Source: "Commands supported by Image Builder", 2024-12-17.
var commands = []word{
	{"FROM", "FROM ", "`FROM IMAGE:m-…` or `FROM IMAGE_FAMILY:<family>`\n\nThe base image of a pipeline, once, as the first command. A component has none."},
	{"RUN", "RUN ", "`RUN <shell text>`\n\nRuns in the shell while the image is built. A line that ends in `\\` goes on. Nobody answers a prompt: give `-y` to a package manager."},
	{"ENV", "ENV ", "`ENV key=\"value\" key2=\"value2\"` or `ENV key value`\n\nSets variables of the system. In the first form values stand in double quotes."},
	{"WORKDIR", "WORKDIR ", "`WORKDIR /path`\n\nThe directory that the commands after it run in. A relative path goes on from the last one."},
	{"COPY", "COPY ", "`COPY <URL or path on the instance> <directory>`\n\nOne source, one destination, no flags. An address is fetched with wget and has no query string; it needs a way to the internet. A private object of OSS needs OSSDownload in a YAML component."},
	{"USER", "USER ", "`USER <name>`\n\nThe user whom the commands after it run as. It must exist, or the build fails."},
	{"LABEL", "LABEL ", "`LABEL key=\"value\"`\n\nMetadata of the template."},
	{"CMD", "CMD ", "`CMD [\"program\", \"argument\"]` or `CMD <shell text>`\n\nRuns when an instance made from the image starts."},
	{"ENTRYPOINT", "ENTRYPOINT ", "`ENTRYPOINT [\"program\", \"argument\"]` or `ENTRYPOINT <shell text>`\n\nRuns when an instance made from the image starts."},
	{"RESTART", "RESTART", "`RESTART`\n\nRestarts the instance that the image is built on, for a new kernel for example. It has no argument."},
	{"COMPONENT", "COMPONENT ", "`COMPONENT ic-…` or `COMPONENT acs:ecs:<region>:<account>:imagecomponent/<name>/1.*.*`\n\nRuns a component, with `--parameter value` for its parameters. `*` is the newest version. Not in a component."},
}

// markers are the comments that mean something.
var markers = []word{
	{template.HeaderMarker, "", "Begins and ends the header: settings in YAML, each line behind `# `."},
	{template.TestMarker, "", "Begins the test section of a pipeline."},
	{"# " + template.SuppressWord, "# " + template.SuppressWord + " ",
		"`# " + template.SuppressWord + " IB0304 reason`\n\nSuppresses findings of the next command. The reason is required."},
}

// images are what FROM may begin with.
var images = []word{
	{"IMAGE:", "", "An image, by its ID."},
	{"IMAGE_FAMILY:", "", "The newest image of a family, for example `acs:alibaba_cloud_linux_3_2104_lts_x64`."},
}

// Keys of a YAML component. Source: the page of commands.
var (
	yamlRoot = []word{
		{"Parameters", "", "What a COMPONENT command may set: a mapping of names to `{Type: String, DefaultValue: x}`."},
		{"Tasks", "", "What is done, in this order. At least one."},
	}
	taskKeys = []word{
		{"Name", "", "The task's name, once in the component; `{{ name.stdout }}` is its output."},
		{"Action", "", "What the task does."},
		{"Properties", "", "What the action needs."},
	}
	parameterKeys = []word{
		{"Type", "", "String, Number or Boolean; required."},
		{"DefaultValue", "", "The value where COMPONENT sets none; without it COMPONENT must."},
	}
	parameterTypes = []word{{"String", "", ""}, {"Number", "", ""}, {"Boolean", "", ""}}
)

var actionDocs = map[string]string{
	"RunShellCommand":      "Runs a shell script on Linux; `{{ task.stdout }}` is what it prints.",
	"RunPowerShellCommand": "Runs a PowerShell script on Windows.",
	"InvokeCommand":        "Runs a common command of Cloud Assistant.",
	"OSSDownload":          "Fetches an object of OSS. The bucket needs the tag `allowImageBuilderAccess:true`.",
	"OSSUpload":            "Puts a file into OSS. The bucket needs the tag `allowImageBuilderAccess:true`.",
	"WebDownload":          "Fetches a file from a web address.",
	"Reboot":               "Restarts the instance.",
}

var propertyDocs = map[string]string{
	"commandContent": "the script", "workingDir": "the directory that it runs in", "username": "the user whom it runs as",
	"windowsPasswordName": "the name of the user's password in the parameter store", "commandId": "the ID of the common command",
	"parameters": "parameters of the command, JSON", "bucketName": "the bucket", "objectName": "the object's key",
	"destinationDir": "the directory that it is put in", "ossRegion": "the bucket's region",
	"validTime":    "how long the access holds, in seconds",
	"fileToUpload": "the file's path", "sourcePath": "the address", "tokenInfo": "a token for GitHub",
	"timeout": "seconds; default 600", "forceStop": "stop the instance by force; default false",
}

func find(words []word, name string) (word, bool) {
	for _, w := range words {
		if w.name == name {
			return w, true
		}
	}
	return word{}, false
}

// actions are those of a task.
func actions() (out []word) {
	for i := range template.Actions {
		a := &template.Actions[i]
		properties := "Required: " + listOf(a.Required) + ". Optional: " + listOf(a.Optional) + "."
		out = append(out, word{name: a.Name, doc: actionDocs[a.Name] + "\n\n" + properties})
	}
	return out
}

func listOf(names []string) string {
	if len(names) == 0 {
		return "nothing"
	}
	return "`" + strings.Join(names, "`, `") + "`"
}

// properties are those of an action, or of all where none is known.
func properties(action string) (out []word) {
	seen := map[string]bool{}
	for i := range template.Actions {
		a := &template.Actions[i]
		if known(action) && a.Name != action {
			continue
		}
		for n, name := range append(append([]string{}, a.Required...), a.Optional...) {
			if !seen[name] {
				use := "Optional"
				if n < len(a.Required) {
					use = "Required"
				}
				out = append(out, word{name: name, doc: use + " in " + a.Name + ": " + propertyDocs[name] + "."})
			}
			seen[name] = true
		}
	}
	return out
}

func known(action string) bool {
	for i := range template.Actions {
		if template.Actions[i].Name == action {
			return true
		}
	}
	return false
}

// yamlWords are what may stand at a place of a YAML component.
func yamlWords(c *cursor) []word {
	switch path := strings.Join(c.path, "."); {
	case path == "" && c.key:
		return yamlRoot
	case path == "Tasks" && c.key:
		return taskKeys
	case path == "Tasks.Action":
		return actions()
	case path == "Tasks.Properties" && c.key:
		return properties(c.above["Action"])
	case path == "Tasks.Properties.forceStop":
		return []word{{"true", "", "Stop the instance by force."}, {"false", "", "Shut it down in order; the default."}}
	case len(c.path) == 2 && c.path[0] == "Parameters" && c.key:
		return parameterKeys
	case len(c.path) == 3 && c.path[0] == "Parameters" && c.path[2] == "Type":
		return parameterTypes
	}
	return nil
}

// keyWords are the keys of a header or message below a path.
func keyWords(path []string, message bool) (out []word) {
	for i := range template.Keys {
		k := &template.Keys[i]
		above, name := split(k.Path)
		if above == strings.Join(path, ".") && (message || !k.MessageOnly) {
			out = append(out, word{name: name, doc: describe(k)})
		}
	}
	return out
}

func split(path string) (above, name string) {
	if i := strings.LastIndexByte(path, '.'); i >= 0 {
		return path[:i], path[i+1:]
	}
	return "", path
}

// valueWords are the values that a key may have.
func valueWords(path []string) (out []word) {
	k := keyOf(path)
	if k == nil {
		return nil
	}
	values := k.Enum
	if k.Type == template.Boolean {
		values = []string{"true", "false"}
	}
	for _, v := range values {
		out = append(out, word{name: v, doc: describe(k)})
	}
	return out
}

func keyOf(path []string) *template.Key {
	for i := range template.Keys {
		if template.Keys[i].Path == strings.Join(path, ".") {
			return &template.Keys[i]
		}
	}
	return nil
}

// describe says what a key is for, what it may be, and what becomes of it.
func describe(k *template.Key) string {
	var b strings.Builder
	fmt.Fprintf(&b, "**%s**: %s\n\n%s.", k.Path, typeOf(k), upper(k.Doc))
	if len(k.Enum) > 0 {
		fmt.Fprintf(&b, "\n\nOne of %s.", listOf(k.Enum))
	}
	if k.Form != "" {
		fmt.Fprintf(&b, "\n\nForm: %s.", k.Form)
	}
	if k.Kind != "" {
		fmt.Fprintf(&b, "\n\nOf a %s.", k.Kind)
	}
	if k.Parameter != "" {
		fmt.Fprintf(&b, "\n\nAPI parameter: `%s`.", k.Parameter)
	}
	if k.Rule != "" {
		fmt.Fprintf(&b, "\n\nRule: %s", k.Rule)
		if k.Code != "" {
			fmt.Fprintf(&b, " → `%s`", k.Code)
		}
	}
	return b.String()
}

var typeNames = map[template.Type]string{
	template.Strings: "list of strings", template.Tags: "mapping of keys to values", template.Object: "mapping",
	template.Objects: "list of mappings",
}

// typeOf is the type of a key with its limits.
func typeOf(k *template.Key) string {
	t := string(k.Type)
	if name := typeNames[k.Type]; name != "" {
		t = name
	}
	if k.Max > 0 {
		unit := " characters"
		if k.Type == template.Integer {
			unit = ""
		} else if k.Bytes {
			unit = " bytes"
		}
		t += fmt.Sprintf(", %d to %d%s", k.Min, k.Max, unit)
	}
	if k.Items > 0 {
		t += fmt.Sprintf(", at most %d", k.Items)
	}
	return t
}

func upper(text string) string {
	if text == "" {
		return text
	}
	return strings.ToUpper(text[:1]) + text[1:]
}

package template

import "slices"

// Action is what an action of a task needs and takes: its properties.
type Action struct {
	Name               string
	Required, Optional []string
	output             output
	system             string // the only one that it runs on, "" for both
}

type output int

const (
	noOutput output = iota
	stdout
	doubtful // not documented
)

// Actions of a YAML component.
// Source: "Commands supported by Image Builder", YAML format, 2024-12-17.
var Actions = []Action{
	{"RunShellCommand", []string{"commandContent"}, []string{"workingDir", "username"}, stdout, systemLinux},
	{"RunPowerShellCommand", []string{"commandContent"}, []string{"workingDir", "username", "windowsPasswordName"},
		doubtful, systemWindows},
	{"InvokeCommand", []string{"commandId"}, []string{"username", "parameters"}, doubtful, ""},
	{"OSSDownload", []string{"bucketName", "objectName", "destinationDir"}, []string{"ossRegion", "validTime"}, noOutput, ""},
	{"OSSUpload", []string{"bucketName", "objectName", "fileToUpload"}, []string{"ossRegion", "validTime"}, noOutput, ""},
	{"WebDownload", []string{"sourcePath", "destinationDir"}, []string{"tokenInfo", "timeout"}, noOutput, ""},
	{"Reboot", nil, []string{"forceStop"}, noOutput, ""},
}

func (a *Action) properties() []string { return slices.Concat(a.Required, a.Optional) }

func actionNamed(name string) *Action {
	for i := range Actions {
		if Actions[i].Name == name {
			return &Actions[i]
		}
	}
	return nil
}

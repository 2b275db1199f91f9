package awstoe

// inputType is what an input takes. A reference may stand for any scalar.
type inputType int

const (
	text inputType = iota
	boolean
	number
	texts
	anything
)

// actionModule is one row of the table of action modules.
type actionModule struct {
	name     string
	list     bool // inputs are a list of maps
	required []string
	optional []string
	outputs  []string
	platform platform
}

// platform is where a module is there.
type platform int

const (
	anyPlatform platform = iota
	onlyWindows
	notWindows
)

// Groups of inputs that several modules share.
var (
	pathOnly   = []string{"path"}
	fromTo     = []string{"source", "destination"}
	overwrites = []string{"overwrite"}
	owned      = []string{"owner", "group", "permissions", "overwrite"}
	printed    = []string{"stdout"}
	msi        = []string{"reboot", "logOptions", "logFile", "properties", "ignoreAuthenticodeSignatureErrors", "allowUnsignedInstaller"}
	msiOutputs = []string{"logFile", "msiExitCode", "stdout"}
)

// actionModules are all there are. Source: AWSTOE, action modules, and the
// enumeration in aws-cdk, aws-imagebuilder-alpha.
var actionModules = []actionModule{
	{name: "ExecuteBash", required: []string{"commands"}, outputs: printed, platform: notWindows},
	{name: "ExecutePowerShell", optional: []string{"commands", "file"}, outputs: printed, platform: onlyWindows},
	{name: "ExecuteBinary", required: pathOnly, optional: []string{"arguments"}, outputs: printed},
	{name: "ExecuteDocument", required: []string{"document"}, optional: []string{"document-s3-bucket-owner", "phases", "parameters"},
		outputs: []string{"*"}},
	{name: "Assert"},
	{name: "Reboot", optional: []string{"delaySeconds"}},
	{name: "UpdateOS", optional: []string{"include", "exclude"}},
	{name: "S3Download", list: true, required: fromTo, optional: []string{"expectedBucketOwner", "overwrite"}},
	{name: "S3Upload", list: true, required: fromTo, optional: []string{"recurse", "expectedBucketOwner"}},
	{name: "WebDownload", list: true, required: fromTo, optional: []string{"overwrite", "checksum", "algorithm", "ignoreCertificateErrors"},
		outputs: []string{"destination"}},
	{name: "CreateFile", list: true, required: pathOnly,
		optional: []string{"content", "encoding", "owner", "group", "permissions", "overwrite"}},
	{name: "AppendFile", list: true, required: pathOnly, optional: []string{"content", "encoding"}},
	{name: "CreateFolder", list: true, required: pathOnly, optional: owned},
	{name: "CreateSymlink", list: true, required: []string{"path", "target"}, optional: []string{"force"}, platform: notWindows},
	{name: "CopyFile", list: true, required: fromTo, optional: overwrites},
	{name: "CopyFolder", list: true, required: fromTo, optional: overwrites},
	{name: "MoveFile", list: true, required: fromTo, optional: overwrites},
	{name: "MoveFolder", list: true, required: fromTo, optional: overwrites},
	{name: "DeleteFile", list: true, required: pathOnly},
	{name: "DeleteFolder", list: true, required: pathOnly, optional: []string{"force"}},
	{name: "ListFiles", list: true, required: pathOnly, optional: []string{"fileNamePattern", "recursive"}, outputs: []string{"files"}},
	{name: "ReadFile", list: true, required: pathOnly, optional: []string{"encoding", "printFileContent"}, outputs: []string{"content"}},
	{name: "SetFileEncoding", list: true, required: pathOnly, optional: []string{"encoding"}},
	{name: "SetFileOwner", list: true, required: []string{"path", "owner"}, optional: []string{"group"}, platform: notWindows},
	{name: "SetFolderOwner", list: true, required: []string{"path", "owner"},
		optional: []string{"group", "recursive"}, platform: notWindows},
	{name: "SetFilePermissions", list: true, required: []string{"path", "permissions"}, platform: notWindows},
	{name: "SetFolderPermissions", list: true, required: []string{"path", "permissions"},
		optional: []string{"recursive"}, platform: notWindows},
	{name: "SetRegistry", list: true, required: []string{"path", "name", "value", "type"}, platform: onlyWindows},
	{name: "InstallMSI", required: pathOnly, optional: msi, outputs: msiOutputs, platform: onlyWindows},
	{name: "UninstallMSI", required: pathOnly, optional: msi, outputs: msiOutputs, platform: onlyWindows},
}

// Module is an action module and the names of its inputs.
type Module struct {
	Name               string
	Required, Optional []string
}

// Modules are all action modules.
func Modules() []Module {
	out := make([]Module, len(actionModules))
	for i, m := range actionModules {
		out[i] = Module{m.name, m.required, m.optional}
	}
	return out
}

func moduleOf(name string) *actionModule {
	for i := range actionModules {
		if actionModules[i].name == name {
			return &actionModules[i]
		}
	}
	return nil
}

func moduleNames() []string {
	names := make([]string, len(actionModules))
	for i := range actionModules {
		names[i] = actionModules[i].name
	}
	return names
}

// inputTypes are the types of inputs that are not plain text, the same in every
// module that has them.
var inputTypes = map[string]inputType{
	"overwrite": boolean, "force": boolean, "recursive": boolean, "recurse": boolean, "printFileContent": boolean,
	"ignoreCertificateErrors": boolean, "ignoreAuthenticodeSignatureErrors": boolean, "allowUnsignedInstaller": boolean,
	"delaySeconds": number, "commands": texts, "arguments": texts, "include": texts, "exclude": texts,
	"parameters": anything, "properties": anything, "value": anything,
}

// schemes are the addresses that an input takes.
var schemes = map[string]map[string][]string{
	"WebDownload": {"source": {"http://", "https://"}},
	"S3Download":  {"source": {"s3://"}},
	"S3Upload":    {"destination": {"s3://"}},
}

// wildcards are the inputs of modules that take * behind the last separator.
var wildcards = map[string]string{
	"S3Download": "source", "CopyFile": "source", "CopyFolder": "source", "MoveFile": "source", "MoveFolder": "source",
	"DeleteFile": "path",
}

// unixInputs are inputs that Windows has no use for: AWSTOE refuses them there.
var unixInputs = []string{"owner", "group", "permissions"}

// operators are the comparisons of conditions and the key of their second
// value, "" for those of one value. Source: AWSTOE, comparison operators.
var operators = map[string]string{
	"stringIsEmpty": "", "stringIsWhitespace": "", "binaryExists": "", "fileExists": "", "folderExists": "",
	"stringEquals": "value", "stringLessThan": "value", "stringLessThanEquals": "value", "stringGreaterThan": "value",
	"stringGreaterThanEquals": "value", "patternMatches": "value", "numberEquals": "value", "numberLessThan": "value",
	"numberLessThanEquals": "value", "numberGreaterThan": "value", "numberGreaterThanEquals": "value",
	"fileMD5Equals": "path", "fileSHA1Equals": "path", "fileSHA256Equals": "path", "fileSHA512Equals": "path",
}

package template

import (
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// The tests of the language go through its documents, statement by statement:
// what they allow has no finding, what they do not has one, in a message the
// same at the same place of its content.
// Sources: "Commands supported by Image Builder", 2024-12-17; the pages of
// CreateImageComponent and CreateImagePipeline.
type statement struct {
	says, text string
	want       string // rules, in the order of the text
}

const fromImage = "FROM IMAGE:m-1\n"

func checkStatements(t *testing.T, statements []statement) {
	t.Helper()
	for _, test := range statements {
		t.Run(test.says, func(t *testing.T) {
			path := "templates/web.Dockerfile"
			if strings.Contains(test.text, "Tasks:") || strings.HasPrefix(test.text, "Parameters:") {
				path = "templates/web.yaml"
			}
			file := ParseFile(path, []byte(test.text))
			require.Equal(t, strings.Fields(test.want), append([]string{}, ids(file)...))

			body, err := json.Marshal(map[string]string{"content": test.text, "name": "web"})
			require.NoError(t, err)
			message := ParseMessage(body).Resolve("", nil)
			require.Len(t, message.Findings, len(file.Findings))
			for i, f := range message.Findings {
				require.Equal(t, "/content", f.Path)
				f.Path, f.order, f.Fix = path, bodyOrder, file.Findings[i].Fix
				require.Equal(t, file.Findings[i], f)
			}
		})
	}
}

// TestLanguageOfText has what the documents say of lines, whatever their command.
func TestLanguageOfText(t *testing.T) {
	checkStatements(t, []statement{
		{"one command a line", "RUN a\nRUN b\n", ""},
		{"a line goes on behind a backslash", "RUN a && \\\n b\n", ""},
		{"a tab behind a command without argument", "RUN a\nRESTART\t\nRUN b\n", ""},
		{"blanks behind it", "RUN a && \\ \n b\n", "IB0007"},
		{"a backslash on the last line", "RUN a \\", "IB0008"},
		{"comments and blank lines, also between continued lines", "# a\n\nRUN a && \\\n  # b\n b\n", ""},
		{"a blank line between continued lines", "RUN a && \\\n\n b\n", "IB0009"},
		{"CRLF and a byte order mark", "\ufeffRUN a && \\\r\n b\r\n", ""},
		{"upper case", "Run a\n", "IB0012"},
		{"here-documents", "RUN cat <<EOF\na\nEOF\n", "IB0010"},
		{"directives of Docker", "# syntax=a\n# escape=`\n#Check = skip=all\nRUN a\n", "IB0011 IB0011 IB0011"},
		{"comments below a command are no directives", "RUN a\n# escape=`\n", ""},
	})
}

// TestLanguageOfSizes has the limits of a part: bytes and commands.
func TestLanguageOfSizes(t *testing.T) {
	tasks := make([]string, MaxCommands+1)
	for i := range tasks {
		tasks[i] = fmt.Sprintf("- {Name: t%d, Action: Reboot}\n", i)
	}
	based := "# ---\n# baseImageType: IMAGE\n# baseImage: m-1\n# ---\n"
	checkStatements(t, []statement{
		{"16,384 bytes of UTF-8", "RUN " + strings.Repeat("中", 5460), ""},
		{"and no more", "RUN a" + strings.Repeat("中", 5460), "IB0002"},
		{"of what is sent",
			"\ufeff# " + strings.Repeat("a", 1000) + "\r\nRUN " + strings.Repeat("a", 16370) + " \\\r\n# b\r\n  aaaaa\r\n", ""},
		{"the same of tests", fromImage + "# --- test\nRUN " + strings.Repeat("a", 16380), ""},
		{"and no more of tests", fromImage + "# --- test\nRUN " + strings.Repeat("a", 16381), "IB0245"},
		{"127 commands, a continued line once", strings.Repeat("RUN a && \\\n b\n# c\n\n", 127), ""},
		{"128 commands", strings.Repeat("RUN a\n", 128), "IB0003"},
		{"FROM and COMPONENT count", fromImage + strings.Repeat("COMPONENT ic-1\n", 126), ""},
		{"FROM and COMPONENT count one each", fromImage + strings.Repeat("COMPONENT ic-1\n", 127), "IB0003"},
		{"126 without FROM", based + strings.Repeat("RUN a\n", 126), ""},
		{"127 without FROM", based + strings.Repeat("RUN a\n", 127), "IB0003"},
		{"127 tests", based + "# --- test\n" + strings.Repeat("RUN a\n", 127), ""},
		{"128 tests", based + "# --- test\n" + strings.Repeat("RUN a\n", 128), "IB0003"},
		{"any number of tasks", "Tasks:\n" + strings.Join(tasks, ""), ""},
	})
}

// TestLanguageOfCommands has the commands of the Dockerfile form.
func TestLanguageOfCommands(t *testing.T) {
	checkStatements(t, []statement{
		{"no FROM in a component", "# ---\n# kind: component\n# ---\nFROM IMAGE:m-1\nRUN a\n", "IB0120"},
		{"FROM IMAGE and IMAGE_FAMILY", "FROM IMAGE_FAMILY:acs:a:b\n", ""},
		{"FROM OSS", "FROM OSS:a\n", "IB0123"},
		{"FROM first", "RUN a\nFROM IMAGE:m-1\n", "IB0121"},
		{"FROM once", fromImage + fromImage, "IB0122"},
		{"no FROM in tests", fromImage + "# --- test\nFROM IMAGE:m-1\n", "IB0125"},
		{"ENV key value", "ENV a b c\n", "IB0142"},
		{"ENV pairs", "ENV a=\"b c\" d=\"e\" \\\n  f=\"g\"\n", ""},
		{"ENV with one of two forms", "ENV a=\"b\" c\n", "IB0111"},
		{"WORKDIR below the one before", "WORKDIR /a\nWORKDIR b/c\n", ""},
		{"COPY of an address", "COPY https://example.com/a /opt\n", ""},
		{"COPY of a path on the instance", "COPY /etc/hosts /opt\n", ""},
		{"COPY without a query", "COPY https://example.com/a?b /opt\n", "IB0113"},
		{"COPY of one source", "COPY /a /b /c\n", "IB0112"},
		{"COPY without flags", "COPY --chown=a /b /c\n", "IB0112"},
		{"USER", "USER web\n", ""},
		{"LABEL, continued", "LABEL a=\"b\" \\\n  c=\"d\"\n", ""},
		{"CMD in both forms", "CMD [\"a\", \"b\"]\n", ""},
		{"CMD as a shell line", "CMD a b\n", ""},
		{"ENTRYPOINT in both forms", "ENTRYPOINT [\"a\"]\n", ""},
		{"ENTRYPOINT as a shell line", "ENTRYPOINT a\n", ""},
		{"the array form ends", "CMD [\"a\"\n", "IB0114"},
		{"RUN as an array", "RUN [\"a\"]\n", "IB0115"},
		{"RUN without flags", "RUN --network=none a\n", "IB0118"},
		{"COPY of a pattern", "COPY /a/* /b\n", "IB0112"},
		{"each command but RESTART has an argument",
			"RUN\nENV\nLABEL\nCOPY\nWORKDIR\nUSER\nCMD\nENTRYPOINT\n", "IB0102 IB0103 IB0104 IB0105 IB0106 IB0107 IB0108 IB0109"},
		{"RUN without a flag on two lines", "RUN -\\\n-network=none a\n", "IB0118"},
		{"RESTART without argument", "RUN a\nRESTART b\nRUN c\n", "IB0110"},
		{"no other command",
			"ADD a b\nARG c\nEXPOSE 1\nVOLUME /a\nSHELL d\n" +
				"HEALTHCHECK NONE\nONBUILD RUN a\nSTOPSIGNAL 9\nMAINTAINER a\n", strings.Repeat("IB0101 ", 9)},
	})
}

// TestLanguageOfReferences has COMPONENT, by ID and by name.
func TestLanguageOfReferences(t *testing.T) {
	reference := func(tail string) string {
		return fromImage + "COMPONENT acs:ecs:cn-hangzhou:1:imagecomponent/ab" + tail + "\n"
	}
	checkStatements(t, []statement{
		{"COMPONENT by ID", fromImage + "COMPONENT ic-1\n", ""},
		{"COMPONENT with parameters", fromImage + "COMPONENT ic-1 --a b --c \"d e\" \\\n  --f \"\"\n", ""},
		{"COMPONENT by name and version", fromImage + "COMPONENT acs:ecs:cn-hangzhou:1:imagecomponent/a:b/1.0.0\n", ""},
		{"COMPONENT with wildcards from the right", fromImage + "COMPONENT acs:ecs:cn-hangzhou:1:imagecomponent/ab/*.*.*\n", ""},
		{"COMPONENT with a wildcard on the left", fromImage + "COMPONENT acs:ecs:cn-hangzhou:1:imagecomponent/ab/1.*.0\n", "IB0131"},
		{"COMPONENT with a colon before the version", fromImage + "COMPONENT acs:ecs:cn-hangzhou:1:imagecomponent/ab:1.0.0\n", "IB0131"},
		{"COMPONENT with a wildcard for the last number", reference("/1.0.*"), ""},
		{"COMPONENT with a wildcard first", reference("/*.1.2"), "IB0131"},
		{"COMPONENT with a leading zero", reference("/01.2.3"), "IB0131"},
		{"COMPONENT with two numbers", reference("/1.0"), "IB0131"},
		{"COMPONENT without a version", reference(""), "IB0131"},
		{"a parameter without a value", reference("/1.0.0 --a"), "IB0131"},
		{"a value in single quotes", reference("/1.0.0 --a 'b'"), "IB0131"},
		{"a value of two words", reference("/1.0.0 --a b c"), "IB0131"},
		{"a quote inside a value", reference("/1.0.0 --a b\"c\""), "IB0131"},
		{"a parameter given twice", reference("/1.0.0 --a b --a c"), "IB0131"},
		{"a parameter with an equals sign", reference("/1.0.0 --a=b"), "IB0131"},
		{"COMPONENT in tests", fromImage + "# --- test\nCOMPONENT ic-1\n", ""},
		{"COMPONENT in a component", "COMPONENT ic-1\n", "IB0130"},
	})
}

// TestLanguageOfVersions has componentVersion.
func TestLanguageOfVersions(t *testing.T) {
	version := func(v string) string { return "# ---\n# componentVersion: '" + v + "'\n# ---\nRUN a\n" }
	checkStatements(t, []statement{
		{"a version", version("10.0.3"), ""},
		{"the next patch", version("1.4.*"), ""},
		{"the next minor version", version("1.*.*"), ""},
		{"a version with a wildcard first", version("*.1.2"), "IB0210"},
		{"a version with a wildcard between", version("1.*.3"), "IB0210"},
		{"a version of wildcards", version("*.*.*"), "IB0210"},
		{"a version with a leading zero", version("01.2.3"), "IB0205"},
		{"a version of two numbers", version("1.2"), "IB0205"},
		{"a version of four numbers", version("1.2.3.4"), "IB0205"},
		{"a version with a letter", version("v1.2.3"), "IB0205"},
	})
}

// TestLanguageOfYAML has the YAML form, and what Windows takes of both.
func TestLanguageOfYAML(t *testing.T) {
	const (
		parameters = "Parameters:\n  p: {Type: String}\n"
		windows    = "# ---\n# systemType: Windows\n# ---\n"
		run        = "commandContent: ls"
	)
	task := func(action, properties string) string {
		return "Tasks:\n  - {Name: a, Action: " + action + ", Properties: {" + properties + "}}\n"
	}
	checkStatements(t, []statement{
		{"Tasks alone", task("RunShellCommand", run), ""},
		{"Parameters without Tasks", parameters, "IB0602"},
		{"a type of three", "Parameters:\n  p: {Type: List}\n" + task("Reboot", ""), "IB0608"},
		{"a Number", "Parameters:\n  p: {Type: Number, DefaultValue: x}\n" + task("Reboot", ""), "IB0613"},
		{"Name and Action", "Tasks:\n  - {Action: Reboot}\n  - {Name: a}\n", "IB0602 IB0602"},
		{"names once", "Tasks:\n  - {Name: a, Action: Reboot}\n  - {Name: a, Action: Reboot}\n", "IB0606"},
		{"seven actions", task("Sleep", ""), "IB0603"},
		{"RunShellCommand", task("RunShellCommand", run+", workingDir: /a, username: b"), ""},
		{"RunShellCommand needs its content", task("RunShellCommand", "workingDir: /a"), "IB0604"},
		{"RunShellCommand is for Linux", windows + task("RunShellCommand", run), "IB0611"},
		{"RunPowerShellCommand", windows + task("RunPowerShellCommand", run+", workingDir: a, username: b, windowsPasswordName: c"), ""},
		{"RunPowerShellCommand is for Windows", task("RunPowerShellCommand", run), "IB0611"},
		{"InvokeCommand", windows + task("InvokeCommand", "commandId: c-1, username: b, parameters: {a: b}"), ""},
		{"InvokeCommand takes JSON", task("InvokeCommand", "commandId: c-1, parameters: a"), "IB0612"},
		{"OSSDownload", task("OSSDownload", "bucketName: a, objectName: b, destinationDir: /c, ossRegion: cn-hangzhou, validTime: 5"), ""},
		{"OSSDownload needs three", task("OSSDownload", "validTime: 5"), "IB0604 IB0604 IB0604"},
		{"OSSUpload", task("OSSUpload", "bucketName: a, objectName: b, fileToUpload: /c, ossRegion: cn-hangzhou, validTime: 5"), ""},
		{"OSSUpload has no destinationDir",
			task("OSSUpload", "bucketName: a, objectName: b, fileToUpload: /c, destinationDir: /d"), "IB0605"},
		{"WebDownload", task("WebDownload", "sourcePath: https://a, destinationDir: /b, tokenInfo: xxx, timeout: 600"), ""},
		{"WebDownload counts seconds", task("WebDownload", "sourcePath: https://a, destinationDir: /b, timeout: soon"), "IB0612"},
		{"Reboot", windows + task("Reboot", "forceStop: true"), ""},
		{"Reboot is forced or not", task("Reboot", "forceStop: maybe"), "IB0612"},
		{"a parameter", parameters + task("RunShellCommand", "commandContent: 'echo {{ p }} {{p}}'"), ""},
		{"an unknown parameter", parameters + task("RunShellCommand", "commandContent: 'echo {{ q }}'"), "IB0607"},
		{"an output",
			"Tasks:\n  - {Name: a, Action: RunShellCommand, Properties: {commandContent: ls}}\n" +
				"  - {Name: b, Action: RunShellCommand, Properties: {commandContent: 'echo {{ a.stdout }}'}}\n", ""},
		{"an output of none",
			"Tasks:\n  - {Name: a, Action: Reboot}\n" +
				"  - {Name: b, Action: RunShellCommand, Properties: {commandContent: 'echo {{ a.stdout }}'}}\n", "IB0607"},
		{"an output that is not documented",
			"Tasks:\n  - {Name: a, Action: InvokeCommand, Properties: {commandId: c-1}}\n" +
				"  - {Name: b, Action: RunShellCommand, Properties: {commandContent: 'echo {{ a.stdout }}'}}\n", "IB0610"},
		{"a reference without quotes",
			parameters + "Tasks:\n  - Name: a\n    Action: RunShellCommand\n" +
				"    Properties:\n      commandContent: ls\n      workingDir: {{ p }}/x\n", "IB0609"},
		{"an alias repeats no finding",
			"Tasks:\n  - {Name: a, Action: RunShellCommand, Properties: &p {commandContent: 'vim a'}}\n" +
				"  - {Name: b, Action: RunShellCommand, Properties: *p}\n", "IB0302"},
		{"a reference without quotes in brackets",
			parameters + "Tasks:\n  - {Name: a, Action: WebDownload, Properties: {sourcePath: {{ p }}, destinationDir: {{ p }}}}\n" +
				"  - Name: b\n    Action: RunShellCommand\n    Properties:\n      commandContent: ls\n      workingDir: {{ p }}/x\n", "IB0609 IB0609 IB0609"},
		{"braces of others", task("RunShellCommand", "commandContent: \"docker ps --format '{{ .Names }}'\""), ""},
		{"YAML and commands on Windows", windows + "RUN a\n", "IB0249"},
		{"commands on a Windows image", "FROM IMAGE_FAMILY:acs:windows_2022_x64\nRUN a\n", "IB0249"},
		{"COMPONENT and RESTART on a Windows image",
			"FROM IMAGE_FAMILY:acs:windows_2022_x64\nCOMPONENT ic-1\nRESTART\nCOMPONENT ic-1\n", ""},
	})
}

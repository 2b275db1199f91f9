package shared

import (
	"fmt"
	"strings"

	"imagedrop/shared/template"
)

// form is what a command's argument can look like: right, or odd, or wrong.
type form struct{ keyword, argument string }

var goodForms = []form{
	{"RUN", "yum install -y nginx"}, {"RUN", `echo "a b" 'c d' > /tmp/x`}, {"RUN", `["echo", "a"]`}, {"RUN", `[ -f /etc/x ] && rm /etc/x`},
	{"RUN", "echo $((1<<2)) <<<word"}, {"RUN", "echo {{ x }} 中文 *~+%20"}, {"RUN", "ls --all"}, {"RUN", "echo Tasks: Parameters:"},
	{"RUN", "true # no comment"},
	{"ENV", "KEY value"}, {"ENV", "KEY some words"}, {"ENV", `A="1" B="two words"`}, {"ENV", `A='x y' B=z\ z`}, {"ENV", `A=`},
	{"ENV", "KEY a=b"}, {"ENV", `A="x\"y"`},
	{"WORKDIR", "/opt/app"}, {"WORKDIR", "app/lib"}, {"WORKDIR", `"/opt"`}, {"USER", "root"}, {"USER", "app:app"}, {"USER", "$NAME"},
	{"LABEL", `a="b"`}, {"LABEL", `a="b" c='d e'`}, {"LABEL", "a=b"},
	{"COPY", "/a /b"}, {"COPY", "https://example.com/a.tar.gz /opt"}, {"COPY", "/a*? /opt"}, {"COPY", `"/a" "/b"`}, {"COPY", "[a b]"},
	{"CMD", `["nginx", "-g"]`}, {"CMD", "nginx -g"}, {"CMD", "exec [ x ]"}, {"CMD", "[]"}, {"ENTRYPOINT", `["/bin/sh"]`},
	{"ENTRYPOINT", "/bin/sh"}, {"RESTART", ""},
}

var oddForms = []form{
	{"RUN", "echo \x1b"}, {"RUN", "echo caf\xe9"}, {"RUN", ""}, {"RUN", "--mount=type=cache true"}, {"RUN", "--"}, {"RUN", "-- x"},
	{"RUN", "cat <<EOF"}, {"RUN", "cat <<-'EOF' > /a"}, {"RUN", `cat "<<EOF"`}, {"RUN", "cat 3<<EOF"},
	{"RUN", "cat << EOF"}, {"RUN", "cat <<"}, {"RUN", "cat <<-"}, {"RUN", `cat <<""`}, {"RUN", `cat <<\EOF`}, {"RUN", "a<<EOF"},
	{"RUN", "cat '<<EOF"}, {"RUN", "cat <<A<<B"}, {"RUN", `["a", 1]`}, {"RUN", "["},
	{"ENV", ""}, {"ENV", "KEY"}, {"ENV", "=value"}, {"ENV", "A=b C"}, {"ENV", "A b=c"}, {"ENV", `A="b`}, {"ENV", `A='b`}, {"ENV", `"A B"`},
	{"ENV", `"A"=b`}, {"ENV", `A=b =c`}, {"ENV", `"A B" c`}, {"ENV", `A\ B`}, {"ENV", `A=b "c d"`}, {"ENV", `A=b\`}, {"ENV", "KEY "},
	{"ENV", "KEY\u00a0value"},
	{"WORKDIR", ""}, {"WORKDIR", "/a b"}, {"WORKDIR", `"/a b"`}, {"WORKDIR", `/a\ b`}, {"USER", ""}, {"USER", "a b"}, {"USER", "a\u00a0b"},
	{"USER", "a\u3000b"}, {"USER", "a\u2003b"}, {"USER", "a\vb"}, {"USER", "a\u0085b"},
	{"LABEL", ""}, {"LABEL", "a"}, {"LABEL", "=b"}, {"LABEL", `a="b`}, {"LABEL", "a b"},
	{"COPY", ""}, {"COPY", "/a"}, {"COPY", "/a /b /c"}, {"COPY", "--chown=a /b /c"}, {"COPY", "--chown=a /b"}, {"COPY", "https://h/a?b /c"},
	{"COPY", "/a https://h/a?b"}, {"COPY", `"/a b" /c`}, {"COPY", `/a\ b /c`}, {"COPY", "<<EOF /a"}, {"COPY", "/a <<EOF"},
	{"COPY", `"https://h/a?b" /c`}, {"COPY", "/a -- /b"}, {"COPY", "/a --b"}, {"COPY", `["/a", "/b"]`}, {"COPY", `["/a","/b"]`},
	{"COPY", "://? /b"}, {"COPY", "/a\u00a0/b"}, {"COPY", "/a /b\u00a0/c"}, {"COPY", `'/a /b`}, {"COPY", `"<<EOF" /a`},
	{"CMD", ""}, {"CMD", `["a", 1]`}, {"CMD", `["a"] b`}, {"CMD", "[a"}, {"CMD", `["a", null]`}, {"CMD", "[null]"}, {"CMD", `["a",]`},
	{"CMD", "null"}, {"CMD", "[ ]"}, {"CMD", "\u00a0[x"}, {"ENTRYPOINT", ""}, {"ENTRYPOINT", "[1]"}, {"ENTRYPOINT", `['a']`},
	{"CMD", "[\"\xff\"]"},
	{"RESTART", "now"}, {"RESTART", "\u00a0"}, {"RESTART", `\`}, {"RESTART", "# x"},
	{"ADD", "a b"}, {"ARG", "x"}, {"EXPOSE", "80"}, {"VOLUME", "/x"}, {"SHELL", `["a"]`}, {"MAINTAINER", "x"}, {"R\u00dcN", "x"},
	{"RUN:", "x"}, {"RUNx", ""}, {"ſhell", "x"}, {"uſer", "x"}, {"\u212a", "x"}, {"}", ""}, {"ADD", "<<EOF x"}, {"- name:", "x"},
	{"HEALTHCHECK", ""},
	{"FROM", "IMAGE:m-bp67acfmxazb4p****"}, {"FROM", "ubuntu:22.04"}, {"FROM", ""}, {"COMPONENT", "ic-bp1"},
}

var goodReferences = []string{
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.*.*",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/*.*.*", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.0.*",
	`acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/with:parameters/1.0.0 --needed "two words" --optional one`,
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/with:parameters/1.*.* --needed x",
}

var oddReferences = []string{
	"", "ic-", "ic-bp12dvdzvr9k9*****", "ic-UPPER", "ic-a_b", "i-bp1", "agreed",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed:1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.*.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.0",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/01.0.0",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/9.9.9",
	"acs:ecs:cn-hangzhou:18689161186*****:imagecomponent/ComponentName/1.*.*", "acs:ecs:cn-hangzhou::imagecomponent/agreed/1.0.0",
	"acs:ecs::1234567890123456:imagecomponent/agreed/1.0.0",
	"acs:ecs:CN:1234567890123456:imagecomponent/agreed/1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/a/1.0.0",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/a:b/1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/1a/1.0.0",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/a/b/1.0.0", "acs:oss:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.0.0",
	"acs:ecs:cn-hangzhou:1234567890123456:component/agreed/1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/http:a/1.0.0",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1000000000.0.0",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.0.0 --p x",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/with:parameters/1.0.0",
	"ic-bp1 --p", "ic-bp1 --p x --p y", "ic-bp1 p x", "ic-bp1 -- x", "ic-bp1 --p --q", `ic-bp1 --p "a b`, `ic-bp1 --p "a"b`,
	`ic-bp1 --p a"b"`, `ic-bp1 --p 'a b'`, `ic-bp1 --p a\ b`, `ic-bp1 --p ""`, `ic-bp1 --p "a\"b"`, "ic-bp1 --p\u00a0x",
	"ic-bp1\u00a0--p x", `"ic-bp1"`, "ic-bp1 x", `ic-bp1 --"p q" x`, `ic-bp1 --p=x`, `ic-bp1 --p "x" --q "y"`, `ic-bp1 --p "x"--q y`,
	"ic-bp1 --p \"a\\\" --q x",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/+1.0.0",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/" + strings.Repeat("n", 129) + "/1.0.0",
	"acs:ecs:cn-:1234567890123456:imagecomponent/agreed/1.0.0",
}

var testReferences = []string{
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/tested/1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/tested/1.*.*",
}

// commands is a content; a pipeline's may begin with FROM.
func (g *generator) commands(kind template.Kind, from bool) string {
	switch g.IntN(40) {
	case 38:
		return g.sized(kind, from)
	case 39:
		return g.many(from)
	}
	var b strings.Builder
	if from && !g.wrong() {
		g.command(&b, form{"FROM", g.image()})
	}
	for range g.IntN(6) {
		g.someCommand(&b, kind)
	}
	if kind == template.Component && !g.wrong() {
		g.command(&b, pick(g, goodForms...))
	}
	if from && b.Len() == 0 || g.wrong() && kind == template.Pipeline {
		g.command(&b, form{"FROM", g.image()})
	}
	return b.String()
}

func (g *generator) someCommand(b *strings.Builder, kind template.Kind) {
	b.WriteString(pick(g, "", "", "", "", "# a comment\n", "\n", "   \n", "\t# indented\n"))
	if g.wrong() {
		b.WriteString(pick(g, "# syntax=docker/dockerfile:1\n", "# escape=`\n", "# caf\xe9\n", "# ---\n", "#---\n", "# a\x00b\n", "# bell \a\n"))
	}
	switch {
	case g.wrong():
		g.command(b, g.oddForm())
	case kind == template.Pipeline && g.once(6):
		g.command(b, form{"COMPONENT", g.reference(goodReferences)})
	default:
		g.command(b, pick(g, goodForms...))
	}
}

func (g *generator) oddForm() form {
	switch g.IntN(4) {
	case 0:
		return form{"COMPONENT", pick(g, append(oddReferences, testReferences...)...)}
	case 1:
		return form{pick(g, goodForms...).keyword, g.soup()}
	}
	return pick(g, oddForms...)
}

func (g *generator) reference(list []string) string {
	if g.wrong() {
		return pick(g, oddReferences...)
	}
	return pick(g, list...)
}

func (g *generator) image() string {
	if g.wrong() {
		return pick(g, "", "ubuntu", "ubuntu:22.04", "IMAGE:", "IMAGE_FAMILY:", "OSS:x", "image:m-1", "IMAGE:m-1 AS x", "IMAGE: m-1", "IMAGE:m-1\u00a0x", "IMAGE:m-bp1 \u00a0", ":m-1", "IMAGE", "IMAGE:m-NONE", "IMAGE:\u2003m", "IMAGE_FAMILY:a\vb", "IMAGE_FAMILY:acs:none")
	}
	return pick(g, "IMAGE:m-bp67acfmxazb4p****", "IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64", "IMAGE_FAMILY:golden:web", "IMAGE:aliyun_3_x64_20G_alibase_20240819.vhd")
}

var soupTokens = []string{
	" ", " ", " ", "\t", "\u00a0", "\u3000", "a", "b1", "k=v", "=", `"`, `"`, "'", "'", `\`, `\\`, `\"`, "--x", "-", "[", "]", `["a"]`, ",", "<<EOF", "<<-", "<", "$X", "${Y}", "#", "://", "?", "*", "中", "{{", "}}", ":", "/", "1", "null",
}

// soup is an argument without sense, for the readers of words and quotes.
func (g *generator) soup() string {
	var b strings.Builder
	for range 1 + g.IntN(10) {
		b.WriteString(pick(g, soupTokens...))
	}
	return b.String()
}

// command writes one command, at times over several lines.
func (g *generator) command(b *strings.Builder, f form) {
	line := f.keyword
	if g.once(12) {
		line = strings.ToLower(line)
	}
	if f.argument != "" || g.wrong() {
		separator := " "
		if g.once(10) {
			separator = pick(g, "  ", "\t", "\u00a0", " \u3000")
		}
		line += separator + f.argument
	}
	if g.once(12) {
		line = pick(g, "  ", "\t", "\u00a0") + line
	}
	if g.once(12) {
		line += pick(g, " ", "\t", "\u00a0", "   ")
	}
	b.WriteString(g.continued(line) + "\n")
	if strings.Contains(line, "<<") && g.once(2) {
		b.WriteString("body of a document\nEOF\n")
	}
}

// continued breaks a line at one of its blanks.
func (g *generator) continued(line string) string {
	if g.wrong() {
		return line + pick(g, `\`, ` \`, ` \ `, `\\`)
	}
	if !g.once(6) {
		return line
	}
	at := strings.LastIndexByte(line, ' ')
	if at < 1 {
		return line
	}
	return line[:at] + pick(g, ` \`, `\`, ` \  `, "\\\t") + "\n" + pick(g, "", "", "# between\n", "\n", "   # x\n\n") + pick(g, line[at:], "  "+line[at:])
}

func (g *generator) testCommands() string {
	if g.once(20) {
		return "RUN " + strings.Repeat("x", pick(g, 16380, 16381)) + "\n"
	}
	var b strings.Builder
	for range 1 + g.IntN(3) {
		if g.once(4) {
			g.command(&b, form{"COMPONENT", g.reference(testReferences)})
			continue
		}
		g.someCommand(&b, template.Component)
	}
	if g.wrong() {
		return pick(g, "Tasks: []\n", "FROM IMAGE:m-1\n", "", "# --- test\nRUN x\n") + b.String()
	}
	return b.String()
}

// sized is a content at the limit of bytes; comments do not count.
func (g *generator) sized(kind template.Kind, from bool) string {
	head := ""
	if from {
		head = "FROM IMAGE:m-bp67acfmxazb4p****\n"
	}
	const limit = 16384
	n := limit - pick(g, 2, 1, 0)
	if g.wrong() {
		n = limit + 1
	}
	fill := "RUN "
	if g.once(2) {
		fill += strings.Repeat("é", 100)
	}
	return "# not counted\n" + head + fill + strings.Repeat("x", n-len(head)-len(fill)) + "\n\n"
}

// many is a content at the limit of commands.
func (g *generator) many(from bool) string {
	head, n := "", 127
	if from {
		head, n = "FROM IMAGE:m-bp67acfmxazb4p****\n", 126
	}
	n -= g.IntN(2)
	if g.wrong() {
		n += 2
	}
	return head + strings.Repeat("RUN a \\\n# x\n  b\n", 3) + strings.Repeat("RUN true\n", n-3)
}

// disturb makes a few mistakes of the keyboard.
func (g *generator) disturb(text string) string {
	if !g.wrong() || !g.once(2) {
		return text
	}
	for range 1 + g.IntN(2) {
		lines := strings.Split(text, "\n")
		at := g.IntN(len(lines))
		switch g.IntN(6) {
		case 0:
			lines[at] = ""
		case 1:
			lines = append(lines[:at+1:at+1], lines[at:]...)
		case 2:
			other := g.IntN(len(lines))
			lines[at], lines[other] = lines[other], lines[at]
		case 3:
			lines[at] = strings.TrimLeft(lines[at], "# ")
		default:
			lines[at] = g.slip(lines[at])
		}
		text = strings.Join(lines, "\n")
	}
	return text
}

func (g *generator) slip(line string) string {
	runes := []rune(line)
	at := g.IntN(len(runes) + 1)
	token := pick(g, append([]string{"\x00", "\x01", "\x1b", "\x7f", "\xff", "\r", "\u2028", "\u0085", "\f", "\v", "\ufeff", "\ufffd", "- ", ": ", "{", "}"}, soupTokens...)...)
	return string(runes[:at]) + token + string(runes[at:])
}

// yamlComponent is a component of tasks.
func (g *generator) yamlComponent() string {
	var b strings.Builder
	b.WriteString(pick(g, "", "", "", "# a component\n", "---\n", "\n"))
	if g.once(2) {
		b.WriteString(g.yamlParameters())
	}
	if g.wrong() {
		b.WriteString(pick(g, "Version: 1\n", "Tasks: []\n", "Parameters: [p]\n", "tasks: []\n", "RUN true\n", "? x\n", "&a x: y\n", "schemaVersion: 1.0\nphases: []\n", "...\n", "%YAML 1.1\n"))
	}
	if g.wrong() && g.once(3) {
		b.WriteString(pick(g, "", "Tasks:\n", "Tasks: text\n", "Tasks: {a: b}\n", "Tasks: []\n", "Tasks: [null]\n", "Tasks: [text]\n", "Tasks: null\n", "Tasks: ~\n", "Tasks: [&a [*a]]\n", "Tasks: &a [*a]\n", "{Tasks: [{Name: a, Action: Reboot}]}\n", "Tasks:\n\t- Name: a\n"))
		return b.String()
	}
	b.WriteString("Tasks:\n")
	for i := range 1 + g.IntN(3) {
		g.yamlTask(&b, i)
	}
	if g.wrong() {
		b.WriteString(pick(g, "---\nTasks: []\n", "...\n", "Parameters: {}\n", "# end\n", "...\ngarbage: [\n", "\t\n", "Tasks: []\n"))
	}
	return b.String()
}

func (g *generator) yamlParameters() string {
	if g.wrong() {
		return pick(g, "Parameters: {p: {DefaultValue: x}}\n", "Parameters: {p: {Type: List}}\n", "Parameters: {p: {Type: String}, p: {Type: String}}\n", "Parameters: [p]\n", "Parameters: text\n", "Parameters:\n", "Parameters: {p: text}\n", "Parameters: {p: }\n",
			"Parameters: {p: {Type: [String]}}\n", "Parameters: {p: {Type: String, Other: x}}\n", "Parameters: {1: {Type: String}}\n", "Parameters: {p: {Type: string}}\n", "Parameters: {p: {Type: }}\n", "Parameters: ''\n", "Parameters: {p: {Type: !!str String}}\n", "Parameters: {p: {Type: String, DefaultValue: [x]}}\n", "Parameters: &a {p: *a}\n", "Parameters: {? {a: b} : {Type: String}}\n", "Parameters: {'': {Type: String}}\n", "Parameters: {p: {Type: String, Type: Number}}\n", "Parameters: {<<: {p: {Type: String}}}\n", "Parameters: !!omap [p: {Type: String}]\n", "Parameters: false\n")
	}
	return pick(g, "Parameters:\n  p: {Type: String}\n", "Parameters: {p: {Type: Number, DefaultValue: 5}, q: {Type: Boolean}}\n", "Parameters: {p: {Type: String, DefaultValue: ''}}\n", "Parameters: {}\n", "Parameters:\n  p: &t {Type: String}\n  q: *t\n")
}

var goodTasks = []struct{ action, properties string }{
	{"RunShellCommand", "{commandContent: 'echo hi'}"}, {"RunShellCommand", "{commandContent: \"x\", workingDir: /opt, username: root}"},
	{"RunShellCommand", "\n      commandContent: |\n        # kept\n        echo a\n\n        echo {{ .Name }}\n"}, {"RunShellCommand", "\n      commandContent: >-\n        one\n        two\n      workingDir: /x\n"},
	{"RunPowerShellCommand", "{commandContent: 'dir', windowsPasswordName: x}"}, {"InvokeCommand", "{commandId: c-1, parameters: {a: b}}"}, {"InvokeCommand", `{commandId: c-1, parameters: '{"a":"b"}'}`},
	{"OSSDownload", "{bucketName: b, objectName: o, destinationDir: /d, validTime: 60}"}, {"OSSUpload", "{bucketName: b, objectName: o, fileToUpload: /f, ossRegion: cn-hangzhou}"},
	{"WebDownload", "{sourcePath: 'https://example.com/a', destinationDir: /d, timeout: 600}"}, {"Reboot", "{forceStop: true}"}, {"Reboot", "{}"}, {"Reboot", ""},
}

var oddTasks = []struct{ action, properties string }{
	{"Sleep", "{}"}, {"", "{}"}, {"runShellCommand", "{commandContent: x}"}, {"RunShellCommand", "{}"}, {"RunShellCommand", "{commandContent: ''}"}, {"RunShellCommand", "{commandContent: }"}, {"RunShellCommand", "{commandContent: ~}"}, {"RunShellCommand", "{commandContent: x, other: y}"},
	{"RunShellCommand", "[a]"}, {"RunShellCommand", "text"}, {"RunShellCommand", ""}, {"Reboot", "[a]"}, {"Reboot", "text"}, {"Reboot", "~"}, {"Reboot", "''"}, {"WebDownload", "{sourcePath: x}"}, {"[Reboot]", "{}"}, {"{a: b}", "{}"},
	{"RunShellCommand", "{commandContent: x, commandContent: y}"}, {"RunShellCommand", "{commandContent: [x]}"}, {"RunShellCommand", "{commandContent: []}"}, {"RunShellCommand", "{commandContent: {}}"}, {"RunShellCommand", "{commandContent: {a: '{{ nope }}'}}"}, {"RunShellCommand", "{commandContent: '{{ nope }}'}"}, {"RunShellCommand", "{commandContent: {{ nope }}}"},
	{"RunShellCommand", "\n      commandContent: {{ p }}\n"}, {"RunShellCommand", "\n      commandContent: {{ p }} and more\n"}, {"RunShellCommand", "\n      commandContent: {{ nope }}/x\n"}, {"RunShellCommand", "{commandContent: '{{ p }} {{ q }} {{p}}'}"}, {"RunShellCommand", "{commandContent: '{{ t0.stdout }}'}"}, {"RunShellCommand", "{commandContent: '{{ t1.stdout }}'}"}, {"RunShellCommand", "{commandContent: '{{ t0.stderr }}'}"}, {"RunShellCommand", "{commandContent: '{{ t0 }}'}"},
	{"RunShellCommand", "{commandContent: &a x, workingDir: *a}"}, {"RunShellCommand", "{commandContent: *nowhere}"}, {"RunShellCommand", "{<<: {commandContent: x}}"}, {"RunShellCommand", "{commandContent: !!int 5}"}, {"RunShellCommand", "{commandContent: !custom 5}"}, {"RunShellCommand", "{commandContent: 5}"}, {"RunShellCommand", "{commandContent: 2001-01-01}"}, {"RunShellCommand", "{1: x, commandContent: y}"}, {"Reboot", "{? [a] : b}"}, {"RunShellCommand", "{commandContent: '{{ a.b.c }} {{ }} {{{ p }}} {{ p'}"}, {"!!str Reboot", "{}"}, {"5", "{}"}, {"null", "{}"}, {"RunShellCommand", "{'commandContent': {{ p }} }"}, {"RunShellCommand", "\n      - commandContent: x\n"}, {"RunShellCommand", "{commandContent: {{p: x}: y}}"}, {"RunShellCommand", "{commandContent: {{p}: y}}"}, {"RunShellCommand", "{commandContent: {{p}}}"}, {"RunShellCommand", "{commandContent: x, '{{ nope }}': y}"},
}

func (g *generator) yamlTask(b *strings.Builder, i int) {
	name, task := fmt.Sprintf("t%d", i), pick(g, goodTasks...)
	if g.wrong() {
		name = pick(g, "t0", "", "~", "''", "5", "[a]", "{a: b}", "*x", "&x a", "a b", "t0.stdout", "'p'")
	}
	if g.wrong() {
		task = pick(g, oddTasks...)
	}
	indent := pick(g, "", "  ")
	if strings.Contains(task.properties, "\n") {
		indent = "  "
	}
	fmt.Fprintf(b, "%s- Name: %s\n%s  Action: %s\n", indent, name, indent, task.action)
	if task.properties != "" || g.wrong() {
		fmt.Fprintf(b, "%s  Properties: %s\n", indent, task.properties)
	}
	if g.wrong() {
		b.WriteString(indent + pick(g, "  Other: x\n", "  Name: again\n", "  # comment\n", "\n", " Bad: indent\n", "- text\n", "- Name: x\n", "- {Name: y, Action: Reboot}\n", "- *x\n", "  <<: {Name: z}\n", "- \n", "- []\n"))
	}
}

package shared

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"imagedrop/shared/template"
)

// chooser makes the generator's choices: a random source in the test, the
// fuzzer's bytes in the fuzz target. IntN answers 0 to n-1.
type chooser interface{ IntN(n int) int }

// byteChooser reads its choices from bytes; when they are used up it answers 0.
type byteChooser struct{ data []byte }

func (b *byteChooser) IntN(n int) int {
	value := 0
	for limit := 1; limit < n; limit <<= 8 {
		if len(b.data) == 0 {
			return value % n
		}
		value = value<<8 | int(b.data[0])
		b.data = b.data[1:]
	}
	return value % n
}

// generator composes files and messages of every part of the template
// language: mostly right ones, so that a single mistake stands alone.
type generator struct {
	chooser
	mistakes int // one in so many choices is a mistake, 0: none
}

func generate(c chooser) sample {
	g := &generator{chooser: c}
	g.mistakes = pick(g, 0, 0, 60, 30, 12, 4)
	switch g.IntN(8) {
	case 0:
		return g.yamlFile()
	case 1, 2, 3:
		return g.message()
	}
	return g.file()
}

func pick[T any](g *generator, list ...T) T { return list[g.IntN(len(list))] }

// once is true one time in n.
func (g *generator) once(n int) bool { return g.IntN(n) == n-1 }

// wrong is true where a mistake is due.
func (g *generator) wrong() bool { return g.mistakes > 0 && g.once(g.mistakes) }

func (g *generator) file() sample {
	kind := pick(g, template.Component, template.Pipeline, template.Pipeline)
	text := g.document(kind)
	key := pick(g, "web.Dockerfile", "base/web.Dockerfile", "Dockerfile.web", "team-a/Dockerfile", "网络.Dockerfile")
	if g.wrong() {
		key = pick(g, "1.Dockerfile", "a.Dockerfile", "a b.Dockerfile", "Dockerfile", "http:/x.Dockerfile", strings.Repeat("a", 129)+".Dockerfile", "web.yaml", "noname")
	}
	return sample{key: template.Prefix + key, text: g.disturb(text)}
}

func (g *generator) yamlFile() sample {
	var b strings.Builder
	if g.once(2) {
		b.WriteString(g.header(template.Component))
	}
	b.WriteString(g.yamlComponent())
	return sample{key: template.Prefix + pick(g, "monitor.yaml", "monitor.yml"), text: g.disturb(g.lineEnds(b.String()))}
}

// document is a Dockerfile template: header, content, test section.
func (g *generator) document(kind template.Kind) string {
	var b strings.Builder
	from := kind == template.Pipeline && !g.once(4)
	settings := g.settings(kind, from)
	if len(settings) > 0 {
		b.WriteString(g.headerOf(settings))
	}
	b.WriteString(g.commands(kind, from))
	if kind == template.Pipeline && g.once(3) || g.wrong() {
		b.WriteString(pick(g, "# --- test\n", "# --- test\n", "# --- test\n", "# ---test\n") + g.testCommands())
	}
	return g.lineEnds(b.String())
}

// lineEnds spells the same lines in another way.
func (g *generator) lineEnds(text string) string {
	switch g.IntN(8) {
	case 1:
		return strings.ReplaceAll(text, "\n", "\r\n")
	case 2:
		return "\ufeff" + text
	case 3:
		return strings.TrimSuffix(text, "\n")
	}
	return text
}

// setting is one key of a header or message; its value is JSON.
type setting struct{ name, value string }

func (g *generator) header(kind template.Kind) string { return g.headerOf(g.settings(kind, false)) }

func (g *generator) headerOf(settings []setting) string {
	var b strings.Builder
	b.WriteString(pick(g, "", "", "# a comment\n", "\n"))
	marker := "# ---\n"
	b.WriteString(marker)
	for _, s := range settings {
		b.WriteString(g.headerLine(s))
	}
	if !g.wrong() {
		b.WriteString(marker)
	}
	return b.String()
}

// headerLine spells a setting in YAML, of which JSON is a part.
func (g *generator) headerLine(s setting) string {
	var object map[string]json.RawMessage
	if json.Unmarshal([]byte(s.value), &object) == nil && len(object) > 0 && g.once(3) {
		block := "# " + s.name + ":\n"
		for _, member := range g.ordered(object) {
			block += "#   " + quoted(member) + ": " + string(object[member]) + "\n"
		}
		return block
	}
	var text string
	if json.Unmarshal([]byte(s.value), &text) == nil && isPlainYAML(text) && g.once(2) {
		return "# " + s.name + ": " + text + "\n"
	}
	return "# " + s.name + ": " + s.value + "\n"
}

func (g *generator) ordered(object map[string]json.RawMessage) []string {
	var names []string
	for _, k := range template.Keys {
		if name := k.Path[strings.LastIndexByte(k.Path, '.')+1:]; object[name] != nil && !slices.Contains(names, name) {
			names = append(names, name)
		}
	}
	if len(names) != len(object) { // tags: their keys are in no table
		return slices.Sorted(maps.Keys(object))
	}
	return names
}

func isPlainYAML(s string) bool {
	return s != "" && strings.Trim(s, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-_.") == "" &&
		s[0] != '-' && s != "true" && s != "false" && s != "null" && s[0] != '.'
}

// quoted is a JSON string.
func quoted(s string) string {
	b, err := json.Marshal(s)
	if err != nil {
		panic(err) // a string always has a JSON form
	}
	return string(b)
}

// settings chooses keys of the table with values.
func (g *generator) settings(kind template.Kind, from bool) []setting {
	var list []setting
	if kind == template.Pipeline && (!from || g.wrong()) {
		list = append(list, g.base()...)
	}
	if g.once(2) {
		return list
	}
	often := pick(g, 3, 8, 20)
	for i := range template.Keys {
		k := &template.Keys[i]
		fits := k.Kind == "" || k.Kind == kind
		switch {
		case strings.Contains(k.Path, "."), k.MessageOnly, strings.HasPrefix(k.Path, "baseImage"):
		case k.Path == "kind" && g.once(often):
			list = append(list, setting{"kind", quoted(string(kind))})
		case k.Path == "importImageOptions" && !g.once(6):
		case fits && g.once(often), g.wrong() && g.once(4):
			list = append(list, setting{k.Path, g.value(k)})
		}
	}
	if g.wrong() {
		list = append(list, pick(g, setting{"nmae", `"web"`}, setting{"name", `"twice"`}, setting{"kind", `"execution"`},
			setting{"build", "true"}, setting{"targets", `["alibaba", "aws"]`}, setting{"kind", `"component"`}))
	}
	return list
}

// base names the base image by keys.
func (g *generator) base() []setting {
	switch g.IntN(5) {
	case 0:
		return []setting{{"baseImageType", `"OSS"`}, {"importImageOptions", g.value(keyOf("importImageOptions"))}}
	case 1:
		return []setting{{"baseImageType", `"IMAGE"`}, {"baseImage", g.value(keyOf("baseImage"))}}
	}
	list := []setting{{"baseImageType", `"IMAGE_FAMILY"`}, {"baseImage", pick(g, `"acs:alibaba_cloud_linux_3_2104_lts_x64"`, `"golden"`)}}
	if g.wrong() {
		return pick(g, list[:1], list[1:], []setting{{"baseImageType", `"OSS"`}}, []setting{{"baseImageType", `""`}}, []setting{{"baseImageType", g.value(keyOf("baseImageType"))}})
	}
	return list
}

func keyOf(path string) *template.Key {
	for i := range template.Keys {
		if template.Keys[i].Path == path {
			return &template.Keys[i]
		}
	}
	panic("no key " + path)
}

// value spells a value of the key as JSON.
func (g *generator) value(k *template.Key) string {
	if g.wrong() && g.once(4) {
		return pick(g, "null", "3", "true", `"text"`, "[]", "{}", "[null]", "1.5", `[["a"]]`)
	}
	switch k.Type {
	case template.Integer:
		return g.integer(k)
	case template.Boolean:
		return pick(g, "true", "false")
	case template.Strings:
		return g.list(k)
	case template.Tags:
		return g.tags()
	case template.Object:
		return g.object(k)
	case template.Objects:
		return g.objects(k)
	}
	return quoted(g.text(k))
}

func (g *generator) integer(k *template.Key) string {
	if g.wrong() {
		return pick(g, strconv.Itoa(k.Min-1), strconv.Itoa(k.Max+1), "-1", "0", "1e2", "0x20", "99999999999999999999", "040", "+40")
	}
	return strconv.Itoa(pick(g, k.Min, k.Max, k.Min+1, (k.Min+k.Max)/2))
}

// count is how many entries a list of at most limit gets.
func (g *generator) count(limit int) int {
	if g.wrong() {
		return pick(g, 0, limit+1, limit+2)
	}
	return pick(g, 1, 1, 2, 3, limit-2, limit-1, limit)
}

func (g *generator) list(k *template.Key) string {
	limit := k.Items
	if limit == 0 {
		limit = len(k.Enum)
	}
	entries := make([]string, max(g.count(max(limit, 3)), 0))
	for i := range entries {
		entries[i] = quoted(g.text(k))
		if k.Path == "addAccounts" && g.once(3) {
			entries[i] = pick(g, "1234567890", "1234567890123456")
		}
	}
	return "[" + strings.Join(entries, ", ") + "]"
}

const maxTagText = 128 // characters of a tag's key or value

func (g *generator) tags() string {
	members := make([]string, g.count(20))
	for i := range members {
		key, value := fmt.Sprintf("k%d", i), pick(g, "", "v", "中文", strings.Repeat("v", maxTagText))
		if g.once(9) {
			key = fmt.Sprintf("%d%s", i+10, strings.Repeat("键", maxTagText-2))
		}
		if g.wrong() {
			key = pick(g, "", "acs:k", "aliyun", "a http://b", "a https://b", strings.Repeat("k", maxTagText+1), "k0", "imagedrop:job", "imagedrop:digest", "imagedrop:other")
		}
		if g.wrong() {
			value = pick(g, "acs:v", "a http://b", "https://b", strings.Repeat("v", maxTagText+1), "aliyun")
		}
		members[i] = quoted(key) + ": " + quoted(value)
	}
	return "{" + strings.Join(members, ", ") + "}"
}

// object sets some members of a key.
func (g *generator) object(parent *template.Key) string {
	var members []string
	for i := range template.Keys {
		k := &template.Keys[i]
		name, ok := strings.CutPrefix(k.Path, parent.Path+".")
		needed := strings.HasPrefix(k.Path, "importImageOptions.diskDeviceMappings")
		if ok && !strings.Contains(name, ".") && (needed && !g.wrong() || g.once(4)) {
			members = append(members, quoted(name)+": "+g.value(k))
		}
	}
	if g.wrong() {
		members = append(members, `"unknown": 1`)
	}
	return "{" + strings.Join(members, ", ") + "}"
}

func (g *generator) objects(k *template.Key) string {
	entries := make([]string, g.count(k.Items))
	for i := range entries {
		entries[i] = g.object(k)
	}
	return "[" + strings.Join(entries, ", ") + "]"
}

// wellFormed are values of keys whose form is that of an identifier.
var wellFormed = map[string][]string{
	"regionId":         {"cn-hangzhou", "cn-hangzhou", "cn-hangzhou", "cn-beijing", "xx-nowhere"},
	"toRegionIds":      {"cn-hangzhou", "cn-beijing", "us-west-1", "cn-shanghai", "cn-shenzhen", "cn-wuhan-lr", "cn-none"},
	"resourceGroupId":  {"rg-bp67acfmxazb4p****"},
	"vSwitchId":        {"vsw-bp67acfmxazb4p****"},
	"instanceType":     {"ecs.g6.large", "ecs.t6-c1m1.large", "ecs.none.large"},
	"baseImage":        {"m-bp67acfmxazb4p****", "aliyun_3_x64_20G_alibase_20240819.vhd", "m-none0"},
	"componentVersion": {"1.0.0", "0.0.0", "1.2.3", "999999999.0.1", "12.34.56", "1.4.*", "1.4.*", "7.*.*"},
	"addAccounts":      {"1234567890", "1", "999999999999999999"},
	"importImageOptions.diskDeviceMappings.ossBucket": {"abc", "my-bucket-1", "0" + "-a", strings.Repeat("b", 63)},
	"importImageOptions.diskDeviceMappings.ossObject": {"a", "disks/系统.raw", strings.Repeat("o", 1023)},
	"templateETag": {"5B3C1A2E053D763E1B002CC607C5A0FE", `"quoted"`},
	"clientToken":  {"123e4567-e89b-12d3-a456-426655440000", "~", strings.Repeat("t", 64)},
}

// malformed are values that are wrong for some keys and right for others.
var malformed = []string{
	"", " ", "a", "A1", "1a", "-a", "_a", ":a", ".a", "a b", "a/b", "a@b", "网", "网a", "㐀a", "aé", "éa", "aА", "a\u0301", "a\n", "\na", "a\tb", " ab", "ab ",
	"http://a", "https://a", "ahttp://b", "HTTP://a", "http:/a", "acs:", "acs:a", "Acs:a", "aliyun", "aliyunx", "Aliyun", "xaliyun",
	"true", "1.0", "1.0.", "1.0.*", "*.*.*", "1.*.*", "01.0.0", "1.0.0.0", "-1.0.0", "1000000000.0.0", "9223372036854775807.0.0",
	"cn-hangzhou ", "CN-hangzhou", "cn_hangzhou", "cn-", "rg-1", "rg-", "vsw-ABCD", "vsw-", "ecs.g6", "ecs..large", "m-", "0", "0123", "12345678901234567890", "-5",
	"linux", "Linux", "LINUX", "windows", "UEFI", "bios", "standard", "Disable", "AUTO", "RAW ", "\u00a0a", "a\u00a0", "\u3000", "a\u2028b", "中文",
	"ab", "my_bucket", "-bucket", "bucket-", "/key", `\key`, "k/", strings.Repeat("x", 64), strings.Repeat("x", 65), strings.Repeat("x", 128), strings.Repeat("x", 129),
	strings.Repeat("网", 64), strings.Repeat("网", 65), strings.Repeat("网", 128), strings.Repeat("网", 129), strings.Repeat("x", 256), strings.Repeat("x", 257),
	strings.Repeat("é", 256), strings.Repeat("é", 257), strings.Repeat("o", 1024), strings.Repeat("é", 512),
}

func (g *generator) text(k *template.Key) string {
	switch {
	case g.wrong():
		return pick(g, malformed...)
	case k.Enum != nil:
		return pick(g, k.Enum...)
	case wellFormed[k.Path] != nil:
		return pick(g, wellFormed[k.Path]...)
	case k.Max == 0:
		return pick(g, "text", "中文", "a b", "x\"y")
	}
	return g.filled(pick(g, k.Min, k.Min+1, k.Max-1, k.Max, 9, 9), pick(g, "a", "Z", "中", "x1", "b-", "q_:"))
}

// filled is a text of n characters that begins with a letter.
func (g *generator) filled(n int, with string) string {
	runes := []rune("n")
	for len(runes) < n {
		runes = append(runes, []rune(with)...)
	}
	return string(runes[:n])
}

// message is a message body of one of the forms that are read.
func (g *generator) message() sample {
	kind := pick(g, template.Component, template.Pipeline)
	if g.once(6) {
		return sample{text: g.disturb(g.document(kind))}
	}
	from := kind == template.Pipeline && !g.once(4)
	settings := g.settings(kind, from)
	in := sample{}
	content := g.commands(kind, from)
	switch g.IntN(6) {
	case 1:
		content = g.header(kind) + content
	case 2:
		if kind == template.Component {
			content = g.yamlComponent()
		}
	}
	if g.once(5) {
		settings = append(settings, setting{"templateUri", pick(g, `"oss://templates/templates/web.Dockerfile"`, `"oss://templates/monitor.yaml"`)})
		in.object = content
	} else {
		settings = append(settings, setting{"content", quoted(g.disturb(content))})
	}
	if kind == template.Pipeline && g.once(3) || g.wrong() {
		settings = append(settings, setting{"testContent", quoted(g.testCommands())})
	}
	for _, path := range []string{"clientToken", "templateETag", "imagePipelineId"} {
		if path == "clientToken" && g.once(6) || g.wrong() {
			settings = append(settings, setting{path, g.value(keyOf(path))})
		}
	}
	members := make([]string, len(settings))
	for i, s := range settings {
		members[i] = quoted(s.name) + ": " + s.value
	}
	in.text = "{" + strings.Join(members, ",\n ") + "}"
	if g.wrong() {
		in.text = g.disturb(in.text)
	}
	if g.once(8) {
		in.text = base64.StdEncoding.EncodeToString([]byte(in.text))
	}
	return in
}

// form is what a command's argument can look like: right, or odd, or wrong.
type form struct{ keyword, argument string }

var goodForms = []form{
	{"RUN", "yum install -y nginx"}, {"RUN", `echo "a b" 'c d' > /tmp/x`}, {"RUN", `["echo", "a"]`}, {"RUN", `[ -f /etc/x ] && rm /etc/x`},
	{"RUN", "echo $((1<<2)) <<<word"}, {"RUN", "echo {{ x }} 中文 *~+%20"}, {"RUN", "ls --all"}, {"RUN", "echo Tasks: Parameters:"}, {"RUN", "true # no comment"},
	{"ENV", "KEY value"}, {"ENV", "KEY some words"}, {"ENV", `A="1" B="two words"`}, {"ENV", `A='x y' B=z\ z`}, {"ENV", `A=`}, {"ENV", "KEY a=b"}, {"ENV", `A="x\"y"`},
	{"WORKDIR", "/opt/app"}, {"WORKDIR", "app/lib"}, {"WORKDIR", `"/opt"`}, {"USER", "root"}, {"USER", "app:app"}, {"USER", "$NAME"},
	{"LABEL", `a="b"`}, {"LABEL", `a="b" c='d e'`}, {"LABEL", "a=b"},
	{"COPY", "/a /b"}, {"COPY", "https://example.com/a.tar.gz /opt"}, {"COPY", "/a*? /opt"}, {"COPY", `"/a" "/b"`}, {"COPY", "[a b]"},
	{"CMD", `["nginx", "-g"]`}, {"CMD", "nginx -g"}, {"CMD", "exec [ x ]"}, {"CMD", "[]"}, {"ENTRYPOINT", `["/bin/sh"]`}, {"ENTRYPOINT", "/bin/sh"}, {"RESTART", ""},
}

var oddForms = []form{
	{"RUN", "echo \x1b"}, {"RUN", "echo caf\xe9"}, {"RUN", ""}, {"RUN", "--mount=type=cache true"}, {"RUN", "--"}, {"RUN", "-- x"}, {"RUN", "cat <<EOF"}, {"RUN", "cat <<-'EOF' > /a"}, {"RUN", `cat "<<EOF"`}, {"RUN", "cat 3<<EOF"},
	{"RUN", "cat << EOF"}, {"RUN", "cat <<"}, {"RUN", "cat <<-"}, {"RUN", `cat <<""`}, {"RUN", `cat <<\EOF`}, {"RUN", "a<<EOF"}, {"RUN", "cat '<<EOF"}, {"RUN", "cat <<A<<B"}, {"RUN", `["a", 1]`}, {"RUN", "["},
	{"ENV", ""}, {"ENV", "KEY"}, {"ENV", "=value"}, {"ENV", "A=b C"}, {"ENV", "A b=c"}, {"ENV", `A="b`}, {"ENV", `A='b`}, {"ENV", `"A B"`}, {"ENV", `"A"=b`}, {"ENV", `A=b =c`}, {"ENV", `"A B" c`}, {"ENV", `A\ B`}, {"ENV", `A=b "c d"`}, {"ENV", `A=b\`}, {"ENV", "KEY "}, {"ENV", "KEY\u00a0value"},
	{"WORKDIR", ""}, {"WORKDIR", "/a b"}, {"WORKDIR", `"/a b"`}, {"WORKDIR", `/a\ b`}, {"USER", ""}, {"USER", "a b"}, {"USER", "a\u00a0b"}, {"USER", "a\u3000b"}, {"USER", "a\u2003b"}, {"USER", "a\vb"}, {"USER", "a\u0085b"},
	{"LABEL", ""}, {"LABEL", "a"}, {"LABEL", "=b"}, {"LABEL", `a="b`}, {"LABEL", "a b"},
	{"COPY", ""}, {"COPY", "/a"}, {"COPY", "/a /b /c"}, {"COPY", "--chown=a /b /c"}, {"COPY", "--chown=a /b"}, {"COPY", "https://h/a?b /c"}, {"COPY", "/a https://h/a?b"}, {"COPY", `"/a b" /c`}, {"COPY", `/a\ b /c`}, {"COPY", "<<EOF /a"}, {"COPY", "/a <<EOF"}, {"COPY", `"https://h/a?b" /c`}, {"COPY", "/a -- /b"}, {"COPY", "/a --b"}, {"COPY", `["/a", "/b"]`}, {"COPY", `["/a","/b"]`}, {"COPY", "://? /b"}, {"COPY", "/a\u00a0/b"}, {"COPY", "/a /b\u00a0/c"}, {"COPY", `'/a /b`}, {"COPY", `"<<EOF" /a`},
	{"CMD", ""}, {"CMD", `["a", 1]`}, {"CMD", `["a"] b`}, {"CMD", "[a"}, {"CMD", `["a", null]`}, {"CMD", "[null]"}, {"CMD", `["a",]`}, {"CMD", "null"}, {"CMD", "[ ]"}, {"CMD", "\u00a0[x"}, {"ENTRYPOINT", ""}, {"ENTRYPOINT", "[1]"}, {"ENTRYPOINT", `['a']`}, {"CMD", "[\"\xff\"]"},
	{"RESTART", "now"}, {"RESTART", "\u00a0"}, {"RESTART", `\`}, {"RESTART", "# x"},
	{"ADD", "a b"}, {"ARG", "x"}, {"EXPOSE", "80"}, {"VOLUME", "/x"}, {"SHELL", `["a"]`}, {"MAINTAINER", "x"}, {"R\u00dcN", "x"}, {"RUN:", "x"}, {"RUNx", ""}, {"ſhell", "x"}, {"uſer", "x"}, {"\u212a", "x"}, {"}", ""}, {"ADD", "<<EOF x"}, {"- name:", "x"}, {"HEALTHCHECK", ""},
	{"FROM", "IMAGE:m-bp67acfmxazb4p****"}, {"FROM", "ubuntu:22.04"}, {"FROM", ""}, {"COMPONENT", "ic-bp1"},
}

var goodReferences = []string{
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.*.*",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/*.*.*", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.0.*",
	`acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/with:parameters/1.0.0 --needed "two words" --optional one`,
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/with:parameters/1.*.* --needed x",
}

var oddReferences = []string{
	"", "ic-", "ic-bp12dvdzvr9k9*****", "ic-UPPER", "ic-a_b", "i-bp1", "agreed", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed:1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.*.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/01.0.0",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/9.9.9", "acs:ecs:cn-hangzhou:18689161186*****:imagecomponent/ComponentName/1.*.*", "acs:ecs:cn-hangzhou::imagecomponent/agreed/1.0.0", "acs:ecs::1234567890123456:imagecomponent/agreed/1.0.0",
	"acs:ecs:CN:1234567890123456:imagecomponent/agreed/1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/a/1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/a:b/1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/1a/1.0.0",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/a/b/1.0.0", "acs:oss:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:component/agreed/1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/http:a/1.0.0",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1000000000.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/1.0.0 --p x", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/with:parameters/1.0.0",
	"ic-bp1 --p", "ic-bp1 --p x --p y", "ic-bp1 p x", "ic-bp1 -- x", "ic-bp1 --p --q", `ic-bp1 --p "a b`, `ic-bp1 --p "a"b`, `ic-bp1 --p a"b"`, `ic-bp1 --p 'a b'`, `ic-bp1 --p a\ b`, `ic-bp1 --p ""`, `ic-bp1 --p "a\"b"`, "ic-bp1 --p\u00a0x", "ic-bp1\u00a0--p x", `"ic-bp1"`, "ic-bp1 x", `ic-bp1 --"p q" x`, `ic-bp1 --p=x`, `ic-bp1 --p "x" --q "y"`, `ic-bp1 --p "x"--q y`, "ic-bp1 --p \"a\\\" --q x",
	"acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agreed/+1.0.0", "acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/" + strings.Repeat("n", 129) + "/1.0.0", "acs:ecs:cn-:1234567890123456:imagecomponent/agreed/1.0.0",
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

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
		key = pick(g, "1.Dockerfile", "a.Dockerfile", "a b.Dockerfile", "Dockerfile", "http:/x.Dockerfile",
			strings.Repeat("a", 129)+".Dockerfile", "web.yaml", "noname")
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
		return pick(g, list[:1], list[1:], []setting{{"baseImageType", `"OSS"`}}, []setting{{"baseImageType", `""`}},
			[]setting{{"baseImageType", g.value(keyOf("baseImageType"))}})
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
			key = pick(g, "", "acs:k", "aliyun", "a http://b", "a https://b", strings.Repeat("k", maxTagText+1), "k0", "imagedrop:job",
				"imagedrop:digest", "imagedrop:other")
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
	"", " ", "a", "A1", "1a", "-a", "_a", ":a", ".a", "a b", "a/b", "a@b", "网", "网a", "㐀a", "aé", "éa", "aА", "a\u0301", "a\n",
	"\na", "a\tb", " ab", "ab ",
	"http://a", "https://a", "ahttp://b", "HTTP://a", "http:/a", "acs:", "acs:a", "Acs:a", "aliyun", "aliyunx", "Aliyun", "xaliyun",
	"true", "1.0", "1.0.", "1.0.*", "*.*.*", "1.*.*", "01.0.0", "1.0.0.0", "-1.0.0", "1000000000.0.0", "9223372036854775807.0.0",
	"cn-hangzhou ", "CN-hangzhou", "cn_hangzhou", "cn-", "rg-1", "rg-", "vsw-ABCD", "vsw-", "ecs.g6", "ecs..large", "m-", "0", "0123",
	"12345678901234567890", "-5",
	"linux", "Linux", "LINUX", "windows", "UEFI", "bios", "standard", "Disable", "AUTO", "RAW ", "\u00a0a", "a\u00a0",
	"\u3000", "a\u2028b", "中文",
	"ab", "my_bucket", "-bucket", "bucket-", "/key", `\key`, "k/", strings.Repeat("x", 64), strings.Repeat("x", 65),
	strings.Repeat("x", 128), strings.Repeat("x", 129),
	strings.Repeat("网", 64), strings.Repeat("网", 65), strings.Repeat("网", 128), strings.Repeat("网", 129), strings.Repeat("x", 256),
	strings.Repeat("x", 257),
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

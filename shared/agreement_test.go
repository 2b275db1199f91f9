package shared

import (
	"context"
	"crypto/sha256"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/template"
)

// The linter and the local service read templates each in its own way, so each
// tests the other. Every sample is sent to the service, also a rejected one,
// and must come out as its findings say:
//
//   - no error: accepted;
//   - errors with service codes: refused with one of these codes;
//   - errors without: accepted, since the linter is the stricter one on purpose.
//
// The two tables hold every exception.

// stricter are the rules with findings that predict no code. answers begins
// the codes that the service may answer to such a template all the same; several are parted by blanks.
var stricter = map[string]struct{ why, answers string }{
	"IB0004":   {why: "a control byte is a slip of the keyboard; the service would build with it, or take a carriage return for a line end", answers: anyCode},
	"IB0005":   {why: "no document names a code; the endpoint takes the bytes in comments, which are not sent; in a header they hide settings", answers: "InvalidParameter. MissingParameter."},
	"IB0006":   {why: "the service knows YAML by its root, not by the file's name, and may read the text as commands", answers: anyCode},
	"IB0011":   {why: "to the service a parser directive is a comment, and no line ends in the mark that it announces; its author means something by it", answers: anyCode},
	"IB0014":   {why: "the service sees no suppression"},
	"IB0116":   {why: "the documents have no code for a malformed LABEL"},
	"IB0124":   {why: "the service drops one of two base images; the linter drops none"},
	"IB0201":   {why: "no name is sent where the file's name makes none, and the service would choose one"},
	"IB0206":   {why: "a prefix of ours; and an empty tag cannot be sent"},
	"IB0210":   {why: "beside 20 tags there is no room for the one that keeps the number; the service gets a number"},
	"IB0231":   {why: "an empty tag cannot be sent"},
	"IB0246":   {why: "the key is not sent; it means that the author wanted something else"},
	"IB0249":   {why: "the service does not know which system a command is for; the build would fail"},
	"IB0250":   {why: "the key is not sent"},
	"IB0251":   {why: "the first of the two is sent"},
	"IB0252":   {why: "the value is not sent, or the content is for another target", answers: anyCode},
	"IB0253":   {why: "the service sees no header; a broken one hides settings, the name and the base image among them", answers: "InvalidName. MissingParameter."},
	"IB0254":   {why: "the key or section is not sent"},
	"IB0255":   {why: "the keys of the other kind, and the kind, are not sent"},
	"IB0257":   {why: "the service sees one content, the sender gave two"},
	"IB0300":   {why: "the service parses no shell text; the build would fail"},
	"IB0301":   {why: "as IB0300; the build would wait for an answer"},
	"IB0311":   {why: "as IB0300; nothing would be left to build"},
	"IB0401":   {why: "the service takes any text; secrets are no business of it"},
	"IB0402":   {why: "as IB0401"},
	"IB0601":   {why: "the service knows YAML by its root, not by the file's name, and may read the text as commands", answers: anyCode},
	"IB0602":   {why: "as IB0601", answers: anyCode},
	"IB0605":   {why: "the service passes over an unknown key of a task"},
	"IB0611":   {why: "as IB0249, of actions"},
	"IB0612":   {why: "the service looks at no property's type; the build would fail"},
	"IB0613":   {why: "as IB0612, of a default"},
	emptyValue: {why: "an empty value is not sent, whatever the key"},
}

// anyCode begins every code.
const anyCode = "*"

// emptyValue stands for the rules of all keys.
const emptyValue = "empty value"

// unsent are the rules that say that a value is not sent, though it is judged:
// that of the other kind's key or section, or of a base image that FROM
// contradicts. Codes of such findings need not come.
var unsent = []string{"IB0124", "IB0246", "IB0254"}

// unread are the rules that leave nothing to send: there is no content, or it
// stands under a key that is misspelt or of a message of another kind, or the
// base image may stand in a header that nobody can read.
var unread = []string{"IB0004", "IB0005", "IB0250", "IB0252", "IB0253", "IB0255", "IB0256", "IB0257"}

// decided are the codes that only the service can know, and when it may answer
// them.
var decided = map[string]struct {
	why  string
	when func(*service, request) bool
}{
	"InvalidRegionId.NotFound":           {"which regions there are", (*service).namesUnknownRegion},
	"InvalidImage.NotFound":              {"which images there are", (*service).namesUnknownImage},
	"ImageComponent.NotFound":            {"which components there are", (*service).namesUnknownComponent},
	"InvalidImageComponent.NotSupported": {"what type a component has", (*service).misplacesComponent},
	"InvalidParameter.Content":           {becameYAML, becomesYAML("Content")},
	"InvalidParameter.BuildContent":      {"which parameters a component has; " + becameYAML, givesParameters("BuildContent")},
	"InvalidParameter.TestContent":       {"as of BuildContent", givesParameters("TestContent")},
	"InvalidComponentVersion.Exist":      {"which versions are taken", (*service).nameIsTaken},
	"IdempotentParameterMismatch":        {"which tokens were used", (*service).tokenIsUsed},
	"QuotaExceed.ImageComponent":         {"how many components there are", (*service).isFull},
	"QuotaExceed.ImagePipeline":          {"how many pipelines there are", (*service).isFull},
}

const becameYAML = "whether broken YAML became whole as its lines lost their indentation"

// sample is one input: a template file, or a message.
type sample struct {
	key    string // object key of a file, "" for a message
	text   string
	object string // what a message's templateUri names
}

// parse reads the sample as imagebuild does. token is the sender's, if any.
func (in sample) parse() (t *template.Template, token string) {
	if in.key != "" {
		return template.ParseFile(in.key, []byte(in.text)), ""
	}
	m := template.ParseMessage([]byte(in.text))
	if m.TemplateURI == "" {
		return m.Resolve("", nil), m.ClientToken
	}
	_, key, _ := strings.Cut(strings.TrimPrefix(m.TemplateURI, "oss://"), "/")
	return m.Resolve(key, []byte(in.object)), m.ClientToken
}

func (in sample) delivery(id string) imagebuild.Delivery {
	if in.key != "" {
		return imagebuild.Delivery{Trigger: imagebuild.TriggerOSS, SourceID: id,
			Object: imagebuild.ObjectRef{Bucket: "templates", Key: in.key, ETag: "E1"}}
	}
	return imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, SourceID: id, Body: []byte(in.text)}
}

// Read implements imagebuild.Objects: the one object is the sample's.
// pinned reports whether each delivery reads the same text.
func (in sample) pinned() bool {
	m := template.ParseMessage([]byte(in.text))
	return in.key != "" || m.TemplateURI == "" || m.TemplateETag != ""
}

func (in sample) Read(context.Context, imagebuild.ObjectRef, int64) ([]byte, error) {
	if in.key != "" {
		return []byte(in.text), nil
	}
	return []byte(in.object), nil
}

// quota of components, and of pipelines, is small enough to be used up.
const quota = 200

// verdict is a sample with what the linter says and the service answers.
type verdict struct {
	sample
	template *template.Template
	request  request
	codes    []string // of the error findings, as far as they have one
	silent   []string // rules of the error findings that have none
	answer   string
}

// agree judges one sample, but for what it suppresses: there the linter leaves
// the last word to the service.
func (m *service) agree(in sample) {
	in.text, in.object = outspoken(in.text), outspoken(in.object)
	t, token := in.parse()
	v := verdict{sample: in, template: t}
	if !slices.Contains(t.Targets, template.TargetAlibaba) { // nothing is sent to it
		return
	}
	for _, f := range t.FindingsOf(template.TargetAlibaba) {
		switch {
		case f.Severity != template.Error:
		case f.ServiceCode != "":
			v.codes = append(v.codes, f.ServiceCode)
		case strings.HasSuffix(f.Message, " is empty"):
			v.silent = append(v.silent, emptyValue)
		default:
			v.silent = append(v.silent, f.Rule)
		}
	}
	v.request = m.requestOf(t, token)
	if t.Build && in.pinned() { // the job makes an execution too
		job := v.request.ClientToken
		v.request.ClientToken = fmt.Sprintf("%x", sha256.Sum256(fmt.Appendf(nil, "%d:%s%d:%s", len(job), job, len(t.Kind), t.Kind)))
	}
	switch {
	case t.Kind == template.Execution: // nothing is created
		return
	case !t.Rejects(template.TargetAlibaba):
		v.answer = m.build(in, t, v.request)
	case v.isUnread():
		require.True(m.t, containsAny(v.silent, unread), "nothing was read, and no rule says why\n%v", v)
		return
	default:
		if slices.Contains(v.codes, "InvalidCommandContent.FROM") && t.Kind == template.Pipeline {
			v.request = v.request.withBase()
		}
		v.answer = m.send(v.request)
	}
	m.judge(v)
}

// outspoken is a text whose suppressions are plain comments.
func outspoken(text string) string { return strings.ReplaceAll(text, "ib:", "ib ") }

// isUnread: a content that was read has a finding where it lacks what its kind
// needs, commands or a base image.
func (v verdict) isUnread() bool {
	needs := map[template.Kind]string{template.Component: "Content", template.Pipeline: "BaseImageType"}[v.template.Kind]
	return v.request.values[needs] == "" && !containsAny(v.codes,
		[]string{"MissingParameter.Content", "MissingParameter.BaseImage", "MissingParameter.BaseImageType",
			"InvalidCommandContent.FROM"})
}

func containsAny(list, any []string) bool {
	return slices.ContainsFunc(list, func(s string) bool { return slices.Contains(any, s) })
}

func (m *service) judge(v verdict) {
	for _, rule := range v.silent {
		if _, listed := stricter[rule]; !listed {
			m.t.Errorf("%s is in no table, and predicts no code\n%v", rule, v)
		}
	}
	switch {
	case v.answer == "" && len(v.codes) == 0:
		if len(v.silent) == 1 {
			m.seen[v.silent[0]]++
		}
	case slices.Contains(v.codes, v.answer):
		m.seen[v.answer]++
	case v.answer == "" && (m.chance || containsAny(v.silent, unsent)), m.mayAnswer(v):
	default:
		m.t.Errorf("linter and service disagree\n%v", v)
	}
}

func beginsLike(code string, prefixes []string) bool {
	return slices.ContainsFunc(prefixes, func(p string) bool { return strings.HasPrefix(code, p) })
}

// mayAnswer reports an unpredicted code that a table allows.
func (m *service) mayAnswer(v verdict) bool {
	for _, rule := range v.silent {
		if answers := stricter[rule].answers; answers == anyCode || beginsLike(v.answer, strings.Fields(answers)) {
			m.seen[rule]++
			return true
		}
	}
	d, ok := decided[v.answer]
	if !ok || !d.when(m, v.request) {
		return false
	}
	m.seen["decided "+v.answer]++
	if strings.HasPrefix(v.answer, "QuotaExceed.") {
		m.reopen()
	}
	return true
}

func (v verdict) String() string {
	var b strings.Builder
	fmt.Fprintf(&b, "service: %q, linter: %q and the rules %q\nkey: %q\ntext: %q\nobject: %q\n", v.answer, v.codes, v.silent,
		v.key, v.text, v.object)
	for _, f := range v.template.Findings {
		fmt.Fprintf(&b, "%s:%d:%d %s %s %s %s\n", f.Path, f.Line, f.Column, f.Severity, f.Rule, f.ServiceCode, f.Message)
	}
	fmt.Fprintf(&b, "sent: %q", v.request.Parameters)
	return b.String()
}

const ownComponents = "acs:ecs:" + account.Region + ":" + account.ID + ":imagecomponent/"

// written are the samples that someone wrote: the examples, the linter's own
// test files, the documents' sample requests, and what once went wrong.
func written(t testing.TB) []sample {
	list := slices.Concat(documented, disagreed)
	for _, root := range []string{"../events/templates", "template/testdata"} {
		require.NoError(t, filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() || filepath.Ext(path) == ".out" || strings.Contains(path, "/fuzz/") {
				return err
			}
			text, err := os.ReadFile(path)
			in := sample{text: string(text)}
			if ext := filepath.Ext(path); ext != ".json" && ext != ".body" {
				in.key = template.Prefix + filepath.Base(path)
			}
			list = append(list, in)
			return err
		}))
	}
	require.Greater(t, len(list), 100)
	return list
}

// documented are the sample requests of the public pages as messages.
var documented = []sample{
	{text: `{"regionId": "cn-hangzhou", "resourceGroupId": "rg-bp67acfmxazb4p****", "name": "testComponent", "description": "This is description.",
		"systemType": "Linux", "componentType": "Build", "content": "RUN yum update -y", "tags": {"TestKey": "TestValue"}}`},
	{text: `{"regionId": "cn-hangzhou", "resourceGroupId": "rg-bp67acfmxazb4p****", "addAccounts": ["1234567890"], "toRegionIds": ["cn-hangzhou"],
		"baseImageType": "IMAGE", "baseImage": "m-bp67acfmxazb4p****", "name": "testImagePipeline", "description": "This is description.",
		"imageName": "testImageName", "vSwitchId": "vsw-bp67acfmxazb4p****", "instanceType": "ecs.g6.large", "systemDiskSize": 40,
		"internetMaxBandwidthOut": 0, "deleteInstanceOnFailure": true, "content": "FROM IMAGE:m-bp67acfmxazb4p****",
		"repairMode": "Standard", "imageFamily": "family", "nvmeSupport": "auto"}`},
	{text: `{"content": "RUN yum update -y", "clientToken": "123e4567-e89b-12d3-a456-426655440000"}`},
	{text: `{"baseImageType": "IMAGE", "baseImage": "m-bp67acfmxazb4p****",
		"content": "COMPONENT ic-bp12dvdzvr9k9*****\nCOMPONENT acs:ecs:cn-hangzhou:18689161186*****:imagecomponent/ComponentName/1.*.*"}`},
}

// disagreed are samples that linter and service once saw differently.
var disagreed = []sample{
	{key: "templates/web.Dockerfile", text: "# caf\xe9\nRUN true\n"},
	{key: "templates/web.yaml", text: "Parameters: {p: {Type: Number, DefaultValue: x}}\nTasks:\n  - {Name: a, Action: Reboot}\n"},
	{key: "templates/web.yaml", text: "Tasks:\n  - {Name: a, Action: Reboot, Properties: {forceStop: 5}}\n"},
	{key: "templates/web.Dockerfile", text: "RUN if true\n"},
	{key: "templates/web.Dockerfile", text: "# IB:ignore IB0301 no colon of ours\nRUN true\n"},
	{key: "templates/web.Dockerfile", text: "RUN yum install nginx\n"},
	{key: "templates/web.Dockerfile", text: "RUN rm -rf /\n"},
	{key: "templates/web.Dockerfile", text: "# LTAI5tQ7mZ2kV9xW4bR8cN6d\nRUN true\n"},
	{key: "templates/web.Dockerfile", text: "COPY /tmp/keys /root/.ssh/authorized_keys\n"},
	{key: "templates/web.Dockerfile", text: "FROM IMAGE:m-1234\nCOMPONENT ic-1\u00a0--p x\n"},
	{key: "templates/web.Dockerfile", text: "FROM IMAGE:\u2003m\nUSER a\u0085b\nu\u017fer x\n"},
	{key: "templates/web.Dockerfile", text: "COPY \"/a b\" /c\nCOPY '/a /b\nCOPY /a /b\u00a0/c\n"},
	{key: "templates/web.Dockerfile", text: "CMD [null]\n"},
	{key: "templates/web.Dockerfile", text: "ENV A=\"b\n"},
	{key: "templates/web.Dockerfile", text: "FROM IMAGE: m-1234\n"},
	{key: "templates/web.Dockerfile", text: "FROM IMAGE:m-1234\f\nUSER a\f\nRU"},
	{key: "templates/web.Dockerfile", text: "# ---\n# name: 㐀a\n# ---\nRUN true\n"},
	{key: "templates/web.Dockerfile", text: "FROM IMAGE:m-1234\nCOMPONENT " + ownComponents + "with:parameters/1.0.0\n"},
	{key: "templates/web.Dockerfile", text: "FROM IMAGE:m-1234\nCOPY /a /b\\\\\nCOMPONENT " + ownComponents + "with:parameters/1.0.0\n"},
	{key: "templates/web.Dockerfile", text: "CMD []\u00a0\n"},
	{key: "templates/web.Dockerfile", text: "FROM\n"},
	{key: "templates/Dockerfile", text: "RUN true\n"},
	{key: "templates/web.yaml", text: "RUN true\n"},
	{key: "templates/web.yaml", text: "FROM IMAGE:m-1234\n"},
	{key: "templates/web.yaml", text: "# ---\n# baseImageType: IMAGE\n# baseImage: m-1234\n# ---\nCOPY a\n"},
	{key: "templates/web.yaml", text: "Tasks:\n- {Name: a, Action: Reboot}\n-\n"},
	{key: "templates/web.yaml", text: "Tasks:\n- {Name: a, Action: Reboot, Properties: ''}\n"},
	{key: "templates/web.yaml", text: "name: web\nschemaVersion: 1.0\nphases: []\n"},
	{key: "templates/web.yaml", text: "Tasks:\n- {Name: a, Action: RunShellCommand, Properties: {<<: {commandContent: x}}}\n"},
	{key: "templates/web.yaml", text: "Tasks:\n- {<<: {Name: a}, Action: Reboot}\n"},
	{key: "templates/web.yaml", text: "Tasks:\n- {Name: a, Action: Reboot, <<: {b: c}}\n"},
	{key: "templates/web.yaml", text: "FROM IMAGE:m-1234\n" + strings.Repeat("RUN true\n", 127)},
	{key: "templates/web.yaml", text: "name: web\nTask: []\n"},
	{key: "templates/web.yaml", text: "{}\n"},
	{key: "templates/web.yaml", text: "\n\ufeff\nTasks:\n- Name: a\n"},
	{key: "templates/web.yaml", text: "?\nTasks: [{Name: a, Action: Reboot, Properties: {? : x}}]\n"},
	{key: "templates/web.Dockerfile", text: "LABEL \\\n \r "},
	{key: "templates/web.yaml", text: "LABEL a=b \\\n# --- test\nCOMPONENT ic-1\n"},
	{key: "templates/web.Dockerfile", text: "---\nTasks:\n- Name: a\n Action: Reboot\n"},
	{key: "templates/web.Dockerfile", text: "  a: {}\nTasks: []\n"},
	{key: "templates/web.Dockerfile", text: "FROM IMAGE:m-1234\n# --- test\n  a: {}\nTasks: []\n"},
	{key: "templates/web.Dockerfile", text: " \ufeffRUN true\n"},
	{key: "templates/web.Dockerfile", text: "ENV \\\n\u00a0KEY\nCMD \\\n\u3000[]\n"},
	{key: "templates/web.Dockerfile", text: "# ---\n# addAccounts: ['0123']\n# ---\nFROM IMAGE:m-1234\n"},
	{key: "templates/web.Dockerfile", text: "# ---\n# componentVersion: 01.0.0\n# ---\nRUN true\n"},
	{text: `{"content": "RUN true", "tags": {"": "", "": "a"}}`},
	{key: "templates/web.Dockerfile", text: "# ---\n# systemDiskSize: +40\n# ---\nFROM IMAGE:m-1234\n"},
	{key: "templates/web.Dockerfile", text: "# ---\n# baseImageType: none\n# ---\nFROM IMAGE:m-1234\n"},
	{text: `{"content": "FROM IMAGE:m-1234", "imageOptions": {"imageTags": {"": ""}}}`},
	{text: `{"content": "RUN true", "baseImageType": "OSS", "importImageOptions": {"diskDeviceMappings": [` +
		strings.Repeat(`{"ossBucket": "abc", "ossObject": "a"}, `, 17) + `{}]}}`},
	{text: `{"content": "RUN true", "clientToken": "acs:token"}`},
	{text: `{"content": "RUN true", "clientToken": "https://token"}`},
	{text: `{"content": "RUN true", "description": ""}`},
	{text: `{"content": "RUN true", "unknown": 1}`},
	{text: `{"content": "# ---\n# kind: execution\n# ---\nRUN true"}`},
	{text: `{"content": "FROM IMAGE:m-1234", "build": true}`},
	{text: `{"kind": "execution", "pipelineName": "web"}`},
	{text: `{"content": "RUN true", "tags": {"": ""}}`},
	{text: `{"content": "RUN true", "tags": {"": "v"}}`},
	{text: `{"content": "RUN true", "tags": {"imagedrop:job": "x"}}`},
	{text: `{"content": "RUN true", "tags": {"imagedrop:other": "x"}}`},
	{text: `{"content": "FROM IMAGE:m-1234", "baseImageType": "", "baseImage": ""}`},
	{text: `{"content": "FROM IMAGE:m-1234", "imageName": "", "imageOptions": {"imageName": "web"}}`},
	{text: `{"content": "FROM IMAGE:m-1234", "importImageOptions": {"diskDeviceMappings": [{"ossBucket": "abc"}]}}`},
	{text: `{"name": "numbered", "componentVersion": "1.4.*", "content": "RUN true", "clientToken": "numbered"}`},
	{text: `{"name": "numbered", "componentVersion": "1.4.*", "content": "RUN false", "clientToken": "numbered"}`},
	{text: `{"name": "made", "componentVersion": "1.0.0", "componentType": "Test", "content": "RUN true"}`},
	{key: "templates/web.Dockerfile", text: "FROM IMAGE:m-1234\nCOMPONENT " + ownComponents + "made/1.*.*\n"},
	{text: `{"name": "asking", "componentVersion": "1.0.0", "content": "Parameters: {p: {Type: String}}\nTasks:\n- {Name: a, Action: RunShellCommand, Properties: {commandContent: 'echo {{ p }}'}}\n"}`},
	{key: "templates/web.Dockerfile", text: "FROM IMAGE:m-1234\nCOMPONENT " + ownComponents + "asking/1.0.0\n"},
	{text: `{"name": "asking", "componentVersion": "1.1.0", "componentType": "Test", "content": "Parameters: {p: {Type: String}}\nTasks:\n- {Name: a, Action: RunShellCommand, Properties: {commandContent: 'echo {{ p }}'}}\n"}`},
	{key: "templates/web.Dockerfile", text: "FROM IMAGE:m-1234\n# --- test\nCOMPONENT " + ownComponents + "asking/1.*.*\n"},
}

// generated is the number of samples that the test makes; more are the fuzz target's.
const generated = 4000

// Under the race detector it is one of seven samples, which cannot show all:
// `make check` runs both.
func TestAgreement(t *testing.T) {
	m, samples := openService(t), uint64(generated)
	if underRace {
		samples /= 7
	}
	for _, in := range written(t) {
		m.agree(in)
	}
	for _, in := range documented[:2] {
		for range quota + 1 {
			m.agree(in)
		}
	}
	for i := range samples {
		m.agree(generate(rand.New(rand.NewPCG(1, i))))
	}
	if !underRace {
		m.requireComplete()
	}
}

// requireComplete: every row of the tables is needed, and every code that a
// rule predicts has come.
func (m *service) requireComplete() {
	for rule := range stricter {
		assert.NotZero(m.t, m.seen[rule], "no sample shows that rule %s is stricter than the service", rule)
	}
	for code := range decided {
		assert.NotZero(m.t, m.seen["decided "+code], "no sample shows that only the service decides %s", code)
	}
	for _, rule := range template.Rules {
		for _, code := range rule.Codes {
			if rule.Target == template.TargetAWS { // another service
				continue
			}
			assert.True(m.t, m.came(code), "no sample shows that the service answers %s, as rule %s predicts", code, rule.ID)
		}
	}
}

// came reports a predicted code; that of a rule on all commands ends in <CMD>.
func (m *service) came(code string) bool {
	family, all := strings.CutSuffix(code, "<CMD>")
	for seen := range m.seen {
		if seen == code || all && strings.HasPrefix(seen, family) {
			return true
		}
	}
	return false
}

// FuzzAgreement: the first byte says what the others are.
func FuzzAgreement(f *testing.F) {
	const file, yaml, message, choices = 0, 1, 2, 3
	for _, in := range written(f) {
		switch {
		case in.key == "":
			f.Add(byte(message), []byte(in.text))
		case strings.HasSuffix(in.key, ".yaml"):
			f.Add(byte(yaml), []byte(in.text))
		default:
			f.Add(byte(file), []byte(in.text))
		}
	}
	random := rand.New(rand.NewPCG(2, 0))
	for range 50 {
		seed := make([]byte, 400)
		for i := range seed {
			seed[i] = byte(random.IntN(256))
		}
		f.Add(byte(choices), seed)
	}
	m := openService(f)
	m.chance = true
	f.Fuzz(func(t *testing.T, form byte, data []byte) {
		m.t = t
		switch form % 4 {
		case file:
			m.agree(sample{key: "templates/web.Dockerfile", text: string(data)})
		case yaml:
			m.agree(sample{key: "templates/web.yaml", text: string(data)})
		case message:
			m.agree(sample{text: string(data), object: "RUN true"})
		default:
			m.agree(generate(&byteChooser{data}))
		}
	})
}

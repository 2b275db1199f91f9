package awstoe

import (
	"encoding/json"
	"fmt"
	"path"
	"slices"
	"strings"
	"unicode/utf8"

	"imagedrop/shared/template"
)

// Programs by their full path: ENV may set PATH to anything.
const (
	bash      = "/bin/bash -c "
	mkdir     = "/bin/mkdir -p -- "
	cp        = "/bin/cp -R -- "
	idOf      = "/usr/bin/id -u -- "
	runAs     = "/sbin/runuser -u "
	systemctl = "/usr/bin/systemctl "
)

// environment holds what every session begins with; what ENV sets is persisted
// there. Source: pam_env(8).
const environment = "/etc/environment"

// translation is one template under way.
type translation struct {
	template *template.Template
	found    []template.Finding
	lines    []Line
	tags     map[string]string
	ops      []op // of the phase under way
	build    []op // of phase build, once it is read
	state

	inTest          bool
	entrypoint, cmd *template.Command
}

// state is what a command leaves to those after it.
type state struct {
	env   map[string]word // in words over the environment of the instance
	where word            // the working directory, nil where none is set
	surroundings
}

// surroundings are what a step has to set up again, as shell text.
type surroundings struct {
	exports []string // assignments of each ENV so far
	dir     string   // "" where none is set
	user    string   // "" is root
}

// prefix is what stands before a program that the user of RUN runs.
func (s surroundings) prefix() string {
	if s.user == "" {
		return ""
	}
	return runAs + s.user + " -- "
}

// prelude enters the directory and sets the variables. The directory comes
// first: its variables are those of the instance.
func (s surroundings) prelude() []string {
	lines := []string{"set -e"}
	if s.dir != "" {
		lines = append(lines, "cd "+s.dir)
	}
	for _, e := range s.exports {
		lines = append(lines, "export "+e)
	}
	return lines
}

// opKind names an op in the name of its step.
type opKind string

const (
	opRun     opKind = "run"
	opEnv     opKind = "env"
	opWorkdir opKind = "workdir"
	opUser    opKind = "user"
	opCopy    opKind = "copy"
	opFolder  opKind = "folder"
	opRestart opKind = "restart"
	opNested  opKind = "component"
	opScript  opKind = "start-script"
	opUnit    opKind = "start-unit"
	opEnable  opKind = "start-enable"
)

// op is what one command does on the instance: shell text, or an action module
// of its own.
type op struct {
	command template.Command
	kind    opKind
	before  surroundings
	// text is of run the arguments of `bash -c`, of env the assignments, of
	// workdir the folder, of user the name, else lines of a script.
	text    string
	dynamic bool // the text names variables that ENV may have set
	module  *module
}

// module is an action module and its inputs.
type module struct {
	action string
	inputs []fields
	params []field // of ExecuteDocument
	list   bool    // inputs are a list
}

type field struct{ key, value string }
type fields []field

// read walks through the commands.
func (tr *translation) read() {
	if tr.template.Kind == template.Pipeline {
		tr.whole("IB0515", template.Info, "AWS has no pipeline for this: the content becomes a component, the test section its phase test",
			"name the component, its parent image and the instance in a recipe and a pipeline of EC2 Image Builder")
	}
	tr.env = map[string]word{}
	for _, c := range tr.template.Commands() {
		tr.command(c)
	}
	tr.start()
	tr.build, tr.ops = tr.ops, nil
	tr.where, tr.dir, tr.user, tr.inTest = nil, "", "", true
	for _, c := range tr.template.TestCommands() {
		tr.command(c)
	}
	if tr.template.Format != template.Dockerfile {
		tr.whole("IB0516", template.Error, "a YAML component has no AWS form",
			"write the commands of a Dockerfile, or an AWS document with schemaVersion and phases")
	} else if len(tr.build)+len(tr.ops) == 0 && !hasErrors(tr.found) && !tr.isEmpty() {
		tr.whole("IB0516", template.Error, "no command makes a step, and AWS refuses a document without steps",
			"write at least one, for example RUN yum update -y")
	}
}

// isEmpty reports a template of which IB0001 says that it has no commands.
func (tr *translation) isEmpty() bool {
	return slices.ContainsFunc(tr.template.Findings, func(f template.Finding) bool { return f.Rule == "IB0001" })
}

// phases are the parts of the document that have steps.
func (tr *translation) phases() []phase {
	var out []phase
	for _, p := range []phase{{"build", tr.build}, {"test", tr.ops}} {
		if len(p.ops) > 0 {
			out = append(out, p)
		}
	}
	return out
}

// whole adds a finding about all of the template.
func (tr *translation) whole(rule string, severity template.Severity, message, help string) {
	tr.found = append(tr.found, tr.template.Whole(rule, severity, message, help))
}

func (tr *translation) add(c template.Command, rule string, severity template.Severity, at template.Range, message, help string) {
	tr.found = append(tr.found, c.Finding(rule, severity, at, message, help))
}

// commands are the commands that mean something; a template's others are
// errors of its own.
var commands = map[string]func(*translation, template.Command){
	"RUN": (*translation).run, "ENV": (*translation).setEnv, "WORKDIR": (*translation).workdir, "USER": (*translation).setUser,
	"COPY": (*translation).copy, "LABEL": (*translation).label, "RESTART": (*translation).restart, "FROM": (*translation).from,
	"COMPONENT": (*translation).component, "CMD": (*translation).startCommand, "ENTRYPOINT": (*translation).startCommand,
}

func (tr *translation) command(c template.Command) {
	read := commands[c.Keyword]
	if read == nil || c.Args == "" && c.Keyword != "RESTART" {
		return
	}
	tr.lines = append(tr.lines, Line{Line: c.Line, EndLine: c.EndLine, Command: c.Keyword, Fidelity: Exact})
	before := len(tr.ops)
	read(tr, c)
	tr.braces(c, tr.ops[before:])
}

// braces reports two opening braces in what a command became. Where bash puts
// the text together, they are written apart; an input of a module, which may
// have them from a directory or a variable, keeps them.
func (tr *translation) braces(c template.Command, ops []op) {
	i := strings.Index(c.Args, "{{")
	if slices.ContainsFunc(ops, func(o op) bool { return o.module != nil && o.module.hasBraces() }) {
		at := template.Range{Start: i, End: i + 2}
		if i < 0 {
			at = template.Range{}
		}
		tr.add(c, "IB0502", template.Warning, at, "AWS may take {{ for a reference", "choose a name without {{")
		return
	}
	if i >= 0 && len(ops) > 0 {
		tr.add(c, "IB0502", template.Info, template.Range{Start: i, End: i + 2},
			"{{ is written apart, so that AWS takes it for no reference", "look at the step with imagedrop translate")
	}
}

func (m *module) hasBraces() bool {
	for _, fields := range append(slices.Clone(m.inputs), m.params) {
		if slices.ContainsFunc(fields, func(f field) bool { return strings.Contains(f.value, "{{") }) {
			return true
		}
	}
	return false
}

// emit adds an op.
func (tr *translation) emit(o op) {
	o.before = tr.surroundings
	o.before.exports = slices.Clip(o.before.exports)
	tr.ops = append(tr.ops, o)
}

// last is the report on the command under way.
func (tr *translation) last() *Line { return &tr.lines[len(tr.lines)-1] }

// approximate reports a command that keeps its intent.
func (tr *translation) approximate(c template.Command, rule, reason, help string) {
	tr.last().Fidelity, tr.last().Reason = Approximate, reason
	tr.add(c, rule, template.Info, template.Range{}, reason, help)
}

// none reports a range of a command that has no AWS form.
func (tr *translation) none(c template.Command, rule string, at template.Range, reason, help string) {
	tr.last().Fidelity, tr.last().Reason = None, reason
	tr.add(c, rule, template.Error, at, reason, help)
}

func argsOf(c template.Command) template.Range { return template.Range{End: len(c.Args)} }

// noneOfArgs is none about all of the argument.
func (tr *translation) noneOfArgs(c template.Command, rule, reason, help string) {
	tr.none(c, rule, argsOf(c), reason, help)
}

func (tr *translation) run(c template.Command) {
	if list, ok := stringArray(c.Args); ok {
		if len(list) == 0 || strings.ContainsRune(strings.Join(list, ""), 0) {
			tr.noneOfArgs(c, "IB0516", "RUN names no program that can be run", "write the command as a shell line")
			return
		}
		tr.emit(op{command: c, kind: opRun, text: execArgs(list)})
		return
	}
	if at := c.Call("exit", "194"); at.End > 0 {
		tr.add(c, "IB0503", template.Warning, at, "exit status 194 makes AWS restart the instance and repeat the step",
			"write RESTART to restart, or choose another status")
		tr.last().Fidelity, tr.last().Reason = Approximate, "exit status 194 restarts the instance and repeats the step"
	}
	tr.emit(op{command: c, kind: opRun, text: quote(c.Args)})
}

// execArgs are the arguments of `bash -c` that run a program without a shell
// between: exec takes no builtin of the same name.
func execArgs(list []string) string {
	var b strings.Builder
	b.WriteString(`'exec -- "$@"' bash`)
	for _, s := range list {
		b.WriteString(" " + quote(s))
	}
	return b.String()
}

func stringArray(args string) ([]string, bool) {
	var list []*string
	if !strings.HasPrefix(args, "[") || json.Unmarshal([]byte(args), &list) != nil {
		return nil, false
	}
	out := make([]string, 0, len(list))
	for _, s := range list {
		if s == nil {
			return nil, false
		}
		out = append(out, *s)
	}
	return out, true
}

// parse reads a word of a command; a problem is reported.
func (tr *translation) parse(c template.Command, at template.Range) (word, bool) {
	w, problem := parseWord(c.Args[at.Start:at.End])
	switch problem {
	case "":
		return w, true
	case openQuote:
		tr.none(c, "IB0516", at, problem, `close it, or write \ before a quote that is part of the text`)
	default:
		tr.none(c, "IB0516", at, problem, `write $NAME, ${NAME}, ${NAME:-text} or ${NAME:+text}; \$ is a plain dollar sign`)
	}
	return nil, false
}

// known is a word with the values of ENV in it. What it still names is of the
// instance, and ENV has not changed it since.
func (tr *translation) known(c template.Command, at template.Range) (word, bool) {
	w, ok := tr.parse(c, at)
	if !ok {
		return nil, false
	}
	w, problem := w.resolve(tr.env)
	if problem == "" && w.uses(tr.env) {
		problem = "the value that a variable had before ENV set it is lost here"
	}
	if problem != "" {
		tr.none(c, "IB0516", at, problem, "write the value out")
	}
	return w, problem == ""
}

// fixed is a word that has to be text here and now.
func (tr *translation) fixed(c template.Command, at template.Range) (string, bool) {
	w, ok := tr.known(c, at)
	if !ok {
		return "", false
	}
	text, ok := w.static()
	if !ok {
		tr.none(c, "IB0516", at, "a variable that only the instance knows", "set it with ENV above, or write the value out")
	}
	return text, ok
}

// shellsOwn are variables that bash sets itself: what ENV says is lost.
var shellsOwn = map[string]bool{
	"BASHOPTS": true, "BASH_VERSINFO": true, "EUID": true, "PPID": true, "SHELLOPTS": true, "UID": true, "_": true,
	"BASHPID": true, "BASH_ALIASES": true, "BASH_ARGV0": true, "BASH_CMDS": true, "BASH_COMMAND": true, "BASH_SUBSHELL": true,
	"COMP_WORDBREAKS": true, "DIRSTACK": true, "EPOCHREALTIME": true, "EPOCHSECONDS": true, "FUNCNAME": true, "GROUPS": true,
	"HISTCMD": true, "LINENO": true, "RANDOM": true, "SECONDS": true, "SRANDOM": true,
}

// setEnv exports to every later step and persists. All values of one ENV see
// the environment before it, as the arguments of one export do.
func (tr *translation) setEnv(c template.Command) {
	pairs, ok := tr.pairs(c)
	if !ok {
		return
	}
	values, assignments, dynamic := map[string]word{}, make([]string, 0, len(pairs)), false
	for _, p := range pairs {
		resolved, problem := p.value.resolve(tr.env)
		if problem != "" {
			tr.noneOfArgs(c, "IB0516", problem, "write the value out")
			return
		}
		values[p.name] = resolved
		_, fixed := p.value.static()
		dynamic = dynamic || !fixed
		assignments = append(assignments, p.name+"="+p.value.shell())
	}
	text := strings.Join(assignments, " ")
	tr.emit(op{command: c, kind: opEnv, text: text, dynamic: dynamic})
	tr.exports = append(tr.exports, text)
	for name, value := range values {
		tr.env[name] = value
	}
	tr.approximate(c, "IB0514", "ENV is exported to every later command and appended to "+environment+notPersisted(values),
		"a service needs Environment= of its unit: it does not read "+environment)
}

// notPersisted says what the reader of the file makes of some values.
func notPersisted(values map[string]word) string {
	for _, value := range values {
		text, _ := value.static()
		quoted := strings.HasPrefix(text, `"`) || strings.HasPrefix(text, "'")
		if strings.ContainsRune(text, '#') || quoted || strings.TrimRight(text, " \t") != text {
			return ", whose reader cuts a value at # and takes quotes and blanks off its ends"
		}
	}
	return ""
}

// pair is one variable or label.
type pair struct {
	name  string
	value word
	at    template.Range // of the pair in Args
}

// pairs reads `key value`, or key=value pairs.
func (tr *translation) pairs(c template.Command) ([]pair, bool) {
	words := c.Words()
	if len(words) > 1 && !strings.Contains(words[0].Text, "=") {
		key := words[0]
		all := template.Word{Text: key.Text + "=", Range: template.Range{Start: key.Start, End: len(c.Args)}}
		return tr.pair(c, nil, all, key.Start+len(key.Text))
	}
	var out []pair
	for _, w := range words {
		name, _, ok := strings.Cut(w.Text, "=")
		if !ok || name == "" {
			return nil, false // IB0111, IB0116
		}
		if out, ok = tr.pair(c, out, w, w.Start+len(name)+1); !ok {
			return nil, false
		}
	}
	return out, true
}

// pair adds the pair that a word begins, with the value from an offset on.
func (tr *translation) pair(c template.Command, out []pair, w template.Word, from int) ([]pair, bool) {
	name, _, _ := strings.Cut(w.Text, "=")
	for from < w.End && (c.Args[from] == ' ' || c.Args[from] == '\t') && !strings.Contains(c.Args[w.Start:from], "=") {
		from++
	}
	if c.Keyword == "ENV" && (!isName(name) || shellsOwn[name]) {
		tr.none(c, "IB0516", template.Range{Start: w.Start, End: w.Start + len(name)},
			"bash cannot export a variable of this name, or sets it itself", "choose another name: letters, digits and _")
		return nil, false
	}
	value, ok := tr.parse(c, template.Range{Start: from, End: w.End})
	return append(out, pair{name, value, w.Range}), ok
}

// workdir makes the folder and enters it. CreateFolder would empty one that is
// there already. Source: AWSTOE, action modules, CreateFolder, overwrite.
func (tr *translation) workdir(c template.Command) {
	w, ok := tr.known(c, argsOf(c))
	if !ok {
		return
	}
	if empty, _ := w.empty(); empty {
		if _, static := w.static(); static {
			tr.noneOfArgs(c, "IB0516", "WORKDIR names no folder", "write a path")
			return
		}
	}
	tr.where = tr.below(w)
	text := tr.where.shell()
	tr.emit(op{command: c, kind: opWorkdir, text: text})
	tr.dir = text
	if _, static := tr.where.static(); !static {
		tr.approximate(c, "IB0514", "the folder's name holds a variable of the instance, as root has it there", "write the path out")
	}
}

// below is a path in the working directory; an absolute one stays.
func (tr *translation) below(w word) word {
	if len(w) > 0 && w[0].name == "" && !strings.HasPrefix(leading(w), "/") {
		base := tr.where
		if base == nil {
			base = literal("/")
		}
		w = append(append(slices.Clone(base), segment{text: "/"}), w...)
	}
	if text, ok := w.static(); ok {
		return literal(path.Clean(text))
	}
	return w
}

// leading is the text up to the first variable.
func leading(w word) string {
	var b strings.Builder
	for _, s := range w {
		if s.name != "" {
			break
		}
		b.WriteString(s.text)
	}
	return b.String()
}

func (tr *translation) setUser(c template.Command) {
	name, ok := tr.fixed(c, argsOf(c))
	if !ok {
		return
	}
	if !isUser(name) {
		tr.noneOfArgs(c, "IB0516", "USER is not the name of a user", "write a name; a number or a group has no certain meaning")
		return
	}
	if name == "root" {
		tr.user = ""
		return
	}
	tr.emit(op{command: c, kind: opUser, text: quote(name)})
	tr.user = quote(name)
	tr.approximate(c, "IB0514",
		"runuser runs RUN as this user, with HOME, SHELL, USER and LOGNAME of its own; COPY and downloads stay with root",
		"change the owner with RUN chown before USER")
}

// isUser takes what useradd makes on every distribution.
func isUser(s string) bool {
	s = strings.TrimSuffix(s, "$")
	for i := range len(s) {
		c := s[i]
		if !isNameByte(c, i > 0) && (i == 0 || c != '-' && c != '.') {
			return false
		}
	}
	return s != ""
}

func (tr *translation) restart(c template.Command) {
	tr.emit(op{command: c, kind: opRestart, module: &module{action: "Reboot", inputs: []fields{{{"delaySeconds", "0"}}}}})
}

func (tr *translation) from(c template.Command) {
	tr.approximate(c, "IB0512", "FROM says nothing to a component: the recipe names the parent image", "set parentImage in the recipe")
}

// Limits of tags. Source: EC2 Image Builder API, CreateComponent, parameter tags.
const (
	maxTags     = 50
	maxTagKey   = 128
	maxTagValue = 256
)

func (tr *translation) label(c template.Command) {
	pairs, ok := tr.pairs(c)
	if !ok {
		return
	}
	for _, p := range pairs {
		value, problem := p.value.resolve(tr.env)
		text, static := value.static()
		help := "write the value out"
		if problem == "" && !static {
			problem = "a variable that only the instance knows"
		}
		if problem == "" {
			problem, help = tagProblem(p.name, text)
		}
		if _, again := tr.tags[p.name]; problem == "" && !again && len(tr.tags) == maxTags {
			problem, help = fmt.Sprintf("more than %d labels; AWS takes %d tags", maxTags, maxTags), "delete some"
		}
		if problem != "" {
			tr.none(c, "IB0508", p.at, problem, help)
			return
		}
		tr.tags[p.name] = text
	}
	tr.approximate(c, "IB0513", "LABEL becomes tags of the component; the image does not get them",
		"set tags of the image in the distribution settings")
}

// tagProblem is what AWS, or imagedrop, has against a label, and how it is mended.
func tagProblem(key, value string) (problem, help string) {
	outside := func(r rune) bool {
		return r >= utf8.RuneSelf || !isNameByte(byte(r), true) && !strings.ContainsRune(".:/=+-", r)
	}
	switch {
	case len(key) > maxTagKey || strings.ContainsFunc(key, outside):
		return "the label's key is no key of an AWS tag", "1 to 128 of letters, digits and _ . : / = + -"
	case strings.HasPrefix(strings.ToLower(key), "aws:"):
		return "keys that begin with aws: belong to AWS", "choose another key"
	case strings.HasPrefix(key, "imagedrop:"):
		return "keys that begin with imagedrop: are set by imagedrop", "choose another key"
	case utf8.RuneCountInString(value) > maxTagValue:
		return "the label's value is too long for an AWS tag", "0 to 256 characters"
	}
	return "", ""
}

// component runs the AWS component that takes the place of one of ours.
func (tr *translation) component(c template.Command) {
	words := c.Words()
	arn := tr.template.AWSComponent(words[0].Text)
	if arn == "" {
		tr.none(c, "IB0511", words[0].Range, "no AWS component is named in the place of this one",
			"name one in aws.components: {<reference>: <ARN>}, or write its commands here")
		return
	}
	m := &module{action: "ExecuteDocument", inputs: []fields{{{"document", arn}}}}
	for i := 1; i+1 < len(words); i += 2 {
		value, ok := tr.fixed(c, words[i+1].Range)
		if !ok {
			return
		}
		m.params = append(m.params, field{strings.TrimPrefix(words[i].Text, "--"), value})
	}
	tr.emit(op{command: c, kind: opNested, module: m})
	tr.approximate(c, "IB0514", "an AWS component takes the place of this one", "keep both alike")
}

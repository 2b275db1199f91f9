package template

import (
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"
)

// baseline is the base image of a pipeline.
type baseline struct{ kind, image string }

// input is everything that one template is made of.
type input struct {
	content *source
	format  Format
	name    string // default name
	test    *source
	testAt  span // of the key that gave test

	messageKeys []given
	found       []Finding // about the message
	body        *source   // of the message, nil for a file
	incomplete  bool      // there is no content to judge
	starts      bool      // a message of kind execution
	options     Options
}

// lint is one template under way.
type lint struct {
	report
	in input
	t  *Template
	// unread is a header that could not be read, or not all of it: what else it
	// gives is unknown.
	unread bool
	build  *part // nil until the text is read
	test   *part // nil where there is none
	// testAt is where the test section begins: its marker or its key.
	testAt span
}

// ParseFile reads a template file. path is the object key or file path: it
// decides the format, Finding.Path and, where the header gives none, the name.
func ParseFile(path string, text []byte) *Template { return Options{}.ParseFile(path, text) }

// ParseFile is the function ParseFile with these options.
func (o Options) ParseFile(path string, text []byte) *Template {
	in := input{content: newSource(path, bodyOrder, string(text)), name: DefaultName(path), options: o}
	in.format = formatOf(path, in.content)
	return in.template()
}

// formatOf goes by the name; a name that is no template's says nothing.
func formatOf(path string, src *source) Format {
	switch {
	case hasYAMLName(path):
		return YAML
	case IsTemplate(path):
		return Dockerfile
	}
	return sniff(src)
}

func (in input) template() *Template {
	l := &lint{in: in, t: &Template{Kind: Component, Format: in.format, path: in.content.path, order: in.content.order}}
	l.t.texts = in.texts()
	l.found = slices.Clone(in.found)
	l.t.given = in.messageKeys
	if !in.incomplete && checkText(&l.report, in.content) {
		l.read()
	} else {
		l.decideKind()
		l.t.Targets = targetsOf(l.t.given, false)
	}
	l.settle()
	l.reportUnused()
	l.t.suppressions = l.suppressions
	l.t.Findings, l.t.Secrets = l.findings(l.t.Targets, in.options), l.secrets
	return l.t
}

func (in *input) texts() (texts [testOrder + 1]string) {
	for _, src := range []*source{in.body, in.content, in.test} {
		if src != nil {
			texts[src.order] = src.text
		}
	}
	return texts
}

// isUnreadable is a finding about a header that is not closed, no YAML, or of
// another type: not about a key of one that was read.
func isUnreadable(f Finding) bool { return f.Rule == "IB0252" || f.Rule == "IB0253" }

// read takes header and parts and judges them.
func (l *lint) read() {
	readSuppressions(&l.report, l.in.content, l.in.format)
	before := len(l.found)
	header, at, broken := readHeader(&l.report, l.in.content, l.in.format)
	l.unread = broken || len(header) == 0 && slices.ContainsFunc(l.found[before:], isUnreadable)
	header = overridden(header, l.in.messageKeys)
	checkKeys(&l.report, header)
	l.t.given = append(slices.Clip(l.in.messageKeys), header...)
	l.scan(at)
	l.t.Targets = targetsOf(l.t.given, l.hasAWSContent())
	if l.hasAWSContent() {
		l.t.Format = AWSTOE
	}
	l.checkDefaults()
	l.decideKind()
	l.decideBase()
	l.runRules()
	l.t.Content, l.t.Test = l.build.export(), l.test.export()
	l.t.build, l.t.test = l.build, l.test
}

// scan reads the parts after the header.
func (l *lint) scan(header lineRange) {
	src := l.in.content
	l.build = &part{section: inBuild, src: src, at: whole(src)}
	rest := -1
	if l.in.format == YAML || sniff(src) == YAML {
		l.build.yaml = readYAML(l.build, header.to)
	} else {
		l.build.escape = checkDirectives(&l.report, src, header)
		rest = scanPart(&l.report, l.build, header.to, len(src.lines), testMayFollow)
	}
	if rest > 0 {
		marker := span{src: src, start: src.lines[rest-1], end: src.lines[rest-1] + len(TestMarker)}
		l.scanTest(src, rest, marker)
	}
	l.scanTestKey()
}

// scanTest reads the test section from a line on.
func (l *lint) scanTest(src *source, from int, at span) {
	l.testAt = at
	l.test = &part{section: inTest, src: src, at: at}
	if from < len(src.lines) && sniffYAML(src.text[src.lines[from]:]) {
		l.test.yaml = readYAML(l.test, from)
		return
	}
	l.test.escape = l.build.escape
	scanPart(&l.report, l.test, from, len(src.lines), noMarkers)
}

// scanTestKey reads the key testContent, which cannot stand beside a section.
func (l *lint) scanTestKey() {
	switch {
	case l.in.test == nil:
	case l.test != nil:
		l.add("IB0251", l.in.testAt, "", "the test section is given twice: here and in the content", "keep one of them")
	case checkText(&l.report, l.in.test):
		readSuppressions(&l.report, l.in.test, Dockerfile)
		l.scanTest(l.in.test, 0, l.in.testAt)
		l.test.at = whole(l.in.test)
	}
}

// whole is the first character of a source: where findings about all of it stand.
func whole(src *source) span {
	_, length := utf8.DecodeRuneInString(src.line(0))
	return span{src: src, start: 0, end: length}
}

// overridden leaves out header keys that the message sets; of a list of
// objects the message replaces all.
func overridden(header, message []given) []given {
	if len(message) == 0 {
		return header
	}
	return slices.DeleteFunc(header, func(g given) bool {
		if g.key.Type == Object {
			return false
		}
		return find(message, g.key.Path) != nil || find(message, g.key.parent()) != nil && keyAt(g.key.parent()).Type == Objects
	})
}

// find returns the first given of a path, nil where there is none.
func find(keys []given, path string) *given {
	for i := range keys {
		if keys[i].key.Path == path {
			return &keys[i]
		}
	}
	return nil
}

// decideKind follows the key kind, else the base image.
func (l *lint) decideKind() {
	base := find(l.t.given, "baseImage") != nil || find(l.t.given, "baseImageType") != nil
	if base || l.hasFROM() {
		l.t.Kind = Pipeline
	}
	switch Kind(find(l.t.given, "kind").text()) {
	case Component:
		l.t.Kind = Component
	case Pipeline:
		l.t.Kind = Pipeline
	}
	if l.in.starts {
		l.t.Kind = Execution
	}
	if l.t.Kind == Component && l.build != nil {
		l.build.section = inComponent
	}
}

func (l *lint) hasFROM() bool {
	return l.build != nil && slices.ContainsFunc(l.build.commands, func(in instruction) bool { return in.verb == vFROM })
}

// decideBase takes the base image from the first well-formed FROM, else from
// the keys.
func (l *lint) decideBase() {
	l.t.base = baseline{find(l.t.given, "baseImageType").text(), find(l.t.given, "baseImage").text()}
	for i := range l.build.commands {
		in := &l.build.commands[i]
		if in.verb != vFROM {
			continue
		}
		if base, ok := parseFROM(l.build.arguments(in)); ok {
			l.t.base = base
		}
		return
	}
}

// parseFROM splits `<TYPE>:<id>` at the first colon; system families have more.
func parseFROM(args string) (baseline, bool) {
	kind, image, _ := strings.Cut(strings.TrimSpace(args), ":")
	return baseline{kind, image}, (kind == "IMAGE" || kind == "IMAGE_FAMILY") && image != "" && !hasSpace(image)
}

// hasSpace asks Unicode only where a byte may be part of a space.
func hasSpace(text string) bool {
	for i := range len(text) {
		if text[i] <= ' ' || text[i] >= utf8.RuneSelf {
			return strings.ContainsFunc(text[i:], unicode.IsSpace)
		}
	}
	return false
}

// settle fills what the template says of itself.
func (l *lint) settle() {
	t := l.t
	text := func(path string) string { return find(t.given, path).text() }
	t.Name, t.RegionID = text("name"), text("regionId")
	if t.Name == "" {
		t.Name = l.in.name
	}
	t.ComponentVersion = text("componentVersion")
	t.Build = text("build") == "true"
	if t.Kind == Execution {
		t.ImagePipelineID, t.PipelineName = text("imagePipelineId"), text("pipelineName")
	}
}

func (p *part) export() Part {
	if p == nil {
		return Part{}
	}
	count := len(p.commands)
	if p.yaml != nil {
		count = p.yaml.tasks
	}
	return Part{Text: p.text, Bytes: len(p.text), Commands: count}
}

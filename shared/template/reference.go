package template

import (
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Reference is one COMPONENT of a pipeline: a component's ID, or a name with a
// version.
type Reference struct {
	ID string // ic-..., then the other fields are ""

	RegionID, AccountID, Name string
	// Version is x.y.z with "*" from the right for what is left open: "1.0.*".
	Version string
}

// Call is one COMPONENT command: what it refers to, and the parameters that it
// gives values to.
type Call struct {
	Reference
	Given   []string // names; nil where the list of them is malformed
	OnLinux bool     // another command of its text is for Linux only
}

// Calls returns the COMPONENT commands of a BuildContent or TestContent in the
// order of the text, which need not be a template: what is no reference is
// passed over.
func Calls(text string) []Call {
	src := newSource("", bodyOrder, text)
	p := &part{section: inBuild, src: src}
	scanPart(&report{}, p, 0, len(src.lines), noMarkers)
	onLinux := slices.ContainsFunc(p.commands, func(in instruction) bool { return in.isLinuxOnly() })
	var out []Call
	for i := range p.commands {
		in := &p.commands[i]
		if words := p.wordsOf(in); in.verb == vCOMPONENT && len(words) > 0 {
			if r, _ := parseTarget(words[0].text); r != (Reference{}) {
				out = append(out, Call{r, givenBy(words), onLinux})
			}
		}
	}
	return out
}

func givenBy(words []word) (names []string) {
	if _, problem, _ := parametersProblem(words); problem != "" {
		return nil
	}
	for i := 1; i < len(words); i += 2 {
		names = append(names, strings.TrimPrefix(words[i].text, "--"))
	}
	return names
}

// References returns what the Calls of a text refer to.
func References(text string) []Reference {
	var out []Reference
	for _, c := range Calls(text) {
		out = append(out, c.Reference)
	}
	return out
}

// ComponentParameter is an entry of Parameters of a YAML component.
type ComponentParameter struct {
	Name     string
	Required bool // it has no DefaultValue
}

// ParametersOf returns what a COMPONENT command can give to a component with
// this content: nothing to one in Dockerfile format.
func ParametersOf(content string) (list []ComponentParameter) {
	src := newSource("", bodyOrder, content)
	if sniff(src) != YAML {
		return nil
	}
	root, _ := yamlOf(src, 0).parseQuoted()
	pairs(value(root, "Parameters"), func(name, parameter *yaml.Node) {
		list = append(list, ComponentParameter{name.Value, value(parameter, "DefaultValue") == nil})
	})
	return list
}

// MatchVersion reports whether a component's version is one that the version
// of a reference stands for: "1.*.*" matches "1.2.3". Nothing malformed matches.
func MatchVersion(pattern, version string) bool {
	if !isVersionPattern(pattern) || !isVersionPattern(version) || strings.Contains(version, "*") {
		return false
	}
	numbers := strings.Split(version, ".")
	for i, want := range strings.Split(pattern, ".") {
		if want != "*" && want != numbers[i] {
			return false
		}
	}
	return true
}

// accountPattern is an account ID; the documents mask theirs.
const accountPattern = `^[0-9*]+$`

const referenceHelp = "write COMPONENT ic-... or COMPONENT acs:ecs:<region>:<account>:imagecomponent/<name>/<version>"

// versionAfterColon is the one problem of a target that is understood.
const versionAfterColon = "the version follows a colon"

const idCharacters = "abcdefghijklmnopqrstuvwxyz0123456789*"

// targetProblem is what is wrong with a target, and which piece of it.
type targetProblem struct {
	piece
	text, help string
}

// parseTarget reads an ID or a name with version. A version after a colon is
// understood, and a problem all the same; any other problem leaves no Reference.
func parseTarget(target string) (Reference, targetProblem) {
	all := piece{0, len(target)}
	if id, ok := strings.CutPrefix(target, "ic-"); ok {
		if id == "" || strings.Trim(id, idCharacters) != "" {
			return Reference{}, targetProblem{all, "malformed component ID", referenceHelp}
		}
		return Reference{ID: target}, targetProblem{}
	}
	if id, ok := strings.CutPrefix(target, "i-"); ok && strings.Trim(id, idCharacters) == "" {
		return Reference{}, targetProblem{all, "the ID of an instance", "the ID of a component begins with ic-"}
	}
	const fields = 5
	parts := strings.SplitN(target, ":", fields)
	if len(parts) < fields || parts[0] != "acs" || parts[1] != "ecs" || !strings.HasPrefix(parts[4], "imagecomponent/") {
		return Reference{}, targetProblem{all, "malformed component reference", referenceHelp}
	}
	region := piece{len("acs:ecs:"), len("acs:ecs:" + parts[2])}
	account := piece{region.end + 1, region.end + 1 + len(parts[3])}
	switch {
	case parts[2] == "" || parts[3] == "":
		return Reference{}, targetProblem{all, "a component reference without region or account", referenceHelp}
	case keyAt("regionId").problem(parts[2]) != "":
		return Reference{}, targetProblem{region, "malformed region in the component reference", referenceHelp}
	case !matches(accountPattern, parts[3]):
		return Reference{}, targetProblem{account, "malformed account in the component reference", referenceHelp}
	}
	return parseNamed(target, Reference{RegionID: parts[2], AccountID: parts[3]}, account.end+len(":imagecomponent/"))
}

// parseNamed reads the name and the version of a target, which begin at an offset.
func parseNamed(target string, r Reference, at int) (Reference, targetProblem) {
	name, version, slash := strings.Cut(target[at:], "/")
	r.Name, r.Version = name, version
	if i := strings.LastIndexByte(name, ':'); !slash && i >= 0 && isVersionPattern(name[i+1:]) && keyAt("name").problem(name[:i]) == "" {
		r.Name, r.Version = name[:i], name[i+1:]
		help := "write " + strings.TrimSuffix(target, name[i:]) + "/" + r.Version
		if holdsSecret(target) {
			help = "put / in the place of the last colon"
		}
		return r, targetProblem{piece{0, len(target)}, versionAfterColon, help}
	}
	whole := piece{0, len(target)}
	problem := targetProblem{}
	switch end := at + len(name); {
	case name == "":
		problem = targetProblem{whole, "a component without a name", referenceHelp}
	case keyAt("name").problem(name) != "":
		problem = targetProblem{piece{at, end}, "malformed component name", "a name has " + keyAt("name").help()}
	case version == "":
		problem = targetProblem{whole, "a component without a version",
			"write the version behind the name, for example /1.0.0, or /1.*.* for the newest below 2"}
	case !isVersionPattern(version):
		problem = targetProblem{piece{end + 1, len(target)}, "malformed component version",
			"write three numbers, or wildcards from the right: 1.2.3, 1.2.*, 1.*.*, *.*.*"}
	}
	if problem.text != "" {
		return Reference{}, problem
	}
	return r, problem
}

// isVersionPattern takes x.y.z with wildcards from the right.
func isVersionPattern(version string) bool {
	parts := strings.Split(version, ".")
	open := false
	for _, part := range parts {
		if part == "*" {
			open = true
		} else if open || part == "" || len(part) > 9 || part[0] == '0' && part != "0" || strings.Trim(part, "0123456789") != "" {
			return false
		}
	}
	return len(parts) == 3
}

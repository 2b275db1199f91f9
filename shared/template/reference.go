package template

import "strings"

// Reference is one COMPONENT of a pipeline: a component's ID, or a name with a
// version.
type Reference struct {
	ID string // ic-..., then the other fields are ""

	RegionID, AccountID, Name string
	// Version is x.y.z with "*" from the right for what is left open: "1.0.*".
	Version string
}

// References returns the COMPONENT references of a BuildContent or TestContent
// in the order of the text, which need not be a template: what is no reference
// is passed over.
func References(text string) []Reference {
	src := newSource("", bodyOrder, text)
	p := &part{section: inBuild, src: src}
	scanPart(&report{}, p, 0, len(src.lines), noMarkers)
	var out []Reference
	for i := range p.commands {
		in := &p.commands[i]
		if words := p.wordsOf(in); in.verb == vCOMPONENT && len(words) > 0 {
			if r, _, _ := parseTarget(words[0].text); r != (Reference{}) {
				out = append(out, r)
			}
		}
	}
	return out
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

// parseTarget reads an ID or a name with version. A version after a colon is
// understood, and a problem all the same; any other problem leaves no Reference.
func parseTarget(target string) (r Reference, problem, help string) {
	if id, ok := strings.CutPrefix(target, "ic-"); ok {
		if id == "" || strings.Trim(id, idCharacters) != "" {
			return Reference{}, "malformed component ID", referenceHelp
		}
		return Reference{ID: target}, "", ""
	}
	if id, ok := strings.CutPrefix(target, "i-"); ok && strings.Trim(id, idCharacters) == "" {
		return Reference{}, "the ID of an instance", "the ID of a component begins with ic-"
	}
	const fields = 5
	parts := strings.SplitN(target, ":", fields)
	if len(parts) < fields || parts[0] != "acs" || parts[1] != "ecs" || !strings.HasPrefix(parts[4], "imagecomponent/") {
		return Reference{}, "malformed component reference", referenceHelp
	}
	if !matches(regionPattern, parts[2]) || !matches(accountPattern, parts[3]) {
		return Reference{}, "malformed region or account in the component reference", referenceHelp
	}
	name, version, slash := strings.Cut(strings.TrimPrefix(parts[4], "imagecomponent/"), "/")
	r = Reference{RegionID: parts[2], AccountID: parts[3], Name: name, Version: version}
	if i := strings.LastIndexByte(name, ':'); !slash && i >= 0 && isVersionPattern(name[i+1:]) && keyAt("name").problem(name[:i]) == "" {
		r.Name, r.Version = name[:i], name[i+1:]
		return r, versionAfterColon, "write " + strings.TrimSuffix(target, name[i:]) + "/" + r.Version
	}
	switch {
	case keyAt("name").problem(name) != "":
		return Reference{}, "malformed component name", "a name has " + keyAt("name").help()
	case !slash:
		return Reference{}, "a component without a version", "write the version behind the name, for example /1.0.0, or /1.*.* for the newest below 2"
	case !isVersionPattern(version):
		return Reference{}, "malformed component version", "write three numbers, or wildcards from the right: 1.2.3, 1.2.*, 1.*.*, *.*.*"
	}
	return r, "", ""
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

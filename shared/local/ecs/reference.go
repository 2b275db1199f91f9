package ecs

import (
	"strings"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// reference is what a COMPONENT command names: an id, or region, account,
// name and version; and the values it gives to parameters.
type reference struct {
	id            string
	region        string
	account, name string
	version       pattern
	values        map[string]string
}

// parseReference reads the argument of a COMPONENT command.
func parseReference(argument string) (reference, bool) {
	target, rest := cutBlank(argument)
	values, ok := parseValues(rest)
	if !ok {
		return reference{}, false
	}
	r := reference{values: values}
	if hasKind(target, components) {
		r.id = target
		return r, true
	}
	return r, r.parseName(target)
}

// parseName reads acs:ecs:<RegionId>:<AliUid>:imagecomponent/<Name>/<version>.
// A name may hold colons; wildcards stand at the right end of the version only.
func (r *reference) parseName(target string) bool {
	const fields = 5
	parts := strings.SplitN(target, ":", fields)
	if len(parts) != fields || parts[0] != "acs" || parts[1] != "ecs" {
		return false
	}
	rest, ok := strings.CutPrefix(parts[4], "imagecomponent/")
	if !ok {
		return false
	}
	name, version, _ := strings.Cut(rest, "/")
	p, ok := parsePattern(version)
	r.region, r.account, r.name, r.version = parts[2], parts[3], name, p
	return ok && p.fromTheRight() && isName(name)
}

// parseValues reads --name value pairs; a value is one word or stands in double quotes.
func parseValues(s string) (map[string]string, bool) {
	values := map[string]string{}
	for s != "" {
		var flag, value string
		flag, s = cutBlank(s)
		name, ok := strings.CutPrefix(flag, "--")
		if _, twice := values[name]; !ok || name == "" || twice {
			return nil, false
		}
		if value, s, ok = cutValue(s); !ok {
			return nil, false
		}
		values[name] = value
	}
	return values, true
}

func cutValue(s string) (value, rest string, ok bool) {
	quoted, isQuoted := strings.CutPrefix(s, `"`)
	if !isQuoted {
		value, rest = cutBlank(s)
		return value, rest, value != "" && !strings.HasPrefix(value, "--")
	}
	value, rest, ok = strings.Cut(quoted, `"`)
	trimmed := strings.TrimLeft(rest, blanks)
	return value, trimmed, ok && (trimmed == "" || trimmed != rest)
}

// cutBlank parts the first word from the rest.
func cutBlank(s string) (word, rest string) {
	end := strings.IndexAny(s, blanks)
	if end < 0 {
		return s, ""
	}
	return s[:end], strings.TrimLeft(s[end:], blanks)
}

// resolve finds the component that the reference means in the region now, nil
// where there is none: other accounts and regions have none to offer.
func (r reference) resolve(tx *store.Tx, region string) (*record, error) {
	id := r.id
	if id == "" {
		if r.account != account.ID || r.region != region {
			return nil, nil
		}
		id, _ = latest(tx, region, r.name, r.version)
	}
	return load(tx, components, region, id)
}

// useKey is where a template keeps that it refers to this.
func (r reference) useKey(region, templateID string) string {
	if r.id != "" {
		return useOfID(r.id) + templateID
	}
	return useOfName(region, r.name, r.version) + templateID
}

func useOfID(id string) string { return store.Key("id", id, "") }

func useOfName(region, name string, p pattern) string {
	return store.Key("name", region, name, p.String(), "")
}

// inUse reports whether a template refers to the component, a wildcard
// counting for the version that it now resolves to.
func inUse(tx *store.Tx, c *record) bool {
	if _, used := first(tx, bucketUses, useOfID(c.ID)); used {
		return true
	}
	for _, p := range c.version().coveredBy() {
		if id, _ := latest(tx, c.Region, c.Name, p); id != c.ID {
			continue
		}
		if _, used := first(tx, bucketUses, useOfName(c.Region, c.Name, p)); used {
			return true
		}
	}
	return false
}

// references returns what the COMPONENT commands of a checked content name.
func (c content) references() []placed {
	var list []placed
	for _, cmd := range c.commands {
		if cmd.keyword == "COMPONENT" {
			r, _ := parseReference(cmd.argument)
			list = append(list, placed{reference: r, content: c, command: cmd})
		}
	}
	return list
}

// placed is a reference and where it stands.
type placed struct {
	reference
	content content
	command command
}

// componentType is what a content takes: Build components in BuildContent,
// Test components in TestContent.
func (p placed) componentType() string {
	if p.content.parameter == "TestContent" {
		return typeTest
	}
	return typeBuild
}

// check resolves the reference and holds it against the component found.
func (p placed) check(tx *store.Tx, region string) error {
	at := p.content.at(p.command)
	found, err := p.resolve(tx, region)
	switch {
	case err != nil:
		return err
	case found == nil:
		return refuse("ImageComponent.NotFound", at)
	case found.Type != p.componentType():
		return refuse("InvalidImageComponent.NotSupported", at+" refers to a component of type "+found.Type+".")
	}
	if !p.fits(found.Params) {
		return refuse("InvalidParameter."+p.content.parameter, at+" misses a parameter of the component or gives an unknown one.")
	}
	return nil
}

// fits reports whether every parameter without a default is given, and nothing else.
func (r reference) fits(parameters []parameter) bool {
	known := map[string]bool{}
	for _, p := range parameters {
		known[p.Name] = true
		if _, given := r.values[p.Name]; p.Required && !given {
			return false
		}
	}
	for name := range r.values {
		if !known[name] {
			return false
		}
	}
	return true
}

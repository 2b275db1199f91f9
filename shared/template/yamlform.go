package template

import (
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// checkSystem: the Dockerfile format is for Linux, but for COMPONENT and
// RESTART. Of a pipeline the system is known where its base image is imported, or
// is a public one. Source: "Commands supported by Image Builder", 2024-12-17.
func checkSystem(l *lint) {
	switch {
	case l.t.Kind == Component && find(l.t.given, "systemType").text() == systemWindows:
		l.addLinuxOnly(l.build, "systemType is Windows", "write a YAML component with RunPowerShellCommand, or systemType: Linux")
	case l.t.Kind == Pipeline && l.onWindows():
		const help = "put it into a YAML component with RunPowerShellCommand, and refer to that with COMPONENT"
		l.addLinuxOnly(l.build, "the base image is Windows", help)
		l.addLinuxOnly(l.test, "the base image is Windows", help)
	}
}

// onWindows knows public images and families of Windows by their names, for example
// acs:windows_2022_dtc_2021_x64 and win2022_21H2_x64_dtc_en-us_40G_alibase_20240414.vhd.
func (l *lint) onWindows() bool {
	if l.isImport() {
		return find(l.t.given, "importImageOptions.osType").text() == osWindows
	}
	image := l.t.base.image
	return strings.HasPrefix(image, "acs:windows") || strings.HasPrefix(image, "win") && strings.HasSuffix(image, ".vhd")
}

func (l *lint) addLinuxOnly(p *part, because, help string) {
	for i := 0; p != nil && i < len(p.commands); i++ {
		if in := &p.commands[i]; in.isLinuxOnly() {
			l.add("IB0249", p.spanOf(in), "", in.name()+" is for Linux, and "+because, help)
		}
	}
}

// isLinuxOnly reports a command that the service knows, and runs on Linux only.
func (in *instruction) isLinuxOnly() bool {
	return in.verb&(vFROM|vCOMPONENT|vRESTART|vUnknown) == 0
}

func checkActionSystems(l *lint, p *part) {
	system := systemLinux
	if find(l.t.given, "systemType").text() == systemWindows {
		system = systemWindows
	}
	p.eachAction(func(task *yaml.Node, a *Action) {
		if a.system != "" && a.system != system {
			l.addYAMLAs(p, "IB0611", value(task, "Action"), a.Name+" is for "+a.system+", and the component is for "+system,
				"set systemType: "+a.system+", or use "+shellOf(system))
		}
	})
}

// shellOf is the action that runs commands on a system.
func shellOf(system string) string {
	for i := range Actions {
		if Actions[i].system == system {
			return Actions[i].Name
		}
	}
	return ""
}

// addYAMLAs reports what the service does not look at when it creates.
func (l *lint) addYAMLAs(p *part, rule string, n *yaml.Node, message, help string) {
	if !l.full(rule) {
		l.add(rule, p.yaml.text.span(n), "", message, help)
	}
}

// propertyTypes are the properties that are not text.
// Source: "Commands supported by Image Builder", YAML format, 2024-12-17.
var propertyTypes = map[string]Type{"validTime": Integer, "timeout": Integer, "forceStop": Boolean, "parameters": Object}

func checkPropertyTypes(l *lint, p *part) {
	p.eachAction(func(task *yaml.Node, a *Action) {
		pairs(value(task, "Properties"), func(key, n *yaml.Node) {
			if isNullNode(n) || !a.has(key.Value) || bareReference(n) != "" {
				return
			}
			problem, help := "is not text", "write text; several lines go below `"+key.Value+": |`"
			switch propertyTypes[key.Value] {
			case Integer:
				problem, help = "is not a number", "write digits, for example "+key.Value+": 600"
			case Boolean:
				problem, help = "is not true or false", "write true or false"
			case Object:
				problem, help = "is no JSON object", "write {key: value}"
			}
			if !fitsProperty(propertyTypes[key.Value], n) {
				l.addYAMLAs(p, "IB0612", n, key.Value+" "+problem, help)
			} else if problem, help = doubtIn(key.Value, n.Value); problem != "" && !l.full("IB0612") {
				l.warn("IB0612", p.yaml.text.span(n), key.Value+" "+problem, help)
			}
		})
	})
}

// doubtIn says of a text why it can hardly be the value of a property, "" where it
// can: the service finds out in the build.
func doubtIn(property, text string) (problem, help string) {
	scheme, _, _ := strings.Cut(text, "://")
	switch {
	case strings.Contains(text, "{{"):
	case property == "sourcePath" && !webSchemes[strings.ToLower(scheme)]:
		return "is no web address", "write https://...; an object of a private bucket takes OSSDownload"
	case property == "bucketName" && strings.Contains(text, "/"):
		return "is not the name of a bucket", "write the name alone; the path in it is objectName"
	case property == "objectName" && strings.Contains(text, "://"):
		return "is not the key of an object", "write the key alone; its bucket is bucketName"
	}
	return "", ""
}

func (a *Action) has(property string) bool {
	return slices.Contains(a.Required, property) || slices.Contains(a.Optional, property)
}

// fitsProperty: what a reference stands for is known only when it runs.
func fitsProperty(t Type, n *yaml.Node) bool {
	if t == Object && n.Kind == yaml.MappingNode {
		return true
	}
	if n.Kind != yaml.ScalarNode {
		return false
	}
	return t == "" || strings.Contains(n.Value, "{{") || t == Object && isObject(n.Value) || t != Object && fitsScalar(t, n)
}

func isObject(text string) bool {
	return strings.HasPrefix(strings.TrimLeft(text, " \t\r\n"), "{") && json.Valid([]byte(text))
}

// fitsScalar also takes a number, or true and false, in quotes.
func fitsScalar(t Type, n *yaml.Node) bool {
	switch n.ShortTag() {
	case "!!int", "!!float":
		return t == Integer
	case "!!bool":
		return t == Boolean
	}
	plain := strings.ToLower(n.Value)
	if t == Boolean {
		return plain == "true" || plain == "false"
	}
	_, err := strconv.ParseFloat(plain, 64)
	return err == nil && strings.Trim(plain, "+-.e0123456789") == ""
}

// checkParameterForms: what a parameter says besides its type, IB0608.
func checkParameterForms(l *lint, p *part) {
	if !p.isYAMLComponent() {
		return
	}
	types := map[string]Type{"String": "", "Number": Integer, "Boolean": Boolean}
	pairs(value(p.yaml.root, "Parameters"), func(name, parameter *yaml.Node) {
		if name.Kind == yaml.ScalarNode && !isReferenceName(name.Value) {
			l.warnYAML(p, name, "no reference can name this parameter", "use letters, digits, - and _")
		}
		declared := ""
		if n := value(parameter, "Type"); n != nil {
			declared = n.Value
		}
		want, known := types[declared]
		pairs(parameter, func(key, n *yaml.Node) {
			switch {
			case key.Value == "Type", isMisspeltType(parameter, key):
			case key.Value != "DefaultValue":
				f := l.warnYAML(p, key, "unknown key"+named(key.Value)+" of a parameter", suggestFrom(key.Value, parameterKeys))
				p.offerYAML(f, key, parameterKeys, func(near string) bool { return value(parameter, near) != nil })
			case known && !isNullNode(n) && bareReference(n) == "" && (n.Kind != yaml.ScalarNode || want != "" && !fitsScalar(want, n)):
				l.addYAMLAs(p, "IB0613", n, "the default is no "+declared, "write a value of the type, or another Type")
			}
		})
	})
}

func (l *lint) warnYAML(p *part, n *yaml.Node, message, help string) *Finding {
	return l.warn("IB0613", p.yaml.text.span(n), message, help)
}

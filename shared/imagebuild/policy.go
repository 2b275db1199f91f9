package imagebuild

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"imagedrop/shared/template"
)

// Policy is what the operator allows templates to ask for. Whoever may write
// to the prefix or the queue gets root in the images, so what it does not name
// is refused, but for the instance type. The entry "*" of a list allows any.
type Policy struct {
	Regions          []string `yaml:"regions"`          // absent: the function's own
	Buckets          []string `yaml:"buckets"`          // of templateUri; absent: the trigger's, so none for messages
	Accounts         []string `yaml:"accounts"`         // to share images with; absent: none
	VSwitchIDs       []string `yaml:"vSwitchIds"`       // absent: none, the service makes a temporary network
	InstanceTypes    []string `yaml:"instanceTypes"`    // absent: any
	ResourceGroupIDs []string `yaml:"resourceGroupIds"` // absent: none, the default group
	Targets          []string `yaml:"targets"`          // absent: alibaba
	NamePrefix       string   `yaml:"namePrefix"`
	RequiredTags     []string `yaml:"requiredTags"` // keys
	Build            bool     `yaml:"build"`
	// RetainInstanceOnFailure allows deleteInstanceOnFailure: false.
	RetainInstanceOnFailure bool `yaml:"retainInstanceOnFailure"`
}

// anyValue in a list of the policy allows every value.
const anyValue = "*"

// ruleViolation is the rule of every finding that a policy makes.
const ruleViolation = "IB0258"

// ParsePolicy reads a policy in YAML. Empty text is the strict default. An
// unknown or repeated key and a value of another type are errors that name the line.
func ParsePolicy(text string) (Policy, error) {
	var p Policy
	decoder := yaml.NewDecoder(strings.NewReader(text))
	decoder.KnownFields(true)
	if err := decoder.Decode(&p); err != nil && !errors.Is(err, io.EOF) {
		return Policy{}, plain(err)
	}
	if err := decoder.Decode(new(yaml.Node)); !errors.Is(err, io.EOF) {
		return Policy{}, errors.New("more than one YAML document")
	}
	return p, nil
}

// plain is a YAML error in one line and without the names of our Go types.
func plain(err error) error {
	var wrong *yaml.TypeError
	if !errors.As(err, &wrong) {
		return errors.New(strings.TrimPrefix(err.Error(), "yaml: "))
	}
	text := strings.Join(wrong.Errors, "; ")
	text = strings.ReplaceAll(text, " not found in type imagebuild.Policy", " is not a key of a policy")
	return errors.New(strings.ReplaceAll(text, "into imagebuild.Policy", "into a policy"))
}

// AllowsTarget reports whether the policy lists the target.
func (p *Policy) AllowsTarget(target string) bool {
	return allows(p.targets(""), target)
}

func (p *Policy) regions(own string) []string    { return orDefault(p.Regions, own) }
func (p *Policy) targets(string) []string        { return orDefault(p.Targets, template.TargetAlibaba) }
func (p *Policy) accounts(string) []string       { return p.Accounts }
func (p *Policy) vSwitches(string) []string      { return p.VSwitchIDs }
func (p *Policy) resourceGroups(string) []string { return p.ResourceGroupIDs }
func (p *Policy) instanceTypes(string) []string  { return orDefault(p.InstanceTypes, anyValue) }

// searched are the regions that an accepted template may have been for. Those
// that only "*" allows have no list.
func (p *Policy) searched(own string) []string {
	regions := []string{own}
	for _, r := range p.Regions {
		if r != anyValue && !slices.Contains(regions, r) {
			regions = append(regions, r)
		}
	}
	return regions
}

func orDefault(list []string, value string) []string {
	if list == nil {
		return []string{value}
	}
	return list
}

func allows(list []string, value string) bool {
	return slices.Contains(list, value) || slices.Contains(list, anyValue)
}

// bounded are the keys whose values a list of the policy bounds.
var bounded = []struct {
	key, setting string
	list         func(p *Policy, region string) []string
}{
	{"regionId", "regions", (*Policy).regions},
	{"toRegionIds", "regions", (*Policy).regions},
	{"addAccounts", "accounts", (*Policy).accounts},
	{"vSwitchId", "vSwitchIds", (*Policy).vSwitches},
	{"instanceType", "instanceTypes", (*Policy).instanceTypes},
	{"resourceGroupId", "resourceGroupIds", (*Policy).resourceGroups},
	{"targets", "targets", (*Policy).targets},
}

// Check reports what the template asks for and the policy does not allow, each
// as an error finding of rule IB0258 where the value stands. region is the
// function's own.
func (p *Policy) Check(t *template.Template, region string) {
	for _, b := range bounded {
		for _, v := range t.Lookup(b.key) {
			if list := b.list(p, region); !allows(list, v.Text) {
				refuse(t, v, b.key+shown(v.Text)+" is not allowed", b.setting, list)
			}
		}
	}
	if slices.Contains(t.Targets, template.TargetAlibaba) {
		p.checkDefault(t, "regionId", region, "regions", p.regions(region))
	}
	for _, target := range t.Targets { // one each, where nothing names them
		p.checkDefault(t, "targets", target, "targets", p.targets(""))
	}
	p.checkFlags(t)
	switch {
	case t.Kind != template.Execution:
		p.checkName(t)
		p.checkTags(t)
	case t.PipelineName != "":
		p.checkPipeline(t, "pipelineName", t.PipelineName)
	}
}

func (p *Policy) checkName(t *template.Template) {
	if !strings.HasPrefix(t.Name, p.NamePrefix) {
		t.Report(ruleViolation, value(t, "name"), "the name must begin with "+p.NamePrefix, "set name to "+p.NamePrefix+"...")
	}
	for _, v := range t.Lookup("aws.name") {
		if slices.Contains(t.Targets, template.TargetAWS) && !strings.HasPrefix(v.Text, p.NamePrefix) {
			t.Report(ruleViolation, v, "the name must begin with "+p.NamePrefix, "set aws.name to "+p.NamePrefix+"...")
		}
	}
}

// checkPipeline is for the pipeline that a message starts: key names it.
func (p *Policy) checkPipeline(t *template.Template, key, name string) {
	if !strings.HasPrefix(name, p.NamePrefix) {
		t.Report(ruleViolation, value(t, key), "the name of the pipeline must begin with "+p.NamePrefix, "start another pipeline")
	}
}

// checkDefault reports a default that would take effect and is not allowed.
func (p *Policy) checkDefault(t *template.Template, key, value, setting string, list []string) {
	if len(t.Lookup(key)) == 0 && !allows(list, value) {
		refuse(t, template.Value{}, fmt.Sprintf("%s is not set, and its default %s is not allowed", key, value), setting, list)
	}
}

func (p *Policy) checkTags(t *template.Template) {
	for _, key := range p.RequiredTags {
		if !slices.ContainsFunc(t.Lookup("tags"), func(v template.Value) bool { return v.Key == "tags."+key }) {
			t.Report(ruleViolation, value(t, "tags"), "the tag "+key+" is required", "add "+key+" to tags")
		}
		if own := t.Lookup("aws.tags"); slices.Contains(t.Targets, template.TargetAWS) && len(own) > 0 &&
			!slices.ContainsFunc(own, func(v template.Value) bool { return v.Key == "aws.tags."+key }) {
			t.Report(ruleViolation, own[0], "the tag "+key+" is required", "add "+key+" to aws.tags")
		}
	}
}

func (p *Policy) checkFlags(t *template.Template) {
	if (t.Build || t.Kind == template.Execution) && !p.Build {
		key := "build"
		if t.Kind == template.Execution {
			key = "kind"
		}
		refuse(t, value(t, key), "starting a build is not allowed", "build", nil)
	}
	if retains(t) && !p.RetainInstanceOnFailure {
		refuse(t, value(t, "deleteInstanceOnFailure"), "keeping the instance of a failed build is not allowed",
			"retainInstanceOnFailure", nil)
	}
}

// retains reports whether a failed build would leave its instance.
func retains(t *template.Template) bool {
	return t.Kind == template.Pipeline && value(t, "deleteInstanceOnFailure").Text == "false"
}

// shown adds a value to a message where it can be an identifier: anything else
// may be text that slipped into a header, and a finding is published.
func shown(value string) string {
	if !isIdentifier(value) {
		return ""
	}
	return " " + value
}

// maxIdentifier bounds what counts as an identifier, in characters.
const maxIdentifier = 64

func isIdentifier(s string) bool {
	return s != "" && len(s) <= maxIdentifier && !strings.ContainsFunc(s, func(r rune) bool {
		return !(r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r >= '0' && r <= '9' || strings.ContainsRune("._*-", r))
	})
}

func (p *Policy) allowsBucket(bucket string) bool { return allows(p.Buckets, bucket) }

func (p *Policy) refuseBucket(t *template.Template, bucket string) {
	refuse(t, value(t, "templateUri"), "bucket "+bucket+" is not allowed", "buckets", p.Buckets)
}

// refuse reports a violation; list is what the policy allows instead.
func refuse(t *template.Template, v template.Value, message, setting string, list []string) {
	if len(list) > 0 {
		message += "; allowed: " + strings.Join(list, ", ")
	}
	t.Report(ruleViolation, v, message, "change it, or ask the operator to allow it in "+setting+" of the policy")
}

// value is the first value of a key; the zero Value, which stands for the
// whole template, where it is not set.
func value(t *template.Template, key string) template.Value {
	if values := t.Lookup(key); len(values) > 0 {
		return values[0]
	}
	return template.Value{}
}

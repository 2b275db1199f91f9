package template

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
)

// AWS is what a template asks of target aws: the block aws, where it is silent
// the general keys, else the defaults.
type AWS struct {
	Name, SemanticVersion, Platform          string // never "" of an accepted template
	RegionID                                 string // "" where the template does not say
	Description, ChangeDescription, KMSKeyID string
	SupportedOSVersions                      []string
	Tags                                     map[string]string
	URI                                      string // "" where there is a content
	DryRun                                   bool
}

// defaultAWSVersion is the version of a component that names none; the service
// numbers its builds.
const defaultAWSVersion = "1.0.0"

// AWS returns what the template asks of target aws.
func (t *Template) AWS() AWS {
	text := func(path string) string { return t.forAWS(path).text() }
	a := AWS{
		Name: t.awsName(), SemanticVersion: cmp.Or(plainVersion(text("aws.semanticVersion")), defaultAWSVersion),
		Platform: cmp.Or(text("aws.platform"), platformLinux),
		RegionID: text("aws.regionId"), Description: text("aws.description"), ChangeDescription: text("aws.changeDescription"),
		KMSKeyID: text("aws.kmsKeyId"), URI: text("aws.uri"), DryRun: text("aws.dryRun") == "true", Tags: map[string]string{},
	}
	if g := t.forAWS("aws.supportedOsVersions"); g != nil {
		for _, v := range g.values {
			a.SupportedOSVersions = append(a.SupportedOSVersions, v.text)
		}
	}
	if g := t.forAWS("aws.tags"); g != nil {
		for _, v := range g.values {
			a.Tags[v.tag] = v.text
		}
	}
	return a
}

// plainVersion leaves out leading zeros, which mean nothing and may not come
// back, and puts 0 for a wildcard: the service itself numbers the builds of a
// version, and a reference reaches the newest.
func plainVersion(version string) string {
	numbers := strings.Split(version, ".")
	for i, n := range numbers {
		if n != "" {
			numbers[i] = cmp.Or(strings.TrimLeft(n, "0*"), "0")
		}
	}
	return strings.Join(numbers, ".")
}

// awsComponents is the key that maps references of COMPONENT to ARNs.
const awsComponents = "aws.components"

// awsARN is a component, whatever its version and build.
// Source: EC2 Image Builder API, CreateComponent and GetComponent.
const awsARN = `^arn:aws[^:]*:imagebuilder:[a-z0-9-]+:([0-9]{12}|aws|aws-[a-z-]+|third-party):component/[a-z0-9_-]+/[0-9x]+\.[0-9x]+\.[0-9x]+(/[0-9]+)?$`

func checkAWSComponents(r *report, g *given) {
	seen := map[string]bool{}
	for _, v := range g.values {
		_, wrong := parseTarget(v.tag)
		switch {
		case wrong.text != "":
			r.add(g.key.Rule, v.tagAt, "", g.key.Path+": "+wrong.text, strings.ReplaceAll(wrong.help, "COMPONENT ", ""))
		case seen[v.tag]:
			r.add(g.key.Rule, v.tagAt, "", g.key.Path+": a reference is given twice", "keep one of them")
		}
		seen[v.tag] = true
		if !matches(awsARN, v.text) {
			r.add(g.key.Rule, v.at, "", g.key.Path+": the ARN is malformed",
				"arn:aws:imagebuilder:<region>:<account>:component/<name>/<version>")
		}
	}
}

// AWSComponent is the ARN of the AWS component that takes the place of a
// COMPONENT reference, as written and without its parameters; "" where none does.
func (t *Template) AWSComponent(reference string) string {
	for _, v := range t.Lookup(awsComponents) {
		if v.Key == awsComponents+"."+reference {
			return v.Text
		}
	}
	return ""
}

// forAWS is the given of a key of the block aws, or of the key that stands in
// for it; nil where there is neither.
func (t *Template) forAWS(path string) *given {
	if g := find(t.given, path); g != nil {
		return g
	}
	return find(t.given, keyAt(path).Default)
}

func (t *Template) awsName() string {
	if g := find(t.given, "aws.name"); g != nil {
		return g.text()
	}
	return mappedName(t.Name)
}

// mappedName makes a name of AWS of one of Alibaba Cloud. Two names never
// become one: a changed name ends in a part of its hash.
func mappedName(name string) string {
	mapped := strings.Trim(strings.Map(func(r rune) rune {
		if r == ' ' || r == '-' || r == '_' || r >= '0' && r <= '9' || r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return '-'
	}, name), " ")
	if name == "" || mapped == name && len(name) >= keyAt("aws.name").Min {
		return mapped
	}
	sum := sha256.Sum256([]byte(name))
	return mapped + "-" + hex.EncodeToString(sum[:4])
}

// targetsOf are the targets that keys name, each once. Without any they follow
// from the content.
func targetsOf(keys []given, awsContent bool) (targets []string) {
	if g := find(keys, "targets"); g != nil {
		for _, v := range g.values {
			if slices.Contains(g.key.Enum, v.text) && !slices.Contains(targets, v.text) {
				targets = append(targets, v.text)
			}
		}
	}
	switch {
	case len(targets) > 0:
		return targets
	case awsContent:
		return []string{TargetAWS}
	}
	return []string{TargetAlibaba}
}

// hasTarget reports whether the template goes to a target.
func (t *Template) hasTarget(target string) bool { return slices.Contains(t.Targets, target) }

// own is what the clouds that the template goes to call a thing: its name on Alibaba
// Cloud, on AWS, or both. Only a finding asks for it.
func (l *lint) own(alibaba, aws string) string {
	switch {
	case !l.t.hasTarget(TargetAWS):
		return alibaba
	case !l.t.hasTarget(TargetAlibaba):
		return aws
	}
	return alibaba + " or " + aws
}

// hasAWSContent reports a content that only AWS takes: its component document,
// here or in S3.
func (l *lint) hasAWSContent() bool {
	return l.build.yaml != nil && l.build.yaml.aws || l.build.text == "" && find(l.t.given, "aws.uri") != nil
}

// defaulted are the keys that another stands in for.
var defaulted = func() (keys []*Key) {
	for i := range Keys {
		if Keys[i].Default != "" {
			keys = append(keys, &Keys[i])
		}
	}
	return keys
}()

// checkDefaults holds general values that stand in for keys of the block aws
// against the limits of these.
func (l *lint) checkDefaults() {
	for _, key := range defaulted {
		g := find(l.t.given, key.Default)
		if g == nil || find(l.t.given, key.Path) != nil {
			continue
		}
		limits := *key
		limits.Path = g.key.Path + ", for target aws,"
		limits.Form = strings.TrimPrefix(limits.Form+"; or give "+key.Path, "; ")
		values := g.values
		if g.key.Path == "componentVersion" && g.key.problem(g.text()) == "" {
			values = []scalar{{at: g.at, text: plainVersion(g.text())}}
		}
		checkKeys(&l.report, []given{{key: &limits, keyAt: g.keyAt, at: g.at, values: values}})
	}
}

// checkAWSName: aws.name is judged by its row.
func checkAWSName(l *lint) {
	if find(l.t.given, "aws.name") != nil {
		return
	}
	at, name := l.build.at, l.in.name
	if g := find(l.t.given, "name"); g != nil {
		at, name = g.at, g.text()
	}
	const help = "give aws.name: "
	key := keyAt("aws.name")
	if name == "" {
		l.add("IB0506", at, "", "target aws needs a name", help+key.help())
	} else if key.problem(mappedName(name)) != "" {
		l.add("IB0506", at, "", "the name does not make a valid name for target aws", help+key.help())
	}
}

// Tags that target aws has no room for, as tagsWithoutDigest and tagsWithoutBoth.
const (
	awsTagsWithoutDigest = maxAWSTags - 1
	awsTagsWithoutBoth   = maxAWSTags
)

func checkAWSTagRoom(l *lint) {
	tags := l.t.forAWS("aws.tags")
	if tags == nil {
		return
	}
	if n := len(tags.values); n == awsTagsWithoutDigest || n == awsTagsWithoutBoth {
		l.addAs(Info, "IB0508", tags.keyAt, "",
			"49 or 50 tags leave no room for ours: an unchanged template, and with 50 the job, is not recognised",
			"give at most 48 tags")
	}
}

func checkAWSContent(l *lint) {
	if uri := find(l.t.given, "aws.uri"); uri != nil && l.build.text != "" {
		l.add("IB0509", uri.at, "InvalidParameterCombinationException", "aws.uri names a document, and there is a content",
			"delete one of the two")
	}
}

// checkAWSPlatform: commands are translated to a shell script.
func checkAWSPlatform(l *lint) {
	g := find(l.t.given, "aws.platform")
	if g != nil && g.text() != platformLinux && g.key.problem(g.text()) == "" && !l.hasAWSContent() {
		l.add("IB0517", g.at, "", "aws.platform is "+g.text()+", and the content is translated for Linux",
			"delete aws.platform, or write an AWS component document (schemaVersion, phases)")
	}
}

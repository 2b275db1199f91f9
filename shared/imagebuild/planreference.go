package imagebuild

import (
	"context"
	"slices"
	"strings"

	"imagedrop/shared/template"
)

// Notice is something about a COMPONENT reference that only the cloud can tell.
type Notice struct {
	Reference string `json:"reference"`
	Message   string `json:"message"`
	Help      string `json:"help"`
	// Code is what the service refuses a create or a start with that has the
	// reference, "" where it does not.
	Code string `json:"code"`
}

// codeNotHere refuses a component that may not stand where it does.
const codeNotHere = "InvalidImageComponent.NotSupported"

// refusedBy is what the service answers to the first reference that it does not
// take, nil where it takes all.
func refusedBy(notices []Notice) error {
	for _, n := range notices {
		if n.Code != "" {
			return refused(n.Code, "COMPONENT "+n.Reference+": "+n.Message)
		}
	}
	return nil
}

// section is a text with COMPONENT commands, and what it takes.
type section struct{ parameter, componentType string }

// sections are in the order in which the service looks at them.
// Source: ECS 2014-05-26, CreateImagePipeline; Build components in BuildContent,
// Test components in TestContent: CreateImageComponent, ComponentType.
var sections = []section{{"BuildContent", "Build"}, {"TestContent", "Test"}}

// refusal is the code for a call with the wrong parameters.
func (s section) refusal() string { return "InvalidParameter." + s.parameter }

// notices are about the references of a pipeline with these parameters.
func (p *Planner) notices(ctx context.Context, j *job, parameters []template.Parameter) (list []Notice, err error) {
	r := newResolver(&j.Publisher, p.Cloud, p.Cloud, j.invocation.AccountID, j.region())
	for _, s := range sections {
		for _, call := range template.Calls(parameterOf(parameters, s.parameter)) {
			notice, err := (&caller{p, j, r, s, call}).notice(ctx)
			if err != nil {
				return nil, err
			}
			if notice != (Notice{}) && !slices.Contains(list, notice) {
				list = append(list, notice)
			}
		}
	}
	return list, nil
}

func parameterOf(parameters []template.Parameter, name string) string {
	for _, p := range parameters {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// caller holds one COMPONENT command against what there is.
type caller struct {
	*Planner
	*job
	resolver *resolver
	section  section
	call     template.Call
}

// notice is the zero Notice where there is nothing to say.
func (c *caller) notice(ctx context.Context) (Notice, error) {
	ref := c.call.Reference
	n := Notice{Reference: ref.Name + "/" + ref.Version}
	switch {
	case ref.ID != "":
		return c.byID(ctx)
	case c.resolver.accountID == "":
		n.Message = "it was not looked up, since it is not known which account this one is"
		n.Help = "give the ID of this account"
		return n, nil
	case ref.RegionID != c.resolver.regionID:
		n.Code, n.Message = codeNoComponent, "it is of "+ref.RegionID+", and the pipeline is made in "+c.resolver.regionID
		n.Help = "a pipeline takes components of its own region: name " + c.resolver.regionID + " here, and make the component there"
		return n, nil
	case ref.AccountID != c.resolver.accountID:
		return c.byOther(ctx, n)
	}
	return c.byName(ctx, n)
}

func (c *caller) byID(ctx context.Context) (Notice, error) {
	id := c.call.ID
	made, err := c.sent(ctx, c.job, template.Component, id)
	if err != nil {
		return Notice{}, err
	}
	if made == nil {
		return Notice{
			Reference: id, Code: codeNoComponent, Message: "there is no component " + id + " in " + c.resolver.regionID,
			Help: "name one of this region, best by its name and version",
		}, nil
	}
	return c.fits(Notice{Reference: id}, made), nil
}

// byOther is for another account: Alibaba Cloud has components for everybody,
// others have not.
func (c *caller) byOther(ctx context.Context, n Notice) (Notice, error) {
	var offered []Resource
	err := c.retry(ctx, func(ctx context.Context) (err error) {
		offered, err = c.Cloud.Find(ctx, Query{Kind: template.Component, RegionID: c.resolver.regionID, Name: c.call.Name, Offered: true})
		return err
	})
	if err != nil || len(offered) > 0 {
		return Notice{}, err
	}
	n.Code, n.Message = codeNoComponent, "it is of account "+c.call.AccountID+", and this one is "+c.resolver.accountID
	n.Help = "a pipeline takes components of its own account, and those that Alibaba Cloud offers"
	return n, nil
}

func (c *caller) byName(ctx context.Context, n Notice) (Notice, error) {
	ref := c.call.Reference
	versions, err := c.resolver.versionsOf(ctx, ref.Name)
	if err != nil {
		return Notice{}, err
	}
	coming := c.Coming[c.resolver.regionID+"/"+ref.Name]
	versions = slices.Clone(versions)
	for _, e := range coming {
		versions = append(versions, e.Version)
	}
	reached, last := highest(ref.Version, versions), highest("*.*.*", versions)
	switch {
	case last == noVersion:
		n.Code, n.Message = codeNoComponent, "there is no component "+ref.Name+" in "+c.resolver.regionID
		n.Help = "drop it first; a job whose event is younger than 5 minutes waits for it"
		return n, nil
	case reached == noVersion:
		n.Code, n.Message = codeNoComponent, "no version of "+ref.Name+" is "+ref.Version+"; the newest is "+last
		n.Help = "name a version that there is, or a wildcard that covers one"
		return n, nil
	}
	made, err := c.made(ctx, reached, coming)
	if err != nil {
		return Notice{}, err
	}
	if wrong := c.fits(n, made); wrong != (Notice{}) {
		return wrong, nil
	}
	if reached != last && strings.HasSuffix(ref.Version, "*") {
		n.Message = ref.Name + "/" + ref.Version + " can never reach the newest version, " + last + "; it stays at what it covers, now " + reached
		n.Help = "widen the wildcard, or number the component below it (componentVersion: " + ref.Version + ")"
		return n, nil
	}
	return Notice{}, nil
}

// made are the parameters of a version of the component, nil where they are not
// known.
func (c *caller) made(ctx context.Context, version string, coming []Existing) ([]template.Parameter, error) {
	for _, e := range coming {
		if e.Version == version {
			return e.Parameters, nil
		}
	}
	found, err := c.find(ctx, Query{Kind: template.Component, RegionID: c.resolver.regionID, Name: c.call.Name, Version: version})
	if err != nil || len(found) == 0 {
		return nil, err
	}
	return c.sent(ctx, c.job, template.Component, found[0].ID)
}

// fits holds the command against the component that it reaches.
func (c *caller) fits(n Notice, made []template.Parameter) Notice {
	is, content := parameterOf(made, "ComponentType"), parameterOf(made, "Content")
	if is == "" && content != "" { // Build is not sent, as the default
		is = sections[0].componentType
	}
	if is != "" && is != c.section.componentType {
		n.Code, n.Message = codeNotHere, "it is a "+is+" component, and "+c.section.parameter+" takes "+c.section.componentType+" components"
		n.Help = map[string]string{"Test": "put it behind the line # --- test", "Build": "put it before the line # --- test"}[is]
		return n
	}
	if n := c.gives(n, content); n.Code != "" {
		return n
	}
	if c.call.OnLinux && parameterOf(made, "SystemType") == "Windows" {
		n.Message = "it is a component for Windows, and other commands of " + c.section.parameter + " are for Linux"
		n.Help = "a build of this pipeline cannot end well: take one for Linux, or only components for Windows"
		return n
	}
	return Notice{}
}

// gives holds the parameters that the command gives against those that a
// content takes.
func (c *caller) gives(n Notice, content string) Notice {
	if content == "" {
		return n
	}
	takes := template.ParametersOf(content)
	var names, missing []string
	for _, p := range takes {
		names = append(names, p.Name)
		if p.Required && !slices.Contains(c.call.Given, p.Name) {
			missing = append(missing, p.Name)
		}
	}
	var unknown []string
	for _, name := range c.call.Given {
		if !slices.Contains(names, name) {
			unknown = append(unknown, name)
		}
	}
	switch {
	case len(missing) > 0:
		n.Code, n.Message = c.section.refusal(), "it needs a value for "+strings.Join(missing, ", ")
		n.Help = "add --" + strings.Join(missing, " <value> --") + " <value>"
	case len(unknown) > 0 && len(takes) == 0:
		n.Code, n.Message = c.section.refusal(), "the component takes no parameters, and --"+unknown[0]+" is given"
		n.Help = "take it away, or add it to Parameters of the component"
	case len(unknown) > 0:
		n.Code, n.Message = c.section.refusal(), "the component has no parameter "+unknown[0]
		n.Help = "it takes " + strings.Join(names, ", ")
		if near := template.Nearest(unknown[0], names); near != "" {
			n.Help = "did you mean --" + near + "?"
		}
	}
	return n
}

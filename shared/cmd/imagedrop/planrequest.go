package main

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// creates are the operations that make each kind.
var creates = map[template.Kind]string{template.Component: "CreateImageComponent", template.Pipeline: "CreateImagePipeline"}

// goesTo reports a template with that target; without any it goes to Alibaba Cloud.
func (in *planned) goesTo(target string) bool {
	if len(in.tmpl.Targets) == 0 {
		return target == template.TargetAlibaba
	}
	return slices.Contains(in.tmpl.Targets, target)
}

func (in *planned) outcome() string {
	if in.plan.Status == "" {
		return unknown
	}
	return string(in.plan.Status)
}

// isSent reports that the request would be sent, as far as it is known: the
// service may refuse it.
func (in *planned) isSent() bool {
	return in.plan.Sent || in.plan.Status == "" && in.request() != nil
}

// builds reports that the job would start a build of the new pipeline.
func (in *planned) builds() bool {
	return in.isSent() && in.tmpl.Build && in.outcome() != string(imagebuild.Rejected)
}

// request is what makes the resource, in the order in which it is sent; nil
// where nothing does.
func (in *planned) request() *planRequest {
	r := &planRequest{Parameters: []planParameter{}}
	add := func(name, value string) { r.Parameters = append(r.Parameters, planParameter{name, value}) }
	switch p := in.plan; {
	case p.Start != nil:
		r.Action = "StartImagePipelineExecution"
		add("RegionId", p.Start.RegionID)
		add("ImagePipelineId", cmp.Or(p.Start.PipelineID, "<the ID of pipeline "+in.tmpl.PipelineName+">")) // only the cloud knows it
		for i, tag := range p.Start.Tags {
			add(fmt.Sprintf("Tag.%d.Key", i+1), tag.Key)
			add(fmt.Sprintf("Tag.%d.Value", i+1), tag.Value)
		}
	case p.Request.Kind != "":
		r.Action = creates[p.Request.Kind]
		for i, parameter := range p.Request.Parameters {
			number := parameter.Name == "ComponentVersion" || i > 0 && p.Request.Parameters[i-1].Value == "imagedrop:version"
			if number && strings.HasSuffix(parameter.Value, "*") { // which is free only the cloud can tell
				parameter.Value = "<the next free number below " + parameter.Value + ">"
			}
			add(parameter.Name, in.shown(parameter))
		}
	default:
		return nil
	}
	r.ClientTokenFrom = "the job's ID"
	if in.plan.ClientToken != in.plan.JobID {
		r.ClientTokenFrom = "hex SHA-256 of the job's ID and kind pipeline, since the job starts a build as well"
	}
	r.sign(in, "ClientToken", in.plan.ClientToken)
	return r
}

// sign adds the ClientToken, as far as it is known.
func (r *planRequest) sign(in *planned, name, token string) {
	shown := "<" + r.ClientTokenFrom + ">"
	if in.knowsJob() {
		r.ClientToken, shown = token, token
	}
	r.Parameters = append(r.Parameters, planParameter{name, shown})
}

// awsRequest is CreateComponent of EC2 Image Builder, by the names of its JSON.
func (in *planned) awsRequest() *planRequest {
	a := in.plan.AWS
	r := &planRequest{Action: "CreateComponent", Parameters: []planParameter{}, ClientTokenFrom: "UUID version 5 of the job's ID"}
	add := func(name, value string) {
		if value != "" {
			r.Parameters = append(r.Parameters, planParameter{name, template.CoverSecrets(value)})
		}
	}
	add("name", a.Name)
	add("semanticVersion", a.SemanticVersion)
	add("platform", a.Platform)
	add("description", a.Description)
	add("changeDescription", a.ChangeDescription)
	add("kmsKeyId", a.KMSKeyID)
	for i, version := range a.SupportedOSVersions {
		add("supportedOsVersions."+strconv.Itoa(i+1), version)
	}
	for _, key := range slices.Sorted(maps.Keys(a.Tags)) {
		add("tags."+key, a.Tags[key])
	}
	add("uri", a.URI)
	if a.DryRun {
		add("dryRun", "true")
	}
	add("data", coveredContent(a.Data, template.AWSTOE))
	r.sign(in, "clientToken", a.ClientToken)
	return r
}

// change is one parameter that the newest version has otherwise; "" stands for
// none.
type change struct {
	Parameter string `json:"parameter"`
	Before    string `json:"before"`
	After     string `json:"after"`
}

// textParameters are the parameters that hold template text: they are compared line
// by line.
var textParameters = []string{"Content", "BuildContent", "TestContent"}

// uncompared are the parameters that are the same for one name and region, or
// said otherwise.
var uncompared = []string{"RegionId", "Name", "ComponentVersion"}

// defaults are what the service answers for parameters that were not sent.
// Source: ECS 2014-05-26, CreateImageComponent and CreateImagePipeline.
var defaults = map[string]string{
	"SystemType": "Linux", "ComponentType": "Build", "SystemDiskSize": "40",
	"ImportImageOptions.Architecture": "x86_64", "ImportImageOptions.OSType": "linux", "ImportImageOptions.Platform": "Others Linux",
	"ImportImageOptions.BootMode": "BIOS", "ImportImageOptions.LicenseType": "Auto",
	"ImportImageOptions.Features.NvmeSupport": "unsupported",
}

// twins are parameters of one meaning, of which the service may answer both.
var twins = map[string]string{
	"ImageName": "ImageOptions.ImageName", "ImageFamily": "ImageOptions.ImageFamily",
	"NvmeSupport": "ImageOptions.ImageFeatures.NvmeSupport",
}

// changes compares the parameters with those of the newest version, where a
// request would be sent.
func (in *planned) changes() []change {
	list := []change{}
	if in.plan.Newest == nil || !in.isSent() {
		return list
	}
	before, after := compared(in.plan.Newest.Parameters), compared(in.plan.Request.Parameters)
	for old, new := range twins {
		mirror(before, after, old, new)
		mirror(before, after, new, old)
	}
	names := maps.Clone(before)
	maps.Copy(names, after)
	for _, name := range slices.Sorted(maps.Keys(names)) {
		_, sent := after[name]
		isDefault := !sent && slices.Contains([]string{defaults[name], "", "0", "false"}, before[name])
		if before[name] != after[name] && !isDefault {
			list = append(list, change{name, template.CoverSecrets(before[name]), template.CoverSecrets(after[name])})
		}
	}
	return list
}

// mirror takes what the service answers of one twin for the other's.
func mirror(before, after map[string]string, name, twin string) {
	if _, sent := after[name]; !sent && before[name] == before[twin] {
		delete(before, name)
	}
}

// compared are parameters by name. Of tags the key is part of the name, lists
// are sets, and tags of ours say nothing.
func compared(parameters []template.Parameter) map[string]string {
	values, keys, lists := map[string]string{}, map[string]string{}, map[string][]string{}
	for _, p := range parameters {
		head, last := p.Name[:strings.LastIndexByte(p.Name, '.')+1], p.Name[strings.LastIndexByte(p.Name, '.')+1:]
		_, notNumber := strconv.Atoi(last)
		switch {
		case slices.Contains(textParameters, p.Name) || slices.Contains(uncompared, p.Name):
		case last == "Key":
			keys[head] = p.Value
		case last == "Value":
			values[head] = p.Value
		case head != "" && notNumber == nil:
			lists[head] = append(lists[head], p.Value)
		default:
			values[p.Name] = p.Value
		}
	}
	for head, key := range keys {
		value := values[head]
		delete(values, head)
		if !strings.HasPrefix(key, "imagedrop:") {
			kind, _, _ := strings.Cut(strings.TrimSuffix(head, "."), ".")
			if strings.HasPrefix(head, "ImageOptions.") {
				kind = "ImageTag"
			}
			values[kind+" "+key] = cmp.Or(value, `""`)
		}
	}
	for head, list := range lists {
		slices.Sort(list)
		values[strings.TrimSuffix(head, ".")] = strings.Join(list, ", ")
	}
	return values
}

// difference compares the contents with those of the newest version, where a
// request would be sent.
func (in *planned) difference() string {
	if in.plan.Newest == nil || !in.isSent() {
		return ""
	}
	var text strings.Builder
	for _, name := range textParameters {
		old := strings.TrimSpace(in.plan.Newest.ID + " " + in.plan.Newest.Version)
		before, after := ended(in.valueOf(in.plan.Newest.Parameters, name)), ended(in.valueOf(in.plan.Request.Parameters, name))
		text.WriteString(unified(old+" "+name, in.name+" "+name, before, after))
	}
	return text.String()
}

// ended ends the last line of a text, as a file does.
func ended(text string) string {
	if text == "" || strings.HasSuffix(text, "\n") {
		return text
	}
	return text + "\n"
}

func (in *planned) valueOf(parameters []template.Parameter, name string) string {
	for _, p := range parameters {
		if p.Name == name {
			return in.shown(p)
		}
	}
	return ""
}

// shown is the value of a parameter without its secrets: a plan is read by more
// than may describe the resource.
func (in *planned) shown(p template.Parameter) string {
	if slices.Contains(textParameters, p.Name) {
		return coveredContent(p.Value, in.tmpl.Format)
	}
	return template.CoverSecrets(p.Value)
}

package ecsimage

import (
	"bytes"
	"cmp"
	"context"
	"encoding/json"
	"slices"
	"sort"
	"strconv"
	"strings"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// pipelines answers a list of pipelines with what they build.
type pipelines struct {
	head
	NextToken     text
	ImagePipeline struct{ ImagePipelineSet []pipeline }
}

type pipeline struct {
	fixed
	options []template.Parameter
}

// fixed are the members that are known by name.
type fixed struct {
	entry
	BaseImageType, BaseImage, BuildContent, TestContent text
}

// UnmarshalJSON implements json.Unmarshaler.
func (p *pipeline) UnmarshalJSON(raw []byte) error {
	if err := json.Unmarshal(raw, &p.fixed); err != nil {
		return err
	}
	var members map[string]any
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	err := decoder.Decode(&members)
	p.options = options(members)
	return err
}

// Pipelines implements imagebuild.Executions. Names are compared once more, as
// in Find.
func (c *Client) Pipelines(ctx context.Context, q imagebuild.Query, ids ...string) ([]imagebuild.Pipeline, error) {
	if len(ids) == 0 {
		return c.pipelines(ctx, q, nil)
	}
	return inBatches(ids, func(batch []string) ([]imagebuild.Pipeline, error) { return c.pipelines(ctx, q, batch) })
}

func (c *Client) pipelines(ctx context.Context, q imagebuild.Query, ids []string) ([]imagebuild.Pipeline, error) {
	var found []imagebuild.Pipeline
	err := eachPage("ecsimage.Pipelines", func(token string) (string, error) {
		form := filters(q, token, listSize)
		for i, id := range ids {
			form["ImagePipelineId."+strconv.Itoa(i+1)] = id
		}
		var a pipelines
		_, err := c.do(ctx, describes[template.Pipeline], q.RegionID, form, &a)
		for _, p := range a.ImagePipeline.ImagePipelineSet {
			if q.Name == "" || string(p.Name) == q.Name {
				found = append(found, p.described())
			}
		}
		return string(a.NextToken), err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

func (p *pipeline) described() imagebuild.Pipeline {
	set := map[string]string{}
	var regions []string
	for _, o := range p.options {
		set[o.Name] = o.Value
		if strings.HasPrefix(o.Name, "ToRegionId.") {
			regions = append(regions, o.Value)
		}
	}
	slices.Sort(regions)
	return imagebuild.Pipeline{
		Resource:      p.resource(template.Pipeline),
		BaseImageType: string(p.BaseImageType), BaseImage: string(p.BaseImage),
		BuildContent: string(p.BuildContent), TestContent: string(p.TestContent),
		ImageName:      cmp.Or(set["ImageOptions.ImageName"], set["ImageName"]),
		PlainImageName: set["AdvancedOptions.ImageNameSuffix"] == "disable",
		ToRegionIDs:    regions, Options: p.options,
	}
}

// noOptions are the members that do not decide what is built, or that are
// known by name. All others are options, also those that the service may learn.
var noOptions = []string{
	"ImagePipelineId", "Name", "Description", "ResourceGroupId", "Tags",
	"BaseImageType", "BaseImage", "BuildContent", "TestContent",
}

// createName is the name in a create of a member that has another one there.
// A list in a list has its name from outside in both.
var createName = map[string]string{
	"ToRegionIds": "ToRegionId", "AddAccounts": "AddAccount",
	"TagKey": "Key", "TagValue": "Value",
}

// options flattens the members of a described pipeline as a create does.
func options(members map[string]any) []template.Parameter {
	var f flat
	for name, value := range members {
		if !slices.Contains(noOptions, name) && !strings.HasSuffix(name, "Time") {
			f.add(renamed(name), value)
		}
	}
	sort.Slice(f.out, func(a, b int) bool { return f.out[a].Name < f.out[b].Name }) // as in template.Sort
	return f.out
}

func renamed(name string) string { return cmp.Or(createName[name], name) }

type flat struct {
	out   []template.Parameter
	zeros bool // are kept
}

// add leaves out what is empty, and unless they are kept zero or false. The API cannot tell an empty
// value from none, and a member that a newer service answers with its zero
// value must not make every pipeline look changed.
func (f *flat) add(name string, value any) {
	switch v := value.(type) {
	case map[string]any:
		if list, ok := listOf(v); ok {
			f.list(name, list)
			return
		}
		for member, inner := range v {
			f.add(name+"."+renamed(member), inner)
		}
	case []any:
		f.list(name, v)
	default:
		if s := scalar(v); s != "" && (f.zeros || s != "0" && s != "false") {
			f.out = append(f.out, template.Parameter{Name: name, Value: s})
		}
	}
}

// list numbers the values. Regions, accounts and tags are sets: they are put
// in order, so that the service may answer them in any.
func (f *flat) list(name string, values []any) {
	values = slices.Clone(values)
	sort.SliceStable(values, func(a, b int) bool { return rank(values[a]) < rank(values[b]) })
	for i, v := range values {
		f.add(name+"."+strconv.Itoa(i+1), v)
	}
}

// listOf returns the list of a container, {"ToRegionId": [...]}.
func listOf(container map[string]any) ([]any, bool) {
	for _, value := range container {
		list, ok := value.([]any)
		return list, ok && len(container) == 1
	}
	return nil, false
}

// rank is what an entry of a set is ordered by, "" for an entry of a sequence.
func rank(value any) string {
	if tag, ok := value.(map[string]any); ok {
		value = tag["TagKey"]
	}
	return scalar(value)
}

// scalar spells a string, a number or a truth value, and nothing else.
func scalar(value any) string {
	switch v := value.(type) {
	case string:
		return v
	case json.Number:
		return v.String()
	case bool:
		return strconv.FormatBool(v)
	}
	return ""
}

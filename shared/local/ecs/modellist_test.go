package ecs

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"imagedrop/shared/local/modeltest"
)

var modelTypes = map[string]string{components: "imagecomponent", pipelines: "imagepipeline", executions: "imagepipelineexecution"}

// some draws things of one kind and region, and the parameters that name them.
func (m *lockstep) some(t *rapid.T) (list []*thing, form params) {
	kind, region := modeltest.Pick(t, "kind", slices.Sorted(maps.Keys(modelTypes))), modeltest.Pick(t, "region", modelPlaces)
	form = params{"RegionId": region, "ResourceType": modelTypes[kind]}
	for i := range rapid.IntRange(1, 3).Draw(t, "number") {
		x := m.any(t, kind)
		form[member("ResourceId", i+1)] = x.id
		list = append(list, m.find(kind, region, x.id))
	}
	return list, form
}

// change expects a change of the tags of all the things, or of none where one
// is not there.
func (m *lockstep) change(t *rapid.T, action string, list []*thing, form params, change func([]tag) []tag) {
	want := ""
	if slices.Contains(list, nil) {
		want = "InvalidResourceId.NotFound"
	}
	require.Equal(t, want, m.call(t, action, form).Code)
	for _, x := range list {
		if want == "" {
			x.tags = change(x.tags)
		}
	}
	for _, key := range modelKeys {
		for _, value := range modelValues {
			m.requireTagged(t, form["ResourceType"], form["RegionId"], []tag{{key, value}})
		}
	}
}

// requireTagged holds what has the tags against the model, the newest first.
func (m *lockstep) requireTagged(t *rapid.T, of, region string, tags []tag) {
	form := params{"RegionId": region, "ResourceType": of}
	form.setTags(tags)
	var want []tagResource
	for _, x := range slices.Backward(m.things) {
		if modelTypes[x.kind] != of || x.region != region || !hasAll(x, tags) {
			continue
		}
		for _, t := range x.tags {
			want = append(want, tagResource{x.id, of, t.Key, t.Value})
		}
	}
	got := m.call(t, "ListTagResources", form).TagResources.TagResource
	require.Equal(t, want, slices.Concat(got))
}

func (m *lockstep) tag(t *rapid.T) {
	list, form := m.some(t)
	more := drawTags(t, 1)
	form.setTags(more)
	m.change(t, "TagResources", list, form, func(have []tag) []tag {
		have = slices.Clone(have)
		for _, t := range more {
			if i := slices.IndexFunc(have, func(other tag) bool { return other.Key == t.Key }); i >= 0 {
				have[i].Value = t.Value
			} else {
				have = append(have, t)
			}
		}
		return have
	})
}

func (m *lockstep) untag(t *rapid.T) {
	list, form := m.some(t)
	key := modeltest.Pick(t, "key", append([]string{""}, modelKeys...))
	form.set("TagKey.1", key)
	form["All"] = "true"
	m.change(t, "UntagResources", list, form, func(have []tag) (rest []tag) {
		for _, t := range have {
			if key != "" && t.Key != key {
				rest = append(rest, t)
			}
		}
		return rest
	})
}

func (m *lockstep) join(t *rapid.T) {
	x, group := m.any(t, modeltest.Pick(t, "kind", []string{components, pipelines})), modeltest.Pick(t, "group", modelGroups[1:])
	want := ""
	switch {
	case m.find(x.kind, x.region, x.id) == nil:
		want = "InvalidResourceId.NotFound"
	case x.group == group:
		want = "InvalidResourceGroup.Duplicate"
	default:
		x.group = group
	}
	form := params{"RegionId": x.region, "ResourceType": modelTypes[x.kind], "ResourceId": x.id, "ResourceGroupId": group}
	require.Equal(t, want, m.call(t, "JoinResourceGroup", form).Code)
}

var modelLists = map[string]string{components: "DescribeImageComponents", pipelines: "DescribeImagePipelines",
	executions: "DescribeImagePipelineExecutions"}

// describe asks with random filters, a page at a time.
func (m *lockstep) describe(t *rapid.T) {
	kind, region := modeltest.Pick(t, "kind", []string{components, pipelines, executions}), modeltest.Pick(t, "region", modelPlaces)
	name, group, tags := modeltest.Pick(t, "name", modelNames), modeltest.Pick(t, "group", modelGroups), drawTags(t, 0)
	form := params{"RegionId": region, "MaxResults": fmt.Sprint(rapid.IntRange(1, 4).Draw(t, "size"))}
	form.setTags(tags)
	if kind == executions {
		p := m.any(t, pipelines)
		name, group, region = p.id, "", p.region
		form["RegionId"], form["ImagePipelineId"] = region, name
		if m.find(pipelines, region, name) == nil {
			require.Equal(t, "InvalidImagePipeline.NotFound", m.call(t, modelLists[kind], form).Code)
			return
		}
	} else {
		form.set("Name", name)
		form.set("ResourceGroupId", group)
	}
	want := m.those(func(x *thing) bool {
		return x.kind == kind && x.region == region && (name == "" || x.name == name) &&
			(group == "" || x.group == "" || x.group == group) && hasAll(x, tags)
	})
	m.requireList(t, modelLists[kind], form, want)
}

func hasAll(x *thing, tags []tag) bool {
	for _, want := range tags {
		if !slices.ContainsFunc(x.tags, func(have tag) bool { return have.Key == want.Key && (want.Value == "" || have.Value == want.Value) }) {
			return false
		}
	}
	return true
}

// requireList follows the pages of a list and holds every item against the model.
func (m *lockstep) requireList(t *rapid.T, action string, form params, want []*thing) {
	var got []string
	for page := 0; ; page++ {
		require.LessOrEqual(t, page, len(want), "the pages end")
		r := m.call(t, action, form)
		require.Equal(t, len(want), r.TotalCount)
		for _, item := range r.items() {
			got = append(got, item.line())
		}
		if r.NextToken == "" {
			break
		}
		form = form.with(params{"NextToken": r.NextToken})
	}
	var lines []string
	for _, x := range slices.Backward(want) {
		lines = append(lines, x.line(m.Clock.Now()))
	}
	require.Equal(t, lines, got)
}

func (i told) line() string {
	var tags []tag
	for _, t := range i.Tags.Tag {
		tags = append(tags, tag{t.TagKey, t.TagValue})
	}
	if i.ExecutionId != "" {
		i.Name, i.ImagePipelineId = i.ImagePipelineId, ""
	}
	return fmt.Sprint(i.ImageComponentId, i.ImagePipelineId, i.ExecutionId, " ", i.Name, " ", i.ResourceGroupId, " ",
		i.ComponentVersion, i.Status, " ", tags)
}

func (x *thing) line(now time.Time) string {
	state := ""
	switch x.kind {
	case components:
		state = fmt.Sprintf("%d.%d.%d", x.version[0], x.version[1], x.version[2])
	case executions:
		state = x.status(now)
	}
	return fmt.Sprint(x.id, " ", x.name, " ", x.group, " ", state, " ", x.tags)
}

func (m *lockstep) listTags(t *rapid.T) {
	kind := modeltest.Pick(t, "kind", slices.Sorted(maps.Keys(modelTypes)))
	m.requireTagged(t, modelTypes[kind], modeltest.Pick(t, "region", modelPlaces), drawTags(t, 1))
}

// compare holds all that there is against the model after every step.
func (m *lockstep) compare(t *rapid.T) {
	for _, region := range modelRegions {
		for _, kind := range []string{components, pipelines} {
			m.requireList(t, modelLists[kind], params{"RegionId": region, "MaxResults": "500"},
				m.those(func(x *thing) bool { return x.kind == kind && x.region == region }))
		}
		images := m.imagesIn(region)
		r := m.call(t, "DescribeImages", params{"RegionId": region, "ImageOwnerAlias": "self", "Status": "Creating,Available", "PageSize": "100"})
		require.Equal(t, len(images), r.TotalCount)
		for _, family := range modelFamilies[1:] {
			m.requireFamily(t, region, family, images)
		}
	}
	for _, p := range m.those(func(x *thing) bool { return x.kind == pipelines }) {
		m.requireList(t, modelLists[executions], params{"RegionId": p.region, "ImagePipelineId": p.id, "MaxResults": "500"}, m.executionsOf(p))
	}
}

// made is an image that an execution made in a region.
type made struct {
	by   *thing
	when time.Time
}

// imagesIn lists the images of a region in the order of their making.
func (m *lockstep) imagesIn(region string) (list []made) {
	now := m.Clock.Now()
	for _, e := range append(m.those(func(x *thing) bool { return x.kind == executions }), m.ended...) {
		phase := "BUILDING"
		if region != e.region {
			phase = "DISTRIBUTING"
		}
		over := slices.Index(e.template.phases, phase) + 1
		if over > 0 && e.cancelled.IsZero() && e.passed(now) >= over && (region == e.region || region == e.template.to) {
			list = append(list, made{e, e.began.Add(time.Duration(over) * step)})
		}
	}
	slices.SortFunc(list, func(a, b made) int {
		return cmp.Or(a.when.Compare(b.when), strings.Compare(a.by.region, b.by.region), strings.Compare(a.by.id, b.by.id))
	})
	return list
}

// requireFamily expects the newest image of an execution that has ended.
func (m *lockstep) requireFamily(t *rapid.T, region, family string, images []made) {
	r := m.call(t, "DescribeImageFromFamily", params{"RegionId": region, "ImageFamily": family})
	for _, i := range slices.Backward(images) {
		if i.by.template.family != family || !i.by.hasEnded(m.Clock.Now()) {
			continue
		}
		found := m.call(t, "DescribeImages", params{"RegionId": region, "ImageName": i.by.id}).Images.Image
		require.Len(t, found, 1)
		require.Equal(t, found[0].ImageId, r.Image.ImageId)
		return
	}
	require.Empty(t, r.Image.ImageId)
}

package ecs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/modeltest"
)

// The service against a model of it: lists that are walked, and nothing that is
// indexed, counted or kept on a disk.
func TestServiceAgainstAModel(t *testing.T) {
	modeltest.Check(t, func(rt *rapid.T, g *modeltest.Ground) {
		m := newLockstep(rt, g)
		rt.Repeat(map[string]func(*rapid.T){
			"":                m.compare,
			"CreateComponent": m.createComponent,
			"CreatePipeline":  m.createPipeline,
			"Start":           m.start,
			"Cancel":          m.cancel,
			"Delete":          m.delete,
			"Tag":             m.tag,
			"Untag":           m.untag,
			"Join":            m.join,
			"Describe":        m.describe,
			"ListTags":        m.listTags,
			"Advance":         m.advance,
			"Restart":         m.Restart,
		})
	})
}

// thing is a resource as the model knows it.
type thing struct {
	kind, region, id, name, group string
	tags                          []tag

	version [3]int // components, and so on
	isTest  bool

	uses   []use // templates, and so on
	phases []string
	family string
	to     string // a region to copy to

	template  *thing // executions, and so on
	began     time.Time
	cancelled time.Time
}

// use is a reference to a component: by id, or by name and the numbers of the
// version that are no wildcards.
type use struct {
	id, name string
	numbers  []int
}

func (u use) command(region string) string {
	if u.id != "" {
		return "COMPONENT " + u.id
	}
	version := []string{"*", "*", "*"}
	for i, n := range u.numbers {
		version[i] = fmt.Sprint(n)
	}
	return "COMPONENT acs:ecs:" + region + ":" + account.ID + ":imagecomponent/" + u.name + "/" + strings.Join(version, ".")
}

// lockstep is a running service and the model of what it holds. The newest thing
// is the last.
type lockstep struct {
	*modeltest.Ground
	cloud  *cloud
	things []*thing
	ended  []*thing // executions whose template is gone; their images stay
	tokens map[string]remembered
}

type remembered struct {
	form    string
	id      string
	expires time.Time
}

func newLockstep(t *rapid.T, g *modeltest.Ground) *lockstep {
	m := &lockstep{Ground: g, tokens: map[string]remembered{}}
	m.Start(t, m.serve)
	return m
}

// modelLifetime is that of tokens, short enough to end within a run.
const modelLifetime = 20 * step

func (m *lockstep) serve() {
	acct := account.NewAt(m.Clock)
	acct.Scale = scale
	m.cloud = &cloud{handler: New(acct, m.Store, Options{NoAuth: true, TokenLifetime: modelLifetime})}
}

func (m *lockstep) advance(t *rapid.T) {
	m.Clock.Advance(time.Duration(rapid.IntRange(1, 8).Draw(t, "half phases")) * step / 2)
}

// reply is what any operation answers, as far as the model looks.
type reply struct {
	Code, NextToken string
	TotalCount      int
	Image           struct{ ImageId string }

	ImageComponentId, ImagePipelineId, ExecutionId string

	ImageComponent         struct{ ImageComponentSet []told }
	ImagePipeline          struct{ ImagePipelineSet []told }
	ImagePipelineExecution struct{ ImagePipelineExecutionSet []told }
	Images                 struct{ Image []told }
	TagResources           struct{ TagResource []tagResource }
}

// told is one item of a list.
type told struct {
	ImageComponentId, ImagePipelineId, ExecutionId, ImageId string

	Name, ResourceGroupId, ComponentVersion, Status string
	Tags                                            struct{ Tag []tagItem }
}

func (r reply) items() []told {
	return slices.Concat(r.ImageComponent.ImageComponentSet, r.ImagePipeline.ImagePipelineSet, r.ImagePipelineExecution.ImagePipelineExecutionSet, r.Images.Image)
}

func (m *lockstep) call(t *rapid.T, action string, form params) (r reply) {
	all := params{"Action": action, "Version": apiVersion, "Format": "JSON", "RegionId": modelRegions[0]}.with(form)
	request := httptest.NewRequest("POST", "/", strings.NewReader(encoded(all)))
	answer := httptest.NewRecorder()
	m.cloud.handler.ServeHTTP(answer, request)
	require.NotEqual(t, 500, answer.Code, answer.Body)
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &r), answer.Body)
	require.Equal(t, answer.Code == 200, r.Code == "", answer.Body)
	return r
}

// What is drawn from: few values, so that they meet.
var (
	modelRegions  = []string{"cn-hangzhou", "cn-beijing"}
	modelPlaces   = []string{modelRegions[0], modelRegions[0], modelRegions[0], modelRegions[1]}
	modelNames    = []string{"", "web", "web", "web2"}
	modelVersions = []string{"", "", "1.0.0", "1.0.1", "1.1.0", "2.0.0"}
	modelGroups   = []string{"", "rg-one1", "rg-two2"}
	modelFamilies = []string{"", "web-golden", "db-golden"}
	modelKeys     = []string{"team", "job", "env"}
	modelValues   = []string{"", "a", "b"}
	modelTokens   = []string{"", "", "job-1", "job-2"}
)

// set adds a parameter that has a value.
func (p params) set(name, value string) {
	if value != "" {
		p[name] = value
	}
}

func (p params) setTags(tags []tag) {
	for i, t := range tags {
		p[member("Tag", i+1, "Key")] = t.Key
		p.set(member("Tag", i+1, "Value"), t.Value)
	}
}

func drawTags(t *rapid.T, least int) (tags []tag) {
	keys := rapid.Permutation(modelKeys).Draw(t, "keys")
	for _, key := range keys[:rapid.IntRange(least, len(keys)).Draw(t, "number of tags")] {
		tags = append(tags, tag{key, modeltest.Pick(t, "value", modelValues)})
	}
	return tags
}

// any draws a thing of the kind, or none that there is.
func (m *lockstep) any(t *rapid.T, kind string) *thing {
	list := m.those(func(x *thing) bool { return x.kind == kind })
	list = append(list, &thing{kind: kind, region: modelRegions[0], id: kind + "-unknown"})
	return modeltest.Pick(t, kind, list)
}

func (m *lockstep) those(keep func(*thing) bool) (list []*thing) {
	for _, x := range m.things {
		if keep(x) {
			list = append(list, x)
		}
	}
	return list
}

func (m *lockstep) find(kind, region, id string) *thing {
	for _, x := range m.things {
		if x.kind == kind && x.region == region && x.id == id {
			return x
		}
	}
	return nil
}

// create calls an operation with a token, and expects what the model says:
// refused says why the state does not allow it.
func (m *lockstep) create(t *rapid.T, action string, form params, made *thing, refused func() string) {
	token := modeltest.Pick(t, "token", modelTokens)
	form.set("ClientToken", token)
	key := fmt.Sprint(made.region, action, token)
	spelt := form.canonical(func(string) bool { return false })
	r := m.call(t, action, form)
	id := r.ImageComponentId + r.ImagePipelineId + r.ExecutionId
	if before, known := m.tokens[key]; token != "" && known && m.Clock.Now().Before(before.expires) {
		if before.form != spelt {
			require.Equal(t, "IdempotentParameterMismatch", r.Code)
			return
		}
		require.Equal(t, before.id, id)
		return
	}
	want := refused()
	require.Equal(t, want, r.Code)
	if want != "" {
		return
	}
	made.id, made.name = id, cmp.Or(made.name, id)
	m.things = append(m.things, made)
	if token != "" {
		m.tokens[key] = remembered{spelt, id, m.Clock.Now().Add(modelLifetime)}
	}
}

func (m *lockstep) createComponent(t *rapid.T) {
	c := &thing{kind: components, region: modeltest.Pick(t, "region", modelPlaces), name: modeltest.Pick(t, "name", modelNames), group: modeltest.Pick(t, "group", modelGroups),
		tags: drawTags(t, 0), isTest: modeltest.Pick(t, "is a test", []bool{false, false, false, true})}
	asked := modeltest.Pick(t, "version", modelVersions)
	form := params{"RegionId": c.region, "Content": modeltest.Pick(t, "content", []string{"RUN true", "RUN true", "RUN true", "EXPOSE 80"})}
	form.set("Name", c.name)
	form.set("ResourceGroupId", c.group)
	form.set("ComponentVersion", asked)
	form.setTags(c.tags)
	if c.isTest {
		form["ComponentType"] = "Test"
	}
	m.create(t, "CreateImageComponent", form, c, func() string {
		if form["Content"] == "EXPOSE 80" {
			return "InvalidImageTemplateCommand.NotSupported"
		}
		namesakes := m.those(func(x *thing) bool {
			return x.kind == components && x.region == c.region && c.name != "" && x.name == c.name
		})
		c.version = [3]int{1}
		for _, x := range namesakes {
			c.version[0] = max(c.version[0], x.version[0]+1)
		}
		if asked != "" {
			fmt.Sscanf(asked, "%d.%d.%d", &c.version[0], &c.version[1], &c.version[2])
		}
		if slices.ContainsFunc(namesakes, func(x *thing) bool { return x.version == c.version }) {
			return "InvalidComponentVersion.Exist"
		}
		return ""
	})
}

// drawUse refers to a component by its id, or by what it is called and the
// first numbers of its version.
func (m *lockstep) drawUse(t *rapid.T) use {
	c := m.any(t, components)
	if rapid.Bool().Draw(t, "by id") || c.name == "" {
		return use{id: c.id}
	}
	return use{name: c.name, numbers: slices.Clone(c.version[:rapid.IntRange(0, 3).Draw(t, "numbers")])}
}

func (m *lockstep) createPipeline(t *rapid.T) {
	p := &thing{kind: pipelines, region: modeltest.Pick(t, "region", modelPlaces), name: modeltest.Pick(t, "name", modelNames), group: modeltest.Pick(t, "group", modelGroups),
		tags: drawTags(t, 0), family: modeltest.Pick(t, "family", modelFamilies), phases: []string{"PREPARING"}}
	form := params{"RegionId": p.region, "BaseImageType": "IMAGE", "BaseImage": "m-bp67acfmxazb4p****"}
	form.set("Name", p.name)
	form.set("ResourceGroupId", p.group)
	form.set("ImageFamily", p.family)
	form.setTags(p.tags)
	var commands []string
	for range rapid.IntRange(0, 2).Draw(t, "uses") {
		u := m.drawUse(t)
		p.uses = append(p.uses, u)
		commands = append(commands, u.command(p.region))
	}
	form.set("BuildContent", strings.Join(commands, "\n"))
	if rapid.Bool().Draw(t, "is repaired") {
		form["RepairMode"], p.phases = "Standard", append(p.phases, "REPAIRING")
	}
	p.phases = append(p.phases, "BUILDING")
	if rapid.Bool().Draw(t, "is tested") {
		form["TestContent"], p.phases = "RUN true", append(p.phases, "TESTING")
	}
	if rapid.Bool().Draw(t, "is copied") {
		p.to = modelRegions[1-slices.Index(modelRegions, p.region)]
		form["ToRegionId.1"], p.phases = p.to, append(p.phases, "DISTRIBUTING")
	}
	p.phases = append(p.phases, "RELEASING")
	m.create(t, "CreateImagePipeline", form, p, func() string { return m.refuseUses(p) })
}

// refuseUses says what is wrong with the references of a template now.
func (m *lockstep) refuseUses(p *thing) string {
	for _, u := range p.uses {
		switch c := m.resolve(p.region, u); {
		case c == nil:
			return "ImageComponent.NotFound"
		case c.isTest:
			return "InvalidImageComponent.NotSupported"
		}
	}
	return ""
}

// resolve finds the highest version that a reference fits.
func (m *lockstep) resolve(region string, u use) (best *thing) {
	if u.id != "" {
		return m.find(components, region, u.id)
	}
	for _, c := range m.things {
		fits := c.kind == components && c.region == region && c.name == u.name && slices.Equal(c.version[:len(u.numbers)], u.numbers)
		if fits && (best == nil || slices.Compare(c.version[:], best.version[:]) > 0) {
			best = c
		}
	}
	return best
}

func (m *lockstep) start(t *rapid.T) {
	p := m.any(t, pipelines)
	e := &thing{kind: executions, region: p.region, name: p.id, group: p.group, tags: drawTags(t, 0), template: p, began: m.Clock.Now()}
	form := params{"RegionId": p.region, "ImagePipelineId": p.id}
	form.setTags(e.tags)
	m.create(t, "StartImagePipelineExecution", form, e, func() string {
		switch {
		case m.find(pipelines, p.region, p.id) == nil:
			return "InvalidImagePipeline.NotFound"
		case m.isRunning(p):
			return "InvalidImagePipeline.HasRunningExecution"
		}
		return m.refuseUses(p)
	})
}

func (m *lockstep) executionsOf(p *thing) []*thing {
	return m.those(func(x *thing) bool { return x.kind == executions && x.template == p })
}

func (m *lockstep) isRunning(p *thing) bool {
	return slices.ContainsFunc(m.executionsOf(p), func(e *thing) bool { return !e.hasEnded(m.Clock.Now()) })
}

// passed is how many phases of an execution are over.
func (x *thing) passed(now time.Time) int { return int(now.Sub(x.began) / step) }

func (x *thing) status(now time.Time) string {
	switch passed := x.passed(now); {
	case !x.cancelled.IsZero() && now.Before(x.cancelled.Add(step)):
		return "CANCELLING"
	case !x.cancelled.IsZero():
		return "CANCELLED"
	case passed < len(x.template.phases):
		return x.template.phases[passed]
	}
	return "SUCCESS"
}

func (x *thing) hasEnded(now time.Time) bool {
	return slices.Contains([]string{"SUCCESS", "CANCELLED"}, x.status(now))
}

func (m *lockstep) cancel(t *rapid.T) {
	e := m.any(t, executions)
	want := ""
	switch known := m.find(executions, e.region, e.id) != nil; {
	case !known:
		want = "InvalidImagePipelineExecution.NotFound"
	case e.hasEnded(m.Clock.Now()):
		want = "InvalidStatus.CancelFailed"
	case !slices.Contains([]string{"PREPARING", "REPAIRING", "BUILDING"}, e.status(m.Clock.Now())):
		want = "InvalidStatus.ImagePipelineExecution"
	default:
		e.cancelled = m.Clock.Now()
	}
	require.Equal(t, want, m.call(t, "CancelImagePipelineExecution", params{"RegionId": e.region, "ExecutionId": e.id}).Code)
}

func (m *lockstep) delete(t *rapid.T) {
	kind := modeltest.Pick(t, "kind", []string{components, pipelines})
	x := m.any(t, kind)
	want := m.refuseDelete(x)
	if kind == components {
		require.Equal(t, want, m.call(t, "DeleteImageComponent", params{"RegionId": x.region, "ImageComponentId": x.id}).Code)
	} else {
		require.Equal(t, want, m.call(t, "DeleteImagePipeline", params{"RegionId": x.region, "ImagePipelineId": x.id}).Code)
	}
	if want == "" {
		m.ended = append(m.ended, m.executionsOf(x)...)
		m.things = m.those(func(y *thing) bool { return y != x && y.template != x })
	}
}

func (m *lockstep) refuseDelete(x *thing) string {
	known := m.find(x.kind, x.region, x.id) != nil
	switch {
	case !known && x.kind == components:
		return "InvalidImageComponent.NotFound"
	case !known:
		return "InvalidImagePipeline.NotFound"
	case x.kind == pipelines && m.isRunning(x):
		return "InvalidImagePipeline.HasRunningExecution"
	case x.kind == components && m.isUsed(x):
		return "InvalidImageComponent.InUse"
	}
	return ""
}

func (m *lockstep) isUsed(c *thing) bool {
	return len(m.those(func(p *thing) bool {
		return p.kind == pipelines && slices.ContainsFunc(p.uses, func(u use) bool { return m.resolve(p.region, u) == c })
	})) > 0
}

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

var modelLists = map[string]string{components: "DescribeImageComponents", pipelines: "DescribeImagePipelines", executions: "DescribeImagePipelineExecutions"}

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
		return x.kind == kind && x.region == region && (name == "" || x.name == name) && (group == "" || x.group == "" || x.group == group) && hasAll(x, tags)
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
	return fmt.Sprint(i.ImageComponentId, i.ImagePipelineId, i.ExecutionId, " ", i.Name, " ", i.ResourceGroupId, " ", i.ComponentVersion, i.Status, " ", tags)
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

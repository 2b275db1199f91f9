package ecs

import (
	"cmp"
	"encoding/json"
	"fmt"
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
	return slices.Concat(r.ImageComponent.ImageComponentSet, r.ImagePipeline.ImagePipelineSet,
		r.ImagePipelineExecution.ImagePipelineExecutionSet, r.Images.Image)
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
	c := &thing{kind: components, region: modeltest.Pick(t, "region", modelPlaces), name: modeltest.Pick(t, "name", modelNames),
		group: modeltest.Pick(t, "group", modelGroups),
		tags:  drawTags(t, 0), isTest: modeltest.Pick(t, "is a test", []bool{false, false, false, true})}
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
	p := &thing{kind: pipelines, region: modeltest.Pick(t, "region", modelPlaces), name: modeltest.Pick(t, "name", modelNames),
		group: modeltest.Pick(t, "group", modelGroups),
		tags:  drawTags(t, 0), family: modeltest.Pick(t, "family", modelFamilies), phases: []string{"PREPARING"}}
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

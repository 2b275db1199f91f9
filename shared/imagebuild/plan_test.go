package imagebuild_test

import (
	"context"
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// Sent tells what a create would be told again.
func (c *cloud) Sent(_ context.Context, kind template.Kind, _, id string) ([]template.Parameter, error) {
	if parameters, ok := c.described[id]; ok {
		return parameters, nil
	}
	for _, r := range c.all {
		if r.ID == id && r.Kind == kind {
			return []template.Parameter{{Name: "Name", Value: r.Name}}, nil
		}
	}
	return nil, nil
}

// planOf plans the upload of a template.
func planOf(t require.TestingT, c *cloud, job, content string, change ...func(*imagebuild.Planner)) imagebuild.Plan {
	return planOfDelivery(t, c, upload(job), content, change...)
}

func planOfDelivery(t require.TestingT, c *cloud, d imagebuild.Delivery, content string, change ...func(*imagebuild.Planner)) imagebuild.Plan {
	p := &imagebuild.Planner{Objects: text(content), Cloud: c, Policy: imagebuild.Policy{Build: true, Targets: []string{"*"}, Buckets: []string{"*"}},
		Translate: func(*template.Template) imagebuild.Translation { return imagebuild.Translation{Document: "document"} }}
	for _, f := range change {
		f(p)
	}
	plan, err := p.Plan(context.Background(), invocation, d)
	require.NoError(t, err)
	return plan
}

// Whatever the job and whatever is there, a plan says what Builder then does,
// down to every parameter that it sends.
func TestPlanIsWhatHappens(t *testing.T) {
	const one, two = "RUN one\n", "RUN two\n"
	tests := []struct {
		name     string
		before   []string // templates of jobs that came first
		job      string
		template string
		status   imagebuild.Status
		version  string // of what would be made
	}{
		{"nothing there", nil, "j", one, imagebuild.Created, "1.0.0"},
		{"the same there", []string{one}, "j", one, imagebuild.Unchanged, ""},
		{"another there", []string{one}, "j", two, imagebuild.Created, "2.0.0"},
		{"a revert", []string{one, two}, "j", one, imagebuild.Created, "3.0.0"},
		{"the job's own", []string{one, two}, "job-0", one, imagebuild.Created, ""},
		{"the job's own, of another template", []string{one, two}, "job-0", two + one, imagebuild.Created, ""},
		{"the job's own, of another version", []string{below("1.2.0", "x")}, "job-0", below("1.2.0", "y"), imagebuild.Created, ""},
		{"the job's own, below a wildcard", []string{below("1.4.*", "x"), below("1.4.*", "y")}, "job-0", below("1.4.*", "z"), imagebuild.Created, ""},
		{"pinned", []string{one}, "j", below("1.2.0", "x"), imagebuild.Created, "1.2.0"},
		{"pinned, the same", []string{below("1.2.0", "x")}, "j", below("1.2.0", "x"), imagebuild.Unchanged, ""},
		{"pinned, taken", []string{below("1.2.0", "x")}, "j", below("1.2.0", "y"), imagebuild.Rejected, ""},
		{"below a wildcard", []string{below("1.4.*", "x")}, "j", below("1.4.*", "y"), imagebuild.Created, "1.4.1"},
		{"below a wildcard, the same", []string{below("1.4.*", "x")}, "j", below("1.4.*", "x"), imagebuild.Unchanged, ""},
		{"below a wide wildcard", []string{below("1.4.*", "x")}, "j", below("1.*.*", "y"), imagebuild.Created, "1.5.0"},
		{"pipeline", []string{one}, "j", pipeline, imagebuild.Created, ""},
		{"pipeline, the same", []string{pipeline}, "j", pipeline, imagebuild.Unchanged, ""},
		{"findings", nil, "j", "BOGUS\n", imagebuild.Rejected, ""},
		{"policy", nil, "j", "# ---\n# regionId: cn-beijing\n# ---\nRUN true\n", imagebuild.Rejected, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n := numbering{&cloud{}, t, &inbox{}}
			for i, text := range tt.before {
				n.drop(fmt.Sprint("job-", i), text)
			}
			there, creates := slices.Clone(n.all), len(n.creates)
			plan := planOf(t, n.cloud, tt.job, tt.template)
			require.Equal(t, there, n.all)
			require.Len(t, n.creates, creates, "a plan creates nothing")
			require.Empty(t, n.sent)

			require.Equal(t, tt.status, plan.Status)
			n.box.bodies = nil
			require.NoError(t, run(n.builder(tt.template), upload(tt.job)).Err)
			o := n.box.only(t)
			require.Equal(t, plan.Status, o.Data.Status)
			require.Equal(t, plan.Template.Findings, plan.Template.FindingsOf(template.TargetAlibaba))
			require.Len(t, o.Data.Findings, len(plan.Template.Findings))
			require.Equal(t, plan.ClientToken, o.Data.ClientToken)
			if plan.Reason != nil {
				require.Equal(t, plan.Reason.Code, o.Data.Reason.Code)
			}
			require.Equal(t, len(n.all) > len(there) || tt.status == imagebuild.Rejected && len(n.creates) > creates, plan.Sent)
			if len(n.all) > len(there) {
				require.Equal(t, n.creates[creates], plan.Request)
				require.Empty(t, plan.Resource.ID)
				require.Equal(t, tt.version, plan.Resource.Version)
				if n.all[len(n.all)-1].Kind == template.Component {
					require.Equal(t, n.all[len(n.all)-1].Version, plan.Resource.Version)
				}
			} else if tt.status != imagebuild.Rejected {
				require.Equal(t, o.Data.Resource.ID, plan.Resource.ID)
			}
		})
	}
}

func TestPlanWithoutACloud(t *testing.T) {
	c := &cloud{}
	plan := planOf(t, c, "j", below("1.4.*", "x"), func(p *imagebuild.Planner) { p.Cloud = nil })
	require.Empty(t, plan.Status)
	require.Nil(t, plan.Newest)
	require.Equal(t, "1.4.*", parameter(plan.Request, "ComponentVersion"))
	require.Equal(t, "j", plan.ClientToken)
	require.Empty(t, c.calls)
	require.Equal(t, imagebuild.Rejected, planOf(t, c, "j", "BOGUS\n", func(p *imagebuild.Planner) { p.Cloud = nil }).Status)

	start := planOfDelivery(t, c, message("m", `{"kind":"execution","pipelineName":"web"}`), "", func(p *imagebuild.Planner) { p.Cloud = nil })
	require.Equal(t, &imagebuild.StartRequest{RegionID: "cn-hangzhou", ClientToken: "m", Tags: []imagebuild.Tag{{Key: jobTag, Value: "m"}}}, start.Start)
}

func TestPlanOfABuild(t *testing.T) {
	const start = `{"kind":"execution","pipelineName":"web"}`
	c := &cloud{}
	require.Equal(t, imagebuild.Rejected, planOfDelivery(t, c, message("m", start), "").Status)
	numbering{c, t, &inbox{}}.drop("job", pipeline)
	plan := planOfDelivery(t, c, message("m", start), "")
	require.Equal(t, imagebuild.Started, plan.Status)
	require.Equal(t, "id-001", plan.Start.PipelineID)
	require.Empty(t, c.starts)

	box := &inbox{}
	b := &imagebuild.Builder{Resources: c, Builds: c.builds(), Publisher: imagebuild.Publisher{Outbox: box}, Policy: imagebuild.Policy{Build: true}}
	require.NoError(t, run(b, message("m", start)).Err)
	require.Equal(t, []imagebuild.StartRequest{*plan.Start}, c.starts)
	require.Equal(t, "exec-001", planOfDelivery(t, c, message("m", start), "").Resource.ID, "this job did")
	other := planOfDelivery(t, c, message("other", start), "")
	require.Equal(t, []any{imagebuild.Skipped, "running"}, []any{other.Status, other.Reason.Kind})
}

func TestPlanForAWS(t *testing.T) {
	plan := planOf(t, &cloud{}, "j", "# ---\n# targets: [aws]\n# componentVersion: 1.4.*\n# ---\nRUN true\n")
	require.Empty(t, plan.Status)
	require.Zero(t, plan.Request)
	require.Equal(t, []string{"web", "1.4.0", "document"}, []string{plan.AWS.Name, plan.AWS.SemanticVersion, plan.AWS.Data})
	require.Equal(t, "j", plan.AWS.Tags[jobTag])
	refused := func(p *imagebuild.Planner) {
		p.Translate = func(*template.Template) imagebuild.Translation {
			return imagebuild.Translation{Findings: []template.Finding{{Rule: "IB0501", Severity: template.Error, Line: 1, Column: 1}}}
		}
	}
	plan = planOf(t, &cloud{}, "j", "# ---\n# targets: [alibaba, aws]\n# ---\nRUN true\n", refused)
	require.Nil(t, plan.AWS)
	require.Equal(t, imagebuild.Created, plan.Status)
	require.True(t, plan.Template.HasErrors())
}

func TestPlanNoticesReferences(t *testing.T) {
	reference := func(name string) string {
		return pipeline + "COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/" + name + "\n"
	}
	tested := func(name string) string {
		return pipeline + "# --- test\nCOMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/" + name + "\n"
	}
	const (
		yaml     = "Parameters:\n  size: {Type: Number}\n  colour: {Type: String, DefaultValue: ''}\nTasks:\n  - {Name: a, Action: Reboot}\n"
		gone     = "ImageComponent.NotFound"
		misfit   = "InvalidImageComponent.NotSupported"
		build    = "InvalidParameter.BuildContent"
		parallel = "InvalidParameter.TestContent"
	)
	c := &cloud{described: map[string][]template.Parameter{
		"ic-check": {{Name: "ComponentType", Value: "Test"}, {Name: "Content", Value: yaml}},
		"ic-sized": {{Name: "Content", Value: yaml}},
		"ic-win":   {{Name: "ComponentType", Value: "Build"}, {Name: "SystemType", Value: "Windows"}, {Name: "Content", Value: "Tasks: []"}},
	}}
	for i, version := range []string{"1.0.0", "1.4.2", "2.0.0"} {
		c.all = append(c.all, imagebuild.Resource{Kind: template.Component, ID: fmt.Sprint("ic-", i), Name: "agent", Version: version})
	}
	for id := range c.described {
		c.all = append(c.all, imagebuild.Resource{Kind: template.Component, ID: id, Name: id[len("ic-"):], Version: "1.0.0"})
	}
	tests := []struct{ text, message, code string }{
		{reference("agent/*.*.*"), "", ""},
		{reference("agent/2.*.*"), "", ""},
		{reference("agent/2.0.0"), "", ""},
		{reference("agent/1.0.0"), "", ""}, // pinned on purpose
		{reference("agent/1.*.*"), "agent/1.*.* can never reach the newest version, 2.0.0; it stays at what it covers, now 1.4.2", ""},
		{reference("agent/1.0.*"), "agent/1.0.* can never reach the newest version, 2.0.0; it stays at what it covers, now 1.0.0", ""},
		{reference("agent/3.*.*"), "no version of agent is 3.*.*; the newest is 2.0.0", gone},
		{reference("agent/1.0.1"), "no version of agent is 1.0.1; the newest is 2.0.0", gone},
		{reference("none/*.*.*"), "there is no component none in cn-hangzhou", gone},
		{reference("coming/1.*.*"), "", ""},
		{tested("coming/1.*.*"), "it is a Build component, and TestContent takes Test components", misfit},
		{reference("coming/2.*.*"), "no version of coming is 2.*.*; the newest is 1.0.0", gone},
		{pipeline + "COMPONENT ic-1\n", "", ""},
		{pipeline + "COMPONENT ic-none\n", "there is no component ic-none in cn-hangzhou", gone},
		{pipeline + "COMPONENT acs:ecs:cn-hangzhou:99:imagecomponent/none/1.0.0\n", "it is of account 99, and this one is 1234567890123456", gone},
		{pipeline + "COMPONENT acs:ecs:cn-hangzhou:99:imagecomponent/offered/1.0.0\n", "", ""},
		{pipeline + "COMPONENT acs:ecs:cn-beijing:1234567890123456:imagecomponent/agent/1.0.0\n", "it is of cn-beijing, and the pipeline is made in cn-hangzhou", gone},
		{reference("none/1.0.0") + "# --- test\nCOMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/none/1.0.0\n", "there is no component none in cn-hangzhou", gone},
		{tested("check/1.0.0 --size 3"), "", ""},
		{reference("check/1.0.0 --size 3"), "it is a Test component, and BuildContent takes Build components", misfit},
		{tested("sized/1.*.* --size 3"), "it is a Build component, and TestContent takes Test components", misfit},
		{reference("sized/1.0.0 --size 3 --colour \"\""), "", ""},
		{reference("sized/1.0.0"), "it needs a value for size", build},
		{tested("check/1.*.*"), "it needs a value for size", parallel},
		{reference("sized/1.0.0 --size 3 --color red"), "the component has no parameter color", build},
		{pipeline + "COMPONENT ic-sized\n", "it needs a value for size", build},
		{reference("win/1.0.0 --size 3"), "the component takes no parameters, and --size is given", build},
		{reference("win/1.0.0"), "it is a component for Windows, and other commands of BuildContent are for Linux", ""},
	}
	for _, tt := range tests {
		plan := planOf(t, c, "j", tt.text, func(p *imagebuild.Planner) {
			p.Coming = map[string][]imagebuild.Existing{"cn-hangzhou/coming": {{Resource: imagebuild.Resource{Version: "1.0.0"}, Parameters: []template.Parameter{{Name: "Content", Value: "RUN true"}}}}}
		})
		require.True(t, plan.Sent, tt.text)
		if tt.code == "" {
			require.Equal(t, imagebuild.Created, plan.Status, tt.text)
		} else {
			require.Equal(t, []any{imagebuild.Rejected, tt.code}, []any{plan.Status, plan.Reason.Code}, tt.text)
		}
		if tt.message == "" {
			require.Empty(t, plan.Notices, tt.text)
			continue
		}
		require.NotEmpty(t, plan.Notices, tt.text)
		require.Equal(t, []string{tt.message, tt.code}, []string{plan.Notices[0].Message, plan.Notices[0].Code}, tt.text)
		require.Len(t, plan.Notices, 1, tt.text)
		require.NotEmpty(t, plan.Notices[0].Help)
	}
	unknown := invocation
	unknown.AccountID = ""
	p := &imagebuild.Planner{Objects: text(reference("none/1.0.0")), Cloud: c}
	plan, err := p.Plan(context.Background(), unknown, upload("j"))
	require.NoError(t, err)
	require.Equal(t, imagebuild.Created, plan.Status, "whose none is cannot be known")
	require.Equal(t, "it was not looked up, since it is not known which account this one is", plan.Notices[0].Message)
}

// A start looks at the references again: a pipeline may have lost a component.
func TestPlanOfABuildWithoutItsComponent(t *testing.T) {
	c := &cloud{all: []imagebuild.Resource{{Kind: template.Pipeline, ID: "ip-1", Name: "web"}},
		described: map[string][]template.Parameter{"ip-1": {{Name: "BuildContent", Value: "COMPONENT ic-none"}}}}
	plan := planOfDelivery(t, c, message("m", `{"kind":"execution","pipelineName":"web"}`), "")
	require.Equal(t, []any{imagebuild.Rejected, "ImageComponent.NotFound", true}, []any{plan.Status, plan.Reason.Code, plan.Sent})
}

// Whoever took the version: what to write instead is free.
func TestPlanHelpsWithATakenVersion(t *testing.T) {
	c := &cloud{}
	for i, version := range []string{"1.2.0", "1.2.9", "1.10.0", "2.0.0"} {
		c.all = append(c.all, imagebuild.Resource{Kind: template.Component, ID: fmt.Sprint("ic-", i), Name: "web", Version: version})
	}
	plan := planOf(t, c, "j", below("1.2.0", "x"))
	require.Equal(t, []any{imagebuild.Rejected, "InvalidComponentVersion.Exist", true}, []any{plan.Status, plan.Reason.Code, plan.Sent})
	require.Equal(t, "ic-0 is 1.2.0 with other content or parameters, and stays as it is; write componentVersion: 1.2.10, or 1.2.* for the next free number each time", plan.Help)
	require.Equal(t, "2.0.0", plan.Newest.Version)
}

// A service that refuses to tell is no reason to say that nothing is there.
func TestPlanOfARefusal(t *testing.T) {
	c := &cloud{fail: func(string) error { return failure(fault.Permanent, "Forbidden.RAM") }}
	plan := planOf(t, c, "j", component)
	require.Equal(t, imagebuild.Failed, plan.Status)
	require.Equal(t, "Forbidden.RAM", plan.Reason.Code)
	c.fail = func(string) error { return failure(fault.Unknown, "") }
	_, err := (&imagebuild.Planner{Objects: text(component), Cloud: c}).Plan(context.Background(), invocation, upload("j"))
	require.Error(t, err)
}

package imagebuild

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// Planner says what would become of a delivery. It decides as Builder and
// AWSBuilder do, with their code, and creates, starts, sends and publishes
// nothing. Its fields are set before the first Plan; Plan is safe for
// concurrent use.
type Planner struct {
	Objects Objects
	Cloud   Surroundings // nil: nothing is asked, and nothing is known of what is there
	Policy  Policy
	// Translate makes the AWS document of a template.
	Translate func(*template.Template) Translation
	// Coming are the components that other plans will make, by region and name,
	// "cn-hangzhou/agent".
	Coming map[string][]Existing
}

// Surroundings is what a plan asks of the cloud.
type Surroundings interface {
	Finder
	Executions
	Images
	// Sent returns the parameters of a create that would make the same resource,
	// as far as the service tells them, and no others: nil where it does not exist.
	Sent(ctx context.Context, kind template.Kind, regionID, id string) ([]template.Parameter, error)
}

// Plan is what would become of a job.
type Plan struct {
	JobID       string
	ClientToken string
	RegionID    string
	Template    *template.Template // with its findings
	// Status is that of the outcome for Alibaba Cloud, "" where nothing would be
	// made there, or it is not known.
	Status   Status
	Reason   *Reason
	Help     string        // what to do about it, "" where nothing, or the reason or the notices say so
	Request  Request       // what makes the resource; the zero Request where nothing does
	Sent     bool          // the request, or Start, would be sent and make something, unless the service refuses it
	Start    *StartRequest // of kind execution: what starts it
	Resource Resource      // what is there already; where it has no ID, what would be made
	Newest   *Existing     // what the name stands for now, nil where nothing is
	Notices  []Notice
	AWS      *AWSRequest // nil where nothing would be made there
}

// Existing is a resource with the parameters of the create that would make it.
type Existing struct {
	Resource
	Parameters []template.Parameter
}

// inert makes a Builder of what only looks.
type inert struct{ Surroundings }

func (inert) Create(context.Context, Request) (string, error) {
	return "", fault.New(fault.Unknown, "imagebuild.Plan", "a plan creates nothing")
}

func (inert) Start(context.Context, StartRequest) (string, error) {
	return "", fault.New(fault.Unknown, "imagebuild.Plan", "a plan starts nothing")
}

// Plan plans one delivery. An error means that it is not known what would
// become of it.
func (p *Planner) Plan(ctx context.Context, i Invocation, d Delivery) (plan Plan, err error) {
	err = guarded(func() error { return p.plan(ctx, i, d, &plan) })
	return plan, err
}

func (p *Planner) plan(ctx context.Context, i Invocation, d Delivery, plan *Plan) error {
	b := &Builder{Objects: p.Objects, Resources: inert{p.Cloud}, Policy: p.Policy,
		Builds: Builds{Executions: inert{p.Cloud}, Images: p.Cloud}}
	j := b.newJob(i, d)
	targets, err := j.targets(ctx)
	if err == nil && j.status == "" {
		err = p.parts(ctx, j, targets, plan)
	}
	if err := j.settle(err); err != nil {
		return err
	}
	if p.Cloud != nil {
		if err := j.recall(ctx); err != nil {
			return err
		}
	}
	plan.JobID, plan.ClientToken, plan.RegionID, plan.Template = j.id, j.clientToken(), j.region(), j.template
	plan.Status, plan.Reason, plan.Resource = j.status, j.reason, j.resource
	return nil
}

func (p *Planner) parts(ctx context.Context, j *job, targets []string, plan *Plan) error {
	if slices.Contains(targets, template.TargetAWS) {
		plan.AWS = p.aws(j)
	}
	switch {
	case !slices.Contains(targets, template.TargetAlibaba):
		return nil
	case j.template.Rejects(template.TargetAlibaba):
		j.status = Rejected
		return nil
	case j.kind() == template.Execution:
		return j.blameOperator(p.start(ctx, j, plan))
	}
	return j.blameOperator(p.create(ctx, j, plan))
}

// aws is what awscomponent would send, nil where findings keep it from that.
func (p *Planner) aws(j *job) *AWSRequest {
	if j.template.Rejects(template.TargetAWS) {
		return nil
	}
	a := awsJob{AWSBuilder: &AWSBuilder{Translate: p.Translate}, part: j.awsPart()}
	made := a.read()
	j.template.Join(made.Findings)
	if j.template.Rejects(template.TargetAWS) {
		return nil
	}
	request := a.requestOf(made)
	return &request
}

// create decides on a component or pipeline.
func (p *Planner) create(ctx context.Context, j *job, plan *Plan) error {
	if p.Cloud == nil {
		j.prepare()
		plan.Request = j.request
		return nil
	}
	found, err := j.decide(ctx)
	plan.Request = j.request
	if err != nil {
		return err
	}
	all, err := p.named(ctx, j)
	if err != nil {
		return err
	}
	if plan.Newest, err = p.newest(ctx, j, all); err != nil {
		return err
	}
	if j.kind() == template.Pipeline {
		plan.Notices, err = p.notices(ctx, j, j.request.Parameters)
	}
	if err != nil || found {
		return err
	}
	err = p.foresee(ctx, j, all, plan)
	plan.Request = j.request
	return err
}

// foresee is for a create that would be sent: the version that comes of it, or
// why the service refuses it.
func (p *Planner) foresee(ctx context.Context, j *job, all []Resource, plan *Plan) error {
	if settled, err := j.adoptOwn(ctx); err != nil || settled {
		plan.Help = changedHelp
		return err
	}
	if j.below() != "" && j.number == "" {
		if settled, err := j.renumber(ctx); err != nil || settled {
			return err
		}
	}
	plan.Sent = true
	version := cmp.Or(j.number, j.template.ComponentVersion)
	taken := slices.IndexFunc(all, func(r Resource) bool { return version != "" && r.Version == version })
	if j.number == "" && taken >= 0 {
		plan.Help = renumberHelp(all[taken], all)
		return refused(codeVersionExists, conflicts[codeVersionExists].message)
	}
	if j.kind() == template.Component && version == "" {
		version = nextMajor(all)
	}
	j.status, j.resource = Created, Resource{Kind: j.kind(), Name: j.name(), Version: version}
	return refusedBy(plan.Notices)
}

// changedHelp is for a job that made something of another template before: the
// service answers codeMismatch to its token, and what it made is its answer.
const changedHelp = "the job made it of another template or other parameters, and it stays as it is; " +
	"a changed template needs a job of its own, a message another clientToken"

// refused is what the service would answer.
func refused(code, message string) error {
	return &fault.Error{Kind: fault.Invalid, Op: "imagebuild.Plan", Code: code, Message: message}
}

// renumberHelp is for a version that another component has.
func renumberHelp(taken Resource, all []Resource) string {
	next := wildcard(taken.Version[:strings.LastIndexByte(taken.Version, '.')+1] + "*")
	free := taken.Version
	for _, r := range all {
		if next.covers(r.Version) && compareVersions(r.Version, free) > 0 {
			free = r.Version
		}
	}
	return taken.ID + " is " + taken.Version + " with other content or parameters, and stays as it is; write componentVersion: " +
		next.after(free) + ", or " + string(next) + " for the next free number each time"
}

// nextMajor is the version that the service gives where none is asked for.
// Source: ECS 2014-05-26, CreateImageComponent, ComponentVersion.
func nextMajor(all []Resource) string {
	highest := 0
	for _, r := range all {
		major, _, _ := strings.Cut(r.Version, ".")
		if n, err := strconv.Atoi(major); err == nil {
			highest = max(highest, n)
		}
	}
	return strconv.Itoa(highest+1) + ".0.0"
}

// named are all resources of the job's name.
func (p *Planner) named(ctx context.Context, j *job) ([]Resource, error) {
	if j.name() == "" { // the service makes a new one
		return nil, nil
	}
	return j.find(ctx, j.query())
}

// newest is what the name stands for: below a wildcard, of what that covers.
func (p *Planner) newest(ctx context.Context, j *job, all []Resource) (*Existing, error) {
	all = slices.DeleteFunc(slices.Clone(all), func(r Resource) bool { return j.below() != "" && !j.below().covers(r.Version) })
	if len(all) == 0 {
		return nil, nil
	}
	e := Existing{Resource: newest(all)}
	var err error
	e.Parameters, err = p.sent(ctx, j, j.kind(), e.ID)
	return &e, err
}

// sent asks what would make a resource of the job's region again.
func (p *Planner) sent(ctx context.Context, j *job, kind template.Kind, id string) (parameters []template.Parameter, err error) {
	err = j.retry(ctx, func(ctx context.Context) (err error) {
		parameters, err = p.Cloud.Sent(ctx, kind, j.region(), id)
		return err
	})
	return parameters, err
}

// start decides on an execution.
func (p *Planner) start(ctx context.Context, j *job, plan *Plan) error {
	err := p.look(ctx, j, plan)
	s := j.start
	if s.regionID != "" {
		plan.Start = &StartRequest{RegionID: s.regionID, PipelineID: s.pipeline.ID, ClientToken: s.token(), Tags: s.allTags()}
	}
	return err
}

func (p *Planner) look(ctx context.Context, j *job, plan *Plan) error {
	if p.Cloud == nil {
		j.start = j.startOf(Resource{ID: j.template.ImagePipelineID, Name: j.template.PipelineName})
		return nil
	}
	if err := j.aim(ctx); err != nil || j.status != "" {
		return err
	}
	switch e, state, err := j.own(ctx, &j.Publisher, j.start); {
	case err != nil:
		return err
	case state == startedState:
		j.started(e)
		return nil
	}
	plan.Sent = true
	all, err := j.executions(ctx, &j.Publisher, ExecutionQuery{RegionID: j.start.regionID, PipelineID: j.start.pipeline.ID})
	if err != nil {
		return err
	}
	if slices.ContainsFunc(all, func(e Execution) bool { _, ended := ends[e.Status]; return !ended }) {
		j.running()
		return nil
	}
	j.status = Started
	built, err := p.sent(ctx, j, template.Pipeline, j.start.pipeline.ID)
	if err == nil {
		plan.Notices, err = p.notices(ctx, j, built)
	}
	if err != nil {
		return err
	}
	return refusedBy(plan.Notices)
}

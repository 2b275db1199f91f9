package imagebuild

import (
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
	// Coming are versions that other plans will make, by region and name,
	// "cn-hangzhou/agent".
	Coming map[string][]string
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
	Request  Request       // what makes the resource; the zero Request where nothing does
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

// Notice is something about a COMPONENT reference that only the cloud can tell.
type Notice struct {
	Reference string `json:"reference"`
	Message   string `json:"message"`
	Help      string `json:"help"`
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
	j := (&Builder{Objects: p.Objects, Resources: inert{p.Cloud}, Builds: Builds{Executions: inert{p.Cloud}, Images: p.Cloud}, Policy: p.Policy}).newJob(i, d)
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
	if err == nil && !found {
		err = p.foresee(ctx, j)
	}
	plan.Request = j.request
	if err != nil {
		return err
	}
	if plan.Newest, err = p.newest(ctx, j); err != nil {
		return err
	}
	plan.Notices, err = p.notices(ctx, j)
	return err
}

// foresee is for a create that would be sent: the version that comes of it, or
// that it has one which is taken.
func (p *Planner) foresee(ctx context.Context, j *job) error {
	if j.below() != "" && j.number == "" {
		if settled, err := j.renumber(ctx); err != nil || settled {
			return err
		}
	}
	version := j.number
	if j.kind() == template.Component && version == "" {
		all, err := p.named(ctx, j)
		if err != nil {
			return err
		}
		version = j.template.ComponentVersion
		if slices.ContainsFunc(all, func(r Resource) bool { return r.Version == version }) {
			taken := conflicts[codeVersionExists]
			return &fault.Error{Kind: taken.kind, Op: "imagebuild.Plan", Code: codeVersionExists, Message: taken.message}
		}
		if version == "" {
			version = nextMajor(all)
		}
	}
	j.status, j.resource = Created, Resource{Kind: j.kind(), Name: j.name(), Version: version}
	return nil
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
func (p *Planner) newest(ctx context.Context, j *job) (*Existing, error) {
	all, err := p.named(ctx, j)
	all = slices.DeleteFunc(all, func(r Resource) bool { return j.below() != "" && !j.below().covers(r.Version) })
	if err != nil || len(all) == 0 {
		return nil, err
	}
	e := Existing{Resource: newest(all)}
	err = j.retry(ctx, func(ctx context.Context) (err error) {
		e.Parameters, err = p.Cloud.Sent(ctx, j.kind(), j.region(), e.ID)
		return err
	})
	return &e, err
}

// notices are about references that reach nothing, or never the newest version.
func (p *Planner) notices(ctx context.Context, j *job) (list []Notice, err error) {
	r := newResolver(&j.Publisher, p.Cloud, p.Cloud, j.invocation.AccountID, j.region())
	refs := append(template.References(j.template.Content.Text), template.References(j.template.Test.Text)...)
	seen := map[template.Reference]bool{}
	for _, ref := range refs {
		if seen[ref] || j.kind() != template.Pipeline {
			continue
		}
		seen[ref] = true
		notice, err := p.notice(ctx, r, ref)
		if err != nil {
			return nil, err
		}
		if notice != nil {
			list = append(list, *notice)
		}
	}
	return list, nil
}

// notice is nil where there is nothing to say, or nothing can be known: of
// other regions and accounts.
func (p *Planner) notice(ctx context.Context, r *resolver, ref template.Reference) (*Notice, error) {
	if ref.ID != "" {
		return p.noticeOfID(ctx, r, ref.ID)
	}
	if ref.RegionID != r.regionID || ref.AccountID != r.accountID {
		return nil, nil
	}
	there, err := r.versionsOf(ctx, ref.Name)
	if err != nil {
		return nil, err
	}
	versions := append(slices.Clone(there), p.Coming[r.regionID+"/"+ref.Name]...)
	reached, last := highest(ref.Version, versions), highest("*.*.*", versions)
	notice := Notice{Reference: ref.Name + "/" + ref.Version}
	switch {
	case last == noVersion:
		notice.Message, notice.Help = "there is no component "+ref.Name+" in "+r.regionID, "drop it first; a job whose event is younger than 5 minutes waits for it"
	case reached == noVersion:
		notice.Message, notice.Help = "no version of "+ref.Name+" is "+ref.Version+"; the newest is "+last, "name a version that there is, or a wildcard that covers one"
	case reached != last && strings.HasSuffix(ref.Version, "*"):
		notice.Message = ref.Name + "/" + ref.Version + " can never reach the newest version, " + last +
			"; it stays at what it covers, now " + reached
		notice.Help = "widen the wildcard, or number the component below it (componentVersion: " + ref.Version + ")"
	default:
		return nil, nil
	}
	return &notice, nil
}

func (p *Planner) noticeOfID(ctx context.Context, r *resolver, id string) (*Notice, error) {
	var sent []template.Parameter
	err := r.retry(ctx, func(ctx context.Context) (err error) {
		sent, err = p.Cloud.Sent(ctx, template.Component, r.regionID, id)
		return err
	})
	if err != nil || sent != nil {
		return nil, err
	}
	return &Notice{id, "there is no component " + id + " in " + r.regionID, "name one of this region, best by its name and version"}, nil
}

// start decides on an execution.
func (p *Planner) start(ctx context.Context, j *job, plan *Plan) error {
	err := p.look(ctx, j)
	s := j.start
	if s.regionID != "" {
		plan.Start = &StartRequest{RegionID: s.regionID, PipelineID: s.pipeline.ID, ClientToken: s.token(), Tags: s.allTags()}
	}
	return err
}

func (p *Planner) look(ctx context.Context, j *job) error {
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
	all, err := j.executions(ctx, &j.Publisher, ExecutionQuery{RegionID: j.start.regionID, PipelineID: j.start.pipeline.ID})
	if err != nil {
		return err
	}
	j.status = Started
	if slices.ContainsFunc(all, func(e Execution) bool { _, ended := ends[e.Status]; return !ended }) {
		j.running()
	}
	return nil
}

package imagebuild

import (
	"cmp"
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"unicode/utf8"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// judgeAll decides what is said of each job. Time is held back to say it.
func (l *letter) judgeAll(ctx context.Context) error {
	ctx, cancel := holdBack(ctx, reserve)
	defer cancel()
	for _, d := range l.Deliveries {
		if err := l.judge(ctx, d); err != nil {
			return err
		}
	}
	return nil
}

func (l *letter) judge(ctx context.Context, d Delivery) error {
	want := wishOf(d.Body)
	switch want.messageType {
	case FollowUpType:
		return l.judgeFollowUp(ctx, d)
	case ContinuationType:
		return l.judgeContinuation(ctx, d)
	case AWSPartType:
		l.judgeAWSPart(d)
		return nil
	}
	c := claim{wish: want, job: d.source(jobID(d, senderToken(d.Body))), spent: spent{happened: d.Time, received: l.received}}
	l.jobs = append(l.jobs, c.job.ID)
	switch {
	case d.Trigger == TriggerTimer:
		l.failRun(c)
		return nil
	case c.kind == template.Execution:
		return l.judgeExecution(ctx, c)
	}
	return l.judgeResource(ctx, c)
}

// senderToken is the sender's own idempotency key, found without the parser
// that may have failed on the body.
func senderToken(body []byte) (token string) {
	defer func() {
		if recover() != nil {
			token = "" // then the job is known by its delivery
		}
	}()
	if len(body) > MaxRaw { // no function reads it
		return ""
	}
	return template.ClientToken(body)
}

// claim is one job of the event.
type claim struct {
	wish
	job   OutcomeJob
	token string // "" means the job's ID
	spent spent
}

// wish is what a message asks for, as far as it can be told without the parser
// that may have failed on it.
type wish struct {
	messageType                             string // of a message between functions
	kind                                    template.Kind
	regionID, imagePipelineID, pipelineName string
}

func wishOf(body []byte) (w wish) {
	if text, err := base64.StdEncoding.Strict().DecodeString(string(body)); err == nil {
		body = text
	}
	var members map[string]json.RawMessage
	if json.Unmarshal(body, &members) != nil {
		return w
	}
	text := func(name string) (value string) {
		_ = json.Unmarshal(members[name], &value) // "" for anything but a text
		return value
	}
	w.messageType, w.regionID = text("type"), text("regionId")
	w.imagePipelineID, w.pipelineName = text("imagePipelineId"), text("pipelineName")
	if kind := template.Kind(text("kind")); kind == template.Pipeline || kind == template.Execution {
		w.kind = kind
	}
	return w
}

// judgeFollowUp is for an execution that nobody could look at: it ends with an
// outcome once its follow-up is sent again, unless it is not there any more.
func (l *letter) judgeFollowUp(ctx context.Context, d Delivery) error {
	f, err := decodeFollowUp(d.Body)
	if err != nil {
		return nil // no job of ours: parked as it is
	}
	l.jobs = append(l.jobs, f.Job.ID)
	look := watch{Watcher: &Watcher{Publisher: l.Publisher, Executions: l.Executions}, followUp: f}
	there, err := look.describe(ctx)
	switch refused := refusal(err); {
	case refused != nil:
		l.answers = append(l.answers, f.answer(Failed, notKnown(refused), nil))
	case err != nil:
		return err
	case !there:
		l.answers = append(l.answers, f.answer(Failed, goneReason(), nil))
	}
	return nil
}

// judgeAWSPart is for a component that nobody could create: this function has
// no credentials of AWS to look for it.
func (l *letter) judgeAWSPart(d Delivery) {
	p, err := decodeAWSPart(d.Body)
	if err != nil {
		return // no job of ours: parked as it is
	}
	l.jobs = append(l.jobs, p.Job.ID)
	l.answers = append(l.answers, answer{
		job: p.Job, provider: template.TargetAWS, status: Failed, clientToken: awsToken(p.Job.ID),
		reason:   noted(*l.reason(), "whether its component was made is not known here"),
		resource: OutcomeResource{Kind: template.Component}, timings: (&spent{received: l.received}).timings(),
	})
}

// judgeContinuation is for the step of a rebuild run that nobody could work:
// pipelines wait for their turn, and others may not even be decided.
func (l *letter) judgeContinuation(ctx context.Context, d Delivery) error {
	run, err := decodeContinuation(d.Body)
	if err != nil {
		return nil // no run of ours: parked as it is
	}
	region := l.invocation.Region
	if p, err := ParseRebuildPolicy(run.Payload); err == nil && p.RegionID != "" {
		region = p.RegionID
	}
	events := each(ctx, l.Concurrency, run.Due, func(ctx context.Context, due Due) letter {
		one := letter{DeadLetters: l.DeadLetters, GivenUp: l.GivenUp, invocation: l.invocation, received: l.received}
		start := claim{job: run.job(due.ImagePipelineID), spent: spent{received: l.received}, wish: wish{
			kind: template.Execution, regionID: region, imagePipelineID: due.ImagePipelineID, pipelineName: due.Name}}
		one.err = guarded(func() error { return one.judgeExecution(ctx, start) })
		return one
	})
	for i, one := range events {
		if one.err != nil {
			return one.err
		}
		l.jobs = append(l.jobs, run.job(run.Due[i].ImagePipelineID).ID)
		l.answers = append(l.answers, one.answers...)
	}
	if c := (claim{job: run.job(""), spent: spent{received: l.received}}); run.After != nil {
		l.jobs = append(l.jobs, c.job.ID)
		l.failRun(c)
	}
	return nil
}

// failRun is for what a rebuild run had not decided; what it had has outcomes
// of its own.
func (l *letter) failRun(c claim) {
	c.kind = template.Execution
	l.fail(c, nil)
}

// judgeResource looks for the component or pipeline of the job.
func (l *letter) judgeResource(ctx context.Context, c claim) error {
	found, refused, err := l.findResource(ctx, &c)
	if err != nil {
		return err
	}
	if found.ID == "" {
		l.fail(c, refused)
		return nil
	}
	asked := tagValue(found.Tags, buildTag) != ""
	l.created(c, found, asked)
	if found.Kind != template.Pipeline || !asked && len(found.Tags) < maxTags { // a full list had no room for the tag
		return nil
	}
	return l.judgeBuild(ctx, c, found, asked)
}

// findResource looks in every region where the job may have made something;
// c.regionID is then the resource's. refused says where nobody may look, nil
// where that is nowhere.
func (l *letter) findResource(ctx context.Context, c *claim) (found Resource, refused *fault.Error, err error) {
	defer clock(&c.spent.lookup)()
	for _, region := range l.regions(c.regionID) {
		for _, kind := range []template.Kind{template.Component, template.Pipeline} {
			own, err := l.findAll(ctx, l.Resources, Query{Kind: kind, RegionID: region, Tags: []Tag{{jobTag, c.job.ID}}})
			switch f := refusal(err); {
			case f != nil:
				refused = f
			case err != nil:
				return Resource{}, nil, err
			case len(own) > 0:
				c.regionID = region
				return slices.MinFunc(own, byAge), nil, nil
			}
		}
	}
	return Resource{}, refused, nil
}

// regions are those that the policy names, and that of the message where the
// policy allows it by "*".
func (l *letter) regions(asked string) []string {
	regions := l.Policy.searched(l.invocation.Region)
	if isIdentifier(asked) && allows(l.Policy.regions(l.invocation.Region), asked) && !slices.Contains(regions, asked) {
		regions = append(regions, asked)
	}
	return regions
}

// judgeBuild looks for the execution that the template of a pipeline asked
// for, or may have.
func (l *letter) judgeBuild(ctx context.Context, c claim, p Resource, asked bool) error {
	c.kind, c.token = template.Execution, digest(join(c.job.ID, string(template.Execution)))
	c.imagePipelineID, c.pipelineName = p.ID, p.Name
	e, refused, err := l.findExecution(ctx, &c, []string{p.ID})
	switch {
	case err != nil:
		return err
	case e.ID != "":
		l.started(c, e)
	case asked:
		l.fail(c, refused)
	}
	return nil
}

// judgeExecution is for a message that asked for a build.
func (l *letter) judgeExecution(ctx context.Context, c claim) error {
	if c.regionID = cmp.Or(c.regionID, l.invocation.Region); !slices.Contains(l.regions(c.regionID), c.regionID) {
		l.fail(c, nil) // the policy allows nobody to start anything there
		return nil
	}
	ids, refused, err := l.pipelines(ctx, &c)
	if err != nil {
		return err
	}
	e, unseen, err := l.findExecution(ctx, &c, ids)
	switch {
	case err != nil:
		return err
	case e.ID != "":
		l.started(c, e)
	case refused != nil:
		l.fail(c, refused)
	default:
		l.fail(c, unseen)
	}
	return nil
}

// pipelines are the IDs of those that the message may mean.
func (l *letter) pipelines(ctx context.Context, c *claim) (ids []string, refused *fault.Error, err error) {
	if isIdentifier(c.imagePipelineID) {
		return []string{c.imagePipelineID}, nil, nil
	}
	if c.pipelineName == "" || utf8.RuneCountInString(c.pipelineName) > maxName {
		return nil, nil, nil
	}
	defer clock(&c.spent.lookup)()
	found, err := l.findAll(ctx, l.Resources, Query{Kind: template.Pipeline, RegionID: c.regionID, Name: c.pipelineName})
	if f := refusal(err); f != nil {
		return nil, f, nil
	}
	for _, p := range found {
		ids = append(ids, p.ID)
	}
	return ids, nil, err
}

// findExecution looks for the job's execution among those of the pipelines.
func (l *letter) findExecution(ctx context.Context, c *claim, pipelines []string) (e Execution, refused *fault.Error, err error) {
	if len(pipelines) == 0 {
		return Execution{}, nil, nil
	}
	builds := Builds{Executions: l.Executions}
	e, _, err = builds.own(ctx, &l.Publisher, start{job: c.job, regionID: c.regionID, spent: &c.spent,
		pipeline: Resource{ID: pipelines[0]}, elsewhere: pipelines[1:]})
	if f := refusal(err); f != nil {
		return Execution{}, f, nil
	}
	return e, nil, err
}

// created repeats what the function published, or would have.
func (l *letter) created(c claim, r Resource, build bool) {
	token := c.job.ID
	if build {
		token = digest(join(c.job.ID, string(r.Kind)))
	}
	resource := OutcomeResource{Kind: r.Kind, ID: r.ID, Name: r.Name}
	if tagValue(r.Tags, versionTag) != "" {
		resource.Version = r.Version
	}
	l.answers = append(l.answers, answer{
		job: c.job, regionID: c.regionID, status: Created, clientToken: token, timings: c.spent.timings(), resource: resource,
	})
}

// started repeats what the function published, or would have; whether it came
// to asking for the end to be watched is not known.
func (l *letter) started(c claim, e Execution) {
	a := l.about(c, Started)
	a.reason = noted(*l.reason(), "the execution was started, but its end may not be reported until the event is sent again")
	a.resource.ID, a.resource.ImagePipelineID = e.ID, e.PipelineID
	l.answers = append(l.answers, a)
}

// fail says that the job ended without its resource, as far as can be seen:
// refused is why that is not far, or nil.
func (l *letter) fail(c claim, refused *fault.Error) {
	a := l.about(c, Failed)
	a.reason = l.reason()
	if refused != nil {
		why := strings.TrimSpace(reasonOf(refused).Message + " " + refused.Code)
		a.reason = noted(*a.reason, "whether its resource was made is not known: "+why)
	}
	l.answers = append(l.answers, a)
}

// about is an answer with what the event says of the job's resource.
func (l *letter) about(c claim, status Status) answer {
	a := answer{
		job: c.job, regionID: l.invocation.Region, status: status, clientToken: cmp.Or(c.token, c.job.ID), timings: c.spent.timings(),
		resource: OutcomeResource{Kind: cmp.Or(c.kind, template.Component)},
	}
	if isIdentifier(c.regionID) {
		a.regionID = c.regionID
	}
	if c.kind == template.Execution {
		if isIdentifier(c.imagePipelineID) {
			a.resource.ImagePipelineID = c.imagePipelineID
		}
		a.resource.Name = plainName(c.pipelineName)
	}
	return a
}

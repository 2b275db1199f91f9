package imagebuild

import (
	"context"
	"slices"
	"sort"
	"time"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// runBuild starts the execution that the template of a pipeline which the job
// created asks for. It is a job of its own with an outcome of its own.
func (j *job) runBuild(ctx context.Context) error {
	if j.status != Created || j.kind() != template.Pipeline || !j.template.Build && !j.mayHaveAsked() {
		return nil
	}
	j.then = &job{
		Builder: j.Builder, invocation: j.invocation, delivery: j.delivery, id: j.id, made: j,
		template: &template.Template{Kind: template.Execution, ImagePipelineID: j.resource.ID, RegionID: j.region()},
		spent:    spent{happened: j.spent.happened, received: j.spent.received},
	}
	return j.then.run(ctx)
}

// mayHaveAsked is for a recalled pipeline whose tags had no room for buildTag.
func (j *job) mayHaveAsked() bool {
	return j.recalled != nil && len(j.resource.Tags) >= maxTags
}

// execute starts the pipeline that the job names, unless an earlier delivery
// did or another execution of it runs.
func (j *job) execute(ctx context.Context) error {
	if j.made != nil && j.made.recalled != nil {
		return j.recallBuild(ctx)
	}
	if err := j.aim(ctx); err != nil || j.status != "" {
		return err
	}
	return j.launch(ctx)
}

// aim completes the start, or settles the job where there is nothing to start.
func (j *job) aim(ctx context.Context) error {
	found, err := j.candidates(ctx)
	switch {
	case err != nil:
		return err
	case len(found) == 0:
		return j.noPipeline()
	}
	p := found[0]
	if j.made == nil && j.template.ImagePipelineID != "" {
		j.Policy.checkPipeline(j.template, "imagePipelineId", p.Name)
	}
	if j.template.HasErrors() {
		j.status = Rejected
		return nil
	}
	j.start = j.startOf(p.Resource)
	for _, other := range found[1:] {
		j.start.elsewhere = append(j.start.elsewhere, other.ID)
	}
	j.start.tags, err = j.inputTags(ctx, p)
	return err
}

func (j *job) launch(ctx context.Context) error {
	e, state, err := j.begin(ctx, &j.Publisher, j.start)
	switch f := fault.Of(err); {
	case f != nil && f.Code == codeNoPipeline && j.made != nil:
		return j.noPipeline()
	case err != nil:
		return err
	case state == runningState:
		j.running()
	default:
		j.started(e)
	}
	return nil
}

func (j *job) running() {
	j.status, j.reason = Skipped, &Reason{Kind: "running", Message: "another execution of the pipeline runs"}
}

func (j *job) started(e Execution) {
	j.status, j.execution, j.resource = Started, e, Resource{ID: e.ID}
}

// startOf is the start of a pipeline without its inputs.
func (j *job) startOf(p Resource) start {
	return start{
		invocation: j.invocation, job: j.delivery.source(j.id), clientToken: j.clientToken(), regionID: j.region(),
		pipeline: p, lookFirst: true, spent: &j.spent,
	}
}

// candidates are the pipelines that the job may mean, the newest first.
func (j *job) candidates(ctx context.Context) (found []Pipeline, err error) {
	defer clock(&j.spent.lookup)()
	t := j.template
	query := Query{Kind: template.Pipeline, RegionID: j.region(), Name: t.PipelineName}
	var ids []string
	if t.ImagePipelineID != "" {
		ids = []string{t.ImagePipelineID}
	}
	err = j.retry(ctx, func(ctx context.Context) error {
		all, err := j.Executions.Pipelines(ctx, query, ids...)
		found = slices.DeleteFunc(all, func(p Pipeline) bool {
			return t.PipelineName != "" && p.Name != t.PipelineName || ids != nil && !slices.Contains(ids, p.ID)
		})
		if err == nil && len(found) == 0 {
			err = j.notYet()
		}
		return err
	})
	// Not slices: each of its sorts of so large a type is 20 KB of the binary.
	sort.Slice(found, func(a, b int) bool { return byAge(found[a].Resource, found[b].Resource) > 0 })
	return found, err
}

// notYet is the fault of a pipeline that this job created a moment ago and that
// the service does not list: whether it lists a new one at once is not
// documented. Later the pipeline counts as deleted.
func (j *job) notYet() error {
	event := j.spent.happened
	if event.IsZero() {
		event = j.spent.received
	}
	if j.made == nil || time.Since(event) >= youngEvent {
		return nil
	}
	return &fault.Error{Kind: fault.Retryable, Op: "imagebuild.execute", Code: codeNoPipeline,
		Message: "the new pipeline is not listed yet"}
}

// noPipeline settles a job whose pipeline is not there: a message named it, or
// this job created it and somebody deleted it since.
func (j *job) noPipeline() error {
	if j.made == nil {
		return fault.New(fault.Invalid, "imagebuild.execute", "there is no such pipeline in the region")
	}
	j.status, j.reason = Skipped, &Reason{Kind: "gone", Message: "the pipeline was deleted before its build was started"}
	return nil
}

// recallBuild settles a build on the execution that an earlier delivery
// started. Where there is none, none is started any more: the template is no
// longer the one that asked for it.
func (j *job) recallBuild(ctx context.Context) error {
	made := j.made
	j.start = j.startOf(Resource{ID: made.resource.ID, Name: made.template.Name})
	e, state, err := j.own(ctx, &j.Publisher, j.start)
	switch {
	case state != 0:
		j.started(e)
	case made.template.Build && err == nil:
		j.status, j.reason = Skipped, made.recalled
	case !made.template.Build && isRefused(err): // where we may not look, nothing of ours is
		return nil
	}
	return err
}

// inputTags are the tags by which a later run tells whether anything changed.
func (j *job) inputTags(ctx context.Context, p Pipeline) ([]Tag, error) {
	defer clock(&j.spent.lookup)()
	in, err := newResolver(&j.Publisher, j.Images, j.Resources, j.invocation.AccountID, j.region()).inputs(ctx, p)
	return in.tags(), err
}

// pipelineID is of a job that starts an execution, where it is known.
func (j *job) pipelineID() string {
	switch {
	case j.kind() != template.Execution:
		return ""
	case j.execution.PipelineID != "":
		return j.execution.PipelineID
	case j.start.pipeline.ID == "" && isIdentifier(j.template.ImagePipelineID):
		return j.template.ImagePipelineID
	}
	return j.start.pipeline.ID
}

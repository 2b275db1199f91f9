package imagebuild

import (
	"cmp"
	"context"
	"slices"
	"sort"
	"time"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// stepTag is on the executions of a rebuild run: the event that the step of
// the run came from.
const stepTag = "imagedrop:step"

// tokenTrust is how long after its event a ClientToken is relied on. Its lifetime is
// not documented; tokens of a day are usual.
const tokenTrust = 12 * time.Hour

// The service's codes of a start.
const (
	codeRunning    = "InvalidImagePipeline.HasRunningExecution"
	codeNoPipeline = "InvalidImagePipeline.NotFound"
)

// Builds is what starting executions needs, for every use case that does.
type Builds struct {
	Executions Executions
	Images     Images
	Watch      Queue // takes the follow-ups
	Watching   Watching
}

// start is one execution to start, and what its outcome says.
type start struct {
	invocation  Invocation
	job         OutcomeJob
	clientToken string // "" means the job's ID
	regionID    string
	pipeline    Resource // ID and Name
	// elsewhere are other pipelines of which an earlier delivery of the job may
	// have started an execution. They are looked through where the service knows
	// the ClientToken with another pipeline, or may have forgotten it.
	elsewhere []string
	tags      []Tag  // of the inputs
	step      string // of a rebuild run
	lookFirst bool   // for the job's execution, before one is started

	reason *Reason // of the outcome "started"
	spent  *spent  // nil where nobody measured before
}

// startState is what became of a start.
type startState int

const (
	startedState startState = iota + 1 // by this delivery or an earlier one
	runningState                       // not: another execution of the pipeline runs
	aheadState                         // not: another step of this rebuild run did
)

// startExecution starts an execution, sees to it that it is followed, and
// publishes "started"; in the other states nothing is published. A repeat finds
// the same execution, asks for it to be followed again and publishes the same.
func (b *Builds) startExecution(ctx context.Context, p *Publisher, s start) (id string, state startState, err error) {
	if s.spent == nil {
		s.spent = &spent{received: time.Now()}
	}
	e, state, err := b.beginInTime(ctx, p, s)
	if err != nil || state != startedState {
		return e.ID, state, err
	}
	if err := b.follow(ctx, p, s, e); err != nil {
		return e.ID, state, err
	}
	return e.ID, state, p.publish(ctx, s.invocation.outcome(s.answer(Started, s.reason, e)))
}

// beginInTime holds back time for the messages about the execution.
func (b *Builds) beginInTime(ctx context.Context, p *Publisher, s start) (Execution, startState, error) {
	ctx, cancel := holdBack(ctx, reserve)
	defer cancel()
	return b.begin(ctx, p, s)
}

// begin makes sure that the job has its execution.
func (b *Builds) begin(ctx context.Context, p *Publisher, s start) (Execution, startState, error) {
	if s.lookFirst {
		likely := s
		if time.Since(s.spent.happened) < tokenTrust {
			likely.elsewhere = nil
		}
		if e, state, err := b.own(ctx, p, likely); err != nil || state != 0 {
			return e, state, err
		}
	}
	id, err := b.start(ctx, p, s)
	f := fault.Of(err)
	if err == nil {
		return Execution{ID: id, PipelineID: s.pipeline.ID}, startedState, nil
	}
	if f == nil || f.Code != codeRunning && f.Code != codeMismatch {
		return Execution{}, 0, err
	}
	switch e, state, err := b.own(ctx, p, s); {
	case err != nil || state != 0:
		return e, state, err
	case f.Code == codeRunning:
		return Execution{}, runningState, nil
	}
	return Execution{}, 0, because(f, fault.Permanent,
		"the job's ClientToken was used with other parameters before, and its execution is not to be found")
}

func (b *Builds) start(ctx context.Context, p *Publisher, s start) (id string, err error) {
	defer clock(&s.spent.create)()
	err = p.retry(ctx, func(ctx context.Context) (err error) {
		id, err = b.Executions.Start(ctx, StartRequest{
			RegionID: s.regionID, PipelineID: s.pipeline.ID, ClientToken: s.token(), Tags: s.allTags(),
		})
		return err
	})
	return id, err
}

// own looks for the execution that the job has already; state 0 where it has
// none. What the service returns is compared again.
func (b *Builds) own(ctx context.Context, p *Publisher, s start) (Execution, startState, error) {
	defer clock(&s.spent.lookup)()
	for _, id := range append([]string{s.pipeline.ID}, s.elsewhere...) {
		found, err := b.executions(ctx, p, ExecutionQuery{RegionID: s.regionID, PipelineID: id, Tags: []Tag{{jobTag, s.job.ID}}})
		if err != nil {
			return Execution{}, 0, err
		}
		if len(found) == 0 {
			continue
		}
		for _, e := range found {
			if tagValue(e.Tags, stepTag) == s.step {
				return e, startedState, nil
			}
		}
		return found[0], aheadState, nil
	}
	return Execution{}, 0, nil
}

// executions returns what matches, the oldest first.
func (b *Builds) executions(ctx context.Context, p *Publisher, query ExecutionQuery) (found []Execution, err error) {
	err = p.retry(ctx, func(ctx context.Context) (err error) {
		found, err = b.Executions.Executions(ctx, query)
		return err
	})
	found = slices.DeleteFunc(found, func(e Execution) bool {
		return query.PipelineID != "" && e.PipelineID != query.PipelineID ||
			slices.ContainsFunc(query.Tags, func(t Tag) bool { return !slices.Contains(e.Tags, t) })
	})
	sort.Slice(found, func(a, b int) bool { // as in candidates
		return cmp.Or(cmp.Compare(found[a].CreationTime, found[b].CreationTime), cmp.Compare(found[a].ID, found[b].ID)) < 0
	})
	return found, err
}

// follow sends the first follow-up of an execution.
func (b *Builds) follow(ctx context.Context, p *Publisher, s start, e Execution) error {
	started, err := time.Parse(time.RFC3339, e.CreationTime)
	if err != nil { // of one that this very delivery started it is not known
		started = time.Now()
	}
	body, err := FollowUp{
		Job: s.job, ClientToken: s.token(), RegionID: s.regionID, AccountID: s.invocation.AccountID,
		ImagePipelineID: e.PipelineID, PipelineName: s.pipeline.Name, ExecutionID: e.ID,
		Started: started, Check: 1, Expires: started.Add(b.Watching.expiry()),
	}.encode()
	if err != nil {
		return err
	}
	return said(p.retry(ctx, func(ctx context.Context) error { return b.Watch.Send(ctx, body, b.Watching.minDelay()) }))
}

func (s start) token() string {
	if s.clientToken == "" {
		return s.job.ID
	}
	return s.clientToken
}

// allTags are those of the execution.
func (s start) allTags() []Tag {
	tags := append([]Tag{{jobTag, s.job.ID}}, s.tags...)
	if s.step != "" {
		tags = append(tags, Tag{stepTag, s.step})
	}
	return tags
}

// answer is what the outcome about the start says.
func (s start) answer(status Status, reason *Reason, e Execution) answer {
	return answer{
		job: s.job, regionID: s.regionID, status: status, reason: reason,
		resource:    OutcomeResource{Kind: template.Execution, ID: e.ID, Name: s.pipeline.Name, ImagePipelineID: e.PipelineID},
		clientToken: s.token(), timings: s.spent.timings(),
	}
}

// tagValue is "" where there is no such tag.
func tagValue(tags []Tag, key string) string {
	for _, t := range tags {
		if t.Key == key {
			return t.Value
		}
	}
	return ""
}

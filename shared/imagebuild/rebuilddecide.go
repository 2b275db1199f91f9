package imagebuild

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// Kinds of reasons of a rebuild's outcomes: why an execution was started, the
// most telling first, and why none was.
const (
	reasonFirstBuild = "firstBuild"
	reasonBaseImage  = "baseImage"
	reasonComponent  = "component"
	reasonContent    = "content"
	reasonAge        = "age"
	reasonForced     = "forced"

	reasonRunning    = "running"
	reasonUnchanged  = "unchanged"
	reasonPaused     = "paused"
	reasonSuperseded = "superseded"
)

// verdict is what is to become of a candidate.
type verdict struct {
	status Status // Started, Skipped or Failed
	reason *Reason
	own    *Execution // that this run has started for it, nil before
}

// decide settles what needs no execution. What is left undecided, for the
// service does not answer, waits for its turn with the due.
func (s *step) decide(ctx context.Context, c *candidate) error {
	if c.newest != "" {
		return s.answer(ctx, c, Skipped, &Reason{Kind: reasonSuperseded, Message: "the newest pipeline of this name is " + c.newest})
	}
	again, err := s.judged(ctx, c)
	if err != nil || again || c.verdict == nil || c.verdict.status == Started {
		return err
	}
	return s.answer(ctx, c, c.verdict.status, c.verdict.reason)
}

// settle gives a candidate its execution or its outcome; where it does
// neither, another step tries again.
func (s *step) settle(ctx context.Context, c *candidate) error {
	again, err := s.judged(ctx, c)
	switch {
	case err != nil || again || c.verdict == nil:
		return err
	case c.verdict.status != Started:
		return s.answer(ctx, c, c.verdict.status, c.verdict.reason)
	case c.Tries >= maxTries && c.verdict.own == nil:
		return s.answer(ctx, c, Failed, &Reason{Kind: string(fault.Retryable), Message: triesMessage("the service did not take the start")})
	}
	err = s.patiently(ctx, func(ctx context.Context) error { return s.start(ctx, c) })
	_, err = s.tolerate(ctx, c, err)
	return err
}

// judged makes sure that the candidate has a verdict; none without again means
// that another chain is ahead.
func (s *step) judged(ctx context.Context, c *candidate) (again bool, err error) {
	if c.verdict != nil {
		return false, nil
	}
	err = s.patiently(ctx, func(ctx context.Context) (err error) {
		c.verdict, err = s.judge(ctx, c)
		return err
	})
	return s.tolerate(ctx, c, err)
}

// patiently makes the calls of one pipeline.
func (s *step) patiently(ctx context.Context, calls func(context.Context) error) error {
	ctx, cancel := context.WithTimeout(ctx, patienceOfPipeline)
	defer cancel()
	return guarded(func() error { return calls(ctx) })
}

// tolerate keeps the fault of one pipeline from the others: it ends this one,
// or has another step try again.
func (s *step) tolerate(ctx context.Context, c *candidate, err error) (again bool, _ error) {
	f := refusal(err)
	switch {
	case err == nil:
		return false, nil
	case isUnsaid(err): // it would be so for the others
		return true, err
	case f != nil:
		return true, s.answer(ctx, c, Failed, s.blamed(f))
	case c.Tries >= maxTries:
		return true, s.answer(ctx, c, Failed, &Reason{Kind: string(fault.KindOf(err)), Message: clip(triesMessage(safe(err)), maxText)})
	}
	c.Tries++
	c.verdict, c.tried = nil, true
	return true, nil
}

// judge looks at what was built of the pipeline. No verdict means that another
// chain is ahead.
func (s *step) judge(ctx context.Context, c *candidate) (*verdict, error) {
	if gone, err := s.complement(ctx, c); err != nil || gone {
		return &verdict{status: Failed, reason: &Reason{Kind: reasonGone, Message: "there is no such pipeline, or no longer"}}, err
	}
	all, err := s.executions(ctx, &s.Publisher, ExecutionQuery{RegionID: s.region, PipelineID: c.ImagePipelineID})
	if err != nil {
		return nil, err
	}
	in := c.Inputs.inputs()
	job := Tag{jobTag, s.state.job(c.ImagePipelineID).ID}
	if i := slices.IndexFunc(all, func(e Execution) bool { return slices.Contains(e.Tags, job) }); i >= 0 {
		return s.adopt(ctx, c, in, all[:i], all[i])
	}
	if i := slices.IndexFunc(all, runs); i >= 0 {
		return skipped(reasonRunning, "execution "+all[i].ID+" is running"), nil
	}
	past, err := s.history(ctx, c, all)
	if err != nil {
		return nil, err
	}
	v := s.policy.verdict(in, past, s.now)
	if i := slices.IndexFunc(all, func(e Execution) bool { return endedAfter(e, s.now) }); i >= 0 && v.status == Started {
		return skipped(reasonRunning, "execution "+all[i].ID+" ran after the trigger"), nil
	}
	return v, nil
}

// complement finds out the inputs where they are not known yet.
func (s *step) complement(ctx context.Context, c *candidate) (gone bool, err error) {
	if c.Inputs != nil {
		return false, nil
	}
	if c.pipeline == nil {
		found, err := s.pipelines(ctx, Query{Kind: template.Pipeline, RegionID: s.region}, c.ImagePipelineID)
		if err != nil || len(found) == 0 {
			return err == nil, err
		}
		c.pipeline = &found[0]
	}
	in, err := s.resolver.inputs(ctx, *c.pipeline)
	if err != nil {
		return false, err
	}
	c.Inputs = in.known()
	return false, nil
}

// adopt takes over the execution that this run has for the candidate, with the
// reason that it was started for.
func (s *step) adopt(ctx context.Context, c *candidate, in inputs, before []Execution, own Execution) (*verdict, error) {
	if !s.startedBefore(tagValue(own.Tags, stepTag)) {
		s.overtaken()
		return nil, nil
	}
	past, err := s.history(ctx, c, before)
	if err != nil {
		return nil, err
	}
	was, _ := inputsOf(own.Tags)
	was.names = in.names
	return &verdict{status: Started, reason: s.policy.verdict(was, past, s.now).reason, own: &own}, nil
}

// history adds, where the pipeline has no success yet, the executions of the
// one that had its name before. The oldest comes first.
func (s *step) history(ctx context.Context, c *candidate, all []Execution) ([]Execution, error) {
	if c.PreviousImagePipelineID == "" || slices.ContainsFunc(all, isBaseline) {
		return all, nil
	}
	before, err := s.executions(ctx, &s.Publisher, ExecutionQuery{RegionID: s.region, PipelineID: c.PreviousImagePipelineID})
	if f := fault.Of(err); f != nil && f.Kind == fault.Invalid {
		return all, nil // it was deleted
	}
	merged := slices.Concat(before, all)
	slices.SortStableFunc(merged, oldestFirst)
	return merged, err
}

// start starts the execution, or takes over the one that is there.
func (s *step) start(ctx context.Context, c *candidate) error {
	v := c.verdict
	request := start{
		invocation: s.invocation, job: s.state.job(c.ImagePipelineID), regionID: s.region,
		pipeline: Resource{ID: c.ImagePipelineID, Name: c.Name}, tags: c.Inputs.inputs().tags(), step: s.identity,
		reason: v.reason, spent: &spent{received: c.began},
	}
	if v.own != nil {
		return s.takeOver(ctx, c, request)
	}
	id, state, err := s.startExecution(ctx, &s.Publisher, request)
	switch {
	case err != nil:
		return err
	case state == runningState:
		return s.answer(ctx, c, Skipped, &Reason{Kind: reasonRunning, Message: "another execution is running"})
	case state == aheadState:
		return s.rejudge(ctx, c)
	}
	c.running = id
	s.done(c, Started, v.reason)
	return nil
}

// takeOver says once more what the delivery that started the execution may not
// have come to say.
func (s *step) takeOver(ctx context.Context, c *candidate, request start) error {
	own := *c.verdict.own
	if err := s.follow(ctx, &s.Publisher, request, own); err != nil {
		return err
	}
	if err := s.publish(ctx, s.invocation.outcome(request.answer(Started, request.reason, own))); err != nil {
		return err
	}
	if runs(own) {
		c.running = own.ID
	}
	s.done(c, Started, request.reason)
	return nil
}

// rejudge looks again: another delivery has just started an execution.
func (s *step) rejudge(ctx context.Context, c *candidate) (err error) {
	if c.verdict, err = s.judge(ctx, c); err != nil || c.verdict == nil {
		return err
	}
	if c.verdict.own == nil {
		s.overtaken()
		return nil
	}
	return s.start(ctx, c)
}

// verdict decides a pipeline that does not run; past is the oldest first.
func (p RebuildPolicy) verdict(in inputs, past []Execution, now time.Time) *verdict {
	reason := p.causes(in, past, now)
	switch {
	case reason == nil:
		last := past[lastBaseline(past)]
		return skipped(reasonUnchanged, "execution "+last.ID+" of "+last.CreationTime+" built the same")
	case p.paused(in, past):
		return skipped(reasonPaused, fmt.Sprintf("the last executions with the same inputs failed, %d in a row", p.MaxFailures))
	}
	return &verdict{status: Started, reason: reason}
}

func skipped(kind, message string) *verdict {
	return &verdict{status: Skipped, reason: &Reason{Kind: kind, Message: message}}
}

// causes says why the pipeline is due, nil where it is not: the first cause is
// the kind, the message has them all.
func (p RebuildPolicy) causes(in inputs, past []Execution, now time.Time) *Reason {
	var causes []Reason
	if i := lastBaseline(past); i < 0 {
		causes = append(causes, Reason{Kind: reasonFirstBuild, Message: "no execution has succeeded before"})
	} else {
		causes = in.since(past[i])
		if created, err := time.Parse(time.RFC3339, past[i].CreationTime); err == nil && p.MaxAge > 0 && now.Sub(created) > p.MaxAge {
			causes = append(causes, Reason{Kind: reasonAge,
				Message: "the last success, execution " + past[i].ID + " of " + past[i].CreationTime + ", is older than maxAge"})
		}
	}
	if p.Force {
		causes = append(causes, Reason{Kind: reasonForced, Message: "forced by the payload"})
	}
	if len(causes) == 0 {
		return nil
	}
	reason := Reason{Kind: causes[0].Kind}
	var texts []string
	for _, c := range causes {
		texts = append(texts, c.Message)
	}
	reason.Message = clip(strings.Join(texts, "; "), maxText)
	return &reason
}

// since lists what differs from what an execution was made of.
func (in inputs) since(e Execution) (causes []Reason) {
	was, _ := inputsOf(e.Tags)
	if in.digest == was.digest {
		return nil
	}
	if in.base != was.base {
		causes = append(causes, Reason{Kind: reasonBaseImage, Message: "base image " + orNone(was.base) + " -> " + orNone(in.base)})
	}
	if in.content != was.content {
		return append(causes, Reason{Kind: reasonContent, Message: "content or options changed"})
	}
	for i, version := range in.components { // of the same references: the content is the same
		if i < min(len(was.components), len(in.names)) && version != was.components[i] {
			causes = append(causes, Reason{Kind: reasonComponent,
				Message: "component " + in.names[i] + " " + was.components[i] + " -> " + version})
		}
	}
	if len(causes) == 0 { // beyond what the tags have room for
		causes = append(causes, Reason{Kind: reasonComponent, Message: "the version of a component changed"})
	}
	return causes
}

func orNone(image string) string {
	if image == "" {
		return "none"
	}
	return image
}

// paused reports whether the newest executions that ended by themselves have
// all failed, as many as maxFailures and with the present inputs. Those of
// other sources say nothing where they failed: nobody knows their inputs.
func (p RebuildPolicy) paused(in inputs, past []Execution) bool {
	failures := 0
	for _, e := range slices.Backward(past) {
		was, ours := inputsOf(e.Tags)
		switch end := ends[e.Status].status; {
		case end == Succeeded || end == Failed && ours && was.digest != in.digest:
			return false
		case end == Failed && ours:
			failures++
		}
		if p.MaxFailures > 0 && failures >= p.MaxFailures {
			return true
		}
	}
	return false
}

// runs reports whether an execution has not ended; a status that is not known
// counts as running.
func runs(e Execution) bool {
	_, ended := ends[e.Status]
	return !ended
}

// isBaseline reports a success that says what it was made of.
func isBaseline(e Execution) bool {
	_, ours := inputsOf(e.Tags)
	return ours && ends[e.Status].status == Succeeded
}

// lastBaseline is the index of the newest one, -1 for none.
func lastBaseline(past []Execution) int {
	for i := len(past) - 1; i >= 0; i-- {
		if isBaseline(past[i]) {
			return i
		}
	}
	return -1
}

// endedAfter compares to the second, as the service's times are.
func endedAfter(e Execution, t time.Time) bool {
	ended, err := time.Parse(time.RFC3339, e.ModifiedTime)
	return err == nil && ended.After(t)
}

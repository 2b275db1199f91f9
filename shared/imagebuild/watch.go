package imagebuild

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// Watcher follows executions to their end: it looks at one, and either asks to
// look again later or publishes how it ended. Its fields are set before the
// first Run and not changed after; Run is safe for concurrent use.
type Watcher struct {
	Publisher
	Executions Executions
	Images     Images
	Watch      Queue // takes the follow-ups
	Watching   Watching
	// Concurrency is the number of follow-ups worked at a time, 0 means 1.
	Concurrency int
}

// imageGrace is how long after a build's end its images may still be missing
// from the lists of their regions before the outcome says that they are: the
// service distributes before it ends a build, so only its lists can be behind.
const imageGrace = 5 * time.Minute

// end says what the end of an execution means.
type end struct {
	status  Status
	kind    string // of the reason, "" where a complete end needs none
	message string // where the service says nothing
	images  bool   // there are some
	owed    bool   // every region has its image, or will have
}

// ends are the final statuses of an execution; any other, known or not, is one
// that runs.
// Source: ECS 2014-05-26, DescribeImagePipelineExecutions, Status.
var ends = map[string]end{
	"SUCCESS":           {status: Succeeded, images: true, owed: true},
	"PARTITION_SUCCESS": {Succeeded, reasonPartial, "the image was made, but not all that should follow", true, false},
	"TEST_FAILED":       {Failed, "testFailed", "the image was made, but its test failed", true, true},
	"FAILED":            {Failed, "buildFailed", "the build failed", false, false},
	"CANCELLED":         {Cancelled, "cancelled", "the build was cancelled", false, false},
}

// Kinds of reasons.
const (
	reasonPartial = "partial"
	reasonTimeout = "timeout"
	reasonGone    = "gone"
)

// testFailed is the end before the images are distributed.
const testFailed = "TEST_FAILED"

// Run works every delivery, each a FollowUp, and returns one result for each,
// in order. None keeps the others from theirs. What is no follow-up is
// dropped, and its result says so: nothing could be learnt from another delivery.
func (w *Watcher) Run(ctx context.Context, i Invocation, deliveries []Delivery) []Result {
	return each(ctx, w.Concurrency, deliveries, func(ctx context.Context, d Delivery) Result {
		return w.work(ctx, i, d)
	})
}

func (w *Watcher) work(ctx context.Context, i Invocation, d Delivery) Result {
	return workOwn(d, func(r *Result, _ time.Time) error {
		f, err := decodeFollowUp(d.Body)
		if err != nil {
			r.Reason = reasonOf(fault.Of(err))
			return nil
		}
		look := watch{Watcher: w, invocation: i, followUp: f}
		r.JobID, r.ClientToken = f.Job.ID, f.ClientToken
		err = look.run(ctx)
		r.Status, r.Reason = look.status, look.reason
		return err
	})
}

// watch is one look at one execution, and what was seen. One goroutine works it.
type watch struct {
	*Watcher
	invocation Invocation
	followUp   FollowUp
	execution  Execution

	status Status // "" while it runs
	reason *Reason
	images []OutcomeImage
	gaps   []gap
}

// gap is a region without its image.
type gap struct {
	region string
	state  string       // of the image, as the service spells it; "" where none is listed
	fault  *fault.Error // why nobody knows, nil where somebody does
}

// run returns an error only where the platform should deliver again.
func (w *watch) run(ctx context.Context) error {
	again, err := w.look(ctx)
	switch {
	case err != nil:
		return err
	case again > 0:
		return w.goOn(ctx, again)
	case w.status == "":
		return nil
	}
	return w.publish(ctx, w.invocation.outcome(w.followUp.answer(w.status, w.reason, w.images)))
}

// look settles the status, or answers the delay until the next look.
func (w *watch) look(ctx context.Context) (again time.Duration, err error) {
	ctx, cancel := holdBack(ctx, reserve)
	defer cancel()
	there, err := w.describe(ctx)
	if f := refusal(err); f != nil {
		w.status, w.reason = Failed, notKnown(f)
		return 0, nil
	}
	if err != nil {
		return 0, err
	}
	if !there {
		w.status, w.reason = Failed, goneReason()
		return 0, nil
	}
	if job := tagValue(w.execution.Tags, jobTag); job != "" && job != w.followUp.Job.ID {
		w.reason = &Reason{Kind: string(fault.Invalid), Message: "the message names an execution that another job started"}
		return 0, nil
	}
	end, ended := ends[w.execution.Status]
	if !ended {
		return w.wait(), nil
	}
	return w.settle(ctx, end)
}

// notKnown is why nobody can tell how a build ended.
func notKnown(f *fault.Error) *Reason {
	reason := reasonOf(f)
	reason.Message = clip("how the build ended is not known: "+reason.Message, maxText)
	return reason
}

func goneReason() *Reason {
	return &Reason{Kind: reasonGone, Message: "the execution was deleted before it was seen to end"}
}

// describe reads the execution; there is false where it does not exist.
func (w *watch) describe(ctx context.Context) (there bool, err error) {
	var found []Execution
	err = w.retry(ctx, func(ctx context.Context) (err error) {
		found, err = w.Executions.Executions(ctx, ExecutionQuery{RegionID: w.followUp.RegionID, IDs: []string{w.followUp.ExecutionID}})
		return err
	})
	n := slices.IndexFunc(found, func(e Execution) bool { return e.ID == w.followUp.ExecutionID })
	if err != nil || n < 0 {
		return false, err
	}
	w.execution = found[n]
	return true, nil
}

// wait answers the delay until the next look at an execution that runs, and
// gives it up where that is past the expiry.
func (w *watch) wait() time.Duration {
	f := w.followUp
	if time.Now().Before(f.Expires) {
		return w.Watching.delay(time.Since(f.Started))
	}
	w.status = Failed
	w.reason = &Reason{Kind: reasonTimeout, Code: clip(w.execution.Status, maxIdentifier),
		Message: "the build did not end within " + f.Expires.Sub(f.Started).String() + "; it may still run"}
	return 0
}

// settle is for an execution that ended.
func (w *watch) settle(ctx context.Context, e end) (again time.Duration, err error) {
	if e.images {
		if err := w.findImages(ctx); err != nil {
			return 0, err
		}
		if w.mayCome(e) {
			return w.Watching.minDelay(), nil
		}
	}
	w.status, w.reason = e.status, w.explain(e)
	return 0, nil
}

// mayCome reports whether an image that is missing may still show up.
func (w *watch) mayCome(e end) bool {
	ended, ok := stamp(w.execution.ModifiedTime)
	now := time.Now()
	if !ok || now.After(ended.Add(imageGrace)) || now.After(w.followUp.Expires) {
		return false
	}
	return slices.ContainsFunc(w.gaps, func(g gap) bool {
		return g.fault == nil && (slices.Contains(onTheirWay, g.state) || g.state == "" && e.owed)
	})
}

// stamp reads a time of the service, which writes it with or without seconds.
func stamp(text string) (time.Time, bool) {
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, text); err == nil {
			return t, true
		}
	}
	return time.Time{}, false
}

// explain is the reason of an end, nil where it needs none.
func (w *watch) explain(e end) *Reason {
	reason := Reason{Kind: e.kind, Code: w.execution.Status, Message: cmp.Or(w.execution.Message, e.message)}
	if e.kind == "" {
		if len(w.gaps) == 0 {
			return nil
		}
		reason = Reason{Kind: reasonPartial, Message: "the image was made"}
	}
	// The regions come first: they must not fall to the limit of a text.
	texts := make([]string, 0, len(w.gaps)+1)
	for _, g := range w.gaps {
		texts = append(texts, g.text())
	}
	if len(texts) > 0 {
		reason.Message = strings.Join(texts, "; ") + ": " + reason.Message
	}
	reason.Message = clip(reason.Message, maxText)
	return &reason
}

func (g gap) text() string {
	switch {
	case g.fault != nil:
		text := "whether " + g.region + " has the image is not known"
		if g.fault.Code != "" {
			text += " (" + g.fault.Code + ")"
		}
		return text
	case g.state != "":
		return "the image in " + g.region + " is " + g.state
	}
	return "no image in " + g.region
}

// goOn asks for the next look: at the expiry, should that come first.
func (w *watch) goOn(ctx context.Context, delay time.Duration) error {
	next := w.followUp
	next.Check++
	body, err := next.encode()
	if err != nil {
		return err
	}
	// A queue counts whole seconds.
	left := time.Until(next.Expires).Truncate(time.Second) + time.Second
	delay = min(delay, max(left, time.Second))
	return w.retry(ctx, func(ctx context.Context) error { return w.Watch.Send(ctx, body, delay) })
}

// answer is what an outcome says of how the execution ended. Its time is that
// since the start.
func (f FollowUp) answer(status Status, reason *Reason, images []OutcomeImage) answer {
	return answer{
		job: f.Job, regionID: f.RegionID, status: status, reason: reason, clientToken: f.ClientToken,
		resource: OutcomeResource{Kind: template.Execution, ID: f.ExecutionID, Name: f.PipelineName,
			ImagePipelineID: f.ImagePipelineID, Images: images},
		timings: Timings{TotalMS: max(milliseconds(time.Since(f.Started)), 0)},
	}
}

// refusal is the fault that no other delivery can help, nil where one may.
func refusal(err error) *fault.Error {
	if f := fault.Of(err); f != nil && !isUnsaid(err) && (f.Kind == fault.Invalid || f.Kind == fault.Permanent) {
		return f
	}
	return nil
}

package imagebuild

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// The tags that every resource gets.
const (
	jobTag    = "imagedrop:job"    // the job ID
	digestTag = "imagedrop:digest" // of the canonical content and all parameters
	// buildTag is on a pipeline whose template has build: true, where there is
	// room: another delivery of the job may not be able to read it any more.
	buildTag = "imagedrop:build"
	// versionTag is on a component that we gave its number, where there is room:
	// the wildcard that it was the highest of, and how many there were then.
	versionTag = "imagedrop:version"
)

// maxTags is the number of tags that a create takes.
// Source: ECS 2014-05-26, CreateImageComponent, CreateImagePipeline, Tag.N, N up to 20.
const maxTags = 20

// youngEvent is how long a component that a template names may still be on its
// way in another event.
const youngEvent = 5 * time.Minute

// The service's codes that the domain acts on; all others are judged by the
// Kind that the adapter gave them.
const (
	codeMismatch      = "IdempotentParameterMismatch"
	codeVersionExists = "InvalidComponentVersion.Exist"
	codeNoComponent   = "ImageComponent.NotFound"
	codeNoRegion      = "InvalidRegionId.NotFound"
	codeNoBucket      = "NoSuchBucket" // of OSS
)

// prepare completes the request.
func (j *job) prepare() {
	parameters := slices.Clone(j.template.Parameters())
	if j.template.RegionID == "" {
		parameters = append(parameters, template.Parameter{Name: "RegionId", Value: j.region()})
	}
	ours := []Tag{{jobTag, j.id}, {digestTag, template.Digest(parameters)}}
	if j.template.Build {
		ours = append(ours, Tag{buildTag, "true"})
	}
	if j.below() != "" {
		ours = append(ours, Tag{versionTag, string(j.below())})
	}
	room := min(max(maxTags-j.template.UserTags(), 0), len(ours))
	j.ownTags = ours[:room]
	for i, tag := range j.ownTags {
		n := "Tag." + strconv.Itoa(j.template.UserTags()+i+1)
		parameters = append(parameters,
			template.Parameter{Name: n + ".Key", Value: tag.Key}, template.Parameter{Name: n + ".Value", Value: tag.Value})
	}
	j.request = Request{Kind: j.kind(), RegionID: j.region(), ClientToken: j.clientToken(), Parameters: parameters}
}

// lookUp asks whether the job's resource is there already: the job's own, from
// a delivery whose outcome was lost, or one that another job made the same.
func (j *job) lookUp(ctx context.Context) (found bool, err error) {
	if j.SkipLookup || j.name() == "" || len(j.ownTags) == 0 {
		return false, nil
	}
	defer clock(&j.spent.lookup)()
	// The digest finds the job's own too; without it there is the job's tag.
	same, err := j.find(ctx, j.query(j.ownTags[min(1, len(j.ownTags)-1)]))
	switch {
	case err != nil:
		return false, err
	case j.adopt(same):
		return true, nil
	case j.below() != "":
		return j.unchangedBelow(ctx, same)
	case len(same) == 0:
		return false, nil
	}
	return j.unchanged(ctx, newest(same))
}

// unchanged settles the job on another job's resource where that is the one
// that its name stands for: a revert to older content makes a new one.
func (j *job) unchanged(ctx context.Context, same Resource) (bool, error) {
	pinned := j.template.ComponentVersion != "" && j.template.ComponentVersion == same.Version
	if !pinned {
		current, err := j.isNewest(ctx, same)
		if err != nil || !current {
			return false, err
		}
	}
	j.status, j.resource = Unchanged, same
	return true, nil
}

// isNewest reports whether same is the newest of its name. The digest covers
// componentVersion, so a component that this job shares was not pinned either:
// the service numbered it, above all others then. Number N of N that the
// service also lists first is the newest; one small answer tells it. Where
// versions were pinned or deleted, and for pipelines, which have no number,
// all of the name are read.
func (j *job) isNewest(ctx context.Context, same Resource) (current bool, err error) {
	if same.Kind == template.Component {
		first, total, err := j.first(ctx)
		if err != nil {
			return false, err
		}
		if first.ID == same.ID && same.Version == strconv.Itoa(total)+".0.0" {
			return true, nil
		}
		if first.Name == same.Name && byAge(first, same) > 0 {
			return false, nil
		}
	}
	all, err := j.find(ctx, j.query())
	return err == nil && len(all) > 0 && newest(all).ID == same.ID, err
}

// first returns one resource of the job's kind, region and name, and how many
// there are. Services list the newest first; nothing here relies on it alone.
func (j *job) first(ctx context.Context) (first Resource, total int, err error) {
	err = j.retry(ctx, func(ctx context.Context) (err error) {
		first, total, err = noting{j.Resources, &j.held}.First(ctx, j.line())
		return err
	})
	return first, total, err
}

// query is for resources of the job's kind, region and name with all the tags.
func (j *job) query(tags ...Tag) Query {
	return Query{Kind: j.kind(), RegionID: j.region(), Name: j.name(), Tags: tags}
}

// find returns what matches.
func (j *job) find(ctx context.Context, query Query) ([]Resource, error) {
	return j.findAll(ctx, noting{j.Resources, &j.held}, query)
}

// noting is a Finder that notes whether one of its calls failed.
type noting struct {
	Finder
	failed *bool
}

func (n noting) Find(ctx context.Context, q Query) ([]Resource, error) {
	found, err := n.Finder.Find(ctx, q)
	*n.failed = *n.failed || err != nil
	return found, err
}

func (n noting) First(ctx context.Context, q Query) (Resource, int, error) {
	first, total, err := n.Finder.First(ctx, q)
	*n.failed = *n.failed || err != nil
	return first, total, err
}

// findAll returns what matches. What the service returns is compared again:
// whether it matches names exactly is not documented.
func (p *Publisher) findAll(ctx context.Context, resources Finder, query Query) (found []Resource, err error) {
	err = p.retry(ctx, func(ctx context.Context) (err error) {
		found, err = resources.Find(ctx, query)
		return err
	})
	return slices.DeleteFunc(found, func(r Resource) bool {
		return query.Name != "" && r.Name != query.Name ||
			query.Version != "" && !template.MatchVersion(query.Version, r.Version) ||
			slices.ContainsFunc(query.Tags, func(t Tag) bool { return !slices.Contains(r.Tags, t) })
	}), err
}

// adopt settles the job on the resource that carries its tag, as if it had
// just been created. Of several, which only a lapsed token can make, the first.
func (j *job) adopt(found []Resource) bool {
	own := slices.DeleteFunc(slices.Clone(found), func(r Resource) bool {
		return !slices.Contains(r.Tags, Tag{jobTag, j.id})
	})
	if len(own) == 0 {
		return false
	}
	first := slices.MinFunc(own, byAge)
	j.created(first.ID)
	j.resource.Tags = first.Tags
	if j.below() != "" || tagValue(first.Tags, versionTag) != "" {
		j.resource.Version = first.Version
	}
	j.template.Build = j.template.Build || tagValue(first.Tags, buildTag) != ""
	return true
}

// newest is the component of the highest version, or the latest pipeline.
func newest(found []Resource) Resource { return slices.MaxFunc(found, byAge) }

func byAge(a, b Resource) int {
	if a.Kind == template.Component {
		return cmp.Or(compareVersions(a.Version, b.Version), cmp.Compare(a.ID, b.ID))
	}
	return cmp.Or(cmp.Compare(a.CreationTime, b.CreationTime), cmp.Compare(a.ID, b.ID))
}

// compareVersions compares "major.minor.patch" part by part, as numbers of any size.
func compareVersions(a, b string) int {
	return slices.CompareFunc(strings.Split(a, "."), strings.Split(b, "."), func(x, y string) int {
		x, y = strings.TrimLeft(x, "0"), strings.TrimLeft(y, "0")
		return cmp.Or(cmp.Compare(len(x), len(y)), cmp.Compare(x, y))
	})
}

func (j *job) create(ctx context.Context) error {
	defer clock(&j.spent.create)()
	send := j.send
	if j.below() != "" {
		send = j.sendBelow
	}
	if err := send(ctx); err != nil {
		return j.recoverConflict(ctx, err)
	}
	return nil
}

func (j *job) send(ctx context.Context) error {
	var id string
	err := j.retry(ctx, func(ctx context.Context) (err error) {
		if j.held {
			err = j.outdated(ctx)
		}
		if err == nil {
			j.held = true // should it be sent again
			id, err = j.Resources.Create(ctx, j.request)
		}
		return j.judge(err)
	})
	if err == nil {
		j.created(id)
	}
	return err
}

// created settles the job on its own resource. A repeat says no more of it
// than the first answer did, which had no version unless one was asked for.
func (j *job) created(id string) {
	j.status, j.resource = Created, Resource{ID: id, Version: cmp.Or(j.number, j.template.ComponentVersion)}
}

// blameOperator makes a region that does not exist the operator's mistake,
// where the template names none: the function's own was sent.
func (j *job) blameOperator(err error) error {
	f := fault.Of(err)
	if f == nil || f.Code != codeNoRegion || len(j.template.Lookup("regionId"))+len(j.template.Lookup("toRegionIds")) > 0 {
		return err
	}
	return because(f, fault.Permanent, f.Message)
}

// judge makes a missing component Retryable while the event that brings it may
// still be on its way, which it may for a component of this account only.
func (j *job) judge(err error) error {
	f := fault.Of(err)
	if f == nil || f.Code != codeNoComponent {
		return err
	}
	if j.namesOwnComponent() && j.isYoung() {
		return because(f, fault.Retryable, f.Message)
	}
	return because(f, fault.Invalid, f.Message)
}

// isYoung reports an event that others may still be on their way with.
func (j *job) isYoung() bool {
	return !j.delivery.Time.IsZero() && time.Since(j.delivery.Time) < youngEvent
}

// namesOwnComponent looks for acs:ecs:<region>:<account>:imagecomponent/<name>.
func (j *job) namesOwnComponent() bool {
	own := ":" + j.invocation.AccountID + ":imagecomponent/"
	return strings.Contains(j.template.Content.Text, own) || strings.Contains(j.template.Test.Text, own)
}

// mismatch is why a token is refused that no resource of the job explains.
const mismatch = "the job's ClientToken was used with other parameters before: " +
	"the template or the function changed between two deliveries"

// conflicts says what a code means where no resource carries the job's tag. The
// service answers it too where an earlier delivery made the resource.
var conflicts = map[string]struct {
	kind    fault.Kind
	message string
}{
	codeMismatch:      {fault.Permanent, mismatch},
	codeVersionExists: {fault.Invalid, "this name has a component of this version already: raise componentVersion"},
}

func (j *job) recoverConflict(ctx context.Context, err error) error {
	f := fault.Of(err)
	if f == nil || f.Kind == fault.Retryable {
		return err
	}
	conflict, ok := conflicts[f.Code]
	if !ok {
		return err
	}
	if found, err := j.adoptOwn(ctx); err != nil || found {
		return err
	}
	if f.Code == codeMismatch && j.below() != "" && j.isYoung() {
		return because(f, fault.Retryable, "another delivery of the job took another number, and its component is not listed yet")
	}
	return because(f, conflict.kind, conflict.message)
}

// adoptOwn looks for the resource that carries the job's tag, whatever its
// name: that may be another since.
func (j *job) adoptOwn(ctx context.Context) (found bool, err error) {
	if len(j.ownTags) == 0 {
		return false, nil
	}
	own, err := j.find(ctx, Query{Kind: j.kind(), RegionID: j.region(), Tags: j.ownTags[:1]})
	return err == nil && j.adopt(own), err
}

// recall settles the job on the resource that an earlier delivery of it made,
// where the template that it was made of may have changed since: the job was
// answered "created" then, and no later delivery may say otherwise. The own
// region comes last: the event may be delivered twice at once, and the other
// delivery be about to create there.
func (j *job) recall(ctx context.Context) error {
	if !j.unpinned && !j.unread || j.status == Created || j.onlyAWS() {
		return nil
	}
	ctx, cancel := holdBack(ctx, reserve)
	defer cancel()
	defer clock(&j.spent.lookup)()
	for _, region := range slices.Backward(j.Policy.searched(j.invocation.Region)) {
		for _, kind := range []template.Kind{template.Component, template.Pipeline} {
			own, err := j.find(ctx, Query{Kind: kind, RegionID: region, Tags: []Tag{{jobTag, j.id}}})
			switch {
			case isRefused(err):
				// Where we may not look, or there is no such region, nothing of ours is.
			case err != nil:
				return err
			case len(own) > 0:
				j.template = &template.Template{Kind: kind, Name: own[0].Name, RegionID: region}
				j.recalled, j.reason = j.whyRecalled(), nil
				j.adopt(own)
				return nil
			}
		}
	}
	return nil
}

// onlyAWS reports a job with nothing to do on Alibaba Cloud.
func (j *job) onlyAWS() bool {
	return j.template != nil && slices.Equal(j.template.Targets, []string{template.TargetAWS})
}

// whyRecalled says why the template of a recalled resource is not built any more.
func (j *job) whyRecalled() *Reason {
	switch {
	case j.status == Skipped:
		return j.reason
	case j.unread:
		return &Reason{Kind: "gone", Message: "the template was deleted after the pipeline was created"}
	}
	return &Reason{Kind: "superseded", Message: "the template changed after the pipeline was created"}
}

// isRefused reports whether no other try will be answered otherwise.
func isRefused(err error) bool { return refusal(err) != nil }

// because is f with the domain's judgement.
func because(f *fault.Error, kind fault.Kind, message string) error {
	return &fault.Error{Kind: kind, Op: f.Op, Code: f.Code, Message: message,
		RequestID: f.RequestID, HTTPStatus: f.HTTPStatus, Err: f}
}

package imagebuild

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// AWSBuilder makes the AWS parts of jobs: each becomes one component of EC2
// Image Builder. Its fields are set before the first Run and not changed after;
// Run is safe for concurrent use.
type AWSBuilder struct {
	Publisher
	Components AWSComponents
	// Translate makes the document of a template.
	Translate func(*template.Template) Translation
	// Concurrency is the number of parts worked at a time, 0 means 1.
	Concurrency int
}

// Translation is a component document, and what there is to say of it.
type Translation struct {
	Document string            // "" where findings are errors, or the document lies in S3
	Tags     map[string]string // that the content asks for
	Findings []template.Finding
}

// The service's codes that the domain acts on.
const (
	codeAWSDryRun   = "DryRunOperationException"
	codeAWSExists   = "ResourceAlreadyExistsException"
	codeAWSMismatch = "IdempotentParameterMismatchException"
)

// Run works every delivery, each an AWSPart, to its published outcome and
// returns one result for each, in order. None keeps the others from theirs.
// What is no AWSPart is dropped, and its result says so.
func (b *AWSBuilder) Run(ctx context.Context, i Invocation, deliveries []Delivery) []Result {
	return each(ctx, b.Concurrency, deliveries, func(ctx context.Context, d Delivery) Result { return b.work(ctx, i, d) })
}

func (b *AWSBuilder) work(ctx context.Context, i Invocation, d Delivery) Result {
	return workOwn(d, func(r *Result, received time.Time) error {
		part, err := decodeAWSPart(d.Body)
		if err != nil {
			r.Reason = reasonOf(fault.Of(err))
			return nil
		}
		j := awsJob{AWSBuilder: b, invocation: i, part: part, spent: spent{received: received}}
		j.spent.happened, _ = time.Parse(time.RFC3339, part.Time) // zero where the event does not say
		r.JobID, r.ClientToken = part.Job.ID, awsToken(part.Job.ID)
		err = j.run(ctx)
		r.Status, r.Reason = j.status, j.reason
		return err
	})
}

// awsJob is the AWS part of one job, and what became of it. One goroutine
// works it.
type awsJob struct {
	*AWSBuilder
	invocation Invocation
	part       AWSPart
	template   *template.Template
	request    AWSRequest

	ending
	arn   string
	spent spent
}

// run returns an error only where the platform should deliver again.
func (j *awsJob) run(ctx context.Context) error {
	if err := j.settle(j.build(ctx)); err != nil {
		return err
	}
	return j.publish(ctx, j.outcome())
}

// build does the job up to its status.
func (j *awsJob) build(ctx context.Context) error {
	ctx, cancel := holdBack(ctx, reserve)
	defer cancel()
	made := j.read()
	if j.template.Rejects(template.TargetAWS) {
		j.status = Rejected
		return nil
	}
	j.request = j.requestOf(made)
	if j.request.DryRun { // nothing is created, so nothing can be there
		return j.create(ctx)
	}
	found, err := j.builds(ctx)
	if err != nil || j.adopt(found) || j.unchanged(found) {
		return err
	}
	return j.create(ctx)
}

// read parses and translates.
func (j *awsJob) read() Translation {
	defer clock(&j.spent.lint)()
	j.template = j.part.template()
	if j.template.Rejects(template.TargetAWS) || j.template.AWS().URI != "" {
		return Translation{}
	}
	made := j.Translate(j.template)
	j.template.Join(made.Findings)
	return made
}

// requestOf is what is sent: nothing in it but what follows from the job, so
// that every delivery sends the same.
func (j *awsJob) requestOf(made Translation) AWSRequest {
	want := j.template.AWS()
	r := AWSRequest{
		RegionID: want.RegionID, ClientToken: awsToken(j.part.Job.ID),
		Name: want.Name, SemanticVersion: want.SemanticVersion, Platform: want.Platform,
		Description: want.Description, ChangeDescription: want.ChangeDescription, KMSKeyID: want.KMSKeyID,
		SupportedOSVersions: want.SupportedOSVersions, Tags: maps.Clone(want.Tags), Data: made.Document, URI: want.URI, DryRun: want.DryRun,
	}
	addTags(r.Tags, made.Tags, maxAWSTags-len(awsOwnTags))
	j.addOwnTags(&r)
	return r
}

// maxAWSTags is the number of tags that a create takes.
// Source: EC2 Image Builder 2019-12-02, CreateComponent, tags.
const maxAWSTags = 50

// awsOwnTags are set where there is room, the first first.
var awsOwnTags = []string{jobTag, digestTag}

// addTags adds tags that are not there yet, in order, while there is room.
func addTags(to, tags map[string]string, room int) {
	for _, key := range slices.Sorted(maps.Keys(tags)) {
		if _, there := to[key]; !there && len(to) < room {
			to[key] = tags[key]
		}
	}
}

func (j *awsJob) addOwnTags(r *AWSRequest) {
	values := map[string]string{jobTag: j.part.Job.ID, digestTag: r.digest()}
	for _, key := range awsOwnTags {
		if len(r.Tags) < maxAWSTags {
			r.Tags[key] = values[key]
		}
	}
}

// digest is that of everything sent but the ClientToken and our tags.
func (r AWSRequest) digest() string {
	parameters := []template.Parameter{
		{Name: "regionId", Value: r.RegionID}, {Name: "name", Value: r.Name}, {Name: "semanticVersion", Value: r.SemanticVersion},
		{Name: "platform", Value: r.Platform}, {Name: "description", Value: r.Description},
		{Name: "changeDescription", Value: r.ChangeDescription},
		{Name: "kmsKeyId", Value: r.KMSKeyID}, {Name: "data", Value: r.Data}, {Name: "uri", Value: r.URI},
	}
	for i, version := range r.SupportedOSVersions {
		parameters = append(parameters, template.Parameter{Name: "supportedOsVersions." + strconv.Itoa(i), Value: version})
	}
	for key, value := range r.Tags {
		parameters = append(parameters, template.Parameter{Name: "tags." + key, Value: value})
	}
	return template.Digest(parameters)
}

// builds are those of the name and version, the newest first.
func (j *awsJob) builds(ctx context.Context) ([]AWSComponent, error) {
	return j.lookUp(ctx, j.Components.Builds)
}

func (j *awsJob) lookUp(ctx context.Context,
	list func(ctx context.Context, regionID, name, semanticVersion string) ([]AWSComponent, error)) (found []AWSComponent, err error) {
	defer clock(&j.spent.lookup)()
	err = j.retry(ctx, func(ctx context.Context) (err error) {
		found, err = list(ctx, j.request.RegionID, j.request.Name, j.request.SemanticVersion)
		return err
	})
	slices.SortFunc(found, func(a, b AWSComponent) int {
		return cmp.Or(compareVersions(arnOf(b.ARN).build, arnOf(a.ARN).build), strings.Compare(b.ARN, a.ARN))
	})
	return found, err
}

// adopt settles the job on the build that carries its tag, as if it had just
// been created. Of several, which only a lapsed token can make, the first.
func (j *awsJob) adopt(found []AWSComponent) bool {
	for _, c := range slices.Backward(found) {
		if c.Tags[jobTag] == j.part.Job.ID {
			j.status, j.arn = Created, c.ARN
			return true
		}
	}
	return false
}

// unchanged settles the job on the newest build where another job made that
// the very same.
func (j *awsJob) unchanged(found []AWSComponent) bool {
	if len(found) == 0 || j.request.Tags[digestTag] == "" || found[0].Tags[digestTag] != j.request.Tags[digestTag] {
		return false
	}
	j.status, j.arn = Unchanged, found[0].ARN
	return true
}

func (j *awsJob) create(ctx context.Context) error {
	defer clock(&j.spent.create)()
	var arn string
	err := j.retry(ctx, func(ctx context.Context) (err error) {
		arn, err = j.Components.Create(ctx, j.request)
		return err
	})
	switch f := fault.Of(err); {
	case err == nil:
		j.status, j.arn = Created, arn
	case f != nil && f.Code == codeAWSDryRun && j.request.DryRun:
		j.status, j.reason = Skipped, &Reason{Kind: "dryRun", Message: "the request was checked, and would have succeeded", Code: f.Code,
			RequestID: f.RequestID, HTTPStatus: f.HTTPStatus}
	case f != nil && (f.Code == codeAWSExists || f.Code == codeAWSMismatch):
		return j.conflict(ctx, f)
	default:
		return err
	}
	return nil
}

// conflict settles a create that the service refuses because of what is there.
func (j *awsJob) conflict(ctx context.Context, f *fault.Error) error {
	if j.request.DryRun && f.Code == codeAWSExists {
		j.status, j.reason = Skipped, &Reason{Kind: "dryRun", Message: "the request was checked: the very same component exists",
			Code: f.Code, RequestID: f.RequestID, HTTPStatus: f.HTTPStatus}
		return nil
	}
	found, err := j.builds(ctx)
	if err == nil && len(found) == 0 && f.Code == codeAWSExists {
		found, err = j.lookUp(ctx, j.Components.Namesakes) // it is there in another spelling
	}
	switch {
	case err != nil || j.adopt(found):
		return err
	case f.Code == codeAWSMismatch:
		return because(f, fault.Permanent, mismatch)
	case len(found) == 0: // the list is behind the create
		return because(f, fault.Retryable, "the component exists, and is not listed yet")
	}
	j.status, j.arn = Unchanged, found[0].ARN
	return nil
}

// awsARN are the parts of the ARN of a build version.
type awsARN struct{ region, account, version, build string }

// arnOf takes arn:aws:imagebuilder:REGION:ACCOUNT:component/NAME/1.0.0/1 apart;
// of anything else the parts are "".
func arnOf(text string) awsARN {
	fields := strings.SplitN(text, ":", 6)
	if len(fields) != 6 {
		return awsARN{}
	}
	a := awsARN{region: fields[3], account: fields[4]}
	if path := strings.Split(fields[5], "/"); len(path) == 4 {
		a.version, a.build = path[2]+"/"+path[3], path[3]
	}
	return a
}

func (j *awsJob) outcome() Outcome {
	want, at := j.template.AWS(), arnOf(j.arn)
	a := answer{
		job: j.part.Job, provider: template.TargetAWS, regionID: at.region, accountID: at.account, status: j.status,
		resource: OutcomeResource{Kind: template.Component, ID: j.arn, Name: shownAWSName(want.Name), Version: at.version},
		findings: j.template.FindingsOf(template.TargetAWS), reason: j.reason, clientToken: awsToken(j.part.Job.ID),
		timings: j.spent.timings(),
	}
	if a.regionID == "" && isIdentifier(want.RegionID) {
		a.regionID = want.RegionID
	}
	switch t := j.template; {
	case j.request.Data != "":
		a.content = &OutcomeContent{SHA256: digest(j.request.Data), Bytes: len(j.request.Data), Commands: t.Content.Commands,
			Format: template.AWSTOE}
	case t.Format != "" && want.URI == "":
		a.content = &OutcomeContent{SHA256: digest(t.Content.Text), Bytes: t.Content.Bytes, Commands: t.Content.Commands, Format: t.Format}
	}
	return j.invocation.outcome(a)
}

package imagebuild

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"time"

	"imagedrop/shared/template"
)

// Triggers that a Delivery comes from.
const (
	TriggerOSS   = "oss"
	TriggerQueue = "queue"
	TriggerTopic = "topic"
	TriggerTimer = "timer"
)

// Invocation is what a function knows about the invocation that it serves.
type Invocation struct {
	Function  string // the function's name
	Region    string // where the function runs
	AccountID string
}

// maxToken is the longest ClientToken, and so the longest job ID, in
// characters of printable ASCII without blanks.
// Source: ECS 2014-05-26, CreateImageComponent, CreateImagePipeline, ClientToken.
const maxToken = 64

// job is one request to create one resource, and what became of it. One
// goroutine works it.
type job struct {
	*Builder
	invocation Invocation
	delivery   Delivery

	id       string
	template *template.Template // nil until the delivery was read
	path     string             // of the object that was read, "" where none was
	text     []byte             // what it holds
	unpinned bool               // an earlier delivery may have read another template
	unread   bool               // an earlier delivery may have read the template, this one cannot
	request  Request            // complete once the template is accepted
	ownTags  []Tag              // those of ours that the request has room for
	number   string             // the version below the template's wildcard, "" where none is chosen
	held     bool               // a call about the resource failed, or a create was sent before

	ending
	resource Resource
	spent    spent

	// Of a job that starts an execution:
	made      *job // the job that made its pipeline and asked for the build; nil for one of its own
	start     start
	execution Execution // what was started

	then *job // the build that this job asked for as well, nil before and where none
	// recalled says why the template cannot be read any more, where the
	// resource is an earlier delivery's.
	recalled *Reason
}

// spent is the time that a job took. One goroutine adds to it.
type spent struct {
	happened                   time.Time // the event; zero where it does not say
	received                   time.Time
	read, lint, lookup, create time.Duration
}

func (b *Builder) newJob(i Invocation, d Delivery) *job {
	return &job{Builder: b, invocation: i, delivery: d, id: jobID(d, ""), spent: spent{happened: d.Time, received: time.Now()}}
}

// jobID is the identity of a job: the same event gives the same ID, however
// often it is delivered. clientToken is the sender's own, "" where none came.
func jobID(d Delivery, clientToken string) string {
	switch {
	case isToken(clientToken):
		return clientToken
	case d.Trigger == TriggerTimer:
		return timerJobID(d.TriggerName, d.TriggerTime, "")
	case isToken(d.SourceID):
		return d.SourceID
	case d.SourceID != "":
		return digest(d.SourceID)
	case d.Trigger == TriggerOSS:
		// Not without the time: the revert v1, v2, v1 would be a replay.
		return digest(join(d.Object.Bucket, d.Object.Key, d.Object.ETag, d.RawTime))
	}
	return digest(string(d.Body))
}

// timerJobID is the job of a timer's event for one pipeline; pipelineID "" is
// the run itself.
func timerJobID(triggerName, triggerTime, pipelineID string) string {
	return digest(join(triggerName, triggerTime, pipelineID))
}

// clientToken is what the create or the start carries: the job ID where the job
// makes one resource, else one for each. A template that may be another one
// with the next delivery keeps the job ID whatever it asks for now, so that the
// service notices that it changed.
func (j *job) clientToken() string {
	if j.made != nil || j.template != nil && j.template.Build && !j.unpinned {
		return digest(join(j.id, string(j.kind())))
	}
	return j.id
}

func isToken(s string) bool {
	for _, c := range []byte(s) {
		if c <= ' ' || c >= 0x7f {
			return false
		}
	}
	return s != "" && len(s) <= maxToken
}

// join makes one text of several, so that no two lists make the same text.
func join(parts ...string) string {
	var joined []byte
	for _, p := range parts {
		joined = strconv.AppendInt(joined, int64(len(p)), 10)
		joined = append(joined, ':')
		joined = append(joined, p...)
	}
	return string(joined)
}

// digest is the lower-case hex SHA-256, 64 characters.
func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

// name is the resource's name, "" where the service will make one; of an
// execution its pipeline's.
func (j *job) name() string {
	switch {
	case j.template == nil:
		return ""
	case j.template.Kind == template.Execution:
		return cmp.Or(j.start.pipeline.Name, j.template.PipelineName)
	}
	return j.template.Name
}

// kind is the resource's kind. What could not be read counts as a component,
// as a template without a base image does.
func (j *job) kind() template.Kind {
	if j.template == nil || j.template.Kind == "" {
		return template.Component
	}
	return j.template.Kind
}

// region is where the resource is created.
func (j *job) region() string {
	if j.template == nil || j.template.RegionID == "" {
		return j.invocation.Region
	}
	return j.template.RegionID
}

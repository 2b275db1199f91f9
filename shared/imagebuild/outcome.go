package imagebuild

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// Version is imagedrop's own, set at build time:
// -ldflags '-X imagedrop/shared/imagebuild.Version=v1.2.3'.
var Version = "dev"

// Status is how a job ended.
type Status string

// Components and pipelines end as created, unchanged, rejected, failed or
// skipped; executions as skipped, rejected, failed, or started, and then as
// succeeded, failed or cancelled.
const (
	Created   Status = "created"   // it exists because of this job
	Unchanged Status = "unchanged" // another job made the very same, and it is the current one
	Rejected  Status = "rejected"  // the sender must change something: findings, or a reason
	Failed    Status = "failed"    // the operator must change something: the reason says what
	Skipped   Status = "skipped"   // there was nothing to build: the reason says why
	Started   Status = "started"   // an execution was, because of this job
	Succeeded Status = "succeeded" // the execution made its images
	Cancelled Status = "cancelled" // somebody cancelled the execution
)

// Outcome is the published answer to a job: a CloudEvent 1.0 in structured
// JSON. A repeat has the same ID. The contract is events/schema/outcome.schema.json.
type Outcome struct {
	SpecVersion     string      `json:"specversion"`
	ID              string      `json:"id"`
	Source          string      `json:"source"`
	Type            string      `json:"type"`
	Subject         string      `json:"subject,omitempty"`
	Time            string      `json:"time"` // RFC 3339, UTC
	DataContentType string      `json:"datacontenttype"`
	Data            OutcomeData `json:"data"`
}

// OutcomeData is the payload of an Outcome. It never holds template text.
type OutcomeData struct {
	Status   Status             `json:"status"`
	Job      OutcomeJob         `json:"job"`
	Target   OutcomeTarget      `json:"target"`
	Resource OutcomeResource    `json:"resource"`
	Content  *OutcomeContent    `json:"content,omitempty"` // absent where nothing was read
	Findings []template.Finding `json:"findings"`
	// FindingsTruncated is the number of findings left out to keep the size.
	FindingsTruncated int     `json:"findingsTruncated,omitempty"`
	Reason            *Reason `json:"reason,omitempty"`
	ClientToken       string  `json:"clientToken"`
	Timings           Timings `json:"timings"`
	Version           string  `json:"version"`
}

// OutcomeJob says what asked for the job.
type OutcomeJob struct {
	ID          string `json:"id"`
	Trigger     string `json:"trigger"`
	Bucket      string `json:"bucket,omitempty"`
	Key         string `json:"key,omitempty"`
	ETag        string `json:"eTag,omitempty"`
	Queue       string `json:"queue,omitempty"`
	Topic       string `json:"topic,omitempty"`
	MessageID   string `json:"messageId,omitempty"`
	TriggerName string `json:"triggerName,omitempty"`
	TriggerTime string `json:"triggerTime,omitempty"`
}

// OutcomeTarget says where the resource is. Region and account of AWS are ""
// where only the function awscomponent could know them.
type OutcomeTarget struct {
	Provider  string `json:"provider"`
	RegionID  string `json:"regionId"`
	AccountID string `json:"accountId"`
}

// OutcomeResource is what the job made or found; without an ID where neither.
// An execution has the name of its pipeline.
type OutcomeResource struct {
	Kind            template.Kind  `json:"kind"`
	ID              string         `json:"id,omitempty"`
	Name            string         `json:"name,omitempty"`
	Version         string         `json:"version,omitempty"`         // of a component, where known
	ImagePipelineID string         `json:"imagePipelineId,omitempty"` // of an execution, where known
	Images          []OutcomeImage `json:"images,omitempty"`          // of an execution, once it ended
}

// OutcomeImage is an image that an execution made.
type OutcomeImage struct {
	RegionID  string `json:"regionId"`
	ImageID   string `json:"imageId"`
	ImageName string `json:"imageName"`
}

// OutcomeContent describes the canonical text of a component, or of a
// pipeline's BuildContent.
type OutcomeContent struct {
	SHA256   string          `json:"sha256"`
	Bytes    int             `json:"bytes"`
	Commands int             `json:"commands"`
	Format   template.Format `json:"format"`
}

// Reason says why a job ended as it did. Kind is a fault's, or a word for the
// status: why an execution was started or skipped, how it ended.
type Reason struct {
	Kind       string `json:"kind"`
	Code       string `json:"code,omitempty"` // the service's own
	Message    string `json:"message"`
	RequestID  string `json:"requestId,omitempty"`
	HTTPStatus int    `json:"httpStatus,omitempty"`
}

// Timings are milliseconds, to the microsecond. Received is from the event to
// the function, 0 where the event has no time; Total is from there on.
type Timings struct {
	ReceivedMS float64 `json:"receivedMs"`
	ReadMS     float64 `json:"readMs"`
	LintMS     float64 `json:"lintMs"`
	LookupMS   float64 `json:"lookupMs"`
	CreateMS   float64 `json:"createMs"`
	TotalMS    float64 `json:"totalMs"`
}

func reasonOf(f *fault.Error) *Reason {
	message := f.Message
	if f.HTTPStatus == 403 { // the service does not say what it is that is not allowed
		_, call, _ := strings.Cut(f.Op, ".")
		message = call + ": " + message
	}
	return &Reason{Kind: string(f.Kind), Code: f.Code, Message: clip(message, maxText),
		RequestID: f.RequestID, HTTPStatus: f.HTTPStatus}
}

// answer is what an outcome says of a job, whatever made the job.
type answer struct {
	job         OutcomeJob
	provider    string // "" means Alibaba Cloud and the account of the invocation
	accountID   string // of another provider, "" where not known
	regionID    string // of the resource
	status      Status
	resource    OutcomeResource
	content     *OutcomeContent
	findings    []template.Finding
	reason      *Reason
	clientToken string
	timings     Timings
}

// outcome is the answer as it is published.
func (i Invocation) outcome(a answer) Outcome {
	kind := string(a.resource.Kind)
	target := OutcomeTarget{a.provider, a.regionID, a.accountID}
	if a.provider == "" {
		target = OutcomeTarget{template.TargetAlibaba, a.regionID, i.AccountID}
	}
	return Outcome{
		SpecVersion:     "1.0",
		ID:              digest(join(a.job.ID, target.Provider, kind, string(a.status))),
		Source:          "/imagedrop/" + i.Region + "/" + i.Function,
		Type:            "imagedrop." + kind + "." + string(a.status) + ".v1",
		Subject:         a.job.subject(),
		Time:            time.Now().UTC().Format("2006-01-02T15:04:05.000Z07:00"),
		DataContentType: "application/json",
		Data: OutcomeData{
			Status:      a.status,
			Job:         a.job,
			Target:      target,
			Resource:    a.resource,
			Content:     a.content,
			Findings:    clipped(a.findings),
			Reason:      a.reason,
			ClientToken: a.clientToken,
			Timings:     a.timings,
			Version:     Version,
		},
	}
}

// maxSource bounds a text of a message between functions that an outcome
// repeats, in bytes: none has as much, and all of them together fit a message.
const maxSource = 4_096

// fits reports whether an outcome has room for the job, whoever wrote it.
func (o OutcomeJob) fits() bool {
	for _, text := range []string{o.Trigger, o.Bucket, o.Key, o.ETag, o.Queue, o.Topic, o.MessageID, o.TriggerName, o.TriggerTime} {
		if len(text) > maxSource {
			return false
		}
	}
	return true
}

// subject names the source of the job. A CloudEvents string has no control
// characters and no noncharacters; an object key may.
func (o OutcomeJob) subject() string {
	subject := o.Queue + o.Topic + o.TriggerName
	if o.Trigger == TriggerOSS {
		subject = "oss://" + o.Bucket + "/" + o.Key
	}
	return strings.Map(func(r rune) rune {
		if unicode.IsControl(r) || r&0xfffe == 0xfffe {
			return utf8.RuneError
		}
		return r
	}, subject)
}

// outcome is the job's, once it has its status.
func (j *job) outcome() Outcome {
	a := answer{
		job: j.delivery.source(j.id), regionID: j.shownRegion(), status: j.status, reason: j.reason, clientToken: j.clientToken(),
		timings: j.spent.timings(),
		resource: OutcomeResource{Kind: j.kind(), ID: j.resource.ID, Name: j.shownName(), Version: j.resource.Version,
			ImagePipelineID: j.pipelineID()},
	}
	if t := j.template; t != nil {
		a.findings = t.FindingsOf(template.TargetAlibaba)
	}
	a.content = j.content()
	return j.invocation.outcome(a)
}

// content is nil where none was read.
func (j *job) content() *OutcomeContent {
	t := j.template
	if t == nil || t.Format == "" {
		return nil
	}
	return &OutcomeContent{SHA256: digest(t.Content.Text), Bytes: t.Content.Bytes, Commands: t.Content.Commands, Format: t.Format}
}

// outcomeFor is the job's for one of its targets, where it ended as the same
// for all of them, or is none of Alibaba Cloud's.
func (j *job) outcomeFor(target string, status Status) Outcome {
	if target != template.TargetAWS {
		return j.outcome()
	}
	a := answer{
		job: j.delivery.source(j.id), provider: target, regionID: j.template.AWS().RegionID, status: status, reason: j.reason,
		resource: OutcomeResource{Kind: template.Component, Name: shownAWSName(j.template.AWS().Name)},
		findings: j.template.FindingsOf(target), content: j.content(), clientToken: awsToken(j.id), timings: j.spent.timings(),
	}
	if !isIdentifier(a.regionID) {
		a.regionID = ""
	}
	return j.invocation.outcome(a)
}

// shownAWSName is "" where the name can be none; one of AWS may have blanks.
func shownAWSName(name string) string {
	if plainName(strings.ReplaceAll(name, " ", "")) == "" {
		return ""
	}
	return name
}

// shownRegion is the function's own where the template's can be none: a header
// may hold any text, and an outcome is published.
func (j *job) shownRegion() string {
	if region := j.region(); isIdentifier(region) {
		return region
	}
	return j.invocation.Region
}

// maxName is the longest name of a resource, in characters.
// Source: ECS 2014-05-26, CreateImageComponent, CreateImagePipeline, Name.
const maxName = 128

// shownName is "" where the name can be none, as shownRegion.
func (j *job) shownName() string { return plainName(j.name()) }

func plainName(name string) string {
	if utf8.RuneCountInString(name) > maxName || strings.ContainsFunc(name, func(r rune) bool {
		return !unicode.IsLetter(r) && !unicode.IsDigit(r) && !strings.ContainsRune(":_.-", r)
	}) {
		return ""
	}
	return name
}

func (s *spent) timings() Timings {
	t := Timings{
		ReadMS: milliseconds(s.read), LintMS: milliseconds(s.lint),
		LookupMS: milliseconds(s.lookup), CreateMS: milliseconds(s.create),
		TotalMS: milliseconds(time.Since(s.received)),
	}
	if !s.happened.IsZero() { // two clocks: the event may seem to come from the future
		t.ReceivedMS = max(milliseconds(s.received.Sub(s.happened)), 0)
	}
	return t
}

func milliseconds(d time.Duration) float64 { return float64(d.Microseconds()) / 1000 }

// source is what an outcome says of a delivery's job.
func (d Delivery) source(jobID string) OutcomeJob {
	source := OutcomeJob{ID: jobID, Trigger: d.Trigger}
	switch d.Trigger {
	case TriggerOSS:
		source.Bucket, source.Key, source.ETag = d.Object.Bucket, d.Object.Key, d.Object.ETag
	case TriggerTimer:
		source.TriggerName, source.TriggerTime = d.TriggerName, d.TriggerTime
	default:
		source.Queue, source.Topic, source.MessageID = d.Queue, d.Topic, clip(d.SourceID, maxText)
	}
	return source
}

const (
	// maxBody is the largest message, in bytes as sent.
	// Source: MNS CreateQueue, MaximumMessageSize, 1,024 to 65,536.
	maxBody = 65_536
	// maxBase64 is the largest JSON that is sent in base64, in bytes.
	maxBase64 = 48_128
	// maxText bounds a single text of an outcome, in code points: none may fill
	// a message so that no finding has room.
	maxText = 1_000
)

// encode returns the message body. Findings are left out until it fits: infos
// first, then warnings, each from the end.
func (o Outcome) encode(inBase64 bool) ([]byte, error) {
	limit := maxBody
	if inBase64 {
		limit = maxBase64
	}
	body, err := marshal(o)
	if err == nil && len(body) > limit {
		body, err = o.cut(len(body) - limit)
	}
	if err != nil || !inBase64 {
		return body, err
	}
	return base64.StdEncoding.AppendEncode(nil, body), nil
}

// cut encodes the outcome without as many findings as make the excess, bytes.
func (o Outcome) cut(excess int) ([]byte, error) {
	findings := slices.Clone(o.Data.Findings)
	drop := make([]bool, len(findings))
	excess += len(`"findingsTruncated":,`) + len("1000000000")
	for _, severity := range []template.Severity{template.Info, template.Warning, template.Error} {
		for i := len(findings) - 1; i >= 0 && excess > 0; i-- {
			if findings[i].Severity != severity {
				continue
			}
			text, err := marshal(findings[i])
			if err != nil {
				return nil, err
			}
			drop[i] = true
			excess -= len(text) + len(",")
			o.Data.FindingsTruncated++
		}
	}
	o.Data.Findings = []template.Finding{}
	for i, f := range findings {
		if !drop[i] {
			o.Data.Findings = append(o.Data.Findings, f)
		}
	}
	return marshal(o)
}

var (
	// The XML of a queue message cannot carry U+FFFE and U+FFFF; the encoder of
	// encoding/json leaves them as they are.
	fffe, fffeEscape = []byte("\uFFFE"), []byte(`\ufffe`)
	ffff, ffffEscape = []byte("\uFFFF"), []byte(`\uffff`)
)

func marshal(v any) ([]byte, error) {
	var text bytes.Buffer
	encoder := json.NewEncoder(&text)
	encoder.SetEscapeHTML(false)
	if err := encoder.Encode(v); err != nil {
		return nil, fault.New(fault.Unknown, "imagebuild.encode", "the outcome cannot be encoded")
	}
	body := bytes.TrimSuffix(text.Bytes(), []byte("\n"))
	body = bytes.ReplaceAll(body, fffe, fffeEscape)
	return bytes.ReplaceAll(body, ffff, ffffEscape), nil
}

// clipped bounds the texts of each finding.
func clipped(findings []template.Finding) []template.Finding {
	short := make([]template.Finding, len(findings))
	for i, f := range findings {
		f.Path, f.Message, f.Help = clip(f.Path, maxText), clip(f.Message, maxText), clip(f.Help, maxText)
		short[i] = f
	}
	return short
}

// clip shortens text to limit code points.
func clip(text string, limit int) string {
	if len(text) <= limit {
		return text
	}
	runes := []rune(text)
	if len(runes) <= limit {
		return text
	}
	return string(runes[:limit-1]) + "…"
}

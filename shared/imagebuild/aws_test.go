package imagebuild_test

import (
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/uuid"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// awsCloud is EC2 Image Builder with a memory: builds, tokens, contents.
type awsCloud struct {
	mu       sync.Mutex
	requests []imagebuild.AWSRequest
	all      []imagebuild.AWSComponent
	made     []imagebuild.AWSRequest
	tokens   map[string]string // nil where they have lapsed
	fail     func(operation string) error
	calls    int
}

func (c *awsCloud) enter(operation string) error {
	c.calls++
	if c.fail == nil {
		return nil
	}
	return c.fail(operation)
}

func (c *awsCloud) Create(_ context.Context, r imagebuild.AWSRequest) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.requests = append(c.requests, r)
	if err := c.enter("Create"); err != nil {
		return "", err
	}
	for i, before := range c.made {
		if before.ClientToken == r.ClientToken && c.tokens[r.ClientToken] != "" {
			if !reflect.DeepEqual(before, r) {
				return "", failure(fault.Invalid, "IdempotentParameterMismatchException")
			}
			return c.all[i].ARN, nil
		}
	}
	build := 1
	for _, before := range c.made {
		if before.Name == r.Name && before.SemanticVersion == r.SemanticVersion {
			build++
		}
	}
	if n := len(c.made); n > 0 && normalName(c.made[n-1].Name) == normalName(r.Name) && c.made[n-1].Data == r.Data {
		return "", failure(fault.Invalid, "ResourceAlreadyExistsException")
	}
	if r.DryRun {
		return "", failure(fault.Permanent, "DryRunOperationException")
	}
	arn := fmt.Sprintf("arn:aws:imagebuilder:eu-central-1:210987654321:component/%s/%s/%d", r.Name, r.SemanticVersion, build)
	c.all = append(c.all, imagebuild.AWSComponent{ARN: arn, Tags: maps.Clone(r.Tags)})
	c.made = append(c.made, r)
	if c.tokens == nil {
		c.tokens = map[string]string{}
	}
	c.tokens[r.ClientToken] = arn
	return arn, nil
}

func (c *awsCloud) Builds(_ context.Context, _, name, version string) (found []imagebuild.AWSComponent, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter("Builds"); err != nil {
		return nil, err
	}
	for _, b := range c.all {
		if strings.Contains(b.ARN, ":component/"+name+"/"+version+"/") {
			found = append(found, b)
		}
	}
	rand.Shuffle(len(found), func(i, k int) { found[i], found[k] = found[k], found[i] })
	return found, nil
}

func (c *awsCloud) Namesakes(_ context.Context, _, name, version string) (found []imagebuild.AWSComponent, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter("Namesakes"); err != nil {
		return nil, err
	}
	for _, b := range c.all {
		if strings.Contains(normalName(b.ARN), ":component/"+normalName(name)+"/"+version+"/") {
			found = append(found, b)
		}
	}
	return found, nil
}

func normalName(s string) string { return strings.ReplaceAll(strings.ToLower(s), "_", "-") }

// translate makes a document that says which text it was made of.
func translate(t *template.Template) imagebuild.Translation {
	if strings.Contains(t.Content.Text, "impossible") {
		return imagebuild.Translation{Findings: []template.Finding{{Rule: "IB0516", Severity: template.Error, Path: "x", Line: 1, Column: 1, EndLine: 1, EndColumn: 1, Message: "no", Help: "no"}}}
	}
	return imagebuild.Translation{Document: "document of " + t.Content.Text, Tags: map[string]string{"label": "yes"}}
}

var awsInvocation = imagebuild.Invocation{Function: "awscomponent", Region: "cn-hangzhou", AccountID: account}

func awsBuilder(components imagebuild.AWSComponents, box imagebuild.Outbox) *imagebuild.AWSBuilder {
	return &imagebuild.AWSBuilder{Publisher: imagebuild.Publisher{Outbox: box, Jitter: func(time.Duration) time.Duration { return 0 }},
		Components: components, Translate: translate}
}

func runAWS(b *imagebuild.AWSBuilder, body []byte) imagebuild.Result {
	return b.Run(context.Background(), awsInvocation, []imagebuild.Delivery{message("M-aws", string(body))})[0]
}

var bothTargets = imagebuild.Policy{Targets: []string{"alibaba", "aws"}}

const both = "# ---\n# targets: [alibaba, aws]\n# ---\n"

func twoClouds(c *cloud, box imagebuild.Outbox, content string) *imagebuild.Builder {
	return &imagebuild.Builder{Objects: text(content), Resources: c, AWS: c, Policy: bothTargets,
		Publisher: imagebuild.Publisher{Outbox: box, Jitter: func(time.Duration) time.Duration { return 0 }}}
}

// partOf makes the AWS part of a template.
func partOf(t *testing.T, job, content string) []byte {
	t.Helper()
	c := &cloud{}
	require.NoError(t, run(twoClouds(c, &inbox{}, content), upload(job)).Err)
	require.Len(t, c.sent, 1)
	return c.sent[0].body
}

// ends are target, status and resource of outcomes.
func ends(t *testing.T, box *inbox) (list []string) {
	for _, o := range box.outcomes(t) {
		list = append(list, strings.TrimSpace(fmt.Sprint(o.Data.Target.Provider, " ", o.Data.Status, " ", o.Data.Resource.ID)))
	}
	return list
}

// A template with both targets: two resources, two outcomes of one job.
func TestTwoTargets(t *testing.T) {
	c, aws, box := &cloud{}, &awsCloud{}, &inbox{}
	const header = "# ---\n# targets: [alibaba, aws]\n# description: base\n# tags: {team: web}\n# aws: {semanticVersion: 2.1.0, regionId: eu-central-1, changeDescription: first, kmsKeyId: k, supportedOsVersions: [Amazon Linux 2]}\n# ---\n"
	require.NoError(t, run(twoClouds(c, box, header+component), upload("job")).Err)
	result := runAWS(awsBuilder(aws, box), c.sent[0].body)
	require.NoError(t, result.Err)
	require.Equal(t, []any{"job", imagebuild.Created}, []any{result.JobID, result.Status})
	require.Equal(t, []string{"alibaba created id-001", "aws created arn:aws:imagebuilder:eu-central-1:210987654321:component/web/2.1.0/1"}, ends(t, box))

	sent := aws.requests[0]
	token := uuid.NewSHA1(uuid.MustParse("3b1f8d5a-6e2c-4f90-a7d4-1c0e95b268f3"), []byte("job")).String()
	require.Len(t, sent.Tags["imagedrop:digest"], 64)
	require.Equal(t, imagebuild.AWSRequest{RegionID: "eu-central-1", ClientToken: token, Name: "web", SemanticVersion: "2.1.0", Platform: "Linux",
		Description: "base", ChangeDescription: "first", KMSKeyID: "k", SupportedOSVersions: []string{"Amazon Linux 2"}, Data: "document of RUN true",
		Tags: map[string]string{"team": "web", "label": "yes", "imagedrop:job": "job", "imagedrop:digest": sent.Tags["imagedrop:digest"]}}, sent)

	o := box.outcomes(t)[1]
	require.Equal(t, sha("3:job3:aws9:component7:created"), o.ID)
	require.Equal(t, []string{"/imagedrop/cn-hangzhou/awscomponent", "imagedrop.component.created.v1", "oss://imagedrop-templates/templates/web.Dockerfile"}, []string{o.Source, o.Type, o.Subject})
	require.Equal(t, imagebuild.OutcomeTarget{Provider: "aws", RegionID: "eu-central-1", AccountID: "210987654321"}, o.Data.Target)
	require.Equal(t, "2.1.0/1", o.Data.Resource.Version)
	require.Equal(t, &imagebuild.OutcomeContent{SHA256: sha(sent.Data), Bytes: len(sent.Data), Commands: 1, Format: template.AWSTOE}, o.Data.Content)
	require.Equal(t, token, o.Data.ClientToken)
	require.Equal(t, box.outcomes(t)[0].Data.Job, o.Data.Job)
}

// One target's mistake is not the other's; a mistake of the text is both's.
func TestOneTargetNeverHidesTheOther(t *testing.T) {
	header := func(keys string) string {
		return "# ---\n# " + strings.ReplaceAll(keys, "\n", "\n# ") + "\n# ---\nRUN true\n"
	}
	denied := failure(fault.Permanent, "QuotaExceed.ImageComponent")
	for name, test := range map[string]struct {
		text  string
		fails error
		want  []string // what the sender says
		sent  int
	}{
		"neither":             {header("targets: [alibaba, aws]"), nil, []string{"alibaba created id-001"}, 1},
		"aws only":            {header("targets: [aws]"), nil, nil, 1},
		"a value of AWS":      {header("targets: [alibaba, aws]\naws: {semanticVersion: one}"), nil, []string{"aws rejected", "alibaba created id-001"}, 0},
		"a value of Alibaba":  {header("targets: [alibaba, aws]\nsystemType: BeOS"), nil, []string{"alibaba rejected"}, 1},
		"one of each":         {header("targets: [aws, alibaba]\nsystemType: BeOS\naws: {kmsKeyId: ''}"), nil, []string{"aws rejected", "alibaba rejected"}, 0},
		"the text":            {both + "BOGUS\n", nil, []string{"alibaba rejected", "aws rejected"}, 0},
		"the text, aws only":  {"# ---\n# targets: [aws]\n# ---\nBOGUS\n", nil, []string{"aws rejected"}, 0},
		"the policy":          {header("targets: [alibaba, aws]\nregionId: cn-beijing"), nil, []string{"alibaba rejected", "aws rejected"}, 0},
		"the service":         {header("targets: [alibaba, aws]"), denied, []string{"alibaba failed"}, 1},
		"another delivery":    {header("targets: [alibaba, aws]"), failure(fault.Retryable, "SecurityTokenExpired"), nil, 1},
		"a pipeline's target": {both + pipeline, nil, []string{"alibaba created id-001"}, 1},
	} {
		t.Run(name, func(t *testing.T) {
			c, box := &cloud{}, &inbox{}
			c.fail = failsAt("Create", test.fails)
			result := run(twoClouds(c, box, test.text), upload("job"))
			require.Equal(t, fault.KindOf(test.fails) == fault.Retryable, result.Err != nil)
			require.Equal(t, test.want, ends(t, box))
			require.Len(t, c.sent, test.sent)
			for _, o := range box.outcomes(t) {
				require.Equal(t, o.Data.Status == imagebuild.Rejected,
					slices.ContainsFunc(o.Data.Findings, func(f template.Finding) bool { return f.Severity == template.Error }))
			}
		})
	}
}

// A queue that does not take the part keeps the event, and nothing is made yet.
func TestHandOverFails(t *testing.T) {
	for _, kind := range []fault.Kind{fault.Retryable, fault.Permanent, fault.Unknown} {
		c, box := &cloud{}, &inbox{}
		c.fail = failsAt("Send", failure(kind, "SecurityTokenExpired"))
		require.Error(t, run(twoClouds(c, box, both+component), upload("job")).Err)
		require.Empty(t, box.bodies)
		require.Empty(t, c.all)
	}
}

// What is too large for a message travels compressed; what is too large even
// so is rejected for AWS only.
func TestLargeAWSParts(t *testing.T) {
	comments := func(n int, line func() string) string {
		var b strings.Builder
		b.WriteString(both)
		for b.Len() < n {
			b.WriteString("# " + line() + "\n")
		}
		return b.String() + component
	}
	random := rand.New(rand.NewPCG(1, 2))
	noise := func() string { return fmt.Sprintf("%x%x%x", random.Uint64(), random.Uint64(), random.Uint64()) }

	plain := comments(200_000, func() string { return "plain" })
	c, aws, box := &cloud{}, &awsCloud{}, &inbox{}
	require.NoError(t, run(twoClouds(c, box, plain), upload("job")).Err)
	require.LessOrEqual(t, len(c.sent[0].body), 65_536)
	require.NoError(t, runAWS(awsBuilder(aws, box), c.sent[0].body).Err)
	require.Equal(t, "document of RUN true", aws.requests[0].Data)

	c, box = &cloud{}, &inbox{}
	require.NoError(t, run(twoClouds(c, box, comments(200_000, noise)), upload("job")).Err)
	require.Empty(t, c.sent)
	require.Equal(t, []string{"aws rejected", "alibaba created id-001"}, ends(t, box))
	require.Equal(t, "IB0517", box.outcomes(t)[0].Data.Findings[0].Rule)
}

// Messages travel as they came, with the object that they name.
func TestAWSPartsOfMessages(t *testing.T) {
	for name, test := range map[string]struct{ body, wantName, wantText string }{
		"content":     {`{"name": "web", "targets": ["aws"], "content": "RUN one"}`, "web", "document of RUN one"},
		"template":    {"# ---\n# name: a.b\n# targets: [aws]\n# ---\nRUN two\n", "a-b-2e7336dc", "document of RUN two"},
		"document":    {"# ---\n# name: doc\n# ---\nschemaVersion: 1.0\nphases: []\n", "doc", "document of schemaVersion: 1.0\nphases: []\n"},
		"templateUri": {`{"templateUri": "oss://imagedrop-templates/a/b.Dockerfile", "targets": ["aws"]}`, "a-b", "document of RUN three"},
	} {
		t.Run(name, func(t *testing.T) {
			c, aws, box := &cloud{}, &awsCloud{}, &inbox{}
			builder := twoClouds(c, box, "RUN three\n")
			builder.Policy.Buckets = []string{"imagedrop-templates"}
			require.NoError(t, run(builder, message("M-1", test.body)).Err)
			require.Empty(t, box.bodies)
			require.NoError(t, runAWS(awsBuilder(aws, box), c.sent[0].body).Err)
			require.Equal(t, []string{test.wantName, test.wantText}, []string{aws.requests[0].Name, aws.requests[0].Data})
			require.Equal(t, imagebuild.OutcomeJob{ID: "M-1", Trigger: "queue", Queue: "imagedrop-requests", MessageID: "M-1"}, box.only(t).Data.Job)
		})
	}
	c, aws, box := &cloud{}, &awsCloud{}, &inbox{}
	require.NoError(t, run(twoClouds(c, box, ""), message("M-1", `{"name": "u", "aws": {"uri": "s3://bucket/a.yaml", "platform": "Windows"}}`)).Err)
	require.NoError(t, runAWS(awsBuilder(aws, box), c.sent[0].body).Err)
	require.Equal(t, []string{"s3://bucket/a.yaml", "", "Windows"}, []string{aws.requests[0].URI, aws.requests[0].Data, aws.requests[0].Platform})
	require.Nil(t, box.only(t).Data.Content)
}

// Every kind of end of an AWS part.
func TestAWSEnds(t *testing.T) {
	arn := func(build int) string {
		return fmt.Sprintf("arn:aws:imagebuilder:eu-central-1:210987654321:component/web/1.0.0/%d", build)
	}
	aws := &awsCloud{}
	runAWS(awsBuilder(aws, &inbox{}), partOf(t, "other", both+component))
	digest := aws.made[0].Tags["imagedrop:digest"]
	there := func(build int, job, digest string) imagebuild.AWSComponent {
		return imagebuild.AWSComponent{ARN: arn(build), Tags: map[string]string{"imagedrop:job": job, "imagedrop:digest": digest}}
	}
	dry := "# ---\n# targets: [aws]\n# aws: {dryRun: true}\n# ---\nRUN true\n"
	for name, test := range map[string]struct {
		text   string
		there  []imagebuild.AWSComponent
		code   string
		kind   fault.Kind
		want   string // "" where the part is to be delivered again
		reason string
	}{
		"nothing there":         {both + component, nil, "", "", "aws created " + arn(1), ""},
		"the job's own":         {both + component, []imagebuild.AWSComponent{there(1, "job", "x"), there(2, "y", digest)}, "", "", "aws created " + arn(1), ""},
		"another's, the newest": {both + component, []imagebuild.AWSComponent{there(9, "x", "x"), there(10, "y", digest)}, "", "", "aws unchanged " + arn(10), ""},
		"another's, older":      {both + component, []imagebuild.AWSComponent{there(1, "x", digest), there(2, "y", "y")}, "", "", "aws created " + arn(1), ""},
		"refused, ours":         {both + component, nil, "ResourceAlreadyExistsException", fault.Invalid, "aws created " + arn(7), ""},
		"translation":           {both + "RUN impossible\n", nil, "", "", "aws rejected", ""},
		"invalid":               {both + component, nil, "InvalidRequestException", fault.Invalid, "aws rejected", "invalid"},
		"permanent":             {both + component, nil, "ServiceQuotaExceededException", fault.Permanent, "aws failed", "permanent"},
		"retryable":             {both + component, nil, "SecurityTokenExpired", fault.Retryable, "", ""},
		"unknown":               {both + component, nil, "", fault.Unknown, "", ""},
		"dry run":               {dry, nil, "", "", "aws skipped", "dryRun"},
		"dry run, there":        {dry, nil, "ResourceAlreadyExistsException", fault.Invalid, "aws skipped", "dryRun"},
		"dry run, refused":      {dry, nil, "ForbiddenException", fault.Permanent, "aws failed", "permanent"},
		"dry run, unasked":      {both + component, nil, "DryRunOperationException", fault.Permanent, "aws failed", "permanent"},
		"mismatch, not ours":    {both + component, nil, "IdempotentParameterMismatchException", fault.Invalid, "aws failed", "permanent"},
	} {
		t.Run(name, func(t *testing.T) {
			aws, box := &awsCloud{all: slices.Clone(test.there)}, &inbox{}
			aws.fail = func(operation string) error {
				if operation != "Create" || test.kind == "" {
					return nil
				}
				if name == "refused, ours" { // made between the look-up and the create
					aws.all = append(aws.all, there(7, "job", digest))
				}
				return failure(test.kind, test.code)
			}
			result := runAWS(awsBuilder(aws, box), partOf(t, "job", test.text))
			if test.want == "" {
				require.Error(t, result.Err)
				require.Empty(t, box.bodies)
				return
			}
			require.NoError(t, result.Err)
			require.Equal(t, []string{test.want}, ends(t, box))
			if test.reason != "" {
				require.Equal(t, test.reason, box.only(t).Data.Reason.Kind)
			} else {
				require.Nil(t, box.only(t).Data.Reason)
			}
		})
	}
}

// The service's own comparison, and a refusal before the list knows.
func TestIdenticalContent(t *testing.T) {
	aws, box := &awsCloud{}, &inbox{}
	builder := awsBuilder(aws, box)
	require.NoError(t, runAWS(builder, partOf(t, "one", both+component)).Err)
	require.NoError(t, runAWS(builder, partOf(t, "two", both+component)).Err)
	require.Len(t, aws.requests, 1, "the look-up found the same")
	require.NoError(t, runAWS(builder, partOf(t, "three", "# ---\n# targets: [aws]\n# description: other\n# ---\nRUN true\n")).Err)
	require.Len(t, aws.requests, 2)
	require.NoError(t, runAWS(builder, partOf(t, "four", both+"RUN false\n")).Err)
	const arn = "arn:aws:imagebuilder:eu-central-1:210987654321:component/web/1.0.0/"
	require.Equal(t, []string{"aws created " + arn + "1", "aws unchanged " + arn + "1", "aws unchanged " + arn + "1", "aws created " + arn + "2"}, ends(t, box))

	unlisted := &awsCloud{fail: func(operation string) error {
		if operation == "Create" {
			return failure(fault.Invalid, "ResourceAlreadyExistsException")
		}
		return nil
	}}
	result := runAWS(awsBuilder(unlisted, &inbox{}), partOf(t, "one", both+component))
	require.Equal(t, fault.Retryable, fault.KindOf(result.Err))
}

// A name is the same in another spelling: the content that is there already ends as
// unchanged, and is not delivered for ever.
func TestIdenticalContentInAnotherSpelling(t *testing.T) {
	const text = "# ---\n# name: %s\n# targets: [aws]\n# ---\nRUN true\n"
	aws, box := &awsCloud{}, &inbox{}
	builder := awsBuilder(aws, box)
	require.NoError(t, runAWS(builder, partOf(t, "one", fmt.Sprintf(text, "Web_Golden"))).Err)
	require.NoError(t, runAWS(builder, partOf(t, "two", fmt.Sprintf(text, "web-golden"))).Err)
	const arn = "arn:aws:imagebuilder:eu-central-1:210987654321:component/Web_Golden/1.0.0/1"
	require.Equal(t, []string{"aws created " + arn, "aws unchanged " + arn}, ends(t, box))
}

// Tags: the template's first, LABEL's while there is room, ours before those.
func TestAWSTags(t *testing.T) {
	for n, want := range map[int][3]bool{47: {true, true, true}, 48: {true, true, false}, 49: {true, false, false}, 50: {false, false, false}} {
		aws := &awsCloud{}
		runAWS(awsBuilder(aws, &inbox{}), partOf(t, "job", "# ---\n# targets: [aws]\n# aws: {tags: {"+manyTags(n)+"}}\n# ---\nRUN true\n"))
		tags := aws.requests[0].Tags
		require.LessOrEqual(t, len(tags), 50)
		for i, key := range []string{"imagedrop:job", "imagedrop:digest", "label"} {
			require.Equal(t, want[i], tags[key] != "", "%d: %s", n, key)
		}
	}
}

// What is no AWS part is dropped with a reason.
func TestMalformedAWSParts(t *testing.T) {
	good := map[string]any{}
	require.NoError(t, json.Unmarshal(partOf(t, "job", both+component), &good))
	for name, change := range map[string]func(map[string]any){
		"type":     func(p map[string]any) { p["type"] = "imagedrop.follow-up.v1" },
		"job":      func(p map[string]any) { delete(p, "job") },
		"job ID":   func(p map[string]any) { p["job"] = map[string]any{"id": "a b", "trigger": "oss"} },
		"trigger":  func(p map[string]any) { p["job"] = map[string]any{"id": "a"} },
		"encoding": func(p map[string]any) { p["encoding"] = "zstd" },
		"gzip":     func(p map[string]any) { p["encoding"] = "gzip" },
		"texts":    func(p map[string]any) { delete(p, "path") },
		"no text":  func(p map[string]any) { delete(p, "path"); delete(p, "text") },
	} {
		part := maps.Clone(good)
		change(part)
		body, err := json.Marshal(part)
		require.NoError(t, err)
		aws, box := &awsCloud{}, &inbox{}
		result := runAWS(awsBuilder(aws, box), body)
		require.NoError(t, result.Err, name)
		require.Equal(t, "invalid", result.Reason.Kind, name)
		require.Empty(t, box.bodies, name)
		require.Zero(t, aws.calls, name)
	}
}

// The outcome of a part that the platform gave up on.
func TestDeadLetterOfAWSParts(t *testing.T) {
	c, box := &cloud{}, &inbox{}
	bury(c, box, givenUp(message("M-aws", string(partOf(t, "job", both+component)))))
	o := box.only(t)
	require.Equal(t, []any{"aws", imagebuild.Failed, "job"}, []any{o.Data.Target.Provider, o.Data.Status, o.Data.Job.ID})
	require.Contains(t, o.Data.Reason.Message, "not known here")
	require.Equal(t, []string{"job"}, parkedOf(t, c).Jobs)
	c, box = &cloud{}, &inbox{}
	bury(c, box, givenUp(message("M-aws", `{"type":"imagedrop.aws-part.v1"}`)))
	require.Empty(t, box.bodies)
}

// cutAWS is what AWSBuilder calls, with the cuts around it.
type cutAWS struct {
	*cutCloud
	aws *awsCloud
}

func (c *cutAWS) Create(ctx context.Context, r imagebuild.AWSRequest) (string, error) {
	return cutting(c.cuts, func() (string, error) { return c.aws.Create(ctx, r) })
}
func (c *cutAWS) Builds(ctx context.Context, region, name, version string) ([]imagebuild.AWSComponent, error) {
	return cutting(c.cuts, func() ([]imagebuild.AWSComponent, error) { return c.aws.Builds(ctx, region, name, version) })
}
func (c *cutAWS) Namesakes(ctx context.Context, region, name, version string) ([]imagebuild.AWSComponent, error) {
	return cutting(c.cuts, func() ([]imagebuild.AWSComponent, error) { return c.aws.Namesakes(ctx, region, name, version) })
}

// Whatever call of either function the process dies before or after, or whose
// answer is lost, however often the event and its parts come: one resource and
// one outcome on each cloud.
func TestEveryCutOfTwoTargets(t *testing.T) {
	deliveries := map[string]imagebuild.Delivery{"upload": upload("job"),
		"message": message("job", `{"name": "web", "targets": ["aws", "alibaba"], "content": "RUN true"}`)}
	calls := map[string]int{"upload": 8, "message": 7}
	for source, delivery := range deliveries {
		for _, how := range []string{"before", "after", "lost"} {
			for _, forgets := range []bool{false, true} {
				for at := 1; at <= calls[source]+1; at++ {
					t.Run(fmt.Sprint(source, " ", at, " ", how, ", tokens lapse: ", forgets), func(t *testing.T) {
						cutTwoTargets(t, delivery, how, at, at > calls[source], forgets)
					})
				}
			}
		}
	}
}

func cutTwoTargets(t *testing.T, delivery imagebuild.Delivery, how string, at int, beyond, forgets bool) {
	c, aws, box := &cloud{}, &awsCloud{}, &inbox{}
	cut := &cutCloud{cuts: &cuts{at: at, after: how == "after", lost: how == "lost"}, cloud: c, box: box, objects: text(both + component)}
	builder := &imagebuild.Builder{Objects: cut, Resources: cut, AWS: cut, Policy: bothTargets,
		Publisher: imagebuild.Publisher{Outbox: cut, Jitter: func(time.Duration) time.Duration { return 0 }}}
	parts := awsBuilder(&cutAWS{cut, aws}, cut)
	if run(builder, delivery).Err != nil {
		c.tokens = forgotten(c.tokens, forgets)
		require.NoError(t, run(builder, delivery).Err)
	}
	for range 2 { // each part comes twice
		for _, m := range c.sent {
			if runAWS(parts, m.body).Err != nil {
				aws.tokens = forgotten(aws.tokens, forgets)
				require.NoError(t, runAWS(parts, m.body).Err)
			}
		}
	}
	if beyond {
		require.Less(t, cut.at, cut.calls+1, "the second rounds are beyond the cuts")
	}
	for range 3 {
		require.NoError(t, run(builder, delivery).Err)
	}
	require.Len(t, c.all, 1)
	require.Len(t, aws.all, 1)
	said := map[string]string{}
	for _, o := range box.outcomes(t) {
		said[o.ID] = fmt.Sprint(o.Data.Target.Provider, " ", o.Data.Status, " ", o.Data.Resource.ID)
	}
	require.ElementsMatch(t, []string{"alibaba created id-001", "aws created " + aws.all[0].ARN}, slices.Collect(maps.Values(said)))
}

func forgotten(tokens map[string]string, forgets bool) map[string]string {
	if forgets {
		return nil
	}
	return tokens
}

// Five deliveries of the event, and each part five times, all at once.
func TestFiveDeliveriesToTwoTargets(t *testing.T) {
	c, aws, box := &cloud{}, &awsCloud{}, &inbox{}
	builder, parts := twoClouds(c, box, both+component), awsBuilder(aws, box)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() { require.NoError(t, run(builder, upload("job")).Err) })
	}
	all.Wait()
	for _, m := range c.sent {
		for range 5 {
			all.Go(func() { require.NoError(t, runAWS(parts, m.body).Err) })
		}
	}
	all.Wait()
	require.Len(t, c.all, 1)
	require.Len(t, aws.all, 1)
	ids := map[string]bool{}
	for _, o := range box.outcomes(t) {
		require.Equal(t, imagebuild.Created, o.Data.Status)
		ids[o.ID] = true
	}
	require.Len(t, ids, 2)
}

// A template that changed between two deliveries: the job was answered
// "created" once.
func TestAWSPartOfAChangedTemplate(t *testing.T) {
	aws, box := &awsCloud{}, &inbox{}
	builder := awsBuilder(aws, box)
	require.NoError(t, runAWS(builder, partOf(t, "job", both+component)).Err)
	require.NoError(t, runAWS(builder, partOf(t, "job", both+"RUN false\n")).Err)
	require.Len(t, aws.all, 1)
	require.Equal(t, box.outcomes(t)[0].ID, box.outcomes(t)[1].ID)
}

// Neither a panic of one part nor an error keeps the others from their outcomes.
func TestAWSPanics(t *testing.T) {
	aws, box := &awsCloud{}, &inbox{}
	builder := awsBuilder(aws, box)
	builder.Translate = func(t *template.Template) imagebuild.Translation {
		if strings.Contains(t.Content.Text, "poison") {
			panic("CANARY")
		}
		return translate(t)
	}
	var deliveries []imagebuild.Delivery
	for _, job := range []string{"one", "two", "three"} {
		text := component
		if job == "two" {
			text = "RUN poison\n"
		}
		deliveries = append(deliveries, message(job, string(partOf(t, job, both+text))))
	}
	results := builder.Run(t.Context(), awsInvocation, deliveries)
	require.NoError(t, results[0].Err)
	require.Equal(t, fault.Unknown, fault.KindOf(results[1].Err))
	require.NotContains(t, results[1].Err.Error(), "CANARY")
	require.NoError(t, results[2].Err)
	require.Len(t, box.bodies, 2)
}

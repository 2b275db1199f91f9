package main

import (
	"context"
	"encoding/json"
	"io"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/ec2image"
	"imagedrop/shared/fault"
	"imagedrop/shared/function"
	"imagedrop/shared/functiontest"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ec2"
	"imagedrop/shared/local/store"
)

// box keeps what was published.
type box struct {
	mu        sync.Mutex // the messages of a batch are worked at once
	published []imagebuild.Outcome
}

func (b *box) Publish(_ context.Context, body []byte) error {
	var o imagebuild.Outcome
	err := json.Unmarshal(body, &o)
	b.mu.Lock()
	defer b.mu.Unlock()
	b.published = append(b.published, o)
	return err
}

// broken is a service that does not answer.
type broken struct{}

func (broken) Create(context.Context, imagebuild.AWSRequest) (string, error) {
	panic(functiontest.Canary)
}
func (b broken) Namesakes(ctx context.Context, region, name, version string) ([]imagebuild.AWSComponent, error) {
	return b.Builds(ctx, region, name, version)
}
func (broken) Builds(context.Context, string, string, string) ([]imagebuild.AWSComponent, error) {
	return nil, &fault.Error{Kind: fault.Retryable, Op: "ec2image.ListComponents", Code: "SecurityTokenExpired", Message: "no"}
}

// chain is what the SDK of AWS finds in the environment.
func chain(t *testing.T, endpoint string) {
	for name, value := range map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_IMAGEBUILDER": endpoint, "AWS_ACCESS_KEY_ID": account.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": account.AccessKeySecret, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
}

// newTest returns the function before the local service, and its log.
func newTest(t *testing.T, b *box) (*handler, *strings.Builder) {
	state, err := store.OpenMemory()
	require.NoError(t, err)
	server := httptest.NewServer(ec2.New(account.New(), state, ec2.Options{}))
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, state.Close())
	})
	chain(t, server.URL)
	components, err := ec2image.New(t.Context())
	require.NoError(t, err)
	log := &strings.Builder{}
	return &handler{log: function.NewLog(log), resultQueue: "imagedrop-results", builder: imagebuild.AWSBuilder{
		Publisher: imagebuild.Publisher{Outbox: b}, Components: components, Translate: translate, Concurrency: 16,
	}}, log
}

// part is the AWS part of an upload.
func part(t *testing.T, path, text string) string {
	t.Helper()
	body, err := json.Marshal(imagebuild.AWSPart{Type: imagebuild.AWSPartType, Path: path, Text: text,
		Job: imagebuild.OutcomeJob{ID: "job-1", Trigger: imagebuild.TriggerOSS, Bucket: "templates", Key: path}})
	require.NoError(t, err)
	return string(body)
}

func handle(t *testing.T, h *handler, parts ...string) error {
	t.Helper()
	elements := make([]map[string]any, len(parts))
	for i, p := range parts {
		elements[i] = functiontest.Element("M-1", "imagedrop-aws", p)
	}
	return h.Handle(functiontest.Invocation(t.Context(), "aws-prod"), functiontest.Batch(t, elements...))
}

const header = "# ---\n# targets: [aws]\n"

// What templates become, from the message to the outcome.
func TestHandle(t *testing.T) {
	const document = "name: web\nschemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - name: run\n        action: ExecuteBash\n        inputs:\n          commands: [echo hello]\n"
	for name, test := range map[string]struct {
		path, text string
		want       imagebuild.Status
		rule       string // of an error finding
		kind       string // of the reason
		line       int    // of that finding
	}{
		"commands":             {"templates/web.Dockerfile", header + "# ---\nRUN echo hello\nENV A=\"b\"\n", imagebuild.Created, "", "", 0},
		"a document":           {"templates/web.yaml", document, imagebuild.Created, "", "", 0},
		"a pipeline":           {"templates/web.Dockerfile", header + "# ---\nFROM IMAGE:m-1234\nRUN echo hello\n", imagebuild.Created, "", "", 0},
		"no translation":       {"templates/web.Dockerfile", header + "# ---\nRUN true\nCOPY oss://bucket/key /tmp/\n", imagebuild.Rejected, "IB0504", "", 5},
		"no YAML component":    {"templates/web.yaml", header + "# ---\nTasks:\n  - {Name: a, Action: Reboot}\n", imagebuild.Rejected, "IB0516", "", 1},
		"a document's mistake": {"templates/web.yaml", "# a comment\n" + strings.Replace(document, "ExecuteBash", "ExecuteBosh", 1), imagebuild.Rejected, "IB0523", "", 8},
		"a document too long":  {"templates/web.yaml", strings.Replace(document, "hello", strings.Repeat("x", 16_000), 1), imagebuild.Rejected, "IB0501", "", 1},
		"no such uri":          {"templates/web.yaml", header + "# aws: {uri: \"s3://bucket/none.yaml\"}\n# ---\n", imagebuild.Rejected, "", "invalid", 0},
		"a dry run":            {"templates/web.Dockerfile", header + "# aws: {dryRun: true}\n# ---\nRUN echo hello\n", imagebuild.Skipped, "", "dryRun", 0},
		"another region":       {"templates/web.Dockerfile", header + "# aws: {regionId: eu-west-1}\n# ---\nRUN echo hello\n", imagebuild.Created, "", "", 0},
	} {
		t.Run(name, func(t *testing.T) {
			b := &box{}
			h, log := newTest(t, b)
			require.NoError(t, handle(t, h, part(t, test.path, test.text)))
			require.Contains(t, log.String(), `"jobId":"job-1"`)
			require.Len(t, b.published, 1)
			o := b.published[0]
			require.Equal(t, test.want, o.Data.Status, "%+v", o.Data)
			require.Equal(t, "/imagedrop/cn-hangzhou/aws-prod", o.Source)
			require.Equal(t, "aws", o.Data.Target.Provider)
			if test.want == imagebuild.Created {
				region := map[bool]string{true: "eu-west-1", false: "eu-central-1"}[name == "another region"]
				require.Equal(t, "arn:aws:imagebuilder:"+region+":"+o.Data.Target.AccountID+":component/web/1.0.0/1", o.Data.Resource.ID)
				require.Equal(t, region, o.Data.Target.RegionID)
				require.Equal(t, "1.0.0/1", o.Data.Resource.Version)
			}
			var rules []string
			for _, f := range o.Data.Findings {
				if f.Severity == "error" {
					rules = append(rules, f.Rule)
					require.Equal(t, test.line, f.Line, "%+v", f)
				}
			}
			if test.rule != "" {
				require.Equal(t, []string{test.rule}, rules)
			} else {
				require.Empty(t, rules)
			}
			if test.kind != "" {
				require.Equal(t, test.kind, o.Data.Reason.Kind)
			}
		})
	}
}

// A part that comes again finds its component; the same template again is unchanged.
func TestRepeats(t *testing.T) {
	b := &box{}
	h, _ := newTest(t, b)
	first := part(t, "templates/web.Dockerfile", header+"# ---\nRUN echo hello\n")
	require.NoError(t, handle(t, h, first, first))
	require.NoError(t, handle(t, h, first))
	require.NoError(t, handle(t, h, strings.Replace(first, "job-1", "job-2", 1)))
	require.NoError(t, handle(t, h, strings.Replace(strings.Replace(first, "job-1", "job-3", 1), "hello", "other", 1)))
	var got []string
	for _, o := range b.published {
		got = append(got, string(o.Data.Status)+" "+o.Data.Resource.Version)
	}
	require.Equal(t, []string{"created 1.0.0/1", "created 1.0.0/1", "created 1.0.0/1", "unchanged 1.0.0/1", "created 1.0.0/2"}, got)
}

func TestRedelivered(t *testing.T) {
	b := &box{}
	h, log := newTest(t, b)
	h.builder.Components = broken{}
	require.Error(t, handle(t, h, part(t, "templates/web.Dockerfile", header+"# ---\nRUN echo "+functiontest.Canary+"\n")))
	require.Error(t, handle(t, h, part(t, "templates/web.Dockerfile", header+"# aws: {dryRun: true}\n# ---\nRUN true\n")), "a panic")
	require.Empty(t, b.published)
	require.NotContains(t, log.String(), functiontest.Canary)
}

// What is no AWS part is nobody's job: it is logged and acknowledged.
func TestOtherMessagesAreLoggedOnly(t *testing.T) {
	for _, payload := range [][]byte{
		nil, []byte("[]"), []byte("{}"),
		functiontest.Batch(t, functiontest.Element("M-1", "imagedrop-aws", "RUN echo "+functiontest.Canary)),
		functiontest.Batch(t, functiontest.Element("M-1", "imagedrop-results", part(t, "a.Dockerfile", "RUN true"))),
	} {
		b := &box{}
		h, log := newTest(t, b)
		require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "awscomponent"), payload))
		require.Empty(t, b.published)
		require.NotEmpty(t, log.String())
		require.NotContains(t, log.String(), functiontest.Canary)
	}
}

func TestStart(t *testing.T) {
	chain(t, "http://127.0.0.1:1")
	env := map[string]string{"RESULT_QUEUE": "results", "MNS_ENDPOINT": "https://1234567890123456.mns.cn-hangzhou.aliyuncs.com"}
	getenv := func(name string) string { return env[name] }
	h, err := newHandler(getenv, function.NewLog(io.Discard))
	require.NoError(t, err)
	require.Equal(t, "results", h.resultQueue)
	delete(env, "RESULT_QUEUE")
	_, err = newHandler(getenv, function.NewLog(io.Discard))
	require.ErrorContains(t, err, "RESULT_QUEUE")
}

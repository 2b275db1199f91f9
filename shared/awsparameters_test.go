package shared

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/awstoe"
	"imagedrop/shared/ec2image"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ec2"
	"imagedrop/shared/local/store"
	"imagedrop/shared/template"
)

// awsParameters are the request parameters of CreateComponent, each with the
// key that sets it and a value as a template spells it.
// Source: seed 003 and the API's page of 2026 (dryRun).
var awsParameters = []struct{ name, key, value string }{
	{"changeDescription", "aws.changeDescription", `"what changed"`},
	{"clientToken", "", ""}, // of the job
	{"data", "content", ""},
	{"description", "aws.description", `"of aws"`},
	{"description", "description", `"general"`},
	{"dryRun", "aws.dryRun", `true`},
	{"kmsKeyId", "aws.kmsKeyId", `"alias/mine"`},
	{"name", "aws.name", `"name of aws"`},
	{"name", "name", `"general"`},
	{"platform", "aws.platform", `"Linux"`},
	{"semanticVersion", "aws.semanticVersion", `"3.2.1"`},
	{"semanticVersion", "componentVersion", `"4.5.6"`},
	{"supportedOsVersions", "aws.supportedOsVersions", `["Amazon Linux 2", "Ubuntu"]`},
	{"tags", "aws.tags", `{"of": "aws"}`},
	{"tags", "tags", `{"in": "general"}`},
	{"uri", "aws.uri", `"s3://bucket/doc.yaml"`},
}

// ours are keys of the block that are no request parameters.
var ours = map[string]string{"aws": "the block", "aws.regionId": "where the request goes", "aws.systemdUnit": "a choice of the translation",
	"aws.components": "what takes the place of COMPONENT"}

func TestEveryAWSKeyHasAParameter(t *testing.T) {
	covered := map[string]bool{}
	for _, p := range awsParameters {
		covered[p.key] = true
	}
	for i := range template.Keys {
		if path := template.Keys[i].Path; path == "aws" || strings.HasPrefix(path, "aws.") {
			require.True(t, covered[path] != (ours[path] != ""), path)
		}
	}
}

// TestEveryAWSParameterArrives sets each key in a header and in a message, and
// takes it the whole way: job, queue, translation, SDK, service.
func TestEveryAWSParameterArrives(t *testing.T) {
	state, err := store.OpenMemory()
	require.NoError(t, err)
	service := ec2.New(account.New(), state, ec2.Options{})
	var arrived map[string]json.RawMessage
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err == nil && r.URL.Path == "/CreateComponent" {
			arrived = nil
			err = json.Unmarshal(body, &arrived)
		}
		if err != nil {
			w.WriteHeader(http.StatusTeapot)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		service.ServeHTTP(w, r)
	}))
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, state.Close())
	})
	for name, value := range map[string]string{
		"AWS_REGION": "eu-central-1", "AWS_ENDPOINT_URL_IMAGEBUILDER": server.URL, "AWS_ACCESS_KEY_ID": account.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": account.AccessKeySecret, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	client, err := ec2image.New(t.Context())
	require.NoError(t, err)

	for i, p := range awsParameters {
		for form, in := range map[string]func(key, value, content string) sample{"header": awsInHeader, "message": awsInMessage} {
			t.Run(fmt.Sprintf("%s from %s in a %s", p.name, p.key, form), func(t *testing.T) {
				arrived = nil
				content := fmt.Sprint("RUN echo hello ", i, form) // not what is there: that would be unchanged
				makeOnAWS(t, client, in(p.key, p.value, content), fmt.Sprint(i, form))
				want := p.value
				switch p.name {
				case "data":
					require.Contains(t, string(arrived["data"]), "echo hello")
					return
				case "clientToken":
					require.Len(t, arrived["clientToken"], 36+len(`""`))
					return
				case "tags":
					var tags map[string]string
					require.NoError(t, json.Unmarshal(arrived["tags"], &tags))
					require.Equal(t, fmt.Sprint(i, form), tags["imagedrop:job"])
					delete(tags, "imagedrop:job")
					delete(tags, "imagedrop:digest")
					arrived["tags"], err = json.Marshal(tags)
					require.NoError(t, err)
				}
				require.JSONEq(t, want, string(arrived[p.name]))
			})
		}
	}
}

// awsSettings are the key and what it needs beside it.
func awsSettings(key, value string) (list []string) {
	list = append(list, `"targets": ["aws"]`)
	if key != "name" && key != "aws.name" {
		list = append(list, `"name": "arrives"`)
	}
	if block, member, nested := strings.Cut(key, "."); nested {
		return append(list, strconv.Quote(block)+": {"+strconv.Quote(member)+": "+value+"}")
	}
	if value != "" {
		list = append(list, strconv.Quote(key)+": "+value)
	}
	return list
}

func awsInHeader(key, value, content string) sample {
	text := "# ---\n# " + strings.Join(awsSettings(key, value), "\n# ") + "\n# ---\n"
	if key != "aws.uri" {
		text += content + "\n"
	}
	return sample{key: "templates/web.Dockerfile", text: text}
}

func awsInMessage(key, value, content string) sample {
	settings := awsSettings(key, value)
	if key != "aws.uri" {
		settings = append(settings, `"content": `+strconv.Quote(content))
	}
	return sample{text: "{" + strings.Join(settings, ", ") + "}"}
}

// makeOnAWS takes a sample through both functions' use cases.
func makeOnAWS(t *testing.T, client *ec2image.Client, in sample, job string) {
	t.Helper()
	c := &relay{}
	invocation := imagebuild.Invocation{Function: "upload", Region: account.Region, AccountID: account.ID}
	builder := imagebuild.Builder{Objects: in, AWS: c, Publisher: imagebuild.Publisher{Outbox: c}, Policy: open}
	require.NoError(t, builder.Run(t.Context(), invocation, []imagebuild.Delivery{in.delivery(job)})[0].Err)
	require.Empty(t, c.published, "%s", c.published)
	aws := imagebuild.AWSBuilder{Publisher: imagebuild.Publisher{Outbox: c}, Components: client, Translate: func(t *template.Template) imagebuild.Translation {
		made := awstoe.Component(t)
		return imagebuild.Translation{Document: made.Document, Tags: made.Tags, Findings: made.Findings}
	}}
	part := imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, SourceID: "M-1", Body: c.sent}
	require.NoError(t, aws.Run(t.Context(), invocation, []imagebuild.Delivery{part})[0].Err)
	require.NotEmpty(t, c.published)
}

// relay keeps the last message and the last outcome.
type relay struct{ sent, published []byte }

// Send implements imagebuild.Queue.
func (r *relay) Send(_ context.Context, body []byte, _ time.Duration) error {
	r.sent = body
	return nil
}

// Publish implements imagebuild.Outbox.
func (r *relay) Publish(_ context.Context, body []byte) error {
	r.published = body
	return nil
}

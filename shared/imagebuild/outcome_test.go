package imagebuild_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

func TestOutcomeIDIsOfJobKindAndStatus(t *testing.T) {
	publish := func(job, content string) string {
		box := &inbox{}
		require.NoError(t, run(plainBuilder(content, &cloud{}, box), upload(job)).Err)
		return box.only(t).ID
	}
	base := publish("job", component)
	require.Equal(t, sha("3:job7:alibaba9:component7:created"), base)
	require.Equal(t, base, publish("job", "RUN other\n"))
	require.NotEqual(t, base, publish("job-2", component))
	require.NotEqual(t, base, publish("job", pipeline))
	require.NotEqual(t, base, publish("job", "BOGUS\n"))
}

func TestRepeatsDifferInTimeOnly(t *testing.T) {
	box := &inbox{}
	builder := plainBuilder("# ---\n# description: a & b <c>\n# ---\nBOGUS\n", &cloud{}, box)
	require.NoError(t, run(builder, upload("job")).Err)
	require.NoError(t, run(builder, upload("job")).Err)
	outcomes := box.outcomes(t)
	for i := range outcomes {
		outcomes[i].Time, outcomes[i].Data.Timings = "", imagebuild.Timings{}
	}
	require.Equal(t, outcomes[0], outcomes[1])
}

func TestFindingsAreCutToTheSize(t *testing.T) {
	// Errors, then warnings (lower case), many times what a message holds.
	var b strings.Builder
	b.WriteString("BOGUS 1\nRUN first\n")
	for n := range 300 {
		fmt.Fprintf(&b, "run echo %d\nENV A%d=b\nRUN [\"a\", \"%d\"]\n", n, n, n)
	}
	warnings := b.String()
	for n := range 300 {
		fmt.Fprintf(&b, "BOGUS%d x\nRUN\nENV\nLABEL\nUSER a b\n", n)
	}
	for _, inBase64 := range []bool{false, true} {
		for name, content := range map[string]string{"warnings go first": warnings, "then errors": b.String()} {
			t.Run(fmt.Sprint(name, " ", inBase64), func(t *testing.T) {
				var body []byte
				builder := &imagebuild.Builder{Objects: text(content),
					Publisher: imagebuild.Publisher{Base64: inBase64, Outbox: outbox(func(b []byte) error { body = b; return nil })}}
				require.NoError(t, run(builder, upload("job")).Err)
				require.LessOrEqual(t, len(body), 65_536)
				limit := 65_536
				if inBase64 {
					limit = 48_128
					decoded, err := base64.StdEncoding.DecodeString(string(body))
					require.NoError(t, err)
					body = decoded
				}
				require.LessOrEqual(t, len(body), limit)
				require.Greater(t, len(body), limit-1_000, "no more is cut than needed")
				var o imagebuild.Outcome
				require.NoError(t, json.Unmarshal(body, &o))
				all := template.ParseFile("templates/web.Dockerfile", []byte(content)).Findings
				require.Equal(t, len(all), len(o.Data.Findings)+o.Data.FindingsTruncated)
				kept := map[template.Severity]int{}
				for _, f := range o.Data.Findings {
					kept[f.Severity]++
				}
				require.Zero(t, kept[template.Info])
				require.Equal(t, "IB0101", o.Data.Findings[0].Rule, "the first error stays")
				require.Equal(t, name == "then errors", kept[template.Warning] == 0)
			})
		}
	}
}

// No single text may be so long that the outcome cannot be sent.
func TestLongTextsAreClipped(t *testing.T) {
	long := strings.Repeat("\u0001", 30_000)
	delivery := message(long, `{"content":"RUN true","regionId":"`+strings.Repeat("r", 60_000)+`"}`)
	delivery.Queue = "q\x00q\ufffe"
	var body []byte
	require.NoError(t, run(&imagebuild.Builder{Publisher: imagebuild.Publisher{Outbox: outbox(func(b []byte) error { body = b; return nil })}}, delivery).Err)
	require.LessOrEqual(t, len(body), 48_128)
	var o imagebuild.Outcome
	require.NoError(t, json.Unmarshal(body, &o))
	require.Equal(t, "q\ufffdq\ufffd", o.Subject)
	require.NotEmpty(t, o.Data.Findings)
	require.Equal(t, 1_000, utf8.RuneCountInString(o.Data.Job.MessageID))
	require.True(t, strings.HasSuffix(o.Data.Job.MessageID, "…"))
}

// A header may hold any text; what can be no region and no name stays in it.
func TestTextInAHeaderIsNotPublished(t *testing.T) {
	const secret = "correct horse/battery"
	var body []byte
	builder := &imagebuild.Builder{Publisher: imagebuild.Publisher{Outbox: outbox(func(b []byte) error { body = b; return nil })}}
	builder.Policy = imagebuild.Policy{NamePrefix: "web-"}
	keys := []string{"regionId", "name", "instanceType", "vSwitchId", "resourceGroupId"}
	for _, key := range keys {
		require.NoError(t, run(builder, message("job", `{"content":"FROM IMAGE:m-1\nRUN true","`+key+`":"`+secret+`"}`)).Err)
		require.Contains(t, string(body), `"status":"rejected"`)
		require.NotContains(t, string(body), "horse", key)
	}
}

func TestNoncharactersAreEscaped(t *testing.T) {
	delivery := upload("job")
	delivery.Object.Key = "templates/a\ufffeb\uffff.Dockerfile"
	var body []byte
	require.NoError(t, run(&imagebuild.Builder{Objects: text(component), Resources: &cloud{}, Publisher: imagebuild.Publisher{Outbox: outbox(func(b []byte) error { body = b; return nil })}}, delivery).Err)
	require.NotContains(t, string(body), "\ufffe")
	require.NotContains(t, string(body), "\uffff")
	var o imagebuild.Outcome
	require.NoError(t, json.Unmarshal(body, &o))
	require.Equal(t, delivery.Object.Key, o.Data.Job.Key)
}

func TestPublishFailureIsRedelivered(t *testing.T) {
	c, box := &cloud{}, &inbox{}
	lost := failure(fault.Permanent, "QueueNotExist")
	builder := &imagebuild.Builder{Objects: text(component), Resources: c, Publisher: imagebuild.Publisher{Outbox: outbox(func(body []byte) error {
		_ = box.Publish(context.Background(), body) // it did arrive
		return lost
	})}}
	first := run(builder, upload("job"))
	require.ErrorIs(t, first.Err, lost)
	require.Empty(t, first.Status)
	builder.Outbox = box
	require.NoError(t, run(builder, upload("job")).Err)
	require.Len(t, c.all, 1)
	outcomes := box.outcomes(t)
	require.Equal(t, outcomes[0].ID, outcomes[1].ID)
	require.Equal(t, outcomes[0].Data.Resource, outcomes[1].Data.Resource)
}

// What a template holds, and what causes carry, stays out of outcomes, logs and errors.
func TestCanaries(t *testing.T) {
	const canary = "CANARY7f3a"
	deliveries := map[string]imagebuild.Delivery{
		"object":  upload("job"),
		"message": message("job", `{"content":"ENV PASSWORD=\"`+canary+`\"\nRUN echo `+canary+`"}`),
		"bad":     message("bad", `{"content":"RUN echo `+canary+`\nENV PASSWORD=`+canary+`\nFROM x`+"\\n"+`","kinds":1}`),
	}
	cause := errors.New("https://ecs.example.com/?Signature=" + canary)
	for name, delivery := range deliveries {
		for _, kind := range []fault.Kind{"", fault.Invalid, fault.Permanent, fault.Retryable, fault.Unknown} {
			var log strings.Builder
			box := &inbox{}
			builder := &imagebuild.Builder{Objects: text("# ---\n# name: web\n# ---\nRUN curl -H 'Authorization: " + canary + "' https://example.com/\n"), Publisher: imagebuild.Publisher{Outbox: box},
				Resources: resources{nothing, func(imagebuild.Request) (string, error) {
					if kind == "" {
						return "", cause
					}
					return "", &fault.Error{Kind: kind, Op: "ecsimage.Create", Code: "InvalidSecurityToken.X", Message: "refused", Err: cause}
				}}}
			result := run(builder, delivery)
			result.Log(slog.New(slog.NewJSONHandler(&log, nil)))
			require.NotContains(t, log.String(), canary, name)
			require.Contains(t, log.String(), `"jobId":"`+result.JobID+`"`)
			for _, body := range box.bodies {
				require.NotContains(t, string(body), canary, name)
			}
			if err := imagebuild.Redeliver([]imagebuild.Result{result}); err != nil {
				require.NotContains(t, err.Error(), canary, name)
			}
		}
	}
}

func TestRedeliver(t *testing.T) {
	require.NoError(t, imagebuild.Redeliver([]imagebuild.Result{{Status: imagebuild.Created}}))
	throttled := failure(fault.Retryable, "Throttling")
	err := imagebuild.Redeliver([]imagebuild.Result{{Err: throttled}, {}, {Err: errors.New("raw")}})
	require.ErrorIs(t, err, throttled)
	require.Equal(t, "ecsimage.Create: refused (Throttling); unclassified *errors.errorString", err.Error())

	err = imagebuild.Redeliver(slices.Repeat([]imagebuild.Result{{Err: throttled}}, 10_000))
	require.True(t, strings.HasSuffix(err.Error(), "(Throttling); and 9990 more"), "%.2000s", err)
	require.Less(t, len(err.Error()), 1_000)
}

func TestLogLine(t *testing.T) {
	tests := []struct {
		result imagebuild.Result
		want   map[string]any
	}{
		{imagebuild.Result{Status: imagebuild.Created}, map[string]any{"level": "INFO", "outcome": "created"}},
		{imagebuild.Result{Status: imagebuild.Failed, Reason: &imagebuild.Reason{Kind: "permanent", Code: "Forbidden.RAM", Message: "no"}},
			map[string]any{"level": "ERROR", "outcome": "failed", "kind": "permanent", "code": "Forbidden.RAM", "error": "no"}},
		{imagebuild.Result{Err: failure(fault.Retryable, "Throttling")}, map[string]any{"level": "WARN", "kind": "retryable"}},
		{imagebuild.Result{Err: failure(fault.Unknown, "")}, map[string]any{"level": "ERROR", "kind": "unknown"}},
	}
	for _, test := range tests {
		var log strings.Builder
		test.result.Delivery, test.result.JobID, test.result.ClientToken = upload("R-9"), "job", "token"
		test.result.Log(slog.New(slog.NewJSONHandler(&log, nil)))
		require.True(t, strings.HasPrefix(log.String(), `{"time":`))
		var got map[string]any
		require.NoError(t, json.Unmarshal([]byte(log.String()), &got))
		for key, value := range test.want {
			require.Equal(t, value, got[key])
		}
		require.Equal(t, []any{"oss", "R-9", "job", "token", 0.0}, []any{got["trigger"], got["sourceId"], got["jobId"], got["clientToken"], got["durationMs"]})
	}
}

// Whatever comes, it ends in one outcome that can be sent.
func FuzzEveryDeliveryHasAnOutcome(f *testing.F) {
	f.Add("templates/web.Dockerfile", []byte(component), true)
	f.Add("a.yaml", []byte("Tasks: []"), true)
	f.Add("", []byte(`{"templateUri":"oss://b-1/k","clientToken":"\ufffe"}`), false)
	f.Add("\xff", []byte("[1]"), false)
	f.Add("x", []byte(`{"content":"RUN x","tags":{"imagedrop:job":"y"}}`), false)
	f.Fuzz(func(t *testing.T, key string, body []byte, object bool) {
		delivery := message(key, string(body))
		if object {
			delivery = upload("job")
			delivery.Object.Key = key[:min(len(key), 1023)] // OSS takes no longer keys
		}
		published := 0
		builder := &imagebuild.Builder{Objects: text(string(body)), Resources: &cloud{},
			Publisher: imagebuild.Publisher{Base64: true, Outbox: outbox(func(sent []byte) error {
				published++
				require.LessOrEqual(t, len(sent), 65_536)
				plain, err := base64.StdEncoding.DecodeString(string(sent))
				require.NoError(t, err)
				require.LessOrEqual(t, len(plain), 48_128)
				require.True(t, utf8.Valid(plain))
				var o imagebuild.Outcome
				require.NoError(t, json.Unmarshal(plain, &o))
				require.NotEmpty(t, o.Data.Status)
				return nil
			})}}
		require.NoError(t, run(builder, delivery).Err)
		require.Equal(t, 1, published)
	})
}

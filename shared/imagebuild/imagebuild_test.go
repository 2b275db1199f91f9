package imagebuild_test

import (
	"context"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

const (
	account   = "1234567890123456"
	component = "RUN true\n"
	pipeline  = "FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN true\n"
)

var invocation = imagebuild.Invocation{Function: "upload", Region: "cn-hangzhou", AccountID: account}

// Every kind of end, what is published for it, and whether the platform is
// asked to deliver again.
func TestWhoMustAct(t *testing.T) {
	none := func(imagebuild.Query) ([]imagebuild.Resource, error) { return nil, nil }
	fails := func(err error) resources {
		return resources{find: none, create: func(imagebuild.Request) (string, error) { return "", err }}
	}
	tests := []struct {
		name      string
		template  string
		resources resources
		status    imagebuild.Status
		reason    string
		kind      fault.Kind // of the error that goes back, "" for none
	}{
		{"created", component, resources{none, func(imagebuild.Request) (string, error) { return "ic-1", nil }}, imagebuild.Created, "", ""},
		{"error findings", "BOGUS x\n", resources{}, imagebuild.Rejected, "", ""},
		{"policy", "# ---\n# regionId: cn-beijing\n# ---\nRUN true\n", resources{}, imagebuild.Rejected, "", ""},
		{"invalid", pipeline, fails(failure(fault.Invalid, "InvalidImage.NotFound")), imagebuild.Rejected, "invalid", ""},
		{"permanent", component, fails(failure(fault.Permanent, "QuotaExceed.ImageComponent")), imagebuild.Failed, "permanent", ""},
		{"retryable", component, fails(failure(fault.Retryable, "InvalidSecurityToken.Expired")), "", "", fault.Retryable},
		{"unknown", component, fails(failure(fault.Unknown, "")), "", "", fault.Unknown},
		{"unclassified", component, fails(context.Canceled), "", "", fault.Unknown},
		{"look-up fails", component, resources{find: func(imagebuild.Query) ([]imagebuild.Resource, error) {
			return nil, failure(fault.Permanent, "Forbidden.RAM")
		}}, imagebuild.Failed, "permanent", ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			box := &inbox{}
			builder := &imagebuild.Builder{Objects: text(test.template), Resources: test.resources, Publisher: imagebuild.Publisher{Outbox: box, Jitter: noJitter}}
			result := run(builder, upload("job-1"))
			require.Equal(t, test.status, result.Status)
			if test.kind != "" {
				require.Empty(t, box.bodies)
				require.Equal(t, test.kind, fault.KindOf(result.Err))
				require.Error(t, imagebuild.Redeliver([]imagebuild.Result{result}))
				return
			}
			require.NoError(t, imagebuild.Redeliver([]imagebuild.Result{result}))
			data := box.only(t).Data
			require.Equal(t, test.status, data.Status)
			require.Equal(t, test.status == imagebuild.Created, data.Resource.ID != "")
			if test.reason == "" {
				require.Nil(t, data.Reason)
				return
			}
			require.Equal(t, test.reason, data.Reason.Kind)
			require.NotEmpty(t, data.Reason.Code)
			require.NotEmpty(t, data.Reason.Message)
		})
	}
}

func TestOutcomeSaysWhatTheJobWas(t *testing.T) {
	box := &inbox{}
	delivery := upload("job-1")
	delivery.Time = time.Now().Add(-time.Minute)
	require.NoError(t, run(plainBuilder(component, &cloud{}, box), delivery).Err)
	o := box.only(t)
	require.Equal(t, "1.0", o.SpecVersion)
	require.Equal(t, "/imagedrop/cn-hangzhou/upload", o.Source)
	require.Equal(t, "imagedrop.component.created.v1", o.Type)
	require.Equal(t, "oss://imagedrop-templates/templates/web.Dockerfile", o.Subject)
	require.Equal(t, "application/json", o.DataContentType)
	_, err := time.Parse(time.RFC3339, o.Time)
	require.NoError(t, err)
	require.Equal(t, imagebuild.OutcomeJob{ID: "job-1", Trigger: "oss", Bucket: "imagedrop-templates", Key: "templates/web.Dockerfile", ETag: "E1"}, o.Data.Job)
	require.Equal(t, imagebuild.OutcomeTarget{Provider: "alibaba", RegionID: "cn-hangzhou", AccountID: account}, o.Data.Target)
	require.Equal(t, imagebuild.OutcomeResource{Kind: template.Component, ID: "id-001", Name: "web"}, o.Data.Resource)
	require.Equal(t, &imagebuild.OutcomeContent{
		SHA256: sha("RUN true"), Bytes: 8, Commands: 1, Format: template.Dockerfile,
	}, o.Data.Content)
	require.Equal(t, "job-1", o.Data.ClientToken)
	require.Equal(t, imagebuild.Version, o.Data.Version)
	require.GreaterOrEqual(t, o.Data.Timings.ReceivedMS, 60_000.0)
	require.Positive(t, o.Data.Timings.TotalMS)
}

// An error that the template suppresses is for the service to judge, and nobody
// hears of the finding.
func TestSuppressedErrorIsSent(t *testing.T) {
	c, box := &cloud{}, &inbox{}
	require.NoError(t, run(&imagebuild.Builder{
		Objects: text("# ib:ignore IB0101 the service knows it\nSHELL x\n"), Resources: c, Publisher: imagebuild.Publisher{Outbox: box},
	}, upload("job-1")).Err)
	o := box.only(t)
	require.Equal(t, imagebuild.Created, o.Data.Status)
	require.Empty(t, o.Data.Findings)
	require.Contains(t, c.creates[0].Parameters, template.Parameter{Name: "Content", Value: "SHELL x"})
}

func TestBatchGoesOnPastAPoisonItem(t *testing.T) {
	const canary = "CANARY-in-a-panic"
	box := &inbox{}
	builder := &imagebuild.Builder{Resources: &cloud{}, Publisher: imagebuild.Publisher{Outbox: box}, Concurrency: 4,
		Objects: objects(func(ref imagebuild.ObjectRef) ([]byte, error) {
			switch ref.ETag {
			case "text":
				panic(canary)
			case "index":
				return []byte(component)[len(ref.Key):][:1], nil
			}
			return []byte(component), nil
		})}
	deliveries := []imagebuild.Delivery{upload("a"), upload("b"), upload("c"), upload("d")}
	deliveries[1].Object.ETag, deliveries[2].Object.ETag = "text", "index"
	results := builder.Run(t.Context(), invocation, deliveries)
	require.Len(t, box.bodies, 2)
	for i, poison := range []bool{false, true, true, false} {
		require.Equal(t, deliveries[i].SourceID, results[i].JobID)
		require.Equal(t, poison, results[i].Err != nil)
	}
	require.Equal(t, fault.Unknown, fault.KindOf(results[1].Err))
	err := imagebuild.Redeliver(results)
	require.NotContains(t, err.Error(), canary)
	require.Contains(t, err.Error(), "panic with a string in imagedrop/shared/imagebuild_test.TestBatchGoesOnPastAPoisonItem")
	require.Contains(t, err.Error(), "slice bounds out of range")
}

func TestConcurrencyIsBounded(t *testing.T) {
	const limit = 3
	var mu sync.Mutex
	working, most := 0, 0
	full := make(chan struct{})
	builder := &imagebuild.Builder{Resources: &cloud{}, Publisher: imagebuild.Publisher{Outbox: &inbox{}}, Concurrency: limit,
		Objects: objects(func(imagebuild.ObjectRef) ([]byte, error) {
			mu.Lock()
			working++
			most = max(most, working)
			if working == limit && most == limit {
				select {
				case <-full:
				default:
					close(full)
				}
			}
			mu.Unlock()
			<-full // nobody goes on before limit are at work
			mu.Lock()
			defer mu.Unlock()
			working--
			return []byte(component), nil
		})}
	var deliveries []imagebuild.Delivery
	for n := range 20 {
		deliveries = append(deliveries, upload("job-"+strconv.Itoa(n)))
	}
	require.NoError(t, imagebuild.Redeliver(builder.Run(t.Context(), invocation, deliveries)))
	require.Equal(t, limit, most)
}

func TestJobID(t *testing.T) {
	long := strings.Repeat("x", 65)
	noID := upload("")
	noID.RawTime = "2026-05-04T08:15:30.000Z"
	later := noID
	later.RawTime = "2026-05-04T08:15:31.000Z"
	stream := imagebuild.Delivery{Trigger: imagebuild.TriggerTopic, Topic: "t", Body: []byte("RUN true\n")}
	tests := []struct {
		name     string
		delivery imagebuild.Delivery
		want     string
	}{
		{"OSS request", upload("65A1B2C3D4E5F60718293A4B"), "65A1B2C3D4E5F60718293A4B"},
		{"OSS without one", noID, sha("19:imagedrop-templates24:templates/web.Dockerfile2:E124:2026-05-04T08:15:30.000Z")},
		{"the same object later", later, sha("19:imagedrop-templates24:templates/web.Dockerfile2:E124:2026-05-04T08:15:31.000Z")},
		{"message", message("1122-AABB", `{"content":"RUN true"}`), "1122-AABB"},
		{"sender's token", message("1122-AABB", `{"clientToken":"release-7","content":"RUN true"}`), "release-7"},
		{"malformed token", message("1122-AABB", `{"clientToken":"not a token","content":"RUN true"}`), "1122-AABB"},
		{"long message ID", message(long, "RUN true"), sha(long)},
		{"message ID beyond ASCII", message("é", "RUN true"), sha("é")},
		{"message ID with a blank", message("a b", "RUN true"), sha("a b")},
		{"stream", stream, sha("RUN true\n")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			box := &inbox{}
			result := run(plainBuilder(component, &cloud{}, box), test.delivery)
			require.Equal(t, test.want, result.JobID)
			require.Equal(t, test.want, result.ClientToken)
			require.Equal(t, test.want, box.only(t).Data.Job.ID)
		})
	}
}

// A region that does not exist is the mistake of whoever named it.
func TestRegionThatDoesNotExist(t *testing.T) {
	policy := imagebuild.Policy{Regions: []string{"*"}}
	for name, test := range map[string]struct {
		header string
		skip   bool // the look-up: the create is refused
		status imagebuild.Status
	}{
		"the function's, look-up":  {"name: web", false, imagebuild.Failed},
		"the function's, create":   {"name: web", true, imagebuild.Failed},
		"the template's, look-up":  {"regionId: cn-nowhere", false, imagebuild.Rejected},
		"the template's, create":   {"regionId: cn-nowhere", true, imagebuild.Rejected},
		"one to distribute images": {"toRegionIds: [cn-nowhere]", true, imagebuild.Rejected},
	} {
		t.Run(name, func(t *testing.T) {
			box := &inbox{}
			refused := failure(fault.Invalid, "InvalidRegionId.NotFound")
			builder := &imagebuild.Builder{Objects: text("# ---\n# " + test.header + "\n# ---\n" + pipeline),
				Publisher: imagebuild.Publisher{Outbox: box}, Policy: policy, SkipLookup: test.skip, Resources: resources{
					func(imagebuild.Query) ([]imagebuild.Resource, error) { return nil, refused },
					func(imagebuild.Request) (string, error) { return "", refused },
				}}
			require.NoError(t, run(builder, upload("job")).Err)
			require.Equal(t, test.status, box.only(t).Data.Status)
		})
	}
}

package imagebuild_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
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

// The fakes: the interfaces as functions.
type (
	objects   func(imagebuild.ObjectRef) ([]byte, error)
	outbox    func([]byte) error
	resources struct {
		find   func(imagebuild.Query) ([]imagebuild.Resource, error)
		create func(imagebuild.Request) (string, error)
	}
)

func (f objects) Read(_ context.Context, ref imagebuild.ObjectRef, _ int64) ([]byte, error) {
	return f(ref)
}
func (f outbox) Publish(_ context.Context, body []byte) error { return f(body) }
func (f resources) Find(_ context.Context, q imagebuild.Query) ([]imagebuild.Resource, error) {
	return f.find(q)
}
func (f resources) First(_ context.Context, q imagebuild.Query) (imagebuild.Resource, int, error) {
	return firstOf(f.find(q))
}

// firstOf lists the newest first, as the service does.
func firstOf(found []imagebuild.Resource, err error) (imagebuild.Resource, int, error) {
	if len(found) == 0 {
		return imagebuild.Resource{}, 0, err
	}
	return found[len(found)-1], len(found), err
}

func (f resources) Create(_ context.Context, r imagebuild.Request) (string, error) {
	return f.create(r)
}

func text(s string) objects {
	return func(imagebuild.ObjectRef) ([]byte, error) { return []byte(s), nil }
}

// cloud is a service with a memory: tokens, versions, tags.
type cloud struct {
	mu      sync.Mutex
	all     []imagebuild.Resource
	tokens  map[string]string
	regions map[string]string // by resource ID; one without is everywhere
	queries []imagebuild.Query
	creates []imagebuild.Request
}

func (c *cloud) Find(_ context.Context, q imagebuild.Query) ([]imagebuild.Resource, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queries = append(c.queries, q)
	var found []imagebuild.Resource
	for _, r := range c.all {
		missing := slices.ContainsFunc(q.Tags, func(t imagebuild.Tag) bool { return !slices.Contains(r.Tags, t) })
		if region, ok := c.regions[r.ID]; ok && region != q.RegionID {
			continue
		}
		if r.Kind == q.Kind && (q.Name == "" || q.Name == r.Name) && !missing {
			found = append(found, r)
		}
	}
	return found, nil
}

func (c *cloud) First(ctx context.Context, q imagebuild.Query) (imagebuild.Resource, int, error) {
	return firstOf(c.Find(ctx, q))
}

func (c *cloud) Create(_ context.Context, r imagebuild.Request) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.creates = append(c.creates, r)
	if id, ok := c.tokens[r.ClientToken]; ok {
		return id, nil
	}
	n := len(c.all) + 1
	made := imagebuild.Resource{Kind: r.Kind, ID: fmt.Sprintf("id-%03d", n), Name: parameter(r, "Name"),
		Version: strconv.Itoa(n) + ".0.0", CreationTime: fmt.Sprintf("2026-05-04T08:00:%02dZ", n), Tags: tags(r)}
	c.all = append(c.all, made)
	if c.tokens == nil {
		c.tokens = map[string]string{}
	}
	if c.regions == nil {
		c.regions = map[string]string{}
	}
	c.tokens[r.ClientToken], c.regions[made.ID] = made.ID, r.RegionID
	return made.ID, nil
}

func parameter(r imagebuild.Request, name string) string {
	for _, p := range r.Parameters {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func tags(r imagebuild.Request) (tags []imagebuild.Tag) {
	for n := 1; parameter(r, fmt.Sprintf("Tag.%d.Key", n)) != ""; n++ {
		tags = append(tags, imagebuild.Tag{Key: parameter(r, fmt.Sprintf("Tag.%d.Key", n)), Value: parameter(r, fmt.Sprintf("Tag.%d.Value", n))})
	}
	return tags
}

// inbox keeps what was published.
type inbox struct {
	mu     sync.Mutex
	bodies [][]byte
}

func (b *inbox) Publish(_ context.Context, body []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bodies = append(b.bodies, slices.Clone(body))
	return nil
}

func (b *inbox) outcomes(t *testing.T) []imagebuild.Outcome {
	t.Helper()
	outcomes := make([]imagebuild.Outcome, len(b.bodies))
	for i, body := range b.bodies {
		require.NoError(t, json.Unmarshal(body, &outcomes[i]))
	}
	return outcomes
}

func (b *inbox) only(t *testing.T) imagebuild.Outcome {
	t.Helper()
	outcomes := b.outcomes(t)
	require.Len(t, outcomes, 1)
	return outcomes[0]
}

func noJitter(limit time.Duration) time.Duration { return limit }

// upload is the delivery of one object; requestID is the job ID.
func upload(requestID string) imagebuild.Delivery {
	return imagebuild.Delivery{Trigger: imagebuild.TriggerOSS, SourceID: requestID,
		Object: imagebuild.ObjectRef{Bucket: "imagedrop-templates", Key: "templates/web.Dockerfile", ETag: "E1"}}
}

func message(id, body string) imagebuild.Delivery {
	return imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, Queue: "imagedrop-requests", SourceID: id, Body: []byte(body)}
}

func run(b *imagebuild.Builder, d imagebuild.Delivery) imagebuild.Result {
	return b.Run(context.Background(), invocation, []imagebuild.Delivery{d})[0]
}

func failure(kind fault.Kind, code string) error {
	return &fault.Error{Kind: kind, Op: "ecsimage.Create", Code: code, Message: "refused", RequestID: "R-1", HTTPStatus: 400}
}

// Every kind of end, what is published for it, and whether the platform is
// asked to deliver again (DESIGN 8).
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
	require.NoError(t, run(&imagebuild.Builder{Objects: text(component), Resources: &cloud{}, Publisher: imagebuild.Publisher{Outbox: box}}, delivery).Err)
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
			result := run(&imagebuild.Builder{Objects: text(component), Resources: &cloud{}, Publisher: imagebuild.Publisher{Outbox: box}}, test.delivery)
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
			builder := &imagebuild.Builder{Objects: text("# ---\n# " + test.header + "\n# ---\n" + pipeline), Publisher: imagebuild.Publisher{Outbox: box}, Policy: policy, SkipLookup: test.skip, Resources: resources{
				func(imagebuild.Query) ([]imagebuild.Resource, error) { return nil, refused },
				func(imagebuild.Request) (string, error) { return "", refused },
			}}
			require.NoError(t, run(builder, upload("job")).Err)
			require.Equal(t, test.status, box.only(t).Data.Status)
		})
	}
}

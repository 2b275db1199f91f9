package imagebuild_test

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

const (
	family   = "acs:alibaba_cloud_linux_3_2104_lts_x64"
	buildTag = "imagedrop:build"
	built    = "# ---\n# build: true\n# ---\n" + pipeline
)

// builderOf is a builder before the cloud that may start builds.
func builderOf(c *cloud, box imagebuild.Outbox, objects imagebuild.Objects) *imagebuild.Builder {
	return &imagebuild.Builder{
		Objects: objects, Resources: c, Builds: c.builds(), Policy: imagebuild.Policy{Build: true},
		Publisher: imagebuild.Publisher{Outbox: box, Jitter: func(time.Duration) time.Duration { return 0 }},
	}
}

// words are "<kind> <status> <id>" of each outcome.
func words(t *testing.T, box *inbox) (list []string) {
	t.Helper()
	for _, o := range box.outcomes(t) {
		list = append(list, fmt.Sprint(o.Data.Resource.Kind, " ", o.Data.Status, " ", o.Data.Resource.ID))
	}
	return list
}

func pipelineOf(id, name, created string) imagebuild.Pipeline {
	return imagebuild.Pipeline{Resource: imagebuild.Resource{ID: id, Name: name, CreationTime: created}, BaseImageType: "IMAGE", BaseImage: "m-1"}
}

func TestPipelineIsCreatedAndBuilt(t *testing.T) {
	c, box := &cloud{families: map[string]string{family: "m-base"}}, &inbox{}
	delivery := upload("job-1")
	delivery.Time = time.Now().Add(-time.Minute)
	result := run(builderOf(c, box, text(built)), delivery)
	require.NoError(t, result.Err)
	require.Equal(t, []imagebuild.Status{imagebuild.Created, imagebuild.Started}, []imagebuild.Status{result.Status, result.Build})
	require.Equal(t, []string{"pipeline created id-001", "execution started exec-001"}, words(t, box))

	created, started := box.outcomes(t)[0], box.outcomes(t)[1]
	require.Equal(t, "imagedrop.execution.started.v1", started.Type)
	require.Equal(t, created.Data.Job, started.Data.Job)
	require.Equal(t, created.Subject, started.Subject)
	require.Equal(t, imagebuild.OutcomeResource{Kind: template.Execution, ID: "exec-001", Name: "web", ImagePipelineID: "id-001"}, started.Data.Resource)
	require.Equal(t, imagebuild.OutcomeTarget{Provider: "alibaba", RegionID: "cn-hangzhou", AccountID: account}, started.Data.Target)
	require.Nil(t, started.Data.Content)
	require.GreaterOrEqual(t, started.Data.Timings.ReceivedMS, 60_000.0)

	// Two resources of one job: two tokens, both of the job alone.
	require.Equal(t, sha("5:job-18:pipeline"), created.Data.ClientToken)
	require.Equal(t, sha("5:job-18:pipeline"), c.creates[0].ClientToken)
	require.Equal(t, sha("5:job-19:execution"), started.Data.ClientToken)
	require.Equal(t, sha("5:job-19:execution"), c.starts[0].ClientToken)
	require.Contains(t, tags(c.creates[0]), imagebuild.Tag{Key: buildTag, Value: "true"})

	execution := c.starts[0].Tags
	require.Equal(t, imagebuild.Tag{Key: jobTag, Value: "job-1"}, execution[0])
	require.Contains(t, execution, imagebuild.Tag{Key: "imagedrop:base", Value: "m-base"})

	require.Equal(t, 30*time.Second, c.sent[0].delay)
	follow := c.followUps(t)[0]
	require.WithinDuration(t, time.Now(), follow.Started, time.Minute)
	require.Equal(t, follow.Started.Add(24*time.Hour), follow.Expires)
	follow.Started, follow.Expires = time.Time{}, time.Time{}
	require.Equal(t, imagebuild.FollowUp{
		Type: "imagedrop.follow-up.v1", Job: started.Data.Job, ClientToken: started.Data.ClientToken, RegionID: "cn-hangzhou", AccountID: account,
		ImagePipelineID: "id-001", PipelineName: "web", ExecutionID: "exec-001", Check: 1,
	}, follow)
}

// What builds nothing.
func TestPipelineThatIsNotBuilt(t *testing.T) {
	unchanged := func(c *cloud) {
		require.NoError(t, run(builderOf(c, &inbox{}, text(built)), upload("another")).Err)
	}
	for name, test := range map[string]struct {
		template string
		policy   imagebuild.Policy
		before   func(*cloud)
		want     []string
	}{
		"not asked for": {pipeline, imagebuild.Policy{Build: true}, nil, []string{"pipeline created id-001"}},
		"unchanged":     {built, imagebuild.Policy{Build: true}, unchanged, []string{"pipeline unchanged id-001"}},
		"not allowed":   {built, imagebuild.Policy{}, nil, []string{"pipeline rejected "}},
	} {
		t.Run(name, func(t *testing.T) {
			c, box := &cloud{}, &inbox{}
			if test.before != nil {
				test.before(c)
			}
			starts := len(c.starts)
			builder := builderOf(c, box, text(test.template))
			builder.Policy = test.policy
			require.NoError(t, run(builder, upload("job")).Err)
			require.Equal(t, test.want, words(t, box))
			require.Len(t, c.starts, starts)
		})
	}
}

func TestExecutionMessage(t *testing.T) {
	const (
		byName = `{"kind":"execution","pipelineName":"web"}`
		byID   = `{"kind":"execution","imagePipelineId":"ip-1"}`
		old    = "2026-05-01T00:00:00Z"
		recent = "2026-05-02T00:00:00Z"
	)
	anyRegion := imagebuild.Policy{Build: true, Regions: []string{"cn-hangzhou", "cn-beijing"}}
	prefix := imagebuild.Policy{Build: true, NamePrefix: "team-"}
	tags := imagebuild.Policy{Build: true, RequiredTags: []string{"team"}}
	tests := []struct {
		name   string
		body   string
		policy imagebuild.Policy
		there  []imagebuild.Pipeline
		status imagebuild.Status
		want   imagebuild.OutcomeResource
		reason string
	}{
		{"by name", byName, anyRegion, []imagebuild.Pipeline{pipelineOf("ip-1", "web", old)}, imagebuild.Started,
			imagebuild.OutcomeResource{ID: "exec-001", Name: "web", ImagePipelineID: "ip-1"}, ""},
		{"by name, the newest", byName, anyRegion, []imagebuild.Pipeline{pipelineOf("ip-9", "web", old), pipelineOf("ip-2", "web", recent), pipelineOf("ip-3", "web-two", recent)}, imagebuild.Started,
			imagebuild.OutcomeResource{ID: "exec-001", Name: "web", ImagePipelineID: "ip-2"}, ""},
		{"by name, two of one second", byName, anyRegion, []imagebuild.Pipeline{pipelineOf("ip-3", "web", recent), pipelineOf("ip-2", "web", recent)}, imagebuild.Started,
			imagebuild.OutcomeResource{ID: "exec-001", Name: "web", ImagePipelineID: "ip-3"}, ""},
		{"by id", byID, anyRegion, []imagebuild.Pipeline{pipelineOf("ip-1", "web", old), pipelineOf("ip-2", "web", recent)}, imagebuild.Started,
			imagebuild.OutcomeResource{ID: "exec-001", Name: "web", ImagePipelineID: "ip-1"}, ""},
		{"no tags are required of a message", byID, tags, []imagebuild.Pipeline{pipelineOf("ip-1", "web", old)}, imagebuild.Started,
			imagebuild.OutcomeResource{ID: "exec-001", Name: "web", ImagePipelineID: "ip-1"}, ""},
		{"no such name", byName, anyRegion, []imagebuild.Pipeline{pipelineOf("ip-3", "web-two", recent)}, imagebuild.Rejected,
			imagebuild.OutcomeResource{Name: "web"}, "invalid"},
		{"no such id", byID, anyRegion, nil, imagebuild.Rejected, imagebuild.OutcomeResource{ImagePipelineID: "ip-1"}, "invalid"},
		{"name outside the policy", byName, prefix, []imagebuild.Pipeline{pipelineOf("ip-1", "web", old)}, imagebuild.Rejected,
			imagebuild.OutcomeResource{Name: "web"}, ""},
		{"id outside the policy, its name not shown", byID, prefix, []imagebuild.Pipeline{pipelineOf("ip-1", "web", old)}, imagebuild.Rejected,
			imagebuild.OutcomeResource{ImagePipelineID: "ip-1"}, ""},
		{"no builds", byName, imagebuild.Policy{}, []imagebuild.Pipeline{pipelineOf("ip-1", "web", old)}, imagebuild.Rejected,
			imagebuild.OutcomeResource{Name: "web"}, ""},
		{"no such region", `{"kind":"execution","pipelineName":"web","regionId":"cn-beijing"}`, imagebuild.Policy{Build: true},
			[]imagebuild.Pipeline{pipelineOf("ip-1", "web", old)}, imagebuild.Rejected, imagebuild.OutcomeResource{Name: "web"}, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, box := &cloud{}, &inbox{}
			for _, p := range test.there {
				c.add(p)
			}
			builder := builderOf(c, box, nil)
			builder.Policy = test.policy
			require.NoError(t, run(builder, message("m-1", test.body)).Err)
			data := box.only(t).Data
			test.want.Kind = template.Execution
			require.Equal(t, test.status, data.Status)
			require.Equal(t, test.want, data.Resource)
			require.Equal(t, "m-1", data.ClientToken, "one resource: the job's ID")
			switch {
			case test.reason != "":
				require.Equal(t, test.reason, data.Reason.Kind)
			case test.status == imagebuild.Rejected:
				require.Equal(t, "IB0258", data.Findings[0].Rule)
			default:
				require.Equal(t, "m-1", c.starts[0].ClientToken)
				require.Equal(t, test.want.ImagePipelineID, c.followUps(t)[0].ImagePipelineID)
			}
		})
	}
}

// Who must act on what a start is refused with.
func TestFaultsOfAStart(t *testing.T) {
	tests := []struct {
		err    error
		status imagebuild.Status // "" where the platform delivers again
		kind   string
	}{
		{failure(fault.Invalid, "InvalidImagePipeline.NotFound"), imagebuild.Rejected, "invalid"},
		{failure(fault.Invalid, "InvalidImagePipeline.BaseImageNotFound"), imagebuild.Rejected, "invalid"},
		{failure(fault.Permanent, "Forbidden.RAM"), imagebuild.Failed, "permanent"},
		{failure(fault.Permanent, "IdempotentParameterMismatch"), imagebuild.Failed, "permanent"},
		{failure(fault.Invalid, "InvalidImagePipeline.HasRunningExecution"), imagebuild.Skipped, "running"},
		{failure(fault.Retryable, "InvalidSecurityToken.Expired"), "", ""},
		{failure(fault.Unknown, ""), "", ""},
	}
	for _, test := range tests {
		for name, delivery := range map[string]imagebuild.Delivery{
			"message":  message("job", `{"kind":"execution","pipelineName":"there"}`),
			"template": upload("job"),
		} {
			t.Run(fault.Of(test.err).Code+", "+name, func(t *testing.T) {
				c, box := &cloud{}, &inbox{}
				c.add(pipelineOf("ip-1", "there", ""))
				c.fail = failsAt("Start", test.err)
				result := run(builderOf(c, box, text(built)), delivery)
				require.Empty(t, c.sent)
				if test.status == "" {
					require.Error(t, result.Err)
					require.Empty(t, result.Status)
					return
				}
				require.NoError(t, result.Err)
				outcomes := box.outcomes(t)
				data := outcomes[len(outcomes)-1].Data
				if name == "template" && fault.Of(test.err).Code == "InvalidImagePipeline.NotFound" {
					require.Equal(t, imagebuild.Skipped, data.Status, "nobody named it: it is gone")
					require.Equal(t, "gone", data.Reason.Kind)
					return
				}
				require.Equal(t, template.Execution, data.Resource.Kind)
				require.Equal(t, test.status, data.Status)
				require.Equal(t, test.kind, data.Reason.Kind)
				require.NotEmpty(t, data.Resource.ImagePipelineID)
			})
		}
	}
}

// An earlier delivery's execution is found by its tag, wherever the token does
// not lead to it.
func TestStartThatAnEarlierDeliveryMade(t *testing.T) {
	byName := `{"kind":"execution","pipelineName":"web"}`
	tests := []struct {
		name    string
		age     time.Duration // of the event at the second delivery
		between func(c *cloud)
	}{
		{"nothing changed", 0, func(*cloud) {}},
		{"it ended", 0, func(c *cloud) { c.end("SUCCESS") }},
		{"the token lapsed", 0, func(c *cloud) { c.end("SUCCESS"); c.started = nil }},
		{"a newer pipeline has the name", 0, func(c *cloud) { c.add(pipelineOf("ip-2", "web", "2026-05-09T00:00:00Z")) }},
		{"and something runs on it", 0, func(c *cloud) {
			c.add(pipelineOf("ip-2", "web", "2026-05-09T00:00:00Z"))
			c.started = nil
			c.executions = append(c.executions, imagebuild.Execution{ID: "exec-x", PipelineID: "ip-2", Status: "BUILDING"})
		}},
		{"a newer pipeline, a day later", 25 * time.Hour, func(c *cloud) {
			c.add(pipelineOf("ip-2", "web", "2026-05-09T00:00:00Z"))
			c.started = nil
		}},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, box := &cloud{}, &inbox{}
			c.add(pipelineOf("ip-1", "web", "2026-05-01T00:00:00Z"))
			delivery := message("job", byName)
			delivery.Time = time.Now().Add(-test.age)
			require.NoError(t, run(builderOf(c, box, nil), delivery).Err)
			test.between(c)
			require.NoError(t, run(builderOf(c, box, nil), delivery).Err)
			outcomes := box.outcomes(t)
			require.Equal(t, []string{"execution started exec-001", "execution started exec-001"}, words(t, box))
			require.Equal(t, outcomes[0].ID, outcomes[1].ID)
			require.Equal(t, outcomes[0].Data.Resource, outcomes[1].Data.Resource)
			require.Equal(t, "ip-1", c.followUps(t)[1].ImagePipelineID)
		})
	}
}

// between is what happens between the two deliveries of a job that was cut off.
type between struct {
	name   string
	change func(*cloud, *reads)
	starts when // the second delivery starts what the first did not
}

type when int

const (
	always when = iota
	ifCreated
	never
)

// Whatever call a process dies before or after, or whose answer it misses, the
// next delivery ends the job as the first would have: one pipeline, one
// execution, each outcome under one ID. The cuts are enumerated until none is met.
func TestEveryCutOfABuildThenRedelivery(t *testing.T) {
	const key = "templates/web.Dockerfile"
	nothing := between{"nothing", func(*cloud, *reads) {}, always}
	jobs := []struct {
		name     string
		delivery imagebuild.Delivery
		calls    int // of a delivery that is not cut off
		between  []between
	}{
		{"template", upload("job"), 10, []between{nothing,
			{"newer base image", func(c *cloud, _ *reads) { c.families[family] = "m-newer" }, always},
			{"the build ended", func(c *cloud, _ *reads) { c.end("SUCCESS") }, always},
			{"the object changed", func(_ *cloud, r *reads) { r.err = imagebuild.ErrSuperseded }, never},
			{"the object is gone", func(_ *cloud, r *reads) { r.err = imagebuild.ErrGone }, never},
		}},
		{"templateUri", message("job", `{"templateUri":"oss://shared/`+key+`"}`), 10, []between{nothing,
			{"another template", func(_ *cloud, r *reads) { r.text[key] = built + "RUN more\n" }, always},
			{"asks for no build any more", func(_ *cloud, r *reads) { r.text[key] = pipeline + "RUN more\n" }, ifCreated},
			{"broken", func(_ *cloud, r *reads) { r.text[key] = "BOGUS\n" }, never},
			{"gone", func(_ *cloud, r *reads) { r.err = imagebuild.ErrGone }, never},
		}},
		{"message by name", message("job", `{"kind":"execution","pipelineName":"there"}`), 5, []between{nothing,
			{"a newer pipeline", func(c *cloud, _ *reads) { c.add(pipelineOf("ip-2", "there", "2027")) }, always},
			{"the build ended", func(c *cloud, _ *reads) { c.end("FAILED") }, always},
		}},
		{"message by id", message("job", `{"kind":"execution","imagePipelineId":"ip-1"}`), 5, []between{nothing}},
	}
	for _, job := range jobs {
		for _, change := range job.between {
			t.Run(job.name+", "+change.name, func(t *testing.T) {
				for _, how := range []string{"before", "after", "lost"} {
					for at := 1; at <= job.calls; at++ {
						t.Run(fmt.Sprint(at, " ", how), func(t *testing.T) { cutBuild(t, job.delivery, job.calls, change, how, at) })
					}
				}
			})
		}
	}
}

func cutBuild(t *testing.T, delivery imagebuild.Delivery, calls int, change between, how string, at int) {
	c, box := &cloud{families: map[string]string{family: "m-base"}}, &inbox{}
	c.add(pipelineOf("ip-1", "there", "2026"))
	from := &reads{text: map[string]string{"templates/web.Dockerfile": built}}
	cut := &cutCloud{cuts: &cuts{at: at, after: how == "after", lost: how == "lost"}, cloud: c, box: box, objects: from}
	builder := &imagebuild.Builder{
		Objects: cut, Resources: cut, Builds: imagebuild.Builds{Executions: cut, Images: cut, Watch: cut},
		Policy:    imagebuild.Policy{Build: true, Buckets: []string{"shared"}},
		Publisher: imagebuild.Publisher{Outbox: cut, Jitter: func(time.Duration) time.Duration { return 0 }},
	}
	first := run(builder, delivery)
	if how == "lost" {
		require.NoError(t, first.Err)
		repeated := 1
		if delivery.Trigger == imagebuild.TriggerOSS && (at == 2 || at == 3) {
			repeated = 2 // the look-up and the create: its object is looked at again
		}
		require.Equal(t, calls+repeated, cut.calls, "each call has its cut")
	} else {
		require.Error(t, first.Err)
	}
	made := len(c.all) == 2
	started := len(c.executions) == 1 || change.starts == always || change.starts == ifCreated && made

	cut.at = 0
	change.change(c, from)
	require.NoError(t, run(builder, delivery).Err)

	said := map[string]imagebuild.Outcome{} // by ID
	ends := map[imagebuild.Status]bool{}
	for _, o := range box.outcomes(t) {
		if before, ok := said[o.ID]; ok {
			require.Equal(t, before.Data.Resource, o.Data.Resource)
			require.Equal(t, before.Data.ClientToken, o.Data.ClientToken)
		}
		said[o.ID], ends[o.Data.Status] = o, true
	}
	require.Len(t, c.executions, map[bool]int{true: 1}[started])
	require.Equal(t, started, ends[imagebuild.Started])
	if made {
		require.True(t, ends[imagebuild.Created])
		require.True(t, ends[imagebuild.Started] || ends[imagebuild.Skipped], "the build that was asked for is answered")
	}
	if started {
		require.NotEmpty(t, c.sent)
	}
	for _, f := range c.followUps(t) {
		require.Equal(t, c.executions[0].ID, f.ExecutionID)
		require.Equal(t, c.executions[0].PipelineID, f.ImagePipelineID)
	}
	mine := 0
	for _, r := range c.all {
		if slices.Contains(r.Tags, imagebuild.Tag{Key: jobTag, Value: "job"}) {
			mine++
		}
	}
	require.LessOrEqual(t, mine, 1, "one pipeline of the job")
}

// A new pipeline that the service does not list yet is waited for; later it
// counts as deleted.
func TestNewPipelineThatIsNotListed(t *testing.T) {
	c, box := &cloud{}, &inbox{}
	hidden := 2
	c.fail = func(operation string) error {
		if operation == "Pipelines" && hidden > 0 {
			hidden--
			c.regions["id-001"] = "hidden"
		} else if operation == "Pipelines" {
			c.regions["id-001"] = "cn-hangzhou"
		}
		return nil
	}
	delivery := upload("job")
	delivery.Time = time.Now()
	require.NoError(t, run(builderOf(c, box, text(built)), delivery).Err)
	require.Equal(t, []string{"pipeline created id-001", "execution started exec-001"}, words(t, box))

	c, box = &cloud{}, &inbox{}
	c.fail = func(operation string) error {
		if operation == "Pipelines" {
			c.all = nil
		}
		return nil
	}
	delivery.Time = time.Now().Add(-time.Hour)
	require.NoError(t, run(builderOf(c, box, text(built)), delivery).Err)
	require.Equal(t, []string{"pipeline created id-001", "execution skipped "}, words(t, box))
	require.Equal(t, "gone", box.outcomes(t)[1].Data.Reason.Kind)
}

// The tag by which a recalled pipeline tells that its build was asked for has
// no room beside 18 tags of the user; then only an execution that is there tells.
func TestRecalledPipelineWithoutRoomForTheTag(t *testing.T) {
	full := "# ---\n# build: true\n# tags: {" + manyTags(18) + "}\n# ---\n" + pipeline
	for name, test := range map[string]struct {
		dies func(operation string) bool
		want []string
	}{
		"started":     {func(string) bool { return false }, []string{"pipeline created id-001", "execution started exec-001"}},
		"not started": {func(operation string) bool { return operation == "Start" }, []string{"pipeline created id-001"}},
	} {
		t.Run(name, func(t *testing.T) {
			c, box := &cloud{}, &inbox{}
			c.fail = func(operation string) error {
				if test.dies(operation) {
					panic(errKilled)
				}
				return nil
			}
			_ = run(builderOf(c, &inbox{}, text(full)), upload("job"))
			require.Len(t, tags(c.creates[0]), 20)
			c.fail = nil
			gone := objects(func(imagebuild.ObjectRef) ([]byte, error) { return nil, imagebuild.ErrGone })
			require.NoError(t, run(builderOf(c, box, gone), upload("job")).Err)
			require.Equal(t, test.want, words(t, box))
		})
	}
}

// Five deliveries of one event at once start one build.
func TestFiveDeliveriesOfABuildAtOnce(t *testing.T) {
	c, box := &cloud{families: map[string]string{family: "m-base"}}, &inbox{}
	builder := builderOf(c, box, text(built))
	builder.Concurrency = 5
	deliveries := slices.Repeat([]imagebuild.Delivery{upload("job")}, 5)
	for _, r := range builder.Run(context.Background(), invocation, deliveries) {
		require.NoError(t, r.Err)
		require.Equal(t, imagebuild.Started, r.Build)
	}
	require.Len(t, c.executions, 1)
	ids := map[string]bool{}
	for _, body := range box.bodies {
		var o imagebuild.Outcome
		require.NoError(t, json.Unmarshal(body, &o))
		ids[o.ID] = true
	}
	require.Len(t, ids, 2)
}

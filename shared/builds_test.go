package shared

import (
	"context"
	"encoding/json"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ecs"
	"imagedrop/shared/local/store"
	"imagedrop/shared/sdkclient"
)

// foundry works jobs on a local ECS, whose clock is still.
type foundry struct {
	t          *testing.T
	ctx        context.Context
	clock      *account.ManualClock
	client     *ecsimage.Client
	builder    *imagebuild.Builder
	invocation imagebuild.Invocation

	text     string // of the object that is read next
	outcomes []imagebuild.Outcome
	digests  map[string]bool // of the executions that were looked at
}

func newFoundry(t *testing.T) *foundry {
	clock := account.NewManualClock(time.Now())
	state, err := store.OpenMemory()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, state.Close()) })
	acct := account.NewAt(clock)
	acct.Scale = 600 // a build takes less than a second, the signatures stay fresh
	server := httptest.NewServer(ecs.New(acct, state, ecs.Options{}))
	t.Cleanup(server.Close)
	client, err := ecsimage.New(ecsimage.Options{Endpoint: server.URL})
	require.NoError(t, err)
	key := acct.Keys.Issue(clock.Now().Add(time.Hour))
	f := &foundry{
		t: t, clock: clock, client: client, digests: map[string]bool{},
		ctx: sdkclient.WithCredentials(t.Context(), sdkclient.Credentials{
			AccessKeyID: key.AccessKeyID, AccessKeySecret: key.Secret, SecurityToken: key.Token}),
		invocation: imagebuild.Invocation{Function: "upload", Region: account.Region, AccountID: account.ID},
	}
	f.builder = &imagebuild.Builder{
		Objects: f, Resources: client, Publisher: imagebuild.Publisher{Outbox: f}, Builds: imagebuild.Builds{Executions: client, Images: client, Watch: f},
		Policy: imagebuild.Policy{Build: true, Regions: []string{"*"}, Accounts: []string{"*"}},
	}
	return f
}

// Read implements imagebuild.Objects.
func (f *foundry) Read(context.Context, imagebuild.ObjectRef, int64) ([]byte, error) {
	return []byte(f.text), nil
}

// Publish implements imagebuild.Outbox.
func (f *foundry) Publish(_ context.Context, body []byte) error {
	f.outcomes = append(f.outcomes, imagebuild.Outcome{})
	return json.Unmarshal(body, &f.outcomes[len(f.outcomes)-1])
}

// Send takes the follow-ups of builds, which nobody looks at here.
func (f *foundry) Send(context.Context, []byte, time.Duration) error { return nil }

func (f *foundry) work(delivery imagebuild.Delivery) imagebuild.OutcomeData {
	f.t.Helper()
	delivery.Time = f.clock.Now()
	r := f.builder.Run(f.ctx, f.invocation, []imagebuild.Delivery{delivery})[0]
	require.NoError(f.t, r.Err)
	return f.outcomes[len(f.outcomes)-1].Data
}

func (f *foundry) send(id, body string) imagebuild.OutcomeData {
	f.t.Helper()
	return f.work(imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, SourceID: id, Body: []byte(body)})
}

func (f *foundry) upload(id, key, text string) imagebuild.OutcomeData {
	f.t.Helper()
	f.text = text
	return f.work(imagebuild.Delivery{Trigger: imagebuild.TriggerOSS, SourceID: id,
		Object: imagebuild.ObjectRef{Bucket: "b", Key: "templates/" + key, ETag: id}})
}

// started returns the ID of the execution that an outcome tells of, and notes
// its digest.
func (f *foundry) started(o imagebuild.OutcomeData) string {
	f.t.Helper()
	require.Equal(f.t, imagebuild.Started, o.Status, "%+v", o)
	found, err := f.client.Executions(f.ctx, imagebuild.ExecutionQuery{RegionID: account.Region, IDs: []string{o.Resource.ID}})
	require.NoError(f.t, err)
	require.Len(f.t, found, 1)
	tags := map[string]string{}
	for _, tag := range found[0].Tags {
		tags[tag.Key] = tag.Value
	}
	require.Equal(f.t, o.Job.ID, tags["imagedrop:job"])
	require.NotEmpty(f.t, tags["imagedrop:base"])
	require.NotEmpty(f.t, tags["imagedrop:components"])
	f.digests[tags["imagedrop:digest"]] = true
	return found[0].ID
}

const (
	// namesake is another template of the name that manyParameters has.
	namesake       = "# ---\n# name: web-golden\n# ---\nFROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN true\n"
	manyParameters = `# ---
# name: web-golden
# description: web tier
# systemDiskSize: 40
# internetMaxBandwidthOut: 10
# instanceType: ecs.g6.large
# repairMode: Standard
# nvmeSupport: auto
# addAccounts: [1234567890123457]
# toRegionIds: [cn-shanghai, cn-beijing]
# imageOptions: {imageName: web, imageFamily: web-golden, description: web, imageTags: {a: b}}
# advancedOptions: {retainCloudAssistant: true}
# tags: {team: web}
# build: true
# ---
FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64
COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agent/1.*.*
RUN yum install -y nginx
# --- test
RUN nginx -t
`
)

// What an execution of an unchanged pipeline is started with is the same
// however the pipeline was found: by the ID of the one just created, by ID, or
// by name among others. Otherwise the first rebuild of each pipeline would say
// that its content changed.
func TestExecutionsOfOnePipelineHaveOneDigest(t *testing.T) {
	f := newFoundry(t)
	f.upload("job-0", "agent.Dockerfile", "# ---\n# componentVersion: 1.0.0\n# ---\nRUN true\n")
	f.upload("job-1", "web-golden.Dockerfile", namesake)
	f.clock.Advance(time.Second)
	first := f.upload("job-2", "web.Dockerfile", manyParameters)
	id := f.started(first)
	require.Equal(t, id, f.started(f.upload("job-2", "web.Dockerfile", manyParameters)), "delivered again")

	running := f.send("m-1", `{"kind":"execution","pipelineName":"web-golden"}`)
	require.Equal(t, imagebuild.Skipped, running.Status)
	require.Equal(t, "running", running.Reason.Kind)
	require.Equal(t, first.Resource.ImagePipelineID, running.Resource.ImagePipelineID, "the newest of the name")

	f.clock.Advance(time.Minute)
	require.Equal(t, id, f.started(f.upload("job-2", "web.Dockerfile", manyParameters)), "delivered again after its end")
	require.NotEqual(t, id, f.started(f.send("m-2", `{"kind":"execution","pipelineName":"web-golden"}`)))
	f.clock.Advance(time.Minute)
	f.started(f.send("m-3", `{"kind":"execution","imagePipelineId":"`+first.Resource.ImagePipelineID+`"}`))
	require.Len(t, f.digests, 1)

	f.clock.Advance(time.Minute)
	f.upload("job-3", "agent.Dockerfile", "# ---\n# componentVersion: 1.1.0\n# ---\nRUN false\n")
	f.started(f.send("m-4", `{"kind":"execution","pipelineName":"web-golden"}`))
	require.Len(t, f.digests, 2, "a new version of a component is another input")
}

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

// drop takes what a job reads and sends.
type drop struct {
	text     string
	outcomes []imagebuild.Outcome
	sent     [][]byte
}

func (d *drop) Read(context.Context, imagebuild.ObjectRef, int64) ([]byte, error) {
	return []byte(d.text), nil
}

func (d *drop) Publish(_ context.Context, body []byte) error {
	d.outcomes = append(d.outcomes, imagebuild.Outcome{})
	return json.Unmarshal(body, &d.outcomes[len(d.outcomes)-1])
}

func (d *drop) Send(_ context.Context, body []byte, _ time.Duration) error {
	d.sent = append(d.sent, body)
	return nil
}

// What an execution of an unchanged pipeline is started with is the same
// however the pipeline was found: by the ID of the one just created, by ID, or
// by name among others. Otherwise the first rebuild of each pipeline would say
// that its content changed.
func TestExecutionsOfOnePipelineHaveOneDigest(t *testing.T) {
	const (
		other = "FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN true\n"
		full  = `# ---
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
	ctx := sdkclient.WithCredentials(t.Context(), sdkclient.Credentials{AccessKeyID: key.AccessKeyID, AccessKeySecret: key.Secret, SecurityToken: key.Token})

	d := &drop{}
	builder := &imagebuild.Builder{
		Objects: d, Resources: client, Publisher: imagebuild.Publisher{Outbox: d}, Builds: imagebuild.Builds{Executions: client, Images: client, Watch: d},
		Policy: imagebuild.Policy{Build: true, Regions: []string{"*"}, Accounts: []string{"*"}},
	}
	invocation := imagebuild.Invocation{Function: "upload", Region: account.Region, AccountID: account.ID}
	work := func(delivery imagebuild.Delivery) imagebuild.OutcomeData {
		t.Helper()
		r := builder.Run(ctx, invocation, []imagebuild.Delivery{delivery})[0]
		require.NoError(t, r.Err)
		return d.outcomes[len(d.outcomes)-1].Data
	}
	send := func(id, body string) imagebuild.OutcomeData {
		t.Helper()
		return work(imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, SourceID: id, Body: []byte(body), Time: clock.Now()})
	}
	upload := func(id, key, text string) imagebuild.OutcomeData {
		t.Helper()
		d.text = text
		return work(imagebuild.Delivery{Trigger: imagebuild.TriggerOSS, SourceID: id, Time: clock.Now(),
			Object: imagebuild.ObjectRef{Bucket: "b", Key: "templates/" + key, ETag: id}})
	}
	digests := map[string]bool{}
	started := func(o imagebuild.OutcomeData) string {
		t.Helper()
		require.Equal(t, imagebuild.Started, o.Status, "%+v", o)
		found, err := client.Executions(ctx, imagebuild.ExecutionQuery{RegionID: account.Region, IDs: []string{o.Resource.ID}})
		require.NoError(t, err)
		require.Len(t, found, 1)
		tags := map[string]string{}
		for _, tag := range found[0].Tags {
			tags[tag.Key] = tag.Value
		}
		require.Equal(t, o.Job.ID, tags["imagedrop:job"])
		require.NotEmpty(t, tags["imagedrop:base"])
		require.NotEmpty(t, tags["imagedrop:components"])
		digests[tags["imagedrop:digest"]] = true
		return found[0].ID
	}

	upload("job-0", "agent.Dockerfile", "# ---\n# componentVersion: 1.0.0\n# ---\nRUN true\n")
	upload("job-1", "web-golden.Dockerfile", "# ---\n# name: web-golden\n# ---\n"+other)
	clock.Advance(time.Second)
	first := upload("job-2", "web.Dockerfile", full)
	id := started(first)
	require.Equal(t, id, started(upload("job-2", "web.Dockerfile", full)), "delivered again")

	running := send("m-1", `{"kind":"execution","pipelineName":"web-golden"}`)
	require.Equal(t, imagebuild.Skipped, running.Status)
	require.Equal(t, "running", running.Reason.Kind)
	require.Equal(t, first.Resource.ImagePipelineID, running.Resource.ImagePipelineID, "the newest of the name")

	clock.Advance(time.Minute)
	require.Equal(t, id, started(upload("job-2", "web.Dockerfile", full)), "delivered again after its end")
	require.NotEqual(t, id, started(send("m-2", `{"kind":"execution","pipelineName":"web-golden"}`)))
	clock.Advance(time.Minute)
	started(send("m-3", `{"kind":"execution","imagePipelineId":"`+first.Resource.ImagePipelineID+`"}`))
	require.Len(t, digests, 1)

	clock.Advance(time.Minute)
	upload("job-3", "agent.Dockerfile", "# ---\n# componentVersion: 1.1.0\n# ---\nRUN false\n")
	started(send("m-4", `{"kind":"execution","pipelineName":"web-golden"}`))
	require.Len(t, digests, 2, "a new version of a component is another input")
}

package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	ecscredentials "github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
	"imagedrop/shared/sdkclient"
)

const (
	planComponent = "# ---\n# name: agent\n# componentVersion: 1.4.*\n# description: the agent\n# ---\nRUN yum install -y agent\nRUN systemctl enable agent\n"
	planPipeline  = "# ---\n# name: web\n# toRegionIds: [cn-shanghai, cn-beijing]\n# tags: {team: web}\n# systemDiskSize: 60\n# ---\n" +
		"FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nCOMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agent/1.*.*\nRUN yum install -y nginx\n"
)

// plansIn reads what --json prints.
func plansIn(t *testing.T, r result) []planJSON {
	t.Helper()
	var got plans
	require.NoError(t, json.Unmarshal([]byte(r.out), &got), r.out+r.err)
	require.Equal(t, 1, got.Version)
	return got.Plans
}

func parameterIn(r *planRequest, name string) string {
	for _, p := range r.Parameters {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

// What a plan says, the functions then do; and it does nothing itself.
func TestPlanThenDrop(t *testing.T) {
	l := newLocal(t)
	dir := folder(t, map[string]string{"agent.Dockerfile": planComponent, "web.Dockerfile": planPipeline, "bad.Dockerfile": "BOGUS\n"})
	l.Account().Faults.Record()
	before := plansIn(t, l.run("plan", "--json", dir).requireCode(t, exitRejected))
	for _, call := range l.Account().Faults.Calls() {
		require.True(t, strings.HasPrefix(call.Operation, "Describe"), call.Operation)
	}
	require.Equal(t, []string{"created", "rejected", "created"}, []string{before[0].Alibaba.Outcome, before[1].Alibaba.Outcome, before[2].Alibaba.Outcome})
	require.Nil(t, before[1].Alibaba.Request)
	require.Equal(t, "IB0101", before[1].Findings[0].Rule)
	require.Empty(t, before[2].Alibaba.Notices, "the component of this very run is reached")
	require.Equal(t, "1.4.0", before[0].Alibaba.Resource.Version)

	dropped := byKey(t, l.run("drop", "--json", dir).requireCode(t, exitRejected).outcomes(t))
	require.Equal(t, "1.4.0", dropped["templates/agent.Dockerfile"].Data.Resource.Version)
	for i, key := range []string{"templates/agent.Dockerfile", "templates/bad.Dockerfile", "templates/web.Dockerfile"} {
		require.Equal(t, before[i].Alibaba.Outcome, dropped[key].Data.Status)
	}

	after := plansIn(t, l.run("plan", "--json", dir).requireCode(t, exitRejected))
	for _, i := range []int{0, 2} {
		require.Equal(t, "unchanged", after[i].Alibaba.Outcome)
		require.Equal(t, after[i].Alibaba.Newest.ID, after[i].Alibaba.Resource.ID)
		require.False(t, after[i].Alibaba.Sent)
		require.Empty(t, after[i].Alibaba.Changes)
		require.Empty(t, after[i].Alibaba.Diff)
	}
}

// The token and every tag are those of the job that --message-id names.
func TestPlanOfAJob(t *testing.T) {
	l := newLocal(t)
	file := write(t, "agent.Dockerfile", planComponent)
	planned := plansIn(t, l.run("plan", "--json", "--message-id", "job-7", file).requireCode(t, exitDone))[0]
	require.Equal(t, "job-7", planned.JobID)
	require.Equal(t, "job-7", planned.Alibaba.Request.ClientToken)
	require.Equal(t, "job-7", parameterIn(planned.Alibaba.Request, "ClientToken"))

	dropped := l.run("drop", "--json", file).requireCode(t, exitDone).outcomes(t)[0]
	again := plansIn(t, l.run("plan", "--json", "--message-id", dropped.Data.Job.ID, file).requireCode(t, exitDone))[0]
	require.Equal(t, "created", again.Alibaba.Outcome, "by this job, before")
	require.Equal(t, dropped.Data.Resource.ID, again.Alibaba.Resource.ID)
	require.False(t, again.Alibaba.Sent)
	require.Contains(t, l.run("plan", "--message-id", dropped.Data.Job.ID, file).out, "created component agent 1.4.0 in cn-hangzhou: this job made "+dropped.Data.Resource.ID+" before\n")

	sent := planned.Alibaba.Request
	digest := sent.Parameters[slices.IndexFunc(sent.Parameters, func(p planParameter) bool { return p.Value == "imagedrop:digest" })+1].Value
	made := describe(t, l.cloud.Endpoints, "component", "agent")[0]
	require.Equal(t, parameterIn(sent, "Content"), made.Content)
	require.Contains(t, made.Tags.Tag, struct{ TagKey, TagValue string }{"imagedrop:digest", digest})

	build := write(t, "web.Dockerfile", "# ---\n# build: true\n# ---\nFROM IMAGE_FAMILY:acs:debian_12_x64\n")
	unknownJob := plansIn(t, l.run("plan", "--json", build).requireCode(t, exitDone))[0]
	require.Empty(t, unknownJob.JobID)
	require.Empty(t, unknownJob.Alibaba.Request.ClientToken)
	require.Contains(t, unknownJob.Alibaba.Request.ClientTokenFrom, "SHA-256 of the job's ID and kind pipeline")
	require.True(t, unknownJob.Alibaba.Build)
	l.run("plan", "--message-id", "a", file, build).requireCode(t, exitTrouble)
}

func TestPlanShowsWhatChanges(t *testing.T) {
	l := newLocal(t)
	dir := folder(t, map[string]string{"agent.Dockerfile": planComponent, "web.Dockerfile": planPipeline})
	l.run("drop", dir).requireCode(t, exitDone)
	changed := strings.NewReplacer("nginx", "httpd", "[cn-shanghai, cn-beijing]", "[cn-beijing]", "team: web", "team: site, empty: ''", "systemDiskSize: 60", "internetMaxBandwidthOut: 10").Replace(planPipeline)
	file := filepath.Join(dir, "web.Dockerfile")
	require.NoError(t, os.WriteFile(file, []byte(changed), 0o644))

	got := plansIn(t, l.run("plan", "--json", file).requireCode(t, exitDone))[0].Alibaba
	require.Equal(t, "created", got.Outcome)
	require.Equal(t, []change{
		{"InternetMaxBandwidthOut", "0", "10"}, {"SystemDiskSize", "60", ""}, {"Tag empty", "", `""`}, {"Tag team", "web", "site"}, {"ToRegionId", "cn-beijing, cn-shanghai", "cn-beijing"},
	}, got.Changes)
	require.Equal(t, "--- "+got.Newest.ID+" BuildContent\n+++ "+file+" BuildContent\n@@ -1,3 +1,3 @@\n"+
		" FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\n COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/agent/1.*.*\n-RUN yum install -y nginx\n+RUN yum install -y httpd\n", got.Diff)

	text := l.run("plan", file).requireCode(t, exitDone)
	require.Contains(t, text.out, got.Diff)
	require.Contains(t, text.out, "  change: ToRegionId: cn-beijing, cn-shanghai → cn-beijing\n")
	require.Regexp(t, `\n    BuildContent +3 lines, 155 bytes\n`, text.out)
	require.NotContains(t, text.out, "      RUN yum install -y httpd\n")
	require.Contains(t, l.run("plan", "--content", file).out, "      RUN yum install -y httpd\n")
	require.NotContains(t, text.out, "\x1b")

	agent := filepath.Join(dir, "agent.Dockerfile")
	require.NoError(t, os.WriteFile(agent, []byte(strings.Replace(planComponent, "1.4.*", "2.*.*", 1)), 0o644))
	l.run("drop", agent).requireCode(t, exitDone)
	require.Contains(t, l.run("plan", file).requireCode(t, exitDone).out,
		"  warning: COMPONENT agent/1.*.*: agent/1.*.* can never reach the newest version, 2.0.0; it stays at what it covers, now 1.4.0\n    help: ")
	pinned := write(t, "agent.Dockerfile", strings.Replace(planComponent, "1.4.*", "1.4.0", 1)+"RUN more\n")
	taken := l.run("plan", pinned).requireCode(t, exitRejected).out
	require.Contains(t, taken, "rejected component agent in cn-hangzhou: this name has a component of this version already: raise componentVersion (InvalidComponentVersion.Exist)\n")
	require.Regexp(t, `\n  help: ic-\w+ is 1\.4\.0 with other content or parameters, and stays as it is; write componentVersion: 1\.4\.1, or 1\.4\.\* for the next free number each time\n`, taken)
	require.Contains(t, taken, "    ComponentVersion  1.4.0\n", "the request is sent, and refused")
	require.Contains(t, taken, "+RUN more\n")
}

func TestPlanOffline(t *testing.T) {
	dir := folder(t, map[string]string{"agent.Dockerfile": planComponent})
	t.Chdir(dir)
	r := imagedrop(t, "plan", "--offline", "agent.Dockerfile").requireCode(t, exitDone)
	require.Empty(t, r.err)
	require.Equal(t, `agent.Dockerfile: component agent in cn-hangzhou (no cloud was asked)
  2 commands, 51 of 16384 bytes
  CreateImageComponent
    Name              agent
    Description       the agent
    ComponentVersion  <the next free number below 1.4.*>
    Content           2 lines, 51 bytes
    RegionId          cn-hangzhou
    Tag.1.Key         imagedrop:job
    Tag.1.Value       <job-id>
    Tag.2.Key         imagedrop:digest
    Tag.2.Value       459e33f8d872ae93a03b5045db4bca8b651c82e760c9c1d91f19891ac5601e5d
    Tag.3.Key         imagedrop:version
    Tag.3.Value       <the next free number below 1.4.*>
    ClientToken       <the job's ID>
`, r.out)
	require.Contains(t, imagedrop(t, "plan", "--state", "nowhere", "agent.Dockerfile").requireCode(t, exitTrouble).err, "--offline plans without one")
}

// The region of an AWS component is no parameter, and shown all the same.
func TestPlanNamesTheRegionOfAWS(t *testing.T) {
	file := write(t, "web.Dockerfile", "# ---\n# targets: [aws]\n# aws: {regionId: eu-central-1}\n# ---\nRUN true\n")
	require.Contains(t, imagedrop(t, "plan", "--offline", file).requireCode(t, exitDone).out, "\n  AWS in eu-central-1:\n  CreateComponent\n")
	require.Equal(t, "eu-central-1", plansIn(t, imagedrop(t, "plan", "--offline", "--json", file))[0].AWS.RegionID)
}

// A secret that rejects is printed nowhere; another text is, for it is sent.
func TestPlanRepeatsNoSecret(t *testing.T) {
	key := "LTAI" + "5tQnKxVbRzWmYpHdGsLc"
	file := write(t, "web.Dockerfile", "FROM IMAGE:m-bp1dn1jknuu9irg88cdb\nRUN true\n# --- test\nRUN curl -H key:"+key+" https://example.com/\n")
	for _, flag := range []string{"--content", "--json"} {
		r := imagedrop(t, "plan", "--offline", flag, file).requireCode(t, exitRejected)
		require.Contains(t, r.out, "IB0401")
		require.NotContains(t, r.out, key)
	}
	sent := imagedropOn(t, "RUN true\n", "plan", "--offline", "--json", "-").requireCode(t, exitDone)
	require.Equal(t, "RUN true", plansIn(t, sent)[0].Content.Text)
}

// The form that consumers rely on: these members, each of them always there.
func TestPlanJSONHasEveryMember(t *testing.T) {
	l := newLocal(t)
	file := write(t, "agent.Dockerfile", strings.Replace(planComponent, "# name", "# targets: [alibaba, aws]\n# name", 1))
	l.run("drop", file).requireCode(t, exitDone)
	require.NoError(t, os.WriteFile(file, []byte("# ---\n# targets: [alibaba, aws]\n# ---\nRUN true\n"), 0o644))
	r := l.run("plan", "--json", file).requireCode(t, exitDone)
	var got struct{ Plans []map[string]json.RawMessage }
	require.NoError(t, json.Unmarshal([]byte(r.out), &got))
	object := func(raw json.RawMessage) map[string]json.RawMessage {
		var members map[string]json.RawMessage
		require.NoError(t, json.Unmarshal(raw, &members))
		return members
	}
	require.ElementsMatch(t, strings.Fields("path kind jobId content testContent alibaba aws findings"), keys(got.Plans[0]))
	require.ElementsMatch(t, strings.Fields("text bytes maxBytes commands maxCommands"), keys(object(got.Plans[0]["content"])))
	alibaba := object(got.Plans[0]["alibaba"])
	require.ElementsMatch(t, strings.Fields("outcome reason help regionId resource newest request sent build changes diff notices"), keys(alibaba))
	require.ElementsMatch(t, strings.Fields("id name version creationTime"), keys(object(alibaba["newest"])))
	require.ElementsMatch(t, strings.Fields("action parameters clientToken clientTokenFrom"), keys(object(alibaba["request"])))
	aws := object(got.Plans[0]["aws"])
	require.ElementsMatch(t, strings.Fields("outcome regionId characters maxCharacters request"), keys(aws))
	require.Equal(t, `"CreateComponent"`, string(object(aws["request"])["action"]))
	require.Equal(t, `"2.0.0"`, string(object(alibaba["resource"])["version"]), "what the service gives where none is asked for")
}

// 127 is for commands; a YAML component may have as many tasks as fit its bytes.
func TestPlanOfYAMLHasNoLimitOfTasks(t *testing.T) {
	for name, want := range map[string]any{"agent.Dockerfile": 127.0, "agent.yaml": nil} {
		text := map[string]string{"agent.Dockerfile": "RUN true\n", "agent.yaml": "Tasks:\n" + strings.Repeat("  - {Name: NEXT, Action: Reboot}\n", 130)}[name]
		for i := range 130 {
			text = strings.Replace(text, "NEXT", fmt.Sprint("t", i), 1)
		}
		r := imagedrop(t, "plan", "--offline", "--json", write(t, name, text)).requireCode(t, exitDone)
		var got struct {
			Plans []struct{ Content map[string]any }
		}
		require.NoError(t, json.Unmarshal([]byte(r.out), &got))
		require.Contains(t, got.Plans[0].Content, "maxCommands")
		require.Equal(t, want, got.Plans[0].Content["maxCommands"], name)
	}
}

func TestPlanOfMessages(t *testing.T) {
	l := newLocal(t)
	plan := func(in string, args ...string) (planJSON, result) {
		r := l.t
		got := imagedropOn(r, in, append([]string{"plan", "--json", "--state", l.state}, append(args, "-")...)...)
		if got.code == exitTrouble {
			return planJSON{}, got
		}
		return plansIn(r, got)[0], got
	}
	text, _ := plan("RUN true\n")
	require.Equal(t, "created", text.Alibaba.Outcome)
	token, _ := plan(`{"clientToken":"release-7","name":"web","content":"RUN true"}`)
	require.Equal(t, []string{"release-7", "release-7"}, []string{token.JobID, token.Alibaba.Request.ClientToken})

	// What a token made stays its answer, whatever the message says by now.
	sent := func(in string) outcome {
		return imagedropOn(l.t, in, "send", "--json", "--state", l.state, "-").requireCode(l.t, exitDone).outcomes(l.t)[0]
	}
	made := sent(`{"clientToken":"release-7","name":"web","content":"RUN true"}`).Data.Resource.ID
	const changed = `{"clientToken":"release-7","name":"web","content":"RUN more"}`
	again, _ := plan(changed)
	require.Equal(t, []any{"created", made, false}, []any{again.Alibaba.Outcome, again.Alibaba.Resource.ID, again.Alibaba.Sent})
	require.Contains(t, again.Alibaba.Help, "another clientToken")
	require.Equal(t, made, sent(changed).Data.Resource.ID)

	l.run("drop", write(t, "web.Dockerfile", planPipeline+"RUN true\n"), write(t, "agent.Dockerfile", planComponent)).requireCode(t, exitDone)
	bucket, _ := plan(`{"templateUri":"oss://imagedrop-templates/templates/web.Dockerfile"}`)
	require.Equal(t, "unchanged", bucket.Alibaba.Outcome)
	_, gone := plan(`{"templateUri":"oss://imagedrop-templates/templates/none.Dockerfile"}`)
	require.Equal(t, exitRejected, gone.code)
	require.Contains(t, gone.out, "templateUri names an object that does not exist")
	offline := imagedropOn(t, `{"templateUri":"oss://imagedrop-templates/a.Dockerfile"}`, "plan", "--offline", "-").requireCode(t, exitTrouble)
	require.Contains(t, offline.err, "the template is in a bucket, which --offline does not read")

	start, _ := plan(`{"kind":"execution","pipelineName":"web"}`)
	require.Equal(t, "started", start.Alibaba.Outcome)
	require.Equal(t, "StartImagePipelineExecution", start.Alibaba.Request.Action)
	require.True(t, strings.HasPrefix(parameterIn(start.Alibaba.Request, "ImagePipelineId"), "ip-"))
	blind := imagedropOn(t, `{"kind":"execution","pipelineName":"web"}`, "plan", "--offline", "-").requireCode(t, exitDone)
	require.Regexp(t, `(?m)^    ImagePipelineId  <the ID of pipeline web>$`, blind.out)
	none, r := plan(`{"kind":"execution","pipelineName":"none"}`)
	require.Equal(t, []any{"rejected", exitRejected}, []any{none.Alibaba.Outcome, r.code})
}

// --cloud signs with the usual credentials, which no output repeats.
func TestPlanInTheCloud(t *testing.T) {
	l := newLocal(t)
	file := write(t, "agent.Dockerfile", planComponent)
	l.run("drop", file).requireCode(t, exitDone)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_ID", account.AccessKeyID)
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", account.AccessKeySecret)
	for _, format := range []string{"--json=true", "--json=false"} {
		r := imagedrop(t, "plan", format, "--cloud", "--account", account.ID, "--ecs-endpoint", l.cloud.ECS, "--content", file).requireCode(t, exitDone)
		require.Contains(t, r.out, "unchanged")
		require.NotContains(t, r.out+r.err, account.AccessKeySecret)
		require.NotContains(t, r.out+r.err, account.AccessKeyID)
	}
	t.Setenv("ALIBABA_CLOUD_ACCESS_KEY_SECRET", "wrong")
	r := imagedrop(t, "plan", "--cloud", "--ecs-endpoint", l.cloud.ECS, file).requireCode(t, exitRejected)
	require.Contains(t, r.out, "failed component agent in cn-hangzhou: ")
	require.Contains(t, r.out, "SignatureDoesNotMatch")
	imagedrop(t, "plan", "--account", "1", file).requireCode(t, exitTrouble)
	imagedrop(t, "plan", "--cloud", "--offline", file).requireCode(t, exitTrouble)
}

func TestPlanWithAPolicy(t *testing.T) {
	policy := write(t, "policy.yaml", "namePrefix: team-\n")
	file := write(t, "agent.Dockerfile", planComponent)
	require.Contains(t, imagedrop(t, "plan", "--offline", "--policy", policy, file).requireCode(t, exitRejected).out, "IB0258: the name must begin with team-")
	imagedrop(t, "plan", "--offline", "--policy", policy+"x", file).requireCode(t, exitTrouble)

	l := newLocal(t) // its functions have one
	abroad := write(t, "agent.Dockerfile", "# ---\n# regionId: eu-central-1\n# ---\nRUN true\n")
	require.Equal(t, "rejected", l.run("drop", "--json", abroad).requireCode(t, exitRejected).outcomes(t)[0].Data.Status)
	require.Contains(t, l.run("plan", abroad).requireCode(t, exitRejected).out, "IB0258: regionId eu-central-1 is not allowed")
	all := write(t, "policy.yaml", "regions: ['*']\n")
	require.Contains(t, l.run("plan", "--policy", all, abroad).requireCode(t, exitDone).out, "created component agent 1.0.0 in eu-central-1\n")
	require.NotContains(t, imagedrop(t, "plan", "--offline", abroad).requireCode(t, exitDone).out, "IB0258")
}

// One input that cannot be planned keeps no other from its plan.
func TestPlanOfAnUnreadableFile(t *testing.T) {
	dir := folder(t, map[string]string{"fine.Dockerfile": "RUN true\n"})
	require.NoError(t, os.Symlink("nowhere", filepath.Join(dir, "gone.Dockerfile")))
	r := imagedrop(t, "plan", "--offline", dir).requireCode(t, exitTrouble)
	require.Contains(t, r.out, "fine.Dockerfile: component fine")
	require.Contains(t, r.err, "gone.Dockerfile")
}

// Components come first, as they do where they are dropped, also before a
// pipeline that a message takes from a bucket.
func TestPlanReachesTheComponentsOfTheSameRun(t *testing.T) {
	l := newLocal(t)
	_, err := l.cloud.objects.PutObject(t.Context(), &oss.PutObjectRequest{
		Bucket: oss.Ptr(l.cloud.Bucket), Key: oss.Ptr("other/web.Dockerfile"),
		Body: strings.NewReader(strings.Replace(planPipeline, "# name", "# build: true\n# name", 1)),
	})
	require.NoError(t, err)
	dir := folder(t, map[string]string{"agent.Dockerfile": planComponent, "web.json": `{"templateUri":"oss://` + l.cloud.Bucket + `/other/web.Dockerfile"}`})
	web := filepath.Join(dir, "web.json")
	require.Equal(t, "ImageComponent.NotFound", plansIn(t, l.run("plan", "--json", web).requireCode(t, exitRejected))[0].Alibaba.Reason.Code)
	for _, p := range plansIn(t, l.run("plan", "--json", filepath.Join(dir, "agent.Dockerfile"), web).requireCode(t, exitDone)) {
		require.Equal(t, "created", p.Alibaba.Outcome, p.Path)
		require.Equal(t, "the job's ID", p.Alibaba.Request.ClientTokenFrom, "also with a build, where the object may change")
	}
}

// A cloud that does not answer is waited for once, not once a file; another
// region may answer all the same.
func TestPlanAsksASilentCloudOnce(t *testing.T) {
	files := map[string]string{"elsewhere.Dockerfile": "# ---\n# regionId: cn-beijing\n# ---\nRUN true\n"}
	for i := range 20 {
		files[fmt.Sprintf("web-%02d.Dockerfile", i)] = "RUN true\n"
	}
	inputs := planInputs(t.Context(), []string{folder(t, files)}, streams{})
	p := &planner{timeout: time.Nanosecond, invocation: imagebuild.Invocation{Region: account.Region}}
	var err error
	p.Policy, err = planFlags{}.readPolicy("")
	require.NoError(t, err)
	require.NoError(t, p.connect("http://127.0.0.1:1", "http://127.0.0.1:1"))
	steps := make(chan bool, len(inputs))
	p.planAll(sdkclient.WithCredentials(t.Context(), sdkclient.Credentials{AccessKeyID: "id", AccessKeySecret: "secret"}), inputs, func() { steps <- true })
	require.Len(t, steps, len(inputs))
	asked := 0
	for _, in := range inputs {
		require.Error(t, in.err)
		if !errors.Is(in.err, errNotAsked) {
			asked++
		}
	}
	require.NotErrorIs(t, inputs[0].err, errNotAsked, "elsewhere")
	require.LessOrEqual(t, asked, 1+planWidth)

	var out bytes.Buffer
	err = printPlans(inputs, planFlags{}, streams{out: &out})
	require.ErrorContains(t, err, fmt.Sprintf("%d more: not planned, since nothing answers", len(inputs)-asked))
	require.Empty(t, out.String())
}

// The built program, as a person runs it.
func TestPlanAsAProgram(t *testing.T) {
	file := write(t, "agent.Dockerfile", planComponent)
	out, err := newCommand("plan", "--offline", file).CombinedOutput()
	require.NoError(t, err, string(out))
	require.Contains(t, string(out), "component agent in cn-hangzhou (no cloud was asked)\n")
}

// Where only the content changes, no parameter seems to: whatever the service
// adds, orders or spells otherwise.
func TestPlanComparesEveryParameter(t *testing.T) {
	l := newLocal(t)
	headers := map[string]string{
		"component": "description: of a test\n# tags: {a: '1', b: ''}\n# systemType: Linux",
		"test":      "componentType: Test",
		"pipeline": "description: of a test\n# tags: {a: '1'}\n# baseImageType: IMAGE\n# baseImage: m-bp67acfmxazb4p****\n# vSwitchId: vsw-bp67acfmxazb4p****\n# instanceType: ecs.g6.large\n" +
			"# systemDiskSize: 40\n# internetMaxBandwidthOut: 5\n# deleteInstanceOnFailure: true\n# repairMode: Standard\n# addAccounts: ['1234567890', '1']\n# toRegionIds: [cn-shanghai, cn-beijing]\n" +
			"# imageOptions: {imageName: web, imageFamily: web, description: image, imageFeatures: {nvmeSupport: auto}, imageTags: {z: '1', y: '2'}}\n# advancedOptions: {retainCloudAssistant: true, imageNameSuffix: disable}",
		"old": "baseImageType: IMAGE\n# baseImage: m-bp67acfmxazb4p****\n# imageName: web\n# imageFamily: web\n# nvmeSupport: auto",
		"import": "baseImageType: OSS\n# importImageOptions: {architecture: arm64, osType: linux, platform: Ubuntu, bootMode: UEFI, licenseType: Auto, features: {nvmeSupport: supported}, " +
			"diskDeviceMappings: [{ossBucket: disks, ossObject: a.raw, format: RAW, diskImageSize: 40}, {ossBucket: disks, ossObject: b.raw}]}",
	}
	files := map[string]string{}
	for name, header := range headers {
		files[name+".Dockerfile"] = "# ---\n# " + header + "\n# ---\nRUN true\n"
	}
	dir := folder(t, files)
	policy := write(t, "policy.yaml", `{regions: ["*"], accounts: ["*"], vSwitchIds: ["*"], targets: ["*"]}`)
	require.Empty(t, plansIn(t, imagedrop(t, "plan", "--offline", "--json", "--policy", policy, dir).requireCode(t, exitDone))[0].Findings)
	for name, text := range files {
		form := url.Values{}
		for _, p := range plansIn(t, imagedropOn(t, "", "plan", "--offline", "--json", "--message-id", "job-"+name, filepath.Join(dir, name)).requireCode(t, exitDone))[0].Alibaba.Request.Parameters {
			form.Set(p.Name, p.Value)
		}
		create(t, l.cloud.Endpoints, strings.Contains(text, "baseImageType"), form)
	}
	for _, p := range plansIn(t, l.run("plan", "--json", "--policy", policy, dir).requireCode(t, exitDone)) {
		require.Equal(t, "unchanged", p.Alibaba.Outcome, p.Path)
	}
	for name, text := range files {
		require.NoError(t, os.WriteFile(filepath.Join(dir, name), []byte(text+"RUN more\n"), 0o644))
	}
	for _, p := range plansIn(t, l.run("plan", "--json", "--policy", policy, dir).requireCode(t, exitDone)) {
		require.Equal(t, "created", p.Alibaba.Outcome)
		require.Empty(t, p.Alibaba.Changes, p.Path)
		require.True(t, strings.HasSuffix(p.Alibaba.Diff, " RUN true\n+RUN more\n"), p.Alibaba.Diff)
	}
}

// What the service refuses for a COMPONENT reference, a plan refuses with the
// same code, whatever it is that the functions are then answered.
func TestPlanTellsWhatTheServiceRefuses(t *testing.T) {
	l := newLocal(t)
	parts := folder(t, map[string]string{
		"sized.yaml":       "# ---\n# componentVersion: 1.0.0\n# ---\nParameters:\n  size: {Type: Number}\n  colour: {Type: String, DefaultValue: ''}\nTasks:\n  - {Name: a, Action: RunShellCommand, Properties: {commandContent: 'echo {{ size }} {{ colour }}'}}\n",
		"check.Dockerfile": "# ---\n# componentType: Test\n# ---\nRUN true\n",
	})
	l.run("drop", parts).requireCode(t, exitDone)
	const own = "COMPONENT acs:ecs:cn-hangzhou:1234567890123456:imagecomponent/"
	calls := map[string]struct{ call, code string }{
		"fits":      {own + "sized/1.*.* --size 3\n# --- test\n" + own + "check/1.0.0", ""},
		"quoted":    {own + "sized/1.0.0 --size 3 --colour \"light blue\"", ""},
		"missing":   {own + "sized/1.0.0 --colour red", "InvalidParameter.BuildContent"},
		"unknown":   {own + "sized/1.0.0 --size 3 --color red", "InvalidParameter.BuildContent"},
		"none":      {"RUN true\n# --- test\n" + own + "check/1.0.0 --size 3", "InvalidParameter.TestContent"},
		"for-test":  {own + "check/1.0.0", "InvalidImageComponent.NotSupported"},
		"for-build": {"RUN true\n# --- test\n" + own + "sized/1.0.0 --size 3", "InvalidImageComponent.NotSupported"},
		"by-id":     {"COMPONENT ic-bp67acfmxazb4p0000", "ImageComponent.NotFound"},
		"elsewhere": {"COMPONENT acs:ecs:cn-beijing:1234567890123457:imagecomponent/sized/1.0.0", "ImageComponent.NotFound"},
		"others":    {"COMPONENT acs:ecs:cn-hangzhou:1234567890123457:imagecomponent/sized/1.0.0", "ImageComponent.NotFound"},
	}
	files := map[string]string{}
	for name, c := range calls {
		files[name+".Dockerfile"] = "FROM IMAGE_FAMILY:acs:debian_12_x64\n" + c.call + "\n"
	}
	dir := folder(t, files)
	plans := plansIn(t, l.run("plan", "--json", dir).requireCode(t, exitRejected))
	dropped := byKey(t, l.run("drop", "--json", dir).requireCode(t, exitRejected).outcomes(t))
	require.Len(t, plans, len(calls))
	for _, p := range plans {
		name := strings.TrimSuffix(filepath.Base(p.Path), ".Dockerfile")
		told, came := p.Alibaba, dropped["templates/"+name+".Dockerfile"].Data
		require.Equal(t, came.Status, told.Outcome, name)
		require.True(t, told.Sent, name)
		if calls[name].code == "" {
			require.Equal(t, "created", told.Outcome, name)
			require.Empty(t, told.Notices, name)
			continue
		}
		require.Equal(t, []string{calls[name].code, calls[name].code}, []string{told.Reason.Code, came.Reason.Code}, name)
		require.Len(t, told.Notices, 1, name)
		require.Equal(t, calls[name].code, told.Notices[0].Code)
		text := l.run("plan", filepath.Join(dir, name+".Dockerfile")).requireCode(t, exitRejected).out
		require.Contains(t, text, name+".Dockerfile: rejected pipeline "+name+" in cn-hangzhou: the service would answer "+calls[name].code+"\n")
		require.Contains(t, text, " → "+calls[name].code+"\n    help: ")
	}
}

// The request of a plan made before, sent again with the job that came, is the
// functions' own to the last parameter: its token is answered with what they made.
func TestPlanIsTheRequestThatIsSent(t *testing.T) {
	l := newLocal(t)
	tags := func(n int) (list string) {
		for i := range n {
			list += fmt.Sprintf("t%d: 'v%d', ", i, i)
		}
		return "# tags: {" + list + "}\n"
	}
	rounds := []struct{ file, text, outcome, version string }{
		{"team-a/Dockerfile", "# why\nrun true \\\n# and\n\n  && echo ok\r\n", "created", "1.0.0"},
		{"网络.Dockerfile", "# ---\n# name: 黄金镜像\n# description: 网络层\n# tags: {空: ''}\n# ---\nRUN echo 'ä € 𝄞'\n", "created", "1.0.0"},
		{"agent.Dockerfile", "# ---\n# componentVersion: 1.4.*\n" + tags(17) + "# ---\nRUN a\n", "created", "1.4.0"},
		{"agent.Dockerfile", "# ---\n# componentVersion: 1.4.*\n" + tags(17) + "# ---\nRUN a # again\n", "created", "1.4.1"},
		{"agent.Dockerfile", "# ---\n# componentVersion: 1.4.*\n" + tags(17) + "# ---\nRUN a # again\n", "unchanged", "1.4.1"},
		{"agent.Dockerfile", "# ---\n# componentVersion: 1.*.*\n" + tags(19) + "# ---\nRUN b\n", "created", "1.5.0"},
		{"agent.Dockerfile", "# ---\n# componentVersion: 1.4.*\n" + tags(18) + "# ---\nRUN b\n", "created", "1.4.2"},
		{"agent.Dockerfile", "# ---\n" + tags(20) + "# ---\nRUN b\n", "created", "2.0.0"},
		{"beijing.yaml", "# ---\n# regionId: cn-beijing\n# componentVersion: 3.*.*\n# ---\nTasks:\n  - {Name: a, Action: Reboot}\n", "created", "3.0.0"},
		{"web.Dockerfile", planPipeline + "# --- test\nRUN true\n", "created", ""},
		{"web.Dockerfile", "# ---\n# build: true\n# regionId: cn-shanghai\n# ---\nFROM IMAGE_FAMILY:acs:debian_12_x64\n", "created", ""},
		{"", `{"clientToken":"release-7","name":"sent","description":"over","componentVersion":"2.1.*","content":"# ---\n# description: under\n# ---\nRUN a"}`, "created", "2.1.0"},
		{"", `{"clientToken":"release-8","name":"start","kind":"pipeline","baseImageType":"IMAGE","baseImage":"m-bp67acfmxazb4p****","content":"RUN a","testContent":"RUN b","build":true}`, "created", ""},
	}
	for i, round := range rounds {
		file := write(t, "templates/"+round.file, round.text)
		hand := "drop"
		if round.file == "" {
			file, hand = write(t, "message.json", round.text), "send"
		}
		before := plansIn(t, l.run("plan", "--json", "--message-id", unknownJob, file).requireCode(t, exitDone))[0].Alibaba
		came := l.run(hand, "--json", file).requireCode(t, exitDone).outcomes(t)[0].Data
		require.Equal(t, []string{round.outcome, round.outcome}, []string{before.Outcome, came.Status}, i)
		require.Equal(t, round.version, before.Resource.Version, i)
		if round.outcome == "unchanged" {
			require.Equal(t, came.Resource.ID, before.Resource.ID)
			continue
		}
		form := url.Values{}
		for _, p := range before.Request.Parameters {
			form.Set(p.Name, strings.ReplaceAll(p.Value, unknownJob, came.Job.ID))
		}
		ofJob := plansIn(t, imagedrop(t, "plan", "--offline", "--json", "--message-id", came.Job.ID, file).requireCode(t, exitDone))[0].Alibaba
		form.Set("ClientToken", ofJob.Request.ClientToken)
		require.Equal(t, came.Resource.ID, create(t, l.cloud.Endpoints, before.Request.Action == "CreateImagePipeline", form), i)
	}
}

// create sends a request as a plan gives it, and returns the ID that it made.
func create(t *testing.T, e stack.Endpoints, isPipeline bool, form url.Values) string {
	t.Helper()
	client, err := sdk.NewClientWithOptions(e.Region, sdk.NewConfig(), ecscredentials.NewAccessKeyCredential(e.AccessKeyID, e.AccessKeySecret))
	require.NoError(t, err)
	r := requests.NewCommonRequest()
	r.Method, r.Scheme, r.Domain, r.Version = "POST", "http", strings.TrimPrefix(e.ECS, "http://"), "2014-05-26"
	r.ApiName = map[bool]string{false: "CreateImageComponent", true: "CreateImagePipeline"}[isPipeline]
	for name := range form {
		r.QueryParams[name] = form.Get(name)
	}
	answer, err := client.ProcessCommonRequest(r)
	require.NoError(t, err)
	var made struct{ ImageComponentID, ImagePipelineID string }
	require.NoError(t, json.Unmarshal(answer.GetHttpContentBytes(), &made))
	return made.ImageComponentID + made.ImagePipelineID
}

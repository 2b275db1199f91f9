package stack_test

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/imagebuilder"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
)

// Templates and messages for both clouds.
const (
	bothTemplate = "# ---\n# name: web\n# targets: [alibaba, aws]\n# ---\nRUN echo hello\n"
	bothPipeline = "# ---\n# name: web\n# targets: [alibaba, aws]\n# ---\nFROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN echo hello\n"
	bothMessage  = `{"name":"web","targets":["aws","alibaba"],"content":"RUN echo hello\n"}`
)

// awsComponents are the build versions that EC2 Image Builder has in the
// function's region.
func (c *cloud) awsComponents() (arns []string) {
	client := imagebuilder.New(imagebuilder.Options{Region: c.e.AWSRegion, BaseEndpoint: &c.e.EC2,
		Credentials: credentials.NewStaticCredentialsProvider(c.e.AccessKeyID, c.e.AccessKeySecret, "")})
	versions, err := client.ListComponents(context.Background(), &imagebuilder.ListComponentsInput{Owner: "Self"})
	require.NoError(c.t, err)
	for _, v := range versions.ComponentVersionList {
		builds, err := client.ListComponentBuildVersions(context.Background(), &imagebuilder.ListComponentBuildVersionsInput{ComponentVersionArn: v.Arn})
		require.NoError(c.t, err)
		for _, b := range builds.ComponentSummaryList {
			arns = append(arns, *b.Arn)
		}
	}
	return arns
}

// said are the outcomes of the feed, each once: target, type and resource by ID.
func (c *cloud) said() map[string]string {
	var page struct {
		Outcomes []struct {
			Outcome struct {
				ID, Type string
				Data     struct {
					Target   struct{ Provider string }
					Resource struct{ ID string }
				}
			}
		}
	}
	c.call("GET", "/v1/outcomes?after=0", nil, &page)
	said := map[string]string{}
	for _, o := range page.Outcomes {
		text := strings.TrimSpace(o.Outcome.Data.Target.Provider + " " + o.Outcome.Type + " " + o.Outcome.Data.Resource.ID)
		require.Equal(c.t, text, first(said[o.Outcome.ID], text), "every answer says the same")
		said[o.Outcome.ID] = text
	}
	return said
}

func first(texts ...string) string {
	return texts[slices.IndexFunc(texts, func(s string) bool { return s != "" })]
}

// twoTargets is one way of a job to both clouds.
type twoTargets struct {
	name  string
	begin func(*cloud) job
	// calls are all that both functions make for it, in order of their names:
	// they run at the same time.
	calls string
}

var targeted = []twoTargets{
	{"component", func(c *cloud) job { return c.upload(triggered, bothTemplate) },
		"CreateComponent CreateImageComponent DescribeImageComponents GetObject ListComponents SendMessage SendMessage SendMessage"},
	{"pipeline", func(c *cloud) job { return c.upload(triggered, bothPipeline) },
		"CreateComponent CreateImagePipeline DescribeImagePipelines GetObject ListComponents SendMessage SendMessage SendMessage"},
	{"message", func(c *cloud) job { return c.send(bothMessage) },
		"CreateComponent CreateImageComponent DescribeImageComponents ListComponents SendMessage SendMessage SendMessage"},
}

// crossing is a way with one of its calls cut.
type crossing struct {
	twoTargets
	fault account.Fault // none without Effect
}

func (x crossing) String() string {
	return fmt.Sprintf("%s/%s %s %d", x.name, x.fault.Effect, x.fault.Operation, x.fault.Skip)
}

// run does the job with its cut, delivers it four times more, and looks at
// what there is on both clouds. It returns the log of the calls of its first
// delivery.
func (x crossing) run(t *testing.T) []account.Call {
	c := start(t, options())
	if x.fault.Effect != "" {
		require.NoError(t, c.Account().Faults.Add(x.fault))
	}
	c.Account().Faults.Record()
	j := x.begin(c)
	c.awaitIdle()
	log := c.Account().Faults.Calls()
	require.Empty(t, c.Account().Faults.List(), "the cut was met: %v", log)
	for range 4 {
		require.NoError(t, c.deliver(j, 1))
	}
	c.awaitIdle()
	made := append(c.components(c.e.Region), c.pipelines(c.e.Region)...)
	require.Len(t, made, 1)
	aws := c.awsComponents()
	require.Equal(t, []string{"arn:aws:imagebuilder:us-east-1:" + strings.Split(aws[0], ":")[4] + ":component/web/1.0.0/1"}, aws)
	kind := map[bool]string{true: "pipeline", false: "component"}[x.name == "pipeline"]
	require.ElementsMatch(t, []string{"alibaba imagedrop." + kind + ".created.v1 " + made[0].ID, "aws imagedrop.component.created.v1 " + aws[0]},
		slices.Collect(maps.Values(c.said())))
	return log
}

// One template for both clouds: whatever call of either function is cut, and
// however often the event comes, there is one resource and one outcome on each.
func TestEveryCutOfTwoTargets(t *testing.T) {
	t.Parallel()
	var crossings []crossing
	for _, way := range targeted {
		log := crossing{twoTargets: way}.run(t)[1:] // behind our own call
		var names []string
		for n, call := range log {
			names = append(names, call.Operation)
			for _, effect := range cuts {
				fault := account.Fault{Service: call.Service, Operation: call.Operation, Skip: count(log[:n], call), Effect: effect}
				if way.name == "message" && call.Operation == "SendMessage" {
					fault.Skip++ // our own
				}
				if effect == account.EffectErrorAfter {
					fault.Code = "InternalError"
				}
				crossings = append(crossings, crossing{way, fault})
			}
		}
		slices.Sort(names)
		require.Equal(t, way.calls, strings.Join(names, " "))
	}
	together(t, width, sampled(crossings), crossing.String, func(t *testing.T, x crossing) { x.run(t) })
	t.Logf("%d jobs, each cut once", len(crossings))
}

// Five deliveries at once, and twice the same template.
func TestFiveDeliveriesToTwoTargets(t *testing.T) {
	t.Parallel()
	c := start(t, options())
	j := c.upload(quiet, bothTemplate)
	var all sync.WaitGroup
	failures := make([]error, 5)
	for i := range failures {
		all.Go(func() { failures[i] = c.deliver(j, 1) })
	}
	all.Wait()
	for _, err := range failures {
		require.NoError(t, err)
	}
	c.awaitIdle()
	require.Len(t, c.components(c.e.Region), 1)
	require.Len(t, c.awsComponents(), 1)
	require.Len(t, c.said(), 2)

	c.upload("templates/again.Dockerfile", bothTemplate)
	c.awaitIdle()
	require.Len(t, c.awsComponents(), 1)
	var types []string
	for _, text := range c.said() {
		types = append(types, strings.Join(strings.Fields(text)[:2], " "))
	}
	require.ElementsMatch(t, []string{"alibaba imagedrop.component.created.v1", "aws imagedrop.component.created.v1",
		"alibaba imagedrop.component.unchanged.v1", "aws imagedrop.component.unchanged.v1"}, types)
}

// One target failing never hides the other, and a document of AWS goes there only.
func TestEachTargetEndsForItself(t *testing.T) {
	t.Parallel()
	for name, test := range map[string]struct {
		key, text string
		fault     account.Fault
		want      []string
	}{
		"a quota of AWS": {triggered, bothTemplate, account.Fault{Service: "ec2", Operation: "CreateComponent", Effect: account.EffectCode, Code: "ServiceQuotaExceededException", Status: 402},
			[]string{"alibaba imagedrop.component.created.v1", "aws imagedrop.component.failed.v1"}},
		"a quota of Alibaba": {triggered, bothTemplate, account.Fault{Service: "ecs", Operation: "CreateImageComponent", Effect: account.EffectCode, Code: "QuotaExceed.ImageComponent", Status: 403},
			[]string{"alibaba imagedrop.component.failed.v1", "aws imagedrop.component.created.v1"}},
		"no AWS form": {triggered, bothTemplate + "COPY oss://bucket/key /tmp/\n", account.Fault{},
			[]string{"aws imagedrop.component.rejected.v1"}},
		"findings": {triggered, bothTemplate + "BOGUS\n", account.Fault{},
			[]string{"alibaba imagedrop.component.rejected.v1", "aws imagedrop.component.rejected.v1"}},
		"a document": {"templates/agent.yaml", "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - {name: restart, action: Reboot}\n", account.Fault{},
			[]string{"aws imagedrop.component.created.v1"}},
	} {
		t.Run(name, func(t *testing.T) {
			c := start(t, options())
			if test.fault.Effect != "" {
				require.NoError(t, c.Account().Faults.Add(test.fault))
			}
			c.upload(test.key, test.text)
			c.awaitIdle()
			var types []string
			for _, text := range c.said() {
				if target := strings.Join(strings.Fields(text)[:2], " "); name != "no AWS form" || strings.HasPrefix(target, "aws") {
					types = append(types, target)
				}
			}
			require.ElementsMatch(t, test.want, types)
		})
	}
}

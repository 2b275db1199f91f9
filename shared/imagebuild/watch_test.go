package imagebuild_test

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

var watchInvocation = imagebuild.Invocation{Function: "watch", Region: "cn-hangzhou", AccountID: account}

// follow is the follow-up of exec-1, an hour old.
func follow(change ...func(*imagebuild.FollowUp)) imagebuild.FollowUp {
	started := time.Now().Add(-time.Hour)
	f := imagebuild.FollowUp{Type: "imagedrop.follow-up.v1",
		Job:         imagebuild.OutcomeJob{ID: "job-1", Trigger: "oss", Bucket: "imagedrop-templates", Key: "templates/web.Dockerfile", ETag: "E1"},
		ClientToken: "token-1", RegionID: "cn-hangzhou", AccountID: account, ImagePipelineID: "ip-1", PipelineName: "web",
		ExecutionID: "exec-1", Started: started, Check: 7, Expires: started.Add(24 * time.Hour)}
	for _, c := range change {
		c(&f)
	}
	return f
}

func watchDelivery(f imagebuild.FollowUp) imagebuild.Delivery {
	body, _ := json.Marshal(f)
	return imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, Queue: "imagedrop-watch", SourceID: "M-" + f.ExecutionID, Body: body}
}

// watched is a cloud with exec-1 of ip-1, which distributes to Beijing, and
// its images where it ended well. The build ended an hour ago.
func watched(status string) *cloud {
	c := &cloud{images: map[string][]imagebuild.Image{}}
	c.add(imagebuild.Pipeline{Resource: imagebuild.Resource{ID: "ip-1", Name: "web"}, ImageName: "web-golden",
		ToRegionIDs: []string{"cn-hangzhou", "cn-beijing"}})
	e := imagebuild.Execution{ID: "exec-1", PipelineID: "ip-1", Status: status, Message: "as the service says",
		CreationTime: stamp(-time.Hour), ModifiedTime: stamp(-time.Hour), Tags: []imagebuild.Tag{{Key: jobTag, Value: "job-1"}}}
	if strings.HasSuffix(status, "SUCCESS") || status == "TEST_FAILED" {
		e.ImageID = "m-hz"
		c.images["cn-hangzhou"] = []imagebuild.Image{{ID: "m-other", Name: "other", Status: "Available"}, {ID: "m-hz", Name: "web-golden_exec-1", Status: "Available"}}
	}
	if strings.HasSuffix(status, "SUCCESS") {
		c.images["cn-beijing"] = []imagebuild.Image{{ID: "m-bj", Name: "web-golden_exec-1", Status: "Available"}}
	}
	c.executions = []imagebuild.Execution{e}
	return c
}

func stamp(ago time.Duration) string { return time.Now().Add(ago).UTC().Format(time.RFC3339) }

func watcher(c *cloud, box imagebuild.Outbox) *imagebuild.Watcher {
	return &imagebuild.Watcher{Publisher: imagebuild.Publisher{Outbox: box, Jitter: noJitter}, Executions: c, Images: c, Watch: c}
}

func watchOnce(c *cloud, box imagebuild.Outbox, f imagebuild.FollowUp) imagebuild.Result {
	return watcher(c, box).Run(context.Background(), watchInvocation, []imagebuild.Delivery{watchDelivery(f)})[0]
}

var (
	hangzhou = imagebuild.OutcomeImage{RegionID: "cn-hangzhou", ImageID: "m-hz", ImageName: "web-golden_exec-1"}
	beijing  = imagebuild.OutcomeImage{RegionID: "cn-beijing", ImageID: "m-bj", ImageName: "web-golden_exec-1"}
)

// Each status of the service, and what is said of it.
func TestWatchEveryStatus(t *testing.T) {
	both := []imagebuild.OutcomeImage{hangzhou, beijing}
	for status, test := range map[string]struct {
		outcome imagebuild.Status // "" while it runs
		images  []imagebuild.OutcomeImage
		kind    string
	}{
		"PREPARING": {}, "REPAIRING": {}, "BUILDING": {}, "TESTING": {}, "DISTRIBUTING": {}, "RELEASING": {}, "CANCELLING": {},
		"HIBERNATING": {}, "": {}, // what no document names
		"SUCCESS":           {imagebuild.Succeeded, both, ""},
		"PARTITION_SUCCESS": {imagebuild.Succeeded, both, "partial"},
		"TEST_FAILED":       {imagebuild.Failed, both[:1], "testFailed"},
		"FAILED":            {imagebuild.Failed, nil, "buildFailed"},
		"CANCELLED":         {imagebuild.Cancelled, nil, "cancelled"},
	} {
		t.Run(status, func(t *testing.T) {
			c, box := watched(status), &inbox{}
			result := watchOnce(c, box, follow())
			require.NoError(t, result.Err)
			require.Equal(t, []any{test.outcome, "job-1", "token-1"}, []any{result.Status, result.JobID, result.ClientToken})
			if test.outcome == "" {
				require.Empty(t, box.bodies)
				require.Len(t, c.sent, 1)
				return
			}
			require.Empty(t, c.sent)
			data := box.only(t).Data
			require.Equal(t, test.outcome, data.Status)
			require.Equal(t, imagebuild.OutcomeResource{Kind: template.Execution, ID: "exec-1", Name: "web", ImagePipelineID: "ip-1", Images: test.images}, data.Resource)
			if test.kind == "" {
				require.Nil(t, data.Reason)
				return
			}
			require.Equal(t, &imagebuild.Reason{Kind: test.kind, Code: status, Message: "as the service says"}, data.Reason)
		})
	}
}

// The outcome is that of the job which started the execution, published by watch.
func TestWatchOutcomeIsTheJobs(t *testing.T) {
	box := &inbox{}
	f := follow()
	require.NoError(t, watchOnce(watched("SUCCESS"), box, f).Err)
	o := box.only(t)
	require.Equal(t, "imagedrop.execution.succeeded.v1", o.Type)
	require.Equal(t, "/imagedrop/cn-hangzhou/watch", o.Source)
	require.Equal(t, "oss://imagedrop-templates/templates/web.Dockerfile", o.Subject)
	require.Equal(t, sha("5:job-17:alibaba9:execution9:succeeded"), o.ID)
	require.Equal(t, f.Job, o.Data.Job)
	require.Equal(t, "token-1", o.Data.ClientToken)
	require.Equal(t, imagebuild.OutcomeTarget{Provider: "alibaba", RegionID: "cn-hangzhou", AccountID: account}, o.Data.Target)
	require.InDelta(t, time.Hour.Milliseconds(), o.Data.Timings.TotalMS, float64(time.Minute.Milliseconds()))
}

// An end without a word of the service still says what it means.
func TestWatchSaysWhatTheServiceDoesNot(t *testing.T) {
	for _, status := range []string{"PARTITION_SUCCESS", "TEST_FAILED", "FAILED", "CANCELLED"} {
		c, box := watched(status), &inbox{}
		c.executions[0].Message = ""
		require.NoError(t, watchOnce(c, box, follow()).Err)
		require.NotEmpty(t, box.only(t).Data.Reason.Message)
	}
}

func TestWatchFindsImages(t *testing.T) {
	one, both := []imagebuild.OutcomeImage{hangzhou}, []imagebuild.OutcomeImage{hangzhou, beijing}
	in := func(region, status string) func(*cloud) {
		return func(c *cloud) { c.images[region][len(c.images[region])-1].Status = status }
	}
	none := func(region string) func(*cloud) { return func(c *cloud) { c.images[region] = nil } }
	for name, test := range map[string]struct {
		status  string
		change  func(*cloud)
		images  []imagebuild.OutcomeImage
		message string // "" where no reason is needed
	}{
		"deprecated":                  {"SUCCESS", in("cn-beijing", "Deprecated"), both, ""},
		"pipeline deleted":            {"SUCCESS", func(c *cloud) { c.all = nil }, one, ""},
		"no region to distribute to":  {"SUCCESS", func(c *cloud) { c.add(imagebuild.Pipeline{Resource: c.all[0]}); c.all = c.all[1:] }, one, ""},
		"image without its ID":        {"SUCCESS", func(c *cloud) { c.executions[0].ImageID = "" }, both, ""},
		"own image deleted":           {"SUCCESS", none("cn-hangzhou"), []imagebuild.OutcomeImage{beijing}, "no image in cn-hangzhou: the image was made"},
		"none elsewhere":              {"SUCCESS", none("cn-beijing"), one, "no image in cn-beijing: the image was made"},
		"creation failed elsewhere":   {"SUCCESS", in("cn-beijing", "CreateFailed"), one, "the image in cn-beijing is CreateFailed: the image was made"},
		"still copied long after":     {"SUCCESS", in("cn-beijing", "Creating"), one, "the image in cn-beijing is Creating: the image was made"},
		"partition, none elsewhere":   {"PARTITION_SUCCESS", none("cn-beijing"), one, "no image in cn-beijing: as the service says"},
		"partition, deleted pipeline": {"PARTITION_SUCCESS", func(c *cloud) { c.all = nil }, one, "as the service says"},
		"failed test, image gone":     {"TEST_FAILED", none("cn-hangzhou"), nil, "no image in cn-hangzhou: as the service says"},
		"another of that ID's region": {"SUCCESS", func(c *cloud) { c.images["cn-beijing"][0].Name = "web-golden_exec-2" }, one, "no image in cn-beijing: the image was made"},
		"nothing says what it is called": {"SUCCESS", func(c *cloud) {
			c.executions[0].ImageID = ""
			c.pipelines["ip-1"] = imagebuild.Pipeline{ToRegionIDs: []string{"cn-beijing"}}
		},
			nil, "no image in cn-hangzhou; no image in cn-beijing: the image was made"},
		"a name without suffix": {"SUCCESS", func(c *cloud) {
			p := c.pipelines["ip-1"]
			p.PlainImageName = true
			c.pipelines["ip-1"], c.executions[0].ImageID = p, ""
			c.images["cn-hangzhou"][1].Name, c.images["cn-beijing"][0].Name = "web-golden", "web-golden"
		}, []imagebuild.OutcomeImage{{RegionID: "cn-hangzhou", ImageID: "m-hz", ImageName: "web-golden"},
			{RegionID: "cn-beijing", ImageID: "m-bj", ImageName: "web-golden"}}, ""},
	} {
		t.Run(name, func(t *testing.T) {
			c, box := watched(test.status), &inbox{}
			test.change(c)
			require.NoError(t, watchOnce(c, box, follow()).Err)
			data := box.only(t).Data
			require.Equal(t, test.images, data.Resource.Images)
			require.Empty(t, c.sent)
			if test.message == "" {
				require.Nil(t, data.Reason)
				return
			}
			require.Equal(t, test.message, data.Reason.Message)
			if test.status == "SUCCESS" {
				require.Equal(t, "partial", data.Reason.Kind)
			} else {
				require.Equal(t, test.status, data.Reason.Code)
			}
		})
	}
}

// A region's list may be behind the end of the build: it is asked again, for a
// while, before anybody is told that the image is missing.
func TestWatchWaitsForImages(t *testing.T) {
	creating := func(c *cloud) { c.images["cn-beijing"][0].Status = "Creating" }
	absent := func(c *cloud) { c.images["cn-beijing"] = nil }
	refused := func(c *cloud) {
		c.fail = func(operation string) error {
			if operation == "Images" && c.calls[operation] == 2 {
				return failure(fault.Permanent, "Forbidden.RAM")
			}
			return nil
		}
	}
	for name, test := range map[string]struct {
		status, ended string
		change        func(*cloud)
		expires       time.Duration
		waits         bool
	}{
		"copied":                     {"SUCCESS", stamp(-time.Minute), creating, time.Hour, true},
		"not listed":                 {"SUCCESS", stamp(-time.Minute), absent, time.Hour, true},
		"without seconds":            {"SUCCESS", time.Now().UTC().Format("2006-01-02T15:04Z"), absent, time.Hour, true},
		"a service clock ahead":      {"SUCCESS", stamp(time.Minute), absent, time.Hour, true},
		"too long":                   {"SUCCESS", stamp(-6 * time.Minute), absent, time.Hour, false},
		"past the expiry":            {"SUCCESS", stamp(-time.Minute), creating, -time.Second, false},
		"ended at no readable time":  {"SUCCESS", "yesterday", absent, time.Hour, false},
		"partition, not listed":      {"PARTITION_SUCCESS", stamp(-time.Minute), absent, time.Hour, false},
		"partition, copied":          {"PARTITION_SUCCESS", stamp(-time.Minute), creating, time.Hour, true},
		"failed test, not listed":    {"TEST_FAILED", stamp(-time.Minute), func(c *cloud) { c.images["cn-hangzhou"] = nil }, time.Hour, true},
		"a region that says nothing": {"SUCCESS", stamp(-time.Minute), refused, time.Hour, false},
		"nothing missing":            {"SUCCESS", stamp(-time.Minute), func(*cloud) {}, time.Hour, false},
	} {
		t.Run(name, func(t *testing.T) {
			c, box := watched(test.status), &inbox{}
			test.change(c)
			c.executions[0].ModifiedTime = test.ended
			result := watchOnce(c, box, follow(func(f *imagebuild.FollowUp) { f.Expires = time.Now().Add(test.expires) }))
			require.NoError(t, result.Err)
			if test.waits {
				require.Empty(t, box.bodies)
				require.Len(t, c.sent, 1)
				require.Equal(t, 30*time.Second, c.sent[0].delay)
				require.Equal(t, 8, c.followUps(t)[0].Check)
				return
			}
			require.Empty(t, c.sent)
			require.NotEqual(t, imagebuild.Status(""), box.only(t).Data.Status)
		})
	}
}

// What is asked next is the same but for the number of the check. The delay
// grows with the age, and the last look is at the expiry.
func TestWatchLooksAgain(t *testing.T) {
	quick := imagebuild.Watching{MinDelay: time.Second, MaxDelay: 4 * time.Second}
	for name, test := range map[string]struct {
		watching        imagebuild.Watching
		age, left, want time.Duration
	}{
		"young":                 {imagebuild.Watching{}, 10 * time.Second, time.Hour, 30 * time.Second},
		"of some minutes":       {imagebuild.Watching{}, 10 * time.Minute, time.Hour, 150 * time.Second},
		"of hours":              {imagebuild.Watching{}, 5 * time.Hour, time.Hour, 10 * time.Minute},
		"from the future":       {imagebuild.Watching{}, -time.Hour, 2 * time.Hour, 30 * time.Second},
		"settings, young":       {quick, 0, time.Hour, time.Second},
		"settings, old":         {quick, time.Hour, time.Hour, 4 * time.Second},
		"close to the expiry":   {imagebuild.Watching{}, 23 * time.Hour, 89500 * time.Millisecond, 90 * time.Second},
		"all but at the expiry": {imagebuild.Watching{}, 23 * time.Hour, 500 * time.Millisecond, time.Second},
	} {
		calmly(t, name, func(t *testing.T) {
			c, box := watched("BUILDING"), &inbox{}
			w := watcher(c, box)
			w.Watching = test.watching
			f := follow(func(f *imagebuild.FollowUp) {
				f.Started, f.Expires = time.Now().Add(-test.age), time.Now().Add(test.left)
			})
			require.NoError(t, w.Run(t.Context(), watchInvocation, []imagebuild.Delivery{watchDelivery(f)})[0].Err)
			require.Len(t, c.sent, 1)
			require.Equal(t, test.want, c.sent[0].delay)
			next := c.followUps(t)[0]
			require.WithinDuration(t, f.Started, next.Started, time.Millisecond)
			require.WithinDuration(t, f.Expires, next.Expires, time.Millisecond)
			f.Check, f.Started, f.Expires = f.Check+1, next.Started, next.Expires
			require.Equal(t, f, next)
			require.Equal(t, map[string]int{"Executions": 1, "Send": 1}, c.calls)
		})
	}
}

func TestWatchGivesUpAtTheExpiry(t *testing.T) {
	for _, status := range []string{"BUILDING", "HIBERNATING"} {
		c, box := watched(status), &inbox{}
		result := watchOnce(c, box, follow(func(f *imagebuild.FollowUp) { f.Started, f.Expires = f.Started.Add(-24*time.Hour), f.Started }))
		require.NoError(t, result.Err)
		require.Empty(t, c.sent)
		require.Equal(t, imagebuild.Failed, box.only(t).Data.Status)
		require.Equal(t, &imagebuild.Reason{Kind: "timeout", Code: status, Message: "the build did not end within 24h0m0s; it may still run"}, box.only(t).Data.Reason)
	}
}

func TestWatchExecutionDeleted(t *testing.T) {
	c, box := watched("BUILDING"), &inbox{}
	c.remove("ip-1")
	require.NoError(t, watchOnce(c, box, follow()).Err)
	require.Empty(t, c.sent)
	data := box.only(t).Data
	require.Equal(t, []any{imagebuild.Failed, "gone", "exec-1"}, []any{data.Status, data.Reason.Kind, data.Resource.ID})
}

// Each call that can fail, with each kind of fault.
func TestWatchFaults(t *testing.T) {
	for _, kind := range []fault.Kind{fault.Invalid, fault.Permanent, fault.Retryable, fault.Unknown} {
		again := kind == fault.Retryable || kind == fault.Unknown
		for operation, test := range map[string]struct {
			status  string
			outcome imagebuild.Status
			reason  imagebuild.Reason
		}{
			"Executions": {"SUCCESS", imagebuild.Failed, imagebuild.Reason{Kind: string(kind), Code: "Forbidden.RAM", Message: "how the build ended is not known: refused", RequestID: "R-1", HTTPStatus: 400}},
			"Pipelines":  {"SUCCESS", imagebuild.Succeeded, imagebuild.Reason{Kind: "partial", Message: "whether each region that the pipeline distributes to has the image is not known (Forbidden.RAM): the image was made"}},
			"Images":     {"SUCCESS", imagebuild.Succeeded, imagebuild.Reason{Kind: "partial", Message: "whether cn-hangzhou has the image is not known (Forbidden.RAM); whether cn-beijing has the image is not known (Forbidden.RAM): the image was made"}},
			"Send":       {"BUILDING", "", imagebuild.Reason{}},
			"Publish":    {"SUCCESS", "", imagebuild.Reason{}},
		} {
			calmly(t, operation+" "+string(kind), func(t *testing.T) {
				c, box := watched(test.status), &inbox{}
				ctx, cancel := context.WithTimeout(t.Context(), 100*time.Millisecond) // ends the repeats of one invocation
				defer cancel()
				w := watcher(c, failing(c, box, operation, failure(kind, "Forbidden.RAM")))
				result := w.Run(ctx, watchInvocation, []imagebuild.Delivery{watchDelivery(follow())})[0]
				if again || test.outcome == "" {
					require.Equal(t, kind, fault.KindOf(result.Err))
					require.Empty(t, box.bodies)
					require.Empty(t, result.Status)
					return
				}
				require.NoError(t, result.Err)
				data := box.only(t).Data
				require.Equal(t, test.outcome, data.Status)
				require.Equal(t, &test.reason, data.Reason)
			})
		}
	}
}

// The end of a build is not made a failure by a region that does not answer.
func TestWatchOneRegionRefuses(t *testing.T) {
	c, box := watched("PARTITION_SUCCESS"), &inbox{}
	c.fail = func(operation string) error {
		if operation == "Images" && c.calls[operation] == 2 {
			return failure(fault.Invalid, "InvalidRegionId.NotFound")
		}
		return nil
	}
	require.NoError(t, watchOnce(c, box, follow()).Err)
	data := box.only(t).Data
	require.Equal(t, []imagebuild.OutcomeImage{hangzhou}, data.Resource.Images)
	require.Equal(t, "whether cn-beijing has the image is not known (InvalidRegionId.NotFound): as the service says", data.Reason.Message)
	require.Equal(t, "PARTITION_SUCCESS", data.Reason.Code)
}

// chatty is a service that answers more than it is asked for.
type chatty struct{ *cloud }

func (c chatty) Executions(ctx context.Context, q imagebuild.ExecutionQuery) ([]imagebuild.Execution, error) {
	found, err := c.cloud.Executions(ctx, q)
	return append([]imagebuild.Execution{{ID: "exec-0", Status: "FAILED"}}, found...), err
}

func (c chatty) Pipelines(ctx context.Context, q imagebuild.Query, ids ...string) ([]imagebuild.Pipeline, error) {
	found, err := c.cloud.Pipelines(ctx, q, ids...)
	return append([]imagebuild.Pipeline{{Resource: imagebuild.Resource{ID: "ip-0"}, ToRegionIDs: []string{"cn-nowhere"}}}, found...), err
}

func (c chatty) Images(ctx context.Context, q imagebuild.ImageQuery) ([]imagebuild.Image, error) {
	found, err := c.cloud.Images(ctx, q)
	return append([]imagebuild.Image{{ID: "m-0", Name: "web-golden_exec-10", Status: "Available"}}, found...), err
}

// A service that filters less than it is asked to, or by patterns, must not
// lend one build the end or the images of another.
func TestWatchComparesAgain(t *testing.T) {
	c, box := chatty{watched("SUCCESS")}, &inbox{}
	w := &imagebuild.Watcher{Publisher: imagebuild.Publisher{Outbox: box}, Executions: c, Images: c, Watch: c}
	require.NoError(t, w.Run(t.Context(), watchInvocation, []imagebuild.Delivery{watchDelivery(follow())})[0].Err)
	data := box.only(t).Data
	require.Equal(t, imagebuild.Succeeded, data.Status)
	require.Equal(t, []imagebuild.OutcomeImage{hangzhou, beijing}, data.Resource.Images)
	require.Nil(t, data.Reason)
}

// The message of the service may be long; the regions are told all the same.
func TestWatchLongMessage(t *testing.T) {
	c, box := watched("PARTITION_SUCCESS"), &inbox{}
	c.executions[0].Message = strings.Repeat("é", 40_000)
	c.images["cn-beijing"] = nil
	require.NoError(t, watchOnce(c, box, follow()).Err)
	message := box.only(t).Data.Reason.Message
	require.Len(t, []rune(message), 1_000)
	require.Contains(t, message, "no image in cn-beijing: é")
}

// What is no follow-up, or names another job's execution, is said once, to the
// log, and never delivered again.
func TestWatchDropsWhatIsNoFollowUp(t *testing.T) {
	good := watchDelivery(follow())
	for name, body := range map[string]string{
		"nothing":             "",
		"a template":          "RUN echo CANARY\n",
		"another type":        strings.Replace(string(good.Body), "follow-up.v1", "follow-up.v2", 1),
		"no execution":        strings.Replace(string(good.Body), "exec-1", "", 1),
		"another job's build": strings.Replace(string(good.Body), `"id":"job-1"`, `"id":"job-2"`, 1),
	} {
		t.Run(name, func(t *testing.T) {
			c, box := watched("SUCCESS"), &inbox{}
			d := good
			d.Body = []byte(body)
			result := watcher(c, box).Run(t.Context(), watchInvocation, []imagebuild.Delivery{d})[0]
			require.NoError(t, result.Err)
			require.Empty(t, box.bodies)
			require.Empty(t, c.sent)
			require.Equal(t, "invalid", result.Reason.Kind)
			var log bytes.Buffer
			result.Log(slog.New(slog.NewJSONHandler(&log, nil)))
			require.Contains(t, log.String(), `"level":"ERROR","msg":"no outcome"`)
			require.Contains(t, log.String(), "M-exec-1")
			require.NotContains(t, log.String(), "CANARY")
		})
	}
}

// An execution without our tags, as an older service answers it, is followed.
func TestWatchExecutionWithoutTags(t *testing.T) {
	c, box := watched("FAILED"), &inbox{}
	c.executions[0].Tags = nil
	require.NoError(t, watchOnce(c, box, follow()).Err)
	require.Equal(t, imagebuild.Failed, box.only(t).Data.Status)
}

func TestWatchBatchGoesOnPastAPoisonItem(t *testing.T) {
	const canary = "CANARY-in-a-panic"
	c, box := watched("FAILED"), &inbox{}
	c.fail = func(operation string) error {
		if c.calls["Executions"] == 2 {
			panic(canary)
		}
		return nil
	}
	one := watchDelivery(follow())
	junk := imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, SourceID: "M-junk", Body: []byte("{")}
	results := watcher(c, box).Run(t.Context(), watchInvocation, []imagebuild.Delivery{one, one, junk, one})
	require.Len(t, box.bodies, 2)
	require.Equal(t, box.outcomes(t)[0].ID, box.outcomes(t)[1].ID)
	for i, failed := range []bool{false, true, false, false} {
		require.Equal(t, failed, results[i].Err != nil, "%d", i)
	}
	require.Equal(t, fault.Unknown, fault.KindOf(results[1].Err))
	require.NotContains(t, imagebuild.Redeliver(results).Error(), canary)
}

// Whatever call a process dies before or after, or whose answer is lost, the
// next delivery says how the build ended, or sees to it that another will.
func TestWatchEveryCutThenRedelivery(t *testing.T) {
	for status, calls := range map[string]int{"BUILDING": 2, "SUCCESS": 5, "TEST_FAILED": 3, "FAILED": 2} {
		for _, how := range []struct{ after, lost bool }{{}, {after: true}, {lost: true}} {
			t.Run(fmt.Sprint(status, how.after, how.lost), func(t *testing.T) {
				for at := 1; ; at++ {
					c, box := watched(status), &inbox{}
					cut := &cutCloud{cuts: &cuts{at: at, after: how.after, lost: how.lost}, cloud: c, box: box}
					w := &imagebuild.Watcher{Publisher: imagebuild.Publisher{Outbox: cut, Jitter: noJitter}, Executions: cut, Images: cut, Watch: cut}
					deliveries := []imagebuild.Delivery{watchDelivery(follow())}
					deliver := func() imagebuild.Result { return w.Run(t.Context(), watchInvocation, deliveries)[0] }
					first := deliver()
					if cut.calls < at {
						require.Equal(t, calls+1, at)
						return
					}
					require.Equal(t, how.lost, first.Err == nil, "a lost answer is asked for again at once")
					if first.Err != nil {
						require.NoError(t, deliver().Err)
					}
					if status == "BUILDING" {
						require.Empty(t, box.bodies)
						require.NotEmpty(t, c.sent)
						require.Equal(t, c.sent[0].body, c.sent[len(c.sent)-1].body)
						continue
					}
					require.Empty(t, c.sent)
					require.NotEmpty(t, box.bodies)
					for _, o := range box.outcomes(t) {
						want := box.outcomes(t)[0]
						require.Equal(t, []any{want.ID, want.Data.Status, want.Data.Resource}, []any{o.ID, o.Data.Status, o.Data.Resource})
					}
				}
			})
		}
	}
}

// What a watch sends, watch reads: from the start to the end of a build.
func TestWatchFollowsToTheEnd(t *testing.T) {
	c, box := watched("BUILDING"), &inbox{}
	require.NoError(t, watchOnce(c, box, follow()).Err)
	for range 3 {
		d := imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, SourceID: "M", Body: c.sent[len(c.sent)-1].body}
		require.NoError(t, watcher(c, box).Run(t.Context(), watchInvocation, []imagebuild.Delivery{d})[0].Err)
	}
	require.Len(t, c.sent, 4)
	c.end("CANCELLED")
	d := imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, SourceID: "M", Body: c.sent[3].body}
	require.NoError(t, watcher(c, box).Run(t.Context(), watchInvocation, []imagebuild.Delivery{d})[0].Err)
	require.Equal(t, imagebuild.Cancelled, box.only(t).Data.Status)
	require.Equal(t, 11, c.followUps(t)[3].Check)
}

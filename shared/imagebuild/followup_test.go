package imagebuild

import (
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
)

func anyFollowUp() FollowUp {
	started := time.Date(2026, 5, 4, 8, 15, 30, 123_000_000, time.UTC)
	return FollowUp{
		Type: FollowUpType, Job: OutcomeJob{ID: "job-1", Trigger: TriggerOSS, Bucket: "b", Key: "templates/\uffff中.Dockerfile"}, ClientToken: "job-1",
		RegionID: "cn-hangzhou", AccountID: "1234567890123456", ImagePipelineID: "ip-1", PipelineName: "web", ExecutionID: "exec-1",
		Started: started, Check: 1, Expires: started.Add(24 * time.Hour),
	}
}

// What is read was complete, and comes out as it went in. Members of a later
// version do not matter.
func FuzzFollowUp(f *testing.F) {
	body, err := anyFollowUp().encode()
	require.NoError(f, err)
	f.Add(body)
	f.Add(append([]byte(`{"later":{"a":[1]},`), body[1:]...))
	f.Add([]byte(`{"type":"imagedrop.follow-up.v1"}`))
	f.Add([]byte(`null`))
	f.Fuzz(func(t *testing.T, body []byte) {
		read, err := decodeFollowUp(body)
		if err != nil {
			require.Equal(t, fault.Invalid, fault.KindOf(err))
			return
		}
		again, err := read.encode()
		if err != nil { // a year beyond what RFC 3339 can say in UTC
			return
		}
		same, err := decodeFollowUp(again)
		if err == nil {
			same.Started, same.Expires, read.Started, read.Expires = time.Time{}, time.Time{}, time.Time{}, time.Time{}
			require.Equal(t, read, same)
		}
	})
}

func TestFollowUpThatIsIncomplete(t *testing.T) {
	whole := anyFollowUp()
	body, err := whole.encode()
	require.NoError(t, err)
	read, err := decodeFollowUp(body)
	require.NoError(t, err)
	require.Equal(t, whole, read)
	for member, spoil := range map[string]func(*FollowUp){
		"job.id":          func(f *FollowUp) { f.Job.ID = "" },
		"job.trigger":     func(f *FollowUp) { f.Job.Trigger = "" },
		"job":             func(f *FollowUp) { f.Job.Key = strings.Repeat("k", maxSource+1) },
		"pipelineName":    func(f *FollowUp) { f.PipelineName = strings.Repeat("n", maxSource+1) },
		"clientToken":     func(f *FollowUp) { f.ClientToken = "a b" },
		"regionId":        func(f *FollowUp) { f.RegionID = "../x" },
		"accountId":       func(f *FollowUp) { f.AccountID = "" },
		"imagePipelineId": func(f *FollowUp) { f.ImagePipelineID = "" },
		"executionId":     func(f *FollowUp) { f.ExecutionID = "" },
		"started":         func(f *FollowUp) { f.Started = time.Time{} },
		"check":           func(f *FollowUp) { f.Check = 0 },
		"expires":         func(f *FollowUp) { f.Expires = f.Started },
	} {
		spoiled := anyFollowUp()
		spoil(&spoiled)
		body, err := spoiled.encode()
		require.NoError(t, err)
		_, err = decodeFollowUp(body)
		require.ErrorContains(t, err, member+" is missing or malformed")
	}
	_, err = decodeFollowUp([]byte(`{"type":"imagedrop.follow-up.v2"}`))
	require.ErrorContains(t, err, "not a message of type imagedrop.follow-up.v1")
}

func TestDelayGrowsWithTheAge(t *testing.T) {
	for age, want := range map[time.Duration]time.Duration{
		-time.Minute: 30 * time.Second, 0: 30 * time.Second, 2 * time.Minute: 30 * time.Second, 4 * time.Minute: time.Minute,
		20 * time.Minute: 5 * time.Minute, 40 * time.Minute: 10 * time.Minute, 23 * time.Hour: 10 * time.Minute,
	} {
		require.Equal(t, want, Watching{}.delay(age), age)
	}
	require.Equal(t, time.Second, Watching{MinDelay: time.Second, MaxDelay: time.Second}.delay(time.Hour))
	looks := 0
	for age := time.Duration(0); age < time.Hour; age += (Watching{}).delay(age) {
		looks++
	}
	require.LessOrEqual(t, looks, 22, "an hour costs some twenty")
}

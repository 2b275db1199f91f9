package imagebuild

import (
	"cmp"
	"encoding/json"
	"time"

	"imagedrop/shared/fault"
)

// FollowUp asks the function watch to look at an execution: how it ended is
// published, or it is looked at again later. The contract is
// events/schema/follow-up.schema.json.
type FollowUp struct {
	Type            string     `json:"type"`
	Job             OutcomeJob `json:"job"` // that started the execution
	ClientToken     string     `json:"clientToken"`
	RegionID        string     `json:"regionId"`
	AccountID       string     `json:"accountId"`
	ImagePipelineID string     `json:"imagePipelineId"`
	PipelineName    string     `json:"pipelineName,omitempty"`
	ExecutionID     string     `json:"executionId"`
	Started         time.Time  `json:"started"`
	Check           int        `json:"check"`   // which look this asks for, from 1
	Expires         time.Time  `json:"expires"` // when it is given up
}

// FollowUpType tells a FollowUp from whatever else a queue may hold.
const FollowUpType = "imagedrop.follow-up.v1"

// encode returns the message body.
func (f FollowUp) encode() ([]byte, error) {
	f.Type = FollowUpType
	f.Started, f.Expires = f.Started.UTC().Truncate(time.Millisecond), f.Expires.UTC().Truncate(time.Millisecond)
	return marshal(f)
}

// decodeFollowUp reads a message body. Members that it does not know are
// ignored; what is needed must be there and well formed. An error is a fault
// of kind Invalid.
func decodeFollowUp(body []byte) (FollowUp, error) {
	var f FollowUp
	if err := json.Unmarshal(body, &f); err != nil || f.Type != FollowUpType {
		return FollowUp{}, fault.New(fault.Invalid, "imagebuild.decodeFollowUp", "not a message of type "+FollowUpType)
	}
	for _, member := range []struct {
		name string
		ok   bool
	}{
		{"job.id", isToken(f.Job.ID)},
		{"job.trigger", f.Job.Trigger != ""},
		{"job", f.Job.fits()},
		{"clientToken", isToken(f.ClientToken)},
		{"regionId", isIdentifier(f.RegionID)},
		{"accountId", isIdentifier(f.AccountID)},
		{"imagePipelineId", isIdentifier(f.ImagePipelineID)},
		{"pipelineName", len(f.PipelineName) <= maxSource},
		{"executionId", isIdentifier(f.ExecutionID)},
		{"started", !f.Started.IsZero()},
		{"check", f.Check > 0},
		{"expires", f.Expires.After(f.Started)},
	} {
		if !member.ok {
			return FollowUp{}, fault.New(fault.Invalid, "imagebuild.decodeFollowUp", member.name+" is missing or malformed")
		}
	}
	return f, nil
}

// Watching says how executions are looked at. Zero fields mean those of
// DefaultWatching.
type Watching struct {
	MinDelay, MaxDelay time.Duration // between two looks at an execution
	Expiry             time.Duration // until it is given up
}

// DefaultWatching suits builds of minutes to hours.
var DefaultWatching = Watching{MinDelay: 30 * time.Second, MaxDelay: 10 * time.Minute, Expiry: 24 * time.Hour}

func (w Watching) minDelay() time.Duration { return cmp.Or(w.MinDelay, DefaultWatching.MinDelay) }
func (w Watching) maxDelay() time.Duration { return cmp.Or(w.MaxDelay, DefaultWatching.MaxDelay) }
func (w Watching) expiry() time.Duration   { return cmp.Or(w.Expiry, DefaultWatching.Expiry) }

// delay is the time until the next look at an execution of that age: a quarter
// of the age, so that the end of a build is known at most a quarter of its
// duration late, and one of an hour costs some twenty looks.
func (w Watching) delay(age time.Duration) time.Duration {
	return max(min(age/4, w.maxDelay()), w.minDelay())
}

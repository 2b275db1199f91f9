package imagebuild

import (
	"encoding/json"
	"slices"
	"strings"

	"imagedrop/shared/fault"
)

// Continuation carries a rebuild run on: it is what the run's next step must
// know. The contract is events/schema/continuation.schema.json.
type Continuation struct {
	Type        string          `json:"type"` // "imagedrop.continuation.v1"
	TriggerName string          `json:"triggerName"`
	TriggerTime string          `json:"triggerTime"` // as the timer's event spells it
	Payload     json.RawMessage `json:"payload"`     // a RebuildPolicy, as the timer's event has it
	Step        int             `json:"step"`        // which step this asks for: the timer's own is 0
	// Running are the IDs of the executions of this run that had not ended.
	Running []string `json:"running"`
	// Due are the pipelines to build next, in this order.
	Due []Due `json:"due"`
	// After is the last pipeline that is decided; nil where all are.
	After *Cursor `json:"after,omitempty"`
}

// Due is a pipeline that waits for its turn in a rebuild run.
type Due struct {
	ImagePipelineID string `json:"imagePipelineId"`
	Name            string `json:"name"`
	// PreviousImagePipelineID is the pipeline that had the name before, "" for
	// none.
	PreviousImagePipelineID string `json:"previousImagePipelineId,omitempty"`
	// Inputs are nil where they are still to be found out.
	Inputs *Inputs `json:"inputs,omitempty"`
	// Tries counts the steps that could not work this pipeline.
	Tries int `json:"tries,omitempty"`
}

// Inputs are what a build is made of, as far as it can be known before.
type Inputs struct {
	BaseImageID string             `json:"baseImageId,omitempty"`
	Content     string             `json:"content"` // hex SHA-256 of contents and options
	Components  []ComponentVersion `json:"components,omitempty"`
}

// ComponentVersion is what a COMPONENT reference with a wildcard resolved to:
// "-" for none.
type ComponentVersion struct {
	Name    string `json:"name"`
	Version string `json:"version"`
}

// Cursor is a place in the order of pipelines: by name, then by ID.
type Cursor struct {
	Name            string `json:"name"`
	ImagePipelineID string `json:"imagePipelineId"`
}

// ContinuationType tells a Continuation from whatever else a queue may hold.
const ContinuationType = "imagedrop.continuation.v1"

const (
	// maxContinuation leaves room in a message of 65,536 bytes for what its
	// transport adds.
	maxContinuation = 60_000
	// maxDue bounds one entry: larger inputs are found out again. The names of
	// a hundred components may fill more than a message.
	maxDue = 4_096
)

// decodeContinuation reads a message body. Members that it does not know are
// ignored; what is needed must be there and well formed. An error is a fault
// of kind Invalid.
func decodeContinuation(body []byte) (Continuation, error) {
	var c Continuation
	if err := json.Unmarshal(body, &c); err != nil || c.Type != ContinuationType {
		return c, fault.New(fault.Invalid, "imagebuild.decodeContinuation", "not a message of type "+ContinuationType)
	}
	for _, member := range []struct {
		name string
		ok   bool
	}{
		{"triggerName", c.TriggerName != "" && len(c.TriggerName) <= maxSource},
		{"triggerTime", c.TriggerTime != "" && len(c.TriggerTime) <= maxSource},
		{"payload", len(c.Payload) > 0},
		{"step", c.Step > 0},
		{"running", !slices.ContainsFunc(c.Running, func(id string) bool { return !isIdentifier(id) })},
		{"due", !slices.ContainsFunc(c.Due, func(d Due) bool {
			return !isIdentifier(d.ImagePipelineID) || len(d.Name) > maxSource || d.Tries < 0
		})},
	} {
		if !member.ok {
			return c, fault.New(fault.Invalid, "imagebuild.decodeContinuation", member.name+" is missing or malformed")
		}
	}
	return c, nil
}

// encode returns the message body.
func (c Continuation) encode() ([]byte, error) {
	c.Type = ContinuationType
	c.Running, c.Due = append([]string{}, c.Running...), append([]Due{}, c.Due...) // never null
	return marshal(c)
}

// compare orders the places of pipelines.
func (c Cursor) compare(other Cursor) int {
	if by := strings.Compare(c.Name, other.Name); by != 0 {
		return by
	}
	return strings.Compare(c.ImagePipelineID, other.ImagePipelineID)
}

// job is the identity of the run's job for one pipeline; "" for the run itself.
func (c Continuation) job(pipelineID string) OutcomeJob {
	d := Delivery{Trigger: TriggerTimer, TriggerName: c.TriggerName, TriggerTime: c.TriggerTime}
	return d.source(timerJobID(c.TriggerName, c.TriggerTime, pipelineID))
}

// known is the inputs as they travel.
func (in inputs) known() *Inputs {
	k := &Inputs{BaseImageID: in.base, Content: in.content}
	for i, version := range in.components {
		k.Components = append(k.Components, ComponentVersion{in.names[i], version})
	}
	return k
}

func (k Inputs) inputs() inputs {
	in := inputs{base: k.BaseImageID, content: k.Content}
	for _, c := range k.Components {
		in.components, in.names = append(in.components, c.Version), append(in.names, c.Name)
	}
	return in.sealed()
}

// Package imagebuild is the domain: a delivery becomes a job, a job becomes one
// resource, exactly once, and every job gets its outcome. It knows no SDK and
// no event format; the small interfaces it needs stand in this file.
package imagebuild

import (
	"context"
	"errors"
	"time"

	"imagedrop/shared/template"
)

// Delivery is one item of a trigger event: an object reference or a message
// body, with its source identity.
type Delivery struct {
	Trigger string // "oss", "queue", "topic", "timer"
	// Object is set for trigger "oss", Body for "queue" and "topic".
	Object ObjectRef
	Body   []byte

	Queue, Topic string // where Body came from
	// TriggerName and TriggerTime are set for trigger "timer", as the event spells them.
	TriggerName, TriggerTime string
	// SourceID is the platform's own identity of the delivery: OSS
	// responseElements.requestId, MNS messageId; "" where there is none.
	SourceID string
	// Time is when the event happened (UTC), zero where the event does not say.
	Time time.Time
	// RawTime is the event's own spelling of Time; part of the fallback job ID.
	RawTime string
}

// ObjectRef names one version of one object.
type ObjectRef struct {
	Bucket, Key string
	ETag        string // without quotes; "" means whatever is there
}

// Sentinels of Objects.Read.
var (
	ErrGone       = errors.New("the object does not exist")
	ErrSuperseded = errors.New("the object changed after the event")
)

// Objects reads template objects.
type Objects interface {
	// Read returns the object's bytes, at most limit+1 of them (one more byte
	// than allowed tells the caller that the object is too large). It answers
	// ErrGone or ErrSuperseded (errors.Is), or a fault.
	Read(ctx context.Context, ref ObjectRef, limit int64) ([]byte, error)
}

// Query looks for components or pipelines. Empty fields do not filter.
type Query struct {
	Kind     template.Kind
	RegionID string
	Name     string
	// Version is of components with a Name: x.y.z, of which one may be "*".
	Version string
	Tags    []Tag // all must match
	// Offered asks for the components that Alibaba Cloud offers, not the account's own.
	Offered bool
}

// Tag is a resource tag.
type Tag struct{ Key, Value string }

// Resource is a component or pipeline as the service describes it.
type Resource struct {
	Kind         template.Kind
	ID           string
	Name         string
	Version      string // components only, "1.0.0"
	CreationTime string // as the service spells it, sorts as text
	Tags         []Tag
}

// Request creates one resource.
type Request struct {
	Kind        template.Kind
	RegionID    string
	ClientToken string
	Parameters  []template.Parameter // flattened, with our tags, without ClientToken
}

// Finder looks up components and pipelines. All methods answer faults.
type Finder interface {
	// Find returns every match, all pages.
	Find(ctx context.Context, q Query) ([]Resource, error)
	// First returns one match, whichever the service lists first, and how many
	// there are: one small answer, however many. Without a match: zero values.
	First(ctx context.Context, q Query) (first Resource, total int, err error)
}

// Resources looks up and creates components and pipelines. Create's faults
// carry the service's code.
type Resources interface {
	Finder
	// Create answers the new resource's ID.
	Create(ctx context.Context, r Request) (id string, err error)
}

// Outbox publishes outcomes to the result queue.
type Outbox interface {
	// Publish sends one encoded outcome. An error means that it may or may
	// not have arrived: publishing again is harmless, consumers de-duplicate.
	Publish(ctx context.Context, body []byte) error
}

package imagebuild

import (
	"context"
	"time"

	"imagedrop/shared/template"
)

// Execution is one build of a pipeline, as the service describes it.
type Execution struct {
	ID, PipelineID string
	Status         string // as the service spells it: "BUILDING", "SUCCESS"
	Message        string
	ImageID        string // in the pipeline's region; "" until there is one
	CreationTime   string // as the service spells it, sorts as text
	ModifiedTime   string
	Tags           []Tag
}

// Pipeline is a pipeline with what it builds, as the service describes it.
type Pipeline struct {
	Resource
	BaseImageType, BaseImage  string
	BuildContent, TestContent string
	ImageName                 string // of the images, without the suffix; "" where none is set
	PlainImageName            bool   // ImageNameSuffix is "disable": no suffix
	ToRegionIDs               []string
	// Options are the other settings that decide what is built, flattened as in
	// a create and sorted by name; never tags, name, description.
	Options []template.Parameter
}

// Image is an image of one region.
type Image struct {
	ID, Name string
	Status   string // as the service spells it: "Available", "Creating"
}

// StartRequest starts one execution.
type StartRequest struct {
	RegionID, PipelineID, ClientToken string
	Tags                              []Tag // at most 20
}

// ExecutionQuery looks for executions of one pipeline, or by their IDs: one of
// the two is set.
type ExecutionQuery struct {
	RegionID   string
	PipelineID string
	IDs        []string // any number; the client asks for 20 at a time
	Tags       []Tag    // all must match
}

// ImageQuery looks for images of this account in one region, of any status.
// ID or Name is set.
type ImageQuery struct {
	RegionID string
	ID       string
	Name     string // exact
}

// Executions starts and describes the builds of pipelines. All methods answer
// faults; Start's carry the service's code.
type Executions interface {
	// Start answers the new execution's ID, or that of an earlier call with the
	// same ClientToken.
	Start(ctx context.Context, r StartRequest) (id string, err error)
	// Executions returns every match, all pages, in no particular order. IDs
	// that are not known are absent.
	Executions(ctx context.Context, q ExecutionQuery) ([]Execution, error)
	// Pipelines returns every match, all pages, in pages of 500. Kind of the
	// query is Pipeline; IDs, where given, are asked for in batches, and those
	// that are not known are absent.
	Pipelines(ctx context.Context, q Query, ids ...string) ([]Pipeline, error)
}

// Images finds images.
type Images interface {
	// Newest answers the newest available image of a family, "" where there is none.
	Newest(ctx context.Context, regionID, family string) (imageID string, err error)
	Images(ctx context.Context, q ImageQuery) ([]Image, error)
}

// Queue takes the messages by which functions go on later.
type Queue interface {
	// Send delivers body after delay, at most 7 days. An error means that it
	// may or may not have arrived.
	Send(ctx context.Context, body []byte, delay time.Duration) error
}

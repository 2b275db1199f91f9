// Command upload is the function behind the OSS trigger: each object that is
// put below the prefix becomes a component or a pipeline, whose build starts
// where the template asks for it, and the outcome is published.
package main

import (
	"fmt"
	"log/slog"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/function"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/ossobject"
	"imagedrop/shared/settings"
)

// concurrency is the number of records of one event worked at a time. Every
// published sample holds one record.
const concurrency = 16

func main() { function.Start("upload", newHandler) }

// newHandler builds what needs neither credentials nor region: an invocation
// brings those.
func newHandler(getenv func(string) string, log *slog.Logger) (*handler, error) {
	s, err := settings.LoadUpload(getenv)
	if err != nil {
		return nil, err
	}
	publisher, err := function.Publisher(s.Common)
	if err != nil {
		return nil, err
	}
	images, err := ecsimage.New(ecsimage.Options{Endpoint: s.ECSEndpoint})
	if err != nil {
		return nil, fmt.Errorf("ECS_ENDPOINT: %w", err)
	}
	builds, err := function.Builds(s.Common, s.Starting, images)
	if err != nil {
		return nil, err
	}
	aws, err := function.AWS(s)
	if err != nil {
		return nil, err
	}
	h := &handler{log: log, objects: &function.Objects{New: func(region string) (imagebuild.Objects, error) {
		return ossobject.New(ossobject.Options{Endpoint: s.OSSEndpoint, Region: region})
	}}}
	h.builder = imagebuild.Builder{Objects: h.objects, Resources: images, Builds: builds, AWS: aws, Publisher: publisher,
		Policy: s.Policy, SkipLookup: s.SkipLookup, Concurrency: concurrency}
	return h, nil
}

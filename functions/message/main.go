// Command message is the function behind the MNS triggers: each message of the
// request queue or topic becomes a component or a pipeline, or starts a build,
// and the outcome is published.
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

func main() { function.Start("message", newHandler) }

// newHandler builds what needs neither credentials nor region: an invocation
// brings those.
func newHandler(getenv func(string) string, log *slog.Logger) (*handler, error) {
	s, err := settings.LoadMessage(getenv)
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
	aws, err := function.AWS(s.Upload)
	if err != nil {
		return nil, err
	}
	h := &handler{log: log, resultQueue: s.ResultQueue, objects: &function.Objects{New: func(region string) (imagebuild.Objects, error) {
		return ossobject.New(ossobject.Options{Endpoint: s.OSSEndpoint, Region: region})
	}}}
	h.builder = imagebuild.Builder{Objects: h.objects, Resources: images, Builds: builds, AWS: aws, Publisher: publisher,
		Policy: s.Policy, SkipLookup: s.SkipLookup, Concurrency: s.Concurrency}
	return h, nil
}

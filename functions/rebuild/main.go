// Command rebuild is the function behind timers and REBUILD_QUEUE: what a
// timer selects is built anew where it is due, a few at a time, and each
// pipeline's outcome says why or why not.
package main

import (
	"fmt"
	"log/slog"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/function"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/settings"
)

func main() { function.Start("rebuild", newHandler) }

// newHandler builds what needs no credentials: an invocation brings those.
func newHandler(getenv func(string) string, log *slog.Logger) (*handler, error) {
	s, err := settings.LoadRebuild(getenv)
	if err != nil {
		return nil, err
	}
	publisher, err := function.Publisher(s.Common)
	if err != nil {
		return nil, err
	}
	continuations, err := function.Queue(s.Common, s.RebuildQueue)
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
	return &handler{log: log, resultQueue: s.ResultQueue, rebuilder: imagebuild.Rebuilder{
		Publisher: publisher, Builds: builds, Resources: images, Continuations: continuations, Policy: s.Policy, Concurrency: s.Concurrency,
	}}, nil
}

// Command watch is the function behind WATCH_QUEUE: each message asks for a
// look at a started build, which is either looked at again later, or its end
// is published.
package main

import (
	"fmt"
	"log/slog"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/function"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/settings"
)

func main() { function.Start("watch", newHandler) }

// newHandler builds what needs no credentials: an invocation brings those.
func newHandler(getenv func(string) string, log *slog.Logger) (*handler, error) {
	s, err := settings.LoadWatch(getenv)
	if err != nil {
		return nil, err
	}
	publisher, err := function.Publisher(s.Common)
	if err != nil {
		return nil, err
	}
	queue, err := function.Queue(s.Common, s.WatchQueue)
	if err != nil {
		return nil, err
	}
	images, err := ecsimage.New(ecsimage.Options{Endpoint: s.ECSEndpoint})
	if err != nil {
		return nil, fmt.Errorf("ECS_ENDPOINT: %w", err)
	}
	return &handler{log: log, resultQueue: s.ResultQueue, watcher: imagebuild.Watcher{
		Publisher: publisher, Executions: images, Images: images, Watch: queue, Watching: s.Watching, Concurrency: s.Concurrency,
	}}, nil
}

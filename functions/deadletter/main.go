// Command deadletter is the function behind DEAD_LETTER_QUEUE: of what the
// platform gave up on, each job gets its outcome, and the event is parked.
package main

import (
	"fmt"
	"log/slog"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/function"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/settings"
)

func main() { function.Start("deadletter", newHandler) }

// newHandler builds what needs no credentials: an invocation brings those.
func newHandler(getenv func(string) string, log *slog.Logger) (*handler, error) {
	s, err := settings.LoadDeadletter(getenv)
	if err != nil {
		return nil, err
	}
	publisher, err := function.Publisher(s.Common)
	if err != nil {
		return nil, err
	}
	parked, err := function.Queue(s.Common, s.ParkedQueue)
	if err != nil {
		return nil, err
	}
	images, err := ecsimage.New(ecsimage.Options{Endpoint: s.ECSEndpoint})
	if err != nil {
		return nil, fmt.Errorf("ECS_ENDPOINT: %w", err)
	}
	return &handler{log: log, settings: s, letters: imagebuild.DeadLetters{
		Publisher: publisher, Resources: images, Executions: images, Parked: parked, Policy: s.Policy, Concurrency: s.Concurrency,
	}}, nil
}

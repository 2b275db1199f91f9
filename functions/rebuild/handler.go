package main

import (
	"context"
	"log/slog"

	"imagedrop/shared/function"
	"imagedrop/shared/imagebuild"
)

// handler is safe for concurrent use.
type handler struct {
	log         *slog.Logger
	resultQueue string
	rebuilder   imagebuild.Rebuilder
}

// Handle implements function.Handler, for timers and for the queue.
func (h *handler) Handle(ctx context.Context, payload []byte) error {
	ctx, invocation, log := function.Begin(ctx, h.log, "rebuild")
	return function.End(log, h.rebuilder.Run(ctx, invocation, function.Deliveries(log, payload, h.resultQueue)))
}

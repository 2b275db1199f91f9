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
	objects     *function.Objects
	builder     imagebuild.Builder
}

// Handle implements function.Handler.
func (h *handler) Handle(ctx context.Context, payload []byte) error {
	ctx, invocation, log := function.Begin(ctx, h.log, "message")
	deliveries := function.Messages(log, payload, h.resultQueue)
	if len(deliveries) == 0 {
		return nil
	}
	if err := h.objects.Connect(invocation.Region); err != nil {
		return err
	}
	return function.End(log, h.builder.Run(ctx, invocation, deliveries))
}

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
	builder     imagebuild.AWSBuilder
}

// Handle implements function.Handler.
func (h *handler) Handle(ctx context.Context, payload []byte) error {
	ctx, invocation, log := function.Begin(ctx, h.log, "awscomponent")
	return function.End(log, h.builder.Run(ctx, invocation, function.Messages(log, payload, h.resultQueue)))
}

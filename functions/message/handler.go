package main

import (
	"context"
	"log/slog"

	"imagedrop/events"
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
	messages, ignored, err := events.DecodeMessages(payload)
	if err != nil {
		log.Error("event dropped", "bytes", len(payload), "error", err)
		return nil
	}
	for _, text := range ignored {
		log.Warn("element ignored", "reason", text)
	}
	if err := h.objects.Connect(invocation.Region); err != nil {
		return err
	}
	return function.End(log, h.builder.Run(ctx, invocation, function.OfMessages(log, messages, h.resultQueue)))
}

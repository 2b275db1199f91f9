package main

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"log/slog"

	"imagedrop/events"
	"imagedrop/shared/fault"
	"imagedrop/shared/function"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/settings"
)

// handler is safe for concurrent use.
type handler struct {
	log      *slog.Logger
	settings settings.Deadletter
	letters  imagebuild.DeadLetters
}

// Handle implements function.Handler.
func (h *handler) Handle(ctx context.Context, payload []byte) error {
	ctx, invocation, log := function.Begin(ctx, h.log, "deadletter")
	var given []imagebuild.GivenUp
	for _, d := range function.Messages(log, payload, h.settings.ResultQueue) {
		given = append(given, h.givenUp(log, d))
	}
	return function.End(log, h.letters.Run(ctx, invocation, given))
}

// givenUp is what a message of the dead-letter queue stands for.
func (h *handler) givenUp(log *slog.Logger, d imagebuild.Delivery) imagebuild.GivenUp {
	letter := events.DecodeDeadLetter(d.SourceID, d.Body)
	g := imagebuild.GivenUp{MessageID: d.SourceID, Function: letter.Function, Event: letter.Payload, Reason: reason(letter)}
	if len(letter.Payload) == 0 {
		g.Event = d.Body // a record without the event: it is all there is
		return g
	}
	g.Deliveries = function.Deliveries(log, letter.Payload, h.settings.ResultQueue)
	if len(g.Deliveries) > 0 {
		g.Trigger = g.Deliveries[0].Trigger
		g.Function = cmp.Or(g.Function, h.functionOf(g.Deliveries[0]))
	}
	return g
}

// functionOf is whose message it was, by the queue or else by its own type:
// the element of a stream does not name its function.
func (h *handler) functionOf(d imagebuild.Delivery) string {
	var message struct {
		Type string `json:"type"`
	}
	_ = json.Unmarshal(d.Body, &message) // another body has no type
	switch {
	case d.Queue != "" && d.Queue == h.settings.WatchQueue, message.Type == imagebuild.FollowUpType:
		return "watch"
	case d.Queue != "" && d.Queue == h.settings.RebuildQueue, message.Type == imagebuild.ContinuationType:
		return "rebuild"
	case d.Queue != "" && d.Queue == h.settings.AWSQueue, message.Type == imagebuild.AWSPartType:
		return "awscomponent"
	}
	return "message"
}

// redeliverError is the errorType of an imagebuild.RedeliverError.
const redeliverError = "RedeliverError"

// reason is why the platform gave up, as far as the record says. What a
// function answered is repeated where it is text made to be published, or the
// platform's own: the text of a panic could quote a template.
func reason(letter events.DeadLetter) imagebuild.Reason {
	r := imagebuild.Reason{Kind: string(fault.Unknown), Code: letter.Condition, RequestID: letter.RequestID}
	switch letter.ErrorType {
	case "", redeliverError:
		r.Message = letter.ErrorMessage
	default:
		r.Message = "the function failed with a " + letter.ErrorType
	}
	if letter.Attempts > 0 && r.Message != "" {
		r.Message = fmt.Sprintf("given up after %d attempts: %s", letter.Attempts, r.Message)
	}
	return r
}

package main

import (
	"cmp"
	"context"
	"log/slog"
	"sync"
	"time"

	"github.com/aliyun/fc-runtime-go-sdk/fccontext"

	"imagedrop/events"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdkclient"
)

// handler is safe for concurrent use.
type handler struct {
	log         *slog.Logger
	resultQueue string
	builder     imagebuild.Builder
	// connect makes builder.Objects with the first invocation: the signature
	// needs the region, which the invocations bring, the same each time.
	connect func(region string) (imagebuild.Objects, error)
	mu      sync.Mutex // held while connect runs
}

// handle takes the raw payload: the runtime would answer a payload that it
// cannot decode with an error, and the platform would deliver it again in vain.
func (h *handler) handle(ctx context.Context, payload []byte) error {
	call, ok := fccontext.FromContext(ctx)
	if !ok {
		call = &fccontext.FcContext{}
	}
	log := h.log.With("requestId", call.RequestID)
	messages, ignored, err := events.DecodeMessages(payload)
	if err != nil {
		log.Error("event dropped", "bytes", len(payload), "error", err)
		return nil
	}
	for _, text := range ignored {
		log.Warn("element ignored", "reason", text)
	}
	if err := h.connected(call.Region); err != nil {
		return err
	}
	ctx = sdkclient.WithCredentials(ctx, credentials(call))
	results := h.builder.Run(ctx, invocation(call), h.deliveries(log, messages))
	for _, r := range results {
		r.Log(log)
	}
	return imagebuild.Redeliver(results)
}

// connected sees to builder.Objects. What failed for one invocation is tried
// again with the next.
func (h *handler) connected(region string) error {
	h.mu.Lock()
	defer h.mu.Unlock()
	if h.builder.Objects != nil {
		return nil
	}
	objects, err := h.connect(region)
	if err == nil {
		h.builder.Objects = objects
	}
	return err
}

func credentials(call *fccontext.FcContext) sdkclient.Credentials {
	c := call.Credentials
	return sdkclient.Credentials{AccessKeyID: c.AccessKeyId, AccessKeySecret: c.AccessKeySecret, SecurityToken: c.SecurityToken}
}

func invocation(call *fccontext.FcContext) imagebuild.Invocation {
	return imagebuild.Invocation{Function: cmp.Or(call.Function.Name, "message"), Region: call.Region, AccountID: call.AccountId}
}

// deliveries leaves out what comes from the result queue, which a trigger may
// name by mistake: each outcome would be answered by another one, for ever.
func (h *handler) deliveries(log *slog.Logger, messages []events.Message) (list []imagebuild.Delivery) {
	for _, m := range messages {
		if m.Queue == h.resultQueue {
			log.Error("message dropped: the trigger reads RESULT_QUEUE", "queue", m.Queue, "sourceId", m.ID)
			continue
		}
		happened, _ := time.Parse(time.RFC3339, m.Time) // zero where the event does not say
		list = append(list, imagebuild.Delivery{
			Trigger: trigger(m), SourceID: m.ID, Time: happened, RawTime: m.Time,
			Queue: m.Queue, Topic: m.Topic, Body: m.Body,
		})
	}
	return list
}

// trigger tells topics, of which the raw content names nothing, from queues,
// of which every form has an ID.
func trigger(m events.Message) string {
	if m.Topic != "" || m.ID == "" {
		return imagebuild.TriggerTopic
	}
	return imagebuild.TriggerQueue
}

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
	"imagedrop/shared/template"
)

// handler is safe for concurrent use.
type handler struct {
	log     *slog.Logger
	builder imagebuild.Builder
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
	objects, ignored, err := events.DecodeObjects(payload)
	if err != nil {
		log.Error("event dropped", "trigger", imagebuild.TriggerOSS, "bytes", len(payload), "error", err)
		return nil
	}
	for _, text := range ignored {
		log.Info("record ignored", "trigger", imagebuild.TriggerOSS, "reason", text)
	}
	if err := h.connected(call.Region); err != nil {
		return err
	}
	ctx = sdkclient.WithCredentials(ctx, credentials(call))
	results := h.builder.Run(ctx, invocation(call), deliveries(log, objects))
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
	return imagebuild.Invocation{Function: cmp.Or(call.Function.Name, "upload"), Region: call.Region, AccountID: call.AccountId}
}

// deliveries leaves out objects that are no templates, with a log line: they
// have no outcome.
func deliveries(log *slog.Logger, objects []events.Object) (list []imagebuild.Delivery) {
	for _, o := range objects {
		if !template.IsTemplate(o.Key) {
			log.Info("no template", "trigger", imagebuild.TriggerOSS, "bucket", o.Bucket, "key", o.Key)
			continue
		}
		happened, _ := time.Parse(time.RFC3339, o.EventTime) // zero where the event does not say
		list = append(list, imagebuild.Delivery{
			Trigger: imagebuild.TriggerOSS, SourceID: o.RequestID, Time: happened, RawTime: o.EventTime,
			Object: imagebuild.ObjectRef{Bucket: o.Bucket, Key: o.Key, ETag: o.ETag},
		})
	}
	return list
}

package function

import (
	"log/slog"
	"time"

	"imagedrop/events"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// OfObjects returns the deliveries of the objects of an event. It leaves out
// objects that are no templates, with a log line: they have no outcome.
func OfObjects(log *slog.Logger, objects []events.Object) (list []imagebuild.Delivery) {
	for _, o := range objects {
		if !template.IsTemplate(o.Key) {
			log.Info("no template", "trigger", imagebuild.TriggerOSS, "bucket", o.Bucket, "key", o.Key)
			continue
		}
		list = append(list, imagebuild.Delivery{
			Trigger: imagebuild.TriggerOSS, SourceID: o.RequestID, Time: happened(o.EventTime), RawTime: o.EventTime,
			Object: imagebuild.ObjectRef{Bucket: o.Bucket, Key: o.Key, ETag: o.ETag},
		})
	}
	return list
}

// Messages returns the deliveries of the event of a queue or topic trigger.
// What cannot be read is logged and has none: no other delivery of it would do
// better.
func Messages(log *slog.Logger, payload []byte, resultQueue string) []imagebuild.Delivery {
	messages, ignored, err := events.DecodeMessages(payload)
	if err != nil {
		log.Error("event dropped", "bytes", len(payload), "error", err)
	}
	for _, text := range ignored {
		log.Warn("element ignored", "reason", text)
	}
	return OfMessages(log, messages, resultQueue)
}

// OfMessages returns the deliveries of messages. It leaves out what comes from
// the result queue, which a trigger may name by mistake: each outcome would be
// answered by another one, for ever.
func OfMessages(log *slog.Logger, messages []events.Message, resultQueue string) (list []imagebuild.Delivery) {
	for _, m := range messages {
		if m.Queue != "" && m.Queue == resultQueue {
			log.Error("message dropped: the trigger reads RESULT_QUEUE", "queue", m.Queue, "sourceId", m.ID)
			continue
		}
		list = append(list, imagebuild.Delivery{
			Trigger: trigger(m), SourceID: m.ID, Time: happened(m.Time), RawTime: m.Time,
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

// happened is zero where the event does not say.
func happened(text string) time.Time {
	t, _ := time.Parse(time.RFC3339, text)
	return t
}

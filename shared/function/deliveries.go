package function

import (
	"log/slog"
	"time"

	"imagedrop/events"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// Deliveries returns the deliveries of an event of whatever trigger. What
// cannot be read is logged and has none: no other delivery of it would do better.
func Deliveries(log *slog.Logger, payload []byte, resultQueue string) []imagebuild.Delivery {
	event, ignored, err := events.Decode(payload)
	report(log, payload, ignored, err)
	if event.Timer != nil {
		return []imagebuild.Delivery{ofTimer(*event.Timer)}
	}
	return append(OfObjects(log, event.Objects), ofMessages(log, event.Messages, resultQueue)...)
}

// Messages returns the deliveries of an event of a queue or topic trigger,
// like Deliveries: the raw content of a topic may look like any other event.
func Messages(log *slog.Logger, payload []byte, resultQueue string) []imagebuild.Delivery {
	messages, ignored, err := events.DecodeMessages(payload)
	report(log, payload, ignored, err)
	return ofMessages(log, messages, resultQueue)
}

// report says what of an event could not be read.
func report(log *slog.Logger, payload []byte, ignored []string, err error) {
	if err != nil {
		log.Error("event dropped", "bytes", len(payload), "error", err)
	}
	for _, text := range ignored {
		log.Warn("element ignored", "reason", text)
	}
}

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

// ofMessages returns the deliveries of messages. It leaves out what comes from
// the result queue, which a trigger may name by mistake: each outcome would be
// answered by another one, for ever.
func ofMessages(log *slog.Logger, messages []events.Message, resultQueue string) (list []imagebuild.Delivery) {
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

func ofTimer(t events.Timer) imagebuild.Delivery {
	return imagebuild.Delivery{
		Trigger: imagebuild.TriggerTimer, TriggerName: t.TriggerName, TriggerTime: t.TriggerTime,
		Time: happened(t.TriggerTime), RawTime: t.TriggerTime, Body: []byte(t.Payload),
	}
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

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"log/slog"
	"slices"
	"strings"
	"time"

	"imagedrop/events"
	"imagedrop/shared/function"
	"imagedrop/shared/imagebuild"
)

// parkedEvent is what redrive shows of a parked event; never the event itself,
// which may hold a template.
type parkedEvent struct {
	Action     string            `json:"action"` // parked, sent, saved, discarded, stuck
	ID         string            `json:"id"`
	OriginalID string            `json:"originalId,omitempty"`
	Subject    string            `json:"subject,omitempty"` // what it is about, where the event says
	Function   string            `json:"function,omitempty"`
	Trigger    string            `json:"trigger,omitempty"`
	Jobs       []string          `json:"jobs"`
	Reason     imagebuild.Reason `json:"reason"`
	ParkedAt   string            `json:"parkedAt"`
	Bytes      int               `json:"bytes"` // of the event
	RequestID  string            `json:"requestId,omitempty"`
	File       string            `json:"file,omitempty"`
	Command    string            `json:"command,omitempty"`
	Why        string            `json:"why,omitempty"` // it is stuck
}

func newParkedEvent(p imagebuild.Parked) parkedEvent {
	jobs := p.Jobs
	if jobs == nil {
		jobs = []string{}
	}
	return parkedEvent{
		ID: p.ID, OriginalID: p.OriginalID, Subject: subjectOf(p), Function: p.Function, Trigger: p.Trigger, Jobs: jobs,
		Reason: p.Reason, ParkedAt: p.ParkedAt, Bytes: cmp.Or(p.EventBytes, len(p.Event)),
	}
}

// actionColour is the colour of each action.
var actionColour = map[string]string{"sent": green, "saved": green, "discarded": yellow, "parked": cyan, "stuck": red}

// maxJobs is how many jobs of an event are shown to people.
const maxJobs = 3

// parked shows an event: a line, and below it the reason, the IDs and what came
// of it.
func (p printer) parked(e parkedEvent) {
	if p.asJSON {
		line, _ := json.Marshal(e) // strings and numbers always encode
		fmt.Fprintf(p.out, "%s\n", line)
		return
	}
	var text strings.Builder
	when, _ := time.Parse(time.RFC3339, e.ParkedAt) // of a time in another form nothing is shown
	fmt.Fprintf(&text, "%s  %s  %s  %s  %s\n", p.paint(dim, pad(stamp(when), whenWidth)),
		p.paint(actionColour[e.Action], pad(e.Action, statusWidth)),
		pad(cmp.Or(e.Function, "?"), kindWidth), pad(size(e.Bytes), timeWidth), clean(cmp.Or(e.Subject, e.OriginalID, e.ID)))
	fmt.Fprintf(&text, "    %s: %s\n", clean(e.Reason.Kind), clean(detailed(e.Reason)))
	fmt.Fprintf(&text, "    %s\n", p.paint(dim, clean(e.identities())))
	for _, line := range []string{prefixed("request ", e.RequestID), prefixed("wrote ", e.File), e.Command, e.Why} {
		if line != "" {
			fmt.Fprintf(&text, "    %s\n", clean(line))
		}
	}
	io.WriteString(p.out, text.String())
}

func detailed(r imagebuild.Reason) string {
	if r.Code == "" {
		return r.Message
	}
	return r.Message + " (" + r.Code + ")"
}

// identities are what --select takes.
func (e parkedEvent) identities() string {
	shown := e.Jobs[:min(maxJobs, len(e.Jobs))]
	var jobs []string
	for _, j := range shown {
		if j != e.OriginalID {
			jobs = append(jobs, "job "+j)
		}
	}
	if more := len(e.Jobs) - len(shown); more > 0 {
		jobs = append(jobs, fmt.Sprintf("and %d more", more))
	}
	ids := []string{"id " + e.ID}
	if e.OriginalID != "" {
		ids = append(ids, "original ID "+e.OriginalID)
	}
	return strings.Join(append(ids, jobs...), ", ")
}

// subjectOf says what an event is about: never the event itself.
func subjectOf(p imagebuild.Parked) string {
	deliveries := function.Deliveries(slog.New(slog.DiscardHandler), []byte(p.Event), "")
	if len(deliveries) == 0 {
		return ""
	}
	d := deliveries[0]
	text := contents(d)
	if p.Function == deadLetterFunction {
		given := imagebuild.Parked{Event: string(events.DecodeDeadLetter(d.SourceID, d.Body).Payload)}
		text = strings.TrimSpace(d.Queue + " " + subjectOf(given))
	}
	if more := len(deliveries) - 1; more > 0 {
		text += fmt.Sprintf(", and %d more", more)
	}
	return text
}

// deadLetterFunction is whose events hold those of others.
const deadLetterFunction = "deadletter"

// contents names the object of a delivery, or its timer, or where a message came
// from and what it names.
func contents(d imagebuild.Delivery) string {
	switch d.Trigger {
	case imagebuild.TriggerOSS:
		return d.Object.Key
	case imagebuild.TriggerTimer:
		return d.TriggerName + " " + d.TriggerTime
	}
	var named struct {
		Name, PipelineName, ImagePipelineID, ExecutionID, TriggerName, TriggerTime, TemplateURI string
	}
	_ = json.Unmarshal(d.Body, &named) // another body names nothing
	names := []string{
		cmp.Or(d.Queue, d.Topic),
		cmp.Or(named.Name, named.PipelineName, named.ImagePipelineID, named.TriggerName, named.TemplateURI),
		cmp.Or(named.ExecutionID, named.TriggerTime),
	}
	return strings.Join(slices.DeleteFunc(names, func(name string) bool { return name == "" }), " ")
}

// size shows a number of bytes as a person would say it.
func size(n int) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f KB", float64(n)/1024)
}

package main

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"strings"
	"time"

	"imagedrop/shared/imagebuild"
)

// parkedEvent is what redrive shows of a parked event; never the event itself,
// which may hold a template.
type parkedEvent struct {
	Action     string            `json:"action"` // parked, sent, saved, discarded, stuck
	ID         string            `json:"id"`
	OriginalID string            `json:"originalId,omitempty"`
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
		ID: p.ID, OriginalID: p.OriginalID, Function: p.Function, Trigger: p.Trigger, Jobs: jobs,
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
	fmt.Fprintf(&text, "%s  %s  %s  %s  %s\n", p.paint(dim, pad(stamp(when), whenWidth)), p.paint(actionColour[e.Action], pad(e.Action, statusWidth)),
		pad(cmp.Or(e.Function, "?"), kindWidth), pad(size(e.Bytes), timeWidth), clean(cmp.Or(e.OriginalID, e.ID)))
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
	return strings.Join(append([]string{"id " + e.ID}, jobs...), ", ")
}

// size shows a number of bytes as a person would say it.
func size(n int) string {
	if n < 1024 {
		return fmt.Sprintf("%d B", n)
	}
	return fmt.Sprintf("%.1f KB", float64(n)/1024)
}

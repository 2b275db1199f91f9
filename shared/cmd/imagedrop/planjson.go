package main

import (
	"io"
	"slices"

	"imagedrop/shared/awstoe"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// plansVersion is raised when a consumer of the JSON would have to change.
const plansVersion = 1

// plans is what `plan --json` prints: stable, versioned. Every member is there.
type plans struct {
	Version int        `json:"version"`
	Plans   []planJSON `json:"plans"`
}

type planJSON struct {
	Path     string        `json:"path"`
	Kind     template.Kind `json:"kind"`
	JobID    string        `json:"jobId"` // "" where it is not known
	Content  planPart      `json:"content"`
	Test     planPart      `json:"testContent"`
	Alibaba  *planAlibaba  `json:"alibaba"` // null where it is no target
	AWS      *planAWS      `json:"aws"`     // likewise
	Findings []finding     `json:"findings"`
}

// planPart is a canonical text and its budget.
type planPart struct {
	Text        string `json:"text"` // its secrets covered; "" where a finding rejects one
	Bytes       int    `json:"bytes"`
	MaxBytes    int    `json:"maxBytes"`
	Commands    int    `json:"commands"`
	MaxCommands *int   `json:"maxCommands"` // null for YAML: nothing limits its tasks
}

type planAlibaba struct {
	Outcome  string              `json:"outcome"` // of the job, "unknown" where no cloud was asked
	Reason   *imagebuild.Reason  `json:"reason"`
	Help     string              `json:"help"` // what to do about the outcome, "" where nothing, or the notices say so
	RegionID string              `json:"regionId"`
	Resource planResource        `json:"resource"` // without an ID: what would be made
	Newest   *planResource       `json:"newest"`   // of the name, null where there is none, or it is not known
	Request  *planRequest        `json:"request"`  // null where a finding stands against it
	Sent     bool                `json:"sent"`     // the request would be, to make something, even if the service refuses it
	Build    bool                `json:"build"`    // a build of the new pipeline would be started
	Changes  []change            `json:"changes"`  // of parameters, against the newest
	Diff     string              `json:"diff"`     // of the contents, likewise
	Notices  []imagebuild.Notice `json:"notices"`  // about COMPONENT references
}

type planResource struct {
	ID           string `json:"id"`
	Name         string `json:"name"`
	Version      string `json:"version"`
	CreationTime string `json:"creationTime"`
}

type planRequest struct {
	Action          string          `json:"action"`
	Parameters      []planParameter `json:"parameters"`
	ClientToken     string          `json:"clientToken"`     // "" where the job's ID is not known
	ClientTokenFrom string          `json:"clientTokenFrom"` // how it is made
}

type planParameter struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

type planAWS struct {
	Outcome    string       `json:"outcome"`  // "rejected", else "unknown": AWS is not asked
	RegionID   string       `json:"regionId"` // that the request goes to; "" means that of the credentials' chain
	Characters int          `json:"characters"`
	MaxInline  int          `json:"maxCharacters"`
	Request    *planRequest `json:"request"` // null where a finding stands against it
}

// unknown is the outcome where no cloud was asked.
const unknown = "unknown"

func printPlansJSON(inputs []*planned, w io.Writer) error {
	all := plans{Version: plansVersion, Plans: []planJSON{}}
	for _, in := range inputs {
		if in.err == nil {
			all.Plans = append(all.Plans, in.json())
		}
	}
	return printJSON(w, all)
}

func (in *planned) json() planJSON {
	t := in.tmpl
	j := planJSON{
		Path: in.name, Kind: t.Kind, Content: partOf(t.Content, t.Format), Test: partOf(t.Test, t.Format),
		Findings: reportOf([]*judged{in.sum()}).Findings,
		Alibaba:  in.alibaba(), AWS: in.forAWS(),
	}
	if in.knowsJob() {
		j.JobID = in.plan.JobID
	}
	if t.HasErrors() && slices.ContainsFunc(t.Secrets, func(f template.Finding) bool { return f.Severity == template.Error }) {
		j.Content.Text, j.Test.Text = "", ""
	}
	return j
}

func partOf(p template.Part, format template.Format) planPart {
	out := planPart{coveredContent(p.Text, format), p.Bytes, template.MaxContentBytes, p.Commands, nil}
	if most := template.MaxCommands; format == template.Dockerfile {
		out.MaxCommands = &most
	}
	return out
}

func resourceOf(r imagebuild.Resource) planResource {
	return planResource{r.ID, template.CoverSecrets(r.Name), r.Version, r.CreationTime}
}

// alibaba is the part for Alibaba Cloud, nil where there is none.
func (in *planned) alibaba() *planAlibaba {
	p := in.plan
	if !in.goesTo(template.TargetAlibaba) {
		return nil
	}
	a := &planAlibaba{
		Outcome: in.outcome(), Reason: p.Reason, Help: p.Help, RegionID: template.CoverSecrets(p.RegionID), Resource: resourceOf(p.Resource),
		Request: in.request(), Sent: in.isSent(), Build: in.builds(), Changes: in.changes(), Diff: in.difference(),
		Notices: append([]imagebuild.Notice{}, p.Notices...),
	}
	if p.Newest != nil {
		newest := resourceOf(p.Newest.Resource)
		a.Newest = &newest
	}
	return a
}

func (in *planned) forAWS() *planAWS {
	if !in.goesTo(template.TargetAWS) {
		return nil
	}
	a := &planAWS{Outcome: string(imagebuild.Rejected), MaxInline: awstoe.MaxInline}
	if r := in.plan.AWS; r != nil {
		a.Outcome, a.RegionID, a.Request, a.Characters = unknown, template.CoverSecrets(r.RegionID), in.awsRequest(), len([]rune(r.Data))
	}
	return a
}

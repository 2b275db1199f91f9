package main

import (
	"io"

	"imagedrop/shared/template"
)

// report is what `lint --format json` prints: stable, versioned.
type report struct {
	Version  int          `json:"version"`
	Findings []finding    `json:"findings"`
	Files    []fileReport `json:"files"`
}

// finding is a template.Finding with every member present.
type finding struct {
	Rule        string            `json:"rule"`
	Severity    template.Severity `json:"severity"`
	Path        string            `json:"path"`
	Line        int               `json:"line"`
	Column      int               `json:"column"`
	EndLine     int               `json:"endLine"`
	EndColumn   int               `json:"endColumn"`
	Message     string            `json:"message"`
	Help        string            `json:"help"`
	ServiceCode string            `json:"serviceCode"`
	// Fix is what --fix would do, null where there is no obvious mending. Its edits
	// are not here: they may repeat text of the template, and a report is read by many.
	Fix *string `json:"fix"`
}

// fileReport is the budget of one file: commands and bytes of its canonical text.
type fileReport struct {
	Path     string `json:"path"`
	Commands int    `json:"commands"`
	Bytes    int    `json:"bytes"`
}

// reportVersion is raised when a consumer of the JSON would have to change.
const reportVersion = 1

func printReportJSON(w io.Writer, results []*judged, _ lintOptions) error {
	return printJSON(w, reportOf(results))
}

func reportOf(results []*judged) report {
	r := report{Version: reportVersion, Findings: []finding{}, Files: []fileReport{}}
	for _, in := range results {
		if in.err != nil {
			continue // said on standard error
		}
		for _, f := range in.findings {
			r.Findings = append(r.Findings, finding{
				Rule: f.Rule, Severity: f.Severity, Path: f.place,
				Line: f.Line, Column: f.Column, EndLine: f.EndLine, EndColumn: f.EndColumn,
				Message: f.Message, Help: f.Help, ServiceCode: f.ServiceCode, Fix: fixOf(f.Fix),
			})
		}
		r.Files = append(r.Files, fileReport{Path: in.name, Commands: in.commands, Bytes: in.bytes})
	}
	return r
}

func fixOf(f *template.Fix) *string {
	if f == nil {
		return nil
	}
	return &f.Title
}

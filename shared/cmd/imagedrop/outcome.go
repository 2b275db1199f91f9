package main

import (
	"encoding/json"
	"strings"

	"imagedrop/shared/template"
)

// outcome is what the command line reads of an outcome event; the whole event
// stays in raw. Unknown fields and values are somebody's future: ignored.
type outcome struct {
	ID      string `json:"id"`
	Subject string `json:"subject"`
	Data    struct {
		Status string `json:"status"`
		Job    struct {
			ID      string `json:"id"`
			Trigger string `json:"trigger"`
			Bucket  string `json:"bucket"`
			Key     string `json:"key"`
			ETag    string `json:"eTag"`
		} `json:"job"`
		Resource struct {
			Kind    string `json:"kind"`
			ID      string `json:"id"`
			Name    string `json:"name"`
			Version string `json:"version"`
		} `json:"resource"`
		Findings          []template.Finding `json:"findings"`
		FindingsTruncated int                `json:"findingsTruncated"`
		Reason            *struct {
			Kind       string `json:"kind"`
			Code       string `json:"code"`
			Message    string `json:"message"`
			RequestID  string `json:"requestId"`
			HTTPStatus int    `json:"httpStatus"`
		} `json:"reason"`
		Timings struct {
			TotalMs float64 `json:"totalMs"`
		} `json:"timings"`
	} `json:"data"`
	raw json.RawMessage
}

// readOutcome reads as much as it knows: what is of another shape is shown as
// it is.
func readOutcome(raw json.RawMessage) outcome {
	o := outcome{}
	_ = json.Unmarshal(raw, &o)
	o.raw = raw
	return o
}

// bad reports whether the outcome is one that a command exits 1 for.
func (o outcome) bad() bool { return o.Data.Status == "rejected" || o.Data.Status == "failed" }

// names returns what one may wait for the outcome by.
func (o outcome) names() []string {
	j := o.Data.Job
	names := []string{jobName(j.ID)}
	if j.Key != "" {
		names = append(names, objectName(j.Bucket, j.Key, j.ETag))
	}
	return names
}

func jobName(id string) string { return "job " + id }

// objectName names one version of one object.
func objectName(bucket, key, eTag string) string {
	return "object " + bucket + "/" + key + " " + strings.Trim(eTag, `"`)
}

package main

import (
	"encoding/json"
	"slices"
	"strings"
	"time"

	"imagedrop/shared/template"
)

// outcome is what the command line reads of an outcome event; the whole event
// stays in raw. Unknown fields and values are somebody's future: ignored.
type outcome struct {
	ID      string    `json:"id"`
	Subject string    `json:"subject"`
	Time    time.Time `json:"time"`
	Data    struct {
		Status string `json:"status"`
		Job    struct {
			ID      string `json:"id"`
			Trigger string `json:"trigger"`
			Bucket  string `json:"bucket"`
			Key     string `json:"key"`
			ETag    string `json:"eTag"`
		} `json:"job"`
		Target struct {
			Provider string `json:"provider"`
		} `json:"target"`
		Resource struct {
			Kind            string  `json:"kind"`
			ID              string  `json:"id"`
			Name            string  `json:"name"`
			Version         string  `json:"version"`
			ImagePipelineID string  `json:"imagePipelineId"`
			Images          []image `json:"images"`
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

// image is one that a build made.
type image struct {
	RegionID  string `json:"regionId"`
	ImageID   string `json:"imageId"`
	ImageName string `json:"imageName"`
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
func (o outcome) bad() bool {
	return o.Data.Status == "rejected" || o.Data.Status == "failed" || o.Data.Status == "cancelled"
}

// isBuild reports whether the outcome is about a build, not what is built.
func (o outcome) isBuild() bool { return o.Data.Resource.Kind == string(template.Execution) }

// running reports whether the outcome is the first of a build, whose end is
// published later.
func (o outcome) running() bool { return o.isBuild() && o.Data.Status == "started" }

// ended reports whether the outcome ends a build that had started.
func (o outcome) ended() bool {
	return o.isBuild() && slices.Contains([]string{"succeeded", "failed", "cancelled"}, o.Data.Status)
}

// names returns what one may wait for the outcome by.
func (o outcome) names() []string {
	j := o.Data.Job
	names := []string{jobName(j.ID)}
	if j.Key != "" {
		names = append(names, objectName(j.Bucket, j.Key, j.ETag))
	}
	if o.Data.Target.Provider == template.TargetAWS {
		for i, name := range names {
			names[i] = awsName(name)
		}
	}
	if o.isBuild() {
		names = append(names, buildName(j.ID))
	}
	if o.isBuild() && !o.running() {
		names = append(names, endName(j.ID))
	}
	return names
}

// unread reports whether nobody read what targets the job has.
func (o outcome) unread() bool {
	r := o.Data.Reason
	return o.Data.Status == "skipped" && !o.isBuild() && r != nil && (r.Kind == "superseded" || r.Kind == "gone")
}

func jobName(id string) string { return "job " + id }

// awsName names the outcome of the AWS part of what has a name.
func awsName(name string) string { return "AWS part of " + name }

// buildName names the first outcome about the build of a job, endName the last.
func buildName(id string) string { return "build of job " + id }
func endName(id string) string   { return "end of the build of job " + id }

// objectName names one version of one object.
func objectName(bucket, key, eTag string) string {
	return "object " + bucket + "/" + key + " " + strings.Trim(eTag, `"`)
}

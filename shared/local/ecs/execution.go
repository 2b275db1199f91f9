package ecs

import (
	"encoding/json"
	"fmt"
	"slices"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// imagePipelineExecution is a member of ImagePipelineExecutionSet.
type imagePipelineExecution struct {
	ExecutionID     string `json:"ExecutionId"`
	ImagePipelineID string `json:"ImagePipelineId"`
	Status          string `json:"Status"`
	Message         string `json:"Message"`
	ImageID         string `json:"ImageId"`
	ResourceGroupID string `json:"ResourceGroupId"`
	CreationTime    string `json:"CreationTime"`
	ModifiedTime    string `json:"ModifiedTime"`
	Tags            tagSet `json:"Tags"`
}

// startImagePipelineExecution follows the page StartImagePipelineExecution.
// It leaves out RAM, and TemplateTag is read by nobody: the page calls it
// deprecated and names no use.
func (s *service) startImagePipelineExecution(req request) (any, error) {
	if err := req.require("RegionId", "ImagePipelineId"); err != nil {
		return nil, err
	}
	id, err := s.once(req, func(c *claim) (string, error) { return s.newExecution(req.params, c) })
	if err != nil {
		return nil, err
	}
	return struct{ RequestId, ExecutionId string }{req.id, id}, nil
}

// newExecution looks again at everything that the template refers to, and
// starts. The older operation has no tags.
func (s *service) newExecution(p params, c *claim) (string, error) {
	if err := s.checkRegion(p); err != nil {
		return "", err
	}
	var tags []tag
	if !s.old {
		tags = p.tags("Tag")
	}
	if err := checkTags(tags, "Tag"); err != nil {
		return "", err
	}
	r := record{ID: account.NewResourceID(executions), Region: p["RegionId"], Name: p["ImagePipelineId"], Tags: tags}
	now := s.account.Clock.Now()
	return r.ID, s.store.Update(func(tx *store.Tx) error {
		template, err := s.startable(tx, p)
		if err != nil {
			return err
		}
		base, err := s.machineOfBase(tx, r.Region, template)
		if err != nil {
			return err
		}
		if r.Run == nil { // the transaction may run again, but a fault hits once
			r.Run = s.newRun(p, template, base, now)
		}
		r.Group = template.ResourceGroupID
		if r.Item, err = json.Marshal(executionItem(r, creationTime(now))); err != nil {
			return err
		}
		if err := insert(tx, executions, &r); err != nil {
			return err
		}
		if err := enter(tx, &r, now); err != nil {
			return err
		}
		return c.keep(tx, r.ID)
	})
}

func executionItem(r record, created string) imagePipelineExecution {
	return imagePipelineExecution{
		ExecutionID: r.ID, ImagePipelineID: r.Name, ResourceGroupID: r.Group, CreationTime: created, Tags: tagSet{tagItems(r.Tags)},
	}
}

// startable returns the template if it can be built now. Its resource group is
// looked at when it is created only: the page of the start has no code for it.
func (s *service) startable(tx *store.Tx, p params) (imagePipeline, error) {
	var template imagePipeline
	r, err := idlePipeline(tx, p)
	if err != nil {
		return template, err
	}
	if err := json.Unmarshal(r.Item, &template); err != nil {
		return template, err
	}
	build := content{parameter: "BuildContent", commands: readCommands(template.BuildContent)}
	test := content{parameter: "TestContent", commands: readCommands(template.TestContent)}
	checked := template
	checked.ResourceGroupID = ""
	return template, s.checkReferred(tx, r.Region, checked, append(build.references(), test.references()...), absentAtStart)
}

// idlePipeline returns the template that the request names. It refuses one that
// does not exist, and one that is being built.
func idlePipeline(tx *store.Tx, p params) (*record, error) {
	r, err := load(tx, pipelines, p["RegionId"], p["ImagePipelineId"])
	switch {
	case err != nil:
		return nil, err
	case r == nil:
		return nil, refuse("InvalidImagePipeline.NotFound", "The specified image template does not exist.")
	}
	id, found := first(tx, bucketIndex, executionsOf(r)) // the newest: only that one can be running
	if !found {
		return r, nil
	}
	newest, err := load(tx, executions, r.Region, id)
	switch {
	case err != nil:
		return nil, err
	case newest != nil && len(newest.Run.Phases) > 0:
		return nil, refuse("InvalidImagePipeline.HasRunningExecution", "The image template has the running execution "+id+".")
	}
	return r, nil
}

// executionsOf begins the index entries of a template's executions.
func executionsOf(template *record) string {
	return indexPrefix(executions, template.Region, template.ID, tag{})
}

// removeExecutions removes the records of a template's executions, all of which
// have ended.
func removeExecutions(tx *store.Tx, template *record) error {
	var ids []string
	tx.Scan(bucketIndex, executionsOf(template), "", func(_ string, id []byte) bool {
		ids = append(ids, string(id))
		return true
	})
	for _, id := range ids {
		r, err := load(tx, executions, template.Region, id)
		if err == nil && r != nil {
			err = remove(tx, executions, r)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// cancelImagePipelineExecution follows the page CancelImagePipelineExecution: a
// build can be cancelled until its image is made. It leaves out RAM and
// TemplateTag, which is not public.
func (s *service) cancelImagePipelineExecution(req request) (any, error) {
	if err := req.require("RegionId", "ExecutionId"); err != nil {
		return nil, err
	}
	if err := s.checkRegion(req.params); err != nil {
		return nil, err
	}
	err := s.store.Update(func(tx *store.Tx) error {
		r, err := load(tx, executions, req.params["RegionId"], req.params["ExecutionId"])
		switch {
		case err != nil:
			return err
		case r == nil:
			return refuse("InvalidImagePipelineExecution.NotFound", "")
		case len(r.Run.Phases) == 0:
			return refuse("InvalidStatus.CancelFailed", "")
		case !slices.Contains([]string{statusPreparing, statusRepairing, statusBuilding}, r.Status):
			return refuse("InvalidStatus.ImagePipelineExecution", "An execution in status "+r.Status+" cannot be cancelled.")
		}
		return s.cancel(tx, r)
	})
	return struct{ RequestId string }{req.id}, err
}

// describeImagePipelineExecutions follows the page
// DescribeImagePipelineExecutions. ExecutionId takes a list joined by commas. It
// leaves out RAM, and ErrorCode and ErrorInfo of the newest SDK, which no page
// describes.
func (s *service) describeImagePipelineExecutions(req request) (any, error) {
	q, err := s.query(req, executions, commaList(req.params["ExecutionId"]),
		refuse("InvalidExecutionId.SizeExceeded", "ExecutionId has more than 20 entries."))
	if err != nil {
		return nil, err
	}
	if err := checkValues(req.params, executionFilters); err != nil {
		return nil, err
	}
	if q.name = req.params["ImagePipelineId"]; q.name == "" && len(q.ids) == 0 {
		return nil, req.require("ImagePipelineId")
	}
	if err := s.requireTemplate(q); err != nil {
		return nil, err
	}
	if statuses := commaList(req.params["Status"]); len(statuses) > 0 {
		q.onlyIn(statuses, func(r *record) string { return r.Status })
	}
	page, err := s.list(q)
	if err != nil {
		return nil, fmt.Errorf("DescribeImagePipelineExecutions: %w", err)
	}
	return struct {
		pageAnswer
		ImagePipelineExecution struct{ ImagePipelineExecutionSet []json.RawMessage }
	}{page.answer(req), struct{ ImagePipelineExecutionSet []json.RawMessage }{page.items()}}, nil
}

// requireTemplate refuses a template that does not exist, where one is named.
func (s *service) requireTemplate(q *query) error {
	if q.name == "" {
		return nil
	}
	return s.store.View(func(tx *store.Tx) error {
		r, err := load(tx, pipelines, q.region, q.name)
		if r == nil && err == nil {
			return refuse("InvalidImagePipeline.NotFound", "The specified image template does not exist.")
		}
		return err
	})
}

var executionFilters = []valueRule{
	{"Status", "InvalidParameter.Status", "a list of statuses of executions, joined by commas", listOf(statuses...)},
}

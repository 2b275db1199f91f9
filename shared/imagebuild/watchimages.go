package imagebuild

import (
	"cmp"
	"context"
	"slices"

	"imagedrop/shared/template"
)

// Statuses of images.
// Source: ECS 2014-05-26, DescribeImages, Status.
var (
	usable     = []string{"Available", "Deprecated"} // instances can be made of it
	onTheirWay = []string{"Creating", "Waiting"}
)

// findImages completes the images and the gaps: the pipeline's own region
// first, where the execution names the image, then, by the name that it has
// there, the regions that the pipeline distributes to.
func (w *watch) findImages(ctx context.Context) error {
	own := w.followUp.RegionID
	name, regions, err := w.pipeline(ctx)
	if err != nil {
		return err
	}
	found, err := w.findImage(ctx, ImageQuery{RegionID: own, ID: w.execution.ImageID, Name: name})
	if err != nil {
		return err
	}
	name = cmp.Or(found.Name, name)
	for _, region := range regions {
		if region == own {
			continue
		}
		if _, err := w.findImage(ctx, ImageQuery{RegionID: region, Name: name}); err != nil {
			return err
		}
	}
	return nil
}

// pipeline reads from the pipeline what it calls its images, "" where it does
// not say, and which regions get them. Of a pipeline that was deleted, or may
// not be read, that is not known; a failed test comes before all of that.
func (w *watch) pipeline(ctx context.Context) (imageName string, regions []string, err error) {
	if w.execution.Status == testFailed {
		return "", nil, nil
	}
	var found []Pipeline
	err = w.retry(ctx, func(ctx context.Context) (err error) {
		query := Query{Kind: template.Pipeline, RegionID: w.followUp.RegionID}
		found, err = w.Executions.Pipelines(ctx, query, w.followUp.ImagePipelineID)
		return err
	})
	if f := refusal(err); f != nil {
		w.gaps = append(w.gaps, gap{region: "each region that the pipeline distributes to", fault: f})
		return "", nil, nil
	}
	n := slices.IndexFunc(found, func(p Pipeline) bool { return p.ID == w.followUp.ImagePipelineID })
	if err != nil || n < 0 {
		return "", nil, err
	}
	p := found[n]
	if p.ImageName != "" && !p.PlainImageName {
		p.ImageName += "_" + w.followUp.ExecutionID
	}
	return p.ImageName, p.ToRegionIDs, nil
}

// findImage asks one region for the image, by its ID where that is known, and
// notes it, or the gap.
func (w *watch) findImage(ctx context.Context, query ImageQuery) (found Image, err error) {
	if query.ID != "" {
		query.Name = ""
	}
	var list []Image
	if query.ID+query.Name != "" {
		err = w.retry(ctx, func(ctx context.Context) (err error) {
			list, err = w.Images.Images(ctx, query)
			return err
		})
	}
	if f := refusal(err); f != nil {
		w.gaps = append(w.gaps, gap{region: query.RegionID, fault: f})
		return Image{}, nil
	}
	if err != nil {
		return Image{}, err
	}
	for _, i := range list {
		if query.ID != "" && query.ID != i.ID || query.Name != "" && query.Name != i.Name {
			continue // what the service returns is compared again
		}
		if found = i; slices.Contains(usable, i.Status) {
			w.images = append(w.images, OutcomeImage{RegionID: query.RegionID, ImageID: i.ID, ImageName: i.Name})
			return i, nil
		}
	}
	w.gaps = append(w.gaps, gap{region: query.RegionID, state: found.Status})
	return found, nil
}

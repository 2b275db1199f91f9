package ecs

import (
	"cmp"
	"encoding/json"
	"slices"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// imageName is the name of the image that an execution makes. The documents do
// not say what it is without an ImageName: here the id of the execution.
func (p imagePipeline) imageName(executionID string) string {
	name := cmp.Or(p.ImageOptions.ImageName, p.ImageName)
	switch {
	case name == "":
		return executionID
	case p.AdvancedOptions.ImageNameSuffix == suffixOff:
		return name
	}
	return name + "_" + executionID
}

// targets are the regions to copy the image to.
func (p imagePipeline) targets(own string) []string {
	var list []string
	for _, region := range p.ToRegionIDs.ToRegionID {
		if region != own && !slices.Contains(list, region) {
			list = append(list, region)
		}
	}
	return list
}

// isNameTaken reports whether an image in one of the template's regions has the
// name that all images of the template would have.
func (p imagePipeline) isNameTaken(tx *store.Tx, own string) bool {
	return p.AdvancedOptions.ImageNameSuffix == suffixOff && slices.ContainsFunc(append(p.targets(own), own), func(region string) bool {
		return hasImage(tx, region, p.imageName(""))
	})
}

func hasImage(tx *store.Tx, region, name string) bool {
	_, found := first(tx, bucketIndex, indexPrefix(images, region, name, tag{}))
	return name != "" && found
}

// templateOf returns the template of an execution, which stays while it runs.
func templateOf(tx *store.Tx, execution *record) (template imagePipeline, err error) {
	r, err := load(tx, pipelines, execution.Region, execution.Name)
	if err == nil {
		err = json.Unmarshal(r.Item, &template)
	}
	return template, err
}

// buildImage makes the image of an execution, or lets the build fail where its
// name is taken.
func buildImage(tx *store.Tx, r *record, at time.Time) error {
	template, err := templateOf(tx, r)
	if err != nil {
		return err
	}
	if hasImage(tx, r.Region, template.imageName(r.ID)) {
		r.Run.Fails, r.Run.Why = statusBuilding, nameTaken
		r.Run.Phases = []phase{r.Run.Phases[0], {statusReleasing, r.Run.Phases[1].Until}}
		return nil
	}
	return addImage(tx, r, template, r.Region, at)
}

// copyImage makes the copies, and returns the regions that get none: the last
// one where this phase fails, and where the name is taken.
func copyImage(tx *store.Tx, r *record, at time.Time) (lacking []string, err error) {
	template, err := templateOf(tx, r)
	if err != nil {
		return nil, err
	}
	targets := template.targets(r.Region)
	if r.Run.Fails == statusDistributing && len(targets) > 0 {
		last := len(targets) - 1
		targets, lacking = targets[:last], targets[last:]
	}
	for _, region := range targets {
		if hasImage(tx, region, template.imageName(r.ID)) {
			r.Run.Fails, r.Run.Why = statusDistributing, nameTaken
			lacking = append(lacking, region)
		} else if err := addImage(tx, r, template, region, at); err != nil {
			return nil, err
		}
	}
	return lacking, nil
}

func addImage(tx *store.Tx, r *record, p imagePipeline, region string, at time.Time) error {
	i := image{
		ImageID: account.NewResourceID(images), ImageName: p.imageName(r.ID), Description: p.ImageOptions.Description,
		Status: imageCreating, Progress: "0%", CreationTime: creationTime(at), machine: r.Run.Base,
		ImageOwnerAlias: aliasSelf, ImageOwnerID: ownerID, ResourceGroupID: p.ResourceGroupID,
		Size: p.SystemDiskSize, IsCopied: region != r.Region, DiskDeviceMappings: systemDisk(p.SystemDiskSize),
		Features: imageFeatures{cmp.Or(p.ImageOptions.ImageFeatures.NvmeSupport, p.NvmeSupport)},
		Tags:     tagSet{p.ImageOptions.ImageTags.ImageTag},
	}
	made, err := i.record(region)
	if err != nil {
		return err
	}
	r.Run.Images = append(r.Run.Images, madeImage{region, i.ImageID})
	return insert(tx, images, made)
}

// releaseImages makes the images of an execution that has ended available. They
// join the family unless their test failed.
func releaseImages(tx *store.Tx, r *record) error {
	if len(r.Run.Images) == 0 {
		return nil
	}
	template, err := templateOf(tx, r)
	if err != nil {
		return err
	}
	family := cmp.Or(template.ImageOptions.ImageFamily, template.ImageFamily)
	if r.Status == statusTestFailed {
		family = ""
	}
	for _, made := range r.Run.Images {
		if err := releaseImage(tx, made, family); err != nil {
			return err
		}
	}
	return nil
}

func releaseImage(tx *store.Tx, made madeImage, family string) error {
	r, err := load(tx, images, made.Region, made.ID)
	if err != nil || r == nil {
		return err
	}
	var i image
	if err := json.Unmarshal(r.Item, &i); err != nil {
		return err
	}
	i.Status, i.Progress, i.ImageFamily = imageAvailable, "100%", family
	if r.Item, err = json.Marshal(i); err != nil {
		return err
	}
	r.Status, r.Family = i.Status, i.ImageFamily
	if err := save(tx, r); err != nil || family == "" {
		return err
	}
	return tx.Put(bucketFamilies, familyPrefix(r.Region, family)+r.Order, []byte(r.ID))
}

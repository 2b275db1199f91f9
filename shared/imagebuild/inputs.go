package imagebuild

import (
	"context"
	"slices"
	"strconv"
	"strings"
	"sync"

	"imagedrop/shared/template"
)

// The tags that say what an execution was started with, beside jobTag and
// digestTag, which on an execution is of all its inputs.
const (
	baseTag       = "imagedrop:base"       // the image that the base resolved to
	contentTag    = "imagedrop:content"    // digest of contents and options
	componentsTag = "imagedrop:components" // versions, joined by blanks; ".2" and on where one tag is too short
)

const (
	// maxTagValue is the longest value of a tag, in characters.
	// Source: ECS 2014-05-26, StartImagePipelineExecution, Tag.N.Value.
	maxTagValue = 128
	// maxComponentTags leaves room for the other tags of maxTags. Versions that
	// do not fit are in the digest only.
	maxComponentTags = 10

	baseFamily = "IMAGE_FAMILY"
	baseImage  = "IMAGE"

	// noVersion stands for a reference that resolves to none.
	noVersion = "-"
)

// inputs are what a build of a pipeline is made of, as far as it can be known
// before.
type inputs struct {
	base    string // image ID; "" where there is none or it cannot be known
	content string // digest of contents and options
	// components are the versions that the references with a wildcard resolve
	// to, in order of the text; names are those of the components.
	components, names []string
	digest            string // of all of the above but the names
}

// sealed is the inputs with their digest.
func (in inputs) sealed() inputs {
	in.digest = digest(join(append([]string{in.base, in.content}, in.components...)...))
	return in
}

// tags are those of an execution with these inputs.
func (in inputs) tags() []Tag {
	tags := []Tag{{digestTag, in.digest}, {contentTag, in.content}}
	if in.base != "" {
		tags = append(tags, Tag{baseTag, in.base})
	}
	for i, value := range packed(in.components) {
		tags = append(tags, Tag{componentsKey(i), value})
	}
	return tags
}

func componentsKey(i int) string {
	if i == 0 {
		return componentsTag
	}
	return componentsTag + "." + strconv.Itoa(i+1)
}

// packed joins as many words as maxComponentTags values hold.
func packed(words []string) (values []string) {
	for _, word := range words {
		last := len(values) - 1
		switch {
		case last >= 0 && len(values[last])+1+len(word) <= maxTagValue:
			values[last] += " " + word
		case len(values) == maxComponentTags:
			return values
		default:
			values = append(values, word)
		}
	}
	return values
}

// inputsOf reads the tags of an execution; ok is false for one that we did not
// start.
func inputsOf(tags []Tag) (in inputs, ok bool) {
	in = inputs{base: tagValue(tags, baseTag), content: tagValue(tags, contentTag), digest: tagValue(tags, digestTag)}
	for i := range maxComponentTags {
		in.components = append(in.components, strings.Fields(tagValue(tags, componentsKey(i)))...)
	}
	return in, in.digest != ""
}

// resolver finds out the inputs of pipelines of one region. Each family and
// each component is asked for once, with the same answer to all. It is safe
// for concurrent use.
type resolver struct {
	*Publisher
	images              Images
	resources           Finder
	accountID, regionID string

	mu       sync.Mutex
	families map[string]func() (string, error)
	versions map[string]func() ([]string, error) // by name of the component
	all      map[string][]string                 // likewise; nil where not all are known
}

func newResolver(p *Publisher, images Images, resources Finder, accountID, regionID string) *resolver {
	return &resolver{
		Publisher: p, images: images, resources: resources, accountID: accountID, regionID: regionID,
		families: map[string]func() (string, error){}, versions: map[string]func() ([]string, error){},
	}
}

// inputs resolves those of one pipeline.
func (r *resolver) inputs(ctx context.Context, p Pipeline) (inputs, error) {
	base, err := r.base(ctx, p)
	if err != nil {
		return inputs{}, err
	}
	in := inputs{base: base, content: contentDigest(p)}
	for _, ref := range r.open(p) {
		versions, err := r.versionsOf(ctx, ref.Name)
		if err != nil {
			return inputs{}, err
		}
		in.components = append(in.components, highest(ref.Version, versions))
		in.names = append(in.names, ref.Name)
	}
	return in.sealed(), nil
}

func contentDigest(p Pipeline) string {
	parts := []string{p.BaseImageType, p.BuildContent, p.TestContent}
	for _, option := range p.Options {
		parts = append(parts, option.Name, option.Value)
	}
	return digest(join(parts...))
}

func (r *resolver) base(ctx context.Context, p Pipeline) (string, error) {
	switch p.BaseImageType {
	case baseImage:
		return p.BaseImage, nil
	case baseFamily:
		return once(r, r.families, p.BaseImage, func() (image string, err error) {
			err = r.retry(ctx, func(ctx context.Context) (err error) {
				image, err = r.images.Newest(ctx, r.regionID, p.BaseImage)
				return err
			})
			return image, err
		})
	}
	return "", nil
}

// open are the references whose version a build decides. Of those, the ones to
// other regions and accounts are left alone: what is there cannot be known.
func (r *resolver) open(p Pipeline) []template.Reference {
	refs := append(template.References(p.BuildContent), template.References(p.TestContent)...)
	return slices.DeleteFunc(refs, func(ref template.Reference) bool {
		return !strings.HasSuffix(ref.Version, "*") || ref.RegionID != r.regionID || ref.AccountID != r.accountID
	})
}

func (r *resolver) versionsOf(ctx context.Context, name string) ([]string, error) {
	r.mu.Lock()
	all := r.all
	r.mu.Unlock()
	if all != nil {
		return all[name], nil
	}
	return once(r, r.versions, name, func() (versions []string, err error) {
		var found []Resource
		err = r.retry(ctx, func(ctx context.Context) (err error) {
			found, err = r.resources.Find(ctx, Query{Kind: template.Component, RegionID: r.regionID, Name: name})
			return err
		})
		for _, c := range found {
			if c.Name == name {
				versions = append(versions, c.Version)
			}
		}
		return versions, err
	})
}

// know takes all components of the region, so that none is asked for by name.
func (r *resolver) know(components []Resource) {
	all := map[string][]string{}
	for _, c := range components {
		all[c.Name] = append(all[c.Name], c.Version)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.all = all
}

// highest is the greatest version that the pattern stands for.
func highest(pattern string, versions []string) string {
	best := noVersion
	for _, v := range versions {
		if template.MatchVersion(pattern, v) && (best == noVersion || compareVersions(v, best) > 0) {
			best = v
		}
	}
	return best
}

// once calls find for a key that was not asked for before; others wait for the
// answer.
func once[T any](r *resolver, memo map[string]func() (T, error), key string, find func() (T, error)) (T, error) {
	r.mu.Lock()
	get, ok := memo[key]
	if !ok {
		get = sync.OnceValues(find)
		memo[key] = get
	}
	r.mu.Unlock()
	return get()
}

package ecs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// The values of SystemType and ComponentType; the first is the default.
const (
	systemLinux   = "Linux"
	systemWindows = "Windows"
	typeBuild     = "Build"
	typeTest      = "Test"
)

// imageComponent is a member of ImageComponentSet.
type imageComponent struct {
	ImageComponentID string       `json:"ImageComponentId"`
	Name             string       `json:"Name"`
	Description      string       `json:"Description"`
	ComponentType    string       `json:"ComponentType"`
	ComponentVersion string       `json:"ComponentVersion"`
	SystemType       string       `json:"SystemType"`
	Content          string       `json:"Content"`
	Owner            string       `json:"Owner"`
	ResourceGroupID  string       `json:"ResourceGroupId"`
	CreationTime     string       `json:"CreationTime"`
	Tags             tagSet       `json:"Tags"`
	Parameters       parameterSet `json:"Parameters"`
}

// The containers of lists have singular names, and tags other keys than in requests.
type tagSet struct {
	Tag []tagItem `json:"Tag"`
}

type tagItem struct {
	TagKey   string `json:"TagKey"`
	TagValue string `json:"TagValue"`
}

type parameterSet struct {
	Parameter []parameterItem `json:"Parameter"`
}

type parameterItem struct {
	Name         string `json:"Name"`
	Type         string `json:"Type"`
	DefaultValue string `json:"DefaultValue"`
}

func tagItems(tags []tag) []tagItem {
	items := []tagItem{}
	for _, t := range tags {
		items = append(items, tagItem{t.Key, t.Value})
	}
	return items
}

func parameterItems(parameters []parameter) parameterSet {
	set := parameterSet{Parameter: []parameterItem{}}
	for _, p := range parameters {
		set.Parameter = append(set.Parameter, parameterItem{p.Name, p.Type, p.DefaultValue})
	}
	return set
}

// createImageComponent follows the page CreateImageComponent. It leaves out
// RAM, the service-linked role and system components.
func (s *service) createImageComponent(req request) (any, error) {
	if err := req.require("RegionId", "Content"); err != nil {
		return nil, err
	}
	id, err := s.once(req, func(c *claim) (string, error) { return s.newComponent(req.params, c) })
	if err != nil {
		return nil, err
	}
	return struct{ RequestId, ImageComponentId string }{req.id, id}, nil
}

// newComponent does the checks from the values on, in the documents' order, and
// creates the component.
func (s *service) newComponent(p params, c *claim) (string, error) {
	if err := s.checkComponent(p); err != nil {
		return "", err
	}
	parameters, err := s.componentContent(p["Content"])
	if err != nil {
		return "", err
	}
	id := account.NewResourceID(components)
	r := record{
		ID: id, Region: p["RegionId"], Name: cmp.Or(p["Name"], id), Group: p["ResourceGroupId"], Tags: p.tags("Tag"),
		Type: cmp.Or(p["ComponentType"], typeBuild), System: cmp.Or(p["SystemType"], systemLinux), Params: parameters,
	}
	created := s.account.Clock.Now()
	return id, s.store.Update(func(tx *store.Tx) error { return s.insertComponent(tx, r, p, created, c) })
}

func (s *service) checkComponent(p params) error {
	if err := s.checkRegion(p); err != nil {
		return err
	}
	if err := checkValues(p, commonRules); err != nil {
		return err
	}
	if err := checkValues(p, s.componentRules()); err != nil {
		return err
	}
	return checkTags(p.tags("Tag"), "Tag")
}

func (s *service) componentRules() []valueRule {
	systems, types := []string{systemLinux, systemWindows}, []string{typeBuild, typeTest}
	if s.old {
		systems, types = systems[:1], types[:1]
	}
	return []valueRule{
		enumRule("SystemType", "InvalidSystemType.NotSupportedValue", systems...),
		enumRule("ComponentType", "InvalidComponentType.NotSupportedValue", types...),
		{"ComponentVersion", "InvalidParameter.ComponentVersion", "three numbers", isVersion},
	}
}

// componentContent checks a component's content and returns its parameters.
func (s *service) componentContent(text string) ([]parameter, error) {
	c, err := readContent("Content", text, "InvalidContent.LengthExceeded")
	switch {
	case err != nil:
		return nil, err
	case c.isYAML && s.old:
		return nil, refuse("InvalidParameter.Content", "Content must be in Dockerfile format.")
	case c.isYAML:
		return c.checkYAML()
	case len(c.commands) == 0:
		return nil, refuse("MissingParameter.Content", "Content has no commands.")
	}
	return nil, c.check(notInComponent)
}

// insertComponent does the checks that depend on what there is, then writes.
func (s *service) insertComponent(tx *store.Tx, r record, p params, created time.Time, c *claim) error {
	if r.Group != "" && !s.account.Catalogue.ResourceGroup(r.Group) {
		return refuse("InvalidResourceGroup.NotFound", "")
	}
	v, err := chooseVersion(tx, r, p["ComponentVersion"])
	if err != nil {
		return err
	}
	if countOf(tx, components, r.Region) >= s.quota[components] {
		return refuse("QuotaExceed.ImageComponent", "The quota of components of the region is used up.")
	}
	r.Major, r.Minor, r.Patch = v[0], v[1], v[2]
	if r.Item, err = json.Marshal(componentItem(r, p, created)); err != nil {
		return err
	}
	if err := insert(tx, components, &r); err != nil {
		return err
	}
	if err := tx.Put(bucketVersions, versionKey(r.Region, r.Name, v[:]...), []byte(r.ID)); err != nil {
		return err
	}
	return c.keep(tx, r.ID)
}

// chooseVersion returns the version asked for, which must be free, or the next
// major one of the name.
func chooseVersion(tx *store.Tx, r record, asked string) (version, error) {
	if asked == "" {
		return nextVersion(tx, r.Region, r.Name)
	}
	v, _ := parseVersion(asked)
	if tx.Get(bucketVersions, versionKey(r.Region, r.Name, v[:]...)) != nil {
		return v, refuse("InvalidComponentVersion.Exist", "")
	}
	return v, nil
}

func componentItem(r record, p params, created time.Time) imageComponent {
	return imageComponent{
		ImageComponentID: r.ID, Name: r.Name, Description: p["Description"],
		ComponentType: r.Type, ComponentVersion: r.version().String(), SystemType: r.System,
		Content: p["Content"], Owner: ownerSelf, ResourceGroupID: r.Group, CreationTime: creationTime(created),
		Tags: tagSet{tagItems(r.Tags)}, Parameters: parameterItems(r.Params),
	}
}

// deleteImageComponent follows the page DeleteImageComponent: refused while a
// template uses the component. It leaves out RAM.
func (s *service) deleteImageComponent(req request) (any, error) {
	if err := req.require("RegionId", "ImageComponentId"); err != nil {
		return nil, err
	}
	if err := s.checkRegion(req.params); err != nil {
		return nil, err
	}
	err := s.store.Update(func(tx *store.Tx) error {
		r, err := load(tx, components, req.params["RegionId"], req.params["ImageComponentId"])
		switch {
		case err != nil:
			return err
		case r == nil:
			return refuse("InvalidImageComponent.NotFound", "The specified image component does not exist.")
		case inUse(tx, r):
			return refuse("InvalidImageComponent.InUse", "An image template uses the image component.")
		}
		v := r.version()
		if err := tx.Delete(bucketVersions, versionKey(r.Region, r.Name, v[:]...)); err != nil {
			return err
		}
		return remove(tx, components, r)
	})
	return struct{ RequestId string }{req.id}, err
}

// The values of Owner in requests; the local cloud has no system components.
const (
	ownerSelf   = "SELF"
	ownerAliyun = "ALIYUN"
)

// describeImageComponents follows the page DescribeImageComponents. It leaves
// out RAM, and Owner ALIYUN lists nothing: the local cloud has no system
// components.
func (s *service) describeImageComponents(req request) (any, error) {
	q, err := s.query(req, components, req.list("ImageComponentId"),
		refuse("InvalidImageComponentIdSize.ExceededMaxNumber", "ImageComponentId has more than 20 entries."))
	if err != nil {
		return nil, err
	}
	if err := checkValues(req.params, componentFilters); err != nil {
		return nil, err
	}
	version, isFiltered := parsePattern(req.params["ComponentVersion"])
	if isFiltered && q.name == "" {
		return nil, refuse("InvalidParameter.ComponentVersion", "")
	}
	q.none = req.params["Owner"] == ownerAliyun
	q.only("SystemType", func(r *record) string { return r.System })
	q.only("ComponentType", func(r *record) string { return r.Type })
	if isFiltered {
		q.versions = &version
	}
	page, err := s.list(q)
	if err != nil {
		return nil, fmt.Errorf("DescribeImageComponents: %w", err)
	}
	return struct {
		pageAnswer
		ImageComponent struct{ ImageComponentSet []json.RawMessage }
	}{page.answer(req), struct{ ImageComponentSet []json.RawMessage }{page.items()}}, nil
}

// componentFilters are the forms of the filters.
var componentFilters = []valueRule{
	{"Owner", "InvalidParameter.Owner", "SELF or ALIYUN", oneOf(ownerSelf, ownerAliyun)},
	enumRule("SystemType", "InvalidSystemType.NotSupportedValue", systemLinux, systemWindows),
	enumRule("ComponentType", "InvalidComponentType.NotSupportedValue", typeBuild, typeTest),
	{"ComponentVersion", "InvalidParameter.ComponentVersion", "three numbers, one of which may be *", isVersionFilter},
}

func isVersionFilter(s string) bool {
	p, ok := parsePattern(s)
	return ok && p.wildcards() <= 1
}

package ecs

import (
	"encoding/json"
	"slices"
	"strings"

	"imagedrop/shared/local/store"
)

// taggable are the values of ResourceType, case-sensitive, and their kinds. The
// pages name many more, of resources that the local cloud does not have, and
// not these; the Terraform provider sends the first two.
var taggable = map[string]string{
	"imagecomponent":         components,
	"imagepipeline":          pipelines,
	"imagepipelineexecution": executions,
}

// The numbers of the pages TagResources and ListTagResources: N of ResourceId.N,
// and of TagFilter.N and TagFilter.N.TagValues.N.
const (
	maxTagged     = 50
	maxTagFilters = 5
)

// groupTag is the key by which ListTagResources finds the resources of a group.
const groupTag = "acs:rm:rgId"

// tagCodes are the table that TagResources, UntagResources and ListTagResources
// share. Tag.N counts to maxEntries.
var tagCodes = codes{
	"MissingParameter.RegionId":     {status: 404, message: "The parameter - RegionId should not be null"},
	"MissingParameter.ResourceType": {status: 404, message: "The parameter - ResourceType should not be null"},
	"MissingParameter.Tags":         {status: 404, message: "The parameter - Tags should not be null"},
	"NumberExceed.ResourceIds":      {status: 400, message: "The ResourceIds parameter's number is exceed , Valid : 50"},
	"NumberExceed.Tags":             {status: 400, message: "The Tags parameter's number is exceed , Valid : 20"},
	"Duplicate.TagKey":              {status: 400, message: "The Tag.N.Key contain duplicate key."},
	"InvalidResourceId.NotFound":    {status: 404, message: "The specified ResourceIds are not found in our records."},
	"InvalidResourceType.NotFound":  {status: 404, message: "The ResourceType provided does not exist in our records."},
	"InvalidTagKey.Malformed":       {status: 400, message: "The specified Tag.n.Key is not valid."},
	"InvalidTagValue.Malformed":     {status: 400, message: "The specified Tag.n.Value is not valid."},
	"OperationDenied.QuotaExceed":   {status: 400, message: "The quota of tags on resource is beyond permitted range."},
}

// tagResources follows the page TagResources: every resource gets every tag, or
// none does. It leaves out RAM, and the resource types of other services.
func (s *service) tagResources(req request) (any, error) {
	kind, err := s.taggedKind(req.params, "ResourceId")
	if err != nil {
		return nil, err
	}
	more := req.tags("Tag")
	if len(more) == 0 {
		return nil, tagCodes.refuse("MissingParameter.Tags", "")
	}
	if err := checkNewTags(more); err != nil {
		return nil, err
	}
	return s.retag(req, kind, func(have []tag) []tag { return mergeTags(have, more) })
}

// untagResources follows the page UntagResources; All counts only where there
// is no TagKey. A key that a resource does not have is no error. It leaves out
// what tagResources does.
func (s *service) untagResources(req request) (any, error) {
	kind, err := s.taggedKind(req.params, "ResourceId")
	if err != nil {
		return nil, err
	}
	if err := checkValues(req.params, []valueRule{booleanRule("All")}); err != nil {
		return nil, err
	}
	keys := req.list("TagKey")
	switch {
	case len(keys) > maxEntries:
		return nil, tagCodes.refuse("NumberExceed.Tags", "")
	case len(keys) == 0 && !req.isTrue("All"):
		return nil, tagCodes.refuse("MissingParameter.Tags", "")
	}
	return s.retag(req, kind, func(have []tag) []tag {
		return slices.DeleteFunc(have, func(t tag) bool { return len(keys) == 0 || slices.Contains(keys, t.Key) })
	})
}

// taggedKind checks what the three operations share and returns the kind of the
// resources. required are further parameters, lists among them.
func (s *service) taggedKind(p params, required ...string) (string, error) {
	if err := tagCodes.require(p, "RegionId", "ResourceType"); err != nil {
		return "", err
	}
	if err := s.checkRegion(p); err != nil {
		return "", err
	}
	kind, known := taggable[p["ResourceType"]]
	if !known {
		return "", tagCodes.refuse("InvalidResourceType.NotFound", "")
	}
	for _, name := range required {
		if len(p.entries(name)) == 0 {
			return "", tagCodes.refuse("MissingParameter."+name, name)
		}
	}
	if len(p.entries("ResourceId")) > maxTagged {
		return "", tagCodes.refuse("NumberExceed.ResourceIds", "")
	}
	return kind, nil
}

func checkNewTags(tags []tag) error {
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case len(tags) > maxEntries:
			return tagCodes.refuse("NumberExceed.Tags", "")
		case !isTagKey(t.Key):
			return tagCodes.refuse("InvalidTagKey.Malformed", "")
		case !isTagValue(t.Value):
			return tagCodes.refuse("InvalidTagValue.Malformed", "")
		case seen[t.Key]:
			return tagCodes.refuse("Duplicate.TagKey", "")
		}
		seen[t.Key] = true
	}
	return nil
}

// mergeTags gives a key that is there its new value, in its place.
func mergeTags(have, more []tag) []tag {
	for _, t := range more {
		same := func(other tag) bool { return other.Key == t.Key }
		if i := slices.IndexFunc(have, same); i >= 0 {
			have[i] = t
		} else {
			have = append(have, t)
		}
	}
	return have
}

// retag changes the tags of all the resources that the request names.
func (s *service) retag(req request, kind string, change func([]tag) []tag) (any, error) {
	err := s.store.Update(func(tx *store.Tx) error {
		for _, id := range req.list("ResourceId") {
			r, err := load(tx, kind, req.params["RegionId"], id)
			switch {
			case err != nil:
				return err
			case r == nil:
				return tagCodes.refuse("InvalidResourceId.NotFound", "")
			}
			tags := change(slices.Clone(r.Tags))
			if len(tags) > maxEntries {
				return tagCodes.refuse("OperationDenied.QuotaExceed", "")
			}
			if err := replace(tx, kind, r, tags, r.Group); err != nil {
				return err
			}
		}
		return nil
	})
	return struct{ RequestId string }{req.id}, err
}

// grouped is an item of a describe operation that has tags and a resource group.
type grouped interface{ settings() (*tagSet, *string) }

func (i *imageComponent) settings() (*tagSet, *string)         { return &i.Tags, &i.ResourceGroupID }
func (p *imagePipeline) settings() (*tagSet, *string)          { return &p.Tags, &p.ResourceGroupID }
func (i *imagePipelineExecution) settings() (*tagSet, *string) { return &i.Tags, &i.ResourceGroupID }

var groupedItems = map[string]func() grouped{
	components: func() grouped { return new(imageComponent) },
	pipelines:  func() grouped { return new(imagePipeline) },
	executions: func() grouped { return new(imagePipelineExecution) },
}

// replace writes the resource with other tags and another group, and moves what
// finds it by its tags.
func replace(tx *store.Tx, kind string, r *record, tags []tag, group string) error {
	for _, key := range r.indexKeys(kind) {
		if err := tx.Delete(bucketIndex, key); err != nil {
			return err
		}
	}
	r.Tags, r.Group = tags, group
	item := groupedItems[kind]()
	if err := json.Unmarshal(r.Item, item); err != nil {
		return err
	}
	itemTags, itemGroup := item.settings()
	itemTags.Tag, *itemGroup = tagItems(tags), group
	var err error
	if r.Item, err = json.Marshal(item); err != nil {
		return err
	}
	return saveIndexed(tx, kind, r)
}

// listTagResources follows the page ListTagResources: the tags of the resources
// that have all the tags and are among those named. The page gives no size of a
// page of answers; here 50 resources. Where TagFilter names several methods for
// one key, each counts, and not the first only.
func (s *service) listTagResources(req request) (any, error) {
	kind, err := s.taggedKind(req.params)
	if err != nil {
		return nil, err
	}
	q := &query{req: req, kind: kind, region: req.params["RegionId"], ids: req.list("ResourceId"), limit: maxTagged}
	if err := q.readTagQuestion(); err != nil {
		return nil, err
	}
	if err := q.readToken(); err != nil {
		return nil, err
	}
	if err := s.requireAll(q); err != nil {
		return nil, err
	}
	page, err := s.list(q)
	if err != nil {
		return nil, err
	}
	return struct {
		RequestId, NextToken string
		TagResources         struct{ TagResource []tagResource }
	}{req.id, page.nextToken(), struct{ TagResource []tagResource }{tagResourcesOf(page)}}, nil
}

// requireAll refuses ids of which one does not exist.
func (s *service) requireAll(q *query) error {
	return s.store.View(func(tx *store.Tx) error {
		for _, id := range q.ids {
			r, err := load(tx, q.kind, q.region, id)
			if err != nil {
				return err
			}
			if r == nil {
				return tagCodes.refuse("InvalidResourceId.NotFound", "")
			}
		}
		return nil
	})
}

// tagResource is a member of TagResources.
type tagResource struct {
	ResourceID   string `json:"ResourceId"`
	ResourceType string `json:"ResourceType"`
	TagKey       string `json:"TagKey"`
	TagValue     string `json:"TagValue"`
}

// tagResourcesOf lists the tags of a page; where it was asked for a group, that.
func tagResourcesOf(p *page) []tagResource {
	list := []tagResource{}
	of := p.query.req.params["ResourceType"]
	for _, r := range p.records {
		tags := r.Tags
		if p.query.group != "" {
			tags = []tag{{groupTag, r.Group}}
		}
		for _, t := range tags {
			list = append(list, tagResource{r.ID, of, t.Key, t.Value})
		}
	}
	return list
}

// readTagQuestion reads Tag and TagFilter, of which there may be one, and must
// be where no resource is named.
func (q *query) readTagQuestion() error {
	tags, filters := q.req.tags("Tag"), q.req.entries("TagFilter")
	q.filters = append(q.filters, func(r *record) bool { return q.group != "" || len(r.Tags) > 0 })
	switch {
	case len(tags) > 0 && len(filters) > 0:
		return refuse("InvalidParameterCombination", "Tag and TagFilter exclude each other.")
	case len(filters) > 0:
		return q.readTagFilters(filters)
	case len(tags) > 0:
		return q.readExactTags(tags)
	case len(q.ids) == 0:
		return tagCodes.refuse("MissingParameter.Tags", "")
	}
	return nil
}

func (q *query) readExactTags(tags []tag) error {
	for _, t := range tags {
		switch {
		case t.Key == "":
			return refuse("InvalidParameter.TagValue", "Tag has a value without a key.")
		case t.Key == groupTag:
			return q.readGroup(tags)
		}
	}
	if err := checkNewTags(tags); err != nil {
		return err
	}
	q.addTags(tags)
	return nil
}

// readGroup reads the one tag that stands for a resource group.
func (q *query) readGroup(tags []tag) error {
	if len(tags) > 1 || tags[0].Value == "" {
		return refuse("InvalidParameter.TagValue", groupTag+" must be the only tag and have the id of a resource group.")
	}
	q.group = tags[0].Value
	q.filters = append(q.filters, func(r *record) bool { return r.Group == q.group })
	return nil
}

func (q *query) readTagFilters(numbers []int) error {
	for _, n := range numbers {
		key, values := q.req.params[member("TagFilter", n, "TagKey")], q.req.list(member("TagFilter", n, "TagValues"))
		switch {
		case len(numbers) > maxTagFilters || len(values) > maxTagFilters:
			return refuse("InvalidParameter.TagFilter", "TagFilter and its TagValues have at most 5 entries each.")
		case !within(key, 1, 128):
			return tagCodes.refuse("InvalidTagKey.Malformed", "")
		case slices.ContainsFunc(values, func(value string) bool { return !within(value, 1, 128) }):
			return tagCodes.refuse("InvalidTagValue.Malformed", "")
		}
		q.filters = append(q.filters, func(r *record) bool {
			return slices.ContainsFunc(r.Tags, func(t tag) bool { return fits(t, key, values) })
		})
	}
	return nil
}

// fits holds a tag against a filter: the key may be a pattern where no values
// are asked for.
func fits(t tag, key string, values []string) bool {
	if len(values) == 0 {
		return isLike(t.Key, key)
	}
	return t.Key == key && slices.ContainsFunc(values, func(value string) bool { return isLike(t.Value, value) })
}

// isLike knows the patterns text, text* and *text*.
func isLike(s, pattern string) bool {
	begin, isPrefix := strings.CutSuffix(pattern, "*")
	part, isInfix := strings.CutPrefix(begin, "*")
	switch {
	case isPrefix && isInfix:
		return strings.Contains(s, part)
	case isPrefix:
		return strings.HasPrefix(s, begin)
	}
	return s == pattern
}

// groupCodes are the table of JoinResourceGroup.
var groupCodes = codes{
	"MissingParameter":               {status: 403, message: `The input parameter "%s" that is mandatory for processing this request is not supplied.`},
	"InvalidResourceType.NotFound":   {status: 404, message: "The ResourceType provided does not exist in our records."},
	"InvalidResourceGroup.NotFound":  {status: 404, message: "The ResourceGroup provided does not exist in our records."},
	"InvalidResourceId.NotFound":     {status: 404, message: "The ResourceId provided does not exist in our records."},
	"InvalidResourceGroup.Duplicate": {status: 403, message: "The ResourceId provided has a ResourceGroup in our records."},
}

// joinResourceGroup follows the page JoinResourceGroup, for components and
// templates; an execution stays in the group that its template had. A resource
// that is in the group already is refused. It leaves out transfer tasks.
func (s *service) joinResourceGroup(req request) (any, error) {
	p := req.params
	for _, name := range []string{"RegionId", "ResourceId", "ResourceGroupId"} {
		if p[name] == "" {
			return nil, groupCodes.refuse("MissingParameter", name)
		}
	}
	if err := s.checkRegion(p); err != nil {
		return nil, err
	}
	kind := taggable[p["ResourceType"]]
	switch {
	case kind != components && kind != pipelines:
		return nil, groupCodes.refuse("InvalidResourceType.NotFound", "")
	case !s.account.Catalogue.ResourceGroup(p["ResourceGroupId"]):
		return nil, groupCodes.refuse("InvalidResourceGroup.NotFound", "")
	}
	err := s.store.Update(func(tx *store.Tx) error {
		r, err := load(tx, kind, p["RegionId"], p["ResourceId"])
		switch {
		case err != nil:
			return err
		case r == nil:
			return groupCodes.refuse("InvalidResourceId.NotFound", "")
		case r.Group == p["ResourceGroupId"]:
			return groupCodes.refuse("InvalidResourceGroup.Duplicate", "")
		}
		return replace(tx, kind, r, r.Tags, p["ResourceGroupId"])
	})
	return struct{ RequestId string }{req.id}, err
}

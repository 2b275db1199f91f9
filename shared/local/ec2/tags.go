package ec2

import (
	"encoding/json"
	"maps"
	"net/url"
	"strings"

	"imagedrop/shared/local/store"
)

// tagsPath is before the ARN in the path of the tag operations.
const tagsPath = "/tags/"

// tagResource follows the page API_TagResource, for component build versions. It
// leaves out IAM, and the resources that are not served.
func (s *service) tagResource(c *call) (any, error) {
	var r struct {
		Tags map[string]string `json:"tags"`
	}
	if json.Unmarshal(c.body, &r) != nil || len(r.Tags) == 0 {
		return nil, parameterProblem("tags", "want 1 to 50")
	}
	return s.changeTags(c, func(tags map[string]string) { maps.Copy(tags, r.Tags) })
}

// untagResource follows the page API_UntagResource. A key that is not there is
// no mistake. It leaves out what tagResource does.
func (s *service) untagResource(c *call) (any, error) {
	keys := c.URL.Query()["tagKeys"]
	if len(keys) < 1 || len(keys) > maxTags {
		return nil, parameterProblem("tagKeys", "want 1 to 50")
	}
	return s.changeTags(c, func(tags map[string]string) {
		for _, k := range keys {
			delete(tags, k)
		}
	})
}

// listTags follows the page API_ListTagsForResource. It leaves out what
// tagResource does.
func (s *service) listTags(c *call) (any, error) {
	a, err := s.tagged(c)
	if err != nil {
		return nil, err
	}
	tags := map[string]string{}
	err = s.store.View(func(tx *store.Tx) error {
		found, err := load(tx, a)
		maps.Copy(tags, found.Tags)
		return err
	})
	return map[string]any{"tags": tags}, err
}

func (s *service) changeTags(c *call, change func(map[string]string)) (any, error) {
	a, err := s.tagged(c)
	if err != nil {
		return nil, err
	}
	return struct{}{}, s.store.Update(func(tx *store.Tx) error {
		found, err := load(tx, a)
		if err != nil {
			return err
		}
		tags := map[string]string{}
		maps.Copy(tags, found.Tags)
		change(tags)
		if problem := tagProblem(tags); problem != "" {
			return parameterProblem("tags", problem)
		}
		found.Tags = tags
		return tx.PutJSON(bucketComponents, a.key(), found)
	})
}

func parameterProblem(member, want string) error {
	return errParameter.because("The value supplied for parameter '%s' is not valid: %s.", member, want)
}

// tagged is the build version that the path names.
func (s *service) tagged(c *call) (arn, error) {
	text, err := url.PathUnescape(strings.TrimPrefix(rawPath(c.Request), tagsPath))
	a, ok := parseARN(text)
	switch {
	case err != nil || !ok || a.build == 0:
		return a, parameterProblem("resourceArn", "it is not the ARN of a component build version")
	case a.owner != AccountID || a.region != c.region:
		return a, notFound(text)
	}
	return a, nil
}

func load(tx *store.Tx, a arn) (c component, err error) {
	found, err := tx.GetJSON(bucketComponents, a.key(), &c)
	if err == nil && !found {
		err = notFound(a.String())
	}
	return c, err
}

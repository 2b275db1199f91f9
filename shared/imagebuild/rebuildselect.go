package imagebuild

import (
	"cmp"
	"context"
	"maps"
	"slices"
	"strings"
	"time"

	"golang.org/x/sync/errgroup"

	"imagedrop/shared/template"
)

// candidate is a pipeline of a run, and what became of it in this step. One
// goroutine works it at a time.
type candidate struct {
	Due
	began    time.Time
	pipeline *Pipeline // nil where only Due is known
	newest   string    // ID of the pipeline that supersedes it, "" for none
	verdict  *verdict  // of this step, nil before
	running  string    // ID of its execution, once it has one that runs
	settled  bool      // its outcome is published
	tried    bool      // in vain, in this step
}

func (c *candidate) cursor() Cursor { return Cursor{c.Name, c.ImagePipelineID} }

// travelling is what goes into the continuation: not what is too large for it.
func (c *candidate) travelling() Due {
	due := c.Due
	if c.pipeline == nil { // it came with one
		return due
	}
	if body, err := marshal(due); err != nil || len(body) > maxDue {
		due.Inputs = nil
	}
	return due
}

// size is the number of bytes in a continuation.
func (c *candidate) size() int {
	body, _ := marshal(c.travelling()) // strings and numbers
	return len(body) + len(",")
}

// list returns the pipelines of the run in their order.
func (s *step) list(ctx context.Context) ([]*candidate, error) {
	query := Query{Kind: template.Pipeline, RegionID: s.region, Tags: s.policy.Tags}
	if !strings.ContainsAny(s.policy.NamePattern, "*?") {
		query.Name = s.policy.NamePattern
	}
	found, err := s.pipelines(ctx, query, s.policy.ImagePipelineIDs...)
	if err != nil {
		return nil, err
	}
	found = slices.DeleteFunc(found, func(p Pipeline) bool { return !s.policy.selects(p) })
	named, err := s.namesakes(ctx, found)
	if err != nil {
		return nil, err
	}
	list := make([]*candidate, len(found))
	for i := range found {
		list[i] = newCandidate(&found[i], named[found[i].Name])
	}
	for _, id := range s.policy.absent(found) {
		list = append(list, &candidate{Due: Due{ImagePipelineID: id}}) // to be told that it is gone
	}
	slices.SortFunc(list, func(a, b *candidate) int { return a.cursor().compare(b.cursor()) })
	return list, nil
}

// absent are the IDs that were not found, though nothing else was asked of
// them: a payload that goes on naming a deleted pipeline must not do so unseen.
func (p RebuildPolicy) absent(found []Pipeline) (ids []string) {
	if p.NamePattern != "" || len(p.Tags) > 0 {
		return nil
	}
	for _, id := range p.ImagePipelineIDs {
		if !slices.ContainsFunc(found, func(f Pipeline) bool { return f.ID == id }) {
			ids = append(ids, id)
		}
	}
	return ids
}

// newCandidate places a pipeline among those of its name, the oldest first.
func newCandidate(p *Pipeline, named []Resource) *candidate {
	c := &candidate{pipeline: p, Due: Due{ImagePipelineID: p.ID, Name: p.Name}}
	if newest := named[len(named)-1]; newest.ID != p.ID {
		c.newest = newest.ID
	} else if len(named) > 1 {
		c.PreviousImagePipelineID = named[len(named)-2].ID
	}
	return c
}

// selects compares once more what the service has matched.
func (p RebuildPolicy) selects(found Pipeline) bool {
	return (len(p.ImagePipelineIDs) == 0 || slices.Contains(p.ImagePipelineIDs, found.ID)) &&
		(p.NamePattern == "" || matchesGlob(p.NamePattern, found.Name)) &&
		!slices.ContainsFunc(p.Tags, func(t Tag) bool { return !slices.Contains(found.Tags, t) })
}

// namesakes returns all pipelines of the names of those found, the oldest
// first. Also one that was not selected supersedes those before it: IDs of a
// payload and tags of an old version must not bring it back into its family.
func (s *step) namesakes(ctx context.Context, found []Pipeline) (map[string][]Resource, error) {
	named := map[string][]Resource{}
	for _, p := range found {
		named[p.Name] = append(named[p.Name], p.Resource)
	}
	if len(s.policy.ImagePipelineIDs)+len(s.policy.Tags) > 0 {
		if err := s.complete(ctx, named); err != nil {
			return nil, err
		}
	}
	for _, list := range named {
		slices.SortFunc(list, byAge)
	}
	return named, nil
}

// complete adds to the lists what has their names and was not selected.
func (s *step) complete(ctx context.Context, named map[string][]Resource) error {
	query := Query{Kind: template.Pipeline, RegionID: s.region}
	all, err := s.fewer(ctx, query, len(named))
	if err != nil {
		return err
	}
	queries := []Query{query}
	if !all {
		queries = nil
		for _, name := range slices.Sorted(maps.Keys(named)) {
			queries = append(queries, Query{Kind: template.Pipeline, RegionID: s.region, Name: name})
		}
	}
	answers := make([][]Pipeline, len(queries))
	var group errgroup.Group
	group.SetLimit(max(s.Concurrency, 1))
	for i, query := range queries {
		group.Go(func() (err error) {
			answers[i], err = s.pipelines(ctx, query)
			return err
		})
	}
	if err := group.Wait(); err != nil {
		return err
	}
	for _, p := range slices.Concat(answers...) {
		list, ok := named[p.Name]
		if ok && !slices.ContainsFunc(list, func(r Resource) bool { return r.ID == p.ID }) {
			named[p.Name] = append(list, p.Resource)
		}
	}
	return nil
}

// pageSize is the number of entries that the service lists in one answer.
// Source: ECS 2014-05-26, DescribeImagePipelines, DescribeImageComponents, MaxResults, 1 to 500.
const pageSize = 500

// fewer reports whether reading all takes fewer calls than one call for each
// of so many names.
func (s *step) fewer(ctx context.Context, query Query, names int) (bool, error) {
	if names <= 2 {
		return false, nil
	}
	var total int
	err := s.retry(ctx, func(ctx context.Context) (err error) {
		_, total, err = s.Resources.First(ctx, query)
		return err
	})
	return total <= pageSize*(names-1), err
}

// pipelines lists what matches; the list may be long.
func (s *step) pipelines(ctx context.Context, query Query, ids ...string) (found []Pipeline, err error) {
	err = s.retryFor(ctx, listTimeout, func(ctx context.Context) (err error) {
		found, err = s.Executions.Pipelines(ctx, query, ids...)
		return err
	})
	return found, err
}

// sample is the number of pipelines that tell how components are asked for.
const sample = 250

// gather asks for all components at once where that is cheaper than by name.
// Where it fails, the names are asked for one by one.
func (s *step) gather(ctx context.Context, list []*candidate) {
	names := map[string]bool{}
	for _, c := range list[:min(sample, len(list))] {
		if c.newest == "" && c.pipeline != nil {
			for _, ref := range s.resolver.open(*c.pipeline) {
				names[ref.Name] = true
			}
		}
	}
	query := Query{Kind: template.Component, RegionID: s.region}
	if all, err := s.fewer(ctx, query, len(names)); err != nil || !all {
		return
	}
	var found []Resource
	if err := s.retryFor(ctx, listTimeout, func(ctx context.Context) (err error) {
		found, err = s.Resources.Find(ctx, query)
		return err
	}); err == nil {
		s.resolver.know(found)
	}
}

// oldestFirst orders executions as the service made them.
func oldestFirst(a, b Execution) int {
	return cmp.Or(cmp.Compare(a.CreationTime, b.CreationTime), cmp.Compare(a.ID, b.ID))
}

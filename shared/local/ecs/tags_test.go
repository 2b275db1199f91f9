package ecs

import (
	"fmt"
	"slices"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
)

func (c *cloud) tag(form params) error {
	request := ecs.CreateTagResourcesRequest()
	return send(c.client(), request, request.RpcRequest, form, ecs.CreateTagResourcesResponse())
}

func (c *cloud) untag(form params) error {
	request := ecs.CreateUntagResourcesRequest()
	return send(c.client(), request, request.RpcRequest, form, ecs.CreateUntagResourcesResponse())
}

func (c *cloud) join(form params) error {
	request := ecs.CreateJoinResourceGroupRequest()
	return send(c.client(), request, request.RpcRequest, form, ecs.CreateJoinResourceGroupResponse())
}

// tagsOf lists "id key=value" in the order of the answer.
func (c *cloud) tagsOf(form params) (list []string) {
	c.t.Helper()
	request, response := ecs.CreateListTagResourcesRequest(), ecs.CreateListTagResourcesResponse()
	require.NoError(c.t, send(c.client(), request, request.RpcRequest, form, response))
	require.Empty(c.t, response.NextToken)
	for _, t := range response.TagResources.TagResource {
		require.Equal(c.t, form["ResourceType"], t.ResourceType)
		list = append(list, t.ResourceId+" "+t.TagKey+"="+t.TagValue)
	}
	return list
}

// One resource of each type that can be tagged, with a tag, and how the filters
// of its describe operation find it.
func (c *cloud) taggedThings() map[string]struct {
	id    string
	found func(params) []string
} {
	component := c.mustCreate(opComponent, params{"Name": "web", "Tag.1.Key": "team", "Tag.1.Value": "a"})
	pipeline := c.mustCreate(opPipeline, params{"Tag.1.Key": "team", "Tag.1.Value": "a"})
	execution := c.mustCreate(opStart, params{"ImagePipelineId": pipeline, "Tag.1.Key": "team", "Tag.1.Value": "a"})
	type thing = struct {
		id    string
		found func(params) []string
	}
	return map[string]thing{
		"imagecomponent": {component, func(p params) []string { ids, _ := c.componentIDs(p); return ids }},
		"imagepipeline": {pipeline, func(p params) (ids []string) {
			for _, item := range c.describePipelines(p).ImagePipeline.ImagePipelineSet {
				ids = append(ids, item.ImagePipelineId)
			}
			return ids
		}},
		"imagepipelineexecution": {execution, func(p params) []string { return c.executionIDs(p.with(params{"ImagePipelineId": pipeline})) }},
	}
}

// What is tagged, given another value or untagged is found, or not, by the
// filters at once, and is told by every answer.
func TestChangedTagsAreFound(t *testing.T) {
	c := newCloud(t, Options{})
	for of, thing := range c.taggedThings() {
		t.Run(of, func(t *testing.T) {
			on := params{"ResourceType": of, "ResourceId.1": thing.id}
			by := func(key, value string) []string { return thing.found(params{"Tag.1.Key": key, "Tag.1.Value": value}) }
			require.Equal(t, []string{thing.id}, by("team", "a"))

			require.NoError(t, c.tag(on.with(params{"Tag.1.Key": "team", "Tag.1.Value": "b", "Tag.2.Key": "empty"})))
			require.Empty(t, by("team", "a"))
			require.Equal(t, []string{thing.id}, by("team", "b"))
			require.Equal(t, []string{thing.id}, thing.found(params{"Tag.1.Key": "empty"}))
			require.Equal(t, []string{thing.id + " team=b", thing.id + " empty="}, c.tagsOf(on))

			require.NoError(t, c.untag(on.with(params{"TagKey.1": "team", "TagKey.2": "unknown", "All": "true"})))
			require.Empty(t, by("team", "b"))
			require.Equal(t, []string{thing.id + " empty="}, c.tagsOf(on), "All counts without TagKey only")

			require.NoError(t, c.untag(on.with(params{"All": "true"})))
			require.Empty(t, c.tagsOf(on))
			require.Equal(t, []string{thing.id}, thing.found(params{}))
		})
	}
}

// Tags that change while a build runs stay, and the build goes on; deleting what
// was tagged leaves nothing behind.
func TestTagsOfARunningExecution(t *testing.T) {
	c := newCloud(t, Options{})
	pipeline, execution := c.build(nil)
	require.NoError(t, c.tag(params{"ResourceType": "imagepipelineexecution", "ResourceId.1": execution, "Tag.1.Key": "k", "Tag.1.Value": "v"}))
	c.clock.Advance(longest)
	got := c.execution(execution)
	require.Equal(t, []string{"SUCCESS", "k", "v"}, []string{got.Status, got.Tags.Tag[0].TagKey, got.Tags.Tag[0].TagValue})
	require.NoError(t, c.delete(opPipeline, pipeline))
	require.Empty(t, c.tagsOf(params{"ResourceType": "imagepipelineexecution", "Tag.1.Key": "k"}))
}

// A refused resource keeps all the others as they were.
func TestTaggingIsAllOrNothing(t *testing.T) {
	c := newCloud(t, Options{})
	one, full := c.mustCreate(opComponent, nil), c.mustCreate(opComponent, tagged(20))
	of := params{"ResourceType": "imagecomponent", "ResourceId.1": one, "Tag.1.Key": "new"}
	requireRefused(t, c.tag(of.with(params{"ResourceId.2": "ic-unknown"})), 404, "InvalidResourceId.NotFound")
	requireRefused(t, c.tag(of.with(params{"ResourceId.2": full})), 400, "OperationDenied.QuotaExceed")
	require.Empty(t, c.component(one).Tags.Tag)
	require.NoError(t, c.tag(of.with(params{"ResourceId.2": full, "ResourceId.3": one, "Tag.1.Key": "key0", "Tag.1.Value": "x"})), "a key that is there takes no place")
	require.Equal(t, "x", c.component(full).Tags.Tag[0].TagValue)
	require.Len(t, c.component(one).Tags.Tag, 1)
}

func TestListTagResources(t *testing.T) {
	c := newCloud(t, Options{})
	create := func(set params) string { return c.mustCreate(opComponent, set) }
	a := create(params{"Tag.1.Key": "environment", "Tag.1.Value": "production", "Tag.2.Key": "team", "Tag.2.Value": "web"})
	b := create(params{"Tag.1.Key": "env", "Tag.1.Value": "product", "ResourceGroupId": "rg-one1"})
	create(nil)
	c.mustCreate(opPipeline, params{"Tag.1.Key": "env"})
	ofA := []string{a + " environment=production", a + " team=web"}
	ofB := []string{b + " env=product"}
	filter := func(n int, key string, values ...string) params {
		p := params{member("TagFilter", n, "TagKey"): key}
		for i, value := range values {
			p[member(member("TagFilter", n, "TagValues"), i+1)] = value
		}
		return p
	}
	for _, tt := range []struct {
		set  params
		want []string
	}{
		{params{"ResourceId.1": a, "ResourceId.2": b, "ResourceId.3": a}, slices.Concat(ofB, ofA)},
		{params{"Tag.1.Key": "env"}, ofB},
		{params{"Tag.1.Key": "team", "Tag.1.Value": "web"}, ofA},
		{params{"Tag.1.Key": "team", "Tag.1.Value": "we"}, nil},
		{params{"Tag.1.Key": "team", "Tag.1.Value": "web", "Tag.2.Key": "environment"}, ofA},
		{params{"Tag.1.Key": "team", "Tag.2.Key": "env"}, nil},
		{params{"Tag.1.Key": "team", "ResourceId.1": b}, nil},
		{params{"Tag.1.Key": "acs:rm:rgId", "Tag.1.Value": "rg-one1"}, []string{b + " acs:rm:rgId=rg-one1"}},
		{params{"Tag.1.Key": "acs:rm:rgId", "Tag.1.Value": "rg-two2"}, nil},
		{filter(1, "env*"), slices.Concat(ofB, ofA)},
		{filter(1, "env"), ofB},
		{filter(1, "*viron*"), ofA},
		{filter(1, "*env"), nil},
		{filter(1, "*"), slices.Concat(ofB, ofA)},
		{filter(1, "env", "prod*"), ofB},
		{filter(1, "env", "none", "*duc*"), ofB},
		{filter(1, "env*", "prod*"), nil},
		{filter(1, "env*").with(filter(2, "team")), ofA},
		{filter(1, "env*").with(params{"ResourceId.1": b}), ofB},
	} {
		require.Equal(t, tt.want, c.tagsOf(tt.set.with(params{"ResourceType": "imagecomponent"})), "%v", tt.set)
	}
	require.Empty(t, c.tagsOf(params{"ResourceType": "imagecomponent", "RegionId": "cn-beijing", "Tag.1.Key": "env"}))
}

func TestPagesOfTags(t *testing.T) {
	c := newCloud(t, Options{})
	const resources = 2*maxTagged + 1
	for range resources {
		c.mustCreate(opComponent, params{"Tag.1.Key": "k", "Tag.2.Key": "l"})
	}
	seen := map[string]bool{}
	var sizes []int
	request, response := ecs.CreateListTagResourcesRequest(), ecs.CreateListTagResourcesResponse()
	form := params{"ResourceType": "imagecomponent", "Tag.1.Key": "k"}
	for {
		require.NoError(t, send(c.client(), request, request.RpcRequest, form, response))
		for _, item := range response.TagResources.TagResource {
			seen[item.ResourceId+item.TagKey] = true
		}
		sizes = append(sizes, len(response.TagResources.TagResource))
		if response.NextToken == "" {
			break
		}
		form = form.with(params{"NextToken": response.NextToken})
		request, response = ecs.CreateListTagResourcesRequest(), ecs.CreateListTagResourcesResponse()
	}
	require.Equal(t, []int{2 * maxTagged, 2 * maxTagged, 2}, sizes)
	require.Len(t, seen, 2*resources)
}

func TestTagsInXML(t *testing.T) {
	c := newCloud(t, Options{})
	id := c.mustCreate(opComponent, params{"Tag.1.Key": "k", "Tag.1.Value": "v"})
	a := c.raw("GET", params{"Action": "ListTagResources", "RegionId": "cn-hangzhou", "ResourceType": "imagecomponent", "ResourceId.1": id, "Format": "XML"})
	require.Contains(t, a.text, "<TagResources><TagResource><ResourceId>"+id+"</ResourceId><ResourceType>imagecomponent</ResourceType><TagKey>k</TagKey><TagValue>v</TagValue></TagResource></TagResources>")
	require.Equal(t, map[string]any{"TagResource": []any{}},
		c.raw("GET", params{"Action": "ListTagResources", "RegionId": "cn-hangzhou", "ResourceType": "imagecomponent", "Tag.1.Key": "none"}).fields["TagResources"])
}

// A resource joins another group, and the filter knows it there.
func TestJoinResourceGroup(t *testing.T) {
	c := newCloud(t, Options{})
	component, pipeline := c.mustCreate(opComponent, nil), c.mustCreate(opPipeline, params{"ResourceGroupId": "rg-one1"})
	execution := c.start(pipeline)
	require.NoError(t, c.join(params{"ResourceType": "imagecomponent", "ResourceId": component, "ResourceGroupId": "rg-two2"}))
	require.NoError(t, c.join(params{"ResourceType": "imagepipeline", "ResourceId": pipeline, "ResourceGroupId": "rg-two2"}))
	require.Equal(t, "rg-two2", c.component(component).ResourceGroupId)
	require.Equal(t, "rg-two2", c.pipeline(pipeline).ResourceGroupId)
	require.Equal(t, "rg-one1", c.execution(execution).ResourceGroupId, "it started in its template's group")
	for group, want := range map[string]int{"rg-one1": 0, "rg-two2": 1} {
		require.Equal(t, want, c.describeComponents(params{"ResourceGroupId": group}).TotalCount)
		require.Equal(t, want, c.describePipelines(params{"ResourceGroupId": group}).TotalCount)
	}
	again := params{"ResourceType": "imagecomponent", "ResourceId": component, "ResourceGroupId": "rg-two2"}
	requireRefused(t, c.join(again), 403, "InvalidResourceGroup.Duplicate")
	require.NoError(t, c.join(again.with(params{"ResourceGroupId": "rg-one1"})))
}

func TestDescribeRegions(t *testing.T) {
	c := newCloud(t, Options{})
	c.account.Catalogue.Add(account.CatalogueData{Regions: []string{"mars-1", "cn-hangzhou"}})
	list := func(set params) map[string]ecs.Region {
		request, response := ecs.CreateDescribeRegionsRequest(), ecs.CreateDescribeRegionsResponse()
		require.NoError(t, send(c.client(), request, request.RpcRequest, set, response))
		regions := map[string]ecs.Region{}
		for _, r := range response.Regions.Region {
			require.NotContains(t, regions, r.RegionId)
			require.Equal(t, "ecs."+r.RegionId+".aliyuncs.com available", r.RegionEndpoint+" "+r.Status)
			regions[r.RegionId] = r
		}
		return regions
	}
	require.Equal(t, "华东1（杭州）", list(nil)["cn-hangzhou"].LocalName)
	require.Equal(t, "China (Hangzhou)", list(params{"AcceptLanguage": "en-US", "InstanceChargeType": "PrePaid", "ResourceType": "Instance"})["cn-hangzhou"].LocalName)
	require.Equal(t, "mars-1", list(params{"AcceptLanguage": "ja"})["mars-1"].LocalName)
	require.Len(t, list(nil), len(regionNames)+1, "every public region has a name")
	a := c.raw("GET", params{"Action": "DescribeRegions", "Format": "XML"})
	require.Contains(t, a.text, "<Regions><Region><RegionId>ap-northeast-1</RegionId>", "without a RegionId")
}

// Fifty resources, twenty tags: the edges are inside.
func TestTagsAcceptTheirEdges(t *testing.T) {
	c := newCloud(t, Options{})
	ids := params{}
	for i := range maxTagged {
		ids[member("ResourceId", i+1)] = c.mustCreate(opComponent, nil)
	}
	all := ids.with(params{"ResourceType": "imagecomponent"})
	require.NoError(t, c.tag(all.with(tagged(20))))
	require.Len(t, c.tagsOf(all), 20*maxTagged)
	keys := params{}
	for i := range 20 {
		keys[member("TagKey", i+1)] = fmt.Sprint("key", i)
	}
	require.NoError(t, c.untag(all.with(keys)))
	require.Empty(t, c.tagsOf(all))
}

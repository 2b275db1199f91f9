package ecs

import (
	"fmt"
	"slices"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/store"
)

func (c *cloud) componentIDs(form params) (ids []string, total int) {
	c.t.Helper()
	answer := c.describeComponents(form)
	for _, item := range answer.ImageComponent.ImageComponentSet {
		ids = append(ids, item.ImageComponentId)
	}
	return ids, answer.TotalCount
}

// pages follows NextToken to the end.
func (c *cloud) pages(form params) (pages [][]string) {
	c.t.Helper()
	for {
		answer := c.describeComponents(form)
		var ids []string
		for _, item := range answer.ImageComponent.ImageComponentSet {
			ids = append(ids, item.ImageComponentId)
		}
		pages = append(pages, ids)
		if answer.NextToken == "" {
			return pages
		}
		form = form.with(params{"NextToken": answer.NextToken})
	}
}

func TestPaging(t *testing.T) {
	c := newCloud(t, Options{})
	var all []string
	for i := range 7 {
		all = append(all, c.mustCreate(opComponent, params{"Name": "web", "Tag.1.Key": "n", "Tag.1.Value": fmt.Sprint(i % 2), "SystemType": "Linux"}))
	}
	slices.Reverse(all)
	chunks := func(ids []string, n int) [][]string { return slices.Collect(slices.Chunk(ids, n)) }
	for name, filter := range map[string]params{
		"everything": {}, "name": {"Name": "web"}, "filter": {"SystemType": "Linux"}, "key only": {"Tag.1.Key": "n"},
	} {
		t.Run(name, func(t *testing.T) {
			for _, size := range []int{1, 3, 6, 7, 500} {
				form := filter.with(params{"MaxResults": fmt.Sprint(size)})
				require.Equal(t, chunks(all, size), c.pages(form))
				answer := c.describeComponents(form)
				require.Equal(t, []int{7, size}, []int{answer.TotalCount, answer.MaxResults})
			}
		})
	}
	require.Equal(t, 50, c.describeComponents(nil).MaxResults)
}

// What is created or deleted between two pages neither repeats nor hides the rest.
func TestPagingIsStable(t *testing.T) {
	c := newCloud(t, Options{})
	var all []string
	for range 4 {
		all = append(all, c.mustCreate(opComponent, nil))
	}
	answer := c.describeComponents(params{"MaxResults": "2"})
	c.mustCreate(opComponent, nil)
	require.NoError(t, c.delete(opComponent, all[2]))
	ids, _ := c.componentIDs(params{"MaxResults": "2", "NextToken": answer.NextToken})
	require.Equal(t, []string{all[1], all[0]}, ids)
}

func TestNextTokenOfAnotherQuestion(t *testing.T) {
	c := newCloud(t, Options{})
	c.mustCreate(opComponent, params{"Name": "web"})
	c.mustCreate(opComponent, params{"Name": "web"})
	token := c.describeComponents(params{"MaxResults": "1"}).NextToken
	require.NotEmpty(t, token)
	call := params{"RegionId": "cn-hangzhou", "Action": "DescribeImageComponents", "NextToken": token}
	require.Equal(t, 200, c.raw("GET", call.with(params{"MaxResults": "2"})).status)
	for _, change := range []params{{"NextToken": "x"}, {"NextToken": token + "AAAA"}, {"NextToken": token[4:]}, {"Name": "web"}, {"Action": "DescribeImagePipelines"}} {
		require.Equal(t, "403 Invalid.NextToken", c.raw("GET", call.with(change)).code(), change)
	}
}

func TestComponentFilters(t *testing.T) {
	c := newCloud(t, Options{})
	web1 := c.mustCreate(opComponent, params{"Name": "web", "Tag.1.Key": "team", "Tag.1.Value": "a", "Tag.2.Key": "digest", "Tag.2.Value": "x"})
	web2 := c.mustCreate(opComponent, params{"Name": "web", "Tag.1.Key": "team", "Tag.1.Value": "b", "Tag.2.Key": "digest", "Tag.2.Value": "x", "ComponentVersion": "2.1.0"})
	db := c.mustCreate(opComponent, params{"Name": "db", "Tag.1.Key": "team", "ComponentType": "Test", "SystemType": "Windows"})
	group := c.mustCreate(opComponent, params{"Name": "web-2", "ResourceGroupId": "rg-one1"})
	tests := []struct {
		filter params
		want   []string
	}{
		{params{"Name": "web"}, []string{web2, web1}},
		{params{"Name": "we"}, nil},
		{params{"Name": "WEB"}, nil},
		{params{"Tag.1.Key": "team"}, []string{db, web2, web1}},
		{params{"Tag.1.Key": "team", "Tag.1.Value": "a"}, []string{web1}},
		{params{"Tag.1.Key": "digest", "Tag.1.Value": "x"}, []string{web2, web1}},
		{params{"Name": "web", "Tag.1.Key": "digest", "Tag.1.Value": "x"}, []string{web2, web1}},
		{params{"Name": "db", "Tag.1.Key": "digest", "Tag.1.Value": "x"}, nil},
		{params{"Tag.1.Key": "digest", "Tag.1.Value": "x", "Tag.2.Key": "team", "Tag.2.Value": "b"}, []string{web2}},
		{params{"Tag.1.Key": "digest", "Tag.2.Key": "team", "Tag.2.Value": "b"}, []string{web2}},
		{params{"Tag.1.Key": "other"}, nil},
		{params{"ComponentType": "Test"}, []string{db}},
		{params{"SystemType": "Linux"}, []string{group, web2, web1}},
		{params{"Name": "web", "ComponentVersion": "1.0.0"}, []string{web1}},
		{params{"Name": "web", "ComponentVersion": "2.*.0"}, []string{web2}},
		{params{"Name": "web", "ComponentVersion": "*.0.0"}, []string{web1}},
		{params{"Name": "web", "ComponentVersion": "3.0.0"}, nil},
		{params{"Owner": "SELF"}, []string{group, db, web2, web1}},
		{params{"Owner": "ALIYUN"}, nil},
		{params{"ResourceGroupId": "rg-one1", "Name": "web-2"}, []string{group}},
		{params{"ResourceGroupId": "rg-two2"}, []string{db, web2, web1}}, // the default group always appears
		{params{"ImageComponentId.1": web1, "ImageComponentId.2": "ic-unknown", "ImageComponentId.3": db, "ImageComponentId.4": web1}, []string{db, web1}},
		{params{"ImageComponentId.1": web1, "Name": "db"}, nil},
		{params{"ImageComponentId.1": web1, "Tag.1.Key": "team", "Tag.1.Value": "b"}, nil},
		{params{"ImageComponentId.1": "ip-unknown"}, nil},
	}
	for _, tt := range tests {
		ids, total := c.componentIDs(tt.filter)
		require.Equal(t, tt.want, ids, "%v", tt.filter)
		require.Equal(t, len(tt.want), total, "%v", tt.filter)
	}
}

func TestPipelineFilters(t *testing.T) {
	c := newCloud(t, Options{})
	one := c.mustCreate(opPipeline, params{"Name": "web", "Tag.1.Key": "a", "Tag.1.Value": "1"})
	two := c.mustCreate(opPipeline, params{"Name": "web"}) // equal names are no conflict
	for _, tt := range []struct {
		filter params
		want   []string
	}{
		{params{"Name": "web"}, []string{two, one}},
		{params{"Name": "web", "Tag.1.Key": "a", "Tag.1.Value": "1"}, []string{one}},
		{params{"ImagePipelineId.1": two}, []string{two}},
	} {
		answer := c.describePipelines(tt.filter)
		var ids []string
		for _, item := range answer.ImagePipeline.ImagePipelineSet {
			ids = append(ids, item.ImagePipelineId)
		}
		require.Equal(t, tt.want, ids)
		require.Equal(t, len(ids), answer.TotalCount)
	}
}

func TestListErrors(t *testing.T) {
	c := newCloud(t, Options{})
	tests := []struct {
		action string
		set    params
		want   string
	}{
		{"DescribeImageComponents", params{"RegionId": "-"}, "400 MissingParameter.RegionId"},
		{"DescribeImageComponents", params{"RegionId": "mars-1"}, "404 InvalidRegionId.NotFound"},
		{"DescribeImageComponents", params{"Owner": "self"}, "400 InvalidParameter.Owner"},
		{"DescribeImageComponents", numbered("ImageComponentId", 21, "ic-1"), "400 InvalidImageComponentIdSize.ExceededMaxNumber"},
		{"DescribeImageComponents", params{"SystemType": "x"}, "400 InvalidSystemType.NotSupportedValue"},
		{"DescribeImageComponents", params{"ComponentType": "x"}, "400 InvalidComponentType.NotSupportedValue"},
		{"DescribeImageComponents", params{"Name": "web", "ComponentVersion": "1.*.*"}, "400 InvalidParameter.ComponentVersion"},
		{"DescribeImageComponents", params{"ComponentVersion": "1.0.0"}, "400 InvalidParameter.ComponentVersion"},
		{"DescribeImageComponents", params{"MaxResults": "501"}, "400 InvalidParameter.MaxResults"},
		{"DescribeImageComponents", params{"MaxResults": "0"}, "400 InvalidParameter.MaxResults"},
		{"DescribeImageComponents", params{"Tag.1.Value": "x"}, "400 InvalidParameter.Tag"},
		{"DescribeImageComponents", tagged(21), "400 InvalidParameter.Tag"},
		{"DescribeImageComponents", params{"NextToken": "x"}, "403 Invalid.NextToken"},
		{"DescribeImagePipelines", params{"NextToken": "x"}, "403 Invalid.NextToken"},
		{"DescribeImagePipelines", params{"Name": "_"}, "400 InvalidName.Malformed"},
		{"DescribeImagePipelines", numbered("ImagePipelineId", 21, "ip-1"), "400 InvalidImagePipelineIdSize.ExceededMaxNumber"},
	}
	for _, tt := range tests {
		a := c.raw("GET", params{"Action": tt.action, "RegionId": "cn-hangzhou"}.with(tt.set))
		require.Equal(t, tt.want, a.code(), "%s %v", tt.action, tt.set)
	}
}

// The exact containers of the answers: lists are flat and hold strings.
func TestShapes(t *testing.T) {
	c := newCloud(t, Options{})
	c.mustCreate(opPipeline, params{"AddAccount.1": "1234567890", "Tag.1.Key": "k"})
	a := c.raw("GET", params{"Action": "DescribeImagePipelines", "RegionId": "cn-hangzhou"})
	item := a.fields["ImagePipeline"].(map[string]any)["ImagePipelineSet"].([]any)[0].(map[string]any)
	require.Equal(t, map[string]any{"AddAccount": []any{"1234567890"}}, item["AddAccounts"])
	require.Equal(t, map[string]any{"ToRegionId": []any{}}, item["ToRegionIds"])
	require.Equal(t, map[string]any{"Tag": []any{map[string]any{"TagKey": "k", "TagValue": ""}}}, item["Tags"])
	require.Equal(t, "", a.fields["NextToken"])
	require.Equal(t, 1.0, a.fields["TotalCount"])
	require.Equal(t, 50.0, a.fields["MaxResults"])

	empty := c.raw("GET", params{"Action": "DescribeImageComponents", "RegionId": "cn-hangzhou"})
	require.Equal(t, map[string]any{"ImageComponentSet": []any{}}, empty.fields["ImageComponent"])
}

// The patches of a minor version are found by an index, which components of an
// older program are not in.
func TestPatchesOfAMinorVersion(t *testing.T) {
	c := newCloud(t, Options{})
	var want []string
	for _, version := range []string{"1.4.0", "1.40.0", "1.4.10", "1.3.9", "2.4.1", "1.4.2"} {
		id := c.mustCreate(opComponent, params{"Name": "web", "ComponentVersion": version})
		c.mustCreate(opComponent, params{"Name": "webs", "ComponentVersion": version})
		if pattern, _ := parsePattern("1.4.*"); pattern.matches(c.version(id)) {
			want = append([]string{id}, want...)
		}
	}
	require.Len(t, want, 3)
	form := params{"Name": "web", "ComponentVersion": "1.4.*"}
	require.Equal(t, [][]string{want}, c.pages(form))
	require.Equal(t, [][]string{{want[0]}, {want[1]}, {want[2]}}, c.pages(form.with(params{"MaxResults": "1"})))
	require.NoError(t, c.delete(opComponent, want[1]))
	want = []string{want[0], want[2]}
	require.Equal(t, [][]string{want}, c.pages(form))

	require.NoError(t, c.store.Update(func(tx *store.Tx) error {
		r, err := load(tx, components, "cn-hangzhou", want[0])
		require.NoError(t, err)
		return tx.Delete(bucketIndex, indexPrefix(components, r.Region, r.Name, patchesOf(r.version()))+r.Order)
	}))
	require.Equal(t, [][]string{want}, c.pages(form), "as an older program left it")
}

func (c *cloud) version(id string) version {
	v, _ := parseVersion(c.component(id).ComponentVersion)
	return v
}

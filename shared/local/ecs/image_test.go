package ecs

import (
	"encoding/xml"
	"fmt"
	"slices"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
)

// An image has what the template and its base say; a copy has the same in its
// own region, under an id of its own.
func TestImageOfABuild(t *testing.T) {
	c := newCloud(t, Options{})
	start := c.clock.Now()
	_, id := c.build(params{
		"BaseImageType": "IMAGE_FAMILY", "BaseImage": "acs:alibaba_cloud_linux_3_2104_lts_arm64", "ResourceGroupId": "rg-one1",
		"ImageOptions.ImageName": "web", "ImageOptions.ImageFamily": "web-golden", "ImageOptions.Description": "web tier",
		"ImageOptions.ImageFeatures.NvmeSupport": "supported", "ImageOptions.ImageTags.1.Key": "team", "ImageOptions.ImageTags.1.Value": "web",
		"SystemDiskSize": "80", "ToRegionId.1": "cn-beijing", "ToRegionId.2": "cn-beijing", "ToRegionId.3": "cn-hangzhou",
	})
	name := "web_" + id
	c.clock.Advance(2 * step)
	making := c.describeImages(params{"ImageName": name, "Status": "Creating,Available"}).Images.Image
	require.Len(t, making, 1)
	require.Equal(t, []string{"Creating", "0%", ""}, []string{making[0].Status, making[0].Progress, making[0].ImageFamily})
	require.Zero(t, c.describeImages(params{"ImageName": name}).TotalCount, "only available ones are listed unless asked for")
	c.clock.Advance(longest)

	own := c.describeImages(params{"ImageName": name}).Images.Image
	require.Len(t, own, 1)
	require.Equal(t, making[0].ImageId, own[0].ImageId)
	require.Equal(t, c.execution(id).ImageId, own[0].ImageId)
	want := ecs.Image{
		ImageId: own[0].ImageId, ImageName: name, ImageFamily: "web-golden", Description: "web tier", Status: "Available", Progress: "100%",
		CreationTime: creationTime(start.Add(2 * step)), OSType: "linux", Architecture: "arm64", Platform: "Aliyun", BootMode: "UEFI",
		ImageOwnerAlias: "self", ImageOwnerId: 1234567890123456, ResourceGroupId: "rg-one1", Size: 80,
		Features: ecs.Features{NvmeSupport: "supported"},
		Tags:     ecs.TagsInDescribeImageFromFamily{Tag: []ecs.Tag{{TagKey: "team", TagValue: "web"}}},
		DiskDeviceMappings: ecs.DiskDeviceMappingsInDescribeImageFromFamily{
			DiskDeviceMapping: []ecs.DiskDeviceMapping{{Device: "/dev/xvda", Type: "system", Size: "80"}}},
	}
	require.Equal(t, want, own[0])

	copies := c.describeImages(params{"RegionId": "cn-beijing", "ImageName": name}).Images.Image
	require.Len(t, copies, 1)
	require.NotEqual(t, own[0].ImageId, copies[0].ImageId)
	want.ImageId, want.IsCopied, want.CreationTime = copies[0].ImageId, true, creationTime(start.Add(3*step))
	require.Equal(t, want, copies[0])
	require.Equal(t, copies[0].ImageId, c.fromFamily("cn-beijing", "web-golden"))
}

func TestNamesOfImages(t *testing.T) {
	c := newCloud(t, Options{})
	for _, tt := range []struct {
		set  params
		want string
	}{
		{params{"ImageName": "web"}, "web_%s"},
		{params{"ImageName": "plain", "AdvancedOptions.ImageNameSuffix": "disable"}, "plain"},
		{nil, "%s"},
		{params{"AdvancedOptions.ImageNameSuffix": "disable"}, "%s"},
	} {
		_, id := c.build(tt.set)
		c.clock.Advance(longest)
		name := tt.want
		if name != "plain" {
			name = fmt.Sprintf(tt.want, id)
		}
		require.Equal(t, []string{c.execution(id).ImageId}, c.imageIDs(params{"ImageName": name}))
	}
}

// Without the suffix a second build meets the first one's image.
func TestNameThatIsTaken(t *testing.T) {
	c := newCloud(t, Options{})
	plain := params{"ImageName": "web", "AdvancedOptions.ImageNameSuffix": "disable"}
	pipeline, _ := c.build(plain)
	elsewhere := c.mustCreate(opPipeline, plain.with(params{"RegionId": "cn-beijing", "ToRegionId.1": "cn-hangzhou", "ToRegionId.2": "cn-shanghai"}))
	c.clock.Advance(longest)

	second := c.start(pipeline)
	require.Equal(t, []string{"PREPARING", "BUILDING", "RELEASING", "FAILED"}, c.walk(second))
	require.Equal(t, "BUILDING failed: an image has the name already.", c.execution(second).Message)

	id := c.mustCreate(opStart, params{"RegionId": "cn-beijing", "ImagePipelineId": elsewhere})
	c.clock.Advance(longest)
	got := c.describeExecutions(params{"RegionId": "cn-beijing", "ExecutionId": id}).ImagePipelineExecution.ImagePipelineExecutionSet[0]
	require.Equal(t, "PARTITION_SUCCESS DISTRIBUTING failed: an image has the name already. No image in cn-hangzhou.", got.Status+" "+got.Message)
	require.Len(t, c.imageIDs(params{"RegionId": "cn-shanghai"}), 1)
}

// What is built is a base for more, also where only listed ids exist.
func TestBuildsOnBuilds(t *testing.T) {
	c := newCloud(t, Options{})
	c.account.Catalogue.Strict()
	windows := params{"BaseImageType": "IMAGE_FAMILY", "BaseImage": "acs:windows_2022_x64", "ImageFamily": "win-golden"}
	onFamily := params{"BaseImageType": "IMAGE_FAMILY", "BaseImage": "win-golden"}
	_, err := c.create(c.client(), opPipeline, onFamily)
	requireRefused(t, err, 404, "InvalidImage.NotFound")

	_, id := c.build(windows)
	c.clock.Advance(2 * step)
	image := c.execution(id).ImageId
	onImage := params{"BaseImage": image}
	_, err = c.create(c.client(), opPipeline, minimal(opPipeline).with(onImage))
	requireRefused(t, err, 404, "InvalidImage.NotFound")
	c.clock.Advance(longest)
	for _, on := range []params{onFamily, onImage} {
		_, id := c.build(on)
		c.clock.Advance(longest)
		got := c.describeImages(params{"ImageId": c.execution(id).ImageId}).Images.Image[0]
		require.Equal(t, []string{"windows", "Windows Server 2022"}, []string{got.OSType, got.Platform}, "as the base")
	}
	_, err = c.create(c.client(), opPipeline, minimal(opPipeline).with(onImage).with(params{"RegionId": "cn-beijing"}))
	requireRefused(t, err, 404, "InvalidImage.NotFound")
}

func TestImageOfAnImport(t *testing.T) {
	c := newCloud(t, Options{})
	_, id := c.build(fromOSS(params{"ImportImageOptions.Architecture": "arm64", "ImportImageOptions.Platform": "Debian"}))
	c.clock.Advance(longest)
	got := c.describeImages(params{"ImageId": c.execution(id).ImageId}).Images.Image[0]
	require.Equal(t, []string{"linux", "arm64", "Debian", "UEFI"}, []string{got.OSType, got.Architecture, got.Platform, got.BootMode})
}

// The newest image that was built for a family is the family's, whichever
// execution ended last; a test that failed keeps its image out.
func TestNewestOfAFamily(t *testing.T) {
	c := newCloud(t, Options{})
	family := params{"ImageFamily": "web-golden"}
	slow := c.mustCreate(opPipeline, family.with(params{"TestContent": "RUN true", "AddAccount.1": "1234567890"}))
	quick := c.mustCreate(opPipeline, family)
	first := c.start(slow)
	c.clock.Advance(step)
	second := c.start(quick)
	c.clock.Advance(longest)
	require.Equal(t, c.execution(second).ImageId, c.fromFamily("cn-hangzhou", "web-golden"))
	require.NotEqual(t, c.execution(first).ImageId, c.execution(second).ImageId)

	c.fail("TESTING", "", "")
	third := c.start(slow)
	c.clock.Advance(longest)
	require.Equal(t, "TEST_FAILED", c.execution(third).Status)
	require.Equal(t, c.execution(second).ImageId, c.fromFamily("cn-hangzhou", "web-golden"))
	require.Len(t, c.imageIDs(params{"ImageFamily": "web-golden"}), 2)
	require.Len(t, c.imageIDs(nil), 3, "it exists")
}

// Public families have an image from the start, and somebody may publish a
// newer one.
func TestPublicFamilies(t *testing.T) {
	c := newCloud(t, Options{})
	const family = "acs:alibaba_cloud_linux_3_2104_lts_x64"
	base := c.fromFamily("cn-hangzhou", family)
	require.Equal(t, base, c.fromFamily("eu-central-1", family))
	require.NotEmpty(t, base)
	c.account.Catalogue.Add(account.CatalogueData{FamilyImages: map[string][]string{family: {"m-newbase1"}, "our-base": {"m-ours1"}}})
	require.Equal(t, "m-newbase1", c.fromFamily("cn-hangzhou", family))

	list := c.describeImages(params{"ImageFamily": family}).Images.Image
	require.Len(t, list, 2)
	require.Equal(t, []string{"m-newbase1", base}, []string{list[0].ImageId, list[1].ImageId})
	require.Equal(t, ecs.Image{
		ImageId: base, ImageName: base, ImageFamily: family, Status: "Available", Progress: "100%", CreationTime: "2024-08-19T00:00:00Z",
		OSType: "linux", Architecture: "x86_64", Platform: "Aliyun", BootMode: "BIOS", ImageOwnerAlias: "system", IsPublic: true, Size: 20,
		Tags: ecs.TagsInDescribeImageFromFamily{Tag: []ecs.Tag{}},
		DiskDeviceMappings: ecs.DiskDeviceMappingsInDescribeImageFromFamily{
			DiskDeviceMapping: []ecs.DiskDeviceMapping{{Device: "/dev/xvda", Type: "system", Size: "20"}}},
	}, list[1])
	require.Equal(t, []string{"m-ours1"}, c.imageIDs(nil))
	require.Equal(t, "m-ours1", c.fromFamily("cn-hangzhou", "our-base"))

	_, id := c.build(params{"ImageFamily": "our-base"})
	c.clock.Advance(longest)
	require.Equal(t, c.execution(id).ImageId, c.fromFamily("cn-hangzhou", "our-base"), "what was built is newer")
}

// A family of which no image is known has an answer without one, also where a
// template may name it.
func TestFamilyWithoutImage(t *testing.T) {
	c := newCloud(t, Options{})
	call := params{"Action": "DescribeImageFromFamily", "RegionId": "cn-hangzhou", "ImageFamily": "web-golden"}
	a := c.raw("GET", call)
	require.Equal(t, 200, a.status)
	require.Len(t, a.fields, 1, "the RequestId")
	c.build(params{"BaseImageType": "IMAGE_FAMILY", "BaseImage": "web-golden"})
	require.Empty(t, c.fromFamily("cn-hangzhou", "web-golden"))
	require.Equal(t, "400 MissingParameter.ImageFamily", c.raw("GET", call.with(params{"ImageFamily": "-"})).code())
	require.Equal(t, "400 MissingParameter.RegionId", c.raw("GET", call.with(params{"RegionId": "-"})).code())
	require.Equal(t, "404 InvalidRegionId.NotFound", c.raw("GET", call.with(params{"RegionId": "mars-1"})).code())
}

func TestImageFilters(t *testing.T) {
	c := newCloud(t, Options{})
	pipeline, _ := c.build(params{"ImageName": "web", "ImageOptions.ImageTags.1.Key": "team", "ImageOptions.ImageTags.1.Value": "a"})
	_, other := c.build(params{"ImageName": "web", "ImageFamily": "web-golden"})
	c.clock.Advance(longest)
	first, second := c.executionIDs(params{"ImagePipelineId": pipeline})[0], other
	a, b := c.execution(first).ImageId, c.execution(second).ImageId
	public := c.describeImages(params{"ImageOwnerAlias": "system"}).TotalCount
	require.Greater(t, public, 10)
	tests := []struct {
		filter params
		want   []string
	}{
		{nil, []string{b, a}},
		{params{"ImageName": "web"}, nil},
		{params{"ImageName": "web_" + first}, []string{a}},
		{params{"ImageId": a + "," + b + ",m-unknown"}, []string{b, a}},
		{params{"ImageId": a, "ImageName": "web_" + second}, nil},
		{params{"ImageFamily": "web-golden"}, []string{b}},
		{params{"Tag.1.Key": "team", "Tag.1.Value": "a"}, []string{a}},
		{params{"Status": "Available"}, []string{b, a}},
		{params{"Status": "Creating,Waiting"}, nil},
		{params{"ImageOwnerAlias": "others"}, nil},
		{params{"RegionId": "cn-beijing"}, nil},
		{params{"Status": "ALL"}, []string{b, a}},
		{params{"OSType": "linux", "Architecture": "x86_64", "IsPublic": "false", "ImageOwnerId": account.ID}, []string{b, a}},
		{params{"OSType": "windows"}, nil},
		{params{"Architecture": "arm64"}, nil},
		{params{"IsPublic": "true"}, nil},
		{params{"ImageOwnerId": "1"}, nil},
		{params{"ShowExpired": "true", "DryRun": "false"}, []string{b, a}},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, c.imageIDs(tt.filter), "%v", tt.filter)
	}
	require.Equal(t, public+2, c.describeImages(nil).TotalCount)
	require.Equal(t, 2, c.describeImages(params{"OSType": "windows", "IsPublic": "true"}).TotalCount)
	require.Equal(t, 1, c.describeImages(params{"Architecture": "arm64"}).TotalCount)
	require.Equal(t, 1, c.describeImages(params{"ImageId": "aliyun_3_x64_20G_alibase_20240819.vhd"}).TotalCount)
}

func TestPagesOfImages(t *testing.T) {
	c := newCloud(t, Options{})
	all := c.describeImages(params{"PageSize": "100"}).Images.Image
	require.Equal(t, 10, len(c.describeImages(nil).Images.Image), "by default")
	var got []ecs.Image
	for page := 1; ; page++ {
		answer := c.describeImages(params{"PageNumber": fmt.Sprint(page), "PageSize": "4"})
		require.Equal(t, []int{len(all), page, 4}, []int{answer.TotalCount, answer.PageNumber, answer.PageSize})
		require.Equal(t, "cn-hangzhou", answer.RegionId)
		if len(answer.Images.Image) == 0 {
			break
		}
		got = append(got, answer.Images.Image...)
	}
	require.Equal(t, all, got)
}

func TestImageListErrors(t *testing.T) {
	c := newCloud(t, Options{})
	for _, tt := range []struct {
		set  params
		want string
	}{
		{params{"RegionId": "-"}, "400 MissingParameter.RegionId"},
		{params{"RegionId": "mars-1"}, "404 InvalidRegionId.NotFound"},
		{params{"ImageOwnerAlias": "me"}, "400 InvalidParameter.ImageOwnerAlias"},
		{params{"Status": "Gone"}, "400 InvalidParameter.Status"},
		{params{"PageNumber": "0"}, "400 InvalidParameter.PageNumber"},
		{params{"PageSize": "101"}, "400 InvalidParameter.PageSize"},
		{params{"ImageName": "a\x00k"}, "400 InvalidImageName.Malformed"},
		{params{"Status": "ALL,Available"}, "400 InvalidParameter.Status"},
		{params{"OSType": "Linux"}, "400 InvalidParameter.OSType"},
		{params{"Architecture": "mips"}, "400 InvalidParameter.Architecture"},
		{params{"IsPublic": "yes"}, "400 InvalidParameter.IsPublic"},
		{params{"ImageOwnerId": "me"}, "400 InvalidParameter.ImageOwnerId"},
		{params{"SnapshotId": "s-1"}, "400 UnsupportedOperation"},
		{params{"DryRun": "true"}, "400 UnsupportedOperation"},
		{params{"Filter.1.Key": "CreationStartTime", "Filter.1.Value": "2026-01-05T08:00Z"}, "400 UnsupportedOperation"},
	} {
		a := c.raw("GET", params{"Action": "DescribeImages", "RegionId": "cn-hangzhou"}.with(tt.set))
		require.Equal(t, tt.want, a.code(), "%v", tt.set)
	}
}

// The exact containers, in both forms.
func TestShapesOfImages(t *testing.T) {
	c := newCloud(t, Options{})
	call := params{"Action": "DescribeImages", "RegionId": "cn-hangzhou", "ImageName": "none"}
	require.Equal(t, map[string]any{"Image": []any{}}, c.raw("GET", call).fields["Images"])

	_, id := c.build(params{"ImageName": "web"})
	c.clock.Advance(longest)
	var list struct {
		XMLName    xml.Name `xml:"DescribeImagesResponse"`
		TotalCount int
		Names      []string `xml:"Images>Image>ImageName"`
	}
	a := c.raw("GET", call.with(params{"ImageName": "web_" + id, "Format": "XML"}))
	require.NoError(t, xml.Unmarshal([]byte(a.text), &list), a.text)
	require.Equal(t, 1, list.TotalCount)
	require.True(t, slices.Equal([]string{"web_" + id}, list.Names))
}

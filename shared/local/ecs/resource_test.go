package ecs

import (
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
)

// Everything that the typed request has arrives and comes back.
func TestComponentRoundTrip(t *testing.T) {
	c := newCloud(t, Options{})
	request := ecs.CreateCreateImageComponentRequest()
	request.Name, request.Description, request.ResourceGroupId = "镜像:web_1.x-y", "what it does", "rg-bp67acfmxazb4p****"
	request.SystemType, request.ComponentType, request.ComponentVersion = "Windows", "Test", "3.2.1"
	request.Content = "# comment\r\nRUN true \\\r\n  && false\r\n"
	request.Tag = &[]ecs.CreateImageComponentTag{{Key: "team", Value: "web"}, {Key: "empty"}}
	request.OwnerAccount, request.OwnerId = "someone", requests.NewInteger(1)
	response := ecs.CreateCreateImageComponentResponse()
	require.NoError(t, c.client().DoAction(request, response))
	require.Regexp(t, `^ic-[a-z0-9]{20}$`, response.ImageComponentId)

	require.Equal(t, ecs.ImageComponentSet{
		ImageComponentId: response.ImageComponentId, Name: request.Name, Description: request.Description,
		ResourceGroupId: request.ResourceGroupId, SystemType: "Windows", ComponentType: "Test", ComponentVersion: "3.2.1",
		Content: request.Content, Owner: "SELF", CreationTime: c.clock.Now().Format("2006-01-02T15:04:05Z"),
		Tags:       ecs.TagsInDescribeImageComponents{Tag: []ecs.Tag{{TagKey: "team", TagValue: "web"}, {TagKey: "empty"}}},
		Parameters: ecs.Parameters{Parameter: []ecs.Parameter{}},
	}, c.component(response.ImageComponentId))
}

func TestComponentDefaults(t *testing.T) {
	c := newCloud(t, Options{})
	id := c.mustCreate(opComponent, nil)
	got := c.component(id)
	require.Equal(t, []string{id, "Linux", "Build", "1.0.0", "", ""},
		[]string{got.Name, got.SystemType, got.ComponentType, got.ComponentVersion, got.Description, got.ResourceGroupId})
}

// The default version is the next major one of account, region and name.
func TestComponentVersions(t *testing.T) {
	c := newCloud(t, Options{})
	version := func(name, asked, region string) string {
		form := params{"Name": name, "RegionId": region}
		if asked != "" {
			form["ComponentVersion"] = asked
		}
		id := c.mustCreate(opComponent, form)
		list := c.describeComponents(params{"RegionId": region, "ImageComponentId.1": id}).ImageComponent.ImageComponentSet
		return list[0].ComponentVersion
	}
	require.Equal(t, "1.0.0", version("web", "", "cn-hangzhou"))
	require.Equal(t, "2.0.0", version("web", "", "cn-hangzhou"))
	require.Equal(t, "12.5.0", version("web", "12.5.0", "cn-hangzhou"))
	require.Equal(t, "3.0.1", version("web", "3.0.1", "cn-hangzhou"))
	require.Equal(t, "13.0.0", version("web", "", "cn-hangzhou"))
	require.Equal(t, "1.0.0", version("web2", "", "cn-hangzhou"))
	require.Equal(t, "1.0.0", version("web", "", "cn-beijing"))
	require.Equal(t, "0.0.0", version("zero", "0.0.0", "cn-hangzhou"))
	require.Equal(t, "1.0.0", version("zero", "", "cn-hangzhou"))
}

// Everything that the typed request has arrives and comes back, nested ones too.
func TestPipelineRoundTrip(t *testing.T) {
	c := newCloud(t, Options{})
	request := ecs.CreateCreateImagePipelineRequest()
	request.BaseImageType, request.BaseImage = "IMAGE_FAMILY", "acs:alibaba_cloud_linux_3_2104_lts_x64"
	request.Name, request.Description, request.ResourceGroupId = "web-golden", "base image", "rg-bp67acfmxazb4p****"
	request.BuildContent, request.TestContent = "FROM IMAGE:m-other\nRUN true", "RUN curl localhost"
	request.ImageName, request.ImageFamily, request.NvmeSupport = "web", "web-golden", "auto"
	request.VSwitchId, request.InstanceType, request.RepairMode = "vsw-bp67acfmxazb4p****", "ecs.g6.large", "Standard"
	request.SystemDiskSize, request.InternetMaxBandwidthOut = requests.NewInteger(500), requests.NewInteger(100)
	request.DeleteInstanceOnFailure = requests.NewBoolean(false)
	request.AddAccount, request.ToRegionId = &[]string{"1234567890", account.ID}, &[]string{"cn-beijing", "cn-shanghai"}
	request.Tag = &[]ecs.CreateImagePipelineTag{{Key: "team", Value: "web"}}
	request.AdvancedOptions = ecs.CreateImagePipelineAdvancedOptions{RetainCloudAssistant: "true", SkipBuildImage: "true",
		SkipCheckImage: "true", ImageNameSuffix: "disable"}
	request.ImageOptions = ecs.CreateImagePipelineImageOptions{
		ImageName: "web", ImageFamily: "web-golden", Description: "of the image",
		ImageFeatures: ecs.CreateImagePipelineImageOptionsImageFeatures{NvmeSupport: "auto"},
		ImageTags:     &[]ecs.CreateImagePipelineImageOptionsImageTagsItem{{Key: "k", Value: "v"}},
	}
	response := ecs.CreateCreateImagePipelineResponse()
	require.NoError(t, c.client().DoAction(request, response))
	require.Regexp(t, `^ip-[a-z0-9]{20}$`, response.ImagePipelineId)

	got := c.pipeline(response.ImagePipelineId)
	require.Equal(t, ecs.ImagePipelineSet{
		ImagePipelineId: response.ImagePipelineId, CreationTime: c.clock.Now().Format("2006-01-02T15:04:05Z"),
		BaseImageType: request.BaseImageType, BaseImage: request.BaseImage, Name: request.Name, Description: request.Description,
		ResourceGroupId: request.ResourceGroupId, BuildContent: request.BuildContent, TestContent: request.TestContent,
		ImageName: "web", ImageFamily: "web-golden", NvmeSupport: "auto", VSwitchId: request.VSwitchId, InstanceType: request.InstanceType,
		RepairMode: "Standard", SystemDiskSize: 500, InternetMaxBandwidthOut: 100, DeleteInstanceOnFailure: false,
		AddAccounts:     ecs.AddAccounts{AddAccount: []string{"1234567890", account.ID}},
		ToRegionIds:     ecs.ToRegionIds{ToRegionId: []string{"cn-beijing", "cn-shanghai"}},
		Tags:            ecs.TagsInDescribeImagePipelines{Tag: []ecs.Tag{{TagKey: "team", TagValue: "web"}}},
		AdvancedOptions: ecs.AdvancedOptions{RetainCloudAssistant: true, SkipBuildImage: true, SkipCheckImage: true, ImageNameSuffix: "disable"},
		ImageOptions: ecs.ImageOptions{ImageName: "web", ImageFamily: "web-golden", Description: "of the image",
			ImageFeatures: ecs.ImageFeatures{NvmeSupport: "auto"}, ImageTags: ecs.ImageTags{ImageTag: []ecs.ImageTag{{TagKey: "k", TagValue: "v"}}}},
	}, got)
}

func TestPipelineDefaults(t *testing.T) {
	c := newCloud(t, Options{})
	id := c.mustCreate(opPipeline, nil)
	got := c.pipeline(id)
	require.Equal(t, id, got.Name)
	require.Equal(t, 40, got.SystemDiskSize)
	require.Equal(t, 0, got.InternetMaxBandwidthOut)
	require.True(t, got.DeleteInstanceOnFailure)
	require.Equal(t, "m-bp67acfmxazb4p****", got.BaseImage)
	require.Empty(t, got.BuildContent)
}

func TestImportFromOSS(t *testing.T) {
	c := newCloud(t, Options{})
	got := c.pipeline(c.mustCreate(opPipeline, fromOSS(nil))).ImportImageOptions
	require.Equal(t, []string{"x86_64", "linux", "Others Linux", "BIOS", "Auto", "unsupported"},
		[]string{got.Architecture, got.OSType, got.Platform, got.BootMode, got.LicenseType, got.Features.NvmeSupport})
	require.Equal(t, []ecs.DiskDeviceMapping{{OSSBucket: "images", OSSObject: "disk.qcow2"}}, got.DiskDeviceMappings.DiskDeviceMapping)

	got = c.pipeline(c.mustCreate(opPipeline, fromOSS(disks(17).with(params{
		"ImportImageOptions.Architecture": "arm64", "ImportImageOptions.Platform": "Rocky Linux",
		"ImportImageOptions.LicenseType": "BYOL", "ImportImageOptions.Features.NvmeSupport": "supported",
		"ImportImageOptions.Features.ImdsSupport": "v2", "ImportImageOptions.RetainImportedImage": "true",
		"ImportImageOptions.DiskDeviceMappings.1.Format": "QCOW2", "ImportImageOptions.DiskDeviceMappings.1.DiskImageSize": "2048",
	})))).ImportImageOptions
	require.Equal(t, []string{"arm64", "Rocky Linux", "UEFI", "BYOL", "supported", "v2"},
		[]string{got.Architecture, got.Platform, got.BootMode, got.LicenseType, got.Features.NvmeSupport, got.Features.ImdsSupport})
	require.True(t, got.RetainImportedImage)
	require.Len(t, got.DiskDeviceMappings.DiskDeviceMapping, 17)
	require.Equal(t, ecs.DiskDeviceMapping{OSSBucket: "images", OSSObject: "disk0", Format: "QCOW2", DiskImageSize: 2048}, got.DiskDeviceMappings.DiskDeviceMapping[0])

	windows := c.pipeline(c.mustCreate(opPipeline, fromOSS(params{"ImportImageOptions.OSType": "windows"}))).ImportImageOptions
	require.Equal(t, "Other Windows", windows.Platform)
}

// Members that only the newest SDK knows are kept as they come.
func TestUndocumentedImportMembers(t *testing.T) {
	c := newCloud(t, Options{})
	c.mustCreate(opPipeline, fromOSS(params{"ImportImageOptions.RoleName": "role", "ImportImageOptions.ImportImageTags.1.Key": "k"}))
	a := c.raw("GET", params{"Action": "DescribeImagePipelines", "RegionId": "cn-hangzhou"})
	require.Contains(t, a.text, `"RoleName":"role"`)
	require.Contains(t, a.text, `"ImportImageTags":{"ImportImageTag":[{"Key":"k","Value":""}]}`)
}

// The edges of every range and length are inside.
func TestEdgesAreAccepted(t *testing.T) {
	c := newCloud(t, Options{})
	tests := []struct {
		op  string
		set params
	}{
		{opComponent, params{"Name": strings.Repeat("镜", 128), "Description": strings.Repeat("é", 256)}},
		{opComponent, params{"Content": "RUN " + strings.Repeat("x", 16380)}},
		{opComponent, params{"Content": strings.Repeat("RUN true\n# no command\n\n", 127)}},
		{opComponent, params{"ClientToken": strings.Repeat("~", 64)}},
		{opComponent, tagged(20)},
		{opComponent, params{"Tag.1.Key": strings.Repeat("k", 128), "Tag.1.Value": strings.Repeat("v", 128)}},
		{opPipeline, params{"ImageName": strings.Repeat("x", 64), "ImageFamily": strings.Repeat("x", 128)}},
		{opPipeline, params{"SystemDiskSize": "20", "InternetMaxBandwidthOut": "0"}},
		{opPipeline, numbered("AddAccount", 20, account.ID).with(numbered("ToRegionId", 20, "cn-beijing"))},
		{opPipeline, params{"ImageName": "same", "ImageOptions.ImageName": "same"}},
		{opPipeline, params{"BuildContent": "# nothing", "TestContent": "\n"}},
	}
	for _, tt := range tests {
		c.mustCreate(tt.op, tt.set)
	}
}

func TestRegionOfResources(t *testing.T) {
	c := newCloud(t, Options{ComponentQuota: 1})
	id := c.mustCreate(opComponent, nil)
	beijing := params{"RegionId": "cn-beijing"}
	require.Zero(t, c.describeComponents(beijing.with(params{"ImageComponentId.1": id})).TotalCount)
	c.mustCreate(opComponent, beijing) // a quota of its own
	_, err := c.create(c.client(), opPipeline, minimal(opPipeline).with(beijing).with(params{"BuildContent": "COMPONENT " + id}))
	requireRefused(t, err, 404, "ImageComponent.NotFound")
}

func TestDelete(t *testing.T) {
	c := newCloud(t, Options{})
	component, pipeline := c.mustCreate(opComponent, params{"Name": "web", "Tag.1.Key": "a"}), c.mustCreate(opPipeline, params{"Name": "web"})
	requireRefused(t, c.delete(opComponent, pipeline), 404, "InvalidImageComponent.NotFound")
	requireRefused(t, c.delete(opPipeline, component), 404, "InvalidImagePipeline.NotFound")
	requireRefused(t, c.delete(opComponent, ""), 400, "MissingParameter.ImageComponentId")
	requireRefused(t, c.delete(opPipeline, ""), 400, "MissingParameter.ImagePipelineId")
	require.NoError(t, c.delete(opComponent, component))
	require.NoError(t, c.delete(opPipeline, pipeline))
	requireRefused(t, c.delete(opComponent, component), 404, "InvalidImageComponent.NotFound")
	requireRefused(t, c.delete(opPipeline, pipeline), 404, "InvalidImagePipeline.NotFound")
	require.Zero(t, c.describeComponents(params{"Name": "web"}).TotalCount)
	require.Zero(t, c.describeComponents(params{"Tag.1.Key": "a"}).TotalCount)
	require.Zero(t, c.describePipelines(nil).TotalCount)
	require.Equal(t, "1.0.0", c.component(c.mustCreate(opComponent, params{"Name": "web"})).ComponentVersion)
}

// A deletion gives its place in the quota back.
func TestQuotaAfterDelete(t *testing.T) {
	c := newCloud(t, Options{PipelineQuota: 1})
	require.NoError(t, c.delete(opPipeline, c.mustCreate(opPipeline, nil)))
	c.mustCreate(opPipeline, nil)
}

func byName(version string) string {
	return "COMPONENT acs:ecs:cn-hangzhou:" + account.ID + ":imagecomponent/node:exporter/" + version
}

// A wildcard counts as use of the version that it now resolves to.
func TestComponentInUse(t *testing.T) {
	c := newCloud(t, Options{})
	create := func(version string) string {
		return c.mustCreate(opComponent, params{"Name": "node:exporter", "ComponentVersion": version})
	}
	old, newer, other := create("1.0.0"), create("1.0.1"), create("2.0.0")
	users := []string{
		c.mustCreate(opPipeline, params{"BuildContent": byName("1.0.*")}),
		c.mustCreate(opPipeline, params{"BuildContent": byName("2.0.0") + "\nCOMPONENT " + other}),
	}
	requireRefused(t, c.delete(opComponent, newer), 403, "InvalidImageComponent.InUse")
	requireRefused(t, c.delete(opComponent, other), 403, "InvalidImageComponent.InUse")
	require.NoError(t, c.delete(opComponent, old))

	newest := create("1.0.2")
	require.NoError(t, c.delete(opComponent, newer), "the wildcard moved on")
	requireRefused(t, c.delete(opComponent, newest), 403, "InvalidImageComponent.InUse")
	for _, id := range users {
		require.NoError(t, c.delete(opPipeline, id))
	}
	require.NoError(t, c.delete(opComponent, newest))
	require.NoError(t, c.delete(opComponent, other))
}

// A wildcard does not reach into a longer name.
func TestWildcardIsOfOneName(t *testing.T) {
	c := newCloud(t, Options{})
	c.mustCreate(opComponent, params{"Name": "node:exporter2"})
	_, err := c.create(c.client(), opPipeline, minimal(opPipeline).with(params{"BuildContent": byName("*.*.*")}))
	requireRefused(t, err, 404, "ImageComponent.NotFound")
}

const yamlComponent = `Parameters:
  pkg: {Type: String}
  port: {Type: Number, DefaultValue: 80}
  quiet: {Type: Boolean, DefaultValue: ""}
Tasks:
  - Name: install
    Action: RunShellCommand
    Properties:
      commandContent: {{ pkg }} --port {{port}}
  - Name: show
    Action: RunShellCommand
    Properties:
      commandContent: "echo {{ install.stdout }} {{ .State }}"
      workingDir: /tmp
`

func TestComponentReferences(t *testing.T) {
	c := newCloud(t, Options{})
	plain := c.mustCreate(opComponent, params{"Name": "node:exporter"})
	test := c.mustCreate(opComponent, params{"Name": "node:exporter", "ComponentType": "Test", "ComponentVersion": "9.0.0"})
	typed := c.mustCreate(opComponent, params{"Content": yamlComponent})
	tests := []struct{ parameter, content, want string }{
		{"BuildContent", "COMPONENT " + plain, ""},
		{"BuildContent", "component\t" + plain + "  ", ""},
		{"BuildContent", byName("1.0.0"), ""},
		{"BuildContent", byName("1.*.*"), ""},
		{"BuildContent", byName("1.0.*"), ""},
		{"TestContent", byName("*.*.*"), ""},
		{"TestContent", "COMPONENT " + test, ""},
		{"TestContent", "COMPONENT " + plain, "400 InvalidImageComponent.NotSupported"},
		{"BuildContent", byName("*.*.*"), "400 InvalidImageComponent.NotSupported"},
		{"BuildContent", byName("2.*.*"), "404 ImageComponent.NotFound"},
		{"BuildContent", byName("1.0.1"), "404 ImageComponent.NotFound"},
		{"BuildContent", strings.Replace(byName("1.0.0"), account.ID, "18689161186*****", 1), "404 ImageComponent.NotFound"},
		{"BuildContent", strings.Replace(byName("1.0.0"), "hangzhou", "beijing", 1), "404 ImageComponent.NotFound"},
		{"BuildContent", byName("*.0.0"), "400 InvalidParameter.BuildContent"},
		{"BuildContent", byName("1.*.0"), "400 InvalidParameter.BuildContent"},
		{"BuildContent", byName("1.0"), "400 InvalidParameter.BuildContent"},
		{"BuildContent", strings.Replace(byName("1.0.0"), "/1.0.0", ":1.0.0", 1), "400 InvalidParameter.BuildContent"},
		{"TestContent", strings.Replace(byName("1.0.0"), "/1.0.0", ":1.0.0", 1), "400 InvalidParameter.TestContent"},
		{"BuildContent", "COMPONENT", "400 InvalidParameter.BuildContent"},
		{"BuildContent", "COMPONENT " + plain + " \\", "400 InvalidParameter.BuildContent"},
		{"BuildContent", "COMPONENT " + plain + " " + plain, "400 InvalidParameter.BuildContent"},
		{"BuildContent", "COMPONENT " + plain + " --pkg nginx", "400 InvalidParameter.BuildContent"},
		{"BuildContent", "COMPONENT " + typed, "400 InvalidParameter.BuildContent"},
		{"BuildContent", "COMPONENT " + typed + " --pkg nginx", ""},
		{"BuildContent", "COMPONENT " + typed + ` --pkg "a b" --port 8080`, ""},
		{"BuildContent", "COMPONENT " + typed + " \\\n --pkg nginx \\\n --port 8080", ""},
		{"BuildContent", "COMPONENT " + typed + ` --pkg "a b`, "400 InvalidParameter.BuildContent"},
		{"BuildContent", "COMPONENT " + typed + ` --pkg "a"b`, "400 InvalidParameter.BuildContent"},
		{"BuildContent", "COMPONENT " + typed + " --pkg", "400 InvalidParameter.BuildContent"},
		{"BuildContent", "COMPONENT " + typed + " --pkg --port 1", "400 InvalidParameter.BuildContent"},
		{"BuildContent", "COMPONENT " + typed + " --pkg a --pkg b", "400 InvalidParameter.BuildContent"},
		{"BuildContent", "COMPONENT " + typed + " --pkg nginx --other 1", "400 InvalidParameter.BuildContent"},
	}
	client := c.client()
	for _, tt := range tests {
		_, err := c.create(client, opPipeline, minimal(opPipeline).with(params{tt.parameter: tt.content}))
		if tt.want == "" {
			require.NoError(t, err, tt.content)
			continue
		}
		var status int
		var code string
		fmt.Sscan(tt.want, &status, &code)
		requireRefused(t, err, status, code)
	}
}

// The older pages as a whole.
func TestGeneration2023(t *testing.T) {
	c := newCloud(t, Options{Generation: Generation2023})
	content := func(set params) ecs.ImagePipelineSet { return c.pipeline(c.mustCreate(opPipeline, set)) }

	got := content(params{"BuildContent": "\ufeffRUN true\n"})
	require.Equal(t, "FROM IMAGE:m-bp67acfmxazb4p****\nRUN true\n", got.BuildContent, "FROM is put first")
	require.Equal(t, "FROM IMAGE:m-bp67acfmxazb4p****", content(nil).BuildContent)

	got = content(params{"BaseImage": "no-image", "BuildContent": "# base\nfrom IMAGE_FAMILY:acs:centos_7_9_x64\nRUN true"})
	require.Equal(t, []string{"IMAGE_FAMILY", "acs:centos_7_9_x64", "# base\nfrom IMAGE_FAMILY:acs:centos_7_9_x64\nRUN true"},
		[]string{got.BaseImageType, got.BaseImage, got.BuildContent}, "FROM wins")
	c.mustCreate(opPipeline, params{"BuildContent": strings.Repeat("RUN true\n", 127)})

	component := c.mustCreate(opComponent, nil)
	refusals := []struct {
		op   string
		set  params
		want string
	}{
		{opComponent, params{"SystemType": "Windows"}, "InvalidSystemType.NotSupportedValue"},
		{opComponent, params{"ComponentType": "Test"}, "InvalidComponentType.NotSupportedValue"},
		{opComponent, params{"Content": yamlComponent}, "InvalidParameter.Content"},
		{opPipeline, params{"BuildContent": "COMPONENT " + component}, "InvalidImageTemplateCommand.NotSupported"},
		{opPipeline, params{"TestContent": "RUN true"}, "InvalidParameter.TestContent"},
		{opPipeline, params{"BaseImageType": "OSS"}, "InvalidBaseImageType.NotSupportedValue"},
		{opPipeline, params{"BaseImage": "-"}, "MissingParameter.BaseImage"},
	}
	for _, tt := range refusals {
		_, err := c.create(c.client(), tt.op, minimal(tt.op).with(tt.set))
		requireRefused(t, err, 400, tt.want)
	}
	_, err := c.create(c.client(), opPipeline, minimal(opPipeline).with(params{"BuildContent": "FROM IMAGE:gone"}))
	requireRefused(t, err, 404, "InvalidImage.NotFound")
}

// By default FROM is read, ignored and given back.
func TestFromIsIgnored(t *testing.T) {
	c := newCloud(t, Options{})
	got := c.pipeline(c.mustCreate(opPipeline, params{"BuildContent": "FROM IMAGE_FAMILY:acs:beos\nRUN true"}))
	require.Equal(t, []string{"IMAGE", "m-bp67acfmxazb4p****", "FROM IMAGE_FAMILY:acs:beos\nRUN true"},
		[]string{got.BaseImageType, got.BaseImage, got.BuildContent})
}

func TestYAMLParameters(t *testing.T) {
	c := newCloud(t, Options{})
	got := c.component(c.mustCreate(opComponent, params{"Content": yamlComponent}))
	require.Equal(t, yamlComponent, got.Content)
	require.Equal(t, []ecs.Parameter{{Name: "pkg", Type: "String"}, {Name: "port", Type: "Number", DefaultValue: "80"}, {Name: "quiet", Type: "Boolean"}},
		got.Parameters.Parameter)
}

// Newest first, and the clock is the account's.
func TestCreationTimeAndOrder(t *testing.T) {
	c := newCloud(t, Options{})
	first := c.mustCreate(opComponent, params{"Name": "zz"})
	c.clock.Advance(90 * time.Second)
	second := c.mustCreate(opComponent, params{"Name": "aa"})
	list := c.describeComponents(nil).ImageComponent.ImageComponentSet
	require.Equal(t, []string{second, first}, []string{list[0].ImageComponentId, list[1].ImageComponentId})
	require.Equal(t, c.clock.Now().Format("2006-01-02T15:04:05Z"), list[0].CreationTime)
	require.Less(t, list[1].CreationTime, list[0].CreationTime)
}

package ecs

import (
	"fmt"
	"slices"
	"strings"
	"sync/atomic"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// provocation is a request that a code answers.
type provocation struct {
	op, code string
	set      params
	options  Options
	before   func(*cloud) params // makes what the request needs, returns more of it
}

func (p provocation) key() string { return p.op + " " + p.code }

// badCommands are contents that both creates refuse alike.
var badCommands = map[string]string{
	"InvalidImageTemplateCommandSize.ExceededMaxNumber": strings.Repeat("RUN true\n", 128),
	"InvalidImageTemplateCommand.NotSupported":          "EXPOSE 80",
	"InvalidCommandContent.RUN":                         "RUN --mount=type=cache true",
	"InvalidCommandContent.ENV":                         `ENV A="b" C`,
	"InvalidCommandContent.WORKDIR":                     "WORKDIR /a /b",
	"InvalidCommandContent.COPY":                        "COPY https://example.com/a?token=b /opt",
	"InvalidCommandContent.USER":                        "USER a b",
	"InvalidCommandContent.CMD":                         `CMD ["a", 1]`,
	"InvalidCommandContent.ENTRYPOINT":                  `ENTRYPOINT ["a"`,
	"EmptyCommandContent.RUN":                           "RUN",
	"EmptyCommandContent.ENV":                           "ENV",
	"EmptyCommandContent.LABEL":                         "LABEL",
	"EmptyCommandContent.COPY":                          "COPY",
	"EmptyCommandContent.ENTRYPOINT":                    "ENTRYPOINT",
	"EmptyCommandContent.CMD":                           "CMD",
	"EmptyCommandContent.WORKDIR":                       "WORKDIR",
	"EmptyCommandContent.USER":                          "USER",
	"NotEmptyCommandContent.RESTART":                    "RESTART now",
}

// badValues are parameters that both creates refuse alike.
var badValues = map[string]params{
	"InvalidName.Malformed":         {"Name": "1st"},
	"InvalidDescription.Malformed":  {"Description": "http://example.com"},
	"Duplicate.TagKey":              {"Tag.1.Key": "a", "Tag.2.Key": "a"},
	"InvalidTagKey.Malformed":       {"Tag.1.Key": "acs:a"},
	"InvalidTagValue.Malformed":     {"Tag.1.Key": "a", "Tag.1.Value": "see https://example.com"},
	"InvalidResourceGroup.NotFound": {"ResourceGroupId": "group"},
	"InvalidRegionId.NotFound":      {"RegionId": "mars-1"},
}

// fromOSS is a request for an import, changed.
func fromOSS(changes params) params {
	return params{
		"BaseImageType": "OSS", "BaseImage": "-",
		"ImportImageOptions.DiskDeviceMappings.1.OSSBucket": "images",
		"ImportImageOptions.DiskDeviceMappings.1.OSSObject": "disk.qcow2",
	}.with(changes)
}

// numbered gives list entries 1 to n the same value.
func numbered(prefix string, n int, value string) params {
	p := params{}
	for i := range n {
		p[member(prefix, i+1)] = value
	}
	return p
}

func provocations() []provocation {
	list := []provocation{
		{op: opComponent, code: "InvalidCommand.Component", set: params{"Content": "COMPONENT ic-1"}},
		{op: opComponent, code: "NotSupportedCommand.FROM", set: params{"Content": "FROM IMAGE:m-1"}},
		{op: opComponent, code: "MissingParameter.Content", set: params{"Content": "-"}},
		{op: opComponent, code: "MissingParameter.Content", set: params{"Content": "# nothing\n\n"}},
		{op: opComponent, code: "InvalidContent.LengthExceeded", set: params{"Content": "RUN " + strings.Repeat("x", 16381)}},
		{op: opComponent, code: "InvalidParameter.Content", set: params{"Content": "Tasks: []"}},
		{op: opComponent, code: "InvalidSystemType.NotSupportedValue", set: params{"SystemType": "Plan9"}},
		{op: opComponent, code: "InvalidComponentType.NotSupportedValue", set: params{"ComponentType": "build"}},
		{op: opComponent, code: "InvalidParameter.ComponentVersion", set: params{"ComponentVersion": "1.0.*"}},
		{op: opComponent, code: "InvalidParameter.ComponentVersion", set: params{"ComponentVersion": "01.0.0"}},
		{op: opComponent, code: "InvalidParameter.ComponentVersion", set: params{"ComponentVersion": "1000000000.0.0"}},
		{op: opComponent, code: "InvalidComponentVersion.Exist", set: params{"Name": "web", "ComponentVersion": "2.0.1"},
			before: func(c *cloud) params {
				c.mustCreate(opComponent, params{"Name": "web", "ComponentVersion": "2.0.1"})
				return nil
			}},
		{op: opComponent, code: "QuotaExceed.ImageComponent", options: Options{ComponentQuota: 1},
			before: func(c *cloud) params { c.mustCreate(opComponent, nil); return nil }},
		{op: opPipeline, code: "QuotaExceed.ImagePipeline", options: Options{PipelineQuota: 1},
			before: func(c *cloud) params { c.mustCreate(opPipeline, nil); return nil }},

		{op: opPipeline, code: "InvalidBuildContent.LengthExceeded", set: params{"BuildContent": strings.Repeat("#", 16385)}},
		{op: opPipeline, code: "InvalidParameter.BuildContent", set: params{"BuildContent": "Tasks: []"}},
		{op: opPipeline, code: "InvalidParameter.BuildContent", set: params{"BuildContent": "COMPONENT i-1"}},
		{op: opPipeline, code: "InvalidParameter.TestContent", set: params{"TestContent": strings.Repeat("#", 16385)}},
		{op: opPipeline, code: "InvalidParameter.TestContent", set: params{"TestContent": "FROM IMAGE:m-1"}},
		{op: opPipeline, code: "InvalidCommandContent.FROM", set: params{"BuildContent": "FROM ubuntu"}},
		{op: opPipeline, code: "InvalidCommandContent.FROM", set: params{"BuildContent": "FROM OSS:image"}},
		{op: opPipeline, code: "InvalidCommandContent.FROM", set: params{"BuildContent": "FROM IMAGE: m-1"}},
		{op: opPipeline, code: "DuplicatedCommand.FROM", set: params{"BuildContent": "FROM IMAGE:m-1\nFROM IMAGE:m-1"}},
		{op: opPipeline, code: "InvalidCommandOrder.FROM", set: params{"BuildContent": "RUN true\nFROM IMAGE:m-1"}},
		{op: opPipeline, code: "ImageComponent.NotFound", set: params{"BuildContent": "COMPONENT ic-bp12dvdzvr9k9*****"}},
		{op: opPipeline, code: "InvalidImageComponent.NotSupported",
			before: func(c *cloud) params {
				return params{"BuildContent": "COMPONENT " + c.mustCreate(opComponent, params{"ComponentType": "Test"})}
			}},

		{op: opPipeline, code: "InvalidImageName.Duplicated", set: params{"ImageName": "web", "AdvancedOptions.ImageNameSuffix": "disable"},
			before: func(c *cloud) params {
				return c.ended(params{"ImageName": "web", "AdvancedOptions.ImageNameSuffix": "disable"})
			}},
		{op: opPipeline, code: "InvalidImageName.Duplicated",
			set: params{"ImageOptions.ImageName": "web", "AdvancedOptions.ImageNameSuffix": "disable"},
			before: func(c *cloud) params {
				c.ended(params{"RegionId": "cn-beijing", "ImageName": "web", "AdvancedOptions.ImageNameSuffix": "disable"})
				return params{"ToRegionId.1": "cn-beijing"}
			}},
		{op: opPipeline, code: "InvalidImageName.Malformed", set: params{"ImageName": "w"}},
		{op: opPipeline, code: "InvalidImageName.Malformed", set: params{"ImageOptions.ImageName": "_web"}},
		{op: opPipeline, code: "InvalidImageFamily.Malformed", set: params{"ImageFamily": "acs:web"}},
		{op: opPipeline, code: "InvalidImageFamily.Malformed", set: params{"ImageOptions.ImageFamily": "web.golden"}},
		{op: opPipeline, code: "InvalidImageOptions.Description", set: params{"ImageOptions.Description": "https://example.com"}},
		{op: opPipeline, code: "InvalidBaseImageType.NotSupportedValue", set: params{"BaseImageType": "SNAPSHOT"}},
		{op: opPipeline, code: "InvalidSystemDiskSize.NotSupportedValue", set: params{"SystemDiskSize": "19"}},
		{op: opPipeline, code: "InvalidInternetMaxBandwidthOut.NotSupportedValue", set: params{"InternetMaxBandwidthOut": "101"}},
		{op: opPipeline, code: "InvalidAddAccountSize.ExceededMaxNumber", set: numbered("AddAccount", 21, account.ID)},
		{op: opPipeline, code: "InvalidToRegionIdSize.ExceededMaxNumber", set: numbered("ToRegionId", 21, account.Region)},
		{op: opPipeline, code: "InvalidParameterCombination", set: params{"ImageName": "one", "ImageOptions.ImageName": "two"}},
		{op: opPipeline, code: "InvalidParameterCombination", set: params{"RepairItem.1": "fstab"}},
		{op: opPipeline, code: "InvalidParameter.RepairMode", set: params{"RepairMode": "Full"}},
		{op: opPipeline, code: "InvalidParameter.NvmeSupport", set: params{"NvmeSupport": "yes"}},
		{op: opPipeline, code: "InvalidParameter.NvmeSupport", set: params{"ImageOptions.ImageFeatures.NvmeSupport": "yes"}},
		{op: opPipeline, code: "InvalidAdvancedOptions.ImageNameSuffix", set: params{"AdvancedOptions.ImageNameSuffix": "off"}},
		{op: opPipeline, code: "InvalidTagKey.Malformed", set: params{"ImageOptions.ImageTags.1.Value": "no key"}},

		{op: opPipeline, code: "InvalidImage.NotFound", set: params{"BaseImage": "image"}},
		{op: opPipeline, code: "InvalidImage.NotFound", set: params{"BaseImageType": "IMAGE_FAMILY", "BaseImage": "acs:beos"}},
		{op: opPipeline, code: "InvalidImage.NotFound", set: params{"BaseImageType": "IMAGE_FAMILY", "BaseImage": "web golden"}},
		{op: opPipeline, code: "InvalidImage.OsTypeUnsupported", options: Options{Generation: Generation2023},
			set: params{"BaseImageType": "IMAGE_FAMILY", "BaseImage": "acs:windows_2022_x64"}},
		{op: opPipeline, code: "InvalidVSwitchId.NotFound", set: params{"VSwitchId": "switch"}},
		{op: opPipeline, code: "InvalidInstanceType.NotFound", set: params{"InstanceType": "g6"}},
		{op: opPipeline, code: "InvalidRegionId.NotFound", set: params{"ToRegionId.1": "mars-1"}},
	}
	return slices.Concat(list, importProvocations(), startProvocations(), sharedProvocations())
}

// startProvocations begin with a template that could be built when it was made.
func startProvocations() []provocation {
	idle := func(c *cloud) params { return params{"ImagePipelineId": c.mustCreate(opPipeline, nil)} }
	strictly := func(changes params) func(c *cloud) params {
		return func(c *cloud) params {
			c.account.Catalogue.Add(account.CatalogueData{Images: []string{"m-listed"}})
			id := c.mustCreate(opPipeline, params{"BaseImage": "m-listed"}.with(changes))
			c.account.Catalogue.Strict()
			return params{"ImagePipelineId": id}
		}
	}
	// moved is a template whose wildcard comes to mean another component.
	moved := func(parameter string, was, is params) func(c *cloud) params {
		return func(c *cloud) params {
			c.mustCreate(opComponent, params{"Name": "node:exporter"}.with(was))
			id := c.mustCreate(opPipeline, params{parameter: byName("*.*.*")})
			c.mustCreate(opComponent, params{"Name": "node:exporter"}.with(is))
			return params{"ImagePipelineId": id}
		}
	}
	test, typed := params{"ComponentType": "Test"}, params{"Content": yamlComponent}
	return []provocation{
		{op: opStart, code: "InvalidImagePipeline.NotFound", set: params{"ImagePipelineId": "ip-unknown"}},
		{op: opStart, code: "InvalidImagePipeline.NotFound", set: params{"RegionId": "cn-beijing"}, before: idle},
		{op: opStart, code: "InvalidImagePipeline.HasRunningExecution", before: func(c *cloud) params {
			id, _ := c.build(nil)
			return params{"ImagePipelineId": id}
		}},
		{op: opStart, code: "InvalidImagePipeline.BaseImageNotFound", before: strictly(params{"BaseImage": "m-other"})},
		{op: opStart, code: "InvalidImagePipeline.BaseImageNotFound",
			before: strictly(params{"BaseImageType": "IMAGE_FAMILY", "BaseImage": "other"})},
		goneAtStart(),
		{op: opStart, code: "InvalidVSwitchId.NotFound", before: strictly(params{"VSwitchId": "vsw-1234"})},
		{op: opStart, code: "InvalidInstanceType.NotFound", before: strictly(params{"InstanceType": "ecs.g9.huge"})},
		{op: opStart, code: "InvalidRegionId.NotFound", set: params{"RegionId": "mars-1", "ImagePipelineId": "ip-1"}},
		{op: opStart, code: "Duplicate.TagKey", set: badValues["Duplicate.TagKey"], before: idle},
		{op: opStart, code: "InvalidTagKey.Malformed", set: badValues["InvalidTagKey.Malformed"], before: idle},
		{op: opStart, code: "InvalidTagValue.Malformed", set: badValues["InvalidTagValue.Malformed"], before: idle},
		{op: opStart, code: "InvalidParameter.BuildContent", before: moved("BuildContent", nil, typed)},
		{op: opStart, code: "InvalidParameter.TestContent", before: moved("TestContent", test, test.with(typed))},
		{op: opStart, code: "InvalidImageComponent.NotSupported", before: moved("BuildContent", nil, test)},
		{op: opStart, code: "InvalidImage.OsTypeUnsupported", options: Options{Generation: Generation2023}, before: func(c *cloud) params {
			newer := serveCloud(c.t, c.store, Options{})
			return params{"ImagePipelineId": newer.mustCreate(opPipeline, params{"BaseImageType": "IMAGE_FAMILY", "BaseImage": "acs:windows_2022_x64"})}
		}},
	}
}

func importProvocations() []provocation {
	const disk = "ImportImageOptions.DiskDeviceMappings.1."
	codes := []struct {
		code string
		set  params
	}{
		{"InvalidParameter.ImportImageOptionsArchitecture", params{"ImportImageOptions.Architecture": "mips"}},
		{"InvalidParameter.ImportImageOptionsOSType", params{"ImportImageOptions.OSType": "Linux"}},
		{"InvalidParameter.ImportImageOptionsBootMode", params{"ImportImageOptions.BootMode": "uefi"}},
		{"InvalidParameter.ImportImageOptionsBootMode", params{"ImportImageOptions.BootMode": "BIOS", "ImportImageOptions.Architecture": "arm64"}},
		{"InvalidParameter.ImportImageOptionsPlatform", params{"ImportImageOptions.Platform": "BeOS"}},
		{"InvalidParameter.ImportImageOptionsPlatform", params{"ImportImageOptions.Platform": "Ubuntu", "ImportImageOptions.OSType": "windows"}},
		{"InvalidParameter.ImportImageOptionsLicenseType", params{"ImportImageOptions.LicenseType": "auto"}},
		{"InvalidParameter.ImportImageOptionsFeaturesNvmeSupport", params{"ImportImageOptions.Features.NvmeSupport": "auto"}},
		{"InvalidParameter.ImportImageOptionsDiskDeviceMappingsFormat", params{disk + "Format": "qcow2"}},
		{"InvalidParameter.ImportImageOptionsDiskDeviceMappingsOSSObject", params{disk + "OSSObject": "/disk"}},
		{"InvalidParameter.ImportImageOptionsDiskDeviceMappingsOSSBucket", params{disk + "OSSBucket": "Images"}},
		{"InvalidImportImageOptionsDiskDeviceMappings.LengthLimitExceeded", disks(18)},
		{"InvalidOperation.DiskImageSizeExceeded", params{disk + "DiskImageSize": "2049"}},
		{"MissingParameter.ImportImageOptions", params{disk + "OSSBucket": "-", disk + "OSSObject": "-"}},
		{"MissingParameter.ImageOptionsDiskDeviceMappings",
			params{disk + "OSSBucket": "-", disk + "OSSObject": "-", "ImportImageOptions.OSType": "linux"}},
		{"MissingParameter.ImportImageOptionsDiskDeviceMappingsOSSObject", params{disk + "OSSObject": "-"}},
		{"MissingParameter.ImportImageOptionsDiskDeviceMappingsOSSBucket", params{disk + "OSSBucket": "-"}},
	}
	nothing := func(*store.Tx, string, string) (bool, error) { return false, nil }
	list := []provocation{
		{op: opPipeline, code: "InvalidImportImageOptionsDiskDeviceMappingsOSSObject.NotFound", set: fromOSS(nil),
			options: Options{ObjectExists: nothing}},
	}
	for _, c := range codes {
		list = append(list, provocation{op: opPipeline, code: c.code, set: fromOSS(c.set)})
	}
	return list
}

// goneAtStart is a template whose disk is deleted before it is built.
func goneAtStart() provocation {
	var gone atomic.Bool
	return provocation{
		op: opStart, code: "InvalidImagePipeline.OSSObjectNotFound",
		options: Options{ObjectExists: func(*store.Tx, string, string) (bool, error) { return !gone.Load(), nil }},
		before: func(c *cloud) params {
			defer gone.Store(true)
			return params{"ImagePipelineId": c.mustCreate(opPipeline, fromOSS(nil))}
		},
	}
}

func disks(n int) params {
	p := params{}
	for i := range n {
		p[member(mappings, i+1, "OSSBucket")] = "images"
		p[member(mappings, i+1, "OSSObject")] = fmt.Sprint("disk", i)
	}
	return p
}

func sharedProvocations() []provocation {
	var list []provocation
	for code, content := range badCommands {
		list = append(list,
			provocation{op: opComponent, code: code, set: params{"Content": content}},
			provocation{op: opPipeline, code: code, set: params{"BuildContent": content}},
			provocation{op: opPipeline, code: code, set: params{"TestContent": content}})
	}
	for code, set := range badValues {
		list = append(list, provocation{op: opComponent, code: code, set: set}, provocation{op: opPipeline, code: code, set: set})
	}
	return list
}

package ecs

import (
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
)

// documented are the error tables of CreateImageComponent (CC),
// CreateImagePipeline (CP) and StartImagePipelineExecution (ST), as the pages
// list them.
const documented = `
400 CC       InvalidCommand.Component
400 CC,CP    InvalidName.Malformed
400 CC,CP    InvalidDescription.Malformed
400 CC       InvalidSystemType.NotSupportedValue
400 CC       InvalidComponentType.NotSupportedValue
400 CC       InvalidContent.LengthExceeded
400 CP       InvalidBuildContent.LengthExceeded
400 CC,CP    InvalidImageTemplateCommandSize.ExceededMaxNumber
400 CC,CP    InvalidImageTemplateCommand.NotSupported
400 CC,CP    InvalidCommandContent.RUN
400 CC,CP    InvalidCommandContent.ENV
400 CC,CP    InvalidCommandContent.WORKDIR
400 CC,CP    InvalidCommandContent.COPY
400 CC,CP    InvalidCommandContent.USER
400 CC,CP    InvalidCommandContent.CMD
400 CC,CP    InvalidCommandContent.ENTRYPOINT
400 CP       InvalidCommandContent.FROM
400 CP       DuplicatedCommand.FROM
400 CP       InvalidCommandOrder.FROM
400 CC,CP    EmptyCommandContent.RUN
400 CC,CP    EmptyCommandContent.ENV
400 CC,CP    EmptyCommandContent.LABEL
400 CC,CP    EmptyCommandContent.COPY
400 CC,CP    EmptyCommandContent.ENTRYPOINT
400 CC,CP    EmptyCommandContent.CMD
400 CC,CP    EmptyCommandContent.WORKDIR
400 CC,CP    EmptyCommandContent.USER
400 CC,CP    NotEmptyCommandContent.RESTART
400 CC       MissingParameter.Content
400 CC       QuotaExceed.ImageComponent
400 CP       QuotaExceed.ImagePipeline
400 CC       InvalidParameter.Content
400 CP,ST    InvalidParameter.BuildContent
400 CP,ST    InvalidParameter.TestContent
400 CC,CP,ST InvalidImage.OsTypeUnsupported
400 CC       InvalidParameter.ComponentVersion
400 CP,ST    InvalidImageComponent.NotSupported
400 CP       InvalidSourceInstance.NotFound
400 CP       InvalidImageName.Malformed
400 CP       InvalidImageName.Duplicated
400 CP       InvalidImageFamily.Malformed
400 CP       InvalidImageOptions.Description
400 CP       InvalidBaseImageType.NotSupportedValue
400 CP       InvalidSystemDiskSize.NotSupportedValue
400 CP       InvalidInternetMaxBandwidthOut.NotSupportedValue
400 CP       InvalidAddAccountSize.ExceededMaxNumber
400 CP       InvalidToRegionIdSize.ExceededMaxNumber
400 CP       NoPermission
400 CP       InvalidParameterCombination
400 CP       InvalidParameter.RepairMode
400 CP       InvalidParameter.NvmeSupport
400 CP       InvalidAdvancedOptions.ImageNameSuffix
400 CP       InvalidImage.NotSupportRepair
400 CP       InvalidImage.ImageOwnerAliasUnsupported
400 CP       InvalidParameter.ImportImageOptionsArchitecture
400 CP       InvalidParameter.ImportImageOptionsOSType
400 CP       InvalidParameter.ImportImageOptionsBootMode
400 CP       InvalidParameter.ImportImageOptionsPlatform
400 CP       InvalidParameter.ImportImageOptionsLicenseType
400 CP       InvalidParameter.ImportImageOptionsFeaturesNvmeSupport
400 CP       InvalidParameter.ImportImageOptionsDiskDeviceMappingsFormat
400 CP       InvalidParameter.ImportImageOptionsDiskDeviceMappingsOSSObject
400 CP       InvalidParameter.ImportImageOptionsDiskDeviceMappingsOSSBucket
400 CP       InvalidImportImageOptionsDiskDeviceMappings.LengthLimitExceeded
400 CP       InvalidOperation.DiskImageSizeExceeded
400 CP,ST    Duplicate.TagKey
400 CP,ST    InvalidTagKey.Malformed
400 CP,ST    InvalidTagValue.Malformed
403 CC       InvalidComponentVersion.Exist
403 CC,CP    InvalidOperation.NoPermissionCreateServiceLinkedRole
403 CP       ImagePipeline.NotSupportWindowsInstance
403 CP       InvalidOSSObject.NotAuthorized
403 CP       InvalidOSSObject.NeedRestore
403 CP       InvalidOperation.OSSObjectIsImporting
403 CP,ST    InvalidOperation.NoRightAccessOSS
404 CC       NotSupportedCommand.FROM
404 CC,CP    InvalidResourceGroup.NotFound
404 CP,ST    ImageComponent.NotFound
404 CP,ST    InvalidImage.NotFound
404 CP,ST    InvalidRegionId.NotFound
404 CP,ST    InvalidInstanceType.NotFound
404 CP,ST    InvalidVSwitchId.NotFound
404 CP       InvalidImportImageOptionsDiskDeviceMappingsOSSObject.NotFound
404 CP       MissingParameter.RepairMode
404 CP       MissingParameter.ImportImageOptions
404 CP       MissingParameter.ImportImageOptionsDiskDeviceMappingsOSSObject
404 CP       MissingParameter.ImportImageOptionsDiskDeviceMappingsOSSBucket
404 CP       MissingParameter.ImageOptionsDiskDeviceMappings
403 ST       InvalidImagePipeline.HasRunningExecution
403 ST       InvalidImagePipeline.OSSObjectNotAuthorized
403 ST       InvalidImagePipeline.OSSObjectNeedRestore
404 ST       InvalidImagePipeline.NotFound
404 ST       InvalidImagePipeline.BaseImageNotFound
404 ST       InvalidImagePipeline.OSSObjectNotFound
500 ST       StartImagePipelineExecution.Failed
`

// beyond are codes that the endpoint answers on an operation whose page does
// not list them.
const beyond = `
400 CC    Duplicate.TagKey
400 CC    InvalidTagKey.Malformed
400 CC    InvalidTagValue.Malformed
404 CC    InvalidRegionId.NotFound
`

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
		{op: opPipeline, code: "InvalidImageName.Duplicated", set: params{"ImageOptions.ImageName": "web", "AdvancedOptions.ImageNameSuffix": "disable"},
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
		{op: opPipeline, code: "InvalidParameter.RepairMode", set: params{"RepairMode": "Full"}},
		{op: opPipeline, code: "InvalidParameter.NvmeSupport", set: params{"NvmeSupport": "yes"}},
		{op: opPipeline, code: "InvalidParameter.NvmeSupport", set: params{"ImageOptions.ImageFeatures.NvmeSupport": "yes"}},
		{op: opPipeline, code: "InvalidAdvancedOptions.ImageNameSuffix", set: params{"AdvancedOptions.ImageNameSuffix": "off"}},
		{op: opPipeline, code: "InvalidTagKey.Malformed", set: params{"ImageOptions.ImageTags.1.Value": "no key"}},

		{op: opPipeline, code: "InvalidImage.NotFound", set: params{"BaseImage": "image"}},
		{op: opPipeline, code: "InvalidImage.NotFound", set: params{"BaseImageType": "IMAGE_FAMILY", "BaseImage": "acs:beos"}},
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
		{op: opStart, code: "InvalidImagePipeline.BaseImageNotFound", before: strictly(params{"BaseImageType": "IMAGE_FAMILY", "BaseImage": "other"})},
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
		{"MissingParameter.ImageOptionsDiskDeviceMappings", params{disk + "OSSBucket": "-", disk + "OSSObject": "-", "ImportImageOptions.OSType": "linux"}},
		{"MissingParameter.ImportImageOptionsDiskDeviceMappingsOSSObject", params{disk + "OSSObject": "-"}},
		{"MissingParameter.ImportImageOptionsDiskDeviceMappingsOSSBucket", params{disk + "OSSBucket": "-"}},
	}
	var list []provocation
	for _, c := range codes {
		list = append(list, provocation{op: opPipeline, code: c.code, set: fromOSS(c.set)})
	}
	return list
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

// Every provocation gets its code and status through the real SDK, and leaves
// nothing behind.
func TestCreateErrorsThroughTheSDK(t *testing.T) {
	for _, p := range provocations() {
		t.Run(p.key(), func(t *testing.T) {
			c := newCloud(t, p.options)
			form := minimal(p.op).with(p.set)
			if p.before != nil {
				form = form.with(p.before(c))
			}
			before := c.resources()
			_, err := c.create(c.client(), p.op, form)
			requireRefused(t, err, createCodes[p.code].status, p.code)
			require.Equal(t, before, c.resources())
		})
	}
}

// resources counts what the creates and starts made.
func (c *cloud) resources() []int {
	executions := 0
	list := c.describePipelines(nil).ImagePipeline.ImagePipelineSet
	for _, p := range list {
		executions += c.describeExecutions(params{"ImagePipelineId": p.ImagePipelineId}).TotalCount
	}
	return []int{c.describeComponents(nil).TotalCount, len(list), executions}
}

// The table holds every documented code with its status, and every code of a
// column is either provoked above or says why it cannot be.
func TestCreateErrorTableIsComplete(t *testing.T) {
	provoked := map[string]bool{}
	for _, p := range provocations() {
		provoked[p.key()] = true
	}
	listed := listedCodes(t, documented+beyond)
	for code, row := range createCodes {
		for op, mark := range map[string]string{opComponent: row.component, opPipeline: row.pipeline, opStart: row.start} {
			key := op + " " + code
			require.Equal(t, mark != "", listed[key] != 0, "%s: in the table, or in the documents, but not in both", key)
			require.Equal(t, mark == onRequest, provoked[key], "%s is marked %q", key, mark)
			if mark != "" {
				require.Equal(t, listed[key], row.status, key)
			}
		}
	}
	for key := range listed {
		_, code, _ := strings.Cut(key, " ")
		require.Contains(t, createCodes, code)
	}
}

// listedCodes maps "CC code" to the status.
func listedCodes(t *testing.T, table string) map[string]int {
	listed := map[string]int{}
	for line := range strings.Lines(strings.TrimSpace(table)) {
		var status int
		var ops, code string
		if _, err := fmt.Sscan(line, &status, &ops, &code); err != nil {
			continue
		}
		for op := range strings.SplitSeq(ops, ",") {
			require.NotContains(t, listed, op+" "+code)
			listed[op+" "+code] = status
		}
	}
	require.NotEmpty(t, listed)
	return listed
}

// No code stands in two tables, and no message has room for more than one text.
func TestErrorTablesAreSound(t *testing.T) {
	for code := range otherCodes {
		require.NotContains(t, createCodes, code)
	}
	for _, table := range []map[string]row{createCodes, otherCodes, families} {
		for code, row := range maps.All(table) {
			require.LessOrEqual(t, strings.Count(row.message, "%s"), 1, code)
			require.NotEmpty(t, row.message, code)
			require.GreaterOrEqual(t, row.status, 400, code)
		}
	}
}

// Codes beside the tables: what the documents leave open.
func TestCreateErrorsOutsideTheTables(t *testing.T) {
	tests := []struct {
		op, code string
		set      params
	}{
		{opComponent, "InvalidParameter.ClientToken", params{"ClientToken": strings.Repeat("x", 65)}},
		{opComponent, "InvalidParameter.ClientToken", params{"ClientToken": "naïve"}},
		{opComponent, "InvalidParameter.Tag", tagged(21)},
		{opComponent, "InvalidParameter.Content", params{"Content": "RUN \x00"}},
		{opComponent, "InvalidDescription.Malformed", params{"Description": "\xff\xfe"}},
		{opComponent, "InvalidTagValue.Malformed", params{"Tag.1.Key": "a", "Tag.1.Value": "\x00"}},
		{opPipeline, "InvalidParameter.BuildContent", params{"BuildContent": "RUN \xff"}},
		{opPipeline, "MissingParameter.BaseImageType", params{"BaseImageType": "-"}},
		{opPipeline, "MissingParameter.BaseImage", params{"BaseImage": "-"}},
		{opPipeline, "InvalidParameter.AddAccount", params{"AddAccount.1": "me"}},
		{opPipeline, "InvalidParameter.AddAccount", params{"AddAccount.1": "0123"}},
		{opPipeline, "InvalidParameter.DeleteInstanceOnFailure", params{"DeleteInstanceOnFailure": "no"}},
		{opPipeline, "InvalidParameter.RetainCloudAssistant", params{"AdvancedOptions.RetainCloudAssistant": "no"}},
	}
	c := newCloud(t, Options{})
	for _, tt := range tests {
		_, err := c.create(c.client(), tt.op, minimal(tt.op).with(tt.set))
		requireRefused(t, err, 400, tt.code)
	}
	require.Equal(t, "400 MissingParameter.RegionId", c.raw("POST", minimal(opComponent).with(params{"Action": "CreateImageComponent"})).code())
}

func tagged(n int) params {
	p := params{}
	for i := range n {
		p[member("Tag", i+1, "Key")] = fmt.Sprint("key", i)
	}
	return p
}

// Earlier checks win: the order is that of the reference's checklist.
func TestOrderOfChecks(t *testing.T) {
	c := newCloud(t, Options{PipelineQuota: 1})
	steps := []struct {
		code string
		set  params
	}{
		{"MissingParameter.BaseImageType", params{"BaseImageType": "-"}},
		{"InvalidParameter.ClientToken", params{"ClientToken": strings.Repeat("x", 65)}},
		{"InvalidName.Malformed", params{"Name": "_"}},
		{"InvalidTagKey.Malformed", params{"Tag.1.Key": "aliyun"}},
		{"InvalidParameter.TestContent", params{"TestContent": strings.Repeat("#", 16385)}},
		{"InvalidImageTemplateCommandSize.ExceededMaxNumber", params{"TestContent": strings.Repeat("RUN x\n", 128)}},
		{"EmptyCommandContent.USER", params{"BuildContent": "USER\nBAD\nCOMPONENT ic-1"}},
		{"InvalidImage.NotFound", params{"BaseImage": "x"}},
		{"ImageComponent.NotFound", params{"BuildContent": "COMPONENT ic-1"}},
		{"InvalidResourceGroup.NotFound", params{"ResourceGroupId": "x"}},
		{"InvalidVSwitchId.NotFound", params{"VSwitchId": "x"}},
		{"InvalidInstanceType.NotFound", params{"InstanceType": "x"}},
		{"QuotaExceed.ImagePipeline", nil},
	}
	c.mustCreate(opPipeline, nil)
	for i := range steps {
		form := minimal(opPipeline)
		for _, later := range slices.Backward(steps[i:]) { // a later mistake hides none before it
			form = form.with(later.set)
		}
		_, err := c.create(c.client(), opPipeline, form)
		requireRefused(t, err, rowOf(steps[i].code).status, steps[i].code)
	}
}

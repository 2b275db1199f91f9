package ecs

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
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
		{op: opStart, code: "InvalidImagePipeline.BaseImageNotFound", before: strictly(params{"BaseImageType": "IMAGE_FAMILY", "BaseImage": "other"})},
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
		{"MissingParameter.ImageOptionsDiskDeviceMappings", params{disk + "OSSBucket": "-", disk + "OSSObject": "-", "ImportImageOptions.OSType": "linux"}},
		{"MissingParameter.ImportImageOptionsDiskDeviceMappingsOSSObject", params{disk + "OSSObject": "-"}},
		{"MissingParameter.ImportImageOptionsDiskDeviceMappingsOSSBucket", params{disk + "OSSBucket": "-"}},
	}
	nothing := func(*store.Tx, string, string) (bool, error) { return false, nil }
	list := []provocation{
		{op: opPipeline, code: "InvalidImportImageOptionsDiskDeviceMappingsOSSObject.NotFound", set: fromOSS(nil), options: Options{ObjectExists: nothing}},
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
	for _, table := range []map[string]row{createCodes, otherCodes, tagCodes, groupCodes, regionCodes, families} {
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

// documentedElsewhere are the tables of the other operations as their pages
// list them, and below them the codes of the gateway, which any operation may
// answer. What follows a code says why no request provokes it.
const documentedElsewhere = `
400 DescribeImageComponents InvalidParameter.Owner
400 DescribeImageComponents InvalidImageComponentIdSize.ExceededMaxNumber
400 DescribeImageComponents InvalidSystemType.NotSupportedValue
400 DescribeImageComponents InvalidComponentType.NotSupportedValue
400 DescribeImageComponents InvalidParameter.ComponentVersion
403 DescribeImageComponents Invalid.NextToken
400 DescribeImagePipelines InvalidImagePipelineIdSize.ExceededMaxNumber
400 DescribeImagePipelines InvalidName.Malformed
403 DescribeImagePipelines Invalid.NextToken
400 DescribeImagePipelineExecutions InvalidParameter.Status
400 DescribeImagePipelineExecutions MissingParameter.ImagePipelineId
400 DescribeImagePipelineExecutions InvalidExecutionId.SizeExceeded
403 DescribeImagePipelineExecutions Invalid.NextToken
404 DescribeImagePipelineExecutions InvalidImagePipeline.NotFound
403 DeleteImageComponent InvalidImageComponent.InUse
404 DeleteImageComponent InvalidImageComponent.NotFound
403 DeleteImagePipeline InvalidImagePipeline.HasRunningExecution
404 DeleteImagePipeline InvalidImagePipeline.NotFound
400 CancelImagePipelineExecution InvalidStatus.CancelFailed
403 CancelImagePipelineExecution InvalidStatus.ImagePipelineExecution
404 CancelImagePipelineExecution InvalidImagePipelineExecution.NotFound
404 CancelImagePipelineExecution InvalidImagePipelineExecutionId.NotFound its twin is used
403 DescribeImageFromFamily InvalidUser.Unauthorized every key may do everything
404 DescribeImageFromFamily InvalidRegionId.NotFound

403 DescribeRegions Unauthorized.EmptyRegion every key may do everything
404 DescribeRegions InvalidAcceptLanguage.NotFound
404 DescribeRegions InvalidResourceType.NotFound
403 JoinResourceGroup MissingParameter
404 JoinResourceGroup InvalidResourceType.NotFound
404 JoinResourceGroup InvalidResourceGroup.NotFound
404 JoinResourceGroup InvalidResourceId.NotFound
403 JoinResourceGroup InvalidResourceGroup.Duplicate
400 JoinResourceGroup EntityExists.AssociatedTransferTasks there are no transfer tasks

404 TagResources InvalidRegionId.NotFound
404 TagResources MissingParameter.TagOwnerUid no parameter of the page
404 TagResources MissingParameter.TagOwnerBid no parameter of the page
404 TagResources MissingParameter.ResourceType
404 TagResources MissingParameter.Tags
404 TagResources MissingParameter.RegionId
403 TagResources PermissionDenied.TagOwnerUid no parameter of the page
403 TagResources PermissionDenied.Scope no parameter of the page
400 TagResources Invalid.Scope no parameter of the page
400 TagResources NumberExceed.ResourceIds
400 TagResources NumberExceed.Tags
400 TagResources Duplicate.TagKey
404 TagResources InvalidResourceId.NotFound
404 TagResources InvalidResourceType.NotFound
400 TagResources InvalidTagKey.Malformed
400 TagResources InvalidTagValue.Malformed
400 TagResources OperationDenied.QuotaExceed
403 TagResources QuotaExceed.Tags its twin is used
403 TagResources InvalidResourceId.NotSupported every resource that has a type can be tagged
400 TagResources InvalidTag.Mismatch a value without a key has a malformed key
400 TagResources InvalidTagCount its twin is used
403 TagResources NoPermission.Tag every key may do everything
404 UntagResources MissingParameter.RegionId
404 UntagResources MissingParameter.ResourceType
404 UntagResources MissingParameter.Tags
400 UntagResources NumberExceed.ResourceIds
400 UntagResources NumberExceed.Tags
404 UntagResources InvalidResourceId.NotFound
404 UntagResources InvalidResourceType.NotFound
404 UntagResources InvalidRegionId.NotFound
404 ListTagResources MissingParameter.RegionId
404 ListTagResources MissingParameter.ResourceType
404 ListTagResources MissingParameter.Tags
400 ListTagResources NumberExceed.ResourceIds
400 ListTagResources NumberExceed.Tags
400 ListTagResources Duplicate.TagKey
404 ListTagResources InvalidResourceId.NotFound
404 ListTagResources InvalidResourceType.NotFound
400 ListTagResources InvalidTagKey.Malformed
400 ListTagResources InvalidTagValue.Malformed
400 ListTagResources InvalidParameter.TagValue
404 ListTagResources InvalidRegionId.NotFound

403 gateway IdempotentParameterMismatch
403 gateway IdempotentProcessing TestTokenInProgress holds a request back
400 gateway Throttling a fault on demand
400 gateway Throttling.User a fault on demand
400 gateway Throttling.Api a fault on demand
400 gateway Throttling.API a fault on demand
500 gateway InternalError.Dispatch a fault on demand
404 gateway InvalidProduct.NotFound a fault on demand: the endpoint takes any host
503 gateway ServiceUnavailable a fault on demand
500 gateway InternalError TestInternalErrorSaysWhy closes the store
404 gateway InvalidAccessKeyId.NotFound
400 gateway InvalidAccessKeyId.Inactive a fault on demand: no key is ever inactive
400 gateway SignatureDoesNotMatch
400 gateway IncompleteSignature
400 gateway SignatureNonceUsed
400 gateway InvalidTimeStamp.Expired
400 gateway InvalidTimeStamp.Format
400 gateway MissingSecurityToken
400 gateway InvalidSecurityToken.Expired
400 gateway InvalidSecurityToken.Malformed
400 gateway InvalidSecurityToken.MismatchWithAccessKey
403 gateway Forbidden.RAM a fault on demand: every key may do everything
404 gateway InvalidApi.NotFound
400 gateway NoSuchVersion
400 gateway UnsupportedOperation
`

// elsewhere is a request that a code of another operation answers: set changes
// the least that the operation takes.
type elsewhere struct {
	action, code string
	set          params
	before       func(*cloud) params
}

// leastOf is the least that the other operations take besides RegionId.
var leastOf = map[string]params{
	"TagResources":      {"ResourceType": "imagecomponent", "ResourceId.1": "ic-unknown", "Tag.1.Key": "k"},
	"UntagResources":    {"ResourceType": "imagecomponent", "ResourceId.1": "ic-unknown", "TagKey.1": "k"},
	"ListTagResources":  {"ResourceType": "imagecomponent", "Tag.1.Key": "k"},
	"JoinResourceGroup": {"ResourceType": "imagecomponent", "ResourceId": "ic-unknown", "ResourceGroupId": "rg-one1"},
}

func provokedElsewhere() []elsewhere {
	running := func(c *cloud) params {
		pipeline, execution := c.build(nil)
		return params{"ImagePipelineId": pipeline, "ExecutionId": execution}
	}
	list := []elsewhere{
		{"DescribeImageComponents", "InvalidParameter.Owner", params{"Owner": "self"}, nil},
		{"DescribeImageComponents", "InvalidImageComponentIdSize.ExceededMaxNumber", numbered("ImageComponentId", 21, "ic-1"), nil},
		{"DescribeImageComponents", "InvalidSystemType.NotSupportedValue", params{"SystemType": "linux"}, nil},
		{"DescribeImageComponents", "InvalidComponentType.NotSupportedValue", params{"ComponentType": "build"}, nil},
		{"DescribeImageComponents", "InvalidParameter.ComponentVersion", params{"Name": "web", "ComponentVersion": "*.*.1"}, nil},
		{"DescribeImageComponents", "Invalid.NextToken", params{"NextToken": "x"}, nil},
		{"DescribeImagePipelines", "InvalidImagePipelineIdSize.ExceededMaxNumber", numbered("ImagePipelineId", 21, "ip-1"), nil},
		{"DescribeImagePipelines", "InvalidName.Malformed", params{"Name": "1st"}, nil},
		{"DescribeImagePipelines", "Invalid.NextToken", params{"NextToken": "x"}, nil},
		{"DescribeImagePipelineExecutions", "InvalidParameter.Status", params{"ExecutionId": "exec-1", "Status": "DONE"}, nil},
		{"DescribeImagePipelineExecutions", "MissingParameter.ImagePipelineId", nil, nil},
		{"DescribeImagePipelineExecutions", "InvalidExecutionId.SizeExceeded", params{"ExecutionId": strings.Repeat("exec-1,", 21)}, nil},
		{"DescribeImagePipelineExecutions", "Invalid.NextToken", params{"ExecutionId": "exec-1", "NextToken": "x"}, nil},
		{"DescribeImagePipelineExecutions", "InvalidImagePipeline.NotFound", params{"ImagePipelineId": "ip-unknown"}, nil},
		{"DeleteImageComponent", "InvalidImageComponent.InUse", nil, func(c *cloud) params {
			id := c.mustCreate(opComponent, nil)
			c.mustCreate(opPipeline, params{"BuildContent": "COMPONENT " + id})
			return params{"ImageComponentId": id}
		}},
		{"DeleteImageComponent", "InvalidImageComponent.NotFound", params{"ImageComponentId": "ic-unknown"}, nil},
		{"DeleteImagePipeline", "InvalidImagePipeline.HasRunningExecution", nil, running},
		{"DeleteImagePipeline", "InvalidImagePipeline.NotFound", params{"ImagePipelineId": "ip-unknown"}, nil},
		{"CancelImagePipelineExecution", "InvalidStatus.CancelFailed", nil, func(c *cloud) params {
			defer c.clock.Advance(longest)
			return running(c)
		}},
		{"CancelImagePipelineExecution", "InvalidStatus.ImagePipelineExecution", nil, func(c *cloud) params {
			defer c.clock.Advance(2 * step)
			return running(c)
		}},
		{"CancelImagePipelineExecution", "InvalidImagePipelineExecution.NotFound", params{"ExecutionId": "exec-unknown"}, nil},
		{"DescribeImageFromFamily", "InvalidRegionId.NotFound", params{"RegionId": "mars-1", "ImageFamily": "web"}, nil},
		{"DescribeRegions", "InvalidAcceptLanguage.NotFound", params{"AcceptLanguage": "tlh"}, nil},
		{"DescribeRegions", "InvalidResourceType.NotFound", params{"ResourceType": "image"}, nil},
		{"JoinResourceGroup", "MissingParameter", params{"RegionId": "-"}, nil},
		{"JoinResourceGroup", "MissingParameter", params{"ResourceId": "-"}, nil},
		{"JoinResourceGroup", "MissingParameter", params{"ResourceGroupId": "-"}, nil},
		{"JoinResourceGroup", "InvalidResourceType.NotFound", params{"ResourceType": "-"}, nil},
		{"JoinResourceGroup", "InvalidResourceType.NotFound", params{"ResourceType": "imagepipelineexecution"}, nil},
		{"JoinResourceGroup", "InvalidResourceGroup.NotFound", params{"ResourceGroupId": "group"}, nil},
		{"JoinResourceGroup", "InvalidResourceId.NotFound", params{"ResourceType": "imagepipeline"}, nil},
		{"JoinResourceGroup", "InvalidResourceGroup.Duplicate", nil, func(c *cloud) params {
			return params{"ResourceId": c.mustCreate(opComponent, params{"ResourceGroupId": "rg-one1"})}
		}},
		{"TagResources", "NumberExceed.Tags", tagged(21), nil},
		{"TagResources", "Duplicate.TagKey", params{"Tag.2.Key": "k"}, nil},
		{"TagResources", "InvalidTagKey.Malformed", params{"Tag.1.Key": "aliyun.k"}, nil},
		{"TagResources", "InvalidTagKey.Malformed", params{"Tag.2.Value": "v"}, nil},
		{"TagResources", "InvalidTagValue.Malformed", params{"Tag.1.Value": "acs:v"}, nil},
		{"TagResources", "MissingParameter.Tags", params{"Tag.1.Key": "-"}, nil},
		{"TagResources", "OperationDenied.QuotaExceed", nil, func(c *cloud) params { return params{"ResourceId.1": c.mustCreate(opComponent, tagged(20))} }},
		{"UntagResources", "MissingParameter.Tags", params{"TagKey.1": "-", "All": "false"}, nil},
		{"UntagResources", "NumberExceed.Tags", numbered("TagKey", 21, "k"), nil},
		{"ListTagResources", "MissingParameter.Tags", params{"Tag.1.Key": "-"}, nil},
		{"ListTagResources", "NumberExceed.Tags", tagged(21), nil},
		{"ListTagResources", "Duplicate.TagKey", params{"Tag.2.Key": "k"}, nil},
		{"ListTagResources", "InvalidTagKey.Malformed", params{"Tag.1.Key": strings.Repeat("k", 129)}, nil},
		{"ListTagResources", "InvalidTagKey.Malformed", params{"Tag.1.Key": "-", "TagFilter.1.TagValues.1": "v"}, nil},
		{"ListTagResources", "InvalidTagValue.Malformed", params{"Tag.1.Value": strings.Repeat("v", 129)}, nil},
		{"ListTagResources", "InvalidTagValue.Malformed", params{"Tag.1.Key": "-", "TagFilter.1.TagKey": "k", "TagFilter.1.TagValues.1": strings.Repeat("v", 129)}, nil},
		{"ListTagResources", "InvalidParameter.TagValue", params{"Tag.1.Key": "-", "Tag.1.Value": "v"}, nil},
		{"ListTagResources", "InvalidParameter.TagValue", params{"Tag.1.Key": groupTag}, nil},
		{"ListTagResources", "InvalidParameter.TagValue", params{"Tag.1.Key": groupTag, "Tag.1.Value": "rg-one1", "Tag.2.Key": "k"}, nil},
	}
	for _, action := range []string{"TagResources", "UntagResources", "ListTagResources"} {
		list = append(list,
			elsewhere{action, "MissingParameter.RegionId", params{"RegionId": "-"}, nil},
			elsewhere{action, "MissingParameter.ResourceType", params{"ResourceType": "-"}, nil},
			elsewhere{action, "InvalidRegionId.NotFound", params{"RegionId": "mars-1"}, nil},
			elsewhere{action, "InvalidResourceType.NotFound", params{"ResourceType": "instance"}, nil},
			elsewhere{action, "InvalidResourceType.NotFound", params{"ResourceType": "ImageComponent"}, nil},
			elsewhere{action, "NumberExceed.ResourceIds", numbered("ResourceId", 51, "ic-1"), nil},
			elsewhere{action, "InvalidResourceId.NotFound", params{"ResourceId.1": "ic-unknown"}, nil},
			elsewhere{action, "InvalidResourceId.NotFound", nil, func(c *cloud) params { return params{"ResourceId.1": c.mustCreate(opPipeline, nil)} }})
	}
	return list
}

// provokedAtTheGateway maps a code to a call that it answers.
func provokedAtTheGateway() map[string]func(*cloud) answerBody {
	call := params{"Action": "DescribeImageComponents", "RegionId": "cn-hangzhou"}
	signedWith := func(key account.Key, changes params) func(*cloud) answerBody {
		return func(c *cloud) answerBody {
			p := c.unsigned(call).with(params{"AccessKeyId": key.AccessKeyID}).with(changes)
			p["Signature"] = signature("GET", p, key.Secret)
			return c.exchange("GET", p, nil)
		}
	}
	own := account.Key{AccessKeyID: account.AccessKeyID, Secret: account.AccessKeySecret}
	temporary := func(token func(account.Key) string, lives time.Duration) func(*cloud) answerBody {
		return func(c *cloud) answerBody {
			key := c.account.Keys.Issue(c.clock.Now().Add(lives))
			return signedWith(key, params{"SecurityToken": token(key)})(c)
		}
	}
	return map[string]func(*cloud) answerBody{
		"InvalidAccessKeyId.NotFound": signedWith(account.Key{AccessKeyID: "LTAI0"}, nil),
		"SignatureDoesNotMatch":       signedWith(account.Key{AccessKeyID: account.AccessKeyID, Secret: "wrong"}, nil),
		"IncompleteSignature":         signedWith(own, params{"SignatureVersion": "2.0"}),
		"InvalidTimeStamp.Expired":    signedWith(own, params{"Timestamp": "2014-05-26T12:00:00Z"}),
		"InvalidTimeStamp.Format":     signedWith(own, params{"Timestamp": "yesterday"}),
		"InvalidApi.NotFound":         signedWith(own, params{"Action": "RunInstances"}),
		"NoSuchVersion":               signedWith(own, params{"Version": "2013-01-10"}),
		"SignatureNonceUsed": func(c *cloud) answerBody {
			again := signedWith(own, params{"SignatureNonce": "once"})
			again(c)
			return again(c)
		},
		"UnsupportedOperation":                       func(c *cloud) answerBody { return c.raw("PUT", call) },
		"MissingSecurityToken":                       temporary(func(account.Key) string { return "-" }, time.Hour),
		"InvalidSecurityToken.Malformed":             temporary(func(account.Key) string { return "token" }, time.Hour),
		"InvalidSecurityToken.MismatchWithAccessKey": temporary(func(key account.Key) string { return key.Token + "0" }, time.Hour),
		"InvalidSecurityToken.Expired":               temporary(func(key account.Key) string { return key.Token }, 0),
		"IdempotentParameterMismatch": func(c *cloud) answerBody {
			c.mustCreate(opComponent, params{"ClientToken": "job-1"})
			return c.raw("POST", params{"Action": "CreateImageComponent", "RegionId": "cn-hangzhou", "Content": "RUN false", "ClientToken": "job-1"})
		},
	}
}

// Every documented code of the other operations and of the gateway is provoked,
// with its status, or has a reason; and the tables hold no other.
func TestErrorsOfTheOtherOperations(t *testing.T) {
	listed, reasons := map[string]int{}, map[string]string{}
	for line := range strings.Lines(documentedElsewhere) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(fields) < 3 {
			continue
		}
		key := fields[1] + " " + fields[2]
		require.NotContains(t, listed, key)
		listed[key] = statusOf(t, fields[0])
		reasons[key] = strings.Join(fields[3:], "")
	}
	provoked := map[string]bool{}
	check := func(action, code string, answer func(*cloud) answerBody) {
		key := action + " " + code
		t.Run(key, func(t *testing.T) {
			a := answer(newCloud(t, Options{}))
			require.Equal(t, fmt.Sprint(listed[key], " ", code), a.code(), a.text)
			require.NotContains(t, a.fields["Message"], "%s")
		})
		provoked[key] = true
	}
	for _, e := range provokedElsewhere() {
		check(e.action, e.code, func(c *cloud) answerBody {
			form := params{"Action": e.action, "RegionId": "cn-hangzhou"}.with(leastOf[e.action]).with(e.set)
			if e.before != nil {
				form = form.with(e.before(c))
			}
			return c.raw("POST", form)
		})
	}
	for code, answer := range provokedAtTheGateway() {
		check("gateway", code, answer)
	}
	codes := map[string]bool{}
	for key := range listed {
		require.Equal(t, reasons[key] == "", provoked[key], "%s: %q", key, reasons[key])
		_, code, _ := strings.Cut(key, " ")
		codes[code] = true
	}
	for _, table := range []map[string]row{otherCodes, tagCodes, groupCodes, regionCodes} {
		for code := range table {
			require.True(t, codes[code], "%s is in no documented table", code)
		}
	}
}

func statusOf(t *testing.T, s string) int {
	status, err := strconv.Atoi(s)
	require.NoError(t, err)
	return status
}

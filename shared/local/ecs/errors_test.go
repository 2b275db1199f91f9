package ecs

import (
	"fmt"
	"maps"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
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
		{opPipeline, "MissingParameter.BaseImage", params{"BaseImageType": "-", "BaseImage": "-"}},
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

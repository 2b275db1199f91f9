package ecs

import (
	"net/http"
	"strings"
)

// refusal is a request that the service turns down: a code of the documents,
// and what a message with a %s says in its place. It never repeats what a
// content, a tag or a description holds.
type refusal struct {
	code, detail string
	page         codes // of an operation whose page has its own words; nil otherwise
}

func refuse(code, detail string) error { return &refusal{code: code, detail: detail} }

// Error is the message of the answer.
func (r *refusal) Error() string {
	return strings.TrimSpace(strings.Replace(r.row().message, "%s", r.detail, 1))
}

func (r *refusal) status() int { return r.row().status }

func (r *refusal) row() row {
	if own, ok := r.page[r.code]; ok {
		return own
	}
	return rowOf(r.code)
}

// codes are the rows of a page that gives codes a status or a message of its own.
type codes map[string]row

func (page codes) refuse(code, detail string) error { return &refusal{code, detail, page} }

// require refuses the first of names that is absent or empty, as the page does.
func (page codes) require(p params, names ...string) error {
	for _, name := range names {
		if p[name] == "" {
			return page.refuse("MissingParameter."+name, name)
		}
	}
	return nil
}

// rowOf finds the row of a code; MissingParameter.X and InvalidParameter.X
// need none of their own.
func rowOf(code string) row {
	if r, ok := createCodes[code]; ok {
		return r
	}
	if r, ok := otherCodes[code]; ok {
		return r
	}
	family, _, _ := strings.Cut(code, ".")
	if r, ok := families[family]; ok {
		return r
	}
	return row{status: http.StatusBadRequest, message: dynamic}
}

// row is one code. The last three say, for CreateImageComponent,
// CreateImagePipeline and StartImagePipelineExecution, whether a request can
// provoke it: "" where the operation does not list it, onRequest, or the reason
// why none can.
type row struct {
	status                     int
	message                    string
	component, pipeline, start string
}

const (
	onRequest = "on request"
	dynamic   = "%s"
)

// Why no request provokes a listed code.
const (
	noBaseImage   = "a component has no base image"
	noInstances   = "no parameter names a source instance"
	noImageFacts  = "the catalogue knows that an image exists, not what it can do"
	noPermissions = "every key of the local account may do everything"
	noRoles       = "the local account needs no service-linked role"
	noArchive     = "the local OSS has no objects that need to be restored"
	noWait        = "an import takes no time here"
	noDeletion    = "a component that a template uses is not deleted"
	noOtherImage  = "the base image has a code of its own"
	onDemand      = "only a fault on demand"
	noRepairNeed  = "no documented parameter makes RepairMode required"
)

func enum(name string) string {
	return "The specified parameter " + name + " is invalid. The correct value should be in [%s]."
}

func emptyCommand(keyword string) string {
	return "%s. If the " + keyword + " command exists in the template, you must specify " + keyword + "."
}

// createCodes are the codes of the error tables of CreateImageComponent,
// CreateImagePipeline and StartImagePipelineExecution. The tables do not list
// the tag codes and InvalidRegionId.NotFound for components; the endpoint checks
// all alike.
var createCodes = map[string]row{
	// Contents.
	"InvalidCommand.Component":                          {400, "Image component does not support component command.", onRequest, "", ""},
	"InvalidContent.LengthExceeded":                     {400, dynamic, onRequest, "", ""},
	"InvalidBuildContent.LengthExceeded":                {400, dynamic, "", onRequest, ""},
	"InvalidImageTemplateCommandSize.ExceededMaxNumber": {400, dynamic, onRequest, onRequest, ""},
	"InvalidImageTemplateCommand.NotSupported":          {400, dynamic, onRequest, onRequest, ""},
	"InvalidCommandContent.RUN":                         {400, dynamic, onRequest, onRequest, ""},
	"InvalidCommandContent.ENV":                         {400, dynamic, onRequest, onRequest, ""},
	"InvalidCommandContent.WORKDIR":                     {400, dynamic, onRequest, onRequest, ""},
	"InvalidCommandContent.COPY":                        {400, dynamic, onRequest, onRequest, ""},
	"InvalidCommandContent.USER":                        {400, dynamic, onRequest, onRequest, ""},
	"InvalidCommandContent.CMD":                         {400, dynamic, onRequest, onRequest, ""},
	"InvalidCommandContent.ENTRYPOINT":                  {400, dynamic, onRequest, onRequest, ""},
	"InvalidCommandContent.FROM":                        {400, dynamic, "", onRequest, ""},
	"DuplicatedCommand.FROM":                            {400, dynamic, "", onRequest, ""},
	"InvalidCommandOrder.FROM":                          {400, dynamic, "", onRequest, ""},
	"EmptyCommandContent.RUN":                           {400, emptyCommand("RUN"), onRequest, onRequest, ""},
	"EmptyCommandContent.ENV":                           {400, emptyCommand("ENV"), onRequest, onRequest, ""},
	"EmptyCommandContent.LABEL":                         {400, emptyCommand("LABEL"), onRequest, onRequest, ""},
	"EmptyCommandContent.COPY":                          {400, emptyCommand("COPY"), onRequest, onRequest, ""},
	"EmptyCommandContent.ENTRYPOINT":                    {400, emptyCommand("ENTRYPOINT"), onRequest, onRequest, ""},
	"EmptyCommandContent.CMD":                           {400, emptyCommand("CMD"), onRequest, onRequest, ""},
	"EmptyCommandContent.WORKDIR":                       {400, emptyCommand("WORKDIR"), onRequest, onRequest, ""},
	"EmptyCommandContent.USER":                          {400, emptyCommand("USER"), onRequest, onRequest, ""},
	"NotEmptyCommandContent.RESTART":                    {400, "%s. If the RESTART command exists in the template, you must leave RESTART empty.", onRequest, onRequest, ""},
	"NotSupportedCommand.FROM":                          {404, dynamic, onRequest, "", ""},
	"MissingParameter.Content":                          {400, dynamic, onRequest, "", ""},
	"InvalidParameter.Content":                          {400, dynamic, onRequest, "", ""},
	"InvalidParameter.BuildContent":                     {400, dynamic, "", onRequest, onRequest},
	"InvalidParameter.TestContent":                      {400, dynamic, "", onRequest, onRequest},

	// Values.
	"InvalidName.Malformed":                            {400, dynamic, onRequest, onRequest, ""},
	"InvalidDescription.Malformed":                     {400, dynamic, onRequest, onRequest, ""},
	"InvalidSystemType.NotSupportedValue":              {400, enum("SystemType"), onRequest, "", ""},
	"InvalidComponentType.NotSupportedValue":           {400, enum("ComponentType"), onRequest, "", ""},
	"InvalidParameter.ComponentVersion":                {400, "The specified ComponentVersion is invalid.", onRequest, "", ""},
	"InvalidImageName.Malformed":                       {400, dynamic, "", onRequest, ""},
	"InvalidImageFamily.Malformed":                     {400, dynamic, "", onRequest, ""},
	"InvalidImageOptions.Description":                  {400, dynamic, "", onRequest, ""},
	"InvalidBaseImageType.NotSupportedValue":           {400, enum("BaseImageType"), "", onRequest, ""},
	"InvalidSystemDiskSize.NotSupportedValue":          {400, dynamic, "", onRequest, ""},
	"InvalidInternetMaxBandwidthOut.NotSupportedValue": {400, dynamic, "", onRequest, ""},
	"InvalidAddAccountSize.ExceededMaxNumber":          {400, dynamic, "", onRequest, ""},
	"InvalidToRegionIdSize.ExceededMaxNumber":          {400, dynamic, "", onRequest, ""},
	"InvalidParameterCombination":                      {400, dynamic, "", onRequest, ""},
	"InvalidParameter.RepairMode":                      {400, dynamic, "", onRequest, ""},
	"InvalidParameter.NvmeSupport":                     {400, dynamic, "", onRequest, ""},
	"InvalidAdvancedOptions.ImageNameSuffix":           {400, dynamic, "", onRequest, ""},
	"Duplicate.TagKey":                                 {400, dynamic, onRequest, onRequest, onRequest},
	"InvalidTagKey.Malformed":                          {400, dynamic, onRequest, onRequest, onRequest},
	"InvalidTagValue.Malformed":                        {400, dynamic, onRequest, onRequest, onRequest},
	"MissingParameter.RepairMode":                      {404, dynamic, "", noRepairNeed, ""},

	// Import from OSS.
	"InvalidParameter.ImportImageOptionsArchitecture":                 {400, dynamic, "", onRequest, ""},
	"InvalidParameter.ImportImageOptionsOSType":                       {400, dynamic, "", onRequest, ""},
	"InvalidParameter.ImportImageOptionsBootMode":                     {400, dynamic, "", onRequest, ""},
	"InvalidParameter.ImportImageOptionsPlatform":                     {400, dynamic, "", onRequest, ""},
	"InvalidParameter.ImportImageOptionsLicenseType":                  {400, dynamic, "", onRequest, ""},
	"InvalidParameter.ImportImageOptionsFeaturesNvmeSupport":          {400, dynamic, "", onRequest, ""},
	"InvalidParameter.ImportImageOptionsDiskDeviceMappingsFormat":     {400, dynamic, "", onRequest, ""},
	"InvalidParameter.ImportImageOptionsDiskDeviceMappingsOSSObject":  {400, dynamic, "", onRequest, ""},
	"InvalidParameter.ImportImageOptionsDiskDeviceMappingsOSSBucket":  {400, dynamic, "", onRequest, ""},
	"InvalidImportImageOptionsDiskDeviceMappings.LengthLimitExceeded": {400, dynamic, "", onRequest, ""},
	"InvalidOperation.DiskImageSizeExceeded":                          {400, dynamic, "", onRequest, ""},
	"MissingParameter.ImportImageOptions":                             {404, dynamic, "", onRequest, ""},
	"MissingParameter.ImportImageOptionsDiskDeviceMappingsOSSObject":  {404, dynamic, "", onRequest, ""},
	"MissingParameter.ImportImageOptionsDiskDeviceMappingsOSSBucket":  {404, dynamic, "", onRequest, ""},
	"MissingParameter.ImageOptionsDiskDeviceMappings":                 {404, dynamic, "", onRequest, ""},
	"InvalidImportImageOptionsDiskDeviceMappingsOSSObject.NotFound":   {404, dynamic, "", onRequest, ""},
	"InvalidOSSObject.NotAuthorized":                                  {403, dynamic, "", noPermissions, ""},
	"InvalidOSSObject.NeedRestore":                                    {403, dynamic, "", noArchive, ""},
	"InvalidOperation.OSSObjectIsImporting":                           {403, dynamic, "", noWait, ""},
	"InvalidOperation.NoRightAccessOSS":                               {403, dynamic, "", noPermissions, noPermissions},

	// What is referred to.
	"InvalidRegionId.NotFound":                {404, dynamic, onRequest, onRequest, onRequest},
	"InvalidImage.NotFound":                   {404, dynamic, "", onRequest, noOtherImage},
	"InvalidImage.OsTypeUnsupported":          {400, "The specified base image does not support image building.", noBaseImage, onRequest, onRequest},
	"InvalidImage.NotSupportRepair":           {400, dynamic, "", noImageFacts, ""},
	"InvalidImage.ImageOwnerAliasUnsupported": {400, "%s does not support distributing.", "", noImageFacts, ""},
	"ImagePipeline.NotSupportWindowsInstance": {403, dynamic, "", noImageFacts, ""},
	"InvalidImageName.Duplicated":             {400, dynamic, "", onRequest, ""},
	"InvalidSourceInstance.NotFound":          {400, "The specified source instance is not found.", "", noInstances, ""},
	"ImageComponent.NotFound":                 {404, "%s. The specified image component ID is not found.", "", onRequest, noDeletion},
	"InvalidImageComponent.NotSupported":      {400, dynamic, "", onRequest, onRequest},
	"InvalidResourceGroup.NotFound":           {404, "The ResourceGroup provided does not exist in our records.", onRequest, onRequest, ""},
	"InvalidVSwitchId.NotFound":               {404, "The specified VSwitchId does not exist.", "", onRequest, onRequest},
	"InvalidInstanceType.NotFound":            {404, "The specified instance type does not exist.", "", onRequest, onRequest},
	"InvalidComponentVersion.Exist":           {403, "The specified ComponentVersion does exist with the specified Name.", onRequest, "", ""},

	// The template and its executions.
	"InvalidImagePipeline.NotFound":               {404, dynamic, "", "", onRequest},
	"InvalidImagePipeline.HasRunningExecution":    {403, dynamic, "", "", onRequest},
	"InvalidImagePipeline.BaseImageNotFound":      {404, dynamic, "", "", onRequest},
	"InvalidImagePipeline.OSSObjectNotFound":      {404, dynamic, "", "", onRequest},
	"InvalidImagePipeline.OSSObjectNotAuthorized": {403, dynamic, "", "", noPermissions},
	"InvalidImagePipeline.OSSObjectNeedRestore":   {403, dynamic, "", "", noArchive},
	"StartImagePipelineExecution.Failed":          {500, dynamic, "", "", onDemand},

	// Quota and permission.
	"QuotaExceed.ImageComponent":                           {400, dynamic, onRequest, "", ""},
	"QuotaExceed.ImagePipeline":                            {400, "%s. The image template quota of your account in this region is exhausted.", "", onRequest, ""},
	"NoPermission":                                         {400, "%s. You do not have the permissions to perform this operation. Apply for the permissions required to perform the operation.", "", noPermissions, ""},
	"InvalidOperation.NoPermissionCreateServiceLinkedRole": {403, dynamic, noRoles, noRoles, ""},
}

// otherCodes are those of the other operations, of idempotence and of the
// gateway.
var otherCodes = map[string]row{
	"InvalidParameter.Owner":                        {status: 400, message: `The specified parameter "Owner" is not valid.`},
	"InvalidImageComponentIdSize.ExceededMaxNumber": {status: 400, message: dynamic},
	"InvalidImagePipelineIdSize.ExceededMaxNumber":  {status: 400, message: dynamic},
	"Invalid.NextToken":                             {status: 403, message: "The specified NextToken is not valid."},
	"InvalidImageComponent.InUse":                   {status: 403, message: dynamic},
	"InvalidImageComponent.NotFound":                {status: 404, message: dynamic},
	"InvalidExecutionId.SizeExceeded":               {status: 400, message: dynamic},
	"InvalidStatus.CancelFailed":                    {status: 400, message: "Failed to cancel execution,status is success, failed or cancelled."},
	"InvalidStatus.ImagePipelineExecution":          {status: 403, message: dynamic},
	"InvalidImagePipelineExecution.NotFound":        {status: 404, message: "The specified image pipeline execution does not exist!"},

	"IdempotentParameterMismatch": {status: 403, message: "The specified parameter has changed while using an already used clientToken."},
	"IdempotentProcessing":        {status: 403, message: "The previous idempotent request(s) is still processing."},

	"Throttling":                                 {status: 400, message: "Request was denied due to request throttling."},
	"Throttling.User":                            {status: 400, message: "Request was denied due to user flow control."},
	"Throttling.Api":                             {status: 400, message: "Request was denied due to api flow control."},
	"ServiceUnavailable":                         {status: 503, message: "The request has failed due to a temporary failure of the server."},
	"InternalError.Dispatch":                     {status: 500, message: "An error occurred when you dispatched the request."},
	"InvalidProduct.NotFound":                    {status: 404, message: "Cannot find product according to your specified domain."},
	"Throttling.API":                             {status: 400, message: "Request was denied due to api flow control."},
	"InternalError":                              {status: 500, message: "The request processing has failed due to some unknown error, exception or failure. %s"},
	"InvalidAccessKeyId.NotFound":                {status: 404, message: "Specified access key is not found."},
	"InvalidAccessKeyId.Inactive":                {status: 400, message: "Specified access key is disabled."},
	"SignatureDoesNotMatch":                      {status: 400, message: "Specified signature is not matched with our calculation. server string to sign is:%s"},
	"IncompleteSignature":                        {status: 400, message: "The request signature does not conform to Aliyun standards. %s"},
	"SignatureNonceUsed":                         {status: 400, message: "Specified signature nonce was used already."},
	"InvalidTimeStamp.Expired":                   {status: 400, message: "Specified time stamp or date value is expired."},
	"InvalidTimeStamp.Format":                    {status: 400, message: "Specified time stamp or date value is not well formatted."},
	"MissingSecurityToken":                       {status: 400, message: "SecurityToken is required for this action."},
	"InvalidSecurityToken.Expired":               {status: 400, message: "Specified SecurityToken is expired."},
	"InvalidSecurityToken.Malformed":             {status: 400, message: "Specified SecurityToken is malformed."},
	"InvalidSecurityToken.MismatchWithAccessKey": {status: 400, message: "Specified SecurityToken mismatch with the AccessKey."},
	"Forbidden.RAM":                              {status: 403, message: "User not authorized to operate on the specified resource, or this API doesn't support RAM."},
	"InvalidApi.NotFound":                        {status: 404, message: "Specified api is not found, please check your url and method."},
	"NoSuchVersion":                              {status: 400, message: "The specified version does not exist."},
	"UnsupportedOperation":                       {status: 400, message: dynamic},
}

// families are the ECS forms of a code for a parameter that has no row.
var families = map[string]row{
	"MissingParameter": {status: 400, message: `The input parameter "%s" that is mandatory for processing this request is not supplied.`},
	"InvalidParameter": {status: 400, message: dynamic},
}

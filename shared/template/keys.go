package template

import (
	"regexp"
	"strings"
	"sync"
)

// Limits of Image Builder. Sizes are those of the canonical text of one part.
const (
	// MaxContentBytes bounds Content, BuildContent and TestContent: 16 KB, taken as UTF-8 bytes.
	// Source: ECS API 2014-05-26, CreateImageComponent and CreateImagePipeline.
	MaxContentBytes = 16384
	// MaxCommands bounds the commands of one content.
	// Source: the same pages, editions to 2023; the error code is still listed.
	MaxCommands = 127
	// maxTags bounds Tag.N and ImageOptions.ImageTags.N. Source: as above.
	maxTags = 20
	// maxTagLength bounds a tag's key and value, in characters. Source: as above.
	maxTagLength = 128
	// maxListed bounds AddAccount.N and ToRegionId.N. Source: CreateImagePipeline.
	maxListed = 20
	// maxDisks bounds ImportImageOptions.DiskDeviceMappings.N. Source: CreateImagePipeline.
	maxDisks = 17
	// maxToken bounds a ClientToken, in ASCII characters. Source: both creates.
	maxToken = 64
	// maxURI bounds oss://bucket/key, in bytes: 63 of the bucket, 1,023 of the key.
	// Source: OSS, naming conventions of buckets and objects.
	maxURI = 6 + 63 + 1 + 1023
)

// Limits of AWS. Source: EC2 Image Builder API 2019-12-02, CreateComponent.
const (
	// maxAWSText bounds description, changeDescription and kmsKeyId, in
	// characters. The page bounds no uri and no supportedOsVersions; longer ones
	// name nothing: a key of S3 has 1,024 bytes at most.
	maxAWSText = 1024
	// maxAWSTags bounds tags, maxAWSTagKey and maxAWSTagValue their length in characters.
	maxAWSTags, maxAWSTagKey, maxAWSTagValue = 50, 128, 256
	// maxAWSVersions bounds supportedOsVersions.
	maxAWSVersions = 25
	// awsNumber is a number of semanticVersion: 0 to 1,073,741,823.
	awsNumber = `0*([0-9]{1,9}|10[0-6][0-9]{7}|107[0-2][0-9]{6}|1073[0-6][0-9]{5}|10737[0-3][0-9]{4}|1073740[0-9]{3}|1073741[0-7][0-9]{2}|10737418[01][0-9]|107374182[0-3])`
)

// Type is the type of a key's value.
type Type string

const (
	String  Type = "string"
	Integer Type = "integer"
	Boolean Type = "boolean"
	Strings Type = "strings" // a list of strings
	Tags    Type = "tags"    // a mapping of tag keys to tag values
	Object  Type = "object"
	Objects Type = "objects" // a list of objects
)

// Key is one row of the table of keys. Header, message, API parameters, JSON
// Schema and help derive from it.
type Key struct {
	// Path is the key, dotted where nested: "imageOptions.imageName".
	Path string
	// Default is the key whose value stands in for one that is not given.
	Default string
	// Parameter is the API parameter with ".N" for each list, "" where the key
	// is ours: "AddAccount.N", "ImageOptions.ImageTags.N" (then .Key and .Value).
	Parameter string
	Type      Type
	// Kind is the one kind that has the key, "" where components and pipelines have it.
	Kind Kind
	// Starts: a message of kind execution may have the key, too.
	Starts bool
	// MessageOnly keys do not stand in a header.
	MessageOnly bool
	// Required: a rule reports it where it is missing, or empty.
	Required bool

	Min, Max int      // code points of a string, or value of an integer; 0, 0: no limit
	Bytes    bool     // Min and Max count bytes
	Items    int      // most entries of a list, 0: no limit
	Enum     []string // the only values
	Pattern  string   // regular expression of the whole value
	Not      string   // regular expression that the value must not match
	Form     string   // Pattern and Not in words

	Rule, Code           string // of a value outside these limits; Code is the service's
	ItemsRule, ItemsCode string // of too many entries

	Doc string
}

// Forms of values, shared by rows.
const (
	namePattern   = `^[A-Za-z一-鿿][A-Za-z0-9一-鿿:_.-]*$`
	nameForm      = "begins with a letter or a Chinese character; then letters, digits, Chinese characters, and : _ . -"
	familyPattern = `^[A-Za-z一-鿿][A-Za-z0-9一-鿿:_-]*$`
	familyNot     = `^(acs:|aliyun)`
	familyForm    = "begins with a letter or a Chinese character, not with acs: or aliyun; then letters, digits, Chinese characters, and : _ -"
	webNot        = `^https?://`
	webForm       = "does not begin with http:// or https://"
	// versionNumber is one of the three numbers of a component's version.
	versionNumber = `(0|[1-9][0-9]{0,8})`
	regionPattern = `^[a-z]{2}-[a-z0-9-]+$`
	regionForm    = "a region ID, for example cn-hangzhou; cn-hangzhou-i is a zone in it"
	zonePattern   = `[0-9-][a-z]$`
)

var nvmeValues = []string{"supported", "unsupported", "auto"}

// Keys is the table of keys, in the order in which parameters are sent.
var Keys = []Key{
	{Path: "kind", Type: String, Starts: true, Enum: []string{string(Component), string(Pipeline), string(Execution)},
		Rule: "IB0252", Doc: "what to make; inferred where it is absent: a base image means pipeline; execution, in a message only, starts a build"},
	{Path: "targets", Type: Strings, Enum: []string{TargetAlibaba, TargetAWS}, Rule: "IB0252",
		Doc: "where to make it; default alibaba, of an AWS component document or aws.uri aws"},
	{Path: "build", Type: Boolean, Kind: Pipeline, Doc: "start a build of the pipeline once it is created; default false"},

	{Path: "regionId", Parameter: "RegionId", Type: String, Starts: true, Pattern: regionPattern, Not: zonePattern, Form: regionForm,
		Rule: "IB0208", Code: "InvalidRegionId.NotFound", Doc: "region of the resource; default: the function's region"},
	{Path: "resourceGroupId", Parameter: "ResourceGroupId", Type: String, Pattern: `^rg-[a-z0-9*]{4,40}$`,
		Form: "a resource group ID, for example rg-bp67acfmxazb4p****", Rule: "IB0209",
		Code: "InvalidResourceGroup.NotFound", Doc: "resource group of the resource"},
	{Path: "name", Parameter: "Name", Type: String, Min: 2, Max: 128, Pattern: namePattern, Not: webNot,
		Form: nameForm, Rule: "IB0201", Code: "InvalidName.Malformed", Doc: "name of the resource; default: made of the file's name"},
	{Path: "description", Parameter: "Description", Type: String, Min: 2, Max: 256, Not: webNot, Form: webForm,
		Rule: "IB0202", Code: "InvalidDescription.Malformed", Doc: "description of the resource"},
	{Path: "tags", Parameter: "Tag.N", Type: Tags, Items: maxTags, ItemsRule: "IB0206", ItemsCode: "InvalidParameter.Tag",
		Rule: "IB0206", Doc: "tags of the resource; two of the 20 are needed for ours"},

	{Path: "systemType", Parameter: "SystemType", Type: String, Kind: Component, Enum: []string{systemLinux, systemWindows},
		Rule: "IB0203", Code: "InvalidSystemType.NotSupportedValue", Doc: "system of the component; default Linux"},
	{Path: "componentType", Parameter: "ComponentType", Type: String, Kind: Component, Enum: []string{"Build", "Test"},
		Rule: "IB0204", Code: "InvalidComponentType.NotSupportedValue", Doc: "where the component is used; default Build"},
	{Path: "componentVersion", Parameter: "ComponentVersion", Type: String, Kind: Component,
		Pattern: `^` + versionNumber + `\.(` + versionNumber + `\.(` + versionNumber + `|\*)|\*\.\*)$`, Form: "three numbers, for example 1.0.0; or 1.4.* or 1.*.* for the next free one", Rule: "IB0205",
		Code: "InvalidParameter.ComponentVersion", Doc: "version of the component; 1.4.* is the next patch of 1.4, 1.*.* the next minor version of 1; default: the next major version"},

	{Path: "baseImageType", Parameter: "BaseImageType", Type: String, Kind: Pipeline, Required: true, Enum: []string{"IMAGE", "IMAGE_FAMILY", baseOSS},
		Rule: "IB0211", Code: "InvalidBaseImageType.NotSupportedValue", Doc: "type of the base image; FROM gives it too"},
	{Path: "baseImage", Parameter: "BaseImage", Type: String, Kind: Pipeline, Required: true, Pattern: `^\S+$`, Form: "an image ID or an image family", Rule: "IB0212",
		Code: "MissingParameter.BaseImage", Doc: "image ID or image family; FROM gives it too"},
	{Path: "imageName", Parameter: "ImageName", Type: String, Kind: Pipeline, Min: 2, Max: 64, Pattern: namePattern, Not: webNot,
		Form: nameForm, Rule: "IB0221", Code: "InvalidImageName.Malformed", Doc: "deprecated, use imageOptions.imageName"},
	{Path: "imageFamily", Parameter: "ImageFamily", Type: String, Kind: Pipeline, Min: 2, Max: 128, Pattern: familyPattern,
		Not: familyNot, Form: familyForm, Rule: "IB0222", Code: "InvalidImageFamily.Malformed", Doc: "deprecated, use imageOptions.imageFamily"},
	{Path: "nvmeSupport", Parameter: "NvmeSupport", Type: String, Kind: Pipeline, Enum: nvmeValues, Rule: "IB0224",
		Code: "InvalidParameter.NvmeSupport", Doc: "deprecated, use imageOptions.imageFeatures.nvmeSupport"},
	{Path: "vSwitchId", Parameter: "VSwitchId", Type: String, Kind: Pipeline, Pattern: `^vsw-[a-z0-9*]{4,40}$`,
		Form: "a vSwitch ID, for example vsw-bp67acfmxazb4p****", Rule: "IB0213", Code: "InvalidVSwitchId.NotFound",
		Doc: "vSwitch of the intermediate instance; default: a temporary VPC"},
	{Path: "instanceType", Parameter: "InstanceType", Type: String, Kind: Pipeline, Pattern: `^ecs\.[a-z0-9-]+\.[a-z0-9-]+$`,
		Form: "an instance type, for example ecs.g6.large", Rule: "IB0214", Code: "InvalidInstanceType.NotFound",
		Doc: "type of the intermediate instance; default: the smallest available"},
	{Path: "systemDiskSize", Parameter: "SystemDiskSize", Type: Integer, Kind: Pipeline, Min: 20, Max: 500, Rule: "IB0215",
		Code: "InvalidSystemDiskSize.NotSupportedValue", Doc: "system disk of the intermediate instance in GiB; default 40"},
	{Path: "internetMaxBandwidthOut", Parameter: "InternetMaxBandwidthOut", Type: Integer, Kind: Pipeline, Min: 0, Max: 100,
		Rule: "IB0216", Code: "InvalidInternetMaxBandwidthOut.NotSupportedValue",
		Doc: "outbound bandwidth of the intermediate instance in Mbit/s; default 0"},
	{Path: "deleteInstanceOnFailure", Parameter: "DeleteInstanceOnFailure", Type: Boolean, Kind: Pipeline,
		Doc: "release the intermediate instance when the build fails; default true, always sent"},
	{Path: "repairMode", Parameter: "RepairMode", Type: String, Kind: Pipeline, Enum: []string{"Standard"}, Rule: "IB0223",
		Code: "InvalidParameter.RepairMode", Doc: "check and repair the base image first"},
	{Path: "addAccounts", Parameter: "AddAccount.N", Type: Strings, Kind: Pipeline, Pattern: `^[1-9][0-9]{0,17}$`,
		Form: "a decimal account ID, for example 1234567890123456", Rule: "IB0219", Code: "InvalidParameter.AddAccount", Items: maxListed,
		ItemsRule: "IB0218", ItemsCode: "InvalidAddAccountSize.ExceededMaxNumber", Doc: "accounts to share the image with"},
	{Path: "toRegionIds", Parameter: "ToRegionId.N", Type: Strings, Kind: Pipeline, Pattern: regionPattern, Not: zonePattern, Form: regionForm,
		Rule: "IB0208", Code: "InvalidRegionId.NotFound", Items: maxListed, ItemsRule: "IB0220",
		ItemsCode: "InvalidToRegionIdSize.ExceededMaxNumber", Doc: "regions to copy the image to; default: the current one only"},

	{Path: "imageOptions", Type: Object, Kind: Pipeline, Doc: "the image to be made"},
	{Path: "imageOptions.imageName", Parameter: "ImageOptions.ImageName", Type: String, Kind: Pipeline, Min: 2, Max: 64,
		Pattern: namePattern, Not: webNot, Form: nameForm, Rule: "IB0227", Code: "InvalidImageName.Malformed",
		Doc: "prefix of the image's name; the execution's ID follows it"},
	{Path: "imageOptions.imageFamily", Parameter: "ImageOptions.ImageFamily", Type: String, Kind: Pipeline, Min: 2, Max: 128,
		Pattern: familyPattern, Not: familyNot, Form: familyForm, Rule: "IB0228", Code: "InvalidImageFamily.Malformed",
		Doc: "family of the image"},
	{Path: "imageOptions.description", Parameter: "ImageOptions.Description", Type: String, Kind: Pipeline, Min: 2, Max: 256,
		Not: webNot, Form: webForm, Rule: "IB0229", Code: "InvalidImageOptions.Description", Doc: "description of the image"},
	{Path: "imageOptions.imageFeatures", Type: Object, Kind: Pipeline, Doc: "features of the image"},
	{Path: "imageOptions.imageFeatures.nvmeSupport", Parameter: "ImageOptions.ImageFeatures.NvmeSupport", Type: String, Kind: Pipeline,
		Enum: nvmeValues, Rule: "IB0230", Code: "InvalidParameter.NvmeSupport", Doc: "whether the image supports NVMe"},
	{Path: "imageOptions.imageTags", Parameter: "ImageOptions.ImageTags.N", Type: Tags, Kind: Pipeline, Items: maxTags,
		ItemsRule: "IB0231", ItemsCode: "InvalidParameter.Tag", Rule: "IB0231", Doc: "tags of the image"},

	{Path: "advancedOptions", Type: Object, Kind: Pipeline, Doc: "advanced settings of the build"},
	{Path: "advancedOptions.retainCloudAssistant", Parameter: "AdvancedOptions.RetainCloudAssistant", Type: Boolean, Kind: Pipeline,
		Doc: "keep the Cloud Assistant agent in the image; default false"},
	{Path: "advancedOptions.imageNameSuffix", Parameter: "AdvancedOptions.ImageNameSuffix", Type: String, Kind: Pipeline,
		Enum: []string{"disable"}, Rule: "IB0225", Code: "InvalidAdvancedOptions.ImageNameSuffix",
		Doc: "disable: the image's name gets no execution ID"},
	{Path: "advancedOptions.skipBuildImage", Parameter: "AdvancedOptions.SkipBuildImage", Type: Boolean, Kind: Pipeline,
		Rule: "IB0226", Doc: "undocumented, passed on unchecked"},
	{Path: "advancedOptions.skipCheckImage", Parameter: "AdvancedOptions.SkipCheckImage", Type: Boolean, Kind: Pipeline,
		Rule: "IB0226", Doc: "undocumented, passed on unchecked"},

	{Path: "importImageOptions", Type: Object, Kind: Pipeline, Doc: "how to import the base image; required where baseImageType is OSS"},
	{Path: "importImageOptions.architecture", Parameter: "ImportImageOptions.Architecture", Type: String, Kind: Pipeline,
		Enum: []string{"x86_64", "arm64"}, Rule: "IB0233", Code: "InvalidParameter.ImportImageOptionsArchitecture", Doc: "default x86_64"},
	{Path: "importImageOptions.osType", Parameter: "ImportImageOptions.OSType", Type: String, Kind: Pipeline,
		Enum: []string{osLinux, osWindows}, Rule: "IB0234", Code: "InvalidParameter.ImportImageOptionsOSType", Doc: "default linux"},
	{Path: "importImageOptions.platform", Parameter: "ImportImageOptions.Platform", Type: String, Kind: Pipeline,
		Enum: append(append([]string{}, linuxPlatforms...), windowsPlatforms...), Rule: "IB0235",
		Code: "InvalidParameter.ImportImageOptionsPlatform", Doc: "distribution or edition of the imported system"},
	{Path: "importImageOptions.bootMode", Parameter: "ImportImageOptions.BootMode", Type: String, Kind: Pipeline,
		Enum: []string{"BIOS", "UEFI"}, Rule: "IB0236", Code: "InvalidParameter.ImportImageOptionsBootMode", Doc: "default BIOS; arm64: UEFI only"},
	{Path: "importImageOptions.licenseType", Parameter: "ImportImageOptions.LicenseType", Type: String, Kind: Pipeline,
		Enum: []string{"Auto", "Aliyun", "BYOL"}, Rule: "IB0237", Code: "InvalidParameter.ImportImageOptionsLicenseType", Doc: "default Auto"},
	{Path: "importImageOptions.features", Type: Object, Kind: Pipeline, Doc: "features of the imported image"},
	{Path: "importImageOptions.features.nvmeSupport", Parameter: "ImportImageOptions.Features.NvmeSupport", Type: String, Kind: Pipeline,
		Enum: []string{"supported", "unsupported"}, Rule: "IB0238", Code: "InvalidParameter.ImportImageOptionsFeaturesNvmeSupport",
		Doc: "default unsupported"},
	{Path: "importImageOptions.features.imdsSupport", Parameter: "ImportImageOptions.Features.ImdsSupport", Type: String, Kind: Pipeline,
		Rule: "IB0244", Doc: "undocumented, passed on unchecked"},
	{Path: "importImageOptions.diskDeviceMappings", Parameter: "ImportImageOptions.DiskDeviceMappings.N", Type: Objects, Kind: Pipeline,
		Items: maxDisks, ItemsRule: "IB0239", ItemsCode: "InvalidImportImageOptionsDiskDeviceMappings.LengthLimitExceeded",
		Doc: "the disks of the imported image, the system disk first"},
	{Path: "importImageOptions.diskDeviceMappings.ossBucket", Parameter: "ImportImageOptions.DiskDeviceMappings.N.OSSBucket",
		Type: String, Kind: Pipeline, Required: true, Min: 3, Max: 63, Pattern: `^[a-z0-9][a-z0-9-]*[a-z0-9]$`,
		Form: "a bucket name: lower-case letters, digits and hyphens", Rule: "IB0241",
		Code: "InvalidParameter.ImportImageOptionsDiskDeviceMappingsOSSBucket", Doc: "bucket of the disk's file"},
	{Path: "importImageOptions.diskDeviceMappings.ossObject", Parameter: "ImportImageOptions.DiskDeviceMappings.N.OSSObject",
		Type: String, Kind: Pipeline, Required: true, Min: 1, Max: 1023, Bytes: true, Not: `^[/\\]`, Form: `does not begin with / or \`, Rule: "IB0242",
		Code: "InvalidParameter.ImportImageOptionsDiskDeviceMappingsOSSObject", Doc: "key of the disk's file"},
	{Path: "importImageOptions.diskDeviceMappings.format", Parameter: "ImportImageOptions.DiskDeviceMappings.N.Format",
		Type: String, Kind: Pipeline, Enum: []string{"RAW", "VHD", "QCOW2"}, Rule: "IB0240",
		Code: "InvalidParameter.ImportImageOptionsDiskDeviceMappingsFormat", Doc: "format of the disk's file; default: detected"},
	{Path: "importImageOptions.diskDeviceMappings.diskImageSize", Parameter: "ImportImageOptions.DiskDeviceMappings.N.DiskImageSize",
		Type: Integer, Kind: Pipeline, Min: 1, Max: 2048, Rule: "IB0243", Code: "InvalidOperation.DiskImageSizeExceeded",
		Doc: "size of the disk in GiB"},
	{Path: "importImageOptions.retainImportedImage", Parameter: "ImportImageOptions.RetainImportedImage", Type: Boolean, Kind: Pipeline,
		Rule: "IB0244", Doc: "preview by invitation, passed on unchecked"},
	{Path: "importImageOptions.imageName", Parameter: "ImportImageOptions.ImageName", Type: String, Kind: Pipeline,
		Rule: "IB0244", Doc: "undocumented, passed on unchecked"},
	{Path: "importImageOptions.description", Parameter: "ImportImageOptions.Description", Type: String, Kind: Pipeline,
		Rule: "IB0244", Doc: "undocumented, passed on unchecked"},
	{Path: "importImageOptions.importImageTags", Parameter: "ImportImageOptions.ImportImageTags.N", Type: Tags, Kind: Pipeline,
		Rule: "IB0244", Doc: "undocumented, passed on unchecked"},
	{Path: "importImageOptions.retentionStrategy", Parameter: "ImportImageOptions.RetentionStrategy", Type: String, Kind: Pipeline,
		Rule: "IB0244", Doc: "undocumented, passed on unchecked"},
	{Path: "importImageOptions.roleName", Parameter: "ImportImageOptions.RoleName", Type: String, Kind: Pipeline,
		Rule: "IB0244", Doc: "undocumented, passed on unchecked"},

	{Path: "aws", Type: Object, Doc: "settings of target aws; unused without it"},
	{Path: "aws.name", Type: String, Min: 3, Max: 128, Pattern: `^[-_A-Za-z0-9][-_A-Za-z0-9 ]+[-_A-Za-z0-9]$`, Form: "letters, digits, - and _, and blanks inside",
		Rule: "IB0506", Doc: "name of the AWS component; default: name, with other characters made hyphens"},
	{Path: "aws.description", Default: "description", Type: String, Min: 1, Max: maxAWSText, Rule: "IB0517",
		Doc: "description of the AWS component; default: description"},
	{Path: "aws.tags", Default: "tags", Type: Tags, Items: maxAWSTags, ItemsRule: "IB0508", Rule: "IB0508",
		Doc: "tags of the AWS component; default: tags; two of the 50 are needed for ours"},
	{Path: "aws.dryRun", Type: Boolean, Doc: "check the request and create nothing; default false"},
	{Path: "aws.regionId", Type: String, Pattern: `^[a-z]{2,8}(-[a-z]{2,16})+-[0-9]{1,2}$`, Form: "an AWS region, for example eu-central-1",
		Rule: "IB0517", Doc: "AWS region of the component; default: that of the function awscomponent"},
	{Path: "aws.semanticVersion", Default: "componentVersion", Type: String, Pattern: `^` + awsNumber + `\.` + awsNumber + `\.` + awsNumber + `$`,
		Form: "three numbers up to 1073741823, for example 1.0.0", Rule: "IB0507", Code: "InvalidVersionNumberException",
		Doc: "version of the AWS component; default: componentVersion, with 0 for a wildcard, else 1.0.0; the service numbers its builds"},
	{Path: "aws.platform", Type: String, Enum: []string{platformLinux, "Windows", "macOS"}, Rule: "IB0517",
		Doc: "system of the component; default Linux, which is what commands are for"},
	{Path: "aws.supportedOsVersions", Type: Strings, Items: maxAWSVersions, ItemsRule: "IB0517", Min: 1, Max: maxAWSText, Rule: "IB0517",
		Doc: "versions of the system that the component supports"},
	{Path: "aws.changeDescription", Type: String, Min: 1, Max: maxAWSText, Rule: "IB0517", Doc: "what changed in this version"},
	{Path: "aws.kmsKeyId", Type: String, Min: 1, Max: maxAWSText, Rule: "IB0517", Doc: "key that encrypts the component, an ARN; default: a key of the service"},
	{Path: "aws.uri", Type: String, Min: 1, Max: maxAWSText, Pattern: `^s3://[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]/[^\x00-\x1f\x7f]+$`, Form: "s3://bucket/key",
		Rule: "IB0517", Doc: "instead of a content: the AWS component document in S3"},
	{Path: awsComponents, Type: Tags, Rule: "IB0517",
		Doc: "AWS components that take the place of those of COMPONENT: each reference as written, and the ARN"},
	{Path: "aws.systemdUnit", Type: Boolean, Doc: "let a systemd unit run what CMD and ENTRYPOINT say at start; default false: they are refused"},

	{Path: "content", Type: String, MessageOnly: true, Doc: "the template text; it may have a header of its own"},
	{Path: "testContent", Type: String, MessageOnly: true, Doc: "the pipeline's test section"},
	{Path: "templateUri", Type: String, MessageOnly: true, Min: 1, Max: maxURI, Bytes: true,
		Pattern: `^oss://[a-z0-9][a-z0-9-]{1,61}[a-z0-9]/[^/\\\x00-\x1f\x7f][^\x00-\x1f\x7f]*$`,
		Form:    "oss://bucket/key; the bucket has 3 to 63 small letters, digits and hyphens; the key does not begin with / or \\", Rule: "IB0252", Doc: "instead of content: the object that holds the template"},
	{Path: "templateETag", Type: String, MessageOnly: true, Min: 1, Max: 128, Pattern: `^("[!#-~]+"|[!#-~]+)$`,
		Form: "an ETag as the bucket answers it, with or without its quotes", Rule: "IB0252", Doc: "read templateUri only in this version"},
	{Path: "clientToken", Type: String, MessageOnly: true, Starts: true, Min: 1, Max: maxToken, Pattern: `^[!-~]+$`, Not: `^acs:|https?://`,
		Form: "printable ASCII characters without blanks; it becomes a tag: not acs: first, no http:// or https:// inside", Rule: "IB0252", Doc: "the sender's own idempotency key"},
	{Path: "imagePipelineId", Type: String, Kind: Execution, MessageOnly: true, Starts: true, Pattern: `^ip-[a-z0-9*]{1,40}$`,
		Form: "a pipeline ID, for example ip-bp67acfmxazb4p****", Rule: "IB0252", Doc: "of kind execution: the pipeline to start"},
	{Path: "pipelineName", Type: String, Kind: Execution, MessageOnly: true, Starts: true, Min: 2, Max: 128, Pattern: namePattern, Not: webNot,
		Form: nameForm, Rule: "IB0201", Doc: "instead of imagePipelineId: its name; of several, the newest pipeline is started"},
}

// Values that rules compare with.
const (
	platformLinux = "Linux"
	systemLinux   = "Linux"
	systemWindows = "Windows"
	baseOSS       = "OSS"
	osLinux       = "linux"
	osWindows     = "windows"
)

// Platforms of an imported image. Source: CreateImagePipeline, ImportImageOptions.Platform.
var (
	linuxPlatforms = []string{"Aliyun", "Anolis", "CentOS", "Ubuntu", "CoreOS", "SUSE", "Debian", "OpenSUSE", "FreeBSD",
		"RedHat", "Kylin", "UOS", "Fedora", "Fedora CoreOS", "CentOS Stream", "AlmaLinux", "Rocky Linux", "Gentoo",
		"Customized Linux", "Others Linux"}
	windowsPlatforms = []string{"Windows Server 2022", "Windows Server 2019", "Windows Server 2016", "Windows Server 2012",
		"Windows Server 2008", "Windows Server 2003", "Other Windows"}
)

// keyAt returns the row of a path, nil where there is none.
func keyAt(path string) *Key {
	for i := range Keys {
		if Keys[i].Path == path {
			return &Keys[i]
		}
	}
	return nil
}

// name is the last element of the path.
func (k *Key) name() string { return k.Path[strings.LastIndexByte(k.Path, '.')+1:] }

// parent is the path without its last element.
func (k *Key) parent() string { return k.Path[:max(0, strings.LastIndexByte(k.Path, '.'))] }

// unchecked reports a parameter that is passed on as it is, with an info.
func (k *Key) unchecked() bool { return k.Rule == "IB0226" || k.Rule == "IB0244" }

// expressions caches compiled patterns: they are compiled at first use, so
// that a cold start pays only for what its template sets.
var expressions sync.Map

func matches(pattern, text string) bool {
	re, ok := expressions.Load(pattern)
	if !ok {
		re, _ = expressions.LoadOrStore(pattern, regexp.MustCompile(pattern))
	}
	return re.(*regexp.Regexp).MatchString(text)
}

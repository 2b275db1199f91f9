package ecs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// createImagePipeline follows the page CreateImagePipeline; the older pages
// with Generation2023. It leaves out RAM, the service-linked role, what only a
// look into an image or an object could tell, and of the newest page RepairMode
// All and Customized and RepairItem, which it refuses.
func (s *service) createImagePipeline(req request) (any, error) {
	if err := s.requirePipeline(req.params); err != nil {
		return nil, err
	}
	id, err := s.once(req, func(c *claim) (string, error) { return s.newPipeline(req.params, c) })
	if err != nil {
		return nil, err
	}
	return struct{ RequestId, ImagePipelineId string }{req.id, id}, nil
}

// requirePipeline asks for what an import from OSS needs as well; the older
// service had no import. Without image and type the image is missed.
func (s *service) requirePipeline(p params) error {
	if p["BaseImageType"] == typeOSS && !s.old {
		return cmp.Or(p.require("RegionId"), requireImport(p))
	}
	return p.require("RegionId", "BaseImage", "BaseImageType")
}

// mappings is the list of disks to import.
const mappings = "ImportImageOptions.DiskDeviceMappings"

func requireImport(p params) error {
	if !p.given("ImportImageOptions") {
		return refuse("MissingParameter.ImportImageOptions", "ImportImageOptions is required for an import from OSS.")
	}
	numbers := p.entries(mappings)
	if len(numbers) == 0 {
		return refuse("MissingParameter.ImageOptionsDiskDeviceMappings", mappings+" is required for an import from OSS.")
	}
	for _, n := range numbers[:min(len(numbers), maxDisks)] { // of too many it is the number that is told
		for _, name := range []string{"OSSBucket", "OSSObject"} {
			if p[member(mappings, n, name)] == "" {
				return refuse("MissingParameter.ImportImageOptionsDiskDeviceMappings"+name, member(mappings, n, name)+" is required.")
			}
		}
	}
	return nil
}

// newPipeline does the checks from the values on, in the documents' order, and
// creates the template.
func (s *service) newPipeline(p params, c *claim) (string, error) {
	if err := s.checkPipeline(p); err != nil {
		return "", err
	}
	build, test, err := s.pipelineContents(p)
	if err != nil {
		return "", err
	}
	id := account.NewResourceID(pipelines)
	r := record{ID: id, Region: p["RegionId"], Name: cmp.Or(p["Name"], id), Group: p["ResourceGroupId"], Tags: p.tags("Tag")}
	base := s.baseOf(p, build)
	item := pipelineItem(r, p, base, s.account.Clock.Now())
	if r.Item, err = json.Marshal(item); err != nil {
		return "", err
	}
	placed := append(build.references(), test.references()...)
	for _, ref := range placed {
		r.Uses = append(r.Uses, ref.useKey(r.Region, r.ID))
	}
	return id, s.store.Update(func(tx *store.Tx) error {
		if err := s.checkReferred(tx, r.Region, item, placed, absentAtCreate); err != nil {
			return err
		}
		if item.isNameTaken(tx, r.Region) {
			return refuse("InvalidImageName.Duplicated", "An image has the name already.")
		}
		if countOf(tx, pipelines, r.Region) >= s.quota[pipelines] {
			return refuse("QuotaExceed.ImagePipeline", r.Region)
		}
		if err := insert(tx, pipelines, &r); err != nil {
			return err
		}
		return c.keep(tx, r.ID)
	})
}

func (s *service) checkPipeline(p params) error {
	if err := s.checkRegion(p); err != nil {
		return err
	}
	if err := checkValues(p, commonRules); err != nil {
		return err
	}
	if err := checkValues(p, s.pipelineRules()); err != nil {
		return err
	}
	if err := checkTwins(p); err != nil {
		return err
	}
	if err := checkImport(p); err != nil {
		return err
	}
	if err := checkLists(p); err != nil {
		return err
	}
	if err := checkTags(p.tags("Tag"), "Tag"); err != nil {
		return err
	}
	return checkTags(p.tags("ImageOptions.ImageTags"), "ImageOptions.ImageTags")
}

func (s *service) pipelineRules() []valueRule {
	if !s.old {
		return append([]valueRule{baseTypes(typeImage, typeImageFamily, typeOSS)}, pipelineRules...)
	}
	noTest := valueRule{"TestContent", "InvalidParameter.TestContent", "absent: image templates have no tests",
		func(string) bool { return false }}
	return append([]valueRule{baseTypes(typeImage, typeImageFamily), noTest}, pipelineRules...)
}

func baseTypes(values ...string) valueRule {
	return enumRule("BaseImageType", "InvalidBaseImageType.NotSupportedValue", values...)
}

var (
	nvmeValues = oneOf("supported", "unsupported", "auto")
	imageName  = "2 to 64 letters, digits, colons, underscores, periods and hyphens, a letter first"
	familyName = "2 to 128 letters, digits, colons, underscores and hyphens, a letter first, not acs: or aliyun"
)

// pipelineRules are the values of a template; the numbers are those of the page
// CreateImagePipeline: GiB, Mbit/s.
var pipelineRules = []valueRule{
	{"ImageName", "InvalidImageName.Malformed", imageName, isImageName},
	{"ImageOptions.ImageName", "InvalidImageName.Malformed", imageName, isImageName},
	{"ImageFamily", "InvalidImageFamily.Malformed", familyName, isImageFamily},
	{"ImageOptions.ImageFamily", "InvalidImageFamily.Malformed", familyName, isImageFamily},
	{"ImageOptions.Description", "InvalidImageOptions.Description", "2 to 256 characters without http:// or https:// first", isDescription},
	{"NvmeSupport", "InvalidParameter.NvmeSupport", "supported, unsupported or auto", nvmeValues},
	{"ImageOptions.ImageFeatures.NvmeSupport", "InvalidParameter.NvmeSupport", "supported, unsupported or auto", nvmeValues},
	rangeRule("SystemDiskSize", "InvalidSystemDiskSize.NotSupportedValue", 20, 500),
	rangeRule("InternetMaxBandwidthOut", "InvalidInternetMaxBandwidthOut.NotSupportedValue", 0, 100),
	booleanRule("DeleteInstanceOnFailure"),
	booleanRule("AdvancedOptions.RetainCloudAssistant"),
	enumRule("RepairMode", "InvalidParameter.RepairMode", "Standard"),
	enumRule("AdvancedOptions.ImageNameSuffix", "InvalidAdvancedOptions.ImageNameSuffix", suffixOff),
	enumRule("ImportImageOptions.Architecture", "InvalidParameter.ImportImageOptionsArchitecture", archX86, archARM),
	enumRule("ImportImageOptions.OSType", "InvalidParameter.ImportImageOptionsOSType", osLinux, osWindows),
	enumRule("ImportImageOptions.BootMode", "InvalidParameter.ImportImageOptionsBootMode", bootBIOS, bootUEFI),
	enumRule("ImportImageOptions.LicenseType", "InvalidParameter.ImportImageOptionsLicenseType", "Auto", "Aliyun", "BYOL"),
	enumRule("ImportImageOptions.Features.NvmeSupport", "InvalidParameter.ImportImageOptionsFeaturesNvmeSupport",
		"supported", "unsupported"),
}

// twins are the older and the newer spelling of one setting.
var twins = []struct{ older, newer string }{
	{"ImageName", "ImageOptions.ImageName"},
	{"ImageFamily", "ImageOptions.ImageFamily"},
	{"NvmeSupport", "ImageOptions.ImageFeatures.NvmeSupport"},
}

func checkTwins(p params) error {
	for _, t := range twins {
		if p[t.older] != "" && p[t.newer] != "" && p[t.older] != p[t.newer] {
			return refuse("InvalidParameterCombination", t.older+" and "+t.newer+" differ.")
		}
	}
	return nil
}

func checkLists(p params) error {
	if len(p.entries("AddAccount")) > maxEntries {
		return refuse("InvalidAddAccountSize.ExceededMaxNumber", "AddAccount has more than 20 entries.")
	}
	if len(p.entries("ToRegionId")) > maxEntries {
		return refuse("InvalidToRegionIdSize.ExceededMaxNumber", "ToRegionId has more than 20 entries.")
	}
	if len(p.entries("RepairItem")) > 0 {
		return refuse("InvalidParameterCombination", "RepairItem goes with RepairMode Customized, which the local cloud leaves out.")
	}
	for _, id := range p.list("AddAccount") {
		if !accountForm.MatchString(id) {
			return refuse("InvalidParameter.AddAccount", "AddAccount is a list of account IDs, which are numbers.")
		}
	}
	return nil
}

// pipelineContents checks both contents: the sizes of both come before the
// commands of either.
func (s *service) pipelineContents(p params) (build, test content, err error) {
	if build, err = readContent("BuildContent", p["BuildContent"], "InvalidBuildContent.LengthExceeded"); err != nil {
		return build, test, err
	}
	if test, err = readContent("TestContent", p["TestContent"], "InvalidParameter.TestContent"); err != nil {
		return build, test, err
	}
	var notInBuild unwanted
	if s.old { // the older service took components from its console only
		notInBuild = notInOld
	}
	if err := checkTemplate(build, notInBuild); err != nil {
		return build, test, err
	}
	return build, test, checkTemplate(test, notInTest)
}

func checkTemplate(c content, not unwanted) error {
	if c.isYAML {
		return refuse("InvalidParameter."+c.parameter, c.parameter+" must be in Dockerfile format; COMPONENT brings in a YAML component.")
	}
	return c.check(not)
}

// baseImage is the image that a template starts from. text is the BuildContent
// that goes with it.
type baseImage struct{ imageType, image, text string }

// baseOf answers the parameters; by the older rules FROM wins, or is put first.
func (s *service) baseOf(p params, build content) baseImage {
	base := baseImage{p["BaseImageType"], p["BaseImage"], p["BuildContent"]}
	if !s.old {
		return base
	}
	if len(build.commands) > 0 && build.commands[0].keyword == "FROM" {
		base.imageType, base.image, _ = parseFrom(build.commands[0].argument)
		return base
	}
	from := "FROM " + base.imageType + ":" + base.image
	if base.text != "" {
		from += "\n" + strings.TrimPrefix(base.text, "\ufeff")
	}
	base.text = from
	return base
}

// absent is how a base that does not exist is refused: an image or a family,
// and an object to import.
type absent struct{ image, object error }

var (
	absentAtCreate = absent{
		image:  refuse("InvalidImage.NotFound", "The base image does not exist."),
		object: refuse("InvalidImportImageOptionsDiskDeviceMappingsOSSObject.NotFound", "An object of "+mappings+" does not exist."),
	}
	absentAtStart = absent{
		image:  refuse("InvalidImagePipeline.BaseImageNotFound", "The base image of the image template does not exist."),
		object: refuse("InvalidImagePipeline.OSSObjectNotFound", "An object that the image template imports does not exist."),
	}
)

// checkReferred holds what the template refers to against what there is.
func (s *service) checkReferred(tx *store.Tx, region string, p imagePipeline, refs []placed, noBase absent) error {
	exists, err := s.baseExists(tx, region, p)
	switch {
	case err != nil:
		return err
	case !exists && p.BaseImageType == typeOSS:
		return noBase.object
	case !exists:
		return noBase.image
	case s.old && isWindows(p.BaseImage):
		return refuse("InvalidImage.OsTypeUnsupported", "")
	}
	for _, ref := range refs {
		if err := ref.check(tx, region); err != nil {
			return err
		}
	}
	known := s.account.Catalogue
	switch {
	case p.ResourceGroupID != "" && !known.ResourceGroup(p.ResourceGroupID):
		return refuse("InvalidResourceGroup.NotFound", "")
	case p.VSwitchID != "" && !known.VSwitch(p.VSwitchID):
		return refuse("InvalidVSwitchId.NotFound", "")
	case p.InstanceType != "" && !known.InstanceType(p.InstanceType):
		return refuse("InvalidInstanceType.NotFound", "")
	}
	for _, to := range p.ToRegionIDs.ToRegionID {
		if !known.Region(to) {
			return refuse("InvalidRegionId.NotFound", "ToRegionId names a region that does not exist.")
		}
	}
	return nil
}

// baseExists counts what builds made: their images and families.
func (s *service) baseExists(tx *store.Tx, region string, p imagePipeline) (bool, error) {
	switch p.BaseImageType {
	case typeImage:
		made, err := load(tx, images, region, p.BaseImage)
		return s.account.Catalogue.Image(p.BaseImage) || made != nil && made.Status == imageAvailable, err
	case typeImageFamily:
		_, made := newestOf(tx, region, p.BaseImage)
		return s.account.Catalogue.ImageFamily(p.BaseImage) || made, nil
	}
	return s.disksExist(tx, p)
}

// disksExist looks for every object that is imported.
func (s *service) disksExist(tx *store.Tx, p imagePipeline) (bool, error) {
	for _, disk := range p.ImportImageOptions.DiskDeviceMappings.DiskDeviceMapping {
		if exists, err := s.inOSS(tx, disk.OSSBucket, disk.OSSObject); !exists || err != nil {
			return false, err
		}
	}
	return true, nil
}

// isWindows knows public Windows images and families by their names.
func isWindows(image string) bool {
	return strings.HasPrefix(image, "acs:windows") || strings.HasPrefix(image, "win") && strings.HasSuffix(image, ".vhd")
}

// deleteImagePipeline follows the page DeleteImagePipeline: refused while an
// execution runs; the records of those that ended go with the template, their
// images stay. It leaves out RAM.
func (s *service) deleteImagePipeline(req request) (any, error) {
	if err := req.require("RegionId", "ImagePipelineId"); err != nil {
		return nil, err
	}
	if err := s.checkRegion(req.params); err != nil {
		return nil, err
	}
	err := s.store.Update(func(tx *store.Tx) error {
		r, err := idlePipeline(tx, req.params)
		if err != nil {
			return err
		}
		if err := removeExecutions(tx, r); err != nil {
			return err
		}
		return remove(tx, pipelines, r)
	})
	return struct{ RequestId string }{req.id}, err
}

// describeImagePipelines follows the page DescribeImagePipelines; names are
// matched exactly. It leaves out RAM.
func (s *service) describeImagePipelines(req request) (any, error) {
	q, err := s.query(req, pipelines, req.list("ImagePipelineId"),
		refuse("InvalidImagePipelineIdSize.ExceededMaxNumber", "ImagePipelineId has more than 20 entries."))
	if err != nil {
		return nil, err
	}
	if err := checkValues(req.params, commonRules); err != nil {
		return nil, err
	}
	page, err := s.list(q)
	if err != nil {
		return nil, fmt.Errorf("DescribeImagePipelines: %w", err)
	}
	return struct {
		pageAnswer
		ImagePipeline struct{ ImagePipelineSet []json.RawMessage }
	}{page.answer(req), struct{ ImagePipelineSet []json.RawMessage }{page.items()}}, nil
}

// creationTime spells a time as answers do.
func creationTime(t time.Time) string { return t.UTC().Format(timestampForm) }

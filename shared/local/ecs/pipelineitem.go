package ecs

import (
	"cmp"
	"strconv"
	"strings"
	"time"
)

// imagePipeline is a member of ImagePipelineSet. Account IDs are strings.
type imagePipeline struct {
	ImagePipelineID         string              `json:"ImagePipelineId"`
	Name                    string              `json:"Name"`
	Description             string              `json:"Description"`
	BaseImageType           string              `json:"BaseImageType"`
	BaseImage               string              `json:"BaseImage"`
	BuildContent            string              `json:"BuildContent"`
	TestContent             string              `json:"TestContent"`
	ImageName               string              `json:"ImageName"`
	ImageFamily             string              `json:"ImageFamily"`
	NvmeSupport             string              `json:"NvmeSupport"`
	RepairMode              string              `json:"RepairMode"`
	VSwitchID               string              `json:"VSwitchId"`
	InstanceType            string              `json:"InstanceType"`
	SystemDiskSize          int                 `json:"SystemDiskSize"`
	InternetMaxBandwidthOut int                 `json:"InternetMaxBandwidthOut"`
	DeleteInstanceOnFailure bool                `json:"DeleteInstanceOnFailure"`
	ResourceGroupID         string              `json:"ResourceGroupId"`
	CreationTime            string              `json:"CreationTime"`
	ToRegionIDs             toRegionIDs         `json:"ToRegionIds"`
	AddAccounts             addAccounts         `json:"AddAccounts"`
	Tags                    tagSet              `json:"Tags"`
	ImportImageOptions      *importImageOptions `json:"ImportImageOptions,omitempty"`
	AdvancedOptions         advancedOptions     `json:"AdvancedOptions"`
	ImageOptions            imageOptions        `json:"ImageOptions"`
}

type toRegionIDs struct {
	ToRegionID []string `json:"ToRegionId"`
}

type addAccounts struct {
	AddAccount []string `json:"AddAccount"`
}

// importImageOptions also has the members that only the newest SDK knows;
// they are kept unchecked.
type importImageOptions struct {
	Architecture        string             `json:"Architecture"`
	OSType              string             `json:"OSType"`
	Platform            string             `json:"Platform"`
	BootMode            string             `json:"BootMode"`
	LicenseType         string             `json:"LicenseType"`
	RetainImportedImage bool               `json:"RetainImportedImage"`
	Features            importFeatures     `json:"Features"`
	DiskDeviceMappings  diskDeviceMappings `json:"DiskDeviceMappings"`
	ImageName           string             `json:"ImageName,omitempty"`
	Description         string             `json:"Description,omitempty"`
	RetentionStrategy   string             `json:"RetentionStrategy,omitempty"`
	RoleName            string             `json:"RoleName,omitempty"`
	ImportImageTags     *importImageTags   `json:"ImportImageTags,omitempty"`
}

type importFeatures struct {
	NvmeSupport string `json:"NvmeSupport"`
	ImdsSupport string `json:"ImdsSupport"`
}

// importImageTags has the keys of requests, unlike the other tags of answers.
// Source: the newest SDK; the page does not name it.
type importImageTags struct {
	ImportImageTag []tag `json:"ImportImageTag"`
}

type diskDeviceMappings struct {
	DiskDeviceMapping []diskDeviceMapping `json:"DiskDeviceMapping"`
}

type diskDeviceMapping struct {
	OSSBucket     string `json:"OSSBucket"`
	OSSObject     string `json:"OSSObject"`
	Format        string `json:"Format"`
	DiskImageSize int    `json:"DiskImageSize"`
}

type advancedOptions struct {
	RetainCloudAssistant bool   `json:"RetainCloudAssistant"`
	SkipBuildImage       bool   `json:"SkipBuildImage"`
	SkipCheckImage       bool   `json:"SkipCheckImage"`
	ImageNameSuffix      string `json:"ImageNameSuffix"`
}

type imageOptions struct {
	ImageName     string        `json:"ImageName"`
	ImageFamily   string        `json:"ImageFamily"`
	Description   string        `json:"Description"`
	ImageFeatures imageFeatures `json:"ImageFeatures"`
	ImageTags     imageTags     `json:"ImageTags"`
}

type imageFeatures struct {
	NvmeSupport string `json:"NvmeSupport"`
}

type imageTags struct {
	ImageTag []tagItem `json:"ImageTag"`
}

// The defaults of CreateImagePipeline: GiB, Mbit/s.
const (
	defaultDiskSize  = 40
	defaultBandwidth = 0
)

func pipelineItem(r record, p params, base baseImage, created time.Time) imagePipeline {
	return imagePipeline{
		ImagePipelineID: r.ID, Name: r.Name, Description: p["Description"],
		BaseImageType: base.imageType, BaseImage: base.image, BuildContent: base.text, TestContent: p["TestContent"],
		ImageName: p["ImageName"], ImageFamily: p["ImageFamily"], NvmeSupport: p["NvmeSupport"], RepairMode: p["RepairMode"],
		VSwitchID: p["VSwitchId"], InstanceType: p["InstanceType"],
		SystemDiskSize:          p.number("SystemDiskSize", defaultDiskSize),
		InternetMaxBandwidthOut: p.number("InternetMaxBandwidthOut", defaultBandwidth),
		DeleteInstanceOnFailure: !strings.EqualFold(p["DeleteInstanceOnFailure"], "false"),
		ResourceGroupID:         r.Group, CreationTime: creationTime(created),
		ToRegionIDs: toRegionIDs{p.list("ToRegionId")}, AddAccounts: addAccounts{p.list("AddAccount")},
		Tags:               tagSet{tagItems(r.Tags)},
		ImportImageOptions: importItem(p), AdvancedOptions: advancedItem(p), ImageOptions: imageItem(p),
	}
}

// number returns a checked number.
func (p params) number(name string, otherwise int) int {
	if n, err := strconv.Atoi(p[name]); err == nil {
		return n
	}
	return otherwise
}

func (p params) isTrue(name string) bool { return strings.EqualFold(p[name], "true") }

func advancedItem(p params) advancedOptions {
	return advancedOptions{
		RetainCloudAssistant: p.isTrue("AdvancedOptions.RetainCloudAssistant"),
		SkipBuildImage:       p.isTrue("AdvancedOptions.SkipBuildImage"),
		SkipCheckImage:       p.isTrue("AdvancedOptions.SkipCheckImage"),
		ImageNameSuffix:      p["AdvancedOptions.ImageNameSuffix"],
	}
}

func imageItem(p params) imageOptions {
	return imageOptions{
		ImageName:     p["ImageOptions.ImageName"],
		ImageFamily:   p["ImageOptions.ImageFamily"],
		Description:   p["ImageOptions.Description"],
		ImageFeatures: imageFeatures{p["ImageOptions.ImageFeatures.NvmeSupport"]},
		ImageTags:     imageTags{tagItems(p.tags("ImageOptions.ImageTags"))},
	}
}

// importItem returns what the request says about an import, with the
// defaults; nil where it says nothing.
func importItem(p params) *importImageOptions {
	if !p.given("ImportImageOptions") {
		return nil
	}
	in := func(name string) string { return p["ImportImageOptions."+name] }
	item := importImageOptions{
		Architecture: importArchitecture(p), OSType: importOS(p), Platform: cmp.Or(in("Platform"), otherPlatform(importOS(p))),
		BootMode: importBootMode(p), LicenseType: cmp.Or(in("LicenseType"), "Auto"),
		RetainImportedImage: p.isTrue("ImportImageOptions.RetainImportedImage"),
		Features:            importFeatures{cmp.Or(in("Features.NvmeSupport"), "unsupported"), in("Features.ImdsSupport")},
		DiskDeviceMappings:  diskDeviceMappings{importDisks(p)},
		ImageName:           in("ImageName"), Description: in("Description"),
		RetentionStrategy: in("RetentionStrategy"), RoleName: in("RoleName"),
	}
	if tags := p.tags("ImportImageOptions.ImportImageTags"); len(tags) > 0 {
		item.ImportImageTags = &importImageTags{tags}
	}
	return &item
}

func importDisks(p params) []diskDeviceMapping {
	disks := []diskDeviceMapping{}
	for _, n := range p.entries(mappings) {
		disks = append(disks, diskDeviceMapping{
			OSSBucket:     p[member(mappings, n, "OSSBucket")],
			OSSObject:     p[member(mappings, n, "OSSObject")],
			Format:        p[member(mappings, n, "Format")],
			DiskImageSize: p.number(member(mappings, n, "DiskImageSize"), 0),
		})
	}
	return disks
}

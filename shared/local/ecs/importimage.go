package ecs

import (
	"cmp"
	"slices"
)

// Values of ImportImageOptions that others depend on.
const (
	archX86   = "x86_64"
	archARM   = "arm64"
	osLinux   = "linux"
	osWindows = "windows"
	bootBIOS  = "BIOS"
	bootUEFI  = "UEFI"
)

// platforms are those of each OSType; the last is the default.
// Source: CreateImagePipeline, parameter ImportImageOptions.Platform.
var platforms = map[string][]string{
	osLinux: {
		"Aliyun", "Anolis", "CentOS", "Ubuntu", "CoreOS", "SUSE", "Debian", "OpenSUSE", "FreeBSD", "RedHat", "Kylin", "UOS",
		"Fedora", "Fedora CoreOS", "CentOS Stream", "AlmaLinux", "Rocky Linux", "Gentoo", "Customized Linux", "Others Linux",
	},
	osWindows: {
		"Windows Server 2022", "Windows Server 2019", "Windows Server 2016", "Windows Server 2012",
		"Windows Server 2008", "Windows Server 2003", "Other Windows",
	},
}

// Source: CreateImagePipeline, parameter ImportImageOptions.DiskDeviceMappings: N, and DiskImageSize in GiB.
const (
	maxDisks    = 17
	maxDiskSize = 2048
)

func importOS(p params) string { return cmp.Or(p["ImportImageOptions.OSType"], osLinux) }

func importArchitecture(p params) string {
	return cmp.Or(p["ImportImageOptions.Architecture"], archX86)
}

// importBootMode is BIOS by default, which arm64 does not have.
func importBootMode(p params) string {
	mode := bootBIOS
	if importArchitecture(p) == archARM {
		mode = bootUEFI
	}
	return cmp.Or(p["ImportImageOptions.BootMode"], mode)
}

func otherPlatform(osType string) string {
	list := platforms[osType]
	return list[len(list)-1]
}

// checkImport holds the members of ImportImageOptions against each other, and
// the disks against their rules.
func checkImport(p params) error {
	platform := p["ImportImageOptions.Platform"]
	if platform != "" && !slices.Contains(platforms[importOS(p)], platform) {
		return refuse("InvalidParameter.ImportImageOptionsPlatform", "ImportImageOptions.Platform is not a platform of the OSType.")
	}
	if importArchitecture(p) == archARM && importBootMode(p) == bootBIOS {
		return refuse("InvalidParameter.ImportImageOptionsBootMode", "ImportImageOptions.BootMode must be UEFI for arm64.")
	}
	numbers := p.entries(mappings)
	if len(numbers) > maxDisks {
		return refuse("InvalidImportImageOptionsDiskDeviceMappings.LengthLimitExceeded", mappings+" has more than 17 entries.")
	}
	for _, n := range numbers {
		if err := checkValues(p, diskRules(n)); err != nil {
			return err
		}
	}
	return nil
}

func diskRules(n int) []valueRule {
	const code = "InvalidParameter.ImportImageOptionsDiskDeviceMappings"
	return []valueRule{
		{member(mappings, n, "OSSBucket"), code + "OSSBucket", "the name of a bucket", isBucket},
		{member(mappings, n, "OSSObject"), code + "OSSObject", "the key of an object", isObject},
		enumRule(member(mappings, n, "Format"), code+"Format", "RAW", "VHD", "QCOW2"),
		rangeRule(member(mappings, n, "DiskImageSize"), "InvalidOperation.DiskImageSizeExceeded", 1, maxDiskSize),
	}
}

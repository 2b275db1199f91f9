package account

import (
	"fmt"
	"os"
	"regexp"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Catalogue is what exists in the account's world besides what the services
// create: regions, public images and families, instance types, and the ids of
// things that the local cloud does not emulate.
type Catalogue struct {
	mu     sync.RWMutex
	strict bool
	data   CatalogueData
}

// CatalogueData is the form of a catalogue file (YAML).
type CatalogueData struct {
	Regions        []string `yaml:"regions"`
	Images         []string `yaml:"images"`         // image ids, "m-..." and public ones
	ImageFamilies  []string `yaml:"imageFamilies"`  // "acs:alibaba_cloud_linux_3_2104_lts_x64"
	InstanceTypes  []string `yaml:"instanceTypes"`  // "ecs.g6.large"
	VSwitches      []string `yaml:"vSwitches"`      // "vsw-..."
	ResourceGroups []string `yaml:"resourceGroups"` // "rg-..."
}

// The forms of ids. The asterisks are those of the documents' own sample ids,
// which must work as they stand.
var (
	imageID         = regexp.MustCompile(`^m-[a-z0-9*]{4,40}$`)
	publicImageID   = regexp.MustCompile(`^[a-z0-9]+_[a-z0-9_.]+\.vhd$`)
	vSwitchID       = regexp.MustCompile(`^vsw-[a-z0-9*]{4,40}$`)
	resourceGroupID = regexp.MustCompile(`^rg-[a-z0-9*]{4,40}$`)
	instanceType    = regexp.MustCompile(`^ecs\.[a-z0-9-]+\.[a-z0-9-]+$`)
)

func newCatalogue() *Catalogue { return &Catalogue{data: builtIn} }

// Strict makes only listed ids exist. Without it every well-formed m-, vsw-
// and rg- id does.
func (c *Catalogue) Strict() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.strict = true
}

// Load adds what the YAML file lists.
func (c *Catalogue) Load(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	var more CatalogueData
	dec := yaml.NewDecoder(f)
	dec.KnownFields(true)
	if err := dec.Decode(&more); err != nil {
		return fmt.Errorf("catalogue %s: %w", path, err)
	}
	c.Add(more)
	return nil
}

// Add adds to the catalogue.
func (c *Catalogue) Add(more CatalogueData) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := &c.data
	d.Regions = slices.Concat(d.Regions, more.Regions)
	d.Images = slices.Concat(d.Images, more.Images)
	d.ImageFamilies = slices.Concat(d.ImageFamilies, more.ImageFamilies)
	d.InstanceTypes = slices.Concat(d.InstanceTypes, more.InstanceTypes)
	d.VSwitches = slices.Concat(d.VSwitches, more.VSwitches)
	d.ResourceGroups = slices.Concat(d.ResourceGroups, more.ResourceGroups)
}

// Region reports whether the region exists.
func (c *Catalogue) Region(id string) bool { return c.listed(c.view().Regions, id) }

// Image reports whether the image exists.
func (c *Catalogue) Image(id string) bool {
	return c.listed(c.view().Images, id) || (!c.isStrict() && (imageID.MatchString(id) || publicImageID.MatchString(id)))
}

// ImageFamily reports whether the family exists. Families have no id form, so
// without Strict every family but an unknown system one ("acs:") does.
func (c *Catalogue) ImageFamily(name string) bool {
	return c.listed(c.view().ImageFamilies, name) || (!c.isStrict() && name != "" && !hasSystemPrefix(name))
}

// InstanceType reports whether the instance type exists.
func (c *Catalogue) InstanceType(id string) bool {
	return c.listed(c.view().InstanceTypes, id) || (!c.isStrict() && instanceType.MatchString(id))
}

// VSwitch reports whether the vSwitch exists.
func (c *Catalogue) VSwitch(id string) bool {
	return c.listed(c.view().VSwitches, id) || (!c.isStrict() && vSwitchID.MatchString(id))
}

// ResourceGroup reports whether the resource group exists.
func (c *Catalogue) ResourceGroup(id string) bool {
	return c.listed(c.view().ResourceGroups, id) || (!c.isStrict() && resourceGroupID.MatchString(id))
}

func hasSystemPrefix(family string) bool { return len(family) >= 4 && family[:4] == "acs:" }

func (c *Catalogue) listed(list []string, id string) bool { return slices.Contains(list, id) }

func (c *Catalogue) view() CatalogueData {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.data
}

func (c *Catalogue) isStrict() bool {
	c.mu.RLock()
	defer c.mu.RUnlock()
	return c.strict
}

// builtIn is a selection of what every account sees. Sources: the public
// region list of ECS, the public image families of Alibaba Cloud Linux,
// CentOS, Debian, Ubuntu and Windows, the instance types of the documents.
var builtIn = CatalogueData{
	Regions: []string{
		"cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-wulanchabu", "cn-hangzhou", "cn-shanghai",
		"cn-nanjing", "cn-fuzhou", "cn-wuhan-lr", "cn-shenzhen", "cn-heyuan", "cn-guangzhou", "cn-chengdu", "cn-zhengzhou-jva",
		"cn-hongkong", "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-3", "ap-southeast-5",
		"ap-southeast-6", "ap-southeast-7", "us-east-1", "us-west-1", "na-south-1", "eu-west-1", "eu-central-1", "me-east-1", "me-central-1",
	},
	Images: []string{
		"aliyun_3_x64_20G_alibase_20240819.vhd", "aliyun_2_1903_x64_20G_alibase_20240628.vhd",
		"ubuntu_22_04_x64_20G_alibase_20240820.vhd", "debian_12_6_x64_20G_alibase_20240711.vhd",
		"centos_7_9_x64_20G_alibase_20240628.vhd",
	},
	ImageFamilies: []string{
		"acs:alibaba_cloud_linux_3_2104_lts_x64", "acs:alibaba_cloud_linux_3_2104_lts_arm64",
		"acs:alibaba_cloud_linux_2_1903_lts_x64", "acs:centos_7_9_x64", "acs:debian_11_x64", "acs:debian_12_x64",
		"acs:ubuntu_20_04_x64", "acs:ubuntu_22_04_x64", "acs:ubuntu_24_04_x64", "acs:rocky_linux_9_x64", "acs:almalinux_9_x64",
		"acs:windows_2019_x64", "acs:windows_2022_x64",
	},
	InstanceTypes: []string{"ecs.g6.large", "ecs.g6.xlarge", "ecs.c7.large", "ecs.c7.xlarge", "ecs.g7.large", "ecs.t6-c1m1.large"},
}

package account

import (
	"fmt"
	"io"
	"maps"
	"os"
	"regexp"
	"slices"
	"sync"

	"go.yaml.in/yaml/v3"
)

// Catalogue is what exists in the account's world besides what the services
// create: regions, public images and families, instance types, and the ids of
// things that the local cloud does not emulate. It is safe for concurrent use:
// more may be added while the services run.
type Catalogue struct {
	mu     sync.RWMutex
	strict bool
	data   CatalogueData
}

// CatalogueData is the form of a catalogue file (YAML).
type CatalogueData struct {
	Regions        []string            `yaml:"regions"`
	Images         []string            `yaml:"images"`         // image ids, "m-..." and public ones
	ImageFamilies  []string            `yaml:"imageFamilies"`  // families of which no image is known
	FamilyImages   map[string][]string `yaml:"familyImages"`   // "acs:alibaba_cloud_linux_3_2104_lts_x64": its images, the newest last
	InstanceTypes  []string            `yaml:"instanceTypes"`  // "ecs.g6.large"
	VSwitches      []string            `yaml:"vSwitches"`      // "vsw-..."
	ResourceGroups []string            `yaml:"resourceGroups"` // "rg-..."
}

// The forms of ids. The asterisks are those of the documents' own sample ids,
// which must work as they stand.
var (
	imageFamily     = regexp.MustCompile(`^[A-Za-z一-鿿][A-Za-z0-9一-鿿:_-]{1,127}$`)
	imageID         = regexp.MustCompile(`^m-[a-z0-9*]{4,40}$`)
	publicImageID   = regexp.MustCompile(`^[a-z0-9]+_[A-Za-z0-9_.-]+\.vhd$`)
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
	if err := c.Read(f); err != nil {
		return fmt.Errorf("catalogue %s: %w", path, err)
	}
	return nil
}

// Read adds what the YAML or JSON of a CatalogueData lists.
func (c *Catalogue) Read(r io.Reader) error {
	var more CatalogueData
	dec := yaml.NewDecoder(r)
	dec.KnownFields(true)
	if err := dec.Decode(&more); err != nil {
		return err
	}
	c.Add(more)
	return nil
}

// Add adds to the catalogue. Images of a family are newer than those it had.
func (c *Catalogue) Add(more CatalogueData) {
	c.mu.Lock()
	defer c.mu.Unlock()
	d := &c.data
	d.Regions = slices.Concat(d.Regions, more.Regions)
	d.Images = slices.Concat(d.Images, more.Images)
	d.ImageFamilies = slices.Concat(d.ImageFamilies, more.ImageFamilies)
	d.FamilyImages = join(d.FamilyImages, more.FamilyImages)
	d.InstanceTypes = slices.Concat(d.InstanceTypes, more.InstanceTypes)
	d.VSwitches = slices.Concat(d.VSwitches, more.VSwitches)
	d.ResourceGroups = slices.Concat(d.ResourceGroups, more.ResourceGroups)
}

// join leaves both maps as they are: whoever looked before goes on reading them.
func join(have, more map[string][]string) map[string][]string {
	joined := maps.Clone(have)
	for family, images := range more {
		joined[family] = slices.Concat(joined[family], images)
	}
	return joined
}

// Region reports whether the region exists.
func (c *Catalogue) Region(id string) bool { return c.listed(c.view().Regions, id) }

// Image reports whether the image exists.
func (c *Catalogue) Image(id string) bool {
	return c.listed(c.view().Images, id) || c.inFamily(id) || (!c.isStrict() && (imageID.MatchString(id) || publicImageID.MatchString(id)))
}

// Regions returns the regions that exist, each once.
func (c *Catalogue) Regions() []string {
	list := slices.Clone(c.view().Regions)
	slices.Sort(list)
	return slices.Compact(list)
}

// ImageFamily reports whether the family exists. Without Strict every name that
// CreateImagePipeline would give to a family is one, but no unknown system
// family ("acs:") does exist.
func (c *Catalogue) ImageFamily(name string) bool {
	return c.listed(c.view().ImageFamilies, name) || len(c.view().FamilyImages[name]) > 0 ||
		(!c.isStrict() && imageFamily.MatchString(name) && !hasSystemPrefix(name))
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

// Image is an image that the catalogue knows of.
type Image struct {
	ID     string
	Family string // "" where it belongs to none
	Public bool   // offered to every account, not made by this one
}

// NewestImage returns the newest image of the family, if one is known.
func (c *Catalogue) NewestImage(family string) (Image, bool) {
	ids := c.view().FamilyImages[family]
	if len(ids) == 0 {
		return Image{}, false
	}
	return familyImage(family, ids[len(ids)-1]), true
}

// Images returns the images that are listed: by family, the newest first, then
// those of no family, each once.
func (c *Catalogue) Images() []Image {
	d := c.view()
	var list []Image
	seen := map[string]bool{}
	add := func(i Image) {
		if !seen[i.ID] {
			seen[i.ID] = true
			list = append(list, i)
		}
	}
	for _, family := range slices.Sorted(maps.Keys(d.FamilyImages)) {
		for _, id := range slices.Backward(d.FamilyImages[family]) {
			add(familyImage(family, id))
		}
	}
	for _, id := range d.Images {
		add(Image{ID: id, Public: !imageID.MatchString(id)})
	}
	return list
}

func familyImage(family, id string) Image {
	return Image{ID: id, Family: family, Public: hasSystemPrefix(family)}
}

func (c *Catalogue) inFamily(id string) bool {
	for _, ids := range c.view().FamilyImages {
		if slices.Contains(ids, id) {
			return true
		}
	}
	return false
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
// region list of ECS, the public image families and the form of their images'
// ids, the instance types of the documents.
var builtIn = CatalogueData{
	Regions: []string{
		"cn-qingdao", "cn-beijing", "cn-zhangjiakou", "cn-huhehaote", "cn-wulanchabu", "cn-hangzhou", "cn-shanghai",
		"cn-nanjing", "cn-fuzhou", "cn-wuhan-lr", "cn-shenzhen", "cn-heyuan", "cn-guangzhou", "cn-chengdu", "cn-zhengzhou-jva",
		"cn-hongkong", "ap-northeast-1", "ap-northeast-2", "ap-southeast-1", "ap-southeast-3", "ap-southeast-5",
		"ap-southeast-6", "ap-southeast-7", "us-east-1", "us-west-1", "na-south-1", "eu-west-1", "eu-central-1",
		"me-east-1", "me-central-1",
	},
	FamilyImages: map[string][]string{
		"acs:alibaba_cloud_linux_3_2104_lts_x64":   {"aliyun_3_x64_20G_alibase_20240819.vhd"},
		"acs:alibaba_cloud_linux_3_2104_lts_arm64": {"aliyun_3_arm64_20G_alibase_20240819.vhd"},
		"acs:alibaba_cloud_linux_2_1903_lts_x64":   {"aliyun_2_1903_x64_20G_alibase_20240628.vhd"},
		"acs:centos_7_9_x64":                       {"centos_7_9_x64_20G_alibase_20240628.vhd"},
		"acs:debian_11_x64":                        {"debian_11_10_x64_20G_alibase_20240711.vhd"},
		"acs:debian_12_x64":                        {"debian_12_6_x64_20G_alibase_20240711.vhd"},
		"acs:ubuntu_20_04_x64":                     {"ubuntu_20_04_x64_20G_alibase_20240820.vhd"},
		"acs:ubuntu_22_04_x64":                     {"ubuntu_22_04_x64_20G_alibase_20240820.vhd"},
		"acs:ubuntu_24_04_x64":                     {"ubuntu_24_04_x64_20G_alibase_20240812.vhd"},
		"acs:rocky_linux_9_x64":                    {"rockylinux_9_4_x64_20G_alibase_20240723.vhd"},
		"acs:almalinux_9_x64":                      {"almalinux_9_4_x64_20G_alibase_20240723.vhd"},
		"acs:windows_2019_x64":                     {"win2019_1809_x64_dtc_en-us_40G_alibase_20240816.vhd"},
		"acs:windows_2022_x64":                     {"win2022_21H2_x64_dtc_en-us_40G_alibase_20240816.vhd"},
	},
	InstanceTypes: []string{"ecs.g6.large", "ecs.g6.xlarge", "ecs.c7.large", "ecs.c7.xlarge", "ecs.g7.large", "ecs.t6-c1m1.large"},
}

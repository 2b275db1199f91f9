package ecs

import (
	"cmp"
	"encoding/json"
	"fmt"
	"math"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// image is a member of Images, and the Image of DescribeImageFromFamily.
type image struct {
	ImageID      string `json:"ImageId"`
	ImageName    string `json:"ImageName"`
	ImageFamily  string `json:"ImageFamily"`
	ImageVersion string `json:"ImageVersion"`
	Description  string `json:"Description"`
	Status       string `json:"Status"`
	Progress     string `json:"Progress"`
	CreationTime string `json:"CreationTime"`
	machine
	ImageOwnerAlias    string           `json:"ImageOwnerAlias"`
	ImageOwnerID       int64            `json:"ImageOwnerId"`
	ResourceGroupID    string           `json:"ResourceGroupId"`
	Size               int              `json:"Size"`
	IsPublic           bool             `json:"IsPublic"`
	IsCopied           bool             `json:"IsCopied"`
	Features           imageFeatures    `json:"Features"`
	DiskDeviceMappings imageDiskDevices `json:"DiskDeviceMappings"`
	Tags               tagSet           `json:"Tags"`
}

type imageDiskDevices struct {
	DiskDeviceMapping []imageDiskDevice `json:"DiskDeviceMapping"`
}

type imageDiskDevice struct {
	Device string `json:"Device"`
	Type   string `json:"Type"`
	Size   string `json:"Size"`
}

// The values of Status and ImageOwnerAlias that the local cloud has.
const (
	imageCreating  = "Creating"
	imageAvailable = "Available"
	imageAll       = "ALL" // of a request: every status

	aliasSystem = "system"
	aliasSelf   = "self"
)

// suffixOff is the value of ImageNameSuffix that leaves the execution's id out of the name.
const suffixOff = "disable"

// ownerID is the account's ID as the number that images have it as.
var ownerID, _ = strconv.ParseInt(account.ID, 10, 64)

// orderOfListed places the images of the catalogue behind those of builds.
var orderOfListed = strings.Repeat("~", orderLength)

// record returns the image as it is kept.
func (i image) record(region string) (*record, error) {
	item, err := json.Marshal(i)
	return &record{
		ID: i.ImageID, Region: region, Name: i.ImageName, Group: i.ResourceGroupID, Tags: i.tags(), Item: item,
		Status: i.Status, Family: i.ImageFamily, Owner: i.ImageOwnerAlias,
	}, err
}

func (i image) tags() []tag {
	tags := []tag{}
	for _, t := range i.Tags.Tag {
		tags = append(tags, tag{t.TagKey, t.TagValue})
	}
	return tags
}

// systemDisk is the one disk of an image; size is in GiB.
func systemDisk(size int) imageDiskDevices {
	return imageDiskDevices{[]imageDiskDevice{{Device: "/dev/xvda", Type: "system", Size: strconv.Itoa(size)}}}
}

// machine is what an image has from its base.
type machine struct {
	OSType       string `json:"OSType"`
	Architecture string `json:"Architecture"`
	Platform     string `json:"Platform"`
	BootMode     string `json:"BootMode"`
}

// platformNames are the platforms by what the names of public images and
// families have in them; the first that fits holds.
var platformNames = []struct{ part, platform string }{
	{"alibaba_cloud_linux", "Aliyun"}, {"aliyun", "Aliyun"}, {"anolis", "Anolis"}, {"centos_stream", "CentOS Stream"}, {"centos", "CentOS"},
	{"ubuntu", "Ubuntu"}, {"debian", "Debian"}, {"fedora", "Fedora"}, {"rocky", "Rocky Linux"}, {"almalinux", "AlmaLinux"},
	{"opensuse", "OpenSUSE"}, {"suse", "SUSE"}, {"redhat", "RedHat"}, {"windows_2022", "Windows Server 2022"},
	{"win2022", "Windows Server 2022"},
	{"windows_2019", "Windows Server 2019"}, {"win2019", "Windows Server 2019"}, {"windows_2016", "Windows Server 2016"},
	{"win2016", "Windows Server 2016"},
}

// machineOf reads the names of a public image or family: Linux for x86 where
// they say nothing else.
func machineOf(names ...string) machine {
	m := machine{OSType: osLinux, Architecture: archX86, BootMode: bootBIOS}
	if slices.ContainsFunc(names, isWindows) {
		m.OSType = osWindows
	}
	all := strings.Join(names, " ")
	if strings.Contains(all, archARM) {
		m.Architecture, m.BootMode = archARM, bootUEFI
	}
	m.Platform = otherPlatform(m.OSType)
	for _, known := range platformNames {
		if strings.Contains(all, known.part) {
			m.Platform = known.platform
			break
		}
	}
	return m
}

// machineOfBase finds out what the template builds on now.
func (s *service) machineOfBase(tx *store.Tx, region string, p imagePipeline) (machine, error) {
	if i := p.ImportImageOptions; p.BaseImageType == typeOSS && i != nil {
		return machine{i.OSType, i.Architecture, i.Platform, i.BootMode}, nil
	}
	base, err := s.baseImage(tx, region, p)
	if base == nil || err != nil {
		return machineOf(p.BaseImage), err
	}
	var i image
	return i.machine, json.Unmarshal(base.Item, &i)
}

// baseImage returns the image that the template builds on, nil where no more
// is known of it than its name.
func (s *service) baseImage(tx *store.Tx, region string, p imagePipeline) (*record, error) {
	if p.BaseImageType == typeImageFamily {
		return s.fromFamily(tx, region, p.BaseImage)
	}
	if r, err := load(tx, images, region, p.BaseImage); r != nil || err != nil {
		return r, err
	}
	for _, i := range s.account.Catalogue.Images() {
		if i.ID == p.BaseImage {
			return listed(i, region)
		}
	}
	return nil, nil
}

func familyPrefix(region, family string) string { return store.Key(region, family, "") }

// newestOf returns the newest image that a build gave to the family.
func newestOf(tx *store.Tx, region, family string) (id string, found bool) {
	return first(tx, bucketFamilies, familyPrefix(region, family))
}

// fromFamily returns the newest image of the family, nil where none is known.
// What was built is newer than what the catalogue lists.
func (s *service) fromFamily(tx *store.Tx, region, family string) (*record, error) {
	if id, found := newestOf(tx, region, family); found {
		return load(tx, images, region, id)
	}
	i, known := s.account.Catalogue.NewestImage(family)
	if !known {
		return nil, nil
	}
	return listed(i, region)
}

// dateOfImage is when a public image was made, by its id.
var dateOfImage = regexp.MustCompile(`_([0-9]{8})\.vhd$`)

// Of public images: the sizes in GiB that their ids have in them.
const (
	linuxSize   = 20
	windowsSize = 40
)

// listed returns an image of the catalogue as if it were kept.
func listed(known account.Image, region string) (*record, error) {
	i := image{
		ImageID: known.ID, ImageName: known.ID, ImageFamily: known.Family, Status: imageAvailable, Progress: "100%",
		machine: machineOf(known.ID, known.Family), ImageOwnerAlias: aliasSelf, ImageOwnerID: ownerID, IsPublic: known.Public,
		Size: linuxSize, Tags: tagSet{[]tagItem{}},
	}
	if known.Public {
		i.ImageOwnerAlias, i.ImageOwnerID = aliasSystem, 0
	}
	if i.OSType == osWindows {
		i.Size = windowsSize
	}
	i.DiskDeviceMappings = systemDisk(i.Size)
	if date := dateOfImage.FindStringSubmatch(known.ID); date != nil {
		if t, err := time.Parse("20060102", date[1]); err == nil {
			i.CreationTime = creationTime(t)
		}
	}
	r, err := i.record(region)
	r.Order = orderOfListed
	return r, err
}

// describeImageFromFamily follows the page DescribeImageFromFamily: where the
// family has no image, an answer without one. It leaves out RAM.
func (s *service) describeImageFromFamily(req request) (any, error) {
	if err := req.require("RegionId", "ImageFamily"); err != nil {
		return nil, err
	}
	if err := s.checkRegion(req.params); err != nil {
		return nil, err
	}
	answer := struct {
		RequestId string
		Image     json.RawMessage `json:",omitempty"`
	}{RequestId: req.id}
	err := s.store.View(func(tx *store.Tx) error {
		r, err := s.fromFamily(tx, req.params["RegionId"], req.params["ImageFamily"])
		if r != nil {
			answer.Image = r.Item
		}
		return err
	})
	return answer, err
}

// describeImages follows the page DescribeImages: images of builds come first,
// the newest first; ImageName is matched exactly. It leaves out RAM, images that
// others share, and the parameters of imagesNotBy, which it refuses. ShowExpired
// changes nothing: no image expires.
func (s *service) describeImages(req request) (any, error) {
	q, err := s.query(req, images, commaList(req.params["ImageId"]), nil)
	if err != nil {
		return nil, err
	}
	if err := checkValues(req.params, imageFilters); err != nil {
		return nil, err
	}
	if err := refuseImagesBy(req.params); err != nil {
		return nil, err
	}
	q.name, q.after, q.limit = req.params["ImageName"], "", math.MaxInt
	q.only("ImageFamily", func(r *record) string { return r.Family })
	q.only("ImageOwnerAlias", func(r *record) string { return r.Owner })
	if status := cmp.Or(req.params["Status"], imageAvailable); status != imageAll {
		q.onlyIn(commaList(status), func(r *record) string { return r.Status })
	}
	for name, member := range imageMembers {
		q.only(name, func(r *record) string { return member(imageOf(r)) })
	}
	all, err := s.list(q)
	if err == nil {
		err = s.addListed(all)
	}
	if err != nil {
		return nil, fmt.Errorf("DescribeImages: %w", err)
	}
	return pageByNumber{number: req.number("PageNumber", 1), size: req.number("PageSize", defaultPageSize)}.answer(req, all.items()), nil
}

// imageMembers are the filters that no index and no record has of its own.
var imageMembers = map[string]func(image) string{
	"OSType":       func(i image) string { return i.OSType },
	"Architecture": func(i image) string { return i.Architecture },
	"IsPublic":     func(i image) string { return strconv.FormatBool(i.IsPublic) },
	"ImageOwnerId": func(i image) string { return strconv.FormatInt(i.ImageOwnerID, 10) },
}

func imageOf(r *record) (i image) {
	json.Unmarshal(r.Item, &i) // it was written by us; an empty image matches nothing
	return i
}

// imagesNotBy are the parameters of DescribeImages that the local cloud has no
// answer to.
var imagesNotBy = []string{"ActionType", "DryRun", "Filter.N", "InstanceType", "IsSupportCloudinit", "IsSupportIoOptimized",
	"SnapshotId", "Usable", "Usage"}

// refuseImagesBy refuses what would be passed over otherwise.
func refuseImagesBy(p params) error {
	for _, name := range imagesNotBy {
		value := p[name]
		if prefix, isList := strings.CutSuffix(name, ".N"); isList && p.given(prefix) {
			value = prefix
		}
		if value != "" && value != "false" {
			return refuse("UnsupportedOperation", "The local cloud does not look for images by "+name+".")
		}
	}
	return nil
}

// addListed adds the images of the catalogue to those of builds.
func (s *service) addListed(p *page) error {
	for _, i := range s.account.Catalogue.Images() {
		r, err := listed(i, p.query.region)
		if err != nil {
			return err
		}
		if p.query.asksFor(r) && (len(p.query.ids) == 0 || slices.Contains(p.query.ids, r.ID)) {
			p.add(r)
		}
	}
	return nil
}

// Source: DescribeImages, parameter PageSize.
const (
	defaultPageSize = 10
	mostPageSize    = 100
)

// pageByNumber is a page that is asked for by its number.
type pageByNumber struct{ number, size int }

func (n pageByNumber) answer(req request, all []json.RawMessage) any {
	from := min((n.number-1)*n.size, len(all))
	return struct {
		RequestId, RegionId              string
		TotalCount, PageNumber, PageSize int
		Images                           struct{ Image []json.RawMessage }
	}{
		req.id, req.params["RegionId"], len(all), n.number, n.size,
		struct{ Image []json.RawMessage }{all[from:min(from+n.size, len(all))]},
	}
}

// imageFilters are the forms of the filters.
var imageFilters = []valueRule{
	{"ImageName", "InvalidImageName.Malformed", "text", isText},
	enumRule("ImageOwnerAlias", "InvalidParameter.ImageOwnerAlias", aliasSystem, aliasSelf, "others", "marketplace"),
	{"Status", "InvalidParameter.Status", "ALL, or a list of statuses of images, joined by commas", isImageStatus},
	enumRule("OSType", "InvalidParameter.OSType", osLinux, osWindows),
	enumRule("Architecture", "InvalidParameter.Architecture", "i386", archX86, archARM),
	enumRule("IsPublic", "InvalidParameter.IsPublic", "true", "false"),
	{"ImageOwnerId", "InvalidParameter.ImageOwnerId", "the ID of an account", accountForm.MatchString},
	rangeRule("PageNumber", "InvalidParameter.PageNumber", 1, math.MaxInt32),
	rangeRule("PageSize", "InvalidParameter.PageSize", 1, mostPageSize),
}

func isImageStatus(s string) bool {
	return s == imageAll || listOf(imageCreating, "Waiting", imageAvailable, "UnAvailable", "CreateFailed", "Deprecated")(s)
}

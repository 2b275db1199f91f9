package ecs

import "strings"

// regionCodes are the table of DescribeRegions.
var regionCodes = codes{
	"InvalidAcceptLanguage.NotFound": {status: 404, message: "Only Chinese (zh-CN), English (en-US), and Japanese (ja) are allowed."},
	"InvalidResourceType.NotFound":   {status: 404, message: "The ResourceType provided does not exist in our records."},
}

// The values of AcceptLanguage that the newer page lists; the first is the
// default.
var languages = []string{chinese, "zh-TW", "en-US", "ja", "fr", "de", "ko"}

const chinese = "zh-CN"

// regionRules are the values of DescribeRegions.
var regionRules = []valueRule{
	enumRule("InstanceChargeType", "InvalidParameter.InstanceChargeType", "PrePaid", "PostPaid", "SpotWithPriceLimit", "SpotAsPriceGo"),
}

// regionResources are the values of ResourceType; the page's own sample spells
// one with a capital.
var regionResources = oneOf("instance", "disk", "reservedinstance", "scu")

// region is a member of Regions.
type region struct {
	RegionID       string `json:"RegionId"`
	RegionEndpoint string `json:"RegionEndpoint"`
	LocalName      string `json:"LocalName"`
	Status         string `json:"Status"`
}

// describeRegions follows the page DescribeRegions. Every region of the
// catalogue has everything in stock; in other languages than Chinese its name
// is the English one. RegionEndpoint is the address in the cloud, not here.
func (s *service) describeRegions(req request) (any, error) {
	if err := checkValues(req.params, regionRules); err != nil {
		return nil, err
	}
	language := orDefault(req.params["AcceptLanguage"], chinese)
	if !oneOf(languages...)(language) {
		return nil, regionCodes.refuse("InvalidAcceptLanguage.NotFound", "")
	}
	if of := req.params["ResourceType"]; of != "" && !regionResources(strings.ToLower(of)) {
		return nil, regionCodes.refuse("InvalidResourceType.NotFound", "")
	}
	list := []region{}
	for _, id := range s.account.Catalogue.Regions() {
		list = append(list, region{id, "ecs." + id + ".aliyuncs.com", localName(id, language), "available"})
	}
	return struct {
		RequestId string
		Regions   struct{ Region []region }
	}{req.id, struct{ Region []region }{list}}, nil
}

// localName is the id itself where a region was added to the catalogue.
func localName(id, language string) string {
	names, known := regionNames[id]
	switch {
	case !known:
		return id
	case language == chinese:
		return names.chinese
	}
	return names.english
}

// regionNames are the names of the public list of regions.
var regionNames = map[string]struct{ chinese, english string }{
	"cn-qingdao":       {"华北1（青岛）", "China (Qingdao)"},
	"cn-beijing":       {"华北2（北京）", "China (Beijing)"},
	"cn-zhangjiakou":   {"华北3（张家口）", "China (Zhangjiakou)"},
	"cn-huhehaote":     {"华北5（呼和浩特）", "China (Hohhot)"},
	"cn-wulanchabu":    {"华北6（乌兰察布）", "China (Ulanqab)"},
	"cn-hangzhou":      {"华东1（杭州）", "China (Hangzhou)"},
	"cn-shanghai":      {"华东2（上海）", "China (Shanghai)"},
	"cn-nanjing":       {"华东5（南京-本地地域）", "China (Nanjing - Local Region)"},
	"cn-fuzhou":        {"华东6（福州-本地地域）", "China (Fuzhou - Local Region)"},
	"cn-wuhan-lr":      {"华中1（武汉-本地地域）", "China (Wuhan - Local Region)"},
	"cn-shenzhen":      {"华南1（深圳）", "China (Shenzhen)"},
	"cn-heyuan":        {"华南2（河源）", "China (Heyuan)"},
	"cn-guangzhou":     {"华南3（广州）", "China (Guangzhou)"},
	"cn-chengdu":       {"西南1（成都）", "China (Chengdu)"},
	"cn-zhengzhou-jva": {"郑州（联通合营）", "China (Zhengzhou - CUCC Joint Venture)"},
	"cn-hongkong":      {"中国香港", "China (Hong Kong)"},
	"ap-northeast-1":   {"日本（东京）", "Japan (Tokyo)"},
	"ap-northeast-2":   {"韩国（首尔）", "South Korea (Seoul)"},
	"ap-southeast-1":   {"新加坡", "Singapore"},
	"ap-southeast-3":   {"马来西亚（吉隆坡）", "Malaysia (Kuala Lumpur)"},
	"ap-southeast-5":   {"印度尼西亚（雅加达）", "Indonesia (Jakarta)"},
	"ap-southeast-6":   {"菲律宾（马尼拉）", "Philippines (Manila)"},
	"ap-southeast-7":   {"泰国（曼谷）", "Thailand (Bangkok)"},
	"us-east-1":        {"美国（弗吉尼亚）", "US (Virginia)"},
	"us-west-1":        {"美国（硅谷）", "US (Silicon Valley)"},
	"na-south-1":       {"墨西哥", "Mexico"},
	"eu-west-1":        {"英国（伦敦）", "UK (London)"},
	"eu-central-1":     {"德国（法兰克福）", "Germany (Frankfurt)"},
	"me-east-1":        {"阿联酋（迪拜）", "UAE (Dubai)"},
	"me-central-1":     {"沙特（利雅得）", "SAU (Riyadh - Partner Region)"},
}

package template

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"
)

// sample is a valid value of every key that goes to the API, as header and
// message spell it, with the parameters that it becomes.
var samples = map[string]struct {
	value string // YAML flow style, which is JSON too
	want  []Parameter
}{
	"regionId":                {`"cn-hangzhou"`, one("RegionId", "cn-hangzhou")},
	"resourceGroupId":         {`"rg-bp67acfmxazb4p****"`, one("ResourceGroupId", "rg-bp67acfmxazb4p****")},
	"name":                    {`"web"`, one("Name", "web")},
	"description":             {`"This is description."`, one("Description", "This is description.")},
	"tags":                    {`{"b": "2", "a": "1"}`, []Parameter{{"Tag.1.Key", "a"}, {"Tag.1.Value", "1"}, {"Tag.2.Key", "b"}, {"Tag.2.Value", "2"}}},
	"systemType":              {`"Windows"`, one("SystemType", "Windows")},
	"componentType":           {`"Test"`, one("ComponentType", "Test")},
	"componentVersion":        {`"1.2.3"`, one("ComponentVersion", "1.2.3")},
	"baseImageType":           {`"IMAGE"`, one("BaseImageType", "IMAGE")},
	"baseImage":               {`"m-bp67acfmxazb4p****"`, one("BaseImage", "m-bp67acfmxazb4p****")},
	"imageName":               {`"testImageName"`, one("ImageName", "testImageName")},
	"imageFamily":             {`"family"`, one("ImageFamily", "family")},
	"nvmeSupport":             {`"auto"`, one("NvmeSupport", "auto")},
	"vSwitchId":               {`"vsw-bp67acfmxazb4p****"`, one("VSwitchId", "vsw-bp67acfmxazb4p****")},
	"instanceType":            {`"ecs.g6.large"`, one("InstanceType", "ecs.g6.large")},
	"systemDiskSize":          {`40`, one("SystemDiskSize", "40")},
	"internetMaxBandwidthOut": {`0`, one("InternetMaxBandwidthOut", "0")},
	"deleteInstanceOnFailure": {`false`, one("DeleteInstanceOnFailure", "false")},
	"repairMode":              {`"Standard"`, one("RepairMode", "Standard")},
	"addAccounts":             {`[1234567890, "1234567891"]`, []Parameter{{"AddAccount.1", "1234567890"}, {"AddAccount.2", "1234567891"}}},
	"toRegionIds":             {`["cn-beijing", "cn-shanghai"]`, []Parameter{{"ToRegionId.1", "cn-beijing"}, {"ToRegionId.2", "cn-shanghai"}}},

	"imageOptions.imageName":                 {`"web"`, one("ImageOptions.ImageName", "web")},
	"imageOptions.imageFamily":               {`"web"`, one("ImageOptions.ImageFamily", "web")},
	"imageOptions.description":               {`"web tier"`, one("ImageOptions.Description", "web tier")},
	"imageOptions.imageFeatures.nvmeSupport": {`"supported"`, one("ImageOptions.ImageFeatures.NvmeSupport", "supported")},
	"imageOptions.imageTags":                 {`{"a": ""}`, one("ImageOptions.ImageTags.1.Key", "a")},
	"advancedOptions.retainCloudAssistant":   {`true`, one("AdvancedOptions.RetainCloudAssistant", "true")},
	"advancedOptions.imageNameSuffix":        {`"disable"`, one("AdvancedOptions.ImageNameSuffix", "disable")},
	"advancedOptions.skipBuildImage":         {`true`, one("AdvancedOptions.SkipBuildImage", "true")},
	"advancedOptions.skipCheckImage":         {`true`, one("AdvancedOptions.SkipCheckImage", "true")},

	"importImageOptions.architecture":         {`"arm64"`, one("ImportImageOptions.Architecture", "arm64")},
	"importImageOptions.osType":               {`"linux"`, one("ImportImageOptions.OSType", "linux")},
	"importImageOptions.platform":             {`"Ubuntu"`, one("ImportImageOptions.Platform", "Ubuntu")},
	"importImageOptions.bootMode":             {`"UEFI"`, one("ImportImageOptions.BootMode", "UEFI")},
	"importImageOptions.licenseType":          {`"BYOL"`, one("ImportImageOptions.LicenseType", "BYOL")},
	"importImageOptions.features.nvmeSupport": {`"supported"`, one("ImportImageOptions.Features.NvmeSupport", "supported")},
	"importImageOptions.features.imdsSupport": {`"v2"`, one("ImportImageOptions.Features.ImdsSupport", "v2")},
	"importImageOptions.retainImportedImage":  {`true`, one("ImportImageOptions.RetainImportedImage", "true")},
	"importImageOptions.imageName":            {`"web"`, one("ImportImageOptions.ImageName", "web")},
	"importImageOptions.description":          {`"web"`, one("ImportImageOptions.Description", "web")},
	"importImageOptions.importImageTags":      {`{"a": "b"}`, []Parameter{{"ImportImageOptions.ImportImageTags.1.Key", "a"}, {"ImportImageOptions.ImportImageTags.1.Value", "b"}}},
	"importImageOptions.retentionStrategy":    {`"keep"`, one("ImportImageOptions.RetentionStrategy", "keep")},
	"importImageOptions.roleName":             {`"importer"`, one("ImportImageOptions.RoleName", "importer")},

	"importImageOptions.diskDeviceMappings.ossBucket":     {`"disks"`, one("ImportImageOptions.DiskDeviceMappings.2.OSSBucket", "disks")},
	"importImageOptions.diskDeviceMappings.ossObject":     {`"web.vhd"`, one("ImportImageOptions.DiskDeviceMappings.2.OSSObject", "web.vhd")},
	"importImageOptions.diskDeviceMappings.format":        {`"VHD"`, one("ImportImageOptions.DiskDeviceMappings.2.Format", "VHD")},
	"importImageOptions.diskDeviceMappings.diskImageSize": {`40`, one("ImportImageOptions.DiskDeviceMappings.2.DiskImageSize", "40")},
}

func one(name, value string) []Parameter { return []Parameter{{name, value}} }

// nest spells a key with its value: imageOptions: {imageName: "web"}. An entry
// of a list of objects is the second of its list.
func nest(path, value string) string {
	parts := strings.Split(path, ".")
	for i := len(parts) - 1; i > 0; i-- {
		value = fmt.Sprintf("{%q: %s}", parts[i], value)
		if parts[i-1] == "diskDeviceMappings" {
			value = `[{"ossBucket": "first", "ossObject": "first.vhd"}, ` + value + "]"
		}
	}
	return fmt.Sprintf("%q: %s", parts[0], value)
}

// TestEveryKeyArrives: each key of the table, set from a header and from a
// message, is among the parameters.
func TestEveryKeyArrives(t *testing.T) {
	for _, key := range Keys {
		if key.Parameter == "" || key.Type == Objects {
			continue
		}
		sample, ok := samples[key.Path]
		require.True(t, ok, "no sample of %s", key.Path)
		content, kind := "RUN true\n", Component
		if key.Kind == Pipeline {
			kind = Pipeline
			if !strings.HasPrefix(key.Path, "baseImage") {
				content = "FROM IMAGE:m-1234\n" + content
			}
		}
		set := nest(key.Path, sample.value)
		header := "# ---\n# kind: " + string(kind) + "\n# " + set + "\n# ---\n" + content
		text, err := json.Marshal(content)
		require.NoError(t, err)
		message := fmt.Sprintf(`{"kind": %q, %s, "content": %s}`, kind, set, text)
		for source, got := range map[string]*Template{
			"header":  ParseFile("x.Dockerfile", []byte(header)),
			"message": ParseMessage([]byte(message)).Resolve("", nil),
		} {
			for _, want := range sample.want {
				require.Contains(t, got.Parameters(), want, "%s from the %s: %v", key.Path, source, got.Findings)
			}
			require.NotEmpty(t, got.Lookup(key.Path), "%s from the %s", key.Path, source)
		}
	}
}

// TestSamplesAreAccepted: the samples together are a template without errors,
// so the checks of the table let valid values pass.
func TestSamplesAreAccepted(t *testing.T) {
	var set []string
	for path, sample := range samples {
		root, _, nested := strings.Cut(path, ".")
		if !nested && keyAt(root).Kind != Component && !strings.HasPrefix(path, "image") && path != "nvmeSupport" {
			set = append(set, "# "+nest(path, sample.value))
		}
	}
	slices.Sort(set)
	got := ParseFile("x.Dockerfile", []byte("# ---\n"+strings.Join(set, "\n")+"\n# ---\nRUN true\n"))
	require.False(t, got.HasErrors(), "%v", got.Findings)
}

// TestKeysOfOneKind: the parameters that only one of the two creates has are the
// other kind's mistake, each at its key.
// Sources: pages CreateImageComponent, CreateImagePipeline.
func TestKeysOfOneKind(t *testing.T) {
	for kind, test := range map[Kind]struct{ keys, content, rule string }{
		Component: {"systemType componentType componentVersion", "FROM IMAGE:m-1234\n", "IB0246"},
		Pipeline: {"build imageName imageFamily nvmeSupport vSwitchId instanceType systemDiskSize internetMaxBandwidthOut deleteInstanceOnFailure " +
			"repairMode addAccounts toRegionIds importImageOptions advancedOptions imageOptions", "RUN true\n", "IB0254"},
	} {
		for _, key := range strings.Fields(test.keys) {
			require.Equal(t, kind, keyAt(key).Kind, key)
			value := map[string]string{"build": "true", "importImageOptions": "{roleName: a}",
				"advancedOptions": "{retainCloudAssistant: true}", "imageOptions": "{description: web}"}[key]
			if value == "" {
				value = samples[key].value
			}
			got := ParseFile("web.Dockerfile", []byte("# ---\n# name: web\n# "+key+": "+value+"\n# ---\n"+test.content))
			i := slices.IndexFunc(got.Findings, func(f Finding) bool { return f.Rule == test.rule })
			require.GreaterOrEqual(t, i, 0, key)
			require.Equal(t, []int{3, 3}, []int{got.Findings[i].Line, got.Findings[i].Column}, key)
			require.Equal(t, Error, got.Findings[i].Severity, key)
		}
		own := slices.DeleteFunc(slices.Clone(Keys), func(k Key) bool {
			return k.Kind != kind || strings.Contains(k.Path, ".") || strings.HasPrefix(k.Path, "baseImage")
		})
		require.Len(t, own, len(strings.Fields(test.keys)))
	}
}

// TestKeyTable: what the code takes for granted about the rows.
func TestKeyTable(t *testing.T) {
	seen := map[string]bool{}
	for _, key := range Keys {
		require.False(t, seen[key.Path], key.Path)
		seen[key.Path] = true
		require.NotEmpty(t, key.Doc, key.Path)
		if key.parent() != "" {
			require.NotNil(t, keyAt(key.parent()), key.Path)
		}
		for _, id := range []string{key.Rule, key.ItemsRule} {
			if id == "" {
				continue
			}
			require.NotNil(t, ruleAt(id), "%s: %s", key.Path, id)
		}
		if key.Code != "" {
			require.Contains(t, ruleAt(key.Rule).Codes, key.Code, key.Path)
		}
		if key.ItemsCode != "" {
			require.Contains(t, ruleAt(key.ItemsRule).Codes, key.ItemsCode, key.Path)
		}
		for _, pattern := range []string{key.Pattern, key.Not} {
			require.NotPanics(t, func() { matches(pattern, "") }, key.Path)
		}
	}
}

// TestRuleTable: ids are sorted, for they are searched for.
func TestRuleTable(t *testing.T) {
	require.True(t, slices.IsSortedFunc(Rules, func(a, b Rule) int { return strings.Compare(a.ID, b.ID) }))
	for _, rule := range Rules {
		require.NotEmpty(t, rule.Doc, rule.ID)
		require.NotEmpty(t, rule.Severity, rule.ID)
	}
}

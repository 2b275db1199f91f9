package shared

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"net/url"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ecs"
	"imagedrop/shared/local/store"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/template"
)

// createParameters are the request parameters of CreateImageComponent and
// CreateImagePipeline, except Action and ClientToken, each with a value, and
// where the describe of the resource answers it.
// Sources: the operations' pages of 2021, 2023-11 and 2024-08; the members of
// the structs from the pages up to 2025-02 and the SDKs.
var createParameters = []struct{ name, value, answer string }{
	{"RegionId", "cn-beijing", ""}, // the resource is in that region's list
	{"ResourceGroupId", "rg-bp67acfmxazb4p****", "ResourceGroupId"},
	{"Name", "arrives", "Name"},
	{"Description", "This is description.", "Description"},
	{"Tag.N.Key", "TestKey", "Tags.Tag.0.TagKey"},
	{"Tag.N.Value", "TestValue", "Tags.Tag.0.TagValue"},

	{"SystemType", "Windows", "SystemType"},
	{"ComponentType", "Test", "ComponentType"},
	{"ComponentVersion", "4.5.6", "ComponentVersion"},
	{"Content", componentText, "Content"},

	{"BaseImageType", "IMAGE_FAMILY", "BaseImageType"},
	{"BaseImage", "golden:web", "BaseImage"},
	{"BuildContent", buildText, "BuildContent"},
	{"TestContent", testText, "TestContent"},
	{"ImageName", "testImageName", "ImageName"},
	{"ImageFamily", "family", "ImageFamily"},
	{"NvmeSupport", "auto", "NvmeSupport"},
	{"VSwitchId", "vsw-bp67acfmxazb4p****", "VSwitchId"},
	{"InstanceType", "ecs.g6.large", "InstanceType"},
	{"SystemDiskSize", "41", "SystemDiskSize"},
	{"InternetMaxBandwidthOut", "7", "InternetMaxBandwidthOut"},
	{"DeleteInstanceOnFailure", "false", "DeleteInstanceOnFailure"},
	{"RepairMode", "Standard", "RepairMode"},
	{"AddAccount.N", "1234567890", "AddAccounts.AddAccount.0"},
	{"ToRegionId.N", "cn-shanghai", "ToRegionIds.ToRegionId.0"},

	{"ImageOptions.ImageName", "testImageName", "ImageOptions.ImageName"},
	{"ImageOptions.ImageFamily", "family", "ImageOptions.ImageFamily"},
	{"ImageOptions.Description", "This is description.", "ImageOptions.Description"},
	{"ImageOptions.ImageFeatures.NvmeSupport", "supported", "ImageOptions.ImageFeatures.NvmeSupport"},
	{"ImageOptions.ImageTags.N.Key", "TestKey", "ImageOptions.ImageTags.ImageTag.0.TagKey"},
	{"ImageOptions.ImageTags.N.Value", "TestValue", "ImageOptions.ImageTags.ImageTag.0.TagValue"},

	{"AdvancedOptions.RetainCloudAssistant", "true", "AdvancedOptions.RetainCloudAssistant"},
	{"AdvancedOptions.ImageNameSuffix", "disable", "AdvancedOptions.ImageNameSuffix"},
	{"AdvancedOptions.SkipBuildImage", "true", "AdvancedOptions.SkipBuildImage"},
	{"AdvancedOptions.SkipCheckImage", "true", "AdvancedOptions.SkipCheckImage"},

	{"ImportImageOptions.Architecture", "arm64", "ImportImageOptions.Architecture"},
	{"ImportImageOptions.OSType", "windows", "ImportImageOptions.OSType"},
	{"ImportImageOptions.Platform", "Ubuntu", "ImportImageOptions.Platform"},
	{"ImportImageOptions.BootMode", "UEFI", "ImportImageOptions.BootMode"},
	{"ImportImageOptions.LicenseType", "BYOL", "ImportImageOptions.LicenseType"},
	{"ImportImageOptions.Features.NvmeSupport", "supported", "ImportImageOptions.Features.NvmeSupport"},
	{"ImportImageOptions.Features.ImdsSupport", "v2", "ImportImageOptions.Features.ImdsSupport"},
	{"ImportImageOptions.DiskDeviceMappings.N.OSSBucket", "images", "ImportImageOptions.DiskDeviceMappings.DiskDeviceMapping.0.OSSBucket"},
	{"ImportImageOptions.DiskDeviceMappings.N.OSSObject", "base/系统.raw", "ImportImageOptions.DiskDeviceMappings.DiskDeviceMapping.0.OSSObject"},
	{"ImportImageOptions.DiskDeviceMappings.N.Format", "QCOW2", "ImportImageOptions.DiskDeviceMappings.DiskDeviceMapping.0.Format"},
	{"ImportImageOptions.DiskDeviceMappings.N.DiskImageSize", "42", "ImportImageOptions.DiskDeviceMappings.DiskDeviceMapping.0.DiskImageSize"},
	{"ImportImageOptions.RetainImportedImage", "true", "ImportImageOptions.RetainImportedImage"},
	{"ImportImageOptions.ImageName", "imported", "ImportImageOptions.ImageName"},
	{"ImportImageOptions.Description", "This is description.", "ImportImageOptions.Description"},
	{"ImportImageOptions.ImportImageTags.N.Key", "TestKey", "ImportImageOptions.ImportImageTags.ImportImageTag.0.Key"},
	{"ImportImageOptions.ImportImageTags.N.Value", "TestValue", "ImportImageOptions.ImportImageTags.ImportImageTag.0.Value"},
	{"ImportImageOptions.RetentionStrategy", "keep", "ImportImageOptions.RetentionStrategy"},
	{"ImportImageOptions.RoleName", "role", "ImportImageOptions.RoleName"},
}

// The contents that every sample has.
const (
	componentText = "RUN echo \"中文 *~+%20\" '\\'"
	buildText     = "RUN yum install -y nginx && systemctl enable nginx"
	testText      = "RUN curl --fail http://127.0.0.1/"
)

// ofAnySystem lets a command that is for Linux stand beside keys that say
// Windows; it is not sent.
const ofAnySystem = "# ib:ignore IB0249 any text will do\n"

// contents are the parameters that no key carries but the text itself.
var contents = []string{"Content", "BuildContent", "TestContent"}

func TestEveryParameterHasAKey(t *testing.T) {
	names := contents
	for i := range template.Keys {
		names = append(names, parametersOf(&template.Keys[i])...)
	}
	var want []string
	for _, p := range createParameters {
		want = append(want, p.name)
	}
	require.ElementsMatch(t, want, names)
}

// parametersOf are the API parameters of a row: none of ours and of structs,
// two of tags.
func parametersOf(k *template.Key) []string {
	switch {
	case k.Parameter == "", k.Type == template.Object, k.Type == template.Objects:
		return nil
	case k.Type == template.Tags:
		return []string{k.Parameter + ".Key", k.Parameter + ".Value"}
	}
	return []string{k.Parameter}
}

// TestEveryParameterArrives sets each key of the table, in a header and in a
// message, takes it the whole way of a job, and asks the service for it again.
func TestEveryParameterArrives(t *testing.T) {
	c := openCapture(t)
	for i := range template.Keys {
		k := &template.Keys[i]
		kinds := []template.Kind{k.Kind}
		if k.Kind == "" {
			kinds = []template.Kind{template.Component, template.Pipeline}
		}
		if len(parametersOf(k)) == 0 {
			continue
		}
		for _, kind := range kinds {
			for form, in := range map[string]sample{"header": inHeader(k, kind), "message": inMessage(k, kind)} {
				t.Run(fmt.Sprintf("%s of a %s in a %s", k.Path, kind, form), func(t *testing.T) { c.requireArrival(t, k, kind, in) })
			}
		}
	}
}

// inHeader sets the key in a file's header.
func inHeader(k *template.Key, kind template.Kind) sample {
	var b strings.Builder
	b.WriteString("# ---\n")
	for _, s := range settingsWith(k, kind) {
		b.WriteString("# " + s.name + ": " + s.value + "\n")
	}
	b.WriteString("# ---\n")
	if kind == template.Component {
		return sample{key: "templates/web.Dockerfile", text: b.String() + ofAnySystem + componentText + "\n"}
	}
	return sample{key: "templates/web.Dockerfile", text: b.String() + ofAnySystem + buildText + "\n# --- test\n" + ofAnySystem + testText + "\n"}
}

// inMessage sets the key in a message's body.
func inMessage(k *template.Key, kind template.Kind) sample {
	settings := settingsWith(k, kind)
	if kind == template.Component {
		settings = append(settings, setting{"content", quoted(ofAnySystem + componentText)})
	} else {
		settings = append(settings, setting{"content", quoted(ofAnySystem + buildText)}, setting{"testContent", quoted(ofAnySystem + testText)})
	}
	members := make([]string, len(settings))
	for i, s := range settings {
		members[i] = quoted(s.name) + ": " + s.value
	}
	return sample{text: "{" + strings.Join(members, ", ") + "}"}
}

// settingsWith are the key and, for a pipeline, its base image.
func settingsWith(k *template.Key, kind template.Kind) []setting {
	var list []setting
	if kind == template.Pipeline {
		for _, base := range []string{"baseImageType", "baseImage"} {
			if k.Path != base {
				list = append(list, settingOf(keyOf(base)))
			}
		}
	}
	if k.Path == "importImageOptions.platform" { // the sample of osType is another system's
		return append(list, setting{"importImageOptions", `{"platform": "Ubuntu", "osType": "linux"}`})
	}
	return append(list, settingOf(k))
}

// settingOf spells the key's value under its top-level key.
func settingOf(k *template.Key) setting {
	value := literal(k)
	path := strings.Split(k.Path, ".")
	for n := len(path) - 1; n > 0; n-- {
		value = "{" + quoted(path[n]) + ": " + value + "}"
		if keyOf(strings.Join(path[:n], ".")).Type == template.Objects {
			value = "[" + value + "]"
		}
	}
	return setting{path[0], value}
}

func literal(k *template.Key) string {
	names := parametersOf(k)
	switch k.Type {
	case template.Integer, template.Boolean:
		return valueOf(names[0])
	case template.Strings:
		return "[" + quoted(valueOf(names[0])) + "]"
	case template.Tags:
		return "{" + quoted(valueOf(names[0])) + ": " + quoted(valueOf(names[1])) + "}"
	}
	return quoted(valueOf(names[0]))
}

func valueOf(parameter string) string {
	for _, p := range createParameters {
		if p.name == parameter {
			return p.value
		}
	}
	panic("no value for " + parameter)
}

// capture is the local service behind a listener that notes what arrives.
type capture struct {
	next    http.Handler
	arrived map[string]string // of the last create, query and form

	ctx    context.Context
	client *ecsimage.Client
	raw    *sdk.Client
	sent   []byte // the last outcome
}

func openCapture(t *testing.T) *capture {
	state, err := store.OpenMemory()
	require.NoError(t, err)
	acct := account.New()
	c := &capture{next: ecs.New(acct, state, ecs.Options{})}
	server := httptest.NewServer(c)
	t.Cleanup(func() {
		server.Close()
		require.NoError(t, state.Close())
	})
	c.client, err = ecsimage.New(ecsimage.Options{Endpoint: server.URL})
	require.NoError(t, err)
	key := acct.Keys.Issue(acct.Clock.Now().Add(time.Hour))
	c.ctx = sdkclient.WithCredentials(t.Context(), sdkclient.Credentials{AccessKeyID: key.AccessKeyID, AccessKeySecret: key.Secret, SecurityToken: key.Token})
	c.raw, err = sdk.NewClientWithOptions(account.Region, sdk.NewConfig(), credentials.NewAccessKeyCredential(account.AccessKeyID, account.AccessKeySecret))
	require.NoError(t, err)
	c.raw.Domain = strings.TrimPrefix(server.URL, "http://")
	return c
}

// ServeHTTP implements http.Handler.
func (c *capture) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	body, err := io.ReadAll(r.Body)
	form, formErr := url.ParseQuery(string(body))
	if err != nil || formErr != nil {
		w.WriteHeader(http.StatusTeapot)
		return
	}
	if strings.HasPrefix(r.URL.Query().Get("Action")+form.Get("Action"), "Create") {
		c.arrived = map[string]string{}
		for _, values := range []url.Values{r.URL.Query(), form} {
			for name := range values {
				c.arrived[name] = values.Get(name)
			}
		}
	}
	r.Body = io.NopCloser(bytes.NewReader(body))
	c.next.ServeHTTP(w, r)
}

// Publish implements imagebuild.Outbox.
func (c *capture) Publish(_ context.Context, body []byte) error {
	c.sent = body
	return nil
}

func (c *capture) requireArrival(t *testing.T, k *template.Key, kind template.Kind, in sample) {
	builder := imagebuild.Builder{Objects: in, Resources: c.client, Publisher: imagebuild.Publisher{Outbox: c}, Policy: open, SkipLookup: true}
	builder.Run(c.ctx, imagebuild.Invocation{Function: "upload", Region: account.Region, AccountID: account.ID},
		[]imagebuild.Delivery{in.delivery(strconv.Quote(t.Name()))})
	var outcome struct {
		Data struct {
			Status   string
			Findings []template.Finding
			Resource struct{ ID string }
		}
	}
	require.NoError(t, json.Unmarshal(c.sent, &outcome))
	require.Equal(t, "created", outcome.Data.Status, "%s\n%s", in.text, c.sent)
	described := c.describe(t, kind, outcome.Data.Resource.ID)
	names := append([]string{"BuildContent", "TestContent"}, parametersOf(k)...)
	if kind == template.Component {
		names = append([]string{"Content"}, parametersOf(k)...)
	}
	for _, name := range names {
		numbered := strings.TrimSuffix(strings.Replace(name+".", ".N.", ".1.", 1), ".")
		require.Equal(t, valueOf(name), c.arrived[numbered], "%s does not arrive", numbered)
		if path := answerOf(name); path != "" {
			require.Equal(t, valueOf(name), at(described, path), "%s is not answered as %s", numbered, path)
		}
	}
}

func answerOf(parameter string) string {
	for _, p := range createParameters {
		if p.name == parameter {
			return p.answer
		}
	}
	return ""
}

// describe asks for the one resource in the region that the create named.
func (c *capture) describe(t *testing.T, kind template.Kind, id string) any {
	resource := map[template.Kind]string{template.Component: "ImageComponent", template.Pipeline: "ImagePipeline"}[kind]
	request := requests.NewCommonRequest()
	request.Version, request.ApiName, request.Scheme, request.Domain = "2014-05-26", "Describe"+resource+"s", "http", c.raw.Domain
	request.RegionId = c.arrived["RegionId"]
	request.QueryParams[resource+"Id.1"] = id
	response, err := c.raw.ProcessCommonRequest(request)
	require.NoError(t, err)
	decoder := json.NewDecoder(strings.NewReader(response.GetHttpContentString()))
	decoder.UseNumber()
	var answer any
	require.NoError(t, decoder.Decode(&answer))
	return walk(answer, resource+"."+resource+"Set.0")
}

// at is the scalar at a path of a JSON document.
func at(document any, path string) string { return fmt.Sprint(walk(document, path)) }

func walk(document any, path string) any {
	for step := range strings.SplitSeq(path, ".") {
		switch node := document.(type) {
		case map[string]any:
			document = node[step]
		case []any:
			i, err := strconv.Atoi(step)
			if err != nil || i >= len(node) {
				return nil
			}
			document = node[i]
		default:
			return nil
		}
	}
	return document
}

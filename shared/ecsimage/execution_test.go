package ecsimage_test

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdktest"
	"imagedrop/shared/template"
)

// operations are the calls of builds and images, by the names of the API.
func operations(ctx context.Context, c *ecsimage.Client) map[string]func() error {
	return map[string]func() error{
		"StartImagePipelineExecution": func() error {
			_, err := c.Start(ctx, imagebuild.StartRequest{RegionID: "cn-hangzhou", PipelineID: "ip-1", ClientToken: "job-1"})
			return err
		},
		"DescribeImagePipelineExecutions": func() error {
			_, err := c.Executions(ctx, imagebuild.ExecutionQuery{RegionID: "cn-hangzhou", PipelineID: "ip-1"})
			return err
		},
		"DescribeImagePipelines": func() error {
			_, err := c.Pipelines(ctx, imagebuild.Query{RegionID: "cn-hangzhou"})
			return err
		},
		"DescribeImageFromFamily": func() error {
			_, err := c.Newest(ctx, "cn-hangzhou", "web")
			return err
		},
		"DescribeImages": func() error {
			_, err := c.Images(ctx, imagebuild.ImageQuery{RegionID: "cn-hangzhou", Name: "web"})
			return err
		},
	}
}

// form answers the one request of an operation and shows what it carried.
func form(t *testing.T, action string, sent *url.Values, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, action, r.URL.Query().Get("Action"))
		assert.Equal(t, "cn-hangzhou", r.URL.Query().Get("RegionId"))
		assert.Equal(t, signature(r.Form, sdktest.Canaries.AccessKeySecret), r.Form.Get("Signature"))
		*sent = r.PostForm
		answer(200, body)(w, r)
	}
}

func TestStart(t *testing.T) {
	var sent url.Values
	c := client(t, form(t, "StartImagePipelineExecution", &sent, `{"RequestId":"R","ExecutionId":"exec-1"}`))
	id, err := c.Start(sdktest.Signed(t), imagebuild.StartRequest{RegionID: "cn-hangzhou", PipelineID: "ip-1", ClientToken: "job-1",
		Tags: []imagebuild.Tag{{Key: "imagedrop:job", Value: "job-1"}, {Key: "imagedrop:base", Value: ""}}})
	require.NoError(t, err)
	require.Equal(t, "exec-1", id)
	require.Equal(t, url.Values{
		"ImagePipelineId": {"ip-1"}, "ClientToken": {"job-1"}, "Tag.1.Key": {"imagedrop:job"}, "Tag.1.Value": {"job-1"}, "Tag.2.Key": {"imagedrop:base"},
	}, sent)

	_, err = client(t, answer(200, `{"RequestId":"R"}`)).Start(sdktest.Signed(t), imagebuild.StartRequest{RegionID: "cn-hangzhou", PipelineID: "ip-1"})
	require.Equal(t, fault.Retryable, fault.KindOf(err), "an answer without an ID")
}

func TestOperationsAnswerFaults(t *testing.T) {
	codes := map[string]fault.Kind{
		"InvalidImagePipeline.HasRunningExecution": fault.Permanent,
		"InvalidImagePipeline.NotFound":            fault.Invalid,
		"Forbidden.RAM":                            fault.Permanent,
		"IdempotentParameterMismatch":              fault.Permanent,
		"StartImagePipelineExecution.Failed":       fault.Retryable,
		"Throttling.User":                          fault.Retryable,
	}
	for code, kind := range codes {
		for action, call := range operations(sdktest.Signed(t), client(t, refuse(403, code, "no "+sdktest.Canaries.SecurityToken))) {
			err := call()
			require.Equal(t, &fault.Error{Kind: kind, Op: "ecsimage." + action, Code: code, Message: "no…", RequestID: requestID, HTTPStatus: 403}, err)
			sdktest.RequireSafe(t, err)
		}
	}
	for name, text := range map[string]string{"hangup": "", "in the body": "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{", "no HTTP": "canary\r\n\r\n"} {
		for action, call := range operations(sdktest.Signed(t), client(t, sdktest.HangUp(t, text))) {
			err := call()
			require.Equal(t, fault.Retryable, fault.KindOf(err), "%s %s: %v", action, name, err)
			sdktest.RequireSafe(t, err)
		}
	}
}

func TestExecutionsOfAPipeline(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, "ip-1", r.PostForm.Get("ImagePipelineId"))
		assert.Equal(t, "500", r.PostForm.Get("MaxResults"))
		assert.Equal(t, "imagedrop:job", r.PostForm.Get("Tag.1.Key"))
		assert.False(t, r.PostForm.Has("ExecutionId"))
		next := "2"
		if r.PostForm.Get("NextToken") == "2" {
			next = ""
		}
		answer(200, fmt.Sprintf(`{"RequestId":"R","NextToken":%q,"ImagePipelineExecution":{"ImagePipelineExecutionSet":[{"ExecutionId":"exec-%s","ImagePipelineId":"ip-1",
			"Status":"BUILDING","Message":"Create transition vpc \"vpc-1\" success!","ImageId":"m-1","CreationTime":"2024-01-02T03:04:05Z","ModifiedTime":"2024-01-02T03:05:05Z",
			"Tags":{"Tag":[{"TagKey":"imagedrop:job","TagValue":"job-1"}]}}]}}`, next, next))(w, r)
	})
	found, err := c.Executions(sdktest.Signed(t), imagebuild.ExecutionQuery{RegionID: "cn-hangzhou", PipelineID: "ip-1", Tags: []imagebuild.Tag{{Key: "imagedrop:job", Value: "job-1"}}})
	require.NoError(t, err)
	want := imagebuild.Execution{ID: "exec-2", PipelineID: "ip-1", Status: "BUILDING", Message: `Create transition vpc "vpc-1" success!`, ImageID: "m-1",
		CreationTime: "2024-01-02T03:04:05Z", ModifiedTime: "2024-01-02T03:05:05Z", Tags: []imagebuild.Tag{{Key: "imagedrop:job", Value: "job-1"}}}
	last := want
	last.ID = "exec-"
	require.Equal(t, []imagebuild.Execution{want, last}, found)
}

// service knows executions, by ID; lists says whether it takes several.
func service(t *testing.T, known []string, lists bool, asked *[]string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		ids := r.PostForm.Get("ExecutionId")
		assert.NotEmpty(t, ids, "all executions of the account are not asked for")
		*asked = append(*asked, ids)
		wanted := []string{ids}
		if lists {
			wanted = strings.Split(ids, ",")
		}
		var found []map[string]string
		for _, id := range wanted {
			if slices.Contains(known, id) {
				found = append(found, map[string]string{"ExecutionId": id})
			}
		}
		body, _ := json.Marshal(map[string]any{"RequestId": "R", "ImagePipelineExecution": map[string]any{"ImagePipelineExecutionSet": found}})
		answer(200, string(body))(w, r)
	}
}

func TestExecutionsByIDsAreAskedForTwentyAtATime(t *testing.T) {
	var known []string
	for i := range 45 {
		known = append(known, fmt.Sprintf("exec-%02d", i))
	}
	var asked []string
	c := client(t, service(t, known, true, &asked))
	query := imagebuild.ExecutionQuery{RegionID: "cn-hangzhou", IDs: slices.Concat(known, known[:3], []string{""})}
	found, err := c.Executions(sdktest.Signed(t), query)
	require.NoError(t, err)
	require.Equal(t, known, ids(found))
	require.Equal(t, []string{strings.Join(known[:20], ","), strings.Join(known[20:40], ","), strings.Join(known[40:], ",")}, asked)

	asked, query.IDs = nil, []string{"exec-00", "exec-deleted"}
	found, err = c.Executions(sdktest.Signed(t), query)
	require.NoError(t, err)
	require.Equal(t, known[:1], ids(found), "the unknown are absent")
	require.Equal(t, []string{"exec-00,exec-deleted", "exec-deleted"}, asked)

	asked, query.IDs = nil, []string{""}
	found, err = c.Executions(sdktest.Signed(t), query)
	require.NoError(t, err)
	require.Empty(t, found)
	require.Empty(t, asked)
}

func ids(found []imagebuild.Execution) (out []string) {
	for _, e := range found {
		out = append(out, e.ID)
	}
	slices.Sort(out)
	return out
}

// Where the service knows no lists, the executions are not taken for deleted.
func TestExecutionsByIDsOfAServiceWithoutLists(t *testing.T) {
	known := []string{"exec-1", "exec-2"}
	query := imagebuild.ExecutionQuery{RegionID: "cn-hangzhou", IDs: known}
	var asked []string
	single := service(t, known, false, &asked)
	for name, handler := range map[string]http.HandlerFunc{
		"takes a list for one ID": single,
		"refuses lists": func(w http.ResponseWriter, r *http.Request) {
			assert.NoError(t, r.ParseForm())
			if strings.Contains(r.PostForm.Get("ExecutionId"), ",") {
				refuse(400, "InvalidExecutionId.SizeExceeded", "too many")(w, r)
				return
			}
			single(w, r)
		},
	} {
		found, err := client(t, handler).Executions(sdktest.Signed(t), query)
		require.NoError(t, err, name)
		require.Equal(t, known, ids(found), name)
	}
}

func TestQueriesForNothingAreNotSent(t *testing.T) {
	c := client(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	_, err := c.Executions(sdktest.Signed(t), imagebuild.ExecutionQuery{RegionID: "cn-hangzhou"})
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	_, err = c.Images(sdktest.Signed(t), imagebuild.ImageQuery{RegionID: "cn-hangzhou"})
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	found, err := c.Pipelines(sdktest.Signed(t), imagebuild.Query{RegionID: "cn-hangzhou"}, "")
	require.NoError(t, err)
	require.Empty(t, found)
}

// described is a pipeline as the service answers it, and a few members that
// this version does not know.
const described = `{"ImagePipelineId":"ip-1","Name":"web","Description":"d","BaseImageType":"IMAGE_FAMILY","BaseImage":"acs:x","BuildContent":"RUN a","TestContent":"RUN b",
	"ImageName":"old","ImageFamily":"","NvmeSupport":null,"RepairMode":"Standard","VSwitchId":"vsw-1","InstanceType":"ecs.g6.large","SystemDiskSize":40,"InternetMaxBandwidthOut":0,
	"DeleteInstanceOnFailure":true,"ResourceGroupId":"rg-1","CreationTime":"2024-01-02T03:04:05Z","LastBuildTime":"2024-01-02T03:04:05Z",
	"ToRegionIds":{"ToRegionId":["cn-shanghai","cn-beijing"]},"AddAccounts":{"AddAccount":[123456789012345678,"1"]},
	"Tags":{"Tag":[{"TagKey":"imagedrop:job","TagValue":"job-1"}]},
	"ImportImageOptions":{"Architecture":"x86_64","RetainImportedImage":false,"Features":{"NvmeSupport":"supported"},"DiskDeviceMappings":{"DiskDeviceMapping":[{"OSSBucket":"z","OSSObject":"o","DiskImageSize":5},{"OSSBucket":"a"}]}},
	"AdvancedOptions":{"RetainCloudAssistant":true,"ImageNameSuffix":"disable"},
	"ImageOptions":{"ImageName":"web","ImageFeatures":{"NvmeSupport":"auto"},"ImageTags":{"ImageTag":[{"TagKey":"b","TagValue":"2"},{"TagKey":"a","TagValue":"1"}]}},
	"SomethingNew":{"Deep":{"Member":"x"}},"NewList":["q"]}`

func TestPipelines(t *testing.T) {
	var sent url.Values
	c := client(t, form(t, "DescribeImagePipelines", &sent, `{"RequestId":"R","ImagePipeline":{"ImagePipelineSet":[`+described+`,{"ImagePipelineId":"ip-2","Name":"web-2"}]}}`))
	found, err := c.Pipelines(sdktest.Signed(t), imagebuild.Query{Kind: template.Pipeline, RegionID: "cn-hangzhou", Name: "web", Tags: []imagebuild.Tag{{Key: "team", Value: "web"}}})
	require.NoError(t, err)
	require.Equal(t, url.Values{"Name": {"web"}, "MaxResults": {"500"}, "Tag.1.Key": {"team"}, "Tag.1.Value": {"web"}}, sent)
	require.Equal(t, []imagebuild.Pipeline{{
		Resource: imagebuild.Resource{Kind: template.Pipeline, ID: "ip-1", Name: "web", CreationTime: "2024-01-02T03:04:05Z",
			Tags: []imagebuild.Tag{{Key: "imagedrop:job", Value: "job-1"}}},
		BaseImageType: "IMAGE_FAMILY", BaseImage: "acs:x", BuildContent: "RUN a", TestContent: "RUN b",
		ImageName: "web", PlainImageName: true, ToRegionIDs: []string{"cn-beijing", "cn-shanghai"},
		Options: []template.Parameter{
			{Name: "AddAccount.1", Value: "1"},
			{Name: "AddAccount.2", Value: "123456789012345678"},
			{Name: "AdvancedOptions.ImageNameSuffix", Value: "disable"},
			{Name: "AdvancedOptions.RetainCloudAssistant", Value: "true"},
			{Name: "DeleteInstanceOnFailure", Value: "true"},
			{Name: "ImageName", Value: "old"},
			{Name: "ImageOptions.ImageFeatures.NvmeSupport", Value: "auto"},
			{Name: "ImageOptions.ImageName", Value: "web"},
			{Name: "ImageOptions.ImageTags.1.Key", Value: "a"},
			{Name: "ImageOptions.ImageTags.1.Value", Value: "1"},
			{Name: "ImageOptions.ImageTags.2.Key", Value: "b"},
			{Name: "ImageOptions.ImageTags.2.Value", Value: "2"},
			{Name: "ImportImageOptions.Architecture", Value: "x86_64"},
			{Name: "ImportImageOptions.DiskDeviceMappings.1.DiskImageSize", Value: "5"},
			{Name: "ImportImageOptions.DiskDeviceMappings.1.OSSBucket", Value: "z"},
			{Name: "ImportImageOptions.DiskDeviceMappings.1.OSSObject", Value: "o"},
			{Name: "ImportImageOptions.DiskDeviceMappings.2.OSSBucket", Value: "a"},
			{Name: "ImportImageOptions.Features.NvmeSupport", Value: "supported"},
			{Name: "InstanceType", Value: "ecs.g6.large"},
			{Name: "NewList.1", Value: "q"},
			{Name: "RepairMode", Value: "Standard"},
			{Name: "SomethingNew.Deep.Member", Value: "x"},
			{Name: "SystemDiskSize", Value: "40"},
			{Name: "ToRegionId.1", Value: "cn-beijing"},
			{Name: "ToRegionId.2", Value: "cn-shanghai"},
			{Name: "VSwitchId", Value: "vsw-1"},
		},
	}}, found)
}

func TestPipelinesByIDsAreAskedForTwentyAtATime(t *testing.T) {
	var wanted, asked []string
	for i := range 41 {
		wanted = append(wanted, fmt.Sprintf("ip-%02d", i))
	}
	var sizes []int
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		n := 0
		for ; r.PostForm.Has("ImagePipelineId." + strconv.Itoa(n+1)); n++ {
			asked = append(asked, r.PostForm.Get("ImagePipelineId."+strconv.Itoa(n+1)))
		}
		sizes = append(sizes, n)
		answer(200, `{"RequestId":"R","ImagePipeline":{"ImagePipelineSet":[{"ImagePipelineId":"`+asked[len(asked)-1]+`"}]}}`)(w, r)
	})
	found, err := c.Pipelines(sdktest.Signed(t), imagebuild.Query{RegionID: "cn-hangzhou"}, wanted...)
	require.NoError(t, err)
	require.Equal(t, wanted, asked)
	require.Equal(t, []int{20, 20, 1}, sizes)
	require.Len(t, found, 3)
}

// A member of the wrong type must not read as an option or as none.
func TestPipelinesThatCannotBeRead(t *testing.T) {
	for _, one := range []string{`{"Name":{"canary":1}}`, `"canary"`, `{"BuildContent":["canary"]}`} {
		c := client(t, answer(200, `{"RequestId":"R","ImagePipeline":{"ImagePipelineSet":[`+one+`]}}`))
		_, err := c.Pipelines(sdktest.Signed(t), imagebuild.Query{RegionID: "cn-hangzhou"})
		require.Equal(t, fault.Retryable, fault.KindOf(err), one)
		sdktest.RequireSafe(t, err)
	}
}

func TestNewest(t *testing.T) {
	var sent url.Values
	for body, want := range map[string]string{
		`{"RequestId":"R","Image":{"ImageId":"m-1","ImageName":"web_exec-1","Size":40,"IsPublic":true}}`: "m-1",
		`{"RequestId":"R","Image":{}}`:   "",
		`{"RequestId":"R","Image":null}`: "",
		`{"RequestId":"R"}`:              "",
	} {
		id, err := client(t, form(t, "DescribeImageFromFamily", &sent, body)).Newest(sdktest.Signed(t), "cn-hangzhou", "web")
		require.NoError(t, err)
		require.Equal(t, want, id)
		require.Equal(t, url.Values{"ImageFamily": {"web"}}, sent)
	}
}

func TestImages(t *testing.T) {
	var sent url.Values
	body := `{"RequestId":"R","TotalCount":2,"PageNumber":1,"PageSize":100,"Images":{"Image":[
		{"ImageId":"m-1","ImageName":"web_exec-1","Status":"Creating"},{"ImageId":"m-2","ImageName":"my_web_exec-1","Status":"Available"}]}}`
	c := client(t, form(t, "DescribeImages", &sent, body))
	found, err := c.Images(sdktest.Signed(t), imagebuild.ImageQuery{RegionID: "cn-hangzhou", Name: "web_exec-1"})
	require.NoError(t, err)
	require.Equal(t, []imagebuild.Image{{ID: "m-1", Name: "web_exec-1", Status: "Creating"}}, found)
	require.Equal(t, url.Values{"ImageName": {"web_exec-1"}, "ImageOwnerAlias": {"self"}, "PageNumber": {"1"}, "PageSize": {"100"},
		"Status": {"Creating,Waiting,Available,UnAvailable,CreateFailed,Deprecated"}}, sent)

	found, err = c.Images(sdktest.Signed(t), imagebuild.ImageQuery{RegionID: "cn-hangzhou", ID: "m-2"})
	require.NoError(t, err)
	require.Equal(t, []imagebuild.Image{{ID: "m-2", Name: "my_web_exec-1", Status: "Available"}}, found)
	require.Equal(t, "m-2", sent.Get("ImageId"))
	require.False(t, sent.Has("ImageName"))
}

func TestImagesReadsEveryPage(t *testing.T) {
	var numbers []string
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		number := r.PostForm.Get("PageNumber")
		numbers = append(numbers, number)
		answer(200, `{"RequestId":"R","TotalCount":201,"Images":{"Image":[{"ImageId":"m-`+number+`","ImageName":"web"}]}}`)(w, r)
	})
	found, err := c.Images(sdktest.Signed(t), imagebuild.ImageQuery{RegionID: "cn-hangzhou", Name: "web"})
	require.NoError(t, err)
	require.Len(t, found, 3)
	require.Equal(t, []string{"1", "2", "3"}, numbers)
}

func TestPagesEndWhereTheTokenStands(t *testing.T) {
	c := client(t, answer(200, `{"RequestId":"R","NextToken":"again"}`))
	for _, action := range []string{"DescribeImagePipelineExecutions", "DescribeImagePipelines"} {
		require.Equal(t, fault.Unknown, fault.KindOf(operations(sdktest.Signed(t), c)[action]()))
	}
}

func TestOperationsKnowNoRegionThatIsNone(t *testing.T) {
	server := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("sent") }))
	defer server.Close()
	_, err := connect(t, server.URL).Newest(sdktest.Signed(t), "evil.example/", "web")
	require.Equal(t, fault.Invalid, fault.KindOf(err))
}

package ecsimage_test

import (
	"context"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strconv"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/sdktest"
	"imagedrop/shared/template"
)

const content = "RUN curl -H 'Authorization: Canary-in-the-template' https://example.com\nRUN yum install -y \"中文\" *~+%20\\"

var component = imagebuild.Request{
	Kind: template.Component, RegionID: "cn-hangzhou", ClientToken: "job-1",
	Parameters: []template.Parameter{
		{Name: "RegionId", Value: "cn-hangzhou"},
		{Name: "Name", Value: "node-exporter"},
		{Name: "Content", Value: content},
		{Name: "Tag.1.Key", Value: "imagedrop:job"},
		{Name: "Tag.1.Value", Value: ""},
	},
}

const (
	created   = `{"RequestId":"473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E","ImageComponentId":"ic-bp1","ImagePipelineId":"ip-bp1"}`
	requestID = "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E"
)

func answer(status int, body string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/json;charset=utf-8")
		w.WriteHeader(status)
		io.WriteString(w, body)
	}
}

// refuse answers the service's error document.
func refuse(status int, code, message string) http.HandlerFunc {
	return answer(status, fmt.Sprintf(`{"RequestId":%q,"HostId":"ecs.cn-hangzhou.aliyuncs.com","Code":%q,"Message":%q,"Recommend":"https://api.aliyun.com/troubleshoot?q=x"}`, requestID, code, message))
}

func client(t *testing.T, handler http.HandlerFunc) *ecsimage.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return connect(t, server.URL)
}

func connect(t *testing.T, endpoint string) *ecsimage.Client {
	t.Helper()
	c, err := ecsimage.New(ecsimage.Options{Endpoint: endpoint})
	require.NoError(t, err)
	return c
}

func TestCreateSendsEveryParameterInTheForm(t *testing.T) {
	tests := map[template.Kind]struct{ action, id, answer string }{
		template.Component: {"CreateImageComponent", "ic-bp1", `{"RequestId":"R","ImageComponentId":"ic-bp1"}`},
		template.Pipeline:  {"CreateImagePipeline", "ip-bp1", `{"RequestId":"R","ImagePipelineId":"ip-bp1"}`},
	}
	for kind, tt := range tests {
		request := component
		request.Kind = kind
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			query := r.URL.Query()
			assert.NoError(t, r.ParseForm())
			assert.Equal(t, url.Values{
				"ClientToken": {"job-1"}, "Name": {"node-exporter"}, "Content": {content}, "Tag.1.Key": {"imagedrop:job"},
			}, r.PostForm, "the RegionId is the query's, and empty values are not sent")
			assert.Equal(t, tt.action, query.Get("Action"))
			assert.Equal(t, "cn-hangzhou", query.Get("RegionId"))
			assert.Equal(t, sdktest.Canaries.SecurityToken, query.Get("SecurityToken"))
			assert.Less(t, len(r.URL.RawQuery), 500)
			answer(200, tt.answer)(w, r)
		})
		id, err := c.Create(sdktest.Signed(t), request)
		require.NoError(t, err)
		require.Equal(t, tt.id, id)
	}
}

func TestSignatureCoversTheForm(t *testing.T) {
	nonces := map[string]bool{}
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, signature(r.Form, sdktest.Canaries.AccessKeySecret), r.Form.Get("Signature"))
		assert.False(t, nonces[r.Form.Get("SignatureNonce")], "a nonce is used once")
		nonces[r.Form.Get("SignatureNonce")] = true
		answer(200, created)(w, r)
	})
	for range 3 {
		_, err := c.Create(sdktest.Signed(t), component)
		require.NoError(t, err)
	}
}

func TestServiceErrors(t *testing.T) {
	// The codes of image-builder's tables, each with the kind that it must get.
	kinds := map[fault.Kind][]string{
		fault.Invalid: {
			"InvalidCommand.Component", "NotSupportedCommand.FROM", "InvalidImageTemplateCommand.NotSupported", "InvalidImageTemplateCommandSize.ExceededMaxNumber",
			"InvalidCommandContent.RUN", "InvalidCommandContent.FROM", "EmptyCommandContent.CMD", "NotEmptyCommandContent.RESTART",
			"DuplicatedCommand.FROM", "InvalidCommandOrder.FROM",
			"MissingParameter.Content", "InvalidContent.LengthExceeded", "InvalidBuildContent.LengthExceeded", "InvalidParameter.Content",
			"InvalidParameter.BuildContent", "InvalidParameter.TestContent",
			"InvalidImageComponent.NotSupported", "InvalidName.Malformed", "InvalidDescription.Malformed",
			"InvalidSystemType.NotSupportedValue", "InvalidComponentType.NotSupportedValue",
			"InvalidParameter.ComponentVersion", "Duplicate.TagKey", "InvalidTagKey.Malformed", "InvalidTagValue.Malformed", "InvalidComponentVersion.Exist",
			"InvalidBaseImageType.NotSupportedValue", "MissingParameter.BaseImage", "InvalidImage.NotFound",
			"InvalidImage.OsTypeUnsupported", "InvalidImage.NotSupportRepair", "InvalidImage.ImageOwnerAliasUnsupported",
			"InvalidSourceInstance.NotFound", "ImagePipeline.NotSupportWindowsInstance", "InvalidImageName.Malformed",
			"InvalidImageName.Duplicated", "InvalidImageFamily.Malformed", "InvalidImageOptions.Description",
			"InvalidSystemDiskSize.NotSupportedValue", "InvalidInternetMaxBandwidthOut.NotSupportedValue",
			"InvalidAddAccountSize.ExceededMaxNumber", "InvalidToRegionIdSize.ExceededMaxNumber",
			"InvalidParameterCombination", "InvalidParameter.RepairMode", "InvalidParameter.NvmeSupport",
			"InvalidAdvancedOptions.ImageNameSuffix", "InvalidParameter.ImportImageOptionsPlatform",
			"InvalidImportImageOptionsDiskDeviceMappings.LengthLimitExceeded",
			"InvalidImportImageOptionsDiskDeviceMappingsOSSObject.NotFound", "InvalidOperation.DiskImageSizeExceeded",
			"MissingParameter.RepairMode", "MissingParameter.ImportImageOptions", "InvalidOSSObject.NeedRestore",
			"InvalidVSwitchId.NotFound", "InvalidInstanceType.NotFound", "InvalidResourceGroup.NotFound",
			"InvalidRegionId.NotFound", "ImageComponent.NotFound", "MissingParameter", "InvalidParameter", "InvalidParameter.Tag",
			"InvalidImagePipeline.NotFound", "InvalidImagePipeline.BaseImageNotFound", "InvalidImagePipeline.OSSObjectNotFound",
			"InvalidImagePipeline.OSSObjectNeedRestore",
		},
		fault.Permanent: {
			"QuotaExceed.ImageComponent", "QuotaExceed.ImagePipeline", "NoPermission",
			"InvalidOperation.NoPermissionCreateServiceLinkedRole", "InvalidOperation.NoRightAccessOSS",
			"InvalidOSSObject.NotAuthorized", "InvalidImagePipeline.OSSObjectNotAuthorized", "IdempotentParameterMismatch", "Forbidden.RAM",
			"Forbidden.Unauthorized", "Forbidden.AccessKeyDisabled",
			"InvalidAccessKeyId.NotFound", "InvalidAccessKeyId.Inactive", "SignatureDoesNotMatch", "IncompleteSignature",
			"MissingSecurityToken", "InvalidTimeStamp.Expired", "InvalidTimeStamp.Format",
			"IllegalTimestamp", "InvalidApi.NotFound", "InvalidProduct.NotFound", "UnsupportedOperation", "NoSuchVersion", "SomethingNew.Unlisted",
			"InvalidImagePipeline.HasRunningExecution", "InvalidUser.Unauthorized", "InvalidExecutionId.SizeExceeded",
			"InvalidParameter.Status", "InvalidParameter.Owner",
			"InvalidImagePipelineIdSize.ExceededMaxNumber", "InvalidImageComponentIdSize.ExceededMaxNumber",
		},
		fault.Retryable: {
			"InvalidOperation.OSSObjectIsImporting", "StartImagePipelineExecution.Failed", "IdempotentProcessing", "LastTokenProcessing",
			"Throttling", "Throttling.User", "Throttling.Api", "Throttling.API",
			"Rejected.Throttling", "ServiceUnavailable", "ServiceUnavailable.RegionMaintaining", "InternalError", "InternalError.Dispatch",
			"SignatureNonceUsed", "Invalid.NextToken",
			"InvalidSecurityToken.Expired", "InvalidSecurityToken.Malformed", "InvalidSecurityToken.MismatchWithAccessKey",
		},
	}
	for kind, codes := range kinds {
		for _, code := range codes {
			t.Run(code, func(t *testing.T) {
				calls := 0
				c := client(t, func(w http.ResponseWriter, r *http.Request) {
					calls++
					refuse(400, code, "The specified value is not valid.")(w, r)
				})
				_, err := c.Create(sdktest.Signed(t), component)
				require.Equal(t, &fault.Error{
					Kind: kind, Op: "ecsimage.CreateImageComponent", Code: code, Message: "The specified value is not valid.", RequestID: requestID, HTTPStatus: 400,
				}, err)
				require.Equal(t, 1, calls, "the SDK must not retry")
			})
		}
	}
}

func TestAnswersWithoutACode(t *testing.T) {
	tests := []struct {
		name   string
		answer http.HandlerFunc
		kind   fault.Kind
		status int
	}{
		{"HTML 502", answer(502, "<html>canary https://x</html>"), fault.Retryable, 502},
		{"empty 503", answer(503, ""), fault.Retryable, 503},
		{"HTML 429", answer(429, "<html>slow"), fault.Retryable, 429},
		{"HTML 413", answer(413, "<html>canary"), fault.Permanent, 413},
		{"JSON 404 of something else", answer(404, `{"error":"canary"}`), fault.Permanent, 404},
		{"JSON 500 of something else", answer(500, `["canary"]`), fault.Retryable, 500},
		{"HTML 200", answer(200, "<html>canary"), fault.Retryable, 0},
		{"cut JSON 200", answer(200, `{"ImageComponentId":"ic`), fault.Retryable, 0},
		{"empty 200", answer(200, ""), fault.Retryable, 0},
		{"200 without an ID", answer(200, `{"RequestId":"`+requestID+`"}`), fault.Retryable, 0},
		{"numeric Code", answer(400, `{"Code":400,"Message":"canary"}`), fault.Unknown, 0},
		{"AccessDeniedDetail as text", answer(403, `{"Code":"Forbidden.RAM","Message":"x","AccessDeniedDetail":"canary"}`), fault.Unknown, 0},
		{"Message as an object", answer(400, `{"Code":"X","Message":{"canary":1}}`), fault.Unknown, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			_, err := client(t, tt.answer).Create(sdktest.Signed(t), component)
			f := fault.Of(err)
			require.NotNil(t, f, "%v", err)
			require.Equal(t, tt.kind, f.Kind, "%v", err)
			require.Equal(t, tt.status, f.HTTPStatus)
			require.NotEmpty(t, f.Message)
			sdktest.RequireSafe(t, err)
		})
	}
}

// The SDK takes these for success; a look-up must not take them for "there is none".
func TestSuccessThatIsNone(t *testing.T) {
	tests := map[string]struct {
		body string
		kind fault.Kind
		code string
	}{
		"throttled":              {`{"RequestId":"R","Code":"Throttling.User","Message":"slow canary/token+1=="}`, fault.Retryable, "Throttling.User"},
		"a bad value":            {`{"RequestId":"R","Code":"InvalidName.Malformed","Message":"x"}`, fault.Invalid, "InvalidName.Malformed"},
		"an unlisted code":       {`{"RequestId":"R","Code":"SomethingNew"}`, fault.Unknown, "SomethingNew"},
		"nothing":                {``, fault.Retryable, ""},
		"null":                   {`null`, fault.Retryable, ""},
		"JSON of something else": {`{"status":"canary"}`, fault.Retryable, ""},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			c := client(t, answer(200, tt.body))
			query := imagebuild.Query{RegionID: "cn-hangzhou", Name: "web"}
			calls := slices.Concat([]func() error{
				func() error { _, err := c.Create(sdktest.Signed(t), component); return err },
				func() error { _, err := c.Find(sdktest.Signed(t), query); return err },
				func() error { _, _, err := c.First(sdktest.Signed(t), query); return err },
			}, slices.Collect(maps.Values(operations(sdktest.Signed(t), c))))
			for _, query.Kind = range []template.Kind{template.Component, template.Pipeline} {
				for _, call := range calls {
					err := call()
					require.Equal(t, tt.kind, fault.KindOf(err), "%v", err)
					require.Equal(t, tt.code, fault.Of(err).Code)
					sdktest.RequireSafe(t, err)
				}
			}
		})
	}

	c := client(t, answer(200, `{"RequestId":"R","ImageComponent":{"ImageComponentSet":[{"ImageComponentId":"ic-1","Name":"Code","Tags":{"Tag":[{"TagKey":"Code","TagValue":"x"}]}}]}}`))
	found, err := c.Find(sdktest.Signed(t), imagebuild.Query{Kind: template.Component, RegionID: "cn-hangzhou"})
	require.NoError(t, err, "a name is no error code")
	require.Len(t, found, 1)
}

func TestMessagesDoNotRepeatTheRequest(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		switch r.Form.Get("Name") {
		case "sign":
			refuse(400, "SignatureDoesNotMatch", "Specified signature is not matched with our calculation. server string to sign is:"+stringToSign(r.Form))(w, r)
		case "content":
			refuse(400, "InvalidCommandContent.RUN", "The argument of RUN is wrong: "+r.Form.Get("Content"))(w, r)
		case "part":
			refuse(400, "InvalidCommandContent.RUN", `Wrong: "Canary-in-the-template"`)(w, r)
		case "code":
			refuse(400, r.Form.Get("SecurityToken"), r.Form.Get("AccessKeyId"))(w, r)
		}
	})
	want := map[string]string{
		"sign":    "Specified signature is not matched with our calculation.…",
		"content": "The argument of RUN is wrong:…",
		"part":    "Wrong: \"…",
		"code":    "the service refused the request with HTTP status 400",
	}
	for name, message := range want {
		request := component
		request.Parameters = append([]template.Parameter{{Name: "Name", Value: name}}, component.Parameters[2:]...)
		_, err := c.Create(sdktest.Signed(t), request)
		sdktest.RequireSafe(t, err)
		require.Equal(t, message, fault.Of(err).Message)
	}
}

func TestNoAnswer(t *testing.T) {
	tests := map[string]*ecsimage.Client{
		"refused":            connect(t, sdktest.Refusing()),
		"hangup":             client(t, sdktest.HangUp(t, "")),
		"hangup in the head": client(t, sdktest.HangUp(t, "HTTP/1.1 200 OK\r\nContent-Le")),
		"hangup in the body": client(t, sdktest.HangUp(t, "HTTP/1.1 200 OK\r\nContent-Length: 99\r\n\r\n{")),
		"no HTTP":            client(t, sdktest.HangUp(t, "canary\r\n\r\n")),
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := c.Create(sdktest.Signed(t), component)
			require.Equal(t, fault.Retryable, fault.KindOf(err), "%v", err)
			sdktest.RequireSafe(t, err)
			_, err = c.Find(sdktest.Signed(t), imagebuild.Query{Kind: template.Pipeline, RegionID: "cn-hangzhou"})
			require.Equal(t, fault.Retryable, fault.KindOf(err), "%v", err)
			sdktest.RequireSafe(t, err)
		})
	}
}

func TestCancelledCallReturns(t *testing.T) {
	ctx, cancel := context.WithCancel(sdktest.Signed(t))
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		io.Copy(io.Discard, r.Body) // else the server does not see the client go
		cancel()
		<-r.Context().Done()
	})
	_, err := c.Create(ctx, component)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, fault.Retryable, fault.KindOf(err))
	sdktest.RequireSafe(t, err)
}

func TestRedirectDoesNotCarryTheSignatureAway(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { t.Error("followed") }))
	defer other.Close()
	for _, status := range []int{301, 302, 303, 307, 308} {
		_, err := client(t, func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, other.URL, status)
		}).Create(sdktest.Signed(t), component)
		require.Equal(t, fault.Unknown, fault.KindOf(err))
		require.Equal(t, status, fault.Of(err).HTTPStatus)
		sdktest.RequireSafe(t, err)
	}
}

func TestRequestsThatCannotBeMade(t *testing.T) {
	c := client(t, func(http.ResponseWriter, *http.Request) { t.Error("sent") })
	_, err := c.Create(t.Context(), component)
	require.Equal(t, fault.Permanent, fault.KindOf(err), "no credentials")

	for _, region := range []string{"", "cn", "evil.example/x", "cn-hangzhou.evil.example", "cn-hangzhou@evil.example", "CN-HANGZHOU", "cn-hangzhou\n"} {
		request := component
		request.RegionID = region
		_, err := c.Create(sdktest.Signed(t), request)
		require.Equal(t, fault.Invalid, fault.KindOf(err), region)
		require.Equal(t, "InvalidRegionId.NotFound", fault.Of(err).Code)
	}

	request := component
	request.Kind = template.Execution
	_, err = c.Create(sdktest.Signed(t), request)
	require.Equal(t, fault.Unknown, fault.KindOf(err))
	_, err = c.Find(sdktest.Signed(t), imagebuild.Query{Kind: template.Execution, RegionID: "cn-hangzhou"})
	require.Equal(t, fault.Unknown, fault.KindOf(err))
}

func TestNewChecksTheEndpoint(t *testing.T) {
	for _, endpoint := range []string{"", "https://ecs.cn-hangzhou.aliyuncs.com", "ecs.cn-hangzhou.aliyuncs.com", "http://127.0.0.1:4701"} {
		connect(t, endpoint)
	}
	for _, endpoint := range []string{"http://ecs.cn-hangzhou.aliyuncs.com", "https://", "https://ecs.aliyuncs.com/path"} {
		_, err := ecsimage.New(ecsimage.Options{Endpoint: endpoint})
		require.Error(t, err, endpoint)
	}
}

func TestFindComponents(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, "DescribeImageComponents", r.URL.Query().Get("Action"))
		assert.Equal(t, url.Values{"Name": {"web"}, "MaxResults": {"100"}, "Tag.1.Key": {"a"}, "Tag.1.Value": {"1"}, "Tag.2.Key": {"b"}, "Tag.2.Value": {"2"}}, r.PostForm)
		answer(200, `{"RequestId":"R","NextToken":"","TotalCount":"3","MaxResults":100,"ImageComponent":{"ImageComponentSet":[
			{"ImageComponentId":"ic-1","Name":"web","ComponentVersion":"1.0.0","CreationTime":"2026-05-04T08:15:30Z","Content":"RUN x","Tags":{"Tag":[{"TagKey":"a","TagValue":"1"},{"Key":"b","Value":"2"}]}},
			{"ImageComponentId":"ic-2","Name":"website"},
			{"ImageComponentId":"ic-3","Name":"Web"}]}}`)(w, r)
	})
	found, err := c.Find(sdktest.Signed(t), imagebuild.Query{Kind: template.Component, RegionID: "cn-hangzhou", Name: "web", Tags: []imagebuild.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}}})
	require.NoError(t, err)
	require.Equal(t, []imagebuild.Resource{{
		Kind: template.Component, ID: "ic-1", Name: "web", Version: "1.0.0", CreationTime: "2026-05-04T08:15:30Z",
		Tags: []imagebuild.Tag{{Key: "a", Value: "1"}, {Key: "b", Value: "2"}},
	}}, found)
}

func TestFirstBelowAWildcard(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, url.Values{"Name": {"web"}, "ComponentVersion": {"1.4.*"}, "MaxResults": {"1"}}, r.PostForm)
		answer(200, `{"RequestId":"R","TotalCount":12,"ImageComponent":{"ImageComponentSet":[{"ImageComponentId":"ic-1","Name":"web","ComponentVersion":"1.4.11"}]}}`)(w, r)
	})
	first, total, err := c.First(sdktest.Signed(t), imagebuild.Query{Kind: template.Component, RegionID: "cn-hangzhou", Name: "web", Version: "1.4.*"})
	require.NoError(t, err)
	require.Equal(t, 12, total)
	require.Equal(t, "1.4.11", first.Version)
}

func TestFindComponentsOfAlibabaCloud(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, url.Values{"Name": {"docker"}, "Owner": {"ALIYUN"}, "MaxResults": {"100"}}, r.PostForm)
		answer(200, `{"RequestId":"R","ImageComponent":{"ImageComponentSet":[{"ImageComponentId":"ic-1","Name":"docker"}]}}`)(w, r)
	})
	found, err := c.Find(sdktest.Signed(t), imagebuild.Query{Kind: template.Component, RegionID: "cn-hangzhou", Name: "docker", Offered: true})
	require.NoError(t, err)
	require.Len(t, found, 1)
}

func TestFindReadsEveryPage(t *testing.T) {
	for _, kind := range []template.Kind{template.Component, template.Pipeline} {
		c := client(t, func(w http.ResponseWriter, r *http.Request) {
			assert.NoError(t, r.ParseForm())
			assert.Equal(t, "500", r.PostForm.Get("MaxResults"), "all that there are, in few calls")
			page, _ := strconv.Atoi(r.PostForm.Get("NextToken"))
			next := strconv.Itoa(page + 1)
			if page == 2 {
				next = ""
			}
			answer(200, fmt.Sprintf(`{"RequestId":"R","NextToken":%q,"ImageComponent":{"ImageComponentSet":[{"ImageComponentId":"id-%d","Name":"web"}]},"ImagePipeline":{"ImagePipelineSet":[{"ImagePipelineId":"id-%d","Name":"web"}]}}`, next, page, page))(w, r)
		})
		found, err := c.Find(sdktest.Signed(t), imagebuild.Query{Kind: kind, RegionID: "cn-hangzhou"})
		require.NoError(t, err)
		var ids []string
		for _, r := range found {
			require.Equal(t, kind, r.Kind)
			ids = append(ids, r.ID)
		}
		require.Equal(t, []string{"id-0", "id-1", "id-2"}, ids)
	}
}

// The SDK's decoder takes numbers and truth values for text; so does ours.
func TestAnswersOfAnotherType(t *testing.T) {
	c := client(t, answer(200, `{"RequestId":1,"NextToken":null,"TotalCount":"7","ImageComponentId":12,
		"ImageComponent":{"ImageComponentSet":[{"ImageComponentId":12,"Name":true,"Content":{"x":[]},"Tags":{"Tag":[{"TagKey":"n","TagValue":3}]}}]}}`))
	id, err := c.Create(sdktest.Signed(t), component)
	require.NoError(t, err)
	require.Equal(t, "12", id)
	first, total, err := c.First(sdktest.Signed(t), imagebuild.Query{Kind: template.Component, RegionID: "cn-hangzhou"})
	require.NoError(t, err)
	require.Equal(t, 7, total)
	require.Equal(t, imagebuild.Resource{Kind: template.Component, ID: "12", Name: "true", Tags: []imagebuild.Tag{{Key: "n", Value: "3"}}}, first)

	_, err = client(t, answer(200, `{"RequestId":"R","ImageComponentId":["canary"]}`)).Create(sdktest.Signed(t), component)
	require.Equal(t, fault.Retryable, fault.KindOf(err), "no text at all")
	sdktest.RequireSafe(t, err)
}

func TestFindEndsWhereTheTokenStands(t *testing.T) {
	c := client(t, answer(200, `{"RequestId":"R","NextToken":"again"}`))
	_, err := c.Find(sdktest.Signed(t), imagebuild.Query{Kind: template.Component, RegionID: "cn-hangzhou"})
	require.Equal(t, fault.Unknown, fault.KindOf(err))
}

func TestFindAnswersFaults(t *testing.T) {
	c := client(t, refuse(400, "Throttling.User", "Request was denied due to user flow control."))
	for _, kind := range []template.Kind{template.Component, template.Pipeline} {
		_, err := c.Find(sdktest.Signed(t), imagebuild.Query{Kind: kind, RegionID: "cn-hangzhou"})
		require.Equal(t, fault.Retryable, fault.KindOf(err))
		require.Equal(t, "Throttling.User", fault.Of(err).Code)
	}
}

func TestConcurrentInvocationsKeepTheirCredentials(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		assert.Equal(t, r.Form.Get("ClientToken"), r.Form.Get("SecurityToken"))
		assert.Equal(t, signature(r.Form, sdktest.Canaries.AccessKeySecret), r.Form.Get("Signature"))
		answer(200, `{"RequestId":"R","ImageComponentId":"ic-`+r.Form.Get("ClientToken")+`"}`)(w, r)
	})
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			own, request := sdktest.Canaries, component
			own.SecurityToken = fmt.Sprint("token ", i%3)
			request.ClientToken = own.SecurityToken
			for range 20 {
				id, err := c.Create(sdkclient.WithCredentials(t.Context(), own), request)
				assert.NoError(t, err)
				assert.Equal(t, "ic-"+own.SecurityToken, id)
			}
		})
	}
	wg.Wait()
}

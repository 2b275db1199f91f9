package ecs

import (
	"encoding/xml"
	"fmt"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// The sample requests of the public pages, as they stand, with GET and POST.
func TestSampleRequests(t *testing.T) {
	samples := map[string]params{
		"ImageComponentId": {
			"Action": "CreateImageComponent", "RegionId": "cn-hangzhou", "ResourceGroupId": "rg-bp67acfmxazb4p****",
			"Name": "testComponent", "Description": "This is description.", "SystemType": "Linux", "ComponentType": "Build",
			"Content": "RUN yum update -y", "Tag.1.Key": "TestKey", "Tag.1.Value": "TestValue",
			"ClientToken": "123e4567-e89b-12d3-a456-426655440000",
		},
		"ImagePipelineId": {
			"Action": "CreateImagePipeline", "RegionId": "cn-hangzhou", "ResourceGroupId": "rg-bp67acfmxazb4p****",
			"AddAccount.1": "1234567890", "ToRegionId.1": "cn-hangzhou", "BaseImageType": "IMAGE", "BaseImage": "m-bp67acfmxazb4p****",
			"Name": "testImagePipeline", "Description": "This is description.", "ImageName": "testImageName",
			"VSwitchId": "vsw-bp67acfmxazb4p****", "InstanceType": "ecs.g6.large", "SystemDiskSize": "40",
			"InternetMaxBandwidthOut": "0", "DeleteInstanceOnFailure": "true", "BuildContent": "FROM IMAGE:m-bp67acfmxazb4p****",
			"Tag.1.Key": "TestKey", "Tag.1.Value": "TestValue", "ClientToken": "123e4567-e89b-12d3-a456-426655440000",
			"RepairMode": "Standard", "ImageFamily": "family", "NvmeSupport": "auto",
		},
	}
	for _, generation := range []string{"", Generation2023} {
		for _, method := range []string{"GET", "POST"} {
			c := newCloud(t, Options{Generation: generation})
			for member, sample := range samples {
				a := c.raw(method, sample)
				require.Equal(t, 200, a.status, a.text)
				require.Len(t, a.fields, 2)
				require.NotEmpty(t, a.fields[member])
				require.Regexp(t, `^[0-9A-F]{8}(-[0-9A-F]{4}){3}-[0-9A-F]{12}$`, a.fields["RequestId"])
				require.Contains(t, a.header.Get("Content-Type"), "application/json")
			}
		}
	}
}

// The sample of the newer page refers to a component that nobody has.
func TestSampleOfComponentReference(t *testing.T) {
	c := newCloud(t, Options{})
	sample := minimal(opPipeline).with(params{"Action": "CreateImagePipeline", "RegionId": "cn-hangzhou",
		"BuildContent": "COMPONENT ic-bp12dvdzvr9k9*****\nCOMPONENT acs:ecs:cn-hangzhou:18689161186*****:imagecomponent/ComponentName/1.*.*"})
	require.Equal(t, "404 ImageComponent.NotFound", c.raw("POST", sample).code())
}

// The sample answer in XML, as the older pages print it.
func TestXMLAnswers(t *testing.T) {
	c := newCloud(t, Options{})
	sample := minimal(opPipeline).with(params{"Action": "CreateImagePipeline", "RegionId": "cn-hangzhou", "Format": "XML",
		"Description": "a <b> & c", "ToRegionId.1": "cn-beijing", "ToRegionId.2": "cn-shanghai"})
	var created struct {
		XMLName                    xml.Name `xml:"CreateImagePipelineResponse"`
		RequestId, ImagePipelineId string
	}
	a := c.raw("GET", sample)
	require.NoError(t, xml.Unmarshal([]byte(a.text), &created), a.text)
	require.NotEmpty(t, created.ImagePipelineId)
	require.Contains(t, a.header.Get("Content-Type"), "text/xml")

	var list struct {
		XMLName    xml.Name `xml:"DescribeImagePipelinesResponse"`
		TotalCount int
		Set        []struct {
			Description string
			Regions     []string `xml:"ToRegionIds>ToRegionId"`
		} `xml:"ImagePipeline>ImagePipelineSet"`
	}
	a = c.raw("GET", params{"Action": "DescribeImagePipelines", "RegionId": "cn-hangzhou", "Format": "xml"})
	require.NoError(t, xml.Unmarshal([]byte(a.text), &list), a.text)
	require.Equal(t, 1, list.TotalCount)
	require.Equal(t, "a <b> & c", list.Set[0].Description)
	require.Equal(t, []string{"cn-beijing", "cn-shanghai"}, list.Set[0].Regions)

	var refused struct {
		XMLName                          xml.Name `xml:"Error"`
		RequestId, HostId, Code, Message string
	}
	a = c.raw("GET", sample.with(params{"BaseImage": "-"}))
	require.NoError(t, xml.Unmarshal([]byte(a.text), &refused), a.text)
	require.Equal(t, "MissingParameter.BaseImage", refused.Code)
}

// Format is xml by default with signature version 1, whatever is wrong with the
// request; the SDKs always ask for one of the two.
func TestFormatOfAnswers(t *testing.T) {
	c := newCloud(t, Options{})
	call := params{"Action": "DescribeImageComponents", "RegionId": "cn-hangzhou"}
	for format, want := range map[string]string{"-": "text/xml", "XML": "text/xml", "xml": "text/xml", "JSON": "application/json", "json": "application/json"} {
		p := c.unsigned(call).with(params{"Format": format})
		p["Signature"] = signature("GET", p, account.AccessKeySecret)
		a := c.exchange("GET", p, nil)
		require.Equal(t, 200, a.status, a.text)
		require.Contains(t, a.header.Get("Content-Type"), want, format)
	}
	require.Contains(t, c.exchange("GET", nil, nil).text, "<Code>MissingParameter.AccessKeyId</Code>")
}

// All five members are there, and strings: the SDK panics on anything else.
func TestErrorAnswersAreFiveStrings(t *testing.T) {
	a := newCloud(t, Options{}).raw("POST", params{"Action": "DescribeImageComponents"})
	require.Equal(t, 400, a.status)
	require.Len(t, a.fields, 5)
	for _, name := range []string{"RequestId", "HostId", "Code", "Message", "Recommend"} {
		require.IsType(t, "", a.fields[name])
		require.NotEmpty(t, a.fields[name])
	}
}

func TestSignature(t *testing.T) {
	c := newCloud(t, Options{})
	call := params{"Action": "DescribeImageComponents", "RegionId": "cn-hangzhou"}
	resigned := func(changes params) params {
		p := c.unsigned(call).with(changes)
		p["Signature"] = signature("GET", p, account.AccessKeySecret)
		return p
	}
	wrong := func(changes params) params { return c.signed("GET", call).with(changes) }
	tests := []struct {
		name, want string
		query      params
	}{
		{"signed", "200 <nil>", resigned(nil)},
		{"odd characters", "200 <nil>", resigned(params{"Name": "*~+%20中'\"\\\r\n\t&=;"})},
		{"changed after signing", "400 SignatureDoesNotMatch", wrong(params{"RegionId": "cn-beijing"})},
		{"added after signing", "400 SignatureDoesNotMatch", wrong(params{"Name": "x"})},
		{"signed for the other method", "400 SignatureDoesNotMatch", c.signed("POST", call)},
		{"no signature", "400 IncompleteSignature", wrong(params{"Signature": "-"})},
		{"other method", "400 IncompleteSignature", resigned(params{"SignatureMethod": "HMAC-SHA256"})},
		{"other version", "400 IncompleteSignature", resigned(params{"SignatureVersion": "2.0"})},
		{"bearer token", "400 IncompleteSignature", resigned(params{"SignatureType": "BEARERTOKEN"})},
		{"empty signature type, as the SDK sends it", "200 <nil>", resigned(params{"SignatureType": ""})},
		{"no key", "400 MissingParameter.AccessKeyId", resigned(params{"AccessKeyId": "-"})},
		{"unknown key", "404 InvalidAccessKeyId.NotFound", resigned(params{"AccessKeyId": "LTAI0"})},
		{"no nonce", "400 MissingParameter.SignatureNonce", resigned(params{"SignatureNonce": "-"})},
		{"no timestamp", "400 MissingParameter.Timestamp", resigned(params{"Timestamp": "-"})},
		{"malformed timestamp", "400 InvalidTimeStamp.Format", resigned(params{"Timestamp": "2026-01-05 08:00:00"})},
		{"clock 15 minutes off", "200 <nil>", resigned(params{"Timestamp": c.clock.Now().Add(-15 * time.Minute).Format(timestampForm)})},
		{"clock too slow", "400 InvalidTimeStamp.Expired", resigned(params{"Timestamp": c.clock.Now().Add(-16 * time.Minute).Format(timestampForm)})},
		{"clock too fast", "400 InvalidTimeStamp.Expired", resigned(params{"Timestamp": c.clock.Now().Add(16 * time.Minute).Format(timestampForm)})},
		{"unknown action", "404 InvalidApi.NotFound", resigned(params{"Action": "DescribeInstances"})},
		{"no action", "400 MissingParameter.Action", resigned(params{"Action": "-"})},
		{"no version", "400 MissingParameter.Version", resigned(params{"Version": "-"})},
		{"unknown version", "400 NoSuchVersion", resigned(params{"Version": "2019-01-01"})},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			a := c.exchange("GET", tt.query, nil)
			require.Equal(t, tt.want, a.code(), a.text)
		})
	}
}

// A signature is good for one request within the window, and the nonce alone decides.
func TestNonceReplay(t *testing.T) {
	c := newCloud(t, Options{})
	call := params{"Action": "DescribeImageComponents", "RegionId": "cn-hangzhou", "SignatureNonce": "once"}
	require.Equal(t, 200, c.raw("GET", call).status)
	require.Equal(t, "400 SignatureNonceUsed", c.raw("GET", call).code())
	c.clock.Advance(nonceWindow - time.Second)
	require.Equal(t, "400 SignatureNonceUsed", c.raw("GET", call).code())
	c.clock.Advance(time.Second)
	require.Equal(t, 200, c.raw("GET", call).status)
	c.clock.Advance(nonceWindow / 2)
	require.Equal(t, "400 SignatureNonceUsed", c.raw("GET", call).code())
}

// The SDK recognises its own string to sign in the message.
func TestWrongSecretThroughTheSDK(t *testing.T) {
	c := newCloud(t, Options{})
	_, err := c.create(c.clientWith(credentials.NewAccessKeyCredential(account.AccessKeyID, "wrong")), opComponent, minimal(opComponent))
	requireRefused(t, err, 400, "SignatureDoesNotMatch")
	var refused *sdkerrors.ServerError
	require.ErrorAs(t, err, &refused)
	require.Contains(t, refused.Recommend(), "InvalidAccessKeySecret")
}

func TestTemporaryCredentials(t *testing.T) {
	c := newCloud(t, Options{})
	key := c.account.Keys.Issue(c.clock.Now().Add(time.Hour))
	create := func(id, secret, token string) error {
		_, err := c.create(c.clientWith(credentials.NewStsTokenCredential(id, secret, token)), opComponent, minimal(opComponent))
		return err
	}
	other := c.account.Keys.Issue(c.clock.Now().Add(time.Hour))
	require.NoError(t, create(key.AccessKeyID, key.Secret, key.Token))
	requireRefused(t, create(key.AccessKeyID, key.Secret, ""), 400, "MissingSecurityToken")
	requireRefused(t, create(key.AccessKeyID, key.Secret, "nonsense"), 400, "InvalidSecurityToken.Malformed")
	requireRefused(t, create(key.AccessKeyID, key.Secret, other.Token), 400, "InvalidSecurityToken.MismatchWithAccessKey")
	requireRefused(t, create(account.AccessKeyID, account.AccessKeySecret, key.Token), 400, "InvalidSecurityToken.MismatchWithAccessKey")

	expired := c.account.Keys.Issue(c.clock.Now())
	requireRefused(t, create(expired.AccessKeyID, expired.Secret, expired.Token), 400, "InvalidSecurityToken.Expired")
	c.account.Keys.Revoke(key.AccessKeyID)
	requireRefused(t, create(key.AccessKeyID, key.Secret, key.Token), 404, "InvalidAccessKeyId.NotFound")
}

// Query and form are one set of parameters; a name in both must agree.
func TestQueryAndFormMerge(t *testing.T) {
	c := newCloud(t, Options{})
	all := c.signed("POST", minimal(opComponent).with(params{"Action": "CreateImageComponent", "RegionId": "cn-hangzhou"}))
	query, form := all.with(params{"Content": "-"}), params{"Content": all["Content"], "Action": all["Action"]}
	require.Equal(t, 200, c.exchange("POST", query, form).status)
	require.Equal(t, "400 InvalidParameter", c.exchange("POST", query, form.with(params{"Action": "DeleteImageComponent"})).code())
}

func TestMethodsAndSizes(t *testing.T) {
	c := newCloud(t, Options{})
	call := params{"Action": "DescribeImageComponents", "RegionId": "cn-hangzhou"}
	require.Equal(t, "400 UnsupportedOperation", c.raw("PUT", call).code())
	require.Equal(t, "400 InvalidParameter", c.exchange("POST", c.signed("POST", call), params{"x": strings.Repeat("x", maxBody)}).code())

	// 16,383 bytes of Chinese text in the URL, as the SDK sends typed fields.
	request := ecs.CreateCreateImageComponentRequest()
	request.Content = "RUN #" + strings.Repeat("镜", 5459) + "x"
	require.Len(t, request.Content, 16383)
	response := ecs.CreateCreateImageComponentResponse()
	require.NoError(t, c.client().DoAction(request, response))
	require.Equal(t, request.Content, c.component(response.ImageComponentId).Content)
}

// Where the local cloud itself fails, a disk that is full, the client learns why.
func TestInternalErrorSaysWhy(t *testing.T) {
	st, err := store.OpenMemory()
	require.NoError(t, err)
	require.NoError(t, st.Close())
	c := serveCloud(t, st, Options{})
	a := c.raw("POST", minimal(opComponent).with(params{"Action": "CreateImageComponent", "RegionId": "cn-hangzhou"}))
	require.Equal(t, "500 InternalError", a.code())
	require.Contains(t, a.text, store.ErrClosed.Error())
}

func TestFaultsOnDemand(t *testing.T) {
	c := newCloud(t, Options{})
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "ecs", Operation: "CreateImageComponent",
		Effect: account.EffectCode, Code: "Throttling.User", Status: 400}))
	require.NoError(t, c.account.Faults.Add(account.Fault{Service: "ecs", Operation: "CreateImageComponent",
		Effect: account.EffectErrorAfter, Code: "ServiceUnavailable", Status: http.StatusServiceUnavailable}))
	form := minimal(opComponent).with(params{"ClientToken": "one"})
	_, err := c.create(c.client(), opComponent, form)
	requireRefused(t, err, 400, "Throttling.User")
	require.Zero(t, c.describeComponents(nil).TotalCount)
	_, err = c.create(c.client(), opComponent, form)
	requireRefused(t, err, 503, "ServiceUnavailable")
	id, err := c.create(c.client(), opComponent, form)
	require.NoError(t, err)
	require.Equal(t, id, c.describeComponents(nil).ImageComponent.ImageComponentSet[0].ImageComponentId)
	require.Equal(t, 1, c.describeComponents(nil).TotalCount)
}

func TestAParameterGivenTwiceIsRefusedInTheFormatAskedFor(t *testing.T) {
	c := newCloud(t, Options{})
	query, form := params{}, params{"Format": "JSON"}
	for i := range 30 { // a map gives them in any order: Format is to be read whatever comes before it
		query[fmt.Sprint("P", i)], form[fmt.Sprint("P", i)] = "a", "b"
	}
	require.Equal(t, "400 InvalidParameter", c.exchange("POST", query, form).code())
}

package ecsimage_test

import (
	"net/http"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/sdktest"
	"imagedrop/shared/template"
)

func TestSent(t *testing.T) {
	c := client(t, func(w http.ResponseWriter, r *http.Request) {
		assert.NoError(t, r.ParseForm())
		switch r.PostForm.Get("ImageComponentId.1") + r.PostForm.Get("ImagePipelineId.1") {
		case "ic-1":
			answer(200, `{"RequestId":"R","ImageComponent":{"ImageComponentSet":[{"ImageComponentId":"ic-2","Name":"other"},
				{"ImageComponentId":"ic-1","Name":"web","ComponentVersion":"1.0.0","Content":"RUN x","Owner":"SELF","CreationTime":"2026-05-04T08:15:30Z","Description":"",
				"Parameters":{"Parameter":[{"Name":"p"}]},"Tags":{"Tag":[{"TagKey":"b","TagValue":"2"},{"TagKey":"a","TagValue":"1"}]}}]}}`)(w, r)
		case "ip-1":
			answer(200, `{"RequestId":"R","ImagePipeline":{"ImagePipelineSet":[{"ImagePipelineId":"ip-1","Name":"web","DeleteInstanceOnFailure":false,"SystemDiskSize":40,
				"ToRegionIds":{"ToRegionId":["cn-shanghai","cn-beijing"]},"ImageOptions":{"ImageName":"web","ImageTags":{"ImageTag":[{"TagKey":"k","TagValue":"v"}]}}}]}}`)(w, r)
		case "ic-public": // it is no component of this account
			set := ""
			if r.PostForm.Get("Owner") == "ALIYUN" {
				set = `{"ImageComponentId":"ic-public","Name":"docker","ComponentType":"Build"}`
			}
			answer(200, `{"RequestId":"R","ImageComponent":{"ImageComponentSet":[`+set+`]}}`)(w, r)
		default:
			answer(200, `{"RequestId":"R","ImagePipeline":{"ImagePipelineSet":[]}}`)(w, r)
		}
	})
	sent := func(kind template.Kind, id string) map[string]string {
		parameters, err := c.Sent(sdktest.Signed(t), kind, "cn-hangzhou", id)
		require.NoError(t, err)
		if parameters == nil {
			return nil
		}
		values := map[string]string{}
		for _, p := range parameters {
			values[p.Name] = p.Value
		}
		return values
	}
	require.Equal(t, map[string]string{"Name": "web", "ComponentVersion": "1.0.0", "Content": "RUN x",
		"Tag.1.Key": "a", "Tag.1.Value": "1", "Tag.2.Key": "b", "Tag.2.Value": "2"}, sent(template.Component, "ic-1"))
	require.Equal(t, map[string]string{"Name": "web", "DeleteInstanceOnFailure": "false", "SystemDiskSize": "40", "ToRegionId.1": "cn-beijing", "ToRegionId.2": "cn-shanghai",
		"ImageOptions.ImageName": "web", "ImageOptions.ImageTags.1.Key": "k", "ImageOptions.ImageTags.1.Value": "v"}, sent(template.Pipeline, "ip-1"))
	require.Equal(t, map[string]string{"Name": "docker", "ComponentType": "Build"}, sent(template.Component, "ic-public"))
	require.Nil(t, sent(template.Component, "ic-none"))
	require.Nil(t, sent(template.Pipeline, "ip-2"), "unknown IDs are no error")

	_, err := client(t, refuse(403, "Forbidden.RAM", "no")).Sent(sdktest.Signed(t), template.Component, "cn-hangzhou", "ic-1")
	require.Equal(t, fault.Permanent, fault.KindOf(err))
}

package ecsimage

import (
	"io"
	"net/http"
	"net/url"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"

	"imagedrop/shared/sdkclient"
)

// wire stands for the network, which a test of the real host names has not.
type wire func(*http.Request) string

func (answer wire) RoundTrip(r *http.Request) (*http.Response, error) {
	return &http.Response{StatusCode: 200, Body: io.NopCloser(strings.NewReader(answer(r))), Header: http.Header{}, Request: r}, nil
}

func TestWithoutAnEndpointTheSDKFindsTheRegions(t *testing.T) {
	want := map[string]string{
		"cn-hangzhou":    "ecs-cn-hangzhou.aliyuncs.com",
		"ap-southeast-5": "ecs.ap-southeast-5.aliyuncs.com",
		"xx-new-1":       "ecs.xx-new-1.aliyuncs.com",
	}
	var asked *url.URL
	call, err := newCaller(sdkclient.Credentials{AccessKeyID: "k", AccessKeySecret: "s", SecurityToken: "t"}, &url.URL{Scheme: "https"},
		wire(func(r *http.Request) string {
			asked = r.URL
			return `{}`
		}))
	require.NoError(t, err)
	call.carry.ctx = t.Context()
	for region, host := range want {
		request := ecs.CreateDescribeImageComponentsRequest()
		request.RegionId = region
		require.NoError(t, call.client.DoAction(request, ecs.CreateDescribeImageComponentsResponse()))
		require.Equal(t, "https", asked.Scheme)
		require.Equal(t, host, asked.Host)
	}
}

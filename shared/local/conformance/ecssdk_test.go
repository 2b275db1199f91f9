//go:build conformance

package conformance

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"strconv"
	"strings"
	"testing"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	sdkerrors "github.com/aliyun/alibaba-cloud-sdk-go/sdk/errors"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"

	"imagedrop/shared/local/account"
)

// ecsTypes makes the SDK's typed request and response of each operation.
var ecsTypes = map[string]func() (requests.AcsRequest, responses.AcsResponse){
	"CancelImagePipelineExecution":    typed(ecs.CreateCancelImagePipelineExecutionRequest, ecs.CreateCancelImagePipelineExecutionResponse),
	"CreateImageComponent":            typed(ecs.CreateCreateImageComponentRequest, ecs.CreateCreateImageComponentResponse),
	"CreateImagePipeline":             typed(ecs.CreateCreateImagePipelineRequest, ecs.CreateCreateImagePipelineResponse),
	"DeleteImageComponent":            typed(ecs.CreateDeleteImageComponentRequest, ecs.CreateDeleteImageComponentResponse),
	"DeleteImagePipeline":             typed(ecs.CreateDeleteImagePipelineRequest, ecs.CreateDeleteImagePipelineResponse),
	"DescribeImageComponents":         typed(ecs.CreateDescribeImageComponentsRequest, ecs.CreateDescribeImageComponentsResponse),
	"DescribeImageFromFamily":         typed(ecs.CreateDescribeImageFromFamilyRequest, ecs.CreateDescribeImageFromFamilyResponse),
	"DescribeImagePipelineExecutions": typed(ecs.CreateDescribeImagePipelineExecutionsRequest, ecs.CreateDescribeImagePipelineExecutionsResponse),
	"DescribeImagePipelines":          typed(ecs.CreateDescribeImagePipelinesRequest, ecs.CreateDescribeImagePipelinesResponse),
	"DescribeImages":                  typed(ecs.CreateDescribeImagesRequest, ecs.CreateDescribeImagesResponse),
	"DescribeRegions":                 typed(ecs.CreateDescribeRegionsRequest, ecs.CreateDescribeRegionsResponse),
	"JoinResourceGroup":               typed(ecs.CreateJoinResourceGroupRequest, ecs.CreateJoinResourceGroupResponse),
	"ListTagResources":                typed(ecs.CreateListTagResourcesRequest, ecs.CreateListTagResourcesResponse),
	"StartImagePipelineExecution":     typed(ecs.CreateStartImagePipelineExecutionRequest, ecs.CreateStartImagePipelineExecutionResponse),
	"TagResources":                    typed(ecs.CreateTagResourcesRequest, ecs.CreateTagResourcesResponse),
	"UntagResources":                  typed(ecs.CreateUntagResourcesRequest, ecs.CreateUntagResourcesResponse),
}

func typed[Q requests.AcsRequest, A responses.AcsResponse](request func() Q, response func() A) func() (requests.AcsRequest, responses.AcsResponse) {
	return func() (requests.AcsRequest, responses.AcsResponse) { return request(), response() }
}

// openECSSDK asks with typed requests, sent and answered by the core client, as
// the functions do. What it shows is what the SDK made of the answer.
func openECSSDK(_ *testing.T, c *cloud, _ *row) asker {
	return func(_ context.Context, q call) (answer, error) {
		types, known := ecsTypes[q.Do]
		if !known {
			return answer{}, fmt.Errorf("the SDK has no request for %s", q.Do)
		}
		request, response := types()
		for name, value := range q.With {
			if err := setField(reflect.ValueOf(request).Elem(), strings.Split(name, "."), fmt.Sprint(value)); err != nil {
				return answer{}, fmt.Errorf("%s: %w", name, err)
			}
		}
		client, err := sdk.NewClientWithOptions(account.Region, sdk.NewConfig(), ecsCredential(q.Key))
		if err != nil {
			return answer{}, err
		}
		client.Domain = strings.TrimPrefix(c.e.ECS, "http://")
		return ecsAnswer(response, client.DoAction(request, response))
	}
}

func ecsCredential(key account.Key) auth.Credential {
	if key.Token == "" {
		return credentials.NewAccessKeyCredential(key.AccessKeyID, key.Secret)
	}
	return credentials.NewStsTokenCredential(key.AccessKeyID, key.Secret, key.Token)
}

func ecsAnswer(response responses.AcsResponse, err error) (answer, error) {
	var refused *sdkerrors.ServerError
	if errors.As(err, &refused) {
		return answer{Status: refused.HttpStatus(), Code: refused.ErrorCode()}, nil
	}
	if err != nil {
		return answer{}, err
	}
	text, err := json.Marshal(response)
	if err != nil {
		return answer{}, err
	}
	a := answer{Status: response.GetHttpStatus()}
	return a, json.Unmarshal(text, &a.Fields)
}

// setField sets what a flattened parameter name means in a typed request.
func setField(v reflect.Value, path []string, value string) error {
	switch {
	case v.Kind() == reflect.Pointer:
		if v.IsNil() {
			v.Set(reflect.New(v.Type().Elem()))
		}
		return setField(v.Elem(), path, value)
	case len(path) == 0:
		v.SetString(value)
		return nil
	case v.Kind() == reflect.Slice:
		n, err := strconv.Atoi(path[0])
		if err != nil || n < 1 {
			return fmt.Errorf("%s is not the number of an entry", path[0])
		}
		for v.Len() < n {
			v.Set(reflect.Append(v, reflect.Zero(v.Type().Elem())))
		}
		return setField(v.Index(n-1), path[1:], value)
	}
	for i := range v.NumField() {
		if v.Type().Field(i).Tag.Get("name") == path[0] {
			return setField(v.Field(i), path[1:], value)
		}
	}
	if path[0] == "RegionId" {
		return setRegion(v, value)
	}
	return fmt.Errorf("%s has no field %s", v.Type(), path[0])
}

// setRegion sets the one parameter that is no field of the requests themselves.
func setRegion(v reflect.Value, region string) error {
	request, ok := v.Addr().Interface().(interface{ GetQueryParams() map[string]string })
	if !ok {
		return fmt.Errorf("%s takes no region", v.Type())
	}
	request.GetQueryParams()["RegionId"] = region
	return nil
}

// Command calls makes the SDK calls of one upload with clients reused, and
// nothing else: what the benchmarks measure the function's own work against.
package main

import (
	"context"
	"io"
	"net/http"
	"os"
	"strings"
	"sync"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk"
	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/auth/credentials"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	osscredentials "github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	ali_mns "github.com/aliyun/aliyun-mns-go-sdk"
	"github.com/aliyun/fc-runtime-go-sdk/fc"
)

const (
	keyID, secret = "benchKey", "benchSecret"
	region        = "cn-hangzhou"
	digest        = "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
)

var (
	objects = oss.NewClient(oss.LoadDefaultConfig().WithRegion(region).WithEndpoint(os.Getenv("OSS_ENDPOINT")).
		WithCredentialsProvider(osscredentials.NewStaticCredentialsProvider(keyID, secret)))
	messages = ali_mns.NewAliMNSClientWithConfig(ali_mns.AliMNSClientConfig{
		EndPoint: os.Getenv("MNS_ENDPOINT"), AccessKeyId: keyID, AccessKeySecret: secret, TimeoutSecond: 10})
	clients = sync.Pool{New: func() any {
		c, err := sdk.NewClientWithOptions(region, sdk.NewConfig().WithScheme("HTTP").WithHttpTransport(&http.Transport{}),
			credentials.NewAccessKeyCredential(keyID, secret))
		if err != nil {
			panic(err)
		}
		return c
	}}
	queues = sync.Pool{New: func() any { return ali_mns.NewMNSQueue("imagedrop-results", messages, 1_000_000) }}
)

func main() {
	http.DefaultTransport.(*http.Transport).MaxIdleConnsPerHost = 64
	fc.Start(handle)
}

func handle(ctx context.Context, _ []byte) error {
	content, err := read(ctx)
	if err != nil {
		return err
	}
	if err := describe(); err != nil {
		return err
	}
	id, err := create(content)
	if err != nil {
		return err
	}
	return send(id)
}

func read(ctx context.Context) (string, error) {
	res, err := objects.GetObject(ctx, &oss.GetObjectRequest{Bucket: oss.Ptr("imagedrop-templates"), Key: oss.Ptr("templates/bench.Dockerfile")})
	if err != nil {
		return "", err
	}
	defer res.Body.Close()
	text, err := io.ReadAll(res.Body)
	return string(text), err
}

func describe() error {
	req := ecs.CreateDescribeImageComponentsRequest()
	req.Domain = strings.TrimPrefix(os.Getenv("ECS_ENDPOINT"), "http://")
	req.Name = "bench"
	req.Tag = &[]ecs.DescribeImageComponentsTag{{Key: "imagedrop:digest", Value: digest}}
	c := clients.Get().(*sdk.Client)
	defer clients.Put(c)
	return c.DoAction(req, ecs.CreateDescribeImageComponentsResponse())
}

func create(content string) (string, error) {
	req := ecs.CreateCreateImageComponentRequest()
	req.Domain = strings.TrimPrefix(os.Getenv("ECS_ENDPOINT"), "http://")
	req.Name, req.ClientToken = "bench", digest
	req.FormParams["Content"] = content
	req.Tag = &[]ecs.CreateImageComponentTag{{Key: "imagedrop:job", Value: digest}, {Key: "imagedrop:digest", Value: digest}}
	res := ecs.CreateCreateImageComponentResponse()
	c := clients.Get().(*sdk.Client)
	defer clients.Put(c)
	err := c.DoAction(req, res)
	return res.ImageComponentId, err
}

func send(id string) error {
	q := queues.Get().(ali_mns.AliMNSQueue)
	defer queues.Put(q)
	_, err := q.SendMessage(ali_mns.MessageSendRequest{MessageBody: strings.Repeat("outcome "+id, 60), Priority: 8})
	return err
}

package ecsimage

import (
	"context"
	"slices"
	"strings"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
)

const (
	// listSize is MaxResults where much is listed; the API takes 1-500.
	// Source: DescribeImagePipelines and DescribeImagePipelineExecutions.
	listSize = 500

	// maxIDs is how many IDs one request may name.
	// Source: DescribeImagePipelines, ImagePipelineId.N; for ExecutionId no
	// number is documented.
	maxIDs = 20
)

func startRequest() (requests.AcsRequest, *requests.RpcRequest) {
	r := ecs.CreateStartImagePipelineExecutionRequest()
	return r, r.RpcRequest
}

func executionsRequest() (requests.AcsRequest, *requests.RpcRequest) {
	r := ecs.CreateDescribeImagePipelineExecutionsRequest()
	return r, r.RpcRequest
}

// Start implements imagebuild.Executions.
func (c *Client) Start(ctx context.Context, r imagebuild.StartRequest) (id string, err error) {
	form := map[string]string{"ImagePipelineId": r.PipelineID}
	tagged(form, r.Tags)
	return c.make(ctx, startRequest, r.RegionID, r.ClientToken, form)
}

// executions answers a list of executions.
type executions struct {
	head
	NextToken              text
	ImagePipelineExecution struct{ ImagePipelineExecutionSet []execution }
}

type execution struct {
	ExecutionId, ImagePipelineId, Status, Message, ImageId text
	CreationTime, ModifiedTime                             text
	Tags                                                   tags
}

func (e execution) described() imagebuild.Execution {
	return imagebuild.Execution{
		ID: string(e.ExecutionId), PipelineID: string(e.ImagePipelineId), Status: string(e.Status), Message: string(e.Message),
		ImageID: string(e.ImageId), CreationTime: string(e.CreationTime), ModifiedTime: string(e.ModifiedTime), Tags: e.Tags.list(),
	}
}

// Executions implements imagebuild.Executions.
func (c *Client) Executions(ctx context.Context, q imagebuild.ExecutionQuery) ([]imagebuild.Execution, error) {
	if q.PipelineID != "" {
		return c.executions(ctx, q, "")
	}
	if len(q.IDs) == 0 {
		return nil, fault.New(fault.Unknown, "ecsimage.Executions", "neither a pipeline nor an execution is asked for")
	}
	return inBatches(q.IDs, func(batch []string) ([]imagebuild.Execution, error) {
		return c.several(ctx, q, batch)
	})
}

// several asks for a batch of executions. That ExecutionId takes a list is not
// documented, only an error code tells of it. So what a list does not answer is
// asked for once more, one by one: where lists are unknown to the service, no
// execution is taken for deleted.
func (c *Client) several(ctx context.Context, q imagebuild.ExecutionQuery, ids []string) ([]imagebuild.Execution, error) {
	found, err := c.executions(ctx, q, strings.Join(ids, ","))
	if len(ids) == 1 {
		return found, err
	}
	if f := fault.Of(err); f != nil && !strings.HasPrefix(f.Code, "InvalidExecutionId") {
		return nil, err
	}
	for _, id := range ids {
		if slices.ContainsFunc(found, func(e imagebuild.Execution) bool { return e.ID == id }) {
			continue
		}
		one, err := c.executions(ctx, q, id)
		if err != nil {
			return nil, err
		}
		found = append(found, one...)
	}
	return found, nil
}

func (c *Client) executions(ctx context.Context, q imagebuild.ExecutionQuery, ids string) ([]imagebuild.Execution, error) {
	var found []imagebuild.Execution
	err := eachPage("ecsimage.Executions", func(token string) (string, error) {
		form := filters(imagebuild.Query{Tags: q.Tags}, token, listSize)
		form["ImagePipelineId"], form["ExecutionId"] = q.PipelineID, ids
		var a executions
		_, err := c.do(ctx, executionsRequest, q.RegionID, form, &a)
		for _, e := range a.ImagePipelineExecution.ImagePipelineExecutionSet {
			found = append(found, e.described())
		}
		return string(a.NextToken), err
	})
	if err != nil {
		return nil, err
	}
	return found, nil
}

// inBatches asks for all IDs, each once. An empty one is nobody's; sent, it
// would not restrict the answer.
func inBatches[T any](ids []string, ask func(batch []string) ([]T, error)) ([]T, error) {
	ids = slices.DeleteFunc(slices.Compact(slices.Sorted(slices.Values(ids))), func(id string) bool { return id == "" })
	var found []T
	for batch := range slices.Chunk(ids, maxIDs) {
		some, err := ask(batch)
		if err != nil {
			return nil, err
		}
		found = append(found, some...)
	}
	return found, nil
}

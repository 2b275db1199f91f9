package ecsimage

import (
	"context"
	"strconv"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/requests"
	"github.com/aliyun/alibaba-cloud-sdk-go/services/ecs"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
)

const (
	// imagesSize is PageSize; the API takes 1-100, default 10.
	// Source: DescribeImages.
	imagesSize = 100

	// anyStatus asks for images in every status; without it only those that are
	// Available are listed. Source: DescribeImages, Status.
	anyStatus = "Creating,Waiting,Available,UnAvailable,CreateFailed,Deprecated"
)

func familyRequest() (requests.AcsRequest, *requests.RpcRequest) {
	r := ecs.CreateDescribeImageFromFamilyRequest()
	return r, r.RpcRequest
}

func imagesRequest() (requests.AcsRequest, *requests.RpcRequest) {
	r := ecs.CreateDescribeImagesRequest()
	return r, r.RpcRequest
}

type image struct{ ImageId, ImageName, Status text }

// Newest implements imagebuild.Images.
func (c *Client) Newest(ctx context.Context, regionID, family string) (imageID string, err error) {
	var a struct {
		head
		Image image
	}
	_, err = c.do(ctx, familyRequest, regionID, map[string]string{"ImageFamily": family}, &a)
	return string(a.Image.ImageId), err
}

// images answers a list of images, which is paged by number.
type images struct {
	head
	TotalCount text
	Images     struct{ Image []image }
}

// Images implements imagebuild.Images. Whether the service matches a name
// exactly is not documented, so names are compared once more.
func (c *Client) Images(ctx context.Context, q imagebuild.ImageQuery) ([]imagebuild.Image, error) {
	if q.ID == "" && q.Name == "" {
		return nil, fault.New(fault.Unknown, "ecsimage.Images", "neither an ID nor a name is asked for")
	}
	var found []imagebuild.Image
	for number := 1; ; number++ {
		var a images
		if _, err := c.do(ctx, imagesRequest, q.RegionID, imageFilters(q, number), &a); err != nil {
			return nil, err
		}
		for _, i := range a.Images.Image {
			if (q.Name == "" || string(i.ImageName) == q.Name) && (q.ID == "" || string(i.ImageId) == q.ID) {
				found = append(found, imagebuild.Image{ID: string(i.ImageId), Name: string(i.ImageName), Status: string(i.Status)})
			}
		}
		total, _ := strconv.Atoi(string(a.TotalCount)) // no number: one page
		if len(a.Images.Image) == 0 || number*imagesSize >= total {
			return found, nil
		}
	}
}

func imageFilters(q imagebuild.ImageQuery, number int) map[string]string {
	return map[string]string{
		"ImageId": q.ID, "ImageName": q.Name, "ImageOwnerAlias": "self", "Status": anyStatus,
		"PageNumber": strconv.Itoa(number), "PageSize": strconv.Itoa(imagesSize),
	}
}

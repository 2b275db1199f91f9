package stack_test

import (
	"fmt"
	"testing"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/stretchr/testify/require"
)

// With --strict a template imports only what the local OSS has, when it is made
// and whenever it is built; otherwise the object may be anywhere.
func TestImportsOfTemplates(t *testing.T) {
	for _, strict := range []bool{false, true} {
		t.Run(fmt.Sprint(strict), func(t *testing.T) {
			opt := options()
			opt.Strict = strict
			c := start(t, opt)
			const disk = "ImportImageOptions.DiskDeviceMappings.1."
			template := map[string]string{"RegionId": c.e.Region, "BaseImageType": "OSS", disk + "OSSBucket": c.e.Bucket, disk + "OSSObject": "disk.qcow2"}
			var made struct{ ImagePipelineId string }
			err := c.try("CreateImagePipeline", template, &made)
			if !strict {
				require.NoError(t, err)
				return
			}
			require.ErrorContains(t, err, "InvalidImportImageOptionsDiskDeviceMappingsOSSObject.NotFound")
			c.put("disk.qcow2", "a disk")
			c.ask("CreateImagePipeline", template, &made)
			_, err = c.objects().DeleteObject(t.Context(), &oss.DeleteObjectRequest{Bucket: oss.Ptr(c.e.Bucket), Key: oss.Ptr("disk.qcow2")})
			require.NoError(t, err)
			err = c.try("StartImagePipelineExecution", map[string]string{"RegionId": c.e.Region, "ImagePipelineId": made.ImagePipelineId}, nil)
			require.ErrorContains(t, err, "InvalidImagePipeline.OSSObjectNotFound")
		})
	}
}

package ecs

import (
	"slices"
	"strings"
	"testing"
)

// Earlier checks win, in an order chosen here: the documents name none.
func TestOrderOfChecks(t *testing.T) {
	c := newCloud(t, Options{PipelineQuota: 1})
	steps := []struct {
		code string
		set  params
	}{
		{"MissingParameter.BaseImageType", params{"BaseImageType": "-"}},
		{"InvalidParameter.ClientToken", params{"ClientToken": strings.Repeat("x", 65)}},
		{"InvalidName.Malformed", params{"Name": "_"}},
		{"InvalidTagKey.Malformed", params{"Tag.1.Key": "aliyun"}},
		{"InvalidParameter.TestContent", params{"TestContent": strings.Repeat("#", 16385)}},
		{"InvalidImageTemplateCommandSize.ExceededMaxNumber", params{"TestContent": strings.Repeat("RUN x\n", 128)}},
		{"EmptyCommandContent.USER", params{"BuildContent": "USER\nBAD\nCOMPONENT ic-1"}},
		{"InvalidImage.NotFound", params{"BaseImage": "x"}},
		{"ImageComponent.NotFound", params{"BuildContent": "COMPONENT ic-1"}},
		{"InvalidResourceGroup.NotFound", params{"ResourceGroupId": "x"}},
		{"InvalidVSwitchId.NotFound", params{"VSwitchId": "x"}},
		{"InvalidInstanceType.NotFound", params{"InstanceType": "x"}},
		{"QuotaExceed.ImagePipeline", nil},
	}
	c.mustCreate(opPipeline, nil)
	for i := range steps {
		form := minimal(opPipeline)
		for _, later := range slices.Backward(steps[i:]) { // a later mistake hides none before it
			form = form.with(later.set)
		}
		_, err := c.create(c.client(), opPipeline, form)
		requireRefused(t, err, rowOf(steps[i].code).status, steps[i].code)
	}
}

package ecs

import (
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
)

// elsewhere is a request that a code of another operation answers: set changes
// the least that the operation takes.
type elsewhere struct {
	action, code string
	set          params
	before       func(*cloud) params
}

// leastOf is the least that the other operations take besides RegionId.
var leastOf = map[string]params{
	"TagResources":      {"ResourceType": "imagecomponent", "ResourceId.1": "ic-unknown", "Tag.1.Key": "k"},
	"UntagResources":    {"ResourceType": "imagecomponent", "ResourceId.1": "ic-unknown", "TagKey.1": "k"},
	"ListTagResources":  {"ResourceType": "imagecomponent", "Tag.1.Key": "k"},
	"JoinResourceGroup": {"ResourceType": "imagecomponent", "ResourceId": "ic-unknown", "ResourceGroupId": "rg-one1"},
}

func provokedElsewhere() []elsewhere {
	running := func(c *cloud) params {
		pipeline, execution := c.build(nil)
		return params{"ImagePipelineId": pipeline, "ExecutionId": execution}
	}
	list := []elsewhere{
		{"DescribeImageComponents", "InvalidParameter.Owner", params{"Owner": "self"}, nil},
		{"DescribeImageComponents", "InvalidImageComponentIdSize.ExceededMaxNumber", numbered("ImageComponentId", 21, "ic-1"), nil},
		{"DescribeImageComponents", "InvalidSystemType.NotSupportedValue", params{"SystemType": "linux"}, nil},
		{"DescribeImageComponents", "InvalidComponentType.NotSupportedValue", params{"ComponentType": "build"}, nil},
		{"DescribeImageComponents", "InvalidParameter.ComponentVersion", params{"Name": "web", "ComponentVersion": "*.*.1"}, nil},
		{"DescribeImageComponents", "Invalid.NextToken", params{"NextToken": "x"}, nil},
		{"DescribeImagePipelines", "InvalidImagePipelineIdSize.ExceededMaxNumber", numbered("ImagePipelineId", 21, "ip-1"), nil},
		{"DescribeImagePipelines", "InvalidName.Malformed", params{"Name": "1st"}, nil},
		{"DescribeImagePipelines", "Invalid.NextToken", params{"NextToken": "x"}, nil},
		{"DescribeImagePipelineExecutions", "InvalidParameter.Status", params{"ExecutionId": "exec-1", "Status": "DONE"}, nil},
		{"DescribeImagePipelineExecutions", "MissingParameter.ImagePipelineId", nil, nil},
		{"DescribeImagePipelineExecutions", "InvalidExecutionId.SizeExceeded", params{"ExecutionId": strings.Repeat("exec-1,", 21)}, nil},
		{"DescribeImagePipelineExecutions", "Invalid.NextToken", params{"ExecutionId": "exec-1", "NextToken": "x"}, nil},
		{"DescribeImagePipelineExecutions", "InvalidImagePipeline.NotFound", params{"ImagePipelineId": "ip-unknown"}, nil},
		{"DeleteImageComponent", "InvalidImageComponent.InUse", nil, func(c *cloud) params {
			id := c.mustCreate(opComponent, nil)
			c.mustCreate(opPipeline, params{"BuildContent": "COMPONENT " + id})
			return params{"ImageComponentId": id}
		}},
		{"DeleteImageComponent", "InvalidImageComponent.NotFound", params{"ImageComponentId": "ic-unknown"}, nil},
		{"DeleteImagePipeline", "InvalidImagePipeline.HasRunningExecution", nil, running},
		{"DeleteImagePipeline", "InvalidImagePipeline.NotFound", params{"ImagePipelineId": "ip-unknown"}, nil},
		{"CancelImagePipelineExecution", "InvalidStatus.CancelFailed", nil, func(c *cloud) params {
			defer c.clock.Advance(longest)
			return running(c)
		}},
		{"CancelImagePipelineExecution", "InvalidStatus.ImagePipelineExecution", nil, func(c *cloud) params {
			defer c.clock.Advance(2 * step)
			return running(c)
		}},
		{"CancelImagePipelineExecution", "InvalidImagePipelineExecution.NotFound", params{"ExecutionId": "exec-unknown"}, nil},
		{"DescribeImageFromFamily", "InvalidRegionId.NotFound", params{"RegionId": "mars-1", "ImageFamily": "web"}, nil},
		{"DescribeRegions", "InvalidAcceptLanguage.NotFound", params{"AcceptLanguage": "tlh"}, nil},
		{"DescribeRegions", "InvalidResourceType.NotFound", params{"ResourceType": "image"}, nil},
		{"JoinResourceGroup", "MissingParameter", params{"RegionId": "-"}, nil},
		{"JoinResourceGroup", "MissingParameter", params{"ResourceId": "-"}, nil},
		{"JoinResourceGroup", "MissingParameter", params{"ResourceGroupId": "-"}, nil},
		{"JoinResourceGroup", "InvalidResourceType.NotFound", params{"ResourceType": "-"}, nil},
		{"JoinResourceGroup", "InvalidResourceType.NotFound", params{"ResourceType": "imagepipelineexecution"}, nil},
		{"JoinResourceGroup", "InvalidResourceGroup.NotFound", params{"ResourceGroupId": "group"}, nil},
		{"JoinResourceGroup", "InvalidResourceId.NotFound", params{"ResourceType": "imagepipeline"}, nil},
		{"JoinResourceGroup", "InvalidResourceGroup.Duplicate", nil, func(c *cloud) params {
			return params{"ResourceId": c.mustCreate(opComponent, params{"ResourceGroupId": "rg-one1"})}
		}},
		{"TagResources", "NumberExceed.Tags", tagged(21), nil},
		{"TagResources", "Duplicate.TagKey", params{"Tag.2.Key": "k"}, nil},
		{"TagResources", "InvalidTagKey.Malformed", params{"Tag.1.Key": "aliyun.k"}, nil},
		{"TagResources", "InvalidTagKey.Malformed", params{"Tag.2.Value": "v"}, nil},
		{"TagResources", "InvalidTagValue.Malformed", params{"Tag.1.Value": "acs:v"}, nil},
		{"TagResources", "MissingParameter.Tags", params{"Tag.1.Key": "-"}, nil},
		{"TagResources", "OperationDenied.QuotaExceed", nil,
			func(c *cloud) params { return params{"ResourceId.1": c.mustCreate(opComponent, tagged(20))} }},
		{"UntagResources", "MissingParameter.Tags", params{"TagKey.1": "-", "All": "false"}, nil},
		{"UntagResources", "NumberExceed.Tags", numbered("TagKey", 21, "k"), nil},
		{"ListTagResources", "MissingParameter.Tags", params{"Tag.1.Key": "-"}, nil},
		{"ListTagResources", "NumberExceed.Tags", tagged(21), nil},
		{"ListTagResources", "Duplicate.TagKey", params{"Tag.2.Key": "k"}, nil},
		{"ListTagResources", "InvalidTagKey.Malformed", params{"Tag.1.Key": strings.Repeat("k", 129)}, nil},
		{"ListTagResources", "InvalidTagKey.Malformed", params{"Tag.1.Key": "-", "TagFilter.1.TagValues.1": "v"}, nil},
		{"ListTagResources", "InvalidTagValue.Malformed", params{"Tag.1.Value": strings.Repeat("v", 129)}, nil},
		{"ListTagResources", "InvalidTagValue.Malformed",
			params{"Tag.1.Key": "-", "TagFilter.1.TagKey": "k", "TagFilter.1.TagValues.1": strings.Repeat("v", 129)}, nil},
		{"ListTagResources", "InvalidParameter.TagValue", params{"Tag.1.Key": "-", "Tag.1.Value": "v"}, nil},
		{"ListTagResources", "InvalidParameter.TagValue", params{"Tag.1.Key": groupTag}, nil},
		{"ListTagResources", "InvalidParameter.TagValue", params{"Tag.1.Key": groupTag, "Tag.1.Value": "rg-one1", "Tag.2.Key": "k"}, nil},
	}
	for _, action := range []string{"TagResources", "UntagResources", "ListTagResources"} {
		list = append(list,
			elsewhere{action, "MissingParameter.RegionId", params{"RegionId": "-"}, nil},
			elsewhere{action, "MissingParameter.ResourceType", params{"ResourceType": "-"}, nil},
			elsewhere{action, "InvalidRegionId.NotFound", params{"RegionId": "mars-1"}, nil},
			elsewhere{action, "InvalidResourceType.NotFound", params{"ResourceType": "instance"}, nil},
			elsewhere{action, "InvalidResourceType.NotFound", params{"ResourceType": "ImageComponent"}, nil},
			elsewhere{action, "NumberExceed.ResourceIds", numbered("ResourceId", 51, "ic-1"), nil},
			elsewhere{action, "InvalidResourceId.NotFound", params{"ResourceId.1": "ic-unknown"}, nil},
			elsewhere{action, "InvalidResourceId.NotFound", nil,
				func(c *cloud) params { return params{"ResourceId.1": c.mustCreate(opPipeline, nil)} }})
	}
	return list
}

// provokedAtTheGateway maps a code to a call that it answers.
func provokedAtTheGateway() map[string]func(*cloud) answerBody {
	call := params{"Action": "DescribeImageComponents", "RegionId": "cn-hangzhou"}
	signedWith := func(key account.Key, changes params) func(*cloud) answerBody {
		return func(c *cloud) answerBody {
			p := c.unsigned(call).with(params{"AccessKeyId": key.AccessKeyID}).with(changes)
			p["Signature"] = signature("GET", p, key.Secret)
			return c.exchange("GET", p, nil)
		}
	}
	own := account.Key{AccessKeyID: account.AccessKeyID, Secret: account.AccessKeySecret}
	temporary := func(token func(account.Key) string, lives time.Duration) func(*cloud) answerBody {
		return func(c *cloud) answerBody {
			key := c.account.Keys.Issue(c.clock.Now().Add(lives))
			return signedWith(key, params{"SecurityToken": token(key)})(c)
		}
	}
	return map[string]func(*cloud) answerBody{
		"InvalidAccessKeyId.NotFound": signedWith(account.Key{AccessKeyID: "LTAI0"}, nil),
		"SignatureDoesNotMatch":       signedWith(account.Key{AccessKeyID: account.AccessKeyID, Secret: "wrong"}, nil),
		"IncompleteSignature":         signedWith(own, params{"SignatureVersion": "2.0"}),
		"InvalidTimeStamp.Expired":    signedWith(own, params{"Timestamp": "2014-05-26T12:00:00Z"}),
		"InvalidTimeStamp.Format":     signedWith(own, params{"Timestamp": "yesterday"}),
		"InvalidApi.NotFound":         signedWith(own, params{"Action": "RunInstances"}),
		"NoSuchVersion":               signedWith(own, params{"Version": "2013-01-10"}),
		"SignatureNonceUsed": func(c *cloud) answerBody {
			again := signedWith(own, params{"SignatureNonce": "once"})
			again(c)
			return again(c)
		},
		"UnsupportedOperation":                       func(c *cloud) answerBody { return c.raw("PUT", call) },
		"MissingSecurityToken":                       temporary(func(account.Key) string { return "-" }, time.Hour),
		"InvalidSecurityToken.Malformed":             temporary(func(account.Key) string { return "token" }, time.Hour),
		"InvalidSecurityToken.MismatchWithAccessKey": temporary(func(key account.Key) string { return key.Token + "0" }, time.Hour),
		"InvalidSecurityToken.Expired":               temporary(func(key account.Key) string { return key.Token }, 0),
		"IdempotentParameterMismatch": func(c *cloud) answerBody {
			c.mustCreate(opComponent, params{"ClientToken": "job-1"})
			return c.raw("POST", params{"Action": "CreateImageComponent", "RegionId": "cn-hangzhou", "Content": "RUN false", "ClientToken": "job-1"})
		},
	}
}

// Every documented code of the other operations and of the gateway is provoked,
// with its status, or has a reason; and the tables hold no other.
func TestErrorsOfTheOtherOperations(t *testing.T) {
	listed, reasons := map[string]int{}, map[string]string{}
	for line := range strings.Lines(documentedElsewhere) {
		fields := strings.SplitN(strings.TrimSpace(line), " ", 4)
		if len(fields) < 3 {
			continue
		}
		key := fields[1] + " " + fields[2]
		require.NotContains(t, listed, key)
		listed[key] = statusOf(t, fields[0])
		reasons[key] = strings.Join(fields[3:], "")
	}
	provoked := map[string]bool{}
	check := func(action, code string, answer func(*cloud) answerBody) {
		key := action + " " + code
		t.Run(key, func(t *testing.T) {
			a := answer(newCloud(t, Options{}))
			require.Equal(t, fmt.Sprint(listed[key], " ", code), a.code(), a.text)
			require.NotContains(t, a.fields["Message"], "%s")
		})
		provoked[key] = true
	}
	for _, e := range provokedElsewhere() {
		check(e.action, e.code, func(c *cloud) answerBody {
			form := params{"Action": e.action, "RegionId": "cn-hangzhou"}.with(leastOf[e.action]).with(e.set)
			if e.before != nil {
				form = form.with(e.before(c))
			}
			return c.raw("POST", form)
		})
	}
	for code, answer := range provokedAtTheGateway() {
		check("gateway", code, answer)
	}
	codes := map[string]bool{}
	for key := range listed {
		require.Equal(t, reasons[key] == "", provoked[key], "%s: %q", key, reasons[key])
		_, code, _ := strings.Cut(key, " ")
		codes[code] = true
	}
	for _, table := range []map[string]row{otherCodes, tagCodes, groupCodes, regionCodes} {
		for code := range table {
			require.True(t, codes[code], "%s is in no documented table", code)
		}
	}
}

func statusOf(t *testing.T, s string) int {
	status, err := strconv.Atoi(s)
	require.NoError(t, err)
	return status
}

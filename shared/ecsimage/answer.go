package ecsimage

import (
	"cmp"
	"encoding/json"

	"github.com/aliyun/alibaba-cloud-sdk-go/sdk/responses"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/template"
)

// The types of this package hold what is read of an answer. The SDK's own embed
// its http.Response, and its JSON decoder studies all that hangs on a type at
// the first use: a third of the time that the first event takes.

// answer is what is read of the answer to one operation.
type answer interface{ common() *head }

// head is what every answer has.
type head struct{ RequestId, Code, Message text }

func (h *head) common() *head { return h }

// made answers what makes something.
type made struct {
	head
	ImageComponentId, ImagePipelineId, ExecutionId text
}

func (a *made) id() string {
	return string(cmp.Or(a.ImageComponentId, a.ImagePipelineId, a.ExecutionId))
}

// resources answers a list of components or pipelines.
type resources struct {
	head
	NextToken, TotalCount text
	ImageComponent        struct{ ImageComponentSet []entry }
	ImagePipeline         struct{ ImagePipelineSet []entry }
}

func (a *resources) entries(kind template.Kind) []entry {
	if kind == template.Pipeline {
		return a.ImagePipeline.ImagePipelineSet
	}
	return a.ImageComponent.ImageComponentSet
}

// entry is one component or pipeline of a list.
type entry struct {
	ImageComponentId, ImagePipelineId    text
	Name, ComponentVersion, CreationTime text
	Tags                                 tags
}

func (e entry) resource(kind template.Kind) imagebuild.Resource {
	return imagebuild.Resource{
		Kind: kind, ID: string(cmp.Or(e.ImageComponentId, e.ImagePipelineId)), Name: string(e.Name),
		Version: string(e.ComponentVersion), CreationTime: string(e.CreationTime), Tags: e.Tags.list(),
	}
}

// tags are those of one entry. These operations fill TagKey and TagValue of a
// tag, others of the service Key and Value.
type tags struct {
	Tag []struct{ TagKey, TagValue, Key, Value text }
}

func (t tags) list() []imagebuild.Tag {
	var out []imagebuild.Tag
	for _, tag := range t.Tag {
		out = append(out, imagebuild.Tag{Key: string(cmp.Or(tag.TagKey, tag.Key)), Value: string(cmp.Or(tag.TagValue, tag.Value))})
	}
	return out
}

// text is a string; it also reads a number or a truth value, as the SDK does.
type text string

// UnmarshalJSON implements json.Unmarshaler.
func (t *text) UnmarshalJSON(raw []byte) error {
	if raw[0] == '"' || raw[0] == '{' || raw[0] == '[' || string(raw) == "null" {
		return json.Unmarshal(raw, (*string)(t))
	}
	*t = text(raw)
	return nil
}

// read reads an answer of success. The SDK goes by the status alone: the answer
// may carry an error code all the same, or not be the service's. Of a look-up
// both would read as "there is none".
func read(op string, raw responses.AcsResponse, secrets []string, into answer) error {
	if json.Unmarshal(raw.GetHttpContentBytes(), into) != nil {
		return fault.New(fault.Retryable, op, "the answer is not the service's JSON")
	}
	h := into.common()
	if h.Code != "" {
		return codes.Fault(op, sdkclient.Refusal{
			Code: string(h.Code), Message: string(h.Message), RequestID: string(h.RequestId), Status: raw.GetHttpStatus(),
		}, secrets)
	}
	if h.RequestId == "" {
		return fault.New(fault.Retryable, op, "the answer carries no RequestId")
	}
	return nil
}

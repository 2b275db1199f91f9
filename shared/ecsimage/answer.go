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

// answer is what is read of an answer, whichever operation's. The SDK's own
// types embed its http.Response, and its JSON decoder studies all that hangs on
// a type at the first use: a third of the time that the first event takes.
type answer struct {
	RequestId, Code, Message          text
	ImageComponentId, ImagePipelineId text // of a create
	NextToken, TotalCount             text
	ImageComponent                    struct{ ImageComponentSet []entry }
	ImagePipeline                     struct{ ImagePipelineSet []entry }
}

func (a *answer) id(kind template.Kind) string {
	if kind == template.Pipeline {
		return string(a.ImagePipelineId)
	}
	return string(a.ImageComponentId)
}

func (a *answer) entries(kind template.Kind) []entry {
	if kind == template.Pipeline {
		return a.ImagePipeline.ImagePipelineSet
	}
	return a.ImageComponent.ImageComponentSet
}

// entry is one component or pipeline of a list. These operations fill TagKey
// and TagValue of a tag, others of the service Key and Value.
type entry struct {
	ImageComponentId, ImagePipelineId    text
	Name, ComponentVersion, CreationTime text
	Tags                                 struct {
		Tag []struct{ TagKey, TagValue, Key, Value text }
	}
}

func (e entry) resource(kind template.Kind) imagebuild.Resource {
	r := imagebuild.Resource{
		Kind: kind, ID: string(cmp.Or(e.ImageComponentId, e.ImagePipelineId)), Name: string(e.Name),
		Version: string(e.ComponentVersion), CreationTime: string(e.CreationTime),
	}
	for _, t := range e.Tags.Tag {
		r.Tags = append(r.Tags, imagebuild.Tag{Key: string(cmp.Or(t.TagKey, t.Key)), Value: string(cmp.Or(t.TagValue, t.Value))})
	}
	return r
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
func read(op string, raw responses.AcsResponse, secrets []string) (answer, error) {
	var a answer
	if json.Unmarshal(raw.GetHttpContentBytes(), &a) != nil {
		return a, fault.New(fault.Retryable, op, "the answer is not the service's JSON")
	}
	if a.Code != "" {
		return a, codes.Fault(op, sdkclient.Refusal{
			Code: string(a.Code), Message: string(a.Message), RequestID: string(a.RequestId), Status: raw.GetHttpStatus(),
		}, secrets)
	}
	if a.RequestId == "" {
		return a, fault.New(fault.Retryable, op, "the answer carries no RequestId")
	}
	return a, nil
}

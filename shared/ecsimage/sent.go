package ecsimage

import (
	"bytes"
	"context"
	"encoding/json"
	"slices"
	"sort"

	"imagedrop/shared/template"
)

// described answers a list of components or pipelines with everything that the
// service says of each.
type described struct {
	head
	ImageComponent struct{ ImageComponentSet []members }
	ImagePipeline  struct{ ImagePipelineSet []members }
}

type members map[string]any

// UnmarshalJSON implements json.Unmarshaler.
func (m *members) UnmarshalJSON(raw []byte) error {
	decoder := json.NewDecoder(bytes.NewReader(raw))
	decoder.UseNumber()
	return decoder.Decode((*map[string]any)(m))
}

// idFilter names the filter by ID of the describe of each kind.
var idFilter = map[template.Kind]string{template.Component: "ImageComponentId.1", template.Pipeline: "ImagePipelineId.1"}

// notSent are the members that no create sets.
var notSent = []string{"ImageComponentId", "ImagePipelineId", "CreationTime", "Owner", "Parameters"}

// Sent implements imagebuild.Surroundings. A value that was not sent and that
// the service answers as its default is among them. An ID may be that of a
// component which Alibaba Cloud offers.
func (c *Client) Sent(ctx context.Context, kind template.Kind, regionID, id string) ([]template.Parameter, error) {
	form := map[string]string{idFilter[kind]: id}
	found, err := c.sent(ctx, kind, regionID, id, form)
	if err == nil && found == nil && kind == template.Component {
		form["Owner"] = ownerAlibaba
		found, err = c.sent(ctx, kind, regionID, id, form)
	}
	return found, err
}

func (c *Client) sent(ctx context.Context, kind template.Kind, regionID, id string, form map[string]string) ([]template.Parameter, error) {
	var a described
	if _, err := c.do(ctx, describes[kind], regionID, form, &a); err != nil {
		return nil, err
	}
	for _, m := range append(a.ImageComponent.ImageComponentSet, a.ImagePipeline.ImagePipelineSet...) {
		if m["ImageComponentId"] == id || m["ImagePipelineId"] == id {
			return m.parameters(), nil
		}
	}
	return nil, nil
}

func (m members) parameters() []template.Parameter {
	f := flat{zeros: true, out: []template.Parameter{}}
	for name, value := range m {
		switch {
		case slices.Contains(notSent, name):
		case name == "Tags":
			f.add("Tag", value)
		default:
			f.add(renamed(name), value)
		}
	}
	sort.Slice(f.out, func(a, b int) bool { return f.out[a].Name < f.out[b].Name }) // as in template.Sort
	return f.out
}

package ecs

import (
	"encoding/json"
	"fmt"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// bench calls the handler without a network between.
type bench struct{ *cloud }

func newBench(b *testing.B) bench {
	st, err := store.OpenMemory()
	require.NoError(b, err)
	b.Cleanup(func() { st.Close() })
	clock := account.NewManualClock(account.SystemClock{}.Now())
	return bench{&cloud{t: b, clock: clock, handler: New(account.NewAt(clock), st, Options{})}}
}

func (b bench) call(p params) string {
	request := httptest.NewRequest("POST", "/", strings.NewReader(encoded(b.signed("POST", p))))
	answer := httptest.NewRecorder()
	b.handler.ServeHTTP(answer, request)
	require.Equal(b.t, 200, answer.Code, answer.Body)
	return answer.Body.String()
}

// create makes component i, with the tags that imagedrop gives.
func (b bench) create(name string, i int) {
	b.call(params{"Action": "CreateImageComponent", "RegionId": "cn-hangzhou", "Name": name, "ClientToken": fmt.Sprint("job", i),
		"Content": "RUN echo " + strings.Repeat("x", 1000), "Tag.1.Key": "imagedrop:job", "Tag.1.Value": fmt.Sprint("job", i),
		"Tag.2.Key": "imagedrop:digest", "Tag.2.Value": fmt.Sprint("digest", i)})
}

// The look-up before a create: one name, one tag. Its cost must not depend on
// how many versions the name has.
func BenchmarkLookUp(b *testing.B) {
	for _, versions := range []int{1, 20, 100} {
		b.Run(fmt.Sprint("versions=", versions), func(b *testing.B) {
			c := newBench(b)
			for i := range versions {
				c.create("web", i)
			}
			for b.Loop() {
				answer := c.call(params{"Action": "DescribeImageComponents", "RegionId": "cn-hangzhou", "Name": "web",
					"Tag.1.Key": "imagedrop:digest", "Tag.1.Value": "digest0"})
				require.Contains(b, answer, `"TotalCount":1`)
			}
		})
	}
}

// A create among many resources.
func BenchmarkCreate(b *testing.B) {
	for _, existing := range []int{100, 10_000} {
		b.Run(fmt.Sprint("existing=", existing), func(b *testing.B) {
			c := newBench(b)
			for i := range existing {
				c.create(fmt.Sprint("web", i), i)
			}
			i := existing
			for b.Loop() {
				c.create(fmt.Sprint("web", i), i)
				i++
			}
		})
	}
}

// The question of rebuild and watch: the executions of one template that carry
// a tag. Its cost must not depend on how many templates there are.
func BenchmarkExecutionsOfATemplate(b *testing.B) {
	for _, templates := range []int{10, 1000} {
		b.Run(fmt.Sprint("templates=", templates), func(b *testing.B) {
			c := newBench(b)
			var id string
			for i := range templates {
				made := c.call(params{"Action": "CreateImagePipeline", "RegionId": "cn-hangzhou"}.with(minimal(opPipeline)))
				var answer struct{ ImagePipelineId string }
				require.NoError(b, json.Unmarshal([]byte(made), &answer))
				id = answer.ImagePipelineId
				c.call(params{"Action": "StartImagePipelineExecution", "RegionId": "cn-hangzhou", "ImagePipelineId": id,
					"Tag.1.Key": "imagedrop:job", "Tag.1.Value": fmt.Sprint("job", i)})
			}
			for b.Loop() {
				answer := c.call(params{"Action": "DescribeImagePipelineExecutions", "RegionId": "cn-hangzhou", "ImagePipelineId": id,
					"Tag.1.Key": "imagedrop:job", "Tag.1.Value": fmt.Sprint("job", templates-1)})
				require.Contains(b, answer, `"TotalCount":1`)
			}
		})
	}
}

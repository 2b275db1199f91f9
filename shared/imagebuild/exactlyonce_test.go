package imagebuild_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

func sha(s string) string {
	sum := sha256.Sum256([]byte(s))
	return hex.EncodeToString(sum[:])
}

const (
	jobTag    = "imagedrop:job"
	digestTag = "imagedrop:digest"
)

// requestOf returns what is sent for a template.
func requestOf(t *testing.T, job, content string) imagebuild.Request {
	t.Helper()
	c := &cloud{}
	require.NoError(t, run(plainBuilder(content, c, &inbox{}), upload(job)).Err)
	require.Len(t, c.creates, 1)
	return c.creates[0]
}

func digestOf(t *testing.T, text string) string {
	t.Helper()
	tags := tags(requestOf(t, "any", text))
	require.Equal(t, digestTag, tags[len(tags)-1].Key)
	return tags[len(tags)-1].Value
}

func TestLookUpBeforeCreate(t *testing.T) {
	const pinned = "# ---\n# componentVersion: 1.2.0\n# ---\nRUN true\n"
	resource := func(id, version, created, job, digest string) imagebuild.Resource {
		return imagebuild.Resource{ID: id, Name: "web", Version: version, CreationTime: created,
			Tags: []imagebuild.Tag{{Key: jobTag, Value: job}, {Key: digestTag, Value: digest}}}
	}
	const day1, day2 = "2026-05-01T00:00:00Z", "2026-05-02T00:00:00Z"
	d, dp, dv := digestOf(t, component), digestOf(t, pipeline), digestOf(t, pinned)
	tests := []struct {
		name     string
		template string
		kind     template.Kind
		there    []imagebuild.Resource
		status   imagebuild.Status
		id       string
		queries  int
	}{
		{"nothing there", component, template.Component, nil, imagebuild.Created, "new", 1},
		{"the job's own", component, template.Component,
			[]imagebuild.Resource{resource("a", "1.0.0", day1, "job", d)}, imagebuild.Created, "a", 1},
		{"the job's own, though not the newest", component, template.Component,
			[]imagebuild.Resource{resource("a", "1.0.0", day1, "job", d), resource("b", "2.0.0", day2, "x", d)}, imagebuild.Created, "a", 1},
		{"another's, the newest", component, template.Component,
			[]imagebuild.Resource{resource("a", "1.0.0", day1, "x", "other"), resource("b", "2.0.0", day2, "y", d)}, imagebuild.Unchanged, "b", 2},
		{"another's, not the newest", component, template.Component,
			[]imagebuild.Resource{resource("a", "1.0.0", day1, "x", d), resource("b", "2.0.0", day2, "y", "other")}, imagebuild.Created, "new", 2},
		{"versions count as numbers", component, template.Component,
			[]imagebuild.Resource{resource("a", "10.0.0", day1, "x", d), resource("b", "9.9.99", day2, "y", "other")}, imagebuild.Unchanged, "a", 3},
		{"several of another's", component, template.Component,
			[]imagebuild.Resource{resource("a", "1.0.0", day1, "x", d), resource("b", "2.0.0", day2, "y", "other"),
				resource("c", "3.0.0", day2, "z", d)}, imagebuild.Unchanged, "c", 2},
		{"another's, pinned", pinned, template.Component,
			[]imagebuild.Resource{resource("a", "1.2.0", day1, "x", dv), resource("b", "7.0.0", day2, "y", "other")}, imagebuild.Unchanged, "a", 1},
		{"pipeline: another's, the latest", pipeline, template.Pipeline,
			[]imagebuild.Resource{resource("z", "", day1, "x", "other"), resource("a", "", day2, "y", dp)}, imagebuild.Unchanged, "a", 2},
		{"pipeline: another's, not the latest", pipeline, template.Pipeline,
			[]imagebuild.Resource{resource("z", "", day1, "x", dp), resource("a", "", day2, "y", "other")}, imagebuild.Created, "new", 2},
		{"pipeline: of one second, by id", pipeline, template.Pipeline,
			[]imagebuild.Resource{resource("a", "", day1, "x", "other"), resource("b", "", day1, "y", dp)}, imagebuild.Unchanged, "b", 2},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			for i := range test.there {
				test.there[i].Kind = test.kind
			}
			c, box := &cloud{all: test.there}, &inbox{}
			builder := &imagebuild.Builder{Objects: text(test.template), Publisher: imagebuild.Publisher{Outbox: box}, Resources: resources{
				find:   func(q imagebuild.Query) ([]imagebuild.Resource, error) { return c.Find(context.Background(), q) },
				create: func(imagebuild.Request) (string, error) { return "new", nil },
			}}
			require.NoError(t, run(builder, upload("job")).Err)
			require.Equal(t, test.status, box.only(t).Data.Status)
			require.Equal(t, test.id, box.only(t).Data.Resource.ID)
			require.Len(t, c.queries, test.queries)
			for _, q := range c.queries {
				require.Equal(t, []any{test.kind, "cn-hangzhou", "web"}, []any{q.Kind, q.RegionID, q.Name})
			}
		})
	}
}

func TestLookUpSkipped(t *testing.T) {
	c, box := &cloud{}, &inbox{}
	require.NoError(t, run(&imagebuild.Builder{Objects: text(component), Resources: c, Publisher: imagebuild.Publisher{Outbox: box}, SkipLookup: true}, upload("a")).Err)
	require.NoError(t, run(&imagebuild.Builder{Objects: text(component), Resources: c, Publisher: imagebuild.Publisher{Outbox: box}, SkipLookup: true}, upload("b")).Err)
	require.NoError(t, run(&imagebuild.Builder{Resources: c, Publisher: imagebuild.Publisher{Outbox: box}}, message("c", `{"content":"RUN true"}`)).Err, "a job without a name")
	require.Empty(t, c.queries)
	require.Len(t, c.all, 3)
}

// A service that filters less than it is asked to must not make a job unchanged.
func TestLookUpComparesAgain(t *testing.T) {
	c, box := &cloud{}, &inbox{}
	other := imagebuild.Resource{Kind: template.Component, ID: "other", Name: "web-two", Version: "9.0.0",
		Tags: []imagebuild.Tag{{Key: jobTag, Value: "job"}, {Key: digestTag, Value: digestOf(t, component)}}}
	untagged := imagebuild.Resource{Kind: template.Component, ID: "untagged", Name: "web", Version: "1.0.0"}
	require.NoError(t, run(&imagebuild.Builder{Objects: text(component), Publisher: imagebuild.Publisher{Outbox: box}, Resources: resources{
		find: func(imagebuild.Query) ([]imagebuild.Resource, error) {
			return []imagebuild.Resource{other, untagged}, nil
		},
		create: func(r imagebuild.Request) (string, error) { return c.Create(context.Background(), r) },
	}}, upload("job")).Err)
	require.Equal(t, "id-001", box.only(t).Data.Resource.ID)
}

func TestRevertMakesAThird(t *testing.T) {
	c, box := &cloud{}, &inbox{}
	drop := func(job, content string) {
		require.NoError(t, run(plainBuilder(content, c, box), upload(job)).Err)
	}
	drop("job-1", "RUN one\n")
	drop("job-2", "RUN two\n")
	drop("job-3", "RUN one\n")
	drop("job-4", "RUN one\n")
	drop("job-1", "RUN one\n") // delivered late, once more
	var got []string
	for _, o := range box.outcomes(t) {
		got = append(got, fmt.Sprint(o.Data.Status, " ", o.Data.Resource.ID))
	}
	require.Equal(t, []string{"created id-001", "created id-002", "created id-003", "unchanged id-003", "created id-001"}, got)
}

func TestFiveDeliveriesAtOnce(t *testing.T) {
	c, box := &cloud{}, &inbox{}
	builder := plainBuilder(component, c, box)
	var all sync.WaitGroup
	for range 5 {
		all.Go(func() { require.NoError(t, run(builder, upload("job")).Err) })
	}
	all.Wait()
	require.Len(t, c.all, 1)
	ids := map[string]bool{}
	for _, o := range box.outcomes(t) {
		require.Equal(t, imagebuild.Created, o.Data.Status)
		require.Equal(t, "id-001", o.Data.Resource.ID)
		ids[o.ID] = true
	}
	require.Len(t, box.bodies, 5)
	require.Len(t, ids, 1)
}

// Whatever call a process dies before or after, the next delivery ends the job
// as the first would have. The cuts are enumerated until none is met.
func TestEveryCutThenRedelivery(t *testing.T) {
	for _, after := range []bool{false, true} {
		for at := 1; ; at++ {
			c, box, cut := &cloud{}, &inbox{}, &cuts{at: at, after: after}
			builder := &imagebuild.Builder{
				Objects: objects(func(imagebuild.ObjectRef) (b []byte, err error) {
					cut.around(func() { b = []byte(component) })
					return b, err
				}),
				Resources: resources{
					find: func(q imagebuild.Query) (found []imagebuild.Resource, err error) {
						cut.around(func() { found, err = c.Find(context.Background(), q) })
						return found, err
					},
					create: func(r imagebuild.Request) (id string, err error) {
						cut.around(func() { id, err = c.Create(context.Background(), r) })
						return id, err
					},
				},
				Publisher: imagebuild.Publisher{Outbox: outbox(func(body []byte) (err error) {
					cut.around(func() { err = box.Publish(context.Background(), body) })
					return err
				})},
			}
			first := run(builder, upload("job"))
			if cut.calls < at {
				require.Greater(t, at, 4, "read, look-up, create, publish")
				break
			}
			require.Error(t, first.Err)
			require.NoError(t, run(builder, upload("job")).Err)
			require.Len(t, c.all, 1, "cut %d, after %v", at, after)
			want := box.outcomes(t)[0]
			for _, o := range box.outcomes(t) {
				require.Equal(t, []any{want.ID, imagebuild.Created, "id-001"}, []any{o.ID, o.Data.Status, o.Data.Resource.ID})
			}
		}
	}
}

func TestConflicts(t *testing.T) {
	twenty := "# ---\n# tags: {" + manyTags(20) + "}\n# ---\nRUN true\n"
	own := []imagebuild.Resource{{Kind: template.Component, ID: "mine", Name: "web", Tags: []imagebuild.Tag{{Key: jobTag, Value: "job"}}}}
	renamed := slices.Clone(own)
	renamed[0].Name = "as-it-was-called"
	tests := []struct {
		name, code, template string
		there                []imagebuild.Resource
		status               imagebuild.Status
		message              string
	}{
		{"other parameters, made before", "IdempotentParameterMismatch", component, own, imagebuild.Created, ""},
		{"other parameters, another name", "IdempotentParameterMismatch", component, renamed, imagebuild.Created, ""},
		{"other parameters, not ours", "IdempotentParameterMismatch", component, nil, imagebuild.Failed, "other parameters"},
		{"other parameters, no tag of ours", "IdempotentParameterMismatch", twenty, own, imagebuild.Failed, "other parameters"},
		{"version there, made before", "InvalidComponentVersion.Exist", component, own, imagebuild.Created, ""},
		{"version there, not ours", "InvalidComponentVersion.Exist", component, nil, imagebuild.Rejected, "raise componentVersion"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, box := &cloud{all: test.there}, &inbox{}
			require.NoError(t, run(&imagebuild.Builder{Objects: text(test.template), Publisher: imagebuild.Publisher{Outbox: box}, Resources: resources{
				find:   func(q imagebuild.Query) ([]imagebuild.Resource, error) { return c.Find(context.Background(), q) },
				create: func(imagebuild.Request) (string, error) { return "", failure(fault.Invalid, test.code) },
			}}, upload("job")).Err)
			data := box.only(t).Data
			require.Equal(t, test.status, data.Status)
			if test.message == "" {
				require.Equal(t, "mine", data.Resource.ID)
				return
			}
			require.Contains(t, data.Reason.Message, test.message)
			require.Equal(t, []any{test.code, "R-1", 400}, []any{data.Reason.Code, data.Reason.RequestID, data.Reason.HTTPStatus})
		})
	}
}

func manyTags(n int) string {
	var list []string
	for i := range n {
		list = append(list, fmt.Sprintf("k%02d: v", i))
	}
	return strings.Join(list, ", ")
}

func TestTagsOfOurs(t *testing.T) {
	for n, want := range map[int][]string{0: {jobTag, digestTag}, 18: {jobTag, digestTag}, 19: {jobTag}, 20: {}} {
		t.Run(fmt.Sprint(n), func(t *testing.T) {
			header := ""
			if n > 0 {
				header = "# ---\n# tags: {" + manyTags(n) + "}\n# ---\n"
			}
			c, box := &cloud{}, &inbox{}
			builder := &imagebuild.Builder{Objects: text(header + component), Resources: c, Publisher: imagebuild.Publisher{Outbox: box}}
			require.NoError(t, run(builder, upload("job")).Err)
			sent := tags(c.creates[0])
			require.Len(t, sent, n+len(want))
			for i, key := range want {
				require.Equal(t, key, sent[n+i].Key)
			}
			c.tokens = nil // a token that has lapsed: only the look-up is left
			require.NoError(t, run(builder, upload("job")).Err)
			require.Len(t, c.all, map[bool]int{true: 1, false: 2}[len(want) > 0])
		})
	}
}

func TestDigest(t *testing.T) {
	base := digestOf(t, component)
	require.Equal(t, base, tags(requestOf(t, "another-job", component))[1].Value, "the job is not in it")
	require.Equal(t, base, digestOf(t, "# a comment\n\nrun true\r\n"), "only the canonical text counts")
	require.Equal(t, base, digestOf(t, "# ---\n# regionId: cn-hangzhou\n# ---\nRUN true\n"), "the region as sent")
	for _, other := range []string{"RUN false\n", "# ---\n# name: other\n# ---\nRUN true\n", "# ---\n# tags: {team: web}\n# ---\nRUN true\n"} {
		require.NotEqual(t, base, digestOf(t, other))
	}
}

func TestRequest(t *testing.T) {
	r := requestOf(t, "job", "# ---\n# description: base\n# tags: {team: web}\n# ---\nRUN true\n")
	require.Equal(t, []any{template.Component, "cn-hangzhou", "job"}, []any{r.Kind, r.RegionID, r.ClientToken})
	require.Equal(t, "cn-hangzhou", parameter(r, "RegionId"))
	require.Equal(t, "base", parameter(r, "Description"))
	require.Empty(t, parameter(r, "ClientToken"))
	require.Equal(t, imagebuild.Tag{Key: "team", Value: "web"}, tags(r)[0])
	require.Equal(t, imagebuild.Tag{Key: jobTag, Value: "job"}, tags(r)[1])
}

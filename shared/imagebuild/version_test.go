package imagebuild_test

import (
	"context"
	"encoding/json"
	"flag"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

const versionTag = "imagedrop:version"

// below is a component template with that componentVersion.
func below(version, command string) string {
	return "# ---\n# componentVersion: " + version + "\n# ---\nRUN " + command + "\n"
}

// atOnce lets no test wait.
func atOnce(time.Duration) time.Duration { return 0 }

// numbering is a builder on the cloud; it drops templates.
type numbering struct {
	*cloud
	t   require.TestingT
	box *inbox
}

func (n numbering) builder(content string) *imagebuild.Builder {
	return &imagebuild.Builder{Objects: text(content), Resources: n.cloud, Publisher: imagebuild.Publisher{Outbox: n.box, Jitter: atOnce}}
}

// drop delivers the upload of a template and answers "status id version".
func (n numbering) drop(job, content string) string {
	require.NoError(n.t, run(n.builder(content), upload(job)).Err)
	return n.last()
}

func (n numbering) last() string {
	n.box.mu.Lock()
	defer n.box.mu.Unlock()
	var o imagebuild.Outcome
	require.NoError(n.t, json.Unmarshal(n.box.bodies[len(n.box.bodies)-1], &o))
	return fmt.Sprint(o.Data.Status, " ", o.Data.Resource.ID, " ", o.Data.Resource.Version)
}

// there puts components of some versions there, the first first, as nobody of ours made them.
func there(versions ...string) *cloud {
	c := &cloud{}
	for i, v := range versions {
		c.all = append(c.all, imagebuild.Resource{Kind: template.Component, ID: fmt.Sprintf("old-%d", i), Name: "web", Version: v})
	}
	return c
}

func TestNextFreeNumber(t *testing.T) {
	tests := []struct {
		version string
		there   []string
		want    string
	}{
		{"1.4.*", nil, "1.4.0"},
		{"1.4.*", []string{"1.3.9", "1.5.0", "2.4.7"}, "1.4.0"},
		{"1.4.*", []string{"1.4.0"}, "1.4.1"},
		{"1.4.*", []string{"1.4.7"}, "1.4.8"},
		{"1.4.*", []string{"1.4.0", "1.4.9", "1.4.10", "1.5.99"}, "1.4.11"},
		{"1.4.*", []string{"1.4.5", "1.4.2"}, "1.4.6"}, // the latest is not the highest
		{"1.4.*", []string{"1.4.0", "1.4.5", "1.4.2"}, "1.4.6"},
		{"0.0.*", []string{"0.0.0"}, "0.0.1"},
		{"1.*.*", nil, "1.0.0"},
		{"1.*.*", []string{"2.0.0"}, "1.0.0"},
		{"1.*.*", []string{"1.0.0"}, "1.1.0"},
		{"1.*.*", []string{"1.4.7", "1.3.9", "2.9.0"}, "1.5.0"},
		{"1.*.*", []string{"1.9.0", "1.10.3"}, "1.11.0"},
		{"0.*.*", []string{"0.0.3"}, "0.1.0"},
	}
	for _, tt := range tests {
		t.Run(tt.version+" "+strings.Join(tt.there, " "), func(t *testing.T) {
			n := numbering{there(tt.there...), t, &inbox{}}
			require.Equal(t, fmt.Sprintf("created id-%03d %s", len(tt.there)+1, tt.want), n.drop("job", below(tt.version, "true")))
			made := n.all[len(n.all)-1]
			require.Equal(t, tt.want, made.Version)
			for _, other := range tt.there { // a reference with the wildcard reaches what was dropped
				require.False(t, template.MatchVersion(tt.version, other) && other == tt.want)
			}
			require.Equal(t, "job", n.creates[0].ClientToken)
		})
	}
}

func TestNumberBelowAWildcard(t *testing.T) {
	for version, want := range map[string][]string{
		"1.4.*": {"1.4.0", "1.4.1", "1.4.2"},
		"1.*.*": {"1.0.0", "1.1.0", "1.2.0"},
	} {
		n := numbering{&cloud{}, t, &inbox{}}
		one, two := below(version, "one"), below(version, "two")
		require.Equal(t, "created id-001 "+want[0], n.drop("job-1", one))
		require.Equal(t, "unchanged id-001 "+want[0], n.drop("job-2", one))
		require.Equal(t, "created id-002 "+want[1], n.drop("job-3", two))
		require.Equal(t, "created id-003 "+want[2], n.drop("job-4", one), "a revert")
		n.tokens = nil // they have lapsed
		require.Equal(t, "created id-001 "+want[0], n.drop("job-1", one), "delivered late, once more")
		require.Equal(t, "created id-002 "+want[1], n.drop("job-3", two))
		require.Len(t, n.all, 3)
	}
}

func TestDigestIsOfTheWildcard(t *testing.T) {
	first := requestOf(t, "a", below("1.4.*", "true"))
	require.Equal(t, "1.4.0", parameter(first, "ComponentVersion"))
	require.Equal(t, []imagebuild.Tag{{Key: jobTag, Value: "a"}, {Key: digestTag, Value: tags(first)[1].Value}, {Key: versionTag, Value: "1.4.* 1"}}, tags(first))
	n := numbering{there("1.4.0"), t, &inbox{}}
	n.drop("b", below("1.4.*", "true"))
	require.Equal(t, "1.4.1", parameter(n.creates[0], "ComponentVersion"))
	require.Equal(t, tags(first)[1], tags(n.creates[0])[1])
	require.NotEqual(t, tags(first)[1].Value, digestOfTags(tags(requestOf(t, "a", below("1.4.0", "true")))))
}

func digestOfTags(tags []imagebuild.Tag) string {
	return tags[slices.IndexFunc(tags, func(t imagebuild.Tag) bool { return t.Key == digestTag })].Value
}

// Two small questions, whatever there is: by digest, and for the first of the
// versions. A third would read them all.
func TestLookUpBelowAWildcardIsFlat(t *testing.T) {
	for _, version := range []string{"1.4.*", "1.*.*"} {
		n := numbering{&cloud{}, t, &inbox{}}
		for i := range 100 {
			n.drop(fmt.Sprint("job-", i), below(version, fmt.Sprint("echo ", i)))
			require.Len(t, n.queries, 2)
			require.Equal(t, digestTag, n.queries[0].Tags[0].Key)
			require.Equal(t, map[string]string{"1.4.*": "1.4.*"}[version], n.queries[1].Version, "two wildcards the service does not take")
			n.queries = nil
		}
		n.drop("again", below(version, "echo 99"))
		require.Equal(t, "unchanged id-100", strings.Join(strings.Fields(n.last())[:2], " "))
		require.Len(t, n.queries, 2)
	}
}

// What others pin or delete is read once; the next drop is as fast as ever.
func TestLookUpBelowAWildcardSettlesAgain(t *testing.T) {
	n := numbering{there("1.4.3", "1.4.1"), t, &inbox{}}
	require.Equal(t, "created id-003 1.4.4", n.drop("a", below("1.4.*", "a")))
	require.Len(t, n.queries, 3)
	n.queries = nil
	require.Equal(t, "created id-004 1.4.5", n.drop("b", below("1.4.*", "b")))
	require.Len(t, n.queries, 2)
	n.remove("id-003")
	n.queries = nil
	require.Equal(t, "created id-005 1.4.6", n.drop("c", below("1.4.*", "c")))
	require.Len(t, n.queries, 3)
	n.queries = nil
	require.Equal(t, "created id-006 1.4.7", n.drop("d", below("1.4.*", "d")))
	require.Len(t, n.queries, 2)
}

func TestTagsBelowAWildcard(t *testing.T) {
	for user, ours := range map[int]int{17: 3, 18: 2, 19: 1} {
		n := numbering{&cloud{}, t, &inbox{}}
		header := "# ---\n# componentVersion: 1.4.*\n# tags: {" + manyTags(user) + "}\n# ---\n"
		require.Equal(t, "created id-001 1.4.0", n.drop("a", header+"RUN one\n"))
		require.Len(t, tags(n.creates[0]), user+ours)
		require.Equal(t, "created id-002 1.4.1", n.drop("b", header+"RUN two\n"))
		n.tokens = nil
		require.Equal(t, "created id-001 1.4.0", n.drop("a", header+"RUN one\n"))
		require.Len(t, n.all, 2)
	}
	n := numbering{&cloud{}, t, &inbox{}}
	require.Equal(t, "rejected  ", n.drop("a", "# ---\n# componentVersion: 1.4.*\n# tags: {"+manyTags(20)+"}\n# ---\nRUN one\n"))
}

func TestNumberWithoutLookUp(t *testing.T) {
	n := numbering{&cloud{}, t, &inbox{}}
	deliver := func(d imagebuild.Delivery, text string) string {
		b := n.builder(text)
		b.SkipLookup = true
		require.NoError(t, run(b, d).Err)
		return n.last()
	}
	for range 2 {
		require.Equal(t, "created id-001 1.4.0", deliver(upload("a"), below("1.4.*", "a")))
	}
	require.Equal(t, "created id-002 1.4.1", deliver(upload("b"), below("1.4.*", "b")))
	require.Equal(t, "created id-001 1.4.0", deliver(upload("a"), below("1.4.*", "a")), "the token tells")
	nameless := message("c", `{"componentVersion":"1.4.*","content":"RUN true"}`)
	queries := len(n.queries)
	require.Equal(t, "created id-003 1.4.0", deliver(nameless, ""), "each has a name of its own")
	require.Len(t, n.queries, queries)
}

// Whatever became of the object since, the job has its number.
func TestNumberOfATemplateThatChanges(t *testing.T) {
	n := numbering{&cloud{}, t, &inbox{}}
	for _, read := range []imagebuild.Objects{
		text(below("1.4.*", "a")), text(below("1.4.*", "b")), text("RUN c\n"), text("BOGUS\n"),
		objects(func(imagebuild.ObjectRef) ([]byte, error) { return nil, imagebuild.ErrGone }),
	} {
		b := n.builder("")
		b.Objects, b.Policy = read, imagebuild.Policy{Buckets: []string{"templates"}}
		require.NoError(t, run(b, message("m", `{"templateUri":"oss://templates/web.Dockerfile"}`)).Err)
		require.Equal(t, "created id-001 1.4.0", n.last())
	}
}

// Jobs that race for the numbers below one wildcard get one each, however
// often each of them is delivered.
func TestRaceBelowAWildcard(t *testing.T) {
	const jobs, deliveries = 8, 5
	for _, version := range []string{"1.4.*", "1.*.*"} {
		n := numbering{&cloud{}, t, &inbox{}}
		var all sync.WaitGroup
		for i := range jobs * deliveries {
			job := i % jobs
			all.Go(func() {
				require.NoError(t, run(n.builder(below(version, fmt.Sprint("echo ", job))), upload(fmt.Sprint("job-", job))).Err)
			})
		}
		all.Wait()
		require.Len(t, n.all, jobs)
		numbers, answers := map[string]bool{}, map[string]string{}
		for _, r := range n.all {
			numbers[r.Version] = true
		}
		for i := range jobs {
			require.True(t, numbers[fmt.Sprintf(map[string]string{"1.4.*": "1.4.%d", "1.*.*": "1.%d.0"}[version], i)], "%v", numbers)
		}
		for _, o := range n.box.outcomes(t) {
			require.Equal(t, imagebuild.Created, o.Data.Status)
			answer := o.Data.Resource.ID + " " + o.Data.Resource.Version
			if answers[o.Data.Job.ID] == "" {
				answers[o.Data.Job.ID] = answer
			}
			require.Equal(t, answers[o.Data.Job.ID], answer)
		}
		require.Len(t, answers, jobs)
	}
}

// The list may be behind the creates: a number that was refused is not tried again.
func TestNumberOfALateList(t *testing.T) {
	n := numbering{&cloud{}, t, &inbox{}}
	var tried []string
	b := n.builder("")
	b.Objects = text(below("1.4.*", "true"))
	b.Resources = resources{
		find: func(imagebuild.Query) ([]imagebuild.Resource, error) { return nil, nil },
		create: func(r imagebuild.Request) (string, error) {
			if tried = append(tried, parameter(r, "ComponentVersion")); len(tried) < 4 {
				return "", failure(fault.Invalid, "InvalidComponentVersion.Exist")
			}
			return "new", nil
		},
	}
	require.NoError(t, run(b, upload("job")).Err)
	require.Equal(t, "created new 1.4.3", n.last())
	require.Equal(t, []string{"1.4.0", "1.4.1", "1.4.2", "1.4.3"}, tried)
}

func TestNumbersThatAreAlwaysTaken(t *testing.T) {
	n := numbering{&cloud{}, t, &inbox{}}
	b := n.builder(below("1.4.*", "true"))
	b.Jitter = func(time.Duration) time.Duration { return time.Hour }
	b.Resources = resources{
		find: func(imagebuild.Query) ([]imagebuild.Resource, error) { return nil, nil },
		create: func(imagebuild.Request) (string, error) {
			return "", failure(fault.Invalid, "InvalidComponentVersion.Exist")
		},
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	err := b.Run(ctx, invocation, []imagebuild.Delivery{upload("job")})[0].Err
	require.Equal(t, fault.Retryable, fault.KindOf(err), "another delivery has better luck")
	require.Empty(t, n.box.bodies)
}

// Two deliveries that saw different numbers: the token lets one of them create.
// The other finds what it made, and waits for it where the list is late.
func TestTokenUsedWithAnotherNumber(t *testing.T) {
	tests := []struct {
		name   string
		listed bool
		age    time.Duration
		want   string // "": another delivery
	}{
		{"listed", true, time.Second, "created mine 1.4.7"},
		{"not listed yet", false, time.Second, ""},
		{"never listed", false, time.Hour, "failed  "},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			n, refused := numbering{&cloud{}, t, &inbox{}}, false
			b := n.builder(below("1.4.*", "true"))
			b.Resources = resources{
				find: func(imagebuild.Query) ([]imagebuild.Resource, error) {
					if !tt.listed || !refused {
						return nil, nil
					}
					return []imagebuild.Resource{{Kind: template.Component, ID: "mine", Name: "web", Version: "1.4.7", Tags: []imagebuild.Tag{{Key: jobTag, Value: "job"}}}}, nil
				},
				create: func(imagebuild.Request) (string, error) {
					refused = true
					return "", failure(fault.Permanent, "IdempotentParameterMismatch")
				},
			}
			d := upload("job")
			d.Time = time.Now().Add(-tt.age)
			err := run(b, d).Err
			if tt.want == "" {
				require.Equal(t, fault.Retryable, fault.KindOf(err))
				return
			}
			require.NoError(t, err)
			require.Equal(t, tt.want, n.last())
		})
	}
}

// Whatever call a process dies before or after, the next delivery ends the job
// with the same number, while other jobs take numbers in between.
func TestEveryCutBelowAWildcard(t *testing.T) {
	for _, skip := range []bool{false, true} {
		for _, kind := range []string{"before", "after", "lost"} {
			for at := 1; ; at++ {
				cut := &cuts{at: at, after: kind == "after", lost: kind == "lost"}
				n := numbering{there("1.4.0"), t, &inbox{}}
				c := &cutCloud{cuts: cut, cloud: n.cloud, box: n.box, objects: text(below("1.4.*", "mine"))}
				builder := &imagebuild.Builder{Objects: c, Resources: c, SkipLookup: skip, Publisher: imagebuild.Publisher{Outbox: c, Jitter: atOnce}}
				taken := false // by another job, between look-up and create
				n.fail = func(operation string) error {
					if operation == "Create" && !taken {
						taken = true
						n.all = append(n.all, imagebuild.Resource{Kind: template.Component, ID: "other", Name: "web", Version: "1.4.1"})
					}
					return nil
				}
				first := run(builder, upload("job"))
				if cut.calls < at {
					require.Greater(t, at, 6, "read, look-up, create, own?, look-up, create, publish")
					break
				}
				n.drop("another", below("1.4.*", fmt.Sprint("another ", at)))
				n.box.bodies = slices.DeleteFunc(n.box.bodies, func(b []byte) bool { return strings.Contains(string(b), `"another"`) })
				for range 2 {
					require.NoError(t, run(builder, upload("job")).Err)
				}
				var own []imagebuild.Resource
				for _, r := range n.all {
					if slices.Contains(r.Tags, imagebuild.Tag{Key: jobTag, Value: "job"}) {
						own = append(own, r)
					}
				}
				require.Len(t, own, 1, "cut %d %s: %v", at, kind, first.Err)
				for _, o := range n.box.outcomes(t) {
					require.Equal(t, []any{imagebuild.Created, own[0].ID, own[0].Version}, []any{o.Data.Status, o.Data.Resource.ID, o.Data.Resource.Version})
				}
			}
		}
	}
}

// The same steps in every run; -rapid.seed=0 -rapid.checks=10000 looks for more.
func init() {
	flag.Set("rapid.seed", "1")
	flag.Set("rapid.nofailfile", "true")
}

// A site where teams drop, pin, delete and number as they like, and processes
// die: each job of a wildcard has one component, which was above all others
// below the wildcard when it was made, and each answer names it. A plan says all
// of it before.
func TestNumbersModel(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		n := numbering{&cloud{}, t, &inbox{}}
		dropped := map[string]string{} // text by job
		made := map[string]string{}    // the answer by job
		jobs := []string{}
		deliver := func(job string) {
			cut := &cuts{at: rapid.IntRange(0, 9).Draw(t, "cut at"), after: rapid.Bool().Draw(t, "after"), lost: rapid.Bool().Draw(t, "lost")}
			c := &cutCloud{cuts: cut, cloud: n.cloud, box: n.box, objects: text(dropped[job])}
			before, plan := len(n.all), planOf(t, n.cloud, job, dropped[job])
			run(&imagebuild.Builder{Objects: c, Resources: c, Publisher: imagebuild.Publisher{Outbox: c, Jitter: atOnce}}, upload(job))
			for _, fresh := range n.all[before:] {
				wildcard, _, _ := strings.Cut(valueOf(fresh.Tags, versionTag), " ")
				for _, other := range n.all[:before] {
					require.False(t, wildcard != "" && template.MatchVersion(wildcard, other.Version) &&
						!higher(fresh.Version, other.Version), "%s after %s", fresh.Version, other.Version)
				}
			}
			answer := n.drop(job, dropped[job])
			if strings.HasPrefix(made[job], "created") {
				require.Equal(t, made[job], answer)
			}
			made[job] = answer
			require.True(t, strings.HasPrefix(answer, string(plan.Status)), "planned %s, became %s", plan.Status, answer)
			if len(n.all) > before {
				require.Equal(t, n.all[before].Version, plan.Resource.Version)
			}
		}
		t.Repeat(map[string]func(*rapid.T){
			"drop": func(t *rapid.T) {
				job := fmt.Sprint("job-", len(jobs))
				jobs = append(jobs, job)
				version := rapid.SampledFrom([]string{"1.4.*", "1.4.*", "1.*.*", "2.*.*", "1.4.5", "1.4.2", "1.7.3", ""}).Draw(t, "version")
				dropped[job] = below(version, rapid.SampledFrom([]string{"a", "b", "c"}).Draw(t, "content"))
				if version == "" {
					dropped[job] = "RUN plain\n"
				}
				deliver(job)
			},
			"redeliver": func(t *rapid.T) {
				if len(jobs) > 0 {
					job := rapid.SampledFrom(jobs).Draw(t, "job")
					if strings.HasPrefix(made[job], "created") { // what another job made may have been overtaken since
						deliver(job)
					}
				}
			},
			"lapse": func(*rapid.T) { n.tokens = nil },
			"": func(t *rapid.T) {
				count := map[string]int{}
				for _, r := range n.all {
					count[valueOf(r.Tags, jobTag)]++
				}
				for job, n := range count {
					require.Equal(t, 1, n, job)
				}
			},
		})
	})
}

func valueOf(tags []imagebuild.Tag, key string) string {
	for _, tag := range tags {
		if tag.Key == key {
			return tag.Value
		}
	}
	return ""
}

// higher compares versions as numbers.
func higher(a, b string) bool {
	var x, y [3]int
	fmt.Sscanf(a, "%d.%d.%d", &x[0], &x[1], &x[2])
	fmt.Sscanf(b, "%d.%d.%d", &y[0], &y[1], &y[2])
	return slices.Compare(x[:], y[:]) > 0
}

package ec2_test

import (
	"cmp"
	"encoding/json"
	"fmt"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"pgregory.net/rapid"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ec2"
	"imagedrop/shared/local/modeltest"
)

// The service against a model of it: one list that is walked, and nothing that
// is indexed, counted or kept on a disk.
func TestServiceAgainstAModel(t *testing.T) {
	modeltest.Check(t, func(rt *rapid.T, g *modeltest.Ground) {
		m := newLockstep(rt, g)
		rt.Repeat(map[string]func(*rapid.T){
			"":                           m.compare,
			"CreateComponent":            m.create,
			"CreateComponents":           m.createMany,
			"GetComponent":               m.get,
			"ListComponents":             m.list,
			"ListComponentBuildVersions": m.listBuilds,
			"DeleteComponent":            m.delete,
			"TagResource":                m.tag,
			"UntagResource":              m.untag,
			"PutObject":                  m.putObject,
			"DeleteObject":               m.deleteObject,
			"Advance":                    m.advance,
			"Restart":                    m.Restart,
		})
	})
}

// build is a component build version as the model knows it.
type build struct {
	region, name, called, platform, data string
	version                              [3]int
	number                               int
	tags                                 map[string]string
}

// versionARN leaves the last numbers of the version open.
func (b *build) versionARN(open int) string {
	var numbers []string
	for i, n := range b.version {
		if i < len(b.version)-open {
			numbers = append(numbers, fmt.Sprint(n))
		} else {
			numbers = append(numbers, "x")
		}
	}
	return "arn:aws:imagebuilder:" + b.region + ":" + ec2.AccountID + ":component/" + b.name + "/" + strings.Join(numbers, ".")
}

func (b *build) arn() string { return fmt.Sprint(b.versionARN(0), "/", b.number) }

// before is the order of every list: by name, version and number.
func before(a, b *build) int {
	return cmp.Or(cmp.Compare(a.region, b.region), cmp.Compare(a.name, b.name), slices.Compare(a.version[:], b.version[:]), cmp.Compare(a.number, b.number))
}

// lockstep is a running service and the model of what it holds.
type lockstep struct {
	*modeltest.Ground
	handler http.Handler
	builds  []*build // in the order of lists
	objects map[string]string
	tokens  map[string]remembered
	asked   int // how many tokens were new
}

type remembered struct {
	request, arn string
	expires      time.Time
}

// Short and small enough to be reached within a run.
const (
	modelLifetime = time.Hour
	modelQuota    = 4
)

func newLockstep(t *rapid.T, g *modeltest.Ground) *lockstep {
	m := &lockstep{Ground: g, objects: map[string]string{}, tokens: map[string]remembered{}}
	m.Start(t, m.serve)
	return m
}

func (m *lockstep) serve() {
	m.handler = ec2.New(account.NewAt(m.Clock), m.Store, ec2.Options{NoAuth: true, TokenLifetime: modelLifetime, Quota: modelQuota})
}

func (m *lockstep) advance(t *rapid.T) {
	m.Clock.Advance(time.Duration(rapid.IntRange(1, 3).Draw(t, "half lifetimes")) * modelLifetime / 2)
}

// reply is what any operation answers, as far as the model looks.
type reply struct {
	code string // "" for success

	ComponentBuildVersionARN string
	NextToken                string
	Component                told
	ComponentVersionList     []told
	ComponentSummaryList     []told
	Tags                     map[string]string
}

// told is one component of an answer.
type told struct {
	ARN, Name, Version, Platform, Data string
	Tags                               map[string]string
}

// call sends a request in a region, which only the signature's scope names.
func (m *lockstep) call(t *rapid.T, region, method, target string, body any) (r reply) {
	text, isText := body.(string)
	if !isText {
		doc, err := json.Marshal(body)
		require.NoError(t, err)
		text = string(doc)
	}
	request := httptest.NewRequest(method, target, strings.NewReader(text))
	request.Header.Set("Authorization", "AWS4-HMAC-SHA256 Credential=anybody/20260105/"+region+"/imagebuilder/aws4_request, SignedHeaders=host, Signature=none")
	answer := httptest.NewRecorder()
	m.handler.ServeHTTP(answer, request)
	require.Less(t, answer.Code, 500, answer.Body)
	r.code = answer.Header().Get("X-Amzn-ErrorType")
	require.Equal(t, answer.Code < 300, r.code == "", answer.Body)
	if strings.HasPrefix(target, "/s3/") {
		return r
	}
	require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &r), answer.Body)
	return r
}

// What is drawn from: few values, so that they meet.
var (
	modelRegions  = []string{"us-east-1", "us-east-1", "eu-west-1"}
	modelNames    = []string{"web", "Web", "web one", "web_one"}
	modelVersions = []string{"1.0.0", "1.0.0", "1.0.0", "1.0.2", "2.0.0", "10.0.0"}
	modelData     = []string{document("'one'"), document("'one'"), document("'two'"), document("'two'"), "no document"}
	modelTokens   = []string{"", "", "", "job-1", "job-2"} // "": a new one
	modelKeys     = []string{"team", "job", "env"}
	modelObject   = []string{"a.yaml", "b/c.yaml"}
)

func drawTags(t *rapid.T, least int) map[string]string {
	tags := map[string]string{}
	keys := rapid.Permutation(modelKeys).Draw(t, "keys")
	for _, key := range keys[:rapid.IntRange(least, len(keys)).Draw(t, "number of tags")] {
		tags[key] = modeltest.Pick(t, "value", []string{"", "a", "b"})
	}
	return tags
}

// any draws a build that there is, or one that there is not.
func (m *lockstep) any(t *rapid.T) *build {
	return modeltest.Pick(t, "build", append(slices.Clone(m.builds), &build{region: modelRegions[0], name: "unknown", version: [3]int{1}, number: 1}))
}

func (m *lockstep) those(keep func(*build) bool) (list []*build) {
	for _, b := range m.builds {
		if keep(b) {
			list = append(list, b)
		}
	}
	return list
}

func (m *lockstep) has(b *build) bool { return slices.Contains(m.builds, b) }

// createMany gets lists that are worth a look.
func (m *lockstep) createMany(t *rapid.T) {
	for range rapid.IntRange(2, 5).Draw(t, "number") {
		m.create(t)
	}
}

// create makes a component of a text or an object, with a token that may have
// been used.
func (m *lockstep) create(t *rapid.T) {
	called := modeltest.Pick(t, "name", modelNames)
	b := &build{region: modeltest.Pick(t, "region", modelRegions), called: called, name: strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(called)),
		platform: modeltest.Pick(t, "platform", []string{"Linux", "Windows"}), tags: drawTags(t, 0)}
	version, token := modeltest.Pick(t, "version", modelVersions), modeltest.Pick(t, "token", modelTokens)
	fmt.Sscanf(version, "%d.%d.%d", &b.version[0], &b.version[1], &b.version[2])
	if token == "" {
		m.asked++
		token = fmt.Sprint("new-", m.asked)
	}
	request := map[string]any{"name": called, "semanticVersion": version, "platform": b.platform, "clientToken": token, "tags": b.tags}
	known := true
	if rapid.Bool().Draw(t, "of an object") {
		key := modeltest.Pick(t, "object", modelObject)
		b.data, known = m.objects[key]
		request["uri"] = "s3://my-bucket/" + key
	} else {
		b.data = modeltest.Pick(t, "data", modelData)
		request["data"] = b.data
	}
	dry := rapid.IntRange(0, 5).Draw(t, "dry run") == 0
	if dry {
		request["dryRun"] = true
	}
	spelt, err := json.Marshal(request)
	require.NoError(t, err)

	r := m.call(t, b.region, "PUT", "/CreateComponent", request)
	if told, ok := m.tokens[b.region+token]; ok && m.Clock.Now().Before(told.expires) {
		if told.request == string(spelt) {
			require.Equal(t, told.arn, r.ComponentBuildVersionARN, r.code)
		} else {
			require.Equal(t, "IdempotentParameterMismatchException", r.code)
		}
		return
	}
	want := m.refuse(b, known, dry)
	require.Equal(t, want, r.code)
	if want != "" {
		return
	}
	require.Equal(t, b.arn(), r.ComponentBuildVersionARN)
	m.builds = append(m.builds, b)
	slices.SortFunc(m.builds, before)
	m.tokens[b.region+token] = remembered{string(spelt), b.arn(), m.Clock.Now().Add(modelLifetime)}
}

// refuse says why the state does not allow a build, or gives it its number.
func (m *lockstep) refuse(b *build, known, dry bool) string {
	switch {
	case !known || b.data == "no document":
		return "InvalidRequestException"
	case dry:
		return "DryRunOperationException"
	}
	same := m.those(func(x *build) bool { return x.region == b.region && x.name == b.name && x.version == b.version })
	if n := len(same); n > 0 {
		b.number = same[n-1].number
		if same[n-1].data == b.data {
			return "ResourceAlreadyExistsException"
		}
	}
	if len(m.those(func(x *build) bool { return x.region == b.region })) >= modelQuota {
		return "ServiceQuotaExceededException"
	}
	b.number++
	return ""
}

// get asks for a build, or leaves its number and those of the version open.
func (m *lockstep) get(t *rapid.T) {
	b, open := m.any(t), rapid.IntRange(-1, 3).Draw(t, "open")
	asked, want := b.arn(), b
	if open >= 0 {
		asked = b.versionARN(open)
		for _, x := range m.builds { // the last that fits is the newest
			if x.region == b.region && x.versionARN(open) == asked {
				want = x
			}
		}
	}
	r := m.call(t, b.region, "GET", "/GetComponent?componentBuildVersionArn="+url.QueryEscape(asked), nil)
	if !m.has(want) {
		require.Equal(t, "ResourceNotFoundException", r.code)
		return
	}
	want.require(t, r.Component)
	require.Equal(t, want.data, r.Component.Data)
}

// require holds what was told of a build against it.
func (b *build) require(t *rapid.T, got told) {
	require.Equal(t, []string{b.arn(), b.called, b.platform}, []string{got.ARN, got.Name, got.Platform})
	require.True(t, maps.Equal(b.tags, got.Tags), "%v: %v", b.tags, got.Tags)
}

// pages reads a list to its end.
func (m *lockstep) pages(t *rapid.T, region, path string, question map[string]any, items func(reply) []told) (all []told) {
	question["maxResults"] = rapid.IntRange(1, 4).Draw(t, "page")
	for {
		r := m.call(t, region, "POST", path, question)
		require.Empty(t, r.code)
		page := items(r)
		require.LessOrEqual(t, len(page), question["maxResults"])
		all = append(all, page...)
		if r.NextToken == "" {
			return all
		}
		require.Len(t, page, question["maxResults"].(int), "only the last page is short")
		question["nextToken"] = r.NextToken
	}
}

// list asks for versions or names, of all or of one platform.
func (m *lockstep) list(t *rapid.T) {
	region, byName, platform := modeltest.Pick(t, "region", modelRegions), rapid.Bool().Draw(t, "by name"), modeltest.Pick(t, "platform", []string{"", "Linux"})
	question := map[string]any{"owner": "Self", "byName": byName}
	if platform != "" {
		question["filters"] = []any{map[string]any{"name": "platform", "values": []string{platform}}}
	}
	open := 0
	if byName {
		open = 3
	}
	var want []string
	for _, b := range m.those(func(b *build) bool { return b.region == region && (platform == "" || b.platform == platform) }) {
		want = append(want, b.versionARN(open))
	}
	var got []string
	for _, c := range m.pages(t, region, "/ListComponents", question, func(r reply) []told { return r.ComponentVersionList }) {
		got = append(got, c.ARN)
	}
	require.Equal(t, slices.Compact(want), got)
}

func (m *lockstep) listBuilds(t *rapid.T) {
	b, open := m.any(t), rapid.IntRange(0, 3).Draw(t, "open")
	asked := b.versionARN(open)
	want := m.those(func(x *build) bool { return x.versionARN(open) == asked })
	got := m.pages(t, b.region, "/ListComponentBuildVersions", map[string]any{"componentVersionArn": asked}, func(r reply) []told { return r.ComponentSummaryList })
	require.Len(t, got, len(want))
	for i, x := range want {
		x.require(t, got[i])
	}
}

func (m *lockstep) delete(t *rapid.T) {
	b := m.any(t)
	r := m.call(t, b.region, "DELETE", "/DeleteComponent?componentBuildVersionArn="+url.QueryEscape(b.arn()), nil)
	if !m.has(b) {
		require.Equal(t, "ResourceNotFoundException", r.code)
		return
	}
	require.Empty(t, r.code)
	m.builds = m.those(func(x *build) bool { return x != b })
}

func (m *lockstep) tag(t *rapid.T) {
	m.retag(t, m.any(t), "POST", "", drawTags(t, 1), nil)
}

func (m *lockstep) untag(t *rapid.T) {
	keys := rapid.Permutation(modelKeys).Draw(t, "keys")[:rapid.IntRange(1, len(modelKeys)).Draw(t, "number of keys")]
	m.retag(t, m.any(t), "DELETE", "?"+url.Values{"tagKeys": keys}.Encode(), nil, keys)
}

func (m *lockstep) retag(t *rapid.T, b *build, method, query string, add map[string]string, remove []string) {
	r := m.call(t, b.region, method, tagsOf(b)+query, map[string]any{"tags": add})
	if !m.has(b) {
		require.Equal(t, "ResourceNotFoundException", r.code)
		return
	}
	require.Empty(t, r.code)
	maps.Copy(b.tags, add)
	for _, key := range remove {
		delete(b.tags, key)
	}
	require.Equal(t, b.tags, m.call(t, b.region, "GET", tagsOf(b), nil).Tags)
}

func tagsOf(b *build) string { return "/tags/" + url.PathEscape(b.arn()) }

func (m *lockstep) putObject(t *rapid.T) {
	key, data := modeltest.Pick(t, "object", modelObject), modeltest.Pick(t, "data", modelData)
	require.Empty(t, m.call(t, modelRegions[0], "PUT", "/s3/my-bucket/"+key, data).code)
	m.objects[key] = data
}

func (m *lockstep) deleteObject(t *rapid.T) {
	key := modeltest.Pick(t, "object", modelObject)
	require.Empty(t, m.call(t, modelRegions[0], "DELETE", "/s3/my-bucket/"+key, "").code)
	delete(m.objects, key)
}

// compare holds all builds of all regions against the model.
func (m *lockstep) compare(t *rapid.T) {
	for _, region := range slices.Compact(slices.Clone(modelRegions)) {
		want := m.those(func(b *build) bool { return b.region == region })
		var got []told
		for _, name := range []string{"web", "web-one"} {
			asked := (&build{region: region, name: name}).versionARN(3)
			for token := ""; ; {
				r := m.call(t, region, "POST", "/ListComponentBuildVersions", map[string]any{"componentVersionArn": asked, "nextToken": token})
				got = append(got, r.ComponentSummaryList...)
				if token = r.NextToken; token == "" {
					break
				}
			}
		}
		require.Len(t, got, len(want))
		for i, b := range want {
			b.require(t, got[i])
		}
	}
}

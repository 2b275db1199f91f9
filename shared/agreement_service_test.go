package shared

import (
	"cmp"
	"context"
	"fmt"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/ecsimage"
	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ecs"
	"imagedrop/shared/local/store"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/template"
)

// request is a create as it is sent, with its parameters by name.
type request struct {
	imagebuild.Request
	values map[string]string
}

func newRequest(r imagebuild.Request) request {
	values := map[string]string{}
	for _, p := range r.Parameters {
		values[p.Name] = p.Value
	}
	return request{r, values}
}

// Scopes of what the service counts and remembers.
func (r request) scope() string { return r.RegionID + " " + string(r.Kind) }

func (r request) token() string { return r.scope() + " " + r.ClientToken }
func (r request) name() string  { return r.scope() + " " + r.values["Name"] }

// service is the local service behind a listener, the real adapter to it, and
// what the test knows of the service's state.
type service struct {
	t      testing.TB
	ctx    context.Context
	client *ecsimage.Client
	exists *account.Catalogue
	close  func()

	jobs    int
	created map[string]int
	tokens  map[string]bool
	names   map[string]bool
	seen    map[string]int // what came of the samples

	// chance made the samples: of several mistakes in one, some may keep
	// others from being sent, so the service may take what the linter refuses.
	chance bool
}

// components are in every service, for samples to refer to.
var components = []string{
	`{"name": "agreed", "componentVersion": "1.0.0", "content": "RUN true"}`,
	`{"name": "tested", "componentVersion": "1.0.0", "componentType": "Test", "content": "RUN true"}`,
	`{"name": "with:parameters", "componentVersion": "1.0.0", "content": "Parameters:\n  needed: {Type: String}\n  optional: {Type: String, DefaultValue: x}\nTasks:\n- {Name: a, Action: RunShellCommand, Properties: {commandContent: 'echo {{ needed }}'}}\n"}`,
}

func openService(t testing.TB) *service {
	m := &service{t: t, close: func() {}, seen: map[string]int{}}
	m.reopen()
	t.Cleanup(func() { m.close() })
	return m
}

// reopen starts an empty service.
func (m *service) reopen() {
	m.close()
	state, err := store.OpenMemory()
	require.NoError(m.t, err)
	acct := account.New()
	server := httptest.NewServer(ecs.New(acct, state, ecs.Options{ComponentQuota: quota, PipelineQuota: quota}))
	m.close = func() {
		server.Close()
		state.Close()
	}
	m.client, err = ecsimage.New(ecsimage.Options{Endpoint: server.URL})
	require.NoError(m.t, err)
	key := acct.Keys.Issue(acct.Clock.Now().Add(24 * time.Hour))
	m.ctx = sdkclient.WithCredentials(context.Background(), sdkclient.Credentials{
		AccessKeyID: key.AccessKeyID, AccessKeySecret: key.Secret, SecurityToken: key.Token,
	})
	m.exists, m.created, m.tokens, m.names = acct.Catalogue, map[string]int{}, map[string]bool{}, map[string]bool{}
	for _, text := range components {
		t, _ := sample{text: text}.parse()
		require.Empty(m.t, m.send(m.requestOf(t, "")))
	}
}

// requestOf builds the create of a template, also of one that is rejected.
func (m *service) requestOf(t *template.Template, token string) request {
	m.jobs++
	r := imagebuild.Request{Kind: t.Kind, RegionID: cmp.Or(t.RegionID, account.Region), ClientToken: cmp.Or(token, m.job())}
	r.Parameters = slices.Clone(t.Parameters())
	if t.RegionID == "" {
		r.Parameters = append(r.Parameters, template.Parameter{Name: "RegionId", Value: r.RegionID})
	}
	tags := []imagebuild.Tag{{Key: "imagedrop:job", Value: r.ClientToken}, {Key: "imagedrop:digest", Value: template.Digest(r.Parameters)}}
	if t.Build {
		tags = append(tags, imagebuild.Tag{Key: "imagedrop:build", Value: "true"})
	}
	if isNumbered(t) {
		tags = append(tags, imagebuild.Tag{Key: "imagedrop:version", Value: t.ComponentVersion})
	}
	for i, tag := range tags[:min(max(20-t.UserTags(), 0), len(tags))] {
		n := "Tag." + strconv.Itoa(t.UserTags()+i+1)
		r.Parameters = append(r.Parameters, template.Parameter{Name: n + ".Key", Value: tag.Key},
			template.Parameter{Name: n + ".Value", Value: tag.Value})
	}
	if isNumbered(t) {
		return newRequest(r).numbered(strings.ReplaceAll(t.ComponentVersion, "*", "0"), t.ComponentVersion+" 1")
	}
	return newRequest(r)
}

// isNumbered reports a template whose component gets the next free number.
func isNumbered(t *template.Template) bool {
	return t.Kind == template.Component && !strings.HasPrefix(t.ComponentVersion, "*") &&
		template.MatchVersion(t.ComponentVersion, strings.ReplaceAll(t.ComponentVersion, "*", "0")) &&
		strings.HasSuffix(t.ComponentVersion, "*")
}

// numbered is the request with another number, and the mark of it.
func (r request) numbered(number, mark string) request {
	parameters := slices.Clone(r.Parameters)
	for i, p := range parameters {
		if p.Name == "ComponentVersion" {
			parameters[i].Value = number
		}
		if p.Value == "imagedrop:version" {
			parameters[i+1].Value = mark
		}
	}
	r.Parameters = parameters
	return newRequest(r.Request)
}

// numberedAs is the request with the number that was sent: which one is free
// only the service knows.
func (r request) numberedAs(sent request, t *template.Template) request {
	mark := ""
	for _, p := range sent.Parameters {
		if strings.HasPrefix(p.Value, t.ComponentVersion+" ") {
			mark = p.Value
		}
	}
	if number := sent.values["ComponentVersion"]; template.MatchVersion(t.ComponentVersion, number) {
		return r.numbered(number, mark)
	}
	return r
}

// job is the source ID of the delivery under way.
func (m *service) job() string { return fmt.Sprintf("job-%d", m.jobs) }

// withBase names a base image where a malformed FROM names none, so that the
// service gets to see the FROM.
func (r request) withBase() request {
	for _, p := range []template.Parameter{{Name: "BaseImageType", Value: "IMAGE"}, {Name: "BaseImage", Value: "m-bp67acfmxazb4p****"}} {
		if r.values[p.Name] == "" {
			r.Parameters = append(r.Parameters, p)
		}
	}
	return newRequest(r.Request)
}

// send creates over the real adapter and answers the code of the refusal, ""
// where the service accepts.
func (m *service) send(r request) string {
	_, err := m.client.Create(m.ctx, r.Request)
	if f := fault.Of(err); f != nil {
		return cmp.Or(f.Code, f.Error())
	}
	require.NoError(m.t, err)
	if !m.tokens[r.token()] {
		m.created[r.scope()]++
	}
	m.tokens[r.token()], m.names[r.name()] = true, true
	return ""
}

// spy lets the create of a job pass to the service and keeps it.
type spy struct {
	*ecsimage.Client
	service *service
	sent    request
	code    string
}

func (s *spy) Create(_ context.Context, r imagebuild.Request) (string, error) {
	s.sent = newRequest(r)
	if s.code = s.service.send(s.sent); s.code != "" {
		return "", &fault.Error{Kind: fault.Permanent, Op: "spy.Create", Code: s.code}
	}
	return "created", nil
}

// Pipelines keeps the pipelines from being built.
func (s *spy) Pipelines(context.Context, imagebuild.Query, ...string) ([]imagebuild.Pipeline, error) {
	return nil, fault.New(fault.Permanent, "spy.Pipelines", "not here")
}

func (s *spy) Publish(context.Context, []byte) error { return nil }

// Send takes the AWS parts.
func (s *spy) Send(context.Context, []byte, time.Duration) error { return nil }

// open is the policy that allows everything.
var open = imagebuild.Policy{
	Regions: []string{"*"}, Buckets: []string{"*"}, Accounts: []string{"*"}, VSwitchIDs: []string{"*"}, InstanceTypes: []string{"*"},
	ResourceGroupIDs: []string{"*"}, Targets: []string{"*"}, Build: true, RetainInstanceOnFailure: true,
}

// build takes a sample without errors the whole way of a job.
func (m *service) build(in sample, t *template.Template, want request) (code string) {
	s := &spy{Client: m.client, service: m}
	builder := imagebuild.Builder{Objects: in, Resources: s, AWS: s, Publisher: imagebuild.Publisher{Outbox: s},
		Builds: imagebuild.Builds{Executions: s}, Policy: open, SkipLookup: true}
	invocation := imagebuild.Invocation{Function: "upload", Region: account.Region, AccountID: account.ID}
	builder.Run(m.ctx, invocation, []imagebuild.Delivery{in.delivery(m.job())})
	if isNumbered(t) {
		if s.sent.values == nil && m.tokenIsUsed(want) { // the number is that of the sample which used it
			return ""
		}
		want = want.numberedAs(s.sent, t)
	}
	require.Equal(m.t, want, s.sent, "imagebuild sends another request than this test, or none")
	return s.code
}

func (m *service) namesUnknownRegion(r request) bool {
	for name, value := range r.values {
		if (name == "RegionId" || strings.HasPrefix(name, "ToRegionId.")) && !m.exists.Region(value) {
			return true
		}
	}
	return false
}

func (m *service) namesUnknownImage(r request) bool {
	switch image := r.values["BaseImage"]; r.values["BaseImageType"] {
	case "IMAGE":
		return !m.exists.Image(image)
	case "IMAGE_FAMILY":
		return !m.exists.ImageFamily(image)
	}
	return false
}

// componentTypes are the types of the service's components.
var componentTypes = map[string]string{
	ownComponents + "agreed/1.0.0": "Build", ownComponents + "agreed/1.0.*": "Build",
	ownComponents + "agreed/1.*.*": "Build", ownComponents + "agreed/*.*.*": "Build",
	ownComponents + "with:parameters/1.0.0": "Build", ownComponents + "with:parameters/1.*.*": "Build",
	ownComponents + "tested/1.0.0": "Test", ownComponents + "tested/1.*.*": "Test",
}

// references are the words of each COMPONENT command of a content.
func (r request) references(content string) [][]string {
	var list [][]string
	for _, c := range template.ParseFile("templates/web.Dockerfile", []byte(r.values[content])).Commands() {
		if words := strings.Fields(c.Args); len(words) > 0 && c.Keyword == "COMPONENT" {
			list = append(list, words)
		}
	}
	return list
}

func (m *service) namesUnknownComponent(r request) bool {
	all := append(r.references("BuildContent"), r.references("TestContent")...)
	return slices.ContainsFunc(all, func(words []string) bool {
		return componentTypes[words[0]] == "" || r.RegionID != account.Region
	})
}

func (m *service) misplacesComponent(r request) bool {
	for content, other := range map[string]string{"BuildContent": "Test", "TestContent": "Build"} {
		if slices.ContainsFunc(r.references(content), func(words []string) bool {
			return componentTypes[words[0]] == other || m.isOfSamples(words[0])
		}) {
			return true
		}
	}
	return false
}

// isOfSamples reports a reference to a component that a sample made: of which type
// that is and which parameters it has, only the service knows.
func (m *service) isOfSamples(reference string) bool {
	name, _, _ := strings.Cut(strings.TrimPrefix(reference, ownComponents), "/")
	return componentTypes[reference] == "" && m.names[account.Region+" "+string(template.Component)+" "+name]
}

// givesParameters: those that a component is given, or needs, are not what it has.
func givesParameters(content string) func(*service, request) bool {
	return func(m *service, r request) bool {
		return becomesYAML(content)(m, r) || slices.ContainsFunc(r.references(content), func(words []string) bool {
			return len(words) > 1 || strings.Contains(words[0], "with:parameters") || m.isOfSamples(words[0])
		})
	}
}

// becomesYAML: what was sent as commands is YAML when it is read again.
func becomesYAML(parameter string) func(*service, request) bool {
	return func(_ *service, r request) bool {
		t := template.ParseFile("templates/web.Dockerfile", []byte(r.values[parameter]))
		return slices.ContainsFunc(t.Findings, func(f template.Finding) bool { return f.Rule == "IB0006" })
	}
}

func (m *service) nameIsTaken(r request) bool { return m.names[r.name()] }
func (m *service) tokenIsUsed(r request) bool { return m.tokens[r.token()] }
func (m *service) isFull(r request) bool      { return m.created[r.scope()] == quota }

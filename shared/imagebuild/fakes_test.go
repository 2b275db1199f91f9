package imagebuild_test

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/template"
)

// The fakes: the interfaces as functions.
type (
	objects   func(imagebuild.ObjectRef) ([]byte, error)
	outbox    func([]byte) error
	resources struct {
		find   func(imagebuild.Query) ([]imagebuild.Resource, error)
		create func(imagebuild.Request) (string, error)
	}
)

func (f objects) Read(_ context.Context, ref imagebuild.ObjectRef, _ int64) ([]byte, error) {
	return f(ref)
}
func (f outbox) Publish(_ context.Context, body []byte) error { return f(body) }
func (f resources) Find(_ context.Context, q imagebuild.Query) ([]imagebuild.Resource, error) {
	return f.find(q)
}
func (f resources) First(_ context.Context, q imagebuild.Query) (imagebuild.Resource, int, error) {
	return firstOf(f.find(q))
}

// firstOf lists the newest first, as the service does.
func firstOf(found []imagebuild.Resource, err error) (imagebuild.Resource, int, error) {
	if len(found) == 0 {
		return imagebuild.Resource{}, 0, err
	}
	return found[len(found)-1], len(found), err
}

func (f resources) Create(_ context.Context, r imagebuild.Request) (string, error) {
	return f.create(r)
}

func text(s string) objects {
	return func(imagebuild.ObjectRef) ([]byte, error) { return []byte(s), nil }
}

// cloud is the service with a memory: resources, their tokens, versions and
// tags, executions, families, images, and the queue of follow-ups. fail, where
// set, is asked before each call and may refuse it.
type cloud struct {
	mu      sync.Mutex
	all     []imagebuild.Resource
	made    int
	tokens  map[string]string
	regions map[string]string // by resource ID; one without is everywhere
	queries []imagebuild.Query
	creates []imagebuild.Request

	fail       func(operation string) error
	pipelines  map[string]imagebuild.Pipeline // what all does not say of each, by ID
	executions []imagebuild.Execution
	starts     []imagebuild.StartRequest
	started    map[string]imagebuild.StartRequest // by ClientToken
	startedIDs map[string]string                  // by ClientToken
	families   map[string]string                  // the newest image of each
	images     map[string][]imagebuild.Image      // by region
	calls      map[string]int                     // by operation
	sent       []sentMessage
	described  map[string][]template.Parameter // what made a resource, by ID
}

type sentMessage struct {
	body  []byte
	delay time.Duration
}

// enter counts a call and says whether it fails.
func (c *cloud) enter(operation string) error {
	if c.calls == nil {
		c.calls = map[string]int{}
	}
	c.calls[operation]++
	if c.fail == nil {
		return nil
	}
	return c.fail(operation)
}

// add puts a pipeline there that nobody created through the cloud.
func (c *cloud) add(p imagebuild.Pipeline) {
	if c.pipelines == nil {
		c.pipelines = map[string]imagebuild.Pipeline{}
	}
	p.Kind = template.Pipeline
	c.all = append(c.all, p.Resource)
	c.pipelines[p.ID] = p
}

// remove deletes a pipeline with its executions, as the service does.
func (c *cloud) remove(id string) {
	c.all = slices.DeleteFunc(c.all, func(r imagebuild.Resource) bool { return r.ID == id })
	c.executions = slices.DeleteFunc(c.executions, func(e imagebuild.Execution) bool { return e.PipelineID == id })
}

// end settles every execution that runs.
func (c *cloud) end(status string) {
	for i := range c.executions {
		if running(c.executions[i]) {
			c.executions[i].Status = status
		}
	}
}

func running(e imagebuild.Execution) bool {
	return !slices.Contains([]string{"SUCCESS", "PARTITION_SUCCESS", "FAILED", "TEST_FAILED", "CANCELLED"}, e.Status)
}

func (c *cloud) Start(_ context.Context, r imagebuild.StartRequest) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.starts = append(c.starts, r)
	if err := c.enter("Start"); err != nil {
		return "", err
	}
	if before, ok := c.started[r.ClientToken]; ok {
		if !reflect.DeepEqual(before, r) {
			return "", failure(fault.Permanent, "IdempotentParameterMismatch")
		}
		return c.startedIDs[r.ClientToken], nil
	}
	if !slices.ContainsFunc(c.all, func(p imagebuild.Resource) bool { return p.ID == r.PipelineID && p.Kind == template.Pipeline }) {
		return "", failure(fault.Invalid, "InvalidImagePipeline.NotFound")
	}
	if slices.ContainsFunc(c.executions, func(e imagebuild.Execution) bool { return e.PipelineID == r.PipelineID && running(e) }) {
		return "", failure(fault.Invalid, "InvalidImagePipeline.HasRunningExecution")
	}
	n := len(c.executions) + 1
	e := imagebuild.Execution{ID: fmt.Sprintf("exec-%03d", n), PipelineID: r.PipelineID, Status: "BUILDING",
		CreationTime: fmt.Sprintf("2026-05-04T09:00:%02dZ", n%60), ModifiedTime: fmt.Sprintf("2026-05-04T09:00:%02dZ", n%60), Tags: r.Tags}
	c.executions = append(c.executions, e)
	if c.started == nil {
		c.started, c.startedIDs = map[string]imagebuild.StartRequest{}, map[string]string{}
	}
	c.started[r.ClientToken], c.startedIDs[r.ClientToken] = r, e.ID
	return e.ID, nil
}

func (c *cloud) Executions(_ context.Context, q imagebuild.ExecutionQuery) (found []imagebuild.Execution, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter("Executions"); err != nil {
		return nil, err
	}
	for _, e := range c.executions {
		missing := slices.ContainsFunc(q.Tags, func(t imagebuild.Tag) bool { return !slices.Contains(e.Tags, t) })
		if !missing && (q.PipelineID == "" || q.PipelineID == e.PipelineID) && (q.IDs == nil || slices.Contains(q.IDs, e.ID)) {
			found = append(found, e)
		}
	}
	return found, nil
}

func (c *cloud) Pipelines(_ context.Context, q imagebuild.Query, ids ...string) (found []imagebuild.Pipeline, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter("Pipelines"); err != nil {
		return nil, err
	}
	q.Kind = template.Pipeline
	for _, r := range c.all {
		if c.matches(r, q) && (len(ids) == 0 || slices.Contains(ids, r.ID)) {
			p := c.pipelines[r.ID]
			p.Resource = r
			found = append(found, p)
		}
	}
	return found, nil
}

func (c *cloud) Newest(_ context.Context, _, family string) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter("Newest"); err != nil {
		return "", err
	}
	return c.families[family], nil
}

func (c *cloud) Images(_ context.Context, q imagebuild.ImageQuery) (found []imagebuild.Image, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter("Images"); err != nil {
		return nil, err
	}
	for _, i := range c.images[q.RegionID] {
		if (q.ID == "" || q.ID == i.ID) && (q.Name == "" || q.Name == i.Name) {
			found = append(found, i)
		}
	}
	return found, nil
}

func (c *cloud) Send(_ context.Context, body []byte, delay time.Duration) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.enter("Send"); err != nil {
		return err
	}
	c.sent = append(c.sent, sentMessage{slices.Clone(body), delay})
	return nil
}

// followUps are the messages sent, as watch reads them.
func (c *cloud) followUps(t *testing.T) []imagebuild.FollowUp {
	t.Helper()
	list := make([]imagebuild.FollowUp, len(c.sent))
	for i, m := range c.sent {
		require.NoError(t, json.Unmarshal(m.body, &list[i]))
	}
	return list
}

// builds are the parts of a use case that the cloud stands for.
func (c *cloud) builds() imagebuild.Builds {
	return imagebuild.Builds{Executions: c, Images: c, Watch: c}
}

func (c *cloud) matches(r imagebuild.Resource, q imagebuild.Query) bool {
	missing := slices.ContainsFunc(q.Tags, func(t imagebuild.Tag) bool { return !slices.Contains(r.Tags, t) })
	if region, ok := c.regions[r.ID]; ok && region != q.RegionID {
		return false
	}
	return r.Kind == q.Kind && (q.Name == "" || q.Name == r.Name) && (q.Version == "" || template.MatchVersion(q.Version, r.Version)) && !missing
}

func (c *cloud) Find(_ context.Context, q imagebuild.Query) ([]imagebuild.Resource, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.queries = append(c.queries, q)
	if err := c.enter("Find"); err != nil {
		return nil, err
	}
	if q.Offered { // by Alibaba Cloud
		return slices.DeleteFunc([]imagebuild.Resource{{Kind: template.Component, ID: "ic-offered", Name: "offered", Version: "1.0.0"}},
			func(r imagebuild.Resource) bool { return r.Name != q.Name }), nil
	}
	var found []imagebuild.Resource
	for _, r := range c.all {
		if c.matches(r, q) {
			found = append(found, r)
		}
	}
	return found, nil
}

func (c *cloud) First(ctx context.Context, q imagebuild.Query) (imagebuild.Resource, int, error) {
	return firstOf(c.Find(ctx, q))
}

func (c *cloud) Create(_ context.Context, r imagebuild.Request) (string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.creates = append(c.creates, r)
	if err := c.enter("Create"); err != nil {
		return "", err
	}
	for _, before := range c.creates[:len(c.creates)-1] {
		if id, ok := c.tokens[r.ClientToken]; ok && before.ClientToken == r.ClientToken && before.Kind == r.Kind {
			if !reflect.DeepEqual(before, r) {
				return "", failure(fault.Permanent, "IdempotentParameterMismatch")
			}
			return id, nil
		}
	}
	c.made = max(c.made, len(c.all)) + 1
	n := c.made
	made := imagebuild.Resource{Kind: r.Kind, ID: fmt.Sprintf("id-%03d", n), Name: parameter(r, "Name"),
		Version: cmp.Or(parameter(r, "ComponentVersion"), c.nextMajor(parameter(r, "Name"))), CreationTime: fmt.Sprintf("2026-05-04T08:00:%02dZ", n), Tags: tags(r)}
	if r.Kind == template.Component && slices.ContainsFunc(c.all, func(o imagebuild.Resource) bool { return o.Name == made.Name && o.Version == made.Version }) {
		return "", failure(fault.Invalid, "InvalidComponentVersion.Exist")
	}
	c.all = append(c.all, made)
	if c.pipelines == nil {
		c.pipelines = map[string]imagebuild.Pipeline{}
	}
	c.pipelines[made.ID] = described(made, r)
	if c.tokens == nil {
		c.tokens = map[string]string{}
	}
	if c.regions == nil {
		c.regions = map[string]string{}
	}
	c.tokens[r.ClientToken], c.regions[made.ID] = made.ID, r.RegionID
	return made.ID, nil
}

// nextMajor is the version of a component that asks for none.
func (c *cloud) nextMajor(name string) string {
	highest := 0
	for _, r := range c.all {
		major, _, _ := strings.Cut(r.Version, ".")
		if n, err := strconv.Atoi(major); err == nil && r.Name == name {
			highest = max(highest, n)
		}
	}
	return strconv.Itoa(highest+1) + ".0.0"
}

// described is what the service says of a pipeline that was created so.
func described(made imagebuild.Resource, r imagebuild.Request) imagebuild.Pipeline {
	p := imagebuild.Pipeline{Resource: made, BaseImageType: parameter(r, "BaseImageType"), BaseImage: parameter(r, "BaseImage"),
		BuildContent: parameter(r, "BuildContent"), TestContent: parameter(r, "TestContent"), ImageName: parameter(r, "ImageOptions.ImageName")}
	for _, o := range r.Parameters {
		if o.Name == "InstanceType" || o.Name == "SystemDiskSize" {
			p.Options = append(p.Options, o)
		}
	}
	return p
}

func parameter(r imagebuild.Request, name string) string {
	for _, p := range r.Parameters {
		if p.Name == name {
			return p.Value
		}
	}
	return ""
}

func tags(r imagebuild.Request) (tags []imagebuild.Tag) {
	for n := 1; parameter(r, fmt.Sprintf("Tag.%d.Key", n)) != ""; n++ {
		tags = append(tags, imagebuild.Tag{Key: parameter(r, fmt.Sprintf("Tag.%d.Key", n)), Value: parameter(r, fmt.Sprintf("Tag.%d.Value", n))})
	}
	return tags
}

// inbox keeps what was published.
type inbox struct {
	mu     sync.Mutex
	bodies [][]byte
}

func (b *inbox) Publish(_ context.Context, body []byte) error {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.bodies = append(b.bodies, slices.Clone(body))
	return nil
}

func (b *inbox) outcomes(t *testing.T) []imagebuild.Outcome {
	t.Helper()
	outcomes := make([]imagebuild.Outcome, len(b.bodies))
	for i, body := range b.bodies {
		require.NoError(t, json.Unmarshal(body, &outcomes[i]))
	}
	return outcomes
}

func (b *inbox) only(t *testing.T) imagebuild.Outcome {
	t.Helper()
	outcomes := b.outcomes(t)
	require.Len(t, outcomes, 1)
	return outcomes[0]
}

func noJitter(limit time.Duration) time.Duration { return limit }

// upload is the delivery of one object; requestID is the job ID.
func upload(requestID string) imagebuild.Delivery {
	return imagebuild.Delivery{Trigger: imagebuild.TriggerOSS, SourceID: requestID,
		Object: imagebuild.ObjectRef{Bucket: "imagedrop-templates", Key: "templates/web.Dockerfile", ETag: "E1"}}
}

func message(id, body string) imagebuild.Delivery {
	return imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, Queue: "imagedrop-requests", SourceID: id, Body: []byte(body)}
}

// plainBuilder reads one template, whatever the object, and starts no builds.
func plainBuilder(content string, c *cloud, box *inbox) *imagebuild.Builder {
	return &imagebuild.Builder{Objects: text(content), Resources: c, Publisher: imagebuild.Publisher{Outbox: box}}
}

func run(b *imagebuild.Builder, d imagebuild.Delivery) imagebuild.Result {
	return b.Run(context.Background(), invocation, []imagebuild.Delivery{d})[0]
}

// failsAt lets one operation of the cloud fail.
func failsAt(operation string, err error) func(string) error {
	return func(name string) error {
		if name == operation {
			return err
		}
		return nil
	}
}

// failing lets one operation of the cloud fail, or with Publish that of the
// outbox before box, which it is.
func failing(c *cloud, box *inbox, operation string, err error) imagebuild.Outbox {
	c.fail = failsAt(operation, err)
	return outbox(func(body []byte) error {
		if err := c.fail("Publish"); err != nil {
			return err
		}
		return box.Publish(context.Background(), body)
	})
}

func failure(kind fault.Kind, code string) error {
	return &fault.Error{Kind: kind, Op: "ecsimage.Create", Code: code, Message: "refused", RequestID: "R-1", HTTPStatus: 400}
}

var errKilled = errors.New("killed")

// cuts counts the calls of a process and cuts it off at the chosen one: ends it,
// as a panic, before or after the call, or loses the answer. The state of the
// services behind stays.
type cuts struct {
	mu        sync.Mutex
	at, calls int
	after     bool
	lost      bool // the answer, wherever after is
}

func (c *cuts) around(call func()) error {
	c.mu.Lock()
	c.calls++
	mine := c.calls == c.at
	c.mu.Unlock()
	if mine && !c.after && !c.lost {
		panic(errKilled)
	}
	call()
	if mine && c.lost {
		return failure(fault.Retryable, "")
	}
	if mine {
		panic(errKilled)
	}
	return nil
}

// cutCloud is everything that a use case calls, with the cuts around it.
type cutCloud struct {
	*cuts
	cloud   *cloud
	box     imagebuild.Outbox
	objects imagebuild.Objects
}

// cutting is one call with the cuts around it.
func cutting[T any](c *cuts, call func() (T, error)) (answer T, err error) {
	if lost := c.around(func() { answer, err = call() }); lost != nil {
		return *new(T), lost
	}
	return answer, err
}

func (c *cutCloud) Read(ctx context.Context, ref imagebuild.ObjectRef, limit int64) ([]byte, error) {
	return cutting(c.cuts, func() ([]byte, error) { return c.objects.Read(ctx, ref, limit) })
}
func (c *cutCloud) Find(ctx context.Context, q imagebuild.Query) ([]imagebuild.Resource, error) {
	return cutting(c.cuts, func() ([]imagebuild.Resource, error) { return c.cloud.Find(ctx, q) })
}
func (c *cutCloud) First(ctx context.Context, q imagebuild.Query) (first imagebuild.Resource, total int, err error) {
	_, err = cutting(c.cuts, func() (_ struct{}, err error) { first, total, err = c.cloud.First(ctx, q); return })
	return first, total, err
}
func (c *cutCloud) Create(ctx context.Context, r imagebuild.Request) (string, error) {
	return cutting(c.cuts, func() (string, error) { return c.cloud.Create(ctx, r) })
}
func (c *cutCloud) Start(ctx context.Context, r imagebuild.StartRequest) (string, error) {
	return cutting(c.cuts, func() (string, error) { return c.cloud.Start(ctx, r) })
}
func (c *cutCloud) Executions(ctx context.Context, q imagebuild.ExecutionQuery) ([]imagebuild.Execution, error) {
	return cutting(c.cuts, func() ([]imagebuild.Execution, error) { return c.cloud.Executions(ctx, q) })
}
func (c *cutCloud) Pipelines(ctx context.Context, q imagebuild.Query, ids ...string) ([]imagebuild.Pipeline, error) {
	return cutting(c.cuts, func() ([]imagebuild.Pipeline, error) { return c.cloud.Pipelines(ctx, q, ids...) })
}
func (c *cutCloud) Newest(ctx context.Context, region, family string) (string, error) {
	return cutting(c.cuts, func() (string, error) { return c.cloud.Newest(ctx, region, family) })
}
func (c *cutCloud) Images(ctx context.Context, q imagebuild.ImageQuery) ([]imagebuild.Image, error) {
	return cutting(c.cuts, func() ([]imagebuild.Image, error) { return c.cloud.Images(ctx, q) })
}
func (c *cutCloud) Send(ctx context.Context, body []byte, delay time.Duration) error {
	_, err := cutting(c.cuts, func() (struct{}, error) { return struct{}{}, c.cloud.Send(ctx, body, delay) })
	return err
}
func (c *cutCloud) Publish(ctx context.Context, body []byte) error {
	_, err := cutting(c.cuts, func() (struct{}, error) { return struct{}{}, c.box.Publish(ctx, body) })
	return err
}

package main

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"os"
	"slices"
	"sync"
	"time"

	"github.com/aliyun/credentials-go/credentials"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"imagedrop/shared/awstoe"
	"imagedrop/shared/ecsimage"
	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/ossobject"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/template"
)

const (
	// planWidth is how many inputs are planned at a time.
	planWidth = 8
	// planTimeout bounds the look at the cloud for one input.
	planTimeout = 30 * time.Second
	// unknownJob stands for the ID of a job that there is not yet.
	unknownJob = "<job-id>"
)

// planFlags are the flags of `plan`.
type planFlags struct {
	at             place
	offline, cloud bool
	region         string
	account        string // with cloud, "" where it is not known
	ecs, oss       string // with cloud: endpoints, "" for those of the region
	messageID      string
	policy         string // file
	content        bool
	asJSON         bool
}

func newPlan(s streams) *cobra.Command {
	var f planFlags
	cmd := &cobra.Command{
		Use:   "plan PATH...",
		Short: "Show what a template or message would become, and create nothing",
		Long: `plan shows for templates (directories are walked), messages (*.json) and "-",
standard input, what the functions would send, parameter by parameter, and what
they would answer: created, unchanged, rejected. It asks the local cloud, with
--cloud the real one, what is there; a difference shows what changes against the
newest version of the name. It only reads: nothing is created, started or sent.
With --offline nothing is asked.

Of what a template refers to the components are looked up, and nothing else: a
base image, a vSwitch or a region that does not exist only a create finds out.

A ClientToken is made of the job's ID: --message-id gives it, that of the MNS
message or of the upload's request. plan prints the text of the template, since
that is what is sent, with asterisks over its secrets. Exit code 1 means that something would be rejected or fail.`,
		Example: `  imagedrop plan web.Dockerfile
  imagedrop plan --offline --content templates/
  imagedrop plan --cloud --region cn-beijing --message-id 5F6A0E3A1C57F4B3 web.Dockerfile`,
		Args:    cobra.MinimumNArgs(1),
		PreRunE: func(cmd *cobra.Command, _ []string) error { return f.check(cmd) },
		RunE: func(cmd *cobra.Command, paths []string) error {
			return runPlan(cmd.Context(), paths, f, s)
		},
	}
	f.at.flags(cmd)
	fl := cmd.Flags()
	fl.BoolVar(&f.offline, "offline", false, "ask no cloud")
	fl.BoolVar(&f.cloud, "cloud", false, "ask the real cloud, with the usual credentials")
	fl.StringVar(&f.region, "region", "", "the functions' own region (default: the local cloud's; with --cloud "+account.Region+")")
	fl.StringVar(&f.account, "account", "", "with --cloud: your account ID, so that COMPONENT references by name are looked up")
	fl.StringVar(&f.ecs, "ecs-endpoint", os.Getenv("ECS_ENDPOINT"), "with --cloud: of ECS (default: that of the region)")
	fl.StringVar(&f.oss, "oss-endpoint", os.Getenv("OSS_ENDPOINT"), "with --cloud: of OSS, for a templateUri (default: that of the region)")
	fl.StringVar(&f.messageID, "message-id", "", "the job's ID, of which its ClientToken is made")
	fl.StringVar(&f.policy, "policy", "", "also check against this policy (YAML, as POLICY in s.yaml; default: the local cloud's, else none)")
	fl.BoolVar(&f.content, "content", false, "show the canonical text and the AWS document whole")
	fl.BoolVar(&f.asJSON, "json", false, "print one JSON document, which has everything")
	cmd.MarkFlagsMutuallyExclusive("offline", "cloud", "state")
	cmd.MarkFlagsMutuallyExclusive("offline", "cloud", "port-base")
	return cmd
}

func (f *planFlags) check(cmd *cobra.Command) error {
	for _, name := range []string{"account", "ecs-endpoint", "oss-endpoint"} {
		if cmd.Flags().Changed(name) && !f.cloud {
			return fmt.Errorf("--%s needs --cloud: the local cloud knows its own", name)
		}
	}
	return nil
}

// planned is one input with what would become of it.
type planned struct {
	*linted
	plan   imagebuild.Plan
	region string // that is asked about it
	err    error  // it could not be read, or the cloud not be asked
}

func runPlan(ctx context.Context, paths []string, f planFlags, s streams) error {
	inputs := planInputs(ctx, paths, s)
	if f.messageID != "" && len(inputs) != 1 {
		return errors.New("--message-id is of one job: give one file")
	}
	ctx, p, err := f.open(ctx)
	if err != nil {
		return err
	}
	step, done := planProgress(len(inputs), f, s.err)
	p.planAll(ctx, inputs, step)
	done()
	return printPlans(inputs, f, s)
}

// readPolicy returns the policy to check against, given as a file or else by
// the local cloud. Without one everything is allowed, since what is not is the
// operator's to say.
func (f planFlags) readPolicy(local string) (imagebuild.Policy, error) {
	switch {
	case f.policy != "":
		return loadPolicy(f.policy)
	case local != "":
		return imagebuild.ParsePolicy(local)
	}
	any := []string{"*"}
	return imagebuild.Policy{
		Regions: any, Buckets: any, Accounts: any, VSwitchIDs: any, InstanceTypes: any, ResourceGroupIDs: any, Targets: any,
		Build: true, RetainInstanceOnFailure: true,
	}, nil
}

func planInputs(ctx context.Context, paths []string, s streams) (inputs []*planned) {
	for _, l := range lintable(ctx, paths, "") {
		in := &planned{linted: l, err: l.err}
		if in.err == nil {
			in.text, in.err = readTemplate(ctx, l.path, s.in, &bytes.Buffer{})
		}
		inputs = append(inputs, in)
	}
	return inputs
}

// planner plans inputs in one place.
type planner struct {
	imagebuild.Planner
	invocation imagebuild.Invocation
	messageID  string
	timeout    time.Duration // of the look at the cloud for one input
	silent     sync.Map      // of regions: nothing answered there for so long
}

// open finds the cloud; the context signs the calls to it.
func (f planFlags) open(ctx context.Context) (context.Context, *planner, error) {
	local, err := &cloud{}, error(nil)
	if !f.offline && !f.cloud {
		if local, err = f.at.find(ctx); err != nil {
			return ctx, nil, fmt.Errorf("%w; --offline plans without one", err)
		}
	}
	p := &planner{messageID: f.messageID, timeout: planTimeout, invocation: imagebuild.Invocation{
		Region: cmp.Or(f.region, local.Region, account.Region), AccountID: cmp.Or(f.account, local.AccountID),
	}}
	p.Translate, p.Coming = planTranslation, map[string][]imagebuild.Existing{}
	if p.Policy, err = f.readPolicy(local.Policy); err != nil {
		return ctx, nil, err
	}
	switch {
	case f.offline:
		return ctx, p, nil
	case f.cloud:
		return f.openCloud(ctx, p)
	}
	ctx = sdkclient.WithCredentials(ctx, sdkclient.Credentials{AccessKeyID: local.AccessKeyID, AccessKeySecret: local.AccessKeySecret})
	return ctx, p, p.connect(local.ECS, local.OSS)
}

func (f planFlags) openCloud(ctx context.Context, p *planner) (context.Context, *planner, error) {
	c, err := cloudCredentials()
	if err != nil {
		return ctx, nil, err
	}
	oss := cmp.Or(f.oss, "https://oss-"+p.invocation.Region+".aliyuncs.com")
	return sdkclient.WithCredentials(ctx, c), p, p.connect(f.ecs, oss)
}

// cloudCredentials are those of the usual chain: environment, profile, role.
func cloudCredentials() (sdkclient.Credentials, error) {
	missing := errors.New("no credentials: set ALIBABA_CLOUD_ACCESS_KEY_ID and ALIBABA_CLOUD_ACCESS_KEY_SECRET, or configure a profile")
	chain, err := credentials.NewCredential(nil)
	if err != nil {
		return sdkclient.Credentials{}, missing
	}
	got, err := chain.GetCredential()
	if err != nil {
		return sdkclient.Credentials{}, missing
	}
	return sdkclient.Credentials{AccessKeyID: value(got.AccessKeyId), AccessKeySecret: value(got.AccessKeySecret),
		SecurityToken: value(got.SecurityToken)}, nil
}

func (p *planner) connect(ecs, oss string) error {
	images, err := ecsimage.New(ecsimage.Options{Endpoint: ecs})
	if err != nil {
		return err
	}
	objects, err := ossobject.New(ossobject.Options{Endpoint: oss, Region: p.invocation.Region})
	if err != nil {
		return err
	}
	p.Cloud, p.Objects = images, objects
	return nil
}

// planTranslation is that of the function awscomponent.
func planTranslation(t *template.Template) imagebuild.Translation {
	made := awstoe.Component(t)
	return imagebuild.Translation{Document: made.Document, Tags: made.Tags, Findings: made.Findings}
}

// planAll plans the components first, as `drop` uploads them: references may
// reach what they become.
func (p *planner) planAll(ctx context.Context, inputs []*planned, step func()) {
	first, then := []*planned{}, []*planned{}
	for _, in := range inputs {
		if in.err != nil {
			continue
		}
		t, isWhole := in.parsed()
		if in.region = cmp.Or(t.RegionID, p.invocation.Region); isWhole && t.Kind == template.Component {
			first = append(first, in)
		} else {
			then = append(then, in)
		}
	}
	p.planEach(ctx, first, step)
	for _, in := range first {
		if r := in.plan.Resource; in.err == nil && in.plan.Status == imagebuild.Created && r.ID == "" {
			key := in.plan.RegionID + "/" + r.Name
			p.Coming[key] = append(p.Coming[key], imagebuild.Existing{Resource: r, Parameters: in.plan.Request.Parameters})
		}
	}
	p.planEach(ctx, then, step)
}

// errNotAsked is of an input whose region did not answer to another one before.
var errNotAsked = errors.New("not planned, since nothing answers")

func (p *planner) planEach(ctx context.Context, inputs []*planned, step func()) {
	var g errgroup.Group
	g.SetLimit(planWidth)
	for _, in := range inputs {
		g.Go(func() error {
			defer step()
			if _, silent := p.silent.Load(in.region); silent {
				in.err = errNotAsked
				return nil
			}
			in.err = p.planOne(ctx, in)
			if f := fault.Of(in.err); in.key != "" && f != nil && f.Kind == fault.Retryable && f.HTTPStatus == 0 {
				p.silent.Store(in.region, true)
			}
			return nil
		})
	}
	_ = g.Wait() // each input has its own error
}

func (p *planner) planOne(ctx context.Context, in *planned) (err error) {
	ctx, cancel := context.WithTimeout(ctx, p.timeout)
	defer cancel()
	one := p.Planner
	one.Objects = planObjects{in.linted, p.Objects}
	in.plan, err = one.Plan(ctx, p.invocation, p.delivery(in.linted))
	in.tmpl = in.plan.Template
	if err != nil {
		return fmt.Errorf("%s: %w", in.name, err)
	}
	return nil
}

// parsed is what is known without the cloud; of a message it is not all where
// the template is in a bucket.
func (in *planned) parsed() (t *template.Template, isWhole bool) {
	if in.key != "" {
		return template.ParseFile(in.key, in.text), true
	}
	m := template.ParseMessage(in.text)
	return m.Resolve("", nil), m.TemplateURI == ""
}

// delivery is the event that would bring the input.
func (p *planner) delivery(l *linted) imagebuild.Delivery {
	id := cmp.Or(p.messageID, unknownJob)
	if l.key == "" {
		return imagebuild.Delivery{Trigger: imagebuild.TriggerQueue, SourceID: id, Body: l.text}
	}
	return imagebuild.Delivery{Trigger: imagebuild.TriggerOSS, SourceID: id, Object: imagebuild.ObjectRef{Key: l.key, ETag: "-"}}
}

// planObjects holds the file as the bucket will, and reads the others there.
type planObjects struct {
	file   *linted
	bucket imagebuild.Objects // nil: none is read
}

// Read implements imagebuild.Objects.
func (o planObjects) Read(ctx context.Context, ref imagebuild.ObjectRef, limit int64) ([]byte, error) {
	switch {
	case ref.Bucket == "":
		return bytes.Clone(o.file.text[:min(int64(len(o.file.text)), limit+1)]), nil
	case o.bucket == nil:
		return nil, fault.New(fault.Unknown, "plan", "the template is in a bucket, which --offline does not read")
	}
	return o.bucket.Read(ctx, ref, limit)
}

// knowsJob reports whether the job's ID is known.
func (in *planned) knowsJob() bool { return in.plan.JobID != unknownJob }

// rejected reports whether anything of the plan would be rejected or fail.
func (in *planned) rejected() bool {
	return slices.Contains([]imagebuild.Status{imagebuild.Rejected, imagebuild.Failed}, in.plan.Status) || in.tmpl.HasErrors()
}

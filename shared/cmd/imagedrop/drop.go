package main

import (
	"bytes"
	"context"
	"errors"
	"net/http"
	"os"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/google/uuid"
	"github.com/spf13/cobra"

	"imagedrop/shared/template"
)

func newDrop(s streams) *cobra.Command {
	var at place
	var asJSON bool
	var wait patience
	cmd := &cobra.Command{
		Use:   "drop PATH...",
		Short: "Upload templates and wait for their outcomes",
		Long: `drop uploads each template (directories are walked) and waits for the outcome
of each. Components go first, so that the pipelines that refer to them find them.
With --builds it also waits for the end of each build that a template starts
(build: true), and a build that makes no image is exit code 1. While the local
cloud is away it waits for its return.`,
		Example: "  imagedrop drop events/templates\n  imagedrop drop web.Dockerfile --builds\n  imagedrop drop web.Dockerfile --json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			groups, err := uploads(cmd.Context(), paths)
			if err != nil {
				return err
			}
			return runBatch(cmd.Context(), &line{find: at.find}, wait, newScreen(s, asJSON), groups...)
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each outcome event on a line")
	wait.flags(cmd)
	return cmd
}

// patience is how long a command waits, and for what.
type patience struct {
	timeout time.Duration
	builds  bool
}

func (w *patience) flags(cmd *cobra.Command) {
	cmd.Flags().DurationVar(&w.timeout, "timeout", defaultWait, "how long to wait, for everything together")
	cmd.Flags().BoolVar(&w.builds, "builds", false, "wait for the end of the builds, too")
}

// runBatch hands the tasks over and shows the outcomes of each as they arrive.
func runBatch(ctx context.Context, l *line, wait patience, screen *screen, groups ...[]task) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	b, err := begin(ctx, l, func(outcome) {})
	if err != nil {
		return err
	}
	b.timeout, b.builds, b.done, b.settled = wait.timeout, wait.builds, screen.print, screen.progress
	return screen.watch(b, groups, func() error { return b.run(ctx, groups...) })
}

// uploads returns the templates that paths name as tasks: the components, and
// behind them what may refer to them.
func uploads(ctx context.Context, paths []string) ([][]task, error) {
	files, err := findTemplates(ctx, paths)
	if err != nil {
		return nil, err
	}
	groups := make([][]task, 2)
	for _, f := range files {
		text, err := os.ReadFile(f.path)
		if err != nil {
			return nil, err
		}
		group, t := 1, template.ParseFile(f.key, text)
		if t.Kind == template.Component {
			group = 0
		}
		u := newUpload(f.key, text)
		groups[group] = append(groups[group], task{path: f.path, builds: t.Build, targets: t.Targets, submit: u.submit})
	}
	return groups, nil
}

// markName is the user metadata that tells an upload from all others.
const markName = "imagedrop-upload"

// upload is one template on its way into the bucket.
type upload struct {
	key   string
	text  []byte
	mark  string
	tried bool // and no answer came: it may be there
}

func newUpload(key string, text []byte) *upload {
	return &upload{key: key, text: text, mark: uuid.NewString()}
}

// submit puts the object, once: two uploads are two events, and these may be
// worked at the same time.
func (u *upload) submit(ctx context.Context, c *cloud) (name string, err error) {
	if u.tried {
		name, there, err := u.find(ctx, c)
		if there || err != nil {
			return name, err
		}
	}
	u.tried = true
	res, err := u.put(ctx, c)
	if err != nil {
		return "", err
	}
	return jobName(res.Headers.Get(oss.HeaderOssRequestID)), nil
}

func (u *upload) put(ctx context.Context, c *cloud) (*oss.PutObjectResult, error) {
	res, err := c.objects.PutObject(ctx, &oss.PutObjectRequest{
		Bucket: oss.Ptr(c.Bucket), Key: oss.Ptr(u.key), Body: bytes.NewReader(u.text), Metadata: map[string]string{markName: u.mark},
	})
	if err != nil {
		return nil, asRefusal(err)
	}
	return res, nil
}

// find looks whether an attempt without an answer arrived. The ID of its
// request, and so of its job, is lost; bucket, key and eTag name the outcome too.
func (u *upload) find(ctx context.Context, c *cloud) (name string, there bool, err error) {
	res, err := c.objects.HeadObject(ctx, &oss.HeadObjectRequest{Bucket: oss.Ptr(c.Bucket), Key: oss.Ptr(u.key)})
	var answer *oss.ServiceError
	switch {
	case errors.As(err, &answer) && answer.StatusCode == http.StatusNotFound:
		return "", false, nil
	case err != nil:
		return "", false, asRefusal(err)
	}
	return objectName(c.Bucket, u.key, oss.ToString(res.ETag)), res.Metadata[markName] == u.mark, nil
}

// asRefusal tells an answer that the request itself is wrong from trouble that
// may pass. Of the SDK's words only the service's own are kept.
func asRefusal(err error) error {
	var answer *oss.ServiceError
	switch {
	case !errors.As(err, &answer):
		return errors.New("OSS did not answer")
	case answer.StatusCode < http.StatusInternalServerError:
		return refuse("OSS refused it: %s (%s, request %s)", answer.Message, answer.Code, answer.RequestID)
	}
	return errors.New("OSS answered " + answer.Code)
}

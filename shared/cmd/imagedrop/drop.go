package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss"
	"github.com/aliyun/alibabacloud-oss-go-sdk-v2/oss/credentials"
	"github.com/schollz/progressbar/v3"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"imagedrop/shared/local/stack"
	"imagedrop/shared/template"
)

// uploads is how many templates are under way at once.
const uploads = 8

// defaultWait is how long a command waits for the outcomes that it caused.
const defaultWait = 2 * time.Minute

func newDrop(s streams) *cobra.Command {
	var at place
	var asJSON bool
	var timeout time.Duration
	cmd := &cobra.Command{
		Use:   "drop PATH...",
		Short: "Upload templates and wait for their outcomes",
		Long: `drop uploads each template (directories are walked) and waits for the outcome
of each. Components go first, so that the pipelines that refer to them find them.`,
		Example: "  imagedrop drop events/templates\n  imagedrop drop web.Dockerfile --json",
		Args:    cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, paths []string) error {
			files, err := findTemplates(paths)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(cmd.Context(), timeout)
			defer cancel()
			return dropAndPrint(ctx, at.find, files, newPrinter(s.out, asJSON), s.err)
		},
	}
	at.flags(cmd)
	cmd.Flags().BoolVar(&asJSON, "json", false, "print each outcome event on a line")
	cmd.Flags().DurationVar(&timeout, "timeout", defaultWait, "how long to wait for all outcomes")
	return cmd
}

// file is one template to drop.
type file struct {
	path string // on disk
	key  string // in the bucket
}

// findTemplates lists the templates that paths name, directories walked.
func findTemplates(paths []string) ([]file, error) {
	var files []file
	for _, p := range paths {
		found, err := walk(p)
		if err != nil {
			return nil, err
		}
		if len(found) == 0 {
			return nil, fmt.Errorf("%s: no template; their names are X.Dockerfile, Dockerfile.X, Dockerfile, X.yaml or X.yml", p)
		}
		files = append(files, found...)
	}
	return files, nil
}

func walk(root string) ([]file, error) {
	var files []file
	err := filepath.WalkDir(root, func(p string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() {
			if p != root && strings.HasPrefix(d.Name(), ".") {
				return fs.SkipDir
			}
			return nil
		}
		if template.IsTemplate(d.Name()) {
			files = append(files, file{path: p, key: template.Prefix + keyBelow(root, p)})
		}
		return nil
	})
	return files, err
}

// keyBelow names p as the object key below the prefix: its path below root, or
// its name where it is the root.
func keyBelow(root, p string) string {
	rel, err := filepath.Rel(root, p)
	if err != nil || rel == "." {
		return path.Base(filepath.ToSlash(p))
	}
	return filepath.ToSlash(rel)
}

// dropAndPrint drops the files, prints each outcome as it arrives, and says
// what is missing when ctx ends first.
func dropAndPrint(ctx context.Context, find func(context.Context) (stack.Endpoints, error), files []file, p printer, progress io.Writer) error {
	d, err := newDropper(ctx, find, nil)
	if err != nil {
		return err
	}
	bar := newProgress(progress, len(files))
	defer bar.Exit()
	d.each = func(o outcome) {
		bar.Clear()
		p.print(o)
		bar.Add(1)
	}
	return d.drop(ctx, files)
}

// newProgress returns a bar on a terminal, and nothing elsewhere.
func newProgress(w io.Writer, n int) *progressbar.ProgressBar {
	if !isTerminal(w) {
		w = io.Discard
	}
	return progressbar.NewOptions(n, progressbar.OptionSetWriter(w), progressbar.OptionShowCount(),
		progressbar.OptionSetWidth(30), progressbar.OptionClearOnFinish(), progressbar.OptionSetDescription("outcomes"))
}

// dropper uploads templates and waits for their outcomes.
type dropper struct {
	find   func(context.Context) (stack.Endpoints, error)
	follow *follower
	each   func(outcome)

	mu      sync.Mutex
	bad     bool
	missing []string
}

// newDropper starts to follow the feed from where it stands now; each sees
// every outcome from there on, of whatever job.
func newDropper(ctx context.Context, find func(context.Context) (stack.Endpoints, error), each func(outcome)) (*dropper, error) {
	e, err := find(ctx)
	if err != nil {
		return nil, err
	}
	end, err := feedEnd(ctx, e)
	if err != nil {
		return nil, fmt.Errorf("%w: %v", errNoCloud, err)
	}
	d := &dropper{find: find, follow: newFollower(find, each), each: func(outcome) {}}
	go d.follow.run(ctx, end)
	return d, nil
}

// drop drops components, then the rest. It returns errRejected where an
// outcome was bad, and names the templates whose outcome did not come.
func (d *dropper) drop(ctx context.Context, files []file) error {
	components, others, err := split(files)
	if err != nil {
		return err
	}
	for _, group := range [][]file{components, others} {
		if err := d.dropAll(ctx, group); err != nil {
			return err
		}
	}
	if len(d.missing) > 0 {
		slices.Sort(d.missing)
		return fmt.Errorf("no outcome in time for %s", strings.Join(d.missing, ", "))
	}
	if d.bad {
		return errRejected
	}
	return nil
}

// split puts the components first: what refers to them comes behind.
func split(files []file) (components, others []file, err error) {
	for _, f := range files {
		text, err := os.ReadFile(f.path)
		if err != nil {
			return nil, nil, err
		}
		if template.ParseFile(f.key, text).Kind == template.Component {
			components = append(components, f)
		} else {
			others = append(others, f)
		}
	}
	return components, others, nil
}

func (d *dropper) dropAll(ctx context.Context, files []file) error {
	g := errgroup.Group{}
	g.SetLimit(uploads)
	for _, f := range files {
		g.Go(func() error { return d.dropOne(ctx, f) })
	}
	return g.Wait()
}

func (d *dropper) dropOne(ctx context.Context, f file) error {
	text, err := os.ReadFile(f.path)
	if err != nil {
		return err
	}
	job, err := d.upload(ctx, f.key, text)
	if err != nil && ctx.Err() == nil {
		return fmt.Errorf("upload of %s: %w", f.path, err)
	}
	o, err := d.follow.await(ctx, job)
	d.mu.Lock()
	defer d.mu.Unlock()
	if err != nil {
		d.missing = append(d.missing, f.path)
		return nil
	}
	d.bad = d.bad || o.bad()
	d.each(o)
	return nil
}

// upload puts the object and returns the job ID that its event will have: the
// id of the request. While nobody answers it tries again until ctx ends.
func (d *dropper) upload(ctx context.Context, key string, text []byte) (job string, err error) {
	for {
		job, err = d.put(ctx, key, text)
		if err == nil || refused(err) || ctx.Err() != nil {
			return job, err
		}
		pause(ctx, tryAgain)
	}
}

// refused reports whether the service answered that the request itself is wrong.
func refused(err error) bool {
	var answer *oss.ServiceError
	return errors.As(err, &answer) && answer.StatusCode < 500
}

func (d *dropper) put(ctx context.Context, key string, text []byte) (string, error) {
	e, err := d.find(ctx)
	if err != nil {
		return "", err
	}
	res, err := ossClient(e).PutObject(ctx, &oss.PutObjectRequest{
		Bucket: oss.Ptr(e.Bucket), Key: oss.Ptr(key), Body: bytes.NewReader(text),
	})
	if err != nil {
		return "", err
	}
	return res.Headers.Get("X-Oss-Request-Id"), nil
}

// ossClient makes one attempt a call: a repeated PUT is a second event.
func ossClient(e stack.Endpoints) *oss.Client {
	return oss.NewClient(oss.LoadDefaultConfig().WithRegion(e.Region).WithEndpoint(e.OSS).WithRetryMaxAttempts(1).
		WithCredentialsProvider(credentials.NewStaticCredentialsProvider(e.AccessKeyID, e.AccessKeySecret)))
}

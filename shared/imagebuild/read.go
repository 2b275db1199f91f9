package imagebuild

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"time"

	"imagedrop/shared/fault"
	"imagedrop/shared/template"
)

// MaxRaw is the largest object or message that is read, in bytes: far above the 16,384 of
// a canonical text, since header, comments and blank lines are not counted, and
// small enough that no object fills a function's memory.
const MaxRaw = 1 << 20

// read completes j.template, and with it what the job is called. done means
// that the job has its status already.
func (j *job) read(ctx context.Context) (done bool, err error) {
	if j.delivery.Trigger == TriggerOSS {
		return j.readObject(ctx)
	}
	return j.readMessage(ctx)
}

func (j *job) readObject(ctx context.Context) (bool, error) {
	ref := j.delivery.Object
	j.unpinned = ref.ETag == ""
	text, err := j.fetch(ctx, ref)
	switch {
	case j.skipped(err):
		return true, nil
	case err != nil:
		return false, err
	case len(text) > MaxRaw:
		j.template = &template.Template{Name: template.DefaultName(ref.Key)}
		ReportTooLarge(j.template, ref.Key)
		return j.reject()
	}
	j.path, j.text = ref.Key, text
	j.lint(func() { j.template = template.ParseFile(ref.Key, text) })
	return false, nil
}

// skipped settles the job where the error says that its object is another one
// by now, or none.
func (j *job) skipped(err error) bool {
	switch {
	case errors.Is(err, ErrGone):
		j.skip("gone", "the object was deleted after the event")
	case errors.Is(err, ErrSuperseded):
		j.skip("superseded", "the object changed after the event; the change has an event of its own")
	default:
		return false
	}
	return true
}

// outdated is asked before a create that was held up, and answers ErrGone or
// ErrSuperseded where the object went or changed since it was read: what was
// uploaded last may be there by now, and the older must not come above it. What
// else may be amiss with the object matters no more.
func (j *job) outdated(ctx context.Context) error {
	ref := j.delivery.Object
	if j.delivery.Trigger != TriggerOSS || ref.ETag == "" {
		return nil
	}
	_, err := j.Objects.Read(ctx, ref, MaxRaw)
	if errors.Is(err, ErrGone) || errors.Is(err, ErrSuperseded) {
		return err
	}
	return nil
}

func (j *job) readMessage(ctx context.Context) (bool, error) {
	if len(j.delivery.Body) > MaxRaw {
		j.template = &template.Template{}
		ReportTooLarge(j.template, "")
		return j.reject()
	}
	var message *template.Message
	j.lint(func() { message = template.ParseMessage(j.delivery.Body) })
	j.id = jobID(j.delivery, message.ClientToken)
	if message.TemplateURI != "" {
		return j.readURI(ctx, message)
	}
	j.lint(func() { j.template = message.Resolve("", nil) })
	return false, nil
}

// readURI reads the object that a message names. The function may read more
// buckets than the message's sender, so the policy is asked before the bucket is.
func (j *job) readURI(ctx context.Context, m *template.Message) (bool, error) {
	bucket, key, _ := strings.Cut(strings.TrimPrefix(m.TemplateURI, "oss://"), "/")
	j.template = m.Resolve("", nil) // what the message says by itself, should nothing be read
	if !j.Policy.allowsBucket(bucket) {
		j.Policy.refuseBucket(j.template, bucket)
		return j.reject()
	}
	text, err := j.fetch(ctx, ObjectRef{Bucket: bucket, Key: key, ETag: m.TemplateETag})
	j.unpinned, j.unread = m.TemplateETag == "", errors.Is(err, ErrGone)
	switch {
	case errors.Is(err, ErrGone):
		return false, fault.New(fault.Invalid, "imagebuild.read", "templateUri names an object that does not exist")
	case errors.Is(err, ErrSuperseded):
		j.skip("superseded", "the object no longer has the templateETag")
		return true, nil
	case err != nil:
		return false, blameSender(err)
	case len(text) > MaxRaw:
		ReportTooLarge(j.template, key)
		return j.reject()
	}
	j.path, j.text = key, text
	j.lint(func() { j.template = m.Resolve(key, text) })
	return false, nil
}

// blameSender makes a bucket that does not exist the sender's mistake, where
// it is the sender who named it.
func blameSender(err error) error {
	if f := fault.Of(err); f != nil && f.Code == codeNoBucket {
		return because(f, fault.Invalid, "templateUri names a bucket that does not exist")
	}
	return err
}

func (j *job) skip(kind, message string) {
	j.unread = true
	j.status, j.reason = Skipped, &Reason{Kind: kind, Message: message}
}

func (j *job) reject() (done bool, err error) {
	j.status = Rejected
	return true, nil
}

func (j *job) fetch(ctx context.Context, ref ObjectRef) (text []byte, err error) {
	defer clock(&j.spent.read)()
	err = j.retry(ctx, func(ctx context.Context) (err error) {
		text, err = j.Objects.Read(ctx, ref, MaxRaw)
		return err
	})
	return text, err
}

// lint times what reads and judges a text.
func (j *job) lint(judge func()) {
	defer clock(&j.spent.lint)()
	judge()
}

// clock adds to spent what passes until the function that it returns is called.
func clock(spent *time.Duration) func() {
	started := time.Now()
	return func() { *spent += time.Since(started) }
}

// ReportTooLarge is for a text that was not read to its end; key is "" for a
// message.
func ReportTooLarge(t *template.Template, key string) {
	t.Report("IB0002", template.Value{Path: key},
		fmt.Sprintf("the text has more than %d bytes, too large to be read", MaxRaw),
		"a template holds commands; fetch large files while the image is built")
}

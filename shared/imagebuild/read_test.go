package imagebuild_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
)

// reads answers by object key and remembers what was asked for.
type reads struct {
	text map[string]string
	err  error
	refs []imagebuild.ObjectRef
}

func (r *reads) Read(_ context.Context, ref imagebuild.ObjectRef, limit int64) ([]byte, error) {
	r.refs = append(r.refs, ref)
	text := r.text[ref.Key]
	return []byte(text)[:min(int64(len(text)), limit+1)], r.err
}

func TestObjectThatIsNoLongerThere(t *testing.T) {
	tests := []struct {
		name     string
		delivery imagebuild.Delivery
		err      error
		status   imagebuild.Status
		reason   string
	}{
		{"deleted", upload("job"), imagebuild.ErrGone, imagebuild.Skipped, "gone"},
		{"changed", upload("job"), imagebuild.ErrSuperseded, imagebuild.Skipped, "superseded"},
		{"templateUri, nothing there", message("job", `{"templateUri":"oss://shared-templates/a.Dockerfile"}`), imagebuild.ErrGone, imagebuild.Rejected, "invalid"},
		{"templateUri, changed", message("job", `{"templateUri":"oss://shared-templates/a.Dockerfile","templateETag":"E1"}`),
			imagebuild.ErrSuperseded, imagebuild.Skipped, "superseded"},
		{"no permission", upload("job"), failure(fault.Permanent, "AccessDenied"), imagebuild.Failed, "permanent"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			box := &inbox{}
			builder := &imagebuild.Builder{Objects: &reads{err: test.err}, Resources: &cloud{},
				Publisher: imagebuild.Publisher{Outbox: box}, Policy: imagebuild.Policy{Buckets: []string{"shared-templates"}}}
			require.NoError(t, run(builder, test.delivery).Err)
			o := box.only(t)
			require.Equal(t, test.status, o.Data.Status)
			require.Equal(t, test.reason, o.Data.Reason.Kind)
			require.Equal(t, "imagedrop.component."+string(test.status)+".v1", o.Type)
			require.Nil(t, o.Data.Content)
			require.Empty(t, o.Data.Findings)
		})
	}
}

// A job that created its resource says so again, whatever has become of the
// object that it read.
func TestCreatedStaysCreated(t *testing.T) {
	const (
		uri    = `{"templateUri":"oss://shared-templates/templates/web.Dockerfile"}`
		pinned = `{"templateUri":"oss://shared-templates/templates/web.Dockerfile","templateETag":"E1"}`
		abroad = "# ---\n# regionId: cn-beijing\n# ---\n"
	)
	policy := imagebuild.Policy{Buckets: []string{"shared-templates"}, Regions: []string{"*", "cn-hangzhou", "cn-beijing"}}
	changed := func(text string) *reads {
		return &reads{text: map[string]string{"templates/web.Dockerfile": text}}
	}
	tests := []struct {
		name     string
		delivery imagebuild.Delivery
		template string
		then     *reads
	}{
		{"object gone", upload("job"), component, &reads{err: imagebuild.ErrGone}},
		{"object changed", upload("job"), component, &reads{err: imagebuild.ErrSuperseded}},
		{"object of a pipeline changed", upload("job"), pipeline, &reads{err: imagebuild.ErrSuperseded}},
		{"object for another region changed", upload("job"), abroad + pipeline, &reads{err: imagebuild.ErrSuperseded}},
		{"templateUri, gone", message("job", uri), component, &reads{err: imagebuild.ErrGone}},
		{"templateUri with eTag, gone", message("job", pinned), component, &reads{err: imagebuild.ErrGone}},
		{"templateUri with eTag, changed", message("job", pinned), pipeline, &reads{err: imagebuild.ErrSuperseded}},
		{"templateUri, broken since", message("job", uri), pipeline, changed("BOGUS\n")},
		{"templateUri, what another made since", message("job", uri), component, changed("RUN other\n")},
		{"templateUri, too large since", message("job", uri), component, changed(strings.Repeat("# a comment\n", 1<<17))},
		{"event without eTag, broken since", imagebuild.Delivery{Trigger: imagebuild.TriggerOSS, SourceID: "job",
			Object: imagebuild.ObjectRef{Bucket: "shared-templates", Key: "templates/web.Dockerfile"}}, component, changed("BOGUS\n")},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, box := &cloud{}, &inbox{}
			builder := imagebuild.Builder{Resources: c, Publisher: imagebuild.Publisher{Outbox: box}, Policy: policy}
			first, other, again := builder, builder, builder
			first.Objects, other.Objects, again.Objects = changed(test.template), text("RUN other\n"), test.then
			require.NoError(t, run(&first, test.delivery).Err)
			require.NoError(t, run(&other, upload("another job")).Err)
			require.Equal(t, imagebuild.Created, run(&again, test.delivery).Status)
			require.Len(t, c.all, 2)
			outcomes := box.outcomes(t)
			was, is := outcomes[0], outcomes[2]
			require.Equal(t, []any{was.ID, was.Type, was.Subject, was.Data.Target, was.Data.Resource},
				[]any{is.ID, is.Type, is.Subject, is.Data.Target, is.Data.Resource})
			require.Nil(t, is.Data.Reason)
		})
	}
}

// Between two tries of a create its object may become another one, which has an
// event of its own. The older must not be made after the newer: it would be the
// newest of its name.
func TestTheObjectChangesBetweenTwoTries(t *testing.T) {
	refused, lost := failure(fault.Retryable, "Throttling.User"), fault.New(fault.Retryable, "test", "no answer")
	tests := []struct {
		name     string
		delivery imagebuild.Delivery
		template string
		first    error // of the create
		then     error // of another read
		status   imagebuild.Status
		reason   string
	}{
		{"changed", upload("job"), component, refused, imagebuild.ErrSuperseded, imagebuild.Skipped, "superseded"},
		{"pipeline changed", upload("job"), pipeline, refused, imagebuild.ErrSuperseded, imagebuild.Skipped, "superseded"},
		{"gone", upload("job"), component, refused, imagebuild.ErrGone, imagebuild.Skipped, "gone"},
		{"number taken, then changed", upload("job"), "# ---\n# componentVersion: 1.*.*\n# ---\n" + component,
			failure(fault.Invalid, "InvalidComponentVersion.Exist"), imagebuild.ErrSuperseded, imagebuild.Skipped, "superseded"},
		{"changed, but made", upload("job"), component, lost, imagebuild.ErrSuperseded, imagebuild.Created, ""},
		{"not changed", upload("job"), component, refused, nil, imagebuild.Created, ""},
		{"not to be read any more", upload("job"), component, refused, failure(fault.Permanent, "AccessDenied"), imagebuild.Created, ""},
		{"a message", message("job", component), component, refused, imagebuild.ErrSuperseded, imagebuild.Created, ""},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			c, box, asked := &cloud{}, &inbox{}, false
			builder := &imagebuild.Builder{
				Publisher: imagebuild.Publisher{Outbox: box, Jitter: func(time.Duration) time.Duration { return 0 }},
				Objects: objects(func(imagebuild.ObjectRef) ([]byte, error) {
					if asked && test.then != nil {
						return nil, test.then
					}
					return []byte(test.template), nil
				}),
				Resources: resources{
					func(q imagebuild.Query) ([]imagebuild.Resource, error) { return c.Find(t.Context(), q) },
					func(r imagebuild.Request) (string, error) {
						if asked {
							return c.Create(t.Context(), r)
						}
						asked = true
						if test.first == lost {
							_, _ = c.Create(t.Context(), r) // nobody hears of it
						}
						return "", test.first
					},
				},
			}
			require.NoError(t, run(builder, test.delivery).Err)
			o := box.only(t)
			require.Equal(t, test.status, o.Data.Status)
			require.Equal(t, test.status == imagebuild.Created, len(c.all) == 1)
			if test.reason != "" {
				require.Equal(t, test.reason, o.Data.Reason.Kind)
			}
		})
	}
}

// So may it while the look-up waits.
func TestTheObjectChangesWhileTheLookUpIsTriedAgain(t *testing.T) {
	c, box, failed := &cloud{}, &inbox{}, false
	builder := &imagebuild.Builder{
		Publisher: imagebuild.Publisher{Outbox: box, Jitter: func(time.Duration) time.Duration { return 0 }},
		Objects: objects(func(imagebuild.ObjectRef) ([]byte, error) {
			if failed {
				return nil, imagebuild.ErrSuperseded
			}
			return []byte(component), nil
		}),
		Resources: resources{
			func(q imagebuild.Query) ([]imagebuild.Resource, error) {
				if !failed {
					failed = true
					return nil, failure(fault.Retryable, "ServiceUnavailable")
				}
				return c.Find(t.Context(), q)
			},
			func(r imagebuild.Request) (string, error) { return c.Create(t.Context(), r) },
		},
	}
	require.NoError(t, run(builder, upload("job")).Err)
	require.Equal(t, imagebuild.Skipped, box.only(t).Data.Status)
	require.Empty(t, c.all)
}

// What a region says that we may not use, or that is not there, decides
// nothing; what another delivery may find out waits for it.
func TestTheJobsOwnIsNotFound(t *testing.T) {
	policy := imagebuild.Policy{Regions: []string{"cn-beijing"}}
	for kind, status := range map[fault.Kind]imagebuild.Status{
		fault.Permanent: imagebuild.Skipped, fault.Invalid: imagebuild.Skipped, fault.Unknown: "",
	} {
		var regions []string
		box := &inbox{}
		builder := &imagebuild.Builder{Objects: &reads{err: imagebuild.ErrSuperseded}, Publisher: imagebuild.Publisher{Outbox: box}, Policy: policy,
			Resources: resources{find: func(q imagebuild.Query) ([]imagebuild.Resource, error) {
				regions = append(regions, q.RegionID)
				return nil, failure(kind, "Whatever")
			}}}
		result := run(builder, upload("job"))
		require.Equal(t, status, result.Status)
		if status == "" {
			require.Equal(t, kind, fault.KindOf(result.Err))
			require.Empty(t, box.bodies)
			continue
		}
		require.Equal(t, []string{"cn-beijing", "cn-beijing", "cn-hangzhou", "cn-hangzhou"}, regions)
		require.Equal(t, "superseded", box.only(t).Data.Reason.Kind)
	}
}

// Of two deliveries at once one may find the object gone while the other, which
// read it, is creating.
func TestTheTwinCreatesMeanwhile(t *testing.T) {
	c, box := &cloud{}, &inbox{}
	twin := imagebuild.Builder{Resources: c, Publisher: imagebuild.Publisher{Outbox: box}, Policy: imagebuild.Policy{Regions: []string{"cn-hangzhou", "cn-beijing"}}}
	late := twin
	twin.Objects, late.Objects = text(component), &reads{err: imagebuild.ErrGone}
	late.Resources = resources{find: func(q imagebuild.Query) ([]imagebuild.Resource, error) {
		if len(c.all) == 0 { // at the first question
			require.NoError(t, run(&twin, upload("job")).Err)
		}
		found, err := c.Find(t.Context(), q)
		if q.RegionID == "cn-beijing" {
			require.Empty(t, found)
		}
		return found, err
	}}
	require.Equal(t, imagebuild.Created, run(&late, upload("job")).Status)
	outcomes := box.outcomes(t)
	require.Len(t, outcomes, 2)
	require.Equal(t, outcomes[0].ID, outcomes[1].ID)
}

func TestMessageByURI(t *testing.T) {
	store := &reads{text: map[string]string{"base/web.Dockerfile": pipeline}}
	c, box := &cloud{}, &inbox{}
	builder := &imagebuild.Builder{Objects: store, Resources: c, Publisher: imagebuild.Publisher{Outbox: box},
		Policy: imagebuild.Policy{Buckets: []string{"shared-templates"}}}
	body := `{"templateUri":"oss://shared-templates/base/web.Dockerfile","templateETag":"\"E7\"","name":"from-uri"}`
	require.NoError(t, run(builder, message("m-1", body)).Err)
	require.Equal(t, []imagebuild.ObjectRef{{Bucket: "shared-templates", Key: "base/web.Dockerfile", ETag: "E7"}}, store.refs)
	o := box.only(t)
	require.Equal(t, "imagedrop.pipeline.created.v1", o.Type)
	require.Equal(t, "imagedrop-requests", o.Subject)
	require.Equal(t, "from-uri", o.Data.Resource.Name)
	require.Equal(t, imagebuild.OutcomeJob{ID: "m-1", Trigger: "queue", Queue: "imagedrop-requests", MessageID: "m-1"}, o.Data.Job)
}

// What is not read is told with what the message says by itself.
func TestURIThatNamesNothing(t *testing.T) {
	body := `{"templateUri":"oss://shared-templates/x.Dockerfile","kind":"pipeline","name":"web","nam":1}`
	for kind, test := range map[string]struct {
		err    error
		status imagebuild.Status
	}{
		"invalid":    {imagebuild.ErrGone, imagebuild.Rejected},
		"superseded": {imagebuild.ErrSuperseded, imagebuild.Skipped},
		"permanent":  {failure(fault.Permanent, "AccessDenied"), imagebuild.Failed},
	} {
		box := &inbox{}
		builder := &imagebuild.Builder{Objects: &reads{err: test.err}, Resources: &cloud{}, Publisher: imagebuild.Publisher{Outbox: box},
			Policy: imagebuild.Policy{Buckets: []string{"shared-templates"}}}
		require.NoError(t, run(builder, message("m-1", body)).Err)
		o := box.only(t)
		require.Equal(t, "imagedrop.pipeline."+string(test.status)+".v1", o.Type)
		require.Equal(t, imagebuild.OutcomeResource{Kind: "pipeline", Name: "web"}, o.Data.Resource)
		require.Equal(t, kind, o.Data.Reason.Kind)
		require.Len(t, o.Data.Findings, 1)
	}
}

// Who named the bucket must act.
func TestBucketThatDoesNotExist(t *testing.T) {
	for status, delivery := range map[imagebuild.Status]imagebuild.Delivery{
		imagebuild.Failed:   upload("job"),
		imagebuild.Rejected: message("job", `{"templateUri":"oss://shared-template/web.Dockerfile"}`),
	} {
		box := &inbox{}
		builder := &imagebuild.Builder{Objects: &reads{err: failure(fault.Permanent, "NoSuchBucket")}, Resources: &cloud{},
			Publisher: imagebuild.Publisher{Outbox: box}, Policy: imagebuild.Policy{Buckets: []string{"*"}}}
		require.NoError(t, run(builder, delivery).Err)
		require.Equal(t, status, box.only(t).Data.Status)
		require.Equal(t, "NoSuchBucket", box.only(t).Data.Reason.Code)
	}
}

// The function may read buckets that the sender may not: no read before the policy.
func TestURIOfAnotherBucketIsNotRead(t *testing.T) {
	store, box := &reads{}, &inbox{}
	require.NoError(t, run(&imagebuild.Builder{Objects: store, Publisher: imagebuild.Publisher{Outbox: box}}, message("m-1", "{\n \"templateUri\": \"oss://payroll/x.Dockerfile\"}")).Err)
	require.Empty(t, store.refs)
	data := box.only(t).Data
	require.Equal(t, imagebuild.Rejected, data.Status)
	require.Len(t, data.Findings, 1)
	f := data.Findings[0]
	require.Equal(t, []any{"IB0258", "/templateUri", 2, 17}, []any{f.Rule, f.Path, f.Line, f.Column})
	require.Contains(t, f.Message, "payroll")
}

func TestMalformedURIIsNotRead(t *testing.T) {
	store, box := &reads{}, &inbox{}
	require.NoError(t, run(&imagebuild.Builder{Objects: store, Publisher: imagebuild.Publisher{Outbox: box}, Policy: imagebuild.Policy{Buckets: []string{"*"}}},
		message("m-1", `{"templateUri":"https://example.com/x.Dockerfile"}`)).Err)
	require.Empty(t, store.refs)
	require.Equal(t, imagebuild.Rejected, box.only(t).Data.Status)
}

func TestFileTooLargeToBeRead(t *testing.T) {
	huge := "RUN true\n" + strings.Repeat("# a comment\n", 1<<17)
	for name, delivery := range map[string]imagebuild.Delivery{
		"object":  upload("job"),
		"message": message("job", `{"templateUri":"oss://shared-templates/templates/web.Dockerfile"}`),
	} {
		t.Run(name, func(t *testing.T) {
			box := &inbox{}
			store := &reads{text: map[string]string{"templates/web.Dockerfile": huge}}
			require.NoError(t, run(&imagebuild.Builder{Objects: store, Resources: &cloud{}, Publisher: imagebuild.Publisher{Outbox: box}, Policy: imagebuild.Policy{Buckets: []string{"shared-templates"}}}, delivery).Err)
			data := box.only(t).Data
			require.Equal(t, imagebuild.Rejected, data.Status)
			require.Len(t, data.Findings, 1)
			f := data.Findings[0]
			require.Equal(t, []any{"IB0002", "templates/web.Dockerfile", 1, 1}, []any{f.Rule, f.Path, f.Line, f.Column})
			require.Nil(t, data.Content)
		})
	}
	box := &inbox{}
	require.NoError(t, run(&imagebuild.Builder{Publisher: imagebuild.Publisher{Outbox: box}}, message("job", `{"content":"`+huge)).Err)
	data := box.only(t).Data
	require.Equal(t, []any{imagebuild.Rejected, "IB0002", ""}, []any{data.Status, data.Findings[0].Rule, data.Findings[0].Path})

	small := "RUN true\n" + strings.Repeat("# a comment\n", 1<<13)
	c := &cloud{}
	require.NoError(t, run(plainBuilder(small, c, &inbox{}), upload("job")).Err)
	require.Len(t, c.all, 1, "comments do not count")
}

package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/function"
	"imagedrop/shared/functiontest"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdkclient"
)

const canary = functiontest.Canary

// fakes are the services as functions; nil answers what is usual.
type fakes struct {
	functiontest.Builds
	read    func(context.Context, imagebuild.ObjectRef) ([]byte, error)
	create  func(imagebuild.Request) (string, error)
	publish func([]byte) error
}

func (f *fakes) Read(ctx context.Context, ref imagebuild.ObjectRef, _ int64) ([]byte, error) {
	if f.read != nil {
		return f.read(ctx, ref)
	}
	return []byte("RUN echo " + canary + "\n"), nil
}

func (f *fakes) Find(context.Context, imagebuild.Query) ([]imagebuild.Resource, error) {
	return nil, nil
}

func (f *fakes) First(context.Context, imagebuild.Query) (imagebuild.Resource, int, error) {
	return imagebuild.Resource{}, 0, nil
}

func (f *fakes) Create(_ context.Context, r imagebuild.Request) (string, error) {
	if f.create != nil {
		return f.create(r)
	}
	return "ic-1", nil
}

func (f *fakes) Publish(_ context.Context, body []byte) error {
	if f.publish != nil {
		return f.publish(body)
	}
	return nil
}

// newTest returns the function as an invocation finds it, and its log.
func newTest(f *fakes) (*handler, *strings.Builder) {
	log := &strings.Builder{}
	objects := &function.Objects{New: func(string) (imagebuild.Objects, error) { return f, nil }}
	return &handler{log: function.NewLog(log), objects: objects,
		builder: imagebuild.Builder{Objects: objects, Resources: f, Publisher: imagebuild.Publisher{Outbox: f},
			Builds: imagebuild.Builds{Executions: f, Images: f, Watch: f}, Policy: imagebuild.Policy{Build: true}, Concurrency: concurrency}}, log
}

func event(keys ...string) []byte {
	var records []string
	for i, key := range keys {
		records = append(records, fmt.Sprintf(`{"eventName":"ObjectCreated:PutObject","eventSource":"acs:oss","eventTime":"2026-05-04T08:15:30.000Z",
			"oss":{"bucket":{"name":"imagedrop-templates"},"object":{"key":%q,"eTag":"E%d"}},"responseElements":{"requestId":"R-%d"}}`, key, i, i))
	}
	return []byte(`{"events":[` + strings.Join(records, ",") + `]}`)
}

func lines(t *testing.T, log *strings.Builder) (lines []map[string]any) {
	t.Helper()
	for _, text := range strings.Split(strings.TrimSpace(log.String()), "\n") {
		require.True(t, strings.HasPrefix(text, `{"time":"`), text)
		var line map[string]any
		require.NoError(t, json.Unmarshal([]byte(text), &line))
		lines = append(lines, line)
	}
	return lines
}

// Every kind of end: is an outcome published, is the event delivered again?
func TestHandle(t *testing.T) {
	fails := func(kind fault.Kind, code string) func(imagebuild.Request) (string, error) {
		return func(imagebuild.Request) (string, error) {
			return "", &fault.Error{Kind: kind, Op: "ecsimage.Create", Code: code, Message: "refused", Err: errors.New(canary)}
		}
	}
	tests := []struct {
		name      string
		fakes     *fakes
		published string // status
		redeliver bool
	}{
		{"created", &fakes{}, "created", false},
		{"rejected", &fakes{read: func(context.Context, imagebuild.ObjectRef) ([]byte, error) { return []byte("BOGUS\n"), nil }}, "rejected", false},
		{"invalid", &fakes{create: fails(fault.Invalid, "InvalidName.Malformed")}, "rejected", false},
		{"permanent", &fakes{create: fails(fault.Permanent, "Forbidden.RAM")}, "failed", false},
		{"retryable", &fakes{create: fails(fault.Retryable, "InvalidSecurityToken.Expired")}, "", true},
		{"unknown", &fakes{create: fails(fault.Unknown, "")}, "", true},
		{"unclassified", &fakes{create: func(imagebuild.Request) (string, error) { return "", errors.New(canary) }}, "", true},
		{"panic", &fakes{create: func(imagebuild.Request) (string, error) { panic(canary) }}, "", true},
		{"publish fails", &fakes{publish: func([]byte) error { return fault.New(fault.Permanent, "mnsqueue.SendMessage", "no such queue") }}, "", true},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			var published []imagebuild.Outcome
			if test.fakes.publish == nil {
				test.fakes.publish = func(body []byte) error {
					require.NotContains(t, string(body), canary)
					var o imagebuild.Outcome
					require.NoError(t, json.Unmarshal(body, &o))
					published = append(published, o)
					return nil
				}
			}
			h, log := newTest(test.fakes)
			err := h.Handle(functiontest.Invocation(t.Context(), "upload-prod"), event("templates/web.Dockerfile"))
			require.Equal(t, test.redeliver, err != nil)
			require.NotContains(t, log.String(), canary)
			written := lines(t, log)
			require.Len(t, written, 1, "one line an item")
			require.Equal(t, []any{"1-invocation", "oss", "R-0", "R-0"},
				[]any{written[0]["requestId"], written[0]["trigger"], written[0]["sourceId"], written[0]["clientToken"]})
			require.NotNil(t, written[0]["durationMs"])
			if test.redeliver {
				require.Empty(t, published)
				require.IsType(t, &imagebuild.RedeliverError{}, err)
				require.NotContains(t, err.Error(), canary)
				return
			}
			require.Len(t, published, 1)
			require.Equal(t, test.published, string(published[0].Data.Status))
			require.Equal(t, test.published, written[0]["outcome"])
			require.Equal(t, "/imagedrop/cn-hangzhou/upload-prod", published[0].Source)
			require.Equal(t, "1234567890123456", published[0].Data.Target.AccountID)
		})
	}
}

// A build that starts is followed before anyone hears of it.
func TestBuild(t *testing.T) {
	var published []imagebuild.Status
	f := &fakes{
		read: func(context.Context, imagebuild.ObjectRef) ([]byte, error) {
			return []byte("# ---\n# build: true\n# ---\nFROM IMAGE:m-bp1234567890\nRUN true\n"), nil
		},
		publish: func(body []byte) error {
			var o imagebuild.Outcome
			err := json.Unmarshal(body, &o)
			published = append(published, o.Data.Status)
			return err
		},
	}
	h, log := newTest(f)
	require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "upload"), event("templates/web.Dockerfile")))
	require.Equal(t, []imagebuild.Status{imagebuild.Created, imagebuild.Started}, published)
	require.Len(t, f.Started, 1)
	require.Len(t, f.Sent, 1)
	require.NotContains(t, log.String(), "m-bp1234567890")
}

func TestWhatIsNoTemplateIsLoggedOnly(t *testing.T) {
	var read []imagebuild.ObjectRef
	h, log := newTest(&fakes{read: func(_ context.Context, ref imagebuild.ObjectRef) ([]byte, error) {
		read = append(read, ref)
		return []byte("RUN true\n"), nil
	}})
	require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "upload-prod"), event("templates/README.md", "templates/web.Dockerfile", "templates/a/")))
	require.Equal(t, []imagebuild.ObjectRef{{Bucket: "imagedrop-templates", Key: "templates/web.Dockerfile", ETag: "E1"}}, read)
	var messages []any
	for _, line := range lines(t, log) {
		messages = append(messages, line["msg"])
	}
	require.Equal(t, []any{"no template", "no template", "done"}, messages)
}

func TestOtherEventsAreLoggedOnly(t *testing.T) {
	h, log := newTest(&fakes{})
	removed := strings.ReplaceAll(string(event("templates/web.Dockerfile")), "ObjectCreated:PutObject", "ObjectRemoved:DeleteObject")
	require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "upload-prod"), []byte(removed)))
	require.Equal(t, "record ignored", lines(t, log)[0]["msg"])
}

// An event without any identity cannot be answered, and would fail for ever.
func TestUndecodableEventIsAcknowledged(t *testing.T) {
	for _, payload := range []string{"", "{", `{"events":[]}`, `{"secret":"` + canary + `"}`, "[[[["} {
		h, log := newTest(&fakes{publish: func([]byte) error { panic("nothing to publish") }})
		require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "upload-prod"), []byte(payload)))
		require.Equal(t, "event dropped", lines(t, log)[0]["msg"])
		require.NotContains(t, log.String(), canary)
	}
}

func TestOneFailedRecordBringsTheEventBack(t *testing.T) {
	published := 0
	h, _ := newTest(&fakes{
		read: func(_ context.Context, ref imagebuild.ObjectRef) ([]byte, error) {
			if ref.ETag == "E1" {
				return nil, fault.New(fault.Unknown, "ossobject.GetObject", "odd")
			}
			return []byte("RUN true\n"), nil
		},
		publish: func([]byte) error { published++; return nil },
	})
	h.builder.Concurrency = 1
	err := h.Handle(functiontest.Invocation(t.Context(), "upload-prod"), event("templates/a.Dockerfile", "templates/b.Dockerfile", "templates/c.Dockerfile"))
	require.ErrorContains(t, err, "odd")
	require.Equal(t, 2, published)
}

func TestCredentialsAndRegionComeWithTheInvocation(t *testing.T) {
	var got sdkclient.Credentials
	h, _ := newTest(&fakes{read: func(ctx context.Context, _ imagebuild.ObjectRef) ([]byte, error) {
		got, _ = sdkclient.CredentialsFrom(ctx)
		return []byte("RUN true\n"), nil
	}})
	var regions []string
	connect := h.objects.New
	h.objects.New = func(region string) (imagebuild.Objects, error) {
		regions = append(regions, region)
		return connect(region)
	}
	for range 2 {
		require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "upload-prod"), event("templates/web.Dockerfile")))
	}
	require.Equal(t, sdkclient.Credentials{AccessKeyID: canary + "id", AccessKeySecret: canary + "secret", SecurityToken: canary + "token"}, got)
	require.Equal(t, []string{"cn-hangzhou"}, regions, "one client for all invocations")
}

func TestNoRegionNoClient(t *testing.T) {
	env := map[string]string{"RESULT_QUEUE": "results", "WATCH_QUEUE": "watch", "MNS_ENDPOINT": "https://1234567890123456.mns.cn-hangzhou.aliyuncs.com"}
	h, err := newHandler(func(name string) string { return env[name] }, function.NewLog(io.Discard))
	require.NoError(t, err)
	for range 2 {
		require.ErrorContains(t, h.Handle(context.Background(), event("templates/web.Dockerfile")), "region")
	}
}

// An invocation that cannot be served does not spoil the instance.
func TestConnectIsTriedAgain(t *testing.T) {
	h, _ := newTest(&fakes{})
	connect, failed := h.objects.New, errors.New("no region")
	h.objects.New = func(string) (imagebuild.Objects, error) { return (*fakes)(nil), failed }
	require.ErrorIs(t, h.Handle(functiontest.Invocation(t.Context(), "upload-prod"), event("templates/web.Dockerfile")), failed)
	h.objects.New = connect
	require.NoError(t, h.Handle(functiontest.Invocation(t.Context(), "upload-prod"), event("templates/web.Dockerfile")))
}

func TestStartNamesWhatIsMissing(t *testing.T) {
	_, err := newHandler(func(string) string { return "" }, function.NewLog(io.Discard))
	require.ErrorContains(t, err, "RESULT_QUEUE")
}

package ossobject_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/ossobject"
	"imagedrop/shared/sdkclient"
	"imagedrop/shared/sdktest"
)

var object = imagebuild.ObjectRef{Bucket: "imagedrop-templates", Key: "templates/web.Dockerfile", ETag: "0F1E2D3C"}

// read asks a service that answers with handler for the object.
func read(t *testing.T, ref imagebuild.ObjectRef, limit int64, handler http.HandlerFunc) ([]byte, error) {
	t.Helper()
	return client(t, handler).Read(sdktest.Signed(t), ref, limit)
}

func client(t *testing.T, handler http.Handler) *ossobject.Client {
	t.Helper()
	server := httptest.NewServer(handler)
	t.Cleanup(server.Close)
	return connect(t, server.URL)
}

func connect(t *testing.T, endpoint string) *ossobject.Client {
	t.Helper()
	c, err := ossobject.New(ossobject.Options{Endpoint: endpoint, Region: "cn-hangzhou"})
	require.NoError(t, err)
	return c
}

// answer is an answer of the service with the object's eTag.
func answer(w http.ResponseWriter, status int, text string) {
	w.Header().Set("ETag", `"`+object.ETag+`"`)
	w.WriteHeader(status)
	io.WriteString(w, text)
}

// refuse answers the service's error document.
func refuse(status int, code, message string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("Content-Type", "application/xml")
		w.WriteHeader(status)
		fmt.Fprintf(w, "<?xml version=\"1.0\"?>\n<Error><Code>%s</Code><Message>%s</Message><RequestId>65A1B2C3D4E5F60718293A4B</RequestId><HostId>x</HostId></Error>", code, message)
	}
}

func TestReadPinsAndBoundsTheObject(t *testing.T) {
	text, err := read(t, object, 16384, func(w http.ResponseWriter, r *http.Request) {
		assert.Equal(t, "/imagedrop-templates/templates/web.Dockerfile", r.URL.Path)
		assert.Equal(t, `"0F1E2D3C"`, r.Header.Get("If-Match"))
		assert.Equal(t, "bytes=0-16384", r.Header.Get("Range"))
		assert.Equal(t, "standard", r.Header.Get("x-oss-range-behavior"))
		assert.Equal(t, sdktest.Canaries.SecurityToken, r.Header.Get("x-oss-security-token"))
		assert.Contains(t, r.Header.Get("Authorization"), "OSS4-HMAC-SHA256 Credential=STS.CanaryKeyID/")
		assert.Empty(t, r.URL.RawQuery)
		answer(w, http.StatusPartialContent, "FROM x\nRUN y")
	})
	require.NoError(t, err)
	require.Equal(t, "FROM x\nRUN y", string(text))
}

func TestReadWithoutAnETagTakesWhatIsThere(t *testing.T) {
	ref := object
	ref.ETag = ""
	_, err := read(t, ref, 10, func(w http.ResponseWriter, r *http.Request) {
		assert.Empty(t, r.Header.Values("If-Match"))
		answer(w, http.StatusOK, "")
	})
	require.NoError(t, err)
}

func TestReadStopsAfterTheLimit(t *testing.T) {
	text, err := read(t, object, 10, func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, strings.Repeat("x", 1<<20)) // the range is ignored
	})
	require.NoError(t, err)
	require.Len(t, text, 11)
}

func TestEmptyObjectIsEmptyText(t *testing.T) {
	text, err := read(t, object, 10, refuse(416, "InvalidRange", "The requested range cannot be satisfied"))
	require.NoError(t, err)
	require.Empty(t, text)
}

func TestSkippedObjects(t *testing.T) {
	_, err := read(t, object, 10, refuse(412, "PreconditionFailed", "At least one of the pre-conditions you specified did not hold."))
	require.ErrorIs(t, err, imagebuild.ErrSuperseded)
	for _, code := range []string{"NoSuchKey", "NoSuchVersion", "SomethingNew"} {
		_, err = read(t, object, 10, refuse(404, code, "gone"))
		require.ErrorIs(t, err, imagebuild.ErrGone, code)
	}
	_, err = read(t, object, 10, http.NotFound)
	require.ErrorIs(t, err, imagebuild.ErrGone, "a 404 without a code")
}

func TestMissingKeyIsTriedDecodedOnce(t *testing.T) {
	tests := []struct {
		key  string
		want []string // paths asked for, as sent
	}{
		{"templates/plain.yaml", []string{"/imagedrop-templates/templates/plain.yaml"}},
		{"templates/a+b.yaml", []string{"/imagedrop-templates/templates/a%2Bb.yaml"}},
		{"templates/a%2Bb.yaml", []string{"/imagedrop-templates/templates/a%252Bb.yaml", "/imagedrop-templates/templates/a%2Bb.yaml"}},
		{"templates/100%.yaml", []string{"/imagedrop-templates/templates/100%25.yaml"}},
	}
	for _, tt := range tests {
		ref := object
		ref.Key = tt.key
		var asked []string
		_, err := read(t, ref, 10, func(w http.ResponseWriter, r *http.Request) {
			asked = append(asked, r.URL.EscapedPath())
			assert.Equal(t, `"0F1E2D3C"`, r.Header.Get("If-Match"))
			refuse(404, "NoSuchKey", "gone")(w, r)
		})
		require.ErrorIs(t, err, imagebuild.ErrGone)
		require.Equal(t, tt.want, asked)
	}

	ref := object
	ref.Key = "templates/%E4%B8%AD.yaml"
	text, err := read(t, ref, 10, func(w http.ResponseWriter, r *http.Request) {
		if strings.Contains(r.URL.Path, "中") {
			answer(w, http.StatusOK, "found")
			return
		}
		http.NotFound(w, r)
	})
	require.NoError(t, err)
	require.Equal(t, "found", string(text))
}

// A key with a % in it that is no encoding of another key is just gone.
func TestMissingKeyThatDecodesToNoKey(t *testing.T) {
	for _, key := range []string{"templates/%FF.yaml", "templates/%00.yaml", "%20"} {
		ref := object
		ref.Key = key
		_, err := read(t, ref, 10, func(w http.ResponseWriter, r *http.Request) {
			if r.URL.Path == "/imagedrop-templates/"+key {
				refuse(404, "NoSuchKey", "gone")(w, r)
				return
			}
			refuse(400, "InvalidObjectName", "The specified object is not valid.")(w, r)
		})
		require.ErrorIs(t, err, imagebuild.ErrGone, key)
	}
}

// What is built is what was announced, whatever stands before the service.
func TestAnswerThatIsNotTheObject(t *testing.T) {
	text, err := read(t, object, 100, func(w http.ResponseWriter, r *http.Request) {
		io.WriteString(w, "<html>canary</html>")
	})
	require.Equal(t, fault.Retryable, fault.KindOf(err), "%v", err)
	require.Empty(t, text)
	sdktest.RequireSafe(t, err)

	_, err = read(t, object, 100, func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"ANOTHER"`)
		io.WriteString(w, "RUN canary")
	})
	require.ErrorIs(t, err, imagebuild.ErrSuperseded)
}

func TestServiceErrors(t *testing.T) {
	page := func(status int) http.HandlerFunc {
		return func(w http.ResponseWriter, r *http.Request) {
			w.Header().Set("Content-Type", "text/html")
			w.WriteHeader(status)
			io.WriteString(w, "<html>canary</html>")
		}
	}
	tests := []struct {
		name    string
		answer  http.HandlerFunc
		kind    fault.Kind
		code    string
		status  int
		message string
	}{
		{"no bucket", refuse(404, "NoSuchBucket", "The specified bucket does not exist."), fault.Permanent, "NoSuchBucket", 404, "The specified bucket does not exist."},
		{"no permission", refuse(403, "AccessDenied", "You have no right to access this object."), fault.Permanent, "AccessDenied", 403,
			"You have no right to access this object."},
		{"unknown key", refuse(403, "InvalidAccessKeyId", "The key STS.CanaryKeyID does not exist."), fault.Permanent, "InvalidAccessKeyId", 403, "The key…"},
		{"wrong secret", refuse(403, "SignatureDoesNotMatch", "StringToSign: OSS4 canary"), fault.Permanent, "SignatureDoesNotMatch", 403,
			"the service refused the request with HTTP status 403"},
		{"clock", refuse(403, "RequestTimeTooSkewed", "skewed"), fault.Permanent, "RequestTimeTooSkewed", 403, "skewed"},
		{"old token", refuse(403, "SecurityTokenExpired", "expired"), fault.Retryable, "SecurityTokenExpired", 403, "expired"},
		{"bad token", refuse(403, "InvalidSecurityToken", "invalid"), fault.Retryable, "InvalidSecurityToken", 403, "invalid"},
		{"unlisted 4xx", refuse(409, "ObjectAlreadyInUse", "used"), fault.Permanent, "ObjectAlreadyInUse", 409, "used"},
		{"slow request", refuse(400, "RequestTimeout", "slow"), fault.Retryable, "RequestTimeout", 400, "slow"},
		{"throttled", refuse(503, "QpsLimitExceeded", "slow down"), fault.Retryable, "QpsLimitExceeded", 503, "slow down"},
		{"internal", refuse(500, "InternalError", "oops"), fault.Retryable, "InternalError", 500, "oops"},
		{"HTML 502", page(502), fault.Retryable, "", 502, "the service refused the request with HTTP status 502"},
		{"HTML 403", page(403), fault.Permanent, "", 403, "the service refused the request with HTTP status 403"},
		{"redirect", func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://127.0.0.1:1/", http.StatusTemporaryRedirect)
		}, fault.Unknown, "", 307, "the service refused the request with HTTP status 307"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			calls := 0
			_, err := read(t, object, 10, func(w http.ResponseWriter, r *http.Request) {
				calls++
				tt.answer(w, r)
			})
			f := fault.Of(err)
			require.NotNil(t, f, "%v", err)
			require.Equal(t, tt.kind, f.Kind)
			require.Equal(t, tt.code, f.Code)
			require.Equal(t, tt.status, f.HTTPStatus)
			require.Equal(t, tt.message, f.Message)
			if tt.code != "" {
				require.Equal(t, "65A1B2C3D4E5F60718293A4B", f.RequestID)
			}
			require.Equal(t, 1, calls, "the SDK must not retry")
			sdktest.RequireSafe(t, err)
		})
	}
}

func TestNoAnswer(t *testing.T) {
	tests := map[string]*ossobject.Client{
		"refused":             connect(t, sdktest.Refusing()),
		"hangup":              client(t, sdktest.HangUp(t, "")),
		"hangup in the head":  client(t, sdktest.HangUp(t, "HTTP/1.1 200 OK\r\nContent-Le")),
		"hangup in the body":  client(t, sdktest.HangUp(t, "HTTP/1.1 200 OK\r\nETag: \"0F1E2D3C\"\r\nContent-Length: 9\r\n\r\nFROM")),
		"no HTTP":             client(t, sdktest.HangUp(t, "canary\r\n\r\n")),
		"hangup in the error": client(t, sdktest.HangUp(t, "HTTP/1.1 500 x\r\nContent-Length: 99\r\n\r\n<Error>canary")),
	}
	for name, c := range tests {
		t.Run(name, func(t *testing.T) {
			text, err := c.Read(sdktest.Signed(t), object, 10)
			require.Equal(t, fault.Retryable, fault.KindOf(err), "%v", err)
			require.Empty(t, text)
			sdktest.RequireSafe(t, err)
		})
	}
}

func TestCancelledCallReturns(t *testing.T) {
	ctx, cancel := context.WithCancel(sdktest.Signed(t))
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		cancel()
		<-r.Context().Done()
	}))
	_, err := c.Read(ctx, object, 10)
	require.ErrorIs(t, err, context.Canceled)
	require.Equal(t, fault.Retryable, fault.KindOf(err))
	sdktest.RequireSafe(t, err)
}

func TestRequestsThatCannotBeMade(t *testing.T) {
	c := client(t, http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("sent") }))
	tests := map[string]struct {
		ctx  context.Context
		ref  imagebuild.ObjectRef
		kind fault.Kind
	}{
		"no credentials":   {t.Context(), object, fault.Permanent},
		"bucket name":      {sdktest.Signed(t), imagebuild.ObjectRef{Bucket: "No_Bucket", Key: "k"}, fault.Invalid},
		"no key":           {sdktest.Signed(t), imagebuild.ObjectRef{Bucket: "bucket"}, fault.Invalid},
		"eTag of a vandal": {sdktest.Signed(t), imagebuild.ObjectRef{Bucket: "bucket", Key: "k", ETag: "a\"\r\nX: canary"}, fault.Invalid},
	}
	for name, tt := range tests {
		t.Run(name, func(t *testing.T) {
			_, err := c.Read(tt.ctx, tt.ref, 10)
			require.Equal(t, tt.kind, fault.KindOf(err), "%v", err)
			sdktest.RequireSafe(t, err)
		})
	}
}

func TestNewChecksItsOptions(t *testing.T) {
	for _, o := range []ossobject.Options{
		{Endpoint: "", Region: ""},
		{Endpoint: "http://oss-cn-hangzhou.aliyuncs.com", Region: "cn-hangzhou"},
		{Endpoint: "https://oss-cn-hangzhou.aliyuncs.com"},
	} {
		_, err := ossobject.New(o)
		require.Error(t, err, "%+v", o)
	}
	_, err := ossobject.New(ossobject.Options{Region: "cn-hangzhou"})
	require.NoError(t, err, "the internal endpoint of the region")
}

func TestConcurrentInvocationsKeepTheirCredentials(t *testing.T) {
	c := client(t, http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		answer(w, http.StatusOK, r.Header.Get("x-oss-security-token"))
	}))
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			own := sdktest.Canaries
			own.SecurityToken = fmt.Sprint("token ", i)
			for range 20 {
				text, err := c.Read(sdkclient.WithCredentials(t.Context(), own), object, 100)
				if err != nil || string(text) != own.SecurityToken {
					t.Errorf("invocation %d: %q, %v", i, text, err)
				}
			}
		})
	}
	wg.Wait()
}

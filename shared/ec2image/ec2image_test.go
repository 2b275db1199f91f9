package ec2image_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/ec2image"
	"imagedrop/shared/fault"
	"imagedrop/shared/imagebuild"
	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ec2"
	"imagedrop/shared/local/store"
)

const canary = "CANARY7f3a-secret-text-of-a-template"

const document = "schemaVersion: 1.0\nphases: [{name: build, steps: [{name: run, action: ExecuteBash, inputs: {commands: [echo " + canary + "]}}]}]\n"

// connect makes a client whose chain is the environment of the test.
func connect(t *testing.T, endpoint string) *ec2image.Client {
	t.Helper()
	for name, value := range map[string]string{
		"AWS_REGION": "us-east-1", "AWS_ENDPOINT_URL_IMAGEBUILDER": endpoint, "AWS_ACCESS_KEY_ID": account.AccessKeyID,
		"AWS_SECRET_ACCESS_KEY": account.AccessKeySecret, "AWS_SESSION_TOKEN": "", "AWS_PROFILE": "",
		"AWS_CONFIG_FILE": "/dev/null", "AWS_SHARED_CREDENTIALS_FILE": "/dev/null", "AWS_EC2_METADATA_DISABLED": "true",
	} {
		t.Setenv(name, value)
	}
	client, err := ec2image.New(t.Context())
	require.NoError(t, err)
	return client
}

func serve(t *testing.T, h http.Handler) string {
	t.Helper()
	server := httptest.NewServer(h)
	t.Cleanup(server.Close)
	return server.URL
}

func local(t *testing.T, opt ec2.Options) *ec2image.Client {
	t.Helper()
	st, err := store.OpenMemory()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return connect(t, serve(t, ec2.New(account.New(), st, opt)))
}

func request(token string, change func(*imagebuild.AWSRequest)) imagebuild.AWSRequest {
	r := imagebuild.AWSRequest{ClientToken: token, Name: "web", SemanticVersion: "1.0.0", Platform: "Linux", Data: document,
		Description: "the base", ChangeDescription: "first", KMSKeyID: "alias/key", SupportedOSVersions: []string{"Amazon Linux 2023"},
		Tags: map[string]string{"imagedrop:job": token}}
	if change != nil {
		change(&r)
	}
	return r
}

func requireFault(t *testing.T, err error, kind fault.Kind, code string) {
	t.Helper()
	f := fault.Of(err)
	require.NotNil(t, f, "%v", err)
	require.Equal(t, kind, f.Kind, "%v", err)
	require.Equal(t, code, f.Code)
	require.NotContains(t, fmt.Sprintf("%+v %v", *f, f.Err), "CANARY")
}

// Against the local endpoint: what is created is found, with its tags.
func TestCreateAndFind(t *testing.T) {
	c := local(t, ec2.Options{})
	first, err := c.Create(t.Context(), request("a", nil))
	require.NoError(t, err)
	again, err := c.Create(t.Context(), request("a", nil))
	require.NoError(t, err)
	require.Equal(t, first, again)
	second, err := c.Create(t.Context(), request("b", func(r *imagebuild.AWSRequest) { r.Data += "# other\n" }))
	require.NoError(t, err)
	require.NotEqual(t, first, second)

	builds, err := c.Builds(t.Context(), "", "web", "1.0.0")
	require.NoError(t, err)
	require.Len(t, builds, 2)
	for i, want := range []struct{ arn, job string }{{first, "a"}, {second, "b"}} {
		require.Equal(t, want.arn, builds[i].ARN)
		require.Equal(t, map[string]string{"imagedrop:job": want.job}, builds[i].Tags)
	}
	none, err := c.Builds(t.Context(), "eu-west-1", "web", "1.0.0")
	require.NoError(t, err)
	require.Empty(t, none, "the request's region goes before that of the chain")
}

// The service takes names for the same that differ in case, blanks and underscores; its
// filter does not.
func TestNamesakes(t *testing.T) {
	c := local(t, ec2.Options{})
	arn, err := c.Create(t.Context(), request("a", func(r *imagebuild.AWSRequest) { r.Name = "Web Golden_x" }))
	require.NoError(t, err)
	_, err = c.Create(t.Context(), request("b", func(r *imagebuild.AWSRequest) { r.Name = "web-golden-y" }))
	require.NoError(t, err)
	_, err = c.Create(t.Context(), request("c", func(r *imagebuild.AWSRequest) { r.Name = "web_golden_X" }))
	requireFault(t, err, fault.Invalid, "ResourceAlreadyExistsException")

	builds, err := c.Builds(t.Context(), "", "web_golden_X", "1.0.0")
	require.NoError(t, err)
	require.Empty(t, builds)
	builds, err = c.Namesakes(t.Context(), "", "web_golden_X", "1.0.0")
	require.NoError(t, err)
	require.Len(t, builds, 1)
	require.Equal(t, arn, builds[0].ARN)
	builds, err = c.Namesakes(t.Context(), "", "web_golden_X", "1.0.1")
	require.NoError(t, err)
	require.Empty(t, builds)
}

func TestRefusals(t *testing.T) {
	c := local(t, ec2.Options{Quota: 1})
	_, err := c.Create(t.Context(), request("a", nil))
	require.NoError(t, err)
	tests := []struct {
		token  string
		change func(*imagebuild.AWSRequest)
		kind   fault.Kind
		code   string
	}{
		{"a", func(r *imagebuild.AWSRequest) { r.Description = "other" }, fault.Invalid, "IdempotentParameterMismatchException"},
		{"b", nil, fault.Invalid, "ResourceAlreadyExistsException"},
		{"c", func(r *imagebuild.AWSRequest) { r.Name = "x" }, fault.Invalid, "InvalidRequestException"},
		{"d", func(r *imagebuild.AWSRequest) { r.SemanticVersion = "1" }, fault.Invalid, "InvalidVersionNumberException"},
		{"e", func(r *imagebuild.AWSRequest) { r.URI = "s3://bucket/key" }, fault.Invalid, "InvalidParameterCombinationException"},
		{"f", func(r *imagebuild.AWSRequest) { r.Name = "other" }, fault.Permanent, "ServiceQuotaExceededException"},
		{"g", func(r *imagebuild.AWSRequest) { r.DryRun = true }, fault.Permanent, "DryRunOperationException"},
	}
	for _, test := range tests {
		_, err := c.Create(t.Context(), request(test.token, test.change))
		requireFault(t, err, test.kind, test.code)
	}
	_, err = c.Create(t.Context(), request("", nil))
	requireFault(t, err, fault.Unknown, "")
}

// Every documented error of CreateComponent, as the service would send it.
func TestErrorKinds(t *testing.T) {
	for code, want := range map[string]struct {
		status int
		kind   fault.Kind
	}{
		"CallRateLimitExceededException": {429, fault.Retryable}, "ClientException": {400, fault.Permanent},
		"DryRunOperationException": {412, fault.Permanent}, "ForbiddenException": {403, fault.Permanent},
		"IdempotentParameterMismatchException": {400, fault.Invalid}, "InvalidParameterCombinationException": {400, fault.Invalid},
		"InvalidRequestException": {400, fault.Invalid}, "InvalidVersionNumberException": {400, fault.Invalid},
		"ResourceInUseException": {400, fault.Retryable}, "ServiceException": {500, fault.Retryable},
		"ServiceQuotaExceededException": {402, fault.Permanent}, "ServiceUnavailableException": {503, fault.Retryable},
		"ResourceAlreadyExistsException": {400, fault.Invalid}, "TooManyRequestsException": {429, fault.Retryable},
		"AccessDeniedException": {403, fault.Permanent}, "InvalidParameterValueException": {400, fault.Invalid},
		"UnrecognizedClientException": {403, fault.Permanent}, "ExpiredTokenException": {403, fault.Retryable},
		"NeverHeardOfException": {409, fault.Permanent}, "BrandNewException": {502, fault.Retryable},
	} {
		t.Run(code, func(t *testing.T) {
			calls := 0
			c := connect(t, serve(t, http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
				calls++
				w.Header().Set("X-Amzn-ErrorType", code)
				w.Header().Set("X-Amzn-RequestId", "r-1")
				w.WriteHeader(want.status)
				fmt.Fprintf(w, `{"message":"no: %s"}`, canary)
			})))
			_, err := c.Create(t.Context(), request("a", nil))
			requireFault(t, err, want.kind, code)
			require.Equal(t, want.status, fault.Of(err).HTTPStatus)
			require.Equal(t, "r-1", fault.Of(err).RequestID)
			require.Equal(t, 1, calls, "whoever calls repeats, within its deadline")
			_, err = c.Builds(t.Context(), "", "web", "1.0.0")
			require.Equal(t, want.kind, fault.KindOf(err))
		})
	}
}

// Answers that are not the service's, and no answers.
func TestBrokenAnswers(t *testing.T) {
	for name, h := range map[string]http.HandlerFunc{
		"a page of a proxy": func(w http.ResponseWriter, _ *http.Request) {
			w.WriteHeader(http.StatusBadGateway)
			io.WriteString(w, "<html>"+canary+"</html>")
		},
		"an empty answer":     func(w http.ResponseWriter, _ *http.Request) { io.WriteString(w, "{}") },
		"a closed connection": func(http.ResponseWriter, *http.Request) { panic(http.ErrAbortHandler) },
		"half of an answer": func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("Content-Length", "100")
			io.WriteString(w, "{")
		},
		"a redirect to another": func(w http.ResponseWriter, r *http.Request) {
			http.Redirect(w, r, "http://192.0.2.1/", http.StatusServiceUnavailable)
		},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := connect(t, serve(t, h)).Create(t.Context(), request("a", nil))
			require.Equal(t, fault.Retryable, fault.KindOf(err), "%v", err)
			require.NotContains(t, err.Error(), "CANARY")
		})
	}
	_, err := connect(t, "http://127.0.0.1:1").Create(t.Context(), request("a", nil))
	require.Equal(t, fault.Retryable, fault.KindOf(err), "%v", err)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	_, err = local(t, ec2.Options{}).Create(ctx, request("a", nil))
	require.ErrorIs(t, err, context.Canceled)
}

// Without credentials it is the operator who must act.
func TestNoCredentials(t *testing.T) {
	c := local(t, ec2.Options{})
	_, err := c.Create(t.Context(), request("a", nil))
	require.NoError(t, err)
	t.Setenv("AWS_ACCESS_KEY_ID", "")
	t.Setenv("AWS_SECRET_ACCESS_KEY", "")
	c, err = ec2image.New(t.Context())
	require.NoError(t, err)
	_, err = c.Create(t.Context(), request("b", nil))
	requireFault(t, err, fault.Permanent, "")
}

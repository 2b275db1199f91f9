package ec2_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	v4 "github.com/aws/aws-sdk-go-v2/aws/signer/v4"
	"github.com/aws/aws-sdk-go-v2/service/imagebuilder"
	"github.com/aws/aws-sdk-go-v2/service/imagebuilder/types"
	"github.com/aws/smithy-go"
	smithyhttp "github.com/aws/smithy-go/transport/http"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/ec2"
	"imagedrop/shared/local/store"
)

const region = "us-east-1"

// document is a component document with one step that runs the command.
func document(command string) string {
	return "schemaVersion: 1.0\nphases:\n  - name: build\n    steps:\n      - name: run\n        action: ExecuteBash\n" +
		"        inputs:\n          commands:\n            - " + command + "\n"
}

type local struct {
	*imagebuilder.Client
	account *account.Account
	url     string
}

// serve starts an endpoint over a store of its own, in memory.
func serve(t *testing.T, opt ec2.Options) *local {
	t.Helper()
	st, err := store.OpenMemory()
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return serveFrom(t, account.New(), st, opt)
}

func serveFrom(t *testing.T, acct *account.Account, st *store.Store, opt ec2.Options) *local {
	t.Helper()
	server := httptest.NewServer(ec2.New(acct, st, opt))
	t.Cleanup(server.Close)
	return &local{Client: client(server.URL, account.AccessKeyID, account.AccessKeySecret, ""), account: acct, url: server.URL}
}

// client is the SDK's, without retries: a test wants the first answer.
func client(url, id, secret, token string) *imagebuilder.Client {
	return imagebuilder.New(imagebuilder.Options{
		Region: region, BaseEndpoint: aws.String(url), RetryMaxAttempts: 1,
		Credentials: aws.CredentialsProviderFunc(func(context.Context) (aws.Credentials, error) {
			return aws.Credentials{AccessKeyID: id, SecretAccessKey: secret, SessionToken: token}, nil
		}),
	})
}

// component is a request that is right in every member.
func component(change func(*imagebuilder.CreateComponentInput)) *imagebuilder.CreateComponentInput {
	in := &imagebuilder.CreateComponentInput{
		Name: aws.String("Web_base 1"), SemanticVersion: aws.String("1.4.0"), Platform: types.PlatformLinux,
		ClientToken: aws.String("token-1"), Data: aws.String(document("'true'")),
	}
	if change != nil {
		change(in)
	}
	return in
}

func (l *local) create(t *testing.T, change func(*imagebuilder.CreateComponentInput)) string {
	t.Helper()
	out, err := l.CreateComponent(t.Context(), component(change))
	require.NoError(t, err)
	return *out.ComponentBuildVersionArn
}

// requireCode checks the code and the status of an error.
func requireCode(t *testing.T, err error, status int, code string) {
	t.Helper()
	var api smithy.APIError
	require.ErrorAs(t, err, &api)
	require.Equal(t, code, api.ErrorCode(), "%v", err)
	var response *smithyhttp.ResponseError
	require.ErrorAs(t, err, &response)
	require.Equal(t, status, response.HTTPStatusCode(), "%v", err)
}

func openStore(t *testing.T, dir string) *store.Store {
	t.Helper()
	st, err := store.Open(filepath.Join(dir, "state.db"))
	require.NoError(t, err)
	t.Cleanup(func() { require.NoError(t, st.Close()) })
	return st
}

// object sends a request of S3, signed by the SDK's signer, and returns its status.
func (l *local) object(t *testing.T, method, path, body string) int {
	t.Helper()
	r, err := http.NewRequestWithContext(t.Context(), method, l.url+path, strings.NewReader(body))
	require.NoError(t, err)
	sum := sha256.Sum256([]byte(body))
	hash := hex.EncodeToString(sum[:])
	r.Header.Set("X-Amz-Content-Sha256", hash)
	signer := v4.NewSigner(func(o *v4.SignerOptions) { o.DisableURIPathEscaping = true })
	keys := aws.Credentials{AccessKeyID: account.AccessKeyID, SecretAccessKey: account.AccessKeySecret}
	require.NoError(t, signer.SignHTTP(t.Context(), keys, r, hash, "s3", region, time.Now()))
	answer, err := http.DefaultClient.Do(r)
	require.NoError(t, err)
	defer answer.Body.Close()
	return answer.StatusCode
}

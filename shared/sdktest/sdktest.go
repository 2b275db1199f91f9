// Package sdktest is what the tests of the adapters share: credentials that no
// text may repeat, and services that break off.
package sdktest

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"

	"github.com/stretchr/testify/assert"
	"github.com/stretchr/testify/require"

	"imagedrop/shared/sdkclient"
)

// Canaries are credentials that RequireSafe finds.
var Canaries = sdkclient.Credentials{AccessKeyID: "STS.CanaryKeyID", AccessKeySecret: "canary-secret-1", SecurityToken: "canary/token+1=="}

// Signed returns the context of an invocation with the canaries.
func Signed(t *testing.T) context.Context {
	return sdkclient.WithCredentials(t.Context(), Canaries)
}

// RequireSafe holds an error, and all that it wraps, against the canaries and
// against the parts of a signed request. Whatever else must not be repeated
// has "canary" in it.
func RequireSafe(t *testing.T, err error) {
	t.Helper()
	for e := err; e != nil; e = errors.Unwrap(e) {
		text := strings.ToLower(fmt.Sprintf("%v %+v %#v", e, e, e))
		for _, canary := range []string{"canary", "signature=", "authorization", "http://", "https://"} {
			require.NotContains(t, text, canary)
		}
	}
}

// HangUp answers text, then closes the connection.
func HangUp(t *testing.T, text string) http.HandlerFunc {
	return func(w http.ResponseWriter, r *http.Request) {
		conn, out, err := http.NewResponseController(w).Hijack()
		if !assert.NoError(t, err) {
			return
		}
		out.WriteString(text)
		out.Flush()
		conn.Close()
	}
}

// Refusing returns an address that refuses connections.
func Refusing() string {
	server := httptest.NewServer(http.NotFoundHandler())
	server.Close()
	return server.URL
}

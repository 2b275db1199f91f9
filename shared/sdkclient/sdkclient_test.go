package sdkclient_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"regexp"
	"strings"
	"sync"
	"syscall"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/fault"
	"imagedrop/shared/sdkclient"
)

var secret = sdkclient.Credentials{AccessKeyID: "STS.CanaryKeyID0001", AccessKeySecret: "canary-secret-0001", SecurityToken: "canary/token+0001=="}

func TestCredentialsTravelInTheContext(t *testing.T) {
	c, ok := sdkclient.CredentialsFrom(sdkclient.WithCredentials(t.Context(), secret))
	require.True(t, ok)
	require.Equal(t, secret, c)

	for name, ctx := range map[string]context.Context{
		"none":      t.Context(),
		"empty":     sdkclient.WithCredentials(t.Context(), sdkclient.Credentials{}),
		"no secret": sdkclient.WithCredentials(t.Context(), sdkclient.Credentials{AccessKeyID: "a"}),
	} {
		_, err := sdkclient.Required(ctx, "test")
		require.Equal(t, fault.Permanent, fault.KindOf(err), name)
	}
}

func TestCredentialsDoNotPrint(t *testing.T) {
	var log strings.Builder
	slog.New(slog.NewJSONHandler(&log, nil)).Info("x", "credentials", secret)
	slog.New(slog.NewTextHandler(&log, nil)).Info("x", "credentials", secret)
	text, err := json.Marshal(map[string]any{"c": secret})
	require.NoError(t, err)
	for _, printed := range []string{fmt.Sprintf("%v %+v %#v %s %q", secret, secret, secret, secret, &secret), log.String(), string(text)} {
		require.NotContains(t, strings.ToLower(printed), "canary")
	}
}

func TestCacheKeepsTheCredentialsUsedLast(t *testing.T) {
	made := map[string]int{}
	cache := sdkclient.NewCache(func(c sdkclient.Credentials) (string, error) {
		made[c.AccessKeyID]++
		if c.AccessKeyID == "bad" {
			return "", errors.New("no client")
		}
		return "client of " + c.AccessKeyID, nil
	})
	get := func(id string) {
		value, err := cache.Get(sdkclient.Credentials{AccessKeyID: id})
		require.NoError(t, err)
		require.Equal(t, "client of "+id, value)
	}
	for _, id := range []string{"a", "b", "c", "d", "a", "e", "a", "c", "d", "e", "b"} {
		get(id)
	}
	require.Equal(t, map[string]int{"a": 1, "b": 2, "c": 1, "d": 1, "e": 1}, made, "e pushed out b, which was used least recently")

	_, err := cache.Get(sdkclient.Credentials{AccessKeyID: "bad"})
	require.Error(t, err)
	get("e")
	require.Equal(t, 1, made["e"], "a failure pushes nothing out")
}

func TestPoolLendsEachClientOnce(t *testing.T) {
	made := 0
	pool := sdkclient.NewPool(2, func(sdkclient.Credentials) (int, error) { made++; return made, nil })
	first, putFirst, err := pool.Take(t.Context(), secret)
	require.NoError(t, err)
	second, _, err := pool.Take(t.Context(), secret)
	require.NoError(t, err)
	require.NotEqual(t, first, second)

	ended, cancel := context.WithCancel(t.Context())
	cancel()
	_, _, err = pool.Take(ended, secret)
	require.ErrorIs(t, err, context.Canceled, "all are lent")

	putFirst()
	again, _, err := pool.Take(t.Context(), secret)
	require.NoError(t, err)
	require.Equal(t, first, again)

	other := secret
	other.SecurityToken = "another"
	third, _, err := pool.Take(t.Context(), other)
	require.NoError(t, err)
	require.Equal(t, 3, third, "another token is another client")
}

func TestPoolOutlivesAFailureToMakeAClient(t *testing.T) {
	fails := true
	pool := sdkclient.NewPool(1, func(sdkclient.Credentials) (int, error) {
		if fails {
			return 0, errors.New("no client")
		}
		return 1, nil
	})
	_, _, err := pool.Take(t.Context(), secret)
	require.EqualError(t, err, "no client")
	fails = false
	_, _, err = pool.Take(t.Context(), secret)
	require.NoError(t, err)
}

func TestPoolIsSafeForConcurrentUse(t *testing.T) {
	pool := sdkclient.NewPool(3, func(sdkclient.Credentials) (*int, error) { return new(int), nil })
	var wg sync.WaitGroup
	for i := range 8 {
		wg.Go(func() {
			c := sdkclient.Credentials{AccessKeyID: fmt.Sprint(i % 2)}
			for range 100 {
				counter, put, err := pool.Take(t.Context(), c)
				if err == nil {
					*counter++ // the race detector watches
					put()
				}
			}
		})
	}
	wg.Wait()
	for i := range 2 {
		total := 0
		for range 3 {
			counter, _, err := pool.Take(t.Context(), sdkclient.Credentials{AccessKeyID: fmt.Sprint(i)})
			require.NoError(t, err)
			total += *counter
		}
		require.Equal(t, 400, total)
	}
}

func TestParseEndpoint(t *testing.T) {
	accepted := map[string]string{
		"ecs.cn-hangzhou.aliyuncs.com":         "https://ecs.cn-hangzhou.aliyuncs.com",
		"https://ecs.cn-hangzhou.aliyuncs.com": "https://ecs.cn-hangzhou.aliyuncs.com",
		"http://127.0.0.1:4701":                "http://127.0.0.1:4701",
		"http://[::1]:4701":                    "http://[::1]:4701",
		"http://localhost:4703/1.mns.x.y.z":    "http://localhost:4703/1.mns.x.y.z",
	}
	for endpoint, want := range accepted {
		u, err := sdkclient.ParseEndpoint(endpoint)
		require.NoError(t, err, endpoint)
		require.Equal(t, want, u.String())
	}
	for _, endpoint := range []string{"", "https://", "http://ecs.aliyuncs.com", "http://10.0.0.1:80", "http://localhost.example.com", "http://127.0.0.1.example.com",
		"ftp://127.0.0.1", "https://user:pass@host", "https://host?x=1", "https://host#x", "https://ho st", "https://[::1"} {
		_, err := sdkclient.ParseEndpoint(endpoint)
		require.Error(t, err, endpoint)
		require.NotContains(t, err.Error(), "pass")
	}
}

func TestCodes(t *testing.T) {
	codes := sdkclient.Codes{"Invalid*": fault.Invalid, "InvalidKey*": fault.Permanent, "InvalidKey.Later": fault.Retryable, "Slow": fault.Retryable}
	tests := []struct {
		code   string
		status int
		want   fault.Kind
	}{
		{"InvalidName", 403, fault.Invalid},
		{"InvalidKey.Gone", 404, fault.Permanent},
		{"InvalidKey.Later", 404, fault.Retryable},
		{"Slow", 400, fault.Retryable},
		{"SlowDown", 400, fault.Permanent},
		{"Other", 400, fault.Permanent},
		{"Other", 499, fault.Permanent},
		{"Other", 408, fault.Retryable},
		{"Other", 429, fault.Retryable},
		{"Other", 500, fault.Retryable},
		{"", 502, fault.Retryable},
		{"", 404, fault.Permanent},
		{"", 302, fault.Unknown},
		{"", 0, fault.Unknown},
	}
	for _, tt := range tests {
		require.Equal(t, tt.want, codes.Kind(tt.code, tt.status), "%s %d", tt.code, tt.status)
	}
}

func TestGuard(t *testing.T) {
	require.NoError(t, sdkclient.Guard("test", func() error { return nil }))
	require.EqualError(t, sdkclient.Guard("test", func() error { return io.EOF }), "EOF")

	for name, cause := range map[string]any{"text": "canary", "error": errors.New("canary"), "nil": nil} {
		err := sdkclient.Guard("test", func() error { panic(cause) })
		require.Equal(t, fault.Unknown, fault.KindOf(err), name)
		require.NotContains(t, err.Error(), "canary", name)
	}
	var answer any = 7.5
	err := sdkclient.Guard("test", func() error { _ = answer.(string); return nil })
	require.ErrorContains(t, err, "interface conversion")
}

func TestNetwork(t *testing.T) {
	signed := "https://ecs.aliyuncs.com/?Signature=canary"
	tests := map[error]string{
		context.Canceled:         "the call was cancelled",
		context.DeadlineExceeded: "no answer in time",
		io.ErrUnexpectedEOF:      "the connection was closed before the answer was complete",
		&url.Error{Op: "Post", URL: signed, Err: context.DeadlineExceeded}:                                      "no answer in time",
		&url.Error{Op: "Post", URL: signed, Err: syscall.ECONNREFUSED}:                                          "the connection was refused",
		&url.Error{Op: "Post", URL: signed, Err: &net.DNSError{Err: "no such host", Name: "x"}}:                 "the service's host name does not resolve",
		&url.Error{Op: "Post", URL: signed, Err: errors.New("malformed HTTP response \"canary\"")}:              "the service could not be reached",
		fmt.Errorf("around: %w", &net.OpError{Op: "read", Err: syscall.ECONNRESET}):                             "the connection was closed before the answer was complete",
		&url.Error{Op: "Post", URL: signed, Err: fmt.Errorf("client: %w", &net.OpError{Err: syscall.ENETDOWN})}: "the service could not be reached",
	}
	for err, want := range tests {
		f, ok := sdkclient.Network("test", err)
		require.True(t, ok, want)
		require.Equal(t, fault.Retryable, f.Kind)
		require.Equal(t, want, f.Message)
		require.NotContains(t, fmt.Sprintf("%v %#v", f, f.Err), "canary")
	}
	f, _ := sdkclient.Network("test", fmt.Errorf("x: %w", context.DeadlineExceeded))
	require.ErrorIs(t, f, context.DeadlineExceeded)
	_, ok := sdkclient.Network("test", errors.New("parse"))
	require.False(t, ok)
	_, ok = sdkclient.Network("test", nil)
	require.False(t, ok)
}

func TestUntrustedCertificateIsNamed(t *testing.T) {
	server := httptest.NewTLSServer(http.NotFoundHandler())
	defer server.Close()
	server.Config.ErrorLog = slog.NewLogLogger(slog.DiscardHandler, slog.LevelError)
	_, err := (&http.Client{Transport: sdkclient.NewTransport()}).Get(server.URL)
	f, ok := sdkclient.Network("test", err)
	require.True(t, ok)
	require.Equal(t, "the service's TLS certificate was not accepted", f.Message)
}

func TestClean(t *testing.T) {
	content := "FROM IMAGE:m-1\nRUN curl -H 'Authorization: canary' http://x\nRUN pw"
	tests := []struct{ name, message, want string }{
		{"plain", "The specified InstanceType does not exist.", "The specified InstanceType does not exist."},
		{"lines and control characters", "a\r\n\tb\x00c\u2028d", "a b c d"},
		{"string to sign", "Specified signature is not matched. server string to sign is:POST&%2F&x", "Specified signature is not matched.…"},
		{"string to sign, other case", "no match. Server String To Sign is:x", "no match.…"},
		{"signed URL", "Post https://x/?AccessKeyId=a&Signature=b", "Post https://x/?…"},
		{"security token named", "Specified SecurityToken is expired.", "Specified SecurityToken is expired."},
		{"access key", "The key STS.CanaryKeyID0001 is unknown", "The key…"},
		{"part of the token", "bad token: canary/token+0", "bad token:…"},
		{"a command", "The command [RUN curl -H 'Authorization: canary'] is wrong", "The command [RUN…"},
		{"across lines", "wrong: canary' http://x RUN pw", "wrong…"},
		{"nothing but a secret", "canary-secret-0001", ""},
		{"invalid UTF-8", "a\xff\xfeb", "a b"},
		{"long", strings.Repeat("é", 400), strings.Repeat("é", 250) + "…"},
		{"upper case that changes its length in lower case", strings.Repeat("İ", 20) + "signature=x", strings.Repeat("İ", 20) + "…"},
	}
	secrets := append(secret.Secrets(), content, "", "a")
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			got := sdkclient.Clean(tt.message, secrets...)
			if tt.name == "a command" { // how much of the words before it is shared does not matter
				require.True(t, strings.HasPrefix(got, "The command"), got)
				require.NotContains(t, got, "canary")
				return
			}
			require.Equal(t, tt.want, got)
		})
	}
}

// A template may say what a code says: the code stays, since others act on it.
func TestCodesOutliveTemplateText(t *testing.T) {
	codes := sdkclient.Codes{"ImageComponent.NotFound": fault.Invalid, "Invalid*": fault.Invalid}
	for _, code := range []string{"ImageComponent.NotFound", "InvalidCommandContent.COPY", "InvalidComponentVersion.Exist"} {
		f := codes.Fault("op", sdkclient.Refusal{Code: code, Status: 404}, []string{"COPY", "RUN grep ImageComponent.NotFound log # InvalidComponentVersion"})
		require.Equal(t, code, f.Code)
	}
	f := codes.Fault("op", sdkclient.Refusal{Code: "Invalid.canary-canary", Status: 400}, []string{"RUN echo canary-canary"})
	require.Empty(t, f.Code)
}

func TestIdentifier(t *testing.T) {
	for _, id := range []string{"InvalidName.Malformed", "473469C7-AA6F-4DC5-B3DB-A3DC0DE3C83E", "QuotaExceed.ImageComponent"} {
		require.Equal(t, id, sdkclient.Identifier(id, secret.Secrets()...))
	}
	for _, text := range []string{"", "a b", "<html>", "STS.CanaryKeyID0001", strings.Repeat("x", 129), "a\nb"} {
		require.Empty(t, sdkclient.Identifier(text, secret.Secrets()...), text)
	}
}

var word = regexp.MustCompile(`^[!-~]{4,}$`)

func FuzzClean(f *testing.F) {
	f.Add("Specified signature is not matched. server string to sign is:POST", "RUN echo canary")
	f.Add("RUN echo canary", "RUN echo canary\nRUN x")
	f.Fuzz(func(t *testing.T, message, secret string) {
		clean := sdkclient.Clean(message, secret)
		require.LessOrEqual(t, len(clean), 500+len("…"))
		require.Equal(t, strings.ToValidUTF8(clean, ""), clean)
		if word.MatchString(secret) {
			require.NotContains(t, clean, secret)
		}
	})
}

package fc_test

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/fc"
	"imagedrop/shared/local/store"
)

// apiCall is a request of a client; what is empty is filled in.
type apiCall struct {
	method, path, query string
	header              map[string]string
	body                []byte
	key                 account.Key
	unsigned            []string // headers that are sent and not signed
	change              func(*http.Request)
}

// reply is an answer.
type reply struct {
	status int
	header http.Header
	body   string
	Code   string
}

func (w *world) mainKey() account.Key {
	key, _ := w.acct.Keys.Lookup(account.AccessKeyID)
	return key
}

// call sends the request signed as the SDK of the API does, after the public
// page "V3 request structure and signature".
func (w *world) call(c apiCall) reply {
	w.t.Helper()
	if c.method == "" {
		c.method = "POST"
	}
	if c.path == "" {
		c.path = "/2023-03-30/functions/actor/invocations"
	}
	if c.key.AccessKeyID == "" {
		c.key = w.mainKey()
	}
	r, err := http.NewRequest(c.method, w.server.URL+c.path+"?"+c.query, bytes.NewReader(c.body))
	require.NoError(w.t, err)
	signed := map[string]string{
		"host": r.Host, "x-acs-action": "InvokeFunction", "x-acs-version": "2023-03-30",
		"x-acs-date":            w.acct.Clock.Now().UTC().Format("2006-01-02T15:04:05Z"),
		"x-acs-signature-nonce": account.RandomHex(16), "x-acs-content-sha256": hexHash(c.body),
	}
	if c.key.Token != "" {
		signed["x-acs-security-token"] = c.key.Token
	}
	for name, value := range c.header {
		signed[strings.ToLower(name)] = value
	}
	var names []string
	for name, value := range signed {
		r.Header.Set(name, value)
		if !slices.Contains(c.unsigned, name) {
			names = append(names, name)
		}
	}
	slices.Sort(names)
	canonical := c.method + "\n" + c.path + "\n" + c.query + "\n"
	for _, name := range names {
		canonical += name + ":" + signed[name] + "\n"
	}
	canonical += "\n" + strings.Join(names, ";") + "\n" + hexHash(c.body)
	mac := hmac.New(sha256.New, []byte(c.key.Secret))
	mac.Write([]byte("ACS3-HMAC-SHA256\n" + hexHash([]byte(canonical))))
	r.Header.Set("Authorization", fmt.Sprintf("ACS3-HMAC-SHA256 Credential=%s,SignedHeaders=%s,Signature=%x", c.key.AccessKeyID, strings.Join(names, ";"), mac.Sum(nil)))
	if c.change != nil {
		c.change(r)
	}
	return w.send(r)
}

func hexHash(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func (w *world) send(r *http.Request) reply {
	w.t.Helper()
	resp, err := w.server.Client().Do(r)
	require.NoError(w.t, err)
	defer resp.Body.Close()
	body, err := io.ReadAll(resp.Body)
	require.NoError(w.t, err)
	require.Regexp(w.t, "^1-[0-9a-f]{8}-[0-9a-f]{12}$", resp.Header.Get("X-Fc-Request-Id"))
	out := reply{status: resp.StatusCode, header: resp.Header, body: string(body)}
	if resp.StatusCode >= 400 {
		var e struct{ Code, Message, RequestId string }
		require.NoError(w.t, json.Unmarshal(body, &e), out.body)
		require.NotEmpty(w.t, e.Message)
		require.Equal(w.t, resp.Header.Get("X-Fc-Request-Id"), e.RequestId)
		out.Code = e.Code
	}
	return out
}

func TestAPIInvokesAndWaits(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	a := w.call(apiCall{body: order{Do: "echo", Text: "täxt"}.json(), header: map[string]string{"Content-Type": "application/octet-stream"}})
	require.Equal(t, 200, a.status, a.body)
	require.JSONEq(t, `{"Do":"echo","Text":"täxt"}`, a.body)
	for _, absent := range []string{"X-Fc-Error-Type", "X-Fc-Log-Result", "X-Fc-Async-Task-Id"} {
		require.Empty(t, a.header.Values(absent), absent)
	}
	a = w.call(apiCall{body: order{Do: "fail", Text: "no luck"}.json(), query: "qualifier=LATEST", header: map[string]string{"X-Fc-Invocation-Type": "Sync"}})
	require.Equal(t, 200, a.status, "an error of the function is a success of the platform")
	require.Equal(t, "UnhandledInvocationError", a.header.Get("X-Fc-Error-Type"))
	require.JSONEq(t, `{"errorMessage":"no luck","errorType":"errorString"}`, a.body)
}

func TestAPIReturnsTheEndOfTheLogs(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	tail := map[string]string{"X-Fc-Log-Type": "Tail"}
	a := w.call(apiCall{body: order{Do: "log", Text: "text", Times: 1}.json(), header: tail})
	text, err := base64.StdEncoding.DecodeString(a.header.Get("X-Fc-Log-Result"))
	require.NoError(t, err)
	require.Contains(t, string(text), "FC Invoke Start RequestId: "+a.header.Get("X-Fc-Request-Id")+"\n")
	require.Contains(t, string(text), "out 0 text\n")

	a = w.call(apiCall{body: order{Do: "log", Text: strings.Repeat("x", 100), Times: 300}.json(), header: tail})
	text, err = base64.StdEncoding.DecodeString(a.header.Get("X-Fc-Log-Result"))
	require.NoError(t, err)
	require.Len(t, text, 4096)
	require.Regexp(t, "(out|err) 299 ", string(text), "the streams are read apart")
	require.Empty(t, w.call(apiCall{body: order{Do: "pid"}.json(), header: map[string]string{"X-Fc-Log-Type": "None"}}).header.Values("X-Fc-Log-Result"))
}

func TestAPIAcceptsAnEventOnceATask(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	call := apiCall{body: order{Do: "log", Text: "later", Times: 1}.json(), header: map[string]string{"X-Fc-Invocation-Type": "Async"}}
	a := w.call(call)
	require.Equal(t, 202, a.status, a.body)
	require.Empty(t, a.body)
	id := a.header.Get("X-Fc-Request-Id")
	require.Equal(t, id, a.header.Get("X-Fc-Async-Task-Id"), "a task without a name is called by its request")
	w.awaitLine(func(line string) bool { return strings.Contains(line, "FC Invoke End RequestId: "+id) })

	call.header["X-Fc-Async-Task-Id"] = "video_1"
	a = w.call(call)
	require.Equal(t, 202, a.status, a.body)
	require.Equal(t, "video_1", a.header.Get("X-Fc-Async-Task-Id"))
	again := w.call(call)
	require.Equal(t, 409, again.status)
	require.Equal(t, "StatefulAsyncInvocationAlreadyExists", again.Code)
	w.awaitLine(func(line string) bool { return strings.Contains(line, "RequestId: "+a.header.Get("X-Fc-Request-Id")) })
}

func TestAPIRefuses(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	header := func(name, value string) map[string]string { return map[string]string{name: value} }
	async := header("X-Fc-Invocation-Type", "Async")
	for name, tt := range map[string]struct {
		want string
		call apiCall
	}{
		"unknown function":     {"404 FunctionNotFound", apiCall{path: "/2023-03-30/functions/other/invocations"}},
		"unknown, async":       {"404 FunctionNotFound", apiCall{path: "/2023-03-30/functions/other/invocations", header: async}},
		"a version":            {"404 VersionNotFound", apiCall{query: "qualifier=1"}},
		"an alias":             {"404 AliasNotFound", apiCall{query: "qualifier=prod"}},
		"kind of invocation":   {"400 InvalidArgument", apiCall{header: header("X-Fc-Invocation-Type", "Later")}},
		"kind of logs":         {"400 InvalidArgument", apiCall{header: header("X-Fc-Log-Type", "Head")}},
		"task ID":              {"400 InvalidArgument", apiCall{header: header("X-Fc-Async-Task-Id", "1st")}},
		"long task ID":         {"400 InvalidArgument", apiCall{header: header("X-Fc-Async-Task-Id", strings.Repeat("a", 129))}},
		"too large":            {"400 EntityTooLarge", apiCall{body: make([]byte, 32<<20+1)}},
		"too large, async":     {"400 EntityTooLarge", apiCall{body: make([]byte, 128<<10+1), header: async}},
		"another operation":    {"400 PathNotSupported", apiCall{method: "GET", path: "/2023-03-30/functions"}},
		"another method":       {"400 PathNotSupported", apiCall{method: "GET"}},
		"a longer path":        {"400 PathNotSupported", apiCall{path: "/2023-03-30/functions/actor/x/invocations"}},
		"unknown key":          {"403 InvalidAccessKeyID", apiCall{key: account.Key{AccessKeyID: "nobody", Secret: "x"}}},
		"wrong secret":         {"403 SignatureNotMatch", apiCall{key: account.Key{AccessKeyID: account.AccessKeyID, Secret: "x"}}},
		"another body's hash":  {"403 SignatureNotMatch", apiCall{header: header("x-acs-content-sha256", hexHash([]byte("x")))}},
		"old":                  {"403 AccessDenied", apiCall{header: header("x-acs-date", "2026-01-05T08:00:00Z")}},
		"no date":              {"400 InvalidArgument", apiCall{header: header("x-acs-date", "today")}},
		"nonce not signed":     {"400 MissingRequiredHeader", apiCall{unsigned: []string{"x-acs-signature-nonce"}}},
		"no signature":         {"400 MissingRequiredHeader", apiCall{change: func(r *http.Request) { r.Header.Del("Authorization") }}},
		"another signature":    {"400 InvalidArgument", apiCall{change: func(r *http.Request) { r.Header.Set("Authorization", "FC key:signature") }}},
		"changed on the way":   {"403 SignatureNotMatch", apiCall{change: func(r *http.Request) { r.URL.RawQuery = "qualifier=2" }}},
		"token of another key": {"403 AccessDenied", apiCall{header: header("x-acs-security-token", "CAIS")}},
	} {
		a := w.call(tt.call)
		require.Equal(t, tt.want, fmt.Sprint(a.status, " ", a.Code), "%s: %s", name, a.body)
	}
}

func TestFaultOfOneFunction(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	fault := account.Fault{Service: "fc", Operation: "InvokeFunction", Match: "actor", Effect: account.EffectCode, Code: "ResourceExhausted", Status: 429}
	require.NoError(t, w.acct.Faults.Add(fault))
	require.Equal(t, "FunctionNotFound", w.call(apiCall{path: "/2023-03-30/functions/other/invocations"}).Code)
	a := w.call(apiCall{body: order{Do: "pid"}.json()})
	require.Equal(t, "429 ResourceExhausted", fmt.Sprint(a.status, " ", a.Code))
	require.Equal(t, 200, w.call(apiCall{body: order{Do: "pid"}.json()}).status)
	require.Empty(t, w.acct.Faults.List())
}

func TestAPITakesTemporaryKeysUntilTheyExpire(t *testing.T) {
	clock := account.NewManualClock(time.Now())
	w := start(t, []fc.Function{function("actor")}, onClock(clock))
	key := w.acct.Keys.Issue(clock.Now().Add(time.Hour))
	call := apiCall{key: key, body: order{Do: "pid"}.json()}
	require.Equal(t, 200, w.call(call).status)
	require.Equal(t, "MissingRequiredHeader", w.call(apiCall{key: key, unsigned: []string{"x-acs-security-token"}}).Code)
	clock.Advance(time.Hour)
	require.Equal(t, "AccessDenied", w.call(call).Code)
}

func TestAPIWithoutSignatures(t *testing.T) {
	w := start(t, []fc.Function{function("actor")}, with(func(o *fc.Options) { o.NoAuth = true }))
	r, err := http.NewRequest("POST", w.server.URL+"/2023-03-30/functions/actor/invocations", bytes.NewReader(order{Do: "pid"}.json()))
	require.NoError(t, err)
	require.Equal(t, 200, w.send(r).status)
}

func TestInvocationsAreRemembered(t *testing.T) {
	f := function("actor")
	f.Async.MaxRetries = 1
	done := make(destination, 1)
	f.Async.OnFailure = done.take
	w := start(t, []fc.Function{f})
	r := w.invoke(order{Do: "log", Text: "sync", Times: 1})
	record, ok := w.host.Invocation(r.RequestID)
	require.True(t, ok)
	require.Equal(t, "actor", record.Function)
	require.Len(t, record.Attempts, 1)
	require.Equal(t, r.Logs, record.Attempts[0].Logs)
	require.Empty(t, record.Attempts[0].ErrorType)
	require.Positive(t, record.Attempts[0].DurationMs)

	id, err := w.host.Enqueue("actor", order{Do: "exit", Text: "last words"}.json())
	require.NoError(t, err)
	take(t, done, "the failure")
	record, ok = w.host.Invocation(id)
	require.True(t, ok)
	require.Len(t, record.Attempts, 2, "a retry is an attempt of the same request")
	for _, a := range record.Attempts {
		require.Contains(t, a.Logs, "last words")
		require.Equal(t, "UnhandledInvocationError", a.ErrorType)
	}
	_, ok = w.host.Invocation("1-none")
	require.False(t, ok)
}

func TestOldInvocationsAreForgotten(t *testing.T) {
	w := start(t, []fc.Function{function("actor")})
	first := w.invoke(order{Do: "pid"}).RequestID
	second := w.invoke(order{Do: "pid"}).RequestID
	for range 999 {
		w.invoke(order{Do: "pid"})
	}
	_, ok := w.host.Invocation(first)
	require.False(t, ok)
	_, ok = w.host.Invocation(second)
	require.True(t, ok)
	for range 17 { // a MiB of logs each
		w.invoke(order{Do: "log", Text: strings.Repeat("x", 32<<10), Times: 32})
	}
	_, ok = w.host.Invocation(second)
	require.False(t, ok)
}

// Whatever comes, the answer is one of the API's: a success that was asked for,
// or an error document with a code of the list.
func FuzzAPI(f *testing.F) {
	st, err := store.OpenMemory()
	require.NoError(f, err)
	f.Cleanup(func() { require.NoError(f, st.Close()) })
	hosts := map[bool]*fc.Host{}
	for _, open := range []bool{false, true} { // not started: events stay where they are
		hosts[open], err = fc.New(account.New(), st, fc.Options{NoAuth: open, Functions: []fc.Function{{Name: "f", Command: "/bin/false"}}})
		require.NoError(f, err)
	}
	const signature = "ACS3-HMAC-SHA256 Credential=LOCALimagedropKEY0000001,SignedHeaders=host;x-acs-date,Signature=00"
	f.Add(false, "POST", "functions/f/invocations", "qualifier=LATEST", signature, "Async", "task", []byte("{}"))
	f.Add(true, "POST", "functions/f/invocations", "", "", "Async", "", []byte("{}"))
	f.Add(true, "GET", "functions/%2e/invocations", "qualifier=%", "ACS3-", "Sync", "1", []byte(nil))
	f.Fuzz(func(t *testing.T, open bool, method, path, query, authorization, kind, task string, body []byte) {
		r := httptest.NewRequest("POST", "/", bytes.NewReader(body))
		r.Method, r.URL.Path, r.URL.RawQuery = method, "/2023-03-30/"+path, query
		r.Header.Set("Authorization", authorization)
		r.Header.Set("X-Fc-Invocation-Type", kind)
		r.Header.Set("X-Fc-Async-Task-Id", task)
		ctx, cancel := context.WithCancel(t.Context())
		cancel() // nobody waits for a synchronous one
		answer := httptest.NewRecorder()
		hosts[open].ServeHTTP(answer, r.WithContext(ctx))
		if answer.Code == http.StatusAccepted {
			require.True(t, open && kind == "Async" && answer.Header().Get("X-Fc-Async-Task-Id") != "")
			return
		}
		var refusal struct{ Code, Message, RequestId string }
		require.NoError(t, json.Unmarshal(answer.Body.Bytes(), &refusal), answer.Body)
		require.GreaterOrEqual(t, answer.Code, 400)
		require.NotEmpty(t, refusal.Code)
		require.Equal(t, answer.Header().Get("X-Fc-Request-Id"), refusal.RequestId)
	})
}

package console_test

import (
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/console"
	"imagedrop/shared/local/fc"
	"imagedrop/shared/local/store"
)

// desk is a console over an empty cloud.
type desk struct {
	t       *testing.T
	store   *store.Store
	account *account.Account
	feed    *console.Feed
	server  *httptest.Server
}

func newDesk(t *testing.T) *desk {
	st, err := store.OpenMemory()
	require.NoError(t, err)
	acct := account.NewAt(account.NewManualClock(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)))
	host, err := fc.New(acct, st, fc.Options{})
	require.NoError(t, err)
	d := &desk{t: t, store: st, account: acct, feed: console.NewFeed(st)}
	d.server = httptest.NewServer(console.New(console.Options{
		Account: acct, Feed: d.feed, Functions: host,
		Endpoints: map[string]string{"ecs": "http://127.0.0.1:4701"}, Versions: map[string]string{"go": "x"},
	}))
	t.Cleanup(func() {
		d.server.Close()
		require.NoError(t, host.Close())
		require.NoError(t, st.Close())
	})
	return d
}

// do sends a request and returns status and body.
func (d *desk) do(method, path, body string, change func(*http.Request)) (int, string) {
	r, err := http.NewRequest(method, d.server.URL+path, strings.NewReader(body))
	require.NoError(d.t, err)
	if change != nil {
		change(r)
	}
	resp, err := d.server.Client().Do(r)
	require.NoError(d.t, err)
	defer resp.Body.Close()
	require.Equal(d.t, "application/json", resp.Header.Get("Content-Type"))
	data, err := io.ReadAll(resp.Body)
	require.NoError(d.t, err)
	return resp.StatusCode, strings.TrimSpace(string(data))
}

func (d *desk) append(bodies ...string) {
	for _, b := range bodies {
		require.NoError(d.t, d.store.Update(func(tx *store.Tx) error { return d.feed.Append(tx, []byte(b)) }))
	}
}

func TestAnswers(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct {
		method, path, body string
		status             int
		want               string
	}{
		{"GET", "/healthz", "", 200, `{"functions":[],"outcomes":0,"status":"ok","uptimeSeconds":0,"versions":{"go":"x"}}`},
		{"GET", "/v1/endpoints", "", 200, `{"ecs":"http://127.0.0.1:4701"}`},
		{"GET", "/v1/outcomes", "", 200, `{"next":0,"outcomes":[]}`},
		{"GET", "/v1/outcomes?after=end", "", 200, `{"next":0,"outcomes":[]}`},
		{"GET", "/v1/outcomes?after=-1", "", 400, `{"error":"after is not a number from 0 to 4611686018427387904"}`},
		{"GET", "/v1/outcomes?waitSeconds=61", "", 400, `{"error":"waitSeconds is not a number from 0 to 60"}`},
		{"POST", "/v1/outcomes", "", 405, `{"error":"/v1/outcomes takes GET"}`},
		{"PUT", "/v1/faults", "", 405, `{"error":"/v1/faults takes DELETE, GET, POST"}`},
		{"GET", "/v1/nothing", "", 404, `{"error":"there is nothing at /v1/nothing"}`},
		{"POST", "/v1/functions/upload/invoke", "{}", 404, `{"error":"no such function: upload"}`},
		{"GET", "/v1/faults", "", 200, `{"faults":[]}`},
		{"POST", "/v1/faults", `{"service":"ec2","operation":"*","effect":"timeout"}`, 400, `{"error":"there is no service \"ec2\": want ecs, oss, mns"}`},
		{"POST", "/v1/faults", `{"service":"ecs","operation":"*","effect":"code"}`, 400, `{"error":"effect \"code\" needs a code"}`},
		{"POST", "/v1/faults", `{"servce":"ecs"}`, 400, `{"error":"the fault is malformed: json: unknown field \"servce\""}`},
		{"POST", "/v1/faults", strings.Repeat(" ", 1<<20+1), 413, `{"error":"the body has more than 1048576 bytes"}`},
		{"POST", "/v1/faults", `{"service":"ecs","operation":"*","effect":"timeout"}`, 200, `{"faults":[{"service":"ecs","operation":"*","skip":0,"count":1,"effect":"timeout","status":500}]}`},
		{"DELETE", "/v1/faults", "", 200, `{"faults":[]}`},
		{"GET", "/v1/calls", "", 200, `{"calls":[]}`},
		{"POST", "/v1/calls", "", 200, `{"calls":[]}`},
	} {
		status, body := d.do(c.method, c.path, c.body, nil)
		require.Equal(t, c.status, status, "%s %s: %s", c.method, c.path, body)
		require.Equal(t, c.want, body, "%s %s", c.method, c.path)
	}
}

func TestOnlyThisMachineIsServed(t *testing.T) {
	d := newDesk(t)
	for host, status := range map[string]int{
		"localhost:4700": 200, "127.0.0.1": 200, "[::1]:4700": 200, "127.8.8.8:1": 200,
		"evil.example": 403, "localhost.evil.example:4700": 403, "192.0.2.1:4700": 403,
	} {
		got, body := d.do("GET", "/healthz", "", func(r *http.Request) { r.Host = host })
		require.Equal(t, status, got, "%q: %s", host, body)
	}
	got, body := d.do("POST", "/v1/calls", "", func(r *http.Request) { r.Header.Set("Origin", "https://evil.example") })
	require.Equal(t, 403, got, body)
	got, _ = d.do("POST", "/v1/calls", "", func(r *http.Request) { r.Header.Set("Origin", d.server.URL) })
	require.Equal(t, 200, got)
}

// page is an answer of the feed.
type page struct {
	Outcomes []console.Entry `json:"outcomes"`
	Next     uint64          `json:"next"`
}

func (d *desk) page(query string) page {
	status, body := d.do("GET", "/v1/outcomes?"+query, "", nil)
	require.Equal(d.t, 200, status, body)
	var p page
	require.NoError(d.t, json.Unmarshal([]byte(body), &p))
	return p
}

func TestFeedDecodesNumbersAndPages(t *testing.T) {
	d := newDesk(t)
	d.append(`{"id":"1"}`, base64.StdEncoding.EncodeToString([]byte(` {"id":"2"}`)), "no outcome", `["neither"]`, `{"id":`, `{"id":"3"}`)
	p := d.page("after=0")
	require.Equal(t, uint64(3), p.Next)
	for i, e := range p.Outcomes {
		require.Equal(t, uint64(i+1), e.Seq)
		require.JSONEq(t, fmt.Sprintf(`{"id":"%d"}`, i+1), string(e.Outcome))
	}
	p = d.page("after=2")
	require.Len(t, p.Outcomes, 1)
	require.Equal(t, page{Outcomes: []console.Entry{}, Next: 3}, d.page("after=3"))
	require.Equal(t, page{Outcomes: []console.Entry{}, Next: 3}, d.page("after=end"))

	d.append(manyOutcomes(1500)...)
	p = d.page("after=3")
	require.Len(t, p.Outcomes, 1000)
	p = d.page(fmt.Sprintf("after=%d", p.Next))
	require.Len(t, p.Outcomes, 500)
	require.Equal(t, uint64(1503), p.Next)
}

func manyOutcomes(n int) []string {
	bodies := make([]string, n)
	for i := range bodies {
		bodies[i] = fmt.Sprintf(`{"id":"m%d"}`, i)
	}
	return bodies
}

func TestALongPollAnswersWhenAnOutcomeIsCommitted(t *testing.T) {
	d := newDesk(t)
	got := make(chan page, 3)
	for range cap(got) {
		go func() { got <- d.page("after=0&waitSeconds=60") }()
	}
	d.append(`{"id":"1"}`)
	for range cap(got) {
		require.Len(t, (<-got).Outcomes, 1)
	}
}

func TestWhatIsNotCommittedIsNotInTheFeed(t *testing.T) {
	d := newDesk(t)
	err := d.store.Update(func(tx *store.Tx) error {
		require.NoError(t, d.feed.Append(tx, []byte(`{"id":"lost"}`)))
		return io.ErrUnexpectedEOF
	})
	require.ErrorIs(t, err, io.ErrUnexpectedEOF)
	d.append(`{"id":"kept"}`)
	p := d.page("after=0")
	require.Len(t, p.Outcomes, 1)
	require.Equal(t, console.Entry{Seq: 1, Outcome: json.RawMessage(`{"id":"kept"}`)}, p.Outcomes[0])
}

func TestTheLogOfCallsIsShown(t *testing.T) {
	d := newDesk(t)
	status, _ := d.do("POST", "/v1/calls", "", nil)
	require.Equal(t, 200, status)
	h := d.account.Faults.Wrap("ecs", func(*http.Request) string { return "Describe" }, nil, nil, http.NotFoundHandler())
	h.ServeHTTP(httptest.NewRecorder(), httptest.NewRequest("GET", "/", nil))
	_, body := d.do("GET", "/v1/calls", "", nil)
	require.Equal(t, `{"calls":[{"service":"ecs","operation":"Describe"}]}`, body)
}

package console_test

import (
	"context"
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
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/store"
)

// desk is a console over an empty cloud.
type desk struct {
	t       *testing.T
	store   *store.Store
	account *account.Account
	feed    *console.Feed
	server  *httptest.Server
	work    console.Work
}

func newDesk(t *testing.T) *desk {
	st, err := store.OpenMemory()
	require.NoError(t, err)
	acct := account.NewAt(account.NewManualClock(time.Date(2026, 5, 4, 8, 0, 0, 0, time.UTC)))
	schedule, err := fc.ParseSchedule("0 0 2 * * *")
	require.NoError(t, err)
	host, err := fc.New(acct, st, fc.Options{ // not started: events stay where they are
		Functions: []fc.Function{{Name: "rebuild", Command: "/bin/false"}},
		Timers:    []fc.TimerTrigger{{Name: "nightly", Function: "rebuild", Schedule: schedule, Payload: "all"}},
	})
	require.NoError(t, err)
	queues := mns.New(acct, st, mns.Options{})
	for _, name := range []string{"q", "dead"} {
		require.NoError(t, queues.CreateQueue(name, mns.DefaultAttributes()))
	}
	d := &desk{t: t, store: st, account: acct, feed: console.NewFeed(st), work: console.Work{Queues: []console.QueueWork{}}}
	d.server = httptest.NewServer(console.New(console.Options{
		Account: acct, Feed: d.feed, Functions: host, Queues: queues, Work: func() (console.Work, error) { return d.work, nil },
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
		{"GET", "/healthz", "", 200, `{"functions":[{"function":"rebuild","instances":0,"busy":0,"waiting":0,"events":0,"coldStarts":0}],"outcomes":0,"status":"ok","uptimeSeconds":0,"versions":{"go":"x"}}`},
		{"GET", "/v1/endpoints", "", 200, `{"ecs":"http://127.0.0.1:4701"}`},
		{"GET", "/v1/outcomes", "", 200, `{"next":0,"outcomes":[]}`},
		{"GET", "/v1/outcomes?after=end", "", 200, `{"next":0,"outcomes":[]}`},
		{"GET", "/v1/outcomes?after=-1", "", 400, `{"error":"after is not a number from 0 to 4611686018427387904"}`},
		{"GET", "/v1/outcomes?waitSeconds=61", "", 400, `{"error":"waitSeconds is not a number from 0 to 60"}`},
		{"POST", "/v1/outcomes", "", 405, `{"error":"/v1/outcomes takes GET"}`},
		{"PUT", "/v1/faults", "", 405, `{"error":"/v1/faults takes DELETE, GET, POST"}`},
		{"GET", "/v1/nothing", "", 404, `{"error":"there is nothing at /v1/nothing"}`},
		{"POST", "/v1/functions/upload/invoke", "{}", 404, `{"error":"no such function: upload"}`},
		{"POST", "/v1/functions/upload/invoke?type=async", "{}", 404, `{"error":"no such function: upload"}`},
		{"POST", "/v1/functions/rebuild/invoke?type=assync", "{}", 400, `{"error":"there is no type \"assync\": want sync, async"}`},
		{"POST", "/v1/functions/rebuild/invoke?type=async", strings.Repeat("x", 128<<10+1), 413, `{"error":"the payload is too large: 131073 bytes, at most 131072"}`},
		{"GET", "/v1/invocations/1-none", "", 404, `{"error":"no invocation with request ID 1-none is remembered"}`},
		{"POST", "/v1/timers/rebuild/hourly", "", 404, `{"error":"no such timer trigger: hourly of function rebuild"}`},
		{"POST", "/v1/timers/rebuild/nightly", `{"triggerTime":"tonight"}`, 400,
			`{"error":"want {\"triggerTime\": \"2026-05-04T18:00:00Z\"}: parsing time \"tonight\" as \"2006-01-02T15:04:05Z07:00\": cannot parse \"tonight\" as \"2006\""}`},
		{"POST", "/v1/timers/rebuild/nightly", `{"time":"2026-05-04T18:00:00Z"}`, 400,
			`{"error":"want {\"triggerTime\": \"2026-05-04T18:00:00Z\"}: json: unknown field \"time\""}`},
		{"POST", "/v1/catalogue", `{"familyImage":{}}`, 400,
			`{"error":"the catalogue is malformed: yaml: unmarshal errors:\n  line 1: field familyImage not found in type account.CatalogueData"}`},
		{"POST", "/v1/catalogue", "", 400, `{"error":"the catalogue is malformed: EOF"}`},
		{"GET", "/v1/stats", "", 200, `{"events":0,"queues":[],"functions":[{"function":"rebuild","instances":0,"busy":0,"waiting":0,"events":0,"coldStarts":0}],"idle":true}`},
		{"GET", "/v1/faults", "", 200, `{"faults":[]}`},
		{"POST", "/v1/faults", `{"service":"ec3","operation":"*","effect":"timeout"}`, 400, `{"error":"there is no service \"ec3\": want ecs, oss, mns, ec2, fc"}`},
		{"POST", "/v1/faults", `{"service":"ecs","operation":"*","effect":"code"}`, 400, `{"error":"effect \"code\" needs a code"}`},
		{"POST", "/v1/faults", `{"servce":"ecs"}`, 400, `{"error":"the fault is malformed: json: unknown field \"servce\""}`},
		{"POST", "/v1/faults", strings.Repeat(" ", 1<<20+1), 413, `{"error":"the body has more than 1048576 bytes"}`},
		{"POST", "/v1/faults", `{"service":"ecs","operation":"*","effect":"timeout"}`, 200,
			`{"faults":[{"service":"ecs","operation":"*","skip":0,"count":1,"effect":"timeout"}]}`},
		{"DELETE", "/v1/faults", "", 200, `{"faults":[]}`},
		{"GET", "/v1/calls", "", 200, `{"calls":[]}`},
		{"POST", "/v1/calls", "", 200, `{"calls":[]}`},
	} {
		status, body := d.do(c.method, c.path, c.body, nil)
		require.Equal(t, c.status, status, "%s %s: %s", c.method, c.path, body)
		require.Equal(t, c.want, body, "%s %s", c.method, c.path)
	}
}

// events returns the payloads that wait for the function rebuild.
func (d *desk) events() (payloads []string) {
	require.NoError(d.t, d.store.View(func(tx *store.Tx) error {
		tx.Scan("fc-events", "", "", func(_ string, value []byte) bool {
			var e struct{ Payload []byte }
			require.NoError(d.t, json.Unmarshal(value, &e))
			payloads = append(payloads, string(e.Payload))
			return true
		})
		return nil
	}))
	return payloads
}

func TestAnEventIsAcceptedAndWaits(t *testing.T) {
	d := newDesk(t)
	const event = `{"any":"event"}`
	status, body := d.do("POST", "/v1/functions/rebuild/invoke?type=async", event, nil)
	require.Equal(t, http.StatusAccepted, status)
	require.Regexp(t, `^{"requestId":"1-[0-9a-f]{8}-[0-9a-f]{12}"}$`, body)
	require.Equal(t, []string{event}, d.events())
}

func TestATimerIsFiredForNowOrAGivenTime(t *testing.T) {
	d := newDesk(t)
	for _, c := range []struct{ body, at string }{
		{"", "2026-05-04T08:00:00Z"}, {"{}", "2026-05-04T08:00:00Z"}, {`{"triggerTime":"2026-05-04T02:00:00+08:00"}`, "2026-05-03T18:00:00Z"},
	} {
		status, body := d.do("POST", "/v1/timers/rebuild/nightly", c.body, nil)
		require.Equal(t, http.StatusAccepted, status, body)
		require.Regexp(t, `^{"requestId":"1-[0-9a-f-]+","triggerTime":"`+c.at+`"}$`, body)
		events := d.events()
		require.Equal(t, `{"triggerTime":"`+c.at+`","triggerName":"nightly","payload":"all"}`, events[len(events)-1])
	}
}

func TestTheCatalogueGrowsAsYAMLOrJSON(t *testing.T) {
	d := newDesk(t)
	for body, image := range map[string]string{
		`{"familyImages": {"web": ["m-first"]}}`: "m-first", "familyImages:\n  web: [m-second]\n": "m-second",
	} {
		status, answer := d.do("POST", "/v1/catalogue", body, nil)
		require.Equal(t, 200, status, answer)
		newest, found := d.account.Catalogue.NewestImage("web")
		require.True(t, found)
		require.Equal(t, image, newest.ID)
	}
}

func TestWhatWaitsIsNotIdle(t *testing.T) {
	for _, c := range []struct {
		work console.Work
		idle bool
	}{
		{console.Work{Queues: []console.QueueWork{{Queue: "q", Function: "f"}}}, true},
		{console.Work{Events: 1}, false},
		{console.Work{Queues: []console.QueueWork{{Active: 1}}}, false},
		{console.Work{Queues: []console.QueueWork{{}, {Inactive: 1}}}, false},
		{console.Work{Queues: []console.QueueWork{{Delayed: 1}}}, false},
	} {
		d := newDesk(t)
		d.work = c.work
		_, body := d.do("GET", "/v1/stats", "", nil)
		var answer struct {
			console.Work
			Idle bool
		}
		require.NoError(t, json.Unmarshal([]byte(body), &answer))
		require.Equal(t, c.work, answer.Work)
		require.Equal(t, c.idle, answer.Idle, body)
	}
}

// One who waits for an answer, while no instance is there yet, is work, too.
func TestWhoWaitsForAnInstanceIsNotIdle(t *testing.T) {
	d := newDesk(t) // whose host starts none
	ctx, leave := context.WithCancel(t.Context())
	gone := make(chan struct{})
	go func() {
		defer close(gone)
		r, _ := http.NewRequestWithContext(ctx, "POST", d.server.URL+"/v1/functions/rebuild/invoke", nil)
		if resp, err := d.server.Client().Do(r); err == nil {
			resp.Body.Close()
		}
	}()
	stats := func() string {
		_, body := d.do("GET", "/v1/stats", "", nil)
		return body
	}
	const one, none = `{"events":0,"queues":[],"functions":[{"function":"rebuild","instances":0,"busy":0,"waiting":1,"events":0,"coldStarts":0}],"idle":false}`,
		`{"events":0,"queues":[],"functions":[{"function":"rebuild","instances":0,"busy":0,"waiting":0,"events":0,"coldStarts":0}],"idle":true}`
	require.Eventually(t, func() bool { return stats() == one }, time.Minute, time.Millisecond)
	leave()
	<-gone
	require.Eventually(t, func() bool { return stats() == none }, time.Minute, time.Millisecond)
}

// A fault that fails a build in a phase reaches the service as it was sent.
func TestTheFaultOfABuildIsArmed(t *testing.T) {
	d := newDesk(t)
	status, body := d.do("POST", "/v1/faults", `{"service":"ecs","operation":"StartImagePipelineExecution","effect":"fail-build","phase":"TESTING","match":"web"}`, nil)
	require.Equal(t, 200, status, body)
	armed := d.account.Faults.List()
	require.Len(t, armed, 1)
	require.Equal(t, "TESTING", armed[0].Phase)
	require.Equal(t, "web", armed[0].Match)
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

func TestADeadLetterPolicyIsSetAndRefused(t *testing.T) {
	d := newDesk(t)
	policy := `{"Enabled":true,"DeadLetterTargetQueue":"dead","MaxReceiveCount":3}`
	for _, c := range []struct {
		path, body string
		status     int
		contains   string
	}{
		{"/v1/queues/q/dlqpolicy", policy, 200, policy},
		{"/v1/queues/q/dlqpolicy", `{}`, 200, `"Enabled":false`},
		{"/v1/queues/none/dlqpolicy", policy, 404, "QueueNotExist"},
		{"/v1/queues/dead/dlqpolicy", policy, 400, "InvalidArgument"},
		{"/v1/queues/q/dlqpolicy", `{"Target":"dead"}`, 400, "malformed"},
	} {
		status, body := d.do(http.MethodPut, c.path, c.body, nil)
		require.Equal(t, c.status, status, body)
		require.Contains(t, body, c.contains)
	}
}

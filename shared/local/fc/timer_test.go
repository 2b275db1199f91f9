package fc_test

import (
	"encoding/json"
	"net/http"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/fc"
)

func utc(text string) time.Time {
	at, err := time.Parse(time.RFC3339, text)
	if err != nil {
		panic(err)
	}
	return at
}

// The documented forms, and when each fires after the given time.
func TestSchedules(t *testing.T) {
	tests := []struct {
		expression, after string
		want              []string
	}{
		{"0 0 4 * * *", "2026-05-04T04:00:00Z", []string{"2026-05-05T04:00:00Z", "2026-05-06T04:00:00Z"}},
		{"30 0/20 8-9 * * *", "2026-05-04T08:10:00Z", []string{"2026-05-04T08:20:30Z", "2026-05-04T08:40:30Z", "2026-05-04T09:00:30Z"}},
		{"0 0 12 15 JAN,jul ?", "2026-05-04T00:00:00Z", []string{"2026-07-15T12:00:00Z", "2027-01-15T12:00:00Z"}},
		{"0 0 12 ? 6 MON", "2026-05-04T00:00:00Z", []string{"2026-06-01T12:00:00Z", "2026-06-08T12:00:00Z"}},
		// 2026-05-03 was a Sunday.
		{"0 0 2 * * 7", "2026-05-01T00:00:00Z", []string{"2026-05-03T02:00:00Z", "2026-05-10T02:00:00Z"}},
		{"0 0 2 * * 1", "2026-05-01T00:00:00Z", []string{"2026-05-04T02:00:00Z"}},
		{"0 0 2 * * fri-SUN", "2026-05-01T03:00:00Z", []string{"2026-05-02T02:00:00Z", "2026-05-03T02:00:00Z", "2026-05-08T02:00:00Z"}},
		{"CRON_TZ=Asia/Shanghai 0 0 2 * * *", "2026-05-04T00:00:00Z", []string{"2026-05-04T18:00:00Z", "2026-05-05T18:00:00Z"}},
		// Clocks go from 2 to 3 on 2026-03-29 and from 3 back to 2 on 2026-10-25.
		{"CRON_TZ=Europe/Berlin 0 0 4 * * *", "2026-03-28T00:00:00Z", []string{"2026-03-28T03:00:00Z", "2026-03-29T02:00:00Z", "2026-03-30T02:00:00Z"}},
		{"CRON_TZ=Europe/Berlin 0 0 4 * * *", "2026-10-24T00:00:00Z", []string{"2026-10-24T02:00:00Z", "2026-10-25T03:00:00Z"}},
		{"CRON_TZ=Europe/Berlin 0 30 2 * * *", "2026-03-28T00:00:00Z", []string{"2026-03-28T01:30:00Z", "2026-03-30T00:30:00Z"}},
		{"CRON_TZ=Europe/Berlin 0 30 2 * * *", "2026-10-24T12:00:00Z", []string{"2026-10-25T00:30:00Z", "2026-10-25T01:30:00Z", "2026-10-26T01:30:00Z"}},
		{"@every 5m", "2026-05-04T08:00:10Z", []string{"2026-05-04T08:05:10Z", "2026-05-04T08:10:10Z"}},
		{"@every 1h30m", "2026-05-04T08:00:00Z", []string{"2026-05-04T09:30:00Z"}},
	}
	for _, tt := range tests {
		t.Run(tt.expression, func(t *testing.T) {
			s, err := fc.ParseSchedule(tt.expression)
			require.NoError(t, err)
			at := utc(tt.after)
			for _, want := range tt.want {
				at = s.Next(at)
				require.Equal(t, want, at.Format(time.RFC3339))
			}
		})
	}
}

func TestSchedulesThatAreNone(t *testing.T) {
	for expression, want := range map[string]string{
		"":                                 "0 fields: want six fields",
		"0 4 * * *":                        "5 fields",
		"0 0 4 * * * 2026":                 "7 fields",
		"CRON_TZ=Asia/Shanghai":            "0 fields",
		"CRON_TZ=Asia/Shanghai @every 5m":  "2 fields",
		"CRON_TZ= 0 0 4 * * *":             "no such time zone",
		"CRON_TZ=Local 0 0 4 * * *":        "no such time zone",
		"CRON_TZ=Asia/Shangai 0 0 4 * * *": "CRON_TZ=Asia/Shangai: no such time zone",
		"TZ=Asia/Shanghai 0 0 4 * * *":     "7 fields",
		"@daily":                           "1 fields",
		"@every":                           "1 fields",
		"@every 5":                         "want whole minutes",
		"@every 30s":                       "want whole minutes",
		"@every 90s":                       "want whole minutes",
		"@every -5m":                       "want whole minutes",
		"* 0 4 * * *":                      `second "*": want one number`,
		"60 0 4 * * *":                     "above maximum",
		"0 60 4 * * *":                     "above maximum",
		"0 ? 4 * * *":                      `minute "?"`,
		"0 0/0 4 * * *":                    "step of range should be a positive number",
		"0 0 L * * *":                      `hour "L"`,
		"0 0 4 32 * *":                     "above maximum",
		"0 0 4 30 2 ?":                     "there is no such day",
		"0 0 4 * FOO *":                    "failed to parse int",
		"0 0 4 * * 0":                      `day-of-week "0": want 1 (Monday) to 7`,
		"0 0 4 * * 8":                      `day-of-week "8"`,
		"0 0 4 * * FRI-MON":                `day-of-week "FRI-MON"`,
		"0 0 4 * * MON,":                   `day-of-week ""`,
		"0 0 4 * * */2":                    `day-of-week "*/2"`,
	} {
		_, err := fc.ParseSchedule(expression)
		require.ErrorContains(t, err, want, expression)
	}
}

func FuzzParseSchedule(f *testing.F) {
	for _, s := range []string{"0 0 4 * * *", "CRON_TZ=Asia/Shanghai 0 0 2 ? JAN-MAR MON-FRI", "@every 5m", "CRON_TZ=", "0 1-59/7 0 31 2,4 *"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, expression string) {
		s, err := fc.ParseSchedule(expression)
		if err != nil {
			return
		}
		at := utc("2026-05-04T08:00:00Z")
		for range 3 {
			next := s.Next(at)
			require.True(t, next.After(at), "%v after %v", next, at)
			at = next
		}
	})
}

// timers is a trigger of the actor that fires every five minutes.
func timers(change func(*fc.TimerTrigger)) option {
	return with(func(o *fc.Options) {
		schedule, err := fc.ParseSchedule("@every 5m")
		if err != nil {
			panic(err)
		}
		timer := fc.TimerTrigger{Name: "nightly", Function: "actor", Schedule: schedule, Payload: `{"Do":"pid","Text":"<b>"}`}
		if change != nil {
			change(&timer)
		}
		o.Timers = append(o.Timers, timer)
	})
}

func nightly(at string) string {
	return `{"triggerTime":"` + at + `","triggerName":"nightly","payload":"{\"Do\":\"pid\",\"Text\":\"<b>\"}"}`
}

// tick moves the clock once the timer waits on it.
func tick(t *testing.T, clock *account.ManualClock, waiting int, d time.Duration) {
	t.Helper()
	require.Eventually(t, func() bool { return clock.Waiting() == waiting }, patience, time.Millisecond)
	clock.Advance(d)
}

// Two wait on the clock: the timer, and the delivery of events.
func TestATimerFiresAtItsTimes(t *testing.T) {
	clock := account.NewManualClock(utc("2026-05-04T08:00:00Z"))
	f, _, successes := asyncActor()
	w := start(t, []fc.Function{f}, onClock(clock), timers(nil))
	for range 5 { // in naps of a minute
		require.Zero(t, w.stats("actor").Events)
		tick(t, clock, 2, time.Minute)
	}
	w.requireFired(successes, "2026-05-04T08:05:00Z")
	tick(t, clock, 2, time.Hour) // over twelve times: the first is fired, late
	w.requireFired(successes, "2026-05-04T08:10:00Z")
	for range 5 {
		tick(t, clock, 2, time.Minute)
	}
	w.requireFired(successes, "2026-05-04T09:10:00Z")
}

// requireFired waits for the event of the actor's timer and requires that
// there is no other.
func (w *world) requireFired(successes destination, at string) {
	w.t.Helper()
	require.Equal(w.t, nightly(at), decode(w.t, take(w.t, successes, "the record")).RequestPayload)
	w.awaitEmpty()
	require.Empty(w.t, successes)
}

// What fell into the time without a host is not made up for.
func TestATimerMakesUpForNothing(t *testing.T) {
	clock, st := account.NewManualClock(utc("2026-05-04T08:00:00Z")), memory(t)
	f, _, successes := asyncActor()
	w := start(t, []fc.Function{f}, onClock(clock), onStore(st), timers(nil))
	require.Eventually(t, func() bool { return clock.Waiting() == 2 }, patience, time.Millisecond)
	w.close()
	clock.Advance(time.Hour)
	w = start(t, []fc.Function{f}, onClock(clock), onStore(st), timers(nil))
	tick(t, clock, 2, 5*time.Minute)
	w.requireFired(successes, "2026-05-04T09:05:00Z")
}

func TestATimerIsFiredByHand(t *testing.T) {
	for name, change := range map[string]func(*fc.TimerTrigger){
		"enabled": nil, "disabled": func(t *fc.TimerTrigger) { t.Disabled = true },
	} {
		t.Run(name, func(t *testing.T) {
			f, _, successes := asyncActor()
			w := start(t, []fc.Function{f}, onClock(account.NewManualClock(utc("2026-05-04T08:00:00Z"))), timers(change))
			at := utc("2026-05-04T20:00:00.7+08:00")
			ids := map[string]bool{}
			for range 2 { // the same event twice
				id, err := w.host.FireTimer("actor", "nightly", at)
				require.NoError(t, err)
				ids[id] = true
				w.requireFired(successes, "2026-05-04T12:00:00Z")
			}
			require.Len(t, ids, 2)
			_, err := w.host.FireTimer("actor", "hourly", at)
			require.ErrorIs(t, err, fc.ErrUnknownTimer)
			_, err = w.host.FireTimer("actress", "nightly", at)
			require.ErrorIs(t, err, fc.ErrUnknownTimer)
		})
	}
}

// A disabled timer waits for nothing: only the delivery is on the clock.
func TestADisabledTimerDoesNotFireByItself(t *testing.T) {
	clock := account.NewManualClock(utc("2026-05-04T08:00:00Z"))
	f, _, successes := asyncActor()
	w := start(t, []fc.Function{f}, onClock(clock), timers(func(t *fc.TimerTrigger) { t.Disabled = true }))
	tick(t, clock, 1, time.Hour)
	w.invokeAsync(order{Do: "pid"})
	require.NotContains(t, decode(t, take(t, successes, "the record")).RequestPayload, "nightly")
	w.awaitEmpty()
}

// The event of a timer is retried and given up as any asynchronous event.
func TestATimersEventIsRetried(t *testing.T) {
	g := newGate(t)
	f, failures, _ := asyncActor()
	f.Async.MaxRetries = 1
	payload := string(order{Do: "get", URL: g.URL}.json())
	w := start(t, []fc.Function{f}, timers(func(t *fc.TimerTrigger) { t.Payload = payload }))
	_, err := w.host.FireTimer("actor", "nightly", utc("2026-05-04T12:00:00Z"))
	require.NoError(t, err)
	g.next().leave(http.StatusBadGateway)
	g.next().leave(http.StatusBadGateway)
	var event struct{ TriggerTime, Payload string }
	require.NoError(t, json.Unmarshal([]byte(decode(t, take(t, failures, "the record")).RequestPayload), &event))
	require.Equal(t, "2026-05-04T12:00:00Z", event.TriggerTime)
	require.Equal(t, payload, event.Payload)
}

func TestTimersThatCannotBe(t *testing.T) {
	for want, change := range map[string]func(*fc.TimerTrigger){
		`trigger "nightly" of function "actress": no such function`:           func(t *fc.TimerTrigger) { t.Function = "actress" },
		`trigger "nightly" of function "actor": it has no schedule`:           func(t *fc.TimerTrigger) { t.Schedule = fc.Schedule{} },
		`trigger "nightly" of function "actor": the payload is too large: 13`: func(t *fc.TimerTrigger) { t.Payload = strings.Repeat("x", 128<<10) },
	} {
		opt := fc.Options{Functions: []fc.Function{function("actor")}}
		timers(change)(nil, &opt)
		_, err := fc.New(account.New(), memory(t), opt)
		require.ErrorContains(t, err, want)
	}
}

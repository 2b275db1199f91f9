package main

import (
	"encoding/json"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

// struckBy are faults on the way of a template to its outcome, at least one of
// each effect that a call or a delivery can have.
var struckBy = []struct {
	args   string // of `faults add`
	status string // of the outcome
}{
	{"--service oss --operation GetObject --effect code --code InternalError --status 500", "created"},
	{"--service ecs --operation CreateImageComponent --effect code --code QuotaExceed.ImageComponent --status 400", "failed"},
	{"--service ecs --operation CreateImageComponent --effect throttle --count 2", "created"},
	{"--service oss --operation GetObject --effect throttle", "created"},
	{"--service mns --operation SendMessage --effect throttle", "created"},
	{"--service ecs --operation DescribeImageComponents --effect 500", "created"},
	{"--service mns --operation SendMessage --effect 500", "created"},
	{"--service ecs --operation CreateImageComponent --effect 503", "created"},
	{"--service ecs --operation CreateImageComponent --effect html-502", "created"},
	{"--service oss --operation GetObject --effect html-502", "created"},
	{"--service mns --operation SendMessage --effect html-502", "created"},
	{"--service ecs --operation CreateImageComponent --effect slow --delay-ms 60000", "created"},
	{"--service ecs --operation CreateImageComponent --effect timeout", "created"},
	{"--service mns --operation SendMessage --effect drop-before", "created"},
	{"--service ecs --operation CreateImageComponent --effect drop-after", "created"},
	{"--service mns --operation SendMessage --effect drop-after", "created"},
	{"--service ecs --operation CreateImageComponent --effect error-after --code InternalError", "created"},
	{"--service ecs --operation CreateImageComponent --effect truncate", "created"},
	{"--service oss --operation GetObject --effect truncate", "created"},
	{"--service mns --operation SendMessage --effect truncate", "created"},
	{"--service oss --operation GetObject --effect clock-skew --skew-seconds 3600", "failed"}, // an operator must look at a clock
	{"--service ecs --operation CreateImageComponent --effect clock-skew --skew-seconds -3600", "failed"},
	{"--service ecs --operation CreateImageComponent --effect kill-before", "created"},
	{"--service ecs --operation CreateImageComponent --effect kill-after", "created"},
	{"--service fc --operation upload --effect crash --count 2", "created"},
	{"--service fc --operation upload --effect duplicate", "created"},
	{"--service fc --operation upload --effect delay --delay-ms 60000", "created"},
	{"--service fc --operation upload --effect reorder --delay-ms 60000", "created"},
	{"--service mns --operation SendMessage --effect duplicate", "created"},
	{"--service mns --operation SendMessage --effect delay --delay-ms 60000", "created"},
	{"--service mns --operation SendMessage --effect reorder", "created"},
	{"--service ecs --operation * --effect 500 --probability 0.3 --seed 7 --count 5", "created"},
}

// brief has a shorter time-out for uploads: what gets no answer waits for all
// of it.
func brief(t *testing.T) func(*stack.Options) {
	text, err := os.ReadFile(filepath.Join(home, "s.yaml"))
	require.NoError(t, err)
	const timeout = "timeout: 60"
	require.Contains(t, string(text), timeout)
	dir := folder(t, map[string]string{"s.yaml": strings.ReplaceAll(string(text), timeout, "timeout: 4")})
	require.NoError(t, os.Symlink(filepath.Join(home, "dist"), filepath.Join(dir, "dist")))
	return func(o *stack.Options) { o.File = filepath.Join(dir, "s.yaml") }
}

// Whatever strikes on the way, a template ends with one resource, or none where
// it failed, and one outcome, however often that is on the queue.
func TestEveryFaultEndsWithOneResourceAndOneOutcome(t *testing.T) {
	t.Parallel()
	l := newLocal(t, brief(t))
	hit := map[account.Effect]bool{account.EffectFailBuild: true} // strikes builds
	for i, f := range struckBy {
		t.Run(f.args, func(t *testing.T) {
			l := &local{Stack: l.Stack, t: t, cloud: l.cloud, state: l.state, log: l.log}
			name := fmt.Sprintf("struck-%d", i)
			var armed faultList
			r := l.run(append([]string{"faults", "add", "--json"}, strings.Fields(f.args)...)...).requireCode(t, exitDone)
			require.NoError(t, json.Unmarshal([]byte(r.out), &armed))
			require.Len(t, armed.Faults, 1)
			hit[armed.Faults[0].Effect] = true

			code := exitDone
			if f.status != "created" {
				code = exitRejected
			}
			file := write(t, name+".Dockerfile", "RUN true\n")
			dropped := l.run("drop", "--json", file).requireCode(t, code).outcomes(t)
			require.Equal(t, []string{"component " + f.status}, statusesOf(dropped))
			if armed.Faults[0].Probability == 0 {
				require.Empty(t, l.Account().Faults.List(), "it struck")
			}
			l.run("faults", "clear").requireCode(t, exitDone)
			made := describe(t, l.cloud.Endpoints, "component", name)
			if f.status != "created" {
				require.Empty(t, made)
				return
			}
			require.Len(t, made, 1)
			require.Equal(t, made[0].ImageComponentID, dropped[0].Data.Resource.ID)
		})
	}
	for _, e := range account.Effects {
		require.True(t, hit[e.Effect], "no case for %s", e.Effect)
	}
	l.settled()
	l.requireOneOutcomeEach(len(struckBy))
}

// settled waits until nothing is at work that could still publish.
func (l *local) settled() {
	l.t.Helper()
	for idle := false; !idle; pause(l.t.Context(), tryAgain) {
		var stats struct{ Idle bool }
		require.NoError(l.t, getJSON(l.t.Context(), l.cloud.Console+"/v1/stats", &stats))
		idle = stats.Idle
	}
}

// requireOneOutcomeEach: on the queue are so many outcomes, some of them more
// than once.
func (l *local) requireOneOutcomeEach(n int) {
	l.t.Helper()
	jobs := map[string]string{}
	for _, o := range l.run("results", "--take", "--json").requireCode(l.t, exitDone).outcomes(l.t) {
		if id, seen := jobs[o.Data.Job.ID]; seen {
			require.Equal(l.t, id, o.ID, "two outcomes of one job: %s", o.raw)
		}
		jobs[o.Data.Job.ID] = o.ID
	}
	require.Len(l.t, jobs, n)
}

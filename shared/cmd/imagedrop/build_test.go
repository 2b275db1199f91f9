package main

import (
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

const builds = "# ---\n# name: golden\n# imageOptions: {imageName: golden}\n# toRegionIds: [cn-hangzhou, cn-beijing]\n# build: true\n# ---\n" + linux + "RUN true\n# --- test\nRUN true\n"

// statusesOf lists what became of each kind of resource, in order.
func statusesOf(list []outcome) (steps []string) {
	for _, o := range list {
		steps = append(steps, o.Data.Resource.Kind+" "+o.Data.Status)
	}
	return steps
}

func failBuild(phase string) account.Fault {
	return account.Fault{Service: "ecs", Operation: "StartImagePipelineExecution", Effect: account.EffectFailBuild, Phase: phase, Count: 1}
}

// unhurried is a time scale that leaves half a second between the start of a
// build and the first look at it: where minutes take no time, the function that
// looks may tell of the end before the one that started it tells of the start.
const unhurried = stack.DefaultTimeScale

func withUnhurriedBuilds(o *stack.Options) { o.TimeScale = unhurried }

func TestUpWaitsForTheBuildsThatItCauses(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"golden.Dockerfile": builds, "plain.Dockerfile": linux + "RUN true\n", "bad.Dockerfile": "RUN\n"})
	r := imagedrop(t, "up", "--drop", dir, "--exit", "--json", "--memory", "--port-base", "0", "--time-scale", fmt.Sprint(unhurried), "-f", filepath.Join(home, "s.yaml"))
	r.requireCode(t, exitDone)
	var golden []outcome
	for _, o := range r.outcomes(t) {
		if o.Data.Resource.Name == "golden" {
			golden = append(golden, o)
		}
	}
	require.Equal(t, []string{"pipeline created", "execution started", "execution succeeded"}, statusesOf(golden))
	images := golden[2].Data.Resource.Images
	require.Len(t, images, 2)
	for _, i := range images {
		require.NotEmpty(t, i.ImageID)
		require.Equal(t, "golden_"+golden[1].Data.Resource.ID, i.ImageName)
	}
	require.Regexp(t, `(?m)^2 created, 1 succeeded, 1 rejected in `, r.err)
}

func TestDropWaitsForBuildsWhereAsked(t *testing.T) {
	t.Parallel()
	l := newLocal(t, withUnhurriedBuilds)
	l.fault(failBuild("TESTING"))
	path := write(t, "golden.Dockerfile", builds)
	r := l.run("drop", path, "--json", "--builds").requireCode(t, exitRejected)
	require.Equal(t, []string{"pipeline created", "execution started", "execution failed"}, statusesOf(r.outcomes(t)))

	l = newLocal(t)
	r = l.run("drop", path, "--json").requireCode(t, exitDone)
	require.Equal(t, []string{"pipeline created"}, statusesOf(r.outcomes(t)))
	require.Equal(t, "1 build under way: `imagedrop results --follow` shows how it ends, --builds waits for it\n", r.err)
	r = l.run("drop", path, "--json", "--builds").requireCode(t, exitDone)
	require.Equal(t, []string{"pipeline unchanged"}, statusesOf(r.outcomes(t)), "what is unchanged is not built")
}

func TestSendWaitsForTheBuildThatItStarts(t *testing.T) {
	t.Parallel()
	l := newLocal(t, withUnhurriedBuilds)
	l.run("drop", write(t, "golden.Dockerfile", builds), "--builds").requireCode(t, exitDone)
	message := write(t, "m.json", `{"kind": "execution", "pipelineName": "golden"}`)
	r := l.run("send", message, "--json", "--builds").requireCode(t, exitDone)
	require.Equal(t, []string{"execution started", "execution succeeded"}, statusesOf(r.outcomes(t)))
	l.fault(failBuild("BUILDING"))
	l.run("send", message, "--builds").requireCode(t, exitRejected)
	l.run("send", message).requireCode(t, exitDone)
}

// A build that does not end in time is named.
func TestUpNamesTheBuildThatHasNotEnded(t *testing.T) {
	t.Parallel()
	dir := folder(t, map[string]string{"golden.Dockerfile": builds})
	r, within := inTime(t, func(r result) bool { return strings.Contains(r.out, "started") },
		"up", "--drop", dir, "--exit", "--memory", "--port-base", "0", "--time-scale", "1", "-f", filepath.Join(home, "s.yaml"))
	r.requireCode(t, exitTrouble)
	require.Regexp(t, `imagedrop: no outcome for 1 of 1 within `+within+`\n  .*golden\.Dockerfile: its build has not ended: exec-\w+\n`, r.err)
}

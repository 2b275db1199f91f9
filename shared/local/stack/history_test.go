package stack_test

import (
	"fmt"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
)

func TestTheSameTemplatesAfterARestart(t *testing.T) {
	templates := map[string]string{
		"templates/agent.Dockerfile":      "RUN yum install -y agent\n",
		"templates/base/Dockerfile":       aPipeline,
		"templates/team/node.yaml":        "Tasks:\n  - Name: hello\n    Action: RunShellCommand\n    Properties:\n      commandContent: echo hello\n",
		"templates/pinned.Dockerfile":     aVersion,
		"templates/Dockerfile.elsewhere":  "# ---\n# regionId: cn-beijing\n# ---\nRUN true\n",
		"templates/with-tags.Dockerfile":  "# ---\n# tags: {" + tags(19) + "}\n# ---\nRUN true\n",
		"templates/tagged-all.Dockerfile": "# ---\n# name: all\n# tags: {" + tags(18) + "}\n# ---\nRUN true\n",
	}
	opt := options()
	opt.Memory, opt.StateDir = false, t.TempDir()
	c := start(t, opt)
	made, jobs := c.dropAll(templates)
	for _, o := range made {
		require.Equal(t, "created", o.Data.Status, "%+v", o)
	}
	before := c.everything()
	require.Len(t, before, len(templates))
	c.close()

	later := start(t, opt)
	later.next, later.seen = c.next, c.seen
	// The job of the template without room for the digest cannot know others.
	delete(templates, "templates/with-tags.Dockerfile")
	again, _ := later.dropAll(templates)
	for key, o := range again {
		require.Equal(t, "unchanged", o.Data.Status, "%+v", o)
		require.Equal(t, made[key].Data.Resource.ID, o.Data.Resource.ID)
	}
	require.Equal(t, before, later.everything())

	for key, j := range jobs { // the events of the first life, once more
		require.NoError(t, later.deliver(j, 1))
		require.Equal(t, made[key], later.outcomeOf(j))
	}
	require.Equal(t, before, later.everything())
}

// dropAll uploads the templates, all at once, and returns outcomes and jobs by key.
func (c *cloud) dropAll(templates map[string]string) (map[string]outcome, map[string]job) {
	outcomes, jobs := map[string]outcome{}, map[string]job{}
	for key, template := range templates {
		jobs[key] = c.upload(key, template)
	}
	for range templates {
		o := c.outcome() // perhaps behind a repeat: a close may have cut an invocation
		require.Equal(c.t, jobs[o.Data.Job.Key].id, o.Data.Job.ID)
		outcomes[o.Data.Job.Key] = o
	}
	return outcomes, jobs
}

// outcomeOf returns the next outcome of the job.
func (c *cloud) outcomeOf(j job) outcome {
	for {
		if o := c.following(); o.Data.Job.ID == j.id {
			return o
		}
	}
}

// everything is what there is in all regions of the policy.
func (c *cloud) everything() (all []resource) {
	for _, region := range []string{"cn-hangzhou", "cn-beijing", "cn-shanghai"} {
		all = append(append(all, c.components(region)...), c.pipelines(region)...)
	}
	return all
}

func TestARevertMakesAThirdVersion(t *testing.T) {
	c := start(t, options())
	one, two := fmt.Sprintf(component, "web"), fmt.Sprintf(component, "web")+"RUN two\n"
	var got []string
	for _, template := range []string{one, two, one, one} {
		c.put(triggered, template)
		o := c.outcome()
		for _, r := range c.components(c.e.Region) {
			if r.ID == o.Data.Resource.ID {
				got = append(got, o.Data.Status+" "+r.Version)
			}
		}
	}
	require.Equal(t, []string{"created 1.0.0", "created 2.0.0", "created 3.0.0", "unchanged 3.0.0"}, got)
	require.Len(t, c.components(c.e.Region), 3)
}

// The event of the newer object comes first; the older one's finds that its
// object is another by now, or is no more.
func TestTheOlderEventComesLast(t *testing.T) {
	c := start(t, options())
	older := c.upload(quiet, aComponent)
	newer := c.upload(quiet, aPipeline)
	require.NoError(t, c.deliver(newer, 1))
	require.NoError(t, c.deliver(older, 1))
	c.remove(quiet)
	gone := c.upload("elsewhere/other.Dockerfile", aComponent)
	c.remove("elsewhere/other.Dockerfile")
	require.NoError(t, c.deliver(gone, 1))

	got := c.outcomes(3)
	require.Equal(t, []string{"created ", "skipped superseded", "skipped gone"},
		[]string{status(got[0]), status(got[1]), status(got[2])})
	require.Equal(t, []string{newer.id, older.id, gone.id}, []string{got[0].Data.Job.ID, got[1].Data.Job.ID, got[2].Data.Job.ID})
	require.Empty(t, c.components(c.e.Region))
	require.Len(t, c.pipelines(c.e.Region), 1)
}

func status(o outcome) string { return o.Data.Status + " " + o.Data.Reason.Kind }

// change is what happens to an object between two deliveries of one job.
type change struct {
	plan
	how    string
	happen func(*cloud)
}

func (ch change) String() string { return ch.how + "/" + ch.plan.String() }

// What a job created stays created, even if its process died right behind the
// create and its object is another one at the next delivery. Where the process
// died before, nothing is created any more.
func TestTheObjectChangesBetweenDeliveries(t *testing.T) {
	t.Parallel()
	var changes []change
	for _, s := range []scenario{
		{name: "component", options: plain, text: aComponent},
		{name: "pipeline", options: plain, text: aPipeline},
		{name: "templateUri", options: plain, text: aPipeline, message: `{"templateUri":"oss://imagedrop-templates/` + quiet + `"}`},
	} {
		for how, happen := range map[string]func(*cloud){
			"broken":  func(c *cloud) { c.put(quiet, "BOGUS\n") },
			"deleted": func(c *cloud) { c.remove(quiet) },
		} {
			uncut := change{plan{scenario: s}, how, happen}
			for _, p := range uncut.further(uncut.run(t), []account.Effect{account.EffectKillBefore, account.EffectKillAfter}) {
				changes = append(changes, change{p, how, happen})
			}
		}
	}
	together(t, width, sampled(changes), change.String, func(t *testing.T, ch change) { ch.run(t) })
	t.Logf("%d jobs, each cut once", len(changes))
}

// run lets the first delivery meet its cut, changes the object, and delivers
// again. It returns the log of the first delivery, behind our own call.
func (ch change) run(t *testing.T) []account.Call {
	c := start(t, ch.options(t))
	for _, fault := range faults(ch.log, ch.cuts) {
		require.NoError(t, c.Account().Faults.Add(fault))
	}
	c.Account().Faults.Record()
	j := c.upload(quiet, ch.text)
	if ch.message != "" {
		j = c.message(account.NewMessageID(), ch.message)
	}
	err := c.deliver(j, 1)
	require.Equal(t, len(ch.cuts) == 0, err == nil, "%v", err)
	log := c.Account().Faults.Calls()
	sent, _ := c.published()
	made := c.everything()

	ch.happen(c)
	require.NoError(t, c.deliver(j, 1))
	require.Equal(t, made, c.everything())
	outcomes := c.outcomes(sent + 1)
	for _, o := range outcomes {
		require.Equal(t, outcomes[0], o, "every answer says the same")
		require.Equal(t, len(made) == 1, o.Data.Status == "created", "%+v", o)
	}
	return log
}

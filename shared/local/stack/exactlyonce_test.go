package stack_test

import (
	"fmt"
	"strings"
	"sync"
	"testing"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/stack"
)

// Templates and messages, all of one name.
const (
	aComponent = "# ---\n# name: web\n# ---\nRUN echo hello\n"
	aPipeline  = "# ---\n# name: web\n# ---\nFROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN echo hello\n"
	aVersion   = "# ---\n# name: web\n# componentVersion: 1.2.0\n# ---\nRUN echo hello\n"

	aPatch = "# ---\n# name: web\n# componentVersion: 1.4.*\n# ---\nRUN echo hello\n"
	aMinor = "# ---\n# name: web\n# componentVersion: 1.*.*\n# ---\nRUN echo hello\n"

	componentMessage = `{"name":"web","content":"RUN echo hello\n"}`
	pipelineMessage  = `{"name":"web","clientToken":"release-7","content":"FROM IMAGE_FAMILY:acs:alibaba_cloud_linux_3_2104_lts_x64\nRUN echo hello\n"}`
	namelessMessage  = "RUN echo hello\n"
)

// triggered and quiet are keys below the trigger's prefix and outside of it.
const (
	triggered = "templates/some.Dockerfile"
	quiet     = "elsewhere/some.Dockerfile"
)

// scenario is one way of a job through the function.
type scenario struct {
	name    string
	options func(*testing.T) stack.Options
	prepare func(*cloud) // nothing that it does is part of the job
	text    string       // of the template
	message string       // sent instead
	// calls are all that the job makes: what is enumerated below.
	calls string
	// want is the type of its outcome.
	want                  string
	components, pipelines int // at the end
}

func plain(*testing.T) stack.Options { return options() }

func withoutLookUp(t *testing.T) stack.Options {
	return changed(t, "RESULT_QUEUE:", "UNCHANGED_CHECK: off\n        RESULT_QUEUE:")
}

// seed lets another job make its resource first, to the end.
func seed(template string) func(*cloud) {
	return func(c *cloud) {
		require.NoError(c.t, c.deliver(c.upload(quiet, template), 1))
		require.Equal(c.t, "created", c.outcome().Data.Status)
		c.received(1)
	}
}

func nothing(*cloud) {}

var scenarios = []scenario{
	{"component", plain, nothing, aComponent, "",
		"GetObject DescribeImageComponents CreateImageComponent SendMessage", "component.created", 1, 0},
	{"pipeline", plain, nothing, aPipeline, "",
		"GetObject DescribeImagePipelines CreateImagePipeline SendMessage", "pipeline.created", 0, 1},
	{"unchanged component", plain, seed(aComponent), aComponent, "",
		"GetObject DescribeImageComponents DescribeImageComponents SendMessage", "component.unchanged", 1, 0},
	{"unchanged pipeline", plain, seed(aPipeline), aPipeline, "",
		"GetObject DescribeImagePipelines DescribeImagePipelines SendMessage", "pipeline.unchanged", 0, 1},
	{"another version", plain, seed(aComponent), aVersion, "",
		"GetObject DescribeImageComponents CreateImageComponent SendMessage", "component.created", 2, 0},
	{"version taken", plain, seed(aVersion), aVersion + "RUN echo more\n", "",
		"GetObject DescribeImageComponents CreateImageComponent DescribeImageComponents SendMessage", "component.rejected", 1, 0},
	{"number below a wildcard", plain, seed(aPatch + "RUN echo before\n"), aPatch, "",
		"GetObject DescribeImageComponents DescribeImageComponents CreateImageComponent SendMessage", "component.created", 2, 0},
	{"number beside a pinned one", plain, seed(aVersion), aMinor, "",
		"GetObject DescribeImageComponents DescribeImageComponents CreateImageComponent SendMessage", "component.created", 2, 0},
	{"unchanged below a wildcard", plain, seed(aPatch), aPatch, "",
		"GetObject DescribeImageComponents DescribeImageComponents SendMessage", "component.unchanged", 1, 0},
	{"without look-up", withoutLookUp, nothing, aVersion, "",
		"GetObject CreateImageComponent SendMessage", "component.created", 1, 0},
	{"no room for our tags", plain, nothing, strings.Replace(aComponent, "# ---\nRUN", "# tags: {"+tags(20)+"}\n# ---\nRUN", 1), "",
		"GetObject CreateImageComponent SendMessage", "component.created", 1, 0},
	{"findings", plain, nothing, "BOGUS\n", "",
		"GetObject SendMessage", "component.rejected", 0, 0},
	{"component by message", plain, nothing, "", componentMessage,
		"DescribeImageComponents CreateImageComponent SendMessage", "component.created", 1, 0},
	{"pipeline by message with a token", plain, nothing, "", pipelineMessage,
		"DescribeImagePipelines CreateImagePipeline SendMessage", "pipeline.created", 0, 1},
	{"message without a name", plain, nothing, "", namelessMessage,
		"CreateImageComponent SendMessage", "component.created", 1, 0},
	{"message with a templateUri", plain, func(c *cloud) { c.put(quiet, aPipeline) }, "", `{"templateUri":"oss://imagedrop-templates/` + quiet + `"}`,
		"GetObject DescribeImagePipelines CreateImagePipeline SendMessage", "pipeline.created", 0, 1},
	{"message with an old eTag", plain, func(c *cloud) { c.put(quiet, aPipeline) }, "", `{"templateUri":"oss://imagedrop-templates/` + quiet + `","templateETag":"0"}`,
		"GetObject" + strings.Repeat(" DescribeImageComponents DescribeImagePipelines", 3) + " SendMessage", "component.skipped", 0, 0},
}

func tags(n int) string {
	list := make([]string, n)
	for i := range list {
		list[i] = fmt.Sprintf("k%d: v", i)
	}
	return strings.Join(list, ", ")
}

// begin is the one call of ours that starts the job; the platform delivers it.
func (s scenario) begin(c *cloud) job {
	if s.message != "" {
		return s.identified(c.send(s.message))
	}
	return c.upload(triggered, s.text)
}

// announce makes the event of a job that the platform does not deliver.
func (s scenario) announce(c *cloud) job {
	if s.message != "" {
		return s.identified(c.message(account.NewMessageID(), s.message))
	}
	return c.upload(quiet, s.text)
}

// identified lets the sender's own token be the job's ID.
func (s scenario) identified(j job) job {
	if s.message == pipelineMessage {
		j.id = "release-7"
	}
	return j
}

// verify holds everything that can be seen from outside against one job.
func (s scenario) verify(c *cloud, j job, outcomes []outcome) {
	for _, o := range outcomes {
		require.Equal(c.t, "imagedrop."+s.want+".v1", o.Type, "%+v", o)
		require.Equal(c.t, j.id, o.Data.Job.ID)
		require.Equal(c.t, outcomes[0], o, "every answer says the same")
	}
	require.ElementsMatch(c.t, outcomes, c.received(len(outcomes)), "the feed is what the result queue got")
	components, pipelines := c.components(c.e.Region), c.pipelines(c.e.Region)
	require.Len(c.t, components, s.components)
	require.Len(c.t, pipelines, s.pipelines)
	id, made := outcomes[0].Data.Resource.ID, 0
	for _, r := range append(components, pipelines...) {
		if r.ID == id {
			made++
			require.Contains(c.t, []string{"", r.Version}, outcomes[0].Data.Resource.Version)
		}
		if strings.HasSuffix(s.want, ".created") && r.Job != "" {
			require.Equal(c.t, r.ID == id, r.Job == j.id)
		}
	}
	require.Equal(c.t, id != "", made == 1, "the outcome names the resource that is there")
}

// cut is a fault at one call of a log of calls.
type cut struct {
	at     int
	effect account.Effect
}

// cuts are the ends that a call can come to before its answer is there.
var cuts = []account.Effect{
	account.EffectDropBefore, account.EffectDropAfter, account.EffectErrorAfter,
	account.EffectKillBefore, account.EffectKillAfter,
}

// faults are the cuts as the account takes them. The calls up to the last cut
// are those of the log, since the same came before it.
func faults(log []account.Call, cuts []cut) []account.Fault {
	var list []account.Fault
	for n, cut := range cuts {
		call := log[cut.at]
		skip := count(log[:cut.at], call)
		for _, earlier := range cuts[:n] { // what one fault takes passes no other
			skip -= count(log[earlier.at:earlier.at+1], call)
		}
		fault := account.Fault{Service: call.Service, Operation: call.Operation, Skip: skip, Effect: cut.effect}
		if cut.effect == account.EffectErrorAfter {
			fault.Code = "InternalError"
		}
		list = append(list, fault)
	}
	return list
}

func count(log []account.Call, of account.Call) (n int) {
	for _, call := range log {
		if call.Service == of.Service && call.Operation == of.Operation {
			n++
		}
	}
	return n
}

// plan is one run of a scenario.
type plan struct {
	scenario
	log  []account.Call // of a run with all cuts but the last
	cuts []cut
}

func (p plan) String() string { return nameOf(p.name, p.log, p.cuts) }

func nameOf(name string, log []account.Call, cuts []cut) string {
	for _, cut := range cuts {
		name += fmt.Sprintf("/%s %d %s", cut.effect, cut.at, log[cut.at].Operation)
	}
	return name
}

// run does the job with its cuts, lets the platform deliver it until it is
// done, delivers it once more, and looks at what there is. It returns the log
// of the calls up to there, the first of which is our own.
func (p plan) run(t *testing.T) []account.Call {
	c := start(t, p.options(t))
	p.prepare(c)
	for _, fault := range faults(p.log, p.cuts) {
		require.NoError(t, c.Account().Faults.Add(fault))
	}
	c.Account().Faults.Record()
	j := p.begin(c)
	outcomes := c.untilPublished()
	log := c.Account().Faults.Calls()
	require.Empty(t, c.Account().Faults.List(), "every cut was met: %v", log)
	c.acknowledge(j.function, j.event(1))
	p.verify(c, j, append(outcomes, c.outcomes(1)...))
	return log
}

// untilPublished returns the outcomes of a job up to the one whose publish got
// its answer, the job's last call.
func (c *cloud) untilPublished() (got []outcome) {
	for {
		got = append(got, c.following())
		if sent, answered := c.published(); answered && sent == len(got) {
			return got
		}
	}
}

// published counts the outcomes that were sent since the log began, and says
// whether the last one was answered. The first call is the test's.
func (c *cloud) published() (sent int, answered bool) {
	for _, call := range c.Account().Faults.Calls()[1:] {
		if call.Operation == "SendMessage" && arrived[call.Effect] {
			sent++
		}
		answered = call.Operation == "SendMessage" && call.Effect == ""
	}
	return sent, answered
}

// arrived are the effects of a fault that let a call be done.
var arrived = map[account.Effect]bool{
	"": true, account.EffectDropAfter: true, account.EffectErrorAfter: true, account.EffectKillAfter: true,
}

// further returns the run with one more cut at each later call, of each kind.
func (p plan) further(log []account.Call, effects []account.Effect) (plans []plan) {
	first := 1 // behind our own call
	if n := len(p.cuts); n > 0 {
		first = p.cuts[n-1].at + 1
	}
	for _, next := range cutsFrom(first, log, effects) {
		plans = append(plans, plan{p.scenario, log, append(p.cuts[:len(p.cuts):len(p.cuts)], next)})
	}
	return plans
}

// cutsFrom are all cuts of the calls from the first on.
func cutsFrom(first int, log []account.Call, effects []account.Effect) (list []cut) {
	for at := first; at < len(log); at++ {
		for _, effect := range effects {
			list = append(list, cut{at, effect})
		}
	}
	return list
}

// sampled is all of them, or under the race detector one of seven: `make
// check` runs both.
func sampled[C any](all []C) (some []C) {
	if !underRace {
		return all
	}
	for i := 0; i < len(all); i += 7 {
		some = append(some, all[i])
	}
	return some
}

// width is how many clouds run at a time.
const width = 4

// Whatever call of a job is cut, and however, the next delivery of the
// platform ends it as an uncut one would have. The cuts are those of the calls
// that the job was seen to make.
func TestEveryCutThenRedelivery(t *testing.T) {
	t.Parallel()
	var plans []plan
	for _, s := range scenarios {
		uncut := plan{scenario: s}
		log := uncut.run(t)
		require.Equal(t, s.calls, operations(log[1:]), s.name)
		plans = append(plans, uncut.further(log, cuts)...)
	}
	together(t, width, sampled(plans), plan.String, func(t *testing.T, p plan) { p.run(t) })
	t.Logf("%d jobs, each cut once", len(plans))
}

// Two cuts in one job: of the retries inside of an invocation, and of the
// redelivery that follows a lost process.
func TestTwoCutsInOneJob(t *testing.T) {
	t.Parallel()
	uncut := plan{scenario: scenarios[0]} // it makes every kind of call
	once := uncut.further(uncut.run(t), cuts)
	var mu sync.Mutex
	var twice []plan
	together(t, width, once, plan.String, func(t *testing.T, p plan) {
		further := p.further(p.run(t), cuts)
		mu.Lock()
		defer mu.Unlock()
		twice = append(twice, further...)
	})
	together(t, width, sampled(twice), plan.String, func(t *testing.T, p plan) { p.run(t) })
	t.Logf("%d jobs, each cut twice", len(twice))
}

// A process that dies behind its last call has done everything, and the
// platform does not know: the redelivery finds what it made. It is cut, too.
func TestEveryCutInARedelivery(t *testing.T) {
	t.Parallel()
	var plans []plan
	for _, s := range scenarios {
		log := plan{scenario: s}.run(t)
		done := plan{s, log, []cut{{len(log) - 1, account.EffectKillAfter}}}
		plans = append(plans, done.further(done.run(t), cuts)...)
	}
	together(t, width, sampled(plans), plan.String, func(t *testing.T, p plan) { p.run(t) })
	t.Logf("%d redeliveries, each cut once", len(plans))
}

// A call without any answer ends with the invocation: the platform delivers again.
func TestEveryCallWithoutAnswerThenRedelivery(t *testing.T) {
	t.Parallel()
	var plans []plan
	for _, s := range scenarios {
		if s.name == "without look-up" {
			continue
		}
		s.options = func(t *testing.T) stack.Options { return changed(t, "timeout: 60", "timeout: 4") }
		uncut := plan{scenario: s}
		plans = append(plans, uncut.further(uncut.run(t), []account.Effect{account.EffectTimeout})...)
	}
	together(t, len(plans), sampled(plans), plan.String, func(t *testing.T, p plan) { p.run(t) })
	t.Logf("%d calls without answer", len(plans))
}

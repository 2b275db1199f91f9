package stack

import (
	"cmp"
	"encoding/json"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/fc"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/oss"
)

// plan is what s.yaml asks of the local cloud.
type plan struct {
	functions []plannedFunction
	objects   []objectRule
	sources   []queueSource
	timers    []fc.TimerTrigger
	topics    []fc.TopicTrigger
	queues    []string // every queue that the file names
	buckets   []string
	notices   []string // said at start
}

type plannedFunction struct {
	function
	executable   string // path, from code and handler
	line, column int    // of code, for messages
	env          map[string]string
	// Names of queues; "" for none.
	onSuccess, onFailure string
}

type objectRule struct {
	id, function, bucket, prefix, suffix string
	events                               []string
	at                                   *string // triggerName, for messages
}

type queueSource struct {
	name, function, queue, region string
	deadLetters                   string // queue; "" for none
	decode                        bool   // IsBase64Decode
	config                        eventBridgeTrigger
}

// maxQueueTimeout is how long a function with a queue trigger may take.
// Source: FC, advanced trigger settings: a target of EventBridge must finish within 5 minutes.
const maxQueueTimeout = 300

// settingNames are the settings of the functions, for the one mistake that
// nothing else notices: an optional one misspelt. TestSettingNamesAreThoseOfTheFunctions holds it to them.
var settingNames = []string{
	"RESULT_QUEUE", "MNS_ENDPOINT", "OSS_ENDPOINT", "ECS_ENDPOINT", "WATCH_QUEUE", "REBUILD_QUEUE", "DEAD_LETTER_QUEUE",
	"PARKED_QUEUE", "AWS_QUEUE", "POLICY", "RESULT_ENCODING", "UNCHANGED_CHECK", "CONCURRENCY",
	"WATCH_DELAY_MIN", "WATCH_DELAY_MAX", "WATCH_EXPIRY",
	awsRegion, "AWS_SHARED_CREDENTIALS_FILE", "AWS_EC2_METADATA_DISABLED",
}

// planner checks what one value alone does not tell, and builds the plan.
type planner struct {
	*decoder
	*plan
	dir string
}

func newPlan(d *decoder, p *project, dir string) *plan {
	b := &planner{decoder: d, plan: &plan{}, dir: dir}
	seen := map[string]bool{}
	for _, name := range b.inOrder(p.Resources) {
		f := &p.Resources[name].Props
		if seen[f.FunctionName] {
			b.fail(&f.FunctionName, "functionName: there is another function %q", f.FunctionName)
		}
		seen[f.FunctionName] = true
		b.addFunction(f)
	}
	b.checkOverlaps()
	b.checkCircles(p)
	b.plan.notices = append(b.plan.notices, d.notices...)
	return b.plan
}

// inOrder returns the names of the resources as the file has them.
func (b *planner) inOrder(resources map[string]*resource) []string {
	names := keysOf(resources)
	slices.SortFunc(names, func(x, y string) int {
		return cmp.Compare(b.at[resources[x]].Line, b.at[resources[y]].Line)
	})
	return names
}

func (b *planner) addFunction(f *function) {
	b.checkFunction(f)
	at := b.at[&f.Code]
	planned := plannedFunction{
		function: *f, executable: filepath.Join(b.absolute(f.Code.Src), f.Handler), env: map[string]string{},
		line: at.Line, column: at.Column,
	}
	for name, value := range f.EnvironmentVariables {
		planned.env[name] = *value
		if strings.HasSuffix(name, "_QUEUE") {
			b.addQueue(value, *value)
		}
	}
	d := &f.AsyncInvokeConfig.DestinationConfig
	planned.onSuccess = b.arnName("messagesARN", d.OnSuccess.Destination)
	planned.onFailure = b.arnName("messagesARN", d.OnFailure.Destination)
	b.addQueue(&d.OnSuccess.Destination, planned.onSuccess)
	b.addQueue(&d.OnFailure.Destination, planned.onFailure)
	b.functions = append(b.functions, planned)
	names := map[string]bool{}
	for i := range f.Triggers {
		t := &f.Triggers[i]
		if names[t.TriggerName] {
			b.fail(&t.TriggerName, "triggerName: %s has another trigger %q", f.FunctionName, t.TriggerName)
		}
		names[t.TriggerName] = true
		b.addTrigger(f, t)
	}
}

func (b *planner) absolute(path string) string {
	if filepath.IsAbs(path) {
		return path
	}
	return filepath.Join(b.dir, path)
}

func (b *planner) checkFunction(f *function) {
	if f.Region != account.Region {
		b.fail(&f.Region, "region: the local cloud is in %s, not in %q", account.Region, f.Region)
	}
	if f.Runtime != "go1" {
		b.fail(&f.Runtime, "runtime: the local cloud runs go1 only")
	}
	if f.InstanceConcurrency > 1 {
		b.fail(&f.InstanceConcurrency, "instanceConcurrency: an instance of go1 serves one request at a time")
	}
	if src := f.Code.Src; strings.HasSuffix(src, ".zip") {
		b.fail(&f.Code.Src, "code: the local cloud runs a directory, not %s", src)
	}
	b.checkProportion(f)
	for name, value := range f.EnvironmentVariables {
		if near := nearest(name, settingNames, 2); near != "" && near != name {
			b.fail(value, "%s: no function reads this setting: did you mean %q?", name, near)
		}
	}
}

// checkProportion checks vCPU to GB of memory.
// Source: FC 3.0, limits of usage: 1:1 to 1:4.
func (b *planner) checkProportion(f *function) {
	if !b.has(&f.CPU) || !b.has(&f.MemorySize) {
		return
	}
	if ratio := float64(f.MemorySize) / 1024 / f.CPU; ratio < 1 || ratio > 4 {
		b.fail(&f.MemorySize, "memorySize: %d MB for %g vCPU: want 1 to 4 GB a vCPU", f.MemorySize, f.CPU)
	}
}

func (b *planner) addTrigger(f *function, t *trigger) {
	switch c := t.config.(type) {
	case *ossTrigger:
		b.addObjectTrigger(f, t, c)
	case *eventBridgeTrigger:
		b.addEventBridgeTrigger(f, t, c)
	case *topicTrigger:
		b.topics = append(b.topics, fc.TopicTrigger{
			Name: t.TriggerName, Function: f.FunctionName, Topic: b.source(f, t, "topicARN"),
			FilterTag: c.FilterTag, Stream: c.NotifyContentFormat == "STREAM",
		})
	case *timerTrigger:
		b.addTimerTrigger(f, t, c)
	default:
		b.fail(&t.TriggerType, "triggerType: the local cloud has no %s triggers", t.TriggerType)
	}
}

func (b *planner) say(format string, args ...any) {
	b.plan.notices = append(b.plan.notices, fmt.Sprintf(format, args...))
}

func (b *planner) addObjectTrigger(f *function, t *trigger, c *ossTrigger) {
	bucket := b.source(f, t, "bucketARN")
	b.objects = append(b.objects, objectRule{
		id: f.FunctionName + "-" + t.TriggerName, function: f.FunctionName, bucket: bucket,
		events: c.Events, prefix: c.Filter.Key.Prefix, suffix: c.Filter.Key.Suffix, at: &t.TriggerName,
	})
	if !slices.Contains(b.buckets, bucket) {
		b.buckets = append(b.buckets, bucket)
	}
}

func (b *planner) addTimerTrigger(f *function, t *trigger, c *timerTrigger) {
	schedule, err := fc.ParseSchedule(c.CronExpression)
	if err != nil {
		b.fail(&c.CronExpression, "cronExpression: %v", err)
	}
	timer := fc.TimerTrigger{Name: t.TriggerName, Function: f.FunctionName, Schedule: schedule, Payload: c.Payload, Disabled: !c.Enable}
	if _, err := timer.Event(time.Time{}); err != nil {
		b.fail(&c.Payload, "payload: %v", err)
	}
	if !c.Enable {
		b.say("timer trigger %s of %s is not enabled: fire it with `imagedrop invoke %s --timer %s`", t.TriggerName, f.FunctionName,
			f.FunctionName, t.TriggerName)
	}
	b.timers = append(b.timers, timer)
}

func (b *planner) addEventBridgeTrigger(f *function, t *trigger, c *eventBridgeTrigger) {
	b.checkEventBridge(f, c)
	if !c.TriggerEnable {
		b.say("queue trigger %s of %s is not enabled", t.TriggerName, f.FunctionName)
		return
	}
	from := &c.EventSourceConfig.EventSourceParameters.SourceMNSParameters
	s := queueSource{
		name: t.TriggerName, function: f.FunctionName, queue: from.QueueName, region: from.RegionID,
		deadLetters: b.arnName("queueARN", c.RunOptions.DeadLetterQueue.ARN),
		decode:      from.IsBase64Decode == nil || *from.IsBase64Decode, config: *c,
	}
	b.addQueue(&from.QueueName, s.queue)
	b.addQueue(&c.RunOptions.DeadLetterQueue.ARN, s.deadLetters)
	b.sources = append(b.sources, s)
}

// checkEventBridge refuses what is wrong or not served here.
func (b *planner) checkEventBridge(f *function, c *eventBridgeTrigger) {
	source := &c.EventSourceConfig
	if source.EventSourceType != "MNS" {
		b.fail(&source.EventSourceType, "eventSourceType: the local cloud delivers from MNS queues only")
	}
	if c.RunOptions.Mode == "event-driven" {
		b.fail(&c.RunOptions.Mode, "mode: the local cloud serves event-streaming only")
	}
	var pattern map[string]any
	if json.Unmarshal([]byte(c.EventRuleFilterPattern), &pattern) != nil || len(pattern) > 0 {
		b.fail(&c.EventRuleFilterPattern, "eventRuleFilterPattern: a stream takes '{}'")
	}
	if f.Timeout > maxQueueTimeout {
		b.fail(&f.Timeout, "timeout: %d s: a function with a queue trigger must answer within %d s", f.Timeout, maxQueueTimeout)
	}
	from := &source.EventSourceParameters.SourceMNSParameters
	if from.RegionID != f.Region {
		b.fail(&from.RegionID, "RegionId: the function is in %s", f.Region)
	}
	if b.arnName("queueARN", c.RunOptions.DeadLetterQueue.ARN) == from.QueueName {
		b.fail(&c.RunOptions.DeadLetterQueue.ARN, "Arn: the queue %s would be its own dead-letter queue", from.QueueName)
	}
}

// source returns the name in the trigger's sourceArn, which must have the form
// and the region of the function; "" after a mistake.
func (b *planner) source(f *function, t *trigger, kind string) string {
	if !b.has(&t.SourceARN) {
		b.fail(t, "%s: sourceArn is missing: want %s", t.TriggerName, forms()[kind].words)
		return ""
	}
	m := forms()[kind].pattern.FindStringSubmatch(t.SourceARN)
	if m == nil {
		b.fail(&t.SourceARN, "sourceArn: %q is not %s", t.SourceARN, forms()[kind].words)
		return ""
	}
	if m[1] != f.Region {
		b.fail(&t.SourceARN, "sourceArn: in %s, the function is in %s", m[1], f.Region)
	}
	return m[3]
}

// arnName returns the last part of an ARN, "" where it is not of that form.
func (b *planner) arnName(kind, arn string) string {
	if m := forms()[kind].pattern.FindStringSubmatch(arn); m != nil {
		return m[3]
	}
	return ""
}

// addQueue notes the queue that the value at names; "" is none.
func (b *planner) addQueue(at any, name string) {
	if name == "" || slices.Contains(b.queues, name) {
		return
	}
	if err := mns.CheckQueueName(name); err != nil {
		b.fail(at, "queue %q: %v", name, err)
	}
	b.queues = append(b.queues, name)
}

// checkOverlaps applies what OSS demands of the triggers of one bucket.
func (b *planner) checkOverlaps() {
	var rules []oss.Rule
	for _, r := range b.objects {
		if r.bucket == "" {
			continue // that is a mistake of its own
		}
		rules = append(rules, r.rule())
		if err := oss.ValidateRules(rules); err != nil {
			b.fail(r.at, "%v", err)
			return // the rest would only repeat it
		}
	}
}

// checkCircles refuses a function that would feed itself or another without
// end: a queue where things end is no source, but for what is made for it (the
// dead-letter queue is the source of deadletter). WATCH_QUEUE and REBUILD_QUEUE
// go round by design: what is in them says how often it may.
func (b *planner) checkCircles(p *project) {
	for _, name := range b.inOrder(p.Resources) {
		f := &p.Resources[name].Props
		for setting, value := range f.EnvironmentVariables {
			b.checkEnd(setting, value, *value, func(s queueSource) bool {
				return setting == resultQueue || setting == parkedQueue || (setting == "DEAD_LETTER_QUEUE" && s.function != "deadletter")
			})
		}
		d := &f.AsyncInvokeConfig.DestinationConfig
		for _, at := range []*string{&d.OnSuccess.Destination, &d.OnFailure.Destination} {
			b.checkEnd("destination", at, b.arnName("messagesARN", *at), func(s queueSource) bool { return s.function == f.FunctionName })
		}
	}
}

// checkEnd refuses the queue that the value at names where one of its readers
// would close a circle.
func (b *planner) checkEnd(key string, at *string, queue string, circle func(queueSource) bool) {
	for _, s := range b.sources {
		if s.queue == queue && circle(s) {
			b.fail(at, "%s: the queue %s is what trigger %s of %s reads: events would go round in a circle", key, queue, s.name, s.function)
		}
	}
}

// seconds returns n as a duration.
func seconds(n int) time.Duration { return time.Duration(n) * time.Second }

package account

import (
	"errors"
	"fmt"
	"net/http"
	"slices"
	"strings"
)

// Effect is what a fault does to a call, an execution or a delivery; what each
// does stands in Effects.
type Effect string

// The effects.
const (
	EffectCode       Effect = "code"
	EffectThrottle   Effect = "throttle"
	Effect500        Effect = "500"
	Effect503        Effect = "503"
	EffectHTML502    Effect = "html-502"
	EffectSlow       Effect = "slow"
	EffectTimeout    Effect = "timeout"
	EffectDropBefore Effect = "drop-before"
	EffectDropAfter  Effect = "drop-after"
	EffectErrorAfter Effect = "error-after"
	EffectTruncate   Effect = "truncate"
	EffectClockSkew  Effect = "clock-skew"
	EffectKillBefore Effect = "kill-before"
	EffectKillAfter  Effect = "kill-after"
	EffectFailBuild  Effect = "fail-build"
	EffectCrash      Effect = "crash"
	EffectDuplicate  Effect = "duplicate"
	EffectDelay      Effect = "delay"
	EffectReorder    Effect = "reorder"
)

// struck is what an effect hits.
type struck int

const (
	aCall struck = iota
	aBuild
	aDelivery // of an event to a function, or of a message into a queue
)

// EffectRule is one row of Effects.
type EffectRule struct {
	Effect Effect
	Does   string // one line, for people
	hits   struck
	takes  []string // fields of a fault that only some effects have
	needs  string   // the one of them that has no default
}

// Effects is the one place that says what there is.
var Effects = []EffectRule{
	{EffectCode, "answers a code, with a status, instead of doing the call", aCall, []string{"code", "status"}, "code"},
	{EffectThrottle, "answers what the service answers to too many calls", aCall, nil, ""},
	{Effect500, "answers the service's own internal error", aCall, nil, ""},
	{Effect503, "answers that the service is unavailable for the moment", aCall, nil, ""},
	{EffectHTML502, "answers status 502 and a page of HTML, as a proxy in front would", aCall, nil, ""},
	{EffectSlow, "does the call after a delay", aCall, []string{"delayMs"}, "delayMs"},
	{EffectTimeout, "does not do the call, and answers nothing until the client gives up", aCall, nil, ""},
	{EffectDropBefore, "closes the connection without doing the call", aCall, nil, ""},
	{EffectDropAfter, "does the call, commits, and closes the connection without an answer", aCall, nil, ""},
	{EffectErrorAfter, "does the call, commits, and answers a code, with a status", aCall, []string{"code", "status"}, "code"},
	{EffectTruncate, "does the call, commits, and closes the connection amid the answer's body", aCall, nil, ""},
	{EffectClockSkew, "judges when the call was signed by a clock that is so much ahead, or behind", aCall,
		[]string{"skewSeconds"}, "skewSeconds"},
	{EffectKillBefore, "kills the function that makes the call, without doing it", aCall, nil, ""},
	{EffectKillAfter, "does the call, commits, and kills the function that makes it", aCall, nil, ""},
	{EffectFailBuild, "lets the execution that the call starts fail in a phase, for the reason code", aBuild,
		[]string{"phase", "code"}, "phase"},
	{EffectCrash, "kills the function that got the event, at once or after a delay", aDelivery, []string{"delayMs"}, ""},
	{EffectDuplicate, "delivers the event, or the message, twice under one id", aDelivery, nil, ""},
	{EffectDelay, "delivers the event, or the message, after a delay", aDelivery, []string{"delayMs"}, "delayMs"},
	{EffectReorder, "lets the next event go first, for which this one waits at most a delay; a message goes before those that wait",
		aDelivery, []string{"delayMs"}, ""},
}

// rule returns the row of an effect.
func (e Effect) rule() (EffectRule, bool) {
	i := slices.IndexFunc(Effects, func(r EffectRule) bool { return r.Effect == e })
	if i < 0 {
		return EffectRule{}, false
	}
	return Effects[i], true
}

// answers are the codes that a service has for the effects that need none
// named.
var answers = map[Effect]map[string]struct {
	status int
	code   string
}{
	EffectThrottle: {
		"ecs": {400, "Throttling"},                     // Source: ECS common error codes
		"oss": {503, "TotalQpsLimitExceeded"},          // Source: OSS "HTTP 503 status code"
		"mns": {403, "QpsLimitExceeded"},               // Source: MNS error codes; the status is not documented
		"ec2": {429, "CallRateLimitExceededException"}, // Source: EC2 Image Builder, CreateComponent, errors
		"fc":  {429, "ResourceThrottled"},              // Source: FC error codes
	},
	Effect500: {
		"ecs": {500, "InternalError"},
		"oss": {500, "InternalError"},
		"mns": {500, "InternalError"},
		"ec2": {500, "ServiceException"},
		"fc":  {500, "InternalServerError"},
	},
	Effect503: {
		"ecs": {503, "ServiceUnavailable"},
		"oss": {503, "ServiceUnavailable"},
		"ec2": {503, "ServiceUnavailableException"},
	},
}

// operationsOf are the operations that effects other than those of calls
// strike, by service.
var operationsOf = map[struck]map[string][]string{
	aBuild:    {"ecs": {"StartImagePipelineExecution"}},
	aDelivery: {"fc": nil, "mns": {"SendMessage", "BatchSendMessage", "PublishMessage"}}, // fc: the names of the functions, and "*"
}

// Services are those that faults strike.
var Services = []string{"ecs", "oss", "mns", "ec2", "fc"}

// phases are those of an execution.
var phases = []string{"PREPARING", "REPAIRING", "BUILDING", "TESTING", "DISTRIBUTING", "RELEASING"}

// check says what is wrong with the fault.
func (f Fault) check() error {
	rule, known := f.Effect.rule()
	if !known {
		return fmt.Errorf("unknown effect %q: want %s", f.Effect, names(Effects))
	}
	switch {
	case f.Service == "" || f.Operation == "":
		return errors.New("a fault needs service and operation")
	case !slices.Contains(Services, f.Service):
		return fmt.Errorf("there is no service %q: want %s", f.Service, strings.Join(Services, ", "))
	case f.Skip < 0 || f.Count < 0 || f.DelayMs < 0:
		return errors.New("skip, count and delayMs are no negative numbers")
	case !(f.Probability >= 0 && f.Probability <= 1):
		return errors.New("probability is a number from 0 to 1; 0 means always")
	case f.Probability == 0 && f.Seed != 0:
		return errors.New("a seed is for a probability: without one nothing is drawn")
	case f.Status != 0 && (f.Status < 200 || f.Status > 599):
		return errors.New("status is one of HTTP, from 200 to 599")
	case f.Phase != "" && !slices.Contains(phases, f.Phase):
		return fmt.Errorf("phase is one of %s", strings.Join(phases, ", "))
	}
	return errors.Join(f.checkFields(rule), f.checkPlace(rule))
}

// checkFields refuses the fields that the effect does not take.
func (f Fault) checkFields(rule EffectRule) error {
	for _, field := range []struct {
		name string
		set  bool
	}{
		{"code", f.Code != ""}, {"status", f.Status != 0}, {"phase", f.Phase != ""},
		{"delayMs", f.DelayMs != 0}, {"skewSeconds", f.SkewSeconds != 0},
	} {
		switch {
		case field.set && !slices.Contains(rule.takes, field.name):
			return fmt.Errorf("effect %q has no %s: it %s", f.Effect, field.name, rule.Does)
		case !field.set && rule.needs == field.name:
			return fmt.Errorf("effect %q needs a %s", f.Effect, field.name)
		}
	}
	return nil
}

// checkPlace refuses services and operations that the effect cannot strike.
func (f Fault) checkPlace(rule EffectRule) error {
	if codes, ok := answers[f.Effect]; ok {
		if _, ok := codes[f.Service]; !ok {
			return fmt.Errorf("service %q documents no code for effect %q: name one with effect %q", f.Service, f.Effect, EffectCode)
		}
	}
	services, limited := operationsOf[rule.hits]
	operations, ok := services[f.Service]
	switch {
	case !limited:
		return nil
	case !ok || operations != nil && !slices.Contains(operations, f.Operation):
		return fmt.Errorf("effect %q is for %s", f.Effect, places(services))
	case f.Effect == EffectCrash && f.Service != "fc":
		return fmt.Errorf("effect %q is for service \"fc\", which runs the functions", f.Effect)
	case f.Effect == EffectReorder && f.Service != "fc" && f.DelayMs != 0:
		return fmt.Errorf("effect %q of service %q has no delayMs: the message goes before those that wait", f.Effect, f.Service)
	}
	return nil
}

// places says which operations of which services there are.
func places(services map[string][]string) string {
	var list []string
	for service, operations := range services {
		if operations == nil {
			operations = []string{"the name of a function, or *"}
		}
		list = append(list, fmt.Sprintf("service %q, operation %s", service, strings.Join(operations, ", ")))
	}
	slices.Sort(list)
	return strings.Join(list, "; ")
}

func names(rules []EffectRule) string {
	var list []string
	for _, r := range rules {
		list = append(list, string(r.Effect))
	}
	return strings.Join(list, ", ")
}

// answer is the status and the code that a call gets instead of its own.
func (f Fault) answer() (status int, code string) {
	if a, ok := answers[f.Effect][f.Service]; ok {
		return a.status, a.code
	}
	if f.Status == 0 {
		return http.StatusInternalServerError, f.Code
	}
	return f.Status, f.Code
}

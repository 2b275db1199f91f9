package stack

import (
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"

	"imagedrop/shared/local/fc"
)

// good is a file with one function of each kind of trigger that is served.
const good = `edition: 3.0.0
name: test
access: default
vars:
  region: cn-hangzhou
  queue: ${env('QUEUE', 'requests')}
  seconds: 60
  shared: &shared
    RESULT_QUEUE: results
resources:
  upload:
    component: fc3
    actions:
      pre-deploy:
        - run: make build
          path: ./
    props:
      region: ${vars.region}
      functionName: upload
      runtime: go1
      handler: main
      code: ./dist/upload
      timeout: ${vars.seconds}
      memorySize: 256
      cpu: 0.2
      role: acs:ram::1234567890123456:role/fn
      environmentVariables:
        <<: *shared
        MNS_ENDPOINT: https://${config('AccountID')}.mns.${vars.region}.aliyuncs.com
        POLICY: ${this.props.functionName}-policy
      asyncInvokeConfig:
        maxAsyncRetryAttempts: 0
        maxAsyncEventAgeInSeconds: 3600
        destinationConfig:
          onFailure:
            destination: acs:mns:cn-hangzhou:1234567890123456:/queues/dlq/messages
      triggers:
        - triggerName: templates
          triggerType: oss
          sourceArn: acs:oss:cn-hangzhou:1234567890123456:templates-bucket
          triggerConfig:
            events: [oss:ObjectCreated:PutObject]
            filter:
              key:
                prefix: templates/
                suffix: ''
  message:
    component: fc3
    props:
      region: ${resources.upload.props.region}
      functionName: message
      runtime: go1
      handler: main
      code: ${path('dist/message')}
      triggers:
        - triggerName: requests-queue
          triggerType: eventbridge
          triggerConfig:
            triggerEnable: true
            asyncInvocationType: false
            eventRuleFilterPattern: '{}'
            eventSourceConfig:
              eventSourceType: MNS
              eventSourceParameters:
                sourceMNSParameters:
                  RegionId: cn-hangzhou
                  QueueName: ${vars.queue}
            eventSinkConfig:
              deliveryOption:
                eventSchema: CloudEvents
            runOptions:
              mode: event-streaming
              errorsTolerance: ALL
              deadLetterQueue:
                Arn: acs:mns:cn-hangzhou:1234567890123456:/queues/dlq
              batchWindow:
                CountBasedWindow: 1
                TimeBasedWindow: 0
`

// more are triggers that a test adds to the last function of the good file.
var more = map[string]string{
	"timer": `        - triggerName: nightly
          triggerType: timer
          triggerConfig:
            cronExpression: CRON_TZ=Asia/Shanghai 0 0 2 * * *
            enable: true
            payload: '{"namePattern":"*"}'
`,
	"topic": `        - triggerName: requests-topic
          triggerType: mns_topic
          sourceArn: acs:mns:cn-hangzhou:1234567890123456:/topics/requests
          triggerConfig:
            notifyContentFormat: STREAM
            notifyStrategy: BACKOFF_RETRY
            filterTag: web
`,
}

// goodWith is the good file with one more trigger, of which the lines that
// begin as those given are replaced.
func goodWith(trigger string, lines ...string) string {
	text := more[trigger]
	for _, line := range lines {
		key, _, _ := strings.Cut(line, ":")
		text = regexp.MustCompile(`(?m)\b`+key+`:.*$`).ReplaceAllLiteralString(text, line)
	}
	return good + text
}

func noEnv(string) (string, bool) { return "", false }

func readText(text string, env func(string) (string, bool)) (*plan, error) {
	return readData("s.yaml", "/project", []byte(text), env)
}

func TestAGoodFileBecomesAPlan(t *testing.T) {
	env := func(name string) (string, bool) { return "from-env", name == "QUEUE" }
	p, err := readText(good, env)
	require.NoError(t, err)
	require.Equal(t, []string{"dlq", "from-env", "results"}, sorted(p.queues))
	require.Equal(t, []string{"templates-bucket"}, p.buckets)
	require.Len(t, p.functions, 2)

	upload, message := p.functions[0], p.functions[1]
	require.Equal(t, 60, upload.Timeout)
	require.Equal(t, map[string]string{
		"RESULT_QUEUE": "results", "POLICY": "upload-policy",
		"MNS_ENDPOINT": "https://1234567890123456.mns.cn-hangzhou.aliyuncs.com",
	}, upload.env)
	require.Zero(t, *upload.AsyncInvokeConfig.MaxAsyncRetryAttempts)
	require.Equal(t, "dlq", upload.onFailure)
	require.Equal(t, "/project/dist/upload/main", upload.executable)
	require.Equal(t, "cn-hangzhou", message.Region)
	require.Equal(t, "/project/dist/message/main", message.executable)
	require.Nil(t, message.AsyncInvokeConfig.MaxAsyncRetryAttempts)

	require.Equal(t, "templates/", p.objects[0].prefix)
	require.Equal(t, "from-env", p.sources[0].queue)
	require.True(t, p.sources[0].decode, "IsBase64Decode is true where it is absent")
	require.Empty(t, p.notices)
}

func sorted(s []string) []string {
	m := map[string]bool{}
	for _, v := range s {
		m[v] = true
	}
	return keysOf(m)
}

func TestTheRepositorysOwnFile(t *testing.T) {
	p, err := read("../../../s.yaml", noEnv)
	require.NoError(t, err)
	require.Len(t, p.functions, 6)
	require.Equal(t, []string{"imagedrop-aws", "imagedrop-dlq", "imagedrop-parked", "imagedrop-rebuild", "imagedrop-requests", "imagedrop-results", "imagedrop-watch"},
		sorted(p.queues))
	require.Equal(t, []string{"imagedrop-templates"}, p.buckets)
	require.Equal(t, []fc.TopicTrigger{{Name: "requests-topic", Function: "message", Topic: "imagedrop-requests"}}, p.topics)
	require.Empty(t, p.notices)
	for _, f := range p.functions {
		if f.FunctionName != "watch" && f.FunctionName != "awscomponent" { // which ask for nothing
			require.Contains(t, f.env["POLICY"], "regions: [cn-hangzhou, cn-beijing, cn-shanghai]\nbuckets: [\"imagedrop-templates\"]\ntargets: [alibaba, aws]\nbuild: true\n")
		}
		want := "imagedrop-dlq"
		if f.FunctionName == "deadletter" { // whose own would go round in a circle
			want = "imagedrop-parked"
		}
		require.Equal(t, want, f.onFailure)
	}
}

// mistakes change the good file in one place, the first that holds old; at is
// the line and column that is reported.
var mistakes = []struct{ name, old, new, at, want string }{
	{"unknown key", "functionName: message", "functionNmae: message", "51:7", `props: unknown key "functionNmae": did you mean "functionName"?`},
	{"unknown key at the top", "access: default", "acess: default", "3:1", `s.yaml: unknown key "acess": did you mean "access"?`},
	{"unknown key in a trigger", "sourceArn: acs:oss", "sourceARN: acs:oss", "40:11", `did you mean "sourceArn"?`},
	{"wrong letter case, as fc3 wants it", "QueueName: ${vars.queue}", "queueName: ${vars.queue}", "67:19", `did you mean "QueueName"?`},
	{"misspelt trigger type", "triggerType: eventbridge", "triggerType: eventbrige", "57:24", `triggerType: unknown value "eventbrige": did you mean "eventbridge"?`},
	{"trigger type not served", "triggerType: eventbridge", "triggerType: http", "57:24", "the local cloud has no http triggers"},
	{"misspelt trigger key", "filter:", "filer:", "43:13", `triggerConfig: unknown key "filer": did you mean "filter"?`},
	{"misspelt event", "oss:ObjectCreated:PutObject", "oss:ObjectCreated:PutObjekt", "42:22", `did you mean "oss:ObjectCreated:PutObject"?`},
	{"missing suffix", "                suffix: ''\n", "", "45:17", "key: suffix is missing"},
	{"missing trigger part", "              batchWindow:", "              batchWindows:", "76:15", `did you mean "batchWindow"?`},
	{"key twice", "handler: main", "runtime: go1", "18:7", `the key "runtime" stands here twice`},
	{"number in quotes", "memorySize: 256", "memorySize: '256'", "24:19", "memorySize: want a whole number without quotes"},
	{"text without quotes", "RESULT_QUEUE: results", "RESULT_QUEUE: 42", "9:19", "RESULT_QUEUE: want a text; put it in quotes"},
	{"out of range", "maxAsyncEventAgeInSeconds: 3600", "maxAsyncEventAgeInSeconds: 700000", "33:36", "700000 is not within 1 and 604800"},
	{"retries out of range", "maxAsyncRetryAttempts: 0", "maxAsyncRetryAttempts: 9", "32:32", "9 is not within 0 and 8"},
	{"no multiple", "memorySize: 256", "memorySize: 250", "24:19", "250 is not a multiple of 64"},
	{"CPU to memory", "cpu: 0.2", "cpu: 4", "24:19", "256 MB for 4 vCPU: want 1 to 4 GB a vCPU"},
	{"mistake in a variable", "seconds: 60", "seconds: 90000", "23:16", "timeout: 90000 is not within 1 and 86400"},
	{"no region", "region: cn-hangzhou", "region: cn-hangzhuo", "18:15", `the local cloud is in cn-hangzhou, not in "cn-hangzhuo"`},
	{"malformed role", "acs:ram::1234567890123456:role/fn", "acs:ram::123:role/fn", "26:13", "is not a role name or acs:ram::{account}:role/{role}"},
	{"malformed bucket ARN", "acs:oss:cn-hangzhou:1234567890123456:templates-bucket", "acs:oss:templates-bucket", "40:22", "is not acs:oss:{region}:{account}:{bucket}"},
	{"bucket elsewhere", "acs:oss:cn-hangzhou:", "acs:oss:cn-beijing:", "40:22", "in cn-beijing, the function is in cn-hangzhou"},
	{"no source", "          sourceArn: acs:oss:cn-hangzhou:1234567890123456:templates-bucket\n", "", "38:11", "templates: sourceArn is missing"},
	{"destination without messages", "/queues/dlq/messages", "/queues/dlq", "36:26", "/queues/{queue}/messages"},
	{"dead letters with messages", "/queues/dlq\n", "/queues/dlq/messages\n", "75:22", "without /messages"},
	{"runtime not served", "runtime: go1", "runtime: custom.debian12", "20:16", "the local cloud runs go1 only"},
	{"misspelt runtime", "runtime: go1", "runtime: go", "20:16", `unknown value "go": did you mean "go1"?`},
	{"another component", "component: fc3", "component: fc", "12:16", `did you mean "fc3"?`},
	{"another edition", "edition: 3.0.0", "edition: 1.0.0", "1:10", `did you mean "3.0.0"?`},
	{"misspelt action", "pre-deploy:", "prae-deploy:", "14:7", "want pre-, success-, fail- or complete- and a command"},
	{"misspelt setting", "POLICY:", "POLCIY:", "30:17", `POLCIY: no function reads this setting: did you mean "POLICY"?`},
	{"default bus", "eventSourceType: MNS", "eventSourceType: Default", "63:32", "the local cloud delivers from MNS queues only"},
	{"the short form of the default bus", good[strings.Index(good, "              eventSourceType: MNS"):],
		"              eventSourceType: Default\n", "59:13", "triggerConfig: eventSinkConfig is missing"},
	{"event-driven", "mode: event-streaming", "mode: event-driven", "72:21", "the local cloud serves event-streaming only"},
	{"filter on a stream", "eventRuleFilterPattern: '{}'", `eventRuleFilterPattern: '{"source":["x"]}'`, "61:37", "a stream takes '{}'"},
	{"batch too large", "CountBasedWindow: 1", "CountBasedWindow: 20000", "77:35", "20000 is not within 1 and 10000"},
	{"circle", "RESULT_QUEUE: results", "RESULT_QUEUE: requests", "9:19", "events would go round in a circle"},
	{"cron expression", good, goodWith("timer", "cronExpression: '0 0 25 * * *'"), "82:29", "cronExpression: end of range (25) above maximum (23)"},
	{"time zone", good, goodWith("timer", "cronExpression: CRON_TZ=Asia/Shangai 0 0 2 * * *"), "82:29", "cronExpression: CRON_TZ=Asia/Shangai: no such time zone"},
	{"cron expression of five fields", good, goodWith("timer", "cronExpression: 0 2 * * *"), "82:29", "cronExpression: 5 fields: want six fields"},
	{"payload of a timer too large", good, goodWith("timer", "payload: "+strings.Repeat("x", 128<<10)), "84:22", "payload: the payload is too large"},
	{"payload of a timer no text", good, goodWith("timer", "payload: {a: 1}"), "84:22", "payload: want a text"},
	{"filter of a topic too long", good, goodWith("topic", "filterTag: "+strings.Repeat("x", 17)), "85:24", "filterTag: at most 16 characters"},
	{"format of a topic", good, goodWith("topic", "notifyContentFormat: XML"), "83:34", `unknown value "XML": want STREAM, JSON`},
	{"topic without its place", good, goodWith("topic", "sourceArn: acs:mns:cn-hangzhou:1234567890123456:topics/requests"), "81:22",
		"is not acs:mns:{region}:{account}:/topics/{topic}"},
	{"own dead-letter queue", "queues/dlq\n", "queues/requests\n", "75:22", "would be its own dead-letter queue"},
	{"queue name", "RESULT_QUEUE: results", "RESULT_QUEUE: the_results", "9:19", `queue "the_results": InvalidQueueName`},
	{"same function twice", "functionName: message", "functionName: upload", "51:21", `there is another function "upload"`},
	{"unknown variable", "${vars.seconds}", "${vars.secnods}", "23:16", `there is no "secnods": did you mean "seconds"?`},
	{"unknown form", "${vars.seconds}", "${file('x')}", "23:16", "unknown variable ${file('x')}: the local cloud knows"},
	{"blanks in a variable", "${vars.seconds}", "${ vars.seconds }", "23:16", "unknown variable"},
	{"variable without a value", "${env('QUEUE', 'requests')}", "${env('QUEUE')}", "6:10", "the environment has no QUEUE"},
	{"credentials", "${config('AccountID')}", "${config('AccessKeyID')}", "29:23", "no credentials but 'AccountID'"},
	{"variable in a circle", "seconds: 60", "seconds: ${vars.seconds}", "7:12", "leads back to itself"},
	{"a mapping inside a text", "-policy", "-${vars.shared}", "30:17", "is no single value"},
	{"this outside of a resource", "seconds: 60", "seconds: ${this.props.timeout}", "7:12", `there is no "props"`},
	{"no mapping", "      pre-deploy:\n        - run: make build\n          path: ./\n", "      - make build\n", "14:7", "actions: want keys and values"},
	{"alias in a circle", "shared: &shared", "shared: &shared\n    <<: *shared", "9:9", "*shared leads back to itself"},
	{"syntax", "name: test", "name: [test", "1:1", "did not find expected"},
}

func TestMistakesAreReportedWhereTheyStand(t *testing.T) {
	for _, m := range mistakes {
		t.Run(m.name, func(t *testing.T) {
			require.Contains(t, good, m.old)
			text := strings.Replace(good, m.old, m.new, 1)
			_, err := readText(text, noEnv)
			require.Error(t, err)
			require.Contains(t, err.Error(), m.want)
			require.Contains(t, err.Error(), "s.yaml:"+m.at+": ")
		})
	}
}

func TestABucketThatIsNoneIsOneMistake(t *testing.T) {
	_, err := readText(strings.Replace(good, "1234567890123456:templates-bucket", "1234567890123456:Templates", 1), noEnv)
	require.Error(t, err)
	require.NotContains(t, err.Error(), "\n")
}

func TestTriggersOfOneBucketMustNotOverlap(t *testing.T) {
	from := strings.Index(good, "        - triggerName: templates")
	one := good[from:strings.Index(good, "  message:")]
	another := func(prefix, suffix, event string) string {
		r := strings.NewReplacer("templates\n", "more\n", "prefix: templates/", "prefix: '"+prefix+"'", "''", "'"+suffix+"'", "oss:ObjectCreated:PutObject", event)
		return strings.Replace(good, one, one+r.Replace(one), 1)
	}
	for _, c := range []struct {
		prefix, suffix, event string
		overlap               bool
	}{
		{"templates/", "", "oss:ObjectCreated:PutObject", true},
		{"templates/team/", ".yaml", "oss:ObjectCreated:*", true},
		{"", "", "oss:ObjectCreated:PutObject", true},
		{"templates/", "", "oss:ObjectCreated:CopyObject", false},
		{"others/", "", "oss:ObjectCreated:PutObject", false},
	} {
		_, err := readText(another(c.prefix, c.suffix, c.event), noEnv)
		require.Equal(t, c.overlap, err != nil, "%+v: %v", c, err)
		if c.overlap {
			require.EqualError(t, err, `s.yaml:47:24: rules "upload-templates" and "upload-more": events, prefix and suffix overlap on bucket templates-bucket`)
		}
	}
}

func TestWhatHasNoEffectIsSaid(t *testing.T) {
	p, err := readText(strings.Replace(good, "      timeout:", "      vpcConfig: auto\n      timeout:", 1), noEnv)
	require.NoError(t, err)
	require.Equal(t, []string{"line 23: vpcConfig has no effect in the local cloud"}, p.notices)
}

func TestTimersBecomeTriggers(t *testing.T) {
	p, err := readText(goodWith("timer"), noEnv)
	require.NoError(t, err)
	require.Len(t, p.timers, 1)
	timer := p.timers[0]
	require.Equal(t, []any{"nightly", "message", `{"namePattern":"*"}`, false}, []any{timer.Name, timer.Function, timer.Payload, timer.Disabled})
	require.Equal(t, "2026-05-04T18:00:00Z", timer.Schedule.Next(time.Date(2026, 5, 4, 0, 0, 0, 0, time.UTC)).Format(time.RFC3339))
	require.Empty(t, p.notices)

	p, err = readText(goodWith("timer", "enable: false"), noEnv)
	require.NoError(t, err)
	require.True(t, p.timers[0].Disabled)
	require.Equal(t, []string{"timer trigger nightly of message is not enabled: fire it with `imagedrop invoke message --timer nightly`"}, p.notices)
}

func TestTopicsBecomeTriggers(t *testing.T) {
	p, err := readText(goodWith("topic"), noEnv)
	require.NoError(t, err)
	require.Equal(t, []fc.TopicTrigger{{Name: "requests-topic", Function: "message", Topic: "requests", FilterTag: "web", Stream: true}}, p.topics)
	require.Empty(t, p.notices)
}

// What the functions of imagedrop send to each other goes round by design, or
// ends; the same from anybody else does not.
func TestQueuesThatMayFeedTheirOwnFunctions(t *testing.T) {
	for setting, ok := range map[string]bool{
		"WATCH_QUEUE": true, "REBUILD_QUEUE": true, "RESULT_QUEUE": false, "PARKED_QUEUE": false, "DEAD_LETTER_QUEUE": false,
	} {
		_, err := readText(strings.Replace(good, "RESULT_QUEUE: results", setting+": requests", 1), noEnv)
		require.Equal(t, ok, err == nil, "%s: %v", setting, err)
	}
	asDeadLetter := strings.Replace(strings.Replace(good, "functionName: message", "functionName: deadletter", 1), "RESULT_QUEUE: results",
		"DEAD_LETTER_QUEUE: requests", 1)
	_, err := readText(asDeadLetter, noEnv)
	require.NoError(t, err)
	_, err = readText(strings.Replace(asDeadLetter, "      triggers:\n        - triggerName: requests", `      asyncInvokeConfig:
        destinationConfig:
          onFailure:
            destination: acs:mns:cn-hangzhou:1234567890123456:/queues/requests/messages
      triggers:
        - triggerName: requests`, 1), noEnv)
	require.ErrorContains(t, err, "s.yaml:58:26: destination: the queue requests is what trigger requests-queue of deadletter reads")
}

func TestTheSettingsOfFollowUpsAreKnown(t *testing.T) {
	for _, setting := range []string{"WATCH_DELAY_MIN", "WATCH_DELAY_MAX", "WATCH_EXPIRY", "CONCURRENCY"} {
		_, err := readText(strings.Replace(good, "POLICY:", setting+":", 1), noEnv)
		require.NoError(t, err, setting)
		_, err = readText(strings.Replace(good, "POLICY:", setting[:len(setting)-1]+":", 1), noEnv)
		require.ErrorContains(t, err, "did you mean", setting)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(good)
	f.Add(goodWith("timer"))
	f.Add("a: &a [*a]")
	f.Add("&a\n<<: *a")
	f.Add("vars: {a: '${vars.b}', b: '${vars.a}'}")
	f.Add("<<: [{a: 1}, {a: 2}]\nresources: {x: {props: {triggers: [{}]}}}")
	f.Fuzz(func(t *testing.T, text string) {
		p, err := readText(text, noEnv)
		require.NotEqual(t, p == nil, err == nil)
	})
}

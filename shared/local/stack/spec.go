package stack

import "go.yaml.in/yaml/v3"

// The structs of s.yaml: every key that Serverless Devs 3 and its component
// fc3 know, so that any other key is a mistake. The tag `rule` says what a
// value must be; see rules in decode.go.
// Source: devsapp/fc3 src/schema.json and its complete-props.yaml.

type project struct {
	Edition   string               `yaml:"edition" rule:"required enum=edition"`
	Name      string               `yaml:"name" rule:"required"`
	Access    string               `yaml:"access"`
	Vars      yaml.Node            `yaml:"vars"`
	Resources map[string]*resource `yaml:"resources" rule:"required"`
}

type resource struct {
	Component string               `yaml:"component" rule:"required enum=component"`
	Access    string               `yaml:"access"`
	Actions   map[string]*[]action `yaml:"actions" rule:"keys=action"`
	Flow      yaml.Node            `yaml:"flow"`
	Props     function             `yaml:"props" rule:"required"`
}

type action struct {
	Run       string    `yaml:"run"`
	Path      string    `yaml:"path"`
	Plugin    string    `yaml:"plugin"`
	Args      yaml.Node `yaml:"args"`
	Component string    `yaml:"component"`
}

// function is the props of one function. What is marked ignored changes a
// deployed function and nothing here; the reader says so.
type function struct {
	Region                string             `yaml:"region" rule:"required form=region"`
	FunctionName          string             `yaml:"functionName" rule:"required form=function"`
	Description           string             `yaml:"description"`
	Runtime               string             `yaml:"runtime" rule:"required enum=runtime"`
	Handler               string             `yaml:"handler" rule:"required"`
	Code                  code               `yaml:"code" rule:"required short=Src"`
	CPU                   float64            `yaml:"cpu" rule:"range=0.05..16"`
	MemorySize            int                `yaml:"memorySize" rule:"range=128..32768 multiple=64"`
	DiskSize              int                `yaml:"diskSize" rule:"enum=disk"`
	Timeout               int                `yaml:"timeout" rule:"range=1..86400"`
	InstanceConcurrency   int                `yaml:"instanceConcurrency" rule:"range=1..200"`
	Role                  string             `yaml:"role" rule:"form=role"`
	EnvironmentVariables  map[string]*string `yaml:"environmentVariables"`
	LogConfig             logConfig          `yaml:"logConfig" rule:"short=Auto"`
	InternetAccess        bool               `yaml:"internetAccess"`
	ConcurrencyConfig     concurrency        `yaml:"concurrencyConfig"`
	AsyncInvokeConfig     async              `yaml:"asyncInvokeConfig"`
	InstanceLifecycle     lifecycle          `yaml:"instanceLifecycleConfig"`
	Triggers              []trigger          `yaml:"triggers"`
	Tags                  []tag              `yaml:"tags"`
	ResourceGroupID       string             `yaml:"resourceGroupId"`
	VPCConfig             yaml.Node          `yaml:"vpcConfig" rule:"ignored"`
	Layers                yaml.Node          `yaml:"layers" rule:"ignored"`
	NASConfig             yaml.Node          `yaml:"nasConfig" rule:"ignored"`
	OSSMountConfig        yaml.Node          `yaml:"ossMountConfig" rule:"ignored"`
	TracingConfig         yaml.Node          `yaml:"tracingConfig" rule:"ignored"`
	ProvisionConfig       yaml.Node          `yaml:"provisionConfig" rule:"ignored"`
	ScalingConfig         yaml.Node          `yaml:"scalingConfig" rule:"ignored"`
	CustomDNS             yaml.Node          `yaml:"customDNS" rule:"ignored"`
	Endpoint              yaml.Node          `yaml:"endpoint" rule:"ignored"`
	CustomRuntimeConfig   yaml.Node          `yaml:"customRuntimeConfig" rule:"ignored"`
	CustomContainerConfig yaml.Node          `yaml:"customContainerConfig" rule:"ignored"`
}

type code struct {
	Src           string `yaml:"src" rule:"required"`
	OSSBucketName string `yaml:"ossBucketName"`
	OSSObjectName string `yaml:"ossObjectName"`
}

type logConfig struct {
	Auto                  string `rule:"enum=auto"`
	Project               string `yaml:"project" rule:"required"`
	Logstore              string `yaml:"logstore" rule:"required"`
	EnableRequestMetrics  bool   `yaml:"enableRequestMetrics"`
	EnableInstanceMetrics bool   `yaml:"enableInstanceMetrics"`
	EnableLLMMetrics      bool   `yaml:"enableLlmMetrics"`
	LogBeginRule          string `yaml:"logBeginRule" rule:"enum=logBegin"`
}

type concurrency struct {
	ReservedConcurrency int `yaml:"reservedConcurrency" rule:"range=1..1000000"`
}

type async struct {
	MaxAsyncRetryAttempts *int `yaml:"maxAsyncRetryAttempts" rule:"range=0..8"`
	// 604,800 s is the limit of the API; the schema of fc3 allows more.
	MaxAsyncEventAgeInSeconds int          `yaml:"maxAsyncEventAgeInSeconds" rule:"range=1..604800"`
	AsyncTask                 bool         `yaml:"asyncTask"`
	Qualifier                 string       `yaml:"qualifier"`
	DestinationConfig         destinations `yaml:"destinationConfig"`
}

type destinations struct {
	OnSuccess destination `yaml:"onSuccess"`
	OnFailure destination `yaml:"onFailure"`
}

type destination struct {
	Destination string `yaml:"destination" rule:"required form=messagesARN"`
}

type lifecycle struct {
	Initializer hook `yaml:"initializer"`
	PreStop     hook `yaml:"preStop"`
}

type hook struct {
	Handler string `yaml:"handler" rule:"required"` // a command needs a custom runtime
	Timeout int    `yaml:"timeout" rule:"range=1..300"`
}

type tag struct {
	Key   string `yaml:"key" rule:"required"`
	Value string `yaml:"value"`
}

type trigger struct {
	TriggerName    string    `yaml:"triggerName" rule:"required form=trigger"`
	TriggerType    string    `yaml:"triggerType" rule:"required enum=trigger"`
	Qualifier      string    `yaml:"qualifier"`
	Description    string    `yaml:"description"`
	SourceARN      string    `yaml:"sourceArn"`
	InvocationRole string    `yaml:"invocationRole" rule:"form=role"`
	TriggerConfig  yaml.Node `yaml:"triggerConfig" rule:"required"`

	config any // TriggerConfig as the struct of TriggerType, below
}

// triggerConfigs makes the struct for each trigger type that the local cloud
// knows.
var triggerConfigs = map[string]func() any{
	"oss":         func() any { return new(ossTrigger) },
	"mns_topic":   func() any { return new(topicTrigger) },
	"timer":       func() any { return new(timerTrigger) },
	"eventbridge": func() any { return new(eventBridgeTrigger) },
}

type ossTrigger struct {
	Events []string  `yaml:"events" rule:"required enum=ossEvent"`
	Filter ossFilter `yaml:"filter" rule:"required"`
}

type ossFilter struct {
	Key ossKeyFilter `yaml:"key" rule:"required"`
}

// ossKeyFilter wants both strings, "" for none.
type ossKeyFilter struct {
	Prefix string `yaml:"prefix" rule:"required"`
	Suffix string `yaml:"suffix" rule:"required"`
}

type topicTrigger struct {
	NotifyContentFormat string `yaml:"notifyContentFormat" rule:"required enum=topicFormat"`
	NotifyStrategy      string `yaml:"notifyStrategy" rule:"required enum=retry"`
	FilterTag           string `yaml:"filterTag" rule:"length=16"`
}

type timerTrigger struct {
	CronExpression string `yaml:"cronExpression" rule:"required"`
	Enable         bool   `yaml:"enable" rule:"required"`
	Payload        string `yaml:"payload"`
}

// eventBridgeTrigger mixes upper and lower case exactly as fc3 does.
type eventBridgeTrigger struct {
	TriggerEnable          bool        `yaml:"triggerEnable" rule:"required"`
	AsyncInvocationType    bool        `yaml:"asyncInvocationType" rule:"required"`
	EventRuleFilterPattern string      `yaml:"eventRuleFilterPattern" rule:"required"`
	EventSourceConfig      eventSource `yaml:"eventSourceConfig" rule:"required"`
	EventSinkConfig        eventSink   `yaml:"eventSinkConfig" rule:"required"`
	RunOptions             runOptions  `yaml:"runOptions" rule:"required"`
}

type eventSource struct {
	EventSourceType       string           `yaml:"eventSourceType" rule:"required enum=eventSource"`
	EventSourceParameters sourceParameters `yaml:"eventSourceParameters" rule:"required"`
}

type sourceParameters struct {
	SourceMNSParameters mnsSource `yaml:"sourceMNSParameters" rule:"required"`
}

type mnsSource struct {
	RegionID  string `yaml:"RegionId" rule:"required form=region"`
	QueueName string `yaml:"QueueName" rule:"required form=queue"`
	// IsBase64Decode is true where it is absent.
	IsBase64Decode *bool `yaml:"IsBase64Decode"`
}

type eventSink struct {
	DeliveryOption deliveryOption `yaml:"deliveryOption" rule:"required"`
}

type deliveryOption struct {
	EventSchema string `yaml:"eventSchema" rule:"enum=eventSchema"`
	Concurrency int    `yaml:"concurrency"`
}

type runOptions struct {
	Mode            string        `yaml:"mode" rule:"enum=mode"`
	ErrorsTolerance string        `yaml:"errorsTolerance" rule:"enum=tolerance"`
	MaximumTasks    int           `yaml:"maximumTasks" rule:"range=1..1000000"`
	RetryStrategy   retryStrategy `yaml:"retryStrategy"`
	DeadLetterQueue deadLetter    `yaml:"deadLetterQueue"`
	BatchWindow     batchWindow   `yaml:"batchWindow"`
}

type retryStrategy struct {
	PushRetryStrategy        string `yaml:"PushRetryStrategy" rule:"required enum=retry"`
	MaximumEventAgeInSeconds int    `yaml:"MaximumEventAgeInSeconds" rule:"range=0..86400"`
	MaximumRetryAttempts     int    `yaml:"MaximumRetryAttempts" rule:"range=0..176"`
}

type deadLetter struct {
	ARN string `yaml:"Arn" rule:"required form=queueARN"`
}

type batchWindow struct {
	CountBasedWindow int `yaml:"CountBasedWindow" rule:"range=1..10000"`
	TimeBasedWindow  int `yaml:"TimeBasedWindow" rule:"range=0..15"`
}

package stack

import (
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/console"
	"imagedrop/shared/local/ecs"
	"imagedrop/shared/local/fc"
	"imagedrop/shared/local/mns"
	"imagedrop/shared/local/oss"
	"imagedrop/shared/local/store"
)

// defaultRetries is what a function without the setting gets.
// Source: FC API 2023-03-30, PutAsyncInvokeConfig parameter maxAsyncRetryAttempts.
const defaultRetries = 3

// The settings that name where a function's outcomes go, and the events that
// were given up.
const (
	resultQueue = "RESULT_QUEUE"
	parkedQueue = "PARKED_QUEUE"
	policy      = "POLICY"
)

// awsRegion is the setting of a function that calls AWS.
const awsRegion = "AWS_REGION"

// runFrom replaces the code directories: dir holds one directory a function.
func (p *plan) runFrom(dir string) {
	for i := range p.functions {
		f := &p.functions[i]
		f.executable = filepath.Join(dir, f.FunctionName, f.Handler)
	}
}

// checkExecutables says which functions were not built.
func (p *plan) checkExecutables(file string) error {
	var problems []problem
	for _, f := range p.functions {
		info, err := os.Stat(f.executable)
		switch {
		case err != nil:
			text := fmt.Sprintf("code: %s is not there: run `make build` first", f.executable)
			problems = append(problems, problem{f.line, f.column, text})
		case !info.Mode().IsRegular() || info.Mode()&0o111 == 0:
			problems = append(problems, problem{f.line, f.column, fmt.Sprintf("code: %s is not an executable file", f.executable)})
		}
	}
	return errorOf(file, problems)
}

// resultQueues returns the queues that outcomes go to.
func (p *plan) resultQueues() []string { return p.valuesOf(resultQueue) }

// valuesOf returns what the functions have as a setting, each value once.
func (p *plan) valuesOf(setting string) []string {
	var values []string
	for _, f := range p.functions {
		if v := f.env[setting]; v != "" && !slices.Contains(values, v) {
			values = append(values, v)
		}
	}
	return values
}

// deployed returns the functions as the host takes them. Of the environment
// only the addresses differ from what is deployed.
func (s *Stack) deployed() []fc.Function {
	local := map[string]string{"ECS_ENDPOINT": s.endpoints.ECS, "OSS_ENDPOINT": s.endpoints.OSS, "MNS_ENDPOINT": s.endpoints.MNS}
	var functions []fc.Function
	for _, f := range s.plan.functions {
		env := maps.Clone(f.env)
		maps.Copy(env, local)
		if _, ok := env[awsRegion]; ok {
			maps.Copy(env, s.awsChain())
		}
		functions = append(functions, fc.Function{
			Name: f.FunctionName, Region: f.Region, Role: f.Role, Handler: f.Handler, Command: f.executable, Env: env,
			Timeout: seconds(f.Timeout), MemoryMB: f.MemorySize, MaxInstances: f.ConcurrencyConfig.ReservedConcurrency,
			Async:       s.async(f),
			Initializer: f.InstanceLifecycle.Initializer.hook(), PreStop: f.InstanceLifecycle.PreStop.hook(),
		})
	}
	return functions
}

// awsChain is what the SDK of AWS looks for first: the local endpoint, and
// credentials that are good for nothing else, wherever the function's own are.
func (s *Stack) awsChain() map[string]string {
	return map[string]string{
		"AWS_ENDPOINT_URL_IMAGEBUILDER": s.endpoints.EC2,
		"AWS_ACCESS_KEY_ID":             account.AccessKeyID, "AWS_SECRET_ACCESS_KEY": account.AccessKeySecret,
	}
}

func (h hook) hook() fc.Hook { return fc.Hook{Handler: h.Handler, Timeout: seconds(h.Timeout)} }

func (s *Stack) async(f plannedFunction) fc.Async {
	a := fc.Async{
		MaxRetries: defaultRetries, MaxAge: seconds(f.AsyncInvokeConfig.MaxAsyncEventAgeInSeconds),
		OnFailure: s.sendTo(f.onFailure), OnSuccess: s.sendTo(f.onSuccess),
	}
	if n := f.AsyncInvokeConfig.MaxAsyncRetryAttempts; n != nil {
		a.MaxRetries = *n
	}
	return a
}

// sendTo returns what puts a body on the queue in the caller's transaction,
// nil where there is no queue.
func (s *Stack) sendTo(queue string) func(*store.Tx, []byte) error {
	if queue == "" {
		return nil
	}
	return func(tx *store.Tx, body []byte) error {
		_, err := s.mns.Send(tx, queue, body, 0)
		return err
	}
}

// feedOutcome keeps what is sent to a result queue, in the same transaction:
// reading the feed takes nothing from the queue's own consumer.
func (s *Stack) feedOutcome(tx *store.Tx, queue string, m mns.Message) error {
	if !slices.Contains(s.plan.resultQueues(), queue) {
		return nil
	}
	return s.feed.Append(tx, m.Body)
}

// publishToFunctions delivers a topic's message to the functions whose triggers
// want it: the message and the events that it causes commit together.
func (s *Stack) publishToFunctions(tx *store.Tx, p mns.Published) error {
	return s.functions.Publish(tx, fc.TopicMessage{
		Topic: p.Topic, ID: p.MessageID, Tag: p.Tag, Body: p.Body, Attributes: p.Attributes, PublishTime: p.PublishTime,
	})
}

// imageBuilder are the choices of the ECS endpoint. What a template imports must
// be in the local OSS where only what the catalogue lists exists, otherwise it
// may be anywhere.
func (s *Stack) imageBuilder() ecs.Options {
	opt := ecs.Options{Generation: s.opt.Generation, NoAuth: s.opt.NoAuth}
	if s.opt.Strict {
		opt.ObjectExists = s.oss.HasObject
	}
	return opt
}

// objectRules returns the triggers as rules of OSS: an object and the events
// that it causes commit together.
func (s *Stack) objectRules() []oss.Rule {
	var rules []oss.Rule
	for _, r := range s.plan.objects {
		rule := r.rule()
		rule.Deliver = func(tx *store.Tx, event []byte) error {
			_, err := s.functions.InvokeAsync(tx, r.function, event)
			return err
		}
		rules = append(rules, rule)
	}
	return rules
}

func (r objectRule) rule() oss.Rule {
	return oss.Rule{ID: r.id, Bucket: r.bucket, Events: r.events, Prefix: r.prefix, Suffix: r.suffix}
}

func (s *Stack) queueTriggers() []fc.QueueTrigger {
	var triggers []fc.QueueTrigger
	for _, q := range s.plan.sources {
		run := q.config.RunOptions
		triggers = append(triggers, fc.QueueTrigger{
			Name: q.name, Function: q.function, Source: queueReader{s.mns, q.queue}, QueueName: q.queue,
			SubjectARN: fmt.Sprintf("acs:mns:%s:%s:queues/%s", q.region, account.ID, q.queue),
			BatchCount: run.BatchWindow.CountBasedWindow, BatchWindow: seconds(run.BatchWindow.TimeBasedWindow),
			RawData:      q.config.EventSinkConfig.DeliveryOption.EventSchema == "RawData",
			DecodeBase64: q.decode, Async: q.config.AsyncInvocationType, Blocking: run.ErrorsTolerance != "ALL",
			Retry: fc.Strategy(run.RetryStrategy.PushRetryStrategy), DeadLetter: s.sendTo(q.deadLetters),
		})
	}
	return triggers
}

// work counts in one transaction, so that nothing on its way from a queue to a
// function, or back, is missed.
func (s *Stack) work() (w console.Work, err error) {
	err = s.store.View(func(tx *store.Tx) error {
		w = console.Work{Events: s.functions.PendingEvents(tx), Queues: []console.QueueWork{}}
		for _, q := range s.plan.sources {
			c, err := s.mns.Counts(tx, q.queue)
			if err != nil && !errors.Is(err, mns.ErrQueueNotExist) { // somebody deleted it
				return fmt.Errorf("queue %s: %w", q.queue, err)
			}
			w.Queues = append(w.Queues, console.QueueWork{
				Queue: q.queue, Function: q.function, Active: c.Active, Inactive: c.Inactive, Delayed: c.Delayed,
			})
		}
		return nil
	})
	return w, err
}

// queueReader is an MNS queue as the source of a trigger.
type queueReader struct {
	mns   *mns.Service
	queue string
}

// Receive implements fc.QueueSource.
func (q queueReader) Receive(ctx context.Context, max int, wait time.Duration) ([]fc.QueueMessage, error) {
	got, err := q.mns.ReceiveForTrigger(ctx, q.queue, max, wait)
	messages := make([]fc.QueueMessage, len(got))
	for i, m := range got {
		messages[i] = fc.QueueMessage{
			ID: m.ID, Handle: m.ReceiptHandle, Body: m.Body,
			DequeueCount: m.DequeueCount, EnqueueTime: m.EnqueueTime, NextVisible: m.NextVisibleTime,
		}
	}
	return messages, err
}

// Delete implements fc.QueueSource.
func (q queueReader) Delete(handle string) error { return q.mns.Delete(q.queue, handle) }

// Hold implements fc.QueueSource.
func (q queueReader) Hold(handle string, d time.Duration) (string, error) {
	return q.mns.ChangeVisibility(q.queue, handle, d)
}

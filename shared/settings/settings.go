// Package settings reads a function's environment into one struct, and refuses
// what is missing or malformed by its name. Nothing else reads the environment.
package settings

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"
	"time"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdkclient"
)

// Common are the settings of every function.
type Common struct {
	ResultQueue  string
	MNSEndpoint  string
	ECSEndpoint  string // "": the SDK's endpoint of the job's region
	ResultBase64 bool   // RESULT_ENCODING=base64
}

// Starting are the settings of a function that starts executions or follows them.
type Starting struct {
	WatchQueue string
	Watching   imagebuild.Watching
}

// Upload are the settings of the function upload.
type Upload struct {
	Common
	Starting
	OSSEndpoint string // "": the internal endpoint of the function's region
	AWSQueue    string // "" where the policy does not allow target aws
	Policy      imagebuild.Policy
	SkipLookup  bool // UNCHANGED_CHECK=off
}

// Message are the settings of the function message.
type Message struct {
	Upload
	Concurrency int // jobs of a batch worked at a time
}

// Rebuild are the settings of the function rebuild.
type Rebuild struct {
	Common
	Starting
	RebuildQueue string
	Policy       imagebuild.Policy
	Concurrency  int // pipelines looked at at a time
}

// Watch are the settings of the function watch.
type Watch struct {
	Common
	Starting
	Concurrency int // executions of a batch looked at at a time
}

// Deadletter are the settings of the function deadletter.
type Deadletter struct {
	Common
	ParkedQueue string
	// These queues tell whose a message was; "" where not set:
	// then the messages themselves must.
	WatchQueue, RebuildQueue, AWSQueue string

	Policy      imagebuild.Policy // of which the regions are searched
	Concurrency int               // events of a batch worked at a time
}

// AWSComponent are the settings of the function awscomponent.
type AWSComponent struct {
	Common
	Concurrency int // parts of a batch worked at a time
}

// defaultConcurrency is the number of jobs of an event worked at a time.
const defaultConcurrency = 16

// maxConcurrency keeps an event within an instance's sockets and memory.
const maxConcurrency = 1_000

// LoadUpload reads the settings of the function upload. An error names every
// setting that is missing or malformed.
func LoadUpload(getenv func(string) string) (Upload, error) {
	r := &reader{getenv: getenv}
	s := r.upload()
	return s, r.err()
}

// LoadMessage reads the settings of the function message, like LoadUpload.
func LoadMessage(getenv func(string) string) (Message, error) {
	r := &reader{getenv: getenv}
	s := Message{Upload: r.upload(), Concurrency: r.concurrency()}
	return s, r.err()
}

// LoadRebuild reads the settings of the function rebuild, like LoadUpload.
func LoadRebuild(getenv func(string) string) (Rebuild, error) {
	r := &reader{getenv: getenv}
	s := Rebuild{
		Common: r.common(), Starting: r.starting(), RebuildQueue: r.queue("REBUILD_QUEUE", required),
		Policy: r.policy("POLICY"), Concurrency: r.concurrency(),
	}
	return s, r.err()
}

// LoadWatch reads the settings of the function watch, like LoadUpload.
func LoadWatch(getenv func(string) string) (Watch, error) {
	r := &reader{getenv: getenv}
	s := Watch{Common: r.common(), Starting: r.starting(), Concurrency: r.concurrency()}
	return s, r.err()
}

// LoadDeadletter reads the settings of the function deadletter, like LoadUpload.
func LoadDeadletter(getenv func(string) string) (Deadletter, error) {
	r := &reader{getenv: getenv}
	s := Deadletter{
		Common: r.common(), ParkedQueue: r.queue("PARKED_QUEUE", required),
		WatchQueue: r.queue("WATCH_QUEUE", optional), RebuildQueue: r.queue("REBUILD_QUEUE", optional),
		AWSQueue: r.queue("AWS_QUEUE", optional), Policy: r.policy("POLICY"), Concurrency: r.concurrency(),
	}
	return s, r.err()
}

// LoadAWSComponent reads the settings of the function awscomponent, like
// LoadUpload. Region, credentials and endpoint of AWS are read by its SDK.
func LoadAWSComponent(getenv func(string) string) (AWSComponent, error) {
	r := &reader{getenv: getenv}
	s := AWSComponent{Common: r.common(), Concurrency: r.concurrency()}
	return s, r.err()
}

// reader collects what is wrong, so that one start names it all.
type reader struct {
	getenv func(string) string
	errs   []error
}

// err is everything that is wrong, nil where nothing is.
func (r *reader) err() error {
	r.distinct("RESULT_QUEUE", "WATCH_QUEUE", "REBUILD_QUEUE", "AWS_QUEUE", "DEAD_LETTER_QUEUE", "PARKED_QUEUE")
	return errors.Join(r.errs...)
}

func (r *reader) common() Common {
	r.queue("DEAD_LETTER_QUEUE", optional)
	return Common{
		ResultQueue:  r.queue("RESULT_QUEUE", required),
		MNSEndpoint:  r.mnsEndpoint("MNS_ENDPOINT"),
		ECSEndpoint:  r.endpoint("ECS_ENDPOINT"),
		ResultBase64: r.choice("RESULT_ENCODING", "raw", "base64") == "base64",
	}
}

func (r *reader) upload() Upload {
	s := Upload{
		Common: r.common(), Starting: r.starting(),
		OSSEndpoint: r.endpoint("OSS_ENDPOINT"),
		Policy:      r.policy("POLICY"),
		SkipLookup:  r.choice("UNCHANGED_CHECK", "on", "off") == "off",
	}
	s.AWSQueue = r.queue("AWS_QUEUE", s.Policy.AllowsTarget("aws"))
	return s
}

func (r *reader) starting() Starting {
	s := Starting{WatchQueue: r.queue("WATCH_QUEUE", required)}
	w := &s.Watching
	w.MinDelay = r.duration("WATCH_DELAY_MIN", imagebuild.DefaultWatching.MinDelay, maxDelay)
	w.MaxDelay = r.duration("WATCH_DELAY_MAX", imagebuild.DefaultWatching.MaxDelay, maxDelay)
	w.Expiry = r.duration("WATCH_EXPIRY", imagebuild.DefaultWatching.Expiry, maxExpiry)
	if w.MaxDelay < w.MinDelay {
		r.fail("WATCH_DELAY_MAX", "%s is less than WATCH_DELAY_MIN, %s", w.MaxDelay, w.MinDelay)
	}
	if w.Expiry < w.MinDelay {
		r.fail("WATCH_EXPIRY", "%s is less than WATCH_DELAY_MIN, %s", w.Expiry, w.MinDelay)
	}
	return s
}

func (r *reader) concurrency() int {
	return r.number("CONCURRENCY", defaultConcurrency, maxConcurrency)
}

const (
	required = true
	optional = false
)

func (r *reader) fail(name, format string, args ...any) {
	r.errs = append(r.errs, fmt.Errorf(name+": "+format, args...))
}

// maxQueueName is the longest queue name, in characters.
// Source: MNS limits, queue name.
const maxQueueName = 120

func (r *reader) queue(name string, needed bool) string {
	queue := r.getenv(name)
	switch {
	case queue == "" && needed:
		r.fail(name, "required, the name of a queue")
	case queue != "" && !isQueueName(queue):
		r.fail(name, "%q is not a queue name: letters, digits and hyphens, at most %d, not a hyphen first", queue, maxQueueName)
	}
	return queue
}

func isQueueName(name string) bool {
	outside := strings.IndexFunc(name, func(c rune) bool {
		return c != '-' && (c < '0' || c > '9') && (c < 'A' || c > 'Z') && (c < 'a' || c > 'z')
	})
	return outside < 0 && name[0] != '-' && len(name) <= maxQueueName
}

// distinct refuses one queue in two roles, whether or not this function has
// both: a function that reads what it, or another function, has written there
// goes round in a circle. That watch and rebuild send to their own queue is by
// design; those messages count their steps and expire.
func (r *reader) distinct(names ...string) {
	seen := map[string]string{}
	for _, name := range names {
		queue := r.getenv(name)
		if other, ok := seen[queue]; ok && queue != "" {
			r.fail(name, "%q is also %s; each needs a queue of its own", queue, other)
		}
		seen[queue] = name
	}
}

func (r *reader) choice(name string, choices ...string) string {
	value := r.getenv(name)
	if value == "" {
		return choices[0]
	}
	for _, c := range choices {
		if value == c {
			return value
		}
	}
	r.fail(name, "%q is not one of %s", value, strings.Join(choices, ", "))
	return choices[0]
}

func (r *reader) number(name string, absent, highest int) int {
	value := r.getenv(name)
	if value == "" {
		return absent
	}
	n, err := strconv.Atoi(value)
	if err != nil || n < 1 || n > highest {
		r.fail(name, "%q is not a number from 1 to %d", value, highest)
		return absent
	}
	return n
}

const (
	// maxDelay is the longest delay of a message.
	// Source: MNS 2015-06-06, SendMessage, DelaySeconds 0-604,800.
	maxDelay = 7 * 24 * time.Hour
	// maxExpiry is when the longest build is surely over.
	maxExpiry = 30 * 24 * time.Hour
)

// duration is a time in whole seconds, which is what a message's delay is in.
func (r *reader) duration(name string, absent, longest time.Duration) time.Duration {
	value := r.getenv(name)
	if value == "" {
		return absent
	}
	d, err := time.ParseDuration(value)
	if err != nil || d < time.Second || d > longest || d%time.Second != 0 {
		r.fail(name, "%q is not a time from 1s to %s in whole seconds, such as 90s, 10m or 24h", value, hours(longest))
		return absent
	}
	return d
}

// hours spells a duration without the zeros of its own form.
func hours(d time.Duration) string { return strconv.Itoa(int(d.Hours())) + "h" }

func (r *reader) policy(name string) imagebuild.Policy {
	p, err := imagebuild.ParsePolicy(r.getenv(name))
	if err != nil {
		r.fail(name, "%w", err)
	}
	return p
}

// endpoint is an optional address of a service. The SDKs drop a path, or
// refuse it at the first call.
func (r *reader) endpoint(name string) string {
	value := r.getenv(name)
	if value == "" {
		return ""
	}
	if u, ok := r.parseEndpoint(name, value); ok && strings.Trim(u.Path, "/") != "" {
		r.fail(name, "%q has a path; give https://host", value)
	}
	return value
}

// mnsParts is what the MNS SDK makes of an endpoint: it splits the whole text
// at the dots and panics unless there are so many parts.
// Source: aliyun-mns-go-sdk v1.0.11, client.go.
const mnsParts = 5

func (r *reader) mnsEndpoint(name string) string {
	const form = "https://<account>.mns.<region>.aliyuncs.com, with -internal after the region inside a VPC"
	value := r.getenv(name)
	if value == "" {
		r.fail(name, "required, %s", form)
	} else if _, ok := r.parseEndpoint(name, value); ok && len(strings.Split(value, ".")) != mnsParts {
		r.fail(name, "%q has not the form %s", value, form)
	}
	return value
}

func (r *reader) parseEndpoint(name, value string) (u *url.URL, ok bool) {
	u, err := sdkclient.ParseEndpoint(value)
	if err != nil {
		r.fail(name, "%w", err)
	}
	return u, err == nil
}

// Package settings reads a function's environment into one struct, and refuses
// what is missing or malformed by its name. Nothing else reads the environment.
package settings

import (
	"errors"
	"fmt"
	"net/url"
	"strconv"
	"strings"

	"imagedrop/shared/imagebuild"
	"imagedrop/shared/sdkclient"
)

// Upload are the settings of the function upload.
type Upload struct {
	ResultQueue  string
	MNSEndpoint  string
	OSSEndpoint  string // "": the internal endpoint of the function's region
	ECSEndpoint  string // "": the SDK's endpoint of the job's region
	WatchQueue   string
	AWSQueue     string // "" where the policy does not allow target aws
	Policy       imagebuild.Policy
	ResultBase64 bool // RESULT_ENCODING=base64
	SkipLookup   bool // UNCHANGED_CHECK=off
}

// Message are the settings of the function message.
type Message struct {
	Upload
	Concurrency int // jobs of a batch worked at a time
}

// defaultConcurrency is the number of jobs of a batch worked at a time.
const defaultConcurrency = 16

// maxConcurrency keeps a batch within an instance's sockets and memory.
const maxConcurrency = 1_000

// LoadUpload reads the settings of the function upload. An error names every
// setting that is missing or malformed.
func LoadUpload(getenv func(string) string) (Upload, error) {
	r := &reader{getenv: getenv}
	s := r.upload()
	return s, errors.Join(r.errs...)
}

// LoadMessage reads the settings of the function message, like LoadUpload.
func LoadMessage(getenv func(string) string) (Message, error) {
	r := &reader{getenv: getenv}
	s := Message{Upload: r.upload(), Concurrency: r.number("CONCURRENCY", defaultConcurrency, maxConcurrency)}
	return s, errors.Join(r.errs...)
}

// reader collects what is wrong, so that one start names it all.
type reader struct {
	getenv func(string) string
	errs   []error
}

func (r *reader) upload() Upload {
	s := Upload{
		ResultQueue:  r.queue("RESULT_QUEUE", required),
		MNSEndpoint:  r.mnsEndpoint("MNS_ENDPOINT"),
		OSSEndpoint:  r.endpoint("OSS_ENDPOINT"),
		ECSEndpoint:  r.endpoint("ECS_ENDPOINT"),
		WatchQueue:   r.queue("WATCH_QUEUE", required),
		Policy:       r.policy("POLICY"),
		ResultBase64: r.choice("RESULT_ENCODING", "raw", "base64") == "base64",
		SkipLookup:   r.choice("UNCHANGED_CHECK", "on", "off") == "off",
	}
	s.AWSQueue = r.queue("AWS_QUEUE", s.Policy.AllowsTarget("aws"))
	r.queue("DEAD_LETTER_QUEUE", optional)
	r.distinct("RESULT_QUEUE", "WATCH_QUEUE", "AWS_QUEUE", "DEAD_LETTER_QUEUE")
	return s
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

// distinct refuses one queue in two roles: a function that reads what it, or
// another function, has written there goes round in a circle.
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

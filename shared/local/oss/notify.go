package oss

import (
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"imagedrop/shared/local/account"
	"imagedrop/shared/local/store"
)

// Rule is one event notification of a bucket.
type Rule struct {
	ID     string
	Bucket string
	Events []string // "oss:ObjectCreated:PutObject", or a wildcard "oss:ObjectCreated:*"
	Prefix string   // of the key
	Suffix string   // of the key
	// Deliver takes the event, a JSON document in the form of the OSS trigger,
	// in the transaction that changes the object: where it answers an error,
	// the change is not made and the request fails with InternalError.
	Deliver func(tx *store.Tx, event []byte) error
}

// maxRules is the limit of rules on one bucket.
// Source: OSS triggers of Function Compute: at most 10 per bucket.
const maxRules = 10

// eventNames are the events that a rule may name.
// Source: Function Compute, OSS trigger, event types.
var eventNames = map[string][]string{
	"oss:ObjectCreated": {"PutObject", "PostObject", "CopyObject", "InitiateMultipartUpload", "UploadPart", "UploadPartCopy",
		"CompleteMultipartUpload", "AppendObject", "PutSymlink"},
	"oss:ObjectRemoved":  {"DeleteObject", "DeleteObjects", "AbortMultipartUpload"},
	"oss:ObjectModified": {"UpdateObjectMeta"},
}

// ValidateRules says what is wrong with rules, all of it: an id that is empty
// or used twice, a bucket name, an event name, more than 10 rules on a bucket,
// and two rules of a bucket that one event could match, which OSS refuses.
func ValidateRules(rules []Rule) error {
	var errs []error
	onBucket := map[string][]Rule{}
	ids := map[string]bool{}
	for _, r := range rules {
		errs = append(errs, r.validate()...)
		if ids[r.ID] {
			errs = append(errs, fmt.Errorf("rule %q: another rule has this id", r.ID))
		}
		ids[r.ID] = true
		for _, other := range onBucket[r.Bucket] {
			if r.overlaps(other) {
				errs = append(errs, fmt.Errorf("rules %q and %q: events, prefix and suffix overlap on bucket %s", other.ID, r.ID, r.Bucket))
			}
		}
		onBucket[r.Bucket] = append(onBucket[r.Bucket], r)
		if len(onBucket[r.Bucket]) == maxRules+1 {
			errs = append(errs, fmt.Errorf("bucket %s: more than %d rules", r.Bucket, maxRules))
		}
	}
	return errors.Join(errs...)
}

func (r Rule) validate() (errs []error) {
	if r.ID == "" {
		errs = append(errs, fmt.Errorf("a rule on bucket %q has no id", r.Bucket))
	}
	if !bucketName.MatchString(r.Bucket) {
		errs = append(errs, fmt.Errorf("rule %q: %q is not a bucket name", r.ID, r.Bucket))
	}
	if len(r.Events) == 0 {
		errs = append(errs, fmt.Errorf("rule %q: no events", r.ID))
	}
	for _, event := range r.Events {
		if !knownEvent(event) {
			errs = append(errs, fmt.Errorf("rule %q: unknown event %q", r.ID, event))
		}
	}
	return errs
}

func knownEvent(event string) bool {
	i := strings.LastIndex(event, ":")
	if i < 0 {
		return false
	}
	names, ok := eventNames[event[:i]]
	return ok && (event[i+1:] == "*" || slices.Contains(names, event[i+1:]))
}

// overlaps reports whether one event could match both rules of a bucket.
func (r Rule) overlaps(other Rule) bool {
	return eventsOverlap(r.Events, other.Events) &&
		(strings.HasPrefix(r.Prefix, other.Prefix) || strings.HasPrefix(other.Prefix, r.Prefix)) &&
		(strings.HasSuffix(r.Suffix, other.Suffix) || strings.HasSuffix(other.Suffix, r.Suffix))
}

func eventsOverlap(a, b []string) bool {
	for _, pattern := range a {
		if slices.ContainsFunc(b, func(other string) bool {
			return matchesEvent(pattern, other) || matchesEvent(other, pattern)
		}) {
			return true
		}
	}
	return false
}

func matchesEvent(pattern, event string) bool {
	if family, ok := strings.CutSuffix(pattern, "*"); ok {
		return strings.HasPrefix(event, family)
	}
	return pattern == event
}

func (r Rule) matches(bucket, key, event string) bool {
	return r.Bucket == bucket && strings.HasPrefix(key, r.Prefix) && strings.HasSuffix(key, r.Suffix) &&
		slices.ContainsFunc(r.Events, func(pattern string) bool { return matchesEvent(pattern, event) })
}

// change is what happened to an object.
type change struct {
	event  string // without "oss:"
	call   *call
	key    string
	object object
	delta  int64 // of the bucket's size, in bytes
	at     time.Time
}

// notify delivers a change to the rules that match it.
func (s *Service) notify(tx *store.Tx, ch change) error {
	for _, r := range s.opt.Rules {
		if !r.matches(ch.call.bucket, ch.key, "oss:"+ch.event) {
			continue
		}
		event, err := json.Marshal(s.event(r, ch))
		if err != nil {
			return err
		}
		if err := r.Deliver(tx, event); err != nil {
			return fmt.Errorf("rule %s: %w", r.ID, err)
		}
	}
	return nil
}

// The event of the OSS trigger, in its native form.
// Source: Function Compute, formats of events, OSS trigger.
type (
	eventDocument struct {
		Events []eventRecord `json:"events"`
	}
	eventRecord struct {
		EventName         string            `json:"eventName"`
		EventSource       string            `json:"eventSource"`
		EventTime         string            `json:"eventTime"`
		EventVersion      string            `json:"eventVersion"`
		OSS               eventOSS          `json:"oss"`
		Region            string            `json:"region"`
		RequestParameters requestParameters `json:"requestParameters"`
		ResponseElements  responseElements  `json:"responseElements"`
		UserIdentity      userIdentity      `json:"userIdentity"`
	}
	eventOSS struct {
		Bucket        eventBucket `json:"bucket"`
		Object        eventObject `json:"object"`
		SchemaVersion string      `json:"ossSchemaVersion"`
		RuleID        string      `json:"ruleId"`
	}
	eventBucket struct {
		ARN           string `json:"arn"`
		Name          string `json:"name"`
		OwnerIdentity string `json:"ownerIdentity"`
		VirtualBucket string `json:"virtualBucket"`
	}
	eventObject struct {
		DeltaSize int64      `json:"deltaSize"`
		ETag      string     `json:"eTag"`
		Key       string     `json:"key"`
		Meta      objectMeta `json:"objectMeta"`
		Size      int64      `json:"size"`
	}
	objectMeta struct {
		MimeType string            `json:"mimeType"`
		UserMeta map[string]string `json:"userMeta"`
	}
	requestParameters struct {
		SourceIPAddress string `json:"sourceIPAddress"`
	}
	responseElements struct {
		RequestID string `json:"requestId"`
	}
	userIdentity struct {
		PrincipalID string `json:"principalId"`
	}
)

func (s *Service) event(r Rule, ch change) eventDocument {
	key := ch.key
	if s.opt.EncodeEventKeys {
		key = encodeURL(key)
	}
	return eventDocument{[]eventRecord{{
		EventName: ch.event, EventSource: "acs:oss", EventTime: written(ch.at), EventVersion: "1.0",
		OSS: eventOSS{
			Bucket: eventBucket{
				ARN:  "acs:oss:" + account.Region + ":" + account.ID + ":" + r.Bucket,
				Name: r.Bucket, OwnerIdentity: account.ID,
			},
			Object: eventObject{
				DeltaSize: ch.delta, ETag: ch.object.ETag, Key: key, Meta: ch.object.meta(), Size: ch.object.Size,
			},
			SchemaVersion: "1.0", RuleID: r.ID,
		},
		Region:            account.Region,
		RequestParameters: requestParameters{hostOnly(ch.call.RemoteAddr)},
		ResponseElements:  responseElements{ch.call.id},
		UserIdentity:      userIdentity{account.ID},
	}}}
}

func (o object) meta() objectMeta {
	m := objectMeta{MimeType: o.Headers["Content-Type"], UserMeta: map[string]string{}}
	for name, value := range o.Headers {
		if strings.HasPrefix(name, metaPrefix) {
			m.UserMeta[strings.ToLower(name)] = value
		}
	}
	return m
}

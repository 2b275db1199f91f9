package stack

import (
	"fmt"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/agnivade/levenshtein"
	"go.yaml.in/yaml/v3"
)

// enums are the values that a key may have.
var enums = map[string][]string{
	"edition":     {"3.0.0"},
	"component":   {"fc3"},
	"auto":        {"auto"},
	"runtime":     {"go1", "custom", "custom.debian10", "custom.debian11", "custom.debian12", "custom-container"},
	"disk":        {"512", "10240"},
	"logBegin":    {"DefaultRegex", "None"},
	"trigger":     {"oss", "log", "timer", "eventbridge", "http", "mns_topic", "cdn_events", "tablestore"},
	"topicFormat": {"STREAM", "JSON"},
	"retry":       {"BACKOFF_RETRY", "EXPONENTIAL_DECAY_RETRY"},
	"eventSource": {"Default", "MNS", "RocketMQ", "RabbitMQ", "Kafka", "DTS", "MQTT"},
	"eventSchema": {"CloudEvents", "RawData"},
	"mode":        {"event-streaming", "event-driven"},
	"tolerance":   {"ALL", "NONE"},
	// Source: devsapp/fc3 src/base.ts and the page "OSS trigger overview".
	"ossEvent": {
		"oss:ObjectCreated:*", "oss:ObjectCreated:PutObject", "oss:ObjectCreated:PostObject", "oss:ObjectCreated:CopyObject",
		"oss:ObjectCreated:InitiateMultipartUpload", "oss:ObjectCreated:UploadPart", "oss:ObjectCreated:UploadPartCopy",
		"oss:ObjectCreated:CompleteMultipartUpload", "oss:ObjectCreated:AppendObject", "oss:ObjectCreated:PutSymlink",
		"oss:ObjectRemoved:*", "oss:ObjectRemoved:DeleteObject", "oss:ObjectRemoved:DeleteObjects",
		"oss:ObjectRemoved:AbortMultipartUpload", "oss:ObjectModified:UpdateObjectMeta",
	},
}

// form is what a text must look like, in a pattern and in words.
type form struct {
	pattern *regexp.Regexp
	words   string
}

// Names and ARNs. The patterns of ARNs have the groups region, account and
// name where there are such parts. Sources: devsapp/fc3, src/schema.json and
// complete-props.yaml; MNS, limits of queue names. Most commands need none.
var forms = sync.OnceValue(func() map[string]form {
	name := form{regexp.MustCompile(`^[A-Za-z_][A-Za-z0-9_-]{0,127}$`),
		"a letter or underscore, then letters, digits, - and _, at most 128 characters"}
	return map[string]form{
		"function": name,
		"trigger":  name,
		"region":   {regexp.MustCompile(`^[a-z]{2}-[a-z0-9-]+$`), "a region ID such as cn-hangzhou"},
		"action": {regexp.MustCompile(`^(pre|success|fail|complete)-.+$`),
			"pre-, success-, fail- or complete- and a command, such as pre-deploy"},
		"queue": {regexp.MustCompile(`^` + queueName + `$`), "letters, digits and hyphens, at most 120 characters"},
		"role": {regexp.MustCompile(`^(acs:ram::\d{16}:role/)?[A-Za-z0-9._-]{1,64}$`),
			"a role name or acs:ram::{account}:role/{role}"},
		"bucketARN": {regexp.MustCompile(`^acs:oss:([a-z0-9-]+):(\d{16}):([a-z0-9][a-z0-9-]{1,61}[a-z0-9])$`),
			"acs:oss:{region}:{account}:{bucket}"},
		"topicARN": {regexp.MustCompile(`^acs:mns:([a-z0-9-]+):(\d{16}):/topics/(` + queueName + `)$`),
			"acs:mns:{region}:{account}:/topics/{topic}"},
		"queueARN": {regexp.MustCompile(`^acs:mns:([a-z0-9-]+):(\d{16}):/queues/(` + queueName + `)$`),
			"acs:mns:{region}:{account}:/queues/{queue}, without /messages"},
		"messagesARN": {regexp.MustCompile(`^acs:mns:([a-z0-9-]+):(\d{16}):/queues/(` + queueName + `)/messages$`),
			"acs:mns:{region}:{account}:/queues/{queue}/messages (the local cloud delivers to queues only)"},
	}
})

const queueName = `[A-Za-z0-9][A-Za-z0-9-]{0,119}`

// problem is one mistake in the file.
type problem struct {
	line, column int
	text         string
}

// decoder fills structs from nodes, strictly, and remembers where each value
// stands, by its address, for the checks that come later.
type decoder struct {
	at       map[any]*yaml.Node
	problems []problem
	notices  []string
}

func (d *decoder) failAt(n *yaml.Node, format string, args ...any) {
	d.problems = append(d.problems, problem{n.Line, n.Column, fmt.Sprintf(format, args...)})
}

// fail reports a problem at the value that ptr points to.
func (d *decoder) fail(ptr any, format string, args ...any) {
	n := d.at[ptr]
	if n == nil {
		n = &yaml.Node{Line: 1, Column: 1}
	}
	d.failAt(n, format, args...)
}

// has reports whether the file gives the value that ptr points to.
func (d *decoder) has(ptr any) bool { return d.at[ptr] != nil }

// rules are the words of one `rule` tag: "required range=1..8".
type rules map[string]string

func rulesOf(tag string) rules {
	r := rules{}
	for _, word := range strings.Fields(tag) {
		name, value, _ := strings.Cut(word, "=")
		r[name] = value
	}
	return r
}

var nodeType = reflect.TypeFor[yaml.Node]()

// decode sets v from n. key names the value in messages.
func (d *decoder) decode(n *yaml.Node, v reflect.Value, key string, r rules) {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	d.at[v.Addr().Interface()] = n
	switch {
	case v.Type() == nodeType:
		v.Set(reflect.ValueOf(*n))
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), key, r)
	case v.Kind() == reflect.Struct && n.Kind == yaml.ScalarNode && r["short"] != "":
		f, _ := v.Type().FieldByName(r["short"])
		d.decode(n, v.FieldByIndex(f.Index), key, rulesOf(f.Tag.Get("rule")))
	case v.Kind() == reflect.Struct:
		d.decodeStruct(n, v, key)
	case v.Kind() == reflect.Map:
		d.decodeMap(n, v, key, r)
	case v.Kind() == reflect.Slice:
		d.decodeSlice(n, v, key, r)
	default:
		d.decodeScalar(n, v, key, r)
	}
}

func (d *decoder) decodeStruct(n *yaml.Node, v reflect.Value, key string) {
	pairs, ok := d.pairs(n, key)
	if !ok {
		return
	}
	fields := map[string]reflect.StructField{}
	for f := range fieldsOf(v.Type()) {
		fields[f.Tag.Get("yaml")] = f
	}
	var unknown []string
	for _, p := range pairs {
		f, known := fields[p.key.Value]
		if !known {
			d.failAt(p.key, "%s: unknown key %q%s", key, p.key.Value, suggest(p.key.Value, keysOf(fields)))
			unknown = append(unknown, p.key.Value)
			continue
		}
		delete(fields, p.key.Value)
		r := rulesOf(f.Tag.Get("rule"))
		if _, ignored := r["ignored"]; ignored {
			d.notices = append(d.notices, fmt.Sprintf("line %d: %s has no effect in the local cloud", p.key.Line, p.key.Value))
		}
		d.decode(p.value, v.FieldByIndex(f.Index), p.key.Value, r)
	}
	d.requireRest(n, key, fields, unknown)
}

// requireRest reports the required fields among those that the file does not
// have, but for one that is only misspelt.
func (d *decoder) requireRest(n *yaml.Node, key string, rest map[string]reflect.StructField, unknown []string) {
	for _, word := range unknown {
		delete(rest, nearest(word, keysOf(rest), typo(word)))
	}
	for _, name := range keysOf(rest) {
		if _, required := rulesOf(rest[name].Tag.Get("rule"))["required"]; required {
			d.failAt(n, "%s: %s is missing", key, name)
		}
	}
}

func (d *decoder) decodeMap(n *yaml.Node, v reflect.Value, key string, r rules) {
	pairs, ok := d.pairs(n, key)
	if !ok {
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	for _, p := range pairs {
		if keys, limited := forms()[r["keys"]]; limited && !keys.pattern.MatchString(p.key.Value) {
			d.failAt(p.key, "%s: unknown key %q: want %s", key, p.key.Value, keys.words)
		}
		elem := reflect.New(v.Type().Elem().Elem())
		d.decode(p.value, elem.Elem(), p.key.Value, nil)
		v.SetMapIndex(reflect.ValueOf(p.key.Value), elem)
	}
}

func (d *decoder) decodeSlice(n *yaml.Node, v reflect.Value, key string, r rules) {
	if n.Kind != yaml.SequenceNode {
		d.failAt(n, "%s: want a list", key)
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, item := range n.Content {
		d.decode(item, v.Index(i), key, r)
	}
}

// scalars names the YAML tags that a Go kind takes, and what to call them.
var scalars = map[reflect.Kind]struct {
	tags  []string
	words string
}{
	reflect.String:  {[]string{"!!str"}, "a text; put it in quotes"},
	reflect.Int:     {[]string{"!!int"}, "a whole number without quotes"},
	reflect.Float64: {[]string{"!!int", "!!float"}, "a number without quotes"},
	reflect.Bool:    {[]string{"!!bool"}, "true or false without quotes"},
}

func (d *decoder) decodeScalar(n *yaml.Node, v reflect.Value, key string, r rules) {
	want := scalars[v.Kind()]
	if n.Kind != yaml.ScalarNode || !slices.Contains(want.tags, n.ShortTag()) || n.Decode(v.Addr().Interface()) != nil {
		d.failAt(n, "%s: want %s", key, want.words)
		return
	}
	if v.Kind() == reflect.Int || v.Kind() == reflect.Float64 {
		d.checkNumber(n, key, r)
	}
	if allowed, limited := enums[r["enum"]]; limited && !slices.Contains(allowed, n.Value) {
		d.failAt(n, "%s: unknown value %q%s", key, n.Value, suggest(n.Value, allowed))
	}
	if f, limited := forms()[r["form"]]; limited && !f.pattern.MatchString(n.Value) {
		d.failAt(n, "%s: %q is not %s", key, n.Value, f.words)
	}
	if limit, err := strconv.Atoi(r["length"]); err == nil && len(n.Value) > limit {
		d.failAt(n, "%s: at most %d characters", key, limit)
	}
}

func (d *decoder) checkNumber(n *yaml.Node, key string, r rules) {
	value, _ := strconv.ParseFloat(n.Value, 64)
	if low, high, limited := strings.Cut(r["range"], ".."); limited {
		from, _ := strconv.ParseFloat(low, 64)
		to, _ := strconv.ParseFloat(high, 64)
		if value < from || value > to {
			d.failAt(n, "%s: %s is not within %s and %s", key, n.Value, low, high)
		}
	}
	if step, err := strconv.Atoi(r["multiple"]); err == nil && int(value)%step != 0 {
		d.failAt(n, "%s: %s is not a multiple of %d", key, n.Value, step)
	}
}

// pair is one entry of a mapping.
type pair struct{ key, value *yaml.Node }

// pairs returns the entries of a mapping, those that "<<" merges in behind its
// own. A key given twice is a mistake.
func (d *decoder) pairs(n *yaml.Node, key string) ([]pair, bool) {
	if n.Kind != yaml.MappingNode {
		d.failAt(n, "%s: want keys and values", key)
		return nil, false
	}
	var own, merged []pair
	seen := map[string]bool{}
	for i := 0; i+1 < len(n.Content); i += 2 {
		p := pair{n.Content[i], n.Content[i+1]}
		switch {
		case p.key.ShortTag() == "!!merge":
			merged = append(merged, d.merge(p.value)...)
		case seen[p.key.Value]:
			d.failAt(p.key, "%s: the key %q stands here twice", key, p.key.Value)
		default:
			seen[p.key.Value] = true
			own = append(own, p)
		}
	}
	for _, p := range merged {
		if !seen[p.key.Value] {
			seen[p.key.Value] = true
			own = append(own, p)
		}
	}
	return own, true
}

// merge returns the entries of what stands behind "<<": a mapping or several.
func (d *decoder) merge(n *yaml.Node) []pair {
	for n.Kind == yaml.AliasNode {
		n = n.Alias
	}
	if n.Kind != yaml.SequenceNode {
		pairs, _ := d.pairs(n, "<<")
		return pairs
	}
	var all []pair
	for _, item := range n.Content {
		all = append(all, d.merge(item)...)
	}
	return all
}

// fieldsOf yields the fields of a struct that have a key in the file.
func fieldsOf(t reflect.Type) func(yield func(reflect.StructField) bool) {
	return func(yield func(reflect.StructField) bool) {
		for i := range t.NumField() {
			if f := t.Field(i); f.Tag.Get("yaml") != "" && !yield(f) {
				return
			}
		}
	}
}

func keysOf[V any](m map[string]V) []string {
	keys := make([]string, 0, len(m))
	for k := range m {
		keys = append(keys, k)
	}
	slices.Sort(keys)
	return keys
}

// suggest returns ": did you mean ...?" for the nearest candidate, what is
// allowed where there are few, and "" where nothing is near.
func suggest(word string, candidates []string) string {
	if best := nearest(word, candidates, typo(word)); best != "" {
		return fmt.Sprintf(": did you mean %q?", best)
	}
	if len(candidates) > 0 && len(candidates) <= 8 {
		return ": want " + strings.Join(candidates, ", ")
	}
	return ""
}

// typo is how many edits make a misspelling of word.
func typo(word string) int { return max(2, len(word)/3) }

// nearest returns the first candidate with the fewest edits to word, at most
// bound, letter case not counting; "" where there is none.
func nearest(word string, candidates []string, bound int) string {
	best := ""
	for _, c := range candidates {
		if distance := levenshtein.ComputeDistance(strings.ToLower(word), strings.ToLower(c)); distance <= bound {
			best, bound = c, distance-1
		}
	}
	return best
}

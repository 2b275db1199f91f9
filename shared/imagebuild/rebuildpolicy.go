package imagebuild

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"imagedrop/shared/template"
)

const (
	// maxPayload is the largest payload, in bytes: it travels in every
	// continuation of a run.
	maxPayload = 16 << 10

	// The defaults of a RebuildPolicy.
	defaultMaxAge      = 7 * 24 * time.Hour
	defaultMaxFailures = 3
	defaultMaxRunning  = 5

	// highestCount bounds maxFailures and maxRunning. A continuation names all
	// executions that run.
	highestCount = 100
)

// RebuildPolicy is the payload of a timer of rebuild: which pipelines a run
// selects, and what it does with them. At least one of ImagePipelineIDs,
// NamePattern and Tags is set; a pipeline is selected where all that are set
// match. The contract is events/schema/rebuild.schema.json.
type RebuildPolicy struct {
	RegionID         string        // "regionId", default: the function's own
	ImagePipelineIDs []string      // "imagePipelineId", one or a list
	NamePattern      string        // "namePattern": * is any text, ? any character
	Tags             []Tag         // "tags", at most 20, sorted by key
	MaxAge           time.Duration // "maxAge": days, hours or minutes, as "7d"; 0 is off; default 7 days
	MaxFailures      int           // "maxFailures", 0-100: pause after so many; 0 is never; default 3
	MaxRunning       int           // "maxRunning", 1-100 executions at a time; default 5
	Force            bool          // "force": all that were selected are due
}

// rebuildKeys are the keys of the payload.
var rebuildKeys = map[string]func(p *RebuildPolicy, value json.RawMessage) error{
	"regionId": func(p *RebuildPolicy, v json.RawMessage) (err error) {
		p.RegionID, err = identifier(v)
		return err
	},
	"imagePipelineId": func(p *RebuildPolicy, v json.RawMessage) error {
		if id, err := identifier(v); err == nil {
			p.ImagePipelineIDs = []string{id}
			return nil
		}
		list, err := decoded[[]json.RawMessage](v, "an ID, or a list of some")
		for _, item := range list {
			id, wrong := identifier(item)
			err = errors.Join(err, wrong)
			p.ImagePipelineIDs = append(p.ImagePipelineIDs, id)
		}
		if err != nil || len(list) == 0 {
			return errors.New("must be an ID, or a list of some")
		}
		slices.Sort(p.ImagePipelineIDs)
		p.ImagePipelineIDs = slices.Compact(p.ImagePipelineIDs)
		return nil
	},
	"namePattern": func(p *RebuildPolicy, v json.RawMessage) (err error) {
		if p.NamePattern, err = decoded[string](v, "a string"); err == nil && !isLong(p.NamePattern, 1, maxName) {
			err = fmt.Errorf("must have 1 to %d characters", maxName)
		}
		return err
	},
	"tags": func(p *RebuildPolicy, v json.RawMessage) error {
		const want = "an object of strings"
		tags, err := decoded[map[string]*string](v, want)
		if err == nil && (len(tags) == 0 || len(tags) > maxTags) {
			err = fmt.Errorf("must have 1 to %d members", maxTags)
		}
		for _, key := range slices.Sorted(maps.Keys(tags)) {
			if tags[key] == nil {
				return errors.New("must be " + want)
			}
			if !isLong(key, 1, maxTagValue) || !isLong(*tags[key], 0, maxTagValue) {
				err = fmt.Errorf("a key has 1, and a value no more than %d characters", maxTagValue)
			}
			p.Tags = append(p.Tags, Tag{key, *tags[key]})
		}
		return err
	},
	"maxAge": func(p *RebuildPolicy, v json.RawMessage) (err error) {
		p.MaxAge, err = age(v)
		return err
	},
	"maxFailures": func(p *RebuildPolicy, v json.RawMessage) (err error) {
		p.MaxFailures, err = count(v, 0)
		return err
	},
	"maxRunning": func(p *RebuildPolicy, v json.RawMessage) (err error) {
		p.MaxRunning, err = count(v, 1)
		return err
	},
	"force": func(p *RebuildPolicy, v json.RawMessage) (err error) {
		p.Force, err = decoded[bool](v, "true or false")
		return err
	},
}

// ParseRebuildPolicy reads the payload of a timer. An error names line, column
// and key, and never quotes a value.
func ParseRebuildPolicy(payload []byte) (RebuildPolicy, error) {
	p := RebuildPolicy{MaxAge: defaultMaxAge, MaxFailures: defaultMaxFailures, MaxRunning: defaultMaxRunning}
	switch {
	case len(payload) > maxPayload:
		return p, fmt.Errorf("the payload has %d bytes, more than %d", len(payload), maxPayload)
	case !utf8.Valid(payload):
		return p, errors.New("the payload is not UTF-8")
	}
	if err := eachMember(payload, p.set); err != nil {
		return p, err
	}
	if len(p.ImagePipelineIDs)+len(p.Tags) == 0 && p.NamePattern == "" {
		return p, errors.New(`the payload selects nothing: set imagePipelineId, namePattern or tags, {"namePattern":"*"} for all`)
	}
	return p, nil
}

func (p *RebuildPolicy) set(key string, value json.RawMessage) error {
	if set, ok := rebuildKeys[key]; ok {
		return set(p, value)
	}
	known := slices.Sorted(maps.Keys(rebuildKeys))
	if near := template.Nearest(key, known); near != "" {
		return fmt.Errorf("is not a key of the payload, did you mean %s?", near)
	}
	return errors.New("is not a key of the payload")
}

// eachMember calls set with each member of the one JSON object that text is,
// in order. It stops at the first error.
func eachMember(text []byte, set func(key string, value json.RawMessage) error) error {
	if err := isObject(text); err != nil {
		return err
	}
	d := json.NewDecoder(bytes.NewReader(text))
	_, _ = d.Token() // no call fails: the text is a JSON object
	for seen := map[string]bool{}; d.More(); {
		at := next(text, d.InputOffset())
		name, _ := d.Token()
		key, _ := name.(string)
		var value json.RawMessage
		_ = d.Decode(&value)
		err := errors.New("is given twice")
		if !seen[key] {
			err = set(key, value)
		}
		if err != nil {
			return fmt.Errorf("%s: %s %w", place(text, at), strconv.Quote(clip(key, maxIdentifier)), err)
		}
		seen[key] = true
	}
	return nil
}

func isObject(text []byte) error {
	var members map[string]json.RawMessage
	err := json.Unmarshal(text, &members)
	var syntax *json.SyntaxError
	switch {
	case errors.As(err, &syntax):
		return fmt.Errorf("%s: not valid JSON: %w", place(text, int(syntax.Offset)-1), err)
	case err != nil || members == nil:
		return errors.New("the payload is not a JSON object")
	}
	return nil
}

// next is the offset of the next token.
func next(text []byte, offset int64) int {
	return len(text) - len(bytes.TrimLeft(text[offset:], " \t\r\n,"))
}

// place is line and column, 1-based, columns in code points.
func place(text []byte, offset int) string {
	before := text[:min(max(offset, 0), len(text))]
	line := bytes.Count(before, []byte("\n")) + 1
	column := utf8.RuneCount(before[bytes.LastIndexByte(before, '\n')+1:]) + 1
	return fmt.Sprintf("line %d, column %d", line, column)
}

// decoded reads a value; want says what it must be.
func decoded[T any](value json.RawMessage, want string) (T, error) {
	var v *T
	if err := json.Unmarshal(value, &v); err != nil || v == nil {
		return *new(T), errors.New("must be " + want)
	}
	return *v, nil
}

func identifier(value json.RawMessage) (string, error) {
	id, err := decoded[string](value, "an ID")
	if err == nil && !isIdentifier(id) {
		err = errors.New("must be an ID")
	}
	return id, err
}

func count(value json.RawMessage, least int) (int, error) {
	want := fmt.Sprintf("a whole number from %d to %d", least, highestCount)
	n, err := decoded[int](value, want)
	if err == nil && (n < least || n > highestCount) {
		err = errors.New("must be " + want)
	}
	return n, err
}

func isLong(text string, least, most int) bool {
	n := utf8.RuneCountInString(text)
	return least <= n && n <= most
}

var ageUnits = map[byte]time.Duration{'d': 24 * time.Hour, 'h': time.Hour, 'm': time.Minute}

// age is a number of at most four digits and a unit, or 0.
func age(value json.RawMessage) (time.Duration, error) {
	const want = `a number of days, hours or minutes, as "7d", "36h" or "90m", or "0" for off`
	text, err := decoded[string](value, want)
	if err != nil || text == "0" {
		return 0, err
	}
	digits := strings.TrimRight(text, "dhm")
	n, err := strconv.ParseUint(digits, 10, 16)
	if err != nil || len(digits) > 4 || len(text) != len(digits)+1 {
		return 0, errors.New("must be " + want)
	}
	return time.Duration(n) * ageUnits[text[len(digits)]], nil
}

// matchesGlob reports whether the pattern stands for the name: * is any text, ?
// any character, all else itself.
func matchesGlob(pattern, name string) bool {
	p, n := []rune(pattern), []rune(name)
	star, mark := -1, 0 // of the last *, and where its text ends so far
	i, j := 0, 0
	for j < len(n) {
		switch {
		case i < len(p) && p[i] == '*':
			star, mark = i, j
			i++
		case i < len(p) && (p[i] == '?' || p[i] == n[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(p) && p[i] == '*' {
		i++
	}
	return i == len(p)
}

//go:build conformance

package conformance

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/stretchr/testify/require"
	"go.yaml.in/yaml/v3"

	"imagedrop/shared/local/account"
)

const (
	// patience is how long one step may take.
	patience = 60 * time.Second
	// pause is how long a client waits before it asks again.
	pause = 200 * time.Millisecond
)

// testCase is one entry of a list.
type testCase struct {
	Name   string            `yaml:"name"`
	Source string            `yaml:"source"` // document and section
	Cannot map[string]string `yaml:"cannot"` // a client, or the first words of several: why it cannot express the case
	Steps  []step            `yaml:"steps"`
}

// step is one call and what it must come to. In its texts ${name} stands for
// what an earlier step of the case saved, ${run} for what tells this client's
// resources from those of others, ${now} and ${now-16m} for a time in UTC, and
// ${long 9} for that many letters.
type step struct {
	Do     string            `yaml:"do"`
	As     string            `yaml:"as"` // whose credentials, see keyOf; "": the account's own
	With   map[string]any    `yaml:"with"`
	Code   string            `yaml:"code"`   // of the error; "": it must succeed
	Status int               `yaml:"status"` // 0: any
	Want   map[string]string `yaml:"want"`   // by path, as A.B.0.C: the text of the value; ~expression; "" where it is absent or empty
	Save   map[string]string `yaml:"save"`   // name: path
	Await  bool              `yaml:"await"`  // asked again until it is answered so
}

func loadCases(t *testing.T, service string) []testCase {
	t.Helper()
	f, err := os.Open(filepath.Join("cases", service+".yaml"))
	require.NoError(t, err)
	defer f.Close()
	dec := yaml.NewDecoder(f)
	dec.KnownFields(true)
	var list []testCase
	require.NoError(t, dec.Decode(&list))
	for _, c := range list {
		require.True(t, c.Name != "" && c.Source != "" && len(c.Steps) > 0, "a case has a name, a source and steps: %+v", c)
	}
	return list
}

// interpret makes a client of what opens its askers: it does every case of its
// service's list that it can express.
func interpret(open func(*testing.T, *cloud, *row) asker) func(*testing.T, *cloud, *row) {
	return func(t *testing.T, c *cloud, r *row) {
		list := loadCases(t, r.service)
		ask := open(t, c, r)
		for _, tc := range list {
			if tc.isBeyond(r.client) {
				r.left++
				continue
			}
			r.try(t, tc.Name, func(t *testing.T) { c.do(t, tc, ask) })
		}
	}
}

func (tc testCase) isBeyond(client string) bool {
	return slices.ContainsFunc(slices.Collect(maps.Keys(tc.Cannot)), func(name string) bool { return strings.HasPrefix(client, name) })
}

func (c *cloud) do(t *testing.T, tc testCase, ask asker) {
	saved := map[string]string{"run": account.RandomHex(4)}
	keys := map[string]account.Key{}
	for i, s := range tc.Steps {
		key, made := keys[s.As]
		if !made {
			var err error
			key, err = c.keyOf(s.As)
			require.NoError(t, err)
			keys[s.As] = key
		}
		err := s.take(t, call{s.Do, expand(t, s.With, saved).(map[string]any), key}, ask, saved)
		require.NoError(t, err, "step %d, %s (%s)", i+1, s.Do, tc.Source)
	}
}

// take does the step, again and again where it awaits its answer.
func (s step) take(t *testing.T, q call, ask asker, saved map[string]string) error {
	ctx, cancel := context.WithTimeout(t.Context(), patience)
	defer cancel()
	for {
		got, err := ask(ctx, q)
		if err == nil {
			err = s.judge(t, got, saved)
		}
		if err == nil || !s.Await {
			return err
		}
		select {
		case <-ctx.Done():
			return err
		case <-time.After(pause):
		}
	}
}

// judge says in what the answer is not that of the step.
func (s step) judge(t *testing.T, got answer, saved map[string]string) error {
	t.Helper()
	if got.Code != s.Code || s.Status != 0 && got.Status != 0 && got.Status != s.Status {
		return fmt.Errorf("want %d %q, got %+v", s.Status, s.Code, got)
	}
	for path, want := range s.Want {
		value, want := at(got.Fields, path), expandText(t, want, saved)
		form, isForm := strings.CutPrefix(want, "~")
		if !isForm && value != want || isForm && !regexp.MustCompile(form).MatchString(value) {
			return fmt.Errorf("%s: want %q, got %q in %+v", path, want, value, got)
		}
	}
	for name, path := range s.Save {
		if saved[name] = at(got.Fields, path); saved[name] == "" {
			return fmt.Errorf("no %s in %+v", path, got)
		}
	}
	return nil
}

// at returns the text of the value with that path, "" for none. The path
// list.# is the length of a list.
func at(value any, path string) string {
	for name := range strings.SplitSeq(path, ".") {
		switch v := value.(type) {
		case map[string]any:
			if entry, ok := v[name]; ok || name != "0" { // in XML a list of one is its entry
				value = entry
			}
		case []any:
			n, err := strconv.Atoi(name)
			switch {
			case name == "#":
				value = len(v)
			case err != nil || n >= len(v):
				return ""
			default:
				value = v[n]
			}
		default:
			if name != "0" { // in XML a list of one is its entry
				return ""
			}
		}
	}
	if value == nil {
		return ""
	}
	return fmt.Sprint(value)
}

// expand replaces what stands for something else in all texts of a value.
func expand(t *testing.T, value any, saved map[string]string) any {
	t.Helper()
	switch v := value.(type) {
	case string:
		return expandText(t, v, saved)
	case map[string]any:
		all := map[string]any{}
		for name, inner := range v {
			all[name] = expand(t, inner, saved)
		}
		return all
	case []any:
		all := make([]any, len(v))
		for i, inner := range v {
			all[i] = expand(t, inner, saved)
		}
		return all
	}
	return value
}

var stand = regexp.MustCompile(`\$\{[^}]*\}`)

func expandText(t *testing.T, text string, saved map[string]string) string {
	t.Helper()
	return stand.ReplaceAllStringFunc(text, func(name string) string {
		name = strings.TrimSuffix(strings.TrimPrefix(name, "${"), "}")
		if offset, ok := strings.CutPrefix(name, "now"); ok {
			d, err := time.ParseDuration(cmp.Or(offset, "0"))
			require.NoError(t, err)
			return moment(d)
		}
		if length, ok := strings.CutPrefix(name, "long "); ok {
			n, err := strconv.Atoi(length)
			require.NoError(t, err)
			return strings.Repeat("a", n)
		}
		value, ok := saved[name]
		require.True(t, ok, "nothing was saved as %q", name)
		return value
	})
}

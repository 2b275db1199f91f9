package ecs

import (
	"fmt"
	"strconv"
	"strings"

	"imagedrop/shared/local/store"
)

// version is a ComponentVersion, <major>.<minor>.<patch>.
type version [3]uint64

func (v version) String() string { return fmt.Sprintf("%d.%d.%d", v[0], v[1], v[2]) }

// parseVersion accepts three non-negative integers.
func parseVersion(s string) (version, bool) {
	p, ok := parsePattern(s)
	return p.version, ok && p.stars == [3]bool{}
}

// maxDigits bounds each number; the pages name no bound.
const maxDigits = 9

// pattern is a version whose parts may be wildcards.
type pattern struct {
	version
	stars [3]bool
}

func parsePattern(s string) (pattern, bool) {
	var p pattern
	parts := strings.Split(s, ".")
	if len(parts) != len(p.version) {
		return p, false
	}
	for i, part := range parts {
		if part == "*" {
			p.stars[i] = true
			continue
		}
		n, err := strconv.ParseUint(part, 10, 64)
		if err != nil || len(part) > maxDigits || strconv.FormatUint(n, 10) != part {
			return p, false
		}
		p.version[i] = n
	}
	return p, true
}

// wildcards counts the parts that are "*".
func (p pattern) wildcards() int {
	n := 0
	for _, star := range p.stars {
		if star {
			n++
		}
	}
	return n
}

// fromTheRight reports whether nothing but wildcards follows a wildcard: 1.0.*, 1.*.*, *.*.*.
func (p pattern) fromTheRight() bool {
	return (!p.stars[0] || p.stars[1]) && (!p.stars[1] || p.stars[2])
}

func (p pattern) matches(v version) bool {
	for i := range v {
		if !p.stars[i] && p.version[i] != v[i] {
			return false
		}
	}
	return true
}

func (p pattern) String() string {
	parts := strings.Split(p.version.String(), ".")
	for i, star := range p.stars {
		if star {
			parts[i] = "*"
		}
	}
	return strings.Join(parts, ".")
}

// coveredBy returns the patterns from the right that match v, itself first.
func (v version) coveredBy() []pattern {
	return []pattern{
		{version: v},
		{version: version{v[0], v[1]}, stars: [3]bool{false, false, true}},
		{version: version{v[0]}, stars: [3]bool{false, true, true}},
		{stars: [3]bool{true, true, true}},
	}
}

// versionKey places the highest version of a name first; with fewer numbers it
// begins the keys of all versions that have them.
func versionKey(region, name string, numbers ...uint64) string {
	key := store.Key(region, name)
	for _, n := range numbers {
		key += fmt.Sprintf("\x00%016x", ^n)
	}
	return key
}

// latest returns the id of the highest version that matches a pattern from the right.
func latest(tx *store.Tx, region, name string, p pattern) (id string, found bool) {
	fixed := len(p.version) - p.wildcards()
	prefix := versionKey(region, name, p.version[:fixed]...)
	if fixed < len(p.version) {
		prefix += "\x00" // a name must not match the keys of a longer one
	}
	return first(tx, bucketVersions, prefix)
}

// nextVersion is the default ComponentVersion: the next major number of the
// name, 1.0.0 for its first.
func nextVersion(tx *store.Tx, region, name string) (version, error) {
	next := version{1}
	prefix := versionKey(region, name) + "\x00"
	var err error
	tx.Scan(bucketVersions, prefix, "", func(key string, _ []byte) bool {
		var inverted uint64
		inverted, err = strconv.ParseUint(key[len(prefix):len(prefix)+16], 16, 64)
		next[0] = ^inverted + 1
		return false
	})
	return next, err
}

package ecs

import (
	"encoding/json"
	"fmt"
	"strconv"

	"imagedrop/shared/local/store"
)

// The buckets. Every look-up is a walk of one prefix, so its cost depends on
// what it finds and not on what else there is.
const (
	bucketRecords  = "ecs.records"  // id: record
	bucketIndex    = "ecs.index"    // kind, region, name, tag key, tag value, order: id
	bucketVersions = "ecs.versions" // region, name, major, minor, patch (descending): component id
	bucketUses     = "ecs.uses"     // what a template refers to, template id: nothing
	bucketCounts   = "ecs.counts"   // kind, region: how many there are
	bucketTokens   = "ecs.tokens"   // region, operation, ClientToken: answered
	bucketDue      = "ecs.due"      // when a phase ends, region, execution id: nothing
	bucketFamilies = "ecs.families" // region, family, order: image id
)

// The kinds of resources; also the prefixes of their ids.
const (
	components = "ic"
	pipelines  = "ip"
	executions = "exec"
	images     = "m"
)

// record is a resource as it is kept. The Name of an execution is the id of its
// template: one may run at a time, and it is looked for by template.
type record struct {
	ID, Region, Name string
	// Order sorts the newest first.
	Order  string
	Group  string // ResourceGroupId; "" is the default group
	Tags   []tag
	Item   json.RawMessage // as the describe operation gives it
	Uses   []string        `json:",omitempty"` // templates: keys in bucketUses
	System string          `json:",omitempty"` // components, and so on
	Type   string          `json:",omitempty"`
	Major  uint64          `json:",omitempty"`
	Minor  uint64          `json:",omitempty"`
	Patch  uint64          `json:",omitempty"`
	Params []parameter     `json:",omitempty"`
	Status string          `json:",omitempty"` // executions and images
	Run    *run            `json:",omitempty"` // executions
	Family string          `json:",omitempty"` // images, and so on
	Owner  string          `json:",omitempty"` // ImageOwnerAlias
}

type tag struct{ Key, Value string }

// parameter is a parameter of a YAML component.
type parameter struct {
	Name, Type, DefaultValue string
	Required                 bool // has no DefaultValue
}

func (r *record) version() version { return version{r.Major, r.Minor, r.Patch} }

// load returns the resource of that kind and region, nil where there is none.
func load(tx *store.Tx, kind, region, id string) (*record, error) {
	if !hasKind(id, kind) {
		return nil, nil
	}
	var r record
	found, err := tx.GetJSON(bucketRecords, id, &r)
	if err != nil || !found || r.Region != region {
		return nil, err
	}
	return &r, nil
}

func hasKind(id, kind string) bool {
	return len(id) > len(kind) && id[:len(kind)] == kind && id[len(kind)] == '-'
}

// save writes the resource again. What finds it must be as before.
func save(tx *store.Tx, r *record) error { return tx.PutJSON(bucketRecords, r.ID, r) }

// orderLength is the length of record.Order.
const orderLength = 16

// nextOrder returns the place of the next resource in lists.
func nextOrder(tx *store.Tx) (string, error) {
	n, err := tx.Sequence(bucketRecords)
	return fmt.Sprintf("%016x", ^n), err
}

// insert writes the resource and everything that finds it again.
func insert(tx *store.Tx, kind string, r *record) error {
	order, err := nextOrder(tx)
	if err != nil {
		return err
	}
	r.Order = order
	if err := saveIndexed(tx, kind, r); err != nil {
		return err
	}
	for _, key := range r.Uses {
		if err := tx.Put(bucketUses, key, []byte{}); err != nil {
			return err
		}
	}
	return count(tx, kind, r.Region, +1)
}

// saveIndexed writes the resource, and what finds it by its name and tags.
func saveIndexed(tx *store.Tx, kind string, r *record) error {
	if err := save(tx, r); err != nil {
		return err
	}
	for _, key := range r.indexKeys(kind) {
		if err := tx.Put(bucketIndex, key, []byte(r.ID)); err != nil {
			return err
		}
	}
	return nil
}

// remove undoes insert.
func remove(tx *store.Tx, kind string, r *record) error {
	if err := tx.Delete(bucketRecords, r.ID); err != nil {
		return err
	}
	for _, key := range r.indexKeys(kind) {
		if err := tx.Delete(bucketIndex, key); err != nil {
			return err
		}
	}
	for _, key := range r.Uses {
		if err := tx.Delete(bucketUses, key); err != nil {
			return err
		}
	}
	return count(tx, kind, r.Region, -1)
}

// indexKeys are an entry for each pair of {any name, this name} and {any tag,
// each tag}, and of a component one among the patches of its minor version.
func (r *record) indexKeys(kind string) []string {
	var keys []string
	for _, name := range []string{"", r.Name} {
		keys = append(keys, indexPrefix(kind, r.Region, name, tag{})+r.Order)
		for _, t := range r.Tags {
			keys = append(keys, indexPrefix(kind, r.Region, name, t)+r.Order)
		}
	}
	if kind == components {
		keys = append(keys, indexPrefix(kind, r.Region, r.Name, patchesOf(r.version()))+r.Order)
	}
	return keys
}

// patchesOf stands in the index where a tag does: no tag begins with acs:.
func patchesOf(v version) tag { return tag{"acs:patches", fmt.Sprintf("%d.%d", v[0], v[1])} }

// indexPrefix begins the entries of what has that name and that tag; empty
// ones are any.
func indexPrefix(kind, region, name string, t tag) string {
	return store.Key(kind, region, name, t.Key, t.Value, "")
}

func countOf(tx *store.Tx, kind, region string) int {
	n, _ := strconv.Atoi(string(tx.Get(bucketCounts, store.Key(kind, region))))
	return n
}

func count(tx *store.Tx, kind, region string, change int) error {
	n := countOf(tx, kind, region) + change
	return tx.Put(bucketCounts, store.Key(kind, region), []byte(strconv.Itoa(n)))
}

// first returns the first value below prefix, "" where there is none.
func first(tx *store.Tx, bucket, prefix string) (value string, found bool) {
	tx.Scan(bucket, prefix, "", func(_ string, v []byte) bool {
		value, found = string(v), true
		return false
	})
	return value, found
}

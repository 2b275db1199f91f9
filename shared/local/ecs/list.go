package ecs

import (
	"crypto/sha256"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"imagedrop/shared/local/store"
)

// Source: DescribeImageComponents and DescribeImagePipelines, parameters
// MaxResults and ResourceGroupId.
const (
	defaultResults  = 50
	mostResults     = 500
	mostGroupResult = 1000
)

// query is a list request.
type query struct {
	req    request
	kind   string
	region string
	ids    []string
	name   string
	group  string
	tag    tag // looked up in the index; more are filters
	// versions are those of components wanted, nil for all.
	versions *pattern
	none     bool
	// filters are what the index does not answer.
	filters []func(*record) bool

	after string // order of the last one that the client has
	limit int
}

// query reads what the list operations share. tooMany refuses more than 20 ids;
// nil does not.
func (s *service) query(req request, kind string, ids []string, tooMany error) (*query, error) {
	if err := req.require("RegionId"); err != nil {
		return nil, err
	}
	if err := s.checkRegion(req.params); err != nil {
		return nil, err
	}
	q := &query{req: req, kind: kind, region: req.params["RegionId"], ids: ids, name: req.params["Name"],
		group: req.params["ResourceGroupId"]}
	if tooMany != nil && len(ids) > maxEntries {
		return nil, tooMany
	}
	if err := q.readTags(); err != nil {
		return nil, err
	}
	if q.group != "" { // resources of the default group always appear
		q.filters = append(q.filters, func(r *record) bool { return r.Group == q.group || r.Group == "" })
	}
	return q, q.readPage()
}

func (q *query) readTags() error {
	tags := q.req.tags("Tag")
	if len(tags) > maxEntries {
		return refuse("InvalidParameter.Tag", "Tag has more than 20 entries.")
	}
	if slices.ContainsFunc(tags, func(t tag) bool { return t.Key == "" }) {
		return refuse("InvalidParameter.Tag", "Tag has a value without a key.")
	}
	q.addTags(tags)
	return nil
}

// addTags asks the index for the first tag that has a value.
func (q *query) addTags(tags []tag) {
	for _, t := range tags {
		if t.Value != "" && q.tag.Key == "" {
			q.tag = t
		} else {
			q.filters = append(q.filters, func(r *record) bool { return hasTag(r, t) })
		}
	}
}

// hasTag takes a filter without a value for any value of the key.
func hasTag(r *record, t tag) bool {
	return slices.ContainsFunc(r.Tags, func(have tag) bool {
		return have.Key == t.Key && (t.Value == "" || have.Value == t.Value)
	})
}

func (q *query) readPage() error {
	q.limit = defaultResults
	if most := q.req.params["MaxResults"]; most != "" {
		if !between(1, mostResults)(most) {
			return refuse("InvalidParameter.MaxResults", "MaxResults must be a number from 1 to 500.")
		}
		q.limit, _ = strconv.Atoi(most)
	}
	return q.readToken()
}

func (q *query) readToken() error {
	if token := q.req.params["NextToken"]; token != "" {
		var ok bool
		if q.after, ok = strings.CutPrefix(decodeToken(token), q.digest()); !ok || len(q.after) != orderLength {
			return refuse("Invalid.NextToken", "")
		}
	}
	return nil
}

// only adds a filter for a parameter that is compared with a member.
func (q *query) only(parameter string, member func(*record) string) {
	if want := q.req.params[parameter]; want != "" {
		q.filters = append(q.filters, func(r *record) bool { return member(r) == want })
	}
}

// onlyIn adds a filter for a member that has one of several values.
func (q *query) onlyIn(wanted []string, member func(*record) string) {
	q.filters = append(q.filters, func(r *record) bool { return slices.Contains(wanted, member(r)) })
}

// digest stands for the question: a NextToken belongs to one.
func (q *query) digest() string {
	canonical := q.req.canonical(func(name string) bool {
		return commonParams[name] && name != "Action" || name == "NextToken" || name == "MaxResults"
	})
	sum := sha256.Sum256([]byte(canonical))
	return string(sum[:])
}

func decodeToken(token string) string {
	raw, _ := base64.RawURLEncoding.DecodeString(token)
	return string(raw)
}

// page is one page of a list, the newest first.
type page struct {
	query   *query
	records []*record
	total   int
	more    bool
}

// items are the records as the describe operation gives them.
func (p *page) items() []json.RawMessage {
	items := []json.RawMessage{}
	for _, r := range p.records {
		items = append(items, r.Item)
	}
	return items
}

// nextToken asks for the page behind this one, "" where there is none.
func (p *page) nextToken() string {
	if !p.more {
		return ""
	}
	last := p.records[len(p.records)-1].Order
	return base64.RawURLEncoding.EncodeToString([]byte(p.query.digest() + last))
}

// pageAnswer is what the answers of the lists with a NextToken share.
type pageAnswer struct {
	RequestId  string
	NextToken  string
	TotalCount int
	MaxResults int
}

func (p *page) answer(req request) pageAnswer {
	return pageAnswer{RequestId: req.id, NextToken: p.nextToken(), TotalCount: p.total, MaxResults: p.query.limit}
}

// list answers the query from one consistent state.
func (s *service) list(q *query) (*page, error) {
	p := &page{query: q}
	if q.none {
		return p, nil
	}
	err := s.store.View(func(tx *store.Tx) error {
		q.chooseVersions(tx)
		if len(q.ids) > 0 {
			return p.addIDs(tx)
		}
		return p.addIndexed(tx)
	})
	return p, err
}

// chooseVersions asks the index for the patches of a minor version, where that
// holds all of them: an older program kept no such entries.
func (q *query) chooseVersions(tx *store.Tx) {
	if q.versions == nil {
		return
	}
	want := *q.versions
	if want.stars == [3]bool{false, false, true} && q.tag.Key == "" && len(q.ids) == 0 {
		patches := patchesOf(want.version)
		all := size(tx, bucketVersions, versionKey(q.region, q.name, want.version[0], want.version[1]))
		if all == size(tx, bucketIndex, indexPrefix(q.kind, q.region, q.name, patches)) {
			q.tag = patches
			return
		}
	}
	q.filters = append(q.filters, func(r *record) bool { return want.matches(r.version()) })
}

// size counts the entries below a prefix.
func size(tx *store.Tx, bucket, prefix string) (n int) {
	tx.Scan(bucket, prefix, "", func(string, []byte) bool {
		n++
		return true
	})
	return n
}

// addIndexed walks the entries of name and tag. Records are read for the page,
// and for the rest only where there are filters that need them.
func (p *page) addIndexed(tx *store.Tx) (err error) {
	q := p.query
	prefix := indexPrefix(q.kind, q.region, q.name, q.tag)
	tx.Scan(bucketIndex, prefix, "", func(key string, id []byte) bool {
		order := key[len(prefix):]
		if len(q.filters) == 0 && !p.wants(order) {
			return p.count(order)
		}
		var r *record
		if r, err = load(tx, q.kind, q.region, string(id)); err != nil || r == nil {
			return err == nil
		}
		return !q.matches(r) || p.add(r)
	})
	return err
}

// addIDs answers a query for ids; unknown ones are no error.
func (p *page) addIDs(tx *store.Tx) error {
	q := p.query
	var found []*record
	for _, id := range slices.Compact(slices.Sorted(slices.Values(q.ids))) {
		r, err := load(tx, q.kind, q.region, id)
		if err != nil {
			return err
		}
		if r != nil && q.asksFor(r) {
			found = append(found, r)
		}
	}
	slices.SortFunc(found, func(a, b *record) int { return strings.Compare(a.Order, b.Order) })
	for _, r := range found {
		p.add(r)
	}
	return nil
}

// asksFor reports whether a record that no index found is one of the answer.
func (q *query) asksFor(r *record) bool {
	return (q.name == "" || r.Name == q.name) && (q.tag.Key == "" || hasTag(r, q.tag)) && q.matches(r)
}

func (q *query) matches(r *record) bool {
	for _, ok := range q.filters {
		if !ok(r) {
			return false
		}
	}
	return true
}

// wants reports whether a match of that order is on this page.
func (p *page) wants(order string) bool {
	return order > p.query.after && len(p.records) < p.query.limit
}

// count counts a match and reports whether more of them count.
func (p *page) count(order string) bool {
	p.total++
	if order > p.query.after && !p.wants(order) {
		p.more = true
	}
	return p.query.group == "" || p.total < mostGroupResult
}

// add counts a match and puts it on the page if it belongs there.
func (p *page) add(r *record) bool {
	wanted := p.wants(r.Order)
	goOn := p.count(r.Order)
	if wanted {
		p.records = append(p.records, r)
	}
	return goOn
}

package ec2

import (
	"encoding/base64"
	"encoding/json"
	"slices"
	"strconv"
	"strings"

	"imagedrop/shared/local/store"
)

// maxResults is the largest page, and the one that is answered unasked.
// Source: API_ListComponents, maxResults: 1 to 25.
const maxResults = 25

// dateForm8601 is how dates are written: ISO 8601 in UTC.
const dateForm8601 = "2006-01-02T15:04:05.000Z"

// state is the status of a component; here each is in use.
type state struct {
	Status string `json:"status"`
}

// described is a component as GetComponent answers it, and, without what only
// that has, ListComponentBuildVersions and ListComponents.
type described struct {
	ARN               string            `json:"arn"`
	Name              string            `json:"name"`
	Version           string            `json:"version"`
	Description       string            `json:"description,omitempty"`
	ChangeDescription string            `json:"changeDescription,omitempty"`
	Type              string            `json:"type,omitempty"`
	Platform          string            `json:"platform,omitempty"`
	OSVersions        []string          `json:"supportedOsVersions,omitempty"`
	State             *state            `json:"state,omitempty"`
	Status            string            `json:"status,omitempty"`
	Parameters        []parameterDetail `json:"parameters,omitempty"`
	Owner             string            `json:"owner"`
	Data              string            `json:"data,omitempty"`
	KMSKeyID          string            `json:"kmsKeyId,omitempty"`
	Encrypted         bool              `json:"encrypted,omitempty"`
	Created           string            `json:"dateCreated"`
	Tags              map[string]string `json:"tags,omitempty"`
}

type parameterDetail struct {
	Name        string   `json:"name"`
	Type        string   `json:"type"`
	Default     []string `json:"defaultValue,omitempty"`
	Description string   `json:"description,omitempty"`
}

// active is the status of every component that is there.
const active = "ACTIVE"

// summary is what a list of build versions tells.
func (c component) summary() described {
	return described{
		ARN: c.ARN, Name: c.Name, Version: c.Version, Description: c.Description, ChangeDescription: c.ChangeDescription,
		Type: c.Type, Platform: c.Platform, OSVersions: c.OSVersions, State: &state{active}, Owner: AccountID,
		Created: c.Created.UTC().Format(dateForm8601), Tags: c.Tags,
	}
}

// whole is what GetComponent tells.
func (c component) whole() described {
	d := c.summary()
	d.Data, d.KMSKeyID, d.Encrypted = c.Data, c.KMSKeyID, true
	doc, err := readDocument(c.Data)
	if err != nil {
		return d
	}
	for _, entry := range doc.Parameters {
		for name, p := range entry {
			detail := parameterDetail{Name: name, Type: p.Type, Description: p.Description}
			if p.Default != nil {
				detail.Default = []string{*p.Default}
			}
			d.Parameters = append(d.Parameters, detail)
		}
	}
	return d
}

// versioned is what ListComponents tells of a version: its newest build.
func (c component) versioned() described {
	d := c.summary()
	a, _ := parseARN(c.ARN)
	d.ARN, d.State, d.Status, d.Tags, d.ChangeDescription = a.at(a.version), nil, active, nil, ""
	return d
}

// named is what ListComponents tells of a name.
func (c component) named() described {
	a, _ := parseARN(c.ARN)
	return described{ARN: a.at(a.version.from(0)), Name: c.Name, Version: a.version.from(0).String(), Owner: AccountID,
		Created: c.Created.UTC().Format(dateForm8601)}
}

// getComponent follows the page API_GetComponent. The ARN may leave the build,
// or numbers of the version, open: that means the newest. It leaves out IAM,
// the components of Amazon and those that others share or sell: they are not
// found.
func (s *service) getComponent(c *call) (any, error) {
	a, err := s.ownARN(c, "componentBuildVersionArn", c.URL.Query().Get("componentBuildVersionArn"))
	if err != nil {
		return nil, err
	}
	found, err := s.newest(a)
	if err != nil {
		return nil, err
	}
	at, _ := parseARN(found.ARN)
	return map[string]any{"requestId": c.id, "component": found.whole(), "latestVersionReferences": referencesOf(at)}, nil
}

// ownARN reads the ARN of a component that may be this account's in this region.
func (s *service) ownARN(c *call, member, text string) (arn, error) {
	a, ok := parseARN(text)
	switch {
	case !ok:
		return a, invalid(member, "it is not the ARN of a component")
	case a.owner != AccountID || a.region != c.region:
		return a, notFound(text)
	}
	return a, nil
}

func notFound(arn string) error {
	return errNotFound.because("The resource '%s' cannot be found.", arn)
}

// newest returns the newest of what the ARN stands for.
func (s *service) newest(a arn) (found component, err error) {
	ok := false
	err = s.store.View(func(tx *store.Tx) error {
		return scan(tx, a.namePrefix(), func(at arn, c component) bool {
			if a.version.covers(at.version) && (a.build == 0 || a.build == at.build) {
				found, ok = c, true
			}
			return true
		})
	})
	if err == nil && !ok {
		err = notFound(a.String())
	}
	return found, err
}

// scan calls fn for the components below prefix, by name, version and build,
// until it returns false.
func scan(tx *store.Tx, prefix string, fn func(arn, component) bool) (err error) {
	tx.Scan(bucketComponents, prefix, "", func(_ string, value []byte) bool {
		var c component
		if err = json.Unmarshal(value, &c); err != nil {
			return false
		}
		a, _ := parseARN(c.ARN)
		return fn(a, c)
	})
	return err
}

// listRequest is the body of the two lists.
type listRequest struct {
	Owner      string   `json:"owner"`
	Filters    []filter `json:"filters"`
	ByName     bool     `json:"byName"`
	VersionARN string   `json:"componentVersionArn"`
	MaxResults *int     `json:"maxResults"`
	NextToken  string   `json:"nextToken"`
}

type filter struct {
	Name   string   `json:"name"`
	Values []string `json:"values"`
}

// owners are the values of owner; of those that are not Self there is nothing here.
var owners = []string{"Self", "Shared", "Amazon", "ThirdParty", "AWSMarketplace"}

// filters are the names of filters, and what each looks at.
// Source: API_ListComponents, filters.
var filters = map[string]func(component) []string{
	"description":        func(c component) []string { return []string{c.Description} },
	"name":               func(c component) []string { return []string{c.Name} },
	"platform":           func(c component) []string { return []string{c.Platform} },
	"supportedOsVersion": func(c component) []string { return c.OSVersions },
	"type":               func(c component) []string { return []string{c.Type} },
	"version":            func(c component) []string { return []string{c.Version} },
}

// maxFilters and maxFilterValues bound a list's filters.
// Source: API_ListComponents, filters; API_Filter, values.
const maxFilters, maxFilterValues = 10, 10

func parseList(body []byte) (r listRequest, err error) {
	if len(body) > 0 && json.Unmarshal(body, &r) != nil {
		return r, errInvalid.because("The body is not a request of this list.")
	}
	switch {
	case r.MaxResults != nil && (*r.MaxResults < 1 || *r.MaxResults > maxResults):
		return r, invalid("maxResults", "want 1 to 25")
	case r.Owner != "" && !slices.Contains(owners, r.Owner):
		return r, invalid("owner", "want "+strings.Join(owners, ", "))
	case len(r.Filters) > maxFilters:
		return r, invalid("filters", "want at most 10")
	}
	for _, f := range r.Filters {
		if filters[f.Name] == nil || len(f.Values) < 1 || len(f.Values) > maxFilterValues {
			return r, invalid("filters", "an unknown name, or not 1 to 10 values")
		}
	}
	return r, nil
}

func (r listRequest) matches(c component) bool {
	for _, f := range r.Filters {
		has := filters[f.Name](c)
		if !slices.ContainsFunc(f.Values, func(v string) bool { return slices.Contains(has, v) }) {
			return false
		}
	}
	return true
}

// listComponents follows the page API_ListComponents: one entry a version, or a
// name. It leaves out IAM; of owners other than Self there is nothing to list.
func (s *service) listComponents(c *call) (any, error) {
	r, err := parseList(c.body)
	if err != nil {
		return nil, err
	}
	var list []described
	if r.Owner == "" || r.Owner == owners[0] {
		err = s.store.View(func(tx *store.Tx) error {
			return scan(tx, store.Key(c.region, ""), func(_ arn, found component) bool {
				if r.matches(found) {
					list = extend(list, r.entry(found))
				}
				return true
			})
		})
	}
	if err != nil {
		return nil, err
	}
	return page(c, r, "componentVersionList", list)
}

func (r listRequest) entry(c component) described {
	if r.ByName {
		return c.named()
	}
	return c.versioned()
}

// extend adds an entry, in place of the last where that has the same ARN.
func extend(list []described, d described) []described {
	if n := len(list); n > 0 && list[n-1].ARN == d.ARN {
		list[n-1] = d
		return list
	}
	return append(list, d)
}

// listBuildVersions follows the page API_ListComponentBuildVersions. It leaves
// out IAM; of what others own there is nothing to list.
func (s *service) listBuildVersions(c *call) (any, error) {
	r, err := parseList(c.body)
	if err != nil {
		return nil, err
	}
	a, ok := parseARN(r.VersionARN)
	if !ok || a.build > 0 {
		return nil, invalid("componentVersionArn", "it is not the ARN of a component version")
	}
	var list []described
	if a.owner == AccountID && a.region == c.region {
		err = s.store.View(func(tx *store.Tx) error {
			return scan(tx, a.namePrefix(), func(at arn, found component) bool {
				if a.version.covers(at.version) {
					list = append(list, found.summary())
				}
				return true
			})
		})
	}
	if err != nil {
		return nil, err
	}
	return page(c, r, "componentSummaryList", list)
}

// page answers one page. A token is good for the list that it came from only.
func page(c *call, r listRequest, member string, list []described) (any, error) {
	from, size := 0, maxResults
	if r.MaxResults != nil {
		size = *r.MaxResults
	}
	if r.NextToken != "" {
		text, err := base64.RawURLEncoding.DecodeString(r.NextToken)
		name, number, _ := strings.Cut(string(text), " ")
		n, err2 := strconv.Atoi(number)
		if err != nil || err2 != nil || name != member || n < 1 {
			return nil, errToken
		}
		from = min(n, len(list))
	}
	answer := map[string]any{"requestId": c.id, member: append([]described{}, list[from:min(from+size, len(list))]...)}
	if from+size < len(list) {
		answer["nextToken"] = base64.RawURLEncoding.EncodeToString([]byte(member + " " + strconv.Itoa(from+size)))
	}
	return answer, nil
}

// deleteComponent follows the page API_DeleteComponent: one build version. It
// leaves out IAM, and ResourceDependencyException: there are no recipes here
// that could use a component.
func (s *service) deleteComponent(c *call) (any, error) {
	text := c.URL.Query().Get("componentBuildVersionArn")
	a, err := s.ownARN(c, "componentBuildVersionArn", text)
	if err != nil {
		return nil, err
	}
	if a.build == 0 {
		return nil, invalid("componentBuildVersionArn", "it names no build version")
	}
	err = s.store.Update(func(tx *store.Tx) error {
		if tx.Get(bucketComponents, a.key()) == nil {
			return notFound(text)
		}
		if err := s.count(tx, a.region, -1); err != nil {
			return err
		}
		return tx.Delete(bucketComponents, a.key())
	})
	if err != nil {
		return nil, err
	}
	return map[string]any{"requestId": c.id, "componentBuildVersionArn": text}, nil
}

package ec2

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"time"

	"imagedrop/shared/local/store"
)

// The buckets.
const (
	bucketComponents = "ec2.components" // region, name, version, build: component
	bucketTokens     = "ec2.tokens"     // region, clientToken: answered
	bucketCounts     = "ec2.counts"     // region: how many build versions there are
	bucketObjects    = "ec2.objects"    // bucket, key: an object of s3://
)

// component is one build version as it is kept.
type component struct {
	ARN               string
	Name              string // as given
	Version           string // as given
	Platform, Type    string
	Data              string
	Description       string
	ChangeDescription string
	KMSKeyID          string
	OSVersions        []string
	Tags              map[string]string
	Created           time.Time
}

// answered is what a clientToken was answered with.
type answered struct {
	ARN     string
	Digest  string // of the request
	Expires time.Time
}

// createAnswer is the answer of CreateComponent.
type createAnswer struct {
	RequestID  string           `json:"requestId"`
	Token      string           `json:"clientToken"`
	ARN        string           `json:"componentBuildVersionArn"`
	References latestReferences `json:"latestVersionReferences"`
}

// latestReferences name the newest version with more and more of it left open.
type latestReferences struct {
	Version string `json:"latestVersionArn"`
	Major   string `json:"latestMajorVersionArn"`
	Minor   string `json:"latestMinorVersionArn"`
	Patch   string `json:"latestPatchVersionArn"`
}

func referencesOf(a arn) latestReferences {
	v := a.version
	return latestReferences{Version: a.at(v.from(0)), Major: a.at(v.from(1)), Minor: a.at(v.from(2)), Patch: a.at(v)}
}

// createComponent follows the page API_CreateComponent (2019-12-02). Whether a
// dry run looks at identical content is not documented: here it does not. It
// leaves out IAM, encryption (kmsKeyId is kept, and no key is looked for), and
// objects in buckets of others: uri names one of this endpoint.
func (s *service) createComponent(c *call) (any, error) {
	r, err := s.parseCreate(c.body)
	if err != nil {
		return nil, err
	}
	v, err := parseVersion(*r.SemanticVersion)
	if err != nil {
		return nil, err
	}
	made := arn{region: c.region, owner: AccountID, name: normal(*r.Name), version: v}
	answer := createAnswer{RequestID: c.id, Token: *r.ClientToken}
	err = s.store.Update(func(tx *store.Tx) error {
		replayed, err := s.replay(tx, c.region, r)
		if err != nil || replayed != "" {
			answer.ARN = replayed
			return err
		}
		answer.ARN, err = s.create(tx, made, r)
		return err
	})
	if err != nil {
		return nil, err
	}
	created, _ := parseARN(answer.ARN)
	answer.References = referencesOf(created)
	return answer, nil
}

// replay returns what the token was answered with, "" where it is new.
func (s *service) replay(tx *store.Tx, region string, r createRequest) (string, error) {
	var a answered
	found, err := tx.GetJSON(bucketTokens, tokenKey(region, *r.ClientToken), &a)
	switch {
	case err != nil || !found || !s.account.Clock.Now().Before(a.Expires):
		return "", err
	case a.Digest != r.digest():
		return "", errMismatch
	}
	return a.ARN, nil
}

// tokenKey has a token's hash: a token may hold any character.
func tokenKey(region, token string) string {
	sum := sha256.Sum256([]byte(token))
	return store.Key(region, hex.EncodeToString(sum[:]))
}

// digest is over everything that a repeat must repeat. Maps are encoded in the
// order of their keys.
func (r createRequest) digest() string {
	text, _ := json.Marshal(r) // strings and lists of strings only: it cannot fail
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// create makes the next build version and keeps the answer under the token.
func (s *service) create(tx *store.Tx, a arn, r createRequest) (string, error) {
	data, err := s.data(tx, r)
	if err != nil {
		return "", err
	}
	doc, err := readDocument(data)
	if err != nil {
		return "", err
	}
	if r.DryRun {
		return "", errDryRun
	}
	if latest, found, err := last(tx, a.versionPrefix()); err != nil {
		return "", err
	} else if found {
		if latest.Data == data {
			return "", errExists.because("The following resource '%s' already exists.", latest.ARN)
		}
		previous, _ := parseARN(latest.ARN)
		a.build = previous.build
	}
	a.build++
	if err := s.count(tx, a.region, +1); err != nil {
		return "", err
	}
	made := component{
		ARN: a.String(), Name: *r.Name, Version: a.version.String(), Platform: *r.Platform, Type: doc.componentType(), Data: data,
		Description: text(r.Description), ChangeDescription: text(r.ChangeDescription), KMSKeyID: text(r.KMSKeyID),
		OSVersions: r.SupportedOSVersions, Tags: r.Tags, Created: s.account.Clock.Now(),
	}
	kept := answered{ARN: made.ARN, Digest: r.digest(), Expires: made.Created.Add(s.opt.TokenLifetime)}
	return made.ARN, errors.Join(
		tx.PutJSON(bucketComponents, a.key(), made),
		tx.PutJSON(bucketTokens, tokenKey(a.region, *r.ClientToken), kept))
}

// count keeps the number of build versions within the quota.
func (s *service) count(tx *store.Tx, region string, change int) error {
	var n int
	if _, err := tx.GetJSON(bucketCounts, region, &n); err != nil {
		return err
	}
	if n += change; n > s.opt.Quota {
		return errQuota
	}
	return tx.PutJSON(bucketCounts, region, n)
}

// data is the document: inline, or the object that uri names.
func (s *service) data(tx *store.Tx, r createRequest) (string, error) {
	if r.Data != nil {
		return *r.Data, nil
	}
	m := uriForm.FindStringSubmatch(*r.URI)
	object := tx.Get(bucketObjects, store.Key(m[1], m[2]))
	switch {
	case object == nil:
		return "", invalid("uri", "the object does not exist, or may not be read")
	case len(object) > s.opt.MaxDocument:
		return "", invalid("uri", "the document is larger than the quota")
	}
	return string(object), nil
}

// last returns the component with the last key below prefix: the newest build.
func last(tx *store.Tx, prefix string) (found component, ok bool, err error) {
	var raw []byte
	tx.Scan(bucketComponents, prefix, "", func(_ string, value []byte) bool {
		raw = append(raw[:0], value...)
		return true
	})
	if raw == nil {
		return found, false, nil
	}
	return found, true, json.Unmarshal(raw, &found)
}

func text(s *string) string {
	if s == nil {
		return ""
	}
	return *s
}

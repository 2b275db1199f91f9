package ec2

import (
	"encoding/json"
	"regexp"
	"slices"
	"strings"
	"unicode/utf8"
)

// createRequest is the body of CreateComponent. A nil member was not sent.
type createRequest struct {
	Name                *string           `json:"name"`
	SemanticVersion     *string           `json:"semanticVersion"`
	Platform            *string           `json:"platform"`
	ClientToken         *string           `json:"clientToken"`
	Data                *string           `json:"data"`
	URI                 *string           `json:"uri"`
	Description         *string           `json:"description"`
	ChangeDescription   *string           `json:"changeDescription"`
	KMSKeyID            *string           `json:"kmsKeyId"`
	SupportedOSVersions []string          `json:"supportedOsVersions"`
	Tags                map[string]string `json:"tags"`
	DryRun              bool              `json:"dryRun"`
}

// Source of the numbers: API_CreateComponent, the member of the name.
const (
	maxText       = 1024
	maxData       = 16_000
	maxOSVersions = 25
	maxTags       = 50
	maxTagKey     = 128
	maxTagValue   = 256
)

var (
	nameForm  = regexp.MustCompile(`^[-_A-Za-z-0-9][-_A-Za-z0-9 ]{1,126}[-_A-Za-z-0-9]$`)
	uriForm   = regexp.MustCompile(`^s3://([a-z0-9][a-z0-9.-]{1,61}[a-z0-9])/(.+)$`)
	platforms = []string{"Windows", "Linux", "macOS"}
	// What either text of the pages accepts.
	tagKeyForms = []*regexp.Regexp{
		regexp.MustCompile(`^[a-zA-Z+-=._:/]+$`), regexp.MustCompile(`^[a-zA-Z0-9\s_.:/=+\-@]*$`),
	}
)

func invalid(member, want string) error {
	return errInvalid.because("The value supplied for parameter '%s' is not valid: %s.", member, want)
}

// parseCreate reads the body: JSON, required members, then each constraint.
func (s *service) parseCreate(body []byte) (createRequest, error) {
	var r createRequest
	if err := json.Unmarshal(body, &r); err != nil {
		return r, errInvalid.because("The body is not a request of CreateComponent.")
	}
	for _, m := range []struct {
		name  string
		value *string
	}{{"name", r.Name}, {"semanticVersion", r.SemanticVersion}, {"platform", r.Platform}, {"clientToken", r.ClientToken}} {
		if m.value == nil {
			return r, errInvalid.because("The parameter '%s' is required.", m.name)
		}
	}
	if err := s.checkValues(&r); err != nil {
		return r, err
	}
	switch {
	case r.Data != nil && r.URI != nil:
		return r, errCombination.because("You can specify either 'data' or 'uri', but not both.")
	case r.Data == nil && r.URI == nil:
		return r, errInvalid.because("One of 'data' and 'uri' is required.")
	}
	return r, nil
}

func (s *service) checkValues(r *createRequest) error {
	switch {
	case !nameForm.MatchString(*r.Name):
		return invalid("name", "it does not match "+nameForm.String())
	case !slices.Contains(platforms, *r.Platform):
		return invalid("platform", "want "+strings.Join(platforms, ", "))
	case !within(*r.ClientToken, s.opt.TokenLength):
		return invalid("clientToken", "too long, or empty")
	case r.Data != nil && (!within(*r.Data, maxData) || strings.ContainsRune(*r.Data, 0)):
		return invalid("data", "want 1 to 16000 characters without NUL")
	case r.URI != nil && !uriForm.MatchString(*r.URI):
		return invalid("uri", "want s3://bucket/key")
	case r.SupportedOSVersions != nil && (len(r.SupportedOSVersions) < 1 || len(r.SupportedOSVersions) > maxOSVersions):
		return invalid("supportedOsVersions", "want 1 to 25 items")
	case slices.Contains(r.SupportedOSVersions, ""):
		return invalid("supportedOsVersions", "an item is empty")
	}
	for name, value := range map[string]*string{
		"description": r.Description, "changeDescription": r.ChangeDescription, "kmsKeyId": r.KMSKeyID,
	} {
		if value != nil && !within(*value, maxText) {
			return invalid(name, "want 1 to 1024 characters")
		}
	}
	if problem := tagProblem(r.Tags); problem != "" {
		return invalid("tags", problem)
	}
	return nil
}

// within reports whether text has 1 to limit characters.
func within(text string, limit int) bool {
	return text != "" && utf8.RuneCountInString(text) <= limit
}

// tagProblem says what is wrong with tags, "" where nothing is.
func tagProblem(tags map[string]string) string {
	if len(tags) > maxTags {
		return "more than 50 tags"
	}
	for key, value := range tags {
		switch {
		case !within(key, maxTagKey) || strings.HasPrefix(key, "aws:") ||
			!slices.ContainsFunc(tagKeyForms, func(form *regexp.Regexp) bool { return form.MatchString(key) }):
			return "a key must have 1 to 128 of the characters allowed, and not begin with aws:"
		case utf8.RuneCountInString(value) > maxTagValue:
			return "a value has more than 256 characters"
		}
	}
	return ""
}

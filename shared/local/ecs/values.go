package ecs

import (
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// valueRule is what one parameter must be where it is given.
type valueRule struct {
	parameter string
	code      string
	allowed   string // as the message says it
	ok        func(value string) bool
}

// checkValues refuses the first given value that breaks its rule.
func checkValues(p params, rules []valueRule) error {
	for _, r := range rules {
		if value := p[r.parameter]; value != "" && !r.ok(value) {
			return refuse(r.code, r.detail())
		}
	}
	return nil
}

// detail is what the message of the code has room for: the values of an
// enumeration, a sentence otherwise.
func (r valueRule) detail() string {
	if rowOf(r.code).message == enum(r.parameter) {
		return r.allowed
	}
	return r.parameter + " must be " + r.allowed + "."
}

// The alphabets. Source: ECS API 2014-05-26, CreateImagePipeline, parameters
// Name, ImageName, ImageFamily: letters and Chinese characters first, then also
// digits and punctuation; a family has no dot. AddAccount: Long.
var (
	nameForm    = regexp.MustCompile(`^[A-Za-z一-鿿][A-Za-z0-9一-鿿:_.-]*$`)
	familyForm  = regexp.MustCompile(`^[A-Za-z一-鿿][A-Za-z0-9一-鿿:_-]*$`)
	accountForm = regexp.MustCompile(`^[1-9][0-9]{0,17}$`)
	bucketForm  = regexp.MustCompile(`^[a-z0-9][a-z0-9-]{1,61}[a-z0-9]$`)
)

// isText reports whether an answer can give s back as it came.
func isText(s string) bool { return utf8.ValidString(s) && strings.IndexByte(s, 0) < 0 }

// within reports whether s is text of so many characters (code points).
func within(s string, least, most int) bool {
	n := utf8.RuneCountInString(s)
	return least <= n && n <= most && isText(s)
}

func isWebAddress(s string) bool {
	return strings.HasPrefix(s, "http://") || strings.HasPrefix(s, "https://")
}

func hasWebAddress(s string) bool {
	return strings.Contains(s, "http://") || strings.Contains(s, "https://")
}

// Source of the lengths: the pages of CreateImageComponent and CreateImagePipeline.
func isName(s string) bool { return within(s, 2, 128) && nameForm.MatchString(s) }

func isImageName(s string) bool { return within(s, 2, 64) && nameForm.MatchString(s) }

func isImageFamily(s string) bool {
	return within(s, 2, 128) && familyForm.MatchString(s) && !strings.HasPrefix(s, "acs:") && !strings.HasPrefix(s, "aliyun")
}

func isDescription(s string) bool { return within(s, 2, 256) && !isWebAddress(s) }

func isVersion(s string) bool {
	_, ok := parseVersion(s)
	return ok
}

func isBoolean(s string) bool { return strings.EqualFold(s, "true") || strings.EqualFold(s, "false") }

func isBucket(s string) bool { return bucketForm.MatchString(s) }

// isObject follows the naming rule of OSS objects: 1 to 1,023 bytes, no slash or backslash first.
func isObject(s string) bool {
	return len(s) <= 1023 && isText(s) && s[0] != '/' && s[0] != '\\'
}

func oneOf(values ...string) func(string) bool {
	return func(s string) bool { return slices.Contains(values, s) }
}

// listOf accepts values joined by commas.
func listOf(values ...string) func(string) bool {
	return func(s string) bool {
		return !slices.ContainsFunc(commaList(s), func(value string) bool { return !slices.Contains(values, value) })
	}
}

func between(least, most int) func(string) bool {
	return func(s string) bool {
		n, err := strconv.Atoi(s)
		return err == nil && least <= n && n <= most && strconv.Itoa(n) == s
	}
}

// enumRule is a rule whose code is an enumeration's.
func enumRule(parameter, code string, values ...string) valueRule {
	return valueRule{parameter, code, strings.Join(values, ", "), oneOf(values...)}
}

func rangeRule(parameter, code string, least, most int) valueRule {
	return valueRule{parameter, code, fmt.Sprintf("a number from %d to %d", least, most), between(least, most)}
}

func booleanRule(parameter string) valueRule {
	last := parameter[strings.LastIndex(parameter, ".")+1:]
	return valueRule{parameter, "InvalidParameter." + last, "true or false", isBoolean}
}

// commonRules are those of both creates.
var commonRules = []valueRule{
	{"Name", "InvalidName.Malformed", "2 to 128 letters, digits, colons, underscores, periods and hyphens, a letter first", isName},
	{"Description", "InvalidDescription.Malformed", "2 to 256 characters without http:// or https:// first", isDescription},
}

// checkTags holds the tags of the creates and of a start, and those of the
// image, to the rules that the documents give for templates.
func checkTags(tags []tag, parameter string) error {
	if len(tags) > maxEntries {
		return refuse("InvalidParameter.Tag", parameter+" has more than 20 entries.")
	}
	seen := map[string]bool{}
	for _, t := range tags {
		switch {
		case !isTagKey(t.Key):
			return refuse("InvalidTagKey.Malformed", parameter+": a key is empty, too long, or has a reserved part.")
		case !isTagValue(t.Value):
			return refuse("InvalidTagValue.Malformed", parameter+": a value is too long or has a reserved part.")
		case seen[t.Key]:
			return refuse("Duplicate.TagKey", parameter+": a key comes twice.")
		}
		seen[t.Key] = true
	}
	return nil
}

func isTagKey(s string) bool {
	return within(s, 1, 128) && !strings.HasPrefix(s, "acs:") && !strings.HasPrefix(s, "aliyun") && !hasWebAddress(s)
}

func isTagValue(s string) bool {
	return within(s, 0, 128) && !strings.HasPrefix(s, "acs:") && !hasWebAddress(s)
}

// checkRegion refuses a RegionId that is no region; every operation has one.
func (s *service) checkRegion(p params) error {
	if !s.account.Catalogue.Region(p["RegionId"]) {
		return refuse("InvalidRegionId.NotFound", "RegionId is not a region.")
	}
	return nil
}

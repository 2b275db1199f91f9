package template

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"
)

// checkKeys holds values against their row of the table, each for itself.
// What depends on other keys or on the content is judged by the rules.
func checkKeys(r *report, keys []given) {
	for i := range keys {
		g := &keys[i]
		if n := g.sent(keys); g.key.Items > 0 && n > g.key.Items {
			r.add(g.key.ItemsRule, g.keyAt, g.key.ItemsCode,
				fmt.Sprintf("%s has %d entries; at most %d are allowed", g.key.Path, n, g.key.Items), "delete some")
		}
		switch {
		case g.key.unchecked():
			r.add(g.key.Rule, g.keyAt, "", g.key.Path+" is "+g.key.Doc, "delete it, unless the service told you to use it")
		case g.key.Path == awsComponents:
			checkAWSComponents(r, g)
		case g.key.Type == Tags:
			checkTags(r, g)
		case g.key.Type == Objects:
		default:
			for _, v := range g.values {
				checkValue(r, g.key, v)
			}
		}
	}
}

func checkValue(r *report, key *Key, v scalar) {
	if key.Rule == "" {
		return
	}
	if v.text == "" && key.Parameter != "" {
		if !key.Required {
			r.add(key.Rule, v.at, "", key.Path+" is empty", "give a value or delete the key")
		}
		return
	}
	if problem := key.problem(v.text); problem != "" {
		rule, help := key.Rule, key.help()
		if key.Path == "componentVersion" && strings.Contains(v.text, "*") {
			rule, help = "IB0210", "write 1.4.* for the next patch of 1.4, 1.*.* for the next minor version of 1, or no version for the next major one"
		}
		r.add(rule, v.at, key.Code, key.Path+" "+problem, help).offerNear(v.at, v.text, key.Enum)
		return
	}
	if key.Parameter != "" && (key.Pattern == namePattern || key.Pattern == familyPattern) && !isASCII(v.text) {
		r.warn(key.Rule, v.at, key.Path+" has characters outside ASCII, which older editions of the service refuse",
			"use letters A to Z")
	}
}

// problem says what is wrong with a value, "" for nothing.
func (k *Key) problem(text string) string {
	switch {
	case k.Enum != nil:
		if !slices.Contains(k.Enum, text) {
			return "has none of the allowed values"
		}
	case k.Type == Integer:
		n, err := strconv.Atoi(text)
		switch {
		case err != nil || strconv.Itoa(n) != text:
			return "is not in plain digits, or far out of range"
		case n < k.Min || n > k.Max:
			return "is " + text
		}
	case k.Max > 0 && !k.fits(text):
		return "is " + plural(k.length(text), k.unit()) + " long"
	case k.Pattern != "" && !matches(k.Pattern, text), k.Not != "" && matches(k.Not, text):
		return "is malformed"
	}
	return ""
}

func (k *Key) fits(text string) bool {
	n := k.length(text)
	return n >= k.Min && n <= k.Max
}

// length counts code points, or bytes where the row says so.
func (k *Key) length(text string) int {
	if k.Bytes {
		return len(text)
	}
	return utf8.RuneCountInString(text)
}

func (k *Key) unit() string {
	if k.Bytes {
		return "byte"
	}
	return "character"
}

// help says which values the row allows.
func (k *Key) help() string {
	var parts []string
	switch {
	case k.Enum != nil:
		parts = append(parts, "one of: "+join(k.Enum))
	case k.Type == Integer:
		parts = append(parts, fmt.Sprintf("%d to %d", k.Min, k.Max))
	case k.Max > 0:
		parts = append(parts, fmt.Sprintf("%d to %s", k.Min, plural(k.Max, k.unit())))
	}
	if k.Form != "" {
		parts = append(parts, k.Form)
	}
	return strings.Join(parts, "; ")
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// ownTagPrefix begins the tags that imagedrop sets itself.
const ownTagPrefix = "imagedrop:"

// tagForm is what tags of one target look like.
type tagForm struct {
	validKey, validValue          func(string) bool
	keyHelp, valueHelp            string
	keyCode, valueCode, twiceCode string
}

var (
	alibabaTags = tagForm{validTagKey, validTagValue,
		"1 to 128 characters, not acs: or aliyun first, no http:// or https:// inside",
		"0 to 128 characters, not acs: first, no http:// or https:// inside",
		"InvalidTagKey.Malformed", "InvalidTagValue.Malformed", "Duplicate.TagKey"}
	awsTags = tagForm{validAWSTagKey, validAWSTagValue,
		"1 to 128 of letters, digits and _ . : / = + -, not aws: first", "0 to 256 characters", "", "", ""}
)

// checkTags judges keys and values of tags.
func checkTags(r *report, g *given) {
	form, ours := alibabaTags, g.key.Path == "tags"
	if g.key.Rule == "IB0508" {
		form, ours = awsTags, true
	}
	seen := make(map[string]bool, len(g.values))
	for _, v := range g.values {
		switch {
		case v.tag == "" && v.text == "": // nothing is sent
			r.add(g.key.Rule, v.tagAt, "", "an empty tag", "delete it")
		case seen[v.tag] && v.tag != "":
			r.add(g.key.Rule, v.tagAt, form.twiceCode, "a tag key is given twice", "keep one of them")
		case strings.HasPrefix(v.tag, ownTagPrefix) && ours:
			r.add(g.key.Rule, v.tagAt, codeOfOwnTag(form, g, v.tag), "tag keys that begin with "+ownTagPrefix+" are set by imagedrop", "choose another key")
		case !form.validKey(v.tag):
			r.add(g.key.Rule, v.tagAt, form.keyCode, "malformed tag key", form.keyHelp)
		}
		seen[v.tag] = true
		if !form.validValue(v.text) {
			r.add(g.key.Rule, v.at, form.valueCode, "malformed tag value", form.valueHelp)
		}
	}
}

// codeOfOwnTag: where our tag of that key comes to the user's tags, it is there
// twice.
func codeOfOwnTag(form tagForm, g *given, key string) string {
	tags := len(g.values)
	if key == ownTagPrefix+"job" && tags < tagsWithoutBoth || key == ownTagPrefix+"digest" && tags < tagsWithoutDigest {
		return form.twiceCode
	}
	return ""
}

func validTagKey(s string) bool {
	return s != "" && utf8.RuneCountInString(s) <= maxTagLength && !strings.HasPrefix(s, "acs:") &&
		!strings.HasPrefix(s, "aliyun") && !hasWebAddress(s)
}

func validTagValue(s string) bool {
	return utf8.RuneCountInString(s) <= maxTagLength && !strings.HasPrefix(s, "acs:") && !hasWebAddress(s)
}

func validAWSTagKey(s string) bool {
	return len(s) <= maxAWSTagKey && matches(`^[A-Za-z0-9_.:/=+-]+$`, s) && !strings.HasPrefix(s, "aws:")
}

func validAWSTagValue(s string) bool { return utf8.RuneCountInString(s) <= maxAWSTagValue }

func hasWebAddress(s string) bool {
	return strings.Contains(s, "http://") || strings.Contains(s, "https://")
}

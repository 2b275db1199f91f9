package ec2

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"imagedrop/shared/local/store"
)

// maxNumber is the largest number of a version.
// Source: API_CreateComponent, semanticVersion: 2^30-1.
const maxNumber = 1<<30 - 1

// version is major, minor and patch; -1 stands for the wildcard x.
type version [3]int64

const wildcard = -1

var versionForm = regexp.MustCompile(`^[0-9]+\.[0-9]+\.[0-9]+$`)

// parseVersion reads a semanticVersion. Numbers may have leading zeros; they
// are compared as numbers.
func parseVersion(text string) (v version, err error) {
	if !versionForm.MatchString(text) {
		return v, errVersion.because("The value supplied for parameter 'semanticVersion' is not valid: want <major>.<minor>.<patch>.")
	}
	for i, part := range strings.Split(text, ".") {
		n, err := strconv.ParseInt(part, 10, 64)
		if err != nil || n > maxNumber {
			return v, errVersion.because(
				"The value supplied for parameter 'semanticVersion' is not valid: each number is at most %d.", maxNumber)
		}
		v[i] = n
	}
	return v, nil
}

// parsePattern reads a version that may have wildcards, contiguous from the right.
func parsePattern(text string) (v version, ok bool) {
	parts := strings.Split(text, ".")
	if len(parts) != len(v) {
		return v, false
	}
	wild := false
	for i, part := range parts {
		n, err := strconv.ParseInt(part, 10, 64)
		switch {
		case part == "x":
			wild, v[i] = true, wildcard
		case wild || err != nil || n < 0 || n > maxNumber:
			return v, false
		default:
			v[i] = n
		}
	}
	return v, true
}

func (v version) String() string {
	parts := make([]string, len(v))
	for i, n := range v {
		parts[i] = "x"
		if n != wildcard {
			parts[i] = strconv.FormatInt(n, 10)
		}
	}
	return strings.Join(parts, ".")
}

// from is v with wildcards from part n on.
func (v version) from(n int) version {
	for i := n; i < len(v); i++ {
		v[i] = wildcard
	}
	return v
}

// covers reports whether other is one of those that v stands for.
func (v version) covers(other version) bool {
	for i, n := range v {
		if n != wildcard && n != other[i] {
			return false
		}
	}
	return true
}

// arn is the name of a component, of a version, or of a build version of it.
type arn struct {
	region, owner, name string // name in its normal form
	version             version
	build               int64 // 0 where none is named
}

// arnForm follows the pattern of componentBuildVersionArn, with the partitions
// and owners of the newer pages, and the wildcards of a version.
var arnForm = regexp.MustCompile(
	`^arn:aws(?:-[a-z]+)*:imagebuilder:([^:]+):([0-9]{12}|aws(?:-[a-z-]+)?|third-party):component/([a-z0-9-_]+)/([0-9x]+\.[0-9x]+\.[0-9x]+)(?:/([0-9]+))?$`)

func parseARN(text string) (arn, bool) {
	m := arnForm.FindStringSubmatch(text)
	if m == nil {
		return arn{}, false
	}
	v, ok := parsePattern(m[4])
	a := arn{region: m[1], owner: m[2], name: m[3], version: v}
	if m[5] != "" {
		n, err := strconv.ParseInt(m[5], 10, 64)
		ok = ok && err == nil && n > 0 && v == v.from(len(v)) && !strings.Contains(m[4], "x")
		a.build = n
	}
	return a, ok
}

// String is the ARN. The partition follows from the region.
func (a arn) String() string {
	partition := "aws"
	switch {
	case strings.HasPrefix(a.region, "cn-"):
		partition = "aws-cn"
	case strings.HasPrefix(a.region, "us-gov-"):
		partition = "aws-us-gov"
	}
	text := fmt.Sprintf("arn:%s:imagebuilder:%s:%s:component/%s/%s", partition, a.region, a.owner, a.name, a.version)
	if a.build > 0 {
		text += "/" + strconv.FormatInt(a.build, 10)
	}
	return text
}

// at is the ARN of all versions that v stands for.
func (a arn) at(v version) string {
	a.version, a.build = v, 0
	return a.String()
}

// normal is the form in which names are compared: those that differ in case,
// blanks or underscores only are one name.
func normal(name string) string {
	return strings.NewReplacer(" ", "-", "_", "-").Replace(strings.ToLower(name))
}

// The keys of components sort by name, then version, then build, each as a number.
func (a arn) key() string {
	return a.versionPrefix() + fmt.Sprintf("%010d", a.build)
}

func (a arn) versionPrefix() string {
	return store.Key(a.region, a.name, fmt.Sprintf("%010d.%010d.%010d", a.version[0], a.version[1], a.version[2]), "")
}

func (a arn) namePrefix() string { return store.Key(a.region, a.name, "") }

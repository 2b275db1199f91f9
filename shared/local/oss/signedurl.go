package oss

import (
	"slices"
	"strconv"
	"strings"
	"time"

	"imagedrop/shared/local/account"
)

// The query parameters of a signed URL.
// Source: OSS API, "Include a V1 signature in a URL", "Include a V4 signature in a URL".
var (
	urlParamsV1 = []string{"OSSAccessKeyId", "Expires", "Signature", "security-token"}
	urlParamsV4 = []string{"x-oss-signature-version", "x-oss-credential", "x-oss-date", "x-oss-expires", "x-oss-additional-headers",
		"x-oss-signature", "x-oss-security-token"}
)

// maxURLAge is the longest that a V4 URL may be valid.
// Source: OSS API, "Include a V4 signature in a URL", x-oss-expires: 604,800 seconds.
const maxURLAge = 7 * 24 * time.Hour

// signsWith reports whether a query parameter belongs to the request's signature.
func (c *call) signsWith(param string) bool {
	switch {
	case c.Header.Get("Authorization") != "":
		return false
	case c.query.Has("x-oss-signature"):
		return slices.Contains(urlParamsV4, param)
	}
	return slices.Contains(urlParamsV1, param)
}

// claimOfURL returns the claim of a signed URL.
func (c *call) claimOfURL() (claim, error) {
	switch {
	case c.query.Get("x-oss-signature-version") == schemeV2:
		return claim{}, errVersion2
	case c.query.Has("x-oss-signature"):
		return c.claimOfURLV4()
	case c.query.Has("Signature") || c.query.Has("OSSAccessKeyId"):
		return c.claimOfURLV1()
	}
	return claim{}, errAccessDenied
}

func (c *call) claimOfURLV4() (claim, error) {
	accessKeyID, v, err := c.readV4(c.query.Get("x-oss-credential"), c.query.Get("x-oss-date"), c.query.Get("x-oss-additional-headers"))
	if err != nil {
		return claim{}, err
	}
	seconds, err := strconv.Atoi(c.query.Get("x-oss-expires"))
	age := time.Duration(seconds) * time.Second
	if err != nil || age <= 0 || age > maxURLAge || c.query.Get("x-oss-signature-version") != schemeV4 {
		return claim{}, errURLExpiry
	}
	v.query = withoutParam(v.query, "x-oss-signature")
	signed, _ := parseTime(v.time) // readV4 did
	return claim{accessKeyID, c.query.Get("x-oss-signature"), c.query.Get("x-oss-security-token"), func(now time.Time) error {
		if signed.After(now.Add(account.MaxSkew)) {
			return checkSkew(signed, now)
		}
		return checkExpiry(signed.Add(age), now)
	}, v.sign}, nil
}

func withoutParam(query, name string) string {
	pairs := slices.DeleteFunc(strings.Split(query, "&"), func(pair string) bool {
		param, _, _ := strings.Cut(pair, "=")
		return param == name
	})
	return strings.Join(pairs, "&")
}

// claimOfURLV1 reads a V1 URL, where Expires stands in the place of the date.
func (c *call) claimOfURLV1() (claim, error) {
	expires := c.query.Get("Expires")
	seconds, err := strconv.ParseInt(expires, 10, 64)
	switch {
	case expires == "":
		return claim{}, errURLExpiry.coded("0002-00000067")
	case err != nil:
		return claim{}, errURLExpiry.coded("")
	case c.query.Get("OSSAccessKeyId") == "" || c.query.Get("Signature") == "":
		return claim{}, errNotWellFormed
	}
	return claim{c.query.Get("OSSAccessKeyId"), c.query.Get("Signature"), c.query.Get("security-token"), func(now time.Time) error {
		return checkExpiry(time.Unix(seconds, 0), now)
	}, func(secret string) ([]string, []element) { return c.signV1(secret, expires) }}, nil
}

func checkExpiry(expires, now time.Time) error {
	if now.After(expires) {
		return errURLExpired.with("Expires", written(expires)).with("ServerTime", written(now))
	}
	return nil
}

package ec2

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"imagedrop/shared/local/account"
)

const (
	algorithm       = "AWS4-HMAC-SHA256"
	scopeEnd        = "aws4_request"
	timeForm        = "20060102T150405Z"
	dateForm        = "20060102"
	unsignedPayload = "UNSIGNED-PAYLOAD"
)

// defaultRegion is that of a request which is taken without a signature.
const defaultRegion = "us-east-1"

// regionID is the form of a region of any partition.
var regionID = regexp.MustCompile(`^[a-z]{2,}(-[a-z]+)+-[0-9]{1,2}$`)

// claim is what the Authorization header says of the sender.
type claim struct {
	accessKeyID, date, region, service string
	headers                            []string // signed, as given
	signature                          string
}

// authenticate checks who sent a request, when, and that nothing signed was
// changed on the way. Source: IAM user guide, Signature Version 4.
func (s *service) authenticate(c *call, service string) error {
	claim, err := readClaim(c.Header.Get("Authorization"))
	if s.opt.NoAuth {
		c.region = cmp.Or(claim.region, defaultRegion)
		return nil
	}
	if err != nil {
		return err
	}
	secret, err := s.secret(claim, c.Header.Get("X-Amz-Security-Token"))
	if err != nil {
		return err
	}
	sent, err := s.checkTime(c, claim)
	if err != nil {
		return err
	}
	if err := claim.check(c.Request, service); err != nil {
		return err
	}
	payload, err := c.payloadHash(service)
	if err != nil {
		return err
	}
	if !hmac.Equal([]byte(claim.signature), []byte(claim.sign(secret, sent, c.canonical(claim, service, payload)))) {
		return errSignature.because("The request signature we calculated does not match the signature you provided. " +
			"Check your AWS Secret Access Key and signing method. Consult the service documentation for details.")
	}
	c.region = claim.region
	return nil
}

// readClaim reads "AWS4-HMAC-SHA256 Credential=<id>/<date>/<region>/<service>/aws4_request,
// SignedHeaders=a;b, Signature=<hex>".
func readClaim(header string) (claim, error) {
	scheme, rest, _ := strings.Cut(header, " ")
	if header == "" {
		return claim{}, errNoSignature
	}
	params := map[string]string{}
	for part := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		params[name] = value
	}
	scope := strings.Split(params["Credential"], "/")
	if scheme != algorithm || len(scope) != 5 || scope[4] != scopeEnd || params["SignedHeaders"] == "" || params["Signature"] == "" {
		return claim{}, errIncomplete.because(
			"Authorization header requires 'Credential', 'SignedHeaders' and 'Signature' parameters of %s.", algorithm)
	}
	return claim{
		accessKeyID: scope[0], date: scope[1], region: scope[2], service: scope[3],
		headers: strings.Split(params["SignedHeaders"], ";"), signature: params["Signature"],
	}, nil
}

// secret returns the secret of the key, with its session token checked.
func (s *service) secret(c claim, token string) (string, error) {
	key, ok := s.account.Keys.Lookup(c.accessKeyID)
	switch {
	case !ok || !hmac.Equal([]byte(key.Token), []byte(token)):
		return "", errUnknownClient
	case !key.Expires.IsZero() && !s.account.Clock.Now().Before(key.Expires):
		return "", errExpiredToken
	}
	return key.Secret, nil
}

func (s *service) checkTime(c *call, claim claim) (time.Time, error) {
	sent, err := time.Parse(timeForm, c.Header.Get("X-Amz-Date"))
	if err != nil {
		return sent, errIncomplete.because("X-Amz-Date must be of the form %s.", timeForm)
	}
	now := s.account.Now(c.Context())
	switch skew := now.Sub(sent); {
	case skew > account.MaxSkew:
		return sent, errSignature.because("Signature expired: %s is now earlier than %s", sent.Format(timeForm),
			now.Add(-account.MaxSkew).Format(timeForm))
	case -skew > account.MaxSkew:
		return sent, errSignature.because("Signature not yet current: %s is still later than %s", sent.Format(timeForm),
			now.Add(account.MaxSkew).Format(timeForm))
	}
	if sent.Format(dateForm) != claim.date {
		return sent, errSignature.because(
			"Date in Credential scope does not match YYYYMMDD from ISO-8601 version of date from HTTP: '%s' != '%s'.",
			claim.date, sent.Format(dateForm))
	}
	return sent, nil
}

// check checks the scope and that what must be signed is.
func (c claim) check(r *http.Request, service string) error {
	switch {
	case c.service != service:
		return errSignature.because("Credential should be scoped to correct service: '%s'.", service)
	case !regionID.MatchString(c.region):
		return errSignature.because("Credential should be scoped to a valid region.")
	case !slices.Contains(c.headers, "host"):
		return errSignature.because("'host' must be a 'SignedHeader' in the AWS Authorization.")
	}
	for name := range r.Header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-amz-") && !slices.Contains(c.headers, lower) {
			return errSignature.because("'%s' must be a 'SignedHeader' in the AWS Authorization.", lower)
		}
	}
	return nil
}

// payloadHash is the hash that the signature covers, held against the body.
func (c *call) payloadHash(service string) (string, error) {
	sum := sha256.Sum256(c.body)
	hash := hex.EncodeToString(sum[:])
	switch sent := c.Header.Get("X-Amz-Content-Sha256"); sent {
	case "", hash:
		return hash, nil
	case unsignedPayload:
		if service == "s3" {
			return sent, nil
		}
	}
	return "", errSignature.because("The value of x-amz-content-sha256 is not the hash of the body.")
}

// canonical is the canonical request.
func (c *call) canonical(claim claim, service, payload string) string {
	var headers strings.Builder
	for _, name := range claim.headers {
		fmt.Fprintf(&headers, "%s:%s\n", name, c.header(name))
	}
	path := rawPath(c.Request)
	if service != "s3" { // everywhere else a path is encoded twice
		path = encode(path, true)
	}
	return strings.Join([]string{
		c.Method, path, canonicalQuery(c.URL.Query()), headers.String(), strings.Join(claim.headers, ";"), payload,
	}, "\n")
}

// header is the value of a signed header. net/http keeps two of them apart.
func (c *call) header(name string) string {
	switch name {
	case "host":
		return c.Host
	case "content-length":
		return strconv.FormatInt(c.ContentLength, 10)
	}
	values := slices.Clone(c.Header.Values(name))
	for i, v := range values {
		values[i] = strings.Join(strings.Fields(v), " ")
	}
	return strings.Join(values, ",")
}

func canonicalQuery(query url.Values) string {
	var pairs []string
	for _, name := range slices.SortedFunc(maps.Keys(query), func(a, b string) int {
		return strings.Compare(encode(a, false), encode(b, false))
	}) {
		var values []string
		for _, v := range query[name] {
			values = append(values, encode(name, false)+"="+encode(v, false))
		}
		slices.Sort(values)
		pairs = append(pairs, values...)
	}
	return strings.Join(pairs, "&")
}

// encode percent-encodes all but the unreserved characters of RFC 3986.
func encode(s string, keepSlash bool) string {
	var b strings.Builder
	for _, c := range []byte(s) {
		switch {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '0' && c <= '9', strings.IndexByte("-._~", c) >= 0, c == '/' && keepSlash:
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// sign computes the signature.
func (c claim) sign(secret string, sent time.Time, canonical string) string {
	hash := sha256.Sum256([]byte(canonical))
	scope := strings.Join([]string{c.date, c.region, c.service, scopeEnd}, "/")
	text := strings.Join([]string{algorithm, sent.Format(timeForm), scope, hex.EncodeToString(hash[:])}, "\n")
	key := []byte("AWS4" + secret)
	for _, part := range []string{c.date, c.region, c.service, scopeEnd, text} {
		mac := hmac.New(sha256.New, key)
		mac.Write([]byte(part))
		key = mac.Sum(nil)
	}
	return hex.EncodeToString(key)
}

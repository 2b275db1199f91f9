package oss

import (
	"cmp"
	"crypto/hmac"
	"crypto/sha1"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"fmt"
	"maps"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"imagedrop/shared/local/account"
)

const (
	schemeV4        = "OSS4-HMAC-SHA256"
	schemeV2        = "OSS2"
	schemeV1        = "OSS"
	scopeEnd        = "aliyun_v4_request"
	product         = "oss"
	unsignedPayload = "UNSIGNED-PAYLOAD"
	basicISO8601    = "20060102T150405Z"
)

// claim is what a request says about its sender.
type claim struct {
	accessKeyID string
	signature   string
	token       string
	// fresh says whether a request that arrives now still counts.
	fresh func(now time.Time) error
	// sign computes the signatures that the owner of secret may send, and the
	// documents that they are computed over, for the error document.
	sign func(secret string) (signatures []string, details []element)
}

// authenticate checks who sent a request, when, and that nothing signed was
// changed on the way.
func (s *Service) authenticate(c *call) error {
	if s.opt.NoAuth {
		return nil
	}
	claim, err := s.claim(c)
	if err != nil {
		return err
	}
	key, err := s.key(claim.accessKeyID, claim.token)
	if err != nil {
		return err
	}
	if err := claim.fresh(s.acct.Now(c.Context())); err != nil {
		return err
	}
	wanted, details := claim.sign(key.Secret)
	for _, want := range wanted {
		if hmac.Equal([]byte(want), []byte(claim.signature)) {
			return nil
		}
	}
	mismatch := errSignatureMismatch.with("OSSAccessKeyId", claim.accessKeyID).with("SignatureProvided", claim.signature)
	mismatch.details = append(mismatch.details, details...)
	return mismatch
}

// key returns the access key of a request, with its security token checked.
func (s *Service) key(accessKeyID, token string) (account.Key, error) {
	key, ok := s.acct.Keys.Lookup(accessKeyID)
	switch {
	case !ok:
		return key, errUnknownKey.with("OSSAccessKeyId", accessKeyID)
	case key.Token == "" && token != "":
		return key, errNotTemporary.with("OSSAccessKeyId", accessKeyID)
	case key.Token != "" && token == "":
		return key, errTokenMissing.with("OSSAccessKeyId", accessKeyID)
	case !hmac.Equal([]byte(key.Token), []byte(token)):
		return key, errTokenInvalid
	case !key.Expires.IsZero() && !s.acct.Clock.Now().Before(key.Expires):
		return key, errTokenExpired
	}
	return key, nil
}

func (s *Service) claim(c *call) (claim, error) {
	if c.isForm() {
		return s.claimOfForm(c)
	}
	scheme, rest, _ := strings.Cut(c.Header.Get("Authorization"), " ")
	switch {
	case scheme == schemeV4:
		return c.claimV4(rest)
	case scheme == schemeV1:
		return c.claimV1(rest)
	case scheme == schemeV2:
		return claim{}, errVersion2
	case scheme != "":
		return claim{}, errInvalidArgument.because("The scheme in the Authorization header is not valid.")
	}
	return c.claimOfURL()
}

// signedTime is the text of the request's time that goes into the signature:
// clients that cannot set Date send x-oss-date, and some send both.
func (c *call) signedTime() string {
	if text := c.Header.Get("x-oss-date"); text != "" {
		return text
	}
	return c.Header.Get("Date")
}

// claimed is a claim of now: the request's own time may be a little off.
func (c *call) claimed(accessKeyID, signature string, sign func(string) ([]string, []element)) (claim, error) {
	sent, err := parseTime(c.signedTime())
	return claim{accessKeyID, signature, c.Header.Get("x-oss-security-token"), func(now time.Time) error {
		return checkSkew(sent, now)
	}, sign}, err
}

func checkSkew(sent, now time.Time) error {
	if now.Sub(sent).Abs() > account.MaxSkew {
		return errRequestTimeTooFar.with("RequestTime", written(sent)).with("ServerTime", written(now))
	}
	return nil
}

func parseTime(text string) (time.Time, error) {
	if t, err := time.Parse(basicISO8601, text); err == nil {
		return t, nil
	}
	t, err := http.ParseTime(text)
	if err != nil {
		return t, errNoDate
	}
	return t.UTC(), nil
}

// claimV4 reads the parameters of an OSS4-HMAC-SHA256 Authorization header:
// Credential=<AK>/<date>/<region>/oss/aliyun_v4_request[,AdditionalHeaders=a;b],Signature=<hex>
func (c *call) claimV4(text string) (claim, error) {
	params := map[string]string{}
	for part := range strings.SplitSeq(text, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(part), "=")
		params[name] = value
	}
	accessKeyID, v, err := c.readV4(params["Credential"], c.signedTime(), params["AdditionalHeaders"])
	switch {
	case err != nil:
		return claim{}, err
	case params["Signature"] == "":
		return claim{}, errNotWellFormed
	case c.Header.Get("x-oss-content-sha256") == "":
		return claim{}, errInvalidArgument.because("The header x-oss-content-sha256 is missing.")
	}
	return c.claimed(accessKeyID, params["Signature"], v.sign)
}

// signingV4 is a V4 signature in the making.
type signingV4 struct {
	call       *call
	time       string
	scope      string // <date>/<region>/oss/aliyun_v4_request
	additional string // names of headers signed beyond the default ones, joined by semicolons
	query      string // raw
}

// readV4 returns what a V4 signature is made over, and whose it is to be.
func (c *call) readV4(credential, at, additional string) (accessKeyID string, v signingV4, err error) {
	accessKeyID, scope, _ := strings.Cut(credential, "/")
	parts := strings.Split(scope, "/")
	if accessKeyID == "" || len(parts) != 4 || parts[3] != scopeEnd {
		return "", v, errNotWellFormed
	}
	for name := range strings.SplitSeq(additional, ";") {
		if name != "" && !strings.EqualFold(name, "host") && c.Header.Get(name) == "" {
			return "", v, errNoAdditional.with("HeaderName", name)
		}
	}
	return accessKeyID, signingV4{c, at, scope, strings.ToLower(additional), c.URL.RawQuery}, checkScope(parts, at)
}

func checkScope(parts []string, at string) error {
	sent, err := parseTime(at)
	switch {
	case err != nil:
		return err
	case parts[1] != account.Region:
		return errSigningRegion
	case parts[2] != product:
		return errSigningProduct
	case parts[0] != sent.Format("20060102"):
		return errInvalidArgument.because("Invalid signing date in Authorization header.")
	}
	return nil
}

// signText signs a text with the key of the day, the region and the service.
func (v signingV4) signText(secret, text string) string {
	key := []byte("aliyun_v4" + secret)
	for part := range strings.SplitSeq(v.scope, "/") {
		key = hmacSHA256(key, part)
	}
	return hex.EncodeToString(hmacSHA256(key, text))
}

// sign computes the V4 signatures.
func (v signingV4) sign(secret string) (signatures []string, details []element) {
	for _, query := range canonicalQueries(v.query) {
		canonical := strings.Join([]string{
			v.call.Method,
			escapePath(v.call.signedResource()),
			query,
			v.call.canonicalHeaders(strings.Split(v.additional, ";")),
			v.additional,
			cmp.Or(v.call.Header.Get("x-oss-content-sha256"), unsignedPayload),
		}, "\n")
		hash := sha256.Sum256([]byte(canonical))
		text := strings.Join([]string{schemeV4, v.time, v.scope, hex.EncodeToString(hash[:])}, "\n")
		signatures = append(signatures, v.signText(secret, text))
		details = []element{newElement("StringToSign", text), newElement("CanonicalRequest", canonical)}
	}
	return signatures, details
}

func hmacSHA256(key []byte, text string) []byte {
	h := hmac.New(sha256.New, key)
	h.Write([]byte(text))
	return h.Sum(nil)
}

// signedResource is the resource as it is signed: with the bucket, whatever
// the style of the address.
func (c *call) signedResource() string {
	if c.bucket == "" {
		return "/"
	}
	return "/" + c.bucket + "/" + c.key
}

// escapePath percent-encodes all but the unreserved characters and slashes.
func escapePath(path string) string {
	const unreserved = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-._~/"
	var b strings.Builder
	for i := range len(path) {
		if strings.IndexByte(unreserved, path[i]) >= 0 {
			b.WriteByte(path[i])
		} else {
			fmt.Fprintf(&b, "%%%02X", path[i])
		}
	}
	return b.String()
}

// canonicalQueries returns the forms in which a query may be signed: the pairs
// sorted, each part with all but the unreserved characters escaped, however it
// was escaped on the way. Clients differ about an empty value: ali-oss signs
// "prefix=", the others "prefix".
func canonicalQueries(raw string) []string {
	bare := canonicalQuery(raw, "")
	if written := canonicalQuery(raw, "="); written != bare {
		return []string{written, bare}
	}
	return []string{bare}
}

// canonicalQuery writes empty behind the names that were sent with an empty value.
func canonicalQuery(raw, empty string) string {
	var pairs []string
	for pair := range strings.SplitSeq(raw, "&") {
		name, value, written := strings.Cut(pair, "=")
		text := reescape(name)
		switch {
		case pair == "":
			continue
		case value != "":
			text += "=" + reescape(value)
		case written:
			text += empty
		}
		pairs = append(pairs, text)
	}
	slices.SortStableFunc(pairs, func(a, b string) int {
		nameA, _, _ := strings.Cut(a, "=")
		nameB, _, _ := strings.Cut(b, "=")
		return strings.Compare(nameA, nameB)
	})
	return strings.Join(pairs, "&")
}

// reescape leaves only the unreserved characters as they are. A text that is
// not well-formed was refused before.
func reescape(text string) string {
	plain, _ := url.QueryUnescape(text)
	return encodeURL(plain)
}

// canonicalHeaders lists every x-oss-* header, Content-Type, Content-MD5 and
// the additional ones, each on a line of its own.
func (c *call) canonicalHeaders(additional []string) string {
	return c.headerLines(func(name string) bool {
		return strings.HasPrefix(name, "x-oss-") || name == "content-type" || name == "content-md5" ||
			slices.Contains(additional, name)
	})
}

func (c *call) headerLines(signed func(lowerName string) bool) string {
	var lines []string
	for name, values := range c.Header {
		if lower := strings.ToLower(name); signed(lower) {
			lines = append(lines, lower+":"+joinTrimmed(values)+"\n")
		}
	}
	if signed("host") { // net/http keeps it apart
		lines = append(lines, "host:"+c.Host+"\n")
	}
	slices.SortFunc(lines, func(a, b string) int {
		nameA, _, _ := strings.Cut(a, ":")
		nameB, _, _ := strings.Cut(b, ":")
		return strings.Compare(nameA, nameB)
	})
	return strings.Join(lines, "")
}

func joinTrimmed(values []string) string {
	trimmed := make([]string, len(values))
	for i, v := range values {
		trimmed[i] = strings.TrimSpace(v)
	}
	return strings.Join(trimmed, ",")
}

// claimV1 reads an Authorization header of the form "OSS <AK>:<base64>".
func (c *call) claimV1(text string) (claim, error) {
	accessKeyID, signature, ok := strings.Cut(strings.TrimSpace(text), ":")
	if !ok || accessKeyID == "" {
		return claim{}, errNotWellFormed
	}
	return c.claimed(accessKeyID, signature, func(secret string) ([]string, []element) { return c.signV1(secret, c.signedTime()) })
}

// signV1 computes the V1 signatures of a request with that text in the place of
// its date.
func (c *call) signV1(secret, date string) (signatures []string, details []element) {
	head := strings.Join([]string{
		c.Method, c.Header.Get("Content-MD5"), c.Header.Get("Content-Type"), date,
		c.headerLines(func(name string) bool { return strings.HasPrefix(name, "x-oss-") }),
	}, "\n")
	for _, resource := range c.signedResourcesV1() {
		text := head + resource + signedQueryV1(c.query)
		signatures = append(signatures, signTextV1(secret, text))
		details = []element{newElement("StringToSign", text)}
	}
	return signatures, details
}

// signTextV1 signs a text.
func signTextV1(secret, text string) string {
	h := hmac.New(sha1.New, []byte(secret))
	h.Write([]byte(text))
	return base64.StdEncoding.EncodeToString(h.Sum(nil))
}

// signedResourcesV1 are the forms in which a resource may be signed: npm
// aliyun-sdk, which sends /bucket to an address without a name, signs it so,
// the others /bucket/.
func (c *call) signedResourcesV1() []string {
	whole := c.signedResource()
	if c.level() == onBucket && c.URL.Path == "/"+c.bucket {
		return []string{c.URL.Path, whole}
	}
	return []string{whole}
}

// signedParamsV1 are the query parameters that a V1 signature covers.
// Source: OSS API, "Include signatures in the Authorization header", sub-resources,
// and the list of the vendor's SDK.
var signedParamsV1 = strings.Fields(`accessPoint accessPointConfigForObjectProcess accessPointForObjectProcess accessPointPolicy accessPointPolicyForObjectProcess
	accessmonitor acl append asyncFetch bucketArchiveDirectRead bucketInfo callback callback-var cleanRestoredObject cloudboxes
	cname comp continuation-token cors delete encryption endTime httpsConfig img inventory inventoryId legalHold lifecycle live
	location logging metaQuery metadataConfiguration metadataInventoryTable metadataJournalTable objectMeta objectWorm
	overwriteConfig partNumber policy policyStatus position publicAccessBlock qos qosInfo quota redundancyTransition referer
	regionList replication replicationLocation replicationProgress requestPayment resourceGroup response-cache-control
	response-content-disposition response-content-encoding response-content-language response-content-type response-expires
	restore retention rtc seal security-token sequential startTime stat status style styleName symlink tagging
	transferAcceleration uploadId uploads userDefinedLogFieldsConfig versionId versioning versions vod website worm wormExtend
	wormId`)

func signedQueryV1(query url.Values) string {
	var pairs []string
	for _, name := range slices.Sorted(maps.Keys(query)) {
		if !slices.Contains(signedParamsV1, name) && !strings.HasPrefix(name, "x-oss-") {
			continue
		}
		if value := query.Get(name); value != "" {
			name += "=" + value
		}
		pairs = append(pairs, name)
	}
	if len(pairs) == 0 {
		return ""
	}
	return "?" + strings.Join(pairs, "&")
}

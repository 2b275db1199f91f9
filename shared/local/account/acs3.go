package account

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
)

// algorithmV3 is signature version 3 with its common algorithm.
// Source: "V3 request structure and signature", which the newer SDKs follow.
const algorithmV3 = "ACS3-HMAC-SHA256"

// SignatureV3 is the Authorization header of signature version 3:
// <algorithm> Credential=<key>,SignedHeaders=<a;b>,Signature=<hex>.
type SignatureV3 struct {
	Credential string // access key ID

	algorithm     string
	signedHeaders []string
	signature     string
}

// ParseSignatureV3 returns nil where the header is not of version 3. What is
// malformed in it stays empty.
func ParseSignatureV3(header string) *SignatureV3 {
	algorithm, rest, _ := strings.Cut(header, " ")
	if !strings.HasPrefix(algorithm, "ACS3-") {
		return nil
	}
	s := SignatureV3{algorithm: algorithm}
	for field := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "Credential":
			s.Credential = value
		case "SignedHeaders":
			s.signedHeaders = strings.Split(strings.ToLower(value), ";")
		case "Signature":
			s.signature = value
		}
	}
	slices.Sort(s.signedHeaders)
	return &s
}

// Malformed says what the header must look like, "" where it does.
func (s *SignatureV3) Malformed() string {
	if s.algorithm != algorithmV3 || s.signature == "" {
		return "The header Authorization must be " + algorithmV3 + " Credential=...,SignedHeaders=...,Signature=..."
	}
	return ""
}

// Missing names the first header that the request lacks or that is not signed,
// of those required and the security token, which may be absent.
func (s *SignatureV3) Missing(r *http.Request, required []string) string {
	const token = "x-acs-security-token"
	if r.Header.Get(token) != "" {
		required = append(slices.Clone(required), token)
	}
	for _, name := range required {
		if headerV3(r, name) == "" || !slices.Contains(s.signedHeaders, name) {
			return name
		}
	}
	return ""
}

func headerV3(r *http.Request, name string) string {
	if name == "host" {
		return r.Host
	}
	values := []string{}
	for _, value := range r.Header.Values(name) {
		values = append(values, strings.TrimSpace(value))
	}
	slices.Sort(values)
	return strings.Join(values, ",")
}

// CanonicalRequest is what version 3 signs: the body as it came, and not what
// x-acs-content-sha256 says of it. The canonical query is the caller's.
func (s *SignatureV3) CanonicalRequest(r *http.Request, query string, body []byte) string {
	var headers strings.Builder
	for _, name := range s.signedHeaders {
		headers.WriteString(name + ":" + headerV3(r, name) + "\n")
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	return strings.Join([]string{r.Method, path, query, headers.String(), strings.Join(s.signedHeaders, ";"), hashed(body)}, "\n")
}

// Signs compares in constant time.
func (s *SignatureV3) Signs(canonical, secret string) bool {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(StringToSignV3(canonical)))
	return hmac.Equal([]byte(hex.EncodeToString(mac.Sum(nil))), []byte(s.signature))
}

// IsBodyHashedV3 reports whether x-acs-content-sha256 is the hash of the body.
func IsBodyHashedV3(r *http.Request, body []byte) bool {
	return headerV3(r, "x-acs-content-sha256") == hashed(body)
}

// StringToSignV3 is what refusals of a signature quote.
func StringToSignV3(canonical string) string { return algorithmV3 + "\n" + hashed([]byte(canonical)) }

func hashed(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

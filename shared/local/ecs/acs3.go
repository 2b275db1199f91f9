package ecs

import (
	"crypto/hmac"
	"crypto/sha256"
	"encoding/hex"
	"net/http"
	"net/url"
	"slices"
	"strings"
)

// algorithmV3 is signature version 3 with its common algorithm.
// Source: "V3 request structure and signature", which the newer SDKs follow.
const algorithmV3 = "ACS3-HMAC-SHA256"

// authorization is the Authorization header of signature version 3:
// <algorithm> Credential=<key>,SignedHeaders=<a;b>,Signature=<hex>.
type authorization struct {
	algorithm     string
	credential    string
	signedHeaders []string
	signature     string
}

// parseAuthorization returns nil where the header is not of version 3. What is
// malformed in it stays empty.
func parseAuthorization(header string) *authorization {
	algorithm, rest, _ := strings.Cut(header, " ")
	if !strings.HasPrefix(algorithm, "ACS3-") {
		return nil
	}
	a := authorization{algorithm: algorithm}
	for field := range strings.SplitSeq(rest, ",") {
		name, value, _ := strings.Cut(strings.TrimSpace(field), "=")
		switch name {
		case "Credential":
			a.credential = value
		case "SignedHeaders":
			a.signedHeaders = strings.Split(strings.ToLower(value), ";")
		case "Signature":
			a.signature = value
		}
	}
	slices.Sort(a.signedHeaders)
	return &a
}

// headersV3 are the headers that carry what version 1 has as parameters.
var headersV3 = map[string]string{
	"X-Acs-Action": "Action", "X-Acs-Version": "Version", "X-Acs-Date": "Timestamp",
	"X-Acs-Signature-Nonce": "SignatureNonce", "X-Acs-Security-Token": "SecurityToken",
}

// readHeader takes the common parameters of version 3 for what they are.
func (in *input) readHeader(r *http.Request) error {
	if in.v3 == nil {
		return nil
	}
	values := url.Values{"AccessKeyId": {in.v3.credential}}
	for header, parameter := range headersV3 {
		if value := r.Header.Get(header); value != "" {
			values.Set(parameter, value)
		}
	}
	return in.params.merge(values)
}

// requiredV3 must be sent and signed. Source: "V3 request structure and
// signature", the common request headers.
var requiredV3 = []string{"host", "x-acs-action", "x-acs-content-sha256", "x-acs-date", "x-acs-signature-nonce", "x-acs-version"}

// lack says what the signature needs and the request does not have.
func (a *authorization) lack(r *http.Request) string {
	if a.algorithm != algorithmV3 || a.signature == "" {
		return "The header Authorization must be " + algorithmV3 + " Credential=...,SignedHeaders=...,Signature=..."
	}
	required := requiredV3
	if r.Header.Get("x-acs-security-token") != "" {
		required = append(slices.Clone(required), "x-acs-security-token")
	}
	for _, name := range required {
		if headerValue(r, name) == "" || !slices.Contains(a.signedHeaders, name) {
			return "The header " + name + " is missing or not signed."
		}
	}
	return ""
}

func headerValue(r *http.Request, name string) string {
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

// canonicalRequest is what version 3 signs: the body as it came, and not what
// x-acs-content-sha256 says of it.
func (in input) canonicalRequest(r *http.Request) string {
	var headers strings.Builder
	for _, name := range in.v3.signedHeaders {
		headers.WriteString(name + ":" + headerValue(r, name) + "\n")
	}
	path := r.URL.EscapedPath()
	if path == "" {
		path = "/"
	}
	query := in.query.canonical(func(string) bool { return false })
	return strings.Join([]string{r.Method, path, query, headers.String(), strings.Join(in.v3.signedHeaders, ";"), hashed(in.body)}, "\n")
}

// isBodyHashed reports whether x-acs-content-sha256, where version 3 has it, is
// the hash of the body.
func (in input) isBodyHashed(r *http.Request) bool {
	return in.v3 == nil || headerValue(r, "x-acs-content-sha256") == hashed(in.body)
}

func hashed(data []byte) string {
	sum := sha256.Sum256(data)
	return hex.EncodeToString(sum[:])
}

func stringToSignV3(canonical string) string { return algorithmV3 + "\n" + hashed([]byte(canonical)) }

func signV3(canonical, secret string) string {
	mac := hmac.New(sha256.New, []byte(secret))
	mac.Write([]byte(stringToSignV3(canonical)))
	return hex.EncodeToString(mac.Sum(nil))
}

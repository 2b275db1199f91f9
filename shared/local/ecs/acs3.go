package ecs

import (
	"net/http"
	"net/url"

	"imagedrop/shared/local/account"
)

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
	values := url.Values{"AccessKeyId": {in.v3.Credential}}
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

// lackV3 says what the signature needs and the request does not have.
func lackV3(s *account.SignatureV3, r *http.Request) string {
	if text := s.Malformed(); text != "" {
		return text
	}
	if name := s.Missing(r, requiredV3); name != "" {
		return "The header " + name + " is missing or not signed."
	}
	return ""
}

func (in input) canonicalRequest(r *http.Request) string {
	return in.v3.CanonicalRequest(r, in.query.canonical(func(string) bool { return false }), in.body)
}

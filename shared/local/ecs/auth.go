package ecs

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
	"net/http"
	"strings"
	"sync"
	"time"

	"imagedrop/shared/local/account"
)

// nonceWindow is how long a SignatureNonce may not come again.
// Source: reports on SignatureNonceUsed, 15 minutes.
const nonceWindow = 15 * time.Minute

// timestampForm is how RPC requests spell UTC time.
const timestampForm = "2006-01-02T15:04:05Z"

// authenticate verifies the signature, of version 1 or 3, the security token of
// temporary keys, the timestamp and the nonce. It leaves out bearer tokens, and
// of version 3 the algorithms SM3 and RSA.
func (s *service) authenticate(r *http.Request, in input) error {
	if s.open {
		return nil
	}
	p := in.params
	if err := p.require("AccessKeyId"); err != nil {
		return err
	}
	if lack := in.lack(r); lack != "" {
		return refuse("IncompleteSignature", lack)
	}
	key, known := s.account.Keys.Lookup(p["AccessKeyId"])
	if !known {
		return refuse("InvalidAccessKeyId.NotFound", "")
	}
	if !in.isSignedWith(r, key.Secret) {
		return refuse("SignatureDoesNotMatch", in.toSign(r))
	}
	now := s.account.Now(r.Context())
	if err := checkToken(key, p["SecurityToken"], now); err != nil {
		return err
	}
	if err := checkTimestamp(p, now); err != nil {
		return err
	}
	return s.checkNonce(p, now)
}

// lack says what a signature needs that the request does not have, "" for
// nothing.
func (in input) lack(r *http.Request) string {
	if in.v3 != nil {
		return lackV3(in.v3, r)
	}
	p := in.params
	if p["Signature"] == "" || p["SignatureMethod"] != "HMAC-SHA1" || p["SignatureVersion"] != "1.0" || p["SignatureType"] != "" {
		return "Signature, SignatureMethod HMAC-SHA1 and SignatureVersion 1.0 are required."
	}
	return ""
}

// isSignedWith compares in constant time.
func (in input) isSignedWith(r *http.Request, secret string) bool {
	if in.v3 != nil {
		return in.v3.Signs(in.canonicalRequest(r), secret) && account.IsBodyHashedV3(r, in.body)
	}
	return hmac.Equal([]byte(sign(stringToSign(r.Method, in.params), secret)), []byte(in.params["Signature"]))
}

// toSign is what the refusal of a signature quotes.
func (in input) toSign(r *http.Request) string {
	if in.v3 != nil {
		canonical := in.canonicalRequest(r)
		return account.StringToSignV3(canonical) + ", server canonical request is:" + canonical
	}
	return stringToSign(r.Method, in.params)
}

func stringToSign(method string, p params) string {
	canonical := p.canonical(func(name string) bool { return name == "Signature" })
	return method + "&%2F&" + percentEncode(canonical)
}

func sign(toSign, secret string) string {
	mac := hmac.New(sha1.New, []byte(secret+"&"))
	mac.Write([]byte(toSign))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// tokenPrefix begins every security token of STS.
const tokenPrefix = "CAI"

func checkToken(key account.Key, token string, now time.Time) error {
	switch {
	case token == "" && key.Token != "":
		return refuse("MissingSecurityToken", "")
	case token != "" && !strings.HasPrefix(token, tokenPrefix):
		return refuse("InvalidSecurityToken.Malformed", "")
	case token != key.Token:
		return refuse("InvalidSecurityToken.MismatchWithAccessKey", "")
	case !key.Expires.IsZero() && !now.Before(key.Expires):
		return refuse("InvalidSecurityToken.Expired", "")
	}
	return nil
}

func checkTimestamp(p params, now time.Time) error {
	if err := p.require("Timestamp"); err != nil {
		return err
	}
	t, err := time.Parse(timestampForm, p["Timestamp"])
	if err != nil {
		return refuse("InvalidTimeStamp.Format", "")
	}
	if now.Sub(t).Abs() > account.MaxSkew {
		return refuse("InvalidTimeStamp.Expired", "")
	}
	return nil
}

func (s *service) checkNonce(p params, now time.Time) error {
	if err := p.require("SignatureNonce"); err != nil {
		return err
	}
	if !s.nonces.first(p["AccessKeyId"]+" "+p["SignatureNonce"], now) {
		return refuse("SignatureNonceUsed", "")
	}
	return nil
}

// nonces remembers when each nonce came. Two generations of one window each
// bound what is kept without looking at every entry. They are in memory: to keep
// them would make a write of every read, and what a replay after a restart could
// repeat is a request of this machine's own, to test keys.
type nonces struct {
	mu           sync.Mutex
	young, old   map[string]time.Time
	nextRotation time.Time
}

// first records the nonce and reports whether it is new within the window.
func (n *nonces) first(nonce string, now time.Time) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	if !now.Before(n.nextRotation) {
		n.old, n.young = n.young, map[string]time.Time{}
		n.nextRotation = now.Add(nonceWindow)
	}
	for _, generation := range []map[string]time.Time{n.young, n.old} {
		if seen, ok := generation[nonce]; ok && now.Sub(seen) < nonceWindow {
			return false
		}
	}
	n.young[nonce] = now
	return true
}

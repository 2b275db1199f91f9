package ecs

import (
	"crypto/hmac"
	"crypto/sha1"
	"encoding/base64"
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

// schemeV3 is how signature version 3 begins, which the newer SDKs send in a
// header, while version 1 is among the parameters.
const schemeV3 = "ACS3-HMAC-SHA256"

// authenticate verifies RPC signature version 1, the security token of
// temporary keys, the timestamp and the nonce. It leaves out bearer tokens and
// signature version 3.
func (s *service) authenticate(method, authorization string, p params) error {
	if strings.HasPrefix(authorization, schemeV3) {
		return refuse("IncompleteSignature", "The local cloud checks signature version 1 (SignatureMethod HMAC-SHA1), not "+schemeV3+".")
	}
	if err := p.require("AccessKeyId"); err != nil {
		return err
	}
	if p["Signature"] == "" || p["SignatureMethod"] != "HMAC-SHA1" || p["SignatureVersion"] != "1.0" || p["SignatureType"] != "" {
		return refuse("IncompleteSignature", "")
	}
	key, known := s.account.Keys.Lookup(p["AccessKeyId"])
	if !known {
		return refuse("InvalidAccessKeyId.NotFound", "")
	}
	toSign := stringToSign(method, p)
	if !hmac.Equal([]byte(sign(toSign, key.Secret)), []byte(p["Signature"])) {
		return refuse("SignatureDoesNotMatch", toSign)
	}
	now := s.account.Clock.Now()
	if err := checkToken(key, p["SecurityToken"], now); err != nil {
		return err
	}
	if err := checkTimestamp(p, now); err != nil {
		return err
	}
	return s.checkNonce(p, now)
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
// bound what is kept without looking at every entry.
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

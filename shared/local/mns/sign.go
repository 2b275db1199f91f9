package mns

import (
	"context"
	"crypto/hmac"
	"crypto/md5"
	"crypto/sha1"
	"crypto/subtle"
	"encoding/base64"
	"encoding/hex"
	"net/http"
	"slices"
	"strings"
	"time"

	"imagedrop/shared/local/account"
)

// apiVersion is the only value of x-mns-version.
const apiVersion = "2015-06-06"

// authorize checks the headers that every request has: version, date,
// signature, security token.
// Source: MNS "Common parameters" and "Sign requests".
func (s *Service) authorize(ctx context.Context, r *request) error {
	if s.open {
		return nil
	}
	if err := r.checkVersion(); err != nil {
		return err
	}
	keyID, signature, err := r.authorization()
	if err != nil {
		return err
	}
	now := s.account.Now(ctx)
	if err := r.checkDate(now); err != nil {
		return err
	}
	key, ok := s.account.Keys.Lookup(keyID)
	if !ok {
		return coded("InvalidAccessKeyId")
	}
	if !equal(r.sign(key.Secret), signature) {
		return coded("SignatureDoesNotMatch")
	}
	if !equal(key.Token, r.header.Get("security-token")) || expired(key, now) {
		return coded("AccessDenied")
	}
	return nil
}

func equal(a, b string) bool { return subtle.ConstantTimeCompare([]byte(a), []byte(b)) == 1 }

func expired(key account.Key, now time.Time) bool {
	return !key.Expires.IsZero() && !now.Before(key.Expires)
}

func (r *request) checkVersion() error {
	switch r.header.Get("x-mns-version") {
	case apiVersion:
		return nil
	case "":
		return coded("MissingVersionHeader")
	}
	return coded("InvalidVersionHeader")
}

func (r *request) authorization() (keyID, signature string, err error) {
	text := r.header.Get("Authorization")
	if text == "" {
		return "", "", coded("MissingAuthorizationHeader")
	}
	credential, ok := strings.CutPrefix(text, "MNS ")
	keyID, signature, colon := strings.Cut(credential, ":")
	if !ok || !colon || keyID == "" || signature == "" {
		return "", "", coded("InvalidAuthorizationHeader")
	}
	return keyID, signature, nil
}

// date fills the DATE line of what is signed: x-mns-date only where Date is
// absent, because some clients send both and sign x-mns-date as a header too.
func (r *request) date() string {
	if date := r.header.Get("Date"); date != "" {
		return date
	}
	return r.header.Get("x-mns-date")
}

func (r *request) checkDate(now time.Time) error {
	if r.date() == "" {
		return coded("MissingDateHeader")
	}
	sent, err := http.ParseTime(r.date())
	if err != nil {
		return coded("InvalidDateHeader")
	}
	if now.Sub(sent).Abs() > account.MaxSkew {
		return coded("TimeExpired")
	}
	return nil
}

func (r *request) sign(secret string) string {
	var headers []string
	for name, values := range r.header {
		if lower := strings.ToLower(name); strings.HasPrefix(lower, "x-mns-") {
			headers = append(headers, lower+":"+strings.Join(values, ",")+"\n")
		}
	}
	slices.Sort(headers)
	mac := hmac.New(sha1.New, []byte(secret))
	for _, line := range []string{r.method, r.header.Get("Content-MD5"), r.header.Get("Content-Type"), r.date()} {
		mac.Write([]byte(line + "\n"))
	}
	mac.Write([]byte(strings.Join(headers, "") + r.resource))
	return base64.StdEncoding.EncodeToString(mac.Sum(nil))
}

// checkDigest accepts the digest itself in base64, as documented, and its hex
// text in base64, as the vendor's clients send it.
func (r *request) checkDigest() error {
	sent := r.header.Get("Content-MD5")
	sum := md5.Sum(r.body)
	for _, form := range [][]byte{sum[:], []byte(hex.EncodeToString(sum[:]))} {
		if sent == "" || sent == base64.StdEncoding.EncodeToString(form) {
			return nil
		}
	}
	return coded("InvalidDegist")
}

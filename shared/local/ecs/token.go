package ecs

import (
	"crypto/sha256"
	"encoding/hex"
	"time"

	"imagedrop/shared/local/store"
)

// maxToken is the length of a ClientToken in characters.
// Source: ECS API 2014-05-26, CreateImageComponent, parameter ClientToken.
const maxToken = 64

// answered is what a ClientToken was answered with.
type answered struct {
	ID      string
	Digest  string // of the parameters
	Expires time.Time
}

// claim is the right to work a ClientToken; nil where the request has none.
type claim struct {
	key     string
	answer  answered
	release func()
}

// once does create, or answers what it answered before for the same token.
// Only successes are kept; create keeps its own with claim.keep in the
// transaction that makes the resource.
func (s *service) once(req request, create func(*claim) (id string, err error)) (string, error) {
	token := req.params["ClientToken"]
	if token == "" {
		return create(nil)
	}
	if !isToken(token) {
		return "", refuse("InvalidParameter.ClientToken", "ClientToken is not 1 to 64 ASCII characters.")
	}
	c := s.claim(req, token)
	if c != nil {
		defer c.release()
	}
	stored, err := s.stored(req, token)
	switch {
	case err != nil:
		return "", err
	case stored != nil && stored.Digest != digest(req.params):
		return "", refuse("IdempotentParameterMismatch", "")
	case stored != nil:
		return stored.ID, nil
	case c == nil:
		return "", refuse("IdempotentProcessing", "")
	}
	return create(c)
}

// isToken reports whether s is printable ASCII of the right length.
func isToken(s string) bool {
	for _, r := range s {
		if r < ' ' || r > '~' {
			return false
		}
	}
	return len(s) <= maxToken
}

// claim takes the token, or returns nil where another request is at it.
func (s *service) claim(req request, token string) *claim {
	key := tokenKey(req, token)
	if _, taken := s.working.LoadOrStore(key, true); taken {
		return nil
	}
	return &claim{
		key:     key,
		answer:  answered{Digest: digest(req.params), Expires: s.account.Clock.Now().Add(s.lifetime)},
		release: func() { s.working.Delete(key) },
	}
}

// stored returns the answer kept under the token, nil where there is none or
// its lifetime is over.
func (s *service) stored(req request, token string) (*answered, error) {
	var a answered
	var found bool
	err := s.store.View(func(tx *store.Tx) (err error) {
		found, err = tx.GetJSON(bucketTokens, tokenKey(req, token), &a)
		return err
	})
	if err != nil || !found || !s.account.Clock.Now().Before(a.Expires) {
		return nil, err
	}
	return &a, nil
}

// keep stores the answer under the token.
func (c *claim) keep(tx *store.Tx, id string) error {
	if c == nil {
		return nil
	}
	a := c.answer
	a.ID = id
	return tx.PutJSON(bucketTokens, c.key, a)
}

// tokenKey is the scope of a token: region and operation of the one account.
func tokenKey(req request, token string) string {
	return store.Key(req.params["RegionId"], req.params["Action"], token)
}

// digest is over everything that a repeat must repeat: every parameter except
// ClientToken and those of the protocol.
func digest(p params) string {
	canonical := p.canonical(func(name string) bool { return name == "ClientToken" || commonParams[name] })
	sum := sha256.Sum256([]byte(canonical))
	return hex.EncodeToString(sum[:])
}

// Package account is what the services of the local cloud share: the account
// and its keys, the clock, the ids, the catalogue, and the faults on demand.
package account

import (
	"crypto/rand"
	"encoding/hex"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"time"

	"github.com/google/uuid"
)

// The account of the local cloud; the same in code, examples and s.yaml.
const (
	ID     = "1234567890123456"
	Region = "cn-hangzhou"

	// The long-lived test keys. They open nothing but a local cloud.
	AccessKeyID     = "LOCALimagedropKEY0000001"
	AccessKeySecret = "local-imagedrop-test-secret-01"
)

// MaxSkew is how far a request's clock may be off.
// Source: ECS InvalidTimeStamp.Expired, MNS TimeExpired, OSS RequestTimeTooSkewed: 15 minutes.
const MaxSkew = 15 * time.Minute

// Account is safe for concurrent use.
type Account struct {
	Clock     Clock
	Keys      *Keys
	Catalogue *Catalogue
	Faults    *Faults
	// Scale is how much faster emulated waits pass than in the cloud; 0 means 1.
	// It is set before the services begin.
	Scale float64
}

// Scaled returns how long a wait takes here that takes d in the cloud.
func (a *Account) Scaled(d time.Duration) time.Duration {
	if a.Scale == 0 {
		return d
	}
	return time.Duration(float64(d) / a.Scale)
}

// New returns the account with the system's clock and the built-in catalogue.
func New() *Account {
	return NewAt(SystemClock{})
}

// NewAt returns the account on the given clock.
func NewAt(clock Clock) *Account {
	a := &Account{Clock: clock, Keys: newKeys(), Catalogue: newCatalogue()}
	a.Faults = &Faults{account: a}
	return a
}

// Key is an access key; Token is set for temporary credentials (STS).
type Key struct {
	AccessKeyID, Secret, Token string
	Expires                    time.Time // zero: never
}

// Keys holds the access keys of the account.
type Keys struct {
	mu   sync.RWMutex
	keys map[string]Key
}

func newKeys() *Keys {
	k := &Keys{keys: map[string]Key{}}
	k.keys[AccessKeyID] = Key{AccessKeyID: AccessKeyID, Secret: AccessKeySecret}
	return k
}

// Lookup returns the key with that access key ID.
func (k *Keys) Lookup(accessKeyID string) (Key, bool) {
	k.mu.RLock()
	defer k.mu.RUnlock()
	key, ok := k.keys[accessKeyID]
	return key, ok
}

// Issue makes temporary credentials that a function's role would get.
func (k *Keys) Issue(expires time.Time) Key {
	key := Key{
		AccessKeyID: "STS." + RandomHex(12),
		Secret:      RandomHex(20),
		Token:       "CAIS" + RandomHex(40),
		Expires:     expires,
	}
	k.mu.Lock()
	defer k.mu.Unlock()
	k.keys[key.AccessKeyID] = key
	return key
}

// Revoke forgets a key.
func (k *Keys) Revoke(accessKeyID string) {
	k.mu.Lock()
	defer k.mu.Unlock()
	delete(k.keys, accessKeyID)
}

// RandomHex returns n random bytes in lower-case hex.
func RandomHex(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	return hex.EncodeToString(b)
}

// NewRequestID returns an ECS request id: an upper-case UUID.
func NewRequestID() string { return strings.ToUpper(uuid.NewString()) }

// NewOSSRequestID returns an OSS request id: 24 upper-case hex characters.
func NewOSSRequestID() string { return strings.ToUpper(RandomHex(12)) }

// NewMessageID returns an MNS message id in the 40-character form:
// 16 hex, digit, 11 hex, 9 digits, joined by hyphens.
func NewMessageID() string {
	return fmt.Sprintf("%s-1-%s-%s", strings.ToUpper(RandomHex(8)), strings.ToUpper(RandomHex(6))[:11], digits(9))
}

// NewResourceID returns an ECS resource id: the prefix and 20 characters,
// "ic-bp1" being how ids of cn-hangzhou begin. Later ids sort behind earlier
// ones, so that the order of resources of one second is that of their making.
func NewResourceID(prefix string) string {
	return prefix + "-bp1" + strconv.FormatInt(time.Now().UnixNano(), 36) + RandomHex(3)[:5]
}

func digits(n int) string {
	b := make([]byte, n)
	rand.Read(b)
	for i := range b {
		b[i] = '0' + b[i]%10
	}
	return string(b)
}

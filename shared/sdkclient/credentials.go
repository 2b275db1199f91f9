// Package sdkclient is what the Alibaba Cloud adapters share: the credentials
// of an invocation, the pool of clients that is keyed by them, the transport,
// and the way from an SDK's error to a fault whose text is safe. It names no SDK.
package sdkclient

import (
	"context"

	"imagedrop/shared/fault"
)

// Credentials sign the calls of one invocation. They never show in a log: each
// way to print them prints a placeholder.
type Credentials struct{ AccessKeyID, AccessKeySecret, SecurityToken string }

type credentialsKey struct{}

// WithCredentials returns a context whose calls are signed with c.
func WithCredentials(ctx context.Context, c Credentials) context.Context {
	return context.WithValue(ctx, credentialsKey{}, c)
}

// CredentialsFrom returns the credentials of ctx, false where it has none.
func CredentialsFrom(ctx context.Context) (Credentials, bool) {
	c, ok := ctx.Value(credentialsKey{}).(Credentials)
	return c, ok && c.AccessKeyID != "" && c.AccessKeySecret != ""
}

// Required returns the credentials of ctx, or a Permanent fault: without a
// role the function gets none.
func Required(ctx context.Context, op string) (Credentials, error) {
	c, ok := CredentialsFrom(ctx)
	if !ok {
		return c, fault.New(fault.Permanent, op, "the invocation carries no credentials; the function needs a role")
	}
	return c, nil
}

// Secrets returns what no text may repeat.
func (c Credentials) Secrets() []string {
	return []string{c.AccessKeyID, c.AccessKeySecret, c.SecurityToken}
}

const placeholder = "[credentials]"

// String implements fmt.Stringer.
func (Credentials) String() string { return placeholder }

// GoString implements fmt.GoStringer.
func (Credentials) GoString() string { return placeholder }

// MarshalText implements encoding.TextMarshaler, which JSON and slog use.
func (Credentials) MarshalText() ([]byte, error) { return []byte(placeholder), nil }

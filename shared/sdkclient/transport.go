package sdkclient

import (
	"context"
	"crypto/tls"
	"fmt"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"time"
)

const (
	// connectTimeout bounds connecting and, apart from it, the TLS handshake,
	// so that a dead address does not use up the invocation.
	connectTimeout = 5 * time.Second

	// idleTimeout is shorter than that of the services' gateways: an instance
	// that thaws should find a connection closed rather than half open.
	idleTimeout = 50 * time.Second

	// MaxCall bounds one call, so that one lost answer does not use up the
	// invocation. The ECS SDK's own table allows CreateImage 36 s; our calls
	// only read or record.
	MaxCall = 30 * time.Second

	// MaxConnections bounds the connections to one host, idle or not, and so
	// the calls at a time; further calls wait, as long as their context allows.
	MaxConnections = 64
)

// NewTransport returns a transport for the calls of one adapter. Few
// connections, kept: a TLS handshake costs ten times a request.
func NewTransport() *http.Transport {
	return &http.Transport{
		Proxy:               http.ProxyFromEnvironment,
		DialContext:         (&net.Dialer{Timeout: connectTimeout}).DialContext,
		TLSHandshakeTimeout: connectTimeout,
		TLSClientConfig:     &tls.Config{MinVersion: tls.VersionTLS12, ClientSessionCache: tls.NewLRUClientSessionCache(0)},
		MaxConnsPerHost:     MaxConnections,
		MaxIdleConns:        MaxConnections,
		MaxIdleConnsPerHost: MaxConnections,
		IdleConnTimeout:     idleTimeout,
	}
}

// Bounded returns the context of one call: it ends with ctx, at the latest
// after MaxCall.
func Bounded(ctx context.Context) (context.Context, context.CancelFunc) {
	return context.WithTimeout(ctx, MaxCall)
}

// ParseEndpoint reads the address of a service, "https://host[:port][/path]";
// the scheme may be left out. Plain http is for loopback only: a request
// carries the security token.
func ParseEndpoint(endpoint string) (*url.URL, error) {
	text := endpoint
	if !strings.Contains(text, "://") {
		text = "https://" + text
	}
	u, err := url.Parse(text)
	switch {
	case err != nil || u.Hostname() == "":
		return nil, fmt.Errorf("%q is not an endpoint; give https://host", endpoint)
	case u.User != nil || u.RawQuery != "" || u.Fragment != "":
		return nil, fmt.Errorf("the endpoint at %s must be a host, without user, query or fragment", u.Hostname())
	case u.Scheme != "https" && u.Scheme != "http":
		return nil, fmt.Errorf("%q: the scheme must be https", endpoint)
	case u.Scheme == "http" && !Loopback(u.Hostname()):
		return nil, fmt.Errorf("%q: plain http is allowed to loopback only; give https://%s", endpoint, u.Host)
	}
	return u, nil
}

// Loopback reports whether host names this machine.
func Loopback(host string) bool {
	addr, err := netip.ParseAddr(host)
	return host == "localhost" || err == nil && addr.IsLoopback()
}

package stack

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"io/fs"
	"net"
	"os"
	"path/filepath"
	"strings"
	"time"
)

// The files of the authority in the state directory.
const (
	authorityFile = "ca.pem"
	keyFile       = "ca.key"
)

const (
	// authorityLife is how long an authority is good for.
	authorityLife = 365 * 24 * time.Hour
	// renewBefore is how much of that must be left at a start.
	renewBefore = 30 * 24 * time.Hour
)

// authority issues the certificates of HTTPS. Whoever trusts it trusts it for
// this machine's own names only: its certificate permits no others.
type authority struct {
	file string            // where its certificate is
	pair tls.Certificate   // its own
	key  *ecdsa.PrivateKey // of what it issues; not kept
}

// openAuthority returns the authority of the state directory. One that is
// missing, damaged or about to expire is made anew.
func openAuthority(dir string, now time.Time) (*authority, error) {
	pair, err := readAuthority(dir)
	if errors.Is(err, fs.ErrPermission) {
		return nil, err
	}
	if err != nil || now.Before(pair.Leaf.NotBefore) || now.After(pair.Leaf.NotAfter.Add(-renewBefore)) {
		if pair, err = makeAuthority(now); err == nil {
			err = writeAuthority(dir, pair)
		}
	}
	if err != nil {
		return nil, err
	}
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	return &authority{file: filepath.Join(dir, authorityFile), pair: pair, key: key}, err
}

func readAuthority(dir string) (tls.Certificate, error) {
	pair, err := tls.LoadX509KeyPair(filepath.Join(dir, authorityFile), filepath.Join(dir, keyFile))
	if err == nil && !pair.Leaf.IsCA {
		err = errors.New("not the certificate of an authority")
	}
	return pair, err
}

func makeAuthority(now time.Time) (tls.Certificate, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return tls.Certificate{}, err
	}
	self := &x509.Certificate{
		Subject:   pkix.Name{Organization: []string{"imagedrop"}, CommonName: "imagedrop local cloud " + now.UTC().Format(time.DateOnly)},
		NotBefore: now.Add(-time.Hour), NotAfter: now.Add(authorityLife),
		IsCA: true, BasicConstraintsValid: true, MaxPathLenZero: true, KeyUsage: x509.KeyUsageCertSign,
		PermittedDNSDomainsCritical: true, PermittedDNSDomains: []string{"localhost"},
		PermittedIPRanges: []*net.IPNet{
			{IP: net.IPv4(127, 0, 0, 0).To4(), Mask: net.CIDRMask(8, 32)}, {IP: net.IPv6loopback, Mask: net.CIDRMask(128, 128)},
		},
	}
	der, err := x509.CreateCertificate(rand.Reader, self, self, key.Public(), key)
	if err != nil {
		return tls.Certificate{}, err
	}
	leaf, err := x509.ParseCertificate(der)
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key, Leaf: leaf}, err
}

// writeAuthority writes the key first: a pair of which only that is new does
// not fit together, and is made anew.
func writeAuthority(dir string, pair tls.Certificate) error {
	key, err := x509.MarshalPKCS8PrivateKey(pair.PrivateKey)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	if err := writeWhole(filepath.Join(dir, keyFile), pemOf("PRIVATE KEY", key), 0o600); err != nil {
		return err
	}
	return writeWhole(filepath.Join(dir, authorityFile), pemOf("CERTIFICATE", pair.Certificate[0]), 0o644)
}

func pemOf(kind string, der []byte) []byte {
	return pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der})
}

// issue returns a certificate for this machine's names and for the one that the
// client asks for: OpenSSL takes no *.localhost for a name below localhost.
func (a *authority) issue(hello *tls.ClientHelloInfo) (*tls.Certificate, error) {
	names := []string{"localhost", "*.localhost"}
	if strings.HasSuffix(hello.ServerName, ".localhost") {
		names = append(names, hello.ServerName)
	}
	own := a.pair.Leaf
	der, err := x509.CreateCertificate(rand.Reader, &x509.Certificate{
		Subject: pkix.Name{CommonName: "localhost"}, NotBefore: own.NotBefore, NotAfter: own.NotAfter,
		DNSNames: names, IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
		KeyUsage: x509.KeyUsageDigitalSignature, ExtKeyUsage: []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth},
	}, own, a.key.Public(), a.pair.PrivateKey)
	return &tls.Certificate{Certificate: [][]byte{der, own.Raw}, PrivateKey: a.key}, err
}

// secure returns the listeners with TLS over them. HTTP stays at version 1.1:
// no service here speaks another.
func (a *authority) secure(listeners []net.Listener) (secured []net.Listener) {
	config := &tls.Config{GetCertificate: a.issue, MinVersion: tls.VersionTLS12, NextProtos: []string{"http/1.1"}}
	for _, l := range listeners {
		secured = append(secured, tls.NewListener(l, config))
	}
	return secured
}

// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"bytes"
	"crypto/sha256"
	"crypto/subtle"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"strings"
	"time"
)

// A TrustMode says how a server's certificate is judged.
type TrustMode uint8

const (
	// TrustChain wants a chain to Roots (the system's, if nil) and the host name.
	TrustChain TrustMode = iota
	// TrustPin wants the pinned certificate and nothing else.
	TrustPin
	// TrustAny accepts every certificate: encryption, without knowing to whom.
	TrustAny
)

// Trust is how the server's certificate is judged. The zero value is the strictest:
// the system's authorities and the host name.
//
// A pin alone decides, in every mode: issuer, name and dates do not matter then.
//
// In mode TrustChain, a certificate that is itself in Roots is accepted within its dates, as somebody chose
// exactly that certificate for this server. Its host name is checked only if it names any: the certificate
// that SoftEther makes for itself names none (softether-protocol.md 2), and using that one as the CA is the
// obvious thing to do with it. Certificates from an authority always need the name.
type Trust struct {
	Mode  TrustMode
	Roots *x509.CertPool
	Pin   []byte // SHA-256 of the leaf's DER
}

// verify judges what the server at host presented, at the time now. A non-nil error is always a
// *CertificateError.
func (t *Trust) verify(host string, certs []*x509.Certificate, now time.Time) error {
	leaf := certs[0]
	sum := sha256.Sum256(leaf.Raw)
	refuse := func(r CertReason, err error) error {
		return &CertificateError{Host: host, Leaf: leaf, SHA256: sum, Reason: r, Err: err}
	}
	switch {
	case len(t.Pin) > 0:
		if subtle.ConstantTimeCompare(t.Pin, sum[:]) != 1 {
			return refuse(CertPinChanged, nil)
		}
		return nil
	case t.Mode == TrustPin:
		return refuse(CertPinMissing, nil)
	case t.Mode == TrustAny:
		return nil
	}
	if now.Before(leaf.NotBefore) {
		return refuse(CertNotYetValid, nil)
	}
	opts := x509.VerifyOptions{Roots: t.Roots, Intermediates: x509.NewCertPool(), CurrentTime: now}
	for _, c := range certs[1:] {
		opts.Intermediates.AddCert(c)
	}
	// The name comes after the chain: of a self-signed certificate for another name, the first thing to say
	// is that it is self-signed.
	chains, err := leaf.Verify(opts)
	if err != nil {
		return refuse(chainReason(leaf, err), err)
	}
	if t.Roots != nil && len(chains[0]) == 1 && namesNothing(leaf) {
		return nil
	}
	name, _, _ := strings.Cut(host, "%") // a zone means nothing outside this computer
	if err := leaf.VerifyHostname(name); err != nil {
		return refuse(CertWrongName, err)
	}
	return nil
}

func chainReason(leaf *x509.Certificate, err error) CertReason {
	var invalid x509.CertificateInvalidError
	switch {
	case errors.As(err, &invalid) && invalid.Reason == x509.Expired:
		return CertExpired
	case bytes.Equal(leaf.RawIssuer, leaf.RawSubject):
		return CertSelfSigned
	}
	return CertUntrusted
}

func namesNothing(c *x509.Certificate) bool {
	return len(c.DNSNames)+len(c.IPAddresses)+len(c.EmailAddresses)+len(c.URIs) == 0
}

// sameLeaf returns a check for a connection that must show the certificate der: one to the member that a
// controller named, or a further one of a session.
func sameLeaf(host string, der []byte) func(tls.ConnectionState) error {
	return func(cs tls.ConnectionState) error {
		leaf := cs.PeerCertificates[0]
		if bytes.Equal(leaf.Raw, der) {
			return nil
		}
		return &CertificateError{
			Host: host, Leaf: leaf, SHA256: sha256.Sum256(leaf.Raw), Reason: CertMemberDiffer,
		}
	}
}

// check returns the judgement of t on a server at host, in the form crypto/tls wants.
func (t *Trust) check(host string) func(tls.ConnectionState) error {
	return func(cs tls.ConnectionState) error {
		return t.verify(host, cs.PeerCertificates, time.Now())
	}
}

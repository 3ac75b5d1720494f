// SPDX-License-Identifier: Apache-2.0

package protocol

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"errors"
	"math/big"
	"net"
	"testing"
	"time"
)

// certs makes certificates for a test; all are valid from 2026 to 2027.
type certs struct {
	t   *testing.T
	key *ecdsa.PrivateKey
}

var certNow = time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC)

func (c *certs) make(name string, issuer *x509.Certificate, change func(*x509.Certificate)) *x509.Certificate {
	c.t.Helper()
	tmpl := &x509.Certificate{
		SerialNumber: big.NewInt(1),
		Subject:      pkix.Name{CommonName: name},
		NotBefore:    time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:     time.Date(2027, 1, 1, 0, 0, 0, 0, time.UTC),
	}
	change(tmpl)
	if issuer == nil {
		issuer = tmpl
	}
	der, err := x509.CreateCertificate(rand.Reader, tmpl, issuer, c.key.Public(), c.key)
	if err != nil {
		c.t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		c.t.Fatal(err)
	}
	return cert
}

func asCA(c *x509.Certificate) { c.IsCA, c.BasicConstraintsValid = true, true }

func named(names ...string) func(*x509.Certificate) {
	return func(c *x509.Certificate) {
		for _, n := range names {
			if ip := net.ParseIP(n); ip != nil {
				c.IPAddresses = append(c.IPAddresses, ip)
			} else {
				c.DNSNames = append(c.DNSNames, n)
			}
		}
	}
}

func TestServerCertificateIsJudged(t *testing.T) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	c := &certs{t, key}
	ca := c.make("Office CA", nil, asCA)
	middle := c.make("Office CA 2", ca, asCA)
	good := c.make("vpn", ca, named("vpn.example", "192.0.2.1", "2001:db8::1", "fe80::1"))
	chained := c.make("vpn", middle, named("vpn.example"))
	// What SoftEther makes for itself: a CA that names no host.
	own := c.make("vm", nil, asCA)
	ownNamed := c.make("vpn", nil, named("vpn.example"))
	caNameless := c.make("vpn.example", ca, func(*x509.Certificate) {})

	pool := func(certs ...*x509.Certificate) *x509.CertPool {
		p := x509.NewCertPool()
		for _, c := range certs {
			p.AddCert(c)
		}
		return p
	}
	chain := func(roots ...*x509.Certificate) Trust { return Trust{Roots: pool(roots...)} }
	pin := func(c *x509.Certificate) []byte { s := sha256.Sum256(c.Raw); return s[:] }
	const ok = CertReason(255)
	late, early := certNow.AddDate(1, 0, 0), certNow.AddDate(-1, 0, 0)

	for _, tt := range []struct {
		name  string
		trust Trust
		host  string
		show  []*x509.Certificate
		now   time.Time
		want  CertReason
	}{
		{"issued by the CA, for the name", chain(ca), "vpn.example", []*x509.Certificate{good}, certNow, ok},
		{"for the IPv4 address", chain(ca), "192.0.2.1", []*x509.Certificate{good}, certNow, ok},
		{"for the IPv6 address", chain(ca), "2001:db8::1", []*x509.Certificate{good}, certNow, ok},
		{"for the IPv6 address, with a zone", chain(ca), "fe80::1%eth0", []*x509.Certificate{good}, certNow, ok},
		{"through an intermediate", chain(ca), "vpn.example", []*x509.Certificate{chained, middle}, certNow, ok},
		{"intermediate missing", chain(ca), "vpn.example", []*x509.Certificate{chained}, certNow, CertUntrusted},
		{"for another name", chain(ca), "mail.example", []*x509.Certificate{good}, certNow, CertWrongName},
		{"for another address", chain(ca), "192.0.2.2", []*x509.Certificate{good}, certNow, CertWrongName},
		{"for no name at all", chain(ca), "vpn.example", []*x509.Certificate{caNameless}, certNow, CertWrongName},
		{"unknown to the system", Trust{}, "vpn.example", []*x509.Certificate{good, ca}, certNow, CertUntrusted},
		{"self-signed", Trust{}, "vpn.example", []*x509.Certificate{ownNamed}, certNow, CertSelfSigned},
		{"self-signed beats wrong name", Trust{}, "vpn.example", []*x509.Certificate{own}, certNow, CertSelfSigned},
		{"self-signed given as the CA", chain(own), "vpn.example", []*x509.Certificate{own}, certNow, ok},
		{"self-signed with the name, given as the CA", chain(ownNamed), "vpn.example", []*x509.Certificate{ownNamed}, certNow, ok},
		{"self-signed for another name, given as the CA", chain(ownNamed), "mail.example", []*x509.Certificate{ownNamed}, certNow, CertWrongName},
		{"other self-signed one of the same name", chain(own), "vpn.example", []*x509.Certificate{c.make("vm", nil, named())}, certNow, CertSelfSigned},
		{"expired", chain(ca), "vpn.example", []*x509.Certificate{good}, late, CertExpired},
		{"expired, given as the CA", chain(own), "vpn.example", []*x509.Certificate{own}, late, CertExpired},
		{"not yet valid", chain(ca), "vpn.example", []*x509.Certificate{good}, early, CertNotYetValid},
		{"pinned, though expired and for another name", Trust{Pin: pin(good)}, "x.example", []*x509.Certificate{good}, late, ok},
		{"pinned, in every mode", Trust{Mode: TrustAny, Pin: pin(own)}, "vpn.example", []*x509.Certificate{good}, certNow, CertPinChanged},
		{"pin beats a good chain", Trust{Roots: pool(ca), Pin: pin(own)}, "vpn.example", []*x509.Certificate{good}, certNow, CertPinChanged},
		{"pin of the wrong length", Trust{Pin: pin(good)[:31]}, "vpn.example", []*x509.Certificate{good}, certNow, CertPinChanged},
		{"pin mode without a pin", Trust{Mode: TrustPin, Roots: pool(ca)}, "vpn.example", []*x509.Certificate{good}, certNow, CertPinMissing},
		{"any", Trust{Mode: TrustAny}, "vpn.example", []*x509.Certificate{own}, late, ok},
	} {
		t.Run(tt.name, func(t *testing.T) {
			err := tt.trust.verify(tt.host, tt.show, tt.now)
			var ce *CertificateError
			if tt.want == ok {
				if err != nil {
					t.Errorf("refused: %v", err)
				}
				return
			}
			if !errors.As(err, &ce) {
				t.Fatalf("error %v, want a CertificateError that it %s", err, tt.want)
			}
			if ce.Reason != tt.want {
				t.Errorf("it %s, want: it %s", ce.Reason, tt.want)
			}
			if ce.Host != tt.host || ce.Leaf != tt.show[0] || ce.SHA256 != sha256.Sum256(tt.show[0].Raw) {
				t.Errorf("error is about another certificate: %v", ce)
			}
		})
	}
}

// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"crypto/x509/pkix"
	"fmt"
	"math/big"
	"net"
	"time"
)

// NewCertificate returns a self-signed certificate made from template, with missing times, serial number and
// names filled in. Nothing in it depends on the clock of a test: it is valid from 2000 to 2099.
func NewCertificate(template *x509.Certificate) tls.Certificate {
	t := *template
	if t.SerialNumber == nil {
		t.SerialNumber = big.NewInt(1)
	}
	if t.NotBefore.IsZero() {
		t.NotBefore = time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC) // where synctest's clock starts
	}
	if t.NotAfter.IsZero() {
		t.NotAfter = time.Date(2099, 1, 1, 0, 0, 0, 0, time.UTC)
	}
	if t.Subject.CommonName == "" {
		t.Subject = pkix.Name{CommonName: "softethertest", Organization: []string{"softethertest"}, Country: []string{"US"}}
	}
	t.BasicConstraintsValid, t.IsCA = true, true
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		panic(fmt.Sprintf("softethertest: key: %v", err))
	}
	der, err := x509.CreateCertificate(rand.Reader, &t, &t, key.Public(), key)
	if err != nil {
		panic(fmt.Sprintf("softethertest: certificate: %v", err))
	}
	return tls.Certificate{Certificate: [][]byte{der}, PrivateKey: key}
}

func selfSigned(addr net.Addr) tls.Certificate {
	t := &x509.Certificate{
		DNSNames:    []string{"localhost", "vpn.example"},
		IPAddresses: []net.IP{net.IPv4(127, 0, 0, 1), net.IPv6loopback},
	}
	if a, ok := addr.(*net.TCPAddr); ok {
		t.IPAddresses = append(t.IPAddresses, a.IP)
	}
	return NewCertificate(t)
}

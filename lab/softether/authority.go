// SPDX-License-Identifier: Apache-2.0

package softether

import (
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"math/big"
	"net"
	"net/netip"
	"time"
)

// An Authority issues certificates for the lab's servers. Keys are RSA, as SoftEther supports nothing else.
type Authority struct {
	PEM  []byte // the authority's own certificate
	cert *x509.Certificate
	key  *rsa.PrivateKey
}

// NewAuthority makes a certificate authority of that name.
func NewAuthority(name string) (*Authority, error) {
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, err
	}
	t := template(name, 24*time.Hour)
	t.IsCA, t.BasicConstraintsValid, t.KeyUsage = true, true, x509.KeyUsageCertSign
	der, err := x509.CreateCertificate(rand.Reader, t, t, key.Public(), key)
	if err != nil {
		return nil, err
	}
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return nil, err
	}
	return &Authority{PEM: pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der}), cert: cert, key: key}, nil
}

// Issue makes a server certificate for those host names and addresses; both results are PEM.
func (a *Authority) Issue(name string, hosts []string, addrs ...netip.Addr) (cert, key []byte, err error) {
	return a.IssueFor(name, 24*time.Hour, hosts, addrs...)
}

// IssueFor is Issue with the certificate's remaining lifetime; a negative one makes a certificate that has
// expired.
func (a *Authority) IssueFor(name string, left time.Duration, hosts []string, addrs ...netip.Addr) (cert, key []byte, err error) {
	k, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return nil, nil, err
	}
	t := template(name, left)
	t.DNSNames, t.ExtKeyUsage = hosts, []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth}
	for _, addr := range addrs {
		t.IPAddresses = append(t.IPAddresses, net.IP(addr.AsSlice()))
	}
	der, err := x509.CreateCertificate(rand.Reader, t, a.cert, k.Public(), a.key)
	if err != nil {
		return nil, nil, err
	}
	cert = pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: der})
	key = pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(k)})
	return cert, key, nil
}

func template(name string, left time.Duration) *x509.Certificate {
	serial, _ := rand.Int(rand.Reader, big.NewInt(1<<62)) // crypto/rand does not fail
	end := time.Now().Add(left)
	return &x509.Certificate{SerialNumber: serial, Subject: pkix.Name{CommonName: name}, NotBefore: end.Add(-48 * time.Hour), NotAfter: end}
}

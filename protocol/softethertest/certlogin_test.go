// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"math/big"
	"testing"
	"time"

	"network-manager-softether/protocol/softethertest"
)

func TestCertificateLogin(t *testing.T) {
	now := time.Now()
	key, err := rsa.GenerateKey(rand.Reader, 1024) // the shortest the protocol knows
	if err != nil {
		t.Fatal(err)
	}
	issue := func(from, to time.Time, pub crypto.PublicKey, signer crypto.Signer) []byte {
		t.Helper()
		tmpl := &x509.Certificate{
			SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "bob"}, NotBefore: from, NotAfter: to,
			BasicConstraintsValid: true, IsCA: true, KeyUsage: x509.KeyUsageCertSign,
		}
		der, err := x509.CreateCertificate(rand.Reader, tmpl, tmpl, pub, signer)
		if err != nil {
			t.Fatal(err)
		}
		return der
	}
	good := issue(now.Add(-time.Hour), now.Add(time.Hour), key.Public(), key)
	other := issue(now.Add(-2*time.Hour), now.Add(time.Hour), key.Public(), key)
	expired := issue(now.Add(-2*time.Hour), now.Add(-time.Hour), key.Public(), key)
	ec, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	ecDER := issue(now.Add(-time.Hour), now.Add(time.Hour), ec.Public(), ec)
	ca, err := x509.ParseCertificate(good)
	if err != nil {
		t.Fatal(err)
	}
	s := newServer(t, softethertest.WithHub(softethertest.Hub{Name: "TEST", CAs: []softethertest.CA{ca}, Users: []softethertest.User{
		{Name: "bob", CertDER: good}, {Name: "old", CertDER: expired}, {Name: "ec", CertDER: ecDER}, {Name: "dave", SignedByCA: true},
	}}))
	sha1Of := func(random []byte) (crypto.Hash, []byte) { d := sha1.Sum(random); return crypto.SHA1, d[:] }
	sha256Of := func(random []byte) (crypto.Hash, []byte) { d := sha256.Sum256(random); return crypto.SHA256, d[:] }
	for _, tt := range []struct {
		name, user string
		cert       []byte
		digest     func([]byte) (crypto.Hash, []byte)
		want       uint32
	}{
		{"stored certificate", "bob", good, sha1Of, 0},
		{"another certificate", "bob", other, sha1Of, 9},
		{"signed by the CA", "dave", other, sha1Of, 0},
		{"SHA-256", "bob", good, sha256Of, 9},
		{"expired", "old", expired, sha1Of, 9},
		{"EC key", "ec", ecDER, sha1Of, 9},
		{"no certificate", "bob", nil, sha1Of, 9},
	} {
		t.Run(tt.name, func(t *testing.T) {
			c := connect(t, s)
			hash, digest := tt.digest(c.hello().Data("random"))
			sign, err := rsa.SignPKCS1v15(rand.Reader, key, hash, digest)
			if err != nil {
				t.Fatal(err)
			}
			p := c.ask(loginPack(str("username", tt.user), num("authtype", 3), data("cert", tt.cert), data("sign", sign)))
			if p.Int("error") != tt.want {
				t.Errorf("error %d, want %d", p.Int("error"), tt.want)
			}
		})
	}
}

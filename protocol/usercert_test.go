// SPDX-License-Identifier: Apache-2.0

package protocol_test

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"math/big"
	"net"
	"os"
	"strings"
	"testing"
	"time"

	"network-manager-softether/protocol"
	. "network-manager-softether/protocol/softethertest"
)

// rsaKey returns the key of that length in testdata: making long ones takes seconds.
func rsaKey(t *testing.T, bits int) *rsa.PrivateKey {
	t.Helper()
	text, err := os.ReadFile(fmt.Sprintf("testdata/rsa%d.pem", bits))
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	key, err := x509.ParsePKCS8PrivateKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	return key.(*rsa.PrivateKey)
}

// rsaPSSCert returns a certificate whose key is for RSA-PSS alone, which crypto/x509 neither makes nor knows.
func rsaPSSCert(t *testing.T) []byte {
	t.Helper()
	text, err := os.ReadFile("testdata/rsa-pss.crt")
	if err != nil {
		t.Fatal(err)
	}
	block, _ := pem.Decode(text)
	return block.Bytes
}

// userCert returns a certificate for the public half of key, which is valid from
// an hour ago until left from now. Without a parent it is self-signed.
func userCert(t *testing.T, key crypto.Signer, left time.Duration, parent *x509.Certificate, parentKey crypto.Signer) []byte {
	t.Helper()
	template := &x509.Certificate{
		SerialNumber: big.NewInt(7), Subject: pkix.Name{CommonName: "joe"}, IsCA: parent == nil, BasicConstraintsValid: true,
		KeyUsage:  x509.KeyUsageCertSign | x509.KeyUsageDigitalSignature,
		NotBefore: time.Now().Add(left - 2*time.Hour), NotAfter: time.Now().Add(left),
	}
	if parent == nil {
		parent, parentKey = template, key
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), parentKey)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// card is a key that only signs, as one on a smart card.
type card struct {
	key  *rsa.PrivateKey
	fail error
}

func (c card) Public() crypto.PublicKey { return c.key.Public() }
func (c card) Sign(r io.Reader, digest []byte, opts crypto.SignerOpts) ([]byte, error) {
	if c.fail != nil {
		return nil, c.fail
	}
	return c.key.Sign(r, digest, opts)
}

func TestACertificateLogsIn(t *testing.T) {
	authority := rsaKey(t, 2048)
	ca, err := x509.ParseCertificate(userCert(t, authority, time.Hour, nil, nil))
	if err != nil {
		t.Fatal(err)
	}
	users := []User{{Name: "signed", SignedByCA: true}, {Name: "joe", Password: "secret1"}}
	stored := map[int][]byte{}
	for _, bits := range []int{1024, 1536, 2048, 3072, 4096} {
		stored[bits] = userCert(t, rsaKey(t, bits), time.Hour, nil, nil)
		users = append(users, User{Name: fmt.Sprint("rsa", bits), CertDER: stored[bits]})
	}
	srv := start(t, WithHub(Hub{Name: "TEST", Users: users, CAs: []CA{ca}}))
	signed := userCert(t, rsaKey(t, 1024), time.Hour, ca, authority)
	type certificate = protocol.Certificate
	tests := []struct {
		name, user string
		cert       certificate
		refused    bool
	}{
		{"signed by an authority of the hub", "signed", certificate{DER: signed, Key: rsaKey(t, 1024)}, false},
		{"signed by nobody the hub knows", "signed", certificate{DER: stored[3072], Key: rsaKey(t, 3072)}, true},
		{"another than the stored one", "rsa1024", certificate{DER: signed, Key: rsaKey(t, 1024)}, true},
		{"the user has a password", "joe", certificate{DER: signed, Key: rsaKey(t, 1024)}, true},
		{"a key that only signs", "rsa3072", certificate{DER: stored[3072], Key: card{key: rsaKey(t, 3072)}}, false},
	}
	for bits, der := range stored {
		tests = append(tests, struct {
			name, user string
			cert       certificate
			refused    bool
		}{fmt.Sprintf("stored, RSA %d", bits), fmt.Sprint("rsa", bits), certificate{DER: der, Key: rsaKey(t, bits)}, false})
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			cfg := alice(srv)
			cfg.User, cfg.Auth = tt.user, tt.cert
			s, err := protocol.Dial(t.Context(), cfg)
			if err == nil {
				s.Close()
			}
			var refused *protocol.ServerError
			if got := errors.As(err, &refused) && refused.Code == protocol.CodeAuthFailed; got != tt.refused || !got && err != nil {
				t.Errorf("refused by the server: %t (%v), want %t", got, err, tt.refused)
			}
		})
	}
}

// noDialer fails the test when something is dialled.
type noDialer struct{ t *testing.T }

func (d noDialer) DialContext(context.Context, string, string) (net.Conn, error) {
	d.t.Error("it connected")
	return nil, errors.New("no")
}

func TestACertificateNoServerTakesIsRefusedBeforeConnecting(t *testing.T) {
	curve, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	key, odd := rsaKey(t, 1024), rsaKey(t, 1280)
	for _, tt := range []struct {
		name string
		cert protocol.Certificate
		want protocol.UserCertReason
		text string
	}{
		{"RSA-PSS", protocol.Certificate{DER: rsaPSSCert(t), Key: rsaKey(t, 2048)}, protocol.UserCertKeyType, "RSA-PSS"},
		{"elliptic curve", protocol.Certificate{DER: userCert(t, curve, time.Hour, nil, nil), Key: curve}, protocol.UserCertKeyType, "ECDSA"},
		{"odd length", protocol.Certificate{DER: userCert(t, odd, time.Hour, nil, nil), Key: odd}, protocol.UserCertKeySize, "1280 bits"},
		{"another key", protocol.Certificate{DER: userCert(t, key, time.Hour, nil, nil), Key: rsaKey(t, 2048)}, protocol.UserCertMismatch, ""},
		{"another kind of key", protocol.Certificate{DER: userCert(t, key, time.Hour, nil, nil), Key: curve}, protocol.UserCertMismatch, ""},
		{"expired", protocol.Certificate{DER: userCert(t, key, -time.Hour, nil, nil), Key: key}, protocol.UserCertExpired, "it ended on 20"},
		{"not yet valid", protocol.Certificate{DER: userCert(t, key, 3*time.Hour, nil, nil), Key: key}, protocol.UserCertNotYetValid, "it begins on 20"},
		{"no certificate", protocol.Certificate{DER: []byte("nonsense"), Key: key}, protocol.UserCertUnreadable, ""},
		{"a huge one", protocol.Certificate{DER: make([]byte, 60001), Key: key}, protocol.UserCertUnreadable, "60001 bytes"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := protocol.Dial(t.Context(), &protocol.Config{
				Host: "192.0.2.1", Port: 443, User: "joe", Auth: tt.cert, Dialer: noDialer{t},
			})
			var refused *protocol.UserCertError
			if !errors.As(err, &refused) || refused.Reason != tt.want || !strings.Contains(err.Error(), tt.text) {
				t.Fatalf("error %v, want reason %d with %q", err, tt.want, tt.text)
			}
			if kind, retry := protocol.Classify(err); kind != protocol.KindLogin || retry != protocol.RetryNo || protocol.Hint(err) == "" {
				t.Errorf("classified as %v, retry %v, hint %q; want login, no, and a hint", kind, retry, protocol.Hint(err))
			}
		})
	}
}

func TestACertificateWithoutAWorkingKey(t *testing.T) {
	key := rsaKey(t, 1024)
	srv := start(t)
	cfg := alice(srv)
	pulled := errors.New("card pulled")
	cfg.Auth = protocol.Certificate{DER: userCert(t, key, time.Hour, nil, nil), Key: card{key, pulled}}
	if _, err := protocol.Dial(t.Context(), cfg); !errors.Is(err, pulled) {
		t.Errorf("error %v, want the card's", err)
	}
	cfg.Auth = protocol.Certificate{DER: []byte{1}}
	if _, err := protocol.Dial(t.Context(), cfg); !errors.Is(err, protocol.ErrConfig) {
		t.Errorf("without a key: error %v, want %v", err, protocol.ErrConfig)
	}
	if text := fmt.Sprintf("%v %+v %#v", cfg.Auth, *cfg, protocol.Certificate{Key: key}); strings.Contains(text, fmt.Sprint(key.D)) {
		t.Error("the key is printed")
	}
}

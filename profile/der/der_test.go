// SPDX-License-Identifier: Apache-2.0

package der

import (
	"bytes"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"testing"
	"time"
)

// certificate makes one, with an elliptic key as that is quick.
func certificate(t testing.TB, subject []byte, notAfter time.Time) []byte {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), RawSubject: subject, NotBefore: time.Unix(0, 0), NotAfter: notAfter}
	b, err := x509.CreateCertificate(rand.Reader, template, template, key.Public(), key)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func subject(t testing.TB, name any) []byte {
	t.Helper()
	b, err := asn1.Marshal(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestCertificatesSayWhoseTheyAreAndUntilWhen(t *testing.T) {
	// BMPString, as old Windows programs wrote names.
	bmp := pkix.RDNSequence{{{Type: asn1.ObjectIdentifier{2, 5, 4, 3}, Value: asn1.RawValue{Tag: asn1.TagBMPString, Bytes: []byte{0x67, 0x71, 0x4e, 0xac}}}}}
	for name, test := range map[string]struct {
		subject []byte
		until   time.Time
		want    string
	}{
		"ASCII":     {subject(t, pkix.Name{CommonName: "vpn.example.com", Organization: []string{"Example"}}.ToRDNSequence()), time.Date(2049, 12, 31, 23, 59, 59, 0, time.UTC), "vpn.example.com"},
		"UTF-8":     {subject(t, pkix.Name{CommonName: "東京"}.ToRDNSequence()), time.Date(2050, 1, 1, 0, 0, 0, 0, time.UTC), "東京"},
		"BMPString": {subject(t, bmp), time.Date(1999, 2, 3, 4, 5, 6, 0, time.UTC), "東京"},
		"nameless":  {subject(t, pkix.RDNSequence{}), time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC), ""},
	} {
		b := certificate(t, test.subject, test.until)
		got, ok := ParseCertificate(b)
		if !ok || got.CommonName != test.want || got.LastDay != test.until.Format(time.DateOnly) {
			t.Errorf("%s: %+v, %v, want %q until %v", name, got, ok, test.want, test.until)
		}
		for n := range b { // cut anywhere
			if _, ok := ParseCertificate(b[:n]); ok {
				t.Errorf("%s: %d of %d bytes are taken for a certificate", name, n, len(b))
			}
		}
		if _, ok := ParseCertificate(append(b, 0)); ok {
			t.Errorf("%s: what follows it is overlooked", name)
		}
	}
}

// What time.Parse takes for a moment is one, except for the parts of seconds that RFC 5280 forbids.
func TestDaysAreThoseOfTheCalendar(t *testing.T) {
	for _, digits := range []string{
		"20240229000000Z", "20230229000000Z", "20000229000000Z", "21000229000000Z", "20240431120000Z", "20240430120000Z", "20241231235959Z",
		"20241301000000Z", "20240001000000Z", "20240100000000Z", "20240132000000Z", "20240101240000Z", "20240101006000Z", "20240101000060Z",
		"00010101000000Z", "99991231235959Z", "20240101000000", "202401010000Z", "20240101000000+0100", "2024010100000 Z", "2024-1-1000000Z", "20240101000000ZZ", "Z", "",
	} {
		want := ""
		if m, err := time.Parse("20060102150405Z", digits); err == nil {
			want = m.Format(time.DateOnly)
		}
		if got, ok := dayOf(element{tag: tagTime, content: []byte(digits)}); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %t, want %q", digits, got, ok, want)
		}
	}
	for digits, want := range map[string]string{"491231235959Z": "2049-12-31", "500101000000Z": "1950-01-01", "20240101000000.5Z": ""} {
		tag := byte(tagUTCTime)
		if len(digits) > 13 {
			tag = tagTime
		}
		if got, ok := dayOf(element{tag: tag, content: []byte(digits)}); got != want || ok != (want != "") {
			t.Errorf("%s: got %q, %t, want %q", digits, got, ok, want)
		}
	}
}

func TestPrivateKeysAreToldApartAndUnwrapped(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	_, edKey, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	keys := map[string]struct {
		key   crypto.PrivateKey
		plain []byte // as PKCS #1 or SEC 1
		label string
	}{
		"RSA":     {rsaKey, x509.MarshalPKCS1PrivateKey(rsaKey), PKCS1},
		"Ed25519": {edKey, nil, ""},
	}
	for _, curve := range []elliptic.Curve{elliptic.P256(), elliptic.P521()} {
		key, err := ecdsa.GenerateKey(curve, rand.Reader)
		if err != nil {
			t.Fatal(err)
		}
		plain, err := x509.MarshalECPrivateKey(key)
		if err != nil {
			t.Fatal(err)
		}
		keys[curve.Params().Name] = struct {
			key   crypto.PrivateKey
			plain []byte
			label string
		}{key, plain, SEC1}
	}
	for name, k := range keys {
		if got := KeyLabel(k.plain); got != k.label {
			t.Errorf("%s: the label is %q, want %q", name, got, k.label)
		}
		wrapped, err := x509.MarshalPKCS8PrivateKey(k.key)
		if err != nil {
			t.Fatal(err)
		}
		if got := KeyLabel(wrapped); got != PKCS8 {
			t.Errorf("%s: the label of PKCS #8 is %q", name, got)
		}
		got, ok := Traditional(wrapped)
		if ok != (k.plain != nil) || !bytes.Equal(got, k.plain) {
			t.Errorf("%s: %v\ngot  %x\nwant %x", name, ok, got, k.plain)
		}
	}
}

func TestOtherThingsAreNoKeys(t *testing.T) {
	for name, b := range map[string][]byte{
		"nothing": nil, "text": []byte("-----BEGIN PRIVATE KEY-----"), "certificate": certificate(t, subject(t, pkix.RDNSequence{}), time.Now()),
		"indefinite length": {0x30, 0x80, 0x02, 0x01, 0x00, 0x00, 0x00}, "long form without need": {0x30, 0x81, 0x03, 0x02, 0x01, 0x00},
		"length beyond the end": {0x30, 0x84, 0xff, 0xff, 0xff, 0xff}, "huge length": {0x30, 0x88, 1, 0, 0, 0, 0, 0, 0, 0},
	} {
		if got := KeyLabel(b); got != "" || IsEncryptedKey(b) || IsPKCS12(b) {
			t.Errorf("%s is a %s, encrypted %t, PKCS #12 %t", name, got, IsEncryptedKey(b), IsPKCS12(b))
		}
		if _, ok := Traditional(b); ok {
			t.Errorf("%s can be unwrapped", name)
		}
	}
}

// What the official programs make of a certificate is decided by OpenSSL, which does not look into everything.
func TestCertificatesAreReadAsOpenSSLReadsThem(t *testing.T) {
	rsaKey, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "joe"}, NotBefore: time.Unix(0, 0), NotAfter: time.Unix(2e9, 0), IsCA: true, BasicConstraintsValid: true}
	whole, err := x509.CreateCertificate(rand.Reader, template, template, rsaKey.Public(), rsaKey)
	if err != nil {
		t.Fatal(err)
	}
	change := func(old, new string) []byte {
		if !bytes.Contains(whole, []byte(old)) {
			t.Fatalf("no %x", old)
		}
		return bytes.Replace(whole, []byte(old), []byte(new), 1)
	}
	const day = "330518033320Z"
	for name, test := range map[string]struct {
		der  []byte
		want Certificate
		ok   bool
	}{
		"as it is":                    {whole, Certificate{CommonName: "joe", LastDay: "2033-05-18", RSABits: 1024}, true},
		"a date that is none":         {change(day, "33051803332!Z"), Certificate{CommonName: "joe", RSABits: 1024}, true},
		"an unknown algorithm":        {change(oidRSA, oidRSA[:8]+"\x7f"), Certificate{CommonName: "joe", LastDay: "2033-05-18"}, true},
		"RSA-PSS":                     {change(oidRSA, oidRSA[:8]+"\x0a"), Certificate{CommonName: "joe", LastDay: "2033-05-18", OtherKey: true}, true},
		"a date of another tag":       {change("\x17\x0d"+day, "\x13\x0d"+day), Certificate{}, false},
		"a boolean of no length":      {change("\x01\x01\xff\x04", "\x05\x01\xff\x04"), Certificate{}, false},
		"an extension without a name": {change("\x06\x03\x55\x1d\x13", "\x05\x03\x55\x1d\x13"), Certificate{}, false},
	} {
		got, ok := ParseCertificate(test.der)
		if ok != test.ok || ok && got != test.want {
			t.Errorf("%s: %+v, %t, want %+v, %t", name, got, ok, test.want, test.ok)
		}
	}
}

// FuzzDER holds that no input is too odd, and that nothing is taken for a certificate with another last day than crypto/x509
// reads. That reads more: it does not look at what follows within a structure, which OpenSSL refuses.
func FuzzDER(f *testing.F) {
	f.Add(certificate(f, subject(f, pkix.Name{CommonName: "x"}.ToRDNSequence()), time.Unix(2e9, 0)))
	f.Add([]byte{0x30, 0x06, 0x02, 0x01, 0x01, 0x04, 0x01, 0x00})
	f.Fuzz(func(t *testing.T, b []byte) {
		got, ok := ParseCertificate(b)
		if c, err := x509.ParseCertificate(b); err == nil && ok && got.LastDay != c.NotAfter.Format(time.DateOnly) {
			t.Errorf("crypto/x509 reads a certificate until %v, this %v", c.NotAfter, got)
		}
		if key, ok := Traditional(b); ok && KeyLabel(key) != PKCS1 && KeyLabel(key) != SEC1 {
			t.Errorf("unwrapped to %x", key)
		}
		if _, cert := ParseCertificate(b); IsEncryptedKey(b) && (IsPKCS12(b) || cert || KeyLabel(b) != "") {
			t.Error("an encrypted key and something else")
		}
	})
}

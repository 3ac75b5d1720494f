// SPDX-License-Identifier: Apache-2.0

package der

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"slices"
	"testing"
	"time"
)

// signedData is PKCS #7 with certificates in it and nobody's signature, as openssl crl2pkcs7 writes it.
func signedData(certs ...[]byte) []byte {
	oid := func(s string) []byte { return wrap(tagOID, []byte(s)) }
	body := slices.Concat([]byte{tagInteger, 1, 1}, wrap(tagSet, nil), wrap(tagSequence, oid("\x2a\x86\x48\x86\xf7\x0d\x01\x07\x01")),
		wrap(tagExplicit0, slices.Concat(certs...)), wrap(tagExplicit1, nil), wrap(tagSet, nil))
	return wrap(tagSequence, slices.Concat(oid(oidSignedData), wrap(tagExplicit0, wrap(tagSequence, body))))
}

func TestCertificatesAreFoundInEveryKindOfFile(t *testing.T) {
	one := certificate(t, subject(t, pkix.Name{CommonName: "one"}.ToRDNSequence()), time.Unix(2e9, 0))
	two := certificate(t, subject(t, pkix.Name{CommonName: "two"}.ToRDNSequence()), time.Unix(2e9, 0))
	text := func(label string, b []byte) []byte { return pem.EncodeToMemory(&pem.Block{Type: label, Bytes: b}) }
	key := text(PKCS8, []byte("no certificate"))
	auxiliary := append(bytes.Clone(one), wrap(tagSequence, nil)...) // of openssl x509 -trustout
	for name, test := range map[string]struct {
		content []byte
		want    [][]byte
	}{
		"PEM":                       {text("CERTIFICATE", one), [][]byte{one}},
		"two, and a key first":      {slices.Concat(key, text("CERTIFICATE", one), text("CERTIFICATE", two)), [][]byte{one, two}},
		"the label of old programs": {text("X509 CERTIFICATE", one), [][]byte{one}},
		"with marks of trust":       {text("TRUSTED CERTIFICATE", auxiliary), [][]byte{one}},
		"DER":                       {one, [][]byte{one}},
		"DER and a line end":        {append(bytes.Clone(one), '\r', '\n'), [][]byte{one}},
		"base64":                    {[]byte(base64.StdEncoding.EncodeToString(one) + "\n"), [][]byte{one}},
		"base64 behind a mark":      {[]byte(utf8Mark + base64.StdEncoding.EncodeToString(one)), [][]byte{one}},
		"PKCS #7":                   {signedData(one, two), [][]byte{one, two}},
		"PKCS #7 in PEM":            {text("PKCS7", signedData(one, two)), [][]byte{one, two}},
		"PKCS #7 of certutil":       {text("CERTIFICATE", signedData(two, one)), [][]byte{two, one}},
		"PKCS #7 with none":         {signedData(), nil},
		"PKCS #7 cut":               {signedData(one)[:200], nil},
		"a key":                     {key, nil},
		"a request":                 {text("CERTIFICATE REQUEST", one), nil},
		"nothing":                   {nil, nil},
		"a word":                    {[]byte("Mine"), nil},
	} {
		if got := Certificates(test.content); !slices.EqualFunc(got, test.want, bytes.Equal) {
			t.Errorf("%s: found %d certificates, want %d", name, len(got), len(test.want))
		}
	}
}

func FuzzCertificates(f *testing.F) {
	one := certificate(f, subject(f, pkix.Name{CommonName: "x"}.ToRDNSequence()), time.Unix(2e9, 0))
	f.Add(one)
	f.Add(signedData(one, one))
	f.Add(pem.EncodeToMemory(&pem.Block{Type: "PKCS7", Bytes: signedData(one)}))
	f.Fuzz(func(t *testing.T, content []byte) {
		for _, b := range Certificates(content) {
			if _, ok := ParseCertificate(b); !ok {
				t.Errorf("%x is none", b)
			}
		}
	})
}

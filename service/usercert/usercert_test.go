// SPDX-License-Identifier: Apache-2.0

package usercert

import (
	"bytes"
	"crypto/rsa"
	"crypto/x509"
	"encoding/base64"
	"encoding/pem"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"software.sslmate.com/src/go-pkcs12"
)

// Everything in testdata was written by OpenSSL 3.0, but openssh.pem by ssh-keygen, java.der by javax.crypto of
// Java 17 and nss.p12 by pk12util. Where it is the key of joe.crt it is plain.pem in
// another form.
func file(t testing.TB, name string) []byte {
	t.Helper()
	if name == "" {
		return nil
	}
	b, err := os.ReadFile(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

const password = "s3cret-ü"

func TestEveryFormatIsRead(t *testing.T) {
	block, _ := pem.Decode(file(t, "joe.crt"))
	key, err := parseDER(file(t, "plain.der"))
	if err != nil {
		t.Fatal(err)
	}
	for _, tt := range []struct{ cert, key, password string }{
		{"joe.crt", "plain.pem", ""},
		{"joe.crt", "plain.pem", "needless"},
		{"joe.crt", "plain.der", ""},
		{"joe.crt", "pkcs1.pem", ""},
		{"joe.der", "plain.pem", ""},
		{"joe.crt", "aes256.pem", password},
		{"joe.crt", "aes256.der", password},
		{"joe.crt", "aes128sha1.pem", password},
		{"joe.crt", "des3.pem", password},
		{"joe.crt", "scrypt.pem", password},
		{"joe.crt", "legacy-aes.pem", password},
		{"joe.crt", "legacy-des3.pem", password},
		{"modern.p12", "", password},
		{"legacy.p12", "", password},
		{"nopassword.p12", "", ""},
		{"modern.p12", "plain.pem", password},
		{"joe.crt", "modern.p12", password},
		{"joe.p7b", "plain.pem", ""},
		{"joe-p7b.pem", "plain.pem", ""},
		{"trusted.crt", "plain.pem", ""},
		{"joe.crt", "sha512.pem", password},
		{"joe.crt", "java.der", "s3cret"},
	} {
		t.Run(tt.cert+" "+tt.key, func(t *testing.T) {
			id, err := Load(file(t, tt.cert), file(t, tt.key), tt.password)
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(id.DER, block.Bytes) {
				t.Error("another certificate")
			}
			if !id.Key.Public().(*rsa.PublicKey).Equal(key.Public()) {
				t.Error("another key")
			}
		})
	}
}

func TestTheCertificateOfTheKeyIsTakenFromABundle(t *testing.T) {
	bundle := bytes.Join([][]byte{file(t, "ca.crt"), file(t, "plain.pem"), file(t, "ec.crt"), file(t, "joe.crt")}, nil)
	id, err := Load(bundle, nil, "")
	if err != nil {
		t.Fatal(err)
	}
	cert, err := x509.ParseCertificate(id.DER)
	if err != nil || cert.Subject.CommonName != "joe" || cert.PublicKeyAlgorithm != x509.RSA {
		t.Errorf("took %v (%v), %v", cert.Subject, cert.PublicKeyAlgorithm, err)
	}
	// One that does not match is for package protocol to refuse.
	if id, err = Load(file(t, "ca.crt"), file(t, "plain.pem"), ""); err != nil || id == nil {
		t.Errorf("certificate of another key: %v", err)
	}
}

// Windows puts the authorities before the certificate when it exports a chain.
func TestTheCertificateOfTheKeyIsTakenFromPKCS12(t *testing.T) {
	key, err := parseDER(file(t, "plain.der"))
	if err != nil {
		t.Fatal(err)
	}
	var certs []*x509.Certificate
	for _, name := range []string{"ca.crt", "ec.crt", "joe.crt"} {
		block, _ := pem.Decode(file(t, name))
		cert, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			t.Fatal(err)
		}
		certs = append(certs, cert)
	}
	pfx, err := pkcs12.Modern.Encode(key, certs[0], certs[1:], password)
	if err != nil {
		t.Fatal(err)
	}
	id, err := Load(pfx, nil, password)
	if err != nil || !bytes.Equal(id.DER, certs[2].Raw) {
		t.Errorf("error %v, or another certificate than that of the key", err)
	}
}

func TestBinaryFilesInBase64AreRead(t *testing.T) {
	lines := func(name string, width int) []byte {
		var b []byte
		for line := range slices.Chunk([]byte(base64.StdEncoding.EncodeToString(file(t, name))), width) {
			b = append(append(b, line...), "\r\n"...)
		}
		return b
	}
	for _, width := range []int{64, 76, 1 << 20} {
		if _, err := Load(lines("joe.der", width), lines("plain.der", width), ""); err != nil {
			t.Errorf("lines of %d: %v", width, err)
		}
		if _, err := Load(lines("modern.p12", width), nil, password); err != nil {
			t.Errorf("PKCS #12, lines of %d: %v", width, err)
		}
	}
	wrapped := pem.EncodeToMemory(&pem.Block{Type: "PKCS12", Bytes: file(t, "modern.p12")}) // as certtool writes it
	if _, err := Load(wrapped, nil, password); err != nil {
		t.Errorf("PKCS #12 in PEM: %v", err)
	}
}

func TestKeysOfOtherKindsAreReadSoThatTheyCanBeNamed(t *testing.T) {
	id, err := Load(file(t, "ec.crt"), file(t, "ec.pem"), "")
	if err != nil {
		t.Fatal(err)
	}
	if _, isRSA := id.Key.Public().(*rsa.PublicKey); isRSA {
		t.Error("an elliptic curve became RSA")
	}
}

// An RSA-PSS key is RSA to the person who made it: that it is another kind has to be said.
func TestRSAPSSKeysAreNamed(t *testing.T) {
	for _, tt := range []struct{ cert, key, password string }{
		{"rsa-pss.crt", "rsa-pss.pem", ""},
		{"rsa-pss.crt", "rsa-pss.der", ""},
		{"rsa-pss.crt", "rsa-pss-aes256.pem", password},
		{"rsa-pss.p12", "", password},
	} {
		if _, err := Load(file(t, tt.cert), file(t, tt.key), tt.password); !errors.Is(err, ErrRSAPSS) || strings.Contains(err.Error(), "1.2.840") {
			t.Errorf("%s %s: %v", tt.cert, tt.key, err)
		}
	}
}

func TestByteOrderMarksAreOverlooked(t *testing.T) {
	mark := func(b []byte) []byte { return append([]byte("\ufeff"), b...) }
	for _, key := range []string{"plain.pem", "aes256.pem", "legacy-aes.pem"} {
		if _, err := Load(mark(file(t, "joe.crt")), mark(file(t, key)), password); err != nil {
			t.Errorf("%s: %v", key, err)
		}
	}
	if _, err := Load(append(mark(file(t, "joe.crt")), mark(file(t, "plain.pem"))...), nil, ""); err != nil {
		t.Errorf("both in one: %v", err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package usercert

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"encoding/pem"
	"errors"
	"path/filepath"
	"strings"
	"testing"
	"time"
)

func TestPasswordsAreNeededOrWrong(t *testing.T) {
	for _, key := range []string{"aes256.pem", "aes256.der", "aes128sha1.pem", "des3.pem", "sha512.pem", "scrypt.pem", "legacy-aes.pem", "legacy-des3.pem", "modern.p12", "legacy.p12"} {
		cert := "joe.crt"
		if strings.HasSuffix(key, ".p12") {
			cert, key = key, ""
		}
		for _, c := range []struct {
			password string
			want     error
		}{{"", ErrPasswordNeeded}, {"wrong", ErrWrongPassword}, {password + " ", ErrWrongPassword}} {
			if _, err := Load(file(t, cert), file(t, key), c.password); !errors.Is(err, c.want) {
				t.Errorf("%s %s with password %q: error %v, want %v", cert, key, c.password, err, c.want)
			}
		}
	}
}

// costly is scrypt.pem with parameters that need half a gigabyte.
func costly(t testing.TB) []byte {
	block, _ := pem.Decode(file(t, "scrypt.pem"))
	der := bytes.Replace(block.Bytes, []byte{2, 2, 4, 0, 2, 1, 8}, []byte{2, 2, 0x7f, 0xff, 2, 1, 0x7f}, 1)
	if bytes.Equal(der, block.Bytes) {
		t.Fatal("scrypt's parameters are not where they should be")
	}
	return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der})
}

// damaged changes the middle of the container: an initialisation vector of another length
// makes ciphers panic.
func damaged(t testing.TB, name string, from, to []byte) []byte {
	block, _ := pem.Decode(file(t, name))
	der := bytes.Replace(block.Bytes, from, to, 1)
	if bytes.Equal(der, block.Bytes) {
		t.Fatalf("%s has no % x", name, from)
	}
	return pem.EncodeToMemory(&pem.Block{Type: block.Type, Bytes: der})
}

func TestWhatCannotBeReadIsNamed(t *testing.T) {
	cert := file(t, "joe.crt")
	for _, tt := range []struct {
		name      string
		cert, key []byte
		want      string
	}{
		{"no certificate", file(t, "plain.pem"), file(t, "plain.pem"), "no certificate"},
		{"empty", nil, nil, "no certificate"},
		{"no key", cert, cert, "no private key"},
		{"no key at all", cert, nil, "no private key"},
		{"noise", cert, []byte("\x30\x03\x02\x01\x00 noise"), "no private key"},
		{"damaged key", cert, []byte("-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n"), "cannot be read"},
		{"OpenSSH", cert, file(t, "openssh.pem"), "ssh-keygen"},
		{"PBES1", cert, file(t, "pbes1.pem"), "openssl pkcs8 -topk8"},
		{"a cipher nobody uses", cert, file(t, "camellia.pem"), "openssl pkcs8 -topk8"},
		{"an initialisation vector of four bytes", cert, damaged(t, "des3.pem", []byte{4, 8}, []byte{4, 4}), ""},
		{"PKCS #12 without a key", file(t, "nokey.p12"), nil, "export it again with its certificate and its private key"},
		{"PKCS #12 of Firefox", file(t, "nss.p12"), nil, "openssl pkcs12 -in"},
		{"a keystore of Java", []byte("\xfe\xed\xfe\xed\x00\x00\x00\x02"), nil, "keytool -importkeystore"},
		{"a request", []byte("-----BEGIN CERTIFICATE REQUEST-----\nMAA=\n-----END CERTIFICATE REQUEST-----\n"), nil, "request for a certificate"},
		{"twenty million rounds", cert, file(t, "rounds-huge.pem"), "rounds"},
		{"twenty million rounds in PKCS #12", file(t, "rounds-huge.p12"), nil, "rounds"},
		{"half a gigabyte", cert, costly(t), "memory"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			began := time.Now()
			_, err := Load(tt.cert, tt.key, password)
			if err == nil || !strings.Contains(err.Error(), tt.want) || errors.Is(err, ErrPasswordNeeded) {
				t.Errorf("error %v, want one with %q", err, tt.want)
			}
			if err != nil && strings.Contains(err.Error(), password) {
				t.Error("the error has the password in it")
			}
			if took := time.Since(began); took > 10*time.Second {
				t.Errorf("it took %v", took)
			}
		})
	}
}

func FuzzLoad(f *testing.F) {
	names, err := filepath.Glob("testdata/*.*")
	if err != nil {
		f.Fatal(err)
	}
	for _, n := range names {
		if b := file(f, filepath.Base(n)); !strings.Contains(n, "huge") {
			f.Add(b, []byte(nil))
			f.Add(file(f, "joe.crt"), b)
			if block, _ := pem.Decode(b); block != nil {
				f.Add(block.Bytes, block.Bytes)
			}
		}
	}
	f.Add(costly(f), costly(f))
	f.Fuzz(func(t *testing.T, cert, key []byte) {
		id, err := Load(cert, key, password)
		if err != nil {
			return
		}
		if len(id.DER) == 0 || id.Key == nil {
			t.Fatal("success without a certificate or key")
		}
		if k, ok := id.Key.(*rsa.PrivateKey); ok && k.N.BitLen() >= 1024 {
			digest := make([]byte, 20)
			if _, err := k.Sign(nil, digest, crypto.SHA1); err != nil {
				t.Fatal(err)
			}
		}
	})
}

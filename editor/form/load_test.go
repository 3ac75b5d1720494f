// SPDX-License-Identifier: Apache-2.0

package form

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"software.sslmate.com/src/go-pkcs12"

	"network-manager-softether/profile/vpnfile"
	"network-manager-softether/service/usercert"
)

// newBadge returns a certificate and its key, in DER.
func newBadge(t *testing.T) (cert *x509.Certificate, key *rsa.PrivateKey) {
	t.Helper()
	key, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	c := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "joe"}, NotAfter: time.Date(2040, 5, 6, 0, 0, 0, 0, time.UTC)}
	der, err := x509.CreateCertificate(rand.Reader, c, c, &key.PublicKey, key)
	if err != nil {
		t.Fatal(err)
	}
	cert, err = x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return cert, key
}

// What a person may have been given is taken, and what the service gets of it, it can use.
func TestChosenFilesAreTakenInEveryForm(t *testing.T) {
	cert, key := newBadge(t)
	pkcs8, err := x509.MarshalPKCS8PrivateKey(key)
	if err != nil {
		t.Fatal(err)
	}
	certPEM := string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw}))
	keyPEM := string(pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: pkcs8}))
	for name, files := range map[string][2]string{
		"PEM":                           {certPEM, keyPEM},
		"PEM with a byte order mark":    {"\ufeff" + certPEM, "\ufeff" + keyPEM},
		"PEM from Windows, with a text": {"Bag Attributes\r\n" + strings.ReplaceAll(certPEM, "\n", "\r\n"), strings.ReplaceAll(keyPEM, "\n", "\r\n")},
		"PEM in one line":               {strings.ReplaceAll(certPEM, "\n", " "), strings.ReplaceAll(keyPEM, "\n", `\n`)},
		"PEM with marks of trust":       {string(pem.EncodeToMemory(&pem.Block{Type: "TRUSTED CERTIFICATE", Bytes: append(bytes.Clone(cert.Raw), 0x30, 0)})), keyPEM},
		"PEM of an old program":         {strings.ReplaceAll(certPEM, "CERTIFICATE", "X509 CERTIFICATE"), keyPEM},
		"base64":                        {base64.StdEncoding.EncodeToString(cert.Raw), base64.StdEncoding.EncodeToString(pkcs8) + "\r\n"},
		"DER, PKCS#8":                   {string(cert.Raw), string(pkcs8)},
		"DER, PKCS#1":                   {string(cert.Raw), string(x509.MarshalPKCS1PrivateKey(key))},
	} {
		s := newScreen()
		v := values("gateway=h", "user=joe", "auth-type=certificate")
		f := New(s, v, "")
		for field, content := range map[string]string{"cert": files[0], "key": files[1], "ca": files[0]} {
			if err := f.Load(field, "/home/joe/file", content); err != nil {
				t.Errorf("%s, %s: %v", name, field, err)
			}
		}
		if s.values["cert"] != "[joe, valid until 2040-05-06]" || s.values["key"] != "[private key]" {
			t.Errorf("%s: shown as %q and %q", name, s.values["cert"], s.values["key"])
		}
		got := f.Apply(v)
		if id, err := usercert.Load([]byte(got.Data["cert"]), []byte(got.Data["key"]), ""); err != nil || string(id.DER) != string(cert.Raw) {
			t.Errorf("%s: the service cannot use it: %v", name, err)
		}
	}
}

func TestChosenPKCS7FilesAreTakenWhole(t *testing.T) {
	const dir = "../../service/usercert/testdata/"
	for _, name := range []string{"joe.p7b", "joe-p7b.pem"} {
		content, err := os.ReadFile(dir + name)
		if err != nil {
			t.Fatal(err)
		}
		key, err := os.ReadFile(dir + "plain.pem")
		if err != nil {
			t.Fatal(err)
		}
		s := newScreen()
		v := values("gateway=h", "user=joe", "auth-type=certificate")
		f := New(s, v, "")
		for _, field := range []string{"cert", "ca"} {
			if err := f.Load(field, "/home/joe/"+name, string(content)); err != nil || !strings.HasSuffix(s.values[field], ", and 1 more]") {
				t.Errorf("%s as %s: %v, shown as %q", name, field, err, s.values[field])
			}
		}
		if err := f.Load("key", "/home/joe/key.pem", string(key)); err != nil {
			t.Error(err)
		}
		got := f.Apply(v)
		if _, err := usercert.Load([]byte(got.Data["cert"]), []byte(got.Data["key"]), ""); err != nil {
			t.Errorf("%s: the service cannot use it: %v", name, err)
		}
	}
}

func TestChosenPKCS12FileStaysWhereItIs(t *testing.T) {
	cert, key := newBadge(t)
	p12, err := pkcs12.Modern.Encode(key, cert, nil, "secret")
	if err != nil {
		t.Fatal(err)
	}
	s := newScreen()
	v := values("gateway=h", "user=joe", "auth-type=certificate")
	f := New(s, v, "")
	wrapped := pem.EncodeToMemory(&pem.Block{Type: "PKCS12", Bytes: p12}) // as by certtool
	for _, content := range []string{string(wrapped), base64.StdEncoding.EncodeToString(p12), string(p12)} {
		if err := f.Load("cert", "/home/joe/joe.p12", content); err != nil {
			t.Error(err)
		}
	}
	f.Changed()
	if got := f.Apply(v); got.Data["cert"] != "/home/joe/joe.p12" || s.hints["key"] == "Required" {
		t.Errorf("got %v, the key is %q", got.Data, s.hints["key"])
	}
	for _, test := range []struct{ key, path, want string }{
		{"cert", "/home/joe/joe", "must end in .p12 or .pfx"},
		{"key", "/home/joe/joe.p12", "choose it as the user certificate"},
		{"ca", "/home/joe/ca.pfx", "PEM or DER"},
	} {
		if err := f.Load(test.key, test.path, string(p12)); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s as %s: %v", test.path, test.key, err)
		}
	}
}

func TestChosenFileOfTheWrongKindIsRefused(t *testing.T) {
	cert, key := newBadge(t)
	elliptic, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(elliptic)
	if err != nil {
		t.Fatal(err)
	}
	keyPEM := string(pem.EncodeToMemory(&pem.Block{Type: "RSA PRIVATE KEY", Bytes: x509.MarshalPKCS1PrivateKey(key)}))
	s := newScreen()
	f := New(s, values("gateway=h", "user=joe"), "")
	for _, test := range []struct{ name, key, content, want string }{
		{"nothing", "cert", "", "not a PEM, DER or PKCS#12 file"},
		{"text", "key", "my key", "not a PEM or DER file"},
		{"a key", "cert", keyPEM, "the file contains no certificate"},
		{"a key in DER", "ca", string(x509.MarshalPKCS1PrivateKey(key)), "not a PEM or DER file"},
		{"a certificate", "key", string(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: cert.Raw})), "the file contains no private key"},
		{"cut off", "cert", string(cert.Raw[:len(cert.Raw)-1]), "not a PEM, DER or PKCS#12 file"},
	} {
		if err := f.Load(test.key, "/home/joe/file", test.content); err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: %v", test.name, err)
		}
	}
	// Which keys a server takes, the service knows.
	if err := f.Load("key", "/home/joe/file", string(sec1)); err != nil {
		t.Error(err)
	}
	if s.values["cert"] != "" || s.values["ca"] != "" {
		t.Errorf("a refused file is shown: %v", s.values)
	}
}

func TestFilesAreReadIntoTheConnection(t *testing.T) {
	text, err := os.ReadFile("../../profile/vpnfile/testdata/vpncmd/certificate-socks5-proxy.vpn")
	if err != nil {
		t.Fatal(err)
	}
	account, _, err := vpnfile.Read(text)
	if err != nil {
		t.Fatal(err)
	}
	c, _, err := account.Connection(sha256.Sum256)
	if err != nil {
		t.Fatal(err)
	}
	cert, key := c.Data["cert"], c.Data["key"]

	s := newScreen()
	v := values("gateway=h", "user=joe", "auth-type=certificate")
	f := New(s, v, "")
	for field, content := range map[string]string{"cert": cert, "key": key, "ca": cert + cert} {
		if err := f.Load(field, "/home/joe/"+field+".pem", content); err != nil {
			t.Fatal(err)
		}
	}
	for field, want := range map[string]string{"cert": "[bob, valid until 2036-11-18]", "key": "[private key]", "ca": "[bob, valid until 2036-11-18, and 1 more]"} {
		if s.values[field] != want {
			t.Errorf("%s shows %q, want %q", field, s.values[field], want)
		}
	}
	got := f.Apply(v)
	if got.Data["cert"] != cert || got.Data["key"] != key || got.Data["ca"] != cert+cert {
		t.Errorf("got %v", got.Data)
	}

	// The same again, from the connection: it shows, stays, and can be taken away or replaced by a path.
	s = newScreen()
	f = New(s, got, "")
	if diff := cmp.Diff(got, f.Apply(got)); diff != "" || s.values["cert"] != "[bob, valid until 2036-11-18]" {
		t.Errorf("shown as %q (-want +got)\n%s", s.values["cert"], diff)
	}
	s.Set("cert", "")
	s.Set("ca", "/etc/ca.pem")
	after := f.Apply(got)
	if _, ok := after.Data["cert"]; ok || after.Data["ca"] != "/etc/ca.pem" {
		t.Errorf("got %v", after.Data)
	}
	for _, bad := range []string{"", "no PEM", key} {
		if err := f.Load("cert", "/home/joe/x.pem", bad); err == nil {
			t.Errorf("a certificate: %.20q", bad)
		}
	}
}

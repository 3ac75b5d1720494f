// SPDX-License-Identifier: Apache-2.0

package e2e

import (
	"bytes"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/pem"
	"errors"
	"math/big"
	"os"
	"strings"
	"testing"
	"time"

	"github.com/youmark/pkcs8"
	"software.sslmate.com/src/go-pkcs12"

	"network-manager-softether/lab/desktop"
	"network-manager-softether/lab/plan"
	"network-manager-softether/lab/softether"
)

// keyPassword is the password of every encrypted key here.
const keyPassword = "key secret, with a comma"

// badge is a certificate and its private key in the forms people are given them.
type badge struct {
	cert, key          string // PEM
	locked, oldLocked  string // the key with keyPassword, as PKCS #8 and as OpenSSL did before
	bundle, openBundle []byte // PKCS #12 with keyPassword, and without a password
}

// newBadge has ca issue a certificate for name that is valid for that long.
func (w *world) newBadge(ca *softether.Authority, name string, left time.Duration) badge {
	w.t.Helper()
	cert, key, err := ca.IssueFor(name, left, nil)
	w.ok(err)
	block, _ := pem.Decode(key)
	private, err := x509.ParsePKCS1PrivateKey(block.Bytes)
	w.ok(err)
	locked, err := pkcs8.MarshalPrivateKey(private, []byte(keyPassword), nil)
	w.ok(err)
	old, err := x509.EncryptPEMBlock(rand.Reader, "RSA PRIVATE KEY", block.Bytes, []byte(keyPassword), x509.PEMCipherAES256) //nolint:staticcheck // people still have such files
	w.ok(err)
	certBlock, _ := pem.Decode(cert)
	leaf, err := x509.ParseCertificate(certBlock.Bytes)
	w.ok(err)
	bundle, err := pkcs12.Modern.Encode(private, leaf, nil, keyPassword)
	w.ok(err)
	openBundle, err := pkcs12.Passwordless.Encode(private, leaf, nil, "")
	w.ok(err)
	return badge{
		string(cert), string(key),
		string(pem.EncodeToMemory(&pem.Block{Type: "ENCRYPTED PRIVATE KEY", Bytes: locked})), string(pem.EncodeToMemory(old)),
		bundle, openBundle,
	}
}

// file puts a file on the desktop and returns its path.
func (w *world) file(name string, content string) string {
	w.t.Helper()
	path := "/etc/NetworkManager/" + name
	w.ok(w.Desktop.WriteFile(path, content))
	return path
}

// badged is a profile of a certificate user.
func (w *world) badged(user, cert, key string) desktop.VPN {
	w.t.Helper()
	v := ipv4Only(w.profile("badge", softether.HubOffice, softether.User{Name: user, AuthType: "certificate"}))
	v.Data["cert"], v.Data["key"] = cert, key
	return v
}

// certUsers is a lab with a user "stored", whose certificate the hub has, and one "signed", whose authority it trusts.
func certUsers(t *testing.T) (w *world, ca *softether.Authority, stored, signed badge) {
	w = freshNetwork(t)
	ca, err := softether.NewAuthority("User CA")
	w.ok(err)
	stored, signed = w.newBadge(ca, "stored", time.Hour), w.newBadge(ca, "signed", time.Hour)
	w.ok(w.Server.AddCertUser(w.ctx, softether.HubOffice, "stored", []byte(stored.cert)))
	w.ok(w.Server.AddSignedUser(w.ctx, softether.HubOffice, "signed", ca))
	return w, ca, stored, signed
}

func TestCertificateUser(t *testing.T) {
	w, _, stored, signed := certUsers(t)
	secret := map[string]string{"key-password": keyPassword}
	for _, c := range []struct {
		name, user, cert, key string
		secrets               map[string]string
	}{
		{"stored, files", "stored", w.file("s.crt", stored.cert), w.file("s.key", stored.key), nil},
		{"stored, inside the profile", "stored", stored.cert, stored.key, nil},
		{"stored, PKCS #8", "stored", w.file("s.crt", stored.cert), w.file("s8.key", stored.locked), secret},
		{"stored, PKCS #8 inside the profile", "stored", stored.cert, stored.locked, secret},
		{"signed, files", "signed", w.file("c.crt", signed.cert), w.file("c.key", signed.key), nil},
		{"signed, old encryption", "signed", w.file("c.crt", signed.cert), w.file("c1.key", signed.oldLocked), secret},
		{"signed, PKCS #12", "signed", w.file("c.p12", string(signed.bundle)), "", secret},
		{"signed, PKCS #12 without a password", "signed", w.file("o.pfx", string(signed.openBundle)), "", nil},
	} {
		t.Log(c.name)
		v := w.badged(c.user, c.cert, c.key)
		v.Secrets = c.secrets
		w.up(v)
		w.pings(plan.OfficeGateway)
		w.down(v.Name)
		w.ok(w.Desktop.Clean(w.ctx))
	}
}

func TestKeyPasswordIsAskedFor(t *testing.T) {
	w, _, stored, signed := certUsers(t)
	w.verbose()
	for _, c := range []struct {
		name, user, cert, key, saved string
		types                        []string
	}{
		{"the profile shows that one is needed", "stored", stored.cert, stored.locked, "", []string{keyPassword}},
		{"only the file shows it", "stored", w.file("s.crt", stored.cert), w.file("s8.key", stored.locked), "", []string{keyPassword}},
		{"PKCS #12", "signed", w.file("c.p12", string(signed.bundle)), "", "", []string{keyPassword}},
		{"a wrong one is stored", "stored", w.file("s.crt", stored.cert), w.file("s8.key", stored.locked), "typo", []string{ctrlU + keyPassword}},
		{"the first one typed is wrong", "signed", w.file("c.p12", string(signed.bundle)), "", "", []string{"typo", ctrlU + keyPassword}},
	} {
		t.Log(c.name)
		v := w.badged(c.user, c.cert, c.key)
		v.Secrets = map[string]string{"key-password": c.saved}
		w.ok(w.Desktop.Add(w.ctx, v))
		res := w.asks(v.Name, c.types...)
		if res.Code != 0 {
			t.Fatalf("%s: nmcli --ask failed: %s", c.name, res.Text())
		}
		w.pings(plan.OfficeGateway)
		w.down(v.Name)
		w.ok(w.Desktop.Up(w.ctx, v.Name)) // it is stored now
		w.down(v.Name)
		w.ok(w.Desktop.Clean(w.ctx))
	}
	for line := range strings.Lines(w.Desktop.NMLog(0)) {
		if !strings.HasPrefix(line, "<") && (strings.Contains(line, keyPassword) || strings.Contains(line, "PRIVATE KEY")) {
			t.Errorf("the service logged a secret: %s", line)
		}
	}
}

func TestCertificatesThatWillNotDo(t *testing.T) {
	w, ca, stored, signed := certUsers(t)
	stranger, err := softether.NewAuthority("Nobody's CA")
	w.ok(err)
	foreign := w.newBadge(stranger, "signed", time.Hour)
	old := w.newBadge(ca, "signed", -time.Hour)
	curve, curveKey := w.curve()
	pss := func(name string) string {
		text, err := os.ReadFile("../../service/usercert/testdata/" + name)
		w.ok(err)
		return string(text)
	}
	for _, c := range []struct {
		name, user, cert, key, words, log string
	}{
		{"expired", "signed", old.cert, old.key, connectFailed, "has expired: it ended on"},
		{"of another key", "signed", signed.cert, stored.key, connectFailed, "does not belong to the private key"},
		{"an elliptic curve", "signed", curve, curveKey, connectFailed, "has a key that is not RSA"},
		{"an RSA-PSS key", "signed", pss("rsa-pss.crt"), pss("rsa-pss.pem"), connectFailed, "the private key is an RSA-PSS key"},
		{"of an authority the hub does not know", "signed", foreign.cert, foreign.key, connectFailed, "whether the hub knows this one"},
		{"of another user", "stored", signed.cert, signed.key, connectFailed, "whether the hub knows this one"},
		{"a missing file", "stored", "/etc/NetworkManager/none.crt", stored.key, connectFailed, "cert: open /etc/NetworkManager/none.crt: no such file"},
		{"no key in the file", "stored", stored.cert, w.file("wrong.key", stored.cert), connectFailed, "key: there is no private key in it"},
		{"nobody to ask for the password", "stored", w.file("s.crt", stored.cert), w.file("s8.key", stored.locked), noSecrets, "needs its password"},
	} {
		t.Log(c.name)
		w.refused(w.badged(c.user, c.cert, c.key), c.words, c.log)
		w.ok(w.Desktop.Clean(w.ctx))
	}
}

// curve returns a self-signed certificate with an elliptic curve, and its key.
func (w *world) curve() (cert, key string) {
	w.t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	w.ok(err)
	template := &x509.Certificate{SerialNumber: big.NewInt(1), Subject: pkix.Name{CommonName: "signed"}, NotBefore: time.Now().Add(-time.Hour), NotAfter: time.Now().Add(time.Hour)}
	der, err := x509.CreateCertificate(rand.Reader, template, template, k.Public(), k)
	w.ok(err)
	private, err := x509.MarshalPKCS8PrivateKey(k)
	w.ok(err)
	var c, p bytes.Buffer
	w.ok(pem.Encode(&c, &pem.Block{Type: "CERTIFICATE", Bytes: der}))
	w.ok(pem.Encode(&p, &pem.Block{Type: "PRIVATE KEY", Bytes: private}))
	return c.String(), p.String()
}

// TestFilesOfAPrivateProfileAreReadAsItsUser: whoever owns a profile alone can name only the files that they may read.
func TestFilesOfAPrivateProfileAreReadAsItsUser(t *testing.T) {
	w, _, stored, _ := certUsers(t)
	const nobody = 65534
	for _, c := range []struct {
		name  string
		owner int // of the key file, which is for its owner alone
		log   string
	}{
		{"the user's own file", nobody, ""},
		{"a file of root", 0, "with the rights of nobody: open /etc/NetworkManager/private.key: permission denied"},
	} {
		t.Log(c.name)
		key := w.file("private.key", stored.key)
		w.ok(errors.Join(os.Chmod(w.Desktop.Path(key), 0o600), os.Chown(w.Desktop.Path(key), c.owner, -1)))
		v := w.badged("stored", w.file("private.crt", stored.cert), key)
		v.More = append(v.More, "connection.permissions", "user:nobody")
		if c.log == "" {
			w.up(v)
			w.pings(plan.OfficeGateway)
			w.down(v.Name)
		} else {
			w.refused(v, connectFailed, c.log)
		}
		w.ok(w.Desktop.Clean(w.ctx))
	}
}

// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"bytes"
	"crypto"
	"crypto/rsa"
	"crypto/sha1"
	"crypto/x509"
	"slices"
	"time"

	"network-manager-softether/internal/sha0"
	"network-manager-softether/protocol/pack"
)

// Values of "authtype" (softether-protocol.md 6.2).
const (
	authPassword    = 1
	authPlain       = 2
	authCertificate = 3
	authTicket      = 99
)

// administrator is the user that the hub's own password belongs to.
const administrator = "Administrator"

// authenticate returns the user that p logs in, or an error code. The user may be known in spite of an error.
func (c *conn) authenticate(hub *Hub, p *pack.Pack) (*User, uint32) {
	name := p.Str("username")
	if isTicket(p) {
		return c.srv.redeem(hub, name, p.Data("ticket"))
	}
	user := hub.user(name)
	switch {
	case foldASCII(name) == foldASCII(administrator) && hub.AdminPassword != "":
		user = &User{Name: administrator, Password: hub.AdminPassword}
	case user != nil && user.Anonymous:
		return user, 0
	case user == nil && p.Int("authtype") == authPlain:
		if user = hub.user("*"); user != nil {
			everyone := *user
			everyone.Name = name
			user = &everyone
		}
	}

	ok := false
	switch p.Int("authtype") {
	case 0: // anonymous, which this user is not
	case authPassword:
		ok = user != nil && user.External == nil && user.CertDER == nil && !user.SignedByCA &&
			c.checkPassword(user, p.Data("secure_password"))
	case authPlain:
		ok = user != nil && checkPlain(user, p.Str("plain_password"))
	case authCertificate:
		ok = user != nil && c.checkCertificate(hub, user, p.Data("cert"), p.Data("sign"))
	default:
		return user, errAuthType
	}
	if !ok {
		return user, errAuthFailed
	}
	return user, 0
}

// SecurePassword returns what a client with that user name and password answers
// to random (softether-protocol.md 6.3).
func SecurePassword(user, password string, random []byte) [keyLen]byte {
	hashed := sha0.Sum([]byte(password), []byte(upperASCII(user)))
	return sha0.Sum(hashed[:], random)
}

func (c *conn) checkPassword(u *User, answer []byte) bool {
	want := SecurePassword(u.Name, u.Password, c.random[:])
	return bytes.Equal(answer, want[:])
}

func checkPlain(u *User, password string) bool {
	switch {
	case u.External != nil:
		return u.External(u.Name, password)
	case u.CertDER != nil || u.SignedByCA:
		return false
	default:
		return u.Password == password
	}
}

// checkCertificate verifies a signature of the hello's random. SHA-1 and the list
// of key lengths are the protocol's (softether-protocol.md 6.5).
func (c *conn) checkCertificate(hub *Hub, u *User, der, sign []byte) bool {
	cert, err := x509.ParseCertificate(der)
	if err != nil {
		return false
	}
	key, ok := cert.PublicKey.(*rsa.PublicKey)
	if !ok || !slices.Contains([]int{1024, 1536, 2048, 3072, 4096}, key.N.BitLen()) {
		return false
	}
	digest := sha1.Sum(c.random[:])
	if rsa.VerifyPKCS1v15(key, crypto.SHA1, digest[:], sign) != nil {
		return false
	}
	if now := time.Now(); now.Before(cert.NotBefore) || now.After(cert.NotAfter) {
		return false
	}
	if u.CertDER != nil {
		return bytes.Equal(u.CertDER, der)
	}
	return u.SignedByCA && slices.ContainsFunc(hub.CAs, func(ca CA) bool {
		return cert.CheckSignatureFrom(ca) == nil
	})
}

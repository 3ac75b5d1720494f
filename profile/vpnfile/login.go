// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"strconv"
	"strings"

	"network-manager-softether/po"
	"network-manager-softether/profile"
)

func (t *translation) user() {
	a := t.a
	user := t.name("Username", a.Username)
	t.set(profile.KeyUser, "Username", user)
	if user == "" && a.AuthType != authAnonymous {
		t.warn("Username", po.T("the file has no user name; set one before you connect (user)"))
	}
	switch a.AuthType {
	case authAnonymous:
		t.set(profile.KeyAuthType, "AuthType", string(profile.AuthAnonymous))
	case authPassword:
		t.set(profile.KeyAuthType, "AuthType", string(profile.AuthPassword))
		t.passwordOfHash()
	case authPlain:
		t.set(profile.KeyAuthType, "AuthType", string(profile.AuthPlainPassword))
		if len(a.EncryptedPassword) > 0 {
			t.password(profile.SecretPassword, "EncryptedPassword", a.EncryptedPassword)
		}
	case authCert:
		t.set(profile.KeyAuthType, "AuthType", string(profile.AuthCertificate))
		t.certificate()
	case authCard, authEngine:
		t.set(profile.KeyAuthType, "AuthType", string(profile.AuthCertificate))
		t.warn("AuthType", po.T("the private key is on a smart card or in an OpenSSL engine, which is not supported here; set cert and key"))
		if cert, ok := derCertificate(a.ClientCert); ok {
			t.set(profile.KeyCert, "ClientCert", pemOf("CERTIFICATE", cert))
		}
	default:
		t.warn("AuthType", po.F("%d is not a known authentication method (0 to 5); you will be asked for a password", a.AuthType))
	}
}

// passwordOfHash: a hash does not reveal the password. Those that can be recognised are the empty one and
// that of VPN Gate.
func (t *translation) passwordOfHash() {
	a := t.a
	for _, known := range []string{"", profile.GatePassword} {
		if string(a.HashedPassword) == string(hashOf(a.Username, known)) {
			t.set(profile.SecretPassword, "HashedPassword", known)
			return
		}
	}
	if len(a.HashedPassword) > 0 {
		t.warn("HashedPassword", po.T("the file has only a hash of the password; you will be asked for the password"))
	}
}

// password reads a hidden password into a secret.
func (t *translation) password(secret, item string, hidden []byte) {
	password, ok := reveal(hidden)
	if !ok {
		t.warn(item, po.T("the stored password cannot be read; you will be asked for it"))
		return
	}
	t.set(secret, item, password)
}

// gate gives a VPN Gate account what nm-softether-vpngate gives the connections that it makes.
func (t *translation) gate() {
	d := t.c.Data
	if t.c.Gate = strings.EqualFold(d[profile.KeyHub], profile.GateHub); !t.c.Gate {
		return
	}
	t.warn("HubName", po.T("this is a relay of VPN Gate: it is not connected by itself, IPv6 is blocked meanwhile, and names are looked up through it alone, as in connections that nm-softether-vpngate makes"))
	d[profile.KeyBlockIPv6] = string(profile.BlockIPv6Yes)
	if !strings.EqualFold(d[profile.KeyUser], profile.GateUser) || t.c.Secrets[profile.SecretPassword] != profile.GatePassword {
		return
	}
	for _, key := range []string{profile.KeyPort, profile.KeyAuthType, profile.KeyServerCertCheck} {
		d[key] = effective(d, key)
	}
	d[profile.FlagsKey(profile.SecretPassword)] = strconv.Itoa(0)
}

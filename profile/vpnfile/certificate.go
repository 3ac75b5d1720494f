// SPDX-License-Identifier: Apache-2.0

package vpnfile

import (
	"encoding/pem"

	"network-manager-softether/po"
	"network-manager-softether/profile"
	"network-manager-softether/profile/der"
)

// A Fingerprint computes SHA-256. The settings library passes the one of its host's GLib, as what
// crypto/sha256 brings along would cost each host 0.2 MB. Everybody else passes sha256.Sum256.
type Fingerprint func(der []byte) [32]byte

// serverCert translates what the file says about the server's certificate.
//
// The official client verifies nothing unless told to, so its files rarely ask for verification. That is not
// a decision of the person who imports one: verification stays on, and whoever connects is asked once.
func (t *translation) serverCert() {
	a := t.a
	cert, pinned := derCertificate(a.ServerCert)
	switch c, _ := der.ParseCertificate(cert); {
	case !pinned:
	case c.RSABits == 0 && !c.OtherKey: // a key that cannot be read: not a certificate to the official client
		pinned = false
	case !usable(cert):
		t.err = &ItemError{Item: "ServerCert", Err: errRSA}
		return
	}
	switch {
	case !a.CheckServerCert:
		t.warn("CheckServerCert", po.T("the file does not ask for the server certificate to be verified; here it is, and you are asked about one that cannot be verified"))
	case pinned:
		sum := t.fingerprint(cert)
		t.set(profile.KeyServerCertSHA, "ServerCert", profile.Fingerprint(sum[:]))
	case len(a.ServerCert) > 0:
		t.warn("ServerCert", po.T("this is not a certificate and is not used; you are asked about a certificate that cannot be verified"))
	case !a.AddDefaultCA:
		t.warn("CheckServerCert", po.T("the file does not contain the CA certificates that the official client trusts; those of this system are trusted here, or the one in ca"))
	}
}

// certificate translates the certificate of the user and its key.
func (t *translation) certificate() {
	cert, ok := derCertificate(t.a.ClientCert)
	if !ok {
		t.err = &ItemError{Item: "ClientCert", Err: po.Error("there is no certificate, although AuthType asks for one; the official client refuses the file, too")}
		return
	}
	if !usable(cert) {
		t.err = &ItemError{Item: "ClientCert", Err: errRSA}
		return
	}
	key, label := der.FirstKey(t.a.ClientKey)
	if label == "" {
		t.err = &ItemError{Item: "ClientKey", Err: po.Error("there is no unencrypted private key; the official client refuses the file, too")}
		return
	}
	t.set(profile.KeyCert, "ClientCert", pemOf("CERTIFICATE", cert))
	t.set(profile.KeyKey, "ClientKey", pemOf(label, key))
}

var errRSA error = po.Message("the certificate has no RSA key of 1024, 1536, 2048, 3072 or 4096 bits; the official client refuses the file, too")

// derCertificate returns the certificate that b begins with. The official client ignores what follows.
func derCertificate(b []byte) (cert []byte, ok bool) {
	cert = der.First(b)
	_, ok = der.ParseCertificate(cert)
	return cert, ok
}

// usable reports whether the protocol supports the certificate's kind of key (softether-protocol.md 6.5).
func usable(cert []byte) bool {
	c, _ := der.ParseCertificate(cert)
	switch c.RSABits {
	case 1024, 1536, 2048, 3072, 4096:
		return true
	}
	return false
}

func pemOf(kind string, der []byte) string {
	return string(pem.EncodeToMemory(&pem.Block{Type: kind, Bytes: der}))
}

// certDER reads the certificate in the key cert in the form that the format requires.
func certDER(text string) ([]byte, error) {
	for rest := der.PEMText([]byte(text)); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, po.Error("there is no certificate in it")
		}
		if list := der.InBlock(block); len(list) > 0 {
			return list[0], nil
		}
		if block.Type == "CERTIFICATE" {
			return nil, po.Error("this is not a certificate")
		}
	}
}

// keyDER reads the key in the form that the official client writes: PKCS #1 or SEC 1, neither PKCS #8 nor
// encrypted.
func keyDER(text string) ([]byte, error) {
	for rest := der.PEMText([]byte(text)); ; {
		var block *pem.Block
		if block, rest = pem.Decode(rest); block == nil {
			return nil, po.Error("there is no private key in it")
		}
		switch block.Type {
		case der.PKCS1, der.SEC1:
			if der.KeyLabel(block.Bytes) != block.Type {
				return nil, po.Error("the key is encrypted, which the format does not support")
			}
			return block.Bytes, nil
		case "ENCRYPTED PRIVATE KEY":
			return nil, po.Error("the key is encrypted, which the format does not support")
		case der.PKCS8:
			key, ok := der.Traditional(block.Bytes)
			if !ok {
				return nil, po.Error("the format supports only RSA and EC keys")
			}
			return key, nil
		}
	}
}

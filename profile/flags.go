// SPDX-License-Identifier: Apache-2.0

package profile

import (
	"strconv"
	"strings"
)

// SecretFlags are NMSettingSecretFlags (networkmanager.md 3).
type SecretFlags uint8

// The flags. Without any, NetworkManager stores the secret.
const (
	AgentOwned  SecretFlags = 1
	NotSaved    SecretFlags = 2
	NotRequired SecretFlags = 4
)

// Flags are the flags of the three secrets.
type Flags struct{ Password, KeyPassword, ProxyPassword SecretFlags }

// FlagsOf returns the flags of a secret according to vpn.data. As in libnm, a missing or unreadable value
// counts as 0; [Parse] reports the latter.
func FlagsOf(data map[string]string, secret string) SecretFlags {
	n, err := strconv.ParseUint(trim(data[FlagsKey(secret)]), 10, 3)
	if err != nil {
		return 0
	}
	return SecretFlags(n)
}

// NeededSecrets returns the names of the secrets that a connection with this vpn.data needs before the server
// is even contacted, in the order in which a person should be asked for them; those whose flags say "not
// required" are left out. It accepts data as it comes, valid or not, since a password dialog must cope with
// either.
//
// key-password is only among them if an inline key shows that it is encrypted; if the key is a path, nobody
// has opened the file yet.
func NeededSecrets(data map[string]string) []string {
	var names []string
	need := func(name string) {
		if FlagsOf(data, name)&NotRequired == 0 {
			names = append(names, name)
		}
	}
	switch AuthType(trim(data[KeyAuthType])) {
	case AuthPassword, AuthPlainPassword, "":
		need(SecretPassword)
	case AuthCertificate:
		if encryptedPEM(data[KeyKey]) {
			need(SecretKeyPassword)
		}
	}
	switch ProxyType(trim(data[KeyProxyType])) {
	case ProxyHTTP, ProxySOCKS5:
		if trim(data[KeyProxyUser]) != "" {
			need(SecretProxyPassword)
		}
	}
	return names
}

// MissingSecrets returns the names of the secrets that are needed and were not in the source. A secret that
// is present but empty is not missing: it is the answer.
func (p *Profile) MissingSecrets() []string {
	var missing []string
	for _, name := range p.needed {
		if !p.given[name] {
			missing = append(missing, name)
		}
	}
	return missing
}

// encryptedPEM reports whether text is a private key that needs a password: PKCS#8 (RFC 5958) says so in its
// label, the older form in a header (RFC 1421 4.6.1.1).
func encryptedPEM(text string) bool {
	return strings.Contains(text, "-----BEGIN ENCRYPTED PRIVATE KEY-----") ||
		strings.Contains(text, "Proc-Type: 4,ENCRYPTED")
}

// SPDX-License-Identifier: Apache-2.0

// Package prompt has the sentences with which the service asks a person for something.
//
// The service runs as root and does not know who will read them, so it writes them in English into the hint
// that NetworkManager passes on; the password dialog, a process of the person, knows the same sentences and
// shows them in the person's language: see [Translate].
package prompt

import (
	"regexp"
	"strings"
	"sync"

	"network-manager-softether/po"
)

// The sentences. Their verbs are all %s, in the order of the English text. Those about passwords say why one
// is asked for; which one, for whom and where is said by the dialog itself, in the same words as when it asks
// for the first time.
//
//po:extract values
const (
	KeyPassword      = "The private key is encrypted."
	KeyPasswordWrong = "That was not the password of the private key."
	ProxyPassword    = "The proxy did not accept this user name or password."
	Password         = "The server did not accept this user name or password."
	PasswordExpired  = "The server says that this password has expired. Change it where the account is managed, and type the new one."

	CertUntrusted = "The certificate of %s is issued by an authority that is not trusted."
	CertSelf      = "The certificate of %s is self-signed."
	CertName      = "The certificate of %s is for another host name."
	CertExpired   = "The certificate of %s has expired."
	CertEarly     = "The certificate of %s is not valid yet."
	CertNotPinned = "No fingerprint has been set for the certificate of %s."

	Subject     = "Subject: %s"
	Issuer      = "Issuer: %s"
	Valid       = "Valid: %s to %s"
	Fingerprint = "SHA-256: %s"
	Remembered  = "Is this the fingerprint that the people who run the server gave you? Your answer is remembered."
	// HowToRead is followed by a command.
	HowToRead = "To read it on the server, they use: %s"
	// RememberedRelay is for the public relays of VPN Gate, where nobody can be asked.
	RememberedRelay = "This VPN Gate relay is run by a volunteer, who cannot tell you its fingerprint. If you trust it, your answer is remembered, and no other certificate is accepted from it."
)

// all are the sentences that Translate looks for.
var all = []string{
	KeyPassword, KeyPasswordWrong, ProxyPassword, Password, PasswordExpired,
	CertUntrusted, CertSelf, CertName, CertExpired, CertEarly, CertNotPinned,
	Subject, Issuer, Valid, Fingerprint, Remembered, HowToRead, RememberedRelay,
}

// patterns find the names in a sentence. A name with a line break is not a name.
var patterns = sync.OnceValue(func() []*regexp.Regexp {
	list := make([]*regexp.Regexp, len(all))
	for i, sentence := range all {
		list[i] = regexp.MustCompile("^" + strings.ReplaceAll(regexp.QuoteMeta(sentence), "%s", "(.*)") + "$")
	}
	return list
})

// Translate returns a message of the service in the language of this process, line by line. Lines that are
// neither sentences of this package nor texts of package po without names stay as they are.
func Translate(message string) string {
	lines := strings.Split(message, "\n")
	for i, line := range lines {
		lines[i] = translateLine(line)
	}
	return strings.Join(lines, "\n")
}

func translateLine(line string) string {
	if text := po.T(line); text != line {
		return text
	}
	for i, pattern := range patterns() {
		found := pattern.FindStringSubmatch(line)
		if found == nil {
			continue
		}
		names := make([]any, len(found)-1)
		for n, name := range found[1:] {
			names[n] = name
		}
		return po.F(all[i], names...)
	}
	return line
}

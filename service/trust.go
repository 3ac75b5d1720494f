// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"maps"
	"strings"
	"unicode"

	"network-manager-softether/profile"
	"network-manager-softether/prompt"
	"network-manager-softether/protocol"
	"network-manager-softether/service/nmvpn"
)

// askTrust asks about the certificate in c.login.asked. The phase is asking.
func (c *connection) askTrust() {
	cert := c.login.asked.cert
	c.nextRound(profile.TrustSecret(cert.SHA256))
	c.nm.SecretsRequired(certQuestion(cert, c.profile), []string{profile.TrustSecret(cert.SHA256)})
}

// trusted reads the answer to askTrust and reports whether it was yes. After a no the connection ends; after
// anything else the question is asked again.
func (c *connection) trusted() bool {
	cert := c.login.asked.cert
	name := profile.TrustSecret(cert.SHA256)
	switch profile.ParseAnswer(c.login.secrets[name], cert.SHA256) {
	case profile.Yes:
		if bytes.Equal(c.profile.Pin(), cert.SHA256[:]) {
			c.log.Info("the user trusts the server's certificate", "sha256", cert.Fingerprint())
			return true
		}
	case profile.NoAnswer:
		c.log.Warn("what was typed is neither yes nor no", "round", c.login.rounds[name])
		c.forget(name)
		return false
	}
	c.whileAsking(c.notTrusted)
	return false
}

// forget has NetworkManager replace what was typed instead of an answer, which it has stored by now, and then
// asks again. It may have been a password.
func (c *connection) forget(name string) {
	p, sent, editor := c.profile, maps.Clone(c.login.secrets), c.login.editor
	delete(c.login.secrets, name)
	c.whileAsking(func() {
		go func() {
			err := errNoEditor
			if editor != nil {
				err = editor.ReplaceSecret(p.UUID, name, profile.TrustNo, sent)
			}
			c.post(func() {
				if err != nil {
					c.log.Warn("what was typed in place of an answer may still be stored with the profile", "secret", name, "error", err,
						"remedy", fmt.Sprintf("nmcli connection modify %s -vpn.secrets %s", p.ShellName(), name))
				}
				switch {
				case c.phase != asking:
				case c.login.rounds[name] >= maxRounds:
					c.notTrusted()
				default:
					c.askTrust()
				}
			})
		}()
	})
}

// errNoEditor says why nothing can be taken back: no question was expected, or the bus could not be reached.
var errNoEditor = errors.New("there are no privileges left to change it")

// editWhileAsking keeps the privileges to change the profile while a question about the server's certificate
// may come: there is none if the profile knows the certificate, and none any more when the login is sent, as
// the certificate has been accepted then. Whoever takes over the process in between has root's rights on the
// system bus.
func (c *connection) editWhileAsking() {
	if !c.login.interactive || c.profile.Pin() != nil || c.profile.ServerCertCheck == profile.CertCheckNo {
		return
	}
	editor, err := c.system.editProfiles()
	if err != nil {
		c.log.Warn("no connection to the system bus to change the profile with", "error", err)
		return
	}
	c.login.editor = editor
}

// whileAsking runs f after the reply to NewSecrets, unless the connection has ended by then.
func (c *connection) whileAsking(f func()) {
	c.after(replyFirst, func() {
		if c.phase == asking {
			f()
		}
	})
}

func (c *connection) notTrusted() {
	c.fail(nmvpn.FailureConnect, fmt.Errorf("%w: %w", errNotTrusted, c.login.asked.cert))
}

// errNotTrusted is a person's no.
var errNotTrusted = errors.New("the user does not trust the server")

// askable is false if a yes would answer the wrong question: a certificate other than the pinned one is an
// attack, or news from the administrator.
func askable(e *protocol.CertificateError) bool {
	return e.Reason != protocol.CertPinChanged && e.Reason != protocol.CertMemberDiffer
}

// certQuestion returns plain text in short lines: agents show it as it is. The names in it are whatever the
// server, or an impostor, has put into the certificate.
func certQuestion(e *protocol.CertificateError, p *profile.Profile) string {
	lines := []string{
		fmt.Sprintf(sentence(e.Reason), e.Host),
		fmt.Sprintf(prompt.Subject, shownName(e.Leaf.Subject)),
		fmt.Sprintf(prompt.Issuer, shownName(e.Leaf.Issuer)),
		fmt.Sprintf(prompt.Valid, e.Leaf.NotBefore.Format("2006-01-02"), e.Leaf.NotAfter.Format("2006-01-02")),
		fmt.Sprintf(prompt.Fingerprint, e.Fingerprint()),
	}
	if strings.EqualFold(p.Hub, relayHub) {
		lines = append(lines, prompt.RememberedRelay)
	} else {
		lines = append(lines, prompt.Remembered, fmt.Sprintf(prompt.HowToRead, fmt.Sprintf(readFingerprint, p.Gateway.Port)))
	}
	return strings.Join(lines, "\n")
}

// readFingerprint is a command that shows the fingerprint of the certificate on the server itself.
const readFingerprint = "openssl s_client -connect localhost:%d </dev/null | openssl x509 -noout -fingerprint -sha256"

// relayHub is the hub of every public VPN Gate relay.
const relayHub = "VPNGATE"

// sentence returns why a certificate is not trusted.
func sentence(r protocol.CertReason) string {
	switch r {
	case protocol.CertSelfSigned:
		return prompt.CertSelf
	case protocol.CertWrongName:
		return prompt.CertName
	case protocol.CertExpired:
		return prompt.CertExpired
	case protocol.CertNotYetValid:
		return prompt.CertEarly
	case protocol.CertPinMissing:
		return prompt.CertNotPinned
	}
	return prompt.CertUntrusted
}

// maxShownName is how many characters of a name in a certificate are shown.
const maxShownName = 100

// shownName returns one short line of harmless text: a name with line breaks could show a fingerprint of its
// own, and one that is not valid text would not pass the bus.
func shownName(n pkix.Name) string {
	var b strings.Builder
	shown := 0
	for _, r := range strings.ToValidUTF8(n.String(), "\ufffd") {
		if shown++; shown > maxShownName {
			return b.String() + "…"
		}
		if unicode.IsControl(r) || unicode.In(r, unicode.Cf, unicode.Zl, unicode.Zp) {
			r = '\ufffd'
		}
		b.WriteRune(r)
	}
	return b.String()
}

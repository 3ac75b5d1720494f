// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"crypto/x509/pkix"
	"encoding/hex"
	"errors"
	"fmt"
	"strings"
	"time"
	"unicode"

	"network-manager-softether/profile"
	"network-manager-softether/protocol"
	"network-manager-softether/service/nmvpn"
	"network-manager-softether/service/prompt"
)

// maxRounds is how often each password is asked for.
const maxRounds = 3

// replyFirst lets the reply to NewSecrets reach NetworkManager before a failure does:
// the other way round it goes on with a connection that has ended (an assertion fails in
// 1.42.4).
const replyFirst = 50 * time.Millisecond

// asked is what the user is being asked: for this secret, or about this certificate.
type asked struct {
	secret string
	cert   *protocol.CertificateError
}

// ask asks the user about err, if that can help, and reports whether it did. The
// answer comes to answered; without an answer NetworkManager ends the activation.
func (c *connection) ask(err error) bool {
	if !c.interactive {
		return false
	}
	if cert, ok := errors.AsType[*protocol.CertificateError](err); ok {
		if !askable(cert) || c.asked.cert != nil {
			return false
		}
		c.log.Warn("the server's certificate does not verify, asking the user", "cause", err, "remedy", c.remedy(err))
		c.asked = asked{cert: cert}
		c.enter(asking)
		c.nm.SecretsRequired(certQuestion(cert, c.profile.Hub), []string{profile.TrustSecret(cert.SHA256)})
		return true
	}
	q, ok := questionFor(err, c.profile)
	if !ok || c.rounds[q.name] >= maxRounds {
		return false
	}
	if c.rounds == nil {
		c.rounds = make(map[string]int)
	}
	c.rounds[q.name]++
	c.log.Warn("asking the user for a secret", "secret", q.name, "cause", err, "remedy", c.remedy(err), "round", c.rounds[q.name])
	c.asked.secret = q.name
	c.enter(asking)
	c.nm.SecretsRequired(q.text, []string{q.name})
	return true
}

// answered goes on with what NewSecrets brought, which is in the profile by now.
func (c *connection) answered() {
	if cert := c.asked.cert; cert != nil && c.asked.secret == "" {
		if !bytes.Equal(c.profile.Pin(), cert.SHA256[:]) {
			era := c.era
			c.after(replyFirst, func() {
				if era == c.era && c.phase == asking {
					c.fail(nmvpn.FailureConnect, fmt.Errorf("the user does not trust the server: %w", cert))
				}
			})
			return
		}
		c.log.Info("the user trusts the server's certificate", "sha256", hex.EncodeToString(cert.SHA256[:]))
	}
	c.asked.secret = ""
	c.startConnecting()
}

// askable is false where a yes would be an answer to the wrong question: another
// certificate than the pinned one is an attack or news from the administrator.
func askable(e *protocol.CertificateError) bool {
	return e.Reason != protocol.CertPinChanged && e.Reason != protocol.CertMemberDiffer
}

// certQuestion is plain text of short lines: agents show it as it is. The names in it are
// whatever the server, or who pretends to be it, wrote into the certificate.
func certQuestion(e *protocol.CertificateError, hub string) string {
	remembered := prompt.Remembered
	if strings.EqualFold(hub, relayHub) {
		remembered = prompt.RememberedRelay
	}
	lines := []string{
		fmt.Sprintf(sentence(e.Reason), e.Host),
		fmt.Sprintf(prompt.Subject, shownName(e.Leaf.Subject)),
		fmt.Sprintf(prompt.Issuer, shownName(e.Leaf.Issuer)),
		fmt.Sprintf(prompt.Valid, e.Leaf.NotBefore.Format("2006-01-02"), e.Leaf.NotAfter.Format("2006-01-02")),
		fmt.Sprintf(prompt.Fingerprint, groupHex(e.SHA256[:])),
		remembered,
	}
	return strings.Join(lines, "\n")
}

// relayHub is the hub of every public relay of VPN Gate.
const relayHub = "VPNGATE"

// sentence says why a certificate is not trusted.
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

// shownName is one short line of harmless text: a name with line breaks could show a
// fingerprint of its own, and one that is no text would not pass the bus.
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

// groupHex writes bytes in groups of four digits, which people can compare.
func groupHex(b []byte) string {
	var groups []string
	for i := 0; i+1 < len(b); i += 2 {
		groups = append(groups, hex.EncodeToString(b[i:i+2]))
	}
	return strings.Join(groups, " ")
}

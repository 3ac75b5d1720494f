// SPDX-License-Identifier: Apache-2.0

package main

import (
	"errors"
	"time"

	"network-manager-softether/protocol"
)

// maxRounds is how often each password, and whether to trust a server, is asked for.
const maxRounds = 3

// replyFirst lets the reply to NewSecrets reach NetworkManager before a failure does: in the other order,
// NetworkManager goes on with a connection that has ended (an assertion fails in 1.42.4).
const replyFirst = 50 * time.Millisecond

// asked is what the user is being asked: for this secret, or about this certificate.
type asked struct {
	secret string
	cert   *protocol.CertificateError
}

// ask asks the user about err, if that can help, and reports whether it did. The answer arrives in answered;
// without one, NetworkManager ends the activation.
func (c *connection) ask(err error) bool {
	if !c.login.interactive {
		return false
	}
	if cert, ok := errors.AsType[*protocol.CertificateError](err); ok {
		if !askable(cert) || c.login.asked.cert != nil {
			return false
		}
		c.log.Warn("the server's certificate does not verify, asking the user", "error", err, "remedy", c.remedy(err))
		c.login.asked = asked{cert: cert}
		c.enter(asking)
		c.login.asking = question{time.Now(), err}
		c.askTrust()
		return true
	}
	q, ok := questionFor(err, c.profile)
	if !ok || !c.nextRound(q.name) {
		return false
	}
	c.log.Warn("asking the user for a secret", "secret", q.name, "error", err, "remedy", c.remedy(err), "round", c.login.rounds[q.name])
	c.login.asked.secret = q.name
	c.enter(asking)
	c.login.asking = question{time.Now(), err}
	c.nm.SecretsRequired(q.text, []string{q.name})
	return true
}

// nextRound counts how often a secret has been asked for, and reports whether it may be asked for once more.
func (c *connection) nextRound(name string) bool {
	if c.login.rounds == nil {
		c.login.rounds = make(map[string]int)
	}
	c.login.rounds[name]++
	return c.login.rounds[name] <= maxRounds
}

// answered goes on with what NewSecrets has brought, which is in the profile by now.
func (c *connection) answered() {
	if c.login.asked.cert != nil && c.login.asked.secret == "" && !c.trusted() {
		return
	}
	c.login.asked.secret = ""
	c.startConnecting()
}

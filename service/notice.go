// SPDX-License-Identifier: Apache-2.0

package main

import (
	"context"
	"crypto/tls"
)

// notice logs what a person wants to know although nothing is wrong. It appears at NetworkManager's own log
// level, so there is little of it: up, back, ended.
func (c *connection) notice(what string, attrs ...any) {
	c.log.Log(context.Background(), levelNotice, what, attrs...)
}

// facts returns what a person compares when a connection is up and something is amiss.
func (c *connection) facts() []any {
	info := c.live.session.Info()
	facts := []any{
		"profile", c.profile.ID, "server", info.ServerAddr.String(), "hub", c.profile.Hub,
		"cipher", tls.CipherSuiteName(info.CipherSuite), "device", c.tunnel.tap.Name(),
	}
	if c.inner.announced.ip4 != nil {
		facts = append(facts, "address", c.inner.announced.ip4.Addr.String())
	}
	if c.inner.announced.ip6 != nil {
		facts = append(facts, "address6", c.inner.announced.ip6.Addr.String())
	}
	return facts
}

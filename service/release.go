// SPDX-License-Identifier: Apache-2.0

package main

import "time"

// releaseTime is the time between giving a lease back and closing the session: the server discards frames
// that it reads together with the end of the connection. It also bounds the sending, as a stalled session
// accepts no frames.
const releaseTime = 150 * time.Millisecond

// release gives the lease back if the profile asks for that.
func (c *connection) release() {
	if c.profile == nil || !c.profile.IPv4.SendRelease || c.inner.lease == nil || c.live.session == nil || c.tunnel == nil || c.tunnel.port4 == nil {
		return
	}
	client, lease := newDHCP(c.system, c.tunnel, c.profile, c.log), c.inner.lease
	c.log.Info("giving the DHCP lease back (ipv4.dhcp-send-release)", "address", lease.Addr.String(), "server", lease.Server.String())
	go client.Release(lease)
	time.Sleep(releaseTime)
}

// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"context"
	"errors"
	"fmt"
	"net/netip"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/packet"
)

// ErrConflict means that another host has the address that a server leased.
var ErrConflict = errors.New("another host uses the address that the DHCP server leased")

// settleTime is how long answers to probes are awaited. Inside a tunnel they take one round trip, as the DHCP
// server's own answers do.
const settleTime = 300 * time.Millisecond

// probe is the search for another host with an offered address (RFC 5227). It starts with the offer, in
// parallel with the request, and goes on for settleTime while the lease is already in use: waiting for it
// first would cost every connection that time.
type probe struct {
	addr  netip.Addr
	until time.Time
	rival packet.MAC // who answered; zero: nobody
}

// startProbe asks who has addr.
func (c *Client) startProbe(addr netip.Addr) {
	c.probe = probe{addr: addr}
	c.send(packet.ARPProbe(c.mac, addr), "ARP probe", 1)
}

// hear processes an answer to a probe. It reports whether frame shows a conflict.
func (c *Client) hear(frame []byte) bool {
	a, ok := packet.ParseARP(frame)
	if !ok || !a.ToProbe || a.Addr != c.probe.addr || a.MAC == c.mac || c.mine != nil && c.mine(a.MAC.HardwareAddr()) {
		return false
	}
	c.probe.rival = a.MAC
	return true
}

// settle waits for the rest of the time in which a host may answer a probe for the address of l. It gives the
// lease back if one does.
func (c *Client) settle(ctx context.Context, l *Lease) error {
	addr := l.Addr.Addr()
	if c.probe.addr != addr {
		return nil // not a lease from the last Acquire
	}
	if c.probe.rival == (packet.MAC{}) && time.Until(c.probe.until) > 0 {
		c.send(packet.ARPProbe(c.mac, addr), "ARP probe", 2)
	}
	for c.probe.rival == (packet.MAC{}) {
		left := time.Until(c.probe.until)
		if left <= 0 {
			c.probe = probe{}
			return nil
		}
		nobody := func(*reply) bool { return false }
		if _, err := c.await(ctx, left, dhcpv4.TransactionID{}, nobody); !errors.Is(err, errSilence) && !errors.Is(err, errRival) {
			return err
		}
	}
	rival := c.probe.rival
	c.probe = probe{}
	c.send(c.broadcast(anyone, c.message(newExchange(), request{
		kind: dhcpv4.MessageTypeDecline, wanted: addr, server: l.Server,
	})), "DECLINE", 1)
	return fmt.Errorf("%v is used by the host with MAC address %v: %w", addr, rival, ErrConflict)
}

// errRival ends a wait during which a conflict appeared.
var errRival = errors.New("an answer to an ARP probe")

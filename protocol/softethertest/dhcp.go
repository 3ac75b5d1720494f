// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
)

// A Lease is what a [DHCP] hands out.
type Lease struct {
	Addr   netip.Prefix // of the first client; others get those that follow. Default 10.66.0.10/24
	Server netip.Addr   // default 10.66.0.1
}

// leaseTime is what SecureNAT has.
const leaseTime = 2 * time.Hour

// dhcpMAC is the server's address on the hub.
var dhcpMAC = net.HardwareAddr{0x5e, 0, 0, 0x66, 0, 1}

// A DHCP is a DHCP server inside the hub (RFC 2131), with an ARP responder for its own address. It hands out
// addresses and does nothing wrong: what servers do to a client is tried by package dhcp, with messages that
// its tests write, and by lab/e2e, with real servers.
type DHCP struct {
	lease Lease

	mu      sync.Mutex
	clients []string // MAC addresses in the order of their first request
}

// NewDHCP returns a server that hands out l.
func NewDHCP(l Lease) *DHCP {
	if !l.Addr.IsValid() {
		l.Addr = netip.MustParsePrefix("10.66.0.10/24")
	}
	if !l.Server.IsValid() {
		l.Server = netip.MustParseAddr("10.66.0.1")
	}
	return &DHCP{lease: l}
}

// answer returns the reply to m, or nil.
func (d *DHCP) answer(m *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
	addr := d.addrOf(m.ClientHWAddr)
	switch m.MessageType() {
	case dhcpv4.MessageTypeDiscover:
		return d.reply(m, dhcpv4.MessageTypeOffer, addr)
	case dhcpv4.MessageTypeRequest:
		if server := m.ServerIdentifier(); server != nil && !server.Equal(ip(d.lease.Server)) {
			return nil // the client took another's offer
		}
		wanted := m.RequestedIPAddress()
		if wanted == nil {
			wanted = m.ClientIPAddr
		}
		if !wanted.Equal(ip(addr)) {
			return d.nak(m)
		}
		return d.reply(m, dhcpv4.MessageTypeAck, addr)
	default:
		return nil
	}
}

// addrOf returns the address that belongs to mac.
func (d *DHCP) addrOf(mac net.HardwareAddr) netip.Addr {
	d.mu.Lock()
	defer d.mu.Unlock()
	i := slices.Index(d.clients, mac.String())
	if i < 0 {
		i = len(d.clients)
		d.clients = append(d.clients, mac.String())
	}
	a := d.lease.Addr.Addr()
	for range i {
		a = a.Next()
	}
	return a
}

func (d *DHCP) nak(m *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
	r := d.replyWith(m, dhcpv4.WithMessageType(dhcpv4.MessageTypeNak))
	r.SetBroadcast()
	return r
}

// reply builds an offer or an acknowledgement.
func (d *DHCP) reply(m *dhcpv4.DHCPv4, kind dhcpv4.MessageType, addr netip.Addr) *dhcpv4.DHCPv4 {
	return d.replyWith(m,
		dhcpv4.WithMessageType(kind),
		dhcpv4.WithYourIP(ip(addr)),
		dhcpv4.WithServerIP(ip(d.lease.Server)),
		dhcpv4.WithOption(dhcpv4.OptIPAddressLeaseTime(leaseTime)),
		dhcpv4.WithOption(dhcpv4.OptSubnetMask(net.CIDRMask(d.lease.Addr.Bits(), 32))))
}

func (d *DHCP) replyWith(m *dhcpv4.DHCPv4, parts ...dhcpv4.Modifier) *dhcpv4.DHCPv4 {
	parts = append(parts, dhcpv4.WithOption(dhcpv4.OptServerIdentifier(ip(d.lease.Server))))
	r, err := dhcpv4.NewReplyFromRequest(m, parts...)
	if err != nil {
		panic(err) // it cannot fail on a parsed request
	}
	return r
}

func ip(a netip.Addr) net.IP { return a.AsSlice() }

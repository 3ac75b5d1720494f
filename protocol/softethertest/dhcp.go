// SPDX-License-Identifier: Apache-2.0

package softethertest

import (
	"net"
	"net/netip"
	"slices"
	"sync"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/rfc1035label"
)

// A Lease is what a [DHCP] hands out. What is not set is not sent, unless a
// default is given.
type Lease struct {
	Addr      netip.Prefix // of the first client; others get those that follow. Default 10.66.0.10/24
	Server    netip.Addr   // default 10.66.0.1; it answers ARP, as Router does
	ServerMAC net.HardwareAddr
	Router    netip.Addr
	DNS       []netip.Addr
	Domain    string
	Search    []string      // option 119
	Routes    []Route       // options 121 and 249 alike
	Duration  time.Duration // default 2 h
	T1, T2    time.Duration
	Options   map[uint8][]byte // sent as they are; nil takes an option away
}

// A Route is a classless static route.
type Route struct {
	Dst netip.Prefix
	Via netip.Addr
}

// A DHCP is a small DHCP server inside the hub (RFC 2131), with an ARP responder
// for its own address and the router's. It has room for what tests need to go
// wrong: see [DHCP.Intercept].
type DHCP struct {
	mu        sync.Mutex
	lease     Lease
	intercept Intercept
	clients   []string // MAC addresses in the order of their first request
	requests  []*dhcpv4.DHCPv4
}

// An Intercept gets each request and the answer to it (nil if there would be
// none), and returns the answer to send, or nil for none.
type Intercept func(request, reply *dhcpv4.DHCPv4) *dhcpv4.DHCPv4

// Mute answers nothing.
func Mute(_, _ *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 { return nil }

// NAK refuses every request, after an offer.
func NAK(request, reply *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
	if reply == nil || request.MessageType() != dhcpv4.MessageTypeRequest {
		return reply
	}
	return nak(request, reply.ServerIPAddr)
}

// NewDHCP returns a server that hands out l.
func NewDHCP(l Lease) *DHCP {
	d := &DHCP{}
	d.Set(l)
	return d
}

// Set changes the lease for requests from now on.
func (d *DHCP) Set(l Lease) {
	if !l.Addr.IsValid() {
		l.Addr = netip.MustParsePrefix("10.66.0.10/24")
	}
	if !l.Server.IsValid() {
		l.Server = netip.MustParseAddr("10.66.0.1")
	}
	if l.ServerMAC == nil {
		l.ServerMAC = net.HardwareAddr{0x5e, 0, 0, 0x66, 0, 1}
	}
	if l.Duration == 0 {
		l.Duration = 2 * time.Hour
	}
	d.mu.Lock()
	defer d.mu.Unlock()
	d.lease = l
}

// Intercept has f see and change all answers from now on; nil ends that.
func (d *DHCP) Intercept(f Intercept) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.intercept = f
}

// Requests returns what clients sent so far.
func (d *DHCP) Requests() []*dhcpv4.DHCPv4 {
	d.mu.Lock()
	defer d.mu.Unlock()
	return slices.Clone(d.requests)
}

// answer returns the reply to m, or nil, and the address to send it from.
func (d *DHCP) answer(m *dhcpv4.DHCPv4) (*dhcpv4.DHCPv4, Lease) {
	d.mu.Lock()
	defer d.mu.Unlock()
	d.requests = append(d.requests, m)
	reply := d.regular(m)
	if d.intercept != nil {
		reply = d.intercept(m, reply)
	}
	return reply, d.lease
}

// regular is the answer without anybody interfering.
func (d *DHCP) regular(m *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
	addr := d.addrOf(m.ClientHWAddr)
	switch m.MessageType() {
	case dhcpv4.MessageTypeDiscover:
		return d.reply(m, dhcpv4.MessageTypeOffer, addr)
	case dhcpv4.MessageTypeRequest:
		server := m.ServerIdentifier()
		if server != nil && !server.Equal(ip(d.lease.Server)) {
			return nil // the client took another's offer
		}
		wanted := m.RequestedIPAddress()
		if wanted == nil {
			wanted = m.ClientIPAddr
		}
		if !wanted.Equal(ip(addr)) {
			return nak(m, ip(d.lease.Server))
		}
		return d.reply(m, dhcpv4.MessageTypeAck, addr)
	default:
		return nil
	}
}

// addrOf returns the address that belongs to mac.
func (d *DHCP) addrOf(mac net.HardwareAddr) netip.Addr {
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

func nak(m *dhcpv4.DHCPv4, server net.IP) *dhcpv4.DHCPv4 {
	r, err := dhcpv4.NewReplyFromRequest(m,
		dhcpv4.WithMessageType(dhcpv4.MessageTypeNak),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(server)))
	if err != nil {
		panic(err) // it cannot fail on a parsed request
	}
	r.SetBroadcast()
	return r
}

// reply builds an offer or an acknowledgement in the order of SecureNAT.
func (d *DHCP) reply(m *dhcpv4.DHCPv4, kind dhcpv4.MessageType, addr netip.Addr) *dhcpv4.DHCPv4 {
	l := &d.lease
	r, err := dhcpv4.NewReplyFromRequest(m,
		dhcpv4.WithMessageType(kind),
		dhcpv4.WithYourIP(ip(addr)),
		dhcpv4.WithServerIP(ip(l.Server)),
		dhcpv4.WithOption(dhcpv4.OptServerIdentifier(ip(l.Server))),
		dhcpv4.WithOption(dhcpv4.OptIPAddressLeaseTime(l.Duration)),
		dhcpv4.WithOption(dhcpv4.OptSubnetMask(net.CIDRMask(l.Addr.Bits(), 32))))
	if err != nil {
		panic(err) // it cannot fail on a parsed request
	}
	if l.Router.IsValid() {
		r.UpdateOption(dhcpv4.OptRouter(ip(l.Router)))
	}
	if len(l.DNS) > 0 {
		var servers []net.IP
		for _, a := range l.DNS {
			servers = append(servers, ip(a))
		}
		r.UpdateOption(dhcpv4.OptDNS(servers...))
	}
	if l.Domain != "" {
		r.UpdateOption(dhcpv4.OptDomainName(l.Domain))
	}
	if len(l.Search) > 0 {
		r.UpdateOption(dhcpv4.OptDomainSearch(&rfc1035label.Labels{Labels: l.Search}))
	}
	if len(l.Routes) > 0 {
		b := classless(l.Routes)
		r.UpdateOption(dhcpv4.OptGeneric(dhcpv4.OptionClasslessStaticRoute, b))
		r.UpdateOption(dhcpv4.OptGeneric(dhcpv4.GenericOptionCode(249), b))
	}
	if l.T1 > 0 {
		r.UpdateOption(dhcpv4.OptRenewTimeValue(l.T1))
	}
	if l.T2 > 0 {
		r.UpdateOption(dhcpv4.OptRebindingTimeValue(l.T2))
	}
	for code, value := range l.Options {
		if value == nil {
			r.DeleteOption(dhcpv4.GenericOptionCode(code))
			continue
		}
		r.UpdateOption(dhcpv4.OptGeneric(dhcpv4.GenericOptionCode(code), value))
	}
	return r
}

// classless encodes routes as RFC 3442 wants them.
func classless(routes []Route) []byte {
	var b []byte
	for _, r := range routes {
		dst, via := r.Dst.Addr().As4(), r.Via.As4()
		b = append(b, byte(r.Dst.Bits()))
		b = append(b, dst[:(r.Dst.Bits()+7)/8]...)
		b = append(b, via[:]...)
	}
	return b
}

func ip(a netip.Addr) net.IP { return a.AsSlice() }

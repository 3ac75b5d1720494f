// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv6"
	"github.com/insomniacslk/dhcp/iana"
	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp/internal/packet"
	"network-manager-softether/dhcp/internal/porttest"
)

var (
	clientMAC = packet.MAC{0x5e, 0, 0, 0, 0, 1}
	routerMAC = packet.MAC{0x5e, 0, 0, 0, 0, 0xfe}
	routerLL  = netip.MustParseAddr("fe80::1")
	clientLL  = netip.MustParseAddr("fe80::5c00:ff:fe00:1")
	prefix    = netip.MustParsePrefix("2001:db8:1::/64")
	slaac     = netip.MustParsePrefix("2001:db8:1:0:5c00:ff:fe00:1/64")
	managedIP = netip.MustParseAddr("2001:db8:1::100")
	allNodes  = netip.MustParseAddr("ff02::1")

	serverDUID = []byte{0, 3, 0, 1, 0x5e, 0, 0, 0, 0, 0xfe}

	cmpNet = cmp.Options{
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmp.Comparer(func(a, b netip.Prefix) bool { return a == b }),
		cmp.AllowUnexported(advert{}, prefixInfo{}, routeInfo{}, dnsInfo{}, domainInfo{}),
	}
)

// network is the other end of the wire: routers and servers whose every move the
// test makes.
type network struct {
	t    *testing.T
	port *porttest.Port
}

func newNetwork(t *testing.T) (*network, *Client) {
	n := &network{t: t, port: porttest.New()}
	return n, New(n.port, Config{MAC: clientMAC.HardwareAddr()})
}

// advertise sends a router advertisement from router.
func (n *network) advertise(router netip.Addr, ra ndp.RouterAdvertisement) {
	n.t.Helper()
	n.port.Deliver(advertFrame(n.t, router, ra))
}

func advertFrame(t testing.TB, router netip.Addr, ra ndp.RouterAdvertisement) []byte {
	t.Helper()
	b, err := ndp.MarshalMessage(&ra)
	if err != nil {
		t.Fatal(err)
	}
	return icmp(router, allNodes, 255, b)
}

func icmp(src, dst netip.Addr, hops uint8, message []byte) []byte {
	m := packet.ICMPv6{SrcMAC: routerMAC, DstMAC: packet.MulticastMAC(dst), Src: src, Dst: dst, HopLimit: hops, Message: message}
	return m.Marshal()
}

func prefixOption(p netip.Prefix, valid, preferred time.Duration) *ndp.PrefixInformation {
	return &ndp.PrefixInformation{
		PrefixLength: uint8(p.Bits()), Prefix: p.Addr(), OnLink: true, AutonomousAddressConfiguration: true,
		ValidLifetime: valid, PreferredLifetime: preferred,
	}
}

// usual is an advertisement of a default router with one prefix.
func usual(opts ...ndp.Option) ndp.RouterAdvertisement {
	return ndp.RouterAdvertisement{
		RouterLifetime: 30 * time.Minute,
		Options:        append([]ndp.Option{prefixOption(prefix, 24*time.Hour, 4*time.Hour)}, opts...),
	}
}

// usualManaged is a usual one that sends hosts to DHCPv6 for an address.
func usualManaged() ndp.RouterAdvertisement {
	ra := usual()
	ra.ManagedConfiguration = true
	return ra
}

// asked is a DHCPv6 message from the client.
type asked struct {
	*dhcpv6.Message
	at time.Time
}

// next waits for the client's next frame.
func (n *network) next() []byte {
	n.t.Helper()
	select {
	case f := <-n.port.Sent():
		return f
	case <-time.After(100 * 24 * time.Hour):
		n.t.Fatal("the client is silent")
		panic("unreachable")
	}
}

// solicited waits for a router solicitation and returns its source.
func (n *network) solicited() netip.Addr {
	n.t.Helper()
	m, ok := packet.ParseICMPv6(n.next())
	if !ok || m.Message[0] != typeSolicitation || m.HopLimit != 255 || m.Dst != allRouters {
		n.t.Fatalf("client sent %+v, want a router solicitation", m)
	}
	return m.Src
}

// leases waits for the client's SOLICIT and gives it an address at once (RFC 8415 18.2.1).
func (n *network) leases(addr netip.Addr, more ...dhcpv6.Option) {
	n.t.Helper()
	n.reply(n.expect(dhcpv6.MessageTypeSolicit), dhcpv6.MessageTypeReply, append(more, lease(addr), raw(dhcpv6.OptionRapidCommit, nil))...)
}

// expect waits for a DHCPv6 message of that kind.
func (n *network) expect(kind dhcpv6.MessageType) asked {
	n.t.Helper()
	u, ok := packet.ParseUDP(n.next())
	if !ok || u.Src != netip.AddrPortFrom(clientLL, clientPort) || u.Dst != netip.AddrPortFrom(allServers, serverPort) {
		n.t.Fatalf("client sent %+v, want %v", u, kind)
	}
	m, err := dhcpv6.MessageFromBytes(u.Payload)
	if err != nil || m.MessageType != kind {
		n.t.Fatalf("client sent %v (%v), want %v", m, err, kind)
	}
	return asked{m, time.Now()}
}

// message builds a server's message to m.
func (m asked) message(kind dhcpv6.MessageType, opts ...dhcpv6.Option) *dhcpv6.Message {
	r := &dhcpv6.Message{MessageType: kind, TransactionID: m.TransactionID}
	r.AddOption(m.GetOneOption(dhcpv6.OptionClientID))
	r.AddOption(raw(dhcpv6.OptionServerID, serverDUID))
	for _, o := range opts {
		r.UpdateOption(o)
	}
	return r
}

func (n *network) reply(m asked, kind dhcpv6.MessageType, opts ...dhcpv6.Option) {
	n.port.Deliver(framed6(m.message(kind, opts...).ToBytes()))
}

func framed6(payload []byte) []byte {
	u := packet.UDP{
		SrcMAC: routerMAC, DstMAC: clientMAC,
		Src:     netip.AddrPortFrom(routerLL, serverPort),
		Dst:     netip.AddrPortFrom(clientLL, clientPort),
		Payload: payload,
	}
	return u.Marshal()
}

// lease is an IA_NA with addr for two hours.
func lease(addr netip.Addr, change ...func(*dhcpv6.OptIANA)) *dhcpv6.OptIANA {
	ia := &dhcpv6.OptIANA{IaId: [4]byte(clientMAC[2:]), T1: 30 * time.Minute, T2: 48 * time.Minute}
	ia.Options.Add(&dhcpv6.OptIAAddress{IPv6Addr: net.IP(addr.AsSlice()), PreferredLifetime: time.Hour, ValidLifetime: 2 * time.Hour})
	for _, f := range change {
		f(ia)
	}
	return ia
}

func status(code iana.StatusCode) dhcpv6.Option { return &dhcpv6.OptStatusCode{StatusCode: code} }

// withStatus turns an IA_NA into a refusal.
func withStatus(code iana.StatusCode) func(*dhcpv6.OptIANA) {
	return func(ia *dhcpv6.OptIANA) { ia.Options = dhcpv6.IdentityOptions{Options: dhcpv6.Options{status(code)}} }
}

// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/internal/inetsum"
	"network-manager-softether/protocol/softethertest"
)

var hostMAC = net.HardwareAddr{0x5e, 1, 2, 3, 4, 5}

// wrap puts a DHCP request into a frame, with no checksums: the server does not look.
func wrap(m *dhcpv4.DHCPv4) []byte {
	payload := m.ToBytes()
	f := append(bytes.Repeat([]byte{0xff}, 6), hostMAC...)
	f = append(f, 8, 0, 0x45, 0)
	f = binary.BigEndian.AppendUint16(f, uint16(28+len(payload)))
	f = append(f, 0, 0, 0, 0, 64, 17, 0, 0, 0, 0, 0, 0, 255, 255, 255, 255, 0, 68, 0, 67)
	f = binary.BigEndian.AppendUint16(f, uint16(8+len(payload)))
	return append(append(f, 0, 0), payload...)
}

// unwrap takes a reply out of its frame and checks what carries it.
func unwrap(t *testing.T, f []byte) *dhcpv4.DHCPv4 {
	t.Helper()
	if len(f) < 42 || f[12] != 8 || f[13] != 0 || f[23] != 17 || !bytes.Equal(f[34:38], []byte{0, 67, 0, 68}) {
		t.Fatalf("no DHCP reply: %x", f)
	}
	if total := int(binary.BigEndian.Uint16(f[16:])); total != len(f)-14 || int(binary.BigEndian.Uint16(f[38:])) != total-20 {
		t.Errorf("lengths in the headers of %x", f[14:42])
	}
	pseudo := append(bytes.Clone(f[26:34]), 0, 17, f[38], f[39])
	if inetsum.Of(f[14:34]) != 0xffff || inetsum.Of(pseudo, f[34:]) != 0xffff {
		t.Error("wrong checksum")
	}
	m, err := dhcpv4.FromBytes(f[42:])
	if err != nil {
		t.Fatal(err)
	}
	return m
}

// An exchange puts DHCP requests to the server behind a tunnel.
type exchange struct {
	t *testing.T
	c *client
}

func (e exchange) ask(m *dhcpv4.DHCPv4, err error) *dhcpv4.DHCPv4 {
	e.t.Helper()
	if err != nil {
		e.t.Fatal(err)
	}
	e.c.send(wrap(m))
	f, err := e.c.next()
	if err != nil {
		e.t.Fatal(err)
	}
	return unwrap(e.t, f)
}

func tunnel(t *testing.T, d *softethertest.DHCP) (*softethertest.ServerSession, exchange) {
	t.Helper()
	s := newServer(t, softethertest.WithDHCP(d), softethertest.WithHandler(softethertest.Echo), softethertest.WithoutKeepAlive())
	c, _ := login(t, s)
	return session(t, s), exchange{t, c}
}

func TestLease(t *testing.T) {
	via := netip.MustParseAddr("10.66.0.254")
	d := softethertest.NewDHCP(softethertest.Lease{
		Router:   netip.MustParseAddr("10.66.0.1"),
		DNS:      []netip.Addr{netip.MustParseAddr("10.66.0.1"), netip.MustParseAddr("1.1.1.1")},
		Domain:   "example.test",
		Search:   []string{"a.test", "b.test"},
		Routes:   []softethertest.Route{{Dst: netip.MustParsePrefix("10.1.0.0/16"), Via: via}, {Dst: netip.MustParsePrefix("0.0.0.0/0"), Via: via}},
		Duration: time.Hour, T1: time.Minute, T2: 2 * time.Minute,
		Options: map[uint8][]byte{26: {5, 120}, 28: nil},
	})
	_, e := tunnel(t, d)
	offer := e.ask(dhcpv4.NewDiscovery(hostMAC))
	if offer.MessageType() != dhcpv4.MessageTypeOffer {
		t.Errorf("offer is %v", offer.MessageType())
	}
	ack := e.ask(dhcpv4.NewRequestFromOffer(offer))
	routes := []byte{16, 10, 1, 10, 66, 0, 254, 0, 10, 66, 0, 254}
	got := map[string]any{
		"type": ack.MessageType().String(), "addr": ack.YourIPAddr.String(), "mask": ack.SubnetMask().String(),
		"server": ack.ServerIdentifier().String(), "router": ack.Router()[0].String(), "dns": len(ack.DNS()), "domain": ack.DomainName(),
		"search": ack.DomainSearch().Labels, "121": ack.GetOneOption(dhcpv4.GenericOptionCode(121)), "249": ack.GetOneOption(dhcpv4.GenericOptionCode(249)),
		"lease": ack.IPAddressLeaseTime(0), "t1": ack.IPAddressRenewalTime(0), "t2": ack.IPAddressRebindingTime(0), "mtu": ack.GetOneOption(dhcpv4.GenericOptionCode(26)),
	}
	want := map[string]any{
		"type": "ACK", "addr": "10.66.0.10", "mask": "ffffff00", "server": "10.66.0.1", "router": "10.66.0.1", "dns": 2, "domain": "example.test",
		"search": []string{"a.test", "b.test"}, "121": routes, "249": routes,
		"lease": time.Hour, "t1": time.Minute, "t2": 2 * time.Minute, "mtu": []byte{5, 120},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("unexpected lease (-want +got):\n%s", diff)
	}
	if ack := e.ask(dhcpv4.NewRenewFromAck(ack)); ack.MessageType() != dhcpv4.MessageTypeAck {
		t.Errorf("renewal is answered with %v", ack.MessageType())
	}
	if n := len(d.Requests()); n != 3 {
		t.Errorf("%d requests noted, want 3", n)
	}
	bare := softethertest.NewDHCP(softethertest.Lease{})
	_, e = tunnel(t, bare)
	offer = e.ask(dhcpv4.NewDiscovery(hostMAC))
	if offer.Router() != nil || offer.DNS() != nil || offer.DomainName() != "" || offer.GetOneOption(dhcpv4.GenericOptionCode(121)) != nil {
		t.Errorf("a bare lease says more than it should:\n%s", offer.Summary())
	}
}

func TestLeaseIsRefused(t *testing.T) {
	d := softethertest.NewDHCP(softethertest.Lease{})
	_, e := tunnel(t, d)
	offer := e.ask(dhcpv4.NewDiscovery(hostMAC))
	wrong := dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.IPv4(10, 0, 0, 99)))
	if got := e.ask(dhcpv4.NewRequestFromOffer(offer, wrong)); got.MessageType() != dhcpv4.MessageTypeNak || !got.IsBroadcast() {
		t.Errorf("asking for another address is answered with %v", got.MessageType())
	}
	d.Intercept(softethertest.NAK)
	if got := e.ask(dhcpv4.NewRequestFromOffer(offer)); got.MessageType() != dhcpv4.MessageTypeNak {
		t.Errorf("answer %v, want NAK", got.MessageType())
	}
	d.Intercept(func(_, reply *dhcpv4.DHCPv4) *dhcpv4.DHCPv4 {
		reply.YourIPAddr = net.IPv4zero
		return reply
	})
	if got := e.ask(dhcpv4.NewRequestFromOffer(offer)); !got.YourIPAddr.IsUnspecified() {
		t.Errorf("address %v, want that of the intercept", got.YourIPAddr)
	}
	d.Intercept(softethertest.Mute)
	m, err := dhcpv4.NewDiscovery(hostMAC)
	if err != nil {
		t.Fatal(err)
	}
	e.c.send(wrap(m))
	e.c.send(testFrame("what comes next"))
	if f, err := e.c.next(); err != nil || !bytes.Equal(f, echoed(testFrame("what comes next"))) {
		t.Errorf("frame %x, error %v, want nothing before the echo", f, err)
	}
}

func TestTwoClientsGetTwoAddresses(t *testing.T) {
	_, e := tunnel(t, softethertest.NewDHCP(softethertest.Lease{}))
	other := net.HardwareAddr{0x5e, 9, 9, 9, 9, 9}
	for _, tt := range []struct {
		mac  net.HardwareAddr
		want string
	}{{hostMAC, "10.66.0.10"}, {other, "10.66.0.11"}, {hostMAC, "10.66.0.10"}} {
		if got := e.ask(dhcpv4.NewDiscovery(tt.mac)).YourIPAddr.String(); got != tt.want {
			t.Errorf("%v gets %s, want %s", tt.mac, got, tt.want)
		}
	}
}

func TestRouterAnswersARP(t *testing.T) {
	_, e := tunnel(t, softethertest.NewDHCP(softethertest.Lease{Router: netip.MustParseAddr("10.66.0.254")}))
	request := func(last byte) []byte {
		f := append(append(bytes.Repeat([]byte{0xff}, 6), hostMAC...), 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
		f = append(append(f, hostMAC...), 10, 66, 0, 10, 0, 0, 0, 0, 0, 0)
		return append(f, 10, 66, 0, last)
	}
	for _, last := range []byte{1, 254} {
		e.c.send(request(last))
		mac := []byte{0x5e, 0, 0, 0x66, 0, 1}
		want := append(append(bytes.Clone(hostMAC), mac...), 8, 6, 0, 1, 8, 0, 6, 4, 0, 2)
		want = append(append(append(append(want, mac...), 10, 66, 0, last), hostMAC...), 10, 66, 0, 10)
		got, err := e.c.next()
		if diff := cmp.Diff(want, got); diff != "" || err != nil {
			t.Errorf("error %v, unexpected answer (-want +got):\n%s", err, diff)
		}
	}
	e.c.send(request(77))
	if got, err := e.c.next(); err != nil || !bytes.Equal(got, echoed(request(77))) {
		t.Errorf("frame %x, error %v, want the request left to the handler", got, err)
	}
}

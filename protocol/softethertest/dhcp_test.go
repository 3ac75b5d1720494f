// SPDX-License-Identifier: Apache-2.0

package softethertest_test

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"testing"

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
	d := softethertest.NewDHCP(softethertest.Lease{Addr: netip.MustParsePrefix("10.7.0.50/16"), Server: netip.MustParseAddr("10.7.0.1")})
	_, e := tunnel(t, d)
	offer := e.ask(dhcpv4.NewDiscovery(hostMAC))
	if offer.MessageType() != dhcpv4.MessageTypeOffer {
		t.Errorf("offer is %v", offer.MessageType())
	}
	ack := e.ask(dhcpv4.NewRequestFromOffer(offer))
	got := []string{ack.MessageType().String(), ack.YourIPAddr.String(), ack.SubnetMask().String(), ack.ServerIdentifier().String(), ack.IPAddressLeaseTime(0).String()}
	if diff := cmp.Diff([]string{"ACK", "10.7.0.50", "ffff0000", "10.7.0.1", "2h0m0s"}, got); diff != "" {
		t.Errorf("unexpected lease (-want +got):\n%s", diff)
	}
	if ack := e.ask(dhcpv4.NewRenewFromAck(ack)); ack.MessageType() != dhcpv4.MessageTypeAck {
		t.Errorf("renewal is answered with %v", ack.MessageType())
	}
}

func TestLeaseIsRefused(t *testing.T) {
	_, e := tunnel(t, softethertest.NewDHCP(softethertest.Lease{}))
	offer := e.ask(dhcpv4.NewDiscovery(hostMAC))
	wrong := dhcpv4.WithOption(dhcpv4.OptRequestedIPAddress(net.IPv4(10, 0, 0, 99)))
	if got := e.ask(dhcpv4.NewRequestFromOffer(offer, wrong)); got.MessageType() != dhcpv4.MessageTypeNak || !got.IsBroadcast() {
		t.Errorf("asking for another address is answered with %v", got.MessageType())
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

func TestDHCPServerAnswersARP(t *testing.T) {
	_, e := tunnel(t, softethertest.NewDHCP(softethertest.Lease{}))
	request := func(last byte) []byte {
		f := append(append(bytes.Repeat([]byte{0xff}, 6), hostMAC...), 8, 6, 0, 1, 8, 0, 6, 4, 0, 1)
		f = append(append(f, hostMAC...), 10, 66, 0, 10, 0, 0, 0, 0, 0, 0)
		return append(f, 10, 66, 0, last)
	}
	e.c.send(request(1))
	mac := []byte{0x5e, 0, 0, 0x66, 0, 1}
	want := append(append(bytes.Clone(hostMAC), mac...), 8, 6, 0, 1, 8, 0, 6, 4, 0, 2)
	want = append(append(append(append(want, mac...), 10, 66, 0, 1), hostMAC...), 10, 66, 0, 10)
	got, err := e.c.next()
	if diff := cmp.Diff(want, got); diff != "" || err != nil {
		t.Errorf("error %v, unexpected answer (-want +got):\n%s", err, diff)
	}
	e.c.send(request(77))
	if got, err := e.c.next(); err != nil || !bytes.Equal(got, echoed(request(77))) {
		t.Errorf("frame %x, error %v, want the request left to the handler", got, err)
	}
}

// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"net"
	"net/netip"
	"testing"
	"time"

	"github.com/insomniacslk/dhcp/dhcpv4"

	"network-manager-softether/dhcp/internal/packet"
	"network-manager-softether/dhcp/internal/porttest"
)

var (
	clientMAC = packet.MAC{0x5e, 0, 0, 0, 0, 1}
	serverMAC = packet.MAC{0x5e, 0, 0, 0, 0, 0xfe}
	serverIP  = netip.MustParseAddr("192.168.30.1")
	leasedIP  = netip.MustParseAddr("192.168.30.10")
)

// server is a DHCP server whose every move the test makes.
type server struct {
	t      *testing.T
	port   *porttest.Port
	probes []string // addresses that the client asked the owner of
}

func newServer(t *testing.T) (*server, *Client) {
	s := &server{t: t, port: porttest.New()}
	return s, New(s.port, Config{MAC: clientMAC.HardwareAddr()})
}

// heard is a message from the client and how it came.
type heard struct {
	*dhcpv4.DHCPv4
	udp packet.UDP
	at  time.Time
}

// next waits for the client's next message.
func (s *server) next() heard {
	s.t.Helper()
	select {
	case frame := <-s.port.Sent():
		if frame[12] == 0x08 && frame[13] == 0x06 {
			s.probes = append(s.probes, netip.AddrFrom4([4]byte(frame[38:])).String())
			return s.next()
		}
		u, ok := packet.ParseUDP(frame)
		if !ok {
			s.t.Fatalf("client sent a bad frame %x", frame)
		}
		m, err := dhcpv4.FromBytes(u.Payload)
		if err != nil {
			s.t.Fatalf("client sent a bad message: %v", err)
		}
		return heard{m, u, time.Now()}
	case <-time.After(24 * time.Hour):
		s.t.Fatal("the client is silent")
		panic("unreachable")
	}
}

// expect is next for a message of that kind.
func (s *server) expect(kind dhcpv4.MessageType) heard {
	s.t.Helper()
	m := s.next()
	if m.MessageType() != kind {
		s.t.Fatalf("client sent %v, want %v", m.MessageType(), kind)
	}
	return m
}

// answer builds a reply to m with the lease of these tests; change may alter it.
func answer(m heard, kind dhcpv4.MessageType, change ...func(*dhcpv4.DHCPv4)) []byte {
	r := &dhcpv4.DHCPv4{
		OpCode: dhcpv4.OpcodeBootReply, HWType: m.HWType,
		TransactionID: m.TransactionID, ClientHWAddr: bytes.Clone(m.ClientHWAddr),
		YourIPAddr: net.IP(leasedIP.AsSlice()),
		Options: dhcpv4.Options{
			53:           {byte(kind)},
			optServerID:  serverIP.AsSlice(),
			optMask:      {255, 255, 255, 0},
			optRouter:    serverIP.AsSlice(),
			optDNS:       serverIP.AsSlice(),
			optLeaseTime: {0, 0, 0x1c, 0x20}, // 7200 s, SecureNAT's default
			optDomain:    []byte("corp.example"),
		},
	}
	for _, f := range change {
		f(r)
	}
	return framed(r.ToBytes())
}

func framed(message []byte) []byte {
	u := packet.UDP{
		SrcMAC: serverMAC, DstMAC: packet.Broadcast,
		Src:     netip.AddrPortFrom(serverIP, serverPort),
		Dst:     netip.AddrPortFrom(everyone, clientPort),
		Payload: message,
	}
	return u.Marshal()
}

// with sets an option; nil removes it.
func with(option uint8, value []byte) func(*dhcpv4.DHCPv4) {
	return func(r *dhcpv4.DHCPv4) {
		if value == nil {
			delete(r.Options, option)
		} else {
			r.Options[option] = value
		}
	}
}

func withAddr(a string) func(*dhcpv4.DHCPv4) {
	return func(r *dhcpv4.DHCPv4) { r.YourIPAddr = net.ParseIP(a) }
}

func (s *server) reply(m heard, kind dhcpv4.MessageType, change ...func(*dhcpv4.DHCPv4)) {
	s.port.Deliver(answer(m, kind, change...))
}

// near reports whether got is want, give or take the jitter of a tenth.
func near(got, want time.Duration) bool {
	return got >= want*89/100 && got <= want*111/100
}

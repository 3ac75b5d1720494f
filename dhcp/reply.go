// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"encoding/binary"
	"net/netip"
	"slices"

	"github.com/insomniacslk/dhcp/dhcpv4"
	"github.com/insomniacslk/dhcp/iana"

	"network-manager-softether/dhcp/internal/packet"
)

// reply is a message verified to be from a server and for this client.
type reply struct {
	kind   dhcpv4.MessageType // OFFER, ACK or NAK
	xid    dhcpv4.TransactionID
	addr   netip.Addr // yiaddr
	server netip.Addr // option 54
	mac    packet.MAC // of the frame's sender
	opts   dhcpv4.Options
}

// parseReply parses frame. It reports false for everything but an OFFER, ACK or NAK of a server that names
// itself, to a client with that MAC and identifier.
func parseReply(frame []byte, mac packet.MAC, id []byte) (*reply, bool) {
	u, ok := packet.ParseUDP(frame)
	if !ok || u.Dst.Port() != clientPort || !u.Dst.Addr().Is4() {
		return nil, false
	}
	joined, ok := rejoin(u.Payload)
	if !ok {
		return nil, false
	}
	m, err := dhcpv4.FromBytes(joined)
	if err != nil || m.OpCode != dhcpv4.OpcodeBootReply || m.HWType != iana.HWTypeEthernet ||
		!bytes.Equal(m.ClientHWAddr, mac[:]) {
		return nil, false
	}
	once(m.Options)
	r := &reply{kind: m.MessageType(), xid: m.TransactionID, mac: u.SrcMAC, opts: m.Options}
	switch r.kind {
	case dhcpv4.MessageTypeOffer, dhcpv4.MessageTypeAck, dhcpv4.MessageTypeNak:
	default:
		return nil, false
	}
	// A server that echoes a client identifier must have echoed ours (RFC 6842).
	if got, there := m.Options[optClientID]; there && !bytes.Equal(got, id) {
		return nil, false
	}
	r.addr, _ = netip.AddrFromSlice(m.YourIPAddr.To4())
	servers := addrs(m.Options[optServerID])
	// A server may well be link-local, as in some clouds.
	if len(servers) != 1 || !usable(servers[0]) && !servers[0].IsLinkLocalUnicast() {
		return nil, false
	}
	r.server = servers[0]
	return r, true
}

// once takes the first of two options of a fixed size: the codec has joined them, which is right for longer ones alone
// (RFC 3396), and a lease would be lost over a server or relay that repeats itself.
func once(opts dhcpv4.Options) {
	for code, size := range map[uint8]int{optMask: 4, optMTU: 2, optLeaseTime: 4, optKind: 1, optServerID: 4, optT1: 4, optT2: 4} {
		if v := opts[code]; len(v) > size && len(v)%size == 0 {
			opts[code] = v[:size]
		}
	}
}

// addrs reads a list of IPv4 addresses; nil if its length is not a multiple of 4.
func addrs(b []byte) []netip.Addr {
	if len(b)%4 != 0 {
		return nil
	}
	list := make([]netip.Addr, 0, len(b)/4)
	for a := range slices.Chunk(b, 4) {
		list = append(list, netip.AddrFrom4([4]byte(a)))
	}
	return list
}

// usable reports whether a can be the address of a single host on this network:
// not "this network", loopback, link-local, multicast, reserved or broadcast
// (RFC 6890).
func usable(a netip.Addr) bool {
	if !a.Is4() {
		return false
	}
	first := a.As4()[0]
	return first != 0 && first < 224 && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}

// seconds reads a time option; false if it is absent or malformed.
func seconds(b []byte) (uint32, bool) {
	if len(b) != 4 {
		return 0, false
	}
	return binary.BigEndian.Uint32(b), true
}

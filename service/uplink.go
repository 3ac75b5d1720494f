// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"errors"
	"net"
	"net/netip"
	"sync/atomic"

	"github.com/mdlayher/ndp"
	"golang.org/x/net/icmp"
	"golang.org/x/net/ipv6"
	"golang.org/x/sys/unix"

	"network-manager-softether/frame"
)

// An uplink sits between the bridge and the session, and keeps the IPv6 default route in the tunnel.
//
// From a router that does not answer, the kernel turns to one with a worse metric, which in a full tunnel is
// that of the base: packets would leave in the clear. So the router of the tunnel must always be there. The
// kernel probes it from time to time, and the uplink answers. For the dead end, where a closed route leads,
// it answers everything: programs learn at once that there is no route, and go on with IPv4.
type uplink struct {
	session session // nil: there is none at the moment
	toHost  func(frames [][]byte)
	router  *atomic.Pointer[netip.Addr] // that NetworkManager was told; it may hold nil
}

// deadEndMAC is where frames for the dead end are sent; none of them leaves this computer. Errors come from
// errorsFrom.
var (
	deadEndMAC = [6]byte{0x02, 0x00, 0x5e, 0xc1, 0x05, 0xed}
	errorsFrom = netip.MustParseAddr("fe80::5e:c105:ee")
)

var errNoSession = errors.New("there is no session")

// Send passes the session what is meant for it.
func (u *uplink) Send(b *frame.Batch) error {
	for i, f := range b.Frames() {
		if u.concerns(f) {
			b = u.sort(b, i)
			break
		}
	}
	if u.session == nil {
		return errNoSession
	}
	return u.session.Send(b)
}

// Offsets in an IPv6 frame.
const (
	atIP6     = 14
	atPayload = atIP6 + 40
	nsEnd     = atPayload + 24
)

// concerns reports whether a frame is for the dead end, or resolves it or the router.
func (u *uplink) concerns(f []byte) bool {
	if len(f) < atPayload || binary.BigEndian.Uint16(f[12:]) != unix.ETH_P_IPV6 {
		return false
	}
	if [6]byte(f) == deadEndMAC {
		return true
	}
	if !isSolicitation(f) {
		return false
	}
	target := netip.AddrFrom16([16]byte(f[atPayload+8:]))
	if target == deadEnd {
		return true
	}
	const group = 1
	router := u.router.Load()
	return f[0]&group == 0 && router != nil && target == *router
}

// isSolicitation reports whether an IPv6 frame is a complete neighbour solicitation (RFC 4861 4.3).
func isSolicitation(f []byte) bool {
	return f[atIP6+6] == unix.IPPROTO_ICMPV6 && len(f) >= nsEnd && f[atPayload] == byte(ipv6.ICMPTypeNeighborSolicitation)
}

// sort answers the frames that concern the uplink, which begin at first, and returns the others.
func (u *uplink) sort(b *frame.Batch, first int) *frame.Batch {
	rest := frame.NewBatch(len(b.Message())+frame.MaxLen, max(b.Len(), 1))
	for i, f := range b.Frames() {
		if i < first || !u.concerns(f) {
			rest.Append(f)
			continue
		}
		if answer := u.answer(f); answer != nil {
			u.toHost([][]byte{answer})
		}
		if [6]byte(f) != deadEndMAC && f[0]&1 == 0 {
			rest.Append(f) // the router itself should see the probe as well
		}
	}
	return rest
}

// answer returns what the host is told, nil for nothing.
func (u *uplink) answer(f []byte) []byte {
	src := netip.AddrFrom16([16]byte(f[atIP6+8:]))
	if src.IsUnspecified() || src.IsMulticast() {
		return nil
	}
	if !isSolicitation(f) { // concerns only accepts it if it is for the dead end
		return unreachable(f, src)
	}
	target := netip.AddrFrom16([16]byte(f[atPayload+8:]))
	from, mac := target, [6]byte(f)
	if target == deadEnd {
		from, mac = errorsFrom, deadEndMAC
	}
	body, err := ndp.MarshalMessageChecksum(&ndp.NeighborAdvertisement{
		Router: true, Solicited: true, Override: target == deadEnd, TargetAddress: target,
		Options: []ndp.Option{&ndp.LinkLayerAddress{Direction: ndp.Target, Addr: net.HardwareAddr(mac[:])}},
	}, from, src)
	if err != nil {
		return nil
	}
	return icmp6Frame(f, mac, from, src, body)
}

// unreachable tells the sender of a packet that there is no route (RFC 4443 3.1). Errors are not answered.
func unreachable(f []byte, src netip.Addr) []byte {
	if f[atIP6+6] == unix.IPPROTO_ICMPV6 && (len(f) == atPayload || f[atPayload] < 128) {
		return nil
	}
	const most = 1280 - 40 - 8 // RFC 4443 3.1: as much of it as fits
	packet := f[atIP6:]
	m := icmp.Message{Type: ipv6.ICMPTypeDestinationUnreachable, Body: &icmp.DstUnreach{Data: packet[:min(len(packet), most)]}}
	body, err := m.Marshal(icmp.IPv6PseudoHeader(errorsFrom.AsSlice(), src.AsSlice()))
	if err != nil {
		return nil
	}
	return icmp6Frame(f, deadEndMAC, errorsFrom, src, body)
}

// icmp6Frame makes an answer to the frame asked.
func icmp6Frame(asked []byte, mac [6]byte, from, to netip.Addr, body []byte) []byte {
	f := make([]byte, atPayload, atPayload+len(body))
	copy(f, asked[6:12])
	copy(f[6:], mac[:])
	binary.BigEndian.PutUint16(f[12:], unix.ETH_P_IPV6)
	f[atIP6] = 6 << 4
	binary.BigEndian.PutUint16(f[atIP6+4:], uint16(len(body)))
	f[atIP6+6], f[atIP6+7] = unix.IPPROTO_ICMPV6, 255
	copy(f[atIP6+8:], from.AsSlice())
	copy(f[atIP6+24:], to.AsSlice())
	return append(f, body...)
}

// isOwnAdvert reports whether a neighbour advertisement about the dead end says the same as the uplink does.
func isOwnAdvert(f []byte) bool {
	const targetAddress = 2
	return bytes.Equal(f[nsEnd:], append([]byte{targetAddress, 1}, deadEndMAC[:]...))
}

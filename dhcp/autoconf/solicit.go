// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net/netip"
	"time"

	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp/internal/pace"
	"network-manager-softether/dhcp/internal/packet"
)

// Solicitation of routers (RFC 4861 10), and how it continues when nobody answers (RFC 7559).
const (
	solicitEvery = 4 * time.Second
	solicitTries = 3
	solicitRare  = time.Hour
)

var allRouters = netip.MustParseAddr("ff02::2")

// solicitor sends router solicitations.
type solicitor struct {
	tries int
	wait  time.Duration
	due   time.Time
}

// restart makes the first solicitation due.
func (s *solicitor) restart(now time.Time) { *s = solicitor{due: now} }

// tick returns the frame that is due at now, or nil.
func (s *solicitor) tick(mac packet.MAC, now time.Time) []byte {
	if pace.Left(s.due, now) > 0 {
		return nil
	}
	s.tries++
	s.wait = solicitEvery
	if s.tries > solicitTries {
		s.wait = min(solicitEvery<<min(s.tries-solicitTries, 10), solicitRare)
	}
	s.due = now.Add(s.wait)
	return solicitation(mac, s.tries%2 == 0)
}

// next returns the time until tick has something to send.
func (s *solicitor) next(now time.Time) time.Duration { return pace.Left(s.due, now) }

// solicitation builds a router solicitation from the link-local address, with the MAC, so that a router can
// answer at once and to us alone. Every other one is from the unspecified address: a router that cannot
// resolve our address, because the kernel does not answer for it yet, then answers to the group.
func solicitation(mac packet.MAC, anonymous bool) []byte {
	rs := &ndp.RouterSolicitation{}
	src := netip.IPv6Unspecified()
	if !anonymous {
		src = packet.LinkLocal(mac)
		rs.Options = []ndp.Option{&ndp.LinkLayerAddress{Direction: ndp.Source, Addr: mac.HardwareAddr()}}
	}
	b, err := ndp.MarshalMessage(rs)
	if err != nil {
		panic("autoconf: a constant message does not marshal: " + err.Error())
	}
	m := packet.ICMPv6{
		SrcMAC: mac, DstMAC: packet.MulticastMAC(allRouters),
		Src: src, Dst: allRouters, HopLimit: 255, Message: b,
	}
	return m.Marshal()
}

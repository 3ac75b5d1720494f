// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"math"
	"net/netip"
	"time"

	"github.com/mdlayher/ndp"

	"network-manager-softether/dhcp/internal/packet"
)

// The router in whose name Advertisement speaks does not exist, and routes nothing.
var (
	makersRouter = netip.MustParseAddr("fe80::5e:c105:ef")
	makersMAC    = packet.MAC{0x02, 0x5e, 0xc1, 0x05, 0x00, 0xef}
	allHosts     = netip.MustParseAddr("ff02::1")
)

// Advertisement returns the frame that makes a kernel form an address in each of these prefixes, or update
// its lifetimes: a router advertisement without a router, routes, on-link prefixes and names. It has a
// link-layer address because Linux only then makes optimistic addresses (RFC 4429). now is a time from [Now].
func Advertisement(prefixes []Prefix, now time.Time) []byte {
	ra := &ndp.RouterAdvertisement{Options: []ndp.Option{&ndp.LinkLayerAddress{Direction: ndp.Source, Addr: makersMAC.HardwareAddr()}}}
	for _, p := range prefixes {
		ra.Options = append(ra.Options, &ndp.PrefixInformation{
			Prefix: p.Net.Masked().Addr(), PrefixLength: uint8(p.Net.Bits()), AutonomousAddressConfiguration: true,
			ValidLifetime: wholeSeconds(left(p.Valid, now)), PreferredLifetime: wholeSeconds(left(p.Preferred, now)),
		})
	}
	b, err := ndp.MarshalMessage(ra)
	if err != nil {
		panic("autoconf: an advertisement of our own does not marshal: " + err.Error())
	}
	m := packet.ICMPv6{
		SrcMAC: makersMAC, DstMAC: packet.MulticastMAC(allHosts),
		Src: makersRouter, Dst: allHosts, HopLimit: 255, Message: b,
	}
	return m.Marshal()
}

// wholeSeconds rounds a lifetime up to what the option can express.
func wholeSeconds(d time.Duration) time.Duration {
	const most = (math.MaxUint32 - 1) * time.Second
	if d == forever {
		return ndp.Infinity
	}
	return min((max(d, 0) + time.Second - 1).Truncate(time.Second), most)
}

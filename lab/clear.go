// SPDX-License-Identifier: Apache-2.0

package lab

import (
	"encoding/binary"
	"fmt"
	"net/netip"

	"golang.org/x/sys/unix"

	"network-manager-softether/lab/plan"
)

// InClear describes an outgoing frame that is not for the VPN server or the proxy in front of it. It returns
// "" if it is, or if the frame does not count: what hosts on a link exchange to find one another (ARP,
// neighbour discovery, multicast listener reports, DHCP).
func InClear(f []byte) string {
	if len(f) >= 14 && binary.BigEndian.Uint16(f[12:]) == unix.ETH_P_ARP {
		return ""
	}
	l3, l4, proto, fragment, err := Layers(f)
	if err != nil {
		return err.Error()
	}
	dst := netip.AddrFrom4([4]byte(f[l3+16 : l3+20]))
	if f[l3]>>4 == 6 {
		dst = netip.AddrFrom16([16]byte(f[l3+24 : l3+40]))
	}
	switch {
	case dst == plan.ServerAddr || dst == plan.ServerAddr6 || dst == plan.ProxyAddr:
		return ""
	case f[l3]>>4 == 6 && proto == 0 && dst.IsMulticast(): // hop-by-hop: listener reports
		return ""
	case proto == unix.IPPROTO_ICMPV6 && f[l4] >= 133 && f[l4] <= 137:
		return ""
	case proto == unix.IPPROTO_UDP && !fragment && binary.BigEndian.Uint16(f[l4:]) == 68 && binary.BigEndian.Uint16(f[l4+2:]) == 67:
		return ""
	}
	s := fmt.Sprintf("to %v, protocol %d", dst, proto)
	if (proto == unix.IPPROTO_UDP || proto == unix.IPPROTO_TCP) && !fragment {
		s += fmt.Sprintf(", port %d", binary.BigEndian.Uint16(f[l4+2:]))
	}
	return s
}

// Layers finds the IP and the transport header, or reports that f is a fragment, which has no transport
// checksum of its own.
func Layers(f []byte) (l3, l4 int, proto byte, fragment bool, err error) {
	l3 = 14
	switch {
	case len(f) >= l3+20 && binary.BigEndian.Uint16(f[12:]) == unix.ETH_P_IP:
		return l3, l3 + int(f[l3]&15)*4, f[l3+9], binary.BigEndian.Uint16(f[l3+6:])&0x3fff != 0, nil
	case len(f) >= l3+40 && binary.BigEndian.Uint16(f[12:]) == unix.ETH_P_IPV6:
		return l3, l3 + 40, f[l3+6], f[l3+6] == unix.IPPROTO_FRAGMENT, nil
	}
	return 0, 0, 0, false, fmt.Errorf("not IP: % x", f[:min(len(f), 40)])
}

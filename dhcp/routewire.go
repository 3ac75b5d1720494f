// SPDX-License-Identifier: Apache-2.0

package dhcp

import (
	"bytes"
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"network-manager-softether/dhcp/internal/domain"
)

// parseRoutes decodes (length of mask, that many significant bytes of the network, next hop)*, the format of
// RFC 3442. It stops at maxRoutes, reporting cut. In a damaged list, the routes before the damage are good,
// and problem says what is wrong after them. The next hop 0.0.0.0 becomes the zero Addr; bits of the network
// outside the mask are cleared.
func parseRoutes(b []byte) (list []Route, cut bool, problem string) {
	for len(b) > 0 {
		if len(list) == maxRoutes {
			return list, true, ""
		}
		length := int(b[0])
		if length > 32 {
			return list, false, fmt.Sprintf("a mask of %d bits", length)
		}
		n := (length + 7) / 8
		if len(b) < 1+n+4 {
			return list, false, "cut off inside a route"
		}
		var dst [4]byte
		copy(dst[:], b[1:1+n])
		r := Route{Dst: netip.PrefixFrom(netip.AddrFrom4(dst), length).Masked()}
		if via := netip.AddrFrom4([4]byte(b[1+n:])); !via.IsUnspecified() {
			r.Via = via
		}
		list = append(list, r)
		b = b[1+n+4:]
	}
	return list, false, ""
}

// parseClassful decodes option 33: (destination, router)*, where the class of the destination says how much
// of it is the network. A list that ends inside a route is cut there.
func parseClassful(b []byte) (list []Route, cut bool, problem string) {
	for pair := range slices.Chunk(b, 8) {
		if len(pair) < 8 {
			return list, false, "cut off inside a route"
		}
		dst, via := netip.AddrFrom4([4]byte(pair)), netip.AddrFrom4([4]byte(pair[4:]))
		// The option has no room for a mask, and a default route is not allowed (RFC 2132 5.8).
		if dst.IsUnspecified() {
			continue
		}
		r := Route{Dst: netip.PrefixFrom(dst, classOf(dst)).Masked()}
		if !via.IsUnspecified() {
			r.Via = via
		}
		list = append(list, r)
	}
	return list, false, ""
}

// classOf returns the length of the network part of a before there were masks (RFC 791).
func classOf(a netip.Addr) int {
	switch first := a.As4()[0]; {
	case first < 128:
		return 8
	case first < 192:
		return 16
	}
	return 24
}

// splitDomains reads option 15: one name, though some servers put a list with spaces or commas into it, and
// some a final NUL. It reports whether there were too many names.
func splitDomains(b []byte) (list []string, more bool) {
	b, _, _ = bytes.Cut(b, []byte{0})
	list = strings.FieldsFunc(string(b), func(r rune) bool { return r == ' ' || r == ',' })
	if len(list) > domain.MaxNames {
		return list[:domain.MaxNames], true
	}
	return list, false
}

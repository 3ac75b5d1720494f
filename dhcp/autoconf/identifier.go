// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"crypto/hmac"
	"crypto/sha256"
	"net/netip"

	"network-manager-softether/dhcp/internal/packet"
)

// identifiers form the second half of addresses: a token that was given, an identifier that differs from
// prefix to prefix (RFC 7217), or the one from the MAC.
type identifiers struct {
	mac   packet.MAC
	token [8]byte
	key   []byte
}

// addr returns this host's address in a prefix of 64 bits, after so many duplicates of earlier ones were
// found. After a duplicate it differs from prefix to prefix, whatever the first one was formed from.
func (i identifiers) addr(prefix netip.Prefix, duplicates int) netip.Addr {
	a := prefix.Addr().As16()
	switch {
	case i.token != [8]byte{} && duplicates == 0:
		copy(a[8:], i.token[:])
	case i.key != nil || duplicates > 0:
		id := i.stable([8]byte(a[:8]), duplicates)
		copy(a[8:], id[:])
	default:
		return packet.EUI64(prefix, i.mac)
	}
	return netip.AddrFrom16(a)
}

// stable is RFC 7217's function of the prefix and the interface, which is named here by its MAC, as that
// stays the same for the life of the profile; DAD_Counter is the number of duplicates. Reserved identifiers
// (RFC 5453) are skipped.
func (i identifiers) stable(prefix [8]byte, duplicates int) [8]byte {
	for counter := byte(duplicates); ; counter++ {
		h := hmac.New(sha256.New, i.key)
		h.Write(prefix[:])
		h.Write(i.mac[:])
		h.Write([]byte{counter})
		id := [8]byte(h.Sum(nil))
		if !reserved(id) || counter == 255 {
			return id
		}
	}
}

// reserved reports whether id is one that no host may use: that of all routers, or one of the anycast
// identifiers (RFC 5453; RFC 2526).
func reserved(id [8]byte) bool {
	return id == [8]byte{} || [7]byte(id[:7]) == [7]byte{0xfd, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff} && id[7] >= 0x80
}

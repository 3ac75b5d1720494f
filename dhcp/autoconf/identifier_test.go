// SPDX-License-Identifier: Apache-2.0

package autoconf

import (
	"net/netip"
	"testing"
)

func TestInterfaceIdentifiers(t *testing.T) {
	one, two := netip.MustParsePrefix("2001:db8:1::/64"), netip.MustParsePrefix("2001:db8:2::/64")
	low := func(a netip.Addr) [8]byte { b := a.As16(); return [8]byte(b[8:]) }
	mac := identifiers{mac: clientMAC}
	if low(mac.addr(one, 0)) != low(mac.addr(two, 0)) || !one.Contains(mac.addr(one, 0)) {
		t.Errorf("from the MAC: %v, %v", mac.addr(one, 0), mac.addr(two, 0))
	}
	token := identifiers{mac: clientMAC, key: []byte("u"), token: [8]byte{0, 1, 0, 2, 0, 3, 0, 4}}
	if got := token.addr(one, 0).String(); got != "2001:db8:1:0:1:2:3:4" {
		t.Errorf("with a token: %v", got)
	}
	stable := identifiers{mac: clientMAC, key: []byte("u")}
	first := stable.addr(one, 0)
	if !one.Contains(first) || first != stable.addr(one, 0) || low(first) == low(stable.addr(two, 0)) || low(first) == low(mac.addr(one, 0)) {
		t.Errorf("stable: %v, then %v, elsewhere %v", first, stable.addr(one, 0), stable.addr(two, 0))
	}
	if other := (identifiers{mac: clientMAC, key: []byte("v")}); other.addr(one, 0) == first {
		t.Error("another profile has the same address")
	}
	for id, want := range map[[8]byte]bool{
		{}:  true,
		{1}: false,
		{0xfd, 255, 255, 255, 255, 255, 255, 0x80}: true,
		{0xfd, 255, 255, 255, 255, 255, 255, 0x7f}: false,
		{0xfd, 255, 255, 255, 255, 255, 254, 0x80}: false,
	} {
		if reserved(id) != want {
			t.Errorf("%x reserved: %v", id, !want)
		}
	}
}

// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"net/netip"
	"testing"
)

func TestARP(t *testing.T) {
	me, you := MAC{0x5e, 0, 0, 0, 0, 1}, MAC{0x5e, 0, 0, 0, 0, 2}
	addr := netip.MustParseAddr("10.0.0.5")
	probe := ARPProbe(me, addr)
	if len(probe) != 42 || MAC(probe[:6]) != Broadcast || netip.AddrFrom4([4]byte(probe[38:])) != addr {
		t.Errorf("probe %x", probe)
	}
	if _, ok := ParseARP(probe); ok {
		t.Error("a probe claims nothing")
	}
	answer := append([]byte(nil), probe...)
	answer[21] = arpReply
	copy(answer[22:], you[:])
	copy(answer[28:], addr.AsSlice())
	copy(answer[38:], []byte{0, 0, 0, 0})
	if got, ok := ParseARP(answer); !ok || got != (ARPClaim{addr, you, true}) {
		t.Errorf("answer to a probe: %+v, %v", got, ok)
	}
	answer[21] = arpRequest
	if got, ok := ParseARP(answer); !ok || got.ToProbe {
		t.Errorf("question of an owner: %+v, %v", got, ok)
	}
}

// FuzzARP holds that only whole ARP messages of a sender with an address are taken.
func FuzzARP(f *testing.F) {
	f.Add(ARPProbe(MAC{1}, netip.MustParseAddr("10.0.0.5")))
	f.Fuzz(func(t *testing.T, frame []byte) {
		a, ok := ParseARP(frame)
		if ok && (len(frame) < ethernetLen+arpLen || !a.Addr.Is4() || a.Addr.IsUnspecified()) {
			t.Errorf("%+v from %x", a, frame)
		}
	})
}

// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"testing"

	"network-manager-softether/frame"
)

func TestFlowsAndUrgency(t *testing.T) {
	v6 := func(class byte, next byte, port byte) []byte {
		f := make([]byte, 100)
		copy(f[12:], []byte{0x86, 0xdd, 0x60 | class>>4, class << 4})
		f[frame.HeaderLen+6] = next
		f[frame.HeaderLen+8], f[frame.HeaderLen+40] = 0xfd, port
		return f
	}
	tagged := func(f []byte) []byte {
		return append(append(append([]byte{}, f[:12]...), 0x81, 0, 0, 5), f[12:]...)
	}
	fragment := func(f []byte) []byte { f[frame.HeaderLen+6] |= 0x20; return f }
	arp := make([]byte, 60)
	copy(arp[12:], []byte{8, 6})
	for _, tt := range []struct {
		name   string
		a, b   []byte
		same   bool
		urgent bool // a
	}{
		{"other numbers", ipPacket(0, protoTCP, 1, 1), ipPacket(0, protoTCP, 1, 2), true, false},
		{"other port", ipPacket(0, protoTCP, 1, 1), ipPacket(0, protoTCP, 2, 1), false, false},
		{"other protocol", ipPacket(0, protoTCP, 1, 1), ipPacket(0, protoUDP, 1, 1), false, false},
		{"fragments have no ports", fragment(ipPacket(0, protoUDP, 1, 1)), fragment(ipPacket(0, protoUDP, 2, 1)), true, false},
		{"tagged", tagged(ipPacket(0, protoTCP, 1, 1)), tagged(ipPacket(0, protoTCP, 2, 1)), false, false},
		{"IPv6", v6(0, protoTCP, 1), v6(0, protoTCP, 2), false, false},
		{"IPv6 fragments", v6(0, protoFragment, 1), v6(0, protoFragment, 2), true, false},
		{"not IP", arp, append([]byte{}, arp...), true, false},
		{"too short for IP", arp[:14], append([]byte{}, arp[:14]...), true, false},
		{"no frame", nil, []byte{1}, true, false},
		{"voice", ipPacket(0xb8, protoUDP, 1, 1), ipPacket(0, protoUDP, 1, 1), true, true},
		{"voice over IPv6", v6(0xb8, protoUDP, 1), v6(0, protoUDP, 1), true, true},
		{"ping", ipPacket(0, protoICMP, 1, 1), ipPacket(0, protoICMP, 2, 1), true, true},
		{"ping over IPv6", v6(0, protoICMPv6, 1), v6(0, protoICMPv6, 1), true, true},
		{"throughput", ipPacket(0x08, protoTCP, 1, 1), ipPacket(0, protoTCP, 1, 1), true, false},
		{"ECN says nothing", ipPacket(0x02, protoTCP, 1, 1), ipPacket(0, protoTCP, 1, 1), true, false},
		{"less than best effort", ipPacket(0x20, protoTCP, 1, 1), ipPacket(0x04, protoTCP, 1, 1), true, false},
	} {
		a, urgent := flowOf(tt.a)
		b, _ := flowOf(tt.b)
		if (a == b) != tt.same || urgent != tt.urgent {
			t.Errorf("%s: same flow %v, urgent %v, want %v and %v", tt.name, a == b, urgent, tt.same, tt.urgent)
		}
	}
}

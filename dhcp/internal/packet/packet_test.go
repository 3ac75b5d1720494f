// SPDX-License-Identifier: Apache-2.0

package packet

import (
	"bytes"
	"encoding/hex"
	"net/netip"
	"testing"

	"github.com/google/go-cmp/cmp"

	"network-manager-softether/internal/inetsum"
)

var (
	macA = MAC{0x5e, 0, 0, 0, 0, 1}
	macB = MAC{0x5e, 0, 0, 0, 0, 2}

	cmpAddr = cmp.Options{
		cmp.Comparer(func(a, b netip.Addr) bool { return a == b }),
		cmp.Comparer(func(a, b netip.AddrPort) bool { return a == b }),
	}
)

func udp4() *UDP {
	return &UDP{macA, macB, netip.MustParseAddrPort("10.0.0.1:68"), netip.MustParseAddrPort("10.0.0.2:67"), []byte("hello")}
}

func udp6() *UDP {
	return &UDP{macA, macB, netip.MustParseAddrPort("[fe80::1]:546"), netip.MustParseAddrPort("[ff02::1:2]:547"), []byte("hello")}
}

func icmp6() *ICMPv6 {
	return &ICMPv6{macA, macB, netip.MustParseAddr("fe80::1"), netip.MustParseAddr("ff02::2"), 255, []byte{133, 0, 0, 0, 0, 0, 0, 0}}
}

// Checksums worked out by an independent implementation (Python's struct and sum).
func TestWireFormat(t *testing.T) {
	for name, tc := range map[string]struct {
		got  []byte
		want string
	}{
		"IPv4": {udp4().Marshal(), "5e0000000002" + "5e0000000001" + "0800" +
			"45000021000040004011" + "26ca" + "0a0000010a000002" + "00440043000d" + "a778" + "68656c6c6f"},
		"IPv6": {udp6().Marshal(), "5e0000000002" + "5e0000000001" + "86dd" +
			"60000000000d1140" + "fe80000000000000" + "0000000000000001" + "ff02000000000000" + "0000000000010002" + "02220223000d" + "ba35" + "68656c6c6f"},
		"ICMPv6": {icmp6().Marshal(), "5e0000000002" + "5e0000000001" + "86dd" +
			"6000000000083aff" + "fe80000000000000" + "0000000000000001" + "ff02000000000000" + "0000000000000002" + "8500" + "7d36" + "00000000"},
	} {
		if diff := cmp.Diff(tc.want, hex.EncodeToString(tc.got)); diff != "" {
			t.Errorf("%s (-want +got)\n%s", name, diff)
		}
	}
}

func TestRoundTrip(t *testing.T) {
	for _, want := range []*UDP{udp4(), udp6()} {
		for n := range 40 { // odd and even lengths
			want.Payload = bytes.Repeat([]byte{0xa5}, n)
			// A card pads short frames.
			got, ok := ParseUDP(append(want.Marshal(), 0, 0, 0))
			if diff := cmp.Diff(want, &got, cmpAddr); diff != "" || !ok {
				t.Errorf("read %v (-want +got)\n%s", ok, diff)
			}
		}
	}
	want := icmp6()
	got, ok := ParseICMPv6(append(want.Marshal(), 0, 0, 0))
	got.Message = bytes.Clone(got.Message)
	got.Message[2], got.Message[3] = 0, 0
	if diff := cmp.Diff(want, &got, cmpAddr); diff != "" || !ok {
		t.Errorf("read %v (-want +got)\n%s", ok, diff)
	}
}

// Any single damaged byte behind the Ethernet header is noticed, but for those
// that no checksum covers.
func TestDamage(t *testing.T) {
	for name, tc := range map[string]struct {
		frame []byte
		read  func([]byte) bool
		deaf  map[int]bool // bytes that may change
	}{
		"IPv4": {udp4().Marshal(), func(f []byte) bool { _, ok := ParseUDP(f); return ok }, nil},
		// Traffic class, flow label and hop limit.
		"IPv6":   {udp6().Marshal(), func(f []byte) bool { _, ok := ParseUDP(f); return ok }, map[int]bool{14: true, 15: true, 16: true, 17: true, 21: true}},
		"ICMPv6": {icmp6().Marshal(), func(f []byte) bool { _, ok := ParseICMPv6(f); return ok }, map[int]bool{14: true, 15: true, 16: true, 17: true, 21: true}},
	} {
		for i := 14; i < len(tc.frame); i++ {
			f := bytes.Clone(tc.frame)
			f[i] ^= 1
			if tc.read(f) && !tc.deaf[i] {
				t.Errorf("%s: byte %d damaged, and nobody noticed", name, i)
			}
		}
		for n := range tc.frame {
			if tc.read(tc.frame[:n]) {
				t.Errorf("%s: cut to %d of %d bytes, and nobody noticed", name, n, len(tc.frame))
			}
		}
	}
}

func TestRefused(t *testing.T) {
	// resum mends the IPv4 header's checksum after a change.
	change := func(f func(p []byte)) []byte {
		b := udp4().Marshal()
		p := b[ethernetLen:]
		f(p)
		p[10], p[11] = 0, 0
		s := ^inetsum.Of(p[:int(max(p[0]&15, 5))*4])
		p[10], p[11] = byte(s>>8), byte(s)
		return b
	}
	if _, ok := ParseUDP(change(func([]byte) {})); !ok {
		t.Fatal("unchanged, and refused")
	}
	for name, f := range map[string]func(p []byte){
		"first fragment":     func(p []byte) { p[6] = 0x20 },
		"last fragment":      func(p []byte) { p[7] = 1 },
		"header of 16 bytes": func(p []byte) { p[0] = 0x44 },
		"version 5":          func(p []byte) { p[0] = 0x55 },
		"longer than it is":  func(p []byte) { p[3]++ },
		"shorter than UDP":   func(p []byte) { p[3] = 27 },
		"TCP":                func(p []byte) { p[9] = 6 },
		"UDP too long":       func(p []byte) { p[25]++ },
		"UDP too short":      func(p []byte) { p[25] = 7 },
	} {
		if u, ok := ParseUDP(change(f)); ok {
			t.Errorf("%s is taken for %+v", name, u)
		}
	}
	group := udp4()
	group.SrcMAC = Broadcast
	if _, ok := ParseUDP(group.Marshal()); ok {
		t.Error("a frame from everybody is taken")
	}
	mapped := udp6()
	mapped.Src = netip.MustParseAddrPort("[::ffff:10.0.0.1]:547")
	if _, ok := ParseUDP(mapped.Marshal()); ok {
		t.Error("an IPv4 address in IPv6 is taken")
	}
	if _, ok := ParseICMPv6(udp6().Marshal()); ok {
		t.Error("UDP is taken for ICMPv6")
	}
	if _, ok := ParseUDP(icmp6().Marshal()); ok {
		t.Error("ICMPv6 is taken for UDP")
	}
}

// No checksum is one on IPv4 only; one of the pseudo header alone, left for a card
// to finish, is none.
func TestUnfinishedChecksums(t *testing.T) {
	for name, tc := range map[string]struct {
		u      *UDP
		offset int
		none   bool
	}{"IPv4": {udp4(), 40, true}, "IPv6": {udp6(), 60, false}} {
		f := tc.u.Marshal()
		f[tc.offset], f[tc.offset+1] = 0, 0
		if _, ok := ParseUDP(f); ok != tc.none {
			t.Errorf("%s without a checksum: %v, want %v", name, ok, tc.none)
		}
		half := inetsum.Fold(pseudo(tc.u.Src.Addr(), tc.u.Dst.Addr(), protoUDP, 13))
		f[tc.offset], f[tc.offset+1] = byte(half>>8), byte(half)
		if _, ok := ParseUDP(f); !ok {
			t.Errorf("%s with half a checksum is refused", name)
		}
		f[tc.offset+1]++
		if _, ok := ParseUDP(f); ok {
			t.Errorf("%s with a wrong checksum is taken", name)
		}
	}
}

func TestAddresses(t *testing.T) {
	mac := MAC{0x00, 0x1b, 0x63, 0x84, 0x45, 0xe6}
	if got := LinkLocal(mac).String(); got != "fe80::21b:63ff:fe84:45e6" {
		t.Errorf("link-local %s", got)
	}
	if got := EUI64(netip.MustParsePrefix("2001:db8:1:2::/64"), mac).String(); got != "2001:db8:1:2:21b:63ff:fe84:45e6" {
		t.Errorf("EUI-64 %s", got)
	}
	if got := MulticastMAC(netip.MustParseAddr("ff02::1:2")).String(); got != "33:33:00:01:00:02" {
		t.Errorf("group %s", got)
	}
}

func FuzzUDP(f *testing.F) {
	f.Add(udp4().Marshal())
	f.Add(udp6().Marshal())
	f.Fuzz(func(t *testing.T, frame []byte) {
		u, ok := ParseUDP(frame)
		if !ok {
			return
		}
		again, ok := ParseUDP(u.Marshal())
		if diff := cmp.Diff(u, again, cmpAddr); diff != "" || !ok {
			t.Errorf("read %v (-want +got)\n%s", ok, diff)
		}
	})
}

func FuzzICMPv6(f *testing.F) {
	f.Add(icmp6().Marshal())
	f.Fuzz(func(t *testing.T, frame []byte) {
		m, ok := ParseICMPv6(frame)
		if !ok {
			return
		}
		again, ok := ParseICMPv6(m.Marshal())
		if !ok || !bytes.Equal(again.Message[4:], m.Message[4:]) || again.HopLimit != m.HopLimit {
			t.Errorf("read %v: %+v, want %+v", ok, again, m)
		}
	})
}

// SPDX-License-Identifier: Apache-2.0

package main

import (
	"encoding/binary"
	"fmt"
	"net"
	"net/netip"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"network-manager-softether/dhcp/autoconf"
	"network-manager-softether/internal/bubbletest"
)

var (
	claimOwnMAC   = net.HardwareAddr{0x5e, 0, 0, 0, 0, 1}
	claimOtherMAC = net.HardwareAddr{0x5e, 0, 0, 0, 0, 0xfe}
)

// neighbour is an ICMPv6 frame of that type about target, with tags and a next header in front of it if that is not 0.
func neighbour(mac net.HardwareAddr, src netip.Addr, kind byte, target netip.Addr, hops, header byte, tags ...uint16) []byte {
	f := append([]byte{0x33, 0x33, 0, 0, 0, 1}, mac...)
	for _, t := range tags {
		f = binary.BigEndian.AppendUint16(f, t)
		f = append(f, 0, 0)
	}
	f = binary.BigEndian.AppendUint16(f, unix.ETH_P_IPV6)
	ip := make([]byte, 40)
	ip[0], ip[6], ip[7] = 0x60, unix.IPPROTO_ICMPV6, hops
	copy(ip[8:], src.AsSlice())
	copy(ip[24:], netip.MustParseAddr("ff02::1").AsSlice())
	if header != 0xff {
		ip[6] = header
		f = append(append(f, ip...), unix.IPPROTO_ICMPV6, 0, 1, 4, 0, 0, 0, 0)
	} else {
		f = append(f, ip...)
	}
	f = append(f, kind, 0, 0, 0, 0, 0, 0, 0)
	return append(f, target.AsSlice()...)
}

func TestClaims(t *testing.T) {
	const plain = 0xff
	nobody := netip.IPv6Unspecified()
	for name, tc := range map[string]struct {
		frame []byte
		want  bool
	}{
		"an answer":            {neighbour(claimOtherMAC, kernelOwn, 136, kernelOwn, 255, plain), true},
		"looks for duplicates": {neighbour(claimOtherMAC, nobody, 135, kernelOwn, 255, plain), true},
		"asks for us":          {neighbour(claimOtherMAC, netip.MustParseAddr("fe80::1"), 135, kernelOwn, 255, plain), false},
		"from far away":        {neighbour(claimOtherMAC, kernelOwn, 136, kernelOwn, 64, plain), false},
		"our own, sent back":   {neighbour(claimOwnMAC, kernelOwn, 136, kernelOwn, 255, plain), false},
		"something else":       {neighbour(claimOtherMAC, kernelOwn, 128, kernelOwn, 255, plain), false},
		"about another":        {neighbour(claimOtherMAC, kernelOwn, 136, netip.MustParseAddr("2001:db8:1::b"), 255, plain), false},
		"cut off":              {neighbour(claimOtherMAC, kernelOwn, 136, kernelOwn, 255, plain)[:77], false},
	} {
		t.Run(name, func(t *testing.T) {
			c := &claims6{own: claimOwnMAC, heard: func(netip.Addr) {}}
			if c.watch(tc.frame) {
				t.Error("the frame does not reach the kernel")
			}
			if mac, ok := c.of(kernelOwn); ok != tc.want || ok && mac != claimOtherMAC.String() {
				t.Errorf("claimed by %q, %v", mac, ok)
			}
		})
	}
}

func TestClaimsAreForgotten(t *testing.T) {
	bubbletest.Run(t, func(t *testing.T) {
		c := &claims6{own: claimOwnMAC, heard: func(netip.Addr) {}}
		claim := func(a netip.Addr) { c.watch(neighbour(claimOtherMAC, a, 136, a, 255, 0xff)) }
		claim(kernelOwn)
		for i := range 1000 { // one talkative host is one claim
			claim(netip.MustParseAddr(fmt.Sprintf("2001:db8:2::%x", i%2)))
		}
		if _, ok := c.of(kernelOwn); !ok {
			t.Error("a claim was pushed out by repetitions of others")
		}
		time.Sleep(claimLasts + time.Second)
		if _, ok := c.of(kernelOwn); ok {
			t.Error("an old claim counts")
		}
	})
}

func TestAdvertisementsAreNotSmuggled(t *testing.T) {
	const advertisement = 134
	router := netip.MustParseAddr("fe80::1")
	for name, tc := range map[string]struct {
		frame []byte
		want  bool
	}{
		"plain":              {neighbour(claimOtherMAC, router, advertisement, kernelOwn, 255, 0xff), true},
		"tagged":             {neighbour(claimOtherMAC, router, advertisement, kernelOwn, 255, 0xff, unix.ETH_P_8021Q), true},
		"tagged twice":       {neighbour(claimOtherMAC, router, advertisement, kernelOwn, 255, 0xff, unix.ETH_P_8021AD, unix.ETH_P_8021Q), true},
		"hop-by-hop options": {neighbour(claimOtherMAC, router, advertisement, kernelOwn, 255, unix.IPPROTO_HOPOPTS), true},
		"a fragment":         {neighbour(claimOtherMAC, router, advertisement, kernelOwn, 255, unix.IPPROTO_FRAGMENT), true},
		"options":            {neighbour(claimOtherMAC, router, advertisement, kernelOwn, 255, unix.IPPROTO_DSTOPTS), true},
		"from far away":      {neighbour(claimOtherMAC, router, advertisement, kernelOwn, 64, unix.IPPROTO_DSTOPTS), false},
		"no router's":        {neighbour(claimOtherMAC, kernelOwn, advertisement, kernelOwn, 255, unix.IPPROTO_DSTOPTS), false},
		"a neighbour":        {neighbour(claimOtherMAC, router, 136, kernelOwn, 255, 0xff), false},
		"a listener's":       {neighbour(claimOtherMAC, router, 143, kernelOwn, 1, unix.IPPROTO_HOPOPTS), false},
		"our own":            {autoconf.Advertisement(nil, time.Now()), true}, // and so goes past the ports
	} {
		if got := smuggled(tc.frame); got != tc.want {
			t.Errorf("%s: %v", name, got)
		}
	}
}

func FuzzNeighbours(f *testing.F) {
	f.Add(neighbour(claimOtherMAC, kernelOwn, 136, kernelOwn, 255, 0xff))
	f.Add(neighbour(claimOtherMAC, kernelOwn, 134, kernelOwn, 255, 0, unix.ETH_P_8021Q))
	f.Fuzz(func(t *testing.T, frame []byte) {
		c := &claims6{own: claimOwnMAC, heard: func(netip.Addr) {}}
		if c.watch(frame) {
			t.Error("a frame was taken away")
		}
		smuggled(frame)
	})
}

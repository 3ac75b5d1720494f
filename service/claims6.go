// SPDX-License-Identifier: Apache-2.0

package main

import (
	"bytes"
	"encoding/binary"
	"net"
	"net/netip"
	"sync"
	"time"

	"golang.org/x/sys/unix"
)

// claims6 remembers which host has recently claimed which IPv6 address in the TAP's networks: the kernel does
// not tell whose duplicate it has found.
type claims6 struct {
	own   net.HardwareAddr
	heard func(netip.Addr) // is told of every claim

	mu   sync.Mutex
	last [16]claim6 // a ring
	next int
}

type claim6 struct {
	addr netip.Addr
	mac  [6]byte
	at   time.Time
}

// claimLasts is longer than the kernel's duplicate address detection takes.
const claimLasts = 3 * time.Second

// watch is the filter of a port that wants nothing. A claim is a neighbour advertisement, or the solicitation
// of a host that is itself doing duplicate address detection (RFC 4862 5.4).
func (c *claims6) watch(f []byte) bool {
	const ip, body = 14, 14 + 40
	if len(f) < body+24 || binary.BigEndian.Uint16(f[12:]) != unix.ETH_P_IPV6 || f[ip+6] != unix.IPPROTO_ICMPV6 || f[ip+7] != 255 {
		return false
	}
	const solicitation, advertisement = 135, 136
	var unspecified [16]byte
	switch f[body] {
	case advertisement:
	case solicitation:
		if !bytes.Equal(f[ip+8:ip+24], unspecified[:]) {
			return false
		}
	default:
		return false
	}
	if bytes.Equal(f[6:12], c.own) {
		return false
	}
	addr := netip.AddrFrom16([16]byte(f[body+8 : body+24]))
	c.remember(addr, [6]byte(f[6:12]))
	c.heard(addr)
	return false
}

func (c *claims6) remember(addr netip.Addr, mac [6]byte) {
	c.mu.Lock()
	defer c.mu.Unlock()
	i := c.next
	for j := range c.last {
		if c.last[j].addr == addr {
			i = j // one entry per address
		}
	}
	if i == c.next {
		c.next = (c.next + 1) % len(c.last)
	}
	c.last[i] = claim6{addr, mac, time.Now()}
}

// of returns the hardware address of the host that has recently claimed an address.
func (c *claims6) of(addr netip.Addr) (string, bool) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, l := range c.last {
		if l.addr == addr && time.Since(l.at) < claimLasts {
			return net.HardwareAddr(l.mac[:]).String(), true
		}
	}
	return "", false
}

// smuggled reports whether a frame could bring the kernel a router advertisement past autoconf's port: behind
// a tag or behind extension headers. No other useful frame has a hop limit of 255, a link-local source and
// such headers.
func smuggled(f []byte) bool {
	at := 12
	for len(f) >= at+4 && (binary.BigEndian.Uint16(f[at:]) == unix.ETH_P_8021Q || binary.BigEndian.Uint16(f[at:]) == unix.ETH_P_8021AD) {
		at += 4
	}
	ip := at + 2
	if len(f) < ip+40 || binary.BigEndian.Uint16(f[at:]) != unix.ETH_P_IPV6 || f[ip+7] != 255 || f[ip+8] != 0xfe || f[ip+9]&0xc0 != 0x80 {
		return false
	}
	switch f[ip+6] {
	case unix.IPPROTO_ICMPV6:
		const advertisement = 134
		return len(f) == ip+40 || f[ip+40] == advertisement
	case unix.IPPROTO_HOPOPTS, unix.IPPROTO_ROUTING, unix.IPPROTO_FRAGMENT, unix.IPPROTO_DSTOPTS, unix.IPPROTO_AH, unix.IPPROTO_MH:
		return true
	}
	return false
}

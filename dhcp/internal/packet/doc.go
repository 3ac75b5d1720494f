// SPDX-License-Identifier: Apache-2.0

// Package packet builds the frames that a DHCP or autoconfiguration client sends and parses those that it
// receives: Ethernet II with IPv4 or IPv6 and UDP or ICMPv6, for a host that has no address and no kernel to
// help it.
//
// Parsing is strict where leniency would let damage through (lengths, checksums, fragments) and knows nothing
// about routing. All functions are pure.
package packet

import "net"

// A MAC is an Ethernet address.
type MAC [6]byte

// Broadcast is the Ethernet address of everyone.
var Broadcast = MAC{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}

// HardwareAddr returns m as the type of package net, in memory of its own.
func (m MAC) HardwareAddr() net.HardwareAddr { return net.HardwareAddr(m[:]) }

// String returns m as "02:00:00:00:00:01".
func (m MAC) String() string { return net.HardwareAddr(m[:]).String() }

// Group reports whether m is a multicast or broadcast address.
func (m MAC) Group() bool { return m[0]&1 != 0 }

// Sizes of headers, in bytes.
const (
	ethernetLen = 14
	ipv4Len     = 20
	ipv6Len     = 40
	udpLen      = 8
	icmpLen     = 4
)

// Ethernet types.
const (
	typeIPv4 = 0x0800
	typeIPv6 = 0x86dd
)

// IP protocol numbers.
const (
	protoUDP    = 17
	protoICMPv6 = 58
)

const hopLimit = 64 // of what we send over UDP; neighbour discovery needs 255

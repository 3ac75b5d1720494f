// SPDX-License-Identifier: Apache-2.0

// Package icmpwire hides a datagram in an ICMP message that carries its SHA-1 (softether-protocol.md 11.3).
package icmpwire

import (
	"crypto/sha1"
	"encoding/binary"

	"network-manager-softether/internal/inetsum"
)

// Types of ICMP messages (RFC 792). A client sends EchoReply and InfoRequest, and EchoRequest only to open
// the path through a NAT; a server answers an InfoRequest with an InfoReply and an EchoReply with an
// EchoReply.
const (
	EchoReply   = 0
	EchoRequest = 8
	InfoRequest = 15
	InfoReply   = 16
)

const (
	headerLen = 8 // type, code, checksum, identifier, sequence number

	// HeadLen is the length of what precedes the datagram.
	HeadLen = headerLen + sha1.Size
)

// A Flow distinguishes the messages of one client from all others: identifier and sequence number, which
// never change.
type Flow [4]byte

// Put writes a message in front of the datagram b[HeadLen:].
func Put(b []byte, kind uint8, flow Flow) {
	sum := sha1.Sum(b[HeadLen:])
	copy(b[headerLen:], sum[:])
	header(b, kind, flow)
}

// PutEcho writes the header of an echo request in front of the content b[8:].
func PutEcho(b []byte, flow Flow) { header(b, EchoRequest, flow) }

func header(b []byte, kind uint8, flow Flow) {
	b[0], b[1], b[2], b[3] = kind, 0, 0, 0
	copy(b[4:], flow[:])
	binary.BigEndian.PutUint16(b[2:], ^inetsum.Of(b))
}

// Parse returns what an IPv4 packet with an ICMP message carries. ok is false if that is no datagram. Who
// sent the packet is not checked.
func Parse(packet []byte) (kind uint8, flow Flow, datagram []byte, ok bool) {
	b, ok := content(packet)
	if !ok || len(b) < HeadLen || b[1] != 0 {
		return 0, flow, nil, false
	}
	if sha1.Sum(b[HeadLen:]) != [sha1.Size]byte(b[headerLen:HeadLen]) {
		return 0, flow, nil, false
	}
	return b[0], Flow(b[4:8]), b[HeadLen:], true
}

// content returns what is behind the IPv4 header.
func content(p []byte) ([]byte, bool) {
	if len(p) < 20 || p[0]>>4 != 4 {
		return nil, false
	}
	n := int(p[0]&15) * 4
	if n < 20 || n > len(p) {
		return nil, false
	}
	return p[n:], true
}

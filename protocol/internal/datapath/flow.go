// SPDX-License-Identifier: Apache-2.0

package datapath

import (
	"encoding/binary"
	"hash/maphash"

	"network-manager-softether/frame"
)

// EtherTypes and IP protocols that flowOf looks into.
const (
	typeIPv4, typeIPv6   = 0x0800, 0x86dd
	typeVLAN, typeVLANQ  = 0x8100, 0x88a8
	protoICMP            = 1
	protoTCP             = 6
	protoUDP             = 17
	protoFragment        = 44
	protoICMPv6          = 58
	protoSCTP            = 132
	maxTags              = 2
	ipv4Header, ipv6Head = 20, 40
)

var flowSeed = maphash.MakeSeed()

// Flow returns a number that is the same for all frames of a flow.
func Flow(f []byte) uint64 {
	flow, _ := flowOf(f)
	return flow
}

// flowOf returns a number that is the same for all frames of a flow, and whether the frame is urgent. A flow
// is whatever must stay in order: for IP the addresses, the protocol and the ports, if every packet of the
// flow has them (fragments do not); for anything else the two stations and the EtherType.
func flowOf(f []byte) (flow uint64, isUrgent bool) {
	var key [2*16 + 1 + 4]byte
	var n int
	at := frame.HeaderLen
	if len(f) < at {
		return 0, false
	}
	kind := binary.BigEndian.Uint16(f[12:])
	for range maxTags {
		if kind != typeVLAN && kind != typeVLANQ || len(f) < at+4 {
			break
		}
		kind = binary.BigEndian.Uint16(f[at+2:])
		at += 4
	}
	p := f[at:]
	switch {
	case kind == typeIPv4 && len(p) >= ipv4Header:
		n = copy(key[:], p[12:20])
		n += copy(key[n:], p[9:10])
		header := int(p[0]&0xf) * 4
		const moreOrOffset = 0x3fff
		if binary.BigEndian.Uint16(p[6:])&moreOrOffset == 0 && hasPorts(p[9]) && len(p) >= header+4 {
			n += copy(key[n:], p[header:header+4])
		}
		isUrgent = urgentClass(p[1]) || p[9] == protoICMP && small(f)
	case kind == typeIPv6 && len(p) >= ipv6Head:
		n = copy(key[:], p[8:40])
		n += copy(key[n:], p[6:7])
		if hasPorts(p[6]) && len(p) >= ipv6Head+4 {
			n += copy(key[n:], p[ipv6Head:ipv6Head+4])
		}
		isUrgent = urgentClass(p[0]<<4|p[1]>>4) || p[6] == protoICMPv6 && small(f)
	default:
		n = copy(key[:], f[:frame.HeaderLen])
	}
	return maphash.Bytes(flowSeed, key[:n]), isUrgent
}

func hasPorts(proto byte) bool { return proto == protoTCP || proto == protoUDP || proto == protoSCTP }

// small reports whether f has the size of a ping, which is how the official client recognises one
// (softether-protocol.md 9.5).
func small(f []byte) bool { return len(f) >= 34 && len(f) <= 128 }

// urgentClass reports whether a TOS byte or traffic class asks for the packet to arrive soon. The official
// client says so of everything but 0 and 8 (softether-protocol.md 9.5). Excluded here is also what has come
// into use since: the two ECN bits, which say nothing about urgency (RFC 3168), and the classes for less than
// best effort (CS1, RFC 3662, and LE, RFC 8622).
func urgentClass(tos byte) bool {
	const (
		ecn        = 0x03
		throughput = 0x08
		classCS1   = 8 << 2
		classLE    = 1 << 2
	)
	switch tos &^ ecn {
	case 0, throughput, classCS1, classLE:
		return false
	}
	return true
}
